/** The reference tables of bar matching as executable scenarios: what happens on the left, what is reported on the right. */
import { describe, expect, it } from 'vitest';
import type { HarnessOptions } from '../support/sim-harness.ts';
import { SimHarness } from '../support/sim-harness.ts';

type Row = readonly [
  name: string,
  steps: readonly string[],
  reports: readonly string[],
  options?: HarnessOptions,
];

function play(steps: readonly string[], options: HarnessOptions = {}): SimHarness {
  const harness = new SimHarness(options);
  for (const step of steps) harness.run(step);
  return harness;
}

const optimistic: HarnessOptions = { policy: 'optimistic' };
const LIMIT_BAR = 'bar 101/103/99/102';
const JUMP_BAR = 'bar 97/98/96/97';

const SINGLE: readonly Row[] = [
  [
    'P1 a market order fills at the next open',
    ['buy 1 market as e', LIMIT_BAR],
    ['e fills 1 @ 101'],
  ],
  ['P2 a touched limit does not fill', ['buy 1 limit 99 as e', LIMIT_BAR], []],
  [
    'P2 a touched limit fills with touch always',
    ['buy 1 limit 99 as e', LIMIT_BAR],
    ['e fills 1 @ 99'],
    { touch: 'always' },
  ],
  [
    'P3 a limit that is traded through fills',
    ['buy 1 limit 99.25 as e', LIMIT_BAR],
    ['e fills 1 @ 99.25'],
  ],
  [
    'P4 a jump over a limit fills at its own price',
    ['buy 1 limit 99 as e', JUMP_BAR],
    ['e fills 1 @ 99'],
  ],
  [
    'P4 a jump over a limit fills at the open with gapImprove',
    ['buy 1 limit 99 as e', JUMP_BAR],
    ['e fills 1 @ 97'],
    { gapImprove: true },
  ],
  [
    'P5 an auction fills a limit at the auction price',
    ['buy 1 limit 99 as e', `${JUMP_BAR} auction`],
    ['e fills 1 @ 97'],
  ],
  [
    'P6 a jump over a stop fills at the open',
    ['sell 1 stop 98 as e', 'bar 95/96/94/95'],
    ['e fills 1 @ 95'],
  ],
  [
    'P7 a stop fills at its trigger, whatever the close',
    ['sell 1 stop 98 as e', 'bar 99/100/97/99.5'],
    ['e fills 1 @ 98'],
  ],
  [
    'P8 a stop never fills at the close below it',
    ['sell 1 stop 98 as e', 'bar 99/100/97/97'],
    ['e fills 1 @ 98'],
  ],
  [
    'P9 a stop elects on a touch',
    ['sell 1 stop 99 as e', 'bar 100/101/99/100'],
    ['e fills 1 @ 99'],
  ],
  [
    'P10 a touched market order fills at its trigger',
    ['buy 1 market-if-touched 99.5 as e', 'bar 100/104/99/103'],
    ['e fills 1 @ 99.5'],
  ],
  ['P11 a bar without volume fills nothing', ['buy 1 market as e', 'bar 100/102/98/101 v0'], []],
  [
    'P12 the volume cap fills a part, the rest at the next open',
    ['buy 5 market as e', 'bar 100/101/99/100 v30', 'bar 102/103/101/102 v30'],
    ['e fills 3 @ 100', 'e fills 2 @ 102'],
    { participation: 0.1 },
  ],
  [
    'P12 the rest of an immediate-or-cancel order is cancelled',
    ['buy 5 market ioc as e', 'bar 100/101/99/100 v30'],
    ['e fills 3 @ 100', 'e Canceled ioc-unfilled'],
    { participation: 0.1 },
  ],
  [
    'P12 a fill-or-kill order beyond the cap is cancelled whole',
    ['buy 5 market fok as e', 'bar 100/101/99/100 v30'],
    ['e Canceled fok-unfilled'],
    { participation: 0.1 },
  ],
  [
    'P13 a stop-limit that is marketable at its trigger fills there',
    ['sell 1 stop-limit 99 98.5 as e', 'bar 100/100/97/98'],
    ['e fills 1 @ 99'],
  ],
  [
    'P14 a stop-limit that is jumped over rests and fills when the price comes back',
    ['sell 1 stop-limit 99 98.5 as e', 'bar 97/99/96/98.75'],
    ['e fills 1 @ 98.5'],
  ],
  [
    'P15 a bar that contradicts itself executes nothing',
    ['buy 1 market as e', 'bar 100/99/98/99'],
    [],
  ],
  [
    'P16 an order waits for the reopening over a holiday',
    ['buy 1 market as e', 'wait 4320', 'bar 103/104/102/103 auction'],
    ['e fills 1 @ 103'],
  ],
  [
    'P17 a locked bar at the limit price does not fill a buy there',
    ['buy 1 limit 110 as e', 'bar 110/110/110/110'],
    [],
    { last: 110 },
  ],
  [
    'T4 an immediate-or-cancel limit sees the open only',
    ['buy 1 limit 99 ioc as e', 'bar 100/101/97/98'],
    ['e Canceled ioc-unfilled'],
  ],
  [
    'S7 a stop that is in the market on arrival executes',
    ['buy 1 stop 99 as e', 'bar 98/98.5/97/98'],
    ['e fills 1 @ 98'],
  ],
  [
    'M14 negative prices are prices',
    ['sell 1 stop -37.5 as e', 'bar -37/-36/-38/-37'],
    ['e fills 1 @ -37.5'],
    { last: -30 },
  ],
  [
    'a marketable limit trades at the open, within its limit',
    ['buy 1 limit 105 as e', LIMIT_BAR],
    ['e fills 1 @ 101'],
  ],
  [
    'a limit of unknown arrival price stays inside its first bar',
    ['buy 1 limit 105 as e', LIMIT_BAR],
    ['e fills 1 @ 103'],
    { last: null },
  ],
  [
    'a limit-if-touched rests at its limit after the touch',
    ['buy 1 limit-if-touched 99 98 as e', 'bar 100/101/98.5/100', 'bar 99/100/97/98'],
    ['e fills 1 @ 98'],
  ],
];

