import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fc, test } from '@fast-check/vitest';
import type { ContractId } from '../../src/core/instrument.ts';
import { TS_MIN } from '../../src/core/units.ts';
import type { TradeDate } from '../../src/core/units.ts';
import type { Dataset } from '../../src/data/catalog.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import type { DbnImportOptions, DbnImportReport } from '../../src/data/ingest/dbn/import.ts';
import { importDbn } from '../../src/data/ingest/dbn/import.ts';
import { RTYPE } from '../../src/data/ingest/dbn/layout.ts';
import { readOpenInterestFigures } from '../../src/data/open-interest.ts';
import type { DbnHead, DbnRecord, DbnValue } from '../support/dbn-writer.ts';
import { DBN_NS, dbnFile, ES_MAPPING, tradeRecord, zstdFrame } from '../support/dbn-writer.ts';

const ESH4 = 'ESH2024' as ContractId;
const US = Number(DBN_NS / 1000n);
const P = 5_100_000_000_000n;
const TICK = 250_000_000n;
const UNDEF = 2n ** 63n - 1n;
const UNDEF_TS = 2n ** 64n - 1n;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'frontmonth-dbn-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function newDataset(name = 'd', grid: 'ticks' | 'float' = 'ticks'): Dataset {
  return openCatalog(folder, { sync: false }).createDataset({
    name,
    createdBy: 'test',
    isSynthetic: true,
    description: 'd',
    source: 's',
    grids: grid === 'float' ? { ES: { kind: 'float', increment: 0.25 } } : {},
    volume: 'known',
    stamps: 'instants',
    barStamp: 'open',
  });
}

function write(bytes: Uint8Array, name = 'a.dbn'): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function options(paths: readonly string[], more: Partial<DbnImportOptions> = {}): DbnImportOptions {
  return {
    paths,
    contractOf: (symbol) => {
      if (/[-: ]/.test(symbol)) return { reason: 'not-outright' };
      const match = /^(ES|CL)([HM])(4)$/.exec(symbol);
      if (match === null) return { reason: 'unknown-product' };
      return { contract: `${match[1]}${match[2]}2024` as ContractId };
    },
    productOf: (root) => ({
      grid: { kind: 'ticks', increment: root === 'ES' ? 0.25 : 0.01 },
      currency: 'USD',
      mayBeZeroOrBelow: root === 'CL',
    }),
    tradeDateOf: (_root, knownUs) => (Math.floor(knownUs / 86_400_000_000) - 1) as TradeDate,
    ...more,
  };
}

/** Imports one file of records into a new dataset. */
async function imported(
  records: readonly DbnRecord[],
  head: DbnHead = {},
  more: Partial<DbnImportOptions> = {},
  dataset: Dataset = newDataset(),
): Promise<DbnImportReport> {
  const path = write(dbnFile({ mappings: ES_MAPPING, ...head }, records));
  return importDbn(dataset, options([path], more));
}

