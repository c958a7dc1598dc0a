/** Current, forward, previous and carry contract as a strategy reads them: the same values as outside, and never early. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BarInterval } from '../../src/core/bars.ts';
import type { SeriesRequest, StrategyContext, Strategy } from '../../src/core/strategy.ts';
import { defineStrategy } from '../../src/core/strategy.ts';
import { createHashJournal } from '../../src/engine/journal.ts';
import { prepareRun, simulate } from '../../src/research/backtest.ts';
import { toRows } from '../../src/research/columns.ts';
import { readContinuousSeries } from '../../src/research/continuous-series.ts';
import type { ContinuousSeries } from '../../src/research/continuous-series.ts';
import { FILL_COLUMNS } from '../../src/research/tables.ts';
import { backtestOptions, INSTRUMENTS_DIR, makeSampleCatalog } from '../support/sample-catalog.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';

let sample: SampleCatalog;
beforeAll(() => {
  sample = makeSampleCatalog({ products: ['ES', 'CL'], from: '2021-01-04', to: '2021-10-29' });
});
afterAll(() => {
  sample.remove();
});

interface Run {
  readonly request: SeriesRequest;
  readonly hooks: Strategy;
  readonly to?: string;
}

function simulated({ request, hooks, to }: Run) {
  const strategy = defineStrategy({
    id: 'curve',
    version: '1',
    description: 'reads the curve',
    instruments: [request.root],
    params: {},
    requires: () => ({ series: [request] }),
    create: () => hooks,
  });
  const prepared = prepareRun(
    backtestOptions(sample, 'donchian-breakout', {
      strategy,
      instruments: [request.root],
      ...(to === undefined ? {} : { to }),
    }),
  );
  const { result, recorder } = simulated.run(prepared);
  if (result.error !== null) throw result.error.cause;
  return { result, recorder };
}
simulated.run = (prepared: ReturnType<typeof prepareRun>) =>
  simulate(prepared, 'pessimistic', createHashJournal());

type Row = readonly [closeUs: number, ids: readonly (string | null)[], prices: readonly number[]];

function record(
  root: string,
  bars: BarInterval,
  more: Partial<SeriesRequest> = {},
  to?: string,
): Row[] {
  const rows: Row[] = [];
  simulated({
    request: { root, bars, curve: true, history: 5, ...more },
    ...(to === undefined ? {} : { to }),
    hooks: {
      onBar: (bar, ctx: StrategyContext) => {
        const series = ctx.series(bar.key);
        const { forward, previous, carry } = series;
        rows.push([
          bar.closeUs,
          [bar.contract, forward.contractAt(0), previous.contractAt(0), carry.contractAt(0)],
          [
            series.rawClose(0),
            forward.close(0),
            previous.close(0),
            carry.close(0),
            carry.annualised(0),
          ],
        ]);
      },
    },
  });
  return rows;
}

const outside = (root: string, bars: BarInterval, carryOffset: 1 | -1 = 1): ContinuousSeries =>
  readContinuousSeries({
    catalogDir: sample.catalogDir,
    instrumentsDir: INSTRUMENTS_DIR,
    dataset: 'sample',
    root,
    bars,
    curve: { carryOffset },
  });

describe('a series with its curve', () => {
  it.each([
    ['ES', '1d', 1],
    ['CL', '1d', 1],
    ['CL', '1d', -1],
    ['CL', '1h', 1],
  ] as const)(
    'of %s in %s bars, carry %d, is what the view outside a run says',
    (root, bars, carryOffset) => {
      const rows = record(root, bars, { curve: { carryOffset } });
      const { curve, contracts } = outside(root, bars, carryOffset);
      const name = (index: number): string | null => (index < 0 ? null : contracts[index]!);
      expect(rows.length).toBeGreaterThan(200);
      expect(rows.map((row) => row[0])).toEqual([...curve!.closeUs]);
      const held = rows.map((row) => row[1][0]);
      expect(new Set(held).size).toBeGreaterThan(3);
      let compared = 0;
      rows.forEach(([, ids, prices], i) => {
        expect(ids[0]).toBe(name(curve!.currentIndex[i]!));
        expect(prices[0]).toBe(curve!.current[i]);
        for (const [at, which] of [
          [1, 'forward'],
          [3, 'carry'],
        ] as const) {
          // Outside, a contract without data has no number; inside neither.
          expect(ids[at]).toBe(name(curve![`${which}Index`][i]!));
          expect(prices[at]).toBe(curve![which][i]);
          if (!Number.isNaN(prices[at]!)) compared += 1;
        }
        expect(prices[4]).toBe(curve!.annualisedCarry[i]);
      });
      expect(compared).toBeGreaterThan(rows.length);
    },
  );

  it('of a shorter history is the beginning of that of a longer one', () => {
    const all = record('CL', '1h');
    const part = record('CL', '1h', {}, '2021-06-18');
    expect(part.length).toBeGreaterThan(1000);
    // The last contracts of a shorter chain may lack a neighbour, never have another one.
    part.forEach((row, i) => {
      expect(row[0]).toBe(all[i]![0]);
      expect(row[2][0]).toBe(all[i]![2][0]);
      row[1].forEach((id, k) => expect([all[i]![1][k], null]).toContain(id));
      row[2].forEach((price, k) => {
        if (!Number.isNaN(price)) expect(price).toBe(all[i]![2][k]);
      });
    });
  });

  it('keeps the contracts of a row when the chain has moved on', () => {
    const seen: unknown[] = [];
    simulated({
      request: { root: 'ES', bars: '1d', curve: true, history: 5 },
      hooks: {
        onBar: (bar, ctx) => {
          const { forward, previous } = ctx.series(bar.key);
          if (ctx.series(bar.key).length < 2 || previous.contract === null) return;
          if (forward.contractAt(1) === forward.contractAt(0)) return;
          seen.push([bar.contract, forward.contract, forward.contractAt(1), previous.contract]);
          expect(forward.contractAt(1)).toBe(bar.contract);
        },
      },
    });
    expect(seen).toHaveLength(3);
    expect(seen[0]).toEqual(['ESM2021', 'ESU2021', 'ESM2021', 'ESH2021']);
  });

  it('lets a strategy trade the spread: both legs fill at their own prices', () => {
    let isSent = false;
    const { recorder } = simulated({
      request: { root: 'CL', bars: '1d', curve: true },
      hooks: {
        onBar: (bar, ctx) => {
          const { contract } = ctx.series(bar.key).forward;
          if (isSent || contract === null) return;
          isSent = true;
          ctx.submit({ contract: bar.contract, side: 1, qty: 1, type: 'market' });
          ctx.submit({ contract, side: -1, qty: 1, type: 'market' });
        },
      },
    });
    const fills = toRows(recorder.tables().fills, FILL_COLUMNS);
    const [near, far] = [fills[0]!, fills[1]!];
    expect(near.side + far.side).toBe(0);
    expect(near.contract).not.toBe(far.contract);
    expect(near.tsUs).toBe(far.tsUs);
  });

  it('must be asked for', () => {
    const read = (): void => {
      simulated({
        request: { root: 'ES', bars: '1d' },
        hooks: { onBar: (bar, ctx) => void ctx.series(bar.key).carry },
      });
    };
    expect(read).toThrow(/declared without its neighbours/);
  });

  it('changes nothing for a strategy that does not look at it', () => {
    const trade = (curve: boolean): string => {
      let before = NaN;
      const { result } = simulated({
        request: { root: 'CL', bars: '1d', curve },
        hooks: {
          onBar: (bar, ctx) => {
            ctx.targetPosition(bar.contract, bar.close > before ? 1 : -1);
            before = bar.close;
          },
        },
      });
      return String(result.finalEquityMicros);
    };
    expect(trade(true)).toBe(trade(false));
  });
});
