/** Accounts with the engine's order path in a simulated world, and the checks that the world makes on them. */
import { describe, expect, it } from 'vitest';
import { EngineAccount } from '../../../scripts/simulated-account.ts';
import type { ExecutionReport } from '../../../src/core/execution.ts';
import { OrderManager } from '../../../src/engine/order-manager.ts';
import { createRandom } from '../../../src/engine/rng.ts';
import type { MarketOrderInput } from '../../../src/sim/exchange/market-order.ts';
import { AccountChecks } from '../../../src/sim/simulation/account-checks.ts';
import type {
  AccountLimits,
  AccountSetup,
  SimulatedAccount,
  Told,
} from '../../../src/sim/simulation/account-port.ts';
import { Chance } from '../../../src/sim/simulation/chance.ts';
import type { Request } from '../../../src/sim/simulation/desk.ts';
import type { MarketSpec, WorldResult } from '../../../src/sim/simulation/world-types.ts';
import { InvariantBroken } from '../../../src/sim/simulation/world-types.ts';
import { World } from '../../../src/sim/simulation/world.ts';

function brokenBy(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof InvariantBroken) return error.invariant;
    throw error;
  }
  return 'nothing';
}

describe('accounts in a world', () => {
  const withAccount = (
    seed: number,
    make: (setup: AccountSetup) => SimulatedAccount,
  ): WorldResult =>
    new World({
      seed,
      hours: 2,
      rate: 120,
      random: createRandom(seed),
      makeOrders: () => new OrderManager(),
      makeAccount: make,
    }).run();

  it('meet margin calls, deliveries and programmes, and what they close only shrinks', () => {
    const results = [1, 4, 6, 9].map((seed) =>
      withAccount(seed, (setup) => new EngineAccount(setup)),
    );
    for (const key of ['liquidations', 'forcedFlats', 'programmeFlats', 'denied'] as const)
      expect(
        results.reduce((sum, { counts }) => sum + counts[key], 0),
        key,
      ).toBeGreaterThan(0);
  });

  it('are noticed where their fees are a millionth off', () => {
    class Off extends EngineAccount {
      override feesMicros(): number {
        return super.feesMicros() + (super.feesMicros() > 0 ? 1 : 0);
      }
      override equityMicros(): number {
        return super.equityMicros() + 1;
      }
    }
    expect(brokenBy(() => withAccount(2, (setup) => new Off(setup)))).toMatch(/fees|equity/);
  });

  it('are noticed where a limit is looser than the account believes', () => {
    const loose = (setup: AccountSetup): SimulatedAccount => {
      const account = new EngineAccount(setup);
      // The gate goes on with the limits that it was given; the world believes in tighter ones.
      return new Proxy(account, {
        get: (of, key) => {
          if (key === 'limits') return { ...of.limits, orderQtyMax: 1 };
          const value: unknown = Reflect.get(of, key, of);
          return typeof value === 'function' ? value.bind(of) : value;
        },
      });
    };
    expect(brokenBy(() => withAccount(2, loose))).toBe('no order is larger than allowed');
  });
});

