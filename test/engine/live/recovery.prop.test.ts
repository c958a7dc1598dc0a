/** kill -9 after any line of the journal: what comes back is what the lines say, and then what the venue says. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { JournalPort } from '../../../src/core/ports.ts';
import type { ClOrdId } from '../../../src/core/order.ts';
import { isTerminal } from '../../../src/core/order.ts';
import type { Strategy } from '../../../src/core/strategy.ts';
import type { PriceTicks, TsUs } from '../../../src/core/units.ts';
import type { EngineState, JournalLine } from '../../../src/engine/live/recovery.ts';
import { idPrefixOf, parseJournal } from '../../../src/engine/live/recovery.ts';
import { at, columns, hourly } from '../../support/engine-world.ts';
import { Draws } from '../../support/fuzz-world.ts';
import type { Fate } from '../../support/live-world.ts';
import { LiveWorld, PlainVenue, VirtualScheduler } from '../../support/live-world.ts';

vi.setConfig({ testTimeout: 240_000 });

class Crash extends Error {}

/** Every line is on disk at once; the process dies when it wants to write one more than `limit`. */
class CrashJournal implements JournalPort {
  readonly lines: string[];
  readonly #limit: number;

  constructor(lines: string[], limit: number) {
    this.lines = lines;
    this.#limit = limit;
  }
  append(kind: string, tsUs: TsUs, body: Readonly<Record<string, unknown>>): number {
    if (this.lines.length >= this.#limit) throw new Crash('killed');
    const seq = this.lines.length;
    this.lines.push(JSON.stringify({ seq, tsUs, kind, body }));
    return seq;
  }
  hash(): string {
    return '';
  }
  flush(): void {}
  close(): void {}
}

/** What survives a crash. */
interface Remains {
  readonly scheduler: VirtualScheduler;
  readonly venue: PlainVenue;
  readonly lines: string[];
  /** The last state that was saved, as its file holds it. */
  state: string | null;
}

function counting(): Strategy & { count: number } {
  return {
    count: 0,
    onOrder() {
      this.count += 1;
    },
    saveState() {
      return { count: this.count };
    },
    restoreState(state) {
      this.count = (state as { count: number }).count;
    },
  };
}

function linesOf(text: readonly string[]): readonly JournalLine[] {
  return parseJournal(text.map((line) => `${line}\n`).join('')).lines;
}

function live(remains: Remains, limit: number, useState: boolean): LiveWorld {
  const lines = linesOf(remains.lines);
  const state =
    useState && remains.state !== null ? (JSON.parse(remains.state) as EngineState) : null;
  const tail = state === null ? lines : lines.filter((line) => line.seq > state.seq);
  return new LiveWorld({
    scheduler: remains.scheduler,
    venue: remains.venue,
    strategy: counting(),
    overrides: {
      journal: new CrashJournal(remains.lines, limit),
      startUs: remains.lines.length === 0 ? at(0, 10) : remains.scheduler.nowUs(),
      ...(lines.length === 0 ? {} : { recovered: { state, lines: tail } }),
    },
  });
}

/** Something happens: the strategy acts, the market fills, the network fails, time passes. */
async function happen(run: LiveWorld, draws: Draws, remains: Remains): Promise<void> {
  const { venue } = run;
  const working = [...venue.orders].filter(([, order]) => !isTerminal(order.status));
  const ours = run.ctx.openOrders().map((order) => order.clOrdId);
  const fate: Fate = draws.pick([
    'answered',
    'answered',
    'answered',
    'unanswered',
    'lost',
    'silent',
  ]);
  switch (draws.int(0, 8)) {
    case 0:
    case 1:
      venue.fate = fate;
      run.limit(draws.int(90, 99), draws.int(1, 3));
      break;
    case 2:
      if (ours.length > 0) {
        venue.fate = fate;
        run.act((ctx) => ctx.cancel(draws.pick(ours)));
      }
      break;
    case 3:
      if (ours.length > 0) {
        venue.fate = fate;
        run.act((ctx) =>
          ctx.modify(draws.pick(ours), { limitTicks: draws.int(80, 89) as PriceTicks }),
        );
      }
      break;
    case 4:
    case 5:
      if (working.length > 0) {
        const [id, order] = draws.pick(working);
        const qty = draws.int(1, order.qty - order.cumQty);
        venue.fill(id, qty, draws.int(90, 99), draws.chance(0.7));
      }
      break;
    case 6:
      if (working.length > 0) venue.expire(draws.pick(working)[0], draws.chance(0.5));
      break;
    case 7:
      run.act((ctx) => {
        if (ctx.netQty('ES') !== 0) ctx.flatten({ root: 'ES' });
      });
      break;
    default:
      remains.state = JSON.stringify(run.engine.state());
  }
  venue.fate = 'answered';
  await run.pass(draws.pick([1000, 1000, 300_000, 2_000_000]));
}

/** The plainest account of the lines: sums of fills, and the last word on each order. */
function fold(lines: readonly JournalLine[]): {
  readonly net: number;
  readonly counts: number;
  readonly fees: number;
  readonly execIds: readonly string[];
  readonly filled: ReadonlyMap<string, number>;
  readonly known: readonly string[];
} {
  const fills = lines
    .filter((line) => line.kind === 'fill')
    .map(
      (line) =>
        line.body as never as {
          execId: string;
          clOrdId: string;
          side: number;
          qty: number;
          priceTicks: number;
          feeMicros: number;
        },
    );
  const filled = new Map<string, number>();
  for (const { clOrdId, qty } of fills) filled.set(clOrdId, (filled.get(clOrdId) ?? 0) + qty);
  const submitted = lines.filter(
    (line) => line.kind === 'order' && line.body['spec'] !== undefined,
  );
  return {
    net: fills.reduce((sum, each) => sum + each.side * each.qty, 0),
    counts: fills.reduce((sum, each) => sum - each.side * each.qty * each.priceTicks, 0),
    fees: fills.reduce((sum, each) => sum + each.feeMicros, 0),
    execIds: fills.map((each) => each.execId),
    filled,
    known: submitted.map((line) => line.body['id'] as string),
  };
}

/** What a restarted engine holds before anybody was asked. */
function checkRestored(run: LiveWorld, lines: readonly JournalLine[]): void {
  const naive = fold(lines);
  const state = run.engine.state();
  const ended = [...state.orders.ended.old, ...state.orders.ended.young].map(([, order]) => order);
  const orders = [...ended, ...state.orders.open];
  expect(new Set(orders.map((order) => order.clOrdId))).toEqual(new Set(naive.known));
  for (const order of orders) {
    expect(`${order.clOrdId} ${order.cumQty}`).toBe(
      `${order.clOrdId} ${naive.filled.get(order.clOrdId) ?? 0}`,
    );
    expect(order.doubt === null).toBe(isTerminal(order.status));
    if (order.status === 'Filled') expect(order.cumQty).toBe(order.orderQty);
    else if (!isTerminal(order.status)) expect(order.leavesQty).toBe(order.orderQty - order.cumQty);
  }
  expect([...state.orders.execIds].toSorted()).toEqual([...naive.execIds].toSorted());
  const [ledger] = state.portfolio.ledgers;
  expect(ledger?.position.netQty ?? 0).toBe(naive.net);
  expect(ledger?.flowCounts ?? 0).toBe(naive.counts);
  expect(state.portfolio.fees[0]![1]).toBe(naive.fees);
  const numbers = naive.known.map((id) => Number(id.slice(-6)));
  expect(state.next.order).toBe(Math.max(0, ...numbers) + 1);
  expect(run.net).toBe(naive.net);
}

/** Everything is known, and it is what the venue holds. */
function checkAgreement(run: LiveWorld): void {
  const { venue } = run;
  const sent = venue.log.filter((line) => line.startsWith('new '));
  expect(new Set(sent).size).toBe(sent.length);
  for (const [id, order] of venue.orders) {
    const own = run.ctx.order(id)!;
    expect(`${id} ${own.status} ${own.certainty} ${own.cumQty}`).toBe(
      `${id} ${order.status} known ${order.cumQty}`,
    );
    if (!isTerminal(order.status)) expect(own.limitTicks).toBe(order.limit);
  }
  for (const own of run.ctx.openOrders()) expect(venue.orders.has(own.clOrdId)).toBe(true);
  expect(run.net).toBe(venue.net);
  expect(run.findings.at(-1)).toEqual([]);
}

/** Every trade that ended is on record, once; money and trades agree. */
function checkTrades(lines: readonly JournalLine[]): void {
  let [net, ends] = [0, 0];
  for (const { kind, body } of lines) {
    if (kind !== 'fill') continue;
    const signed = (body['side'] as number) * (body['qty'] as number);
    if (net !== 0 && (net + signed === 0 || Math.sign(net + signed) !== Math.sign(net))) ends += 1;
    net += signed;
  }
  const ids = lines
    .filter((line) => line.kind === 'trade' && line.body['isOpen'] === false)
    .map((line) => line.body['tradeId']);
  expect(ids).toHaveLength(ends);
  expect(new Set(ids).size).toBe(ends);
}

async function settle(run: LiveWorld): Promise<void> {
  for (let k = 0; k < 30; k += 1) {
    if (k % 10 === 0) run.bridge.ask(null);
    await run.pass(2_000_000);
  }
}

/** One life after another, each to its crash; the last goes on for a while. Returns how many lines there are at the end. */
async function live3(seed: number, limits: readonly number[], useState: boolean): Promise<number> {
  const scheduler = new VirtualScheduler(at(0, 11));
  const remains: Remains = { scheduler, venue: new PlainVenue(scheduler), lines: [], state: null };
  let ended = 0;
  for (const [life, limit] of [...limits, Infinity].entries()) {
    const draws = new Draws(seed, 100 + life);
    let run: LiveWorld | null = null;
    try {
      run = live(remains, limit, useState);
      const before = linesOf(remains.lines);
      if (limit === Infinity && before.length > 0) {
        run.engine.open();
        checkRestored(run, before);
        // The same again, from another form of the same past: one truth.
        run = live(remains, limit, useState);
      }
      await run.start();
      const steps = life === 0 ? 30 : 6;
      for (let k = 0; k < steps; k += 1) await happen(run, draws, remains);
      await settle(run);
      checkAgreement(run);
      checkTrades(linesOf(remains.lines));
      ended += 1;
    } catch (cause) {
      if (!(cause instanceof Crash)) throw cause;
    }
    run?.bridge.close();
    await scheduler.pass(1_000_000);
  }
  expect(ended).toBeGreaterThan(0);
  return remains.lines.length;
}

describe('a run that was killed', () => {
  it('goes on after any line, and ends in agreement with the venue', async () => {
    for (let seed = 1; seed <= 6; seed += 1) {
      const whole = await live3(seed, [], false);
      expect(whole).toBeGreaterThan(40);
      for (let cut = 1; cut <= whole; cut += 1) await live3(seed, [cut], cut % 2 === 0);
    }
  });

  it('goes on when it is killed again while it recovers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 2 ** 31 }),
        fc.integer({ min: 2, max: 120 }),
        fc.integer({ min: 0, max: 12 }),
        fc.boolean(),
        async (seed, first, more, useState) => {
          await live3(seed, [first, first + more], useState);
        },
      ),
      { numRuns: 150, seed: 3 },
    );
  });

  it('comes back the same from a saved state and the lines after it as from all lines', async () => {
    let compared = 0;
    for (let seed = 50; seed < 80; seed += 1) {
      const scheduler = new VirtualScheduler(at(0, 11));
      const remains: Remains = {
        scheduler,
        venue: new PlainVenue(scheduler),
        lines: [],
        state: null,
      };
      const run = await live(remains, Infinity, false).start();
      const draws = new Draws(seed, 1);
      for (let k = 0; k < 25; k += 1) await happen(run, draws, remains);
      if (remains.state === null) continue;
      compared += 1;
      const states = [true, false].map((useState) => {
        const again = live({ ...remains, lines: [...remains.lines] }, Infinity, useState);
        again.engine.open();
        const { orders, portfolio, ...rest } = again.engine.state();
        // Prices that moved no money stand in the state only.
        const ledgers = portfolio.ledgers.map((ledger) => ({ ...ledger, lastTicks: null }));
        const ended = [...orders.ended.old, ...orders.ended.young].map(([, order]) => order);
        const byId = (a: { clOrdId: ClOrdId }, b: { clOrdId: ClOrdId }): number =>
          a.clOrdId < b.clOrdId ? -1 : 1;
        return {
          ...rest,
          portfolio: { ...portfolio, ledgers },
          open: orders.open,
          ended: [...new Map(ended.map((order) => [order.clOrdId, order])).values()].toSorted(byId),
          execIds: [...orders.execIds].toSorted(),
        };
      });
      expect(states[0]).toEqual(states[1]);
    }
    expect(compared).toBeGreaterThan(15);
  });
});

