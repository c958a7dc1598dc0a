/**
 * Brackets and pairs in random worlds of many participants: every leg is compared with a twin that goes through the list
 * of executions, and what a group promises is looked at after every command. `FRONTMONTH_GROUP_RUNS` makes it longer.
 */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { Side } from '../../../src/core/order.ts';
import { PRO_RATA } from '../../../src/sim/book/allocation.ts';
import type { MarketOptions } from '../../../src/sim/exchange/contract-market.ts';
import { ContractMarket } from '../../../src/sim/exchange/contract-market.ts';
import type { MarketOrderInput, MarketPhase } from '../../../src/sim/exchange/market-order.ts';
import { bracketOf, ocoOf } from '../../../src/sim/groups/group-input.ts';
import type { BracketEvent, BracketShape } from '../../support/naive-group.ts';
import { bracketAfter } from '../../support/naive-group.ts';

const numRuns = Number(process.env['FRONTMONTH_GROUP_RUNS'] ?? 60);

interface BracketStep {
  readonly do: 'bracket';
  readonly side: Side;
  readonly at: number;
  readonly stopOff: number;
  readonly targets: readonly { readonly qty: number; readonly off: number }[];
  readonly peers: 'oco' | 'ouo';
  readonly release: 'partial' | 'full';
  readonly isMarket: boolean;
  readonly tif: 'day' | 'gtc' | 'ioc';
  readonly messageUs?: number;
  readonly reduceOnly?: boolean;
}
type Step =
  | BracketStep
  | {
      readonly do: 'pair';
      readonly side: Side;
      readonly qty: number;
      readonly at: number;
      readonly gap: number;
      readonly kind: 'limits' | 'straddle';
    }
  | {
      readonly do: 'send';
      readonly side: Side;
      readonly qty: number;
      readonly at: number;
      readonly tif: 'day' | 'ioc';
    }
  | { readonly do: 'cancel'; readonly pick: number }
  | { readonly do: 'phase'; readonly phase: MarketPhase };

const side = fc.constantFrom<Side>(1, -1);
const tick = fc.integer({ min: -8, max: 8 });
const qty = fc.integer({ min: 1, max: 6 });
const bracket: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('bracket' as const),
  side,
  at: tick,
  stopOff: fc.integer({ min: 1, max: 6 }),
  targets: fc.array(fc.record({ qty, off: fc.integer({ min: 1, max: 6 }) }), {
    minLength: 1,
    maxLength: 3,
  }),
  peers: fc.constantFrom<'oco' | 'ouo'>('ouo', 'ouo', 'oco'),
  release: fc.constantFrom<'partial' | 'full'>('partial', 'partial', 'full'),
  isMarket: fc.boolean(),
  tif: fc.constantFrom<'day' | 'gtc' | 'ioc'>('day', 'gtc', 'ioc'),
});
const pair: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('pair' as const),
  side,
  qty,
  at: tick,
  gap: fc.integer({ min: 0, max: 4 }),
  kind: fc.constantFrom<'limits' | 'straddle'>('limits', 'straddle'),
});
const send: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('send' as const),
  side,
  qty: fc.integer({ min: 1, max: 9 }),
  at: tick,
  tif: fc.constantFrom<'day' | 'ioc'>('day', 'ioc'),
});
const cancel: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('cancel' as const),
  pick: fc.nat(40),
});
const phase: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('phase' as const),
  phase: fc.constantFrom<MarketPhase>('halted', 'open', 'open', 'pre-open', 'open'),
});
const quiet = [
  { weight: 4, arbitrary: bracket },
  { weight: 2, arbitrary: pair },
  { weight: 12, arbitrary: send },
];
const steps = fc.array(
  fc.oneof(...quiet, { weight: 1, arbitrary: cancel }, { weight: 1, arbitrary: phase }),
  {
    minLength: 10,
    maxLength: 90,
  },
);
const untouched = fc.array(fc.oneof(...quiet), { minLength: 10, maxLength: 90 });

