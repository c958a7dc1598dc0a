import { describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import { parseTradeDate } from '../../src/core/trade-date.ts';
import { parseTsUs, US_PER_DAY } from '../../src/core/units.ts';
import { parseOpenInterest, parseRollCalendar } from '../../src/data/ingest/roll-calendar.ts';

const options = { root: 'ES', increment: 0.25, file: 'rolls.csv' };
const csv = (...rows: string[]): string => ['date,from,to', ...rows].join('\n');

function errorOf(text: string): TradingError {
  try {
    parseRollCalendar(text, options);
  } catch (error) {
    expect(error).toBeInstanceOf(TradingError);
    return error as TradingError;
  }
  throw new Error('nothing was thrown');
}

describe('a roll calendar', () => {
  it('by trade date leaves the moment to the data', () => {
    expect(parseRollCalendar(csv('2024-03-14,ESH2024,ESM2024'), options)).toEqual([
      {
        from: 'ESH2024',
        to: 'ESM2024',
        tradeDate: parseTradeDate('2024-03-14'),
        atUs: parseTradeDate('2024-03-14') * US_PER_DAY,
      },
    ]);
  });

  it('may name the moment, both prices and the carry contract', () => {
    const text =
      'at;from;to;fromPrice;toPrice;carry\n2024-03-14T20:00:00Z;ESH2024;ESM2024;5150.25;5205.5;ESU2024\n';
    expect(parseRollCalendar(text, options)).toEqual([
      {
        from: 'ESH2024',
        to: 'ESM2024',
        atUs: parseTsUs('2024-03-14T20:00:00Z'),
        fromPrice: 20_601,
        toPrice: 20_822,
        carry: 'ESU2024',
      },
    ]);
  });

  it('is read in the layout of pysystemtrade', () => {
    const text =
      'DATE_TIME,current_contract,next_contract,carry_contract\n2023-03-10 23:00:00,20230300,20230600,20230600\n';
    expect(parseRollCalendar(text, options)).toEqual([
      {
        from: 'ESH2023',
        to: 'ESM2023',
        atUs: parseTsUs('2023-03-10T23:00:00Z'),
        carry: 'ESM2023',
      },
    ]);
  });

  it('is read from JSON, also inside an object', () => {
    const row = { date: '2024-03-14', from: 'ESH2024', to: 'ESM2024' };
    for (const value of [[row], { rolls: [row] }])
      expect(parseRollCalendar(JSON.stringify(value), options)).toMatchObject([
        { from: 'ESH2024', to: 'ESM2024' },
      ]);
  });

  it.each([
    [
      csv('2024-03-14,ESH2024,ESM2024', '2024-06-13,ESU2024,ESZ2024'),
      3,
      'line 2 rolled into ESM2024',
    ],
    [csv('2024-03-14,ESH2024,ESM2024', '2024-03-14,ESM2024,ESU2024'), 3, 'not later than line 2'],
    [csv('2024-03-14,ESH2024,ESM2024', '2024-06-13,ESM2024,ESH2024'), 3, 'which line 2 left'],
    [csv('2024-03-14,ESM2024,ESH2024'), 2, 'does not come after ESM2024'],
    [csv('2024-03-14,ESH2024,NQM2024'), 2, '"NQM2024" is not a contract of ES'],
    [csv('2024-03-14,ESH2024,ESI2024'), 2, '"ESI2024" is not a contract of ES'],
    [csv('2024-02-30,ESH2024,ESM2024'), 2, 'is no date and no moment'],
    [csv('14.3.2024,ESH2024,ESM2024'), 2, 'is no date and no moment'],
    [csv('2024-03-14,ESH2024'), 2, 'has 2 cells, the header 3'],
    [csv('2024-03-14,,ESM2024'), 2, 'has no from'],
    [csv(), 1, 'has no rows'],
    ['date,from,to,fromPrice,toPrice\n2024-03-14,ESH2024,ESM2024,5150.25,', 2, 'one price of two'],
    ['date,from,to,fromPrice,toPrice\n2024-03-14,ESH2024,ESM2024,x,1', 2, '"x" is not a price'],
    [
      'date,from,to,fromPrice,toPrice\n2024-03-14,ESH2024,ESM2024,5150.25,5205.55',
      2,
      'the price 5205.55 is not a multiple of 0.25: next to it are 5205.50 and 5205.75',
    ],
    [
      '[\n {"date": "2024-03-14", "from": "ESH2024", "to": "ESM2024"},\n {"date": "2024-06-13"}\n]',
      3,
      'has no from',
    ],
    ['{"a": 1}', 1, 'holds no list of rolls'],
    ['[1', 1, 'is not JSON'],
  ])('with a fault names its line: %#', (text, line, message) => {
    const error = errorOf(text);
    expect(error.code).toBe('E_ROLL_CALENDAR');
    expect(error.message).toContain(`rolls.csv, line ${line}:`);
    expect(error.message).toContain(message);
    expect(error.rule).toBeDefined();
  });
});

describe('open interest from CSV', () => {
  it('is sorted by the moment it became known; a bare date is known at its end', () => {
    const text =
      'known,contract,openInterest\n2024-03-15T07:00:00Z,ESH2024,200\n2024-03-13,ESH2024,300\n2024-03-15T07:00:00Z,ESM2024,900\n';
    const readings = parseOpenInterest(text, options);
    expect([...readings.get('ESH2024' as never)!.openInterest]).toEqual([300, 200]);
    expect(readings.get('ESH2024' as never)!.knownUs[0]).toBe(
      (parseTradeDate('2024-03-13') + 1) * US_PER_DAY - 1,
    );
    expect(readings.get('ESM2024' as never)!.length).toBe(1);
  });

  it('with a negative figure is refused with its line', () => {
    const text = 'known,contract,openInterest\n2024-03-15,ESH2024,-1\n';
    expect(() => parseOpenInterest(text, options)).toThrow('line 2: "-1" is no open interest');
  });
});
