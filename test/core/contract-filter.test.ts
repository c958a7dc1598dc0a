import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import type { ListedContract, SelectOptions } from '../../src/core/contract-filter.ts';
import { selectContracts } from '../../src/core/contract-filter.ts';
import { TradingError } from '../../src/core/errors.ts';
import { loadInstruments } from '../../src/data/instruments.ts';

const instruments = loadInstruments(join(import.meta.dirname, '../../catalog/instruments'));
const calendars = createCalendars();
const vx = instruments.get('VX')!;

const entry = (
  localSymbol: string,
  contractMonth: string,
  lastTradeDate: string,
  more: Partial<ListedContract> = {},
): ListedContract => ({
  localSymbol,
  contractMonth,
  lastTradeDate,
  tradingClass: 'VX',
  multiplier: '1000',
  ...more,
});

const select = (
  listed: readonly ListedContract[],
  options: Partial<SelectOptions> = {},
): string => {
  try {
    return selectContracts(listed, { root: 'VX', ...options })
      .map((one) => `${one.year}-${one.month} ${one.details.localSymbol}`)
      .join(', ');
  } catch (error) {
    if (error instanceof TradingError) return `${error.code}: ${error.message}`;
    throw error;
  }
};

// Weeklies share the trading class, and carry the month in which they end.
const listed = [
  entry('VXH5', '202503', '20250318-14:00:00'),
  entry('VX09G5', '202502', '20250226-14:00:00'),
  entry('VXG5', '202502', '20250219 08:00 US/Central'),
  entry('VX10H5', '202503', '20250305'),
];

describe('contracts of one trading class', () => {
  it('are refused while a month has several, naming them', () => {
    expect(select(listed)).toBe(
      'E_CONTRACT_DETAILS: VX has 2 contracts of 2025G: VXG5 to 2025-02-19, VX09G5 to 2025-02-26',
    );
  });

  it('are told apart by the local symbol, in order of delivery', () => {
    const filter = { localSymbol: '^VX[FGHJKMNQUVXZ]\\d$' };
    expect(select(listed, { filter })).toBe('2025-2 VXG5, 2025-3 VXH5');
  });

  it('are told apart by the rule of the product, as the instrument file asks', () => {
    const lastTradeDateOf = (year: number, month: number) =>
      calendars.ruleDates(vx, year, month).lastTradeDate;
    expect(select(listed, { filter: { expiry: 'rule' }, lastTradeDateOf })).toBe(
      '2025-2 VXG5, 2025-3 VXH5',
    );
    expect(select(listed, { filter: vx.contractFilter!, lastTradeDateOf })).toBe(
      '2025-2 VXG5, 2025-3 VXH5',
    );
    expect(select(listed, { filter: { expiry: 'rule' } })).toContain('asks for the expiry rule');
  });

  it('are told apart by the underlying and by the long name', () => {
    const two = [
      entry('AK5', '202505', '20250510', { longName: 'Old crop', underConId: 1 }),
      entry('BK5', '202505', '20250510', { longName: 'New crop', underConId: '2' }),
    ];
    expect(select(two)).toContain('AK5 to 2025-05-10 (Old crop, underlying 1)');
    expect(select(two, { filter: { underConId: 2 } })).toBe('2025-5 BK5');
    expect(select(two, { filter: { longName: '^Old' } })).toBe('2025-5 AK5');
  });

  it('are refused when two are left, and when none is', () => {
    expect(select(listed, { filter: { localSymbol: '^VX' } })).toContain(
      'has 2 contracts of 2025G',
    );
    expect(select(listed, { filter: { localSymbol: '^ES' } })).toBe(
      'E_CONTRACT_DETAILS: none of the 4 contracts listed for VX passes its filter',
    );
    expect(select([])).toBe('');
  });

  it('never mix two products: a mini beside the full contract, or two multipliers', () => {
    const [march] = listed;
    const mini = entry('VXMG5', '202502', '20250219', { tradingClass: 'VXM', multiplier: '100' });
    expect(select([march!, mini])).toContain('E_CHAIN: the chain of VX mixes products: VXH5');
    expect(select([march!, mini], { tradingClass: 'VX' })).toContain(
      'VXMG5 is of trading class VXM',
    );
    expect(select([march!, { ...mini, tradingClass: 'VX' }])).toContain('has multiplier');
  });

  it('may have a delivery month before that of the last trade', () => {
    const milk = entry('DCH4', '202403', '20240402-17:10:00', {
      tradingClass: 'DC',
      multiplier: '2000',
    });
    const dc = instruments.get('DC')!;
    expect(
      select([milk], {
        root: 'DC',
        filter: { expiry: 'rule' },
        lastTradeDateOf: (year, month) => calendars.ruleDates(dc, year, month).lastTradeDate,
      }),
    ).toBe('2024-3 DCH4');
  });

  it('cannot be read without a month and a date', () => {
    expect(select([entry('VXH5', '2025', '20250318')])).toContain(
      'entry 1 of the contracts of VX, VXH5',
    );
    expect(select([entry('VXH5', '202513', '20250318')])).toContain('month "202513"');
    expect(select([entry('VXH5', '202503', '18 March')])).toContain('last trade date "18 March"');
  });
});
