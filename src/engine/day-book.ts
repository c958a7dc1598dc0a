/** The daily mark: positions at each session's close, equity at the last close of a trade date, exposure in between. */
import type { JournalPort } from '../core/ports.ts';
import type { RunRecorder } from '../core/run-events.ts';
import type { CashMicros, TradeDate, TsUs } from '../core/units.ts';
import { toCashMicros } from '../core/units.ts';
import type { ContractTable } from '../core/instrument.ts';
import { chooseSettlement } from '../core/money/settlement.ts';
import type { AccountRules } from '../core/money/account-rules.ts';
import type { MarkBook } from './mark-book.ts';
import type { Portfolio } from './portfolio.ts';

interface Exposure {
  exposedUs: number;
  openUs: number;
}

export class DayBook {
  readonly #table: ContractTable;
  readonly #portfolio: Portfolio;
  readonly #recorder: RunRecorder;
  readonly #journal: JournalPort;
  /** Trade dates of the run in order, with the last close of each over all products. */
  readonly #dates: readonly TradeDate[];
  readonly #lastCloseUs: readonly number[];
  #at: number = 0;
  /** Equity after the last bar, a double in millionths; bounds since the last point. */
  #equity: number;
  #low: number;
  #high: number;
  #momentLow: number = 0;
  #momentHigh: number = 0;
  #dayStart: CashMicros;
  /** Lowest equity at the end of a moment of this trade date, and highest of the run. */
  #dayLow: number;
  #peak: number;
  readonly #account: AccountRules | null;
  readonly #marks: MarkBook | null;
  /** An equity below this asks for a look at the margin; the worst one since the last look. */
  guardMicros: number = 0;
  isBelow: boolean = false;
  #worst: number = Infinity;
  /** What the bars of this moment prove together: see `onBar`. */
  #bestSum: number = 0;
  #worstGap: number = Infinity;
  #spanUs: number = NaN;
  #isOneSpan: boolean = true;
  /** Fills of this moment: the range of its bars is not wholly the position's. */
  #hasFills: boolean = false;
  /** By row of instrument: exposure of the date in hand, and since when a position is held in open session. */
  readonly #exposure: Exposure[];
  /** Highest of the date in hand: a position that is gone by its close needed its margin all the same. */
  #peakInitial: number = 0;
  #peakMaintenance: number = 0;
  #peakGross: number = 0;
  readonly #openSinceUs: Float64Array;
  readonly #heldSinceUs: Float64Array;
  readonly #byDate: Map<TradeDate, Exposure> = new Map();
  readonly #barSeen: Uint8Array;
  readonly #settled: Float64Array;

  constructor(options: {
    readonly table: ContractTable;
    readonly portfolio: Portfolio;
    readonly recorder: RunRecorder;
    readonly journal: JournalPort;
    readonly closes: ReadonlyMap<TradeDate, number>;
    readonly account?: AccountRules;
    readonly marks?: MarkBook;
  }) {
    this.#account = options.account ?? null;
    this.#marks = options.marks ?? null;
    this.#table = options.table;
    this.#portfolio = options.portfolio;
    this.#recorder = options.recorder;
    this.#journal = options.journal;
    this.#dates = [...options.closes.keys()].toSorted((a, b) => a - b);
    this.#lastCloseUs = this.#dates.map((date) => options.closes.get(date)!);
    const equity = this.#portfolio.equityMicros();
    this.#equity = equity;
    this.#low = equity;
    this.#high = equity;
    this.#dayStart = equity;
    this.#dayLow = equity;
    this.#peak = equity;
    const rows = options.table.instruments.length;
    this.#exposure = options.table.instruments.map(() => ({ exposedUs: 0, openUs: 0 }));
    this.#openSinceUs = new Float64Array(rows).fill(NaN);
    this.#heldSinceUs = new Float64Array(rows).fill(NaN);
    this.#barSeen = new Uint8Array(options.table.contracts.length);
    this.#settled = new Float64Array(options.table.contracts.length).fill(NaN);
  }

  get dayStartMicros(): CashMicros {
    return this.#dayStart;
  }

  get dayLowMicros(): number {
    return this.#dayLow;
  }

  get peakMicros(): number {
    return this.#peak;
  }

