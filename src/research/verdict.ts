/** The first sentence of a report, by rule. No praise, no grade. */
import { isImitation } from '../sim/imitations/profiles.ts';
import { TOO_FEW_TRADES } from './metrics.ts';
import type { Metrics } from './run-format.ts';

export interface VerdictInput {
  readonly currency: string;
  readonly fillPolicy: string;
  readonly metrics: Metrics;
  readonly optimistic: Metrics | null;
  readonly bounds?: { readonly worst: number; readonly best: number };
  readonly sharpeInterval: { readonly low: number | null; readonly high: number | null };
  readonly closed: number;
  readonly open: number;
  readonly ambiguous: number;
  readonly bars: number;
}

/** Said wherever a run is named whose fills are those of another program; null for our own. */
export function imitationLabel(fillPolicy: string): string | null {
  return isImitation(fillPolicy) ? `Imitation of ${fillPolicy}` : null;
}

/** Share of the headline by which its bounds may differ before the data cannot decide. */
const SENSITIVE_SHARE = 0.2;

/**
 * True when the bounds disagree on the sign of the net profit, or differ by more than a fifth of the headline. They bound
 * each group and not the run: a headline beyond one of them takes its place.
 */
export function isBarResolutionSensitive(
  metrics: Metrics,
  optimistic: Metrics | null,
  bounds?: { readonly worst: number; readonly best: number },
): boolean {
  const net = metrics['netProfit']?.value ?? 0;
  const other = bounds?.best ?? optimistic?.['netProfit']?.value ?? net;
  const worst = Math.min(net, other, bounds?.worst ?? net);
  const best = Math.max(net, other);
  if (Math.sign(worst) !== Math.sign(best)) return true;
  return best - worst > SENSITIVE_SHARE * Math.abs(net);
}

/** @example verdictOf(input) // => 'Net +18,412 USD (pessimistic). Sharpe 0.71, 90 % interval 0.02 to 1.38. …' */
export function verdictOf(input: VerdictInput): string {
  const net = input.metrics['netProfit']?.value ?? 0;
  const sentences = [`Net ${signedWhole(net)} ${input.currency} (${input.fillPolicy}).`];
  if (input.closed + input.open === 0) {
    sentences[0] = `No trades: ${formatWhole(input.bars)} bars seen, net ${signedWhole(net)} ${input.currency}.`;
    return sentences.join(' ');
  }
  const label = imitationLabel(input.fillPolicy);
  if (label !== null)
    sentences.push(`${label}: what that program would report, not what these bars prove.`);
  if (isBarResolutionSensitive(input.metrics, input.optimistic, input.bounds))
    sentences.push('Bar-resolution-sensitive: this data cannot decide.');
  sentences.push(sharpeSentence(input));
  if (input.closed < TOO_FEW_TRADES)
    sentences.push(`${count(input.closed, 'closed trade')}: too few to judge.`);
  if (input.closed > 0 && input.ambiguous > 0) {
    const share = (input.ambiguous / input.closed) * 100;
    sentences.push(`${share.toFixed(share < 1 ? 2 : 1)} % of trades depend on ambiguous bars.`);
  }
  sentences.push(costSentence(input.metrics));
  if (input.open > 0) sentences.push(`${count(input.open, 'trade')} still open at the end.`);
  return sentences.join(' ');
}

function sharpeSentence({ metrics, sharpeInterval }: VerdictInput): string {
  const sharpe = metrics['sharpe'];
  if (sharpe === undefined || sharpe.value === null)
    return `Sharpe undefined: ${sharpe?.reason ?? 'not computed'}.`;
  const { low, high } = sharpeInterval;
  const interval =
    low === null || high === null ? '' : `, 90 % interval ${ratio(low)} to ${ratio(high)}`;
  return `Sharpe ${ratio(sharpe.value)}${interval}.`;
}

function costSentence(metrics: Metrics): string {
  const share = metrics['costShareOfGross']?.value ?? null;
  if (share === null) return 'There is no gross profit to pay the costs.';
  if (share > 1) return 'Costs are larger than the gross profit.';
  return `Costs eat ${(share * 100).toFixed(0)} % of gross profit.`;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

function formatWhole(value: number): string {
  return String(Math.round(Math.abs(value))).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Two decimals; what rounds to nothing has no sign. */
function ratio(value: number): string {
  const text = value.toFixed(2);
  return Number(text) === 0 ? text.replace('-', '') : text;
}

function signedWhole(value: number): string {
  const rounded = Math.round(value);
  return `${rounded > 0 ? '+' : rounded < 0 ? '-' : ''}${formatWhole(value)}`;
}
