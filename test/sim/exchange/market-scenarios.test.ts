/** The matching tables as scenarios on the exchange of one contract: what is sent left, what is reported right. */
import { describe, expect, it } from 'vitest';
import { MarketDesk } from '../../support/market-desk.ts';

/** Offers of somebody else: 3 at 400, 5 at 401. */
function withOffers(options = {}): MarketDesk {
  const desk = new MarketDesk(options);
  desk.send('near', 'sell 3 limit 400', { participant: 2 });
  desk.send('far', 'sell 5 limit 401', { participant: 2 });
  return desk;
}

describe('aggressive orders', () => {
  it('B1, B2: walk the book at the prices of the resting orders', () => {
    const desk = withOffers();
    expect(desk.send('a', 'buy 4 market')).toEqual([
      'near 3@400',
      'a 3@400',
      'far 1@401',
      'a 1@401',
    ]);
    expect(desk.send('b', 'buy 4 market')).toEqual(['far 4@401', 'b 4@401']);
  });
  it('B5: fill-or-kill trades everything or nothing', () => {
    const desk = withOffers();
    expect(desk.send('a', 'buy 9 limit 401', { timeInForce: 'fok' })).toEqual(['a Expired fok']);
    expect(desk.send('b', 'buy 8 limit 401', { timeInForce: 'fok' })).toHaveLength(4);
    expect(desk.market.positionOf(1)).toBe(8);
  });
  it('B6: immediate-or-cancel gives up the rest', () => {
    expect(withOffers().send('a', 'buy 9 limit 401', { timeInForce: 'ioc' }).at(-1)).toBe(
      'a Expired ioc',
    );
  });
  it('and trades nothing below its minimum', () => {
    const desk = withOffers();
    const ioc = { timeInForce: 'ioc', minQty: 4 } as const;
    expect(desk.send('a', 'buy 9 limit 400', ioc)).toEqual(['a Expired ioc']);
    expect(desk.send('b', 'buy 9 limit 401', ioc)).toHaveLength(5);
  });
  it('B7: a limit order rests with what it could not trade', () => {
    const desk = withOffers();
    desk.send('a', 'buy 10 limit 401');
    expect(desk.queue(1, 401)).toEqual(['a 2/2']);
  });
  it('B8: post-only is rejected, or slides one tick away', () => {
    const desk = withOffers();
    expect(desk.send('a', 'buy 1 limit 400', { postOnly: 'reject' })).toEqual([
      'a Rejected would-take',
    ]);
    expect(desk.send('b', 'buy 1 limit 400', { postOnly: 'slide' })).toEqual([
      'b Replaced 1 post-only-slide',
    ]);
    expect(desk.queue(1, 399)).toEqual(['b 1/1']);
    expect(desk.send('c', 'buy 1 limit 398', { postOnly: 'reject' })).toEqual([]);
  });
  it('B12: a market order without another side is rejected', () => {
    expect(new MarketDesk().send('a', 'buy 1 market')).toEqual(['a Rejected no-opposite']);
  });
  it('S6: a protected market order rests where its protection ends', () => {
    const desk = new MarketDesk({ protectionTicks: 8 });
    desk.send('n', 'sell 2 limit 400', { participant: 2 });
    desk.send('f', 'sell 5 limit 412', { participant: 2 });
    expect(desk.send('a', 'buy 5 market')).toEqual(['n 2@400', 'a 2@400']);
    expect(desk.queue(1, 408)).toEqual(['a 3/3']);
  });
  it('or is cancelled there where the venue says so; without protection it ends where the book does', () => {
    const cancelling = withOffers({ protectionTicks: 0, remainder: 'cancel' });
    expect(cancelling.send('a', 'buy 4 market').at(-1)).toBe('a Canceled protection');
    expect(withOffers().send('a', 'buy 9 market').at(-1)).toBe('a Canceled no-liquidity');
  });
  it('market-to-limit rests at its first price', () => {
    const desk = withOffers();
    expect(desk.send('a', 'buy 4 mtl')).toEqual(['near 3@400', 'a 3@400']);
    expect(desk.queue(1, 400)).toEqual(['a 1/1']);
  });
});

