/** A user's own calendars from a JSON file: new groups, changes to ours, holidays, down-times of venues. */
import { z } from 'zod';
import { TradingError } from '../core/errors.ts';
import { checkRules } from './check-rules.ts';
import type { JsonPath } from './json-lines.ts';
import { formatPath, lineOfPath, parseJson, parsePath, withoutMark } from './json-lines.ts';
import type { VenueSchedule } from './maintenance.ts';
import { VenueMaintenance } from './maintenance.ts';
import type { CalendarOptions, GroupOverride } from './registry.ts';
import { createCalendars, SESSION_GROUPS } from './registry.ts';
import { ruleError } from './rule-book.ts';
import type { DayRule } from './rules.ts';
import type { GroupRules } from './sessions.ts';
import { ZoneTables } from './wall-time.ts';

export const CALENDAR_SCHEMA = 'frontmonth.calendar/1';

const text = z.string().min(1);
const isoDate = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'a date YYYY-MM-DD');
const wallTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'a local time HH:MM');
const pointText = z
  .string()
  .regex(
    /^(?:(?:[+-]\d+|-[bs](?:[+-]\d+)?) )?(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/,
    'HH:MM, with the day before it where it is not the label’s: -1, +1, -b, -b+1, -s, -s+1',
  );
const point = z.union([pointText, z.strictObject({ at: pointText, zone: text })]);
const weekday = z.int().min(0).max(6);
const weekdays = z.array(weekday).min(1);
const segments = z.array(z.tuple([point, point])).min(1);
const hours = z.strictObject({ segments, afterGap: segments.optional() });
const byWeekday = z.record(z.string().regex(/^[0-6]$/, 'a weekday 0 to 6'), hours);
const year = z.int().min(1960).max(2050);

const observed = z.enum([
  'none',
  'sunday-to-monday',
  'nearest',
  'next-monday',
  'two-later',
  'friday-before',
  'sunday-to-next-free',
  'weekend-to-next-free',
]);
const named = {
  name: text,
  fromYear: year.optional(),
  toYear: year.optional(),
  exceptYears: z.array(year).optional(),
  marks: z.literal(true).optional(),
};
const month = z.int().min(1).max(12);
const day = z.int().min(1).max(31);
const onDate = { ...named, month, day };
const dayRule = z.discriminatedUnion('kind', [
  z.strictObject({ ...onDate, kind: z.literal('fixed'), observed }),
  z.strictObject({
    ...named,
    kind: z.literal('nth-weekday'),
    month,
    weekday,
    n: z
      .int()
      .min(-5)
      .max(5)
      .refine((n) => n !== 0, 'n counts from 1, or from -1 at the end'),
  }),
  z.strictObject({ ...onDate, kind: z.literal('weekday-on-or-before'), weekday }),
  z.strictObject({ ...onDate, kind: z.literal('weekday-on-or-after'), weekday }),
  z.strictObject({
    ...named,
    kind: z.literal('japan-equinox'),
    season: z.enum(['spring', 'autumn']),
    observed,
  }),
  z.strictObject({ ...named, kind: z.literal('easter'), offset: z.int() }),
  z.strictObject({
    ...named,
    kind: z.literal('dates'),
    dates: z.array(isoDate).min(1),
    observed: observed.optional(),
  }),
]);
const regularHours = z.strictObject({ start: wallTime, end: wallTime, zone: text });
const shape = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('closed') }),
  z.strictObject({ kind: z.literal('regular') }),
  z.strictObject({
    kind: z.literal('short'),
    close: point.optional(),
    open: point.optional(),
    dayOnly: z.literal(true).optional(),
  }),
  z.strictObject({
    kind: z.literal('segments'),
    segments,
    preOpen: point.optional(),
    settle: point.optional(),
    regularHours: regularHours.optional(),
  }),
]);
const shapeRule = z.strictObject({
  on: z.array(text).min(1),
  offset: z.int().optional(),
  from: isoDate.optional(),
  to: isoDate.optional(),
  weekdays: weekdays.optional(),
  shape,
});
const exception = z.strictObject({
  date: isoDate,
  shape,
  why: text,
  source: text.optional(),
  tradeDate: isoDate.nullable().optional(),
});
const regime = z.strictObject({
  from: isoDate,
  hours,
  byWeekday: byWeekday.optional(),
  dayOpen: point.optional(),
  weekdays: weekdays.optional(),
  weeklyBreaks: z.array(z.strictObject({ weekday, from: wallTime, to: wallTime })).optional(),
  preOpen: point.optional(),
  preOpenByWeekday: z.record(z.string().regex(/^[0-6]$/), point).optional(),
  settle: point.optional(),
});
const groupId = z
  .string()
  .regex(/^[A-Za-z0-9]+([-/][A-Za-z0-9]+)*$/, 'letters, digits, - and /, such as my-group');
