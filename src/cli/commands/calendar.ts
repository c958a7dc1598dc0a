/** `frontmonth calendar [group|product]`: is it open, why not, what comes next; and a year on a page. */
import { writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { GroupCalendar } from '../../calendars/group-calendar.ts';
import type { OutsidePolicy } from '../../calendars/group-calendar.ts';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import type { InstrumentSpec } from '../../core/instrument.ts';
import type { MarketState, SpecialDay, TimeSpan, WhyClosed } from '../../core/session.ts';
import type { RollRule } from '../../core/roll.ts';
import { parseRollRule } from '../../core/rolls/syntax.ts';
import { didYouMean } from '../../core/suggest.ts';
import { addDays, parseTradeDate, toCivilDate, toIsoDate } from '../../core/trade-date.ts';
import type { TradeDate, TsUs } from '../../core/units.ts';
import { parseTsUs, toIsoUtc, toTsUs, US_PER_MINUTE } from '../../core/units.ts';
import type { CalendarYear, SessionView } from '../../research/calendar-view.ts';
import { calendarTextsOf } from '../calendar-texts.ts';
import type { CommandCall } from '../command.ts';
import { hasFlag, textArg, textFlag } from '../command.ts';
import { numberFlag, spanOf } from '../flag-values.ts';
import { formatBytes, formatTime } from '../format.ts';
import { instrumentsDirOf } from '../instruments-dir.ts';
import { programVersion } from '../package-root.ts';
import type { CalendarTools } from '../services.ts';
import { withWhere } from '../strategy-loader.ts';
import { renderTable } from '../table.ts';
import { fieldLines, wrap } from '../wrap.ts';

/** Sessions and special days that are listed when no span is asked for. */
const SESSIONS_SHOWN = 7;
const DAYS_SHOWN = 8;
const DAYS_AHEAD = 420;

/** What the pages of this command share. */
interface View {
  readonly call: CommandCall;
  readonly tools: CalendarTools;
  readonly calendar: GroupCalendar;
  readonly spec: InstrumentSpec | null;
  readonly outside: OutsidePolicy;
  /** Roll rule of a year; the product's own where it is absent. */
  readonly rule?: RollRule;
}

export async function run(call: CommandCall): Promise<ExitCode> {
  const config = await call.config();
  const services = await call.services();
  const specs = await services.loadInstruments(instrumentsDirOf(config));
  const outside = (textFlag(call, 'outside') ?? 'error') as OutsidePolicy;
  const tools = await services.calendarTools(outside, await calendarTextsOf(config));
  const word = textArg(call, 0);
  if (word === '') {
    listGroups(call, tools, [...specs.values()]);
    return EXIT.ok;
  }
  const ruleText = textFlag(call, 'rule');
  const view: View = {
    call,
    tools,
    outside,
    ...targetOf(tools, specs, word),
    ...(ruleText === undefined
      ? {}
      : { rule: withWhere(`--rule ${ruleText}`, () => parseRollRule(ruleText)) }),
  };
  const year = numberFlag(call, 'year', { min: 1970, max: 2199 });
  refuseBoth(call);
  const html = call.flags['html'];
  const hasTheme = textFlag(call, 'theme') !== undefined;
  const isPage = html !== undefined || hasFlag(call, 'open') || hasTheme;
  try {
    if (isPage) await writePage(view, year, typeof html === 'string' ? html : null);
    else if (year !== undefined) showYear(view, year);
    else showDays(view);
  } catch (error) {
    throw withOutsideFlag(error);
  }
  return EXIT.ok;
}

/** A year and a span are different questions. Errors: E_USAGE. */
function refuseBoth(call: CommandCall): void {
  const given = (names: readonly string[]): string | undefined =>
    names.find((name) => call.flags[name] !== undefined && call.flags[name] !== false);
  const ofYear = given(['year', 'html', 'theme', 'open']);
  const ofSpan = given(['from', 'to']);
  if (ofYear === undefined || ofSpan === undefined) return;
  throw new TradingError('E_USAGE', `--${ofYear} and --${ofSpan} do not go together`, {
    where: `--${ofYear} --${ofSpan}`,
    rule: `--from and --to ask for the sessions of a span, --${ofYear} for a whole year`,
    fix: `leave out --${ofYear} or --${ofSpan}`,
  });
}

/** The cure of a date outside the span, as a flag. */
function withOutsideFlag(error: unknown): unknown {
  if (!(error instanceof TradingError) || error.code !== 'E_CALENDAR_SPAN') return error;
  return new TradingError(error.code, error.message, {
    details: error.details,
    ...(error.rule === undefined ? {} : { rule: error.rule }),
    fix: 'choose dates inside the span, or ask for answers by rule alone, marked as such: --outside rules',
    cause: error,
  });
}

/** A product by its root, or a group by its id. Errors: E_CALENDAR_UNKNOWN. */
function targetOf(
  tools: CalendarTools,
  specs: ReadonlyMap<string, InstrumentSpec>,
  word: string,
): Pick<View, 'calendar' | 'spec'> {
  const spec = specs.get(word.toUpperCase());
  if (spec !== undefined) return { calendar: tools.calendars.forInstrument(spec), spec };
  const id = tools.groups.find((known) => known.toLowerCase() === word.toLowerCase());
  if (id !== undefined) return { calendar: tools.calendars.forGroup(id), spec: null };
  throw new TradingError('E_CALENDAR_UNKNOWN', `there is no product or group ${word}`, {
    where: word,
    rule: 'a product such as ES, or a session group such as cme-equity-index',
    fix: didYouMean(
      word,
      [...specs.keys(), ...tools.groups],
      '`frontmonth calendar` lists the groups with their products',
    ),
    details: { name: word },
  });
}

function listGroups(
  call: CommandCall,
  tools: CalendarTools,
  specs: readonly InstrumentSpec[],
): void {
  const rows = tools.groups.map((id) => {
    const { rules } = tools.calendars.forGroup(id);
    const products = specs
      .filter((spec) => tools.calendars.hasCalendar(spec))
      .filter((spec) => tools.calendars.forInstrument(spec).id === id)
      .map(({ root }) => root);
    const { name, zone, from, to, publishedTo = to, confidence } = rules;
    return { id, name, zone, from, publishedTo, to, confidence, products };
  });
  call.out.result('frontmonth.calendars/1', rows, () =>
    renderTable(
      call.out,
      [
        { title: 'group', cell: (row) => row.id },
        { title: 'zone', priority: 2, cell: (row) => row.zone },
        { title: 'from', priority: 1, cell: (row) => row.from },
        { title: 'published', priority: 3, cell: (row) => row.publishedTo },
        { title: 'to', priority: 4, cell: (row) => row.to },
        { title: 'confidence', priority: 5, cell: (row) => row.confidence },
        { title: 'products', cell: (row) => row.products.join(' ') },
      ],
      rows,
    ),
  );
}

/** `--at`, or now. Errors: E_TIME. */
function momentOf(call: CommandCall): TsUs {
  const text = textFlag(call, 'at');
  if (text === undefined) return toTsUs(Math.floor(call.host.nowMs()) * 1000);
  return withWhere(`--at ${text}`, () => parseTsUs(text));
}

function showDays(view: View): void {
  const { call, calendar, tools } = view;
  const span = spanOf(call);
  const hasSpan = span.from !== undefined || span.to !== undefined;
  const atUs = momentOf(call);
  const state = hasSpan ? null : calendar.stateAt(atUs);
  const [from, to] = hasSpan ? askedSpan(view, span, atUs) : [null, null];
  const sessions =
    from === null ? comingSessions(view, atUs) : tools.view.sessionViews(calendar, from, to);
  const days = from === null ? comingDays(view, atUs) : [...calendar.specialDays(from, to)];
  call.out.result(
    'frontmonth.calendar-now/1',
    {
      ...targetJson(view),
      ...(state === null ? {} : { at: toIsoUtc(atUs), state: stateJson(state) }),
      ...(from === null ? {} : { from: toIsoDate(from), to: toIsoDate(to) }),
      sessions: sessions.map(sessionJson),
      specialDays: days.map((day) => specialJson(view, day)),
    },
    () =>
      [
        headText(view),
        ...(state === null ? [] : ['', stateText(view, state, atUs)]),
        '',
        sessionTable(view, sessions),
        '',
        specialTable(view, days),
        ...footnote([...sessions, ...days]),
      ].join('\n'),
  );
}

/** An end that is not given lies as far away as the coming sessions do. */
function askedSpan(
  { calendar, outside }: View,
  span: { readonly from?: string; readonly to?: string },
  atUs: TsUs,
): readonly [TradeDate, TradeDate] {
  const today = calendar.localDate(atUs);
  const from = span.from === undefined ? today : parseTradeDate(span.from);
  const far = addDays(from, 30);
  const last = outside === 'rules' ? far : parseTradeDate(calendar.rules.to);
  const to = span.to === undefined ? (Math.min(far, last) as TradeDate) : parseTradeDate(span.to);
  return [from, to];
}

function comingSessions({ calendar, tools, outside }: View, atUs: TsUs): readonly SessionView[] {
  const first = calendar.sessionOf(atUs).label;
  const end = lastLabel(calendar, outside, addDays(first, 45));
  return tools.view.sessionViews(calendar, first, end).slice(0, SESSIONS_SHOWN);
}

function comingDays({ calendar, outside }: View, atUs: TsUs): readonly SpecialDay[] {
  const today = calendar.localDate(atUs);
  const end = lastLabel(calendar, outside, addDays(today, DAYS_AHEAD));
  return today > end ? [] : calendar.specialDays(today, end).slice(0, DAYS_SHOWN);
}

function lastLabel(calendar: GroupCalendar, outside: OutsidePolicy, wanted: TradeDate): TradeDate {
  return outside === 'rules'
    ? wanted
    : (Math.min(wanted, parseTradeDate(calendar.rules.to)) as TradeDate);
}

/** What the answers rest on stands above them. */
function headText({ call, calendar, spec, tools }: View): string {
  const { rules } = calendar;
  const { from, to, publishedTo = to, confidence, zone } = rules;
  const name =
    spec === null ? `${rules.id}   ${rules.name}` : `${spec.root}   ${spec.name}, ${spec.exchange}`;
  const today = calendar.localDate(momentOf(call));
  const week = clampWeek(calendar, today);
  const hours =
    week === null
      ? []
      : tools.view
          .usualHours(calendar, ...week)
          .map(
            ({ weekdays, text }) =>
              ['hours', `${tools.view.weekdaysText(weekdays)}  ${text}`] as const,
          );
  const width = call.out.width('stdout');
  return [
    ...wrap(name, width, 2),
    ...fieldLines(
      [
        ...(spec === null ? [] : [['group', rules.id] as const]),
        ['zone', zone],
        [
          'sourced',
          `${from} to ${publishedTo}${to === publishedTo ? '' : `, by rule to ${to}`}; confidence ${confidence}`,
        ],
        ...hours,
      ],
      width,
    ),
  ].join('\n');
}

/** Three weeks around a date, inside the span: the usual hours of that time. */
function clampWeek(
  calendar: GroupCalendar,
  today: TradeDate,
): readonly [TradeDate, TradeDate] | null {
  const { rules } = calendar;
  const from = Math.max(today, parseTradeDate(rules.from)) as TradeDate;
  const to = Math.min(addDays(from, 20), parseTradeDate(rules.to)) as TradeDate;
  // A set of hours that begins inside would be told beside the one before.
  const next = rules.regimes
    .map((regime) => parseTradeDate(regime.from))
    .find((date) => date > from && date <= to);
  return from > to ? null : [from, next === undefined ? to : addDays(next, -1)];
}

function stateText(view: View, state: MarketState, atUs: TsUs): string {
  const { call, calendar } = view;
  const width = call.out.width('stdout');
  const { phase, session, untilUs, why } = state;
  const fields: (readonly [string, string])[] = [];
  const until =
    untilUs === null ? 'not known' : `${moment(view, untilUs)}, in ${durationText(untilUs - atUs)}`;
  if (phase === 'open') fields.push(['closes', until]);
  else {
    if (why !== null) fields.push(['why', whyText(view, why)]);
    if (why?.sinceUs != null) fields.push(['since', moment(view, why.sinceUs)]);
    fields.push(['opens', until]);
  }
  if (session !== null) {
    const preOpenUs = calendar.preOpenUs(session.label);
    if (phase === 'pre-open' && preOpenUs !== null)
      fields.push(['orders', `taken since ${moment(view, preOpenUs)}; nothing trades yet`]);
    else if (phase === 'closed' && preOpenUs !== null && preOpenUs < session.openUs)
      fields.push(['orders', `taken from ${moment(view, preOpenUs)}`]);
    const label = view.tools.view.dayText(session.label);
    const isOther = session.tradeDate !== session.label;
    fields.push([
      phase === 'open' || phase === 'break' ? 'session' : 'next',
      `${label}, trade date ${toIsoDate(session.tradeDate)}${isOther ? ' (not its own)' : ''}`,
    ]);
    if (session.basis !== undefined && session.basis !== 'published')
      fields.push(['rests on', basisText(session.basis)]);
  }
  const zone = call.out.options.utc ? 'UTC' : calendar.zone;
  const words = {
    open: 'OPEN',
    break: 'CLOSED, a pause',
    'pre-open': 'CLOSED, orders are taken',
    closed: 'CLOSED',
  };
  return [
    ...wrap(`${moment(view, atUs)} ${zone}: ${words[phase]}`, width, 2),
    ...fieldLines(fields, width),
  ].join('\n');
}

function whyText({ tools }: View, why: WhyClosed): string {
  switch (why.kind) {
    case 'break':
      return 'a pause inside the session';
    case 'daily-pause':
      return 'the pause between two sessions';
    case 'weekend':
      return 'the weekend';
    case 'holiday':
      return `${why.name ?? 'a holiday'}, ${tools.view.dayText(why.label)}`;
    case 'exception':
      return `${why.name ?? 'an exception'}, ${tools.view.dayText(why.label)}${why.source === null ? '' : ` (${why.source})`}`;
  }
}

function basisText(basis: string): string {
  if (basis === 'rule') return 'rules: no holiday table is published for that time yet';
  return basis === 'outside' ? 'the nearest rules: nothing is sourced for that time' : basis;
}

function moment({ call, calendar, tools }: View, tsUs: TsUs): string {
  if (!call.out.options.utc) return tools.view.momentText(calendar, tsUs);
  return formatTime(tsUs, 'UTC');
}

/** `1 d 5 h 56 min`; less than a minute is one. Units: µs. */
function durationText(us: number): string {
  const minutes = Math.max(1, Math.ceil(us / US_PER_MINUTE));
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(minutes / 1440), 'd'],
    [Math.floor(minutes / 60) % 24, 'h'],
    [minutes % 60, 'min'],
  ];
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

