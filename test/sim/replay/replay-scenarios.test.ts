/**
 * The matching tables in replay mode: what the record and we do left, what is reported right. Prices in ticks: 100.00 is 400,
 * one tick 0.25.
 */
import { describe, expect, it } from 'vitest';
import { TradingError } from '../../../src/core/errors.ts';
import { bracketOf, ocoOf } from '../../../src/sim/groups/group-input.ts';
import type { ReplayOptions } from '../../../src/sim/replay/replay-market.ts';
import { ReplayDesk } from '../../support/replay-desk.ts';

const OFFERS = 'bids 396x5 asks 400x3 401x5';
function withOffers(options = {}): ReplayDesk {
  const desk = new ReplayDesk(options);
  desk.book(OFFERS);
  return desk;
}

describe('taking what the record shows', () => {
  it('B1, B2: walks the levels and leaves its mark on them', () => {
    const desk = withOffers();
    expect(desk.send('a', 'buy 4 market')).toEqual(['a 3@400', 'a 1@401']);
    expect([desk.available(-1, 400), desk.available(-1, 401)]).toEqual([0, 4]);
    expect(desk.send('b', 'buy 4 market')).toEqual(['b 4@401']);
    expect(desk.send('c', 'buy 1 market')).toEqual(['c Canceled no-liquidity']);
  });
  it('B3, B4: less shown gives nothing back, more does', () => {
    const desk = withOffers();
    desk.send('a', 'buy 8 market');
    desk.book('asks 400x3 401x4');
    expect(desk.available(-1, 401)).toBe(0);
    desk.book('asks 400x3 401x10');
    expect(desk.available(-1, 401)).toBe(6);
  });
  it('B5: fill-or-kill counts what is available, and leaves no mark where it fails', () => {
    const desk = withOffers();
    expect(desk.send('a', 'buy 9 limit 401', { timeInForce: 'fok' })).toEqual(['a Expired fok']);
    expect([desk.available(-1, 400), desk.available(-1, 401)]).toEqual([3, 5]);
    expect(desk.send('b', 'buy 8 limit 401', { timeInForce: 'fok' })).toEqual([
      'b 3@400',
      'b 5@401',
    ]);
    // Shown, but ours already.
    expect(desk.send('c', 'buy 1 limit 401', { timeInForce: 'fok' })).toEqual(['c Expired fok']);
  });
  it('B6: immediate-or-cancel gives up the rest', () => {
    expect(withOffers().send('a', 'buy 9 limit 401', { timeInForce: 'ioc' })).toEqual([
      'a 3@400',
      'a 5@401',
      'a Expired ioc',
    ]);
  });
  it('B7: a limit order rests with the rest, and what is shown there does not fill it a second time', () => {
    const desk = withOffers();
    expect(desk.send('a', 'buy 10 limit 401')).toEqual(['a 3@400', 'a 5@401']);
    expect([desk.leaves('a'), desk.ahead('a')]).toEqual([2, 0]);
    expect(desk.book('bids 396x6')).toEqual([]);
    expect(desk.book('asks 400x3 401x6')).toEqual(['a 1@401']);
    expect(desk.evidence.at(-1)).toMatchObject({ rule: 'quote-through', withheldQty: 8 });
  });
  it('B8: post-only is rejected, or slides one tick away', () => {
    const desk = withOffers();
    expect(desk.send('a', 'buy 1 limit 400', { postOnly: 'reject' })).toEqual([
      'a Rejected would-take',
    ]);
    desk.send('b', 'buy 1 limit 400', { postOnly: 'slide' });
    expect(desk.market.orderOf(1, 'b')!.limitTicks).toBe(399);
    expect(desk.send('c', 'buy 1 limit 399', { postOnly: 'reject' })).toEqual([]);
  });
  it('B12: nothing on the other side rejects a market order', () => {
    expect(new ReplayDesk().send('a', 'buy 1 market')).toEqual(['a Rejected no-opposite']);
  });
  it('a market order finds what a record of the best level does not show one tick further, flagged', () => {
    const desk = new ReplayDesk({ feed: 'quotes' });
    desk.quote('396x5 400x3');
    expect(desk.send('a', 'buy 5 market')).toEqual(['a 3@400', 'a 2@401']);
    expect(desk.evidence[1]).toMatchObject({
      rule: 'take-synthetic',
      certain: false,
      slippageTicks: 1,
      flags: ['synthetic-liquidity'],
    });
    const steep = new ReplayDesk({ feed: 'quotes', impactTicksPerLot: 2 });
    steep.quote('396x5 400x3');
    expect(steep.send('a', 'buy 5 market')).toEqual(['a 3@400', 'a 2@404']);
    const strict = new ReplayDesk({ feed: 'quotes', depthExhausted: 'no-liquidity' });
    strict.quote('396x5 400x3');
    expect(strict.send('a', 'buy 5 market')).toEqual(['a 3@400', 'a Canceled no-liquidity']);
    // A limit is a limit.
    expect(strict.send('b', 'buy 5 limit 401')).toEqual([]);
  });
  it('and nothing beyond the limit of the day', () => {
    const desk = new ReplayDesk({ feed: 'quotes' });
    desk.quote('396x5 400x3');
    desk.market.setLimits(390, 400, 1);
    expect(desk.send('a', 'buy 5 market')).toEqual(['a 3@400', 'a Canceled no-liquidity']);
  });
});

