/** Every request of the gateway as a typed method, in groups by what they are about. */
import { TradingError } from '../../core/errors.ts';
import type { Side } from '../../core/order.ts';
import type { TsUs } from '../../core/units.ts';
import { toIsoUtc } from '../../core/units.ts';
import { toVenueContractId } from './contracts.ts';
import type { Row } from './decode.ts';
import { asRow, countOf, decodeError, idOf, rowsOf } from './decode.ts';
import type { BarsQuery } from './history.ts';
import { retrieveBars } from './history.ts';
import type {
  PxAccount,
  PxBar,
  PxContract,
  PxOrder,
  PxOrderStatus,
  PxOrderType,
  PxPosition,
  PxTrade,
} from './messages.ts';
import {
  codeOf,
  ORDER_STATUSES,
  ORDER_TYPES,
  toAccount,
  toContract,
  toOrder,
  toPosition,
  toTrade,
} from './messages.ts';
import type { CallOptions, RestLine } from './rest.ts';
import { unclear, VenueRefusal } from './rest.ts';

const READ: CallOptions = { urgency: 2, isRead: true };
const ORDER: CallOptions = { urgency: 1, isRead: false };
const CANCEL: CallOptions = { urgency: 0, isRead: false };

export class AccountRequests {
  readonly #line: RestLine;

  constructor(line: RestLine) {
    this.#line = line;
  }

  async search(
    options: { readonly onlyActiveAccounts?: boolean } = {},
  ): Promise<readonly PxAccount[]> {
    const answer = await this.#line.call(
      'Account/search',
      { onlyActiveAccounts: options.onlyActiveAccounts ?? true },
      READ,
    );
    return rowsOf(answer, 'accounts').map(toAccount);
  }

  /** By exact name or id. Errors: E_VENUE_ACCOUNT, which lists what there is. */
  async find(nameOrId: string | number): Promise<PxAccount> {
    const accounts = await this.search();
    const found = accounts.filter(
      ({ id, name }) => name === nameOrId || String(id) === String(nameOrId),
    );
    if (found.length === 1) return found[0]!;
    throw new TradingError(
      'E_VENUE_ACCOUNT',
      `${found.length === 0 ? 'no' : 'more than one'} account is "${nameOrId}"`,
      {
        details: { account: nameOrId, accounts: accounts.map(({ id, name }) => `${name} (${id})`) },
        fix: `use one of ${accounts.map(({ name }) => name).join(', ') || 'none: the login sees no active account'}`,
      },
    );
  }
}

export class ContractRequests {
  readonly #line: RestLine;
  readonly #live: boolean;

  constructor(line: RestLine, live: boolean) {
    this.#line = line;
    this.#live = live;
  }

  /** The venue's fuzzy search, at most 20 rows: `ES` also finds MES. For one contract use `find`. */
  async search(
    searchText: string,
    options: { readonly live?: boolean } = {},
  ): Promise<readonly PxContract[]> {
    const live = options.live ?? this.#live;
    const answer = await this.#line.call('Contract/search', { searchText, live }, READ);
    return rowsOf(answer, 'contracts').map(toContract);
  }

  /** Also expired ones. Errors: E_VENUE_CONTRACT when there is none, or another one came. */
  async searchById(contractId: string): Promise<PxContract> {
    let answer: Row;
    try {
      answer = await this.#line.call('Contract/searchById', { contractId }, READ);
    } catch (error) {
      if (!(error instanceof VenueRefusal) || error.errorName !== 'ContractNotFound') throw error;
      throw notFound(contractId, error);
    }
    // Earlier versions answered with a list.
    const value = answer.fields['contract'] ?? [answer.fields['contracts']].flat()[0];
    if (value === null || value === undefined) throw notFound(contractId);
    const contract = toContract(asRow(value, 'Contract/searchById.contract'));
    if (contract.id !== contractId)
      throw new TradingError(
        'E_VENUE_CONTRACT',
        `asked for ${contractId}, the venue answered ${contract.id}`,
        {
          details: { asked: contractId, answered: contract.id },
        },
      );
    return contract;
  }