const LONG = 'protect 1 stop 98 target 104';
const LIMIT_ENTRY = 'bracket buy 1 limit 99 stop 97 target 103';
const STOP_ENTRY = 'bracket buy 1 stop 102 stop 100 target 104';
const TRAIL = 'protect 1 trail 2 from 98';
const doubt = ' ambiguous';

const GROUPS: readonly Row[] = [
  [
    'K1 both exits in range: pessimistic takes the stop',
    [LONG, 'bar 101/105/97/103'],
    [`s fills 1 @ 98${doubt}`, 't Canceled oco-peer'],
  ],
  [
    'K1 both exits in range: optimistic takes the target',
    [LONG, 'bar 101/105/97/103'],
    [`t fills 1 @ 104${doubt}`, 's Canceled oco-peer'],
    optimistic,
  ],
  [
    'K2 only the stop in range',
    [LONG, 'bar 101/103/97/99'],
    ['s fills 1 @ 98', 't Canceled oco-peer'],
  ],
  [
    'K3 only the target in range',
    [LONG, 'bar 101/105/99/100'],
    ['t fills 1 @ 104', 's Canceled oco-peer'],
  ],
  [
    'K4 a jump over the stop exits at the open',
    [LONG, 'bar 96/105/95/104'],
    ['s fills 1 @ 96', 't Canceled oco-peer'],
  ],
  [
    'K5 a jump over the target exits at its own price',
    [LONG, 'bar 106/107/97/98'],
    ['t fills 1 @ 104', 's Canceled oco-peer'],
  ],
  [
    'K5 a jump over the target exits at the open with gapImprove',
    [LONG, 'bar 106/107/97/98'],
    ['t fills 1 @ 106', 's Canceled oco-peer'],
    { gapImprove: true },
  ],
  [
    'K6 a market entry at the open leaves both exits open',
    ['bracket buy 1 market stop 98 target 104', 'bar 100/105/97/101'],
    ['e fills 1 @ 100', `s fills 1 @ 98${doubt}`, 't Canceled oco-peer'],
  ],
  [
    'K7 the high may precede a limit entry: pessimistic stays open',
    [LIMIT_ENTRY, 'bar 101/104/98/102'],
    ['e fills 1 @ 99'],
  ],
  [
    'K7 the high may follow a limit entry: optimistic takes the target',
    [LIMIT_ENTRY, 'bar 101/104/98/102'],
    ['e fills 1 @ 99', `t fills 1 @ 103${doubt}`, 's Canceled oco-peer'],
    optimistic,
  ],
  [
    'K8 a close beyond the target proves it',
    [LIMIT_ENTRY, 'bar 101/104/98/103.5'],
    ['e fills 1 @ 99', 't fills 1 @ 103', 's Canceled oco-peer'],
  ],
  [
    'K9 both exits after a limit entry',
    [LIMIT_ENTRY, 'bar 101/104/96.5/102'],
    ['e fills 1 @ 99', `s fills 1 @ 97${doubt}`, 't Canceled oco-peer'],
  ],
  [
    'K10 the low follows a limit entry and proves the stop',
    [LIMIT_ENTRY, 'bar 101/102/96.5/102'],
    ['e fills 1 @ 99', 's fills 1 @ 97', 't Canceled oco-peer'],
  ],
  [
    'K11 the high follows a stop entry and proves the target',
    [STOP_ENTRY, 'bar 101/104.5/100.5/104'],
    ['e fills 1 @ 102', 't fills 1 @ 104', 's Canceled oco-peer'],
  ],
  [
    'K12 both exits after a stop entry',
    [STOP_ENTRY, 'bar 101/104.5/99.5/104'],
    ['e fills 1 @ 102', `s fills 1 @ 100${doubt}`, 't Canceled oco-peer'],
  ],
  [
    'K13 the low may precede a stop entry',
    [STOP_ENTRY, 'bar 101/103/99.5/101'],
    ['e fills 1 @ 102', `s fills 1 @ 100${doubt}`, 't Canceled oco-peer'],
  ],
  [
    'K13 the low may precede a stop entry: optimistic stays open',
    [STOP_ENTRY, 'bar 101/103/99.5/101'],
    ['e fills 1 @ 102'],
    optimistic,
  ],
  [
    'K14 a close beyond the stop proves it',
    [STOP_ENTRY, 'bar 101/103/99.5/99.75'],
    ['e fills 1 @ 102', 's fills 1 @ 100', 't Canceled oco-peer'],
  ],
  [
    'K15 a low before a stop entry is no proof of a stop-out',
    ['bracket buy 1 stop 100 stop 98.5', 'bar 98.25/101/98/100.75'],
    ['e fills 1 @ 100', `s fills 1 @ 98.5${doubt}`],
    { last: 98 },
  ],
  [
    'K15 the same bar read optimistically stays open',
    ['bracket buy 1 stop 100 stop 98.5', 'bar 98.25/101/98/100.75'],
    ['e fills 1 @ 100'],
    { last: 98, policy: 'optimistic' },
  ],
  [
    'K16 a short is the mirror of K11',
    ['bracket sell 1 stop 98 stop 100 target 96', 'bar 99/99.5/95.5/96'],
    ['e fills 1 @ 98', 't fills 1 @ 96', 's Canceled oco-peer'],
  ],
  [
    'K19 a straddle fills one leg',
    ['straddle 102 98', 'bar 100/103/97/100'],
    [`b fills 1 @ 102${doubt}`, 's Canceled oco-peer'],
  ],
  [
    'K20 a jump over one leg of a straddle decides it',
    ['straddle 102 98', 'bar 103/104/97/98'],
    ['b fills 1 @ 103', 's Canceled oco-peer'],
  ],
  [
    'K21 a partial target leaves the stop for the rest',
    ['protect 5 stop 98 target 104', 'bar 103/105/102/103 v20', 'bar 100/101/97/98 v100'],
    ['t fills 2 @ 104', 's fills 3 @ 98', 't Canceled oco-peer'],
    { participation: 0.1 },
  ],
  [
    'K21 under OCO a partial target cancels the stop',
    ['protect 5 stop 98 target 104 oco', 'bar 103/105/102/103 v20'],
    ['t fills 2 @ 104', 's Canceled oco-peer'],
    { participation: 0.1 },
  ],
  [
    'K22 a stop below a resting entry closes all that the entry has bought on the way',
    [
      'bracket buy 5 limit 99 stop 97 target 103',
      'bar 100/101/98/100 v20',
      'bar 100/101/96/97 v200',
    ],
    ['e fills 2 @ 99', 'e fills 3 @ 99', 's fills 5 @ 97', 't Canceled oco-peer'],
    { participation: 0.1 },
  ],
  [
    'K22 the stop exits what a partial entry has opened; the rest of the entry goes on, and its stop with it',
    [
      'bracket buy 5 market stop 98 target 104',
      'bar 100/101/97/98 v20',
      'bar 97/97.5/96/97 v100',
      'bar 97/97.5/96/97 v100',
    ],
    ['e fills 2 @ 100', 'e fills 3 @ 97', 's fills 5 @ 97', 't Canceled oco-peer'],
    { participation: 0.1 },
  ],
  [
    'K23 exits stay for what a cancelled entry has filled',
    [
      'bracket buy 5 limit 99 stop 97 target 103',
      'bar 100/101/98/100 v20',
      'cancel e',
      'bar 98/98/96/97 v100',
    ],
    ['e fills 2 @ 99', 'e Canceled requested', 's fills 2 @ 97', 't Canceled oco-peer'],
    { participation: 0.1 },
  ],
  [
    'K24 with full release a partial entry stands without exits while its stop is passed',
    [
      'bracket buy 5 limit 99 stop 97 target 103 full',
      'bar 100/101/98/100 v20',
      'bar 100/100/96/97 v20',
      'bar 100/100/99/100 v100',
    ],
    ['e fills 2 @ 99', 'e fills 2 @ 99'],
    { participation: 0.1 },
  ],
  [
    'K25 a stop above the entry is refused with the whole group',
    ['bracket buy 1 limit 99 stop 100 target 103'],
    ['e Rejected inverted-bracket', 's Rejected inverted-bracket', 't Rejected inverted-bracket'],
  ],
  [
    'K26 closing by hand cancels both exits at once',
    [LONG, 'sell 1 market as x', 'bar 101/103/99/102'],
    ['x fills 1 @ 101', 's Canceled reduce-only-exhausted', 't Canceled reduce-only-exhausted'],
  ],
  [
    'K29 the fall from the high proves a trailing exit, its price lies in a range',
    [TRAIL, 'bar 101/104/99.5/101.75'],
    [`s fills 1 @ 99.5${doubt}`],
  ],
  [
    'K29 optimistic takes the best price of the range',
    [TRAIL, 'bar 101/104/99.5/101.75'],
    [`s fills 1 @ 102${doubt}`],
    optimistic,
  ],
  ['K29a a range below the offset ratchets only', [TRAIL, 'bar 101/104/102.25/103'], []],
  [
    'K29b a trailing exit may have happened',
    [TRAIL, 'bar 101/104/101/103'],
    [`s fills 1 @ 101${doubt}`],
  ],
  [
    'K29b optimistic stays with the ratcheted trigger',
    [TRAIL, 'bar 101/104/101/103', 'bar 103/103/102/103'],
    ['s fills 1 @ 102'],
    optimistic,
  ],
  [
    'K30 a low below the ratcheted trigger proves the exit',
    [TRAIL, 'bar 101/102/97.5/101'],
    [`s fills 1 @ 99${doubt}`],
  ],
  [
    'K30 optimistic takes the best price',
    [TRAIL, 'bar 101/102/97.5/101'],
    [`s fills 1 @ 100${doubt}`],
    optimistic,
  ],
  [
    'K31 an exit and a new entry sent at one close go in the order sent',
    ['position 1', 'sell 1 market reduce-only as x', 'buy 2 market as e', 'bar 101/102/100/101'],
    ['x fills 1 @ 101', 'e fills 2 @ 101'],
  ],
  ['K32 the end of data closes nothing', [LONG, 'bar 101/102/100/101'], []],
  [
    'B16 a reduce-only order fills what the position allows',
    ['position 3', 'sell 5 market reduce-only as x', 'bar 100/101/99/100'],
    ['x fills 3 @ 100', 'x Canceled reduce-only-exhausted'],
  ],
  [
    'B17 two reduce-only stops close a position once',
    [
      'position 3',
      'sell 3 stop 99 reduce-only as a',
      'sell 3 stop 99 reduce-only as b',
      'bar 100/101/98/99',
    ],
    ['a fills 3 @ 99', 'b Canceled reduce-only-exhausted'],
  ],
];

