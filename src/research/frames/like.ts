/** Columns that come back from a library of others, as a frame again: types by a pattern, else by what the values are. */
import { TradingError } from '../../core/errors.ts';
import type { FrameInput, FrameType } from './frame.ts';
import { Frame } from './frame.ts';

/** `like` gives the types of columns by name, as `frame.types` does. */
export interface BackOptions {
  readonly like?: Frame | Readonly<Record<string, FrameType>>;
}

/** Errors: E_FRAME_VALUE; E_FRAME_COLUMN for a column whose values are of no type of a frame. */
export function frameFrom(
  columns: Readonly<Record<string, ArrayLike<unknown>>>,
  options: BackOptions,
): Frame {
  const { like } = options;
  const known = like instanceof Frame ? like.types : (like ?? {});
  return Frame.of(
    Object.fromEntries(
      Object.entries(columns).map(([name, values]) => {
        const type = Object.hasOwn(known, name) ? known[name]! : guess(name, values);
        const isShared = like instanceof Frame && Object.hasOwn(known, name);
        const metadata = isShared ? like.column(name).metadata : undefined;
        const cells = values as FrameInput['values'];
        return [name, { type, values: cells, ...(metadata === undefined ? {} : { metadata }) }];
      }),
    ),
    like instanceof Frame ? like.metadata : {},
  );
}

function guess(name: string, values: ArrayLike<unknown>): FrameType {
  if (values instanceof Int32Array) return 'i32';
  if (values instanceof Int8Array) return 'i8';
  if (values instanceof Uint8Array) return 'u8';
  if (values instanceof BigUint64Array) return 'u64';
  let row = 0;
  while (row < values.length && (values[row] === null || values[row] === undefined)) row += 1;
  const first = values[row];
  if (first === undefined || typeof first === 'number') return 'f64';
  if (typeof first === 'string') return 'utf8';
  if (typeof first === 'boolean') return 'bool';
  if (typeof first === 'bigint') return 'i64';
  throw new TradingError('E_FRAME_COLUMN', `column ${name} holds ${typeof first} values`, {
    details: { column: name, row, kind: typeof first },
    rule: 'a column holds numbers, whole numbers, booleans or texts',
    fix: `turn ${name} into one of them, or leave it out`,
  });
}
