import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CORE_ERRORS } from '../../src/core/errors.ts';
import { ContractTable } from '../../src/core/instrument.ts';
import type { ContractSpec, InstrumentSpec } from '../../src/core/instrument.ts';
import type { OrderView } from '../../src/core/order.ts';
import { bootstrapIntervals, drawRows } from '../../src/research/bootstrap.ts';
import { compareRuns } from '../../src/research/compare.ts';
import { RESEARCH_ERRORS } from '../../src/research/errors.ts';
import { createRunRecorder } from '../../src/research/recorder.ts';
import { renderComparison } from '../../src/research/report/compare-page.ts';
import { toRunData } from '../../src/research/run-data.ts';
import type { TableStore } from '../../src/research/run-store.ts';
import {
  beginRun,
  listRuns,
  readRun,
  resolveRun,
  toRunId,
  writeRun,
} from '../../src/research/run-store.ts';
import { selectRows, tradeViewRows } from '../../src/research/trades-view.ts';
import { verdictOf } from '../../src/research/verdict.ts';
import { fixtureRun, hashRandom, manifestOf } from './support.ts';

/** Keeps tables as JSON with NaN as null. */
const jsonStore: TableStore = {
  writeTable(path, columns) {
    const plain = Object.entries(columns).map(([name, { values }]) => [
      name,
      Array.from(values as ArrayLike<unknown>),
    ]);
    writeFileSync(path, JSON.stringify(Object.fromEntries(plain)));
  },
  readTable(path) {
    const read = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown[]>;
    for (const values of Object.values(read))
      for (let i = 0; i < values.length; i += 1) values[i] ??= NaN;
    return read;
  },
};

const spec = { root: 'ES', countValue: { num: 12_500_000, den: 1 } } as InstrumentSpec;
const contract = { id: 'ESH2020', root: 'ES', year: 2020, month: 3 } as ContractSpec;
const table = new ContractTable([spec], [contract]);

function recorded() {
  const recorder = createRunRecorder({ table });
  const order = {
    clOrdId: 'o-1',
    contract: 'ESH2020',
    side: -1,
    type: 'stop',
    timeInForce: 'gtc',
    orderQty: 1,
    cumQty: 0,
    avgPriceTicks: 0,
    limitTicks: null,
    stopTicks: 100,
    status: 'New',
    working: 'live',
    role: 'stop',
    tag: 'stop',
    groupId: 'g-1',
    reduceOnly: true,
    createdUs: 1,
    updatedUs: 1,
    reason: '',
  } as unknown as OrderView;
  recorder.onOrderEvent('Accepted', order, '', 10 as never);
  recorder.onOrderEvent('Replaced', { ...order, stopTicks: 104 as never }, '', 20 as never);
  recorder.onOrderEvent(
    'Canceled',
    { ...order, status: 'Canceled', reason: 'oco-peer' },
    '',
    30 as never,
  );
  for (let i = 0; i < 25; i += 1)
    recorder.onIssue({ code: 'W_GAP', severity: 'warning', message: `gap ${i}`, tsUs: i as never });
  for (let i = 0; i < 200; i += 1) recorder.onPlot('ema', 'ES', i as never, i / 3);
  recorder.onAmbiguity({
    groupId: 'g-1',
    contractIndex: 0,
    barOpenUs: 1 as never,
    barCloseUs: 2 as never,
    policy: 'pessimistic',
    chosen: 0,
    qty: 2,
    alternatives: [
      { leg: null, role: 'stop', priceTicks: 1, pnlDeltaTicks: 0 },
      { leg: null, role: 'target', priceTicks: 2, pnlDeltaTicks: 12 },
    ],
  });
  return recorder;
}

describe('the recorder', () => {
  const recorder = recorded();
  const run = toRunData({
    manifest: manifestOf(),
    tables: recorder.tables(),
    issues: recorder.issues(),
  });

  it('keeps one row per order, in its last state', () => {
    expect(run.orders).toHaveLength(1);
    expect(run.orders[0]).toMatchObject({
      status: 'Canceled',
      reason: 'oco-peer',
      root: 'ES',
      updatedUs: 30,
    });
    expect(run.orders[0]!.limitTicks).toBeNaN();
  });
  it('keeps the levels at which a stop worked, until it ended', () => {
    expect(run.levels.map((one) => [one.tsUs, one.priceTicks])).toEqual([
      [10, 100],
      [20, 104],
      [30, NaN],
    ]);
  });
  it('counts issues by code and keeps the first twenty', () => {
    expect(run.issues[0]).toMatchObject({ code: 'W_GAP', count: 25 });
    expect(run.issues[0]!.first).toHaveLength(20);
  });
  it('grows its columns without loss', () => {
    expect(run.plots.map((one) => one.value)).toEqual(Array.from({ length: 200 }, (_, i) => i / 3));
  });
  it('measures what is at stake in an ambiguous group', () => {
    expect(run.ambiguities[0]).toMatchObject({ root: 'ES', stakeTicks: 12, qty: 2 });
  });
});

