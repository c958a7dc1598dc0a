/** What a simulated world is made of, and what it answers. Times are µs from its beginning, prices ticks, money millionths. */
import type { ExecutionReport } from '../../core/execution.ts';
import { BugError } from '../../core/errors.ts';
import type { ClOrdId, GroupId, OrderRole, OrderSpec, OrderView } from '../../core/order.ts';
import type { RandomSource } from '../../core/ports.ts';
import type { TsUs } from '../../core/units.ts';
import type { MarketOptions } from '../exchange/contract-market.ts';
import type { AccountCounts, AccountSetup, SimulatedAccount } from './account-port.ts';

export const HOUR_US = 3_600_000_000;
export const MINUTE_US = 60_000_000;
export const SECOND_US = 1_000_000;

/** What an order manager offers to a client of the exchange. */
export interface OrderStore {
  readonly openCount: number;
  open(): Iterable<StoredOrder>;
  get(clOrdId: ClOrdId): StoredOrder | null;
  create(input: {
    readonly clOrdId: ClOrdId;
    readonly contractIndex: number;
    readonly spec: OrderSpec;
    readonly role: OrderRole;
    readonly groupId: GroupId | null;
    readonly nowUs: TsUs;
    readonly isHeld: boolean;
    readonly isRoll: boolean;
  }): StoredOrder;
  applyCancelRequest(order: StoredOrder, nowUs: TsUs): boolean;
  applyReplaceRequest(order: StoredOrder, nowUs: TsUs): boolean;
  applyLost(order: StoredOrder, nowUs: TsUs): boolean;
  applyReport(report: ExecutionReport): { readonly order: StoredOrder } | null;
}
export type StoredOrder = OrderView & { readonly contractIndex: number };

export interface WorldOptions {
  readonly seed: number;
  readonly hours: number;
  /** Hours of one trading day. Default: 24, or a quarter of a shorter world. */
  readonly dayHours?: number;
  /** Orders and changes of the crowd per market and hour. Default 240. */
  readonly rate?: number;
  readonly random: RandomSource;
  readonly makeOrders: () => OrderStore;
  /** Accounts with the real order path, risk gate and books; without it there are none. */
  readonly makeAccount?: (setup: AccountSetup) => SimulatedAccount;
  /** Hears one line an event. */
  readonly trace?: (line: string) => void;
}

/** One product, and the rules of its market. */
export interface MarketSpec {
  readonly name: string;
  readonly options: MarketOptions;
  readonly tickMicros: number;
  readonly feeMicros: number;
  readonly startTicks: number;
  /** Ticks from the reference at which a day's prices end. */
  readonly limitTicks: number;
  /** Trading days of one contract. */
  readonly contractDays: number;
}

export interface WorldCounts extends AccountCounts {
  accounts: number;
  accountFills: number;
  events: number;
  commands: number;
  reports: number;
  orders: number;
  groups: number;
  trades: number;
  clientFills: number;
  contracts: number;
  auctions: number;
  halts: number;
  breakers: number;
  settlements: number;
  marks: number;
  exchangeRestarts: number;
  clientRestarts: number;
  disconnects: number;
  neverArrived: number;
  messages: number;
  lost: number;
  repeated: number;
  late: number;
}

export interface WorldResult {
  readonly seed: number;
  readonly hours: number;
  readonly counts: WorldCounts;
  /** Of every command, every report and every final state. */
  readonly hash: string;
}

/** An invariant of the world did not hold: a fault of the exchange, of the order manager, or of the world. */
export class InvariantBroken extends BugError {
  readonly invariant: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(invariant: string, details: Readonly<Record<string, unknown>> = {}) {
    super(`${invariant}: ${JSON.stringify(details)}`);
    this.name = 'InvariantBroken';
    this.invariant = invariant;
    this.details = details;
  }
}

export function must(
  ok: boolean,
  invariant: string,
  details?: () => Readonly<Record<string, unknown>>,
): void {
  if (!ok) throw new InvariantBroken(invariant, details?.() ?? {});
}
