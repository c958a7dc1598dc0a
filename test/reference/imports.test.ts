/**
 * Every value of LEAN's archives and of the pyfutures Parquet bars, imported by the command line, against the source as other
 * readers give it: a plain zip reader and split lines, and DuckDB. Needs the reference data; skips without.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BarInterval } from '../../src/core/bars.ts';
import type { ContractId } from '../../src/core/instrument.ts';
import { monthLetter } from '../../src/core/symbology.ts';
import type { Dataset } from '../../src/data/catalog.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { readOpenInterestFigures } from '../../src/data/open-interest.ts';
import { runReal } from '../cli/support.ts';
import { NO_REFERENCE_DATA, referenceDataDir } from '../support/reference-data.ts';
import { readZipNames, readZipText } from '../support/zip.ts';

const reference = referenceDataDir();
const title = (text: string): string =>
  reference === null ? `${text} (${NO_REFERENCE_DATA})` : text;

const MINUTE = 60_000_000;
const STEPS: Readonly<Record<string, number>> = {
  minute: MINUTE,
  hour: 60 * MINUTE,
  daily: 1440 * MINUTE,
};
const INTERVALS: Readonly<Record<string, BarInterval>> = { minute: '1m', hour: '1h', daily: '1d' };
/** Hours that the clock of the data is ahead of UTC, in the months of the files. */
const AHEAD: Readonly<Record<string, number>> = { eurex: 2, hkfe: 8 };
const INCREMENTS: Readonly<Record<string, number>> = {
  ES: 0.25,
  GC: 0.1,
  HSI: 1,
  FESX: 1,
  MES: 0.25,
  HG: 0.0005,
};

function zipsBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return zipsBelow(path);
    return name.endsWith('.zip') ? [path] : [];
  });
}

/** Values by contract, kind and interval, then by start; the start first in each row. */
type Rows = Map<string, number[][]>;

const add = (rows: Rows, key: string, values: number[]): void => {
  const list = rows.get(key) ?? [];
  list.push(values);
  rows.set(key, list);
};

/** The rows of all archives, read with plain means. Of a day that stands twice in an entry, the second. */
function leanSource(folder: string): { rows: Rows; lines: number; left: number } {
  const rows: Rows = new Map();
  let [lines, left] = [0, 0];
  for (const path of zipsBelow(folder)) {
    const parts = path.slice(folder.length + 1).split('/');
    const [market, resolution] = [parts[0]!, parts[1]!];
    const archive = readFileSync(path);
    for (const name of readZipNames(archive)) {
      const fields = basename(name, '.csv').split('_');
      const month = fields.at(-1)!;
      const root = (/^\d{8}$/.test(fields[0]!) ? fields[1]! : fields[0]!).toUpperCase();
      const contract = `${root}${monthLetter(Number(month.slice(4)))}${month.slice(0, 4)}`;
      const kind = fields.at(-2)!;
      const startOf = (text: string): number => {
        const day = /^\d{8}$/.test(fields[0]!) ? fields[0]! : text.slice(0, 8);
        const midnight = Date.UTC(
          Number(day.slice(0, 4)),
          Number(day.slice(4, 6)) - 1,
          Number(day.slice(6)),
        );
        const clock = text.includes(' ')
          ? Number(text.slice(9, 11)) * 3_600_000 + Number(text.slice(12, 14)) * 60_000
          : Number(text);
        // Berlin is one hour ahead in winter, two in summer: the FESX files are of June.
        return (midnight + clock - (AHEAD[market] ?? 0) * 3_600_000) * 1000;
      };
      let entry: number[][] = [];
      for (const line of readZipText(archive, name).split(/\r?\n/)) {
        if (line === '') continue;
        lines += 1;
        const [time, ...values] = line.split(',');
        const start = startOf(time!);
        if (entry.length > 0 && start < entry.at(-1)![0]!) {
          left += entry.length;
          entry = [];
        }
        entry.push([start, ...values.map((text) => (text === '' ? NaN : Number(text)))]);
      }
      for (const values of entry) add(rows, `${contract}/${kind}/${resolution}`, values);
    }
  }
  return { rows, lines, left };
}

function price(count: number, contract: string): number {
  const root = contract.replace(/[A-Z]\d{4}$/, '');
  return Number((count * INCREMENTS[root]!).toPrecision(12));
}

