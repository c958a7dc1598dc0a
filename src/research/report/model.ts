/** What the report page gets: the summary as it is, tables, and packed columns. The page formats; it computes no figure. */
import type { DailySeries } from '../daily.ts';
import { indexCurve, moneyCurve, toDailySeries, underwater } from '../daily.ts';
import { DATES_PER_YEAR, baseNet } from '../metrics.ts';
import type { MetricDef } from '../metric-defs.ts';
import { HEADLINE_KEYS, METRIC_DEFS } from '../metric-defs.ts';
import type { PriceTape, RunData } from '../run-data.ts';
import type { RunManifest, RunSummary } from '../run-format.ts';
import { mean, sampleDeviation } from '../stats.ts';
import { summarise } from '../summary.ts';
import { tradeViewRows } from '../trades-view.ts';
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
  column,
  drawdownTable,
  extremeDatesTable,
  histogramOf,
  instrumentTables,
  issueTables,
  orderTable,
  periodRows,
  rollTable,
  sidesTable,
  timeTables,
  weekdayTable,
} from './sections.ts';

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
  /** Session segments by session group, for the table by session. */
  readonly segments?: Readonly<Record<string, readonly SessionSegment[]>>;
}

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
  readonly theme: Theme;
  readonly candles: 'blue-orange' | 'green-red';
  readonly metricDefs: readonly MetricDef[];
  readonly headline: readonly string[];
  readonly years: readonly YearRow[];
  readonly tables: Readonly<Record<string, readonly ReportTable[]>>;
  readonly histograms: readonly Histogram[];
  readonly tradeColumns: readonly TableColumnDef[];
  readonly tradeCounts: { readonly flat: number; readonly fifo: number };
  readonly tapes: readonly TapeInfo[];
  /** Why the price chart lacks bars; empty when it has all. */
  readonly priceNote: string;
  readonly columns: Packed['columns'];
}

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
];

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
  const summary = run.summary ?? summarise(run, null, { random: null });
  const flat = tradeViewRows(run, 'flat');
  const fifo = tradeViewRows(run, 'fifo');
  const packed = packColumns([
    ...dailyColumns(run, daily),
    ...rollingColumns(daily, run),
    ...tradeColumns('flat', flat),
    ...tradeColumns('fifo', fifo),
    ...prices.tapes.flatMap((tape, index) => tapeColumns(tape, index, run)),
  ]);
  const closed = flat.filter((row) => !row.open);
  const model: ReportModel = {
    schema: 'frontmonth.report/1',
    summary,
    manifest: run.manifest,
    labels: [
      ...(summary.isSynthetic ? ['SYNTHETIC DATA'] : []),
      ...(options.label === undefined ? [] : [options.label]),
      ...(run.manifest.outcome === 'completed' ? [] : [run.manifest.outcome.toUpperCase()]),
    ],
    theme: options.theme ?? 'auto',
    candles: options.candles ?? 'blue-orange',
    metricDefs: METRIC_DEFS,
    headline: HEADLINE_KEYS,
    years: periodRows(daily),
    tables: {
      periods: [weekdayTable(daily), extremeDatesTable(daily)],
      drawdowns: [drawdownTable(daily, run.trades)],
      trades: [sidesTable(run)],
      time: timeTables(run, options.segments ?? {}),
      instruments: instrumentTables(run, daily),
      rolls: [rollTable(run)],
      'how-sure': [ambiguityTable(run)],
      data: [...issueTables(run), orderTable(run)],
    },
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
    tradeColumns: TRADE_COLUMNS.map(({ key, label, kind }) => ({ key, label, kind })),
    tradeCounts: { flat: flat.length, fifo: fifo.length },
    tapes: prices.tapes.map((slice) => tapeInfo(slice, run)),
    priceNote: prices.note,
    columns: packed.columns,
  };
  return { model, packed };
}

function tradeColumns(prefix: string, rows: readonly object[]): PackColumn[] {
  return TRADE_COLUMNS.map(({ key, decimals }) => {
    const values = rows.map((row) => (row as Record<string, number | string | boolean>)[key]!);
    const isText = typeof values[0] === 'string';
    return {
      name: `${prefix}.${key}`,
      decimals: decimals ?? 0,
      values: isText ? (values as string[]) : values.map(Number),
    };
  });
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
  ];
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
  const pick = (values: ArrayLike<number>): Float64Array =>
    rows === null ? Float64Array.from(values) : Float64Array.from(rows, (row) => values[row]!);
  const time = pick(tape.closeUs).map((us) => Math.floor(us / 1e6));
  const [open, high, low, close] = [tape.open, tape.high, tape.low, tape.close].map(pick) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const decimals = tape.close instanceof Int32Array ? 0 : 2;
  const name = (field: string): string => `tape${index}.${field}`;
  const top = high.map((value, i) => value - Math.max(open[i]!, close[i]!));
  const bottom = low.map((value, i) => Math.min(open[i]!, close[i]!) - value);
  return [
    { name: name('time'), values: time },
    { name: name('close'), decimals, values: close },
    {
      name: name('body'),
      decimals,
      isPlain: true,
      values: close.map((value, i) => value - open[i]!),
    },
    { name: name('top'), decimals, isPlain: true, values: top },
    { name: name('bottom'), decimals, isPlain: true, values: bottom },
    ...levelColumns(tape, time, name, run),
    ...plotColumns(tape, time, name, run),
  ];
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
  for (const level of run.levels) {
    if (level.root !== tape.root) continue;
    const bar = Math.min(lowerBound(time, level.tsUs / 1e6), Math.max(0, time.length - 1));
    const before = open.get(level.clOrdId);
    if (before !== undefined && Number.isFinite(before.price))
      pieces.push({ role: level.role, from: before.at, to: bar, price: before.price });
    open.set(level.clOrdId, { at: bar, price: level.priceTicks });
  }
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
    const rows = run.plots.filter((one) => one.root === tape.root && one.name === plot);
    return [
      {
        name: name(`plot${index}.bar`),
        values: rows.map((one) => Math.min(lowerBound(time, one.tsUs / 1e6), time.length - 1)),
      },
      { name: name(`plot${index}.value`), decimals: 6, values: rows.map((one) => one.value) },
    ];
  });
}