describe('our own orders among each other', () => {
  const two = (): ReplayDesk => {
    const desk = new ReplayDesk();
    desk.book('bids 395x9 asks 400x9');
    desk.send('a', 'buy 2 limit 396');
    desk.send('b', 'buy 2 limit 396');
    return desk;
  };
  it('B9: less keeps the place', () => {
    const desk = two();
    desk.replace('a', { qty: 1 });
    expect(desk.trade('seller 2@396')).toEqual(['a 1@396', 'b 1@396']);
  });
  it('B10: more loses it', () => {
    const desk = two();
    desk.replace('a', { qty: 3 });
    expect(desk.trade('seller 2@396')).toEqual(['b 2@396']);
  });
  it('B11: a change that is rejected changes nothing', () => {
    const desk = two();
    expect(desk.replace('a', { limitTicks: 396.5 })).toEqual(['a ReplaceRejected off-grid']);
    expect([desk.ahead('a'), desk.ahead('b')]).toEqual([0, 2]);
  });
  it('B13: the next part of an iceberg joins behind all others', () => {
    const desk = new ReplayDesk();
    desk.book('bids 396x9 asks 405x9');
    desk.send('ice', 'sell 10 limit 404', { displayQty: 2 });
    desk.send('o', 'sell 5 limit 404');
    expect(desk.trade('buyer 4@404')).toEqual(['ice 2@404', 'o 2@404']);
    expect([desk.ahead('o'), desk.ahead('ice')]).toEqual([0, 3]);
    // Three others, a slice of ours, and so on: a large trade comes round again.
    expect(desk.trade('buyer 8@404')).toEqual(['o 3@404', 'ice 2@404', 'ice 2@404', 'ice 1@404']);
  });
  it('B13: and behind who stands there in the record', () => {
    const desk = new ReplayDesk();
    desk.book('bids 396x9 asks 404x3');
    desk.send('ice', 'sell 10 limit 403', { displayQty: 2 });
    desk.book('asks 403x3 404x3');
    expect(desk.trade('buyer 4@403')).toEqual(['ice 2@403']);
    expect(desk.ahead('ice')).toBe(0);
    expect(desk.trade('buyer 1@403')).toEqual(['ice 1@403']);
  });
  it('B14: they never trade with each other', () => {
    const desk = new ReplayDesk();
    desk.book('bids 390x5 asks 400x5');
    desk.send('b', 'buy 5 limit 396');
    expect(desk.send('s', 'sell 3 limit 395')).toEqual(['b Canceled self-trade']);
    expect(desk.leaves('s')).toBe(3);
  });
  it('but one that is not reached stays', () => {
    const desk = new ReplayDesk();
    desk.book('bids 396x5 asks 400x5');
    desk.send('b', 'buy 5 limit 396');
    expect(desk.send('s', 'sell 5 limit 395')).toEqual(['s 5@396']);
    expect(desk.leaves('b')).toBe(5);
    expect(desk.send('t', 'sell 1 limit 395')).toEqual(['b Canceled self-trade']);
  });
  it('B15: or both become smaller', () => {
    const desk = new ReplayDesk();
    desk.book('bids 390x5 asks 400x5');
    desk.send('b', 'buy 5 limit 396');
    expect(desk.send('s', 'sell 3 limit 395', { selfTrade: 'decrement' })).toEqual([
      'b Replaced self-trade',
      's Canceled self-trade',
    ]);
    expect(desk.leaves('b')).toBe(2);
  });
  it('B16: reduce-only closes what is there', () => {
    const desk = new ReplayDesk();
    desk.book('bids 396x9 asks 400x9');
    desk.market.setPosition(1, 3, 1);
    expect(desk.send('a', 'sell 5 limit 396', { reduceOnly: true })).toEqual([
      'a 3@396',
      'a Canceled reduce-only-exhausted',
    ]);
  });
  it('B17: two reduce-only stops that one print elects close once', () => {
    const desk = new ReplayDesk();
    desk.book('bids 396x9 asks 400x9');
    desk.market.setPosition(1, 3, 1);
    desk.send('a', 'sell 3 stop 398', { reduceOnly: true });
    desk.send('b', 'sell 3 stop 398', { reduceOnly: true });
    expect(desk.trade('seller 1@397')).toEqual([
      'a Triggered',
      'b Triggered',
      'a 3@396',
      'b Canceled reduce-only-exhausted',
    ]);
  });
});

