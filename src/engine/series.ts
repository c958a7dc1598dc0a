/**
 * Continuous series as a strategy sees them. Flat world: history is a ring of raw counts with the cumulative gap (or
 * factor) of its segment beside each row, so that a roll is one addition and the current contract always reads raw.
 *
 * adjusted = raw + (base − cumulative of the row)   difference modes; base = cumulative now (back) or 0 (forward)
 * adjusted = raw × (base ÷ cumulative of the row)   ratio modes
 */
import type { BarColumns } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import type { ContinuousId, ContractId, InstrumentSpec } from '../core/instrument.ts';
import type { RoundMode } from '../core/price-grid.ts';
import { roundCounts } from '../core/price-grid.ts';
import type { Adjustment } from '../core/roll.ts';
import { describeRollRule, isRatioMode } from '../core/roll.ts';
import type { BarView, CarryView, CurveView, Indicator, SeriesView } from '../core/strategy.ts';
import { toContinuousId } from '../core/symbology.ts';
import type { PriceTicks, TradeDate, TsUs } from '../core/units.ts';
import type { ChainInput, CurveTable, SeriesInput } from './config.ts';
import { CurveSide } from './series-curve.ts';

/** The view handed to hooks: one for each series, moved from bar to bar. */
export class SeriesBar implements BarView {
  readonly #series: Series;
  openUs: TsUs = 0 as TsUs;
  tradeDate: TradeDate = 0 as TradeDate;
  isSessionFirst: boolean = false;
  isSessionLast: boolean = false;

  constructor(series: Series) {
    this.#series = series;
  }
  get key(): string {
    return this.#series.key;
  }
  get root(): string {
    return this.#series.root;
  }
  get contract(): ContractId {
    return this.#series.contract;
  }
  get closeUs(): TsUs {
    return this.#series.closeUs(0);
  }
  get open(): number {
    return this.#series.open(0);
  }
  get high(): number {
    return this.#series.high(0);
  }
  get low(): number {
    return this.#series.low(0);
  }
  get close(): number {
    return this.#series.close(0);
  }
  get volume(): number {
    return this.#series.volume(0);
  }
  get rawCloseTicks(): number {
    return this.#series.rawCloseTicks();
  }
}

export interface SeriesMove {
  /** What indicators and levels move by; neutral values are 0 and 1. */
  readonly shift: number;
  readonly factor: number;
}

