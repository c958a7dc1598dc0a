import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContractId } from '../../src/core/instrument.ts';
import type { Dataset } from '../../src/data/catalog.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import type { DbnBatch } from '../../src/data/ingest/dbn/decode.ts';
import { readDbn, readDbnMetadata } from '../../src/data/ingest/dbn/import.ts';
import { importFiles } from '../../src/cli/import-data.ts';
import { NO_REFERENCE_DATA, referenceDataDir } from '../support/reference-data.ts';

const reference = referenceDataDir();
if (reference === null) console.warn(NO_REFERENCE_DATA);

/** Increment of ES and NQ in units of 1e-9. */
const TICK = 250_000_000n;

type Row = Readonly<Record<string, unknown>>;

/** One object a record, read value by value. */
async function recordsOf(path: string): Promise<Row[]> {
  const out: Row[] = [];
  await readDbn(path, {
    onBatch: (batch: DbnBatch) => {
      for (let i = 0; i < batch.length; i += 1)
        out.push(
          Object.fromEntries(
            Object.entries(batch).map(([name, values]) => [
              name,
              typeof values === 'object' && values !== null
                ? (values as ArrayLike<unknown>)[i]
                : values,
            ]),
          ),
        );
    },
    onIssue: (issue) => expect.fail(issue.message),
  });
  return out;
}

function rowsOf(source: { next(): object | null; close(): void }): Row[] {
  const out: Row[] = [];
  for (let batch = source.next(); batch !== null; batch = source.next()) {
    const { length } = batch as { length: number };
    for (let i = 0; i < length; i += 1)
      out.push(
        Object.fromEntries(
          Object.entries(batch).flatMap(([name, values]) =>
            name === 'length' ? [] : [[name, (values as ArrayLike<unknown>)[i]]],
          ),
        ),
      );
  }
  source.close();
  return out;
}

/** Without what the importer adds to the nanoseconds. */
const timeless = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'seq' && name !== 'tsUs'));

const letter = (code: unknown): string => String.fromCharCode(code as number);
const signOf = (code: unknown): number => ({ B: 1, A: -1 })[letter(code)] ?? 0;
const countOf = (price: unknown): number => {
  expect((price as bigint) % TICK).toBe(0n);
  return Number((price as bigint) / TICK);
};

