/** LEAN's futures archives: what becomes of their rows, and what is refused. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fc, it as prop } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { ZoneTables } from '../../src/calendars/wall-time.ts';
import { TradingError } from '../../src/core/errors.ts';
import type { ContractId } from '../../src/core/instrument.ts';
import type { TradeDate } from '../../src/core/units.ts';
import { parseTsUs, US_PER_DAY, US_PER_MINUTE } from '../../src/core/units.ts';
import type { Dataset } from '../../src/data/catalog.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import type {
  LeanImportOptions,
  LeanImportReport,
  LeanProduct,
} from '../../src/data/ingest/lean/import.ts';
import { importLean, openLeanFile } from '../../src/data/ingest/lean/import.ts';
import { mayBeZeroOrBelow } from '../../src/data/ingest/price-rule.ts';
import { readOpenInterestFigures } from '../../src/data/open-interest.ts';
import { makeZip } from '../support/make-zip.ts';
import { faultIo } from './fault-io.ts';
import { collect, metaOf, useTempFolder } from './support.ts';

const folder = useTempFolder();
/** All rows of a source, by column. */
const all = <C extends { readonly length: number }>(
  source: Parameters<typeof collect<C>>[0],
): Record<keyof C, number[]> => collect<C>(source) as unknown as Record<keyof C, number[]>;
const ESZ = 'ESZ2013' as ContractId;
const zones = new ZoneTables();

function product(root: string, patch: Partial<LeanProduct> = {}): LeanProduct {
  return {
    root,
    grid: { kind: 'ticks', increment: 0.25 },
    currency: 'USD',
    mayBeZeroOrBelow: false,
    clockOf: () => (wallUs) => wallUs,
    endedBy: (us) => (Math.floor(us / US_PER_DAY) - 1) as TradeDate,
    ...patch,
  };
}

/** Archives at their paths below a folder. */
function archives(files: Readonly<Record<string, Readonly<Record<string, string>>>>): string[] {
  const root = folder();
  return Object.entries(files).map(([path, entries]) => {
    const full = join(root, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, makeZip(entries));
    return full;
  });
}

function dataset(dir = folder()): Dataset {
  return openCatalog(dir, { sync: false }).createDataset(metaOf('lean', { grids: {} }));
}

function run(
  into: Dataset,
  paths: readonly string[],
  patch: Partial<LeanImportOptions> = {},
): LeanImportReport {
  return importLean(into, {
    files: paths.map((path) => openLeanFile(path)),
    productOf: (root) => product(root.toUpperCase()),
    ...patch,
  });
}

const MINUTE = 'future/cme/minute/es/20131007_trade.zip';
const ENTRY = '20131007_es_minute_trade_201312.csv';
const DAY = parseTsUs('2013-10-07T00:00:00Z');
const minute = (text: string, entry = ENTRY, path = MINUTE): string[] =>
  archives({ [path]: { [entry]: text } });

const TWO = '0,1670,1671.25,1669.5,1670.75,120\n60000,1670.75,1671,1670,1670,45\n';

