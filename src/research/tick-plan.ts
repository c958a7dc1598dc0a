/**
 * Which ticks a run reads: quotes, trades and depth of the traded contract of each product whose strategy declares them, and
 * what its venue matches on; or a clear refusal.
 */
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

/** What the orders of a product match on. `auto`: the finest that the dataset has of it. */
export const MATCHINGS = ['bars', 'trades', 'quotes', 'depth', 'mbo', 'auto'] as const;
export type Matching = (typeof MATCHINGS)[number];

/** Finest first, and what a venue reads to match on each. */
const MARKET_KINDS = {
  mbo: ['mbo'],
  depth: ['depth', 'trades'],
  quotes: ['quotes', 'trades'],
  trades: ['trades'],
} as const satisfies Partial<Record<Matching, readonly TickKind[]>>;

/** One feed of ticks, not yet opened. */
export interface TickPlan {
  readonly kind: TickKind;
  readonly contractIndex: number;
  readonly contract: ContractId;
  /** Depth begins with the first row of the contract: a book is the sum of all its changes. */
  readonly fromUs: TsUs;
  readonly toUs: TsUs;
  /** The strategy declared it. */
  readonly isDelivered: boolean;
  /** The venue matches on it. */
  readonly isMarket: boolean;
}

export interface TickPlanInput {
  /** What orders match on, by root; what is not named matches on bars. */
  readonly matching?: Readonly<Record<string, Exclude<Matching, 'auto'>>>;
  readonly dataset: Dataset;
  readonly requirements: DataRequirements;
  readonly table: ContractTable;
  readonly chains: readonly ChainInput[];
  readonly from: TradeDate;
  readonly to: TradeDate;
}

const KINDS = ['quotes', 'trades', 'depth'] as const satisfies readonly TickKind[];
/** A contract that was rolled out can still be closed on its ticks, and one that is rolled in has a price at the roll. */
const TAIL_US = 12 * US_PER_DAY;
const LEAD_US = 2 * US_PER_DAY;
/** A long weekend and some days without a tick at either end are no gap. */
const SLACK_US = 6 * US_PER_DAY;

/** Errors: E_STRATEGY_DATA without a series of the product, E_DATA_PRODUCT and E_DATA_SPAN where the data are not there. */
export function planTicks(input: TickPlanInput): TickPlan[] {
  const plans: TickPlan[] = [];
  for (const kind of KINDS)
    for (const root of new Set(input.requirements[kind] ?? []))
      plans.push(...planKind(kind, root, input));
  for (const [root, matching] of Object.entries(input.matching ?? {})) {
    if (matching === 'bars') continue;
    const [first, ...others] = MARKET_KINDS[matching];
    addMarket(plans, planKind(first, root, input, true));
    // Prints tell what traded at a price; a dataset without them matches on what it has.
    for (const kind of others)
      if (hasTicks(input.dataset, kind, root)) addMarket(plans, planKind(kind, root, input, true));
  }
  return plans;
}

/** What orders of a product match on: `auto` is the finest kind that the dataset has of it. */
export function matchingOf(
  matching: Matching,
  root: string,
  dataset: Dataset,
): Exclude<Matching, 'auto'> {
  if (matching !== 'auto') return matching;
  const kinds = ['mbo', 'depth', 'quotes', 'trades'] as const;
  return kinds.find((kind) => hasTicks(dataset, kind, root)) ?? 'bars';
}

function hasTicks(dataset: Dataset, kind: TickKind, root: string): boolean {
  return dataset.manifest.segments.some(
    (entry) => entry.kind === kind && entry.root === root && entry.rows > 0,
  );
}

/** One feed serves both, over the longer time of the two. */
function addMarket(plans: TickPlan[], market: readonly TickPlan[]): void {
  for (const plan of market) {
    const at = plans.findIndex(
      (each) => each.kind === plan.kind && each.contractIndex === plan.contractIndex,
    );
    if (at < 0) plans.push(plan);
    else plans[at] = { ...plan, isDelivered: plans[at]!.isDelivered };
  }
}

export function openTicks(plan: TickPlan, dataset: Dataset): TickFeed {
  const { kind, contractIndex, contract, isDelivered, isMarket } = plan;
  const use = { contractIndex, isDelivered, isMarket };
  const range = { contract, from: plan.fromUs, to: plan.toUs };
  switch (kind) {
    case 'quotes':
      return { kind, ...use, source: dataset.quotes(range) };
    case 'trades':
      return { kind, ...use, source: dataset.trades(range) };
    case 'depth':
      return { kind, ...use, source: dataset.depth(range) };
    case 'mbo':
      return { kind, ...use, source: dataset.mbo(range) };
  }
}

function planKind(
  kind: TickKind,
  root: string,
  input: TickPlanInput,
  isMarket: boolean = false,
): TickPlan[] {
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
      fix: isMarket
        ? `import ${kind} of ${root}, or let its orders match on what there is: --matching auto`
        : `import ${kind} of ${root}, or choose a strategy that reads bars only`,
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
    const isBook = kind === 'depth' || kind === 'mbo';
    const same = isMarket ? plans.findIndex((plan) => plan.contractIndex === contractIndex) : -1;
    plans.splice(same < 0 ? plans.length : same, same < 0 ? 0 : 1, {
      kind,
      contractIndex,
      contract,
      fromUs: (isBook
        ? Math.min(firstUs, fromUs)
        : Math.min(plans[same]?.fromUs ?? Infinity, isMarket ? fromUs - LEAD_US : fromUs)) as TsUs,
      toUs: (isMarket ? toUs + TAIL_US : toUs) as TsUs,
      isDelivered: !isMarket,
      isMarket,
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
