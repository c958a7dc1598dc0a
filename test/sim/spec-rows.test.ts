/** Every row of the specification's tables is a scenario somewhere, named by its number. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/** The rows of each table: first and last, and what stands between them. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  'book matching': rows('B', 21),
  queue: rows('Q', 10),
  'stops and triggers': rows('S', 12),
  'bars, single orders': rows('P', 20),
  'bars, brackets': [...rows('K', 32), 'K29a', 'K29b'],
  'latency and races': rows('L', 7),
  'times in force and sessions': rows('T', 10),
  money: rows('M', 17),
};

function rows(letter: string, last: number): string[] {
  return Array.from({ length: last }, (_, k) => `${letter}${k + 1}`);
}

function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return testFiles(path);
    return entry.name.endsWith('.test.ts') && entry.name !== 'spec-rows.test.ts' ? [path] : [];
  });
}

/** What `it`, `test` and `describe` are given, and rows of tables of scenarios: text that begins with a number of a row. */
function titlesOf(source: string): string[] {
  const calls = source.matchAll(/\b(?:it|test|describe)(?:\.\w+)?\(\s*(['"`])(.*?)\1/g);
  const scenarios = source.matchAll(/(['"`])([BQSPKLTM]\d+[ab]?\b.*?)\1/g);
  return [...calls, ...scenarios].map((match) => match[2]!);
}

const titles = testFiles(ROOT).flatMap((path) => titlesOf(readFileSync(path, 'utf8')));
const named = new Set(titles.flatMap((title) => title.match(/\b[BQSPKLTM]\d+[ab]?\b/g) ?? []));

describe.each(Object.entries(TABLES))('the table of %s', (_name, ids) => {
  it.each(ids)('%s is a scenario', (id) => {
    expect([...named]).toContain(id);
  });
});

it('has 131 rows, and a row that is not there is not found', () => {
  expect(Object.values(TABLES).flat()).toHaveLength(131);
  for (const id of ['B99', 'K33', 'P21']) expect([...named]).not.toContain(id);
});
