/**
 * Reads LEAN's contract mapping and adjustment factors of futures, and applies them.
 *
 * A map row says the last date on which a contract is the mapped one under a mode; a factor row holds for dates up to its
 * own. The forward difference column of the published files is one roll out of step, and the open contract has a
 * placeholder date: `checkLeanFactors` finds such faults, `forwardDifferenceOf` works the column out anew.
 */
import { TradingError } from '../../core/errors.ts';
import type { ContractId } from '../../core/instrument.ts';
import type { GivenRoll } from '../../core/roll.ts';
import type { RollCalendar } from '../../core/rolls/window.ts';
import { toContractId } from '../../core/symbology.ts';
import {
  addDays,
  parseTradeDate,
  toCivilDate,
  toIsoDate,
  toTradeDate,
} from '../../core/trade-date.ts';
import type { TradeDate, TsUs } from '../../core/units.ts';
import { US_PER_DAY } from '../../core/units.ts';

/** 0 last trading day, 1 first day of the delivery month, 2 open interest, 3 open interest within a year. */
export type LeanMode = 0 | 1 | 2 | 3;

export interface LeanMapRow {
  readonly mode: LeanMode;
  /** The last date on which the contract is mapped. */
  readonly lastMapped: TradeDate;
  readonly root: string;
  /** Expiry as the identifier holds it. */
  readonly expiry: TradeDate;
  /** The contract was open when the file was made; its date is a placeholder. */
  readonly isPlaceholder: boolean;
  readonly line: number;
}

const PLACEHOLDER = toTradeDate(2050, 12, 31);
/** The first line of a map file names the root from this date on and maps nothing. */
const EPOCH = toTradeDate(1899, 12, 30);
/** Days since 1899-12-30 stand above these digits of the identifier. */
const DAYS_DIGITS = 10n ** 14n;

/** Errors: E_IMPORT_ROWS naming file and line. */
export function parseLeanMapFile(text: string, file: string): LeanMapRow[] {
  const rows: LeanMapRow[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const [day = '', symbol = '', , modeText = ''] = line.split(',');
    const lastMapped = compactDate(day, file, index + 1);
    if (lastMapped === EPOCH) continue;
    const [root = '', id = ''] = symbol.trim().split(' ');
    const mode = Number(modeText);
    if (modeText === '' || ![0, 1, 2, 3].includes(mode))
      throw badLine(file, index + 1, `mapping mode "${modeText}" is not 0, 1, 2 or 3`);
    rows.push({
      mode: mode as LeanMode,
      lastMapped,
      root: root.toUpperCase(),
      expiry: expiryOf(id, file, index + 1),
      isPlaceholder: lastMapped >= PLACEHOLDER,
      line: index + 1,
    });
  }
  return rows.toSorted((a, b) => a.mode - b.mode || a.lastMapped - b.lastMapped);
}

/** The row of the contract that is mapped on a date: the first of the mode on or after it; null beyond the last. */
export function leanMappedAt(
  rows: readonly LeanMapRow[],
  mode: LeanMode,
  date: TradeDate,
): LeanMapRow | null {
  return rows.find((row) => row.mode === mode && row.lastMapped >= date) ?? null;
}

/**
 * The rolls of one mode as a given calendar: each at the close of the last business day that the old contract is mapped.
 * `contractOf` names the contract of an expiry; the month of its expiry by default, right for ES, GC, HSI and FESX.
 */
export function leanRolls(
  rows: readonly LeanMapRow[],
  mode: LeanMode,
  calendar: Pick<RollCalendar, 'addBusinessDays'>,
  contractOf: (root: string, expiry: TradeDate) => ContractId = contractOfMonth,
): GivenRoll[] {
  const own = rows.filter((row) => row.mode === mode);
  const rolls: GivenRoll[] = [];
  for (const [i, row] of own.entries()) {
    const next = own[i + 1];
    if (next === undefined || row.isPlaceholder) break;
    const tradeDate = calendar.addBusinessDays(addDays(row.lastMapped, 1), -1);
    rolls.push({
      from: contractOf(row.root, row.expiry),
      to: contractOf(next.root, next.expiry),
      tradeDate,
      atUs: (tradeDate * US_PER_DAY) as TsUs,
    });
  }
  return rolls;
}

