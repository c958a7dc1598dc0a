/**
 * The strategy API: the only thing a strategy file imports, and the same in backtest, paper and live. It is designed for
 * live: no access to the future, no blocking call, no clock of its own; calls return at once and outcomes are events.
 *
 * Orders name real contracts. A continuous series has an id of another type, so an order on one cannot be expressed.
 */
import type { AccountView } from './account.ts';
import type { BarInterval } from './bars.ts';
import { TradingError } from './errors.ts';
import type { Fill } from './execution.ts';
import type { ContinuousId, ContractId, ContractSpec, Instrument } from './instrument.ts';
import type {
  ClOrdId,
  ExitLevel,
  GroupId,
  OrderEventKind,
  OrderType,
  OrderView,
  PeerRule,
  Side,
  TimeInForce,
  TrailSpec,
  TriggerSource,
} from './order.ts';
import type { PositionView } from './position.ts';
import type { RoundMode } from './price-grid.ts';
import type { Adjustment, RollRecord, RollRule } from './roll.ts';
import type { Session } from './session.ts';
import type { PriceTicks, TradeDate, TsUs } from './units.ts';
import type { TradingCalendar } from './ports.ts';

// ---------------------------------------------------------------------------------------------------- parameters

interface ParamCommon {
  readonly description: string;
  /** Unit shown in help, docs and reports: `bars`, `ticks`, `minutes`, `% of equity`. */
  readonly unit?: string;
}
/** A whole number in [min, max]. */
export interface IntParam extends ParamCommon {
  readonly kind: 'int';
  readonly default: number;
  readonly min: number;
  readonly max: number;
}
/** A number in [min, max]. */
export interface NumberParam extends ParamCommon {
  readonly kind: 'number';
  readonly default: number;
  readonly min: number;
  readonly max: number;
}
export interface BooleanParam extends ParamCommon {
  readonly kind: 'boolean';
  readonly default: boolean;
}
export interface ChoiceParam<C extends string = string> extends ParamCommon {
  readonly kind: 'choice';
  readonly default: C;
  readonly choices: readonly C[];
}
/** Local wall time `HH:MM` in the exchange's zone. */
export interface TimeParam extends ParamCommon {
  readonly kind: 'time';
  readonly default: string;
}
/** How one parameter is declared; made by `int`, `number`, `boolean`, `choice` and `time`. */
export type ParamDef = IntParam | NumberParam | BooleanParam | ChoiceParam | TimeParam;
/** Parameters by name: each is a `--param` flag and an axis of a sweep. */
export type ParamSchema = Readonly<Record<string, ParamDef>>;

/** The type of a parameter's value inside the strategy. */
export type ParamValue<D extends ParamDef> = D extends IntParam | NumberParam
  ? number
  : D extends BooleanParam
    ? boolean
    : D extends ChoiceParam<infer C>
      ? C
      : string;
/** What `requires` and `create` receive: defaults overridden by what was given, all checked. */
export type ParamValues<P extends ParamSchema> = { readonly [K in keyof P]: ParamValue<P[K]> };

/** A whole number with bounds, both allowed: `int({ default: 20, min: 2, max: 400, unit: 'bars', description: '…' })`. */
export function int(def: Omit<IntParam, 'kind'>): IntParam {
  return { kind: 'int', ...def };
}
/** A number with bounds, both allowed. */
export function number(def: Omit<NumberParam, 'kind'>): NumberParam {
  return { kind: 'number', ...def };
}
/** `--param name=true` or `false`. */
export function boolean(def: Omit<BooleanParam, 'kind'>): BooleanParam {
  return { kind: 'boolean', ...def };
}
/** One of the named texts; the strategy sees their union as its type. */
export function choice<const C extends string>(def: Omit<ChoiceParam<C>, 'kind'>): ChoiceParam<C> {
  return { kind: 'choice', ...def };
}
/** Wall time `HH:MM` in the exchange's zone. */
export function time(def: Omit<TimeParam, 'kind'>): TimeParam {
  return { kind: 'time', ...def };
}

function paramError(name: string, def: ParamDef, value: unknown, allowed: string): TradingError {
  return new TradingError(
    'E_PARAM_RANGE',
    `parameter \`${name}\` is ${String(value)}, allowed is ${allowed}`,
    {
      details: { name, value },
      rule: `${name}: ${def.kind}, ${allowed}, default ${String(def.default)}`,
      fix: 'choose a value inside the range',
    },
  );
}

