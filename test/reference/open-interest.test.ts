/**
 * Open interest through the catalog: LEAN's bars and figures of ES are imported by the command line, and a backtest rolls by
 * them as LEAN's mapping mode 2 does. Needs the reference data; skips without.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import { EXIT } from '../../src/core/errors.ts';
import type { RollRule } from '../../src/core/roll.ts';
import { parseRollRule } from '../../src/core/rolls/syntax.ts';
import { defineStrategy } from '../../src/core/strategy.ts';
import { monthLetter } from '../../src/core/symbology.ts';
import { parseTradeDate } from '../../src/core/trade-date.ts';
import type { Qty, TsUs } from '../../src/core/units.ts';
import { toIsoUtc } from '../../src/core/units.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { leanMappedAt, parseLeanMapFile } from '../../src/data/ingest/lean-maps.ts';
import { loadInstruments } from '../../src/data/instruments.ts';
import { createHashJournal } from '../../src/engine/journal.ts';
import { prepareRun, simulate } from '../../src/research/backtest.ts';
import { toRows } from '../../src/research/columns.ts';
import type { RollsAnswer } from '../../src/research/rolls.ts';
import { FILL_COLUMNS, ROLL_COLUMNS } from '../../src/research/tables.ts';
import type { Ran } from '../cli/support.ts';
import { runReal } from '../cli/support.ts';
import { NO_REFERENCE_DATA, referenceDataDir } from '../support/reference-data.ts';
import { backtestOptions, INSTRUMENTS_DIR } from '../support/sample-catalog.ts';
import { readZipText } from '../support/zip.ts';

const reference = referenceDataDir();
const folder = join(reference ?? '', 'lean/future/cme');
const MONTHS = ['201312', '201403', '201406'] as const;
/** Days whose publications are known to the millisecond; the daily file has the others. */
const DAYS = ['20131118', '20131202', '20131218', '20131220'] as const;

const idOf = (month: string): string =>
  `ES${monthLetter(Number(month.slice(4)))}${month.slice(0, 4)}`;
const dayOf = (label: string): string =>
  `${label.slice(0, 4)}-${label.slice(4, 6)}-${label.slice(6, 8)}`;
const rowsOf = (path: string, name: string): string[][] =>
  readZipText(readFileSync(join(folder, path)), name)
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));

/** 07:07 UTC of 18 December, the publication that decides, and 22:15, when that session closes. */
const SEVEN_MS = (7 * 60 + 7) * 60_000;
const CLOSE_MS = (22 * 60 + 15) * 60_000;
/** What the file of 18 December says last, up to that millisecond of the day. */
const published = (month: string, untilMs: number): number => {
  const rows = rowsOf(
    'minute/es/20131218_openinterest.zip',
    `20131218_es_minute_openinterest_${month}.csv`,
  );
  return Number(rows.filter(([ms]) => Number(ms) <= untilMs).at(-1)![1]);
};

/** Daily bars by trade date; a Sunday's row is the first hours of Monday's session. */
function barsCsv(): string {
  const calendar = createCalendars().forInstrument(loadInstruments(INSTRUMENTS_DIR).get('ES')!);
  const lines = MONTHS.flatMap((month) =>
    rowsOf('daily/es_trade.zip', `es_trade_${month}.csv`).flatMap(([label, ...values]) => {
      const date = parseTradeDate(dayOf(label!));
      if (calendar.sessions(date, date).length === 0) return [];
      return [`${dayOf(label!)},${idOf(month)},${values.slice(0, 5).join()}`];
    }),
  );
  return `time,contract,open,high,low,close,volume\n${lines.join('\n')}\n`;
}

