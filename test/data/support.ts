/** Small seeded data and temporary folders for the data tests. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { BarColumns } from '../../src/core/bars.ts';
import type { ContractId } from '../../src/core/instrument.ts';
import { parseTsUs, US_PER_MINUTE } from '../../src/core/units.ts';
import type { DatasetMeta } from '../../src/data/manifest.ts';

export const ES = 'ESZ2024' as ContractId;
export const START: number = parseTsUs('2024-03-04T14:30:00Z');

/** A folder that is removed after the test. */
export function useTempFolder(): () => string {
  const made: string[] = [];
  afterEach(() => {
    for (const folder of made.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    const folder = fs.mkdtempSync(join(tmpdir(), 'frontmonth-data-'));
    made.push(folder);
    return folder;
  };
}

export function metaOf(name: string, patch: Partial<DatasetMeta> = {}): DatasetMeta {
  return {
    name,
    createdBy: 'frontmonth test',
    isSynthetic: true,
    description: 'test data',
    source: 'made by the test',
    grids: { ES: { kind: 'ticks', increment: 0.25 } },
    volume: 'known',
    stamps: 'instants',
    barStamp: 'close',
    ...patch,
  };
}

/** One-minute bars; row i is `first + i` in its prices, so that rows can be told apart. */
export function minuteBars(rows: number, first = 0, startUs = START): BarColumns {
  const at = <T>(make: (i: number) => T): T[] => Array.from({ length: rows }, (_, i) => make(i));
  const close = Int32Array.from(at((i) => 20_000 + first + i));
  return {
    length: rows,
    openUs: Float64Array.from(at((i) => startUs + (first + i) * US_PER_MINUTE)),
    closeUs: Float64Array.from(at((i) => startUs + (first + i + 1) * US_PER_MINUTE)),
    open: close.map((value) => value - 1),
    high: close.map((value) => value + 2),
    low: close.map((value) => value - 3),
    close,
    volume: Float64Array.from(at((i) => 10 + ((first + i) % 7))),
  };
}

/** Joins the batches of a source into arrays by column. */
export function collect<C extends { readonly length: number }>(source: {
  next(): C | null;
  close(): void;
}): Record<string, (number | bigint)[]> {
  const out: Record<string, (number | bigint)[]> = {};
  for (let batch = source.next(); batch !== null; batch = source.next()) {
    for (const [name, values] of Object.entries(batch)) {
      if (!ArrayBuffer.isView(values)) continue;
      (out[name] ??= []).push(...(values as unknown as Iterable<number>));
    }
  }
  source.close();
  return out;
}