/** A market with as much as anybody can want far above and far below, so that no stop runs out of somebody to trade with. */
class World {
  readonly lines: string[] = [];
  readonly market: ContractMarket;
  readonly mirror: 1 | -1;
  readonly flags: string[] = [];
  readonly brackets: {
    readonly shape: BracketShape;
    readonly ids: readonly string[];
    readonly side: Side;
    readonly participant: number;
    readonly events: BracketEvent[];
  }[] = [];
  readonly pairs: (readonly [number, string, string])[] = [];
  readonly ids: [number, string][] = [];
  sent = 0;
  nowUs = 0;
  /** Most contracts that a bracket's exits traded beyond its entry, and the most that was told. */
  readonly excess = new Map<string, number>();
  readonly toldExcess = new Map<string, number>();

  constructor(options: MarketOptions, mirror: 1 | -1) {
    this.mirror = mirror;
    this.market = new ContractMarket(
      {
        onReport: ({ kind, participant, clOrdId, reason, lastQty, lastPriceTicks, order }) => {
          const price = mirror * lastPriceTicks + 0;
          this.lines.push(`${kind} ${clOrdId} ${reason} ${lastQty} ${price}`);
          const own = this.brackets.find(
            (each) => each.participant === participant && each.ids.includes(clOrdId),
          );
          if (own === undefined || order === null) return;
          const leg = own.ids.indexOf(clOrdId);
          if (kind === 'Fill') {
            own.events.push({ leg, kind: 'fill', qty: lastQty });
            this.noteExcess(own.participant, own.ids);
          }
          const isByGroup = ['oco-peer', 'parent-ended', 'child-failed'].includes(reason);
          const isEnd = kind === 'Canceled' || kind === 'Expired' || kind === 'Rejected';
          if (isEnd && !isByGroup) own.events.push({ leg, kind: 'end', qty: 0 });
        },
        onGroup: ({ kind, groupId, qty: contracts }) => {
          if (kind === 'oco-overfill')
            this.toldExcess.set(
              `${groupId}e`,
              Math.max(contracts, this.toldExcess.get(`${groupId}e`) ?? 0),
            );
          if (kind !== 'accepted' && kind !== 'ended' && kind !== 'rejected')
            this.flags.push(`${kind} ${groupId} ${contracts}`);
        },
      },
      options,
    );
    this.limit(99, 1, 1_000_000, -50, 'gtc');
    this.limit(99, -1, 1_000_000, 50, 'gtc');
  }

  limit(
    participant: number,
    side_: Side,
    qty_: number,
    at: number,
    timeInForce: 'day' | 'gtc' | 'ioc',
  ): void {
    this.sent += 1;
    const clOrdId = `o${this.sent}`;
    this.ids.push([participant, clOrdId]);
    this.market.submit(
      {
        participant,
        clOrdId,
        side: (side_ * this.mirror) as Side,
        type: 'limit',
        qty: qty_,
        limitTicks: at * this.mirror + 0,
        timeInForce,
      },
      this.nowUs,
    );
  }

  noteExcess(participant: number, ids: readonly string[]): void {
    const cums = ids.map((id) => this.market.orderOf(participant, id)!.cumQty);
    const excess = cums.slice(1).reduce((sum, cum) => sum + cum, 0) - cums[0]!;
    if (excess > (this.excess.get(ids[0]!) ?? 0)) this.excess.set(ids[0]!, excess);
  }

  run(step: Step): void {
    const { mirror, market } = this;
    this.sent += 1;
    const groupId = `g${this.sent}`;
    switch (step.do) {
      case 'send':
        this.limit(50 + (this.sent % 3), step.side, step.qty, step.at, step.tif);
        return;
      case 'cancel': {
        const [who, id] = this.ids[step.pick % this.ids.length]!;
        if (who !== 99) market.cancel(who, id, this.nowUs);
        return;
      }
      case 'phase':
        market.setPhase(step.phase, this.nowUs);
        return;
      case 'pair': {
        const participant = 1000 + this.sent;
        const [a, b] = [`${groupId}a`, `${groupId}b`];
        const common = { participant, qty: step.qty, timeInForce: 'gtc' } as const;
        const own = (step.side * mirror) as Side;
        const orders: MarketOrderInput[] =
          step.kind === 'limits'
            ? [step.at, step.at + step.gap * step.side].map((at, k) => ({
                ...common,
                clOrdId: k === 0 ? a : b,
                side: own,
                type: 'limit',
                limitTicks: at * mirror + 0,
              }))
            : [
                {
                  ...common,
                  clOrdId: a,
                  side: own,
                  type: 'stop',
                  stopTicks: (step.at + step.side * (1 + step.gap)) * mirror,
                },
                {
                  ...common,
                  clOrdId: b,
                  side: -own as Side,
                  type: 'stop',
                  stopTicks: (step.at - step.side * (1 + step.gap)) * mirror,
                },
              ];
        if (!market.submitGroup(ocoOf(groupId, orders), this.nowUs).isAccepted) return;
        this.pairs.push([participant, a, b]);
        this.ids.push([participant, a], [participant, b]);
        return;
      }
      case 'bracket':
        this.bracket(step, groupId);
    }
  }

