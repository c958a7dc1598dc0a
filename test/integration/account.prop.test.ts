/**
 * Whole runs of random accounts against a naive ledger: one that knows nothing but the list of fills, settlements and exchanges of
 * the journal, and adds up with whole numbers of any size.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TradeDate } from '../../src/core/units.ts';
import type { Story, Told } from '../support/account-world.ts';
import { tell } from '../support/account-world.ts';
import { product } from '../support/engine-world.ts';

const RUNS = Number(process.env['FRONTMONTH_ACCOUNT_RUNS'] ?? 60);
const ALWAYS = -1_000_000 as TradeDate;

interface Line {
  readonly kind: string;
  readonly body: Readonly<Record<string, never>> & {
    readonly side: number;
    readonly qty: number;
    readonly priceTicks: number;
    readonly feeMicros: number;
    readonly feePaid?: { readonly currency: string; readonly feeMicros: number };
    readonly currency: string;
    readonly micros: number;
    readonly baseMicros: number;
    readonly netQty: number;
    readonly settleTicks: number;
    readonly variationMicros: number;
    readonly equityMicros: number;
    readonly cashMicros: number;
  };
}

/** Cash by currency in millionths, as whole numbers of any size; one contract. */
class NaiveLedger {
  readonly cash: Map<string, bigint> = new Map();
  net: number = 0;
  /** −Σ signed contracts × counts. */
  flow: bigint = 0n;
  paid: bigint = 0n;
  readonly #own: string;
  readonly #countMicros: bigint;

  constructor(own: string, countMicros: number, capital: number) {
    this.#own = own;
    this.#countMicros = BigInt(countMicros);
    this.#add('USD', BigInt(capital) * 1_000_000n);
  }

  #add(currency: string, micros: bigint): void {
    this.cash.set(currency, (this.cash.get(currency) ?? 0n) + micros);
  }

  fill(signed: number, ticks: number, fee: number, feeCurrency: string): void {
    this.net += signed;
    this.flow -= BigInt(signed) * BigInt(ticks);
    this.#add(feeCurrency, -BigInt(fee));
  }

  /** All that the position ever made up to this price is paid now. */
  settle(ticks: number): void {
    const worth = (this.flow + BigInt(this.net) * BigInt(ticks)) * this.#countMicros;
    this.#add(this.#own, worth - this.paid);
    this.paid = worth;
  }

  sweep(currency: string, micros: number, baseMicros: number): void {
    this.#add(currency, -BigInt(micros));
    this.#add('USD', BigInt(baseMicros));
  }
}

const price = fc.integer({ min: 3_900, max: 4_100 });
const bar = fc
  .tuple(price, fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0, max: 15 }))
  .map(([open, up, down]) => `${open}/${open + up}/${open - down}/${open}`);
const order = fc.oneof(
  fc
    .tuple(fc.constantFrom('buy', 'sell'), fc.integer({ min: 1, max: 4 }))
    .map(([side, qty]) => `${side} ${qty}`),
  fc
    .tuple(fc.constantFrom('buy', 'sell'), fc.integer({ min: 1, max: 4 }), price)
    .map(([side, qty, limit]) => `${side} ${qty} limit ${limit}`),
  fc.integer({ min: 1, max: 3 }).map((qty) => `bracket buy ${qty} stop 3890 target 4110`),
);
const story = fc
  .record({
    days: fc.array(fc.array(bar, { minLength: 3, maxLength: 6 }), { minLength: 3, maxLength: 4 }),
    orders: fc.array(
      fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 11, max: 14 }), order),
      {
        minLength: 4,
        maxLength: 12,
      },
    ),
    capital: fc.integer({ min: 12_000, max: 90_000 }),
    lots: fc.constantFrom('average' as const, 'fifo' as const),
    settleAt: fc.constantFrom('session-close' as const, 'exchange' as const),
    sweep: fc.constantFrom('never' as const, 'daily' as const, 'monthly' as const),
    above: fc.constantFrom(0, 0, 20),
    currency: fc.constantFrom('USD', 'EUR'),
    feeCurrency: fc.constantFrom(null, 'GBP'),
    commission: fc.integer({ min: 0, max: 3_000_000 }),
    minimum: fc.integer({ min: 0, max: 5_000_000 }),
    policy: fc.constantFrom('immediate' as const, 'rejectNewRiskOnly' as const),
    buffer: fc.constantFrom(0, 0.3),
  })
  .map(({ days, orders, ...one }): Story & { own: string; feeCurrency: string | null } => ({
    days: days.map((bars) => bars.join(' ')),
    orders: Object.fromEntries(orders.map(([day, hour, text]) => [`d${day} ${hour}:00`, text])),
    capital: one.capital,
    initial: 9_000,
    maintenance: 8_000,
    settleMinute: 14 * 60,
    spec: product('ES', 0.25, 50, one.currency),
    own: one.currency,
    feeCurrency: one.feeCurrency,
    fees: [
      {
        from: ALWAYS,
        commissionMicros: one.commission,
        exchangeMicros: 1_180_000,
        minimumPerOrderMicros: one.minimum,
      },
    ],
    rate: (currency) => ({ USD: 1, EUR: 1.1, GBP: 1.3 })[currency]!,
    rules: {
      lots: one.lots,
      settleAt: one.settleAt,
      sweep: { every: one.sweep, aboveMicros: one.above * 1e6 },
      feeCurrency: [one.feeCurrency],
      liquidation: { policy: { kind: one.policy }, buffer: one.buffer },
    },
  }));

