import { expect, it } from 'vitest';
import { openCatalog } from '../../src/data/catalog.ts';
import { plainPrices } from '../../src/data/plain.ts';
import { collect, ES, metaOf, START, useTempFolder } from './support.ts';

const tempFolder = useTempFolder();
const base = {
  length: 3,
  tsUs: Float64Array.of(START, START, START + 1),
  seq: Float64Array.of(1, 2, 1),
};
const price = Int32Array.of(-150, 0, 7);
const qty = Float64Array.of(1, 2, 3);
const side = Int8Array.of(1, -1, 1);
const isEventEnd = Uint8Array.of(0, 1, 1);

it('returns trades, quotes, depth and orders as they were written, nanoseconds and 64-bit ids too', () => {
  const tsNs = BigInt64Array.from(
    base.tsUs,
    (us, i) => BigInt(us) * 1000n + BigInt(i === 1 ? 999 : 0),
  );
  const trades = { ...base, tsNs, price, qty, aggressor: Int8Array.of(1, 0, -1) };
  const quotes = { ...base, bid: price, ask: price, bidQty: qty, askQty: qty };
  const depth = { ...base, side, price, qty, orderCount: Int32Array.of(1, 0, 5), isEventEnd };
  const orderId = BigUint64Array.of(0n, 2n ** 64n - 1n, 7n);
  const mbo = { ...base, orderId, action: Uint8Array.of(0, 5, 3), side, price, qty, isEventEnd };
  const writer = openCatalog(tempFolder()).createDataset(metaOf('ticks')).beginWrite();
  writer.put('trades', ES, 2024, trades);
  writer.put('quotes', ES, 2024, quotes);
  writer.put('depth', ES, 2024, depth);
  writer.put('mbo', ES, 2024, mbo);
  const dataset = writer.commit();
  for (const [kind, want] of Object.entries({ trades, quotes, depth, mbo })) {
    const read = collect(dataset[kind as 'trades']({ contract: ES }));
    for (const [name, values] of Object.entries(want))
      if (ArrayBuffer.isView(values))
        expect(read[name], `${kind} ${name}`).toEqual([...(values as unknown as number[])]);
  }
});

it('shows counts as plain prices, rounded to the decimals of the tick', () => {
  expect([...plainPrices(Int32Array.of(-3763, 7), 2, { kind: 'ticks', increment: 0.01 })]).toEqual([
    -37.63, 0.07,
  ]);
});
