/**
 * The sample market: a seeded, synthetic dataset that behaves like futures do. Market data may not be shipped, so
 * everything a new user sees first runs on this. It is labelled synthetic wherever it goes.
 */
import type { BarColumns, BarInterval } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import type { ContractId, InstrumentSpec } from '../core/instrument.ts';
import type { CalendarSource, TradingCalendar } from '../core/ports.ts';
import { monthLetter } from '../core/symbology.ts';
import { toCivilDate, toIsoDate, toTradeDate } from '../core/trade-date.ts';
import type { TradeDate } from '../core/units.ts';
import { holdChain } from './roll.ts';
import { BufferPool, ContractBars } from './sample-contract.ts';
import type { ContractPlan } from './sample-contract.ts';
import { SAMPLE_PRODUCTS } from './sample-model.ts';
import type { SampleProduct } from './sample-model.ts';
import { contractChance, groupByTradeDate, SpotPath } from './sample-path.ts';
import type { DayPath } from './sample-path.ts';

export const SAMPLE_DATASET = 'sample';
export const SAMPLE_SEED = 20_180_102;
export const SAMPLE_INTERVALS: readonly BarInterval[] = ['1m', '1h', '1d'];
/** Minutes of a contract are written from this many business days before it takes over the volume. */
const MINUTE_LEAD_DAYS = 10;
/** Contracts alive at once: front, second, third. */
const ALIVE = 3;
const PROGRESS_DAYS = 16;

export interface SampleProgress {
  readonly product: string;
  /** 0 to 1 over all products. */
  readonly fraction: number;
  /** Bars given out so far. */
  readonly bars: number;
}

export interface SampleOptions {
  /** Specifications of at least the products asked for. */
  readonly instruments: readonly InstrumentSpec[];
  readonly calendars: CalendarSource;
  /** Roots; all of `models` by default. */
  readonly products?: readonly string[];
  /** First and last trade date; 2018-01-02 to 2023-12-29 by default. */
  readonly from?: TradeDate;
  readonly to?: TradeDate;
  /** First trade date with minutes; the start of the last calendar year of the span by default. */
  readonly minuteFrom?: TradeDate;
  readonly intervals?: readonly BarInterval[];
  readonly seed?: number;
  readonly models?: readonly SampleProduct[];
  readonly onProgress?: (progress: SampleProgress) => void;
}

/** Bars of one contract, interval and year of trade dates. */
export interface SampleSegment {
  readonly root: string;
  readonly contract: ContractId;
  readonly interval: BarInterval;
  readonly year: number;
  readonly bars: BarColumns;
}

/** A `SampleOptions` with every choice made. */
export interface SampleChoice {
  readonly models: readonly SampleProduct[];
  readonly from: TradeDate;
  readonly to: TradeDate;
  readonly minuteFrom: TradeDate;
  readonly intervals: readonly BarInterval[];
  readonly seed: number;
}

/** Fills in defaults and checks. Errors: E_SAMPLE_OPTION. */
export function resolveSample(options: SampleOptions): SampleChoice {
  const models = options.models ?? SAMPLE_PRODUCTS;
  const roots = options.products ?? models.map((model) => model.root);
  const known = new Map(models.map((model) => [model.root, model]));
  const to = options.to ?? toTradeDate(2023, 12, 29);
  const from = options.from ?? toTradeDate(2018, 1, 2);
  const intervals = options.intervals ?? SAMPLE_INTERVALS;
  const seed = options.seed ?? SAMPLE_SEED;
  const chosen = roots.map((root) => {
    const model = known.get(root);
    if (model === undefined || !options.instruments.some((spec) => spec.root === root))
      throw badOption(
        'products',
        root,
        `products of the sample are ${[...known.keys()].join(', ')}`,
      );
    return model;
  });
  if (chosen.length === 0 || new Set(roots).size !== roots.length)
    throw badOption('products', roots.join(', '), 'name one or more products, each once');
  if (from > to)
    throw badOption(
      'from',
      `${toIsoDate(from)} to ${toIsoDate(to)}`,
      'the first date is not after the last',
    );
  if (!(Number.isSafeInteger(seed) && seed >= 0))
    throw badOption('seed', String(seed), 'a seed is a whole number, 0 or more');
  for (const interval of intervals)
    if (!SAMPLE_INTERVALS.includes(interval))
      throw badOption(
        'intervals',
        interval,
        `intervals of the sample are ${SAMPLE_INTERVALS.join(', ')}`,
      );
  const minuteFrom = options.minuteFrom ?? toTradeDate(toCivilDate(to).year, 1, 1);
  return { models: chosen, from, to, minuteFrom, intervals, seed };
}

/**
 * Makes the bars, segment by segment: a contract's year is given out when the year or the contract ends. Needs no
 * storage; memory holds the open segments of one product. A product's bars do not depend on which others are made, on
 * `to` or on `intervals`; `minuteFrom` moves no close of an hour that trades throughout.
 * Errors: E_SAMPLE_OPTION; E_CALENDAR_SPAN from the calendars.
 */
export function* sampleSegments(options: SampleOptions): Generator<SampleSegment, void> {
  const choice = resolveSample(options);
  const pool = new BufferPool();
  let bars = 0;
  for (const [index, model] of choice.models.entries()) {
    const spec = options.instruments.find((instrument) => instrument.root === model.root)!;
    const market = new ProductMarket(spec, model, choice, options.calendars, pool);
    let step = 0;
    for (const segments of market.days()) {
      yield* segments;
      step += 1;
      // One step more than there are dates: the last gives out what is still open.
      if (step % PROGRESS_DAYS === 0 || step > market.dayCount) {
        const fraction = (index + step / (market.dayCount + 1)) / choice.models.length;
        options.onProgress?.({ product: model.root, fraction, bars: bars + market.bars });
      }
    }
    bars += market.bars;
  }
}

