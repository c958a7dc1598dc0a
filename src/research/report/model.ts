/** What the report page gets: the summary as it is, tables, and packed columns. The page formats; it computes no figure. */
import { BENCHMARK_LABEL, benchmarkOf } from '../benchmark.ts';
import type { DailySeries } from '../daily.ts';
import { indexCurve, moneyCurve, toDailySeries, underwater } from '../daily.ts';
import { DATES_PER_YEAR, baseMicros, baseNet, tradeFigures } from '../metrics.ts';
import type { MetricDef } from '../metric-defs.ts';
import { HEADLINE_KEYS, METRIC_DEFS } from '../metric-defs.ts';
import type { PriceTape, RunData } from '../run-data.ts';
import { RTH_WINDOWS } from '../rth-windows.ts';
import type { Metrics, RunManifest, RunSummary } from '../run-format.ts';
import { mean, sampleDeviation, sum } from '../stats.ts';
import type { RunSpan } from '../samples.ts';
import { sampleLabel, spansOf } from '../samples.ts';
import { summarise } from '../summary.ts';
import type { TradeRow } from '../tables.ts';
import type { TradeMode, TradeViewRow } from '../trades-view.ts';
import { tradeViewRows } from '../trades-view.ts';
import { imitationLabel } from '../verdict.ts';
import { accountTables, programmeColumns } from './programme-tables.ts';
import type { PackColumn, Packed } from './pack.ts';
import { packColumns } from './pack.ts';
import type {
  Histogram,
  ReportTable,
  SessionSegment,
  TableColumnDef,
  YearRow,
} from './sections.ts';
import {
  ambiguityTable,
  assumptionTable,
  column,
  drawdownTable,
  extremeDatesTable,
  histogramOf,
  instrumentTables,
  issueTables,
  orderTable,
  periodRows,
  rollTable,
  sampleTables,
  segmentReader,
  timeTables,
  weekdayTable,
} from './sections.ts';

import { unfilledTable, whyColumns } from './why.ts';

export type Theme = 'auto' | 'light' | 'dark';

export interface ReportOptions {
  readonly theme?: Theme;
  /** Default true. */
  readonly prices?: boolean;
  /** Hard limit of the file in MB. Default 5. */
  readonly maxMb?: number;
  readonly candles?: 'blue-orange' | 'green-red';
  /** Label of the title block besides SYNTHETIC, such as `IN-SAMPLE` or `LIVE`. */
  readonly label?: string;
  /** Session segments by product or session group, for list and table by session. Default: the windows in common use. */
  readonly segments?: Readonly<Record<string, readonly SessionSegment[]>>;
  /** Trade dates that are shaded in the daily charts. Default: the run's own warm-up and out-of-sample span. */
  readonly spans?: readonly ReportSpan[];
  /** Summary of a run to stand in the headline beside this one. */
  readonly compared?: RunSummary;
}

/** Trade dates as days since 1970-01-01, inclusive. */
export type ReportSpan = RunSpan;

/** Bars of the price chart: columns `tape<i>.*` of the pack. */
export interface TapeInfo {
  readonly root: string;
  readonly interval: string;
  readonly bars: number;
  readonly of: number;
  readonly contracts: readonly { readonly fromBar: number; readonly contract: string }[];
  readonly plots: readonly string[];
}

export interface ReportModel {
  readonly schema: 'frontmonth.report/1';
  readonly summary: RunSummary;
  readonly manifest: RunManifest;
  readonly labels: readonly string[];
  readonly spans: readonly ReportSpan[];
  /** What the column `day.benchmark` is. */
  readonly benchmark: string;
  readonly compared: RunSummary | null;
  readonly theme: Theme;
  readonly candles: 'blue-orange' | 'green-red';
  readonly metricDefs: readonly MetricDef[];
  readonly headline: readonly string[];
  readonly years: readonly YearRow[];
  readonly tables: Readonly<Record<string, readonly ReportTable[]>>;
  readonly histograms: readonly Histogram[];
  /** Figures of closed trades by side. */
  readonly sides: Readonly<Record<'all' | 'long' | 'short', Metrics>>;
  readonly tradeColumns: readonly TableColumnDef[];
  readonly tradeCounts: { readonly flat: number; readonly fifo: number };
  readonly tapes: readonly TapeInfo[];
  /** Why the price chart lacks bars; empty when it has all. */
  readonly priceNote: string;
  readonly columns: Packed['columns'];
}

