/**
 * From "this strategy on these products over these dates" to the parts an engine is built from: contracts, chains, series
 * and the bar feeds that each needs. Reads the catalog's manifest and the daily closes; no engine, no fills.
 */
import type { BarColumns, BarInterval } from '../core/bars.ts';
import { intervalUs } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import type {
  ContractDates,
  ContractId,
  ContractSpec,
  InstrumentSpec,
} from '../core/instrument.ts';
import { ContractTable } from '../core/instrument.ts';
import type { BarSource, CalendarSource, TradingCalendar } from '../core/ports.ts';
import type { RollRule, RollSchedule } from '../core/roll.ts';
import { neighboursOf } from '../core/chain.ts';
import { cyclesOf } from '../core/listing.ts';
import { contractAtDepth, describeRollRule } from '../core/roll.ts';
import { needsOpenInterest, needsVolume } from '../core/rolls/check.ts';
import type { FillCost } from '../core/rolls/cost.ts';
import { rollCost } from '../core/rolls/cost.ts';
import type { DataRequirements, SeriesRequest } from '../core/strategy.ts';
import { toContractId } from '../core/symbology.ts';
import { addDays, parseTradeDate, toIsoDate } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { US_PER_DAY, US_PER_SECOND } from '../core/units.ts';
import type { Dataset } from '../data/catalog.ts';
import type { DatasetManifest, SegmentEntry } from '../data/manifest.ts';
import { hasOpenInterest, readOpenInterest } from '../data/open-interest.ts';
import type { OpenInterestReadings, RollInput, SessionCloses } from '../data/roll.ts';
import { buildRollSchedule, defaultRollRule, holdChain } from '../data/roll.ts';
import type { GivenCalendar } from '../data/ingest/pysystemtrade.ts';
import { givenCalendarOf, givenScheduleOf } from '../data/ingest/pysystemtrade.ts';
import type { ChainInput, SeriesInput, TickFeed } from '../engine/config.ts';
import type { BuiltSize } from './built-series.ts';
import { builtSizes, builtSource } from './built-series.ts';
import type { CurveNeighbours } from './curve-plan.ts';
import { carryOffsetOf, curveContracts, curveNeighbours, curveTable } from './curve-plan.ts';
import { rollNotes } from './roll-notes.ts';
import type { Matching, TickPlan } from './tick-plan.ts';
import { matchingOf, openTicks, planTicks } from './tick-plan.ts';

/** One feed of bars, not yet opened, so that a second run can open it again. */
export interface FeedPlan {
  readonly contractIndex: number;
  readonly contract: ContractId;
  readonly interval: BarInterval;
  /** The stored bars that these are built from, where the dataset has none of this size. */
  readonly builtFrom?: BarInterval;
  readonly isExecution: boolean;
  readonly isVolumeKnown: boolean;
  /** Bars with openUs >= fromUs and closeUs <= toUs. */
  readonly fromUs: TsUs;
  readonly toUs: TsUs;
}

export interface RunPlan {
  readonly table: ContractTable;
  /** By row of `table.instruments`. */
  readonly calendars: readonly TradingCalendar[];
  readonly chains: readonly ChainInput[];
  readonly series: readonly SeriesInput[];
  readonly feeds: readonly FeedPlan[];
  readonly from: TradeDate;
  readonly to: TradeDate;
  /** Products whose data begin inside the run: they warm up while others trade. */
  readonly joinsLate: readonly string[];
  /** The bars that match orders, by root. */
  readonly executionInterval: Readonly<Record<string, BarInterval>>;
  /** What orders match on, by root. */
  readonly matching: Readonly<Record<string, Exclude<Matching, 'auto'>>>;
  readonly segments: readonly SegmentEntry[];
  readonly notes: readonly { readonly code: string; readonly message: string }[];
  /** `record` where the data are samples: the old contract has no price after its roll. */
  readonly rollFills: 'market' | 'record';
  /** Quotes, trades and depth of the traded contracts, where the strategy declares them. */
  readonly ticks: readonly TickPlan[];
  open(feed: FeedPlan): BarSource;
  openTicks(ticks: TickPlan): TickFeed;
}

export interface PlanInput {
  readonly dataset: Dataset;
  readonly specs: ReadonlyMap<string, InstrumentSpec>;
  readonly calendars: CalendarSource;
  /** Calendar of a product whose stamps are only labels, from the labels of its daily samples if there are any. */
  readonly labelCalendar: (dayEnds: Float64Array | undefined) => TradingCalendar;
  readonly requirements: DataRequirements;
  readonly roots: readonly string[];
  /** `YYYY-MM-DD`; the whole dataset when not given. */
  readonly from?: string;
  readonly to?: string;
  /** Overrides the choice of the bars that match orders. */
  readonly execution?: BarInterval;
  /** What orders match on. Default `bars`. */
  readonly matching?: Matching;
  /** Cost of one fill of one contract, for the roll records. */
  readonly fillCost?: (spec: InstrumentSpec) => FillCost;
  /** Published open interest of a contract, for rules that read it; the dataset's own where not given. */
  readonly openInterest?: (contract: ContractId) => OpenInterestReadings | null;
}

/** How long after it rolled out a contract is still fed, so that its position can be closed and its orders ended. */
const TAIL_US = 12 * US_PER_DAY;

