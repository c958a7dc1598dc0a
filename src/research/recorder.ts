/** Turns what a run says into tables. It copies every field at once: views that the engine hands over may be reused. */
import type { Fill } from '../core/execution.ts';
import type { ContractTable } from '../core/instrument.ts';
import type { OrderEventKind, OrderView } from '../core/order.ts';
import { isTerminal } from '../core/order.ts';
import type { AmbiguityEvent } from '../core/ports.ts';
import type {
  EquityPoint,
  PositionDay,
  RollExecution,
  RunIssue,
  RunRecorder,
  TradeRecord,
} from '../core/run-events.ts';
import type { TsUs } from '../core/units.ts';
import type { StoredTable } from './columns.ts';
import { GrowingTable } from './columns.ts';
import type { RunTableName } from './tables.ts';
import { RUN_TABLES } from './tables.ts';

/** Issues by code: how many, and the first twenty. The content of `issues.json`. */
export interface IssueGroup {
  readonly code: string;
  readonly severity: RunIssue['severity'];
  readonly count: number;
  readonly first: readonly RunIssue[];
}
export const ISSUES_KEPT = 20;

export type RunTables = Readonly<Record<RunTableName, StoredTable>>;

/** A recorder that can be asked for its tables at any time. */
export interface TableRecorder extends RunRecorder {
  tables(): RunTables;
  issues(): readonly IssueGroup[];
}

type Tables = { readonly [N in RunTableName]: GrowingTable<(typeof RUN_TABLES)[N]> };

/**
 * Builds a recorder. `table` gives root and id of a contract index.
 *
 * @example
 * const recorder = createRunRecorder({ table });
 * new Engine({ ...config, recorder }).run();
 * await folder.commit({ manifest, summary, tables: recorder.tables(), issues: recorder.issues() });
 */
export function createRunRecorder(options: { readonly table: ContractTable }): TableRecorder {
  return new ColumnRecorder(options.table);
}

class ColumnRecorder implements TableRecorder {
  readonly #contracts: ContractTable;
  readonly #tables: Tables;
  /** Rows of the orders that are open. */
  readonly #orderRow: Map<string, number> = new Map();
  readonly #level: Map<string, number> = new Map();
  readonly #issues: Map<
    string,
    { severity: RunIssue['severity']; count: number; first: RunIssue[] }
  > = new Map();

