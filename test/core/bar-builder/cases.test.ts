import { describe, expect, it } from 'vitest';
import { createBarBuilder } from '../../../src/core/bar-builder/create.ts';
import { formatBarKind, parseBarKind } from '../../../src/core/bar-builder/kinds.ts';
import { TimeBarBuilder } from '../../../src/core/bar-builder/time.ts';
import type { BarBuilder } from '../../../src/core/bar-builder/types.ts';
import { TradingError } from '../../../src/core/errors.ts';
import { UniformGrid } from '../../../src/core/price-grid.ts';
import type { TsUs } from '../../../src/core/units.ts';
import { parseTsUs, toIsoUtc, TS_MAX } from '../../../src/core/units.ts';
import { createCalendars } from '../../../src/calendars/registry.ts';
import { barColumns, barsOf } from './support.ts';

const calendars = createCalendars();
const us = (text: string): number => parseTsUs(`${text}:00Z`);
const equity = calendars.forGroup('cme-equity-index');
const hongKong = calendars.forGroup('hkfe-index');
const grains = calendars.forGroup('cme-grains');

/** One-minute bars of price 100 and volume 1 that begin at these instants. */
function minutes(...opens: readonly string[]) {
  return bars(...opens.map((open) => [us(open), us(open) + 60_000_000] as const));
}

function bars(...spans: readonly (readonly [number, number])[]) {
  return barColumns(
    spans.map(([openUs, closeUs]) => ({
      openUs,
      closeUs,
      open: 100,
      high: 100,
      low: 100,
      close: 100,
      volume: 1,
    })),
  );
}

function spansOf(builder: BarBuilder): string[] {
  return barsOf(builder.take()).map(
    ({ openUs, closeUs, volume }) =>
      `${toIsoUtc(openUs as TsUs).slice(5, 16)} to ${toIsoUtc(closeUs as TsUs).slice(5, 16)}: ${volume}`,
  );
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof TradingError) return error.code;
    throw error;
  }
  return 'none';
}

describe('sessions', () => {
  it('begins the hours where trading begins: at 09:15, and again after the noon break', () => {
    const opens = ['01:15', '02:14', '02:15', '03:15', '03:59', '05:00', '05:59', '08:29'];
    const builder = new TimeBarBuilder({ interval: '1h', calendar: hongKong });
    builder.onBars(minutes(...opens.map((time) => `2024-07-02T${time}`)));
    expect(spansOf(builder)).toEqual([
      '07-02T01:15 to 07-02T02:15: 2',
      '07-02T02:15 to 07-02T03:15: 1',
      '07-02T03:15 to 07-02T04:00: 2',
      '07-02T05:00 to 07-02T06:00: 2',
      '07-02T08:00 to 07-02T08:30: 1',
    ]);
  });

  it('ends the hours at full local hours when asked to', () => {
    const opens = ['01:15', '01:59', '02:00', '03:59', '05:00', '08:29'];
    const builder = new TimeBarBuilder({ interval: '1h', calendar: hongKong, align: 'clock' });
    builder.onBars(minutes(...opens.map((time) => `2024-07-02T${time}`)));
    expect(spansOf(builder)).toEqual([
      '07-02T01:15 to 07-02T02:00: 2',
      '07-02T02:00 to 07-02T03:00: 1',
      '07-02T03:00 to 07-02T04:00: 1',
      '07-02T05:00 to 07-02T06:00: 1',
      '07-02T08:00 to 07-02T08:30: 1',
    ]);
  });

  it('makes one day of a night and a day with their breaks', () => {
    const builder = new TimeBarBuilder({ interval: '1d', calendar: hongKong });
    builder.onBars(
      minutes('2024-07-02T09:15', '2024-07-02T18:59', '2024-07-03T01:15', '2024-07-03T08:29'),
    );
    expect(spansOf(builder)).toEqual(['07-02T09:15 to 07-03T08:30: 4']);
  });

  it('makes one day of the two sessions that a holiday joins, and ends it at the early close', () => {
    const builder = new TimeBarBuilder({ interval: '1d', calendar: equity });
    builder.onBars(
      minutes('2019-11-27T21:59', '2019-11-27T23:00', '2019-11-28T17:59', '2019-11-29T18:14'),
    );
    expect(spansOf(builder)).toEqual([
      '11-26T23:00 to 11-27T22:00: 1',
      '11-27T23:00 to 11-29T18:15: 3',
    ]);
  });

  it('cuts the last hours of a session at its close and at a halt', () => {
    const builder = new TimeBarBuilder({ interval: '4h', calendar: equity });
    builder.onBars(minutes('2019-11-27T19:00', '2019-11-27T21:14', '2019-11-27T21:30'));
    builder.onBars(minutes('2019-11-27T21:59', '2019-11-29T16:00', '2019-11-29T18:14'));
    expect(spansOf(builder)).toEqual([
      '11-27T19:00 to 11-27T21:15: 2',
      '11-27T21:30 to 11-27T22:00: 2',
      '11-29T15:00 to 11-29T18:15: 2',
    ]);
  });

  it('gives each bar the trade date of its session', () => {
    const builder = new TimeBarBuilder({ interval: '1h', calendar: equity });
    builder.onBars(minutes('2019-11-28T17:59', '2019-11-29T18:14'));
    const { tradeDate } = builder.take();
    expect(tradeDate[0]).toBe(tradeDate[1]);
  });

  it('takes the last instant of a session and leaves out the first after it', () => {
    const closeUs = us('2024-07-02T21:00');
    const builder = createBarBuilder({ kind: '1h', calendar: equity });
    builder.onTrade(closeUs - 1, 100, 2);
    builder.onTrade(closeUs, 100, 5);
    builder.advance(closeUs);
    expect(spansOf(builder)).toEqual(['07-02T20:00 to 07-02T21:00: 2']);
    expect(builder.counts).toMatchObject({ used: 1, outside: 1, skippedVolume: 5 });
  });

  it('tells a question outside the calendar from an empty answer', () => {
    const builder = createBarBuilder({ kind: '1h', calendar: equity });
    expect(codeOf(() => builder.onTrade(us('1890-01-01T00:00'), 1, 1))).toBe('E_CALENDAR_SPAN');
  });
});

