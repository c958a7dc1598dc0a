/** Accounts of the gateway: orders, fills, net positions, cash, and the rules of a funded programme. */
import type { InstrumentSpec } from '../../../core/instrument.ts';
import { Position } from '../../../core/position.ts';
import { newAccountMark, ProgrammeEvaluator } from '../../../core/programme/evaluator.ts';
import type { Side } from '../../../core/order.ts';
import type { CashMicros, PriceTicks } from '../../../core/units.ts';
import { MICROS_PER_UNIT, toCashMicros } from '../../../core/units.ts';
import type { GatewayContract } from './contracts.ts';
import type { AccountConfig, BracketMode } from './options.ts';
import { OrderStatus } from './wire.ts';

/** The record of one order. Prices in counts, NaN where there is none. */
export interface GatewayOrder {
  readonly id: number;
  readonly account: GatewayAccount;
  readonly contract: GatewayContract;
  readonly contractIndex: number;
  /** As on the wire. */
  readonly type: number;
  readonly side: Side;
  size: number;
  limitTicks: number;
  stopTicks: number;
  /** Distance of a trailing stop; 0 for others. */
  trailTicks: number;
  status: number;
  filled: number;
  /** Σ contracts × counts of its fills. */
  costTicks: number;
  readonly tag: string | null;
  readonly createdUs: number;
  updatedUs: number;
  /** Id in the market; another one after a change that the market has no word for. */
  marketId: string;
  isSent: boolean;
  /** Of an exit: its entry, distance in signed ticks, and contracts of the entry that it covers. */
  readonly parent: GatewayOrder | null;
  readonly bracketTicks: number;
  covered: number;
  linkedId: number;
  /** Of an entry: its exits, stop first. */
  readonly children: GatewayOrder[];
  firstFillTicks: number;
  /** Text of its reject. */
  reason: string;
  /** A cancel is on its way. */
  isEnding: boolean;
}

export interface GatewayTrade {
  readonly id: number;
  readonly order: GatewayOrder;
  readonly createdUs: number;
  readonly priceTicks: number;
  readonly size: number;
  /** Null where the fill opened or added. */
  readonly profitMicros: number | null;
  readonly feeMicros: number;
  isVoided: boolean;
}

export interface GatewayPosition {
  id: number;
  createdUs: number;
  /** Average of the last time that it was not flat, in counts. */
  averageTicks: number;
  readonly book: Position;
  readonly contract: GatewayContract;
  readonly contractIndex: number;
}

export function isWorking(order: GatewayOrder): boolean {
  const { status } = order;
  return (
    status === OrderStatus.Open ||
    status === OrderStatus.Pending ||
    status === OrderStatus.PendingCancellation ||
    status === OrderStatus.Suspended
  );
}

export class GatewayAccount {
  readonly id: number;
  readonly config: AccountConfig;
  /** Name of its user. */
  readonly userName: string;
  /** Number at the markets. */
  readonly participant: number;
  readonly brackets: BracketMode;
  readonly evaluator: ProgrammeEvaluator | null;
  canTrade: boolean;
  /** Past the time by which its programme wants it flat, until the trade date ends. */
  isDayOver: boolean = false;
  balanceMicros: number;
  /** In order of creation, working or not. */
  readonly orders: Map<number, GatewayOrder> = new Map();
  readonly working: Set<GatewayOrder> = new Set();
  readonly tags: Set<string> = new Set();
  /** Oldest first. */
  readonly trades: GatewayTrade[] = [];
  readonly positions: Map<number, GatewayPosition> = new Map();
  readonly #kept: number;
  readonly #mark = newAccountMark();

  constructor(
    id: number,
    config: AccountConfig,
    userName: string,
    participant: number,
    historyKept: number,
  ) {
    this.id = id;
    this.config = config;
    this.userName = userName;
    this.participant = participant;
    this.brackets = config.brackets ?? { kind: 'auto-oco' };
    this.canTrade = config.canTrade ?? true;
    const { programme } = config;
    const balance = programme?.startBalance ?? config.balance ?? 50_000;
    this.balanceMicros = Math.round(balance * MICROS_PER_UNIT);
    this.evaluator =
      programme === undefined ? null : new ProgrammeEvaluator(programme, { against: true });
    this.#kept = historyKept;
  }

  /** Keeps a new order; forgets what ended long ago. */
  add(order: GatewayOrder): void {
    this.orders.set(order.id, order);
    if (this.orders.size <= this.#kept * 1.1) return;
    for (const [id, each] of this.orders) {
      if (this.orders.size <= this.#kept) return;
      if (!this.working.has(each)) this.orders.delete(id);
    }
  }

  addTrade(trade: GatewayTrade): void {
    this.trades.push(trade);
    if (this.trades.length > this.#kept * 1.1)
      this.trades.splice(0, this.trades.length - this.#kept);
  }

  netQty(contractIndex: number): number {
    return this.positions.get(contractIndex)?.book.netQty ?? 0;
  }

  /** Millionths of one contract and one side. */
  feeMicros(contract: GatewayContract): number {
    const { fees } = this.config;
    const own = fees?.[contract.product] ?? fees?.[contract.root];
    return own === undefined ? contract.feeMicros : Math.round((own * MICROS_PER_UNIT) / 2);
  }

  /** Books a fill: cash, fees and the net position. `isNew`: the position begins with it. */
  applyFill(
    order: GatewayOrder,
    qty: number,
    priceTicks: number,
    feeMicros: number,
    tsUs: number,
    newId: () => number,
  ): { readonly profitMicros: number | null; readonly position: GatewayPosition } {
    const { contract, contractIndex, side } = order;
    let position = this.positions.get(contractIndex);
    if (position === undefined) {
      position = {
        id: 0,
        createdUs: tsUs,
        averageTicks: 0,
        // Only the value of a count is read of a product.
        book: new Position({ countValue: contract.countValue } as InstrumentSpec),
        contract,
        contractIndex,
      };
      this.positions.set(contractIndex, position);
    }
    const { book } = position;
    const before = book.netQty;
    if (before === 0) {
      position.id = newId();
      position.createdUs = tsUs;
    }
    const realised = book.applyFill(side * qty, priceTicks as PriceTicks, feeMicros as CashMicros);
    const isClosing = before !== 0 && Math.sign(before) !== side;
    if (book.netQty !== 0) position.averageTicks = book.avgPriceTicks();
    this.balanceMicros = toCashMicros(this.balanceMicros + realised - feeMicros);
    return { profitMicros: isClosing ? realised : null, position };
  }

  /** Open profit at these marks, in millionths. */
  openMicros(markOf: (contractIndex: number) => number): number {
    let sum = 0;
    for (const { book, contractIndex } of this.positions.values()) {
      if (book.netQty === 0) continue;
      const mark = markOf(contractIndex);
      if (Number.isNaN(mark)) continue;
      book.markTicks = mark;
      sum += book.unrealisedMicros();
    }
    return sum;
  }

  /** Shows the programme what the account is worth now. */
  mark(markOf: (contractIndex: number) => number, tsUs: number): void {
    if (this.evaluator === null) return;
    const equity = this.balanceMicros + this.openMicros(markOf);
    const mark = this.#mark;
    mark.tsUs = tsUs;
    mark.balance = this.balanceMicros;
    mark.equity = mark.low = mark.high = mark.lowSure = mark.highSure = equity;
    this.evaluator.onMark(mark);
  }
}
