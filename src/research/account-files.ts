/** Margin and settlement files: read once, handed on as text, so that a run keeps what it was made with. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { TradingError } from '../core/errors.ts';
import type { InstrumentSpec } from '../core/instrument.ts';
import { loadInstruments } from '../data/instruments.ts';
import type { AccountInputs, TextFile } from './account.ts';
import { parseMargins } from './account.ts';
import type { AccountConfig } from './define-config.ts';

const HEADER = 'root,date,initial,maintenance';

/**
 * Dated margins of the wanted products, as lines of one table. `path` is such a table, a file `ROOT.csv` with
 * `date,initial,maintenance` as LEAN keeps them, or a folder of those at any depth: LEAN's `future` will do. Files of other
 * products are not opened. Errors: E_ACCOUNT_FILE.
 */
export function readMargins(
  path: string,
  wanted: readonly Pick<InstrumentSpec, 'root' | 'symbols'>[],
): TextFile {
  const rootOf = (name: string): string | undefined =>
    (
      wanted.find(({ root }) => root === name) ??
      wanted.find(({ symbols }) => symbols.exchange === name)
    )?.root;
  const lines: string[] = [HEADER];
  for (const file of filesOf(path)) {
    const named = rootOf(basename(file, '.csv').toUpperCase());
    const isFolder = file !== path;
    if (isFolder && named === undefined) continue;
    lines.push(...linesOf(file, named, rootOf));
  }
  return { text: `${lines.join('\n')}\n`, file: path };
}

/** What a run takes of the account's part of a configuration; files are read, of the products named only. */
export function accountTexts(
  given: {
    readonly account?: AccountConfig | undefined;
    readonly margins?: string | null | undefined;
    readonly settlements?: string | null | undefined;
  },
  instrumentsDir: string,
  roots: readonly string[],
): AccountInputs {
  const { account = {}, margins, settlements } = given;
  const specs =
    margins == null ? new Map<string, InstrumentSpec>() : loadInstruments(instrumentsDir);
  const wanted = roots.flatMap((root) => specs.get(root) ?? []);
  return {
    ...(Object.keys(account).length === 0 ? {} : { account }),
    ...(margins == null ? {} : { margins: readMargins(margins, wanted) }),
    ...(settlements == null ? {} : { settlements: readSettlements(settlements) }),
  };
}

/** Errors: E_ACCOUNT_FILE. */
export function readSettlements(path: string): TextFile {
  return { text: textOf(path), file: path };
}

function filesOf(path: string): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
    // Inside LEAN's tree margins stand in folders of that name, beside files of other kinds.
    const csv = names.filter((name) => name.endsWith('.csv')).toSorted();
    const margins = csv.filter((name) => /(^|[\\/])margins[\\/][^\\/]+$/.test(name));
    return (margins.length > 0 ? margins : csv).map((name) => join(path, name));
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function linesOf(
  file: string,
  named: string | undefined,
  rootOf: (name: string) => string | undefined,
): string[] {
  const rows = textOf(file).split(/\r?\n/);
  const isData = (line: string): boolean => line.trim() !== '' && !line.trim().startsWith('#');
  const top = rows.findIndex(isData);
  if (top < 0)
    throw new TradingError('E_ACCOUNT_FILE', `${file} is empty`, {
      where: `${file}:1`,
      rule: `${HEADER}, or date,initial,maintenance in a file named after its product`,
      fix: 'write the header and the levels, or leave `margins` out',
    });
  const header = (rows[top] ?? '').split(',').map((cell) => cell.trim());
  const at = ['root', 'date', 'initial', 'maintenance'].map((name) => header.indexOf(name));
  const [rootAt, ...others] = at as [number, ...number[]];
  if (others.includes(-1) || (rootAt < 0 && named === undefined))
    throw new TradingError('E_ACCOUNT_FILE', `${file}: the header is "${header.join(',')}"`, {
      where: `${file}:${top + 1}`,
      rule: `${HEADER}, or date,initial,maintenance in a file named after its product`,
      fix: 'correct the header, or name the file ROOT.csv',
    });
  // Line by line as in the file, so that a fault is found where it stands.
  const lines = rows.map((row, i) => {
    if (i === top) return HEADER;
    const cells = row.split(',').map((cell) => cell.trim());
    const root = rootAt < 0 ? named : rootOf(cells[rootAt] ?? '');
    if (!isData(row) || root === undefined) return '';
    return [root, ...others.map((k) => cells[k] ?? '')].join(',');
  });
  parseMargins({ text: lines.join('\n'), file });
  return lines.filter((line, i) => line !== '' && i !== top);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function unreadable(file: string, cause: unknown): TradingError {
  return new TradingError('E_ACCOUNT_FILE', `cannot read ${file}`, {
    where: file,
    rule: 'files that `margins` and `settlements` name exist',
    fix: 'correct the path',
    cause,
  });
}