/** One product from its first date to its last. */
class ProductMarket {
  /** Bars given out so far. */
  bars = 0;
  readonly dayCount: number;
  readonly #days: ReturnType<typeof groupByTradeDate>;
  readonly #spec: InstrumentSpec;
  readonly #choice: SampleChoice;
  readonly #contracts: readonly ContractBars[];
  readonly #path: SpotPath;

  constructor(
    spec: InstrumentSpec,
    model: SampleProduct,
    choice: SampleChoice,
    calendars: CalendarSource,
    pool: BufferPool,
  ) {
    const calendar = calendars.forInstrument(spec);
    this.#spec = spec;
    this.#choice = choice;
    this.#days = groupByTradeDate(calendar.sessions(choice.from, choice.to));
    this.dayCount = this.#days.length;
    this.#path = new SpotPath(model, choice.seed);
    this.#contracts = planContracts(spec, model, choice, calendars, calendar).map(
      (plan) => new ContractBars(plan, choice.seed, pool),
    );
  }

  /** Per trade date, the segments that it completes. */
  *days(): Generator<SampleSegment[], void> {
    let front = 0;
    let year = 0;
    for (const sessions of this.#days) {
      const done: SampleSegment[] = [];
      const dayYear = toCivilDate(sessions.date).year;
      const alive = this.#contracts.slice(front, front + ALIVE);
      if (year !== 0 && dayYear !== year)
        for (const contract of alive) done.push(...this.#takeSegments(contract, year));
      while (this.#contracts[front]!.plan.spec.dates.lastTradeDate < sessions.date) {
        done.push(...this.#takeSegments(this.#contracts[front]!, year));
        this.#contracts[front]!.release();
        front += 1;
      }
      year = dayYear;
      this.#addDay(
        front,
        sessions.date,
        this.#path.nextDay(sessions, sessions.date >= this.#choice.minuteFrom),
      );
      yield done;
    }
    const rest = this.#contracts.slice(front, front + ALIVE);
    yield rest.flatMap((contract) => this.#takeSegments(contract, year));
    for (const contract of rest) contract.release();
  }

  #addDay(front: number, date: TradeDate, path: DayPath): void {
    const shares = volumeShares(this.#contracts[front]!.plan, date);
    for (let depth = 0; depth < ALIVE; depth += 1) {
      const contract = this.#contracts[front + depth]!;
      const { spec, season, minuteDate } = contract.plan;
      const years = (spec.dates.lastTradeDate - date) / 365;
      const countsPerSpot = (season * (1 + this.#path.slope * years)) / this.#spec.grid.increment;
      const hasMinutes = date >= minuteDate && date >= this.#choice.minuteFrom;
      contract.addDay(path, countsPerSpot, shares[depth]!, hasMinutes);
    }
  }

  #takeSegments(contract: ContractBars, year: number): SampleSegment[] {
    const { root, id } = contract.plan.spec;
    const { minutes, hours, days } = contract.buffers;
    const all = { '1m': minutes, '1h': hours, '1d': days };
    const segments: SampleSegment[] = [];
    for (const [interval, buffer] of Object.entries(all)) {
      const bars = buffer.take();
      if (bars.length === 0 || !this.#choice.intervals.includes(interval as BarInterval)) continue;
      this.bars += bars.length;
      segments.push({ root, contract: id, interval: interval as BarInterval, year, bars });
    }
    return segments;
  }
}

/** Lays out the contracts: when each loses its volume to the next, 3 to 10 business days before its last trade. */
function planContracts(
  spec: InstrumentSpec,
  model: SampleProduct,
  choice: SampleChoice,
  calendars: CalendarSource,
  calendar: TradingCalendar,
): ContractPlan[] {
  const { from, to, seed } = choice;
  const chain = holdChain({ spec, calendars, from, to, extra: ALIVE });
  const crossDates = chain.map(({ id, dates }) => {
    const lead = 3 + Math.floor(8 * contractChance(seed, `${id}/lead`));
    return calendar.addBusinessDays(dates.lastTradeDate, -lead);
  });
  return chain.map((contract, position) => ({
    spec: contract,
    crossDate: crossDates[position]!,
    minuteDate:
      position === 0
        ? from
        : calendar.addBusinessDays(crossDates[position - 1]!, -MINUTE_LEAD_DAYS),
    season: 1 + (model.season[monthLetter(contract.month)] ?? 0),
  }));
}

/** Parts of a day's volume by depth. A rational step around the front contract's crossing date. */
function volumeShares(front: ContractPlan, date: TradeDate): [number, number, number] {
  const days = ((date - front.crossDate) * 5) / 7;
  const x = (days + (days >= 0 ? 0.5 : 0.2)) / 1.2;
  const moved = 0.5 + (0.5 * x) / (1 + Math.abs(x));
  const third = 0.012 + 0.02 * moved;
  return [(1 - moved) * (1 - third), moved * (1 - third), third];
}

function badOption(field: string, value: string, rule: string): TradingError {
  return new TradingError('E_SAMPLE_OPTION', `sample option ${field} "${value}" cannot be used`, {
    details: { field, value },
    rule,
    fix: `correct ${field}`,
  });
}
