import { describe, expect, it } from 'vitest';
import type { BarColumns } from '../../../src/core/bars.ts';
import { BarFeed, SessionFeed } from '../../../src/sim/gateways/projectx/column-feed.ts';
import { contractOfId, searchContracts } from '../../../src/sim/gateways/projectx/contracts.ts';
import { mergeFeeds } from '../../../src/sim/gateways/projectx/feed.ts';
import { SampleFeed, samplePast } from '../../../src/sim/gateways/projectx/sample-feed.ts';
import { GatewayWorld, MES, START_US } from '../../support/gateway-world.ts';

const MINUTE = 60_000_000;
function bars(
  ...rows: readonly (readonly [number, number, number, number, number, number])[]
): BarColumns {
  const column = (k: number): Float64Array => Float64Array.from(rows, (row) => row[k]!);
  return {
    length: rows.length,
    openUs: column(0),
    closeUs: Float64Array.from(rows, (row) => row[0] + MINUTE),
    open: column(1),
    high: column(2),
    low: column(3),
    close: column(4),
    volume: column(5),
  };
}
const sourceOf = (batch: BarColumns): { next(): BarColumns | null; close(): void } => {
  let rest: BarColumns | null = batch;
  return {
    next: () => {
      const now = rest;
      rest = null;
      return now;
    },
    close: () => {},
  };
};

describe('a gateway fed with bars', () => {
  const columns = bars(
    [START_US, 24_000, 24_010, 23_996, 24_004, 400],
    [START_US + MINUTE, 24_004, 24_020, 24_000, 24_018, 80],
  );

  it('gives the same bars back', () => {
    const world = new GatewayWorld({ setup: { feed: new BarFeed(0, sourceOf(columns)) } }).login();
    world.gateway.advanceTo(START_US + 3 * MINUTE);
    const found = world.post('History/retrieveBars', {
      contractId: MES,
      live: false,
      startTime: '2026-11-02T00:00:00Z',
      endTime: '2026-11-03T00:00:00Z',
      unit: 2,
      unitNumber: 1,
      limit: 10,
      includePartialBar: false,
    })['bars'];
    expect(found).toMatchObject([
      { o: 6001, h: 6005, l: 6000, c: 6004.5, v: 80 },
      { o: 6000, h: 6002.5, l: 5999, c: 6001, v: 400 },
    ]);
  });

  it('fills a limit that the bar passes', () => {
    const world = new GatewayWorld({ setup: { feed: new BarFeed(0, sourceOf(columns)) } }).login();
    world.gateway.advanceTo(START_US);
    world.place({ type: 1, limitPrice: 5999.5 });
    world.gateway.advanceTo(START_US + MINUTE);
    expect(world.positions()).toMatchObject([{ size: 1, averagePrice: 5999.5 }]);
  });
});

describe('sessions of a record', () => {
  it('close and open the market, and the clock skips the night', () => {
    const sessions = {
      length: 2,
      openUs: Float64Array.of(START_US - 1000, START_US + 100 * MINUTE),
      closeUs: Float64Array.of(START_US + MINUTE, START_US + 200 * MINUTE),
      label: Int32Array.of(1, 2),
      tradeDate: Int32Array.of(1, 2),
      settleUs: Float64Array.of(0, 0),
      breakRow: Int32Array.of(1),
      breakStartUs: Float64Array.of(START_US + 150 * MINUTE),
      breakEndUs: Float64Array.of(START_US + 151 * MINUTE),
    };
    const columns = bars([START_US + 100 * MINUTE, 24_000, 24_010, 23_996, 24_004, 400]);
    const world = new GatewayWorld({
      setup: {
        clock: { kind: 'paced', startUs: START_US, speed: 1, skipsClosed: true },
        feed: mergeFeeds([
          new SessionFeed(0, sessions, START_US),
          new BarFeed(0, sourceOf(columns)),
        ]),
      },
    }).login();
    expect(world.gateway.markets[0]!.phase).toBe('open');
    world.scheduler.advance(MINUTE - 1);
    expect(world.gateway.nowUs()).toBe(START_US + MINUTE - 1);
    world.scheduler.advance(2);
    expect(world.gateway.nowUs() - START_US).toBeGreaterThanOrEqual(100 * MINUTE);
    expect(world.gateway.markets[0]!.phase).toBe('open');
    world.scheduler.advance(50 * MINUTE);
    expect(world.gateway.markets[0]!.phase).toBe('halted');
    world.scheduler.advance(MINUTE);
    expect(world.gateway.markets[0]!.phase).toBe('open');
  });

  it('run as many times as fast as real time as the clock says', () => {
    const clock = { kind: 'paced' as const, startUs: START_US, speed: 60 };
    const world = new GatewayWorld({ setup: { clock } });
    world.scheduler.advance(1_000_000);
    expect(world.gateway.nowUs() - START_US).toBe(60_000_000);
  });
});

