/** Checks a dataset row by row and says what is wrong, where and why. Nothing is repaired or dropped. */
import type { BarColumns } from '../core/bars.ts';
import { intervalUs } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import type { InstrumentSpec } from '../core/instrument.ts';
import type { TradingCalendar } from '../core/ports.ts';
import { GRID_TOLERANCE } from '../core/price-grid.ts';
import { toIsoDate } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { toIsoUtc, US_PER_DAY } from '../core/units.ts';
import { openArrowFile, readError } from './arrow-store.ts';
import type { Dataset } from './catalog.ts';
import { yearOf } from './dataset-writer.ts';
import { Longest, ProductCheck, SeriesCheck } from './quality-series.ts';
import type { FileIo } from './file-io.ts';
import { closeQuietly, errnoOf, nodeFileIo } from './file-io.ts';
import type { DatasetMeta, GridStatement, SegmentEntry } from './manifest.ts';
import { EARLIEST_KNOWN_DAYS } from './open-interest.ts';
import { hashOf } from './verify.ts';
import type { KindColumns } from './segment-codec.ts';
import { decodeBatch, priceColumnsOf, sortTimeOf, startTimeOf } from './segment-codec.ts';
import type { SessionScan } from './session-scan.ts';

/**
 * Stable names of what can be wrong. An `error` makes the data unfit, a `warning` wants a look before they are trusted, a `note`
 * is a fact to know.
 */
export const ISSUE_SEVERITY = {
  'file-missing': 'error',
  'file-truncated': 'error',
  'file-corrupt': 'error',
  'row-count': 'error',
  unsorted: 'error',
  'duplicate-time': 'error',
  overlap: 'error',
  'wrong-year': 'error',
  'not-a-number': 'error',
  'high-low': 'error',
  'negative-volume': 'error',
  'open-after-close': 'error',
  'known-early': 'error',
  'out-of-session': 'warning',
  'off-grid': 'warning',
  'calendar-span': 'warning',
  /** A hole that is longer than chance makes it where so many bars are missing. */
  gap: 'warning',
  /** No bar in a whole session of a contract that has bars in nearly all of them. */
  'missing-session': 'warning',
  stale: 'warning',
  outlier: 'warning',
  /** A price that moved without a trade. */
  'zero-volume': 'warning',
  /** A bar of no volume that repeats the price before: filled in, not traded. */
  'filled-bar': 'note',
  'volume-statement': 'warning',
  /** Two contracts with the same rows. */
  'same-rows': 'warning',
  /** Ticks that are equal in every column, their order at the venue too. */
  'duplicate-row': 'note',
} as const;
export type IssueSeverity = 'error' | 'warning' | 'note';
export type IssueReason = keyof typeof ISSUE_SEVERITY;

export interface DataIssue {
  readonly reason: IssueReason;
  readonly severity: IssueSeverity;
  readonly file: string;
  readonly contract: string;
  /** Row in the file, from 0; null for the file as a whole. */
  readonly row: number | null;
  /** Time of the row, µs UTC. */
  readonly tsUs: number | null;
  readonly message: string;
}

/** Bars missing between two bars of one session. */
export interface DataGap {
  readonly contract: string;
  readonly interval: string;
  readonly fromUs: number;
  readonly toUs: number;
  readonly missingBars: number;
  /** Trading time without bars, breaks left out. Units: µs. */
  readonly durationUs: number;
  /** Trade date of its session. */
  readonly tradeDate: TradeDate;
  /** Longer than chance makes it; reported as `gap`, too. */
  readonly isUnusual: boolean;
}

/** The gaps of one session together. */
export interface SessionGaps {
  readonly contract: string;
  readonly interval: string;
  readonly tradeDate: TradeDate;
  readonly gaps: number;
  readonly missingBars: number;
}

/** A session without any bar. */
export interface MissingSession {
  readonly contract: string;
  readonly interval: string;
  readonly tradeDate: TradeDate;
}

export interface MonthCoverage {
  /** `2024-03`, by trade date. */
  readonly month: string;
  readonly expected: number;
  readonly present: number;
}

