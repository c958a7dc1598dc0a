/** A continuous series outside a backtest: the same contracts, rolls and adjustment that a strategy would be given. */
import type { BarInterval } from '../core/bars.ts';
import { intervalUs } from '../core/bars.ts';
import { neighboursOf } from '../core/chain.ts';
import { cyclesOf } from '../core/listing.ts';
import type { ContractMonth } from '../core/cycle.ts';
import type { ContractId, InstrumentSpec } from '../core/instrument.ts';
import type { BarSource, TradingCalendar } from '../core/ports.ts';
import type { Adjustment, RollRule, RollSchedule } from '../core/roll.ts';
import { parseContractId, toContractId } from '../core/symbology.ts';
import { parseTradeDate, toIsoDate } from '../core/trade-date.ts';
import { parseTsUs, toIsoUtc } from '../core/units.ts';
import type { TsUs } from '../core/units.ts';
import { createLabelCalendar } from '../calendars/label-calendar.ts';
import type { CalendarText } from '../calendars/user-calendar.ts';
import { openCatalog } from '../data/catalog.ts';
import type { Dataset } from '../data/catalog.ts';
import type { ContinuousColumns } from '../data/continuous.ts';
import { collectContinuous } from '../data/continuous.ts';
import type { CurveColumns } from '../data/continuous-curve.ts';
import { collectCurve, curveRoles } from '../data/continuous-curve.ts';
import type { Closes } from '../data/continuous-depth.ts';
import { depthSchedule } from '../data/continuous-depth.ts';
import type { ContinuousDefinition, StoredContinuous } from '../data/continuous-store.ts';
import {
  mergeSchedule,
  nameOfSeries,
  openContinuousStore,
  scheduleKnownAt,
  scheduleOf,
  toStored,
} from '../data/continuous-store.ts';
import {
  checkCalendarPrices,
  parseOpenInterest,
  withCalendarLines,
  withCalendarRolls,
} from '../data/ingest/roll-calendar.ts';
import type { RollCalendarFile } from '../data/ingest/roll-calendar.ts';
import { givenCalendarOf } from '../data/ingest/pysystemtrade.ts';
import { loadInstruments } from '../data/instruments.ts';
import { TradingError } from '../core/errors.ts';
import { openCalendars } from './calendar-files.ts';
import { namedCarry } from './curve-plan.ts';
import { planRun, usualCarryOffset } from './plan.ts';
import type { RunPlan } from './plan.ts';

export interface ContinuousSeriesOptions {
  readonly catalogDir: string;
  /** Folder of the specifications, such as `node_modules/frontmonth/catalog/instruments`. */
  readonly instrumentsDir: string;
  readonly dataset: string;
  readonly root: string;
  readonly bars: BarInterval;
  /** The product's own rule by default; data that came with a roll calendar are always rolled by it. */
  readonly roll?: RollRule;
  /** The text of a roll calendar, for a rule `given` that does not carry its rolls. */
  readonly calendarFile?: { readonly file: string; readonly text: string };
  /** Published open interest as CSV (`known,contract,openInterest`), for rules that read it. */
  readonly openInterest?: { readonly file: string; readonly text: string };
  /** `back-difference` by default. */
  readonly adjust?: Adjustment;
  /** 0 the contract to trade (default), 1 the next one, … */
  readonly depth?: number;
  /** Trade dates, `YYYY-MM-DD`, inclusive; the whole dataset by default. */
  readonly from?: string;
  readonly to?: string;
  /** The series as it was known then: an instant in UTC, or a trade date, which means its last close. */
  readonly asKnownAt?: string;
  /** Whose contract reads raw: an instant or a trade date, as above. */
  readonly asOf?: string;
  /** Whose bar closes at the moment of a roll; `old` by default. */
  readonly rollStamp?: 'old' | 'new';
  /** Reads current, forward, previous and carry contract as well. `carryOffset` as in the product's file, else 1. */
  readonly curve?: boolean | { readonly carryOffset?: 1 | -1 };
  /** Reads the schedule from this stored series instead of building it. */
  readonly stored?: string;
  /** Calendar files of the project. */
  readonly calendars?: readonly CalendarText[];
}

