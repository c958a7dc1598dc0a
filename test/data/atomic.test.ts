import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import type { Catalog, CatalogOptions, Dataset } from '../../src/data/catalog.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import type { ProcessIdentity } from '../../src/data/lock.ts';
import { faultIo } from './fault-io.ts';
import { collect, ES, metaOf, minuteBars, useTempFolder } from './support.ts';

const tempFolder = useTempFolder();

/** Each session of the test is a process of its own: a failed one has died, as far as locks are concerned. */
function processNamed(start: string, alive: readonly string[]) {
  const self: ProcessIdentity = { pid: 1, start };
  return { self: () => self, isAlive: (other: ProcessIdentity) => alive.includes(other.start) };
}

function makeOld(root: string): void {
  const writer = openCatalog(root).createDataset(metaOf('one')).beginWrite();
  writer.putBars(ES, '1m', 2024, minuteBars(20));
  writer.commit();
}

/** Replaces, appends and adds in one commit. */
function change(catalog: Catalog): void {
  const writer = catalog.dataset('one').beginWrite();
  try {
    writer.appendBars(ES, '1m', 2024, minuteBars(5, 20));
    writer.putBars(ES, '5m', 2024, minuteBars(3));
    writer.commit();
  } catch (error) {
    writer.abort();
    throw error;
  }
}

/** What a fresh reader sees; throws when anything is torn. */
function stateOf(root: string): 'old' | 'new' {
  const dataset = openCatalog(root).dataset('one');
  const rows = collect(dataset.bars({ contract: ES, interval: '1m' }))['close'];
  if (dataset.manifest.generation === 1) {
    expect(rows).toEqual([...minuteBars(20).close]);
    expect(dataset.manifest.segments).toHaveLength(1);
    return 'old';
  }
  expect(rows).toEqual([...minuteBars(25).close]);
  expect(collect(dataset.bars({ contract: ES, interval: '5m' }))['close']).toHaveLength(3);
  return 'new';
}

function runWithFault(
  code: string,
  shouldFail: (n: number) => boolean,
): { seen: string; isDone: boolean } {
  const root = tempFolder();
  makeOld(root);
  const options: CatalogOptions = {
    probe: processNamed('first', []),
    io: faultIo(code, shouldFail).io,
  };
  let isDone = true;
  try {
    change(openCatalog(root, options));
  } catch (error) {
    expect(error).toBeInstanceOf(TradingError);
    expect(JSON.stringify((error as TradingError).details)).toContain(code);
    isDone = false;
  }
  const seen = stateOf(root);
  const next = openCatalog(root, { probe: processNamed('second', ['second']) });
  const writer = next.dataset('one').beginWrite();
  writer.putBars(ES, '15m', 2024, minuteBars(4));
  expect(writer.commit().span(ES, '15m')!.rows).toBe(4);
  const files = fs.readdirSync(join(root, 'datasets/one'));
  expect(files.filter((file) => file !== 'manifest.json' && file !== 'segments')).toEqual(
    files.filter((file) => /^write\.lock\..+/.test(file)),
  );
  return { seen, isDone };
}

