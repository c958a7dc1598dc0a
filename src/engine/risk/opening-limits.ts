/**
 * Limits on what opens or enlarges a position: money, trades, time and products. All are off unless they are set, none stands in
 * the way of an order that only reduces, and each counts what works or is unknown as if it filled.
 */
import type { ContractTable } from '../../core/instrument.ts';
import { notionalOf } from '../../core/instrument.ts';
import type { TradeRecord } from '../../core/run-events.ts';
import type { TradeDate, TsUs } from '../../core/units.ts';
import { MICROS_PER_UNIT, US_PER_MINUTE } from '../../core/units.ts';
import type { Order, OrderManager } from '../order-manager.ts';
import type { Portfolio } from '../portfolio.ts';

/** Hours in which a position may be opened, HH:MM in the exchange's time; an end before the beginning is on the next day. */
export interface EntryHours {
  readonly from: string;
  readonly to: string;
}

/** Money is in whole units of the base currency. */
export interface OpeningLimits {
  /** Contracts over all products, each at its worst. */
  readonly totalQtyMax?: number;
  readonly orderNotionalMax?: number;
  readonly totalNotionalMax?: number;
  /** No second entry in the direction of a position, or of an order that works. */
  readonly isSingleEntry?: boolean;
  /** Realised and open loss since the trade date began, costs in. */
  readonly dailyLossMax?: number;
  /** Below the highest equity of the run. */
  readonly drawdownMax?: number;
  readonly tradesPerDay?: number;
  /** `orders`: each order that traded, entries and exits; `round-turns` (default): each position from flat. */
  readonly tradesCount?: 'round-turns' | 'orders';
  /** After a loss; 0 or absent with `cooldownLosses`: for the rest of the trade date. */
  readonly cooldownMinutes?: number;
  /** Losses in a row before a pause. Default 1. */
  readonly cooldownLosses?: number;
  /** Seconds without a market event of the contract while its session runs. */
  readonly staleSeconds?: number;
  readonly entryHours?: readonly EntryHours[];
  /** Minutes before the close of the session. */
  readonly lastMinutes?: number;
  /** Product roots. */
  readonly products?: readonly string[];
}

export type OpeningDenial =
  | 'product-not-allowed'
  | 'outside-hours'
  | 'near-close'
  | 'stale-data'
  | 'daily-loss'
  | 'drawdown'
  | 'cool-down'
  | 'max-trades'
  | 'already-in-position'
  | 'max-order-notional'
  | 'max-total-position'
  | 'max-total-notional';

/** What the limits read of a run, by row of an instrument. */
export interface RiskFacts {
  readonly dayStartMicros: () => number;
  /** Lowest equity since the trade date began, and highest of the run, at the ends of moments. */
  readonly dayLowMicros: () => number;
  readonly peakMicros: () => number;
  readonly tradeDateOf: (row: number) => TradeDate;
  readonly isTrading: (row: number) => boolean;
  readonly liveSinceUs: (row: number) => number;
  readonly closeUs: (row: number) => number;
  /** Minutes from midnight of the exchange's clock. */
  readonly localMinutes: (row: number, tsUs: TsUs) => number;
}

/** What the gate knows of the worst case, of its last scan. */
export interface WorstCase {
  readonly qtyOf: (order: Order) => number;
  readonly worstQty: (c: number) => number;
  readonly rows: () => readonly number[];
  /** Whether what works against the position could close it. */
  readonly mayClose: (c: number) => boolean;
}

/** One limit as it stands: for people and dashboards. */
export interface LimitState {
  readonly limit: keyof OpeningLimits;
  readonly denial: OpeningDenial;
  readonly max: number;
  readonly used: number;
  readonly left: number;
  readonly unit: 'money' | 'contracts' | 'trades';
  readonly rule: string;
  readonly evaluatedUs: TsUs;
  readonly source: 'account' | 'orders';
}

interface Parts {
  readonly limits: OpeningLimits;
  readonly table: ContractTable;
  readonly orders: OrderManager;
  readonly portfolio: Portfolio;
  readonly facts: RiskFacts;
}

