/** Synthetic runs for tests and screenshots: seeded, without market data. */
import { toTradeDate, weekdayOf } from '../../src/core/trade-date.ts';
import type { RandomSource } from '../../src/core/ports.ts';
import type { TradeDate } from '../../src/core/units.ts';
import { GrowingTable } from '../../src/research/columns.ts';
import type { RowOf } from '../../src/research/columns.ts';
import type { PriceTape, RunData } from '../../src/research/run-data.ts';
import { toRunData } from '../../src/research/run-data.ts';
import type { RunInstrument, RunManifest } from '../../src/research/run-format.ts';
import { summarise } from '../../src/research/summary.ts';
import type { EquityRow, FillRow, TradeRow } from '../../src/research/tables.ts';
import { RUN_TABLES } from '../../src/research/tables.ts';

/** Counter-based: a hash of seed and coordinates. */
export function hashRandom(seed: number): RandomSource {
  return {
    seed,
    uniform(stream, a, b, c) {
      let x = (seed ^ 0x9e3779b9) >>> 0;
      for (const part of [stream, a, b, c]) {
        x = Math.imul(x ^ (part >>> 0), 0x85ebca6b) >>> 0;
        x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35) >>> 0;
        x = (x ^ (x >>> 16)) >>> 0;
      }
      return x / 4_294_967_296;
    },
  };
}

export function instrumentOf(root: string, patch: Partial<RunInstrument> = {}): RunInstrument {
  return {
    root,
    name: `Product ${root}`,
    currency: 'USD',
    tickSize: 0.25,
    decimals: 2,
    tickValue: 12.5,
    multiplier: 50,
    zone: 'America/Chicago',
    sessionGroup: 'cme-equity-index',
    ...patch,
  };
}

export function manifestOf(patch: Partial<RunManifest> = {}): RunManifest {
  const instruments = patch.instruments ?? [instrumentOf('ES')];
  const per = <T>(value: T): Record<string, T> =>
    Object.fromEntries(instruments.map((one) => [one.root, value]));
  return {
    schema: 'frontmonth.run/1',
    runId: '2026-11-20T14-03-22Z-donchian-7f3a',
    createdUtc: '2026-11-20T14:03:22Z',
    outcome: 'completed',
    error: null,
    program: { name: 'frontmonth', version: '0.1.0' },
    strategy: {
      id: 'donchian',
      version: '1.0.0',
      description: 'Breakout',
      file: 'donchian',
      sourceSha256: null,
      paramSchema: {},
    },
    params: { entry: 20, exit: 10, stopAtr: 2 },
    instruments,
    datasets: [
      {
        name: 'sample',
        checksum: '41c9d0aa73b1e2f4',
        isSynthetic: true,
        intervals: ['1m'],
        volume: 'known',
        stamps: 'instants',
        isOnGrid: true,
        source: 'frontmonth data sample',
      },
    ],
    from: '2019-01-02',
    to: '2020-12-31',
    seed: 1,
    fillPolicy: 'pessimistic',
    capitalMicros: 100_000e6,
    currency: 'USD',
    returnBase: 'equity',
    costs: per({ commissionPerSide: 0.85, exchangeFeePerSide: 1.38, slippageTicks: 1 }),
    rollRules: per('volume(2 sessions, deadline 3 days)'),
    adjustments: per('back-difference'),
    executionIntervals: per('1m'),
    eventHash: 'a'.repeat(64),
    events: 1000,
    bars: 200_000,
    wallSeconds: 2.4,
    command: ['frontmonth', 'backtest', 'donchian'],
    config: { fills: 'pessimistic' },
    tags: [],
    ...patch,
  };
}

export interface FixtureOptions {
  readonly roots?: readonly string[];
  readonly dates?: number;
  readonly tradesPerRoot?: number;
  /** Drift of a trade's gross in ticks. */
  readonly edgeTicks?: number;
  readonly capital?: number;
  readonly bars?: number;
  readonly seed?: number;
  readonly hasOptimistic?: boolean;
  readonly returnBase?: 'equity' | 'fixed';
  readonly barSeconds?: number;
}

const TICK = 12.5;
const FEE = 2_230_000;
const COMMISSION = 850_000;

/** Business days from 2001-01-02 on. */
export function tradeDates(count: number): number[] {
  const out: number[] = [];
  for (let date = toTradeDate(2001, 1, 2); out.length < count; date = (date + 1) as TradeDate)
    if (weekdayOf(date) % 6 !== 0) out.push(date);
  return out;
}

