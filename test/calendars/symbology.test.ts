import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { cyclesOf } from '../../src/calendars/chain.ts';
import { createCalendars } from '../../src/calendars/registry.ts';
import type { IbFutureFields, SymbolOptions, SymbolVenue } from '../../src/calendars/symbology.ts';
import { createSymbology, SYMBOL_VENUES } from '../../src/calendars/symbology.ts';
import { monthIndexOf, parseContractMonth } from '../../src/core/cycle.ts';
import { TradingError } from '../../src/core/errors.ts';
import type { ContractId, InstrumentSpec } from '../../src/core/instrument.ts';
import { toContractId } from '../../src/core/symbology.ts';
import { addDays, parseTradeDate, toTradeDate } from '../../src/core/trade-date.ts';
import type { TradeDate } from '../../src/core/units.ts';
import { loadInstruments } from '../../src/data/instruments.ts';

const instruments = loadInstruments(join(import.meta.dirname, '../../catalog/instruments'));
const calendars = createCalendars();
const symbology = createSymbology(instruments.values(), calendars);
const NOW = parseTradeDate('2025-11-21');

function outcome(act: () => string): string {
  try {
    return act();
  } catch (error) {
    if (error instanceof TradingError) return `${error.code}: ${error.message} | ${error.rule}`;
    throw error;
  }
}
const parse = (venue: SymbolVenue, text: string, at: TradeDate = NOW): string =>
  outcome(() => symbology.parse(venue, text, at).id);
const resolve = (text: string, at: TradeDate = NOW): string =>
  outcome(() => symbology.resolve(text, at).id);
const format = (venue: SymbolVenue, id: string, at = NOW, options: SymbolOptions = {}): string =>
  outcome(() => symbology.format(venue, id as ContractId, at, options));
const ib = (fields: IbFutureFields, at = NOW): string =>
  outcome(() => symbology.fromIbKey(fields, at).id);

