/**
 * Peak memory of a run of 1, 5 and 20 million one-minute bars, each in a process of its own. Bars are streamed, the journal is
 * hashed and forgotten and no tables are kept, so that what grows would be the engine's own. Tables of a run grow with its
 * orders; what they add to a run is printed beside it.
 *
 *     node --import tsx bench/memory.bench.ts [millions ...]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { NULL_RECORDER } from '../src/core/run-events.ts';
import { createRunRecorder } from '../src/research/recorder.ts';
import { Brackets, EmaCross, runSingle, walk } from './minute-bars.ts';

const CASES = ['no-op', 'EMA cross 10/50', 'brackets', 'EMA cross 10/50, with tables'] as const;
const MB = 1024;

function runCase(name: string, bars: number): string {
  const strategy = name === 'no-op' ? { onBar: () => {} } : name === 'brackets' ? new Brackets() : new EmaCross();
  const hasTables = name.endsWith('with tables');
  return runSingle(walk(bars, 1), bars, strategy, (table) =>
    hasTables ? createRunRecorder({ table }) : NULL_RECORDER,
  );
}

if (process.argv[2] === '--case') {
  const did = runCase(process.argv[3]!, Number(process.argv[4]));
  process.stdout.write(`${Math.round(process.resourceUsage().maxRSS / MB)} MB; ${did}\n`);
} else {
  const isSmoke = process.env['FRONTMONTH_BENCH_SMOKE'] === '1';
  const given = process.argv.slice(2).map(Number);
  const millions = given.length > 0 ? given : isSmoke ? [0.01, 0.05] : [1, 5, 20];
  for (const name of CASES) {
    process.stdout.write(`${name}\n`);
    for (const size of millions) {
      // The tables of 20 million bars are no question of the engine.
      if (name.endsWith('with tables') && size > 5) continue;
      const self = fileURLToPath(import.meta.url);
      const args = [...process.execArgv, self, '--case', name, String(Math.round(size * 1e6))];
      const child = spawnSync(process.execPath, args, { encoding: 'utf8' });
      if (child.status !== 0) throw new Error(child.stderr);
      process.stdout.write(`  ${size} M bars: peak ${child.stdout}`);
    }
  }
}
