/**
 * Runs of bars without any change. How long a quiet market stands still is its own affair, so the series itself is the measure:
 * its runs, without the few longest, say how long a run lasts by chance, and a run is suspect where a series like this one would
 * show one that long less than once in a thousand series. Whether it is stale is then asked of the other contracts of the
 * product: where they moved in the meantime, the feed stood still and not the market.
 */
import type { BarColumns } from '../core/bars.ts';

/** Shorter runs are never suspect. */
export const STALE_ROWS_MIN = 10;
export const STALE_DAYS_MIN = 5;
const COPIES_MIN = 3;
const CHANCE = 0.001;
/** Quiet hours follow each other, so chance is given half as much again. */
const MARGIN = 1.5;
/** Of the longest runs, which may be what is wrong, so many say nothing of chance. */
const SUSPECT_RUNS = 3;
const SUSPECT_SHARE = 0.005;
/** Runs from this length on are the tail: quiet hours make it longer than the short runs let expect. */
const TAIL_ROWS = 4;
const TAIL_RUNS_MIN = 10;
const LENGTHS = 4096;
/** Room for the product's activity, whatever its span. */
const BUCKETS_MAX = 2_000_000;

export interface StaleRun {
  /** Number of its first row in the series, from 0. */
  readonly at: number;
  readonly rows: number;
  readonly fromUs: number;
  readonly toUs: number;
  /** Counts of the grid. */
  readonly price: number;
  /** `flat`: one price for all; `copy`: bars with a range and a volume, each the same as the one before. */
  readonly kind: 'flat' | 'copy';
}

/** Length from which a run is longer than chance makes it. */
export function longestByChance(rows: number, share: number): number {
  if (share <= 0) return 0;
  if (share >= 1) return Infinity;
  return Math.log(rows / CHANCE) / -Math.log(share);
}

/** Counts runs by their length. */
export class RunLengths {
  readonly #counts = new Uint32Array(LENGTHS);
  #runs = 0;

  add(rows: number): void {
    this.#counts[Math.min(rows, LENGTHS - 1)]! += 1;
    this.#runs += 1;
  }

  /** Length that chance passes less than once in a thousand such series. */
  bound(): number {
    let left = this.#runs - Math.max(SUSPECT_RUNS, Math.ceil(this.#runs * SUSPECT_SHARE));
    let [runs, rows, tailRuns, tailRows] = [0, 0, 0, 0];
    for (let length = 1; length < LENGTHS && left > 0; length += 1) {
      const count = Math.min(left, this.#counts[length]!);
      left -= count;
      runs += count;
      rows += count * length;
      if (length < TAIL_ROWS) continue;
      tailRuns += count;
      tailRows += count * (length - TAIL_ROWS);
    }
    if (runs === 0) return 0;
    // A run goes on with this chance at every row.
    const short = 1 + longestByChance(runs, 1 - runs / rows);
    if (tailRuns < TAIL_RUNS_MIN) return short;
    const tail = TAIL_ROWS + longestByChance(tailRuns, 1 - tailRuns / (tailRows + tailRuns));
    return Math.max(short, tail);
  }
}

/** How much all contracts of a product traded and moved, by time. */
export class Activity {
  readonly #fromUs: number;
  readonly #bucketUs: number;
  readonly #rows: Uint16Array;
  readonly #moves: Uint16Array;

