/**
 * Why a program and the bar venue differ: each rule has a predicate over the bars, the orders and both fills, and names what
 * the program does and what we do. A difference that no predicate explains is a failure; nothing is let pass by size.
 */
import type { Bars } from './markets.ts';
import type { Leg, Ticket } from './orders.ts';
import type { Alike, Fill } from './ours.ts';
import type { Peer } from './programs.ts';

/** One difference: the first leg of a ticket that differs, with all fills of the ticket on both sides. */
export interface Difference {
  readonly program: Peer;
  readonly ticket: Ticket;
  readonly bars: Bars;
  /** `exit` stands for whatever ended a bracket: stop, target, or the closing market order. */
  readonly leg: 'e' | 's' | 't' | 'exit';
  readonly ours: ReadonlyMap<string, Fill>;
  readonly theirs: ReadonlyMap<string, Fill>;
  /** How the bar venue was set. */
  readonly settings: Alike;
}

export interface Rule {
  readonly id: string;
  readonly programs: readonly Peer[];
  readonly theirs: string;
  readonly ours: string;
  readonly explains: (view: View) => boolean;
}

/** The difference as predicates read it: prices seen from the side of the order, so that a buy and a sell are one case. */
class View {
  readonly ticket: Ticket;
  readonly bars: Bars;
  readonly spec: Leg;
  readonly isExit: boolean;
  readonly o: Fill | undefined;
  readonly t: Fill | undefined;
  /** Row after whose close it was sent. */
  readonly n: number;
  readonly s: 1 | -1;
  readonly limit: number;
  readonly stop: number;
  readonly ours: ReadonlyMap<string, Fill>;
  readonly theirs: ReadonlyMap<string, Fill>;
  readonly program: Peer;
  readonly settings: Alike;

  constructor({ program, ticket, bars, leg, ours, theirs, settings }: Difference) {
    this.settings = settings;
    this.program = program;
    this.ticket = ticket;
    this.bars = bars;
    this.ours = ours;
    this.theirs = theirs;
    this.isExit = leg === 'exit';
    this.o = this.isExit ? exitOf(ours) : ours.get(leg);
    this.t = this.isExit ? exitOf(theirs) : theirs.get(leg);
    const name = this.t?.leg ?? this.o?.leg ?? leg;
    const entry = ticket.legs[0]!;
    const closing: Leg = { leg: 'e', side: -entry.side as 1 | -1, qty: entry.qty, type: 'market' };
    this.spec = ticket.legs.find((each) => each.leg === name) ?? closing;
    this.n = name === 'x' ? ticket.close : ticket.row;
    this.s = this.spec.side;
    this.limit = this.spec.limit ?? NaN;
    this.stop = this.spec.stop ?? NaN;
  }

  /** By how much `a` is worse for this side than `b`: positive where it pays more or gets less. */
  worse(a: number, b: number): number {
    return this.s * (a - b);
  }

  /** The end of a bar towards which a stop of this side lies. */
  far(row: number): number {
    return this.s > 0 ? this.bars.high[row]! : this.bars.low[row]!;
  }

  near(row: number): number {
    return this.s > 0 ? this.bars.low[row]! : this.bars.high[row]!;
  }

  open(row: number): number {
    return this.bars.open[row]!;
  }

  close(row: number): number {
    return this.bars.close[row]!;
  }

  isSameBar(): boolean {
    return this.o !== undefined && this.o.row === this.t?.row;
  }

  /** Ours filled, and theirs later or never. */
  isOursFirst(): boolean {
    return this.o !== undefined && (this.t === undefined || this.t.row > this.o.row);
  }

  /** The price at the moment of sending had reached the order's trigger. */
  wasTriggered(): boolean {
    const touch = this.spec.type.endsWith('if-touched');
    return this.worse(this.close(this.n), this.stop) * (touch ? -1 : 1) >= 0;
  }

  /** Levels of the ticket that lie inside a bar; the entry only in the bar that filled it. */
  levelsIn(row: number): number {
    const entry = this.theirs.get('e') ?? this.ours.get('e');
    let count = 0;
    for (const { leg, stop, limit } of this.ticket.legs) {
      const level =
        leg === 'e' && entry?.row === row
          ? entry.ticks
          : leg === 'e'
            ? NaN
            : (stop ?? limit ?? NaN);
      if (level >= this.bars.low[row]! && level <= this.bars.high[row]!) count += 1;
    }
    return count;
  }

