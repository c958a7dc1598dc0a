/**
 * The rolls of one product in one dataset under any rule, and the explanation of one of them: why this date, what other
 * rules would have chosen, volumes, open interest and gaps around it. Reads the same closes as a backtest.
 */
import { createLabelCalendar } from '../calendars/label-calendar.ts';
import { TradingError } from '../core/errors.ts';
import type { ContractId, ContractSpec, InstrumentSpec } from '../core/instrument.ts';
import type { RollRecord, RollRule, RollSchedule } from '../core/roll.ts';
import { cutRolls, describeRollRule, gapOf } from '../core/roll.ts';
import { needsOpenInterest } from '../core/rolls/check.ts';
import { formatRollRule, parseRollRule } from '../core/rolls/syntax.ts';
import { rollWindow } from '../core/rolls/window.ts';
import { rollCost } from '../core/rolls/cost.ts';
import { toPrice } from '../core/price-grid.ts';
import { addDays, parseTradeDate, toIsoDate } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { MICROS_PER_UNIT, toIsoUtc } from '../core/units.ts';
import { openCatalog } from '../data/catalog.ts';
import { hasOpenInterest, readOpenInterest } from '../data/open-interest.ts';
import { givenScheduleOf } from '../data/ingest/pysystemtrade.ts';
import {
  checkCalendarPrices,
  parseOpenInterest,
  withCalendarLines,
  withCalendarRolls,
} from '../data/ingest/roll-calendar.ts';
import { loadInstruments } from '../data/instruments.ts';
import type { OpenInterestReadings, RollInput, SessionCloses } from '../data/roll.ts';
import { buildRollSchedule, defaultRollRule } from '../data/roll.ts';
import type { CalendarText } from '../calendars/user-calendar.ts';
import { openCalendars } from './calendar-files.ts';
import type { CostOverride } from './costs.ts';
import { costsOf, fillCostOf } from './costs.ts';
import type { Product } from './plan.ts';
import { rollNotes } from './roll-notes.ts';
import { chainOf, checkRollData, DailyCloses, productOf, rollExtras } from './plan.ts';

export interface RollsOptions {
  readonly catalogDir: string;
  readonly instrumentsDir: string;
  readonly dataset: string;
  readonly root: string;
  /** As `parseRollRule` reads it; the product's own rule, or the calendar that came with the data, by default. */
  readonly rule?: string;
  /** The file of `given:<file>`. */
  readonly calendarFile?: { readonly file: string; readonly text: string };
  /** Published open interest. */
  readonly openInterest?: { readonly file: string; readonly text: string };
  /** Trade dates, `YYYY-MM-DD`, inclusive; the whole dataset by default. */
  readonly from?: string;
  readonly to?: string;
  /** Trade date whose roll is explained. */
  readonly explain?: string;
  readonly costs?: Readonly<Record<string, CostOverride>>;
  /** Calendar files of the project. */
  readonly calendars?: readonly CalendarText[];
}

/** Prices are decimal; money in whole units of the product's currency; null where not known. */
export interface RollRow {
  readonly tradeDate: string;
  readonly from: ContractId;
  readonly to: ContractId;
  readonly effectiveUtc: string;
  readonly fromPrice: number;
  readonly toPrice: number;
  /** Time of the older of the two prices. */
  readonly pricesUtc: string;
  readonly gap: number;
  /** Null at a price at or below zero. */
  readonly ratio: number | null;
  readonly isInferred: boolean;
  readonly looksAhead: boolean;
  readonly fromVolume: number | null;
  readonly toVolume: number | null;
  readonly fromOpenInterest: number | null;
  readonly toOpenInterest: number | null;
  readonly windowOpens: string | null;
  /** The last trade date of the window. */
  readonly windowLast: string | null;
  readonly lastTradeDate: string | null;
  readonly firstNoticeDate: string | null;
  readonly costTicks: number | null;
  readonly cost: number | null;
  readonly reason: string;
  readonly parts: readonly {
    readonly tradeDate: string;
    readonly percent: number;
    readonly gap: number;
  }[];
}

/** What another rule would have done with the same contract. */
export interface OtherRule {
  readonly rule: string;
  readonly tradeDate: string | null;
  readonly to: ContractId | null;
  readonly gap: number | null;
  /** Why it cannot say, or null. */
  readonly problem: string | null;
}

