/** Built-in strategies by name. Each file is an example to read and to copy. */
import type { AnyStrategyDefinition } from '../core/strategy.ts';
import { carrySpread } from './carry-spread.ts';
import { donchianBreakout } from './donchian-breakout.ts';
import { emaCross } from './ema-cross.ts';
import { limitReversion } from './limit-reversion.ts';
import { openingRange } from './opening-range.ts';
import { trendCarry } from './trend-carry.ts';
import { vwapPullback } from './vwap-pullback.ts';

export { carrySpread } from './carry-spread.ts';
export { donchianBreakout } from './donchian-breakout.ts';
export { emaCross } from './ema-cross.ts';
export { limitReversion } from './limit-reversion.ts';
export { openingRange } from './opening-range.ts';
export { trendCarry } from './trend-carry.ts';
export { vwapPullback } from './vwap-pullback.ts';
export * from './indicators/index.ts';

export const BUILT_IN_STRATEGIES: Readonly<Record<string, AnyStrategyDefinition>> = {
  [carrySpread.id]: carrySpread,
  [donchianBreakout.id]: donchianBreakout,
  [emaCross.id]: emaCross,
  [limitReversion.id]: limitReversion,
  [openingRange.id]: openingRange,
  [trendCarry.id]: trendCarry,
  [vwapPullback.id]: vwapPullback,
};