  constructor(contracts: ContractTable) {
    this.#contracts = contracts;
    this.#tables = Object.fromEntries(
      Object.entries(RUN_TABLES).map(([name, def]) => [name, new GrowingTable(def)]),
    ) as unknown as Tables;
  }

  onOrderEvent(_kind: OrderEventKind, order: OrderView, reason: string, tsUs: TsUs): void {
    const known = this.#orderRow.get(order.clOrdId);
    const lastReason = order.reason === '' ? reason : order.reason;
    if (known === undefined) this.#addOrder(order, lastReason, tsUs);
    else {
      // What an order was born with stays.
      const { columns } = this.#tables.orders;
      columns.orderQty.set(known, order.orderQty);
      columns.cumQty.set(known, order.cumQty);
      columns.avgPriceTicks.set(known, order.avgPriceTicks);
      columns.limitTicks.set(known, order.limitTicks ?? NaN);
      columns.stopTicks.set(known, order.stopTicks ?? NaN);
      columns.status.set(known, order.status);
      columns.reason.set(known, lastReason);
      columns.updatedUs.set(known, tsUs);
    }
    if (order.role === 'stop' || order.role === 'target') this.#trackLevel(order, tsUs);
    // Nothing comes after the end of an order.
    if (isTerminal(order.status)) this.#orderRow.delete(order.clOrdId);
  }

  #addOrder(order: OrderView, reason: string, tsUs: TsUs): void {
    const row = this.#tables.orders.append({
      clOrdId: order.clOrdId,
      contract: order.contract,
      root: this.#rootOf(order.contract),
      side: order.side,
      type: order.type,
      timeInForce: order.timeInForce,
      orderQty: order.orderQty,
      cumQty: order.cumQty,
      avgPriceTicks: order.avgPriceTicks,
      limitTicks: order.limitTicks ?? NaN,
      stopTicks: order.stopTicks ?? NaN,
      status: order.status,
      role: order.role,
      tag: order.tag,
      groupId: order.groupId ?? '',
      reason,
      reduceOnly: order.reduceOnly,
      createdUs: order.createdUs,
      updatedUs: tsUs,
    });
    this.#orderRow.set(order.clOrdId, row);
  }

  /** A held exit does not work yet; a terminal one no longer does: both draw nothing. */
  #trackLevel(order: OrderView, tsUs: TsUs): void {
    const isWorking = !isTerminal(order.status) && order.working !== 'held';
    const level = isWorking ? (order.stopTicks ?? order.limitTicks ?? NaN) : NaN;
    const before = this.#level.get(order.clOrdId) ?? NaN;
    if (Object.is(level, before)) return;
    if (Number.isNaN(level)) this.#level.delete(order.clOrdId);
    else this.#level.set(order.clOrdId, level);
    this.#tables.levels.append({
      clOrdId: order.clOrdId,
      root: this.#rootOf(order.contract),
      role: order.role,
      tsUs,
      priceTicks: level,
    });
  }

  onFill(fill: Fill): void {
    const { evidence } = fill;
    this.#tables.fills.append({
      execId: fill.execId,
      clOrdId: fill.clOrdId,
      contract: fill.contract,
      root: this.#rootOf(fill.contract),
      side: fill.side,
      qty: fill.qty,
      priceTicks: fill.priceTicks,
      tsUs: fill.tsUs,
      feeMicros: fill.feeMicros,
      commissionMicros: fill.commissionMicros,
      role: fill.role,
      tag: fill.tag,
      groupId: fill.groupId ?? '',
      orderType: fill.orderType,
      rule: evidence?.rule ?? '',
      isCertain: evidence?.certain ?? true,
      policy: evidence?.policy ?? '',
      roundedTicks: evidence?.roundedTicks ?? 0,
      slippageTicks: evidence?.slippageTicks ?? 0,
      barOpenUs: evidence?.barOpenUs ?? NaN,
      barCloseUs: evidence?.barCloseUs ?? NaN,
    });
  }

  onTrade(trade: TradeRecord): void {
    this.#tables.trades.append({ ...trade, fills: trade.fills.join(' ') });
  }

  onEquity(point: EquityPoint): void {
    this.#tables.equity.append(point);
  }

  onPositionDay(day: PositionDay): void {
    this.#tables.positions.append({ ...day, root: this.#rootOf(day.contract) });
  }

  onRoll({ roll, netQty, costMicros, ordersRecreated, policy }: RollExecution): void {
    this.#tables.rolls.append({
      root: roll.root,
      from: roll.from,
      to: roll.to,
      decidedUs: roll.decidedUs,
      effectiveUs: roll.effectiveUs,
      tradeDate: roll.tradeDate,
      fromPriceTicks: roll.fromPrice,
      toPriceTicks: roll.toPrice,
      isInferred: roll.isInferred,
      reason: roll.reason,
      netQty,
      costMicros,
      ordersRecreated,
      policy,
    });
  }

  onAmbiguity(event: AmbiguityEvent): void {
    const spec = this.#contracts.contractAt(event.contractIndex);
    const deltas = event.alternatives.map((alternative) => alternative.pnlDeltaTicks);
    const stake = deltas.length === 0 ? 0 : Math.max(...deltas) - Math.min(...deltas);
    this.#tables.ambiguities.append({
      groupId: event.groupId,
      contract: spec.id,
      root: spec.root,
      barOpenUs: event.barOpenUs,
      barCloseUs: event.barCloseUs,
      policy: event.policy,
      chosen: event.chosen,
      qty: event.qty,
      stakeTicks: stake,
      alternatives: JSON.stringify(event.alternatives),
    });
  }

  onIssue(issue: RunIssue): void {
    const group = this.#issues.get(issue.code);
    if (group === undefined) {
      this.#issues.set(issue.code, { severity: issue.severity, count: 1, first: [{ ...issue }] });
      return;
    }
    group.count += 1;
    if (group.first.length < ISSUES_KEPT) group.first.push({ ...issue });
  }

  onPlot(name: string, root: string | null, tsUs: TsUs, value: number): void {
    const { columns } = this.#tables.plots;
    columns.name.push(name);
    columns.root.push(root ?? '');
    columns.tsUs.push(tsUs);
    columns.value.push(value);
  }

  /** Notes live in the journal. */
  onNote(): void {}

  tables(): RunTables {
    return Object.fromEntries(
      Object.entries(this.#tables).map(([name, table]) => [name, table.toStored()]),
    ) as unknown as RunTables;
  }

  issues(): readonly IssueGroup[] {
    return [...this.#issues].map(([code, group]) => ({ code, ...group }));
  }

  #rootOf(contract: OrderView['contract']): string {
    const index = this.#contracts.indexOf(contract);
    return index < 0 ? contract.slice(0, -5) : this.#contracts.contractAt(index).root;
  }
}
