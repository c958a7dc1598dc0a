/** Peers of one group that could trade with each other: whatever their self-trade groups and modes, they do not. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { PeerRule, Side } from '../../../src/core/order.ts';
import type { SelfTradeMode } from '../../../src/sim/book/limit-book.ts';
import { ContractMarket } from '../../../src/sim/exchange/contract-market.ts';
import type { MarketOrderInput, MarketSink } from '../../../src/sim/exchange/market-order.ts';
import { PublishedBook } from '../../../src/sim/exchange/published-book.ts';
import { ocoOf } from '../../../src/sim/groups/group-input.ts';
import { MarketDesk } from '../../support/market-desk.ts';
import { ReplayDesk } from '../../support/replay-desk.ts';

const RUNS = Number(process.env['FRONTMONTH_PEER_RUNS'] ?? 300);
const MODES = ['cancel-resting', 'cancel-aggressor', 'cancel-both', 'decrement'] as const;

interface Leg {
  readonly type: 'limit' | 'stop';
  readonly side: Side;
  readonly at: number;
  readonly qty: number;
  readonly group: number;
  readonly selfTrade: SelfTradeMode;
  readonly timeInForce: 'day' | 'fok';
}
const leg: fc.Arbitrary<Leg> = fc.record({
  type: fc.constantFrom('limit', 'limit', 'limit', 'stop'),
  side: fc.constantFrom<Side>(1, -1),
  at: fc.integer({ min: -3, max: 3 }),
  qty: fc.integer({ min: 1, max: 5 }),
  group: fc.constantFrom(0, 0, 1, 2),
  selfTrade: fc.constantFrom(...MODES),
  timeInForce: fc.constantFrom('day', 'day', 'day', 'fok'),
});
type Step =
  | { readonly do: 'phase'; readonly phase: 'open' | 'pre-open' }
  | { readonly do: 'one'; readonly leg: Leg; readonly isOwn: boolean }
  | { readonly do: 'group'; readonly legs: readonly Leg[]; readonly peers: PeerRule };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('phase' as const),
      phase: fc.constantFrom('open', 'open', 'pre-open'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('one' as const), leg, isOwn: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('group' as const),
      legs: fc.array(leg, { minLength: 2, maxLength: 3 }),
      peers: fc.constantFrom<PeerRule>('oco', 'ouo'),
    }),
  },
);

interface Outcome {
  readonly faults: string[];
  readonly fills: number;
  readonly met: number;
}

/** `isPublished`: over a book that tells its feed, which hears and passes on everything. */
function run(steps: readonly Step[], isPublished = false): Outcome {
  const setOf = new Map<
    string,
    { readonly id: string; readonly peers: PeerRule; readonly most: number }
  >();
  const sides = new Map<number, string>();
  const traded = new Map<string, Map<string, number>>();
  const faults: string[] = [];
  let [fills, met] = [0, 0];
  const sink: MarketSink = {
    onReport: ({ kind, clOrdId, tradeId, lastQty, reason }) => {
      if (kind === 'Canceled' && reason === 'oco-peer') met += 1;
      if (kind !== 'Fill') return;
      fills += 1;
      const set = setOf.get(clOrdId);
      const other = sides.get(tradeId);
      sides.set(tradeId, clOrdId);
      if (set === undefined) return;
      if (other !== undefined && setOf.get(other)?.id === set.id)
        faults.push(`${clOrdId} traded with ${other}`);
      const legs = traded.get(set.id) ?? new Map<string, number>();
      legs.set(clOrdId, (legs.get(clOrdId) ?? 0) + lastQty);
      traded.set(set.id, legs);
      if (set.peers === 'oco' && legs.size > 1) faults.push(`two legs of ${set.id} traded`);
      const sum = [...legs.values()].reduce((total, qty) => total + qty, 0);
      if (sum > set.most) faults.push(`${set.id} traded ${sum} of ${set.most}`);
    },
    onGroup: ({ kind, groupId }) => {
      if (kind === 'oco-overfill') faults.push(`${groupId} overfilled`);
    },
  };
  const market = new ContractMarket(sink, {}, isPublished ? new PublishedBook({}) : undefined);
  const inputOf = (clOrdId: string, one: Leg, participant: number): MarketOrderInput => {
    const { type, at, ...rest } = one;
    const level =
      type === 'limit' ? { limitTicks: at } : { stopTicks: at, timeInForce: 'day' as const };
    return { participant, clOrdId, type, ...rest, ...level };
  };
  steps.forEach((each, k) => {
    if (each.do === 'phase') market.setPhase(each.phase, k);
    else if (each.do === 'one') market.submit(inputOf(`s${k}`, each.leg, each.isOwn ? 1 : 2), k);
    else {
      const legs = each.legs.map((one, j) => inputOf(`g${k}-${j}`, one, 1));
      const most = Math.max(...legs.map(({ qty }) => qty));
      for (const { clOrdId } of legs) setOf.set(clOrdId, { id: `g${k}`, peers: each.peers, most });
      market.submitGroup(ocoOf(`g${k}`, legs, { peers: each.peers }), k);
    }
    for (const { legs } of [...market.groups().values()].map(({ state }) => state)) {
      const open = legs.filter((one) => one.isOpen && one.qty - one.cum <= 0);
      if (open.length > 0) faults.push(`after ${k}: a leg works for nothing`);
    }
    const [bid, ask] = [market.book.bestTicks(1), market.book.bestTicks(-1)];
    if (bid >= ask && market.phase === 'open') faults.push(`after ${k}: crossed`);
  });
  return { faults, fills, met };
}

