/**
 * Roll rules against recorded answers: LEAN's mapping of four products, its open interest and volumes of one roll, the
 * rolls of pyfutures' micro E-mini, pysystemtrade's approximate dates. Needs the reference data; skips without.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import type { ContractSpec } from '../../src/core/instrument.ts';
import type { RollRecord, RollRule, RollSchedule } from '../../src/core/roll.ts';
import { gapOf } from '../../src/core/roll.ts';
import { parseRollRule } from '../../src/core/rolls/syntax.ts';
import { rollWindow } from '../../src/core/rolls/window.ts';
import { compareContractMonth, monthOfLetter, toContractId } from '../../src/core/symbology.ts';
import { addDays, parseTradeDate, toCivilDate, toIsoDate } from '../../src/core/trade-date.ts';
import type { TradeDate, TsUs } from '../../src/core/units.ts';
import { parseTsUs, US_PER_DAY } from '../../src/core/units.ts';
import {
  checkLeanFactors,
  forwardDifferenceOf,
  leanFactorAt,
  leanGaps,
  leanMappedAt,
  leanRolls,
  parseLeanFactorFile,
  parseLeanMapFile,
} from '../../src/data/ingest/lean-maps.ts';
import { parseMultiplePrices } from '../../src/data/ingest/multiple-prices.ts';
import { loadInstruments } from '../../src/data/instruments.ts';
import type { OpenInterestReadings, RollInput, SessionCloses } from '../../src/data/roll.ts';
import { buildRollSchedule } from '../../src/data/roll.ts';
import {
  NO_REFERENCE_DATA,
  readReferenceCsv,
  referenceDataDir,
} from '../support/reference-data.ts';
import { readZipText } from '../support/zip.ts';

const root = join(import.meta.dirname, '../..');
const reference = referenceDataDir();
const lean = join(reference ?? '', 'lean');
const pyfutures = join(reference ?? '', 'pyfutures');
const pysystemtrade = join(reference ?? '', 'pysystemtrade');
const title = (name: string): string =>
  reference === null ? `${name} (${NO_REFERENCE_DATA})` : name;
const calendars = createCalendars();
const specs = loadInstruments(join(root, 'catalog/instruments'));

/** Monday to Friday: enough where only the order of days matters. */
const weekdays = {
  addBusinessDays: (date: TradeDate, days: number): TradeDate => {
    let at = date;
    for (let left = Math.abs(days); left > 0;) {
      at = addDays(at, Math.sign(days));
      if (((((at + 4) % 7) + 7) % 7) % 6 !== 0) left -= 1;
    }
    return at;
  },
  tradeDateOf: (us: TsUs): TradeDate => Math.floor(us / US_PER_DAY) as TradeDate,
};

function contractOf(
  name: string,
  year: number,
  month: number,
  lastTradeDate: TradeDate,
): ContractSpec {
  return {
    id: toContractId(name, year, month),
    root: name,
    year,
    month,
    dates: {
      kind: 'exact',
      lastTradeDate,
      lastTradeUs: ((lastTradeDate + 1) * US_PER_DAY) as TsUs,
      firstNoticeDate: null,
    },
  };
}

function closesOf(rows: readonly (readonly [number, number, number])[]): SessionCloses {
  return {
    length: rows.length,
    closeUs: Float64Array.from(rows, (row) => row[0]),
    close: Float64Array.from(rows, (row) => row[1]),
    volume: Float64Array.from(rows, (row) => row[2]),
  };
}

/** The rows of one file inside a zip archive. */
function zipped(path: string, name: string): string[][] {
  const text = readZipText(readFileSync(join(lean, 'future', path)), name);
  return text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));
}

