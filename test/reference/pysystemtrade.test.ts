/**
 * The published back-adjusted series of thirteen instruments, reproduced through the real path: import, contracts in the
 * catalog, given roll schedule, continuous view. Needs the reference data; skips without.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContractId } from '../../src/core/instrument.ts';
import { UniformGrid } from '../../src/core/price-grid.ts';
import type { Adjustment, RollSchedule } from '../../src/core/roll.ts';
import { boolean, defineStrategy } from '../../src/core/strategy.ts';
import { toContractId } from '../../src/core/symbology.ts';
import { parseTsUs, toIsoUtc } from '../../src/core/units.ts';
import type { Qty, TsUs } from '../../src/core/units.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import type { Dataset } from '../../src/data/catalog.ts';
import { collectContinuous } from '../../src/data/continuous.ts';
import {
  givenCalendarOf,
  givenScheduleOf,
  importPysystemtrade,
  parseInstrumentConfig,
  PYSYSTEMTRADE_PRODUCTS,
} from '../../src/data/ingest/pysystemtrade.ts';
import type { PysystemtradeReport } from '../../src/data/ingest/pysystemtrade.ts';
import { loadInstruments } from '../../src/data/instruments.ts';
import { createHashJournal } from '../../src/engine/journal.ts';
import { prepareRun, simulate } from '../../src/research/backtest.ts';
import { toRows } from '../../src/research/columns.ts';
import { FILL_COLUMNS } from '../../src/research/tables.ts';
import { NO_REFERENCE_DATA, referenceDataDir } from '../support/reference-data.ts';

const root = join(import.meta.dirname, '../..');
const reference = referenceDataDir();
const data = reference === null ? undefined : join(reference, 'pysystemtrade');

/** instrument, rows, rolls, compared, only in multiple prices: the table of the data's description. */
const TABLE: readonly (readonly [string, number, number, number, number])[] = [
  ['COFFEE', 4722, 83, 4721, 1],
  ['CORN', 37_896, 51, 29_309, 6],
  ['CRUDE_W', 45_122, 32, 39_171, 52],
  ['CRUDE_W_mini', 28_320, 148, 28_111, 0],
  ['EUR', 44_933, 96, 41_107, 12],
  ['EUROSTX', 28_282, 37, 28_136, 0],
  ['GAS_US', 57_803, 303, 50_974, 0],
  ['GOLD', 50_554, 290, 48_413, 1],
  ['KR3', 10_900, 37, 10_737, 0],
  ['SP500', 34_600, 163, 33_055, 8],
  ['US10', 48_423, 164, 46_704, 0],
  ['VIX', 57_362, 211, 52_933, 0],
  ['WHEAT', 47_256, 49, 47_145, 111],
];
const MODES: Readonly<Record<string, Adjustment>> = {
  none: 'none',
  back_difference: 'back-difference',
  forward_difference: 'forward-difference',
  back_ratio: 'back-ratio',
};

function readBytes(folder: string, code: string): Uint8Array {
  const path = join(data!, folder, `${code}.csv`);
  return readFileSync(existsSync(path) ? path : `${path}.gz`);
}

/** A CSV of the source by column name, read apart from the importer. */
function readTable(bytes: Uint8Array): Record<string, string>[] {
  const text = new TextDecoder().decode(bytes[0] === 0x1f ? gunzipSync(bytes) : bytes);
  const [header, ...lines] = text.trimEnd().split(/\r?\n/);
  const names = header!.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']));
  });
}

const toLabel = (text: string): number => parseTsUs(`${text.replace(' ', 'T')}Z`);
const isNear = (a: number, b: number): boolean =>
  Math.abs(a - b) <= 1e-9 * Math.abs(b) || Math.abs(a - b) <= 1e-9;

/** The filled variant of the source: the held and the next price carried forward over empty cells. */
function fillForward(rows: readonly Record<string, string>[]): Record<string, string>[] {
  let [price, forward] = ['', ''];
  return rows.map((row) => {
    price = row['PRICE'] === '' ? price : row['PRICE']!;
    forward = row['FORWARD'] === '' ? forward : row['FORWARD']!;
    return { ...row, PRICE: price, FORWARD: forward };
  });
}

