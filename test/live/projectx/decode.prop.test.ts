/** Whatever a venue sends: a value that was asked for or an error that names the field; never a crash. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { TradingError } from '../../../src/core/errors.ts';
import { asRow, rowsOf } from '../../../src/live/projectx/decode.ts';
import * as messages from '../../../src/live/projectx/messages.ts';

const STAMP = '2026-11-02T15:00:00.123+00:00';
/** One readable row for each reader. */
const GOOD: Readonly<Record<string, Record<string, unknown>>> = {
  toAccount: {
    id: 1,
    name: 'PRAC-1',
    balance: 50_000,
    canTrade: true,
    isVisible: true,
    simulated: true,
  },
  toContract: {
    id: 'CON.F.US.MES.Z26',
    name: 'MESZ6',
    description: '',
    tickSize: 0.25,
    tickValue: 1.25,
    activeContract: true,
    symbolId: 'F.US.MES',
  },
  toBar: { t: STAMP, o: 2, h: 3, l: 1, c: 2, v: 4 },
  toOrder: {
    id: 4_294_967_400,
    accountId: 1,
    contractId: 'C',
    symbolId: 'S',
    creationTimestamp: STAMP,
    updateTimestamp: null,
    status: 8,
    type: 4,
    side: 1,
    size: 1,
    limitPrice: null,
    stopPrice: 5996.25,
    fillVolume: 0,
    filledPrice: null,
    customTag: 'T-SL',
    trailDistance: -20,
    trailPrice: -5,
    parentOrderId: 400,
    linkedOrderId: 402,
  },
  toPosition: {
    id: 5,
    accountId: 1,
    contractId: 'C',
    creationTimestamp: STAMP,
    type: 2,
    size: 3,
    averagePrice: 28_446.375,
  },
  toTrade: {
    id: 9,
    accountId: 1,
    contractId: 'C',
    creationTimestamp: STAMP,
    price: 1,
    profitAndLoss: null,
    fees: 0.36,
    commissions: 0.25,
    side: 0,
    size: 1,
    voided: false,
    orderId: 4,
  },
  toQuoteChange: { lastPrice: 1, bestBid: null, lastUpdated: STAMP },
  toMarketTrade: { price: 1, volume: 2, timestamp: STAMP, type: 1 },
  toDepth: { timestamp: STAMP, type: 6, price: 0, volume: 0, currentVolume: 0 },
};
const NAMES = Object.keys(GOOD);
const read = (name: string, value: unknown): unknown =>
  (messages as unknown as Record<string, (row: unknown, contractId: string) => unknown>)[name]!(
    asRow(value, name),
    'C',
  );

/** Runs a reader; anything but a value or a decoding error fails the test. */
function outcome(run: () => unknown): 'value' | TradingError {
  try {
    run();
    return 'value';
  } catch (error) {
    if (error instanceof TradingError && error.code === 'E_VENUE_DECODE') return error;
    throw error;
  }
}

const anything = fc.oneof(
  fc.anything({ maxDepth: 3 }),
  fc.double(),
  fc.constantFrom(
    2 ** 53,
    -0,
    NaN,
    Infinity,
    '',
    'x'.repeat(100_000),
    9e15,
    '2026-13-01T00:00:00Z',
  ),
);

describe('every reader', () => {
  test.each(NAMES)('%s reads its own message', (name) => {
    expect(outcome(() => read(name, GOOD[name]))).toBe('value');
  });

  test.prop([fc.constantFrom(...NAMES), anything])('meets anything at all', (name, value) => {
    const result = outcome(() => read(name, value));
    if (result !== 'value') expect(result.message.length).toBeLessThan(1000);
  });

  test.prop([fc.constantFrom(...NAMES), fc.nat(), anything], { numRuns: 1000 })(
    'with one field spoilt gives a value or names that message',
    (name, at, value) => {
      const fields = Object.keys(GOOD[name]!);
      const field = fields[at % fields.length]!;
      const result = outcome(() => read(name, { ...GOOD[name], [field]: value }));
      if (result !== 'value') {
        expect(result.message).toContain(name);
        expect(result.message.length).toBeLessThan(1000);
      }
    },
  );

  test.prop([fc.constantFrom(...NAMES), fc.nat()])(
    'without one field gives a value or an error',
    (name, at) => {
      const fields = Object.keys(GOOD[name]!);
      const row = { ...GOOD[name] };
      delete row[fields[at % fields.length]!];
      outcome(() => read(name, row));
    },
  );
});

describe('the outer form', () => {
  test.prop([fc.array(anything, { maxLength: 4 })])('of a user event may be anything', (args) => {
    outcome(() => messages.userRow(args, 'GatewayUserOrder'));
  });
  test.prop([fc.array(anything, { maxLength: 4 })])('of a market event may be anything', (args) => {
    outcome(() => messages.marketRows(args, 'GatewayTrade'));
  });
  test.prop([fc.string()])('of an answer may be any text', (text) => {
    outcome(() => messages.parseJson(text, 'Order/place'));
  });
  test('of an answer may be nested a million deep', () => {
    const text = '['.repeat(1_000_000);
    expect(outcome(() => messages.parseJson(text, 'Order/search'))).toBeInstanceOf(TradingError);
    const deep = `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`;
    const row = messages.parseJson(deep, 'Order/search');
    expect(outcome(() => rowsOf(row, 'orders'))).toBeInstanceOf(TradingError);
    expect(outcome(() => rowsOf(row, 'a'))).toBeInstanceOf(TradingError);
  });
  test('cannot reach what every object inherits', () => {
    const row = messages.parseJson('{"__proto__":{"id":1}}', 'x');
    expect(outcome(() => read('toAccount', row.fields))).toBeInstanceOf(TradingError);
    expect(
      outcome(() => read('toDepth', { ...GOOD['toDepth'], type: 'constructor' })),
    ).toBeInstanceOf(TradingError);
  });
});

describe('times', () => {
  test.prop([
    fc.integer({ min: 0, max: 4_000_000_000 }),
    fc.integer({ min: 0, max: 9_999_999 }),
    fc.integer({ min: 0, max: 7 }),
    fc.constantFrom('Z', '', '+00:00', '-06:00', '+05:30', '+0000'),
  ])('are read with any number of decimals and any zone', (seconds, fraction, digits, zone) => {
    const sign = zone.startsWith('-') ? -1 : 1;
    const offset = /\d/.test(zone)
      ? sign * (Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(-2)) * 60)
      : 0;
    const decimals = String(fraction).padStart(7, '0').slice(0, digits);
    const local = new Date((seconds + offset) * 1000).toISOString().slice(0, 19);
    const text = `${local}${digits === 0 ? '' : `.${decimals}`}${zone}`;
    const { createdUs } = read('toTrade', { ...GOOD['toTrade'], creationTimestamp: text }) as {
      createdUs: number;
    };
    expect(createdUs).toBe(seconds * 1e6 + Number(decimals.padEnd(6, '0').slice(0, 6)));
  });
});
