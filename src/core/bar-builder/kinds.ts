/** The kinds of bars and their names. */
import { intervalUs } from '../bars.ts';
import { TradingError } from '../errors.ts';
import { US_PER_DAY } from '../units.ts';

/** What ends a bar. */
export type BarKind =
  /** A stretch of time from the session's open: `5m`; `1d` is one bar a trade date. */
  | { readonly kind: 'time'; readonly interval: string }
  /** So many trades: `tick-100`. */
  | { readonly kind: 'tick'; readonly trades: number }
  /** So many contracts: `volume-1000`. */
  | { readonly kind: 'volume'; readonly contracts: number }
  /** So much notional, in units of the instrument's currency: `dollar-5000000`. */
  | { readonly kind: 'dollar'; readonly amount: number }
  /** A height of so many counts of the grid: `range-8`. */
  | { readonly kind: 'range'; readonly counts: number }
  /** Bricks of so many counts of the grid: `renko-8`. */
  | { readonly kind: 'renko'; readonly counts: number };

export type BarKindName = BarKind['kind'];

/**
 * Reads `5m`, `1d`, `tick-100`, `volume-1000`, `dollar-5000000`, `range-8`, `renko-8`. Errors: E_BAR_KIND, E_BAR_INTERVAL.
 *
 * @example
 * parseBarKind('volume-1000') // => { kind: 'volume', contracts: 1000 }
 */
export function parseBarKind(text: string): BarKind {
  const match = /^(tick|volume|dollar|range|renko)-(\d+(?:\.\d+)?)$/.exec(text);
  if (match === null) {
    if (/^[a-z]+-/.test(text))
      throw badKind(text, 'the kinds are tick, volume, dollar, range and renko');
    return checkBarKind({ kind: 'time', interval: text });
  }
  const size = Number(match[2]);
  switch (match[1] as Exclude<BarKindName, 'time'>) {
    case 'tick':
      return checkBarKind({ kind: 'tick', trades: size });
    case 'volume':
      return checkBarKind({ kind: 'volume', contracts: size });
    case 'dollar':
      return checkBarKind({ kind: 'dollar', amount: size });
    case 'range':
      return checkBarKind({ kind: 'range', counts: size });
    case 'renko':
      return checkBarKind({ kind: 'renko', counts: size });
  }
}

/** The name that `parseBarKind` reads. */
export function formatBarKind(kind: BarKind): string {
  return kind.kind === 'time' ? kind.interval : `${kind.kind}-${sizeOf(kind)}`;
}

/** Errors: E_BAR_KIND for a size that is not possible, E_BAR_INTERVAL. */
export function checkBarKind<Kind extends BarKind>(kind: Kind): Kind {
  if (kind.kind === 'time') {
    checkInterval(kind.interval);
    return kind;
  }
  const size = sizeOf(kind);
  const isWhole = Number.isSafeInteger(size);
  if (!(size > 0 && Number.isFinite(size)) || (kind.kind !== 'dollar' && !isWhole)) {
    const rule =
      kind.kind === 'dollar'
        ? 'an amount is above 0'
        : `a size of ${kind.kind} bars is a whole number above 0`;
    throw badKind(`${kind.kind}-${size}`, rule);
  }
  return kind;
}

function sizeOf(kind: Exclude<BarKind, { readonly kind: 'time' }>): number {
  switch (kind.kind) {
    case 'tick':
      return kind.trades;
    case 'volume':
      return kind.contracts;
    case 'dollar':
      return kind.amount;
    case 'range':
    case 'renko':
      return kind.counts;
  }
}

function checkInterval(interval: string): void {
  const stepUs = intervalUs(interval);
  if (stepUs > US_PER_DAY || (interval.endsWith('d') && stepUs !== US_PER_DAY)) {
    throw badKind(interval, 'a bar of time is at most one trade date long: 1d');
  }
}

function badKind(text: string, rule: string): TradingError {
  return new TradingError('E_BAR_KIND', `"${text}" is not a kind of bar that can be built`, {
    details: { text },
    rule,
    fix: 'write 5m, 1h, 1d, tick-100, volume-1000, dollar-5000000, range-8 or renko-8',
  });
}
