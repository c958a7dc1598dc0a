/**
 * The price of a daily settlement, from the best source there is: the official print, the volume-weighted average of the
 * product's window, the middle of the quotes at the end of the window, the last trade, the previous settlement.
 */
import { roundHalfEven } from '../units.ts';

/** Stable: they stand in the journal and in the positions table. */
export type SettleSource =
  | 'official'
  | 'window-vwap'
  | 'mid'
  | 'last-trade'
  | 'last-bar'
  | 'previous-settlement';

/** What a settlement may be taken from, as it is configured; the previous settlement comes after all of them. */
export const SETTLE_ORDER = ['official', 'window-vwap', 'mid', 'last'] as const;
export type SettleChoice = (typeof SETTLE_ORDER)[number];

/** NaN where a source has nothing. Counts of the grid; an official price may lie between them. */
export interface SettleInputs {
  readonly officialTicks: number;
  readonly vwapTicks: number;
  readonly midTicks: number;
  readonly lastTicks: number;
  readonly previousTicks: number;
}

/**
 * The settlement and where it came from; null where there is nothing at all. An average is rounded to a whole count, a tie
 * towards the previous settlement (to even without one); other prices stay as they are.
 */
export function chooseSettlement(
  inputs: SettleInputs,
  lastSource: 'last-trade' | 'last-bar' = 'last-trade',
  order: readonly SettleChoice[] = SETTLE_ORDER,
): { readonly ticks: number; readonly source: SettleSource } | null {
  const { officialTicks, vwapTicks, midTicks, lastTicks, previousTicks } = inputs;
  for (const choice of order) {
    if (choice === 'official' && !Number.isNaN(officialTicks))
      return { ticks: officialTicks, source: 'official' };
    if (choice === 'window-vwap' && !Number.isNaN(vwapTicks))
      return { ticks: roundToCount(vwapTicks, previousTicks), source: 'window-vwap' };
    if (choice === 'mid' && !Number.isNaN(midTicks))
      return { ticks: roundToCount(midTicks, previousTicks), source: 'mid' };
    if (choice === 'last' && !Number.isNaN(lastTicks))
      return { ticks: lastTicks, source: lastSource };
  }
  if (!Number.isNaN(previousTicks)) return { ticks: previousTicks, source: 'previous-settlement' };
  // A position opened today has no settlement behind it.
  return Number.isNaN(lastTicks) ? null : { ticks: lastTicks, source: lastSource };
}

/** The nearest whole count; exactly between two, the one nearer to `towards`. */
export function roundToCount(exact: number, towards: number): number {
  const floor = Math.floor(exact);
  if (exact - floor !== 0.5 || Number.isNaN(towards)) return roundHalfEven(exact);
  return towards > exact ? floor + 1 : floor;
}

/** Volume-weighted average of the trades in [fromUs, toUs). Exact in counts; one window at a time. */
export class SettleWindow {
  #counts: number = 0;
  #qty: number = 0;
  #fromUs: number = Infinity;
  #toUs: number = -Infinity;

  open(fromUs: number, toUs: number): void {
    this.#counts = 0;
    this.#qty = 0;
    this.#fromUs = fromUs;
    this.#toUs = toUs;
  }

  add(tsUs: number, priceTicks: number, qty: number): void {
    if (tsUs < this.#fromUs || tsUs >= this.#toUs) return;
    this.#counts += priceTicks * qty;
    this.#qty += qty;
  }

  /** NaN where nothing traded in the window. */
  vwapTicks(): number {
    return this.#qty === 0 ? NaN : this.#counts / this.#qty;
  }
}

/** Prices of one contract from which an open result is valued. NaN where there is none. */
export interface MarkInputs {
  readonly bidTicks: number;
  readonly askTicks: number;
  readonly quoteUs: number;
  readonly lastTicks: number;
  readonly settleTicks: number;
}

/** The middle of the quotes while they are two-sided, not crossed and no older than `freshUs`; else last trade; else settlement. */
export function markOf(inputs: MarkInputs, nowUs: number, freshUs: number): number {
  const { bidTicks, askTicks, quoteUs, lastTicks, settleTicks } = inputs;
  // Stated positively, so that NaN on either side is no quote.
  if (askTicks >= bidTicks && nowUs - quoteUs <= freshUs) return (bidTicks + askTicks) / 2;
  return Number.isNaN(lastTicks) ? settleTicks : lastTicks;
}
