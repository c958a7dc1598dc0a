import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { BarColumns } from '../../src/core/bars.ts';
import type { Catalog, Dataset } from '../../src/data/catalog.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { mergeDataset } from '../../src/data/merge-dataset.ts';
import { collect, ES, metaOf, minuteBars, START, useTempFolder } from './support.ts';

const tempFolder = useTempFolder();

function rows(bars: BarColumns, keep: readonly number[]): BarColumns {
  const pick = <T extends ArrayLike<number>>(values: T): number[] => keep.map((i) => values[i]!);
  return {
    length: keep.length,
    openUs: Float64Array.from(pick(bars.openUs)),
    closeUs: Float64Array.from(pick(bars.closeUs)),
    open: Int32Array.from(pick(bars.open)),
    high: Int32Array.from(pick(bars.high)),
    low: Int32Array.from(pick(bars.low)),
    close: Int32Array.from(pick(bars.close)),
    volume: Float64Array.from(pick(bars.volume)),
  };
}

function staged(bars: BarColumns, volume: 'known' | 'unknown' = 'known'): Dataset {
  const catalog = openCatalog(tempFolder(), { sync: false });
  const writer = catalog.createDataset(metaOf('stage', { volume })).beginWrite();
  writer.putBars(ES, '1m', 2024, bars);
  return writer.commit();
}

const merge = (catalog: Catalog, from: Dataset, extra = {}) =>
  mergeDataset({ catalog, into: 'one', from, extra });

const all = minuteBars(30);
const subset = fc
  .uniqueArray(fc.nat(29), { minLength: 1 })
  .map((list) => list.sort((a, b) => a - b));

describe('mergeDataset', () => {
  test.prop([fc.array(subset, { minLength: 1, maxLength: 4 })], { numRuns: 40 })(
    'holds the union of all rows, however they came, and nothing twice',
    (parts) => {
      const catalog = openCatalog(tempFolder(), { sync: false });
      const seen = new Set<number>();
      for (const part of parts) {
        const { added, known } = merge(catalog, staged(rows(all, part)));
        expect(added).toBe(part.filter((i) => !seen.has(i)).length);
        expect(known).toBe(part.filter((i) => seen.has(i)).length);
        for (const i of part) seen.add(i);
      }
      const union = [...seen].sort((a, b) => a - b);
      const dataset = catalog.dataset('one');
      const whole = merge(openCatalog(tempFolder(), { sync: false }), staged(rows(all, union)));
      expect(collect(dataset.bars({ contract: ES, interval: '1m' }))).toEqual(
        collect(whole.dataset.bars({ contract: ES, interval: '1m' })),
      );
      expect(dataset.manifest.checksum).toBe(whole.dataset.manifest.checksum);
    },
  );

  it('commits the extra statements with the rows', () => {
    const catalog = openCatalog(tempFolder());
    const { dataset } = merge(catalog, staged(minuteBars(2)), { note: 1 });
    expect(dataset.manifest.extra).toEqual({ note: 1 });
  });

  it('refuses a bar that differs from the stored one, and changes nothing', () => {
    const catalog = openCatalog(tempFolder());
    const { dataset } = merge(catalog, staged(minuteBars(3)));
    const other = minuteBars(4);
    (other.high as Int32Array)[1]! += 1;
    expect(() => merge(catalog, staged(other))).toThrow(
      expect.objectContaining({
        code: 'E_MERGE_CONFLICT',
        message: 'the 1m bar of ESZ2024 that ends 2024-03-04T14:32:00Z is stored with another high',
      }),
    );
    expect(catalog.dataset('one').manifest).toEqual(dataset.manifest);
  });

  it('refuses rows of which another thing is stated', () => {
    const catalog = openCatalog(tempFolder());
    merge(catalog, staged(minuteBars(3)));
    expect(() => merge(catalog, staged(minuteBars(4), 'unknown'))).toThrow(
      expect.objectContaining({ code: 'E_MERGE_STATEMENT' }),
    );
  });

  it('keeps equal ticks of one moment as often as the source has them', () => {
    const trades = (qty: readonly number[]): Dataset => {
      const catalog = openCatalog(tempFolder(), { sync: false });
      const writer = catalog.createDataset(metaOf('stage')).beginWrite();
      writer.put('trades', ES, 2024, {
        length: qty.length,
        tsUs: new Float64Array(qty.length).fill(START),
        seq: new Float64Array(qty.length),
        price: new Int32Array(qty.length).fill(20_000),
        qty: Float64Array.from(qty),
        aggressor: new Int8Array(qty.length),
      });
      return writer.commit();
    };
    const catalog = openCatalog(tempFolder());
    expect(merge(catalog, trades([1, 1, 2]))).toMatchObject({ added: 3, known: 0 });
    expect(merge(catalog, trades([1, 1, 2]))).toMatchObject({ added: 0, known: 3 });
    expect(merge(catalog, trades([1, 1, 1, 3]))).toMatchObject({ added: 2, known: 2 });
    const read = collect(catalog.dataset('one').trades({ contract: ES }));
    expect(read['qty']!.toSorted()).toEqual([1, 1, 1, 2, 3]);
  });
});