describe('changes of resting orders', () => {
  const two = (): MarketDesk => {
    const desk = new MarketDesk();
    desk.send('a', 'buy 2 limit 396');
    desk.send('b', 'buy 2 limit 396');
    return desk;
  };
  it('B9, B10: less keeps the place, more loses it', () => {
    const less = two();
    less.replace('a', { qty: 1 });
    expect(less.queue(1, 396)).toEqual(['a 1/1', 'b 2/2']);
    const more = two();
    more.replace('a', { qty: 3 });
    expect(more.queue(1, 396)).toEqual(['b 2/2', 'a 3/3']);
  });
  it('B11: one that is rejected changes nothing', () => {
    const desk = two();
    expect(desk.replace('a', { limitTicks: 396.5 })).toEqual(['a ReplaceRejected off-grid']);
    expect(desk.queue(1, 396)).toEqual(['a 2/2', 'b 2/2']);
    expect(desk.replace('x', { qty: 1 })).toEqual(['x ReplaceRejected unknown-order']);
  });
  it('the same price again is no change of price', () => {
    const desk = two();
    desk.replace('a', { qty: 1, limitTicks: 396 });
    expect(desk.queue(1, 396)).toEqual(['a 1/1', 'b 2/2']);
  });
  it('a stop that becomes smaller keeps its turn, one that becomes larger loses it', () => {
    const elected = (qty: number): string[] => {
      const desk = new MarketDesk();
      desk.send('roof', 'sell 50 limit 410', { participant: 2 });
      desk.send('a', 'buy 2 stop 400');
      desk.send('b', 'buy 2 stop 400');
      desk.replace('a', { qty });
      return desk.print(400).filter((line) => line.endsWith('Triggered'));
    };
    expect(elected(1)).toEqual(['a Triggered', 'b Triggered']);
    expect(elected(3)).toEqual(['b Triggered', 'a Triggered']);
  });
  it('a change to what is filled is refused, or ends the order where the venue says so', () => {
    for (const [reduceToFilled, line] of [
      ['reject', 'a ReplaceRejected qty-below-filled'],
      ['cancel', 'a Canceled qty-below-filled'],
    ] as const) {
      const desk = new MarketDesk({ reduceToFilled });
      desk.send('a', 'buy 2 limit 396');
      desk.send('s', 'sell 1 limit 396', { participant: 2 });
      expect(desk.replace('a', { qty: 1 })).toEqual([line]);
    }
  });
  it('an order that is filled answers a cancel with that', () => {
    const desk = two();
    desk.send('s', 'sell 2 limit 396', { participant: 2 });
    expect(desk.cancel('a')).toEqual(['a CancelRejected already-filled']);
    expect(desk.replace('a', { qty: 9 })).toEqual(['a ReplaceRejected already-filled']);
  });
  it('no more can be shown than there is, by a change either', () => {
    const desk = two();
    expect(desk.replace('a', { displayQty: 3 })).toEqual(['a ReplaceRejected invalid-display-qty']);
    expect(desk.queue(1, 396)).toEqual(['a 2/2', 'b 2/2']);
    expect(desk.replace('a', { qty: 4, displayQty: 3 })).toEqual(['a Replaced']);
    expect(desk.queue(1, 396)).toEqual(['b 2/2', 'a 3/4']);
  });
  it('a price that crosses trades at once', () => {
    const desk = two();
    desk.send('s', 'sell 1 limit 398', { participant: 2 });
    expect(desk.replace('b', { limitTicks: 398 })).toEqual(['b Replaced', 's 1@398', 'b 1@398']);
    expect(desk.queue(1, 398)).toEqual(['b 1/1']);
  });
  it('a quantity that is filled already is refused, and so is a change of an order that is gone', () => {
    const desk = two();
    desk.send('s', 'sell 1 limit 396', { participant: 2 });
    expect(desk.replace('a', { qty: 1 })).toEqual(['a ReplaceRejected qty-below-filled']);
    expect(desk.cancel('a')).toEqual(['a Canceled user']);
    expect(desk.replace('a', { qty: 5 })).toEqual(['a ReplaceRejected too-late']);
    expect(desk.cancel('a')).toEqual(['a CancelRejected too-late']);
    expect(desk.cancel('x')).toEqual(['x CancelRejected unknown-order']);
  });
  it('a client id is used once, also after its order is gone', () => {
    const desk = two();
    desk.cancel('a');
    expect(desk.send('a', 'buy 1 limit 390')).toEqual(['a Rejected duplicate-client-order-id']);
    expect(desk.send('a', 'buy 1 limit 390', { participant: 2 })).toEqual([]);
  });
});

