/** Which contracts stand beside those of a chain on the curve, for series that are declared with `curve`. */
import { carryYears } from '../core/carry.ts';
import { neighboursOf } from '../core/chain.ts';
import { cyclesOf } from '../core/listing.ts';
import type { ContractMonth } from '../core/cycle.ts';
import type {
  ContractId,
  ContractSpec,
  ContractTable,
  InstrumentSpec,
} from '../core/instrument.ts';
import type { SeriesRequest } from '../core/strategy.ts';
import { parseContractId, toContractId } from '../core/symbology.ts';
import type { TsUs } from '../core/units.ts';
import type { CurveTable } from '../engine/config.ts';

export interface CurveNeighbours {
  readonly forward: ContractId | null;
  readonly previous: ContractId | null;
  readonly carry: ContractId | null;
}

/**
 * Neighbours of one contract. `chain` replaces the product's hold cycle where the data came with their own choice of
 * contracts. The carry contract is that of `named` where those data name one, but for a strategy that asks for a side; else
 * it is by the priced cycle.
 */
export function curveNeighbours(
  contract: Pick<ContractSpec, 'id' | 'year' | 'month'>,
  spec: InstrumentSpec,
  request: Pick<SeriesRequest, 'curve'>,
  chain: readonly ContractSpec[] | null,
  usual: 1 | -1 = spec.carryOffset ?? 1,
  named: CarryNames = {},
): CurveNeighbours {
  const asked = typeof request.curve === 'object' ? request.curve.carryOffset : undefined;
  const near = neighboursOf(contract, cyclesOf(spec), asked ?? usual);
  const id = (month: ContractMonth | null): ContractId | null =>
    month === null ? null : toContractId(spec.root, month.year, month.month);
  const own = asked === undefined ? namedCarry(contract.id, named) : undefined;
  const carry = own === undefined ? id(near.carry) : own;
  if (chain === null) return { forward: id(near.forward), previous: id(near.previous), carry };
  const at = chain.findIndex((each) => each.id === contract.id);
  return {
    forward: at < 0 ? null : (chain[at + 1]?.id ?? null),
    previous: chain[at - 1]?.id ?? null,
    carry,
  };
}

/** Carry contracts by held contract, as data that came with their own rolls name them. */
export type CarryNames = Readonly<Record<ContractId, ContractId>>;

/** Undefined where the data say nothing; null where they name the held contract itself, against which nothing is measured. */
export function namedCarry(contract: ContractId, named: CarryNames): ContractId | null | undefined {
  const carry = named[contract];
  return carry === contract ? null : carry;
}

/** Of data that came with their own rolls: what is held in order, and when each contract was left. */
export interface HeldContracts {
  readonly first: ContractId;
  readonly rolls: readonly { readonly to: ContractId; readonly atUs: TsUs }[];
}

/**
 * The side on which carry is measured for contracts whose carry contract the data do not name. Where neither strategy nor
 * product says, data that came with their own rolls do: on the nearer one where they hold it for at least half of the time of most held contracts, because it shows the slope that the held
 * contract will roll down; else on the later one.
 */
export function carryOffsetOf(
  spec: InstrumentSpec,
  given: HeldContracts | null,
  lastUsOf: (contract: ContractId) => number | null,
): 1 | -1 {
  if (spec.carryOffset !== undefined || given === null) return spec.carryOffset ?? 1;
  const { rolls } = given;
  let whole = 0;
  let near = 0;
  for (let k = 1; k < rolls.length; k += 1) {
    const month = parseContractId(rolls[k - 1]!.to);
    const { carry } = neighboursOf(month, cyclesOf(spec), -1);
    const lastUs =
      carry === null ? null : lastUsOf(toContractId(spec.root, carry.year, carry.month));
    whole += 1;
    if (lastUs !== null && lastUs >= (rolls[k - 1]!.atUs + rolls[k]!.atUs) / 2) near += 1;
  }
  return near > whole / 2 ? -1 : 1;
}

/** Contracts that a curve needs and the chain lacks, as far as the data have them; each once, in order of delivery. */
export function curveContracts(
  chain: readonly ContractSpec[],
  neighbours: (contract: ContractSpec) => CurveNeighbours,
  has: (id: ContractId) => boolean,
): ContractId[] {
  const known = new Set(chain.map(({ id }) => id));
  const wanted = new Set<ContractId>();
  for (const contract of chain) {
    const near = neighbours(contract);
    for (const id of [near.forward, near.previous, near.carry])
      if (id !== null && !known.has(id) && has(id)) wanted.add(id);
  }
  return [...wanted];
}

/** The table of one series. Contracts of other products have no neighbours. */
export function curveTable(
  table: ContractTable,
  root: string,
  neighbours: (contract: ContractSpec) => CurveNeighbours,
): CurveTable {
  const { length } = table.contracts;
  const rows = (): Int32Array => new Int32Array(length).fill(-1);
  const [forward, previous, carry] = [rows(), rows(), rows()];
  const years = new Float64Array(length).fill(NaN);
  table.contracts.forEach((contract, row) => {
    if (contract.root !== root) return;
    const near = neighbours(contract);
    const indexOf = (id: ContractId | null): number => (id === null ? -1 : table.indexOf(id));
    forward[row] = indexOf(near.forward);
    previous[row] = indexOf(near.previous);
    carry[row] = indexOf(near.carry);
    if (carry[row]! >= 0) years[row] = carryYears(contract, table.contractAt(carry[row]!));
  });
  return { forward, previous, carry, carryYears: years };
}
