/** Why a market is closed at an instant: the rule behind it, and a sentence. */
import type { WhyClosed } from '../core/session.ts';
import { addDays, toIsoDate, weekdayOf } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { countAtOrBelow, countBelow } from './columns.ts';
import { dayTitle } from './day-names.ts';
import type { SessionTable } from './group-calendar.ts';
import type { DatedShape, RuleBook } from './rule-book.ts';
import type { ZoneTable } from './wall-time.ts';

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
type Reason = Pick<WhyClosed, 'kind' | 'name' | 'source' | 'label'>;

/** For an instant at which nothing trades. */
export function explainClosed(book: RuleBook, table: SessionTable, tsUs: TsUs): WhyClosed {
  const { columns } = table;
  const next = countAtOrBelow(columns.closeUs, tsUs);
  if (next < columns.length && columns.openUs[next]! <= tsUs)
    return breakOf(book, table, next, tsUs);
  const sinceUs = next > 0 ? (columns.closeUs[next - 1]! as TsUs) : null;
  const untilUs = next < columns.length ? (columns.openUs[next]! as TsUs) : null;
  const reason = reasonOf(book, table, next, tsUs);
  return { ...reason, sinceUs, untilUs, text: textOf(reason, untilUs, book.home) };
}

function breakOf(book: RuleBook, table: SessionTable, row: number, tsUs: TsUs): WhyClosed {
  const { columns } = table;
  let b = countBelow(columns.breakRow, row);
  while (columns.breakEndUs[b]! <= tsUs) b += 1;
  const reason: Reason = restDayOf(book, table, row, tsUs) ??
    lateStartOf(book, table, row, tsUs) ?? {
      kind: 'break',
      name: null,
      source: null,
      label: columns.label[row]! as TradeDate,
    };
  const untilUs = columns.breakEndUs[b]! as TsUs;
  return {
    ...reason,
    sinceUs: columns.breakStartUs[b]! as TsUs,
    untilUs,
    text: textOf(reason, untilUs, book.home),
  };
}

/** A night session may lie days before its day session; between them are a weekend or holidays, by local date. */
function restDayOf(book: RuleBook, table: SessionTable, row: number, tsUs: TsUs): Reason | null {
  const { columns } = table;
  const date = book.home.localDate(tsUs);
  if (date >= columns.label[row]!) return null;
  const dated = book.shapes(table.fromDate, table.toDate).get(date);
  if (dated?.shape.kind === 'closed') return toReason(date, dated);
  if (book.hasLabel(date)) return null;
  const label = (columns.label[row - 1] ?? columns.label[row]!) as TradeDate;
  return { kind: 'weekend', name: null, source: null, label };
}

/** A pause where there would be trading on a regular day: a late start after a night session. */
function lateStartOf(book: RuleBook, table: SessionTable, row: number, tsUs: TsUs): Reason | null {
  const { columns } = table;
  const label = columns.label[row]! as TradeDate;
  const dated = book.shapes(table.fromDate, table.toDate).get(label);
  if (dated === undefined || dated.shape.kind === 'regular') return null;
  const before = row > 0 ? (columns.label[row - 1]! as TradeDate) : null;
  const regular = book.regularSpans(label, before);
  return regular.some(([open, close]) => tsUs >= open && tsUs < close)
    ? toReason(label, dated)
    : null;
}

/** Between two sessions: the day whose regular hours the instant lies in, or that which comes next. */
function reasonOf(book: RuleBook, table: SessionTable, next: number, tsUs: TsUs): Reason {
  const { columns } = table;
  const labelAt = (row: number): TradeDate | null =>
    row >= 0 && row < columns.length ? (columns.label[row]! as TradeDate) : null;
  const before = labelAt(next - 1) ?? addDays(table.fromDate, -1);
  const after = labelAt(next) ?? addDays(table.toDate, 1);
  const shapes = book.shapes(table.fromDate, table.toDate);
  for (let label = before; label <= after; label = addDays(label, 1)) {
    const dated = shapes.get(label);
    if (dated === undefined || dated.shape.kind === 'regular') continue;
    const regular = book.regularSpans(label, label === before ? labelAt(next - 2) : before);
    const isInside = regular.length > 0 && tsUs >= regular[0]![0] && tsUs < regular.at(-1)![1];
    if (isInside) return toReason(label, dated);
  }
  for (let label = addDays(before, 1); label < after; label = addDays(label, 1)) {
    if (!book.hasLabel(label)) return { kind: 'weekend', name: null, source: null, label: before };
    const dated = shapes.get(label);
    const regular = book.regularSpans(label, before);
    if (dated !== undefined && regular.length > 0 && tsUs < regular[0]![0])
      return toReason(label, dated);
  }
  return { kind: 'daily-pause', name: null, source: null, label: before };
}

function toReason(label: TradeDate, { origin }: DatedShape): Reason {
  return origin.name === null
    ? { kind: 'exception', name: origin.why, source: origin.source, label }
    : { kind: 'holiday', name: dayTitle(origin.name, origin.offset), source: null, label };
}

function textOf(reason: Reason, untilUs: TsUs | null, home: ZoneTable): string {
  const day = `${WEEKDAYS[weekdayOf(reason.label)]!} ${toIsoDate(reason.label)}`;
  const why = {
    break: 'a pause inside the session',
    'daily-pause': 'between two sessions',
    weekend: 'the weekend',
    holiday: `${reason.name ?? ''}, ${day}`,
    exception: `${reason.name ?? ''}, ${day}`,
  }[reason.kind];
  return untilUs === null ? `closed: ${why}` : `closed: ${why}; opens ${localText(untilUs, home)}`;
}

/** `Thu 2025-12-25 17:00 America/Chicago`. */
function localText(tsUs: TsUs, home: ZoneTable): string {
  const date = home.localDate(tsUs);
  const minutes = Math.floor(home.localMinutes(tsUs));
  const clock = [Math.floor(minutes / 60), minutes % 60]
    .map((n) => String(n).padStart(2, '0'))
    .join(':');
  return `${WEEKDAYS[weekdayOf(date)]!} ${toIsoDate(date)} ${clock} ${home.zone}`;
}
