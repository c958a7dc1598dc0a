/** Reads bars of a dataset and prints how far its living memory grew: `read-memory.ts <catalog> <dataset>`. */
import type { ContractId } from '../../../src/core/instrument.ts';
import { openCatalog } from '../../../src/data/catalog.ts';

const [root = '', name = ''] = process.argv.slice(2);
const dataset = openCatalog(root).dataset(name);
/** Without what only waits to be collected: when that happens is the runtime's choice. */
const living = (): number => {
  globalThis.gc!();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};
const before = living();
let most = before;
let rows = 0;
const source = dataset.bars({ contract: 'ESZ2024' as ContractId, interval: '1m' });
for (let batch = source.next(); batch !== null; batch = source.next()) {
  rows += batch.length;
  most = Math.max(most, living());
}
process.stdout.write(JSON.stringify({ rows, grownMegabytes: (most - before) / 1e6 }));
