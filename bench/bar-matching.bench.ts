/**
 * The bar venue alone: minute bars of a random walk against orders that sleep, that every bar wakes for nothing, and
 * brackets that are sent and exited again; the last also by drill-down into four finer bars. Without an engine. CPU time,
 * best of the rounds.
 *
 *     node --expose-gc --import tsx bench/bar-matching.bench.ts
 */
import type { BarColumns } from '../src/core/bars.ts';
import { countValueOf, ContractTable } from '../src/core/instrument.ts';
import type { ContractId, InstrumentSpec } from '../src/core/instrument.ts';
import type { ClOrdId, OrderSpec } from '../src/core/order.ts';
import { UniformGrid } from '../src/core/price-grid.ts';
import type { TradeDate, TsUs } from '../src/core/units.ts';
import { createRandom } from '../src/engine/rng.ts';
import { createBarExchange } from '../src/sim/bar-exchange.ts';
import type { BarExchange, BarExchangeOptions } from '../src/sim/bar-exchange.ts';

const IS_SMOKE = process.env['FRONTMONTH_BENCH_SMOKE'] === '1';
const BARS = IS_SMOKE ? 5_000 : 300_000;
const ROUNDS = IS_SMOKE ? 1 : 3;
const STEP_US = 60_000_000;
const PARTS = 4;
const START_US = 1_700_000_040_000_000;

/** Bars of `PARTS` finer ones each, so that both tell the same. */
function makeBars(count: number): { readonly fine: BarColumns; readonly coarse: BarColumns } {
  const random = createRandom(1);
  const columns = (length: number, stepUs: number) => ({
    length,
    openUs: Float64Array.from({ length }, (_, i) => START_US + i * stepUs),
    closeUs: Float64Array.from({ length }, (_, i) => START_US + (i + 1) * stepUs),
    open: new Int32Array(length),
    high: new Int32Array(length),
    low: new Int32Array(length),
    close: new Int32Array(length),
    volume: new Float64Array(length).fill(1000),
  });
  const fine = columns(count * PARTS, STEP_US / PARTS);
  const coarse = columns(count, STEP_US);
  let price = 16_000;
  for (let i = 0; i < fine.length; i += 1) {
    const draw = (stream: number): number => Math.floor(random.uniform(stream, i, 0, 0) * 4);
    fine.open[i] = price;
    fine.close[i] = price + draw(1) - draw(2);
    fine.high[i] = Math.max(price, fine.close[i]!) + draw(3);
    fine.low[i] = Math.min(price, fine.close[i]!) - draw(4);
    price = fine.close[i]!;
    const at = Math.floor(i / PARTS);
    if (i % PARTS === 0) coarse.open[at] = fine.open[i]!;
    const isFirst = i % PARTS === 0;
    coarse.high[at] = isFirst ? fine.high[i]! : Math.max(coarse.high[at]!, fine.high[i]!);
    coarse.low[at] = isFirst ? fine.low[i]! : Math.min(coarse.low[at]!, fine.low[i]!);
    coarse.close[at] = fine.close[i]!;
  }
  return { fine, coarse };
}

function makeTable(): ContractTable {
  const spec: Partial<InstrumentSpec> = {
    root: 'ES',
    exchange: 'XCME',
    currency: 'USD',
    multiplier: 50,
    grid: new UniformGrid(0.25),
    countValue: countValueOf(50, 0.25),
  };
  const dates = {
    kind: 'exact' as const,
    lastTradeDate: 25_000 as TradeDate,
    lastTradeUs: 2_160_000_000_000_000 as TsUs,
    firstNoticeDate: null,
  };
  const contract = { id: 'ESZ2025' as ContractId, root: 'ES', year: 2025, month: 12, dates };
  return new ContractTable([spec as InstrumentSpec], [contract]);
}

let serial = 0;
function order(spec: object, role: 'entry' | 'stop' | 'target' | 'single', sentUs: number) {
  serial += 1;
  const full = { contract: 'ESZ2025', qty: 1, timeInForce: 'gtc', ...spec } as unknown as OrderSpec;
  const clOrdId = `o${serial}` as ClOrdId;
  return { clOrdId, contractIndex: 0, spec: full, role, groupId: null, sentUs: sentUs as TsUs };
}

type Kind = 'asleep' | 'woken' | 'brackets';