/** Rows of a source as records, without what is in every row. */
function rows(source: { next(): object | null; close(): void }): Record<string, unknown>[] {
  const out: Record<string, unknown>[] = [];
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

const bar = (minute: number, fields: Readonly<Record<string, DbnValue>> = {}): DbnRecord => ({
  kind: 'ohlcv',
  rtype: RTYPE.ohlcv1m,
  fields: {
    instrumentId: 17,
    tsEvent: DBN_NS + BigInt(minute) * 60_000_000_000n,
    open: P,
    high: P + TICK,
    low: P,
    close: P,
    volume: 7,
    ...fields,
  },
});

describe('trades', () => {
  it('are known when they were received, to the nanosecond, in the order of the file', async () => {
    const { dataset } = await imported([
      tradeRecord({ tsRecv: DBN_NS + 1001n, side: 'A', size: 3 }),
      tradeRecord({ tsRecv: DBN_NS + 1002n, side: 'N', size: 4 }),
      tradeRecord({ tsRecv: DBN_NS + 2001n, side: 'B', size: 5 }),
    ]);
    expect(rows(dataset.trades({ contract: ESH4 }))).toEqual([
      { tsUs: US + 1, tsNs: DBN_NS + 1001n, seq: 0, price: 20_401, qty: 3, aggressor: -1 },
      { tsUs: US + 1, tsNs: DBN_NS + 1002n, seq: 1, price: 20_401, qty: 4, aggressor: 0 },
      { tsUs: US + 2, tsNs: DBN_NS + 2001n, seq: 0, price: 20_401, qty: 5, aggressor: 1 },
    ]);
  });

  it('take the time of the event where the receive time is missing', async () => {
    const { dataset } = await imported([tradeRecord({ tsRecv: UNDEF_TS })]);
    expect(rows(dataset.trades({ contract: ESH4 }))[0]).toMatchObject({ tsNs: DBN_NS });
  });

  it('with a bad receive time take the time of the record before; without the mark they are refused', async () => {
    const back = { tsRecv: DBN_NS - 5_000_000n };
    const { dataset, clamped } = await imported([
      tradeRecord(),
      tradeRecord({ ...back, flags: 8 }),
    ]);
    expect(clamped).toBe(1);
    expect(rows(dataset.trades({ contract: ESH4 })).map((row) => row['tsNs'])).toEqual([
      DBN_NS + 100n,
      DBN_NS + 100n,
    ]);
    await expect(
      imported([tradeRecord(), tradeRecord(back)], {}, {}, newDataset('e')),
    ).rejects.toMatchObject({
      code: 'E_IMPORT_ROWS',
      details: { counts: { 'time-backwards': 1 } },
    });
  });

  it('are the records with the action T, whatever schema they came in', async () => {
    const level = { bidPx: P, askPx: P + TICK, bidSz: 5, askSz: 6 };
    const trade = tradeRecord();
    const { dataset, rows: counts } = await imported(
      [
        { kind: 'mbp-1', rtype: 1, fields: { ...trade.fields, ...level, action: 'A' } },
        { kind: 'mbp-1', rtype: 1, fields: { ...trade.fields, ...level, action: 'T' } },
        { kind: 'mbp-1', rtype: 1, fields: { ...trade.fields, ...level, action: 'M', askSz: 4 } },
      ],
      { schema: 'mbp-1' },
    );
    expect(counts).toEqual({ trades: 1, quotes: 2 });
    expect(rows(dataset.quotes({ contract: ESH4 }))).toMatchObject([
      { bid: 20_400, ask: 20_401, bidQty: 5, askQty: 6, seq: 0 },
      { bid: 20_400, ask: 20_401, bidQty: 5, askQty: 4, seq: 1 },
    ]);
  });

  it('are not doubled where one file brings them in two kinds of records', async () => {
    const trade = tradeRecord();
    const quote = { bidPx: P, askPx: P + TICK, bidSz: 5, askSz: 6 };
    const { leftOut, rows: counts } = await imported(
      [trade, { kind: 'mbp-1', rtype: 1, fields: { ...trade.fields, ...quote } }],
      { schema: null },
    );
    expect(counts).toEqual({ trades: 1, quotes: 1 });
    expect(leftOut).toEqual([{ reason: 'same-rows', records: 1, symbols: ['ESH2024'] }]);
  });
});

describe('quotes', () => {
  const quote = (fields: Readonly<Record<string, DbnValue>>, recv: bigint): DbnRecord => ({
    kind: 'bbo',
    rtype: RTYPE.bbo1s,
    fields: { instrumentId: 17, tsEvent: UNDEF_TS, tsRecv: DBN_NS + recv, price: UNDEF, ...fields },
  });

  it('with an empty side have its last price and the quantity 0', async () => {
    const { dataset, leftOut } = await imported(
      [
        quote({ bidPx: UNDEF, askPx: UNDEF }, 0n),
        quote({ bidPx: P, askPx: P + TICK, bidSz: 1, askSz: 2 }, 1n),
        quote({ bidPx: UNDEF, askPx: P + TICK, bidSz: 0, askSz: 2 }, 2n),
      ],
      { schema: 'bbo-1s' },
    );
    expect(rows(dataset.quotes({ contract: ESH4 }))).toMatchObject([
      { bid: 20_400, ask: 20_401, bidQty: 1, askQty: 2 },
      { bid: 20_400, ask: 20_401, bidQty: 0, askQty: 2 },
    ]);
    expect(leftOut).toMatchObject([{ reason: 'one-sided', records: 1 }]);
  });

  it('have no price on an empty side where the dataset has no grid', async () => {
    const { dataset } = await imported(
      [quote({ bidPx: UNDEF, askPx: P + TICK, bidSz: 0, askSz: 2 }, 1n)],
      { schema: 'bbo-1s' },
      {},
      newDataset('f', 'float'),
    );
    expect(rows(dataset.quotes({ contract: ESH4 }))).toMatchObject([{ bid: NaN, ask: 20_401 }]);
  });
});

describe('depth', () => {
  /** Bids and offers as price in ticks from the middle, size. */
  const book = (
    bids: readonly (readonly [number, number])[],
    asks: readonly (readonly [number, number])[],
    flags: number,
    fields: Readonly<Record<string, DbnValue>> = {},
  ): DbnRecord => {
    const levels = (side: readonly (readonly [number, number])[], pick: 0 | 1) =>
      Array.from({ length: 10 }, (_, k) => {
        const level = side[k];
        if (pick === 1) return level?.[1] ?? 0;
        return level === undefined ? UNDEF : P + BigInt(level[0]) * TICK;
      });
    const sizes = (side: readonly (readonly [number, number])[]) => levels(side, 1);
    return {
      kind: 'mbp-10',
      rtype: RTYPE.mbp10,
      fields: {
        ...tradeRecord().fields,
        action: 'A',
        flags,
        bidPx: levels(bids, 0),
        askPx: levels(asks, 0),
        bidSz: sizes(bids),
        askSz: sizes(asks),
        bidCt: sizes(bids),
        askCt: sizes(asks),
        ...fields,
      },
    };
  };
  const head: DbnHead = { schema: 'mbp-10' };

  it('holds the levels that changed, those that left first', async () => {
    const { dataset } = await imported(
      [
        book(
          [
            [-1, 5],
            [-2, 6],
          ],
          [[1, 7]],
          128,
        ),
        book(
          [
            [-2, 6],
            [-3, 2],
          ],
          [[1, 8]],
          128,
        ),
      ],
      head,
    );
    const found = rows(dataset.depth({ contract: ESH4 })).map((row) => [
      row['side'],
      Number(row['price']) - 20_400,
      row['qty'],
      row['isEventEnd'],
    ]);
    expect(found).toEqual([
      [1, -1, 5, 0],
      [1, -2, 6, 0],
      [-1, 1, 7, 1],
      [1, -1, 0, 0],
      [1, -3, 2, 0],
      [-1, 1, 8, 1],
    ]);
  });

  it('ends an event whose last record changes no level at its last row', async () => {
    const { dataset } = await imported([book([[-1, 5]], [], 0), book([[-1, 5]], [], 128)], head);
    expect(rows(dataset.depth({ contract: ESH4 }))).toMatchObject([{ qty: 5, isEventEnd: 1 }]);
  });

  const anySide = fc.uniqueArray(
    fc.tuple(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 3 })),
    {
      maxLength: 10,
      selector: ([price]) => price,
    },
  );
  test.prop([fc.array(fc.tuple(anySide, anySide), { minLength: 1, maxLength: 8 })], {
    numRuns: 25,
  })('rebuilt row by row is the ten levels of every record', async (books) => {
    const sorted = books.map(([bids, asks]) => ({
      bids: bids.map(([p, q]) => [-p, q] as const).sort((a, b) => b[0] - a[0]),
      asks: asks.map(([p, q]) => [p, q] as const).sort((a, b) => a[0] - b[0]),
    }));
    const records = sorted.map(({ bids, asks }, k) =>
      book(bids, asks, 128, { tsRecv: DBN_NS + BigInt(k) * 1000n }),
    );
    const name = `p${Math.abs(
      JSON.stringify(books)
        .split('')
        .reduce((h, c) => (h * 31 + c.charCodeAt(0)) | 0, 7),
    )}`;
    if (sorted.every(({ bids, asks }) => bids.length + asks.length === 0)) return;
    if (openCatalog(folder).names().includes(name)) return;
    const { dataset } = await imported(records, head, {}, newDataset(name));
    const found = rows(dataset.depth({ contract: ESH4 }));
    sorted.forEach(({ bids, asks }, k) => {
      const levels = new Map<number, number>();
      for (const row of found) {
        if ((row['tsUs'] as number) > US + k) break;
        const at = Number(row['price']) - 20_400;
        if (row['qty'] === 0) levels.delete(at);
        else levels.set(at, row['qty'] as number);
      }
      expect(levels).toEqual(new Map([...bids, ...asks]));
    });
  });
});