/** One contract, kind and interval. */
export interface SeriesReport {
  readonly contract: string;
  readonly root: string;
  readonly kind: string;
  readonly interval: string | null;
  readonly rows: number;
  readonly firstUs: number;
  readonly lastUs: number;
  readonly zeroVolumeRows: number;
  readonly unknownVolumeRows: number;
  readonly gapCount: number;
  readonly emptySessions: number;
  /** How often each reason occurred in this series. */
  readonly counts: Readonly<Partial<Record<IssueReason, number>>>;
  /** Bars that are there of those that the calendar has room for; null where nothing can be expected. */
  readonly coverage: readonly MonthCoverage[] | null;
}

export interface DataReport {
  readonly dataset: string;
  /** No errors; there may be warnings. */
  readonly isFit: boolean;
  readonly segments: number;
  readonly rows: number;
  /** How often each reason occurred; `issues` holds the first of each file and reason only. */
  readonly counts: Readonly<Partial<Record<IssueReason, number>>>;
  readonly issues: readonly DataIssue[];
  readonly zeroVolumeRows: number;
  readonly unknownVolumeRows: number;
  /** The longest gaps; `gapCount` counts all. Only with a calendar, only inside sessions. */
  readonly gaps: readonly DataGap[];
  readonly gapCount: number;
  /** The sessions that miss the most bars in gaps. */
  readonly gapSessions: readonly SessionGaps[];
  /** Sessions between the first and the last bar of a series that have no bar. Only with a calendar. */
  readonly emptySessions: number;
  /** The first of them. */
  readonly missingSessions: readonly MissingSession[];
  readonly series: readonly SeriesReport[];
  readonly statements: Pick<
    DatasetMeta,
    'volume' | 'stamps' | 'isSynthetic' | 'description' | 'source'
  >;
}

export interface CheckOptions {
  /** Null when the product has no calendar; sessions and gaps are then not judged. */
  readonly calendars?: (root: string) => TradingCalendar | null;
  /** Null when the product is unknown; the exchange's grid is then not judged. */
  readonly specs?: (root: string) => InstrumentSpec | null;
  /** Issues listed per file and reason. Default 20. */
  readonly listed?: number;
  readonly io?: FileIo;
  /** Called after every file; true stops the check early. */
  readonly onProgress?: (done: number, total: number, contract: string) => boolean;
}

/** Reads every row of a dataset once. Errors: none for bad data, they are the result; E_DATA_READ when the disk fails. */
export function checkDataset(dataset: Dataset, options: CheckOptions = {}): DataReport {
  const check = new DatasetCheck(dataset, options);
  const { segments } = dataset.manifest;
  // Contracts of a product stand together, so that they can be compared.
  const roots = [...new Set(segments.map((entry) => entry.root))].sort();
  let done = 0;
  for (const root of roots) {
    for (const entry of segments.filter((one) => one.root === root)) {
      check.segment(entry);
      done += 1;
      if (options.onProgress?.(done, segments.length, entry.contract) === true)
        return check.report();
    }
    check.endProduct();
  }
  return check.report();
}

class DatasetCheck {
  readonly #dataset: Dataset;
  readonly #options: CheckOptions;
  readonly #io: FileIo;
  readonly #issues: DataIssue[] = [];
  readonly #counts: Partial<Record<IssueReason, number>> = {};
  readonly #listedInFile = new Map<string, number>();
  readonly #gaps = new Longest<DataGap>(200, (gap) => gap.missingBars);
  readonly #gapSessions = new Longest<SessionGaps>(200, (one) => one.missingBars);
  readonly #missingSessions: MissingSession[] = [];
  readonly #reports: SeriesReport[] = [];
  #product = new ProductCheck();
  #series: SeriesCheck | null = null;
  #gapCount = 0;
  #emptySessions = 0;
  #rows = 0;
  #zeroVolume = 0;
  #unknownVolume = 0;
  #previous: SegmentEntry | null = null;

