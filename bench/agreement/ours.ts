/** Sends the tickets to one of our venues, bar by bar, and notes each fill. */
import type { BarColumns } from '../../src/core/bars.ts';
import type { ExecutionReport, NewOrderRequest } from '../../src/core/execution.ts';
import { ContractTable, countValueOf } from '../../src/core/instrument.ts';
import type { ContractId } from '../../src/core/instrument.ts';
import type { ClOrdId, OrderRole, OrderSpec } from '../../src/core/order.ts';
import type { SimulatedVenue } from '../../src/core/ports.ts';
import { UniformGrid } from '../../src/core/price-grid.ts';
import type { Qty, TradeDate, TsUs } from '../../src/core/units.ts';
import { createRandom } from '../../src/engine/rng.ts';
import { createBarExchange } from '../../src/sim/bar-exchange.ts';
import { createImitation } from '../../src/sim/imitations/imitation-venue.ts';
import type { Imitation } from '../../src/sim/imitations/profiles.ts';
import type { Bars } from './markets.ts';
import type { Leg, Ticket } from './orders.ts';

/** One fill: `x` closes what a bracket left. `row` is the bar in which it happened, or after whose close. */
export interface Fill {
  readonly id: number;
  readonly leg: string;
  readonly row: number;
  readonly ticks: number;
  readonly qty: number;
  /** Name of the rule by which ours filled. */
  readonly rule?: string;
}

const TABLE = new ContractTable(
  [
    {
      root: 'AGR',
      exchange: 'XCME',
      name: 'agreement',
      assetClass: 'equity-index',
      currency: 'USD',
      quoteUnit: 'point',
      multiplier: 1,
      grid: new UniformGrid(1),
      countValue: countValueOf(1, 1),
      listedMonths: 'HMUZ',
      holdCycle: 'HMUZ',
      settlement: 'cash',
      sessionGroup: 'test',
      businessCalendar: 'test',
      lastTrade: { rule: 'test' },
      lastTradeTime: null,
      firstNotice: null,
      rollHint: null,
      symbols: { exchange: 'AGR' },
      confidence: 'high',
      sources: [],
    },
  ],
  [
    {
      id: 'AGRZ2048' as ContractId,
      root: 'AGR',
      year: 2048,
      month: 12,
      dates: {
        kind: 'exact',
        lastTradeDate: 28_840 as TradeDate,
        lastTradeUs: 2_491_776_000_000_000 as TsUs,
        firstNoticeDate: null,
      },
    },
  ],
);

/** Settings of the bar venue that have a counterpart in a program. */
export interface Alike {
  readonly touch: 'never' | 'always';
  readonly gapImprove: boolean;
}

/** A bar venue without volume cap, slippage or fees, and with these settings. */
export function honestVenue(alike: Alike): SimulatedVenue {
  return createBarExchange({
    table: TABLE,
    random: createRandom(1),
    participation: Infinity,
    ...alike,
  });
}

export function imitation(program: Imitation): SimulatedVenue {
  return createImitation({ table: TABLE, program });
}

const ROLES: Readonly<Record<string, OrderRole>> = { e: 'entry', s: 'stop', t: 'target' };

export function runOurs(venue: SimulatedVenue, bars: Bars, tickets: readonly Ticket[]): Fill[] {
  const fills: Fill[] = [];
  const ended = new Set<string>();
  let row = 0;
  venue.connect({
    onAmbiguity: () => undefined,
    onReport: ({ kind, clOrdId, fill, leavesQty }: ExecutionReport) => {
      if (kind === 'Canceled' || kind === 'Expired' || kind === 'Rejected') ended.add(clOrdId);
      if (fill === undefined) return;
      if (leavesQty === 0) ended.add(clOrdId);
      const [id, leg] = clOrdId.split('-');
      fills.push({ id: Number(id), leg: leg!, row, ticks: fill.lastPriceTicks, qty: fill.lastQty });
    },
  });
  const columns: BarColumns = { ...bars, length: bars.rows };
  const due = agenda(tickets);
  const lastTicks = venue.lastTicks!;
  for (row = 0; row < bars.rows; row += 1) {
    const [low, high] = [bars.low[row]!, bars.high[row]!];
    if (low <= venue.wakeLow[0]! || high >= venue.wakeHigh[0]!) venue.onBar(0, columns, row, 0);
    lastTicks[0] = bars.close[row]!;
    const nowUs = bars.closeUs[row]! as TsUs;
    if (venue.nextTimerUs() <= nowUs) venue.onTime(nowUs);
    for (const ticket of due.close.get(row) ?? []) closeOut(venue, ticket, fills, ended, nowUs);
    for (const ticket of due.cancel.get(row) ?? [])
      cancelWaiting(venue, ticket, fills, ended, nowUs);
    for (const ticket of due.send.get(row) ?? []) send(venue, ticket, bars, nowUs);
  }
  return fills;
}

