import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { TradingError } from '../../../src/core/errors.ts';
import { createRandom } from '../../../src/engine/rng.ts';
import type { LatencySpec } from '../../../src/sim/latency/model.ts';
import { LatencyModel } from '../../../src/sim/latency/model.ts';

const model = (spec: LatencySpec, seed = 1): LatencyModel =>
  new LatencyModel(spec, createRandom(seed));

describe('a latency model', () => {
  it('turns milliseconds into whole microseconds, by kind of message', () => {
    const legs = model({ entry: { new: 1.5, cancel: 0.2504 }, response: 3 });
    expect(legs.orderUs('entry', 'new', 'O-1', 0)).toBe(1500);
    expect(legs.orderUs('entry', 'modify', 'O-1', 0)).toBe(1500);
    expect(legs.orderUs('entry', 'cancel', 'O-1', 0)).toBe(250);
    expect(legs.orderUs('response', 'cancel', 'O-1', 0)).toBe(3000);
    expect(legs.feedUs(0, 0)).toBe(0);
  });

  it('interpolates what was measured, and keeps the ends beyond it', () => {
    const legs = model({
      measured: [
        [1000, 1100, 1150],
        [2000, 2300, 2310],
      ],
    });
    expect(legs.orderUs('entry', 'new', 'O-1', 0)).toBe(100);
    expect(legs.orderUs('entry', 'new', 'O-1', 1000)).toBe(100);
    expect(legs.orderUs('entry', 'new', 'O-1', 1500)).toBe(200);
    expect(legs.orderUs('entry', 'new', 'O-1', 9000)).toBe(300);
    // The way back is measured from the exchange's own time.
    expect(legs.orderUs('response', 'new', 'O-1', 1100)).toBe(50);
    expect(legs.orderUs('response', 'new', 'O-1', 1700)).toBe(30);
  });

  it('couples orders to the delay of the feed', () => {
    const legs = model({ feed: 4, entry: { timesFeed: 2.5 } });
    expect(legs.orderUs('entry', 'new', 'O-1', 0)).toBe(10_000);
    const drawn = model({ feed: { quantiles: [1, 9] }, entry: { timesFeed: 2 } });
    const now = drawn.feedUs(5_000_000, 3);
    expect(drawn.orderUs('entry', 'new', 'O-1', 5_000_001)).toBe(2 * now);
  });

  it('says that nothing takes time', () => {
    expect(model({}).isZero).toBe(true);
    expect(model({ feed: 0, entry: { timesFeed: 3 } }).isZero).toBe(true);
    expect(model({ entry: 1 }).isZero).toBe(false);
    expect(model({ measured: [[0, 1, 2]] }).isZero).toBe(false);
  });

  test.prop([fc.integer({ min: 0, max: 2 ** 40 }), fc.integer({ min: 0, max: 1000 }), fc.nat(99)])(
    'draws within its quantiles, the same for the same message whatever came before',
    (tsUs, order, others) => {
      const spec: LatencySpec = { entry: { quantiles: [2, 3, 40] } };
      const first = model(spec, 5);
      for (let k = 0; k < others; k += 1) first.orderUs('entry', 'new', `X-${k}`, k);
      const us = first.orderUs('entry', 'new', `O-${order}`, tsUs);
      expect(us).toBeGreaterThanOrEqual(2000);
      expect(us).toBeLessThanOrEqual(40_000);
      expect(Number.isInteger(us)).toBe(true);
      expect(model(spec, 5).orderUs('entry', 'new', `O-${order}`, tsUs)).toBe(us);
    },
  );

  it('has its median where the quantiles say', () => {
    const legs = model({ entry: { quantiles: [1, 5, 100] } });
    const draws = Array.from({ length: 4000 }, (_, k) => legs.orderUs('entry', 'new', `O-${k}`, k));
    const median = draws.toSorted((a, b) => a - b)[2000]!;
    expect(median).toBeGreaterThan(4500);
    expect(median).toBeLessThan(7500);
  });

  it.each<[string, LatencySpec]>([
    ['a negative delay', { entry: -1 }],
    ['a delay that is no number', { response: NaN }],
    ['more than a day', { feed: 86_400_001 }],
    ['one quantile', { entry: { quantiles: [3] } }],
    ['quantiles out of order', { entry: { quantiles: [3, 2] } }],
    ['a feed coupled to itself', { feed: { timesFeed: 1 } as never }],
    ['an answer before its order', { measured: [[5, 4, 6]] }],
    [
      'measurements out of order',
      {
        measured: [
          [5, 6, 7],
          [4, 5, 6],
        ],
      },
    ],
    ['no measurement', { measured: [] }],
  ])('refuses %s', (_, spec) => {
    expect(() => model(spec)).toThrow(TradingError);
  });
});
