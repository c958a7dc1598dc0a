/**
 * Builds trades from fills: flat to flat of one product. A roll moves a trade to the next contract without ending it.
 *
 * Excursions are per contract, in ticks, signed from the trade's side (adverse is negative). Whether the extremes of the
 * entry bar and of the exit bar belong to the trade cannot be known from bars: the conservative end counts them for the
 * adverse excursion and leaves them out of the favourable one, the best end does the reverse.
 *
 * While a roll in parts is under way a trade stands in two contracts at once. Its excursions are approximate then: they
 * follow the bars of the new contract, in whose frame the whole average entry is put at the first part. Money is exact.
 */
import type { Fill } from '../core/execution.ts';
import type { ContractTable } from '../core/instrument.ts';
import { cashOfCounts } from '../core/instrument.ts';
import type { Side } from '../core/order.ts';
import { toPrice } from '../core/price-grid.ts';
import type { TradeRecord } from '../core/run-events.ts';
import type { CashMicros, TradeDate, TsUs } from '../core/units.ts';
import { toCashMicros } from '../core/units.ts';

interface BuilderOptions {
  readonly table: ContractTable;
  readonly rateOf: (contractIndex: number) => number;
  readonly lastTicksOf: (contractIndex: number) => number;
  readonly tradeDateOf: (instrumentIndex: number) => TradeDate;
  readonly onTrade: (trade: TradeRecord) => void;
}

/** Amounts by contract row. Almost every trade has one contract: it needs no map. */
class ByContract {
  #first: number = -1;
  #amount: number = 0;
  #others: Map<number, number> | null = null;

  has(contractIndex: number): boolean {
    return contractIndex === this.#first || this.#others?.has(contractIndex) === true;
  }

