/**
 * What the engine writes to its journal: the lines of orders and fills by hand, everything else as objects. A failing journal
 * is kept apart from a failing strategy, whose hook may be the caller.
 */
import type { Fill } from '../core/execution.ts';
import type { OrderEventKind, OrderSpec, OrderView } from '../core/order.ts';
import type { JournalPort } from '../core/ports.ts';
import type { TradeRecord } from '../core/run-events.ts';
import type { TsUs } from '../core/units.ts';
import { Journal } from './journal.ts';
import type { LineBytes } from './line-bytes.ts';
import { Fragment } from './line-bytes.ts';

const ORDER = new Fragment(',"kind":"order","body":{"event":');
const ID = new Fragment(',"id":');
const AT = new Fragment(',"at":');
const STATUS = new Fragment(',"status":');
const WORKING = new Fragment(',"working":');
const CUM_QTY = new Fragment(',"cumQty":');
const LEAVES_QTY = new Fragment(',"leavesQty":');
const LIMIT = new Fragment(',"limitTicks":');
const STOP = new Fragment(',"stopTicks":');
const REASON = new Fragment(',"reason":');
const ROLE = new Fragment(',"role":');
const GROUP = new Fragment(',"groupId":');
const SPEC = new Fragment(',"spec":');
const FILL = new Fragment(',"kind":"fill","body":{"execId":');
const CL_ORD_ID = new Fragment(',"clOrdId":');
const ORDER_ID = new Fragment(',"orderId":');
const CONTRACT = new Fragment(',"contract":');
const SIDE = new Fragment(',"side":');
const QTY = new Fragment(',"qty":');
const PRICE = new Fragment(',"priceTicks":');
const TS = new Fragment(',"tsUs":');
const KNOWN = new Fragment(',"knownUs":');
const FEE = new Fragment(',"feeMicros":');
const COMMISSION = new Fragment(',"commissionMicros":');
const FEE_PAID = new Fragment(',"feePaid":');
const TAG = new Fragment(',"tag":');
const TYPE = new Fragment(',"orderType":');
const EVIDENCE = new Fragment(',"evidence":');
const TRADE = new Fragment(',"kind":"trade","body":{"tradeId":');
const ROOT = new Fragment(',"root":');
const NET = new Fragment(',"netMicros":');
const IS_OPEN = new Fragment(',"isOpen":');
const NULL = new Fragment('null');
const CLOSE = new Fragment('}');

/** What the state of a live order has beside its public face. */
interface LiveFields {
  readonly doubt: string | null;
  readonly pending: object | null;
  readonly isRoll: boolean;
}

function liveFields(order: OrderView & LiveFields, isNew: boolean): Record<string, unknown> {
  const { orderId, orderQty, doubt, pending, isRoll } = order;
  return {
    orderId,
    orderQty,
    doubt,
    ...(pending === null ? {} : { pending }),
    ...(isNew && isRoll ? { isRoll } : {}),
  };
}

export class EventLog implements JournalPort {
  readonly #inner: JournalPort;
  /** The journal, where it takes lines as bytes. */
  readonly #lines: Journal | null;
  readonly #isLive: boolean;
  failure: unknown = null;

  /** `isLive`: an order's line says all that is needed to go on from it. */
  constructor(inner: JournalPort, isLive: boolean = false) {
    this.#inner = inner;
    this.#isLive = isLive;
    this.#lines = inner instanceof Journal && !isLive ? inner : null;
  }

  append(kind: string, tsUs: TsUs, body: Readonly<Record<string, unknown>>): number {
    try {
      return this.#inner.append(kind, tsUs, body);
    } catch (cause) {
      this.failure = cause;
      throw cause;
    }
  }