describe('resting orders and the market', () => {
  it('B18: a quote that jumps through fills at our own price', () => {
    const desk = new ReplayDesk({ feed: 'quotes' });
    desk.quote('395x5 400x5');
    desk.send('a', 'buy 4 limit 396');
    expect(desk.quote('391x5 392x3')).toEqual(['a 4@396']);
    expect(desk.evidence[0]).toMatchObject({
      rule: 'quote-through',
      certain: true,
      marketPriceTicks: 392,
    });
    // What went to us is not there for another order of ours.
    expect(desk.available(-1, 392)).toBe(0);
  });
  it('B19: no more than was printed where that is asked for', () => {
    const desk = new ReplayDesk({ throughQty: 'printed' });
    desk.book('bids 395x5 asks 400x5');
    desk.send('a', 'buy 5 limit 396');
    expect(desk.trade('seller 2@395')).toEqual(['a 2@396']);
    expect(desk.leaves('a')).toBe(3);
    expect(new ReplayDesk({ throughQty: 'printed' }).trade('seller 2@395')).toEqual([]);
  });
  it('and all of it otherwise', () => {
    const desk = new ReplayDesk();
    desk.book('bids 395x5 asks 400x5');
    desk.send('a', 'buy 5 limit 396');
    expect(desk.trade('seller 2@395')).toEqual(['a 5@396']);
  });
  it('B20: a trade with the other side does not reach us, nor move the queue', () => {
    const desk = new ReplayDesk();
    desk.book('bids 396x7 asks 400x5');
    desk.send('a', 'buy 4 limit 396');
    expect(desk.trade('buyer 50@396')).toEqual([]);
    expect(desk.ahead('a')).toBe(7);
    expect(desk.trade('seller 8@396')).toEqual(['a 1@396']);
  });
  it('B21: the contracts of one trade are shared out once', () => {
    const desk = new ReplayDesk();
    desk.book('bids 395x5 asks 400x5');
    desk.send('a', 'buy 3 limit 396');
    desk.send('b', 'buy 3 limit 396');
    expect(desk.trade('seller 4@396')).toEqual(['a 3@396', 'b 1@396']);
  });
  it('over our prices too', () => {
    const desk = new ReplayDesk();
    desk.book('bids 394x5 asks 400x5');
    desk.send('a', 'buy 3 limit 396');
    desk.send('b', 'buy 3 limit 395');
    expect(desk.trade('seller 4@395')).toEqual(['a 3@396', 'b 1@395']);
  });
  it('an offer at our bid fills us only if nobody stands before us', () => {
    const desk = new ReplayDesk({ feed: 'quotes' });
    desk.quote('396x5 400x5');
    desk.send('a', 'buy 2 limit 396');
    expect(desk.quote('396x5 396x1')).toEqual([]);
    expect(desk.quote('395x5 396x1')).toEqual(['a 1@396']);
    expect(desk.evidence[0]).toMatchObject({ rule: 'quote-lock', certain: true });
    expect(desk.quote('395x6 396x1')).toEqual([]);
    expect(desk.quote('395x6 396x2')).toEqual(['a 1@396']);
  });
  it('who came is found by the quotes, then by the trade before; not known, it moves the queue alone', () => {
    const desk = new ReplayDesk({ feed: 'quotes' });
    desk.quote('396x2 400x5');
    desk.send('a', 'buy 9 limit 396');
    expect(desk.trade('? 3@396')).toEqual(['a 1@396']);
    expect(desk.evidence[0]).toMatchObject({
      aggressor: -1,
      aggressorFrom: 'quotes',
      queueAhead: 2,
    });
    const between = new ReplayDesk({ feed: 'quotes' });
    between.quote('396x2 400x5');
    between.send('a', 'buy 9 limit 398');
    expect(between.trade('? 3@398')).toEqual([]);
    between.quote('395x2 400x5');
    expect(between.trade('? 1@399')).toEqual([]);
    expect(between.trade('? 1@398')).toEqual(['a 1@398']);
    expect(between.evidence[0]).toMatchObject({ aggressorFrom: 'ticks' });
    const both = new ReplayDesk({ feed: 'quotes', unknownAggressor: 'both' });
    both.quote('396x2 400x5');
    both.send('a', 'buy 9 limit 398');
    expect(both.trade('? 3@398')).toEqual(['a 3@398']);
  });
  it('every fill says what it rests on', () => {
    const desk = new ReplayDesk();
    desk.book('bids 396x7 asks 400x5');
    desk.send('a', 'buy 4 limit 396');
    desk.trade('seller 8@396');
    expect(desk.evidence).toEqual([
      {
        rule: 'trade-at',
        certain: false,
        policy: 'back',
        roundedTicks: 0,
        slippageTicks: 0,
        marketUs: desk.nowUs,
        marketPriceTicks: 396,
        marketQty: 8,
        aggressor: -1,
        aggressorFrom: 'record',
        queueAhead: 7,
        queueAheadAfter: 0,
      },
    ]);
  });
});

