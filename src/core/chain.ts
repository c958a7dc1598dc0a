/**
 * Chains: which contracts a product has, which of them trade on a date, which are held, and where one stands among its
 * neighbours. Pure: dates come through the `CalendarSource` port.
 */
import type { ContractMonth, Cycle } from './cycle.ts';
import {
  addMonths,
  formatContractMonth,
  monthIndexOf,
  parseContractMonth,
  parseCycle,
} from './cycle.ts';
import { TradingError } from './errors.ts';
import type { ContractSpec, InstrumentSpec } from './instrument.ts';
import type { InstrumentCycles } from './listing.ts';
import { cyclesOf } from './listing.ts';
import type { CalendarSource } from './ports.ts';
import { toContractId } from './symbology.ts';
import { parseTradeDate, toCivilDate, toIsoDate, toTradeDate } from './trade-date.ts';
import type { TradeDate } from './units.ts';

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

export interface ChainOptions {
  /** Month letters to take instead of the hold cycle, each of them listed; or `listed` or `priced`. */
  readonly cycle?: string;
}

/** One contract of a product. Errors: those of `contractDates`; E_CONTRACT_ID for an impossible year or month. */
export function buildContract(
  spec: InstrumentSpec,
  calendars: Pick<CalendarSource, 'contractDates'>,
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
 * Contracts of the hold cycle with delivery years in [fromYear, toYear], in order of delivery. Contracts from before the
 * product existed are left out. Errors: E_CONTRACT_ID for letters that are not listed, E_CONTRACT_UNLISTED when none is
 * left; those of `contractDates`.
 */
export function buildChain(
  spec: InstrumentSpec,
  calendars: Pick<CalendarSource, 'contractDates'>,
  fromYear: number,
  toYear: number,
  options: ChainOptions = {},
): ContractSpec[] {
  const cycle = resolveCycle(spec, options.cycle);
  const from = { year: fromYear, month: 1 };
  const members = cycle.between(from, { year: toYear, month: 12 });
  const months = members.filter((month) => !isAfterLast(spec, month));
  const chain = months.flatMap((month) => existing(spec, calendars, month) ?? []);
  if (chain.length === 0 && months.length > 0) {
    // The last one says why none of them existed.
    const { year, month } = months.at(-1)!;
    buildContract(spec, calendars, year, month);
  }
  return chain;
}

/**
 * The contracts of a cycle that are needed to hold one product from `from` to `to`: from the first whose last trade date
 * is not before `from` to `extra` contracts beyond the first that outlives `to`.
 * Errors: as `buildChain`.
 */
export function holdChain(input: {
  readonly spec: InstrumentSpec;
  readonly calendars: Pick<CalendarSource, 'contractDates'>;
  readonly from: TradeDate;
  readonly to: TradeDate;
  /** Month letters; the product's hold cycle by default. */
  readonly cycle?: string;
  readonly extra?: number;
}): ContractSpec[] {
  const { spec, calendars, from, to } = input;
  const chain: ContractSpec[] = [];
  let beyond = 0;
  for (const contract of aliveFrom(spec, calendars, resolveCycle(spec, input.cycle), from)) {
    chain.push(contract);
    if (contract.dates.lastTradeDate > to) beyond += 1;
    if (beyond > (input.extra ?? 1)) break;
  }
  return chain;
}

/** The contracts of a product that trade on a date, by delivery. */
export interface ChainAt {
  readonly date: TradeDate;
  /** Nearest first; never empty. */
  readonly contracts: readonly ContractSpec[];
  /** The nearest. */
  readonly front: ContractSpec;
}

/**
 * The chain of a date: contracts whose last trade date is not before it, nearest first. `count` contracts, 12 by default:
 * how far ahead an exchange lists is not part of the facts here. Serial months are among them while they are near.
 * Errors: E_CONTRACT_UNLISTED before the product began or after it ended; those of `contractDates`.
 */
export function chainAt(
  spec: InstrumentSpec,
  calendars: Pick<CalendarSource, 'contractDates'>,
  date: TradeDate,
  options: { readonly count?: number; readonly months?: 'listed' | 'hold' | 'priced' } = {},
): ChainAt {
  if (spec.listedSince !== undefined && date < parseTradeDate(spec.listedSince)) {
    throw notYet(spec, date, `trades since ${spec.listedSince} only`);
  }
  const months = options.months ?? 'listed';
  const cycle = cyclesOf(spec)[months];
  const count = options.count ?? 12;
  const contracts: ContractSpec[] = [];
  for (const contract of aliveFrom(spec, calendars, cycle, date)) {
    if (contracts.length >= count) break;
    contracts.push(contract);
  }
  if (months === 'listed') addSerials(contracts, spec, calendars, date);
  const front = contracts[0];
  if (front === undefined) {
    throw notYet(spec, date, `ended with contract ${spec.lastContract ?? cycle.toString()}`);
  }
  return { date, contracts: contracts.slice(0, count), front };
}

/** The contracts around one that is held, with their dates; null where the cycle has none, or the product had none yet. */
export interface ContractNeighbours {
  readonly previous: ContractSpec | null;
  readonly forward: ContractSpec | null;
  readonly carry: ContractSpec | null;
}

/** Neighbours of a contract by the product's own cycles and carry offset. Errors: those of `contractDates`. */
export function contractNeighbours(
  spec: InstrumentSpec,
  calendars: Pick<CalendarSource, 'contractDates'>,
  current: ContractMonth,
): ContractNeighbours {
  const around = neighboursOf(current, cyclesOf(spec), spec.carryOffset ?? 1);
  const build = (month: ContractMonth | null): ContractSpec | null =>
    month === null || isAfterLast(spec, month) ? null : existing(spec, calendars, month);
  return {
    previous: build(around.previous),
    forward: build(around.forward),
    carry: build(around.carry),
  };
}

/**
 * Calendar days from the first of the contract month to the last trade date: the smallest over the years, so that the
 * approximate expiry is never after an exact one. For products whose file gives none.
 */
export function typicalExpiryOffset(
  spec: InstrumentSpec,
  calendars: Pick<CalendarSource, 'contractDates'>,
  fromYear: number,
  toYear: number,
): number {
  return buildChain(spec, calendars, fromYear, toYear).reduce(
    (least, { year, month, dates }) =>
      Math.min(least, dates.lastTradeDate - toTradeDate(year, month, 1)),
    Infinity,
  );
}

/** A cycle of letters, or the hold cycle. */
function resolveCycle(spec: InstrumentSpec, letters: string | undefined): Cycle {
  const cycles = cyclesOf(spec);
  if (letters === undefined) return cycles.hold;
  if (letters === 'listed' || letters === 'priced') return cycles[letters];
  const known = [
    spec.listedMonths,
    ...(spec.cycles ?? []).map((span) => span.listed),
    spec.serialMonths?.letters ?? '',
  ].join('');
  for (const letter of letters) {
    if (!known.includes(letter)) {
      throw new TradingError(
        'E_CONTRACT_ID',
        `${spec.root} has no contract of month letter "${letter}"`,
        {
          details: { root: spec.root, cycle: letters, listedMonths: spec.listedMonths },
          rule: `${spec.root} lists the months ${spec.listedMonths}`,
          fix: `choose letters among ${spec.listedMonths}`,
        },
      );
    }
  }
  return parseCycle([...new Set(letters)].join(''), cycles.hold.skipped);
}

/** Contracts may be named up to a quarter before they end (SR3), so the search begins that much earlier. */
const NAMED_BEFORE_END = 5;

function* aliveFrom(
  spec: InstrumentSpec,
  calendars: Pick<CalendarSource, 'contractDates'>,
  cycle: Cycle,
  from: TradeDate,
): Generator<ContractSpec> {
  let month = cycle.atOrAfter(addMonths(toCivilDate(from), -NAMED_BEFORE_END));
  while (month !== null && !isAfterLast(spec, month)) {
    const contract = existing(spec, calendars, month);
    if (contract !== null && contract.dates.lastTradeDate >= from) yield contract;
    month = cycle.next(month);
  }
}

/** A contract, or null when the product did not exist yet. */
function existing(
  spec: InstrumentSpec,
  calendars: Pick<CalendarSource, 'contractDates'>,
  { year, month }: ContractMonth,
): ContractSpec | null {
  try {
    return buildContract(spec, calendars, year, month);
  } catch (error) {
    if (error instanceof TradingError && error.code === 'E_CONTRACT_UNLISTED') return null;
    throw error;
  }
}

function isAfterLast(spec: InstrumentSpec, month: ContractMonth): boolean {
  return (
    spec.lastContract !== undefined &&
    monthIndexOf(month) > monthIndexOf(parseContractMonth(spec.lastContract))
  );
}

/** Serial months among the nearest calendar months, counted from the first month that still trades. */
function addSerials(
  contracts: ContractSpec[],
  spec: InstrumentSpec,
  calendars: Pick<CalendarSource, 'contractDates'>,
  date: TradeDate,
): void {
  const serial = spec.serialMonths;
  if (serial === undefined) return;
  const today = toCivilDate(date);
  const alive = parseCycle(serial.letters)
    .between(today, addMonths(today, serial.nearest))
    .filter((month) => !isAfterLast(spec, month))
    .flatMap((month) => existing(spec, calendars, month) ?? [])
    .filter((contract) => contract.dates.lastTradeDate >= date);
  const first = Math.min(...[...contracts, ...alive].map(monthIndexOf));
  contracts.push(...alive.filter((one) => monthIndexOf(one) < first + serial.nearest));
  contracts.sort((a, b) => monthIndexOf(a) - monthIndexOf(b));
}

function notYet(spec: InstrumentSpec, date: TradeDate, why: string): TradingError {
  return new TradingError(
    'E_CONTRACT_UNLISTED',
    `${spec.root} had no contract on ${toIsoDate(date)}: it ${why}`,
    {
      details: { root: spec.root, date: toIsoDate(date) },
      rule: 'a chain is asked for a date on which the product trades',
      fix: 'choose another date',
    },
  );
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
