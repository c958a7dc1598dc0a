/** Runs whose fills imitate another program: what fills where, and that nobody can take one for a run of ours. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnyStrategyDefinition } from '../../src/core/strategy.ts';
import { defineStrategy } from '../../src/core/strategy.ts';
import type { BacktestOutcome } from '../../src/research/backtest.ts';
import { rerunRun, runBacktest, TABLE_STORE } from '../../src/research/backtest.ts';
import type { FillPolicy } from '../../src/research/run-format.ts';
import { readRun } from '../../src/research/run-store.ts';
import { IMITATIONS } from '../../src/sim/imitations/profiles.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { backtestOptions, INSTRUMENTS_DIR, makeSampleCatalog } from '../support/sample-catalog.ts';

/** Buys once at the market on the third bar of an hour, and notes what the bar closed at. */
function buyer(closes: number[]): AnyStrategyDefinition {
  return defineStrategy({
    id: 'buyer',
    version: '1',
    description: 'Buys once.',
    params: {},
    instruments: ['ES'],
    requires: () => ({ series: [{ root: 'ES', bars: '1h' }] }),
    create: () => {
      let bars = 0;
      return {
        onBar(bar, ctx): void {
          bars += 1;
          if (bars !== 3) return;
          closes.push(bar.close);
          ctx.submit({ contract: ctx.contract('ES'), side: 1, qty: 1, type: 'market' });
        },
      };
    },
  }) as unknown as AnyStrategyDefinition;
}

let sample: SampleCatalog;
const outcomes = new Map<string, BacktestOutcome>();
const closes: number[] = [];

const runOf = (fills: FillPolicy): Promise<BacktestOutcome> =>
  runBacktest(
    backtestOptions(sample, 'buyer', {
      strategy: buyer(closes),
      instruments: ['ES'],
      to: '2021-02-26',
      fills,
    }),
  );

beforeAll(async () => {
  sample = makeSampleCatalog();
  for (const program of [...IMITATIONS, 'pessimistic' as const])
    outcomes.set(program, await runOf(program));
});
afterAll(() => sample.remove());

const journalOf = (out: BacktestOutcome): string =>
  readFileSync(join(out.dir, 'journal.jsonl'), 'utf8');

describe('a run with imitated fills', () => {
  it.each(IMITATIONS)('%s: says so in its verdict, its report and each fill', (program) => {
    const out = outcomes.get(program)!;
    expect(out.manifest.outcome).toBe('completed');
    expect(out.manifest.fillPolicy).toBe(program);
    expect(out.summary.verdict).toContain(`Imitation of ${program}: what that program would`);
    const report = readFileSync(out.reportFile!, 'utf8');
    expect(report).toContain(`IMITATION OF ${program.toUpperCase()}`);
    expect(journalOf(out)).toContain(`"rule":"${program}-`);
    // No bound, no run one bar late, and no slippage that could be missing.
    expect(out.summary.optimistic).toBe(null);
    expect(out.summary.metrics['netOneBarLater']!.reason).toContain(`fills imitate ${program}`);
    expect(out.summary.warnings.map(({ code }) => code)).not.toContain('W_SLIPPAGE_CUT');
  });

  it('is not named an imitation where it is ours', () => {
    const out = outcomes.get('pessimistic')!;
    expect(out.summary.verdict).not.toContain('Imitation');
    expect(readFileSync(out.reportFile!, 'utf8')).not.toContain('IMITATION OF');
  });

  it('fills a market order at the deciding close, or the next open, as the program does', () => {
    for (const program of ['lean', 'nautilus']) {
      const fill = readRun(outcomes.get(program)!.dir, TABLE_STORE).fills[0]!;
      expect(fill.priceTicks * 0.25).toBe(closes[0]);
      expect(journalOf(outcomes.get(program)!)).toContain(`"rule":"${program}-current-price"`);
    }
    for (const program of ['backtrader', 'backtesting.py'])
      expect(journalOf(outcomes.get(program)!)).toContain(`"rule":"${program}-next-open"`);
  });

  it('comes to the same events again from its manifest', async () => {
    const first = outcomes.get('nautilus')!;
    const again = await rerunRun(first.dir, {
      catalogDir: sample.catalogDir,
      instrumentsDir: INSTRUMENTS_DIR,
      strategy: buyer([]),
      clock: () => 0 as never,
    });
    expect(again.same).toBe(true);
  });
});
