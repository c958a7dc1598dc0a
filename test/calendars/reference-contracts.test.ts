/** Contract facts and dates against the reference answers: every row, and every disagreement with its reason. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chainAt, cyclesOf } from '../../src/calendars/chain.ts';
import { createCalendars } from '../../src/calendars/registry.ts';
import { createSymbology } from '../../src/calendars/symbology.ts';
import type { ListedContract } from '../../src/core/contract-filter.ts';
import { selectContracts } from '../../src/core/contract-filter.ts';
import { monthOfIndex, parseContractMonth, parseCycle } from '../../src/core/cycle.ts';
import { approximateExpiry, asEndExclusive, endOf, rollWindowOf } from '../../src/core/expiry.ts';
import type { InstrumentSpec } from '../../src/core/instrument.ts';
import { parseContractId } from '../../src/core/symbology.ts';
import {
  addDays,
  parseTradeDate,
  toCivilDate,
  toIsoDate,
  toTradeDate,
} from '../../src/core/trade-date.ts';
import { loadInstruments } from '../../src/data/instruments.ts';
import {
  NO_REFERENCE_DATA,
  readReferenceCsv,
  referenceDataDir,
} from '../support/reference-data.ts';

const dir = referenceDataDir();
if (dir === null) console.warn(NO_REFERENCE_DATA);
const calendars = createCalendars();
const instruments = loadInstruments(join(import.meta.dirname, '../../catalog/instruments'));
const spec = (root: string): InstrumentSpec => instruments.get(root)!;
type Row = Record<string, string>;
const read = (path: string): Row[] => (dir === null ? [] : readReferenceCsv(dir, path));
const readJson = (path: string): unknown =>
  dir === null ? null : JSON.parse(readFileSync(join(dir, path), 'utf8'));

/** Rows of a CSV with quoted cells. */
function readQuoted(path: string): Row[] {
  if (dir === null) return [];
  const [header, ...lines] = readFileSync(join(dir, path), 'utf8').trim().split(/\r?\n/);
  const cells = (line: string): string[] =>
    [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map((match) => match[1] ?? match[2] ?? '');
  const names = cells(header!);
  return lines.map((line) => Object.fromEntries(cells(line).map((cell, i) => [names[i]!, cell])));
}

interface ContractFacts {
  readonly root: string;
  readonly exchange: string;
  readonly currency: string;
  readonly multiplier: number;
  readonly tickSize: number;
  readonly tickValue: number;
  readonly listedMonths: string;
  readonly holdCycle: string;
  readonly settlement: string;
  readonly lastTrade: unknown;
  readonly lastTradeTime: unknown;
  readonly firstNotice: unknown;
  readonly rollHint: unknown;
  readonly symbols: { projectx?: string; cqg?: string; ib?: unknown };
  readonly since?: string;
}

/** Further months that the table does not name: near ones are traded there as well, as another list of contracts shows. */
const ALSO_SERIAL: readonly string[] = ['AP', 'SIL'];

/** Where our files say something else than the contract table, and why. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'C rollHint': 'the table hints at a first notice that it has no rule for; ours has no hint',
  'EBM holdCycle':
    'two month cycles: November up to 2014X, December from 2015Z; the table has the listed months',
  'W lastTrade':
    'the table asks to verify: the exchange counts 16 calendar days before the month, not business days',
};

describe.skipIf(dir === null)('the contract table', () => {
  const facts =
    (readJson('contracts/contracts.json') as { contracts: readonly ContractFacts[] } | null)
      ?.contracts ?? [];

  it('has every product, with the same specification', () => {
    expect(facts.map(({ root }) => root).toSorted()).toEqual([...instruments.keys()].toSorted());
    const differences = facts.flatMap((one) => {
      const ours = spec(one.root);
      const pairs: readonly (readonly [string, unknown, unknown])[] = [
        ['exchange', ours.exchange, one.exchange],
        ['currency', ours.currency, one.currency],
        ['multiplier', ours.multiplier, one.multiplier],
        ['tickSize', ours.grid.increment, one.tickSize],
        ['holdCycle', ours.holdCycle, one.holdCycle],
        ['settlement', ours.settlement, one.settlement],
        ['lastTrade', ours.lastTrade, one.lastTrade],
        ['lastTradeTime', ours.lastTradeTime, one.lastTradeTime],
        ['firstNotice', ours.firstNotice, one.firstNotice],
        ['rollHint', ours.rollHint, one.rollHint],
        ['projectx', ours.symbols.projectx, one.symbols.projectx],
        ['cqg', ours.symbols.cqg, one.symbols.cqg],
        ['ib', ours.symbols.ib, one.symbols.ib],
      ];
      return pairs.flatMap(([field, a, b]) =>
        JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)) ? [] : [`${one.root} ${field}`],
      );
    });
    expect(differences.toSorted()).toEqual(Object.keys(OTHERWISE).toSorted());
  });

  it('has the same months; words of further months are serial months, weeklies are not modelled', () => {
    for (const one of facts) {
      const [letters] = /^[FGHJKMNQUVXZ]+/.exec(one.listedMonths)!;
      const words = one.listedMonths.slice(letters!.length);
      const ours = spec(one.root);
      expect([one.root, ours.listedMonths]).toEqual([one.root, letters]);
      const isNamed = words.includes('for 225M/225MC')
        ? one.root.startsWith('225M')
        : /serial|near/.test(words) || ALSO_SERIAL.includes(one.root);
      expect([one.root, ours.serialMonths !== undefined]).toEqual([one.root, isNamed]);
    }
  });

  it('says the same of when a product began', () => {
    const began = facts.filter(({ since }) => since !== undefined);
    expect(began.length).toBe(15);
    for (const { root, since } of began) expect(spec(root).listedSince).toBe(since!.slice(0, 10));
  });

  it('gives each product of every year its dates: in order, in reach of the month, on business days', () => {
    const failures: string[] = [];
    for (const one of instruments.values()) {
      const business = calendars.businessCalendar(one.businessCalendar);
      let before = -Infinity;
      const last = one.lastContract === undefined ? 2029 : Number(one.lastContract.slice(0, 4));
      for (const month of cyclesOf(one).listed.between(
        { year: Math.max(2012, Number(one.listedSince?.slice(0, 4) ?? 0)) + 1, month: 1 },
        { year: last, month: one.lastContract === undefined ? 12 : 6 },
      )) {
        const name = `${one.root} ${month.year}-${month.month}`;
        const dates = calendars.contractDates(one, month.year, month.month);
        const days = dates.lastTradeDate - toTradeDate(month.year, month.month, 1);
        if (!(dates.lastTradeDate > before)) failures.push(`${name}: not after the one before`);
        if (!(days >= -65 && days <= 125)) failures.push(`${name}: ${days} days from its month`);
        if (!business.isBusinessDay(dates.lastTradeDate)) failures.push(`${name}: a closed day`);
        if (!(dates.lastTradeUs > (dates.lastTradeDate - 1) * 86_400_000_000))
          failures.push(`${name}: ends a day early`);
        if (dates.firstNoticeDate !== null && !business.isBusinessDay(dates.firstNoticeDate))
          failures.push(`${name}: notice on a closed day`);
        before = dates.lastTradeDate;
      }
    }
    expect(failures).toEqual([]);
  });
});

/** Keys in one order, so that equal facts are equal texts. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value ?? null;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([key, one]) => [key, sorted(one)]),
  );
}

/**
 * The source's dates that contradict the exchange's rule, with what the source got wrong. The same list, for people, stands
 * in docs/explanation/expiry-disputes.md.
 */
const DISPUTES: Readonly<Record<string, { readonly ours: string; readonly why: string }>> = {
  'GC 2021-12': {
    ours: '2021-12-29',
    why: 'takes 31 December 2021 for a holiday; a Saturday New Year is not observed',
  },
  'HG 2021-12': {
    ours: '2021-12-29',
    why: 'takes 31 December 2021 for a holiday; a Saturday New Year is not observed',
  },
  'NG 2022-01': {
    ours: '2021-12-29',
    why: 'takes 31 December 2021 for a holiday; a Saturday New Year is not observed',
  },
  '6L 2022-01': {
    ours: '2021-12-31',
    why: 'takes 31 December 2021 for a holiday; a Saturday New Year is not observed',
  },
  'HE 2017-10': { ours: '2017-10-13', why: 'leaves out Columbus Day, which is a trade date' },
  'HE 2018-10': { ours: '2018-10-12', why: 'leaves out Columbus Day, which is a trade date' },
  'HE 2018-12': {
    ours: '2018-12-14',
    why: 'leaves out the day of mourning of 5 December 2018; the contract ended as scheduled',
  },
  'GF 2017-11': {
    ours: '2017-11-16',
    why: 'leaves out Veterans Day, observed on Friday 10 November; it is a trade date',
  },
};

describe.skipIf(dir === null)('disputed expiries', () => {
  it('are each explained, and each ours by the rule', () => {
    const rows = read('calendars/expiry/disputed.csv');
    expect(rows.map((row) => `${row['root']} ${row['contract_month']}`)).toEqual(
      Object.keys(DISPUTES),
    );
    for (const row of rows) {
      const [year, month] = row['contract_month']!.split('-').map(Number) as [number, number];
      const date = toIsoDate(
        calendars.contractDates(spec(row['root']!), year, month).lastTradeDate,
      );
      expect(date).toBe(row['rule_value']);
      expect(date).not.toBe(row['source_value']);
      expect(DISPUTES[`${row['root']} ${row['contract_month']}`]!.ours).toBe(date);
    }
  });

  it('stand in the documentation, with the same reasons', () => {
    const page = readFileSync(
      join(import.meta.dirname, '../../docs/explanation/expiry-disputes.md'),
      'utf8',
    ).replaceAll(/\s+/g, ' ');
    for (const [name, { ours, why }] of Object.entries(DISPUTES)) {
      const [root, month] = name.split(' ');
      expect(page).toMatch(
        new RegExp(`\\| ${root} \\| ${month} \\| [\\d-]+ \\| ${ours} \\| ${why}`),
      );
    }
  });
});

describe.skipIf(dir === null)('chains of the reference answers', () => {
  it('have each contract as the front between the end of the one before and its own', () => {
    const rows = read('calendars/expiry/rule-derived-2008-2027.csv');
    const byRoot = new Map<string, Row[]>();
    for (const row of rows) byRoot.set(row['root']!, [...(byRoot.get(row['root']!) ?? []), row]);
    for (const [root, list] of byRoot) {
      list.forEach((row, i) => {
        const end = parseTradeDate(row['last_trade_date']!);
        const [year, month] = row['contract_month']!.split('-').map(Number);
        const next = list[i + 1];
        if (next === undefined || i % 7 !== 0) return;
        const hold = (date: typeof end) =>
          chainAt(spec(root), calendars, date, { months: 'hold', count: 1 }).front;
        expect([hold(end).year, hold(end).month]).toEqual([year, month]);
        const after = hold(addDays(end, 1));
        expect(`${after.year}-${String(after.month).padStart(2, '0')}`).toBe(
          next['contract_month'],
        );
      });
    }
  });

  it('are named by the codes on record, in any year', () => {
    const symbology = createSymbology(instruments.values(), calendars);
    for (const row of read('calendars/expiry/last-trade.csv')) {
      const { root, code, contract_month: name, last_trade_date: last } = row;
      if (!['CME', 'CBOT', 'NYMEX', 'COMEX'].includes(spec(root!).exchange)) continue;
      const [year, month] = name!.split('-').map(Number) as [number, number];
      const cycles = cyclesOf(spec(root!));
      if (!cycles.listed.has({ year, month })) continue;
      const at = parseTradeDate(last!);
      const two = symbology.parse('globex', `${root}${code}`, at);
      const one = symbology.parse('globex', `${root}${code![0]}${code!.at(-1)}`, at);
      expect([two.year, two.month, one.year, one.month]).toEqual([year, month, year, month]);
    }
  });
});

describe.skipIf(dir === null)('LEAN’s map files', () => {
  const rows = read('lean/map_files_decoded.csv');
  const expiries = (root: string): readonly string[] => [
    ...new Set(
      rows
        .filter((row) => row['root'] === root && row['contract_expiry'] !== undefined)
        .map((row) => row['contract_expiry']!),
    ),
  ];
  const ours = (root: string, letters: string): ReadonlySet<string> =>
    new Set(
      parseCycle(letters)
        .between({ year: 2005, month: 1 }, { year: 2031, month: 12 })
        .map(({ year, month }) =>
          toIsoDate(calendars.ruleDates(spec(root), year, month).lastTradeDate),
        ),
    );

  it.each([
    ['es', 'HMUZ'],
    ['gc', 'FGHJKMNQUVXZ'],
    ['fesx', 'HMUZ'],
  ])('name contracts of %s by our last trade dates', (root, letters) => {
    const dates = ours(root.toUpperCase(), letters);
    expect(expiries(root).length).toBeGreaterThan(3);
    expect(expiries(root).filter((date) => !dates.has(date))).toEqual([]);
  });

  it('name Hang Seng contracts by the second last calendar day, weekend or not; ours is a business day', () => {
    const list = expiries('hsi');
    expect(list.length).toBe(13);
    const wrong = list.filter((date) => {
      const { year, month } = toCivilDate(parseTradeDate(date));
      const next = monthOfIndex(year * 12 + month);
      expect(date).toBe(toIsoDate(addDays(toTradeDate(next.year, next.month, 1), -2)));
      const last = calendars.ruleDates(spec('HSI'), year, month).lastTradeDate;
      expect(last).toBeLessThanOrEqual(parseTradeDate(date));
      expect(calendars.businessCalendar('hkex').isBusinessDay(last)).toBe(true);
      return toIsoDate(last) !== date;
    });
    // Good Friday, weekends and Lunar New Year.
    expect(wrong).toEqual(
      '2013-03-30 2013-06-29 2013-08-30 2013-09-29 2013-11-29 2014-01-30'.split(' '),
    );
  });
});

describe.skipIf(dir === null)('roll parameters of other programs', () => {
  it('parse: 161 instruments of pyfutures with their cycles, ranges and skipped months', () => {
    const rows = readQuoted('pyfutures/universe.csv');
    expect(rows.length).toBe(161);
    let skipped = 0;
    for (const row of rows) {
      const months = row['skip_months']!.split(',')
        .map((text) => text.trim())
        .filter(Boolean);
      skipped += months.length > 0 ? 1 : 0;
      const hold = parseCycle(row['hold_cycle']!, months);
      const priced = parseCycle(row['priced_cycle']!, months);
      const start = { year: 2018, month: 1 };
      const held = hold.between(start, { year: 2030, month: 12 });
      expect(held.length).toBeGreaterThan(0);
      // What is held is priced.
      expect([row['trading_class'], held.every((month) => priced.has(month))]).toEqual([
        row['trading_class'],
        true,
      ]);
      for (const month of months) expect(hold.has(parseContractMonth(month))).toBe(false);
    }
    expect(skipped).toBe(11);
  });

  it('agree with the listed months of our products', () => {
    const byClass = new Map(
      [...instruments.values()].map((one) => [
        `${one.symbols.ib?.exchange} ${one.symbols.ib?.tradingClass}`,
        one,
      ]),
    );
    const unlisted = readQuoted('pyfutures/universe.csv').flatMap((row) => {
      const ours = byClass.get(`${row['exchange']} ${row['trading_class']}`);
      if (ours === undefined) return [];
      const known = `${ours.listedMonths}${ours.serialMonths?.letters ?? ''}`;
      const letters = Array.from(row['priced_cycle']!).filter((letter) => !known.includes(letter));
      return letters.length === 0 ? [] : [`${ours.root} ${letters.join('')}`];
    });
    expect(unlisted).toEqual([]);
  });

  it('give the approximate expiry of both conventions: one day apart in the number, the same day', () => {
    const universe = new Map(
      readQuoted('pyfutures/universe.csv').map((row) => [row['trading_class']!, row]),
    );
    const pairs = [
      ['MES', 'SP500'],
      ['GC', 'GOLD'],
      ['NG', 'GAS_US'],
      ['6E', 'EUR'],
      ['VX', 'VIX'],
    ] as const;
    const config = new Map(
      read('pysystemtrade/config/rollconfig.csv').map((row) => [row['Instrument']!, row]),
    );
    for (const [ours, theirs] of pairs) {
      const month = { year: 2023, month: 12 };
      const last = approximateExpiry(month, Number(config.get(theirs)!['ExpiryOffset']), 'lastDay');
      const end = approximateExpiry(
        month,
        Number(universe.get(ours)!['expiry_offset']),
        'endExclusive',
      );
      expect([ours, endOf(last)]).toEqual([ours, endOf(end)]);
      expect(asEndExclusive(last)).toEqual(end);
    }
  });

  it('are those of our files, where a file has them', () => {
    const config = new Map(
      read('pysystemtrade/config/rollconfig.csv').map((row) => [row['Instrument']!, row]),
    );
    const pairs: Readonly<Record<string, string>> = {
      ES: 'SP500',
      ZN: 'US10',
      GC: 'GOLD',
      '6E': 'EUR',
      CL: 'CRUDE_W',
      QM: 'CRUDE_W_mini',
      NG: 'GAS_US',
      ZC: 'CORN',
      ZW: 'WHEAT',
      VX: 'VIX',
      KC: 'COFFEE',
      FESX: 'EUROSTX',
    };
    for (const [root, name] of Object.entries(pairs)) {
      const row = config.get(name)!;
      const one = spec(root);
      expect([
        root,
        one.pricedCycle,
        one.carryOffset ?? 1,
        one.rollOffsetDays,
        one.expiryOffsetDays,
      ]).toEqual([
        root,
        row['PricedRollCycle'],
        // Who holds every priced month holds the front, and compares it with the month behind it.
        one.holdCycle === one.pricedCycle ? 1 : Number(row['CarryOffset']),
        Number(row['RollOffsetDays']),
        Number(row['ExpiryOffset']),
      ]);
    }
    const mes = readQuoted('pyfutures/universe.csv').find((row) => row['trading_class'] === 'MES')!;
    expect(spec('MES').expiryOffsetDays).toBe(Number(mes['expiry_offset']) - 1);
  });

  it('give the windows of the rolls that pyfutures made', () => {
    const rows = read('pyfutures/expected/MES_rolls.csv');
    expect(rows.length).toBe(4);
    for (const row of rows) {
      const from = Object.values(row).find((cell) => /^\d{4}[FGHJKMNQUVXZ]$/.test(cell))!;
      const window = rollWindowOf(
        approximateExpiry(parseContractMonth(from), 15, 'endExclusive'),
        -5,
      );
      const line = Object.values(row).join(' ');
      expect(line).toContain(toIsoDate(window.opens));
      expect(line).toContain(toIsoDate(window.ends));
    }
  });
});

describe.skipIf(dir === null)('contract details of a broker', () => {
  it('pass the filter of milling wheat, whose class holds several crops', () => {
    const details = (
      readJson('ib/contract-details.json') as (ListedContract & { secType: string })[]
    ).filter(({ tradingClass, secType }) => tradingClass === 'EBM' && secType === 'FUT');
    const ebm = spec('EBM');
    const options = {
      root: 'EBM',
      filter: ebm.contractFilter!,
      lastTradeDateOf: (year: number, month: number) =>
        calendars.ruleDates(ebm, year, month).lastTradeDate,
    };
    const names = selectContracts(details, options).map((one) => one.details.localSymbol);
    expect(names).toEqual(['EBMK4', 'EBMZ4']);
    // An entry of the same month that ends on another day is not the product's.
    const other = { ...details[0]!, localSymbol: 'EBXK4', lastTradeDate: '20240517-16:30:00' };
    expect(selectContracts([...details, other], options).length).toBe(2);
    expect(() => selectContracts([...details, other], { root: 'EBM' })).toThrow(
      'has 2 contracts of 2024K',
    );
  });

  it('name our contracts, by fields and by local symbol, with our last trade dates', () => {
    const symbology = createSymbology(instruments.values(), calendars);
    const details = readJson('ib/contract-details.json') as Record<string, string>[];
    const at = parseTradeDate('2024-03-26');
    for (const one of details.filter(({ secType }) => secType === 'FUT')) {
      const { symbol, exchange, tradingClass, localSymbol, contractMonth, lastTradeDate } = one;
      const byMonth = symbology.fromIbKey({ symbol: symbol!, contractMonth: contractMonth! }, at);
      const byDay = symbology.fromIbKey(
        {
          exchange: exchange!,
          tradingClass: tradingClass!,
          lastTradeDateOrContractMonth: lastTradeDate!,
        },
        at,
      );
      const byName = symbology.parse('ib', localSymbol!, at);
      expect([byDay.id, byName.id]).toEqual([byMonth.id, byMonth.id]);
      expect(symbology.format('ib', byMonth.id, at)).toBe(localSymbol);
      const { root, year, month } = parseContractId(byMonth.id);
      const date = toIsoDate(calendars.contractDates(spec(root), year, month).lastTradeDate);
      expect(date.replaceAll('-', '')).toBe(lastTradeDate!.slice(0, 8));
    }
  });
});
