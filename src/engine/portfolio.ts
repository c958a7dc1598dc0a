/**
 * Money: positions per contract, cash per currency, the daily mark. Everything is whole millionths, so that
 * Σ cash = capital + Σ realised + Σ variation − Σ fees holds exactly, per currency.
 *
 * Variation margin: `cash` holds what was realised against the last settlement mark plus the marks themselves. It is the
 * rounded value of one exact sum of counts per contract (flows plus the cost basis since the last mark), so partial
 * closes at fractional averages never lose a millionth.
 */
import { assert } from '../core/errors.ts';
import type { ContractTable } from '../core/instrument.ts';
import { cashOfCounts, notionalOf } from '../core/instrument.ts';
import type { CurrencyRates, MarginModel } from '../core/ports.ts';
import { Position } from '../core/position.ts';
import type { CashMicros, PriceTicks, TradeDate } from '../core/units.ts';
import { toCashMicros } from '../core/units.ts';

/** What one contract did since its last daily mark. */
class Ledger {
  readonly position: Position;
  readonly contractIndex: number;
  readonly currency: number;
  /** Exact: −Σ signed qty × price over all fills. */
  flowCounts: number = 0;
  /** Cost of the open quantity against the last settlement mark. */
  refCounts: number = 0;
  postedMicros: number = 0;
  /** Since the last daily mark. */
  dayFeesMicros: number = 0;
  dayTradedQty: number = 0;
  /** Value posted plus open, gross, at the last daily mark. */
  markedMicros: number = 0;

  constructor(position: Position, contractIndex: number, currency: number) {
    this.position = position;
    this.contractIndex = contractIndex;
    this.currency = currency;
  }
}

export interface DailyMark {
  readonly netQty: number;
  readonly settleTicks: number;
  readonly pnlMicros: CashMicros;
  readonly feesMicros: CashMicros;
  readonly tradedQty: number;
  /** Cash moved by the mark itself. */
  readonly variationMicros: CashMicros;
}

export class Portfolio {
  readonly #table: ContractTable;
  readonly #rates: CurrencyRates;
  readonly #margin: MarginModel;
  readonly #currencies: string[];
  readonly #cash: number[];
  readonly #fees: number[];
  /** Rate of each currency at `#rateDate`; the base is 1. */
  readonly #rate: Float64Array;
  #rateDate: TradeDate = NaN as TradeDate;
  readonly #ledgers: (Ledger | null)[];
  /** Position in `#currencies` by contract row. */
  readonly #currencyOf: Int32Array;
  /** Value of one count by contract row: numerator and denominator in millionths. */
  readonly #valueNum: Float64Array;
  readonly #valueDen: Float64Array;
  /** Contracts that were ever traded, in order of first fill. */
  readonly touched: number[] = [];
  /** Contracts with a position, in the order in which they were opened. */
  readonly held: number[] = [];
  /** Signed contracts by contract row: the hot loop reads it. */
  readonly netQty: Float64Array;
  /** Last known price in counts by contract row; NaN before the first bar. */
  readonly lastTicks: Float64Array;