describe('what an earlier run left', () => {
  it('is there when history has been taken in, and no price of the past has marked it', async () => {
    const scheduler = new VirtualScheduler(at(0, 11));
    const remains: Remains = {
      scheduler,
      venue: new PlainVenue(scheduler),
      lines: [],
      state: null,
    };
    const run = await live(remains, Infinity, false).start();
    const id = run.limit(95, 2);
    remains.venue.fill(id, 2, 95);
    await run.pass();
    run.bridge.close();
    await scheduler.pass(2 * 3_600_000_000);
    const seen: string[] = [];
    const again = new LiveWorld({
      scheduler,
      venue: remains.venue,
      strategy: {
        onWarmUpBar: (bar, ctx) => seen.push(`history ${4 * bar.close} ${ctx.netQty('ES')}`),
        onBar: (bar, ctx) => seen.push(`bar ${4 * bar.close} ${ctx.netQty('ES')}`),
      },
      overrides: {
        journal: new CrashJournal(remains.lines, Infinity),
        startUs: at(0, 10),
        actFromUs: scheduler.nowUs(),
        recovered: { state: null, lines: linesOf(remains.lines) },
      },
    });
    again.engine.open();
    await remains.venue.open(again.bridge);
    again.bridge.ask(null);
    await scheduler.pass(1_000_000);
    again.bars.pushColumns(columns(hourly(0, [50, 97, 98]), 3_600_000_000));
    again.engine.advance(scheduler.nowUs());
    expect(again.net).toBe(2);
    expect(again.findings.at(-1)).toEqual([]);
    await scheduler.pass(3_600_000_000);
    again.bars.pushColumns(columns(hourly(0, [50, 97, 98, 99]).slice(3), 3_600_000_000));
    again.engine.advance(scheduler.nowUs());
    expect(seen).toEqual(['history 50 0', 'history 97 0', 'history 98 0', 'bar 99 2']);
    const point = again.engine.finish();
    // Two contracts bought at 95 stand at 99; a tick is worth 12.50, and the fill cost a thousandth.
    expect(point.finalEquityMicros).toBe(100_000_000_000 + 2 * 4 * 12_500_000 - 1000);
  });
});

