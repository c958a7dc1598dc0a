/** Frames, roll stamps, rolls in parts, later contracts and the curve: what a view of a chain can be asked for. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { annualisedCarry, carryYears } from '../../src/core/carry.ts';
import { TradingError } from '../../src/core/errors.ts';
import { UniformGrid } from '../../src/core/price-grid.ts';
import type { Adjustment, RollRecord, RollSchedule } from '../../src/core/roll.ts';
import { gapOf, ratioOf } from '../../src/core/roll.ts';
import type { TsUs } from '../../src/core/units.ts';
import { collectContinuous, readContinuous } from '../../src/data/continuous.ts';
import { createAdjuster, frameOf } from '../../src/data/continuous-adjust.ts';
import { collectCurve, curveRoles } from '../../src/data/continuous-curve.ts';
import type { CurveInput } from '../../src/data/continuous-curve.ts';
import { depthSchedule } from '../../src/data/continuous-depth.ts';
import { toGivenSchedule } from '../../src/data/roll.ts';
import { plainContract } from '../support/plain-calendar.ts';
import { barsOf, sourceOf } from '../support/roll-market.ts';
import type { DayBars } from '../support/roll-market.ts';

const contracts = [3, 6, 9, 12].map((month) => plainContract('ES', 2014, month));
const ids = contracts.map(({ id }) => id);
const idOf = (index: number) => ids[index]!;
const grid = new UniformGrid(1);
const bars = (...rows: readonly (readonly [number, number])[]): DayBars =>
  barsOf(rows.map(([hour, price]) => [hour - 1, hour, price, 10 * hour]));

function scheduleFrom(rolls: readonly (readonly [number, number, number])[]): RollSchedule {
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

/** The worked example: A 100 102 104, B 110 108, C 107 110; B is 107 at A's last bar, C 109 at B's last. */
const market = [
  bars([1, 100], [2, 102], [3, 104], [4, 105]),
  bars([2, 105], [3, 107], [4, 110], [5, 108]),
  bars([4, 111], [5, 109], [6, 107], [7, 110]),
];
const schedule = scheduleFrom([
  [3, 104, 107],
  [5, 108, 109],
]);
const read = (more: Partial<Parameters<typeof collectContinuous>[0]> = {}) =>
  collectContinuous({
    schedule,
    grid,
    adjust: 'back-difference',
    bars: (index) => sourceOf(market[index]!),
    ...more,
  });

describe('levels as of a date', () => {
  it('are raw for the contract held then, and moved to it before and after', () => {
    expect([...read({ asOf: 4 as TsUs }).close]).toEqual([103, 105, 107, 110, 108, 106, 109]);
    expect([...read({ asOf: 3 as TsUs }).close]).toEqual([
      ...read({ adjust: 'forward-difference' }).close,
    ]);
    expect([...read({ asOf: 99 as TsUs }).close]).toEqual([...read().close]);
  });

  it('do not depend on the direction of the mode', () => {
    for (const asOf of [0, 3, 4, 5, 6, 9] as TsUs[]) {
      expect(read({ asOf, adjust: 'forward-difference' })).toEqual(read({ asOf }));
      const [back, forward] = [
        read({ asOf, adjust: 'back-ratio' }),
        read({ asOf, adjust: 'forward-ratio' }),
      ];
      for (let i = 0; i < back.length; i += 1)
        expect(back.close[i]).toBeCloseTo(forward.close[i]!, 9);
    }
  });

  it('are scaled by the factor of that date in ratio modes', () => {
    const all = read({ adjust: 'back-ratio' });
    const asOf = read({ adjust: 'back-ratio', asOf: 4 as TsUs });
    expect(asOf.close[3]).toBe(110);
    for (let i = 0; i < all.length; i += 1)
      expect(asOf.close[i]! / all.close[i]!).toBeCloseTo(110 / all.close[3]!, 12);
  });

  it('are another question than what was known: later rolls are used', () => {
    expect([...read({ asOf: 4 as TsUs }).close.subarray(0, 4)]).toEqual([
      ...read({ asKnownAt: 4 as TsUs }).close,
    ]);
    expect(read({ asKnownAt: 4 as TsUs }).length).toBe(4);
    expect(read({ asOf: 4 as TsUs }).length).toBe(7);
  });
});