  firstRow(): number {
    return Math.min(this.o?.row ?? Infinity, this.t?.row ?? Infinity);
  }

  entryRow(): number {
    return this.theirs.get('e')?.row ?? -1;
  }
}

function exitOf(fills: ReadonlyMap<string, Fill>): Fill | undefined {
  return fills.get('s') ?? fills.get('t') ?? fills.get('x');
}

const isMarket = (view: View): boolean => view.spec.type === 'market';
const isLimit = (view: View): boolean => view.spec.type === 'limit';
const isTwoStep = ({ spec }: View): boolean =>
  spec.type === 'stop-limit' || spec.type === 'limit-if-touched';
const better = (view: View, a: number, b: number): number => (view.worse(a, b) < 0 ? a : b);
const worst = (view: View, a: number, b: number): number => (view.worse(a, b) > 0 ? a : b);

export const RULES: readonly Rule[] = [
  {
    id: 'filled-at-the-deciding-close',
    programs: ['nautilus', 'lean'],
    theirs:
      'fills a market order, or (NautilusTrader) a limit that is marketable, at the close of the bar on which it was decided',
    ours: 'a decision made at a close meets the next open at the earliest',
    explains: (v) =>
      v.t?.row === v.n &&
      v.t.ticks === v.close(v.n) &&
      (isMarket(v) ||
        (isLimit(v) && v.program === 'nautilus' && v.worse(v.limit, v.close(v.n)) >= 0)) &&
      (v.o === undefined || v.o.row > v.n),
  },
  {
    id: 'trigger-in-the-market-refused',
    programs: ['nautilus'],
    theirs: 'refuses an order whose trigger the last price has reached',
    ours: 'takes it as elected: it trades at the next open',
    explains: (v) =>
      v.t === undefined && v.o !== undefined && v.o.row > v.n && !v.isExit && v.wasTriggered(),
  },
  {
    id: 'immediate-at-arrival',
    programs: ['nautilus'],
    theirs:
      'looks at the close of the deciding bar for an order that must fill at once, and cancels it there',
    ours: 'such an order meets the next open',
    explains: (v) =>
      (v.spec.tif === 'ioc' || v.spec.tif === 'fok') &&
      v.t === undefined &&
      v.worse(v.limit, v.close(v.n)) < 0 &&
      v.o?.row === v.n + 1,
  },
  {
    id: 'date-after-matching',
    programs: ['nautilus'],
    theirs:
      'looks at the date after each price of a bar, and only at prices that differ from the one before: in its last bar an order sees the first such price, or, after a still bar, one of the next bar',
    ours: 'an order that is good till the close of a bar works in the whole of it, and in none after',
    explains: (v) => {
      const { until } = v.spec;
      if (until === undefined) return false;
      return v.t === undefined ? v.o?.row === until : v.t.row >= until && v.o === undefined;
    },
  },
  {
    id: 'own-trigger-through-a-gap',
    programs: ['nautilus'],
    theirs: 'fills an elected order at its trigger, also where the bar opened beyond it',
    ours: 'fills it at the open, which is what traded',
    explains: (v) =>
      v.isSameBar() &&
      v.t!.ticks === v.stop &&
      v.o!.ticks === v.open(v.o!.row) &&
      v.o!.ticks !== v.stop,
  },
  {
    id: 'taken-at-the-extreme',
    programs: ['nautilus'],
    theirs:
      'jumps from open to high to low to close: what is marketable when it is released or touched takes the extreme itself',
    ours: 'prices pass every tick: it fills at its own level on the way',
    explains: (v) =>
      v.isSameBar() &&
      v.worse(v.o!.ticks, v.t!.ticks) > 0 &&
      [v.near(v.t!.row), v.open(v.t!.row), v.close(v.t!.row)].includes(v.t!.ticks) &&
      (v.spec.type === 'limit-if-touched' || v.isExit),
  },
  {
    id: 'rests-at-its-trigger',
    programs: ['nautilus'],
    theirs:
      'an elected stop-limit that the market left behind fills at its trigger when the price comes back, the better of its two prices',
    ours: 'it rests at its limit',
    explains: (v) =>
      v.spec.type === 'stop-limit' &&
      v.isSameBar() &&
      v.t!.ticks === v.stop &&
      v.o!.ticks === v.limit &&
      firstElection(v) < v.t!.row,
  },
  {
    id: 'limit-jumped-over',
    programs: ['nautilus'],
    theirs:
      'jumps from open to high to low to close: a stop-limit elected by an extreme beyond its limit waits for the price to come back',
    ours: 'prices pass every tick: elected at its trigger, it is filled there',
    explains: (v) =>
      v.spec.type === 'stop-limit' &&
      v.o !== undefined &&
      v.worse(v.far(v.o.row), v.stop) >= 0 &&
      v.worse(v.far(v.o.row), v.limit) > 0 &&
      (v.t === undefined || v.t.row > v.o.row || v.worse(v.o.ticks, v.t.ticks) !== 0),
  },
  {
    id: 'trail-memory',
    programs: ['nautilus', 'backtrader', 'lean'],
    theirs:
      'moves a trail late: NautilusTrader by the price before the one at hand, backtrader by closes, LEAN by the extreme after the old trigger was tested (and fills at the worse of trigger and close)',
    ours: 'the trail follows the open first, then the path of the bar in the worst order that it allows',
    explains: (v) => v.spec.type === 'trailing-stop' && isTrailOf(v),
  },
  {
    id: 'trigger-known-at-arrival',
    programs: ['backtrader', 'backtesting.py', 'lean'],
    theirs:
      'does not look at the price when an order arrives: the next bar must reach the trigger again',
    ours: 'a trigger that the last price has reached is elected: it trades at the next open',
    explains: (v) =>
      !isNaN(v.stop) &&
      !v.isExit &&
      v.wasTriggered() &&
      v.o !== undefined &&
      v.worse(v.open(v.n + 1), v.stop) * (v.spec.type.endsWith('if-touched') ? -1 : 1) < 0 &&
      (v.t === undefined || v.t.row > v.n),
  },
  {
    id: 'stop-stands-in-for-the-open',
    programs: ['backtesting.py'],
    theirs:
      'fills a stop-limit at its stop where the bar opened beyond it, though nothing traded there',
    ours: 'fills it at the open, or lets it rest at its limit where the open lies beyond that too',
    explains: (v) =>
      v.spec.type === 'stop-limit' &&
      v.t !== undefined &&
      v.worse(v.open(v.t.row), v.stop) > 0 &&
      v.t.ticks === better(v, v.stop, v.limit) &&
      // Ours at the open, or at the limit or never where the bar opened beyond that too.
      (v.isSameBar() && v.o!.ticks === v.open(v.t.row)
        ? true
        : v.worse(v.open(v.t.row), v.limit) > 0 && (v.o === undefined || v.o.ticks === v.limit)),
  },
  {
    id: 'limit-counts-as-met-before',
    programs: ['backtesting.py'],
    theirs:
      'a stop-limit whose limit is no worse than its stop does not fill in the bar that elects it',
    ours: 'fills it where the bar proves it',
    explains: (v) =>
      v.spec.type === 'stop-limit' &&
      v.worse(v.limit, v.stop) <= 0 &&
      v.isOursFirst() &&
      v.worse(v.far(v.o!.row), v.stop) >= 0,
  },
  {
    id: 'exits-wait-a-bar',
    programs: ['backtrader', 'backtesting.py'],
    theirs:
      'lets exits work from the bar after the entry (backtesting.py: unless the entry was at the market, or the target lies beyond a stop entry)',
    ours: 'exits work from the fill of the entry',
    explains: (v) =>
      v.isExit &&
      v.o !== undefined &&
      v.o.row === v.entryRow() &&
      (v.t === undefined || v.t.row > v.o.row),
  },
  {
    id: 'exit-refused-at-release',
    programs: ['nautilus'],
    theirs:
      'refuses a stop exit that the market has passed when the entry fills, its target with it: the position stays bare',
    ours: 'the stop trades at once',
    explains: (v) =>
      v.isExit &&
      v.theirs.get('s') === undefined &&
      v.theirs.get('t') === undefined &&
      v.o?.leg === 's' &&
      v.ticket.legs.slice(1, 2).every((stop) => {
        const row = v.entryRow();
        return stop.side > 0 ? v.bars.high[row]! >= stop.stop! : v.bars.low[row]! <= stop.stop!;
      }),
  },
  {
    id: 'limit-paid-in-full',
    programs: ['lean'],
    theirs: 'fills a limit at its own price, or at the far end of a bar that lies wholly beyond it',
    ours: 'a limit that was marketable when sent gets the open',
    explains: (v) =>
      isLimit(v) &&
      v.isSameBar() &&
      v.t!.ticks === better(v, v.far(v.t!.row), v.limit) &&
      v.worse(v.limit, v.open(v.t!.row)) >= 0,
  },
  {
    id: 'limit-must-be-passed',
    programs: ['lean'],
    theirs: 'a limit needs a price beyond it, also where it was marketable when sent',
    ours: 'a marketable limit fills at the open, at its own price too',
    explains: (v) => isLimit(v) && v.isOursFirst() && v.near(v.o!.row) === v.limit,
  },
  {
    id: 'stop-must-be-passed',
    programs: ['lean'],
    theirs: 'a stop needs a price beyond its trigger',
    ours: 'a stop is elected by a trade at its trigger',
    explains: (v) =>
      isStopLike(v) && v.isOursFirst() && v.worse(v.far(firstElection(v)), v.stop) === 0,
  },
  {
    id: 'worse-of-stop-and-close',
    programs: ['lean'],
    theirs: 'fills a stop at the worse of its trigger and the close of the bar',
    ours: 'fills it at the trigger, or at the open where that lies beyond',
    explains: (v) =>
      v.spec.type === 'stop' && v.isSameBar() && v.t!.ticks === worst(v, v.stop, v.close(v.t!.row)),
  },
  {
    id: 'close-decides-the-limit',
    programs: ['lean'],
    theirs:
      'once its trigger was met, fills a stop-limit or limit-if-touched where a bar closes within the limit, at the limit (or the far end of the bar)',
    ours: 'fills it at the price that elected it, or where the limit is passed later',
    explains: (v) => isTwoStep(v) && isLeanTwoStep(v),
  },
  {
    id: 'touched-not-passed',
    programs: ['nautilus', 'backtrader', 'backtesting.py'],
    theirs: 'fills a limit when the price touches it',
    ours: 'a touch proves nothing about our place in the queue: the price must pass (option `touch`)',
    explains: (v) =>
      v.settings.touch === 'never' &&
      !isNaN(v.limit) &&
      v.t !== undefined &&
      v.near(v.t.row) === v.limit &&
      v.t.ticks === v.limit &&
      (v.o === undefined || v.o.row > v.t.row),
  },
  {
    id: 'own-price-against-the-open',
    programs: ['backtrader', 'backtesting.py'],
    theirs: 'fills a resting limit at the open where the bar opens beyond it',
    ours: 'it was the best quote on the way: its own price (option `gapImprove`)',
    explains: (v) =>
      !v.settings.gapImprove &&
      !isNaN(v.limit) &&
      v.isSameBar() &&
      v.o!.ticks === v.limit &&
      v.t!.ticks === v.open(v.t!.row) &&
      v.worse(v.limit, v.t!.ticks) > 0,
  },
  {
    id: 'order-within-the-bar',
    programs: ['nautilus', 'backtrader', 'backtesting.py'],
    theirs:
      'decides which of several levels inside one bar came first: NautilusTrader by open, high, low, close; backtrader and backtesting.py by their lists, the stop first',
    ours: 'the bar does not tell: the policy chooses (here the worst) and the choice is reported',
    explains: (v) =>
      v.ticket.group === 'single'
        ? isTwoStep(v) && isEarlier(v) && v.worse(v.limit, v.stop) < 0
        : v.levelsIn(v.firstRow()) >= 2,
  },
];