describe.skipIf(reference === null)('the shared captures', () => {
  const folder = reference === null ? '' : join(reference, 'databento');
  const find = (part: string): string => {
    const name = readdirSync(folder).find((each) => each.includes(part));
    if (name === undefined) throw new Error(`no capture ${part}`);
    return join(folder, name);
  };
  let work = '';
  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'frontmonth-dbn-ref-'));
  });
  afterAll(() => {
    rmSync(work, { recursive: true, force: true });
  });

  const options = (dataset: string, ...files: string[]): Parameters<typeof importFiles>[0] => ({
    catalogDir: work,
    instrumentsDir: join(import.meta.dirname, '../../catalog/instruments'),
    files,
    dataset,
    zone: 'UTC',
    header: true,
    quarantine: false,
    filled: false,
  });
  const imported = async (dataset: string, ...parts: string[]): Promise<Dataset> =>
    (await importFiles(options(dataset, ...parts.map(find)))).dataset;

  it('import each by itself, with nothing refused and nothing said but the rows', async () => {
    for (const [k, name] of readdirSync(folder)
      .filter((each) => each.endsWith('.zst'))
      .entries()) {
      const path = join(folder, name);
      const { issues, notes, rows } = await importFiles(options(`each-${k}`, path));
      expect([name, issues]).toEqual([name, []]);
      expect((notes ?? []).filter((note) => note.startsWith('left out'))).toEqual([]);
      expect(rows).toBeGreaterThanOrEqual((await recordsOf(path)).length > 0 ? 1 : 0);
      const before = openCatalog(work).dataset(`each-${k}`).manifest;
      const again = await importFiles(options(`each-${k}`, path));
      expect(openCatalog(work).dataset(`each-${k}`).manifest).toEqual(before);
      expect(again.notes?.some((note) => note.includes('nothing has changed'))).toBe(true);
    }
  });

  it('of trades are the same rows, value by value', async () => {
    const dataset = await imported('trades', 'trades_');
    const records = await recordsOf(find('trades_'));
    const rows = rowsOf(dataset.trades({ contract: 'ESU2024' as ContractId }));
    expect(rows.map(timeless)).toEqual(
      records.map((record) => ({
        tsNs: record['tsRecv'],
        price: countOf(record['price']),
        qty: record['size'],
        aggressor: signOf(record['side']),
      })),
    );
    rows.forEach((row, i) => {
      expect(BigInt(row['tsUs'] as number)).toBe((row['tsNs'] as bigint) / 1000n);
      const before = rows[i - 1];
      expect(row['seq']).toBe(
        before?.['tsUs'] === row['tsUs'] ? (before!['seq'] as number) + 1 : 0,
      );
    });
  });

  it('of the top of the book hold the tape of the trades capture, and each change of the best prices once', async () => {
    const [tape, top] = [await imported('tape', 'trades_'), await imported('top', 'mbp-1_')];
    const contract = 'ESU2024' as ContractId;
    expect(rowsOf(top.trades({ contract }))).toEqual(rowsOf(tape.trades({ contract })));
    const changes: Row[] = [];
    for (const record of await recordsOf(find('mbp-1_'))) {
      const row = {
        bid: countOf(record['bidPx']),
        ask: countOf(record['askPx']),
        bidQty: record['bidSz'],
        askQty: record['askSz'],
      };
      const last = changes.at(-1);
      if (last === undefined || Object.entries(row).some(([name, value]) => last[name] !== value))
        changes.push({ ...row, tsNs: record['tsRecv'] });
    }
    const quotes = rowsOf(top.quotes({ contract }));
    expect(quotes.map(timeless)).toEqual(changes);
  });

  it('of minutes are bars of two contracts that open at their stamp', async () => {
    const dataset = await imported('bars', 'ohlcv-1m');
    const records = await recordsOf(find('ohlcv-1m'));
    const { mappings } = await readDbnMetadata(find('ohlcv-1m'));
    for (const [symbol, contract] of [
      ['ESU4', 'ESU2024'],
      ['NQU4', 'NQU2024'],
    ] as const) {
      const id = Number(mappings.find((each) => each.symbol === symbol)!.intervals[0]!.symbol);
      const rows = rowsOf(dataset.bars({ contract: contract as ContractId, interval: '1m' }));
      expect(rows).toEqual(
        records
          .filter((record) => record['instrumentId'] === id)
          .map((record) => ({
            openUs: Number((record['tsEvent'] as bigint) / 1000n),
            closeUs: Number((record['tsEvent'] as bigint) / 1000n) + 60_000_000,
            open: countOf(record['open']),
            high: countOf(record['high']),
            low: countOf(record['low']),
            close: countOf(record['close']),
            volume: Number(record['volume']),
          })),
      );
    }
  });

  it('of minutes equal the bars of the trades where both are whole', async () => {
    const dataset = await imported('both', 'trades_', 'ohlcv-1m');
    const contract = 'ESU2024' as ContractId;
    const trades = rowsOf(dataset.trades({ contract }));
    const minute = (us: unknown): number => Math.floor((us as number) / 60_000_000) * 60_000_000;
    const [first, last] = [minute(trades[0]!['tsUs']), minute(trades.at(-1)!['tsUs'])];
    let compared = 0;
    for (const bar of rowsOf(dataset.bars({ contract, interval: '1m' }))) {
      const openUs = bar['openUs'] as number;
      if (openUs < first || openUs > last) continue;
      const inside = trades.filter((trade) => minute(trade['tsUs']) === openUs);
      const prices = inside.map((trade) => trade['price'] as number);
      expect(bar).toMatchObject({
        open: prices[0],
        high: Math.max(...prices),
        low: Math.min(...prices),
        close: prices.at(-1),
        volume: inside.reduce((sum, trade) => sum + (trade['qty'] as number), 0),
      });
      compared += 1;
    }
    expect(compared).toBeGreaterThanOrEqual(3);
  });

  it.each([
    ['20231224', 'ESH2024'],
    ['first-40000', 'ESH2024'],
    ['orderbooks_mbo', 'ESM2024'],
  ])('of orders (%s) are the same rows, value by value', async (part, contract) => {
    const dataset = await imported(`mbo-${part.toLowerCase()}`, part);
    const records = await recordsOf(find(part));
    const rows = rowsOf(dataset.mbo({ contract: contract as ContractId }));
    const actions = 'AMCTFR';
    expect(rows.length).toBe(records.length);
    rows.forEach((row, i) => {
      const record = records[i]!;
      const action = letter(record['action']);
      const isClear = action === 'R';
      const expected = {
        tsNs: record['tsRecv'],
        orderId: record['orderId'],
        action: actions.indexOf(action),
        side: signOf(record['side']),
        price: isClear ? 0 : countOf(record['price']),
        qty: isClear ? 0 : record['size'],
        isEventEnd: (record['flags'] as number) >> 7,
      };
      const found = timeless(row);
      if (JSON.stringify(found, textOf) !== JSON.stringify(sorted(found, expected), textOf))
        expect(found).toEqual(expected);
    });
  });

  it('of definitions name increment, size and month of their contracts', async () => {
    const dataset = await imported(
      'definitions',
      'definition-glbx',
      'futures_definition',
      'orderbooks_definition',
    );
    const contracts = dataset.contracts(undefined, 'definitions');
    expect(contracts).toEqual(['ESM2023', 'ESM2024', 'ESU2024', 'NQU2024']);
    for (const contract of contracts) {
      const rows = rowsOf(dataset.definitions({ contract }));
      const month = Number(`${contract.slice(-4)}${contract.includes('M') ? '06' : '09'}`);
      for (const row of rows)
        expect(row).toMatchObject({
          increment: 0.25,
          maturity: month,
          unitQty: contract.startsWith('NQ') ? 20 : 50,
        });
    }
  });
});

function textOf(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

function sorted(like: Row, row: Row): Row {
  return Object.fromEntries(Object.keys(like).map((name) => [name, row[name]]));
}
