import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import type { BarColumns } from '../../src/core/bars.ts';
import { TradingError } from '../../src/core/errors.ts';
import { parseTradeDate } from '../../src/core/trade-date.ts';
import { US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from '../../src/core/units.ts';
import type { TsUs } from '../../src/core/units.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { loadInstruments } from '../../src/data/instruments.ts';
import { buildRollSchedule, defaultRollRule, holdChain } from '../../src/data/roll.ts';
import { generateSample } from '../../src/data/sample-dataset.ts';
import { SAMPLE_PRODUCTS } from '../../src/data/sample-model.ts';
import { gaussAt, streamKey, uniformAt } from '../../src/data/sample-random.ts';
import { sampleSegments } from '../../src/data/sample.ts';
import type { SampleOptions, SampleSegment } from '../../src/data/sample.ts';
import { PlainCalendar, PlainCalendars, plainInstrument } from '../support/plain-calendar.ts';

const date = parseTradeDate;
const specs = loadInstruments(join(import.meta.dirname, '../../catalog/instruments'));
const instruments = SAMPLE_PRODUCTS.map(({ root }) => specs.get(root)!);
const calendars = createCalendars();
const base: SampleOptions = { instruments, calendars };

/** All segments of one contract and interval as one. */
function join2(segments: readonly SampleSegment[], contract: string, interval: string): BarColumns {
  const parts = segments.filter((s) => s.contract === contract && s.interval === interval);
  const pick = (name: Exclude<keyof BarColumns, 'length'>): Float64Array =>
    Float64Array.from(parts.flatMap(({ bars }) => Array.from(bars[name])));
  return {
    length: parts.reduce((rows, { bars }) => rows + bars.length, 0),
    openUs: pick('openUs'),
    closeUs: pick('closeUs'),
    open: pick('open'),
    high: pick('high'),
    low: pick('low'),
    close: pick('close'),
    volume: pick('volume'),
  };
}

/** SHA-256 over ids and the little-endian bytes of every column. */
function checksum(segments: Iterable<SampleSegment>): string {
  const hash = createHash('sha256');
  for (const { contract, interval, year, bars } of segments) {
    hash.update(`${contract}/${interval}/${year}/${bars.length}\n`);
    for (const column of [
      bars.openUs,
      bars.closeUs,
      bars.volume,
      bars.open,
      bars.high,
      bars.low,
      bars.close,
    ]) {
      const view = new DataView(new ArrayBuffer(8 * bars.length));
      for (let i = 0; i < bars.length; i += 1) view.setFloat64(8 * i, column[i]!, true);
      hash.update(new Uint8Array(view.buffer));
    }
  }
  return hash.digest('hex');
}

function moments(values: readonly number[]): { sd: number; kurtosis: number } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  let [second, fourth] = [0, 0];
  for (const x of values) {
    const square = (x - mean) * (x - mean);
    second += square;
    fourth += square * square;
  }
  const variance = second / values.length;
  return { sd: Math.sqrt(variance), kurtosis: fourth / values.length / (variance * variance) - 3 };
}

function autocorrelation(values: readonly number[], lag: number): number {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  let [own, lagged] = [0, 0];
  for (let i = 0; i < values.length; i += 1) {
    own += (values[i]! - mean) * (values[i]! - mean);
    if (i >= lag) lagged += (values[i]! - mean) * (values[i - lag]! - mean);
  }
  return lagged / own;
}

const returnsOf = (bars: BarColumns): number[] =>
  Array.from({ length: bars.length - 1 }, (_, i) => bars.close[i + 1]! / bars.close[i]! - 1);

/** Five months of minutes of three products: enough for a whole front contract of each. */
const spring: SampleOptions = {
  ...base,
  products: ['ES', 'NQ', 'CL'],
  from: date('2022-12-01'),
  to: date('2023-04-28'),
  minuteFrom: date('2022-12-01'),
};
const segments = [...sampleSegments(spring)];
const front = join2(segments, 'ESH2023', '1m');

