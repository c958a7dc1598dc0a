/** Checks of settings and columns: said once, at construction, never in a loop. */
import { TradingError } from '../core/errors.ts';

/** Longest window: eight bytes a bar and array, so that a slip of the keyboard does not ask for all memory. */
export const LENGTH_MAX = 10_000_000;

function refuse(name: string, value: unknown, rule: string): never {
  throw new TradingError(
    'E_INDICATOR_PARAM',
    `\`${name}\` is ${String(value)}, allowed is ${rule}`,
    {
      details: { name, value },
      rule: `${name}: ${rule}`,
      fix: 'choose a value inside the range',
    },
  );
}

/** A whole number of bars in [min, LENGTH_MAX]. Errors: E_INDICATOR_PARAM. */
export function checkLength(name: string, value: number, min: number = 1): number {
  if (!(Number.isInteger(value) && value >= min && value <= LENGTH_MAX))
    refuse(name, value, `a whole number from ${min} to ${LENGTH_MAX}`);
  return value;
}

/** A finite number above zero. Errors: E_INDICATOR_PARAM. */
export function checkPositive(name: string, value: number): number {
  if (!(value > 0 && Number.isFinite(value))) refuse(name, value, 'a number above 0');
  return value;
}

/** A share in (0, 1]. Errors: E_INDICATOR_PARAM. */
export function checkShare(name: string, value: number): number {
  if (!(value > 0 && value <= 1)) refuse(name, value, 'above 0 and at most 1');
  return value;
}

/** One of the named texts. Errors: E_INDICATOR_PARAM. */
export function checkChoice<T extends string>(name: string, value: T, known: readonly T[]): T {
  if (!known.includes(value)) refuse(name, value, known.join(', '));
  return value;
}

/**
 * Rows of the columns: `length` where it is given (as in `BarColumns`, whose columns may be longer), else that of `close`.
 * Errors: E_INDICATOR_COLUMNS when one of `names` is missing or too short.
 */
export function rowsOf(
  columns: { readonly length?: number; readonly close: ArrayLike<number> },
  names: readonly string[],
): number {
  const rows = columns.length ?? columns.close?.length;
  const byName = columns as unknown as Readonly<Record<string, ArrayLike<number> | undefined>>;
  for (const name of names) {
    const found = byName[name]?.length;
    if (found !== undefined && rows !== undefined && found >= rows) continue;
    throw new TradingError(
      'E_INDICATOR_COLUMNS',
      found === undefined
        ? `column \`${name}\` is missing`
        : `column \`${name}\` has ${found} rows, not ${rows}`,
      {
        details: { name, found: found ?? null, rows: rows ?? null },
        rule: `this kernel reads ${names.join(', ')}, each with one row for each bar`,
        fix: 'pass the missing column, or cut all to the same rows',
      },
    );
  }
  return rows!;
}

/** Errors: E_INDICATOR_COLUMNS when two columns differ in length. */
export function checkSameRows(a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (a.length === b.length) return;
  throw new TradingError(
    'E_INDICATOR_COLUMNS',
    `the columns have ${a.length} and ${b.length} rows`,
    { details: { a: a.length, b: b.length }, rule: 'both columns have one row for each bar' },
  );
}
