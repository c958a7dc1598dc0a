/** A live run end to end in virtual time, against a plain venue: what is sent, when, and what is known afterwards. */
import { describe, expect, it } from 'vitest';
import { TradingError } from '../../../src/core/errors.ts';
import { toClOrdId } from '../../../src/core/order.ts';
import type { PriceTicks, Qty } from '../../../src/core/units.ts';
import { LiveWorld } from '../../support/live-world.ts';

async function start(): Promise<LiveWorld> {
  const live = await new LiveWorld().start();
  live.venue.log.length = 0;
  return live;
}
const requests = (live: LiveWorld): string[] =>
  live.venue.log.filter((line) => /^(new|replace|cancel) /.test(line));

describe('a request to a real venue', () => {
  it('is written before it is sent, under an id that no other run uses', async () => {
    const live = await start();
    const id = live.limit();
    expect(id).toBe('ABCD-O-000001');
    expect(live.venue.log[0]).toMatch(/^flush [1-9]/);
    expect(live.venue.log[1]).toBe('new ABCD-O-000001');
    const text = live.world.journal.chunks.join('');
    expect(text).toContain('"event":"Submitted","id":"ABCD-O-000001"');
    expect(live.state(id)).toBe('New known 0');
    live.act((ctx) => ctx.cancel(id));
    const lines = live.venue.log;
    expect(lines.at(-2)).toMatch(/^flush/);
    expect(lines.at(-1)).toBe(`cancel ${id}`);
    expect(live.world.journal.chunks.join('')).toContain('"event":"CancelRequested"');
  });

  it('is not sent when its line cannot be written', async () => {
    const live = await start();
    live.world.journal.flush = () => {
      throw new TradingError('E_DISK', 'the disk is full', { details: {} });
    };
    expect(() => live.limit()).toThrow(/disk is full/);
    expect(requests(live)).toEqual([]);
  });
});

