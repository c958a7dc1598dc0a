import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import { cashOfCounts, Instrument } from '../../src/core/instrument.ts';
import { toPrice, toPriceTicks } from '../../src/core/price-grid.ts';
import {
  instrumentJsonSchema,
  loadInstruments,
  parseInstrument,
} from '../../src/data/instruments.ts';

const root = join(import.meta.dirname, '../..');
const dir = join(root, 'catalog/instruments');
const instruments = loadInstruments(dir);
const scratch = mkdtempSync(join(tmpdir(), 'frontmonth-instruments-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const es = JSON.parse(readFileSync(join(dir, 'ES.json'), 'utf8')) as Record<string, unknown>;

function errorOf(act: () => unknown): TradingError {
  try {
    act();
  } catch (error) {
    if (error instanceof TradingError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('the instrument catalog', () => {
  it('holds every file of its folder, with sources', () => {
    expect(instruments.size).toBe(readdirSync(dir).length);
    expect(instruments.size).toBe(133);
    for (const spec of instruments.values()) expect(spec.sources.length).toBeGreaterThan(0);
  });

  it('says of every product since when it trades, by what and how surely', () => {
    for (const spec of instruments.values()) {
      expect([spec.root, spec.listedSince, spec.listing?.source]).toEqual([
        spec.root,
        expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/),
        expect.stringMatching(/.{10}/),
      ]);
      expect(['high', 'medium', 'low']).toContain(spec.listing!.confidence);
      // A day that nobody knows is named by its year, or by the day of something older.
      if (spec.listedSince!.endsWith('-01-01')) expect(spec.listing!.confidence).toBe('low');
    }
  });

  it.each([
    ['ES', 12.5, 4],
    ['MES', 1.25, 4],
    ['ZN', 15.625, 64],
    ['ZT', 7.8125, 256],
    ['6J', 6.25, 2_000_000],
    ['CL', 10, 100],
    ['GC', 10, 10],
    ['ZC', 12.5, 4],
    ['SR1', 10.4175, 400],
    ['FGBL', 10, 100],
  ])('%s is worth %d a tick and has %d ticks to one', (symbol, tickValue, ticks) => {
    const instrument = new Instrument(instruments.get(symbol)!);
    expect(instrument.tickValue).toBe(tickValue);
    expect(Math.round(1 / instrument.tickSize)).toBe(ticks);
    expect(cashOfCounts(1, 3, instrument.spec)).toBe(tickValue * 3_000_000);
  });

  it('has exact tick values and prices that come back from their counts', () => {
    for (const spec of instruments.values()) {
      const { num, den } = spec.countValue;
      expect(num / den / 1e6).toBeCloseTo(spec.multiplier * spec.grid.increment, 9);
      for (const count of [1, 7, 12_345, -3763]) {
        expect(toPriceTicks(toPrice(count, spec.grid), spec.grid)).toBe(count);
      }
    }
  });

  it('has no two products under one venue symbol', () => {
    const seen = new Set<string>();
    for (const { symbols } of instruments.values()) {
      if (symbols.projectx === undefined) continue;
      expect(seen.has(symbols.projectx)).toBe(false);
      seen.add(symbols.projectx);
    }
    expect(seen.size).toBeGreaterThan(40);
  });

  it('is described by the committed JSON schema', () => {
    const file = join(root, 'schemas/instrument.schema.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(instrumentJsonSchema())),
    );
  });
});

describe('an instrument file', () => {
  it.each<[string, Record<string, unknown>, string, RegExp]>([
    ['a tick value that is no product', { tickValue: 12 }, 'tickValue is 12', /multiplier x grid/],
    ['a negative multiplier', { multiplier: -50 }, 'multiplier is -50', />0/],
    ['a multiplier in words', { multiplier: '50' }, 'multiplier is "50"', /number/],
    ['months out of order', { listedMonths: 'ZHMU' }, 'listedMonths is "ZHMU"', /month letters/],
    ['a letter that is no month', { listedMonths: 'HMUA' }, 'listedMonths is "HMUA"', /month/],
    ['a cycle that is not listed', { holdCycle: 'GHMUZ' }, 'holdCycle is "GHMUZ"', /subset/],
    ['an unknown field', { tick: 1 }, 'tick is 1', /[Uu]nrecognized/],
    ['an unknown asset class', { assetClass: 'rates' }, 'assetClass is "rates"', /interest-rate/],
    ['a lower-case root', { root: 'es' }, 'root is "es"', /upper-case/],
    ['no sources', { sources: [] }, 'sources is []', />=1|at least/],
    ['another schema', { schema: 'x/1' }, 'schema is "x/1"', /frontmonth.instrument\/1/],
    [
      'a zone that does not exist',
      { lastTradeTime: { local: '08:30', tz: 'Chicago' } },
      'lastTradeTime.tz is "Chicago"',
      /IANA/,
    ],
    [
      'a time that does not exist',
      { lastTradeTime: { local: '25:00', tz: 'UTC' } },
      'lastTradeTime.local is "25:00"',
      /HH:MM/,
    ],
    [
      'a rule of an unknown kind',
      { lastTrade: { rule: 'full-moon' } },
      'lastTrade.rule is "full-moon"',
      /nth-weekday|discriminator|Invalid/,
    ],
    [
      'a notice rule for cash settlement',
      { firstNotice: { rule: 'from-last-trade', thenBusinessDays: 1 } },
      'firstNotice is "from-last-trade"',
      /cash/,
    ],
    [
      'a roll hint on a notice that does not exist',
      { rollHint: { anchor: 'firstNotice', businessDays: -2 } },
      'rollHint.anchor is "firstNotice"',
      /first notice rule/,
    ],
  ])('with %s is refused, naming file, field, value and rule', (_, change, says, rule) => {
    const error = errorOf(() => parseInstrument({ ...es, ...change }, 'ES.json'));
    expect(error.code).toBe('E_INSTRUMENT');
    expect(error.message).toBe(`ES.json: ${says}`);
    expect(error.rule).toMatch(rule);
    expect(error.fix).toBeDefined();
  });

  it.each<[string, Record<string, unknown>, string, RegExp]>([
    [
      'dated months that do not end in those of today',
      {
        cycles: [
          { to: '2014X', listed: 'HMUZ', hold: 'H' },
          { from: '2015H', listed: 'HMUZ', hold: 'Z' },
        ],
      },
      'cycles is',
      /the last span has listedMonths HMUZ and holdCycle HMUZ/,
    ],
    [
      'ranges that overlap',
      {
        cycles: [
          { to: '2016X', listed: 'HMUZ', hold: 'H' },
          { from: '2015H', listed: 'HMUZ', hold: 'HMUZ' },
        ],
      },
      'cycles is',
      /begins at 2015H, not after the range before it/,
    ],
    [
      'a range that is open inside',
      {
        cycles: [
          { listed: 'HMUZ', hold: 'H' },
          { from: '2015H', listed: 'HMUZ', hold: 'HMUZ' },
        ],
      },
      'cycles is',
      /open at the right/,
    ],
    [
      'a range that holds what it does not list',
      {
        cycles: [
          { to: '2014X', listed: 'HM', hold: 'Z' },
          { from: '2015H', listed: 'HMUZ', hold: 'HMUZ' },
        ],
      },
      'cycles is',
      /hold is a subset of listed HM/,
    ],
    [
      'a serial month that is regular',
      { serialMonths: { letters: 'FH', nearest: 3 } },
      'serialMonths.letters is "H"',
      /beyond the regular/,
    ],
    [
      'a priced month that is not listed',
      { pricedCycle: 'FHMUZ' },
      'pricedCycle is "FHMUZ"',
      /listed/,
    ],
    [
      'a skipped month without its letter',
      { skippedMonths: ['202306'] },
      'skippedMonths.0 is "202306"',
      /2015Z/,
    ],
    [
      'a first contract after the last',
      { firstContract: '2020H', lastContract: '2019Z' },
      'firstContract is "2020H"',
      /not after lastContract 2019Z/,
    ],
    ['a carry of two steps', { carryOffset: 2 }, 'carryOffset is 2', /1|-1/],
    ['a roll after the expiry', { rollOffsetDays: 5 }, 'rollOffsetDays is 5', /<=0|0/],
    ['half a day of offset', { expiryOffsetDays: 1.5 }, 'expiryOffsetDays is 1.5', /int/],
    [
      'a first day that does not exist',
      { listedSince: '2019-02-30' },
      'listedSince is "2019-02-30"',
      /exists/,
    ],
    [
      'a last contract that is no month',
      { lastContract: '2023-06' },
      'lastContract is "2023-06"',
      /contract month/,
    ],
    ['a filter without a field', { contractFilter: {} }, 'contractFilter is {}', /at least one/],
    [
      'a pattern that is none',
      { contractFilter: { localSymbol: '(' } },
      'contractFilter.localSymbol is "("',
      /regular expression/,
    ],
    [
      'earlier rules out of order',
      {
        earlierRules: ['2016G', '2014G'].map((toContract) => ({
          toContract,
          lastTrade: es['lastTrade'],
          firstNotice: null,
          confidence: 'low',
          source: 'a test',
        })),
      },
      'earlierRules.1.toContract is "2014G"',
      /later than the one before/,
    ],
  ])('with %s is refused', (_, change, says, rule) => {
    const error = errorOf(() => parseInstrument({ ...es, ...change }, 'ES.json'));
    expect([error.code, error.message]).toEqual(['E_INSTRUMENT', expect.stringContaining(says)]);
    expect(error.rule).toMatch(rule);
  });

  it('may say which months it had before, since when it trades and which entries of a venue are its own', () => {
    const spec = parseInstrument(
      {
        ...es,
        cycles: [
          { to: '2014Z', listed: 'HMUZ', hold: 'Z' },
          { from: '2015F', listed: 'HMUZ', hold: 'HMUZ' },
        ],
        skippedMonths: ['2020M'],
        listedSince: '1997-09-09',
        contractFilter: { localSymbol: '^ES' },
      },
      'ES.json',
    );
    expect(spec.cycles!.length).toBe(2);
    expect([spec.listedSince, spec.skippedMonths, spec.contractFilter]).toEqual([
      '1997-09-09',
      ['2020M'],
      { localSymbol: '^ES' },
    ]);
    expect(parseInstrument(es, 'ES.json')).not.toHaveProperty('cycles');
  });

  it('without a field says which one is missing', () => {
    const { currency: _, ...rest } = es;
    expect(errorOf(() => parseInstrument(rest, 'ES.json')).message).toBe(
      'ES.json: currency is missing',
    );
    expect(errorOf(() => parseInstrument(null, 'ES.json')).code).toBe('E_INSTRUMENT');
  });

  it('may have a grid in bands', () => {
    const bands = [
      { fromDate: '1997-09-09', fromCounts: 0, move: 1 },
      { fromDate: '2020-01-01', fromCounts: 0, move: 2 },
    ];
    const spec = parseInstrument(
      { ...es, grid: { kind: 'banded', tickSize: 0.25, bands } },
      'ES.json',
    );
    expect(spec.grid.kind).toBe('banded');
  });

  it('must carry the name of its root and be JSON, and a folder must hold one', () => {
    expect(errorOf(() => loadInstruments(scratch)).message).toContain('no instrument file');
    expect(errorOf(() => loadInstruments(join(scratch, 'none'))).code).toBe('E_INSTRUMENT');
    writeFileSync(join(scratch, 'NQ.json'), JSON.stringify(es));
    expect(errorOf(() => loadInstruments(scratch)).rule).toBe('the file is named after its root');
    writeFileSync(join(scratch, 'NQ.json'), '{');
    expect(errorOf(() => loadInstruments(scratch)).message).toContain('as JSON');
  });
});
