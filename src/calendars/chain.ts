/** Chains: the contracts of a product in order of delivery, with their dates. */
import { TradingError } from '../core/errors.ts';
import type { ContractSpec, InstrumentSpec } from '../core/instrument.ts';
import type { CalendarSource } from '../core/ports.ts';
import { monthOfLetter, toContractId } from '../core/symbology.ts';

export interface ChainOptions {
  /** Month letters to take instead of the hold cycle; each must be listed. */
  readonly cycle?: string;
}

/** One contract of a product. Errors: those of `contractDates`; E_CONTRACT_ID for an impossible year or month. */
export function buildContract(
  spec: InstrumentSpec,
  calendars: CalendarSource,
  year: number,
  month: number,
): ContractSpec {
  return {
    id: toContractId(spec.root, year, month),
    root: spec.root,
    year,
    month,
    dates: calendars.contractDates(spec, year, month),
  };
}

/**
 * Contracts of the hold cycle with delivery years in [fromYear, toYear], by year and month.
 * Errors: E_CONTRACT_ID for a cycle that is not listed; those of `contractDates`.
 */
export function buildChain(
  spec: InstrumentSpec,
  calendars: CalendarSource,
  fromYear: number,
  toYear: number,
  options: ChainOptions = {},
): ContractSpec[] {
  const months = monthsOf(spec, options.cycle ?? spec.holdCycle);
  const chain: ContractSpec[] = [];
  for (let year = fromYear; year <= toYear; year += 1) {
    for (const month of months) chain.push(buildContract(spec, calendars, year, month));
  }
  return chain;
}

function monthsOf(spec: InstrumentSpec, cycle: string): readonly number[] {
  for (const letter of cycle) {
    if (!spec.listedMonths.includes(letter)) {
      throw new TradingError(
        'E_CONTRACT_ID',
        `${spec.root} has no contract of month letter "${letter}"`,
        {
          details: { root: spec.root, cycle, listedMonths: spec.listedMonths },
          rule: `${spec.root} lists the months ${spec.listedMonths}`,
          fix: `choose letters among ${spec.listedMonths}`,
        },
      );
    }
  }
  return [...new Set(cycle)].map(monthOfLetter).sort((a, b) => a - b);
}
