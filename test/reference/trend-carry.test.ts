/**
 * The portfolio over five decades, as its page tells it: the figures of the page, money recomputed from fills and the
 * source's own point sizes, every fill at a price of the source's file, sizes by the naive twin over a series adjusted here.
 * Needs the reference data; skips without.
 */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServices } from '../../src/cli/services-wiring.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { givenCalendarOf } from '../../src/data/ingest/pysystemtrade.ts';
import { loadInstruments } from '../../src/data/instruments.ts';
import { TABLE_STORE } from '../../src/research/backtest.ts';
import { usualCarryOffset } from '../../src/research/plan.ts';
import type { RunData } from '../../src/research/run-data.ts';
import type { RunSummary } from '../../src/research/run-format.ts';
import { readRun } from '../../src/research/run-store.ts';
import { trendCarry } from '../../src/strategies/index.ts';
import { resolveParams } from '../../src/core/strategy.ts';
import { run } from '../cli/support.ts';
import type { Ran } from '../cli/support.ts';
import {
  NO_REFERENCE_DATA,
  readReferenceCsv,
  referenceDataDir,
} from '../support/reference-data.ts';
import { INSTRUMENTS_DIR } from '../support/sample-catalog.ts';
import type { TwinParams, TwinProduct, TwinSize } from '../support/trend-carry-twin.ts';
import { twinForecasts, twinSizes, twinWanted } from '../support/trend-carry-twin.ts';

const reference = referenceDataDir();
const data = reference === null ? undefined : join(reference, 'pysystemtrade');
const PAGE = join(import.meta.dirname, '../../docs/strategies/trend-carry-decades.md');

/** Names of the files, by product. */
const CODES: Readonly<Record<string, string>> = {
  '6E': 'EUR',
  CL: 'CRUDE_W',
  ES: 'SP500',
  FESX: 'EUROSTX',
  GC: 'GOLD',
  KC: 'COFFEE',
  KTB3: 'KR3',
  NG: 'GAS_US',
  QM: 'CRUDE_W_mini',
  VX: 'VIX',
  ZC: 'CORN',
  ZN: 'US10',
  ZW: 'WHEAT',
};
const LETTERS = 'FGHJKMNQUVXZ';
const DAY_US = 86_400_000_000;

interface Row {
  readonly us: number;
  /** Contract and price: held, next, neighbour of carry. */
  readonly price: number;
  readonly held: string;
  readonly forward: number;
  readonly next: string;
  readonly carry: number;
  readonly beside: string;
}

/** Rows of one file; contracts as `ZCZ2023`. `isFilled`: prices of held and next carried over empty cells. */
function rowsOf(root: string): Row[] {
  const files = readdirSync(join(data!, 'multiple_prices'));
  const name = files.find((file) => file.replace(/\.csv(\.gz)?$/, '') === CODES[root])!;
  const bytes = readFileSync(join(data!, 'multiple_prices', name));
  const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const [header, ...lines] = text.trim().split(/\r?\n/);
  const column = (title: string): number => header!.split(',').indexOf(title);
  const at = ['PRICE', 'FORWARD', 'CARRY'].map((title) => [
    column(title),
    column(`${title}_CONTRACT`),
  ]);
  const contract = (cell: string): string =>
    `${root}${LETTERS[Number(cell.slice(4, 6)) - 1]}${cell.slice(0, 4)}`;
  const price = (cell: string): number => (cell === '' ? NaN : Number(cell));
  return lines.map((line) => {
    const cells = line.split(',');
    const [held, next, beside] = at.map(([, of]) => contract(cells[of!]!));
    const [own, forward, carry] = at.map(([of]) => price(cells[of!]!));
    const us = Date.parse(`${cells[0]!.replace(' ', 'T')}Z`) * 1000;
    return {
      us,
      price: own!,
      held: held!,
      forward: forward!,
      next: next!,
      carry: carry!,
      beside: beside!,
    };
  });
}

/** WHEAT was published with prices carried forward. */
function filled(rows: readonly Row[]): Row[] {
  let [price, forward] = [NaN, NaN];
  return rows.map((row) => {
    if (!Number.isNaN(row.price)) ({ price } = row);
    if (!Number.isNaN(row.forward)) ({ forward } = row);
    return { ...row, price, forward };
  });
}

