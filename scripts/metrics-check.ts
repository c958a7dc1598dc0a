/** Hands the newest run to an independent computation of its figures. Usage: metrics-check.ts <python with pyarrow>. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { resolveRun } from '../src/research/run-store.ts';

const python = process.argv[2];
if (python === undefined) {
  console.error('usage: metrics-check.ts <python with pyarrow>');
  process.exit(2);
}
const run = resolveRun('runs', process.argv[3] ?? 'last');
const script = fileURLToPath(new URL('metrics_check.py', import.meta.url));
process.exit(spawnSync(python, [script, run], { stdio: 'inherit' }).status ?? 1);
