import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import { parseTradeDate } from '../../src/core/trade-date.ts';
import { parseTsUs } from '../../src/core/units.ts';
import { SessionTrack } from '../../src/engine/session-track.ts';

const at = parseTsUs;
const OPEN_OF_HOLIDAY = at('2018-01-14T23:00:00Z');
const HALT = at('2018-01-15T18:00:00Z');
const CLOSE = at('2018-01-16T22:00:00Z');

/** Stands in the second session of 2018-01-16: the first one, on Martin Luther King Day, ended at the halt. */
function trackOfTuesday(): SessionTrack {
  const days = createCalendars().forGroup('cme-equity-index');
  const columns = days.sessions(parseTradeDate('2018-01-12'), parseTradeDate('2018-01-17'));
  const track = new SessionTrack(columns, at('2018-01-11T23:00:00Z'));
  while (track.nextUs < CLOSE) track.advance();
  return track;
}

describe('a bar of a day', () => {
  it('lies inside a trade date of two sessions', () => {
    const track = trackOfTuesday();
    expect(track.isOpen).toBe(true);
    expect(track.containsDay(OPEN_OF_HOLIDAY, CLOSE)).toBe(true);
    expect(track.containsDay(OPEN_OF_HOLIDAY, CLOSE - 60e6)).toBe(true);
    // What is shorter than a day must lie in one session.
    expect(track.contains(HALT - 60e6, CLOSE)).toBe(false);
  });

  it('lies outside when it begins before the trade date or ends after its close', () => {
    const track = trackOfTuesday();
    expect(track.containsDay(OPEN_OF_HOLIDAY - 1, CLOSE)).toBe(false);
    expect(track.containsDay(OPEN_OF_HOLIDAY, CLOSE + 1)).toBe(false);
  });

  it('lies outside when it ends while the market is closed', () => {
    const track = trackOfTuesday();
    track.advance();
    expect(track.isOpen).toBe(false);
    expect(track.containsDay(OPEN_OF_HOLIDAY, CLOSE)).toBe(false);
  });
});
