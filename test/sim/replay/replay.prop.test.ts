/** Long random histories of a record with our orders over it: the twin says the same, and what must hold holds. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { Side } from '../../../src/core/order.ts';
import type { ReplayOptions } from '../../../src/sim/replay/replay-market.ts';
import { ReplayMarket } from '../../../src/sim/replay/replay-market.ts';
import type { NaiveInput, NaiveRules } from '../../support/naive-overlay.ts';
import { NaiveOverlay } from '../../support/naive-overlay.ts';

const RUNS = Number(process.env['FRONTMONTH_REPLAY_RUNS'] ?? 40);

type Step =
  | { readonly do: 'book'; readonly rows: readonly (readonly [Side, number, number])[] }
  | { readonly do: 'trade'; readonly price: number; readonly qty: number; readonly aggressor: Side }
  | { readonly do: 'send'; readonly input: Omit<NaiveInput, 'id'> }
  | { readonly do: 'cancel'; readonly pick: number }
  | { readonly do: 'replace'; readonly pick: number; readonly qty: number; readonly price: number };

const side = fc.constantFrom<Side>(1, -1);
const price = fc.integer({ min: -5, max: 5 });
const qty = fc.constantFrom(0, 0, 1, 2, 3, 5, 8);
/** Levels around a centre: what lies beyond it is taken away, so that a book is crossed only now and then. */
const bookRows = fc
  .tuple(
    fc.integer({ min: -3, max: 3 }),
    fc.array(fc.tuple(side, fc.integer({ min: 0, max: 3 }), qty), { minLength: 1, maxLength: 5 }),
    fc.constantFrom(true, true, true, true, false),
  )
  .map(([centre, changes, isCleared]) => {
    const rows: [Side, number, number][] = [];
    for (let at = -7; isCleared && at <= 7; at += 1) rows.push([at > centre ? 1 : -1, at, 0]);
    for (const [way, off, lots] of changes)
      rows.push([way, way === 1 ? centre - off : centre + 1 + off, lots]);
    return rows;
  });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('book' as const),
      rows: bookRows,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('trade' as const),
      price,
      qty: fc.integer({ min: 1, max: 9 }),
      aggressor: side,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      input: fc.record({
        side,
        type: fc.constantFrom('limit', 'limit', 'limit', 'market', 'stop'),
        qty: fc.integer({ min: 1, max: 7 }),
        price,
        tif: fc.constantFrom('day', 'day', 'day', 'ioc', 'fok'),
      }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), pick: fc.nat(20) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('replace' as const),
      pick: fc.nat(20),
      qty: fc.integer({ min: 1, max: 9 }),
      price,
    }),
  },
);
const steps = fc.array(step, { minLength: 1, maxLength: 80, size: 'max' });
const rules: fc.Arbitrary<NaiveRules> = fc.record({
  queue: fc.constantFrom('front', 'back', 'never', 'prob'),
  ledger: fc.constantFrom(
    'replenish-on-increase',
    'replenish-on-increase',
    'reset-on-change',
    'off',
  ),
  throughQty: fc.constantFrom('all', 'printed'),
});

class Fast {
  lines: string[] = [];
  readonly market: ReplayMarket;
  #nowUs = 0;
  constructor(rule: NaiveRules, options: ReplayOptions = {}) {
    this.market = new ReplayMarket(
      {
        onReport: ({ kind, clOrdId, reason, lastQty, lastPriceTicks, evidence }) => {
          if (kind === 'Fill') {
            this.lines.push(`${clOrdId} ${lastQty}@${lastPriceTicks}`);
            expect(evidence?.rule).toMatch(
              /^(take-shown|quote-(through|lock)|trade-(through|at))$/,
            );
          } else if (kind !== 'Accepted' && kind !== 'CancelRejected' && kind !== 'ReplaceRejected')
            this.lines.push(`${clOrdId} ${kind}${reason === '' ? '' : ` ${reason}`}`);
        },
      },
      { feed: 'depth', ...rule, queue: { name: rule.queue }, ...options },
    );
  }

  do(at: Step, id: string): void {
    this.#nowUs += 1;
    const { market } = this;
    const nowUs = this.#nowUs;
    if (at.do === 'book')
      for (const [k, [way, ticks, qty]] of at.rows.entries())
        market.onLevel(way, ticks, qty, nowUs, k === at.rows.length - 1);
    else if (at.do === 'trade') market.onTrade(at.price, at.qty, at.aggressor, nowUs);
    else if (at.do === 'cancel') market.cancel(1, `o${at.pick}`, nowUs);
    else if (at.do === 'replace') {
      const order = market.orderOf(1, `o${at.pick}`);
      if (order?.place === 'book')
        market.replace(
          1,
          `o${at.pick}`,
          { qty: at.qty, ...(at.price === order.limitTicks ? {} : { limitTicks: at.price }) },
          nowUs,
        );
    } else {
      const { side: way, type, qty, price: ticks, tif } = at.input;
      const level =
        type === 'limit' ? { limitTicks: ticks } : type === 'stop' ? { stopTicks: ticks } : {};
      market.submit(
        {
          participant: 1,
          clOrdId: id,
          side: way,
          type,
          qty,
          timeInForce: type === 'stop' ? 'day' : tif,
          ...level,
        },
        nowUs,
      );
    }
  }
}

