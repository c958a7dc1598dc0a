/** What must hold in a group's rules before sessions are built from them; each fault names its entry. */
import { TradingError } from '../core/errors.ts';
import { daysInMonth, parseTradeDate, weekdayOf } from '../core/trade-date.ts';
import type { TradeDate } from '../core/units.ts';
import { ANCHOR, parsePoint } from './clock-point.ts';
import { ruleError } from './rule-book.ts';
import type { DayRule } from './rules.ts';
import type {
  ClockPoint,
  DayHours,
  DayShape,
  DayShapeRule,
  GroupRules,
  Regime,
  RegularHours,
  Segment,
  SessionException,
} from './sessions.ts';
import type { ZoneTables } from './wall-time.ts';
import { parseWallTime } from './wall-time.ts';

/** Errors: E_CALENDAR_RULE with the group, the path of the entry in its rules, the rule and a way out. */
export function checkRules(rules: GroupRules, zones: ZoneTables): void {
  const check = new RuleCheck(rules, zones);
  check.zone(rules.zone, 'zone');
  check.span();
  check.point(rules.settle, 'settle');
  check.regularHours(rules.regularHours, 'regularHours');
  rules.earlierRegularHours?.forEach((hours, i) => {
    check.date(hours.until, `earlierRegularHours[${i}].until`);
    check.regularHours(hours, `earlierRegularHours[${i}]`);
  });
  rules.regimes.forEach((regime, i) => check.regime(regime, i));
  rules.namedDays.forEach((day, i) => check.namedDay(day, `namedDays[${i}]`));
  rules.dayRules.forEach((rule, i) => check.dayRule(rule, `dayRules[${i}]`));
  check.exceptions(rules.exceptions);
  check.settle();
}

function pointText(point: ClockPoint): string {
  return typeof point === 'string' ? point : `${point.at} ${point.zone}`;
}

class RuleCheck {
  readonly #rules: GroupRules;
  readonly #zones: ZoneTables;
  #from: number = -Infinity;
  #to: number = Infinity;

  constructor(rules: GroupRules, zones: ZoneTables) {
    this.#rules = rules;
    this.#zones = zones;
  }

  zone(zone: string, entry: string): void {
    this.#within(entry, () => this.#zones.get(zone));
  }

