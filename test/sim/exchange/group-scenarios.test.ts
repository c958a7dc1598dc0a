/** Groups on the exchange of one contract, as the tables name them: what happens left, what is reported right. */
import { describe, expect, it } from 'vitest';
import type { BracketInput } from '../../../src/sim/groups/group-input.ts';
import { bracketOf, ocaRules, ocoOf } from '../../../src/sim/groups/group-input.ts';
import { MarketDesk } from '../../support/market-desk.ts';

type Rules = Omit<BracketInput, 'groupId' | 'entry' | 'stop' | 'targets'>;

/** Long 5 by a limit of 400, stop 392, target 416. Somebody bids far below and offers far above. */
function bracketDesk(rules: Rules = {}, entry = 'buy 5 limit 400'): MarketDesk {
  const desk = new MarketDesk();
  desk.send('floor', 'buy 50 limit 380', { participant: 9, timeInForce: 'gtc' });
  desk.send('roof', 'sell 50 limit 430', { participant: 9, timeInForce: 'gtc' });
  desk.print(404);
  desk.group(
    bracketOf({
      groupId: 'g',
      entry: desk.order('e', entry),
      stop: { clOrdId: 'sl', stopTicks: 392 },
      targets: [{ clOrdId: 'tp', limitTicks: 416 }],
      ...rules,
    }),
  );
  return desk;
}
/** Somebody sells to the entry's limit, or at any price. */
const hit = (desk: MarketDesk, id: string, text: string): string[] =>
  desk
    .send(id, text, { participant: 8, timeInForce: 'ioc' })
    .filter((line) => !line.startsWith(id));

