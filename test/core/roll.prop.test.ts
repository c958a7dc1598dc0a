import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RollRecord } from '../../src/core/roll.ts';
import { segmentAdjustments } from '../../src/core/roll.ts';

function rollOf(fromPrice: number, toPrice: number): RollRecord {
  return { from: 'A', to: 'B', fromPrice, toPrice } as unknown as RollRecord;
}
const rollList = fc.array(
  fc
    .tuple(fc.integer({ min: -9999, max: 9999 }), fc.integer({ min: -9999, max: 9999 }))
    .map(([a, b]) => rollOf(a, b)),
  { maxLength: 12 },
);

describe('roll adjustments', () => {
  it('gives the worked example', () => {
    const rolls = [rollOf(104, 107), rollOf(108, 109)];
    // A 100, B 110, C 107 and their published adjusted values.
    expect([...segmentAdjustments(rolls, 2, 'back-difference')]).toEqual([4, 1, 0]);
    expect([...segmentAdjustments(rolls, 2, 'forward-difference')]).toEqual([0, -3, -4]);
    const ratio = segmentAdjustments(rolls, 2, 'back-ratio');
    expect(100 * ratio[0]!).toBeCloseTo(103.837251, 6);
    expect(110 * ratio[1]!).toBeCloseTo(111.018519, 6);
    expect([...segmentAdjustments(rolls, 2, 'none')]).toEqual([0, 0, 0]);
  });

  it('keeps the last segment raw in back modes, the first in forward modes, and their difference constant', () => {
    fc.assert(
      fc.property(rollList, (rolls) => {
        const back = segmentAdjustments(rolls, rolls.length, 'back-difference');
        const forward = segmentAdjustments(rolls, rolls.length, 'forward-difference');
        expect(back.at(-1)).toBe(0);
        expect(forward[0]).toBe(0);
        for (let k = 0; k < back.length; k += 1) expect(back[k]! - forward[k]!).toBe(back[0]);
      }),
      { seed: 5 },
    );
  });

  it('moves by the gap of the roll between two segments, as known at any time', () => {
    fc.assert(
      fc.property(rollList, (rolls) => {
        for (let known = 0; known <= rolls.length; known += 1) {
          const back = segmentAdjustments(rolls, known, 'back-difference');
          expect(back.length).toBe(known + 1);
          for (let k = 0; k < known; k += 1) {
            const gap = rolls[k]!.toPrice - rolls[k]!.fromPrice;
            expect(back[k]! - back[k + 1]!).toBe(gap);
          }
        }
      }),
      { seed: 5, numRuns: 50 },
    );
  });

  it('refuses a ratio at prices at or below zero', () => {
    expect(() => segmentAdjustments([rollOf(-37, 20)], 1, 'back-ratio')).toThrow(
      /at or below zero/,
    );
    expect(() => segmentAdjustments([rollOf(20, 0)], 1, 'forward-ratio')).toThrow(
      /at or below zero/,
    );
  });
});
