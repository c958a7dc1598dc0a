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
  readonly listedMonths: string;
  readonly holdCycle: string;
  readonly settlement: SettlementMethod;
  readonly sessionGroup: string;
  readonly businessCalendar: string;
  readonly lastTrade: DateRule;
  readonly lastTradeTime: { readonly local: string; readonly tz: string } | null;
  readonly firstNotice: DateRule | null;
  readonly rollHint: {
    readonly anchor: 'lastTrade' | 'firstNotice';
    readonly businessDays: number;
  } | null;
  readonly symbols: InstrumentSymbols;
  readonly confidence: 'high' | 'medium' | 'low';
  readonly sources: readonly { readonly what: string; readonly date: string }[];
  readonly note?: string;
}

/** Dates of one contract. `exact` comes from the exchange's rule or the broker; `approximate` from an offset. */
export interface ContractDates {
  readonly kind: 'exact' | 'approximate';
  /** The last trade date on which the contract trades (inclusive). */
  readonly lastTradeDate: TradeDate;
  /** The instant at which trading ends on that date (exclusive). */
  readonly lastTradeUs: TsUs;
  /** The first date on which a holder can be assigned delivery; null when cash-settled. */
  readonly firstNoticeDate: TradeDate | null;
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