describe('smaller bars that do not fit', () => {
  it('belong to the session that they reach out of, and make the bar known at their own end', () => {
    // Hours of the clock around a session from 13:30 to 18:20.
    const hours = bars(
      [us('2024-07-02T13:00'), us('2024-07-02T14:00')],
      [us('2024-07-02T18:00'), us('2024-07-02T19:00')],
    );
    const builder = new TimeBarBuilder({ interval: '1d', calendar: grains });
    builder.onBars(hours);
    expect(spansOf(builder)).toEqual(['07-02T00:00 to 07-02T19:00: 2']);
  });

  it('are refused where they lie in two bars, with the instant that divides them', () => {
    const hour = bars([us('2024-07-02T13:00'), us('2024-07-02T14:00')]);
    const fine = new TimeBarBuilder({ interval: '1h', calendar: equity });
    fine.onBars(hour);
    expect(fine.ready).toBe(1);
    const builder = new TimeBarBuilder({ interval: '7m', calendar: equity });
    expect(() => builder.onBars(hour)).toThrow(/cannot be divided at 2024-07-02T13:03:00Z/);
    expect(codeOf(() => builder.onBars(hour))).toBe('E_BAR_ALIGN');
  });

  it('are refused where they reach over a pause into the next session', () => {
    const builder = new TimeBarBuilder({ interval: '1d', calendar: equity });
    const long = bars([us('2024-07-01T20:00'), us('2024-07-01T23:00')]);
    expect(codeOf(() => builder.onBars(long))).toBe('E_BAR_ALIGN');
    const volume = createBarBuilder({ kind: 'volume-9', calendar: equity });
    expect(codeOf(() => volume.onBars(long))).toBe('E_BAR_ALIGN');
  });

  it('count as repeated when they begin before the last one ended', () => {
    const builder = createBarBuilder({ kind: '5m', calendar: equity });
    builder.onBars(minutes('2024-07-02T13:00', '2024-07-02T13:00', '2024-07-02T13:01'));
    expect(builder.counts).toMatchObject({ used: 2, repeated: 1, skippedVolume: 1 });
    expect(builder.unfinished).toMatchObject({ volume: 2, inputs: 2 });
  });

  it('make the volume unknown where one of them is', () => {
    const builder = createBarBuilder({ kind: '5m', calendar: equity });
    const two = minutes('2024-07-02T13:00', '2024-07-02T13:01');
    two.volume[0] = NaN;
    builder.onBars(two);
    const state = JSON.parse(JSON.stringify(builder.state())) as ReturnType<typeof builder.state>;
    const restored = createBarBuilder({ kind: '5m', calendar: equity, state });
    restored.onBars(minutes('2024-07-02T13:04'));
    expect(restored.take().volume[0]).toBeNaN();
  });
});

