/** Reads bars of one contract, batch by batch: columns of integers, nothing allocated per bar. */
import { toIsoUtc, type TsUs } from 'frontmonth';
import { openCatalog } from 'frontmonth/data';

const dataset = openCatalog('catalog').dataset('sample');
const contract = dataset.contracts('ES').at(-1)!;
// Prices on disk are counts of the grid that the manifest states.
const { increment } = dataset.manifest.grids['ES']!;

let [bars, volume, high, low] = [0, 0, -Infinity, Infinity];
let lastUs = NaN;
const source = dataset.bars({ contract, interval: '1d' });
try {
  for (let batch = source.next(); batch !== null; batch = source.next()) {
    for (let i = 0; i < batch.length; i += 1) {
      high = Math.max(high, batch.high[i]!);
      low = Math.min(low, batch.low[i]!);
      volume += batch.volume[i]!;
    }
    bars += batch.length;
    lastUs = batch.closeUs[batch.length - 1]!;
  }
} finally {
  source.close();
}
console.log(`${contract}: ${bars} daily bars, the last one closes ${toIsoUtc(lastUs as TsUs)}`);
console.log(`low ${low * increment}, high ${high * increment}, ${volume} contracts traded`);
