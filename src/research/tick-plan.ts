/** Which quotes, trades and depth a run reads: those of the traded contract of each declared product, or a clear refusal. */
import { TradingError } from '../core/errors.ts';
import type { ContractId, ContractTable } from '../core/instrument.ts';
import type { DataRequirements } from '../core/strategy.ts';
import { addDays, toIsoDate } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { toIsoUtc, US_PER_DAY } from '../core/units.ts';
import type { Dataset } from '../data/catalog.ts';
import type { SegmentEntry } from '../data/manifest.ts';
import type { ChainInput, TickFeed } from '../engine/config.ts';

export type TickKind = TickFeed['kind'];

/** One feed of ticks, not yet opened. */
export interface TickPlan {
  readonly kind: TickKind;
  readonly contractIndex: number;
  readonly contract: ContractId;
  /** Depth begins with the first row of the contract: a book is the sum of all its changes. */
  readonly fromUs: TsUs;
  readonly toUs: TsUs;
}

export interface TickPlanInput {
  readonly dataset: Dataset;
  readonly requirements: DataRequirements;
  readonly table: ContractTable;
  readonly chains: readonly ChainInput[];
  readonly from: TradeDate;
  readonly to: TradeDate;
}

const KINDS: readonly TickKind[] = ['quotes', 'trades', 'depth'];
/** A long weekend and some days without a tick at either end are no gap. */
const SLACK_US = 6 * US_PER_DAY;

/** Errors: E_STRATEGY_DATA without a series of the product, E_DATA_PRODUCT and E_DATA_SPAN where the data are not there. */
export function planTicks(input: TickPlanInput): TickPlan[] {
  const plans: TickPlan[] = [];
  for (const kind of KINDS)
    for (const root of new Set(input.requirements[kind] ?? []))
      plans.push(...planKind(kind, root, input));
  return plans;
}

export function openTicks(plan: TickPlan, dataset: Dataset): TickFeed {
  const { kind, contractIndex, contract } = plan;
  const range = { contract, from: plan.fromUs, to: plan.toUs };
  switch (kind) {
    case 'quotes':
      return { kind, contractIndex, source: dataset.quotes(range) };
    case 'trades':
      return { kind, contractIndex, source: dataset.trades(range) };
    case 'depth':
      return { kind, contractIndex, source: dataset.depth(range) };
  }
}

function planKind(kind: TickKind, root: string, input: TickPlanInput): TickPlan[] {
  const chain = input.chains.find((each) => each.root === root);
  if (chain === undefined) {
    throw new TradingError('E_STRATEGY_DATA', `${kind} of ${root} without a series of ${root}`, {
      details: { kind, root },
      rule: 'ticks come from the contract that a series of the product trades',
      fix: `declare a series of ${root} in \`requires\` too`,
    });
  }
  const { manifest } = input.dataset;
  const ofKind = manifest.segments.filter((entry) => entry.kind === kind && entry.rows > 0);
  const own = ofKind.filter((entry) => entry.root === root);
  if (own.length === 0) {
    const known = [...new Set(ofKind.map((entry) => entry.root))].sort();
    throw new TradingError('E_DATA_PRODUCT', `dataset ${manifest.name} has no ${kind} of ${root}`, {
      details: { root, kind, dataset: manifest.name, known },
      rule: known.length === 0 ? `it has no ${kind}` : `it has ${kind} of ${known.join(', ')}`,
      fix: `import ${kind} of ${root}, or choose a strategy that reads bars only`,
    });
  }
  const plans: TickPlan[] = [];
  const spanFromUs = (input.from - 1) * US_PER_DAY;
  const spanToUs = addDays(input.to, 1) * US_PER_DAY;
  chain.schedule.held.forEach((contractIndex, k) => {
    const { rolls } = chain.schedule;
    const fromUs = Math.max(spanFromUs, rolls[k - 1]?.effectiveUs ?? -Infinity);
    const toUs = Math.min(spanToUs, rolls[k]?.effectiveUs ?? Infinity);
    if (toUs <= fromUs) return;
    const contract = input.table.contractAt(contractIndex).id;
    const entries = own.filter((entry) => entry.contract === contract);
    checkSpan({ kind, contract, entries, fromUs, toUs }, own, input);
    if (entries.length === 0) return;
    const firstUs = Math.min(...entries.map((entry) => entry.firstUs));
    plans.push({
      kind,
      contractIndex,
      contract,
      fromUs: (kind === 'depth' ? Math.min(firstUs, fromUs) : fromUs) as TsUs,
      toUs: toUs as TsUs,
    });
  });
  return plans;
}

function checkSpan(
  wanted: {
    readonly kind: TickKind;
    readonly contract: ContractId;
    readonly entries: readonly SegmentEntry[];
    readonly fromUs: number;
    readonly toUs: number;
  },
  own: readonly SegmentEntry[],
  input: TickPlanInput,
): void {
  const { kind, contract, entries, fromUs, toUs } = wanted;
  // A contract that is held for less than a day may well have no tick.
  if (toUs <= fromUs + US_PER_DAY) return;
  const firstUs = Math.min(...entries.map((entry) => entry.firstUs));
  const lastUs = Math.max(...entries.map((entry) => entry.lastUs));
  // Its first and last days overlap with the span, and what lies between them is the source's business.
  if (entries.length > 0 && firstUs <= fromUs + SLACK_US && lastUs >= toUs - SLACK_US) return;
  const has = own
    .map((entry) => `${entry.contract} from ${isoOf(entry.firstUs)} to ${isoOf(entry.lastUs)}`)
    .join(', ');
  const { name } = input.dataset.manifest;
  throw new TradingError(
    'E_DATA_SPAN',
    `${name} has ${kind} of ${has}; asked ${contract} from ${isoOf(fromUs)} to ${isoOf(toUs)}`,
    {
      details: { kind, contract, from: toIsoDate(input.from), to: toIsoDate(input.to) },
      rule: `${kind} cover every traded contract of the span`,
      fix: 'choose dates inside it with --from and --to',
    },
  );
}

function isoOf(tsUs: number): string {
  return toIsoUtc(tsUs as TsUs).slice(0, 10);
}
