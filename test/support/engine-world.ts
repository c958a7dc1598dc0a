/** A small world for engine tests: a product with two expiries, a calendar of plain sessions, bars from arrays. */
import type { BarColumns } from '../../src/core/bars.ts';
import type { ContractId, ContractSpec, InstrumentSpec } from '../../src/core/instrument.ts';
import { ContractTable, countValueOf } from '../../src/core/instrument.ts';
import type { BarSource, TradingCalendar } from '../../src/core/ports.ts';
import { UniformGrid } from '../../src/core/price-grid.ts';
import type { RollRecord, RollSchedule } from '../../src/core/roll.ts';
import type {
  EquityPoint,
  PositionDay,
  RollExecution,
  RunIssue,
  RunRecorder,
  TradeRecord,
} from '../../src/core/run-events.ts';
import type { Session, SessionColumns } from '../../src/core/session.ts';
import type { Fill } from '../../src/core/execution.ts';
import type { AnyStrategyDefinition, Strategy } from '../../src/core/strategy.ts';
import { toContractId } from '../../src/core/symbology.ts';
import type { CashMicros, TradeDate, TsUs } from '../../src/core/units.ts';
import { US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from '../../src/core/units.ts';
import type { EngineConfig } from '../../src/engine/config.ts';
import { MemoryJournal } from '../../src/engine/journal.ts';
import { createRandom } from '../../src/engine/rng.ts';
import { FakeVenue } from './fake-venue.ts';

/** Day 0 of the world is trade date 20 000; sessions run from 10:00 to 16:00 UTC. */
export const DAY0 = 20_000;
export const OPEN_HOUR = 10;
export const CLOSE_HOUR = 16;

export function at(day: number, hour: number, minute = 0): TsUs {
  return ((DAY0 + day) * US_PER_DAY + hour * US_PER_HOUR + minute * US_PER_MINUTE) as TsUs;
}

/** Root, tick and multiplier; 1 tick is `tick × multiplier` units of money. */
export function product(
  root = 'ES',
  tick = 0.25,
  multiplier = 50,
  currency = 'USD',
): InstrumentSpec {
  return {
    root,
    exchange: 'TEST',
    name: root,
    assetClass: 'equity-index',
    currency,
    quoteUnit: 'point',
    multiplier,
    grid: new UniformGrid(tick),
    countValue: countValueOf(multiplier, tick),
    listedMonths: 'HMUZ',
    holdCycle: 'HMUZ',
    settlement: 'cash',
    sessionGroup: 'test',
    businessCalendar: 'test',
    lastTrade: { rule: 'test' },
    lastTradeTime: null,
    firstNotice: null,
    rollHint: null,
    symbols: { exchange: root },
    confidence: 'high',
    sources: [],
  };
}

export function contract(root: string, month: number, lastTradeUs: TsUs): ContractSpec {
  return {
    id: toContractId(root, 2024, month),
    root,
    year: 2024,
    month,
    dates: {
      kind: 'exact',
      lastTradeDate: Math.floor(lastTradeUs / US_PER_DAY) as TradeDate,
      lastTradeUs,
      firstNoticeDate: null,
    },
  };
}

export function plainCalendar(): TradingCalendar {
  const openOf = (day: number): number => day * US_PER_DAY + OPEN_HOUR * US_PER_HOUR;
  const closeOf = (day: number): number => day * US_PER_DAY + CLOSE_HOUR * US_PER_HOUR;
  const tradeDateOf = (ts: TsUs): TradeDate => {
    const day = Math.floor(ts / US_PER_DAY);
    return (ts >= closeOf(day) ? day + 1 : day) as TradeDate;
  };
  const session = (day: number): Session => ({
    openUs: openOf(day) as TsUs,
    closeUs: closeOf(day) as TsUs,
    label: day as TradeDate,
    tradeDate: day as TradeDate,
    settleUs: closeOf(day) as TsUs,
  });
  const isOpen = (ts: TsUs): boolean => {
    const day = Math.floor(ts / US_PER_DAY);
    return ts >= openOf(day) && ts < closeOf(day);
  };
  return {
    id: 'test',
    zone: 'UTC',
    sessions(from, to): SessionColumns {
      const days = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
      return {
        length: days.length,
        openUs: Float64Array.from(days, openOf),
        closeUs: Float64Array.from(days, closeOf),
        label: Int32Array.from(days),
        tradeDate: Int32Array.from(days),
        settleUs: Float64Array.from(days, closeOf),
        breakRow: new Int32Array(0),
        breakStartUs: new Float64Array(0),
        breakEndUs: new Float64Array(0),
      };
    },
    sessionAt: (ts) => (isOpen(ts) ? session(Math.floor(ts / US_PER_DAY)) : null),
    isOpen,
    nextOpenUs: (ts) => openOf(tradeDateOf(ts)) as TsUs,
    nextCloseUs: (ts) => closeOf(tradeDateOf(ts)) as TsUs,
    tradeDateOf,
    addBusinessDays: (date, days) => (date + days) as TradeDate,
    localMinutes: () => 0,
  };
}

/** One bar: close time, then open, high, low, close in ticks. */
export type BarRow = readonly [closeUs: number, o: number, h: number, l: number, c: number];

export function columns(rows: readonly BarRow[], lengthUs: number): BarColumns {
  return {
    length: rows.length,
    openUs: Float64Array.from(rows, (r) => r[0] - lengthUs),
    closeUs: Float64Array.from(rows, (r) => r[0]),
    open: Float64Array.from(rows, (r) => r[1]),
    high: Float64Array.from(rows, (r) => r[2]),
    low: Float64Array.from(rows, (r) => r[3]),
    close: Float64Array.from(rows, (r) => r[4]),
    volume: new Float64Array(rows.length).fill(100),
  };
}

export function sourceOf(
  rows: readonly BarRow[],
  lengthUs: number,
  chunk: number = 1000,
): BarSource {
  let from = 0;
  return {
    next(): BarColumns | null {
      if (from >= rows.length) return null;
      const slice = rows.slice(from, from + chunk);
      from += chunk;
      return columns(slice, lengthUs);
    },
    close(): void {},
  };
}

/** Flat bars at given hours of given days: `path` lists closes; each bar opens at the previous close. */
export function hourly(
  day: number,
  closes: readonly number[],
  previous: number = closes[0]!,
): BarRow[] {
  return closes.map((close, i) => {
    const open = i === 0 ? previous : closes[i - 1]!;
    return [at(day, OPEN_HOUR + 1 + i), open, Math.max(open, close), Math.min(open, close), close];
  });
}

export class TestRecorder implements RunRecorder {
  readonly fills: Fill[] = [];
  readonly trades: TradeRecord[] = [];
  readonly equity: EquityPoint[] = [];
  readonly days: PositionDay[] = [];
  readonly rolls: RollExecution[] = [];
  readonly issues: RunIssue[] = [];
  readonly events: string[] = [];
  readonly notes: string[] = [];
  onOrderEvent: RunRecorder['onOrderEvent'] = (kind, order, reason) => {
    this.events.push(`${kind} ${order.clOrdId}${reason === '' ? '' : ` ${reason}`}`);
  };
  onFill: RunRecorder['onFill'] = (fill) => void this.fills.push(fill);
  onTrade: RunRecorder['onTrade'] = (trade) => void this.trades.push(trade);
  onEquity: RunRecorder['onEquity'] = (point) => void this.equity.push(point);
  onPositionDay: RunRecorder['onPositionDay'] = (day) => void this.days.push(day);
  onRoll: RunRecorder['onRoll'] = (roll) => void this.rolls.push(roll);
  onAmbiguity: RunRecorder['onAmbiguity'] = () => {};
  onIssue: RunRecorder['onIssue'] = (issue) => void this.issues.push(issue);
  onPlot: RunRecorder['onPlot'] = () => {};
  onNote: RunRecorder['onNote'] = (name) => void this.notes.push(name);
}

export interface WorldOptions {
  /** Bars of the front and, with a roll, of the next contract. */
  readonly front: readonly BarRow[];
  readonly next?: readonly BarRow[];
  readonly roll?: { readonly us: TsUs; readonly fromPrice: number; readonly toPrice: number };
  readonly strategy: Strategy;
  readonly positionsOnRoll?: 'roll' | 'flatten' | 'manual';
  readonly feeMicros?: number;
  readonly chunk?: number;
  readonly days?: number;
  readonly fromDay?: number;
  readonly spec?: InstrumentSpec;
  readonly lengthUs?: number;
  readonly frontExpiryUs?: TsUs;
  readonly initialMargin?: number;
  readonly overrides?: Partial<EngineConfig>;
  readonly adjust?: EngineConfig['series'][number]['adjust'];
}

export interface World {
  readonly config: EngineConfig;
  readonly recorder: TestRecorder;
  readonly journal: MemoryJournal;
  readonly venue: FakeVenue;
  readonly front: ContractId;
  readonly next: ContractId;
}

export function makeWorld(options: WorldOptions): World {
  const spec = options.spec ?? product();
  const far = at(100, 12);
  const contracts = [
    contract(spec.root, 3, options.frontExpiryUs ?? far),
    contract(spec.root, 6, far),
  ];
  const table = new ContractTable([spec], contracts);
  const lengthUs = options.lengthUs ?? US_PER_HOUR;
  const rolls: RollRecord[] =
    options.roll === undefined
      ? []
      : [
          {
            root: spec.root,
            from: contracts[0]!.id,
            to: contracts[1]!.id,
            fromIndex: 0,
            toIndex: 1,
            decidedUs: options.roll.us,
            effectiveUs: options.roll.us,
            tradeDate: Math.floor(options.roll.us / US_PER_DAY) as TradeDate,
            fromPrice: options.roll.fromPrice,
            toPrice: options.roll.toPrice,
            pricesUs: options.roll.us,
            isInferred: false,
            reason: 'test',
          },
        ];
  const schedule: RollSchedule = {
    root: spec.root,
    rule: { kind: 'given', name: 'test' },
    held: options.roll === undefined ? [0] : [0, 1],
    rolls,
  };
  const definition: AnyStrategyDefinition = {
    id: 'test',
    version: '1',
    description: '',
    params: {},
    instruments: [spec.root],
    requires: () => ({
      series: [{ root: spec.root, bars: '1h' }],
      ...(options.positionsOnRoll === undefined
        ? {}
        : { positionsOnRoll: options.positionsOnRoll }),
    }),
    create: () => options.strategy,
  };
  const recorder = new TestRecorder();
  const journal = new MemoryJournal();
  const venue = new FakeVenue(2, options.feeMicros ?? 0);
  const feed = (contractIndex: number, rows: readonly BarRow[]): EngineConfig['feeds'][number] => ({
    contractIndex,
    interval: '1h',
    isExecution: true,
    isVolumeKnown: true,
    source: sourceOf(rows, lengthUs, options.chunk),
  });
  const margin = (options.initialMargin ?? 0) as CashMicros;
  const config: EngineConfig = {
    mode: 'backtest',
    strategy: definition,
    params: {},
    instruments: [spec.root],
    table,
    calendars: [plainCalendar()],
    chains: [{ root: spec.root, schedule }],
    series: [
      {
        key: 'main',
        root: spec.root,
        chainIndex: 0,
        interval: '1h',
        adjust: options.adjust ?? 'back-difference',
        depth: 0,
        history: 8,
      },
    ],
    feeds: [feed(0, options.front), ...(options.next === undefined ? [] : [feed(1, options.next)])],
    venue,
    random: createRandom(7),
    journal,
    recorder,
    risk: {
      orderQtyMax: 100,
      positionQtyMax: 100,
      ordersPerInterval: Infinity,
      intervalUs: 1_000_000,
      collarPct: Infinity,
      duplicateWindowUs: 0,
      tradingState: 'active',
    },
    margin: { initialMicros: () => margin, maintenanceMicros: () => margin },
    rates: { base: 'USD', rate: () => 1 },
    capitalMicros: 100_000_000_000 as CashMicros,
    from: (DAY0 + (options.fromDay ?? 0)) as TradeDate,
    to: (DAY0 + (options.days ?? 3) - 1) as TradeDate,
    ...options.overrides,
  };
  return { config, recorder, journal, venue, front: contracts[0]!.id, next: contracts[1]!.id };
}