export class OpeningGate {
  readonly #parts: Parts;
  readonly #hours: readonly (readonly [from: number, to: number])[];
  /** Time of the last market event, by contract. */
  readonly seenUs: Float64Array;
  /** Of the trade date in `#countDate`. */
  #traded: number = 0;
  #countDate: number = -Infinity;
  #lossesInRow: number = 0;
  #pauseUntilUs: number = -Infinity;
  #pauseDate: number = -Infinity;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#hours = (parts.limits.entryHours ?? []).map(({ from, to }) => [
      minutesOf(from),
      minutesOf(to),
    ]);
    this.seenUs = new Float64Array(parts.table.contracts.length).fill(-Infinity);
  }

  /** A fill of a strategy's order; `before` and `after` are the contract's position. */
  onFill(order: Order, qty: number, before: number, after: number): void {
    if (order.isRoll) return;
    this.#turnDate(this.#dateOf(order.contractIndex));
    const opens = after !== 0 && Math.sign(after) !== Math.sign(before);
    const isFirst = order.cumQty === qty;
    if (this.#parts.limits.tradesCount === 'orders' ? isFirst : opens) this.#traded += 1;
  }

  onTrade(trade: Pick<TradeRecord, 'netMicros' | 'isOpen'>, nowUs: TsUs, date: TradeDate): void {
    if (trade.isOpen) return;
    this.#lossesInRow = trade.netMicros < 0 ? this.#lossesInRow + 1 : 0;
    const { cooldownMinutes, cooldownLosses } = this.#parts.limits;
    if (cooldownMinutes === undefined && cooldownLosses === undefined) return;
    if (this.#lossesInRow < (cooldownLosses ?? 1)) return;
    this.#lossesInRow = 0;
    if ((cooldownMinutes ?? 0) > 0) this.#pauseUntilUs = nowUs + cooldownMinutes! * US_PER_MINUTE;
    else this.#pauseDate = date;
  }

  /** Why the order may not open or enlarge a position; null where it may. */
  deny(order: Order, nowUs: TsUs, worst: WorstCase): OpeningDenial | null {
    return (
      this.#denyTime(order, nowUs) ??
      this.#denyAccount(order, nowUs, worst) ??
      this.#denySize(order, worst)
    );
  }

  #denyTime(order: Order, nowUs: TsUs): OpeningDenial | null {
    const { limits, facts, table } = this.#parts;
    const c = order.contractIndex;
    const row = table.instrumentIndex[c]!;
    if (limits.products?.includes(table.instruments[row]!.root) === false)
      return 'product-not-allowed';
    if (this.#hours.length > 0) {
      const minute = facts.localMinutes(row, nowUs);
      const isIn = ([from, to]: readonly [number, number]): boolean =>
        from <= to ? minute >= from && minute < to : minute >= from || minute < to;
      if (!this.#hours.some(isIn)) return 'outside-hours';
    }
    if (limits.lastMinutes !== undefined && facts.isTrading(row)) {
      if (nowUs >= facts.closeUs(row) - limits.lastMinutes * US_PER_MINUTE) return 'near-close';
    }
    if (limits.staleSeconds !== undefined && facts.isTrading(row)) {
      const lastUs = Math.max(this.seenUs[c]!, facts.liveSinceUs(row));
      if (nowUs - lastUs > limits.staleSeconds * 1_000_000) return 'stale-data';
    }
    return null;
  }

  #denyAccount(order: Order, nowUs: TsUs, worst: WorstCase): OpeningDenial | null {
    const { limits } = this.#parts;
    const { dailyLossMax, drawdownMax } = limits;
    if (dailyLossMax !== undefined && this.#dayLoss() >= dailyLossMax) return 'daily-loss';
    if (drawdownMax !== undefined && this.#drawdown() >= drawdownMax) return 'drawdown';
    const date = this.#dateOf(order.contractIndex);
    if (nowUs < this.#pauseUntilUs || date === this.#pauseDate) return 'cool-down';
    if (limits.tradesPerDay !== undefined) {
      this.#turnDate(date);
      if (this.#tradesIfAll(worst) > limits.tradesPerDay) return 'max-trades';
    }
    return null;
  }

  #denySize(order: Order, worst: WorstCase): OpeningDenial | null {
    const { limits, portfolio, table } = this.#parts;
    const c = order.contractIndex;
    if (limits.isSingleEntry === true && this.#isSecond(order, worst)) return 'already-in-position';
    if (limits.orderNotionalMax !== undefined) {
      const last = portfolio.lastTicks[c]!;
      const price = order.limitTicks ?? order.stopTicks ?? last;
      const each = notionalOf(price, 1, table.instrumentOf(c)) * portfolio.rateOf(c);
      const left = worst.qtyOf(order) - order.cumQty;
      if (each * left > limits.orderNotionalMax) return 'max-order-notional';
    }
    if (limits.totalQtyMax !== undefined && this.#totalQty(worst) > limits.totalQtyMax)
      return 'max-total-position';
    if (limits.totalNotionalMax === undefined) return null;
    return this.#totalNotional(worst) <= limits.totalNotionalMax ? null : 'max-total-notional';
  }

  /** Every limit that can be counted, as it stands. */
  state(nowUs: TsUs, worst: WorstCase): LimitState[] {
    const { limits } = this.#parts;
    const rows: LimitState[] = [];
    const add = (
      limit: keyof OpeningLimits,
      denial: OpeningDenial,
      unit: LimitState['unit'],
      source: LimitState['source'],
      rule: string,
      used: () => number,
    ): void => {
      const max = limits[limit];
      if (typeof max !== 'number') return;
      const now = used();
      const left = Math.max(0, max - now);
      rows.push({ limit, denial, max, used: now, left, unit, rule, evaluatedUs: nowUs, source });
    };
    add('dailyLossMax', 'daily-loss', 'money', 'account', 'loss since the trade date began', () =>
      this.#dayLoss(),
    );
    add('drawdownMax', 'drawdown', 'money', 'account', 'below the highest equity', () =>
      this.#drawdown(),
    );
    add('tradesPerDay', 'max-trades', 'trades', 'orders', 'trades of the trade date', () =>
      this.#tradesIfAll(worst),
    );
    add('totalQtyMax', 'max-total-position', 'contracts', 'orders', 'contracts, all products', () =>
      this.#totalQty(worst),
    );
    add('totalNotionalMax', 'max-total-notional', 'money', 'orders', 'value, all products', () =>
      this.#totalNotional(worst),
    );
    return rows;
  }

  #dayLoss(): number {
    const { dayStartMicros, dayLowMicros } = this.#parts.facts;
    const low = Math.min(dayLowMicros(), this.#parts.portfolio.equityMicros());
    return Math.max(0, dayStartMicros() - low) / MICROS_PER_UNIT;
  }

  #drawdown(): number {
    const equity = this.#parts.portfolio.equityMicros();
    return Math.max(0, this.#parts.facts.peakMicros() - equity) / MICROS_PER_UNIT;
  }

  /** Trades of the date, if every order that could open a position did; with `orders`, each of them closed once more. */
  #tradesIfAll(worst: WorstCase): number {
    const { orders, portfolio, limits } = this.#parts;
    const isOrders = limits.tradesCount === 'orders';
    let sum = this.#traded + (isOrders ? portfolio.held.length : 0);
    for (const order of orders.open()) {
      if (order.isRoll || order.reduceOnly || order.working === 'held') continue;
      const net = portfolio.netQty[order.contractIndex]!;
      if (isOrders) sum += order.cumQty > 0 ? 0 : 2;
      else if (net * order.side <= 0 || worst.mayClose(order.contractIndex)) sum += 1;
    }
    return sum;
  }

  #isSecond(order: Order, worst: WorstCase): boolean {
    const { orders, portfolio, table } = this.#parts;
    const row = table.instrumentIndex[order.contractIndex]!;
    if (portfolio.netQtyOfInstrument(row) * order.side > 0) return true;
    for (const other of orders.open()) {
      if (other === order || other.side !== order.side || other.reduceOnly) continue;
      if (other.working === 'held' || table.instrumentIndex[other.contractIndex] !== row) continue;
      if (other.groupId !== null && other.groupId === order.groupId) continue;
      if (worst.qtyOf(other) > other.cumQty) return true;
    }
    return false;
  }

  #totalQty(worst: WorstCase): number {
    return worst.rows().reduce((sum, c) => sum + worst.worstQty(c), 0);
  }

  #totalNotional(worst: WorstCase): number {
    const { portfolio, table } = this.#parts;
    let sum = 0;
    for (const c of worst.rows()) {
      const qty = worst.worstQty(c);
      if (qty === 0) continue;
      sum += notionalOf(portfolio.lastTicks[c]!, qty, table.instrumentOf(c)) * portfolio.rateOf(c);
    }
    return sum;
  }

  #dateOf(c: number): TradeDate {
    return this.#parts.facts.tradeDateOf(this.#parts.table.instrumentIndex[c]!);
  }

  #turnDate(date: number): void {
    if (date <= this.#countDate) return;
    this.#countDate = date;
    this.#traded = 0;
  }
}

function minutesOf(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
}

const KEYS = [
  'totalQtyMax',
  'orderNotionalMax',
  'totalNotionalMax',
  'isSingleEntry',
  'dailyLossMax',
  'drawdownMax',
  'tradesPerDay',
  'tradesCount',
  'cooldownMinutes',
  'cooldownLosses',
  'staleSeconds',
  'entryHours',
  'lastMinutes',
  'products',
] as const satisfies readonly (keyof OpeningLimits)[];

/** The limits that are set; null where none is. */
export function openingLimitsOf(given: OpeningLimits): OpeningLimits | null {
  const set = KEYS.filter((key) => given[key] !== undefined).map((key) => [key, given[key]]);
  return set.length === 0 ? null : (Object.fromEntries(set) as OpeningLimits);
}
