import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import { UniformGrid } from '../../src/core/price-grid.ts';
import type { Adjustment, RollSchedule } from '../../src/core/roll.ts';
import { gapOf } from '../../src/core/roll.ts';
import type { TsUs } from '../../src/core/units.ts';
import { collectContinuous, readContinuous } from '../../src/data/continuous.ts';
import type { ContinuousColumns, ContinuousInput } from '../../src/data/continuous.ts';
import { toGivenSchedule } from '../../src/data/roll.ts';
import { plainContract } from '../support/plain-calendar.ts';
import { barsOf, sourceOf } from '../support/roll-market.ts';
import type { DayBars } from '../support/roll-market.ts';

const ids = [3, 6, 9, 12].map((month) => plainContract('ES', 2014, month).id);
const grid = new UniformGrid(1);
const MODES: readonly Adjustment[] = [
  'none',
  'back-difference',
  'forward-difference',
  'back-ratio',
  'forward-ratio',
];

/** A contract's bars from (hour of close, price). */
const bars = (...rows: readonly (readonly [number, number])[]): DayBars =>
  barsOf(rows.map(([hour, price]) => [hour - 1, hour, price, 10 * hour]));

function scheduleOf(rolls: readonly (readonly [number, number, number])[]): RollSchedule {
  return toGivenSchedule({
    root: 'ES',
    name: 'test',
    first: ids[0]!,
    rolls: rolls.map(([atUs, fromPrice, toPrice], i) => ({
      from: ids[i]!,
      to: ids[i + 1]!,
      atUs: atUs as TsUs,
      fromPrice,
      toPrice,
    })),
    indexOf: (id) => ids.indexOf(id),
  });
}

/** A: 100 102 104, then B: 110 108, then C: 107 110; at A's last bar B is 107, at B's last C is 109. */
const contracts = [
  bars([1, 100], [2, 102], [3, 104]),
  bars([2, 105], [3, 107], [4, 110], [5, 108]),
  bars([4, 111], [5, 109], [6, 107], [7, 110]),
];
const example: ContinuousInput = {
  schedule: scheduleOf([
    [3, 104, 107],
    [5, 108, 109],
  ]),
  grid,
  adjust: 'none',
  bars: (index) => sourceOf(contracts[index]!),
};
const closes = (overrides: Partial<ContinuousInput>): number[] =>
  Array.from(collectContinuous({ ...example, ...overrides }).close);

describe('the worked example', () => {
  it.each([
    ['none', [100, 102, 104, 110, 108, 107, 110]],
    ['back-difference', [104, 106, 108, 111, 109, 107, 110]],
    ['forward-difference', [100, 102, 104, 107, 105, 103, 106]],
    ['back-ratio', [103.837251, 105.913996, 107.990741, 111.018519, 109, 107, 110]],
  ] as const)('gives the published column for %s', (adjust, expected) => {
    const found = closes({ adjust });
    expect(found.length).toBe(expected.length);
    for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 6);
  });

  it('names the contract of each bar; the roll stamp belongs to the old one', () => {
    const series = collectContinuous(example);
    expect(Array.from(series.contractIndex)).toEqual([0, 0, 0, 1, 1, 2, 2]);
    expect(Array.from(series.closeUs)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('keeps raw counts beside adjusted prices and never adjusts volume', () => {
    const series = collectContinuous({ ...example, adjust: 'back-difference' });
    expect(Array.from(series.rawClose)).toEqual([100, 102, 104, 110, 108, 107, 110]);
    expect(Array.from(series.rawHigh)).toEqual([100, 102, 104, 110, 108, 107, 110]);
    expect(Array.from(series.volume)).toEqual([10, 20, 30, 40, 50, 60, 70]);
    expect(Array.from(series.open)).toEqual(Array.from(series.low));
  });

  it('shows levels as they were known at a moment', () => {
    expect(closes({ adjust: 'back-difference', asKnownAt: 2 as TsUs })).toEqual([100, 102]);
    expect(closes({ adjust: 'back-difference', asKnownAt: 4 as TsUs })).toEqual([
      103, 105, 107, 110,
    ]);
    expect(closes({ adjust: 'back-difference', asKnownAt: 7 as TsUs })).toEqual(
      closes({ adjust: 'back-difference' }),
    );
    expect(closes({ adjust: 'none', asKnownAt: 4 as TsUs })).toEqual([100, 102, 104, 110]);
  });

  it('reads a part of the span with the same levels', () => {
    const all = closes({ adjust: 'back-difference' });
    expect(closes({ adjust: 'back-difference', fromUs: 2 as TsUs, toUs: 6 as TsUs })).toEqual(
      all.slice(2, 6),
    );
  });

  it('asks only for the contracts and spans that it shows', () => {
    const asked: [number, number, number][] = [];
    closes({
      fromUs: 4 as TsUs,
      toUs: 6 as TsUs,
      bars: (index, fromUs, toUs) => {
        asked.push([index, fromUs, toUs]);
        return sourceOf(contracts[index]!);
      },
    });
    expect(asked).toEqual([
      [1, 4, 5],
      [2, 5, 6],
    ]);
  });

  it('closes every source, also when the reader stops early', () => {
    let open = 0;
    const counted = (index: number): ReturnType<typeof sourceOf> => {
      open += 1;
      const source = sourceOf(contracts[index]!, 1);
      return { next: () => source.next(), close: () => (open -= 1) };
    };
    for (const batch of readContinuous({ ...example, bars: counted })) {
      if (batch.closeUs[0] === 4) break;
    }
    expect(open).toBe(0);
  });

  it('refuses a ratio over a price at or below zero, and takes it as a difference', () => {
    const schedule = scheduleOf([[3, -37.63, 20.43]]);
    expect(() => closes({ schedule, adjust: 'back-ratio' })).toThrow(TradingError);
    expect(closes({ schedule, adjust: 'back-difference' })[0]).toBeCloseTo(158.06, 9);
  });

  it('puts difference-adjusted prices exactly on the grid', () => {
    const fine = new UniformGrid(0.1);
    expect(closes({ adjust: 'back-difference', grid: fine })).toEqual([
      10.4, 10.6, 10.8, 11.1, 10.9, 10.7, 11,
    ]);
  });
});

/** Random walks of up to four contracts with rolls at common bars. */
const markets = fc
  .record({
    rolls: fc.integer({ min: 0, max: 3 }),
    steps: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 60, maxLength: 60 }),
    spreads: fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 4, maxLength: 4 }),
  })
  .map(({ rolls, steps, spreads }) => {
    let level = 1000;
    const path = steps.map((step) => (level += step));
    const all = spreads.map((spread) =>
      bars(...path.map((price, i) => [i + 1, price + spread] as const)),
    );
    const at = [10, 25, 47].slice(0, rolls);
    const schedule = scheduleOf(
      at.map((hour, k) => [hour, all[k]!.close[hour - 1]!, all[k + 1]!.close[hour - 1]!] as const),
    );
    return { all, schedule };
  });
