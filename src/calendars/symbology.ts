/**
 * Symbols of venues, both ways: our `ESZ2025` ↔ Globex `ESZ5`, ProjectX `CON.F.US.EP.Z25`, CQG `F.US.EPZ25`, IB keys and
 * local symbols. Nothing is guessed: what several products share, and what a venue may write in a way that is not known,
 * is refused with the candidates named.
 *
 * Years. One digit means the nearest contract whose last trade date is not before the given date; when that lies ten years
 * ahead, to the day, or more, the symbol is refused, and so it is until the month of a contract that has ended is over.
 * Two digits mean the year within fifty years of the date; exactly fifty is refused. So a symbol that was formatted for a date reads back as the same contract for that date.
 *
 * Sources, read 2026-11: symbol lists and interface documents of the venues; IB contract details on record (DCH4, RZ3, MESZ3,
 * M6AM4, EBMK4, RCF4, QMZ3 with one digit of the year, NGU27 with two).
 */
import { TradingError } from '../core/errors.ts';
import type { ContractId, InstrumentSpec } from '../core/instrument.ts';
import { Listing } from '../core/listing.ts';
import { monthLetter, monthOfLetter, parseContractId, toContractId } from '../core/symbology.ts';
import { daysInMonth, toCivilDate, toIsoDate, toTradeDate } from '../core/trade-date.ts';
import type { TradeDate } from '../core/units.ts';

/** Venues whose symbols are texts. `ib` is the local symbol; a key of several fields is `toIbKey`. */
export type SymbolVenue = 'globex' | 'projectx' | 'cqg' | 'ib';
export const SYMBOL_VENUES: readonly SymbolVenue[] = ['globex', 'projectx', 'cqg', 'ib'];

/** A contract that a symbol names. */
export interface ResolvedSymbol {
  readonly id: ContractId;
  readonly root: string;
  readonly year: number;
  readonly month: number;
  /** Where the symbol has this meaning; `ours` for our own id. */
  readonly venues: readonly (SymbolVenue | 'ours')[];
}

/** What identifies a contract in an IB request. `lastTradeDateOrContractMonth` is `yyyymm` when we write it. */
export interface IbFutureKey {
  readonly secType: 'FUT';
  readonly symbol: string;
  readonly exchange: string;
  readonly currency: string;
  readonly tradingClass: string;
  readonly lastTradeDateOrContractMonth: string;
}

/** What may be known of an IB contract. */
export interface IbFutureFields {
  readonly symbol?: string;
  readonly exchange?: string;
  readonly tradingClass?: string;
  readonly localSymbol?: string;
  /** `yyyymm` of the delivery month; where it is given it decides. */
  readonly contractMonth?: string;
  /** `yyyymm` of the delivery month, or `yyyymmdd` of the last trade date; what follows the date is not read. */
  readonly lastTradeDateOrContractMonth?: string;
}

export interface SymbolOptions {
  /** Digits of the year where a venue knows both: Globex 1 or 2 (default 1), CQG 1 or 2 (default 2). */
  readonly yearDigits?: 1 | 2;
  /** CQG without `F.US.`: `EPZ25`. */
  readonly isShort?: boolean;
}

/** The last trade date of a contract month; the calendars' `ruleDates`, or a table. */
export type LastTradeDateOf = (spec: InstrumentSpec, year: number, month: number) => TradeDate;

const GLOBEX_EXCHANGES: readonly string[] = ['CME', 'CBOT', 'NYMEX', 'COMEX'];

/** Digits of the year in IB's local symbols, as recorded: by exchange, and by trading class where they differ inside one. */
const IB_YEAR_DIGITS: Readonly<Record<string, 1 | 2>> = {
  CME: 1,
  ICEEU: 1,
  ICEEUSOFT: 1,
  MATIF: 1,
  'NYMEX/QM': 1,
  'NYMEX/NG': 2,
};
const MONTH_NAMES = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');

/** One reading of a text: a product and a month; the year by its digits, or in full. */
interface Reading {
  readonly venue: SymbolVenue;
  readonly spec: InstrumentSpec;
  readonly month: number;
  readonly digits: string;
}

