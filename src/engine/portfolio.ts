/**
 * Money: positions per contract, cash per currency, the daily mark. Everything is whole millionths, so that
 * Σ cash = capital + Σ realised + Σ variation − Σ fees + Σ exchanged holds exactly, per currency.
 *
 * Variation margin: `cash` holds what was realised against the last settlement mark plus the marks themselves. It is the
 * rounded value of one exact sum of counts per contract (flows plus the cost basis since the last mark), so partial
 * closes at fractional averages never lose a millionth.
 */
import { assert } from '../core/errors.ts';
import type { ContractId, ContractTable } from '../core/instrument.ts';
import { cashOfCounts, notionalOf } from '../core/instrument.ts';
import type { AccountRules } from '../core/money/account-rules.ts';
import type { LotQueue } from '../core/money/lots.ts';
import { scanMargin } from '../core/money/scan-margin.ts';
import type { CurrencyRates, MarginModel } from '../core/ports.ts';
import { Position } from '../core/position.ts';
import type { CashMicros, PriceTicks, TradeDate } from '../core/units.ts';
import { roundHalfEven, toCashMicros } from '../core/units.ts';

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

/** A fee charged in a currency other than the product's: what left the account there. */
export interface PaidFee {
  readonly currency: string;
  readonly feeMicros: CashMicros;
  readonly commissionMicros: CashMicros;
}

/** Cash of one currency exchanged into the base. */
export interface Sweep {
  readonly currency: string;
  readonly micros: CashMicros;
  readonly rate: number;
  readonly baseMicros: CashMicros;
}

/** The books as plain data: exact. */
export interface PlainPortfolio {
  readonly cash: readonly (readonly [currency: string, micros: number])[];
  readonly fees: readonly (readonly [currency: string, micros: number])[];
  /** Contracts with a position, in the order in which they were opened. */
  readonly held: readonly ContractId[];
  /** In order of first fill. */
  readonly ledgers: readonly PlainLedger[];
}

export interface PlainLedger {
  readonly contract: ContractId;
  readonly flowCounts: number;
  readonly refCounts: number;
  readonly postedMicros: number;
  readonly dayFeesMicros: number;
  readonly dayTradedQty: number;
  readonly markedMicros: number;
  /** Null where there was none. */
  readonly lastTicks: number | null;
  readonly position: {
    readonly netQty: number;
    readonly costCounts: number;
    readonly flowCounts: number;
    readonly realisedMicros: number;
    readonly feesMicros: number;
    readonly lots: ReturnType<LotQueue['lots']> | null;
  };
}

/** The trade date whose margin levels hold: of one product, or of each contract's own. */
export type MarginDate = TradeDate | ((contractIndex: number) => TradeDate);

/** Contracts by row, as held or as they could come to be held. */
export type NetOf = (contractIndex: number) => number;

