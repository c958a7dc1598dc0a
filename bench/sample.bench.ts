/**
 * Speed of the sample market: `node --import tsx bench/sample.bench.ts`. Prints bars made a second, without and with
 * writing, and the size on disk.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCalendars } from '../src/calendars/registry.ts';
import { openCatalog } from '../src/data/catalog.ts';
import { loadInstruments } from '../src/data/instruments.ts';
import { generateSample } from '../src/data/sample-dataset.ts';
import { sampleSegments } from '../src/data/sample.ts';

const instruments = [
  ...loadInstruments(join(import.meta.dirname, '../catalog/instruments')).values(),
];
const calendars = createCalendars();
for (let run = 1; run <= 3; run += 1) {
  const startMs = performance.now();
  let bars = 0;
  for (const segment of sampleSegments({ instruments, calendars })) bars += segment.bars.length;
  const seconds = (performance.now() - startMs) / 1000;
  console.log(
    `made ${bars} bars in ${seconds.toFixed(2)} s: ${(bars / seconds / 1e6).toFixed(2)} M bars/s`,
  );
}
const folder = mkdtempSync(join(tmpdir(), 'frontmonth-sample-'));
try {
  const startMs = performance.now();
  const catalog = openCatalog(folder);
  const { manifest } = generateSample({ instruments, calendars, catalog, createdBy: 'bench' });
  const seconds = (performance.now() - startMs) / 1000;
  const megabytes = manifest.segments.reduce((sum, entry) => sum + entry.bytes, 0) / 1e6;
  console.log(`written ${megabytes.toFixed(0)} MB in ${seconds.toFixed(2)} s`);
} finally {
  rmSync(folder, { recursive: true });
}