describe('icebergs, self-trades and reduce-only', () => {
  it('B13: the next slice joins behind', () => {
    const desk = new MarketDesk();
    desk.send('ice', 'sell 10 limit 404', { displayQty: 2, participant: 2 });
    desk.send('o', 'sell 5 limit 404', { participant: 3 });
    expect(desk.send('a', 'buy 4 market')).toEqual(['ice 2@404', 'a 2@404', 'o 2@404', 'a 2@404']);
    expect(desk.queue(-1, 404)).toEqual(['o 3/3', 'ice 2/8']);
  });
  it('B14, B15: orders of one group never trade with each other', () => {
    const desk = new MarketDesk();
    desk.send('b', 'buy 5 limit 396', { group: 1 });
    expect(desk.send('s', 'sell 3 limit 395', { group: 1, selfTrade: 'decrement' })).toEqual([
      'b Replaced 2 self-trade',
      's Canceled self-trade',
    ]);
    expect(desk.queue(1, 396)).toEqual(['b 2/2']);
    expect(desk.send('t', 'sell 1 limit 395', { group: 1 })).toEqual(['b Canceled self-trade']);
    expect(desk.queue(-1, 395)).toEqual(['t 1/1']);
  });
  it('B16: reduce-only closes what is there and gives up the rest', () => {
    const desk = new MarketDesk();
    desk.market.setPosition(1, 3, 0);
    desk.send('bid', 'buy 9 limit 396', { participant: 2 });
    expect(desk.send('a', 'sell 5 limit 396', { reduceOnly: true })).toEqual([
      'bid 3@396',
      'a 3@396',
      'a Canceled reduce-only-exhausted',
    ]);
  });
  it('B17: two reduce-only stops that one trade elects close the position once', () => {
    const desk = new MarketDesk();
    desk.market.setPosition(1, 3, 0);
    desk.send('bid', 'buy 20 limit 390', { participant: 2 });
    desk.send('a', 'sell 3 stop 395', { reduceOnly: true });
    desk.send('b', 'sell 3 stop 395', { reduceOnly: true });
    expect(desk.print(395)).toEqual([
      'a Triggered',
      'b Triggered',
      'bid 3@390',
      'a 3@390',
      'b Canceled reduce-only-exhausted',
    ]);
    expect(desk.market.positionOf(1)).toBe(0);
  });
  it('two resting reduce-only orders in the way of one sweep close the position once', () => {
    const desk = new MarketDesk();
    desk.market.setPosition(1, 3, 0);
    desk.send('a', 'sell 3 limit 400', { reduceOnly: true });
    desk.send('b', 'sell 3 limit 401', { reduceOnly: true });
    desk.send('o', 'sell 9 limit 401', { participant: 3 });
    desk.send('x', 'buy 10 market', { participant: 2 });
    expect(desk.market.positionOf(1)).toBe(0);
    expect(desk.market.positionOf(2)).toBe(10);
  });
  it('also when they stand at one price that is swept whole', () => {
    const desk = new MarketDesk();
    desk.market.setPosition(1, 3, 0);
    desk.send('a', 'sell 3 limit 400', { reduceOnly: true });
    desk.send('b', 'sell 3 limit 400', { reduceOnly: true });
    desk.send('x', 'buy 10 market', { participant: 2 });
    expect(desk.market.positionOf(1)).toBe(0);
  });
  it('one without a position is refused', () => {
    expect(new MarketDesk().send('a', 'sell 1 limit 400', { reduceOnly: true })).toEqual([
      'a Rejected reduce-only-exhausted',
    ]);
  });
});

