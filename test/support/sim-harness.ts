/** Drives the bar venue without an engine, in words: `buy 1 limit 99 as e`, `bar 101/103/99/102`, and reads its reports. */
import { countValueOf, ContractTable } from '../../src/core/instrument.ts';
import type { ContractId, ContractSpec, InstrumentSpec } from '../../src/core/instrument.ts';
import type { BarColumns } from '../../src/core/bars.ts';
import type { ExecutionReport, GroupChild, NewOrderRequest } from '../../src/core/execution.ts';
import type { ClOrdId, OrderRole, OrderSpec, Side } from '../../src/core/order.ts';
import type { AmbiguityEvent, RandomSource } from '../../src/core/ports.ts';
import { BarFlag } from '../../src/core/ports.ts';
import { UniformGrid } from '../../src/core/price-grid.ts';
import type { PriceTicks, Qty, TradeDate, TsUs } from '../../src/core/units.ts';
import { createBarExchange } from '../../src/sim/bar-exchange.ts';
import type { BarExchange, BarExchangeOptions } from '../../src/sim/bar-exchange.ts';

const TICK = 0.25;
const MINUTE_US = 60_000_000;
const START_US = 1_700_000_000_000_000;

export function makeSpec(root: string): InstrumentSpec {
  return {
    root,
    exchange: 'XCME',
    name: `Test product ${root}`,
    assetClass: 'equity-index',
    currency: 'USD',
    quoteUnit: 'index point',
    multiplier: 50,
    grid: new UniformGrid(TICK),
    countValue: countValueOf(50, TICK),
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

export function makeTable(roots: readonly string[] = ['ES']): ContractTable {
  const contracts = roots.map((root): ContractSpec => ({
    id: `${root}Z2025` as ContractId,
    root,
    year: 2025,
    month: 12,
    dates: {
      kind: 'exact',
      lastTradeDate: 20_440 as TradeDate,
      lastTradeUs: 1_766_154_600_000_000 as TsUs,
      firstNoticeDate: null,
    },
  }));
  return new ContractTable(roots.map(makeSpec), contracts);
}

/** A small counter-based source: the same coordinates give the same number. */
export function fixedRandom(seed: number = 1): RandomSource {
  return {
    seed,
    uniform(stream, a, b, c) {
      let hash = seed >>> 0;
      for (const part of [stream, a, b, c]) {
        hash = Math.imul(hash ^ Math.trunc(part % 4294967296), 0x9e3779b1) >>> 0;
        hash = (hash ^ (hash >>> 15)) >>> 0;
      }
      return hash / 4294967296;
    },
  };
}

export type HarnessOptions = Partial<Omit<BarExchangeOptions, 'random'>> & {
  readonly random?: RandomSource;
  /** Last price before the first bar in price; default 100, null for unknown. */
  readonly last?: number | null;
};

export class SimHarness {
  readonly table: ContractTable;
  readonly venue: BarExchange;
  readonly reports: ExecutionReport[] = [];
  readonly ambiguities: AmbiguityEvent[] = [];
  readonly issues: string[] = [];
  nowUs: number = START_US;
  #lastCloseUs: number = START_US;
  #groups: number = 0;

  constructor(options: HarnessOptions = {}) {
    const { last, ...venueOptions } = options;
    this.table = options.table ?? makeTable();
    this.venue = createBarExchange({
      random: fixedRandom(),
      participation: Infinity,
      ...venueOptions,
      table: this.table,
    });
    if (last !== null) this.venue.lastTicks.fill((last ?? 100) / TICK);
    this.venue.connect({
      onReport: (report) => this.reports.push(report),
      onAmbiguity: (event) => this.ambiguities.push(event),
      onVenueIssue: (issue) => this.issues.push(issue.code),
    });
  }

  /** One order in ticks. */
  order(
    id: string,
    spec: Omit<Partial<OrderSpec>, 'type' | 'qty'> & { type: string; side: Side; qty: number },
    role: OrderRole = 'single',
    contractIndex: number = 0,
  ): NewOrderRequest {
    return {
      clOrdId: id as ClOrdId,
      contractIndex,
      spec: {
        timeInForce: 'gtc',
        ...spec,
        contract: this.table.contractAt(contractIndex).id,
      } as unknown as OrderSpec,
      role,
      groupId: null,
      sentUs: this.nowUs as TsUs,
    };
  }

  group(
    entry: NewOrderRequest | null,
    children: readonly (NewOrderRequest | GroupChild)[],
    peers: 'oco' | 'ouo' | 'none' = 'ouo',
    release: 'partial' | 'full' = 'partial',
  ): void {
    this.#groups += 1;
    this.venue.submitGroup({
      groupId: `g${this.#groups}`,
      entry,
      children: children.map((child) =>
        'order' in child ? child : { order: child, groupQty: child.spec.qty },
      ),
      peers,
      release,
      sentUs: this.nowUs as TsUs,
    });
  }

  /** One bar in ticks; returns whether the venue was woken. */
  barTicks(
    open: number,
    high: number,
    low: number,
    close: number,
    options: {
      volume?: number;
      flags?: number;
      contractIndex?: number;
      openUs?: number;
      closeUs?: number;
      ignoreWake?: boolean;
    } = {},
  ): boolean {
    const c = options.contractIndex ?? 0;
    const openUs = options.openUs ?? this.#lastCloseUs;
    const closeUs = options.closeUs ?? openUs + MINUTE_US;
    const { venue } = this;
    const isAwake = low <= venue.wakeLow[c]! || high >= venue.wakeHigh[c]!;
    if (isAwake || options.ignoreWake === true) {
      const columns: BarColumns = {
        length: 1,
        openUs: Float64Array.of(openUs),
        closeUs: Float64Array.of(closeUs),
        open: Float64Array.of(open),
        high: Float64Array.of(high),
        low: Float64Array.of(low),
        close: Float64Array.of(close),
        volume: Float64Array.of(options.volume ?? 1000),
      };
      venue.onBar(c, columns, 0, options.flags ?? 0);
    }
    venue.lastTicks[c] = close;
    this.#lastCloseUs = closeUs;
    this.nowUs = closeUs;
    return isAwake;
  }

  /** Carries out one line of the scenario language. */
  run(line: string): void {
    const words = line.split(' ');
    const handler = this.#commands[words[0]!];
    if (handler === undefined) throw new Error(`unknown step "${line}"`);
    handler(words.slice(1));
  }

  /** Reports as lines; by default only those that change what we own or have working. */
  lines(kinds: readonly string[] = ['Fill', 'Canceled', 'Expired', 'Rejected']): string[] {
    return this.reports
      .filter((report) => kinds.includes(report.kind))
      .map((report) => {
        if (report.fill !== undefined) {
          const { lastQty, lastPriceTicks, evidence } = report.fill;
          const doubt = evidence!.certain ? '' : ' ambiguous';
          return `${report.clOrdId} fills ${lastQty} @ ${lastPriceTicks * TICK}${doubt}`;
        }
        return `${report.clOrdId} ${report.kind}${report.reason === undefined ? '' : ` ${report.reason}`}`;
      });
  }

  fills(): { id: string; qty: number; ticks: number; certain: boolean }[] {
    return this.reports
      .filter((report) => report.fill !== undefined)
      .map(({ clOrdId, fill }) => ({
        id: clOrdId,
        qty: fill!.lastQty,
        ticks: fill!.lastPriceTicks,
        certain: fill!.evidence!.certain,
      }));
  }

  readonly #commands: Readonly<Record<string, (words: string[]) => void>> = {
    buy: (words) => this.venue.submit(this.#single(1, words)),
    sell: (words) => this.venue.submit(this.#single(-1, words)),
    position: ([qty]) => this.venue.setPosition(0, Number(qty)),
    bar: (words) => this.#bar(words),
    bracket: (words) => this.#bracket(words),
    protect: (words) => this.#protect(words),
    straddle: ([above, below]) => {
      const buy = { type: 'stop', side: 1 as Side, qty: 1, stopTicks: ticks(above!) };
      const sell = { type: 'stop', side: -1 as Side, qty: 1, stopTicks: ticks(below!) };
      this.group(null, [this.order('b', buy, 'peer'), this.order('s', sell, 'peer')], 'oco');
    },
    cancel: ([id]) =>
      this.venue.cancel({ clOrdId: id as ClOrdId, orderId: null, sentUs: this.nowUs as TsUs }),
    reduce: ([id, qty]) =>
      this.venue.replace({
        clOrdId: id as ClOrdId,
        orderId: null,
        qty: Number(qty) as Qty,
        sentUs: this.nowUs as TsUs,
      }),
    'session-close': () => this.venue.onSessionClose(0, this.nowUs as TsUs),
    move: ([id, price]) =>
      this.venue.replace({
        clOrdId: id as ClOrdId,
        orderId: null,
        limitTicks: ticks(price!),
        sentUs: this.nowUs as TsUs,
      }),
    wait: ([minutes]) => {
      this.nowUs += Number(minutes) * MINUTE_US;
      this.#lastCloseUs = this.nowUs;
    },
  };

  /** `<qty> <type> [prices] [tif] [reduce-only] as <id>`. */
  #single(side: Side, words: string[]): NewOrderRequest {
    const id = words[words.indexOf('as') + 1]!;
    const spec = this.#spec(side, Number(words[0]), words.slice(1, words.indexOf('as')));
    return this.order(id, spec);
  }

  #spec(
    side: Side,
    qty: number,
    words: string[],
  ): Omit<Partial<OrderSpec>, 'type' | 'qty'> & { type: string; side: Side; qty: number } {
    const type = words[0]!;
    const numbers = words
      .slice(1)
      .filter((word) => !isNaN(Number(word)))
      .map(ticks);
    const flags = words.slice(1).filter((word) => isNaN(Number(word)));
    // `protect=1` and `arm=102` in prices, `show=2` in contracts.
    const named = (name: string): string | undefined =>
      flags.find((flag) => flag.startsWith(`${name}=`))?.slice(name.length + 1);
    const arm = named('arm');
    const armed = arm === undefined ? {} : { activationTicks: ticks(arm) };
    const prices =
      type === 'limit'
        ? { limitTicks: numbers[0]! }
        : type === 'stop' || type === 'market-if-touched'
          ? { stopTicks: numbers[0]! }
          : type === 'stop-limit' || type === 'limit-if-touched'
            ? { stopTicks: numbers[0]!, limitTicks: numbers[1]! }
            : type === 'trailing-stop'
              ? {
                  trail: { offsetTicks: numbers[0]!, ...armed },
                  ...(numbers.length > 1 ? { stopTicks: numbers[1]! } : {}),
                }
              : type === 'trailing-stop-limit'
                ? {
                    trail: { offsetTicks: numbers[0]!, ...armed },
                    limitOffsetTicks: numbers[1]!,
                    ...(numbers.length > 2 ? { stopTicks: numbers[2]! } : {}),
                  }
                : {};
    const known = ['day', 'gtc', 'ioc', 'fok', 'at-open', 'at-close'];
    const timeInForce = flags.find((flag) => known.includes(flag)) ?? 'gtc';
    const [protect, show] = [named('protect'), named('show')];
    return {
      type,
      side,
      qty,
      ...prices,
      ...(protect === undefined ? {} : { protectionTicks: ticks(protect) }),
      ...(show === undefined ? {} : { displayQty: Number(show) as Qty }),
      ...(flags.includes('post-only') ? { postOnly: true } : {}),
      ...(flags.includes('bid-ask') ? { trigger: 'bid-ask' as const } : {}),
      timeInForce: timeInForce as 'gtc',
      ...(flags.includes('reduce-only') ? { reduceOnly: true } : {}),
    };
  }

  /** `O/H/L/C [v<volume>] [auction] [last]`. */
  #bar(words: string[]): void {
    const [open, high, low, close] = words[0]!.split('/').map(ticks);
    const volume = words.find((word) => word.startsWith('v'));
    this.barTicks(open!, high!, low!, close!, {
      ...(volume === undefined ? {} : { volume: Number(volume.slice(1)) }),
      flags:
        (words.includes('auction') ? BarFlag.auctionOpen : 0) |
        (words.includes('last') ? BarFlag.sessionLast : 0),
    });
  }

  /** `buy|sell <qty> <type> [prices] stop <p> [target <p>] [oco|full]`; ids e, s, t. */
  #bracket(words: string[]): void {
    const side: Side = words[0] === 'buy' ? 1 : -1;
    const qty = Number(words[1]);
    const at = words.lastIndexOf('stop');
    const entry = this.order('e', this.#spec(side, qty, words.slice(2, at)), 'entry');
    const rule = words.includes('oco') ? 'oco' : 'ouo';
    const release = words.includes('full') ? 'full' : 'partial';
    this.group(entry, this.#exits(-side as Side, qty, words.slice(at)), rule, release);
  }

  /** `<qty> stop <p> target <p> [oco]`: exits for a long that the harness sets; a negative quantity for a short. */
  #protect(words: string[]): void {
    const qty = Number(words[0]);
    this.venue.setPosition(0, qty);
    const exits = this.#exits(qty > 0 ? -1 : 1, Math.abs(qty), words.slice(1));
    this.group(null, exits, words.includes('oco') ? 'oco' : 'ouo');
  }

  #exits(side: Side, qty: number, words: string[]): NewOrderRequest[] {
    const exits: NewOrderRequest[] = [];
    const common = { side, qty, reduceOnly: !words.includes('open') };
    const stop = words.indexOf('stop');
    const trail = words.indexOf('trail');
    const target = words.indexOf('target');
    if (stop >= 0) {
      const spec = { ...common, type: 'stop', stopTicks: ticks(words[stop + 1]!) as PriceTicks };
      exits.push(this.order('s', spec, 'stop'));
    }
    if (trail >= 0) {
      const offsetTicks = ticks(words[trail + 1]!);
      const from = words[trail + 2] === 'from' ? { stopTicks: ticks(words[trail + 3]!) } : {};
      const arm = words.find((word) => word.startsWith('arm='));
      const armed = arm === undefined ? {} : { activationTicks: ticks(arm.slice(4)) };
      const spec = { ...common, type: 'trailing-stop', trail: { offsetTicks, ...armed }, ...from };
      exits.push(this.order('s', spec, 'stop'));
    }
    if (target >= 0) {
      const spec = {
        ...common,
        type: 'limit',
        limitTicks: ticks(words[target + 1]!) as PriceTicks,
      };
      exits.push(this.order('t', spec, 'target'));
    }
    return exits;
  }
}

function ticks(price: string): PriceTicks {
  return (Number(price) / TICK) as PriceTicks;
}
