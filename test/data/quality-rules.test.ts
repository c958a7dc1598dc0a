import { fc, test } from '@fast-check/vitest';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import type { BarColumns } from '../../src/core/bars.ts';
import type { ContractId } from '../../src/core/instrument.ts';
import { parseTradeDate } from '../../src/core/trade-date.ts';
import { US_PER_MINUTE } from '../../src/core/units.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { loadInstruments } from '../../src/data/instruments.ts';
import type { DatasetMeta } from '../../src/data/manifest.ts';
import { OutlierScan } from '../../src/data/quality-outliers.ts';
import type { DataReport } from '../../src/data/quality.ts';
import { checkDataset } from '../../src/data/quality.ts';
import { sliceColumns } from '../../src/data/segment-codec.ts';
import { renderQualityPage } from '../../src/research/quality-page/render.ts';
import { RULES } from '../../src/research/quality-page/rules.ts';
import { ISSUE_SEVERITY } from '../../src/data/quality.ts';
import { ES, metaOf, useTempFolder } from './support.ts';

const tempFolder = useTempFolder();
const OTHER = 'ESH2025' as ContractId;
const SPEC = loadInstruments(
  fileURLToPath(new URL('../../catalog/instruments', import.meta.url)),
).get('ES')!;
const CALENDAR = createCalendars().forInstrument(SPEC);

type Columns = {
  -readonly [K in keyof BarColumns]: BarColumns[K] extends number ? number : Float64Array;
};

/** Minutes of three sessions with prices that wander by the seed; every minute is there. */
function market(seed = 1, firstDate = '2024-03-05'): Columns {
  const from = parseTradeDate(firstDate);
  const { openUs, closeUs, length } = CALENDAR.sessions(from, (from + 2) as never);
  const starts: number[] = [];
  for (let s = 0; s < length; s += 1)
    for (let us = openUs[s]!; us < closeUs[s]!; us += US_PER_MINUTE) starts.push(us);
  let state = seed;
  const below = (range: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * range);
  };
  const column = (): Float64Array => new Float64Array(starts.length);
  const bars: Columns = {
    length: starts.length,
    openUs: Float64Array.from(starts),
    closeUs: Float64Array.from(starts, (us) => us + US_PER_MINUTE),
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
  };
  let price = 20_000;
  for (let i = 0; i < starts.length; i += 1) {
    bars.open[i] = price;
    price += below(7) - 3;
    bars.close[i] = price;
    bars.high[i] = Math.max(bars.open[i]!, price) + below(3);
    bars.low[i] = Math.min(bars.open[i]!, price) - below(3);
    bars.volume[i] = 1 + below(200);
  }
  return bars;
}

function check(
  series: Readonly<Record<string, BarColumns>>,
  meta: Partial<DatasetMeta> = {},
): DataReport {
  const writer = openCatalog(tempFolder(), { sync: false })
    .createDataset(metaOf('one', meta))
    .beginWrite({ isValidated: false });
  for (const [contract, bars] of Object.entries(series))
    writer.putBarsByYear(contract as ContractId, '1m', bars);
  return checkDataset(writer.commit(), { calendars: () => CALENDAR, specs: () => SPEC });
}

/** Without the rows [from, to). */
function without(bars: Columns, from: number, to: number): BarColumns {
  const parts = [sliceColumns(bars, 0, from), sliceColumns(bars, to, bars.length)];
  const join = (name: keyof BarColumns): Float64Array =>
    Float64Array.from(parts.flatMap((part) => [...(part[name] as Float64Array)]));
  return {
    length: bars.length - (to - from),
    openUs: join('openUs'),
    closeUs: join('closeUs'),
    open: join('open'),
    high: join('high'),
    low: join('low'),
    close: join('close'),
    volume: join('volume'),
  };
}

function fill(bars: Columns, from: number, to: number): Columns {
  const price = bars.close[from - 1]!;
  for (const name of ['open', 'high', 'low', 'close'] as const) bars[name].fill(price, from, to);
  return bars;
}