describe('writing a dataset', () => {
  const total = ((): number => {
    const root = fs.mkdtempSync('/tmp/frontmonth-count-');
    makeOld(root);
    const counter = faultIo('EIO', () => false);
    change(openCatalog(root, { io: counter.io }));
    fs.rmSync(root, { recursive: true });
    return counter.count();
  })();

  it('leaves the old or the new state when any one file operation fails', () => {
    const seen = new Set<string>();
    expect(total).toBeGreaterThan(40);
    for (let k = 1; k <= total; k += 1) {
      const result = runWithFault('EIO', (operation) => operation === k);
      seen.add(result.seen);
      if (result.isDone) expect(result.seen).toBe('new');
    }
    expect([...seen].sort()).toEqual(['new', 'old']);
  });

  it('leaves the old or the new state when the disk is full from any operation on', () => {
    for (let k = 1; k <= total; k += 1) {
      const result = runWithFault('ENOSPC', (operation) => operation >= k);
      expect(result.isDone).toBe(false);
    }
  });

  it('names the full disk in the error and keeps the old data', () => {
    const root = tempFolder();
    makeOld(root);
    let isFull = false;
    const { io } = faultIo('ENOSPC', () => isFull);
    const writer = openCatalog(root, { io }).dataset('one').beginWrite();
    isFull = true;
    expect(() => writer.putBars(ES, '5m', 2024, minuteBars(3))).toThrow(
      expect.objectContaining({
        code: 'E_CATALOG_WRITE',
        fix: expect.stringContaining('free space'),
      }),
    );
    isFull = false;
    writer.abort();
    expect(stateOf(root)).toBe('old');
  });

  it('shows readers the old state during a write, and after the commit to those who opened before', () => {
    const root = tempFolder();
    makeOld(root);
    const readers: Dataset[] = [openCatalog(root).dataset('one'), openCatalog(root).dataset('one')];
    const started = readers[0]!.bars({ contract: ES, interval: '1m', batchRows: 5 });
    expect(started.next()!.length).toBe(5);
    const writer = openCatalog(root).dataset('one').beginWrite();
    writer.putBars(ES, '1m', 2024, minuteBars(7, 100));
    expect(stateOf(root)).toBe('old');
    writer.commit();
    expect(collect(started)['close']).toHaveLength(15);
    for (const reader of readers)
      expect(collect(reader.bars({ contract: ES, interval: '1m' }))['close']).toHaveLength(20);
    const fresh = openCatalog(root).dataset('one');
    expect(collect(fresh.bars({ contract: ES, interval: '1m' }))['close']).toHaveLength(7);
  });

  it('tells a reader that is two states behind to open the dataset again', () => {
    const root = tempFolder();
    makeOld(root);
    const reader = openCatalog(root).dataset('one');
    for (const first of [100, 200]) {
      const writer = openCatalog(root).dataset('one').beginWrite();
      writer.putBars(ES, '1m', 2024, minuteBars(7, first));
      writer.commit();
    }
    expect(() => reader.bars({ contract: ES, interval: '1m' }).next()).toThrow(
      expect.objectContaining({ code: 'E_DATASET_CHANGED', retry: 'safe' }),
    );
  });

  it('leaves nothing behind when a write is aborted', () => {
    const root = tempFolder();
    makeOld(root);
    const before = fs.readdirSync(join(root, 'datasets/one/segments'));
    const writer = openCatalog(root).dataset('one').beginWrite();
    writer.putBars(ES, '5m', 2024, minuteBars(3));
    writer.abort();
    writer.abort();
    expect(fs.readdirSync(join(root, 'datasets/one/segments'))).toEqual(before);
    expect(fs.readdirSync(join(root, 'datasets/one'))).toEqual(['manifest.json', 'segments']);
  });
});

describe('the lock', () => {
  it('refuses a second writer with the process id of the first', () => {
    const root = tempFolder();
    makeOld(root);
    const writer = openCatalog(root).dataset('one').beginWrite();
    expect(() => openCatalog(root).dataset('one').beginWrite()).toThrow(
      expect.objectContaining({
        code: 'E_CATALOG_LOCKED',
        details: expect.objectContaining({ pid: process.pid }),
      }),
    );
    writer.abort();
    openCatalog(root).dataset('one').beginWrite().abort();
  });

  it('does not block when the process id is in use again by another process', () => {
    const root = tempFolder();
    makeOld(root);
    const lock = join(root, 'datasets/one/write.lock');
    fs.writeFileSync(
      lock,
      JSON.stringify({ pid: process.pid, start: 'another-boot:1', token: 'x' }),
    );
    openCatalog(root).dataset('one').beginWrite().abort();
    expect(fs.existsSync(lock)).toBe(false);
  });

  it('does not block on a lock that cannot be read', () => {
    const root = tempFolder();
    makeOld(root);
    fs.writeFileSync(join(root, 'datasets/one/write.lock'), '');
    openCatalog(root).dataset('one').beginWrite().abort();
  });
});