describe('a symbol', () => {
  it.each<[SymbolVenue, string, string, SymbolOptions?]>([
    ['globex', 'ESZ2025', 'ESZ5'],
    ['globex', 'ESZ2025', 'ESZ25', { yearDigits: 2 }],
    ['globex', '6EH2026', '6EH6'],
    ['projectx', 'ESZ2026', 'CON.F.US.EP.Z26'],
    ['projectx', 'METX2025', 'CON.F.US.GMET.X25'],
    ['projectx', 'SIZ2025', 'CON.F.US.SIE.Z25'],
    ['cqg', 'ESZ2026', 'F.US.EPZ26'],
    ['cqg', 'ESZ2026', 'EPZ26', { isShort: true }],
    ['cqg', 'ESZ2026', 'EPZ6', { isShort: true, yearDigits: 1 }],
    ['cqg', 'ZSF2026', 'F.US.ZSEF26'],
    // As recorded.
    ['ib', 'DCZ2025', 'DCZ5'],
    ['ib', 'MESZ2025', 'MESZ5'],
    ['ib', 'M6AM2026', 'M6AM6'],
    ['ib', 'EBMH2026', 'EBMH6'],
    ['ib', 'RCF2026', 'RCF6'],
    ['ib', 'RZ2025', 'RZ5'],
    ['ib', 'NGU2027', 'NGU27'],
    ['ib', 'QMF2026', 'QMF6'],
  ])('of %s for %s is %s, and is read back', (venue, id, symbol, options) => {
    expect(format(venue, id, NOW, options)).toBe(symbol);
    expect(parse(venue, symbol)).toBe(id);
    expect(resolve(symbol)).toBe(id);
  });

  it.each([
    ['ESZ2025', 'ESZ2025'],
    ['F.US.EPZ25', 'ESZ2025'],
    ['F.US.EPZ5', 'ESZ2025'],
    ['EPZ25', 'ESZ2025'],
    ['CON.F.US.EP.Z25', 'ESZ2025'],
    ['ZC   DEC 25', 'ZCZ2025'],
    ['CLF6', 'CLF2026'],
    ['6EZ25', '6EZ2025'],
    ['SR3Z5', 'SR3Z2025'],
    // Two digits name what has ended, too.
    ['ESZ24', 'ESZ2024'],
    ['CON.F.US.EP.H97', 'ESH1997'],
  ])('%s means %s', (text, id) => {
    expect(resolve(text)).toBe(id);
  });

  it('says at which venues it has its meaning', () => {
    expect(symbology.resolve('HEZ5', NOW).venues).toEqual(['globex', 'cqg', 'ib']);
    expect(symbology.resolve('F.US.EPZ25', NOW).venues).toEqual(['cqg']);
    expect(symbology.resolve('ESZ2025', NOW).venues).toEqual(['ours']);
  });

  it.each<[SymbolVenue, string, string]>([
    ['globex', 'EPZ5', 'E_SYMBOL_UNKNOWN: "EPZ5" is no contract at CME Globex'],
    ['globex', 'ESZ', 'E_SYMBOL_UNKNOWN'],
    ['globex', 'ESZ125', 'E_SYMBOL_UNKNOWN'],
    ['globex', 'ESA5', 'E_SYMBOL_UNKNOWN'],
    ['globex', 'esz5', 'E_SYMBOL_UNKNOWN'],
    ['globex', 'ESF6', 'E_CONTRACT_UNLISTED: there was no contract ESF2026: ES does not list'],
    ['globex', 'FESXZ5', 'E_SYMBOL_UNKNOWN'],
    [
      'projectx',
      'CON.F.US.ES.Z25',
      'E_SYMBOL_UNKNOWN: "CON.F.US.ES.Z25" is no contract at ProjectX',
    ],
    ['projectx', 'CON.F.US.EP.Z5', 'E_SYMBOL_UNKNOWN'],
    ['projectx', 'F.US.EP', 'E_SYMBOL_UNKNOWN'],
    ['cqg', 'EP', 'E_SYMBOL_UNKNOWN'],
    ['cqg', 'EP?1', 'E_SYMBOL_UNKNOWN'],
    ['cqg', 'F.EU.EPZ25', 'E_SYMBOL_UNKNOWN'],
    ['ib', 'ZC   DIC 25', 'E_SYMBOL_UNKNOWN'],
    ['ib', 'VX01F6', 'weekly expiries have no contract month'],
    ['globex', 'GEZ5', 'E_CONTRACT_UNLISTED'],
  ])('of %s, %s, is refused: %s', (venue, text, says) => {
    expect(parse(venue, text)).toContain(says);
  });

  it.each<[SymbolVenue, string, string]>([
    ['globex', 'FESXZ2025', 'FESX has no symbol at CME Globex: it trades at EUREX'],
    ['projectx', 'BTCZ2025', 'BTC has no symbol at ProjectX: it is not offered there'],
    ['cqg', 'FESXZ2025', 'FESX has no symbol at CQG'],
    ['ib', 'ZCZ2025', 'how local symbols of CBOT are written is not on record'],
    ['globex', 'XXZ2025', 'there is no product XX'],
    ['globex', 'ESF2026', 'ES does not list month F'],
    ['globex', 'ESZ25', 'not a contract id'],
  ])('of %s for %s is refused: %s', (venue, id, says) => {
    expect(format(venue, id)).toContain(says);
  });

  it('of a product is no contract, and names the product', () => {
    expect(symbology.productOf('projectx', 'F.US.EP').root).toBe('ES');
    expect(symbology.productOf('cqg', 'EP').root).toBe('ES');
    expect(symbology.productOf('globex', '6E').root).toBe('6E');
    expect(outcome(() => symbology.productOf('globex', 'EP').root)).toContain('E_SYMBOL_UNKNOWN');
  });
});

