/** Rows of the reference tables that need a calendar of the world around the venue: when a day order ends, and how long a session is. */
import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import type { TradingCalendar } from '../../src/core/ports.ts';
import type { Session } from '../../src/core/session.ts';
import type { StrategyContext } from '../../src/core/strategy.ts';
import { parseTradeDate, toIsoDate } from '../../src/core/trade-date.ts';
import type { PriceTicks, Qty, TsUs } from '../../src/core/units.ts';
import { parseTsUs, toIsoUtc, US_PER_HOUR } from '../../src/core/units.ts';
import { VENUE_PROFILES } from '../../src/core/venues/profiles.ts';
import { runEngine } from '../../src/engine/engine.ts';
import { createRandom } from '../../src/engine/rng.ts';
import { createBarExchange } from '../../src/sim/bar-exchange.ts';
import { createTickVenue } from '../../src/sim/venue/tick-venue.ts';
import type { BarRow } from '../support/engine-world.ts';
import { makeWorld } from '../support/engine-world.ts';
import { quote, tickFeeds } from '../support/tick-world.ts';

const calendars = createCalendars();

/** Sessions of a calendar that are labelled with the dates from `from` to `to`. */
function sessionsOf(calendar: TradingCalendar, from: string, to: string): Session[] {
  const all = calendar.sessions(parseTradeDate(from), parseTradeDate(to));
  return Array.from({ length: all.length }, (_, k) => ({
    openUs: all.openUs[k] as TsUs,
    closeUs: all.closeUs[k] as TsUs,
    label: all.label[k],
    tradeDate: all.tradeDate[k],
    settleUs: all.settleUs[k] as TsUs,
  })) as Session[];
}

/** One bar an hour of each session. */
function hoursOf(sessions: readonly Session[]): BarRow[] {
  return sessions.flatMap(({ openUs, closeUs }) =>
    Array.from({ length: (closeUs - openUs) / US_PER_HOUR }, (_, k): BarRow => [
      openUs + (k + 1) * US_PER_HOUR,
      100,
      100,
      100,
      100,
    ]),
  );
}

interface Told {
  readonly bars: number;
  readonly tradeDate: string;
  readonly expiredUtc: string | null;
}

/** A bid for the day, far below, sent at a moment; what the run says of it. With `isMarket` it buys, and the position stays. */
function dayOrder(
  group: string,
  from: string,
  to: string,
  sentUtc: string,
  on: Venue,
  isMarket = false,
): Told & { readonly settled: readonly string[] } {
  const calendar = calendars.forGroup(group);
  const sessions = sessionsOf(calendar, from, to);
  const told = { bars: 0, tradeDate: '', expiredUtc: null as string | null };
  const bars = hoursOf(sessions);
  const base = makeWorld({
    front: bars,
    frontExpiryUs: (sessions.at(-1)!.closeUs + 1000 * US_PER_HOUR) as TsUs,
    strategy: {
      onStart: (ctx: StrategyContext) => ctx.setTimer('send', parseTsUs(sentUtc)),
      onTimer: (_, ctx) => {
        told.tradeDate = toIsoDate(calendar.tradeDateOf(ctx.nowUs));
        ctx.submit({
          contract: ctx.contract('ES'),
          side: 1,
          qty: 1 as Qty,
          timeInForce: 'day',
          ...(isMarket ? { type: 'market' } : { type: 'limit', limitTicks: 50 as PriceTicks }),
        });
      },
      onBar: () => void (told.bars += 1),
      onOrder: ({ kind }, ctx) => {
        if (kind === 'Expired') told.expiredUtc = toIsoUtc(ctx.nowUs);
      },
    },
    overrides: {
      calendars: [calendar],
      from: parseTradeDate(from),
      to: parseTradeDate(to),
    },
  });
  const { table } = base.config;
  const quotes = bars.map(([closeUs]) => quote((closeUs - 60_000_000) / 1000, 99, 10, 101, 10));
  const config =
    on === 'bars'
      ? { ...base.config, venue: createBarExchange({ table, random: createRandom(1) }) }
      : {
          ...base.config,
          venue: createTickVenue({
            table,
            matching: table.contracts.map(() => 'quotes' as const),
            hasPrints: new Uint8Array(table.contracts.length),
            profile: VENUE_PROFILES.ideal,
          }),
          ticks: tickFeeds(quotes, { baseUs: 0 }),
        };
  const result = runEngine(config);
  if (result.error !== null) throw result.error.cause;
  return { ...told, settled: base.recorder.days.map(({ tradeDate }) => toIsoDate(tradeDate)) };
}

