import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPath, lineOfPath, parseJson, parsePath } from '../../src/calendars/json-lines.ts';
import type { JsonPath } from '../../src/calendars/json-lines.ts';

const TEXT = `{
  "a": [1, {"b": "x, ] }", "c\\"d": [
    2,
    { "e": null }
  ]}],
  "f": { }
}`;

describe('lines of values in JSON', () => {
  it.each([
    ['', 1],
    ['a', 2],
    ['a[1].b', 2],
    ['a[1].c"d[0]', 3],
    ['a[1].c"d[1].e', 4],
    ['f', 6],
    // Further than the text goes: the last value on the way.
    ['f.missing', 6],
    ['a[7]', 2],
    ['nothing', 1],
  ])('%s stands on line %i', (path, line) => {
    expect(lineOfPath(TEXT, parsePath(path))).toBe(line);
  });

  it('are right for every value of any document', () => {
    const leaves = (value: unknown, path: JsonPath): JsonPath[] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([key, inner]) =>
            leaves(inner, [...path, Array.isArray(value) ? Number(key) : key]),
          )
        : [path];
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value, null, 2);
        const lines = text.split('\n');
        for (const path of leaves(JSON.parse(text), [])) {
          const own = path.reduce<unknown>(
            (inner, step) => (inner as Record<string | number, unknown>)[step],
            JSON.parse(text),
          );
          const line = lines[lineOfPath(text, path) - 1]!;
          expect(line).toContain(JSON.stringify(own));
          const last = path.at(-1);
          if (typeof last === 'string') expect(line).toContain(`${JSON.stringify(last)}: `);
        }
      }),
      { seed: 20261121, numRuns: 200 },
    );
  });

  it('name a key that stands twice in one object, and no other', () => {
    const twice = '{\n "a": {"x": "a"},\n "b": [{"x": 1}, {"x": 2}],\n "a": 3\n}';
    expect(() => parseJson(twice, 'x.json', 'E_CALENDAR_FILE')).toThrow(
      expect.objectContaining({ where: 'x.json:4', message: 'x.json:4: the key "a" stands twice' }),
    );
    expect(parseJson(twice.replace('"a": 3', '"c": 3'), 'x.json', 'E_CALENDAR_FILE')).toBeTruthy();
  });

  it('come back from the text of a path', () => {
    expect(parsePath('groups[0].regimes[1].hours')).toEqual(['groups', 0, 'regimes', 1, 'hours']);
    expect(formatPath(['groups', 0, 'regimes', 1, 'hours'])).toBe('groups[0].regimes[1].hours');
  });

  it('are named where a text is no JSON', () => {
    expect(() => parseJson('{\n  "a": 1,\n  b\n}', 'x.json', 'E_CALENDAR_FILE')).toThrow(
      expect.objectContaining({ code: 'E_CALENDAR_FILE', where: 'x.json:3' }),
    );
    // The runtime names no place for these.
    for (const [text, line] of [
      ['{\n  "a": [1,\n  oops],\n  "b": 2\n}\n\n\n', 3],
      ["{\n  'a': 1\n}", 2],
      ['{\n  "a": 1,\n}\n\n', 3],
      ['{\n  "a": 01\n}', 2],
      ['{\n  "a": "x\n"\n}', 2],
      ['{"a": 1}\n}', 2],
      ['[1,\n2', 2],
    ] as const) {
      expect(() => parseJson(text, 'x.json', 'E_CALENDAR_FILE')).toThrow(
        expect.objectContaining({ where: `x.json:${line}` }),
      );
    }
    expect(parseJson('{"a": 1}', 'x.json', 'E_CALENDAR_FILE')).toEqual({ a: 1 });
  });
});
