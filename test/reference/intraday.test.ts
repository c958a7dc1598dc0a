/**
 * Two pages on real minutes, from the command line as they tell it: every figure of their tables and every claim about fills is
 * computed again from the run's tables and from the source files, read apart from the importers. Needs the reference data.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServices } from '../../src/cli/services-wiring.ts';
import { readTable, writeTable } from '../../src/data/arrow-store.ts';
import type { RunSummary } from '../../src/research/run-format.ts';
import { readRun } from '../../src/research/run-store.ts';
import type { AmbiguityRow, FillRow, OrderRow, TradeRow } from '../../src/research/tables.ts';
import { run } from '../cli/support.ts';
import type { Ran } from '../cli/support.ts';
import { commandsOf, parsePage, REPOSITORY } from '../support/doc-pages.ts';
import { NO_REFERENCE_DATA, referenceDataDir } from '../support/reference-data.ts';
import { readZipText } from '../support/zip.ts';

const reference = referenceDataDir();
const MINUTE_US = 60_000_000;

/** One row of a page's table of runs. */
interface Row {
  readonly args: readonly string[];
  readonly trades: number;
  readonly ambiguous: number;
  readonly pessimistic: number;
  readonly optimistic: number;
  readonly late: number;
  readonly costs: number;
}

interface Done extends Row {
  readonly summary: RunSummary;
  readonly fills: readonly FillRow[];
  readonly orders: readonly OrderRow[];
  readonly closed: readonly TradeRow[];
  readonly dates: number;
  readonly doubts: readonly AmbiguityRow[];
}

function textOf(page: string): string {
  return readFileSync(join(REPOSITORY, 'docs/tutorials', page), 'utf8');
}

function rowsOf(page: string): Row[] {
  const cells = textOf(page)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  return cells.map(([, name, ...figures]) => {
    const [trades, ambiguous, pessimistic, optimistic, late, costs] = figures.map((text) =>
      Number(text.replaceAll(',', '')),
    ) as [number, number, number, number, number, number];
    const args = name!.replaceAll('`', '').split(' ');
    return { args, trades, ambiguous, pessimistic, optimistic, late, costs };
  });
}

/** High and low of each minute by its start in microseconds, in decimals. */
type Minutes = ReadonlyMap<number, { readonly high: number; readonly low: number }>;

function checkFills(done: Done, minutesOf: (contract: string) => Minutes, tickSize: number): void {
  for (const fill of done.fills) {
    const minute = minutesOf(fill.contract).get(fill.barOpenUs);
    expect(minute, `${fill.contract} has a minute at ${fill.barOpenUs}`).toBeDefined();
    expect(fill.barCloseUs).toBe(fill.barOpenUs + MINUTE_US);
    const price = fill.priceTicks * tickSize;
    // A limit that the open jumped over fills at its own price, which is worse for us than the market's.
    const isJump = fill.rule === 'limit-jump';
    const slack = tickSize / 1000;
    if (!isJump || fill.side < 0) expect(price).toBeLessThanOrEqual(minute!.high + slack);
    if (!isJump || fill.side > 0) expect(price).toBeGreaterThanOrEqual(minute!.low - slack);
  }
}

/** Profit and fees from nothing but the fills. */
function checkMoney(done: Done, tickValue: number): void {
  const gross = done.fills.reduce((sum, f) => sum - f.side * f.qty * f.priceTicks * tickValue, 0);
  const fees = done.fills.reduce((sum, f) => sum + f.feeMicros, 0) / 1e6;
  const slippage = done.fills.reduce((sum, f) => sum + f.slippageTicks * f.qty * tickValue, 0);
  expect(done.fills.reduce((sum, f) => sum + f.side * f.qty, 0)).toBe(0);
  expect(gross - fees).toBeCloseTo(done.pessimistic, 6);
  expect(fees + slippage).toBeCloseTo(done.costs, 6);
  expect(done.closed.reduce((sum, trade) => sum + trade.netMicros, 0) / 1e6).toBeCloseTo(
    done.pessimistic,
    6,
  );
}

