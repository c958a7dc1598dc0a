/** Order types, times in force and protections on bars: order flow left, reports right. */
import { describe, expect, it } from 'vitest';
import type { BarColumns } from '../../src/core/bars.ts';
import type { HarnessOptions } from '../support/sim-harness.ts';
import { SimHarness } from '../support/sim-harness.ts';

type Row = readonly [
  name: string,
  steps: readonly string[],
  reports: readonly string[],
  options?: HarnessOptions,
];
const named = (rows: readonly Row[]) =>
  rows.map(([name, steps, reports, options]) => ({ name, steps, reports, options }));

function play(steps: readonly string[], options: HarnessOptions = {}): SimHarness {
  const harness = new SimHarness(options);
  for (const step of steps) harness.run(step);
  return harness;
}

const CAPPED: HarnessOptions = { participation: 0.1 };

const ROWS: readonly Row[] = [
  [
    'market-to-limit: what the open leaves rests at the price of the fill',
    [
      'buy 5 market-to-limit as e',
      'bar 100/101/99/100 v20',
      'bar 101/102/100.25/101 v100',
      'bar 99/100/98/99 v100',
    ],
    ['e fills 2 @ 100', 'e fills 3 @ 100'],
    CAPPED,
  ],
  [
    'a plain market order in its place goes on at the next open',
    ['buy 5 market as e', 'bar 100/101/99/100 v20', 'bar 101/102/100.25/101 v100'],
    ['e fills 2 @ 100', 'e fills 3 @ 101'],
    CAPPED,
  ],
  [
    'protection of a market order caps its slippage',
    ['buy 1 market protect=0.5 as e', 'bar 100/103/99/100'],
    ['e fills 1 @ 100.5'],
    { slippageTicks: 8 },
  ],
  [
    'the rest of a protected market order rests at the protection',
    [
      'buy 5 market protect=1 as e',
      'bar 100/101/99/100 v20',
      'bar 102/103/101.25/102 v100',
      'bar 101/102/100/101 v100',
    ],
    ['e fills 2 @ 100', 'e fills 3 @ 101'],
    CAPPED,
  ],
  [
    'the rest of a protected market order is cancelled where the venue does so',
    ['buy 5 market protect=1 as e', 'bar 100/101/99/100 v20'],
    ['e fills 2 @ 100', 'e Canceled protection-reached'],
    { ...CAPPED, protectionRest: 'cancel' },
  ],
  [
    'a protected stop that is jumped over rests at its protection and waits for the price to come back',
    ['sell 1 stop 99 protect=1 as e', 'bar 97/97.75/96/97', 'bar 97/98.25/97/98'],
    ['e fills 1 @ 98'],
  ],
  [
    'a protected stop within its protection fills at the open',
    ['sell 1 stop 99 protect=1 as e', 'bar 98.5/99/96/97'],
    ['e fills 1 @ 98.5'],
  ],
  [
    'a protected stop inside the bar fills at its trigger, no worse than its protection',
    ['sell 1 stop 99 protect=0.5 as e', 'bar 100/100/96/97'],
    ['e fills 1 @ 98.5'],
    { slippageTicks: 8 },
  ],
  [
    'a trailing stop-limit fills at its trigger inside the bar',
    ['position 1', 'sell 1 trailing-stop-limit 2 0.5 98 as e', 'bar 101/101/98.5/99'],
    ['e fills 1 @ 99'],
    { last: 99 },
  ],
  [
    'a trailing stop-limit that is jumped over rests at its limit',
    [
      'position 1',
      'sell 1 trailing-stop-limit 2 0.5 98 as e',
      'bar 97/97.5/96.5/97',
      'bar 97/98/97/98',
    ],
    ['e fills 1 @ 97.5'],
  ],
  [
    'S9 on bars: a trail that is never armed never exits',
    ['sell 1 trailing-stop 1 arm=102 as e', 'bar 100/101.75/99/100', 'bar 100/100/95/96'],
    [],
  ],
  [
    'a trail that is armed inside the bar starts there',
    ['sell 1 trailing-stop 1 arm=102 as e', 'bar 100/102/99.5/100'],
    ['e fills 1 @ 101'],
  ],
  [
    'a trail that may have been armed before or after the low leaves it open',
    ['sell 1 trailing-stop 1 arm=102 as e', 'bar 100/102/99.5/101.5'],
    ['e fills 1 @ 101 ambiguous'],
  ],
  [
    'an armed trail goes on trailing in the next bar',
    ['sell 1 trailing-stop 1 arm=102 as e', 'bar 100/102/99.5/101.75', 'bar 101.75/104/101.5/103'],
    ['e fills 1 @ 103 ambiguous'],
    { policy: 'optimistic' },
  ],
  [
    'a trail is armed by the open',
    ['sell 1 trailing-stop 1 arm=102 as e', 'bar 103/103/101.75/101.75'],
    ['e fills 1 @ 102'],
  ],
  [
    'a sleeping trail leaves its target at work',
    ['protect 1 trail 1 arm=104 target 103', 'bar 100/103.5/95/96'],
    ['t fills 1 @ 103', 's Canceled oco-peer'],
  ],
  [
    'at-open waits for the next opening',
    ['buy 1 market at-open as e', 'bar 100/101/99/100', 'bar 103/104/102/103 auction'],
    ['e fills 1 @ 103'],
  ],
  [
    'at-open with a limit that the opening does not reach is cancelled',
    ['buy 1 limit 102 at-open as e', 'bar 103/104/101/103 auction'],
    ['e Canceled at-open-unfilled'],
  ],
  [
    'at-open with a limit gets the opening price',
    ['buy 1 limit 104 at-open as e', 'bar 103/104/101/103 auction'],
    ['e fills 1 @ 103'],
    { slippageTicks: 2 },
  ],
  [
    'at-open survives the close before it',
    [
      'buy 1 market at-open as e',
      'bar 100/101/99/100 last',
      'session-close',
      'bar 99/99/98/98 auction',
    ],
    ['e fills 1 @ 99'],
  ],
  [
    'at-close fills at the close of the last bar of its session',
    ['buy 1 market at-close as e', 'bar 100/101/99/100', 'bar 100/102/99/101.5 last'],
    ['e fills 1 @ 101.5'],
    { slippageTicks: 2 },
  ],
  [
    'at-close with a limit that the close does not reach is cancelled',
    ['buy 1 limit 101 at-close as e', 'bar 100/102/99/101.5 last'],
    ['e Canceled at-close-unfilled'],
  ],
  [
    'at-close gets the close of a last bar that ends before the session',
    ['buy 1 market at-close as e', 'bar 100/102/99/101.5', 'wait 30', 'session-close'],
    ['e fills 1 @ 101.5'],
  ],
  [
    'T5 an order for the close after the cut-off is refused',
    ['buy 1 market at-close as e'],
    ['e Rejected at-close-late'],
    { sessionCloseUs: (_, tsUs) => tsUs + 60_000_000, closeCutoffUs: 60_000_001 },
  ],
  [
    'an order for the close at the cut-off is accepted',
    ['buy 1 market at-close as e', 'bar 100/102/99/101 last'],
    ['e fills 1 @ 101'],
    { sessionCloseUs: (_, tsUs) => tsUs + 60_000_000, closeCutoffUs: 60_000_000 },
  ],
  [
    'at-close fills at the official settlement, also on a bar without volume',
    ['buy 1 market at-close as e', 'bar 100/102/99/101.5 v0 last'],
    ['e fills 1 @ 101.25'],
    { settlementTicks: () => 405 },
  ],
  [
    'at-close after the last bar of the session has opened fills at the official settlement, not at the bar',
    ['bar 100/102/99/101', 'buy 1 market at-close as e', 'wait 1', 'session-close'],
    ['e fills 1 @ 101.25'],
    { settlementTicks: () => 405 },
  ],
  [
    'at-close at an official price between two ticks fills at the one against us',
    ['buy 1 market at-close as e', 'sell 1 market at-close as f', 'bar 100/102/99/101.5 last'],
    ['e fills 1 @ 101.5', 'f fills 1 @ 101.25'],
    { settlementTicks: () => 405.4 },
  ],
  [
    'at-close without an official price fills at the last bar',
    ['buy 1 market at-close as e', 'bar 100/102/99/101.5 last'],
    ['e fills 1 @ 101.5'],
    { settlementTicks: () => NaN },
  ],
  [
    'a post-only limit beyond the last price is refused',
    ['buy 1 limit 100.25 post-only as e'],
    ['e Rejected post-only-would-trade'],
  ],
  [
    'a post-only limit at the last price rests',
    ['buy 1 limit 100 post-only as e', 'bar 101/101/99/100'],
    ['e fills 1 @ 100'],
  ],
  [
    'a post-only limit slides to the last price where the venue does so',
    ['buy 1 limit 102 post-only as e', 'bar 101/101/99/100'],
    ['e fills 1 @ 100'],
    { postOnly: 'slide' },
  ],
  [
    'an iceberg shows a slice to a touch',
    ['buy 5 limit 99 show=2 as e', 'bar 100/101/99/100', 'bar 100/101/98/100'],
    ['e fills 2 @ 99', 'e fills 3 @ 99'],
    { touch: 'always' },
  ],
  [
    'an order that shows everything fills on the touch',
    ['buy 5 limit 99 as e', 'bar 100/101/99/100'],
    ['e fills 5 @ 99'],
    { touch: 'always' },
  ],
  [
    'a stop by the quote elects half a spread earlier and pays no spread on top',
    ['buy 1 stop 102 bid-ask as e', 'bar 101/101.5/100/101'],
    ['e fills 1 @ 102'],
    { spreadTicks: 2 },
  ],
  [
    'a stop by the last trade waits for the trade and pays the spread',
    ['buy 1 stop 102 as e', 'bar 101/101.5/100/101', 'bar 101/102/100/101'],
    ['e fills 1 @ 102.5'],
    { spreadTicks: 2 },
  ],
  [
    'the volume of a bar is that of every leg together',
    ['buy 9 stop 101 as e', 'bar 100/101/96/99 v100'],
    ['e fills 9 @ 101'],
    { ...CAPPED, policy: 'ohlc' },
  ],
  [
    'divided by length, the first leg of 1 in 9 points has one contract of ten',
    ['buy 9 stop 101 as e', 'bar 100/101/96/99 v100', 'bar 98/99/98/99 v100'],
    ['e fills 1 @ 101', 'e fills 8 @ 98'],
    { ...CAPPED, policy: 'ohlc', volumeOver: 'path' },
  ],
  [
    'the same first leg has a quarter where the volume is divided by quarters',
    ['buy 9 stop 101 as e', 'bar 100/101/96/99 v100'],
    ['e fills 2 @ 101'],
    { ...CAPPED, policy: 'ohlc', volumeOver: 'equal' },
  ],
  [
    'orders of one leg share it, and the open may use all of the bar',
    ['buy 6 market as m', 'sell 3 stop 97 as a', 'sell 3 stop 97 as b', 'bar 100/101/96/99 v100'],
    ['m fills 6 @ 100', 'a fills 3 @ 97', 'b fills 1 @ 97'],
    { ...CAPPED, policy: 'ohlc', volumeOver: 'path' },
  ],
  [
    'a bound follows no path and divides nothing',
    ['buy 9 stop 101 as e', 'bar 100/101/96/99 v100'],
    ['e fills 9 @ 101'],
    { ...CAPPED, policy: 'pessimistic', volumeOver: 'path' },
  ],
  [
    'a touch with probability 1 fills',
    ['buy 1 limit 99 as e', 'bar 100/101/99/100'],
    ['e fills 1 @ 99'],
    { touch: { prob: 1 } },
  ],
  [
    'a touch with probability 0 does not',
    ['buy 1 limit 99 as e', 'bar 100/101/99/100'],
    [],
    { touch: { prob: 0 } },
  ],
  [
    'a touch fills what the volume of the price has left behind the queue',
    ['buy 5 limit 99 as e', 'bar 100/101/99/100 v90'],
    ['e fills 3 @ 99'],
    { touch: { volume: { queueQty: 7 } } },
  ],
  [
    'a touch fills nothing when the queue is longer',
    ['buy 5 limit 99 as e', 'bar 100/101/99/100 v90'],
    [],
    { touch: { volume: { queueQty: 10 } } },
  ],
  [
    'P17 at the upper limit a buy does not fill, a sell does',
    [
      'bar 100/100/100/100',
      'session-close',
      'buy 1 limit 110 as b',
      'sell 1 limit 110 as s',
      'bar 110/110/110/110',
    ],
    ['s fills 1 @ 110'],
    { dailyLimitTicks: 40, last: 100 },
  ],
  [
    'P17 at the lower limit a sell does not fill, not even at market; it waits',
    ['session-close', 'sell 1 market as s', 'bar 90/90/90/90', 'bar 91/92/90/91'],
    ['s fills 1 @ 91'],
    { dailyLimitTicks: 40, last: 100 },
  ],
  [
    'a still bar below the limit is no lock',
    ['session-close', 'sell 1 market as s', 'bar 91/91/91/91'],
    ['s fills 1 @ 91'],
    { dailyLimitTicks: 40, last: 100 },
  ],
  [
    'P18 a buy gets the open of the ask, a sell that of the bid',
    ['buy 1 market as b', 'sell 1 market as s', 'bar 100/102/98/100'],
    ['b fills 1 @ 100.5', 's fills 1 @ 99.75'],
    { quoteBars: quotes([99.75, 101.75, 97.75, 99.75], [100.5, 102.5, 98.5, 100.5]) },
  ],
  [
    'P18 a buy limit that the bid reaches and the ask does not stays',
    ['buy 1 limit 98.25 as b', 'sell 1 limit 101.5 as s', 'bar 100/102/98/100'],
    ['s fills 1 @ 101.5'],
    { quoteBars: quotes([99.75, 101.75, 97.75, 99.75], [100.5, 102.5, 98.5, 100.5]) },
  ],
  [
    'the spread of the bar replaces the one of the venue',
    ['buy 1 market as b', 'bar 100/102/98/100', 'buy 1 market as c', 'bar 100/102/98/100'],
    ['b fills 1 @ 100.75', 'c fills 1 @ 100.25'],
    { spreadTicks: 1, spreadAt: wideAtFirst() },
  ],
  [
    'an order of a close fills at that close where it may, and says so',
    ['bar 100/102/98/101', 'buy 1 market as b', 'bar 103/104/102/103'],
    ['b fills 1 @ 101'],
    { fillOn: 'close' },
  ],
  [
    'a stop of a close waits for the next bar there too',
    ['bar 100/102/98/101', 'buy 1 stop 102 as b', 'bar 103/104/102/103'],
    ['b fills 1 @ 103'],
    { fillOn: 'close' },
  ],
  [
    'a market order a moment after the open still gets it',
    ['buy 1 market as b', 'bar 101/103/99/102'],
    ['b fills 1 @ 101'],
    { latencyUs: 300_000 },
  ],
  [
    'a market order later than that gets the next open',
    ['buy 1 market as b', 'bar 101/103/99/102', 'bar 102/103/100/101'],
    ['b fills 1 @ 102'],
    { latencyUs: 600_000 },
  ],
  [
    'a resting order that arrives inside a bar starts with the next one',
    ['buy 1 limit 100 as b', 'bar 101/103/99/102', 'bar 102/103/101/102', 'bar 102/103/99/101'],
    ['b fills 1 @ 100'],
    { latencyUs: 1000 },
  ],
  [
    'L1 on bars: a cancel that arrives inside the bar that fills comes too late',
    ['buy 1 limit 100 as b', 'bar 101/103/101/102', 'cancel b', 'bar 102/103/99/101'],
    ['b fills 1 @ 100'],
    { latencyUs: 1000 },
  ],
];