describe('a request that timed out', () => {
  it('was carried out: the venue is asked by id, and nothing is sent twice', async () => {
    const live = await start();
    live.venue.fate = 'unanswered';
    const id = live.limit();
    expect(live.state(id)).toBe('PendingNew unknown 0');
    live.venue.fate = 'answered';
    await live.pass(600_000);
    expect(live.state(id)).toBe('New known 0');
    expect(requests(live)).toEqual([`new ${id}`]);
    expect(live.told).toEqual([`Submitted ${id}`, `Lost ${id} timed out`, `Accepted ${id}`]);
  });

  it('was never received: not before a while has passed is it rejected', async () => {
    const live = await start();
    live.venue.fate = 'lost';
    const id = live.limit();
    await live.pass(600_000);
    expect(live.state(id)).toBe('PendingNew unknown 0');
    for (let k = 0; k < 40; k += 1) await live.pass(500_000);
    expect(live.state(id)).toBe('Rejected known 0');
    expect(live.ctx.order(id)!.reason).toBe('not-received');
    expect(requests(live)).toEqual([`new ${id}`]);
  });

  it('is asked about again where the venue does not answer', async () => {
    const live = await start();
    live.venue.fate = 'unanswered';
    const id = live.limit();
    live.venue.failures = 3;
    await live.pass(3_000_000);
    expect(live.state(id)).toBe('PendingNew unknown 0');
    await live.pass(10_000_000);
    expect(live.state(id)).toBe('New known 0');
    expect(live.venue.log.filter((line) => line === `find ${id}`)).toHaveLength(4);
  });

  it('holds what is asked for its order meanwhile, and a cancel comes before a replace', async () => {
    const live = await start();
    live.venue.fate = 'unanswered';
    const id = live.limit();
    live.act((ctx) => ctx.modify(id, { limitTicks: 94 as PriceTicks }));
    live.act((ctx) => ctx.cancel(id));
    live.act((ctx) => ctx.modify(id, { limitTicks: 93 as PriceTicks }));
    expect(requests(live)).toEqual([`new ${id}`]);
    live.venue.fate = 'answered';
    await live.pass(600_000);
    expect(requests(live)).toEqual([`new ${id}`, `cancel ${id}`]);
    await live.pass();
    expect(live.state(id)).toBe('Canceled known 0');
  });

  it('sends the last of the replaces that waited, with all that they asked for', async () => {
    const live = await start();
    live.venue.fate = 'unanswered';
    const id = live.limit();
    live.act((ctx) => ctx.modify(id, { limitTicks: 94 as PriceTicks }));
    live.act((ctx) => ctx.modify(id, { qty: 3 }));
    live.venue.fate = 'answered';
    await live.pass(600_000);
    await live.pass();
    expect(requests(live)).toEqual([`new ${id}`, `replace ${id}`]);
    expect(live.ctx.order(id)).toMatchObject({ limitTicks: 94, orderQty: 3, status: 'New' });
  });

  it.each([
    { fate: 'lost', status: 'New known 0', told: 'CancelRejected', reason: 'not-received' },
    { fate: 'unanswered', status: 'Canceled known 0', told: 'Canceled', reason: 'venue' },
  ] as const)('of a cancel that was $fate', async ({ fate, status, told, reason }) => {
    const live = await start();
    const id = live.limit();
    live.venue.fate = fate;
    live.act((ctx) => ctx.cancel(id));
    live.engine.advance(live.scheduler.nowUs());
    expect(live.state(id)).toBe('PendingCancel unknown 0');
    await live.pass(600_000);
    expect(live.state(id)).toBe(status);
    expect(live.told.filter((line) => line.startsWith('Cancel')).at(-1)).toBe(
      `${told} ${id} ${reason}`,
    );
  });

  it.each([
    { fate: 'lost', told: 'ReplaceRejected', limit: 95 },
    { fate: 'unanswered', told: 'Replaced', limit: 94 },
  ] as const)('of a replace that was $fate', async ({ fate, told, limit }) => {
    const live = await start();
    const id = live.limit();
    live.venue.fate = fate;
    live.act((ctx) => ctx.modify(id, { limitTicks: 94 as PriceTicks }));
    live.engine.advance(live.scheduler.nowUs());
    expect(live.state(id)).toBe('PendingReplace unknown 0');
    await live.pass(600_000);
    expect(live.ctx.order(id)).toMatchObject({ status: 'New', limitTicks: limit });
    expect(live.told.at(-1)).toMatch(new RegExp(`^${told} `));
  });

  it('and was filled without a word: the account is read for the fills', async () => {
    const live = await start();
    live.venue.fate = 'unanswered';
    const id = live.limit();
    live.venue.fill(id, 2, 95, false);
    for (let k = 0; k < 8; k += 1) await live.pass(500_000);
    expect(live.state(id)).toBe('Filled known 2');
    expect(live.net).toBe(2);
    expect(live.world.recorder.fills).toMatchObject([{ execId: 'E1', qty: 2, priceTicks: 95 }]);
  });

  it('and arrives long after it counted as never received: it is cancelled at once', async () => {
    const live = await start();
    live.venue.fate = 'lost';
    const id = live.limit();
    for (let k = 0; k < 40; k += 1) await live.pass(500_000);
    expect(live.state(id)).toBe('Rejected known 0');
    live.venue.fate = 'answered';
    live.venue.arrive({
      clOrdId: id,
      contractIndex: 0,
      spec: {
        type: 'limit',
        limitTicks: 95 as PriceTicks,
        contract: live.world.front,
        side: 1,
        qty: 2 as Qty,
      },
      role: 'single',
      groupId: null,
      sentUs: live.scheduler.nowUs(),
    });
    await live.pass();
    expect(requests(live)).toEqual([`new ${id}`, `cancel ${id}`]);
    expect(live.issues()).toContain('E_ORDER_REVENANT');
    expect(live.state(id)).toBe('Rejected known 0');
  });
});

describe('what crosses on its way', () => {
  it('is a fill of an order that was cancelled here: it is booked, and told', async () => {
    const live = await start();
    const id = live.limit();
    live.venue.fill(id, 1, 95, false);
    live.act((ctx) => ctx.cancel(id));
    live.engine.advance(live.scheduler.nowUs());
    expect(live.state(id)).toBe('Canceled known 0');
    live.venue.tellFill(0);
    live.venue.tellFill(0);
    await live.pass();
    expect(live.state(id)).toBe('Canceled known 1');
    expect(live.net).toBe(1);
    expect(live.issues()).toEqual(['E_FILL_AFTER_END']);
    expect(live.world.recorder.fills).toHaveLength(1);
  });
});