  /** After a restart: the books are those of the earlier run. `dayStart` null: its first day had not ended. */
  restore(dayStart: CashMicros | null, settled: ReadonlyMap<number, number>): void {
    const equity = this.#portfolio.equityMicros();
    if (dayStart !== null) this.#dayStart = dayStart;
    this.#equity = equity;
    this.#low = Math.min(equity, this.#dayStart);
    this.#dayLow = this.#low;
    this.#peak = Math.max(equity, this.#dayStart);
    this.#high = Math.max(equity, this.#dayStart);
    for (const [c, ticks] of settled) this.#settled[c] = ticks;
  }

  /** The last settlement of each contract that has one, by row. */
  settlements(): readonly (readonly [contractIndex: number, ticks: number])[] {
    return Array.from(this.#settled, (ticks, c) => [c, ticks] as const).filter(
      ([, ticks]) => !Number.isNaN(ticks),
    );
  }

  /** The trade date that was emitted last, and the one that comes next in the run; null at its end. */
  get lastDate(): TradeDate {
    return this.#dates[this.#at - 1]!;
  }

  get nextDate(): TradeDate | null {
    return this.#dates[this.#at] ?? null;
  }

  /**
   * Marks a contract with a position to a bar: `lastTicks` is the bar's close already, and equity has moved by `moved` to it.
   *
   * Bars of one span prove more than their closes: when one contract traded at its worst price, the others stood no better than
   * at the best price of their own bar, or at their last one before it.
   */
  onBar(contractIndex: number, high: number, low: number, openUs: number, moved: number): void {
    const a = this.#portfolio.moveMicros(contractIndex, low);
    const b = this.#portfolio.moveMicros(contractIndex, high);
    const worst = Math.min(a, b, 0);
    this.#momentLow += worst;
    this.#momentHigh += Math.max(a, b, 0);
    const best = Math.max(a, b, -moved);
    this.#bestSum += best;
    this.#worstGap = Math.min(this.#worstGap, worst - best);
    if (this.#spanUs !== openUs && !Number.isNaN(this.#spanUs)) this.#isOneSpan = false;
    this.#spanUs = openUs;
  }

  /** The close moved equity by this much. */
  onMove(micros: number): void {
    this.#equity += micros;
  }

  /** A bar that is an instant of its own, and executes nothing, over a position; writes `lastTicks`. */
  onQuietBar(contractIndex: number, high: number, low: number, close: number): void {
    const portfolio = this.#portfolio;
    this.#equity += portfolio.moveMicros(contractIndex, close);
    portfolio.lastTicks[contractIndex] = close;
    const a = portfolio.moveMicros(contractIndex, low);
    const b = portfolio.moveMicros(contractIndex, high);
    this.#momentLow += Math.min(a, b, 0);
    this.#momentHigh += Math.max(a, b, 0);
    // One bar by itself: no best price of another stands against it.
    this.#worstGap = this.#momentLow;
    this.endMoment();
  }

  /** After fills: equity anew from the books. */
  resync(): void {
    this.#equity = this.#portfolio.equityMicros();
    this.#hasFills = true;
  }

  /** The worst equity since it was last asked for, a double. Asking ends the alarm. */
  takeWorst(): number {
    const worst = Math.min(this.#worst, this.#equity);
    this.#worst = Infinity;
    this.isBelow = false;
    return worst;
  }

  /** After the bars of one instant: extremes of several contracts are taken together, so that they stay bounds. */
  endMoment(): void {
    const low = this.#equity + this.#momentLow;
    const high = this.#equity + this.#momentHigh;
    if (low < this.#low) this.#low = low;
    if (this.#equity < this.#dayLow) this.#dayLow = this.#equity;
    else if (this.#equity > this.#peak) this.#peak = this.#equity;
    if (high > this.#high) this.#high = high;
    // The low of a bar is a price that traded; lows of several contracts need not have come together.
    const isProven = this.#isOneSpan && !this.#hasFills && this.#worstGap !== Infinity;
    const proven = isProven ? this.#equity + this.#bestSum + this.#worstGap : Infinity;
    const worst = Math.min(this.#equity, proven);
    if (worst < this.guardMicros) {
      this.isBelow = true;
      if (worst < this.#worst) this.#worst = worst;
    }
    this.#hasFills = false;
    this.#momentLow = 0;
    this.#momentHigh = 0;
    this.#bestSum = 0;
    this.#worstGap = Infinity;
    this.#spanUs = NaN;
    this.#isOneSpan = true;
  }

  seeBar(contractIndex: number): void {
    this.#barSeen[contractIndex] = 1;
  }

  onSessionOpen(row: number, tsUs: number): void {
    this.#openSinceUs[row] = tsUs;
    if (this.#portfolio.netQtyOfInstrument(row) !== 0) this.#heldSinceUs[row] = tsUs;
  }

  onSessionPause(row: number, tsUs: number): void {
    const since = this.#openSinceUs[row]!;
    if (!Number.isNaN(since)) this.#exposure[row]!.openUs += tsUs - since;
    this.#stopHolding(row, tsUs);
    this.#openSinceUs[row] = NaN;
  }

  /** Margin of the moment: after every change of a position or of a level. */
  seeMargin(): void {
    this.#raisePeaks(this.#dates[Math.min(this.#at, this.#dates.length - 1)]!);
  }

  onPositionChange(contractIndex: number, tsUs: number): void {
    this.seeMargin();
    const row = this.#table.instrumentIndex[contractIndex]!;
    const openSince = this.#openSinceUs[row]!;
    if (Number.isNaN(openSince)) return;
    const isHeld = this.#portfolio.netQtyOfInstrument(row) !== 0;
    if (!isHeld) this.#stopHolding(row, tsUs);
    else if (Number.isNaN(this.#heldSinceUs[row]!))
      this.#heldSinceUs[row] = Math.max(tsUs, openSince);
  }

  /** Daily settlement of a product's positions. */
  settleInstrument(row: number, tradeDate: TradeDate, nowUs: TsUs): void {
    this.#portfolio.setRateDate(tradeDate);
    for (const c of this.#portfolio.touched) {
      if (this.#table.instrumentIndex[c] !== row) continue;
      if (this.#portfolio.needsMark(c)) this.#mark(c, tradeDate, nowUs);
      this.#barSeen[c] = 0;
    }
  }

  /** The close of a product's last session of the date; its positions were settled. */
  closeInstrument(row: number, tradeDate: TradeDate): void {
    const exposure = this.#exposure[row]!;
    const day = this.#byDate.get(tradeDate) ?? { exposedUs: 0, openUs: 0 };
    day.exposedUs = Math.max(day.exposedUs, exposure.exposedUs);
    day.openUs = Math.max(day.openUs, exposure.openUs);
    this.#byDate.set(tradeDate, day);
    exposure.exposedUs = 0;
    exposure.openUs = 0;
  }

  /**
   * Emits the equity of every date whose last session has closed; false where there was none. `onDate` hears of each.
   */
  emitDue(nowUs: TsUs, onDate?: (tradeDate: TradeDate) => void): boolean {
    const before = this.#at;
    while (this.#at < this.#dates.length && this.#lastCloseUs[this.#at]! <= nowUs) {
      const date = this.#dates[this.#at]!;
      this.#emit(date, nowUs);
      onDate?.(date);
      this.#at += 1;
    }
    return this.#at > before;
  }

  /** At the end of a run inside a date: its positions and equity as they stand. */
  finish(nowUs: TsUs, tradeDateOf: (row: number) => TradeDate): void {
    let isDue = false;
    for (const c of this.#portfolio.touched) {
      if (!this.#portfolio.needsMark(c) || !this.#isAfterMark(c)) continue;
      this.#mark(c, tradeDateOf(this.#table.instrumentIndex[c]!), nowUs);
      isDue = true;
    }
    if (!isDue || this.#at >= this.#dates.length) return;
    this.#emit(this.#dates[this.#at]!, nowUs);
    this.#at += 1;
  }

  /** Whether anything happened since the last mark: a bar or a trade. */
  #isAfterMark(contractIndex: number): boolean {
    return this.#barSeen[contractIndex] === 1 || this.#portfolio.hasTradedSinceMark(contractIndex);
  }

  #raisePeaks(tradeDate: TradeDate): void {
    const portfolio = this.#portfolio;
    this.#peakInitial = Math.max(this.#peakInitial, portfolio.marginMicros('initial', tradeDate));
    this.#peakMaintenance = Math.max(
      this.#peakMaintenance,
      portfolio.marginMicros('maintenance', tradeDate),
    );
    this.#peakGross = Math.max(this.#peakGross, portfolio.notional().gross);
  }

  #stopHolding(row: number, tsUs: number): void {
    const since = this.#heldSinceUs[row]!;
    if (!Number.isNaN(since)) this.#exposure[row]!.exposedUs += Math.max(0, tsUs - since);
    this.#heldSinceUs[row] = NaN;
  }

  #mark(contractIndex: number, tradeDate: TradeDate, nowUs: TsUs): void {
    const { ticks: settleTicks, source: settleSource } = this.#settlementOf(
      contractIndex,
      tradeDate,
      nowUs,
    );
    const mark = this.#portfolio.settle(contractIndex, settleTicks);
    this.#settled[contractIndex] = settleTicks;
    const { id } = this.#table.contractAt(contractIndex);
    const rate = this.#portfolio.rateOf(contractIndex);
    this.#journal.append('settle', nowUs, {
      tradeDate,
      contract: id,
      netQty: mark.netQty,
      settleTicks,
      settleSource,
      variationMicros: mark.variationMicros,
    });
    this.#recorder.onPositionDay({
      tradeDate,
      contract: id,
      contractIndex,
      netQty: mark.netQty,
      settleTicks,
      settleSource,
      pnlMicros: mark.pnlMicros,
      feesMicros: mark.feesMicros,
      tradedQty: mark.tradedQty,
      rate,
    });
  }

  /** The best price there is, and where it came from. */
  #settlementOf(
    contractIndex: number,
    tradeDate: TradeDate,
    nowUs: TsUs,
  ): { ticks: number; source: string } {
    const traded = this.#marks?.lastTicks(contractIndex) ?? NaN;
    const isTicks = !Number.isNaN(traded);
    const last = isTicks ? traded : this.#portfolio.lastTicks[contractIndex]!;
    const previous = this.#settled[contractIndex]!;
    const official = this.#account?.settlements?.daily(contractIndex, tradeDate) ?? NaN;
    // Without a price in the session the previous settlement stands: no second mark at a stale price, no gap either.
    const isFresh = this.#barSeen[contractIndex] === 1 || Number.isNaN(previous);
    const isAtExchange = this.#account?.settleAt === 'exchange';
    const chosen = chooseSettlement(
      {
        officialTicks: official,
        vwapTicks: isAtExchange ? this.#marks!.vwapTicks(contractIndex) : NaN,
        midTicks: isAtExchange
          ? this.#marks!.midTicks(contractIndex, nowUs, this.#account.quoteFreshUs)
          : NaN,
        lastTicks: isFresh ? last : NaN,
        previousTicks: previous,
      },
      isTicks ? 'last-trade' : 'last-bar',
      this.#account?.settlement[this.#table.instrumentIndex[contractIndex]!]!.order,
    )!;
    // After the close the settlement is what a position is worth until it trades again.
    if (!isAtExchange && chosen.ticks !== this.#portfolio.lastTicks[contractIndex]) {
      this.#equity += this.#portfolio.moveMicros(contractIndex, chosen.ticks);
      this.#portfolio.lastTicks[contractIndex] = chosen.ticks;
    }
    return chosen;
  }

  #emit(tradeDate: TradeDate, nowUs: TsUs): void {
    this.#portfolio.setRateDate(tradeDate);
    const equityMicros = this.#portfolio.equityMicros();
    const notional = this.#portfolio.notional();
    const exposure = this.#byDate.get(tradeDate) ?? { exposedUs: 0, openUs: 0 };
    this.#byDate.delete(tradeDate);
    this.#raisePeaks(tradeDate);
    const point = {
      tradeDate,
      tsUs: nowUs,
      equityMicros,
      cashMicros: this.#portfolio.cashMicros(),
      feesMicros: this.#portfolio.feesMicros(),
      lowEquityMicros: toCashMicros(Math.round(Math.min(this.#low, equityMicros))),
      highEquityMicros: toCashMicros(Math.round(Math.max(this.#high, equityMicros))),
      initialMarginMicros: toCashMicros(this.#peakInitial),
      maintenanceMarginMicros: toCashMicros(this.#peakMaintenance),
      grossNotional: this.#peakGross,
      netNotional: notional.net,
      exposedUs: exposure.exposedUs,
      openUs: exposure.openUs,
    };
    this.#journal.append('equity', nowUs, {
      tradeDate,
      equityMicros,
      cashMicros: point.cashMicros,
      feesMicros: point.feesMicros,
    });
    this.#recorder.onEquity(point);
    // What is held over the close is in use on the next date from its start.
    this.#peakInitial = this.#peakMaintenance = this.#peakGross = 0;
    this.#raisePeaks(tradeDate);
    this.#equity = equityMicros;
    this.#low = equityMicros;
    this.#high = equityMicros;
    this.#dayStart = equityMicros;
    this.#dayLow = equityMicros;
  }
}
