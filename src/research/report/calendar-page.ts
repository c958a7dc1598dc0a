/**
 * A year of one market as one static HTML file, without a script: twelve months on a sheet of A4 or Letter in landscape, and
 * the same days as tables for those who read them.
 */
import type { SpecialDay } from '../../core/session.ts';
import {
  addDays,
  daysInMonth,
  toCivilDate,
  toIsoDate,
  toTradeDate,
  weekdayOf,
} from '../../core/trade-date.ts';
import type { TradeDate } from '../../core/units.ts';
import type { CalendarYear, ContractYearRow } from '../calendar-view.ts';
import { clockText, MONTH_NAMES, WEEKDAY_NAMES, weekdaysText } from '../calendar-view.ts';
import { readAsset } from './assets.ts';
import { escapeHtml, htmlPage } from './render.ts';

export interface CalendarPageOptions {
  readonly theme?: 'auto' | 'light' | 'dark';
  /** Made with this program, for the foot of the page. */
  readonly madeBy?: string;
}

/** Weeks begin on Monday, as trade dates do. */
const WEEK: readonly number[] = [1, 2, 3, 4, 5, 6, 0];
/** What happens to a contract, with the sign that stands for it on the sheet. */
const SIGNS = { roll: '→', notice: '◇', last: '●' } as const;
type EventKind = keyof typeof SIGNS;
const EVENT_WORDS: Readonly<Record<EventKind, string>> = {
  roll: 'roll out of',
  notice: 'first notice of',
  last: 'last trade of',
};

interface DayEvent {
  readonly kind: EventKind;
  readonly contract: string;
  /** Month letter and year: `H27`. */
  readonly short: string;
}

/** The page. Pure: the same year gives the same bytes. */
export function renderCalendarYear(view: CalendarYear, options: CalendarPageOptions = {}): string {
  const { year, spec, calendar } = view;
  const { rules } = calendar;
  const name = spec?.root ?? rules.id;
  const days = new Map(view.specialDays.map((day) => [day.label, day]));
  const events = eventsByDate(view);
  const about = spec === null ? rules.name : `${spec.name}, ${spec.exchange}`;
  const parts = [
    // Lists decide how small their lines must be to stay on the sheet.
    `<main class="wall" style="--rows: ${rowsOf(view)}">`,
    `<header><h1>${escapeHtml(name)} <b>${year}</b></h1><p class="about">${escapeHtml(about)}</p>`,
    `<dl class="hours">${hoursOf(view)}</dl></header>`,
    '<div class="months">',
    ...MONTH_NAMES.map((_, month) => monthTable(view, month + 1, days, events)),
    '</div>',
    '<aside>',
    specialTable(view),
    spec === null ? '' : contractTable(view),
    '</aside>',
    `<footer>${legend(view)}${notesOf(view, options)}</footer>`,
    '</main>',
  ];
  return htmlPage({
    title: `${name} ${year}: sessions, holidays${spec === null ? '' : ', expiries and rolls'}`,
    theme: options.theme ?? 'auto',
    style: readAsset('calendar.css'),
    data: [],
    scripts: [],
  }).replace('<div id="app"></div>', () => parts.join('\n'));
}

/** Characters of the two columns of words that fit on a line of the printed list. */
const NAME_CHARS = 25;
const TEXT_CHARS = 16;

/** Lines of the two lists, headings counted. */
function rowsOf({ specialDays, contracts, spec }: CalendarYear): number {
  const lines = specialDays.map(({ name, text }) =>
    Math.max(1, Math.ceil(name.length / NAME_CHARS), Math.ceil(text.length / TEXT_CHARS)),
  );
  const days = lines.reduce((sum, count) => sum + count, 3);
  return days + (spec === null ? 0 : contracts.length + 4);
}

function hoursOf({ hours, calendar, from }: CalendarYear): string {
  const isOne = new Set(hours.map((one) => one.from)).size <= 1;
  const lines = hours.map(({ from: begin, weekdays, text }) => {
    const since = isOne || begin === from ? '' : `from ${toIsoDate(begin)}, `;
    return `<div><dt>${since}${weekdaysText(weekdays)}</dt><dd>${escapeHtml(text)}</dd></div>`;
  });
  const zone = `<div><dt>zone</dt><dd>${escapeHtml(calendar.zone)}</dd></div>`;
  return lines.join('') + zone;
}

