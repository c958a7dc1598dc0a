/** The nearest-date rule by hand: which of several common closes it takes, and when it has none. */
import { describe, expect, it } from 'vitest';
import type { NearestInput } from '../../src/core/rolls/nearest.ts';
import { nearestDateSchedule } from '../../src/core/rolls/nearest.ts';
import type { RollSchedule } from '../../src/core/roll.ts';
import { rollNotes } from '../../src/research/roll-notes.ts';
import { toContractId } from '../../src/core/symbology.ts';
import { parseTradeDate } from '../../src/core/trade-date.ts';
import type { TradeDate } from '../../src/core/units.ts';
import { toIsoUtc, US_PER_DAY, US_PER_HOUR } from '../../src/core/units.ts';
import { PlainCalendar, plainContract } from '../support/plain-calendar.ts';

const date = parseTradeDate;
const chain = [3, 6, 9].map((month) => plainContract('ES', 2014, month));
/** Desired: first of month + 14 - 5, so 2014-03-10, 2014-06-10, 2014-09-10. */
const base = {
  kind: 'approximate',
  rollOffsetDays: -5,
  expiryOffsetDays: 14,
  expiry: 'last-day',
} as const;

/** Closes at the given moments, `YYYY-MM-DD` and hour. */
function closesAt(...moments: string[]): {
  length: number;
  closeUs: Float64Array;
  close: Float64Array;
} {
  const closeUs = Float64Array.from(moments, (text) => {
    const [day, hour = '22'] = text.split(' ');
    return date(day!) * US_PER_DAY + Number(hour) * US_PER_HOUR;
  });
  return { length: closeUs.length, closeUs, close: closeUs.map((_, i) => 100 + i) };
}

function schedule(
  closes: readonly (readonly string[])[],
  more: Partial<NearestInput> = {},
): RollSchedule {
  const columns = closes.map((moments) => closesAt(...moments));
  return nearestDateSchedule({
    root: 'ES',
    rule: { kind: 'nearest-date', base },
    chain,
    calendar: new PlainCalendar(),
    indexOf: (position) => position,
    closes: (position) => columns[position] ?? null,
    carryOf: () => null,
    tradeDateOf: (us) => Math.floor(us / US_PER_DAY) as TradeDate,
    from: date('2014-01-01'),
    to: date('2014-12-31'),
    costOf: () => null,
    ...more,
  });
}

function rolls(...input: Parameters<typeof schedule>): [string, string][] {
  return schedule(...input).rolls.map((roll) => [
    roll.from,
    toIsoUtc(roll.effectiveUs).slice(0, 13),
  ]);
}

describe('the nearest common close', () => {
  it.each([
    // Half a day after counts none, half a day before counts one.
    [['2014-03-09 12', '2014-03-10 12'], '2014-03-10T12'],
    [['2014-03-09 12', '2014-03-11 12'], '2014-03-09T12'],
    // A tie takes the earlier: one day before and a day and a half after.
    [['2014-03-09 01', '2014-03-11 23'], '2014-03-09T01'],
    [['2014-03-03', '2014-03-12'], '2014-03-12T22'],
    [['2014-03-08', '2014-03-30'], '2014-03-08T22'],
  ])('of %j is %s', (moments, expected) => {
    expect(rolls([moments, moments])).toEqual([['ESH2014', expected]]);
  });

  it('is one of both contracts, and lies after the desired day of the roll before', () => {
    const late = ['2014-03-10', '2014-06-02'];
    expect(rolls([['2014-03-07', '2014-03-10'], ['2014-03-07', ...late], late])).toEqual([
      ['ESH2014', '2014-03-10T22'],
      ['ESM2014', '2014-06-02T22'],
    ]);
    // A close before the first desired day is no candidate of the second roll.
    expect(rolls([['2014-03-07'], ['2014-03-07'], ['2014-03-07']])).toEqual([
      ['ESH2014', '2014-03-07T22'],
    ]);
  });

  it('that is missing skips a contract at the start and ends the schedule later', () => {
    const june = ['2014-06-10'];
    expect(rolls([['2014-03-10'], june, june])).toEqual([['ESM2014', '2014-06-10T22']]);
    const march = ['2014-03-10'];
    expect(rolls([march, march, june])).toEqual([['ESH2014', '2014-03-10T22']]);
    const skipped = schedule([march, june, june]);
    expect(skipped.holes).toEqual([{ what: 'skipped', from: 'ESH2014', to: 'ESM2014' }]);
    expect(rollNotes(skipped).map(({ code, message }) => [code, message.slice(0, 27)])).toEqual([
      ['W_ROLL_SKIPPED', 'ESH2014 of ES is not held: '],
    ]);
    const stopped = schedule([march, march, june]);
    expect(stopped.holes).toEqual([{ what: 'stopped', from: 'ESM2014', to: 'ESU2014' }]);
    expect(rollNotes(stopped)[0]!.message).toContain('stops with ESM2014');
    const whole = schedule([march, [...march, ...june], june]);
    expect([whole.holes, rollNotes(whole)]).toEqual([undefined, []]);
  });

  it('has prices of an earlier carry contract too, unless that leaves none', () => {
    const moments = ['2014-03-10', '2014-03-13'];
    const carry = (...days: string[]): Partial<NearestInput> => ({
      carryOf: () => ({ id: toContractId('ES', 2013, 12), closes: closesAt(...days) }),
    });
    const without = [['ESH2014', '2014-03-10T22']];
    expect(rolls([moments, moments], carry('2014-03-13'))).toEqual([['ESH2014', '2014-03-13T22']]);
    expect(rolls([moments, moments], carry('2014-01-02'))).toEqual(without);
    // A later carry contract is not asked.
    const later = { carryOf: () => ({ id: toContractId('ES', 2014, 12), closes: closesAt() }) };
    expect(rolls([moments, moments], later)).toEqual(without);
  });

  it('is not sought for a day that lies after the end', () => {
    const both = ['2014-03-07'];
    expect(rolls([both, both], { to: date('2014-03-09') })).toEqual([]);
    expect(rolls([both, both], { to: date('2014-03-10') })).toHaveLength(1);
  });
});
