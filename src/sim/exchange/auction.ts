/**
 * The one price of an auction: most contracts traded, then least left over, then, where all that is left over stands on one
 * side, the highest price for bids and the lowest for offers, then the price nearest to the reference.
 * Source: CME Group, rules for the indicative opening price.
 */
import type { ReadLiquidity } from './liquidity.ts';

/** What an auction would do: price in ticks, contracts traded, and contracts left over (bids above 0, offers below). */
export interface Indication {
  readonly priceTicks: number;
  readonly qty: number;
  readonly imbalanceQty: number;
}

interface Candidate extends Indication {
  readonly distance: number;
}

/**
 * Null where nothing would trade. `marketBuyQty` and `marketSellQty` have no limit. `referenceTicks` NaN: without a
 * reference the lower of two equal prices. Nothing is found beyond the limits of the day.
 */
export function findAuctionPrice(
  book: ReadBook,
  marketBuyQty: number,
  marketSellQty: number,
  referenceTicks: number,
  lowTicks: number = -Infinity,
  highTicks: number = Infinity,
): Indication | null {
  const bids = levelsOf(book, 1);
  const asks = levelsOf(book, -1);
  const prices = new Set([...bids.keys(), ...asks.keys()]);
  if (Number.isFinite(referenceTicks)) prices.add(referenceTicks);
  let best: Candidate | null = null;
  // By rising price: fewer bids reach it, more offers do.
  let buyQty = marketBuyQty + [...bids.values()].reduce((sum, qty) => sum + qty, 0);
  let sellQty = marketSellQty;
  for (const priceTicks of [...prices].sort((a, b) => a - b)) {
    sellQty += asks.get(priceTicks) ?? 0;
    const qty = Math.min(buyQty, sellQty);
    const distance = Math.abs(priceTicks - referenceTicks);
    const candidate = { priceTicks, qty, imbalanceQty: buyQty - sellQty, distance };
    const isAllowed = priceTicks >= lowTicks && priceTicks <= highTicks;
    if (isAllowed && qty > 0 && (best === null || isBetter(candidate, best))) best = candidate;
    buyQty -= bids.get(priceTicks) ?? 0;
  }
  if (best === null) return null;
  const { priceTicks, qty, imbalanceQty } = best;
  return { priceTicks, qty, imbalanceQty };
}

/** Candidates come by rising price. */
function isBetter(next: Candidate, best: Candidate): boolean {
  if (next.qty !== best.qty) return next.qty > best.qty;
  const [left, other] = [Math.abs(next.imbalanceQty), Math.abs(best.imbalanceQty)];
  if (left !== other) return left < other;
  if (next.imbalanceQty > 0 && best.imbalanceQty > 0) return true;
  if (next.imbalanceQty < 0 && best.imbalanceQty < 0) return false;
  return next.distance < best.distance;
}

type ReadBook = Pick<ReadLiquidity, 'bestTicks' | 'worsePrice' | 'totalQty'>;

/** Contracts by price, hidden ones included. */
function levelsOf(book: ReadBook, side: 1 | -1): Map<number, number> {
  const out = new Map<number, number>();
  for (let at = book.bestTicks(side); !Number.isNaN(at); at = book.worsePrice(side, at))
    out.set(at, book.totalQty(side, at));
  return out;
}
