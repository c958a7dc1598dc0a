/** Frames as Parquet files, for other programs and for SQL. */
import { TradingError } from '../../core/errors.ts';
import type { ParquetType } from '../../data/parquet.ts';
import { errnoOf } from '../../data/file-io.ts';
import type { Frame, FrameType } from './frame.ts';

const TYPES: Readonly<Record<FrameType, ParquetType>> = {
  f64: 'f64',
  i32: 'i32',
  i64: 'i64',
  i8: 'i32',
  u8: 'i32',
  u64: 'u64',
  bool: 'bool',
  utf8: 'text',
  'timestamp[us, UTC]': 'timestamp[us, UTC]',
  'timestamp[ns, UTC]': 'timestamp[ns, UTC]',
};

/** A new file; NaN becomes an empty cell. Errors: E_CATALOG_WRITE, also where the file exists. */
export async function writeParquet(frame: Frame, path: string): Promise<void> {
  // Loaded when asked for: most programs that read a frame write no Parquet.
  const { createParquetWriter } = await import('../../data/parquet.ts');
  try {
    const columns = frame.names.map((name) => {
      const { type } = frame.column(name);
      return { name, type: TYPES[type], isNullable: type === 'f64' };
    });
    const writer = createParquetWriter(path, { columns, metadata: frame.metadata });
    writer.write({
      length: frame.length,
      columns: frame.names.map((name) => frame.column(name).values),
    });
    writer.finish();
  } catch (cause) {
    const reason = errnoOf(cause);
    if (reason === '') throw cause;
    throw new TradingError('E_CATALOG_WRITE', `cannot write ${path}: ${reason}`, {
      details: { path, reason },
      where: path,
      rule: 'a file is written whole, and never over another',
      fix: reason === 'EEXIST' ? 'choose another name' : 'check the folder and the disk',
      cause,
    });
  }
}
