/** The best bid and the best ask of a record as a book of one level a side. The flat world. */
import type { BookSide, BookView } from '../../core/book/types.ts';

export class QuoteBook implements BookView {
  /** NaN where the side is empty. */
  bestBid: number = NaN;
  bestAsk: number = NaN;
  bidQty: number = 0;
  askQty: number = 0;

  get isCrossed(): boolean {
    return this.bestBid >= this.bestAsk;
  }

  levelCount(side: BookSide): number {
    return Number.isNaN(side > 0 ? this.bestBid : this.bestAsk) ? 0 : 1;
  }

  priceAt(side: BookSide, depth: number): number {
    if (depth !== 0) return NaN;
    return side > 0 ? this.bestBid : this.bestAsk;
  }

  qtyAt(side: BookSide, depth: number): number {
    if (depth !== 0) return 0;
    return side > 0 ? this.bidQty : this.askQty;
  }

  ordersAt(): number {
    return 0;
  }

  depthOf(side: BookSide, price: number): number {
    return price === this.priceAt(side, 0) ? 0 : -1;
  }
}