type Venue = 'bars' | 'ticks';

describe.each(['bars', 'ticks'] as const)('an order for the day on %s', (on) => {
  it('T1 sent on Monday at 18:00 in Chicago is of Tuesday and ends with it at 16:00', () => {
    expect(
      dayOrder('cme-equity-index', '2024-10-07', '2024-10-09', '2024-10-07T23:00:00Z', on),
    ).toMatchObject({ bars: 69, tradeDate: '2024-10-08', expiredUtc: '2024-10-08T21:00:00Z' });
  });

  it('T1 sent on Monday at noon ends on Monday', () => {
    expect(
      dayOrder('cme-equity-index', '2024-10-07', '2024-10-09', '2024-10-07T17:00:00Z', on),
    ).toMatchObject({ tradeDate: '2024-10-07', expiredUtc: '2024-10-07T21:00:00Z' });
  });

  it.each([
    // A weekend of 72 hours that loses one, and one that wins one.
    ['2027-03-15', '2027-03-13T12:00:00Z', 71, '2027-03-15T21:00:00Z'],
    ['2026-11-02', '2026-10-31T12:00:00Z', 73, '2026-11-02T22:00:00Z'],
  ])('T8 the session of %s is as long as the clocks make it', (label, sent, hours, expires) => {
    expect(dayOrder('cme-crypto', label, label, sent, on)).toMatchObject({
      bars: hours,
      tradeDate: label,
      expiredUtc: expires,
    });
  });

  it.each([
    ['2024-11-01', '2024-11-01T15:00:00Z', '2024-11-01T21:00:00Z'],
    ['2024-11-04', '2024-11-04T15:00:00Z', '2024-11-04T22:00:00Z'],
  ])('T8 on %s it ends at 16:00 in Chicago, whatever that is in UTC', (label, sent, expires) => {
    expect(dayOrder('cme-equity-index', label, label, sent, on)).toMatchObject({
      bars: 23,
      tradeDate: label,
      expiredUtc: expires,
    });
  });

  it.each([
    // The morning of a holiday is of the next trade date, which goes on in the evening: it is a session of its own.
    ['2024-11-28T15:00:00Z', '2024-11-28T18:00:00Z'],
    ['2024-11-28T18:00:00Z', '2024-11-29T18:15:00Z'],
    ['2024-11-29T15:00:00Z', '2024-11-29T18:15:00Z'],
    ['2024-12-02T15:00:00Z', '2024-12-02T22:00:00Z'],
  ])('T9 an early close at noon ends it there: sent at %s, over at %s', (sent, expires) => {
    expect(dayOrder('cme-equity-index', '2024-11-29', '2024-12-02', sent, on)).toMatchObject({
      bars: 61,
      tradeDate: sent.startsWith('2024-12') ? '2024-12-02' : '2024-11-29',
      expiredUtc: expires,
    });
  });

  it('T9 the short session settles with the rest of its trade date', () => {
    const { settled } = dayOrder(
      'cme-equity-index',
      '2024-11-29',
      '2024-12-02',
      '2024-11-28T15:00:00Z',
      on,
      true,
    );
    expect(settled).toEqual(['2024-11-29', '2024-12-02']);
  });
});