/** Every figure with the moment it was published; a daily label says the day only. */
function interestCsv(): string {
  const lines = MONTHS.flatMap((month) => [
    ...rowsOf('daily/es_openinterest.zip', `es_openinterest_${month}.csv`)
      .filter(([label]) => !(DAYS as readonly string[]).includes(label!.slice(0, 8)))
      .map(([label, value]) => `${dayOf(label!)},${idOf(month)},${value}`),
    ...DAYS.flatMap((day) =>
      rowsOf(`minute/es/${day}_openinterest.zip`, `${day}_es_minute_openinterest_${month}.csv`).map(
        ([ms, value]) => {
          const atUs = parseTradeDate(dayOf(day)) * 86_400_000_000 + Number(ms) * 1000;
          return `${toIsoUtc(atUs as TsUs)},${idOf(month)},${value}`;
        },
      ),
    ),
  ]);
  return `known,contract,openInterest\n${lines.join('\n')}\n`;
}

const holder = (roll: RollRule) =>
  defineStrategy({
    id: 'holder',
    version: '1',
    description: 'buys at once and keeps it',
    params: {},
    instruments: ['ES'],
    requires: () => ({ series: [{ root: 'ES', bars: '1d', roll }] }),
    create: () => {
      let isSent = false;
      return {
        onBar: (_bar, ctx) => {
          if (isSent) return;
          isSent = true;
          ctx.submit({
            type: 'market',
            contract: ctx.contract('ES'),
            side: 1,
            qty: 1 as Qty,
            timeInForce: 'gtc',
          });
        },
      };
    },
  });

