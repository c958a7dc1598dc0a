import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import { ContractTable } from '../../src/core/instrument.ts';
import type { TradeDate } from '../../src/core/units.ts';
import {
  accountRulesOf,
  feeEntriesOf,
  marginRulesOf,
  parseSettlements,
} from '../../src/research/account.ts';
import { readMargins } from '../../src/research/account-files.ts';
import type { AccountConfig } from '../../src/research/define-config.ts';
import { at, contract, product } from '../support/engine-world.ts';

const ES = product('ES');
const GC = { ...product('GC', 0.1, 100), symbols: { exchange: 'OG' } };
const table = new ContractTable(
  [ES, GC],
  [contract('ES', 3, at(100, 12)), contract('GC', 6, at(100, 12))],
);

function errorOf(action: () => unknown): TradingError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(TradingError);
    return error as TradingError;
  }
  throw new Error('nothing was thrown');
}

describe('margin files', () => {
  let dir = '';
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'frontmonth-account-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const write = (name: string, text: string): string => {
    const path = join(dir, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    return path;
  };

  it('are a table, a file of one product, or a folder of those at any depth', () => {
    const rows = '# a note\ndate,initial,maintenance\n20200102,12000,11000\n20210104,13000,12000\n';
    const one = write('future/cme/margins/ES.csv', rows);
    write('future/comex/margins/OG.csv', 'date,initial,maintenance\n20200102,9000,8000\n');
    write('future/comex/daily/ES.csv', 'nothing,of,this\n');
    const tablePath = write(
      'm.csv',
      'root,date,initial,maintenance\nES,2020-01-02,12000,11000\nZZ,1,2,3\n',
    );
    const rulesOf = (path: string): unknown =>
      marginRulesOf({ margins: readMargins(path, [ES, GC]) }, [ES, GC]);
    const es = {
      kind: 'fixed',
      levels: [
        { from: 18_263, initialMicros: 12_000e6, maintenanceMicros: 11_000e6 },
        { from: 18_631, initialMicros: 13_000e6, maintenanceMicros: 12_000e6 },
      ],
    };
    expect(rulesOf(join(dir, 'future'))).toMatchObject({ ES: es, GC: { kind: 'fixed' } });
    expect(rulesOf(one)).toMatchObject({ ES: es, GC: { kind: 'notional' } });
    expect(rulesOf(tablePath)).toMatchObject({ ES: { kind: 'fixed', levels: [es.levels[0]] } });
  });

  it.each([
    ['ES,2020-01-02,12000', 3],
    ['ES,2020-13-02,12000,11000', 3],
    ['ES,2020-01-02,11000,12000', 3],
    ['ES,2020-01-02,12000,0', 3],
    ['ES,2020-01-02,12000,11000\nES,2020-01-02,12000,11000', 4],
  ])('name the line of a row that cannot be taken: %s', (row, line) => {
    const path = write('m.csv', `# a note\nroot,date,initial,maintenance\n${row}\n`);
    const error = errorOf(() => readMargins(path, [ES]));
    expect([error.code, error.where]).toEqual(['E_ACCOUNT_FILE', `${path}:${line}`]);
  });

  it('name a header that says nothing, and a path that is not there', () => {
    expect(errorOf(() => readMargins(write('m.csv', 'date,initial\n'), [ES])).code).toBe(
      'E_ACCOUNT_FILE',
    );
    expect(errorOf(() => readMargins(join(dir, 'none'), [ES])).code).toBe('E_ACCOUNT_FILE');
  });

  it.each([
    ['an amount in hexadecimal', 'root,date,initial,maintenance\nES,2024-01-01,0x10,4\n', 2],
    ['an amount beyond all accounts', 'root,date,initial,maintenance\nES,2024-01-01,1e15,4\n', 2],
    ['a file without a line', '', 1],
  ])('name the line of %s', (_, text, line) => {
    const path = write('m.csv', text);
    expect(errorOf(() => readMargins(path, [ES])).where).toBe(`${path}:${line}`);
  });
});