describe('the market that makes itself', () => {
  const run = (seed: number): unknown => {
    const world = new GatewayWorld({
      setup: {
        markets: [{ contract: contractOfId(MES), host: { kind: 'exchange' } }],
        feed: new SampleFeed({
          contract: 0,
          seed,
          startUs: START_US,
          startTicks: 24_000,
          rate: 50,
        }),
      },
    }).login();
    world.gateway.advanceTo(START_US + 60 * MINUTE);
    const { bids, asks, session, bidTicks, askTicks } = world.gateway.markets[0]!;
    return {
      bids: [...bids].sort(([a], [b]) => a - b),
      asks: [...asks].sort(([a], [b]) => a - b),
      session,
      bidTicks,
      askTicks,
    };
  };

  it('is the same from the same seed, another one from another, and never crossed', () => {
    const one = run(1) as { bidTicks: number; askTicks: number; session: { volume: number } };
    expect(run(1)).toEqual(one);
    expect(run(2)).not.toEqual(one);
    expect(one.askTicks).toBeGreaterThan(one.bidTicks);
    expect(one.session.volume).toBeGreaterThan(1000);
  });

  it('lets two accounts trade with each other', () => {
    const accounts = [{ name: 'PRAC-1' }, { name: 'PRAC-2' }];
    const world = new GatewayWorld({
      setup: {
        users: [{ userName: 'demo', apiKey: 'key', accounts }],
        markets: [{ contract: contractOfId(MES), host: { kind: 'exchange' } }],
      },
    }).login();
    world.place({ type: 1, limitPrice: 6000, size: 2 });
    world.place({ accountId: 7002, side: 1, size: 2 });
    expect(world.positions()).toMatchObject([{ type: 1, size: 2, averagePrice: 6000 }]);
    const other = world.post('Position/searchOpen', { accountId: 7002 })['positions'];
    expect(other).toMatchObject([{ type: 2, size: 2, averagePrice: 6000 }]);
  });

  it('has a past that ends where it begins', () => {
    const past = samplePast(1, START_US, 24_000, 100);
    expect(past.close[99]).toBe(24_000);
    for (let k = 0; k < 100; k += 1) {
      expect(past.high[k]).toBeGreaterThanOrEqual(Math.max(past.open[k]!, past.close[k]!));
      expect(past.low[k]).toBeLessThanOrEqual(Math.min(past.open[k]!, past.close[k]!));
      if (k > 0) expect(past.open[k]).toBe(past.close[k - 1]);
    }
  });
});

describe('contracts', () => {
  it('are found fuzzily, so that ES finds micros too, at most 20 of them', () => {
    const all = ['EP', 'MES', 'MCLE', 'CLE'].map((code) => contractOfId(`CON.F.US.${code}.Z26`));
    expect(searchContracts(all, 'ES').map(({ name }) => name)).toEqual(['ESZ6', 'MESZ6']);
    expect(searchContracts(all, 'CL').map(({ product }) => product)).toEqual(['MCLE', 'CLE']);
    expect(() => contractOfId('CON.F.US.NOPE.Z26')).toThrow('no contract of this gateway');
  });

  it('have exact ticks and half the round turn as fee of a side', () => {
    const yen = contractOfId('CON.F.US.JY6.Z26');
    expect([yen.grid.increment, yen.countValue, yen.feeMicros]).toEqual([
      0.0000005,
      { num: 6_250_000, den: 1 },
      1_620_000,
    ]);
  });
});
