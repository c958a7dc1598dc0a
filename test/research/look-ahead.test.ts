/** The probe: two runs alike, and shorter runs that are the beginning of the whole. */
import { describe, expect, it } from 'vitest';
import type { ProbedRun } from '../../src/research/look-ahead.ts';
import { probeLookAhead } from '../../src/research/look-ahead.ts';

const DAY_US = 86_400_000_000;
const FIRST = 18_996; // 2022-01-04
const iso = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);
const dayOf = (text: string): number => Date.parse(`${text}T00:00:00Z`) / 86_400_000;

interface Day {
  readonly day: number;
  readonly orders: readonly Record<string, unknown>[];
  readonly fills?: readonly Record<string, unknown>[];
}

const order = (day: number, patch: object = {}): Record<string, unknown> => {
  const createdUs = (FIRST + day) * DAY_US + 20 * 3_600_000_000;
  return {
    contract: 'ESH2022',
    side: 1,
    type: 'market',
    orderQty: 1,
    createdUs,
    updatedUs: createdUs,
    role: 'single',
    status: 'Filled',
    reason: '',
    ...patch,
  };
};
const fill = (day: number, priceTicks = 100): Record<string, unknown> => ({
  contract: 'ESH2022',
  side: 1,
  qty: 1,
  priceTicks,
  tsUs: (FIRST + day) * DAY_US + 21 * 3_600_000_000,
});

/** A world of 20 days: `days(to)` is what happened up to a day, counted from the first. */
function world(days: (to: number, run: number) => readonly Day[]): {
  readonly asked: (string | null)[];
  readonly run: (to: string | null) => Promise<ProbedRun>;
} {
  const asked: (string | null)[] = [];
  return {
    asked,
    run: (to) => {
      asked.push(to);
      const last = to === null ? 19 : dayOf(to) - FIRST;
      const shown = days(last, asked.length).filter((each) => each.day <= last);
      return Promise.resolve({
        from: iso(FIRST),
        to: iso(FIRST + last),
        orders: shown.flatMap((each) => each.orders),
        fills: shown.flatMap((each) => each.fills ?? each.orders.map(() => fill(each.day))),
        eventHash: JSON.stringify(shown),
      });
    },
  };
}

const everyDay = (): Day[] =>
  Array.from({ length: 19 }, (_, day) => ({ day, orders: [order(day)] }));

describe('an honest strategy', () => {
  it('holds: run twice in full, then to three days on which it sent orders', async () => {
    const { run, asked } = world(everyDay);
    const probe = await probeLookAhead(run);
    expect(asked).toEqual([null, null, iso(FIRST + 4), iso(FIRST + 9), iso(FIRST + 14)]);
    expect(probe).toMatchObject({ holds: true, code: null, isProof: true, doubt: '', reason: '' });
    expect(probe.cuts.map((cut) => cut.orders)).toEqual([5, 10, 15]);
  });

  it('is cut where it trades, also when it begins late', async () => {
    const { run, asked } = world(() =>
      Array.from({ length: 3 }, (_, k) => ({ day: 15 + k, orders: [order(15 + k)] })),
    );
    const probe = await probeLookAhead(run);
    expect(asked.slice(2)).toEqual([iso(FIRST + 15), iso(FIRST + 16), iso(FIRST + 17)]);
    expect(probe.isProof).toBe(true);
  });

  it('may change an order after the cut, but not before it', async () => {
    const late = (FIRST + 12) * DAY_US;
    const changed = { orderQty: 2, updatedUs: late };
    const { run } = world((to) => [
      { day: 3, orders: [order(3, to >= 12 ? changed : {})] },
      { day: 10, orders: [order(10)] },
    ]);
    expect((await probeLookAhead(run)).holds).toBe(true);
    const { run: peeking } = world((to) => [
      { day: 3, orders: [order(3, to >= 12 ? { orderQty: 2 } : {})] },
      { day: 10, orders: [order(10)] },
    ]);
    expect((await probeLookAhead(peeking)).code).toBe('E_STRATEGY_LOOK_AHEAD');
  });
});

describe('a look into the future', () => {
  it('is found at the first cut that shows it, with times as dates', async () => {
    // Knows on day 9 whether day 10 exists.
    const { run } = world((to) =>
      everyDay().map((each) =>
        each.day === 9 && to === 9
          ? { day: 9, orders: [order(9, { createdUs: FIRST * DAY_US })] }
          : each,
      ),
    );
    const probe = await probeLookAhead(run);
    expect(probe).toMatchObject({ holds: false, code: 'E_STRATEGY_LOOK_AHEAD', isProof: false });
    expect(probe.cutDate).toBe(iso(FIRST + 9));
    expect(probe.reason).toBe(
      'order 10 differs in createdUs: 2022-01-04T00:00:00Z on the data to 2022-01-13, 2022-01-13T20:00:00Z on the data to 2022-01-23',
    );
  });

  it('is found where the shorter run does more, or fills at another price', async () => {
    const more = world((to) => [
      ...everyDay(),
      ...(to < 19 ? [{ day: to, orders: [order(to, { contract: 'CLH2022' })] }] : []),
    ]);
    expect((await probeLookAhead(more.run)).reason).toMatch(/^order 6 (differs|\()/);
    const dear = world((to) =>
      everyDay().map((each) => ({ ...each, fills: [fill(each.day, to < 19 ? 101 : 100)] })),
    );
    expect((await probeLookAhead(dear.run)).reason).toBe(
      'fill 1 differs in priceTicks: 101 on the data to 2022-01-08, 100 on the data to 2022-01-23',
    );
  });
});

describe('a strategy that is not deterministic', () => {
  it('is a finding of its own, and no cut is tried', async () => {
    const { run, asked } = world((_to, n) => [
      { day: 3, orders: [order(3, { side: n === 1 ? 1 : -1 })] },
    ]);
    const probe = await probeLookAhead(run);
    expect(probe).toMatchObject({
      holds: false,
      code: 'E_STRATEGY_NOT_DETERMINISTIC',
      reason: 'order 1 differs in side: 1 in the first run, -1 in the second',
    });
    expect(asked).toEqual([null, null]);
  });

  it('is found by its number of orders and by its event log alone', async () => {
    const once = world((_to, n) => everyDay().slice(0, 5 + n));
    expect((await probeLookAhead(once.run)).reason).toBe('one run sent 7 orders, the other 6');
    let n = 0;
    const quiet = world(everyDay);
    const probe = await probeLookAhead(async (to) => ({
      ...(await quiet.run(to)),
      eventHash: String((n += 1)),
    }));
    expect(probe).toMatchObject({ code: 'E_STRATEGY_NOT_DETERMINISTIC' });
    expect(probe.reason).toContain('the event logs do not');
  });
});

describe('a probe that proves nothing', () => {
  it.each([
    ['no order', [], 'the strategy sent no order'],
    [
      'denied orders only',
      [order(3, { status: 'Denied', reason: 'margin' }), order(5, { status: 'Denied' })],
      'all 2 orders were denied, the first at 2022-01-07T20:00:00Z with the reason margin',
    ],
    ['no fill', [order(3)], 'none of 1 orders was filled'],
  ])('says so: %s', async (_name, orders, doubt) => {
    const { run } = world(() =>
      orders.map((each, i) => ({ day: 3 + i, orders: [each], fills: [] })),
    );
    expect(await probeLookAhead(run)).toMatchObject({ holds: true, isProof: false, doubt });
  });
});