function pricedRowsOf(root: string): Row[] {
  return root === 'ZW' ? filled(rowsOf(root)) : rowsOf(root);
}

function dateOf(us: number): number {
  const day = Math.floor((us - 1) / DAY_US);
  const weekday = new Date(day * 86_400_000).getUTCDay();
  return day + (weekday === 6 ? 2 : weekday === 0 ? 1 : 0);
}

const monthsOf = (contract: string): number =>
  Number(contract.slice(-4)) * 12 + LETTERS.indexOf(contract.at(-5)!);

/** The last priced row of every date, back-adjusted by the rule of the source, with carry against the contract that the row names. */
function twinOf(root: string, pointValue: number): TwinProduct {
  const rows = pricedRowsOf(root);
  let sum = 0;
  const shift = rows.map(() => 0);
  for (let i = rows.length - 1; i > 0; i -= 1) {
    shift[i] = sum;
    if (rows[i]!.held !== rows[i - 1]!.held) sum += rows[i - 1]!.forward - rows[i - 1]!.price;
  }
  shift[0] = sum;
  const days = new Map<number, number>();
  rows.forEach((row, i) => {
    if (!Number.isNaN(row.price)) days.set(dateOf(row.us), i);
  });
  const kept = [...days.values()];
  return {
    root,
    closeUs: kept.map((i) => rows[i]!.us),
    close: kept.map((i) => rows[i]!.price + shift[i]!),
    carry: kept.map((i) => {
      const row = rows[i]!;
      // A row may name its own contract: nothing is measured then.
      const years = (monthsOf(row.beside) - monthsOf(row.held)) / 12;
      const difference = row.price - row.carry;
      return difference === 0 || years === 0 ? NaN : difference / years;
    }),
    pointValue,
  };
}

