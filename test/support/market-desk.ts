/** Drives the exchange of one contract in a few words and writes down what it reports. */
import type { OrderType, Side } from '../../src/core/order.ts';
import type { MarketOptions } from '../../src/sim/exchange/contract-market.ts';
import { ContractMarket } from '../../src/sim/exchange/contract-market.ts';
import type { MarketGroupInput } from '../../src/sim/groups/group-input.ts';
import type { MarketOrderInput, MarketReplaceInput } from '../../src/sim/exchange/market-order.ts';

type More = Partial<MarketOrderInput>;
const TYPES: Readonly<Record<string, OrderType>> = {
  market: 'market',
  limit: 'limit',
  stop: 'stop',
  mit: 'market-if-touched',
  mtl: 'market-to-limit',
};

export class MarketDesk {
  readonly market: ContractMarket;
  lines: string[] = [];
  nowUs: number = 0;

  constructor(options: MarketOptions = {}) {
    this.market = new ContractMarket(
      {
        onReport: (report) => {
          const { kind, clOrdId, reason, lastQty, lastPriceTicks } = report;
          if (kind === 'Fill') this.lines.push(`${clOrdId} ${lastQty}@${lastPriceTicks}`);
          else if (kind === 'Released' || (kind === 'Replaced' && reason !== '')) {
            const { qty, cumQty, releasedQty } = report.order!;
            const size = Math.min(qty, releasedQty) - cumQty;
            this.lines.push(`${clOrdId} ${kind} ${size}${reason === '' ? '' : ` ${reason}`}`);
          } else if (kind !== 'Accepted' || reason !== '')
            this.lines.push(`${clOrdId} ${kind}${reason === '' ? '' : ` ${reason}`}`);
        },
        onGroup: ({ kind, groupId, clOrdId, qty, reason }) => {
          if (kind === 'accepted' || kind === 'ended') return;
          this.lines.push(
            `${groupId} ${kind} ${kind === 'rejected' ? `${clOrdId} ${reason}` : qty}`,
          );
        },
      },
      options,
    );
  }

  /** An order in words: `buy 2 limit 400`, `sell 5 market`, `sell 1 stop 396`; participant 1 unless said. */
  order(clOrdId: string, text: string, more: More = {}): MarketOrderInput {
    const [word, qty, kind, price] = text.split(' ');
    const side: Side = word === 'buy' ? 1 : -1;
    const type = more.type ?? TYPES[kind!]!;
    const level =
      price === undefined
        ? {}
        : type === 'limit'
          ? { limitTicks: Number(price) }
          : { stopTicks: Number(price) };
    return { participant: 1, clOrdId, side, qty: Number(qty), ...level, ...more, type };
  }

  /** Sends it and returns the new lines. */
  send(clOrdId: string, text: string, more: More = {}): string[] {
    return this.during(() => this.market.submit(this.order(clOrdId, text, more), this.nowUs));
  }

  group(input: MarketGroupInput): string[] {
    return this.during(() => this.market.submitGroup(input, this.nowUs));
  }

  cancel(clOrdId: string, participant = 1): string[] {
    return this.during(() => this.market.cancel(participant, clOrdId, this.nowUs));
  }

  replace(clOrdId: string, change: MarketReplaceInput, participant = 1): string[] {
    return this.during(() => this.market.replace(participant, clOrdId, change, this.nowUs));
  }

  /** What was reported while `act` ran. */
  during(act: () => void): string[] {
    this.lines = [];
    act();
    return this.lines;
  }

  /** Two others trade one contract at that price, so that it becomes the last one. */
  print(priceTicks: number, qty = 1): string[] {
    const { market } = this;
    this.#prints += 1;
    const lines = this.during(() => {
      const maker = { participant: 90, clOrdId: `m${this.#prints}`, qty, type: 'limit' as const };
      market.submit({ ...maker, side: -1, limitTicks: priceTicks }, this.nowUs);
      const taker = { participant: 91, clOrdId: `t${this.#prints}`, qty, type: 'limit' as const };
      market.submit({ ...taker, side: 1, limitTicks: priceTicks, timeInForce: 'ioc' }, this.nowUs);
    });
    return lines.filter((line) => !/^[mt]\d+ /.test(line));
  }
  #prints = 0;

  /** `name shown/open` of a price in time priority. */
  queue(side: Side, priceTicks: number): string[] {
    const out: string[] = [];
    this.market.book.forEachAt(side, priceTicks, (handle, shown, leaves) =>
      out.push(`${this.market.orderAt(handle)!.input.clOrdId} ${shown}/${leaves}`),
    );
    return out;
  }
}
