/** Products, contracts and their dates. An instrument is a product (ES); a contract is one expiry of it (ESZ2025). */
import { assert, TradingError } from './errors.ts';
import type { PriceGrid, RoundMode } from './price-grid.ts';
import { roundToTicks, toPrice, toPriceTicks } from './price-grid.ts';
import type { CashMicros, PriceTicks, TradeDate, TsUs } from './units.ts';
import { roundHalfEven, toCashMicros } from './units.ts';

declare const contractIdBrand: unique symbol;
declare const continuousIdBrand: unique symbol;
/** Root, month letter, four-digit year: `ESZ2025`. The only id that an order can name. */
export type ContractId = string & { readonly [contractIdBrand]: true };
/** `@ES/…`: an analytical series. Of another type than `ContractId`, so that it cannot enter the order path. */
export type ContinuousId = string & { readonly [continuousIdBrand]: true };

export type AssetClass =
  | 'equity-index'
  | 'interest-rate'
  | 'fx'
  | 'energy'
  | 'metal'
  | 'grain'
  | 'livestock'
  | 'soft'
  | 'dairy'
  | 'lumber'
  | 'crypto'
  | 'volatility';
export type SettlementMethod = 'cash' | 'physical' | 'cash-or-EFP';

/** Product symbols at the venues; absent where the product is not offered or the name is not known. */
export interface InstrumentSymbols {
  readonly exchange: string;
  readonly projectx?: string;
  readonly cqg?: string;
  readonly ib?: {
    readonly symbol: string;
    readonly exchange: string;
    readonly tradingClass: string;
  };
}

/** A structured date rule. Evaluated by the calendars layer; kept here as data so that a spec is complete by itself. */
export type DateRule = Readonly<Record<string, unknown>> & { readonly rule: string };

/**
 * One span of years with its own months. `from` and `to` are contract months such as `2015Z`, inclusive; open where absent.
 * Letters in calendar order.
 */
export interface CycleSpan {
  readonly from?: string;
  readonly to?: string;
  readonly listed: string;
  /** Absent where none of the months is held. */
  readonly hold?: string;
}

/** The rules that held for contracts up to one month, before the present ones. */
export interface EarlierRules {
  /** Last contract month under these rules, such as `2016G`. */
  readonly toContract: string;
  readonly lastTrade: DateRule;
  readonly firstNotice: DateRule | null;
  readonly confidence: 'high' | 'medium' | 'low';
  readonly source: string;
}

/** Months beyond the regular ones that are listed only while they are among the nearest. */
export interface SerialMonths {
  readonly letters: string;
  /** How many calendar months ahead, the current one counted. */
  readonly nearest: number;
}

/**
 * Which entries of a venue's contract list belong to the product, where its trading class holds others too. Every field
 * that is given must hold. Patterns are regular expressions over the whole text.
 */
export interface ContractFilter {
  /** Pattern of the local symbol: `^VX[FGHJKMNQUVXZ]\d$` leaves the weeklies out. */
  readonly localSymbol?: string;
  readonly longName?: string;
  readonly underConId?: number;
  /** Only the entry whose last trade date is the one that the product's own rule gives for the month. */
  readonly expiry?: 'rule';
}

