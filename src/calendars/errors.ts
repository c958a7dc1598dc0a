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
  E_CALENDAR_ARGUMENT: {
    title: 'A calendar is asked with a value that is none of its kind',
    cause:
      'A date is a whole number of days, an instant a number of microseconds, a count a whole number, a window RTH or ETH.',
    cure: 'Convert texts with `parseTradeDate` and `parseTsUs`; use whole numbers.',
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
  E_SYMBOL_UNKNOWN: {
    title: 'A symbol cannot be read',
    cause: 'It has no form that the venue uses, or names no product that is known there.',
    cure: 'Use a symbol that `frontmonth contracts <product>` prints.',
    exit: EXIT.input,
  },
  E_SYMBOL_AMBIGUOUS: {
    title: 'A symbol has several meanings',
    cause: 'Several products share it at the venue, or it means one thing here and another there.',
    cure: 'Name the venue, and the trading class where products share a symbol; or use our own id.',
    exit: EXIT.input,
  },
  E_SYMBOL_VENUE: {
    title: 'A product has no symbol at a venue',
    cause: 'It is not offered there, or its name there is not known.',
    cure: 'Use a venue that `frontmonth contracts <product>` shows a symbol for.',
    exit: EXIT.input,
  },
  E_SYMBOL_YEAR: {
    title: 'The year of a symbol cannot be told',
    cause:
      'A one-digit year reaches the next ten years, a two-digit year fifty years either way; the contract lies at the edge or beyond.',
    cure: 'Use a symbol with more digits of the year, or our own id such as ESZ2025.',
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
