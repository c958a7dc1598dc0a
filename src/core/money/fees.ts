/**
 * Dated fees of one product, per contract and side. Amounts are whole millionths of the fee currency; a rebate is negative.
 *
 * A fill is charged the difference between what its order owes after it and before it. So a minimum per order and a rounding
 * per order are exact, and the fees of an order's fills always add up to the fee of the order.
 */
import type { CashMicros, TradeDate } from '../units.ts';
import { roundHalfEven, toCashMicros } from '../units.ts';

/** Whether a fill took what rested (taker), rested itself (maker), or cannot be told (an auction, some venues). */
export type FillRole = 'maker' | 'taker' | 'unknown';

/** Fees in force from a trade date on. */
export interface FeeEntry {
  readonly from: TradeDate;
  readonly commissionMicros: number;
  /** The exchange's fee; with nothing else given, exchange, clearing and regulatory fees together. */
  readonly exchangeMicros: number;
  readonly clearingMicros?: number;
  readonly regulatoryMicros?: number;
  /** In place of `exchangeMicros` for a fill that rested, and for one that took. */
  readonly makerMicros?: number;
  readonly takerMicros?: number;
  /** The least that an order with a fill pays in commission. */
  readonly minimumPerOrderMicros?: number;
  /** Per contract at final settlement; default 0. */
  readonly expiryMicros?: number;
}

/** Half to even, to whole multiples of `unitMicros`: of each fill, or of all that an order has paid. */
export interface FeeRounding {
  readonly per: 'fill' | 'order';
  readonly unitMicros: number;
}

/** What one order has run up. The venue keeps it beside the order. Mutable; one owner. */
export class FeeTab {
  commissionExact: number = 0;
  otherExact: number = 0;
  commissionPaid: number = 0;
  otherPaid: number = 0;
}

export interface FeeCharge {
  readonly feeMicros: CashMicros;
  /** Part of `feeMicros`. */
  readonly commissionMicros: CashMicros;
}

/** The entry in force on a trade date; null before the first. Entries are sorted by date. */
export function feeEntryOn(entries: readonly FeeEntry[], tradeDate: TradeDate): FeeEntry | null {
  for (let i = entries.length - 1; i >= 0; i -= 1)
    if (entries[i]!.from <= tradeDate) return entries[i]!;
  return null;
}

/** Exchange, clearing and regulatory fees of one contract. */
export function exchangeFeesOf(entry: FeeEntry, role: FillRole): number {
  let exchange = entry.exchangeMicros;
  if (role === 'maker') exchange = entry.makerMicros ?? exchange;
  if (role === 'taker') exchange = entry.takerMicros ?? exchange;
  return exchange + (entry.clearingMicros ?? 0) + (entry.regulatoryMicros ?? 0);
}

/** Charges a fill of `qty` contracts to its order. Errors: E_MONEY_RANGE. */
export function chargeFill(
  entry: FeeEntry,
  rounding: FeeRounding | null,
  qty: number,
  role: FillRole,
  tab: FeeTab,
): FeeCharge {
  const isPerFill = rounding?.per === 'fill';
  tab.commissionExact += atUnit(entry.commissionMicros * qty, isPerFill ? rounding : null);
  tab.otherExact += atUnit(exchangeFeesOf(entry, role) * qty, isPerFill ? rounding : null);
  const unit = isPerFill ? null : rounding;
  const commission = atUnit(
    Math.max(tab.commissionExact, entry.minimumPerOrderMicros ?? -Infinity),
    unit,
  );
  const other = atUnit(tab.otherExact, unit);
  const commissionMicros = toCashMicros(commission - tab.commissionPaid);
  const feeMicros = toCashMicros(commissionMicros + other - tab.otherPaid);
  tab.commissionPaid = commission;
  tab.otherPaid = other;
  return { feeMicros, commissionMicros };
}

function atUnit(micros: number, rounding: FeeRounding | null): number {
  return rounding === null
    ? micros
    : roundHalfEven(micros / rounding.unitMicros) * rounding.unitMicros;
}

/** In words what is wrong with a schedule, or null. */
export function feeProblem(rows: readonly FeeEntry[] | undefined): string | null {
  if (rows === undefined || rows.length === 0) return 'there is no entry';
  for (let i = 0; i < rows.length; i += 1) {
    const { from, ...amounts } = rows[i]!;
    if (Object.values(amounts).some((amount) => !Number.isSafeInteger(amount)))
      return `entry ${i} is not a whole number of millionths`;
    if (i > 0 && from <= rows[i - 1]!.from) return `entry ${i} does not start later`;
  }
  return null;
}