export interface ContinuousSeries {
  /** Adjusted decimal prices, raw counts, times and volume; `contractIndex` counts in `contracts`. */
  readonly columns: ContinuousColumns;
  readonly contracts: readonly ContractId[];
  readonly schedule: RollSchedule;
  /** Null unless it was asked for. Its indexes count in `contracts`, too. */
  readonly curve: CurveColumns | null;
  readonly spec: InstrumentSpec;
  readonly adjust: Adjustment;
  readonly depth: number;
  /** Closes up to this moment were read. */
  readonly doneUs: number;
  /** What a reader should know, such as a rule that the data's own calendar overrides. */
  readonly notes: readonly { readonly code: string; readonly message: string }[];
}

/**
 * Reads a continuous series into memory, as it is known at the end of its data or at the moment asked.
 *
 * Errors: E_INSTRUMENT_UNKNOWN, E_DATA_PRODUCT, E_DATA_SPAN, E_ROLL_SCHEDULE, E_ROLL_RATIO, E_CONTINUOUS_UNKNOWN, those of
 * the catalog.
 *
 * @example
 * readContinuousSeries({ catalogDir, instrumentsDir, dataset: 'sample', root: 'ES', bars: '1d' }).columns.close
 */
export function readContinuousSeries(options: ContinuousSeriesOptions): ContinuousSeries {
  return new SeriesReader(options).read();
}

export interface SaveOptions extends Omit<
  ContinuousSeriesOptions,
  'from' | 'asKnownAt' | 'stored'
> {
  /** Made from product, rule and depth when not given. */
  readonly name?: string;
  /** Accepts a schedule that contradicts the stored one, as corrected at this moment. */
  readonly correctedUs?: number;
}
export interface SavedSeries {
  readonly name: string;
  readonly rolls: number;
  readonly added: number;
  readonly replaced: number;
  readonly series: ContinuousSeries;
}

/**
 * Stores schedule and gaps of a series beside its dataset, or adds to what is stored.
 * Errors: those of `readContinuousSeries`; E_CONTINUOUS_CHANGED, E_CATALOG_LOCKED, E_CATALOG_WRITE.
 */
export function saveContinuousSeries(options: SaveOptions): SavedSeries {
  const series = readContinuousSeries(options);
  const { schedule, adjust, depth, contracts, spec, doneUs } = series;
  const definition: ContinuousDefinition = {
    root: options.root,
    rule: schedule.rule,
    adjust,
    depth,
    cycle: spec.holdCycle,
  };
  const store = openContinuousStore(
    openCatalog(options.catalogDir).dataset(options.dataset).folder,
  );
  const name = options.name ?? nameOfSeries(definition);
  const before = store.read(name);
  const fresh = toStored({ definition, schedule, idOf: (index) => contracts[index]!, doneUs });
  const next =
    before === null
      ? fresh
      : mergeSchedule(sameDefinition(name, before, fresh), fresh, options.correctedUs);
  store.write(name, next);
  const isOld = (roll: StoredContinuous['rolls'][number]): boolean => roll.replacedUs !== null;
  return {
    name,
    rolls: next.rolls.length - next.rolls.filter(isOld).length,
    added: next.rolls.length - (before?.rolls.length ?? 0),
    replaced: next.rolls.filter(isOld).length - (before?.rolls.filter(isOld).length ?? 0),
    series,
  };
}

/** Names of the series stored beside a dataset. */
export function listContinuousSeries(catalogDir: string, dataset: string): string[] {
  return openContinuousStore(openCatalog(catalogDir).dataset(dataset).folder).names();
}