describe.skipIf(reference === null)(title('the mapping files of LEAN'), () => {
  const files = [
    ['cme', 'ES'],
    ['comex', 'GC'],
    ['hkfe', 'HSI'],
    ['eurex', 'FESX'],
  ] as const;
  const textOf = (market: string, kind: string, name: string): string =>
    readFileSync(join(lean, 'future', market, kind, `${name.toLowerCase()}.csv`), 'utf8');
  const mapsOf = (market: string, name: string) =>
    parseLeanMapFile(textOf(market, 'map_files', name), name);

  it('are read as the decoded table has them, expiries out of the identifiers', () => {
    const rows = files.flatMap(([market, name]) =>
      mapsOf(market, name).map((row) =>
        [
          market,
          row.root.toLowerCase(),
          toIsoDate(row.lastMapped),
          row.mode,
          toIsoDate(row.expiry),
        ].join(),
      ),
    );
    const decoded = readReferenceCsv(lean, 'map_files_decoded.csv').map((row) =>
      [
        row['market'],
        row['root'],
        row['last_mapped_date'],
        row['mapping_mode'],
        row['contract_expiry'],
      ].join(),
    );
    expect(rows.toSorted()).toEqual(decoded.toSorted());
    expect(rows.length).toBeGreaterThan(280);
  });

  it.each(files)(
    'of %s %s are what the rules last-day and first-day give, on every day',
    (market, name) => {
      const maps = mapsOf(market, name);
      for (const [mode, rule] of [
        [0, 'lean:0'],
        [1, 'lean:1'],
      ] as const) {
        for (const run of chainsOf(maps.filter((row) => row.mode === mode))) {
          const chain = run.map(({ expiry }) => {
            const { year, month } = toCivilDate(expiry);
            return contractOf(name, year, month, expiry);
          });
          const [from, to] = [addDays(run[0]!.lastMapped, -30), run.at(-1)!.lastMapped];
          const schedule = buildRollSchedule({
            root: name,
            chain: [...chain, contractOf(name, 2099, 12, parseTradeDate('2099-12-20'))],
            rule: parseRollRule(rule),
            calendar: weekdays,
            from,
            to,
            tradeDateOf: (us: number) => Math.floor(us / US_PER_DAY) as TradeDate,
            dailyCloses: () => everyWeekday(from, to),
          } as unknown as RollInput);
          // A day is compared where LEAN's own table, not its placeholder or a hole of the sample, says what is mapped.
          let days = 0;
          for (let date = from; date <= to; date = addDays(date, 1)) {
            if (weekdays.addBusinessDays(addDays(date, 1), -1) !== date) continue;
            const mapped = leanMappedAt(maps, mode, date)!;
            const { year, month } = toCivilDate(mapped.expiry);
            const held =
              schedule.held[schedule.rolls.filter((roll) => roll.tradeDate < date).length]!;
            const expected = chain.findIndex((c) => compareContractMonth(c, { year, month }) === 0);
            expect(`${toIsoDate(date)} ${held}`).toBe(`${toIsoDate(date)} ${expected}`);
            days += 1;
          }
          expect(days).toBeGreaterThan(15);
        }
      }
    },
  );

  /** Runs of neighbouring rows: the sample of GC has a hole of years. */
  function chainsOf<T extends { readonly lastMapped: TradeDate }>(rows: readonly T[]): T[][] {
    const runs: T[][] = [];
    for (const row of rows) {
      const before = runs.at(-1)?.at(-1);
      if (before === undefined || row.lastMapped - before.lastMapped > 150) runs.push([row]);
      else runs.at(-1)!.push(row);
    }
    return runs;
  }

  function everyWeekday(from: TradeDate, to: TradeDate): SessionCloses {
    const rows: [number, number, number][] = [];
    for (let date = from; date <= to; date = weekdays.addBusinessDays(date, 1))
      rows.push([date * US_PER_DAY + 80_000_000_000, 1, 1]);
    return closesOf(rows);
  }

  it.each(files)('of %s %s given as a calendar roll on the last mapped session', (market, name) => {
    const maps = mapsOf(market, name);
    for (const mode of [0, 1, 2, 3] as const) {
      for (const roll of leanRolls(maps, mode, weekdays)) {
        const mapped = leanMappedAt(maps, mode, roll.tradeDate!)!;
        expect(mapped.lastMapped - roll.tradeDate!).toBeLessThan(3);
        expect(compareContractMonth(monthOf(roll.from), monthOf(roll.to))).toBeLessThan(0);
      }
    }
  });

  it('name the contracts that our own expiry rules date, but for days that they take as sessions', () => {
    const other: string[] = [];
    let same = 0;
    for (const [market, name] of files) {
      if (name === 'HSI') continue;
      for (const { expiry, mode } of mapsOf(market, name)) {
        if (mode !== 0) continue;
        const { year, month } = toCivilDate(expiry);
        const own = calendars.contractDates(specs.get(name)!, year, month).lastTradeDate;
        if (own === expiry) same += 1;
        else other.push(`${name} ${toIsoDate(expiry)} ${toIsoDate(own)}`);
      }
    }
    expect(same).toBeGreaterThan(70);
    // Weekend days among them: their expiry functions knew no holiday there.
    expect(other.length).toBeLessThan(10);
  });

  it('have factors that are applied, and faults that are found', () => {
    const factors = parseLeanFactorFile(textOf('cme', 'factor_files', 'ES'), 'es.csv');
    const at = (text: string, column: 'backDifference' | 'backRatio'): number =>
      leanFactorAt(factors, 0, parseTradeDate(text), column);
    // A line holds up to and including its date: the first line whose date is not before the one asked for.
    const lines = textOf('cme', 'factor_files', 'ES')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as FactorLine)
      .filter((line) => line.DataMappingMode === 0);
    const said = (date: string): FactorLine =>
      lines.find((line) => line.Date.slice(0, 10) >= date)!;
    for (const date of ['2009-12-17', '2009-12-18', '2010-03-18', '2010-06-17']) {
      expect(at(date, 'backDifference')).toBe(said(date).BackwardsPanamaCanalScale[0]);
      expect(at(date, 'backRatio')).toBe(said(date).BackwardsRatioScale[0]);
    }
    expect(at('2009-12-18', 'backDifference')).not.toBe(at('2009-12-17', 'backDifference'));
    expect(at('2010-03-18', 'backDifference')).toBe(at('2009-12-18', 'backDifference'));
    expect(at('2030-01-02', 'backDifference')).toBe(0);
    expect(at('2030-01-02', 'backRatio')).toBe(1);
    expect(leanGaps(factors, 0)[0]).toEqual({
      date: parseTradeDate('2009-12-17'),
      gap: at('2009-12-17', 'backDifference') - at('2009-12-18', 'backDifference'),
    });
    const maps = mapsOf('cme', 'ES');
    const kinds = (market: string, name: string): string[] =>
      checkLeanFactors(
        parseLeanFactorFile(textOf(market, 'factor_files', name), name),
        market === 'cme' ? maps : [],
      ).map((each) => `${each.mode} ${each.kind}`);
    expect(kinds('cme', 'ES')).toEqual([
      '0 forward-out-of-step',
      '1 forward-out-of-step',
      '2 forward-out-of-step',
      '2 placeholder',
      '3 forward-out-of-step',
      '3 placeholder',
    ]);
    expect(kinds('comex', 'GC')).toContain('0 not-closed');
    expect(kinds('eurex', 'FESX')).toContain('0 forward-wrong');
    // Worked out anew: back less forward is one constant, which the published columns are not.
    const forward = forwardDifferenceOf(factors, 0);
    const back = factors.filter((row) => row.mode === 0).map((row) => row.backDifference[0]!);
    for (const [i, { factor }] of forward.entries())
      expect(back[i]! - factor).toBeCloseTo(back[0]!, 9);
  });

  it('are refused with line and reason where a line is damaged', () => {
    expect(() =>
      parseLeanMapFile('18991230,es,CME\n2013121,es vmklfzih2mtd,CME,0', 'es.csv'),
    ).toThrow('es.csv, line 2: "2013121" is not a date');
    expect(() => parseLeanMapFile('20131219,es vmklfzih2mtd,CME,4', 'es.csv')).toThrow(
      'mapping mode "4"',
    );
    expect(() =>
      parseLeanFactorFile('{"Date":"2013-12-19","DataMappingMode":0}', 'es.csv'),
    ).toThrow('BackwardsRatioScale');
    expect(() => parseLeanFactorFile('x', 'es.csv')).toThrow('line 1: the line is not JSON');
  });
});

