/** Every indicator against its other forms: columns, naive twin, rolls, missing values, saved states. */
import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { toTsUs } from '../../src/core/units.ts';
import type { Indicator } from '../../src/core/strategy.ts';
import { AnchoredVwap, OpeningRange } from '../../src/indicators/index.ts';
import type { Bars, Case, Columns, Row } from './support.ts';
import {
  CASES,
  columnsOf,
  incremental,
  joined,
  moved,
  naively,
  rowOf,
  rowsOfBars,
  slice,
  toBars,
  valueOf,
  view,
  walk,
} from './support.ts';

const step = fc.record({
  move: fc.integer({ min: -6, max: 6 }),
  up: fc.integer({ min: 0, max: 3 }),
  down: fc.integer({ min: 0, max: 3 }),
  volume: fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 6, arbitrary: fc.nat(500) }),
});
/** From nothing to several windows and sessions; every third walk stands still for a while. */
const steps = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: step.map((s) => [s]) },
      {
        weight: 1,
        arbitrary: fc
          .integer({ min: 3, max: 9 })
          .map((n) => Array.from({ length: n }, () => ({ move: 0, up: 0, down: 0, volume: 3 }))),
      },
    ),
    { minLength: 0, maxLength: 36 },
  )
  .map((parts) => parts.flat());
const bars = fc
  .tuple(steps, fc.integer({ min: 200, max: 40_000 }))
  .map(([list, level]) => walk(list, level));

/** Takes values away: NaN, or what a broken file may hold. */
const holes = fc.array(
  fc.record({
    at: fc.nat(60),
    column: fc.constantFrom('high', 'low', 'close', 'volume', 'session'),
    value: fc.constantFrom(NaN, Infinity, -Infinity),
  }),
  { maxLength: 5 },
);
function withHoles(
  whole: Bars,
  list: readonly { at: number; column: string; value: number }[],
): Bars {
  const rows = rowsOfBars(whole) as Record<string, number>[];
  for (const { at, column, value } of list) if (at < rows.length) rows[at]![column] = value;
  return toBars(rows as unknown as Row[]);
}

function near(seen: Columns, wanted: Columns, names: readonly string[], tolerance: number): void {
  for (const name of names) {
    expect(seen[name]!.length).toBe(wanted[name]!.length);
    for (let i = 0; i < wanted[name]!.length; i += 1) {
      const [a, b] = [seen[name]![i]!, wanted[name]![i]!];
      if (
        Number.isNaN(b) ? Number.isNaN(a) : Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b))
      )
        continue;
      expect.fail(`${name}[${i}] is ${a}, the twin says ${b}`);
    }
  }
}

const named = CASES.map((one, i) => [`${one.key} (${i})`, one] as const);
const namesOf = (one: Case): string[] => Object.keys(one.outputs);