describe('the text of a journal', () => {
  const line = (seq: number) => `{"seq":${seq},"tsUs":5,"kind":"note","body":{"n":${seq}}}\n`;
  const text = [0, 1, 2].map(line).join('');

  it('may be cut anywhere: whole lines are read, the rest was not written', () => {
    for (let cut = 0; cut <= text.length; cut += 1) {
      const { lines, torn } = parseJournal(text.slice(0, cut));
      const whole = text.slice(0, cut).split('\n').length - 1;
      expect(lines.map(({ seq }) => seq)).toEqual([0, 1, 2].slice(0, whole));
      expect(torn).toBe(text.slice(text.slice(0, cut).lastIndexOf('\n') + 1, cut));
    }
  });

  it.each(['{"seq":1,"tsUs":5,"kind"', '[]', 'null', '{"seq":1,"tsUs":"5","kind":"a","body":{}}'])(
    'may not be damaged in the middle: %s',
    (bad) => {
      expect(() => parseJournal(`${line(0)}${bad}\n${line(2)}`)).toThrow(/line 2 of the journal/);
    },
  );

  it('names the prefix of its ids', async () => {
    const run = await new LiveWorld().start();
    const { lines } = parseJournal(
      run.world.journal
        .lines()
        .map((one) => `${one}\n`)
        .join(''),
    );
    expect(idPrefixOf({ state: null, lines })).toBe('ABCD');
    expect(idPrefixOf({ state: null, lines: [] })).toBeNull();
  });
});
