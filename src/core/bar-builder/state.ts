/** Saved states of builders: plain JSON both ways. */
import { TradingError } from '../errors.ts';
import type { BuilderState } from './types.ts';

/** JSON knows no infinity and no NaN: both are null, and the reader says which was meant. */
export function toNumber(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Values of a state by name; a null is `none`. Errors: E_BAR_STATE. */
export function readState(
  state: BuilderState,
  builder: string,
): (name: string, none?: number) => number {
  if (state.version !== 1 || state.builder !== builder) {
    throw new TradingError(
      'E_BAR_STATE',
      `a state of "${state.builder}" does not fit a builder of "${builder}"`,
      {
        details: { saved: state.builder, builder, version: state.version },
        rule: 'a state continues in a builder with the same options',
        fix: 'start without it and feed the session again',
      },
    );
  }
  return (name, none) => {
    const value = state.values[name];
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    if (value === null && none !== undefined) return none;
    throw new TradingError('E_BAR_STATE', `the state of "${builder}" has no "${name}"`, {
      details: { name, value },
      fix: 'start without it and feed the session again',
    });
  };
}
