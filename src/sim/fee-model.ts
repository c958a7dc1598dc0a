/** Dated fees per contract and side, in exact millionths of the instrument's currency. */
import { TradingError } from '../core/errors.ts';
import type { ContractTable } from '../core/instrument.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { US_PER_DAY } from '../core/units.ts';

/** Fees in force from a date (inclusive), per contract and side. A rebate is negative. */
export interface FeeEntry {
  readonly from: TradeDate;
  readonly commissionMicros: number;
  /** Exchange, clearing and regulatory fees together. */
  readonly exchangeMicros: number;
}

/** Per-contract fees at the moment of a fill. Both are whole millionths. */
export interface FeeModel {
  commissionMicros(contractIndex: number, tsUs: TsUs): number;
  exchangeMicros(contractIndex: number, tsUs: TsUs): number;
}

export const NO_FEES: FeeModel = {
  commissionMicros: () => 0,
  exchangeMicros: () => 0,
};

/**
 * Builds a fee model from dated entries by root. An entry takes effect at 00:00 UTC of its date.
 * Errors: E_FEE_SCHEDULE when a root of the table has no entries, entries are not sorted by date, an amount is not a
 * whole number of millionths, or (at a fill) no entry is in force yet.
 */
export function createFeeModel(
  table: ContractTable,
  byRoot: Readonly<Record<string, readonly FeeEntry[]>>,
): FeeModel {
  const entries = table.instruments.map((spec) => checkedEntries(spec.root, byRoot[spec.root]));
  const entryAt = (contractIndex: number, tsUs: TsUs): FeeEntry => {
    const rows = entries[table.instrumentIndex[contractIndex]!]!;
    for (let i = rows.length - 1; i >= 0; i -= 1) {
      if (rows[i]!.from * US_PER_DAY <= tsUs) return rows[i]!;
    }
    const root = table.contractAt(contractIndex).root;
    throw new TradingError('E_FEE_SCHEDULE', `${root} has no fees in force at ${tsUs}`, {
      details: { root, tsUs },
      rule: 'the first entry starts on or before the first fill',
      fix: `add an earlier fee entry for ${root}`,
    });
  };
  return {
    commissionMicros: (contractIndex, tsUs) => entryAt(contractIndex, tsUs).commissionMicros,
    exchangeMicros: (contractIndex, tsUs) => entryAt(contractIndex, tsUs).exchangeMicros,
  };
}

function checkedEntries(root: string, rows: readonly FeeEntry[] | undefined): readonly FeeEntry[] {
  const problem = problemOf(rows);
  if (problem === null) return rows!;
  throw new TradingError('E_FEE_SCHEDULE', `fees of ${root}: ${problem}`, {
    details: { root },
    rule: 'entries are sorted by date and hold whole millionths',
    fix: `correct the fee entries of ${root}`,
  });
}

function problemOf(rows: readonly FeeEntry[] | undefined): string | null {
  if (rows === undefined || rows.length === 0) return 'there is no entry';
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i]!;
    if (!Number.isSafeInteger(row.commissionMicros) || !Number.isSafeInteger(row.exchangeMicros)) {
      return `entry ${i} is not a whole number of millionths`;
    }
    if (i > 0 && row.from <= rows[i - 1]!.from) return `entry ${i} does not start later`;
  }
  return null;
}
