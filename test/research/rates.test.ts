import { describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import { parseTradeDate } from '../../src/core/trade-date.ts';
import { baseOnly, parseRates } from '../../src/research/rates.ts';

const FILE = 'rates.csv';
const TEXT = `date,currency,rate
2024-01-02,EUR,1.1
2024-01-03,EUR,1.2
2024-01-02,JPY,0.007
`;

function errorOf(run: () => unknown): { code: string; message: string; where: string | undefined } {
  try {
    run();
  } catch (error) {
    if (error instanceof TradingError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('currency rates', () => {
  it('knows a rate only after its date', () => {
    const rates = parseRates(TEXT, 'USD', FILE);
    expect(rates.rate('EUR', parseTradeDate('2024-01-03'))).toBe(1.1);
    expect(rates.rate('EUR', parseTradeDate('2024-01-04'))).toBe(1.2);
    expect(rates.rate('EUR', parseTradeDate('2025-01-04'))).toBe(1.2);
    expect(rates.rate('USD', parseTradeDate('1990-01-01'))).toBe(1);
  });

  it('never takes a missing rate for one', () => {
    const rates = parseRates(TEXT, 'USD', FILE);
    expect(errorOf(() => rates.rate('EUR', parseTradeDate('2024-01-02'))).code).toBe(
      'E_CURRENCY_RATE',
    );
    expect(errorOf(() => rates.rate('GBP', parseTradeDate('2024-01-05'))).message).toContain(
      'GBP to USD',
    );
    expect(errorOf(() => baseOnly('EUR').rate('USD', parseTradeDate('2024-01-05'))).code).toBe(
      'E_CURRENCY_RATE',
    );
  });

  it.each([
    ['a wrong header', 'day,currency,rate\n', `${FILE}`],
    ['a rate of zero', 'date,currency,rate\n2024-01-02,EUR,0\n', `${FILE}:2`],
    ['text for a rate', 'date,currency,rate\n2024-01-02,EUR,x\n', `${FILE}:2`],
    ['a fourth column', 'date,currency,rate\n2024-01-02,EUR,1,2\n', `${FILE}:2`],
    ['dates that go back', 'date,currency,rate\n2024-01-03,EUR,1\n2024-01-02,EUR,1\n', `${FILE}:3`],
  ])('refuses %s and names the line', (_, text, where) => {
    const error = errorOf(() => parseRates(text, 'USD', FILE));
    expect(error.code).toBe('E_RATES_FILE');
    expect(error.where).toBe(where);
  });
});