  /** What is listed now: one month a product, by the venue's own roll. */
  async available(options: { readonly live?: boolean } = {}): Promise<readonly PxContract[]> {
    const answer = await this.#line.call(
      'Contract/available',
      { live: options.live ?? this.#live },
      READ,
    );
    return rowsOf(answer, 'contracts').map(toContract);
  }

  /**
   * Exactly one contract: by its id, or by the venue's product code, for the month that is active there or a given one, whose id
   * is composed and confirmed. Similar names are refused. Errors: E_VENUE_CONTRACT, which lists what was found.
   */
  async find(
    what: string | { readonly product: string; readonly year?: number; readonly month?: number },
  ): Promise<PxContract> {
    if (typeof what === 'string') {
      if (what.startsWith('CON.')) return this.searchById(what);
      return this.find({ product: what });
    }
    const { product, year, month } = what;
    if (year !== undefined && month !== undefined)
      return this.searchById(toVenueContractId({ product, year, month }));
    if (year !== undefined || month !== undefined)
      throw new TradingError('E_VENUE_CONTRACT', 'a month is named by both year and month', {
        details: { product, year, month },
      });
    const isMeant = ({ id, activeContract }: PxContract): boolean =>
      activeContract && id.split('.')[3] === product;
    // A search gives 20 rows at most, in an order of its own: what it leaves out may still be listed.
    let listed = await this.search(product);
    if (!listed.some(isMeant)) listed = [...listed, ...(await this.available()).filter(isMeant)];
    const found = listed.filter(isMeant);
    if (found.length === 1) return found[0]!;
    const names = listed.map(({ id }) => id);
    throw new TradingError(
      'E_VENUE_CONTRACT',
      `${found.length === 0 ? 'no' : 'more than one'} active contract has the product code "${product}"`,
      {
        details: { product, found: names },
        rule: 'product codes are compared letter by letter: ES is EP at this venue',
        fix:
          names.length === 0
            ? 'list them: contracts.available()'
            : `the search found ${names.join(', ')}`,
      },
    );
  }
}

function notFound(contractId: string, cause?: unknown): TradingError {
  return new TradingError('E_VENUE_CONTRACT', `the venue has no contract ${contractId}`, {
    details: { contractId },
    fix: 'list what there is: contracts.available()',
    ...(cause === undefined ? {} : { cause }),
  });
}

export class HistoryRequests {
  readonly #line: RestLine;
  readonly #live: boolean;
  readonly #nowUs: () => TsUs;

  constructor(line: RestLine, live: boolean, nowUs: () => TsUs) {
    this.#line = line;
    this.#live = live;
    this.#nowUs = nowUs;
  }

  /** All bars that start in the span, oldest first; see `retrieveBars`. */
  bars(query: BarsQuery): Promise<readonly PxBar[]> {
    return retrieveBars(this.#line, query, this.#nowUs, this.#live);
  }
}

/** Exit of an entry, in ticks from its fill; the sign is made from the side of the entry. */
export interface PxBracket {
  /** Ticks away from the fill on the losing side; at least 4. */
  readonly stopTicks?: number;
  /** The stop trails. Default false. */
  readonly isTrailing?: boolean;
  /** Ticks away from the fill on the winning side. */
  readonly targetTicks?: number;
}

export interface PlaceOrder {
  readonly accountId: number;
  readonly contractId: string;
  readonly type: Exclude<PxOrderType, 'unknown'>;
  readonly side: Side;
  readonly size: number;
  readonly limitPrice?: number;
  readonly stopPrice?: number;
  /** For a trailing stop: the level at which it starts, a price and no distance. */
  readonly trailPrice?: number;
  /** Unique in the account for ever; up to about 60 letters, where a bracket adds to it. */
  readonly customTag?: string;
  /** Only in accounts with Auto OCO brackets. */
  readonly bracket?: PxBracket;
}

export interface ModifyOrder {
  readonly accountId: number;
  readonly orderId: number;
  /** What is left out stays as it is. */
  readonly size?: number;
  readonly limitPrice?: number;
  readonly stopPrice?: number;
  readonly trailPrice?: number;
}

export interface OrderFilter {
  readonly accountId: number;
  readonly statuses?: readonly PxOrderStatus[];
  readonly contractId?: string;
  readonly createdAfterUs?: TsUs;
  readonly createdBeforeUs?: TsUs;
  readonly pageSize?: number;
  readonly pageOffset?: number;
  readonly sortBy?: 'created' | 'id';
  readonly sortDirection?: 'ascending' | 'descending';
}

export class OrderRequests {
  readonly #line: RestLine;

