/** The live chain against the batch: equal bars, equal rolls and rows, whenever it was stopped and started again. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BarInterval } from '../../src/core/bars.ts';
import { TradingError } from '../../src/core/errors.ts';
import type { ContractId } from '../../src/core/instrument.ts';
import { UniformGrid } from '../../src/core/price-grid.ts';
import type { RollRule, RollSchedule } from '../../src/core/roll.ts';
import { parseTradeDate } from '../../src/core/trade-date.ts';
import { US_PER_HOUR } from '../../src/core/units.ts';
import { collectCurve, curveRoles } from '../../src/data/continuous-curve.ts';
import { buildRollSchedule } from '../../src/data/roll.ts';
import type { ChainBar, ChainRow, LiveChainConfig } from '../../src/engine/chain/types.ts';
import { ChainWorld, throughJson } from '../support/chain-world.ts';
import { PlainCalendar, PlainCalendars, plainContract } from '../support/plain-calendar.ts';
import { dailyBars, sessionCloseUs, sourceOf } from '../support/roll-market.ts';
import type { DayBars } from '../support/roll-market.ts';

const calendar = new PlainCalendar();
const calendars = new PlainCalendars(calendar, true);
const chain = [
  ...[3, 6, 9, 12].map((month) => plainContract('ES', 2014, month, calendars)),
  plainContract('ES', 2015, 3, calendars),
];
const from = parseTradeDate('2014-01-02');
const to = parseTradeDate('2014-11-10');
const SEED = 20_141_122;

const dateRules = fc.oneof(
  fc.record({
    kind: fc.constant('calendar' as const),
    anchor: fc.constantFrom('last-trade' as const, 'earlier' as const),
    days: fc.integer({ min: 2, max: 9 }),
    count: fc.constantFrom('business' as const, 'calendar' as const),
  }),
  fc.constant({
    kind: 'approximate',
    rollOffsetDays: -6,
    expiryOffsetDays: 15,
    expiry: 'end-exclusive',
  } as const),
  fc.constant({ kind: 'first-day' } as const),
  fc.constant({ kind: 'last-day' } as const),
);
const volumeRules = fc.record({
  kind: fc.constant('volume' as const),
  sessions: fc.integer({ min: 1, max: 3 }),
  deadlineDays: fc.integer({ min: 2, max: 8 }),
});
const rules: fc.Arbitrary<RollRule> = fc.oneof(
  dateRules,
  volumeRules,
  fc.record({ kind: fc.constant('after' as const), date: dateRules, condition: volumeRules }),
  fc.constant({
    kind: 'weighted',
    days: 3,
    base: { kind: 'calendar', anchor: 'last-trade', days: 8, count: 'business' },
  } as const),
  fc.constant({
    kind: 'liquid-forward',
    rollOffsetDays: -8,
    expiryOffsetDays: 18,
    span: 3,
    minShare: 0.1,
    minVolume: 100,
    nearDays: 10,
  } as const),
);

function noise(seed: number, index: number, date: number): number {
  let x = Math.imul(
    seed ^ Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(date, 0x85ebca6b),
    0xc2b2ae35,
  );
  x ^= x >>> 15;
  return (Math.imul(x, 0x27d4eb2f) >>> 0) % 1000;
}

interface Market {
  readonly days: readonly DayBars[];
  readonly bars: readonly ChainBar[];
}

function marketOf(seed: number, holes: number, interval: BarInterval = '1d'): Market {
  const days = chain.map((contract, index) =>
    dailyBars(
      calendar,
      contract,
      { from, to },
      (date) => (noise(seed, index, date) < holes ? NaN : 1000 + noise(seed + 1, index, date)),
      (date) => noise(seed + 2, index, date),
    ),
  );
  const bars = days.flatMap((columns, index) =>
    Array.from(columns.closeUs, (closeUs, row): ChainBar => {
      const close = columns.close[row]!;
      return {
        contract: chain[index]!.id,
        interval,
        openUs: columns.openUs[row]!,
        closeUs,
        open: close - 1,
        high: close + 2,
        low: close - 3,
        close,
        volume: columns.volume[row]!,
      };
    }),
  );
  return { days, bars };
}

const carryOf = (contract: { readonly id: ContractId }): ContractId | null =>
  chain[chain.findIndex(({ id }) => id === contract.id) + 1]?.id ?? null;
const configOf = (rule: RollRule): LiveChainConfig => ({
  root: 'ES',
  rule,
  contracts: chain,
  calendar,
  intervals: ['1d'],
  carryOf,
  history: 1000,
});

function scheduleOf(rule: RollRule, { days }: Market): RollSchedule | null {
  try {
    return buildRollSchedule({
      root: 'ES',
      chain,
      rule,
      calendar,
      from,
      to,
      dailyCloses: (index) => days[index]!,
      carryOf: (position) =>
        position + 1 < chain.length
          ? { id: chain[position + 1]!.id, closes: days[position + 1]! }
          : null,
    });
  } catch (error) {
    expect(error).toBeInstanceOf(TradingError);
    return null;
  }
}

const startUs = sessionCloseUs(from) - 40 * US_PER_HOUR;
const endUs = sessionCloseUs(to) + US_PER_HOUR;
const latencyUs = (bar: ChainBar): number => (noise(7, bar.contract.length, bar.closeUs) % 9) * 1e5;
const worldOf = (rule: RollRule, market: Market): ChainWorld =>
  new ChainWorld({ config: configOf(rule), bars: market.bars, latencyUs });
const market = fc.record({ seed: fc.nat(100_000), holes: fc.constantFrom(0, 100, 300) });

/** The place where two saved states differ, byte for byte; empty when they do not. */
function firstDifference(one: ChainWorld, other: ChainWorld): string {
  const [a, b] = [one, other].map((world) => JSON.stringify(world.chain.save()));
  if (a === b) return '';
  let at = 0;
  while (a![at] === b![at]) at += 1;
  return `${a!.slice(Math.max(0, at - 60), at + 60)} <> ${b!.slice(Math.max(0, at - 60), at + 60)}`;
}

