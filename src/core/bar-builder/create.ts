/** A builder by the name of its kind. */
import { TradingError } from '../errors.ts';
import type { InstrumentSpec } from '../instrument.ts';
import { DollarBarBuilder, TickBarBuilder, VolumeBarBuilder } from './amount.ts';
import type { EventBarOptions } from './event-bars.ts';
import type { BarKind } from './kinds.ts';
import { checkBarKind, formatBarKind, parseBarKind } from './kinds.ts';
import { RangeBarBuilder } from './range.ts';
import type { RenkoOptions } from './renko.ts';
import { RenkoBuilder } from './renko.ts';
import { TimeBarBuilder } from './time.ts';
import type { BarBuilder } from './types.ts';

/** Options of all kinds together; each kind reads its own. See the builder of the kind. */
export interface BarBuilderOptions
  extends EventBarOptions, Pick<RenkoOptions, 'reversal' | 'wicks' | 'base' | 'sessions'> {
  /** `5m`, `1d`, `tick-100`, `volume-1000`, `dollar-5000000`, `range-8`, `renko-8`, or the same as an object. */
  readonly kind: string | BarKind;
  /** Time bars. */
  readonly align?: 'session' | 'clock';
  /** Dollar bars need it. */
  readonly instrument?: Pick<InstrumentSpec, 'grid' | 'multiplier'>;
  /** Volume and dollar bars. */
  readonly largeTrades?: 'split' | 'keep';
  /** Range bars. */
  readonly gaps?: 'real' | 'fill';
}

/**
 * Errors: E_BAR_KIND, E_BAR_INTERVAL; E_BAR_SOURCE where a kind lacks what it needs: time bars a calendar, dollar bars an
 * instrument; E_BAR_STATE.
 *
 * @example
 * const builder = createBarBuilder({ kind: 'volume-1000', calendar });
 * builder.onTrades(trades);
 * builder.take().length
 */
export function createBarBuilder(options: BarBuilderOptions): BarBuilder {
  const { calendar, instrument } = options;
  const kind =
    typeof options.kind === 'string' ? parseBarKind(options.kind) : checkBarKind(options.kind);
  switch (kind.kind) {
    case 'time':
      if (calendar === undefined) throw missing(kind, 'a calendar');
      return new TimeBarBuilder({ ...options, interval: kind.interval, calendar });
    case 'tick':
      return new TickBarBuilder({ ...options, trades: kind.trades });
    case 'volume':
      return new VolumeBarBuilder({ ...options, contracts: kind.contracts });
    case 'dollar':
      if (instrument === undefined) throw missing(kind, 'an instrument');
      return new DollarBarBuilder({ ...options, amount: kind.amount, instrument });
    case 'range':
      return new RangeBarBuilder({ ...options, counts: kind.counts });
    case 'renko':
      return new RenkoBuilder({ ...options, counts: kind.counts });
  }
}

function missing(kind: BarKind, what: string): TradingError {
  return new TradingError('E_BAR_SOURCE', `bars of ${formatBarKind(kind)} need ${what}`, {
    rule:
      kind.kind === 'time'
        ? 'bars of time are aligned to sessions'
        : 'grid and multiplier make a price and a contract worth money',
    fix: `give ${what} to the builder`,
  });
}