describe('trade bars of LEAN', () => {
  it('are stamped at their start, in counts of the tick', () => {
    const report = run(dataset(), minute(TWO));
    expect(report).toMatchObject({ rows: 2, refused: 0, notes: [] });
    const bars = all(report.dataset.bars({ contract: ESZ, interval: '1m' }));
    expect([...bars.openUs]).toEqual([DAY, DAY + US_PER_MINUTE]);
    expect([...bars.closeUs]).toEqual([DAY + US_PER_MINUTE, DAY + 2 * US_PER_MINUTE]);
    expect([bars.open, bars.high, bars.low, bars.close].map((values) => values[0])).toEqual([
      6680, 6685, 6678, 6683,
    ]);
    expect([...bars.volume]).toEqual([120, 45]);
    expect(report.dataset.manifest.grids).toEqual({ ES: { kind: 'ticks', increment: 0.25 } });
  });

  it('of hours and days have their dates in the rows, and a day ends at midnight of its zone', () => {
    const paths = archives({
      'future/eurex/hour/fesx_trade.zip': {
        'fesx_trade_202406.csv': '20240603 09:00,5000,5001,5000,5001,7\n',
      },
      'future/eurex/daily/fesx_trade.zip': {
        'fesx_trade_202406.csv': '20240331 00:00,5000,5001,5000,5001,7\n',
      },
    });
    const berlin = zones.get('Europe/Berlin');
    const toUtc = (wallUs: number): number => {
      const date = Math.floor(wallUs / US_PER_DAY) as TradeDate;
      return berlin.toUtcUs(date, (wallUs - date * US_PER_DAY) / US_PER_MINUTE);
    };
    const { dataset: into } = run(dataset(), paths, {
      productOf: () =>
        product('FESX', { grid: { kind: 'ticks', increment: 1 }, clockOf: () => toUtc }),
    });
    const one = (interval: '1h' | '1d'): number[] => {
      const bars = all(into.bars({ contract: 'FESXM2024' as ContractId, interval }));
      return [bars.openUs[0]!, bars.closeUs[0]!];
    };
    expect(one('1h')).toEqual([
      parseTsUs('2024-06-03T07:00:00Z'),
      parseTsUs('2024-06-03T08:00:00Z'),
    ]);
    // The clock went forward on that day, which has 23 hours.
    expect(one('1d')).toEqual([
      parseTsUs('2024-03-30T23:00:00Z'),
      parseTsUs('2024-03-31T22:00:00Z'),
    ]);
  });

  it('of a second import of the same file leave the dataset as it is', () => {
    const paths = minute(TWO);
    const first = run(dataset(), paths).dataset;
    const { segments, checksum } = first.manifest;
    expect(run(first, paths).dataset.manifest).toMatchObject({ segments, checksum });
  });

  it('of a day replace that day and leave the others, in whatever order they come', () => {
    const day = (date: string, close: number): string[] =>
      minute(
        `0,1670,1680,1660,${close},1\n`,
        `${date}_es_minute_trade_201312.csv`,
        `future/cme/minute/es/${date}_trade.zip`,
      );
    let into = dataset();
    for (const date of ['20131008', '20131231', '20140102', '20131007'])
      into = run(into, day(date, 1670)).dataset;
    into = run(into, day('20131008', 1671)).dataset;
    const bars = all(into.bars({ contract: ESZ, interval: '1m' }));
    expect([...bars.close].map((count) => count * 0.25)).toEqual([1670, 1671, 1670, 1670]);
    expect(into.manifest.segments.map(({ year, rows }) => [year, rows])).toEqual([
      [2013, 3],
      [2014, 1],
    ]);
    const whole = run(
      dataset(),
      ['20131007', '20131008', '20131231', '20140102'].flatMap((date) =>
        day(date, date === '20131008' ? 1671 : 1670),
      ),
    ).dataset;
    expect(whole.manifest.checksum).toBe(into.manifest.checksum);
  });
});