function sessionTable(view: View, sessions: readonly SessionView[]): string {
  const { call, tools, calendar } = view;
  if (sessions.length === 0) return 'no sessions in this span';
  const isUtc = call.out.options.utc;
  return renderTable<SessionView>(
    call.out,
    [
      { title: 'session', cell: ({ label }) => tools.view.dayText(label) },
      {
        title: isUtc ? 'hours, UTC' : `hours, ${calendar.zone}`,
        cell: ({ hours, segments }) => (isUtc ? utcHours(segments) : hours),
      },
      {
        title: 'trade date',
        priority: 1,
        cell: ({ label, tradeDate }) => (label === tradeDate ? '' : toIsoDate(tradeDate)),
      },
      {
        title: 'settles',
        priority: 2,
        cell: ({ settleUs }) =>
          isUtc ? formatTime(settleUs, 'UTC').slice(11) : tools.view.clockText(calendar, settleUs),
      },
      { title: '', cell: ({ special, basis }) => `${special?.name ?? ''}${mark(basis)}`.trim() },
    ],
    sessions,
  );
}

function mark(basis: string): string {
  return basis === 'published' ? '' : ' *';
}

function utcHours(segments: readonly TimeSpan[]): string {
  return segments
    .map(({ openUs, closeUs }) => {
      const [open, close] = [formatTime(openUs, 'UTC'), formatTime(closeUs, 'UTC')];
      return `${open}–${open.slice(0, 10) === close.slice(0, 10) ? close.slice(11) : close}`;
    })
    .join(', ');
}

