/**
 * Which contract an instrument number stands for at a moment. Three sources, the first that answers counts: mapping records
 * in the stream (live files), the mappings of the metadata (days), definitions. What a symbol means is asked of a port: one
 * digit of a year has a meaning on a date only.
 */
import type { ContractId } from '../../../core/instrument.ts';
import type { TradeDate } from '../../../core/units.ts';
import { US_PER_DAY } from '../../../core/units.ts';
import type { DbnMetadata } from './metadata.ts';

/** The contract of a raw symbol on a date, or why there is none. */
export type DbnContractOf = (
  symbol: string,
  date: TradeDate,
) => { readonly contract: ContractId } | { readonly reason: DbnSkipReason };

/** Why records of an instrument are left out: no problem of the file, and always counted. */
export type DbnSkipReason =
  /** A spread, an option, an index: not one future. */
  | 'not-outright'
  /** A future of a product that the catalog of instruments lacks. */
  | 'unknown-product'
  /** A month that the product does not list, or a year that its digit does not tell. */
  | 'unknown-contract'
  /** No mapping and no definition names the number. */
  | 'no-symbol';

/** What a definition says of an instrument. */
export interface DbnDefined {
  readonly symbol: string;
  /** Class letter of the definition; F is a future. */
  readonly instrumentClass: string;
}

/** The meaning of a number, for rows in [fromUs, toUs). */
export interface DbnResolved {
  readonly instrumentId: number;
  readonly symbol: string;
  readonly contract: ContractId | null;
  readonly reason: DbnSkipReason | null;
  readonly fromUs: number;
  readonly toUs: number;
}

interface Span {
  readonly fromUs: number;
  readonly toUs: number;
  readonly symbol: string;
}

/** Instrument numbers of one import. Files may add to it; spans of one file are forgotten with `beginFile`. */
export class DbnSymbols {
  readonly #contractOf: DbnContractOf;
  readonly #only: ContractId | null;
  #mapped = new Map<number, Span[]>();
  #streamed = new Map<number, Span[]>();
  readonly #defined = new Map<number, (Span & DbnDefined)[]>();

  /** `only` is the contract of every number, said by the user. */
  constructor(contractOf: DbnContractOf, only: ContractId | null = null) {
    this.#contractOf = contractOf;
    this.#only = only;
  }

  beginFile(metadata: DbnMetadata): void {
    this.#mapped = new Map();
    this.#streamed = new Map();
    const isInverse = metadata.stypeIn === 'instrument_id';
    if (!isInverse && metadata.stypeOut !== 'instrument_id') return;
    for (const { symbol, intervals } of metadata.mappings) {
      for (const interval of intervals) {
        const id = Number(isInverse ? symbol : interval.symbol);
        const name = isInverse ? interval.symbol : symbol;
        if (!Number.isInteger(id) || interval.symbol === '' || name === '') continue;
        const spans = this.#mapped.get(id) ?? [];
        spans.push({
          fromUs: interval.from * US_PER_DAY,
          toUs: interval.to * US_PER_DAY,
          symbol: name,
        });
        this.#mapped.set(id, spans);
      }
    }
  }

  /** From a mapping record: holds from here on. */
  map(instrumentId: number, symbol: string, fromUs: number): void {
    const span = { fromUs, toUs: Infinity, symbol };
    this.#streamed.set(instrumentId, [...(this.#streamed.get(instrumentId) ?? []), span]);
  }

  /** From a definition: holds from its UTC day on, until the next one of the number. */
  define(instrumentId: number, defined: DbnDefined, knownUs: number): void {
    const fromUs = Math.floor(knownUs / US_PER_DAY) * US_PER_DAY;
    const spans = this.#defined.get(instrumentId) ?? [];
    const last = spans.at(-1);
    if (last?.symbol === defined.symbol && last.instrumentClass === defined.instrumentClass) return;
    spans.push({ ...defined, fromUs, toUs: Infinity });
    spans.sort((a, b) => a.fromUs - b.fromUs);
    this.#defined.set(instrumentId, spans);
  }

  resolve(instrumentId: number, us: number): DbnResolved {
    if (this.#only !== null)
      return {
        instrumentId,
        symbol: this.#only,
        contract: this.#only,
        reason: null,
        fromUs: -Infinity,
        toUs: Infinity,
      };
    const date = (span: Span): TradeDate =>
      Math.floor((Number.isFinite(span.fromUs) ? span.fromUs : us) / US_PER_DAY) as TradeDate;
    let refused: DbnResolved | null = null;
    for (const spans of [this.#streamed, this.#mapped, this.#defined]) {
      const found = spanAt(spans.get(instrumentId) ?? [], us);
      if (found === null) continue;
      const isDefined = spans === (this.#defined as typeof spans);
      const isFuture = !isDefined || (found as Span & DbnDefined).instrumentClass === 'F';
      const read = isFuture
        ? this.#contractOf(found.symbol, date(found))
        : ({ reason: 'not-outright' } as const);
      if ('contract' in read) return answer(instrumentId, read.contract, found, null);
      // A definition knows best; `ES.c.0` and `ES.FUT` are no raw symbols, and a definition may still name theirs.
      if (refused === null || isDefined) refused = answer(instrumentId, null, found, read.reason);
    }
    const day = Math.floor(us / US_PER_DAY) * US_PER_DAY;
    const unnamed = { fromUs: day, toUs: day + US_PER_DAY, symbol: '' };
    return refused ?? answer(instrumentId, null, unnamed, 'no-symbol');
  }
}

function answer(
  instrumentId: number,
  contract: ContractId | null,
  { fromUs, toUs, symbol }: Span,
  reason: DbnSkipReason | null,
): DbnResolved {
  return { instrumentId, symbol, contract, reason, fromUs, toUs };
}

/** The last span that has begun and not ended; its end is where the next one begins. */
function spanAt(spans: readonly Span[], us: number): Span | null {
  let found: Span | null = null;
  let nextUs = Infinity;
  for (const span of spans) {
    if (span.fromUs <= us && us < span.toUs) found = span;
    else if (span.fromUs > us) nextUs = Math.min(nextUs, span.fromUs);
  }
  return found === null ? null : { ...found, toUs: Math.min(found.toUs, nextUs) };
}
