import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseTradeDate } from '../../src/core/trade-date.ts';
import { UniformGrid } from '../../src/core/price-grid.ts';
import { sampleSegments } from '../../src/data/sample.ts';
import { PlainCalendars, plainInstrument } from '../support/plain-calendar.ts';

/** Changes with any change of the generator: then every result on the sample changes, and the changelog must say so. */
const GOLDEN = 'c4dad0691bd1c6953c9b27a2cd3aa49f83e25b5be13293c594b5bf2ab29319fa';

describe('the sample market', () => {
  it('has the same bytes on every machine', () => {
    const hash = createHash('sha256');
    const segments = sampleSegments({
      instruments: [
        plainInstrument('ES'),
        plainInstrument('CL', { holdCycle: 'FGHJKMNQUVXZ', grid: new UniformGrid(0.01) }),
      ],
      calendars: new PlainCalendars(),
      products: ['ES', 'CL'],
      from: parseTradeDate('2022-11-01'),
      to: parseTradeDate('2023-01-20'),
      seed: 1,
    });
    let rows = 0;
    for (const { contract, interval, year, bars } of segments) {
      rows += bars.length;
      hash.update(`${contract}/${interval}/${year}/${bars.length}\n`);
      const columns = [
        bars.openUs,
        bars.closeUs,
        bars.open,
        bars.high,
        bars.low,
        bars.close,
        bars.volume,
      ];
      for (const column of columns) hash.update(Array.from(column).join(','));
    }
    expect(rows).toBeGreaterThan(30_000);
    expect(hash.digest('hex')).toBe(GOLDEN);
  });
});
