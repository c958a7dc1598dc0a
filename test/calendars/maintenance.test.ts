import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VENUE_SCHEDULES, VenueMaintenance } from '../../src/calendars/maintenance.ts';
import { createCalendars } from '../../src/calendars/registry.ts';
import { ZoneTables } from '../../src/calendars/wall-time.ts';
import type { TsUs } from '../../src/core/units.ts';
import { parseTsUs, toIsoUtc } from '../../src/core/units.ts';

const calendars = createCalendars();
const ib = calendars.venueMaintenance('ib');
const at = parseTsUs;

describe('planned down-times of a venue', () => {
  it.each([
    // A Tuesday in winter: 00:15 to 01:45 in New York.
    ['2026-01-13T05:14:59Z', null],
    ['2026-01-13T05:15:00Z', 'daily server reset'],
    ['2026-01-13T06:44:59Z', 'daily server reset'],
    ['2026-01-13T06:45:00Z', null],
    // In summer an hour earlier.
    ['2026-07-14T04:15:00Z', 'daily server reset'],
    ['2026-07-14T05:45:00Z', null],
    // Friday 23:00 to Saturday 03:00; no daily reset on Saturday.
    ['2026-01-17T03:59:59Z', null],
    ['2026-01-17T04:00:00Z', 'weekend reset'],
    ['2026-01-17T07:59:59Z', 'weekend reset'],
    ['2026-01-17T08:00:00Z', null],
    // Sunday: the reset and the end of the login lie over each other; the one that ends last is named.
    ['2026-01-18T06:02:00Z', 'daily server reset'],
  ])('of Interactive Brokers at %s: %s', (instant, what) => {
    expect(ib.windowAt(at(instant))?.what ?? null).toBe(what);
    expect(ib.isDown(at(instant))).toBe(what !== null);
  });

  it('name the next one, and when the venue answers again', () => {
    const next = ib.nextDown(at('2026-01-13T07:00:00Z'))!;
    expect([toIsoUtc(next.fromUs), toIsoUtc(next.toUs), next.effect]).toEqual([
      '2026-01-14T05:15:00Z',
      '2026-01-14T06:45:00Z',
      'degraded',
    ]);
    expect(toIsoUtc(ib.upFromUs(at('2026-01-13T05:30:00Z')))).toBe('2026-01-13T06:45:00Z');
    expect(toIsoUtc(ib.upFromUs(at('2026-01-13T07:00:00Z')))).toBe('2026-01-13T07:00:00Z');
  });

  it('are none where a venue publishes none, and refused where nothing is listed', () => {
    const projectx = calendars.venueMaintenance('projectx');
    expect(projectx.isDown(at('2026-01-13T22:30:00Z'))).toBe(false);
    expect(projectx.nextDown(at('2026-01-13T22:30:00Z'))).toBeNull();
    expect(projectx.schedule.sources.join()).toContain('publishes no schedule');
    expect(() => calendars.venueMaintenance('nowhere')).toThrow(
      expect.objectContaining({
        code: 'E_CALENDAR_UNKNOWN',
        message: expect.stringContaining('known are cqg, ib, ib-asia-pacific, ib-europe'),
      }),
    );
  });

  it('agree with themselves at any minute: down until up, the next after the instant', () => {
    const zones = new ZoneTables();
    const venues = VENUE_SCHEDULES.map((schedule) => new VenueMaintenance(schedule, zones));
    const minute = fc.integer({
      min: Date.parse('2024-01-01') / 60_000,
      max: Date.parse('2030-01-01') / 60_000,
    });
    fc.assert(
      fc.property(fc.constantFrom(...venues), minute, (venue, minutes) => {
        const us = (minutes * 60_000_000) as TsUs;
        const up = venue.upFromUs(us);
        expect(up > us).toBe(venue.isDown(us));
        expect(venue.isDown(up)).toBe(false);
        const next = venue.nextDown(us);
        if (next === null) {
          expect(venue.schedule.windows).toEqual([]);
          return;
        }
        expect(next.fromUs).toBeGreaterThan(us);
        expect(venue.isDown(next.fromUs)).toBe(true);
        if (up < next.fromUs) expect(venue.isDown((next.fromUs - 1) as TsUs)).toBe(false);
      }),
      { seed: 20261121, numRuns: 300 },
    );
  });
});