export class Portfolio {
  readonly #account: AccountRules | null;
  /** 1 while the intraday margin of an instrument is in force, by row of instrument. */
  readonly #isIntraday: Uint8Array;
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
    readonly account?: AccountRules;
  }) {
    this.#account = options.account ?? null;
    this.#isIntraday = new Uint8Array(options.table.instruments.length);
    this.#table = options.table;
    this.#rates = options.rates;
    this.#margin = options.margin;
    this.#currencies = [options.rates.base];
    for (const spec of options.table.instruments)
      if (!this.#currencies.includes(spec.currency)) this.#currencies.push(spec.currency);
    for (const currency of this.#account?.feeCurrency ?? [])
      if (currency !== null && !this.#currencies.includes(currency))
        this.#currencies.push(currency);
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

  /** What a fee of this contract is paid in, where that is not the contract's own currency; null otherwise. */
  feeCurrencyOf(contractIndex: number): string | null {
    const currency =
      this.#account?.feeCurrency[this.#table.instrumentIndex[contractIndex]!] ?? null;
    return currency === this.#currencies[this.#currencyOf[contractIndex]!] ? null : currency;
  }

  /** A fee in the contract's currency, at the rates of the date, rounded once. */
  feeInOwnCurrency(contractIndex: number, paidMicros: number): CashMicros {
    const from = this.#currencies.indexOf(this.feeCurrencyOf(contractIndex)!);
    return toCashMicros(
      roundHalfEven((paidMicros * this.#rate[from]!) / this.rateOf(contractIndex)),
    );
  }

  /**
   * Applies a fill: cash takes what it realised against the last mark, less the fee. Returns realised since entry.
   * `paid` is the fee where it is charged in another currency; `feeMicros` is its worth in the contract's.
   */
  applyFill(
    contractIndex: number,
    signedQty: number,
    priceTicks: PriceTicks,
    feeMicros: CashMicros,
    paid: PaidFee | null = null,
  ): CashMicros {
    const ledger = this.#ledgerOf(contractIndex);
    const { position } = ledger;
    const before = position.netQty;
    const realised = position.applyFill(signedQty, priceTicks, feeMicros);
    ledger.flowCounts -= signedQty * priceTicks;
    ledger.refCounts =
      position.lots?.refCounts ?? refAfterFill(ledger.refCounts, before, signedQty, priceTicks);
    ledger.dayFeesMicros = toCashMicros(ledger.dayFeesMicros + feeMicros);
    ledger.dayTradedQty += Math.abs(signedQty);
    this.#post(ledger);
    const purse = paid === null ? ledger.currency : this.#currencies.indexOf(paid.currency);
    const charged = paid?.feeMicros ?? feeMicros;
    this.#addCash(purse, 0 - charged);
    this.#fees[purse] = toCashMicros(this.#fees[purse]! + charged);
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
    ledger.position.lots?.settle(settleTicks);
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

  /** Every currency of the account, the base first. */
  get currencies(): readonly string[] {
    return this.#currencies;
  }

  /** Fees paid in one currency: exact. */
  feesOf(currency: string): CashMicros {
    return toCashMicros(this.#fees[this.#currencies.indexOf(currency)] ?? 0);
  }

  /**
   * Exchanges the cash of every other currency into the base at the rate of the date; rounded once each, half to even. What is
   * worth `aboveMicros` of the base or less, owed or owned, stays.
   */
  sweep(aboveMicros: number = 0): readonly Sweep[] {
    const swept: Sweep[] = [];
    for (let c = 1; c < this.#cash.length; c += 1) {
      const micros = toCashMicros(this.#cash[c]!);
      if (micros === 0) continue;
      const rate = this.#rate[c]!;
      const baseMicros = toCashMicros(roundHalfEven(micros * rate));
      if (Math.abs(baseMicros) <= aboveMicros && aboveMicros > 0) continue;
      this.#cash[c] = 0;
      this.#addCash(0, baseMicros);
      swept.push({ currency: this.#currencies[c]!, micros, rate, baseMicros });
    }
    return swept;
  }

  /** An exchange of currencies that was done before. */
  applySweep(currency: string, micros: CashMicros, baseMicros: CashMicros): void {
    this.#addCash(this.#currencies.indexOf(currency), 0 - micros);
    this.#addCash(0, baseMicros);
  }

  save(): PlainPortfolio {
    const purse = (from: readonly number[]): [string, number][] =>
      this.#currencies.map((currency, c) => [currency, from[c]!]);
    const idOf = (c: number): ContractId => this.#table.contractAt(c).id;
    return {
      cash: purse(this.#cash),
      fees: purse(this.#fees),
      held: this.held.map(idOf),
      ledgers: this.touched.map((c) => {
        const ledger = this.#ledgers[c]!;
        const { netQty, costCounts, flowCounts, realisedMicros, feesMicros, lots } =
          ledger.position;
        const last = this.lastTicks[c]!;
        return {
          contract: idOf(c),
          flowCounts: ledger.flowCounts,
          refCounts: ledger.refCounts,
          postedMicros: ledger.postedMicros,
          dayFeesMicros: ledger.dayFeesMicros,
          dayTradedQty: ledger.dayTradedQty,
          markedMicros: ledger.markedMicros,
          lastTicks: Number.isNaN(last) ? null : last,
          position: {
            netQty,
            costCounts,
            flowCounts,
            realisedMicros,
            feesMicros,
            lots: lots?.lots() ?? null,
          },
        };
      }),
    };
  }

  /** Into new books. A currency that this run does not have is an error of `rowOf` or has no cash. */
  restore(plain: PlainPortfolio, rowOf: (contract: ContractId) => number): void {
    const pour = (from: PlainPortfolio['cash'], into: number[]): void => {
      for (const [currency, micros] of from) {
        const c = this.#currencies.indexOf(currency);
        assert(c >= 0 || micros === 0, 'a run goes on with the currencies of its books');
        if (c >= 0) into[c] = micros;
      }
    };
    pour(plain.cash, this.#cash);
    pour(plain.fees, this.#fees);
    for (const from of plain.ledgers) {
      const c = rowOf(from.contract);
      const ledger = this.#ledgerOf(c);
      ledger.flowCounts = from.flowCounts;
      ledger.refCounts = from.refCounts;
      ledger.postedMicros = from.postedMicros;
      ledger.dayFeesMicros = from.dayFeesMicros;
      ledger.dayTradedQty = from.dayTradedQty;
      ledger.markedMicros = from.markedMicros;
      const { position } = ledger;
      position.netQty = from.position.netQty;
      position.costCounts = from.position.costCounts;
      position.flowCounts = from.position.flowCounts;
      position.realisedMicros = from.position.realisedMicros;
      position.feesMicros = from.position.feesMicros;
      if (from.position.lots !== null) position.lots?.restore(from.position.lots);
      this.netQty[c] = position.netQty;
      this.lastTicks[c] = from.lastTicks ?? NaN;
    }
    for (const contract of plain.held) this.held.push(rowOf(contract));
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

  /** Whether the cheaper margin of the day holds for an instrument. Returns whether that changed anything. */
  setIntraday(instrumentRow: number, isIntraday: boolean): boolean {
    const value = isIntraday ? 1 : 0;
    const isChange = this.#isIntraday[instrumentRow] !== value;
    this.#isIntraday[instrumentRow] = value;
    return isChange;
  }

  get hasScan(): boolean {
    return this.#account?.scan != null;
  }

  /** Margin of the positions held, in base currency. */
  marginMicros(kind: 'initial' | 'maintenance', tradeDate: MarginDate): CashMicros {
    const base = this.requirement(kind, this.held, (c) => this.netQty[c]!, tradeDate);
    return toCashMicros(Math.round(base));
  }

  /**
   * Margin of the contracts in `rows` as if `netOf` were held: what is scanned as one portfolio, the others one by one.
   * Base currency, a double.
   */
  requirement(
    kind: 'initial' | 'maintenance',
    rows: readonly number[],
    netOf: NetOf,
    tradeDate: MarginDate,
  ): number {
    const scan = this.#account?.scan ?? null;
    let base = 0;
    for (const c of rows) {
      if (scan !== null && this.#isScanned(c)) continue;
      const qty = Math.abs(netOf(c));
      if (qty !== 0) base += qty * this.marginPerContract(kind, c, tradeDate);
    }
    if (scan === null) return base;
    const nets = scan.products.map(({ root }) => this.#productNet(root, rows, netOf));
    const margin = scanMargin(scan, nets);
    return base + (kind === 'initial' ? margin.initialMicros : margin.maintenanceMicros);
  }

  #isScanned(contractIndex: number): boolean {
    const { root } = this.#table.instrumentOf(contractIndex);
    return this.#account!.scan!.products.some((product) => product.root === root);
  }

  #productNet(
    root: string,
    rows: readonly number[],
    netOf: NetOf,
  ): { long: number; short: number; rate: number } {
    let [long, short, rate] = [0, 0, 1];
    for (const c of rows) {
      if (this.#table.instrumentOf(c).root !== root) continue;
      const net = netOf(c);
      if (net > 0) long += net;
      else short -= net;
      rate = this.rateOf(c);
    }
    return { long, short, rate };
  }

  /** In base currency, a double. */
  marginPerContract(
    kind: 'initial' | 'maintenance',
    contractIndex: number,
    date: MarginDate,
  ): number {
    const row = this.#table.instrumentIndex[contractIndex]!;
    const intraday = this.#isIntraday[row] === 1 ? this.#account!.intraday[row]! : null;
    if (intraday !== null)
      return (
        (kind === 'initial' ? intraday.initialMicros : intraday.maintenanceMicros) *
        this.rateOf(contractIndex)
      );
    const mark = this.lastTicks[contractIndex]!;
    const tradeDate = typeof date === 'function' ? date(contractIndex) : date;
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
    const ledger = new Ledger(new Position(spec, this.#account?.lots), contractIndex, currency);
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
