/** The venue's words for a refusal as stable codes; the words themselves go along. */
import type { VenueRefusal } from './rest.ts';

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/brackets cannot be used with position brackets/i, 'brackets-off'],
  [/custom tag/i, 'duplicate-id'],
  [/not aligned to tick/i, 'off-tick'],
  [/outside allowed range/i, 'price-band'],
  [/trail distance exceeds/i, 'trail-too-far'],
  [/trail distance not set|cannot trail without/i, 'no-last-price'],
  [/stop loss ticks|take profit ticks|stop loss type/i, 'invalid-bracket'],
  [/invalid stop price/i, 'stop-in-market'],
  [/invalid (?:limit|trail) price/i, 'invalid-price'],
  [/order size/i, 'invalid-qty'],
  [/order type/i, 'venue-capability'],
  [/margin/i, 'margin'],
  [/trading status|trading hours/i, 'market-closed'],
  [/symbol/i, 'unknown-contract'],
];
const NAMES: Readonly<Record<string, string>> = {
  InsufficientFunds: 'margin',
  AccountViolation: 'account-violation',
  AccountNotFound: 'unknown-account',
  AccountRejected: 'account-rejected',
  OutsideTradingHours: 'market-closed',
  ContractNotFound: 'unknown-contract',
  ContractNotActive: 'unknown-contract',
  OrderNotFound: 'unknown-order',
};

/** Code for a refusal of the table of its endpoint and the venue's words. */
export function reasonOf(refusal: Pick<VenueRefusal, 'errorName' | 'venueText'>): string {
  return reasonOfText(refusal.venueText) ?? NAMES[refusal.errorName] ?? 'venue-rejected';
}

export function reasonOfText(text: string): string | null {
  return WORDS.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}

/** Names that do not say whether anything was done. */
export function isUnclear(refusal: Pick<VenueRefusal, 'errorName' | 'endpoint'>): boolean {
  return (
    /^(OrderPending|Pending|UnknownError)$/.test(refusal.errorName) ||
    refusal.errorName.startsWith('code ')
  );
}
