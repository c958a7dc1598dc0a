/**
 * Rules over the account in a run: turns bars, ticks and fills into marks for the guard, asks it before an order leaves, and
 * closes what may not be held through the same path as every other order: cancels first, then reduce-only market orders,
 * again until it is flat.
 */
import type { Fill } from '../core/execution.ts';
import type { ContractTable } from '../core/instrument.ts';
import type { ClOrdId, TimeInForce } from '../core/order.ts';
import type { AccountGuard } from '../core/ports.ts';
import type { AccountMark } from '../core/programme/evaluator.ts';
import { newAccountMark } from '../core/programme/evaluator.ts';
import type { Qty, TradeDate, TsUs } from '../core/units.ts';
import { MICROS_PER_UNIT } from '../core/units.ts';
import type { EventClock } from './clock.ts';
import type { EventLog } from './event-log.ts';
import type { OrderDesk } from './order-desk.ts';
import type { Order, OrderManager } from './order-manager.ts';
import type { Portfolio } from './portfolio.ts';
import type { RiskGate } from './risk.ts';

/** Orders of the account's rules carry it, before the rule. */
const TAG = 'programme';
/** A closing order that the venue rejects is sent again after this, doubled each time up to the longest. */
const RETRY_US = 1_000_000;
const RETRY_US_MAX = 60_000_000;

/** The last order that was to close a contract. */
interface Closing {
  readonly clOrdId: ClOrdId;
  readonly waitUs: number;
}

export interface WatchParts {
  readonly guard: AccountGuard;
  readonly table: ContractTable;
  readonly clock: EventClock;
  readonly journal: EventLog;
  readonly orders: OrderManager;
  readonly portfolio: Portfolio;
  readonly risk: RiskGate;
  readonly timesInForce: readonly TimeInForce[];
  readonly tradeDateOf: (row: number) => TradeDate;
  /** Contracts of the product trade now. */
  readonly isTrading: (row: number) => boolean;
  /** Made after the watch. */
  readonly desk: () => OrderDesk;
}

export class AccountWatch {
  readonly #parts: WatchParts;
  /** The bar in hand: its contract, or -1. */
  #bar: number = -1;
  #barHigh: number = 0;
  #barLow: number = 0;
  /** Equity over the whole bar with the position of the moment, and what of it may have been seen with earlier ones. */
  #stageLow: number = 0;
  #stageHigh: number = 0;
  #pastLow: number = Infinity;
  #pastHigh: number = -Infinity;
  #fills: number = 0;
  /** Whether low and high of the bar surely came while its last position was held. */
  #isLowSure: boolean = true;
  #isHighSure: boolean = true;
  /** Of the moment, relative to equity at its end. */
  #low: number = 0;
  #high: number = 0;
  #bars: number = 0;
  #hasFill: boolean = false;
  readonly #mark: AccountMark = newAccountMark();
  readonly #closing: Map<number, Closing> = new Map();

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** Before the venue sees a bar that may fill something. */
  beginBar(c: number, high: number, low: number): void {
    this.#bar = c;
    this.#barHigh = high;
    this.#barLow = low;
    this.#pastLow = Infinity;
    this.#pastHigh = -Infinity;
    this.#fills = 0;
    this.#isLowSure = true;
    this.#isHighSure = true;
    this.#beginStage();
  }

