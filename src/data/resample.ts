/**
 * Bars of a dataset built into longer ones, stored beside them or in another dataset. A contract is built anew whenever its
 * source changed and left alone when it did not, so that adding rows and building from nothing give the same files.
 */
import type { BarInterval } from '../core/bars.ts';
import { intervalUs } from '../core/bars.ts';
import type { BuiltBars } from '../core/bar-builder/buffer.ts';
import { TimeBarBuilder } from '../core/bar-builder/time.ts';
import { TradingError } from '../core/errors.ts';
import type { ContractId } from '../core/instrument.ts';
import type { TradingCalendar } from '../core/ports.ts';
import { parseContractId } from '../core/symbology.ts';
import type { Catalog, Dataset } from './catalog.ts';
import type { DatasetWriter } from './dataset-writer.ts';
import type { DatasetMeta, SegmentEntry } from './manifest.ts';
import { checksumOf } from './manifest.ts';

export interface ResampleOptions {
  readonly catalog: Catalog;
  /** Where the bars or trades are. */
  readonly dataset: string;
  /** A stored bar interval, or `trades`. */
  readonly from: BarInterval | 'trades';
  readonly to: BarInterval;
  /** Where the new bars go; the same dataset by default. It is made when it is not there. */
  readonly into?: string;
  /** All by default. */
  readonly contracts?: readonly ContractId[];
  readonly roots?: readonly string[];
  /** See `TimeBarOptions`. */
  readonly align?: 'session' | 'clock';
  /** Errors, or null for a product without a calendar. */
  readonly calendarOf: (root: string) => TradingCalendar | null;
  /** Replace bars of the interval that were not built by resampling. */
  readonly isForced?: boolean;
  /** Program and version, for the statement in the manifest. */
  readonly createdBy: string;
  /** Called after every contract; true stops, and nothing changes. */
  readonly onProgress?: (done: number, total: number, contract: string) => boolean;
}

export interface ResampledContract {
  readonly contract: ContractId;
  /** Bars or trades read; 0 where the source has not changed. */
  readonly read: number;
  readonly bars: number;
  /** 1 where the last bar waits for rows after its end. */
  readonly unfinished: number;
  /** Rows that are in no bar: outside of every session, or of no size. */
  readonly skipped: number;
  readonly isChanged: boolean;
}

export interface ResampleReport {
  readonly dataset: Dataset;
  readonly contracts: readonly ResampledContract[];
  /** False when every contract was as its source asks: nothing was written. */
  readonly isChanged: boolean;
}

/** What the manifest keeps of resampled bars, by interval, in `extra.resampled`. */
interface Provenance {
  readonly from: string;
  readonly dataset: string;
  readonly align: 'session' | 'clock';
  readonly createdBy: string;
  readonly contracts: Readonly<Record<string, ContractProvenance>>;
}
interface ContractProvenance {
  /** SHA-256 over the segments read. */
  readonly source: string;
  readonly calendar: string;
  readonly bars: number;
  /** Whether the last bar was held back. */
  readonly unfinished: number;
}

class Stopped extends Error {}

/**
 * Builds and commits once. Null when it was stopped.
 * Errors: E_RESAMPLE_INTERVAL, E_RESAMPLE_SOURCE, E_RESAMPLE_EXISTS, E_DATA_SPAN, those of the builder and of the writer. After
 * any error nothing has changed.
 */
export function resampleDataset(options: ResampleOptions): ResampleReport | null {
  checkIntervals(options);
  const source = options.catalog.dataset(options.dataset);
  checkSource(source);
  const contracts = contractsOf(source, options);
  const target = targetOf(source, options, contracts);
  const job = new ResampleJob(source, target, options);
  const writer = target.beginWrite();
  try {
    const results = contracts.map((contract, k) => {
      const result = job.contract(writer, contract);
      const isStopped = options.onProgress?.(k + 1, contracts.length, contract) === true;
      if (isStopped) throw new Stopped();
      return result;
    });
    const isChanged = results.some((one) => one.isChanged);
    if (!isChanged) {
      writer.abort();
      return { dataset: target, contracts: results, isChanged };
    }
    writer.describe({ extra: job.extra() });
    return { dataset: writer.commit(), contracts: results, isChanged };
  } catch (error) {
    writer.abort();
    if (error instanceof Stopped) return null;
    throw error;
  }
}

