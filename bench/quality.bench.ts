/**
 * Checking and exporting bars of one minute, in bars per CPU second and against reading the same bars through the catalog.
 * Medians of five; FRONTMONTH_BENCH_SMOKE makes it short.
 */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCalendars } from '../src/calendars/registry.ts';
import type { ContractId } from '../src/core/instrument.ts';
import { parseTradeDate } from '../src/core/trade-date.ts';
import { openCatalog } from '../src/data/catalog.ts';
import { exportDataset } from '../src/data/export/export.ts';
import { loadInstruments } from '../src/data/instruments.ts';
import { checkDataset } from '../src/data/quality.ts';
import { resampleDataset } from '../src/data/resample.ts';

const isSmoke = (process.env['FRONTMONTH_BENCH_SMOKE'] ?? '') !== '';
const rounds = isSmoke ? 1 : 5;
const lastYear = isSmoke ? 2021 : 2023;
const folder = fs.mkdtempSync(join(tmpdir(), 'frontmonth-bench-'));
const spec = loadInstruments(fileURLToPath(new URL('../catalog/instruments', import.meta.url))).get(
  'ES',
)!;
const calendar = createCalendars().forInstrument(spec);
const calendarOf = () => calendar;

async function median(run: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let k = 0; k < rounds; k += 1) {
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    times.push(user + system);
  }
  return times.sort((a, b) => a - b)[rounds >> 1]!;
}

try {
  const started = openCatalog(folder, { sync: false }).createDataset({
    name: 'bench',
    createdBy: 'frontmonth',
    isSynthetic: true,
    description: 'bench',
    source: 'bench',
    grids: { ES: { kind: 'ticks', increment: 0.25 } },
    volume: 'known',
    stamps: 'instants',
    barStamp: 'close',
  });
  const writer = started.beginWrite();
  const contracts: ContractId[] = [];
  let rows = 0;
  let state = 1;
  const below = (range: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * range);
  };
  for (let year = 2021; year <= lastYear; year += 1) {
    const contract = `ESZ${year}` as ContractId;
    contracts.push(contract);
    const sessions = calendar.sessions(
      parseTradeDate(`${year}-01-04`),
      parseTradeDate(isSmoke ? `${year}-03-01` : `${year}-12-15`),
    );
    const starts: number[] = [];
    for (let s = 0; s < sessions.length; s += 1)
      for (let us = sessions.openUs[s]!; us < sessions.closeUs[s]!; us += 60_000_000)
        if (calendar.isOpen(us as never)) starts.push(us);
    let price = 20_000;
    const close = Int32Array.from(starts, () => (price += below(7) - 3));
    writer.putBarsByYear(contract, '1m', {
      length: starts.length,
      openUs: Float64Array.from(starts),
      closeUs: Float64Array.from(starts, (us) => us + 60_000_000),
      open: close,
      high: close.map((value) => value + 2),
      low: close.map((value) => value - 2),
      close,
      volume: Float64Array.from(starts, () => 1 + below(100)),
    });
    rows += starts.length;
  }
  const dataset = writer.commit();
  const catalog = openCatalog(folder, { sync: false });
  const read = await median(() => {
    for (const contract of contracts) {
      const source = dataset.bars({ contract, interval: '1m' });
      while (source.next() !== null);
    }
  });
  const line = (what: string, us: number): string =>
    `${what.padEnd(16)} ${(rows / us).toFixed(2)} M bars per CPU second, ${(us / read).toFixed(1)} x reading\n`;
  process.stdout.write(`${rows} bars of one minute\n${line('read', read)}`);
  const check = await median(() =>
    checkDataset(dataset, { calendars: calendarOf, specs: () => spec }),
  );
  process.stdout.write(line('data check', check));
  for (const format of ['csv', 'parquet', 'arrow'] as const) {
    const target = { file: join(folder, `bars.${format}`) };
    const us = await median(() => exportDataset(dataset, { format, target, isForced: true }));
    process.stdout.write(line(`export ${format}`, us));
  }
  const resample = await median(() =>
    resampleDataset({
      catalog,
      dataset: 'bench',
      from: '1m',
      to: '5m',
      into: `five-${below(2 ** 30)}`,
      calendarOf,
      createdBy: 'bench',
    }),
  );
  process.stdout.write(line('resample to 5m', resample));
} finally {
  fs.rmSync(folder, { recursive: true });
}
