/**
 * The rows of the bar table on a record of trades: where a bar leaves two answers, its trades have one. A path is written
 * as the prices of its trades in ticks; the book stands one tick around the last of them. Long: stop 392, target 416.
 */
import { describe, expect, it } from 'vitest';
import type { ReplayOptions } from '../../../src/sim/replay/replay-market.ts';
import type { BracketInput, MarketGroupInput } from '../../../src/sim/groups/group-input.ts';
import { bracketOf, ocoOf } from '../../../src/sim/groups/group-input.ts';
import type { MarketOrderInput } from '../../../src/sim/exchange/market-order.ts';
import { ReplayDesk } from '../../support/replay-desk.ts';

type Order = Omit<MarketOrderInput, 'participant' | 'clOrdId' | 'qty'> & { readonly qty?: number };

class Path {
  readonly desk: ReplayDesk;
  #last = NaN;
  #ids = 0;

  constructor(options: ReplayOptions = {}) {
    this.desk = new ReplayDesk({ feed: 'quotes', ...options });
  }

  order(clOrdId: string, order: Order): MarketOrderInput {
    return { participant: 1, clOrdId, qty: 2, ...order };
  }

  group(input: MarketGroupInput): string[] {
    return this.desk.during(() => this.desk.market.market.submitGroup(input, this.desk.nowUs));
  }

  /** A long bracket of 2. */
  bracket(entry: Order, rules: Partial<BracketInput> = {}, stop = 392, target = 416): string[] {
    this.#ids += 1;
    return this.group(
      bracketOf({
        groupId: `g${this.#ids}`,
        entry: this.order('e', entry),
        stop: { clOrdId: 'sl', stopTicks: stop },
        targets: [{ clOrdId: 'tp', limitTicks: target }],
        ...rules,
      }),
    );
  }