const holdOne = defineStrategy({
  id: 'hold-one',
  version: '1.0.0',
  description: 'Buys one contract at once and keeps it through every roll.',
  params: { isHourly: boolean({ default: false, description: 'reads every sample' }) },
  instruments: [],
  requires: (values, roots) => ({
    series: roots.map((name) => ({ root: name, bars: values.isHourly ? '1h' : '1d' })),
  }),
  create: (_values, roots) => {
    let isSent = false;
    return {
      onBar: (_bar, ctx) => {
        if (isSent) return;
        isSent = true;
        const contract = ctx.contract(roots[0]!);
        ctx.submit({ type: 'market', contract, side: 1, qty: 1 as Qty, timeInForce: 'gtc' });
      },
    };
  },
});

const HOLD_ONE = {
  strategyFile: 'hold-one',
  strategy: holdOne,
  sourceSha256: null,
  instrumentsDir: join(root, 'catalog/instruments'),
  capital: 100_000_000,
  returnBase: 'equity',
  seed: 1,
  fills: 'pessimistic',
  bounds: false,
  costs: { default: { commissionPerSide: 0, exchangeFeePerSide: 0, slippageTicks: 0 } },
  runsDir: '',
  command: [],
  config: {},
  clock: () => 0 as TsUs,
} as const;