describe('a one-digit year', () => {
  it.each([
    // ESZ2025 ends on 2025-12-19, ESZ2035 on 2035-12-21.
    ['2025-12-19', 'ESZ2025'],
    ['2016-12-17', 'ESZ2025'],
    // Ended two days ago, and its successor ends ten years ahead to the day.
    ['2025-12-21', 'E_SYMBOL_YEAR'],
    ['2025-12-20', 'E_SYMBOL_YEAR'],
    // The month of the contract that ended is not over.
    ['2025-12-22', 'E_SYMBOL_YEAR'],
    ['2025-12-31', 'E_SYMBOL_YEAR'],
    ['2026-01-01', 'ESZ2035'],
  ])('on %s: ESZ5 is %s', (date, says) => {
    expect(parse('globex', 'ESZ5', parseTradeDate(date)).split(':')[0]).toBe(says);
  });

  it('names both candidates when it is refused', () => {
    expect(parse('globex', 'ESZ5', parseTradeDate('2025-12-21'))).toContain(
      'ESZ5 on 2025-12-21: ESZ2025 has ended, and ESZ2035 ends ten years ahead',
    );
  });

  it('goes by expiry, not by name: CLF6 has ended in December 2025, SR3Z5 lives on to March', () => {
    expect(parse('globex', 'CLF6', parseTradeDate('2025-12-19'))).toBe('CLF2026');
    expect(parse('globex', 'CLF6', parseTradeDate('2025-12-20'))).toContain('E_SYMBOL_YEAR');
    expect(parse('globex', 'CLF6', parseTradeDate('2026-01-31'))).toContain('E_SYMBOL_YEAR');
    expect(parse('globex', 'CLF6', parseTradeDate('2026-02-01'))).toBe('CLF2036');
    expect(parse('globex', 'SR3Z5', parseTradeDate('2026-03-01'))).toBe('SR3Z2025');
    expect(parse('globex', 'SR3Z5', parseTradeDate('2026-03-24'))).toContain('E_SYMBOL_YEAR');
    expect(parse('globex', 'SR3Z5', parseTradeDate('2026-04-01'))).toBe('SR3Z2035');
  });

  it('is refused on the day after expiry for every product alike, whatever the weekday of ten years later', () => {
    const wrong: string[] = [];
    for (const spec of instruments.values()) {
      if (
        format('globex', toContractId(spec.root, 2025, 12), parseTradeDate('2025-10-01'))[1] === '_'
      )
        continue;
      const end = calendars.ruleDates(spec, 2025, 12).lastTradeDate;
      const symbol = `${spec.symbols.exchange}Z5`;
      const says = parse('globex', symbol, addDays(end, 1));
      if (parse('globex', symbol, end) !== `${spec.root}Z2025` || !says.includes('E_SYMBOL_YEAR'))
        wrong.push(`${spec.root}: ${says}`);
    }
    expect(wrong).toEqual([]);
  });

  it('cannot name a contract that has ended, or one ten years ahead', () => {
    expect(format('globex', 'ESZ2024')).toContain(
      'E_SYMBOL_YEAR: ESZ2024 cannot be written with 1 digit',
    );
    expect(format('globex', 'ESZ2035', parseTradeDate('2025-11-21'))).toContain(
      'it would mean 2025',
    );
    expect(format('globex', 'ESZ2024', NOW, { yearDigits: 2 })).toBe('ESZ24');
  });
});

describe('a two-digit year', () => {
  it.each([
    ['ESH73', 'ESH2073'],
    ['ESH75', 'ESH1975'],
    ['ESH24', 'ESH2024'],
    ['ESH74', 'E_SYMBOL_YEAR: ESH74 on 2024-11-21 is of 1974 or of 2074'],
  ])('lies within fifty years of the date: %s is %s', (text, says) => {
    expect(parse('globex', text, parseTradeDate('2024-11-21'))).toContain(says);
  });
});

describe('fields of IB', () => {
  it('identify a contract by its delivery month, written in full', () => {
    expect(symbology.toIbKey(toContractId('ES', 2025, 12))).toEqual({
      secType: 'FUT',
      symbol: 'ES',
      exchange: 'CME',
      currency: 'USD',
      tradingClass: 'ES',
      lastTradeDateOrContractMonth: '202512',
    });
    expect(ib({ symbol: 'EUR', exchange: 'CME', lastTradeDateOrContractMonth: '202512' })).toBe(
      '6EZ2025',
    );
  });

  it.each<[string, IbFutureFields, string]>([
    // As recorded in contract details: the delivery month is not that of the last trade.
    [
      'milk',
      {
        symbol: 'DA',
        exchange: 'CME',
        localSymbol: 'DCH4',
        contractMonth: '202403',
        lastTradeDateOrContractMonth: '20240402-17:10:00',
      },
      'DCH2024',
    ],
    [
      'gas',
      {
        symbol: 'NG',
        exchange: 'NYMEX',
        localSymbol: 'NGU27',
        lastTradeDateOrContractMonth: '20270827',
      },
      'NGU2027',
    ],
    [
      'crude by its day',
      { symbol: 'CL', lastTradeDateOrContractMonth: '20251120 13:30 US/Central' },
      'CLZ2025',
    ],
    [
      'a position without exchange',
      { symbol: 'MES', exchange: '', localSymbol: 'MESZ5' },
      'MESZ2025',
    ],
    ['SOFR by its day', { symbol: 'SOFR3', lastTradeDateOrContractMonth: '20250617' }, 'SR3H2025'],
    [
      'silver with its class',
      {
        symbol: 'SI',
        exchange: 'COMEX',
        tradingClass: 'SIL',
        lastTradeDateOrContractMonth: '202512',
      },
      'SILZ2025',
    ],
    [
      'silver with its local symbol',
      { symbol: 'SI', exchange: 'COMEX', localSymbol: 'SILZ5' },
      'SILZ2025',
    ],
    [
      'a shared symbol',
      { symbol: 'SI', exchange: 'COMEX', lastTradeDateOrContractMonth: '202512' },
      'may be SI or SIL',
    ],
    [
      'three products',
      { symbol: 'DAX', exchange: 'EUREX', lastTradeDateOrContractMonth: '202512' },
      'may be FDAX, FDXM or FDXS',
    ],
    [
      'an unknown symbol',
      { symbol: 'XYZ', lastTradeDateOrContractMonth: '202512' },
      'E_SYMBOL_UNKNOWN',
    ],
    ['nothing', {}, 'E_SYMBOL_UNKNOWN'],
    ['no month', { symbol: 'ES', exchange: 'CME' }, 'E_SYMBOL_UNKNOWN'],
    ['a month that is none', { symbol: 'ES', lastTradeDateOrContractMonth: '202513' }, 'month 13'],
    [
      'a month that is not listed',
      { symbol: 'ES', lastTradeDateOrContractMonth: '202511' },
      'ES does not list month X',
    ],
    [
      'a day on which nothing ends',
      { symbol: 'ES', lastTradeDateOrContractMonth: '20251218' },
      'no contract of ES ends on 2025-12-18',
    ],
  ])('%s', (_, fields, says) => {
    expect(ib(fields)).toContain(says);
  });
});