function checkIntervals({ from, to }: ResampleOptions): void {
  const toUs = intervalUs(to);
  const fromUs = from === 'trades' ? 0 : intervalUs(from);
  const isDay = to.endsWith('d');
  const fits = isDay ? to === '1d' : fromUs === 0 || toUs % fromUs === 0;
  if (toUs > fromUs && fits) return;
  throw new TradingError('E_RESAMPLE_INTERVAL', `bars of ${to} cannot be built from ${from}`, {
    details: { from, to },
    where: `--from ${from} --to ${to}`,
    rule: isDay
      ? 'a day is one trade date: 1d, from shorter bars'
      : 'the new interval is longer, and a multiple of the old one',
    fix: 'such as --from 1m --to 5m',
  });
}

function checkSource(source: Dataset): void {
  if (source.manifest.stamps === 'instants') return;
  throw new TradingError('E_RESAMPLE_SOURCE', `the stamps of ${source.name} are labels`, {
    details: { dataset: source.name },
    rule: 'bars are built from instants; labels only order their rows',
    fix: 'take a dataset with real times',
  });
}

function sourceSegments(source: Dataset, contract: string, from: string): SegmentEntry[] {
  return source.manifest.segments.filter(
    (one) =>
      one.contract === contract &&
      one.rows > 0 &&
      (from === 'trades' ? one.kind === 'trades' : one.kind === 'bars' && one.interval === from),
  );
}

function contractsOf(source: Dataset, options: ResampleOptions): ContractId[] {
  const { from, roots, contracts: asked } = options;
  const known = [...new Set(source.manifest.segments.map((one) => one.contract))].filter(
    (contract) => sourceSegments(source, contract, from).length > 0,
  );
  for (const contract of asked ?? [])
    // Says what is there.
    if (!known.includes(contract))
      (from === 'trades'
        ? source.trades({ contract })
        : source.bars({ contract, interval: from })
      ).close();
  const chosen = known.filter((contract) => {
    if (asked !== undefined && !asked.includes(contract)) return false;
    return roots === undefined || roots.includes(parseContractId(contract).root);
  });
  if (chosen.length > 0) return chosen.sort();
  const what = from === 'trades' ? 'trades' : `${from} bars`;
  throw new TradingError('E_DATA_SPAN', `${source.name} has no ${what} of what was asked`, {
    details: { dataset: source.name, from },
    rule: 'bars are built from rows that are stored',
    fix: `see what is there: frontmonth data show ${source.name}`,
  });
}

/** The dataset that gets the bars; a new one states what the source states. */
function targetOf(
  source: Dataset,
  options: ResampleOptions,
  contracts: readonly ContractId[],
): Dataset {
  const { catalog, into = options.dataset } = options;
  if (into === source.name) return source;
  const roots = new Set(contracts.map((contract) => parseContractId(contract).root));
  const own = <T>(values: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(values).filter(([root]) => roots.has(root)));
  const { grids, currencies, isSynthetic, volume, stamps, barStamp, license } = source.manifest;
  if (!catalog.names().includes(into)) {
    const meta: DatasetMeta = {
      name: into,
      createdBy: options.createdBy,
      isSynthetic,
      description: `Bars of ${options.to} built from ${options.from} of ${source.name}.`,
      source: `${source.name}: ${source.manifest.source}`,
      ...(license === undefined ? {} : { license }),
      grids: own(grids),
      volume,
      stamps,
      barStamp,
      ...(currencies === undefined ? {} : { currencies: own(currencies) }),
    };
    return catalog.createDataset(meta);
  }
  const target = catalog.dataset(into);
  const { manifest } = target;
  const differs =
    manifest.volume !== volume
      ? `volume is ${manifest.volume}, not ${volume}`
      : manifest.stamps !== stamps
        ? `stamps are ${manifest.stamps}, not ${stamps}`
        : manifest.isSynthetic !== isSynthetic
          ? 'one is synthetic, the other is not'
          : '';
  if (differs === '') return target;
  throw new TradingError('E_RESAMPLE_SOURCE', `${into} and ${source.name} differ: ${differs}`, {
    details: { dataset: source.name, into },
    rule: 'a dataset states one thing of all its rows',
    fix: 'choose another name with --into',
  });
}

