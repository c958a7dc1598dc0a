/** Sentences of one fill, from its evidence: the same in the terminal, in JSON and in the report. */
import { groupDigits } from './numbers.ts';
import { flagWords, isImitation, policyWords, ruleWords } from './words.ts';

/** What is known of a fill; NaN, empty or absent where it is not. Prices in ticks. */
export interface FillFacts {
  readonly side: number;
  readonly qty: number;
  readonly priceTicks: number;
  readonly orderType: string;
  readonly rule: string;
  readonly isCertain: boolean;
  readonly policy: string;
  readonly roundedTicks: number;
  readonly slippageTicks: number;
  /** Levels of the order when it filled. */
  readonly limitTicks?: number | null;
  readonly stopTicks?: number | null;
  readonly marketPriceTicks?: number;
  readonly marketQty?: number;
  readonly aggressor?: number;
  readonly aggressorFrom?: string;
  readonly queueAhead?: number | null;
  readonly queueAheadAfter?: number | null;
  readonly withheldQty?: number;
  readonly flags?: readonly string[];
  readonly isSubBar?: boolean;
}

export interface BarPrices {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** How the numbers of a product are written. */
export interface PriceText {
  readonly tickSize: number;
  readonly decimals: number;
  /** Of one contract, in `currency`. */
  readonly tickValue: number;
  readonly currency: string;
}

export function priceText(ticks: number, about: PriceText): string {
  const price = ticks * about.tickSize;
  // An average of fills lies between ticks.
  const decimals = Number.isInteger(ticks) ? about.decimals : about.decimals + 2;
  return price.toFixed(decimals);
}

export function ticksText(ticks: number): string {
  const count = Number.isInteger(ticks) ? String(ticks) : ticks.toFixed(2);
  return `${count} tick${Math.abs(ticks) === 1 ? '' : 's'}`;
}

export function contractsText(qty: number): string {
  const count = Number.isInteger(qty) ? groupDigits(qty, 0) : qty.toFixed(1);
  return `${count} contract${qty === 1 ? '' : 's'}`;
}

/** Why it filled there and then: rule, market, queue, choice, costs inside the price. The first sentence is the rule's. */
export function fillSentences(
  fill: FillFacts,
  bar: BarPrices | null,
  about: PriceText,
): readonly string[] {
  const price = (ticks: number): string => priceText(ticks, about);
  const out: string[] = [];
  const words = fill.rule === '' ? null : ruleWords(fill.rule);
  if (fill.rule === '') out.push('The venue gave no evidence of this fill.');
  else out.push(words ?? `Its rule is \`${fill.rule}\`, of which this version has no words.`);
  if (bar !== null) {
    const { open, high, low, close } = bar;
    out.push(
      `The bar: open ${price(open)}, high ${price(high)}, low ${price(low)}, close ${price(close)}.`,
    );
    const beyond = beyondText(fill, bar);
    if (beyond !== null) out.push(beyond);
  }
  out.push(...recordSentences(fill, about));
  if (fill.isSubBar === true && fill.rule !== 'latency-subbar')
    out.push('It arrived so shortly after the open of the bar that it still got that open.');
  if (!fill.isCertain && isImitation(fill.rule))
    out.push('The imitated program decides so; whether the bar proves it was not asked.');
  else if (!fill.isCertain && !isReplay(fill.rule))
    out.push(
      `The bar leaves other outcomes open${fill.policy === '' ? '' : ` (policy ${fill.policy})`}: ${policyWords(fill.policy) ?? 'a policy chose'}.`,
    );
  for (const flag of fill.flags ?? []) out.push(`Assumed: ${flagWords(flag) ?? flag}.`);
  if (fill.slippageTicks > 0)
    out.push(
      `Slippage and spread: ${ticksText(fill.slippageTicks)} (${money(fill.slippageTicks * about.tickValue, about)} a contract) against the order are in the price.`,
    );
  if (fill.roundedTicks > 0)
    out.push(
      `The price lay between ticks: rounded by ${ticksText(fill.roundedTicks)} against the order.`,
    );
  return out;
}

export function money(value: number, about: { readonly currency: string }): string {
  return `${groupDigits(value, 2)} ${about.currency}`;
}

function isReplay(rule: string): boolean {
  return (
    rule.startsWith('trade-') ||
    rule.startsWith('quote-') ||
    rule.startsWith('take-') ||
    rule === 'auction'
  );
}

/** How far the bar went beyond the level that mattered. */
function beyondText(fill: FillFacts, bar: BarPrices): string | null {
  const { side, limitTicks = null, stopTicks = null, rule } = fill;
  if (rule === 'limit-through' && limitTicks !== null) {
    const far = side > 0 ? limitTicks - bar.low : bar.high - limitTicks;
    return far > 0 ? `It went ${ticksText(far)} beyond the limit.` : null;
  }
  if (rule === 'limit-jump' && limitTicks !== null) {
    const far = side * (limitTicks - bar.open);
    return far > 0 ? `The open lay ${ticksText(far)} beyond the limit.` : null;
  }
  if (rule === 'stop-jump' && stopTicks !== null) {
    const far = side * (bar.open - stopTicks);
    return far >= 0 ? `The open lay ${ticksText(far)} beyond the trigger.` : null;
  }
  return null;
}

const FROM: Readonly<Record<string, string>> = {
  record: 'as the record says',
  quotes: 'by the quotes around it',
  ticks: 'by the price of the trade before it',
};

function recordSentences(fill: FillFacts, about: PriceText): string[] {
  const { marketPriceTicks: at, marketQty = NaN, aggressor = 0, aggressorFrom = '' } = fill;
  const { queueAhead = null, queueAheadAfter = null, withheldQty = 0 } = fill;
  const out: string[] = [];
  if (at !== undefined && !Number.isNaN(at)) {
    const isTrade = fill.rule.startsWith('trade-') || fill.rule === 'auction';
    const by = aggressor === 0 ? '' : `, by a ${aggressor > 0 ? 'buyer' : 'seller'}`;
    const from = by === '' ? '' : ` (${FROM[aggressorFrom] ?? 'the aggressor is known'})`;
    out.push(
      isTrade
        ? `The record: ${contractsText(marketQty)} traded at ${priceText(at, about)}${by}${from}.`
        : fill.rule === 'take-synthetic'
          ? `The last price that the record showed was ${priceText(at, about)}.`
          : `The record showed ${contractsText(marketQty)} at ${priceText(at, about)} on the other side.`,
    );
  }
  if (queueAhead !== null && !Number.isNaN(queueAhead)) {
    const after =
      queueAheadAfter === null ? '' : `, after the event ${groupDigits(queueAheadAfter, 0)}`;
    const how = policyWords(fill.policy);
    out.push(
      `Before it in the queue: ${contractsText(queueAhead)}${after}${how === null ? '' : ` (queue model ${fill.policy}: ${how})`}.`,
    );
  }
  if (withheldQty > 0)
    out.push(
      `${contractsText(withheldQty)} that the record still showed there were withheld, because this run had taken them before.`,
    );
  return out;
}
