/** Dated fees per contract and side, in exact millionths of the fee currency. */
import { TradingError } from '../core/errors.ts';
import type { ContractTable } from '../core/instrument.ts';
import type { FeeCharge, FeeEntry, FeeRounding, FillRole } from '../core/money/fees.ts';
import { chargeFill, exchangeFeesOf, FeeTab, feeEntryOn, feeProblem } from '../core/money/fees.ts';
import { toIsoDate } from '../core/trade-date.ts';
import type { CashMicros, TradeDate, TsUs } from '../core/units.ts';
import { US_PER_DAY } from '../core/units.ts';

export type { FeeCharge, FeeEntry, FillRole };
export { FeeTab };

/** Fees of the trade date that a moment belongs to, in whole millionths. On bars the moment is the open of the bar. */
export interface FeeModel {
  /** Per contract, before minimum and rounding. */
  commissionMicros(contractIndex: number, tsUs: TsUs): number;
  /** Exchange, clearing and regulatory fees per contract of a fill whose role is not known. */
  exchangeMicros(contractIndex: number, tsUs: TsUs): number;
  /** What a fill costs; the venue keeps one tab for each order. */
  charge(contractIndex: number, tsUs: TsUs, qty: number, role: FillRole, tab: FeeTab): FeeCharge;
}

/** Trade date that a moment belongs to. */
export type TradeDateAt = (contractIndex: number, tsUs: TsUs) => TradeDate;

/** What a fill of the bar venue was, from its rule: a limit that waited was a maker; an auction has neither. */
export function fillRoleOf(rule: string): FillRole {
  if (rule === 'auction-open' || rule.startsWith('at-')) return 'unknown';
  return rule.startsWith('limit-') && rule !== 'limit-marketable' ? 'maker' : 'taker';
}

const FREE: FeeCharge = { feeMicros: 0 as CashMicros, commissionMicros: 0 as CashMicros };
export const NO_FEES: FeeModel = {
  commissionMicros: () => 0,
  exchangeMicros: () => 0,
  charge: () => FREE,
};

/**
 * Builds a fee model from dated entries by root. An entry takes effect with its trade date, at the open of the evening before
 * where sessions begin there; `tradeDateAt` says which one a moment belongs to. Default: the date in UTC.
 * Errors: E_FEE_SCHEDULE when a root of the table has no entries, entries are not sorted by date, an amount is not a
 * whole number of millionths, a rounding is not positive, or (at a fill) no entry is in force yet.
 */
export function createFeeModel(
  table: ContractTable,
  byRoot: Readonly<Record<string, readonly FeeEntry[]>>,
  rounding: Readonly<Record<string, FeeRounding | undefined>> = {},
  tradeDateAt: TradeDateAt = (_, tsUs) => Math.floor(tsUs / US_PER_DAY) as TradeDate,
): FeeModel {
  const entries = table.instruments.map((spec) => checkedEntries(spec.root, byRoot[spec.root]));
  const units = table.instruments.map((spec) => checkedRounding(spec.root, rounding[spec.root]));
  const entryAt = (contractIndex: number, tsUs: TsUs): FeeEntry => {
    const rows = entries[table.instrumentIndex[contractIndex]!]!;
    const tradeDate = tradeDateAt(contractIndex, tsUs);
    const entry = feeEntryOn(rows, tradeDate);
    if (entry !== null) return entry;
    const root = table.contractAt(contractIndex).root;
    const date = toIsoDate(tradeDate);
    throw new TradingError('E_FEE_SCHEDULE', `${root} has no fees in force on ${date}`, {
      details: { root, tsUs },
      rule: 'the first entry starts on or before the first fill',
      fix: `add an earlier fee entry for ${root}`,
    });
  };
  return {
    commissionMicros: (contractIndex, tsUs) => entryAt(contractIndex, tsUs).commissionMicros,
    exchangeMicros: (contractIndex, tsUs) =>
      exchangeFeesOf(entryAt(contractIndex, tsUs), 'unknown'),
    charge: (contractIndex, tsUs, qty, role, tab) =>
      chargeFill(
        entryAt(contractIndex, tsUs),
        units[table.instrumentIndex[contractIndex]!]!,
        qty,
        role,
        tab,
      ),
  };
}

function checkedEntries(root: string, rows: readonly FeeEntry[] | undefined): readonly FeeEntry[] {
  const problem = feeProblem(rows);
  if (problem === null) return rows!;
  throw feeError(root, problem, 'entries are sorted by date and hold whole millionths');
}

function checkedRounding(root: string, given: FeeRounding | undefined): FeeRounding | null {
  if (given === undefined) return null;
  if (Number.isSafeInteger(given.unitMicros) && given.unitMicros > 0) return given;
  throw feeError(root, `rounding to ${given.unitMicros}`, 'a rounding unit is above 0 and whole');
}

function feeError(root: string, problem: string, rule: string): TradingError {
  return new TradingError('E_FEE_SCHEDULE', `fees of ${root}: ${problem}`, {
    details: { root },
    rule,
    fix: `correct the fee entries of ${root}`,
  });
}
