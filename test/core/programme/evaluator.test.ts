import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccountMark } from '../../../src/core/programme/evaluator.ts';
import { ProgrammeEvaluator } from '../../../src/core/programme/evaluator.ts';
import type { Programme, ProgrammeDecision } from '../../../src/core/programme/programme.ts';
import type { Step } from '../../support/naive-programme.ts';
import { naiveOutcome } from '../../support/naive-programme.ts';

const U = 1_000_000;

function programme(rules: Partial<Programme>, startBalance = 50_000): Programme {
  return {
    schema: 'frontmonth.programme/1',
    name: 'test',
    currency: 'USD',
    startBalance,
    ...rules,
  };
}

/** One account, spoken to in whole units. */
class Account {
  readonly decisions: ProgrammeDecision[] = [];
  readonly it: ProgrammeEvaluator;
  #now = 0;

  constructor(rules: Programme, against = true) {
    this.it = new ProgrammeEvaluator(rules, {
      against,
      onDecision: (decision) => this.decisions.push(decision),
    });
  }

  /** An instant: closed trades and open result over it. */
  at(balance: number, open = 0): this {
    return this.bar(balance, open, open, open);
  }

  /** An interval in which the open result went from `low` to `high` and ended at `open`. */
  bar(balance: number, open: number, low: number, high: number): this {
    this.#now += 1;
    this.it.onMark({
      tsUs: this.#now,
      balance: balance * U,
      equity: (balance + open) * U,
      low: (balance + low) * U,
      high: (balance + high) * U,
      lowSure: (balance + low) * U,
      highSure: (balance + high) * U,
    });
    return this;
  }

