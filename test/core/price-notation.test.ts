import fc from 'fast-check';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fractionDigits, toFractionText } from '../../src/core/price-notation.ts';
import { loadInstruments } from '../../src/data/instruments.ts';

describe('a price in thirty-seconds', () => {
  it.each([
    ['ZB', 1 / 32, 118.5, "118'16"],
    ['ZB, one tick up', 1 / 32, 118.53125, "118'17"],
    ['ZB on the point', 1 / 32, 118, "118'00"],
    ['ZN', 1 / 64, 110.515625, "110'16.5"],
    ['ZN on the thirty-second', 1 / 64, 110.5, "110'16.0"],
    ['ZF, a quarter', 1 / 128, 107.0078125, "107'00.25"],
    ['ZT, an eighth', 1 / 256, 102.98828125, "102'31.625"],
    ['ZT, a half', 1 / 256, 102.265625, "102'08.500"],
    ['a price below zero', 1 / 64, -0.515625, "-0'16.5"],
    ['zero', 1 / 32, 0, "0'00"],
  ])('%s', (_name, tick, price, text) => {
    expect(toFractionText(price, tick)).toBe(text);
  });

  it('is not made up for an average between two ticks, another tick or no price', () => {
    expect(toFractionText(110.5078125, 1 / 64)).toBe(null);
    expect(toFractionText(5000.25, 0.25)).toBe(null);
    expect(toFractionText(110.5, 1 / 512)).toBe(null);
    expect(toFractionText(NaN, 1 / 64)).toBe(null);
  });

  it('reads back as the same price', () => {
    const tick = fc.constantFrom(1 / 32, 1 / 64, 1 / 128, 1 / 256);
    fc.assert(
      fc.property(fc.integer({ min: -60_000, max: 60_000 }), tick, (counts, size) => {
        const price = counts * size;
        const [, sign, whole, rest] = /^(-?)(\d+)'(\d\d(?:\.\d+)?)$/.exec(
          toFractionText(price, size)!,
        )!;
        expect(Number(rest)).toBeLessThan(32);
        const read = Number(whole) + Number(rest) / 32;
        expect(sign === '-' ? -read : read).toBe(price + 0);
      }),
      { seed: 9 },
    );
  });

  it('belongs to the Treasury futures and to nothing else that is specified', () => {
    const specs = loadInstruments(
      fileURLToPath(new URL('../../catalog/instruments', import.meta.url)),
    );
    const roots = [...specs.values()]
      .filter((spec) => fractionDigits(spec.grid.increment) !== null)
      .map((spec) => spec.root);
    expect(roots.toSorted()).toEqual(['TN', 'UB', 'Z3N', 'ZB', 'ZF', 'ZN', 'ZT']);
  });
});