/** A run whose trades, fills, positions and equity agree with each other to the millionth. */
export function fixtureRun(options: FixtureOptions = {}): RunData {
  const roots = options.roots ?? ['ES'];
  const dates = tradeDates(options.dates ?? 500);
  const random = hashRandom(options.seed ?? 7);
  const tables = Object.fromEntries(
    Object.entries(RUN_TABLES).map(([name, def]) => [name, new GrowingTable(def)]),
  ) as unknown as { [N in keyof typeof RUN_TABLES]: GrowingTable<(typeof RUN_TABLES)[N]> };
  const dayPnl = new Float64Array(dates.length);
  let tradeId = 0;
  roots.forEach((root, r) => {
    const count = options.tradesPerRoot ?? 60;
    const slot = dates.length / Math.max(1, count);
    for (let k = 0; k < count; k += 1) {
      const from = Math.floor(k * slot);
      const to = Math.min(dates.length - 1, Math.floor(k * slot + slot * 0.6));
      tradeId += 1;
      const u = (n: number): number => random.uniform(r, k, n, 0);
      const ticks =
        Math.round((u(1) + u(2) + u(3) + u(4) - 2) * 60) + Math.round(options.edgeTicks ?? 3);
      addTrade({ tables, root, tradeId, from, to, ticks, dates, dayPnl, random, k });
    }
  });
  addEquity(tables.equity, dates, dayPnl, (options.capital ?? 100_000) * 1e6);
  const manifest = manifestOf({
    instruments: roots.map((root) => instrumentOf(root)),
    capitalMicros: (options.capital ?? 100_000) * 1e6,
    returnBase: options.returnBase ?? 'equity',
    from: isoOf(dates[0]!),
    to: isoOf(dates.at(-1)!),
  });
  const stored = Object.fromEntries(
    Object.entries(tables).map(([name, table]) => [name, table.toStored()]),
  );
  const prices =
    options.bars === undefined
      ? []
      : [fixtureTape(roots[0]!, options.bars, dates[0]!, options.barSeconds ?? 60)];
  const better = new GrowingTable(RUN_TABLES.equity);
  addEquity(
    better,
    dates,
    dayPnl.map((p) => p + (p === 0 ? 0 : 20e6)),
    manifest.capitalMicros,
  );
  const optimistic = options.hasOptimistic
    ? { equity: better.toStored(), trades: tables.trades.toStored() }
    : null;
  const issues = [
    {
      code: 'W_SESSION_WITHOUT_BARS',
      severity: 'warning' as const,
      count: 3,
      first: [
        {
          code: 'W_SESSION_WITHOUT_BARS',
          severity: 'warning' as const,
          message: 'NQ: a session without bars <2021-11-26>',
          tsUs: 0 as never,
        },
      ],
    },
  ];
  const bare = toRunData({ manifest, tables: stored, prices, optimistic, issues });
  const bound =
    optimistic === null ? null : toRunData({ manifest, tables: { ...stored, ...optimistic } });
  const summary = summarise(bare, bound, { random: hashRandom(1), draws: 200 });
  return toRunData({ manifest, tables: stored, prices, optimistic, issues, summary });
}

function isoOf(date: number): string {
  return new Date(date * 86_400_000).toISOString().slice(0, 10);
}

interface TradePlan {
  readonly tables: { [N in keyof typeof RUN_TABLES]: GrowingTable<(typeof RUN_TABLES)[N]> };
  readonly root: string;
  readonly tradeId: number;
  readonly from: number;
  readonly to: number;
  readonly ticks: number;
  readonly dates: readonly number[];
  readonly dayPnl: Float64Array;
  readonly random: RandomSource;
  readonly k: number;
}

