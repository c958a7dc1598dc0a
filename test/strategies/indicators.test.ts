import { describe, expect, it } from 'vitest';
import type { BarView, Indicator } from '../../src/core/strategy.ts';
import { Atr, ChangeStdev, Ema } from '../../src/strategies/indicators/index.ts';

function bar(close: number, high = close + 1, low = close - 1): BarView {
  return { close, high, low, open: close } as unknown as BarView;
}
const CLOSES = [100, 102, 101, 105, 107, 106, 110, 108, 111, 115, 114, 118];

describe('indicators', () => {
  it('seeds an EMA with the simple average and then follows its formula', () => {
    const ema = new Ema(3);
    ema.update(bar(1));
    ema.update(bar(2));
    expect(ema.ready).toBe(false);
    ema.update(bar(6));
    expect(ema.value).toBe(3);
    ema.update(bar(7));
    expect(ema.value).toBe(5);
  });

  it('takes gaps into the true range, and only after the first bar', () => {
    const atr = new Atr(2);
    atr.update(bar(100, 101, 99));
    atr.update(bar(110, 111, 109));
    // Ranges 2 and 111 - 100 = 11.
    expect(atr.value).toBe(6.5);
    atr.update(bar(110, 111, 109));
    expect(atr.value).toBe(6.5 + (2 - 6.5) / 2);
  });

  it('measures the deviation of changes, not of levels', () => {
    const stdev = new ChangeStdev(4);
    for (const close of [10, 12, 14, 16, 18]) stdev.update(bar(close));
    expect(stdev.ready).toBe(true);
    expect(stdev.value).toBe(0);
  });

  it.each([
    ['Ema', () => new Ema(3)],
    ['Ema still warming up', () => new Ema(9)],
    ['Atr', () => new Atr(3)],
    ['ChangeStdev', () => new ChangeStdev(3)],
  ] as const)('%s does not see the gap of a roll', (_, make) => {
    const GAP = 25;
    const plain: Indicator = make();
    const rolled: Indicator = make();
    CLOSES.forEach((close, i) => {
      plain.update(bar(close + GAP));
      if (i === 6) rolled.rebase(GAP, 1);
      rolled.update(bar(i < 6 ? close : close + GAP));
    });
    expect(rolled.ready).toBe(plain.ready);
    expect(rolled.value).toBeCloseTo(plain.value, 9);
  });

  it.each([
    ['Ema', () => new Ema(4)],
    ['Atr', () => new Atr(4)],
    ['ChangeStdev', () => new ChangeStdev(4)],
  ] as const)('%s goes on from a saved state as if nothing had happened', (_, make) => {
    for (let cut = 0; cut < CLOSES.length; cut += 1) {
      const whole: Indicator = make();
      const first: Indicator = make();
      CLOSES.slice(0, cut).forEach((close) => first.update(bar(close)));
      const second: Indicator = make();
      second.restoreState(JSON.parse(JSON.stringify(first.saveState())));
      CLOSES.forEach((close) => whole.update(bar(close)));
      CLOSES.slice(cut).forEach((close) => second.update(bar(close)));
      expect(second.value).toBe(whole.value);
    }
  });
});