describe('a live chain fed with the bars of a history', () => {
  it('makes the rolls and the rows of the batch', () => {
    let rolls = 0;
    fc.assert(
      fc.property(rules, market, (rule, { seed, holes }) => {
        const all = marketOf(seed, holes);
        const schedule = scheduleOf(rule, all);
        const world = worldOf(rule, all).start(startUs).run(endUs);
        if (schedule === null) {
          expect(world.error).not.toBeNull();
          return;
        }
        expect(world.error).toBeNull();
        expect(world.chain.rolls).toEqual(schedule.rolls);
        rolls += schedule.rolls.length;
        const place = (index: number): number => (index < chain.length ? index : -1);
        const curve = collectCurve({
          schedule,
          grid: new UniformGrid(1),
          roles: curveRoles({
            schedule,
            next: (index) => place(index + 1),
            previous: (index) => index - 1,
            carry: (index) => place(index + 1),
          }),
          monthOf: (index) => chain[index]!,
          bars: (index) => sourceOf(all.days[index]!),
        });
        const close = (side: ChainRow['current'] | null): number => side?.bar[4] ?? NaN;
        const { rows } = world;
        expect(rows.map((row) => row.closeUs)).toEqual([...curve.closeUs]);
        expect(rows.map((row) => close(row.current))).toEqual([...curve.current]);
        expect(rows.map((row) => close(row.forward))).toEqual([...curve.forward]);
        expect(rows.map((row) => close(row.previous))).toEqual([...curve.previous]);
        expect(rows.map((row) => close(row.carry))).toEqual([...curve.carry]);
        expect(rows.map((row) => row.current.contract)).toEqual(
          [...curve.currentIndex].map((index) => chain[index]!.id),
        );
      }),
      { seed: SEED, numRuns: 60 },
    );
    expect(rolls).toBeGreaterThan(40);
  });

  it('saved, restored and continued is byte for byte what it is uninterrupted', () => {
    let cuts = 0;
    fc.assert(
      fc.property(
        rules,
        market,
        fc.integer({ min: 0, max: 310 }),
        fc.constantFrom(0, 50_000, 300_000, 2_500_000, US_PER_HOUR),
        (rule, { seed, holes }, day, offsetUs) => {
          const all = marketOf(seed, holes);
          const whole = worldOf(rule, all).start(startUs).run(endUs);
          if (whole.error !== null) return;
          const cutUs = sessionCloseUs(from) + day * 24 * US_PER_HOUR + offsetUs;
          const first = worldOf(rule, all).start(startUs).run(cutUs);
          const second = worldOf(rule, all)
            .start(cutUs, throughJson(first.chain.save()))
            .run(endUs);
          expect(firstDifference(second, whole)).toBe('');
          expect([...first.rows, ...second.rows]).toEqual(whole.rows);
          expect([...first.of('rolled'), ...second.of('rolled')].map((e) => e.record)).toEqual(
            whole.of('rolled').map((e) => e.record),
          );
          cuts += 1;
        },
      ),
      { seed: SEED, numRuns: 80 },
    );
    expect(cuts).toBeGreaterThan(40);
  });

  it('replays what it missed, rolls included, into the state of one that never slept', () => {
    let replayedRolls = 0;
    fc.assert(
      fc.property(
        rules,
        market,
        fc.integer({ min: 5, max: 200 }),
        fc.integer({ min: 1, max: 150 }),
        (rule, { seed, holes }, day, sleep) => {
          const all = marketOf(seed, holes);
          const whole = worldOf(rule, all).start(startUs).run(endUs);
          if (whole.error !== null) return;
          const stopUs = sessionCloseUs(from) + day * 24 * US_PER_HOUR + US_PER_HOUR;
          const first = worldOf(rule, all).start(startUs).run(stopUs);
          const second = worldOf(rule, all)
            .start(stopUs + sleep * 24 * US_PER_HOUR, throughJson(first.chain.save()))
            .run(endUs);
          expect(firstDifference(second, whole)).toBe('');
          replayedRolls += second.of('rolled').filter((effect) => effect.isReplayed).length;
        },
      ),
      { seed: SEED, numRuns: 80 },
    );
    expect(replayedRolls).toBeGreaterThan(20);
  });

  it('rolls by published open interest as the batch does, stopped and restored too', () => {
    let rolls = 0;
    fc.assert(
      fc.property(
        fc.constantFrom('next' as const, 'year' as const),
        fc.nat(1000),
        fc.integer({ min: 5, max: 250 }),
        (within, seed, day) => {
          const rule: RollRule = {
            kind: 'open-interest',
            within,
            sessions: 2,
            deadline: { days: 3, anchor: 'earlier' },
          };
          const all = marketOf(seed, 0);
          // Published the next morning, for all contracts at one time.
          const interest = all.days.flatMap((columns, index) =>
            Array.from(columns.closeUs, (closeUs, row) => ({
              contract: chain[index]!.id,
              knownUs: closeUs + 10 * US_PER_HOUR,
              openInterest: Math.max(0, 5000 - 900 * index + 40 * index * row - 6 * row),
            })),
          );
          const schedule = buildRollSchedule({
            root: 'ES',
            chain,
            rule,
            calendar,
            from,
            to,
            dailyCloses: (index) => all.days[index]!,
            openInterest: (index) => {
              const own = interest.filter((one) => one.contract === chain[index]!.id);
              return {
                length: own.length,
                knownUs: Float64Array.from(own, (one) => one.knownUs),
                openInterest: Float64Array.from(own, (one) => one.openInterest),
              };
            },
          });
          const options = {
            config: { ...configOf(rule), carryOf: () => null },
            bars: all.bars,
            latencyUs,
            interest,
          };
          const whole = new ChainWorld(options).start(startUs).run(endUs);
          expect(whole.error).toBeNull();
          expect(whole.chain.rolls).toEqual(schedule.rolls);
          rolls += schedule.rolls.length;
          const cutUs = sessionCloseUs(from) + day * 24 * US_PER_HOUR + 10 * US_PER_HOUR;
          const first = new ChainWorld(options).start(startUs).run(cutUs);
          const second = new ChainWorld(options)
            .start(cutUs, throughJson(first.chain.save()))
            .run(endUs);
          expect(firstDifference(second, whole)).toBe('');
        },
      ),
      { seed: SEED, numRuns: 12 },
    );
    expect(rolls).toBeGreaterThan(12);
  });

  it('has subscribed to the contracts of the chain at any time, and to no others', () => {
    fc.assert(
      fc.property(dateRules, fc.nat(1000), fc.integer({ min: 0, max: 310 }), (rule, seed, day) => {
        const world = worldOf(rule, marketOf(seed, 0)).start(startUs);
        world.run(sessionCloseUs(from) + day * 24 * US_PER_HOUR);
        const at = chain.findIndex(({ id }) => id === world.chain.current);
        const wanted = chain.slice(Math.max(0, at - 1), at + 2).map(({ id }) => id);
        expect([...world.subscribed].toSorted()).toEqual(wanted.toSorted());
      }),
      { seed: SEED, numRuns: 60 },
    );
  });
});