describe('quotes, ticks and open interest of LEAN', () => {
  it('quote bars keep both sides, and an empty side is not a number', () => {
    const paths = minute(
      '0,1670,1671,1669.5,1670.75,12,1670.25,1671.25,1669.75,1671,9\n60000,,,,,0,1671,1671,1671,1671,3\n',
      '20131007_es_minute_quote_201312.csv',
      'future/cme/minute/es/20131007_quote.zip',
    );
    const into = run(dataset(), paths).dataset;
    const bars = all(into.quoteBars({ contract: ESZ, interval: '1m' }));
    expect(
      [bars.bidOpen, bars.bidHigh, bars.bidLow, bars.bidClose, bars.bidQty].map((values) => [
        ...values,
      ]),
    ).toEqual([
      [6680, NaN],
      [6684, NaN],
      [6678, NaN],
      [6683, NaN],
      [12, 0],
    ]);
    expect(
      [bars.askOpen, bars.askHigh, bars.askLow, bars.askClose, bars.askQty].map((values) => [
        ...values,
      ]),
    ).toEqual([
      [6681, 6684],
      [6685, 6684],
      [6679, 6684],
      [6684, 6684],
      [9, 3],
    ]);
    const again = run(into, paths).dataset;
    expect(again.manifest.checksum).toBe(into.manifest.checksum);
  });

  it('trades of one millisecond keep the order of the file; what has no column is told', () => {
    const paths = minute(
      '0,1670,1,usa,,0\n0,1670.25,2,usa,@,1\n5,1670,0,usa,,0\n',
      '20131007_es_tick_trade_201312.csv',
      'future/cme/tick/es/20131007_trade.zip',
    );
    const report = run(dataset(), paths);
    const trades = all(report.dataset.trades({ contract: ESZ }));
    expect([...trades.price]).toEqual([6680, 6681, 6680]);
    expect([...trades.tsUs]).toEqual([DAY, DAY, DAY + 5000]);
    expect([...trades.seq]).toEqual([0, 1, 2]);
    expect(report.notes).toEqual([
      '1 trades are of 0 contracts; they are kept',
      '1 ticks are flagged suspicious; they are kept',
      'conditions of 1 trades are not kept',
    ]);
  });

  it('a figure of open interest is known when the interval of its time has ended', () => {
    const paths = archives({
      'future/cme/minute/es/20131007_openinterest.zip': {
        '20131007_es_minute_openinterest_201312.csv': '60000,2691941\n',
      },
      'future/cme/daily/es_openinterest.zip': {
        'es_openinterest_201312.csv': '20131007 00:00,2674467\n',
      },
    });
    const into = run(dataset(), paths).dataset;
    expect(readOpenInterestFigures(into, ESZ)).toEqual([
      { knownUs: DAY + 2 * US_PER_MINUTE, tradeDate: DAY / US_PER_DAY - 1, openInterest: 2691941 },
      { knownUs: DAY + US_PER_DAY, tradeDate: DAY / US_PER_DAY - 1, openInterest: 2674467 },
    ]);
    expect(run(into, paths).dataset.manifest.checksum).toBe(into.manifest.checksum);
  });
});