describe('data check', () => {
  it.each([1, 2, 3, 4, 5])('finds nothing in a clean market (seed %i)', (seed) => {
    const report = check({ [ES]: market(seed), [OTHER]: market(seed + 100) });
    expect(report.counts).toEqual({});
    expect(report).toMatchObject({ gapCount: 0, emptySessions: 0, isFit: true });
    for (const { coverage } of report.series)
      for (const { expected, present } of coverage!) expect(present).toBe(expected);
  });

  it.each([
    [
      'a spike up that comes back',
      'outlier',
      700,
      (b: Columns): void => void (b.high[700]! += 200),
    ],
    [
      'a spike down that comes back',
      'outlier',
      700,
      (b: Columns): void => void (b.low[700]! -= 200),
    ],
    [
      'a bad print that stays for three bars',
      'outlier',
      700,
      (b: Columns) => {
        for (const name of ['open', 'high', 'low', 'close'] as const)
          for (let i = 700; i < 703; i += 1) b[name][i]! += 300;
      },
    ],
    ['a bad first bar', 'outlier', 0, (b: Columns): void => void (b.high[0]! += 200)],
    ['a bad last bar', 'outlier', 4139, (b: Columns): void => void (b.high[4139]! += 200)],
    [
      'another scale',
      'outlier',
      2000,
      (b: Columns) => {
        for (const name of ['open', 'high', 'low', 'close'] as const)
          for (let i = 2000; i < b.length; i += 1) b[name][i]! *= 10;
      },
    ],
    ['forty bars at one price', 'stale', 500, (b: Columns): void => void fill(b, 500, 540)],
    [
      'one bar copied six times',
      'stale',
      501,
      (b: Columns) => {
        b.high[500]! = Math.max(b.high[500]!, b.low[500]! + 2);
        for (const name of ['open', 'high', 'low', 'close', 'volume'] as const)
          b[name].fill(b[name][500]!, 501, 507);
      },
    ],
    [
      'a bar that moves without volume',
      'zero-volume',
      900,
      (b: Columns): void => void (b.volume[900] = 0),
    ],
    [
      'a filled bar',
      'filled-bar',
      900,
      (b: Columns) => {
        fill(b, 900, 901);
        b.volume[900] = 0;
      },
    ],
    [
      'a volume that never changes',
      'volume-statement',
      0,
      (b: Columns): void => void b.volume.fill(1),
    ],
  ] as const)('finds %s, and nothing else', (_, reason, row, edit) => {
    const bars = market();
    edit(bars);
    // What follows is as it was: the bar itself is wrong, not the market after it.
    const report = check({ [ES]: bars, [OTHER]: market(9) });
    expect(report.counts).toEqual({ [reason]: 1 });
    expect(report.issues[0]).toMatchObject({ reason, contract: ES, row });
    expect(report.issues[0]!.severity).toBe(ISSUE_SEVERITY[reason]);
  });

  it('leaves alone a jump that stays', () => {
    const bars = market();
    for (const name of ['open', 'high', 'low', 'close'] as const)
      for (let i = 2000; i < bars.length; i += 1) bars[name][i]! += 400;
    expect(check({ [ES]: bars }).counts).toEqual({});
  });

  it('leaves alone a contract that stands still while the product does', () => {
    const [one, other] = [fill(market(1), 500, 540), fill(market(2), 500, 540)];
    expect(check({ [ES]: one, [OTHER]: other }).counts).toEqual({});
    // Its neighbour: the other contract moves.
    expect(check({ [ES]: fill(market(1), 500, 540), [OTHER]: market(2) }).counts).toEqual({
      stale: 1,
    });
  });

  it('reports a hole with its length and its session, and what is left of the month', () => {
    const bars = market();
    const report = check({ [ES]: without(bars, 600, 640) });
    expect(report.counts).toEqual({ gap: 1 });
    expect(report.gaps).toEqual([
      expect.objectContaining({
        fromUs: bars.openUs[600],
        toUs: bars.openUs[640],
        missingBars: 40,
        durationUs: 40 * US_PER_MINUTE,
        tradeDate: parseTradeDate('2024-03-05'),
        isUnusual: true,
      }),
    ]);
    expect(report.gapSessions).toMatchObject([{ gaps: 1, missingBars: 40 }]);
    expect(report.series[0]!.coverage).toEqual([
      { month: '2024-03', expected: 4140, present: 4100 },
    ]);
  });

  it('notes the holes of a contract that trades now and then, without a warning', () => {
    const bars = market();
    const keep = Array.from({ length: bars.length }, (_, i) => (i * 7919) % 13 < 4);
    const thin = Object.fromEntries(
      Object.entries(bars).map(([name, values]) => [
        name,
        typeof values === 'number'
          ? keep.filter(Boolean).length
          : values.filter((_, i) => keep[i]!),
      ]),
    ) as unknown as BarColumns;
    const report = check({ [ES]: thin });
    expect(report.counts).toEqual({});
    expect(report.gapCount).toBeGreaterThan(500);
  });

  it('reports a session without a bar', () => {
    // Thirteen sessions, one of which is empty.
    const weeks = ['2024-03-04', '2024-03-07', '2024-03-11', '2024-03-14', '2024-03-18'].map(
      (date) => market(3, date),
    );
    const empty = CALENDAR.sessions(parseTradeDate('2024-03-12'), parseTradeDate('2024-03-12'));
    const rows = weeks.flatMap((bars) => {
      return Array.from({ length: bars.length }, (_, i) => i)
        .filter((i) => bars.openUs[i]! < empty.openUs[0]! || bars.openUs[i]! >= empty.closeUs[0]!)
        .map((i) => ({ bars, i }));
    });
    const pick = (name: Exclude<keyof BarColumns, 'length'>): Float64Array =>
      Float64Array.from(rows, ({ bars, i }) => bars[name][i]!);
    const report = check({
      [ES]: {
        length: rows.length,
        openUs: pick('openUs'),
        closeUs: pick('closeUs'),
        open: pick('open'),
        high: pick('high'),
        low: pick('low'),
        close: pick('close'),
        volume: pick('volume'),
      },
    });
    expect(report.missingSessions).toMatchObject([{ tradeDate: parseTradeDate('2024-03-12') }]);
    expect(report.counts['missing-session']).toBe(1);
  });

  it('finds two contracts with the same rows', () => {
    const report = check({ [ES]: market(), [OTHER]: market() });
    expect(report.counts['same-rows']).toBe(1);
    expect(report.issues.find((one) => one.reason === 'same-rows')!.message).toMatch(/ES[HZ]202/);
  });

  it('finds volumes in a dataset that states none', () => {
    const report = check({ [ES]: market() }, { volume: 'unknown' });
    expect(report.counts).toEqual({ 'volume-statement': 1 });
  });

  test.prop(
    [
      fc.integer({ min: 1, max: 1e6 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { maxLength: 4 }),
    ],
    {
      numRuns: 20,
    },
  )('finds the same outliers however the rows are cut', (seed, places) => {
    // Two outliers beside each other are neighbours of each other.
    const cuts = places.map((place) => place * 20);
    const bars = market(seed);
    for (const at of cuts) bars.high[at]! += 150 + (at % 60);
    const scan = (batches: readonly BarColumns[]): number[] => {
      const found: number[] = [];
      const one = new OutlierScan(false, (outlier) => found.push(outlier.at));
      for (const batch of batches) one.push(batch);
      one.end();
      return found;
    };
    const ends = [...cuts, bars.length].sort((a, b) => a - b);
    const parts = ends.map((end, i) =>
      sliceColumns(bars as BarColumns, i === 0 ? 0 : ends[i - 1]!, end),
    );
    expect(scan(parts)).toEqual(scan([bars]));
    for (const at of cuts) expect(scan([bars])).toContain(at);
  });
});

describe('the quality page', () => {
  it('explains every reason, and holds no script', () => {
    expect(Object.keys(RULES).sort()).toEqual(
      [...Object.keys(ISSUE_SEVERITY), 'after-last-trade'].sort(),
    );
    const bars = market();
    bars.high[700]! += 200;
    const report = check({ [ES]: without(bars, 900, 940), [OTHER]: market(7) });
    const input = { dataset: 'a <b>', counts: report.counts, problems: report.issues, report };
    const html = renderQualityPage(input);
    expect(html).not.toContain('<script');
    expect(html).toContain('a &lt;b&gt;');
    expect(html).toContain('stands alone');
    expect(html).toContain('40 min');
    expect(html).toContain('title="ESZ2024 2024-03: 99.0 %, 4,100 of 4,140 bars"');
    expect(renderQualityPage(input)).toBe(html);
  });
});
