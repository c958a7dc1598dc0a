import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openArrowFile, readTable, writeTable } from '../../src/data/arrow-store.ts';
import type { Dataset } from '../../src/data/catalog.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { findBadMetadata } from '../../src/data/flatbuffer-check.ts';
import { checkDataset } from '../../src/data/quality.ts';
import { collect, ES, metaOf, minuteBars, useTempFolder } from './support.ts';

const tempFolder = useTempFolder();
const readAll = (dataset: Dataset) => collect(dataset.bars({ contract: ES, interval: '1m' }));

function stored(): { dataset: Dataset; path: string } {
  const writer = openCatalog(tempFolder()).createDataset(metaOf('one')).beginWrite();
  const entry = writer.putBars(ES, '1m', 2024, minuteBars(20));
  const dataset = writer.commit();
  return { dataset, path: dataset.pathOf(entry) };
}

/** The dataset as its manifest reads after an edit; the manifest's own checksum is over the files' checksums only. */
function withEntry(dataset: Dataset, patch: object): Dataset {
  const path = join(dataset.folder, 'manifest.json');
  const manifest = { ...dataset.manifest };
  const segments = manifest.segments.map((entry) => ({ ...entry, ...patch }));
  fs.writeFileSync(path, JSON.stringify({ ...manifest, segments }));
  return openCatalog(join(dataset.folder, '../..')).dataset('one');
}

/** Puts the same four bytes over the footer's length vectors: found by the value that stands there. */
function replaceInt32(path: string, from: number, to: number): number {
  const bytes = fs.readFileSync(path);
  let replaced = 0;
  for (let at = bytes.length - 1600 - (bytes.length % 4); at < bytes.length - 10; at += 2) {
    if (at < 0 || bytes.readInt32LE(at) !== from) continue;
    bytes.writeInt32LE(to, at);
    replaced += 1;
  }
  fs.writeFileSync(path, bytes);
  return replaced;
}

describe('a damaged file', () => {
  it(
    'is read or refused by a code of ours, in bounded time and memory, however it is damaged',
    { timeout: 120_000 },
    () => {
      const child = spawnSync(
        process.execPath,
        [
          '--import',
          'tsx',
          join(import.meta.dirname, 'support-process/damage-fuzz.ts'),
          tempFolder(),
          '20',
          '2000',
        ],
        // The watchdog: a count that is walked to its end takes minutes, or all memory.
        { timeout: 90_000, killSignal: 'SIGKILL', encoding: 'utf8' },
      );
      expect(child.stderr.replace(/^npm warn.*\n/gm, '')).toBe('');
      expect(child.signal).toBeNull();
      const { outcomes, grownMegabytes } = JSON.parse(child.stdout) as {
        outcomes: Record<string, number>;
        grownMegabytes: number;
      };
      expect(Object.keys(outcomes).sort()).toEqual(['E_DATA_CORRUPT', 'E_DATA_FORMAT', 'read']);
      // The files have 5 kB.
      expect(grownMegabytes).toBeLessThan(200);
    },
  );

  it.each([
    ['seven fields', 7],
    ['one batch', 1],
  ])('is refused when a list says that it has two thousand million of its %s', (_what, count) => {
    const { dataset, path } = stored();
    expect(replaceInt32(path, count, 0x7fffffff)).toBeGreaterThan(0);
    expect(() => readAll(dataset)).toThrow(expect.objectContaining({ code: 'E_DATA_CORRUPT' }));
    expect(() => readTable(path)).toThrow(expect.objectContaining({ code: 'E_DATA_CORRUPT' }));
  });

  it('is refused when a text of its dictionary lies outside', () => {
    const path = join(tempFolder(), 'table.arrow');
    writeTable(path, { word: { type: 'utf8', values: ['long', 'long', 'longer'] } });
    expect(readTable(path)['word']).toEqual(['long', 'long', 'longer']);
    const bytes = fs.readFileSync(path);
    // Offsets of the two texts: 0, 4, 10.
    const offsets = bytes.indexOf(Buffer.from(Int32Array.of(0, 4, 10).buffer));
    for (const [at, value] of [
      [8, 1_000_000],
      [8, 3],
      [4, -1],
    ] as const) {
      const bad = Buffer.from(bytes);
      bad.writeInt32LE(value, offsets + at);
      fs.writeFileSync(path, bad);
      expect(() => readTable(path)).toThrow(/texts of a dictionary/);
    }
  });

  it('is refused when a row names a text that there is not', () => {
    const path = join(tempFolder(), 'table.arrow');
    writeTable(path, { word: { type: 'utf8', values: ['a', 'b', 'c', 'a'] } });
    const bytes = fs.readFileSync(path);
    const codes = bytes.indexOf(Buffer.from(Int32Array.of(0, 1, 2, 0).buffer));
    bytes.writeInt32LE(3, codes + 4);
    fs.writeFileSync(path, bytes);
    expect(() => readTable(path)).toThrow(/row 1: there is no text 3/);
  });

  it('is refused when its size or its rows are not those of the manifest', () => {
    const { dataset, path } = stored();
    const { bytes } = dataset.manifest.segments[0]!;
    expect(readAll(withEntry(dataset, {}))['close']).toHaveLength(20);
    expect(() => readAll(withEntry(dataset, { rows: 21 }))).toThrow(
      expect.objectContaining({
        code: 'E_DATA_CORRUPT',
        message: expect.stringContaining('20 rows, the manifest says 21'),
      }),
    );
    expect(() => readAll(withEntry(dataset, { bytes: bytes + 1 }))).toThrow(
      expect.objectContaining({
        code: 'E_DATA_CORRUPT',
        details: { path, what: 'bytes', found: bytes, stated: bytes + 1 },
      }),
    );
  });
});

