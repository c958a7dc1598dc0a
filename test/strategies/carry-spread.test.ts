/** Calendar spreads: legs that belong together, never one alone overnight, and the same in every run. */
import { fc, test } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { intervalUs } from '../../src/core/bars.ts';
import type { BarColumns } from '../../src/core/bars.ts';
import type { BarSource } from '../../src/core/ports.ts';
import type { TsUs } from '../../src/core/units.ts';
import { MemoryJournal } from '../../src/engine/journal.ts';
import { prepareRun, simulate } from '../../src/research/backtest.ts';
import type { PreparedRun } from '../../src/research/backtest.ts';
import { toRows } from '../../src/research/columns.ts';
import { FILL_COLUMNS } from '../../src/research/tables.ts';
import { backtestOptions, makeSampleCatalog } from '../support/sample-catalog.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';

let sample: SampleCatalog;
beforeAll(() => {
  sample = makeSampleCatalog({ products: ['ES', 'CL'], from: '2021-01-04', to: '2021-12-30' });
});
afterAll(() => {
  sample.remove();
});

/** Low thresholds: the synthetic curve is flat, and the test wants trades. */
const EAGER = { enterCarry: 0.02, exitCarry: 0.01, carryBars: 3, volBars: 5 };

function prepared(params: object = {}, changes: object = {}): PreparedRun {
  return prepareRun(
    backtestOptions(sample, 'carry-spread', {
      instruments: ['CL'],
      params: { ...EAGER, ...params },
      ...changes,
    }),
  );
}

interface Note {
  readonly name: string;
  readonly fields: Readonly<Record<string, string | number>>;
}
function run(input: PreparedRun, delayBars: number = 0) {
  const journal = new MemoryJournal();
  const { result, recorder } = simulate(input, 'pessimistic', journal, undefined, delayBars);
  if (result.error !== null) throw result.error.cause;
  const lines = journal.lines().map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    lines: journal.lines(),
    hash: result.eventHash,
    fills: toRows(recorder.tables().fills, FILL_COLUMNS),
    notes: lines.filter((line) => line['kind'] === 'note').map((line) => line['body'] as Note),
    calendar: input.plan.calendars[0]!,
  };
}

/** Signed contracts of every contract after all fills up to each moment at which some were known. */
function positions(fills: ReturnType<typeof run>['fills']): {
  readonly tsUs: number;
  readonly net: ReadonlyMap<string, number>;
}[] {
  const net = new Map<string, number>();
  const rows: { tsUs: number; net: Map<string, number> }[] = [];
  for (const { contract, side, qty, tsUs } of fills) {
    net.set(contract, (net.get(contract) ?? 0) + side * qty);
    if (rows.at(-1)?.tsUs === tsUs) rows.pop();
    rows.push({ tsUs, net: new Map([...net].filter(([, qty_]) => qty_ !== 0)) });
  }
  return rows;
}
const sumOf = (net: ReadonlyMap<string, number>): number =>
  [...net.values()].reduce((sum, qty) => sum + qty, 0);

/**
 * Takes bars of every contract but the one the chain stands on away, by a hash of their time. `onlyFar`: a contract that the
 * chain has left keeps its bars.
 */
function thinned(input: PreparedRun, keepPct: number, seed: number, onlyFar = false): PreparedRun {
  const { schedule } = input.plan.chains[0]!;
  const heldAt = (us: number): number => {
    const at = schedule.rolls.findIndex((roll) => us <= roll.effectiveUs);
    return schedule.held[at < 0 ? schedule.held.length - 1 : at]!;
  };
  const isKept = (contractIndex: number, closeUs: number): boolean => {
    const held = heldAt(closeUs);
    if (held === contractIndex) return true;
    if (onlyFar && contractIndex < held) return true;
    const mixed = Math.imul((closeUs / 3_600_000_000) ^ seed, 0x9e3779b1) >>> 0;
    return ((mixed ^ (mixed >>> 15)) >>> 0) % 100 < keepPct;
  };
  const filtered = (source: BarSource, contractIndex: number): BarSource => ({
    next(): BarColumns | null {
      const batch = source.next();
      if (batch === null) return null;
      const rows = Array.from({ length: batch.length }, (_, i) => i).filter((i) =>
        isKept(contractIndex, batch.closeUs[i]!),
      );
      const pick = <C extends { [i: number]: number }>(column: C): Float64Array =>
        Float64Array.from(rows, (i) => column[i]!);
      return {
        length: rows.length,
        openUs: pick(batch.openUs),
        closeUs: pick(batch.closeUs),
        open: pick(batch.open),
        high: pick(batch.high),
        low: pick(batch.low),
        close: pick(batch.close),
        volume: pick(batch.volume),
      };
    },
    close: () => source.close(),
  });
  const { plan } = input;
  return {
    ...input,
    plan: {
      ...plan,
      open: (feed) =>
        feed.interval === '1d' ? plan.open(feed) : filtered(plan.open(feed), feed.contractIndex),
    },
  };
}

