/**
 * State from the journal: the last snapshot of state, then the lines after it, in order. A line cut by a crash counts as not
 * written: what it announced was not sent.
 *
 * What comes back: orders with their three-part state, ids of fills, positions, cash and fees, open trades, numbers of ids,
 * the strategy's saved state, the start of the day. Open orders come back in doubt: the venue is asked before any of them is
 * touched.
 */
import { TradingError } from '../../core/errors.ts';
import type { ContractTable } from '../../core/instrument.ts';
import type { ClOrdId, OrderRole, OrderSpec, OrdStatus, WorkingState } from '../../core/order.ts';
import { isTerminal } from '../../core/order.ts';
import type { CashMicros, PriceTicks, Qty, TsUs } from '../../core/units.ts';
import type { NextNumbers } from '../order-desk.ts';
import type {
  Doubt,
  OrderManager,
  PlainOrder,
  PlainOrders,
  ReplaceTerms,
} from '../order-manager.ts';
import type { PlainPortfolio, Portfolio } from '../portfolio.ts';
import type { TradeBuilder } from '../trade-builder.ts';
import type { PlainFill, PlainTail } from './trade-tail.ts';
import { TradeTails } from './trade-tail.ts';

/** One line of a journal. */
export interface JournalLine {
  readonly seq: number;
  readonly tsUs: number;
  readonly kind: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** State of an engine as plain data; written to a file of its own, so that the journal before it need not be read again. */
export interface EngineState {
  readonly version: 1;
  /** Number of the journal line that it was taken at: the lines after it follow. */
  readonly seq: number;
  readonly tsUs: TsUs;
  readonly idPrefix: string;
  readonly next: NextNumbers;
  readonly orders: PlainOrders;
  readonly portfolio: PlainPortfolio;
  readonly tails: readonly PlainTail[];
  readonly nextTradeId: number;
  readonly dayStartMicros: CashMicros;
  /** Last settlement by contract. */
  readonly settled: readonly (readonly [contract: string, ticks: number])[];
  readonly strategy: unknown;
}

/** What a restart begins from. `lines`: those after the state, or all. */
export interface Recovered {
  readonly state: EngineState | null;
  readonly lines: readonly JournalLine[];
}

/**
 * The whole lines of a journal's text. `torn`: what stands after the last of them, of a line that a crash cut.
 *
 * Errors: E_JOURNAL_DAMAGED when a line that is followed by others cannot be read.
 */
export function parseJournal(text: string): {
  readonly lines: readonly JournalLine[];
  readonly torn: string;
} {
  const end = text.lastIndexOf('\n') + 1;
  const lines = text
    .slice(0, end)
    .split('\n')
    .slice(0, -1)
    .map((line, index) => parseLine(line, index));
  return { lines, torn: text.slice(end) };
}

function parseLine(text: string, index: number): JournalLine {
  let line: Partial<JournalLine> | null = null;
  try {
    line = JSON.parse(text) as Partial<JournalLine> | null;
  } catch {
    line = null;
  }
  const { seq, tsUs, kind, body } = line ?? {};
  const isLine =
    Number.isSafeInteger(seq) &&
    Number.isSafeInteger(tsUs) &&
    typeof kind === 'string' &&
    typeof body === 'object' &&
    body !== null;
  if (isLine) return line as JournalLine;
  throw new TradingError('E_JOURNAL_DAMAGED', `line ${index + 1} of the journal cannot be read`, {
    details: { line: index + 1 },
    rule: 'every line is one JSON object with seq, tsUs, kind and body',
    fix: 'restore the file from a copy; only its last line may be cut',
  });
}

/** The prefix of ids that earlier runs on this journal used, or null. */
export function idPrefixOf(recovered: Recovered): string | null {
  const start = recovered.lines.findLast((line) => line.kind === 'run-start');
  return (start?.body['idPrefix'] as string | undefined) ?? recovered.state?.idPrefix ?? null;
}

/** What the strategy saved last, or null. */
export function strategyStateOf(recovered: Recovered): unknown {
  const line = recovered.lines.findLast(({ kind }) => kind === 'strategy-state');
  return line === undefined ? (recovered.state?.strategy ?? null) : line.body['state'];
}

export interface RecoveryParts {
  readonly table: ContractTable;
  readonly orders: OrderManager;
  readonly portfolio: Portfolio;
  readonly trades: TradeBuilder;
  readonly tails: TradeTails;
  readonly idPrefix: string;
  readonly nowUs: TsUs;
  /** A fill is about to be taken in again: trades that begin with it do so at its time. */
  readonly atUs: (tsUs: TsUs) => void;
}

/** What the parts above do not hold. */
export interface Restored {
  readonly next: NextNumbers;
  /** Null where the journal has no close of a day yet. */
  readonly dayStartMicros: CashMicros | null;
  readonly settled: ReadonlyMap<number, number>;
  readonly openOrders: number;
  readonly fills: number;
}

/** Puts the parts of an engine, all new, into the state that the journal tells. Errors: E_JOURNAL_CONTRACT. */
export function recover(parts: RecoveryParts, recovered: Recovered): Restored {
  const fold = new Fold(parts, recovered.state);
  for (const line of recovered.lines) fold.take(line);
  return fold.finish();
}

interface OrderBody {
  readonly event: string;
  readonly id: ClOrdId;
  readonly at: TsUs;
  readonly status: OrdStatus;
  readonly working: WorkingState;
  readonly cumQty: Qty;
  readonly leavesQty: Qty;
  readonly limitTicks: PriceTicks | null;
  readonly stopTicks: PriceTicks | null;
  readonly reason: string;
  readonly orderId?: string | null;
  readonly orderQty?: Qty;
  readonly doubt?: Doubt | null;
  readonly pending?: ReplaceTerms;
  readonly role?: OrderRole;
  readonly groupId?: string | null;
  readonly spec?: OrderSpec;
  readonly isRoll?: boolean;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

class Fold {
  readonly #parts: RecoveryParts;
  readonly #orders: Map<string, Writable<PlainOrder>> = new Map();
  readonly #execIds: string[] = [];
  readonly #settled: Map<number, number> = new Map();
  readonly #base: EngineState | null;
  #next: { order: number; group: number };
  #dayStart: CashMicros | null;
  /** The line of an order whose fill has to follow: alone it announces what was never booked. */
  #awaited: { readonly body: OrderBody; readonly tsUs: TsUs } | null = null;

