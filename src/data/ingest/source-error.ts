/** The one error of a source file that cannot be read: absent, cut, damaged, or not what it says it is. */
import { TradingError } from '../../core/errors.ts';
import { errnoOf } from '../file-io.ts';

export interface SourceErrorParts {
  /** Place inside the file, such as an entry of an archive or a byte offset. */
  readonly at?: string;
  readonly rule?: string;
  readonly fix?: string;
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** E_IMPORT_FILE. `reason` completes the sentence “cannot read <path>: …”. */
export function sourceError(
  path: string,
  reason: string,
  parts: SourceErrorParts = {},
): TradingError {
  const { at, cause } = parts;
  return new TradingError(
    'E_IMPORT_FILE',
    `cannot read ${path}${at === undefined ? '' : ` (${at})`}: ${reason}`,
    {
      details: { path, reason, ...(at === undefined ? {} : { at }), ...parts.details },
      where: at === undefined ? path : `${path}, ${at}`,
      rule: parts.rule ?? 'the source is whole and of the format that it says',
      fix:
        parts.fix ?? (reason === 'ENOENT' ? 'check the path' : 'fetch or copy the file once more'),
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/** Whatever a decoder threw, as the error of its file; our own errors pass. */
export function asSourceError(path: string, cause: unknown, parts: SourceErrorParts = {}): unknown {
  if (cause instanceof TradingError) return cause;
  const reason = errnoOf(cause) || (cause instanceof Error ? cause.message : String(cause));
  return sourceError(path, reason, { ...parts, cause });
}
