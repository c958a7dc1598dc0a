import { readFileSync } from 'node:fs';
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
});