/** Checks one value against its definition and returns it. Errors: E_PARAM_RANGE. */
export function checkParam(name: string, def: ParamDef, value: unknown): number | boolean | string {
  switch (def.kind) {
    case 'int':
    case 'number': {
      const inRange = typeof value === 'number' && value >= def.min && value <= def.max;
      if (!inRange || (def.kind === 'int' && !Number.isInteger(value))) {
        throw paramError(
          name,
          def,
          value,
          `${def.min} to ${def.max}${def.kind === 'int' ? ', whole' : ''}`,
        );
      }
      return value;
    }
    case 'boolean':
      if (typeof value !== 'boolean') throw paramError(name, def, value, 'true or false');
      return value;
    case 'choice':
      if (typeof value !== 'string' || !def.choices.includes(value))
        throw paramError(name, def, value, def.choices.join(', '));
      return value;
    case 'time':
      if (typeof value !== 'string' || !/^([01]\d|2[0-3]):[0-5]\d$/.test(value))
        throw paramError(name, def, value, 'HH:MM');
      return value;
  }
}

/** Defaults, overridden by `given`; every value checked. Errors: E_PARAM_UNKNOWN, E_PARAM_RANGE. */
export function resolveParams<P extends ParamSchema>(
  schema: P,
  given: Readonly<Record<string, unknown>> = {},
): ParamValues<P> {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(schema, name)) {
      throw new TradingError('E_PARAM_UNKNOWN', `there is no parameter \`${name}\``, {
        details: { name, known: Object.keys(schema) },
        rule: `known parameters: ${Object.keys(schema).join(', ') || 'none'}`,
      });
    }
  }
  const values: Record<string, unknown> = {};
  for (const [name, def] of Object.entries(schema))
    values[name] = checkParam(name, def, given[name] ?? def.default);
  return values as ParamValues<P>;
}

/** Reads the text of `--param name=value`. Errors: E_PARAM_UNKNOWN, E_PARAM_TYPE. */
export function parseParamText(schema: ParamSchema, name: string, text: string): unknown {
  const def = Object.hasOwn(schema, name) ? schema[name] : undefined;
  if (def === undefined) {
    throw new TradingError('E_PARAM_UNKNOWN', `there is no parameter \`${name}\``, {
      details: { name, known: Object.keys(schema) },
      rule: `known parameters: ${Object.keys(schema).join(', ') || 'none'}`,
    });
  }
  if (def.kind === 'int' || def.kind === 'number') {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value)) {
      throw new TradingError('E_PARAM_TYPE', `parameter \`${name}\` is "${text}", not a number`, {
        details: { name, text },
      });
    }
    return value;
  }
  if (def.kind === 'boolean') {
    if (text !== 'true' && text !== 'false') {
      throw new TradingError(
        'E_PARAM_TYPE',
        `parameter \`${name}\` is "${text}", not true or false`,
        { details: { name, text } },
      );
    }
    return text === 'true';
  }
  return text;
}

// ---------------------------------------------------------------------------------------------- data requirements

/** A continuous series: which contract when (roll rule), and what is added to its price (adjustment). */
export interface SeriesRequest {
  /** The strategy's own name for it, unique; default `ROOT:interval`. */
  readonly key?: string;
  readonly root: string;
  readonly bars: BarInterval;
  /** Default: the product's roll hint in `catalog/instruments`. */
  readonly roll?: RollRule;
  /** Default `back-difference`. Levels are as known now: the current contract always reads raw. */
  readonly adjust?: Adjustment;
  /** 0 the contract to trade, 1 the next one, … Default 0. */
  readonly depth?: number;
  /** Bars that can be read back, the current one included. Default 2. */
  readonly history?: number;
  /** Bars fed to history and attached indicators before the first `onBar`. Default 0. */
  readonly warmUp?: number;
  /**
   * Reads the neighbours on the curve with every bar: `series.forward`, `previous` and `carry`. `carryOffset`: the carry
   * contract is one step later (1) or earlier (-1) in the product's priced cycle. By default the contract that data with their
   * own rolls name for the held one; else the side of the product's file; else, for such data, the earlier one where they mostly
   * have it; else 1.
   */
  readonly curve?: boolean | { readonly carryOffset: 1 | -1 };
}

