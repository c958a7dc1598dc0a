import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseContractId, toContinuousId, toContractId } from '../../src/core/symbology.ts';

describe('symbology', () => {
  it('reads back every contract id, also where the root ends in a month letter', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('ES', '6E', 'ZN', 'HE', 'NKD', 'FESX', 'Z', 'F'),
        fc.integer({ min: 1900, max: 2199 }),
        fc.integer({ min: 1, max: 12 }),
        (root, year, month) => {
          expect(parseContractId(toContractId(root, year, month))).toMatchObject({
            root,
            year,
            month,
          });
        },
      ),
      { seed: 3 },
    );
  });

  it('refuses a continuous id in the place of a contract, by its own code', () => {
    const id = toContinuousId('ES', 'calendar', 'back-difference', 0);
    expect(() => parseContractId(id)).toThrow(/continuous series/);
  });

  it.each(['ESZ25', 'ES', 'ESA2025', 'esz2025', 'ESZ2025 '])('refuses %s', (text) => {
    expect(() => parseContractId(text)).toThrow(/not a contract id/);
  });
});