/**
 * Translates between our ids and the symbols of venues, for the products of one catalog. Immutable.
 *
 * @example
 * symbology.format('projectx', esz2025, today) // 'CON.F.US.EP.Z25'
 * symbology.parse('globex', 'ESZ5', today).id  // 'ESZ2025'
 */
export class Symbology {
  readonly #specs: ReadonlyMap<string, InstrumentSpec>;
  readonly #lastTradeDate: LastTradeDateOf;
  /** Products by their name at a venue: key `venue name`. */
  readonly #byName: ReadonlyMap<string, readonly InstrumentSpec[]>;
  readonly #listings: ReadonlyMap<string, Listing>;

  constructor(specs: Iterable<InstrumentSpec>, lastTradeDate: LastTradeDateOf) {
    const all = [...specs];
    this.#specs = new Map(all.map((spec) => [spec.root, spec]));
    this.#listings = new Map(all.map((spec) => [spec.root, new Listing(spec)]));
    this.#lastTradeDate = lastTradeDate;
    const byName = new Map<string, InstrumentSpec[]>();
    for (const spec of all) {
      for (const venue of SYMBOL_VENUES) {
        const name = venueName(venue, spec);
        if (name === null) continue;
        const key = `${venue} ${name}`;
        byName.set(key, [...(byName.get(key) ?? []), spec]);
      }
    }
    this.#byName = byName;
  }

  /**
   * The symbol of a contract at a venue, as it is used on a date.
   * Errors: E_SYMBOL_UNKNOWN for an unknown product, E_CONTRACT_UNLISTED, E_SYMBOL_VENUE, E_SYMBOL_YEAR.
   */
  format(venue: SymbolVenue, id: ContractId, at: TradeDate, options: SymbolOptions = {}): string {
    const { root, year, month } = parseContractId(id);
    const spec = this.#specOf(root);
    this.#listings.get(root)!.checkListed(year, month);
    const name = venueName(venue, spec);
    if (name === null) throw noSymbol(venue, spec);
    const letter = monthLetter(month);
    const withYear = (count: 1 | 2): string => {
      const digits = String(year).slice(-count);
      const read = this.#yearOf({ venue, spec, month, digits }, at, `${root}${letter}${digits}`);
      if (read !== year) throw this.#farYear(id, at, count, read);
      return `${letter}${digits}`;
    };
    switch (venue) {
      case 'globex':
        return `${name}${withYear(options.yearDigits ?? 1)}`;
      case 'projectx':
        return `CON.F.US.${name}.${withYear(2)}`;
      case 'cqg':
        return `${options.isShort === true ? '' : 'F.US.'}${name}${withYear(options.yearDigits ?? 2)}`;
      case 'ib':
        return `${name}${withYear(ibYearDigits(spec)!)}`;
    }
  }

  /** The symbol, or null where the venue has none or its style is not known. Errors: E_SYMBOL_YEAR, E_CONTRACT_UNLISTED. */
  formatOrNull(venue: SymbolVenue, id: ContractId, at: TradeDate): string | null {
    const spec = this.#specOf(parseContractId(id).root);
    return venueName(venue, spec) === null ? null : this.format(venue, id, at);
  }

  /**
   * The contract that a venue's symbol names on a date.
   * Errors: E_SYMBOL_UNKNOWN, E_SYMBOL_AMBIGUOUS, E_SYMBOL_YEAR, E_CONTRACT_UNLISTED.
   */
  parse(venue: SymbolVenue, text: string, at: TradeDate): ResolvedSymbol {
    const readings = this.#readings(venue, text);
    if (readings.length === 0) throw this.#unknown(venue, text);
    return this.#single(text, readings, at);
  }