/** Errors: E_INSTRUMENT_UNKNOWN, E_DATA_PRODUCT, E_DATA_SPAN, E_ROLL_SCHEDULE, E_STRATEGY_DATA. */
export function planRun(input: PlanInput): RunPlan {
  const requests = input.requirements.series;
  if (requests.length === 0) {
    throw new TradingError('E_STRATEGY_DATA', 'the strategy declares no series', {
      rule: 'a strategy reads at least one series of bars',
    });
  }
  const roots = [...new Set(requests.map((request) => request.root))];
  const products = roots.map((root) => withBuilt(productOf(root, input), input));
  const span = spanOf(products, requests, input);
  const contracts: ContractSpec[] = [];
  const schedules = new Map<string, RollSchedule>();
  const notes: { code: string; message: string }[] = [
    ...span.notes,
    ...products.flatMap(builtNotes),
  ];
  // Contracts whose open interest of the dataset a rule reads.
  const interestOf = new Set<ContractId>();
  const ruleOf = (request: SeriesRequest, product: Product): RollRule =>
    product.given !== null
      ? { kind: 'given', name: product.given.name }
      : (request.roll ?? defaultRollRule(product.spec));
  for (const product of products) {
    const since = latestOf(span.warmFrom, joinOf(product, input.requirements));
    const chain = chainOf(product, since, span.to, input.calendars);
    const offset = contracts.length;
    contracts.push(...chain, ...besidesOf(product, chain, requests, input.calendars));
    const closes = new DailyCloses(product, chain, input.dataset);
    for (const request of requests.filter((each) => each.root === product.root)) {
      const rule = ruleOf(request, product);
      const key = chainKey(product.root, rule);
      if (product.given !== null && request.roll !== undefined)
        notes.push(givenNote(product, request.roll));
      if (schedules.has(key)) continue;
      const interest = openInterestFor(rule, product.root, input);
      if (interest !== undefined && input.openInterest === undefined)
        for (const { id } of chain) interestOf.add(id);
      checkRollData(rule, product.root, input.dataset.manifest, interest !== undefined);
      const indexOf = (id: ContractId): number =>
        offset + chain.findIndex((contract) => contract.id === id);
      schedules.set(
        key,
        givenSchedule(product, span, indexOf, input) ??
          buildRollSchedule({
            root: product.root,
            chain,
            rule,
            calendar: product.calendar,
            dailyCloses: (index) => closes.of(index - offset),
            from: since,
            to: span.to,
            indexOf,
            ...rollExtras(
              { ...input, ...(interest === undefined ? {} : { openInterest: interest }) },
              product.spec,
              chain,
              offset,
            ),
          }),
      );
      notes.push(...rollNotes(schedules.get(key)!));
      if (schedules.get(key)!.looksAhead === true) notes.push(lookAheadNote(product.root, rule));
    }
  }
  const table = new ContractTable(
    products.map((product) => product.spec),
    contracts,
  );
  const chainKeys = [...schedules.keys()];
  const chains = chainKeys.map((key) => ({
    root: key.slice(0, key.indexOf('/')),
    schedule: schedules.get(key)!,
  }));
  const series = requests.map((request): SeriesInput => {
    const product = products.find((each) => each.root === request.root)!;
    return {
      key: request.key ?? `${request.root}:${request.bars}`,
      root: request.root,
      chainIndex: chainKeys.indexOf(chainKey(request.root, ruleOf(request, product))),
      interval: request.bars,
      adjust: request.adjust ?? 'back-difference',
      depth: request.depth ?? 0,
      history: Math.max(2, request.history ?? 2),
      warmUp: request.warmUp ?? 0,
      ...(wantsCurve(request)
        ? { curve: curveTable(table, request.root, nearOf(product, table.contracts, request)) }
        : {}),
    };
  });
  const feeds = new FeedPlanner({ input, products, table, chains, series, span });
  const planned = feeds.plan();
  const { dataset, requirements } = input;
  const matching = Object.fromEntries(
    roots.map((root) => [root, matchingOf(input.matching ?? 'bars', root, dataset)]),
  );
  const { from, to } = span;
  const ticks = planTicks({ dataset, requirements, table, chains, from, to, matching });
  return {
    table,
    calendars: products.map((product) => product.calendar),
    chains,
    series,
    feeds: planned.feeds,
    from: span.from,
    to: span.to,
    joinsLate: products.filter((each) => each.first > span.from).map((each) => each.root),
    executionInterval: planned.execution,
    matching,
    segments: segmentsOf(planned.feeds, ticks, interestOf, input.dataset),
    notes,
    ticks,
    openTicks: (each) => openTicks(each, dataset),
    rollFills: input.dataset.manifest.stamps === 'labels' ? 'record' : 'market',
    open: (feed) => {
      const source = input.dataset.bars({
        contract: feed.contract,
        interval: feed.builtFrom ?? feed.interval,
        from: feed.fromUs,
        to: feed.toUs,
      });
      if (feed.builtFrom !== undefined) return openBuilt(source, feed, products, table);
      return input.dataset.manifest.stamps === 'labels' ? asSamples(source) : source;
    },
  };
}

/** With the bar sizes that the strategy asks for and that smaller bars can make. */
function withBuilt(product: Product, input: PlanInput): Product {
  const { requirements, dataset } = input;
  const built = builtSizes(product.root, product.segments, requirements.series, dataset.manifest);
  return { ...product, built };
}

