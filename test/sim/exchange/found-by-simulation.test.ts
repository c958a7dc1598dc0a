/** Faults that the simulation of a whole world showed first, each in the fewest orders that show it. */
import { describe, expect, it } from 'vitest';
import { bracketOf, ocoOf } from '../../../src/sim/groups/group-input.ts';
import { MarketDesk } from '../../support/market-desk.ts';

describe('an aggressor that takes a whole level', () => {
  it('waits until the reduce-only orders of those it meets are as small as their position', () => {
    const desk = new MarketDesk();
    desk.market.setPosition(1, 2, 0);
    desk.send('plain', 'sell 5 limit 100');
    desk.send('closes', 'sell 2 limit 100', { reduceOnly: true });
    expect(desk.send('t', 'buy 9 limit 100', { participant: 2, timeInForce: 'ioc' })).toEqual([
      'plain 5@100',
      't 5@100',
      'closes Canceled reduce-only-exhausted',
      't Expired ioc',
    ]);
  });
});

describe('a trailing stop that follows the middle of the quotes', () => {
  it('has its trigger on the grid, away from the market', () => {
    const desk = new MarketDesk();
    desk.send('bid', 'buy 1 limit 100', { participant: 2 });
    desk.send('ask', 'sell 1 limit 103', { participant: 3 });
    const trail = { type: 'trailing-stop', trigger: 'mid', trail: { offsetTicks: 4 } } as const;
    desk.send('sells', 'sell 1 trail', trail);
    desk.send('buys', 'buy 1 trail', trail);
    // The middle is 101.5.
    expect(desk.market.orderOf(1, 'sells')!.stopTicks).toBe(97);
    expect(desk.market.orderOf(1, 'buys')!.stopTicks).toBe(106);
  });
});

describe('a fill-or-kill that meets its own group', () => {
  const world = (mode: 'cancel-aggressor' | 'cancel-both' | 'decrement' | 'cancel-resting') => {
    const desk = new MarketDesk();
    desk.send('other', 'sell 5 limit 100', { participant: 2 });
    desk.send('own', 'sell 5 limit 100', { group: 7 });
    desk.send('more', 'sell 5 limit 101', { participant: 2 });
    return desk.send('k', 'buy 8 limit 101', { group: 7, timeInForce: 'fok', selfTrade: mode });
  };
  it.each(['cancel-aggressor', 'cancel-both', 'decrement'] as const)(
    'does not trade a part of it before %s ends it',
    (mode) => {
      expect(world(mode)).toEqual(['k Expired fok']);
    },
  );
  it('trades behind its own orders where those go', () => {
    expect(world('cancel-resting')).toEqual([
      'other 5@100',
      'k 5@100',
      'own Canceled self-trade',
      'more 3@101',
      'k 3@101',
    ]);
  });
  it('trades what stands before its own orders, if that is enough', () => {
    const desk = new MarketDesk();
    desk.send('other', 'sell 5 limit 100', { participant: 2 });
    desk.send('own', 'sell 5 limit 100', { group: 7 });
    const more = { group: 7, timeInForce: 'fok', selfTrade: 'cancel-aggressor' } as const;
    expect(desk.send('k', 'buy 5 limit 100', more)).toEqual(['other 5@100', 'k 5@100']);
  });
});

describe('an order that wants all, or a least quantity', () => {
  const all = { participant: 9, timeInForce: 'fok' } as const;
  it('counts reduce-only orders no further than the position that earlier fills leave', () => {
    const desk = new MarketDesk();
    desk.market.setPosition(1, 6, 0);
    desk.send('closes', 'sell 6 limit 101', { reduceOnly: true });
    desk.send('sells', 'sell 2 limit 100');
    expect(desk.send('k', 'buy 8 limit 101', all)).toEqual(['k Expired fok']);
    const some = { participant: 9, timeInForce: 'ioc', minQty: 7 } as const;
    expect(desk.send('m', 'buy 9 limit 101', some)).toEqual(['m Expired ioc']);
    expect(desk.send('six', 'buy 6 limit 101', all)).toContain('six 4@101');
  });

  it('counts one leg of an OCO', () => {
    const desk = new MarketDesk();
    const leg = { participant: 1, side: -1, qty: 4, type: 'limit' } as const;
    desk.group(
      ocoOf('g', [
        { ...leg, clOrdId: 'a', limitTicks: 100 },
        { ...leg, clOrdId: 'b', limitTicks: 101 },
      ]),
    );
    expect(desk.send('k', 'buy 5 limit 101', all)).toEqual(['k Expired fok']);
    expect(desk.send('four', 'buy 4 limit 101', all)).toContain('four 4@100');
  });
});

describe('an own order that is decremented, with contracts behind those that rest', () => {
  it('comes back before the aggressor rests across from it', () => {
    const desk = new MarketDesk();
    // Short 1: of the two contracts, one rests, and one may follow.
    desk.market.setPosition(1, -1, 0);
    desk.send('closes', 'buy 2 limit 100', { reduceOnly: true, group: 3 });
    expect(
      desk.send('s', 'sell 4 limit 100', { participant: 2, group: 3, selfTrade: 'decrement' }),
    ).toEqual([
      'closes Replaced 1 self-trade',
      's Replaced 3 self-trade',
      'closes Canceled self-trade',
      's Replaced 2 self-trade',
    ]);
    expect(desk.market.book.bestTicks(1)).toBeNaN();
    expect(desk.market.book.totalQty(-1, 100)).toBe(2);
  });
});

