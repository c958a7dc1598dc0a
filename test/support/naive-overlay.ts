/**
 * The obvious twin of a recorded market with our orders over it: lists that are searched and sorted each time. It knows
 * limit, market and stop orders, levels and trades; what it says, `ReplayMarket` must say.
 */
import type { Side } from '../../src/core/order.ts';

export interface NaiveRules {
  readonly queue: 'front' | 'back' | 'never' | 'prob';
  readonly ledger: 'replenish-on-increase' | 'reset-on-change' | 'off';
  readonly throughQty: 'all' | 'printed';
}
export interface NaiveInput {
  readonly id: string;
  readonly side: Side;
  readonly type: 'limit' | 'market' | 'stop';
  readonly qty: number;
  /** Limit or trigger. */
  readonly price: number;
  readonly tif: 'day' | 'ioc' | 'fok';
}
interface Own extends NaiveInput {
  qty: number;
  filled: number;
  limit: number;
  state: 'book' | 'trigger' | 'done' | 'queue';
  isElected: boolean;
  ahead: number;
  /** Traded since the level was shown last, and what was shown then. */
  traded: number;
  shown: number;
  event: number;
  isInside: boolean;
  priority: number;
}
interface Mark {
  side: Side;
  price: number;
  seen: number;
  available: number;
}

export class NaiveOverlay {
  lines: string[] = [];
  readonly #rules: NaiveRules;
  levels: { side: Side; price: number; qty: number }[] = [];
  #marks: Mark[] = [];
  orders: Own[] = [];
  /** Prints that the shown sizes do not have in them yet, by the side that they took from. */
  #prints: { side: Side; price: number; qty: number }[] = [];
  #last = NaN;
  #event = 0;
  #clock = 0;

  constructor(rules: NaiveRules) {
    this.#rules = rules;
  }

  // --- the record