function checkStops(done: Done, qtyMax: number): void {
  const entries = done.orders.filter((order) => order.role === 'entry');
  expect(entries.length).toBeGreaterThan(0);
  for (const entry of entries) {
    const stops = done.orders.filter(
      (order) => order.groupId === entry.groupId && order.role === 'stop',
    );
    expect(stops).toHaveLength(1);
    const [stop] = stops as [OrderRow];
    expect(entry.orderQty).toBeLessThanOrEqual(qtyMax);
    expect(stop).toMatchObject({
      createdUs: entry.createdUs,
      side: -entry.side,
      reduceOnly: true,
      contract: entry.contract,
    });
    if (entry.cumQty > 0 && stop.cumQty === 0 && !done.args.join(' ').includes('vwap'))
      expect(entry.side * (entry.avgPriceTicks - stop.stopTicks)).toBeGreaterThan(0);
  }
  let net = 0;
  for (const fill of done.fills) {
    net += fill.side * fill.qty;
    expect(Math.abs(net)).toBeLessThanOrEqual(qtyMax);
  }
  expect(done.summary.warnings.map(({ code }) => code)).not.toContain('E_POSITION_UNPROTECTED');
}

/** Minutes from midnight in Chicago, and the date there. */
const clock = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'America/Chicago',
  dateStyle: 'short',
  timeStyle: 'short',
});
function chicago(tsUs: number): { date: string; minutes: number } {
  const [date, time] = clock.format(tsUs / 1000).split(' ') as [string, string];
  return { date, minutes: Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5)) };
}

/** Flat at the end of each date in Chicago, where all of these sessions end in the afternoon; no fill outside the day. */
function checkDays(done: Done, fromMinutes: number, toMinutes: number): void {
  const net = new Map<string, number>();
  for (const fill of done.fills) {
    const { date, minutes } = chicago(fill.barOpenUs);
    net.set(date, (net.get(date) ?? 0) + fill.side * fill.qty);
    expect(minutes).toBeGreaterThanOrEqual(fromMinutes);
    expect(minutes).toBeLessThanOrEqual(toMinutes);
  }
  expect([...net.values()].every((held) => held === 0)).toBe(true);
}

function project(): { cwd: string; cli: (...argv: string[]) => Promise<Ran> } {
  const cwd = mkdtempSync(join(tmpdir(), 'frontmonth-minutes-'));
  return { cwd, cli: (...argv) => run(argv, { cwd, services: createServices() }) };
}

async function backtest(
  row: Row,
  more: readonly string[],
  { cwd, cli }: ReturnType<typeof project>,
): Promise<Done> {
  const ran = await cli('backtest', ...row.args, ...more, '--json');
  expect(ran.code, ran.err).toBe(0);
  const { result: summary } = JSON.parse(ran.out) as { result: RunSummary };
  const tables = readRun(join(cwd, 'runs', summary.runId), { readTable, writeTable });
  const { fills, orders, trades: closed, equity, ambiguities: doubts } = tables;
  return { ...row, summary, fills, orders, closed, doubts, dates: equity.length };
}

function checkRow(done: Done): void {
  const net = (metrics: RunSummary['metrics'] | null | undefined): number =>
    Number(metrics!['netProfit']!.value!.toFixed(2));
  expect({
    trades: done.summary.trades.closed,
    open: done.summary.trades.open,
    ambiguous: done.summary.trades.ambiguous,
    pessimistic: net(done.summary.metrics),
    optimistic: net(done.summary.optimistic),
    late: net(done.summary.oneBarLater),
    costs: Number(done.summary.metrics['totalCost']!.value!.toFixed(2)),
  }).toEqual({
    trades: done.trades,
    open: 0,
    ambiguous: done.ambiguous,
    pessimistic: done.pessimistic,
    optimistic: done.optimistic,
    late: done.late,
    costs: done.costs,
  });
}