describe('triggers', () => {
  it('S1, S2: quotes elect no stop on trades; the next trade does', () => {
    const desk = new MarketDesk();
    desk.send('bid', 'buy 9 limit 394', { participant: 2 });
    desk.send('offer', 'sell 9 limit 395', { participant: 2 });
    expect(desk.send('a', 'sell 1 stop 396')).toEqual([]);
    expect(desk.send('x', 'buy 1 market', { participant: 3 })).toEqual([
      'offer 1@395',
      'x 1@395',
      'a Triggered',
      'bid 1@394',
      'a 1@394',
    ]);
  });
  it('a stop on quotes is elected by them', () => {
    const desk = new MarketDesk();
    desk.send('low', 'buy 5 limit 394', { participant: 2 });
    desk.send('bid', 'buy 1 limit 397', { participant: 2 });
    desk.send('a', 'sell 1 stop 396', { trigger: 'bid-ask' });
    expect(desk.cancel('bid', 2)).toEqual([
      'bid Canceled user',
      'a Triggered',
      'low 1@394',
      'a 1@394',
    ]);
  });
  it('S3 in a sweep: it is through before what it elects arrives, and that trades in the order of its prices', () => {
    const sweep = (tif: 'fok' | 'day'): string[] => {
      const desk = new MarketDesk();
      desk.print(398);
      for (const [price, qty] of [
        [400, 2],
        [401, 2],
        [402, 2],
        [403, 9],
      ] as const)
        desk.send(`${price}`, `sell ${qty} limit ${price}`, { participant: 2 });
      desk.send('second', 'buy 2 stop 401', { participant: 3 });
      desk.send('first', 'buy 2 stop 400', { participant: 4 });
      const lines = desk.send('big', 'buy 6 limit 402', { participant: 5, timeInForce: tif });
      return lines.filter((line) => !/^\d/.test(line));
    };
    for (const tif of ['fok', 'day'] as const)
      expect(sweep(tif)).toEqual([
        'big 2@400',
        'big 2@401',
        'big 2@402',
        'first Triggered',
        'second Triggered',
        'first 2@403',
        'second 2@403',
      ]);
  });
  it('a touched order on quotes looks at the side that it would trade with', () => {
    const desk = new MarketDesk();
    desk.send('bid', 'buy 1 limit 394', { participant: 2 });
    desk.send('ask', 'sell 9 limit 400', { participant: 2 });
    desk.send('a', 'buy 1 mit 396', { trigger: 'bid-ask' });
    expect(desk.send('low', 'buy 1 limit 396', { participant: 3 })).toEqual([]);
    desk.cancel('low', 3);
    expect(desk.send('near', 'sell 1 limit 396', { participant: 3 })).toEqual([
      'a Triggered',
      'near 1@396',
      'a 1@396',
    ]);
  });
  it('stops on the middle and on a mark', () => {
    const desk = new MarketDesk();
    desk.send('low', 'buy 9 limit 390', { participant: 2 });
    desk.send('bid', 'buy 1 limit 398', { participant: 2 });
    desk.send('ask', 'sell 1 limit 400', { participant: 3 });
    desk.send('mid', 'sell 1 stop 396', { trigger: 'mid' });
    desk.send('mark', 'sell 1 stop 396', { trigger: 'mark' });
    expect(desk.during(() => desk.market.setMark(397, 0))).toEqual([]);
    expect(desk.during(() => desk.market.setMark(396, 0))[0]).toBe('mark Triggered');
    expect(desk.market.orderOf(1, 'mid')!.isTriggered).toBe(true);
  });
  it('S3: by rising trigger for buys, falling for sells, then by time', () => {
    const desk = new MarketDesk();
    desk.send('offers', 'sell 50 limit 410', { participant: 2 });
    desk.send('b2', 'buy 1 stop 404');
    desk.send('b1', 'buy 1 stop 402');
    desk.send('b0', 'buy 1 stop 402');
    const lines = desk.print(405);
    expect(lines.filter((line) => line.endsWith('Triggered'))).toEqual([
      'b1 Triggered',
      'b0 Triggered',
      'b2 Triggered',
    ]);
  });
  it('S4: an elected stop-limit rests where the market is beyond it', () => {
    const desk = new MarketDesk();
    desk.send('bid', 'buy 9 limit 390', { participant: 2 });
    desk.send('a', 'sell 1 stop 396', { type: 'stop-limit', limitTicks: 395 });
    expect(desk.print(392)).toEqual(['a Triggered']);
    expect(desk.queue(-1, 395)).toEqual(['a 1/1']);
  });
  it('S5: a protected stop rests where its protection ends, counted from the trigger', () => {
    const desk = new MarketDesk();
    desk.send('b1', 'buy 2 limit 394', { participant: 2 });
    desk.send('b2', 'buy 50 limit 391', { participant: 2 });
    desk.send('a', 'sell 5 stop 396', { protectionTicks: 4 });
    expect(desk.print(396)).toEqual(['a Triggered', 'b1 2@394', 'a 2@394']);
    expect(desk.queue(-1, 392)).toEqual(['a 3/3']);
  });
  it('S7: a stop that is in the market on arrival executes, or is rejected', () => {
    for (const [stopInMarket, expected] of [
      ['trigger', ['a Triggered', 'bid 1@390', 'a 1@390']],
      ['reject', ['a Rejected stop-in-market']],
    ] as const) {
      const desk = new MarketDesk({ stopInMarket });
      desk.send('bid', 'buy 9 limit 390', { participant: 2 });
      desk.print(392);
      expect(desk.send('a', 'sell 1 stop 396')).toEqual(expected);
    }
  });
  it('S8: a trailing stop follows the best trade and never goes back', () => {
    const desk = new MarketDesk();
    desk.send('bid', 'buy 9 limit 380', { participant: 2 });
    for (const price of [400, 404]) {
      desk.print(price);
      if (price === 400)
        desk.send('a', 'sell 1', { type: 'trailing-stop', trail: { offsetTicks: 4 } });
    }
    expect(desk.market.orderOf(1, 'a')!.stopTicks).toBe(400);
    expect(desk.print(401)).toEqual([]);
    expect(desk.print(399)).toEqual(['a Triggered', 'bid 1@380', 'a 1@380']);
  });
  it('S9: one that is not armed neither follows nor triggers', () => {
    const desk = new MarketDesk();
    desk.send('bid', 'buy 9 limit 380', { participant: 2 });
    desk.print(400);
    const trail = { offsetTicks: 4, activationTicks: 408 as never };
    desk.send('a', 'sell 1', { type: 'trailing-stop', trail });
    desk.print(407);
    expect(desk.print(390)).toEqual([]);
    desk.print(409);
    expect(desk.print(405)[0]).toBe('a Triggered');
  });
  it('a touched order trades on the favourable side', () => {
    const desk = new MarketDesk();
    desk.send('offer', 'sell 9 limit 399', { participant: 2 });
    desk.send('a', 'buy 1 mit 398');
    expect(desk.print(398)).toEqual(['a Triggered', 'offer 1@399', 'a 1@399']);
  });
  it('what elects itself on and on ends when nothing is left to trade', () => {
    const desk = new MarketDesk();
    for (let k = 0; k < 20; k += 1)
      desk.send(`b${k}`, `buy 1 limit ${400 - k}`, { participant: 2 });
    for (let k = 0; k < 20; k += 1) desk.send(`s${k}`, `sell 1 stop ${400 - k}`);
    desk.send('go', 'sell 1 market', { participant: 3 });
    expect(desk.market.positionOf(1)).toBe(-19);
    expect(desk.market.book.bestTicks(1)).toBeNaN();
  });
});

