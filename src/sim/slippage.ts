/** What an aggressive fill costs beyond its reference price. */
import type { ContractTable } from '../core/instrument.ts';
import { TradingError } from '../core/errors.ts';

/** Ticks by root; roots that are not named take `default`. Fractions are rounded onto the grid against us at the fill. */
export type TicksByRoot = number | Readonly<Record<string, number>>;

/** Ticks per contract index. Errors: E_SIM_OPTION for a negative or non-finite number, or a root outside the table. */
export function ticksPerContract(
  option: string,
  ticks: TicksByRoot,
  table: ContractTable,
): Float64Array {
  const out = new Float64Array(table.contracts.length);
  if (typeof ticks !== 'number') {
    for (const root of Object.keys(ticks)) {
      if (root !== 'default' && !table.instruments.some((spec) => spec.root === root)) {
        throw new TradingError('E_SIM_OPTION', `${option} names ${root}, which is not in the run`, {
          details: { option, root },
          rule: 'options are given by the roots of the run, or `default`',
          fix: `remove ${root} from ${option}`,
        });
      }
    }
  }
  for (let c = 0; c < out.length; c += 1) {
    const value =
      typeof ticks === 'number'
        ? ticks
        : (ticks[table.contractAt(c).root] ?? ticks['default'] ?? 0);
    if (!(Number.isFinite(value) && value >= 0)) {
      throw new TradingError('E_SIM_OPTION', `${option} is ${value}`, {
        details: { option, value },
        rule: `${option} is a number of ticks, 0 or more`,
        fix: `give ${option} as a number of ticks such as 1`,
      });
    }
    out[c] = value;
  }
  return out;
}

/**
 * An aggressive price before rounding: the reference moved against the order by `slipTicks`, but never further than
 * `beyondTicks` outside the bar on that side (and never better than the reference).
 */
export function slippedTicks(
  side: number,
  baseTicks: number,
  slipTicks: number,
  extremeTicks: number,
  beyondTicks: number,
): number {
  if (side > 0) {
    return Math.max(baseTicks, Math.min(baseTicks + slipTicks, extremeTicks + beyondTicks));
  }
  return Math.min(baseTicks, Math.max(baseTicks - slipTicks, extremeTicks - beyondTicks));
}
