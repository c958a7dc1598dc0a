/** The simulated world itself: it is the same from the same seed, and it notices what is wrong. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { ExecutionReport } from '../../../src/core/execution.ts';
import { OrderManager } from '../../../src/engine/order-manager.ts';
import { createRandom } from '../../../src/engine/rng.ts';
import { EngineAccount } from '../../../scripts/simulated-account.ts';
import type { AccountSetup, SimulatedAccount } from '../../../src/sim/simulation/account-port.ts';
import { Agenda, Phase } from '../../../src/sim/simulation/agenda.ts';
import { Chance } from '../../../src/sim/simulation/chance.ts';
import { GroupChecks } from '../../../src/sim/simulation/group-checks.ts';
import { Ledger } from '../../../src/sim/simulation/ledger.ts';
import { Line } from '../../../src/sim/simulation/line.ts';
import { MarketChecks } from '../../../src/sim/simulation/market-checks.ts';
import type { OrderStore, WorldResult } from '../../../src/sim/simulation/world-types.ts';
import { InvariantBroken } from '../../../src/sim/simulation/world-types.ts';
import { World } from '../../../src/sim/simulation/world.ts';
import type { MarketReport } from '../../../src/sim/exchange/market-order.ts';
import { MarketOrder } from '../../../src/sim/exchange/market-order.ts';
import { bracketOf } from '../../../src/sim/groups/group-input.ts';
import type { ContractMarket } from '../../../src/sim/exchange/contract-market.ts';

const SEEDS = Number(process.env['FRONTMONTH_WORLDS'] ?? 4);

function run(
  seed: number,
  hours: number,
  makeOrders: () => OrderStore = () => new OrderManager(),
  trace?: (line: string) => void,
): WorldResult {
  const more = trace === undefined ? {} : { trace };
  const random = createRandom(seed);
  const makeAccount = (setup: AccountSetup): SimulatedAccount => new EngineAccount(setup);
  return new World({ seed, hours, random, makeOrders, makeAccount, ...more }).run();
}

function brokenBy(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof InvariantBroken) return error.invariant;
    throw error;
  }
  return 'nothing';
}

describe('a simulated world', () => {
  it('comes to the same hash from the same seed, with a trace or without, and to another from another', () => {
    const first = run(3, 1);
    const lines: string[] = [];
    const traced = run(3, 1, undefined, (line) => lines.push(line));
    expect(traced).toEqual(first);
    expect(lines.length).toBeGreaterThan(500);
    expect(run(4, 1).hash).not.toBe(first.hash);
  });

  it('keeps every invariant, and does what a market place does', () => {
    const results = Array.from({ length: SEEDS }, (_, k) => run(100 + k, 2));
    const sum = (of: (result: WorldResult) => number): number =>
      results.reduce((total, result) => total + of(result), 0);
    for (const count of [
      'trades',
      'groups',
      'clientFills',
      'accountFills',
      'denied',
      'auctions',
      'halts',
      'breakers',
      'settlements',
      'exchangeRestarts',
      'clientRestarts',
      'neverArrived',
      'lost',
      'repeated',
      'late',
    ] as const)
      expect(
        sum(({ counts }) => counts[count]),
        count,
      ).toBeGreaterThan(0);
  });

  it('notices an order manager that forgets one fill in a hundred', () => {
    let fills = 0;
    class Forgetful extends OrderManager {
      override applyReport(report: ExecutionReport): ReturnType<OrderManager['applyReport']> {
        if (report.kind === 'Fill') fills += 1;
        return report.kind === 'Fill' && fills % 100 === 0 ? null : super.applyReport(report);
      }
    }
    expect(brokenBy(() => run(5, 4, () => new Forgetful()))).toMatch(/client/);
  });
});

describe('the checks of a market', () => {
  const order = (more: Partial<MarketOrder['input']>): MarketOrder =>
    new MarketOrder(
      { participant: 1, clOrdId: 'a', side: 1, type: 'limit', qty: 5, limitTicks: 10, ...more },
      1,
      0,
    );
  const report = (kind: string, of: MarketOrder, more: object = {}): MarketReport => {
    const { participant, clOrdId } = of.input;
    const none = { reason: '', lastQty: 0, lastPriceTicks: NaN, tradeId: 0, tsUs: 0 };
    return { kind, participant, clOrdId, order: of, isAggressor: false, ...none, ...more } as never;
  };
  const fill = (of: MarketOrder, qty: number, price: number, more: object = {}): MarketReport => {
    of.cumQty += qty;
    return report('Fill', of, { lastQty: qty, lastPriceTicks: price, tradeId: 1, ...more });
  };
  const heard = (of: MarketOrder, act: (checks: MarketChecks) => void): string =>
    brokenBy(() => {
      const checks = new MarketChecks(true);
      checks.onReport(report('Accepted', of), 'open');
      act(checks);
    });

  it.each([
    ['a fill within the limit', {}, 1, 10, {}, 'open', 'nothing'],
    ['a fill beyond it', {}, 1, 11, {}, 'open', 'a limit is never passed'],
    ['a fill in a halt', {}, 1, 10, {}, 'halted', 'nothing trades unless the market is open'],
    [
      'a reduce-only fill without a position',
      { reduceOnly: true },
      1,
      10,
      {},
      'open',
      'reduce-only never opens or enlarges a position',
    ],
    [
      'a fill after the expiry',
      { timeInForce: 'gtd', expireUs: 50 },
      1,
      10,
      { tsUs: 51 },
      'open',
      'nothing is filled after its expiry',
    ],
    [
      'a fill at the very moment of the expiry',
      { timeInForce: 'gtd', expireUs: 50 },
      1,
      10,
      { tsUs: 50 },
      'open',
      'nothing',
    ],
    [
      'a stop that was not elected',
      { type: 'stop-limit', stopTicks: 9 },
      1,
      10,
      {},
      'open',
      'a stop trades after it was elected',
    ],
    ['more than was ordered', {}, 6, 10, {}, 'open', 'no more is filled than was ordered'],
    [
      'a trade out of sequence',
      {},
      1,
      10,
      { tradeId: 2 },
      'open',
      'trades are numbered without a gap',
    ],
  ] as const)('%s', (_name, input, qty, price, more, phase, expected) => {
    const each = order(input);
    expect(heard(each, (checks) => checks.onReport(fill(each, qty, price, more), phase))).toBe(
      expected,
    );
  });

  it('a report after the end', () => {
    const each = order({});
    const broken = heard(each, (checks) => {
      each.place = 'done';
      checks.onReport(report('Canceled', each), 'open');
      checks.onReport(report('Canceled', each), 'open');
    });
    expect(broken).toBe('a terminal order is silent for ever');
  });

  it('a fill-or-kill that is filled in part', () => {
    const each = order({ timeInForce: 'fok' });
    const broken = heard(each, (checks) => {
      checks.onReport(fill(each, 2, 10), 'open');
      each.place = 'done';
      checks.onReport(report('Expired', each), 'open');
    });
    expect(broken).toBe('a fill-or-kill trades whole or not at all');
  });
});

describe('the checks of groups', () => {
  const bracket = bracketOf({
    groupId: 'g',
    entry: { participant: 1, clOrdId: 'e', side: 1, type: 'limit', qty: 4, limitTicks: 10 },
    stop: { clOrdId: 's', stopTicks: 5 },
    targets: [{ clOrdId: 't', limitTicks: 15 }],
  });
  const orders = bracket.legs.map(({ order }, k) => new MarketOrder(order, k + 1, 0));
  const [entry, target, stop] = orders as [MarketOrder, MarketOrder, MarketOrder];
  const market = (netQty: number, stopPlace: MarketOrder['place']): ContractMarket => {
    stop.place = stopPlace;
    return {
      positionOf: () => netQty,
      orderOf: (_participant: number, id: string) =>
        orders.find((each) => each.input.clOrdId === id) ?? null,
    } as never;
  };
  const fillOf = (order: MarketOrder, lastQty: number): MarketReport =>
    ({
      kind: 'Fill',
      participant: 1,
      clOrdId: order.input.clOrdId,
      order,
      lastQty,
      reason: '',
    }) as never;

  it('a stop behind every contract of the entry', () => {
    const checks = new GroupChecks();
    checks.open(bracket);
    checks.onReport(fillOf(entry, 4));
    expect(brokenBy(() => checks.after(market(4, 'trigger')))).toBe('nothing');
  });
  it('an entry whose stop is still held', () => {
    const checks = new GroupChecks();
    checks.open(bracket);
    checks.onReport(fillOf(entry, 4));
    expect(brokenBy(() => checks.after(market(4, 'held')))).toMatch(/never unprotected/);
  });
  it('an entry whose position something else has closed', () => {
    const other = new MarketOrder({ ...bracket.legs[0]!.order, clOrdId: 'o', side: -1 }, 9, 0);
    const again = new MarketOrder({ ...bracket.legs[0]!.order, clOrdId: 'p' }, 10, 0);
    const held = (...more: readonly MarketReport[]): string => {
      const checks = new GroupChecks();
      checks.open(bracket);
      for (const report of [fillOf(entry, 4), ...more]) checks.onReport(report);
      // The market says how the stop stands, and the group is looked at anew.
      checks.onReport({ ...fillOf(target, 0), kind: 'Replaced', reason: 'ouo-peer' });
      return brokenBy(() => checks.after(market(4, 'held')));
    };
    expect(held(fillOf(other, 4), fillOf(again, 4))).toBe('nothing');
    expect(held(fillOf(other, 3), fillOf(again, 3))).toMatch(/never unprotected/);
  });
  it('exits that trade more than their entry', () => {
    const checks = new GroupChecks();
    checks.open(bracket);
    checks.onReport(fillOf(entry, 2));
    checks.onReport(fillOf(target, 2));
    checks.onReport(fillOf(stop, 1));
    expect(brokenBy(() => checks.after(market(-1, 'trigger')))).toMatch(/one leg’s worth/);
  });
});

describe('the ledger', () => {
  it('agrees with itself to the last millionth when every fill has two sides', () => {
    const ledger = new Ledger(1_000_001, 333_333);
    ledger.fill(1, 1, 3, -7);
    ledger.fill(2, -1, 3, -7);
    ledger.settle(4, false);
    ledger.fill(2, 1, 5, 9);
    ledger.fill(1, -1, 5, 9);
    expect(brokenBy(() => ledger.settle(-2, true))).toBe('nothing');
    expect(ledger.netOf(1)).toBe(0);
  });
  it('notices a fill without its other side', () => {
    const ledger = new Ledger(1_000_000, 0);
    ledger.fill(1, 1, 1, 5);
    expect(brokenBy(() => ledger.settle(5, false))).toBe('for every contract bought one was sold');
  });
});

describe('a line', () => {
  const faults = fc.record({
    lostOneIn: fc.constantFrom(2, 5, 1000),
    twiceOneIn: fc.constantFrom(2, 5, 1000),
    lateOneIn: fc.constantFrom(2, 5, 1000),
  });
  test.prop([fc.nat(), faults, fc.array(fc.nat(3_000_000), { maxLength: 60 }), fc.nat(59)], {
    numRuns: 100,
  })(
    'delivers every message once and in order, whatever the network does',
    (seed, how, gaps, cutAt) => {
      const agenda = new Agenda();
      const got: number[] = [];
      const counts = { sent: 0, lost: 0, repeated: 0, late: 0, resent: 0 };
      const line = new Line<number>(
        agenda,
        new Chance(createRandom(seed), 1, 1),
        Phase.arrival,
        { ...how, latencyUs: [10, 5000], lateUs: 1_000_000 },
        counts,
        (message) => got.push(message),
      );
      let at = 0;
      gaps.forEach((gap, k) => {
        at += gap;
        agenda.at(at, Phase.deliver, () => {
          line.send(k);
          if (k !== cutAt) return;
          line.cut();
          agenda.at(agenda.nowUs + 2_000_000, Phase.deliver, () => line.mendAndResend());
        });
      });
      while (agenda.next(Infinity));
      expect(got).toEqual(gaps.map((_, k) => k));
      expect(line.isQuiet).toBe(true);
    },
  );

  it('tells which messages never arrived when the sender gives them up', () => {
    const agenda = new Agenda();
    const got: string[] = [];
    const counts = { sent: 0, lost: 0, repeated: 0, late: 0, resent: 0 };
    const how = { latencyUs: [10, 10], lostOneIn: 1e9, twiceOneIn: 1e9, lateOneIn: 1e9, lateUs: 1 };
    const line = new Line<string>(
      agenda,
      new Chance(createRandom(1), 1, 1),
      Phase.arrival,
      how as never,
      counts,
      (message) => got.push(message),
    );
    line.send('a');
    while (agenda.next(Infinity));
    line.send('b');
    line.cut();
    while (agenda.next(Infinity));
    expect(line.mendAndForget()).toEqual(['b']);
    line.send('c');
    while (agenda.next(Infinity));
    expect(got).toEqual(['a', 'c']);
  });
});

describe('the agenda', () => {
  test.prop([fc.array(fc.tuple(fc.nat(20), fc.constantFrom(0, 2, 4, 5)), { maxLength: 60 })])(
    'does things by time, phase and the order in which they came',
    (all) => {
      const agenda = new Agenda();
      const done: number[] = [];
      all.forEach(([at, phase], k) => agenda.at(at, phase as Phase, () => done.push(k)));
      while (agenda.next(Infinity));
      const expected = all
        .map(([at, phase], k) => ({ at, phase, k }))
        .sort((a, b) => a.at - b.at || a.phase - b.phase || a.k - b.k)
        .map(({ k }) => k);
      expect(done).toEqual(expected);
    },
  );
});
