/**
 * Frames as tables of Arquero, an optional package: verbs such as filter, groupby, rollup and join on columns in memory.
 *
 * The columns are handed over as typed arrays, not through Arrow values: read one by one, those of an Arrow table give a time
 * in milliseconds, whatever its unit.
 */
import { TradingError } from '../../core/errors.ts';
import type { BackOptions } from './like.ts';
import { frameFrom } from './like.ts';
import type { Frame } from './frame.ts';

/** The part of the package that is used. Its own types stay with its users: `toArquero(frame, aq)` returns theirs. */
export interface ArqueroModule<T> {
  table(columns: Record<string, ArrayLike<unknown>>, names?: string[]): T;
}

/** What comes back needs these; any table of the package has them. */
export interface ArqueroTable {
  numRows(): number;
  columnNames(): string[];
  /** Values of the rows that filters left, in their order. */
  array(name: string): ArrayLike<unknown>;
}

/** The verbs used most, for a table made without handing the package in; expressions are texts such as `'d => d.net > 0'`. */
export interface ArqueroVerbs extends ArqueroTable {
  filter(expression: string): ArqueroVerbs;
  derive(values: Readonly<Record<string, string>>): ArqueroVerbs;
  select(...names: string[]): ArqueroVerbs;
  orderby(...keys: string[]): ArqueroVerbs;
  groupby(...keys: string[]): ArqueroVerbs;
  rollup(values: Readonly<Record<string, string>>): ArqueroVerbs;
  objects(): object[];
  print(): unknown;
}

/**
 * A table over the frame's own arrays, nothing copied but booleans. Times stay whole numbers of their unit.
 * Give the package, `import * as aq from 'arquero'`, to have its types; without it, it is loaded.
 * Errors: E_FRAME_PACKAGE when it is not installed.
 *
 * @example
 * const table = await toArquero(frame, aq);
 * table.groupby('contract').rollup({ bars: aq.op.count() }).print();
 * (await toArquero(frame)).filter('d => d.volume > 100').print();
 */
export async function toArquero<T = ArqueroVerbs>(
  frame: Frame,
  arquero?: ArqueroModule<T>,
): Promise<T> {
  const { table } = arquero ?? ((await loadArquero()) as unknown as ArqueroModule<T>);
  const columns = frame.names.map((name): [string, ArrayLike<unknown>] => {
    const { type, values } = frame.column(name);
    if (type !== 'bool') return [name, values];
    return [name, Array.from(values as Uint8Array, (value) => value === 1)];
  });
  return table(Object.fromEntries(columns), [...frame.names]);
}

/**
 * A frame of a table's rows as its filters and order left them. Types and metadata come from `like` by name; a new column gets
 * the type of its values, numbers that of doubles. Errors: E_FRAME_VALUE, E_FRAME_COLUMN.
 */
export function fromArquero(table: ArqueroTable, options: BackOptions = {}): Frame {
  const columns = table.columnNames().map((name) => [name, table.array(name)] as const);
  return frameFrom(Object.fromEntries(columns), options);
}

async function loadArquero(): Promise<unknown> {
  try {
    return await import('arquero');
  } catch (cause) {
    throw new TradingError('E_FRAME_PACKAGE', 'the package arquero is not installed', {
      details: { package: 'arquero' },
      rule: 'tables of Arquero need the package; everything else works without it',
      fix: 'npm install arquero@7.2.1',
      cause,
    });
  }
}