function contractOfMonth(root: string, expiry: TradeDate): ContractId {
  const { year, month } = toCivilDate(expiry);
  return toContractId(root, year, month);
}

export interface LeanFactorRow {
  readonly date: TradeDate;
  readonly mode: LeanMode;
  /** By depth: front, first and second back contract. */
  readonly backRatio: readonly number[];
  readonly backDifference: readonly number[];
  /** As published: out of step, see `checkLeanFactors`. */
  readonly forwardDifference: readonly number[];
  readonly line: number;
}

/** Errors: E_IMPORT_ROWS naming file and line. */
export function parseLeanFactorFile(text: string, file: string): LeanFactorRow[] {
  const rows: LeanFactorRow[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    let entry: Record<string, unknown>;
    try {
      entry = JSON.parse(line) as Record<string, unknown>;
    } catch {
      throw badLine(file, index + 1, 'the line is not JSON');
    }
    const numbers = (name: string): number[] => {
      const list = entry[name];
      if (Array.isArray(list) && list.every((value) => typeof value === 'number'))
        return list as number[];
      throw badLine(file, index + 1, `${name} is not a list of numbers`);
    };
    const mode = entry['DataMappingMode'];
    if (mode !== 0 && mode !== 1 && mode !== 2 && mode !== 3)
      throw badLine(file, index + 1, `mapping mode ${String(mode)} is not 0, 1, 2 or 3`);
    rows.push({
      date: isoDate(String(entry['Date']).slice(0, 10), file, index + 1),
      mode,
      backRatio: numbers('BackwardsRatioScale'),
      backDifference: numbers('BackwardsPanamaCanalScale'),
      forwardDifference: numbers('ForwardPanamaCanalScale'),
      line: index + 1,
    });
  }
  return rows.toSorted((a, b) => a.mode - b.mode || a.date - b.date);
}

/** Added to a price of the date (difference) or multiplied with it (ratio); 0 or 1 beyond the last row. */
export function leanFactorAt(
  rows: readonly LeanFactorRow[],
  mode: LeanMode,
  date: TradeDate,
  column: 'backDifference' | 'backRatio',
  depth: number = 0,
): number {
  const row = rows.find((each) => each.mode === mode && each.date >= date);
  return row?.[column][depth] ?? (column === 'backRatio' ? 1 : 0);
}

/**
 * Gaps of the rolls that the backward column holds, by date of its row: the factor of a row less that of the next one. The
 * last row's own is its factor less nothing, so it is a gap only in a file that was not cut.
 */
export function leanGaps(
  rows: readonly LeanFactorRow[],
  mode: LeanMode,
  depth: number = 0,
): { readonly date: TradeDate; readonly gap: number }[] {
  const own = rows.filter((row) => row.mode === mode);
  return own.map((row, i) => ({
    date: row.date,
    gap: clean(row.backDifference[depth]! - (own[i + 1]?.backDifference[depth] ?? 0)),
  }));
}

/** The forward difference factors as they should be: minus the gaps of all earlier rolls; 0 on the first row. */
export function forwardDifferenceOf(
  rows: readonly LeanFactorRow[],
  mode: LeanMode,
  depth: number = 0,
): { readonly date: TradeDate; readonly factor: number }[] {
  let factor = 0;
  return leanGaps(rows, mode, depth).map(({ date, gap }) => {
    const own = { date, factor };
    factor = clean(factor - gap);
    return own;
  });
}

export interface LeanFault {
  readonly kind: 'forward-out-of-step' | 'not-closed' | 'placeholder' | 'forward-wrong';
  readonly mode: LeanMode;
  readonly message: string;
}