/** What one line of a LEAN factor file says, as far as it is compared. */
interface FactorLine {
  readonly Date: string;
  readonly DataMappingMode: number;
  readonly BackwardsPanamaCanalScale: readonly number[];
  readonly BackwardsRatioScale: readonly number[];
}

function monthOf(id: string): { year: number; month: number } {
  return { year: Number(id.slice(-4)), month: monthOfLetter(id.slice(-5, -4)) };
}

describe.skipIf(reference === null)(title('ES December 2013 to March 2014, real data'), () => {
  const spec = specs.get('ES')!;
  const calendar = calendars.forInstrument(spec);
  const chain = [
    [2013, 12],
    [2014, 3],
    [2014, 6],
  ].map(([year, month]) => ({
    id: toContractId('ES', year!, month!),
    root: 'ES',
    year: year!,
    month: month!,
    dates: calendars.contractDates(spec, year!, month!),
  }));
  const yyyymm = (contract: ContractSpec): string =>
    `${contract.year}${String(contract.month).padStart(2, '0')}`;
  const dateOfLabel = (text: string): TradeDate =>
    parseTradeDate(`${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`);

  function closesOfContract(contract: ContractSpec): SessionCloses {
    const rows = zipped('cme/daily/es_trade.zip', `es_trade_${yyyymm(contract)}.csv`);
    return closesOf(
      rows.flatMap(([label, , , , close, volume]) => {
        const sessions = calendar.sessions(dateOfLabel(label!), dateOfLabel(label!));
        // A Sunday's rows are the first hours of Monday's session.
        if (sessions.length === 0) return [];
        return [[sessions.closeUs[0]!, Number(close) / 0.25, Number(volume)] as const];
      }),
    );
  }

  /** The figures of the days that have them; a daily label is known at the end of its day. */
  function readingsOf(contract: ContractSpec): OpenInterestReadings {
    const byUs = new Map<number, number>();
    const daily = zipped(
      'cme/daily/es_openinterest.zip',
      `es_openinterest_${yyyymm(contract)}.csv`,
    );
    const days = new Set(['20131118', '20131202', '20131218', '20131220']);
    for (const [label, value] of daily)
      if (!days.has(label!.slice(0, 8)))
        byUs.set((dateOfLabel(label!) + 1) * US_PER_DAY, Number(value));
    for (const day of days)
      for (const [ms, value] of zipped(
        `cme/minute/es/${day}_openinterest.zip`,
        `${day}_es_minute_openinterest_${yyyymm(contract)}.csv`,
      ))
        byUs.set(dateOfLabel(day) * US_PER_DAY + Number(ms) * 1000, Number(value));
    const rows = [...byUs].sort((a, b) => a[0] - b[0]);
    return {
      length: rows.length,
      knownUs: Float64Array.from(rows, (row) => row[0]),
      openInterest: Float64Array.from(rows, (row) => row[1]),
    };
  }

  function firstRoll(text: string): RollRecord {
    const closes = chain.map(closesOfContract);
    return buildRollSchedule({
      root: 'ES',
      chain,
      rule: parseRollRule(text),
      calendar,
      dailyCloses: (index) => closes[index]!,
      openInterest: (index) => readingsOf(chain[index]!),
      from: parseTradeDate('2013-10-07'),
      to: parseTradeDate('2013-12-20'),
    }).rolls[0]!;
  }

  /** Trade date of the last December session: the roll's own, or the one before a roll inside a session. */
  function lastOfOld(roll: RollRecord): string {
    const closes = closesOfContract(chain[0]!);
    const row = closes.closeUs.findLastIndex((us) => us <= roll.effectiveUs);
    return toIsoDate(calendar.tradeDateOf((closes.closeUs[row]! - 1) as TsUs));
  }

  /** What the file has for the session of that date: its close in ticks, and its volume. */
  function rowOf(contract: ContractSpec, date: string): { close: number; volume: number } {
    const { closeUs } = calendar.sessions(parseTradeDate(date), parseTradeDate(date));
    const closes = closesOfContract(contract);
    const row = closes.closeUs.indexOf(closeUs[0]!);
    expect(row).toBeGreaterThanOrEqual(0);
    return { close: closes.close[row]!, volume: closes.volume[row]! };
  }

  it.each([
    ['first-day', '2013-11-29'],
    ['volume:1', '2013-12-13'],
    ['calendar:5d@last-trade', '2013-12-13'],
    ['lean:2', '2013-12-17'],
    ['last-day', '2013-12-19'],
  ])('%s keeps December up to %s, at the gap of its closes', (text, last) => {
    const roll = firstRoll(text);
    expect(lastOfOld(roll)).toBe(last);
    expect(gapOf(roll)).toBe(rowOf(chain[1]!, last).close - rowOf(chain[0]!, last).close);
  });

  it('open interest decides the morning it is published, at the prices of the close before', () => {
    const roll = firstRoll('lean:2');
    expect(roll.effectiveUs).toBe(parseTsUs('2013-12-18T07:07:00Z'));
    expect(roll.pricesUs).toBeLessThan(roll.effectiveUs);
    const published = (contract: ContractSpec): number => {
      const { knownUs, openInterest } = readingsOf(contract);
      return openInterest[knownUs.findLastIndex((us) => us <= roll.effectiveUs)]!;
    };
    expect(roll.evidence).toMatchObject({
      trigger: 'condition',
      fromOpenInterest: published(chain[0]!),
      toOpenInterest: published(chain[1]!),
    });
    const closes = chain.slice(0, 2).map((contract) => rowOf(contract, '2013-12-17').close);
    expect([roll.fromPrice, roll.toPrice]).toEqual(closes);
  });

  it('volume crosses at the totals of 13 December', () => {
    const [from, to] = chain.slice(0, 2).map((contract) => rowOf(contract, '2013-12-13').volume);
    expect(from!).toBeLessThan(to!);
    expect(firstRoll('volume:1').evidence).toMatchObject({ fromVolume: from, toVolume: to });
  });
});

