/** Calendar files of a project: read once, handed on as texts, so that a run keeps what it was made with. */
import { readFileSync } from 'node:fs';
import type { OutsidePolicy } from '../calendars/group-calendar.ts';
import type { Calendars } from '../calendars/registry.ts';
import { createCalendars } from '../calendars/registry.ts';
import type { CalendarText } from '../calendars/user-calendar.ts';
import { parseUserCalendars } from '../calendars/user-calendar.ts';
import { TradingError } from '../core/errors.ts';

/** Errors: E_CALENDAR_FILE for a file that cannot be read. */
export function readCalendarFiles(paths: readonly string[]): readonly CalendarText[] {
  return paths.map((file) => {
    try {
      return { file, text: readFileSync(file, 'utf8') };
    } catch (cause) {
      throw new TradingError('E_CALENDAR_FILE', `cannot read the calendar file ${file}`, {
        where: file,
        details: { file },
        rule: 'every file that `calendars` names exists',
        fix: 'correct `calendars` in the configuration',
        cause,
      });
    }
  });
}

/**
 * The calendars of the package with those of the files, in order; every command opens its calendars here.
 * Errors: E_CALENDAR_FILE, E_CALENDAR_RULE, E_CALENDAR_UNKNOWN, each with file and line.
 */
export function openCalendars(
  files: readonly CalendarText[] = [],
  outside?: OutsidePolicy,
): Calendars {
  const own = files.length === 0 ? {} : parseUserCalendars(files);
  return createCalendars({ ...own, ...(outside === undefined ? {} : { outside }) });
}