describe('the bar that closes at the moment of a roll', () => {
  it('is the new contract’s where that is asked for, with the same adjusted differences', () => {
    const old = read();
    const fresh = read({ rollStamp: 'new' });
    expect([...fresh.contractIndex]).toEqual([0, 0, 1, 1, 2, 2, 2]);
    expect([...fresh.rawClose]).toEqual([100, 102, 107, 110, 109, 107, 110]);
    expect([...fresh.close]).toEqual([...old.close]);
  });
});

describe('an adjuster', () => {
  it('gives a settlement the offset of its moment', () => {
    const { toCounts, spanAt } = createAdjuster(schedule, 'back-difference');
    expect([1, 3, 3.5, 5, 6].map((us) => toCounts(0, us))).toEqual([4, 4, 1, 1, 0]);
    expect([1, 3, 4, 6].map((us) => spanAt(us).contractIndex)).toEqual([0, 0, 1, 2]);
    const ratio = createAdjuster(schedule, 'back-ratio').toCounts(100, 2);
    expect(ratio).toBeCloseTo(103.837251, 6);
  });
});

describe('batches of a view', () => {
  it('are readable until the second-next one, and say so afterwards', () => {
    const reader = readContinuous({
      schedule,
      grid,
      adjust: 'back-difference',
      bars: (index) => sourceOf(market[index]!, 1),
    });
    const [first, second] = [reader.next().value!, reader.next().value!];
    expect([first.close[0], second.close[0]]).toEqual([104, 106]);
    expect([first.high[0], second.high[0], first.low[0]]).toEqual([104, 106, 104]);
    reader.next();
    expect(() => first.open).toThrow(/second-next/);
    expect(second.open[0]).toBe(106);
  });

  it('are counts and one offset', () => {
    for (const span of readContinuous({
      schedule,
      grid,
      adjust: 'back-difference',
      bars: (k) => sourceOf(market[k]!),
    })) {
      expect(span.factor).toBe(1);
      for (let i = 0; i < span.length; i += 1)
        expect(span.rawClose[i]! + span.offset).toBe(span.close[i]);
    }
  });

  it('of whole counts give the nearest double of every price', () => {
    const whole = fc.integer({ min: -200_000, max: 200_000 });
    fc.assert(
      fc.property(
        fc.constantFrom(0.25, 0.1, 0.01, 0.005, 0.015625, 1e-7, 5, 0.0000005),
        fc.array(whole, { minLength: 1, maxLength: 20 }),
        whole,
        (increment, counts, gap) => {
          const fine = new UniformGrid(increment);
          const column = Int32Array.from(counts);
          const times = Float64Array.from(counts, (_, i) => i + 1);
          const one = {
            length: counts.length,
            openUs: times,
            closeUs: times,
            open: column,
            high: column,
            low: column,
            close: column,
            volume: times,
          };
          const rolled = scheduleFrom([[counts.length, 0, gap]]);
          const { close } = collectContinuous({
            schedule: rolled,
            grid: fine,
            adjust: 'back-difference',
            bars: () => sourceOf(one),
          });
          counts.forEach((value, i) => {
            expect(close[i]).toBe(Number(((value + gap) * increment).toFixed(fine.decimals)) + 0);
          });
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });
});

/** Five days at twenty percent each, with the gaps 3.0, 3.2, 2.8, 3.1 and 2.9 (in tenths). */
const GAPS = [30, 32, 28, 31, 29];
const walk = [1000, 1012, 995, 1003, 1020, 1017, 1030, 1041];
const weighted = (() => {
  const old = walk.slice(0, 7);
  const next = [995, 1040, 1027, 1031, 1051, 1046, 1066, 1090];
  const at = [2, 3, 4, 5, 6];
  const prices = at.map((hour, i) => [old[hour - 1]!, old[hour - 1]! + GAPS[i]!] as const);
  at.forEach((hour, i) => (next[hour - 1] = prices[i]![1]));
  const [fromPrice, toPrice] = prices.at(-1)!;
  const plain = scheduleFrom([[6, fromPrice, toPrice]]);
  const parts = at.map((hour, i) => ({
    atUs: hour as TsUs,
    tradeDate: hour as never,
    share: 1,
    of: 5,
    fromPrice: prices[i]![0],
    toPrice: prices[i]![1],
    isInferred: false,
  }));
  const roll: RollRecord = { ...plain.rolls[0]!, parts };
  const columns = [old, next].map((prices) =>
    bars(...prices.map((price, i) => [i + 1, price] as const)),
  );
  return { schedule: { ...plain, rolls: [roll] }, roll, columns, old, next };
})();

describe('a roll in parts', () => {
  const view = (adjust: Adjustment, more: object = {}) =>
    collectContinuous({
      schedule: weighted.schedule,
      grid: new UniformGrid(0.1),
      adjust,
      bars: (index) => sourceOf(weighted.columns[index]!),
      ...more,
    });

  it('moves the history by the average of its gaps: 3.00, exactly', () => {
    expect(gapOf(weighted.roll)).toBe(30);
    const back = view('back-difference');
    expect(back.close[0]).toBe(103);
    expect(back.close[7]).toBe(109);
    expect(frameOf(weighted.schedule, 'back-difference').spans[0]!.adjustment).toBe(30);
  });

  it('earns each day what the shares of the day before earned', () => {
    for (const adjust of ['back-difference', 'forward-difference'] as const) {
      const { close } = view(adjust);
      const share = [0, 0, 0.2, 0.4, 0.6, 0.8, 1, 1];
      for (let day = 1; day < 8; day += 1) {
        const own = (weighted.old[day] ?? NaN) - weighted.old[day - 1]!;
        const other = weighted.next[day]! - weighted.next[day - 1]!;
        const held = share[day]!;
        const profit = held === 1 ? other : (1 - held) * own + held * other;
        expect(close[day]! - close[day - 1]!).toBeCloseTo(profit / 10, 9);
      }
    }
  });

  it('earns in ratio modes what the blend earned', () => {
    const { close, rawClose } = view('back-ratio');
    for (let day = 1; day < 8; day += 1) {
      const share = [0, 0, 0.2, 0.4, 0.6, 0.8, 1, 1][day]!;
      const blend = (i: number): number =>
        (1 - share) * (weighted.old[i] ?? 0) + share * weighted.next[i]!;
      expect(close[day]! / close[day - 1]!).toBeCloseTo(blend(day) / blend(day - 1), 9);
    }
    expect(close[7]).toBe(rawClose[7]! / 10);
  });

  it('names both contracts and the share that has moved', () => {
    const { contractIndex, toIndex, toWeight } = view('none');
    expect([...contractIndex]).toEqual([0, 0, 0, 0, 0, 0, 1, 1]);
    expect([...toIndex]).toEqual([-1, -1, 1, 1, 1, 1, -1, -1]);
    expect([...toWeight]).toEqual([0, 0, 0.2, 0.4, 0.6, 0.8, 0, 0]);
  });

  it('is known part by part', () => {
    const known = view('back-difference', { asKnownAt: 4 as TsUs });
    expect(known.length).toBe(4);
    expect([...known.toWeight]).toEqual([0, 0, 0.2, 0.4]);
    // As at that close the position is 60 percent in the new contract: the frame is that of the blend.
    expect(known.close[0]).toBe((1000 + (30 + 32 + 28) / 5) / 10);
  });

  it('that had not ended with the data is a blend to its end', () => {
    const parts = weighted.roll.parts!.slice(0, 3);
    const { from: old, to: next, fromIndex, toIndex } = weighted.roll;
    const begun = {
      ...weighted.schedule,
      held: [0],
      rolls: [],
      underway: { from: old, to: next, fromIndex, toIndex, parts },
    };
    const open = view('back-difference', { schedule: begun, toUs: 4 as TsUs });
    expect(open).toEqual(view('back-difference', { asKnownAt: 4 as TsUs }));
    expect([...open.toIndex]).toEqual([-1, -1, 1, 1]);
    const bad = {
      ...begun,
      underway: { ...begun.underway, parts: [{ ...parts[0]!, toPrice: -9999 }] },
    };
    expect(() => view('back-ratio', { schedule: bad })).toThrow(/at or below zero/);
  });

  it('is refused as a ratio over a price at or below zero', () => {
    const parts = weighted.roll.parts!.map((part, i) =>
      i === 2 ? { ...part, fromPrice: -1 } : part,
    );
    const bad = { ...weighted.schedule, rolls: [{ ...weighted.roll, parts }] };
    expect(() => view('back-ratio', { schedule: bad })).toThrow(TradingError);
    expect(() => ratioOf(bad.rolls[0]!)).toThrow(/at or below zero/);
  });
});

describe('a later contract of the chain', () => {
  const closes = (index: number) => market[index] ?? null;
  const chained = { ...schedule, chain: [0, 1, 2, 3] };
  const second = {
    ...chained,
    held: [0, 1],
    rolls: schedule.rolls.slice(0, 1),
  };

  it('moves with the chain, by its own gap at that moment', () => {
    // At 3 the third contract has no close yet; it has one at 4, which is not known then.
    const early = { ...market[2]!, closeUs: Float64Array.of(3, 5, 6, 7) };
    const moved = depthSchedule({
      schedule: second,
      depth: 1,
      idOf,
      closes: (index) => (index === 2 ? early : closes(index)),
    });
    expect(moved.held).toEqual([1, 2]);
    expect(moved.rolls[0]).toMatchObject({
      from: ids[1],
      to: ids[2],
      fromPrice: 107,
      toPrice: 111,
      isInferred: false,
      effectiveUs: 3,
    });
  });

  it('takes the last common close before the roll, and says so', () => {
    const early = { ...market[2]!, closeUs: Float64Array.of(2, 5, 6, 7) };
    const [roll] = depthSchedule({
      schedule: second,
      depth: 1,
      idOf,
      closes: (index) => (index === 2 ? early : closes(index)),
    }).rolls;
    expect(roll).toMatchObject({ fromPrice: 105, toPrice: 111, pricesUs: 2, isInferred: true });
  });

  it('never reads a close after the roll, and names what is missing', () => {
    expect(() => depthSchedule({ schedule: second, depth: 1, idOf, closes })).toThrow(
      /ESM2014 and ESU2014 have no common close/,
    );
    expect(() => depthSchedule({ schedule: chained, depth: 2, idOf, closes })).toThrow(
      /no contract 2 behind ESU2014/,
    );
    expect(depthSchedule({ schedule: chained, depth: 0, idOf, closes })).toBe(chained);
  });
});

describe('carry as a number', () => {
  it.each([
    [80, [2023, 12], 80.4, [2023, 11], 4.8],
    [80, [2023, 12], 80.4, [2024, 1], -4.8],
    [80, [2023, 12], 79.6, [2024, 1], 4.8],
    [100, [2024, 3], 101, [2024, 6], -4],
  ] as const)(
    'of %d against %d is positive where holding pays',
    (price, own, other, near, value) => {
      const month = ([year, of]: readonly [number, number]) => ({ year, month: of });
      const price2 = other as unknown as number;
      expect(annualisedCarry(price, month(own), price2, month(near))).toBeCloseTo(value, 9);
    },
  );

  it('is missing where a price is missing or both are equal, and never divides by less than a day', () => {
    const month = { year: 2023, month: 12 };
    expect(annualisedCarry(80, month, NaN, { year: 2024, month: 1 })).toBeNaN();
    expect(annualisedCarry(80, month, 80, { year: 2024, month: 1 })).toBeNaN();
    expect(carryYears(month, month)).toBe(1 / 365.25);
    expect(carryYears(month, { year: 2023, month: 11 })).toBeCloseTo(-1 / 12, 12);
  });
});

describe('the curve', () => {
  const place = (index: number): number => (index >= 0 && index < market.length ? index : -1);
  const roles = curveRoles({
    schedule,
    next: (index) => place(index + 1),
    previous: (index) => place(index - 1),
    carry: (index) => place(index + 1),
  });
  const input: CurveInput = {
    schedule,
    grid,
    roles,
    monthOf: (index) => contracts[index]!,
    bars: (index) => sourceOf(market[index]!, 2),
  };
  const curve = collectCurve(input);

  it('shows the contracts of each row with their ids', () => {
    expect([...curve.closeUs]).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect([...curve.currentIndex]).toEqual([0, 0, 0, 1, 1, 2, 2]);
    expect([...curve.forwardIndex]).toEqual([1, 1, 1, 2, 2, -1, -1]);
    expect([...curve.previousIndex]).toEqual([-1, -1, -1, 0, 0, 1, 1]);
    expect([...curve.carryIndex]).toEqual([1, 1, 1, 2, 2, -1, -1]);
  });

  it('has prices of one moment only, none where a contract has no bar', () => {
    expect([...curve.current]).toEqual([100, 102, 104, 110, 108, 107, 110]);
    expect([...curve.forward]).toEqual([NaN, 105, 107, 111, 109, NaN, NaN]);
    expect([...curve.previous]).toEqual([NaN, NaN, NaN, 105, NaN, NaN, NaN]);
    expect([...curve.carry]).toEqual([NaN, 105, 107, 111, 109, NaN, NaN]);
  });

  it('carries the annualised difference', () => {
    expect([...curve.annualisedCarry].slice(0, 3)).toEqual([NaN, -12, -12]);
    for (let i = 0; i < curve.length; i += 1) {
      if (curve.carryIndex[i]! < 0) continue;
      expect(curve.annualisedCarry[i]).toBe(
        annualisedCarry(
          curve.current[i]!,
          contracts[curve.currentIndex[i]!]!,
          curve.carry[i]!,
          contracts[curve.carryIndex[i]!]!,
        ),
      );
    }
  });

  it('of a part of the span is a part of the curve, and as known at a moment the rows up to it', () => {
    const part = collectCurve({ ...input, fromUs: 2 as TsUs, toUs: 6 as TsUs });
    expect([...part.forward]).toEqual([...curve.forward].slice(2, 6));
    const known = collectCurve({ ...input, asKnownAt: 4 as TsUs });
    expect([...known.current]).toEqual([...curve.current].slice(0, 4));
  });

  it('gives the bar of a roll to the new contract where that is asked for', () => {
    const fresh = collectCurve({ ...input, rollStamp: 'new' });
    expect([...fresh.current]).toEqual([100, 102, 107, 110, 109, 107, 110]);
    expect([...fresh.previous]).toEqual([NaN, NaN, 104, 105, 108, NaN, NaN]);
  });

  it('lives without the bars of a contract', () => {
    const only = collectCurve({
      ...input,
      bars: (index) => (index === 0 ? sourceOf(market[0]!) : null),
    });
    expect([...only.current]).toEqual([100, 102, 104]);
    expect([...only.forward]).toEqual([NaN, NaN, NaN]);
  });
});

describe('shifts and factors of a whole market', () => {
  const shifted = (f: (price: number) => number): RollSchedule => ({
    ...schedule,
    rolls: schedule.rolls.map((roll) => ({
      ...roll,
      fromPrice: f(roll.fromPrice),
      toPrice: f(roll.toPrice),
    })),
  });
  it('leave gaps and ratios as they are', () => {
    fc.assert(
      fc.property(fc.integer({ min: -50, max: 5000 }), fc.integer({ min: 1, max: 64 }), (c, f) => {
        expect(shifted((p) => p + c).rolls.map(gapOf)).toEqual(schedule.rolls.map(gapOf));
        shifted((p) => p * f).rolls.forEach((roll, k) => {
          expect(ratioOf(roll)).toBeCloseTo(ratioOf(schedule.rolls[k]!), 14);
        });
      }),
      { seed: 3, numRuns: 100 },
    );
  });
});