  /**
   * The contract that a text names anywhere: our own id, or a symbol of any venue. Where venues disagree it is refused.
   * Errors: as `parse`.
   */
  resolve(text: string, at: TradeDate): ResolvedSymbol {
    const own = /^([A-Z0-9_]{1,20})([FGHJKMNQUVXZ])(\d{4})$/.exec(text);
    if (own !== null && this.#specs.has(own[1]!)) {
      const { id, root, year, month } = parseContractId(text);
      this.#listings.get(root)!.checkListed(year, month);
      return { id, root, year, month, venues: ['ours'] };
    }
    const readings = SYMBOL_VENUES.flatMap((venue) => this.#readings(venue, text));
    if (readings.length === 0) throw this.#unknown(null, text);
    return this.#single(text, readings, at);
  }

  /** Product of a venue's product name: `F.US.EP`, `EP`, `ES`. Errors: E_SYMBOL_UNKNOWN, E_SYMBOL_AMBIGUOUS. */
  productOf(venue: SymbolVenue, name: string): InstrumentSpec {
    const short = name.startsWith('F.US.') ? name.slice(5) : name;
    const found = this.#byName.get(`${venue} ${short}`) ?? [];
    if (found.length === 0) throw this.#unknown(venue, name);
    if (found.length > 1)
      throw ambiguous(
        name,
        found.map((spec) => spec.root),
      );
    return found[0]!;
  }

  /** The fields that identify a contract at IB, without a date: the delivery month is written in full. */
  toIbKey(id: ContractId): IbFutureKey {
    const { root, year, month } = parseContractId(id);
    const spec = this.#specOf(root);
    this.#listings.get(root)!.checkListed(year, month);
    const { ib } = spec.symbols;
    if (ib === undefined) throw noSymbol('ib', spec);
    return {
      secType: 'FUT',
      symbol: ib.symbol,
      exchange: ib.exchange,
      currency: spec.currency,
      tradingClass: ib.tradingClass,
      lastTradeDateOrContractMonth: `${year}${String(month).padStart(2, '0')}`,
    };
  }

  /**
   * The contract that IB's fields name. Symbol and exchange alone are refused where products share them (DAX at EUREX is
   * three products); the trading class tells them apart. A last trade date must be that of the product's own rule.
   * Errors: E_SYMBOL_UNKNOWN, E_SYMBOL_AMBIGUOUS, E_SYMBOL_YEAR, E_CONTRACT_UNLISTED.
   */
  fromIbKey(fields: IbFutureFields, at: TradeDate): ResolvedSymbol {
    const products = this.#ibProducts(fields);
    const shown = JSON.stringify(fields);
    if (products.length === 0) throw this.#unknown('ib', shown);
    if (products.length > 1)
      throw ambiguous(
        shown,
        products.map((spec) => spec.root),
      );
    const spec = products[0]!;
    const { contractMonth, lastTradeDateOrContractMonth, localSymbol } = fields;
    const when = contractMonth ?? lastTradeDateOrContractMonth;
    if (when === undefined) {
      if (localSymbol === undefined) throw this.#unknown('ib', shown);
      const readings = readIbLocal(localSymbol, () => [spec]);
      if (readings.length === 0) throw this.#unknown('ib', shown);
      return this.#single(localSymbol, readings, at);
    }
    const match = /^(\d{4})(\d{2})(?:(\d{2})(?:[- ].*)?)?$/.exec(when);
    if (match === null) throw this.#unknown('ib', shown);
    const [year, month] = [Number(match[1]), Number(match[2])];
    if (match[3] === undefined) return this.#resolved(spec, year, month, ['ib']);
    return this.#byLastTrade(spec, toTradeDate(year, month, Number(match[3])), shown);
  }

  #ibProducts(fields: IbFutureFields): readonly InstrumentSpec[] {
    const { symbol, exchange, tradingClass, localSymbol } = fields;
    const known = [...this.#specs.values()].filter(({ symbols: { ib } }) => {
      if (ib === undefined) return false;
      return (
        (symbol === undefined || symbol === ib.symbol) &&
        (exchange === undefined || exchange === '' || exchange === ib.exchange) &&
        (tradingClass === undefined || tradingClass === ib.tradingClass)
      );
    });
    if (symbol === undefined && tradingClass === undefined && localSymbol === undefined) return [];
    if (known.length < 2 || localSymbol === undefined) return known;
    return known.filter((spec) => readIbLocal(localSymbol, () => [spec]).length > 0);
  }

  #byLastTrade(spec: InstrumentSpec, date: TradeDate, shown: string): ResolvedSymbol {
    const { year, month } = toCivilDate(date);
    const listing = this.#listings.get(spec.root)!;
    // Named up to a quarter before they end (SR3), or up to two months after (Brent).
    for (let step = -4; step <= 3; step += 1) {
      const index = year * 12 + month - 1 + step;
      const [y, m] = [Math.floor(index / 12), (index % 12) + 1];
      if (listing.hasMonth(y, m) && this.#lastTradeDate(spec, y, m) === date) {
        return this.#resolved(spec, y, m, ['ib']);
      }
    }
    throw new TradingError(
      'E_SYMBOL_UNKNOWN',
      `no contract of ${spec.root} ends on ${toIsoDate(date)}`,
      {
        details: { fields: shown, root: spec.root },
        rule: 'a last trade date names the contract whose own rule gives that date',
        fix: 'give the delivery month as yyyymm, or check the contract details of the broker',
      },
    );
  }

  #readings(venue: SymbolVenue, text: string): readonly Reading[] {
    const named = (name: string): readonly InstrumentSpec[] =>
      this.#byName.get(`${venue} ${name}`) ?? [];
    if (venue === 'ib') {
      return readIbLocal(text, (name) => this.#byIbClass(name));
    }
    const pattern = PATTERNS[venue];
    const match = pattern.exec(text);
    if (match === null) return [];
    const { name, letter, digits } = match.groups as Record<'name' | 'letter' | 'digits', string>;
    const month = monthOfLetter(letter);
    return named(name).map((spec) => ({ venue, spec, month, digits }));
  }

  #byIbClass(name: string): readonly InstrumentSpec[] {
    return [...this.#specs.values()].filter(({ symbols }) => symbols.ib?.tradingClass === name);
  }

  /** One contract, or the error that says why there is none. */
  #single(text: string, readings: readonly Reading[], at: TradeDate): ResolvedSymbol {
    const listed = readings.filter(({ spec, month }) => canList(spec, month));
    const usable = listed.length > 0 ? listed : readings;
    const byProduct = new Map(usable.map((reading) => [reading.spec.root, reading]));
    if (byProduct.size > 1) {
      throw ambiguous(
        text,
        usable.map(({ spec, venue }) => `${spec.root} (${venue})`),
      );
    }
    const [reading] = usable;
    const { spec, month } = reading!;
    const venues = [...new Set(usable.map(({ venue }) => venue))];
    return this.#resolved(spec, this.#yearOf(reading!, at, text), month, venues);
  }

  #resolved(
    spec: InstrumentSpec,
    year: number,
    month: number,
    venues: readonly SymbolVenue[],
  ): ResolvedSymbol {
    this.#listings.get(spec.root)!.checkListed(year, month);
    return { id: toContractId(spec.root, year, month), root: spec.root, year, month, venues };
  }

  /** The year that the digits mean on a date. */
  #yearOf({ spec, month, digits }: Reading, at: TradeDate, text: string): number {
    return digits.length === 1
      ? this.#oneDigit(spec, month, Number(digits), at, text)
      : this.#twoDigits(spec, Number(digits), at, text);
  }

  #oneDigit(
    spec: InstrumentSpec,
    month: number,
    digit: number,
    at: TradeDate,
    text: string,
  ): number {
    const now = toCivilDate(at);
    // Contracts may end in the year before or after their name, so the search begins a year early.
    const base = now.year - 1;
    let year = base + ((digit - (base % 10) + 10) % 10);
    const nearest = this.#endOf(spec, year, month);
    const hasEnded = nearest < at;
    if (hasEnded) year += 10;
    const end = this.#endOf(spec, year, month);
    const tenYears = toTradeDate(now.year + 10, now.month, now.day);
    // Last trade dates drift by some days in ten years: the same month counts as ten years ahead until it is over.
    const isJustOver =
      hasEnded && at <= Math.max(lastOfMonth(year - 10, month), nearest + DRIFT_DAYS);
    if (end >= tenYears || isJustOver) {
      const letter = monthLetter(month);
      throw new TradingError(
        'E_SYMBOL_YEAR',
        `${text} on ${toIsoDate(at)}: ${spec.root}${letter}${year - 10} has ended, and ${spec.root}${letter}${year} ends ten years ahead`,
        {
          details: { text, candidates: [year - 10, year].map((y) => `${spec.root}${letter}${y}`) },
          rule: 'a one-digit year means the nearest contract not ended yet, less than ten years ahead; until its contract month is over, an ended contract and that of ten years later are both meant',
          fix: `write ${spec.root}${letter}${year - 10} or ${spec.root}${letter}${year}`,
        },
      );
    }
    return year;
  }

  #twoDigits(spec: InstrumentSpec, digits: number, at: TradeDate, text: string): number {
    const now = toCivilDate(at).year;
    const year = now - 50 + ((digits - ((now - 50) % 100) + 100) % 100);
    if (year === now - 50) {
      throw new TradingError(
        'E_SYMBOL_YEAR',
        `${text} on ${toIsoDate(at)} is of ${year} or of ${year + 100}`,
        {
          details: { text, root: spec.root, candidates: [year, year + 100] },
          rule: 'a two-digit year means the one within fifty years; exactly fifty is two years',
          fix: 'write our own id with the year in full, such as ESZ2025',
        },
      );
    }
    return year;
  }

  /** The last trade date by rule; the last day of the month where no rule or calendar gives one. */
  #endOf(spec: InstrumentSpec, year: number, month: number): TradeDate {
    try {
      return this.#lastTradeDate(spec, year, month);
    } catch (error) {
      if (!(error instanceof TradingError)) throw error;
      return lastOfMonth(year, month);
    }
  }

  #specOf(root: string): InstrumentSpec {
    const spec = this.#specs.get(root);
    if (spec !== undefined) return spec;
    throw new TradingError('E_SYMBOL_UNKNOWN', `there is no product ${root}`, {
      details: { root },
      rule: 'a contract id begins with a product root',
      fix: '`frontmonth contracts` lists the products',
    });
  }

  #farYear(id: ContractId, at: TradeDate, digits: number, read: number): TradingError {
    return new TradingError(
      'E_SYMBOL_YEAR',
      `${id} cannot be written with ${digits} digit${digits === 1 ? '' : 's'} of the year on ${toIsoDate(at)}: it would mean ${read}`,
      {
        details: { id, digits, read },
        rule:
          digits === 1
            ? 'a one-digit year means the nearest contract not ended yet, less than ten years ahead'
            : 'a two-digit year means the one within fifty years',
        fix: 'use a date at which the contract trades, or a symbol with more digits of the year',
      },
    );
  }

  #unknown(venue: SymbolVenue | null, text: string): TradingError {
    const at = venue === null ? 'any venue' : NAMES[venue];
    const examples =
      venue === null ? SYMBOL_VENUES.map((one) => EXAMPLES[one]).join(', ') : EXAMPLES[venue];
    const weekly = /^VXM?\d{2}[FGHJKMNQUVXZ]/.test(text);
    return new TradingError('E_SYMBOL_UNKNOWN', `"${text}" is no contract at ${at}`, {
      details: { text, venue },
      rule: weekly
        ? 'weekly expiries have no contract month and are not modelled'
        : `a symbol is written such as ${examples}`,
      fix: '`frontmonth contracts <product>` shows the symbols of a product',
    });
  }
}