function builtNotes({ root, built = [] }: Product): RunPlan['notes'][number][] {
  return built.map(({ interval, from }) => ({
    code: 'N_SERIES_BUILT',
    message: `the data have no ${interval} bars of ${root}: they are built from its ${from} bars`,
  }));
}

function openBuilt(
  source: BarSource,
  feed: FeedPlan,
  products: readonly Product[],
  table: ContractTable,
): BarSource {
  const { root } = table.contractAt(feed.contractIndex);
  const product = products.find((each) => each.root === root)!;
  const lastUs = Math.max(...sizeOf(product, feed.interval).map((segment) => segment.lastUs));
  return builtSource(source, {
    interval: feed.interval,
    calendar: product.calendar,
    fromUs: feed.fromUs,
    knownUs: Math.min(feed.toUs, lastUs),
  });
}

/** Segments of one bar size of a product, stored or built. */
function sizeOf({ segments, built = [] }: Product, interval: BarInterval): readonly SegmentEntry[] {
  const own = built.find((size) => size.interval === interval);
  return own?.segments ?? segments.filter((segment) => segment.interval === interval);
}

function wantsCurve(request: SeriesRequest): boolean {
  return request.curve !== undefined && request.curve !== false;
}

function nearOf(
  product: Product,
  contracts: readonly ContractSpec[],
  request: SeriesRequest,
): (contract: ContractSpec) => CurveNeighbours {
  const held = new Set(
    product.given === null
      ? []
      : [product.given.first, ...product.given.rolls.map((roll) => roll.to)],
  );
  const chain = product.given === null ? null : contracts.filter(({ id }) => held.has(id));
  const usual = usualCarryOffset(product);
  const named = product.given?.carry;
  return (contract) => curveNeighbours(contract, product.spec, request, chain, usual, named);
}

/** On which side carry is measured where nobody says. */
export function usualCarryOffset(product: Pick<Product, 'spec' | 'given' | 'segments'>): 1 | -1 {
  const lastUs = new Map<ContractId, number>();
  if (product.given !== null && product.spec.carryOffset === undefined)
    for (const segment of product.segments)
      lastUs.set(
        segment.contract,
        Math.max(lastUs.get(segment.contract) ?? -Infinity, segment.lastUs),
      );
  return carryOffsetOf(product.spec, product.given, (id) => lastUs.get(id) ?? null);
}

/** Contracts of the curve that the chain does not hold. */
function besidesOf(
  product: Product,
  chain: readonly ContractSpec[],
  requests: readonly SeriesRequest[],
  calendars: CalendarSource,
): ContractSpec[] {
  const asked = requests.filter((each) => each.root === product.root && wantsCurve(each));
  const have = new Set(product.segments.map((segment) => segment.contract));
  const ids = asked.flatMap((request) =>
    curveContracts(chain, nearOf(product, chain, request), (id) => have.has(id)),
  );
  return [...new Set(ids)].map((id) => givenContract(id, product, calendars));
}

/** The part of a given schedule that the span needs: rolls before it only say what is held at its start. */
function givenSchedule(
  product: Product,
  span: Span,
  indexOf: (id: ContractId) => number,
  input: Pick<PlanInput, 'dataset' | 'fillCost'>,
): RollSchedule | null {
  const { dataset, fillCost } = input;
  const { spec } = product;
  const cost = fillCost === undefined ? undefined : rollCost(spec, fillCost(spec));
  const whole = givenScheduleOf(dataset.manifest, product.root, indexOf, cost);
  if (whole === null) return null;
  const first = whole.rolls.findIndex((roll) => roll.tradeDate >= span.warmFrom);
  const start = first < 0 ? whole.rolls.length : first;
  const end = whole.rolls.findIndex((roll) => roll.tradeDate > span.to);
  const stop = end < 0 ? whole.rolls.length : end;
  return {
    ...whole,
    held: whole.held.slice(start, stop + 1),
    rolls: whole.rolls.slice(start, stop),
  };
}

/**
 * The rows of a label dataset are one price at one label, not intervals: an order sent after the label before it meets
 * that price at that label, and is dated so.
 */
function asSamples(source: BarSource): BarSource {
  return {
    next: () => {
      const batch = source.next();
      return batch === null ? null : { ...batch, openUs: batch.closeUs };
    },
    close: () => source.close(),
  };
}

/** Carry contracts for a schedule; costs and open interest, where somebody gave them. */
export function rollExtras(
  input: Pick<PlanInput, 'fillCost' | 'openInterest'>,
  spec: InstrumentSpec,
  chain: readonly ContractSpec[],
  offset: number,
): Partial<RollInput> {
  const { fillCost, openInterest } = input;
  const cost = fillCost === undefined ? null : rollCost(spec, fillCost(spec));
  const cycles = cyclesOf(spec);
  const carryOf = (position: number): { id: ContractId; closes: null } | null => {
    const { carry } = neighboursOf(chain[position]!, cycles, spec.carryOffset ?? 1);
    if (carry === null) return null;
    return { id: toContractId(spec.root, carry.year, carry.month), closes: null };
  };
  return {
    costOf: () => cost,
    carryOf,
    ...(openInterest === undefined
      ? {}
      : { openInterest: (index: number) => openInterest(chain[index - offset]!.id) }),
  };
}