  constructor(dataset: Dataset, options: CheckOptions) {
    this.#dataset = dataset;
    this.#options = options;
    this.#io = options.io ?? nodeFileIo;
  }

  segment(entry: SegmentEntry): void {
    if (this.#series?.isOf(entry) !== true) {
      this.#endSeries();
      this.#series = new SeriesCheck(
        this.#dataset,
        entry,
        this.#product.activityOf(this.#dataset, entry),
      );
    }
    this.#series!.begin(entry);
    this.#checkOverlap(entry);
    if (!this.#checkBytes(entry)) return;
    try {
      this.#checkRows(entry);
    } catch (error) {
      if (!(error instanceof TradingError)) throw error;
      this.#add(entry, 'file-corrupt', null, null, error.message);
    }
  }

  report(): DataReport {
    return {
      dataset: this.#dataset.name,
      isFit: !this.#issues.some((issue) => issue.severity === 'error'),
      segments: this.#dataset.manifest.segments.length,
      rows: this.#rows,
      counts: this.#counts,
      issues: this.#issues,
      zeroVolumeRows: this.#zeroVolume,
      unknownVolumeRows: this.#unknownVolume,
      gaps: this.#gaps.all(),
      gapCount: this.#gapCount,
      gapSessions: this.#gapSessions.all(),
      emptySessions: this.#emptySessions,
      missingSessions: this.#missingSessions,
      series: this.#reports,
      statements: statementsOf(this.#dataset),
    };
  }

  /** Asks the contracts of a product about each other. */
  endProduct(): void {
    this.#endSeries();
    for (const { series, run } of this.#product.runs()) {
      const { entry, row } = series.placeOf(run.at);
      this.#add(entry, 'stale', row, run.fromUs, run.message);
      series.count('stale');
    }
    for (const { entry, other } of this.#product.twins()) {
      const message = `the rows are those of ${other}`;
      this.#add(entry, 'same-rows', null, null, message);
    }
    this.#product = new ProductCheck();
  }

  #endSeries(): void {
    const series = this.#series;
    if (series === null) return;
    this.#series = null;
    const add = (at: number, tsUs: number, reason: IssueReason, message: string): void => {
      const { entry, row } = series.placeOf(at);
      this.#add(entry, reason, row, tsUs, message);
      series.count(reason);
    };
    const result = series.end(add);
    for (const gap of result.gaps) {
      this.#gaps.add(gap);
      if (!gap.isUnusual) continue;
      const message = `${gap.missingBars} bars are missing up to ${iso(gap.toUs)}`;
      this.#add(series.entryAt(gap.fromUs), 'gap', null, gap.fromUs, message);
      series.count('gap');
    }
    for (const one of result.gapSessions) this.#gapSessions.add(one);
    for (const tradeDate of result.missing) {
      const { contract, interval } = series.first;
      if (this.#missingSessions.length < 500)
        this.#missingSessions.push({ contract, interval: interval ?? '', tradeDate });
      if (!result.isMissingUnusual) continue;
      this.#add(series.first, 'missing-session', null, null, `${toIsoDate(tradeDate)} has no bar`);
      series.count('missing-session');
    }
    this.#gapCount += result.gapCount;
    this.#emptySessions += result.missing.length;
    this.#product.keep(series);
    this.#reports.push(series.report(result));
  }

  #checkOverlap(entry: SegmentEntry): void {
    const before = this.#previous;
    this.#previous = entry;
    if (
      before !== null &&
      before.contract === entry.contract &&
      before.kind === entry.kind &&
      before.interval === entry.interval &&
      before.rows > 0 &&
      entry.rows > 0 &&
      entry.firstUs < before.lastUs
    )
      this.#add(entry, 'overlap', 0, entry.firstUs, `starts before ${before.file} ends`);
  }

