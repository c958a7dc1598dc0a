/** How orders match on bars, from a run's configuration: options of the bar venue, and what it reads from the catalog. */
import type { BarColumns, BarInterval, QuoteBarColumns, TradeColumns } from '../core/bars.ts';
import { intervalUs } from '../core/bars.ts';
import type { ContractId, ContractTable } from '../core/instrument.ts';
import type { SettlementPrices } from '../core/money/account-rules.ts';
import type { TradingCalendar } from '../core/ports.ts';
import type { TsUs } from '../core/units.ts';
import type { Dataset } from '../data/catalog.ts';
import type { SegmentEntry } from '../data/manifest.ts';
import type { BarExchangeOptions, FinerBars, QuoteBarSource } from '../sim/bar-options.ts';
import type { TradeDateAt } from '../sim/fee-model.ts';
import type { BarFillConfig } from './define-config.ts';

const US_PER_MS = 1000;
const US_PER_MINUTE = 60_000_000;

/** What bar matching needs of a planned run. */
export interface BarFillInput {
  readonly config: BarFillConfig;
  /** Finer data replace a bar: the policy is `drilldown`, for the headline and for its bounds. */
  readonly isDrilldown: boolean;
  readonly dataset: Dataset;
  readonly table: ContractTable;
  /** By row of the table's instruments. */
  readonly calendars: readonly TradingCalendar[];
  /** Official prices of the account, and the trade date of a moment; null without prices. */
  readonly settlements: SettlementPrices | null;
  readonly tradeDateAt: TradeDateAt;
}

/** Options of the bar venue. What is not configured keeps the venue's default. Errors: those of the venue. */
export function barOptionsOf(input: BarFillInput): Partial<BarExchangeOptions> {
  const { config, dataset, table, calendars } = input;
  const { latencyMs, openSlackMs, closeCutoffMinutes, participation, spreadByTime } = config;
  const calendarOf = (c: number): TradingCalendar => calendars[table.instrumentIndex[c]!]!;
  const plain = Object.fromEntries(
    PLAIN.map((key) => [key, config[key]] as const).filter(([, value]) => value !== undefined),
  );
  const isSampled = dataset.manifest.stamps === 'labels';
  return {
    ...plain,
    ...(participation === undefined
      ? {}
      : { participation: participation === 'all' ? Infinity : participation }),
    ...(latencyMs === undefined ? {} : { latencyUs: Math.round(latencyMs * US_PER_MS) }),
    ...(openSlackMs === undefined ? {} : { openSlackUs: Math.round(openSlackMs * US_PER_MS) }),
    ...(closeCutoffMinutes === undefined
      ? {}
      : {
          closeCutoffUs: Math.round(closeCutoffMinutes * US_PER_MINUTE),
          sessionCloseUs: (c: number, tsUs: number) => calendarOf(c).nextCloseUs(tsUs as TsUs),
        }),
    ...(input.settlements === null
      ? {}
      : { settlementTicks: settlementAt(input, input.settlements, calendarOf) }),
    ...(spreadByTime === undefined ? {} : { spreadAt: spreadAt(spreadByTime, table, calendarOf) }),
    ...(config.quoteBars === true ? { quoteBars: catalogQuotes(dataset, table) } : {}),
    ...(input.isDrilldown && !isSampled ? { finer: catalogFiner(dataset, table) } : {}),
  };
}

const PLAIN = [
  'touch',
  'gapImprove',
  'spreadTicks',
  'volumeOver',
  'maxSlipBeyondBarTicks',
  'fillOn',
  'postOnly',
  'protectionRest',
  'dailyLimitTicks',
] as const;

/** Official price of the trade date that ends with a close; NaN where another of its sessions follows. */
function settlementAt(
  { config, table, tradeDateAt }: BarFillInput,
  settlements: SettlementPrices,
  calendarOf: (c: number) => TradingCalendar,
): NonNullable<BarExchangeOptions['settlementTicks']> {
  const { atClose = 'settlement' } = config;
  const choiceOf = (root: string): string =>
    typeof atClose === 'string' ? atClose : (atClose[root] ?? atClose['default'] ?? 'settlement');
  const isOn = table.contracts.map(({ root }) => choiceOf(root) === 'settlement');
  return (c, closeUs) => {
    if (!isOn[c]!) return NaN;
    const inside = (closeUs - 1) as TsUs;
    const date = tradeDateAt(c, inside);
    const { closeUs: ends, length } = calendarOf(c).sessions(date, date);
    const isLast = length === 0 || closeUs >= ends[length - 1]!;
    return isLast ? settlements.daily(c, date) : NaN;
  };
}

