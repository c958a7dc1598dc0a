/**
 * One contract a month from what a venue lists. One trading class can hold monthly and weekly deliveries, or several entries
 * for a month; the instrument's filter says which is meant, and what is left double after it is a configuration error: which
 * contract to trade is never guessed. Pure; a live venue calls it with the answer to a chain request.
 */
import type { ContractMonth } from './cycle.ts';
import { formatContractMonth, monthIndexOf } from './cycle.ts';
import { TradingError } from './errors.ts';
import type { ContractFilter } from './instrument.ts';
import { toIsoDate, toTradeDate } from './trade-date.ts';
import type { TradeDate } from './units.ts';

/** What a venue says of one delivery. Further fields are kept as they are. */
export interface ListedContract {
  readonly localSymbol: string;
  readonly tradingClass: string;
  /** `yyyymm` of the delivery month, which may differ from that of the last trade. */
  readonly contractMonth: string;
  /** Begins with `yyyymmdd`; a time and a zone may follow. */
  readonly lastTradeDate: string;
  /** Money per 1.0 of the price, as the venue writes it. */
  readonly multiplier: string;
  readonly longName?: string;
  readonly underConId?: number | string;
}

export interface SelectOptions {
  readonly root: string;
  readonly filter?: ContractFilter;
  /** The product's trading class; entries of others are another product and refused. */
  readonly tradingClass?: string;
  /** Needed by the filter `expiry: 'rule'`: the last trade date of a month by the product's own rule. */
  readonly lastTradeDateOf?: (year: number, month: number) => TradeDate;
}

export interface SelectedContract<Details extends ListedContract> extends ContractMonth {
  readonly lastTradeDate: TradeDate;
  readonly details: Details;
}

/**
 * The entries that belong to the product, in order of delivery, one a month.
 * Errors: E_CONTRACT_DETAILS for a month that is left with several entries, or with none although some were listed, for an
 * entry that cannot be read and a filter without what it needs; E_CHAIN for two trading classes or two multipliers.
 */
export function selectContracts<Details extends ListedContract>(
  listed: readonly Details[],
  options: SelectOptions,
): readonly SelectedContract<Details>[] {
  const { root, filter, tradingClass } = options;
  const all = listed.map((details, row) => read(details, row, root));
  const matches = filter === undefined ? all : all.filter((one) => isMatch(one, filter, options));
  const kept = matches.toSorted(
    (a, b) => monthIndexOf(a) - monthIndexOf(b) || a.lastTradeDate - b.lastTradeDate,
  );
  const first = kept[0];
  if (first === undefined) {
    if (listed.length === 0) return [];
    throw bad(root, `none of the ${listed.length} contracts listed for ${root} passes its filter`, {
      filter,
      localSymbols: listed.map((one) => one.localSymbol),
    });
  }
  for (const [row, one] of kept.entries()) {
    const before = kept[row - 1];
    if (before !== undefined && monthIndexOf(before) === monthIndexOf(one)) {
      const month = formatContractMonth(one);
      const same = kept.filter((other) => monthIndexOf(other) === monthIndexOf(one));
      throw bad(
        root,
        `${root} has ${same.length} contracts of ${month}: ${same.map(describe).join(', ')}`,
        { month, localSymbols: same.map((other) => other.details.localSymbol), filter },
      );
    }
    checkAlike(one, first, tradingClass, root);
  }
  return kept;
}

/** A mini beside a full contract shows in the trading class or in the multiplier. */
function checkAlike<Details extends ListedContract>(
  one: SelectedContract<Details>,
  first: SelectedContract<Details>,
  tradingClass: string | undefined,
  root: string,
): void {
  const { localSymbol, multiplier, tradingClass: own } = one.details;
  const expected = tradingClass ?? first.details.tradingClass;
  if (own !== expected) {
    throw mixed(root, `${localSymbol} is of trading class ${own}, the chain of ${expected}`, {
      localSymbol,
      tradingClass: own,
    });
  }
  if (Number(multiplier) !== Number(first.details.multiplier)) {
    throw mixed(
      root,
      `${localSymbol} has multiplier ${multiplier}, ${first.details.localSymbol} ${first.details.multiplier}`,
      { localSymbol, multiplier },
    );
  }
}

function read<Details extends ListedContract>(
  details: Details,
  row: number,
  root: string,
): SelectedContract<Details> {
  const month = /^(\d{4})(0[1-9]|1[0-2])$/.exec(details.contractMonth);
  const last = /^(\d{4})(\d{2})(\d{2})(?:\D|$)/.exec(details.lastTradeDate);
  if (month === null || last === null) {
    throw bad(
      root,
      `entry ${row + 1} of the contracts of ${root}, ${details.localSymbol}, has month "${details.contractMonth}" and last trade date "${details.lastTradeDate}"`,
      {
        row,
        localSymbol: details.localSymbol,
      },
    );
  }
  const lastTradeDate = toTradeDate(Number(last[1]), Number(last[2]), Number(last[3]));
  return { year: Number(month[1]), month: Number(month[2]), lastTradeDate, details };
}

function isMatch<Details extends ListedContract>(
  one: SelectedContract<Details>,
  filter: ContractFilter,
  options: SelectOptions,
): boolean {
  const { details } = one;
  const fits = (pattern: string | undefined, text: string): boolean =>
    pattern === undefined || new RegExp(pattern, 'u').test(text);
  if (!fits(filter.localSymbol, details.localSymbol)) return false;
  if (!fits(filter.longName, details.longName ?? '')) return false;
  if (filter.underConId !== undefined && Number(details.underConId) !== filter.underConId)
    return false;
  if (filter.expiry === undefined) return true;
  if (options.lastTradeDateOf === undefined) {
    throw bad(
      options.root,
      `the filter of ${options.root} asks for the expiry rule, which was not given`,
      {
        filter,
      },
    );
  }
  return options.lastTradeDateOf(one.year, one.month) === one.lastTradeDate;
}

function describe<Details extends ListedContract>(one: SelectedContract<Details>): string {
  const { localSymbol, longName, underConId } = one.details;
  const more = [longName, underConId === undefined ? undefined : `underlying ${underConId}`];
  return `${localSymbol} to ${toIsoDate(one.lastTradeDate)} (${more.filter((part) => part !== undefined).join(', ')})`.replace(
    ' ()',
    '',
  );
}

function bad(
  root: string,
  message: string,
  details: Readonly<Record<string, unknown>>,
): TradingError {
  return new TradingError('E_CONTRACT_DETAILS', message, {
    details: { root, ...details },
    rule: 'a product has one contract a month; which one is meant is configured, not guessed',
    fix: `give ${root} a contractFilter: a pattern of the local symbol or long name, underConId, or expiry "rule"`,
  });
}

function mixed(
  root: string,
  message: string,
  details: Readonly<Record<string, unknown>>,
): TradingError {
  return new TradingError('E_CHAIN', `the chain of ${root} mixes products: ${message}`, {
    details: { root, ...details },
    rule: 'the contracts of a chain have one trading class and one multiplier',
    fix: 'name the trading class in the request, or filter by the local symbol',
  });
}