describe('run folders', () => {
  let runs = '';
  beforeEach(() => {
    runs = mkdtempSync(join(tmpdir(), 'runs-'));
  });
  afterEach(() => rmSync(runs, { recursive: true, force: true }));

  const run = fixtureRun({ dates: 40, tradesPerRoot: 6, bars: 300 });
  const contents = (runId: string) => {
    const recorder = recorded();
    return {
      manifest: { ...run.manifest, runId },
      summary: { ...run.summary!, runId },
      tables: recorder.tables(),
      issues: recorder.issues(),
      prices: run.prices,
    };
  };

  it('come back as they were written', () => {
    const dir = writeRun(
      join(runs, 'a'),
      { ...contents('a'), optimistic: contents('a').tables },
      jsonStore,
    );
    const read = readRun(dir, jsonStore);
    const expected = toRunData(contents('a'));
    expect(read.manifest).toEqual({ ...run.manifest, runId: 'a' });
    expect(read.summary!.metrics).toEqual(JSON.parse(JSON.stringify(run.summary!.metrics)));
    expect(read.orders).toEqual(expected.orders);
    expect(read.plots).toEqual(expected.plots);
    expect(read.issues).toEqual(expected.issues);
    expect(read.optimistic).not.toBeNull();
    expect([...read.prices[0]!.close]).toEqual([...run.prices[0]!.close]);
    expect(read.prices[0]!.contracts).toEqual(run.prices[0]!.contracts);
  });

  it('carry their own name only when complete; an unfinished one is listed as failed', () => {
    const folder = beginRun(runs, '2026-01-01T00-00-00Z-x-1', jsonStore);
    writeFileSync(join(folder.dir, 'journal.jsonl'), '{}\n');
    expect(listRuns(runs)).toMatchObject([
      { runId: '2026-01-01T00-00-00Z-x-1', isComplete: false, outcome: 'failed' },
    ]);
    const final = folder.commit(contents('2026-01-01T00-00-00Z-x-1'));
    expect(existsSync(join(final, 'journal.jsonl'))).toBe(true);
    expect(listRuns(runs)).toMatchObject([
      { isComplete: true, outcome: 'completed', strategy: 'donchian' },
    ]);
  });

  it('stay partial when the disk refuses, with a code', () => {
    const full: TableStore = {
      ...jsonStore,
      writeTable: () => {
        throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      },
    };
    const folder = beginRun(runs, 'b', full);
    expect(() => folder.commit(contents('b'))).toThrow(
      expect.objectContaining({ code: 'E_RUN_WRITE' }),
    );
    expect(existsSync(join(runs, 'b'))).toBe(false);
    expect(listRuns(runs)[0]!.outcome).toBe('failed');
  });

  it('are never overwritten', () => {
    writeRun(join(runs, 'a'), contents('a'), jsonStore);
    expect(() => beginRun(runs, 'a', jsonStore)).toThrow(
      expect.objectContaining({ code: 'E_RUN_EXISTS' }),
    );
  });

  it('are found by last, last~1, prefix and path', () => {
    for (const id of [
      '2026-01-01T00-00-00Z-a-1',
      '2026-01-02T00-00-00Z-a-2',
      '2026-01-02T00-00-01Z-a-3',
    ])
      writeRun(join(runs, id), contents(id), jsonStore);
    beginRun(runs, '2026-01-09T00-00-00Z-a-4', jsonStore);
    expect(resolveRun(runs, 'last')).toBe(join(runs, '2026-01-02T00-00-01Z-a-3'));
    expect(resolveRun(runs, 'last~2')).toBe(join(runs, '2026-01-01T00-00-00Z-a-1'));
    expect(resolveRun(runs, '2026-01-01')).toBe(join(runs, '2026-01-01T00-00-00Z-a-1'));
    expect(resolveRun(runs, join(runs, '2026-01-02T00-00-00Z-a-2'))).toBe(
      join(runs, '2026-01-02T00-00-00Z-a-2'),
    );
    expect(() => resolveRun(runs, '2026-01-02')).toThrow(
      expect.objectContaining({ code: 'E_RUN_AMBIGUOUS' }),
    );
    expect(() => resolveRun(runs, 'last~3')).toThrow(
      expect.objectContaining({ code: 'E_RUN_NOT_FOUND' }),
    );
    expect(() => resolveRun(runs, '')).toThrow(
      expect.objectContaining({ code: 'E_RUN_NOT_FOUND' }),
    );
  });

  it('say which file is damaged', () => {
    const dir = writeRun(join(runs, 'a'), contents('a'), jsonStore);
    writeFileSync(join(dir, 'manifest.json'), '{"schema": ');
    expect(() => readRun(dir, jsonStore)).toThrow(
      expect.objectContaining({ code: 'E_RUN_READ', where: join(dir, 'manifest.json') }),
    );
    expect(listRuns(runs)[0]!.outcome).toBe('failed');
    mkdirSync(join(runs, 'empty'));
    expect(() => readRun(join(runs, 'empty'), jsonStore)).toThrow(
      expect.objectContaining({ code: 'E_RUN_READ' }),
    );
  });

  it('have ids that sort by time', () => {
    expect(toRunId('2026-11-20T14:03:22.123Z', 'EMA cross', '7f3a')).toBe(
      '2026-11-20T14-03-22Z-ema-cross-7f3a',
    );
  });
});