describe.skipIf(reference === null)(title('micro E-mini of pyfutures'), () => {
  const months: readonly (readonly [number, number])[] = [
    [2021, 12],
    [2022, 3],
    [2022, 6],
    [2022, 9],
    [2022, 12],
  ];
  const chain = months.map(([year, month]) => ({
    id: toContractId('MES', year, month),
    root: 'MES',
    year,
    month,
    dates: calendars.contractDates(specs.get('MES') ?? specs.get('ES')!, year, month),
  }));
  const nameOf = (contract: ContractSpec): string => `${contract.year}${contract.id.slice(-5, -4)}`;

  function schedule(text: string): RollSchedule {
    return buildRollSchedule({
      root: 'MES',
      chain,
      rule: parseRollRule(text),
      calendar: calendars.forInstrument(specs.get('ES')!),
      tradeDateOf: (us) => Math.floor(us / US_PER_DAY) as TradeDate,
      dailyCloses: (index) =>
        closesOf(
          readReferenceCsv(pyfutures, `bars/MES_${nameOf(chain[index]!)}.csv`).map((row) => [
            parseTsUs(row['ts_event']!),
            Number(row['close']),
            NaN,
          ]),
        ),
      from: parseTradeDate('2020-09-01'),
      to: parseTradeDate('2022-12-14'),
    });
  }

  it('rolls when and at what prices the expected list says, in its windows', () => {
    const expected = readReferenceCsv(pyfutures, 'expected/MES_rolls.csv');
    const { rolls } = schedule('approx:-5,15,exclusive');
    expect(rolls.length).toBe(4);
    for (const [i, roll] of rolls.entries()) {
      const row = expected[i]!;
      expect(roll.effectiveUs).toBe(parseTsUs(row['roll_ts']!));
      expect(nameOf(chain[roll.fromIndex]!)).toBe(row['from_contract']);
      expect(nameOf(chain[roll.toIndex]!)).toBe(row['to_contract']);
      expect([roll.fromPrice, roll.toPrice]).toEqual([
        Number(row['from_close']),
        Number(row['to_close']),
      ]);
      expect(gapOf(roll)).toBe(Number(row['difference']));
      expect(roll.toPrice / roll.fromPrice).toBeCloseTo(Number(row['ratio']), 9);
      expect(toIsoDate(roll.window!.opens)).toBe(row['window_start']);
      expect(toIsoDate(roll.window!.ends)).toBe(row['window_end']);
    }
  });

  it('says of the same expiry as a last day that it is one day earlier', () => {
    const [inclusive, exclusive] = ['approx:-5,14', 'approx:-5,15,exclusive'].map((text) =>
      rollWindow(parseRollRule(text), chain[0]!, weekdays),
    );
    expect(inclusive!.ends).toBe(exclusive!.ends);
    expect(inclusive!.opens).toBe(exclusive!.opens - 1);
  });
});