/** The last entry whose time of day, in the exchange's zone, has come; before the first, the last of the day before. */
function spreadAt(
  byTime: NonNullable<BarFillConfig['spreadByTime']>,
  table: ContractTable,
  calendarOf: (c: number) => TradingCalendar,
): NonNullable<BarExchangeOptions['spreadAt']> {
  const rows = table.contracts.map(({ root }) =>
    (byTime[root] ?? byTime['default'] ?? [])
      .map(({ from, ticks }) => ({ minute: minuteOf(from), ticks }))
      .toSorted((a, b) => a.minute - b.minute),
  );
  return (c, openUs) => {
    const entries = rows[c]!;
    if (entries.length === 0) return NaN;
    const minute = calendarOf(c).localMinutes(openUs as TsUs);
    let found = entries[entries.length - 1]!;
    for (const entry of entries) if (entry.minute <= minute) found = entry;
    return found.ticks;
  };
}

function minuteOf(text: string): number {
  const [hours, minutes] = text.split(':').map(Number);
  return hours! * 60 + minutes!;
}

/** Segments that a drill-down or quote bars may read, so that a change of them changes the fingerprint of the run. */
export function besideSegments(
  dataset: Dataset,
  table: ContractTable,
  execution: Readonly<Record<string, BarInterval>>,
  isDrilldown: boolean,
  hasQuotes: boolean,
): SegmentEntry[] {
  const roots = new Map(table.contracts.map((contract) => [contract.id as string, contract.root]));
  return dataset.manifest.segments.filter(({ kind, contract, interval }) => {
    const root = roots.get(contract ?? '');
    if (root === undefined) return false;
    if (kind === 'quote-bars') return hasQuotes;
    if (!isDrilldown) return false;
    if (kind === 'trades') return true;
    const own = execution[root];
    if (kind !== 'bars' || interval === null || own === undefined) return false;
    return intervalUs(interval as BarInterval) < intervalUs(own);
  });
}

/**
 * Finer bars of the catalog, the next finer interval first, and trades where no bars are left. Reading goes forward: one
 * open source for each contract and interval, and a window of it in memory.
 */
export function catalogFiner(dataset: Dataset, table: ContractTable): FinerBars {
  const intervals = table.contracts.map(({ id }) => intervalsOf(dataset, id));
  const hasTrades = table.contracts.map(({ id }) => has(dataset, 'trades', id));
  const windows = new Map<string, BarWindow>();
  const windowOf = (c: number, key: string, open: BarWindow['open']): BarWindow => {
    const name = `${c} ${key}`;
    let found = windows.get(name);
    if (found === undefined) windows.set(name, (found = new BarWindow(open)));
    return found;
  };
  return {
    within(c, openUs, closeUs) {
      const contract = table.contractAt(c).id;
      for (const interval of intervals[c]!) {
        if (intervalUs(interval) >= closeUs - openUs) continue;
        const window = windowOf(c, interval, (from) =>
          dataset.bars({ contract, interval, from: from as TsUs }),
        );
        const found = window.read(openUs, closeUs);
        if (found !== null) return found;
      }
      if (!hasTrades[c]!) return null;
      const window = windowOf(c, 'trades', (from) =>
        asBars(dataset.trades({ contract, from: from as TsUs })),
      );
      return window.read(openUs, closeUs);
    },
  };
}

/** Coarsest first. */
function intervalsOf(dataset: Dataset, contract: ContractId): BarInterval[] {
  const own = dataset.manifest.segments.filter(
    (entry) => entry.kind === 'bars' && entry.contract === contract && entry.rows > 0,
  );
  return [...new Set(own.map((entry) => entry.interval as BarInterval))].sort(
    (a, b) => intervalUs(b) - intervalUs(a),
  );
}

function has(dataset: Dataset, kind: string, contract: ContractId): boolean {
  return dataset.manifest.segments.some(
    (entry) => entry.kind === kind && entry.contract === contract && entry.rows > 0,
  );
}

interface Source<C> {
  next(): C | null;
  close(): void;
}

/** Trades as samples: a bar of one price at one instant. */
function asBars(source: Source<TradeColumns>): Source<BarColumns> {
  return {
    next: () => {
      const batch = source.next();
      if (batch === null) return null;
      const { length, tsUs, price, qty } = batch;
      const prices = { open: price, high: price, low: price, close: price };
      return { length, openUs: tsUs, closeUs: tsUs, ...prices, volume: qty };
    },
    close: () => source.close(),
  };
}

/** Rows of a source that lie inside an interval, which moves forward; one that moves back opens the source again. */
class BarWindow {
  readonly open: (fromUs: number) => Source<BarColumns>;
  #source: Source<BarColumns> | null = null;
  #batch: BarColumns | null = null;
  #at: number = 0;
  #untilUs: number = -Infinity;
  #columns: MutableBars = newBars(64);