describe('orders', () => {
  const order = (action: string, fields: Readonly<Record<string, DbnValue>> = {}): DbnRecord => ({
    kind: 'mbo',
    rtype: RTYPE.mbo,
    fields: {
      instrumentId: 17,
      tsEvent: DBN_NS,
      tsRecv: DBN_NS,
      orderId: 2n ** 63n + 5n,
      price: P,
      size: 2,
      side: 'B',
      action,
      ...fields,
    },
  });

  it('keep their action, their id and the end of their event', async () => {
    const { dataset, rows: counts } = await imported(
      [
        order('R', { price: UNDEF, size: 0, side: 'N', orderId: 0n }),
        order('A'),
        order('M', { side: 'A' }),
        order('C'),
        order('T', { side: 'A' }),
        order('F'),
        order('N', { flags: 128 }),
      ],
      { schema: 'mbo' },
    );
    const found = rows(dataset.mbo({ contract: ESH4 }));
    expect(
      found.map((row) => [row['action'], row['side'], row['price'], row['isEventEnd']]),
    ).toEqual([
      [5, 0, 0, 0],
      [0, 1, 20_400, 0],
      [1, -1, 20_400, 0],
      [2, 1, 20_400, 0],
      [3, -1, 20_400, 0],
      [4, 1, 20_400, 1],
    ]);
    expect(found[1]!['orderId']).toBe(2n ** 63n + 5n);
    expect(counts).toEqual({ mbo: 6, trades: 1 });
  });

  it('with an action that does not exist, or without a price, refuse the file', async () => {
    await expect(imported([order('Q')], { schema: 'mbo' })).rejects.toMatchObject({
      details: { counts: { action: 1 } },
    });
    await expect(
      imported([order('A', { price: UNDEF })], { schema: 'mbo' }, {}, newDataset('e')),
    ).rejects.toMatchObject({ details: { counts: { price: 1 } } });
  });
});