/** The commands of a page's block, with their program's name taken off. */
function commandsIn(page: string, block: number): string[][] {
  const path = `docs/tutorials/${page}`;
  const parsed = parsePage(path, readFileSync(join(REPOSITORY, path), 'utf8'));
  const shell = parsed.blocks.filter(({ language }) => language === 'sh');
  return commandsOf(shell[block]!).map((words) => words.slice(1));
}

// ------------------------------------------------------------------------------------------------------ ES, LEAN

const ES = 'bracket-on-real-minutes.md';
const lean = reference === null ? undefined : join(reference, 'lean/future/cme/minute/es');

describe.skipIf(lean === undefined)(
  lean === undefined ? `ES on real minutes (${NO_REFERENCE_DATA})` : 'ES on real minutes',
  () => {
    const place = project();
    const done: Done[] = [];
    let imported: Ran;
    let lines = 0;
    const days = lean === undefined ? [] : readdirSync(lean).filter((name) => /_trade/.test(name));
    const cache = new Map<string, Minutes>();

    /** All minutes of a contract, from the archives themselves: milliseconds since midnight UTC at the start of the minute. */
    function minutesOf(contract: string): Minutes {
      const known = cache.get(contract);
      if (known !== undefined) return known;
      const month = `${contract.slice(3)}${{ H: '03', M: '06', U: '09', Z: '12' }[contract[2]!]!}`;
      const minutes = new Map<number, { high: number; low: number }>();
      for (const name of days) {
        const day = name.slice(0, 8);
        const archive = readFileSync(join(lean!, name));
        const entry = `${day}_es_minute_trade_${month}.csv`;
        if (!archive.includes(entry)) continue;
        const midnight = Date.UTC(+day.slice(0, 4), +day.slice(4, 6) - 1, +day.slice(6, 8));
        for (const line of readZipText(archive, entry).trim().split(/\r?\n/)) {
          const [ms, , high, low] = line.split(',').map(Number) as [number, number, number, number];
          minutes.set((midnight + ms) * 1000, { high, low });
        }
      }
      cache.set(contract, minutes);
      return minutes;
    }

    beforeAll(async () => {
      cpSync(lean!, join(place.cwd, 'future/cme/minute/es'), { recursive: true });
      const [first] = commandsIn(ES, 0);
      const back = process.cwd();
      process.chdir(place.cwd);
      try {
        imported = await place.cli(...first!);
      } finally {
        process.chdir(back);
      }
      for (const row of rowsOf(ES)) done.push(await backtest(row, ['--data', 'es-minutes'], place));
    }, 600_000);
    afterAll(() => rmSync(place.cwd, { recursive: true, force: true }));

    it('imports every minute that the archives hold', async () => {
      expect(imported.code, imported.err).toBe(0);
      const contracts = ['Z2013', 'H2014', 'M2014', 'U2014', 'Z2014', 'H2020', 'M2020', 'U2020'];
      for (const contract of contracts) lines += minutesOf(`ES${contract}`).size;
      expect(imported.out).toContain(`${lines.toLocaleString('en-US')} rows imported, 0 rows`);
      expect(textOf(ES)).toContain(`${lines.toLocaleString('en-US')} minutes of eight contracts`);
      const [, show, check] = commandsIn(ES, 0) as [string[], string[], string[]];
      expect((await place.cli(...show)).code).toBe(0);
      const checked = await place.cli(...check);
      expect(checked.code).toBe(1);
      expect(checked.out).toContain('zero-volume');
      expect(checked.out).toContain('outlier');
    });

    it('stops where ES would have to roll without a price, as the page says', async () => {
      const ran = await place.cli('backtest', 'vwap-pullback', '--data', 'es-minutes');
      expect(ran.code).toBe(3);
      expect(ran.err).toContain('E_ROLL_SCHEDULE');
    });

    it('gives the figures of the table', () => {
      expect(done).toHaveLength(8);
      for (const each of done) checkRow(each);
    });

    it('earns what its fills say, on ticks of 12.50', () => {
      for (const each of done) checkMoney(each, 12.5);
    });

    it('sends each entry with its stop, and never holds more than its contracts', () => {
      for (const each of done.filter(({ args }) => args[0] === 'vwap-pullback'))
        checkStops(each, 2);
      for (const each of done.filter(({ args }) => args[0] === 'opening-range'))
        checkStops(each, 1);
    });

    it('fills inside minutes of the archives, between 08:30 and the close, flat every day', () => {
      for (const each of done) {
        checkFills(each, minutesOf, 0.25);
        const closes = each.args.includes('2020-01-06') ? 16 * 60 : 16 * 60 + 15;
        checkDays(each, 8 * 60 + 30, closes - 1);
      }
    });

    it('says what the page says of the first run, its dates and its verdict', () => {
      const [first] = done as [Done];
      expect(first.summary.ambiguity.isBarResolutionSensitive).toBe(true);
      expect(first.summary.verdict).toContain('Bar-resolution-sensitive');
      expect(first.summary.verdict).toContain('too few to judge');
      expect(Math.sign(first.pessimistic)).toBe(-Math.sign(first.optimistic));
      const doubts = first.doubts.map(({ barOpenUs }) => chicago(barOpenUs));
      const onNews = doubts.filter(({ date }) => date === '2013-12-18');
      expect(onNews.map(({ minutes }) => minutes).toSorted((a, b) => a - b)).toEqual([779, 782]);
      expect(doubts).toHaveLength(3);
      expect(first.dates).toBe(54);
      const regular = new Set(
        [...minutesOf('ESZ2013').keys(), ...minutesOf('ESH2014').keys()]
          .map((us) => chicago(us))
          .filter(({ minutes }) => minutes >= 8 * 60 + 30 && minutes < 15 * 60)
          .map(({ date }) => date),
      );
      expect(regular.size).toBe(13);
      const warnings = first.summary.warnings.map(({ code, message }) => `${code}: ${message}`);
      expect(warnings.join()).toContain('W_DATES_EMPTY: on 36 of 54 trade dates');
      const text = textOf(ES).replaceAll(/\s+/g, ' ');
      expect(text).toContain(
        '54 trade dates. On 36 of them there is no minute at all, and on five',
      );
      expect(54 - 36 - regular.size).toBe(5);
      const signs = done.slice(0, 4).map(({ pessimistic }) => Math.sign(pessimistic));
      expect([signs[1], signs[0], signs[2], signs[3]]).toEqual([1, -1, -1, 1]);
      const last = done.find(({ args }) => args.includes('entry=stop'))!;
      expect(last.costs).toBeGreaterThan(last.pessimistic);
    });
  },
);

