/** What a check knows of one contract, kind and interval, and of all contracts of a product beside each other. */
import type { BarColumns } from '../core/bars.ts';
import { intervalUs } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import type { TradingCalendar } from '../core/ports.ts';
import { decimalsOf } from '../core/price-grid.ts';
import { toIsoDate } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { toIsoUtc } from '../core/units.ts';
import type { Dataset } from './catalog.ts';
import type { SegmentEntry } from './manifest.ts';
import type { Outlier } from './quality-outliers.ts';
import { OutlierScan } from './quality-outliers.ts';
import type { StaleRun } from './quality-runs.ts';
import { Activity, judgeRun, longestByChance, RunScan } from './quality-runs.ts';
import type { DataGap, IssueReason, MonthCoverage, SeriesReport, SessionGaps } from './quality.ts';
import type { KindColumns } from './segment-codec.ts';
import type { SessionCoverage } from './session-scan.ts';
import { SessionScan } from './session-scan.ts';

/** Twice what chance explains: bars are missing in quiet hours, not evenly. */
const GAP_MARGIN = 2;
const GAP_BARS_MIN = 3;
/** A series with fewer sessions without bars than this share misses them; another one trades now and then. */
const EMPTY_SHARE = 0.1;
/** Rows from which equal columns are no chance. */
const TWIN_ROWS_MIN = 20;
const GAPS_MAX = 20_000;

/** Reports a fact about row `at` of the series. */
type Add = (at: number, tsUs: number, reason: IssueReason, message: string) => void;

export interface SeriesResult {
  readonly gaps: readonly DataGap[];
  readonly gapCount: number;
  readonly gapSessions: readonly SessionGaps[];
  readonly missing: readonly TradeDate[];
  readonly isMissingUnusual: boolean;
  readonly coverage: readonly MonthCoverage[] | null;
}

interface RunMessage extends StaleRun {
  readonly message: string;
}

interface Place {
  readonly entry: SegmentEntry;
  readonly row: number;
}

export class SeriesCheck {
  /** The first file. */
  readonly first: SegmentEntry;
  readonly #entries: { readonly entry: SegmentEntry; readonly from: number }[] = [];
  readonly #dataset: Dataset;
  readonly #isBars: boolean;
  readonly #isDaily: boolean;
  readonly #lastUs: number;
  readonly #outliers: Outlier[] = [];
  readonly #outlierScan: OutlierScan;
  readonly #runScan: RunScan | null;
  readonly #gaps: Omit<DataGap, 'isUnusual'>[] = [];
  readonly #sessions = new Map<number, { gaps: number; missingBars: number }>();
  readonly #counts: Partial<Record<IssueReason, number>> = {};
  readonly #hashes: { readonly entry: SegmentEntry; hash: number; rows: number }[] = [];
  /** Of the whole series, or of one file after another where the calendar does not reach over all of them. */
  #scan: SessionScan | null = null;
  #isWholeScan = true;
  #isScanFailed = false;
  #scanFirstUs = 0;
  #scanLastUs = 0;
  #missing: TradeDate[] = [];
  #sessionCount = 0;
  readonly #months = new Map<string, { expected: number; present: number }>();
  #gapCount = 0;
  #rows = 0;
  #volumeMin = Infinity;
  #volumeMax = -Infinity;
  lastClose: number = NaN;
  zeroVolumeRows: number = 0;
  unknownVolumeRows: number = 0;
  readonly activity: Activity;
  runs: readonly StaleRun[] = [];