describe('bars', () => {
  const head: DbnHead = { schema: 'ohlcv-1m' };

  it.each([
    [RTYPE.ohlcv1s, '1s', 1],
    [RTYPE.ohlcv1m, '1m', 60],
    [RTYPE.ohlcv1h, '1h', 3600],
    [RTYPE.ohlcv1d, '24h', 86_400],
  ] as const)(
    'of type %i are bars of %s that open at their stamp',
    async (rtype, interval, seconds) => {
      const { dataset } = await imported([{ ...bar(0), rtype }], { schema: 'ohlcv-1m' });
      expect(rows(dataset.bars({ contract: ESH4, interval }))).toEqual([
        {
          openUs: US,
          closeUs: US + seconds * 1_000_000,
          open: 20_400,
          high: 20_401,
          low: 20_400,
          close: 20_400,
          volume: 7,
        },
      ]);
    },
  );

  it.each([
    ['between ticks', { close: P + 1n }, 'price-grid'],
    ['without a price', { low: UNDEF }, 'price'],
    ['beyond 32 bits of ticks', { high: 2n ** 62n - (2n ** 62n % TICK) }, 'price'],
    ['at zero', { low: 0n }, 'price'],
    ['below zero', { low: -TICK }, 'price'],
    ['with a high below the close', { close: P + 2n * TICK }, 'high-low'],
    ['with a volume beyond 2^53', { volume: 2n ** 53n }, 'quantity'],
    ['without a time', { tsEvent: UNDEF_TS }, 'time'],
  ])('%s refuse the file with byte and reason', async (_, fields, reason) => {
    const error: unknown = await imported([bar(0), bar(1, fields)], head).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'E_IMPORT_ROWS',
      details: { refused: 1, counts: { [reason]: 1 } },
    });
    expect(String((error as Error).message)).toMatch(/a\.dbn, byte \d+: /);
    expect(openCatalog(folder).dataset('d').manifest.segments).toEqual([]);
  });

  it('at and below zero are taken where the product may trade there', async () => {
    const mappings = [{ symbol: 'CLM4', intervals: ES_MAPPING[0]!.intervals }];
    const price = -37_630_000_000n;
    const { dataset } = await imported(
      [bar(0, { open: price, high: 0n, low: price, close: price })],
      { ...head, mappings },
    );
    expect(rows(dataset.bars({ contract: 'CLM2024' as ContractId, interval: '1m' }))).toMatchObject(
      [{ open: -3763, high: 0 }],
    );
  });

  it('of a volume just below 2^53 and of a price beyond exact doubles are exact', async () => {
    const high = 9_999_999_250_000_000n;
    const { dataset } = await imported(
      [bar(0, { open: high, high, low: high, close: high, volume: 2n ** 53n - 1n })],
      head,
    );
    expect(rows(dataset.bars({ contract: ESH4, interval: '1m' }))).toMatchObject([
      { open: 39_999_997, volume: 2 ** 53 - 1 },
    ]);
  });

  it('that come twice or run back refuse the file', async () => {
    for (const minute of [1, 0])
      await expect(
        imported([bar(1), bar(minute)], head, {}, newDataset(`m${minute}`)),
      ).rejects.toMatchObject({ details: { counts: { 'time-backwards': 1 } } });
  });
});