describe('the queue', () => {
  const joined = (options = {}): ReplayDesk => {
    const desk = new ReplayDesk(options);
    desk.book('bids 400x100 asks 404x9');
    desk.send('a', 'buy 50 limit 400');
    return desk;
  };
  it('Q1, Q2: those before us first', () => {
    const desk = joined();
    expect(desk.trade('seller 80@400')).toEqual([]);
    expect(desk.ahead('a')).toBe(20);
    expect(desk.trade('seller 30@400')).toEqual(['a 10@400']);
    expect(desk.leaves('a')).toBe(40);
    expect(desk.trade('seller 50@400')).toEqual(['a 40@400']);
  });
  it('Q3, Q4: nobody behind us: all who left stood before us', () => {
    for (const name of ['back', 'prob'] as const) {
      const desk = joined({ queue: { name } });
      desk.book('bids 400x60');
      expect(desk.ahead('a')).toBe(60);
    }
  });
  it('Q5: a trade and the decrease that it explains count once, whichever is told first', () => {
    for (const name of ['back', 'prob'] as const) {
      const desk = joined({ queue: { name } });
      desk.book('bids 400x150');
      desk.trade('seller 10@400');
      desk.book('bids 400x140');
      expect(desk.ahead('a')).toBe(90);
    }
    const sizesFirst = joined();
    sizesFirst.book('bids 400x90');
    sizesFirst.nowUs += 5;
    sizesFirst.book('asks 404x8');
    expect(sizesFirst.trade('seller 10@400', 2)).toEqual([]);
    expect(sizesFirst.ahead('a')).toBe(90);
  });
  it('Q8: a level that comes back smaller', () => {
    const desk = new ReplayDesk();
    desk.book('bids 400x40 asks 404x9');
    desk.send('a', 'buy 5 limit 400');
    desk.book('bids 399x10');
    desk.book('bids 400x15 399x10');
    expect(desk.ahead('a')).toBe(15);
  });
  it('Q9: a price behind the best quote fills nobody until it is shown', () => {
    const desk = new ReplayDesk({ feed: 'quotes' });
    desk.quote('400x10 404x9');
    desk.send('a', 'buy 5 limit 398');
    expect(desk.ahead('a')).toBeNaN();
    expect(desk.quote('399x10 404x9')).toEqual([]);
    expect(desk.trade('seller 99@398')).toEqual([]);
    desk.quote('398x12 404x9');
    expect(desk.ahead('a')).toBe(12);
    expect(desk.trade('seller 13@398')).toEqual(['a 1@398']);
  });
  it('Q10: less keeps the place, another price is a new one', () => {
    const desk = joined();
    desk.trade('seller 80@400');
    desk.replace('a', { qty: 30 });
    expect(desk.ahead('a')).toBe(20);
    desk.replace('a', { limitTicks: 399 });
    desk.replace('a', { limitTicks: 400 });
    expect(desk.ahead('a')).toBe(100);
  });
  it('the bounds: nobody before us, and nothing but a trade beyond', () => {
    expect(joined({ queue: { name: 'front' } }).trade('seller 7@400')).toEqual(['a 7@400']);
    const never = joined({ queue: { name: 'never' } });
    expect(never.trade('seller 1000@400')).toEqual([]);
    expect(never.trade('seller 1@399')).toEqual(['a 50@400']);
  });
  it('a queue by single orders needs a record of them', () => {
    expect(() => new ReplayDesk({ queue: { name: 'mbo' } })).toThrow(TradingError);
  });
});

describe('a record that was made while we traded', () => {
  const ours = { ownExecutions: new Set(['x-1', 'x-2']) };
  const resting = (options: ReplayOptions): ReplayDesk => {
    const desk = new ReplayDesk(options);
    desk.book('bids 396x5 asks 400x5');
    desk.send('bid', 'buy 3 limit 396');
    desk.send('stop', 'buy 1 stop 398');
    return desk;
  };
  it('leaves out our own fills by their execution id: they fill, elect and move nothing', () => {
    const desk = resting(ours);
    const print = (price: number, qty: number, execId?: string | null): string[] =>
      desk.during(() => desk.market.onTrade(price, qty, price === 396 ? -1 : 1, 5, execId));
    expect([print(396, 9, 'x-1'), print(398, 1, 'x-2')]).toEqual([[], []]);
    expect([desk.ahead('bid'), desk.market.market.lastTicks]).toEqual([5, NaN]);
    expect(desk.market.counts).toMatchObject({ trades: 2, own: 2 });
    // The same trade of somebody else, or without an id.
    expect(print(396, 4, 'x-3')).toEqual([]);
    expect(desk.ahead('bid')).toBe(1);
    expect(print(396, 3, null)).toEqual(['bid 2@396']);
    expect(print(398, 1)).toEqual(['stop Triggered', 'stop 1@400']);
  });
  it('and nothing, where no ids are given', () => {
    const desk = resting({});
    expect(desk.during(() => desk.market.onTrade(396, 9, -1, 5, 'x-1'))).toEqual(['bid 3@396']);
  });
  it('by the ids of a column, of trades and of single orders', () => {
    const stamps = (count: number): { length: number; tsUs: Float64Array; seq: Float64Array } => ({
      length: count,
      tsUs: new Float64Array(count).fill(9),
      seq: new Float64Array(count),
    });
    const trades = new ReplayDesk({ feed: 'quotes', ...ours });
    trades.quote('396x2 400x5');
    trades.send('bid', 'buy 3 limit 396');
    const columns = {
      ...stamps(2),
      price: Int32Array.of(396, 396),
      qty: Float64Array.of(9, 3),
      aggressor: Int8Array.of(-1, -1),
    };
    const told = (execId: string[]): string[] =>
      trades.during(() => trades.market.onTrades({ ...columns, execId }, 0, 2));
    expect(told(['x-1', 'x-9'])).toEqual(['bid 1@396']);
    const orders = new ReplayDesk({ feed: 'mbo', ...ours });
    const rows = (action: number[], execId?: (string | null)[]): string[] =>
      orders.during(() => {
        const count = action.length;
        orders.market.onMbo({
          ...stamps(count),
          orderId: BigUint64Array.from({ length: count }, (_, k) => BigInt(k + 1)),
          action: Uint8Array.from(action),
          side: Int8Array.from(action, (_, k) => (action[k] === 3 ? -1 : k === 0 ? 1 : -1)),
          price: Int32Array.from(action, (_, k) => (action[k] === 3 || k === 0 ? 396 : 400)),
          qty: new Float64Array(count).fill(2),
          isEventEnd: new Uint8Array(count).fill(1),
          ...(execId === undefined ? {} : { execId }),
        });
      });
    rows([0, 0]);
    orders.send('bid', 'buy 3 limit 396');
    expect(rows([3, 3], ['x-1', 'x-2'])).toEqual([]);
    expect([orders.ahead('bid'), orders.market.counts.own]).toEqual([2, 2]);
  });
});

