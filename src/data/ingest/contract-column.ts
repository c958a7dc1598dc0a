/**
 * A column of contracts beside one contract that is named for all rows. Rows that name another are refused; a column that is
 * empty everywhere says nothing, and one that holds the same foreign text everywhere is taken and told.
 */
import type { ContractId } from '../../core/instrument.ts';
import { parseContractId, toContractId } from '../../core/symbology.ts';
import { TradingError } from '../../core/errors.ts';

/** Names of such a column that are looked for, in this order, whatever their case. */
export const CONTRACT_COLUMNS = ['contract', 'symbol', 'ticker', 'instrument'] as const;

export interface ContractColumnOptions {
  readonly contract: ContractId;
  /** Name in the file. */
  readonly column: string;
  /** Whether there is a product of this root: its name then contradicts a contract of another. */
  readonly isProduct?: (root: string) => boolean;
}

export class ContractColumn {
  readonly #contract: ContractId;
  readonly #root: string;
  readonly #ends: readonly string[];
  readonly #column: string;
  readonly #isProduct: (root: string) => boolean;
  #same: string | null = null;
  #isStrict = false;

  constructor({ contract, column, isProduct = () => false }: ContractColumnOptions) {
    const { root, year } = parseContractId(contract);
    this.#contract = contract;
    this.#root = root;
    // ESZ2023 is also written ESZ23 and ESZ3.
    const stem = contract.slice(0, -4);
    this.#ends = [contract, `${stem}${String(year).slice(-2)}`, `${stem}${String(year).slice(-1)}`];
    this.#column = column;
    this.#isProduct = isProduct;
  }

  /** A first look at the cells from the top. False: nothing further down could change what is asked of a row. */
  look(cell: string): boolean {
    const text = cell.trim();
    this.#isStrict ||= this.#isName(text) || (this.#same !== null && this.#same !== text);
    this.#same ??= text;
    return !this.#isStrict;
  }

  /** Why the row is not of the contract; null where it is, or where the whole column says nothing. */
  refusal(cell: string): string | null {
    const text = cell.trim();
    if (!this.#isStrict || this.#isOwn(text)) return null;
    return text === ''
      ? `${this.#column}: it is empty and other rows name a contract, so --contract ${this.#contract} does not stand for it`
      : `${this.#column}: "${text.slice(0, 40)}" is not ${this.#contract}, which --contract names`;
  }

  /** What a reader of the data should know; null where there is nothing. */
  get note(): string | null {
    return this.#isStrict || this.#same === null || this.#same === ''
      ? null
      : `${this.#column} is "${this.#same.slice(0, 40)}" in every row, which is no contract id: all rows were taken as ${this.#contract}`;
  }

  #isOwn(text: string): boolean {
    return this.#ends.includes(text.toUpperCase()) || contractOf(text) === this.#contract;
  }

  /** A contract, the short form of one, or another product. */
  #isName(text: string): boolean {
    const upper = text.toUpperCase();
    if (contractOf(upper) !== null || /^[A-Z0-9_]+[FGHJKMNQUVXZ]\d{1,2}$/.test(upper)) return true;
    const root = /^[@/#]*([A-Z0-9_]+?)(=F|\d+!|\.[A-Z]\.\d+)?$/.exec(upper)?.[1];
    return root !== undefined && root !== this.#root && this.#isProduct(root);
  }
}

/** For the fix of a refusal of rows; null where no row was refused for its contract. */
export function contractColumnFix(reasons: readonly string[]): string | null {
  return reasons.some((reason) => reason.includes('--contract'))
    ? 'import a file of several contracts by its column, without --contract (CSV: --instrument ES --columns contract=…), or take the rows of the one contract with --quarantine'
    : null;
}

/** `ESZ2024`, or a root and `2021Z` with equal signs between and around. Null for anything else. */
export function contractOf(text: string): ContractId | null {
  try {
    const parts = text.split('=');
    const month = /^(\d{4})([FGHJKMNQUVXZ])$/.exec(parts.at(-1)!);
    if (parts.length > 1 && month !== null)
      return toContractId(parts[0]!, Number(month[1]), 'FGHJKMNQUVXZ'.indexOf(month[2]!) + 1);
    return parseContractId(text).id;
  } catch (error) {
    if (error instanceof TradingError) return null;
    throw error;
  }
}