describe('the sample market', () => {
  it('has fat tails: excess kurtosis of one-minute returns above 3', () => {
    for (const contract of ['ESH2023', 'NQH2023', 'CLH2023'])
      expect(moments(returnsOf(join2(segments, contract, '1m'))).kurtosis).toBeGreaterThan(3);
  });

  it('remembers its volatility: absolute returns still correlate at lag 100, returns themselves do not', () => {
    const returns = returnsOf(front);
    const band = 1.96 / Math.sqrt(returns.length);
    expect(autocorrelation(returns.map(Math.abs), 100)).toBeGreaterThan(5 * band);
    expect(Math.abs(autocorrelation(returns, 100))).toBeLessThan(3 * band);
  });

  it('remembers across days: the range of a day says something about that of the next week', () => {
    const ranges = SAMPLE_PRODUCTS.map(({ root }) => {
      const days = [
        ...sampleSegments({
          ...base,
          products: [root],
          intervals: ['1d'],
          minuteFrom: date('2030-01-01'),
          from: date('2018-01-02'),
          to: date('2019-12-31'),
        }),
      ];
      const contracts = [...new Set(days.map((s) => s.contract))].slice(0, -2);
      const all = contracts.flatMap((contract) =>
        returnsOf(join2(days, contract, '1d')).slice(-60),
      );
      return autocorrelation(all.map(Math.abs), 5);
    });
    expect(ranges.reduce((sum, x) => sum + x, 0) / ranges.length).toBeGreaterThan(0.05);
  });

  it('is as volatile as each product is meant to be', () => {
    for (const { root, volatility } of SAMPLE_PRODUCTS) {
      const days = [
        ...sampleSegments({
          ...base,
          products: [root],
          intervals: ['1d'],
          minuteFrom: date('2030-01-01'),
        }),
      ];
      const contracts = [...new Set(days.map((s) => s.contract))];
      const returns = contracts.flatMap((contract) => returnsOf(join2(days, contract, '1d')));
      const year = moments(returns).sd * Math.sqrt(252);
      expect(year / volatility).toBeGreaterThan(0.6);
      expect(year / volatility).toBeLessThan(1.6);
    }
  });

  it('is busiest in the busy hours', () => {
    const [busy, night] = [
      [0, 0],
      [0, 0],
    ];
    for (let i = 1; i < front.length; i += 1) {
      const hour = Math.floor((front.openUs[i]! % US_PER_DAY) / US_PER_HOUR);
      const into = hour === 15 ? busy : hour === 4 ? night : null;
      if (into === null) continue;
      into[0]! += front.volume[i]!;
      into[1]! += (front.close[i]! / front.close[i - 1]! - 1) ** 2;
    }
    expect(busy[0]!).toBeGreaterThan(5 * night[0]!);
    expect(busy[1]!).toBeGreaterThan(2 * night[1]!);
  });

  it('moves related products together', () => {
    const nasdaq = join2(segments, 'NQH2023', '1h');
    const sp = join2(segments, 'ESH2023', '1h');
    const byTime = new Map(Array.from(nasdaq.closeUs, (us, i) => [us, i]));
    let [xy, xx, yy] = [0, 0, 0];
    for (let i = 1; i < sp.length; i += 1) {
      const j = byTime.get(sp.closeUs[i]!);
      if (j === undefined || j === 0) continue;
      const [x, y] = [
        sp.close[i]! / sp.close[i - 1]! - 1,
        nasdaq.close[j]! / nasdaq.close[j - 1]! - 1,
      ];
      xy += x * y;
      xx += x * x;
      yy += y * y;
    }
    expect(xy / Math.sqrt(xx * yy)).toBeGreaterThan(0.6);
  });

  it('jumps over weekends', () => {
    const gaps: number[] = [];
    const steps: number[] = [];
    for (let i = 1; i < front.length; i += 1) {
      const jump = Math.abs(front.open[i]! / front.close[i - 1]! - 1);
      if (front.openUs[i]! - front.closeUs[i - 1]! > US_PER_DAY) gaps.push(jump);
      else steps.push(jump);
    }
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, x) => sum + x, 0) / values.length;
    expect(gaps.length).toBeGreaterThan(8);
    expect(mean(gaps)).toBeGreaterThan(10 * mean(steps));
  });

  it('has whole positive prices and volumes in bars that hold together', () => {
    for (const { bars } of segments) {
      for (let i = 0; i < bars.length; i += 1) {
        const [open, high, low, close] = [
          bars.open[i]!,
          bars.high[i]!,
          bars.low[i]!,
          bars.close[i]!,
        ];
        const isBar =
          low >= 1 &&
          low <= Math.min(open, close) &&
          high >= Math.max(open, close) &&
          Number.isInteger(bars.volume[i]) &&
          bars.volume[i]! >= 1 &&
          bars.openUs[i]! < bars.closeUs[i]! &&
          (i === 0 || bars.openUs[i]! >= bars.closeUs[i - 1]!);
        if (!isBar) expect.fail(`bar ${i} of ${bars.closeUs[i]} is not a bar`);
      }
      expect(bars.open).toBeInstanceOf(Int32Array);
    }
  });

  it('trades only while the calendar is open, and has one daily bar a trade date', () => {
    const calendar = calendars.forInstrument(specs.get('ES')!);
    for (let i = 0; i < front.length; i += 97)
      expect(calendar.isOpen(front.openUs[i]! as TsUs)).toBe(true);
    const days = join2(segments, 'ESM2023', '1d');
    const dates = Array.from(days.openUs, (us) => calendar.tradeDateOf(us as TsUs));
    const all = calendar.sessions(dates[0]!, dates.at(-1)!);
    expect(dates).toEqual([...new Set(all.tradeDate)]);
  });

  it('folds hours exactly from minutes and days exactly from hours', () => {
    for (const [contract, fine, coarse] of [
      ['ESH2023', '1m', '1h'],
      ['CLG2023', '1m', '1h'],
      ['ESH2023', '1h', '1d'],
      ['CLH2023', '1h', '1d'],
    ] as const) {
      const [small, large] = [join2(segments, contract, fine), join2(segments, contract, coarse)];
      let [at, compared] = [0, 0];
      for (let row = 0; row < large.length; row += 1) {
        while (at < small.length && small.openUs[at]! < large.openUs[row]!) at += 1;
        if (at === small.length || large.closeUs[row]! <= small.openUs[at]!) continue;
        const start = at;
        while (at < small.length && small.openUs[at]! < large.closeUs[row]!) at += 1;
        const part = {
          high: small.high.subarray(start, at),
          low: small.low.subarray(start, at),
          volume: small.volume.subarray(start, at),
        };
        expect([
          large.open[row],
          large.high[row],
          large.low[row],
          large.close[row],
          large.volume[row],
        ]).toEqual([
          small.open[start],
          Math.max(...part.high),
          Math.min(...part.low),
          small.close[at - 1],
          part.volume.reduce((sum, x) => sum + x, 0),
        ]);
        expect(large.closeUs[row]!).toBeGreaterThanOrEqual(small.closeUs[at - 1]!);
        compared += 1;
      }
      expect(compared).toBeGreaterThan(20);
    }
  });

  it('moves its volume to the next contract once, 3 to 10 business days before last trade', () => {
    for (const root of ['ES', 'CL', 'ZN', 'ZC', 'GC', 'HG']) {
      const spec = specs.get(root)!;
      const calendar = calendars.forInstrument(spec);
      const span = { from: date('2021-01-04'), to: date('2022-12-30') };
      const days = [
        ...sampleSegments({
          ...base,
          ...span,
          products: [root],
          intervals: ['1d'],
          minuteFrom: date('2030-01-01'),
        }),
      ];
      const chain = holdChain({ spec, calendars, ...span });
      for (let k = 1; chain[k]!.dates.lastTradeDate < span.to; k += 1) {
        const [old, next] = [join2(days, chain[k]!.id, '1d'), join2(days, chain[k + 1]!.id, '1d')];
        const volume = new Map(Array.from(next.openUs, (us, i) => [us, next.volume[i]!]));
        const from = calendar.addBusinessDays(chain[k]!.dates.lastTradeDate, -15);
        const crossed: boolean[] = [];
        const leads: number[] = [];
        for (let i = 0; i < old.length; i += 1) {
          const day = calendar.tradeDateOf(old.openUs[i]! as TsUs);
          if (day < from) continue;
          let lead = 0;
          while (calendar.addBusinessDays(day, lead) < chain[k]!.dates.lastTradeDate) lead += 1;
          leads.push(lead);
          crossed.push(volume.get(old.openUs[i]!)! > old.volume[i]!);
        }
        const first = crossed.indexOf(true);
        expect(crossed.slice(first).every(Boolean)).toBe(true);
        expect(leads[first]).toBeGreaterThanOrEqual(3);
        expect(leads[first]).toBeLessThanOrEqual(10);
      }
    }
  });

  it('lets a volume rule roll by volume, long before its deadline', () => {
    for (const root of ['ES', 'CL']) {
      const spec = specs.get(root)!;
      const span = { from: date('2021-01-04'), to: date('2022-12-30') };
      const days = [
        ...sampleSegments({
          ...base,
          ...span,
          products: [root],
          intervals: ['1d'],
          minuteFrom: date('2030-01-01'),
        }),
      ];
      const chain = holdChain({ spec, calendars, ...span, extra: 2 });
      const schedule = buildRollSchedule({
        root,
        chain,
        rule: { kind: 'volume', sessions: 1, deadlineDays: 1 },
        calendar: calendars.forInstrument(spec),
        dailyCloses: (index) => join2(days, chain[index]!.id, '1d'),
        ...span,
      });
      expect(schedule.rolls.length).toBeGreaterThanOrEqual(7);
      for (const roll of schedule.rolls) {
        expect(roll.reason).toContain('volume of the next contract above');
        const { dates } = chain.find(({ id }) => id === roll.from)!;
        expect(dates.lastTradeDate - roll.tradeDate).toBeGreaterThanOrEqual(3);
      }
    }
  });

  it('has three contracts alive, and a term structure that closes at expiry', () => {
    const ids = [...new Set(segments.filter((s) => s.root === 'ES').map((s) => s.contract))];
    expect(ids).toEqual(
      expect.arrayContaining(['ESZ2022', 'ESH2023', 'ESM2023', 'ESU2023', 'ESZ2023']),
    );
    const last = join2(segments, 'ESH2023', '1d').closeUs.at(-1)!;
    const march = calendars.contractDates(specs.get('ES')!, 2023, 3);
    expect(last).toBe(march.lastTradeUs);
  });

  it('gives rolls under the default rule of every product', () => {
    for (const spec of instruments) {
      const span = { from: date('2020-01-02'), to: date('2021-12-31') };
      const days = [
        ...sampleSegments({
          ...base,
          ...span,
          products: [spec.root],
          intervals: ['1d'],
          minuteFrom: date('2030-01-01'),
        }),
      ];
      const chain = holdChain({ spec, calendars, ...span, extra: 2 });
      const schedule = buildRollSchedule({
        root: spec.root,
        chain,
        rule: defaultRollRule(spec),
        calendar: calendars.forInstrument(spec),
        dailyCloses: (index) => join2(days, chain[index]!.id, '1d'),
        ...span,
      });
      expect(schedule.rolls.length).toBeGreaterThanOrEqual(7);
      expect(schedule.rolls.every((roll) => !roll.isInferred)).toBe(true);
    }
  });
});

