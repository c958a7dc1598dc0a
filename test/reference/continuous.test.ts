/**
 * Continuous prices against published ones: the MES rows from single contracts, batch and live, and LEAN's factors applied.
 * Needs the reference data; skips without.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import type { ContractSpec } from '../../src/core/instrument.ts';
import { UniformGrid } from '../../src/core/price-grid.ts';
import type { Adjustment, RollSchedule } from '../../src/core/roll.ts';
import { parseRollRule } from '../../src/core/rolls/syntax.ts';
import { toContractId } from '../../src/core/symbology.ts';
import { parseTradeDate, toIsoDate } from '../../src/core/trade-date.ts';
import type { TradeDate, TsUs } from '../../src/core/units.ts';
import { parseTsUs, toIsoUtc, US_PER_DAY, US_PER_HOUR } from '../../src/core/units.ts';
import { collectContinuous } from '../../src/data/continuous.ts';
import { createAdjuster } from '../../src/data/continuous-adjust.ts';
import { collectCurve, curveRoles } from '../../src/data/continuous-curve.ts';
import {
  forwardDifferenceOf,
  leanFactorAt,
  parseLeanFactorFile,
} from '../../src/data/ingest/lean-maps.ts';
import { loadInstruments } from '../../src/data/instruments.ts';
import { buildRollSchedule, toGivenSchedule } from '../../src/data/roll.ts';
import type { ChainBar } from '../../src/engine/chain/types.ts';
import { ChainWorld, throughJson } from '../support/chain-world.ts';
import {
  NO_REFERENCE_DATA,
  readReferenceCsv,
  referenceDataDir,
} from '../support/reference-data.ts';
import { barsOf, sourceOf } from '../support/roll-market.ts';

const reference = referenceDataDir();
const title = (text: string): string =>
  reference === null ? `${text} (${NO_REFERENCE_DATA})` : text;
const pyfutures = join(reference ?? '', 'pyfutures');
const root = join(import.meta.dirname, '../..');

describe.skipIf(reference === null)(title('MES from its single contracts'), () => {
  const specs = loadInstruments(join(root, 'catalog', 'instruments'));
  const calendars = createCalendars();
  const chain: ContractSpec[] = [
    [2021, 12],
    [2022, 3],
    [2022, 6],
    [2022, 9],
    [2022, 12],
  ].map(([year, month]) => ({
    id: toContractId('MES', year!, month!),
    root: 'MES',
    year: year!,
    month: month!,
    dates: calendars.contractDates(specs.get('MES') ?? specs.get('ES')!, year!, month!),
  }));
  /** The next contract is known by its cycle before it has a bar. */
  const months = [...chain, { id: toContractId('MES', 2023, 3), year: 2023, month: 3 }];
  const nameOf = (index: number): string =>
    index < 0 ? '' : `${months[index]!.year}${months[index]!.id.slice(-5, -4)}`;
  const rule = parseRollRule('approx:-5,15,exclusive');
  const calendar = calendars.forInstrument(specs.get('ES')!);
  const tradeDateOf = (us: number): TradeDate => Math.floor(us / US_PER_DAY) as TradeDate;
  // Closes stand in hundredths: one of them is a settlement off the tick.
  const grid = new UniformGrid(0.01);
  const bars = chain.map((_, index) =>
    reference === null
      ? barsOf([])
      : barsOf(
          readReferenceCsv(pyfutures, `bars/MES_${nameOf(index)}.csv`).map((row) => {
            const us = parseTsUs(row['ts_event']!);
            return [us - US_PER_HOUR, us, Math.round(Number(row['close']) * 100), NaN] as const;
          }),
        ),
  );
  const place = (index: number): number => (index < months.length ? index : -1);
  const schedule = (): RollSchedule =>
    buildRollSchedule({
      root: 'MES',
      chain,
      rule,
      calendar,
      tradeDateOf,
      dailyCloses: (index) => bars[index]!,
      from: parseTradeDate('2020-09-01'),
      to: parseTradeDate('2022-12-14'),
    });
  const expected =
    reference === null ? [] : readReferenceCsv(pyfutures, 'expected/MES_continuous.csv');
  const priceOf = (text: string): number => (text === '' ? NaN : Number(text));

  it('has every expected row, contract and price, and its three adjustments to 1e-9', () => {
    const plan = schedule();
    const view = (adjust: Adjustment) =>
      collectContinuous({
        schedule: plan,
        grid,
        adjust,
        rollStamp: 'new',
        bars: (index) => sourceOf(bars[index]!, 50),
      });
    const [back, forward, ratio] = [
      view('back-difference'),
      view('forward-difference'),
      view('back-ratio'),
    ];
    const curve = collectCurve({
      schedule: plan,
      grid,
      rollStamp: 'new',
      roles: curveRoles({
        schedule: plan,
        next: (index) => place(index + 1),
        previous: (index) => index - 1,
        carry: (index) => place(index + 1),
      }),
      monthOf: (index) => months[index]!,
      bars: (index) => (bars[index] === undefined ? null : sourceOf(bars[index], 50)),
    });
    expect(back.length).toBe(567);
    expect(expected.length).toBe(567);
    expected.forEach((row, i) => {
      expect(back.closeUs[i]).toBe(parseTsUs(row['ts_event']!));
      expect(curve.closeUs[i]).toBe(back.closeUs[i]);
      expect(nameOf(curve.currentIndex[i]!)).toBe(row['current_contract']);
      expect(curve.current[i]).toBe(priceOf(row['current_close']!));
      expect(nameOf(curve.forwardIndex[i]!)).toBe(row['forward_contract']);
      expect(nameOf(curve.carryIndex[i]!)).toBe(row['carry_contract']);
      expect(curve.forward[i]).toBe(priceOf(row['forward_close']!));
      expect(curve.carry[i]).toBe(priceOf(row['carry_close']!));
      expect(Math.abs(back.close[i]! - priceOf(row['back_adjusted']!))).toBeLessThan(1e-9);
      expect(Math.abs(forward.close[i]! - priceOf(row['forward_adjusted']!))).toBeLessThan(1e-9);
      expect(Math.abs(ratio.close[i]! - priceOf(row['ratio_back_adjusted']!))).toBeLessThan(1e-9);
    });
  });

  it('live, stopped and restored in between, makes the same rolls and adjusted prices', () => {
    const config = {
      root: 'MES',
      rule,
      contracts: chain,
      calendar,
      tradeDateOf,
      intervals: ['1d'] as const,
      history: 1000,
    };
    const all = bars.flatMap((columns, index) =>
      Array.from(columns.closeUs, (closeUs, row): ChainBar => {
        const close = columns.close[row]!;
        return {
          contract: chain[index]!.id,
          interval: '1d',
          openUs: columns.openUs[row]!,
          closeUs,
          open: close,
          high: close,
          low: close,
          close,
          volume: NaN,
        };
      }),
    );
    const endUs = parseTsUs('2022-12-14T23:00:00Z');
    const first = new ChainWorld({ config, bars: all })
      .start(parseTsUs('2020-09-20T00:00:00Z'))
      .run(parseTsUs('2022-01-05T00:00:00Z'));
    // Asleep over the roll of March.
    const world = new ChainWorld({ config, bars: all })
      .start(parseTsUs('2022-04-01T12:00:00Z'), throughJson(first.chain.save()))
      .run(endUs);
    expect(world.error).toBeNull();
    expect(world.of('rolled').map((effect) => effect.isReplayed)).toEqual([true, false, false]);
    expect(world.chain.rolls.map((roll) => toIsoDate(roll.tradeDate))).toEqual(
      schedule().rolls.map((roll) => toIsoDate(roll.tradeDate)),
    );
    const rows = [...first.rows, ...world.rows];
    const total = world.chain.save().gap;
    const by = new Map(rows.map((row) => [row.closeUs, row]));
    const until = expected.filter((row) => parseTsUs(row['ts_event']!) <= endUs);
    expect(rows.length).toBe(until.length);
    for (const row of until) {
      const own = by.get(parseTsUs(row['ts_event']!))!;
      const adjusted = (own.current.bar[4] + total - own.gap) / 100;
      expect(Math.abs(adjusted - Number(row['back_adjusted']))).toBeLessThan(1e-9);
    }
  });
});

