/** Files with secrets: readable by their owner alone. */
import { readFileSync, statSync } from 'node:fs';
import { TradingError } from '../../core/errors.ts';

const OWNER_FILE_BYTES_MAX = 65_536;

/** Reads a file that no group and no other user may touch. Errors: E_VENUE_CREDENTIALS. */
export function readOwnerFile(path: string): string {
  let about;
  try {
    about = statSync(path);
  } catch (cause) {
    throw new TradingError('E_VENUE_CREDENTIALS', `cannot read ${path}`, {
      details: { path },
      fix: 'write the file, or give the credentials in the environment',
      cause,
    });
  }
  if (!about.isFile() || about.size > OWNER_FILE_BYTES_MAX) {
    throw new TradingError('E_VENUE_CREDENTIALS', `${path} is not a small plain file`, {
      details: { path, bytes: about.size },
      rule: `at most ${OWNER_FILE_BYTES_MAX} bytes`,
    });
  }
  // Windows keeps no such bits: its files report 0o666 whoever may read them.
  if (process.platform !== 'win32' && (about.mode & 0o077) !== 0) {
    const mode = (about.mode & 0o777).toString(8).padStart(3, '0');
    throw new TradingError('E_VENUE_CREDENTIALS', `others may read ${path}: its mode is ${mode}`, {
      details: { path, mode },
      rule: 'a file with secrets has mode 600',
      fix: `chmod 600 ${path}`,
    });
  }
  return readFileSync(path, 'utf8');
}