/** Days after an expiry on which the contract of ten years later is not taken for the one meant. */
const DRIFT_DAYS = 7;

function lastOfMonth(year: number, month: number): TradeDate {
  return toTradeDate(year, month, daysInMonth(year, month));
}

const PATTERNS: Readonly<Record<Exclude<SymbolVenue, 'ib'>, RegExp>> = {
  globex: /^(?<name>[A-Z0-9]{1,5})(?<letter>[FGHJKMNQUVXZ])(?<digits>\d{1,2})$/,
  projectx: /^CON\.F\.US\.(?<name>[A-Z0-9]+)\.(?<letter>[FGHJKMNQUVXZ])(?<digits>\d{2})$/,
  cqg: /^(?:F\.US\.)?(?<name>[A-Z0-9]{1,6})(?<letter>[FGHJKMNQUVXZ])(?<digits>\d{1,2})$/,
};
const NAMES: Readonly<Record<SymbolVenue, string>> = {
  globex: 'CME Globex',
  projectx: 'ProjectX',
  cqg: 'CQG',
  ib: 'IB',
};
const EXAMPLES: Readonly<Record<SymbolVenue, string>> = {
  globex: 'ESZ5',
  projectx: 'CON.F.US.EP.Z25',
  cqg: 'F.US.EPZ25',
  ib: 'ESZ5',
};