function linesOf({ world }: Told): Line[] {
  return world.journal.lines().map((line) => JSON.parse(line) as Line);
}

describe('an account over a whole run', () => {
  it('reconciles to the last millionth with a ledger that only adds up the journal', () => {
    const seen: Record<string, number> = { fill: 0, settle: 0, sweep: 0, liquidation: 0 };
    fc.assert(
      fc.property(story, (one) => {
        const told = tell(one);
        const naive = new NaiveLedger(one.own, 12_500_000, one.capital!);
        for (const { kind, body } of linesOf(told)) {
          if (kind in seen) seen[kind]! += 1;
          if (kind === 'fill') {
            const { feePaid } = body;
            naive.fill(
              body.side * body.qty,
              body.priceTicks,
              feePaid?.feeMicros ?? body.feeMicros,
              feePaid?.currency ?? one.own,
            );
          } else if (kind === 'settle') {
            expect(body.netQty).toBe(naive.net);
            naive.settle(body.settleTicks);
          } else if (kind === 'sweep') naive.sweep(body.currency, body.micros, body.baseMicros);
        }
        // Everything that is left is marked where the engine marks it: at the last price.
        const rates: Record<string, number> = { USD: 1, EUR: 1.1, GBP: 1.3 };
        const last = lastPriceOf(one);
        if (last !== null) naive.settle(last);
        let equity = 0;
        for (const [currency, micros] of naive.cash) equity += Number(micros) * rates[currency]!;
        expect(Math.abs(told.finalEquity * 1e6 - equity)).toBeLessThanOrEqual(3);
        if (one.own === 'USD' && one.feeCurrency === null)
          expect(Math.round(told.finalEquity * 1e6)).toBe(equity);
      }),
      { seed: 21, numRuns: RUNS },
    );
    expect(seen['fill']).toBeGreaterThan(RUNS);
    expect(Math.min(seen['settle']!, seen['sweep']!, seen['liquidation']!)).toBeGreaterThan(0);
  });

  it('has trades whose fees and gross are those of its fills and days, to the last millionth', () => {
    fc.assert(
      fc.property(story, (one) => {
        const { recorder } = tell({
          ...one,
          rules: { ...one.rules, settleAt: 'session-close' },
        }).world;
        const sum = <T>(rows: readonly T[], of: (row: T) => number): number =>
          rows.reduce((total, row) => total + of(row), 0);
        const fees = sum(recorder.fills, (fill) => fill.feeMicros);
        expect(sum(recorder.trades, (trade) => trade.feesMicros)).toBe(fees);
        expect(sum(recorder.days, (day) => day.feesMicros)).toBe(fees);
        expect(sum(recorder.days, (day) => day.pnlMicros)).toBe(
          sum(recorder.trades, (trade) => trade.netMicros),
        );
      }),
      { seed: 22, numRuns: RUNS },
    );
  });

  it('ends with the sum of its signed fills, whatever was liquidated', () => {
    fc.assert(
      fc.property(story, (one) => {
        const told = tell({ ...one, capital: 12_000 });
        const net = told.world.recorder.fills.reduce((sum, fill) => sum + fill.side * fill.qty, 0);
        const last = told.world.recorder.days.at(-1);
        if (last !== undefined) expect(last.netQty).toBe(net);
        // A liquidation only ever reduces.
        let held = 0;
        for (const fill of told.world.recorder.fills) {
          const after = held + fill.side * fill.qty;
          if (fill.tag === 'liquidation') expect(Math.abs(after)).toBeLessThan(Math.abs(held));
          held = after;
        }
      }),
      { seed: 23, numRuns: RUNS },
    );
  });
});

/** In counts; null without a bar. */
function lastPriceOf({ days }: Story): number | null {
  const bars = days
    .join(' ')
    .split(' ')
    .filter((text) => text !== '');
  return bars.length === 0 ? null : Math.round(Number(bars.at(-1)!.split('/').at(-1)) / 0.25);
}