describe('making the sample', () => {
  const small: SampleOptions = {
    ...base,
    products: ['ZN', 'CL'],
    from: date('2023-01-03'),
    to: date('2023-02-15'),
  };

  it('gives the same bytes for the same seed, other bytes for another', () => {
    const first = checksum(sampleSegments({ ...small, seed: 7 }));
    expect(checksum(sampleSegments({ ...small, seed: 7 }))).toBe(first);
    expect(checksum(sampleSegments({ ...small, seed: 8 }))).not.toBe(first);
  });

  it('makes each product alike whatever others are made and in which order', () => {
    const both = [...sampleSegments({ ...small, products: ['CL', 'ZN'] })];
    const alone = [...sampleSegments({ ...small, products: ['ZN'] })];
    expect(checksum(both.filter((s) => s.root === 'ZN'))).toBe(checksum(alone));
  });

  it('does not depend on where the span ends', () => {
    const whole = [...sampleSegments(small)];
    const part = [...sampleSegments({ ...small, to: date('2023-01-20') })];
    for (const { contract, interval, bars } of part) {
      const full = join2(whole, contract, interval);
      expect(Array.from(bars.close)).toEqual(Array.from(full.close.subarray(0, bars.length)));
      expect(Array.from(bars.volume)).toEqual(Array.from(full.volume.subarray(0, bars.length)));
    }
  });

  it('keeps the closes of hours whether minutes are made or not', () => {
    const without = [...sampleSegments({ ...small, minuteFrom: date('2030-01-01') })];
    const [a, b] = [
      join2([...sampleSegments(small)], 'ZNH2023', '1h'),
      join2(without, 'ZNH2023', '1h'),
    ];
    expect(Array.from(a.closeUs)).toEqual(Array.from(b.closeUs));
    expect(Array.from(a.close)).toEqual(Array.from(b.close));
    expect(without.some((s) => s.interval === '1m')).toBe(false);
  });

  it('merges a holiday session into the next trade date and stops for breaks', () => {
    const calendar = new PlainCalendar({ mergedHolidays: [date('2023-01-16')], pause: [13, 14] });
    const made = [
      ...sampleSegments({
        instruments: [plainInstrument('ES')],
        calendars: new PlainCalendars(calendar),
        products: ['ES'],
        from: date('2023-01-09'),
        to: date('2023-01-20'),
      }),
    ];
    const days = join2(made, 'ESH2023', '1d');
    expect(days.length).toBe(9);
    const row = days.openUs.indexOf(date('2023-01-16') * US_PER_DAY - US_PER_HOUR);
    expect(days.closeUs[row]).toBe(date('2023-01-17') * US_PER_DAY + 22 * US_PER_HOUR);
    const minutes = join2(made, 'ESH2023', '1m');
    const hours = new Set(
      Array.from(minutes.openUs, (us) => Math.floor((us % US_PER_DAY) / US_PER_HOUR)),
    );
    expect(hours.has(12) && hours.has(14)).toBe(true);
    expect(hours.has(13)).toBe(false);
  });

  it('reports its progress up to the end', () => {
    const seen: number[] = [];
    const list = [
      ...sampleSegments({ ...small, onProgress: ({ fraction }) => seen.push(fraction) }),
    ];
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(list.length).toBeGreaterThan(0);
  });

  it.each([
    ['an unknown product', { products: ['XX'] }, 'products'],
    ['a product twice', { products: ['ES', 'ES'] }, 'products'],
    [
      'a span that ends before it starts',
      { from: date('2023-01-03'), to: date('2023-01-02') },
      'from',
    ],
    ['a negative seed', { seed: -1 }, 'seed'],
    ['an interval it does not make', { intervals: ['5m'] }, 'intervals'],
  ] as const)('refuses %s', (_, options, field) => {
    try {
      Array.from(sampleSegments({ ...base, ...(options as Partial<SampleOptions>) }));
      expect.fail('nothing was thrown');
    } catch (error) {
      expect(error).toBeInstanceOf(TradingError);
      expect(error).toMatchObject({ code: 'E_SAMPLE_OPTION', details: { field } });
    }
  });

  it('draws near-normal numbers of mean 0 and variance 1, and uniform ones below 1', () => {
    const key = streamKey(1, 'test');
    const draws = Array.from({ length: 20_000 }, (_, i) => gaussAt(key, i));
    expect(draws.reduce((sum, x) => sum + x, 0) / draws.length).toBeCloseTo(0, 1);
    expect(moments(draws).sd).toBeCloseTo(1, 1);
    const uniform = Array.from({ length: 20_000 }, (_, i) => uniformAt(key, i));
    expect(uniform.every((x) => x >= 0 && x < 1)).toBe(true);
    expect(uniform.reduce((sum, x) => sum + x, 0) / uniform.length).toBeCloseTo(0.5, 1);
  });
});

