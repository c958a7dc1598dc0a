/**
 * The whole simulated path under random strategies on random markets: engine, order manager, risk gate, bar exchange,
 * portfolio and trade builder together. `FRONTMONTH_FUZZ_RUNS` asks for more runs.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { FuzzCase, FuzzOptions, FuzzRun } from '../support/fuzz-world.ts';
import { ACTIONS, runFuzz } from '../support/fuzz-world.ts';

const RUNS = Number(process.env['FRONTMONTH_FUZZ_RUNS'] ?? 60);
vi.setConfig({ testTimeout: 60_000 + 1000 * RUNS });

/** Shrinks to fewer days and fewer kinds of action; the seed stays, so that the market stays. */
const cases: fc.Arbitrary<FuzzCase> = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 }),
  days: fc.integer({ min: 1, max: 5 }),
  actions: fc.subarray([...ACTIONS], { minLength: 1 }),
});

function check(runs: number, property: (input: FuzzCase) => void): void {
  fc.assert(fc.property(cases, property), { numRuns: Math.max(1, Math.round(runs)), seed: 20_240 });
}

function faultsOf(input: FuzzCase, options?: FuzzOptions): readonly string[] {
  return runFuzz(input, options).faults;
}

/** Worlds in which a search once found a fault, as small as they could be made. */
const FOUND: readonly {
  readonly why: string;
  readonly input: FuzzCase;
  readonly options?: FuzzOptions;
}[] = [
  {
    why: 'a stop for the day is moved by a roll, and ends with that day on the new contract too',
    input: {
      seed: 1_657_373_833,
      days: 2,
      actions: [
        'market',
        'stop',
        'stop-limit',
        'bracket-resting',
        'bracket-trail',
        'bracket-day',
        'modify',
        'flatten',
        'target',
      ],
    },
  },
  {
    why: 'a stop closed a part of its group, and the two targets left stand for the same contracts',
    input: { seed: 439_705_243, days: 3, actions: ['market', 'reduce', 'bracket'] },
  },
  {
    why: 'the targets of a bracket without its stop must not take the place of a stop sent later',
    input: {
      seed: 1_895_560_937,
      days: 2,
      actions: [
        'market-if-touched',
        'limit-if-touched',
        'bracket-resting',
        'bracket-trail',
        'protect',
        'cancel',
        'flatten',
        'target',
      ],
    },
    options: { delayBars: 1 },
  },
  {
    why: 'a stop is sent while a share of the roll is on its way',
    input: {
      seed: 1_477_794_621,
      days: 5,
      actions: ['market', 'trailing-stop', 'reduce', 'bracket-trail', 'timer'],
    },
    options: { hasParts: true },
  },
];