describe('stops and triggers', () => {
  const SELL = 'bids 394x50 393x50 asks 398x9';
  it('S1, S2: quotes do not elect a stop on trades; the trade does, and it sells into what is there', () => {
    const desk = new ReplayDesk();
    desk.book('bids 398x5 asks 399x5');
    desk.send('s', 'sell 2 stop 396');
    expect(desk.book('bids 394x5 asks 395x5')).toEqual([]);
    expect(desk.trade('seller 1@395')).toEqual(['s Triggered', 's 2@394']);
  });
  it('S3: what the price passed first goes first', () => {
    const desk = new ReplayDesk();
    desk.book('bids 398x5 asks 405x9');
    desk.send('far', 'buy 1 stop 404');
    desk.send('near', 'buy 1 stop 402');
    expect(desk.trade('buyer 1@405')).toEqual([
      'near Triggered',
      'near 1@405',
      'far Triggered',
      'far 1@405',
    ]);
  });
  it('S4: an elected stop-limit rests where the market is beyond it', () => {
    const desk = new ReplayDesk();
    desk.book('bids 391x5 asks 398x5');
    desk.send('s', 'sell 1 stop 396', { type: 'stop-limit', limitTicks: 395 });
    expect(desk.trade('seller 1@392')).toEqual(['s Triggered']);
    expect(desk.leaves('s')).toBe(1);
  });
  it('S4: and the trade that elected it does not fill it', () => {
    const desk = new ReplayDesk();
    desk.book('bids 391x5 asks 398x5');
    desk.send('s', 'sell 1 stop 396', { type: 'stop-limit', limitTicks: 394 });
    expect(desk.trade('buyer 5@394')).toEqual(['s Triggered']);
    expect(desk.trade('buyer 5@394')).toEqual(['s 1@394']);
  });
  it('S5: a protected stop rests where its protection ends', () => {
    const desk = new ReplayDesk();
    desk.book('bids 394x2 391x50 asks 398x9');
    desk.send('s', 'sell 5 stop 396', { protectionTicks: 4 });
    expect(desk.trade('seller 1@396')).toEqual(['s Triggered', 's 2@394']);
    expect(desk.market.orderOf(1, 's')!.limitTicks).toBe(392);
    expect(desk.leaves('s')).toBe(3);
  });
  it('S6: so does a protected market order', () => {
    const desk = new ReplayDesk({ protectionTicks: 8 });
    desk.book('bids 396x1 asks 400x2 412x5');
    expect(desk.send('a', 'buy 5 market')).toEqual(['a 2@400']);
    expect(desk.market.orderOf(1, 'a')!.limitTicks).toBe(408);
  });
  it('S7: a stop in the market trades at once, or is rejected', () => {
    const desk = new ReplayDesk();
    desk.book(SELL);
    desk.trade('seller 1@395');
    expect(desk.send('s', 'sell 1 stop 396')).toEqual(['s Triggered', 's 1@394']);
    const strict = new ReplayDesk({ stopInMarket: 'reject' });
    strict.book(SELL);
    strict.trade('seller 1@395');
    expect(strict.send('s', 'sell 1 stop 396')).toEqual(['s Rejected stop-in-market']);
  });
  it('what a quote passes first comes first: a stop by the quote, or the limit that it is a peer of', () => {
    const at = (stopTicks: number, trigger: 'bid-ask' | 'mid' = 'bid-ask'): string[] => {
      const desk = new ReplayDesk({ feed: 'quotes' });
      desk.quote('400x5 402x5');
      const order = { participant: 1, side: 1, qty: 2 } as const;
      const group = ocoOf('g', [
        { ...order, clOrdId: 'limit', type: 'limit', limitTicks: 396 },
        { ...order, clOrdId: 'stop', side: -1, type: 'stop', stopTicks, trigger },
      ]);
      desk.market.submitGroup(group, desk.nowUs);
      return desk.quote('390x5 392x5').filter((line) => line.includes('@'));
    };
    // The ask ends 4 beyond the limit; the bid 5, 4 and 3 beyond the stop. At one place the one that rests is first.
    expect(at(395)).toEqual(['stop 2@390']);
    expect(at(394)).toEqual(['limit 2@396']);
    expect(at(393)).toEqual(['limit 2@396']);
    expect(at(396, 'mid')).toEqual(['stop 2@390']);
    expect(at(395, 'mid')).toEqual(['limit 2@396']);
  });
  it('an order that a quote releases on its way looks at the rest of the way', () => {
    const desk = new ReplayDesk({ feed: 'quotes' });
    desk.quote('400x5 402x5');
    const group = bracketOf({
      groupId: 'g',
      entry: { participant: 1, clOrdId: 'in', side: 1, qty: 2, type: 'limit', limitTicks: 398 },
      stop: { clOrdId: 'stop', stopTicks: 393 },
      targets: [{ clOrdId: 'target', limitTicks: 410 }],
    });
    const legs = group.legs.map((leg) => ({
      ...leg,
      order: { ...leg.order, trigger: 'bid-ask' as const },
    }));
    desk.market.submitGroup({ ...group, legs }, desk.nowUs);
    // It was there earlier, and its trigger is passed first: the exit finds what it leaves.
    desk.send('other', 'sell 3 stop 396', { participant: 2, trigger: 'bid-ask' });
    expect(desk.quote('392x4 394x5').filter((line) => line.includes('@'))).toEqual([
      'in 2@398',
      'other 3@392',
      'stop 1@392',
      'stop 1@391',
    ]);
  });
  it('a touched order by the quote is elected by the side that it would trade with', () => {
    const desk = new ReplayDesk({ feed: 'quotes' });
    desk.quote('400x5 404x5');
    desk.send('buy', 'buy 1 mit 399', { trigger: 'bid-ask' });
    desk.send('sell', 'sell 1 mit 405', { trigger: 'bid-ask' });
    // The bid is there; who buys pays the ask.
    expect(desk.quote('398x5 402x5')).toEqual([]);
    expect(desk.quote('397x5 399x5')).toEqual(['buy Triggered', 'buy 1@399']);
    expect(desk.quote('403x5 405x5')).toEqual([]);
    expect(desk.quote('405x5 407x5')).toEqual(['sell Triggered', 'sell 1@405']);
  });
  it('a trail by the quote follows where the quote came to, not what it passed', () => {
    const desk = new ReplayDesk({ feed: 'quotes' });
    desk.quote('400x5 401x5');
    const trail = { type: 'trailing-stop', trail: { offsetTicks: 4 }, trigger: 'bid-ask' } as const;
    desk.send('trail', 'sell 1 trail', trail);
    desk.send('limit', 'buy 2 limit 399');
    expect(desk.quote('397x5 398x5')).toEqual(['limit 2@399']);
    expect(desk.market.orderOf(1, 'trail')!.stopTicks).toBe(396);
    expect(desk.quote('402x5 403x5')).toEqual([]);
    expect(desk.market.orderOf(1, 'trail')!.stopTicks).toBe(398);
    expect(desk.quote('398x5 399x5')).toEqual(['trail Triggered', 'trail 1@398']);
  });
  it('S8: a trailing stop follows the best trade', () => {
    const desk = new ReplayDesk();
    desk.book('bids 390x9 asks 410x9');
    desk.trade('buyer 1@400');
    desk.send('s', 'sell 1 trail', { type: 'trailing-stop', trail: { offsetTicks: 4 } });
    desk.trade('buyer 1@404');
    expect(desk.market.orderOf(1, 's')!.stopTicks).toBe(400);
    expect(desk.trade('seller 1@401')).toEqual([]);
    expect(desk.trade('seller 1@399')).toEqual(['s Triggered', 's 1@390']);
  });
  it('S9: one that is never armed never trades', () => {
    const desk = new ReplayDesk();
    desk.book('bids 390x9 asks 410x9');
    desk.trade('buyer 1@400');
    const trail = { offsetTicks: 4, activationTicks: 408 as never };
    desk.send('s', 'sell 1 trail', { type: 'trailing-stop', trail });
    desk.trade('buyer 1@407');
    expect(desk.trade('seller 1@395')).toEqual([]);
  });
  it('S10: the trade that elects took its contracts first', () => {
    const desk = new ReplayDesk();
    desk.book('bids 396x9 asks 400x10 401x10');
    desk.send('s', 'buy 5 stop 400');
    expect(desk.trade('buyer 8@400')).toEqual(['s Triggered', 's 2@400', 's 3@401']);
    // The record tells the same decrease: what we took stays taken, and no more.
    desk.book('asks 400x2 401x10');
    expect([desk.available(-1, 400), desk.available(-1, 401)]).toEqual([0, 7]);
    desk.book('asks 400x5 401x10');
    expect(desk.available(-1, 400)).toBe(3);
  });
  it('S10: for several orders of ours, too: the size that is shown next is compared with what the trade left', () => {
    const desk = new ReplayDesk();
    desk.book('bids 394x5 asks 400x9');
    desk.send('a', 'sell 1 stop 396');
    desk.send('b', 'sell 1 stop 396');
    expect(desk.trade('seller 1@394')).toEqual([
      'a Triggered',
      'b Triggered',
      'a 1@394',
      'b 1@394',
    ]);
    // Four were left, two of them are ours; three came.
    expect(desk.available(1, 394)).toBe(2);
    desk.book('bids 394x7');
    expect(desk.available(1, 394)).toBe(5);
  });
  it('S11: but not a second time where the book has it already', () => {
    const desk = new ReplayDesk();
    desk.book('bids 396x9 asks 400x18 401x10');
    desk.send('s', 'buy 5 stop 400');
    const tradeUs = desk.nowUs + 1;
    desk.nowUs += 1;
    desk.book('asks 400x10 401x10');
    expect(desk.trade('buyer 8@400', tradeUs)).toEqual(['s Triggered', 's 5@400']);
    const same = new ReplayDesk({ isDepthFirst: true });
    same.book('bids 396x9 asks 400x10 401x10');
    same.send('s', 'buy 5 stop 400');
    expect(same.trade('buyer 8@400', same.nowUs)).toEqual(['s Triggered', 's 5@400']);
  });
  it('S12: nothing is elected while the market is halted', () => {
    const desk = new ReplayDesk();
    desk.book(SELL);
    desk.send('s', 'sell 1 stop 396');
    desk.market.setPhase('halted', desk.nowUs);
    expect(desk.trade('seller 1@390')).toEqual([]);
    expect(desk.market.counts.outsideTrading).toBe(1);
  });
  it('one price after the other: what rests there fills before what is elected there', () => {
    const desk = new ReplayDesk();
    desk.book('bids 390x50 asks 404x9');
    desk.trade('buyer 1@403');
    desk.send('rests', 'buy 1 limit 399');
    desk.send('closes', 'sell 9 stop 399', { reduceOnly: false });
    desk.send('more', 'buy 1 limit 398');
    expect(desk.trade('seller 1@395')).toEqual([
      'rests 1@399',
      'closes Triggered',
      'more Canceled self-trade',
      'closes 9@390',
    ]);
    const first = new ReplayDesk();
    first.book('bids 390x50 asks 404x9');
    first.trade('buyer 1@403');
    first.send('rests', 'buy 1 limit 399');
    first.send('stop', 'sell 9 stop 400');
    expect(first.trade('seller 1@395')).toEqual([
      'stop Triggered',
      'rests Canceled self-trade',
      'stop 9@390',
    ]);
  });
});