function addTrade(plan: TradePlan): void {
  const { tables, root, tradeId, from, to, ticks, dates, dayPnl, random, k } = plan;
  const side = k % 3 === 0 ? -1 : 1;
  const qty = 1 + (k % 2);
  const entryTicks = 16_000 + Math.floor(random.uniform(9, tradeId, 0, 0) * 400);
  const exitTicks = entryTicks + side * ticks;
  const contract = `${root}H2001`;
  const entryUs = (dates[from]! * 86_400 + 54_000 + (k % 8) * 1800) * 1e6;
  const exitUs = (dates[to]! * 86_400 + 70_200 + (k % 4) * 900) * 1e6;
  const gross = ticks * qty * TICK * 1e6;
  const fees = FEE * qty * 2;
  const base: Omit<FillRow, 'execId' | 'side' | 'priceTicks' | 'tsUs' | 'role' | 'tag'> = {
    clOrdId: `o-${tradeId}`,
    contract,
    root,
    qty,
    feeMicros: FEE * qty,
    commissionMicros: COMMISSION * qty,
    groupId: '',
    orderType: 'stop',
    rule: 'stop-touch',
    isCertain: k % 9 !== 0,
    policy: 'pessimistic',
    roundedTicks: 0,
    slippageTicks: 1,
    barOpenUs: NaN,
    barCloseUs: NaN,
  };
  const [entryId, exitId] = [`x-${tradeId}-1`, `x-${tradeId}-2`];
  tables.fills.append({
    ...base,
    execId: entryId,
    side,
    priceTicks: entryTicks,
    tsUs: entryUs,
    role: 'entry',
    tag: 'breakout',
  });
  tables.fills.append({
    ...base,
    execId: exitId,
    side: -side,
    priceTicks: exitTicks,
    tsUs: exitUs,
    role: 'stop',
    tag: ticks > 0 ? 'target' : 'stop',
  });
  for (const [tsUs, priceTicks] of [
    [entryUs, entryTicks - side * 40],
    [(entryUs + exitUs) / 2, entryTicks - side * 20],
    [exitUs, NaN],
  ] as const)
    tables.levels.append({ clOrdId: `s-${tradeId}`, root, role: 'stop', tsUs, priceTicks });
  tables.orders.append({
    clOrdId: `o-${tradeId}`,
    contract,
    root,
    side,
    type: 'stop',
    timeInForce: 'gtc',
    orderQty: qty,
    cumQty: qty,
    avgPriceTicks: entryTicks,
    limitTicks: NaN,
    stopTicks: entryTicks,
    status: 'Filled',
    role: 'entry',
    tag: 'breakout',
    groupId: '',
    reason: '',
    reduceOnly: false,
    createdUs: entryUs,
    updatedUs: entryUs,
  });
  const trade: TradeRow = {
    tradeId,
    root,
    entryContract: contract,
    exitContract: contract,
    side,
    maxQty: qty,
    entryQty: qty,
    entryUs,
    exitUs,
    entryTradeDate: dates[from]!,
    exitTradeDate: dates[to]!,
    entryPrice: entryTicks * 0.25,
    exitPrice: exitTicks * 0.25,
    entryTag: 'breakout',
    exitTag: ticks > 0 ? 'target' : 'stop',
    grossMicros: gross,
    feesMicros: fees,
    commissionMicros: COMMISSION * qty * 2,
    netMicros: gross - fees,
    currency: 'USD',
    rate: 1,
    grossTicksPerContract: ticks,
    slippageTicks: 2,
    maeTicks: Math.min(ticks, 0) - 5,
    maeTicksBest: Math.min(ticks, 0),
    mfeTicks: Math.max(ticks, 0) + 8,
    mfeTicksBest: Math.max(ticks, 0) + 9,
    initialRiskTicks: 40,
    bars: 100,
    rolls: 0,
    rollCostMicros: 0,
    isAmbiguous: k % 9 === 0,
    isOpen: false,
    fills: `${entryId} ${exitId}`,
  };
  tables.trades.append(trade);
  if (k % 9 === 0)
    tables.ambiguities.append({
      groupId: `g-${tradeId}`,
      contract,
      root,
      barOpenUs: exitUs - 60e6,
      barCloseUs: exitUs,
      policy: 'pessimistic',
      chosen: 0,
      qty,
      stakeTicks: 30,
      alternatives: '[]',
    });
  if (k % 10 === 5)
    tables.rolls.append({
      root,
      from: contract,
      to: `${root}M2001`,
      decidedUs: entryUs,
      effectiveUs: entryUs,
      tradeDate: dates[from]!,
      fromPriceTicks: entryTicks,
      toPriceTicks: entryTicks + 12,
      isInferred: false,
      reason: 'volume of the next contract was larger on 2 sessions in a row',
      netQty: side * qty,
      costMicros: 29_460_000,
      ordersRecreated: 1,
      policy: 'roll',
    });
  const span = to - from + 1;
  for (let d = from; d <= to; d += 1) {
    const isLast = d === to;
    const wave = Math.round((random.uniform(11, tradeId, d, 0) - 0.5) * 30) * qty * TICK * 1e6;
    const done = isLast ? 0 : wave;
    const before =
      d === from
        ? 0
        : Math.round((random.uniform(11, tradeId, d - 1, 0) - 0.5) * 30) * qty * TICK * 1e6;
    const feesHere = (d === from ? fees / 2 : 0) + (isLast ? fees / 2 : 0);
    const pnlMicros = (isLast ? gross : done) - before - feesHere;
    dayPnl[d] = dayPnl[d]! + pnlMicros;
    tables.positions.append({
      tradeDate: dates[d]!,
      contract,
      root,
      netQty: isLast ? 0 : side * qty,
      settleTicks: exitTicks,
      settleSource: 'last-bar',
      pnlMicros,
      feesMicros: feesHere,
      tradedQty: (d === from ? qty : 0) + (isLast ? qty : 0),
      rate: 1,
    });
  }
  void span;
}