/** Shown only where the session windows of a product are known. */
const SESSION_COLUMN = 'session';
const TRADE_COLUMNS: readonly (TableColumnDef & { readonly decimals?: number })[] = [
  column('id', '#', 'count'),
  column('instrument', 'Instrument', 'text'),
  column('contract', 'Contract', 'text'),
  column('side', 'Side', 'text'),
  column('qty', 'Qty', 'count'),
  column('entryUs', 'Entry', 'time'),
  { ...column('entryPrice', 'Entry price', 'price'), decimals: 7 },
  column('exitUs', 'Exit', 'time'),
  { ...column('exitPrice', 'Exit price', 'price'), decimals: 7 },
  column('entryName', 'Entry name', 'text'),
  column('exitName', 'Exit name', 'text'),
  column('bars', 'Bars', 'count'),
  column('durationUs', 'Duration', 'duration'),
  column(SESSION_COLUMN, 'Session', 'text'),
  { ...column('grossTicks', 'Gross ticks', 'ratio'), decimals: 4 },
  { ...column('gross', 'Gross', 'money'), decimals: 6 },
  { ...column('commission', 'Commission', 'amount'), decimals: 6 },
  { ...column('fees', 'Fees', 'amount'), decimals: 6 },
  { ...column('net', 'Net', 'money'), decimals: 6 },
  { ...column('cumulative', 'Cumulative', 'money'), decimals: 6 },
  { ...column('mae', 'MAE ticks', 'ratio'), decimals: 4 },
  { ...column('maeMoney', 'MAE', 'money'), decimals: 2 },
  { ...column('mfe', 'MFE ticks', 'ratio'), decimals: 4 },
  { ...column('mfeMoney', 'MFE', 'money'), decimals: 2 },
  { ...column('etd', 'ETD ticks', 'ratio'), decimals: 4 },
  { ...column('etdMoney', 'ETD', 'money'), decimals: 2 },
  { ...column('r', 'R', 'ratio'), decimals: 4 },
  { ...column('entryEfficiency', 'Entry eff.', 'share'), decimals: 4 },
  { ...column('exitEfficiency', 'Exit eff.', 'share'), decimals: 4 },
  { ...column('totalEfficiency', 'Total eff.', 'share'), decimals: 4 },
  { ...column('slippage', 'Slippage ticks', 'ratio'), decimals: 2 },
  column('ambiguous', 'Ambiguous', 'flag'),
  column('rolls', 'Rolls', 'count'),
  column('open', 'Open', 'flag'),
  column('currency', 'Currency', 'text'),
  { ...column('netBase', 'Net in base currency', 'money'), decimals: 6 },
];
/** Shown only where a product has another currency than the account. */
const CURRENCY_COLUMNS: ReadonlySet<string> = new Set(['currency', 'netBase']);

/**
 * A report is sent to others: a text that holds an absolute path keeps only the path's last part. A path begins at the
 * start of a text or after a blank, quote, bracket, `=` or `:`.
 */