  constructor(dataset: Dataset, first: SegmentEntry, activity: Activity) {
    this.first = first;
    this.#dataset = dataset;
    this.activity = activity;
    this.#isBars = first.kind === 'bars';
    this.#isDaily = first.interval?.endsWith('d') ?? false;
    const isLabel = dataset.manifest.stamps === 'labels';
    this.#outlierScan = new OutlierScan(this.#isDaily || isLabel, (one) =>
      this.#outliers.push(one),
    );
    this.#runScan = this.#isBars ? new RunScan(activity, this.#isDaily) : null;
    this.#lastUs = dataset.manifest.segments.reduce(
      (last, one) => (this.isOf(one) && one.rows > 0 ? Math.max(last, one.lastUs) : last),
      first.lastUs,
    );
  }

  isOf(entry: SegmentEntry): boolean {
    const { contract, kind, interval } = this.first;
    return entry.contract === contract && entry.kind === kind && entry.interval === interval;
  }

  begin(entry: SegmentEntry): void {
    this.#entries.push({ entry, from: this.#rows });
    this.#hashes.push({ entry, hash: 0x811c9dc5, rows: 0 });
  }

  push(batch: KindColumns[keyof KindColumns]): void {
    if (this.#isBars) this.#pushBars(batch as BarColumns);
    this.#rows += batch.length;
  }

  count(reason: IssueReason): void {
    this.#counts[reason] = (this.#counts[reason] ?? 0) + 1;
  }

  placeOf(at: number): Place {
    let found = this.#entries[0]!;
    for (const one of this.#entries) if (one.from <= at) found = one;
    return { entry: found.entry, row: at - found.from };
  }

  entryAt(us: number): SegmentEntry {
    return this.#entries.findLast(({ entry }) => entry.firstUs <= us)?.entry ?? this.first;
  }

  /** The walk along the sessions for the next file. Errors: E_CALENDAR_SPAN where not even this file lies in the calendar. */
  scanOf(entry: SegmentEntry, calendar: TradingCalendar): SessionScan {
    if (this.#scan !== null && this.#isWholeScan) return this.#scan;
    if (!this.#isScanFailed) {
      try {
        return this.#begin(calendar, entry.firstUs, this.#lastUs);
      } catch (error) {
        if (!(error instanceof TradingError)) throw error;
        // Some of it lies outside of the calendar: each file is walked by itself.
        this.#isScanFailed = true;
        this.#isWholeScan = false;
      }
    }
    this.#endScan();
    return this.#begin(calendar, entry.firstUs, entry.lastUs);
  }

  #begin(calendar: TradingCalendar, firstUs: number, lastUs: number): SessionScan {
    this.#scan = new SessionScan(calendar, firstUs as TsUs, lastUs as TsUs, this.#isDaily);
    [this.#scanFirstUs, this.#scanLastUs] = [firstUs, lastUs];
    return this.#scan;
  }

  addGap(scan: SessionScan, toUs: number, stepUs: number): void {
    const { contract, interval } = this.first;
    const { gapFromUs: fromUs, gapUs: durationUs, tradeDate } = scan;
    const missingBars = Math.max(1, Math.round(durationUs / stepUs));
    this.#gapCount += 1;
    const session = this.#sessions.get(tradeDate);
    if (session === undefined) this.#sessions.set(tradeDate, { gaps: 1, missingBars });
    else {
      session.gaps += 1;
      session.missingBars += missingBars;
    }
    this.#gaps.push({
      contract,
      interval: interval ?? '',
      fromUs,
      toUs,
      missingBars,
      durationUs,
      tradeDate,
    });
    if (this.#gaps.length >= GAPS_MAX) {
      this.#gaps.sort((a, b) => b.missingBars - a.missingBars);
      this.#gaps.length = GAPS_MAX >> 1;
    }
  }

  end(add: Add): SeriesResult {
    this.#endScan();
    if (this.#isBars) {
      this.#outlierScan.end();
      for (const one of this.#outliers) add(one.at, one.tsUs, 'outlier', this.#outlierText(one));
      this.runs = this.#runScan!.end();
      this.#volumeFacts(add);
    }
    const { contract, interval } = this.first;
    const gapSessions = [...this.#sessions].map(([tradeDate, one]) => ({
      contract,
      interval: interval ?? '',
      tradeDate: tradeDate as TradeDate,
      ...one,
    }));
    const emptyShare = this.#missing.length / Math.max(1, this.#sessionCount);
    return {
      gaps: this.#gaps.map((gap) => ({ ...gap, isUnusual: this.#isUnusual(gap) })),
      gapCount: this.#gapCount,
      gapSessions,
      missing: this.#missing,
      isMissingUnusual: emptyShare <= EMPTY_SHARE,
      coverage: this.#months.size === 0 ? null : this.#coverage(),
    };
  }

  report(result: SeriesResult): SeriesReport {
    const { contract, root, kind, interval, firstUs } = this.first;
    return {
      contract,
      root,
      kind,
      interval,
      rows: this.#rows,
      firstUs,
      lastUs: this.#lastUs,
      zeroVolumeRows: this.zeroVolumeRows,
      unknownVolumeRows: this.unknownVolumeRows,
      gapCount: result.gapCount,
      emptySessions: result.missing.length,
      counts: this.#counts,
      coverage: result.coverage,
    };
  }

  /** Files with enough rows to be compared with those of other contracts. */
  hashes(): readonly {
    readonly entry: SegmentEntry;
    readonly hash: number;
    readonly rows: number;
  }[] {
    return this.#hashes.filter((one) => one.rows >= TWIN_ROWS_MIN);
  }

  #pushBars(bars: BarColumns): void {
    this.#outlierScan.push(bars);
    this.#runScan!.push(bars);
    const { close, high, closeUs, volume, length } = bars;
    const own = this.#hashes.at(-1)!;
    let { hash } = own;
    for (let i = 0; i < length; i += 1) {
      const value = volume[i]!;
      if (value < this.#volumeMin) this.#volumeMin = value;
      if (value > this.#volumeMax) this.#volumeMax = value;
      hash = Math.imul(hash ^ (close[i]! | 0), 0x01000193);
      hash = Math.imul(hash ^ (high[i]! | 0), 0x01000193);
      hash = Math.imul(hash ^ (closeUs[i]! / 1_000_000), 0x01000193);
      hash = Math.imul(hash ^ (value | 0), 0x01000193);
    }
    own.hash = hash;
    own.rows += length;
    if (length > 0) this.lastClose = close[length - 1]!;
  }

  #volumeFacts(add: Add): void {
    const { volume } = this.#dataset.manifest;
    if (this.#rows < TWIN_ROWS_MIN) return;
    const isConstant = this.#volumeMin === this.#volumeMax;
    const at = this.#entries[0]!.entry.firstUs;
    if (volume === 'known' && isConstant)
      add(
        0,
        at,
        'volume-statement',
        `volume is stated as known, and is ${this.#volumeMin} in every bar`,
      );
    const known = this.#rows - this.unknownVolumeRows;
    if (volume === 'unknown' && !isConstant && known > this.#rows / 2)
      add(
        0,
        at,
        'volume-statement',
        `volume is stated as unknown, and ${known} of ${this.#rows} bars have one`,
      );
  }

  #outlierText({ what, price, ranges }: Outlier): string {
    const text = this.#price(price);
    if (what === 'scale') return `the close ${text} is another scale than the one before`;
    const times = ranges >= 1000 ? Math.round(ranges) : ranges.toPrecision(2);
    return `${what} ${text} stands alone, ${times} usual ranges from its neighbours`;
  }

  #price(count: number): string {
    const grid = this.#dataset.manifest.grids[this.first.root];
    if (grid === undefined) return String(count);
    const price = count * grid.increment;
    return Number.isInteger(count) ? price.toFixed(decimalsOf(grid.increment)) : String(price);
  }

  #endScan(): void {
    if (this.#scan === null || !this.#isBars || this.first.interval === null) return;
    const stepUs = intervalUs(this.first.interval);
    const sessions = this.#scan.coverage(stepUs, this.#scanFirstUs, this.#scanLastUs);
    this.#scan = null;
    this.#sessionCount += sessions.length;
    for (const one of sessions) this.#addSession(one);
  }

  #addSession({ tradeDate, expected, present }: SessionCoverage): void {
    if (present === 0) this.#missing.push(tradeDate);
    const month = toIsoDate(tradeDate).slice(0, 7);
    const sum = this.#months.get(month);
    if (sum === undefined) this.#months.set(month, { expected, present });
    else {
      sum.expected += expected;
      sum.present += present;
    }
  }

  #coverage(): MonthCoverage[] {
    return [...this.#months].map(([month, one]) => ({ month, ...one }));
  }

  #isUnusual(gap: Omit<DataGap, 'isUnusual'>): boolean {
    const month = this.#months.get(toIsoDate(gap.tradeDate).slice(0, 7));
    if (month === undefined || gap.missingBars < GAP_BARS_MIN) return false;
    // Without the gap itself, which may be what is wrong.
    const others = Math.max(0, month.expected - month.present - gap.missingBars);
    const bound = GAP_MARGIN * longestByChance(month.expected, others / month.expected);
    return gap.missingBars > bound;
  }
}