/** Open interest that a rule reads: what was given, else what the dataset has; undefined where neither is there. */
export function openInterestFor(
  rule: RollRule,
  root: string,
  input: Pick<PlanInput, 'dataset' | 'openInterest'>,
): PlanInput['openInterest'] {
  if (!needsOpenInterest(rule)) return undefined;
  if (input.openInterest !== undefined) return input.openInterest;
  if (!hasOpenInterest(input.dataset, root)) return undefined;
  return (contract) => readOpenInterest(input.dataset, contract);
}

/** Errors: E_ROLL_DATA where the dataset says that its volumes are none, or has no open interest. */
export function checkRollData(
  rule: RollRule,
  root: string,
  manifest: DatasetManifest,
  hasInterest: boolean,
): void {
  const words = describeRollRule(rule);
  if (needsOpenInterest(rule) && !hasInterest)
    throw new TradingError(
      'E_ROLL_DATA',
      `${words} needs open interest, and ${manifest.name} has none of ${root}`,
      {
        details: { root, rule: words, missing: 'open interest', dataset: manifest.name },
        rule: 'an open-interest rule compares published open interest of both contracts',
        fix: `import it: frontmonth data import <file> --format open-interest --instrument ${root} --into ${manifest.name}; or use a calendar or volume rule`,
      },
    );
  if (!needsVolume(rule) || manifest.volume === 'known') return;
  throw new TradingError(
    'E_ROLL_DATA',
    `${words} reads volumes, and ${manifest.name} states that its volume is ${manifest.volume}`,
    {
      details: { root, rule: words, missing: 'volume', dataset: manifest.name },
      rule: 'a volume rule needs the session volumes of both contracts',
      fix: 'use a calendar rule for this dataset, or import data with volumes',
    },
  );
}

function givenNote(product: Product, asked: RollRule): RunPlan['notes'][number] {
  return {
    code: 'W_ROLL_GIVEN',
    message: `${product.root} is rolled by the calendar ${product.given!.name} that came with its data, not by ${describeRollRule(asked)} as the strategy asks`,
  };
}

function lookAheadNote(root: string, rule: RollRule): RunPlan['notes'][number] {
  return {
    code: 'W_ROLL_LOOKS_AHEAD',
    message: `${root}: the dates of ${describeRollRule(rule)} were chosen with later prices, so this result could not have been had live`,
  };
}

function chainKey(root: string, rule: RollRule): string {
  return `${root}/${describeRollRule(rule)}`;
}

export interface Product {
  readonly root: string;
  readonly spec: InstrumentSpec;
  readonly calendar: TradingCalendar;
  readonly segments: readonly SegmentEntry[];
  /** Bar sizes that no segment has and a strategy asks for. */
  readonly built?: readonly BuiltSize[];
  readonly given: GivenCalendar | null;
  readonly first: TradeDate;
  readonly last: TradeDate;
}

export function productOf(
  root: string,
  input: Pick<PlanInput, 'specs' | 'dataset' | 'calendars' | 'labelCalendar'>,
): Product {
  const spec = input.specs.get(root);
  if (spec === undefined) {
    throw new TradingError('E_INSTRUMENT_UNKNOWN', `there is no product ${root}`, {
      details: { root, known: [...input.specs.keys()] },
      fix: 'list the products with: frontmonth contracts',
    });
  }
  const { manifest } = input.dataset;
  const segments = manifest.segments.filter(
    (segment) => segment.root === root && segment.kind === 'bars',
  );
  if (segments.length === 0) {
    const withBars = manifest.segments.filter((segment) => segment.kind === 'bars');
    const known = [...new Set(withBars.map((segment) => segment.root))].sort();
    const hasTrades = manifest.segments.some(
      (segment) => segment.root === root && segment.kind === 'trades' && segment.rows > 0,
    );
    throw new TradingError('E_DATA_PRODUCT', `dataset ${manifest.name} has no bars of ${root}`, {
      details: { root, dataset: manifest.name, known },
      rule: known.length === 0 ? 'it has no bars' : `it has bars of ${known.join(', ')}`,
      fix: hasTrades
        ? `build them from its trades: frontmonth data resample ${manifest.name} --from trades --to 1m`
        : known.length === 0
          ? `import bars of ${root}`
          : `choose among them with --instruments, or import ${root}`,
    });
  }
  const calendar =
    manifest.stamps === 'labels'
      ? input.labelCalendar(dayEndsOf(segments, input.dataset))
      : input.calendars.forInstrument(spec);
  const firstUs = Math.min(...segments.map((segment) => segment.firstUs)) as TsUs;
  const lastUs = Math.max(...segments.map((segment) => segment.lastUs)) as TsUs;
  return {
    root,
    spec,
    calendar,
    segments,
    given: givenCalendarOf(manifest, root),
    first: calendar.tradeDateOf(firstUs),
    last: calendar.tradeDateOf((lastUs - 1) as TsUs),
  };
}

/** Labels of the daily samples of a product, of all its contracts; undefined where there are none. */
function dayEndsOf(segments: readonly SegmentEntry[], dataset: Dataset): Float64Array | undefined {
  const daily = segments.filter((segment) => segment.interval === '1d');
  if (daily.length === 0) return undefined;
  const labels = new Set<number>();
  for (const contract of new Set(daily.map((segment) => segment.contract))) {
    const source = dataset.bars({ contract, interval: '1d' });
    for (let batch = source.next(); batch !== null; batch = source.next()) {
      for (let i = 0; i < batch.length; i += 1) labels.add(batch.closeUs[i]!);
    }
    source.close();
  }
  return Float64Array.from(labels).sort();
}