/**
 * Known faults of the files. `forward-out-of-step`: the forward column's steps are the gaps of the roll after;
 * `forward-wrong`: they are not, or the column does not start at 0; `not-closed`: the last row is not 0 and 1, the file was cut out of a
 * longer one; `placeholder`: a contract that was open when the file was made.
 */
export function checkLeanFactors(
  factors: readonly LeanFactorRow[],
  maps: readonly LeanMapRow[] = [],
): LeanFault[] {
  const faults: LeanFault[] = [];
  for (const mode of [0, 1, 2, 3] as const) {
    const own = factors.filter((row) => row.mode === mode);
    const last = own.at(-1);
    if (last !== undefined && (last.backDifference[0] !== 0 || last.backRatio[0] !== 1))
      faults.push({
        kind: 'not-closed',
        mode,
        message: `mode ${mode}: the last row, ${toIsoDate(last.date)}, is ${last.backDifference[0]} and ${last.backRatio[0]} instead of 0 and 1`,
      });
    const first = own[0]?.forwardDifference[0] ?? 0;
    if (first !== 0)
      faults.push({
        kind: 'forward-wrong',
        mode,
        message: `mode ${mode}: the forward column starts at ${first} instead of 0`,
      });
    const gaps = leanGaps(factors, mode);
    // Between two rows of one roll each lies the gap of the first; the published forward column shows that of the second.
    let [right, late, steps] = [0, 0, 0];
    for (let i = 0; i + 2 < own.length; i += 1) {
      const step = clean(own[i + 1]!.forwardDifference[0]! - own[i]!.forwardDifference[0]!);
      steps += 1;
      if (step === clean(-gaps[i]!.gap)) right += 1;
      if (Math.abs(step) === Math.abs(gaps[i + 1]!.gap)) late += 1;
    }
    if (steps > 0 && right < steps)
      faults.push({
        kind: late === steps ? 'forward-out-of-step' : 'forward-wrong',
        mode,
        message: `mode ${mode}: ${right} of ${steps} steps of the forward column are the gap of their own roll, ${late} that of the roll after`,
      });
    for (const row of maps)
      if (row.mode === mode && row.isPlaceholder)
        faults.push({
          kind: 'placeholder',
          mode,
          message: `mode ${mode}: the contract that expires ${toIsoDate(row.expiry)} was open when the file was made`,
        });
  }
  return faults;
}

/** Decimal noise of sums of quoted prices away: they have at most six decimals. */
function clean(value: number): number {
  return Math.round(value * 1e6) / 1e6 + 0;
}

function expiryOf(id: string, file: string, line: number): TradeDate {
  if (!/^[0-9a-z]{8,13}$/.test(id)) throw badLine(file, line, `"${id}" is not an identifier`);
  let value = 0n;
  for (const digit of id) value = value * 36n + BigInt(parseInt(digit, 36));
  return addDays(EPOCH, Number(value / DAYS_DIGITS));
}

function compactDate(text: string, file: string, line: number): TradeDate {
  const match = /^(\d{4})(\d{2})(\d{2})$/.exec(text.trim());
  if (match === null) throw badLine(file, line, `"${text}" is not a date such as 20131219`);
  return isoDate(`${match[1]}-${match[2]}-${match[3]}`, file, line);
}

function isoDate(text: string, file: string, line: number): TradeDate {
  try {
    return parseTradeDate(text);
  } catch {
    throw badLine(file, line, `"${text}" is not a date`);
  }
}

function badLine(file: string, line: number, why: string): TradingError {
  return new TradingError('E_IMPORT_ROWS', `${file}, line ${line}: ${why}`, {
    details: { file, line },
    where: `${file}, line ${line}`,
    rule: 'map and factor files have the layout of LEAN',
    fix: 'correct the line, or take the file from its source again',
  });
}