function sameDefinition(
  name: string,
  before: StoredContinuous,
  fresh: StoredContinuous,
): StoredContinuous {
  const [a, b] = [before, fresh].map(({ definition }) => ({ ...definition, adjust: null }));
  if (JSON.stringify(a) === JSON.stringify(b)) return before;
  throw new TradingError('E_CONTINUOUS_UNKNOWN', `${name} stores another series`, {
    details: { stored: before.definition, asked: fresh.definition },
    rule: 'a stored series keeps its product, rule, depth and cycle',
    fix: 'save it under another name: --save <name>',
  });
}

/** One reading: plan, schedule, columns. */
class SeriesReader {
  readonly #options: ContinuousSeriesOptions;
  readonly #dataset: Dataset;
  readonly #plan: RunPlan;
  readonly #spec: InstrumentSpec;
  readonly #stored: StoredContinuous | null;
  readonly #ids: ContractId[];
  readonly #depth: number;

  constructor(options: ContinuousSeriesOptions) {
    this.#options = options;
    this.#dataset = openCatalog(options.catalogDir).dataset(options.dataset);
    this.#stored = options.stored === undefined ? null : this.#readStored(options.stored);
    this.#depth = this.#stored?.definition.depth ?? options.depth ?? 0;
    const specs = loadInstruments(options.instrumentsDir);
    const rule = this.#stored?.definition.rule ?? this.#asked(specs.get(options.root));
    const interest =
      options.openInterest === undefined
        ? null
        : parseOpenInterest(options.openInterest.text, {
            root: options.root,
            file: options.openInterest.file,
          });
    const { root, bars } = options;
    const plan = (): RunPlan =>
      planRun({
        dataset: this.#dataset,
        specs,
        calendars: openCalendars(options.calendars),
        labelCalendar: createLabelCalendar,
        requirements: { series: [{ root, bars, ...(rule === undefined ? {} : { roll: rule }) }] },
        roots: [root],
        execution: bars,
        ...(interest === null ? {} : { openInterest: (id) => interest.get(id) ?? null }),
        ...(options.from === undefined ? {} : { from: options.from }),
        ...(options.to === undefined ? {} : { to: options.to }),
      });
    this.#plan = withCalendarLines(options.calendarFile, plan);
    this.#spec = this.#plan.table.instruments[0]!;
    this.#ids = this.#plan.table.contracts.map(({ id }) => id);
    if (rule?.kind === 'given' && options.calendarFile !== undefined)
      this.#checkPrices(options.calendarFile);
  }

  read(): ContinuousSeries {
    const { from, to, asKnownAt, asOf, rollStamp, bars } = this.#options;
    const adjust = this.#options.adjust ?? this.#stored?.definition.adjust ?? 'back-difference';
    const known = asKnownAt === undefined ? undefined : this.#moment(asKnownAt);
    const schedule = this.#schedule(known);
    const [fromUs, toUs] = this.#span();
    const view = {
      schedule,
      grid: this.#spec.grid,
      // Without dates nothing is cut: samples may lie outside of every session.
      ...(from === undefined ? {} : { fromUs }),
      ...(to === undefined ? {} : { toUs }),
      ...(known === undefined ? {} : { asKnownAt: known }),
      ...(rollStamp === undefined ? {} : { rollStamp }),
    };
    const columns = collectContinuous({
      ...view,
      adjust,
      bars: (index) => this.#bars(index, bars),
      ...(asOf === undefined ? {} : { asOf: this.#asOf(asOf, known) }),
    });
    if (known !== undefined && columns.length === 0) throw this.#nothingKnown(asKnownAt!);
    const curve = this.#curve(schedule, view);
    return {
      columns,
      contracts: this.#ids,
      schedule,
      curve,
      spec: this.#spec,
      adjust,
      depth: this.#depth,
      doneUs: to === undefined ? this.#lastUs() : toUs,
      notes: this.#plan.notes,
    };
  }

  /** The rule asked for, with the rolls of its file. */
  #asked(spec: InstrumentSpec | undefined): RollRule | undefined {
    const { roll, calendarFile, root } = this.#options;
    if (roll === undefined || spec === undefined) return roll;
    return withCalendarRolls(roll, calendarFile, { root, increment: spec.grid.increment });
  }

  /** Prices that a user gave agree with the closes of the data. */
  #checkPrices(file: RollCalendarFile): void {
    const { rule, rolls } = this.#plan.chains[0]!.schedule;
    // Data that came with a calendar are rolled by it, whatever was asked.
    if (rule.kind !== 'given' || rule.name !== this.#ruleName()) return;
    const { root, grid } = this.#spec;
    const closes = (index: number): Closes | null => this.#closes(index);
    checkCalendarPrices(file, rolls, { root, increment: grid.increment, closes });
  }

  #ruleName(): string | null {
    const { roll } = this.#options;
    return roll?.kind === 'given' ? roll.name : null;
  }