describe('OTO: an entry releases its exits', () => {
  it('K22: exits follow each fill; a stop closes what is open, and the rest of the entry works on', () => {
    const desk = bracketDesk();
    expect(desk.market.orderOf(1, 'tp')!.working).toBe('held');
    expect(hit(desk, 'x', 'sell 2 limit 400')).toEqual([
      'e 2@400',
      'tp Released 2',
      'sl Released 2',
    ]);
    expect(desk.queue(-1, 416)).toEqual(['tp 2/2']);
    expect(hit(desk, 'y', 'sell 1 limit 400')).toEqual([
      'e 1@400',
      'tp Released 3',
      'sl Released 3',
    ]);
    expect(desk.queue(-1, 416)).toEqual(['tp 3/3']);
    desk.replace('e', { limitTicks: 379 });
    expect(desk.print(391)).toEqual([
      'sl Triggered',
      'floor 3@380',
      'sl 3@380',
      'tp Replaced 0 ouo-peer',
    ]);
    expect(desk.market.positionOf(1)).toBe(0);
    expect(desk.market.orderOf(1, 'sl')!.working).toBe('held');
    // The rest of the entry fills below the stop: it is closed at once.
    desk.cancel('floor', 9);
    desk.send('low', 'buy 50 limit 370', { participant: 9 });
    expect(hit(desk, 'z', 'sell 2 limit 379')).toEqual([
      'e 2@379',
      'tp Released 2',
      'sl Released 2',
      'sl Triggered',
      'low 2@370',
      'sl 2@370',
      'tp Canceled oco-peer',
    ]);
    expect(desk.market.positionOf(1)).toBe(0);
    expect(desk.market.groups().size).toBe(0);
  });
  it('K22: where the group says so, the first exit ends the rest of the entry', () => {
    const desk = bracketDesk({ onChildFill: 'cancel-parent' });
    hit(desk, 'x', 'sell 2 limit 400');
    desk.replace('e', { limitTicks: 379 });
    expect(desk.print(391)).toEqual([
      'sl Triggered',
      'floor 2@380',
      'sl 2@380',
      'e Canceled child-filled',
      'tp Replaced 0 ouo-peer',
      'sl Canceled parent-ended',
      'tp Canceled oco-peer',
    ]);
  });
  it('K23: when the entry is cancelled the exits stay for what it filled', () => {
    const desk = bracketDesk();
    hit(desk, 'x', 'sell 2 limit 400');
    expect(desk.cancel('e')).toEqual([
      'e Canceled user',
      'tp Replaced 2 ouo-peer',
      'sl Replaced 2 ouo-peer',
    ]);
    expect(desk.queue(-1, 416)).toEqual(['tp 2/2']);
    const unfilled = bracketDesk();
    expect(unfilled.cancel('e')).toEqual([
      'e Canceled user',
      'tp Canceled parent-ended',
      'sl Canceled parent-ended',
    ]);
  });
  it('K24: exits that wait for the whole entry leave a partial fill open, and the group says so', () => {
    const desk = bracketDesk({ release: 'full' });
    expect(hit(desk, 'x', 'sell 2 limit 400')).toEqual(['e 2@400', 'g unprotected-remainder 2']);
    desk.replace('e', { limitTicks: 379 });
    expect(desk.print(391)).toEqual([]);
    expect(desk.cancel('e')).toEqual([
      'e Canceled user',
      'tp Canceled parent-ended',
      'sl Canceled parent-ended',
    ]);
    expect(desk.market.positionOf(1)).toBe(2);
    const whole = bracketDesk({ release: 'full' });
    hit(whole, 'x', 'sell 2 limit 400');
    expect(hit(whole, 'y', 'sell 3 limit 400')).toEqual([
      'e 3@400',
      'tp Released 5',
      'sl Released 5',
    ]);
  });
  it('a child acts on what comes after its release: the sweep that filled the entry went past its stop', () => {
    const desk = bracketDesk();
    expect(hit(desk, 'x', 'sell 8 limit 380')).toEqual([
      'e 5@400',
      'floor 3@380',
      'tp Released 5',
      'sl Released 5',
      'sl Triggered',
      'floor 5@380',
      'sl 5@380',
      'tp Canceled oco-peer',
    ]);
  });
  it('exits at an offset follow the average of the entry, rounded away from the market', () => {
    const desk = new MarketDesk();
    desk.send('a1', 'sell 1 limit 400', { participant: 9 });
    desk.send('a2', 'sell 4 limit 403', { participant: 9 });
    desk.group(
      bracketOf({
        groupId: 'g',
        entry: desk.order('e', 'buy 3 limit 403'),
        stop: { clOrdId: 'sl', offsetTicks: 8 },
        targets: [{ clOrdId: 'tp', offsetTicks: 16 }],
      }),
    );
    expect(desk.market.orderOf(1, 'tp')!.limitTicks).toBe(418);
    expect(desk.market.orderOf(1, 'sl')!.stopTicks).toBe(394);
    expect(desk.queue(-1, 418)).toEqual(['tp 3/3']);
  });
  it('an exit that rests already moves with the average, and a stop-limit keeps its distance', () => {
    const desk = new MarketDesk();
    const group = (stop: object): string[] =>
      desk.group(
        bracketOf({
          groupId: 'g',
          entry: desk.order('e', 'buy 4 limit 402'),
          stop: { clOrdId: 'sl', type: 'stop-limit', offsetTicks: 8, ...stop },
          targets: [{ clOrdId: 'tp', offsetTicks: 10 }],
        }),
      );
    expect(group({ limitTicks: 97 }).at(-1)).toBe('g rejected sl invalid-stop');
    group({ limitTicks: 97, stopTicks: 100 });
    desk.send('a', 'sell 1 limit 400', { participant: 9, timeInForce: 'ioc' });
    desk.replace('e', { limitTicks: 400 });
    expect(hit(desk, 'x', 'sell 1 limit 400')).toEqual([
      'e 1@400',
      'tp Released 2',
      'tp Replaced 2 follows-parent',
      'sl Released 2',
      'sl Replaced 2 follows-parent',
    ]);
    expect(desk.queue(-1, 411)).toEqual(['tp 2/2']);
    const { stopTicks, limitTicks } = desk.market.orderOf(1, 'sl')!;
    expect([stopTicks, limitTicks]).toEqual([393, 390]);
  });
  it('a change of the entry keeps the part of each exit', () => {
    const desk = bracketDesk();
    desk.replace('e', { qty: 3 });
    expect(desk.market.orderOf(1, 'tp')!.qty).toBe(3);
    expect(desk.market.orderOf(1, 'sl')!.qty).toBe(3);
    hit(desk, 'x', 'sell 3 limit 400');
    expect(desk.queue(-1, 416)).toEqual(['tp 3/3']);
  });
  it('a child releases children of its own', () => {
    const desk = new MarketDesk();
    desk.send('floor', 'buy 50 limit 380', { participant: 9 });
    desk.group({
      groupId: 'g',
      legs: [
        { order: desk.order('e', 'buy 2 limit 400'), role: 'entry' },
        { order: desk.order('f', 'buy 2 limit 395'), role: 'entry', after: 0 },
        { order: desk.order('s', 'sell 2 stop 390'), role: 'stop', after: 1, peers: 0 },
      ],
    });
    expect(hit(desk, 'x', 'sell 1 limit 400')).toEqual(['e 1@400', 'f Released 1']);
    expect(hit(desk, 'y', 'sell 1 limit 395')).toEqual(['e 1@400', 'f Released 2']);
    expect(hit(desk, 'z', 'sell 1 limit 395')).toEqual(['f 1@395', 's Released 1']);
  });
});