describe('metadata', () => {
  it('that make a field its own child are refused', () => {
    const ints = new Int32Array(200);
    const put = (at: number, ...values: number[]): void => ints.set(values, at / 4);
    // One layout for every table, at 64: slot 1 at 4, slot 5 at 8, 12 bytes.
    new Uint16Array(ints.buffer).set([16, 12, 0, 4, 0, 0, 0, 8], 32);
    put(0, 8); // the footer stands at 8
    put(8, 8 - 64, 24 - 12); // its schema at 24
    put(24, 24 - 64, 40 - 28); // whose fields are the list at 40
    put(40, 1, 48 - 44); // of one, at 48
    put(48, 48 - 64, 0, 40 - 56); // whose children are the same list
    const bytes = new Uint8Array(ints.buffer);
    expect(findBadMetadata(bytes, 'Footer')).toBe('Field is nested too deeply');
    put(40, 0);
    expect(findBadMetadata(bytes, 'Footer')).toBe('');
  });
});

describe('a file that cannot be opened', () => {
  it.each([
    ['absent', (path: string) => fs.rmSync(path), 'ENOENT'],
    [
      'a folder',
      (path: string) => {
        fs.rmSync(path);
        fs.mkdirSync(path);
      },
      'EISDIR',
    ],
    [
      'a named pipe',
      (path: string) => {
        fs.rmSync(path);
        expect(spawnSync('mkfifo', [path]).status).toBe(0);
      },
      'ENOTSUP',
    ],
  ] as const)('is an error of ours that names it: %s', (_what, change, reason) => {
    const { dataset, path } = stored();
    change(path);
    for (const read of [() => openArrowFile(path), () => readTable(path)])
      expect(read).toThrow(
        expect.objectContaining({ code: 'E_DATA_READ', where: path, details: { path, reason } }),
      );
    const code = reason === 'ENOENT' ? 'E_DATASET_CHANGED' : 'E_DATA_READ';
    expect(() => readAll(dataset)).toThrow(expect.objectContaining({ code }));
    const found = reason === 'ENOENT' ? 'file-missing' : 'file-corrupt';
    expect(checkDataset(dataset).counts).toEqual({ [found]: 1 });
  });

  it('is an error of ours when it is a manifest that is a folder, or no catalog at all', () => {
    const root = tempFolder();
    fs.mkdirSync(join(root, 'datasets/one/manifest.json'), { recursive: true });
    expect(() => openCatalog(root).dataset('one')).toThrow(
      expect.objectContaining({ code: 'E_DATA_READ' }),
    );
    fs.writeFileSync(join(root, 'file'), '');
    expect(openCatalog(join(root, 'file')).names()).toEqual([]);
    expect(() => openCatalog(join(root, 'file')).dataset('one')).toThrow(
      expect.objectContaining({ code: 'E_DATASET_UNKNOWN' }),
    );
  });
});
