import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import { DATA_ERRORS } from '../../src/data/errors.ts';
import type { BacktestOutcome } from '../../src/research/backtest.ts';
import { runBacktest, TABLE_STORE } from '../../src/research/backtest.ts';
import { RESEARCH_ERRORS } from '../../src/research/errors.ts';
import { listRuns, readRun } from '../../src/research/run-store.ts';
import { faultIo } from '../data/fault-io.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { backtestOptions, INSTRUMENTS_DIR, makeSampleCatalog } from '../support/sample-catalog.ts';

let sample: SampleCatalog;
beforeAll(() => {
  sample = makeSampleCatalog({ products: ['ES'], from: '2022-09-01', to: '2022-12-30' });
  // Reading the specifications of all products would take most of each run.
  mkdirSync(join(sample.dir, 'instruments'));
  copyFileSync(join(INSTRUMENTS_DIR, 'ES.json'), join(sample.dir, 'instruments/ES.json'));
});
afterAll(() => sample.remove());

/** What a full disk refuses; it still cuts, renames and removes. */
const NEEDS_SPACE = ['open', 'write', 'mkdir', 'fsync', 'close'];
const FAST = { entryBars: 5, exitBars: 3 };
let runs = 0;

/** A backtest into a runs folder of its own, over a disk that fails at the operations chosen. */
async function backtestOn(disk: ReturnType<typeof faultIo>): Promise<{
  runsDir: string;
  done: BacktestOutcome | null;
  error: TradingError | null;
}> {
  runs += 1;
  const runsDir = join(sample.dir, `runs-${runs}`);
  const options = backtestOptions(sample, 'donchian-breakout', {
    instruments: ['ES'],
    params: FAST,
    bounds: false,
    runsDir,
    instrumentsDir: join(sample.dir, 'instruments'),
    io: disk.io,
  });
  try {
    return { runsDir, done: await runBacktest(options), error: null };
  } catch (error) {
    expect(error).toBeInstanceOf(TradingError);
    return { runsDir, done: null, error: error as TradingError };
  }
}

function linesOf(file: string): unknown[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}

describe('a backtest on a disk that fails', () => {
  it('is complete or a readable partial run, whichever file operation fails', async () => {
    const counter = faultIo('EIO', () => false);
    const whole = await backtestOn(counter);
    expect(whole.done!.summary.trades.closed).toBeGreaterThan(0);
    const total = counter.count();
    const all = linesOf(join(whole.done!.dir, 'journal.jsonl'));
    expect(total).toBeGreaterThan(60);
    const outcomes = new Set<string>();
    for (let k = 1; k <= total; k += 1) {
      // From the operation on the disk is full, or the one operation fails.
      for (const disk of [
        faultIo('ENOSPC', (operation, name) => operation >= k && NEEDS_SPACE.includes(name)),
        ...(k % 5 === 0 ? [faultIo('EIO', (operation) => operation === k)] : []),
      ]) {
        const { runsDir, done, error } = await backtestOn(disk);
        const entry = listRuns(runsDir)[0];
        if (error === null) {
          expect(entry).toMatchObject({ isComplete: true, outcome: 'completed' });
          continue;
        }
        expect(done).toBeNull();
        expect(error.code, `operation ${k}: ${error.message}`).toBe('E_RUN_WRITE');
        expect(error.message).toMatch(/ENOSPC|EIO/);
        expect(error.fix).toContain('space');
        outcomes.add(entry === undefined ? 'nothing' : entry.isComplete ? 'complete' : 'partial');
        if (entry === undefined) continue;
        const journal = linesOf(join(entry.dir, 'journal.jsonl'));
        expect(journal).toEqual(all.slice(0, journal.length));
        if (!existsSync(join(entry.dir, 'manifest.json'))) continue;
        const read = readRun(entry.dir, TABLE_STORE);
        expect(read.manifest.outcome).toBe(entry.isComplete ? 'completed' : 'failed');
        expect(readdirSync(entry.dir).filter((name) => name.endsWith('.html'))).toEqual([]);
      }
    }
    // Complete without its report, partial, or refused at the very first operation.
    expect([...outcomes].sort()).toEqual(['complete', 'nothing', 'partial']);
  });

  it('keeps the whole lines of a journal that no longer fits', async () => {
    const ROOM = 60_000;
    let bytes = 0;
    const disk = faultIo('ENOSPC', () => false);
    const small = {
      ...disk.io,
      write(fd: number, data: Uint8Array): void {
        bytes += data.length;
        if (bytes <= ROOM) {
          disk.io.write(fd, data);
          return;
        }
        const room = Math.max(0, data.length - (bytes - ROOM));
        bytes -= data.length - room;
        disk.io.write(fd, data.subarray(0, room));
        throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      },
    };
    const { runsDir, error } = await backtestOn({ ...disk, io: small });
    expect(error).toMatchObject({ code: 'E_RUN_WRITE', details: { errno: 'ENOSPC' } });
    const entry = listRuns(runsDir)[0]!;
    expect(entry).toMatchObject({ isComplete: false, strategy: 'donchian-breakout' });
    const journal = linesOf(join(entry.dir, 'journal.jsonl'));
    expect(journal.length).toBeGreaterThan(50);
  });

  const folder = mkdtempSync('/tmp/frontmonth-small-runs-');
  const isMounted =
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).status === 0;
  if (!isMounted) rmSync(folder, { recursive: true });
  const title = 'leaves a readable partial run on a small file system that runs full';
  it.skipIf(!isMounted)(
    isMounted ? title : `${title} (skipped: mounting is not allowed here)`,
    async () => {
      try {
        const options = backtestOptions(sample, 'donchian-breakout', {
          instruments: ['ES'],
          params: FAST,
          bounds: false,
          runsDir: folder,
          instrumentsDir: join(sample.dir, 'instruments'),
        });
        await expect(runBacktest(options)).rejects.toMatchObject({
          code: 'E_RUN_WRITE',
          details: { errno: 'ENOSPC' },
        });
        const entry = listRuns(folder)[0]!;
        expect(entry).toMatchObject({ isComplete: false, strategy: 'donchian-breakout' });
        expect(linesOf(join(entry.dir, 'journal.jsonl')).length).toBeGreaterThan(10);
        expect(readRun(entry.dir, TABLE_STORE).manifest.outcome).toBe('failed');
      } finally {
        spawnSync('umount', [folder]);
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );

  it('ends the command with exit code 3', () => {
    expect(RESEARCH_ERRORS['E_RUN_WRITE']!.exit).toBe(3);
    expect(DATA_ERRORS['E_CATALOG_WRITE']!.exit).toBe(3);
  });
});