describe('an account that must be flat while its connection is gone', () => {
  const DAY_US = 1_800_000_000;
  const CONTRACT = 1;
  const [AT_WORK, LATE] = [0.5 * DAY_US, 0.93 * DAY_US];
  interface Sent {
    readonly account: EngineAccount;
    readonly requests: Request[];
  }

  const accountOf = (seed: number): Sent => {
    const requests: Request[] = [];
    const market = { name: 'A', tickMicros: 12_500_000, feeMicros: 0 } as unknown as MarketSpec;
    const account = new EngineAccount({
      participant: 10_000,
      markets: [market],
      contracts: [{ market: 0, contractIndex: CONTRACT, lastDay: 5 }],
      days: 3,
      dayUs: DAY_US,
      chance: new Chance(createRandom(seed), 8, seed),
      send: (request) => requests.push(request),
    });
    const nowUs = AT_WORK;
    account.hear({ kind: 'phase', contractIndex: CONTRACT, phase: 'open' }, nowUs);
    account.price(CONTRACT, 1000, nowUs);
    for (let turn = 0; turn < 20 && !requests.some(isSingle); turn += 1)
      account.turn([{ contractIndex: CONTRACT, lastTicks: 1000 }], nowUs + turn);
    return { account, requests };
  };
  const isSingle = (request: Request): boolean => request.kind === 'new';
  const report = (input: MarketOrderInput, kind: ExecutionReport['kind'], more = {}): Told => ({
    kind: 'report',
    report: {
      kind,
      clOrdId: input.clOrdId,
      orderId: input.clOrdId,
      contractIndex: CONTRACT,
      tsUs: AT_WORK + 100,
      orderQty: input.qty,
      working: 'live',
      ...more,
    } as unknown as ExecutionReport,
  });
  /** Accounts whose programme has a moment to be flat, each with one order at work. */
  const accounts = (): (Sent & { readonly input: MarketOrderInput })[] =>
    Array.from({ length: 60 }, (_, seed) => accountOf(seed)).flatMap((sent, seed) => {
      const probe = accountOf(seed).account;
      probe.lose(LATE);
      const single = sent.requests.find(isSingle);
      if (probe.flatReason(0) === null || single?.kind !== 'new') return [];
      return [{ ...sent, input: single.input }];
    });

  it('sends what the programme asks for at the moment of the loss, and knows it as lost', () => {
    const all = accounts();
    expect(all.length).toBeGreaterThan(3);
    for (const { account, requests, input } of all) {
      const execution = { lastQty: input.qty, lastPriceTicks: 1000, feeMicros: 0 };
      const fill = { execId: 'x1', commissionMicros: 0, ...execution };
      account.hear(report(input, 'Fill', { fill, working: 'none' }), AT_WORK + 100);
      const before = requests.length;
      account.lose(LATE);
      const left = requests.slice(before).filter((request) => request.kind === 'new');
      expect(left.map((request) => request.input.reduceOnly)).toEqual([true]);
      expect(account.openIds()).toContain(left[0]!.input.clOrdId);
    }
  });

  it('cancels what it was unsure of as soon as it knows it again, and not before', () => {
    for (const { account, requests, input } of accounts()) {
      account.hear(report(input, 'Accepted'), AT_WORK + 100);
      account.lose(AT_WORK + 200);
      account.hear({ kind: 'phase', contractIndex: CONTRACT, phase: 'open' }, LATE);
      const cancels = (): readonly Request[] =>
        requests.filter((each) => each.kind === 'cancel' && each.clOrdId === input.clOrdId);
      expect(account.flatReason(0)).not.toBeNull();
      expect(cancels()).toHaveLength(0);
      account.hear(report(input, 'Restated'), LATE + 1);
      expect(cancels()).toHaveLength(1);
    }
  });

  it('asks again for a cancel that came to nothing, though it holds no position', () => {
    for (const { account, requests, input } of accounts()) {
      account.hear(report(input, 'Accepted'), AT_WORK + 100);
      account.hear({ kind: 'phase', contractIndex: CONTRACT, phase: 'open' }, LATE);
      const cancels = (): readonly Request[] =>
        requests.filter((each) => each.kind === 'cancel' && each.clOrdId === input.clOrdId);
      const before = cancels().length;
      expect(before).toBeGreaterThan(0);
      account.hear(report(input, 'CancelRejected', { reason: 'never-arrived' }), LATE + 1);
      expect(account.netOf(CONTRACT)).toBe(0);
      expect(cancels()).toHaveLength(before + 1);
      // Once is enough.
      account.price(CONTRACT, 1001, LATE + 2);
      expect(cancels()).toHaveLength(before + 1);
    }
  });
});

