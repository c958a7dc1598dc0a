/** What every order book can be asked. */

export type BookSide = 1 | -1;

/**
 * A book as it stands now. `side` 1 is the bids, -1 the asks; `depth` 0 is the best level. Prices in counts of the grid,
 * quantities in contracts.
 */
export interface BookView {
  /** NaN where the side is empty. */
  readonly bestBid: number;
  readonly bestAsk: number;
  /** Both sides have orders, and the best bid is at or above the best ask: no market in continuous trading stays so. */
  readonly isCrossed: boolean;
  levelCount(side: BookSide): number;
  /** NaN below the last level. */
  priceAt(side: BookSide, depth: number): number;
  /** 0 below the last level. */
  qtyAt(side: BookSide, depth: number): number;
  /** 0 below the last level, or where the source does not tell. */
  ordersAt(side: BookSide, depth: number): number;
  /** Depth of a price, or -1. */
  depthOf(side: BookSide, price: number): number;
}