describe.skipIf(reference === null)(title('LEAN’s factors of ES'), () => {
  const file = join(reference ?? '', 'lean/future/cme/factor_files/es.csv');
  const factors =
    reference === null ? [] : parseLeanFactorFile(readFileSync(file, 'utf8'), 'es.csv');

  it.each([0, 1, 2] as const)(
    'of mode %d are the adjustments of their own rolls, also as of a date',
    (mode) => {
      const rows = factors.filter((row) => row.mode === mode);
      const count = rows.length - 1;
      expect(count).toBeGreaterThan(20);
      const last = rows.at(-1)!;
      const ids = rows.map((_, k) =>
        toContractId('ES', 2000 + Math.floor(k / 4), 3 * ((k % 4) + 1)),
      );
      const endOf = (date: TradeDate): TsUs => (date * US_PER_DAY + US_PER_DAY - 1) as TsUs;
      const made = (prices: (k: number) => readonly [number, number]): RollSchedule =>
        toGivenSchedule({
          root: 'ES',
          name: 'lean',
          indexOf: (id) => ids.indexOf(id),
          rolls: rows.slice(0, -1).map((row, k) => ({
            from: ids[k]!,
            to: ids[k + 1]!,
            atUs: endOf(row.date),
            fromPrice: prices(k)[0],
            toPrice: prices(k)[1],
          })),
        });
      const step = (k: number, name: 'backDifference' | 'backRatio'): readonly [number, number] =>
        [rows[k]![name][0]!, rows[k + 1]![name][0]!] as const;
      const difference = made((k) => {
        const [own, next] = step(k, 'backDifference');
        return [4000, 4000 + (own - next) * 4];
      });
      const ratio = made((k) => {
        const [own, next] = step(k, 'backRatio');
        return [next, own];
      });
      const noon = (date: TradeDate): number => date * US_PER_DAY + US_PER_DAY / 2;
      const back = createAdjuster(difference, 'back-difference');
      const forward = createAdjuster(difference, 'forward-difference');
      const product = createAdjuster(ratio, 'back-ratio');
      const asOfDate = rows[10]!.date;
      const asOf = createAdjuster(difference, 'back-difference', { asOf: noon(asOfDate) as TsUs });
      const at = (date: TradeDate) => leanFactorAt(factors, mode, date, 'backDifference');
      const own = forwardDifferenceOf(factors, mode);
      for (const [k, row] of rows.entries()) {
        const us = noon(row.date);
        expect(back.toCounts(0, us) / 4 + last.backDifference[0]!).toBeCloseTo(at(row.date), 9);
        expect(product.toCounts(1, us) * last.backRatio[0]!).toBeCloseTo(
          leanFactorAt(factors, mode, row.date, 'backRatio'),
          12,
        );
        expect(forward.toCounts(0, us) / 4).toBeCloseTo(own[k]!.factor, 9);
        // What a history request scales by: the factor of the day less that of the day asked for.
        expect(asOf.toCounts(0, us) / 4).toBeCloseTo(at(row.date) - at(asOfDate), 9);
      }
      expect(toIsoUtc(difference.rolls[0]!.effectiveUs).slice(0, 10)).toBe(
        toIsoDate(rows[0]!.date),
      );
    },
  );
});
