/** Rows that an import leaves out: the first of them for the user, all of them in the file of the quarantine. */
import * as fs from 'node:fs';
import { TradingError } from '../../core/errors.ts';
import { writeError } from '../arrow-store.ts';
import { errnoOf } from '../file-io.ts';

const LISTED = 20;
/** Of one kind in one place; more would hide the others. */
const ALIKE = 3;
/** A file whose rows are all wrong need not be read to its end to be refused. */
const REFUSED_MAX = 100_000;

export interface Refusal {
  readonly path: string;
  readonly reason: string;
}

export interface RefusalRules<R extends Refusal> {
  /** Where the others go, as JSON lines, when the valid rows are asked for. */
  readonly issuesPath?: string;
  /** What is alike but for its figures: rows of one entry, or of one file. */
  readonly placeOf: (refusal: R) => string;
  /** `entry line 3 (byte 81): reason`. */
  readonly say: (refusal: R) => string;
  /** Path and line for the first of them. */
  readonly where: (refusal: R) => string;
  /** What to do about rows that are refused for these reasons; null for the usual cure. */
  readonly fix: (reasons: readonly string[]) => string | null;
}

export class Refusals<R extends Refusal> {
  readonly #rules: RefusalRules<R>;
  readonly #kinds = new Map<string, number>();
  /** The first twenty, at most three of a kind in one place. */
  readonly first: R[] = [];
  count = 0;
  #file = -1;

  constructor(rules: RefusalRules<R>) {
    this.#rules = rules;
  }

  /** `rows`: how many it stands for. Errors: E_IMPORT_ROWS where nothing will be taken anyway, E_CATALOG_WRITE. */
  add(refusal: R, rows = 1): void {
    this.count += rows;
    const kind = `${this.#rules.placeOf(refusal)} ${refusal.reason.replace(/[-\d.:TZ]+/g, '#')}`;
    const seen = (this.#kinds.get(kind) ?? 0) + 1;
    if (seen <= ALIKE && this.#kinds.size < REFUSED_MAX) this.#kinds.set(kind, seen);
    if (this.first.length < LISTED && seen <= ALIKE) this.first.push(refusal);
    const { issuesPath } = this.#rules;
    if (issuesPath === undefined) {
      if (this.count >= REFUSED_MAX) throw this.error(null);
      return;
    }
    try {
      if (this.#file < 0) this.#file = fs.openSync(issuesPath, 'w');
      fs.writeSync(this.#file, `${JSON.stringify(refusal)}\n`);
    } catch (cause) {
      throw errnoOf(cause) === '' ? cause : writeError(issuesPath, cause);
    }
  }

  /** Closes the file. A second call does nothing. */
  close(): void {
    if (this.#file >= 0) fs.closeSync(this.#file);
    this.#file = -1;
  }

  /** E_IMPORT_ROWS. `valid`: rows that could be taken, null where the file was not read to its end. */
  error(valid: number | null): TradingError {
    const { say, where, fix } = this.#rules;
    const lines = this.first.map(say).join('\n  ');
    const more = this.count - this.first.length;
    return new TradingError(
      'E_IMPORT_ROWS',
      `${this.count} rows cannot be taken, nothing was imported\n  ${lines}${more > 0 ? `\n  … and ${more} more` : ''}`,
      {
        details: { refused: this.count, valid, issues: this.first },
        where: where(this.first[0]!),
        rule: 'an import is whole or nothing',
        fix:
          fix(this.first.map(({ reason }) => reason)) ??
          'correct the rows, or take the valid ones with --quarantine',
      },
    );
  }
}
