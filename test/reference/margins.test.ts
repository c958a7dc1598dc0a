/**
 * LEAN's dated margins end to end: every level as its file has it, and runs of ES and GC on LEAN's minutes whose margin, margin call
 * and liquidation are worked out again from the files, read apart from the importers. Needs the reference data.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServices } from '../../src/cli/services-wiring.ts';
import { parseTradeDate, toIsoDate } from '../../src/core/trade-date.ts';
import type { TradeDate } from '../../src/core/units.ts';
import { Side } from '../../src/core/order.ts';
import { defineStrategy } from '../../src/core/strategy.ts';
import { loadInstruments } from '../../src/data/instruments.ts';
import { parseMargins } from '../../src/research/account.ts';
import { readMargins } from '../../src/research/account-files.ts';
import type { BacktestRun } from '../../src/research/short-backtest.ts';
import { backtest } from '../../src/research/short-backtest.ts';
import { run } from '../cli/support.ts';
import { REPOSITORY } from '../support/doc-pages.ts';
import { NO_REFERENCE_DATA, referenceDataDir } from '../support/reference-data.ts';
import { readZipNames, readZipText } from '../support/zip.ts';

const reference = referenceDataDir();
const future = join(reference ?? '', 'lean/future');
const MINUTE_US = 60_000_000;

/** Buys one contract on its first bar and holds it. */
const hold = defineStrategy({
  id: 'hold-one',
  version: '1',
  description: 'buys one contract and holds it',
  params: {},
  instruments: ['ES'],
  requires: (_params, roots) => ({
    series: roots.map((root) => ({ key: root, root, bars: '1m' as const })),
  }),
  create(_params, [root]) {
    let isIn = false;
    return {
      onBar(_bar, ctx) {
        const contract = ctx.contract(root!);
        if (isIn || contract === null) return;
        isIn = true;
        ctx.submit({ contract, side: Side.Buy, type: 'market', qty: 1 });
      },
    };
  },
});

/** Dated levels as the file has them. */
function levelsOf(file: string): { date: string; initial: number; maintenance: number }[] {
  return readFileSync(join(future, file), 'utf8')
    .split(/\r?\n/)
    .filter((line) => /^\d{8},/.test(line))
    .map((line) => line.split(','))
    .map(([date, initial, maintenance]) => ({
      date: `${date!.slice(0, 4)}-${date!.slice(4, 6)}-${date!.slice(6)}`,
      initial: Number(initial),
      maintenance: Number(maintenance),
    }));
}

function levelOn(file: string, date: string): { initial: number; maintenance: number } {
  return levelsOf(file).findLast((level) => level.date <= date)!;
}

interface Minute {
  readonly openUs: number;
  readonly open: number;
  readonly low: number;
}

/** The minutes of one contract month over all files of a folder, in order; times are UTC. */
function minutesOf(folder: string, month: string): Minute[] {
  const files = readdirSync(join(future, folder)).filter((name) => name.endsWith('_trade.zip'));
  return files.toSorted().flatMap((name) => {
    const archive = readFileSync(join(future, folder, name));
    const entry = readZipNames(archive).find((one) => one.endsWith(`_${month}.csv`));
    if (entry === undefined) return [];
    const dayUs =
      parseTradeDate(`${name.slice(0, 4)}-${name.slice(4, 6)}-${name.slice(6, 8)}`) * 86_400e6;
    return readZipText(archive, entry)
      .trim()
      .split(/\r?\n/)
      .map((line) => line.split(',').map(Number))
      .map(([ms, open, , low]) => ({ openUs: dayUs + ms! * 1000, open: open!, low: low! }));
  });
}

