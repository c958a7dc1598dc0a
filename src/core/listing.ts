/** Which contracts a product lists: its cycles, and whether a contract ever existed. */
import { Cycle, monthIndexOf, parseContractMonth, parseCycle } from './cycle.ts';
import { TradingError } from './errors.ts';
import type { InstrumentSpec } from './instrument.ts';
import { monthLetter } from './symbology.ts';
import { parseTradeDate } from './trade-date.ts';
import type { TradeDate } from './units.ts';

/** The cycles of a product. */
export interface InstrumentCycles {
  /** Regular months of the exchange; serial months, listed only while near, are not part of it. */
  readonly listed: Cycle;
  /** Months that are held: the previous, current and forward contracts. */
  readonly hold: Cycle;
  /** Months of the carry contract. */
  readonly priced: Cycle;
}

type CycleFields = Pick<
  InstrumentSpec,
  'listedMonths' | 'holdCycle' | 'cycles' | 'pricedCycle' | 'skippedMonths'
>;

/** Builds the cycles of a product from its specification. Errors: E_CYCLE. */
export function cyclesOf(spec: CycleFields): InstrumentCycles {
  const skipped = (spec.skippedMonths ?? []).map(parseContractMonth);
  const dated = (kind: 'listed' | 'hold', letters: string): Cycle =>
    spec.cycles === undefined
      ? parseCycle(letters)
      : new Cycle(
          spec.cycles
            .filter((span) => span[kind] !== undefined)
            .map((span) => ({
              from: span.from === undefined ? null : parseContractMonth(span.from),
              to: span.to === undefined ? null : parseContractMonth(span.to),
              letters: span[kind]!,
            })),
        );
  const listed = dated('listed', spec.listedMonths);
  const hold = dated('hold', spec.holdCycle).without(skipped);
  const priced = spec.pricedCycle === undefined ? listed : parseCycle(spec.pricedCycle);
  return { listed, hold, priced: priced.without(skipped) };
}

/** The fields of a specification that decide which contracts exist. */
export type ListedSpec = Pick<
  InstrumentSpec,
  | 'root'
  | 'listedMonths'
  | 'holdCycle'
  | 'cycles'
  | 'serialMonths'
  | 'listedSince'
  | 'firstContract'
  | 'lastContract'
>;

/** Refuses a contract that never existed. The cycles of a product are worked out once; ask `checkListed` of it many times. */
export class Listing {
  readonly #spec: ListedSpec;
  readonly #cycle: Cycle;
  readonly #since: number;
  readonly #first: number;
  readonly #last: number;

  constructor(spec: ListedSpec) {
    this.#spec = spec;
    this.#cycle = cyclesOf(spec).listed;
    this.#since = spec.listedSince === undefined ? -Infinity : parseTradeDate(spec.listedSince);
    this.#first =
      spec.firstContract === undefined
        ? -Infinity
        : monthIndexOf(parseContractMonth(spec.firstContract));
    this.#last =
      spec.lastContract === undefined
        ? Infinity
        : monthIndexOf(parseContractMonth(spec.lastContract));
  }

  /** Whether the month is a regular one of its year, or a serial one, which is listed while it is near. */
  hasMonth(year: number, month: number): boolean {
    return (
      this.#cycle.has({ year, month }) ||
      this.#spec.serialMonths?.letters.includes(monthLetter(month)) === true
    );
  }

  /**
   * Errors: E_CONTRACT_ID for a month that is not 1 to 12 or a year that is not four digits; E_CONTRACT_UNLISTED for a
   * month that the product does not list in that year, and for a contract before it began or after it ended.
   */
  checkListed(year: number, month: number): void {
    const { root } = this.#spec;
    if (!(Number.isInteger(year) && year >= 1900 && year <= 2199)) {
      throw new TradingError('E_CONTRACT_ID', `year ${year} is not a four-digit year`, {
        details: { root, year, month },
      });
    }
    const name = `${root}${monthLetter(month)}${year}`;
    if (!this.hasMonth(year, month)) {
      const letters = this.#cycle.lettersAt({ year, month }) ?? 'no months then';
      const serial = this.#spec.serialMonths?.letters;
      throw this.#unlisted(name, `${root} does not list month ${monthLetter(month)}`, {
        rule: `${root} lists ${letters}${serial === undefined ? '' : `, and ${serial} while they are near`}`,
      });
    }
    if (monthIndexOf({ year, month }) < this.#first) {
      const since = this.#spec.listedSince;
      const began = since === undefined ? '' : `, which has traded since ${since}`;
      throw this.#unlisted(
        name,
        `the first contract of ${root} was ${this.#spec.firstContract}${began}`,
        { rule: `${root} began with ${this.#spec.firstContract}` },
      );
    }
    if (monthIndexOf({ year, month }) > this.#last) {
      throw this.#unlisted(name, `the last contract of ${root} was ${this.#spec.lastContract}`, {
        rule: `${root} ended with ${this.#spec.lastContract}`,
      });
    }
  }

  /** Whether a contract with this last trade date ended before the product began. */
  checkSince(year: number, month: number, lastTradeDate: TradeDate): void {
    if (lastTradeDate >= this.#since) return;
    const { root, listedSince } = this.#spec;
    throw this.#unlisted(
      `${root}${monthLetter(month)}${year}`,
      `${root} has traded since ${listedSince} only`,
      { rule: `contracts of ${root} end on ${listedSince} or later` },
    );
  }

  #unlisted(name: string, why: string, options: { readonly rule: string }): TradingError {
    return new TradingError('E_CONTRACT_UNLISTED', `there was no contract ${name}: ${why}`, {
      details: { contract: name, root: this.#spec.root },
      rule: options.rule,
      fix: `\`frontmonth contracts ${this.#spec.root}\` lists the contracts`,
    });
  }
}
