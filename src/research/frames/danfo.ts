/**
 * Frames as data frames of Danfo, for small tables in notebooks. The package is not one of ours: whoever has it hands it in.
 *
 * Danfo shows results; it computes nothing that matters: its sorting is quadratic, and parts of it go through 32-bit floats.
 */
import { TradingError } from '../../core/errors.ts';
import type { Frame } from './frame.ts';
import type { BackOptions } from './like.ts';
import { frameFrom } from './like.ts';

/** The part of the package that is used: `import * as danfo from 'danfojs-node'`. */
export interface DanfoModule<D> {
  readonly DataFrame: new (
    data: Record<string, unknown[]> | unknown[],
    options?: { readonly columns: string[] },
  ) => D;
}

/** What comes back needs these; any data frame of the package has them. */
export interface DanfoFrame {
  readonly columns: string[];
  readonly shape: number[];
  column(name: string): { readonly values: readonly unknown[] };
}

/** Above this many rows the package becomes slow, and a table is no longer read by people. */
export const DANFO_ROWS_MAX = 100_000;

/**
 * A data frame with plain arrays as columns: Danfo reads typed arrays as rows. Times stay whole numbers of µs.
 * Errors: E_FRAME_SIZE above `DANFO_ROWS_MAX` rows; E_FRAME_COLUMN for BigInts (nanosecond times, unsigned 64-bit numbers),
 * which the package does not know.
 */
export function toDanfo<D>(frame: Frame, danfo: DanfoModule<D>): D {
  if (frame.length > DANFO_ROWS_MAX)
    throw new TradingError('E_FRAME_SIZE', `${frame.length} rows are too many for Danfo`, {
      details: { rows: frame.length, rowsMax: DANFO_ROWS_MAX },
      rule: `at most ${DANFO_ROWS_MAX} rows`,
      fix: 'take a part with slice(), or fewer rows with SQL or Arquero',
    });
  const columns = frame.names.map((name): [string, unknown[]] => {
    const { type, values } = frame.column(name);
    if (type === 'utf8') return [name, [...(values as readonly string[])]];
    if (type === 'bool') return [name, Array.from(values as Uint8Array, (value) => value === 1)];
    return [name, Array.from(frame.numbers(name))];
  });
  // It refuses columns without values, and takes their names alone.
  if (frame.length === 0) return new danfo.DataFrame([], { columns: [...frame.names] });
  return new danfo.DataFrame(Object.fromEntries(columns));
}

/** A frame of a data frame; types and metadata from `like` by name. Errors: E_FRAME_VALUE, E_FRAME_COLUMN. */
export function fromDanfo(frame: DanfoFrame, options: BackOptions = {}): Frame {
  const isEmpty = frame.shape[0] === 0;
  const columns = frame.columns.map(
    (name) => [name, isEmpty ? [] : [...frame.column(name).values]] as const,
  );
  return frameFrom(Object.fromEntries(columns), options);
}
