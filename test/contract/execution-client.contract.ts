/**
 * One suite for every `ExecutionClient`. A venue joins by a `VenueDriver`: how to reach it, how to let its market move, and
 * how to wait until it has said what it has to say. What a venue lacks by its capability table must be refused by name.
 */
import { describe, expect, it } from 'vitest';
import type {
  ExecutionReport,
  NewOrderRequest,
  OrderGroupRequest,
} from '../../src/core/execution.ts';
import type { ClOrdId, OrderType, TimeInForce } from '../../src/core/order.ts';
import type { ExecutionClient } from '../../src/core/ports.ts';

export interface VenueDriver {
  readonly client: ExecutionClient;
  readonly reports: readonly ExecutionReport[];
  /** The last traded price in ticks; orders of the suite are placed around it. */
  readonly lastTicks: number;
  /** A request of the given id for the first contract. */
  request(id: string, spec: Record<string, unknown>): NewOrderRequest;
  /** The market trades from the last price to `ticks` and back. */
  tradeThrough(ticks: number): void | Promise<void>;
  /** Returns when the venue has answered what was sent. */
  settle(): void | Promise<void>;
}

const ALL_TYPES: readonly OrderType[] = [
  'market',
  'market-to-limit',
  'limit',
  'stop',
  'stop-limit',
  'market-if-touched',
  'limit-if-touched',
  'trailing-stop',
  'trailing-stop-limit',
];
const ALL_TIMES: readonly TimeInForce[] = [
  'day',
  'gtc',
  'gtd',
  'ioc',
  'fok',
  'at-open',
  'at-close',
];

/** Prices that leave an order resting away from the market. */
function restingSpec(type: OrderType, last: number): Record<string, unknown> {
  const base = { type, side: 1, qty: 1 };
  switch (type) {
    case 'market':
    case 'market-to-limit':
      return base;
    case 'limit':
      return { ...base, limitTicks: last - 40 };
    case 'stop':
      return { ...base, stopTicks: last + 40 };
    case 'market-if-touched':
      return { ...base, stopTicks: last - 40 };
    case 'stop-limit':
      return { ...base, stopTicks: last + 40, limitTicks: last + 44 };
    case 'limit-if-touched':
      return { ...base, stopTicks: last - 40, limitTicks: last - 44 };
    case 'trailing-stop':
      return { ...base, stopTicks: last + 40, trail: { offsetTicks: 40 } };
    case 'trailing-stop-limit':
      return { ...base, stopTicks: last + 40, trail: { offsetTicks: 40 }, limitOffsetTicks: 4 };
  }
}

