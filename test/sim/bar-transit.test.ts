/** A delayed bar venue: what arrives when, by hand. */
import { describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import type { ClOrdId } from '../../src/core/order.ts';
import type { TsUs } from '../../src/core/units.ts';
import { createBarExchange } from '../../src/sim/bar-exchange.ts';
import { fixedRandom, makeTable, SimHarness } from '../support/sim-harness.ts';

const MINUTE_US = 60_000_000;

function play(delayBars: number, ...steps: string[]): SimHarness {
  const harness = new SimHarness({ delayBars });
  for (const step of steps) harness.run(step);
  return harness;
}

describe('a market order', () => {
  const steps = [
    'buy 1 market as e',
    'bar 100/101/99/100.5',
    'bar 102/103/101/102.5',
    'bar 104/105/103/104.5',
  ];

  it('fills at the open of the next bar without a delay', () => {
    expect(play(0, ...steps).lines()).toEqual(['e fills 1 @ 100']);
  });

  it('fills at the open of the bar after that with a delay of one bar, of the third with two', () => {
    expect(play(1, ...steps).lines()).toEqual(['e fills 1 @ 102']);
    expect(play(2, ...steps).lines()).toEqual(['e fills 1 @ 104']);
  });

  it('waits for as many bars as the market has, however long that takes', () => {
    expect(
      play(1, 'buy 1 market as e', 'wait 5000', 'bar 100/101/99/100', 'wait 5000').lines(),
    ).toEqual([]);
  });

  it('is accepted when it arrives, at the close of the first bar', () => {
    const harness = play(1, 'buy 1 market as e');
    expect(harness.reports).toEqual([]);
    const startUs = harness.nowUs;
    harness.run('bar 100/101/99/100');
    expect(harness.reports.map((report) => [report.kind, report.tsUs - startUs])).toEqual([
      ['Accepted', MINUTE_US],
    ]);
  });

  it('sent inside a bar does not count that bar', () => {
    const harness = new SimHarness({ delayBars: 1 });
    harness.nowUs += 1;
    harness.run('buy 1 market as e');
    for (const bar of ['100/101/99/100', '102/103/101/102', '104/105/103/104'])
      harness.run(`bar ${bar}`);
    expect(harness.lines()).toEqual(['e fills 1 @ 104']);
  });

  it('meets the sample after the next sample, where bars are samples', () => {
    const harness = new SimHarness({ delayBars: 1 });
    const sample = (price: number, minutes: number): boolean => {
      const at = 1_700_000_000_000_000 + minutes * MINUTE_US;
      return harness.barTicks(price, price, price, price, { openUs: at, closeUs: at });
    };
    sample(400, 0);
    harness.run('buy 1 market as e');
    sample(404, 1);
    expect(harness.lines()).toEqual([]);
    sample(408, 2);
    expect(harness.lines()).toEqual(['e fills 1 @ 102']);
  });
});

describe('resting orders', () => {
  it('a limit misses the bar that it would have filled in', () => {
    const steps = ['buy 1 limit 98 as e', 'bar 100/101/97/100', 'bar 100/101/99/100'];
    expect(play(0, ...steps).lines()).toEqual(['e fills 1 @ 98']);
    expect(play(1, ...steps).lines()).toEqual([]);
    expect(play(1, ...steps, 'bar 100/101/97/100').lines()).toEqual(['e fills 1 @ 98']);
  });

  it('a stop that the market passed on the way trades at the first open it meets', () => {
    const steps = ['buy 1 stop 102 as e', 'bar 100/104/99/103', 'bar 105/106/104/105'];
    expect(play(0, ...steps).lines()).toEqual(['e fills 1 @ 102']);
    expect(play(1, ...steps).lines()).toEqual(['e fills 1 @ 105']);
  });

  it('a limit that became marketable on the way trades at the open, not at its own price', () => {
    expect(play(1, 'buy 1 limit 98 as e', 'bar 100/100/96/96', 'bar 95/97/94/96').lines()).toEqual([
      'e fills 1 @ 95',
    ]);
  });

  it('an order at work is not delayed again, nor does it wake the venue for nothing', () => {
    const harness = play(1, 'buy 1 limit 98 as e', 'bar 100/101/99/100');
    expect(harness.barTicks(400, 404, 396, 400)).toBe(false);
    expect(harness.barTicks(400, 404, 391, 400)).toBe(true);
    expect(harness.lines()).toEqual(['e fills 1 @ 98']);
  });

  it('a refused bar lets time pass and executes nothing', () => {
    const harness = play(1, 'buy 1 market as e', 'bar 100/101/99/100 v0');
    expect(harness.lines(['Accepted'])).toEqual(['e Accepted']);
    harness.run('bar 102/103/101/102');
    expect(harness.lines()).toEqual(['e fills 1 @ 102']);
  });
});

describe('changes and cancels', () => {
  const resting = ['buy 1 limit 98 as e', 'bar 100/101/99/100'];

  it('a cancel comes too late for the bar in between', () => {
    const late = play(1, ...resting, 'cancel e', 'bar 100/101/97/100');
    expect(late.lines(['Fill', 'Canceled', 'CancelRejected'])).toEqual([
      'e fills 1 @ 98',
      'e CancelRejected already-terminal',
    ]);
    const free = play(1, ...resting, 'cancel e', 'bar 100/101/99/100', 'bar 100/101/97/100');
    expect(free.lines()).toEqual(['e Canceled requested']);
  });

  it('never overtakes its order', () => {
    const harness = play(1, 'buy 1 limit 98 as e', 'cancel e');
    expect(harness.reports).toEqual([]);
    harness.run('bar 100/101/97/100');
    expect(harness.reports.map((report) => report.kind)).toEqual(['Accepted', 'Canceled']);
  });

  it('a change of an unknown order is refused at once', () => {
    expect(play(1, 'cancel x').lines(['CancelRejected'])).toEqual([
      'x CancelRejected unknown-order',
    ]);
  });
});

describe('groups', () => {
  it('the exits of a bracket work from the very fill of its delayed entry', () => {
    const steps = [
      'bracket buy 1 market stop 98 target 104',
      'bar 100/101/99/100',
      'bar 100/101/97/99',
    ];
    expect(play(0, ...steps).lines()).toEqual([
      'e fills 1 @ 100',
      's fills 1 @ 98',
      't Canceled oco-peer',
    ]);
    expect(play(1, ...steps).lines()).toEqual([
      'e fills 1 @ 100',
      's fills 1 @ 98',
      't Canceled oco-peer',
    ]);
    expect(play(1, ...steps.slice(0, 2)).lines()).toEqual([]);
  });

  it('a bracket whose stop the market has passed on the way is refused whole', () => {
    const harness = play(1, 'bracket buy 1 market stop 98 target 104', 'bar 100/100/95/96');
    expect(new Set(harness.lines())).toEqual(
      new Set(['e', 's', 't'].map((id) => `${id} Rejected inverted-bracket`)),
    );
  });

  it('exits for a position that is gone on arrival are refused', () => {
    const harness = play(1, 'protect 1 stop 98 target 104', 'position 0', 'bar 100/101/99/100');
    expect(new Set(harness.lines())).toEqual(
      new Set(['s', 't'].map((id) => `${id} Rejected reduce-only-exhausted`)),
    );
  });
});

describe('the end of a session', () => {
  const day = 'buy 1 limit 98 day as e';

  it('a DAY order that arrived in the session ends with it', () => {
    const harness = play(1, day, 'bar 100/101/99/100', 'bar 100/101/99/100', 'session-close');
    expect(harness.lines()).toEqual(['e Expired day-end']);
  });

  it('a DAY order that arrives at the close works in the session after it', () => {
    const harness = play(1, day, 'bar 100/101/99/100', 'session-close', 'bar 100/101/97/100');
    expect(harness.lines()).toEqual(['e fills 1 @ 98']);
  });

  it('a DAY order still on the way is not expired', () => {
    const harness = play(2, day, 'bar 100/101/99/100', 'session-close', 'bar 100/101/99/100');
    harness.run('bar 100/101/97/100');
    expect(harness.lines()).toEqual(['e fills 1 @ 98']);
  });

  it('a GTD order whose time has passed on the way is refused', () => {
    const harness = new SimHarness({ delayBars: 1 });
    const expireUs = (harness.nowUs + MINUTE_US / 2) as TsUs;
    const spec = { type: 'market', side: 1, qty: 1, timeInForce: 'gtd', expireUs } as const;
    harness.venue.submit(harness.order('e', spec as never));
    harness.run('bar 100/101/99/100');
    expect(harness.lines()).toEqual(['e Rejected invalid-expiry']);
  });
});

describe('rolls and expiry', () => {
  it('what the engine sends at a roll is not delayed', () => {
    const harness = new SimHarness({ delayBars: 1 });
    const order = harness.order('r', { type: 'market', side: 1, qty: 1 });
    harness.venue.submit({ ...order, sender: 'roll' });
    harness.run('bar 100/101/99/100');
    expect(harness.lines()).toEqual(['r fills 1 @ 100']);
  });

  it('what is on the way arrives before the engine cancels it', () => {
    const harness = play(1, 'buy 1 market as e');
    const nowUs = harness.nowUs as TsUs;
    harness.venue.hasten!(0, nowUs);
    harness.venue.cancel({
      clOrdId: 'e' as ClOrdId,
      orderId: null,
      sentUs: nowUs,
      sender: 'roll',
    });
    expect(harness.reports.map((report) => report.kind)).toEqual(['Accepted', 'Canceled']);
    expect(harness.barTicks(400, 404, 396, 400)).toBe(false);
  });

  it('what is on the way to a contract that expires is refused then', () => {
    const harness = play(1, 'buy 1 market as e');
    harness.venue.onContractExpiry(0, harness.nowUs as TsUs);
    expect(harness.lines()).toEqual(['e Rejected contract-expired']);
  });
});

it.each([-1, 0.5, NaN, Infinity])('refuses a delay of %s bars', (delayBars) => {
  const make = (): unknown =>
    createBarExchange({ table: makeTable(), random: fixedRandom(), delayBars });
  expect(make).toThrow(TradingError);
  expect(make).toThrow(/delayBars/);
});