describe('phases', () => {
  it('S12: nothing is elected and nothing trades in a halt', () => {
    const desk = new MarketDesk();
    desk.send('bid', 'buy 9 limit 390', { participant: 2 });
    desk.send('a', 'sell 1 stop 396');
    desk.market.setPhase('halted', 0);
    expect(desk.send('s', 'sell 1 limit 390', { participant: 3 })).toEqual([]);
    expect(desk.send('m', 'sell 1 market')).toEqual(['m Rejected market-not-open']);
    expect(desk.queue(-1, 390)).toEqual(['s 1/1']);
  });
  it('T6: a stop that the reopening price elects takes part in the auction at that price', () => {
    const desk = new MarketDesk();
    desk.send('bid', 'buy 9 limit 390', { participant: 2 });
    desk.send('a', 'sell 2 stop 396');
    desk.market.setPhase('halted', 0);
    desk.send('s', 'sell 1 limit 390', { participant: 3 });
    expect(desk.during(() => desk.market.setPhase('open', 0))).toEqual([
      'a Triggered',
      'bid 2@390',
      'a 2@390',
      'bid 1@390',
      's 1@390',
    ]);
  });
  it('T7: the auction trades most, leaves least, and then goes to the lower price where offers are left', () => {
    const desk = new MarketDesk({ startPhase: 'pre-open' });
    desk.market.setReference(101);
    desk.send('b', 'buy 10 limit 102', { participant: 2 });
    desk.send('s1', 'sell 6 limit 100', { participant: 3 });
    desk.send('s2', 'sell 6 limit 101', { participant: 3 });
    expect(desk.market.indication()).toEqual({ priceTicks: 101, qty: 10, imbalanceQty: -2 });
    expect(desk.during(() => desk.market.setPhase('open', 0))).toEqual([
      'b 6@101',
      's1 6@101',
      'b 4@101',
      's2 4@101',
    ]);
    expect(desk.queue(-1, 101)).toEqual(['s2 2/2']);
  });
  it('orders for the opening alone trade in it before limits and end with it', () => {
    const desk = new MarketDesk({ startPhase: 'pre-open' });
    desk.send('s', 'sell 5 limit 100', { participant: 2 });
    desk.send('l', 'buy 3 limit 101', { participant: 3 });
    desk.send('o', 'buy 4 market', { timeInForce: 'at-open' });
    expect(desk.during(() => desk.market.setPhase('open', 0))).toEqual([
      'o 4@101',
      's 4@101',
      'l 1@101',
      's 1@101',
    ]);
    const late = desk.send('late', 'buy 1 market', { timeInForce: 'at-open' });
    expect(late).toEqual(['late Rejected auction-over']);
  });
  it('without an opposite side they end untraded', () => {
    const desk = new MarketDesk({ startPhase: 'pre-open' });
    desk.send('o', 'buy 4 market', { timeInForce: 'at-open' });
    expect(desk.during(() => desk.market.setPhase('open', 0))).toEqual(['o Expired auction-over']);
  });
  it('cancels and changes are refused where the phase forbids them', () => {
    const desk = new MarketDesk({ startPhase: 'pre-open' });
    desk.send('a', 'buy 1 limit 100');
    desk.market.setPhase('pre-open-no-cancel', 0);
    expect(desk.cancel('a')).toEqual(['a CancelRejected no-cancel-phase']);
    expect(desk.replace('a', { qty: 2 })).toEqual(['a ReplaceRejected no-cancel-phase']);
    expect(desk.send('b', 'buy 1 limit 100')).toEqual([]);
  });
  it('T1, T3: day orders end with the session, all orders with the contract', () => {
    const desk = new MarketDesk();
    desk.send('d', 'buy 1 limit 100');
    desk.send('g', 'buy 1 limit 100', { timeInForce: 'gtc' });
    desk.send('ds', 'sell 1 stop 90');
    expect(desk.during(() => desk.market.setPhase('closed', 0))).toEqual([
      'd Expired day-end',
      'ds Expired day-end',
    ]);
    expect(desk.send('x', 'buy 1 limit 100')).toEqual(['x Rejected market-closed']);
    expect(desk.during(() => desk.market.setPhase('expired', 0))).toEqual([
      'g Canceled contract-expired',
    ]);
  });
  it('T2: an order with a date may trade at that very moment and ends after it', () => {
    const desk = new MarketDesk();
    const gtd = { timeInForce: 'gtd', expireUs: 50 } as const;
    desk.send('a', 'buy 1 limit 100', gtd);
    desk.send('b', 'buy 1 limit 100', gtd);
    desk.nowUs = 50;
    expect(desk.send('s', 'sell 1 limit 100', { participant: 2 })).toEqual(['a 1@100', 's 1@100']);
    expect(desk.during(() => desk.market.advance(51))).toEqual(['b Expired gtd']);
  });
  it('T10: a lasting order outside the limits of the day waits for them, others are refused', () => {
    const desk = new MarketDesk();
    desk.market.setLimits(90, 110, 0);
    expect(desk.send('d', 'buy 1 limit 89')).toEqual(['d Rejected price-limit']);
    expect(desk.send('g', 'buy 1 limit 89', { timeInForce: 'gtc' })).toEqual(['g Parked']);
    expect(desk.during(() => desk.market.setLimits(80, 100, 0))).toEqual(['g Unparked']);
    expect(desk.queue(1, 89)).toEqual(['g 1/1']);
  });
  it('nothing trades beyond the limits', () => {
    const desk = new MarketDesk();
    desk.send('s', 'sell 1 limit 120', { participant: 2, timeInForce: 'gtc' });
    desk.market.setLimits(90, 110, 0);
    expect(desk.send('a', 'buy 1 market')).toEqual(['a Rejected no-opposite']);
  });
  it('S5 by the quote: protection counts from the price that the stop meets', () => {
    const desk = new MarketDesk({ protectFrom: 'quote' });
    desk.send('b1', 'buy 2 limit 394', { participant: 2 });
    desk.send('b2', 'buy 50 limit 389', { participant: 2 });
    desk.send('a', 'sell 5 stop 396', { protectionTicks: 4 });
    expect(desk.print(396)).toEqual(['a Triggered', 'b1 2@394', 'a 2@394']);
    expect(desk.queue(-1, 390)).toEqual(['a 3/3']);
  });
  it('market orders wait for the opening where the venue lets them', () => {
    const desk = new MarketDesk({ startPhase: 'pre-open', queueMarket: true });
    expect(desk.send('m', 'buy 2 market')).toEqual([]);
    desk.send('s', 'sell 1 limit 100', { participant: 2 });
    desk.send('s2', 'sell 1 limit 101', { participant: 2 });
    expect(desk.send('i', 'buy 1 limit 101', { timeInForce: 'ioc' })).toEqual([
      'i Rejected market-not-open',
    ]);
    expect(desk.during(() => desk.market.setPhase('open', 0))).toEqual([
      'm 1@101',
      's 1@101',
      'm 1@101',
      's2 1@101',
    ]);
  });
  it('a price that an auction only tries moves no trail', () => {
    const desk = new MarketDesk();
    desk.send('t', 'sell 1', { type: 'trailing-stop', trail: { offsetTicks: 4 }, stopTicks: 90 });
    desk.print(100);
    desk.market.setPhase('halted', 0);
    desk.send('b', 'buy 3 limit 120', { participant: 2 });
    desk.send('x', 'sell 3 stop 110', { participant: 3 });
    desk.send('s', 'sell 3 limit 108', { participant: 4 });
    desk.during(() => desk.market.setPhase('open', 0));
    expect(desk.market.orderOf(1, 't')!.bestTicks).toBe(desk.market.lastTicks);
  });
  it('bands are measured from the session, then the indication, then the reference', () => {
    const desk = new MarketDesk({ bandTicks: 10, startPhase: 'pre-open' });
    desk.market.setReference(100);
    expect(desk.send('a', 'buy 1 limit 111')).toEqual(['a Rejected price-band']);
    desk.send('b', 'buy 1 limit 108', { participant: 2 });
    desk.send('c', 'sell 1 limit 108', { participant: 3 });
    expect(desk.send('d', 'buy 1 limit 118')).toEqual([]);
    desk.cancel('d');
    desk.during(() => desk.market.setPhase('open', 0));
    expect(desk.send('e', 'buy 1 limit 97')).toEqual(['e Rejected price-band']);
    expect(desk.send('f', 'buy 1 limit 98')).toEqual([]);
  });
  it('a limit outside the band is refused', () => {
    const desk = new MarketDesk({ bandTicks: 20 });
    desk.market.setReference(100);
    expect(desk.send('a', 'buy 1 limit 121')).toEqual(['a Rejected price-band']);
    expect(desk.send('b', 'buy 1 limit 120')).toEqual([]);
  });
});