type Side4 = readonly [number, number, number, number];
function quotes(bid: Side4, ask: Side4): NonNullable<HarnessOptions['quoteBars']> {
  return {
    read: (_contract, _openUs, _closeUs, into) => {
      const [open, high, low, close] = bid.map((price) => price * 4);
      Object.assign(into, { bidOpen: open, bidHigh: high, bidLow: low, bidClose: close });
      const [askOpen, askHigh, askLow, askClose] = ask.map((price) => price * 4);
      Object.assign(into, { askOpen, askHigh, askLow, askClose });
      return true;
    },
  };
}

function wideAtFirst(): NonNullable<HarnessOptions['spreadAt']> {
  let firstUs = NaN;
  return (_contract, openUs) => {
    if (isNaN(firstUs)) firstUs = openUs;
    return openUs === firstUs ? 3 : NaN;
  };
}

describe('orders on bars', () => {
  it.each(named(ROWS))('$name', ({ steps, reports, options }) => {
    expect(play(steps, options).lines()).toEqual(reports);
  });

  it('say which rule filled them', () => {
    const ruleOf = (steps: readonly string[], options: HarnessOptions = {}) =>
      play(steps, options).reports.find((report) => report.fill)!.fill!.evidence!.rule;
    const touched = ['buy 1 limit 99 as e', 'bar 100/101/99/100'];
    expect(ruleOf(touched, { touch: 'always' })).toBe('limit-touch');
    expect(ruleOf(['buy 1 limit 99.25 as e', touched[1]!])).toBe('limit-through');
    expect(ruleOf(['buy 1 market at-open as e', 'bar 1/1/1/1 auction'])).toBe('at-open');
    expect(ruleOf(['buy 1 market at-close as e', 'bar 1/1/1/1 last'])).toBe('at-close');
    const late = ['buy 1 market as e', 'bar 100/101/99/100'];
    expect(ruleOf(late, { latencyUs: 1000 })).toBe('latency-subbar');
    const onClose = ['bar 100/101/99/100', 'buy 1 market as e'];
    expect(ruleOf(onClose, { fillOn: 'close' })).toBe('same-bar-close');
  });
});