function naive(at: Step, id: string, twin: NaiveOverlay): void {
  if (at.do === 'book') twin.book(at.rows);
  else if (at.do === 'trade') twin.trade(at.price, at.qty, at.aggressor);
  else if (at.do === 'cancel') twin.cancel(`o${at.pick}`);
  else if (at.do === 'replace') twin.replace(`o${at.pick}`, at.qty, at.price);
  else twin.send({ ...at.input, id, tif: at.input.type === 'stop' ? 'day' : at.input.tif });
}

/** Ids count the orders sent. */
function ids(history: readonly Step[]): string[] {
  let sent = -1;
  return history.map((at) => `o${(sent += at.do === 'send' ? 1 : 0)}`);
}

function play(
  history: readonly Step[],
  rule: NaiveRules,
  map: (at: Step) => Step = (at) => at,
): string[] {
  const fast = new Fast(rule);
  const names = ids(history);
  for (const [k, at] of history.entries()) fast.do(map(at), names[k]!);
  return fast.lines;
}

function compare(history: readonly Step[], rule: NaiveRules): number {
  const fast = new Fast(rule);
  const twin = new NaiveOverlay(rule);
  const names = ids(history);
  for (const [k, at] of history.entries()) {
    fast.do(at, names[k]!);
    naive(at, names[k]!, twin);
    expect(fast.lines, `step ${k}`).toEqual(twin.lines);
    for (const own of twin.orders)
      if (own.state === 'book')
        expect(fast.market.queueAhead(1, own.id).toFixed(6), `step ${k} ${own.id}`).toBe(
          twin.ahead(own).toFixed(6),
        );
    for (const level of twin.levels)
      expect(fast.market.book.totalQty(level.side, level.price)).toBe(
        twin.available(level.side, level.price),
      );
  }
  return fast.lines.filter((line) => line.includes('@')).length;
}

describe('a replayed market', () => {
  test.prop([steps, rules], { numRuns: RUNS })('says what its twin says', (history, rule) => {
    compare(history, rule);
  });
  it('and such histories do fill', () => {
    const histories = fc.sample(fc.tuple(steps, rules), { numRuns: 60, seed: 5 });
    const fills = histories.map(([history, rule]) => compare(history, rule));
    expect(fills.filter((count) => count > 3).length).toBeGreaterThan(20);
  });
  test.prop([steps, rules], { numRuns: RUNS })('keeps limits and quantities', (history, rule) => {
    const names = ids(history);
    const left = new Map<string, number>();
    for (const line of play(history, rule)) {
      const match = /^(o\d+) (\d+)@(-?\d+)$/.exec(line);
      if (match === null) continue;
      const [, id, qty, at] = match;
      const sent = history[names.indexOf(id!)]!;
      if (sent.do !== 'send') throw new Error(`${id} was not sent`);
      const isChanged = history.some((each) => each.do === 'replace' && `o${each.pick}` === id);
      left.set(id!, (left.get(id!) ?? sent.input.qty) - Number(qty));
      if (isChanged) continue;
      expect(left.get(id!)).toBeGreaterThanOrEqual(0);
      if (sent.input.type === 'limit')
        expect((sent.input.price - Number(at)) * sent.input.side).toBeGreaterThanOrEqual(0);
    }
  });
  test.prop([steps, rules], { numRuns: RUNS })('is the same upside down', (history, rule) => {
    const turned = play(history, rule, (at) => {
      if (at.do === 'book')
        return {
          ...at,
          rows: at.rows.map(([way, ticks, qty]) => [-way as Side, -ticks, qty] as const),
        };
      if (at.do === 'trade') return { ...at, price: -at.price, aggressor: -at.aggressor as Side };
      if (at.do === 'replace') return { ...at, price: -at.price };
      if (at.do !== 'send') return at;
      return {
        ...at,
        input: { ...at.input, side: -at.input.side as Side, price: -at.input.price },
      };
    });
    // Which side an event looks at first shows where it reaches both; each order fares alike.
    const negate = (line: string): string =>
      line.replace(/@(-?\d+)$/, (_, at: string) => `@${0 - Number(at)}`);
    expect(turned.map(negate).sort()).toEqual(play(history, rule).map(negate).map(negate).sort());
  });
  test.prop([steps, rules], { numRuns: RUNS })(
    'is the same in ticks twice as fine',
    (history, rule) => {
      const fine = play(history, rule, (at) => {
        if (at.do === 'book')
          return {
            ...at,
            rows: at.rows.map(([way, ticks, qty]) => [way, 2 * ticks, qty] as const),
          };
        if (at.do === 'trade' || at.do === 'replace') return { ...at, price: 2 * at.price };
        return at.do === 'send' ? { ...at, input: { ...at.input, price: 2 * at.input.price } } : at;
      });
      const coarse = play(history, rule);
      expect(
        fine.map((line) => line.replace(/@(-?\d+)$/, (_, at: string) => `@${Number(at) / 2}`)),
      ).toEqual(coarse);
    },
  );
  test.prop([steps, rules, fc.nat(30)], { numRuns: RUNS })(
    'fills no order otherwise because of one that is never filled',
    (history, rule, when) => {
      const fast = new Fast(rule);
      const names = ids(history);
      for (const [k, at] of history.entries()) {
        if (k === Math.min(when, history.length - 1)) {
          fast.do(
            { do: 'send', input: { side: 1, type: 'limit', qty: 5, price: -60, tif: 'day' } },
            'idle',
          );
        }
        fast.do(at, names[k]!);
      }
      const others = fast.lines.filter((line) => !line.startsWith('idle'));
      // A sell without a limit ends at it, as it would in the market: then it was not idle.
      if (others.length === fast.lines.length) expect(others).toEqual(play(history, rule));
    },
  );
});