describe('OCO and OUO: peers', () => {
  it('K19: of a straddle one leg trades and the other goes', () => {
    const desk = new MarketDesk();
    desk.send('roof', 'sell 9 limit 420', { participant: 9 });
    desk.send('floor', 'buy 9 limit 380', { participant: 9 });
    desk.group(
      ocoOf('g', [desk.order('up', 'buy 2 stop 408'), desk.order('dn', 'sell 2 stop 392')]),
    );
    expect(desk.print(409)).toEqual([
      'up Triggered',
      'roof 2@420',
      'up 2@420',
      'dn Canceled oco-peer',
    ]);
    expect(desk.print(390)).toEqual([]);
  });
  it('two legs in the way of one sweep: the nearer one trades, the other is gone before the sweep gets there', () => {
    const desk = new MarketDesk();
    desk.market.setPosition(1, 3, 0);
    const exits = [desk.order('a', 'sell 3 limit 404'), desk.order('b', 'sell 3 limit 406')];
    desk.group(ocoOf('g', exits));
    desk.send('o', 'sell 9 limit 406', { participant: 3 });
    expect(hit(desk, 'x', 'buy 8 limit 410')).toEqual([
      'a 3@404',
      'b Canceled oco-peer',
      'o 5@406',
    ]);
  });
  it('also two legs at one price, in every allocation', () => {
    const desk = new MarketDesk({ allocation: [{ step: 'pro-rata', min: 1 }, { step: 'fifo' }] });
    desk.group(
      ocoOf('g', [desk.order('a', 'sell 4 limit 404'), desk.order('b', 'sell 4 limit 404')]),
    );
    desk.send('o', 'sell 4 limit 404', { participant: 3 });
    hit(desk, 'x', 'buy 6 limit 404');
    const [a, b] = ['a', 'b'].map((id) => desk.market.orderOf(1, id)!.cumQty);
    expect(Math.min(a!, b!)).toBe(0);
  });
  it('also where the sweep takes the whole price', () => {
    const desk = new MarketDesk();
    desk.group(
      ocoOf('g', [desk.order('a', 'sell 4 limit 404'), desk.order('b', 'sell 4 limit 404')]),
    );
    expect(hit(desk, 'x', 'buy 20 limit 404')).toEqual(['a 4@404', 'b Canceled oco-peer']);
  });
  it('and in one auction', () => {
    const desk = new MarketDesk({ startPhase: 'pre-open' });
    desk.group(
      ocoOf('g', [desk.order('a', 'sell 3 limit 100'), desk.order('b', 'sell 3 limit 101')]),
    );
    desk.send('x', 'buy 9 limit 102', { participant: 2 });
    desk.during(() => desk.market.setPhase('open', 0));
    expect(desk.market.positionOf(1)).toBe(-3);
    expect(desk.queue(1, 102)).toEqual(['x 6/6']);
  });
  it('K21: a partial target shrinks the stop of an OUO; an OCO leaves the rest without one, and says so', () => {
    const ouo = bracketDesk();
    hit(ouo, 'x', 'sell 5 limit 400');
    expect(hit(ouo, 'y', 'buy 2 limit 416')).toEqual(['tp 2@416', 'sl Replaced 3 ouo-peer']);
    expect(ouo.print(391)).toEqual([
      'sl Triggered',
      'floor 3@380',
      'sl 3@380',
      'tp Canceled oco-peer',
    ]);
    const oco = bracketDesk({ peers: 'oco' });
    hit(oco, 'x', 'sell 5 limit 400');
    expect(hit(oco, 'y', 'buy 2 limit 416')).toEqual([
      'tp 2@416',
      'sl Canceled oco-peer',
      'g unprotected-remainder 3',
    ]);
    expect(oco.print(391)).toEqual([]);
    expect(oco.market.positionOf(1)).toBe(3);
  });
  it('several targets: the stop is for what is open, and takes the last of them along', () => {
    const desk = bracketDesk();
    desk.cancel('e');
    desk.group(
      bracketOf({
        groupId: 'm',
        entry: desk.order('in', 'buy 6 limit 400'),
        stop: { clOrdId: 'stop', stopTicks: 392 },
        targets: [
          { clOrdId: 'one', limitTicks: 408, qty: 1 },
          { clOrdId: 'two', limitTicks: 412 },
          { clOrdId: 'three', limitTicks: 416 },
        ],
      }),
    );
    expect(hit(desk, 'x', 'sell 2 limit 400')).toEqual([
      'in 2@400',
      'one Released 1',
      'two Released 1',
      'stop Released 2',
    ]);
    expect(hit(desk, 'y', 'sell 4 limit 400')).toEqual([
      'in 4@400',
      'two Released 3',
      'three Released 2',
      'stop Released 6',
    ]);
    expect(hit(desk, 'z', 'buy 2 limit 412')).toEqual([
      'one 1@408',
      'stop Replaced 5 ouo-peer',
      'two 1@412',
      'stop Replaced 4 ouo-peer',
    ]);
    expect(desk.print(391)).toEqual([
      'stop Triggered',
      'floor 4@380',
      'stop 4@380',
      'two Canceled oco-peer',
      'three Canceled oco-peer',
    ]);
    expect(desk.market.positionOf(1)).toBe(0);
  });
  it('a leg that the user cancels takes its OCO peers along, or leaves them', () => {
    const cancel = bracketDesk({ peers: 'oco' });
    hit(cancel, 'x', 'sell 5 limit 400');
    expect(cancel.cancel('tp')).toEqual([
      'tp Canceled user',
      'sl Canceled oco-peer',
      'g unprotected-remainder 5',
    ]);
    const keep = bracketDesk({ peers: 'oco', onLegCancel: 'keep' });
    hit(keep, 'x', 'sell 5 limit 400');
    expect(keep.cancel('tp')).toEqual(['tp Canceled user']);
    const ouo = bracketDesk();
    hit(ouo, 'x', 'sell 5 limit 400');
    expect(ouo.cancel('tp')).toEqual(['tp Canceled user']);
    expect(ouo.cancel('sl')).toEqual(['sl Canceled user', 'g unprotected-remainder 5']);
  });
  it('a leg that expires takes its OCO peers along', () => {
    const desk = new MarketDesk();
    const gtd = { timeInForce: 'gtd', expireUs: 50 } as const;
    desk.group(
      ocoOf('g', [desk.order('a', 'sell 1 limit 410', gtd), desk.order('b', 'buy 1 limit 390')]),
    );
    expect(desk.during(() => desk.market.advance(51))).toEqual([
      'a Expired gtd',
      'b Canceled oco-peer',
    ]);
  });
  it('a quantity that the user gives to one leg of an OUO is that of its peer', () => {
    const desk = bracketDesk();
    hit(desk, 'x', 'sell 5 limit 400');
    hit(desk, 'y', 'buy 1 limit 416');
    expect(desk.replace('tp', { qty: 3 })).toEqual([
      'tp Replaced',
      'sl Replaced 2 ouo-peer',
      'g unprotected-remainder 2',
    ]);
    expect(desk.replace('sl', { qty: 4 })).toEqual(['sl Replaced', 'tp Replaced 4 ouo-peer']);
    expect(desk.queue(-1, 416)).toEqual(['tp 4/4']);
    expect(desk.replace('sl', { qty: 5 })).toEqual(['sl ReplaceRejected group-qty']);
    // Nor together with another price.
    const both = { qty: 6, limitTicks: 420 };
    expect(desk.replace('tp', both)).toEqual(['tp ReplaceRejected group-qty']);
  });
});