describe('orders for the close', () => {
  it('T5: after the cut-off they are neither taken, changed nor cancelled', () => {
    const desk = new MarketDesk();
    desk.market.setSession({ closeCutOffUs: 50 });
    expect(desk.send('a', 'buy 1 market', { timeInForce: 'at-close' })).toEqual([]);
    desk.nowUs = 50;
    expect(desk.send('b', 'buy 1 market', { timeInForce: 'at-close' })).toEqual([
      'b Rejected cut-off',
    ]);
    expect(desk.cancel('a')).toEqual(['a CancelRejected cut-off']);
    expect(desk.replace('a', { qty: 2 })).toEqual(['a ReplaceRejected cut-off']);
  });
  it('and orders for the opening have a cut-off of their own', () => {
    const desk = new MarketDesk({ startPhase: 'pre-open' });
    desk.market.setSession({ openCutOffUs: 50 });
    const atOpen = { timeInForce: 'at-open' } as const;
    expect(desk.send('a', 'buy 1 market', atOpen)).toEqual([]);
    desk.nowUs = 50;
    expect(desk.send('b', 'buy 1 market', atOpen)).toEqual(['b Rejected cut-off']);
    expect(desk.cancel('a')).toEqual(['a CancelRejected cut-off']);
    expect(desk.send('c', 'buy 1 limit 100')).toEqual([]);
    expect(desk.cancel('c')).toEqual(['c Canceled user']);
  });
  it('trade at one price when the session ends, before day orders go', () => {
    const desk = new MarketDesk();
    desk.send('bid', 'buy 5 limit 99', { participant: 2 });
    desk.send('s', 'sell 3 market', { timeInForce: 'at-close' });
    desk.send('l', 'sell 3 limit 100', { timeInForce: 'at-close', participant: 3 });
    desk.send('b', 'buy 2 market', { timeInForce: 'at-close', participant: 4 });
    expect(desk.market.book.orderCount).toBe(1);
    expect(desk.during(() => desk.market.setPhase('post-close', 0))).toEqual([
      'b 2@99',
      's 2@99',
      'bid 1@99',
      's 1@99',
      'l Expired auction-over',
    ]);
    expect(desk.queue(1, 99)).toEqual(['bid 4/4']);
  });
  it('a halt that lasts until the end leaves them untraded', () => {
    const desk = new MarketDesk();
    desk.send('bid', 'buy 5 limit 99', { participant: 2, timeInForce: 'gtc' });
    desk.send('s', 'sell 3 market', { timeInForce: 'at-close' });
    desk.market.setPhase('halted', 0);
    expect(desk.during(() => desk.market.setPhase('closed', 0))).toEqual(['s Expired day-end']);
  });
});

