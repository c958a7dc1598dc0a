/** A backtest under a programme, from the file to the report. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Programme } from '../../src/core/programme/programme.ts';
import { rerunRun, TABLE_STORE } from '../../src/research/backtest.ts';
import { judgeRun } from '../../src/research/programme-run.ts';
import { buildReportModel } from '../../src/research/report/model.ts';
import { programmeColumns } from '../../src/research/report/programme-tables.ts';
import { readRun } from '../../src/research/run-store.ts';
import type { BacktestRun } from '../../src/research/short-backtest.ts';
import { backtest } from '../../src/research/short-backtest.ts';
import { openingRange } from '../../src/strategies/index.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { INSTRUMENTS_DIR, makeSampleCatalog } from '../support/sample-catalog.ts';

const RULES: Programme = {
  schema: 'frontmonth.programme/1',
  name: 'Lighthouse (example)',
  currency: 'USD',
  startBalance: 50_000,
  maximumLoss: {
    amount: 1500,
    mode: 'trailing-end-of-day',
    tested: 'real-time',
    includesOpen: true,
  },
  dailyLoss: {
    amount: 400,
    from: 'balance',
    includesOpen: true,
    trailing: 'none',
    action: 'block-day',
  },
};

const NO_PRICES = { tapes: [], note: '' };

let sample: SampleCatalog;
let run: BacktestRun;
let free: BacktestRun;
beforeAll(async () => {
  sample = makeSampleCatalog({
    products: ['ES'],
    intervals: ['1d', '1m'],
    from: '2023-08-01',
    to: '2023-09-15',
    minuteFrom: '2023-08-01',
  });
  const options = {
    catalog: sample.catalogDir,
    runs: sample.runsDir,
    instruments: ['ES'],
    report: false,
    capital: 50_000,
  };
  free = await backtest(openingRange, { ...options, bounds: false });
  run = await backtest(openingRange, { ...options, programme: RULES });
}, 120_000);
afterAll(() => sample.remove());

describe('a run under a programme', () => {
  it('trades as the free run until the rules act, and stops at the end of the account', () => {
    const { state, decisions, hasActed } = run.programme!;
    expect(state.status).toBe('closed');
    expect(hasActed).toBe(true);
    const first = decisions[0]!.tsUs;
    const before = (of: BacktestRun): unknown[] =>
      of.fills.filter((fill) => fill.tsUs < first).map((fill) => [fill.tsUs, fill.priceTicks]);
    expect(before(run).length).toBeGreaterThan(0);
    expect(before(run)).toEqual(before(free));
    const after = run.fills.filter((fill) => fill.tsUs > state.endedUs!);
    expect(after.every((fill) => fill.tag === 'programme:maximum-loss')).toBe(true);
    expect(run.fills.some((fill) => fill.tag === 'programme:daily-loss')).toBe(true);
    expect(free.fills.at(-1)!.tsUs).toBeGreaterThan(run.fills.at(-1)!.tsUs);
  });

  it('never lost more on a date than its limit and the bar after it', () => {
    const closed = run.programme!.decisions.filter((it) => it.rule === 'daily-loss');
    expect(closed.length).toBeGreaterThan(0);
    for (const { valueMicros, levelMicros, basisMicros } of closed) {
      expect(basisMicros - levelMicros).toBe(400_000_000);
      expect(valueMicros).toBeLessThanOrEqual(levelMicros);
    }
  });

  it('is read back from its folder as it was, and runs again to the same hash', async () => {
    expect(readRun(run.dir, TABLE_STORE).programme).toEqual(run.programme);
    const again = await rerunRun(run.dir, {
      catalogDir: sample.catalogDir,
      instrumentsDir: INSTRUMENTS_DIR,
      strategy: openingRange as never,
      clock: () => 0 as never,
    });
    expect(again.same).toBe(true);
  });

  it('has one row of levels for each trade date up to its last', () => {
    const { days, state } = run.programme!;
    expect(days.length).toBeLessThan(run.equity.length);
    expect(days.at(-1)!.closestMicros).toBe(state.closestMicros);
    for (const [i, day] of days.entries()) {
      expect(day.tradeDate).toBe(run.equity[i]!.tradeDate);
      expect(day.equityMicros).toBe(run.equity[i]!.equityMicros);
      if (i > 0) expect(day.floorMicros).toBeGreaterThanOrEqual(days[i - 1]!.floorMicros!);
    }
  });

  it('keeps the path of the free run, and judges each month on it', () => {
    const marks = run.programme!.marks!;
    const ends = Array.from({ length: marks.length }, (_, i) => i).filter(
      (i) => marks.tradeDate[i] !== marks.tradeDate[i + 1],
    );
    expect(ends.map((i) => marks.equity[i])).toEqual(free.equity.map((row) => row.equityMicros));
    const table = judgeRun(run, null)!.table!;
    expect(table.outcomes).toHaveLength(2);
    expect(table.passed + table.closed + table.open).toBe(2);
  });

  it('names the rules that the path of other starts was not under', () => {
    expect(judgeRun(run, null)!.leftOut).toEqual([]);
    const scaled = {
      ...RULES,
      scaling: { basis: 'day-start' as const, steps: [{ profit: 0, contracts: 1 }] },
      tradeCount: { max: 2, counts: 'entries' as const },
    };
    const other = judgeRun(run, scaled)!;
    expect(other.leftOut).toEqual(['tradeCount', 'scaling']);
    expect(other.notes.join()).toContain('was not under tradeCount, scaling');
    const own = {
      ...run,
      programme: { ...run.programme!, programme: scaled, pathRules: ['tradeCount' as const] },
    };
    expect(judgeRun(own, null)!.leftOut).toEqual(['scaling']);
    expect(judgeRun(own, RULES)!.notes.join()).toContain(
      "the path was under tradeCount of the run's own",
    );
    const title = (of: BacktestRun): string =>
      buildReportModel(of, {}, NO_PRICES).model.tables['account']!.at(-1)!.title;
    expect(title(own)).toContain('(without scaling)');
    expect(title(run)).not.toContain('without');
  });

  it('has a section in the report, with the levels as columns', () => {
    const { model } = buildReportModel(run, {}, NO_PRICES);
    expect(model.tables['account']!.map((table) => table.id)).toEqual([
      'account-state',
      'account-decisions',
      'account-starts',
    ]);
    expect(buildReportModel(free, {}, NO_PRICES).model.tables['account']).toEqual([]);
    const { days } = run.programme!;
    const tradeDate = Int32Array.from(days, (day) => day.tradeDate);
    const columns = programmeColumns(run, { tradeDate });
    const atStops = columns.find((column) => column.name === 'day.floorAtStops')!.values;
    expect(days.some((day) => day.leftAtStopsMicros !== null)).toBe(true);
    expect(Array.from(atStops, Number)).toEqual(
      days.map((day) => (day.leftAtStopsMicros ?? NaN) / 1_000_000),
    );
  });
});

describe('a run without one', () => {
  it('keeps nothing of it, and is judged by its trade dates', () => {
    expect(free.programme).toBeNull();
    expect(existsSync(join(free.dir, 'programme.json'))).toBe(false);
    expect(readFileSync(join(free.dir, 'journal.jsonl'), 'utf8')).not.toContain('programme');
    expect(judgeRun(free, null)).toBeNull();
    const answer = judgeRun(free, RULES)!;
    expect(answer.resolution).toBe('days');
    expect(answer.account).toBeNull();
    expect(answer.table!.outcomes).toHaveLength(2);
  });
});

describe('a programme that does not fit the run', () => {
  it.each([
    [{ capital: 60_000 }, 'startBalance'],
    [{ currency: 'EUR' }, 'currency'],
  ])('%j is refused by field', async (options, field) => {
    const given = { catalog: sample.catalogDir, runs: sample.runsDir, programme: RULES };
    await expect(backtest(openingRange, { ...given, ...options })).rejects.toMatchObject({
      code: 'E_PROGRAMME_VALUE',
      details: { field },
    });
  });
});
