/**
 * The account: marks at settlement times, margin calls and what they close, positions that must be gone before a delivery,
 * the exchange of other currencies. It sends its orders down the path of every order; nothing is closed by book-keeping.
 */
import type { ContractTable } from '../core/instrument.ts';
import type { AccountRules } from '../core/money/account-rules.ts';
import { isInWindow } from '../core/money/account-rules.ts';
import type { AccountView } from '../core/account.ts';
import { contractsToClose } from '../core/money/liquidation.ts';
import type { ClOrdId } from '../core/order.ts';
import type { JournalPort, TradingCalendar, VenueIssue } from '../core/ports.ts';
import type { VenueCapabilities } from '../core/execution.ts';
import type { SessionColumns } from '../core/session.ts';
import { toIsoDate } from '../core/trade-date.ts';
import type { Qty, TradeDate, TsUs } from '../core/units.ts';
import { toCashMicros, TS_MAX, US_PER_MINUTE } from '../core/units.ts';
import type { DayBook } from './day-book.ts';
import type { MarkBook } from './mark-book.ts';
import { settleWindowUs } from './mark-book.ts';
import type { OrderDesk } from './order-desk.ts';
import type { OrderManager } from './order-manager.ts';
import type { Portfolio } from './portfolio.ts';
import type { RiskGate } from './risk.ts';

export interface AccountParts {
  readonly rules: AccountRules;
  readonly table: ContractTable;
  /** By row of instrument. */
  readonly calendars: readonly TradingCalendar[];
  readonly sessions: readonly SessionColumns[];
  readonly startUs: TsUs;
  readonly portfolio: Portfolio;
  readonly risk: RiskGate;
  readonly orders: OrderManager;
  readonly desk: OrderDesk;
  readonly book: DayBook;
  readonly marks: MarkBook;
  readonly journal: JournalPort;
  readonly capabilities: VenueCapabilities;
  readonly tradeDateOf: (row: number) => TradeDate;
  readonly isTrading: (row: number) => boolean;
}

type CallState = 'none' | 'grace' | 'closing' | 'watching';

/** Settlement instants of one product, a row a trade date. */
interface SettleDates {
  readonly tradeDate: readonly TradeDate[];
  readonly settleUs: readonly number[];
  at: number;
}

export class AccountDesk {
  readonly #parts: AccountParts;
  /** By row of instrument; empty where positions are marked with the session's close. */
  readonly #settles: readonly SettleDates[];
  readonly #switchUs: Float64Array;
  #nextUs: number = TS_MAX;
  #call: CallState = 'none';
  #callUs: number = 0;
  #isNegative: boolean = false;
  /** Orders of the account that have not ended. */
  #closing: ClOrdId[] = [];
  /** First trade date on which a contract may no longer be held; NaN where it may. */
  readonly #flatFrom: Float64Array;
  readonly #isDeliveryTold: Uint8Array;
  readonly #contractsOf: readonly (readonly number[])[];