const group = z.strictObject({
  id: groupId,
  name: text,
  zone: text,
  from: isoDate,
  publishedTo: isoDate.optional(),
  to: isoDate,
  businessCalendar: text,
  tradeDates: z.enum(['next-business-day', 'label']).optional(),
  regimes: z.array(regime).min(1),
  namedDays: z.array(dayRule),
  dayRules: z.array(shapeRule),
  exceptions: z.array(exception),
  settle: point,
  regularHours,
  earlierRegularHours: z.array(regularHours.extend({ until: isoDate })).optional(),
  confidence: z.enum(['high', 'medium', 'low']),
  sources: z.array(text),
});
const override = z.strictObject({
  group: groupId,
  namedDays: z.array(dayRule).optional(),
  dayRules: z.array(shapeRule).optional(),
  exceptions: z.array(exception).optional(),
  settle: point.optional(),
  regularHours: regularHours.optional(),
});
const venue = z.strictObject({
  venue: text,
  windows: z.array(
    z.strictObject({
      weekdays,
      from: wallTime,
      to: wallTime,
      zone: text,
      effect: z.enum(['down', 'degraded', 'login']),
      what: text,
    }),
  ),
  sources: z.array(text),
});

/** The file format; `schemas/calendar.schema.json` is generated from it. */
export function calendarFileSchema(): z.ZodType {
  return z.strictObject({
    schema: z.literal(CALENDAR_SCHEMA),
    businessCalendars: z
      .record(
        z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'small letters, digits and -'),
        z.array(dayRule),
      )
      .optional(),
    groups: z.array(group).optional(),
    overrides: z.array(override).optional(),
    venues: z.array(venue).optional(),
  });
}

/** What a file brings; given to `createCalendars`. */
export type UserCalendars = Required<
  Pick<CalendarOptions, 'groups' | 'overrides' | 'businessCalendars' | 'venues'>
>;

interface CalendarFile {
  readonly businessCalendars?: Readonly<Record<string, readonly DayRule[]>>;
  readonly groups?: readonly GroupRules[];
  readonly overrides?: readonly GroupOverride[];
  readonly venues?: readonly VenueSchedule[];
}

/** A file as it was read; `file` names it in messages. */
export interface CalendarText {
  readonly file: string;
  readonly text: string;
}

/**
 * Reads calendar files in order; a later file may change a group of an earlier one. Every group that is new or changed is
 * built once, so that hours that overlap on some date are found here and not in a run.
 * Errors: E_CALENDAR_FILE for a text, field or value; E_CALENDAR_RULE for rules that contradict each other;
 * E_CALENDAR_UNKNOWN for a group or business calendar that is not there; each with file and line.
 */
export function parseUserCalendars(files: readonly CalendarText[]): UserCalendars {
  let known: UserCalendars = { groups: [], overrides: [], businessCalendars: {}, venues: [] };
  for (const given of files) {
    const source = { file: given.file, text: withoutMark(given.text) };
    const file = parseFile(source);
    checkFile(file, known, source);
    known = {
      groups: [...known.groups, ...(file.groups ?? [])],
      overrides: [...known.overrides, ...(file.overrides ?? [])],
      businessCalendars: { ...known.businessCalendars, ...file.businessCalendars },
      // The first schedule of a venue is taken.
      venues: [...(file.venues ?? []), ...known.venues],
    };
  }
  return known;
}

function parseFile({ file, text: json }: CalendarText): CalendarFile {
  const value = parseJson(json, file, 'E_CALENDAR_FILE');
  const result = calendarFileSchema().safeParse(value);
  if (result.success) return result.data as CalendarFile;
  const issue = deepest(result.error.issues[0]!);
  // An unknown key is reported at its parent; its own name is what the reader needs.
  const path =
    issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : [...issue.path];
  const steps = path as JsonPath;
  const line = lineOfPath(json, steps);
  const field = formatPath(steps);
  const own = valueAt(value, steps);
  const shown = own === undefined ? 'missing' : JSON.stringify(own);
  throw new TradingError('E_CALENDAR_FILE', `${file}:${line}: ${field || 'the file'} is ${shown}`, {
    where: `${file}:${line}`,
    details: { file, line, field, value: own },
    rule: issue.message,
    fix: `correct ${field || 'the file'}; schemas/calendar.schema.json describes the format`,
  });
}

