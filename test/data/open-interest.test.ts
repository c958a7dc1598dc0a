/** Open interest in a dataset: stored with the moment it became known, corrected without rewriting what was known. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test as propTest, fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import { EXIT } from '../../src/core/errors.ts';
import type { ContractId } from '../../src/core/instrument.ts';
import { parseTradeDate } from '../../src/core/trade-date.ts';
import type { TradeDate, TsUs } from '../../src/core/units.ts';
import { parseTsUs, toIsoUtc, US_PER_DAY } from '../../src/core/units.ts';
import type { Dataset } from '../../src/data/catalog.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { loadInstruments } from '../../src/data/instruments.ts';
import type { OpenInterestFigure } from '../../src/data/open-interest.ts';
import {
  hasOpenInterest,
  putOpenInterest,
  readOpenInterest,
  readOpenInterestFigures,
} from '../../src/data/open-interest.ts';
import { checkDataset } from '../../src/data/quality.ts';
import type { Ran } from '../cli/support.ts';
import { runReal } from '../cli/support.ts';
import { INSTRUMENTS_DIR } from '../support/sample-catalog.ts';
import { ES, metaOf, useTempFolder } from './support.ts';

const tempFolder = useTempFolder();
const figure = (known: string, date: string, openInterest: number): OpenInterestFigure => ({
  knownUs: parseTsUs(known),
  tradeDate: parseTradeDate(date),
  openInterest,
});
const FIRST = figure('2023-12-29T15:00:00Z', '2023-12-28', 2_000_000);
const SECOND = figure('2024-01-02T15:00:00Z', '2023-12-29', 2_100_000);

function put(dataset: Dataset, figures: readonly OpenInterestFigure[], id = ES): Dataset {
  const writer = dataset.beginWrite();
  try {
    putOpenInterest(writer, dataset, id, figures);
    return writer.commit();
  } catch (error) {
    writer.abort();
    throw error;
  }
}
const empty = (): Dataset => openCatalog(tempFolder()).createDataset(metaOf('oi'));

describe('open interest', () => {
  it('comes back as it was put, in years of publication, and is no bar', () => {
    const dataset = put(empty(), [SECOND, FIRST]);
    expect(dataset.manifest.segments.map(({ kind, year }) => `${kind} ${year}`)).toEqual([
      'open-interest 2023',
      'open-interest 2024',
    ]);
    expect(readOpenInterestFigures(dataset, ES)).toEqual([FIRST, SECOND]);
    expect(readOpenInterestFigures(dataset, ES, { from: SECOND.knownUs as TsUs })).toEqual([
      SECOND,
    ]);
    expect(readOpenInterestFigures(dataset, ES, { to: SECOND.knownUs as TsUs })).toEqual([FIRST]);
    expect(dataset.contracts('ES')).toEqual([]);
    expect(dataset.intervals(ES)).toEqual([]);
    expect([hasOpenInterest(dataset, 'ES'), hasOpenInterest(dataset, 'CL')]).toEqual([true, false]);
    expect(readOpenInterest(dataset, 'ESH2024' as ContractId)).toBeNull();
    expect(() => dataset.openInterest({ contract: 'ESH2024' as ContractId })).toThrow(
      'oi has no open-interest of ESH2024',
    );
  });

  it('is corrected by a later figure: the first one stays what was known before', () => {
    const late = figure('2024-01-02T20:00:00Z', '2023-12-29', 2_100_007);
    const dataset = put(put(empty(), [FIRST, SECOND]), [late]);
    expect(readOpenInterestFigures(dataset, ES)).toEqual([FIRST, SECOND, late]);
    // The same moment and date is the same figure, written anew.
    const fixed = { ...SECOND, openInterest: 2_100_001 };
    expect(readOpenInterestFigures(put(dataset, [fixed]), ES)).toEqual([FIRST, fixed, late]);
  });

  it('of two dates published together reads as the later date', () => {
    const both = { ...FIRST, knownUs: SECOND.knownUs };
    const readings = readOpenInterest(put(empty(), [SECOND, both]), ES)!;
    expect([...readings.knownUs]).toEqual([SECOND.knownUs]);
    expect([...readings.openInterest]).toEqual([2_100_000]);
  });

  it.each([
    ['is not whole', { openInterest: 1.5 }, 'whole number'],
    ['is negative', { openInterest: -1 }, 'whole number'],
    ['is known before its day', { knownUs: parseTsUs('2023-12-25T23:00:00Z') }, 'before that day'],
  ])('that %s is refused, and the dataset stays as it was', (_, change, why) => {
    const dataset = put(empty(), [FIRST]);
    expect(() => put(dataset, [{ ...FIRST, ...change }])).toThrow(
      expect.objectContaining({
        code: 'E_DATA_VALUE',
        ...(why === 'whole number'
          ? { rule: expect.stringContaining(why) }
          : { message: expect.stringContaining(why) }),
      }),
    );
    expect(readOpenInterestFigures(dataset, ES)).toEqual([FIRST]);
  });

  it('that claims to be known before its session began is found by a check with a calendar', () => {
    // Thursday noon: the session of Friday has not begun.
    const early = figure('2024-01-04T18:00:00Z', '2024-01-05', 5);
    const calendar = createCalendars().forInstrument(loadInstruments(INSTRUMENTS_DIR).get('ES')!);
    const check = (list: readonly OpenInterestFigure[]) =>
      checkDataset(put(empty(), list), { calendars: () => calendar });
    expect(check([early])).toMatchObject({ isFit: false, counts: { 'known-early': 1 }, rows: 1 });
    expect(check([FIRST, SECOND])).toMatchObject({ isFit: true, counts: {}, rows: 2 });
  });

  propTest.prop(
    [
      fc.array(
        fc.record({
          day: fc.integer({ min: 19_700, max: 20_100 }),
          wait: fc.integer({ min: 0, max: 3 * US_PER_DAY }),
          openInterest: fc.integer({ min: 0, max: 5_000_000 }),
        }),
        { minLength: 1, maxLength: 40 },
      ),
      fc.nat(40),
    ],
    { numRuns: 20 },
  )('put in two parts equals put at once', (rows, at) => {
    const figures = rows.map(({ day, wait, openInterest }) => ({
      tradeDate: day as TradeDate,
      knownUs: day * US_PER_DAY + wait,
      openInterest,
    }));
    const parts = [figures.slice(0, at), figures.slice(at)].filter((part) => part.length > 0);
    const twice = parts.reduce((dataset, part) => put(dataset, part), empty());
    const once = put(empty(), figures);
    expect(readOpenInterestFigures(twice, ES)).toEqual(readOpenInterestFigures(once, ES));
    expect(twice.manifest.checksum).toBe(once.manifest.checksum);
  });
});

describe('data import of open interest', () => {
  const BARS = [
    'time,open,high,low,close,volume,OI,Published',
    '2024-03-04,5140,5150,5130,5145,1000,2000000,2024-03-05T16:00:00Z',
    '2024-03-05,5145,5155,5135,5150,1100,,',
    '2024-03-08,5150,5160,5140,5155,1200,1900000,2024-03-11T15:00:00Z',
    '',
  ].join('\n');
  const COLUMNS = 'volume=volume,openInterest=OI';

  async function load(text: string, ...flags: string[]): Promise<{ ran: Ran; cwd: string }> {
    const cwd = tempFolder();
    mkdirSync(cwd, { recursive: true });
    writeFileSync(join(cwd, 'in.csv'), text);
    return { ran: await runReal(cwd, ['data', 'import', 'in.csv', '--into', 'x', ...flags]), cwd };
  }
  const knownOf = (cwd: string): string[] =>
    readOpenInterestFigures(openCatalog(join(cwd, 'catalog')).dataset('x'), ES).map(
      ({ knownUs, tradeDate, openInterest }) =>
        `${toIsoUtc(knownUs as TsUs)} ${tradeDate - parseTradeDate('2024-03-04')} ${openInterest}`,
    );
  const BAR_FLAGS = ['--contract', ES, '--interval', '1d', '--stamp', 'close'];

  it.each([
    [[], ['2024-03-05T22:00:00Z 0 2000000', '2024-03-11T21:00:00Z 4 1900000']],
    // The clocks change on the weekend between.
    [
      ['--known', 'next-open'],
      ['2024-03-04T23:00:00Z 0 2000000', '2024-03-10T22:00:00Z 4 1900000'],
    ],
    [
      ['--known', 'close'],
      ['2024-03-04T22:00:00Z 0 2000000', '2024-03-08T22:00:00Z 4 1900000'],
    ],
    [
      ['--columns', `${COLUMNS},known=Published`],
      ['2024-03-05T16:00:00Z 0 2000000', '2024-03-11T15:00:00Z 4 1900000'],
    ],
  ])(
    'from a column of bars is known as %j says; an empty cell is no figure',
    async (flags, want) => {
      const columns = flags.includes('--columns') ? [] : ['--columns', COLUMNS];
      const { ran, cwd } = await load(BARS, ...BAR_FLAGS, ...columns, ...flags);
      expect(ran.code, ran.err).toBe(EXIT.ok);
      expect(knownOf(cwd)).toEqual(want);
    },
  );

  it.each([
    ['2000000', '12.5', 'line 2: openInterest: "12.5" is not a whole number'],
    ['2000000', '-3', 'line 2: openInterest: "-3" is not a whole number'],
    ['2024-03-05T16:00:00Z', '2024-03-04T16:00:00Z', 'is before the close of the bar'],
    ['2024-03-05T16:00:00Z', 'soon', 'known: "soon" is not a moment'],
  ])(
    'of bars with %s for %s is refused with its line, and nothing is imported',
    async (old, bad, why) => {
      const columns = ['--columns', `${COLUMNS},known=Published`];
      const { ran } = await load(BARS.replace(old, bad), ...BAR_FLAGS, ...columns);
      expect(ran.code).toBe(EXIT.input);
      expect(ran.err).toContain(why);
    },
  );

  const ALONE = ['--format', 'open-interest', '--instrument', 'ES'];
  it('alone: a moment tells its date, a date its moment, a bare day counts at its end', async () => {
    const rows = [
      'known,date,contract,openInterest',
      '2024-03-05T16:00:00Z,,ESZ2024,1',
      ',2024-03-05,ESZ2024,2',
      '2024-03-07,,ESZ2024,3',
      '2024-03-08T16:00:00Z,2024-03-06,ESZ2024,4',
    ];
    const { ran, cwd } = await load(`${rows.join('\n')}\n`, ...ALONE);
    expect(ran.code, ran.err).toBe(EXIT.ok);
    expect(knownOf(cwd)).toEqual([
      '2024-03-05T16:00:00Z 0 1',
      '2024-03-06T22:00:00Z 1 2',
      '2024-03-07T23:59:59.999999Z 3 3',
      '2024-03-08T16:00:00Z 2 4',
    ]);
    const shown = ['data', 'show', 'x', '--contract', ES, '--interval', 'open-interest'];
    const { out } = await runReal(cwd, shown);
    expect(out).toMatch(/2024-03-06 22:00 +2024-03-05 +2\n/);
    expect((await runReal(cwd, ['data', 'check', 'x'])).out).toContain('no problems');
    expect((await runReal(cwd, ['data', 'show', 'x'])).out).toContain('open-interest');
  });

  it('alone is refused by line; with --quarantine the valid rows are taken', async () => {
    const rows = [
      'known,contract,openInterest',
      '2024-03-05T16:00:00Z,ESZ2024,1',
      '2024-03-05T16:00:00Z,ESZ2024,2',
      '2024-03-05T16:00:00Z,NQZ2024,2',
      'noon,ESZ2024,2',
      ',ESZ2024,2',
      '2024-03-06T16:00:00Z,ESZ2024,many',
    ];
    const { ran } = await load(rows.join('\n'), ...ALONE);
    expect(ran.code).toBe(EXIT.input);
    for (const part of [
      'line 3: ESZ2024 has a figure of that moment and date on line 2',
      'line 4: contract: "NQZ2024" is not a contract of ES',
      'line 5: known: "noon" is not a moment',
      'line 6: known and date are both empty',
      'line 7: openInterest: "many" is not a whole number',
    ])
      expect(ran.err).toContain(part);
    const some = await load(rows.join('\n'), ...ALONE, '--quarantine');
    expect(some.ran.code).toBe(EXIT.answerIsNo);
    expect(knownOf(some.cwd)).toEqual(['2024-03-05T16:00:00Z 0 1']);
  });

  it.each([
    ['known,contract,oi\n', [], 'openInterest: no column has this name'],
    ['contract,openInterest\n', [], 'the file has neither `known` nor `date`'],
    ['known,openInterest\n', [], 'contract: give a column or one id'],
    ['known,contract,openInterest\n', ['--columns', 'known=When'], 'no column "When"'],
    ['known,contract,openInterest\n', ['--columns', 'price=P'], '--columns has no column `price`'],
    ['known,contract,openInterest\n', [], 'the file has no row that can be taken'],
  ])('alone with the header %j and %j says what is missing', async (text, flags, why) => {
    const { ran } = await load(text, ...ALONE, ...flags);
    expect([EXIT.input, EXIT.usage]).toContain(ran.code);
    expect(ran.err).toContain(why);
  });
});