/** The product's name at a venue; null where it is not offered or the style of its symbols is not known. */
function venueName(venue: SymbolVenue, spec: InstrumentSpec): string | null {
  const { projectx, cqg, ib, exchange } = spec.symbols;
  switch (venue) {
    case 'globex':
      return GLOBEX_EXCHANGES.includes(spec.exchange) ? exchange : null;
    case 'projectx':
      return projectx === undefined ? null : projectx.replace(/^F\.US\./, '');
    case 'cqg':
      return cqg ?? null;
    case 'ib':
      return ib === undefined || ibYearDigits(spec) === null ? null : ib.tradingClass;
  }
}

function ibYearDigits(spec: InstrumentSpec): 1 | 2 | null {
  const { ib } = spec.symbols;
  if (ib === undefined) return null;
  return IB_YEAR_DIGITS[`${ib.exchange}/${ib.tradingClass}`] ?? IB_YEAR_DIGITS[ib.exchange] ?? null;
}

/** `DCH4`, `NGU27`, and the padded form `ZC   DEC 25`, which some exchanges use: read everywhere, written where recorded. */
function readIbLocal(
  text: string,
  named: (tradingClass: string) => readonly InstrumentSpec[],
): readonly Reading[] {
  const padded = /^(?<name>[A-Z0-9]{1,5}) +(?<month>[A-Z]{3}) (?<digits>\d{2})$/.exec(text);
  const plain = /^(?<name>[A-Z0-9]{1,5})(?<letter>[FGHJKMNQUVXZ])(?<digits>\d{1,2})$/.exec(text);
  const groups = (padded ?? plain)?.groups;
  if (groups === undefined) return [];
  const month =
    padded === null ? monthOfLetter(groups['letter']!) : MONTH_NAMES.indexOf(groups['month']!) + 1;
  if (month === 0) return [];
  return named(groups['name']!)
    .filter((spec) => spec.symbols.ib?.tradingClass === groups['name'])
    .map((spec) => ({ venue: 'ib' as const, spec, month, digits: groups['digits']! }));
}