describe('phases and limits', () => {
  it('T2: good till a moment still trades at it', () => {
    const desk = new ReplayDesk();
    desk.book('bids 395x5 asks 400x5');
    const until = { timeInForce: 'gtd', expireUs: 10 } as const;
    desk.send('a', 'buy 1 limit 396', until);
    expect(desk.trade('seller 1@396', 10)).toEqual(['a 1@396']);
    const late = new ReplayDesk();
    late.book('bids 395x5 asks 400x5');
    late.send('a', 'buy 1 limit 396', until);
    expect(late.trade('seller 1@396', 11)).toEqual(['a Expired gtd']);
  });
  it('T6: a stop takes part in the auction after a halt, at its price', () => {
    const desk = new ReplayDesk();
    desk.book('bids 398x9 asks 400x9');
    desk.trade('buyer 1@400');
    desk.send('s', 'sell 2 stop 396');
    desk.send('b', 'buy 1 limit 395');
    desk.send('low', 'buy 1 limit 390');
    desk.market.setPhase('halted', 10);
    desk.nowUs = 10;
    desk.book('bids 392x9 asks 394x9');
    desk.market.setPhase('open', 20);
    desk.nowUs = 20;
    expect(desk.trade('? 40@393')).toEqual(['s Triggered', 'b 1@393', 's 2@393']);
    expect(desk.evidence.map((each) => each.rule)).toEqual(['auction', 'auction']);
    expect(desk.trade('seller 1@392')).toEqual([]);
  });
  it('without a trade quotes go on after a while, and what crosses them takes what is shown', () => {
    const desk = new ReplayDesk({ feed: 'quotes', startPhase: 'pre-open', auctionWaitUs: 100 });
    desk.quote('398x9 400x9');
    desk.send('a', 'buy 1 limit 405');
    desk.send('o', 'buy 1 market', { timeInForce: 'at-open' });
    desk.market.setPhase('open', 10);
    desk.nowUs = 50;
    expect(desk.quote('398x9 401x9')).toEqual([]);
    desk.nowUs = 200;
    expect(desk.quote('398x9 402x9')).toEqual(['a 1@402', 'o 1@402']);
  });
  it('T10: a lasting order outside the limits of the day waits for them', () => {
    const desk = new ReplayDesk();
    desk.book('bids 395x5 asks 400x5');
    desk.market.setLimits(390, 410, 1);
    expect(desk.send('a', 'buy 1 limit 388', { timeInForce: 'gtc' })).toEqual(['a Parked']);
    expect(desk.send('b', 'buy 1 limit 388')).toEqual(['b Rejected price-limit']);
    expect(desk.during(() => desk.market.setLimits(380, 410, 2))).toEqual(['a Unparked']);
  });
});

