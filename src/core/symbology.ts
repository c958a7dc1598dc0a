/** Contract ids and month codes. Venue symbologies live with the calendars layer; this is our own id only. */
import { TradingError } from './errors.ts';
import type { ContinuousId, ContractId } from './instrument.ts';

export const MONTH_LETTERS = 'FGHJKMNQUVXZ';

/** Letter of a month, 1 to 12. Errors: E_CONTRACT_ID. */
export function monthLetter(month: number): string {
  const letter = MONTH_LETTERS[month - 1];
  if (letter === undefined || !Number.isInteger(month)) {
    throw new TradingError('E_CONTRACT_ID', `month ${month} is not 1 to 12`, {
      details: { month },
    });
  }
  return letter;
}

/** Month of a letter, 1 to 12. Errors: E_CONTRACT_ID. */
export function monthOfLetter(letter: string): number {
  const index = letter.length === 1 ? MONTH_LETTERS.indexOf(letter) : -1;
  if (index < 0) {
    throw new TradingError(
      'E_CONTRACT_ID',
      `"${letter}" is not one of the month letters ${MONTH_LETTERS}`,
      { details: { letter } },
    );
  }
  return index + 1;
}

/** `toContractId('ES', 2025, 12)` is `ESZ2025`. */
export function toContractId(root: string, year: number, month: number): ContractId {
  if (!/^[A-Z0-9_]{1,20}$/.test(root)) {
    throw new TradingError('E_CONTRACT_ID', `"${root}" is not a product root`, {
      details: { root },
    });
  }
  if (!(Number.isInteger(year) && year >= 1900 && year <= 2199)) {
    throw new TradingError('E_CONTRACT_ID', `year ${year} is not a four-digit year`, {
      details: { year },
    });
  }
  return `${root}${monthLetter(month)}${year}` as ContractId;
}

/** Parses `ESZ2025`. Errors: E_ORDER_CONTINUOUS for a continuous id, E_CONTRACT_ID otherwise. */
export function parseContractId(text: string): {
  id: ContractId;
  root: string;
  year: number;
  month: number;
} {
  if (isContinuousId(text)) {
    throw new TradingError('E_ORDER_CONTINUOUS', `${text} is a continuous series, not a contract`, {
      details: { id: text },
      fix: 'use the contract to trade now: ctx.contract(root)',
    });
  }
  const match = /^([A-Z0-9_]{1,20})([FGHJKMNQUVXZ])(\d{4})$/.exec(text);
  if (match === null) {
    throw new TradingError('E_CONTRACT_ID', `"${text}" is not a contract id such as ESZ2025`, {
      details: { text },
    });
  }
  const [root, month, year] = [match[1]!, monthOfLetter(match[2]!), Number(match[3])];
  return { id: toContractId(root, year, month), root, year, month };
}

/** Continuous ids start with `@`, which no contract id can. */
export function toContinuousId(
  root: string,
  roll: string,
  adjustment: string,
  depth: number,
): ContinuousId {
  return `@${root}/${roll}/${adjustment}/${depth}` as ContinuousId;
}

export function isContinuousId(text: string): boolean {
  return text.startsWith('@');
}

/** Compares by year and month; the letters' order is not relied on. */
export function compareContractMonth(
  a: { year: number; month: number },
  b: { year: number; month: number },
): number {
  return a.year - b.year || a.month - b.month;
}
