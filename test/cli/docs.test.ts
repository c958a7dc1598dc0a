import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cliReference, errorReference } from '../../src/cli/reference.ts';

const read = (name: string): string =>
  readFileSync(new URL(`../../docs/reference/${name}`, import.meta.url), 'utf8');

describe('the reference pages', () => {
  it('of the command line are what the parser says (npx tsx scripts/gen-docs.ts)', () => {
    expect(read('cli.md')).toBe(cliReference());
  });
  it('of the errors are what the catalogs say (npx tsx scripts/gen-docs.ts)', async () => {
    expect(read('errors.md')).toBe(await errorReference());
  });
  it('have a page for every code that the sources throw', () => {
    const src = fileURLToPath(new URL('../../src', import.meta.url));
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' });
    const thrown = files
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => {
        const text = readFileSync(join(src, name), 'utf8');
        return [...text.matchAll(/\b\w*Error\(\s*'(E_\w+)'/g)].map(([, code]) => code!);
      });
    const pages = read('errors.md');
    const without = [...new Set(thrown)].filter((code) => !pages.includes(`\n## ${code}\n`));
    expect(thrown.length).toBeGreaterThan(50);
    expect(without).toEqual([]);
  });
});
