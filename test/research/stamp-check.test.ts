import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BarColumns } from '../../src/core/bars.ts';
import { newEvidence, stampFault, weighStamps } from '../../src/research/stamp-check.ts';
import { plainCalendar } from '../support/engine-world.ts';
import type { TradeDate } from '../../src/core/units.ts';

const MINUTE = 60_000_000;
const sessions = plainCalendar().sessions(20_000 as TradeDate, 20_009 as TradeDate);

/** Minute bars of every session, shifted by `shift` bars; `isKept` leaves out those without a trade. */
function bars(shift: number, isKept: (i: number) => boolean = () => true): BarColumns {
  const opens: number[] = [];
  for (let row = 0; row < sessions.length; row += 1)
    for (let us = sessions.openUs[row]!, i = 0; us < sessions.closeUs[row]!; us += MINUTE, i += 1)
      if (isKept(i)) opens.push(us + shift * MINUTE);
  const openUs = Float64Array.from(opens);
  const none = new Float64Array(openUs.length);
  const prices = { open: none, high: none, low: none, close: none, volume: none };
  return { length: openUs.length, openUs, closeUs: openUs.map((us) => us + MINUTE), ...prices };
}

function faultOf(...batches: readonly BarColumns[]): ReturnType<typeof stampFault> {
  const seen = newEvidence();
  for (const batch of batches) weighStamps(sessions, batch, seen);
  return stampFault(seen);
}

describe('P20 bars stamped at their open and not shifted', () => {
  it('are one bar early at every session, and are found', () => {
    expect(faultOf(bars(-1))).toBe('early');
    expect(faultOf(bars(0))).toBeNull();
    expect(faultOf(bars(1))).toBe('late');
  });

  it('are not suspected where bars are missing at the edges', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 29 }), (every, at) => {
        expect(faultOf(bars(0, (i) => i % every === at % every))).toBeNull();
      }),
    );
  });

  it('are not suspected where the market simply traded in other hours', () => {
    // From half an hour before the open to half an hour before the close.
    expect(faultOf(bars(-30))).toBeNull();
    expect(faultOf(bars(30))).toBeNull();
  });

  it('leave nothing to say where too few sessions were seen', () => {
    const few = bars(-1, (i) => i > 0);
    expect(faultOf(few)).toBeNull();
    expect(faultOf({ ...bars(-1), length: 361 * 3 })).toBeNull();
  });
});
