/** Every fault can still be planted, and the tests that must notice it exist. Whether they do: scripts/planted-faults.ts. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FAULTS } from './faults.ts';

const inRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

describe('planted faults', () => {
  it('are at least twenty, each with a name of its own', () => {
    expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
    expect(FAULTS.length).toBeGreaterThanOrEqual(20);
  });
  it.each(FAULTS)('$name: its text stands once in $file', ({ file, find, replace, tests }) => {
    expect(readFileSync(inRoot(file), 'utf8').split(find)).toHaveLength(2);
    expect(replace).not.toBe(find);
    for (const test of tests) expect(existsSync(inRoot(test)), test).toBe(true);
  });
});