interface Span {
  readonly warmFrom: TradeDate;
  readonly from: TradeDate;
  readonly to: TradeDate;
  readonly notes: readonly { readonly code: string; readonly message: string }[];
}

function spanOf(
  products: readonly Product[],
  requests: readonly SeriesRequest[],
  input: PlanInput,
): Span {
  const isStaggered = input.requirements.joins === 'staggered';
  const firsts = products.map((product) => product.first);
  let first = (isStaggered ? Math.min(...firsts) : Math.max(...firsts)) as TradeDate;
  let last = Math.min(...products.map((product) => product.last)) as TradeDate;
  const notes: { code: string; message: string }[] = [];
  const sizes = requests.map((request) => sizeSpanOf(request, products));
  if (input.from === undefined && !isStaggered) {
    const begin = latest(sizes, first);
    if (begin !== null) {
      notes.push(shortened(begin, `the run begins there, at ${toIsoDate(begin.first)}`));
      first = begin.first;
    }
  }
  if (input.to === undefined) {
    const end = earliest(sizes, last);
    if (end !== null) {
      notes.push(shortened(end, `the run ends there, at ${toIsoDate(end.last)}`));
      last = end.last;
    }
  }
  const asked = input.from === undefined ? null : parseTradeDate(input.from);
  const to = input.to === undefined ? last : parseTradeDate(input.to);
  const beyond = products.find(
    (each) =>
      (asked ?? first) < (isStaggered ? first : each.first) ||
      to > each.last ||
      to < each.first ||
      (asked ?? first) > to,
  );
  if (beyond !== undefined || first > last) {
    const has = products.map(
      (each) => `${each.root} from ${toIsoDate(each.first)} to ${toIsoDate(each.last)}`,
    );
    throw new TradingError(
      'E_DATA_SPAN',
      `${input.dataset.manifest.name} has ${has.join(', ')}; asked ${input.from ?? 'from its start'} to ${input.to ?? 'its end'}`,
      {
        details: {
          first: toIsoDate(first),
          last: toIsoDate(last),
          from: input.from ?? null,
          to: input.to ?? null,
        },
        rule: isStaggered
          ? '--from and --to are trade dates in order, from the first bar of any product to the end of all'
          : '--from and --to are trade dates inside the data of every product, in order',
        fix: `--from ${toIsoDate(first)} --to ${toIsoDate(last)}`,
      },
    );
  }
  const warmDays = Math.max(...requests.map((request) => warmUpDays(request)));
  let from = asked ?? first;
  let warmFrom = addDays(from, -warmDays);
  if (asked === null) {
    warmFrom = first;
    from = Math.min(addDays(first, warmDays), last) as TradeDate;
  } else if (warmFrom < first && warmDays > 0) {
    warmFrom = first;
    notes.push({
      code: 'W_WARM_UP_SHORT',
      message: `the data begin ${toIsoDate(first)}: fewer bars for the warm-up than the strategy asked for`,
    });
  }
  const late = products.filter((product) => product.first > from);
  if (late.length > 0)
    notes.push({
      code: 'W_PRODUCT_JOINS',
      message: `the run begins before the data of ${late.map((each) => `${each.root} (${toIsoDate(each.first)})`).join(', ')}: each joins with its first bar and warms up inside the run`,
    });
  return { warmFrom, from, to, notes };
}

/** The first date from which the run reads a product; of products that begin together the span decides. */
function joinOf(product: Product, requirements: DataRequirements): TradeDate {
  return requirements.joins === 'staggered' ? product.first : (-Infinity as TradeDate);
}

function latestOf(a: TradeDate, b: TradeDate): TradeDate {
  return a > b ? a : b;
}

/** Trade dates in which a product has bars of one size. */
interface SizeSpan {
  readonly root: string;
  readonly bars: BarInterval;
  readonly first: TradeDate;
  readonly last: TradeDate;
}

/** Sizes of one product that begin or end this close together cover the same span. Units: days. */
const SAME_SPAN_DAYS = 6;

/** Null where the dataset has no bars of this size at all: that is told later, with the sizes that it has. */
function sizeSpanOf(request: SeriesRequest, products: readonly Product[]): SizeSpan | null {
  const { root, bars } = request;
  const product = products.find((each) => each.root === root)!;
  const own = sizeOf(product, bars);
  if (own.length === 0) return null;
  const dateOf = (us: number): TradeDate => product.calendar.tradeDateOf(us as TsUs);
  return {
    root,
    bars,
    first: dateOf(Math.min(...own.map((segment) => segment.firstUs))),
    last: dateOf(Math.max(...own.map((segment) => segment.lastUs)) - 1),
  };
}

/** The size that begins last, when that is later than the data. */
function latest(sizes: readonly (SizeSpan | null)[], first: TradeDate): SizeSpan | null {
  return sizes.reduce(
    (best, size) =>
      size !== null && size.first > (best?.first ?? first + SAME_SPAN_DAYS) ? size : best,
    null,
  );
}

