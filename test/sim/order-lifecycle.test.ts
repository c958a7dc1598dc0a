import { describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import type { GroupChild, NewOrderRequest } from '../../src/core/execution.ts';
import type { ClOrdId, Side } from '../../src/core/order.ts';
import type { PriceTicks, Qty, TsUs } from '../../src/core/units.ts';
import { TS_MAX } from '../../src/core/units.ts';
import { createBarExchange } from '../../src/sim/bar-exchange.ts';
import { fixedRandom, makeTable, SimHarness } from '../support/sim-harness.ts';

const MINUTE_US = 60_000_000;

function play(...steps: string[]): SimHarness {
  const harness = new SimHarness();
  for (const step of steps) harness.run(step);
  return harness;
}

function child(order: NewOrderRequest, offsetTicks?: number): GroupChild {
  const base = { order, groupQty: order.spec.qty };
  return offsetTicks === undefined ? base : { ...base, level: { offsetTicks } };
}

describe('refusals by name', () => {
  const refused: readonly [string, object, string][] = [
    [
      'a stop-limit of a trail on the wrong side of it',
      { type: 'trailing-stop-limit', trail: { offsetTicks: 4 }, limitOffsetTicks: -1 },
      'invalid-trail',
    ],
    [
      'a stop for the close',
      { type: 'stop', stopTicks: 420, timeInForce: 'at-close' },
      'unsupported-time-in-force',
    ],
    [
      'a stop that is immediate',
      { type: 'stop', stopTicks: 420, timeInForce: 'ioc' },
      'unsupported-time-in-force',
    ],
    ['a trigger by mark', { type: 'stop', stopTicks: 420, trigger: 'mark' }, 'unsupported-trigger'],
    [
      'a trail by the quote',
      { type: 'trailing-stop', trail: { offsetTicks: 4 }, trigger: 'bid-ask' },
      'unsupported-trigger',
    ],
    ['an iceberg without a price', { type: 'market', displayQty: 1 }, 'unsupported-iceberg'],
    [
      'an iceberg that shows more than it is',
      { type: 'limit', limitTicks: 390, displayQty: 2 },
      'invalid-display-qty',
    ],
    [
      'protection of a limit',
      { type: 'limit', limitTicks: 390, protectionTicks: 4 },
      'unsupported-protection',
    ],
    ['negative protection', { type: 'market', protectionTicks: -1 }, 'invalid-protection'],
    [
      'an immediate post-only order',
      { type: 'limit', limitTicks: 390, postOnly: true, timeInForce: 'ioc' },
      'unsupported-time-in-force',
    ],
    [
      'a trail that is armed off the grid',
      { type: 'trailing-stop', trail: { offsetTicks: 4, activationTicks: 420.5 } },
      'off-grid',
    ],
    ['a trail without offset', { type: 'trailing-stop', trail: {} }, 'invalid-trail'],
    ['quantity zero', { type: 'market', qty: 0 }, 'invalid-qty'],
    ['a fractional price', { type: 'limit', limitTicks: 390.5 }, 'off-grid'],
    [
      'an expiry in the past',
      { type: 'market', timeInForce: 'gtd', expireUs: 1 },
      'invalid-expiry',
    ],
    [
      'reduce-only without a position',
      { type: 'market', reduceOnly: true },
      'reduce-only-exhausted',
    ],
  ];

  it.each(refused)('refuses %s', (_name, spec, reason) => {
    const harness = new SimHarness();
    harness.venue.submit(harness.order('x', { side: 1, qty: 1, ...spec } as never));
    expect(harness.lines()).toEqual([`x Rejected ${reason}`]);
    expect(harness.barTicks(400, 404, 396, 400)).toBe(false);
  });

  it('refuses a used id, also of an order that has ended', () => {
    const harness = play(
      'buy 1 market as e',
      'buy 1 market as e',
      'bar 100/101/99/100',
      'buy 1 market as e',
    );
    expect(harness.lines()).toEqual([
      'e Rejected duplicate-id',
      'e fills 1 @ 100',
      'e Rejected duplicate-id',
    ]);
  });

  it('refuses a trailing stop beside several targets, which it could not match exactly', () => {
    const harness = new SimHarness();
    const exit = { side: -1 as Side, qty: 1 };
    const trail = { ...exit, qty: 2, type: 'trailing-stop', trail: { offsetTicks: 8 } };
    harness.group(harness.order('e', { type: 'market', side: 1, qty: 2 }, 'entry'), [
      harness.order('s', trail as never, 'stop'),
      harness.order('t', { ...exit, type: 'limit', limitTicks: 420 } as never, 'target'),
      harness.order('u', { ...exit, type: 'limit', limitTicks: 424 } as never, 'target'),
    ]);
    expect(new Set(harness.reports.map((report) => report.reason))).toEqual(
      new Set(['unsupported-trailing-group']),
    );
  });

  it('names the option that is out of range', () => {
    const make = (options: object): unknown =>
      createBarExchange({ table: makeTable(), random: fixedRandom(), ...options });
    for (const options of [
      { slippageTicks: -1 },
      { slippageTicks: { NQ: 1 } },
      { participation: 0 },
      { policy: 'worst' },
      { maxSlipBeyondBarTicks: NaN },
    ]) {
      expect(() => make(options)).toThrow(TradingError);
      expect(() => make(options)).toThrow(new RegExp(Object.keys(options)[0]!));
    }
  });
});

describe('time', () => {
  it('does not let an order trade on a bar that opened before it was sent', () => {
    const harness = new SimHarness();
    harness.nowUs += 1;
    harness.run('buy 1 market as e');
    harness.run('bar 100/101/99/100');
    expect(harness.fills()).toEqual([]);
    harness.run('bar 102/103/101/102');
    expect(harness.lines()).toEqual(['e fills 1 @ 102']);
  });

  it('does not let a decision made on a sample trade on that sample', () => {
    const harness = new SimHarness();
    const at = harness.nowUs + MINUTE_US;
    harness.nowUs = at;
    harness.run('buy 1 market as e');
    harness.barTicks(400, 400, 400, 400, { openUs: at, closeUs: at });
    expect(harness.fills()).toEqual([]);
    harness.barTicks(404, 404, 404, 404, { openUs: at + 1, closeUs: at + 1 });
    expect(harness.lines()).toEqual(['e fills 1 @ 101']);
  });

  it('stamps fills at the open with the open, and fills on the path with the close', () => {
    const harness = play('buy 1 market as m', 'buy 1 limit 99 as l', 'bar 100/101/98/100');
    const [atOpen, inPath] = harness.reports.filter((report) => report.fill !== undefined);
    expect(inPath!.tsUs - atOpen!.tsUs).toBe(MINUTE_US);
    expect(atOpen!.fill!.evidence).toMatchObject({ rule: 'bar-open', certain: true });
    expect(inPath!.fill!.evidence).toMatchObject({ rule: 'limit-through', certain: true });
  });

  it('expires day orders at the end of the session, but not those sent at the close', () => {
    const harness = play(
      'buy 1 limit 90 day as d',
      'buy 1 limit 90 gtc as g',
      'bar 100/101/99/100',
    );
    harness.run('buy 1 limit 90 day as n');
    harness.run('session-close');
    expect(harness.lines()).toEqual(['d Expired day-end']);
  });

  it('expires a good-till-date order at its moment, after a fill at that moment', () => {
    const harness = new SimHarness();
    const spec = { type: 'limit', side: 1 as Side, qty: 1, timeInForce: 'gtd' as const };
    const expireUs = (harness.nowUs + MINUTE_US) as TsUs;
    const order = (id: string, limitTicks: number): NewOrderRequest =>
      harness.order(id, { ...spec, expireUs, limitTicks } as never);
    harness.venue.submit(order('a', 396));
    harness.venue.submit(order('b', 300));
    expect(harness.venue.nextTimerUs()).toBe(expireUs);
    harness.run('bar 100/101/98/100');
    harness.venue.onTime(expireUs);
    expect(harness.lines()).toEqual(['a fills 1 @ 99', 'b Expired gtd']);
    expect(harness.venue.nextTimerUs()).toBe(TS_MAX);
  });

  it('cancels everything when the contract expires, held exits too, and refuses what follows', () => {
    const harness = play('bracket buy 1 limit 90 stop 80 target 99');
    harness.venue.onContractExpiry(0, harness.nowUs as TsUs);
    harness.run('buy 1 market as x');
    expect(harness.lines()).toContain('e Canceled contract-expired');
    expect(harness.lines()).toContain('x Rejected contract-expired');
    expect(harness.barTicks(300, 500, 300, 400)).toBe(false);
  });
});

describe('cancel and replace', () => {
  const replace = (harness: SimHarness, id: string, changes: object): void => {
    const sentUs = harness.nowUs as TsUs;
    harness.venue.replace({ clOrdId: id as ClOrdId, orderId: null, sentUs, ...changes });
  };

  it('keeps time priority when a resting order is reduced', () => {
    const harness = new SimHarness({ participation: 0.1 });
    for (const step of [
      'buy 2 limit 99 as a',
      'buy 2 limit 99 as b',
      'reduce a 1',
      'bar 100/100/98/99 v20',
    ]) {
      harness.run(step);
    }
    expect(harness.lines()).toEqual(['a fills 1 @ 99', 'b fills 1 @ 99']);
  });

  it('loses time priority when a resting order grows', () => {
    const harness = new SimHarness({ participation: 0.1 });
    for (const step of [
      'buy 2 limit 99 as a',
      'buy 2 limit 99 as b',
      'reduce a 3',
      'bar 100/100/98/99 v20',
    ]) {
      harness.run(step);
    }
    expect(harness.lines()).toEqual(['b fills 2 @ 99']);
  });

  it('moves a price, and wakes at the new one', () => {
    const harness = play('buy 1 limit 90 as a');
    expect(harness.barTicks(400, 404, 390, 400)).toBe(false);
    replace(harness, 'a', { limitTicks: 396 as PriceTicks });
    harness.run('bar 100/101/98/100');
    expect(harness.lines()).toEqual(['a fills 1 @ 99']);
  });

  it('refuses a size at or below what has filled and changes nothing', () => {
    const harness = new SimHarness({ participation: 0.1 });
    harness.run('buy 5 limit 99 as a');
    harness.run('bar 100/100/98/99 v20');
    replace(harness, 'a', { qty: 2 as Qty });
    replace(harness, 'a', { limitTicks: 380.5 });
    replace(harness, 'a', { stopTicks: 380 });
    const reasons = harness.reports
      .filter((r) => r.kind === 'ReplaceRejected')
      .map((r) => r.reason);
    expect(reasons).toEqual(['qty-below-filled', 'off-grid', 'unsupported-replace']);
    harness.run('bar 98/98/97/98 v100');
    expect(harness.lines()).toEqual(['a fills 2 @ 99', 'a fills 3 @ 99']);
  });

  it('refuses to cancel what has ended or never was', () => {
    const harness = play('buy 1 market as e', 'bar 100/101/99/100', 'cancel e', 'cancel ghost');
    const rejected = harness.reports.filter((report) => report.kind === 'CancelRejected');
    expect(rejected.map((report) => report.reason)).toEqual(['already-terminal', 'unknown-order']);
  });

  it('cancelling one leg of an OCO cancels the other', () => {
    expect(play('straddle 102 98', 'cancel b').lines()).toEqual([
      'b Canceled requested',
      's Canceled oco-peer',
    ]);
  });

  it('cancelling the target of a bracket leaves its stop', () => {
    expect(play('protect 1 stop 98 target 104', 'cancel t', 'bar 97/98/96/97').lines()).toEqual([
      't Canceled requested',
      's fills 1 @ 97',
    ]);
  });

  it('holds back a request that is made from inside a report until the bar is done', () => {
    const harness = new SimHarness();
    const { venue } = harness;
    venue.connect({
      onReport: (report) => {
        harness.reports.push(report);
        if (report.kind === 'Fill' && report.clOrdId === 'a') {
          venue.cancel({ clOrdId: 'b' as ClOrdId, orderId: null, sentUs: harness.nowUs as TsUs });
        }
      },
      onAmbiguity: () => {},
    });
    for (const step of ['buy 1 market as a', 'buy 1 limit 99 as b', 'bar 100/101/98/100']) {
      harness.run(step);
    }
    expect(harness.lines(['Fill', 'CancelRejected'])).toEqual([
      'a fills 1 @ 100',
      'b fills 1 @ 99',
      'b CancelRejected already-terminal',
    ]);
  });
});

describe('brackets', () => {
  const exitSpec = (type: string, price: object, qty: number = 1): never =>
    ({ type, side: -1, qty, reduceOnly: true, ...price }) as never;

  it('hold their exits until the entry fills, then release them', () => {
    const harness = play('bracket buy 1 limit 99 stop 97 target 103');
    expect(harness.reports.map((r) => `${r.clOrdId} ${r.kind} ${r.working}`)).toEqual([
      'e Accepted live',
      's Accepted held',
      't Accepted held',
    ]);
    harness.run('bar 100/101/98/100');
    expect(harness.lines(['Fill', 'Released'])).toEqual([
      'e fills 1 @ 99',
      's Released',
      't Released',
    ]);
  });

  it('place exits at offsets from the average fill of the entry', () => {
    const harness = new SimHarness();
    harness.group(harness.order('e', { type: 'market', side: 1, qty: 1 }, 'entry'), [
      child(harness.order('s', exitSpec('stop', { stopTicks: 0 }), 'stop'), 8),
      child(harness.order('t', exitSpec('limit', { limitTicks: 0 }), 'target'), 12),
    ]);
    harness.run('bar 101/102/100/101');
    const released = harness.reports.filter((report) => report.kind === 'Released');
    expect(released.map((report) => report.stopTicks ?? report.limitTicks)).toEqual([396, 416]);
  });

  it('exit at once when the entry jumps beyond a level of its exits', () => {
    expect(
      play('bracket buy 1 limit 99 stop 97 target 103', 'bar 95/96/94/95 auction').lines(),
    ).toEqual(['e fills 1 @ 95', 's fills 1 @ 95', 't Canceled oco-peer']);
    expect(
      play('bracket buy 1 stop 102 stop 100 target 104', 'bar 105/106/104.5/105').lines(),
    ).toEqual(['e fills 1 @ 105', 't fills 1 @ 105', 's Canceled oco-peer']);
  });

  it('share a partial entry among several targets without losing or adding a contract', () => {
    const harness = new SimHarness({ participation: 0.1 });
    harness.group(harness.order('e', { type: 'market', side: 1, qty: 5 }, 'entry'), [
      child(harness.order('s', exitSpec('stop', { stopTicks: 380 }, 5), 'stop')),
      child(harness.order('t', exitSpec('limit', { limitTicks: 410 }, 2), 'target')),
      child(harness.order('u', exitSpec('limit', { limitTicks: 420 }, 3), 'target')),
    ]);
    harness.barTicks(400, 401, 399, 400, { volume: 20 });
    harness.barTicks(400, 401, 399, 400, { volume: 1000 });
    harness.barTicks(400, 412, 399, 400, { volume: 1000 });
    harness.barTicks(400, 401, 370, 375, { volume: 1000 });
    expect(harness.lines()).toEqual([
      'e fills 2 @ 100',
      'e fills 3 @ 100',
      't fills 2 @ 102.5',
      's fills 3 @ 95',
      'u Canceled oco-peer',
    ]);
  });

  it('cancel their held exits when the entry ends without a fill', () => {
    expect(play('bracket buy 1 limit 99 stop 97 target 103', 'cancel e').lines()).toEqual([
      'e Canceled requested',
      's Canceled parent-ended',
      't Canceled parent-ended',
    ]);
  });

  it('refuse the whole group when one order of it is refused', () => {
    const harness = new SimHarness();
    harness.group(harness.order('e', { type: 'market', side: 1, qty: 1 }, 'entry'), [
      harness.order('s', exitSpec('stop', { stopTicks: 390, trigger: 'mark' }), 'stop'),
    ]);
    expect(harness.lines()).toEqual([
      'e Rejected unsupported-trigger',
      's Rejected unsupported-trigger',
    ]);
  });
});

describe('prices', () => {
  const evidenceOf = (harness: SimHarness, row: number = 0) =>
    harness.reports.filter((report) => report.fill !== undefined)[row]!.fill!;

  it('slip against the order, but not beyond the bar', () => {
    const harness = new SimHarness({ slippageTicks: 2 });
    for (const step of ['buy 1 market as a', 'sell 1 stop 99.25 as b', 'bar 100/100.25/99/100']) {
      harness.run(step);
    }
    expect(harness.lines()).toEqual(['a fills 1 @ 100.25', 'b fills 1 @ 99']);
    expect(evidenceOf(harness).evidence!.slippageTicks).toBe(1);
  });

  it('slip beyond the bar as far as the option allows', () => {
    const harness = new SimHarness({
      slippageTicks: { default: 1, ES: 4 },
      maxSlipBeyondBarTicks: 3,
    });
    harness.run('buy 1 market as a');
    harness.run('bar 100/100/100/100');
    expect(harness.lines()).toEqual(['a fills 1 @ 100.75']);
  });

  it('pay the spread on aggressive fills only', () => {
    const harness = new SimHarness({ spreadTicks: 1 });
    for (const step of ['buy 1 market as a', 'buy 1 limit 99 as b', 'bar 100/101/98/100']) {
      harness.run(step);
    }
    expect(harness.lines()).toEqual(['a fills 1 @ 100.25', 'b fills 1 @ 99']);
  });

  it('round a sample off the grid against the order and say so', () => {
    const harness = new SimHarness();
    harness.run('buy 1 market as a');
    harness.run('sell 1 market as b');
    harness.barTicks(400.3, 400.3, 400.3, 400.3, { volume: NaN });
    expect(harness.fills().map((fill) => fill.ticks)).toEqual([401, 400]);
    expect(evidenceOf(harness).evidence!.roundedTicks).toBeCloseTo(0.7, 9);
    expect(harness.venue.counts.roundedFills).toBe(2);
  });

  it('name each fill by contract, order and number alone', () => {
    const harness = new SimHarness({ participation: 0.1 });
    for (const step of ['buy 5 market as a', 'bar 100/101/99/100 v30', 'bar 100/101/99/100 v30']) {
      harness.run(step);
    }
    expect([evidenceOf(harness, 0).execId, evidenceOf(harness, 1).execId]).toEqual([
      'SIM-ESZ2025-0-0',
      'SIM-ESZ2025-0-1',
    ]);
  });

  it('draw the same outcome for the same seed, and the other one for some seed', () => {
    const draw = (seed: number): string => {
      const harness = new SimHarness({ policy: 'seeded', random: fixedRandom(seed) });
      harness.run('protect 1 stop 98 target 104');
      harness.run('bar 101/105/97/103');
      return harness.lines()[0]!;
    };
    expect(draw(7)).toBe(draw(7));
    expect(new Set([1, 2, 3, 4, 5, 6, 7, 8].map(draw)).size).toBe(2);
  });
});

describe('an inverted stop-limit', () => {
  it('fills after its election only, and the bar may not tell', () => {
    const steps = ['sell 1 stop-limit 99 101 as e', 'bar 100/102/98/100'];
    const worst = play(...steps);
    const best = new SimHarness({ policy: 'optimistic' });
    for (const step of steps) best.run(step);
    expect(worst.lines(['Triggered', 'Fill'])).toEqual(['e Triggered']);
    expect(best.lines(['Triggered', 'Fill'])).toEqual(['e Triggered', 'e fills 1 @ 101 ambiguous']);
    expect(worst.ambiguities).toHaveLength(1);
    worst.run('bar 100/102/99/100');
    expect(worst.lines()).toEqual(['e fills 1 @ 101']);
  });
});

describe('a group inside one bar', () => {
  it('acts once: a trail that the bar has moved is not met again by the same bar', () => {
    const sim = new SimHarness({ policy: 'optimistic' });
    sim.run('protect 1 trail 2 from 98 target 110');
    // K29b: under optimistic the trail stays and moves to 102; the open at 101 lies before that.
    sim.run('bar 101/104/101/103');
    expect(sim.lines()).toEqual([]);
    expect(sim.reports.at(-1)).toMatchObject({ kind: 'Restated', clOrdId: 's', stopTicks: 408 });
    sim.run('bar 103/103/101/101');
    expect(sim.lines()).toEqual(['s fills 1 @ 102', 't Canceled oco-peer']);
  });
});
