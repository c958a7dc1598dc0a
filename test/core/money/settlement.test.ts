import { describe, expect, it } from 'vitest';
import { isInWindow } from '../../../src/core/money/account-rules.ts';
import type { SettleChoice } from '../../../src/core/money/settlement.ts';
import {
  chooseSettlement,
  markOf,
  roundToCount,
  SettleWindow,
} from '../../../src/core/money/settlement.ts';

const ALL = {
  officialTicks: 100.4,
  vwapTicks: 101.5,
  midTicks: 102.5,
  lastTicks: 103,
  previousTicks: 99,
};

describe('the source of a settlement', () => {
  it('is official, window, mid, last trade, previous settlement, in this order', () => {
    const chain: Record<string, number> = { ...ALL };
    const found: unknown[] = [];
    for (const key of Object.keys(ALL)) {
      const { ticks, source } = chooseSettlement(chain as never)!;
      found.push([source, ticks]);
      chain[key] = NaN;
    }
    expect(found).toEqual([
      ['official', 100.4],
      // A tie goes towards the previous settlement.
      ['window-vwap', 101],
      ['mid', 102],
      ['last-trade', 103],
      ['previous-settlement', 99],
    ]);
    expect(chooseSettlement(chain as never)).toBeNull();
  });

  it('follows the order that is configured, and falls to the previous settlement', () => {
    const source = (inputs: typeof ALL, order: readonly SettleChoice[]) =>
      chooseSettlement(inputs, 'last-bar', order)!.source;
    expect(source(ALL, ['mid', 'official'])).toBe('mid');
    expect(source({ ...ALL, midTicks: NaN }, ['mid', 'official'])).toBe('official');
    expect(source({ ...ALL, midTicks: NaN, officialTicks: NaN }, ['mid', 'official'])).toBe(
      'previous-settlement',
    );
    // A position of the first date has nothing behind it but its last price.
    const first = { ...ALL, midTicks: NaN, officialTicks: NaN, previousTicks: NaN };
    expect(source(first, ['mid', 'official'])).toBe('last-bar');
  });

  it('rounds to the nearest count, and a tie to the side of the previous settlement', () => {
    expect(roundToCount(10.5, 20)).toBe(11);
    expect(roundToCount(10.5, 3)).toBe(10);
    expect(roundToCount(10.5, NaN)).toBe(10);
    expect(roundToCount(11.5, NaN)).toBe(12);
    expect(roundToCount(-10.5, 0)).toBe(-10);
    expect(roundToCount(10.6, 3)).toBe(11);
  });

  it('averages the trades of its window by volume, the end excluded', () => {
    const window = new SettleWindow();
    window.open(100, 130);
    window.add(99, 5000, 10);
    expect(window.vwapTicks()).toBeNaN();
    window.add(100, 10, 3);
    window.add(129, 20, 1);
    window.add(130, 9000, 10);
    expect(window.vwapTicks()).toBe(12.5);
    window.open(200, 230);
    expect(window.vwapTicks()).toBeNaN();
  });
});

describe('a mark', () => {
  const inputs = { bidTicks: 10, askTicks: 13, quoteUs: 100, lastTicks: 9, settleTicks: 8 };
  it('is the middle of fresh quotes, else the last trade, else the settlement', () => {
    expect(markOf(inputs, 150, 50)).toBe(11.5);
    expect(markOf(inputs, 151, 50)).toBe(9);
    expect(markOf({ ...inputs, askTicks: NaN }, 100, 50)).toBe(9);
    expect(markOf({ ...inputs, askTicks: 9 }, 100, 50)).toBe(9);
    expect(markOf({ ...inputs, askTicks: NaN, lastTicks: NaN }, 100, 50)).toBe(8);
  });
});

describe('a window of the day', () => {
  it('holds its beginning and not its end, over midnight too', () => {
    expect([599, 600, 899, 900].map((minute) => isInWindow(minute, 600, 900))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect([1019, 1020, 0, 958, 959].map((minute) => isInWindow(minute, 1020, 959))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(isInWindow(7, 0, 0)).toBe(true);
  });
});