/** Cells of the tables of the page, by the first cell of their rows. */
function pageRows(first: string): Map<string, string[]> {
  const text = readFileSync(PAGE, 'utf8');
  const lines = text.slice(text.search(new RegExp(String.raw`^\| ${first} +\|`, 'm'))).split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  const rows = lines.slice(0, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return new Map(rows.slice(2).map((cells) => [cells[0]!, cells.slice(1)]));
}
const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const ratio = (value: number): string => value.toFixed(2);

interface Account {
  readonly currency: string;
  readonly capital: number;
  readonly roots: readonly string[];
  readonly dir: string;
  readonly summary: RunSummary;
}
interface SizeNote {
  readonly tsUs: number;
  readonly root: string;
  readonly forecast: number;
  readonly exact: number;
  readonly held: number;
  readonly wanted: number;
}

describe.skipIf(data === undefined)(
  data === undefined ? `five decades (${NO_REFERENCE_DATA})` : 'a portfolio over five decades',
  () => {
    const cwd = mkdtempSync(join(tmpdir(), 'frontmonth-five-decades-'));
    const env = { FRONTMONTH_INSTRUMENTS: join(cwd, 'instruments') };
    const cli = (...argv: string[]): Promise<Ran> =>
      run(argv, { cwd, services: createServices(), env });
    const roots = Object.keys(CODES).join();
    const accounts = new Map<string, Account>();
    const runs = new Map<string, RunData>();

    beforeAll(async () => {
      mkdirSync(env.FRONTMONTH_INSTRUMENTS);
      for (const file of readdirSync(INSTRUMENTS_DIR))
        copyFileSync(join(INSTRUMENTS_DIR, file), join(env.FRONTMONTH_INSTRUMENTS, file));
      // The specification stands on the page.
      const [, spec] = /```json file=instruments\/KTB3\.json\n([\s\S]*?)```/.exec(
        readFileSync(PAGE, 'utf8'),
      )!;
      writeFileSync(join(env.FRONTMONTH_INSTRUMENTS, 'KTB3.json'), spec!);
      const files = readdirSync(join(data!, 'multiple_prices')).map((file) =>
        join(data!, 'multiple_prices', file),
      );
      const wheat = files.filter((file) => basename(file).startsWith('WHEAT'));
      const others = files.filter((file) => !wheat.includes(file));
      const flags = ['--format', 'pysystemtrade', '--into', 'decades'];
      expect((await cli('data', 'import', ...others, ...flags)).err).toBe('');
      expect((await cli('data', 'import', ...wheat, '--filled', ...flags)).err).toBe('');
      const ran = await cli(
        'backtest',
        'trend-carry',
        '--data',
        'decades',
        '--instruments',
        roots,
        '--json',
        '--per-currency',
        'USD=1000000,EUR=500000,KRW=500000000',
      );
      expect(ran.code).toBe(0);
      const { result } = JSON.parse(ran.out) as { result: { accounts: Account[] } };
      for (const account of result.accounts) {
        accounts.set(account.currency, account);
        runs.set(account.currency, readRun(join(cwd, account.dir), TABLE_STORE));
      }
    }, 900_000);

    afterAll(() => {
      rmSync(cwd, { recursive: true, force: true });
    });

    const notesOf = (currency: string): SizeNote[] =>
      readFileSync(join(cwd, accounts.get(currency)!.dir, 'journal.jsonl'), 'utf8')
        .split('\n')
        .filter((line) => line.includes('"kind":"note"'))
        .map((line) => JSON.parse(line) as { tsUs: number; body: { fields: SizeNote } })
        .map(({ tsUs, body }) => ({ ...body.fields, tsUs }));

    it('says on its page what came out', () => {
      const rows = pageRows('Account');
      expect([...rows.keys()]).toEqual(['USD', 'EUR', 'KRW']);
      for (const [currency, { summary, roots: own }] of accounts) {
        const figure = (name: string): number => summary.metrics[name]!.value!;
        const { low, high } = summary.intervals90['sharpe']!;
        const rounded = runs.get(currency)!.issues.find(({ code }) => code === 'W_FILL_ROUNDED')!;
        expect(rows.get(currency)).toEqual([
          String(own.length),
          summary.from,
          whole(figure('netProfit')),
          whole(figure('maxDrawdown')),
          ratio(figure('sharpe')),
          `${ratio(low!)} to ${ratio(high!)}`,
          whole(figure('totalCost')),
          whole(figure('netOneBarLater')),
          whole(rounded.count),
        ]);
      }
    });

    it('says of the data what they are', () => {
      for (const [currency, { summary }] of accounts) {
        const codes = summary.warnings.map(({ code }) => code);
        expect(codes).toEqual(
          expect.arrayContaining(['W_VOLUME_UNKNOWN', 'W_STAMPS_LABELS', 'W_FILL_ROUNDED']),
        );
        expect(summary.currency).toBe(currency);
        const text = summary.warnings.find(({ code }) => code === 'W_FILL_ROUNDED')!.message;
        expect(text).toContain(` ${currency} in all`);
        const page = readFileSync(join(cwd, accounts.get(currency)!.dir, 'report.html'), 'utf8');
        for (const code of codes) expect(page).toContain(code);
      }
      expect(accounts.get('USD')!.summary.warnings.map(({ code }) => code)).toContain(
        'W_PRODUCT_JOINS',
      );
    });

    it('earns, in every currency, what its fills say: price × point size − fees, open contracts at the last price', () => {
      const sizes = new Map(
        readReferenceCsv(data!, 'config/instrumentconfig.csv').map((each) => [
          each['Instrument'],
          Number(each['Pointsize']),
        ]),
      );
      for (const [currency, { summary }] of accounts) {
        const { fills, manifest } = runs.get(currency)!;
        let net = 0;
        for (const { root, tickSize } of manifest.instruments) {
          const held = new Map<string, number>();
          for (const fill of fills) {
            if (fill.root !== root) continue;
            const signed = fill.side * fill.qty;
            net -= signed * fill.priceTicks * tickSize * sizes.get(CODES[root])!;
            net -= fill.feeMicros / 1e6;
            held.set(fill.contract, (held.get(fill.contract) ?? 0) + signed);
          }
          const open = [...held].filter(([, qty]) => qty !== 0);
          expect(open.length).toBeLessThanOrEqual(1);
          for (const [contract, qty] of open) {
            const last = rowsOf(root).findLast(
              (row) => row.held === contract && !Number.isNaN(row.price),
            )!;
            net += qty * last.price * sizes.get(CODES[root])!;
          }
        }
        expect(net).toBeCloseTo(summary.metrics['netProfit']!.value!, 1);
      }
    });

    it('fills at prices of the files, later than the order, a tick of slippage and the rounding against us', () => {
      for (const currency of accounts.keys()) {
        const { fills, orders, manifest } = runs.get(currency)!;
        const createdUs = new Map(orders.map((order) => [order.clOrdId, order.createdUs]));
        const { costs } = manifest;
        for (const { root, tickSize } of manifest.instruments) {
          const own = fills.filter((fill) => fill.root === root);
          const wanted = new Set(own.map((fill) => Math.floor(fill.tsUs / 1e6)));
          const prices = new Map<string, number>();
          for (const row of pricedRowsOf(root)) {
            if (!wanted.has(row.us / 1e6)) continue;
            prices.set(`${row.us / 1e6} ${row.next}`, row.forward);
            prices.set(`${row.us / 1e6} ${row.held}`, row.price);
          }
          for (const fill of own) {
            const source = prices.get(`${Math.floor(fill.tsUs / 1e6)} ${fill.contract}`)!;
            const worse = fill.side * (fill.priceTicks - source / tickSize);
            const slippage = costs[root]!.slippageTicks;
            expect([fill.execId, worse >= slippage - 1e-6]).toEqual([fill.execId, true]);
            expect([fill.execId, worse < slippage + 1]).toEqual([fill.execId, true]);
            expect(createdUs.get(fill.clOrdId)!).toBeLessThan(fill.tsUs);
          }
        }
      }
    });

    it('rolls by two raw fills of the same size, at the rolls of the reference', () => {
      const known = new Set(
        readReferenceCsv(data!, 'expected_rolls.csv').map((each) => {
          const us = Date.parse(`${each['last_row_of_old_contract']!.replace(' ', 'T')}Z`) * 1000;
          return `${each['instrument']} ${us}`;
        }),
      );
      for (const { fills } of runs.values()) {
        const legs = fills.filter((fill) => fill.tag === 'roll');
        const byRoll = new Map<string, typeof legs>();
        for (const leg of legs) {
          const key = `${CODES[leg.root]} ${leg.tsUs - 1}`;
          byRoll.set(key, [...(byRoll.get(key) ?? []), leg]);
        }
        expect(byRoll.size).toBeGreaterThan(25);
        for (const [key, pair] of byRoll) {
          expect([key, known.has(key), pair.length]).toEqual([key, true, 2]);
          expect(pair[0]!.qty).toBe(pair[1]!.qty);
          expect(pair[0]!.side).toBe(-pair[1]!.side);
          expect(pair[0]!.contract).not.toBe(pair[1]!.contract);
        }
      }
    });

    const params = (given: object = {}): TwinParams =>
      resolveParams(trendCarry.params, { ...given }) as unknown as TwinParams;

    it('measures carry on the side that the source’s configuration names', () => {
      const dataset = openCatalog(join(cwd, 'catalog')).dataset('decades');
      const specs = loadInstruments(env.FRONTMONTH_INSTRUMENTS);
      for (const config of readReferenceCsv(data!, 'config/rollconfig.csv')) {
        const [root] =
          Object.entries(CODES).find(([, code]) => code === config['Instrument']) ?? [];
        if (root === undefined) continue;
        const segments = dataset.manifest.segments.filter((each) => each.root === root);
        const given = givenCalendarOf(dataset.manifest, root);
        const { carryOffset: _, ...bare } = specs.get(root)!;
        // Products that do not name a side themselves.
        if (specs.get(root)!.carryOffset !== undefined) continue;
        expect([root, usualCarryOffset({ spec: bare, given, segments })]).toEqual([
          root,
          Number(config['CarryOffset']),
        ]);
      }
    });

    it('has the forecasts of the naive twin, over the series that is adjusted here', () => {
      let compared = 0;
      for (const [currency, { roots: own }] of accounts) {
        const notes = notesOf(currency);
        for (const root of own) {
          const twin = twinOf(root, 1);
          const forecasts = twinForecasts(twin, params());
          const at = new Map(twin.closeUs.map((us, i) => [us, forecasts[i]!]));
          for (const note of notes.filter((each) => each.root === root)) {
            expect([root, note.tsUs, at.get(note.tsUs)]).toEqual([
              root,
              note.tsUs,
              expect.closeTo(note.forecast, 6),
            ]);
            compared += 1;
          }
        }
      }
      expect(compared).toBeGreaterThan(15_000);
    });

    it('stands where the naive twin says, on every day of the euro account sized on a fixed capital', async () => {
      const ran = await cli(
        'backtest',
        'trend-carry',
        '--data',
        'decades',
        '--instruments',
        'FESX',
        '--json',
        '--per-currency',
        'EUR=500000',
        '--param',
        'sizeOn=fixed',
        '--no-bounds',
      );
      const { result } = JSON.parse(ran.out) as { result: { accounts: Account[] } };
      const { fills, manifest } = readRun(join(cwd, result.accounts[0]!.dir), TABLE_STORE);
      const sizes: TwinSize[] = twinSizes(
        [twinOf('FESX', 10)],
        params({ sizeOn: 'fixed' }),
        500_000,
      );
      const fromUs = Date.parse(`${manifest.from}T00:00:00Z`) * 1000;
      const rollUs = new Set(rollMoments('FESX'));
      let held = 0;
      let at = 0;
      let moved = 0;
      sizes.forEach((size, i) => {
        const next = sizes[i + 1];
        while (fills[at] !== undefined && fills[at]!.tsUs <= size.closeUs) {
          held += fills[at]!.side * fills[at]!.qty;
          at += 1;
        }
        if (size.closeUs < fromUs || next === undefined) return;
        let after = held;
        for (let k = at; k < fills.length && fills[k]!.tsUs <= next.closeUs; k += 1)
          after += fills[k]!.side * fills[k]!.qty;
        // An order of the very row at which the contract was left is cancelled with it.
        const wanted = rollUs.has(size.closeUs) ? held : twinWanted(size, held);
        expect([size.closeUs, after]).toEqual([size.closeUs, wanted + 0]);
        if (after !== held) moved += 1;
      });
      expect(moved).toBeGreaterThan(300);
    });

    function rollMoments(root: string): number[] {
      return readReferenceCsv(data!, 'expected_rolls.csv')
        .filter((each) => each['instrument'] === CODES[root])
        .map(
          (each) => Date.parse(`${each['last_row_of_old_contract']!.replace(' ', 'T')}Z`) * 1000,
        );
    }

    it('never sizes on more than the capital it began with', () => {
      const twins = twinSizes(
        accounts.get('USD')!.roots.map((root) => twinOf(root, pointOf(root))),
        params(),
        1_000_000,
      );
      const exact = new Map(twins.map((twin) => [`${twin.root} ${twin.closeUs}`, twin.exact]));
      const ratios = notesOf('USD').map(
        (note) => note.exact / exact.get(`${note.root} ${note.tsUs}`)!,
      );
      expect(Math.max(...ratios)).toBeLessThan(1 + 1e-6);
      expect(ratios.filter((each) => each > 1 - 1e-6).length).toBeGreaterThan(ratios.length * 0.9);
    });

    function pointOf(root: string): number {
      const [own] = readReferenceCsv(data!, 'config/instrumentconfig.csv').filter(
        (each) => each['Instrument'] === CODES[root],
      );
      return Number(own!['Pointsize']);
    }

    it('does not look ahead: a run to 2019 is the beginning of the run to the end', async () => {
      const ran = await cli(
        'backtest',
        'trend-carry',
        '--data',
        'decades',
        '--instruments',
        'FESX',
        '--json',
        '--per-currency',
        'EUR=500000',
        '--no-bounds',
        '--to',
        '2019-12-31',
        '--from',
        accounts.get('EUR')!.summary.from,
      );
      const { result } = JSON.parse(ran.out) as { result: { accounts: Account[] } };
      const body = (dir: string): string[] =>
        readFileSync(join(cwd, dir, 'journal.jsonl'), 'utf8')
          .split('\n')
          .filter((line) => /"kind":"(note|fill)"/.test(line))
          .map((line) => line.replace(/"seq":\d+/, ''));
      const [part, all] = [body(result.accounts[0]!.dir), body(accounts.get('EUR')!.dir)];
      expect(part.length).toBeGreaterThan(300);
      expect(all.slice(0, part.length)).toEqual(part);
    });

    it('repeats an account by rerun', async () => {
      const ran = await cli('rerun', basename(accounts.get('KRW')!.dir), '--json');
      expect(ran.code).toBe(0);
      expect((JSON.parse(ran.out) as { result: { same: boolean } }).result.same).toBe(true);
    });

    it('converts with a file of rates, and refuses to guess without one', async () => {
      const argv = ['backtest', 'trend-carry', '--data', 'decades', '--no-bounds', '--json'];
      const some = ['--instruments', 'ES,FESX,KTB3', '--from', '2016-01-04'];
      const refused = await cli(...argv, ...some);
      expect(refused.out).toContain('E_CURRENCY_RATE');
      const rates = 'date,currency,rate\n1972-01-01,EUR,1.10\n1972-01-01,KRW,0.00085\n';
      expect(readFileSync(PAGE, 'utf8')).toContain(rates);
      writeFileSync(join(cwd, 'rates.csv'), rates);
      const ran = await cli(...argv, ...some, '--rates', join(cwd, 'rates.csv'));
      const { result } = JSON.parse(ran.out) as { result: RunSummary & { dir: string } };
      const worth: Record<string, number> = { USD: 1, EUR: 1.1, KRW: 0.00085 };
      const { trades, manifest } = readRun(join(cwd, result.dir), TABLE_STORE);
      const currencyOf = new Map(manifest.instruments.map((each) => [each.root, each.currency]));
      const net = trades.reduce(
        (sum, trade) => sum + (trade.netMicros / 1e6) * worth[currencyOf.get(trade.root)!]!,
        0,
      );
      expect(result.currency).toBe('USD');
      expect(result.metrics['netProfit']!.value!).toBeCloseTo(net, 0);
    });

    it('refuses accounts that do not fit the products', async () => {
      const argv = ['backtest', 'trend-carry', '--data', 'decades', '--instruments', 'ES,FESX'];
      const missing = await cli(...argv, '--per-currency', 'USD=1000000');
      expect(missing.err).toContain('E_PER_CURRENCY');
      expect(missing.err).toContain('FESX is in EUR');
      const both = await cli(...argv, '--per-currency', 'USD=1,EUR=1', '--capital', '5');
      expect(both.err).toContain('--per-currency and --capital exclude each other');
    });

    it.each(['QM', 'NG', 'ZC'])(
      'says of calendar spreads in %s what came out, and their legs are one size',
      async (root) => {
        const ran = await cli(
          'backtest',
          'carry-spread',
          '--data',
          'decades',
          '--instruments',
          root,
          '--json',
          '--capital',
          '1000000',
        );
        const { result } = JSON.parse(ran.out) as { result: RunSummary & { dir: string } };
        const figure = (name: string): number => result.metrics[name]!.value!;
        const { low, high } = result.intervals90['sharpe']!;
        const journal = readFileSync(join(cwd, result.dir, 'journal.jsonl'), 'utf8');
        expect(pageRows('Product').get(root)).toEqual([
          whole(figure('netProfit')),
          ratio(figure('sharpe')),
          `${ratio(low!)} to ${ratio(high!)}`,
          whole(figure('totalCost')),
          whole(figure('netOneBarLater')),
          whole(result.orders.submitted),
          String(journal.split('"name":"lone-leg"').length - 1),
        ]);
        const net = new Map<string, number>();
        let [alone, moments, lastUs] = [0, 0, NaN];
        for (const fill of readRun(join(cwd, result.dir), TABLE_STORE).fills) {
          if (fill.tsUs !== lastUs && !Number.isNaN(lastUs)) {
            const held = [...net.values()].filter((qty) => qty !== 0);
            moments += 1;
            // Never more than a pair, and never two legs of one side.
            expect(held.length).toBeLessThanOrEqual(2);
            const sum = held.reduce((a, b) => a + b, 0);
            expect(Math.abs(sum)).toBeLessThanOrEqual(20);
            if (held.length === 2) expect(Math.sign(held[0]!)).toBe(-Math.sign(held[1]!));
            if (sum !== 0) alone += 1;
          }
          lastUs = fill.tsUs;
          net.set(fill.contract, (net.get(fill.contract) ?? 0) + fill.side * fill.qty);
        }
        expect(moments).toBeGreaterThan(50);
        expect(alone).toBeLessThan(moments / 8);
        expect([...net.values()].filter((qty) => qty !== 0).reduce((a, b) => a + b, 0)).toBe(0);
      },
      120_000,
    );
  },
);
