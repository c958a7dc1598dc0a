/**
 * Builds trades from fills: flat to flat of one product. A roll moves a trade to the next contract without ending it.
 *
 * Excursions are per contract, in ticks, signed from the trade's side (adverse is negative). Whether the extremes of the
 * entry bar and of the exit bar belong to the trade cannot be known from bars: the conservative end counts them for the
 * adverse excursion and leaves them out of the favourable one, the best end does the reverse.
 */
import type { Fill } from '../core/execution.ts';
import type { ContractTable } from '../core/instrument.ts';
import { cashOfCounts } from '../core/instrument.ts';
import type { Side } from '../core/order.ts';
import { toPrice } from '../core/price-grid.ts';
import type { TradeRecord } from '../core/run-events.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { toCashMicros } from '../core/units.ts';

interface BuilderOptions {
  readonly table: ContractTable;
  readonly rateOf: (contractIndex: number) => number;
  readonly lastTicksOf: (contractIndex: number) => number;
  readonly tradeDateOf: (instrumentIndex: number) => TradeDate;
  readonly onTrade: (trade: TradeRecord) => void;
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
  enteredThisBar: boolean = true;
  /** A roll has moved part of it and is not over. */
  isRolling: boolean = false;
  /** What its fills moved, in millionths: the gross result once every leg is flat. */
  flowMicros: number = 0;
  /** Signed contracts by contract row. While a roll is under way they may differ from `netQty`, which it leaves alone. */
  readonly legs: Map<number, number> = new Map();
  readonly groups: Set<string> = new Set();
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
}

/** Costs of a fill that earlier parts of it have taken. */
interface Spent {
  fees: number;
  commission: number;
}