/** Of a union the branch that comes closest is what the writer meant. */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors
    .flatMap((branch) => branch.slice(0, 1))
    .map((first) => ({ ...deepest(first), path: [...issue.path, ...deepest(first).path] }))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
  return inner === undefined ? issue : (inner as z.core.$ZodIssue);
}

function valueAt(json: unknown, path: JsonPath): unknown {
  let value = json;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

/** Checks what no single field can say, entry by entry of the file. */
function checkFile(file: CalendarFile, known: UserCalendars, source: CalendarText): void {
  const zones = new ZoneTables();
  const businessCalendars = { ...known.businessCalendars, ...file.businessCalendars };
  const sofar = { ...known, businessCalendars };
  for (const [name, days] of Object.entries(file.businessCalendars ?? {}))
    located(source, `businessCalendars.${name}`, null, () => checkHolidays(name, days, zones));
  file.venues?.forEach((schedule, i) => {
    located(source, `venues[${i}]`, null, () => new VenueMaintenance(schedule, zones));
  });
  const groups = [...known.groups];
  file.groups?.forEach((rules, i) => {
    groups.push(rules);
    const options = { ...sofar, groups: [...groups] };
    located(source, `groups[${i}]`, null, () => createCalendars(options).forGroup(rules.id));
  });
  const overrides = [...known.overrides];
  file.overrides?.forEach((one, i) => {
    const before = { ...sofar, groups, overrides: [...overrides] };
    overrides.push(one);
    const options = { ...sofar, groups, overrides: [...overrides] };
    located(source, `overrides[${i}]`, countsBefore(one.group, before), () =>
      createCalendars(options).forGroup(one.group),
    );
  });
}

/** A list of holidays, checked as the named days of a group that has nothing else. */
function checkHolidays(name: string, days: readonly DayRule[], zones: ZoneTables): void {
  const carrier: GroupRules = {
    ...SESSION_GROUPS[0]!,
    id: name,
    namedDays: days,
    dayRules: [],
    exceptions: [],
  };
  try {
    checkRules(carrier, zones);
  } catch (error) {
    if (!(error instanceof TradingError)) throw error;
    // `namedDays[2].day` of the carrier is `[2].day` of the list.
    const entry = String(error.details['entry']).replace(/^namedDays/, '');
    throw ruleError(name, entry, error.message.replace(/^[^:]*: /, ''), {
      rule: error.rule ?? '',
      fix: error.fix ?? '',
    });
  }
}

type Counts = Readonly<Record<'namedDays' | 'dayRules' | 'exceptions', number>>;

/** Entries that a group has before an override adds its own: faults found while building are numbered over all of them. */
function countsBefore(id: string, options: CalendarOptions): Counts {
  const calendars = createCalendars(options);
  if (!calendars.groupIds().includes(id)) return { namedDays: 0, dayRules: 0, exceptions: 0 };
  const { namedDays, dayRules, exceptions } = calendars.forGroup(id).rules;
  return {
    namedDays: namedDays.length,
    dayRules: dayRules.length,
    exceptions: exceptions.length,
  };
}

/** Gives an error of the rules the file and line of its entry. */
function located(
  { file, text: json }: CalendarText,
  at: string,
  counts: Counts | null,
  check: () => unknown,
): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof TradingError)) throw error;
    const entry = entryOf(error, counts);
    const path = entry === '' || entry.startsWith('[') ? `${at}${entry}` : `${at}.${entry}`;
    const line = lineOfPath(json, parsePath(path));
    const message = error.message.replace(`, ${String(error.details['entry'])}:`, `, ${entry}:`);
    throw new TradingError(error.code, `${file}:${line}: ${message}`, {
      where: `${file}:${line}`,
      details: { ...error.details, entry, file, line, field: path },
      rule: error.rule ?? 'the entry can be read',
      fix: error.fix ?? `correct ${path}`,
      cause: error,
    });
  }
}

function entryOf(error: TradingError, counts: Counts | null): string {
  const entry = error.details['entry'];
  if (typeof entry !== 'string')
    return error.code === 'E_CALENDAR_UNKNOWN' ? unknownEntry(error) : '';
  const match = /^(namedDays|dayRules|exceptions)\[(\d+)\](.*)$/.exec(entry);
  if (counts === null || match === null) return entry;
  const [list, row] = [match[1] as keyof Counts, Number(match[2])];
  // What the override brings is numbered from 0 when checked alone, and after the group's own when built.
  return error.details['label'] === undefined || row < counts[list]
    ? entry
    : `${list}[${row - counts[list]}]${match[3]!}`;
}

function unknownEntry(error: TradingError): string {
  return error.details['group'] === undefined ? 'businessCalendar' : 'group';
}