/** What a strategy reads. The engine loads this and nothing else. */
export interface DataRequirements {
  readonly series: readonly SeriesRequest[];
  /** Roots whose quotes, trades or depth the strategy reads. */
  readonly quotes?: readonly string[];
  readonly trades?: readonly string[];
  readonly depth?: readonly string[];
  /**
   * What happens to a held position when its chain rolls. `roll`: two fills at raw prices, exits re-created on the new
   * contract at levels moved by the gap. `flatten`: closed. `manual`: the strategy handles `onRoll`. Default `roll`.
   */
  readonly positionsOnRoll?: 'roll' | 'flatten' | 'manual';
  /**
   * `together` (the default): the run begins where all products have data. `staggered`: it begins with the first, and every
   * other product joins with its first bar, its indicators not ready yet: for portfolios over decades.
   */
  readonly joins?: 'together' | 'staggered';
}

// ------------------------------------------------------------------------------------------------- what one reads

/**
 * One bar of a series: a view that is reused for the next bar, so copy what must outlive the call. Prices are decimals,
 * adjusted as known now; `raw…Ticks` are counts of the real contract.
 */
export interface BarView {
  readonly key: string;
  readonly root: string;
  readonly contract: ContractId;
  readonly openUs: TsUs;
  /** Known at this moment. */
  readonly closeUs: TsUs;
  readonly tradeDate: TradeDate;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Contracts; NaN where the data do not know it. */
  readonly volume: number;
  readonly rawCloseTicks: number;
  readonly isSessionFirst: boolean;
  readonly isSessionLast: boolean;
}

/** An indicator attached to a series: fed before `onBar`, moved by the engine when the series rolls. */
export interface Indicator {
  /** False until enough bars were seen. */
  readonly ready: boolean;
  readonly value: number;
  update(bar: BarView): void;
  /** After a roll every stored price p must become p × factor + shift. */
  rebase(shift: number, factor: number): void;
  saveState(): unknown;
  restoreState(state: unknown): void;
}

/**
 * A neighbour of the contract that a series stands on. Prices are raw decimals, as traded: the difference to the raw price
 * of the held contract is a spread that can be traded. Known with the bar of the series that closes at the same moment.
 */
export interface CurveView {
  /** Of the contract that the series stands on now; null where there is none, or the data lack it. */
  readonly contract: ContractId | null;
  /** Of the row; another one before a roll. */
  contractAt(ago: number): ContractId | null;
  /** NaN where the contract has no bar that closes with this row. */
  close(ago: number): number;
}
/** The contract against which carry is measured: a neighbour in the priced cycle, or the one that the data name. */
export interface CarryView extends CurveView {
  /**
   * Price units a year that holding the contract earns while the curve stays as it is: see `annualisedCarry`. NaN where a
   * price is missing or both are equal.
   */
  annualised(ago: number): number;
}

/** History of one series, newest first: `close(0)` is the last finished bar. Prices as in `BarView`. */
export interface SeriesView {
  readonly key: string;
  readonly id: ContinuousId;
  readonly root: string;
  readonly interval: string;
  /** Bars that can be read now. */
  readonly length: number;
  /** The contract the series stands on. */
  readonly contract: ContractId;
  open(ago: number): number;
  high(ago: number): number;
  low(ago: number): number;
  close(ago: number): number;
  volume(ago: number): number;
  closeUs(ago: number): TsUs;
  /** Highest high of `count` bars, the newest of which is `ago`. NaN when there are fewer. */
  highest(count: number, ago?: number): number;
  lowest(count: number, ago?: number): number;
  /** Raw close of the row's own contract, a decimal price: what the prices of its neighbours compare with. */
  rawClose(ago: number): number;
  /** The next contract of the hold cycle. These three need `curve` in the request; E_SERIES_CURVE without it. */
  readonly forward: CurveView;
  readonly previous: CurveView;
  readonly carry: CarryView;
  /** A level of this series as ticks of the contract to trade now. Ratio and difference adjusted alike. */
  toRawTicks(level: number, mode: RoundMode): PriceTicks;
  /** Feeds the indicator from now on, warm-up included; call it in `onStart`. Returns it. */
  attach<I extends Indicator>(indicator: I): I;
}