export class TradeBuilder {
  readonly #options: BuilderOptions;
  /** By row of instrument. */
  readonly #open: (OpenTrade | null)[];
  /** Exited, with legs that still wait for a late fill: a roll's closing leg, or the other side of a spread. */
  readonly #parked: {
    readonly trade: OpenTrade;
    readonly exitDate: TradeDate;
    readonly row: number;
  }[] = [];
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

  /** Applies a fill; one that crosses zero closes a trade and opens the next at the same price. */
  onFill(fill: Fill, isRoll: boolean): void {
    const row = this.#options.table.instrumentIndex[fill.contractIndex]!;
    const signed = fill.side * fill.qty;
    if (isRoll) {
      const trade = this.#waitingFor(row, fill) ?? this.#open[row]!;
      // A late leg without a trade is a position all the same.
      if (trade === null) this.#begin(row, fill, fill.qty, { fees: 0, commission: 0 });
      else this.#applyRollFill(trade, fill, signed);
      return;
    }
    let rest = fill.qty as number;
    const spent: Spent = { fees: 0, commission: 0 };
    while (rest > 0) {
      const trade = this.#open[row]!;
      const waiting = this.#waitingFor(row, fill);
      const isOwn = trade !== null && trade.legs.has(fill.contractIndex);
      if (waiting !== null && !isOwn) {
        const used = Math.min(rest, Math.abs(waiting.legs.get(fill.contractIndex)!));
        rest -= used;
        this.#touch(waiting, fill, used, rest === 0, spent);
        waiting.exitUs = fill.tsUs;
        waiting.exitTag = fill.tag;
        this.#closeParked();
        continue;
      }
      if (trade === null) {
        this.#begin(row, fill, rest, spent);
        return;
      }
      const isClosing = fill.side !== trade.side;
      const used = isClosing ? Math.min(rest, Math.abs(trade.netQty)) : rest;
      rest -= used;
      this.#touch(trade, fill, used, rest === 0, spent);
      trade.netQty += fill.side * used;
      if (isClosing) this.#exit(row, trade, fill, used);
      else this.#addEntry(trade, fill, used);
    }
  }

  /** A roll is over: what the trade holds now is what its legs say. Without any the trade ended with the roll. */
  endRoll(instrumentIndex: number): void {
    const trade = this.#open[instrumentIndex] ?? null;
    if (trade === null || !trade.isRolling) return;
    this.#leaveRoll(trade);
    const held = heldOf(trade);
    const change = Math.abs(held) - Math.abs(trade.netQty);
    if (change === 0) return;
    trade.netQty = held;
    if (change > 0) {
      // The old leg did not close: both expiries are held.
      trade.entryQty += change;
      trade.entryCounts += change * trade.refTicks;
      trade.maxQty = Math.max(trade.maxQty, Math.abs(held));
      return;
    }
    trade.exitTag = 'roll';
    if (held === 0) this.#close(instrumentIndex, trade, trade.contract);
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
    if (open !== null && open.groups.has(groupId)) open.isAmbiguous = true;
    for (const { trade } of this.#closed) if (trade.groups.has(groupId)) trade.isAmbiguous = true;
    for (const { trade } of this.#parked) if (trade.groups.has(groupId)) trade.isAmbiguous = true;
  }

  hasClosed(): boolean {
    return this.#closed.length > 0;
  }

  /** Emits what closed at this instant: later than the fill, because an ambiguity may follow it. */
  flush(): void {
    if (this.#closed.length === 0) return;
    for (const { trade, exitDate } of this.#closed) this.#emit(trade, exitDate, null);
    this.#closed.length = 0;
  }

  /** At the end of a run: open trades, marked at the last price. */
  finish(nowUs: TsUs, markTicksOf: (contractIndex: number) => number): void {
    this.flush();
    for (const { trade, exitDate } of this.#parked) this.#emit(trade, exitDate, markTicksOf);
    this.#parked.length = 0;
    for (let row = 0; row < this.#open.length; row += 1) {
      const trade = this.#open[row]!;
      if (trade === null) continue;
      trade.exitUs = nowUs;
      this.#emit(trade, this.#options.tradeDateOf(row), markTicksOf);
    }
  }

  #begin(row: number, fill: Fill, qty: number, spent: Spent): void {
    const trade = new OpenTrade(fill, fill.side, this.#options.tradeDateOf(row));
    this.#open[row] = trade;
    this.#touch(trade, fill, qty, true, spent);
    trade.netQty = fill.side * qty;
    this.#addEntry(trade, fill, qty);
    // On sampled bars and expiries there is no bar in hand: nothing is uncertain then.
    if (Number.isNaN(this.#barHigh[fill.contractIndex]!)) trade.enteredThisBar = false;
  }

  #exit(row: number, trade: OpenTrade, fill: Fill, qty: number): void {
    trade.exitQty += qty;
    trade.exitCounts += qty * fill.priceTicks;
    trade.exitUs = fill.tsUs;
    trade.exitTag = fill.tag;
    this.#certain(trade, fill.priceTicks, fill.priceTicks);
    if (trade.netQty === 0) this.#close(row, trade, fill.contractIndex);
  }

  /** The first exited trade with a leg that this fill reduces. */
  #waitingFor(row: number, fill: Fill): OpenTrade | null {
    for (const parked of this.#parked) {
      if (parked.row !== row) continue;
      if ((parked.trade.legs.get(fill.contractIndex) ?? 0) * fill.side < 0) return parked.trade;
    }
    return null;
  }

  #addEntry(trade: OpenTrade, fill: Fill, qty: number): void {
    trade.entryQty += qty;
    trade.entryCounts += qty * fill.priceTicks;
    const held = Math.abs(trade.netQty);
    trade.refTicks = (trade.refTicks * (held - qty) + qty * fill.priceTicks) / held;
    trade.maxQty = Math.max(trade.maxQty, held);
  }

  /** Books a part of a fill. The last part takes what is left of its costs, so that sums are exact. */
  #touch(trade: OpenTrade, fill: Fill, qty: number, isLast: boolean, spent: Spent): void {
    const share = qty / fill.qty;
    const fees = isLast ? fill.feeMicros - spent.fees : Math.round(fill.feeMicros * share);
    const commission = isLast
      ? fill.commissionMicros - spent.commission
      : Math.round(fill.commissionMicros * share);
    if (!isLast) {
      spent.fees += fees;
      spent.commission += commission;
    }
    trade.feesMicros += fees;
    trade.commissionMicros += commission;
    trade.slippageTicks += (fill.evidence?.slippageTicks ?? 0) * qty;
    trade.fills.push(fill.execId);
    if (fill.groupId !== null) trade.groups.add(fill.groupId);
    if (fill.evidence?.certain === false) trade.isAmbiguous = true;
    this.#flow(trade, fill, fill.side * qty);
  }

  /**
   * What the fill moved in its contract. Flows are rounded cumulatively, as cash is, so that the sum over trades equals
   * the sum over cash to the millionth.
   */
  #flow(trade: OpenTrade, fill: Fill, signed: number): void {
    const c = fill.contractIndex;
    const before = this.#cashOf(c, 0);
    this.#flowCounts[c]! -= signed * fill.priceTicks;
    trade.flowMicros += this.#cashOf(c, 0) - before;
    const left = (trade.legs.get(c) ?? 0) + signed;
    if (left === 0) trade.legs.delete(c);
    else trade.legs.set(c, left);
  }

  #applyRollFill(trade: OpenTrade, fill: Fill, signed: number): void {
    trade.isRolling = true;
    this.#touch(trade, fill, Math.abs(signed), true, { fees: 0, commission: 0 });
    const spec = this.#options.table.instrumentOf(fill.contractIndex);
    const slippage = (fill.evidence?.slippageTicks ?? 0) * fill.qty;
    trade.rollCostMicros += fill.feeMicros + cashOfCounts(slippage, 1, spec);
    if (fill.side !== trade.side) {
      this.#certain(trade, fill.priceTicks, fill.priceTicks);
      trade.rollCloseCounts += fill.qty * fill.priceTicks;
      trade.rollCloseQty += fill.qty;
      trade.exitUs = fill.tsUs;
      this.#closeParked();
      return;
    }
    this.#closeParked();
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
    this.#open[row] = null;
    this.#parked.push({ trade, exitDate: this.#options.tradeDateOf(row), row });
    this.#closeParked();
  }

  /** Trades without a leg are closed; the others wait for the fills that flatten them. */
  #closeParked(): void {
    for (let i = 0; i < this.#parked.length; i += 1) {
      const parked = this.#parked[i]!;
      if (parked.trade.legs.size > 0) continue;
      if (parked.trade.isRolling) this.#leaveRoll(parked.trade);
      this.#parked.splice(i, 1);
      this.#closed.push(parked);
      i -= 1;
    }
  }

  #leaveRoll(trade: OpenTrade): void {
    trade.isRolling = false;
    trade.rolls += 1;
    trade.rollCloseQty = 0;
    trade.rollCloseCounts = 0;
  }

  /** Value of a contract's flow with `openCounts` on top, rounded as cash is. */
  #cashOf(contractIndex: number, openCounts: number): number {
    const spec = this.#options.table.instrumentOf(contractIndex);
    return cashOfCounts(this.#flowCounts[contractIndex]! + openCounts, 1, spec);
  }

  #emit(
    trade: OpenTrade,
    exitDate: TradeDate,
    markTicksOf: ((contractIndex: number) => number) | null,
  ): void {
    const { table } = this.#options;
    const spec = table.instrumentOf(trade.contract);
    const isOpen = markTicksOf !== null;
    const mark = markTicksOf?.(trade.contract) ?? NaN;
    let flow = trade.flowMicros;
    if (markTicksOf !== null)
      for (const [c, qty] of trade.legs)
        flow += this.#cashOf(c, qty * markTicksOf(c)) - this.#cashOf(c, 0);
    const gross = toCashMicros(flow);
    const exitQty = trade.exitQty + (isOpen ? Math.abs(trade.netQty) : 0);
    const exitCounts =
      trade.exitCounts + (isOpen && trade.netQty !== 0 ? Math.abs(trade.netQty) * mark : 0);
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

/** Signed contracts over all legs. */
function heldOf(trade: OpenTrade): number {
  let held = 0;
  for (const qty of trade.legs.values()) held += qty;
  return held;
}