  #readStored(name: string): StoredContinuous {
    const store = openContinuousStore(this.#dataset.folder);
    const found = store.read(name);
    if (found !== null) return found;
    const known = store.names();
    throw new TradingError('E_CONTINUOUS_UNKNOWN', `${this.#dataset.name} has no series ${name}`, {
      details: { name, known },
      rule: known.length === 0 ? 'nothing is stored beside it yet' : `it has ${known.join(', ')}`,
      fix: 'save one: frontmonth continuous <product> --save <name>',
    });
  }

  #schedule(known: TsUs | undefined): RollSchedule {
    const indexOf = (id: ContractId): number => this.#indexOf(id);
    if (this.#stored !== null) return scheduleOf(this.#stored, indexOf, known);
    const schedule = depthSchedule({
      schedule: this.#plan.chains[0]!.schedule,
      depth: this.#depth,
      idOf: (index) => this.#ids[index]!,
      closes: (index) => this.#closes(index),
    });
    return known === undefined ? schedule : scheduleKnownAt(schedule, known);
  }

  /** Contracts that the chain itself does not hold (a carry contract, a stored one) get numbers after its own. */
  #indexOf(id: ContractId): number {
    const known = this.#ids.indexOf(id);
    if (known >= 0) return known;
    if (this.#dataset.intervals(id).length === 0) return -1;
    return this.#ids.push(id) - 1;
  }