function specialTable(view: View, days: readonly SpecialDay[]): string {
  const { call, tools, calendar } = view;
  if (days.length === 0) return 'no holidays or special sessions in this span';
  return renderTable<SpecialDay>(
    call.out,
    [
      { title: 'not regular', cell: ({ label }) => tools.view.dayText(label) },
      { title: 'session', cell: (day) => tools.view.specialText(calendar, day) },
      { title: 'why', cell: ({ name, basis }) => name + mark(basis) },
      ...(days.some(({ source }) => source !== null)
        ? [{ title: 'source', priority: 1, cell: ({ source }: SpecialDay) => source ?? '' }]
        : []),
    ],
    days,
  );
}

/** Below whatever carries the mark. */
function footnote(rows: readonly { readonly basis: string }[]): readonly string[] {
  const isMarked = rows.some(({ basis }) => basis !== 'published');
  return isMarked ? ['* by rule: no table is published for that time'] : [];
}

function showYear(view: View, year: number): void {
  const { call, tools } = view;
  const result = tools.view.calendarYear(tools.calendars, view, year);
  call.out.result('frontmonth.calendar-year/1', yearJson(view, result), () =>
    [
      headText(view),
      '',
      `${year}`,
      ...result.notes.flatMap((note) => wrap(note, call.out.width('stdout'))),
      '',
      specialTable(view, result.specialDays),
      ...footnote(result.specialDays),
      ...(result.spec === null ? [] : ['', contractTable(view, result)]),
    ].join('\n'),
  );
}

