/** Random worlds of many participants on one market: what must hold after every command, whatever they send. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { OrderType, Side } from '../../../src/core/order.ts';
import { PRO_RATA } from '../../../src/sim/book/allocation.ts';
import type { MarketOptions } from '../../../src/sim/exchange/contract-market.ts';
import { ContractMarket } from '../../../src/sim/exchange/contract-market.ts';
import type {
  MarketOrder,
  MarketOrderInput,
  MarketPhase,
} from '../../../src/sim/exchange/market-order.ts';
import { isMarketType, needsTrigger } from '../../../src/sim/exchange/market-rules.ts';

type Step =
  | { readonly do: 'send'; readonly input: Omit<MarketOrderInput, 'clOrdId'> }
  | { readonly do: 'cancel'; readonly pick: number }
  | {
      readonly do: 'replace';
      readonly pick: number;
      readonly qty?: number;
      readonly limitTicks?: number;
    }
  | { readonly do: 'phase'; readonly phase: MarketPhase }
  | { readonly do: 'limits'; readonly low: number; readonly high: number }
  | { readonly do: 'wait'; readonly us: number };

const TYPES: Readonly<Record<string, OrderType>> = {
  limit: 'limit',
  market: 'market',
  stop: 'stop',
  'stop-limit': 'stop-limit',
  mit: 'market-if-touched',
  trail: 'trailing-stop',
  mtl: 'market-to-limit',
};
const tick = fc.integer({ min: -6, max: 6 });
const input = fc
  .record({
    participant: fc.integer({ min: 1, max: 4 }),
    side: fc.constantFrom<Side>(1, -1),
    kind: fc.constantFrom(
      'limit',
      'limit',
      'limit',
      'limit',
      'market',
      'stop',
      'stop-limit',
      'mit',
      'trail',
      'mtl',
    ),
    qty: fc.integer({ min: 1, max: 9 }),
    a: tick,
    b: tick,
    tif: fc.constantFrom('day', 'day', 'gtc', 'ioc', 'fok', 'gtd', 'at-close'),
    display: fc.constantFrom(0, 0, 1, 3),
    group: fc.constantFrom(0, 0, 1),
    mode: fc.constantFrom('cancel-resting', 'cancel-aggressor', 'cancel-both', 'decrement'),
    reduceOnly: fc.constantFrom(false, false, false, true),
    protection: fc.constantFrom(null, null, 0, 3),
    trigger: fc.constantFrom('last', 'last', 'bid-ask', 'mid'),
  })
  .map((raw): Omit<MarketOrderInput, 'clOrdId'> => {
    const type = TYPES[raw.kind]!;
    const waits = needsTrigger(type);
    const isNow = raw.tif === 'ioc' || raw.tif === 'fok' || raw.tif === 'at-close';
    return {
      participant: raw.participant,
      side: raw.side,
      type,
      qty: raw.qty,
      timeInForce: (waits && isNow ? 'day' : raw.tif) as NonNullable<
        MarketOrderInput['timeInForce']
      >,
      ...(raw.tif === 'gtd' ? { expireUs: 1e6 } : {}),
      ...(type === 'limit' || type === 'stop-limit' ? { limitTicks: raw.a } : {}),
      ...(waits && type !== 'trailing-stop'
        ? { stopTicks: raw.b, trigger: raw.trigger as 'last' }
        : {}),
      ...(type === 'trailing-stop' ? { trail: { offsetTicks: 1 + Math.abs(raw.b) } } : {}),
      ...(type === 'limit' && raw.display > 0
        ? { displayQty: Math.min(raw.display, raw.qty) }
        : {}),
      ...(isMarketType(type) && raw.protection !== null ? { protectionTicks: raw.protection } : {}),
      group: raw.group === 0 ? 0 : raw.participant,
      selfTrade: raw.mode as NonNullable<MarketOrderInput['selfTrade']>,
      reduceOnly: raw.reduceOnly,
    };
  });
const pick = fc.nat(30);
const quiet = fc.oneof(
  { weight: 8, arbitrary: input.map((each) => ({ do: 'send' as const, input: each })) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), pick }) },
  {
    weight: 2,
    arbitrary: fc.record(
      {
        do: fc.constant('replace' as const),
        pick,
        qty: fc.integer({ min: 1, max: 9 }),
        limitTicks: tick,
      },
      { requiredKeys: ['do', 'pick'] },
    ),
  },
);
const any: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: quiet as fc.Arbitrary<Step> },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('phase' as const),
      phase: fc.constantFrom<MarketPhase>('open', 'halted', 'pre-open', 'open', 'closed', 'open'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), us: fc.constantFrom(1, 400_000) }),
  },
);

/** As before, in days whose limits are as near as the orders, and change. */
const limited: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: any },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('limits' as const),
      low: fc.integer({ min: -5, max: 0 }),
      high: fc.integer({ min: 0, max: 5 }),
    }),
  },
);

