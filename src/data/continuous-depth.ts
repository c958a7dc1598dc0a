/** Series of a later contract: the second, third, … of a chain, moved at the moments at which the chain rolls. */
import type { PriceColumn } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import type { ContractId } from '../core/instrument.ts';
import type { RollRecord, RollSchedule } from '../core/roll.ts';
import { contractAtDepth } from '../core/roll.ts';
import type { TsUs } from '../core/units.ts';
import { toIsoUtc } from '../core/units.ts';

/** Closes of one contract, sorted by time. Counts and µs UTC; NaN rows have no price. */
export interface Closes {
  readonly length: number;
  readonly closeUs: Float64Array;
  readonly close: PriceColumn;
}

/**
 * The schedule of the contract `depth` places behind the current one: the same moments, its own contracts, prices and
 * gaps. Gaps are taken at the roll's moment, or at the last earlier close that both contracts have; such a roll is marked as
 * inferred. Nothing after the roll is read.
 * Errors: E_ROLL_SCHEDULE when the chain ends before, or two contracts never had a common close.
 */
export function depthSchedule(input: {
  readonly schedule: RollSchedule;
  readonly depth: number;
  readonly idOf: (contractIndex: number) => ContractId;
  readonly closes: (contractIndex: number) => Closes | null;
}): RollSchedule {
  const { schedule, depth, idOf } = input;
  if (depth === 0) return schedule;
  const held = schedule.held.map((_, k) => contractAtDepth(schedule, k, depth));
  const short = held.indexOf(-1);
  if (short >= 0) {
    const behind = idOf(schedule.held[short]!);
    throw new TradingError(
      'E_ROLL_SCHEDULE',
      `the chain of ${schedule.root} has no contract ${depth} behind ${behind}`,
      {
        details: { root: schedule.root, depth, contract: behind },
        rule: 'a series of depth n needs n contracts beyond the one held',
        fix: 'ask for a smaller depth, import the later contracts, or end the span earlier',
      },
    );
  }
  const rolls = schedule.rolls.map((roll, k) => {
    const [fromIndex, toIndex] = [held[k]!, held[k + 1]!];
    const pair = lastCommon(input.closes(fromIndex), input.closes(toIndex), roll.effectiveUs);
    if (pair === null) throw noPair(idOf(fromIndex), idOf(toIndex), roll);
    // Shares, numbers and costs of the record are those of the contracts that are traded, not of these.
    const { parts: _parts, evidence: _evidence, cost: _cost, ...common } = roll;
    return {
      ...common,
      from: idOf(fromIndex),
      to: idOf(toIndex),
      fromIndex,
      toIndex,
      fromPrice: pair.fromPrice,
      toPrice: pair.toPrice,
      pricesUs: pair.us as TsUs,
      fromPriceUs: pair.us as TsUs,
      toPriceUs: pair.us as TsUs,
      isInferred: pair.us < roll.effectiveUs,
      reason: `with the roll of ${roll.from} to ${roll.to}: ${roll.reason}`,
    };
  });
  return { ...schedule, held, rolls };
}

function lastCommon(
  from: Closes | null,
  to: Closes | null,
  atUs: number,
): { readonly us: number; readonly fromPrice: number; readonly toPrice: number } | null {
  if (from === null || to === null) return null;
  let [i, j] = [from.length - 1, to.length - 1];
  while (i >= 0 && j >= 0) {
    const [a, b] = [from.closeUs[i]!, to.closeUs[j]!];
    const isPair =
      a === b && a <= atUs && !Number.isNaN(from.close[i]!) && !Number.isNaN(to.close[j]!);
    if (isPair) return { us: a, fromPrice: from.close[i]!, toPrice: to.close[j]! };
    if (a >= b) i -= 1;
    if (b >= a) j -= 1;
  }
  return null;
}

function noPair(from: ContractId, to: ContractId, roll: RollRecord): TradingError {
  const when = toIsoUtc(roll.effectiveUs);
  return new TradingError(
    'E_ROLL_SCHEDULE',
    `${from} and ${to} have no common close up to ${when}, when ${roll.from} rolls to ${roll.to}`,
    {
      details: { from, to, at: when },
      rule: 'a gap is the difference of two prices of one moment',
      fix: `import daily bars of ${from} and ${to}, or ask for a smaller depth`,
    },
  );
}
