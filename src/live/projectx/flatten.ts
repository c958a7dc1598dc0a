/** Makes an account flat and proves it: cancel, close, wait, cancel what is left, read again. */
import { TradingError } from '../../core/errors.ts';
import type { Scheduler } from '../../core/live.ts';
import type { TsUs } from '../../core/units.ts';
import { pause } from '../shared/wait.ts';
import type { OrderRequests, PositionRequests } from './endpoints.ts';
import type { PxOrder, PxPosition } from './messages.ts';
import { isEnded } from './messages.ts';
import { VenueRefusal } from './rest.ts';

export interface FlattenRequest {
  readonly accountId: number;
  /** One contract; without it the whole account. */
  readonly contractId?: string;
  /** Seconds for all of it. Default 30. */
  readonly timeoutS?: number;
}

export interface FlattenReport {
  /** Read from the venue: no position and no working order, when it was last asked. */
  readonly verifiedUs: TsUs;
  readonly cancelled: readonly number[];
  /** Contracts that were closed, with what was held. */
  readonly closed: readonly { readonly contractId: string; readonly netQty: number }[];
  readonly rounds: number;
}

interface Left {
  readonly orders: readonly PxOrder[];
  readonly positions: readonly PxPosition[];
}

const SETTLE_US = 250_000;
/** A close that was accepted but has not filled is sent again only after this. */
const CLOSE_AGAIN_US = 5e6;

export interface FlattenParts {
  readonly orders: OrderRequests;
  readonly positions: PositionRequests;
  readonly scheduler: Scheduler;
}

/**
 * Cancels every working order, suspended exits included, closes every position, and reads again until nothing is left twice in
 * a row: exits of a bracket may appear after the first look. A refused or unanswered step is tried again, after reading.
 * Errors: E_VENUE_FLATTEN, which lists what is left, when the time is up.
 */
export async function flatten(
  parts: FlattenParts,
  request: FlattenRequest,
): Promise<FlattenReport> {
  const { scheduler } = parts;
  const endUs = scheduler.nowUs() + (request.timeoutS ?? 30) * 1e6;
  const cancelled = new Set<number>();
  const closed = new Map<string, { readonly netQty: number; readonly sentUs: number }>();
  const failures: string[] = [];
  let left: Left | null = null;
  let [rounds, clean] = [0, 0];
  for (;;) {
    rounds += 1;
    try {
      left = await readLeft(parts, request);
      if (left.orders.length === 0 && left.positions.length === 0) {
        clean += 1;
        if (clean >= 2) {
          return {
            verifiedUs: scheduler.nowUs(),
            cancelled: [...cancelled],
            closed: [...closed].map(([contractId, { netQty }]) => ({ contractId, netQty })),
            rounds,
          };
        }
      } else {
        clean = 0;
        await Promise.all(left.orders.map((order) => cancelOne(parts, order, cancelled, failures)));
        const now = scheduler.nowUs();
        const due = left.positions.filter(({ contractId }) => {
          const before = closed.get(contractId);
          return before === undefined || now - before.sentUs >= CLOSE_AGAIN_US;
        });
        for (const position of due) await closeOne(parts, position, closed, failures, now);
      }
    } catch (error) {
      clean = 0;
      if (!(error instanceof TradingError) || error.code === 'E_VENUE_AUTH') throw error;
      failures.push(error.message);
    }
    if (scheduler.nowUs() >= endUs) throw notFlat(request, left, failures);
    await pause(scheduler, SETTLE_US);
  }
}

/** Working orders, those that only the newer query shows too, and positions. */
async function readLeft(parts: FlattenParts, request: FlattenRequest): Promise<Left> {
  const { accountId, contractId } = request;
  const [open, positions] = await Promise.all([
    workingOrders(parts.orders, accountId),
    parts.positions.searchOpen({ accountId }),
  ]);
  const isMeant = (row: { readonly contractId: string }): boolean =>
    contractId === undefined || row.contractId === contractId;
  return {
    orders: open.filter(isMeant),
    positions: positions.filter((row) => isMeant(row) && row.netQty !== 0),
  };
}

/** Every order that may still trade: what is open, and suspended exits where the gateway is new enough to show them. */
export async function workingOrders(
  orders: OrderRequests,
  accountId: number,
): Promise<readonly PxOrder[]> {
  const [open, wide] = await Promise.all([
    orders.searchOpen({ accountId }),
    orders
      .query({
        accountId,
        statuses: ['open', 'pending', 'pending-cancel', 'suspended'],
        pageSize: 500,
      })
      .then((answer) => answer.orders)
      .catch((error: unknown) => {
        if (error instanceof VenueRefusal && /^(NotFound|MethodNotAllowed)$/.test(error.errorName))
          return [];
        throw error;
      }),
  ]);
  const byId = new Map<number, PxOrder>();
  for (const order of [...wide, ...open]) if (!isEnded(order.status)) byId.set(order.id, order);
  return [...byId.values()];
}

async function cancelOne(
  parts: FlattenParts,
  order: PxOrder,
  cancelled: Set<number>,
  failures: string[],
): Promise<void> {
  try {
    await parts.orders.cancel({ accountId: order.accountId, orderId: order.id });
    cancelled.add(order.id);
  } catch (error) {
    // It may have ended by itself: the next reading tells.
    if (!(error instanceof TradingError)) throw error;
    failures.push(error.message);
  }
}

async function closeOne(
  parts: FlattenParts,
  position: PxPosition,
  closed: Map<string, { readonly netQty: number; readonly sentUs: number }>,
  failures: string[],
  nowUs: number,
): Promise<void> {
  const { accountId, contractId, netQty } = position;
  // Noted before it is sent: a close whose answer was lost must not become a second one that turns the position round.
  closed.set(contractId, { netQty, sentUs: nowUs });
  try {
    await parts.positions.close({ accountId, contractId });
  } catch (error) {
    if (!(error instanceof TradingError)) throw error;
    failures.push(error.message);
    if (error instanceof VenueRefusal) closed.delete(contractId);
  }
}

function notFlat(
  request: FlattenRequest,
  left: Left | null,
  failures: readonly string[],
): TradingError {
  const orders = left?.orders.map(({ id, contractId }) => `order ${id} in ${contractId}`) ?? [];
  const positions =
    left?.positions.map(({ contractId, netQty }) => `${netQty} ${contractId}`) ?? [];
  const words =
    left === null
      ? 'nothing could be read'
      : [...positions, ...orders].join(', ') || 'the last reading was clean, but only once';
  return new TradingError(
    'E_VENUE_FLATTEN',
    `account ${request.accountId} is not known to be flat: ${words}`,
    {
      details: {
        accountId: request.accountId,
        positions,
        orders,
        lastFailure: failures.at(-1) ?? null,
      },
      fix: 'close it on the platform of the broker or call the desk',
      retry: 'safe',
    },
  );
}