interface Agenda {
  readonly send: Map<number, Ticket[]>;
  readonly cancel: Map<number, Ticket[]>;
  readonly close: Map<number, Ticket[]>;
}

function agenda(tickets: readonly Ticket[]): Agenda {
  const lists: Agenda = { send: new Map(), cancel: new Map(), close: new Map() };
  const add = (map: Map<number, Ticket[]>, row: number, ticket: Ticket): void => {
    if (row < 0) return;
    const list = map.get(row);
    if (list === undefined) map.set(row, [ticket]);
    else list.push(ticket);
  };
  for (const ticket of tickets) {
    add(lists.send, ticket.row, ticket);
    add(lists.cancel, ticket.cancel, ticket);
    add(lists.close, ticket.close, ticket);
  }
  return lists;
}

function idOf(ticket: Ticket, leg: string): ClOrdId {
  return `${ticket.id}-${leg}` as ClOrdId;
}

function send(venue: SimulatedVenue, ticket: Ticket, bars: Bars, sentUs: TsUs): void {
  const requests = ticket.legs.map((leg) => requestOf(ticket, leg, bars, sentUs));
  if (ticket.group === 'single') {
    venue.submit(requests[0]!);
    return;
  }
  const isBracket = ticket.group === 'bracket';
  const children = isBracket ? requests.slice(1) : requests;
  venue.submitGroup({
    groupId: `${ticket.id}`,
    entry: isBracket ? requests[0]! : null,
    children: children.map((order) => ({ order, groupQty: order.spec.qty })),
    peers: 'oco',
    release: 'partial',
    sentUs,
  });
}

function requestOf(ticket: Ticket, leg: Leg, bars: Bars, sentUs: TsUs): NewOrderRequest {
  const isExit = ticket.group === 'bracket' && leg.leg !== 'e';
  const spec = {
    contract: TABLE.contractAt(0).id,
    side: leg.side,
    qty: leg.qty as Qty,
    type: leg.type,
    timeInForce: leg.tif ?? 'gtc',
    ...(leg.limit === undefined ? {} : { limitTicks: leg.limit }),
    ...(leg.stop === undefined ? {} : { stopTicks: leg.stop }),
    ...(leg.trail === undefined ? {} : { trail: { offsetTicks: leg.trail } }),
    ...(leg.until === undefined ? {} : { expireUs: bars.closeUs[leg.until]! }),
    ...(isExit ? { reduceOnly: true } : {}),
  } as unknown as OrderSpec;
  const role =
    ticket.group === 'single' ? 'single' : ticket.group === 'oco' ? 'peer' : ROLES[leg.leg]!;
  const groupId = ticket.group === 'single' ? null : `${ticket.id}`;
  return { clOrdId: idOf(ticket, leg.leg), contractIndex: 0, spec, role, groupId, sentUs };
}

function isFilled(fills: readonly Fill[], ticket: Ticket, leg: string): boolean {
  // A ticket lives for a few bars: its fills are near the end.
  for (let i = fills.length - 1; i >= 0 && fills[i]!.row >= ticket.row; i -= 1)
    if (fills[i]!.id === ticket.id && fills[i]!.leg === leg) return true;
  return false;
}

function cancelWaiting(
  venue: SimulatedVenue,
  ticket: Ticket,
  fills: readonly Fill[],
  ended: ReadonlySet<string>,
  sentUs: TsUs,
): void {
  if (ticket.group === 'bracket' && isFilled(fills, ticket, 'e')) return;
  const legs = ticket.group === 'bracket' ? ticket.legs.slice(0, 1) : ticket.legs;
  for (const { leg } of legs) {
    const clOrdId = idOf(ticket, leg);
    if (!ended.has(clOrdId)) venue.cancel({ clOrdId, orderId: null, sentUs });
  }
}

function closeOut(
  venue: SimulatedVenue,
  ticket: Ticket,
  fills: readonly Fill[],
  ended: ReadonlySet<string>,
  sentUs: TsUs,
): void {
  if (!isFilled(fills, ticket, 'e')) return;
  if (isFilled(fills, ticket, 's') || isFilled(fills, ticket, 't')) return;
  for (const { leg } of ticket.legs.slice(1)) {
    const clOrdId = idOf(ticket, leg);
    if (!ended.has(clOrdId)) venue.cancel({ clOrdId, orderId: null, sentUs });
  }
  const [entry] = ticket.legs;
  venue.submit({
    clOrdId: idOf(ticket, 'x'),
    contractIndex: 0,
    spec: {
      contract: TABLE.contractAt(0).id,
      side: -entry!.side as 1 | -1,
      qty: entry!.qty as Qty,
      type: 'market',
      timeInForce: 'gtc',
    },
    role: 'single',
    groupId: null,
    sentUs,
  });
}
