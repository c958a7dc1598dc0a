/** Which importer a file is for, by its first bytes; a name can lie, they seldom do. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { TradingError } from '../core/errors.ts';
import { isExportedCsv } from '../data/ingest/exported.ts';
import { asSourceError } from '../data/ingest/source-error.ts';
import { isZip } from '../data/ingest/zip.ts';

export type DetectedFormat = 'csv' | 'dbn' | 'export' | 'lean' | 'parquet';

/** Errors: E_IMPORT_FILE for a path that cannot be read, E_USAGE for files of several formats. */
export function detectFormat(paths: readonly string[]): DetectedFormat {
  const formats = paths.map((path) => formatOf(path));
  const [first = 'csv'] = formats;
  const other = formats.findIndex((format) => format !== first);
  if (other < 0) return first;
  throw new TradingError(
    'E_USAGE',
    `${paths[0]} is ${first}, ${paths[other]} is ${formats[other]}`,
    {
      where: paths[other]!,
      rule: 'the files of one import have one format',
      fix: 'import them with one command for each format',
    },
  );
}

/** A folder is one of LEAN's: no other importer takes folders. Gzip and anything else is text. */
function formatOf(path: string): DetectedFormat {
  const head = headOf(path);
  if (head === null || isZip(head)) return 'lean';
  const text = Buffer.from(head).toString('latin1');
  if (text.startsWith('PAR1')) return 'parquet';
  if (text.startsWith('DBN') || text === '\x28\xb5\x2f\xfd') return 'dbn';
  return isExportedCsv(path) ? 'export' : 'csv';
}

/** The first four bytes, null for a folder. */
function headOf(path: string): Uint8Array | null {
  try {
    if (statSync(path).isDirectory()) return null;
    const head = new Uint8Array(4);
    const fd = openSync(path, 'r');
    try {
      return head.subarray(0, readSync(fd, head, 0, 4, 0));
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    throw asSourceError(path, cause);
  }
}