function contractTable(view: View, { contracts, rollRule }: CalendarYear): string {
  const { call, tools } = view;
  if (contracts.length === 0) return 'no contracts';
  const day = (date: TradeDate | null): string => (date === null ? '–' : tools.view.dayText(date));
  const hasNotice = contracts.some(({ contract }) => contract.dates.firstNoticeDate !== null);
  return [
    renderTable<CalendarYear['contracts'][number]>(
      call.out,
      [
        { title: 'contract', cell: ({ contract }) => contract.id },
        { title: 'roll', cell: ({ isHeld, rollDate }) => (isHeld ? day(rollDate) : 'not held') },
        { title: 'into', priority: 1, cell: ({ rollTo }) => rollTo ?? '' },
        ...(hasNotice
          ? [
              {
                title: 'first notice',
                priority: 2,
                cell: ({ contract }: CalendarYear['contracts'][number]) =>
                  day(contract.dates.firstNoticeDate),
              },
            ]
          : []),
        {
          title: 'last trade',
          cell: ({ contract: { dates } }) =>
            day(dates.lastTradeDate) + (dates.kind === 'exact' ? '' : ' ~'),
        },
      ],
      contracts,
    ),
    ...wrap(
      `rolls at the close of the session ${rollRule ?? ''}${view.rule === undefined ? "; that is the product's default" : ''}`,
      call.out.width('stdout'),
    ),
  ].join('\n');
}