/** Ticks: views that are reused for the next one, of the contract to trade now. Orders match on bars, not on them. */
export interface QuoteView {
  readonly contract: ContractId;
  readonly tsUs: TsUs;
  readonly bidTicks: PriceTicks;
  readonly askTicks: PriceTicks;
  readonly bidQty: number;
  readonly askQty: number;
}
/** A market print: price in ticks, quantity in contracts. Reused for the next one. */
export interface TradeView {
  readonly contract: ContractId;
  readonly tsUs: TsUs;
  readonly priceTicks: PriceTicks;
  readonly qty: number;
  /** 1 the buyer, -1 the seller, 0 unknown. */
  readonly aggressor: 1 | -1 | 0;
}
/** A book by price level, 0 the best; null where there is none. */
export interface DepthView {
  readonly contract: ContractId;
  readonly tsUs: TsUs;
  bid(level: number): { readonly ticks: PriceTicks; readonly qty: number } | null;
  ask(level: number): { readonly ticks: PriceTicks; readonly qty: number } | null;
}

/** Something happened to one of our orders; `tsUs` is the moment it is known. */
export interface OrderEvent {
  readonly kind: OrderEventKind;
  /** The order after the event. */
  readonly order: OrderView;
  /** Stable reason code of a denial, reject, cancel or expiry; empty otherwise. */
  readonly reason: string;
  readonly tsUs: TsUs;
}

/** A chain has moved to its next contract; `onRoll` is called after the bars of that moment. */
export interface RollEvent {
  readonly root: string;
  /** Keys of the series that moved. */
  readonly keys: readonly string[];
  readonly roll: RollRecord;
  /** Gap as a decimal price: every price level kept by the strategy moves by this (difference) … */
  readonly shift: number;
  /** … or is multiplied by this (ratio); the other one is neutral. */
  readonly factor: number;
}

// -------------------------------------------------------------------------------------------------- what one does

interface OrderInputCommon {
  readonly contract: ContractId;
  readonly side: Side;
  /** Whole contracts, at least 1. */
  readonly qty: number;
  /** Default `day`: until the end of the session it is sent in or for. */
  readonly timeInForce?: TimeInForce;
  /** With `gtd`: the first moment at which it is void, microseconds UTC. */
  readonly expireUs?: TsUs;
  /** Never opens or enlarges a position. */
  readonly reduceOnly?: boolean;
  /** Iceberg: contracts shown at a time. */
  readonly displayQty?: number;
  /** What elects a stop; default `last`. */
  readonly trigger?: TriggerSource;
  /** Protection in ticks of a market or stop order. */
  readonly protectionTicks?: number;
  /** Why: shown on the trade, in the report and in the journal. */
  readonly tag?: string;
}
/** An order as a strategy writes it; prices are ticks from `instrument.toTicks` or `roundToTick`. */
export interface OrderInput extends OrderInputCommon {
  readonly type: OrderType;
  readonly limitTicks?: PriceTicks;
  readonly stopTicks?: PriceTicks;
  readonly trail?: TrailSpec;
  /** Of a trailing stop-limit: its limit, in ticks beyond the trigger. */
  readonly limitOffsetTicks?: number;
  /** Rejected when it would trade at once. */
  readonly postOnly?: boolean;
}

