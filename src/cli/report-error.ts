/** Turns anything thrown into the error form and its exit code. */
import { existsSync, realpathSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ErrorCatalog, ExitCode } from '../core/errors.ts';
import { EXIT } from '../core/errors.ts';
import { suggest } from '../core/suggest.ts';

export interface ReportedError {
  readonly code: string;
  readonly message: string;
  readonly where: string | undefined;
  readonly rule: string | undefined;
  readonly fix: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
  readonly exit: ExitCode;
  /** Whether `frontmonth errors <code>` has a page. */
  readonly hasPage: boolean;
  /** With causes; shown by `--debug` only. */
  readonly stack: string;
}

interface TradingErrorShape extends Error {
  readonly code: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly where?: string;
  readonly rule?: string;
  readonly fix?: string;
}

/** By shape: a user's project may hold a second copy of the package, and its errors are as good as ours. */
export function isTradingError(error: unknown): error is TradingErrorShape {
  return (
    error instanceof Error &&
    error.name === 'TradingError' &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('E_')
  );
}

/** Errors that carry the word and the known ones get a suggestion, in whichever layer they arose. */
function suggestionOf(details: Readonly<Record<string, unknown>>): string | undefined {
  const word = details['word'] ?? details['name'];
  const known = details['known'];
  if (typeof word !== 'string' || !Array.isArray(known)) return undefined;
  const found = suggest(
    word,
    known.filter((item) => typeof item === 'string'),
  );
  return found === null ? undefined : `did you mean \`${found}\`?`;
}

const SYSTEM_FIX: Readonly<Record<string, string>> = {
  ENOSPC: 'free space on this disk, or write somewhere else with --out',
  EDQUOT: 'free space on this disk, or write somewhere else with --out',
  EACCES: 'check the permissions of the path',
  EPERM: 'check the permissions of the path',
  EROFS: 'write somewhere else with --out',
  ENOENT: 'check the path',
  ENOTDIR: 'check the path',
  EISDIR: 'name a file, not a folder',
};

/** Full stack with causes. */
export function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? own : `${own}\ncaused by ${stackOf(error.cause)}`;
}

/**
 * The reported form. Expected failures carry their own words; file system faults become E_FILE_IO; anything else is null:
 * a fault of ours.
 */
export function reportError(error: unknown, pages: ErrorCatalog): ReportedError | null {
  if (isTradingError(error)) {
    const page = (pages as Readonly<Record<string, ErrorCatalog[keyof ErrorCatalog] | undefined>>)[
      error.code
    ];
    return {
      code: error.code,
      message: error.message,
      where: error.where,
      rule: error.rule ?? page?.cause,
      fix: error.fix ?? suggestionOf(error.details ?? {}) ?? page?.cure,
      details: error.details ?? {},
      exit: page?.exit ?? EXIT.input,
      hasPage: page !== undefined,
      stack: stackOf(error),
    };
  }
  if (error instanceof Error && 'syscall' in error && 'code' in error) {
    const system = error as NodeJS.ErrnoException;
    const fix = SYSTEM_FIX[system.code ?? ''];
    if (fix === undefined) return null;
    return {
      code: 'E_FILE_IO',
      message: `cannot ${system.syscall ?? 'use'} ${system.path ?? 'a file'} (${system.code})`,
      where: system.path,
      rule: undefined,
      fix,
      details: { systemCode: system.code, path: system.path },
      exit: EXIT.input,
      hasPage: true,
      stack: stackOf(error),
    };
  }
  return null;
}

/** `strategies/first.ts:31`: the first frame of the stack inside the file; null when none is. */
export function frameInFile(stack: string, file: string, cwd: string): string | null {
  // Another file of the same name, one of ours perhaps, is not the user's.
  const real = existsSync(file) ? realpathSync(file) : file;
  for (const line of stack.split('\n')) {
    const match = /(?:\(|at )(?:async )?((?:file:\/\/)?[^\s()]+?)(?:\?[^:()]*)?:(\d+):\d+\)?$/.exec(
      line.trim(),
    );
    if (match === null) continue;
    const path = match[1]!.startsWith('file://') ? fileURLToPath(match[1]!) : match[1]!;
    if (path === file || path === real) return `${relative(cwd, file)}:${match[2]}`;
  }
  return null;
}
