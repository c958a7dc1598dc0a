import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  buildChain,
  chainAt,
  contractNeighbours,
  cyclesOf,
  holdChain,
  typicalExpiryOffset,
} from '../../src/calendars/chain.ts';
import { createCalendars } from '../../src/calendars/registry.ts';
import { TradingError } from '../../src/core/errors.ts';
import type { ContractSpec, InstrumentSpec } from '../../src/core/instrument.ts';
import { addDays, parseTradeDate, toTradeDate } from '../../src/core/trade-date.ts';
import { loadInstruments } from '../../src/data/instruments.ts';

const instruments = loadInstruments(join(import.meta.dirname, '../../catalog/instruments'));
const calendars = createCalendars();
const spec = (root: string): InstrumentSpec => instruments.get(root)!;
const ids = (contracts: readonly (ContractSpec | null)[]): string =>
  contracts.map((contract) => contract?.id ?? '-').join(' ');
const at = (root: string, date: string, options: Parameters<typeof chainAt>[3] = {}): string =>
  ids(chainAt(spec(root), calendars, parseTradeDate(date), options).contracts);

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof TradingError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'no error';
}

describe('the chain of a date', () => {
  it('begins with the contract that ends that day, and loses it the day after', () => {
    expect(at('ES', '2025-06-20', { count: 3 })).toBe('ESM2025 ESU2025 ESZ2025');
    expect(at('ES', '2025-06-21', { count: 3 })).toBe('ESU2025 ESZ2025 ESH2026');
  });

  it('counts by expiry, not by name: CL ends the month before, SR3 a quarter after', () => {
    expect(at('CL', '2025-11-20', { count: 2 })).toBe('CLZ2025 CLF2026');
    expect(at('CL', '2025-11-21', { count: 2 })).toBe('CLF2026 CLG2026');
    expect(at('SR3', '2025-06-16', { count: 2, months: 'hold' })).toBe('SR3H2025 SR3M2025');
    expect(at('SR3', '2025-06-18', { count: 2, months: 'hold' })).toBe('SR3M2025 SR3U2025');
    expect(at('B', '2025-12-01', { count: 2 })).toBe('BG2026 BH2026');
  });

  it('has serial months while they are near, and none of them later', () => {
    expect(at('6E', '2025-12-16', { count: 6 })).toBe(
      '6EF2026 6EG2026 6EH2026 6EM2026 6EU2026 6EZ2026',
    );
    expect(at('GC', '2025-11-21', { count: 5 })).toBe('GCX2025 GCZ2025 GCF2026 GCG2026 GCJ2026');
    expect(at('6E', '2025-12-16', { count: 2, months: 'hold' })).toBe('6EH2026 6EM2026');
  });

  it('follows the months of its year', () => {
    expect(at('EBM', '2014-05-12', { count: 7 })).toBe(
      'EBMK2014 EBMX2014 EBMF2015 EBMH2015 EBMK2015 EBMU2015 EBMZ2015',
    );
    expect(at('EBM', '2014-05-12', { count: 3, months: 'hold' })).toBe(
      'EBMX2014 EBMZ2015 EBMZ2016',
    );
  });

  it('is refused before the product began and after it ended', () => {
    expect(codeOf(() => at('MES', '2019-05-03'))).toContain(
      'E_CONTRACT_UNLISTED: MES had no contract on 2019-05-03: it trades since 2019-05-06 only',
    );
    expect(at('MES', '2019-05-06', { count: 1 })).toBe('MESM2019');
    expect(codeOf(() => at('GE', '2023-06-21'))).toContain('it ended with contract 2023M');
    expect(at('GE', '2023-05-16')).toBe('GEM2023');
  });
});

