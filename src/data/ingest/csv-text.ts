/** Text to fields, numbers and times. Pure; a reason in words stands where a value cannot be read. */
import { toTradeDate } from '../../core/trade-date.ts';
import { US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND } from '../../core/units.ts';

export const DELIMITERS = [',', ';', '\t', '|'] as const;

/** Splits one line; fields may be quoted, a doubled quote stands for one. Null when a quote is not closed. */
export function splitFields(line: string, delimiter: string): string[] | null {
  if (!line.includes('"')) return line.split(delimiter);
  const fields: string[] = [];
  let at = 0;
  while (at <= line.length) {
    if (line[at] !== '"') {
      const end = line.indexOf(delimiter, at);
      fields.push(line.slice(at, end < 0 ? line.length : end));
      if (end < 0) return fields;
      at = end + 1;
      continue;
    }
    let text = '';
    for (at += 1; ; at += 1) {
      const quote = line.indexOf('"', at);
      if (quote < 0) return null;
      text += line.slice(at, quote);
      at = quote + 1;
      if (line[at] !== '"') break;
      text += '"';
    }
    fields.push(text);
    if (at >= line.length) return fields;
    if (line[at] !== delimiter) return null;
    at += 1;
  }
  return fields;
}

/** The delimiter that splits a line into the most fields; a comma when none does. */
export function guessDelimiter(line: string): string {
  let best: string = ',';
  for (const delimiter of DELIMITERS)
    if (line.split(delimiter).length > line.split(best).length) best = delimiter;
  return best;
}

/** A plain decimal, also with an exponent. NaN for anything else, the empty text and `Infinity` among them. */
export function parseDecimal(text: string): number {
  const trimmed = text.trim();
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed) ? Number(trimmed) : NaN;
}

/**
 * How times are written: `iso` (a date, or date and time, with or without an offset), a count since 1970, or a pattern of
 * YYYY, YY, MM, DD, HH, hh with A (AM or PM), mm, ss and S… (fraction), such as `DD/MM/YYYY HH:mm`.
 */
export type TimeFormat = 'iso' | 'epoch-s' | 'epoch-ms' | 'epoch-us' | 'epoch-ns' | (string & {});

/** `wall` is a clock reading in µs as if it were UTC; `utc` is an instant. */
export interface ParsedTime {
  readonly kind: 'wall' | 'utc';
  readonly us: number;
  /** The text held a date only. */
  readonly isDateOnly: boolean;
}
export type TimeParser = (text: string) => ParsedTime | null;

/** Null when the format is not one of ours. */
export function timeParser(format: TimeFormat): TimeParser | null {
  if (format === 'iso') return parseIso;
  const digits: Readonly<Record<string, number>> = {
    'epoch-s': 6,
    'epoch-ms': 3,
    'epoch-us': 0,
    'epoch-ns': -3,
  };
  const shift = digits[format];
  if (shift !== undefined) return (text) => parseEpoch(text, shift);
  return patternParser(format);
}

function parseEpoch(text: string, shift: number): ParsedTime | null {
  const match = /^(-?\d+)(?:\.(\d+))?$/.exec(text.trim());
  if (match === null) return null;
  // By digits, not by multiplication: nanoseconds since 1970 do not fit a double.
  const whole = shift < 0 ? match[1]!.slice(0, shift) : match[1]!;
  const fraction = shift < 0 ? '' : (match[2] ?? '').padEnd(shift, '0').slice(0, shift);
  const us = Number(`${whole === '' || whole === '-' ? `${whole}0` : whole}${fraction}`);
  return Number.isSafeInteger(us) ? { kind: 'utc', us: us + 0, isDateOnly: false } : null;
}

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/;