describe('an auction', () => {
  it('never trades two legs of one OCO with each other', () => {
    const desk = new MarketDesk({ startPhase: 'pre-open' });
    const leg = { participant: 1, qty: 2, type: 'limit', timeInForce: 'gtc' } as const;
    const lines = desk.during(() => {
      desk.market.submitGroup(
        ocoOf('g', [
          { ...leg, clOrdId: 'buys', side: 1, limitTicks: 101 },
          { ...leg, clOrdId: 'sells', side: -1, limitTicks: 100 },
        ]),
        0,
      );
      desk.market.setPhase('open', 0);
    });
    expect(lines).toEqual(['sells Canceled oco-peer']);
  });

  it('leaves no crossed book behind when its fills set another order free', () => {
    const desk = new MarketDesk({ startPhase: 'pre-open' });
    desk.market.setPosition(1, 1, 0);
    desk.send('closes', 'sell 4 limit 100', { reduceOnly: true });
    desk.send('more', 'buy 5 limit 101');
    desk.send('other', 'sell 3 limit 99', { participant: 2 });
    desk.during(() => desk.market.setPhase('open', 0));
    const { book } = desk.market;
    expect(book.bestTicks(1) >= book.bestTicks(-1)).toBe(false);
  });

  it('keeps stops that it elects within the limits of the day, also what is left of them', () => {
    const desk = new MarketDesk({ startPhase: 'pre-open', queueMarket: true });
    desk.market.setLimits(90, 110, 0);
    desk.send('protected', 'buy 3 stop 109', { protectionTicks: 5, timeInForce: 'gtc' });
    desk.send('limited', 'buy 3 stop 109', {
      type: 'stop-limit',
      stopTicks: 109,
      limitTicks: 112,
      timeInForce: 'gtc',
    });
    desk.send('b', 'buy 2 limit 110', { participant: 2 });
    desk.send('s', 'sell 2 limit 109', { participant: 3 });
    desk.market.setReference(110);
    desk.during(() => desk.market.setPhase('open', 0));
    expect(desk.market.orderOf(1, 'limited')!.working).toBe('parked');
    expect(desk.market.book.bestTicks(1)).toBe(110);
    expect(desk.send('x', 'sell 1 market', { participant: 3 }).at(-1)).toBe('x 1@110');
  });

  it('has no price beyond the limits of the day', () => {
    const desk = new MarketDesk({ startPhase: 'pre-open', queueMarket: true });
    desk.market.setReference(120);
    desk.market.setLimits(90, 110, 0);
    desk.send('b', 'buy 1 market', { participant: 1 });
    desk.send('s', 'sell 1 limit 100', { participant: 2 });
    desk.during(() => desk.market.setPhase('open', 0));
    expect(desk.market.lastTicks).toBeLessThanOrEqual(110);
  });
});

describe('a market order that a hold stopped after it traded', () => {
  it('ends as cancelled, not as rejected, where nobody is left to trade with', () => {
    const desk = new MarketDesk({
      queueMarket: true,
      breaker: { variantTicks: 2, lookBackUs: 1_000_000, reservedUs: 1 },
    });
    desk.print(100);
    desk.send('near', 'sell 1 limit 101', { participant: 2 });
    desk.send('far', 'sell 1 limit 110', { participant: 2 });
    expect(desk.send('m', 'buy 3 market')).toEqual(['near 1@101', 'm 1@101']);
    expect(desk.market.phase).toBe('halted');
    desk.cancel('far', 2);
    expect(desk.during(() => desk.market.advance(5_000_000))).toEqual(['m Canceled no-opposite']);
  });

  it('is so for a post-only order that is moved across the market', () => {
    const desk = new MarketDesk();
    desk.send('p', 'buy 3 limit 100', { postOnly: 'reject' });
    desk.send('x', 'sell 1 limit 100', { participant: 2, timeInForce: 'ioc' });
    desk.send('ask', 'sell 1 limit 102', { participant: 2 });
    expect(desk.replace('p', { limitTicks: 103 })).toEqual(['p Replaced', 'p Canceled would-take']);
  });
});

describe('an exit that rests and grows with its entry', () => {
  it('is there for an order whose turn comes before its own', () => {
    const desk = new MarketDesk();
    desk.print(94);
    desk.send('ask', 'sell 5 limit 95', { participant: 2 });
    desk.send('w', 'buy 4 stop 95', {
      participant: 3,
      type: 'stop-limit',
      stopTicks: 95,
      limitTicks: 105,
    });
    const entry = { participant: 1, clOrdId: 'e', side: 1, type: 'stop-limit', qty: 8 } as const;
    const lines = desk.during(() =>
      desk.market.submitGroup(
        bracketOf({
          groupId: 'g',
          entry: { ...entry, stopTicks: 94, limitTicks: 99 },
          stop: { clOrdId: 's', stopTicks: 90 },
          targets: [{ clOrdId: 't', limitTicks: 99 }],
        }),
        0,
      ),
    );
    // The target meets what rests of its own entry, rests itself, and only then is the stop's turn.
    expect(lines.filter((line) => /^[wt] \d/.test(line))).toEqual(['t 3@99', 't 4@99', 'w 4@99']);
  });
});
