/** Every patch can still be planted, and the tests that must notice it exist. Whether they do: scripts/planted-faults.ts. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { APPLY, FAULTS, patchOf } from './faults.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const inRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

describe('planted faults', () => {
  it('are at least twenty, each with a patch of its own, and no patch is without its rule', () => {
    const names = FAULTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(20);
    const patches = readdirSync(inRoot('test/faults')).filter((file) => file.endsWith('.patch'));
    expect(patches.toSorted()).toEqual(names.map((name) => `${name}.patch`).toSorted());
  });

  it.each(FAULTS)('$name: its patch applies to the sources', (fault) => {
    const { status, stderr } = spawnSync('git', [...APPLY, '--check', patchOf(fault)], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    const text = readFileSync(patchOf(fault), 'utf8');
    // One rule, one place.
    expect(text.match(/^--- a\/src\//gm)).toHaveLength(1);
    for (const test of fault.tests) expect(existsSync(inRoot(test)), test).toBe(true);
  });
});
