/**
 * Calendars: twenty years of one group built in a new process, and questions to a calendar that is there.
 *
 * Cold figures come from child processes, the best of several, in CPU time of the whole process, its compiler threads
 * included. The first formatter of a process costs the runtime about as much as the rest, so that part is shown alone. Warm
 * figures are nanoseconds a question.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createCalendars } from '../src/calendars/registry.ts';
import { parseTradeDate } from '../src/core/trade-date.ts';
import type { TsUs } from '../src/core/units.ts';
import { US_PER_DAY, US_PER_MINUTE } from '../src/core/units.ts';

const isSmoke: boolean = process.env['FRONTMONTH_BENCH_SMOKE'] === '1';
const CHILDREN: number = isSmoke ? 1 : 9;
const QUESTIONS: number = isSmoke ? 10_000 : 1_000_000;
const GROUPS: readonly string[] = ['cme-equity-index', 'cme-grains', 'ose-index', 'eurex-index'];

/** CPU milliseconds of `act`, all threads. */
function cpuMs(act: () => void): number {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const COLD: string = `
  const ms = (before) => { const d = process.cpuUsage(before); return (d.user + d.system) / 1000; };
  const { RuleBook } = await import('./src/calendars/rule-book.ts');
  const { GroupCalendar } = await import('./src/calendars/group-calendar.ts');
  const { BusinessCalendars } = await import('./src/calendars/business-days.ts');
  const { ZoneTables } = await import('./src/calendars/wall-time.ts');
  const { SESSION_GROUPS } = await import('./src/calendars/registry.ts');
  const rules = SESSION_GROUPS.find((group) => group.id === process.argv[1]);
  let at = process.cpuUsage();
  let clock = performance.now();
  new Intl.DateTimeFormat('en-US', { timeZone: 'Asia/Kolkata' }).format(0);
  const intl = ms(at);
  const intlWall = performance.now() - clock;
  at = process.cpuUsage();
  clock = performance.now();
  const span = { ...rules, from: '2006-01-02', publishedTo: undefined, to: '2025-12-31' };
  const first = rules.from > span.from ? rules.from : span.from;
  const trimmed = {
    ...span,
    from: first,
    exceptions: rules.exceptions.filter(({ date }) => date >= first && date <= span.to),
  };
  delete trimmed.publishedTo;
  const business = new BusinessCalendars().get(rules.businessCalendar);
  const calendar = new GroupCalendar(new RuleBook(trimmed, new ZoneTables(), business));
  const isOpen = calendar.isOpen(1.7e15);
  const wall = performance.now() - clock;
  console.log(JSON.stringify({ intl, intlWall, build: ms(at), wall, rows: calendar.columns.length, isOpen }));
`;

interface Cold {
  readonly intl: number;
  readonly intlWall: number;
  readonly build: number;
  readonly wall: number;
  readonly rows: number;
}

function coldRun(group: string): Cold {
  const child = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', COLD, group],
    { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8' },
  );
  if (child.status !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout) as Cold;
}

console.log(
  'twenty years of one group in a new process, best of the runs, ms of CPU (and of the clock):',
);
for (const group of GROUPS) {
  const runs = Array.from({ length: CHILDREN }, () => coldRun(group));
  const best = (pick: (run: Cold) => number): string => Math.min(...runs.map(pick)).toFixed(1);
  console.log(
    [
      `  ${group.padEnd(18)} ${runs[0]!.rows} sessions:`,
      `build ${best((run) => run.build)} (${best((run) => run.wall)}),`,
      `the runtime's first formatter ${best((run) => run.intl)} (${best((run) => run.intlWall)})`,
    ].join(' '),
  );
}

const calendar = createCalendars().forGroup('cme-equity-index');
const from: number = parseTradeDate('2006-01-03') * US_PER_DAY;
const to: number = parseTradeDate('2025-12-30') * US_PER_DAY;

/** The same instants in every run: a small generator with a fixed seed. */
function randomInstants(count: number): Float64Array {
  let state = 0x2f6e2b1;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return from + Math.floor((state / 2 ** 32) * (to - from));
  });
}

const random: Float64Array = randomInstants(QUESTIONS);
const sequential: Float64Array = Float64Array.from(
  { length: QUESTIONS },
  (_, i) => from + i * Math.floor((to - from) / QUESTIONS / US_PER_MINUTE + 1) * US_PER_MINUTE,
).filter((us) => us < to);

let sink = 0;
function ask(name: string, instants: Float64Array, question: (tsUs: TsUs) => number): void {
  let best = Infinity;
  for (let round = 0; round < (isSmoke ? 1 : 7); round += 1) {
    const ms = cpuMs(() => {
      for (let i = 0; i < instants.length; i += 1) sink += question(instants[i]! as TsUs);
    });
    best = Math.min(best, (ms * 1e6) / instants.length);
  }
  console.log(`  ${name.padEnd(34)} ${best.toFixed(1)} ns`);
}

console.log('questions to one calendar:');
ask('isOpen, random', random, (us) => (calendar.isOpen(us) ? 1 : 0));
ask('sessionOf, random', random, (us) => calendar.sessionOf(us).tradeDate);
ask('rowOf, random (no object)', random, (us) => calendar.rowOf(us));
ask('openMinutesBetween, random', random, (us) => calendar.openMinutesBetween(from as TsUs, us));
ask('isOpen, in time order', sequential, (us) => (calendar.isOpen(us) ? 1 : 0));
const open = calendar.cursor();
ask('cursor.isOpen, in time order', sequential, (us) => (open.isOpen(us) ? 1 : 0));
const row = calendar.cursor();
ask('cursor.rowOf, in time order', sequential, (us) => row.rowOf(us));
const date = calendar.cursor();
ask('cursor.tradeDateOf, in time order', sequential, (us) => date.tradeDateOf(us));
const session = calendar.cursor();
ask(
  'sessionOfRow(cursor.rowOf), in order',
  sequential,
  (us) => calendar.sessionOfRow(session.rowOf(us)).tradeDate,
);
if (sink === 0) throw new Error('nothing was asked');