describe.skipIf(reference === null)(
  reference === null ? `open interest of ES (${NO_REFERENCE_DATA})` : 'open interest of ES',
  () => {
    const cwd = mkdtempSync(join(tmpdir(), 'frontmonth-interest-'));
    afterAll(() => rmSync(cwd, { recursive: true, force: true }));
    const cli = (...argv: string[]): Promise<Ran> => runReal(cwd, argv);
    const load = (file: string, ...flags: string[]): Promise<Ran> =>
      cli('data', 'import', file, '--into', 'lean', '--instrument', 'ES', ...flags);

    beforeAll(async () => {
      writeFileSync(join(cwd, 'bars.csv'), barsCsv());
      writeFileSync(join(cwd, 'oi.csv'), interestCsv());
      const columns = 'contract=contract,volume=volume';
      const bars = ['--interval', '1d', '--stamp', 'close', '--columns', columns];
      const ran = await load('bars.csv', ...bars);
      expect(ran.code, ran.err).toBe(EXIT.ok);
    }, 60_000);

    const run = (rule: string) => {
      const sample = { catalogDir: join(cwd, 'catalog'), runsDir: cwd, now: { us: 1e15 } };
      const prepared = prepareRun({
        ...backtestOptions(sample as never, 'donchian-breakout'),
        strategy: holder(parseRollRule(rule)),
        dataset: 'lean',
        instruments: ['ES'],
        execution: '1d',
        to: '2013-12-20',
      } as never);
      const { result, recorder } = simulate(prepared, 'pessimistic', createHashJournal());
      if (result.error !== null) throw result.error.cause;
      const tables = recorder.tables();
      return {
        prepared,
        fills: toRows(tables.fills, FILL_COLUMNS),
        rolls: toRows(tables.rolls, ROLL_COLUMNS),
      };
    };

    it('is missed by name, with the command that brings it', () => {
      expect(() => run('lean:2')).toThrow(
        expect.objectContaining({
          code: 'E_ROLL_DATA',
          message: expect.stringContaining('lean has none of ES'),
          fix: expect.stringContaining(
            'frontmonth data import <file> --format open-interest --instrument ES --into lean',
          ),
        }),
      );
      expect(run('volume:1').rolls.length).toBeGreaterThan(0);
    });

    it('once imported rolls a backtest as mapping mode 2 does, and is part of its data', async () => {
      const ran = await load('oi.csv', '--format', 'open-interest');
      expect(ran.code, ran.err).toBe(EXIT.ok);
      const { rolls, fills, prepared } = run('lean:2');
      expect(rolls).toHaveLength(1);
      expect(rolls[0]).toMatchObject({ from: 'ESZ2013', to: 'ESH2014' });
      // The figures of 17 December, published on the morning of the 18th: December was mapped up to the 17th.
      const maps = parseLeanMapFile(readFileSync(join(folder, 'map_files/es.csv'), 'utf8'), 'ES');
      const mapped = (date: string): string =>
        String(leanMappedAt(maps, 2, parseTradeDate(date))!.expiry);
      expect(mapped('2013-12-17')).not.toBe(mapped('2013-12-18'));
      const schedule = prepared.plan.chains[0]!.schedule;
      expect(toIsoUtc(schedule.rolls[0]!.effectiveUs)).toBe('2013-12-18T07:07:00Z');
      expect(schedule.rolls[0]!.evidence).toMatchObject({
        fromOpenInterest: published('201312', SEVEN_MS),
        toOpenInterest: published('201403', SEVEN_MS),
      });
      expect(fills.map((fill) => fill.contract)).toEqual(['ESZ2013', 'ESZ2013', 'ESH2014']);
      const kinds = prepared.plan.segments.map(({ kind, contract }) => `${kind} ${contract}`);
      expect(kinds).toContain('open-interest ESZ2013');
      expect(kinds).toContain('open-interest ESH2014');
      // A rule that reads none does not depend on it.
      expect(run('volume:1').prepared.plan.segments.map(({ kind }) => kind)).not.toContain(
        'open-interest',
      );
    });

    it('is found by rolls and continuous without a file, and shown with its times', async () => {
      const flags = ['ES', '--data', 'lean', '--rule', 'lean:2', '--to', '2013-12-20'];
      const rolls = await cli('rolls', ...flags, '--explain', '2013-12-18', '--json');
      expect(rolls.code, rolls.err).toBe(EXIT.ok);
      const answer = (JSON.parse(rolls.out) as { result: RollsAnswer }).result;
      expect(answer.rolls.map((roll) => roll.to)).toEqual(['ESH2014']);
      const row = answer.explanation!.around.find(({ tradeDate }) => tradeDate === '2013-12-18')!;
      expect(row).toMatchObject({
        fromOpenInterest: published('201312', CLOSE_MS),
        toOpenInterest: published('201403', CLOSE_MS),
      });
      expect(row.fromOpenInterest).not.toBe(published('201312', SEVEN_MS));
      const continuous = await cli('continuous', ...flags, '--json');
      expect(continuous.code, continuous.err).toBe(EXIT.ok);
      expect(continuous.out).toContain('2013-12-18T07:07:00Z');
      const shown = ['--contract', 'ESH2014', '--interval', 'open-interest', '--json'];
      const figures = await cli('data', 'show', 'lean', ...shown, '--from', '2013-12-18');
      expect(JSON.parse(figures.out).result.figures[0]).toEqual({
        knownUtc: '2013-12-18T07:07:00Z',
        tradeDate: '2013-12-17',
        openInterest: published('201403', SEVEN_MS),
      });
      const check = await cli('data', 'check', 'lean', '--json');
      expect(JSON.parse(check.out).result.counts).not.toHaveProperty('known-early');
    });

    it('that is not published yet decides nothing', async () => {
      // The figures that decided, published five hours later: so is the roll.
      const later = interestCsv().replaceAll('2013-12-18T07:07:00Z', '2013-12-18T12:00:00Z');
      writeFileSync(join(cwd, 'later.csv'), later);
      const flags = ['--into', 'later', '--instrument', 'ES'];
      const columns = ['--columns', 'contract=contract,volume=volume'];
      const bars = ['--interval', '1d', '--stamp', 'close', ...columns];
      expect((await cli('data', 'import', 'bars.csv', ...flags, ...bars)).code).toBe(EXIT.ok);
      const ran = await cli('data', 'import', 'later.csv', ...flags, '--format', 'open-interest');
      expect(ran.code, ran.err).toBe(EXIT.ok);
      const asked = ['--data', 'later', '--rule', 'lean:2', '--to', '2013-12-20', '--json'];
      const rolls = await cli('rolls', 'ES', ...asked);
      const { result } = JSON.parse(rolls.out) as { result: RollsAnswer };
      expect(result.rolls[0]!.effectiveUtc).toBe('2013-12-18T12:00:00Z');
      expect(openCatalog(join(cwd, 'catalog')).names()).toEqual(['later', 'lean']);
    });
  },
);
