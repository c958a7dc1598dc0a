/** Fills of two sides, ticket by ticket. */
import type { Bars } from './markets.ts';
import type { Ticket } from './orders.ts';
import type { Alike, Fill } from './ours.ts';
import type { Difference } from './rules.ts';

/** How two lists of fills differ to the last one: `id-leg row@ticks x qty`, sorted. */
export function leftOver(
  a: readonly Fill[],
  b: readonly Fill[],
): { onlyA: string[]; onlyB: string[] } {
  const text = ({ id, leg, row, ticks, qty }: Fill): string =>
    `${id}-${leg} ${row}@${ticks}x${qty}`;
  const counts = new Map<string, number>();
  for (const fill of a) counts.set(text(fill), (counts.get(text(fill)) ?? 0) + 1);
  const onlyB: string[] = [];
  for (const fill of b) {
    const left = counts.get(text(fill)) ?? 0;
    if (left === 0) onlyB.push(text(fill));
    else counts.set(text(fill), left - 1);
  }
  const onlyA = [...counts].flatMap(([key, left]) => Array.from({ length: left }, () => key));
  return { onlyA: onlyA.sort(), onlyB: onlyB.sort() };
}

/** A crowd whose program does not name its fills: by side, bar, price, whatever the quantity was split into. */
export function nameless(fills: readonly Fill[], tickets: readonly Ticket[]): Fill[] {
  const sums = new Map<string, Fill>();
  for (const fill of fills) {
    const leg = tickets[fill.id]?.legs.find((each) => each.leg === fill.leg);
    const side = leg === undefined ? fill.leg : leg.side > 0 ? 'buy' : 'sell';
    const key = `${side} ${fill.row} ${fill.ticks}`;
    sums.set(key, {
      id: -1,
      leg: side,
      row: fill.row,
      ticks: fill.ticks,
      qty: fill.qty + (sums.get(key)?.qty ?? 0),
    });
  }
  return [...sums.values()];
}

/** The first leg of each ticket that differs. Exits of a bracket are one: which of them it was is part of the difference. */
export function differences(
  program: Difference['program'],
  bars: Bars,
  tickets: readonly Ticket[],
  ours: readonly Fill[],
  theirs: readonly Fill[],
  settings: Alike,
): Difference[] {
  const [mine, other] = [ours, theirs].map(byTicket);
  const found: Difference[] = [];
  for (const ticket of tickets) {
    const a = mine!.get(ticket.id) ?? new Map<string, Fill>();
    const b = other!.get(ticket.id) ?? new Map<string, Fill>();
    const leg = (['e', 's', 't', 'x'] as const).find((name) => !isSame(a.get(name), b.get(name)));
    if (leg === undefined) continue;
    const isExit = ticket.group === 'bracket' && leg !== 'e';
    found.push({
      program,
      ticket,
      bars,
      leg: isExit || leg === 'x' ? 'exit' : leg,
      ours: a,
      theirs: b,
      settings,
    });
  }
  return found;
}

function isSame(a: Fill | undefined, b: Fill | undefined): boolean {
  return a?.row === b?.row && a?.ticks === b?.ticks;
}

function byTicket(fills: readonly Fill[]): Map<number, Map<string, Fill>> {
  const map = new Map<number, Map<string, Fill>>();
  for (const fill of fills) {
    const legs = map.get(fill.id) ?? new Map<string, Fill>();
    legs.set(fill.leg, fill);
    map.set(fill.id, legs);
  }
  return map;
}