describe('rows that cannot be taken', () => {
  it.each([
    ['0,1670,1671,1669,1670\n', '5 fields instead of 6'],
    ['0,1670.1,1671,1669,1670,1\n', '1670.1 is not a multiple of 0.25'],
    ['0,x,1671,1669,1670,1\n', '"x" is not a number'],
    ['0,0,1671,0,1670,1\n', 'price: 0 is not above zero'],
    ['0,1670,1671,-1669,1670,1\n', 'price: -1669 is not above zero'],
    ['0,1670,1669,1669,1670,1\n', 'high is not the highest'],
    ['0,1670,1671,1669,1670,-1\n', '-1 is negative'],
    [
      '0,1670,1671,1669,1670,9007199254740992\n',
      '9007199254740992 is not a whole number below 2^53',
    ],
    ['0,1670,1671,1669,1670,1e400\n', '1e400 is not a whole number below 2^53'],
    ['86400000,1670,1671,1669,1670,1\n', 'is not milliseconds since midnight'],
    ['-60000,1670,1671,1669,1670,1\n', 'is not milliseconds since midnight'],
    ['30000,1670,1671,1669,1670,1\n', 'is not the start of a bar of 60 seconds'],
    [`${TWO}60000,1670,1671,1669,1670,1\n`, 'the time of the row before: 2013-10-07T00:01:00Z'],
    [`${TWO}120000,1670,1671,1669,1670,1\n60000,1,1,1,1,1\n`, 'not in order'],
    [`${TWO}${TWO}`, 'time starts over'],
  ])('are named with line, byte and reason, and nothing is imported: %j', (text, reason) => {
    const into = dataset();
    expect(() => run(into, minute(text))).toThrow(
      expect.objectContaining({ code: 'E_IMPORT_ROWS', message: expect.stringContaining(reason) }),
    );
    expect(openCatalog(join(into.folder, '../..')).dataset('lean').manifest).toEqual(into.manifest);
  });

  it('stand in the list of the quarantine, and the others are imported', () => {
    const issuesPath = join(folder(), 'issues.jsonl');
    const paths = minute(
      `0,1670,1671,1669,1670,1\nnonsense\n60000,1670,1671,1669,1670.1,1\n120000,1670,1671,1669,1670,1\n`,
    );
    const report = run(dataset(), paths, { quarantine: { issuesPath } });
    expect(report).toMatchObject({ rows: 2, refused: 2 });
    const lines = readFileSync(issuesPath, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([
      {
        path: paths[0],
        entry: ENTRY,
        line: 2,
        offset: 24,
        reason: '1 fields instead of 6',
        text: 'nonsense',
      },
      {
        path: paths[0],
        entry: ENTRY,
        line: 3,
        offset: 33,
        reason: 'price: 1670.1 is not a multiple of 0.25',
        text: '60000,1670,1671,1669,1670.1,1',
      },
    ]);
  });

  it('of an entry that holds its day twice are left out whole; --series takes one of the two', () => {
    const paths = archives({
      [MINUTE]: {
        [ENTRY]: `${TWO}0,1680,1681,1680,1681,1\n`,
        '20131007_es_minute_trade_201403.csv': TWO,
      },
    });
    const quarantine = { issuesPath: join(folder(), 'issues.jsonl') };
    const left = run(dataset(), paths, { quarantine });
    expect(left).toMatchObject({ rows: 2, refused: 3 });
    expect(left.dataset.contracts()).toEqual(['ESH2014']);
    expect(left.issues[0]!.reason).toContain('the entry holds 2 series');
    for (const [series, rows] of [
      [1, 4],
      [2, 3],
    ] as const)
      expect(run(dataset(), paths, { series }).rows).toBe(rows);
    expect(() => run(dataset(), paths, { series: 3 })).toThrow('the entry holds 2 series');
  });

  it('prices at zero and below are those of energies and of yields, and of nothing else', () => {
    const may = (
      assetClass: 'energy' | 'equity-index' | 'interest-rate',
      quoteUnit: string,
    ): boolean => mayBeZeroOrBelow({ assetClass, quoteUnit });
    expect(may('energy', 'USD/bbl')).toBe(true);
    expect(may('interest-rate', 'yield in percent')).toBe(true);
    expect(may('interest-rate', '100 minus yield')).toBe(false);
    expect(may('equity-index', 'index points')).toBe(false);
    const paths = minute('0,-37.5,0,-40.25,-1,9\n');
    const report = run(dataset(), paths, {
      productOf: () => product('ES', { mayBeZeroOrBelow: true }),
    });
    expect(all(report.dataset.bars({ contract: ESZ, interval: '1m' })).low[0]).toBe(-161);
  });
});

describe('files that are not what they say', () => {
  it.each([
    [
      { '20131008_es_minute_trade_201312.csv': TWO },
      'the archive is of 2013-10-07, the entry of 2013-10-08',
    ],
    [{ '20131007_nq_minute_trade_201312.csv': TWO }, 'the archive is of es, the entry of nq'],
    [
      { '20131007_es_minute_quote_201312.csv': TWO },
      'the archive is of kind trade, the entry of quote',
    ],
    [{ '20131007_es_minute_trade_201313.csv': TWO }, 'no name of LEAN’s futures'],
    [{ 'readme.txt': 'hello' }, 'no name of LEAN’s futures'],
    [{ 'es_trade_201312.csv': TWO }, 'the entry of no day'],
    [{ [ENTRY]: '0'.repeat(5000) }, 'line 1 is longer than 4096 bytes'],
  ])('are refused by entry and reason: %j', (entries, reason) => {
    const into = dataset();
    expect(() => run(into, archives({ [MINUTE]: entries }))).toThrow(
      expect.objectContaining({ code: 'E_IMPORT_FILE', message: expect.stringContaining(reason) }),
    );
    expect(openCatalog(join(into.folder, '../..')).dataset('lean').manifest).toEqual(into.manifest);
  });

  it('rows of hours or days outside of LEAN’s folders ask which they are', () => {
    const [path] = archives({
      'es_trade.zip': { 'es_trade_201312.csv': '20131007 00:00,1,1,1,1,1\n' },
    });
    expect(() => run(dataset(), [path!])).toThrow(/hours or of days/);
    const files = [openLeanFile(path!, 'daily')];
    expect(importLean(dataset(), { files, productOf: () => product('ES') }).rows).toBe(1);
  });

  it('two files of the same day are refused', () => {
    const paths = [...minute(TWO), ...minute(TWO)];
    expect(() => run(dataset(), paths)).toThrow(/both bring/);
  });

  it('a day with the bytes of another is told', () => {
    const text = Array.from({ length: 20 }, (_, i) => `${i * 60_000},1670,1671,1669,1670,1\n`).join(
      '',
    );
    const paths = archives({
      [MINUTE]: { [ENTRY]: text },
      'future/cme/minute/es/20131008_trade.zip': { '20131008_es_minute_trade_201312.csv': text },
    });
    expect(run(dataset(), paths).notes).toEqual([
      `20131008_es_minute_trade_201312.csv has the same bytes as ${ENTRY}: one day may be a copy of the other`,
    ]);
  });

  prop.prop([fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 })], {
    numRuns: 60,
  })(
    'a text with changed bytes is imported or refused with a typed error, never half',
    (changes) => {
      const text = Buffer.from(
        Array.from({ length: 50 }, (_, i) => `${i * 60_000},1670,1671.25,1669.5,1670,${i}\n`).join(
          '',
        ),
      );
      for (const [at, value] of changes) text[at % text.length] = value;
      const path = join(folder(), '20131007_trade.zip');
      writeFileSync(path, makeZip({ [ENTRY]: text }));
      const into = dataset();
      try {
        run(into, [path]);
      } catch (error) {
        expect(error).toBeInstanceOf(TradingError);
        const now = openCatalog(join(into.folder, '../..')).dataset('lean').manifest;
        expect(now).toEqual(into.manifest);
      }
    },
  );
});

