/**
 * The words of every rule that a simulated venue puts into the evidence of a fill, and of every reason code of a denial, reject,
 * cancel, expiry or change. The command, the report and the reference page read this table; a test holds it against the sources.
 */

/** Who fills by a rule, or says a reason: the heading of the reference page. */
export type RuleGroup = 'bars' | 'record' | 'book' | 'account' | 'imitation';
export type ReasonGroup = 'denied' | 'refused' | 'ended' | 'change';

type Words<G> = readonly [name: string, group: G, words: string];

const RULES: readonly Words<RuleGroup>[] = [
  [
    'bar-open',
    'bars',
    'A market order trades at the open of the first bar that opens at or after its arrival.',
  ],
  [
    'latency-subbar',
    'bars',
    'The market order arrived so shortly after the open of the bar that it still gets that open.',
  ],
  [
    'same-bar-close',
    'bars',
    'Fills at the close were asked for: the order traded at the close it was decided on, a price that was not known when it could have been there.',
  ],
  [
    'limit-marketable',
    'bars',
    'The limit lay beyond the market when the order arrived, so it took the next open, never beyond its limit.',
  ],
  [
    'auction-open',
    'bars',
    'The first price of the session is an auction with one price for all, and it was at or better than the limit.',
  ],
  [
    'limit-jump',
    'bars',
    'The market jumped beyond the resting limit. On the way the limit was the best quote, so it traded at its own price, not at the better one behind it.',
  ],
  [
    'limit-jump-improved',
    'bars',
    'The market jumped beyond the resting limit, and the run gives such an order the better open.',
  ],
  [
    'limit-through',
    'bars',
    'The bar traded beyond the limit, so everything that rested at the limit, in whatever place of the queue, had traded.',
  ],
  [
    'limit-touch',
    'bars',
    'The bar only touched the limit, and the run lets such a touch fill: an assumption about the place in the queue.',
  ],
  [
    'limit-locked',
    'bars',
    'The bar stood still at the daily price limit, where everybody wants the other side: the resting order traded at its own price.',
  ],
  [
    'stop-jump',
    'bars',
    'The bar opened at or beyond the trigger. A stop then is a market order at that open, however far it lies.',
  ],
  [
    'stop-touch',
    'bars',
    'The range of the bar reached the trigger, and the stop traded there as a market order.',
  ],
  [
    'stop-limit-touch',
    'bars',
    'The range of the bar reached the trigger, and the order traded there, never beyond its limit.',
  ],
  [
    'touched',
    'bars',
    'The range of the bar reached the trigger of the market-if-touched order, which then traded as a market order.',
  ],
  [
    'touched-limit',
    'bars',
    'The range of the bar reached the trigger of the limit-if-touched order, which then traded within its limit.',
  ],
  [
    'trailing-touch',
    'bars',
    'The bar came back to the trigger that had trailed the best price seen.',
  ],
  [
    'elected-open',
    'bars',
    'The order had been elected before, volume or position kept it from filling, and it took the next open.',
  ],
  [
    'at-open',
    'bars',
    'An order for the open trades at the opening price of the session, without slippage.',
  ],
  [
    'at-close',
    'bars',
    'An order for the close trades at the closing price of the session, without slippage.',
  ],
  [
    'at-close-settlement',
    'bars',
    'An order for the close trades at the settlement price, where settlements are given.',
  ],
  [
    'trade-through',
    'record',
    'A trade of the record went beyond the price of the resting order, so all who stood at that price had traded.',
  ],
  [
    'trade-at',
    'record',
    'A trade of the record happened at the very price of the resting order, and was larger than what stood before it.',
  ],
  [
    'quote-through',
    'record',
    'The opposite side of the recorded quote moved beyond the price of the resting order: it cannot have been there still.',
  ],
  [
    'quote-lock',
    'record',
    'The opposite side of the recorded quote came to the price of the resting order, and nobody stood before it.',
  ],
  [
    'take-shown',
    'record',
    'The order took contracts that the record showed on the other side at that moment.',
  ],
  [
    'take-synthetic',
    'record',
    'The order wanted more than the record showed. The rest got a worse price beyond the last level: an assumption.',
  ],
  [
    'auction',
    'book',
    'The auction of the opening or the close found one price for all who took part.',
  ],
  [
    'book-trade',
    'book',
    'The order met another one in the simulated book, at the price of the one that rested.',
  ],
  [
    'expiry-settlement',
    'account',
    'The contract ended, and what was held of it was settled at its last price.',
  ],
  [
    'lean-current-price',
    'imitation',
    'As LEAN: a market order fills at the last price, with the data of the moment it was sent.',
  ],
  [
    'lean-limit-passed',
    'imitation',
    'As LEAN: the bar passed the limit, and the order got the better of its limit and the far end of the bar.',
  ],
  [
    'lean-stop-or-close',
    'imitation',
    'As LEAN: the bar passed the stop, and the order got the worse of its stop and the close.',
  ],
  [
    'lean-close-within-limit',
    'imitation',
    'As LEAN: the stop-limit was elected and the close lay within its limit.',
  ],
  [
    'lean-close-at-limit',
    'imitation',
    'As LEAN: the limit-if-touched was elected, the close lay at or within its limit, and it got that limit.',
  ],
  [
    'lean-trail-or-close',
    'imitation',
    'As LEAN: the bar reached the trailing stop, and the order got the worse of the stop and the close.',
  ],
  [
    'nautilus-current-price',
    'imitation',
    'As NautilusTrader: a market order fills at the bid or ask made from the last bar.',
  ],
  [
    'nautilus-at-trigger',
    'imitation',
    'As NautilusTrader: the bar, walked as open, high, low, close, reached the trigger, and the order filled there.',
  ],
  [
    'nautilus-limit-taken',
    'imitation',
    'As NautilusTrader: the limit was marketable and took the price of its moment.',
  ],
  [
    'nautilus-limit-touched',
    'imitation',
    'As NautilusTrader: the walk through the bar reached the resting limit, which filled there.',
  ],
  [
    'nautilus-next-tick',
    'imitation',
    'As NautilusTrader: more was wanted than the price held; the rest filled one tick worse.',
  ],
  [
    'nautilus-rest',
    'imitation',
    'As NautilusTrader: more was wanted than the price held; the rest of the limit order filled with it.',
  ],
  [
    'backtesting.py-next-open',
    'imitation',
    'As backtesting.py: a market order fills at the open of the next bar.',
  ],
  [
    'backtesting.py-stop-or-open',
    'imitation',
    'As backtesting.py: the bar reached the stop, and the order got the worse of its stop and the open.',
  ],
  [
    'backtesting.py-limit-or-open',
    'imitation',
    'As backtesting.py: the bar reached the limit, and the order got the better of its limit and the open.',
  ],
  [
    'backtrader-next-open',
    'imitation',
    'As backtrader: a market order fills at the open of the next bar.',
  ],
  [
    'backtrader-limit-open',
    'imitation',
    'As backtrader: the bar opened at or better than the limit, and the order got that open.',
  ],
  [
    'backtrader-limit-touched',
    'imitation',
    'As backtrader: the bar reached the limit, a touch is enough, and the order got its limit.',
  ],
  [
    'backtrader-stop-open',
    'imitation',
    'As backtrader: the bar opened at or beyond the stop, and the order got that open.',
  ],
  [
    'backtrader-stop-touched',
    'imitation',
    'As backtrader: the bar reached the stop, and the order got exactly its stop.',
  ],
  [
    'backtrader-limit-after-trigger',
    'imitation',
    'As backtrader: the stop-limit was elected in this bar, whose direction and close say that it came back to the limit.',
  ],
];