/** A product as the exchange specifies it. Immutable. */
export interface InstrumentSpec {
  readonly root: string;
  readonly exchange: string;
  readonly name: string;
  readonly assetClass: AssetClass;
  readonly currency: string;
  readonly quoteUnit: string;
  /** Money in `currency` per 1.0 of the quoted price. */
  readonly multiplier: number;
  readonly grid: PriceGrid;
  /** Money of one count of the grid for one contract, in millionths: a rational, so that every product is exact. */
  readonly countValue: { readonly num: number; readonly den: number };
  /** Regular months as they are today; `cycles` where they changed, `serialMonths` for those near only. */
  readonly listedMonths: string;
  /** Months that are held, as they are today. */
  readonly holdCycle: string;
  /** Dated months, in order; the last span is `listedMonths` and `holdCycle`. */
  readonly cycles?: readonly CycleSpan[];
  readonly serialMonths?: SerialMonths;
  /** Months with prices worth collecting: the cycle of the carry contract; the listed months where absent. */
  readonly pricedCycle?: string;
  /** Contract months that never traded, such as `2023F`: never held, never a carry contract. */
  readonly skippedMonths?: readonly string[];
  /**
   * The carry contract: one step later (1, also where absent) or earlier (-1) in the priced cycle. Earlier wants a held contract
   * that is not the front: the contract before the front has ended.
   */
  readonly carryOffset?: 1 | -1;
  /** Calendar days from the approximate expiry to the desired roll date, zero or negative. */
  readonly rollOffsetDays?: number;
  /** Calendar days from the first of the contract month to the last trading day, approximately. */
  readonly expiryOffsetDays?: number;
  /** First day on which the product traded, `YYYY-MM-DD`. A contract that ended before it never was. */
  readonly listedSince?: string;
  /** The first contract month that was listed, such as `2018F`, where it is known. */
  readonly firstContract?: string;
  /**
   * What `listedSince` and `firstContract` rest on. `high`: the date was read in a notice or a reference; `medium`: a known
   * date, not looked up again; `low`: the day is not known, and the earliest that is plausible stands for it.
   */
  readonly listing?: { readonly confidence: 'high' | 'medium' | 'low'; readonly source: string };
  /** The last contract month of a product that ended, such as `2023M`. */
  readonly lastContract?: string;
  readonly contractFilter?: ContractFilter;
  readonly settlement: SettlementMethod;
  readonly sessionGroup: string;
  readonly businessCalendar: string;
  readonly lastTrade: DateRule;
  /** Contracts for which the sources do not agree: those whose rule counts from a day that is no business day. */
  readonly lastTradeDoubt?: { readonly when: 'anchor-moves'; readonly why: string };
  readonly lastTradeTime: { readonly local: string; readonly tz: string } | null;
  readonly firstNotice: DateRule | null;
  /** Rules of earlier contracts, in order of `toContract`. */
  readonly earlierRules?: readonly EarlierRules[];
  readonly rollHint: {
    readonly anchor: 'lastTrade' | 'firstNotice';
    readonly businessDays: number;
  } | null;
  readonly symbols: InstrumentSymbols;
  readonly confidence: 'high' | 'medium' | 'low';
  readonly sources: readonly { readonly what: string; readonly date: string }[];
  readonly note?: string;
}

/**
 * Dates of one contract. Exact: the exchange's rule over its trade dates, or the broker. Approximate: anything else, such as
 * an offset in days, or a rule over holidays that nobody has sourced. The date is always the last day, never the day after; `Expiry` in
 * `expiry.ts` says so in its type.
 */
export type ContractDates = ExactContractDates | ApproximateContractDates;

export interface ExactContractDates extends ContractDateFields {
  readonly kind: 'exact';
}

export interface ApproximateContractDates extends ContractDateFields {
  readonly kind: 'approximate';
  /** In words: what makes the dates approximate. */
  readonly why?: string;
}

interface ContractDateFields {
  /** The last trade date on which the contract trades (inclusive). */
  readonly lastTradeDate: TradeDate;
  /** The instant at which trading ends on that date (exclusive). */
  readonly lastTradeUs: TsUs;
  /** The first date on which a holder can be assigned delivery; null when cash-settled. */
  readonly firstNoticeDate: TradeDate | null;
  /** How well the rule is known, where it differs from the product's own: earlier rules mostly. */
  readonly confidence?: 'high' | 'medium' | 'low';
  /** `rule`: the holidays of that time are rules too, and the exchange has not published them yet. */
  readonly basis?: 'rule';
}

/** One expiry of a product. Immutable. */
export interface ContractSpec {
  readonly id: ContractId;
  readonly root: string;
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly dates: ContractDates;
}

/**
 * Exact cash of a price difference, in millionths, rounded once half to even where the tick value is not whole.
 * Units: `counts` may be fractional only for marks on sampled data. Errors: E_MONEY_RANGE.
 */
