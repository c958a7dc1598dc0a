/** How exits of one kind share what their entry has traded; the same on bars and on the exchange. */

/** An exit among those of its kind. */
export interface Shared {
  /** Contracts that it is for when its entry is filled. */
  share: number;
  /** Contracts that fills of the entry have released. */
  released: number;
}

/**
 * Shares out `cum` contracts of an entry of `qty`: each exit by its part, whole contracts, never less than before, and all
 * together never more than their part; what rounding leaves over goes to the first that has room.
 */
export function releaseShares(exits: readonly Shared[], cum: number, qty: number): void {
  const part = (share: number): number => Math.floor((share * cum) / qty);
  const sum = exits.reduce((total, exit) => total + exit.share, 0);
  let growth = part(sum) - exits.reduce((total, exit) => total + exit.released, 0);
  for (const isRest of [false, true]) {
    for (const exit of exits) {
      const want = isRest ? exit.share : part(exit.share);
      const more = Math.max(0, Math.min(growth, want - exit.released));
      exit.released += more;
      growth -= more;
    }
  }
}

/**
 * The entry has another quantity: each exit keeps its part of it, never less than has been released, and all together have
 * no more than their part. What rounding leaves over goes to the first, what it lacks comes from the last.
 */
export function rescaleShares(exits: readonly Shared[], after: number, before: number): void {
  const scaled = (qty: number): number => Math.floor((qty * after) / before);
  let rest = scaled(exits.reduce((total, exit) => total + exit.share, 0));
  for (const exit of exits) {
    exit.share = Math.max(exit.released, scaled(exit.share));
    rest -= exit.share;
  }
  for (let k = exits.length - 1; k >= 0 && rest < 0; k -= 1) {
    const less = Math.min(-rest, exits[k]!.share - exits[k]!.released);
    exits[k]!.share -= less;
    rest += less;
  }
  if (rest > 0 && exits.length > 0) exits[0]!.share += rest;
}