describe('peers whose prices cross', () => {
  const leg = { participant: 1, qty: 3, type: 'limit', timeInForce: 'gtc' } as const;
  type Given = Parameters<typeof ocoOf>[2] & {
    selfTrade?: 'cancel-resting' | 'cancel-aggressor' | 'cancel-both' | 'decrement';
    group?: number;
  };
  /** Buys 3 at 101, which rests; then sells 3 at 100 to a bid of 1 at 102 by somebody else, if there is one. */
  const crossed = ({ selfTrade, group, ...rules }: Given = {}, other = false): string[] => {
    const desk = new MarketDesk();
    if (other) desk.send('other', 'buy 1 limit 102', { participant: 2 });
    const more = {
      ...(selfTrade === undefined ? {} : { selfTrade }),
      ...(group === undefined ? {} : { group }),
    };
    const lines = desk.group(
      ocoOf(
        'g',
        [
          { ...leg, ...more, clOrdId: 'buys', side: 1, limitTicks: 101 },
          { ...leg, ...more, clOrdId: 'sells', side: -1, limitTicks: 100 },
        ],
        rules,
      ),
    );
    const { book } = desk.market;
    return [...lines, `${book.bestTicks(1)}/${book.bestTicks(-1)}`];
  };
  it('do not trade with each other: the one that rests goes', () => {
    expect(crossed()).toEqual(['buys Canceled oco-peer', 'NaN/100']);
    expect(crossed({ peers: 'ouo' })).toEqual(['buys Canceled oco-peer', 'NaN/100']);
    expect(crossed({ selfTrade: 'decrement' })).toEqual(['buys Canceled oco-peer', 'NaN/100']);
  });
  it('or the one that comes, where it says so; the other works on', () => {
    const aggressor = { selfTrade: 'cancel-aggressor' } as const;
    expect(crossed(aggressor)).toEqual(['sells Canceled oco-peer', '101/NaN']);
  });
  it('or both', () => {
    expect(crossed({ selfTrade: 'cancel-both' })).toEqual([
      'buys Canceled oco-peer',
      'sells Canceled oco-peer',
      'NaN/NaN',
    ]);
  });
  it('also where their participant has a group of its own for all its orders', () => {
    expect(crossed({ group: 7 })).toEqual(['buys Canceled oco-peer', 'NaN/100']);
  });
  it('an execution before they meet decides: of an OCO the peer is gone, of an OUO it is smaller', () => {
    expect(crossed({}, true)).toEqual([
      'other 1@102',
      'sells 1@102',
      'buys Canceled oco-peer',
      'NaN/100',
    ]);
    expect(crossed({ peers: 'ouo' }, true)).toEqual([
      'other 1@102',
      'sells 1@102',
      'buys Replaced 2 ouo-peer',
      'buys Canceled oco-peer',
      'NaN/100',
    ]);
  });
  it('trade where nothing ties them together, or only a broker does', () => {
    expect(crossed({ peers: 'none' })).toEqual(['buys 3@101', 'sells 3@101', 'NaN/NaN']);
    expect(crossed({ messageUs: 5 })).toEqual([
      'buys 3@101',
      'sells 3@101',
      'g oco-overfill 3',
      'NaN/NaN',
    ]);
  });
});