export function withoutMachinePaths<T>(value: T): T {
  if (typeof value === 'string') {
    return value.replace(
      /(^|[\s"'`(=:,])(?:file:\/\/)?(?:\/(?:[^/\s"'`),:]+\/)+|[A-Za-z]:\\(?:[^\\\s"'`),]+\\)+)/g,
      '$1…/',
    ) as T;
  }
  if (Array.isArray(value)) return value.map(withoutMachinePaths) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, withoutMachinePaths(one)]),
  ) as T;
}

export interface BuiltModel {
  readonly model: ReportModel;
  readonly packed: Packed;
}

/** Builds the model with these price tapes. Pure: the same run gives the same bytes. */
export function buildReportModel(
  run: RunData,
  options: ReportOptions,
  prices: { readonly tapes: readonly TapeSlice[]; readonly note: string },
): BuiltModel {
  const daily = toDailySeries(run.equity, run.manifest);
  const summary = withoutMachinePaths(run.summary ?? summarise(run, null, { random: null }));
  const manifest = withoutMachinePaths(run.manifest);
  const segments = options.segments ?? RTH_WINDOWS;
  const segmentOf = segmentReader(run, segments);
  const listed = (mode: TradeMode): ListedTrade[] =>
    tradeViewRows(run, mode).map((row) => ({
      ...row,
      contract:
        row.contract === row.exitContract ? row.contract : `${row.contract} → ${row.exitContract}`,
      session: segmentOf(row.instrument, row.entryUs),
    }));
  const [flat, fifo] = [listed('flat'), listed('fifo')];
  const columns = tradeColumnsOf(run, flat);
  const packed = packColumns([
    ...dailyColumns(run, daily),
    ...rollingColumns(daily, run),
    ...tradeColumns('flat', flat, columns),
    ...tradeColumns('fifo', fifo, columns),
    ...whyColumns(run),
    ...prices.tapes.flatMap((tape, index) => tapeColumns(tape, index, run)),
  ]);
  const closed = flat.filter((row) => !row.open);
  const sample = sampleLabel(run.manifest);
  const imitation = imitationLabel(run.manifest.fillPolicy);
  const model: ReportModel = {
    schema: 'frontmonth.report/1',
    summary,
    manifest,
    spans: options.spans ?? spansOf(run.manifest),
    benchmark: BENCHMARK_LABEL,
    compared: options.compared ?? null,
    labels: [
      ...(summary.isSynthetic ? ['SYNTHETIC DATA'] : []),
      ...(imitation === null ? [] : [imitation.toUpperCase()]),
      ...(sample === null ? [] : [sample]),
      ...(options.label === undefined ? [] : [options.label]),
      ...(run.manifest.outcome === 'completed' ? [] : [run.manifest.outcome.toUpperCase()]),
    ],
    theme: options.theme ?? 'auto',
    candles: options.candles ?? 'blue-orange',
    metricDefs: METRIC_DEFS,
    headline: HEADLINE_KEYS,
    years: periodRows(daily),
    tables: withoutMachinePaths({
      equity: sampleTables(summary, daily),
      account: accountTables(run),
      periods: [weekdayTable(daily), extremeDatesTable(run, daily)],
      drawdowns: [drawdownTable(daily, run.trades)],
      time: timeTables(run, segments),
      instruments: instrumentTables(run, daily),
      rolls: [rollTable(run)],
      'how-sure': [ambiguityTable(run)],
      data: [...issueTables(run), assumptionTable(run), orderTable(run), ...unfilledTable(run)],
    }),
    histograms: [
      histogramOf(
        { id: 'net', title: 'Net result of closed trades', unit: run.manifest.currency },
        closed.map((row) => row.netBase),
      ),
      histogramOf(
        { id: 'holding', title: 'Holding time of closed trades', unit: 'hours' },
        closed.map((row) => row.durationUs / 3600e6),
      ),
    ],
    sides: sidesOf(run),
    tradeColumns: columns.map(({ key, label, kind }) => ({ key, label, kind })),
    tradeCounts: { flat: flat.length, fifo: fifo.length },
    tapes: prices.tapes.map((slice) => tapeInfo(slice, run)),
    priceNote: prices.note,
    columns: packed.columns,
  };
  return { model, packed };
}

type ListedTrade = TradeViewRow & { readonly session: string };

function tradeColumnsOf(run: RunData, rows: readonly ListedTrade[]): typeof TRADE_COLUMNS {
  const isOneCurrency = run.manifest.instruments.every(
    (one) => one.currency === run.manifest.currency,
  );
  const hasSession = rows.some((row) => row.session !== '');
  return TRADE_COLUMNS.filter(
    ({ key }) =>
      !(isOneCurrency && CURRENCY_COLUMNS.has(key)) && (hasSession || key !== SESSION_COLUMN),
  );
}

function tradeColumns(
  prefix: string,
  rows: readonly ListedTrade[],
  columns: typeof TRADE_COLUMNS,
): PackColumn[] {
  const listed = columns.map(({ key, decimals }) => {
    const values = rows.map((row) => row[key as keyof ListedTrade]);
    const isText = typeof values[0] === 'string';
    return {
      name: `${prefix}.${key}`,
      decimals: decimals ?? 0,
      values: isText ? (values as string[]) : values.map(Number),
    };
  });
  // FIFO lots carry no trade date: the day of the exit in UTC stands in for it when the page filters by dates.
  const date = rows.map((row) =>
    Number.isFinite(row.exitTradeDate) ? row.exitTradeDate : Math.floor(row.exitUs / 86_400e6),
  );
  return [...listed, { name: `${prefix}.date`, values: date }];
}

const SIDE_KEYS = [
  'closedTrades',
  'hitRate',
  'profitFactor',
  'payoff',
  'averageWin',
  'averageLoss',
  'largestWin',
  'largestLoss',
  'expectancy',
  'expectancyTicks',
  'expectancyR',
  'tradeT',
  'averageBars',
  'averageHoldingDays',
  'averageMaeTicks',
  'averageMfeTicks',
  'averageEtdTicks',
  'ambiguousShare',
];

function sidesOf(run: RunData): ReportModel['sides'] {
  const closed = run.trades.filter((trade) => !trade.isOpen);
  const of = (trades: readonly TradeRow[]): Metrics => {
    const figures = tradeFigures(trades, run.manifest.instruments);
    return {
      netProfit: {
        value: sum(trades.map((trade) => baseMicros(trade.netMicros, trade.rate))) / 1e6,
      },
      ...Object.fromEntries(SIDE_KEYS.map((key) => [key, figures[key]!])),
    };
  };
  return {
    all: of(closed),
    long: of(closed.filter((trade) => trade.side > 0)),
    short: of(closed.filter((trade) => trade.side < 0)),
  };
}

function dailyColumns(run: RunData, daily: DailySeries): PackColumn[] {
  const index = indexCurve(daily);
  const money = moneyCurve(daily);
  const isShare = daily.returnBase === 'equity';
  const bound = new Map(run.optimistic?.equity.map((one) => [one.tradeDate, one.equityMicros]));
  const share = (of: (one: RunData['equity'][number]) => number): number[] =>
    run.equity.map((one) => (one.equityMicros > 0 ? (of(one) / one.equityMicros) * 1e6 : NaN));
  return [
    { name: 'day.date', values: daily.tradeDate },
    { name: 'day.equity', decimals: 6, values: daily.equity },
    { name: 'day.pnl', decimals: 6, values: daily.pnl },
    {
      name: 'day.optimistic',
      decimals: 6,
      values: run.equity.map((one) => (bound.get(one.tradeDate) ?? NaN) / 1e6),
    },
    { name: 'day.closed', decimals: 6, values: closedEquity(run, daily) },
    { name: 'day.benchmark', decimals: 6, values: benchmarkEquity(run, daily) },
    { name: 'day.drawdown', decimals: 2, values: underwater(money.start, money.level, false) },
    {
      name: 'day.drawdownShare',
      decimals: 6,
      values: underwater(index.start, index.level, isShare),
    },
    { name: 'day.margin', decimals: 5, values: share((one) => one.initialMarginMicros / 1e6) },
    {
      name: 'day.maintenance',
      decimals: 5,
      values: share((one) => one.maintenanceMarginMicros / 1e6),
    },
    { name: 'day.gross', decimals: 4, values: share((one) => one.grossNotional) },
    { name: 'day.net', decimals: 4, values: share((one) => one.netNotional) },
    { name: 'day.contracts', values: contractsHeld(run, daily) },
    ...programmeColumns(run, daily),
  ];
}

/** The capital and what holding one contract of each product gained; NaN where that is not known. */
function benchmarkEquity(run: RunData, daily: DailySeries): Float64Array {
  const gained = benchmarkOf(run);
  if (gained === null) return new Float64Array(daily.length).fill(NaN);
  return gained.map((units) => daily.capital + units);
}

/** Equity counted only at exits: an option of the chart, never the default, as it hides floating losses. */
function closedEquity(run: RunData, daily: DailySeries): Float64Array {
  const out = new Float64Array(daily.length);
  const rowOf = new Map(Array.from(daily.tradeDate, (date, d) => [date, d]));
  for (const trade of run.trades) {
    const d = rowOf.get(trade.exitTradeDate);
    if (!trade.isOpen && d !== undefined) out[d] = out[d]! + baseNet(trade);
  }
  let level = daily.capital;
  for (let d = 0; d < daily.length; d += 1) {
    level += out[d]!;
    out[d] = level;
  }
  return out;
}

function contractsHeld(run: RunData, daily: DailySeries): Float64Array {
  const out = new Float64Array(daily.length);
  const rowOf = new Map(Array.from(daily.tradeDate, (date, d) => [date, d]));
  for (const day of run.positions) {
    const d = rowOf.get(day.tradeDate);
    if (d !== undefined) out[d] = out[d]! + Math.abs(day.netQty);
  }
  return out;
}

function rollingColumns(daily: DailySeries, run: RunData): PackColumn[] {
  const root = Math.sqrt(DATES_PER_YEAR);
  const windows = [63, 252].flatMap((window): PackColumn[] => {
    const volatility = rolling(daily.returns, window, sampleDeviation).map((s) => s * root);
    const average = rolling(daily.returns, window, mean);
    return [
      {
        name: `day.sharpe${window}`,
        decimals: 4,
        values: volatility.map((s, d) => (s > 0 ? (average[d]! * DATES_PER_YEAR) / s : NaN)),
      },
      { name: `day.volatility${window}`, decimals: 6, values: volatility },
    ];
  });
  const closed = run.trades
    .filter((trade) => !trade.isOpen)
    .toSorted((a, b) => a.exitUs - b.exitUs);
  return [
    ...windows,
    {
      name: 'rolling.expectancy',
      decimals: 4,
      values: rolling(closed.map(baseNet), 50, mean),
    },
  ];
}

/** A figure over the last `window` values; NaN before there are so many. */
function rolling(
  values: ArrayLike<number>,
  window: number,
  of: (slice: ArrayLike<number>) => number,
): Float64Array {
  const column = Float64Array.from(values);
  return column.map((_, i) => (i + 1 < window ? NaN : of(column.subarray(i + 1 - window, i + 1))));
}

/** A tape, or the part of it that fits. `rows` null keeps all. */
export interface TapeSlice {
  readonly tape: PriceTape;
  readonly rows: Int32Array | null;
}

function tapeInfo({ tape, rows }: TapeSlice, run: RunData): TapeInfo {
  const kept = rows?.length ?? tape.closeUs.length;
  return {
    root: tape.root,
    interval: tape.interval,
    bars: kept,
    of: tape.closeUs.length,
    contracts: tape.contracts.map((one) => ({
      contract: one.contract,
      fromBar: rows === null ? one.fromBar : lowerBound(rows, one.fromBar),
    })),
    plots: plotNames(tape, run),
  };
}

export function lowerBound(values: ArrayLike<number>, wanted: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

function plotNames(tape: PriceTape, run: RunData): readonly string[] {
  return [...new Set(run.plots.filter((one) => one.root === tape.root).map((one) => one.name))];
}

function tapeColumns(slice: TapeSlice, index: number, run: RunData): PackColumn[] {
  const { tape, rows } = slice;
  const length = rows?.length ?? tape.closeUs.length;
  const [time, close, body, top, bottom] = Array.from(
    { length: 5 },
    () => new Float64Array(length),
  ) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  for (let i = 0; i < length; i += 1) {
    const row = rows === null ? i : rows[i]!;
    const [o, c] = [tape.open[row]!, tape.close[row]!];
    time[i] = Math.floor(tape.closeUs[row]! / 1e6);
    close[i] = c;
    body[i] = c - o;
    top[i] = tape.high[row]! - Math.max(o, c);
    bottom[i] = Math.min(o, c) - tape.low[row]!;
  }
  const decimals = isWhole(tape) ? 0 : 2;
  const name = (field: string): string => `tape${index}.${field}`;
  return [
    { name: name('time'), values: time },
    { name: name('close'), decimals, values: close },
    { name: name('body'), decimals, isPlain: true, values: body },
    { name: name('top'), decimals, isPlain: true, values: top },
    { name: name('bottom'), decimals, isPlain: true, values: bottom },
    ...levelColumns(tape, time, name, run),
    ...plotColumns(tape, time, name, run),
  ];
}

/** True when all four prices of all bars are whole counts, as on any market that trades on its grid. */
function isWhole(tape: PriceTape): boolean {
  for (const prices of [tape.open, tape.high, tape.low, tape.close]) {
    if (prices instanceof Int32Array) continue;
    for (let i = 0; i < prices.length; i += 1) if (!Number.isInteger(prices[i]!)) return false;
  }
  return true;
}

/** Working stops and targets as pieces: from bar, to bar, price in ticks. */
function levelColumns(
  tape: PriceTape,
  time: ArrayLike<number>,
  name: (field: string) => string,
  run: RunData,
): PackColumn[] {
  const pieces: { role: string; from: number; to: number; price: number }[] = [];
  const open = new Map<string, { at: number; price: number }>();
  const roles = new Map<string, string>();
  for (const level of run.levels) {
    if (level.root !== tape.root) continue;
    const bar = Math.min(lowerBound(time, level.tsUs / 1e6), Math.max(0, time.length - 1));
    const before = open.get(level.clOrdId);
    // Both ends clamped to the same edge: the piece lies outside the tape.
    const isInside = before !== undefined && (before.at < bar || time[bar] === level.tsUs / 1e6);
    if (isInside && Number.isFinite(before.price))
      pieces.push({ role: level.role, from: before.at, to: bar, price: before.price });
    open.set(level.clOrdId, { at: bar, price: level.priceTicks });
    roles.set(level.clOrdId, level.role);
  }
  // Still working at the end: to the last bar.
  const end = time.length - 1;
  for (const [id, { at, price }] of open)
    if (Number.isFinite(price) && at < end)
      pieces.push({ role: roles.get(id)!, from: at, to: end, price });
  return [
    { name: name('level.role'), values: pieces.map((one) => (one.role === 'stop' ? 1 : 2)) },
    { name: name('level.from'), values: pieces.map((one) => one.from) },
    { name: name('level.to'), values: pieces.map((one) => one.to) },
    { name: name('level.price'), decimals: 2, values: pieces.map((one) => one.price) },
  ];
}

function plotColumns(
  tape: PriceTape,
  time: ArrayLike<number>,
  name: (field: string) => string,
  run: RunData,
): PackColumn[] {
  return plotNames(tape, run).flatMap((plot, index) => {
    const last = (time[time.length - 1] ?? -Infinity) * 1e6;
    const rows = run.plots.filter(
      (one) => one.root === tape.root && one.name === plot && one.tsUs <= last,
    );
    return [
      {
        name: name(`plot${index}.bar`),
        values: rows.map((one) => Math.min(lowerBound(time, one.tsUs / 1e6), time.length - 1)),
      },
      { name: name(`plot${index}.value`), decimals: 6, values: rows.map((one) => one.value) },
    ];
  });
}