function earliest(sizes: readonly (SizeSpan | null)[], last: TradeDate): SizeSpan | null {
  return sizes.reduce(
    (best, size) =>
      size !== null && size.last < (best?.last ?? last - SAME_SPAN_DAYS) ? size : best,
    null,
  );
}

function shortened(size: SizeSpan, what: string): { code: string; message: string } {
  const { root, bars, first, last } = size;
  return {
    code: 'W_SPAN_BARS',
    message: `the data have ${bars} bars of ${root} from ${toIsoDate(first)} to ${toIsoDate(last)} only: ${what}`,
  };
}

/** Calendar days that surely hold the warm-up of a request: weekends, holidays and short sessions counted in. */
function warmUpDays(request: SeriesRequest): number {
  const bars = request.warmUp ?? 0;
  if (bars === 0) return 0;
  const length = intervalUs(request.bars);
  // Six hours: the shortest regular session of a product group. A date has at least that many bars.
  const tradeDates =
    length >= US_PER_DAY
      ? bars * (length / US_PER_DAY)
      : Math.ceil((bars * length) / (6 * 3_600_000_000));
  return Math.ceil((tradeDates * 7) / 5) + 5 + Math.ceil(tradeDates / 20);
}

/** Contracts that the chain can hold: those of the given calendar, or the hold cycle as far as the dataset has it. */
export function chainOf(
  product: Product,
  from: TradeDate,
  to: TradeDate,
  calendars: CalendarSource,
): ContractSpec[] {
  if (product.given === null) {
    const have = new Set(product.segments.map((segment) => segment.contract));
    const chain = holdChain({ spec: product.spec, calendars, from, to });
    // Contracts listed beyond the data are not a hole; a missing one between two others is, and the schedule says so.
    while (chain.length > 0 && !have.has(chain.at(-1)!.id)) chain.pop();
    return chain;
  }
  const ids = [product.given.first, ...product.given.rolls.map((roll) => roll.to)];
  return [...new Set(ids)].map((id) => givenContract(id, product, calendars));
}

/**
 * A contract of a given roll calendar: exact dates by the exchange's rule, but never before its last row of data. Where
 * the product has no calendar, or did not exist yet, the last row of data is the last trade.
 */
function givenContract(id: ContractId, product: Product, calendars: CalendarSource): ContractSpec {
  const year = Number(id.slice(-4));
  const month = 'FGHJKMNQUVXZ'.indexOf(id.slice(-5, -4)) + 1;
  const dates = exactDates(product.spec, year, month, calendars);
  const lastRow = Math.max(
    ...product.segments
      .filter((segment) => segment.contract === id)
      .map((segment) => segment.lastUs),
  );
  return {
    id,
    root: product.root,
    year,
    month,
    dates:
      dates !== null && lastRow < dates.lastTradeUs
        ? dates
        : {
            kind: 'approximate',
            lastTradeDate: product.calendar.tradeDateOf((lastRow - 1) as TsUs),
            // The position still leaves it at the price of that row, a moment later.
            lastTradeUs: (lastRow + US_PER_SECOND) as TsUs,
            firstNoticeDate: dates?.firstNoticeDate ?? null,
          },
  };
}

function exactDates(
  spec: InstrumentSpec,
  year: number,
  month: number,
  calendars: CalendarSource,
): ContractDates | null {
  try {
    return calendars.contractDates(spec, year, month);
  } catch (error) {
    // Only what came with its own roll calendar and its own trade dates can do without the exchange's. Long histories are
    // spliced: what stands as ES before 1997 is the larger contract that came before it.
    const canDoWithout = ['E_CALENDAR_UNKNOWN', 'E_CONTRACT_UNLISTED'];
    if (error instanceof TradingError && canDoWithout.includes(error.code)) return null;
    throw error;
  }
}

/** Session closes of the contracts of one chain, from day bars, or from the last bar of each session. */
export class DailyCloses {
  readonly #product: Product;
  readonly #chain: readonly ContractSpec[];
  readonly #dataset: Dataset;

  constructor(product: Product, chain: readonly ContractSpec[], dataset: Dataset) {
    this.#product = product;
    this.#chain = chain;
    this.#dataset = dataset;
  }

  of(position: number): SessionCloses | null {
    const { id } = this.#chain[position]!;
    const intervals = new Set(
      this.#product.segments
        .filter((segment) => segment.contract === id)
        .map((segment) => segment.interval!),
    );
    if (intervals.size === 0) return null;
    const coarsest = [...intervals].sort((a, b) => intervalUs(b) - intervalUs(a))[0]!;
    const source = this.#dataset.bars({ contract: id, interval: coarsest });
    const rows = {
      closeUs: [] as number[],
      close: [] as number[],
      volume: [] as number[],
      date: NaN,
    };
    for (let batch = source.next(); batch !== null; batch = source.next()) {
      this.#collect(batch, rows);
    }
    source.close();
    return {
      length: rows.closeUs.length,
      closeUs: Float64Array.from(rows.closeUs),
      close: Float64Array.from(rows.close),
      volume: Float64Array.from(rows.volume),
    };
  }