describe('figures and definitions', () => {
  const statistic = (fields: Readonly<Record<string, DbnValue>>): DbnRecord => ({
    kind: 'statistics',
    rtype: RTYPE.statistics,
    fields: {
      instrumentId: 17,
      tsEvent: DBN_NS,
      tsRecv: DBN_NS,
      tsRef: UNDEF_TS,
      price: UNDEF,
      quantity: UNDEF,
      updateAction: 1,
      ...fields,
    },
  });

  it('of a settlement between ticks stay as they are; open interest is also a figure of its own', async () => {
    const day = (DBN_NS / 86_400_000_000_000n - 1n) * 86_400_000_000_000n;
    const { dataset } = await imported(
      [
        statistic({ statType: 3, price: P + 1n, tsRef: day, statFlags: 1 }),
        statistic({ statType: 9, quantity: 123_456n, tsRef: day }),
        statistic({ statType: 9, quantity: 5n }),
        statistic({ statType: 9, quantity: 5n, updateAction: 2 }),
      ],
      { version: 3, schema: 'statistics' },
    );
    expect(rows(dataset.statistics({ contract: ESH4 }))).toMatchObject([
      {
        statType: 3,
        price: 5100.000000001,
        quantity: NaN,
        refUs: Number(day / 1000n),
        flags: 1,
        isDeleted: 0,
      },
      { statType: 9, price: NaN, quantity: 123_456 },
      { statType: 9, refUs: TS_MIN },
      { isDeleted: 1 },
    ]);
    const date = Math.floor(US / 86_400_000_000) - 1;
    // Two figures of one moment and date: the later one counts.
    expect(readOpenInterestFigures(dataset, ESH4)).toEqual([
      { knownUs: US, tradeDate: date, openInterest: 5 },
    ]);
  });

  const definition = (fields: Readonly<Record<string, DbnValue>> = {}): DbnRecord => ({
    kind: 'definition',
    rtype: RTYPE.definition,
    fields: {
      instrumentId: 17,
      tsEvent: DBN_NS,
      tsRecv: DBN_NS,
      rawSymbol: 'ESH4',
      instrumentClass: 'F',
      minPriceIncrement: TICK,
      unitOfMeasureQty: 50_000_000_000n,
      expiration: DBN_NS + 1_000_000_000n,
      activation: UNDEF_TS,
      maturityYear: 2024,
      maturityMonth: 3,
      securityUpdateAction: 'A',
      ...fields,
    },
  });

  it.each([1, 2, 3] as const)(
    'of version %i name increment, size, expiry and month',
    async (version) => {
      const { dataset } = await imported([definition()], { version, schema: 'definition' });
      expect(rows(dataset.definitions({ contract: ESH4 }))).toEqual([
        {
          tsUs: US,
          tsNs: DBN_NS,
          seq: 0,
          activationUs: TS_MIN,
          expirationUs: US + 1_000_000,
          increment: 0.25,
          unitQty: 50,
          maturity: 202_403,
          instrumentId: 17,
          isDeleted: 0,
        },
      ]);
    },
  );

  it('name the numbers of another file of the command that has no mapping', async () => {
    const names = write(dbnFile({ schema: 'definition' }, [definition()]), 'names.dbn');
    const continuous = [{ symbol: 'ES.c.0', intervals: ES_MAPPING[0]!.intervals }];
    const trades = write(
      dbnFile({ stypeIn: 'continuous', mappings: continuous }, [tradeRecord()]),
      'trades.dbn',
    );
    await expect(importDbn(newDataset('x'), options([trades]))).rejects.toMatchObject({
      code: 'E_IMPORT_ROWS',
    });
    const report = await importDbn(newDataset('y'), options([trades, names]));
    expect(report.rows).toEqual({ definitions: 1, trades: 1 });
  });

  it('of spreads and options are left out and counted, and so are their trades', async () => {
    const mappings = [
      ...ES_MAPPING,
      { symbol: 'ESH4-ESM4', intervals: [{ from: 20_240_301, to: 20_240_401, symbol: '18' }] },
      { symbol: 'ZZH4', intervals: [{ from: 20_240_301, to: 20_240_401, symbol: '19' }] },
    ];
    const { leftOut, records } = await imported(
      [18, 17, 18, 19, 20].map((instrumentId) => tradeRecord({ instrumentId })),
      { mappings },
    );
    expect(records).toBe(5);
    expect(leftOut).toEqual([
      { reason: 'not-outright', records: 2, symbols: ['ESH4-ESM4'] },
      { reason: 'unknown-product', records: 1, symbols: ['ZZH4'] },
      { reason: 'no-symbol', records: 1, symbols: ['instrument 20'] },
    ]);
  });
});