  onFill(fill: Fill, isRoll: boolean): void {
    const { portfolio, guard } = this.#parts;
    const c = fill.contractIndex;
    const signed = fill.side * fill.qty;
    const before = portfolio.netQty[c]! - signed;
    this.#hasFill = true;
    if (!isRoll) guard.onFill(fill.clOrdId, before, signed);
    if (c !== this.#bar) return;
    this.#endStage(fill, before, signed);
    this.#fills += 1;
    this.#beginStage();
  }

  /** After the last price of the contract is that of the bar. */
  endBar(c: number, high: number, low: number): void {
    const { portfolio } = this.#parts;
    this.#bars += 1;
    if (this.#bar !== c || this.#fills === 0) {
      this.#bar = -1;
      const atLow = portfolio.moveMicros(c, low);
      const atHigh = portfolio.moveMicros(c, high);
      this.#low += Math.min(atLow, atHigh, 0);
      this.#high += Math.max(atLow, atHigh, 0);
      return;
    }
    this.#bar = -1;
    const equity = portfolio.equityMicros();
    this.#low += Math.min(0, Math.min(this.#stageLow, this.#pastLow) - equity);
    this.#high += Math.max(0, Math.max(this.#stageHigh, this.#pastHigh) - equity);
  }

  /** After all bars or ticks of one instant. */
  endMoment(): void {
    const { portfolio, guard, clock, orders } = this.#parts;
    if (!this.#hasFill && portfolio.held.length === 0) {
      // A cancel may have come to nothing, and what still works could open a position.
      if (orders.openCount > 0) this.#act();
      return;
    }
    const equity = portfolio.equityMicros();
    const mark = this.#mark;
    mark.tsUs = clock.nowUs();
    mark.equity = equity;
    mark.balance = this.balanceMicros();
    mark.low = Math.round(equity + this.#low);
    mark.high = Math.round(equity + this.#high);
    // Extremes of several contracts need not have come together.
    const isOne = this.#bars <= 1;
    mark.lowSure = isOne && this.#isLowSure ? mark.low : equity;
    mark.highSure = isOne && this.#isHighSure ? mark.high : equity;
    this.#low = 0;
    this.#high = 0;
    this.#bars = 0;
    this.#hasFill = false;
    this.#isLowSure = true;
    this.#isHighSure = true;
    guard.onMark(mark);
    this.#act();
  }

  /** The account's trade date has ended. */
  readonly onDate = (tradeDate: TradeDate): void => {
    const { guard, clock, portfolio } = this.#parts;
    guard.onDayEnd(
      tradeDate,
      clock.nowUs(),
      this.balanceMicros(),
      portfolio.equityMicros(),
      this.atStopsMicros(),
    );
    this.#act();
  };

  nextUs(): number {
    return this.#parts.guard.nextUs();
  }

  onTime(nowUs: TsUs): void {
    this.#parts.guard.onTime(nowUs);
    this.#act();
  }

  /** Asked after the risk gate let the order pass. */
  deny(order: Order): string | null {
    if (order.reduceOnly) return null;
    const { guard, table, tradeDateOf, risk } = this.#parts;
    const row = table.instrumentIndex[order.contractIndex]!;
    const date = tradeDateOf(row);
    // While a position is being closed, a second order against it could turn it round.
    if (guard.flatReason(row, date) === null && risk.isReducing(order)) return null;
    const contracts = risk.worstContracts((c) => guard.weightOf(table.instrumentIndex[c]!));
    return guard.deny(row, date, contracts);
  }

  /** Closed trades and fees, in base currency: equity without what is open since its entry. */
  balanceMicros(): number {
    const { portfolio } = this.#parts;
    let open = 0;
    for (const c of portfolio.held)
      open += portfolio.positionOf(c)!.unrealisedMicros() * portfolio.rateOf(c);
    return Math.round(portfolio.equityMicros() - open);
  }

  /** What equity changes by when every working stop fills at its price; null where one is missing. The worst stops count. */
  atStopsMicros(): number | null {
    const { portfolio, orders } = this.#parts;
    let sum = 0;
    for (const c of portfolio.held) {
      const net = portfolio.netQty[c]!;
      const stops = [...orders.open()]
        .filter(
          (order) =>
            order.contractIndex === c &&
            order.side * net < 0 &&
            order.stopTicks !== null &&
            order.type.includes('stop') &&
            order.working !== 'held',
        )
        .map((order) => ({
          qty: order.leavesQty,
          each: portfolio.moveMicros(c, order.stopTicks!) / Math.abs(net),
        }))
        .toSorted((a, b) => a.each - b.each);
      let bare = Math.abs(net);
      for (const { qty, each } of stops) {
        sum += each * Math.min(bare, qty);
        bare -= Math.min(bare, qty);
      }
      if (bare > 0) return null;
    }
    return Math.round(sum);
  }

  #beginStage(): void {
    const { portfolio } = this.#parts;
    const c = this.#bar;
    const equity = portfolio.equityMicros();
    if (portfolio.netQty[c] === 0) {
      this.#stageLow = this.#stageHigh = equity;
      return;
    }
    const atLow = portfolio.moveMicros(c, this.#barLow);
    const atHigh = portfolio.moveMicros(c, this.#barHigh);
    this.#stageLow = equity + Math.min(atLow, atHigh);
    this.#stageHigh = equity + Math.max(atLow, atHigh);
  }

  /**
   * A fill ends the stretch of the bar with one position. What it may have seen: before a limit was reached, the other side
   * of the bar; before a stop, only the side away from it; before an order at the open, nothing.
   */
  #endStage(fill: Fill, before: number, signed: number): void {
    const { orderType } = fill;
    const isStop = orderType.includes('stop');
    const isPassive =
      orderType === 'limit' ||
      orderType === 'market-if-touched' ||
      orderType === 'limit-if-touched' ||
      orderType.endsWith('stop-limit');
    if (before === 0) {
      const isFirst = this.#fills === 0;
      this.#isLowSure = isFirst && !isStop;
      this.#isHighSure = isFirst && !isPassive;
      return;
    }
    // A limit behind a trigger may have waited on either side.
    const isBoth = (isStop && isPassive) || orderType === 'limit-if-touched';
    // A position is reduced by a limit after a gain and by a stop after a loss; it is enlarged the other way round.
    const isExit = Math.sign(before) !== Math.sign(signed);
    const [afterLoss, afterGain] = isExit ? [isStop, isPassive] : [isPassive, isStop];
    if (isBoth || afterGain) this.#pastLow = Math.min(this.#pastLow, this.#stageLow);
    if (isBoth || afterLoss) this.#pastHigh = Math.max(this.#pastHigh, this.#stageHigh);
    this.#isLowSure = this.#isHighSure = false;
  }

  /** Writes what was decided and closes what may not be held. */
  #act(): void {
    const { guard, journal, table, clock } = this.#parts;
    for (const decision of guard.takeDecisions()) {
      const { tsUs: _, ...body } = decision;
      journal.append('programme', clock.nowUs(), body);
      const { effect } = decision;
      if (effect === 'floor-raised' || effect === 'floor-locked') continue;
      const isEnd = effect === 'closed' || effect === 'passed';
      this.#parts.desk().issue({
        code: isEnd ? 'E_PROGRAMME_ENDED' : 'E_PROGRAMME_LIMIT',
        severity: 'warning',
        message: `${decision.rule}: ${effect} at ${units(decision.valueMicros)}, level ${units(decision.levelMicros)}${decision.isCertain ? '' : ' (the bar does not prove it)'}`,
        tsUs: clock.nowUs(),
      });
    }
    for (let row = 0; row < table.instruments.length; row += 1) {
      const reason = guard.flatReason(row, this.#parts.tradeDateOf(row));
      if (reason !== null) this.#flatten(row, reason);
    }
  }

  #flatten(row: number, reason: string): void {
    const { orders, table, portfolio, timesInForce } = this.#parts;
    const desk = this.#parts.desk();
    const closing = new Set<number>();
    for (const order of orders.open()) {
      if (table.instrumentIndex[order.contractIndex] !== row || order.isRoll) continue;
      if (order.tag.startsWith(TAG)) closing.add(order.contractIndex);
      else if (order.status !== 'PendingCancel') desk.cancel(order, 'account', 'programme');
    }
    for (const c of portfolio.held) {
      if (table.instrumentIndex[c] !== row || closing.has(c)) continue;
      const waitUs = this.#waitOf(c, row);
      if (waitUs === null) continue;
      const net = portfolio.netQty[c]!;
      const clOrdId = desk.submit({
        contractIndex: c,
        role: 'single',
        isForced: true,
        sender: 'account',
        spec: {
          type: 'market',
          contract: table.contractAt(c).id,
          side: net > 0 ? -1 : 1,
          qty: Math.abs(net) as Qty,
          timeInForce: timesInForce.includes('gtc') ? 'gtc' : 'day',
          reduceOnly: true,
          tag: `${TAG}:${reason}`,
        },
      });
      this.#closing.set(c, { clOrdId, waitUs });
    }
  }

  /**
   * How long to wait after this closing order, should it be rejected; null while none may be sent: after a rejection there
   * is none before the wait is over, and none while the market is closed.
   */
  #waitOf(c: number, row: number): number | null {
    const last = this.#closing.get(c);
    const order = last === undefined ? null : this.#parts.orders.get(last.clOrdId);
    if (last === undefined || order?.status !== 'Rejected') return RETRY_US;
    const dueUs = order.updatedUs + last.waitUs;
    if (this.#parts.clock.nowUs() < dueUs || !this.#parts.isTrading(row)) return null;
    return Math.min(last.waitUs * 2, RETRY_US_MAX);
  }
}

function units(micros: number): string {
  return (micros / MICROS_PER_UNIT).toFixed(2);
}