  constructor(line: RestLine) {
    this.#line = line;
  }

  /**
   * Sends an order and returns its id. Accepted for processing is all that this says: what becomes of it arrives as an event, a
   * rejection included. Errors: `VenueRefusal` with the venue's words, and the id, for a rejected order has one;
   * E_VENUE_TIMEOUT with `retry: 'after-reconcile'` when it may have been placed: look for its tag before sending again.
   */
  async place(order: PlaceOrder): Promise<number> {
    const answer = await this.#line.call('Order/place', placeBody(order), ORDER);
    try {
      return idOf(answer, 'orderId');
    } catch (error) {
      // A success without a readable id can only be looked up.
      throw unclear('Order/place', error instanceof Error ? error.message : '', error);
    }
  }

  /** Keeps the id. Errors: as `place`. */
  async modify(change: ModifyOrder): Promise<void> {
    await this.#line.call('Order/modify', { ...change }, ORDER);
  }

  /** Goes ahead of every other request. Errors: as `place`; OrderNotFound for one that has ended. */
  async cancel(order: { readonly accountId: number; readonly orderId: number }): Promise<void> {
    await this.#line.call(
      'Order/cancel',
      { accountId: order.accountId, orderId: order.orderId },
      CANCEL,
    );
  }

  /** Orders created in a span, ended ones too; without exits that are still suspended. */
  async search(query: {
    readonly accountId: number;
    readonly fromUs: TsUs;
    readonly toUs?: TsUs;
  }): Promise<readonly PxOrder[]> {
    const answer = await this.#line.call('Order/search', spanBody(query), READ);
    return rowsOf(answer, 'orders').map(toOrder);
  }

  /** Working orders; without exits that are still suspended. */
  async searchOpen(query: { readonly accountId: number }): Promise<readonly PxOrder[]> {
    const answer = await this.#line.call('Order/searchOpen', { accountId: query.accountId }, READ);
    return rowsOf(answer, 'orders').map(toOrder);
  }

  /** Null where there is none. Errors: NotFound at a gateway older than 2026. */
  async searchById(query: {
    readonly accountId: number;
    readonly orderId: number;
  }): Promise<PxOrder | null> {
    try {
      const answer = await this.#line.call(
        'Order/searchById',
        { accountId: query.accountId, orderId: query.orderId },
        READ,
      );
      return toOrder(asRow(answer.fields['order'], 'Order/searchById.order'));
    } catch (error) {
      if (error instanceof VenueRefusal && error.errorName === 'OrderNotFound') return null;
      throw error;
    }
  }

  /** Suspended exits too. Errors: NotFound at a gateway older than 2026. */
  async query(filter: OrderFilter): Promise<{
    readonly orders: readonly PxOrder[];
    readonly totalCount: number | null;
  }> {
    const answer = await this.#line.call(
      'Order/v2/query',
      {
        filter: {
          accountId: filter.accountId,
          ...(filter.statuses === undefined
            ? {}
            : { statuses: filter.statuses.map((word) => codeOf(ORDER_STATUSES, word)) }),
          ...(filter.contractId === undefined ? {} : { contractId: filter.contractId }),
          ...(filter.createdAfterUs === undefined
            ? {}
            : { createdAfter: toIsoUtc(filter.createdAfterUs) }),
          ...(filter.createdBeforeUs === undefined
            ? {}
            : { createdBefore: toIsoUtc(filter.createdBeforeUs) }),
        },
        ...(filter.pageSize === undefined ? {} : { pageSize: filter.pageSize }),
        ...(filter.pageOffset === undefined ? {} : { pageOffset: filter.pageOffset }),
        ...(filter.sortBy === undefined ? {} : { sortBy: filter.sortBy === 'id' ? 1 : 0 }),
        ...(filter.sortDirection === undefined
          ? {}
          : { sortDirection: filter.sortDirection === 'descending' ? 1 : 0 }),
        includeTotalCount: true,
      },
      READ,
    );
    const total = answer.fields['totalCount'];
    return {
      orders: rowsOf(answer, 'orders').map(toOrder),
      totalCount: total === null || total === undefined ? null : countOf(answer, 'totalCount'),
    };
  }
}

