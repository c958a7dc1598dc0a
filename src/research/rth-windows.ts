/**
 * Windows of regular trading hours in common use, for tables by session; not exchange state and no input of a simulation.
 * A product's own entry outranks that of its session group; an empty list says that no window is in common use.
 * Source: exchange contract pages and vendors' session templates, collected 2026-11. Shortened holiday sessions have no
 * regular hours; an entry on such a date is still named by the clock.
 */
import type { SessionSegment } from './report/sections.ts';

function at(text: string): number {
  const [hours, minutes] = text.split(':').map(Number) as [number, number];
  return hours * 60 + minutes;
}

function rth(zone: string, ...spans: readonly (readonly [string, string])[]): SessionSegment[] {
  return spans.map(([from, to]) => ({ name: 'RTH', zone, from: at(from), to: at(to) }));
}

const CHICAGO = 'America/Chicago';
const NEW_YORK = 'America/New_York';

export const RTH_WINDOWS: Readonly<Record<string, readonly SessionSegment[]>> = {
  'cme-equity-index': rth(CHICAGO, ['08:30', '15:00']),
  NKD: [],
  NIY: [],
  'cme-interest-rate': rth(CHICAGO, ['07:20', '14:00']),
  'cme-fx': rth(CHICAGO, ['07:20', '14:00']),
  'cme-energy': rth(NEW_YORK, ['09:00', '14:30']),
  GC: rth(NEW_YORK, ['08:20', '13:30']),
  MGC: rth(NEW_YORK, ['08:20', '13:30']),
  SI: rth(NEW_YORK, ['08:25', '13:25']),
  SIL: rth(NEW_YORK, ['08:25', '13:25']),
  HG: rth(NEW_YORK, ['08:10', '13:00']),
  MHG: rth(NEW_YORK, ['08:10', '13:00']),
  PL: rth(NEW_YORK, ['08:20', '13:05']),
  'cme-grains': rth(CHICAGO, ['08:30', '13:20']),
  'cme-livestock': rth(CHICAGO, ['08:30', '13:05']),
  'cfe-vix': rth(CHICAGO, ['08:30', '15:00']),
  'eurex-index': rth('Europe/Berlin', ['09:00', '17:30']),
  'hkfe-index': rth('Asia/Hong_Kong', ['09:15', '12:00'], ['13:00', '16:30']),
};