describe('a market that is held by its breaker', () => {
  const desk = (more = {}): MarketDesk => {
    const it = new MarketDesk({
      breaker: {
        variantTicks: 10,
        lookBackUs: 1000,
        reservedUs: 120,
        nearCloseUs: 50,
        nearCloseReservedUs: 5,
      },
      ...more,
    });
    it.print(400);
    for (const at of [405, 410, 411, 412])
      it.send(`o${at}`, `sell 2 limit ${at}`, { participant: 2 });
    return it;
  };
  it('trades up to the variant, waits, and opens with an auction', () => {
    const market = desk();
    expect(market.send('a', 'buy 7 limit 411')).toEqual([
      'o405 2@405',
      'a 2@405',
      'o410 2@410',
      'a 2@410',
    ]);
    expect(market.market.phase).toBe('halted');
    expect(market.queue(1, 411)).toEqual(['a 3/3']);
    expect(market.send('late', 'buy 1 market', { participant: 5 })).toEqual([
      'late Rejected market-not-open',
    ]);
    expect(market.during(() => market.market.advance(120))).toEqual([]);
    expect(market.during(() => market.market.advance(121))).toEqual(['a 2@411', 'o411 2@411']);
    expect(market.market.phase).toBe('open');
  });
  it('a market order that it stops waits for that auction; an immediate one ends', () => {
    const market = desk();
    expect(market.send('a', 'buy 7 market').at(-1)).toBe('a 2@410');
    expect(market.during(() => market.market.advance(121))).toEqual([
      'a 2@412',
      'o411 2@412',
      'a 1@412',
      'o412 1@412',
    ]);
    expect(desk().send('i', 'buy 7 limit 411', { timeInForce: 'ioc' }).at(-1)).toBe(
      'i Expired ioc',
    );
  });
  it('what traded before the hold has elected its stops', () => {
    const market = desk();
    market.send('s', 'buy 1 stop 409', { participant: 6 });
    expect(market.send('a', 'buy 5 limit 411').at(-1)).toBe('s Triggered');
  });
  it('an old price is no measure, and near the close a hold is short', () => {
    const old = desk();
    old.nowUs = 1001;
    expect(old.send('a', 'buy 8 limit 412')).toHaveLength(8);
    const near = desk();
    near.market.setSession({ closeUs: 40 });
    near.send('a', 'buy 8 limit 412');
    near.market.advance(6);
    expect(near.market.phase).toBe('open');
  });
});

describe('prices between two ticks', () => {
  it.each([
    ['buy 1 limit 100.7', {}, 100, 101],
    ['sell 1 limit 100.3', {}, 101, 100],
    ['buy 1 stop 100.3', {}, 101, 100],
    ['sell 1 stop 100.7', {}, 100, 101],
    ['buy 1 mit 100.7', {}, 100, 101],
    ['buy 1 limit 100.5', {}, 100, 100],
    ['sell 1 limit 100.5', {}, 101, 101],
  ])('%s', (text, more, passive, nearest) => {
    for (const [offGrid, ticks] of [
      ['passive', passive],
      ['nearest', nearest],
    ] as const) {
      const desk = new MarketDesk({ offGrid });
      expect(desk.send('a', text, more)).toEqual(['a Accepted price-rounded']);
      const { limitTicks, stopTicks } = desk.market.orderOf(1, 'a')!;
      expect(Number.isNaN(limitTicks) ? stopTicks : limitTicks).toBe(ticks);
    }
    expect(new MarketDesk().send('a', text, more)).toEqual(['a Rejected off-grid']);
  });
  it('also in a change', () => {
    const desk = new MarketDesk({ offGrid: 'passive' });
    desk.send('a', 'buy 1 limit 100');
    expect(desk.replace('a', { limitTicks: 98.9 })).toEqual(['a Replaced 1 price-rounded']);
    expect(desk.queue(1, 98)).toEqual(['a 1/1']);
  });
});