function eventsByDate(view: CalendarYear): ReadonlyMap<TradeDate, readonly DayEvent[]> {
  const byDate = new Map<TradeDate, DayEvent[]>();
  const add = (date: TradeDate | null, kind: EventKind, row: ContractYearRow): void => {
    if (date === null) return;
    const { id } = row.contract;
    const event = { kind, contract: id, short: shortOf(row) };
    byDate.set(date, [...(byDate.get(date) ?? []), event]);
  };
  for (const row of view.contracts) {
    add(row.rollDate, 'roll', row);
    add(row.contract.dates.firstNoticeDate, 'notice', row);
    add(row.contract.dates.lastTradeDate, 'last', row);
  }
  return byDate;
}

/** `H27` of `ESH2027`. */
function shortOf({ contract: { id, root } }: ContractYearRow): string {
  return `${id.slice(root.length, root.length + 1)}${id.slice(-2)}`;
}

function monthTable(
  view: CalendarYear,
  month: number,
  days: ReadonlyMap<TradeDate, SpecialDay & { readonly text: string }>,
  events: ReadonlyMap<TradeDate, readonly DayEvent[]>,
): string {
  const { year } = view;
  const first = toTradeDate(year, month, 1);
  const length = daysInMonth(year, month);
  const before = WEEK.indexOf(weekdayOf(first));
  const heads = WEEK.map(
    (day) =>
      `<th scope="col" abbr="${WEEKDAY_NAMES[day]!}">${WEEKDAY_NAMES[day]!.slice(0, 2)}</th>`,
  );
  const weeks: string[] = [];
  for (let start = -before; start < length; start += 7) {
    const cells = WEEK.map((_, k) => {
      const day = start + k;
      if (day < 0 || day >= length) return '<td class="none"></td>';
      const date = addDays(first, day);
      return dayCell(view, date, days.get(date), events.get(date) ?? []);
    });
    weeks.push(`<tr>${cells.join('')}</tr>`);
  }
  // Six weeks in every month, so that the sheet stands in rows.
  while (weeks.length < 6) weeks.push(`<tr class="pad">${'<td class="none"></td>'.repeat(7)}</tr>`);
  return `<table class="month"><caption>${MONTH_NAMES[month - 1]!}</caption><thead><tr>${heads.join('')}</tr></thead><tbody>${weeks.join('')}</tbody></table>`;
}

function dayCell(
  view: CalendarYear,
  date: TradeDate,
  special: (SpecialDay & { readonly text: string }) | undefined,
  events: readonly DayEvent[],
): string {
  const { calendar, from, to } = view;
  const isKnown = date >= from && date <= to;
  const isRest = isKnown && special === undefined && calendar.sessionOfLabel(date) === null;
  const classes = [
    !isKnown ? 'unknown' : isRest ? 'rest' : '',
    special === undefined ? '' : classOf(special),
    events.length > 0 ? 'dated' : '',
  ].filter((name) => name !== '');
  const words = [
    ...(special === undefined ? [] : [`${special.name}: ${special.text}`]),
    ...events.map(({ kind, contract }) => `${EVENT_WORDS[kind]} ${contract}`),
  ].join('; ');
  const marks = [
    ...(special === undefined
      ? []
      : [
          `<i${special.kind === 'late-open' ? ' class="open"' : ''}>${escapeHtml(markOf(view, special))}</i>`,
        ]),
    ...events.map(({ kind, short }) => `<i>${SIGNS[kind]}${short}</i>`),
  ].join('');
  const number = `<time datetime="${toIsoDate(date)}">${toCivilDate(date).day}</time>`;
  const label = words === '' ? '' : `<span class="said">${escapeHtml(words)}</span>`;
  const title = words === '' ? '' : ` title="${escapeHtml(words)}"`;
  const name = classes.length === 0 ? '' : ` class="${classes.join(' ')}"`;
  // What the marks say stands in words beside them; a reader hears the words only.
  return `<td${name}${title}>${number}${marks === '' ? '' : `<span class="marks" aria-hidden="true">${marks}</span>`}${label}</td>`;
}

function classOf({ kind }: SpecialDay): string {
  if (kind === 'closed') return 'closed';
  return kind === 'extra' ? 'extra' : 'short';
}

/** The one time that matters on a sheet: when it closes, or when it opens. */
function markOf({ calendar }: CalendarYear, day: SpecialDay): string {
  if (day.session === null) return '×';
  const { openUs, closeUs } = day.session;
  if (day.kind === 'late-open') return `${clockText(calendar, openUs)}–`;
  return clockText(calendar, closeUs);
}

