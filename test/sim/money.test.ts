import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import { parseTradeDate } from '../../src/core/trade-date.ts';
import type { TradeDate, TsUs } from '../../src/core/units.ts';
import { parseTsUs } from '../../src/core/units.ts';
import { SIM_ERRORS } from '../../src/sim/errors.ts';
import { createFeeModel } from '../../src/sim/fee-model.ts';
import { createMarginModel } from '../../src/sim/margin-model.ts';
import { makeTable, SimHarness } from '../support/sim-harness.ts';

const table = makeTable();
const day = (text: string): TradeDate => parseTradeDate(text);
const codeOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(TradingError);
    expect((error as TradingError).fix).toBeTruthy();
    return (error as TradingError).code;
  }
  return 'none';
};

describe('fees', () => {
  const entries = [
    { from: day('2020-01-01'), commissionMicros: 850_000, exchangeMicros: 1_300_000 },
    { from: day('2024-01-01'), commissionMicros: 1_000_000, exchangeMicros: 1_400_000 },
  ];

  it('M4 charge 2.15 a side on 9 contracts as 19.35 exactly', () => {
    const harness = new SimHarness({ fees: createFeeModel(table, { ES: entries }) });
    harness.run('buy 9 market as e');
    harness.run('bar 100/101/99/100');
    expect(harness.reports.at(-1)!.fill).toMatchObject({
      feeMicros: 19_350_000,
      commissionMicros: 7_650_000,
    });
  });

  it('follow the trade date of a fill, which begins in the evening before', () => {
    // Sessions that open at 23:00 UTC for the next date.
    const evening = (_: number, tsUs: TsUs): TradeDate =>
      Math.floor((tsUs + 3_600_000_000) / 86_400_000_000) as TradeDate;
    const fees = createFeeModel(table, { ES: entries }, {}, evening);
    const at = (text: string): number => fees.commissionMicros(0, parseTsUs(text));
    expect(at('2023-12-31T22:59:59Z')).toBe(850_000);
    expect(at('2023-12-31T23:00:00Z')).toBe(1_000_000);
  });

  it('take effect on their date in UTC where nothing says more', () => {
    const fees = createFeeModel(table, { ES: entries });
    const before = parseTsUs('2023-12-31T23:59:59.999999Z');
    expect(fees.commissionMicros(0, before)).toBe(850_000);
    expect(fees.commissionMicros(0, (before + 1) as TsUs)).toBe(1_000_000);
  });

  it('are an error where none are in force or the schedule is broken', () => {
    const fees = createFeeModel(table, { ES: entries });
    expect(codeOf(() => fees.exchangeMicros(0, parseTsUs('2019-12-31T00:00:00Z')))).toBe(
      'E_FEE_SCHEDULE',
    );
    expect(() => fees.exchangeMicros(0, parseTsUs('2019-12-31T00:00:00Z'))).toThrow(
      'no fees in force on 2019-12-31',
    );
    expect(codeOf(() => createFeeModel(table, {}))).toBe('E_FEE_SCHEDULE');
    expect(codeOf(() => createFeeModel(table, { ES: [...entries].reverse() }))).toBe(
      'E_FEE_SCHEDULE',
    );
    const half = { from: day('2020-01-01'), commissionMicros: 0.5, exchangeMicros: 0 };
    expect(codeOf(() => createFeeModel(table, { ES: [half] }))).toBe('E_FEE_SCHEDULE');
  });
});

describe('margin', () => {
  const levels = [
    { from: day('2020-01-01'), initialMicros: 12_000_000_000, maintenanceMicros: 11_000_000_000 },
    { from: day('2024-01-02'), initialMicros: 13_000_000_000, maintenanceMicros: 12_000_000_000 },
  ];

  it('follows the level of the trade date', () => {
    const margin = createMarginModel(table, { ES: { kind: 'fixed', levels } });
    expect(margin.initialMicros(0, day('2024-01-01'), 0)).toBe(12_000_000_000);
    expect(margin.maintenanceMicros(0, day('2024-01-02'), 0)).toBe(12_000_000_000);
  });

  it('takes a percentage of the notional, also at negative prices', () => {
    const rule = { kind: 'notional', initialPct: 10, maintenancePct: 8 } as const;
    const margin = createMarginModel(table, { ES: rule });
    expect(margin.initialMicros(0, day('2024-01-01'), 16_000)).toBe(20_000_000_000);
    expect(margin.maintenanceMicros(0, day('2024-01-01'), -16_000)).toBe(16_000_000_000);
  });

  it('is an error where no level is in force or the rule contradicts itself', () => {
    const margin = createMarginModel(table, { ES: { kind: 'fixed', levels } });
    expect(codeOf(() => margin.initialMicros(0, day('2019-01-01'), 0))).toBe('E_MARGIN_SCHEDULE');
    expect(codeOf(() => createMarginModel(table, {}))).toBe('E_MARGIN_SCHEDULE');
    const below = { kind: 'notional', initialPct: 5, maintenancePct: 8 } as const;
    expect(codeOf(() => createMarginModel(table, { ES: below }))).toBe('E_MARGIN_SCHEDULE');
  });
});

describe('error pages', () => {
  it('stand for every code that the layer can name', () => {
    const folder = new URL('../../src/sim/', import.meta.url);
    const used = new Set<string>();
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (name === 'errors.ts' || !name.endsWith('.ts')) continue;
      const text = readFileSync(new URL(name, folder), 'utf8');
      for (const found of text.matchAll(/'(E_[A-Z_]+)'/g)) used.add(found[1]!);
    }
    expect([...used].toSorted()).toEqual(Object.keys(SIM_ERRORS).toSorted());
  });
});
