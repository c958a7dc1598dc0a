/** The same record, cut into any batches, between the same orders of ours: the same reports, to the last of their evidence. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type {
  DepthColumns,
  MboColumns,
  QuoteColumns,
  TradeColumns,
} from '../../../src/core/bars.ts';
import type { Side } from '../../../src/core/order.ts';
import type { MarketOrderInput } from '../../../src/sim/exchange/market-order.ts';
import { bracketOf } from '../../../src/sim/groups/group-input.ts';
import type { ReplayFeed } from '../../../src/sim/replay/replay-market.ts';
import { ReplayMarket } from '../../../src/sim/replay/replay-market.ts';

const RUNS = Number(process.env['FRONTMONTH_CHUNK_RUNS'] ?? 40);

interface Row {
  /** A trade beside quotes or levels. */
  readonly isTrade: boolean;
  readonly side: Side;
  readonly at: number;
  readonly qty: number;
  readonly other: number;
  readonly id: number;
  readonly action: number;
  readonly isEnd: boolean;
  readonly isLater: boolean;
}
interface Sent {
  readonly row: number;
  readonly type: 'limit' | 'market' | 'stop' | 'market-if-touched' | 'bracket' | 'cancel';
  readonly trigger: 'last' | 'bid-ask' | 'mid';
  readonly side: Side;
  readonly at: number;
  readonly qty: number;
}

const side = fc.constantFrom<Side>(1, -1);
const rows: fc.Arbitrary<Row[]> = fc.array(
  fc.record({
    isTrade: fc.constantFrom(true, false, false),
    side,
    at: fc.integer({ min: 0, max: 5 }),
    qty: fc.constantFrom(0, 1, 2, 3, 5, 8),
    other: fc.integer({ min: 1, max: 9 }),
    id: fc.integer({ min: 1, max: 14 }),
    action: fc.constantFrom(0, 0, 0, 1, 2, 2, 3, 3, 4),
    isEnd: fc.constantFrom(true, true, false),
    isLater: fc.boolean(),
  }),
  { minLength: 20, maxLength: 120, size: 'max' },
);
const sent: fc.Arbitrary<Sent[]> = fc.array(
  fc.record({
    row: fc.nat(110),
    type: fc.constantFrom(
      'limit',
      'limit',
      'limit',
      'market',
      'stop',
      'market-if-touched',
      'bracket',
      'cancel',
    ),
    trigger: fc.constantFrom('last', 'bid-ask', 'mid'),
    side,
    at: fc.integer({ min: -5, max: 6 }),
    qty: fc.integer({ min: 1, max: 6 }),
  }),
  { minLength: 1, maxLength: 15, size: 'max' },
);

interface Batch {
  readonly trades: TradeColumns;
  readonly quotes: QuoteColumns;
  readonly depth: DepthColumns;
  readonly mbo: MboColumns;
}

/** Bids up to 0 and asks from 1, of levels and orders; quotes walk. */
function columnsOf(part: readonly Row[], times: readonly number[]): Batch {
  const tsUs = Float64Array.from(times);
  const price = Int32Array.from(part, (row) => (row.side === 1 ? -row.at : 1 + row.at));
  const qty = Float64Array.from(part, (row) => row.qty);
  const stamps = { length: part.length, tsUs, seq: tsUs };
  return {
    trades: {
      ...stamps,
      price,
      qty: Float64Array.from(part, (row) => row.other),
      aggressor: Int8Array.from(part, (row) => (row.isEnd ? row.side : 0)),
    },
    quotes: {
      ...stamps,
      bid: Int32Array.from(part, (row) => row.at - 3),
      bidQty: Float64Array.from(part, (row) => row.other),
      ask: Int32Array.from(part, (row) => row.at - 2),
      askQty: Float64Array.from(part, (row) => row.qty + 1),
    },
    depth: {
      ...stamps,
      side: Int8Array.from(part, (row) => row.side),
      price,
      qty,
      orderCount: new Int32Array(part.length),
      isEventEnd: Uint8Array.from(part, (row) => Number(row.isEnd)),
    },
    mbo: {
      ...stamps,
      orderId: BigUint64Array.from(part, (row) => BigInt(row.id)),
      action: Uint8Array.from(part, (row) => row.action),
      side: Int8Array.from(part, (row) => row.side),
      price,
      qty: Float64Array.from(part, (row) => row.other),
      isEventEnd: Uint8Array.from(part, (row) => Number(row.isEnd)),
    },
  };
}