/** Minutes inside a bar, as `[minute, open, high, low, close]` in price. */
function finerOf(rows: readonly (readonly number[])[]): NonNullable<HarnessOptions['finer']> {
  return {
    within: (_contract, openUs, closeUs): BarColumns | null => {
      const stepUs = (closeUs - openUs) / 60;
      if (stepUs < 1_000_000 / 4) return null;
      const column = (at: number) => Float64Array.from(rows, (row) => row[at]! * 4);
      return {
        length: rows.length,
        openUs: Float64Array.from(rows, (row) => openUs + row[0]! * stepUs),
        closeUs: Float64Array.from(rows, (row) => openUs + (row[0]! + 1) * stepUs),
        open: column(1),
        high: column(2),
        low: column(3),
        close: column(4),
        volume: new Float64Array(rows.length).fill(100),
      };
    },
  };
}
const onlyOnce = (finer: NonNullable<HarnessOptions['finer']>): typeof finer => {
  let calls = 0;
  return {
    within: (...range) => {
      calls += 1;
      return calls === 1 ? finer.within(...range) : null;
    },
  };
};

describe('drill-down', () => {
  const LONG = 'protect 1 stop 98 target 104';
  const BAR = 'bar 101/105/97/103';
  const apart = finerOf([
    [0, 101, 102, 100, 102],
    [7, 102, 105, 102, 104],
    [9, 104, 104, 97, 103],
  ]);

  it('K17 finer bars that print the target first prove it', () => {
    const harness = play([LONG, BAR], { policy: 'drilldown', finer: onlyOnce(apart) });
    expect(harness.lines()).toEqual(['t fills 1 @ 104', 's Canceled oco-peer']);
    expect(harness.ambiguities).toEqual([]);
    expect(harness.venue.counts.drilledBars).toBe(1);
  });

  it('K18 a finer bar that holds both leaves it open, and the pessimistic outcome is taken', () => {
    const finer = onlyOnce(
      finerOf([
        [0, 101, 102, 100, 102],
        [7, 102, 105, 97, 103],
      ]),
    );
    const harness = play([LONG, BAR], { policy: 'drilldown', finer });
    expect(harness.lines()).toEqual(['s fills 1 @ 98 ambiguous', 't Canceled oco-peer']);
    const event = harness.ambiguities[0]!;
    expect(event.policy).toBe('drilldown');
    expect(event.barCloseUs - event.barOpenUs).toBe(1_000_000);
  });

  it('goes down again where there is something finer still', () => {
    let depth = 0;
    const inner = finerOf([
      [0, 102, 104.25, 102, 104],
      [1, 104, 105, 97, 103],
    ]);
    const outer = finerOf([
      [0, 101, 102, 100, 102],
      [7, 102, 105, 97, 103],
    ]);
    const finer: typeof outer = {
      within: (...range) => {
        depth += 1;
        if (depth === 1) return outer.within(...range);
        // The first fine bar acts on nothing and is not asked for.
        return depth === 2 ? inner.within(range[0], range[1], range[1] + 60_000_000) : null;
      },
    };
    const slow = (source: typeof outer): typeof outer => ({
      within: (c, openUs, closeUs) => {
        const found = source.within(c, openUs, closeUs);
        if (found === null || closeUs - openUs > 1_000_000) return found;
        // Two samples inside the second.
        found.openUs.set([openUs, openUs + 500_000]);
        found.closeUs.set([openUs + 500_000, closeUs]);
        return found;
      },
    });
    const harness = play([LONG, BAR], { policy: 'drilldown', finer: slow(finer) });
    expect(harness.lines()).toEqual(['t fills 1 @ 104', 's Canceled oco-peer']);
    expect(harness.venue.counts.drilledBars).toBe(2);
  });

  it('does not use finer bars that tell other prices, and says how often', () => {
    const other = finerOf([[0, 101, 104.5, 100, 103]]);
    const harness = play([LONG, BAR], { policy: 'drilldown', finer: other });
    expect(harness.lines()).toEqual(['s fills 1 @ 98 ambiguous', 't Canceled oco-peer']);
    expect(harness.venue.counts.finerRefused).toBe(1);
    expect(harness.issues).toEqual(['E_BAR_FINER']);
  });

  it('is pessimistic without finer data', () => {
    const harness = play([LONG, BAR], { policy: 'drilldown' });
    expect(harness.lines()).toEqual(['s fills 1 @ 98 ambiguous', 't Canceled oco-peer']);
  });

  it('shares the volume of the bar between its finer bars', () => {
    const finer = onlyOnce(apart);
    const steps = ['buy 9 market as e', 'bar 101/105/97/103 v50'];
    const harness = play(steps, { policy: 'drilldown', finer, participation: 0.1 });
    expect(harness.lines()).toEqual(['e fills 5 @ 101']);
  });

  it('gives a stop the price of the jump that only the finer bars show', () => {
    const finer = onlyOnce(
      finerOf([
        [0, 101, 105, 100, 100],
        [9, 97.5, 103, 97, 103],
      ]),
    );
    const steps = ['protect 1 stop 98', BAR];
    expect(play(steps, { policy: 'drilldown', finer }).lines()).toEqual(['s fills 1 @ 97.5']);
    expect(play(steps).lines()).toEqual(['s fills 1 @ 98']);
  });

  it('lets an order that arrives inside the bar take part in the finer bars after it', () => {
    const steps = ['buy 1 limit 99 as e', BAR];
    const late: HarnessOptions = { latencyUs: 8_000_000 };
    expect(play(steps, late).lines()).toEqual([]);
    const finer = onlyOnce(apart);
    expect(play(steps, { ...late, policy: 'drilldown', finer }).lines()).toEqual([
      'e fills 1 @ 99',
    ]);
  });

  it('does not let what a fill asks for act before the end of the bar', () => {
    const finer = onlyOnce(apart);
    const harness = new SimHarness({ policy: 'drilldown', finer });
    for (const step of ['buy 1 market as e', 'sell 1 stop 98 as s']) harness.run(step);
    harness.venue.connect({
      onReport: (report) => {
        harness.reports.push(report);
        if (report.clOrdId === 'e' && report.kind === 'Fill') harness.run('cancel s');
      },
      onAmbiguity: () => {},
    });
    harness.run(BAR);
    expect(harness.lines()).toEqual(['e fills 1 @ 101', 's fills 1 @ 98']);
  });
});