  #collect(
    batch: BarColumns,
    rows: { closeUs: number[]; close: number[]; volume: number[]; date: number },
  ): void {
    for (let i = 0; i < batch.length; i += 1) {
      const date = this.#product.calendar.tradeDateOf((batch.closeUs[i]! - 1) as TsUs);
      const volume = batch.volume[i]!;
      if (date === rows.date) {
        const last = rows.closeUs.length - 1;
        rows.closeUs[last] = batch.closeUs[i]!;
        rows.close[last] = batch.close[i]!;
        rows.volume[last]! += volume;
      } else {
        rows.date = date;
        rows.closeUs.push(batch.closeUs[i]!);
        rows.close.push(batch.close[i]!);
        rows.volume.push(volume);
      }
    }
  }
}

interface FeedPlannerInput {
  readonly input: PlanInput;
  readonly products: readonly Product[];
  readonly table: ContractTable;
  readonly chains: readonly ChainInput[];
  readonly series: readonly SeriesInput[];
  readonly span: Span;
}

/** Which bars of which contract, from when to when. */
class FeedPlanner {
  readonly #in: FeedPlannerInput;

  constructor(input: FeedPlannerInput) {
    this.#in = input;
  }

  plan(): { feeds: FeedPlan[]; execution: Record<string, BarInterval> } {
    const execution: Record<string, BarInterval> = {};
    const feeds = new Map<string, { -readonly [K in keyof FeedPlan]: FeedPlan[K] }>();
    for (const product of this.#in.products) {
      const chosen = this.#executionInterval(product);
      execution[product.root] = chosen;
      for (const [chainIndex, chain] of this.#in.chains.entries()) {
        if (chain.root !== product.root) continue;
        const wanted = this.#in.series.filter((series) => series.chainIndex === chainIndex);
        chain.schedule.held.forEach((_, k) => {
          for (const { interval, depth } of [...wanted, { interval: chosen, depth: 0 }]) {
            const contractIndex = contractAtDepth(chain.schedule, k, depth);
            if (contractIndex < 0) continue;
            if (interval === chosen && this.#isWarmUpOnly(product, chain, k, contractIndex, chosen))
              continue;
            this.#add(feeds, chain, {
              contractIndex,
              firstSegment: k,
              lastSegment: k,
              interval,
              isExecution: interval === chosen,
            });
          }
        });
      }
    }
    this.#addCurves(feeds, execution);
    for (const chain of this.#in.chains) this.#addUnderway(feeds, chain, execution[chain.root]!);
    return { feeds: [...feeds.values()], execution };
  }

