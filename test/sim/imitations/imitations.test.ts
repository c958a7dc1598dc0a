/** The rules of each imitated program, one by one: order and bars left, fills right. Checked against the programs in bench/agreement. */
import { describe, expect, it } from 'vitest';
import { IMITATIONS } from '../../../src/sim/imitations/profiles.ts';
import type { Imitation } from '../../../src/sim/imitations/profiles.ts';
import { Desk } from './desk.ts';

/** Prices in ticks; the close before the first line is 100. */
interface Case {
  readonly rule: string;
  readonly steps: readonly string[];
  readonly expected: readonly string[];
}

const play = (program: Imitation, steps: readonly string[]): readonly string[] => {
  const desk = new Desk(program);
  for (const step of steps) desk.run(step);
  return desk.lines();
};

const CASES: Readonly<Record<Imitation, readonly Case[]>> = {
  lean: [
    {
      rule: 'a market order fills at once, at the close of the bar that it was decided on',
      steps: ['buy market as a', 'bar 103/105/102/104'],
      expected: ['a 1 @ 100'],
    },
    {
      rule: 'a limit fills when the bar passes it',
      steps: ['buy limit 98 as a', 'bar 100/101/97/100'],
      expected: ['a 1 @ 98'],
    },
    {
      rule: 'a limit that the bar only touches waits',
      steps: ['buy limit 98 as a', 'bar 100/101/98/100'],
      expected: [],
    },
    {
      rule: 'a limit beyond the whole bar fills at its far end',
      steps: ['buy limit 98 as a', 'bar 95/96/94/95'],
      expected: ['a 1 @ 96'],
    },
    {
      rule: 'a stop fills at the worse of its price and the close',
      steps: ['buy stop 102 as a', 'bar 100/106/99/105'],
      expected: ['a 1 @ 105'],
    },
    {
      rule: 'a stop beyond which the bar opened fills at its own price, where the close came back',
      steps: ['buy stop 102 as a', 'bar 104/105/100/101'],
      expected: ['a 1 @ 102'],
    },
    {
      rule: 'a stop that the bar only touches waits',
      steps: ['buy stop 102 as a', 'bar 100/102/99/101'],
      expected: [],
    },
    {
      rule: 'a stop-limit fills where the close lies within its limit',
      steps: ['buy stop-limit 102 104 as a', 'bar 100/105/99/103'],
      expected: ['a 1 @ 104'],
    },
    {
      rule: 'a stop-limit whose bar closes at its limit stays triggered and waits',
      steps: ['buy stop-limit 102 104 as a', 'bar 100/105/99/104', 'bar 104/104/101/101'],
      expected: ['a 1 @ 104'],
    },
    {
      rule: 'a limit-if-touched fills at its limit where the close lies within it',
      steps: ['buy limit-if-touched 98 99 as a', 'bar 100/101/98/99'],
      expected: ['a 1 @ 99'],
    },
    {
      rule: 'a limit-if-touched that was touched waits for a close within its limit',
      steps: ['buy limit-if-touched 98 99 as a', 'bar 100/101/98/101'],
      expected: [],
    },
    {
      rule: 'a trail is tested before it follows the bar',
      steps: ['sell trailing-stop 3 as a', 'bar 100/104/99/100', 'bar 102/102/101/102'],
      expected: ['a 1 @ 101'],
    },
    {
      rule: 'a trail that the next bar does not reach stands',
      steps: ['sell trailing-stop 3 as a', 'bar 100/104/99/100', 'bar 103/103/102/102'],
      expected: [],
    },
  ],
  nautilus: [
    {
      rule: 'a market order fills at once, at the close of the bar that it was decided on',
      steps: ['sell market as a', 'bar 103/105/102/104'],
      expected: ['a 1 @ 100'],
    },
    {
      rule: 'more than a quarter of the bar trades one tick worse',
      steps: ['bar 100/100/100/100 v8', 'bar 101/101/101/101 v8', 'buy 5 market as a'],
      expected: ['a 2 @ 101', 'a 3 @ 102'],
    },
    {
      rule: 'a bar whose price stands still leaves the size of the trade before it',
      steps: ['bar 101/101/101/101 v8', 'bar 101/101/101/101 v40', 'buy 5 market as a'],
      expected: ['a 2 @ 101', 'a 3 @ 102'],
    },
    {
      rule: 'a limit fills when it is touched',
      steps: ['buy limit 98 as a', 'bar 100/101/98/100'],
      expected: ['a 1 @ 98'],
    },
    {
      rule: 'a limit that is missed by a tick waits',
      steps: ['buy limit 98 as a', 'bar 100/101/99/100'],
      expected: [],
    },
    {
      rule: 'a limit that the bar jumps over fills at its own price',
      steps: ['buy limit 98 as a', 'bar 95/96/94/95'],
      expected: ['a 1 @ 98'],
    },
    {
      rule: 'a marketable limit fills at once, at the price there is',
      steps: ['buy limit 103 as a'],
      expected: ['a 1 @ 100'],
    },
    {
      rule: 'a stop beyond which the bar opens fills at its own price all the same',
      steps: ['buy stop 102 as a', 'bar 105/106/104/105'],
      expected: ['a 1 @ 102'],
    },
    {
      rule: 'a stop in the market is refused',
      steps: ['buy stop 100 as a', 'bar 105/106/104/105'],
      expected: ['a Rejected in-the-market'],
    },
    {
      rule: 'the high comes before the low: a peer below is cancelled by the one above',
      steps: ['straddle 102 98', 'bar 100/103/97/100'],
      expected: ['b 1 @ 102', 's Canceled oco-peer'],
    },
    {
      rule: 'where only the low is reached the peer below fills',
      steps: ['straddle 102 98', 'bar 100/101/97/100'],
      expected: ['s 1 @ 98', 'b Canceled oco-peer'],
    },
    {
      rule: 'a peer that is refused leaves the other at work',
      steps: ['straddle 100 98', 'bar 100/101/97/100'],
      expected: ['b Rejected in-the-market', 's 1 @ 98'],
    },
    {
      rule: 'a market-if-touched fills at its trigger',
      steps: ['buy market-if-touched 98 as a', 'bar 97/98/96/97'],
      expected: ['a 1 @ 98'],
    },
    {
      rule: 'a stop-limit whose limit the jump left behind waits for it',
      steps: ['buy stop-limit 102 103 as a', 'bar 105/106/104/105'],
      expected: [],
    },
    {
      rule: 'a trail follows the trade before the one at hand',
      steps: ['sell trailing-stop 3 as a', 'bar 102/104/101/101', 'bar 101/101/100/101'],
      expected: ['a 1 @ 101'],
    },
    {
      rule: 'a trail that has followed is not tested before the price moves',
      steps: ['sell trailing-stop 3 as a', 'bar 102/104/101/101', 'bar 101/101/101/101'],
      expected: [],
    },
    {
      rule: 'an order good till the close of a bar sees the first trade of that bar',
      steps: ['buy limit 98 until 1 as a', 'bar 99/99/97/98'],
      expected: ['a Expired gtd'],
    },
    {
      rule: 'an order good till the close of a bar that opens at its price fills',
      steps: ['buy limit 98 until 1 as a', 'bar 98/99/97/98'],
      expected: ['a 1 @ 98'],
    },
    {
      rule: 'exits work from the entry on: the low of the same bar may reach the stop',
      steps: ['bracket buy stop 102 stop 99 target 110', 'bar 100/103/98/100'],
      expected: ['e 1 @ 102', 's 1 @ 99', 't Canceled oco-peer'],
    },
    {
      rule: 'a stop exit that the market has passed is refused, and its target with it',
      steps: ['bracket buy limit 98 stop 96 target 104', 'bar 95/96/94/95'],
      expected: ['e 1 @ 98', 's Canceled in-the-market', 't Canceled peer-refused'],
    },
  ],
  'backtesting.py': [
    {
      rule: 'a market order fills at the next open',
      steps: ['buy market as a', 'bar 103/105/102/104'],
      expected: ['a 1 @ 103'],
    },
    {
      rule: 'a limit fills when it is touched',
      steps: ['buy limit 98 as a', 'bar 100/101/98/100'],
      expected: ['a 1 @ 98'],
    },
    {
      rule: 'a limit that the bar opens beyond fills at the open',
      steps: ['buy limit 98 as a', 'bar 95/96/94/95'],
      expected: ['a 1 @ 95'],
    },
    {
      rule: 'a stop beyond which the bar opens fills at the open',
      steps: ['buy stop 102 as a', 'bar 105/106/104/105'],
      expected: ['a 1 @ 105'],
    },
    {
      rule: 'a stop-limit beyond whose stop the bar opens fills at the stop, where nothing traded',
      steps: ['buy stop-limit 102 106 as a', 'bar 104/106/103/105'],
      expected: ['a 1 @ 102'],
    },
    {
      rule: 'a stop-limit with its limit at the stop waits for a later bar',
      steps: ['buy stop-limit 102 102 as a', 'bar 100/103/99/101', 'bar 101/103/101/102'],
      expected: ['a 1 @ 101'],
    },
    {
      rule: 'exits of a market entry act in its bar, the stop first',
      steps: ['bracket buy market stop 98 target 102', 'bar 100/103/97/100'],
      expected: ['e 1 @ 100', 's 1 @ 98', 't Canceled oco-peer'],
    },
    {
      rule: 'exits of a limit entry wait for the next bar',
      steps: ['bracket buy limit 99 stop 98 target 102', 'bar 100/103/97/100', 'bar 99/100/99/99'],
      expected: ['e 1 @ 99'],
    },
    {
      rule: 'the target of a stop entry acts in its bar where the stop lies outside',
      steps: ['bracket buy stop 102 stop 98 target 104', 'bar 100/105/99/100'],
      expected: ['e 1 @ 102', 't 1 @ 104', 's Canceled oco-peer'],
    },
    {
      rule: 'an order of the other side closes the trade and ends its exits',
      steps: [
        'bracket buy market stop 90 target 110',
        'bar 100/101/99/100',
        'sell market as a',
        'bar 101/101/101/101',
      ],
      expected: ['e 1 @ 100', 'a 1 @ 101', 's Canceled trade-closed', 't Canceled trade-closed'],
    },
    {
      rule: 'a bracket on the wrong side is refused',
      steps: ['bracket buy market stop 101 target 110'],
      expected: [
        'e Rejected inverted-bracket',
        's Rejected inverted-bracket',
        't Rejected inverted-bracket',
      ],
    },
  ],
  backtrader: [
    {
      rule: 'a market order fills at the next open',
      steps: ['buy market as a', 'bar 103/105/102/104'],
      expected: ['a 1 @ 103'],
    },
    {
      rule: 'a limit fills when it is touched',
      steps: ['sell limit 102 as a', 'bar 100/102/99/100'],
      expected: ['a 1 @ 102'],
    },
    {
      rule: 'a limit that the bar opens beyond fills at the open',
      steps: ['sell limit 102 as a', 'bar 105/106/104/105'],
      expected: ['a 1 @ 105'],
    },
    {
      rule: 'a stop beyond which the bar opens fills at the open, else at its price',
      steps: ['buy stop 102 as a', 'buy stop 104 as b', 'bar 103/105/102/104'],
      expected: ['a 1 @ 103', 'b 1 @ 104'],
    },
    {
      rule: 'a stop-limit below its stop fills at the limit where a falling bar closes within it',
      steps: ['buy stop-limit 102 101 as a', 'bar 101/103/99/100'],
      expected: ['a 1 @ 101'],
    },
    {
      rule: 'a stop-limit below its stop waits where the bar did not fall',
      steps: ['buy stop-limit 102 101 as a', 'bar 100/103/99/100'],
      expected: [],
    },
    {
      rule: 'a sell that closes at its open counts as having come back',
      steps: ['sell stop-limit 98 99 as a', 'bar 100/101/97/100'],
      expected: ['a 1 @ 99'],
    },
    {
      rule: 'a trail follows closes alone',
      steps: ['sell trailing-stop 3 as a', 'bar 100/110/99/101', 'bar 101/101/98/99'],
      expected: ['a 1 @ 98'],
    },
    {
      rule: 'exits begin with the bar after the entry',
      steps: [
        'bracket buy limit 99 stop 97 target 103',
        'bar 100/104/96/100',
        'bar 100/104/96/100',
      ],
      expected: ['e 1 @ 99', 's 1 @ 97', 't Canceled oco-peer'],
    },
    {
      rule: 'an order sent since the last bar cannot be cancelled',
      steps: ['buy limit 98 as a', 'cancel a', 'bar 100/101/97/100'],
      expected: ['a CancelRejected not-yet-at-the-broker', 'a 1 @ 98'],
    },
    {
      rule: 'an order that a bar has seen can be cancelled',
      steps: ['buy limit 98 as a', 'bar 100/101/99/100', 'cancel a', 'bar 100/101/97/100'],
      expected: ['a Canceled requested'],
    },
    {
      rule: 'cancelling an exit takes its whole family with it',
      steps: ['bracket buy limit 90 stop 88 target 95', 'bar 100/101/99/100', 'cancel t'],
      expected: ['t Canceled requested', 's Canceled oco-peer', 'e Canceled oco-peer'],
    },
    {
      rule: 'an order good till the close of a bar still sees that bar',
      steps: ['buy limit 98 until 1 as a', 'bar 100/101/98/100'],
      expected: ['a 1 @ 98'],
    },
    {
      rule: 'an order good till the close of a bar has ended in the next',
      steps: ['buy limit 98 until 1 as a', 'bar 100/101/99/100', 'bar 100/101/97/100'],
      expected: ['a Expired gtd'],
    },
  ],
};