  /** Size and checksum. False when there is nothing to read. */
  #checkBytes(entry: SegmentEntry): boolean {
    let fd: number;
    try {
      fd = this.#io.open(this.#dataset.pathOf(entry), 'r');
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw readError(this.#dataset.pathOf(entry), error);
      this.#add(entry, 'file-missing', null, null, 'the file is missing');
      return false;
    }
    try {
      const size = this.#io.size(fd);
      if (size < entry.bytes) {
        const message = `the file has ${size} bytes of ${entry.bytes}`;
        this.#add(entry, 'file-truncated', null, null, message);
        return false;
      }
      if (hashOf(this.#io, fd, size) !== entry.sha256) {
        const message = 'the bytes differ from the checksum in the manifest';
        this.#add(entry, 'file-corrupt', null, null, message);
        // Lengths and offsets may be among the damaged bytes, so nothing in the file is trusted.
        return false;
      }
      return true;
    } catch (error) {
      if (errnoOf(error) !== 'EISDIR' && errnoOf(error) !== 'ENOTSUP')
        throw readError(this.#dataset.pathOf(entry), error);
      this.#add(entry, 'file-corrupt', null, null, 'there is no regular file of this name');
      return false;
    } finally {
      closeQuietly(this.#io, fd);
    }
  }

  #checkRows(entry: SegmentEntry): void {
    const reader = openArrowFile(this.#dataset.pathOf(entry), this.#io);
    const series = this.#series!;
    const scan = this.#sessionScan(entry);
    const rows: RowState = { row: 0, time: -Infinity, seq: -Infinity };
    try {
      for (let k = 0; k < reader.numBatches; k += 1) {
        const batch = decodeBatch(entry.kind, reader, k);
        this.#checkTimes(entry, batch, { ...rows });
        this.#checkPrices(entry, batch, rows.row);
        this.#checkVolumes(entry, batch, rows.row);
        this.#checkKnown(entry, batch, rows.row);
        if (scan !== null) this.#checkSessions(entry, batch, rows.row, scan);
        series.push(batch);
        advance(rows, batch);
      }
    } finally {
      reader.close();
    }
    this.#rows += rows.row;
    if (rows.row !== entry.rows)
      this.#add(
        entry,
        'row-count',
        null,
        null,
        `${rows.row} rows, the manifest says ${entry.rows}`,
      );
  }

  #checkTimes(entry: SegmentEntry, batch: AnyBatch, state: RowState): void {
    const [starts, times] = [startTimeOf(batch), sortTimeOf(batch)];
    const seq = 'seq' in batch ? batch.seq : null;
    for (let i = 0; i < batch.length; i += 1) {
      const row = state.row + i;
      const time = times[i]!;
      if (time < state.time || (seq !== null && time === state.time && seq[i]! < state.seq))
        this.#add(entry, 'unsorted', row, time, `follows ${iso(state.time)}`);
      else if (seq === null && time === state.time)
        this.#add(entry, 'duplicate-time', row, time, 'has the time of the row before');
      else if (i > 0 && seq !== null && time === state.time && isCopy(batch, i))
        this.#add(entry, 'duplicate-row', row, time, 'is the row before once more');
      if (starts[i]! > time)
        this.#add(entry, 'open-after-close', row, time, `opens at ${iso(starts[i]!)}`);
      if (yearOf(time) !== entry.year && yearOf(starts[i]!) !== entry.year)
        this.#add(entry, 'wrong-year', row, time, `is not in ${entry.year}`);
      state.time = time;
      if (seq !== null) state.seq = seq[i]!;
    }
  }

  #checkPrices(entry: SegmentEntry, batch: AnyBatch, firstRow: number): void {
    const times = sortTimeOf(batch);
    const fields = batch as unknown as Readonly<Record<string, ArrayLike<number>>>;
    const step = this.#gridStep(entry);
    for (const name of priceColumnsOf(entry.kind)) {
      const values = fields[name]!;
      for (let i = 0; i < batch.length; i += 1) {
        const value = values[i]!;
        // A side without a quote.
        if (Number.isNaN(value) && entry.kind === 'quote-bars') continue;
        if (!Number.isFinite(value)) {
          this.#add(entry, 'not-a-number', firstRow + i, times[i]!, `${name} is ${value}`);
        } else if (step > 0 && !isMultiple(value, step)) {
          // One price in four columns is one fact.
          if (name !== 'open' && value === fields['open']?.[i]) continue;
          const price = value * this.#gridOf(entry).increment;
          this.#add(
            entry,
            'off-grid',
            firstRow + i,
            times[i]!,
            `${name} ${price} is between ticks`,
          );
        }
      }
    }
    if (!('high' in batch)) return;
    for (let i = 0; i < batch.length; i += 1) {
      const [open, high, low, close] = [
        batch.open[i]!,
        batch.high[i]!,
        batch.low[i]!,
        batch.close[i]!,
      ];
      if (high < low || high < open || high < close || low > open || low > close) {
        const message = `open ${open}, high ${high}, low ${low}, close ${close} (counts)`;
        this.#add(entry, 'high-low', firstRow + i, times[i]!, message);
      }
    }
  }

  #checkVolumes(entry: SegmentEntry, batch: AnyBatch, firstRow: number): void {
    const times = sortTimeOf(batch);
    const isBars = 'volume' in batch;
    const isKnown = this.#dataset.manifest.volume === 'known';
    for (const values of quantitiesOf(batch)) {
      for (let i = 0; i < batch.length; i += 1) {
        const value = values[i]!;
        if (value < 0)
          this.#add(entry, 'negative-volume', firstRow + i, times[i]!, `the quantity is ${value}`);
        if (!isBars) continue;
        if (value === 0) {
          this.#zeroVolume += 1;
          this.#series!.zeroVolumeRows += 1;
          if (isKnown) this.#checkZero(entry, batch as BarColumns, i, firstRow);
        } else if (Number.isNaN(value)) {
          this.#unknownVolume += 1;
          this.#series!.unknownVolumeRows += 1;
        }
      }
    }
  }

  #checkZero(entry: SegmentEntry, bars: BarColumns, i: number, firstRow: number): void {
    const before = i === 0 ? this.#series!.lastClose : bars.close[i - 1]!;
    const close = bars.close[i]!;
    const isStill = bars.high[i] === bars.low[i] && (close === before || Number.isNaN(before));
    const [reason, message] = isStill
      ? (['filled-bar', 'no volume, and the price before'] as const)
      : (['zero-volume', 'the price moves without any volume'] as const);
    this.#add(entry, reason, firstRow + i, bars.closeUs[i]!, message);
  }

  /** A figure cannot be published before the trade date that it is of. */
  #checkKnown(entry: SegmentEntry, batch: AnyBatch, firstRow: number): void {
    if (!('openInterest' in batch)) return;
    const dateOf = this.#dateOf(entry);
    for (let i = 0; i < batch.length; i += 1) {
      const [known, tradeDate] = [batch.tsUs[i]!, batch.tradeDate[i]! as TradeDate];
      if (tradeDate <= dateOf(known)) continue;
      const message = `the figure of ${toIsoDate(tradeDate)} is known ${iso(known)}`;
      this.#add(entry, 'known-early', firstRow + i, known, message);
    }
  }

  /** The trade date of an instant; without a calendar for it the last one that may have begun. */
  #dateOf(entry: SegmentEntry): (us: number) => TradeDate {
    const isLabel = this.#dataset.manifest.stamps === 'labels';
    const calendar = isLabel ? null : (this.#options.calendars?.(entry.root) ?? null);
    return (us) => {
      try {
        if (calendar !== null) return calendar.tradeDateOf(us as TsUs);
      } catch (error) {
        if (!(error instanceof TradingError)) throw error;
      }
      return (Math.floor(us / US_PER_DAY) + EARLIEST_KNOWN_DAYS) as TradeDate;
    };
  }

  #checkSessions(entry: SegmentEntry, batch: AnyBatch, firstRow: number, scan: SessionScan): void {
    const [starts, ends] = [startTimeOf(batch), sortTimeOf(batch)];
    const step = entry.interval === null ? 0 : intervalUs(entry.interval);
    for (let i = 0; i < batch.length; i += 1) {
      const reason = scan.judge(starts[i]!, ends[i]!);
      if (reason !== '') this.#add(entry, 'out-of-session', firstRow + i, starts[i]!, reason);
      if (scan.gapUs > 0 && step > 0) this.#series!.addGap(scan, starts[i]!, step);
    }
  }

  #sessionScan(entry: SegmentEntry): SessionScan | null {
    // Labels only order the rows; asking whether the exchange was open then has no meaning.
    if (this.#dataset.manifest.stamps === 'labels' || entry.rows === 0) return null;
    // Figures are published when the exchange is closed, too.
    if (!IN_SESSION.includes(entry.kind)) return null;
    const calendar = this.#options.calendars?.(entry.root) ?? null;
    if (calendar === null) return null;
    try {
      return this.#series!.scanOf(entry, calendar);
    } catch (error) {
      if (!(error instanceof TradingError)) throw error;
      this.#add(entry, 'calendar-span', null, null, error.message);
      return null;
    }
  }

  #gridOf(entry: SegmentEntry): GridStatement {
    return this.#dataset.manifest.grids[entry.root] ?? { kind: 'float', increment: 1 };
  }

  /** Counts of the dataset's grid in one tick of the exchange; 0 when there is nothing to compare. */
  #gridStep(entry: SegmentEntry): number {
    const grid = this.#gridOf(entry);
    const spec = this.#options.specs?.(entry.root) ?? null;
    const step = spec === null ? 1 : spec.grid.increment / grid.increment;
    return grid.kind === 'ticks' && step === 1 ? 0 : step;
  }

  #add(
    entry: SegmentEntry,
    reason: IssueReason,
    row: number | null,
    tsUs: number | null,
    message: string,
  ): void {
    this.#counts[reason] = (this.#counts[reason] ?? 0) + 1;
    if (row !== null && reason !== 'stale' && reason !== 'outlier') this.#series?.count(reason);
    const key = `${entry.file} ${reason}`;
    const listed = this.#listedInFile.get(key) ?? 0;
    if (listed >= (this.#options.listed ?? 20)) return;
    this.#listedInFile.set(key, listed + 1);
    const { file, contract } = entry;
    const severity = ISSUE_SEVERITY[reason];
    this.#issues.push({ reason, severity, file, contract, row, tsUs, message });
  }
}

/** Kinds whose rows come while the exchange is open. Orders rest and are quoted before it opens, too. */
const IN_SESSION: readonly string[] = ['bars', 'trades'];

type AnyBatch = KindColumns[keyof KindColumns];
interface RowState {
  row: number;
  time: number;
  seq: number;
}

/** Whether a row of ticks equals the one before it in every column. */
function isCopy(batch: AnyBatch, i: number): boolean {
  for (const values of Object.values(batch) as unknown[]) {
    if (!ArrayBuffer.isView(values)) continue;
    const column = values as unknown as ArrayLike<number | bigint>;
    if (column[i] !== column[i - 1]) return false;
  }
  return true;
}

function statementsOf(dataset: Dataset): DataReport['statements'] {
  const { volume, stamps, isSynthetic, description, source } = dataset.manifest;
  return { volume, stamps, isSynthetic, description, source };
}

function advance(state: RowState, batch: AnyBatch): void {
  state.row += batch.length;
  if (batch.length === 0) return;
  state.time = sortTimeOf(batch)[batch.length - 1]!;
  if ('seq' in batch) state.seq = batch.seq[batch.length - 1]!;
}

function quantitiesOf(batch: AnyBatch): readonly Float64Array[] {
  if ('volume' in batch) return [(batch as BarColumns).volume];
  if ('openInterest' in batch) return [batch.openInterest];
  if ('statType' in batch || 'expirationUs' in batch) return [];
  if ('bidQty' in batch) return [batch.bidQty, batch.askQty];
  return [batch.qty];
}

function isMultiple(value: number, step: number): boolean {
  const count = value / step;
  return Math.abs(count - Math.round(count)) <= GRID_TOLERANCE;
}

function iso(us: number): string {
  return Number.isSafeInteger(us) && Math.abs(us) < 8.64e15 ? toIsoUtc(us as TsUs) : String(us);
}