  constructor(parts: RecoveryParts, base: EngineState | null) {
    this.#parts = parts;
    this.#base = base;
    this.#next = { order: base?.next.order ?? 1, group: base?.next.group ?? 1 };
    this.#dayStart = base?.dayStartMicros ?? null;
    if (base === null) return;
    const rowOf = (contract: string): number => this.#rowOf(contract);
    parts.portfolio.restore(base.portfolio, rowOf);
    parts.tails.restore(base.tails, base.nextTradeId);
    for (const [contract, ticks] of base.settled) this.#settled.set(rowOf(contract), ticks);
    for (const order of base.orders.open) this.#orders.set(order.clOrdId, { ...order });
  }

  take(line: JournalLine): void {
    const { body } = line;
    const tsUs = line.tsUs as TsUs;
    const awaited = this.#awaited;
    this.#awaited = null;
    switch (line.kind) {
      case 'order': {
        const one = body as unknown as OrderBody;
        if (one.event === 'Fill' || one.event === 'PartialFill')
          this.#awaited = { body: one, tsUs };
        else this.#takeOrder(one, tsUs);
        return;
      }
      case 'fill': {
        const fill = body as unknown as PlainFill;
        if (awaited?.body.id === fill.clOrdId) this.#takeOrder(awaited.body, awaited.tsUs);
        this.#takeFill(fill);
        return;
      }
      case 'run-start':
        if (this.#base === null && this.#dayStart === null) this.#begin(body);
        return;
      case 'settle': {
        const row = this.#rowOf(body['contract'] as string);
        const ticks = body['settleTicks'] as number;
        this.#parts.portfolio.settle(row, ticks);
        this.#settled.set(row, ticks);
        return;
      }
      case 'sweep':
        this.#parts.portfolio.applySweep(
          body['currency'] as string,
          body['micros'] as CashMicros,
          body['baseMicros'] as CashMicros,
        );
        return;
      case 'trade':
        this.#parts.tails.onTrade(
          body['root'] as string,
          body['tradeId'] as number,
          body['isOpen'] === true,
        );
        return;
      case 'equity':
        this.#dayStart = body['equityMicros'] as CashMicros;
        return;
      default:
    }
  }