describe.skipIf(reference === null)(
  reference === null ? NO_REFERENCE_DATA : 'the margins of LEAN',
  () => {
    let cwd = '';
    beforeAll(async () => {
      cwd = mkdtempSync(join(tmpdir(), 'frontmonth-margins-'));
      for (const [market, root] of [
        ['cme', 'es'],
        ['comex', 'gc'],
      ] as const) {
        const argv = [
          'data',
          'import',
          join(future, market, 'minute', root),
          '--into',
          root,
          '--kinds',
          'trade',
        ];
        const done = await run(argv, { cwd, services: createServices() });
        expect(done.code, done.err).toBe(0);
      }
    }, 120_000);
    afterAll(() => {
      rmSync(cwd, { recursive: true, force: true });
    });

    const backtestOf = (
      root: string,
      dataset: string,
      capital: number,
      to: string,
    ): Promise<BacktestRun> =>
      backtest(hold, {
        instruments: [root],
        catalog: join(cwd, 'catalog'),
        runs: join(cwd, 'runs'),
        dataset,
        from: '2013-10-07',
        to,
        capital,
        bounds: false,
        report: false,
        margins: future,
        account: { liquidation: { policy: 'immediate' } },
      });

    it('are read whole: every level of every product that both sides know', () => {
      const specs = [...loadInstruments(join(REPOSITORY, 'catalog/instruments')).values()];
      const parsed = parseMargins(readMargins(future, specs));
      const files = readdirSync(future, { recursive: true, encoding: 'utf8' }).filter((name) =>
        /margins[\\/][^\\/]+\.csv$/.test(name),
      );
      let products = 0;
      let levels = 0;
      for (const file of files) {
        const name = file.replace(/^.*[\\/]/, '').replace('.csv', '');
        const spec =
          specs.find((one) => one.root === name) ??
          specs.find((one) => one.symbols.exchange === name);
        if (spec === undefined) continue;
        products += 1;
        const found = parsed.get(spec.root)!.map((level) => ({
          date: toIsoDate(level.from),
          initial: level.initialMicros / 1e6,
          maintenance: level.maintenanceMicros / 1e6,
        }));
        expect(found, name).toEqual(levelsOf(file));
        levels += found.length;
      }
      expect(products).toBeGreaterThan(25);
      expect(levels).toBeGreaterThan(1500);
    });

    it('margin each date of a run by the level in force', async () => {
      for (const [root, file, to] of [
        ['ES', 'cme/margins/ES.csv', '2013-11-15'],
        ['GC', 'comex/margins/GC.csv', '2013-10-11'],
      ] as const) {
        const done = await backtestOf(root, root.toLowerCase(), 1_000_000, to);
        const seen = new Set<number>();
        // On the first date the position may have come late; on the others it stood all day.
        for (const point of done.equity.slice(1)) {
          const level = levelOn(file, toIsoDate(point.tradeDate as TradeDate));
          expect(point.initialMarginMicros / 1e6).toBe(level.initial);
          expect(point.maintenanceMarginMicros / 1e6).toBe(level.maintenance);
          seen.add(level.initial);
        }
        // The spans of ES hold a change of its level.
        expect(seen.size).toBeGreaterThanOrEqual(root === 'ES' ? 2 : 1);
        expect(done.summary.warnings.map(({ code }) => code)).not.toContain('E_MARGIN_CALL');
      }
    });

    it('call a small account at the first minute below maintenance, and close it in the next', async () => {
      for (const [root, month, file, folder, multiplier, tick] of [
        ['ES', '201312', 'cme/margins/ES.csv', 'cme/minute/es', 50, 0.25],
        ['GC', '201312', 'comex/margins/GC.csv', 'comex/minute/gc', 100, 0.1],
      ] as const) {
        const { initial, maintenance } = levelOn(file, '2013-10-07');
        const capital = initial + 100;
        const done = await backtestOf(root, root.toLowerCase(), capital, '2013-10-11');
        const [entry, exit] = done.fills;
        const minutes = minutesOf(folder, month).filter(({ openUs }) => openUs > entry!.barOpenUs);
        const cost = entry!.feeMicros / 1e6;
        const paid = entry!.priceTicks * tick;
        const call = minutes.findIndex(
          ({ low }) => capital - cost + (low - paid) * multiplier < maintenance,
        );
        expect(call, `${root} falls far enough`).toBeGreaterThanOrEqual(0);
        expect(done.fills.slice(1).map((fill) => [fill.tag, fill.qty])).toEqual([
          ['liquidation', 1],
        ]);
        const next = minutes[call + 1]!;
        expect(exit!.barOpenUs).toBe(next.openUs);
        expect(exit!.barCloseUs).toBe(next.openUs + MINUTE_US);
        const price = exit!.priceTicks * tick;
        expect(price).toBeLessThanOrEqual(next.open + 1e-9);
        expect(price).toBeGreaterThanOrEqual(next.low - 1e-9);
        expect(done.summary.warnings.map(({ code }) => code)).toContain('E_MARGIN_CALL');
      }
    });
  },
);