/** One session around a roll. */
export interface AroundRow {
  readonly tradeDate: string;
  readonly held: ContractId;
  readonly fromPrice: number | null;
  readonly toPrice: number | null;
  readonly gap: number | null;
  readonly fromVolume: number | null;
  readonly toVolume: number | null;
  readonly fromOpenInterest: number | null;
  readonly toOpenInterest: number | null;
}

export interface RollExplanation {
  readonly asked: string;
  readonly roll: RollRow | null;
  /** Sentences, in order. */
  readonly words: readonly string[];
  readonly others: readonly OtherRule[];
  readonly around: readonly AroundRow[];
}

export interface RollsAnswer {
  readonly root: string;
  readonly dataset: string;
  readonly currency: string;
  readonly decimals: number;
  readonly rule: string;
  readonly ruleWords: string;
  readonly looksAhead: boolean;
  readonly from: string;
  readonly to: string;
  /** The contract held at the end. */
  readonly current: ContractId;
  readonly rolls: readonly RollRow[];
  readonly notes: readonly { readonly code: string; readonly message: string }[];
  readonly explanation: RollExplanation | null;
}

/** Rules that an explanation compares with. */
const OTHERS: readonly string[] = [
  'calendar:5b@earlier',
  'calendar:5d@last-trade',
  'first-day',
  'last-day',
  'volume:1',
  'volume:3',
  'oi:1',
];
/** Sessions shown on each side of a roll. */
const AROUND = 5;

/**
 * Errors: E_INSTRUMENT_UNKNOWN, E_DATA_PRODUCT, E_DATA_SPAN, E_ROLL_RULE, E_ROLL_SCHEDULE, E_ROLL_DATA, E_ROLL_CALENDAR,
 * those of the catalog.
 */
export function readRolls(options: RollsOptions): RollsAnswer {
  return new RollReader(options).read();
}

class RollReader {
  readonly #options: RollsOptions;
  readonly #dataset;
  readonly #product: Product;
  readonly #spec: InstrumentSpec;
  readonly #chain: readonly ContractSpec[];
  readonly #closes: (index: number) => SessionCloses | null;
  readonly #openInterest: ReadonlyMap<ContractId, OpenInterestReadings> | null;
  readonly #from: TradeDate;
  readonly #to: TradeDate;
  readonly #notes: { code: string; message: string }[] = [];

