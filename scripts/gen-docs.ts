/** Writes the generated pages of docs and schemas. `--check` writes nothing and fails when one is not current. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { instrumentJsonSchema } from '../src/data/instruments.ts';
import { DOCUMENT_NAMES, documentJsonSchema } from '../src/research/json-schemas.ts';
import { cliReference, errorReference } from '../src/cli/reference.ts';
import { indicatorReference } from '../src/indicators/reference.ts';
import { metricsReference } from '../src/research/metric-reference.ts';
import { calendarReference, contractReference } from './calendar-pages.ts';
import { programmeReference } from './programme-page.ts';
import { fillRuleReference } from './fill-rule-pages.ts';
import { venueProfileReference } from './venue-pages.ts';
import { docsIndex, runFolderReference } from './reference-pages.ts';

const isCheck: boolean = process.argv.includes('--check');
/** Made one after the other: the index reads the titles of pages that were written before it. */
const pages: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/reference/cli.md': cliReference,
  'docs/reference/errors.md': errorReference,
  ...Object.fromEntries(
    DOCUMENT_NAMES.map((name) => [
      `schemas/${name}.schema.json`,
      // Read by editors, and a third of the package's data when indented.
      () => `${JSON.stringify(documentJsonSchema(name))}\n`,
    ]),
  ),
  'schemas/instrument.schema.json': () => `${JSON.stringify(instrumentJsonSchema())}\n`,
  'docs/reference/metrics.md': metricsReference,
  'docs/reference/indicators.md': indicatorReference,
  'docs/reference/run-folder.md': runFolderReference,
  'docs/reference/programme.md': programmeReference,
  'docs/reference/calendars.md': calendarReference,
  'docs/reference/contracts.md': contractReference,
  'docs/reference/venue-profiles.md': venueProfileReference,
  'docs/reference/fill-rules.md': fillRuleReference,
  // Last: it lists the pages that are there.
  'docs/README.md': docsIndex,
};
for (const [path, make] of Object.entries(pages)) {
  const text = await make();
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  if (!isCheck) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(`${path} is not current: npx tsx scripts/gen-docs.ts`);
    process.exitCode = 1;
  }
}
