/** Tables of the report that are computed once and printed as they are: rows of plain values with a kind per column. */
import { parseTradeDate, toCivilDate, weekdayOf } from '../../core/trade-date.ts';
import type { TradeDate } from '../../core/units.ts';
import type { DailySeries } from '../daily.ts';
import { drawdownsOf, indexCurve, moneyCurve, underwater } from '../daily.ts';
import { metricDef } from '../metric-defs.ts';
import { baseMicros, lengthInDates, lengthInDays, fillTotals } from '../metrics.ts';
import { TICK_NOISE } from '../data-notes.ts';
import { reasonWords } from '../explain/words.ts';
import type { RunData } from '../run-data.ts';
import { instrumentsByRoot } from '../run-data.ts';
import type { Metrics, RunSummary } from '../run-format.ts';
import { covariance, mean, sampleDeviation, sum } from '../stats.ts';
import { ratesOf } from '../summary.ts';
import type { TradeRow } from '../tables.ts';

/** `price` and `time` use decimals and zone of the row's instrument, which the column `root` names. */
export type CellKind =
  | 'text'
  | 'count'
  | 'money'
  | 'amount'
  | 'share'
  | 'ratio'
  | 'ticks'
  | 'price'
  | 'time'
  | 'date'
  | 'duration'
  | 'flag';
export interface TableColumnDef {
  readonly key: string;
  readonly label: string;
  readonly kind: CellKind;
}
export type Cell = string | number | boolean | null;
export interface ReportTable {
  readonly id: string;
  readonly title: string;
  readonly columns: readonly TableColumnDef[];
  readonly rows: readonly (readonly Cell[])[];
  readonly note?: string;
  /** Rows lead to a chart: a moment (`at`: a time or date column) of the instrument in `root`, or the span of a drawdown. */
  readonly link?:
    | { readonly kind: 'price'; readonly at: 'time' | 'date' }
    | { readonly kind: 'span' };
}

export function column(key: string, label: string, kind: CellKind): TableColumnDef {
  return { key, label, kind };
}

