/** A chain fed with hours that are folded into session closes, against the chain fed with the closes themselves. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import type { ContractId } from '../../src/core/instrument.ts';
import type { RollRule } from '../../src/core/roll.ts';
import { parseTradeDate } from '../../src/core/trade-date.ts';
import { parseTsUs, TS_MAX, US_PER_HOUR } from '../../src/core/units.ts';
import { FoldingChain, SessionCloseFolder } from '../../src/engine/chain/folding-chain.ts';
import { LiveChain } from '../../src/engine/chain/live-chain.ts';
import type { ChainBar, LiveChainConfig, LiveChainState } from '../../src/engine/chain/types.ts';
import { ChainWorld, throughJson } from '../support/chain-world.ts';
import { PlainCalendar, PlainCalendars, plainContract } from '../support/plain-calendar.ts';
import { dailyBars, sessionCloseUs } from '../support/roll-market.ts';

const calendar = new PlainCalendar();
const calendars = new PlainCalendars(calendar, true);
const chain = [3, 6, 9, 12].map((month) => plainContract('ES', 2014, month, calendars));
const from = parseTradeDate('2014-01-02');
const to = parseTradeDate('2014-08-10');
const startUs = sessionCloseUs(from) - 40 * US_PER_HOUR;
const endUs = sessionCloseUs(to) + US_PER_HOUR;

function noise(seed: number, index: number, date: number): number {
  let x = Math.imul(
    seed ^ Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(date, 0x85ebca6b),
    0xc2b2ae35,
  );
  x ^= x >>> 15;
  return (Math.imul(x, 0x27d4eb2f) >>> 0) % 1000;
}

/** Days, and for each the hours that it is made of: not always the last one, so that some days end by the clock. */
function marketOf(seed: number): { days: ChainBar[]; hours: ChainBar[] } {
  const days: ChainBar[] = [];
  const hours: ChainBar[] = [];
  for (const [index, { id }] of chain.entries()) {
    const columns = dailyBars(
      calendar,
      chain[index]!,
      { from, to },
      (date) => (noise(seed, index, date) < 80 ? NaN : 1000 + noise(seed + 1, index, date)),
      (date) => noise(seed + 2, index, date),
    );
    for (const [row, closeUs] of columns.closeUs.entries()) {
      const [close, volume] = [columns.close[row]!, columns.volume[row]!];
      const openUs = columns.openUs[row]!;
      const day = { contract: id, interval: '1d' as const, openUs, closeUs, close, volume };
      days.push({ ...day, open: close - 1, high: close + 2, low: close - 3 });
      const first = noise(seed + 3, index, row) % 11;
      const last = 11 + (noise(seed + 4, index, row) % 12);
      const half = Math.floor(volume / 2);
      const hour = (
        at: number,
      ): Pick<ChainBar, 'contract' | 'interval' | 'openUs' | 'closeUs'> => ({
        contract: id,
        interval: '1h',
        openUs: openUs + at * US_PER_HOUR,
        closeUs: openUs + (at + 1) * US_PER_HOUR,
      });
      hours.push(
        {
          ...hour(first),
          open: close - 1,
          high: close + 2,
          low: close - 1,
          close: close + 1,
          volume: half,
        },
        { ...hour(last), open: close, high: close, low: close - 3, close, volume: volume - half },
      );
    }
  }
  return { days, hours };
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
const latencyUs = (bar: ChainBar): number => (noise(7, bar.contract.length, bar.closeUs) % 9) * 1e5;
const folding = (inner: LiveChain): FoldingChain =>
  new FoldingChain(inner, { calendar, from: '1h' });

const rules: fc.Arbitrary<RollRule> = fc.oneof(
  fc.record({
    kind: fc.constant('calendar' as const),
    anchor: fc.constant('last-trade' as const),
    days: fc.integer({ min: 2, max: 9 }),
    count: fc.constant('business' as const),
  }),
  fc.record({
    kind: fc.constant('volume' as const),
    sessions: fc.integer({ min: 1, max: 3 }),
    deadlineDays: fc.integer({ min: 2, max: 8 }),
  }),
);

function worlds(rule: RollRule, seed: number): { daily: ChainWorld; hourly: ChainWorld } {
  const { days, hours } = marketOf(seed);
  const config = configOf(rule);
  return {
    daily: new ChainWorld({ config, bars: days, latencyUs }),
    hourly: new ChainWorld({ config, bars: hours, latencyUs, through: folding }),
  };
}

describe('a chain fed with small bars', () => {
  it('makes the rolls and rows of the chain that is fed with the closes', () => {
    let rolls = 0;
    fc.assert(
      fc.property(rules, fc.nat(100_000), (rule, seed) => {
        const { daily, hourly } = worlds(rule, seed);
        daily.start(startUs).run(endUs);
        hourly.start(startUs).run(endUs);
        expect(hourly.error?.message ?? null).toBe(daily.error?.message ?? null);
        expect(hourly.chain.rolls).toEqual(daily.chain.rolls);
        expect(hourly.rows).toEqual(daily.rows);
        rolls += hourly.chain.rolls.length;
      }),
      { seed: 1, numRuns: 30 },
    );
    expect(rolls).toBeGreaterThan(20);
  });

  it('goes on after a stop at any moment, in the middle of a session too, with nothing saved beside the chain', () => {
    fc.assert(
      fc.property(rules, fc.nat(100_000), fc.nat(4000), fc.nat(300), (rule, seed, stop, hours) => {
        const { daily, hourly } = worlds(rule, seed);
        const stopUs = startUs + 90 * US_PER_HOUR + stop * US_PER_HOUR;
        hourly.start(startUs).run(stopUs);
        if (hourly.error !== null) return;
        const saved = throughJson<LiveChainState>(hourly.chain.save());
        const again = new ChainWorld({
          config: configOf(rule),
          bars: marketOf(seed).hours,
          latencyUs,
          through: folding,
        });
        again.start(Math.min(endUs, stopUs + hours * US_PER_HOUR), saved).run(endUs);
        daily.start(startUs).run(endUs);
        expect(again.error?.message ?? null).toBe(daily.error?.message ?? null);
        expect(again.chain.rolls).toEqual(daily.chain.rolls);
        if (daily.error === null) expect([...hourly.rows, ...again.rows]).toEqual(daily.rows);
      }),
      { seed: 2, numRuns: 30 },
    );
  });

  it('asks for small bars only, from the start of the session in progress', () => {
    const inner = new LiveChain(configOf({ kind: 'first-day' }));
    const effects = folding(inner).handle({
      kind: 'start',
      nowUs: startUs,
      positions: [],
      saved: null,
    });
    for (const effect of effects) {
      if (effect.kind === 'subscribe' || effect.kind === 'request')
        expect(effect.intervals).toEqual(['1h']);
      if (effect.kind === 'request')
        expect(effect.fromUs).toBe(sessionCloseUs(from) - 47 * US_PER_HOUR);
    }
    expect(effects.filter((effect) => effect.kind === 'request').length).toBeGreaterThan(0);
  });
});

describe('the folder of session closes', () => {
  it('finishes a day with its last minute, or by the time, at an early close too', () => {
    const equity = createCalendars().forGroup('cme-equity-index');
    const folder = new SessionCloseFolder({ calendar: equity, from: '1m' });
    const minute = (text: string): ChainBar => {
      const openUs = parseTsUs(`${text}:00Z`);
      const price = { open: 10, high: 10, low: 10, close: 10, volume: 1 };
      return {
        contract: 'ESZ2019' as ContractId,
        interval: '1m',
        openUs,
        closeUs: openUs + 6e7,
        ...price,
      };
    };
    expect(folder.dueUs).toBe(TS_MAX);
    expect(folder.onBar(minute('2019-11-27T21:59'))).toMatchObject([
      { interval: '1d', closeUs: parseTsUs('2019-11-27T22:00:00Z') },
    ]);
    // The holiday's session belongs to the trade date that ends on Friday at 12:15 local.
    expect(folder.onBar(minute('2019-11-28T17:59'))).toEqual([]);
    expect(folder.dueUs).toBe(parseTsUs('2019-11-29T18:15:00Z'));
    expect(folder.advance(folder.dueUs - 1)).toEqual([]);
    expect(folder.advance(folder.dueUs)).toMatchObject([{ volume: 1 }]);
  });
});
