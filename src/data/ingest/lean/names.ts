/**
 * What LEAN's file names say: `future/<market>/<resolution>/<root>/<YYYYMMDD>_<kind>.zip` for a day, and
 * `future/<market>/<resolution>/<root>_<kind>.zip` for hours and days; inside, one CSV file a contract month.
 */
import type { BarInterval } from '../../../core/bars.ts';
import type { ContractId } from '../../../core/instrument.ts';
import { toContractId } from '../../../core/symbology.ts';
import { toCivilDate, toTradeDate } from '../../../core/trade-date.ts';
import type { TradeDate } from '../../../core/units.ts';

export type LeanResolution = 'tick' | 'second' | 'minute' | 'hour' | 'daily';
export type LeanKind = 'trade' | 'quote' | 'openinterest';
export const LEAN_KINDS: readonly LeanKind[] = ['trade', 'quote', 'openinterest'];
export const LEAN_RESOLUTIONS: readonly LeanResolution[] = [
  'tick',
  'second',
  'minute',
  'hour',
  'daily',
];

/** Bar interval of a resolution; ticks have none. */
export const LEAN_INTERVALS: Readonly<Record<LeanResolution, BarInterval | null>> = {
  tick: null,
  second: '1s',
  minute: '1m',
  hour: '1h',
  daily: '1d',
};

/** What the path of a zip file says; null for what it leaves open. */
export interface LeanZipName {
  readonly market: string | null;
  readonly resolution: LeanResolution | null;
  readonly root: string | null;
  readonly kind: LeanKind | null;
  readonly date: TradeDate | null;
}

/** What the name of an entry says. */
export interface LeanEntryName {
  readonly root: string;
  readonly kind: LeanKind;
  /** Null in files of hours and days. */
  readonly date: TradeDate | null;
  readonly resolution: LeanResolution | null;
  readonly year: number;
  readonly month: number;
}

const KINDS = LEAN_KINDS.join('|');
const DAY_ZIP = new RegExp(`^(\\d{8})_(${KINDS})\\.zip$`, 'i');
const ROOT_ZIP = new RegExp(`^([a-z0-9]+)_(${KINDS})\\.zip$`, 'i');
const ENTRY = new RegExp(
  `^(?:(\\d{8})_)?([a-z0-9]+)_(?:(${LEAN_RESOLUTIONS.join('|')})_)?(${KINDS})_(\\d{4})(\\d{2})(?:_\\d{8})?\\.csv$`,
  'i',
);

/** `path` with forward or backward slashes. */
export function parseLeanPath(path: string): LeanZipName {
  const parts = path.split(/[\\/]/);
  const base = parts.at(-1) ?? '';
  const isResolution = (text: string | undefined): boolean =>
    LEAN_RESOLUTIONS.includes((text ?? '').toLowerCase() as LeanResolution);
  const day = DAY_ZIP.exec(base);
  // A day's file lies in the folder of its root, one of hours or days beside its peers.
  const at = isResolution(parts.at(-2)) ? -2 : isResolution(parts.at(-3)) ? -3 : null;
  const resolution = at === null ? null : (parts.at(at)!.toLowerCase() as LeanResolution);
  const market = at === null ? null : (parts.at(at - 1)?.toLowerCase() ?? null);
  const place = { market: market === '' ? null : market, resolution };
  if (day !== null)
    return {
      ...place,
      root: at === -3 ? parts.at(-2)!.toLowerCase() : null,
      kind: day[2]!.toLowerCase() as LeanKind,
      date: compactDate(day[1]!),
    };
  const all = ROOT_ZIP.exec(base);
  return {
    ...place,
    root: all === null ? null : all[1]!.toLowerCase(),
    kind: all === null ? null : (all[2]!.toLowerCase() as LeanKind),
    date: null,
  };
}

/** Null where the name is not one of LEAN's futures. */
export function parseLeanEntry(name: string): LeanEntryName | null {
  const match = ENTRY.exec(name.split('/').at(-1)!);
  if (match === null) return null;
  const [, day, root, resolution, kind, year, month] = match;
  const date = day === undefined ? null : compactDate(day);
  const isMonth = Number(month) >= 1 && Number(month) <= 12 && Number(year) >= 1900;
  if (!isMonth || (day !== undefined && date === null)) return null;
  return {
    root: root!.toLowerCase(),
    kind: kind!.toLowerCase() as LeanKind,
    date,
    resolution: (resolution?.toLowerCase() as LeanResolution | undefined) ?? null,
    year: Number(year),
    month: Number(month),
  };
}

export function contractOf(root: string, entry: LeanEntryName): ContractId {
  return toContractId(root, entry.year, entry.month);
}

/** `20131007`; null for a date that does not exist. */
export function compactDate(text: string): TradeDate | null {
  const [year, month, day] = [text.slice(0, 4), text.slice(4, 6), text.slice(6, 8)].map(Number) as [
    number,
    number,
    number,
  ];
  if (!/^\d{8}$/.test(text) || year < 1900 || month < 1 || month > 12 || day < 1) return null;
  const date = toTradeDate(year, month, day);
  const civil = toCivilDate(date);
  return civil.month === month && civil.day === day ? date : null;
}