function cell(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

export interface YearRow {
  readonly year: number;
  /** Money of each month, whole units; null where the month has no trade date. */
  readonly months: readonly (number | null)[];
  readonly returns: readonly (number | null)[];
  readonly total: number;
  readonly totalReturn: number | null;
}

/** Months and years of profit and return. Σ months = Σ P exactly in millionths. */
export function periodRows(daily: DailySeries): readonly YearRow[] {
  const years = new Map<number, { micros: (number | null)[]; growth: number[] }>();
  for (let d = 0; d < daily.length; d += 1) {
    const { year, month } = toCivilDate(daily.tradeDate[d]! as TradeDate);
    const row = years.get(year) ?? { micros: Array(12).fill(null), growth: Array(12).fill(NaN) };
    years.set(year, row);
    const isFixed = daily.returnBase === 'fixed';
    const before = row.growth[month - 1]!;
    const start = Number.isNaN(before) && row.micros[month - 1] === null ? 1 : before;
    row.growth[month - 1] = isFixed ? start + daily.returns[d]! : start * (1 + daily.returns[d]!);
    row.micros[month - 1] = (row.micros[month - 1] ?? 0) + daily.pnlMicros[d]!;
  }
  return [...years].map(([year, row]) => {
    const known = row.growth.filter((_, month) => row.micros[month] !== null);
    const growth =
      daily.returnBase === 'fixed'
        ? sum(known.map((one) => one - 1))
        : known.reduce((product, one) => product * one, 1) - 1;
    return {
      year,
      months: row.micros.map((micros) => (micros === null ? null : micros / 1e6)),
      returns: row.growth.map((one) => cell(one - 1)),
      total: sum(row.micros.map((micros) => micros ?? 0)) / 1e6,
      totalReturn: cell(growth),
    };
  });
}

/** Figures of the two parts of a run side by side; the others stand in the summary. */
const SAMPLE_COLUMNS = [
  'netProfit',
  'annualReturn',
  'volatility',
  'sharpe',
  'sortino',
  'maxDrawdown',
  'maxDrawdownShare',
  'closedTrades',
  'hitRate',
  'profitFactor',
  'expectancy',
  'tradeT',
];

/** Figures before and from the out-of-sample date; empty where the run has one part only. */
export function sampleTables(summary: RunSummary, daily: DailySeries): readonly ReportTable[] {
  const samples = summary.samples ?? null;
  if (samples === null) return [];
  const from = parseTradeDate(samples.outOfSampleFrom);
  const dates = Array.from(daily.tradeDate);
  const row = (label: string, own: readonly number[], metrics: Metrics): Cell[] => [
    label,
    own[0]!,
    own.at(-1)!,
    own.length,
    ...SAMPLE_COLUMNS.map((key) => metrics[key]?.value ?? null),
  ];
  return [
    {
      id: 'samples',
      title: 'In and out of sample',
      columns: [
        column('part', 'Part', 'text'),
        column('from', 'From', 'date'),
        column('to', 'To', 'date'),
        column('dates', 'Dates', 'count'),
        ...SAMPLE_COLUMNS.map((key) => {
          const { label, kind } = metricDef(key);
          return column(key, label, kind === 'days' ? 'count' : kind);
        }),
      ],
      rows: [
        row(
          'in sample',
          dates.filter((date) => date < from),
          samples.inSample,
        ),
        row(
          'out of sample',
          dates.filter((date) => date >= from),
          samples.outOfSample,
        ),
      ],
      note: 'A date belongs to the part that it lies in, a trade to the part in which it was entered. Percentages of the second part are of the equity at its start.',
    },
  ];
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

export function weekdayTable(daily: DailySeries): ReportTable {
  const groups = WEEKDAYS.map((name, weekday) => {
    const pnl = Array.from(daily.pnl).filter(
      (_, d) => weekdayOf(daily.tradeDate[d]! as TradeDate) === weekday,
    );
    return { name, pnl };
  }).filter((group) => group.pnl.length > 0);
  return {
    id: 'weekdays',
    title: 'By weekday of the trade date',
    columns: [
      column('weekday', 'Weekday', 'text'),
      column('dates', 'Dates', 'count'),
      column('net', 'Net', 'money'),
      column('mean', 'Mean a date', 'money'),
      column('winning', 'Winning', 'share'),
    ],
    rows: groups.map(({ name, pnl }) => [
      name,
      pnl.length,
      sum(pnl),
      mean(pnl),
      pnl.filter((value) => value > 0).length / pnl.length,
    ]),
  };
}

/** Each date names the instrument that gave most of it, where the link leads. */
export function extremeDatesTable(run: RunData, daily: DailySeries): ReportTable {
  const order = Array.from(daily.pnl.keys()).toSorted((a, b) => daily.pnl[b]! - daily.pnl[a]!);
  const best = order.slice(0, 5).map((d) => ['best', d] as const);
  const worst = order.slice(Math.max(5, order.length - 5)).toReversed();
  const rows = [...best, ...worst.map((d) => ['worst', d] as const)];
  const parts = [...instrumentPnl(run, daily)];
  const mainPart = (d: number): readonly [string, number] => {
    const sign = Math.sign(daily.pnl[d]!);
    const [root, values] = parts.reduce((top, one) =>
      one[1][d]! * sign > top[1][d]! * sign ? one : top,
    );
    return [root, values[d]!];
  };
  return {
    id: 'extreme-dates',
    title: 'Best and worst five dates',
    columns: [
      column('kind', 'Kind', 'text'),
      column('date', 'Trade date', 'date'),
      column('net', 'Net', 'money'),
      column('return', 'Return', 'share'),
      column('root', 'Most from', 'text'),
      column('part', 'Its net', 'money'),
    ],
    rows: rows.map(([kind, d]) => [
      kind,
      daily.tradeDate[d]!,
      daily.pnl[d]!,
      cell(daily.returns[d]!),
      ...(parts.length === 0 ? [null, null] : mainPart(d)),
    ]),
    link: { kind: 'price', at: 'date' },
  };
}

/** The ten deepest drawdowns of settled equity. */
export function drawdownTable(daily: DailySeries, trades: readonly TradeRow[]): ReportTable {
  const money = moneyCurve(daily);
  const index = indexCurve(daily);
  const shares = underwater(index.start, index.level, daily.returnBase === 'equity');
  const deepest = drawdownsOf(money.start, money.level)
    .toSorted((a, b) => b.depth - a.depth)
    .slice(0, 10);
  return {
    id: 'drawdowns-table',
    title: 'Ten deepest drawdowns',
    columns: [
      column('rank', '#', 'count'),
      column('peak', 'Peak', 'date'),
      column('trough', 'Trough', 'date'),
      column('recovery', 'Recovery', 'date'),
      column('depth', 'Depth', 'amount'),
      column('share', 'Depth %', 'share'),
      column('dates', 'Trade dates', 'count'),
      column('days', 'Calendar days', 'count'),
      column('trades', 'Trades inside', 'count'),
    ],
    rows: deepest.map((one, rank) => {
      const first = daily.tradeDate[Math.max(0, one.peak)]!;
      const last = daily.tradeDate[one.recovery >= 0 ? one.recovery : daily.length - 1]!;
      const span = shares.subarray(
        Math.max(0, one.peak),
        one.recovery >= 0 ? one.recovery + 1 : undefined,
      );
      return [
        rank + 1,
        one.peak < 0 ? 'start' : first,
        daily.tradeDate[one.trough]!,
        one.recovery < 0 ? 'not recovered' : last,
        one.depth,
        cell(span.reduce((top, value) => Math.max(top, value), 0)),
        lengthInDates(one, daily.length),
        lengthInDays(one, daily),
        trades.filter((trade) => trade.exitTradeDate > first && trade.exitTradeDate <= last).length,
      ];
    }),
    note: 'Length from peak to recovery, or to the last date while it is open. The number zooms all daily charts to the drawdown.',
    link: { kind: 'span' },
  };
}

const GROUP_COLUMNS: readonly TableColumnDef[] = [
  column('trades', 'Trades', 'count'),
  column('net', 'Net', 'money'),
  column('mean', 'Mean', 'money'),
  column('hit', 'Hit rate', 'share'),
  column('ticks', 'Gross ticks per contract', 'ratio'),
];

function groupCells(trades: readonly TradeRow[]): Cell[] {
  const net = trades.map((trade) => baseMicros(trade.netMicros, trade.rate) / 1e6);
  const contracts = sum(trades.map((trade) => trade.entryQty));
  const ticks = sum(trades.map((trade) => trade.grossTicksPerContract * trade.entryQty));
  const isOneProduct = new Set(trades.map((trade) => trade.root)).size === 1;
  return [
    trades.length,
    sum(net),
    cell(mean(net)),
    cell(net.filter((value) => value > 0).length / net.length),
    isOneProduct ? cell(ticks / contracts) : null,
  ];
}

/** Named stretches of a session group's day, minutes from local midnight; `to` is exclusive. */
export interface SessionSegment {
  readonly name: string;
  /** Default: the zone of the instrument. */
  readonly zone?: string;
  readonly from: number;
  readonly to: number;
}

function localPartsOf(zone: string): (tsUs: number) => { minute: number; weekday: string } {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    weekday: 'long',
    hour: '2-digit',
    minute: '2-digit',
  });
  return (tsUs) => {
    const parts = Object.fromEntries(
      format.formatToParts(Math.floor(tsUs / 1000)).map((part) => [part.type, part.value]),
    );
    return {
      minute: Number(parts['hour']) * 60 + Number(parts['minute']),
      weekday: parts['weekday'] ?? '',
    };
  };
}

