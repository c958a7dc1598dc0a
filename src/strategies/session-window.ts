/**
 * The hours of an intraday strategy: entries within a window of the day, none near the end of a session, flat before it.
 * A minute without a trade has no bar, so the end of the session is kept by timers as well as by bars.
 */
import type { Side } from '../core/order.ts';
import type { Session } from '../core/session.ts';
import type { IntParam, StrategyContext, TimeParam } from '../core/strategy.ts';
import { int, time } from '../core/strategy.ts';
import type { TsUs } from '../core/units.ts';
import { US_PER_MINUTE } from '../core/units.ts';

export interface SessionParams {
  readonly entryFrom: TimeParam;
  readonly entryTo: TimeParam;
  readonly noEntryMinutes: IntParam;
  readonly flatMinutes: IntParam;
}

/** Parameters to spread among those of a strategy. */
export const sessionParams: SessionParams = {
  entryFrom: time({
    default: '08:30',
    description: 'entries from this local time of the exchange',
  }),
  entryTo: time({ default: '14:30', description: 'no entries from this local time on' }),
  noEntryMinutes: int({
    default: 30,
    min: 2,
    max: 600,
    unit: 'minutes',
    description: 'no entries in the last minutes of a session',
  }),
  flatMinutes: int({
    default: 15,
    min: 2,
    max: 600,
    unit: 'minutes',
    description: 'flat when this is left of a session',
  }),
};

/** What they are at run time: times as `HH:MM`, minutes as whole numbers. */
export interface SessionValues {
  readonly entryFrom: string;
  readonly entryTo: string;
  readonly noEntryMinutes: number;
  readonly flatMinutes: number;
}

/** Minutes from midnight of a local time such as `08:30`. */
export function minutesOf(hhmm: string): number {
  return Number(hhmm.slice(0, 2)) * 60 + Number(hhmm.slice(3));
}

/** Keeps the hours of all products of one strategy; without a state of its own. */
export class SessionWindow {
  readonly #values: SessionValues;

  constructor(values: SessionValues) {
    this.#values = values;
  }

  /** Whether a minute from local midnight lies in the window, which may pass midnight. */
  contains(localMinutes: number): boolean {
    const [from, to] = [minutesOf(this.#values.entryFrom), minutesOf(this.#values.entryTo)];
    return from < to
      ? localMinutes >= from && localMinutes < to
      : localMinutes >= from || localMinutes < to;
  }

  /** Whether an entry may be sent now. */
  isEntryTime(root: string, ctx: StrategyContext): boolean {
    return (
      this.contains(ctx.calendar(root).localMinutes(ctx.nowUs)) &&
      minutesLeft(root, ctx) > this.#values.noEntryMinutes
    );
  }

  /** To be called from `onSessionOpen`. */
  setTimers(root: string, session: Session, ctx: StrategyContext): void {
    const { noEntryMinutes, flatMinutes } = this.#values;
    const at = (minutes: number): TsUs => (session.closeUs - minutes * US_PER_MINUTE) as TsUs;
    ctx.setTimer(`no-entry ${root}`, at(Math.max(noEntryMinutes, flatMinutes)));
    ctx.setTimer(`flat ${root}`, at(flatMinutes));
  }

  /** The product of a timer of this window. */
  rootOf(timer: string): string {
    return timer.slice(timer.indexOf(' ') + 1);
  }

  /** True near the end of a session: no entry works then, and what is held is being closed. */
  keepEnd(root: string, ctx: StrategyContext): boolean {
    const left = minutesLeft(root, ctx);
    const { noEntryMinutes, flatMinutes } = this.#values;
    if (left <= Math.max(noEntryMinutes, flatMinutes)) cancelEntries(root, ctx);
    if (left > flatMinutes) return false;
    closeAtMarket(root, 'session-end', ctx);
    return true;
  }
}

/** Minutes left of the session in progress; 0 when the market is closed. */
function minutesLeft(root: string, ctx: StrategyContext): number {
  const session = ctx.session(root);
  return session === null ? 0 : (session.closeUs - ctx.nowUs) / US_PER_MINUTE;
}

export function cancelEntries(root: string, ctx: StrategyContext): void {
  for (const order of ctx.openOrders({ root }))
    if (order.role === 'entry') ctx.cancel(order.clOrdId);
}

/** The stop stands until nothing is left, should the closing order find no bar to trade on. */
export function closeAtMarket(root: string, tag: string, ctx: StrategyContext): void {
  if (ctx.netQty(root) === 0) return;
  const open = ctx.openOrders({ root });
  if (open.some((order) => order.type === 'market')) return;
  const contracts = new Set([ctx.contract(root), ...open.map((each) => each.contract)]);
  for (const contract of contracts) {
    const { netQty } = ctx.position(contract);
    if (netQty === 0) continue;
    const side: Side = netQty > 0 ? -1 : 1;
    const qty = Math.abs(netQty);
    ctx.submit({ contract, side, qty, type: 'market', reduceOnly: true, tag });
  }
}
