/**
 * Speed of the sample market: `node --import tsx bench/sample.bench.ts`. Prints bars made a second, without and with
 * writing, and the size on disk. CPU seconds say more than seconds on a busy machine.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCalendars } from '../src/calendars/registry.ts';
import { parseTradeDate } from '../src/core/trade-date.ts';
import { openCatalog } from '../src/data/catalog.ts';
import { loadInstruments } from '../src/data/instruments.ts';
import { generateSample } from '../src/data/sample-dataset.ts';
import { sampleSegments } from '../src/data/sample.ts';

function timed<T>(run: () => T): { value: T; seconds: number; cpuSeconds: number } {
  const [startMs, startCpu] = [performance.now(), process.cpuUsage()];
  const value = run();
  const cpu = process.cpuUsage(startCpu);
  return {
    value,
    seconds: (performance.now() - startMs) / 1000,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
  };
}

const instruments = [
  ...loadInstruments(join(import.meta.dirname, '../catalog/instruments')).values(),
];
const calendars = createCalendars();
/** A smoke run proves that the benchmark works; its figures mean nothing. */
const isSmoke = process.env['FRONTMONTH_BENCH_SMOKE'] === '1';
const span = isSmoke
  ? {
      products: ['ES', 'ZC'],
      from: parseTradeDate('2023-10-02'),
      to: parseTradeDate('2023-12-29'),
      minuteFrom: parseTradeDate('2023-12-01'),
    }
  : {};
for (let run = 1; run <= (isSmoke ? 1 : 3); run += 1) {
  const { value, seconds, cpuSeconds } = timed(() => {
    let bars = 0;
    for (const segment of sampleSegments({ instruments, calendars, ...span }))
      bars += segment.bars.length;
    return bars;
  });
  const rate = (value / seconds / 1e6).toFixed(2);
  const cpuRate = (value / cpuSeconds / 1e6).toFixed(2);
  console.log(
    `made ${value} bars in ${seconds.toFixed(2)} s: ${rate} M bars/s, ${cpuRate} M bars per CPU second`,
  );
}
const folder = mkdtempSync(join(tmpdir(), 'frontmonth-sample-'));
try {
  const { value, seconds, cpuSeconds } = timed(() =>
    generateSample({
      instruments,
      calendars,
      catalog: openCatalog(folder),
      createdBy: 'bench',
      ...span,
    }),
  );
  const megabytes = value.manifest.segments.reduce((sum, entry) => sum + entry.bytes, 0) / 1e6;
  console.log(
    `written ${megabytes.toFixed(0)} MB in ${seconds.toFixed(2)} s (${cpuSeconds.toFixed(2)} CPU s)`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