describe.each(named)('%s', (_, one) => {
  const names = namesOf(one);

  it('gives the same over columns as bar by bar, to the last bit', () => {
    fc.assert(
      fc.property(bars, holes, (whole, list) => {
        const data = withHoles(whole, list);
        const columns = columnsOf(one.kernel(data));
        const bit = incremental(one.make, data, names);
        for (const name of names) expect(columns[name]).toEqual(bit[name]);
      }),
      { numRuns: 60 },
    );
  });

  it('gives what its naive twin gives, and leaves bars with missing values out', () => {
    fc.assert(
      fc.property(bars, holes, (whole, list) => {
        const data = withHoles(whole, list);
        near(columnsOf(one.kernel(data)), naively(one, data), names, 1e-7);
      }),
      { numRuns: 60 },
    );
  });

  it('is ready exactly when it has its values', () => {
    fc.assert(
      fc.property(bars, holes, (whole, list) => {
        const data = withHoles(whole, list);
        const indicator = one.make();
        for (const row of rowsOfBars(data)) {
          indicator.update(view(row));
          const hasAll = names.every((name) => !Number.isNaN(valueOf(indicator, name)));
          expect(indicator.ready).toBe(hasAll);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('reads the same over raw contracts with rolls as over the series adjusted backwards', () => {
    // Shifts are whole points: a profile keeps its rows only where the gap is a multiple of them.
    const roll = fc.record({ at: fc.nat(60), gap: fc.integer({ min: -40, max: 40 }) });
    fc.assert(
      fc.property(
        bars,
        fc.array(roll, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        (data, rolls, isRatio) => {
          checkRolls(one, data, rolls, isRatio);
        },
      ),
      { numRuns: 80 },
    );
  });

  it('goes on from a saved state, written as JSON, as if nothing had happened', () => {
    fc.assert(
      fc.property(bars, holes, fc.nat(60), fc.boolean(), (whole, list, cut, hasRoll) => {
        const data = withHoles(whole, list);
        const at = Math.min(cut, data.close.length);
        const [all, first, second]: Indicator[] = [one.make(), one.make(), one.make()];
        const feed = (to: readonly (Indicator | undefined)[], from: number, end: number): void => {
          for (let i = from; i < end; i += 1)
            for (const each of to) each!.update(view(rowOf(data, i)));
        };
        feed([all, first], 0, at);
        if (hasRoll) for (const each of [all, first]) each!.rebase(3, 1);
        second!.restoreState(JSON.parse(JSON.stringify(first!.saveState())));
        for (const name of names) expect(valueOf(second!, name)).toBe(valueOf(all!, name));
        for (let i = at; i < data.close.length; i += 1) {
          feed([all, second], i, i + 1);
          for (const name of names) expect(valueOf(second!, name)).toBe(valueOf(all!, name));
          expect(second!.ready).toBe(all!.ready);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('sees nothing of later bars', () => {
    fc.assert(
      fc.property(bars, fc.nat(60), (data, cut) => {
        const whole = columnsOf(one.kernel(data));
        const part = columnsOf(one.kernel(slice(data, 0, cut)));
        for (const name of names)
          expect(Array.from(part[name]!)).toEqual(Array.from(whole[name]!).slice(0, cut));
      }),
      { numRuns: 20 },
    );
  });
});

/**
 * Cuts a series into contracts: the raw prices of each are those of the adjusted series moved back through all later
 * rolls. The indicator walks over the raw ones and is told of each roll; at the end of each contract it must read what the
 * kernel reads over the series adjusted to that contract.
 */
function checkRolls(
  one: Case,
  data: Bars,
  rolls: readonly { readonly at: number; readonly gap: number }[],
  isRatio: boolean,
): void {
  const rows = data.close.length;
  const cuts = [...new Set(rolls.map(({ at }) => Math.min(at, rows)))].sort((a, b) => a - b);
  const edges = [0, ...cuts, rows];
  const moves = cuts.map((_, k) => {
    const { gap } = rolls[k]!;
    return isRatio ? { shift: 0, factor: 1 + gap / 200 } : { shift: gap, factor: 1 };
  });
  const indicator = one.make();
  let adjusted = slice(data, 0, 0);
  for (let k = 0; k + 1 < edges.length; k += 1) {
    // A profile's rows are as tall as the price they were made at: a factor makes them others.
    if (k > 0) {
      const { shift, factor } = moves[k - 1]!;
      if (isRatio && one.key === 'volume-profile') return;
      indicator.rebase(shift, factor);
      adjusted = moved(adjusted, shift, factor);
    }
    const raw = slice(data, edges[k]!, edges[k + 1]!);
    for (const row of rowsOfBars(raw)) indicator.update(view(row));
    adjusted = joined([adjusted, raw]);
    const wanted = columnsOf(one.kernel(adjusted));
    for (const name of namesOf(one)) {
      const last = adjusted.close.length === 0 ? NaN : wanted[name]![adjusted.close.length - 1]!;
      const seen = valueOf(indicator, name);
      const isNear = Number.isNaN(last)
        ? Number.isNaN(seen)
        : Math.abs(seen - last) <= 1e-7 * Math.max(1, Math.abs(last));
      if (!isNear)
        expect.fail(`${name} is ${seen} over raw contracts, ${last} over the adjusted series`);
    }
  }
}

describe('a roll moves what stands already', () => {
  it.each(named)('%s', (_, one) => {
    const data = walk(
      Array.from({ length: 40 }, (_v, i) => ({
        move: ((i * 7) % 9) - 4,
        up: i % 3,
        down: (i * 5) % 4,
        volume: 10 + ((i * 3) % 7),
      })),
      4000,
      20,
    );
    const indicator = one.make();
    for (const row of rowsOfBars(data)) indicator.update(view(row));
    const before = namesOf(one).map((name) => valueOf(indicator, name));
    indicator.rebase(25, 1);
    namesOf(one).forEach((name, k) => {
      if (one.outputs[name] === 'level')
        expect(valueOf(indicator, name)).toBeCloseTo(before[k]! + 25, 9);
      else if (one.outputs[name] === 'difference' || one.key !== 'realised-volatility')
        expect(valueOf(indicator, name)).toBeCloseTo(before[k]!, 9);
    });
    indicator.rebase(-25, 1);
    indicator.rebase(0, 2);
    namesOf(one).forEach((name, k) => {
      const factor = one.outputs[name] === 'free' ? 1 : 2;
      expect(valueOf(indicator, name)).toBeCloseTo(before[k]! * factor, 7);
    });
  });
});

describe('sessions and anchors', () => {
  it('an anchored average starts at its moment, or where it is told to', () => {
    const data = walk(
      Array.from({ length: 12 }, (_, i) => ({ move: 1, up: 0, down: 0, volume: i + 1 })),
      400,
      12,
    );
    const late = new AnchoredVwap({ fromUs: toTsUs(data.openUs[5]!) });
    const told = new AnchoredVwap();
    const fresh = new AnchoredVwap();
    rowsOfBars(data).forEach((row, i) => {
      if (i === 5) told.anchor();
      if (i === 5) expect(told.ready).toBe(false);
      late.update(view(row));
      told.update(view(row));
      if (i >= 5) fresh.update(view(row));
      expect(late.ready).toBe(i >= 5);
    });
    expect(late.value).toBe(fresh.value);
    expect(told.value).toBe(fresh.value);
  });

  it('an opening range counts from the open of the session where the first bar is late', () => {
    const data = walk(
      Array.from({ length: 10 }, (_, i) => ({ move: i < 4 ? 2 : -9, up: 0, down: 0, volume: 1 })),
      400,
      10,
    );
    const openUs = toTsUs(0);
    const byBar = new OpeningRange({ minutes: 5 });
    const byCalendar = new OpeningRange({ minutes: 5, openOf: () => openUs });
    // The first two minutes had no trade.
    for (const row of rowsOfBars(data).slice(2)) {
      byBar.update(view(row));
      byCalendar.update(view(row));
    }
    expect([byCalendar.lower, byCalendar.upper]).toEqual([99.75, 102]);
    expect(byBar.lower).toBe(95.25);
  });
});
