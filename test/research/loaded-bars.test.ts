/** Rows of the reference tables about the bars that a run is given: two intervals of one market, and a stamp that was misread. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import type { BarInterval } from '../../src/core/bars.ts';
import { TradingError } from '../../src/core/errors.ts';
import { defineStrategy } from '../../src/core/strategy.ts';
import type { AnyStrategyDefinition } from '../../src/core/strategy.ts';
import { toContractId } from '../../src/core/symbology.ts';
import { parseTradeDate } from '../../src/core/trade-date.ts';
import type { TsUs } from '../../src/core/units.ts';
import { US_PER_MINUTE } from '../../src/core/units.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { importCsv } from '../../src/data/ingest/csv.ts';
import type { BacktestOutcome } from '../../src/research/backtest.ts';
import { runBacktest, TABLE_STORE } from '../../src/research/backtest.ts';
import { readRun } from '../../src/research/run-store.ts';
import { metaOf } from '../data/support.ts';
import { backtestOptions } from '../support/sample-catalog.ts';

const MINUTES = { '5m': 5, '15m': 15, '1h': 60 } as const;
const DAYS = ['2024-02-05', '2024-02-06', '2024-02-07', '2024-02-08', '2024-02-09', '2024-02-12'];
const folders: string[] = [];
afterAll(() => folders.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

interface Loaded {
  readonly interval: keyof typeof MINUTES;
  /** What the lows of its bars are. */
  readonly low: number;
  /** Which end the file stamps, and which it is said to stamp. */
  readonly stamped?: 'open' | 'close';
  readonly said?: 'open' | 'close';
}

/** A market at 5000 in all sessions, and a strategy that bids 4990 at the end of the first hour, once. */
async function run(loads: readonly Loaded[]): Promise<BacktestOutcome> {
  const dir = mkdtempSync(join(tmpdir(), 'frontmonth-loaded-'));
  folders.push(dir);
  const sessions = createCalendars()
    .forGroup('cme-equity-index')
    .sessions(parseTradeDate(DAYS[0]!), parseTradeDate(DAYS.at(-1)!));
  let dataset = openCatalog(join(dir, 'catalog'), { sync: false }).createDataset(metaOf('mine'));
  for (const { interval, low, stamped = 'close', said = stamped } of loads) {
    const length = MINUTES[interval] * US_PER_MINUTE;
    const rows: string[] = [];
    for (let k = 0; k < sessions.length; k += 1)
      for (let us = sessions.openUs[k]!; us < sessions.closeUs[k]!; us += length) {
        const stamp = new Date((stamped === 'open' ? us : us + length) / 1000).toISOString();
        rows.push(`${stamp},5000,5001,${low},5000,1000`);
      }
    const path = join(dir, `${interval}.csv`);
    writeFileSync(path, `time,open,high,low,close,volume\n${rows.join('\n')}\n`);
    const names = ['time', 'open', 'high', 'low', 'close', 'volume'] as const;
    const report = await importCsv(dataset, {
      path,
      columns: Object.fromEntries(names.map((name) => [name, name])) as never,
      contract: toContractId('ES', 2024, 3),
      interval: interval as BarInterval,
      stamp: said,
      zone: 'UTC',
    });
    dataset = report.dataset;
  }
  const now = { us: 1_700_000_000_000_000 };
  const sample = {
    dir,
    catalogDir: join(dir, 'catalog'),
    runsDir: join(dir, 'runs'),
    now,
    remove() {},
  };
  return runBacktest(
    backtestOptions(sample, 'donchian-breakout', {
      strategyFile: 'bid',
      strategy: bid,
      instruments: ['ES'],
      dataset: 'mine',
      bounds: false,
      report: false,
      clock: () => (now.us += 1_000_000) as TsUs,
    }),
  );
}

const bid = defineStrategy({
  id: 'bid',
  version: '1',
  description: 'Bids once.',
  params: {},
  instruments: ['ES'],
  requires: () => ({ series: [{ root: 'ES', bars: '1h' }] }),
  create: () => {
    let isSent = false;
    return {
      onBar(_bar, ctx): void {
        if (isSent) return;
        isSent = true;
        const contract = ctx.contract('ES');
        const limitTicks = ctx.instrument('ES').toTicks(4990);
        ctx.submit({ contract, side: 1, qty: 1, type: 'limit', limitTicks, timeInForce: 'gtc' });
      },
    };
  },
}) as unknown as AnyStrategyDefinition;

const fillsOf = ({ dir }: BacktestOutcome): number => readRun(dir, TABLE_STORE).fills.length;

describe('P19 two intervals of one market', () => {
  it('only the finer bars execute: what the coarser ones alone have reached fills nothing', async () => {
    const outcome = await run([
      { interval: '15m', low: 4980 },
      { interval: '5m', low: 4999 },
    ]);
    expect(outcome.manifest.executionIntervals).toEqual({ ES: '5m' });
    expect(fillsOf(outcome)).toBe(0);
  });

  it('and what the finer ones reached fills, though the coarser do not show it', async () => {
    const outcome = await run([
      { interval: '15m', low: 4999 },
      { interval: '5m', low: 4980 },
    ]);
    expect(fillsOf(outcome)).toBe(1);
  });

  it('alone, the coarser ones execute', async () => {
    const outcome = await run([{ interval: '15m', low: 4980 }]);
    expect(outcome.manifest.executionIntervals).toEqual({ ES: '15m' });
    expect(fillsOf(outcome)).toBe(1);
  });
});

describe('P20 bars stamped at their open', () => {
  const early = { interval: '15m', low: 4980, stamped: 'open' } as const;
  // The break of an hour between two sessions is shorter than a few of the longer bars.
  it.each(['5m', '15m', '1h'] as const)(
    'and read as stamped at their close: the run refuses to start, on %s',
    async (interval) => {
      const loaded = { ...early, interval, said: 'close' } as const;
      const error: unknown = await run([loaded]).catch((cause: unknown) => cause);
      expect(error).toBeInstanceOf(TradingError);
      expect(error).toMatchObject({ code: 'E_BAR_STAMP' });
      expect((error as TradingError).fix).toContain('--stamp open');
    },
  );

  it('and read as that run, as do those stamped at their close', async () => {
    expect((await run([early])).manifest.outcome).toBe('completed');
    expect((await run([{ ...early, stamped: 'close' }])).manifest.outcome).toBe('completed');
  });

  it('late ones run with a warning: nothing is known too early', async () => {
    const { manifest, summary } = await run([{ ...early, stamped: 'close', said: 'open' }]);
    expect(manifest.outcome).toBe('completed');
    expect(JSON.stringify(summary)).toContain('W_BAR_STAMP');
  });
});
