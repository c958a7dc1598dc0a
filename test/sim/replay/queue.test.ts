/** The queue and ledger rows of the matching tables. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { ConsumptionLedger } from '../../../src/sim/replay/ledger.ts';
import { QueuePosition } from '../../../src/sim/replay/queue-model.ts';

const back = { name: 'back' } as const;

describe('a place in a queue that is known by its size', () => {
  it('Q1, Q2: trades go to those before us first', () => {
    const place = new QueuePosition(back, 100);
    expect(place.onTrade(80)).toBe(0);
    expect(place.ahead).toBe(20);
    expect(place.onTrade(30)).toBe(10);
    expect(place.onTrade(50)).toBe(50);
  });
  it('Q3: who leaves stood behind, as long as that can be', () => {
    const place = new QueuePosition(back, 100);
    place.onSize(150);
    expect(place.ahead).toBe(100);
    place.onSize(110);
    expect(place.ahead).toBe(100);
    place.onSize(60);
    expect(place.ahead).toBe(60);
  });
  it('Q4: in proportion, with nobody behind, all who leave stood before', () => {
    const place = new QueuePosition({ name: 'prob' }, 100);
    place.onSize(60);
    expect(place.ahead).toBe(60);
  });
  it('in proportion, with as many behind as before, half of them did', () => {
    const place = new QueuePosition({ name: 'prob' }, 100);
    place.onSize(200);
    place.onSize(160);
    expect(place.ahead).toBe(80);
    const steep = new QueuePosition({ name: 'prob', power: 2 }, 100);
    steep.onSize(150);
    steep.onSize(125);
    // Weights 100² before and 50² behind: four fifths of the 25.
    expect(steep.ahead).toBe(80);
  });
  it('Q5: a trade and the decrease that it explains count once', () => {
    const place = new QueuePosition(back, 40);
    place.onTrade(10);
    place.onSize(30);
    expect(place.ahead).toBe(30);
    const share = new QueuePosition({ name: 'prob' }, 40);
    share.onSize(80);
    share.onTrade(10);
    share.onSize(70);
    expect(share.ahead).toBe(30);
  });
  it('Q8: a level that comes back smaller has nobody before us who is not there', () => {
    const place = new QueuePosition(back, 40);
    place.onHidden();
    place.onSize(15);
    expect(place.ahead).toBe(15);
  });
  it('Q5: nor when the decrease is told first', () => {
    const place = new QueuePosition(back, 40);
    place.onSize(30, 7);
    expect(place.onTradeAfter(10, 7)).toBe(0);
    expect(place.ahead).toBe(30);
    // A later trade is another one.
    expect(place.onTradeAfter(31, 8)).toBe(1);
  });
  it('Q8: whatever the model', () => {
    const place = new QueuePosition({ name: 'prob' }, 40);
    place.onHidden();
    place.onSize(60);
    expect(place.ahead).toBe(40);
  });
  it('Q9: a price that is not shown fills nobody until it is', () => {
    const place = new QueuePosition(back, NaN);
    expect(place.onTrade(500)).toBe(0);
    place.onSize(25);
    expect(place.ahead).toBe(25);
    expect(place.onTrade(30)).toBe(5);
  });
  it('the bounds: nobody before us, and nothing ever but a trade beyond', () => {
    expect(new QueuePosition({ name: 'front' }, 100).onTrade(3)).toBe(3);
    const never = new QueuePosition({ name: 'never' }, 0);
    never.onSize(5);
    expect(never.onTrade(1000)).toBe(0);
  });
  it('B21: contracts that an order of ours took are not there for the next', () => {
    const [first, second] = [new QueuePosition(back, 0), new QueuePosition(back, 0)];
    const filled = Math.min(3, first.onTrade(4));
    expect(filled).toBe(3);
    expect(second.onTrade(4) - filled).toBe(1);
  });
  test.prop([
    fc.constantFrom('front', 'back', 'prob', 'never'),
    fc.integer({ min: 0, max: 50 }),
    fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 60 })), { maxLength: 40 }),
  ])(
    'never lets more past than traded, nor has less than nobody before it',
    (name, shown, steps) => {
      const place = new QueuePosition({ name }, shown);
      let [traded, past] = [0, 0];
      for (const [isTrade, qty] of steps) {
        if (isTrade) {
          traded += qty;
          past += place.onTrade(qty);
        } else place.onSize(qty);
        expect(place.ahead).toBeGreaterThanOrEqual(0);
        if (!isTrade && name !== 'never') expect(place.ahead).toBeLessThanOrEqual(qty);
      }
      expect(past).toBeLessThanOrEqual(traded);
      expect(Number.isInteger(past)).toBe(true);
    },
  );
  test.prop([
    fc.integer({ min: 0, max: 50 }),
    fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 60 })), { maxLength: 40 }),
  ])('lies between the bounds under every model', (shown, steps) => {
    const names = ['never', 'back', 'prob', 'front'] as const;
    const places = names.map((name) => new QueuePosition({ name }, shown));
    const past = names.map(() => 0);
    for (const [isTrade, qty] of steps)
      for (const [k, place] of places.entries()) {
        if (isTrade) past[k]! += place.onTrade(qty);
        else place.onSize(qty);
      }
    expect(past.toSorted((a, b) => a - b)).toEqual(past);
  });
});

describe('a queue whose orders are known', () => {
  // Orders joined as number 1 (35) and 2 (5); ours came then.
  const queue = (): QueuePosition => new QueuePosition({ name: 'mbo' }, 40, 2);
  it('Q6: who joined after us does not matter', () => {
    const own = queue();
    own.onOrder(3, 30);
    expect(own.ahead).toBe(40);
  });
  it('Q7: who leaves takes no more along than it had', () => {
    const own = queue();
    own.onOrder(2, 5);
    expect(own.ahead).toBe(35);
    own.onOrder(1, 25);
    expect(own.ahead).toBe(10);
  });
  it('a trade is told before the orders that it took, and counts once', () => {
    const own = queue();
    expect(own.onTrade(38)).toBe(0);
    own.onOrder(1, 35);
    own.onOrder(2, 3);
    expect([own.ahead, own.aheadNow(false)]).toEqual([2, 2]);
    expect(own.onTrade(3)).toBe(1);
    expect(own.onTrade(2)).toBe(2);
    own.onOrder(2, 2);
    own.onEventEnd();
    expect(own.aheadNow(false)).toBe(0);
  });
});

describe('the ledger of what we took', () => {
  it('B1 to B4: only what is added can be taken again', () => {
    const asks = new ConsumptionLedger();
    asks.take(400, 3, 3);
    asks.take(401, 5, 1);
    expect([asks.available(400, 3), asks.available(401, 5)]).toEqual([0, 4]);
    asks.take(401, 5, 4);
    asks.onSize(401, 4);
    expect(asks.available(401, 4)).toBe(0);
    asks.onSize(401, 10);
    expect(asks.available(401, 10)).toBe(6);
  });
  it('a level that was gone comes back whole, and one that we never touched is whole', () => {
    const asks = new ConsumptionLedger();
    asks.take(400, 3, 3);
    asks.onSize(400, 0);
    expect(asks.available(400, 7)).toBe(7);
    asks.onSize(402, 5);
    expect(asks.available(402, 9)).toBe(9);
    expect(asks.size).toBe(0);
  });
  it('a level that the market went through is gone', () => {
    const asks = new ConsumptionLedger();
    asks.take(400, 3, 3);
    asks.take(402, 3, 3);
    asks.dropBetterThan(401, -1);
    expect([asks.available(400, 3), asks.available(402, 3)]).toEqual([3, 0]);
  });
  it('can be told to forget at each change, or to keep nothing', () => {
    const reset = new ConsumptionLedger('reset-on-change');
    reset.take(400, 5, 5);
    reset.onSize(400, 5);
    expect(reset.available(400, 5)).toBe(0);
    reset.onSize(400, 4);
    expect(reset.available(400, 4)).toBe(4);
    const off = new ConsumptionLedger('off');
    off.take(400, 5, 5);
    expect(off.available(400, 5)).toBe(5);
  });
  test.prop([
    fc.array(fc.tuple(fc.constantFrom('take', 'size'), fc.integer({ min: 0, max: 30 })), {
      maxLength: 40,
    }),
  ])('never offers more than is shown, nor in sum more than was ever shown', (steps) => {
    const ledger = new ConsumptionLedger();
    let shown = 10;
    let everShown = 10;
    let taken = 0;
    for (const [what, qty] of steps) {
      if (what === 'size') {
        everShown += Math.max(0, qty - shown);
        shown = qty;
        ledger.onSize(400, qty);
      } else {
        const part = Math.min(qty, ledger.available(400, shown));
        ledger.take(400, shown, part);
        taken += part;
      }
      const available = ledger.available(400, shown);
      expect(available).toBeGreaterThanOrEqual(0);
      expect(available).toBeLessThanOrEqual(shown);
    }
    expect(taken).toBeLessThanOrEqual(everShown);
  });
});