describe('orders that come while the market is closed', () => {
  it('are parked where the venue keeps them, and take part in the opening', () => {
    const desk = new MarketDesk({ startPhase: 'closed', queueClosed: true, queueMarket: true });
    expect(desk.send('l', 'buy 2 limit 100')).toEqual(['l Parked']);
    expect(desk.send('s', 'sell 1 stop 90')).toEqual(['s Parked']);
    expect(desk.send('m', 'sell 1 market', { participant: 2 })).toEqual(['m Parked']);
    expect(desk.send('i', 'buy 1 limit 100', { timeInForce: 'fok' })).toEqual([
      'i Rejected market-not-open',
    ]);
    expect(desk.market.book.orderCount).toBe(0);
    expect(desk.market.orderOf(1, 'l')!.working).toBe('parked');
    expect(desk.during(() => desk.market.setPhase('open', 0))).toEqual([
      'l Unparked',
      's Unparked',
      'm Unparked',
      'l 1@100',
      'm 1@100',
    ]);
    expect(desk.queue(1, 100)).toEqual(['l 1/1']);
  });
  it('may be cancelled and changed meanwhile, and limits alone set none free', () => {
    const desk = new MarketDesk({ startPhase: 'closed', queueClosed: true });
    desk.send('a', 'buy 2 limit 100', { timeInForce: 'gtc' });
    expect(desk.during(() => desk.market.setLimits(90, 110, 0))).toEqual([]);
    expect(desk.replace('a', { limitTicks: 99 })).toEqual(['a Replaced', 'a Parked']);
    expect(desk.cancel('a')).toEqual(['a Canceled user']);
    expect(desk.during(() => desk.market.setPhase('pre-open', 0))).toEqual([]);
  });
});

describe('contracts that cannot be traded', () => {
  it('are not listed yet, closed, or over', () => {
    const desk = new MarketDesk({ startPhase: 'unlisted' });
    expect(desk.send('a', 'buy 1 limit 100')).toEqual(['a Rejected contract-not-listed']);
    desk.market.setPhase('closed', 0);
    expect(desk.send('b', 'buy 1 limit 100')).toEqual(['b Rejected market-closed']);
    desk.market.setPhase('expired', 0);
    expect(desk.send('c', 'buy 1 limit 100')).toEqual(['c Rejected contract-expired']);
  });
  it('an order for more than the venue takes is refused, and a change too', () => {
    const desk = new MarketDesk({ maxQty: 10 });
    expect(desk.send('a', 'buy 11 limit 100')).toEqual(['a Rejected max-qty']);
    expect(desk.send('b', 'buy 10 limit 100')).toEqual([]);
    expect(desk.replace('b', { qty: 11 })).toEqual(['b ReplaceRejected max-qty']);
  });
});

describe('orders that contradict themselves', () => {
  it.each([
    ['a type that does not exist', 'buy 1', { type: 'constructor' }, 'unsupported-order-type'],
    [
      'a time in force that does not exist',
      'buy 1 limit 100',
      { timeInForce: 'week' },
      'unsupported-time-in-force',
    ],
    ['a trigger that does not exist', 'buy 1 stop 100', { trigger: 'best' }, 'unsupported-trigger'],
    ['no quantity', 'buy 0 limit 100', {}, 'invalid-qty'],
    ['half a contract', 'buy 0.5 limit 100', {}, 'invalid-qty'],
    ['a limit off the grid', 'buy 1 limit 100.5', {}, 'off-grid'],
    ['a limit order without a limit', 'buy 1 limit', {}, 'invalid-limit'],
    ['a market order with one', 'buy 1 market', { limitTicks: 5 }, 'invalid-limit'],
    ['a stop without a trigger', 'buy 1 stop', {}, 'invalid-stop'],
    ['an immediate stop', 'buy 1 stop 100', { timeInForce: 'ioc' }, 'unsupported-time-in-force'],
    [
      'a date that is over',
      'buy 1 limit 100',
      { timeInForce: 'gtd', expireUs: 0 },
      'invalid-expiry',
    ],
    ['more shown than there is', 'buy 1 limit 100', { displayQty: 2 }, 'invalid-display-qty'],
    ['a trail without an offset', 'buy 1', { type: 'trailing-stop', trail: {} }, 'invalid-trail'],
    ['protection of a limit', 'buy 1 limit 100', { protectionTicks: 1 }, 'invalid-protection'],
  ] as const)('%s', (_name, text, more, reason) => {
    expect(new MarketDesk().send('a', text, more as never)).toEqual([`a Rejected ${reason}`]);
  });
});