describe('settlement files', () => {
  const parse = (text: string) => parseSettlements({ text, file: 's.csv' }, table);

  it('hold daily and final prices, on the grid or between two ticks', () => {
    const prices = parse(
      'date,contract,price,kind\n2024-03-14,ESH2024,5150.25,daily\n20240315,ESH2024,5123.37,final\n2024-03-14,NQH2024,1,\n',
    );
    expect(prices.daily(0, 19_796 as TradeDate)).toBe(20_601);
    expect(prices.daily(0, 19_797 as TradeDate)).toBeNaN();
    expect(prices.final(0)).toBeCloseTo(20_493.48, 9);
    expect(prices.final(1)).toBeNaN();
  });

  it.each([
    'date,contract\n',
    'date,contract,price\n2024-03-14,ESH24,1\n',
    'date,contract,price\n2024-03-14,ESH2024,\n',
    'date,contract,price,kind\n2024-03-14,ESH2024,1,weekly\n',
    'date,contract,price\n2024-03-14,ESH2024,1\n2024-03-14,ESH2024,2\n',
  ])('are refused with their line: %j', (text) => {
    expect(errorOf(() => parse(text)).code).toBe('E_ACCOUNT_FILE');
  });
});

describe('settlement files that say nothing', () => {
  it.each([
    ['a price in hexadecimal', 'date,contract,price\n2024-03-14,ESH2024,0x10\n', 's.csv:2'],
    ['no line at all', '', 's.csv:1'],
    ['comments only', '# later\n', 's.csv:1'],
  ])('are refused: %s', (_, text, where) => {
    expect(errorOf(() => parseSettlements({ text, file: 's.csv' }, table)).where).toBe(where);
  });
});

describe('the account of a configuration', () => {
  const rules = (account: AccountConfig) => accountRulesOf({ account }, table);

  it('turns whole units and local times into millionths and minutes, product by product', () => {
    const made = rules({
      lots: 'fifo',
      intraday: { ES: { initial: 1000, from: '17:00', until: '15:45' } },
      liquidation: { policy: 'graceUntil', until: 'settlement', bufferPct: 10 },
      feeCurrency: { default: 'EUR', GC: 'USD' },
    });
    expect(made.intraday).toEqual([
      { initialMicros: 1000e6, maintenanceMicros: 1000e6, fromMinute: 1020, untilMinute: 945 },
      null,
    ]);
    expect(made.liquidation).toEqual({
      policy: { kind: 'graceUntil', event: 'settlement' },
      buffer: 0.1,
    });
    expect(made.feeCurrency).toEqual(['EUR', 'USD']);
    expect(made.lots).toBe('fifo');
  });

  it('takes the fees of the account before those of the costs', () => {
    const costs = { commissionPerSide: 1, exchangeFeePerSide: 2, slippageTicks: 0 };
    const { entries } = feeEntriesOf(
      { account: { fees: { ES: [{ commission: 0.5 }, { from: '2024-01-02', commission: 0.4 }] } } },
      [ES, GC],
      { ES: costs, GC: costs },
    );
    expect(entries['ES']!.map((entry) => entry.commissionMicros)).toEqual([500_000, 400_000]);
    expect(entries['GC']).toMatchObject([{ commissionMicros: 1e6, exchangeMicros: 2e6 }]);
  });

  it.each([
    { liquidation: { policy: 'graceUntil' } },
    { liquidation: { policy: 'immediate', until: 'settlement' } },
    { intraday: { ES: { initial: 1000, from: '17:00', until: '17:00' } } },
    { intraday: { ES: { initial: 5, maintenance: 6, from: '10:00', until: '11:00' } } },
    { intraday: { es: { initial: 5, from: '10:00', until: '11:00' } } },
    {
      scan: {
        products: { ES: { range: 1 } },
        credits: [
          {
            legs: [
              ['ES', 1],
              ['NQ', 1],
            ],
            pct: 5,
          },
        ],
      },
    },
  ] as AccountConfig[])('refuses rules that contradict themselves: %j', (account) => {
    expect(errorOf(() => rules(account)).code).toBe('E_ACCOUNT');
  });
});