/** The first rule that explains the difference, or null. */
export function ruleOf(difference: Difference): Rule | null {
  const view = new View(difference);
  if (!isPossible(view, view.o) || !isPossible(view, view.t)) return null;
  return (
    RULES.find((rule) => rule.programs.includes(difference.program) && rule.explains(view)) ?? null
  );
}

/** A fill lies inside its bar or at a price of its order; no rule of any program knows another. */
function isPossible({ ticket, bars }: View, fill: Fill | undefined): boolean {
  if (fill === undefined) return true;
  const { row, ticks, leg } = fill;
  const spec = ticket.legs.find((each) => each.leg === leg);
  if (ticks === spec?.stop || ticks === spec?.limit || spec?.trail !== undefined) return true;
  return ticks >= bars.low[row]! && ticks <= bars.high[row]!;
}

function isStopLike({ spec }: View): boolean {
  return spec.type === 'stop' || spec.type === 'stop-limit';
}

/** The first bar after sending that reaches the trigger. */
function firstElection(v: View): number {
  for (let row = v.n + 1; row < v.bars.rows; row += 1)
    if (v.worse(v.far(row), v.stop) >= 0) return row;
  return v.n + 1;
}

/** Trigger and limit lie in the bar of the first fill, or in one before it. */
function isEarlier(v: View): boolean {
  const row = v.firstRow();
  const elects =
    v.spec.type === 'stop-limit' ? v.worse(v.far(row), v.stop) : v.worse(v.stop, v.near(row));
  return elects >= 0 && v.worse(v.limit, v.near(row)) >= 0;
}