  /** A request is written before it leaves; its specification stands on the first line of its order only. */
  order(
    nowUs: TsUs,
    event: OrderEventKind,
    order: OrderView & LiveFields & { readonly spec: OrderSpec },
    reason: string,
    atUs: TsUs,
  ): void {
    const isNew = event === 'Submitted' || event === 'Denied';
    const journal = this.#lines;
    if (journal === null) {
      this.append('order', nowUs, {
        event,
        id: order.clOrdId,
        at: atUs,
        status: order.status,
        working: order.working,
        cumQty: order.cumQty,
        leavesQty: order.leavesQty,
        limitTicks: order.limitTicks,
        stopTicks: order.stopTicks,
        reason,
        ...(isNew ? { role: order.role, groupId: order.groupId, spec: order.spec } : {}),
        ...(this.#isLive ? liveFields(order, isNew) : {}),
      });
      return;
    }
    const line = this.#begin(journal, ORDER, nowUs);
    line.word(event);
    line.fragment(ID);
    line.text(order.clOrdId);
    line.fragment(AT);
    line.number(atUs);
    line.fragment(STATUS);
    line.word(order.status);
    line.fragment(WORKING);
    line.word(order.working);
    line.fragment(CUM_QTY);
    line.number(order.cumQty);
    line.fragment(LEAVES_QTY);
    line.number(order.leavesQty);
    line.fragment(LIMIT);
    line.numberOrNull(order.limitTicks);
    line.fragment(STOP);
    line.numberOrNull(order.stopTicks);
    line.fragment(REASON);
    line.word(reason);
    if (isNew) {
      line.fragment(ROLE);
      line.word(order.role);
      line.fragment(GROUP);
      line.textOrNull(order.groupId);
      line.fragment(SPEC);
      line.object(order.spec);
    }
    line.fragment(CLOSE);
    this.#end(journal);
  }

  /** Indexes are of this run's table; the log names contracts, so that a run on less data is a prefix of one on more. */
  fill(nowUs: TsUs, fill: Fill): void {
    const journal = this.#lines;
    if (journal === null) {
      const { contractIndex: _index, ...body } = fill;
      this.append('fill', nowUs, body);
      return;
    }
    const line = this.#begin(journal, FILL, nowUs);
    line.text(fill.execId);
    line.fragment(CL_ORD_ID);
    line.text(fill.clOrdId);
    line.fragment(ORDER_ID);
    line.textOrNull(fill.orderId);
    line.fragment(CONTRACT);
    line.word(fill.contract);
    line.fragment(SIDE);
    line.number(fill.side);
    line.fragment(QTY);
    line.number(fill.qty);
    line.fragment(PRICE);
    line.number(fill.priceTicks);
    line.fragment(TS);
    line.number(fill.tsUs);
    line.fragment(KNOWN);
    line.number(fill.knownUs);
    line.fragment(FEE);
    line.number(fill.feeMicros);
    line.fragment(COMMISSION);
    line.number(fill.commissionMicros);
    if (fill.feePaid !== undefined) {
      line.fragment(FEE_PAID);
      line.object(fill.feePaid);
    }
    line.fragment(ROLE);
    line.word(fill.role);
    line.fragment(TAG);
    line.word(fill.tag);
    line.fragment(GROUP);
    line.textOrNull(fill.groupId);
    line.fragment(TYPE);
    line.word(fill.orderType);
    line.fragment(EVIDENCE);
    if (fill.evidence === null) line.fragment(NULL);
    else line.object(fill.evidence);
    line.fragment(CLOSE);
    this.#end(journal);
  }

  trade(nowUs: TsUs, trade: TradeRecord): void {
    const { tradeId, root, side, netMicros, isOpen } = trade;
    const journal = this.#lines;
    if (journal === null) {
      this.append('trade', nowUs, { tradeId, root, side, netMicros, isOpen });
      return;
    }
    const line = this.#begin(journal, TRADE, nowUs);
    line.number(tradeId);
    line.fragment(ROOT);
    line.word(root);
    line.fragment(SIDE);
    line.number(side);
    line.fragment(NET);
    line.number(netMicros);
    line.fragment(IS_OPEN);
    line.flag(isOpen);
    line.fragment(CLOSE);
    this.#end(journal);
  }

  hash(): string {
    return this.#inner.hash();
  }
  flush(): void {
    this.#inner.flush();
  }
  close(): void {
    this.#inner.close();
  }

  #begin(journal: Journal, kind: Fragment, nowUs: TsUs): LineBytes {
    try {
      return journal.begin(kind, nowUs);
    } catch (cause) {
      this.failure = cause;
      throw cause;
    }
  }

  #end(journal: Journal): void {
    try {
      journal.end();
    } catch (cause) {
      this.failure = cause;
      throw cause;
    }
  }
}
