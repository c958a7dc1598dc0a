/**
 * The participants around our clients: makers that quote around a value that wanders, takers, people with limits, stops,
 * icebergs and auction orders, and some who send nonsense. They stand at the exchange: no line lies between.
 */
import type { OrderType, Side, TimeInForce } from '../../core/order.ts';
import type { MarketCommand } from '../exchange/command-journal.ts';
import type { MarketOrderInput, MarketReplaceInput } from '../exchange/market-order.ts';
import type { Chance } from './chance.ts';
import type { MarketHost } from './market-host.ts';

/** Orders of one member that may be open at a time. */
const KEPT = 12;

interface Member {
  readonly participant: number;
  readonly act: (member: Member, nowUs: number) => void;
  /** Ids that it remembers, oldest first; most of them work. */
  readonly ids: string[];
}

export class Crowd {
  readonly #host: MarketHost;
  readonly #chance: Chance;
  readonly #send: (host: MarketHost, command: MarketCommand) => void;
  readonly #members: readonly Member[];
  #valueTicks: number;
  #ids: number = 0;
  #contract: number = 0;

  constructor(
    host: MarketHost,
    chance: Chance,
    send: (host: MarketHost, command: MarketCommand) => void,
  ) {
    this.#host = host;
    this.#chance = chance;
    this.#send = send;
    this.#valueTicks = host.spec.startTicks;
    const acts = [
      this.#make,
      this.#make,
      this.#make,
      this.#make,
      this.#make,
      this.#take,
      this.#take,
      this.#limit,
      this.#limit,
      this.#wait,
      this.#hide,
      this.#nonsense,
    ];
    this.#members = acts.map((act, k) => ({
      participant: (host.index + 1) * 100 + k,
      act: act.bind(this),
      ids: [],
    }));
  }

  /** One of them does something. */
  turn(nowUs: number): void {
    if (this.#contract !== this.#host.contract) {
      this.#contract = this.#host.contract;
      for (const { ids } of this.#members) ids.length = 0;
    }
    const chance = this.#chance;
    this.#valueTicks += chance.int(-1, 1);
    // News: now and then the value is elsewhere.
    if (chance.oneIn(150)) this.#valueTicks += chance.int(-15, 15);
    const { referenceTicks, spec } = this.#host;
    const room = spec.limitTicks + 4;
    this.#valueTicks = Math.min(
      referenceTicks + room,
      Math.max(referenceTicks - room, this.#valueTicks),
    );
    const member = chance.pick(this.#members);
    member.act(member, nowUs);
  }

  #order(
    member: Member,
    nowUs: number,
    input: Omit<MarketOrderInput, 'participant' | 'clOrdId'>,
  ): void {
    this.#ids += 1;
    const clOrdId = `w-${String(this.#ids).padStart(6, '0')}`;
    if (member.ids.length >= KEPT) this.#cancel(member, nowUs, member.ids.shift()!);
    member.ids.push(clOrdId);
    const { participant } = member;
    this.#send(this.#host, {
      do: 'submit',
      tsUs: nowUs,
      input: { participant, clOrdId, ...input },
    });
  }

  #cancel(member: Member, nowUs: number, clOrdId: string): void {
    const { participant } = member;
    this.#send(this.#host, { do: 'cancel', tsUs: nowUs, participant, clOrdId });
  }

  #replace(member: Member, nowUs: number, clOrdId: string, change: MarketReplaceInput): void {
    const { participant } = member;
    this.#send(this.#host, { do: 'replace', tsUs: nowUs, participant, clOrdId, change });
  }

  /** A quote on each side, moved with the value. */
  #make(member: Member, nowUs: number): void {
    const chance = this.#chance;
    for (const side of [1, -1] as const) {
      const limitTicks = this.#valueTicks - side * chance.int(1, 4);
      const id = member.ids[side === 1 ? 0 : 1];
      const order = id === undefined ? null : this.#host.market.orderOf(member.participant, id);
      const qty = chance.int(2, 20);
      if (order !== null && order.place === 'book' && chance.oneIn(2))
        this.#replace(member, nowUs, id!, { qty: order.cumQty + qty, limitTicks });
      else {
        if (order !== null && order.place !== 'done') this.#cancel(member, nowUs, id!);
        this.#ids += 1;
        const clOrdId = `m-${String(this.#ids).padStart(6, '0')}`;
        member.ids[side === 1 ? 0 : 1] = clOrdId;
        const { participant } = member;
        const input: MarketOrderInput = {
          participant,
          clOrdId,
          side,
          type: 'limit',
          qty,
          limitTicks,
          timeInForce: chance.oneIn(5) ? 'day' : 'gtc',
          // Makers do not trade with themselves; two of them belong to one firm.
          group: participant % 4 === 0 ? 4 : participant,
          isLead: participant % 3 === 0,
          ...(chance.oneIn(4) ? { postOnly: chance.oneIn(2) ? 'reject' : 'slide' } : {}),
        };
        this.#send(this.#host, { do: 'submit', tsUs: nowUs, input });
      }
    }
  }

  #take(member: Member, nowUs: number): void {
    const chance = this.#chance;
    const side = this.#side();
    const type: OrderType = chance.pick(['market', 'limit', 'limit', 'market-to-limit']);
    const timeInForce: TimeInForce = chance.pick(['ioc', 'fok', 'day', 'ioc', 'gtd', 'at-close']);
    const qty = chance.int(1, 15);
    const hasLimit = type === 'limit';
    this.#order(member, nowUs, {
      side,
      type,
      qty,
      timeInForce,
      group: chance.oneIn(3) ? 4 : 0,
      selfTrade: chance.pick(['cancel-resting', 'cancel-aggressor', 'cancel-both', 'decrement']),
      reduceOnly: chance.oneIn(4),
      ...(hasLimit ? { limitTicks: this.#valueTicks + side * chance.int(-1, 5) } : {}),
      ...(timeInForce === 'gtd' ? { expireUs: nowUs + chance.int(1, 600) * 1_000_000 } : {}),
      ...(timeInForce === 'ioc' && chance.oneIn(4) ? { minQty: chance.int(1, qty) } : {}),
      ...(type === 'market' && chance.oneIn(3) ? { protectionTicks: chance.int(0, 6) } : {}),
    });
  }

  #limit(member: Member, nowUs: number): void {
    const chance = this.#chance;
    const side = this.#side();
    const id = member.ids.length === 0 ? undefined : chance.pick(member.ids);
    if (id !== undefined && chance.oneIn(4)) {
      this.#cancel(member, nowUs, id);
      return;
    }
    if (id !== undefined && chance.oneIn(4)) {
      const qty = chance.int(1, 12);
      const limitTicks = this.#valueTicks - side * chance.int(0, 8);
      this.#replace(member, nowUs, id, chance.oneIn(2) ? { qty } : { qty, limitTicks });
      return;
    }
    const timeInForce = chance.pick<TimeInForce>([
      'day',
      'gtc',
      'gtd',
      'day',
      'at-open',
      'at-close',
    ]);
    this.#order(member, nowUs, {
      side,
      type: 'limit',
      qty: chance.int(1, 12),
      limitTicks: this.#valueTicks - side * chance.int(-2, 14),
      timeInForce,
      reduceOnly: chance.oneIn(6),
      ...(timeInForce === 'gtd' ? { expireUs: nowUs + chance.int(1, 7200) * 1_000_000 } : {}),
    });
  }

  /** Orders that wait for a price. */
  #wait(member: Member, nowUs: number): void {
    const chance = this.#chance;
    const side = this.#side();
    const type = chance.pick<OrderType>([
      'stop',
      'stop',
      'stop-limit',
      'market-if-touched',
      'limit-if-touched',
      'trailing-stop',
      'trailing-stop-limit',
    ]);
    const isTouch = type === 'market-if-touched' || type === 'limit-if-touched';
    const isTrail = type === 'trailing-stop' || type === 'trailing-stop-limit';
    const stopTicks = this.#valueTicks + (isTouch ? -side : side) * chance.int(0, 10);
    const hasLimit = type === 'stop-limit' || type === 'limit-if-touched';
    this.#order(member, nowUs, {
      side,
      type,
      qty: chance.int(1, 6),
      timeInForce: chance.oneIn(2) ? 'gtc' : 'day',
      trigger: chance.pick(['last', 'last', 'bid-ask', 'mid', 'mark']),
      reduceOnly: chance.oneIn(3),
      ...(isTrail ? { trail: { offsetTicks: chance.int(2, 12) } } : { stopTicks }),
      ...(hasLimit ? { limitTicks: stopTicks + side * chance.int(-1, 4) } : {}),
      ...(type === 'trailing-stop-limit' ? { limitOffsetTicks: chance.int(0, 3) } : {}),
    });
  }

  #hide(member: Member, nowUs: number): void {
    const chance = this.#chance;
    const side = this.#side();
    const qty = chance.int(10, 60);
    this.#order(member, nowUs, {
      side,
      type: 'limit',
      qty,
      displayQty: chance.int(1, 5),
      limitTicks: this.#valueTicks - side * chance.int(0, 5),
      timeInForce: 'gtc',
    });
  }

  /** What no exchange may take, and changes of orders that are gone. */
  #nonsense(member: Member, nowUs: number): void {
    const chance = this.#chance;
    const limitTicks = this.#valueTicks;
    const kind = chance.int(0, 5);
    if (kind === 0) this.#cancel(member, nowUs, 'nobody');
    else if (kind === 1) this.#replace(member, nowUs, 'nobody', { qty: 1 });
    else if (kind === 2)
      this.#order(member, nowUs, {
        side: 1,
        type: 'limit',
        qty: 1,
        limitTicks: limitTicks + 0.5,
      });
    else if (kind === 3)
      this.#order(member, nowUs, { side: -1, type: 'limit', qty: 0, limitTicks });
    else if (kind === 4)
      this.#order(member, nowUs, { side: 1, type: 'limit', qty: 1, limitTicks: limitTicks + 1e6 });
    else {
      const input = { participant: member.participant, clOrdId: 'twice', side: 1 as Side, qty: 1 };
      const order: MarketOrderInput = { ...input, type: 'limit', limitTicks: limitTicks - 30 };
      this.#send(this.#host, { do: 'submit', tsUs: nowUs, input: order });
    }
  }

  #side(): Side {
    return this.#chance.oneIn(2) ? 1 : -1;
  }
}