  constructor(open: (fromUs: number) => Source<BarColumns>) {
    this.open = open;
  }

  /** Valid until the next call; null where no row lies inside. */
  read(openUs: number, closeUs: number): BarColumns | null {
    if (this.#source === null || openUs < this.#untilUs) {
      this.#source?.close();
      this.#source = this.open(openUs);
      this.#batch = this.#source.next();
      this.#at = 0;
    }
    this.#untilUs = closeUs;
    let count = 0;
    for (;;) {
      if (this.#batch !== null && this.#at >= this.#batch.length) {
        this.#batch = this.#source.next();
        this.#at = 0;
      }
      const batch = this.#batch;
      if (batch === null || batch.openUs[this.#at]! >= closeUs) break;
      const isInside = batch.openUs[this.#at]! >= openUs && batch.closeUs[this.#at]! <= closeUs;
      if (isInside) {
        if (count === this.#columns.openUs.length) this.#columns = grown(this.#columns);
        for (const key of BAR_KEYS) this.#columns[key][count] = batch[key][this.#at]!;
        count += 1;
      }
      this.#at += 1;
    }
    return count === 0 ? null : { ...this.#columns, length: count };
  }
}

const BAR_KEYS = ['openUs', 'closeUs', 'open', 'high', 'low', 'close', 'volume'] as const;
type MutableBars = Record<(typeof BAR_KEYS)[number], Float64Array>;

function newBars(rows: number): MutableBars {
  return Object.fromEntries(BAR_KEYS.map((key) => [key, new Float64Array(rows)])) as MutableBars;
}

function grown(old: MutableBars): MutableBars {
  const more = newBars(2 * old.openUs.length);
  for (const key of BAR_KEYS) more[key].set(old[key]);
  return more;
}

/** Quote bars of the same interval as the trade bar. */
export function catalogQuotes(dataset: Dataset, table: ContractTable): QuoteBarSource {
  const cursors = new Map<string, QuoteCursor>();
  const intervals = table.contracts.map(({ id }) =>
    [
      ...new Set(
        dataset.manifest.segments
          .filter((entry) => entry.kind === 'quote-bars' && entry.contract === id && entry.rows > 0)
          .map((entry) => entry.interval as BarInterval),
      ),
    ].sort((a, b) => intervalUs(a) - intervalUs(b)),
  );
  return {
    read(c, openUs, closeUs, into) {
      const interval = intervals[c]!.find((each) => intervalUs(each) >= closeUs - openUs);
      if (interval === undefined || openUs === closeUs) return false;
      const contract = table.contractAt(c).id;
      const name = `${c} ${interval}`;
      let cursor = cursors.get(name);
      if (cursor === undefined) {
        cursor = new QuoteCursor((from) =>
          dataset.quoteBars({ contract, interval, from: from as TsUs }),
        );
        cursors.set(name, cursor);
      }
      const found = cursor.find(openUs, closeUs);
      if (found < 0) return false;
      const batch = cursor.batch!;
      for (const key of QUOTE_KEYS) into[key] = batch[key][found]!;
      return QUOTE_KEYS.every((key) => !isNaN(into[key]));
    },
  };
}

const QUOTE_KEYS = [
  'bidOpen',
  'bidHigh',
  'bidLow',
  'bidClose',
  'askOpen',
  'askHigh',
  'askLow',
  'askClose',
] as const;

class QuoteCursor {
  readonly #open: (fromUs: number) => Source<QuoteBarColumns>;
  #source: Source<QuoteBarColumns> | null = null;
  batch: QuoteBarColumns | null = null;
  #at: number = 0;

  constructor(open: (fromUs: number) => Source<QuoteBarColumns>) {
    this.#open = open;
  }

  /** Row of exactly this interval, or -1. */
  find(openUs: number, closeUs: number): number {
    if (this.#source === null || (this.batch !== null && this.batch.openUs[this.#at]! > openUs)) {
      this.#source?.close();
      this.#source = this.#open(openUs);
      this.batch = this.#source.next();
      this.#at = 0;
    }
    for (;;) {
      const { batch } = this;
      if (batch === null) return -1;
      if (batch.openUs[this.#at]! === openUs && batch.closeUs[this.#at]! === closeUs) {
        return this.#at;
      }
      if (batch.openUs[this.#at]! >= openUs) return -1;
      if (this.#at + 1 < batch.length) this.#at += 1;
      else {
        this.batch = this.#source.next();
        this.#at = 0;
      }
    }
  }
}