describe('the checks of an account', () => {
  const limits = (): AccountLimits => ({
    orderQtyMax: 5,
    positionQtyMax: 6,
    ordersPerInterval: 3,
    intervalUs: 1000,
    duplicateWindowUs: 100,
    collarPct: 10,
    initialMicros: [100],
    tradingState: 'active',
  });
  const knows = { equityMicros: () => 1000, lastTicks: () => 1000 };
  let ids = 0;
  const order = (more: Partial<MarketOrderInput> = {}): Request => {
    ids += 1;
    const input = { participant: 1, clOrdId: `o${ids}`, side: 1, type: 'limit', qty: 2 } as const;
    return { kind: 'new', contractIndex: 1, input: { ...input, limitTicks: 990 - ids, ...more } };
  };
  const told = (request: Request, kind: ExecutionReport['kind'], lastQty = 0): Told => ({
    kind: 'report',
    report: {
      kind,
      clOrdId: request.kind === 'new' ? request.input.clOrdId : '',
      contractIndex: 1,
      ...(lastQty === 0 ? {} : { fill: { lastQty } }),
    } as unknown as ExecutionReport,
  });
  const after = (act: (checks: AccountChecks, limits: AccountLimits) => void): string =>
    brokenBy(() => {
      const own = limits();
      act(new AccountChecks(own), own);
    });

  it('count what is held and what is on its way against the largest position', () => {
    const send = (last: number): string =>
      after((checks) => {
        const first = order({ qty: 3 });
        checks.onSend(first, false, 0, knows);
        checks.onTold(told(first, 'Fill', 2));
        checks.onSend(order({ qty: 1 }), false, 1, knows);
        checks.onSend(order({ qty: last }), false, 2, knows);
      });
    expect(send(2)).toBe('nothing');
    expect(send(3)).toMatch(/within the largest position/);
  });

  it('count a cancelled order no more, and one whose cancel is unknown still', () => {
    const send = (isHeard: boolean): string =>
      after((checks) => {
        const first = order({ qty: 5 });
        checks.onSend(first, false, 0, knows);
        if (isHeard) checks.onTold(told(first, 'Canceled'));
        checks.onSend(order({ qty: 5 }), false, 1, knows);
      });
    expect(send(true)).toBe('nothing');
    expect(send(false)).toMatch(/within the largest position/);
  });

  it('want initial margin for all that could fill', () => {
    const send = (equityMicros: number): string =>
      after((checks) =>
        checks.onSend(order({ qty: 4 }), false, 0, { ...knows, equityMicros: () => equityMicros }),
      );
    expect(send(400)).toBe('nothing');
    expect(send(399)).toMatch(/initial margin/);
  });

  it('know the size, the pace, the double, the collar and the state', () => {
    const one = (more: Partial<MarketOrderInput>): string =>
      after((checks) => checks.onSend(order(more), false, 0, knows));
    expect(one({ qty: 5 })).toBe('nothing');
    expect(one({ qty: 6 })).toBe('no order is larger than allowed');
    expect(one({ limitTicks: 1100 })).toBe('nothing');
    expect(one({ limitTicks: 1101 })).toBe('no price lies beyond the collar');
    const pace = (at: readonly number[]): string =>
      after((checks) => {
        for (const ts of at) checks.onSend(order({ qty: 1 }), false, ts, knows);
      });
    expect(pace([0, 0, 0, 1000])).toBe('nothing');
    expect(pace([0, 0, 0, 999])).toMatch(/in an interval/);
    const twice = (ts: number): string =>
      after((checks) => {
        const same = { qty: 1, limitTicks: 900 };
        checks.onSend(order(same), false, 0, knows);
        checks.onSend(order(same), false, ts, knows);
      });
    expect(twice(100)).toBe('nothing');
    expect(twice(99)).toBe('no order is sent twice');
    const inState = (tradingState: AccountLimits['tradingState']): string =>
      after((checks, own) => {
        own.tradingState = tradingState;
        checks.onSend(order(), false, 0, knows);
      });
    expect(inState('reducing')).toMatch(/may only reduce/);
    expect(inState('halted')).toMatch(/halted/);
  });

  it('let what the account closes by itself pass, if it can only reduce', () => {
    const forced = (reduceOnly: boolean): string =>
      after((checks) => checks.onSend(order({ qty: 9, reduceOnly }), true, 0, knows));
    expect(forced(true)).toBe('nothing');
    expect(forced(false)).toMatch(/can only reduce/);
    const fill = (before: number, now: number): string =>
      after((checks) => checks.onFill(true, 'x', before, now, now));
    expect(fill(3, 1)).toBe('nothing');
    expect(fill(3, 4)).toMatch(/only shrinks/);
    expect(fill(3, -1)).toMatch(/only shrinks/);
  });
});