export function executionClientContract(name: string, connect: () => VenueDriver): void {
  describe(`${name} as an execution client`, () => {
    const kindsOf = (driver: VenueDriver, id: string): string[] =>
      driver.reports.filter((report) => report.clOrdId === id).map((report) => report.kind);
    const filledQty = (driver: VenueDriver, id: string): number =>
      driver.reports
        .filter((report) => report.clOrdId === id && report.fill !== undefined)
        .reduce((sum, report) => sum + report.fill!.lastQty, 0);

    it.each(ALL_TYPES)('accepts a %s order, or refuses it by name', async (type) => {
      const driver = connect();
      const { capabilities } = driver.client;
      driver.client.submit(driver.request('a', restingSpec(type, driver.lastTicks)));
      await driver.settle();
      const [first] = driver.reports.filter((report) => report.clOrdId === 'a');
      if (capabilities.orderTypes.includes(type)) expect(first?.kind).toBe('Accepted');
      else {
        expect(first?.kind).toBe('Rejected');
        expect(first?.reason).toMatch(/unsupported/);
      }
    });

    it.each(ALL_TIMES)(
      'accepts the time in force %s, or refuses it by name',
      async (timeInForce) => {
        const driver = connect();
        const spec = { ...restingSpec('limit', driver.lastTicks), timeInForce, expireUs: 8e15 };
        driver.client.submit(driver.request('a', spec));
        await driver.settle();
        const [first] = driver.reports.filter((report) => report.clOrdId === 'a');
        if (driver.client.capabilities.timesInForce.includes(timeInForce)) {
          expect(first?.kind).toBe('Accepted');
        } else {
          expect(first?.kind).toBe('Rejected');
          expect(first?.reason).toMatch(/unsupported/);
        }
      },
    );

    it('fills a market order once, for its whole quantity, with a unique execution id', async () => {
      const driver = connect();
      driver.client.submit(driver.request('a', { type: 'market', side: 1, qty: 2 }));
      await driver.settle();
      await driver.tradeThrough(driver.lastTicks + 4);
      await driver.tradeThrough(driver.lastTicks - 4);
      expect(filledQty(driver, 'a')).toBe(2);
      const ids = driver.reports.flatMap((report) =>
        report.fill === undefined ? [] : [report.fill.execId],
      );
      expect(new Set(ids).size).toBe(ids.length);
    });

    it('never fills a limit order beyond its limit', async () => {
      const driver = connect();
      const limitTicks = driver.lastTicks - 8;
      driver.client.submit(driver.request('a', { type: 'limit', side: 1, qty: 1, limitTicks }));
      await driver.tradeThrough(limitTicks + 1);
      expect(filledQty(driver, 'a')).toBe(0);
      await driver.tradeThrough(limitTicks - 4);
      expect(filledQty(driver, 'a')).toBe(1);
      const fill = driver.reports.find((report) => report.fill !== undefined)!.fill!;
      expect(fill.lastPriceTicks).toBeLessThanOrEqual(limitTicks);
    });

    it('fills a stop at its trigger or worse', async () => {
      const driver = connect();
      const stopTicks = driver.lastTicks - 8;
      driver.client.submit(driver.request('a', { type: 'stop', side: -1, qty: 1, stopTicks }));
      await driver.tradeThrough(stopTicks - 4);
      const fill = driver.reports.find((report) => report.fill !== undefined)!.fill!;
      expect(fill.lastPriceTicks).toBeLessThanOrEqual(stopTicks);
    });

    it('cancels a resting order, and says so when there is nothing left to cancel', async () => {
      const driver = connect();
      driver.client.submit(driver.request('a', restingSpec('limit', driver.lastTicks)));
      await driver.settle();
      const orderId = driver.reports[0]!.orderId;
      const cancel = { clOrdId: 'a' as ClOrdId, orderId, sentUs: driver.request('x', {}).sentUs };
      driver.client.cancel(cancel);
      await driver.settle();
      expect(kindsOf(driver, 'a')).toContain('Canceled');
      driver.client.cancel(cancel);
      await driver.settle();
      expect(kindsOf(driver, 'a').at(-1)).toBe('CancelRejected');
      await driver.tradeThrough(driver.lastTicks - 80);
      expect(filledQty(driver, 'a')).toBe(0);
    });

    it('refuses to cancel or replace what it never saw', async () => {
      const driver = connect();
      const base = {
        clOrdId: 'ghost' as ClOrdId,
        orderId: null,
        sentUs: driver.request('x', {}).sentUs,
      };
      driver.client.cancel(base);
      driver.client.replace({ ...base, limitTicks: driver.lastTicks as never });
      await driver.settle();
      expect(kindsOf(driver, 'ghost').toSorted()).toEqual(['CancelRejected', 'ReplaceRejected']);
    });

    it('moves an order by a replace, and the old level no longer counts', async () => {
      const driver = connect();
      if (!driver.client.capabilities.features.replace) return;
      driver.client.submit(
        driver.request('a', { type: 'limit', side: 1, qty: 1, limitTicks: driver.lastTicks - 8 }),
      );
      await driver.settle();
      driver.client.replace({
        clOrdId: 'a' as ClOrdId,
        orderId: driver.reports[0]!.orderId,
        limitTicks: (driver.lastTicks - 40) as never,
        sentUs: driver.request('x', {}).sentUs,
      });
      await driver.settle();
      expect(kindsOf(driver, 'a')).toContain('Replaced');
      await driver.tradeThrough(driver.lastTicks - 20);
      expect(filledQty(driver, 'a')).toBe(0);
    });

    it('refuses a second order of the same client id and leaves the first alone', async () => {
      const driver = connect();
      const request = driver.request('a', restingSpec('limit', driver.lastTicks));
      driver.client.submit(request);
      driver.client.submit(request);
      await driver.settle();
      const kinds = kindsOf(driver, 'a');
      expect(kinds.filter((kind) => kind === 'Accepted')).toHaveLength(1);
      expect(kinds).toContain('Rejected');
    });

    it('holds a bracket: the exits sleep until the entry trades, and one exit ends the other', async () => {
      const driver = connect();
      if (!driver.client.capabilities.features.groups.includes('bracket')) return;
      const { lastTicks } = driver;
      const child = (
        id: string,
        role: 'stop' | 'target',
        spec: Record<string, unknown>,
      ): NewOrderRequest => ({
        ...driver.request(id, { side: -1, qty: 1, reduceOnly: true, ...spec }),
        role,
      });
      const group: OrderGroupRequest = {
        groupId: 'g1',
        entry: {
          ...driver.request('e', { type: 'limit', side: 1, qty: 1, limitTicks: lastTicks - 8 }),
          role: 'entry',
        },
        children: [
          {
            order: child('s', 'stop', { type: 'stop', stopTicks: lastTicks - 40 }),
            groupQty: 1 as never,
          },
          {
            order: child('t', 'target', { type: 'limit', limitTicks: lastTicks + 8 }),
            groupQty: 1 as never,
          },
        ],
        peers: 'ouo',
        release: 'partial',
        sentUs: driver.request('x', {}).sentUs,
      };
      driver.client.submitGroup(group);
      await driver.tradeThrough(lastTicks + 20);
      expect(filledQty(driver, 't')).toBe(0);
      await driver.tradeThrough(lastTicks - 12);
      expect(filledQty(driver, 'e')).toBe(1);
      await driver.tradeThrough(lastTicks + 20);
      expect(filledQty(driver, 't')).toBe(1);
      expect(kindsOf(driver, 's').at(-1)).toBe('Canceled');
      await driver.tradeThrough(lastTicks - 80);
      expect(filledQty(driver, 's')).toBe(0);
    });

    it('refuses a group as a whole when one order of it cannot be', async () => {
      const driver = connect();
      if (!driver.client.capabilities.features.groups.includes('oco')) return;
      const bad = driver.request('b', {
        type: 'limit',
        side: 1,
        qty: 0,
        limitTicks: driver.lastTicks,
      });
      driver.client.submitGroup({
        groupId: 'g1',
        entry: null,
        children: [
          {
            order: { ...driver.request('a', restingSpec('limit', driver.lastTicks)), role: 'peer' },
            groupQty: 1 as never,
          },
          { order: { ...bad, role: 'peer' }, groupQty: 1 as never },
        ],
        peers: 'oco',
        release: 'partial',
        sentUs: bad.sentUs,
      });
      await driver.settle();
      expect(kindsOf(driver, 'a')).toEqual(['Rejected']);
      expect(kindsOf(driver, 'b')).toEqual(['Rejected']);
    });
  });
}