describe('reading the account', () => {
  it('books what was missed, in order, and ends what has ended', async () => {
    const live = await start();
    const [a, b, c] = [live.limit(95), live.limit(94), live.limit(93)];
    await live.pass();
    live.venue.fill(a, 1, 95, false);
    await live.pass();
    live.venue.fill(b, 2, 94, false);
    await live.pass();
    live.venue.fill(a, 1, 95, false);
    live.venue.expire(c, false);
    await live.pass();
    live.bridge.ask(null);
    await live.pass(5_000_000);
    expect([a, b, c].map((id) => live.state(id))).toEqual([
      'Filled known 2',
      'Filled known 2',
      'Expired known 0',
    ]);
    expect(live.world.recorder.fills.map((fill) => fill.execId)).toEqual(['E1', 'E2', 'E3']);
    expect(live.net).toBe(4);
    expect(live.findings.at(-1)).toEqual([]);
    // The stream brings the same ones again.
    for (const index of [2, 0, 1]) live.venue.tellFill(index);
    await live.pass();
    expect(live.net).toBe(4);
  });

  it('holds new risk while a position cannot be explained, and lifts it when it can', async () => {
    const live = await start();
    live.venue.net = 3;
    live.bridge.ask(null);
    await live.pass(2_000_000);
    // One reading may have come between a fill and its report.
    expect(live.issues()).toEqual([]);
    const early = live.limit();
    expect(live.ctx.order(early)).toMatchObject({ status: 'Denied', reason: 'not-reconciled' });
    for (let k = 0; k < 5; k += 1) await live.pass(2_000_000);
    expect(live.issues().slice(1)).toEqual(['E_POSITION_MISMATCH']);
    const id = live.limit();
    expect(live.ctx.order(id)).toMatchObject({ status: 'Denied', reason: 'position-mismatch' });
    expect(requests(live)).toEqual([]);
    live.venue.net = 0;
    live.bridge.ask(null);
    for (let k = 0; k < 10; k += 1) await live.pass(2_000_000);
    expect(live.state(live.limit())).toBe('New known 0');
    expect(live.issues().filter((code) => code === 'E_POSITION_MISMATCH')).toHaveLength(1);
  });

  it.each([
    { foreign: 'adopt', net: 3, sent: 0 },
    { foreign: 'flatten', net: 0, sent: 1 },
  ] as const)(
    'by policy $foreign books a position that it finds',
    async ({ foreign, net, sent }) => {
      const made = new LiveWorld({ overrides: { live: { foreign } } });
      made.venue.net = 3;
      // What somebody else bought, at 97 each.
      made.venue.counts = 3 * 97;
      const live = await made.start();
      for (let k = 0; k < 5; k += 1) await live.pass(2_000_000);
      expect(live.world.recorder.fills[0]).toMatchObject({
        tag: 'adopted',
        qty: 3,
        priceTicks: 97,
      });
      expect(requests(live)).toHaveLength(sent);
      if (sent > 0) {
        live.venue.fill(toClOrdId('ABCD-O', 1), 3, 98);
        await live.pass();
      }
      expect(live.net).toBe(net);
      expect(live.issues()).toEqual(['E_POSITION_MISMATCH']);
      live.bridge.ask(null);
      for (let k = 0; k < 5; k += 1) await live.pass(10_000_000);
      expect(live.world.recorder.fills).toHaveLength(1 + sent);
      expect(live.state(live.limit())).toBe('New known 0');
    },
  );

  it('takes out what somebody else has closed, at what it cost', async () => {
    const made = new LiveWorld({ overrides: { live: { foreign: 'adopt' } } });
    const live = await made.start();
    const id = live.limit(95, 2);
    live.venue.fill(id, 2, 95);
    await live.pass();
    expect(live.net).toBe(2);
    live.venue.net = 0;
    live.bridge.ask(null);
    for (let k = 0; k < 5; k += 1) await live.pass(10_000_000);
    expect(live.net).toBe(0);
    expect(live.world.recorder.fills.at(-1)).toMatchObject({
      tag: 'adopted',
      side: -1,
      priceTicks: 95,
    });
  });

  it('finds orders and executions of somebody else, and touches neither', async () => {
    const live = await start();
    const id = live.limit();
    const mine = await live.venue.findOrder(id);
    live.venue.foreign.push({ ...mine!, clOrdId: null, orderId: 'F1' });
    live.venue.executions.push({
      execId: 'X1',
      orderId: 'F0',
      clOrdId: null,
      contractIndex: 0,
      side: 1,
      qty: 1 as Qty,
      priceTicks: 99 as PriceTicks,
      tsUs: live.scheduler.nowUs(),
      feeMicros: 0 as never,
      commissionMicros: 0 as never,
      isBusted: false,
    });
    live.bridge.ask(null);
    await live.pass(5_000_000);
    expect(live.findings.at(-1)!.map((finding) => finding.kind)).toEqual([
      'foreign-execution',
      'foreign-order',
    ]);
    expect(requests(live)).toEqual([`new ${id}`]);
    expect(live.net).toBe(0);
  });

  it('asks by id for an order that the account does not show', async () => {
    const live = await start();
    const id = live.limit();
    await live.pass();
    live.venue.orders.delete(id);
    live.bridge.ask(null);
    await live.pass(5_000_000);
    expect(live.state(id)).toBe('New known 0');
    for (let k = 0; k < 30; k += 1) await live.pass(500_000);
    expect(live.venue.log).toContain(`find ${id}`);
    expect(live.ctx.order(id)).toMatchObject({ status: 'Canceled', reason: 'not-found' });
  });
});