function bars(
  dataset: Dataset,
  contract: string,
  interval: BarInterval,
  kind: 'trade' | 'quote',
): number[][] {
  const range = { contract: contract as ContractId, interval };
  const out: number[][] = [];
  const at = (count: number): number => price(count, contract);
  if (kind === 'trade') {
    const source = dataset.bars(range);
    for (let b = source.next(); b !== null; b = source.next())
      for (let i = 0; i < b.length; i += 1)
        out.push([
          b.openUs[i]!,
          at(b.open[i]!),
          at(b.high[i]!),
          at(b.low[i]!),
          at(b.close[i]!),
          b.volume[i]!,
          b.closeUs[i]! - b.openUs[i]!,
        ]);
    source.close();
    return out;
  }
  const source = dataset.quoteBars(range);
  for (let b = source.next(); b !== null; b = source.next())
    for (let i = 0; i < b.length; i += 1)
      out.push([
        b.openUs[i]!,
        ...[b.bidOpen, b.bidHigh, b.bidLow, b.bidClose].map((values) => at(values[i]!)),
        b.bidQty[i]!,
        ...[b.askOpen, b.askHigh, b.askLow, b.askClose].map((values) => at(values[i]!)),
        b.askQty[i]!,
        b.closeUs[i]! - b.openUs[i]!,
      ]);
  source.close();
  return out;
}

describe.skipIf(reference === null)(title('LEAN’s archives by `data import`'), () => {
  const cwd = mkdtempSync(join(tmpdir(), 'frontmonth-imports-'));
  afterAll(() => rmSync(cwd, { recursive: true, force: true }));
  const future = join(reference ?? '', 'lean/future');
  const open = (): Dataset => openCatalog(join(cwd, 'catalog')).dataset('all');
  let source: ReturnType<typeof leanSource>;

  beforeAll(async () => {
    source = leanSource(future);
    const refused = await runReal(cwd, ['data', 'import', future, '--into', 'all']);
    expect(refused.code).not.toBe(0);
    expect(refused.err).toContain('--series 1 or --series 2');
    expect(openCatalog(join(cwd, 'catalog')).names()).toEqual([]);
    const ran = await runReal(cwd, [
      'data',
      'import',
      future,
      '--into',
      'all',
      '--series',
      '2',
      '--json',
    ]);
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.out)).toMatchObject({
      result: { rows: source.lines - source.left, refused: 0 },
    });
  }, 300_000);

  it('has every contract, kind and resolution of the files, and nothing else', () => {
    const kinds = { trade: 'bars', quote: 'quote-bars', openinterest: 'open-interest' } as const;
    const expected = new Set(
      [...source.rows.keys()].map((key) => {
        const [contract, kind, resolution] = key.split('/') as [string, keyof typeof kinds, string];
        if (resolution === 'tick') return `${contract}/trades/-`;
        return `${contract}/${kinds[kind]}/${kind === 'openinterest' ? '-' : INTERVALS[resolution]}`;
      }),
    );
    const found = open().manifest.segments.map(
      (one) => `${one.contract}/${one.kind}/${one.interval ?? '-'}`,
    );
    expect([...new Set(found)].sort()).toEqual([...expected].sort());
  });

  it.each(['trade', 'quote'] as const)('has every value of the %s bars', (kind) => {
    const dataset = open();
    let compared = 0;
    for (const [key, rows] of source.rows) {
      const [contract, its, resolution] = key.split('/') as [string, string, string];
      if (its !== kind || resolution === 'tick') continue;
      const expected = rows
        .toSorted((a, b) => a[0]! - b[0]!)
        .map((values) => [...values, STEPS[resolution]!]);
      const found = bars(dataset, contract, INTERVALS[resolution]!, kind);
      // By hand: a deep comparison of a hundred thousand rows takes minutes.
      const wrong = expected.findIndex(
        (values, i) => !values.every((value, k) => Object.is(value, found[i]?.[k])),
      );
      expect({ key, wrong, rows: found.length }).toEqual({ key, wrong: -1, rows: expected.length });
      compared += found.length;
    }
    expect(compared).toBeGreaterThan(30_000);
  });

  it('has every trade of the ticks in the order of the file', () => {
    const dataset = open();
    let compared = 0;
    for (const [key, rows] of source.rows) {
      const [contract, , resolution] = key.split('/') as [string, string, string];
      if (resolution !== 'tick') continue;
      const found: number[][] = [];
      const trades = dataset.trades({ contract: contract as ContractId });
      for (let batch = trades.next(); batch !== null; batch = trades.next())
        for (let i = 0; i < batch.length; i += 1)
          found.push([batch.tsUs[i]!, price(batch.price[i]!, contract), batch.qty[i]!]);
      trades.close();
      expect(found.length).toBe(rows.length);
      expect(
        rows.findIndex((values, i) => !found[i]!.every((value, k) => value === values[k])),
      ).toBe(-1);
      compared += found.length;
    }
    expect(compared).toBeGreaterThan(40_000);
  });

  it('has every figure of open interest, known when the interval of its time has ended', () => {
    const dataset = open();
    let compared = 0;
    for (const [key, rows] of source.rows) {
      const [contract, kind, resolution] = key.split('/') as [string, string, string];
      if (kind !== 'openinterest') continue;
      const found = new Map(
        readOpenInterestFigures(dataset, contract as ContractId).map((one) => [one.knownUs, one]),
      );
      for (const [start, value] of rows) {
        const figure = found.get(start! + STEPS[resolution]!);
        expect(figure?.openInterest).toBe(value);
        // Of a session that had ended before.
        expect(figure!.tradeDate * 1440 * MINUTE).toBeLessThan(start!);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(1000);
  });

  it('imported again leaves the dataset as it is', async () => {
    const before = open().manifest;
    const ran = await runReal(cwd, ['data', 'import', future, '--into', 'all', '--series', '2']);
    expect(ran.code).toBe(0);
    const { checksum, segments } = open().manifest;
    expect({ checksum, segments }).toEqual({
      checksum: before.checksum,
      segments: before.segments,
    });
  }, 120_000);
});