describe('symbols', () => {
  it('follow the mapping of the day of each record', async () => {
    const mappings = [
      { symbol: 'ESH4', intervals: [{ from: 20_240_301, to: 20_240_306, symbol: '17' }] },
      { symbol: 'ESM4', intervals: [{ from: 20_240_306, to: 20_240_401, symbol: '17' }] },
    ];
    const nextDay = DBN_NS + 86_400_000_000_000n;
    const { dataset } = await imported([tradeRecord(), tradeRecord({ tsRecv: nextDay })], {
      mappings,
    });
    expect(dataset.contracts('ES', 'trades')).toEqual(['ESH2024', 'ESM2024']);
  });

  it('of a live file come from its mapping records', async () => {
    const record: DbnRecord = {
      kind: 'symbol-mapping',
      rtype: RTYPE.symbolMapping,
      fields: {
        instrumentId: 17,
        tsEvent: DBN_NS,
        stypeInSymbol: 'ES.FUT',
        stypeOutSymbol: 'ESM4',
      },
    };
    for (const version of [1, 2] as const) {
      const { dataset } = await imported(
        [record, tradeRecord()],
        { version, schema: null, mappings: [] },
        {},
        newDataset(`v${version}`),
      );
      expect(dataset.contracts('ES', 'trades')).toEqual(['ESM2024']);
    }
  });

  it('of a file by number are read the other way round', async () => {
    const mappings = [
      { symbol: '17', intervals: [{ from: 20_240_301, to: 20_240_401, symbol: 'ESM4' }] },
    ];
    const { dataset } = await imported([tradeRecord()], {
      stypeIn: 'instrument_id',
      stypeOut: 'raw_symbol',
      mappings,
    });
    expect(dataset.contracts('ES', 'trades')).toEqual(['ESM2024']);
  });

  it('may be said for a whole file, which then holds one contract only', async () => {
    const one = { contract: 'ESM2024' as ContractId };
    const { dataset } = await imported([tradeRecord()], { mappings: [] }, one);
    expect(dataset.contracts('ES', 'trades')).toEqual(['ESM2024']);
    await expect(
      imported(
        [tradeRecord(), tradeRecord({ instrumentId: 18 })],
        { mappings: [] },
        one,
        newDataset('e'),
      ),
    ).rejects.toMatchObject({ code: 'E_IMPORT_ROWS', details: { instrumentIds: [17, 18] } });
  });
});