  constructor(fromUs: number, toUs: number, stepUs: number) {
    this.#fromUs = fromUs;
    this.#bucketUs = Math.max(stepUs, Math.ceil((toUs - fromUs) / BUCKETS_MAX), 1);
    const length = Math.max(1, Math.floor((toUs - fromUs) / this.#bucketUs) + 1);
    this.#rows = new Uint16Array(length);
    this.#moves = new Uint16Array(length);
  }

  add(closeUs: number, isMove: boolean): void {
    const at = Math.floor((closeUs - this.#fromUs) / this.#bucketUs);
    // Typed arrays ignore what lies outside; damaged times are told elsewhere.
    const rows = this.#rows[at]!;
    if (rows < 65_535) this.#rows[at] = rows + 1;
    if (isMove && this.#moves[at]! < 65_535) this.#moves[at]! += 1;
  }

  /** Rows and moves inside a span, its ends left out. */
  within(fromUs: number, toUs: number): { readonly rows: number; readonly moves: number } {
    const first = Math.floor((fromUs - this.#fromUs) / this.#bucketUs) + 1;
    const last = Math.ceil((toUs - this.#fromUs) / this.#bucketUs) - 1;
    let [rows, moves] = [0, 0];
    for (let i = Math.max(0, first); i <= last && i < this.#rows.length; i += 1) {
      rows += this.#rows[i]!;
      moves += this.#moves[i]!;
    }
    return { rows, moves };
  }
}

/** Walks the bars of one series. */
export class RunScan {
  readonly #activity: Activity;
  readonly #runs: StaleRun[] = [];
  readonly #least: number;
  readonly #flats = new RunLengths();
  readonly #copies = new RunLengths();
  #rows = 0;
  #open = NaN;
  #high = NaN;
  #low = NaN;
  #close = NaN;
  #volume = NaN;
  #closeUs = 0;
  /** Rows of the run in hand, its first included. */
  #flatRows = 0;
  #flatFromUs = 0;
  #copyRows = 0;
  #copyFromUs = 0;

  constructor(activity: Activity, isDaily: boolean) {
    this.#activity = activity;
    this.#least = isDaily ? STALE_DAYS_MIN : STALE_ROWS_MIN;
  }

  push(bars: BarColumns): void {
    const { openUs, closeUs, open, high, low, close, volume } = bars;
    for (let i = 0; i < bars.length; i += 1) {
      const [h, l, c] = [high[i]!, low[i]!, close[i]!];
      const isFlat = h === l && c === this.#close;
      const isCopy =
        h !== l &&
        h === this.#high &&
        l === this.#low &&
        c === this.#close &&
        open[i] === this.#open &&
        (volume[i] === this.#volume || (volume[i] !== volume[i] && this.#volume !== this.#volume));
      this.#activity.add(closeUs[i]!, !isFlat && !isCopy);
      if (isFlat) {
        if (this.#flatRows === 0) this.#flatFromUs = openUs[i]!;
        this.#flatRows += 1;
      } else if (this.#flatRows > 0) this.#endFlat();
      if (isCopy) {
        if (this.#copyRows === 0) this.#copyFromUs = openUs[i]!;
        this.#copyRows += 1;
      } else if (this.#copyRows > 0) this.#endCopy();
      this.#rows += 1;
      this.#open = open[i]!;
      this.#high = h;
      this.#low = l;
      this.#close = c;
      this.#volume = volume[i]!;
      this.#closeUs = closeUs[i]!;
    }
  }

  /** The runs that chance does not explain. */
  end(): StaleRun[] {
    if (this.#flatRows > 0) this.#endFlat();
    if (this.#copyRows > 0) this.#endCopy();
    const [flat, copy] = [this.#flats.bound(), this.#copies.bound()];
    return this.#runs.filter((run) => run.rows > MARGIN * (run.kind === 'flat' ? flat : copy));
  }

  #endFlat(): void {
    this.#flats.add(this.#flatRows);
    if (this.#flatRows >= this.#least) this.#add('flat', this.#flatRows, this.#flatFromUs);
    this.#flatRows = 0;
  }

  #endCopy(): void {
    this.#copies.add(this.#copyRows);
    if (this.#copyRows >= COPIES_MIN) this.#add('copy', this.#copyRows, this.#copyFromUs);
    this.#copyRows = 0;
  }

  #add(kind: StaleRun['kind'], rows: number, fromUs: number): void {
    const at = this.#rows - rows;
    this.#runs.push({ at, rows, fromUs, toUs: this.#closeUs, price: this.#close, kind });
  }
}

/**
 * Whether the product moved while a run stood still. `alone`: no other contract has rows then, so nobody can say.
 */
export function judgeRun(run: StaleRun, activity: Activity): 'moved' | 'still' | 'alone' {
  const { rows, moves } = activity.within(run.fromUs, run.toUs);
  // Its own rows are among them, and none of them is a move.
  if (rows <= run.rows) return 'alone';
  return moves >= Math.max(2, (rows - run.rows) / 10) ? 'moved' : 'still';
}