/** The protective stop of a bracket or of a position. */
export interface StopInput {
  /** Where the stop stands: a level, or ticks away from the entry's average fill (always positive: the losing side). */
  readonly at: ExitLevel;
  /** Makes it a stop-limit with its limit this many ticks beyond the trigger; default a stop-market. */
  readonly limitOffsetTicks?: number;
  /** Makes it a trailing stop with this offset. */
  readonly trail?: TrailSpec;
  readonly tag?: string;
}
/** A profit target: a limit order that reduces the position. */
export interface TargetInput {
  /** A level, or ticks away from the entry's average fill (always positive: the winning side). */
  readonly at: ExitLevel;
  /** Contracts; default all, or an even split of several targets. */
  readonly qty?: number;
  readonly tag?: string;
}
/** Entry, stop and targets as one group: the exits are released by the entry's fills and reduce each other. */
export interface BracketInput extends OrderInputCommon {
  readonly type:
    | 'market'
    | 'limit'
    | 'stop'
    | 'stop-limit'
    | 'market-if-touched'
    | 'limit-if-touched';
  readonly limitTicks?: PriceTicks;
  readonly stopTicks?: PriceTicks;
  readonly stop: StopInput;
  readonly targets?: readonly TargetInput[];
  /** Default `ouo`: a partial exit shrinks the others. */
  readonly peers?: PeerRule;
  /** Whether the exits work from the entry's first fill (`partial`, the default) or only when it is filled. */
  readonly release?: 'partial' | 'full';
  /** Time in force of the exits; default `gtc`, so that a position is not left bare overnight. */
  readonly exitTimeInForce?: 'day' | 'gtc';
}
/** Exits for a position that exists; reduce-only. */
export interface ProtectInput {
  readonly contract: ContractId;
  readonly stop?: StopInput;
  readonly targets?: readonly TargetInput[];
  /** Default: the whole position. */
  readonly qty?: number;
  readonly exitTimeInForce?: 'day' | 'gtc';
}
/** Ids of a group that was submitted; null for a part that it does not have. */
export interface GroupHandle {
  readonly groupId: GroupId;
  readonly entry: ClOrdId | null;
  readonly stop: ClOrdId | null;
  readonly targets: readonly ClOrdId[];
  readonly orders: readonly ClOrdId[];
}
/** New values of an open order; what is not given stays. `qty` is the total, filled contracts counted. */
export interface ModifyInput {
  readonly qty?: number;
  readonly limitTicks?: PriceTicks;
  readonly stopTicks?: PriceTicks;
}

/** Sizing helpers: each returns whole contracts, 0 when the risk allows none. */
export interface Sizing {
  fixed(qty: number): number;
  /** Contracts so that a stop at `stopTicks` from an entry at `entryTicks` loses about `riskFraction` of equity. */
  riskPerStop(input: {
    contract: ContractId;
    entryTicks: number;
    stopTicks: number;
    riskFraction: number;
    max?: number;
  }): number;
  /** Contracts so that the position's annual volatility is `annualVol` of equity; `dailyPriceStdev` as a decimal price. */
  volatilityTarget(input: {
    contract: ContractId;
    annualVol: number;
    dailyPriceStdev: number;
    max?: number;
  }): number;
}

/** Everything a strategy can see and do. Valid only during a hook. */
export interface StrategyContext {
  /** Known-at time of the event in hand. */
  readonly nowUs: TsUs;
  readonly mode: 'backtest' | 'paper' | 'live';
  readonly account: AccountView;
  readonly size: Sizing;
  /** Errors: E_SERIES_UNKNOWN with the declared keys. */
  series(key: string): SeriesView;
  instrument(root: string): Instrument;
  calendar(root: string): TradingCalendar;
  /** The session in progress, or null when closed. */
  session(root: string): Session | null;
  /** The contract to trade now. */
  contract(root: string): ContractId;
  /** Spec of a contract of this run. */
  contractSpec(contract: ContractId): ContractSpec;
  /**
   * Money of one whole price point of one contract, in whole units of the account's currency at the rate in force: what makes
   * products of several currencies comparable. Errors: E_CONTRACT_NOT_IN_RUN.
   */
  pointValue(contract: ContractId): number;
  /** Flat (`netQty` 0) when nothing was traded. */
  position(contract: ContractId): PositionView;
  /** Signed contracts over all expiries of a product. */
  netQty(root: string): number;
  /** Orders that are not terminal, in order of submission. */
  openOrders(filter?: {
    readonly contract?: ContractId;
    readonly root?: string;
    readonly groupId?: GroupId;
  }): readonly OrderView[];
  /**
   * The order as it stands, terminal or not; null when there is none of that id, and for an order after whose end 1,024 others
   * have ended: a run of any length keeps a bounded memory.
   */
  order(clOrdId: ClOrdId): OrderView | null;
  /**
   * Sends one order. Returns at once with its id; what came of it arrives at `onOrder` and `onFill`.
   * Errors: E_ORDER_SIDE, E_QTY, E_PRICE_GRID, E_ORDER_PRICE_MISSING, E_ORDER_CONTINUOUS, E_CONTRACT_EXPIRED, E_CONTRACT_NOT_IN_RUN,
   * E_ORDER_WARM_UP. A denial or a reject is an event, never an exception.
   */
  submit(order: OrderInput): ClOrdId;
  /** Entry, stop and targets as one group. Errors: as `submit`, E_BRACKET_PRICES for a stop or target on the wrong side. */
  bracket(input: BracketInput): GroupHandle;
  /** Two or more orders, of which one fill cancels the others. Errors: as `submit`, E_ORDER_GROUP. */
  oco(orders: readonly OrderInput[]): GroupHandle;
  /** Stop and targets for a position that is there. Errors: as `bracket`, E_ORDER_GROUP without a position. */
  protect(input: ProtectInput): GroupHandle;
  /** Asks for a change of an open order; `Replaced` or `ReplaceRejected` answers. Errors: E_ORDER_UNKNOWN. */
  modify(clOrdId: ClOrdId, changes: ModifyInput): void;
  /** Asks to cancel; `Canceled` or `CancelRejected` answers, and a fill may come first. Errors: E_ORDER_UNKNOWN. */
  cancel(clOrdId: ClOrdId): void;
  /** All open orders, or those of one contract. */
  cancelAll(contract?: ContractId): void;
  /** Cancels the contract's (or root's) orders and closes its position at market. */
  flatten(
    target: { readonly contract: ContractId } | { readonly root: string },
    tag?: string,
  ): void;
  /** Market order for the difference to the wanted net position, orders in flight counted; 0 orders when equal. */
  targetPosition(
    contract: ContractId,
    netQty: number,
    options?: { readonly tag?: string },
  ): ClOrdId | null;
  /** Calls `onTimer` at the first moment not before `atUs`, whether or not data arrive. */
  setTimer(name: string, atUs: TsUs): void;
  cancelTimer(name: string): void;
  /** A structured note into the journal. */
  note(name: string, fields?: Readonly<Record<string, string | number | boolean | null>>): void;
  /** A point of a plotted series, drawn in the report; `root` puts it on that product's price pane. */
  plot(name: string, value: number, options?: { readonly root?: string }): void;
}