/** `cuts`: where a batch ends, beside the moments at which we send something. `isWindow`: as part of one large batch. */
function play(
  feed: ReplayFeed,
  record: readonly Row[],
  orders: readonly Sent[],
  cuts: ReadonlySet<number>,
  isWindow: boolean,
): string[] {
  const lines: string[] = [];
  const market = new ReplayMarket(
    {
      onReport: ({ kind, clOrdId, tsUs, reason, lastQty, lastPriceTicks, evidence, order }) =>
        lines.push(
          JSON.stringify([
            kind,
            clOrdId,
            tsUs,
            reason,
            lastQty,
            lastPriceTicks,
            evidence,
            order?.leavesQty,
          ]),
        ),
    },
    { feed, ...(feed === 'mbo' || feed === 'trades' ? {} : { queue: { name: 'prob' } }) },
  );
  let nowUs = 1000;
  const times = record.map((row) => (nowUs += Number(row.isLater)));
  const whole = columnsOf(record, times);
  const isTradeRow = (row: Row): boolean => feed === 'trades' || (feed !== 'mbo' && row.isTrade);
  const feedRows = (from: number, to: number): void => {
    if (from === to) return;
    const batch = isWindow ? whole : columnsOf(record.slice(from, to), times.slice(from, to));
    const [first, last] = isWindow ? [from, to] : [0, to - from];
    if (isTradeRow(record[from]!)) market.onTrades(batch.trades, first, last);
    else if (feed === 'quotes') market.onQuotes(batch.quotes, first, last);
    else if (feed === 'depth') market.onDepth(batch.depth, first, last);
    else market.onMbo(batch.mbo, first, last);
  };
  let from = 0;
  for (let row = 0; row <= record.length; row += 1) {
    const due = orders.filter((each) => Math.min(each.row, record.length) === row);
    const isEnd =
      due.length > 0 ||
      row === record.length ||
      (row > from && (cuts.has(row) || isTradeRow(record[row]!) !== isTradeRow(record[from]!)));
    if (!isEnd) continue;
    feedRows(from, row);
    from = row;
    const tsUs = times[row - 1] ?? 1000;
    for (const each of due) send(market, each, orders.indexOf(each), tsUs);
  }
  lines.push(JSON.stringify([market.counts, market.mbo.counts, market.mbo.issues]));
  for (let k = 0; k < orders.length; k += 1) lines.push(String(market.queueAhead(1, `o${k}`)));
  return lines;
}

function send(market: ReplayMarket, each: Sent, k: number, tsUs: number): void {
  const { type, side: way, qty, at, trigger } = each;
  const clOrdId = `o${k}`;
  const base: Omit<MarketOrderInput, 'type'> = {
    participant: 1,
    clOrdId,
    side: way,
    qty,
    timeInForce: 'gtc',
  };
  if (type === 'cancel') market.cancel(1, `o${k - 1}`, tsUs);
  else if (type === 'bracket') {
    const group = bracketOf({
      groupId: `g${k}`,
      entry: { ...base, type: 'limit', limitTicks: at },
      stop: { clOrdId: `s${k}`, stopTicks: at - 2 * way },
      targets: [{ clOrdId: `t${k}`, limitTicks: at + way }],
    });
    market.submitGroup(group, tsUs);
  } else {
    const level =
      type === 'limit' ? { limitTicks: at } : type === 'market' ? {} : { stopTicks: at, trigger };
    market.submit({ ...base, type, ...level }, tsUs);
  }
}

describe.each(['quotes', 'trades', 'depth', 'mbo'] as const)('a record of %s', (feed) => {
  test.prop([rows, sent, fc.array(fc.nat(120)), fc.boolean()], { numRuns: RUNS })(
    'says the same however it is cut into batches',
    (record, orders, cuts, isWindow) => {
      const whole = play(feed, record, orders, new Set(), true);
      expect(play(feed, record, orders, new Set(cuts), isWindow)).toEqual(whole);
      expect(play(feed, record, orders, new Set(record.keys()), !isWindow)).toEqual(whole);
    },
  );
  it('and such records do fill', () => {
    const runs = fc.sample(fc.tuple(rows, sent), { numRuns: 40, seed: 3 });
    const fills = runs.map(
      ([record, orders]) =>
        play(feed, record, orders, new Set(), true).filter((line) => line.startsWith('["Fill"'))
          .length,
    );
    expect(fills.filter((count) => count > 1).length).toBeGreaterThan(10);
  });
});