function addEquity(
  table: GrowingTable<typeof RUN_TABLES.equity>,
  dates: readonly number[],
  pnl: Float64Array,
  capitalMicros: number,
): void {
  let equity = capitalMicros;
  dates.forEach((tradeDate, d) => {
    equity += pnl[d]!;
    table.append(
      equityRow({
        tradeDate,
        equityMicros: equity,
        initialMarginMicros: pnl[d] === 0 ? 0 : 12_000e6,
      }),
    );
  });
}

export function equityRow(patch: Partial<EquityRow>): EquityRow {
  const equityMicros = patch.equityMicros ?? 0;
  const margin = patch.initialMarginMicros ?? 0;
  return {
    tradeDate: 0,
    tsUs: (patch.tradeDate ?? 0) * 86_400e6,
    cashMicros: equityMicros,
    feesMicros: 0,
    lowEquityMicros: equityMicros - (margin > 0 ? 400e6 : 0),
    highEquityMicros: equityMicros,
    initialMarginMicros: margin,
    maintenanceMarginMicros: margin * 0.9,
    grossNotional: margin > 0 ? 200_000 : 0,
    netNotional: margin > 0 ? 200_000 : 0,
    exposedUs: margin > 0 ? 40_000e6 : 0,
    openUs: 82_800e6,
    ...patch,
    equityMicros,
  };
}

export type { RowOf };

/** A random walk with sessions of 23 hours and weekends out. */
export function fixtureTape(
  root: string,
  bars: number,
  firstDate: number,
  seconds = 60,
): PriceTape {
  const random = hashRandom(3);
  const closeUs = new Float64Array(bars);
  const [open, high, low, close] = [0, 1, 2, 3].map(() => new Int32Array(bars)) as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  let t = firstDate * 86_400;
  let price = 16_100;
  for (let i = 0; i < bars; i += 1) {
    t += seconds;
    if (seconds < 3600 && t % 86_400 > 79_200) t += 7_200;
    while (weekdayOf(Math.floor(t / 86_400) as TradeDate) % 6 === 0) t += 86_400;
    closeUs[i] = t * 1e6;
    const step = (n: number): number =>
      Math.round((random.uniform(5, i, n, 0) + random.uniform(5, i, n, 1) - 1) * 6);
    open[i] = price + Math.round(step(1) / 3);
    close[i] = open[i]! + step(0);
    high[i] = Math.max(open[i]!, close[i]!) + Math.abs(step(2));
    low[i] = Math.min(open[i]!, close[i]!) - Math.abs(step(3));
    price = close[i]! + (price > 16_500 ? -1 : price < 15_700 ? 1 : 0);
  }
  const contracts = [{ fromBar: 0, contract: `${root}H2001` }];
  for (let i = 1; i < 4; i += 1)
    contracts.push({ fromBar: Math.floor((bars * i) / 4), contract: `${root}${'MUZ'[i - 1]}2001` });
  return {
    root,
    interval: seconds === 60 ? '1m' : '1d',
    decimals: 2,
    tickSize: 0.25,
    closeUs,
    open,
    high,
    low,
    close,
    contracts,
  };
}

export const HARD_RUNS: Readonly<Record<string, FixtureOptions>> = {
  usual: { dates: 500, tradesPerRoot: 120, bars: 20_000, hasOptimistic: true },
  'twenty-by-twenty': {
    roots: Array.from({ length: 20 }, (_, i) => `P${String(i + 1).padStart(2, '0')}`),
    dates: 5_040,
    tradesPerRoot: 200,
    bars: 5_040,
    barSeconds: 86_400,
    capital: 1_000_000,
  },
  'one-day': { dates: 1, tradesPerRoot: 1, bars: 1_380 },
  'no-trades': { dates: 250, tradesPerRoot: 0, bars: 5_000 },
  'all-losing': { dates: 250, tradesPerRoot: 50, edgeTicks: -200 },
  'negative-equity': { dates: 250, tradesPerRoot: 50, edgeTicks: -120, capital: 20_000 },
  'fixed-base': { dates: 400, tradesPerRoot: 80, returnBase: 'fixed', roots: ['ES', 'NQ'] },
};
