/**
 * Reading of untrusted values: strict about ids and numbers, tolerant about what is absent. A failure names the message, the
 * field and the value. Nothing is guessed, and no time is invented.
 */
import { TradingError } from '../../core/errors.ts';
import type { TsUs } from '../../core/units.ts';
import { redact } from '../shared/redact.ts';

/** A JSON object of the wire and where it stands, for messages such as `Order/search orders[3].status`. */
export interface Row {
  readonly path: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function decodeError(path: string, value: unknown, rule: string): TradingError {
  return new TradingError('E_VENUE_DECODE', `${path} is ${show(value)}: ${rule}`, {
    details: { field: path, value: show(value) },
    rule,
  });
}

/** A value for people: short, without secrets, whatever it is. */
function show(value: unknown): string {
  if (value === undefined) return 'absent';
  let text: string;
  try {
    text =
      typeof value === 'object' && value !== null ? shallow(value) : JSON.stringify(redact(value));
  } catch {
    text = typeof value;
  }
  text ??= typeof value;
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function shallow(value: object): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return `an object with ${Object.keys(value).slice(0, 5).join(', ') || 'no fields'}`;
}

export function asRow(value: unknown, path: string): Row {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw decodeError(path, value, 'an object is needed');
  return { path, fields: value as Record<string, unknown> };
}

/** Own fields only: a message cannot reach what every object inherits. */
function fieldOf(row: Row, name: string): unknown {
  return Object.hasOwn(row.fields, name) ? row.fields[name] : undefined;
}

const at = (row: Row, name: string): string => `${row.path}.${name}`;

/** A list; null entries are left out. */
export function rowsOf(row: Row, name: string): readonly Row[] {
  const value = fieldOf(row, name);
  if (!Array.isArray(value)) throw decodeError(at(row, name), value, 'a list is needed');
  return rowsIn(value, at(row, name));
}

export function rowsIn(values: readonly unknown[], path: string): readonly Row[] {
  const rows: Row[] = [];
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] !== null && values[i] !== undefined) rows.push(asRow(values[i], `${path}[${i}]`));
  }
  return rows;
}

/** A whole number above 0 that a double holds exactly. */
export function idOf(row: Row, name: string): number {
  return checkId(fieldOf(row, name), at(row, name));
}

export function idOrNull(row: Row, name: string): number | null {
  const value = fieldOf(row, name);
  return value === null || value === undefined ? null : checkId(value, at(row, name));
}

function checkId(value: unknown, path: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value <= 0)
    throw decodeError(path, value, 'an id is a whole number from 1 to 2^53 - 1');
  return value;
}

export function numberOf(row: Row, name: string): number {
  return checkNumber(fieldOf(row, name), at(row, name));
}

export function numberOrNull(row: Row, name: string): number | null {
  const value = fieldOf(row, name);
  return value === null || value === undefined ? null : checkNumber(value, at(row, name));
}

function checkNumber(value: unknown, path: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw decodeError(path, value, 'a finite number is needed');
  return value + 0;
}

/** Whole contracts, 0 or more. */
export function countOf(row: Row, name: string): number {
  const value = fieldOf(row, name);
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw decodeError(at(row, name), value, 'a whole number of 0 or more is needed');
  return value + 0;
}

/** As `countOf`; absent is 0. */
export function countOrZero(row: Row, name: string): number {
  const value = fieldOf(row, name);
  return value === null || value === undefined ? 0 : countOf(row, name);
}

export function wholeOrNull(row: Row, name: string): number | null {
  const value = fieldOf(row, name);
  if (value === null || value === undefined) return null;
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw decodeError(at(row, name), value, 'a whole number is needed');
  return value + 0;
}

export function flagOf(row: Row, name: string): boolean {
  const value = fieldOf(row, name);
  if (typeof value !== 'boolean')
    throw decodeError(at(row, name), value, 'true or false is needed');
  return value;
}

export function flagOr(row: Row, name: string, absent: boolean): boolean {
  const value = fieldOf(row, name);
  return value === null || value === undefined ? absent : flagOf(row, name);
}

const TEXT_LENGTH_MAX = 4096;

export function textOf(row: Row, name: string): string {
  const value = fieldOf(row, name);
  if (typeof value !== 'string' || value === '' || value.length > TEXT_LENGTH_MAX)
    throw decodeError(at(row, name), value, `a text of 1 to ${TEXT_LENGTH_MAX} letters is needed`);
  return value;
}

/** Absent is empty. */
export function textOrEmpty(row: Row, name: string): string {
  const value = fieldOf(row, name);
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string' || value.length > TEXT_LENGTH_MAX)
    throw decodeError(
      at(row, name),
      value,
      `a text of at most ${TEXT_LENGTH_MAX} letters is needed`,
    );
  return value;
}

export function textOrNull(row: Row, name: string): string | null {
  const text = textOrEmpty(row, name);
  return text === '' ? null : text;
}

const TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|z|[+-]\d{2}:?\d{2})?$/;

/** An instant with any number of decimals; without a zone it is UTC. Finer than a microsecond is cut. */
export function timeOf(row: Row, name: string): TsUs {
  return checkTime(fieldOf(row, name), at(row, name));
}

export function timeOrNull(row: Row, name: string): TsUs | null {
  const value = fieldOf(row, name);
  return value === null || value === undefined ? null : checkTime(value, at(row, name));
}

function checkTime(value: unknown, path: string): TsUs {
  const match = typeof value === 'string' && value.length <= 40 ? TIME.exec(value) : null;
  const zone = match?.[4] ?? 'Z';
  const ms =
    match === null
      ? NaN
      : Date.parse(
          `${match[1]}T${match[2]}${zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase()}`,
        );
  // The platform rolls 30 February over to March; a day that does not exist is no time.
  if (match === null || Number.isNaN(ms) || !isDay(match[1]!))
    throw decodeError(path, value, 'a time such as 2026-11-02T15:00:00.123456+00:00 is needed');
  // Years 0 and 1 are what a default value of the server looks like.
  if (ms < 0) throw decodeError(path, value, 'a time after 1970 is needed');
  return (ms * 1000 + Number((match[3] ?? '').padEnd(6, '0').slice(0, 6))) as TsUs;
}

function isDay(text: string): boolean {
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

/** The word of a number of the wire. Errors: E_VENUE_DECODE, which names field and value, for one that is not listed. */
export function wordOf<T extends string>(
  row: Row,
  name: string,
  words: Readonly<Record<number, T>>,
): T {
  const value = fieldOf(row, name);
  const word = typeof value === 'number' && Object.hasOwn(words, value) ? words[value] : undefined;
  if (word === undefined) {
    const known = Object.entries(words).map(([code, text]) => `${code} ${text}`);
    throw decodeError(at(row, name), value, `known values are ${known.join(', ')}`);
  }
  return word;
}