describe('the sample as a dataset', () => {
  it('is labelled synthetic, reads back as made, and is replaced as a whole', () => {
    const folder = mkdtempSync(join(tmpdir(), 'frontmonth-sample-'));
    try {
      const catalog = openCatalog(folder, { sync: false });
      const options = {
        ...base,
        catalog,
        createdBy: 'test',
        products: ['ZC'],
        from: date('2023-01-03'),
        to: date('2023-01-31'),
      };
      const dataset = generateSample(options);
      expect(dataset.manifest).toMatchObject({
        name: 'sample',
        isSynthetic: true,
        volume: 'known',
        stamps: 'instants',
      });
      expect(dataset.manifest.description).toContain('Synthetic');
      const made = join2([...sampleSegments(options)], 'ZCH2023', '1m');
      const source = dataset.bars({ contract: dataset.contracts('ZC')[0]!, interval: '1m' });
      expect(dataset.contracts('ZC')[0]).toBe('ZCH2023');
      const batch = source.next()!;
      expect(Array.from(batch.close.subarray(0, batch.length))).toEqual(Array.from(made.close));
      expect(batch.closeUs[0]! - batch.openUs[0]!).toBe(US_PER_MINUTE);
      source.close();
      const again = generateSample(options);
      expect(again.manifest.checksum).toBe(dataset.manifest.checksum);
      const other = generateSample({ ...options, products: ['CL'] });
      expect(other.contracts('ZC')).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('never replaces real data of the same name', () => {
    const folder = mkdtempSync(join(tmpdir(), 'frontmonth-sample-'));
    try {
      const catalog = openCatalog(folder, { sync: false });
      catalog.createDataset({
        name: 'sample',
        createdBy: 'test',
        isSynthetic: false,
        description: 'real',
        source: 'test',
        grids: {},
        volume: 'known',
        stamps: 'instants',
        barStamp: 'close',
      });
      expect(() => generateSample({ ...base, catalog, createdBy: 'test' })).toThrow(/exists/);
      expect(catalog.dataset('sample').manifest.description).toBe('real');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