async function writePage(
  view: View,
  asked: number | undefined,
  file: string | null,
): Promise<void> {
  const { call, tools, calendar } = view;
  const year = asked ?? toCivilDate(calendar.localDate(momentOf(call))).year;
  const result = tools.view.calendarYear(tools.calendars, view, year);
  const html = tools.page.renderCalendarYear(result, {
    theme: (textFlag(call, 'theme') ?? 'auto') as 'auto' | 'light' | 'dark',
    madeBy: `frontmonth ${programVersion()}`,
  });
  const path = resolve(call.host.cwd, file ?? tools.page.calendarFileName(result));
  writeFileSync(path, html);
  const bytes = Buffer.byteLength(html);
  call.out.result(
    'frontmonth.calendar-page/1',
    { ...yearJson(view, result), page: { file: path, bytes } },
    () =>
      [
        `${relative(call.host.cwd, path)} (${formatBytes(bytes)})`,
        ...result.notes.flatMap((note) => wrap(note, call.out.width('stdout'))),
      ].join('\n'),
  );
  if (hasFlag(call, 'open')) await call.host.openInBrowser(path);
}

function targetJson({ calendar, spec }: View): Record<string, unknown> {
  const { id, name, zone, from, to, publishedTo = to, confidence } = calendar.rules;
  return {
    group: id,
    groupName: name,
    product: spec?.root ?? null,
    zone,
    span: { from, publishedTo, to },
    confidence,
  };
}