function parseIso(text: string): ParsedTime | null {
  const m = ISO.exec(text.trim());
  if (m === null) return null;
  const wall = wallUs(m[1], m[2], m[3], m[4], m[5], m[6], m[7]);
  if (wall === null) return null;
  const zone = m[8];
  if (zone === undefined) return { kind: 'wall', us: wall, isDateOnly: m[4] === undefined };
  const offset =
    zone === 'Z'
      ? 0
      : Number(`${zone[0]}1`) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2)));
  return { kind: 'utc', us: wall - offset * US_PER_MINUTE, isDateOnly: false };
}

const TOKENS: Readonly<Record<string, string>> = {
  YYYY: '(?<year>\\d{4})',
  YY: '(?<year>\\d{2})',
  MM: '(?<month>\\d{1,2})',
  DD: '(?<day>\\d{1,2})',
  HH: '(?<hour>\\d{1,2})',
  hh: '(?<hour>\\d{1,2})',
  mm: '(?<minute>\\d{2})',
  ss: '(?<second>\\d{2})',
  A: '(?<half>[AaPp][Mm])',
};

function patternParser(format: string): TimeParser | null {
  const parts: readonly string[] =
    format.match(/YYYY|YY|MM|DD|HH|hh|mm|ss|S+|A|[^A-Za-z]|[A-Za-z]/g) ?? [];
  const has = (...tokens: string[]): boolean => tokens.some((token) => parts.includes(token));
  if (
    !has('YYYY', 'YY') ||
    !has('MM') ||
    !has('DD') ||
    new Set(tokensOf(parts)).size !== tokensOf(parts).length
  )
    return null;
  // Fixed widths where tokens touch, as in YYYYMMDDHHmm; one or two digits where something separates them.
  const isTight = /[YMDHhms]{2}(?=MM|DD|HH|hh)/.test(format);
  const source = parts.map((part) => {
    const token = /^S+$/.test(part) ? '(?<fraction>\\d{1,9})' : TOKENS[part];
    if (token === undefined) return part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    return isTight ? token.replace('{1,2}', '{2}') : token;
  });
  const regex = new RegExp(`^${source.join('')}$`);
  const isDateOnly = !has('HH', 'hh');
  return (text) => {
    const g = regex.exec(text.trim())?.groups;
    if (g === undefined) return null;
    const year =
      g['year']!.length === 2
        ? String(Number(g['year']) + (Number(g['year']) < 70 ? 2000 : 1900))
        : g['year'];
    const hour = g['half'] === undefined ? g['hour'] : hourOf(g['hour'], g['half']);
    const us = wallUs(year, g['month'], g['day'], hour, g['minute'], g['second'], g['fraction']);
    return us === null ? null : { kind: 'wall', us, isDateOnly };
  };
}

function tokensOf(parts: readonly string[]): string[] {
  return parts.filter((part) => TOKENS[part] !== undefined || /^S+$/.test(part));
}

function hourOf(hour: string | undefined, half: string): string {
  const value = Number(hour);
  if (!(value >= 1 && value <= 12)) return '99';
  return String((value % 12) + (half.toLowerCase() === 'pm' ? 12 : 0));
}

/** A clock reading as µs, or null when the date or the time does not exist. */
function wallUs(
  yearText: string | undefined,
  monthText: string | undefined,
  dayText: string | undefined,
  hourText = '0',
  minuteText = '0',
  secondText = '0',
  fraction = '',
): number | null {
  const [year, month, day] = [Number(yearText), Number(monthText), Number(dayText)];
  const [hour, minute, second] = [Number(hourText), Number(minuteText), Number(secondText)];
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return null;
  const first = toTradeDate(year, month, 1);
  const next = month === 12 ? toTradeDate(year + 1, 1, 1) : toTradeDate(year, month + 1, 1);
  if (day > next - first) return null;
  return (
    (first + day - 1) * US_PER_DAY +
    hour * US_PER_HOUR +
    minute * US_PER_MINUTE +
    second * US_PER_SECOND +
    Number(fraction.padEnd(6, '0').slice(0, 6))
  );
}