describe('the chain of a span', () => {
  it('leaves out what did not exist yet, and is refused when nothing is left', () => {
    expect(ids(buildChain(spec('MES'), calendars, 2018, 2019))).toBe('MESM2019 MESU2019 MESZ2019');
    expect(codeOf(() => buildChain(spec('MES'), calendars, 2017, 2018))).toContain(
      'E_CONTRACT_UNLISTED: there was no contract MESZ2018',
    );
    expect(ids(buildChain(spec('GE'), calendars, 2023, 2024))).toBe('GEH2023 GEM2023');
    expect(ids(buildChain(spec('EBM'), calendars, 2013, 2016))).toBe(
      'EBMX2013 EBMX2014 EBMZ2015 EBMZ2016',
    );
  });

  it('holds a contract on every day, also one named a quarter before it ends', () => {
    const chain = holdChain({
      spec: spec('SR3'),
      calendars,
      from: parseTradeDate('2025-06-16'),
      to: parseTradeDate('2025-06-30'),
      extra: 0,
    });
    expect(ids(chain)).toBe('SR3H2025 SR3M2025');
  });
});

describe('neighbours of a contract', () => {
  it.each([
    ['ES', 2021, 3, 'ESZ2020 ESM2021 ESM2021'],
    ['CL', 2023, 12, 'CLX2023 CLF2024 CLF2024'],
    ['ZC', 2023, 12, 'ZCU2023 ZCH2024 ZCH2024'],
    ['EBM', 2015, 12, 'EBMX2014 EBMZ2016 EBMU2015'],
    ['MES', 2019, 6, '- MESU2019 MESU2019'],
    ['GE', 2023, 6, 'GEH2023 - -'],
  ])('%s %i-%i: previous, forward and carry are %s', (root, year, month, expected) => {
    const { previous, forward, carry } = contractNeighbours(spec(root), calendars, { year, month });
    expect(ids([previous, forward, carry])).toBe(expected);
  });
});

describe('an approximate expiry offset', () => {
  it.each(['ES', 'ZN', 'GC', '6E', 'CL', 'QM', 'NG', 'ZC', 'ZW', 'VX', 'KC', 'MES', 'EBM'])(
    'of %s is near to the smallest of its exact expiries',
    (root) => {
      const one = spec(root);
      const least = typicalExpiryOffset(one, calendars, 2016, 2025);
      // The published numbers are round: they lie within a few days of the exact dates, sometimes after the earliest.
      expect(Math.abs(one.expiryOffsetDays! - least)).toBeLessThanOrEqual(9);
    },
  );

  it('that is worked out never lies after an exact expiry', () => {
    const least = typicalExpiryOffset(spec('HO'), calendars, 2005, 2025);
    const chain = buildChain(spec('HO'), calendars, 2005, 2025);
    for (const { year, month, dates } of chain) {
      expect(addDays(toTradeDate(year, month, 1), least)).toBeLessThanOrEqual(dates.lastTradeDate);
    }
  });
});

const covered = [...instruments.values()].filter(
  (one) => codeOf(() => buildChain(one, calendars, 2022, 2023)) === 'no error',
);

describe('every product', () => {
  test.prop([fc.constantFrom(...covered), fc.integer({ min: 0, max: 365 })], { seed: 5 })(
    'has a chain in order of delivery and of expiry, of contracts that trade that day',
    (one, day) => {
      // Every product traded by then, the youngest since November 2023.
      const date = addDays(parseTradeDate('2024-06-01'), day);
      const { contracts, front } = chainAt(one, calendars, date, { count: 8 });
      expect(contracts[0]).toBe(front);
      for (const [row, { year, month, dates }] of contracts.entries()) {
        expect(dates.lastTradeDate).toBeGreaterThanOrEqual(date);
        const before = contracts[row - 1];
        if (before === undefined) continue;
        expect(year * 12 + month).toBeGreaterThan(before.year * 12 + before.month);
        expect(dates.lastTradeDate).toBeGreaterThan(before.dates.lastTradeDate);
      }
      const held = chainAt(one, calendars, date, { count: 4, months: 'hold' }).contracts;
      const { hold } = cyclesOf(one);
      expect(held.every((contract) => hold.has(contract))).toBe(true);
    },
  );
});