function stateJson({ phase, session, untilUs, why }: MarketState): Record<string, unknown> {
  return {
    phase,
    isOpen: phase === 'open',
    untilUtc: untilUs === null ? null : toIsoUtc(untilUs),
    session: session === null ? null : toIsoDate(session.label),
    tradeDate: session === null ? null : toIsoDate(session.tradeDate),
    basis: session?.basis ?? null,
    why:
      why === null
        ? null
        : {
            kind: why.kind,
            name: why.name,
            source: why.source,
            date: toIsoDate(why.label),
            sinceUtc: why.sinceUs === null ? null : toIsoUtc(why.sinceUs),
            text: why.text,
          },
  };
}

function sessionJson(session: SessionView): Record<string, unknown> {
  return {
    label: toIsoDate(session.label),
    tradeDate: toIsoDate(session.tradeDate),
    segments: session.segments.map(({ openUs, closeUs }) => ({
      openUtc: toIsoUtc(openUs),
      closeUtc: toIsoUtc(closeUs),
    })),
    settleUtc: toIsoUtc(session.settleUs),
    basis: session.basis,
    special: session.special === null ? null : session.special.kind,
  };
}

function specialJson({ calendar, tools }: View, day: SpecialDay): Record<string, unknown> {
  return {
    date: toIsoDate(day.label),
    kind: day.kind,
    name: day.name,
    text: tools.view.specialText(calendar, day),
    isException: day.isException,
    source: day.source,
    basis: day.basis,
    openUtc: day.session === null ? null : toIsoUtc(day.session.openUs),
    closeUtc: day.session === null ? null : toIsoUtc(day.session.closeUs),
  };
}

function yearJson(view: View, result: CalendarYear): Record<string, unknown> {
  return {
    ...targetJson(view),
    year: result.year,
    from: toIsoDate(result.from),
    to: toIsoDate(result.to),
    hours: result.hours.map(({ from, to, weekdays, text }) => ({
      from: toIsoDate(from),
      to: toIsoDate(to),
      weekdays,
      text,
    })),
    specialDays: result.specialDays.map((day) => specialJson(view, day)),
    rollRule: result.rollRule,
    contracts: result.contracts.map(({ contract: { id, dates }, isHeld, rollDate, rollTo }) => ({
      id,
      isHeld,
      rollDate: rollDate === null ? null : toIsoDate(rollDate),
      rollTo,
      firstNoticeDate: dates.firstNoticeDate === null ? null : toIsoDate(dates.firstNoticeDate),
      lastTradeDate: toIsoDate(dates.lastTradeDate),
      lastTradeUtc: toIsoUtc(dates.lastTradeUs),
      kind: dates.kind,
    })),
    notes: result.notes,
  };
}