describe('a run of any strategy on any market', () => {
  it('breaks no rule of fills, limits, groups, protection or money after any event', () => {
    check(RUNS, (input) => {
      expect(faultsOf(input)).toEqual([]);
    });
  });

  it.each(FOUND)('breaks none in a world that once did: $why', ({ input, options }) => {
    expect(faultsOf(input, options)).toEqual([]);
  });

  it('breaks none of them either when its rolls move the position in shares', () => {
    let moved = 0;
    check(RUNS / 2, (input) => {
      const { faults, watcher } = runFuzz(input, { hasParts: true });
      expect(faults).toEqual([]);
      const shares = watcher.rolls.filter((roll) => roll.netQty !== 0 && roll.policy === 'roll');
      moved += shares.length;
    });
    expect(moved).toBeGreaterThan(5);
  });

  it('is never better in a group under pessimistic, never worse under optimistic', () => {
    check(RUNS / 3, (input) => {
      expect(faultsOf(input, { policy: 'pessimistic' })).toEqual([]);
      expect(faultsOf(input, { policy: 'optimistic' })).toEqual([]);
    });
  });

  it('breaks none where every message arrives a bar or two late, and fills that much later', () => {
    check(RUNS / 2, (input) => {
      for (const delayBars of [1, 2]) {
        const { faults, result } = runFuzz(input, { delayBars });
        expect(faults).toEqual([]);
        expect(runFuzz(input, { delayBars, chunk: 3 }).result.eventHash).toBe(result.eventHash);
      }
    });
  });

  it('breaks none where its rolls move in shares while messages are on their way', () => {
    check(RUNS / 4, (input) => {
      expect(runFuzz(input, { hasParts: true, delayBars: 1 }).faults).toEqual([]);
    });
  });

  it('is the same for a delay of no bars, and for any delay where nothing is sent', () => {
    check(RUNS / 6, (input) => {
      const { eventHash } = runFuzz(input).result;
      expect(runFuzz(input, { delayBars: 0 }).result.eventHash).toBe(eventHash);
      const silent = { ...input, actions: [] };
      expect(runFuzz(silent, { delayBars: 3 }).result.eventHash).toBe(
        runFuzz(silent).result.eventHash,
      );
    });
  });

  it('gives the same event hash again, and for every size of the chunks of its sources', () => {
    check(RUNS / 4, (input) => {
      const { eventHash } = runFuzz(input).result;
      expect(runFuzz(input).result.eventHash).toBe(eventHash);
      for (const chunk of [1, 3])
        expect(runFuzz(input, { chunk }).result.eventHash).toBe(eventHash);
    });
  });

  it('is not changed by a product that nothing trades, wherever it is registered', () => {
    check(RUNS / 4, (input) => {
      const { tape } = runFuzz(input);
      expect(runFuzz(input, { bystander: 'first' }).tape).toEqual(tape);
      expect(runFuzz(input, { bystander: 'last' }).tape).toEqual(tape);
    });
  });

  it('is not changed by an order that cannot fill', () => {
    check(RUNS / 4, (input) => {
      // A working order may make a reduce-only order acceptable, and a flatten or a roll cancels it: these are left out.
      const actions = input.actions.filter((name) => name !== 'reduce' && name !== 'flatten');
      const plain = { ...input, actions: actions.length === 0 ? (['market'] as const) : actions };
      expect(runFuzz(plain, { hasGhost: true }).tape).toEqual(runFuzz(plain).tape);
    });
  });
});

describe('the random worlds themselves', () => {
  const runs: FuzzRun[] = [];
  beforeAll(() => {
    for (let seed = 31; seed <= 50; seed += 1)
      runs.push(
        runFuzz({ seed, days: 4, actions: ['bracket', 'bracket-resting', 'bracket-trail'] }),
      );
    for (let seed = 1; seed <= 30; seed += 1)
      runs.push(runFuzz({ seed, days: 4, actions: ACTIONS }));
  });
  const count = (of: (run: FuzzRun) => number): number =>
    runs.reduce((total, run) => total + of(run), 0);

  it('reach every rule of fills, every end of an order, rolls and ambiguities', () => {
    const rules = new Set(runs.flatMap((run) => run.watcher.fills.map((f) => f.evidence?.rule)));
    for (const rule of [
      'bar-open',
      'elected-open',
      'stop-jump',
      'limit-marketable',
      'limit-jump',
      'limit-jump-improved',
      'limit-through',
      'auction-open',
      'stop-touch',
      'trailing-touch',
      'touched',
      'expiry-settlement',
    ])
      expect([...rules]).toContain(rule);
    const reasons = new Set(runs.flatMap((run) => run.watcher.events.map((e) => e.split(' ')[3])));
    for (const reason of ['day-end', 'gtd', 'oco-peer', 'reduce-only-exhausted', 'parent-ended'])
      expect([...reasons]).toContain(reason);
    expect(count((run) => run.watcher.ambiguities.length)).toBeGreaterThan(20);
    expect(count((run) => run.watcher.rollsProtected)).toBeGreaterThan(5);
    expect(count((run) => run.watcher.fills.length)).toBeGreaterThan(1000);
  });
});