function placeBody(order: PlaceOrder): Readonly<Record<string, unknown>> {
  if (!(Number.isSafeInteger(order.size) && order.size > 0))
    throw decodeError('size', order.size, 'an order has one contract or more');
  const { bracket, type, side, ...rest } = order;
  return {
    ...rest,
    type: codeOf(ORDER_TYPES, type),
    side: side === 1 ? 0 : 1,
    ...(bracket?.stopTicks === undefined
      ? {}
      : {
          stopLossBracket: {
            // A long position loses below its entry.
            ticks: -side * bracketTicks('bracket.stopTicks', bracket.stopTicks, 4),
            type: bracket.isTrailing === true ? 5 : 4,
          },
        }),
    ...(bracket?.targetTicks === undefined
      ? {}
      : {
          takeProfitBracket: {
            ticks: side * bracketTicks('bracket.targetTicks', bracket.targetTicks, 1),
            type: 1,
          },
        }),
  };
}

function bracketTicks(field: string, ticks: number, least: number): number {
  if (!(Number.isSafeInteger(ticks) && ticks >= least))
    throw decodeError(field, ticks, `whole ticks from ${least} up; the sign is made from the side`);
  return ticks;
}

function spanBody(query: {
  readonly accountId: number;
  readonly fromUs: TsUs;
  readonly toUs?: TsUs;
}): Readonly<Record<string, unknown>> {
  return {
    accountId: query.accountId,
    startTimestamp: toIsoUtc(query.fromUs),
    ...(query.toUs === undefined ? {} : { endTimestamp: toIsoUtc(query.toUs) }),
  };
}

export class PositionRequests {
  readonly #line: RestLine;

  constructor(line: RestLine) {
    this.#line = line;
  }

  /** One row a contract that is not flat. */
  async searchOpen(query: { readonly accountId: number }): Promise<readonly PxPosition[]> {
    const answer = await this.#line.call(
      'Position/searchOpen',
      { accountId: query.accountId },
      READ,
    );
    return rowsOf(answer, 'positions').map(toPosition);
  }

  /** A market order of the venue's own, without a tag; its id is not told, and resting orders stay. See `flatten`. */
  async close(query: { readonly accountId: number; readonly contractId: string }): Promise<void> {
    await this.#line.call('Position/closeContract', { ...query }, ORDER);
  }

  /** As `close`, of so many contracts. Exits keep their size: change them yourself. */
  async partialClose(query: {
    readonly accountId: number;
    readonly contractId: string;
    readonly size: number;
  }): Promise<void> {
    await this.#line.call('Position/partialCloseContract', { ...query }, ORDER);
  }
}

export class TradeRequests {
  readonly #line: RestLine;

  constructor(line: RestLine) {
    this.#line = line;
  }

  /** Fills in a span, oldest first, those that were taken back too (`voided`). */
  async search(query: {
    readonly accountId: number;
    readonly fromUs: TsUs;
    readonly toUs?: TsUs;
  }): Promise<readonly PxTrade[]> {
    const answer = await this.#line.call('Trade/search', spanBody(query), READ);
    return rowsOf(answer, 'trades')
      .map(toTrade)
      .toSorted((a, b) => a.createdUs - b.createdUs || a.id - b.id);
  }
}