  span(): void {
    const { from, to, publishedTo, regimes } = this.#rules;
    this.#from = this.date(from, 'from');
    this.#to = this.date(to, 'to');
    if (this.#to < this.#from) {
      this.#fail('to', `${to} is before ${from}`, 'the span ends after it begins', 'swap the two');
    }
    if (publishedTo !== undefined) {
      const published = this.date(publishedTo, 'publishedTo');
      if (published < this.#from || published > this.#to)
        this.#outside('publishedTo', publishedTo, 'the last published date lies in the span');
    }
    if (regimes.length === 0)
      this.#fail('regimes', 'there is none', 'a group has regular hours', 'add a regime');
    regimes.forEach((regime, i) => {
      const entry = `regimes[${i}].from`;
      const date = this.date(regime.from, entry);
      if (i === 0 && date > this.#from)
        this.#fail(
          entry,
          `${regime.from} is after the span begins, ${from}`,
          'the first regime holds on the first day of the span',
          `begin the span on ${regime.from}, or the regime earlier`,
        );
      const before = regimes[i - 1]?.from;
      if (before !== undefined && regime.from <= before)
        this.#fail(
          entry,
          `${regime.from} is not after ${before}`,
          'regimes stand in the order of their first days',
          'sort them, and give each day to one',
        );
      if (date > this.#to) this.#outside(entry, regime.from, 'a regime begins in the span');
    });
  }

  regime(regime: Regime, row: number): void {
    const entry = `regimes[${row}]`;
    this.#hours(regime.hours, `${entry}.hours`);
    for (const [weekday, hours] of Object.entries(regime.byWeekday ?? {})) {
      this.#weekday(Number(weekday), `${entry}.byWeekday.${weekday}`);
      this.#hours(hours, `${entry}.byWeekday.${weekday}`);
    }
    for (const [weekday, point] of Object.entries(regime.preOpenByWeekday ?? {})) {
      this.#weekday(Number(weekday), `${entry}.preOpenByWeekday.${weekday}`);
      this.point(point, `${entry}.preOpenByWeekday.${weekday}`);
    }
    if (regime.dayOpen !== undefined) this.point(regime.dayOpen, `${entry}.dayOpen`);
    if (regime.preOpen !== undefined) this.point(regime.preOpen, `${entry}.preOpen`);
    if (regime.settle !== undefined) this.point(regime.settle, `${entry}.settle`);
    regime.weekdays?.forEach((weekday, i) => this.#weekday(weekday, `${entry}.weekdays[${i}]`));
    regime.weeklyBreaks?.forEach(({ weekday, from, to }, i) => {
      const where = `${entry}.weeklyBreaks[${i}]`;
      this.#weekday(weekday, `${where}.weekday`);
      this.#order(from, to, where);
    });
  }

  namedDay(day: DayRule, entry: string): void {
    if (day.fromYear !== undefined && day.toYear !== undefined && day.toYear < day.fromYear)
      this.#fail(
        `${entry}.toYear`,
        `${day.toYear} is before ${day.fromYear}`,
        'a rule ends after it begins',
        'swap the two',
      );
    switch (day.kind) {
      case 'dates':
        day.dates.forEach((date, i) => this.date(date, `${entry}.dates[${i}]`));
        return;
      case 'nth-weekday':
        this.#month(day.month, `${entry}.month`);
        this.#weekday(day.weekday, `${entry}.weekday`);
        if (!Number.isInteger(day.n) || day.n === 0 || Math.abs(day.n) > 5)
          this.#fail(
            `${entry}.n`,
            `${day.n} counts no weekday of a month`,
            'n is 1 to 5, or -1 to -5 from the end',
            'correct n',
          );
        return;
      case 'fixed':
      case 'weekday-on-or-before':
      case 'weekday-on-or-after':
        this.#month(day.month, `${entry}.month`);
        // A leap year, so that February 29 is a day.
        if (!(day.day >= 1 && day.day <= daysInMonth(2024, day.month)))
          this.#fail(
            `${entry}.day`,
            `month ${day.month} has no day ${day.day}`,
            'a day of the month',
            'correct month or day',
          );
        if (day.kind !== 'fixed') this.#weekday(day.weekday, `${entry}.weekday`);
        return;
      case 'easter':
      case 'japan-equinox':
        return;
    }
  }

  dayRule(rule: DayShapeRule, entry: string): void {
    const known = new Set(this.#rules.namedDays.map(({ name }) => name));
    rule.on.forEach((name, i) => {
      if (!known.has(name))
        this.#fail(
          `${entry}.on[${i}]`,
          `there is no day named "${name}"`,
          `a day rule names days of the group: ${[...known].join(', ') || 'none is defined'}`,
          'correct the name, or add the day to namedDays',
        );
    });
    const from = rule.from === undefined ? -Infinity : this.date(rule.from, `${entry}.from`);
    const to = rule.to === undefined ? Infinity : this.date(rule.to, `${entry}.to`);
    if (to < from)
      this.#fail(
        `${entry}.to`,
        `${rule.to} is before ${rule.from}`,
        'a rule ends after it begins',
        'swap the two',
      );
    rule.weekdays?.forEach((weekday, i) => this.#weekday(weekday, `${entry}.weekdays[${i}]`));
    this.shape(rule.shape, `${entry}.shape`);
    this.#shortInside(
      rule.shape,
      `${entry}.shape`,
      this.#hoursBetween(from, to, rule.weekdays),
      Math.max(from, this.#from),
    );
  }

  exceptions(exceptions: readonly SessionException[]): void {
    const rows = new Map<number, number>();
    exceptions.forEach((exception, i) => {
      const entry = `exceptions[${i}]`;
      const date = this.date(exception.date, `${entry}.date`);
      if (date < this.#from || date > this.#to)
        this.#outside(`${entry}.date`, exception.date, 'an exception lies in the span');
      const other = rows.get(date);
      if (other !== undefined)
        this.#fail(
          `${entry}.date`,
          `${exception.date} stands in exceptions[${other}] too`,
          'a date has one exception',
          'keep one of the two',
        );
      rows.set(date, i);
      const { tradeDate } = exception;
      if (typeof tradeDate === 'string' && this.date(tradeDate, `${entry}.tradeDate`) < date)
        this.#fail(
          `${entry}.tradeDate`,
          `${tradeDate} is before ${exception.date}`,
          'a session is cleared on its own date or later',
          'correct the trade date',
        );
      this.shape(exception.shape, `${entry}.shape`);
      this.#shortInside(
        exception.shape,
        `${entry}.shape`,
        this.#hoursBetween(date, date, [weekdayOf(date as TradeDate)]),
        date,
      );
    });
  }

  shape(shape: DayShape, entry: string): void {
    if (shape.kind === 'short') {
      if (shape.open === undefined && shape.close === undefined && shape.dayOnly !== true)
        this.#fail(
          entry,
          'a short day says neither open nor close nor dayOnly',
          'a short day says what is shorter',
          'add close or open, or remove the entry',
        );
      if (shape.open !== undefined) this.point(shape.open, `${entry}.open`);
      if (shape.close !== undefined) this.point(shape.close, `${entry}.close`);
      return;
    }
    if (shape.kind !== 'segments') return;
    this.#segments(shape.segments, `${entry}.segments`);
    if (shape.preOpen !== undefined) this.point(shape.preOpen, `${entry}.preOpen`);
    if (shape.settle !== undefined) this.point(shape.settle, `${entry}.settle`);
    if (shape.regularHours !== undefined)
      this.regularHours(shape.regularHours, `${entry}.regularHours`);
    const close = shape.segments.at(-1)?.[1];
    if (shape.settle !== undefined && close !== undefined)
      this.#settleInside(shape.settle, close, `${entry}.settle`);
  }

  /** A settlement after the close would be taken at the close without a word. */
  settle(): void {
    const { regimes, settle } = this.#rules;
    const last = regimes.at(-1);
    regimes.forEach((regime, i) => {
      const close = regime.hours.segments.at(-1)?.[1];
      const own = regime.settle ?? (regime === last ? settle : undefined);
      if (close !== undefined && own !== undefined)
        this.#settleInside(
          own,
          close,
          regime.settle === undefined ? 'settle' : `regimes[${i}].settle`,
        );
    });
  }

  #settleInside(settle: ClockPoint, close: ClockPoint, entry: string): void {
    const [at, end] = [this.#instant(settle, this.#from), this.#instant(close, this.#from)];
    if (at !== null && end !== null && at > end)
      this.#fail(
        entry,
        `the settlement, ${pointText(settle)}, is after the close, ${pointText(close)}`,
        'a settlement price is taken during the session or at its close',
        'correct the settlement, or the close',
      );
  }

  /** Hours that hold on some weekday between two dates; none where the sessions have no label. */
  #hoursBetween(
    from: number,
    to: number,
    weekdays: readonly number[] = [0, 1, 2, 3, 4, 5, 6],
  ): readonly DayHours[] {
    const { regimes } = this.#rules;
    return regimes.flatMap((regime, i) => {
      const begins = i === 0 ? -Infinity : parseTradeDate(regime.from);
      const next = regimes[i + 1];
      const ends = next === undefined ? Infinity : parseTradeDate(next.from) - 1;
      if (begins > to || ends < from) return [];
      const labels = regime.weekdays ?? [1, 2, 3, 4, 5];
      return weekdays
        .filter((weekday) => labels.includes(weekday))
        .map((weekday) => regime.byWeekday?.[weekday] ?? regime.hours);
    });
  }

  /**
   * A short day lies inside the regular one, measured on its date, or on the first day of a rule. A rule over several regimes
   * is wrong only where it is wrong in all of them.
   */
  #shortInside(shape: DayShape, entry: string, hours: readonly DayHours[], label: number): void {
    if (shape.kind !== 'short') return;
    const open = shape.open === undefined ? null : this.#instant(shape.open, label);
    const close = shape.close === undefined ? null : this.#instant(shape.close, label);
    if (open !== null && close !== null && open >= close)
      this.#fail(
        `${entry}.close`,
        `${pointText(shape.close!)} is not after the open, ${pointText(shape.open!)}`,
        'a session ends after it begins',
        'swap the two, or close the day',
      );
    const faults = hours.map((regular) => this.#faultInside(open, close, regular, label));
    const [fault] = faults;
    if (fault === undefined || fault === null || faults.includes(null)) return;
    const [field, why, fix] = fault;
    this.#fail(`${entry}.${field}`, why, 'a short day lies inside the regular session', fix);
  }

  #faultInside(
    open: number | null,
    close: number | null,
    regular: DayHours,
    label: number,
  ): readonly [field: string, why: string, fix: string] | null {
    const segments = regular.segments;
    const first = segments[0];
    const last = segments.at(-1);
    if (first === undefined || last === undefined) return null;
    const [start, end] = [this.#instant(first[0], label), this.#instant(last[1], label)];
    const hours = `${pointText(first[0])} to ${pointText(last[1])}`;
    const closedDay = 'close the day instead: kind closed';
    if (close !== null && start !== null && close <= start)
      return [
        'close',
        `it is not after the regular open, ${hours}: nothing would be left`,
        closedDay,
      ];
    if (open !== null && end !== null && open >= end)
      return [
        'open',
        `it is not before the regular close, ${hours}: nothing would be left`,
        closedDay,
      ];
    const longer = 'give the hours as segments: kind segments';
    if (close !== null && end !== null && close > end)
      return ['close', `it is after the regular close, ${hours}`, longer];
    if (open !== null && start !== null && open < start)
      return ['open', `it is before the regular open, ${hours}`, longer];
    return null;
  }

  /** The instant of a point on a label; the day before stands for the business day or session before it. */
  #instant(point: ClockPoint, label: number): number | null {
    const home = this.#zones.get(this.#rules.zone);
    const { anchor, dayOffset, minutes, zone } = parsePoint(point, home, this.#zones);
    // What comes after a business day or session of long ago may lie anywhere before the label.
    if (anchor !== ANCHOR.label && dayOffset > 0) return null;
    const date = label + dayOffset - (anchor === ANCHOR.label ? 0 : 1);
    return zone.toUtcUs(date as TradeDate, minutes);
  }

  regularHours({ start, end, zone }: RegularHours, entry: string): void {
    this.zone(zone, `${entry}.zone`);
    this.#order(start, end, entry, 'start', 'end');
  }

  /** Errors: E_CALENDAR_RULE. */
  date(text: string, entry: string): number {
    return this.#within(entry, () => parseTradeDate(text));
  }

  point(point: ClockPoint, entry: string): void {
    this.#within(entry, () => parsePoint(point, this.#zones.get(this.#rules.zone), this.#zones));
  }

  #hours(hours: DayHours, entry: string): void {
    this.#segments(hours.segments, `${entry}.segments`);
    if (hours.afterGap !== undefined) this.#segments(hours.afterGap, `${entry}.afterGap`);
  }

  /** Order and overlap depend on the date where zones or anchors differ; they are looked at when sessions are built. */
  #segments(segments: readonly Segment[], entry: string): void {
    if (segments.length === 0)
      this.#fail(entry, 'there is none', 'hours have a segment', 'add one, or close the day');
    segments.forEach(([open, close], i) => {
      this.point(open, `${entry}[${i}][0]`);
      this.point(close, `${entry}[${i}][1]`);
    });
  }

  #order(from: string, to: string, entry: string, first = 'from', second = 'to'): void {
    const start = this.#within(`${entry}.${first}`, () => parseWallTime(from));
    const end = this.#within(`${entry}.${second}`, () => parseWallTime(to));
    if (end <= start)
      this.#fail(
        `${entry}.${second}`,
        `${to} is not after ${from}`,
        'it ends after it begins, on one date',
        'swap the two, or split it at midnight',
      );
  }

  #weekday(weekday: number, entry: string): void {
    if (!(Number.isInteger(weekday) && weekday >= 0 && weekday <= 6))
      this.#fail(
        entry,
        `${weekday} is no weekday`,
        'weekdays are 0 (Sunday) to 6 (Saturday)',
        'correct the number',
      );
  }

  #month(month: number, entry: string): void {
    if (!(Number.isInteger(month) && month >= 1 && month <= 12))
      this.#fail(entry, `${month} is no month`, 'months are 1 to 12', 'correct the number');
  }

  #outside(entry: string, date: string, rule: string): never {
    const { from, to } = this.#rules;
    this.#fail(
      entry,
      `${date} is outside the span, ${from} to ${to}`,
      rule,
      'correct the date, or widen the span',
    );
  }

  /** Gives the errors of a parser the entry they belong to. */
  #within<T>(entry: string, parse: () => T): T {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof TradingError)) throw error;
      this.#fail(
        entry,
        error.message,
        error.rule ?? 'the entry can be read',
        error.fix ?? 'correct it',
      );
    }
  }

  #fail(entry: string, message: string, rule: string, fix: string): never {
    throw ruleError(this.#rules.id, entry, message, { rule, fix });
  }
}