  best(side: Side): number {
    const prices = this.levels.filter((each) => each.side === side).map((each) => each.price);
    if (prices.length === 0) return NaN;
    return side === 1 ? Math.max(...prices) : Math.min(...prices);
  }
  shown(side: Side, price: number): number {
    return this.levels.find((each) => each.side === side && each.price === price)?.qty ?? 0;
  }
  #seen(side: Side, price: number): number {
    const prices = this.levels.filter((each) => each.side === side).map((each) => each.price);
    const isShort = prices.length > 0 && prices.every((at) => (at - price) * side > 0);
    return isShort ? NaN : this.shown(side, price);
  }
  #printed(side: Side, price: number): number {
    const own = this.#prints.filter((each) => each.side === side);
    if (own.some((each) => (price - each.price) * side > 0)) return this.shown(side, price);
    return own.reduce((sum, each) => sum + (each.price === price ? each.qty : 0), 0);
  }
  #mark(side: Side, price: number): Mark | undefined {
    return this.#marks.find((each) => each.side === side && each.price === price);
  }
  available(side: Side, price: number): number {
    const kept = this.#mark(side, price)?.available ?? this.shown(side, price);
    return Math.max(0, kept - this.#printed(side, price));
  }
  #take(side: Side, price: number, qty: number): void {
    if (this.#rules.ledger === 'off') return;
    const available = this.available(side, price) - qty;
    // A print that came before is in what the record will show next.
    const before = this.#mark(side, price)?.seen ?? this.shown(side, price);
    const seen = Math.max(0, before - this.#printed(side, price));
    this.#marks = this.#marks.filter((each) => each !== this.#mark(side, price));
    this.#marks.push({ side, price, seen, available });
    for (const print of this.#prints)
      if (print.side === side && print.price === price) print.qty = 0;
  }

  /** One event of changed levels. */
  book(rows: readonly (readonly [Side, number, number])[]): void {
    for (const [side, price, qty] of rows) {
      this.levels = this.levels.filter((each) => each.side !== side || each.price !== price);
      if (qty > 0) this.levels.push({ side, price, qty });
      this.#prints = this.#prints.filter((each) => each.side !== side);
      this.#remark(side, price, qty);
      for (const own of this.#at(side, price)) this.#resize(own, qty);
    }
    this.#look();
  }
  #remark(side: Side, price: number, qty: number): void {
    const mark = this.#mark(side, price);
    if (mark === undefined) return;
    const isReset = this.#rules.ledger === 'reset-on-change' && qty !== mark.seen;
    if (qty === 0 || isReset) this.#marks = this.#marks.filter((each) => each !== mark);
    mark.available = Math.max(0, Math.min(mark.available + Math.max(0, qty - mark.seen), qty));
    mark.seen = qty;
  }
  #resize(own: Own, qty: number): void {
    const { queue } = this.#rules;
    if (queue === 'never' || queue === 'front') return;
    if (qty === 0) {
      own.traded = 0;
      if (!Number.isNaN(own.shown)) own.shown = Infinity;
      return;
    }
    if (Number.isNaN(own.shown)) {
      if (Number.isNaN(own.ahead)) own.ahead = qty;
      own.traded = 0;
    } else {
      const less = own.shown - qty;
      const left = Math.max(0, less - own.traded);
      own.traded = Math.max(0, own.traded - Math.max(0, less));
      if (queue === 'prob' && left > 0 && left < Infinity && own.ahead > 0) {
        const behind = Math.max(0, qty + left - own.ahead);
        own.ahead = Math.max(0, own.ahead - left * (own.ahead / (own.ahead + behind)));
      }
      own.ahead = Math.min(own.ahead, qty);
    }
    own.shown = qty;
  }

  // --- our orders

  /** Resting orders at a price, in our own priority. */
  #at(side: Side, price: number): Own[] {
    return this.orders
      .filter((own) => own.state === 'book' && own.side === side && own.limit === price)
      .sort((a, b) => a.priority - b.priority);
  }
  /** Contracts of the record before an order, as it stands now. */
  #recordAhead(own: Own): number {
    if (this.#rules.queue === 'never') return Infinity;
    const best = this.best(own.side);
    const isEmpty = Number.isNaN(best) || (own.limit - best) * own.side > 0;
    return isEmpty ? 0 : own.ahead;
  }
  ahead(own: Own): number {
    const earlier = this.#at(own.side, own.limit).filter((each) => each.priority < own.priority);
    return earlier.reduce((sum, each) => sum + each.qty - each.filled, this.#recordAhead(own));
  }
  #say(own: { id: string }, text: string): void {
    this.lines.push(`${own.id} ${text}`);
  }
  #fill(own: Own, price: number, qty: number): void {
    own.filled += qty;
    if (own.filled === own.qty) own.state = 'done';
    this.#say(own, `${qty}@${price}`);
  }

  send(input: NaiveInput): void {
    this.#clock += 1;
    const own: Own = {
      ...input,
      filled: 0,
      limit: input.type === 'limit' ? input.price : input.side * Infinity,
      state: 'queue',
      isElected: false,
      ahead: NaN,
      traded: 0,
      shown: NaN,
      event: 0,
      isInside: false,
      priority: this.#clock,
    };
    this.orders.push(own);
    if (input.type !== 'stop') this.#execute(own);
    else if ((this.#last - input.price) * input.side >= 0) {
      this.#elect([own]);
    } else own.state = 'trigger';
  }
  cancel(id: string): void {
    const own = this.orders.find((each) => each.id === id);
    if (own === undefined || own.state === 'done') return;
    own.state = 'done';
    this.#say(own, 'Canceled user');
  }
  replace(id: string, qty: number, price: number): void {
    const own = this.orders.find((each) => each.id === id);
    if (own === undefined || own.state !== 'book' || qty <= own.filled) return;
    const keeps = price === own.limit && qty <= own.qty;
    own.qty = qty;
    own.limit = price;
    this.#say(own, 'Replaced');
    if (keeps) return;
    this.#clock += 1;
    own.priority = this.#clock;
    own.state = 'queue';
    this.#execute(own);
  }

  #elect(elected: readonly Own[]): void {
    for (const own of elected) {
      own.state = 'queue';
      own.isElected = true;
      this.#clock += 1;
      own.priority = this.#clock;
      this.#say(own, 'Triggered');
    }
    for (const own of elected) this.#execute(own);
  }

  #execute(own: Own): void {
    const { side } = own;
    const other: Side = side === 1 ? -1 : 1;
    if (own.type !== 'limit' && Number.isNaN(this.best(other))) {
      own.state = 'done';
      this.#say(own, own.isElected ? 'Canceled no-opposite' : 'Rejected no-opposite');
      return;
    }
    const reach = this.levels
      .filter((each) => each.side === other && (own.limit - each.price) * side >= 0)
      .map((each) => each.price);
    const sum = reach.reduce((total, price) => total + this.available(other, price), 0);
    if (own.tif === 'fok' && sum < own.qty - own.filled) {
      own.state = 'done';
      this.#say(own, 'Expired fok');
      return;
    }
    const mine = this.orders.filter(
      (each) =>
        each.state === 'book' && each.side === other && (own.limit - each.limit) * side >= 0,
    );
    const prices = [...new Set([...reach, ...mine.map((each) => each.limit)])].sort(
      (a, b) => (a - b) * side,
    );
    for (const price of prices) this.#takeAt(own, other, price);
    if (own.state === 'done') return;
    if (own.type === 'limit' && own.tif === 'day') this.#rest(own);
    else {
      own.state = 'done';
      this.#say(own, own.tif === 'ioc' ? 'Expired ioc' : 'Canceled no-liquidity');
    }
  }
  #takeAt(own: Own, other: Side, price: number): void {
    const shown = this.shown(other, price);
    const start = this.available(other, price);
    const gone = shown - start;
    let taken = 0;
    for (const met of this.#at(other, price)) {
      const ahead = shown === 0 ? 0 : this.#recordAhead(met);
      const upTo = Math.max(0, (Number.isNaN(ahead) ? 0 : ahead) - gone);
      taken += this.#takeSome(own, other, price, Math.min(start - taken, upTo - taken));
      if (own.state === 'done') return;
      met.state = 'done';
      this.#say(met, 'Canceled self-trade');
    }
    this.#takeSome(own, other, price, start - taken);
  }
  #takeSome(own: Own, other: Side, price: number, most: number): number {
    const qty = Math.min(own.qty - own.filled, most);
    if (!(qty > 0)) return 0;
    this.#take(other, price, qty);
    this.#fill(own, price, qty);
    return qty;
  }
  #rest(own: Own): void {
    const opposite = this.best(own.side === 1 ? -1 : 1);
    const seen = this.#seen(own.side, own.limit);
    const { queue } = this.#rules;
    own.state = 'book';
    own.ahead = queue === 'front' ? 0 : seen;
    own.shown = seen;
    own.traded = 0;
    own.event = this.#event;
    own.isInside = (own.limit - opposite) * own.side >= 0;
  }

  // --- fills by what is shown

  #look(): void {
    const [bid, ask] = [this.best(1), this.best(-1)];
    if (bid > ask) return;
    this.#event += 1;
    for (const own of this.orders) {
      const opposite = own.side === 1 ? ask : bid;
      if (own.state === 'book' && !((own.limit - opposite) * own.side >= 0)) own.isInside = false;
    }
    for (const side of [1, -1] as const) {
      const opposite = side === 1 ? ask : bid;
      const reached = this.orders.filter(
        (own) =>
          own.state === 'book' &&
          own.side === side &&
          own.event < this.#event &&
          (own.limit - opposite) * side >= 0,
      );
      reached.sort((a, b) => (b.limit - a.limit) * side || a.priority - b.priority);
      for (const own of reached) this.#lookAt(own, opposite);
    }
  }
  #lookAt(own: Own, opposite: number): void {
    const { side } = own;
    const other: Side = side === 1 ? -1 : 1;
    const isThrough = own.limit !== opposite;
    const isFirst = this.ahead(own) === 0;
    if (!isThrough && !isFirst) return;
    const open = own.qty - own.filled;
    const prices = this.levels
      .filter((each) => each.side === other && (own.limit - each.price) * side >= (isFirst ? 0 : 1))
      .map((each) => each.price)
      .sort((a, b) => (a - b) * side);
    let taken = 0;
    for (const price of prices) {
      const part = Math.min(open - taken, this.available(other, price));
      if (part > 0) this.#take(other, price, part);
      taken += part;
    }
    const isAll = isThrough && !own.isInside && this.#rules.throughQty === 'all';
    const qty = isAll ? open : taken;
    if (qty > 0) this.#fill(own, own.limit, qty);
  }

  // --- fills and elections by trades

  trade(price: number, qty: number, aggressor: Side): void {
    this.#event += 1;
    const from: Side = aggressor === 1 ? -1 : 1;
    const worst = this.#prints.filter((each) => each.side === from);
    // A level better than one that was traded through is gone already.
    if (!worst.some((each) => (price - each.price) * from > 0)) {
      this.#prints = this.#prints.filter((each) => each.side !== from || each.price === price);
      this.#prints.push({ side: from, price, qty });
    }
    let spent = 0;
    const visited = new Set<string>();
    for (;;) {
      const far = (own: Own): number =>
        own.state === 'book'
          ? (own.limit - price) * own.side
          : own.state === 'trigger'
            ? (price - own.price) * own.side
            : 0;
      const levelOf = (own: Own): string => `${own.side} ${own.limit}`;
      const next = this.orders.filter(
        (own) =>
          far(own) > 0 &&
          (own.state === 'trigger' || (own.event < this.#event && !visited.has(levelOf(own)))),
      );
      if (next.length === 0) break;
      const most = Math.max(...next.map(far));
      const farthest = next.filter((own) => far(own) === most);
      const resting =
        farthest.find((own) => own.state === 'book' && own.side === 1) ??
        farthest.find((own) => own.state === 'book');
      if (resting === undefined) {
        const side = farthest.some((own) => own.side === 1) ? 1 : -1;
        const first = farthest.filter((own) => own.side === side);
        this.#last = first[0]!.price;
        this.#elect(first.sort((a, b) => a.priority - b.priority));
        continue;
      }
      visited.add(levelOf(resting));
      for (const own of this.#at(resting.side, resting.limit)) {
        if (own.event >= this.#event || (own.isInside && own.side === aggressor)) continue;
        const open = own.qty - own.filled;
        const isAll = this.#rules.throughQty === 'all' && !own.isInside;
        const part = isAll ? open : Math.min(open, Math.max(0, qty - spent));
        spent += part;
        if (part > 0) this.#fill(own, own.limit, part);
      }
    }
    for (const own of this.#at(aggressor === 1 ? -1 : 1, price)) {
      if (own.event >= this.#event) continue;
      const before = this.#recordAhead(own);
      own.traded += qty;
      if (!Number.isFinite(before)) continue;
      own.ahead = Math.max(0, before - qty);
      const past = Math.floor(Math.max(0, qty - before));
      const part = Math.min(own.qty - own.filled, Math.max(0, past - spent));
      spent += part;
      if (part > 0) this.#fill(own, price, part);
    }
    this.#last = price;
    const passed = this.orders.filter(
      (own) => own.state === 'trigger' && (price - own.price) * own.side >= 0,
    );
    this.#elect(passed.sort((a, b) => a.priority - b.priority));
  }
}