describe.skipIf(data === undefined)(
  data === undefined ? `pysystemtrade (${NO_REFERENCE_DATA})` : 'pysystemtrade',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'frontmonth-pysystemtrade-'));
    let dataset: Dataset;
    let reports: readonly PysystemtradeReport[];
    const schedules = new Map<string, { schedule: RollSchedule; contracts: ContractId[] }>();

    beforeAll(() => {
      const specs = loadInstruments(join(root, 'catalog/instruments'));
      const config = readFileSync(join(data!, 'config/instrumentconfig.csv'), 'utf8');
      ({ dataset, reports } = importPysystemtrade({
        catalog: openCatalog(folder, { sync: false }),
        dataset: 'pysystemtrade',
        createdBy: 'test',
        specOf: (name) => specs.get(name),
        config: parseInstrumentConfig(config),
        files: TABLE.map(([code]) => ({
          code,
          file: code,
          bytes: readBytes('multiple_prices', code),
          isFilled: code === 'WHEAT',
        })),
      }));
      for (const { code, root: product } of PYSYSTEMTRADE_PRODUCTS) {
        const contracts = dataset.contracts(product);
        const schedule = givenScheduleOf(dataset.manifest, product, (id) => contracts.indexOf(id))!;
        schedules.set(code, { schedule, contracts });
      }
    }, 300_000);

    afterAll(() => {
      rmSync(folder, { recursive: true, force: true });
    });

    const series = (code: string, adjust: Adjustment) => {
      const { schedule, contracts } = schedules.get(code)!;
      const { increment } = dataset.manifest.grids[schedule.root]!;
      return collectContinuous({
        schedule,
        adjust,
        grid: new UniformGrid(increment),
        bars: (index) => dataset.bars({ contract: contracts[index]!, interval: '1h' }),
      });
    };

    it('states what the data are', () => {
      expect(dataset.manifest).toMatchObject({
        isSynthetic: false,
        volume: 'unknown',
        stamps: 'labels',
      });
      expect(dataset.manifest.grids['ES']).toEqual({ kind: 'float', increment: 0.25 });
    });

    it.each(TABLE)(
      '%s reproduces the published series within 1e-9',
      (code, rows, rolls, compared, only) => {
        const report = reports.find((entry) => entry.code === code)!;
        expect({ rows: report.rows, rolls: report.rolls, issues: report.issues }).toEqual({
          rows,
          rolls,
          issues: [],
        });
        const ours = series(code, 'back-difference');
        const byLabel = new Map(Array.from(ours.closeUs, (us, i) => [us, ours.close[i]!]));
        const published = readTable(readBytes('adjusted_prices', code));
        let count = 0;
        const wrong: string[] = [];
        for (const { DATETIME, price } of published) {
          const value = byLabel.get(toLabel(DATETIME!));
          if (price === '') {
            if (value !== undefined) wrong.push(`${DATETIME}: ${value}, published empty`);
          } else if (value === undefined || !isNear(value, Number(price)))
            wrong.push(`${DATETIME}: ${value}, published ${price}`);
          else count += 1;
        }
        expect(wrong).toEqual([]);
        expect(count).toBe(compared);
        const labels = new Set(published.map(({ DATETIME }) => toLabel(DATETIME!)));
        const raw = readTable(readBytes('multiple_prices', code));
        expect(raw.filter(({ DATETIME }) => !labels.has(toLabel(DATETIME!))).length).toBe(only);
      },
    );

    it('names the carry contract that every row names, and the page counts those of another step', () => {
      const monthsOf = (cell: string): number =>
        Number(cell.slice(0, 4)) * 12 + Number(cell.slice(4, 6)) - 1;
      const idOf = (product: string, cell: string): ContractId =>
        toContractId(product, Number(cell.slice(0, 4)), Number(cell.slice(4, 6)));
      /** Rows by code and months from the held contract to that of carry. */
      const steps = new Map<string, number>();
      for (const { code, root: product } of PYSYSTEMTRADE_PRODUCTS) {
        const named = givenCalendarOf(dataset.manifest, product)!.carry!;
        const wrong: string[] = [];
        for (const row of readTable(readBytes('multiple_prices', code))) {
          const [held, carry] = [row['PRICE_CONTRACT']!, row['CARRY_CONTRACT']!];
          if (named[idOf(product, held)] !== idOf(product, carry)) wrong.push(row['DATETIME']!);
          const key = `${code} ${monthsOf(carry) - monthsOf(held)}`;
          steps.set(key, (steps.get(key) ?? 0) + 1);
        }
        expect([code, wrong]).toEqual([code, []]);
      }
      const page = readFileSync(join(root, 'docs/strategies/trend-carry-decades.md'), 'utf8');
      const rows = (key: string): string => steps.get(key)!.toLocaleString('en-US');
      expect(page).toContain(`on ${rows('CRUDE_W_mini -11')} rows of \`QM\` it is eleven months`);
      expect(page).toContain(`on ${rows('GAS_US -2')} of \`NG\` two`);
      expect(page).toContain(
        `On ${rows('GAS_US 0')} rows of \`NG\` the file names the held contract`,
      );
    });

    it('has every roll of the expected list, with its two prices', () => {
      const expected = readTable(readFileSync(join(data!, 'expected_rolls.csv')));
      for (const [code] of TABLE) {
        const { schedule } = schedules.get(code)!;
        const { increment } = dataset.manifest.grids[schedule.root]!;
        const rows = expected.filter(({ instrument }) => instrument === code);
        expect(schedule.rolls.length).toBe(rows.length);
        for (const [i, roll] of schedule.rolls.entries()) {
          const row = rows[i]!;
          expect(toIsoUtc(roll.effectiveUs)).toBe(
            `${row['last_row_of_old_contract']!.replace(' ', 'T')}Z`,
          );
          expect([roll.from, roll.to]).toEqual(
            ['from_contract', 'to_contract'].map((name) =>
              toContractId(
                schedule.root,
                Number(row[name]!.slice(0, 4)),
                Number(row[name]!.slice(4, 6)),
              ),
            ),
          );
          expect(isNear(roll.fromPrice * increment, Number(row['price_old']))).toBe(true);
          expect(isNear(roll.toPrice * increment, Number(row['price_new']))).toBe(true);
        }
      }
    });

    it('agrees with first, mean, extremes and last of every adjustment', () => {
      const expected = readTable(readFileSync(join(data!, 'expected_modes.csv')));
      for (const row of expected) {
        const { close, length } = series(row['instrument']!, MODES[row['adjustment']!]!);
        const figures = {
          rows: length,
          first: close[0]!,
          mean: close.reduce((sum, value) => sum + value, 0) / length,
          min: close.reduce((low, value) => Math.min(low, value), Infinity),
          max: close.reduce((high, value) => Math.max(high, value), -Infinity),
          last: close[length - 1]!,
        };
        expect(figures.rows).toBe(Number(row['priced_rows']));
        for (const name of ['first', 'mean', 'min', 'max', 'last'] as const) {
          const want = Number(row[name]);
          // The list is rounded to eight decimals.
          expect(Math.abs(figures[name] - want)).toBeLessThan(6e-9 + 1e-9 * Math.abs(want));
        }
      }
    });

    it.each(TABLE.filter(([code]) => code !== 'KR3'))(
      '%s: one contract held always earns what the published series gained, to the cent',
      (code) => {
        const product = PYSYSTEMTRADE_PRODUCTS.find((entry) => entry.code === code)!;
        const prepared = prepareRun({
          ...HOLD_ONE,
          catalogDir: folder,
          dataset: 'pysystemtrade',
          instruments: [product.root],
          currency: product.currency,
          // Every sample for two, daily samples for the rest: the money is the same.
          params: { isHourly: code === 'US10' || code === 'CORN' },
          execution: code === 'US10' || code === 'CORN' ? '1h' : '1d',
        });
        const { result, recorder } = simulate(prepared, 'pessimistic', createHashJournal());
        expect(result.error).toBeNull();
        const done = toRows(recorder.tables().fills, FILL_COLUMNS);
        const { gained, fills } = heldAlways(code, done[0]!.tsUs);
        const tickSize = prepared.plan.table.instruments[0]!.grid.increment;
        expect(done.length).toBe(fills.length);
        // Off-grid samples: a buy pays up to the next tick, a sale receives the tick below.
        const rounding = fills.reduce((sum, { side, price }) => {
          const ticks = price / tickSize;
          const whole = Math.abs(ticks - Math.round(ticks)) < 1e-6;
          const paid = whole ? ticks : side > 0 ? Math.ceil(ticks) : Math.floor(ticks);
          return sum + side * (paid - ticks) * tickSize;
        }, 0);
        const earned = result.finalEquityMicros / 1e6 - HOLD_ONE.capital;
        expect(Math.abs(earned - (gained - rounding) * product.pointSize)).toBeLessThan(0.005);
      },
    );

    /** What the source alone says: the gain from one label on without the gaps, and every price that was traded. */
    function heldAlways(
      code: string,
      entryUs: number,
    ): { gained: number; fills: { side: number; price: number }[] } {
      const raw = readTable(readBytes('multiple_prices', code));
      const rows = code === 'WHEAT' ? fillForward(raw) : raw.filter(({ PRICE }) => PRICE !== '');
      const entry = rows.findIndex(({ DATETIME }) => toLabel(DATETIME!) === entryUs);
      const fills = [{ side: 1, price: Number(rows[entry]!['PRICE']) }];
      let gaps = 0;
      for (let i = entry + 1; i < rows.length; i += 1) {
        const last = rows[i - 1]!;
        if (rows[i]!['PRICE_CONTRACT'] === last['PRICE_CONTRACT']) continue;
        fills.push({ side: -1, price: Number(last['PRICE']) });
        fills.push({ side: 1, price: Number(last['FORWARD']) });
        gaps += Number(last['FORWARD']) - Number(last['PRICE']);
      }
      return { gained: Number(rows.at(-1)!['PRICE']) - fills[0]!.price - gaps, fills };
    }

    it('has one daily bar a date, both contracts of a pair at the same label', () => {
      const { schedule, contracts } = schedules.get('SP500')!;
      const days = collectContinuous({
        schedule,
        adjust: 'back-difference',
        grid: new UniformGrid(0.25),
        bars: (index) => dataset.bars({ contract: contracts[index]!, interval: '1d' }),
      });
      const dates = Array.from(days.closeUs, (us) => toIsoUtc(us as TsUs).slice(0, 10));
      expect(new Set(dates).size).toBe(dates.length);
      const hourly = series('SP500', 'back-difference');
      const byLabel = new Map(Array.from(hourly.closeUs, (us, i) => [us, hourly.close[i]!]));
      expect(Array.from(days.closeUs, (us) => byLabel.get(us))).toEqual(Array.from(days.close));
    });
  },
);