describe('an import', () => {
  const trade = (seconds: number, size = 1): DbnRecord =>
    tradeRecord({ tsRecv: DBN_NS + BigInt(seconds) * 1_000_000_000n, size });
  const day = (seconds: number[], size = 1): Uint8Array =>
    dbnFile(
      { mappings: ES_MAPPING, start: DBN_NS + BigInt(seconds[0]!) * 1_000_000_000n },
      seconds.map((at) => trade(at, size)),
    );
  const tape = (dataset: Dataset): number[][] =>
    rows(dataset.trades({ contract: ESH4 })).map((row) => [
      ((row['tsUs'] as number) - US) / 1_000_000,
      row['qty'] as number,
    ]);

  it('of the same file again changes nothing, not even the generation', async () => {
    const path = write(day([1, 2, 3]));
    const first = await importDbn(newDataset(), options([path]));
    const again = await importDbn(first.dataset, options([path]));
    expect([first.isChanged, again.isChanged]).toEqual([true, false]);
    expect(openCatalog(folder).dataset('d').manifest).toEqual(first.dataset.manifest);
  });

  it('of single days one by one, in any order, equals that of all at once', async () => {
    const [a, b, c] = [
      write(day([1, 2]), 'a.dbn'),
      write(day([3, 4]), 'b.dbn'),
      write(day([5]), 'c.dbn'),
    ];
    let single = newDataset('single');
    for (const path of [b, c, a]) single = (await importDbn(single, options([path]))).dataset;
    const all = (await importDbn(newDataset('all'), options([c, a, b]))).dataset;
    expect(tape(all)).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 1],
      [5, 1],
    ]);
    expect(tape(single)).toEqual(tape(all));
    expect(all.manifest.generation).toBe(1);
  });

  it('replaces what the file spans and nothing else', async () => {
    const first = await importDbn(newDataset(), options([write(day([1, 2, 3, 4]))]));
    const { dataset } = await importDbn(first.dataset, options([write(day([2, 3], 9), 'b.dbn')]));
    expect(tape(dataset)).toEqual([
      [1, 1],
      [2, 9],
      [3, 9],
      [4, 1],
    ]);
  });

  it('crosses a year into two segments', async () => {
    const ns = 1_735_689_599_000_000_000n; // 2024-12-31T23:59:59Z
    const mappings = [
      { symbol: 'ESH4', intervals: [{ from: 20_241_201, to: 20_250_201, symbol: '17' }] },
    ];
    const { dataset } = await imported(
      [tradeRecord({ tsRecv: ns }), tradeRecord({ tsRecv: ns + 2_000_000_000n })],
      { mappings },
    );
    expect(dataset.manifest.segments.map(({ year, rows: count }) => [year, count])).toEqual([
      [2024, 1],
      [2025, 1],
    ]);
  });

  it('that meets a bad record, or a cut file, leaves the dataset as it was', async () => {
    const first = await importDbn(newDataset(), options([write(day([1]))]));
    const good = day([2, 3]);
    for (const bytes of [good.subarray(0, good.length - 7), day([5, 4])]) {
      await expect(
        importDbn(first.dataset, options([write(bytes, 'bad.dbn')])),
      ).rejects.toMatchObject({
        code: 'E_IMPORT_ROWS',
      });
      expect(openCatalog(folder).dataset('d').manifest).toEqual(first.dataset.manifest);
    }
  });

  it('with quarantine takes the valid records and lists the others with byte and reason', async () => {
    const issuesPath = join(folder, 'issues.jsonl');
    const bytes = dbnFile({ mappings: ES_MAPPING }, [
      trade(1),
      tradeRecord({ tsRecv: DBN_NS + 1_500_000_000n, price: 1n }),
      trade(2),
    ]);
    const { dataset, refused } = await importDbn(
      newDataset(),
      options([write(bytes)], { quarantine: { issuesPath } }),
    );
    expect(refused).toBe(1);
    expect(tape(dataset)).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(JSON.parse(readFileSync(issuesPath, 'utf8'))).toMatchObject({
      offset: bytes.length - 96,
      reason: 'price-grid',
      records: 1,
    });
  });

  it('that fails leaves no list of issues behind', async () => {
    const issuesPath = join(folder, 'issues.jsonl');
    const bytes = dbnFile({ mappings: ES_MAPPING }, [tradeRecord({ price: 1n })]);
    await expect(
      importDbn(newDataset(), options([write(bytes)], { quarantine: { issuesPath } })),
    ).rejects.toMatchObject({ code: 'E_IMPORT_ROWS' });
    expect(existsSync(issuesPath)).toBe(false);
  });

  it('of packed bytes equals that of plain ones', async () => {
    const plain = (await importDbn(newDataset('plain'), options([write(day([1, 2]))]))).dataset;
    const packed = write(zstdFrame(day([1, 2])), 'a.dbn.zst');
    const { dataset } = await importDbn(newDataset('packed'), options([packed]));
    expect(tape(dataset)).toEqual(tape(plain));
  });

  it('of a text, a folder or nothing says what is wrong', async () => {
    await expect(
      importDbn(
        newDataset(),
        options([write(new TextEncoder().encode('ts_event,price\n'), 'a.csv')]),
      ),
    ).rejects.toMatchObject({ code: 'E_DBN_FORMAT' });
    const dataset = openCatalog(folder).dataset('d');
    for (const path of [folder, join(folder, 'none')])
      await expect(importDbn(dataset, options([path]))).rejects.toMatchObject({
        code: 'E_IMPORT_FILE',
      });
  });
});
