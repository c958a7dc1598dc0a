/** Bodies of requests: bound field by field, names without regard to case, unknown fields passed over; and problem documents. */
import { timeOf } from './wire.ts';

/**
 * `int` and `long` are whole numbers, `enum` too and never a text. A value type that is missing is its zero, as the reference
 * server binds it; a required text that is missing is a problem.
 */
export type FieldKind =
  | 'int'
  | 'long'
  | 'enum'
  | 'number'
  | 'bool'
  | 'text'
  | 'time'
  | 'ints'
  | 'object';

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly isOptional?: boolean;
  /** Of an `object`. */
  readonly fields?: readonly Field[];
}

export type Bound = Readonly<Record<string, unknown>>;

export interface Problem {
  /** By field or `$.path`. */
  readonly errors: Readonly<Record<string, readonly string[]>>;
}

const ZERO: Readonly<Record<FieldKind, unknown>> = {
  int: 0,
  long: 0,
  enum: 0,
  number: 0,
  bool: false,
  text: null,
  time: -62_135_596_800_000_000,
  ints: null,
  object: null,
};

const INT_MAX = 2 ** 31 - 1;

/** The fields of a body, or what is wrong with it. */
export function bindBody(
  text: string,
  fields: readonly Field[],
  isLenient: boolean,
): { readonly bound: Bound } | { readonly problem: Problem } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return malformed('$', 'The JSON value could not be read.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return malformed('$', 'The JSON value could not be converted to an object.');
  const missing: Record<string, readonly string[]> = {};
  const failed: string[] = [];
  const bound = bindObject(value as Bound, fields, '$', isLenient, failed, missing);
  if (failed.length > 0)
    return malformed(failed[0]!, `The JSON value could not be converted. Path: ${failed[0]}.`);
  if (Object.keys(missing).length > 0) return { problem: { errors: missing } };
  return { bound };
}

/** The path that failed, and the misleading word on the parameter that the reference server adds. */
function malformed(path: string, text: string): { readonly problem: Problem } {
  return { problem: { errors: { request: ['The request field is required.'], [path]: [text] } } };
}

function bindObject(
  body: Bound,
  fields: readonly Field[],
  path: string,
  isLenient: boolean,
  failed: string[],
  missing: Record<string, readonly string[]>,
): Bound {
  const given = new Map(Object.entries(body).map(([name, value]) => [name.toLowerCase(), value]));
  const out: Record<string, unknown> = {};
  for (const field of fields) {
    const { name, kind, isOptional = false } = field;
    const value = given.get(name.toLowerCase());
    const at = `${path}.${name}`;
    if (value === undefined || value === null) {
      const isValueType = kind !== 'text' && kind !== 'ints' && kind !== 'object';
      if (value === null && isValueType && !isOptional) failed.push(at);
      if (!isOptional && !isValueType) {
        const title = name.charAt(0).toUpperCase() + name.slice(1);
        missing[title] = [`The ${title} field is required.`];
      }
      out[name] = isOptional ? null : ZERO[kind];
      continue;
    }
    if (kind === 'object') {
      if (typeof value !== 'object' || Array.isArray(value)) {
        failed.push(at);
        continue;
      }
      out[name] = bindObject(value as Bound, field.fields ?? [], at, isLenient, failed, missing);
      continue;
    }
    const read = readValue(value, kind, isLenient);
    if (read === undefined) failed.push(at);
    else out[name] = read;
  }
  return out;
}

function readValue(value: unknown, kind: FieldKind, isLenient: boolean): unknown {
  switch (kind) {
    case 'int':
    case 'long':
    case 'enum':
      return readWhole(
        value,
        kind === 'long' ? Number.MAX_SAFE_INTEGER : INT_MAX,
        isLenient && kind !== 'enum',
      );
    case 'number': {
      const number =
        isLenient && typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
    }
    case 'bool':
      return typeof value === 'boolean' ? value : undefined;
    case 'text':
      return typeof value === 'string' ? value : undefined;
    case 'time': {
      const tsUs = typeof value === 'string' ? timeOf(value) : NaN;
      return Number.isNaN(tsUs) ? undefined : tsUs;
    }
    case 'ints': {
      if (!Array.isArray(value)) return undefined;
      const all = value.map((each) => readWhole(each, INT_MAX, isLenient));
      return all.includes(undefined) ? undefined : all;
    }
    default:
      return undefined;
  }
}

/** A whole number within bounds, or undefined. */
export function readWhole(value: unknown, most: number, isLenient: boolean): number | undefined {
  const number =
    isLenient && typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
  const isWhole =
    typeof number === 'number' && Number.isInteger(number) && Math.abs(number) <= most;
  return isWhole ? number : undefined;
}