describe.skipIf(reference === null)(title('the pyfutures bars by `data import`'), () => {
  const cwd = mkdtempSync(join(tmpdir(), 'frontmonth-imports-'));
  afterAll(() => rmSync(cwd, { recursive: true, force: true }));
  const folder = join(reference ?? '', 'pyfutures/bars');
  const files =
    reference === null ? [] : readdirSync(folder).filter((name) => name.endsWith('.parquet'));

  beforeAll(async () => {
    // MES was settled off its tick.
    const paths = files.map((name) => join(folder, name));
    const ran = await runReal(cwd, [
      'data',
      'import',
      ...paths,
      '--into',
      'py',
      '--grid',
      'none',
      '--json',
    ]);
    expect(ran.code).toBe(0);
  }, 120_000);

  it.each(files)('have every value of %s', async (name) => {
    const [root, month] = name.replace('.parquet', '').split('_') as [string, string];
    const contract = `${root}${month.slice(4)}${month.slice(0, 4)}`;
    const db = await (await DuckDBInstance.create()).connect();
    const sql = `select ts_event::varchar, open::varchar, high::varchar, low::varchar, close::varchar, volume::varchar from '${join(folder, name)}' order by ts_event`;
    const rows = (await db.runAndReadAll(sql)).getRowsJson() as string[][];
    db.closeSync();
    const expected = rows.map(([time, ...values]) => [
      Number(BigInt(time!) / 1000n),
      ...values.map((text) => Number(text) / 1e9),
    ]);
    const found = bars(
      openCatalog(join(cwd, 'catalog')).dataset('py'),
      contract,
      '1d',
      'trade',
    ).map(([openUs, open, high, low, close, volume, length]) => [
      openUs! + length!,
      open,
      high,
      low,
      close,
      volume,
    ]);
    expect(found).toEqual(expected);
  });

  it('of which one is off its tick are refused without --grid none', async () => {
    const ran = await runReal(cwd, [
      'data',
      'import',
      join(folder, 'MES_2021Z.parquet'),
      '--into',
      'strict',
    ]);
    expect(ran.code).not.toBe(0);
    expect(ran.err).toContain('--grid none');
    expect(openCatalog(join(cwd, 'catalog')).names()).toEqual(['py']);
  });
});