describe('a position without its stop', () => {
  it('is told when the stop finds nobody to trade with', () => {
    const desk = bracketDesk();
    hit(desk, 'x', 'sell 5 limit 400');
    desk.cancel('floor', 9);
    const lines = desk.print(391);
    expect(lines).toEqual(['sl Triggered', 'sl Canceled no-opposite', 'g unprotected-remainder 5']);
    expect(desk.queue(-1, 416)).toEqual(['tp 5/5']);
  });
  it('is no matter when it was closed otherwise', () => {
    const desk = bracketDesk({ peers: 'oco' });
    hit(desk, 'x', 'sell 5 limit 400');
    desk.market.setPosition(1, 0, 0);
    expect(['tp', 'sl'].map((id) => desk.market.orderOf(1, id)!.place)).toEqual(['done', 'done']);
    expect(desk.lines.filter((line) => line.includes('unprotected'))).toEqual([]);
  });
});

describe('guards', () => {
  it('K25: a bracket whose stop is not below its entry, or whose target is not above it, is rejected whole', () => {
    const desk = new MarketDesk();
    const bracket = (stop: number, target: number, entry = 'buy 1 limit 400'): string[] =>
      desk.group(
        bracketOf({
          groupId: 'g',
          entry: desk.order('e', entry),
          stop: { clOrdId: 'sl', stopTicks: stop },
          targets: [{ clOrdId: 'tp', limitTicks: target }],
        }),
      );
    const whole = (at: string): string[] =>
      ['e', 'tp', 'sl']
        .map((id) => `${id} Rejected ${id === at ? 'inverted-bracket' : 'group-rejected'}`)
        .concat(`g rejected ${at} inverted-bracket`);
    expect(bracket(400, 416)).toEqual(whole('sl'));
    expect(bracket(392, 400)).toEqual(whole('tp'));
    expect(bracket(416, 392, 'sell 1 limit 400')).toEqual([]);
    expect(desk.market.orderOf(1, 'e')!.working).toBe('live');
  });
  it('a market entry is compared with the last trade', () => {
    const desk = new MarketDesk();
    desk.print(400);
    desk.send('a', 'sell 9 limit 401', { participant: 2 });
    const lines = desk.group(
      bracketOf({
        groupId: 'g',
        entry: desk.order('e', 'buy 1 market'),
        stop: { clOrdId: 'sl', stopTicks: 401 },
        targets: [{ clOrdId: 'tp', limitTicks: 410 }],
      }),
    );
    expect(lines.at(-1)).toBe('g rejected sl inverted-bracket');
    expect(desk.market.positionOf(1)).toBe(0);
  });
  it('exits of an open position stand on their sides of each other', () => {
    const desk = new MarketDesk();
    desk.market.setPosition(1, 2, 0);
    const exits = (stop: number, target: number): string[] =>
      desk.group(
        ocoOf(`g${stop}`, [
          { ...desk.order(`t${stop}`, `sell 2 limit ${target}`), role: 'target' },
          { ...desk.order(`s${stop}`, `sell 2 stop ${stop}`), role: 'stop' },
        ]),
      );
    expect(exits(410, 400).at(-1)).toBe('g410 rejected s410 inverted-bracket');
    expect(exits(400, 410)).toEqual([]);
  });
  it('K26: when the position is closed otherwise both exits go at that moment', () => {
    const desk = bracketDesk();
    hit(desk, 'x', 'sell 5 limit 400');
    expect(desk.send('out', 'sell 5 market')).toEqual([
      'floor 5@380',
      'out 5@380',
      'tp Canceled reduce-only-exhausted',
      'sl Canceled reduce-only-exhausted',
    ]);
  });
  it('and shrink when a part of it is', () => {
    const desk = bracketDesk();
    hit(desk, 'x', 'sell 5 limit 400');
    desk.send('bid', 'buy 3 limit 401', { participant: 7 });
    desk.send('out', 'sell 3 limit 401');
    expect(desk.queue(-1, 416)).toEqual(['tp 2/2']);
    expect(hit(desk, 'y', 'buy 9 limit 416')).toContain('tp 2@416');
    expect(desk.market.positionOf(1)).toBe(0);
    expect(desk.market.orderOf(1, 'sl')!.place).toBe('done');
  });
  it('while its entry still works, exits of a closed position wait for more of it', () => {
    const desk = bracketDesk();
    hit(desk, 'x', 'sell 2 limit 400');
    desk.replace('e', { limitTicks: 379 });
    desk.send('out', 'sell 2 market');
    expect(desk.market.orderOf(1, 'sl')!.working).toBe('held');
    desk.cancel('floor', 9);
    expect(hit(desk, 'y', 'sell 3 limit 379')).toContain('sl Triggered');
    expect(desk.market.orderOf(1, 'tp')!.restingQty).toBe(3);
  });
  it('a second bracket is a group of its own', () => {
    const desk = bracketDesk();
    desk.group(
      bracketOf({
        groupId: 'h',
        entry: desk.order('e2', 'buy 5 limit 400'),
        stop: { clOrdId: 'sl2', stopTicks: 391 },
        targets: [{ clOrdId: 'tp2', limitTicks: 417 }],
      }),
    );
    hit(desk, 'x', 'sell 10 limit 400');
    hit(desk, 'y', 'buy 5 limit 416');
    expect(desk.market.orderOf(1, 'sl')!.place).toBe('done');
    expect(desk.market.orderOf(1, 'sl2')!.leavesQty).toBe(5);
    expect(desk.market.positionOf(1)).toBe(5);
  });
});