export function cashOfCounts(
  counts: number,
  netQty: number,
  spec: Pick<InstrumentSpec, 'countValue'>,
): CashMicros {
  const { num, den } = spec.countValue;
  const product = counts * netQty * num;
  return toCashMicros(
    den === 1 && Number.isInteger(product) ? product : roundHalfEven(product / den),
  );
}

/** Notional in whole units of the currency, a double: for reports and limits, never for cash. */
export function notionalOf(
  priceTicks: number,
  qty: number,
  spec: Pick<InstrumentSpec, 'grid' | 'multiplier'>,
): number {
  return Math.abs(priceTicks * spec.grid.increment * spec.multiplier * qty);
}

/** Derives the exact rational value of one count. Errors: E_INSTRUMENT when it needs a denominator beyond 1000. */
export function countValueOf(multiplier: number, increment: number): { num: number; den: number } {
  const micros = multiplier * increment * 1_000_000;
  for (const den of [1, 2, 4, 5, 8, 10, 16, 25, 32, 64, 100, 128, 1000]) {
    const num = Math.round(micros * den);
    if (num > 0 && Math.abs(num - micros * den) <= Math.abs(micros * den) * 1e-9)
      return { num, den };
  }
  throw new TradingError(
    'E_INSTRUMENT',
    `one count of ${multiplier} x ${increment} is not a fraction of a millionth`,
    {
      details: { multiplier, increment },
    },
  );
}

/** What a strategy sees of a product. Prices are decimals at this edge; counts are what orders carry. */
export class Instrument {
  readonly spec: InstrumentSpec;
  readonly root: string;
  readonly currency: string;
  readonly multiplier: number;
  /** Price of one count of the grid. */
  readonly tickSize: number;
  /** Money of one count for one contract, in whole currency units. */
  readonly tickValue: number;

  constructor(spec: InstrumentSpec) {
    this.spec = spec;
    this.root = spec.root;
    this.currency = spec.currency;
    this.multiplier = spec.multiplier;
    this.tickSize = spec.grid.increment;
    this.tickValue = spec.countValue.num / spec.countValue.den / 1_000_000;
  }

  /** Decimal price to ticks; off the grid is E_PRICE_GRID. */
  toTicks(price: number): PriceTicks {
    return toPriceTicks(price, this.spec.grid);
  }

  /** Ticks to a decimal price. */
  toPrice(ticks: number): number {
    return toPrice(ticks, this.spec.grid);
  }

  /** The nearest legal price in the named direction, as ticks. */
  roundToTick(price: number, mode: RoundMode): PriceTicks {
    return roundToTicks(price, this.spec.grid, mode);
  }
}

/** Dense numbering of the contracts of a run: index in columns, spec by index. */
export class ContractTable {
  readonly contracts: readonly ContractSpec[];
  readonly instruments: readonly InstrumentSpec[];
  /** Row in `instruments` of each contract. */
  readonly instrumentIndex: Int32Array;
  readonly #indexById: ReadonlyMap<string, number>;

  constructor(instruments: readonly InstrumentSpec[], contracts: readonly ContractSpec[]) {
    this.instruments = instruments;
    this.contracts = contracts;
    const rowByRoot = new Map(instruments.map((spec, row) => [spec.root, row]));
    this.instrumentIndex = Int32Array.from(contracts, (contract) => {
      const row = rowByRoot.get(contract.root);
      assert(row !== undefined, 'every contract of the table has its instrument in the table');
      return row;
    });
    this.#indexById = new Map(contracts.map((contract, index) => [contract.id, index]));
    assert(this.#indexById.size === contracts.length, 'contract ids of a table are unique');
  }

  /** -1 when the id is not in the table. */
  indexOf(id: ContractId): number {
    return this.#indexById.get(id) ?? -1;
  }

  contractAt(index: number): ContractSpec {
    return this.contracts[index]!;
  }

  instrumentOf(contractIndex: number): InstrumentSpec {
    return this.instruments[this.instrumentIndex[contractIndex]!]!;
  }
}