/** Names the segment that a moment falls into; '' where the session group has none. */
export function segmentReader(
  run: RunData,
  segments: Readonly<Record<string, readonly SessionSegment[]>>,
): (root: string, tsUs: number) => string {
  const instruments = instrumentsByRoot(run.manifest);
  const readers = new Map<string, ReturnType<typeof localPartsOf>>();
  return (root, tsUs) => {
    const list = segments[root] ?? segments[instruments.get(root)?.sessionGroup ?? ''] ?? [];
    if (list.length === 0) return '';
    const zone = list[0]!.zone ?? instruments.get(root)!.zone;
    if (!readers.has(zone)) readers.set(zone, localPartsOf(zone));
    const { minute } = readers.get(zone)!(tsUs);
    return list.find((one) => minute >= one.from && minute < one.to)?.name ?? 'ETH';
  };
}

/** By half hour of entry in exchange time, by weekday of entry, and by session segment where segments are given. */
export function timeTables(
  run: RunData,
  segments: Readonly<Record<string, readonly SessionSegment[]>>,
): readonly ReportTable[] {
  const segmentOf = segmentReader(run, segments);
  const readers = new Map(
    run.manifest.instruments.map((one) => [one.root, localPartsOf(one.zone)]),
  );
  const halves = new Map<string, TradeRow[]>();
  const days = new Map<string, TradeRow[]>();
  const named = new Map<string, TradeRow[]>();
  for (const trade of run.trades) {
    const reader = readers.get(trade.root);
    if (trade.isOpen || reader === undefined) continue;
    const { minute, weekday } = reader(trade.entryUs);
    const half = Math.floor(minute / 30) * 30;
    push(halves, `${clock(half)}–${clock(half + 30)}`, trade);
    push(days, weekday, trade);
    const segment = segmentOf(trade.root, trade.entryUs);
    if (segment !== '') push(named, segment, trade);
  }
  const zones = [...new Set(run.manifest.instruments.map((one) => one.zone))].join(', ');
  const isLabelled = run.manifest.datasets.some((one) => one.stamps === 'labels');
  const table = (
    id: string,
    title: string,
    label: string,
    groups: Map<string, TradeRow[]>,
    order: (a: string, b: string) => number,
  ): ReportTable => ({
    id,
    title,
    columns: [column('group', label, 'text'), ...GROUP_COLUMNS],
    rows: [...groups]
      .toSorted((a, b) => order(a[0], b[0]))
      .map(([name, trades]) => [name, ...groupCells(trades)]),
    note: isLabelled
      ? 'Entry by the labels of the data, which are no instants: no time of day is meant.'
      : `Entry time in exchange time (${zones}).`,
  });
  const byName = (a: string, b: string): number => (a < b ? -1 : 1);
  const tables = [
    table('half-hours', 'By half hour of entry', 'Entry', halves, byName),
    table(
      'entry-weekdays',
      'By weekday of entry',
      'Weekday',
      days,
      (a, b) => WEEKDAYS.indexOf(a) - WEEKDAYS.indexOf(b),
    ),
  ];
  if (named.size > 0)
    tables.push({
      ...table('segments', 'By session of entry', 'Session', named, byName),
      note: 'RTH: the window of regular hours in common use for the product; ETH: the rest of its session. Entries on shortened holiday sessions are named by the clock too.',
    });
  return tables;
}