type Market = { readonly all: readonly DayBars[]; readonly schedule: RollSchedule };
const read = (
  { all, schedule }: Market,
  adjust: Adjustment,
  more: Partial<ContinuousInput> = {},
  batchRows = Infinity,
): ContinuousColumns =>
  collectContinuous({
    schedule,
    adjust,
    grid,
    bars: (index) => sourceOf(all[index]!, batchRows),
    ...more,
  });
const check = (property: (market: Market) => void): void => {
  fc.assert(fc.property(markets, property), { seed: 20_261_121, numRuns: 100 });
};

describe('any continuous series', () => {
  it('changes as its contracts change, also across a roll', () => {
    check((market) => {
      const [difference, ratio] = [read(market, 'back-difference'), read(market, 'back-ratio')];
      for (let i = 1; i < difference.length; i += 1) {
        const own = market.all[difference.contractIndex[i]!]!.close;
        expect(difference.close[i]! - difference.close[i - 1]!).toBe(own[i]! - own[i - 1]!);
        expect(ratio.close[i]! / ratio.close[i - 1]!).toBeCloseTo(own[i]! / own[i - 1]!, 12);
      }
    });
  });

  it('is raw in the last segment of back modes and in the first of forward modes', () => {
    check((market) => {
      for (const adjust of MODES) {
        const series = read(market, adjust);
        const row = adjust.startsWith('back') ? series.length - 1 : 0;
        expect(series.close[row]).toBe(series.rawClose[row]);
      }
    });
  });

  it('differs by one constant between back and forward differences', () => {
    check((market) => {
      const [back, forward] = [read(market, 'back-difference'), read(market, 'forward-difference')];
      const total = market.schedule.rolls.reduce((sum, roll) => sum + gapOf(roll), 0);
      expect(back.close.every((value, i) => value - forward.close[i]! === total)).toBe(true);
    });
  });

  it('does not depend on the batches it is read in', () => {
    check((market) => {
      for (const adjust of MODES) expect(read(market, adjust, {}, 7)).toEqual(read(market, adjust));
    });
  });

  it('as known at t is what the series of the data up to t would be', () => {
    check((market) => {
      for (const at of [5, 10, 11, 30, 60]) {
        const known = read(market, 'back-difference', { asKnownAt: at as TsUs });
        const rolls = market.schedule.rolls.filter((roll) => roll.effectiveUs <= at);
        const held = market.schedule.held.slice(0, rolls.length + 1);
        const all = market.all.map((columns) => ({ ...columns, length: at }));
        expect(known).toEqual(
          read({ all, schedule: { ...market.schedule, rolls, held } }, 'back-difference'),
        );
      }
    });
  });

  it('pays an always-invested account its last less its first price', () => {
    check((market) => {
      const series = read(market, 'back-difference');
      let profit = 0;
      for (let i = 1; i < series.length; i += 1) {
        const own = market.all[series.contractIndex[i]!]!.close;
        profit += own[i]! - own[i - 1]!;
      }
      expect(series.close[series.length - 1]! - series.close[0]!).toBe(profit);
    });
  });

  it('with gaps of zero, or one contract, is the raw price in every mode', () => {
    check(({ all, schedule }) => {
      const flat = { all: all.map(() => all[0]!), schedule };
      const rolls = schedule.rolls.map((roll) => ({ ...roll, toPrice: roll.fromPrice }));
      const raw = read({ ...flat, schedule: { ...schedule, rolls } }, 'none').close;
      for (const adjust of MODES)
        expect(read({ ...flat, schedule: { ...schedule, rolls } }, adjust).close).toEqual(raw);
    });
  });
});