/** Runs the steps and checks what must always hold; returns every report as a line. */
function run(steps: readonly Step[], options: MarketOptions, mirror: 1 | -1 = 1): string[] {
  const lines: string[] = [];
  const done = new Set<MarketOrder>();
  const net = new Map<number, number>();
  const sides = new Map<number, number>();
  let sent = 0;
  let nowUs = 0;
  let [low, high] = [-Infinity, Infinity];
  const market = new ContractMarket(
    {
      onReport: (report) => {
        const { order, kind, participant, lastQty, lastPriceTicks, tradeId } = report;
        lines.push(
          [kind, report.clOrdId, report.reason, lastQty, mirror * lastPriceTicks + 0, tradeId].join(
            ' ',
          ),
        );
        if (order === null) return;
        // A terminal order is silent for ever.
        expect(done.has(order)).toBe(false);
        if (order.place === 'done') done.add(order);
        if (kind !== 'Fill') return;
        const { side } = order.input;
        expect(lastQty).toBeGreaterThan(0);
        expect(order.cumQty).toBeLessThanOrEqual(order.qty);
        expect(lastPriceTicks).toBeGreaterThanOrEqual(low);
        expect(lastPriceTicks).toBeLessThanOrEqual(high);
        const own = order.input.limitTicks;
        if (own !== undefined && order.limitTicks === own)
          expect((own - lastPriceTicks) * side).toBeGreaterThanOrEqual(0);
        const before = net.get(participant) ?? 0;
        if (order.input.reduceOnly === true) expect(lastQty).toBeLessThanOrEqual(-side * before);
        net.set(participant, before + side * lastQty);
        sides.set(tradeId, (sides.get(tradeId) ?? 0) + side * lastQty);
      },
    },
    options,
  );
  for (const step of steps) {
    if (step.do === 'wait') nowUs += step.us;
    const id = 'pick' in step ? `o${sent - step.pick}` : '';
    const owner =
      1 + ((sent - (step.do === 'cancel' || step.do === 'replace' ? step.pick : 0)) % 4);
    if (step.do === 'send') {
      sent += 1;
      market.submit(
        { ...mirrored(step.input, mirror), participant: 1 + (sent % 4), clOrdId: `o${sent}` },
        nowUs,
      );
    } else if (step.do === 'cancel') market.cancel(owner, id, nowUs);
    else if (step.do === 'replace') {
      const { qty, limitTicks } = step;
      const change = {
        ...(qty === undefined ? {} : { qty }),
        ...(limitTicks === undefined ? {} : { limitTicks: mirror * limitTicks }),
      };
      market.replace(owner, id, change, nowUs);
    } else if (step.do === 'limits') {
      [low, high] = [step.low, step.high];
      market.setLimits(low, high, nowUs);
    } else if (step.do === 'phase') market.setPhase(step.phase, nowUs);
    else market.advance(nowUs);
    const [bid, ask] = [market.book.bestTicks(1), market.book.bestTicks(-1)];
    // What rests is within the limits of the day, on both sides.
    if (!Number.isNaN(bid)) expect(bid).toBeLessThanOrEqual(high);
    if (!Number.isNaN(ask)) expect(ask).toBeGreaterThanOrEqual(low);
    if (market.phase === 'open') {
      if (!Number.isNaN(bid) && !Number.isNaN(ask)) expect(bid).toBeLessThan(ask);
    }
    for (const [participant, netQty] of net) expect(market.positionOf(participant)).toBe(netQty);
  }
  // Both sides of every trade, and so of the whole market, cancel out.
  for (const sum of sides.values()) expect(sum).toBe(0);
  return lines;
}

function mirrored(
  order: Omit<MarketOrderInput, 'clOrdId'>,
  mirror: 1 | -1,
): Omit<MarketOrderInput, 'clOrdId'> {
  if (mirror === 1) return order;
  return {
    ...order,
    side: -order.side as Side,
    ...(order.limitTicks === undefined ? {} : { limitTicks: -order.limitTicks }),
    ...(order.stopTicks === undefined ? {} : { stopTicks: -order.stopTicks }),
  };
}

const VENUES: readonly MarketOptions[] = [
  {},
  { allocation: PRO_RATA },
  { queueClosed: true, queueMarket: true, protectFrom: 'quote', stopProtectionTicks: 2 },
  { breaker: { variantTicks: 2, lookBackUs: 1e6, reservedUs: 200_000 }, queueMarket: true },
];

describe('a market of many participants', () => {
  test.prop([fc.array(any, { minLength: 5, maxLength: 80 }), fc.constantFrom(...VENUES)], {
    numRuns: 300,
  })('keeps its invariants after every command, and says the same twice', (steps, options) => {
    expect(run(steps, options)).toEqual(run(steps, options));
  });
  test.prop([fc.array(limited, { minLength: 5, maxLength: 80 }), fc.constantFrom(...VENUES)], {
    numRuns: 200,
  })(
    'never trades beyond the limits of the day, whatever elects, opens or holds',
    (steps, options) => {
      run(steps, options);
    },
  );
  const calm = fc.array(quiet as fc.Arbitrary<Step>, { minLength: 5, maxLength: 80 });
  test.prop([calm, fc.constantFrom(...VENUES)], {
    numRuns: 200,
  })('is the same market upside down', (steps, options) => {
    expect(run(steps, options, -1)).toEqual(run(steps, options));
  });
  it('and those worlds do trade and elect', () => {
    const worlds = fc.sample(fc.array(any, { minLength: 60, maxLength: 80 }), {
      numRuns: 20,
      seed: 5,
    });
    const lines = worlds.flatMap((steps) => run(steps, {}));
    expect(lines.filter((line) => line.startsWith('Fill')).length).toBeGreaterThan(200);
    expect(lines.filter((line) => line.startsWith('Triggered')).length).toBeGreaterThan(20);
  });
});
