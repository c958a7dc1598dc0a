/** Quotes and trades of each contract as far as marks and settlements need them. Columns; nothing is allocated per tick. */
import type { InstrumentSpec } from '../core/instrument.ts';
import type { QuoteColumns, TradeColumns } from '../core/bars.ts';
import type { TickColumns, TickKind } from '../core/ports.ts';
import { markOf, SettleWindow } from '../core/money/settlement.ts';

/** Length of the window that a settlement price is taken from, in seconds, by asset class; 60 where the class says nothing. */
const WINDOW_SECONDS: Readonly<Partial<Record<InstrumentSpec['assetClass'], number>>> = {
  'equity-index': 30,
  'interest-rate': 30,
  fx: 30,
  energy: 120,
};

export function settleWindowUs(spec: InstrumentSpec): number {
  return (WINDOW_SECONDS[spec.assetClass] ?? 60) * 1_000_000;
}

export class MarkBook {
  readonly #bid: Float64Array;
  readonly #ask: Float64Array;
  readonly #quoteUs: Float64Array;
  readonly #last: Float64Array;
  readonly #windows: readonly SettleWindow[];
  readonly #freshUs: number;
  readonly #inputs = { bidTicks: NaN, askTicks: NaN, quoteUs: 0, lastTicks: NaN, settleTicks: NaN };

  /** `freshUs`: how old a quote may be whose middle is a mark. */
  constructor(contracts: number, freshUs: number) {
    this.#freshUs = freshUs;
    this.#bid = new Float64Array(contracts).fill(NaN);
    this.#ask = new Float64Array(contracts).fill(NaN);
    this.#quoteUs = new Float64Array(contracts).fill(-Infinity);
    this.#last = new Float64Array(contracts).fill(NaN);
    this.#windows = Array.from({ length: contracts }, () => new SettleWindow());
  }

  /** Takes in a tick that the venue matched on; returns what the contract is worth now, in counts: a middle may be half one. */
  onTick(kind: TickKind, c: number, columns: TickColumns, at: number, venueTicks: number): number {
    const tsUs = columns.tsUs[at]!;
    if (kind === 'quotes') {
      const { bid, ask } = columns as QuoteColumns;
      this.onQuote(c, bid[at]!, ask[at]!, tsUs);
    } else if (kind === 'trades') {
      const { price, qty } = columns as TradeColumns;
      this.onTrade(c, price[at]!, qty[at]!, tsUs);
    }
    const inputs = this.#inputs;
    inputs.bidTicks = this.#bid[c]!;
    inputs.askTicks = this.#ask[c]!;
    inputs.quoteUs = this.#quoteUs[c]!;
    inputs.lastTicks = Number.isNaN(this.#last[c]!) ? venueTicks : this.#last[c]!;
    return markOf(inputs, tsUs, this.#freshUs);
  }

  onQuote(c: number, bidTicks: number, askTicks: number, tsUs: number): void {
    this.#bid[c] = bidTicks;
    this.#ask[c] = askTicks;
    this.#quoteUs[c] = tsUs;
  }

  onTrade(c: number, priceTicks: number, qty: number, tsUs: number): void {
    this.#last[c] = priceTicks;
    this.#windows[c]!.add(tsUs, priceTicks, qty);
  }

  openWindow(c: number, fromUs: number, toUs: number): void {
    this.#windows[c]!.open(fromUs, toUs);
  }

  vwapTicks(c: number): number {
    return this.#windows[c]!.vwapTicks();
  }

  /** The middle of quotes that are two-sided, not crossed and no older than `freshUs`; NaN otherwise. */
  midTicks(c: number, nowUs: number, freshUs: number): number {
    const [bid, ask] = [this.#bid[c]!, this.#ask[c]!];
    return ask >= bid && nowUs - this.#quoteUs[c]! <= freshUs ? (bid + ask) / 2 : NaN;
  }

  /** NaN before the first trade. */
  lastTicks(c: number): number {
    return this.#last[c]!;
  }
}