  day(balance: number, open = 0): this {
    this.#now += 1;
    this.it.onDayEnd(this.#now, balance * U, (balance + open) * U);
    return this;
  }

  get floor(): number {
    return this.it.floorMicros! / U;
  }

  get effects(): string[] {
    return this.decisions.map((decision) => `${decision.rule} ${decision.effect}`);
  }
}

const max = (more: Partial<NonNullable<Programme['maximumLoss']>> = {}): Partial<Programme> => ({
  maximumLoss: {
    amount: 2000,
    mode: 'trailing-end-of-day',
    tested: 'real-time',
    includesOpen: true,
    ...more,
  },
});

const daily = (more: Partial<NonNullable<Programme['dailyLoss']>> = {}): Partial<Programme> => ({
  dailyLoss: {
    amount: 1000,
    from: 'balance',
    includesOpen: true,
    trailing: 'none',
    action: 'block-day',
    ...more,
  },
});

describe('maximum loss', () => {
  it('M17: at the end of the day the floor rises by the close, inside the day by the peak', () => {
    const atEnd = new Account(programme(max(), 0));
    atEnd.at(0, 2000).at(500).day(500);
    expect(atEnd.floor).toBe(-1500);

    const inside = new Account(programme(max({ mode: 'trailing-intraday' }), 0));
    inside.at(0, 2000).at(500).day(500);
    expect(inside.floor).toBe(0);

    const still = new Account(programme(max({ mode: 'static' }), 0));
    still.at(0, 2000).at(500).day(500);
    expect(still.floor).toBe(-2000);
  });

  it('a floor that moves at the end of the day is tested with open results all day', () => {
    const account = new Account(programme(max())).day(51_000).at(51_000, -1999);
    expect(account.it.status).toBe('open');
    account.at(51_000, -2000);
    expect(account.it.status).toBe('closed');
    expect(account.decisions.at(-1)).toMatchObject({
      rule: 'maximum-loss',
      effect: 'closed',
      valueMicros: 49_000 * U,
      levelMicros: 49_000 * U,
      basisMicros: 51_000 * U,
      trigger: 'floating',
      isCertain: true,
    });
  });

  it('a loss that is closed is called realised', () => {
    const account = new Account(programme(max())).at(47_900);
    expect(account.decisions.at(-1)).toMatchObject({ effect: 'closed', trigger: 'realised' });
  });

  it('tested at the end of the day only, a low inside the day closes nothing, a close does', () => {
    const rules = programme(max({ tested: 'end-of-day' }));
    expect(new Account(rules).at(50_000, -5000).day(49_000).it.status).toBe('open');
    expect(new Account(rules).at(50_000, -5000).day(48_000).it.status).toBe('closed');
  });

  it('without open results only closed trades count', () => {
    const rules = programme(max({ includesOpen: false }));
    expect(new Account(rules).at(50_000, -9000).it.status).toBe('open');
    expect(new Account(rules).at(48_000, 9000).it.status).toBe('closed');
  });

  it('the floor stops at its lock, says so once, and never falls', () => {
    const account = new Account(programme(max({ lockAt: 0 })));
    account.day(51_500);
    expect(account.floor).toBe(49_500);
    account.day(53_000).day(60_000).day(52_000);
    expect(account.floor).toBe(50_000);
    expect(account.it.view().floorMoves).toBe('locked');
    expect(account.effects.filter((text) => text.endsWith('floor-locked'))).toHaveLength(1);
    const open = new Account(programme(max())).day(60_000);
    expect(open.floor).toBe(58_000);
  });

  it('a lock below the first floor does not lower it', () => {
    const account = new Account(programme(max({ lockAt: -5000 })));
    expect(account.floor).toBe(48_000);
  });

  it('a bar whose high would lift the floor over its low is a breach that nobody can prove', () => {
    const rules = programme(max({ mode: 'trailing-intraday', amount: 500 }));
    // From 50,000 to 50,400 and 49,850: below 49,900 only if the high came first.
    const against = new Account(rules).bar(50_000, 0, -150, 400);
    expect(against.it.status).toBe('closed');
    expect(against.decisions.at(-1)!.isCertain).toBe(false);
    const inFavour = new Account(rules, false).bar(50_000, 0, -150, 400);
    expect(inFavour.it.status).toBe('open');
    // Its neighbour: the close itself lies below, so the order does not matter.
    const sure = new Account(rules, false).bar(50_000, -100, -150, 400);
    expect(sure.it.status).toBe('closed');
    expect(sure.decisions.at(-1)!.isCertain).toBe(true);
  });
});

describe('daily loss', () => {
  it('blocks the day at the limit and opens the next one', () => {
    const account = new Account(programme(daily())).at(50_000, -999);
    expect(account.it.deny('ES', 1)).toBeNull();
    account.at(50_000, -1000);
    expect(account.it.deny('ES', 1)).toBe('programme-daily-loss');
    expect(account.it.mustBeFlat).toBe(true);
    account.day(49_000);
    expect(account.it.deny('ES', 1)).toBeNull();
    expect(account.it.mustBeFlat).toBe(false);
    expect(account.it.dayFloorMicros).toBe(48_000 * U);
  });

  it.each([
    ['none', false, null, 'open'],
    ['liquidate', true, 'programme-daily-loss', 'open'],
    ['block-day', true, 'programme-daily-loss', 'open'],
    ['close', true, 'programme-closed', 'closed'],
  ] as const)('action %s', (action, isFlat, denial, status) => {
    const account = new Account(programme(daily({ action }))).at(50_000, -1000);
    expect(account.it.mustBeFlat).toBe(isFlat);
    expect(account.it.deny('ES', 1)).toBe(denial);
    expect(account.it.status).toBe(status);
    // What only liquidates lets go once the account is above the limit again; what blocks does not.
    account.at(50_000, -500);
    expect(account.it.deny('ES', 1)).toBe(action === 'liquidate' ? null : denial);
  });

  it('counts from balance, equity or the higher of both', () => {
    const floor = (from: 'balance' | 'equity' | 'higher', open: number): number =>
      new Account(programme(daily({ from }))).day(50_000, open).it.dayFloorMicros! / U;
    expect(floor('balance', 300)).toBe(49_000);
    expect(floor('equity', 300)).toBe(49_300);
    expect(floor('equity', -300)).toBe(48_700);
    expect(floor('higher', -300)).toBe(49_000);
  });

  it('trails by closed or by open gains, and starts anew each date', () => {
    const floor = (trailing: 'none' | 'realised' | 'floating'): number =>
      new Account(programme(daily({ trailing }))).at(50_200, 600).at(50_200).it.dayFloorMicros! / U;
    expect(floor('none')).toBe(49_000);
    expect(floor('realised')).toBe(49_200);
    expect(floor('floating')).toBe(49_800);
  });

  it('a bar through both limits does not prove that the lower one was reached with a position', () => {
    const rules = programme({ ...daily(), ...max({ mode: 'static' }) });
    const against = new Account(rules).bar(50_000, -2100, -2200, 0);
    expect(against.effects).toEqual(['daily-loss blocked', 'maximum-loss closed']);
    expect(against.decisions.map((decision) => decision.isCertain)).toEqual([true, false]);
    expect(new Account(rules, false).bar(50_000, -2100, -2200, 0).it.status).toBe('open');
    // One price beyond both leaves no doubt.
    expect(new Account(rules, false).at(50_000, -2100).it.status).toBe('closed');
  });
});

describe('passing', () => {
  const target = (onReach: 'stop' | 'continue' = 'stop'): Partial<Programme> => ({
    profitTarget: { amount: 3000, basis: 'balance', tested: 'real-time', onReach },
  });

  it('is reached by closed trades when the balance counts', () => {
    const account = new Account(programme(target())).at(52_000, 5000);
    expect(account.it.status).toBe('open');
    expect(account.at(53_000).it.status).toBe('passed');
    expect(account.it.deny('ES', 1)).toBe('programme-passed');
  });

  it('goes on after the target where it says so, and says it once', () => {
    const account = new Account(programme(target('continue'))).at(53_000).at(54_000);
    expect(account.it.status).toBe('open');
    expect(account.effects).toEqual(['profit-target passed']);
  });

  it('waits for days with an entry, today among them', () => {
    const rules = programme({ ...target(), minimumDays: { days: 2, counts: 'traded' } });
    const account = new Account(rules);
    account.it.onFill('O1', 0, 1);
    account.day(53_500);
    expect(account.it.status).toBe('open');
    account.at(53_500);
    expect(account.it.status).toBe('open');
    account.it.onFill('O2', 0, -1);
    expect(account.at(53_500).it.status).toBe('passed');
  });

  it('waits for profitable days of at least an amount', () => {
    const rules = programme({
      ...target(),
      minimumDays: { days: 2, counts: 'profitable', profit: 150 },
    });
    expect(new Account(rules).day(52_900).day(53_049).it.status).toBe('open');
    expect(new Account(rules).day(52_900).day(53_050).it.status).toBe('passed');
  });

  it('waits until the best day is a small enough part of the profit', () => {
    const rules = programme({ ...target(), bestDay: { sharePct: 50, of: 'profit' } });
    const account = new Account(rules).day(52_000).day(53_000);
    expect(account.it.status).toBe('open');
    expect(account.day(54_000).it.status).toBe('passed');
    const ofTarget = programme({ ...target(), bestDay: { sharePct: 50, of: 'target' } });
    expect(new Account(ofTarget).day(51_500).day(53_000).it.status).toBe('passed');
    expect(new Account(ofTarget).day(51_501).day(53_000).it.status).toBe('open');
  });
});

describe('orders', () => {
  it('names a product that is not allowed', () => {
    const { it: account } = new Account(programme({ products: ['ES'] }));
    expect(account.deny('ES', 1)).toBeNull();
    expect(account.deny('NQ', 1)).toBe('programme-products');
  });

  it('scales with the balance, micros by their weight', () => {
    const rules = programme({
      scaling: {
        basis: 'day-start',
        steps: [
          { profit: 0, contracts: 2 },
          { profit: 1500, contracts: 3 },
        ],
        weights: { MES: 0.1 },
      },
    });
    const account = new Account(rules).at(51_500);
    expect(account.it.deny('ES', 2)).toBeNull();
    expect(account.it.deny('ES', 3)).toBe('programme-scaling');
    expect(account.it.deny('MES', 20 * account.it.weightOf('MES'))).toBeNull();
    account.day(51_500);
    expect(account.it.deny('ES', 3)).toBeNull();
    expect(new Account(rules).day(49_999).it.deny('ES', 1)).toBe('programme-scaling');
  });

  it.each([
    // Long 2, then a fill of 1, then a reversal to short 1, then flat.
    ['entries', 2],
    ['exits', 2],
    ['entries-and-exits', 4],
    ['round-turns', 2],
  ] as const)('counts %s', (counts, expected) => {
    const { it: account } = new Account(programme({ tradeCount: { max: 10, counts } }));
    account.onFill('O1', 0, 1);
    account.onFill('O1', 1, 1);
    account.onFill('O2', 2, -3);
    account.onFill('O3', -1, 1);
    expect(10 - account.view().tradesLeft!).toBe(expected);
  });

  it('locks new trades at the count, flattens nothing, and forgets it overnight', () => {
    const account = new Account(programme({ tradeCount: { max: 1, counts: 'entries' } }));
    account.it.onFill('O1', 0, 1);
    expect(account.it.deny('ES', 1)).toBe('programme-trade-count');
    expect(account.it.mustBeFlat).toBe(false);
    account.day(50_000);
    expect(account.it.deny('ES', 1)).toBeNull();
  });
});

describe('what a screen shows', () => {
  it('floor, basis, next move, left now and left if all stops fill', () => {
    const account = new Account(programme({ ...max(), ...daily() })).day(50_400).at(50_400, -100);
    expect(account.it.view(-250 * U)).toMatchObject({
      floorMicros: 48_400 * U,
      basisMicros: 50_400 * U,
      floorMoves: 'at the end of the trade date',
      leftMicros: 1900 * U,
      leftAtStopsMicros: 1650 * U,
      dayFloorMicros: 49_400 * U,
      dayLeftMicros: 900 * U,
    });
    expect(account.it.view(null).leftAtStopsMicros).toBeNull();
  });
});

// ------------------------------------------------------------------------------------------------- properties

const money = fc.integer({ min: -40, max: 40 }).map((n) => n * 100);
const rules = fc
  .record({
    maximumLoss: fc.option(
      fc.record(
        {
          amount: fc.constantFrom(1000, 2000),
          mode: fc.constantFrom('static', 'trailing-end-of-day', 'trailing-intraday'),
          raisedBy: fc.constantFrom('balance', 'equity'),
          tested: fc.constantFrom('real-time', 'end-of-day'),
          includesOpen: fc.boolean(),
          lockAt: fc.constantFrom(0, 500, -3000),
        },
        { requiredKeys: ['amount', 'mode', 'tested', 'includesOpen'] },
      ),
      { nil: undefined },
    ),
    dailyLoss: fc.option(
      fc.record({
        amount: fc.constantFrom(500, 1500),
        from: fc.constantFrom('balance', 'equity', 'higher'),
        includesOpen: fc.boolean(),
        trailing: fc.constantFrom('none', 'realised', 'floating'),
        action: fc.constantFrom('none', 'liquidate', 'block-day', 'close'),
      }),
      { nil: undefined },
    ),
    profitTarget: fc.option(
      fc.record({
        amount: fc.constantFrom(1000, 2500),
        basis: fc.constantFrom('balance', 'equity'),
        tested: fc.constantFrom('real-time', 'end-of-day'),
        onReach: fc.constantFrom('stop', 'continue'),
      }),
      { nil: undefined },
    ),
    bestDay: fc.option(
      fc.record({ sharePct: fc.constantFrom(30, 60), of: fc.constantFrom('profit', 'target') }),
      { nil: undefined },
    ),
    minimumDays: fc.option(
      fc.record(
        {
          days: fc.constantFrom(1, 2, 3),
          counts: fc.constantFrom('traded', 'profitable'),
          profit: fc.constantFrom(100, 800),
        },
        { requiredKeys: ['days', 'counts'] },
      ),
      { nil: undefined },
    ),
  })
  .map((given) => {
    const known = Object.entries(given).filter(([, value]) => value !== undefined);
    const part = Object.fromEntries(known) as Partial<Programme>;
    if (part.profitTarget !== undefined) return programme(part);
    const { bestDay: _, ...rest } = part;
    return programme(rest);
  });

const steps = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('mark' as const),
          closed: money,
          open: money,
          spread: fc.tuple(fc.nat(8), fc.nat(8), fc.nat(8), fc.nat(8)),
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('day' as const), open: money }) },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('fill' as const),
          before: fc.integer({ min: -2, max: 2 }),
          qty: fc.constantFrom(-2, -1, 1, 2),
        }),
      },
    ),
    { maxLength: 30 },
  )
  .map((raw) => {
    let balance = 50_000;
    return raw.map((one, i): Step => {
      const tsUs = i + 1;
      if (one.kind === 'fill')
        return { kind: 'fill', clOrdId: `O${i}`, before: one.before, qty: one.qty };
      if (one.kind === 'day')
        return { kind: 'day', tsUs, balance: balance * U, equity: (balance + one.open / 4) * U };
      balance += one.closed / 4;
      const equity = (balance + one.open / 4) * U;
      const [a, b, c, d] = one.spread.map((n) => n * 100 * U) as [number, number, number, number];
      return {
        kind: 'mark',
        mark: {
          tsUs,
          balance: balance * U,
          equity,
          low: equity - a - b,
          lowSure: equity - a,
          high: equity + c + d,
          highSure: equity + c,
        },
      };
    });
  });

