import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import type { TradingError } from '../../src/core/errors.ts';
import { parseTradeDate } from '../../src/core/trade-date.ts';
import { toIsoUtc } from '../../src/core/units.ts';
import { flatDeadlines, parseProgramme } from '../../src/research/programme.ts';

const BASE = {
  schema: 'frontmonth.programme/1',
  name: 'test',
  currency: 'USD',
  startBalance: 50_000,
  profitTarget: { amount: 3000, basis: 'balance', tested: 'real-time', onReach: 'stop' },
};

function refusal(value: unknown): { message: string; rule: string; where: string; fix: string } {
  try {
    parseProgramme(value, 'rules.json');
  } catch (error) {
    const { code, message, rule, where, fix } = error as TradingError;
    expect(code).toBe('E_PROGRAMME_VALUE');
    return { message, rule: rule ?? '', where: where ?? '', fix: fix ?? '' };
  }
  throw new Error('it was taken');
}

describe('a programme file', () => {
  it('is taken when it keeps the rules', () => {
    expect(parseProgramme(BASE, 'rules.json')).toEqual(BASE);
  });

  it.each([
    ['a field that is missing', { ...BASE, startBalance: undefined }, '`startBalance` is missing'],
    ['a misspelt rule', { ...BASE, dailyLimit: {} }, '`dailyLimit` is {}'],
    [
      'a misspelt switch',
      { ...BASE, profitTarget: { ...BASE.profitTarget, amout: 1 } },
      '`profitTarget.amout` is 1',
    ],
    [
      'a misspelt switch that is needed',
      { ...BASE, profitTarget: { ...BASE.profitTarget, basis: undefined, base: 'equity' } },
      '`profitTarget.base` is "equity"',
    ],
    [
      'a value that is none of its list',
      { ...BASE, profitTarget: { ...BASE.profitTarget, basis: 'cash' } },
      '`profitTarget.basis` is "cash"',
    ],
    [
      'an amount of nothing',
      { ...BASE, profitTarget: { ...BASE.profitTarget, amount: 0 } },
      '`profitTarget.amount` is 0',
    ],
    [
      'another version',
      { ...BASE, schema: 'frontmonth.programme/2' },
      '`schema` is "frontmonth.programme/2"',
    ],
    [
      'a time that no clock shows',
      { ...BASE, flatBy: { time: '25:10', zone: 'America/Chicago', beforeEarlyCloseMinutes: 5 } },
      '`flatBy.time` is "25:10"',
    ],
    [
      'a zone that does not exist',
      { ...BASE, flatBy: { time: '15:10', zone: 'America/Chicagoo', beforeEarlyCloseMinutes: 5 } },
      '`flatBy.zone` is "America/Chicagoo"',
    ],
    [
      'a condition of passing without a target',
      { ...BASE, profitTarget: undefined, bestDay: { sharePct: 50, of: 'profit' } },
      '`bestDay` is {"sharePct":50,"of":"profit"}',
    ],
    [
      'steps that do not rise',
      {
        ...BASE,
        scaling: {
          basis: 'day-start',
          steps: [
            { profit: 0, contracts: 1 },
            { profit: 0, contracts: 2 },
          ],
        },
      },
      '`scaling.steps`',
    ],
    ['something that is no object', [], '`the programme` is []'],
  ])('refuses %s, by field, value and rule', (_, value, message) => {
    const refused = refusal(JSON.parse(JSON.stringify(value)));
    expect(refused.message).toContain(message);
    expect(refused.rule).not.toBe('');
    expect(refused.where).toBe('rules.json');
  });

  it('is told apart from the money rules of a configuration', () => {
    for (const value of [
      { account: { lots: 'fifo' } },
      { lots: 'fifo' },
      { fees: {}, margins: 'm' },
    ])
      expect(refusal(value).fix).toContain('frontmonth.config.ts, keys `account` and `margins`');
    expect(refusal({ ...BASE, lots: 'fifo' }).fix).toContain('correct the field');
  });
});

describe('flat by a time of the exchange', () => {
  const calendars = createCalendars();
  const at = (id: string, from: string, to: string): string[] =>
    flatDeadlines(
      parseProgramme(
        {
          ...BASE,
          flatBy: { time: '15:10', zone: 'America/Chicago', beforeEarlyCloseMinutes: 15 },
        },
        'rules.json',
      ),
      [calendars.forGroup(id)],
      parseTradeDate(from),
      parseTradeDate(to),
    ).map(({ tsUs }) => toIsoUtc(tsUs as never).slice(0, 16));

  it('follows the clock of the exchange through summer and winter', () => {
    expect(at('cme-equity-index', '2023-03-10', '2023-03-13')).toEqual([
      '2023-03-10T21:10',
      '2023-03-13T20:10',
    ]);
  });

  it('comes earlier where the session ends early, and not at all on a closed day', () => {
    // Friday after Thanksgiving ends at 12:15, 18:15 UTC; Christmas Day 2023 has no trade date.
    expect(at('cme-equity-index', '2023-11-24', '2023-11-24')).toEqual(['2023-11-24T18:00']);
    expect(at('cme-equity-index', '2023-12-25', '2023-12-25')).toEqual([]);
  });
});