/** Whether the product ever listed such a month, in some year. */
function canList(spec: InstrumentSpec, month: number): boolean {
  const letter = monthLetter(month);
  return (
    spec.listedMonths.includes(letter) ||
    spec.serialMonths?.letters.includes(letter) === true ||
    spec.cycles?.some((span) => span.listed.includes(letter)) === true
  );
}

function ambiguous(text: string, candidates: readonly string[]): TradingError {
  return new TradingError(
    'E_SYMBOL_AMBIGUOUS',
    `${text} may be ${candidates.slice(0, -1).join(', ')} or ${candidates.at(-1)}`,
    {
      details: { text, candidates },
      rule: 'a symbol that several products share is not guessed',
      fix: 'name the venue and the trading class, or use our own id',
    },
  );
}

function noSymbol(venue: SymbolVenue, spec: InstrumentSpec): TradingError {
  const why =
    venue === 'globex'
      ? `it trades at ${spec.exchange}`
      : venue === 'ib' && spec.symbols.ib !== undefined
        ? `how local symbols of ${spec.symbols.ib.exchange} are written is not on record`
        : 'it is not offered there, or its name is not known';
  return new TradingError(
    'E_SYMBOL_VENUE',
    `${spec.root} has no symbol at ${NAMES[venue]}: ${why}`,
    {
      details: { root: spec.root, venue },
      rule: 'a symbol is written only where its form is known',
      fix:
        venue === 'ib' && spec.symbols.ib !== undefined
          ? 'identify the contract by symbol, exchange, trading class and delivery month'
          : `\`frontmonth contracts ${spec.root}\` shows the symbols there are`,
    },
  );
}

/** A symbology of a catalog, with the last trade dates of a calendar source. */
export function createSymbology(
  specs: Iterable<InstrumentSpec>,
  calendars: {
    ruleDates(spec: InstrumentSpec, year: number, month: number): { lastTradeDate: TradeDate };
  },
): Symbology {
  return new Symbology(
    specs,
    (spec, year, month) => calendars.ruleDates(spec, year, month).lastTradeDate,
  );
}