// -------------------------------------------------------------------------------------------------- the strategy

/** Hooks; all optional, all synchronous. */
export interface Strategy {
  onStart?(ctx: StrategyContext): void;
  /** A bar of the warm-up: no orders here. */
  onWarmUpBar?(bar: BarView, ctx: StrategyContext): void;
  onBar?(bar: BarView, ctx: StrategyContext): void;
  onQuote?(quote: QuoteView, ctx: StrategyContext): void;
  onTrade?(trade: TradeView, ctx: StrategyContext): void;
  onDepth?(depth: DepthView, ctx: StrategyContext): void;
  onOrder?(event: OrderEvent, ctx: StrategyContext): void;
  onFill?(fill: Fill, ctx: StrategyContext): void;
  onRoll?(event: RollEvent, ctx: StrategyContext): void;
  onSessionOpen?(root: string, session: Session, ctx: StrategyContext): void;
  onSessionClose?(root: string, session: Session, ctx: StrategyContext): void;
  onTimer?(name: string, ctx: StrategyContext): void;
  onStop?(ctx: StrategyContext): void;
  /** Plain JSON data; restored before `onStart` of the next run. */
  saveState?(): unknown;
  restoreState?(state: unknown): void;
}

/** What a strategy file declares; `id`, `version` and `description` reach manifest and report. */
export interface StrategyDefinition<P extends ParamSchema = ParamSchema> {
  readonly id: string;
  readonly version: string;
  readonly description: string;
  readonly params: P;
  /** Products when the command line names none. */
  readonly instruments: readonly string[];
  /** What it reads, from its parameters and products. */
  requires(params: ParamValues<P>, instruments: readonly string[]): DataRequirements;
  /** Makes the object with the hooks; once a run. */
  create(params: ParamValues<P>, instruments: readonly string[]): Strategy;
}

/** Declares a strategy; the default export of a strategy file. Types of the parameters are inferred. */
export function defineStrategy<const P extends ParamSchema>(
  definition: StrategyDefinition<P>,
): StrategyDefinition<P> {
  return definition;
}

/** A strategy of any parameters, as the engine takes it. */
// The parameter type stands in argument position of two methods; the engine only passes what `resolveParams` returned.
export type AnyStrategyDefinition = StrategyDefinition<ParamSchema>;