export class Series implements SeriesView {
  readonly key: string;
  readonly id: ContinuousId;
  readonly root: string;
  readonly interval: string;
  readonly input: SeriesInput;
  /** Place in the order of declaration. */
  readonly ordinal: number;
  readonly bar: SeriesBar;
  readonly indicators: Indicator[] = [];
  /** Row of the contract it stands on, or -1 past the end of the chain. */
  contractIndex: number = -1;
  contract: ContractId = '' as ContractId;
  /** Null unless the strategy asked for the curve. */
  readonly #curve: {
    readonly table: CurveTable;
    readonly forward: CurveSide;
    readonly previous: CurveSide;
    readonly carry: CurveSide;
  } | null;
  readonly #adjust: Adjustment;
  readonly #isRatio: boolean;
  readonly #isBack: boolean;
  /** price = counts × num ÷ den, correctly rounded because both are whole. */
  readonly #num: number;
  readonly #den: number;
  readonly #capacity: number;
  readonly #mask: number;
  readonly #open: Float64Array;
  readonly #high: Float64Array;
  readonly #low: Float64Array;
  readonly #close: Float64Array;
  readonly #volume: Float64Array;
  readonly #closeUs: Float64Array;
  readonly #cumulative: Float64Array;
  readonly #warmUp: number;
  /** Close of the bar that completed its warm-up; NaN before. */
  warmUs: number = NaN;
  #now: number;
  #count: number = 0;

  constructor(
    input: SeriesInput,
    chain: ChainInput,
    spec: InstrumentSpec,
    ordinal: number = 0,
    idOf: (contractIndex: number) => ContractId = () => '' as ContractId,
  ) {
    this.input = input;
    this.ordinal = ordinal;
    this.key = input.key;
    this.root = input.root;
    this.interval = input.interval;
    this.#adjust = input.adjust;
    this.id = toContinuousId(
      input.root,
      describeRollRule(chain.schedule.rule),
      input.adjust,
      input.depth,
    );
    this.#isRatio = isRatioMode(input.adjust);
    this.#isBack = input.adjust === 'back-difference' || input.adjust === 'back-ratio';
    this.#den = 10 ** spec.grid.decimals;
    this.#num = Math.round(spec.grid.increment * this.#den);
    this.#capacity = Math.max(1, input.history);
    const size = 2 ** Math.ceil(Math.log2(this.#capacity));
    this.#mask = size - 1;
    this.#open = new Float64Array(size);
    this.#high = new Float64Array(size);
    this.#low = new Float64Array(size);
    this.#close = new Float64Array(size);
    this.#volume = new Float64Array(size);
    this.#closeUs = new Float64Array(size);
    this.#cumulative = new Float64Array(size);
    this.#now = this.#isRatio ? 1 : 0;
    this.#warmUp = input.warmUp ?? 0;
    const table = input.curve;
    const side = (rows: Int32Array): CurveSide => new CurveSide(this, rows, size, idOf);
    this.#curve =
      table === undefined
        ? null
        : {
            table,
            forward: side(table.forward),
            previous: side(table.previous),
            carry: side(table.carry),
          };
    this.bar = new SeriesBar(this);
  }

  get length(): number {
    return Math.min(this.#count, this.#capacity);
  }

  /** Appends one row of raw counts; the bar view stands on it afterwards. */
  push(bars: BarColumns, row: number, isVolumeKnown: boolean): void {
    const slot = this.#count & this.#mask;
    this.#open[slot] = bars.open[row]!;
    this.#high[slot] = bars.high[row]!;
    this.#low[slot] = bars.low[row]!;
    this.#close[slot] = bars.close[row]!;
    this.#volume[slot] = isVolumeKnown ? bars.volume[row]! : NaN;
    this.#closeUs[slot] = bars.closeUs[row]!;
    this.#cumulative[slot] = this.#now;
    this.#count += 1;
    if (this.#count === this.#warmUp) this.warmUs = bars.closeUs[row]!;
    if (this.#curve === null) return;
    const { forward, previous, carry } = this.#curve;
    for (const side of [forward, previous, carry]) side.begin(slot, bars.closeUs[row]!);
  }

  /** A bar of another contract: a neighbour's close stands beside the row that closes at the same moment. */
  see(contractIndex: number, closeUs: number, close: number): void {
    if (this.#curve === null) return;
    const newest = (this.#count - 1) & this.#mask;
    const rowUs = this.#count === 0 ? NaN : this.#closeUs[newest]!;
    const { forward, previous, carry } = this.#curve;
    for (const side of [forward, previous, carry])
      side.see(contractIndex, closeUs, close, newest, rowUs);
  }

  get forward(): CurveView {
    return (this.#curve ?? this.#noCurve()).forward;
  }
  get previous(): CurveView {
    return (this.#curve ?? this.#noCurve()).previous;
  }
  get carry(): CarryView {
    return (this.#curve ?? this.#noCurve()).carry;
  }

  rawClose(ago: number): number {
    return this.toDecimal(this.#close[this.slotOf(ago)]!);
  }
  /** Raw counts of a row of the ring. */
  countsAt(slot: number): number {
    return this.#close[slot]!;
  }
  /** Signed years to the carry contract of a contract. */
  yearsOf(contractIndex: number): number {
    return this.#curve === null ? NaN : this.#curve.table.carryYears[contractIndex]!;
  }
  toDecimal(counts: number): number {
    return (counts * this.#num) / this.#den;
  }

  #noCurve(): never {
    throw new TradingError(
      'E_SERIES_CURVE',
      `series ${this.key} was declared without its neighbours`,
      {
        details: { key: this.key },
        rule: 'forward, previous and carry are read where the request has `curve`',
        fix: 'declare curve: true for this series',
      },
    );
  }

  /** Moves to another contract with the prices of both at one instant, in counts. Errors: E_ROLL_RATIO from the caller. */
  roll(
    contractIndex: number,
    contract: ContractId,
    fromPrice: number,
    toPrice: number,
  ): SeriesMove {
    this.contractIndex = contractIndex;
    this.contract = contract;
    if (this.#adjust === 'none') return { shift: 0, factor: 1 };
    if (this.#isRatio) {
      const ratio = toPrice / fromPrice;
      this.#now *= ratio;
      return { shift: 0, factor: this.#isBack ? ratio : 1 };
    }
    const gap = toPrice - fromPrice;
    this.#now += gap;
    return { shift: this.#isBack ? (gap * this.#num) / this.#den : 0, factor: 1 };
  }

  open(ago: number): number {
    return this.#read(this.#open, ago);
  }
  high(ago: number): number {
    return this.#read(this.#high, ago);
  }
  low(ago: number): number {
    return this.#read(this.#low, ago);
  }
  close(ago: number): number {
    return this.#read(this.#close, ago);
  }
  volume(ago: number): number {
    return this.#volume[this.#slot(ago)]!;
  }
  closeUs(ago: number): TsUs {
    return this.#closeUs[this.#slot(ago)]! as TsUs;
  }
  rawCloseTicks(): number {
    return this.#close[this.#slot(0)]!;
  }

  highest(count: number, ago: number = 0): number {
    return this.#extreme(this.#high, count, ago, 1);
  }
  lowest(count: number, ago: number = 0): number {
    return this.#extreme(this.#low, count, ago, -1);
  }

  toRawTicks(level: number, mode: RoundMode): PriceTicks {
    const counts = (level * this.#den) / this.#num;
    if (!Number.isFinite(counts)) {
      throw new TradingError('E_PRICE_GRID', `level ${level} is not a number`, {
        details: { level, series: this.key },
        fix: 'wait until the indicator or series has enough bars',
      });
    }
    const base = this.#base();
    const raw = this.#isRatio ? counts / (base / this.#now) : counts - (base - this.#now);
    return roundCounts(raw, mode);
  }

  attach<I extends Indicator>(indicator: I): I {
    this.indicators.push(indicator);
    return indicator;
  }

  #base(): number {
    if (this.#isBack) return this.#now;
    return this.#isRatio ? 1 : 0;
  }

  #adjusted(raw: number, slot: number): number {
    const cumulative = this.#cumulative[slot]!;
    const counts = this.#isRatio
      ? raw * (this.#base() / cumulative)
      : raw + (this.#base() - cumulative);
    return (counts * this.#num) / this.#den;
  }

  /** Place of a row in the ring. Errors: E_SERIES_HISTORY. */
  slotOf(ago: number): number {
    return this.#slot(ago);
  }

  #slot(ago: number): number {
    if (!(ago >= 0 && ago < this.#count && ago < this.#capacity)) this.#refuse(ago);
    return (this.#count - 1 - ago) & this.#mask;
  }

  #read(column: Float64Array, ago: number): number {
    const slot = this.#slot(ago);
    return this.#adjusted(column[slot]!, slot);
  }

  #refuse(ago: number): never {
    if (!(ago >= 0)) {
      const name = ago < 0 ? `${-ago} after the last finished one` : String(ago);
      throw new TradingError('E_SERIES_FUTURE', `series ${this.key}: bar ${name} was asked for`, {
        details: { key: this.key, ago, length: this.length },
        rule: 'ago counts back from the last finished bar: 0 is that bar, 1 the one before it',
        fix: 'read close(0), close(1) and so on; a later bar is not known before its own onBar',
      });
    }
    const isShort = ago < this.#capacity;
    throw new TradingError(
      'E_SERIES_HISTORY',
      `series ${this.key} holds ${this.length} bars; bar ${ago} back was asked for`,
      {
        details: { key: this.key, ago, length: this.length, history: this.#capacity },
        rule: 'ago is 0 for the last finished bar and below `length`',
        fix: isShort
          ? 'check series.length first, or ask for a warmUp'
          : `declare history: ${ago + 1} or more for this series`,
      },
    );
  }

  #extreme(column: Float64Array, count: number, ago: number, sign: 1 | -1): number {
    if (!(count >= 1) || ago + count > this.length) {
      if (ago + count > this.#capacity) this.#refuse(ago + count - 1);
      return NaN;
    }
    let best = -Infinity;
    for (let i = ago; i < ago + count; i += 1) {
      const value = sign * this.#read(column, i);
      if (value > best) best = value;
    }
    return sign * best;
  }
}