  constructor(parts: AccountParts) {
    this.#parts = parts;
    const { rules, table, sessions, startUs } = parts;
    this.#contractsOf = table.instruments.map((_, row) =>
      table.contracts.map((_c, c) => c).filter((c) => table.instrumentIndex[c] === row),
    );
    this.#settles =
      rules.settleAt === 'exchange' ? sessions.map((columns) => settleDates(columns, startUs)) : [];
    this.#switchUs = new Float64Array(table.instruments.length).fill(TS_MAX);
    this.#flatFrom = Float64Array.from(table.contracts, (_, c) => this.#flatDate(c));
    this.#isDeliveryTold = new Uint8Array(table.contracts.length);
    this.#settles.forEach((_, row) => this.#openWindows(row));
    this.#switchMargins(startUs);
    this.#findNext();
  }

  /** The next settlement or change of margin. */
  nextUs(): number {
    return this.#nextUs;
  }

  get isSettlingAtClose(): boolean {
    return this.#settles.length === 0;
  }

  /** After the bars and before the closes of a moment. */
  onTime(nowUs: TsUs): void {
    if (this.#nextUs > nowUs) return;
    for (const [row, dates] of this.#settles.entries()) {
      while (dates.settleUs[dates.at]! <= nowUs) {
        this.#parts.book.settleInstrument(row, dates.tradeDate[dates.at]!, nowUs);
        dates.at += 1;
        this.#openWindows(row);
        this.#onEvent('settlement', nowUs);
      }
    }
    if (this.#switchMargins(nowUs)) this.#evaluate(nowUs, this.#parts.portfolio.equityMicros());
    this.#findNext();
  }

  onSessionOpen(row: number, nowUs: TsUs): void {
    const tradeDate = this.#parts.tradeDateOf(row);
    this.#checkDelivery(row, tradeDate, nowUs);
    this.#switchMargins(nowUs);
    this.#findNext();
    this.refreshGuard();
    if (this.#parts.portfolio.held.length > 0)
      this.#evaluate(nowUs, this.#parts.portfolio.equityMicros());
    this.#onEvent('next-session-open', nowUs);
  }

  onSessionClose(nowUs: TsUs): void {
    this.#onEvent('session-close', nowUs);
  }

  /** After the last close of a trade date. */
  onDayEnd(tradeDate: TradeDate, nextDate: TradeDate | null, nowUs: TsUs): void {
    this.refreshGuard();
    const { every, aboveMicros } = this.#parts.rules.sweep;
    if (every === 'never') return;
    const next = nextDate ?? this.#parts.calendars[0]!.addBusinessDays(tradeDate, 1);
    if (every === 'monthly' && monthOf(next) === monthOf(tradeDate)) return;
    const swept = this.#parts.portfolio.sweep(aboveMicros);
    for (const sweep of swept) this.#parts.journal.append('sweep', nowUs, { ...sweep });
    if (swept.length > 0) this.#parts.book.resync();
  }

  onPositionChange(): void {
    this.refreshGuard();
  }

  /** The book saw equity below the guard: is there a call, and how does the one in hand stand? */
  check(nowUs: TsUs): void {
    this.#evaluate(nowUs, this.#parts.book.takeWorst());
  }

  /**
   * Below this equity the exact requirement is asked for. Twice the present one: a percentage of the notional grows with the
   * price, and a price that doubles within a date has moved equity by more than that.
   */
  refreshGuard(): void {
    const { portfolio, book } = this.#parts;
    if (this.#call !== 'none') book.guardMicros = Infinity;
    else if (portfolio.held.length === 0) book.guardMicros = 0;
    else {
      book.guardMicros = 2 * portfolio.marginMicros('maintenance', this.#dateOf);
    }
  }

  /** For the strategy: what working orders hold back, and the call in hand. */
  view(): Pick<AccountView, 'reservedMicros' | 'marginCall'> {
    const { risk, portfolio, rules } = this.#parts;
    const reserved = risk.reservedMicros(this.#dateOf);
    // Without a price nothing works, and nothing is reserved.
    const reservedMicros = toCashMicros(Number.isNaN(reserved) ? 0 : Math.round(reserved));
    if (this.#call === 'none') return { reservedMicros, marginCall: null };
    const needed = Math.ceil(this.#maintenance() * (1 + rules.liquidation.buffer));
    const missing = Math.max(0, needed - portfolio.equityMicros());
    return {
      reservedMicros,
      marginCall: {
        sinceUs: this.#callUs as TsUs,
        state: this.#call,
        neededMicros: toCashMicros(needed),
        missingMicros: toCashMicros(missing),
      },
    };
  }

  /** Each product is margined by the level of its own trade date: of two exchanges one may be a date ahead. */
  readonly #dateOf = (contractIndex: number): TradeDate =>
    this.#parts.tradeDateOf(this.#parts.table.instrumentIndex[contractIndex]!);

  #maintenance(): number {
    const { portfolio } = this.#parts;
    return portfolio.held.length === 0 ? 0 : portfolio.marginMicros('maintenance', this.#dateOf);
  }

  #evaluate(nowUs: TsUs, equityMicros: number): void {
    this.#tellNegative(nowUs, equityMicros);
    const maintenance = this.#maintenance();
    if (this.#call === 'none') {
      if (equityMicros < maintenance) this.#beginCall(nowUs, equityMicros, maintenance);
      return;
    }
    this.#closing = this.#closing.filter((id) => !this.#parts.desk.hasEnded(id));
    if (this.#closing.length > 0) return;
    const { buffer } = this.#parts.rules.liquidation;
    const equity = this.#parts.portfolio.equityMicros();
    if (equity >= maintenance * (1 + buffer)) this.#endCall(nowUs, equity, maintenance);
    else if (this.#call === 'closing') this.#liquidate(nowUs, equity);
  }

  #beginCall(nowUs: TsUs, equityMicros: number, maintenance: number): void {
    const { rules, journal, risk } = this.#parts;
    const { policy } = rules.liquidation;
    const body = {
      equityMicros: toCashMicros(Math.round(equityMicros)),
      maintenanceMicros: maintenance,
      policy: policy.kind === 'graceUntil' ? `graceUntil ${policy.event}` : policy.kind,
    };
    journal.append('margin-call', nowUs, body);
    const [equity, needed] = [equityMicros / 1e6, maintenance / 1e6];
    this.#issue('E_MARGIN_CALL', 'warning', nowUs, {
      message: `margin call: equity ${equity.toFixed(2)} is below maintenance margin ${needed.toFixed(2)} (${body.policy})`,
    });
    risk.isCalled = policy.kind !== 'rejectNewRiskOnly';
    this.#call = CALL_STATES[policy.kind];
    this.#callUs = nowUs;
    this.refreshGuard();
    if (this.#call === 'closing') this.#liquidate(nowUs, equityMicros);
  }

  #endCall(nowUs: TsUs, equityMicros: number, maintenance: number): void {
    this.#parts.journal.append('margin-call-met', nowUs, {
      equityMicros: toCashMicros(Math.round(equityMicros)),
      maintenanceMicros: maintenance,
    });
    this.#call = 'none';
    this.#parts.risk.isCalled = false;
    this.refreshGuard();
  }

  #onEvent(event: 'session-close' | 'settlement' | 'next-session-open', nowUs: TsUs): void {
    const { policy } = this.#parts.rules.liquidation;
    if (this.#call !== 'grace' || policy.kind !== 'graceUntil' || policy.event !== event) return;
    this.#call = 'closing';
    this.#evaluate(nowUs, this.#parts.portfolio.equityMicros());
  }

  /** Cancels what could enlarge a position, then closes the fewest contracts that satisfy the call. */
  #liquidate(nowUs: TsUs, equityMicros: number): void {
    const { portfolio, table, rules } = this.#parts;
    const { held, netQty } = portfolio;
    if (held.length === 0) return;
    this.#cancelRisk(() => true);
    const positions = held.map((c) => ({
      contractIndex: c,
      rank: table.instrumentIndex[c]!,
      netQty: netQty[c]!,
      maintenanceMicros: portfolio.requirement('maintenance', [c], () => netQty[c]!, this.#dateOf),
    }));
    const rows = held.slice();
    const steps = contractsToClose(positions, equityMicros, rules.liquidation.buffer, (left) =>
      portfolio.requirement('maintenance', rows, (c) => left[rows.indexOf(c)]!, this.#dateOf),
    );
    for (const { contractIndex, qty } of steps)
      this.#close(contractIndex, qty, 'liquidation', nowUs, {
        equityMicros: Math.round(equityMicros),
      });
  }

  /** A market order that can only reduce. Without a market it waits for the next open. */
  #close(
    contractIndex: number,
    qty: number,
    why: 'liquidation' | 'forced-flat',
    nowUs: TsUs,
    details: Readonly<Record<string, unknown>>,
  ): void {
    const { desk, portfolio, table, capabilities, journal } = this.#parts;
    const row = table.instrumentIndex[contractIndex]!;
    // The next open asks again.
    if (!this.#parts.isTrading(row) && !capabilities.timesInForce.includes('gtc')) return;
    const contract = table.contractAt(contractIndex).id;
    const side = portfolio.netQty[contractIndex]! > 0 ? -1 : 1;
    const id = desk.submit({
      contractIndex,
      spec: {
        contract,
        side,
        type: 'market',
        qty: qty as Qty,
        timeInForce: capabilities.timesInForce.includes('gtc') ? 'gtc' : 'day',
        ...(capabilities.features.reduceOnly ? { reduceOnly: true } : {}),
        tag: why,
      },
      role: 'single',
      isForced: true,
      sender: 'account',
    });
    this.#closing.push(id);
    journal.append(why, nowUs, { id, contract, side, qty, ...details });
  }

  /** Working orders that could enlarge or turn a position; exits stay and shrink with it. */
  #cancelRisk(isMeant: (contractIndex: number) => boolean): void {
    const { orders, desk, portfolio } = this.#parts;
    for (const order of orders.open()) {
      if (order.reduceOnly || order.working === 'held' || !isMeant(order.contractIndex)) continue;
      const net = portfolio.netQty[order.contractIndex]!;
      const isReducing = net * order.side < 0 && order.leavesQty <= Math.abs(net);
      if (!isReducing) desk.cancel(order, 'account');
    }
  }

  #checkDelivery(row: number, tradeDate: TradeDate, nowUs: TsUs): void {
    const { portfolio, table, risk } = this.#parts;
    for (const c of this.#contractsOf[row]!) {
      const net = portfolio.netQty[c]!;
      const { dates } = table.contractAt(c);
      if (tradeDate >= this.#flatFrom[c]!) {
        if (risk.isNearDelivery[c] === 0) this.#cancelRisk((other) => other === c);
        risk.isNearDelivery[c] = 1;
        if (net !== 0 && tradeDate <= dates.lastTradeDate)
          this.#close(c, Math.abs(net), 'forced-flat', nowUs, { from: this.#flatFrom[c]! });
      }
      if (dates.firstNoticeDate !== null && tradeDate >= dates.firstNoticeDate)
        this.tellDelivery(c, nowUs);
    }
  }

  /** A position in a contract that can be delivered now; said once. */
  tellDelivery(contractIndex: number, nowUs: TsUs): void {
    const { portfolio, table } = this.#parts;
    const net = portfolio.netQty[contractIndex]!;
    if (net === 0 || this.#isDeliveryTold[contractIndex] === 1) return;
    this.#isDeliveryTold[contractIndex] = 1;
    const { dates, id } = table.contractAt(contractIndex);
    const deadline =
      dates.firstNoticeDate !== null && dates.firstNoticeDate <= dates.lastTradeDate
        ? `its first notice is ${toIsoDate(dates.firstNoticeDate)}`
        : `it trades until ${toIsoDate(dates.lastTradeDate)} and is delivered`;
    this.#issue('E_DELIVERY_RISK', 'error', nowUs, {
      message: `delivery risk: ${net} ${id} are held, and ${deadline}`,
      contractIndex,
    });
  }

  #flatDate(contractIndex: number): number {
    const { rules, table, calendars } = this.#parts;
    const { dates } = table.contractAt(contractIndex);
    const calendar = calendars[table.instrumentIndex[contractIndex]!]!;
    const { beforeFirstNotice, beforeLastTrade } = rules.forceFlat;
    const before = (date: TradeDate | null, days: number | null): number =>
      date === null || days === null ? Infinity : calendar.addBusinessDays(date, -days);
    const isPhysical = table.instrumentOf(contractIndex).settlement !== 'cash';
    const from = Math.min(
      before(dates.firstNoticeDate, beforeFirstNotice),
      before(isPhysical ? dates.lastTradeDate : null, beforeLastTrade),
    );
    return Number.isFinite(from) ? from : NaN;
  }

  /** Intraday or overnight levels, by the local minute of each exchange. True where a level changed. */
  #switchMargins(nowUs: TsUs): boolean {
    const { rules, calendars, portfolio } = this.#parts;
    let isChanged = false;
    for (const [row, intraday] of rules.intraday.entries()) {
      if (intraday === null) continue;
      const calendar = calendars[row]!;
      const { fromMinute, untilMinute } = intraday;
      const isIntraday = isInWindow(calendar.localMinutes(nowUs), fromMinute, untilMinute);
      if (portfolio.setIntraday(row, isIntraday)) isChanged = true;
      this.#switchUs[row] = nextMinute(calendar, nowUs, isIntraday ? untilMinute : fromMinute);
    }
    if (isChanged) this.#guardSoon();
    return isChanged;
  }

  /** During construction the books are not joined yet. */
  #guardSoon(): void {
    if (this.#parts.portfolio.held.length === 0) return;
    this.#parts.book.seeMargin();
    this.refreshGuard();
  }

  #openWindows(row: number): void {
    const dates = this.#settles[row]!;
    const toUs = dates.settleUs[dates.at];
    if (toUs === undefined) return;
    const { rules, table } = this.#parts;
    const lengthUs = rules.settlement[row]!.windowUs ?? settleWindowUs(table.instruments[row]!);
    for (const c of this.#contractsOf[row]!) this.#parts.marks.openWindow(c, toUs - lengthUs, toUs);
  }

  #findNext(): void {
    let next: number = TS_MAX;
    for (const { settleUs, at } of this.#settles) next = Math.min(next, settleUs[at] ?? TS_MAX);
    for (const us of this.#switchUs) next = Math.min(next, us);
    this.#nextUs = next;
  }

  #tellNegative(nowUs: TsUs, equityMicros: number): void {
    const isNegative = equityMicros < 0;
    if (isNegative && !this.#isNegative)
      this.#issue('E_NEGATIVE_BALANCE', 'warning', nowUs, {
        message: `equity is ${(equityMicros / 1e6).toFixed(2)}: more than the account held was lost`,
      });
    this.#isNegative = isNegative;
  }

  #issue(
    code: string,
    severity: VenueIssue['severity'],
    tsUs: TsUs,
    { message, contractIndex }: { message: string; contractIndex?: number },
  ): void {
    const contract =
      contractIndex === undefined
        ? {}
        : { contract: this.#parts.table.contractAt(contractIndex).id };
    this.#parts.desk.issue({ code, severity, message, tsUs, ...contract });
  }
}

