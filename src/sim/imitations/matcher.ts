/** What the imitated programs have in common: a venue that keeps orders and tells, and one matcher a contract that decides. */
import type { ReplaceRequest } from '../../core/execution.ts';
import type { SimGroup, SimOrder } from '../orders.ts';

/** One bar in ticks. */
export interface PlainBar {
  readonly openUs: number;
  readonly closeUs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** When within a bar a fill is told: at its open, at its close, or at the arrival of the order, between two bars. */
export type Moment = 'open' | 'close' | 'arrival';

/** What a matcher asks of its venue. Every call reports. */
export interface Host {
  /** Close of the last bar; NaN before the first. */
  lastTicks(): number;
  /** Fills as much as reduce-only lets; returns the contracts filled. Exits follow: see `Matcher.onEntryFill`. */
  fill(order: SimOrder, qty: number, ticks: number, rule: string, moment: Moment): number;
  trigger(order: SimOrder): void;
  /** A held exit begins to work. */
  release(order: SimOrder): void;
  restate(order: SimOrder): void;
  end(order: SimOrder, kind: 'Canceled' | 'Expired', reason: string): void;
}

/** The rules of one program for one contract. */
export interface Matcher {
  /** The program looks at each bar even without an order. */
  readonly needsEveryBar: boolean;
  /** What goes with an exit that is cancelled: nothing, the other exits, or these and an entry that still works. */
  readonly cancels: 'one' | 'peers' | 'family';
  /** Exits of a group never open or enlarge a position; elsewhere they trade whatever has become of it. */
  readonly hasReducingExits: boolean;
  /** Why the program refuses the order at its arrival, or null. */
  refusal(order: SimOrder): string | null;
  /** The order was accepted, after the close of the last bar. Exits of a bracket wait for their entry. */
  arrive(order: SimOrder): void;
  /** Why it cannot be cancelled now, or null. */
  cancelRefusal?(order: SimOrder): string | null;
  /** Why it cannot be changed like this, or null. */
  changeRefusal?(order: SimOrder, change: ReplaceRequest): string | null;
  /** Prices or quantity of the order have changed. */
  onChange?(order: SimOrder): void;
  /** The order has ended, for whatever reason. */
  drop(order: SimOrder): void;
  /** An entry has filled, wholly or in part; its exits have their prices. */
  onEntryFill(group: SimGroup): void;
  onBar(bar: PlainBar): void;
  /** The position was closed by the venue, not by an order. */
  onFlat?(): void;
}