const products = [...instruments.values()];
const contracts = fc
  .tuple(
    fc.constantFrom(...products),
    fc.integer({ min: 2000, max: 2040 }),
    fc.integer({ min: 0, max: 11 }),
  )
  .filter(([spec]) => spec.lastContract === undefined)
  .map(([spec, year, month]): [InstrumentSpec, ContractId, number, number] => {
    const found = cyclesOf(spec).listed.atOrAfter({ year, month: month + 1 })!;
    return [spec, toContractId(spec.root, found.year, found.month), found.year, found.month];
  })
  .filter(
    ([{ firstContract: first }, , year, month]) =>
      first === undefined ||
      monthIndexOf({ year, month }) >= monthIndexOf(parseContractMonth(first)),
  );

describe('every product at every venue', () => {
  test.prop([contracts, fc.integer({ min: 0, max: 3700 }), fc.constantFrom(...SYMBOL_VENUES)], {
    seed: 9,
    numRuns: 2000,
  })('reads back what it writes, on every date', ([, id, year, month], ahead, venue) => {
    // From ten years before the contract to a little after it.
    const at = addDays(toTradeDate(year, month, 1), 40 - ahead);
    for (const options of [{}, { yearDigits: 1 }, { yearDigits: 2 }, { isShort: true }] as const) {
      const symbol = format(venue, id, at, options);
      if (symbol.startsWith('E_')) {
        expect(symbol).toMatch(/^E_SYMBOL_(VENUE|YEAR)|^E_CONTRACT_UNLISTED/);
        continue;
      }
      expect(parse(venue, symbol, at)).toBe(id);
    }
  });

  test.prop([contracts], { seed: 10, numRuns: 500 })(
    'has an IB key that names it alone',
    ([spec, id]) => {
      if (spec.symbols.ib === undefined) return;
      const key = outcome(() => JSON.stringify(symbology.toIbKey(id)));
      expect(ib(JSON.parse(key) as IbFutureFields)).toBe(id);
    },
  );

  test.prop([contracts], { seed: 11, numRuns: 500 })(
    'can be written on its last years with any digits',
    ([spec, id, year, month]) => {
      const at = addDays(toTradeDate(year, month, 1), -400);
      for (const venue of SYMBOL_VENUES) {
        expect(format(venue, id, at)).not.toContain('E_SYMBOL_YEAR');
      }
      expect(resolve(id)).toBe(id);
      expect(spec.root.length).toBeGreaterThan(0);
    },
  );
});

describe('names of products', () => {
  it('mean one product at each venue', () => {
    const seen = new Map<string, string>();
    for (const { root, symbols, exchange } of products) {
      for (const [venue, name] of [
        ['projectx', symbols.projectx],
        ['cqg', symbols.cqg],
        ['ib', symbols.ib && `${symbols.ib.exchange} ${symbols.ib.tradingClass}`],
        [exchange, symbols.exchange],
      ]) {
        if (name === undefined) continue;
        expect(seen.get(`${venue} ${name}`), `${venue} ${name}`).toBeUndefined();
        seen.set(`${venue} ${name}`, root);
      }
    }
  });
});