describe('the trade list', () => {
  const run = fixtureRun({ roots: ['ES', 'NQ'], dates: 200, tradesPerRoot: 30 });
  it('sums to the same net flat to flat and in FIFO lots', () => {
    const total = (mode: 'flat' | 'fifo'): number => tradeViewRows(run, mode).at(-1)!.cumulative;
    expect(total('fifo')).toBe(total('flat'));
    expect(total('flat')).toBe(run.summary!.metrics['netProfit']!.value);
  });
  it('splits fills into lots, first in first out, and hands out every cent of fees', () => {
    const base = { ...run.fills[0]!, root: 'ES', contract: 'ESH2020', slippageTicks: 0 };
    const fills = [
      { ...base, side: 1, qty: 2, priceTicks: 100, tsUs: 1, feeMicros: 5, commissionMicros: 3 },
      { ...base, side: 1, qty: 1, priceTicks: 110, tsUs: 2, feeMicros: 1, commissionMicros: 1 },
      { ...base, side: -1, qty: 4, priceTicks: 120, tsUs: 3, feeMicros: 7, commissionMicros: 5 },
    ];
    const positions = [{ ...run.positions[0]!, contract: 'ESH2020', settleTicks: 121 }];
    const rows = tradeViewRows(
      { ...run, manifest: run.manifest, trades: [], fills, positions },
      'fifo',
    );
    const byTicks = rows.map((row) => [row.side, row.qty, row.grossTicks, row.open]);
    expect(byTicks).toEqual([
      ['long', 2, 20, false],
      ['long', 1, 10, false],
      ['short', 1, -1, true],
    ]);
    expect(rows.reduce((a, row) => a + Math.round((row.commission + row.fees) * 1e6), 0)).toBe(13);
  });
  it('filters, sorts and cuts, and names its columns when it cannot', () => {
    const rows = tradeViewRows(run);
    const columns = Object.keys(rows[0]!);
    const worst = selectRows(rows, columns, {
      where: 'instrument=es side=short net<0',
      sort: 'net',
      limit: 3,
    });
    expect(worst).toHaveLength(3);
    expect(
      worst.every((row) => row.instrument === 'ES' && row.side === 'short' && row.net < 0),
    ).toBe(true);
    expect(worst[0]!.net).toBeLessThanOrEqual(worst[1]!.net);
    expect(selectRows(rows, columns, { sort: '-net', limit: 1 })[0]!.net).toBe(
      Math.max(...rows.map((row) => row.net)),
    );
    expect(() => selectRows(rows, columns, { where: 'price<3' })).toThrow(
      expect.objectContaining({ code: 'E_TRADES_QUERY' }),
    );
    expect(() => selectRows(rows, columns, { where: 'net' })).toThrow(
      expect.objectContaining({ code: 'E_TRADES_QUERY' }),
    );
  });
});

describe('the bootstrap', () => {
  const returns = Float64Array.from(
    { length: 500 },
    (_, i) => Math.sin(i * 12.9898) * 0.01 + 0.0008,
  );
  const input = {
    returns,
    pnl: returns.map((r) => r * 1e5),
    capital: 1e5,
    returnBase: 'equity' as const,
    years: 2,
    random: hashRandom(5),
    draws: 400,
  };
  it('gives the same interval for the same seed, and brackets the value', () => {
    const one = bootstrapIntervals(input);
    expect(bootstrapIntervals(input)).toEqual(one);
    expect(one.sharpe.low!).toBeLessThan(one.sharpe.high!);
    expect(bootstrapIntervals({ ...input, random: hashRandom(6) })).not.toEqual(one);
  });
  it('is null where returns are undefined, and where they do not vary', () => {
    expect(bootstrapIntervals({ ...input, returns: [0.1, NaN] }).sharpe).toEqual({
      low: null,
      high: null,
    });
    expect(
      bootstrapIntervals({ ...input, returns: [0.1, 0.1, 0.1], pnl: [1, 1, 1] }).sharpe,
    ).toEqual({ low: null, high: null });
  });
  it('draws blocks of the mean length that run on and wrap around', () => {
    const rows = new Int32Array(5000);
    drawRows(rows, 3, hashRandom(1), 20);
    let breaks = 0;
    for (let i = 1; i < rows.length; i += 1) if (rows[i] !== (rows[i - 1]! + 1) % 5000) breaks += 1;
    expect(breaks).toBeGreaterThan(200);
    expect(breaks).toBeLessThan(300);
  });
});