  /** Neighbours of the contracts that a series with a curve stands on, with the bars that match orders: spreads can trade. */
  #addCurves(
    feeds: Map<string, { -readonly [K in keyof FeedPlan]: FeedPlan[K] }>,
    execution: Readonly<Record<string, BarInterval>>,
  ): void {
    for (const { curve, interval, chainIndex, depth } of this.#in.series) {
      if (curve === undefined) continue;
      const chain = this.#in.chains[chainIndex]!;
      chain.schedule.held.forEach((_, k) => {
        const own = contractAtDepth(chain.schedule, k, depth);
        if (own < 0) return;
        const chosen = execution[chain.root]!;
        for (const contractIndex of [curve.forward[own]!, curve.previous[own]!, curve.carry[own]!])
          for (const each of new Set([interval, chosen]))
            if (contractIndex >= 0 && this.#has(contractIndex, each))
              this.#add(feeds, chain, {
                contractIndex,
                firstSegment: k,
                lastSegment: k,
                interval: each,
                isExecution: each === chosen,
              });
      });
    }
  }

  #has(contractIndex: number, interval: BarInterval): boolean {
    const { id } = this.#in.table.contractAt(contractIndex);
    return this.#in.products.some((product) =>
      sizeOf(product, interval).some((segment) => segment.contract === id),
    );
  }

  /** Held before the first date only, and without the bars that match orders there: no order can meet them. */
  #isWarmUpOnly(
    product: Product,
    chain: ChainInput,
    held: number,
    contractIndex: number,
    interval: BarInterval,
  ): boolean {
    const outUs = chain.schedule.rolls[held]?.effectiveUs ?? Infinity;
    if (outUs > startOf(this.#in.span.from) + US_PER_DAY) return false;
    const { id } = this.#in.table.contractAt(contractIndex);
    return !sizeOf(product, interval).some((segment) => segment.contract === id);
  }

  /** The contract into which a roll has begun at the end of the data. */
  #addUnderway(
    feeds: Map<string, { -readonly [K in keyof FeedPlan]: FeedPlan[K] }>,
    chain: ChainInput,
    interval: BarInterval,
  ): void {
    const { underway, held } = chain.schedule;
    if (underway === undefined) return;
    const lastSegment = held.length - 1;
    const contractIndex = underway.toIndex;
    this.#add(feeds, chain, {
      contractIndex,
      firstSegment: lastSegment,
      lastSegment,
      interval,
      isExecution: true,
    });
  }

  #add(
    feeds: Map<string, { -readonly [K in keyof FeedPlan]: FeedPlan[K] }>,
    chain: ChainInput,
    wanted: {
      readonly contractIndex: number;
      readonly firstSegment: number;
      readonly lastSegment: number;
      readonly interval: BarInterval;
      readonly isExecution: boolean;
    },
  ): void {
    const { contractIndex, firstSegment, lastSegment, interval, isExecution } = wanted;
    const { rolls } = chain.schedule;
    const contract = this.#in.table.contractAt(contractIndex);
    // A roll in parts opens the new contract before the chain stands on it.
    const into = rolls[firstSegment - 1];
    const fromUs = (
      into === undefined
        ? startOf(this.#in.span.warmFrom)
        : (into.parts?.[0]?.atUs ?? into.effectiveUs)
    ) as TsUs;
    const outUs = rolls[lastSegment]?.effectiveUs ?? startOf(addDays(this.#in.span.to, 2));
    const toUs = (
      isExecution && rolls[lastSegment] !== undefined ? outUs + TAIL_US : outUs
    ) as TsUs;
    const key = `${contractIndex}/${interval}`;
    const known = feeds.get(key);
    if (known !== undefined) {
      known.fromUs = Math.min(known.fromUs, fromUs) as TsUs;
      known.toUs = Math.max(known.toUs, toUs) as TsUs;
      return;
    }
    const product = this.#in.products.find((each) => each.root === contract.root)!;
    const built = product.built?.find((size) => size.interval === interval);
    feeds.set(key, {
      contractIndex,
      contract: contract.id,
      interval,
      ...(built === undefined ? {} : { builtFrom: built.from }),
      isExecution,
      isVolumeKnown: this.#in.input.dataset.manifest.volume === 'known',
      fromUs,
      toUs,
    });
  }

  /** The finest interval that covers every held contract over its time as the current one. */
  #executionInterval(product: Product): BarInterval {
    const available = [...new Set(product.segments.map((segment) => segment.interval!))].sort(
      (a, b) => intervalUs(a) - intervalUs(b),
    );
    const asked = this.#in.input.execution;
    for (const interval of available) {
      if (asked !== undefined && asked !== interval) continue;
      if (this.#covers(product, interval)) {
        this.#checkSeries(product, available);
        return interval;
      }
    }
    throw this.#noBars(product, asked ?? available[0]!, available);
  }

  #checkSeries(product: Product, available: readonly BarInterval[]): void {
    for (const series of this.#in.series) {
      if (series.root === product.root && !this.#covers(product, series.interval)) {
        throw this.#noBars(product, series.interval, available);
      }
    }
  }

  #covers(product: Product, interval: BarInterval): boolean {
    const { span } = this.#in;
    const chain = this.#in.chains.find((each) => each.root === product.root)!;
    // Samples that came with their rolls stand still over the longest holidays, and the roll's record has its own prices.
    const slackUs = (product.given === null ? 6 : 14) * US_PER_DAY;
    return chain.schedule.held.every((contractIndex, k) => {
      const { id } = this.#in.table.contractAt(contractIndex);
      const inUs = Math.max(
        startOf(latestOf(span.from, joinOf(product, this.#in.input.requirements))),
        chain.schedule.rolls[k - 1]?.effectiveUs ?? -Infinity,
      );
      const outUs = Math.min(
        startOf(addDays(span.to, 1)),
        chain.schedule.rolls[k]?.effectiveUs ?? Infinity,
      );
      if (outUs <= inUs + US_PER_DAY) return true;
      const own = sizeOf(product, interval).filter((segment) => segment.contract === id);
      return (
        own.length > 0 &&
        Math.min(...own.map((segment) => segment.firstUs)) <= inUs + slackUs &&
        Math.max(...own.map((segment) => segment.lastUs)) >= outUs - slackUs
      );
    });
  }

  #noBars(
    product: Product,
    interval: BarInterval,
    available: readonly BarInterval[],
  ): TradingError {
    const { span } = this.#in;
    const spans = available.map((each) =>
      sizeSpanOf({ root: product.root, bars: each }, [product])!,
    );
    const dates = (size: SizeSpan): readonly [string, string] => [
      toIsoDate(size.first),
      toIsoDate(size.last),
    ];
    const has = spans.map((each) => `${each.bars} from ${dates(each).join(' to ')}`);
    const own = spans.find((each) => each.bars === interval);
    const { name } = this.#in.input.dataset.manifest;
    return new TradingError(
      'E_DATA_SPAN',
      `${name} has ${product.root} as ${has.join(', ')}; asked ${interval} from ${toIsoDate(span.from)} to ${toIsoDate(span.to)}`,
      {
        details: { root: product.root, interval, available },
        rule: 'bars of the asked size cover every held contract of the span',
        fix:
          own === undefined
            ? `import bars of ${interval}, or choose a strategy or parameter that reads ${available.join(' or ')}`
            : `--from ${dates(own)[0]} --to ${dates(own)[1]}, or bars of another size`,
      },
    );
  }
}

/** Midnight UTC at the start of the day before: no session of that trade date begins earlier. */
function startOf(date: TradeDate): number {
  return (date - 1) * US_PER_DAY;
}

function segmentsOf(
  feeds: readonly FeedPlan[],
  ticks: readonly TickPlan[],
  interestOf: ReadonlySet<ContractId>,
  dataset: Dataset,
): SegmentEntry[] {
  const wanted = new Set([
    ...feeds.map((feed) => `bars/${feed.contract}/${feed.builtFrom ?? feed.interval}`),
    ...ticks.map((each) => `${each.kind}/${each.contract}/null`),
    ...[...interestOf].map((contract) => `open-interest/${contract}/null`),
  ]);
  return dataset.manifest.segments.filter((segment) =>
    wanted.has(`${segment.kind}/${segment.contract}/${segment.interval}`),
  );
}