  #bars(index: number, interval: BarInterval): BarSource {
    return this.#dataset.bars({ contract: this.#ids[index]!, interval });
  }

  #closes(index: number): Closes | null {
    const intervals = this.#dataset.intervals(this.#ids[index]!);
    const coarsest = intervals.toSorted((a, b) => intervalUs(b) - intervalUs(a))[0];
    if (coarsest === undefined) return null;
    const times: number[] = [];
    const prices: number[] = [];
    const source = this.#bars(index, coarsest);
    for (let batch = source.next(); batch !== null; batch = source.next()) {
      for (let row = 0; row < batch.length; row += 1) {
        times.push(batch.closeUs[row]!);
        prices.push(batch.close[row]!);
      }
    }
    source.close();
    return {
      length: times.length,
      closeUs: Float64Array.from(times),
      close: Float64Array.from(prices),
    };
  }

  #curve(
    schedule: RollSchedule,
    view: Pick<Parameters<typeof collectCurve>[0], 'fromUs' | 'toUs' | 'asKnownAt' | 'grid'>,
  ): CurveColumns | null {
    const asked = this.#options.curve ?? false;
    if (asked === false) return null;
    const offset = asked === true ? undefined : asked.carryOffset;
    const { manifest } = this.#dataset;
    const { root } = this.#options;
    const given = givenCalendarOf(manifest, root);
    const named = offset === undefined ? (given?.carry ?? {}) : {};
    const carryOffset =
      offset ??
      usualCarryOffset({
        spec: this.#spec,
        given,
        segments: manifest.segments.filter((each) => each.root === root && each.kind === 'bars'),
      });
    const { hold, priced } = cyclesOf(this.#spec);
    const monthOf = (index: number): ContractMonth => parseContractId(this.#ids[index]!);
    const numberOf = (month: ContractMonth | null): number =>
      month === null
        ? -1
        : this.#indexOf(toContractId(this.#options.root, month.year, month.month));
    const near = (index: number) => neighboursOf(monthOf(index), { hold, priced }, carryOffset);
    const { bars } = this.#options;
    return collectCurve({
      ...view,
      schedule,
      monthOf,
      roles: curveRoles({
        schedule,
        next: (index) => numberOf(near(index).forward),
        previous: (index) => numberOf(near(index).previous),
        carry: (index) => {
          const own = namedCarry(this.#ids[index]!, named);
          if (own === undefined) return numberOf(near(index).carry);
          return own === null ? -1 : this.#indexOf(own);
        },
      }),
      bars: (index) =>
        this.#dataset.intervals(this.#ids[index]!).includes(bars) ? this.#bars(index, bars) : null,
    });
  }

  #calendar(): TradingCalendar {
    return this.#plan.calendars[0]!;
  }

  #span(): readonly [TsUs, TsUs] {
    const dates = this.#calendar().sessions(this.#plan.from, this.#plan.to);
    const last = dates.length - 1;
    return [(dates.openUs[0] ?? -Infinity) as TsUs, (dates.closeUs[last] ?? Infinity) as TsUs];
  }

  #firstUs(): number {
    return this.#segments().reduce((first, { firstUs }) => Math.min(first, firstUs), Infinity);
  }

  #lastUs(): number {
    return this.#segments().reduce((last, { lastUs }) => Math.max(last, lastUs), -Infinity);
  }

  #segments(): Dataset['manifest']['segments'] {
    const { segments } = this.#dataset.manifest;
    return segments.filter(({ root, kind }) => root === this.#options.root && kind === 'bars');
  }

  /** The moment whose price is the true one: inside the series, because its rolls are not known elsewhere. */
  #asOf(text: string, known: TsUs | undefined): TsUs {
    const [from, to] = [toIsoDate(this.#plan.from), toIsoDate(this.#plan.to)];
    const us = this.#moment(text);
    const [firstUs, lastUs] = this.#span();
    const isInside = text.includes('T')
      ? us >= firstUs && us <= lastUs
      : text >= from && text <= to;
    // A stored series knows the rolls outside of the dates asked for.
    const isStored = this.#stored !== null && us >= this.#firstUs() && us <= this.#lastUs();
    if ((isInside || isStored) && us <= (known ?? Infinity)) return us;
    const end =
      isInside || isStored ? `was known up to ${toIsoUtc(known!)}` : `goes ${from} to ${to}`;
    throw new TradingError('E_DATA_SPAN', `the series ${end}; as of ${text} is not in it`, {
      where: `as of ${text}`,
      details: { asOf: text, from, to },
      rule: 'as of names a moment of the series, whose contract then reads raw',
      fix: `choose a date from ${from} to ${to}`,
    });
  }

  #nothingKnown(text: string): TradingError {
    const first = toIsoDate(this.#plan.from);
    const { root, dataset, bars } = this.#options;
    return new TradingError(
      'E_DATA_SPAN',
      `nothing was known at ${text}: the ${bars} bars of ${root} asked for begin ${first}`,
      {
        where: `as known at ${text}`,
        details: { asKnownAt: text, first, dataset },
        rule: 'a bar is known from its close on',
        fix: `choose a date from ${first} on`,
      },
    );
  }

  /** An instant; or the last close of a trade date or of the one before it. */
  #moment(text: string): TsUs {
    if (text.includes('T')) return parseTsUs(text);
    const date = parseTradeDate(text);
    const sessions = this.#calendar().sessions((date - 10) as typeof date, date);
    return (sessions.closeUs[sessions.length - 1] ?? date * 86_400_000_000) as TsUs;
  }
}
