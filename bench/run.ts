/**
 * Runs every benchmark of this folder, each in its own process so that none warms another up. `--smoke` makes them short:
 * it proves that they run, not how fast. `--only name` runs one.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const isSmoke = process.argv.includes('--smoke');
const only = process.argv[process.argv.indexOf('--only') + 1];
const hasOnly = process.argv.includes('--only');
const files = readdirSync(here)
  .filter((name) => name.endsWith('.bench.ts') && (!hasOnly || name.startsWith(`${only}.`)))
  .sort();
if (files.length === 0) {
  console.error(`no benchmark named ${only ?? ''}`);
  process.exit(2);
}
const failed = files.filter((name) => {
  console.log(`\n# ${name}${isSmoke ? ' (smoke run: the figures mean nothing)' : ''}`);
  const run = spawnSync(process.execPath, ['--import', 'tsx', join(here, name)], {
    stdio: 'inherit',
    env: { ...process.env, FRONTMONTH_BENCH_SMOKE: isSmoke ? '1' : '' },
  });
  return run.status !== 0;
});
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`);
  process.exit(1);
}