  bracket(step: BracketStep, groupId: string): void {
    const { mirror, market } = this;
    // A participant of its own: nobody else closes its position.
    const participant = 1000 + this.sent;
    const own = (step.side * mirror) as Side;
    const entryQty = step.targets.reduce((sum, target) => sum + target.qty, 0);
    const base = step.isMarket ? market.lastTicks * mirror : step.at;
    if (Number.isNaN(base)) return;
    const priced = step.isMarket
      ? { type: 'market' as const }
      : { type: 'limit' as const, limitTicks: step.at * mirror + 0 };
    const ids = [`${groupId}e`, ...step.targets.map((_, k) => `${groupId}t${k}`), `${groupId}s`];
    const own_ = step.reduceOnly === undefined ? {} : { reduceOnly: step.reduceOnly };
    const group = bracketOf({
      groupId,
      entry: {
        participant,
        clOrdId: ids[0]!,
        side: own,
        qty: entryQty,
        timeInForce: step.tif,
        ...priced,
      },
      stop: {
        ...own_,
        clOrdId: ids.at(-1)!,
        stopTicks: (base - step.side * step.stopOff) * mirror,
      },
      targets: step.targets.map((target, k) => ({
        ...own_,
        clOrdId: ids[k + 1]!,
        qty: target.qty,
        limitTicks: (base + step.side * target.off) * mirror,
      })),
      peers: step.peers,
      release: step.release,
      ...(step.messageUs === undefined ? {} : { messageUs: step.messageUs }),
    });
    const shape = {
      entryQty,
      targetQtys: step.targets.map((target) => target.qty),
      peers: step.peers,
      release: step.release,
    };
    const record = { shape, ids, side: own, participant, events: [] };
    this.brackets.push(record);
    if (market.submitGroup(group, this.nowUs).isAccepted)
      for (const id of ids) this.ids.push([participant, id]);
    else this.brackets.pop();
  }

  /** Every leg as its twin has it; no position without its stop; never more than one leg of a pair. */
  check(isTouched: boolean): void {
    for (const { shape, ids, participant, events, side: own } of this.brackets) {
      const orders = ids.map((id) => this.market.orderOf(participant, id)!);
      const seen = orders.map((order) => ({
        isOpen: order.place !== 'done',
        qty: order.qty,
        cum: order.cumQty,
        workQty: Math.max(0, Math.min(order.leavesQty, order.releasedQty - order.cumQty)),
      }));
      // Of an order that is gone only its fills are left to compare.
      const told = (leg: (typeof seen)[number]): unknown =>
        leg.isOpen ? leg : { isOpen: false, cum: leg.cum };
      expect(seen.map(told)).toEqual(bracketAfter(shape, events).map(told));
      const held = own * this.market.positionOf(participant) + 0;
      expect(held).toBe(
        orders[0]!.cumQty - orders.slice(1).reduce((sum, order) => sum + order.cumQty, 0),
      );
      expect(held).toBeGreaterThanOrEqual(0);
      if (shape.peers === 'ouo' && shape.release === 'partial' && !isTouched)
        expect(seen.at(-1)!.workQty).toBe(held);
      if (shape.peers === 'oco')
        expect(orders.slice(1).filter((order) => order.cumQty > 0).length).toBeLessThanOrEqual(1);
    }
    for (const [participant, a, b] of this.pairs) {
      const [first, second] = [a, b].map((id) => this.market.orderOf(participant, id)!.cumQty);
      expect(Math.min(first!, second!)).toBe(0);
    }
    expect(this.flags.filter((flag) => flag.startsWith('oco-overfill'))).toEqual([]);
  }
}

