/** Chains: the contracts of one product in order of delivery, and where one stands among its neighbours. Pure. */
import type { ContractMonth } from './cycle.ts';
import {
  Cycle,
  formatContractMonth,
  monthIndexOf,
  parseContractMonth,
  parseCycle,
} from './cycle.ts';
import { TradingError } from './errors.ts';
import type { ContractSpec, InstrumentSpec } from './instrument.ts';

/** The cycles of a product. */
export interface InstrumentCycles {
  /** Regular months of the exchange; serial months, listed only while near, are not part of it. */
  readonly listed: Cycle;
  /** Months that are held: the previous, current and forward contracts. */
  readonly hold: Cycle;
  /** Months of the carry contract. */
  readonly priced: Cycle;
}

type CycleFields = Pick<
  InstrumentSpec,
  'listedMonths' | 'holdCycle' | 'cycles' | 'pricedCycle' | 'skippedMonths'
>;

/** Builds the cycles of a product from its specification. Errors: E_CYCLE. */
export function cyclesOf(spec: CycleFields): InstrumentCycles {
  const skipped = (spec.skippedMonths ?? []).map(parseContractMonth);
  const dated = (kind: 'listed' | 'hold', letters: string): Cycle =>
    spec.cycles === undefined
      ? parseCycle(letters)
      : new Cycle(
          spec.cycles.map((span) => ({
            from: span.from === undefined ? null : parseContractMonth(span.from),
            to: span.to === undefined ? null : parseContractMonth(span.to),
            letters: span[kind],
          })),
        );
  const listed = dated('listed', spec.listedMonths);
  const hold = dated('hold', spec.holdCycle).without(skipped);
  const priced = spec.pricedCycle === undefined ? listed : parseCycle(spec.pricedCycle);
  return { listed, hold, priced: priced.without(skipped) };
}

/** The contracts around one that is held. Null where the cycle has no such month. */
export interface Neighbours {
  /** Month before in the hold cycle. */
  readonly previous: ContractMonth | null;
  /** Month after in the hold cycle: the target of the next roll. */
  readonly forward: ContractMonth | null;
  /** One step earlier (-1) or later (1) in the priced cycle. */
  readonly carry: ContractMonth | null;
}

/**
 * Neighbours of a contract month.
 *
 * @example
 * neighboursOf({ year: 2021, month: 3 }, cyclesOf(es), 1).forward // { year: 2021, month: 6 }
 */
export function neighboursOf(
  current: ContractMonth,
  cycles: Pick<InstrumentCycles, 'hold' | 'priced'>,
  carryOffset: 1 | -1 = 1,
): Neighbours {
  return {
    previous: cycles.hold.previous(current),
    forward: cycles.hold.next(current),
    carry: carryOffset === 1 ? cycles.priced.next(current) : cycles.priced.previous(current),
  };
}

/** What is checked beside the order of the contracts. */
export interface ChainCheck {
  /** Between the first and the last contract every member must be there. */
  readonly cycle?: Cycle;
  /** Money per 1.0 of the price of each contract, when they come from several sources. */
  readonly multipliers?: readonly number[];
}

/**
 * Checks that contracts make one chain. Errors: E_CHAIN naming the entry: no contracts, two products (a mini and a full
 * contract are two), two multipliers, a contract twice or out of order, a contract that the cycle lacks, a hole.
 */
export function checkChain(
  chain: readonly Pick<ContractSpec, 'id' | 'root' | 'year' | 'month'>[],
  check: ChainCheck = {},
): void {
  const first = chain[0];
  if (first === undefined) throw bad('a chain has no contracts', {}, 'a chain has a contract');
  chain.forEach((contract, row) => {
    const before = chain[row - 1];
    if (contract.root !== first.root) {
      throw bad(
        `entry ${row + 1} of the chain of ${first.root} is ${contract.id}, of another product`,
        { row, contract: contract.id, root: first.root },
        'a chain holds contracts of one product; a mini and a full contract are two products',
      );
    }
    const [multiplier, own] = [check.multipliers?.[0], check.multipliers?.[row]];
    if (own !== multiplier) {
      throw bad(
        `entry ${row + 1} of the chain of ${first.root}, ${contract.id}, has multiplier ${own}; ${first.id} has ${multiplier}`,
        { row, contract: contract.id, multiplier: own },
        'the contracts of a chain have one multiplier',
      );
    }
    if (before !== undefined && monthIndexOf(before) >= monthIndexOf(contract)) {
      throw bad(
        `entry ${row + 1} of the chain, ${contract.id}, does not come after ${before.id}`,
        { row, contract: contract.id, before: before.id },
        'a chain is in order of delivery, each contract once',
      );
    }
    if (check.cycle !== undefined) checkStep(check.cycle, before, contract, row);
  });
}

function checkStep(
  cycle: Cycle,
  before: Pick<ContractSpec, 'id' | 'root' | 'year' | 'month'> | undefined,
  contract: Pick<ContractSpec, 'id' | 'root' | 'year' | 'month'>,
  row: number,
): void {
  if (!cycle.has(contract)) {
    throw bad(
      `entry ${row + 1} of the chain, ${contract.id}, is not in its cycle ${cycle.toString()}`,
      { row, contract: contract.id },
      `the chain of ${contract.root} has the months ${cycle.toString()}`,
    );
  }
  if (before === undefined) return;
  const expected = cycle.next(before);
  if (expected === null || monthIndexOf(expected) === monthIndexOf(contract)) return;
  throw bad(
    `entry ${row + 1} of the chain: after ${before.id} comes ${contract.id}, and ${formatContractMonth(expected)} is missing`,
    { row, before: before.id, contract: contract.id, missing: formatContractMonth(expected) },
    `the chain of ${contract.root} has every month of ${cycle.toString()}`,
  );
}

function bad(
  message: string,
  details: Readonly<Record<string, unknown>>,
  rule: string,
): TradingError {
  return new TradingError('E_CHAIN', message, {
    details,
    rule,
    fix: 'give every contract of one product and one cycle, in order of delivery',
  });
}
