import { test } from '@fast-check/vitest';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { minutesOf, SessionWindow } from '../../src/strategies/session-window.ts';

const windowOf = (entryFrom: string, entryTo: string): SessionWindow =>
  new SessionWindow({ entryFrom, entryTo, noEntryMinutes: 30, flatMinutes: 15 });

describe('the entry window', () => {
  test('holds its first minute and not its last', () => {
    const window = windowOf('08:30', '14:30');
    expect(
      [8 * 60 + 29, 8 * 60 + 30, 14 * 60 + 29, 14 * 60 + 30].map((m) => window.contains(m)),
    ).toEqual([false, true, true, false]);
  });

  test('may pass midnight', () => {
    const window = windowOf('22:00', '02:00');
    expect([21 * 60 + 59, 22 * 60, 0, 119, 120].map((m) => window.contains(m))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  const minute = fc.integer({ min: 0, max: 1439 });
  const clock = (m: number): string =>
    `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`;

  test.prop([minute, minute, minute])('and its complement share the day', (from, to, at) => {
    fc.pre(from !== to);
    const [inside, outside] = [windowOf(clock(from), clock(to)), windowOf(clock(to), clock(from))];
    expect(inside.contains(at)).toBe(!outside.contains(at));
    expect(minutesOf(clock(at))).toBe(at);
  });
});

test('the product of a timer is what follows its first word', () => {
  const window = windowOf('08:30', '14:30');
  expect(window.rootOf('no-entry ES')).toBe('ES');
  expect(window.rootOf('flat 6E')).toBe('6E');
});