describe('a record that contradicts itself', () => {
  it('is counted, and nothing follows from it', () => {
    const desk = new ReplayDesk({ feed: 'quotes' });
    desk.quote('396x5 400x5');
    desk.send('a', 'buy 1 limit 396');
    desk.nowUs = 10;
    expect(desk.quote('401x5 395x5')).toEqual([]);
    desk.market.onQuote(396.5, 1, 400, 1, 11);
    desk.market.onQuote(NaN, 1, 400, 1, 11);
    desk.market.onTrade(395, 0, -1, 11);
    desk.market.onTrade(Infinity, 1, -1, 11);
    desk.quote('396x5 400x5');
    desk.market.onQuote(390, 1, 391, 1, 3);
    expect(desk.market.counts).toEqual({
      quotes: 6,
      trades: 2,
      rows: 0,
      crossed: 1,
      backward: 1,
      malformed: 4,
      outsideTrading: 0,
      own: 0,
      unused: 0,
    });
    expect([desk.market.book.bestTicks(1), desk.ahead('a')]).toEqual([396, 5]);
    desk.trade('seller 1@397', 20);
    expect(desk.trade('seller 1@390', 19)).toEqual([]);
    expect(desk.leaves('a')).toBe(1);
  });
  it('levels across each other fill nobody', () => {
    const desk = new ReplayDesk();
    desk.book('bids 396x5 asks 400x5');
    desk.send('a', 'buy 1 limit 397');
    expect(desk.book('bids 399x5 asks 395x5')).toEqual([]);
    expect(desk.market.counts.crossed).toBe(1);
    expect(desk.book('bids 394x5 asks 395x5')).toEqual(['a 1@397']);
  });
  it('a second record of the same market does not move it', () => {
    const desk = new ReplayDesk({ feed: 'quotes' });
    desk.quote('396x5 400x5');
    desk.send('a', 'buy 1 limit 397');
    expect(desk.book('asks 395x5')).toEqual([]);
    expect(desk.market.counts.unused).toBe(1);
    const depth = new ReplayDesk();
    depth.book('bids 396x5 asks 400x5');
    depth.send('a', 'buy 1 limit 397');
    expect(depth.quote('394x5 395x5')).toEqual([]);
    expect([depth.market.counts.unused, depth.leaves('a')]).toEqual([1, 1]);
  });
  it('options that cannot be are refused by name', () => {
    for (const options of [
      { impactTicksPerLot: -1 },
      { assumedHalfSpreadTicks: 0.5 },
      { queue: { name: 'prob', power: 0 } as const },
      { auctionWaitUs: NaN },
    ])
      expect(() => new ReplayDesk(options)).toThrow(/of a replay cannot be/);
  });
});