/** Feeds the bars as an engine does; returns fills. */
function feed(kind: Kind, bars: BarColumns, options: Partial<BarExchangeOptions>): number {
  const venue: BarExchange = createBarExchange({
    table: makeTable(),
    random: createRandom(1),
    ...options,
  });
  let fills = 0;
  let net = 0;
  venue.connect({
    onReport: (report) => {
      if (report.fill === undefined) return;
      fills += 1;
      net = net === 0 ? 1 : 0;
    },
    onAmbiguity: () => {},
  });
  if (kind === 'asleep') {
    venue.submit(order({ type: 'limit', side: 1, limitTicks: -1_000_000 }, 'single', START_US));
  }
  // It trails from so far that no bar exits it, and moves with every new high.
  if (kind === 'woken') {
    const trail = { offsetPpm: 900_000 };
    venue.submit(order({ type: 'trailing-stop', side: -1, trail }, 'single', START_US));
  }
  for (let i = 0; i < bars.length; i += 1) {
    if (bars.low[i]! <= venue.wakeLow[0]! || bars.high[i]! >= venue.wakeHigh[0]!) {
      venue.onBar(0, bars, i, 0);
    }
    venue.lastTicks[0] = bars.close[i]!;
    if (kind !== 'brackets' || net !== 0 || i % 2 !== 0) continue;
    const sentUs = bars.closeUs[i]!;
    const close = bars.close[i]!;
    const exit = { side: -1 as const, reduceOnly: true };
    const stop = order({ ...exit, type: 'stop', stopTicks: close - 10 }, 'stop', sentUs);
    const target = order({ ...exit, type: 'limit', limitTicks: close + 10 }, 'target', sentUs);
    venue.submitGroup({
      groupId: `g${i}`,
      entry: order({ type: 'market', side: 1 }, 'entry', sentUs),
      children: [stop, target].map((child) => ({ order: child, groupQty: child.spec.qty })),
      peers: 'ouo',
      release: 'partial',
      sentUs: sentUs as TsUs,
    });
  }
  return fills;
}

function best(run: () => number): { readonly ns: number; readonly fills: number } {
  let [least, fills] = [Infinity, 0];
  for (let round = 0; round < ROUNDS; round += 1) {
    const from = process.cpuUsage();
    fills = run();
    const { user, system } = process.cpuUsage(from);
    least = Math.min(least, user + system);
  }
  return { ns: (least * 1000) / BARS, fills };
}

function heapPerBar(run: () => number): string {
  const { gc } = globalThis;
  if (gc === undefined) return '';
  run();
  gc();
  const before = process.memoryUsage().heapUsed;
  run();
  return `  ${((process.memoryUsage().heapUsed - before) / BARS).toFixed(2)} B a bar left over`;
}

const { fine, coarse } = makeBars(BARS);
const finer: BarExchangeOptions['finer'] = {
  within: (_contract, openUs, closeUs) => {
    if (closeUs - openUs < STEP_US) return null;
    const from = ((openUs - START_US) / STEP_US) * PARTS;
    const part = (column: Int32Array | Float64Array) => column.subarray(from, from + PARTS);
    return {
      length: PARTS,
      openUs: fine.openUs.subarray(from, from + PARTS),
      closeUs: fine.closeUs.subarray(from, from + PARTS),
      open: part(fine.open as Int32Array) as Int32Array,
      high: part(fine.high as Int32Array) as Int32Array,
      low: part(fine.low as Int32Array) as Int32Array,
      close: part(fine.close as Int32Array) as Int32Array,
      volume: fine.volume.subarray(from, from + PARTS),
    };
  },
};
const rows: readonly [string, Kind, Partial<BarExchangeOptions>][] = [
  ['a limit that sleeps', 'asleep', {}],
  ['a trail that new highs wake', 'woken', {}],
  ['brackets, pessimistic', 'brackets', {}],
  ['brackets, drill-down', 'brackets', { policy: 'drilldown', finer }],
];
for (const [name, kind, options] of rows) {
  const { ns, fills } = best(() => feed(kind, coarse, options));
  const heap = kind === 'brackets' ? '' : heapPerBar(() => feed(kind, coarse, options));
  console.log(`${name.padEnd(30)} ${ns.toFixed(0).padStart(6)} ns a bar  ${fills} fills${heap}`);
}
