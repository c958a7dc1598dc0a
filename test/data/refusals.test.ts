import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCatalog } from '../../src/data/catalog.ts';
import type { ContractId } from '../../src/core/instrument.ts';
import { collect, ES, metaOf, minuteBars, START, useTempFolder } from './support.ts';

const tempFolder = useTempFolder();
const started = (root = tempFolder()) =>
  openCatalog(root, { sync: false }).createDataset(metaOf('one'));
const code = (value: string, part: object = {}) =>
  expect.objectContaining({ code: value, ...part }) as Error;

describe('a write is refused', () => {
  const NEW_YEAR = Date.UTC(2025, 0, 1) * 1000;

  it('when a bar neither opens nor closes in the year of its segment', () => {
    const writer = started().beginWrite();
    expect(() => writer.putBars(ES, '1m', 2023, minuteBars(3))).toThrow(
      code('E_SEGMENT_YEAR', { details: expect.objectContaining({ year: 2023, row: 0 }) }),
    );
    // The bar over midnight belongs to either year, the next one does not.
    writer.putBars(ES, '1m', 2024, minuteBars(1, 0, NEW_YEAR - 30_000_000));
    expect(() => writer.putBars(ES, '1m', 2024, minuteBars(2, 0, NEW_YEAR - 30_000_000))).toThrow(
      code('E_SEGMENT_YEAR', { details: expect.objectContaining({ row: 1 }) }),
    );
    writer.abort();
  });

  it('when the years of a contract overlap, and the old state stays', () => {
    const dataset = started();
    const writer = dataset.beginWrite();
    const bar = minuteBars(1, 0, NEW_YEAR - 30_000_000);
    writer.putBars(ES, '1m', 2024, bar);
    writer.putBars(ES, '1m', 2025, bar);
    expect(() => writer.commit()).toThrow(
      code('E_SEGMENT_ORDER', { details: expect.objectContaining({ years: [2024, 2025] }) }),
    );
    writer.abort();
    expect(dataset.contracts()).toEqual([]);
    const next = dataset.beginWrite();
    next.putBars(ES, '1m', 2024, bar);
    next.putBars(ES, '1m', 2025, minuteBars(1, 1, NEW_YEAR - 30_000_000));
    expect(next.commit().manifest.segments).toHaveLength(2);
  });

  it('when a product has no grid, or another one than its stored counts', () => {
    const writer = started().beginWrite();
    expect(() => writer.putBars('CLZ2024' as ContractId, '1m', 2024, minuteBars(1))).toThrow(
      code('E_DATASET_GRID', { details: { root: 'CL', dataset: 'one' } }),
    );
    writer.describe({ grids: { ES: { kind: 'ticks', increment: 0.01 } } });
    writer.putBars(ES, '1m', 2024, minuteBars(1));
    expect(() => writer.describe({ grids: { ES: { kind: 'ticks', increment: 0.25 } } })).toThrow(
      code('E_DATASET_GRID'),
    );
    writer.clear();
    writer.describe({ grids: { ES: { kind: 'ticks', increment: 0.25 } } });
    writer.abort();
  });
});

describe('a manifest is refused', () => {
  const stored = () => {
    const writer = started().beginWrite();
    writer.putBars(ES, '1m', 2024, minuteBars(3));
    return writer.commit();
  };
  const segment = (text: string, patch: object): string => {
    const value = JSON.parse(text) as { segments: object[] };
    return JSON.stringify({ ...value, segments: value.segments.map((s) => ({ ...s, ...patch })) });
  };
  it.each([
    ['cut short', (text: string) => text.slice(0, -20), 'not JSON'],
    ['empty', () => '', 'not JSON'],
    [
      'of a later version',
      (text: string) => text.replace('"schemaVersion": 1', '"schemaVersion": 2'),
      'schemaVersion',
    ],
    ['without a statement', (text: string) => text.replace(/ "volume": "known",\n/, ''), 'volume'],
    ['with a field we do not know', (text: string) => text.replace('{', '{"more": 1,'), 'more'],
    [
      'with a file elsewhere',
      (text: string) => segment(text, { file: '../../other.arrow' }),
      'file',
    ],
    ['with rows that are no number', (text: string) => segment(text, { rows: '3' }), 'rows'],
    [
      'with another checksum',
      (text: string) => segment(text, { sha256: 'a'.repeat(64) }),
      'checksum',
    ],
  ])('when it is %s', (_what, change, reason) => {
    const dataset = stored();
    const path = join(dataset.folder, 'manifest.json');
    fs.writeFileSync(path, change(fs.readFileSync(path, 'utf8')));
    const open = () => openCatalog(join(dataset.folder, '../..')).dataset('one');
    expect(open).toThrow(
      code('E_MANIFEST', { where: path, message: expect.stringContaining(reason) }),
    );
    // The data files are not touched by it.
    expect(fs.readdirSync(join(dataset.folder, 'segments'))).toHaveLength(1);
    expect(() => dataset.beginWrite()).toThrow(code('E_MANIFEST'));
  });
});

describe('a dataset that is not there', () => {
  it('is refused with the nearest name, or with all of them', () => {
    const root = tempFolder();
    const ask = (name: string) => () => openCatalog(root).dataset(name);
    expect(ask('sample')).toThrow(
      code('E_DATASET_UNKNOWN', { fix: expect.stringContaining('data sample') }),
    );
    const catalog = openCatalog(root, { sync: false });
    for (const name of ['sample', 'wheat']) catalog.createDataset(metaOf(name));
    expect(ask('smaple')).toThrow(code('E_DATASET_UNKNOWN', { fix: 'did you mean sample?' }));
    expect(ask('bonds')).toThrow(code('E_DATASET_UNKNOWN', { fix: 'choose one of those' }));
    expect(ask('../datasets/sample')).toThrow(code('E_DATASET_UNKNOWN'));
    expect(() => catalog.createDataset(metaOf('wheat'))).toThrow(code('E_DATASET_EXISTS'));
    expect(() => catalog.createDataset(metaOf('Wheat!'))).toThrow(code('E_DATASET_NAME'));
  });
});

describe('a small file system', () => {
  const folder = fs.mkdtempSync('/tmp/frontmonth-small-');
  const mounted =
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]).status === 0;
  if (!mounted) fs.rmSync(folder, { recursive: true });
  const title = 'that runs full keeps the old dataset readable and says so';

  it.skipIf(!mounted)(mounted ? title : `${title} (skipped: mounting is not allowed here)`, () => {
    try {
      const dataset = started(folder);
      const first = dataset.beginWrite();
      first.putBars(ES, '1m', 2024, minuteBars(20_000));
      first.commit();
      const second = openCatalog(folder, { sync: false }).dataset('one').beginWrite();
      // Some 4 MB on a disk that has 3 left.
      expect(() => second.putBars(ES, '5m', 2024, minuteBars(100_000, 0, START))).toThrow(
        code('E_CATALOG_WRITE', { details: expect.objectContaining({ reason: 'ENOSPC' }) }),
      );
      second.abort();
      const after = openCatalog(folder, { sync: false }).dataset('one');
      expect(collect(after.bars({ contract: ES, interval: '1m' }))['close']).toHaveLength(20_000);
      expect(fs.readdirSync(join(after.folder, 'segments'))).toHaveLength(1);
      const third = after.beginWrite();
      third.putBars(ES, '5m', 2024, minuteBars(1000));
      expect(third.commit().manifest.segments).toHaveLength(2);
    } finally {
      spawnSync('umount', [folder]);
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });
});