/** The fill, or its absence, is what the published formula gives. */
function isLeanTwoStep(v: View): boolean {
  const isStop = v.spec.type === 'stop-limit';
  let isMet = false;
  for (let row = v.n + 1; row <= v.ticket.cancel; row += 1) {
    isMet ||= isStop ? v.worse(v.far(row), v.stop) > 0 : v.worse(v.stop, v.near(row)) >= 0;
    const room = v.worse(v.limit, v.close(row));
    if (!isMet || (isStop ? room <= 0 : room < 0)) continue;
    return v.t?.row === row && v.t.ticks === (isStop ? better(v, v.far(row), v.limit) : v.limit);
  }
  return v.t === undefined;
}

/** Their fill is what a trail with the program's memory gives, and ours lies where one that follows the path may end. */
function isTrailOf(v: View): boolean {
  const theirs = { nautilus: nautilusTrail, backtrader: closeTrail, lean: extremeTrail }[
    v.program as 'lean'
  ](v);
  if (v.t?.row !== theirs?.row || v.t?.ticks !== theirs?.ticks) return false;
  if (v.o === undefined) return true;
  const d = v.spec.trail!;
  let trigger = v.close(v.n) + v.s * d;
  for (let row = v.n + 1; row < v.o.row; row += 1) {
    // Not yet: neither the trigger nor a fall by the distance within the bar forced it out.
    if (v.worse(v.far(row), trigger) >= 0) return false;
    trigger = better(v, trigger, v.near(row) + v.s * d);
  }
  const isReached = v.worse(v.far(v.o.row), better(v, trigger, v.open(v.o.row) + v.s * d)) >= 0;
  const isWide = v.worse(v.far(v.o.row), v.near(v.o.row)) >= d;
  return isReached || isWide;
}

