import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EndedOrders, IdSet } from '../../src/core/ended-ids.ts';
import { toClOrdId } from '../../src/core/order.ts';

/** Ids of the run and ids that only look like them. */
const id = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 40 }).map((n) => toClOrdId('O', n) as string) },
  fc.constantFrom(
    'O-999999',
    'O-1000000',
    'O-0000001',
    'O-00001',
    'X-000001',
    'O-00000a',
    'ghost',
    '',
  ),
);

describe('ids of orders that ended', () => {
  it('are known as a plain set knows them, in whatever order they came', () => {
    fc.assert(
      fc.property(fc.array(id), fc.array(id), (added, asked) => {
        const set = new IdSet();
        const plain = new Set<string>();
        for (const each of added) {
          set.add(each);
          plain.add(each);
        }
        for (const each of [...asked, ...added]) expect(set.has(each)).toBe(plain.has(each));
      }),
    );
  });

  it('keep the latest values, and know every other id for ever', () => {
    const capacity = 3; // Small on purpose: random runs must pass several generations.
    fc.assert(
      fc.property(fc.uniqueArray(id, { maxLength: 40 }), id, (ended, stranger) => {
        const orders = new EndedOrders<number>(capacity);
        ended.forEach((each, i) => orders.set(each, i));
        ended.forEach((each, i) => {
          expect(orders.has(each)).toBe(true);
          if (i >= ended.length - capacity) expect(orders.get(each)).toBe(i);
          if (i < ended.length - 2 * capacity) expect(orders.get(each)).toBeUndefined();
        });
        expect(orders.has(stranger)).toBe(ended.includes(stranger));
      }),
    );
  });
});