describe.skipIf(reference === null)(title('approximate dates of pysystemtrade'), () => {
  const codes = (): string[] => [
    ...new Set(
      readReferenceCsv(pysystemtrade, 'expected_rolls.csv').map((row) => row['instrument']!),
    ),
  ];
  const config = new Map(
    reference === null
      ? []
      : readReferenceCsv(pysystemtrade, 'config/rollconfig.csv').map((row) => [
          row['Instrument']!,
          row,
        ]),
  );
  const ruleOf = (code: string): RollRule =>
    parseRollRule(
      `approx:${config.get(code)!['RollOffsetDays']},${config.get(code)!['ExpiryOffset']}`,
    );
  /** No exact expiry: the approximate one stands alone. */
  const loose = (id: number): ContractSpec =>
    contractOf('X', Math.floor(id / 100), id % 100, parseTradeDate('2199-12-31'));

  it('are the desired dates of the two worked examples', () => {
    const day = (code: string, id: number): string =>
      toIsoDate(rollWindow(ruleOf(code), loose(id), weekdays).desired!);
    expect(day('US10', 202_312)).toBe('2023-11-25');
    expect(day('CRUDE_W_mini', 202_311)).toBe('2023-09-11');
  });

  it('lie a day or two before the recorded rolls for most instruments, as the data say', () => {
    const medians = new Map<string, number>();
    const rows = readReferenceCsv(pysystemtrade, 'expected_rolls.csv');
    for (const code of codes()) {
      const days = rows
        .filter((row) => row['instrument'] === code)
        .map((row) => {
          const { desired } = rollWindow(
            ruleOf(code),
            loose(Math.floor(Number(row['from_contract']) / 100)),
            weekdays,
          );
          return parseTradeDate(row['last_row_of_old_contract']!.slice(0, 10)) - desired!;
        })
        .toSorted((a, b) => a - b);
      medians.set(code, days[Math.floor(days.length / 2)]!);
    }
    const near = [...medians.values()].filter((days) => days >= -1 && days <= 3);
    expect(near.length).toBeGreaterThanOrEqual(8);
  });

  it('moved to the nearest common price give dates beside the published calendars, and look ahead', () => {
    const found: Record<string, number> = {};
    for (const code of ['SP500', 'US10', 'EUR', 'EUROSTX', 'KR3']) {
      const path = join(pysystemtrade, 'multiple_prices', `${code}.csv`);
      const bytes = readFileSync(existsSync(path) ? path : `${path}.gz`);
      const prices = parseMultiplePrices(bytes[0] === 0x1f ? gunzipSync(bytes) : bytes, code);
      const samples = new Map<number, Map<number, number>>();
      const cells = [
        [prices.priceContract, prices.price],
        [prices.forwardContract, prices.forward],
        [prices.carryContract, prices.carry],
      ] as const;
      for (let row = 0; row < prices.length; row += 1)
        for (const [contracts, column] of cells) {
          if (Number.isNaN(column[row]!)) continue;
          const own = samples.get(contracts[row]!) ?? new Map<number, number>();
          own.set(prices.labelUs[row]!, column[row]!);
          samples.set(contracts[row]!, own);
        }
      const chain = [...samples.keys()].toSorted((a, b) => a - b).map(loose);
      const dateOf = (us: number): TradeDate => Math.floor(us / US_PER_DAY) as TradeDate;
      const schedule = buildRollSchedule({
        root: 'X',
        chain,
        rule: { kind: 'nearest-date', base: ruleOf(code) as never },
        calendar: weekdays as never,
        tradeDateOf: dateOf,
        from: parseTradeDate('1970-01-01'),
        to: parseTradeDate('2023-08-31'),
        dailyCloses: (index) => {
          const own = [...samples.get(chain[index]!.year * 100 + chain[index]!.month)!];
          return closesOf(own.map(([us, price]) => [us, price, NaN]));
        },
      });
      expect(schedule.looksAhead).toBe(true);
      expect(schedule.rolls.every((roll) => roll.looksAhead === true)).toBe(true);
      const ours = new Map(schedule.rolls.map((roll) => [roll.from.slice(-5), roll.tradeDate]));
      let near = 0;
      let compared = 0;
      for (const row of readReferenceCsv(pysystemtrade, `roll_calendars/${code}.csv`)) {
        const id = Math.floor(Number(row['current_contract']) / 100);
        const own = ours.get(loose(id).id.slice(-5));
        if (own === undefined) continue;
        compared += 1;
        if (Math.abs(own - parseTradeDate(row['DATE_TIME']!.slice(0, 10))) <= 4) near += 1;
      }
      found[code] = Math.round((100 * near) / compared);
    }
    // US10's oldest rolls were made with other parameters.
    expect(found['SP500']).toBeGreaterThanOrEqual(95);
    expect(found['EUR']).toBeGreaterThanOrEqual(95);
    expect(found['EUROSTX']).toBeGreaterThanOrEqual(90);
    expect(found['KR3']).toBeGreaterThanOrEqual(90);
    expect(found['US10']).toBeGreaterThanOrEqual(75);
  });
});
