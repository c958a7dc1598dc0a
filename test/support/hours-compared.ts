/** Compares a calendar with the market-hours extract of the reference data, date by date. */
import type { GroupCalendar } from '../../src/calendars/group-calendar.ts';
import { parseWallTime, ZoneTables } from '../../src/calendars/wall-time.ts';
import { addDays, parseTradeDate, toIsoDate, weekdayOf } from '../../src/core/trade-date.ts';
import type { TradeDate, TsUs } from '../../src/core/units.ts';
import type { LeanHours } from './lean-hours.ts';

const zones = new ZoneTables();

/** `2012-10-29 closed | 08:15`: theirs, ours. Times are local to their entry. */
export function hoursDisagreements(
  calendar: GroupCalendar,
  theirs: LeanHours,
  from: string,
  to: string,
): string[] {
  const zone = zones.get(theirs.zone);
  const clock = (us: TsUs): string => {
    const minutes = zone.localMinutes(us);
    return [Math.floor(minutes / 60), minutes % 60]
      .map((n) => String(n).padStart(2, '0'))
      .join(':');
  };
  const last = parseTradeDate(to);
  const lines: string[] = [];
  for (let date = parseTradeDate(from); date <= last; date = addDays(date, 1)) {
    const day = toIsoDate(date);
    const stated = theirs.on(day);
    const session = calendar.sessionOfLabel(date);
    const isWeekday = weekdayOf(date) >= 1 && weekdayOf(date) <= 5;
    if (isWeekday || stated.close !== 'regular') {
      const close = session === null ? 'closed' : clock(session.closeUs);
      const regular = regularClose(calendar, date, clock);
      const wanted = stated.close === 'regular' ? regular : stated.close;
      if (isWeekday ? close !== wanted : stated.close !== 'closed')
        lines.push(`${day} ${stated.close} | ${close === regular ? 'regular' : close}`);
    }
    if (stated.morningOpen !== null) {
      const us = zone.toUtcUs(date, parseWallTime(stated.morningOpen));
      const opens = calendar.isOpen(us) && !calendar.isOpen((us - 1) as TsUs);
      if (!opens) lines.push(`${day} opens ${stated.morningOpen} | ${stateAt(calendar, us)}`);
    }
    if (stated.evening !== null) {
      // 20:00 lies in the evening session of every group.
      const us = zone.toUtcUs(date, 20 * 60);
      const evening = calendar.isOpen(us) ? 'open' : 'shut';
      if (evening !== stated.evening) lines.push(`${day} evening ${stated.evening} | ${evening}`);
    }
  }
  return lines;
}

/** Close of the regular session of that weekday, from the nearest regular label of the same regime. */
function regularClose(
  calendar: GroupCalendar,
  date: TradeDate,
  clock: (us: TsUs) => string,
): string {
  const day = toIsoDate(date);
  const regime = calendar.rules.regimes.filter((one) => one.from <= day).at(-1)!;
  const hours = regime.byWeekday?.[weekdayOf(date)] ?? regime.hours;
  const close = hours.segments.at(-1)![1];
  const home = zones.get(calendar.zone);
  return clock(home.toUtcUs(date, parseWallTime(typeof close === 'string' ? close : close.at)));
}

function stateAt(calendar: GroupCalendar, us: TsUs): string {
  if (!calendar.isOpen(us)) return 'shut then';
  return 'open before';
}
