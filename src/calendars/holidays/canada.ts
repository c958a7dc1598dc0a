/** Holidays of Canadian futures markets. */
import type { DayRule } from '../rules.ts';

const NEW_YEAR: DayRule = {
  name: 'new-year',
  kind: 'fixed',
  month: 1,
  day: 1,
  observed: 'next-monday',
};
const FEBRUARY: Omit<DayRule & { kind: 'nth-weekday' }, 'name'> = {
  kind: 'nth-weekday',
  month: 2,
  weekday: 1,
  n: 3,
  fromYear: 2008,
};
const GOOD_FRIDAY: DayRule = { name: 'good-friday', kind: 'easter', offset: -2 };
/** The last Monday before May 25. */
const VICTORIA: DayRule = {
  name: 'victoria',
  kind: 'weekday-on-or-before',
  month: 5,
  day: 24,
  weekday: 1,
};
const CANADA: DayRule = {
  name: 'canada',
  kind: 'fixed',
  month: 7,
  day: 1,
  observed: 'next-monday',
};
const AUGUST: DayRule = { name: 'august', kind: 'nth-weekday', month: 8, weekday: 1, n: 1 };
const LABOUR: DayRule = { name: 'labour', kind: 'nth-weekday', month: 9, weekday: 1, n: 1 };
const THANKSGIVING: DayRule = {
  name: 'canadian-thanksgiving',
  kind: 'nth-weekday',
  month: 10,
  weekday: 1,
  n: 2,
};
const CHRISTMAS: DayRule = {
  name: 'christmas',
  kind: 'fixed',
  month: 12,
  day: 25,
  observed: 'two-later',
};
const BOXING: DayRule = {
  name: 'boxing',
  kind: 'fixed',
  month: 12,
  day: 26,
  observed: 'two-later',
};

/**
 * Closed days of the Montréal Exchange; the National Day for Truth and Reconciliation and Quebec's own holidays are open.
 * Source: Montréal Exchange holidays, and TMX Group holiday schedules 2017 to 2025, read 2026-11.
 */
export const MONTREAL_HOLIDAYS: readonly DayRule[] = [
  NEW_YEAR,
  { name: 'family', ...FEBRUARY },
  GOOD_FRIDAY,
  VICTORIA,
  CANADA,
  AUGUST,
  LABOUR,
  THANKSGIVING,
  CHRISTMAS,
  BOXING,
];

/**
 * Closed days of canola at ICE Futures U.S.: Manitoba's holidays, Remembrance Day and, since 2021, the National Day for Truth
 * and Reconciliation. United States holidays are open. Source: ICE Futures U.S. trading holiday calendar 2025, read 2026-11.
 */
export const CANOLA_HOLIDAYS: readonly DayRule[] = [
  NEW_YEAR,
  { name: 'louis-riel', ...FEBRUARY },
  GOOD_FRIDAY,
  VICTORIA,
  CANADA,
  AUGUST,
  LABOUR,
  {
    name: 'truth-and-reconciliation',
    kind: 'fixed',
    month: 9,
    day: 30,
    observed: 'next-monday',
    fromYear: 2021,
  },
  THANKSGIVING,
  { name: 'remembrance', kind: 'fixed', month: 11, day: 11, observed: 'next-monday' },
  CHRISTMAS,
  BOXING,
];
