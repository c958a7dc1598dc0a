/** The orders that every program gets: seeded, from integers only, the same for the same bars and seed. */
import { mix } from '../peers/bars.ts';
import type { Bars } from './markets.ts';

export const KINDS = [
  'market',
  'limit',
  'stop',
  'stop-limit',
  'market-if-touched',
  'limit-if-touched',
  'trailing-stop',
  'bracket',
  'oco',
  'good-till-date',
  'ioc-fok',
] as const;
export type Kind = (typeof KINDS)[number];

/** One order to send at the close of a bar. Prices in ticks; what a type does not need is absent. */
export interface Leg {
  readonly leg: 'e' | 's' | 't';
  readonly side: 1 | -1;
  readonly qty: number;
  readonly type: string;
  readonly limit?: number;
  readonly stop?: number;
  /** Distance of a trailing stop. */
  readonly trail?: number;
  readonly tif?: 'ioc' | 'fok' | 'gtd';
  /** Row at whose close it is void. */
  readonly until?: number;
}

/** What is sent together. `bracket`: the first releases the others, which cancel each other; `oco`: peers. */
export interface Ticket {
  readonly id: number;
  readonly kind: Kind;
  /** Row after whose close it is sent. */
  readonly row: number;
  readonly group: 'single' | 'bracket' | 'oco';
  readonly legs: readonly Leg[];
  /** Row after whose close what still waits to enter is cancelled. */
  readonly cancel: number;
  /** Row after whose close exits are cancelled and a position that they leave is closed at the market; -1 for none. */
  readonly close: number;
}

/** A counter-based draw in [0, n). */
class Draws {
  readonly #base: number;
  #count: number = 0;

  constructor(seed: number, id: number) {
    this.#base = mix(seed * 0x9e3779b1 + mix(id + 1));
  }

  next(n: number): number {
    this.#count += 1;
    return mix(this.#base + Math.imul(this.#count, 0x85ebca6b)) % n;
  }

  between(low: number, high: number): number {
    return low + this.next(high - low + 1);
  }
}

/** Rows between two tickets of a kind, so that each is alone at work: its life and one more. */
const SPACING: Readonly<Record<Kind, number>> = {
  market: 6,
  limit: 14,
  stop: 14,
  'stop-limit': 14,
  'market-if-touched': 14,
  'limit-if-touched': 14,
  'trailing-stop': 34,
  bracket: 30,
  oco: 14,
  'good-till-date': 14,
  'ioc-fok': 8,
};

/** Tickets of one kind over the bars, each alone; `reach` is a few bars' range in ticks. */
export function ordersOf(kind: Kind, bars: Bars, seed: number, reach: number): Ticket[] {
  const tickets: Ticket[] = [];
  const step = SPACING[kind];
  for (let row = 4; row + step + 2 < bars.rows; row += step)
    tickets.push(ticketOf(kind, tickets.length, row, step, bars, seed, reach));
  return tickets;
}

/** Tickets of all kinds that a program has, many at work at once. */
export function crowdOf(kinds: readonly Kind[], bars: Bars, seed: number, reach: number): Ticket[] {
  const tickets: Ticket[] = [];
  for (let row = 4; row + 40 < bars.rows; row += 2) {
    const kind = kinds[new Draws(seed, row).next(kinds.length)]!;
    const ticket = ticketOf(kind, tickets.length, row, SPACING[kind], bars, seed + 1, reach);
    const qty = 1 + (mix(seed + row) % 4);
    const legs =
      ticket.group === 'single' ? ticket.legs.map((leg) => ({ ...leg, qty })) : ticket.legs;
    // Positions of many tickets net: none could say what is left of its own.
    tickets.push({ ...ticket, legs, close: -1 });
  }
  return tickets;
}

function ticketOf(
  kind: Kind,
  id: number,
  row: number,
  step: number,
  bars: Bars,
  seed: number,
  reach: number,
): Ticket {
  const draws = new Draws(seed + 101 * KINDS.indexOf(kind), id);
  const last = bars.close[row]!;
  const side = draws.next(2) === 0 ? 1 : -1;
  const one = { leg: 'e', side, qty: 1 } as const;
  const life = kind === 'bracket' ? draws.between(1, 10) : draws.between(1, Math.max(1, step - 2));
  const base = { id, kind, row, cancel: row + life, close: -1 };
  // Ticks in the direction in which a stop of this side lies: above the price for a buy.
  const up = (ticks: number): number => last + side * ticks;
  const single = (leg: Omit<Leg, 'leg' | 'side' | 'qty'>): Ticket => ({
    ...base,
    group: 'single',
    legs: [{ ...one, ...leg }],
  });
  const stop = up(draws.between(-1, reach));
  const fromStop = draws.between(-3, 3);
  switch (kind) {
    case 'market':
      return single({ type: 'market' });
    case 'limit':
      return single({ type: 'limit', limit: up(-draws.between(-2, reach)) });
    case 'stop':
      return single({ type: 'stop', stop });
    case 'stop-limit':
      return single({ type: 'stop-limit', stop, limit: stop + side * fromStop });
    case 'market-if-touched':
      return single({ type: 'market-if-touched', stop: up(-draws.between(-1, reach)) });
    case 'limit-if-touched': {
      const touch = up(-draws.between(-1, reach));
      return single({ type: 'limit-if-touched', stop: touch, limit: touch + side * fromStop });
    }
    case 'trailing-stop':
      return single({ type: 'trailing-stop', trail: draws.between(1, 2 * reach) });
    case 'good-till-date':
      return {
        ...single({
          type: 'limit',
          limit: up(-draws.between(0, reach)),
          tif: 'gtd',
          until: row + life,
        }),
        cancel: row + step - 1,
      };
    case 'ioc-fok': {
      const tif = draws.next(2) === 0 ? 'ioc' : 'fok';
      return {
        ...single({ type: 'limit', limit: up(draws.between(-2, 2)), tif }),
        cancel: row + 2,
      };
    }
    case 'oco': {
      const peers: Leg[] = [
        { leg: 's', side: 1, qty: 1, type: 'stop', stop: last + draws.between(1, reach) },
        { leg: 't', side: -1, qty: 1, type: 'stop', stop: last - draws.between(1, reach) },
      ];
      return { ...base, group: 'oco', legs: peers };
    }
    default:
      return bracketOf(base, one, last, reach, draws);
  }
}

function bracketOf(
  base: Omit<Ticket, 'group' | 'legs'>,
  one: { readonly leg: 'e'; readonly side: 1 | -1; readonly qty: number },
  last: number,
  reach: number,
  draws: Draws,
): Ticket {
  const { side } = one;
  const type = (['market', 'limit', 'stop'] as const)[draws.next(3)]!;
  const away = draws.between(1, Math.max(1, Math.trunc(reach / 2)));
  const price =
    type === 'market' ? last : type === 'limit' ? last - side * away : last + side * away;
  const entry: Leg = {
    ...one,
    type,
    ...(type === 'limit' ? { limit: price } : type === 'stop' ? { stop: price } : {}),
  };
  const exits = { side: -side as 1 | -1, qty: 1 };
  const stop = price - side * draws.between(1, reach);
  const limit = price + side * draws.between(1, reach);
  return {
    ...base,
    group: 'bracket',
    legs: [
      entry,
      { leg: 's', ...exits, type: 'stop', stop },
      { leg: 't', ...exits, type: 'limit', limit },
    ],
    close: base.row + 26,
  };
}