const steps = fc.array(step, { minLength: 4, maxLength: 60, size: 'max' });

describe('peers of a group, in continuous trading and in auctions', () => {
  test.prop([steps], { numRuns: RUNS })(
    'never trade with each other, nor more together than their set',
    (history) => {
      expect(run(history).faults).toEqual([]);
      expect(run(history, true)).toEqual(run(history));
    },
  );
  it('and such histories trade, and take peers away', () => {
    const all = fc.sample(steps, { numRuns: 50, seed: 4 }).map((history) => run(history));
    expect(all.filter(({ fills, met }) => fills > 4 && met > 1).length).toBeGreaterThan(20);
  });

  const pair = (
    selfTrade: SelfTradeMode,
    groups: readonly [number, number],
    peers: PeerRule,
  ): string[] => {
    const desk = new MarketDesk();
    desk.send('bid', 'buy 1 limit 396', { participant: 2 });
    const resting = desk.order('rest', 'sell 5 limit 400', { group: groups[0] });
    const arrives = desk.order('comes', 'buy 3 limit 400', { group: groups[1], selfTrade });
    return desk.group(ocoOf('g', [resting, arrives], { peers }));
  };
  it.each([
    [1, 2],
    [0, 1],
    [1, 0],
    [0, 0],
    [1, 1],
  ] as const)(
    'of the self-trade groups %i and %i: one of the two goes whole, as the mode says',
    (...groups) => {
      for (const peers of ['oco', 'ouo'] as const) {
        expect(pair('cancel-resting', groups, peers)).toEqual(['rest Canceled oco-peer']);
        expect(pair('decrement', groups, peers)).toEqual(['rest Canceled oco-peer']);
        expect(pair('cancel-aggressor', groups, peers)).toEqual(['comes Canceled oco-peer']);
        expect(pair('cancel-both', groups, peers)).toEqual([
          'rest Canceled oco-peer',
          'comes Canceled oco-peer',
        ]);
      }
    },
  );
  it('B15 among others: decrement is what it asks for where it meets an order that is no peer', () => {
    const desk = new MarketDesk();
    desk.send('bid', 'buy 1 limit 396', { participant: 2 });
    desk.send('own', 'sell 2 limit 399', { group: 1 });
    const resting = desk.order('rest', 'sell 5 limit 400', { group: 2 });
    const arrives = desk.order('comes', 'buy 3 limit 400', { group: 1, selfTrade: 'decrement' });
    expect(desk.group(ocoOf('g', [resting, arrives], { peers: 'ouo' }))).toEqual([
      'own Canceled self-trade',
      'rest Canceled oco-peer',
      'comes Replaced 1 self-trade',
    ]);
  });
  it('and over a record, where all our orders are kept apart', () => {
    for (const selfTrade of ['decrement', 'cancel-resting'] as const) {
      const desk = new ReplayDesk();
      desk.book('bids 396x5 asks 404x5');
      const order = { participant: 1, type: 'limit', limitTicks: 400, selfTrade } as const;
      const legs = [
        { ...order, clOrdId: 'rest', side: -1, qty: 5, group: 1 },
        { ...order, clOrdId: 'comes', side: 1, qty: 3, group: 2 },
      ] as const;
      const lines = desk.during(
        () => void desk.market.submitGroup(ocoOf('g', legs, { peers: 'ouo' }), desk.nowUs),
      );
      expect(lines).toEqual(['rest Canceled oco-peer']);
      expect(desk.leaves('comes')).toBe(3);
    }
  });
});
