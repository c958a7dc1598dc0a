/** Who of the two sides of a trade came to the other, where the record does not say it. */
import type { Side } from '../../core/order.ts';
import type { FillEvidence } from '../../core/execution.ts';

/** First the quotes around the trade, then the trade before it. The flat world: `side` and `from` hold the answer. */
export class AggressorRule {
  side: Side | 0 = 0;
  from: NonNullable<FillEvidence['aggressorFrom']> | null = null;
  #lastTicks: number = NaN;
  /** Direction of the last change of price among trades. */
  #tick: Side | 0 = 0;

  /** `told` 0 where the record does not say; bid and ask NaN where there is none. To be called for each trade in order. */
  note(priceTicks: number, told: Side | 0, bidTicks: number, askTicks: number): void {
    if (priceTicks > this.#lastTicks) this.#tick = 1;
    else if (priceTicks < this.#lastTicks) this.#tick = -1;
    this.#lastTicks = priceTicks;
    this.from = 'record';
    this.side = told;
    if (told !== 0) return;
    const isBuy = priceTicks >= askTicks;
    const isSell = priceTicks <= bidTicks;
    this.from = isBuy === isSell ? 'ticks' : 'quotes';
    this.side = isBuy === isSell ? this.#tick : isBuy ? 1 : -1;
    if (this.side === 0) this.from = null;
  }
}