/** Closes of all bars on which legs are sent, ascending. */
function legTimes({ plan }: PreparedRun): readonly number[] {
  const times = new Set<number>();
  for (const feed of plan.feeds.filter(({ interval }) => interval === '1h')) {
    const source = plan.open(feed);
    for (let batch = source.next(); batch !== null; batch = source.next())
      for (let i = 0; i < batch.length; i += 1) times.add(batch.closeUs[i]!);
    source.close();
  }
  return [...times].sort((a, b) => a - b);
}

describe('carry-spread', () => {
  it('trades on the sample, both legs in the same moment and of the same size', () => {
    const { fills } = run(prepared());
    expect(fills.length).toBeGreaterThan(20);
    for (const { net } of positions(fills)) expect(sumOf(net)).toBe(0);
    expect(Math.max(...positions(fills).map(({ net }) => net.size))).toBe(2);
  });

  it('is long the near contract where carry pays, short where it costs', () => {
    const { notes } = run(prepared());
    const decided = notes.filter(({ name, fields }) => name === 'spread' && fields['wanted'] !== 0);
    expect(decided.length).toBeGreaterThan(3);
    for (const { fields } of decided)
      expect(Math.sign(Number(fields['wanted']))).toBe(Math.sign(Number(fields['carry'])));
  });

  it('holds nothing through a roll', () => {
    const input = prepared();
    const { fills } = run(input);
    const { rolls } = input.plan.chains[0]!.schedule;
    const inside = rolls.filter((roll) => roll.tradeDate >= input.plan.from);
    expect(inside.length).toBeGreaterThan(5);
    const rows = positions(fills);
    for (const roll of inside) {
      // Within the first session after it, nothing stands in the contract that was left.
      const later = rows.filter(({ tsUs }) => tsUs > roll.effectiveUs + 86_400_000_000);
      for (const { net } of later) expect(net.has(roll.from)).toBe(false);
    }
  });

  it.each([0.5, 2])('sizes by the volatility of the spread: %d times the target', (times) => {
    const wanted = (annualVol: number): number[] =>
      run(prepared({ annualVol, maxContracts: 500 }, { capital: 5_000_000 }))
        .notes.filter(({ name }) => name === 'spread')
        .map(({ fields }) => Math.abs(Number(fields['wanted'])));
    const [one, other] = [wanted(1)[0]!, wanted(times)[0]!];
    expect(one).toBeGreaterThan(10);
    expect(Math.abs(other - one * times)).toBeLessThanOrEqual(times);
  });

  it('takes less after a refusal, and leaves no leg behind', () => {
    const { fills, notes } = run(
      prepared({ annualVol: 100, maxContracts: 500 }, { capital: 400_000 }),
    );
    expect(notes.filter(({ name }) => name === 'leg-refused').length).toBeGreaterThan(0);
    const limits = notes
      .filter(({ name }) => name === 'leg-refused')
      .map(({ fields }) => Number(fields['limit']));
    expect(limits).toEqual([...limits].sort((a, b) => b - a));
    for (const { tsUs, net } of atSessionEnds(fills)) expect([tsUs, sumOf(net)]).toEqual([tsUs, 0]);
  });

  function atSessionEnds(fills: ReturnType<typeof run>['fills']) {
    const [calendar] = prepared().plan.calendars;
    const rows = positions(fills);
    return rows.filter(({ tsUs }, i) => {
      const next = rows[i + 1];
      const date = calendar!.tradeDateOf((tsUs - 1) as TsUs);
      return next === undefined || calendar!.tradeDateOf((next.tsUs - 1) as TsUs) !== date;
    });
  }

  test.prop([fc.integer({ min: 0, max: 100 }), fc.nat()], { numRuns: 12 })(
    'with a far leg that trades now and then, no leg stands alone at the end of a session, nor for longer than its wait',
    (keepPct, seed) => {
      const legWaitMinutes = 120;
      const { fills } = run(thinned(prepared({ legWaitMinutes }), keepPct, seed));
      for (const { tsUs, net } of atSessionEnds(fills))
        expect([tsUs, sumOf(net)]).toEqual([tsUs, 0]);
      const most = intervalUs('1h') + legWaitMinutes * 60_000_000;
      let aloneUs = NaN;
      for (const { tsUs, net } of positions(fills)) {
        // A leg and its opposite: never two of one side, never more than one change of the pair.
        expect(Math.abs(sumOf(net))).toBeLessThanOrEqual(20);
        if (sumOf(net) === 0) {
          if (!Number.isNaN(aloneUs)) expect(tsUs - aloneUs).toBeLessThanOrEqual(most);
          aloneUs = NaN;
        } else if (Number.isNaN(aloneUs)) aloneUs = tsUs;
      }
      expect(aloneUs).toBeNaN();
    },
  );

  test.prop([fc.integer({ min: 0, max: 3 }), fc.constantFrom(100, 90, 60, 30), fc.nat()], {
    numRuns: 8,
    examples: [
      [3, 30, 0],
      [0, 60, 7],
      [1, 100, 0],
      [1, 60, 7],
      [2, 60, 7],
      [3, 90, 1],
    ],
  })(
    'whose orders arrive late: legs even again after the delay, no more contracts than allowed, nothing left in a contract that the chain has left',
    (delayBars, keepPct, seed) => {
      const maxContracts = 10;
      const input = thinned(prepared({ maxContracts }), keepPct, seed, true);
      const { fills } = run(input, delayBars);
      expect(fills.length).toBeGreaterThan(10);
      const rows = positions(fills);
      for (const { net } of rows) {
        for (const qty of net.values()) expect(Math.abs(qty)).toBeLessThanOrEqual(maxContracts);
        // One exchange of the other leg: from one side to the other at most.
        expect(Math.abs(sumOf(net))).toBeLessThanOrEqual(2 * maxContracts);
      }
      // Bars of the contract that the chain stands on, which has them all.
      const hours = legTimes(input);
      const barsBetween = (fromUs: number, toUs: number): number =>
        hours.filter((us) => us > fromUs && us <= toUs).length;
      // An hour of waiting; an order that takes the delay and one bar; once more where another was in its way.
      const most = 2 * (delayBars + 1) + 2;
      let aloneUs = NaN;
      for (const { tsUs, net } of rows) {
        if (sumOf(net) === 0) {
          if (!Number.isNaN(aloneUs)) {
            const bars = barsBetween(aloneUs, tsUs);
            expect([tsUs, bars, bars <= most]).toEqual([tsUs, bars, true]);
          }
          aloneUs = NaN;
        } else if (Number.isNaN(aloneUs)) aloneUs = tsUs;
      }
      expect(aloneUs).toBeNaN();
      if (delayBars === 0)
        for (const { tsUs, net } of atSessionEnds(fills))
          expect([tsUs, sumOf(net)]).toEqual([tsUs, 0]);
      for (const roll of input.plan.chains[0]!.schedule.rolls)
        for (const { tsUs, net } of rows)
          if (net.has(roll.from) && tsUs > roll.effectiveUs) {
            const bars = barsBetween(roll.effectiveUs, tsUs);
            expect([tsUs, bars, bars <= most]).toEqual([tsUs, bars, true]);
          }
    },
  );

  it('makes legs even on thinned data, so that the rule above is not empty', () => {
    const { notes } = run(thinned(prepared({ legWaitMinutes: 60 }), 40, 7));
    expect(notes.filter(({ name }) => name === 'lone-leg').length).toBeGreaterThan(3);
  });

  it('writes the beginning of the same journal when the data end earlier', () => {
    const whole = run(prepared());
    const part = run(prepared({}, { to: '2021-08-31' }));
    const body = (lines: readonly string[]): string[] =>
      lines
        .filter((line) => /"kind":"(note|fill)"/.test(line))
        .map((line) => line.replace(/"seq":\d+,?/, ''));
    const [all, some] = [body(whole.lines), body(part.lines)];
    expect(some.length).toBeGreaterThan(10);
    expect(all.slice(0, some.length)).toEqual(some);
  });

  it('has the same event log as when it was written', () => {
    expect(run(prepared()).hash).toMatchInlineSnapshot(
      `"381be1371453fd7265a3357bc04a76daaecd32a332238db0655514fa4b42f8f6"`,
    );
  });

  it.each([
    ['carryBars', 0],
    ['legBars', '2h'],
    ['maxContracts', 1.5],
  ])('refuses %s=%s', (name, value) => {
    expect(() => prepared({ [name]: value })).toThrow(/allowed is/);
  });
});