interface Exit {
  readonly row: number;
  readonly ticks: number;
}

function closeTrail(v: View): Exit | undefined {
  let trigger = v.close(v.n) + v.s * v.spec.trail!;
  for (let row = v.n + 1; row <= v.ticket.cancel; row += 1) {
    if (v.worse(v.open(row), trigger) >= 0) return { row, ticks: v.open(row) };
    if (v.worse(v.far(row), trigger) >= 0) return { row, ticks: trigger };
    trigger = better(v, trigger, v.close(row) + v.s * v.spec.trail!);
  }
  return undefined;
}

function extremeTrail(v: View): Exit | undefined {
  let trigger = v.close(v.n) + v.s * v.spec.trail!;
  for (let row = v.n + 1; row <= v.ticket.cancel; row += 1) {
    if (v.worse(v.far(row), trigger) >= 0) return { row, ticks: worst(v, trigger, v.close(row)) };
    trigger = better(v, trigger, v.near(row) + v.s * v.spec.trail!);
  }
  return undefined;
}

function nautilusTrail(v: View): Exit | undefined {
  const d = v.s * v.spec.trail!;
  let trigger = v.close(v.n) + d;
  let last = v.close(v.n);
  for (let row = v.n + 1; row <= v.ticket.cancel; row += 1) {
    const { open, high, low, close } = v.bars;
    const moves = [
      (): boolean => true,
      (at: number): boolean => at > last,
      (at: number): boolean => at < last,
      (): boolean => true,
    ];
    for (const [i, price] of [open[row]!, high[row]!, low[row]!, close[row]!].entries()) {
      if (price === last || !moves[i]!(price)) continue;
      if (v.worse(price, trigger) >= 0) return { row, ticks: trigger };
      trigger = better(v, trigger, last + d);
      last = price;
    }
  }
  return undefined;
}
