/** The line before a venue: nothing overtakes, and what it does to orders that match on bars. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { ExecutionSink } from '../../../src/core/ports.ts';
import type { Strategy } from '../../../src/core/strategy.ts';
import type { PriceTicks, Qty, TsUs } from '../../../src/core/units.ts';
import { runEngine } from '../../../src/engine/engine.ts';
import { createRandom } from '../../../src/engine/rng.ts';
import { createBarExchange } from '../../../src/sim/bar-exchange.ts';
import type { LatencySpec } from '../../../src/sim/latency/model.ts';
import { LatencyModel } from '../../../src/sim/latency/model.ts';
import { LatencyVenue } from '../../../src/sim/latency/venue.ts';
import type { World } from '../../support/engine-world.ts';
import { at, hourly, makeWorld } from '../../support/engine-world.ts';
import { FakeVenue } from '../../support/fake-venue.ts';

/** Bars of an hour; 1 % of one is 36 s. */
const SLACK_US = 36_000_000;

function onBars(latency: LatencySpec | null, strategy: Strategy): World & { hash: string } {
  const world = makeWorld({ front: hourly(0, [100, 104, 108, 112, 116]), days: 1, strategy });
  const { table } = world.config;
  const random = createRandom(7);
  const bars = createBarExchange({ table, random, participation: Infinity });
  const venue =
    latency === null
      ? bars
      : new LatencyVenue(bars, new LatencyModel(latency, random), {
          openSlackUs: Float64Array.from(table.contracts, () => SLACK_US),
        });
  const result = runEngine({ ...world.config, venue });
  if (result.error !== null) throw result.error.cause;
  return { ...world, hash: result.eventHash };
}

const once = (act: (ctx: Parameters<NonNullable<Strategy['onBar']>>[1]) => void): Strategy => ({
  onBar: (bar, ctx) => {
    if (bar.closeUs === at(0, 11)) act(ctx);
  },
});
const market = once((ctx) =>
  ctx.submit({ contract: ctx.contract('ES'), side: 1, type: 'market', qty: 1 as Qty }),
);
const limit = once((ctx) =>
  ctx.submit({
    contract: ctx.contract('ES'),
    side: -1,
    type: 'limit',
    qty: 1 as Qty,
    limitTicks: 102 as PriceTicks,
  }),
);

describe('latency on bars', () => {
  it('of nothing changes nothing', () => {
    const { hash } = onBars(null, market);
    expect(onBars({}, market).hash).toBe(hash);
    expect(onBars({ entry: 0, response: 0 }, market).hash).toBe(hash);
  });

  it('lets a market order in at the open that it misses by less than the slack, and marks the fill', () => {
    const { recorder } = onBars({ entry: 30_000 }, market);
    expect(recorder.fills.map((fill) => fill.priceTicks)).toEqual([100]);
    expect(recorder.fills[0]!.evidence?.latencySubbar).toBe(true);
  });

  it('sends a later one to the next open, unmarked', () => {
    const { recorder } = onBars({ entry: 60_000 }, market);
    expect(recorder.fills.map((fill) => fill.priceTicks)).toEqual([104]);
    expect(recorder.fills[0]!.evidence).not.toHaveProperty('latencySubbar');
  });

  it('keeps an order that rests out of a bar that it arrives in', () => {
    const barOf = (latency: LatencySpec | null): unknown[] =>
      onBars(latency, limit).recorder.fills.map((fill) => [
        fill.priceTicks,
        fill.evidence?.barOpenUs,
      ]);
    expect(barOf(null)).toEqual([[102, at(0, 11)]]);
    // It rests while that bar goes through its price, and fills there in the next.
    expect(barOf({ entry: 1 })).toEqual([[102, at(0, 12)]]);
  });

  it('counts the delay of the bar itself', () => {
    const { recorder } = onBars({ feed: 20_000, entry: 20_000 }, market);
    expect(recorder.fills.map((fill) => fill.priceTicks)).toEqual([104]);
  });

  it('tells fills after the way back, and loses none at the end of the run', () => {
    const heard: number[] = [];
    const last: Strategy = {
      onBar: (bar, ctx) => {
        if (bar.closeUs === at(0, 15))
          ctx.submit({ contract: ctx.contract('ES'), side: 1, type: 'market', qty: 1 as Qty });
      },
      onFill: (fill, ctx) => void heard.push(ctx.nowUs - fill.tsUs),
    };
    const world = makeWorld({
      front: hourly(0, [100, 104, 108, 112, 116, 120]),
      days: 1,
      strategy: last,
    });
    const random = createRandom(7);
    const bars = createBarExchange({ table: world.config.table, random });
    const venue = new LatencyVenue(bars, new LatencyModel({ response: 7_200_000 }, random));
    const result = runEngine({ ...world.config, venue });
    expect(result.outcome).toBe('completed');
    expect(world.recorder.fills).toHaveLength(1);
    // Filled at the open at 15:00, reported by the venue with the bar at 16:00, known two hours later.
    expect(heard).toEqual([3 * 3_600_000_000]);
  });
});