describe('live', () => {
  const openUs = us('2024-07-02T13:00');
  const minute = 60_000_000;

  it('closes a bar by the clock when no trade comes', () => {
    const builder = createBarBuilder({ kind: '1m', calendar: equity });
    expect(builder.dueUs).toBe(TS_MAX);
    builder.onTrade(openUs + 5, 100, 1);
    expect(builder.dueUs).toBe(openUs + minute);
    builder.advance(openUs + minute - 1);
    expect(builder.ready).toBe(0);
    builder.advance(openUs + minute);
    expect(spansOf(builder)).toEqual(['07-02T13:00 to 07-02T13:01: 1']);
    expect(builder.dueUs).toBe(TS_MAX);
  });

  it('counts a trade of a bar that is over, and changes nothing', () => {
    const builder = createBarBuilder({ kind: '1m', calendar: equity });
    builder.onTrade(openUs, 100, 1);
    builder.advance(openUs + minute);
    builder.onTrade(openUs + minute - 1, 999, 7);
    builder.onTrade(openUs + 2 * minute, 101, 1);
    builder.onTrade(openUs + minute + 1, 999, 7);
    builder.advance(openUs + 3 * minute);
    expect(spansOf(builder)).toEqual([
      '07-02T13:00 to 07-02T13:01: 1',
      '07-02T13:02 to 07-02T13:03: 1',
    ]);
    expect(builder.counts).toMatchObject({ used: 2, late: 2, skippedVolume: 14 });
  });

  it('counts a trade as late also where the bar that is over had none', () => {
    const builder = createBarBuilder({ kind: '1m', calendar: equity });
    builder.advance(openUs + minute);
    builder.onTrade(openUs + minute - 1, 100, 1);
    expect(builder.counts).toMatchObject({ used: 0, late: 1 });
  });

  it('takes trades out of order inside a bar, as they come, and counts them', () => {
    const builder = createBarBuilder({ kind: '1m', calendar: equity });
    builder.onTrade(openUs + 9, 100, 1);
    builder.onTrade(openUs + 3, 102, 1);
    builder.advance(openUs + minute);
    expect(barsOf(builder.take())[0]).toMatchObject({ open: 100, close: 102, volume: 2 });
    expect(builder.counts.unordered).toBe(1);
  });

  it('ends a tick bar with its session, cut, and known at the close', () => {
    const closeUs = us('2024-07-02T21:00');
    const builder = createBarBuilder({ kind: 'tick-3', calendar: equity });
    builder.onTrade(closeUs - 5, 100, 1);
    expect(builder.dueUs).toBe(closeUs);
    builder.advance(closeUs);
    const cut = builder.take();
    expect([cut.length, cut.closeUs[0], cut.isCut[0]]).toEqual([1, closeUs, 1]);
    builder.onTrade(closeUs - 1, 100, 1);
    expect(builder.counts.late).toBe(1);
  });
});

describe('malformed input', () => {
  it.each([
    ['a price that is no number', NaN, 1],
    ['an endless price', Infinity, 1],
    ['no contract', 100, 0],
    ['fewer than none', 100, -3],
  ])('counts %s', (_, price, qty) => {
    for (const kind of ['1m', 'tick-1', 'renko-1']) {
      const builder = createBarBuilder({ kind, calendar: equity });
      builder.onTrade(us('2024-07-02T13:00'), price, qty);
      expect(builder.counts).toMatchObject({ used: 0, malformed: 1 });
      expect(builder.unfinished).toBeNull();
    }
  });

  it('refuses a price that is no count, unless the source has no grid', () => {
    const feed = (isFractional: boolean): BarBuilder => {
      const builder = createBarBuilder({ kind: 'tick-1', isFractional });
      builder.onTrade(0, 100.25, 1);
      return builder;
    };
    expect(codeOf(() => feed(false))).toBe('E_PRICE_GRID');
    expect(feed(true).take().open[0]).toBe(100.25);
  });

  it('refuses a trade that would make more bars than a market makes', () => {
    const wrongSize = createBarBuilder({ kind: 'volume-10' });
    expect(codeOf(() => wrongSize.onTrade(0, 100, 2 ** 32 - 1))).toBe('E_BAR_SOURCE');
    for (const kind of ['renko-1', 'range-1']) {
      const builder = createBarBuilder({ kind, gaps: 'fill' });
      builder.onTrade(0, 100, 1);
      expect(codeOf(() => builder.onTrade(1, 2 ** 31 - 1, 1))).toBe('E_BAR_SOURCE');
    }
  });

  it('refuses kinds that the data cannot make', () => {
    const hour = minutes('2024-07-02T13:00');
    for (const kind of ['tick-5', 'range-5'])
      expect(codeOf(() => createBarBuilder({ kind }).onBars(hour))).toBe('E_BAR_SOURCE');
    hour.volume[0] = NaN;
    const instrument = { grid: new UniformGrid(0.25), multiplier: 50 };
    for (const kind of ['volume-5', 'dollar-5'])
      expect(codeOf(() => createBarBuilder({ kind, instrument }).onBars(hour))).toBe(
        'E_BAR_SOURCE',
      );
    expect(codeOf(() => createBarBuilder({ kind: 'dollar-5' }))).toBe('E_BAR_SOURCE');
    expect(codeOf(() => createBarBuilder({ kind: '5m' }))).toBe('E_BAR_SOURCE');
  });

  it('refuses a state of another builder', () => {
    const state = createBarBuilder({ kind: '5m', calendar: equity }).state();
    for (const other of ['1m', 'tick-5'])
      expect(codeOf(() => createBarBuilder({ kind: other, calendar: equity, state }))).toBe(
        'E_BAR_STATE',
      );
    const elsewhere = { kind: '5m', calendar: hongKong, state };
    expect(codeOf(() => createBarBuilder(elsewhere))).toBe('E_BAR_STATE');
    const torn = { ...state, values: {} };
    expect(codeOf(() => createBarBuilder({ kind: '5m', calendar: equity, state: torn }))).toBe(
      'E_BAR_STATE',
    );
  });
});

