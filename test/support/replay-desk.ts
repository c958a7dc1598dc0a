/** Drives a market that a record moves in a few words and writes down what it reports. */
import type { FillEvidence } from '../../src/core/execution.ts';
import type { OrderType, Side } from '../../src/core/order.ts';
import type { MarketOrderInput, MarketReplaceInput } from '../../src/sim/exchange/market-order.ts';
import type { ReplayOptions } from '../../src/sim/replay/replay-market.ts';
import { ReplayMarket } from '../../src/sim/replay/replay-market.ts';

const TYPES: Readonly<Record<string, OrderType>> = {
  market: 'market',
  limit: 'limit',
  stop: 'stop',
  mit: 'market-if-touched',
};

export class ReplayDesk {
  readonly market: ReplayMarket;
  lines: string[] = [];
  /** Of the fills, in order. */
  readonly evidence: FillEvidence[] = [];
  nowUs = 0;
  readonly #levels: Record<string, Map<number, number>> = { '1': new Map(), '-1': new Map() };

  constructor(options: ReplayOptions = {}) {
    this.market = new ReplayMarket(
      {
        onReport: (report) => {
          const { kind, clOrdId, reason, lastQty, lastPriceTicks } = report;
          if (kind === 'Fill') {
            this.lines.push(`${clOrdId} ${lastQty}@${lastPriceTicks}`);
            this.evidence.push(report.evidence!);
          } else if (kind !== 'Accepted' || reason !== '')
            this.lines.push(`${clOrdId} ${kind}${reason === '' ? '' : ` ${reason}`}`);
        },
      },
      { feed: 'depth', ...options },
    );
  }

  /** `buy 2 limit 400`, `sell 5 market`, `sell 1 stop 396`. Returns the new lines. */
  send(clOrdId: string, text: string, more: Partial<MarketOrderInput> = {}): string[] {
    const [word, qty, kind, price] = text.split(' ');
    const side: Side = word === 'buy' ? 1 : -1;
    const type = more.type ?? TYPES[kind!]!;
    const level =
      price === undefined
        ? {}
        : type === 'limit'
          ? { limitTicks: Number(price) }
          : { stopTicks: Number(price) };
    return this.during(() => {
      const input = { participant: 1, clOrdId, side, qty: Number(qty), ...level, ...more, type };
      this.market.submit(input, this.nowUs);
    });
  }

  cancel(clOrdId: string): string[] {
    return this.during(() => this.market.cancel(1, clOrdId, this.nowUs));
  }

  replace(clOrdId: string, change: MarketReplaceInput): string[] {
    return this.during(() => this.market.replace(1, clOrdId, change, this.nowUs));
  }

  /** `bids 399x10 398x5 asks 400x3`: the levels of the sides that are named, whole, as one event. */
  book(text: string): string[] {
    this.nowUs += 1;
    const rows: [Side, number, number][] = [];
    let side: Side = 1;
    const seen = new Set<Side>();
    for (const word of text.split(' ')) {
      if (word === 'bids' || word === 'asks') {
        side = word === 'bids' ? 1 : -1;
        seen.add(side);
        for (const price of this.#levels[side]!.keys()) rows.push([side, price, 0]);
      } else {
        const [price, qty] = word.split('x').map(Number);
        const gone = rows.findIndex(([way, at]) => way === side && at === price);
        if (gone >= 0) rows.splice(gone, 1);
        if (this.#levels[side]!.get(price!) !== qty) rows.push([side, price!, qty!]);
      }
    }
    return this.during(() => {
      for (const [k, [way, price, qty]] of rows.entries()) {
        if (qty === 0) this.#levels[way]!.delete(price);
        else this.#levels[way]!.set(price, qty);
        this.market.onLevel(way, price, qty, this.nowUs, k === rows.length - 1);
      }
    });
  }

  /** `399x10 400x3`: the best bid and ask; `-` where a side is empty. */
  quote(text: string): string[] {
    this.nowUs += 1;
    const [bid, ask] = text
      .split(' ')
      .map((side) => (side === '-' ? [NaN, 0] : side.split('x').map(Number)));
    return this.during(() =>
      this.market.onQuote(bid![0]!, bid![1]!, ask![0]!, ask![1]!, this.nowUs),
    );
  }

  /** `seller 4@399`, `buyer 1@400`, `? 2@399`: a trade of the record. */
  trade(text: string, tsUs?: number): string[] {
    if (tsUs === undefined) this.nowUs += 1;
    const [who, what] = text.split(' ');
    const [qty, price] = what!.split('@').map(Number);
    const aggressor = who === 'buyer' ? 1 : who === 'seller' ? -1 : 0;
    return this.during(() => this.market.onTrade(price!, qty!, aggressor, tsUs ?? this.nowUs));
  }

  during(act: () => void): string[] {
    this.lines = [];
    act();
    return this.lines;
  }

  ahead(clOrdId: string): number {
    return this.market.queueAhead(1, clOrdId);
  }
  leaves(clOrdId: string): number {
    return this.market.orderOf(1, clOrdId)!.leavesQty;
  }
  available(side: Side, priceTicks: number): number {
    return this.market.book.totalQty(side, priceTicks);
  }
}