// -------------------------------------------------------------------------------------------------------- 6E, month

const EURO = 'a-month-of-the-euro.md';
const FILE = '6EH4.XCME_1min_bars_20240101_20240131.csv.gz';
const euro = reference === null ? undefined : join(reference, 'nautilus', FILE);

describe.skipIf(euro === undefined)(
  euro === undefined ? `a month of 6E (${NO_REFERENCE_DATA})` : 'a month of 6E',
  () => {
    const place = project();
    const done: Done[] = [];
    let imported: Ran;
    const minutes = new Map<number, { high: number; low: number }>();

    beforeAll(async () => {
      expect(existsSync(euro!)).toBe(true);
      // Stamped at the close of the minute.
      const [, ...rows] = gunzipSync(readFileSync(euro!)).toString().trim().split(/\r?\n/);
      for (const row of rows) {
        const [time, , high, low] = row.split(',');
        const openUs = Date.parse(`${time!.replace(' ', 'T')}Z`) * 1000 - MINUTE_US;
        minutes.set(openUs, { high: Number(high), low: Number(low) });
      }
      cpSync(euro!, join(place.cwd, FILE));
      const [first] = commandsIn(EURO, 0);
      imported = await place.cli(...first!);
      for (const row of rowsOf(EURO))
        done.push(await backtest(row, ['--data', 'euro', '--instruments', '6E'], place));
    }, 600_000);
    afterAll(() => rmSync(place.cwd, { recursive: true, force: true }));

    it('imports every minute of the file', async () => {
      expect(imported.code, imported.err).toBe(0);
      const count = minutes.size.toLocaleString('en-US');
      expect(imported.out).toContain(`${count} rows imported, 0 rows`);
      expect(textOf(EURO)).toContain(`${count} minutes; a minute without a trade has no row`);
      const checked = await place.cli(...commandsIn(EURO, 0)[1]!);
      expect(checked.code).toBe(1);
      expect(checked.out).toMatch(/1 problem, 1 warning\n +outlier +1/);
    });

    it('gives the figures of the table', () => {
      expect(done).toHaveLength(7);
      for (const each of done) checkRow(each);
    });

    it('earns what its fills say, on ticks of 6.25', () => {
      for (const each of done) checkMoney(each, 6.25);
    });

    it('sends each entry with its stop, and never holds more than its contracts', () => {
      for (const each of done) checkStops(each, each.args[0] === 'limit-reversion' ? 1 : 2);
    });

    it('fills inside minutes of the file, flat every day', () => {
      for (const each of done) {
        checkFills(each, () => minutes, 0.00005);
        checkDays(each, 8 * 60 + 30, 15 * 60 + 59);
      }
    });

    it('trades on the holiday, whose session belongs to the next trade date', () => {
      const onHoliday = done
        .flatMap(({ fills }) => fills)
        .filter(({ barOpenUs }) => chicago(barOpenUs).date === '2024-01-15');
      expect(onHoliday.length).toBeGreaterThan(0);
      // 2024-01-02 to 2024-01-31 without the holiday, and 2024-02-01, whose session began in the file's last hour.
      expect(done[0]!.dates).toBe(22);
      expect(textOf(EURO)).toContain('Twenty-two trade dates');
    });

    it('says what the page says of its rows', () => {
      const text = textOf(EURO).replaceAll(/\s+/g, ' ');
      const [first, short, long, , pullback, tight, turn] = done as [
        Done,
        Done,
        Done,
        Done,
        Done,
        Done,
        Done,
      ];
      expect(first.pessimistic + first.costs).toBeCloseTo(500, 6);
      expect(text).toContain('a gain of 500.00 USD; they take 1,335.66');
      const nets = first.closed.map((trade) => trade.netMicros / 1e6);
      const mean = nets.reduce((a, b) => a + b, 0) / nets.length;
      const squares = nets.reduce((sum, net) => sum + (net - mean) ** 2, 0);
      const deviation = Math.sqrt(squares / (nets.length - 1));
      expect(mean.toFixed(2)).toBe('-3.78');
      expect((mean / (deviation / Math.sqrt(nets.length))).toFixed(2)).toBe('-0.70');
      expect(text).toContain('-3.78 USD with a t of -0.70');
      expect(deviation * Math.sqrt(nets.length)).toBeGreaterThan(1000);
      expect(short.trades).toBeGreaterThan(first.trades);
      expect(short.pessimistic).toBeLessThan(first.pessimistic);
      expect(long.trades).toBeLessThan(first.trades);
      expect(long.summary.metrics['tradeT']!.value!).toBeLessThan(1);
      expect(first.late).toBeGreaterThan(first.optimistic);
      expect(Math.min(pullback.pessimistic, pullback.optimistic, pullback.late)).toBeGreaterThan(0);
      expect(tight.optimistic).toBeLessThan(tight.pessimistic);
      expect(turn.trades).toBe(2);
      expect(turn.pessimistic).toBeGreaterThan(0);
      expect(turn.late).toBeLessThan(0);
      expect(pullback.trades).toBe(10);
    });
  },
);