const REASONS: readonly Words<ReasonGroup>[] = [
  ['halted', 'denied', 'trading is halted by the risk settings: no order leaves'],
  ['reducing-only', 'denied', 'the risk settings allow only orders that make a position smaller'],
  ['max-order-qty', 'denied', 'more contracts than one order may have (`orderQtyMax`)'],
  ['throttle', 'denied', 'too many orders in too short a time (`ordersPerInterval`)'],
  ['duplicate', 'denied', 'the same order as one just sent'],
  [
    'no-price',
    'denied',
    'the contract has no price yet, so neither margin nor distance can be judged',
  ],
  ['price-collar', 'denied', 'its price lies too far beyond the market (price collar)'],
  [
    'max-position',
    'denied',
    'with it and all that works, the position could become larger than allowed (`positionQtyMax`)',
  ],
  ['margin', 'denied', 'the account could not carry the initial margin of what could come of it'],
  [
    'margin-call',
    'denied',
    'the account has a margin call: only orders that reduce are let through',
  ],
  ['near-delivery', 'denied', 'the contract is too near to its delivery to be entered'],
  ['product-not-allowed', 'denied', 'the risk settings do not allow this product (`products`)'],
  ['outside-hours', 'denied', 'positions are opened only in the set hours (`entryHours`)'],
  ['near-close', 'denied', 'the session closes too soon (`lastMinutes`)'],
  ['stale-data', 'denied', 'the market has said nothing for too long (`staleSeconds`)'],
  ['daily-loss', 'denied', 'the loss of the trade date has reached its limit (`dailyLossMax`)'],
  ['drawdown', 'denied', 'equity is too far below its highest (`drawdownMax`)'],
  ['cool-down', 'denied', 'a pause after losses (`cooldownMinutes`, `cooldownLosses`)'],
  [
    'max-trades',
    'denied',
    'with all that works, there could be more trades on the date than allowed (`tradesPerDay`)',
  ],
  [
    'already-in-position',
    'denied',
    'a position or a working order has this direction already (`isSingleEntry`)',
  ],
  ['max-order-notional', 'denied', 'the order is worth more than allowed (`orderNotionalMax`)'],
  [
    'max-total-position',
    'denied',
    'with all that works, too many contracts could be held over all products (`totalQtyMax`)',
  ],
  [
    'max-total-notional',
    'denied',
    'with all that works, the positions could be worth more than allowed (`totalNotionalMax`)',
  ],
  ['programme-closed', 'denied', 'the programme has closed the account'],
  ['programme-passed', 'denied', 'the programme was passed: its account trades no more'],
  [
    'programme-daily-loss',
    'denied',
    'the daily loss of the programme was reached: no more orders on this trade date',
  ],
  ['programme-products', 'denied', 'the programme does not allow this product'],
  ['programme-trade-count', 'denied', 'the programme allows no further trade on this trade date'],
  ['programme-scaling', 'denied', 'the programme does not yet allow so many contracts'],
  [
    'programme-flat-by',
    'denied',
    'the programme wants the account to be flat at this time of the day',
  ],

  ['contract-expired', 'refused', 'the contract has ended'],
  ['contract-not-listed', 'refused', 'the contract is not listed yet'],
  ['market-closed', 'refused', 'the market was closed, and this venue takes no order then'],
  ['market-not-open', 'refused', 'before the opening auction this kind of order is not taken'],
  ['no-market', 'refused', 'there was no price yet'],
  ['no-opposite', 'refused', 'nobody stood on the other side of the book'],
  ['would-take', 'refused', 'it was to rest (post-only), but would have traded at once'],
  [
    'post-only-would-trade',
    'refused',
    'it was to rest (post-only), but its limit lay beyond the last price',
  ],
  [
    'stop-in-market',
    'refused',
    'its trigger was reached already, and this venue refuses such a stop',
  ],
  [
    'in-the-market',
    'refused',
    'its price was reached already, and the imitated program refuses such an order',
  ],
  ['stop-too-near', 'refused', 'its stop lies nearer to the entry than the venue allows'],
  ['price-band', 'refused', 'its limit lies outside the band around the last price'],
  ['price-limit', 'refused', 'its price lies beyond the daily price limit'],
  ['auction-over', 'refused', 'the auction that it was for is over'],
  ['cut-off', 'refused', 'the cut-off of its auction has passed'],
  ['at-close-late', 'refused', 'it came after the cut-off of orders for the close'],
  [
    'reduce-only-exhausted',
    'refused',
    'it may only reduce, and there was no position left to reduce',
  ],
  ['duplicate-id', 'refused', 'another order has this id'],
  ['duplicate-client-order-id', 'refused', 'another order has this id'],
  ['duplicate-group-id', 'refused', 'another group has this id'],
  [
    'group-rejected',
    'refused',
    'another order of its group was refused, and a group is taken whole or not at all',
  ],
  ['group-qty', 'refused', 'the exits of the group would be larger than what they close'],
  [
    'invalid-group',
    'refused',
    'its group is not one that a venue can hold: too few or too many orders, or sides that do not fit',
  ],
  ['inverted-bracket', 'refused', 'an exit lies on the wrong side of the entry'],
  [
    'peer-refused',
    'refused',
    'its peer was refused, which in the imitated program takes this one along',
  ],
  ['invalid-side', 'refused', 'it neither buys nor sells'],
  ['invalid-qty', 'refused', 'its quantity is not a whole number of contracts above 0'],
  ['max-qty', 'refused', 'more contracts than the venue takes in one order'],
  [
    'invalid-display-qty',
    'refused',
    'the shown part of an iceberg is a whole number, at most its quantity',
  ],
  [
    'invalid-min-qty',
    'refused',
    'a minimum quantity needs an immediate order and is at most its quantity',
  ],
  ['invalid-expiry', 'refused', 'its date lies in the past or is missing'],
  ['invalid-limit', 'refused', 'a limit is missing, or stands where none belongs'],
  ['invalid-stop', 'refused', 'a trigger is missing, or stands where none belongs'],
  ['invalid-trail', 'refused', 'its trailing distance is missing, doubled or not a number above 0'],
  ['invalid-post-only', 'refused', 'only a limit that may rest can be post-only'],
  [
    'invalid-protection',
    'refused',
    'its protection is not a whole number of ticks, or stands where none belongs',
  ],
  ['off-grid', 'refused', 'a price lies between two ticks'],
  ['unsupported-order-type', 'refused', 'the venue has no orders of this type'],
  [
    'unsupported-time-in-force',
    'refused',
    'the venue does not have this time in force for this type',
  ],
  ['unsupported-trigger', 'refused', 'the venue does not have this trigger for this type'],
  ['unsupported-iceberg', 'refused', 'only an order with a limit can be an iceberg'],
  ['unsupported-protection', 'refused', 'this type takes no protection'],
  ['unsupported-trailing-group', 'refused', 'bars cannot judge a trailing stop in this group'],
  ['unsupported-group', 'refused', 'the imitated program has no such group'],
  ['unsupported-exit', 'refused', 'the imitated program has no such exit'],
  [
    'unsupported-trail-percent',
    'refused',
    'the imitated program trails by a distance, not by a share',
  ],

  ['requested', 'ended', 'its cancel was asked for'],
  ['user', 'ended', 'its cancel was asked for'],
  ['oco-peer', 'ended', 'another order of its group filled or ended, and one ends the other'],
  [
    'parent-ended',
    'ended',
    'the entry of its group ended without a fill, so there is nothing to protect',
  ],
  [
    'parent-reduced',
    'ended',
    'the entry of its group became smaller than what this exit had closed',
  ],
  [
    'parent-resized',
    'ended',
    'the entry of its group was changed, and this exit has nothing left to close',
  ],
  ['child-filled', 'ended', 'an exit of its group filled, which ends the rest of the entry'],
  [
    'child-failed',
    'ended',
    'an exit of its group was refused, and an entry is not left without it',
  ],
  ['trade-closed', 'ended', 'the trade that it belonged to was closed otherwise'],
  ['self-trade', 'ended', 'it would have traded with another order of the same account'],
  ['no-liquidity', 'ended', 'nothing was left on the other side, and a market order does not rest'],
  ['protection', 'ended', 'the market was beyond its protection, and the venue ends what is left'],
  [
    'protection-reached',
    'ended',
    'the market was beyond its protection, and the run ends what is left',
  ],
  ['day-end', 'ended', 'it was good for the session, and the session ended'],
  ['gtd', 'ended', 'its date came'],
  ['ioc', 'ended', 'what could not trade at once ended (immediate or cancel)'],
  ['ioc-unfilled', 'ended', 'what could not trade at once ended (immediate or cancel)'],
  ['fok', 'ended', 'it could not trade whole at once, so none of it did (fill or kill)'],
  ['fok-unfilled', 'ended', 'it could not trade whole at once, so none of it did (fill or kill)'],
  ['at-open', 'ended', 'the opening auction did not fill it'],
  ['at-open-unfilled', 'ended', 'the opening price did not fill it'],
  ['at-close-unfilled', 'ended', 'the closing price did not fill it'],

  [
    'price-rounded',
    'change',
    'the venue moved its price to a tick, never to the more aggressive side',
  ],
  [
    'post-only-slide',
    'change',
    'it would have traded, so the venue moved its limit to where it rests',
  ],
  ['follows-parent', 'change', 'its level follows the average fill of the entry'],
  ['ouo-peer', 'change', 'another exit of its group filled in part, so this one became smaller'],
  ['qty-below-filled', 'change', 'the new quantity is not above what was filled already'],
  ['already-triggered', 'change', 'it was elected already: its trigger is no more'],
  ['already-filled', 'change', 'it was filled already'],
  ['already-terminal', 'change', 'it had ended already'],
  ['too-late', 'change', 'it had ended, or was not yet at the market, when the message came'],
  ['unknown-order', 'change', 'the venue does not know the order'],
  ['unsupported-replace', 'change', 'this order has no such price to change'],
  [
    'no-cancel-phase',
    'change',
    'before the opening there is a phase in which nothing is changed or cancelled',
  ],
  ['not-yet-at-the-broker', 'change', 'the imitated broker had not seen the order yet'],
];

