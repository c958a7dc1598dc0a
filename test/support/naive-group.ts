/**
 * The obviously right twin of a bracket held by an exchange: nothing is kept but the list of what happened to its orders,
 * and each question is answered by going through the list from its start, one rule after the other.
 */
export interface BracketShape {
  readonly entryQty: number;
  readonly targetQtys: readonly number[];
  readonly peers: 'oco' | 'ouo';
  readonly release: 'partial' | 'full';
}
/** Leg 0 is the entry, then the targets, then the stop. `end`: it went by itself, not through the group. */
export interface BracketEvent {
  readonly leg: number;
  readonly kind: 'fill' | 'end' | 'cut';
  readonly qty: number;
}
export interface NaiveLeg {
  isOpen: boolean;
  qty: number;
  cum: number;
  /** Contracts that it may trade now. */
  workQty: number;
}

/** Every leg after these events. */
export function bracketAfter(shape: BracketShape, events: readonly BracketEvent[]): NaiveLeg[] {
  const { entryQty, targetQtys, peers, release } = shape;
  const sizes = [entryQty, ...targetQtys, entryQty];
  const stop = sizes.length - 1;
  const legs = sizes.map((qty) => ({ isOpen: true, qty, cum: 0, given: 0 }));
  const entry = legs[0]!;
  const exits = legs.slice(1);
  for (const event of events) {
    const leg = legs[event.leg]!;
    if (event.kind === 'fill') leg.cum += event.qty;
    if (event.kind === 'cut') leg.qty -= event.qty;
    if (event.kind === 'end' || leg.cum === leg.qty) leg.isOpen = false;

    // An exit that traded, or that somebody cancelled, ends its OCO peers.
    if (peers === 'oco' && event.leg > 0 && event.kind !== 'cut')
      for (const peer of exits) if (peer !== leg) peer.isOpen = false;

    // Contracts of the entry that exits are for.
    const isComplete = !entry.isOpen && entry.cum === entry.qty;
    const bought = release === 'partial' || isComplete ? entry.cum : 0;
    // Without any, an entry that is gone takes its exits along.
    if (!entry.isOpen && bought === 0) for (const exit of exits) exit.isOpen = false;

    // The stop is for all of them. Targets get their parts, rounded down; what is left goes to the first with room.
    legs[stop]!.given = bought;
    const given = (): number => exits.slice(0, -1).reduce((sum, target) => sum + target.given, 0);
    const parts = targetQtys.map((qty) => Math.floor((qty * bought) / entry.qty));
    for (const goals of [parts, targetQtys])
      targetQtys.forEach((_, k) => {
        while (given() < bought && exits[k]!.given < goals[k]!) exits[k]!.given += 1;
      });

    // The entry is through: an exit is for what it was given, and no more.
    if (!entry.isOpen)
      for (const exit of exits) {
        exit.qty = Math.max(exit.cum, Math.min(exit.qty, exit.given));
        if (exit.cum === exit.qty) exit.isOpen = false;
      }
    if (peers === 'ouo') {
      // No exit is for more than what all of them together may still close.
      const sold = exits.reduce((sum, exit) => sum + exit.cum, 0);
      const left = (entry.isOpen ? entry.qty : entry.cum) - sold;
      for (const exit of exits) {
        if (left === 0) exit.isOpen = false;
        else if (exit.isOpen) exit.qty = Math.min(exit.qty, exit.cum + left);
      }
    }
  }
  const sold = exits.reduce((sum, exit) => sum + exit.cum, 0);
  const isComplete = !entry.isOpen && entry.cum === entry.qty;
  const bought = release === 'partial' || isComplete ? entry.cum : 0;
  return legs.map(({ isOpen, qty, cum, given }, k) => {
    const most = k === 0 ? qty - cum : Math.min(given, qty) - cum;
    const now = k > 0 && peers === 'ouo' ? Math.min(most, bought - sold) : most;
    return { isOpen, qty, cum, workQty: isOpen ? Math.max(0, now) : 0 };
  });
}
