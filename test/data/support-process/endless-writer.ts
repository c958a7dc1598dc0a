/**
 * Commits state after state to the dataset `one` of the catalog in FRONTMONTH_TEST_CATALOG, until it is killed. Built into a
 * start-up snapshot of Node, so that two hundred of them start at the cost of their first milliseconds only.
 */
import { startupSnapshot } from 'node:v8';
import type { ContractId } from '../../../src/core/instrument.ts';
import { openCatalog } from '../../../src/data/catalog.ts';

const contract = 'ESZ2024' as ContractId;
const minute = 60_000_000;
const start = 1_709_562_600_000_000;

/** Three bars whose prices all carry the number of the state. */
function barsOf(state: number) {
  const prices = Int32Array.of(state, state, state);
  return {
    length: 3,
    openUs: Float64Array.of(start, start + minute, start + 2 * minute),
    closeUs: Float64Array.of(start + minute, start + 2 * minute, start + 3 * minute),
    open: prices,
    high: prices,
    low: prices,
    close: prices,
    volume: Float64Array.of(1, 1, 1),
  };
}

startupSnapshot.setDeserializeMainFunction(() => {
  // A killed process loses nothing that it handed to the system, so waiting for the disk would only slow the test.
  const catalog = openCatalog(process.env['FRONTMONTH_TEST_CATALOG']!, { sync: false });
  for (let round = 0; ; round += 1) {
    // The first state is slow, as every line runs for the first time.
    if (round === 1) process.stdout.write('ready\n');
    const dataset = catalog.dataset('one');
    const writer = dataset.beginWrite();
    const state = dataset.manifest.generation + 1;
    writer.putBars(contract, '1m', 2024, barsOf(state));
    writer.putBars(contract, '5m', 2024, barsOf(state));
    writer.commit();
  }
});
