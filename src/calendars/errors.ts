/** Error pages of the calendars layer. */
import type { ErrorCatalog } from '../core/errors.ts';
import { EXIT } from '../core/errors.ts';

export const CALENDAR_ERRORS: ErrorCatalog = {
  E_CALENDAR_UNKNOWN: {
    title: 'A session group or business calendar is not known',
    cause:
      'The instrument names a trading-hours group or a business calendar that has no rules here yet.',
    cure: 'Use a product of one of the groups that the message lists, or import the data as ordered labels.',
    exit: EXIT.input,
  },
  E_CALENDAR_SPAN: {
    title: 'A date lies outside the span of a calendar',
    cause:
      'Hours and holidays are known for a span of years only; outside it an answer would be a guess.',
    cure: 'Choose dates inside the span that the message names.',
    exit: EXIT.input,
  },
  E_CALENDAR_FILE: {
    title: 'A calendar file cannot be read',
    cause: 'The file is missing, is no JSON, or has a field that the format does not know.',
    cure: 'Correct the line that the message names; `schemas/calendar.schema.json` describes the format.',
    exit: EXIT.input,
  },
  E_CALENDAR_RULE: {
    title: 'A rule of a calendar is wrong',
    cause:
      'Hours overlap, a date lies outside the span, regimes are out of order, or a rule names a day that is not there.',
    cure: 'Correct the entry that the message names; in a file of your own it names the line too.',
    exit: EXIT.input,
  },
  E_ZONE: {
    title: 'A time zone is not known',
    cause: 'The name is not an IANA zone of this runtime.',
    cure: 'Write zones as America/Chicago or Europe/Berlin.',
    exit: EXIT.input,
  },
  E_DATE_RULE: {
    title: 'A last trade or first notice rule cannot be evaluated',
    cause:
      'The rule is of an unknown kind, lacks a field, or names a table of dates that is not here.',
    cure: 'Correct the rule in the instrument file; docs list the kinds and their fields.',
    exit: EXIT.input,
  },
};
