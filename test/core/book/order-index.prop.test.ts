import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OrderIndex } from '../../../src/core/book/order-index.ts';

describe('the index of orders', () => {
  it('behaves as a map, also where many ids begin at one place of its table', () => {
    // Slots are dense and used again; the table stays as small as it can.
    const steps = fc.array(fc.record({ id: fc.nat(90), isIn: fc.boolean() }), {
      minLength: 50,
      maxLength: 400,
    });
    fc.assert(
      fc.property(steps, (all) => {
        const index = new OrderIndex(2);
        index.reserve(128);
        const map = new Map<number, number>();
        const free = Array.from({ length: 91 }, (_, slot) => slot);
        for (const { id, isIn } of all) {
          const slot = map.get(id);
          if (slot === undefined && isIn) {
            const taken = free.pop()!;
            index.insert(id % 3, id, taken);
            map.set(id, taken);
          } else if (slot !== undefined && !isIn) {
            index.remove(slot);
            map.delete(id);
            free.push(slot);
          }
          expect(index.size).toBe(map.size);
          for (let each = 0; each <= 90; each += 1)
            if (index.find(each % 3, each) !== (map.get(each) ?? -1))
              throw new Error(`lost ${each}`);
        }
      }),
      { seed: 1, numRuns: 60 },
    );
  });
});