function feed(evaluator: ProgrammeEvaluator, step: Step): void {
  if (step.kind === 'mark') evaluator.onMark(step.mark);
  else if (step.kind === 'fill') evaluator.onFill(step.clOrdId, step.before, step.qty);
  else evaluator.onDayEnd(step.tsUs, step.balance, step.equity);
}

const numRuns = Number(process.env['FRONTMONTH_PROGRAMME_RUNS'] ?? 300);

describe('over any history', () => {
  it('mark by mark gives what the whole list gives', () => {
    fc.assert(
      fc.property(rules, steps, fc.boolean(), (given, list, against) => {
        const evaluator = new ProgrammeEvaluator(given, { against });
        for (const step of list) {
          feed(evaluator, step);
          if (evaluator.status !== 'open') break;
        }
        const expected = naiveOutcome(given, list, against);
        const state = evaluator.state();
        // Ended by another rule, the account leaves its levels where they stood before the last step.
        const areLevels = state.endedBy === null || state.endedBy === 'maximum-loss';
        expect({
          status: state.status,
          endedBy: state.endedBy,
          endedUs: state.endedUs,
          closestMicros: state.closestMicros,
          floorMicros: areLevels ? evaluator.floorMicros : expected.floorMicros,
          dayFloorMicros: areLevels ? evaluator.dayFloorMicros : expected.dayFloorMicros,
          isDayFired: areLevels ? state.isDayFired : expected.isDayFired,
        }).toEqual(expected);
      }),
      { numRuns },
    );
  });

  it('a state that was saved as text and read again goes on alike', () => {
    fc.assert(
      fc.property(rules, steps, fc.nat(29), fc.boolean(), (given, list, cut, against) => {
        const whole: ProgrammeDecision[] = [];
        const parts: ProgrammeDecision[] = [];
        const one = new ProgrammeEvaluator(given, { against, onDecision: (d) => whole.push(d) });
        for (const step of list) feed(one, step);
        const first = new ProgrammeEvaluator(given, { against, onDecision: (d) => parts.push(d) });
        for (const step of list.slice(0, cut)) feed(first, step);
        const state = JSON.parse(JSON.stringify(first.state())) as ReturnType<typeof first.state>;
        const second = new ProgrammeEvaluator(given, {
          against,
          state,
          onDecision: (d) => parts.push(d),
        });
        for (const step of list.slice(cut)) feed(second, step);
        expect(parts).toEqual(whole);
        expect(second.state()).toEqual(one.state());
      }),
      { numRuns },
    );
  });

  it('what is surely lost is lost either way', () => {
    // Without a target and without an action of the day only the floor can end the account.
    fc.assert(
      fc.property(rules, steps, (given, list) => {
        const { profitTarget: _, bestDay: __, dailyLoss: ___, ...rest } = given;
        const end = (against: boolean): number => {
          const evaluator = new ProgrammeEvaluator(rest as Programme, { against });
          for (const step of list) feed(evaluator, step);
          return evaluator.state().endedUs ?? Infinity;
        };
        expect(end(true)).toBeLessThanOrEqual(end(false));
      }),
      { numRuns },
    );
  });

  it('a finer list of the same instants changes nothing', () => {
    fc.assert(
      fc.property(rules, steps, fc.boolean(), (whole, list, against) => {
        // A limit of the day with an action makes a doubt of the floor inside one interval, which a second look removes.
        const { dailyLoss: _, ...given } = whole;
        const run = (isTwice: boolean): unknown => {
          const evaluator = new ProgrammeEvaluator(given, { against });
          for (const step of list) {
            feed(evaluator, step);
            if (evaluator.status !== 'open') break;
            if (!isTwice || step.kind !== 'mark') continue;
            // The end of an interval, said again, is no news.
            const { tsUs, balance, equity } = step.mark;
            const again: AccountMark = {
              tsUs,
              balance,
              equity,
              low: equity,
              high: equity,
              lowSure: equity,
              highSure: equity,
            };
            feed(evaluator, { kind: 'mark', mark: again });
          }
          const { endedUs, endedBy, status } = evaluator.state();
          return { endedUs, endedBy, status };
        };
        expect(run(true)).toEqual(run(false));
      }),
      { numRuns },
    );
  });
});

describe('the count of trade dates', () => {
  it('holds the date inside which the account ended, and says that it did not see its close', () => {
    const account = new Account(programme(max({ mode: 'static' }))).at(50_000).day(50_100);
    account.it.onFill('a', 0, 1);
    account.at(50_100, -2200).day(47_900).day(47_900);
    expect(account.it.state()).toMatchObject({
      status: 'closed',
      dates: 2,
      tradedDates: 1,
      isEndedInside: true,
    });
  });

  it('holds the date at whose close the account ended, which was a whole one', () => {
    const account = new Account(programme(max({ mode: 'static', tested: 'end-of-day' })));
    account.at(50_000).day(50_100).at(47_000).day(47_000).day(47_000);
    expect(account.it.state()).toMatchObject({
      status: 'closed',
      dates: 2,
      isEndedInside: false,
    });
  });
});