const CALL_STATES = {
  immediate: 'closing',
  graceUntil: 'grace',
  rejectNewRiskOnly: 'watching',
} as const satisfies Record<AccountRules['liquidation']['policy']['kind'], CallState>;

/** Months since year 0. */
function monthOf(date: TradeDate): number {
  const iso = toIsoDate(date);
  return Number(iso.slice(0, 4)) * 12 + Number(iso.slice(5, 7));
}

/** One instant a trade date: that of its last session, never after the close. */
function settleDates(columns: SessionColumns, startUs: TsUs): SettleDates {
  const byDate = new Map<TradeDate, number>();
  for (let i = 0; i < columns.length; i += 1) {
    const [settleUs, closeUs] = [columns.settleUs[i]!, columns.closeUs[i]!];
    byDate.set(
      columns.tradeDate[i]! as TradeDate,
      settleUs > columns.openUs[i]! && settleUs < closeUs ? settleUs : closeUs,
    );
  }
  const rows = [...byDate].filter(([, us]) => us > startUs);
  return { tradeDate: rows.map(([date]) => date), settleUs: rows.map(([, us]) => us), at: 0 };
}

/** The first instant after `nowUs` at which the exchange's clock shows a minute of the day. */
function nextMinute(calendar: TradingCalendar, nowUs: TsUs, minute: number): number {
  const start = Math.floor(nowUs / US_PER_MINUTE) * US_PER_MINUTE;
  const local = calendar.localMinutes(start as TsUs);
  let ahead = (minute - local + 1440) % 1440;
  if (ahead === 0) ahead = 1440;
  let at = start + ahead * US_PER_MINUTE;
  // A clock that was changed on the way shows another minute.
  const off = minute - calendar.localMinutes(at as TsUs);
  if (off !== 0) at += (((off + 2160) % 1440) - 720) * US_PER_MINUTE;
  return at > nowUs ? at : at + 1440 * US_PER_MINUTE;
}