class ResampleJob {
  readonly #source: Dataset;
  readonly #target: Dataset;
  readonly #options: ResampleOptions;
  readonly #align: 'session' | 'clock';
  readonly #before: Provenance | null;
  readonly #contracts: Record<string, ContractProvenance>;
  readonly #calendars = new Map<string, TradingCalendar>();

  constructor(source: Dataset, target: Dataset, options: ResampleOptions) {
    this.#source = source;
    this.#target = target;
    this.#options = options;
    this.#align = options.align ?? 'session';
    this.#before = provenanceOf(target, options.to);
    this.#contracts = { ...this.#before?.contracts };
  }

  contract(writer: DatasetWriter, contract: ContractId): ResampledContract {
    const { from, to } = this.#options;
    const { root } = parseContractId(contract);
    const calendar = this.#calendarOf(root);
    const segments = sourceSegments(this.#source, contract, from);
    const asOfUs = this.#asOf(root);
    const source = checksumOf(segments);
    const old = this.#isSameRule() ? this.#before?.contracts[contract] : undefined;
    // A bar that was held back may be over now, though its contract has no new rows.
    const isSame = old?.source === source && old.calendar === calendar.id && old.unfinished === 0;
    if (isSame && this.#has(contract)) {
      const { bars } = old;
      return { contract, read: 0, bars, unfinished: 0, skipped: 0, isChanged: false };
    }
    this.#refuseForeign(contract);
    const before = this.#entriesOf(contract);
    for (const { year } of before)
      writer.removeSegment({ contract, kind: 'bars', interval: to, year });
    const build = new ContractBuild(this.#source, contract, this.#options, this.#align, calendar);
    const after = writer.putBarsByYear(contract, to, build.batches(asOfUs));
    const bars = after.reduce((sum, one) => sum + one.rows, 0);
    const made = { source, calendar: calendar.id, bars, unfinished: build.unfinished };
    this.#contracts[contract] = made;
    const isChanged =
      checksumOf(before) !== checksumOf(after) || JSON.stringify(old) !== JSON.stringify(made);
    const { read, unfinished, skipped } = build;
    return { contract, read, bars, unfinished, skipped, isChanged };
  }

  /** The statement of what was built, for the manifest. */
  extra(): Record<string, unknown> {
    const { from, to, createdBy, dataset } = this.#options;
    const old = this.#target.manifest.extra ?? {};
    const made: Provenance = {
      from,
      dataset,
      align: this.#align,
      createdBy,
      contracts: this.#contracts,
    };
    const resampled = { ...(old['resampled'] as object | undefined), [to]: made };
    return { ...old, resampled };
  }

  #isSameRule(): boolean {
    const { from, createdBy, dataset } = this.#options;
    const old = this.#before;
    if (old === null) return false;
    const isSame = old.from === from && old.align === this.#align && old.dataset === dataset;
    return isSame && old.createdBy === createdBy;
  }

  #entriesOf(contract: string): SegmentEntry[] {
    const { to } = this.#options;
    return this.#target.manifest.segments.filter(
      (one) => one.contract === contract && one.kind === 'bars' && one.interval === to,
    );
  }

  #has(contract: string): boolean {
    const rows = this.#entriesOf(contract).reduce((sum, one) => sum + one.rows, 0);
    return rows === (this.#before?.contracts[contract]?.bars ?? -1);
  }

  #refuseForeign(contract: string): void {
    const isOurs = this.#before?.contracts[contract] !== undefined;
    if (isOurs || this.#options.isForced === true || this.#entriesOf(contract).length === 0) return;
    const { to } = this.#options;
    const name = this.#target.name;
    throw new TradingError(
      'E_RESAMPLE_EXISTS',
      `${name} has ${to} bars of ${contract} that were not built by resampling`,
      {
        details: { dataset: name, contract, interval: to },
        rule: 'bars that came from a source are not replaced by built ones',
        fix: 'write into another dataset with --into, or replace them with --force',
      },
    );
  }

  #calendarOf(root: string): TradingCalendar {
    const known = this.#calendars.get(root) ?? this.#options.calendarOf(root);
    if (known !== null) {
      this.#calendars.set(root, known);
      return known;
    }
    throw new TradingError('E_RESAMPLE_SOURCE', `there is no calendar for ${root}`, {
      details: { root },
      rule: 'bars are aligned to the sessions of their product',
      fix: 'add the product, or its calendar: see `frontmonth calendar`',
    });
  }

  /** The last moment of which the source knows anything of a product: bars that end later may still grow. */
  #asOf(root: string): number {
    const { from } = this.#options;
    return this.#source.manifest.segments
      .filter((one) => one.root === root && one.rows > 0)
      .filter((one) => (from === 'trades' ? one.kind === 'trades' : one.interval === from))
      .reduce((max, one) => Math.max(max, one.lastUs), -Infinity);
  }
}