describe('the line', () => {
  const leg = fc
    .array(fc.integer({ min: 0, max: 50 }), { minLength: 2, maxLength: 4 })
    .map((quantiles) => ({ quantiles: quantiles.toSorted((a, b) => a - b) }));
  const sends = fc.array(
    fc.record({
      gapUs: fc.integer({ min: 0, max: 20_000 }),
      kind: fc.constantFrom('new', 'replace', 'cancel'),
    }),
    { minLength: 1, maxLength: 30 },
  );
  test.prop([leg, leg, leg, sends])(
    'delivers in the order of sending, never early, and everything',
    (entry, change, response, rows) => {
      const inner = new FakeVenue(1, 0);
      const arrived: [string, number][] = [];
      inner.submit = (request) => {
        arrived.push([request.clOrdId, request.sentUs]);
        sink.onReport({
          kind: 'Accepted',
          clOrdId: request.clOrdId,
          orderId: null,
          contractIndex: 0,
          tsUs: request.sentUs,
        });
      };
      inner.replace = (request) => void arrived.push([request.clOrdId, request.sentUs]);
      inner.cancel = (request) => void arrived.push([request.clOrdId, request.sentUs]);
      let sink: Pick<ExecutionSink, 'onReport'> = { onReport: () => {} };
      inner.connect = (given) => void (sink = given);
      const heard: [string, number][] = [];
      let nowUs = 0;
      const model = new LatencyModel(
        { entry: { new: entry, modify: change, cancel: entry }, response },
        createRandom(3),
      );
      const line = new LatencyVenue(inner, model);
      line.connect({
        onReport: (report) => void heard.push([report.clOrdId, nowUs]),
        onAmbiguity: () => {},
      });
      const sent: [string, number][] = [];
      const runTo = (untilUs: number): void => {
        for (let due = line.nextTimerUs(); due <= untilUs; due = line.nextTimerUs()) {
          nowUs = due;
          line.onTime(due);
        }
        nowUs = untilUs;
      };
      rows.forEach(({ gapUs, kind }, k) => {
        runTo(nowUs + gapUs);
        const clOrdId = `O-${k}` as never;
        sent.push([clOrdId, nowUs]);
        const base = { clOrdId, orderId: null, sentUs: nowUs as TsUs };
        if (kind === 'cancel') line.cancel(base);
        else if (kind === 'replace') line.replace(base);
        else
          line.submit({
            ...base,
            contractIndex: 0,
            spec: {
              contract: 'X' as never,
              side: 1,
              type: 'limit',
              limitTicks: 1 as PriceTicks,
              qty: 1 as Qty,
            },
            role: 'single',
            groupId: null,
          });
      });
      const lastUs = line.onTheWayUs();
      runTo(1e9);
      expect(arrived.map(([id]) => id)).toEqual(sent.map(([id]) => id));
      arrived.forEach(([, atUs], k) => {
        expect(atUs).toBeGreaterThanOrEqual(sent[k]![1]);
        expect(atUs).toBeGreaterThanOrEqual(arrived[k - 1]?.[1] ?? 0);
      });
      const answers = rows.flatMap((row, k) => (row.kind === 'new' ? [`O-${k}`] : []));
      expect(heard.map(([id]) => id)).toEqual(answers);
      heard.forEach(([id, atUs]) =>
        expect(atUs).toBeGreaterThanOrEqual(arrived.find(([other]) => other === id)![1]),
      );
      expect(lastUs).toBeLessThanOrEqual(1e9);
      expect(line.onTheWayUs()).toBeLessThan(0);
    },
  );
});

describe("the broker's own orders", () => {
  interface Sent {
    readonly what: string;
    readonly atUs: number;
  }
  /** A venue that only writes down what reaches it, and when. */
  function line(latency: LatencySpec): { venue: LatencyVenue; sent: Sent[] } {
    const sent: Sent[] = [];
    const fake = new FakeVenue(1);
    fake.submit = (request): void =>
      void sent.push({ what: request.clOrdId, atUs: request.sentUs });
    fake.cancel = (request): void =>
      void sent.push({ what: `cancel ${request.clOrdId}`, atUs: request.sentUs });
    const venue = new LatencyVenue(fake, new LatencyModel(latency, createRandom(7)));
    venue.connect({ onReport: () => {}, onAmbiguity: () => {} });
    return { venue, sent };
  }
  const newOrder = (clOrdId: string, sentUs: number, sender?: 'account' | 'roll'): never =>
    ({
      clOrdId,
      contractIndex: 0,
      spec: { contract: 'ESH2024', side: -1, type: 'market', qty: 1 },
      role: 'single',
      groupId: null,
      sentUs,
      ...(sender === undefined ? {} : { sender }),
    }) as never;
  const cancel = (clOrdId: string, sentUs: number): never =>
    ({ clOrdId, orderId: null, sentUs, sender: 'account' }) as never;

  it('do not wait for the connection of the strategy, nor it for them', () => {
    const { venue, sent } = line({ entry: 50, broker: 10 });
    venue.submit(newOrder('mine', 1000));
    venue.submit(newOrder('call', 2000, 'account'));
    venue.submit(newOrder('roll', 3000, 'roll'));
    venue.onTime(100_000 as TsUs);
    expect(sent).toEqual([
      { what: 'roll', atUs: 3000 },
      { what: 'call', atUs: 12_000 },
      { what: 'mine', atUs: 51_000 },
    ]);
  });

  it('arrive at once where nothing else is said', () => {
    const { venue, sent } = line({ entry: 50 });
    venue.submit(newOrder('mine', 1000));
    venue.submit(newOrder('call', 2000, 'account'));
    expect(sent).toEqual([{ what: 'call', atUs: 2000 }]);
  });

  it('cancel what is still on its way after it has arrived: nothing slips through', () => {
    const { venue, sent } = line({ entry: 50 });
    venue.submit(newOrder('mine', 1000));
    venue.cancel(cancel('mine', 2000));
    venue.cancel(cancel('old', 2000));
    venue.onTime(100_000 as TsUs);
    expect(sent).toEqual([
      { what: 'cancel old', atUs: 2000 },
      { what: 'mine', atUs: 51_000 },
      { what: 'cancel mine', atUs: 51_000 },
    ]);
  });

  it('are refused a delay that follows the feed', () => {
    expect(() => new LatencyModel({ broker: { timesFeed: 2 } as never }, createRandom(7))).toThrow(
      /latency\.broker/,
    );
  });
});
