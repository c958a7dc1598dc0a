/** Where the reference answers lie, if this machine has them. They are not part of the repository. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * Where `FRONTMONTH_REQUIRE_REFERENCE=1` a missing folder fails instead of skipping: a run that must compare with the
 * reference answers cannot pass without them.
 */
function none(): null {
  if (process.env['FRONTMONTH_REQUIRE_REFERENCE'] === '1')
    throw new Error(`FRONTMONTH_REQUIRE_REFERENCE is 1, and there is ${NO_REFERENCE_DATA}`);
  return null;
}

/**
 * The folder named by `FRONTMONTH_REFERENCE_DATA`, else `../shared/data` beside the repository; null when it is absent.
 * A folder that was named and does not exist is a mistake, not an absence.
 */
export function referenceDataDir(): string | null {
  const named = process.env['FRONTMONTH_REFERENCE_DATA'];
  const root = resolve(import.meta.dirname, '../..');
  if (named !== undefined && named !== '') {
    const dir = resolve(root, named);
    if (!existsSync(dir))
      throw new Error(`FRONTMONTH_REFERENCE_DATA names ${dir}, which does not exist`);
    return dir;
  }
  const dir = resolve(root, '../shared/data');
  return existsSync(dir) ? dir : none();
}

/** Said once by each suite that is skipped. */
export const NO_REFERENCE_DATA =
  'no reference data: set FRONTMONTH_REFERENCE_DATA to its folder to run these tests';

/** Rows of a plain CSV file (no quotes) as records by column name. */
export function readReferenceCsv(dir: string, path: string): Record<string, string>[] {
  const [header, ...lines] = readFileSync(join(dir, path), 'utf8').trim().split(/\r?\n/);
  const names = header!.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']));
  });
}