describe('a disk that fills up', () => {
  it('at any operation leaves the dataset as it was, and says so', () => {
    const dir = folder();
    const before = run(dataset(dir), minute(TWO)).dataset.manifest;
    const more = minute(
      TWO,
      '20131008_es_minute_trade_201312.csv',
      'future/cme/minute/es/20131008_trade.zip',
    );
    const attempt = (failing: number): unknown => {
      let count = 0;
      const { io } = faultIo('ENOSPC', (_, name) => {
        if (!['write', 'open', 'mkdir', 'rename'].includes(name)) return false;
        count += 1;
        return count === failing;
      });
      try {
        run(openCatalog(dir, { io, sync: false }).dataset('lean'), more);
        return null;
      } catch (error) {
        return error;
      }
    };
    let failures = 0;
    for (let failing = 1; failing < 200; failing += 1) {
      const error = attempt(failing);
      const now = openCatalog(dir).dataset('lean');
      if (error === null) break;
      failures += 1;
      expect(error).toBeInstanceOf(TradingError);
      expect(now.manifest).toEqual(before);
    }
    expect(failures).toBeGreaterThan(8);
    const written = openCatalog(dir).dataset('lean');
    expect(written.span(ESZ, '1m')!.rows).toBe(4);
    expect(readdirSync(written.folder)).not.toContain('write.lock');
  });
});
