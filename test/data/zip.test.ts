/** Zip archives: what is read, what is refused, and that no damage does more than that. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fc, it as prop } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import { readZipDirectory, readZipEntry } from '../../src/data/ingest/zip.ts';
import type { ZipLie } from '../support/make-zip.ts';
import { makeZip } from '../support/make-zip.ts';
import { useTempFolder } from './support.ts';

const folder = useTempFolder();
/** Largest piece that may be held at once. */
const PIECE_MAX = 5_000_000;

function read(path: string): Record<string, string> {
  const directory = readZipDirectory(path);
  const out: Record<string, string> = {};
  for (const entry of directory.entries) {
    const pieces: Buffer[] = [];
    let bytes = 0;
    for (const piece of readZipEntry(directory, entry)) {
      expect(piece.length).toBeLessThan(PIECE_MAX);
      bytes += piece.length;
      if (bytes < 1e6) pieces.push(Buffer.from(piece));
    }
    expect(bytes).toBe(entry.bytes);
    out[entry.name] = Buffer.concat(pieces).toString();
  }
  return out;
}

const at = (bytes: Uint8Array): string => {
  const path = join(folder(), 'a.zip');
  writeFileSync(path, bytes);
  return path;
};

const LINES = Array.from({ length: 5000 }, (_, i) => `${i * 60_000},${i},${i * 7}`).join('\n');

describe('a zip archive', () => {
  it('gives back its files, packed and stored, an empty one and one in a folder among them', () => {
    const files = { 'a.csv': LINES, 'sub/ä.csv': 'x', 'empty.csv': '' };
    expect(read(at(makeZip(files, { 'sub/ä.csv': { isStored: true, flags: 0x800 } })))).toEqual(
      files,
    );
  });

  it('is read where it has no files', () => {
    expect(read(at(makeZip({})))).toEqual({});
  });

  it.each<readonly [string, ZipLie, string]>([
    ['states fewer bytes than it holds', { bytes: 10 }, 'holds more bytes than it says'],
    ['states more bytes than it holds', { bytes: LINES.length + 1 }, 'and says'],
    ['states more bytes than deflate can hold', { bytes: 2 ** 31 }, 'cannot hold'],
    ['states another checksum', { crc: 1 }, 'checksum'],
    ['states more packed bytes than the archive has', { packed: 2 ** 30 }, 'reaches past the end'],
    ['begins where no entry is', { offset: 1 }, 'no entry begins'],
    ['begins past the end', { offset: 2 ** 31 }, 'reaches past the end'],
    ['has another name inside', { localName: 'b.csv' }, 'contradicts'],
    ['is encrypted', { flags: 1 }, 'encrypted'],
    ['is packed in another way', { method: 12 }, 'method 12'],
  ])('with an entry that %s is refused by its name', (_, lie, reason) => {
    const path = at(makeZip({ 'a.csv': LINES }, { 'a.csv': lie }));
    expect(() => read(path)).toThrow(
      expect.objectContaining({
        code: 'E_IMPORT_FILE',
        message: expect.stringContaining(reason),
        where: `${path}, a.csv`,
      }),
    );
  });

  it('with entries that share their bytes is refused', () => {
    const path = at(
      makeZip({ 'a.csv': LINES, 'b.csv': LINES }, { 'b.csv': { offset: 0, localName: 'a.csv' } }),
    );
    expect(() => read(path)).toThrow('shares bytes');
  });

  it.each([
    [
      'cut in the middle',
      (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1),
      'its directory is missing',
    ],
    [
      'that is text',
      () => Buffer.from('time,open,high,low,close\n'.repeat(50)),
      'not a zip archive',
    ],
    ['of no bytes', () => Buffer.alloc(0), 'not a zip archive'],
  ] as const)('%s is refused', (_, change, reason) => {
    expect(() => read(at(change(makeZip({ 'a.csv': LINES }))))).toThrow(reason);
  });

  it('that unpacks to a thousand times its size is read in small pieces', () => {
    const path = at(makeZip({ 'bomb.csv': Buffer.alloc(2 ** 26, 0x30) }));
    expect(Object.keys(read(path))).toEqual(['bomb.csv']);
  });

  prop.prop(
    [
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
      fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
    ],
    { numRuns: 150 },
  )('that is damaged is read right or refused with a typed error', (changes, cut) => {
    const files = { 'a.csv': LINES, 'b.csv': LINES.slice(0, 900) };
    const bytes = makeZip(files, { 'b.csv': { isStored: true } });
    // Half of the damage goes to the headers, which are few bytes.
    for (const [k, value] of changes)
      bytes[k % 2 === 0 ? bytes.length - 1 - (k % 200) : k % bytes.length] = value;
    const path = at(cut === undefined ? bytes : bytes.subarray(0, Math.floor(bytes.length * cut)));
    let found: Record<string, string>;
    try {
      found = read(path);
    } catch (error) {
      expect(error).toBeInstanceOf(TradingError);
      expect((error as TradingError).code).toBe('E_IMPORT_FILE');
      return;
    }
    // Whatever passes has its checksum: names may differ, contents may not.
    for (const text of Object.values(found)) expect(Object.values(files)).toContain(text);
    expect(readFileSync(path).length).toBeGreaterThan(0);
  });
});
