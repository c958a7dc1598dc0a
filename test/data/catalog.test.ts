import { describe, expect, it } from 'vitest';
import { toTsUs, US_PER_MINUTE } from '../../src/core/units.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { collect, ES, metaOf, minuteBars, START, useTempFolder } from './support.ts';

const tempFolder = useTempFolder();

function oneDataset(rows = 10) {
  const catalog = openCatalog(tempFolder());
  const writer = catalog.createDataset(metaOf('one')).beginWrite();
  writer.putBars(ES, '1m', 2024, minuteBars(rows));
  return { catalog, dataset: writer.commit() };
}

describe('catalog', () => {
  it('returns the bars that were written', () => {
    const { catalog } = oneDataset();
    const dataset = catalog.dataset('one');
    const read = collect(dataset.bars({ contract: ES, interval: '1m' }));
    const want = minuteBars(10);
    for (const name of ['openUs', 'closeUs', 'open', 'high', 'low', 'close', 'volume'] as const)
      expect(read[name]).toEqual([...want[name]]);
    expect(dataset.manifest.segments[0]).toMatchObject({
      kind: 'bars',
      contract: ES,
      root: 'ES',
      interval: '1m',
      year: 2024,
      rows: 10,
      firstUs: START,
      lastUs: START + 10 * US_PER_MINUTE,
    });
    expect(dataset.manifest.generation).toBe(1);
    expect(dataset.span(ES, '1m')).toEqual({
      rows: 10,
      firstUs: START,
      lastUs: START + 10 * US_PER_MINUTE,
    });
  });

  it('keeps prices as int32 counts, which are views on the bytes read', () => {
    const { dataset } = oneDataset();
    const batch = dataset.bars({ contract: ES, interval: '1m' }).next()!;
    expect(batch.close).toBeInstanceOf(Int32Array);
    expect(batch.close.buffer).toBe(batch.open.buffer);
  });

  it.each([
    [3, 7, [3, 4, 5, 6]],
    [3.5, 7, [4, 5, 6]],
    [3, 6.5, [3, 4, 5]],
    [-5, 2, [0, 1]],
    [8, 50, [8, 9]],
    [20, 50, []],
  ])('reads the bars that lie wholly in [%d, %d] minutes', (from, to, rows) => {
    const { dataset } = oneDataset();
    const range = {
      from: toTsUs(START + from * US_PER_MINUTE),
      to: toTsUs(START + to * US_PER_MINUTE),
    };
    const read = collect(dataset.bars({ contract: ES, interval: '1m', ...range }));
    expect(read['close'] ?? []).toEqual(rows.map((row) => 20_000 + row));
  });

  it('reads the same rows whatever the batch size', () => {
    const { dataset } = oneDataset(100);
    const whole = collect(dataset.bars({ contract: ES, interval: '1m' }));
    for (const batchRows of [1, 7, 100, 1000])
      expect(collect(dataset.bars({ contract: ES, interval: '1m', batchRows }))).toEqual(whole);
  });
});