function run(
  list: readonly Step[],
  isTouched: boolean,
  options: MarketOptions = {},
  mirror: 1 | -1 = 1,
): World {
  const world = new World(options, mirror);
  for (const step of list) {
    world.run(step);
    world.check(isTouched);
  }
  return world;
}

describe('groups that an exchange holds', () => {
  test.prop([steps, fc.boolean()], { numRuns })(
    'keep every leg as the list of executions says, in auctions and shared levels too',
    (list, isProRata) => {
      run(list, true, isProRata ? { allocation: PRO_RATA } : {});
    },
  );
  test.prop([untouched], { numRuns })(
    'never leave a position of a live bracket without its stop, and are the same upside down',
    (list) => {
      const world = run(list, false);
      const other = run(list, false, {}, -1);
      expect(other.lines).toEqual(world.lines);
      expect(other.flags).toEqual(world.flags);
      const loud = world.brackets.filter(
        ({ shape }) => shape.peers === 'oco' || shape.release === 'full',
      );
      for (const flag of world.flags)
        expect(loud.some(({ ids }) => ids[0] === `${flag.split(' ')[1]!}e`)).toBe(true);
    },
  );
  test.prop(
    [
      fc.array(
        fc.oneof(
          {
            weight: 4,
            arbitrary: fc
              .tuple(bracket, fc.integer({ min: 0, max: 40 }), fc.boolean())
              .map(([step, messageUs, reduceOnly]): Step =>
                step.do === 'bracket' ? { ...step, messageUs, reduceOnly } : step,
              ),
          },
          { weight: 12, arbitrary: send },
        ),
        { minLength: 10, maxLength: 90 },
      ),
    ],
    { numRuns },
  )(
    'where a broker holds them, tell every contract too many, and reduce-only allows none',
    (list) => {
      const world = new World({}, 1);
      const reducing = new Set<string>();
      list.forEach((step, k) => {
        world.nowUs += (k * 7) % 23;
        const before = world.brackets.length;
        world.run(step);
        if (step.do === 'bracket' && step.reduceOnly === true && world.brackets.length > before)
          reducing.add(world.brackets.at(-1)!.ids[0]!);
        for (const { ids, participant, side: own } of world.brackets)
          if (reducing.has(ids[0]!))
            expect(own * world.market.positionOf(participant)).toBeGreaterThanOrEqual(0);
      });
      expect(world.toldExcess).toEqual(world.excess);
      for (const id of reducing) expect(world.excess.has(id)).toBe(false);
      // When every message has arrived, nothing is left of a bracket that is through.
      world.market.advance(world.nowUs + 100);
      expect(world.market.messages()).toEqual([]);
      for (const { ids, participant } of world.brackets) {
        const orders = ids.map((id) => world.market.orderOf(participant, id)!);
        const sold = orders.slice(1).reduce((sum, order) => sum + order.cumQty, 0);
        if (orders[0]!.place === 'done' && sold >= orders[0]!.cumQty)
          expect(orders.filter((order) => order.place !== 'done')).toEqual([]);
      }
    },
  );
  it('and those worlds do fill, release, shrink and stop', () => {
    const lines = fc
      .sample(untouched, { numRuns: 40, seed: 3 })
      .flatMap((list) => run(list, false).lines);
    const count = (start: string, part = ''): number =>
      lines.filter((line) => line.startsWith(start) && line.includes(part)).length;
    expect(count('Fill', 's ')).toBeGreaterThan(30);
    expect(count('Fill', 't0 ')).toBeGreaterThan(30);
    expect(count('Released')).toBeGreaterThan(200);
    expect(count('Replaced', 'ouo-peer')).toBeGreaterThan(30);
    expect(count('Triggered', 's ')).toBeGreaterThan(20);
  });
});