  /** Trades at these prices, each tick between them too; `!`: the market jumps there. */
  trades(text: string): string[] {
    const lines: string[] = [];
    for (const word of text.split(' ')) {
      const to = Number(word.replace('!', ''));
      const isJump = word.startsWith('!') || Number.isNaN(this.#last) || to === this.#last;
      const step = Math.sign(to - this.#last);
      for (let at = isJump ? to : this.#last + step; ; at += step) {
        const quote = this.desk.quote(`${at - 1}x50 ${at + 1}x50`);
        lines.push(
          ...quote,
          ...this.desk.trade(`${at >= this.#last ? 'buyer' : 'seller'} 5@${at}`),
        );
        this.#last = at;
        if (at === to) break;
      }
    }
    return lines.filter((line) => !line.includes('Released') && !line.includes('Replaced'));
  }
}

const market = { side: 1, type: 'market' } as const;
const long = (): Path => {
  const path = new Path();
  path.trades('404');
  path.bracket(market);
  return path;
};

describe('brackets on a record of trades', () => {
  it('K1: what came first decides', () => {
    expect(long().trades('420 388 412')).toEqual(['tp 2@416', 'sl Canceled oco-peer']);
    expect(long().trades('388 420 412')).toEqual([
      'sl Triggered',
      'sl 2@391',
      'tp Canceled oco-peer',
    ]);
  });
  it('K2, K3: only one of the two is reached', () => {
    expect(long().trades('412 388 396').at(-1)).toBe('tp Canceled oco-peer');
    expect(long().trades('420 396 400').at(-1)).toBe('sl Canceled oco-peer');
  });
  it('K4: a jump beyond the stop exits there, and the target goes', () => {
    expect(long().trades('!384 420')).toEqual(['sl Triggered', 'sl 2@383', 'tp Canceled oco-peer']);
  });
  it('K5: a jump beyond the target fills it at its own price', () => {
    expect(long().trades('!424 388')).toEqual(['tp 2@416', 'sl Canceled oco-peer']);
  });
  it('K7, K9, K10: a limit entry, and what comes after it', () => {
    const run = (path: string): string[] => {
      const it = new Path();
      it.trades('404');
      it.bracket({ side: 1, type: 'limit', limitTicks: 396 }, {}, 388, 412);
      return it.trades(path);
    };
    expect(run('416 392 408')).toEqual(['e 2@396']);
    expect(run('392 416')).toEqual(['e 2@396', 'tp 2@412', 'sl Canceled oco-peer']);
    expect(run('386 416').slice(0, 3)).toEqual(['e 2@396', 'sl Triggered', 'sl 2@387']);
  });
  it('K11, K12, K15: a stop entry; a low before it stops nothing out', () => {
    const run = (path: string): string[] => {
      const it = new Path();
      it.trades('393');
      it.bracket({ side: 1, type: 'stop', stopTicks: 400 }, {}, 394, 416);
      return it.trades(path);
    };
    expect(run('392 404 403')).toEqual(['e Triggered', 'e 2@401']);
    expect(run('418').slice(2)).toEqual(['tp 2@416', 'sl Canceled oco-peer']);
    expect(run('404 393').slice(2)).toEqual(['sl Triggered', 'sl 2@393', 'tp Canceled oco-peer']);
  });
  it('K16: a short bracket is the mirror', () => {
    const path = new Path();
    path.trades('404');
    path.bracket({ side: -1, type: 'market' }, {}, 416, 392);
    expect(path.trades('388 420')).toEqual(['tp 2@392', 'sl Canceled oco-peer']);
  });
  it('K19, K20: of a straddle one leg trades, the one that the market reached', () => {
    const run = (text: string): string[] => {
      const path = new Path();
      path.trades('400');
      path.group(
        ocoOf('g', [
          path.order('up', { side: 1, type: 'stop', stopTicks: 408 }),
          path.order('dn', { side: -1, type: 'stop', stopTicks: 392 }),
        ]),
      );
      return path.trades(text);
    };
    expect(run('412 388')).toEqual(['up Triggered', 'up 2@409', 'dn Canceled oco-peer']);
    expect(run('388 412')).toEqual(['dn Triggered', 'dn 2@391', 'up Canceled oco-peer']);
    expect(run('!412 388')).toEqual(['up Triggered', 'up 2@413', 'dn Canceled oco-peer']);
  });
  it('K21: a target that was printed through in part leaves the stop for the rest', () => {
    const path = new Path({ throughQty: 'printed' });
    path.trades('404');
    path.bracket(market);
    path.desk.quote('410x5 416x50');
    expect(path.desk.trade('buyer 1@417')).toEqual(['tp 1@416', 'sl Replaced ouo-peer']);
    expect(path.trades('!404 388').slice(0, 2)).toEqual(['sl Triggered', 'sl 1@391']);
  });
  it('K27, K28: a broker’s cancel on its way; reduce-only keeps the second leg from trading', () => {
    const run = (reduceOnly: boolean): [string[], number] => {
      const path = new Path();
      path.trades('404');
      path.desk.send('in', 'buy 2 market');
      const exits = [
        {
          ...path.order('tp', { side: -1, type: 'limit', limitTicks: 416, reduceOnly }),
          role: 'target' as const,
        },
        {
          ...path.order('sl', { side: -1, type: 'stop', stopTicks: 392, reduceOnly }),
          role: 'stop' as const,
        },
      ];
      path.group(ocoOf('g', exits, { messageUs: 50_000 }));
      const lines = path.trades('!420 !388');
      return [lines, path.desk.market.market.positionOf(1)];
    };
    expect(run(false)).toEqual([['tp 2@416', 'sl Triggered', 'sl 2@387'], -2]);
    expect(run(true)).toEqual([['tp 2@416', 'sl Canceled reduce-only-exhausted'], 0]);
  });
  it('two exits that one trade passes close the position once', () => {
    const path = long();
    path.bracket(market, {
      groupId: 'h',
      targets: [{ clOrdId: 'tp2', limitTicks: 417 }],
      stop: { clOrdId: 'sl2', stopTicks: 392 },
      entry: path.order('e2', market),
    });
    const lines = path.trades('!388');
    expect(lines.filter((line) => / 2@/.test(line))).toEqual(['sl 2@387', 'sl2 2@387']);
    expect(path.desk.market.market.positionOf(1)).toBe(0);
  });
});
