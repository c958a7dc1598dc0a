/**
 * Results per currency: one account for each currency of the products, with a capital of its own. Nothing is converted and
 * nothing is added up over currencies; each account is a run by itself, of the same strategy on its own products.
 */
import { TradingError } from '../core/errors.ts';
import type { InstrumentSpec } from '../core/instrument.ts';

/** Capital in whole units of the currency. */
export interface CurrencyCapital {
  readonly currency: string;
  readonly capital: number;
}
export interface CurrencyAccount extends CurrencyCapital {
  /** Products of this currency, in the order in which they were asked for. */
  readonly roots: readonly string[];
}

const CAPITAL_MAX = 9_000_000_000;
const FORM =
  'a list such as USD=1000000,EUR=500000: each currency once, its capital in whole units';

/** Parses `USD=1000000,EUR=500000`. Errors: E_PER_CURRENCY. */
export function parseCapitals(text: string): CurrencyCapital[] {
  const capitals: CurrencyCapital[] = [];
  for (const part of text.split(',')) {
    const match = /^\s*([A-Z]{3})=([0-9][0-9_]*(?:\.[0-9]+)?)\s*$/.exec(part);
    const capital = Number(match?.[2]?.replaceAll('_', ''));
    const currency = match?.[1];
    const isTwice = capitals.some((each) => each.currency === currency);
    if (currency === undefined || isTwice || !(capital >= 1 && capital <= CAPITAL_MAX)) {
      throw new TradingError(
        'E_PER_CURRENCY',
        `"${part.trim()}" is not the capital of an account`,
        {
          where: `--per-currency ${text}`,
          rule: FORM,
          fix: isTwice ? `name ${currency} once` : 'give every currency a capital from 1 to 9e9',
        },
      );
    }
    capitals.push({ currency, capital });
  }
  return capitals;
}

/**
 * The products by currency, one account each, in the order of `capitals`.
 * Errors: E_PER_CURRENCY for a currency of a product without a capital, and for a capital without a product.
 */
export function toAccounts(
  roots: readonly string[],
  specs: ReadonlyMap<string, Pick<InstrumentSpec, 'currency'>>,
  capitals: readonly CurrencyCapital[],
): CurrencyAccount[] {
  const accounts = capitals.map(({ currency, capital }) => ({
    currency,
    capital,
    roots: roots.filter((root) => specs.get(root)?.currency === currency),
  }));
  const placed = new Set(accounts.flatMap((account) => account.roots));
  const [left] = roots.filter((root) => !placed.has(root));
  const empty = accounts.find((account) => account.roots.length === 0);
  if (left === undefined && empty === undefined) return accounts;
  const needed = [...new Set(roots.map((root) => specs.get(root)?.currency ?? '?'))];
  throw new TradingError(
    'E_PER_CURRENCY',
    left === undefined
      ? `no product of the run is in ${empty!.currency}`
      : `${left} is in ${specs.get(left)?.currency ?? 'an unknown currency'}, which has no capital`,
    {
      details: { currencies: needed, given: capitals.map((each) => each.currency) },
      rule: 'every currency of the products has one account, and every account a product',
      fix: `--per-currency ${needed.map((each) => `${each}=…`).join(',')}`,
    },
  );
}