/** The contracts of one product. */
export class ProductCheck {
  readonly #activities = new Map<string, Activity>();
  readonly #series: SeriesCheck[] = [];

  activityOf(dataset: Dataset, entry: SegmentEntry): Activity {
    const key = entry.interval ?? entry.kind;
    const known = this.#activities.get(key);
    if (known !== undefined) return known;
    const same = dataset.manifest.segments.filter(
      (one) => one.root === entry.root && one.interval === entry.interval && one.rows > 0,
    );
    const first = same.reduce((min, one) => Math.min(min, one.firstUs), Infinity);
    const last = same.reduce((max, one) => Math.max(max, one.lastUs), -Infinity);
    const isBars = entry.interval !== null && last > first;
    const made = isBars
      ? new Activity(first, last, intervalUs(entry.interval))
      : new Activity(0, 0, 1);
    this.#activities.set(key, made);
    return made;
  }

  keep(series: SeriesCheck): void {
    this.#series.push(series);
  }

  /** Runs that stood still while the product moved, or where no other contract can tell. */
  runs(): { readonly series: SeriesCheck; readonly run: RunMessage }[] {
    return this.#series.flatMap((series) =>
      series.runs.flatMap((run) => {
        const verdict = judgeRun(run, series.activity);
        if (verdict === 'still' && run.kind === 'flat') return [];
        const what = run.kind === 'flat' ? 'the same price' : 'the same bar and volume';
        const others =
          verdict === 'moved'
            ? 'while other contracts moved'
            : verdict === 'still'
              ? 'and the other contracts are still, too'
              : 'and no other contract has bars then';
        const message = `${what} in ${run.rows} bars up to ${toIsoUtc(run.toUs as TsUs)}, ${others}`;
        return [{ series, run: { ...run, message } }];
      }),
    );
  }

  /** Files whose rows are those of another contract. */
  twins(): { readonly entry: SegmentEntry; readonly other: string }[] {
    const seen = new Map<string, SegmentEntry>();
    const found: { entry: SegmentEntry; other: string }[] = [];
    for (const series of this.#series) {
      for (const { entry, hash, rows } of series.hashes()) {
        const key = `${entry.interval}/${entry.year}/${rows}/${entry.firstUs}/${hash}`;
        const other = seen.get(key);
        if (other === undefined) seen.set(key, entry);
        else found.push({ entry, other: other.contract });
      }
    }
    return found;
  }
}

/** The items of the greatest size; the first of equal ones. */
export class Longest<T> {
  readonly #limit: number;
  readonly #sizeOf: (item: T) => number;
  #items: T[] = [];

  constructor(limit: number, sizeOf: (item: T) => number) {
    this.#limit = limit;
    this.#sizeOf = sizeOf;
  }

  add(item: T): void {
    this.#items.push(item);
    if (this.#items.length >= 2 * this.#limit) this.#items = this.all();
  }

  all(): T[] {
    return this.#items.toSorted((a, b) => this.#sizeOf(b) - this.#sizeOf(a)).slice(0, this.#limit);
  }
}
