/** Imports a Parquet file and prints how far its living memory grew: `import-parquet-memory.ts <catalog> <file>`. */
import type { ContractId } from '../../../src/core/instrument.ts';
import { openCatalog } from '../../../src/data/catalog.ts';
import type { FileIo } from '../../../src/data/file-io.ts';
import { nodeFileIo } from '../../../src/data/file-io.ts';
import { importParquet } from '../../../src/data/ingest/parquet.ts';

const [root = '', file = ''] = process.argv.slice(2);
const living = (): number => {
  globalThis.gc!();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};
const dataset = openCatalog(root, { sync: false }).createDataset({
  name: 'big',
  createdBy: 'frontmonth test',
  isSynthetic: true,
  description: '',
  source: '',
  grids: { ES: { kind: 'ticks', increment: 0.25 } },
  volume: 'known',
  stamps: 'instants',
  barStamp: 'close',
});
const before = living();
let most = before;
let reads = 0;
const io: FileIo = {
  ...nodeFileIo,
  read: (fd, target, position) => {
    // Collecting is slow; any six reads in a row see every state of a row group.
    reads += 1;
    if (reads % 5 === 0) most = Math.max(most, living());
    return nodeFileIo.read(fd, target, position);
  },
};
const { rows } = importParquet(dataset, {
  files: [file],
  contract: 'ESZ2024' as ContractId,
  interval: '1m',
  stamp: 'close',
  productOf: () => ({
    grid: { kind: 'ticks', increment: 0.25 },
    currency: 'USD',
    mayBeZeroOrBelow: false,
  }),
  toUtc: (us) => us,
  sessionOf: () => null,
  io,
});
process.stdout.write(JSON.stringify({ rows, grownMegabytes: (most - before) / 1e6 }));