describe('events of the venue', () => {
  it('are taken in the order of arrival, before the data of the same instant', async () => {
    const live = await start();
    const id = live.limit();
    live.venue.fill(id, 1, 95);
    live.venue.fill(id, 1, 94);
    expect(live.bridge.waiting).toBe(2);
    expect(live.engine.dueUs).toBeLessThanOrEqual(live.scheduler.nowUs());
    await live.pass();
    expect(live.bridge.waiting).toBe(0);
    expect(live.world.recorder.fills.map((fill) => fill.priceTicks)).toEqual([95, 94]);
  });

  it('of orders that nobody here sent change nothing', async () => {
    const live = await start();
    const receivedUs = live.scheduler.nowUs();
    const clOrdId = toClOrdId('WXYZ-O', 9);
    live.venue.send({
      kind: 'uncertain',
      receivedUs,
      clOrdId,
      request: 'cancel',
      reason: 'timed out',
    });
    await live.pass();
    expect(live.told).toEqual([]);
  });
});

describe('a strategy that throws', () => {
  const run = async () => {
    const told: string[] = [];
    let isBroken = false;
    const live = new LiveWorld({
      strategy: {
        onOrder: () => {
          told.push('order');
          if (isBroken) throw new Error('a mistake');
        },
        onFill: () => told.push('fill'),
        onStop: () => told.push('stop'),
        saveState: () => ({ orders: told.length }),
      },
      overrides: { strategyErrors: 'go-on' },
    });
    await live.start();
    const id = live.limit(95, 2);
    isBroken = true;
    live.venue.fill(id, 1, 95);
    await live.pass();
    return { live, told, id };
  };

  it('is not called any more; its orders and its position are kept', async () => {
    const { live, told, id } = await run();
    const before = told.length;
    expect(live.issues()).toEqual(['E_STRATEGY_STOPPED']);
    expect(live.engine.strategyError).toMatchObject({ hook: 'onOrder' });
    live.venue.fill(id, 1, 94);
    await live.pass();
    expect(live.state(id)).toBe('Filled known 2');
    expect(live.net).toBe(2);
    expect(told).toHaveLength(before);
    expect(live.world.journal.lines().join('')).toContain(
      `"kind":"strategy-state","body":{"state":{"orders":${before}}}`,
    );
    const result = live.engine.finish();
    expect(result).toMatchObject({ outcome: 'strategy-error', error: { hook: 'onOrder' } });
    expect(told).not.toContain('stop');
  });

  it('can be followed by a policy: what works is cancelled, what is held is closed', async () => {
    const { live, id } = await run();
    expect(live.engine.cancelOrders((order) => !order.reduceOnly)).toBe(1);
    await live.pass();
    expect(live.state(id)).toBe('Canceled known 1');
    const [close] = live.engine.closePositions('strategy-error');
    await live.pass();
    live.venue.fill(close!, 1, 96);
    await live.pass();
    expect(live.net).toBe(0);
    expect(live.engine.closePositions('strategy-error')).toEqual([]);
  });
});