function clock(minutes: number): string {
  const hour = Math.floor(minutes / 60) % 24;
  return `${String(hour).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

function push<T>(groups: Map<string, T[]>, key: string, value: T): void {
  const list = groups.get(key);
  if (list === undefined) groups.set(key, [value]);
  else list.push(value);
}

/** Daily profit per instrument in base units, aligned to the trade dates of the run. */
export function instrumentPnl(run: RunData, daily: DailySeries): ReadonlyMap<string, Float64Array> {
  const rowOf = new Map(Array.from(daily.tradeDate, (date, d) => [date, d]));
  const out = new Map(
    run.manifest.instruments.map((one) => [one.root, new Float64Array(daily.length)]),
  );
  for (const day of run.positions) {
    const d = rowOf.get(day.tradeDate);
    const values = out.get(day.root);
    if (d !== undefined && values !== undefined)
      values[d] = values[d]! + baseMicros(day.pnlMicros, day.rate) / 1e6;
  }
  return out;
}

export function instrumentTables(run: RunData, daily: DailySeries): readonly ReportTable[] {
  const pnl = instrumentPnl(run, daily);
  const variance = covariance(daily.pnl, daily.pnl);
  const rates = ratesOf(run);
  const rows = run.manifest.instruments.map((one): Cell[] => {
    const values = pnl.get(one.root)!;
    const days = run.positions.filter((day) => day.root === one.root);
    const sides = fillTotals(
      { fills: run.fills, instruments: run.manifest.instruments, rates },
      one.root,
    ).sides;
    const trades = run.trades.filter((trade) => trade.root === one.root);
    const netTicks = sum(trades.map((trade) => trade.netMicros / 1e6 / one.tickValue));
    return [
      one.root,
      one.name,
      trades.length,
      sides,
      sum(days.map((day) => baseMicros(day.pnlMicros, day.rate))) / 1e6,
      cell(netTicks / sum(trades.map((trade) => trade.entryQty))),
      cell(sampleDeviation(values)),
      variance > 0 ? cell(covariance(values, daily.pnl) / variance) : null,
      cell(covariance(values, daily.pnl) / (sampleDeviation(values) * Math.sqrt(variance))),
    ];
  });
  return [
    {
      id: 'instrument-table',
      title: 'Instruments',
      columns: [
        column('root', 'Instrument', 'text'),
        column('name', 'Name', 'text'),
        column('trades', 'Trades', 'count'),
        column('sides', 'Contract sides', 'count'),
        column('net', 'Net', 'money'),
        column('ticks', 'Net ticks per contract', 'ratio'),
        column('deviation', 'Deviation a day', 'amount'),
        column('risk', 'Share of risk', 'share'),
        column('correlation', 'Correlation with the total', 'ratio'),
      ],
      rows,
      note: 'Share of risk: covariance of its daily profit with the total ÷ variance of the total.',
    },
    contractTable(run),
    ...(run.manifest.instruments.length > 1 ? [correlationTable(pnl)] : []),
  ];
}

function contractTable(run: RunData): ReportTable {
  const byContract = new Map<string, (typeof run.positions)[number][]>();
  for (const day of run.positions) push(byContract, day.contract, day);
  return {
    id: 'contract-table',
    title: 'Contracts',
    columns: [
      column('root', 'Instrument', 'text'),
      column('contract', 'Contract', 'text'),
      column('first', 'First date', 'date'),
      column('last', 'Last date', 'date'),
      column('held', 'Dates held', 'count'),
      column('sides', 'Contract sides', 'count'),
      column('net', 'Net', 'money'),
      column('fees', 'Fees', 'amount'),
    ],
    rows: [...byContract.values()].map((days) => [
      days[0]!.root,
      days[0]!.contract,
      days[0]!.tradeDate,
      days.at(-1)!.tradeDate,
      days.filter((day) => day.netQty !== 0).length,
      sum(days.map((day) => day.tradedQty)),
      sum(days.map((day) => baseMicros(day.pnlMicros, day.rate))) / 1e6,
      sum(days.map((day) => baseMicros(day.feesMicros, day.rate))) / 1e6,
    ]),
  };
}

function correlationTable(pnl: ReadonlyMap<string, Float64Array>): ReportTable {
  const roots = [...pnl.keys()];
  const deviation = new Map(roots.map((root) => [root, sampleDeviation(pnl.get(root)!)]));
  return {
    id: 'correlations',
    title: 'Correlation of daily profit',
    columns: [
      column('root', 'Instrument', 'text'),
      ...roots.map((root) => column(`with-${root}`, root, 'ratio')),
    ],
    rows: roots.map((a) => [
      a,
      ...roots.map((b) =>
        cell(covariance(pnl.get(a)!, pnl.get(b)!) / (deviation.get(a)! * deviation.get(b)!)),
      ),
    ]),
  };
}

export function rollTable(run: RunData): ReportTable {
  const instruments = instrumentsByRoot(run.manifest);
  return {
    id: 'roll-table',
    title: 'Every roll',
    columns: [
      column('root', 'Instrument', 'text'),
      column('date', 'Trade date', 'date'),
      column('time', 'Effective', 'time'),
      column('from', 'From', 'text'),
      column('to', 'To', 'text'),
      column('fromPrice', 'From price', 'price'),
      column('toPrice', 'To price', 'price'),
      column('gap', 'Gap', 'price'),
      column('qty', 'Position', 'count'),
      column('cost', 'Cost', 'amount'),
      column('orders', 'Orders re-created', 'count'),
      column('policy', 'Policy', 'text'),
      column('reason', 'Why', 'text'),
    ],
    rows: run.rolls.map((roll) => {
      const tick = instruments.get(roll.root)?.tickSize ?? NaN;
      return [
        roll.root,
        roll.tradeDate,
        roll.effectiveUs,
        roll.from,
        roll.to,
        cell(roll.fromPriceTicks * tick),
        cell(roll.toPriceTicks * tick),
        cell((roll.toPriceTicks - roll.fromPriceTicks) * tick),
        roll.netQty,
        roll.costMicros / 1e6,
        roll.ordersRecreated,
        roll.policy,
        roll.reason + (roll.isInferred ? ' (a price was carried forward)' : ''),
      ];
    }),
    note: run.manifest.instruments
      .map((one) => `${one.root}: ${run.manifest.rollRules[one.root] ?? 'no rule recorded'}`)
      .join('; '),
  };
}

/** The ten groups with most at stake. */
export function ambiguityTable(run: RunData): ReportTable {
  const instruments = instrumentsByRoot(run.manifest);
  const rates = ratesOf(run);
  const rows = run.ambiguities.map((one) => {
    const value = instruments.get(one.root)?.tickValue ?? NaN;
    return { one, stake: one.stakeTicks * one.qty * value * (rates.get(one.root) ?? 1) };
  });
  const worst = rows.toSorted((a, b) => b.stake - a.stake).slice(0, 10);
  return {
    id: 'ambiguity-table',
    title: 'Ten ambiguous groups with most at stake',
    columns: [
      column('root', 'Instrument', 'text'),
      column('contract', 'Contract', 'text'),
      column('time', 'Bar close', 'time'),
      column('group', 'Group', 'text'),
      column('policy', 'Policy', 'text'),
      column('qty', 'Quantity', 'count'),
      column('ticks', 'Between best and worst, ticks', 'ticks'),
      column('stake', 'At stake', 'amount'),
    ],
    rows: worst.map(({ one, stake }) => [
      one.root,
      one.contract,
      one.barCloseUs,
      one.groupId,
      one.policy,
      one.qty,
      one.stakeTicks,
      cell(stake),
    ]),
    note: 'Bounds hold for each group, not for the path of the whole run.',
    link: { kind: 'price', at: 'time' },
  };
}

export function issueTables(run: RunData): readonly ReportTable[] {
  return [
    {
      id: 'issue-table',
      title: 'Problems by code',
      columns: [
        column('severity', 'Severity', 'text'),
        column('code', 'Code', 'text'),
        column('count', 'Count', 'count'),
        column('first', 'First', 'text'),
      ],
      rows: run.issues.map((group) => [
        group.severity,
        group.code,
        group.count,
        group.first[0]?.message ?? '',
      ]),
    },
    {
      id: 'dataset-table',
      title: 'Data sets',
      columns: [
        column('name', 'Data set', 'text'),
        column('checksum', 'Checksum of what was read', 'text'),
        column('intervals', 'Intervals', 'text'),
        column('volume', 'Volume', 'text'),
        column('stamps', 'Stamps', 'text'),
        column('grid', 'On grid', 'flag'),
        column('synthetic', 'Synthetic', 'flag'),
        column('source', 'Source', 'text'),
      ],
      rows: run.manifest.datasets.map((one) => [
        one.name,
        one.checksum.slice(0, 16),
        one.intervals.join(' '),
        one.volume,
        one.stamps,
        one.isOnGrid,
        one.isSynthetic,
        one.source,
      ]),
    },
  ];
}

/** What the data made the simulation assume: prices off the grid, volume, placeholder sessions. */
export function assumptionTable(run: RunData): ReportTable {
  const rounded = run.fills.filter((fill) => Math.abs(fill.roundedTicks) > TICK_NOISE);
  const unsure = run.fills.filter((fill) => !fill.isCertain);
  const unknown = run.manifest.datasets.filter((one) => one.volume !== 'known');
  const carried = run.rolls.filter((roll) => roll.isInferred);
  const settled = new Map<string, number>();
  for (const day of run.positions)
    settled.set(day.settleSource, (settled.get(day.settleSource) ?? 0) + 1);
  const rows: Cell[][] = [
    [
      'fills rounded to the tick against us',
      rounded.length,
      `${sum(rounded.map((fill) => Math.abs(fill.roundedTicks))).toFixed(2)} ticks together`,
    ],
    ['fills that the data do not prove', unsure.length, `policy ${run.manifest.fillPolicy}`],
    [
      'data sets with unknown volume',
      unknown.length,
      unknown.length === 0
        ? 'none'
        : `${unknown.map((one) => `${one.name}: ${one.volume}`).join(', ')}; fills are not capped by volume`,
    ],
    ['rolls with a price carried forward', carried.length, ''],
    ...[...settled].map(([source, days]) => [
      'position days marked at',
      days,
      source === '' ? 'not recorded' : source,
    ]),
    ...accountRows(run),
  ];
  return {
    id: 'assumption-table',
    title: 'What the data left open',
    columns: [
      column('what', 'What', 'text'),
      column('count', 'Count', 'count'),
      column('detail', 'Detail', 'text'),
    ],
    rows,
  };
}

/** Where margins came from, where the run was given some, and what the account closed by itself. */
function accountRows(run: RunData): Cell[][] {
  const rows: Cell[][] = [];
  const margins = run.manifest.config['margins'] as { readonly file?: string } | undefined;
  if (margins?.file !== undefined)
    rows.push(['margin levels by date', '', margins.file.split(/[\\/]/).at(-1)!]);
  for (const tag of ['liquidation', 'forced-flat']) {
    const count = run.fills.filter((fill) => fill.tag === tag).length;
    if (count > 0) rows.push(['fills of orders that the account sent', count, tag]);
  }
  return rows;
}

/** Orders that did not reach the market or were refused there, and all by status. */
export function orderTable(run: RunData): ReportTable {
  const groups = new Map<string, number>();
  for (const order of run.orders) {
    const key = `${order.status}\t${order.reason}`;
    groups.set(key, (groups.get(key) ?? 0) + 1);
  }
  const inWords = (key: string): string => reasonWords(key.split('\t')[1]!) ?? '';
  return {
    id: 'order-table',
    title: 'Orders by status and reason',
    columns: [
      column('status', 'Status', 'text'),
      column('reason', 'Reason', 'text'),
      column('count', 'Orders', 'count'),
      column('words', 'In words', 'text'),
    ],
    rows: [...groups]
      .toSorted((a, b) => b[1] - a[1])
      .map(([key, orders]) => [...key.split('\t'), orders, inWords(key)] as Cell[]),
  };
}

/** Counts of values in equal bins; edges has one more than counts. */
export interface Histogram {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

export function histogramOf(
  about: { readonly id: string; readonly title: string; readonly unit: string },
  values: readonly number[],
): Histogram {
  const known = values.filter(Number.isFinite);
  if (known.length === 0) return { ...about, edges: [], counts: [] };
  const low = known.reduce((a, b) => Math.min(a, b));
  const high = known.reduce((a, b) => Math.max(a, b));
  const step = niceStep((high - low) / 24);
  const first = Math.floor(low / step);
  const bins = Math.floor(high / step) - first + 1;
  const counts = new Array<number>(bins).fill(0);
  for (const value of known) counts[Math.min(bins - 1, Math.floor(value / step) - first)]! += 1;
  const edges = Array.from({ length: bins + 1 }, (_, i) => (first + i) * step);
  return { ...about, edges, counts };
}

function niceStep(raw: number): number {
  if (!(raw > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const lead = raw / power;
  return (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * power;
}
