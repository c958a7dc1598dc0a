import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cashOfCounts, ContractTable } from '../../src/core/instrument.ts';
import type { CashMicros, PriceTicks, TradeDate } from '../../src/core/units.ts';
import { Portfolio } from '../../src/engine/portfolio.ts';
import { at, contract, product } from '../support/engine-world.ts';

const CAPITAL = 1_000_000_000_000 as CashMicros;
// A whole tick value, one of 15.625, and one that is no whole number of millionths.
const SPECS = [
  product('ES', 0.25, 50),
  product('ZN', 0.015625, 1000),
  product('XX', 0.000001, 1.25, 'EUR'),
];
const table = new ContractTable(
  SPECS,
  SPECS.map((spec) => contract(spec.root, 3, at(100, 12))),
);

function create(): Portfolio {
  const zero = (): CashMicros => 0 as CashMicros;
  const portfolio = new Portfolio({
    table,
    rates: { base: 'USD', rate: () => 2 },
    margin: { initialMicros: zero, maintenanceMicros: zero },
    capitalMicros: CAPITAL,
  });
  portfolio.setRateDate(0 as TradeDate);
  portfolio.lastTicks.fill(1000);
  return portfolio;
}

const command = fc.oneof(
  fc.record({
    kind: fc.constant('fill' as const),
    c: fc.integer({ min: 0, max: 2 }),
    qty: fc.integer({ min: -5, max: 5 }).filter((qty) => qty !== 0),
    price: fc.integer({ min: -2000, max: 5000 }),
    fee: fc.integer({ min: -500_000, max: 5_000_000 }),
  }),
  fc.record({
    kind: fc.constant('settle' as const),
    c: fc.integer({ min: 0, max: 2 }),
    price: fc.integer({ min: -2000, max: 5000 }),
  }),
);

describe('accounting', () => {
  it('conserves cash exactly, whatever is traded and marked', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        const portfolio = create();
        const flow = [0, 0, 0];
        const net = [0, 0, 0];
        const fees: Record<string, number> = { USD: 0, EUR: 0 };
        const pnl: Record<string, number> = { USD: 0, EUR: 0 };
        for (const one of commands) {
          const { currency } = table.instrumentOf(one.c);
          if (one.kind === 'fill') {
            portfolio.applyFill(one.c, one.qty, one.price as PriceTicks, one.fee as CashMicros);
            flow[one.c]! -= one.qty * one.price;
            net[one.c]! += one.qty;
            fees[currency]! += one.fee;
          } else {
            portfolio.lastTicks[one.c] = one.price;
            const before = portfolio.equityMicros();
            const mark = portfolio.settle(one.c, one.price);
            // The act of settling changes cash and never equity.
            expect(portfolio.equityMicros()).toBe(before);
            pnl[currency]! += mark.pnlMicros;
          }
        }
        for (let c = 0; c < 3; c += 1) {
          const price = portfolio.lastTicks[c]!;
          pnl[table.instrumentOf(c).currency]! += portfolio.settle(c, price).pnlMicros;
        }
        const gross: Record<string, number> = { USD: 0, EUR: 0 };
        for (let c = 0; c < 3; c += 1) {
          const spec = table.instrumentOf(c);
          gross[spec.currency]! += cashOfCounts(
            flow[c]! + net[c]! * portfolio.lastTicks[c]!,
            1,
            spec,
          );
        }
        for (const currency of ['USD', 'EUR']) {
          const start = currency === 'USD' ? CAPITAL : 0;
          expect(portfolio.cashOf(currency)).toBe(start + gross[currency]! - fees[currency]!);
          expect(pnl[currency]).toBe(gross[currency]! - fees[currency]!);
        }
        expect(portfolio.equityMicros()).toBe(
          Math.round(portfolio.cashOf('USD') + 2 * portfolio.cashOf('EUR')),
        );
      }),
      { seed: 5, numRuns: 1000 },
    );
  });

  it('M3: cash after a fill through zero holds the closing part only, against the last mark', () => {
    const portfolio = create();
    portfolio.applyFill(0, 1, 16_000 as PriceTicks, 0 as CashMicros);
    portfolio.settle(0, 16_040);
    expect(portfolio.cashOf('USD') - CAPITAL).toBe(500_000_000);
    portfolio.applyFill(0, -3, 16_032 as PriceTicks, 0 as CashMicros);
    expect(portfolio.cashOf('USD') - CAPITAL).toBe(400_000_000);
    expect(portfolio.positionOf(0)!.avgPriceTicks()).toBe(16_032);
    // M2: a partial close realises its share of the average.
    portfolio.applyFill(0, 1, 16_030 as PriceTicks, 0 as CashMicros);
    expect(portfolio.cashOf('USD') - CAPITAL).toBe(425_000_000);
  });

  it('leaves cash equal to capital, profit and fees once everything is closed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: -3000, max: 3000 })), {
          minLength: 1,
          maxLength: 20,
        }),
        (fills) => {
          const portfolio = create();
          let realised = 0;
          let net = 0;
          for (const [qty, price] of fills) {
            const signed = net > 3 ? -qty : qty;
            net += signed;
            realised += portfolio.applyFill(0, signed, price as PriceTicks, 0 as CashMicros);
          }
          if (net !== 0)
            realised += portfolio.applyFill(0, -net, 17 as PriceTicks, 0 as CashMicros);
          expect(portfolio.netQty[0]).toBe(0);
          expect(Math.abs(portfolio.cashOf('USD') - CAPITAL - realised)).toBeLessThanOrEqual(
            fills.length,
          );
        },
      ),
      { seed: 6, numRuns: 500 },
    );
  });
});