const named = (rows: readonly Row[]) =>
  rows.map(([name, steps, reports, options]) => ({ name, steps, reports, options }));

describe('bars and single orders', () => {
  it.each(named(SINGLE))('$name', ({ steps, reports, options }) => {
    expect(play(steps, options).lines()).toEqual(reports);
  });

  it('counts bars without volume and bars that contradict themselves', () => {
    const { venue } = play(['buy 1 market as e', 'bar 100/102/98/101 v0', 'bar 100/99/98/99']);
    expect(venue.counts.zeroVolumeBars).toBe(1);
    expect(venue.counts.badBars).toBe(1);
  });
});

describe('bars, brackets and OCO', () => {
  it.each(named(GROUPS))('$name', ({ steps, reports, options }) => {
    expect(play(steps, options).lines()).toEqual(reports);
  });

  it('K1 reports the group with both alternatives and their difference', () => {
    const { ambiguities } = play([LONG, 'bar 101/105/97/103']);
    expect(ambiguities).toHaveLength(1);
    expect(ambiguities[0]).toMatchObject({
      groupId: 'g1',
      policy: 'pessimistic',
      chosen: 0,
      qty: 1,
    });
    expect(ambiguities[0]!.alternatives).toEqual([
      { leg: 's', role: 'stop', priceTicks: 392, pnlDeltaTicks: 0 },
      { leg: 't', role: 'target', priceTicks: 416, pnlDeltaTicks: 24 },
    ]);
  });

  it('K7 reports the alternative that stays open at the close', () => {
    const { ambiguities } = play([LIMIT_ENTRY, 'bar 101/104/98/102']);
    expect(ambiguities[0]!.alternatives).toEqual([
      { leg: null, role: 'open', priceTicks: 408, pnlDeltaTicks: 0 },
      { leg: 't', role: 'target', priceTicks: 412, pnlDeltaTicks: 4 },
    ]);
  });

  it('K21 counts the remainder that OCO leaves without a stop', () => {
    const steps = ['bracket buy 5 market stop 98 target 104 oco', 'bar 103/103/102/103 v100'];
    const harness = play([...steps, 'bar 103/105/102/103 v20'], { participation: 0.1, last: 103 });
    expect(harness.venue.counts.unprotectedRemainders).toBe(1);
  });

  it('keeps the size that the user gave an exit when its entry gets another one', () => {
    const harness = new SimHarness({ participation: 0.1 });
    harness.run('bracket buy 6 limit 99 stop 97 target 103');
    harness.run('bar 100/101/98/100 v20');
    harness.run('reduce t 3');
    harness.run('reduce e 4');
    harness.run('bar 100/101/98/100 v100');
    harness.run('bar 102/104/101/103 v100');
    // Half of the entry was the target's: two of four, where two of them had been filled already.
    expect(harness.lines(['Fill'])).toEqual([
      'e fills 2 @ 99',
      'e fills 2 @ 99',
      't fills 2 @ 103',
    ]);
  });

  it('leaves certain bars without an ambiguity', () => {
    for (const bar of ['101/103/97/99', '101/105/99/100', '96/105/95/104', '106/107/97/98']) {
      expect(play([LONG, `bar ${bar}`]).ambiguities, bar).toHaveLength(0);
    }
  });
});

/**
 * Rows of the reference that stand elsewhere: P17, P18, K17 and K18 with the other order types and options in
 * `bar-orders.test.ts`; P19 (only the finest bars execute) and P20 (bars stamped at their open) in
 * `research/loaded-bars.test.ts`; T1, T8 and T9 (days as calendars have them) in `calendar-rows.test.ts`. K27 and K28 are races between messages: this venue holds its groups atomically, and the line
 * before it delays messages, never what the venue does by itself. They stand in `exchange/group-scenarios.test.ts`,
 * `groups/replay-groups.test.ts` and, by the messages of a venue profile, in `venue/tick-venue.test.ts`.
 */
