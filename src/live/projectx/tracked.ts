/** One order as the adapter follows it: what was asked, the newest row of the venue, and what was already told. */
import type { ReplaceRequest } from '../../core/execution.ts';
import type { ClOrdId, OrderRole, OrderType, OrdStatus, Side } from '../../core/order.ts';
import type { VenueOrder } from '../../core/live.ts';
import type { PriceTicks, Qty, TsUs } from '../../core/units.ts';
import type { PxOrder, PxOrderStatus, PxOrderType } from './messages.ts';
import type { VenueContract } from './venue-contract.ts';

export interface Tracked {
  readonly clOrdId: ClOrdId;
  readonly contract: VenueContract;
  readonly side: Side;
  readonly createdUs: TsUs;
  /** Entry of an exit that the venue holds. */
  readonly parent: Tracked | null;
  readonly role: OrderRole;
  /** Exits that the venue holds for this entry. */
  children: Tracked[];
  orderId: number | null;
  orderQty: number;
  limitTicks: PriceTicks | null;
  stopTicks: PriceTicks | null;
  /** The newest row; null before the first. */
  row: PxOrder | null;
  /** Contracts of the fills that were told. */
  cumQty: number;
  isAccepted: boolean;
  isHeld: boolean;
  /** Its end was told, or its last fill. */
  isEnded: boolean;
  /** Its end stands in `row`, and fills that it counts have not come. */
  isEndWaiting: boolean;
  /** Of a refusal by the answer: the event of it has no words. */
  rejectText: string;
  rejectReason: string;
  replace: ReplaceRequest | null;
  isCancelAsked: boolean;
  /** We asked for the cancel ourselves: the time in force ran out. */
  isExpiring: boolean;
  expiryReason: string;
  /** Requests of one order go one after the other. */
  chain: Promise<void>;
  /** Reading it, when no event tells what was asked for. */
  undoDoubt: (() => void) | null;
  doubts: number;
  undoExpiry: (() => void) | null;
}

export function newTracked(
  fields: Pick<
    Tracked,
    'clOrdId' | 'contract' | 'side' | 'createdUs' | 'parent' | 'role' | 'orderQty'
  > &
    Partial<Tracked>,
): Tracked {
  return {
    children: [],
    orderId: null,
    limitTicks: null,
    stopTicks: null,
    row: null,
    cumQty: 0,
    isAccepted: false,
    isHeld: false,
    isEnded: false,
    isEndWaiting: false,
    rejectText: '',
    rejectReason: '',
    replace: null,
    isCancelAsked: false,
    isExpiring: false,
    expiryReason: '',
    chain: Promise.resolve(),
    undoDoubt: null,
    doubts: 0,
    undoExpiry: null,
    ...fields,
  };
}

/** Later in the life of an order; rows of one moment are told apart by it. */
const RANK: Readonly<Record<PxOrderStatus, number>> = {
  none: 0,
  pending: 1,
  suspended: 2,
  open: 3,
  'pending-cancel': 4,
  cancelled: 5,
  expired: 5,
  rejected: 5,
  filled: 6,
};

/** Whether `row` is news after `before`: a terminal status stays, then the newer update, then the later status. */
export function isNewer(before: PxOrder | null, row: PxOrder): boolean {
  if (before === null) return true;
  if (RANK[before.status] >= RANK.cancelled) return false;
  // A terminal row is news whatever its time is; a count of fills never goes back.
  if (RANK[row.status] >= RANK.cancelled) return true;
  if (row.fillVolume < before.fillVolume) return false;
  const [old, now] = [before.updatedUs ?? before.createdUs, row.updatedUs ?? row.createdUs];
  if (now !== old) return now > old;
  return RANK[row.status] > RANK[before.status] || row.fillVolume > before.fillVolume;
}

const TYPES: Readonly<Partial<Record<PxOrderType, OrderType>>> = {
  limit: 'limit',
  market: 'market',
  'stop-limit': 'stop-limit',
  stop: 'stop',
  'trailing-stop': 'trailing-stop',
  // Their price follows the best quote of their own side: a limit that somebody moves.
  'join-bid': 'limit',
  'join-ask': 'limit',
};

function ordStatusOf(row: PxOrder): OrdStatus {
  switch (row.status) {
    case 'filled':
      return 'Filled';
    case 'cancelled':
      return 'Canceled';
    case 'expired':
      return 'Expired';
    case 'rejected':
      return 'Rejected';
    case 'pending-cancel':
      return 'PendingCancel';
    case 'none':
    case 'pending':
      return 'PendingNew';
    case 'open':
    case 'suspended':
      return row.fillVolume > 0 ? 'PartiallyFilled' : 'New';
  }
}

/** A row of the venue in the words of the core. Errors: E_PRICE_GRID. */
export function toVenueOrder(
  row: PxOrder,
  contract: VenueContract,
  known: { readonly clOrdId: ClOrdId | null; readonly reason: string },
): VenueOrder {
  return {
    clOrdId: known.clOrdId,
    orderId: String(row.id),
    contractIndex: contract.contractIndex,
    side: row.side,
    type: TYPES[row.type] ?? 'market',
    status: ordStatusOf(row),
    isHeld: row.status === 'suspended',
    orderQty: row.size as Qty,
    cumQty: row.fillVolume as Qty,
    avgPriceTicks: row.filledPrice === null ? null : contract.toFractional(row.filledPrice),
    limitTicks: contract.ticksOrNull(row.limitPrice),
    stopTicks: contract.ticksOrNull(row.stopPrice),
    parentId: row.parentOrderId === null ? null : String(row.parentOrderId),
    createdUs: row.createdUs,
    updatedUs: row.updatedUs ?? row.createdUs,
    reason: known.reason,
  };
}