describe('a group is accepted or rejected whole', () => {
  it.each([
    ['a second leg off the grid', 'sell 1 limit 410.5', {}, 'off-grid'],
    [
      'a second leg of the same id',
      'sell 1 limit 410',
      { clOrdId: 'a' },
      'duplicate-client-order-id',
    ],
    ['a second leg without contracts', 'sell 0 limit 410', {}, 'invalid-qty'],
    ['a second leg that would take', 'sell 1 limit 380', { postOnly: 'reject' }, 'would-take'],
    [
      'a second leg for now or never',
      'sell 1 limit 410',
      { timeInForce: 'ioc' },
      'unsupported-time-in-force',
    ],
    ['a leg of somebody else', 'sell 1 limit 410', { participant: 7 }, 'invalid-group'],
  ] as const)('%s', (_name, text, more, reason) => {
    const desk = new MarketDesk();
    desk.send('bid', 'buy 1 limit 385', { participant: 2 });
    const legs = [desk.order('a', 'buy 1 limit 390'), desk.order('b', text, more as never)];
    const answer = desk.market.submitGroup(ocoOf('g', legs), 0);
    expect(answer).toEqual({ isAccepted: false, clOrdId: legs[1]!.clOrdId, reason });
    expect(desk.market.orderOf(1, 'a')).toBeNull();
    expect(desk.market.book.orderCount).toBe(1);
  });
  it('a group id is used once', () => {
    const desk = bracketDesk();
    const again = ocoOf('g', [
      desk.order('a', 'buy 1 limit 390'),
      desk.order('b', 'sell 1 limit 410'),
    ]);
    expect(desk.group(again).at(-1)).toBe('g rejected a duplicate-group-id');
  });
  it('an entry without another side takes its exits along', () => {
    const desk = new MarketDesk();
    const lines = desk.group(
      bracketOf({
        groupId: 'g',
        entry: desk.order('e', 'buy 1 market'),
        stop: { clOrdId: 'sl', offsetTicks: 8 },
        targets: [{ clOrdId: 'tp', offsetTicks: 8 }],
      }),
    );
    expect(lines).toEqual([
      'e Rejected no-opposite',
      'tp Rejected group-rejected',
      'sl Rejected group-rejected',
      'g rejected e no-opposite',
    ]);
  });
  it('a target that fails when it is released ends the rest of its entry; the stop stays', () => {
    const desk = new MarketDesk();
    desk.print(400);
    const target = { clOrdId: 'tp', limitTicks: 410, timeInForce: 'day' } as const;
    desk.group(
      bracketOf({
        groupId: 'g',
        entry: desk.order('e', 'buy 5 limit 400'),
        stop: { clOrdId: 'sl', stopTicks: 392 },
        targets: [target],
      }),
    );
    desk.market.setLimits(380, 405, 0);
    expect(hit(desk, 'x', 'sell 2 limit 400')).toEqual([
      'e 2@400',
      'tp Released 2',
      'sl Released 2',
      'tp Canceled price-limit',
      'e Canceled child-failed',
      'sl Replaced 2 ouo-peer',
    ]);
    expect(desk.market.orderOf(1, 'sl')!.working).toBe('live');
  });
  it('exits are not for more than their entry', () => {
    const desk = new MarketDesk();
    const lines = desk.group(
      bracketOf({
        groupId: 'g',
        entry: desk.order('e', 'buy 2 limit 400'),
        stop: { clOrdId: 'sl', stopTicks: 390, qty: 3 },
        targets: [{ clOrdId: 'tp', limitTicks: 410 }],
      }),
    );
    expect(lines.at(-1)).toBe('g rejected sl group-qty');
  });
});