describe('the verdict', () => {
  const base = {
    currency: 'USD',
    fillPolicy: 'pessimistic',
    optimistic: null,
    sharpeInterval: { low: 0.02, high: 1.38 },
    closed: 312,
    open: 0,
    ambiguous: 14,
    bars: 1_000,
  };
  const metrics = {
    netProfit: { value: 18_412.5 },
    sharpe: { value: 0.71 },
    costShareOfGross: { value: 0.27 },
  };
  it('is one line by rule', () => {
    expect(verdictOf({ ...base, metrics })).toBe(
      'Net +18,413 USD (pessimistic). Sharpe 0.71, 90 % interval 0.02 to 1.38. 4.5 % of trades depend on ambiguous bars. Costs eat 27 % of gross profit.',
    );
  });
  it('gives no sign to a ratio that rounds to nothing, and keeps that of others', () => {
    const input = { ...base, metrics: { ...metrics, sharpe: { value: -0.004 } } };
    expect(verdictOf({ ...input, sharpeInterval: { low: -0.0049, high: 0.56 } })).toContain(
      'Sharpe 0.00, 90 % interval 0.00 to 0.56.',
    );
    expect(verdictOf({ ...input, sharpeInterval: { low: -0.006, high: -0.004 } })).toContain(
      'Sharpe 0.00, 90 % interval -0.01 to 0.00.',
    );
  });
  it('says that the data cannot decide when the bounds disagree on the sign', () => {
    expect(verdictOf({ ...base, metrics, optimistic: { netProfit: { value: -1 } } })).toContain(
      'this data cannot decide',
    );
  });
  it('counts a headline that lies beyond the bounds of the groups as one of them', () => {
    const bounds = { worst: 17_000, best: 17_900 };
    const sensitive = 'this data cannot decide';
    const beyond = { ...metrics, netProfit: { value: 24_000 } };
    expect(verdictOf({ ...base, metrics: beyond, bounds })).toContain(sensitive);
    expect(verdictOf({ ...base, metrics, bounds })).not.toContain(sensitive);
  });
  it('names a run without trades', () => {
    expect(verdictOf({ ...base, metrics: { netProfit: { value: 0 } }, closed: 0 })).toBe(
      'No trades: 1,000 bars seen, net 0 USD.',
    );
  });
});

describe('a comparison', () => {
  const a = fixtureRun({ dates: 120, tradesPerRoot: 20 });
  const other = fixtureRun({ dates: 120, tradesPerRoot: 20, edgeTicks: 20 });
  const b = toRunData({
    ...other,
    manifest: { ...other.manifest, params: { entry: 30, exit: 10, stopAtr: 2 } },
    tables: {},
    optimistic: null,
    summary: other.summary,
  });
  it('puts what differs first and gives each difference to the baseline', () => {
    const comparison = compareRuns([a, b]);
    expect(comparison.inputs[0]).toMatchObject({ key: 'param.entry', values: ['20', '30'] });
    const net = comparison.metrics.find((row) => row.key === 'netProfit')!;
    expect(net.deltas[1]).toBeCloseTo(Number(net.values[1]) - Number(net.values[0]), 9);
  });
  it('aligns the trades of two runs', () => {
    const { trades } = compareRuns([a, other]);
    expect(trades!.both).toBe(a.trades.length);
    expect(trades!.different.length).toBeGreaterThan(0);
    expect(compareRuns([a, b]).trades!.onlyA).toHaveLength(a.trades.length);
  });
  it('takes 2 to 20 runs', () => {
    expect(() => compareRuns([a])).toThrow(expect.objectContaining({ code: 'E_COMPARE_COUNT' }));
  });
  it('renders as one static file', () => {
    const html = renderComparison(compareRuns([a, other]));
    expect(html).toContain("script-src 'none'");
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('error pages', () => {
  it('define no code of the core again', () => {
    for (const code of Object.keys(RESEARCH_ERRORS))
      expect(Object.keys(CORE_ERRORS)).not.toContain(code);
  });
});
