import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { TradeDate } from '../../src/core/units.ts';
import { US_PER_HOUR, US_PER_MINUTE } from '../../src/core/units.ts';
import { DatesSeen } from '../../src/research/dates-seen.ts';
import type { BarRow } from '../support/engine-world.ts';
import { at, DAY0, plainCalendar, sourceOf } from '../support/engine-world.ts';

const DAYS = 6;
const first = DAY0 as TradeDate;
const last = (DAY0 + DAYS - 1) as TradeDate;

function missingOf(products: readonly (readonly number[])[], chunk: number): number[] {
  const calendars = products.map(() => plainCalendar());
  const seen = new DatesSeen(calendars, first, last);
  products.forEach((closes, row) => {
    const rows = closes.map((closeUs): BarRow => [closeUs, 1, 1, 1, 1]);
    const source = seen.watch(row, sourceOf(rows, US_PER_MINUTE, chunk));
    while (source.next() !== null);
    source.close();
  });
  const { dates, of } = seen.missing();
  expect(of).toBe(DAYS);
  return dates.map((date) => date - DAY0);
}

describe('trade dates with a bar', () => {
  it('counts the last moment of a session, and not its first: that bar began before it', () => {
    expect(missingOf([[at(0, 16), at(2, 10), at(4, 10, 1)]], 10)).toEqual([1, 2, 3, 5]);
  });

  it('takes a date as seen when one of the products has a bar', () => {
    expect(
      missingOf(
        [
          [at(0, 12), at(1, 12)],
          [at(1, 12), at(3, 12)],
        ],
        1,
      ),
    ).toEqual([2, 4, 5]);
  });

  const minutes = fc.uniqueArray(fc.integer({ min: -2000, max: (DAYS + 1) * 1440 }), {
    maxLength: 60,
  });
  test.prop([minutes, fc.integer({ min: 1, max: 9 })])(
    'is what a look at every bar finds, in batches of any size',
    (offsets, chunk) => {
      const closes = offsets.toSorted((a, b) => a - b).map((m) => at(0, 0, m));
      const naive = Array.from({ length: DAYS }, (_, day) => day).filter(
        (day) => !closes.some((us) => us > at(day, 10) && us <= at(day, 10) + 6 * US_PER_HOUR),
      );
      expect(missingOf([closes], chunk)).toEqual(naive);
    },
  );
});