describe('names of kinds', () => {
  it.each([
    '30s',
    '5m',
    '1h',
    '1d',
    'tick-100',
    'volume-1000',
    'dollar-2500000.5',
    'range-8',
    'renko-8',
  ])('reads and writes %s', (text) => {
    expect(formatBarKind(parseBarKind(text))).toBe(text);
  });

  it.each(['tick-0', 'volume-1.5', 'range--1', 'renko-', 'dollar-0', 'ticks-5', '2d', '25h', ''])(
    'refuses "%s"',
    (text) => {
      expect(['E_BAR_KIND', 'E_BAR_INTERVAL']).toContain(codeOf(() => parseBarKind(text)));
    },
  );
});

describe('bars of price, on small examples', () => {
  const feed = (builder: BarBuilder, ...prices: readonly number[]): string[] => {
    for (const [k, price] of prices.entries()) builder.onTrade(k, price, 1);
    return barsOf(builder.take()).map(
      ({ open, high, low, close, volume }) => `${open} ${high} ${low} ${close} x${volume}`,
    );
  };

  it('range bars keep a jump whole, or fill it with bars that nobody traded in', () => {
    const prices = [100, 102, 103, 109, 108];
    expect(feed(createBarBuilder({ kind: 'range-4' }), ...prices)).toEqual(['100 109 100 109 x4']);
    expect(feed(createBarBuilder({ kind: 'range-4', gaps: 'fill' }), ...prices)).toEqual([
      '100 104 100 104 x3',
      '104 108 104 108 x0',
    ]);
  });

  it('bricks go on by one height and turn by two, with a wick for the way between', () => {
    const prices = [100, 110, 107, 120, 131, 115, 110];
    expect(feed(createBarBuilder({ kind: 'renko-10' }), ...prices)).toEqual([
      '100 110 100 110 x2',
      '110 120 107 120 x2',
      '120 130 120 130 x1',
      '120 131 110 110 x2',
    ]);
  });

  it('bricks turn at once, and without wicks, when asked to', () => {
    const builder = createBarBuilder({ kind: 'renko-10', reversal: 1, wicks: false });
    expect(feed(builder, 100, 110, 107, 120, 131, 115, 110)).toEqual([
      '100 110 100 110 x2',
      '110 120 110 120 x2',
      '120 130 120 130 x1',
      '130 130 120 120 x1',
      '120 120 110 110 x1',
    ]);
  });

  it('bricks of bars are made of their closes', () => {
    const builder = createBarBuilder({ kind: 'renko-10' });
    const row = { openUs: 0, closeUs: 1, open: 100, high: 150, low: 60, close: 101, volume: 3 };
    builder.onBars(barColumns([row, { ...row, openUs: 1, closeUs: 2, close: 112 }]));
    expect(barsOf(builder.take())).toEqual([
      { openUs: 0, closeUs: 2, open: 100, high: 110, low: 100, close: 110, volume: 6 },
    ]);
  });
});