/** Bars of one contract on their way from the source into the writer. */
class ContractBuild {
  readonly #source: Dataset;
  readonly #contract: ContractId;
  readonly #options: ResampleOptions;
  readonly #align: 'session' | 'clock';
  readonly #calendar: TradingCalendar;
  read = 0;
  unfinished = 0;
  skipped = 0;

  constructor(
    source: Dataset,
    contract: ContractId,
    options: ResampleOptions,
    align: 'session' | 'clock',
    calendar: TradingCalendar,
  ) {
    this.#source = source;
    this.#contract = contract;
    this.#options = options;
    this.#align = align;
    this.#calendar = calendar;
  }

  *batches(asOfUs: number): Generator<BuiltBars> {
    const { from, to } = this.#options;
    const contract = this.#contract;
    let builder: TimeBarBuilder | null = null;
    const start = (prices: object): TimeBarBuilder =>
      new TimeBarBuilder({
        interval: to,
        calendar: this.#calendar,
        align: this.#align,
        isFractional: prices instanceof Float64Array,
      });
    const source =
      from === 'trades'
        ? this.#source.trades({ contract })
        : this.#source.bars({ contract, interval: from });
    try {
      for (let batch = source.next(); batch !== null; batch = source.next()) {
        builder ??= start('price' in batch ? batch.price : batch.open);
        if ('price' in batch) builder.onTrades(batch);
        else builder.onBars(batch);
        this.read += batch.length;
        if (builder.ready > 0) yield builder.take();
      }
    } finally {
      source.close();
    }
    if (builder === null) return;
    builder.advance(asOfUs);
    if (builder.ready > 0) yield builder.take();
    this.unfinished = builder.unfinished === null ? 0 : 1;
    const { outside, late, repeated, malformed } = builder.counts;
    this.skipped = outside + late + repeated + malformed;
  }
}

/** What the manifest says of bars of an interval; null where none were built. */
function provenanceOf(dataset: Dataset, interval: string): Provenance | null {
  const all = dataset.manifest.extra?.['resampled'] as Record<string, Provenance> | undefined;
  return all?.[interval] ?? null;
}
