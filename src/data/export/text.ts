/** Values as exact text: prices by integer arithmetic, times in UTC with all their digits. Pure. */
import { decimalsOf } from '../../core/price-grid.ts';
import { toIsoDate } from '../../core/trade-date.ts';
import type { TradeDate } from '../../core/units.ts';
import { US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND } from '../../core/units.ts';
import type { GridStatement } from '../manifest.ts';

/** Counts of one grid to decimal prices and back. */
export interface PriceText {
  /** Exact for whole counts; the shortest decimal that reads back for others. Empty for NaN. */
  write(count: number): string;
  /** NaN for a text that is no price of the grid. */
  read(text: string): number;
  /** The nearest double to the exact price; NaN stays NaN. */
  value(count: number): number;
}

/** Errors: E_INSTRUMENT for an increment of more than 12 decimals. */
export function priceText(grid: GridStatement): PriceText {
  const { increment } = grid;
  const decimals = decimalsOf(increment);
  const scale = 10 ** decimals;
  const unit = Math.round(increment * scale);
  const write = (count: number): string => {
    if (Number.isNaN(count)) return '';
    if (!Number.isInteger(count)) return fractionText(count, increment);
    const scaled = count * unit;
    const isSmall = Math.abs(scaled) <= Number.MAX_SAFE_INTEGER;
    const digits = isSmall ? String(Math.abs(scaled)) : String(abs(BigInt(count) * BigInt(unit)));
    const sign = count < 0 || Object.is(count, -0) ? '-' : '';
    if (decimals === 0) return sign + digits;
    const padded = digits.padStart(decimals + 1, '0');
    return `${sign}${padded.slice(0, -decimals)}.${padded.slice(-decimals)}`;
  };
  return {
    write,
    read(text) {
      const match = DECIMAL.exec(text);
      if (match === null) return grid.kind === 'float' ? fractionCount(text, increment) : NaN;
      const [, sign, whole, fraction = ''] = match;
      const rest = fraction.slice(decimals);
      const isCoarse = !/[1-9]/.test(rest);
      const digits = `${whole}${fraction.slice(0, decimals).padEnd(decimals, '0')}`;
      const count = isCoarse ? countOf(digits, unit) : NaN;
      if (!Number.isNaN(count)) return sign === '-' ? -count : count;
      return grid.kind === 'float' ? fractionCount(text, increment) : NaN;
    },
    value: (count) => (Number.isNaN(count) ? NaN : Number(write(count))),
  };
}

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?$/;

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function countOf(digits: string, unit: number): number {
  if (digits.length <= 15) {
    const scaled = Number(digits);
    return scaled % unit === 0 ? scaled / unit : NaN;
  }
  const [scaled, divisor] = [BigInt(digits), BigInt(unit)];
  return scaled % divisor === 0n ? Number(scaled / divisor) : NaN;
}

/** Prices off the grid: the double nearest to the price that divides back into the count. */
function fractionText(count: number, increment: number): string {
  const price = count * increment;
  for (const step of [0, 1, -1, 2, -2]) {
    const near = step === 0 ? price : price + step * ulp(price);
    if (near / increment === count) return String(near);
  }
  return String(price);
}

function fractionCount(text: string, increment: number): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) / increment : NaN;
}

function ulp(value: number): number {
  const size = Math.abs(value);
  return size === 0 ? Number.MIN_VALUE : 2 ** (Math.floor(Math.log2(size)) - 52);
}

/** Writes instants as `2024-03-04T14:30:00Z`, with 3, 6 or 9 decimals of a second where they are needed. */
export class TimeText {
  #day = NaN;
  #date = '';

  /** µs UTC. */
  micros(us: number): string {
    const text = this.#seconds(us);
    const rest = ((us % US_PER_SECOND) + US_PER_SECOND) % US_PER_SECOND;
    if (rest === 0) return `${text}Z`;
    const digits = String(rest).padStart(6, '0');
    return `${text}.${rest % 1000 === 0 ? digits.slice(0, 3) : digits}Z`;
  }

  /** ns UTC, always with nine decimals, so that the file says what its source had. */
  nanos(ns: bigint, us: number): string {
    const rest = ((us % US_PER_SECOND) + US_PER_SECOND) % US_PER_SECOND;
    const below = Number(((ns % 1000n) + 1000n) % 1000n);
    return `${this.#seconds(us)}.${String(rest).padStart(6, '0')}${String(below).padStart(3, '0')}Z`;
  }

  #seconds(us: number): string {
    const day = Math.floor(us / US_PER_DAY);
    if (day !== this.#day) {
      this.#day = day;
      this.#date = toIsoDate(day as TradeDate);
    }
    const within = us - day * US_PER_DAY;
    const hour = Math.floor(within / US_PER_HOUR);
    const minute = Math.floor(within / US_PER_MINUTE) % 60;
    const second = Math.floor(within / US_PER_SECOND) % 60;
    return `${this.#date}T${TWO[hour]}:${TWO[minute]}:${TWO[second]}`;
  }
}

const TWO: readonly string[] = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, '0'));
