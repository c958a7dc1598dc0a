/** Writes cli.md, errors.md and metrics.md of docs/reference. `--check` writes nothing and fails when one is not current. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cliReference, errorReference } from '../src/cli/reference.ts';
import { metricsReference } from '../src/research/metric-reference.ts';

const isCheck: boolean = process.argv.includes('--check');
const pages: Readonly<Record<string, string>> = {
  'docs/reference/cli.md': cliReference(),
  'docs/reference/errors.md': await errorReference(),
  'docs/reference/metrics.md': metricsReference(),
};
for (const [path, text] of Object.entries(pages)) {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  if (!isCheck) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(`${path} is not current: npx tsx scripts/gen-docs.ts`);
    process.exitCode = 1;
  }
}