  constructor(options: {
    readonly table: ContractTable;
    readonly rates: CurrencyRates;
    readonly margin: MarginModel;
    readonly capitalMicros: CashMicros;
  }) {
    this.#table = options.table;
    this.#rates = options.rates;
    this.#margin = options.margin;
    this.#currencies = [options.rates.base];
    for (const spec of options.table.instruments)
      if (!this.#currencies.includes(spec.currency)) this.#currencies.push(spec.currency);
    this.#cash = this.#currencies.map((_, index) => (index === 0 ? options.capitalMicros : 0));
    this.#fees = this.#currencies.map(() => 0);
    this.#rate = new Float64Array(this.#currencies.length).fill(1);
    const count = options.table.contracts.length;
    this.#currencyOf = Int32Array.from(options.table.contracts, (_, c) =>
      this.#currencies.indexOf(options.table.instrumentOf(c).currency),
    );
    this.#valueNum = Float64Array.from(
      options.table.contracts,
      (_, c) => options.table.instrumentOf(c).countValue.num,
    );
    this.#valueDen = Float64Array.from(
      options.table.contracts,
      (_, c) => options.table.instrumentOf(c).countValue.den,
    );
    this.#ledgers = Array.from<Ledger | null>({ length: count }).fill(null);
    this.netQty = new Float64Array(count);
    this.lastTicks = new Float64Array(count).fill(NaN);
  }

  /** Sets the date of every conversion. Errors: E_CURRENCY_RATE from the rates, for every currency of the run. */
  setRateDate(tradeDate: TradeDate): void {
    if (this.#rateDate === tradeDate) return;
    this.#rateDate = tradeDate;
    for (let c = 1; c < this.#currencies.length; c += 1) {
      this.#rate[c] = this.#rates.rate(this.#currencies[c]!, tradeDate);
    }
  }

  /** Units of base for one unit of the contract's currency, at the date in hand. */
  rateOf(contractIndex: number): number {
    return this.#rate[this.#currencyOf[contractIndex]!]!;
  }

  /** Applies a fill: cash takes what it realised against the last mark, less the fee. Returns realised since entry. */
  applyFill(
    contractIndex: number,
    signedQty: number,
    priceTicks: PriceTicks,
    feeMicros: CashMicros,
  ): CashMicros {
    const ledger = this.#ledgerOf(contractIndex);
    const { position } = ledger;
    const before = position.netQty;
    const realised = position.applyFill(signedQty, priceTicks, feeMicros);
    ledger.flowCounts -= signedQty * priceTicks;
    ledger.refCounts = refAfterFill(ledger.refCounts, before, signedQty, priceTicks);
    ledger.dayFeesMicros = toCashMicros(ledger.dayFeesMicros + feeMicros);
    ledger.dayTradedQty += Math.abs(signedQty);
    this.#post(ledger);
    this.#addCash(ledger.currency, 0 - feeMicros);
    this.#fees[ledger.currency] = toCashMicros(this.#fees[ledger.currency]! + feeMicros);
    this.netQty[contractIndex] = position.netQty;
    if (before === 0) this.held.push(contractIndex);
    else if (position.netQty === 0) this.held.splice(this.held.indexOf(contractIndex), 1);
    if (Number.isNaN(this.lastTicks[contractIndex]!)) this.lastTicks[contractIndex] = priceTicks;
    position.markTicks = this.lastTicks[contractIndex]! as PriceTicks;
    return realised;
  }

  /** Daily settlement of one contract at `settleTicks`; equity at that price is unchanged by it. */
  settle(contractIndex: number, settleTicks: number): DailyMark {
    const ledger = this.#ledgerOf(contractIndex);
    const netQty = ledger.position.netQty;
    const before = this.#cash[ledger.currency]!;
    ledger.refCounts = netQty === 0 ? 0 : settleTicks * netQty;
    this.#post(ledger);
    const variation = this.#cash[ledger.currency]! - before;
    const pnl = ledger.postedMicros - ledger.markedMicros - ledger.dayFeesMicros;
    const mark: DailyMark = {
      netQty,
      settleTicks,
      pnlMicros: toCashMicros(pnl),
      feesMicros: toCashMicros(ledger.dayFeesMicros),
      tradedQty: ledger.dayTradedQty,
      variationMicros: toCashMicros(variation),
    };
    ledger.markedMicros = ledger.postedMicros;
    ledger.dayFeesMicros = 0;
    ledger.dayTradedQty = 0;
    return mark;
  }

  /** True when the contract has a position or traded since its last mark. */
  needsMark(contractIndex: number): boolean {
    const ledger = this.#ledgers[contractIndex];
    return ledger != null && (ledger.position.netQty !== 0 || ledger.dayTradedQty > 0);
  }

  hasTradedSinceMark(contractIndex: number): boolean {
    return (this.#ledgers[contractIndex]?.dayTradedQty ?? 0) > 0;
  }

  positionOf(contractIndex: number): Position | null {
    const ledger = this.#ledgers[contractIndex] ?? null;
    if (ledger === null) return null;
    const last = this.lastTicks[contractIndex]!;
    if (!Number.isNaN(last)) ledger.position.markTicks = last as PriceTicks;
    return ledger.position;
  }

  netQtyOfInstrument(instrumentIndex: number): number {
    let net = 0;
    for (const c of this.held)
      if (this.#table.instrumentIndex[c] === instrumentIndex) net += this.netQty[c]!;
    return net;
  }

  /** Cash in base currency, marks included, open result since the last mark not. */
  cashMicros(): CashMicros {
    let base = this.#cash[0]!;
    for (let c = 1; c < this.#cash.length; c += 1) base += this.#cash[c]! * this.#rate[c]!;
    return toCashMicros(Math.round(base));
  }

  /** Cash of one currency: exact. */
  cashOf(currency: string): CashMicros {
    return toCashMicros(this.#cash[this.#currencies.indexOf(currency)] ?? 0);
  }

  feesMicros(): CashMicros {
    let base = 0;
    for (let c = 0; c < this.#fees.length; c += 1) base += this.#fees[c]! * this.#rate[c]!;
    return toCashMicros(Math.round(base));
  }

  /** Cash plus open result at the last prices, in base currency. */
  equityMicros(): CashMicros {
    let base = this.cashMicros() as number;
    for (const c of this.held) {
      const ledger = this.#ledgers[c]!;
      base += this.#openMicros(ledger, this.lastTicks[c]!) * this.#rate[ledger.currency]!;
    }
    return toCashMicros(Math.round(base));
  }

  /** Change of equity in base millionths, a double, when the contract moves from its last price to `ticks`. */
  moveMicros(contractIndex: number, ticks: number): number {
    return (
      (((ticks - this.lastTicks[contractIndex]!) *
        this.netQty[contractIndex]! *
        this.#valueNum[contractIndex]!) /
        this.#valueDen[contractIndex]!) *
      this.#rate[this.#currencyOf[contractIndex]!]!
    );
  }

  /** Margin of the positions held, in base currency. */
  marginMicros(kind: 'initial' | 'maintenance', tradeDate: TradeDate): CashMicros {
    let base = 0;
    for (const c of this.held)
      base += Math.abs(this.netQty[c]!) * this.marginPerContract(kind, c, tradeDate);
    return toCashMicros(Math.round(base));
  }

  /** In base currency, a double. */
  marginPerContract(
    kind: 'initial' | 'maintenance',
    contractIndex: number,
    tradeDate: TradeDate,
  ): number {
    const mark = this.lastTicks[contractIndex]!;
    const micros =
      kind === 'initial'
        ? this.#margin.initialMicros(contractIndex, tradeDate, mark)
        : this.#margin.maintenanceMicros(contractIndex, tradeDate, mark);
    return micros * this.rateOf(contractIndex);
  }

  /** Whole units of base currency: Σ |notional| and |Σ notional|. */
  notional(): { gross: number; net: number } {
    let gross = 0;
    let net = 0;
    for (const c of this.held) {
      const qty = this.netQty[c]!;
      const spec = this.#table.instrumentOf(c);
      const value =
        notionalOf(this.lastTicks[c]!, qty, spec) * this.#rate[this.#ledgers[c]!.currency]!;
      gross += value;
      net += value * Math.sign(qty);
    }
    return { gross, net };
  }

  #openMicros(ledger: Ledger, ticks: number): number {
    const counts = ledger.flowCounts + ticks * ledger.position.netQty;
    return cashOfCounts(counts, 1, ledger.position.spec) - ledger.postedMicros;
  }

  #post(ledger: Ledger): void {
    const target = cashOfCounts(ledger.flowCounts + ledger.refCounts, 1, ledger.position.spec);
    this.#addCash(ledger.currency, target - ledger.postedMicros);
    ledger.postedMicros = target;
  }

  #addCash(currency: number, micros: number): void {
    this.#cash[currency] = toCashMicros(this.#cash[currency]! + micros);
  }

  #ledgerOf(contractIndex: number): Ledger {
    const existing = this.#ledgers[contractIndex];
    assert(existing !== undefined, 'a contract row is in the table');
    if (existing !== null) return existing;
    const spec = this.#table.instrumentOf(contractIndex);
    const currency = this.#currencyOf[contractIndex]!;
    const ledger = new Ledger(new Position(spec), contractIndex, currency);
    this.#ledgers[contractIndex] = ledger;
    this.touched.push(contractIndex);
    return ledger;
  }
}

/** Cost basis after a fill: opening adds at the price, closing takes its share of the basis, through zero starts anew. */
function refAfterFill(ref: number, before: number, signedQty: number, price: number): number {
  const after = before + signedQty;
  if (after === 0) return 0;
  if (before === 0 || Math.sign(before) === Math.sign(signedQty)) return ref + signedQty * price;
  if (Math.sign(after) === Math.sign(before)) return (ref * after) / before;
  return after * price;
}