  constructor(options: RollsOptions) {
    this.#options = options;
    this.#dataset = openCatalog(options.catalogDir).dataset(options.dataset);
    const calendars = openCalendars(options.calendars);
    const specs = loadInstruments(options.instrumentsDir);
    this.#product = productOf(options.root, {
      dataset: this.#dataset,
      specs,
      calendars,
      labelCalendar: createLabelCalendar,
    });
    const { first, last, spec } = this.#product;
    this.#spec = spec;
    this.#from = this.#dateOf('from', first);
    this.#to = this.#dateOf('to', last);
    this.#chain = chainOf(this.#product, this.#from, this.#to, calendars);
    if (this.#chain.length === 0)
      throw new TradingError(
        'E_DATA_SPAN',
        `${options.dataset} has no contract of ${options.root} in this span`,
        { details: { root: options.root }, fix: 'choose dates inside the data' },
      );
    const closes = new DailyCloses(this.#product, this.#chain, this.#dataset);
    const cache = new Map<number, SessionCloses | null>();
    this.#closes = (index) => {
      if (!cache.has(index)) cache.set(index, closes.of(index));
      return cache.get(index)!;
    };
    this.#openInterest = this.#readInterest();
  }

  /** Of the file given, else of the dataset; null where neither has any. */
  #readInterest(): ReadonlyMap<ContractId, OpenInterestReadings> | null {
    const { openInterest, root } = this.#options;
    if (openInterest !== undefined)
      return parseOpenInterest(openInterest.text, { root, file: openInterest.file });
    if (!hasOpenInterest(this.#dataset, root)) return null;
    const all = new Map<ContractId, OpenInterestReadings>();
    for (const { id } of this.#chain) {
      const readings = readOpenInterest(this.#dataset, id);
      if (readings !== null) all.set(id, readings);
    }
    return all;
  }

  #dateOf(flag: 'from' | 'to', otherwise: TradeDate): TradeDate {
    const text = this.#options[flag];
    if (text === undefined) return otherwise;
    const date = parseTradeDate(text);
    const { first, last } = this.#product;
    if (date >= first && date <= last) return date;
    throw new TradingError(
      'E_DATA_SPAN',
      `${this.#options.dataset} has ${this.#options.root} from ${toIsoDate(first)} to ${toIsoDate(last)}; --${flag} is ${text}`,
      {
        details: { first: toIsoDate(first), last: toIsoDate(last) },
        fix: `--from ${toIsoDate(first)} --to ${toIsoDate(last)}`,
      },
    );
  }

  read(): RollsAnswer {
    const { rule, schedule } = this.#main();
    const { explain } = this.#options;
    const explanation = explain === undefined ? null : this.#explain(explain, rule, schedule);
    const { grid, currency } = this.#spec;
    return {
      root: this.#spec.root,
      dataset: this.#options.dataset,
      currency,
      decimals: grid.decimals,
      rule: formatRollRule(rule),
      ruleWords: describeRollRule(rule),
      looksAhead: schedule.looksAhead ?? false,
      from: toIsoDate(this.#from),
      to: toIsoDate(this.#to),
      current: this.#chain[schedule.held.at(-1)!]!.id,
      rolls: schedule.rolls.map((roll) => this.#rowOf(roll)),
      notes: this.#notes,
      explanation,
    };
  }

  #main(): { rule: RollRule; schedule: RollSchedule } {
    const { given, spec } = this.#product;
    const asked = this.#askedRule();
    if (given !== null && asked === null) {
      const indexOf = (id: ContractId): number => this.#chain.findIndex((each) => each.id === id);
      const cost = rollCost(spec, fillCostOf(costsOf(spec, this.#options.costs)));
      const schedule = givenScheduleOf(this.#dataset.manifest, spec.root, indexOf, cost)!;
      const cut = cutRolls(schedule.rolls, this.#from, this.#to, schedule.held[0]!);
      return { rule: schedule.rule, schedule: { ...schedule, ...cut } };
    }
    if (given !== null)
      this.#notes.push({
        code: 'W_ROLL_GIVEN',
        message: `a backtest on ${this.#options.dataset} rolls ${spec.root} by the calendar ${given.name} that came with its data`,
      });
    const rule = asked ?? defaultRollRule(spec);
    const schedule = withCalendarLines(this.#options.calendarFile, () => this.#schedule(rule));
    this.#checkPrices(schedule);
    this.#notes.push(...rollNotes(schedule));
    if (schedule.looksAhead === true)
      this.#notes.push({
        code: 'W_ROLL_LOOKS_AHEAD',
        message: 'these dates were chosen with later prices: for history only',
      });
    return { rule, schedule };
  }

  /** Prices that a user gave agree with the closes of the data. */
  #checkPrices(schedule: RollSchedule): void {
    const { calendarFile } = this.#options;
    if (calendarFile === undefined) return;
    checkCalendarPrices(calendarFile, schedule.rolls, {
      root: this.#spec.root,
      increment: this.#spec.grid.increment,
      closes: this.#closes,
    });
  }

  #askedRule(): RollRule | null {
    const { rule: text, calendarFile, root } = this.#options;
    if (text === undefined) return null;
    const { increment } = this.#spec.grid;
    return withCalendarRolls(parseRollRule(text), calendarFile, { root, increment });
  }

  #schedule(rule: RollRule): RollSchedule {
    const interest = this.#openInterest;
    checkRollData(rule, this.#spec.root, this.#dataset.manifest, interest !== null);
    const input: RollInput = {
      root: this.#spec.root,
      chain: this.#chain,
      rule,
      calendar: this.#product.calendar,
      dailyCloses: this.#closes,
      from: this.#from,
      to: this.#to,
      ...rollExtras(
        {
          fillCost: (spec) => fillCostOf(costsOf(spec, this.#options.costs)),
          ...(interest === null ||
          // What the user gave stands in every record; what the dataset has is read where a rule asks for it.
          (this.#options.openInterest === undefined && !needsOpenInterest(rule))
            ? {}
            : { openInterest: (id: ContractId) => interest.get(id) ?? null }),
        },
        this.#spec,
        this.#chain,
        0,
      ),
    };
    return buildRollSchedule(input);
  }

  #explain(text: string, rule: RollRule, schedule: RollSchedule): RollExplanation {
    const asked = parseTradeDate(text);
    const roll = schedule.rolls.reduce<RollRecord | null>(
      (best, each) =>
        best === null || Math.abs(each.tradeDate - asked) < Math.abs(best.tradeDate - asked)
          ? each
          : best,
      null,
    );
    if (roll === null)
      return {
        asked: text,
        roll: null,
        words: [
          `The chain does not roll from ${toIsoDate(this.#from)} to ${toIsoDate(this.#to)}: it holds ${this.#chain[schedule.held[0]!]!.id} all the time.`,
        ],
        others: [],
        around: [],
      };
    return {
      asked: text,
      roll: this.#rowOf(roll),
      words: this.#words(asked, rule, schedule, roll),
      others: this.#others(rule, roll),
      around: this.#around(roll, schedule),
    };
  }

  #words(
    asked: TradeDate,
    rule: RollRule,
    schedule: RollSchedule,
    roll: RollRecord,
  ): readonly string[] {
    const row = this.#rowOf(roll);
    const words: string[] = [];
    if (roll.tradeDate !== asked) {
      const done = schedule.rolls.filter((each) => each.tradeDate < asked).length;
      const held = this.#chain[schedule.held[done]!]!.id;
      words.push(
        `There is no roll on ${toIsoDate(asked)}: ${held} is held. The nearest one is on ${row.tradeDate}.`,
      );
    }
    words.push(
      `${row.from} is held up to the close of ${row.tradeDate}, ${row.to} after it (${row.effectiveUtc}).`,
      `The rule: ${describeRollRule(rule)}.`,
      `Why this date: ${roll.reason}.`,
    );
    const { dates } = this.#chain[roll.fromIndex]!;
    const notice =
      dates.firstNoticeDate === null
        ? 'it is settled in cash'
        : `its first notice is ${toIsoDate(dates.firstNoticeDate)}`;
    words.push(
      `${row.from} trades until ${toIsoDate(dates.lastTradeDate)} (${dates.kind}); ${notice}.`,
    );
    if (roll.window !== undefined) {
      const { window } = roll;
      const desired = window.desired === null ? '' : `names ${toIsoDate(window.desired)}, `;
      words.push(
        `The rule ${desired}rolls without condition from the close of ${toIsoDate(window.opens)} and has to be out by the close of ${toIsoDate(addDays(window.ends, -1))}.`,
      );
    }
    words.push(
      `Gap ${this.#text(row.gap)}: ${this.#text(row.fromPrice)} to ${this.#text(row.toPrice)}${roll.isInferred ? ', one price carried from an earlier close' : ''}.`,
    );
    if (row.cost !== null)
      words.push(
        `Moving one contract costs about ${row.cost.toFixed(2)} ${this.#spec.currency}: two fills with fees and ${String(row.costTicks)} ticks of slippage.`,
      );
    if (roll.looksAhead === true)
      words.push('The date was chosen with later prices: it could not have been known then.');
    return words;
  }

  /** The same contract left by other rules; what they cannot decide they say. */
  #others(rule: RollRule, roll: RollRecord): readonly OtherRule[] {
    const own = formatRollRule(rule);
    const standard = formatRollRule(defaultRollRule(this.#spec));
    return [...new Set([standard, ...OTHERS])]
      .filter((text) => text !== own)
      .map((text) => this.#other(text, roll));
  }

  #other(text: string, roll: RollRecord): OtherRule {
    const nothing = { rule: text, tradeDate: null, to: null, gap: null };
    try {
      const rule = parseRollRule(text);
      const found = this.#schedule(rule).rolls.find((each) => each.from === roll.from);
      if (found === undefined) {
        const contract = this.#chain[roll.fromIndex]!;
        const { opens } = rollWindow(rule, contract, this.#product.calendar);
        return { ...nothing, problem: `not up to ${toIsoDate(this.#to)}; due ${toIsoDate(opens)}` };
      }
      const row = this.#rowOf(found);
      return { rule: text, tradeDate: row.tradeDate, to: row.to, gap: row.gap, problem: null };
    } catch (error) {
      if (!(error instanceof TradingError)) throw error;
      return { ...nothing, problem: error.message };
    }
  }

  #around(roll: RollRecord, schedule: RollSchedule): readonly AroundRow[] {
    const { calendar } = this.#product;
    const dateOf = (us: number): TradeDate => calendar.tradeDateOf((us - 1) as TsUs);
    const rows = new Map<TradeDate, { from: Close | null; to: Close | null }>();
    const sides = [
      ['from', roll.fromIndex],
      ['to', roll.toIndex],
    ] as const;
    for (const [side, index] of sides) {
      const closes = this.#closes(index);
      for (let row = 0; closes !== null && row < closes.length; row += 1) {
        const us = closes.closeUs[row]!;
        // Weekends and holidays between: twice the sessions shown, in days, and a week.
        if (Math.abs(us - roll.effectiveUs) > (2 * AROUND + 7) * 86_400_000_000) continue;
        const date = dateOf(us);
        const entry = rows.get(date) ?? { from: null, to: null };
        entry[side] = { price: closes.close[row]!, volume: closes.volume[row]! };
        rows.set(date, entry);
      }
    }
    const dates = [...rows.keys()].toSorted((a, b) => a - b);
    const at = dates.findLastIndex((date) => date <= roll.tradeDate);
    return dates.slice(Math.max(0, at - AROUND), at + AROUND + 1).map((date) => {
      const { from, to } = rows.get(date)!;
      const done = schedule.rolls.filter((each) => each.tradeDate < date).length;
      return {
        tradeDate: toIsoDate(date),
        held: this.#chain[schedule.held[done]!]!.id,
        fromPrice: this.#priceOf(from?.price),
        toPrice: this.#priceOf(to?.price),
        gap: from === null || to === null ? null : this.#price(to.price - from.price),
        fromVolume: known(from?.volume),
        toVolume: known(to?.volume),
        fromOpenInterest: this.#interestAt(roll.from, date),
        toOpenInterest: this.#interestAt(roll.to, date),
      };
    });
  }

  /** The last figure published before the close of a session. */
  #interestAt(id: ContractId, date: TradeDate): number | null {
    const readings = this.#openInterest?.get(id);
    if (readings === undefined) return null;
    const { closeUs } = this.#product.calendar.sessions(date, date);
    const row = readings.knownUs.findLastIndex((us) => us <= (closeUs[0] ?? 0));
    return row < 0 ? null : readings.openInterest[row]!;
  }

  #rowOf(roll: RollRecord): RollRow {
    const { evidence, window, cost } = roll;
    const isRatio = roll.fromPrice > 0 && roll.toPrice > 0;
    const older = Math.min(roll.fromPriceUs ?? roll.pricesUs, roll.toPriceUs ?? roll.pricesUs);
    const day = (date: TradeDate | null | undefined): string | null =>
      date === null || date === undefined ? null : toIsoDate(date);
    return {
      tradeDate: toIsoDate(roll.tradeDate),
      from: roll.from,
      to: roll.to,
      effectiveUtc: toIsoUtc(roll.effectiveUs),
      fromPrice: this.#price(roll.fromPrice),
      toPrice: this.#price(roll.toPrice),
      pricesUtc: toIsoUtc(older as TsUs),
      gap: this.#price(gapOf(roll)),
      ratio: isRatio ? roll.toPrice / roll.fromPrice : null,
      isInferred: roll.isInferred,
      looksAhead: roll.looksAhead ?? false,
      fromVolume: evidence?.fromVolume ?? null,
      toVolume: evidence?.toVolume ?? null,
      fromOpenInterest: evidence?.fromOpenInterest ?? null,
      toOpenInterest: evidence?.toOpenInterest ?? null,
      windowOpens: day(window?.opens),
      windowLast: window === undefined ? null : toIsoDate(addDays(window.ends, -1)),
      lastTradeDate: day(evidence?.lastTradeDate),
      firstNoticeDate: day(evidence?.firstNoticeDate),
      costTicks: cost?.slippageTicks ?? null,
      cost:
        cost === undefined || cost === null || cost.totalMicros === null
          ? null
          : cost.totalMicros / MICROS_PER_UNIT,
      reason: roll.reason,
      parts: (roll.parts ?? []).map((part) => ({
        tradeDate: toIsoDate(part.tradeDate),
        percent: (100 * part.share) / part.of,
        gap: this.#price(part.toPrice - part.fromPrice),
      })),
    };
  }

  #priceOf(counts: number | undefined): number | null {
    return counts === undefined || Number.isNaN(counts) ? null : this.#price(counts);
  }

  /** Counts of the dataset to a decimal price; sampled data may lie between the counts. */
  #price(counts: number): number {
    const { grid } = this.#spec;
    return Number.isInteger(counts) ? toPrice(counts, grid) : counts * grid.increment;
  }

  #text(price: number): string {
    return price.toFixed(this.#spec.grid.decimals);
  }
}

interface Close {
  readonly price: number;
  readonly volume: number;
}

function known(volume: number | undefined): number | null {
  return volume === undefined || Number.isNaN(volume) ? null : volume;
}
