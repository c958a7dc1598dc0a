/** The look at a strategy's source: what it names, and what it leaves alone. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  blankOut,
  REACH_MEANING,
  scanSource,
  scanStrategy,
} from '../../src/research/strategy-scan.ts';

const foundIn = (text: string): string[] =>
  scanSource(text).found.map((reach) => `${reach.line} ${reach.kind} ${reach.what}`);

describe('a source', () => {
  it.each([
    ["import { readFileSync } from 'node:fs';", '1 files node:fs'],
    ["import fs from 'fs/promises';", '1 files fs/promises'],
    ['const fs = require("fs");', '1 files fs'],
    ["const fs = await import('node:fs');", '1 files node:fs'],
    ["export * from 'node:child_process';", '1 process node:child_process'],
    ["import 'node:http';", '1 network node:http'],
    ["import {\n  readFileSync,\n  writeFileSync,\n} from 'node:fs';", '4 files node:fs'],
    ['\n\nconst r = Math.random();', '3 chance Math.random'],
    ['const { random } = Math;', '1 chance Math'],
    ['crypto.randomUUID();', '1 chance randomUUID'],
    ['const t = Date.now();', '1 clock Date.now'],
    ['const t = new Date();', '1 clock new Date'],
    ['const t = +new Date;', '1 clock new Date'],
    ['const t = Date();', '1 clock Date'],
    ['performance . now()', '1 clock performance . now'],
    ['setTimeout(() => {}, 5);', '1 timer setTimeout'],
    ["fetch('https://x');", '1 network fetch'],
    ["process.env['HOME'];", '1 environment process.env'],
    ['eval(code);', '1 opaque eval'],
    ['await import(name);', '1 opaque import'],
    ["import levels from './levels.json' with { type: 'json' };", '1 data ./levels.json'],
    ["import { openCatalog } from 'frontmonth/data';", '1 data frontmonth/data'],
    ['const text = `a ${Math.random()} b`;', '1 chance Math.random'],
    ['const text = `a ${`${Date.now()}`} b`;', '1 clock Date.now'],
  ])('%s is named: %s', (text, expected) => {
    expect(foundIn(text)).toEqual([expected]);
  });

  it.each([
    ['a comment', '// Math.random() and Date.now()\n/* fetch() \n setTimeout() */ const a = 1;'],
    ['a text', `const a = 'Math.random()', b = "Date.now()", c = \`fetch()\`;`],
    ['a regular expression', 'const a = /Math.random()/, b = x.match(/[/]Date.now()/);'],
    ['a date of its own', 'const day = new Date(us / 1000), other = new Date(2024, 1);'],
    ['a method of that name', 'cache.fetch(1); my.Date.now(); ctx.setTimer("x", 5); a.random();'],
    ['a longer name', 'const prefetch = 1; prefetch(); MyMath.random(); mySetTimeout();'],
    ['an import of types', "import type { Stats } from 'node:fs';"],
    ['our own package', "import { defineStrategy } from 'frontmonth';"],
    [
      'a harmless module',
      "import { join } from 'node:path'; import { strict } from 'node:assert';",
    ],
    ['a division', 'const a = b / c; const d = (e) / f; // Math.random()\nconst g = h[0] / 2;'],
    ['an escaped quote', String.raw`const a = 'it\'s Math.random()';`],
  ])('%s is left alone', (_name, text) => {
    expect(foundIn(text)).toEqual([]);
  });

  it('names packages that nobody read', () => {
    const text =
      "import a from 'lodash/get'; import b from '@scope/pkg/x'; import c from './own.ts';";
    expect(scanSource(text)).toMatchObject({
      packages: ['lodash', '@scope/pkg'],
      relative: ['./own.ts'],
    });
  });

  it('keeps its length and its lines whatever it holds', () => {
    const pieces = [
      "'",
      '"',
      '`',
      '${',
      '}',
      '{',
      '/',
      '//',
      '/*',
      '*/',
      '\\',
      '\n',
      'a',
      ' ',
      '(',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (parts) => {
        const text = parts.join('');
        const code = blankOut(text);
        expect(code).toHaveLength(text.length);
        expect(code.split('\n')).toHaveLength(text.split('\n').length);
      }),
      { seed: 3, numRuns: 500 },
    );
  });
});

describe('a strategy file', () => {
  const dir = mkdtempSync(join(tmpdir(), 'frontmonth-scan-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const write = (name: string, text: string): string => {
    mkdirSync(join(dir, name, '..'), { recursive: true });
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };

  it('is followed through its own modules, once each, and not into packages', () => {
    const main = write('s.ts', "import { a } from './lib/a.js';\nimport x from 'left-pad';\n");
    const a = write(
      'lib/a.ts',
      "import { b } from './b';\nimport '../s.ts';\nexport const a = 1;\n",
    );
    const b = write('lib/b.mts', 'export const b = () => Date.now();\n');
    const scan = scanStrategy(main);
    expect(scan.files).toEqual([main, a, b]);
    expect(scan.packages).toEqual(['left-pad']);
    expect(scan.found).toEqual([{ kind: 'clock', path: b, line: 1, what: 'Date.now' }]);
    expect(REACH_MEANING.clock).toContain('ctx.nowUs');
  });

  it('that is not there is an empty scan', () => {
    expect(scanStrategy(join(dir, 'none.ts'))).toEqual({ files: [], packages: [], found: [] });
  });
});