  finish(): Restored {
    const { parts, base } = { parts: this.#parts, base: this.#base };
    if (base !== null) parts.orders.restoreEnded(base.orders, (contract) => this.#rowOf(contract));
    for (const execId of this.#execIds) parts.orders.restoreExecId(execId);
    let openOrders = 0;
    for (const order of this.#orders.values()) {
      if (!isTerminal(order.status)) {
        openOrders += 1;
        order.doubt ??= doubtOf(order.status);
      }
      parts.orders.restoreOrder(order, this.#rowOf(order.spec.contract), parts.nowUs);
    }
    this.#rebuildTrades();
    return {
      next: this.#next,
      dayStartMicros: this.#dayStart,
      settled: this.#settled,
      openOrders,
      fills: this.#execIds.length,
    };
  }

  /** The first run of the journal: its capital is what the books began with. */
  #begin(body: Readonly<Record<string, unknown>>): void {
    const { portfolio } = this.#parts;
    const capital = body['capitalMicros'] as CashMicros;
    this.#dayStart = capital;
    const cash = [[portfolio.currencies[0]!, capital]] as const;
    portfolio.restore({ cash, fees: [], held: [], ledgers: [] }, (id) => this.#rowOf(id));
  }

  #takeOrder(body: OrderBody, tsUs: TsUs): void {
    const order = this.#orders.get(body.id) ?? this.#addOrder(body, tsUs);
    if (order === null) return;
    order.status = body.status;
    order.working = body.working;
    order.cumQty = body.cumQty;
    order.leavesQty = body.leavesQty;
    order.limitTicks = body.limitTicks;
    order.stopTicks = body.stopTicks;
    // Why an order was in doubt is not why it ended.
    if (body.reason !== '' && body.event !== 'Lost') order.reason = body.reason;
    order.orderId = body.orderId ?? order.orderId;
    order.orderQty = body.orderQty ?? order.orderQty;
    order.doubt = body.doubt ?? null;
    order.pending = body.pending ?? null;
    order.updatedUs = body.at;
  }

  #addOrder(body: OrderBody, tsUs: TsUs): Writable<PlainOrder> | null {
    const { id, groupId, spec } = body;
    // Without its specification it is not new: an order that had ended in the state, and was filled late.
    const order = spec === undefined ? this.#revive(id) : newOrder(body, spec, tsUs);
    if (order === null) return null;
    this.#countId(id, groupId ?? null);
    this.#orders.set(id, order);
    return order;
  }

  #takeFill(fill: PlainFill): void {
    const { portfolio, tails, table } = this.#parts;
    this.#execIds.push(fill.execId);
    const order = this.#orders.get(fill.clOrdId);
    if (order !== undefined) order.filledCounts += fill.qty * fill.priceTicks;
    const row = this.#rowOf(fill.contract);
    portfolio.applyFill(
      row,
      fill.side * fill.qty,
      fill.priceTicks,
      fill.feeMicros,
      fill.feePaid ?? null,
    );
    tails.onFill(table.instrumentOf(row).root, fill, order?.isRoll ?? false);
  }

  #revive(id: ClOrdId): Writable<PlainOrder> | null {
    const { ended } = this.#base?.orders ?? { ended: null };
    const row = [...(ended?.young ?? []), ...(ended?.old ?? [])].find(([key]) => key === id);
    return row === undefined ? null : { ...row[1] };
  }

  /** Ids are never used again, whatever became of their orders. */
  #countId(id: ClOrdId, groupId: string | null): void {
    const { idPrefix } = this.#parts;
    this.#next.order = Math.max(this.#next.order, numberAfter(`${idPrefix}-O-`, id) + 1);
    if (groupId !== null)
      this.#next.group = Math.max(this.#next.group, numberAfter(`${idPrefix}-G-`, groupId) + 1);
  }

  /** The fills of open trades once more; trades that had ended by the last line are written where they were not yet. */
  #rebuildTrades(): void {
    const { trades, tails, atUs } = this.#parts;
    const plain = tails.toPlain();
    for (const { fills } of plain)
      for (const { fill, isRoll } of fills) {
        atUs(fill.tsUs);
        trades.onFill({ ...fill, contractIndex: this.#rowOf(fill.contract) }, isRoll);
      }
    trades.endReplay(new Map(plain.map((each) => [each.root, each.written])), tails.nextTradeId);
  }

  #rowOf(contract: string): number {
    const { table } = this.#parts;
    const row = table.contracts.findIndex((each) => each.id === contract);
    if (row >= 0) return row;
    throw new TradingError(
      'E_JOURNAL_CONTRACT',
      `the journal names ${contract}, and this run has no such contract`,
      {
        details: { contract },
        rule: 'a run goes on with the contracts that its journal names',
        fix: 'start with the instruments of the earlier run, or close what is left and begin a new journal',
      },
    );
  }
}

function newOrder(body: OrderBody, spec: OrderSpec, tsUs: TsUs): Writable<PlainOrder> {
  return {
    clOrdId: body.id,
    orderId: null,
    spec,
    role: body.role ?? 'single',
    groupId: body.groupId ?? null,
    isRoll: body.isRoll ?? false,
    status: body.status,
    working: body.working,
    doubt: null,
    pending: null,
    orderQty: spec.qty,
    cumQty: 0 as Qty,
    leavesQty: spec.qty,
    limitTicks: null,
    stopTicks: null,
    filledCounts: 0,
    createdUs: tsUs,
    updatedUs: tsUs,
    reason: '',
  };
}

/** What may have happened to it while nobody listened. */
function doubtOf(status: OrdStatus): Doubt {
  if (status === 'PendingCancel') return 'cancel';
  return status === 'PendingReplace' ? 'replace' : 'new';
}

/** -1 where the id does not begin so. */
function numberAfter(prefix: string, id: string): number {
  const digits = id.slice(prefix.length);
  return id.startsWith(prefix) && /^\d+$/.test(digits) ? Number(digits) : -1;
}