describe.each(IMITATIONS)('%s', (program) => {
  it.each(CASES[program])('$rule', ({ steps, expected }) => {
    expect(play(program, steps)).toEqual(expected);
  });

  it('names with each fill the rule, and in the rule the program', () => {
    const desk = new Desk(program);
    for (const step of ['buy limit 99 as a', 'bar 99/101/97/100']) desk.run(step);
    expect(desk.rules().every((rule) => rule.startsWith(`${program}-`))).toBe(true);
    expect(desk.rules()).toHaveLength(1);
  });

  it('claims of no limit that the bar proves its fill, and of a market order only at the next open', () => {
    const desk = new Desk(program);
    for (const step of ['buy limit 99 as a', 'buy market as b', 'bar 99/101/97/100'])
      desk.run(step);
    const isNextOpen = program === 'backtrader' || program === 'backtesting.py';
    const proven = new Map(desk.rules().map((rule, i) => [rule, desk.proven()[i]]));
    expect([...proven.values()].filter(Boolean)).toHaveLength(isNextOpen ? 1 : 0);
    expect(proven.get(`${program}-next-open`)).toBe(isNextOpen ? true : undefined);
  });

  it('refuses what the program does not have, by name', () => {
    const desk = new Desk(program);
    desk.run('buy trailing-stop-limit 3 as a');
    expect(desk.lines()).toEqual(['a Rejected unsupported-order-type']);
  });

  it('ends an order for the day with its session, and keeps one that is good till cancelled', () => {
    const desk = new Desk(program);
    for (const step of [
      'buy limit 90 day as a',
      'buy limit 90 as b',
      'bar 100/101/99/100',
      'session-close',
    ])
      desk.run(step);
    expect(desk.lines()).toEqual(['a Expired day-end']);
  });

  it('ends everything with its contract and takes nothing after it', () => {
    const desk = new Desk(program);
    for (const step of ['buy limit 90 as a', 'expire', 'buy limit 90 as b']) desk.run(step);
    expect(desk.lines()).toEqual(['a Canceled contract-expired', 'b Rejected contract-expired']);
  });

  it('knows an id that was taken, a cancel of nothing, and a cancel of what has ended', () => {
    const desk = new Desk(program);
    for (const step of [
      'buy limit 90 as a',
      'buy limit 90 as a',
      'bar 100/101/99/100',
      'cancel a',
      'cancel a',
      'cancel b',
    ])
      desk.run(step);
    expect(desk.lines()).toEqual([
      'a Rejected duplicate-id',
      'a Canceled requested',
      'a CancelRejected already-terminal',
      'b CancelRejected unknown-order',
    ]);
  });

  it('executes nothing on a bar that contradicts itself, and says so', () => {
    const desk = new Desk(program);
    for (const step of ['buy limit 99 as a', 'bar 100/99/98/99']) desk.run(step);
    expect(desk.lines()).toEqual(['E_BAR_REFUSED']);
  });
});
