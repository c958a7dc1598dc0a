/** Every rule through the real path: plan, feeds, engine, records. And what a plan says or refuses. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RollRule } from '../../src/core/roll.ts';
import { parseRollRule } from '../../src/core/rolls/syntax.ts';
import { defineStrategy } from '../../src/core/strategy.ts';
import { TradingError } from '../../src/core/errors.ts';
import { toContractId } from '../../src/core/symbology.ts';
import type { Qty, TsUs } from '../../src/core/units.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { createHashJournal } from '../../src/engine/journal.ts';
import { prepareRun, simulate } from '../../src/research/backtest.ts';
import { toRows } from '../../src/research/columns.ts';
import { FILL_COLUMNS, ROLL_COLUMNS } from '../../src/research/tables.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { backtestOptions, makeSampleCatalog } from '../support/sample-catalog.ts';

let sample: SampleCatalog;
beforeAll(() => {
  sample = makeSampleCatalog({ products: ['ES', 'CL'], intervals: ['1d'] });
}, 60_000);
afterAll(() => sample.remove());

const holder = (root: string, qty: number, roll: RollRule | undefined, depth = 0) =>
  defineStrategy({
    id: 'holder',
    version: '1',
    description: 'buys at once and keeps it',
    params: {},
    instruments: [root],
    requires: () => ({
      series: [
        { root, bars: '1d', ...(roll === undefined ? {} : { roll }) },
        ...(depth === 0
          ? []
          : [
              {
                key: 'deep',
                root,
                bars: '1d' as const,
                depth,
                ...(roll === undefined ? {} : { roll }),
              },
            ]),
      ],
    }),
    create: () => {
      let isSent = false;
      return {
        onBar: (bar, ctx) => {
          if (bar.key === 'deep') return ctx.plot('deep', bar.close);
          if (isSent) return;
          isSent = true;
          ctx.submit({
            type: 'market',
            contract: ctx.contract(root),
            side: 1,
            qty: qty as Qty,
            timeInForce: 'gtc',
          });
        },
      };
    },
  });

function prepare(root: string, rule: string | undefined, to?: string, depth = 0) {
  const roll = rule === undefined ? undefined : parseRollRule(rule);
  return prepareRun({
    ...backtestOptions(sample, 'donchian-breakout'),
    strategy: holder(root, 5, roll, depth),
    instruments: [root],
    execution: '1d',
    ...(to === undefined ? {} : { to }),
  } as never);
}

function run(root: string, rule: string | undefined, to?: string, depth = 0) {
  const prepared = prepare(root, rule, to, depth);
  const { result, recorder } = simulate(prepared, 'pessimistic', createHashJournal());
  if (result.error !== null) throw result.error.cause;
  const tables = recorder.tables();
  return {
    prepared,
    recorder,
    fills: toRows(tables.fills, FILL_COLUMNS),
    rolls: toRows(tables.rolls, ROLL_COLUMNS),
  };
}

describe('a strategy may ask for any rule', () => {
  it.each([
    ['ES', 'calendar:5b@last-trade', 8],
    ['ES', 'approx:-5,14', 8],
    ['ES', 'first-day', 8],
    ['ES', 'last-day', 8],
    ['ES', 'volume:2', 8],
    ['ES', 'after:calendar:12b@last-trade/volume:1', 8],
    ['ES', 'liquid:-5,14,10', 8],
    ['ES', 'weighted:5/calendar:8b@last-trade', 8],
    ['CL', 'calendar:3b@earlier', 24],
  ])('%s by %s', (root, rule, rolls) => {
    const ran = run(root, rule);
    // The first or the last of the span may fall outside it.
    expect(Math.abs(ran.rolls.length - rolls)).toBeLessThanOrEqual(1);
    expect(ran.rolls.every((roll) => roll.netQty === 5 || roll.netQty === 0)).toBe(true);
    const net = new Map<string, number>();
    for (const fill of ran.fills)
      net.set(fill.contract, (net.get(fill.contract) ?? 0) + fill.side * fill.qty);
    // All but the last contract held are left again.
    expect([...net.values()].filter((qty) => qty !== 0)).toEqual([5]);
  });

  it('in parts moves one of five contracts at each of five sessions', () => {
    const { fills, rolls } = run('ES', 'weighted:5/calendar:8b@last-trade');
    const legs = fills.filter((fill) => fill.tag === 'roll' && fill.side === 1);
    expect(legs.length).toBe(5 * rolls.filter((roll) => roll.netQty === 5).length);
    expect(legs.every((fill) => fill.qty === 1)).toBe(true);
  });

  it.each(['weighted:5/calendar:8b@last-trade', 'volume:1', 'first-day'])(
    'and a run on a prefix of the data is a prefix of the run: %s',
    (rule) => {
      const whole = run('ES', rule).fills;
      for (const to of ['2022-03-09', '2022-03-11', '2022-03-15', '2022-06-10']) {
        const part = run('ES', rule, to).fills;
        expect(part.map((fill) => [fill.tsUs, fill.contract, fill.priceTicks])).toEqual(
          whole.slice(0, part.length).map((fill) => [fill.tsUs, fill.contract, fill.priceTicks]),
        );
        expect(part.length).toBeGreaterThan(8);
      }
    },
  );

  it('and a deeper series goes on to the end of the data, by the chain', () => {
    const { prepared } = run('ES', 'first-day', undefined, 1);
    const { schedule } = prepared.plan.chains[0]!;
    const last = schedule.held.at(-1)!;
    const deeper = schedule.chain![schedule.chain!.indexOf(last) + 1]!;
    expect(prepared.plan.feeds.some((feed) => feed.contractIndex === deeper)).toBe(true);
  });
});

describe('a plan', () => {
  function errorOf(make: () => unknown): TradingError {
    try {
      make();
    } catch (error) {
      expect(error).toBeInstanceOf(TradingError);
      return error as TradingError;
    }
    throw new Error('nothing was thrown');
  }

  it('refuses an open-interest rule on data without it, and names what is missing', () => {
    const error = errorOf(() => prepare('ES', 'oi'));
    expect(error.code).toBe('E_ROLL_DATA');
    expect(error.details).toMatchObject({ missing: 'open interest' });
  });

  it('warns of a rule that looks ahead, and marks its records', () => {
    const { plan } = prepare('ES', 'nearest/approx:-5,14');
    expect(plan.notes.map((note) => note.code)).toContain('W_ROLL_LOOKS_AHEAD');
    const { schedule } = plan.chains[0]!;
    expect(schedule.looksAhead).toBe(true);
    expect(schedule.rolls.every((roll) => roll.looksAhead === true)).toBe(true);
    expect(prepare('ES', 'first-day').plan.notes).toEqual([]);
  });

  it('names the carry contract of the old one in each record', () => {
    const [roll] = prepare('ES', 'first-day').plan.chains[0]!.schedule.rolls;
    expect(roll!.carry).toBe(roll!.to);
  });

  it('puts the cost of a roll into its record: two fills with fees and slippage', () => {
    const [roll] = prepare('ES', 'first-day').plan.chains[0]!.schedule.rolls;
    expect(roll!.cost!.slippageTicks).toBe(2);
    expect(roll!.cost!.totalMicros).toBe(roll!.cost!.feesMicros! + 25_000_000);
  });

  it('warns where the calendar that came with the data overrides the rule of the strategy', () => {
    const dataset = openCatalog(sample.catalogDir).dataset('sample');
    const { rolls } = prepare('CL', 'calendar:3b@earlier').plan.chains[0]!.schedule;
    const writer = dataset.beginWrite();
    const calendar = {
      name: 'given/CL',
      first: toContractId('CL', 2021, 2),
      rolls: rolls
        .filter((roll) => roll.from >= 'CL')
        .map((roll) => ({
          from: roll.from,
          to: roll.to,
          atUs: roll.effectiveUs as TsUs,
          fromPrice: roll.fromPrice,
          toPrice: roll.toPrice,
        })),
    };
    const first = rolls[0]!.from;
    writer.describe({
      grids: dataset.manifest.grids,
      currencies: dataset.manifest.currencies ?? {},
      extra: { rollCalendars: { CL: { ...calendar, first } } },
    } as never);
    writer.commit();
    const asked = prepare('CL', 'volume:1').plan;
    expect(asked.notes).toMatchObject([{ code: 'W_ROLL_GIVEN' }]);
    expect(asked.notes[0]!.message).toContain('given/CL');
    expect(asked.chains[0]!.schedule.rule).toMatchObject({ kind: 'given' });
    expect(prepare('CL', undefined).plan.notes).toEqual([]);
  });
});
