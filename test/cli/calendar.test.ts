/** `frontmonth calendar`, with the real calendars and a clock of our own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/core/errors.ts';
import type { Ran, RunOptions } from './support.ts';
import { runReal } from './support.ts';

const cwd = mkdtempSync(join(tmpdir(), 'frontmonth-calendar-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
const cli = (argv: readonly string[], options: RunOptions = {}): Promise<Ran> =>
  runReal(cwd, ['calendar', ...argv], options);
const resultOf = async <T>(...argv: string[]): Promise<T> =>
  (JSON.parse((await cli([...argv, '--json'])).out) as { result: T }).result;

interface State {
  readonly state: {
    readonly phase: string;
    readonly isOpen: boolean;
    readonly untilUtc: string;
    readonly tradeDate: string;
    readonly why: { readonly kind: string; readonly name: string | null } | null;
  };
}

describe('open now? why not?', () => {
  it.each([
    ['ES', '2026-11-24T15:00:00Z', 'open', null, '2026-11-24T22:00:00Z'],
    ['ES', '2026-11-21T15:00:00Z', 'closed', 'weekend', '2026-11-22T23:00:00Z'],
    ['ES', '2026-11-24T22:30:00Z', 'closed', 'daily-pause', '2026-11-24T23:00:00Z'],
    ['ES', '2026-11-24T22:50:00Z', 'pre-open', 'daily-pause', '2026-11-24T23:00:00Z'],
    ['ES', '2026-11-26T19:00:00Z', 'closed', 'holiday', '2026-11-26T23:00:00Z'],
    ['HSI', '2026-11-26T04:30:00Z', 'break', 'break', '2026-11-26T05:00:00Z'],
    ['cme-equity-index', '2012-10-30T12:00:00Z', 'open', null, '2012-10-30T13:15:00Z'],
  ])('%s at %s: %s', async (market, at, phase, kind, untilUtc) => {
    const { state } = await resultOf<State>(market, '--at', at);
    expect(state).toMatchObject({ phase, untilUtc });
    expect(state.isOpen).toBe(phase === 'open');
    expect(state.why?.kind ?? null).toBe(kind);
  });
  it('uses the clock that it is given', async () => {
    const ran = await cli(['ES'], { nowMs: Date.UTC(2026, 10, 26, 19) });
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.out).toContain('Thu 2026-11-26 13:00 America/Chicago: CLOSED');
    expect(ran.out).toMatch(/why +Thanksgiving, Thu 2026-11-26/);
    expect(ran.out).toMatch(/opens +Thu 2026-11-26 17:00, in 4 h$/m);
    expect(ran.out).toMatch(/Thu 2026-11-26 +closes 12:00 +Thanksgiving/);
  });
  it('writes times in UTC when asked', async () => {
    const ran = await cli(['ES', '--at', '2026-11-24T15:00:00Z', '--utc']);
    expect(ran.out).toContain('2026-11-24 15:00 UTC: OPEN');
    expect(ran.out).toContain('2026-11-23 23:00–2026-11-24 22:00');
  });
});

describe('a span', () => {
  it('lists its sessions and what is not regular', async () => {
    const { sessions, specialDays } = await resultOf<{
      sessions: { label: string; tradeDate: string; segments: { openUtc: string }[] }[];
      specialDays: { date: string; kind: string }[];
    }>('ES', '--from', '2026-11-25', '--to', '2026-11-30');
    expect(sessions.map(({ label, tradeDate }) => `${label} ${tradeDate}`)).toEqual([
      '2026-11-25 2026-11-25',
      '2026-11-26 2026-11-27',
      '2026-11-27 2026-11-27',
      '2026-11-30 2026-11-30',
    ]);
    expect(specialDays.map(({ date, kind }) => `${date} ${kind}`)).toEqual([
      '2026-11-26 early-close',
      '2026-11-27 early-close',
    ]);
  });
  it('after the published tables carries a mark', async () => {
    const ran = await cli(['ES', '--from', '2028-01-17', '--to', '2028-01-18']);
    expect(ran.out).toContain('Martin Luther King Day *');
    expect(ran.out).toContain('* by rule: no table is published for that time');
  });
});

describe('a year', () => {
  it('lists special days and contracts', async () => {
    const ran = await cli(['CL', '--year', '2026']);
    expect(ran.out).toMatch(/Fri 2026-04-03 +closed +Good Friday/);
    expect(ran.out).toMatch(/CLF2027 +Mon 2026-12-14 +CLG2027 +Wed 2026-12-23 +Mon 2026-12-21/);
  });
  it('takes another rule of dates', async () => {
    const ran = await cli(['CL', '--year', '2026', '--rule', 'calendar:10b@last-trade']);
    expect(ran.out).toMatch(/CLF2027 +Mon 2026-12-07 +CLG2027/);
    expect(ran.out).toContain('10 business days before last trade');
  });
  it('is written as a page where it is wanted', async () => {
    const ran = await cli(['ES', '--year', '2026', '--html', 'wall.html']);
    expect(ran).toMatchObject({ code: EXIT.ok });
    expect(ran.out).toMatch(/^wall\.html \(\d+\.\d kB\)/);
    expect(readFileSync(join(cwd, 'wall.html'), 'utf8')).toContain('<h1>ES <b>2026</b></h1>');
  });
  it('without a year and a name is that of the clock', async () => {
    const ran = await cli(['cme-metals/SI', '--html'], { nowMs: Date.UTC(2025, 5, 1) });
    expect(ran.out).toMatch(/^calendar-cme-metals-SI-2025\.html/);
  });
});

describe('calendars of the project', () => {
  it('change the answers', async () => {
    const own = {
      schema: 'frontmonth.calendar/1',
      overrides: [
        {
          group: 'cme-equity-index',
          exceptions: [
            {
              date: '2026-12-23',
              shape: { kind: 'short', close: '10:00' },
              why: 'the broker shuts early',
              source: 'notice of the broker',
            },
          ],
        },
      ],
    };
    const dir = mkdtempSync(join(cwd, 'own-'));
    writeFileSync(join(dir, 'mine.json'), JSON.stringify(own));
    writeFileSync(
      join(dir, 'frontmonth.config.json'),
      JSON.stringify({ calendars: ['mine.json'] }),
    );
    const ran = await runReal(dir, ['calendar', 'ES', '--at', '2026-12-23T17:00:00Z']);
    expect(ran, ran.err).toMatchObject({ code: EXIT.ok });
    expect(ran.out).toContain('Wed 2026-12-23 11:00 America/Chicago: CLOSED');
    expect(ran.out).toMatch(/why +the broker shuts early, Wed 2026-12-23 \(notice of the broker\)/);
  });
});

describe('without a market', () => {
  it('lists the groups with their products', async () => {
    const rows = await resultOf<{ id: string; products: string[] }[]>();
    expect(rows.find(({ id }) => id === 'cme-equity-index')!.products).toContain('ES');
    expect(rows.find(({ id }) => id === 'cme-metals/SI')!.products).toEqual(['SI']);
  });
});

describe('bad input', () => {
  it.each([
    ['an unknown market', ['ESS'], EXIT.input, /E_CALENDAR_UNKNOWN.*ESS[\s\S]*did you mean `ES`/],
    [
      'an instant without a zone',
      ['ES', '--at', '2026-11-26'],
      EXIT.input,
      /E_TIME[\s\S]*in +--at 2026-11-26/,
    ],
    [
      'a moment outside the span',
      ['ES', '--at', '1999-01-05T12:00:00Z'],
      EXIT.input,
      /E_CALENDAR_SPAN[\s\S]*--outside rules/,
    ],
    [
      'a year outside the span',
      ['ES', '--year', '2040'],
      EXIT.input,
      /E_CALENDAR_SPAN[\s\S]*--outside rules/,
    ],
    ['a year that is none', ['ES', '--year', '26'], EXIT.usage, /E_FLAG_VALUE: --year is "26"/],
    [
      'dates that are exchanged',
      ['ES', '--from', '2026-02-01', '--to', '2026-01-01'],
      EXIT.usage,
      /exchange the two dates/,
    ],
    [
      'a year and a span',
      ['ES', '--year', '2026', '--from', '2026-02-01'],
      EXIT.usage,
      /E_USAGE: --year and --from do not go together[\s\S]*leave out --year or --from/,
    ],
    [
      'a page of a span',
      ['ES', '--html', '--to', '2026-02-01'],
      EXIT.usage,
      /E_USAGE: --html and --to do not go together/,
    ],
    [
      'a rule that needs data',
      ['CL', '--year', '2026', '--rule', 'volume:1'],
      EXIT.usage,
      /E_ROLL_RULE[\s\S]*frontmonth rolls/,
    ],
    [
      'a rule that is none',
      ['CL', '--year', '2026', '--rule', 'soon'],
      EXIT.usage,
      /E_ROLL_RULE[\s\S]*in +--rule/,
    ],
    ['a choice that is none', ['ES', '--outside', 'guess'], EXIT.usage, /error, rules/],
  ])('%s', async (_, argv, code, text) => {
    const ran = await cli(argv);
    expect(ran.code, ran.err).toBe(code);
    expect(ran.err).toMatch(text);
    expect(ran.out).toBe('');
  });
  it('outside the span is answered by choice, and says what it rests on', async () => {
    const ran = await cli(['ES', '--at', '2040-01-05T15:00:00Z', '--outside', 'rules']);
    expect(ran).toMatchObject({ code: EXIT.ok });
    expect(ran.out).toMatch(/rests on +the nearest rules: nothing is sourced for that time/);
  });
});