describe('groups over a record', () => {
  const bracket = (): ReplayDesk => {
    const desk = new ReplayDesk();
    desk.book('bids 396x5 asks 397x5');
    desk.trade('buyer 1@397');
    const entry = { participant: 1, clOrdId: 'in', side: 1, type: 'limit', qty: 2 } as const;
    desk.market.submitGroup(
      bracketOf({
        groupId: 'g',
        entry: { ...entry, limitTicks: 396 },
        stop: { clOrdId: 'stop', stopTicks: 394 },
        targets: [{ clOrdId: 'target', limitTicks: 400 }],
      }),
      desk.nowUs,
    );
    return desk;
  };
  it('an entry that the market goes through is stopped out on the way, after it', () => {
    const desk = bracket();
    desk.book('bids 390x9 asks 397x5');
    const lines = desk.trade('seller 1@393');
    expect(lines.filter((line) => line.includes('@'))).toEqual(['in 2@396', 'stop 2@390']);
    expect(desk.market.positionOf(1)).toBe(0);
    expect(desk.market.orderOf(1, 'target')!.place).toBe('done');
  });
  it('a target that trades takes the stop with it', () => {
    const desk = bracket();
    desk.trade('seller 9@396');
    expect(desk.market.positionOf(1)).toBe(2);
    const lines = desk.trade('buyer 1@401');
    expect(lines.filter((line) => line.includes('@'))).toEqual(['target 2@400']);
    expect(desk.market.orderOf(1, 'stop')!.place).toBe('done');
    expect(desk.trade('seller 1@390')).toEqual([]);
  });
});

describe('a record of trades alone', () => {
  it('has a bid and an ask around the last one, as large as it was, and says so', () => {
    const desk = new ReplayDesk({ feed: 'trades', assumedHalfSpreadTicks: 1 });
    expect(desk.send('x', 'buy 1 market')).toEqual(['x Rejected no-opposite']);
    desk.trade('? 3@400');
    expect(desk.send('a', 'buy 2 market')).toEqual(['a 2@401']);
    expect(desk.evidence[0]).toMatchObject({ certain: false, flags: ['synthetic-quote'] });
    expect(desk.send('b', 'buy 2 market')).toEqual(['b 1@401', 'b 1@402']);
    expect(desk.evidence[2]!.flags).toEqual(['synthetic-liquidity', 'synthetic-quote']);
  });
  it('fills what rests only by a trade beyond it', () => {
    const desk = new ReplayDesk({ feed: 'trades' });
    desk.trade('? 3@400');
    desk.send('a', 'buy 2 limit 399');
    expect(desk.trade('seller 50@399')).toEqual([]);
    expect(desk.trade('seller 1@398')).toEqual(['a 2@399']);
  });
});
