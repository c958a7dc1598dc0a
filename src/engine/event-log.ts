/**
 * What the engine writes to its journal: the lines of orders and fills by hand, everything else as objects. A failing journal
 * is kept apart from a failing strategy, whose hook may be the caller.
 */
import type { Fill } from '../core/execution.ts';
import type { OrderEventKind, OrderSpec, OrderView } from '../core/order.ts';
import type { JournalPort } from '../core/ports.ts';
import type { TradeRecord } from '../core/run-events.ts';
import type { TsUs } from '../core/units.ts';
import { jsonNumber, jsonObject, numberOrNull, quoted, quotedOrNull } from './json-text.ts';

export class EventLog implements JournalPort {
  readonly #inner: JournalPort;
  /** Fills of one strategy repeat a few tags. */
  #tag: string = '';
  #tagText: string = '""';
  failure: unknown = null;

  constructor(inner: JournalPort) {
    this.#inner = inner;
  }

  append(kind: string, tsUs: TsUs, body: Readonly<Record<string, unknown>>): number {
    try {
      return this.#inner.append(kind, tsUs, body);
    } catch (cause) {
      this.failure = cause;
      throw cause;
    }
  }

  appendText(kind: string, tsUs: TsUs, body: string): number {
    try {
      return this.#inner.appendText!(kind, tsUs, body);
    } catch (cause) {
      this.failure = cause;
      throw cause;
    }
  }

  /** A request is written before it leaves; its specification stands on the first line of its order only. */
  order(
    nowUs: TsUs,
    event: OrderEventKind,
    order: OrderView & { readonly spec: OrderSpec },
    reason: string,
    atUs: TsUs,
  ): void {
    const isNew = event === 'Submitted' || event === 'Denied';
    if (this.#inner.appendText === undefined) {
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
      });
      return;
    }
    const birth = isNew
      ? `,"role":"${order.role}","groupId":${quotedOrNull(order.groupId)},"spec":${jsonObject(order.spec)}`
      : '';
    this.appendText(
      '"order"',
      nowUs,
      `{"event":"${event}","id":"${order.clOrdId}","at":${jsonNumber(atUs)},"status":"${order.status}","working":"${order.working}","cumQty":${order.cumQty},"leavesQty":${order.leavesQty},"limitTicks":${numberOrNull(order.limitTicks)},"stopTicks":${numberOrNull(order.stopTicks)},"reason":${quoted(reason)}${birth}}`,
    );
  }

  /** Indexes are of this run's table; the log names contracts, so that a run on less data is a prefix of one on more. */
  fill(nowUs: TsUs, fill: Fill): void {
    if (this.#inner.appendText === undefined) {
      const { contractIndex: _index, ...body } = fill;
      this.append('fill', nowUs, body);
      return;
    }
    const { evidence } = fill;
    this.appendText(
      '"fill"',
      nowUs,
      `{"execId":${quoted(fill.execId)},"clOrdId":"${fill.clOrdId}","orderId":${quotedOrNull(fill.orderId)},"contract":${quoted(fill.contract)},"side":${fill.side},"qty":${fill.qty},"priceTicks":${jsonNumber(fill.priceTicks)},"tsUs":${jsonNumber(fill.tsUs)},"knownUs":${jsonNumber(fill.knownUs)},"feeMicros":${fill.feeMicros},"commissionMicros":${fill.commissionMicros},"role":"${fill.role}","tag":${this.#tagOf(fill.tag)},"groupId":${quotedOrNull(fill.groupId)},"orderType":"${fill.orderType}","evidence":${evidence === null ? 'null' : jsonObject(evidence)}}`,
    );
  }

  trade(nowUs: TsUs, trade: TradeRecord): void {
    const { tradeId, root, side, netMicros, isOpen } = trade;
    if (this.#inner.appendText === undefined) {
      this.append('trade', nowUs, { tradeId, root, side, netMicros, isOpen });
      return;
    }
    this.appendText(
      '"trade"',
      nowUs,
      `{"tradeId":${tradeId},"root":${quoted(root)},"side":${side},"netMicros":${netMicros},"isOpen":${isOpen}}`,
    );
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

  #tagOf(tag: string): string {
    if (tag !== this.#tag) {
      this.#tag = tag;
      this.#tagText = quoted(tag);
    }
    return this.#tagText;
  }
}
