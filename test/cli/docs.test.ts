import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  DOCUMENT_NAMES,
  documentJsonSchema,
  documentProblems,
} from '../../src/research/json-schemas.ts';
import { cliReference, errorReference } from '../../src/cli/reference.ts';

const read = (name: string): string =>
  readFileSync(new URL(`../../docs/reference/${name}`, import.meta.url), 'utf8');

describe('the published schemas', () => {
  it.each(DOCUMENT_NAMES)('%s is what the validator says (npx tsx scripts/gen-docs.ts)', (name) => {
    const file = new URL(`../../schemas/${name}.schema.json`, import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(documentJsonSchema(name));
  });
  it('refuse a document that is not one', () => {
    expect(documentProblems('run-manifest', { schema: 'frontmonth.run/1' })).not.toEqual([]);
    expect(documentProblems('config', { capital: -1 })).toEqual([
      expect.stringContaining('capital'),
    ]);
    expect(
      documentProblems('config', { capital: 5, costs: { default: { slippageTicks: 1 } } }),
    ).toEqual([]);
    const broken = {
      schema: 'frontmonth.error/1',
      ok: false,
      error: { code: 'wrong' },
      warnings: [],
    };
    expect(documentProblems('envelope', broken)).not.toEqual([]);
  });
});

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
