/**
 * The limit order book beside a plain one (a Map of levels, sorted prices, an array of orders a level): the same random
 * orders, cancels, reductions and matches, the same trades. CPU time, best of the rounds.
 *
 *     node --import tsx bench/order-book.bench.ts
 */
import { LimitBook } from '../src/sim/book/limit-book.ts';
import type { MatchSink } from '../src/sim/book/limit-book.ts';
import { createRandom } from '../src/engine/rng.ts';

const IS_SMOKE = process.env['FRONTMONTH_BENCH_SMOKE'] === '1';
const COMMANDS = IS_SMOKE ? 20_000 : 2_000_000;
const ROUNDS = IS_SMOKE ? 1 : 5;

interface Commands {
  /** 0 send, 1 cancel, 2 reduce, 3 lose the place. */
  readonly kind: Uint8Array;
  readonly side: Int8Array;
  readonly price: Int32Array;
  readonly qty: Int32Array;
  /** Which of the orders sent so far. */
  readonly pick: Float64Array;
}

/** `resting`: orders sent before the clock starts; `depth`: ticks over which they lie. */
function makeCommands(count: number, resting: number, depth: number, seed: number): Commands {
  const random = createRandom(seed);
  const draw = (i: number, stream: number): number => random.uniform(stream, i, 0, 0);
  const kind = new Uint8Array(resting + count);
  const side = new Int8Array(resting + count);
  const price = new Int32Array(resting + count);
  const qty = new Int32Array(resting + count);
  const pick = new Float64Array(resting + count);
  let middle = 20_000;
  for (let i = 0; i < resting + count; i += 1) {
    const isBuy = draw(i, 1) < 0.5;
    side[i] = isBuy ? 1 : -1;
    qty[i] = 1 + Math.floor(draw(i, 2) * 10);
    const far = Math.floor(draw(i, 3) ** 2 * depth);
    if (i < resting) {
      price[i] = middle + (isBuy ? -1 - far : 1 + far);
      continue;
    }
    if (i % 64 === 0) middle += Math.floor(draw(i, 4) * 3) - 1;
    const what = draw(i, 5);
    kind[i] = what < 0.48 ? 0 : what < 0.9 ? 1 : what < 0.95 ? 2 : 3;
    // One in eight crosses.
    const isCrossing = draw(i, 6) < 0.125;
    price[i] = isCrossing ? middle + (isBuy ? 1 : -1) : middle + (isBuy ? -1 - far : 1 + far);
    pick[i] = draw(i, 7);
  }
  return { kind, side, price, qty, pick };
}

function runFast(commands: Commands, from: number, book: LimitBook, handles: Float64Array): number {
  const { kind, side, price, qty, pick } = commands;
  let traded = 0;
  const sink: MatchSink = {
    onTrade: (_resting, priceTicks, lastQty) => {
      traded += (priceTicks % 97) * lastQty;
      return false;
    },
    onSelfTrade: () => {},
  };
  for (let i = from; i < kind.length; i += 1) {
    if (kind[i] === 0) {
      const own = side[i] as 1 | -1;
      const left = book.matchAt(own, price[i]!, qty[i]!, 0, 'cancel-resting', sink);
      handles[i] = left > 0 ? book.restAt(own, price[i]!, left, 0, 0, false) : -1;
      continue;
    }
    handles[i] = -1;
    const handle = handles[Math.floor(pick[i]! * i)]!;
    if (handle < 0) continue;
    if (kind[i] === 1) book.cancel(handle);
    else if (kind[i] === 2) book.reduce(handle, 1);
    else if (book.leavesQty(handle) > 0) book.requeue(handle, book.priceTicks(handle), 5);
  }
  return traded;
}

interface PlainOrder {
  readonly side: 1 | -1;
  readonly price: number;
  leaves: number;
}

