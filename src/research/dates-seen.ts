/** On which trade dates the data of a run had a bar. Looked up by session, not by bar: a batch costs a few searches. */
import type { BarColumns } from '../core/bars.ts';
import type { BarSource, TradingCalendar } from '../core/ports.ts';
import type { SessionColumns } from '../core/session.ts';
import type { TradeDate } from '../core/units.ts';

export class DatesSeen {
  readonly #sessions: readonly SessionColumns[];
  readonly #seen: Set<TradeDate> = new Set();
  readonly #all: Set<TradeDate> = new Set();

  /** One calendar a product, in the order of their rows. */
  constructor(calendars: readonly TradingCalendar[], from: TradeDate, to: TradeDate) {
    this.#sessions = calendars.map((calendar) => calendar.sessions(from, to));
    for (const { length, tradeDate } of this.#sessions)
      for (let row = 0; row < length; row += 1) this.#all.add(tradeDate[row]! as TradeDate);
  }

  /** The source, looked at on its way. */
  watch(product: number, source: BarSource): BarSource {
    return {
      next: () => {
        const batch = source.next();
        if (batch !== null) this.#see(this.#sessions[product]!, batch);
        return batch;
      },
      close: () => source.close(),
    };
  }

  /** Trade dates of all products on which none had a bar, in order, and how many dates there are. */
  missing(): { readonly dates: readonly TradeDate[]; readonly of: number } {
    const dates = [...this.#all].filter((date) => !this.#seen.has(date));
    return { dates: dates.toSorted((a, b) => a - b), of: this.#all.size };
  }

  #see(sessions: SessionColumns, { closeUs, length }: BarColumns): void {
    // A bar belongs to the session in which it closes, its last moment included.
    let bar = 0;
    while (bar < length) {
      const at = closeUs[bar]!;
      const row = firstAtLeast(sessions.closeUs, sessions.length, at);
      if (row === sessions.length) return;
      const isInside = at > sessions.openUs[row]!;
      if (isInside) this.#seen.add(sessions.tradeDate[row]! as TradeDate);
      const end = isInside ? sessions.closeUs[row]! : sessions.openUs[row]!;
      bar = firstAtLeast(closeUs, length, end + 1);
    }
  }
}

/** The first of `length` sorted values that is not less than `value`. */
function firstAtLeast(values: ArrayLike<number>, length: number, value: number): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