/** How a bar's open question was answered, or where in a queue an order was taken to stand. */
const POLICIES: Readonly<Record<string, string>> = {
  pessimistic: 'the outcome that was worst for the account was taken',
  optimistic: 'the outcome that was best for the account was taken',
  ohlc: 'the path open, high, low, close was assumed',
  olhc: 'the path open, low, high, close was assumed',
  nearest: 'the extreme nearer to the open was assumed to come first',
  'close-direction': 'the extreme against the direction of the bar was assumed to come first',
  seeded: 'the outcome was drawn, by the seed of the run',
  drilldown: 'finer bars did not decide it either, and the worst outcome was taken',
  front: 'nobody was assumed to stand before it: the optimistic bound',
  back: 'those who left the queue were assumed to have stood behind it, as long as that is possible',
  prob: 'those who left the queue were assumed to have stood before it in proportion',
  mbo: 'the record has every order, so its place in the queue is exact',
  never: 'only a trade beyond its price fills it: the pessimistic bound',
};

const FLAGS: Readonly<Record<string, string>> = {
  'synthetic-liquidity': 'the contracts that it took are not in the record',
  'synthetic-quote': 'the record has trades only; bid and ask around them are assumed',
};

const BY_RULE: ReadonlyMap<string, Words<RuleGroup>> = new Map(RULES.map((row) => [row[0], row]));
const BY_REASON: ReadonlyMap<string, Words<ReasonGroup>> = new Map(
  REASONS.map((row) => [row[0], row]),
);

/** A sentence; null for a rule that the table lacks: of a newer version, or of a venue outside this program. */
export function ruleWords(rule: string): string | null {
  return BY_RULE.get(rule)?.[2] ?? null;
}
/** Whether the rule is of an imitation, which decides where a bar leaves other outcomes open and does not say so. */
export function isImitation(rule: string): boolean {
  return BY_RULE.get(rule)?.[1] === 'imitation';
}
/** A clause that follows "because"; null for a code that the table lacks. */
export function reasonWords(reason: string): string | null {
  return BY_REASON.get(reason)?.[2] ?? null;
}
export function policyWords(policy: string): string | null {
  return POLICIES[policy] ?? null;
}
export function flagWords(flag: string): string | null {
  return FLAGS[flag] ?? null;
}
/** For the reference page, in its order. */
export const FILL_RULES: readonly Words<RuleGroup>[] = RULES;
export const REASON_CODES: readonly Words<ReasonGroup>[] = REASONS;
export const FILL_POLICIES: Readonly<Record<string, string>> = POLICIES;
export const FILL_FLAGS: Readonly<Record<string, string>> = FLAGS;