function specialTable({ specialDays }: CalendarYear): string {
  const rows = specialDays.map(
    ({ label, name, text, basis }) =>
      `<tr><th scope="row">${shortDate(label)}</th><td>${escapeHtml(name)}${basis === 'published' ? '' : ' *'}</td><td>${escapeHtml(text)}</td></tr>`,
  );
  const body =
    rows.length === 0
      ? '<p>None.</p>'
      : `<table class="list days"><thead><tr><th scope="col">Day</th><th scope="col">Why</th><th scope="col">Session</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
  return `<section><h2>Holidays and special sessions</h2>${body}</section>`;
}

function contractTable(view: CalendarYear): string {
  const { contracts, year, rollRule } = view;
  const hasNotice = contracts.some(({ contract }) => contract.dates.firstNoticeDate !== null);
  const cell = (date: TradeDate | null): string =>
    `<td>${date === null ? '–' : shortDate(date, year)}</td>`;
  const rows = contracts.map(({ contract, isHeld, rollDate, rollTo }) => {
    const { dates } = contract;
    const about = dates.kind === 'exact' ? '' : ' ~';
    const target = rollTo === null ? '' : ` title="${escapeHtml(`into ${rollTo}`)}"`;
    const roll = isHeld
      ? `<td${target}>${rollDate === null ? '–' : shortDate(rollDate, year)}</td>`
      : '<td>not held</td>';
    return `<tr><th scope="row">${escapeHtml(contract.id)}</th>${roll}${hasNotice ? cell(dates.firstNoticeDate) : ''}<td>${shortDate(dates.lastTradeDate, year)} ${clockText(view.calendar, dates.lastTradeUs)}${about}</td></tr>`;
  });
  const notice = hasNotice ? `<th scope="col">${SIGNS.notice} Notice</th>` : '';
  const head = `<tr><th scope="col">Contract</th><th scope="col">${SIGNS.roll} Roll</th>${notice}<th scope="col">${SIGNS.last} Last trade</th></tr>`;
  const body =
    rows.length === 0
      ? '<p>None.</p>'
      : `<table class="list"><thead>${head}</thead><tbody>${rows.join('')}</tbody></table><p class="rule">Roll: at the close of the session ${escapeHtml(rollRule ?? '')}.</p>`;
  return `<section><h2>Contracts</h2>${body}</section>`;
}

/** `Fri 20 Mar`, with the year where it is another one. */
function shortDate(date: TradeDate, year?: number): string {
  const civil = toCivilDate(date);
  const text = `${WEEKDAY_NAMES[weekdayOf(date)]!.slice(0, 3)} ${civil.day} ${MONTH_NAMES[civil.month - 1]!.slice(0, 3)}`;
  return year === undefined || civil.year === year ? text : `${text} ${civil.year}`;
}

function legend({ spec }: CalendarYear): string {
  const items = [
    '<li><span class="key closed"><i>×</i></span> closed</li>',
    '<li><span class="key short"><i>12:15</i></span> short or other hours: when it closes; 09:15–&nbsp;when it opens</li>',
    '<li><span class="key rest">7</span> no session of its own</li>',
    ...(spec === null
      ? []
      : [
          `<li><b>${SIGNS.roll}</b> roll out of a contract at the close</li>`,
          `<li><b>${SIGNS.notice}</b> first notice</li>`,
          `<li><b>${SIGNS.last}</b> last trade</li>`,
        ]),
  ];
  return `<ul class="legend">${items.join('')}</ul>`;
}

function notesOf(view: CalendarYear, options: CalendarPageOptions): string {
  const { rules } = view.calendar;
  const published = rules.publishedTo ?? rules.to;
  const parts = [
    ...view.notes,
    `Days are trade dates as the exchange labels them, times are local to ${rules.zone}.`,
    `Sources: ${rules.sources.map((source) => source.replace(/\.$/, '')).join('. ')}. Confidence ${rules.confidence}; published tables up to ${published}.`,
    ...(view.specialDays.some(({ basis }) => basis !== 'published')
      ? ['* by rule, not yet published.']
      : []),
    ...(options.madeBy === undefined ? [] : [`${options.madeBy}.`]),
  ];
  return `<p>${parts.map(escapeHtml).join(' ')}</p>`;
}

/** Name of the file that a command writes when it is given none. */
export function calendarFileName(view: Pick<CalendarYear, 'spec' | 'calendar' | 'year'>): string {
  const name = (view.spec?.root ?? view.calendar.rules.id).replaceAll('/', '-');
  return `calendar-${name}-${view.year}.html`;
}