describe('a group that a broker holds', () => {
  const late = { messageUs: 50_000, peers: 'oco' } as const;
  const both = (desk: MarketDesk): string[] => {
    desk.nowUs = 1;
    const first = desk.send('up', 'buy 5 limit 416', { participant: 8 });
    desk.nowUs = 10_000;
    return [...first, ...desk.print(391)].filter((line) => !/^(up|floor) /.test(line));
  };
  const exits = (desk: MarketDesk, reduceOnly: boolean): void => {
    desk.send('floor', 'buy 50 limit 380', { participant: 9 });
    desk.market.setPosition(1, 5, 0);
    desk.group(
      ocoOf(
        'g',
        [
          { ...desk.order('tp', 'sell 5 limit 416', { reduceOnly }), role: 'target' },
          { ...desk.order('sl', 'sell 5 stop 392', { reduceOnly }), role: 'stop' },
        ],
        late,
      ),
    );
  };
  it('K27: a cancel that comes too late lets both legs trade, and the position turns', () => {
    const desk = new MarketDesk();
    exits(desk, false);
    expect(both(desk)).toEqual(['tp 5@416', 'sl Triggered', 'sl 5@380', 'g oco-overfill 5']);
    expect(desk.market.positionOf(1)).toBe(-5);
  });
  it('K28: with reduce-only the second leg has nothing to do', () => {
    const desk = new MarketDesk();
    exits(desk, true);
    expect(both(desk)).toEqual(['tp 5@416', 'sl Canceled reduce-only-exhausted']);
    expect(desk.market.positionOf(1)).toBe(0);
  });
  it('a cancel that comes in time does its work, at its own time', () => {
    const desk = new MarketDesk();
    exits(desk, false);
    desk.send('up', 'buy 5 limit 416', { participant: 8 });
    expect(desk.market.messages()).toHaveLength(1);
    expect(desk.market.dueUs).toBe(50_000);
    desk.nowUs = 50_001;
    expect(desk.print(391)).toEqual(['sl Canceled oco-peer']);
    expect(desk.market.positionOf(1)).toBe(0);
  });
  it("what happens at the cancel's own moment comes before it", () => {
    const desk = new MarketDesk();
    exits(desk, false);
    desk.send('up', 'buy 5 limit 416', { participant: 8 });
    desk.nowUs = 50_000;
    expect(desk.print(391)).toContain('g oco-overfill 5');
  });
  it('a peer that traded more than is left when the message comes ends, and is not resurrected', () => {
    const desk = new MarketDesk();
    const legs = [desk.order('a', 'sell 5 limit 404'), desk.order('b', 'sell 5 limit 406')];
    desk.group(ocoOf('g', legs, ocaRules(3, 100)));
    hit(desk, 'x', 'buy 3 limit 404');
    expect(hit(desk, 'y', 'buy 6 limit 406')).toEqual(['a 2@404', 'b 4@406', 'g oco-overfill 4']);
    expect(desk.during(() => desk.market.advance(101))).toEqual(['b Canceled oco-peer']);
  });
  it('children of an entry come with the latency too', () => {
    const desk = bracketDesk({ messageUs: 100 });
    expect(hit(desk, 'x', 'sell 2 limit 400')).toEqual(['e 2@400']);
    expect(desk.during(() => desk.market.advance(101))).toEqual(['tp Released 2', 'sl Released 2']);
  });
  it("IB's types: 1 cancels, 2 reduces at the exchange, 3 reduces by messages", () => {
    expect([1, 2, 3].map((type) => ocaRules(type as 1, 5))).toEqual([
      { peers: 'oco', onLegCancel: 'cancel' },
      { peers: 'ouo', onLegCancel: 'keep' },
      { peers: 'ouo', onLegCancel: 'keep', messageUs: 5 },
    ]);
  });
});