  /** 0 where there is none. */
  get(contractIndex: number): number {
    if (contractIndex === this.#first) return this.#amount;
    return this.#others?.get(contractIndex) ?? 0;
  }

  set(contractIndex: number, amount: number): void {
    if (this.#first < 0) this.#first = contractIndex;
    if (contractIndex === this.#first) this.#amount = amount;
    else {
      this.#others ??= new Map();
      this.#others.set(contractIndex, amount);
    }
  }

  /** In the order in which they were first set. */
  forEach(visit: (contractIndex: number, amount: number) => void): void {
    if (this.#first < 0) return;
    visit(this.#first, this.#amount);
    if (this.#others !== null) for (const [c, amount] of this.#others) visit(c, amount);
  }

  sum(): number {
    if (this.#others === null) return this.#amount;
    let sum = 0;
    this.forEach((_, amount) => (sum += amount));
    return sum;
  }

  /** Σ of the absolute amounts. */
  gross(): number {
    if (this.#others === null) return Math.abs(this.#amount);
    let sum = 0;
    this.forEach((_, amount) => (sum += Math.abs(amount)));
    return sum;
  }

  /** Whether a contract other than this one has an amount. */
  hasOther(contractIndex: number): boolean {
    if (this.#first !== contractIndex && this.#amount !== 0) return true;
    if (this.#others === null) return false;
    for (const [c, amount] of this.#others) if (c !== contractIndex && amount !== 0) return true;
    return false;
  }
}

/** A trade under way. */
class OpenTrade {
  readonly side: Side;
  readonly entryContract: number;
  readonly entryUs: TsUs;
  readonly entryDate: TradeDate;
  readonly entryTag: string;
  contract: number;
  exitTag: string = '';
  exitUs: TsUs;
  netQty: number = 0;
  maxQty: number = 0;
  entryQty: number = 0;
  entryCounts: number = 0;
  exitQty: number = 0;
  exitCounts: number = 0;
  feesMicros: number = 0;
  commissionMicros: number = 0;
  slippageTicks: number = 0;
  /** Average entry in the frame of the contract in hand. */
  refTicks: number = 0;
  mae: number = 0;
  maeBest: number = 0;
  mfe: number = 0;
  mfeBest: number = 0;
  initialRiskTicks: number = NaN;
  bars: number = 0;
  rolls: number = 0;
  rollCostMicros: number = 0;
  rollCloseCounts: number = 0;
  rollCloseQty: number = 0;
  isAmbiguous: boolean = false;
  /** Set when it closes, before a fill through zero begins the next trade. */
  grossMicros: CashMicros | null = null;
  enteredThisBar: boolean = true;
  /** Posted flow of each contract when the trade began, in millionths; and counts since. */
  readonly baseMicros: ByContract = new ByContract();
  /** Signed contracts by contract row. While a roll is under way their sum differs from `netQty`. */
  readonly qtyOf: ByContract = new ByContract();
  /** Groups of its fills; null without any. */
  groups: Set<string> | null = null;
  readonly fills: string[] = [];

  constructor(fill: Fill, side: Side, tradeDate: TradeDate) {
    this.side = side;
    this.entryContract = fill.contractIndex;
    this.contract = fill.contractIndex;
    this.entryUs = fill.tsUs;
    this.exitUs = fill.tsUs;
    this.entryDate = tradeDate;
    this.entryTag = fill.tag;
  }

  hold(contractIndex: number, signed: number): void {
    this.qtyOf.set(contractIndex, this.qtyOf.get(contractIndex) + signed);
  }

  /** One leg of a roll has filled and the other has not: contracts and economic quantity differ. */
  get isRolling(): boolean {
    return this.qtyOf.sum() !== this.netQty;
  }

  /** Contracts held, whatever their sign: a spread of two expiries is a position too. */
  get heldQty(): number {
    return this.isRolling ? Math.abs(this.netQty) : this.qtyOf.gross();
  }

  holdsOther(contractIndex: number): boolean {
    return this.qtyOf.hasOther(contractIndex);
  }

  get isFlat(): boolean {
    return this.qtyOf.gross() === 0;
  }

  isOfGroup(groupId: string): boolean {
    return this.groups?.has(groupId) === true;
  }
}

export class TradeBuilder {
  readonly #options: BuilderOptions;
  /** By row of instrument. */
  readonly #open: (OpenTrade | null)[];
  /** Trades that ended while a leg of their roll was still to fill, by row of instrument. */
  readonly #late: (OpenTrade | null)[];
  /** Exact −Σ signed qty × price by contract row. */
  readonly #flowCounts: Float64Array;
  readonly #closed: { readonly trade: OpenTrade; readonly exitDate: TradeDate }[] = [];
  /** Extremes of the bar in hand, by contract row; NaN between bars. */
  readonly #barHigh: Float64Array;
  readonly #barLow: Float64Array;
  #nextId: number = 1;

  constructor(options: BuilderOptions) {
    this.#options = options;
    this.#open = options.table.instruments.map(() => null);
    this.#late = options.table.instruments.map(() => null);
    const count = options.table.contracts.length;
    this.#flowCounts = new Float64Array(count);
    this.#barHigh = new Float64Array(count).fill(NaN);
    this.#barLow = new Float64Array(count).fill(NaN);
  }

  /** Before the venue matches a bar: fills from now on happened inside it. */
  beginBar(contractIndex: number, high: number, low: number): void {
    this.#barHigh[contractIndex] = high;
    this.#barLow[contractIndex] = low;
  }

  /** After a bar: excursions of the trade that holds this contract. */
  endBar(contractIndex: number, high: number, low: number, close: number): void {
    this.#barHigh[contractIndex] = NaN;
    this.#barLow[contractIndex] = NaN;
    const trade = this.#open[this.#options.table.instrumentIndex[contractIndex]!]!;
    if (trade === null || trade.contract !== contractIndex) return;
    trade.bars += 1;
    if (trade.enteredThisBar) {
      trade.enteredThisBar = false;
      this.#uncertain(trade, high, low);
      this.#certain(trade, close, close);
    } else {
      this.#certain(trade, high, low);
    }
  }

  /** After a tick of a contract that matches on ticks: its price is the trade's for certain. */
  onTick(contractIndex: number, ticks: number): void {
    const trade = this.#open[this.#options.table.instrumentIndex[contractIndex]!]!;
    if (trade !== null && trade.contract === contractIndex) this.#certain(trade, ticks, ticks);
  }

  /** A bar of a contract that matches on ticks: it is counted, and says nothing that the ticks did not. */
  countBar(contractIndex: number): void {
    const trade = this.#open[this.#options.table.instrumentIndex[contractIndex]!]!;
    if (trade !== null && trade.contract === contractIndex) trade.bars += 1;
  }

  /** Applies a fill; one that crosses zero closes a trade and opens the next at the same price. */
  onFill(fill: Fill, isRoll: boolean): void {
    const row = this.#options.table.instrumentIndex[fill.contractIndex]!;
    const trade = this.#open[row]!;
    const late = this.#late[row]!;
    const signed = fill.side * fill.qty;
    // At its expiry a contract that a roll was leaving is left all the same.
    const isForced = fill.evidence?.rule === 'expiry-settlement';
    const rest = late?.qtyOf.get(fill.contractIndex) ?? 0;
    const isRest = rest * signed < 0 && Math.abs(signed) <= Math.abs(rest);
    if (late !== null && (isRoll || isRest)) {
      // Of a roll in parts only what the ended trade still lacks is its own; the rest moves the trade that began since.
      const own = trade === null ? fill.qty : lateShare(late, fill.contractIndex, signed);
      if (own > 0) this.#applyLate(row, late, fill, fill.side * own);
      if (own < fill.qty) this.#applyRollFill(trade!, fill, fill.side * (fill.qty - own));
      return;
    }
    if (trade !== null && (isRoll || (isForced && trade.isRolling))) {
      this.#applyRollFill(trade, fill, signed);
      return;
    }
    if (trade === null) {
      this.#begin(row, fill, signed, 1);
      return;
    }
    // During a roll the trade is one quantity in two contracts; otherwise each contract is opened and closed by itself.
    const { isRolling } = trade;
    const own = isRolling ? trade.netQty : trade.qtyOf.get(fill.contractIndex);
    const isClosing = own * fill.side < 0;
    const isSpread = !isRolling && trade.holdsOther(fill.contractIndex);
    const used = isClosing && !isSpread ? Math.min(fill.qty, Math.abs(own)) : fill.qty;
    const share = used / fill.qty;
    this.#touch(trade, fill, share);
    this.#flowCounts[fill.contractIndex]! -= fill.side * used * fill.priceTicks;
    trade.netQty += fill.side * used;
    trade.hold(fill.contractIndex, fill.side * used);
    if (!isClosing) {
      this.#addEntry(trade, fill, used);
      return;
    }
    trade.exitQty += used;
    trade.exitCounts += used * fill.priceTicks;
    trade.exitUs = fill.tsUs;
    trade.exitTag = fill.tag;
    this.#certain(trade, fill.priceTicks, fill.priceTicks);
    if (isRolling ? trade.netQty !== 0 : !trade.isFlat) return;
    this.#close(row, trade, fill.contractIndex);
    if (used < fill.qty) this.#begin(row, fill, fill.side * (fill.qty - used), 1 - share);
  }

  /** A roll ended with this position; without one the trade ended with the roll's closing fill. */
  endRoll(instrumentIndex: number, netQty: number): void {
    const trade = this.#open[instrumentIndex] ?? null;
    if (trade === null) return;
    // A trade that began after the roll was decided took no part in it.
    if (trade.rollCloseQty > 0) trade.rolls += 1;
    trade.rollCloseQty = 0;
    trade.rollCloseCounts = 0;
    if (trade.netQty === netQty) return;
    trade.netQty = netQty;
    trade.exitTag = 'roll';
    if (netQty === 0) this.#close(instrumentIndex, trade, trade.contract);
  }

  /** The first protective stop tells the initial risk. */
  onProtectiveStop(contractIndex: number, stopTicks: number): void {
    const trade = this.#open[this.#options.table.instrumentIndex[contractIndex]!] ?? null;
    if (trade === null || trade.contract !== contractIndex || trade.rolls > 0) return;
    if (!Number.isNaN(trade.initialRiskTicks)) return;
    trade.initialRiskTicks = (trade.refTicks - stopTicks) * trade.side;
  }

  /** Marks the trades of a group whose outcome the data cannot tell. */
  onAmbiguity(contractIndex: number, groupId: string): void {
    const row = this.#options.table.instrumentIndex[contractIndex]!;
    const open = this.#open[row] ?? null;
    if (open !== null && open.isOfGroup(groupId)) open.isAmbiguous = true;
    for (const { trade } of this.#closed) if (trade.isOfGroup(groupId)) trade.isAmbiguous = true;
  }

  hasClosed(): boolean {
    return this.#closed.length > 0;
  }

  /** Emits what closed at this instant: later than the fill, because an ambiguity may follow it. */
  flush(): void {
    if (this.#closed.length === 0) return;
    for (const { trade, exitDate } of this.#closed) this.#emit(trade, exitDate, false, NaN);
    this.#closed.length = 0;
  }

  /**
   * After the fills of an earlier run were taken in once more: of the trades that they closed, the first `written` of each
   * product are on record already.
   */
  endReplay(written: ReadonlyMap<string, number>, nextTradeId: number): void {
    this.#nextId = nextTradeId;
    const left = new Map(written);
    const unwritten = this.#closed.filter(({ trade }) => {
      const { root } = this.#options.table.instrumentOf(trade.contract);
      const count = left.get(root) ?? 0;
      left.set(root, count - 1);
      return count <= 0;
    });
    this.#closed.length = 0;
    this.#closed.push(...unwritten);
  }

  /** At the end of a run: open trades, marked at the last price. */
  finish(nowUs: TsUs, markTicksOf: (contractIndex: number) => number): void {
    this.flush();
    for (let row = 0; row < this.#open.length; row += 1) {
      const late = this.#late[row]!;
      if (late !== null) this.#giveUp(row, late, this.#open[row] ?? null);
      this.flush();
      const trade = this.#open[row]!;
      if (trade === null) continue;
      trade.exitUs = nowUs;
      this.#emit(trade, this.#options.tradeDateOf(row), true, markTicksOf(trade.contract));
    }
  }

  #begin(row: number, fill: Fill, signed: number, share: number): void {
    const side: Side = signed > 0 ? 1 : -1;
    const trade = new OpenTrade(fill, side, this.#options.tradeDateOf(row));
    this.#open[row] = trade;
    this.#touch(trade, fill, share);
    this.#flowCounts[fill.contractIndex]! -= signed * fill.priceTicks;
    trade.netQty = signed;
    trade.hold(fill.contractIndex, signed);
    this.#addEntry(trade, fill, Math.abs(signed));
    // On sampled bars and expiries there is no bar in hand: nothing is uncertain then.
    if (Number.isNaN(this.#barHigh[fill.contractIndex]!)) trade.enteredThisBar = false;
  }

  #addEntry(trade: OpenTrade, fill: Fill, qty: number): void {
    trade.entryQty += qty;
    trade.entryCounts += qty * fill.priceTicks;
    const held = trade.heldQty;
    trade.refTicks = (trade.refTicks * (held - qty) + qty * fill.priceTicks) / held;
    trade.maxQty = Math.max(trade.maxQty, held);
  }

  /** Costs of a fill: the closing part takes its rounded share, the opening part the rest, so that sums are exact. */
  #touch(
    trade: OpenTrade,
    fill: Fill,
    share: number,
    isOpening: boolean = trade.fills.length === 0,
  ): void {
    const isRest = share !== 1 && isOpening;
    trade.feesMicros += partOf(fill.feeMicros, share, isRest);
    trade.commissionMicros += partOf(fill.commissionMicros, share, isRest);
    trade.slippageTicks += (fill.evidence?.slippageTicks ?? 0) * fill.qty * share;
    trade.fills.push(fill.execId);
    if (fill.groupId !== null) {
      trade.groups ??= new Set();
      trade.groups.add(fill.groupId);
    }
    if (fill.evidence?.certain === false) trade.isAmbiguous = true;
    this.#keepBase(trade, fill.contractIndex);
  }

  #keepBase(trade: OpenTrade, contractIndex: number): void {
    if (!trade.baseMicros.has(contractIndex))
      trade.baseMicros.set(contractIndex, this.#flowMicros(contractIndex));
  }

  #applyRollFill(trade: OpenTrade, fill: Fill, signed: number): void {
    const qty = Math.abs(signed);
    const share = qty / fill.qty;
    const fees = trade.feesMicros;
    this.#touch(trade, fill, share, true);
    this.#flowCounts[fill.contractIndex]! -= signed * fill.priceTicks;
    trade.hold(fill.contractIndex, signed);
    const spec = this.#options.table.instrumentOf(fill.contractIndex);
    const slippage = (fill.evidence?.slippageTicks ?? 0) * qty;
    trade.rollCostMicros += trade.feesMicros - fees + cashOfCounts(slippage, 1, spec);
    if (fill.side !== trade.side) {
      this.#certain(trade, fill.priceTicks, fill.priceTicks);
      trade.rollCloseCounts += qty * fill.priceTicks;
      trade.rollCloseQty += qty;
      trade.exitUs = fill.tsUs;
      return;
    }
    if (fill.contractIndex !== trade.contract) {
      // The open result carries over: what counts from here on is the move since the new fill.
      const closed =
        trade.rollCloseQty === 0
          ? this.#options.lastTicksOf(trade.contract)
          : trade.rollCloseCounts / trade.rollCloseQty;
      trade.refTicks += fill.priceTicks - closed;
      trade.contract = fill.contractIndex;
      trade.enteredThisBar = true;
    }
  }

  /** The last leg of a roll fills after the trade has ended: its cash is the ended trade's, not the next one's. */
  #applyLate(row: number, late: OpenTrade, fill: Fill, signed: number): void {
    const c = fill.contractIndex;
    const before = this.#flowMicros(c);
    const fees = late.feesMicros;
    this.#touch(late, fill, Math.abs(signed) / fill.qty, false);
    this.#flowCounts[c]! -= signed * fill.priceTicks;
    late.hold(c, signed);
    this.#moveToLate(row, late, c, this.#flowMicros(c) - before);
    late.rollCostMicros += late.feesMicros - fees;
    if (late.isFlat) this.#settleLate(row, late);
  }

  /**
   * The run, or the next roll, ended without the last leg: what is left counts at the last price, and whoever comes after
   * holds it from there, so that no contract is lost between two trades.
   */
  #giveUp(row: number, late: OpenTrade, heir: OpenTrade | null): void {
    late.qtyOf.forEach((c, qty) => {
      if (qty === 0) return;
      const spec = this.#options.table.instrumentOf(c);
      const counts = this.#flowCounts[c]! + qty * this.#options.lastTicksOf(c);
      const micros = cashOfCounts(counts, 1, spec) - this.#flowMicros(c);
      late.grossMicros = toCashMicros(late.grossMicros! + micros);
      if (heir === null) return;
      heir.hold(c, qty);
      if (heir.grossMicros !== null) {
        heir.grossMicros = toCashMicros(heir.grossMicros - micros);
        return;
      }
      this.#keepBase(heir, c);
      heir.baseMicros.set(c, heir.baseMicros.get(c) + micros);
    });
    this.#settleLate(row, late);
  }

  #moveToLate(row: number, late: OpenTrade, contractIndex: number, micros: number): void {
    late.grossMicros = toCashMicros(late.grossMicros! + micros);
    const base = this.#open[row]?.baseMicros;
    if (base?.has(contractIndex) === true)
      base.set(contractIndex, base.get(contractIndex) + micros);
  }

  #settleLate(row: number, late: OpenTrade): void {
    this.#late[row] = null;
    this.#closed.push({ trade: late, exitDate: this.#options.tradeDateOf(row) });
  }

  #certain(trade: OpenTrade, high: number, low: number): void {
    const up = trade.side === 1 ? high - trade.refTicks : trade.refTicks - low;
    const down = trade.side === 1 ? low - trade.refTicks : trade.refTicks - high;
    if (down < trade.mae) trade.mae = down;
    if (down < trade.maeBest) trade.maeBest = down;
    if (up > trade.mfe) trade.mfe = up;
    if (up > trade.mfeBest) trade.mfeBest = up;
  }

  #uncertain(trade: OpenTrade, high: number, low: number): void {
    const up = trade.side === 1 ? high - trade.refTicks : trade.refTicks - low;
    const down = trade.side === 1 ? low - trade.refTicks : trade.refTicks - high;
    if (down < trade.mae) trade.mae = down;
    if (up > trade.mfeBest) trade.mfeBest = up;
  }

  #close(row: number, trade: OpenTrade, contractIndex: number): void {
    const [high, low] = [this.#barHigh[contractIndex]!, this.#barLow[contractIndex]!];
    if (!Number.isNaN(high)) {
      this.#uncertain(trade, high, low);
      trade.bars += 1;
    }
    trade.contract = contractIndex;
    trade.grossMicros = this.#grossMicros(trade, false);
    this.#open[row] = null;
    if (!trade.isFlat) {
      const late = this.#late[row]!;
      if (late !== null) this.#giveUp(row, late, trade);
      // It leaves in the middle of a roll, whose end will find the next trade or none.
      trade.rolls += 1;
      this.#late[row] = trade;
      return;
    }
    this.#closed.push({ trade, exitDate: this.#options.tradeDateOf(row) });
  }

  #flowMicros(contractIndex: number): number {
    const spec = this.#options.table.instrumentOf(contractIndex);
    return cashOfCounts(this.#flowCounts[contractIndex]!, 1, spec);
  }

  /**
   * Gross of a trade: what its fills moved in each contract. Flows are rounded cumulatively, as cash is, so that the sum
   * over trades equals the sum over cash to the millionth.
   */
  #grossMicros(trade: OpenTrade, isMarked: boolean): CashMicros {
    let gross = 0;
    trade.baseMicros.forEach((contractIndex, base) => {
      const spec = this.#options.table.instrumentOf(contractIndex);
      const qty = isMarked ? trade.qtyOf.get(contractIndex) : 0;
      const open = qty === 0 ? 0 : qty * this.#options.lastTicksOf(contractIndex);
      gross += cashOfCounts(this.#flowCounts[contractIndex]! + open, 1, spec) - base;
    });
    return toCashMicros(gross);
  }

  #emit(trade: OpenTrade, exitDate: TradeDate, isOpen: boolean, mark: number): void {
    const { table } = this.#options;
    const spec = table.instrumentOf(trade.contract);
    const gross = trade.grossMicros ?? this.#grossMicros(trade, isOpen);
    const exitQty = trade.exitQty + (isOpen ? Math.abs(trade.netQty) : 0);
    const exitCounts = trade.exitCounts + (isOpen ? Math.abs(trade.netQty) * mark : 0);
    const value = spec.countValue.num / spec.countValue.den;
    this.#options.onTrade({
      tradeId: this.#nextId++,
      root: spec.root,
      entryContract: table.contractAt(trade.entryContract).id,
      exitContract: table.contractAt(trade.contract).id,
      side: trade.side,
      maxQty: trade.maxQty,
      entryQty: trade.entryQty,
      entryUs: trade.entryUs,
      exitUs: trade.exitUs,
      entryTradeDate: trade.entryDate,
      exitTradeDate: exitDate,
      entryPrice: toPrice(trade.entryCounts / trade.entryQty, spec.grid),
      exitPrice: exitQty === 0 ? NaN : toPrice(exitCounts / exitQty, spec.grid),
      entryTag: trade.entryTag,
      exitTag: trade.exitTag,
      grossMicros: gross,
      feesMicros: toCashMicros(trade.feesMicros),
      commissionMicros: toCashMicros(trade.commissionMicros),
      netMicros: toCashMicros(gross - trade.feesMicros),
      currency: spec.currency,
      rate: this.#options.rateOf(trade.contract),
      grossTicksPerContract: gross / value / trade.entryQty,
      slippageTicks: trade.slippageTicks,
      maeTicks: trade.mae,
      maeTicksBest: trade.maeBest,
      mfeTicks: trade.mfe,
      mfeTicksBest: trade.mfeBest,
      initialRiskTicks: trade.initialRiskTicks,
      bars: trade.bars,
      rolls: trade.rolls,
      rollCostMicros: toCashMicros(trade.rollCostMicros),
      isAmbiguous: trade.isAmbiguous,
      isOpen,
      fills: trade.fills,
    });
  }
}

/** Contracts of a roll's fill that an ended trade still lacks: of what it holds in that contract, or of its missing leg. */
function lateShare(late: OpenTrade, contractIndex: number, signed: number): number {
  const rest = late.qtyOf.get(contractIndex);
  if (rest * signed < 0) return Math.min(Math.abs(signed), Math.abs(rest));
  const sum = late.qtyOf.sum();
  return sum * signed < 0 ? Math.min(Math.abs(signed), Math.abs(sum)) : 0;
}

/** A share of a cost: the closing part is rounded, the opening part is the rest, so that sums are exact. */
function partOf(micros: number, share: number, isRest: boolean): number {
  if (share === 1) return micros;
  const closing = Math.round(micros * (isRest ? 1 - share : share));
  return isRest ? micros - closing : closing;
}