/** What one writes first: levels in a Map, prices in a sorted array, the orders of a level in an array. */
class PlainBook {
  readonly #levels = {
    '1': new Map<number, PlainOrder[]>(),
    '-1': new Map<number, PlainOrder[]>(),
  };
  /** Best last. */
  readonly #prices: { readonly '1': number[]; readonly '-1': number[] } = { '1': [], '-1': [] };

  send(
    side: 1 | -1,
    price: number,
    qty: number,
    onTrade: (price: number, qty: number) => void,
  ): PlainOrder | null {
    const other = side === 1 ? -1 : 1;
    const prices = this.#prices[other];
    while (qty > 0 && prices.length > 0 && (price - prices.at(-1)!) * side >= 0) {
      const best = prices.at(-1)!;
      const level = this.#levels[other].get(best)!;
      while (qty > 0 && level.length > 0) {
        const order = level[0]!;
        const part = Math.min(qty, order.leaves);
        order.leaves -= part;
        qty -= part;
        onTrade(best, part);
        if (order.leaves === 0) level.shift();
      }
      if (level.length === 0) {
        prices.pop();
        this.#levels[other].delete(best);
      }
    }
    if (qty === 0) return null;
    const order = { side, price, leaves: qty };
    this.#rest(order);
    return order;
  }

  #rest(order: PlainOrder): void {
    const levels = this.#levels[order.side];
    const level = levels.get(order.price);
    if (level !== undefined) {
      level.push(order);
      return;
    }
    levels.set(order.price, [order]);
    const prices = this.#prices[order.side];
    let low = 0;
    let high = prices.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((prices[middle]! - order.price) * order.side < 0) low = middle + 1;
      else high = middle;
    }
    prices.splice(low, 0, order.price);
  }

  cancel(order: PlainOrder): void {
    if (order.leaves === 0) return;
    order.leaves = 0;
    this.#take(order);
  }

  #take(order: PlainOrder): void {
    const level = this.#levels[order.side].get(order.price)!;
    level.splice(level.indexOf(order), 1);
    if (level.length > 0) return;
    this.#levels[order.side].delete(order.price);
    const prices = this.#prices[order.side];
    prices.splice(prices.indexOf(order.price), 1);
  }

  requeue(order: PlainOrder, leaves: number): void {
    if (order.leaves === 0) return;
    this.#take(order);
    order.leaves = leaves;
    this.#rest(order);
  }
}

function runPlain(
  commands: Commands,
  from: number,
  book: PlainBook,
  orders: (PlainOrder | null)[],
): number {
  const { kind, side, price, qty, pick } = commands;
  let traded = 0;
  const onTrade = (priceTicks: number, lastQty: number): void => {
    traded += (priceTicks % 97) * lastQty;
  };
  for (let i = from; i < kind.length; i += 1) {
    if (kind[i] === 0) {
      orders[i] = book.send(side[i] as 1 | -1, price[i]!, qty[i]!, onTrade);
      continue;
    }
    orders[i] = null;
    const order = orders[Math.floor(pick[i]! * i)]!;
    if (order === null) continue;
    if (kind[i] === 1) book.cancel(order);
    else if (kind[i] === 2) order.leaves = Math.min(order.leaves, 1);
    else book.requeue(order, 5);
  }
  return traded;
}

function cpuUs(run: () => void): number {
  const begin = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(begin);
  return user + system;
}

for (const [name, resting, depth] of [
  ['thin, 1,000 resting', 1_000, 2_000],
  ['deep, 1,000 resting', 1_000, 40],
  ['thin, 100,000 resting', 100_000, 20_000],
  ['deep, 100,000 resting', 100_000, 400],
] as const) {
  const commands = makeCommands(COMMANDS, resting, depth, 11);
  const first = { ...commands, kind: commands.kind.subarray(0, resting) };
  let [fastUs, plainUs] = [Infinity, Infinity];
  let heapBytes = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const book = new LimitBook();
    const handles = new Float64Array(commands.kind.length);
    runFast(first, 0, book, handles);
    let fast = 0;
    const before = process.memoryUsage().heapUsed;
    fastUs = Math.min(
      fastUs,
      cpuUs(() => void (fast = runFast(commands, resting, book, handles))),
    );
    heapBytes = process.memoryUsage().heapUsed - before;
    const plainBook = new PlainBook();
    const orders: (PlainOrder | null)[] = Array.from({ length: commands.kind.length }, () => null);
    runPlain(first, 0, plainBook, orders);
    let plain = 0;
    plainUs = Math.min(
      plainUs,
      cpuUs(() => void (plain = runPlain(commands, resting, plainBook, orders))),
    );
    if (fast !== plain) throw new Error(`${name}: the books trade differently`);
  }
  const rate = (us: number): string => `${(COMMANDS / us).toFixed(2)} M/s`;
  console.log(
    `${name.padEnd(24)} ${rate(fastUs).padStart(10)}   plain ${rate(plainUs).padStart(10)}   ratio ${(plainUs / fastUs).toFixed(1)}   heap ${(heapBytes / 1e6).toFixed(1)} MB`,
  );
}
