/** Takes docs/images/report.png from the report of the sample's last run. Run `npm start` first; needs Chromium. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { readRun, resolveRun, TABLE_STORE } from '../src/research/index.ts';

const BYTES_MAX = 250_000;
const repository: string = fileURLToPath(new URL('..', import.meta.url));
const dir: string = resolveRun(join(repository, 'runs'), 'last');
const { manifest } = readRun(dir, TABLE_STORE, { tables: [], prices: false });
if (!manifest.datasets.every((dataset) => dataset.isSynthetic))
  throw new Error('the picture shows the synthetic sample only: run npm start');

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const page = await browser.newPage({
  viewport: { width: 1100, height: 1530 },
  colorScheme: 'light',
});
await page.goto(pathToFileURL(join(dir, 'report.html')).href, { waitUntil: 'load' });
await page.waitForSelector('canvas');
const path: string = join(repository, 'docs/images/report.png');
await page.screenshot({ path });
await browser.close();
const { size } = statSync(path);
console.log(`docs/images/report.png: ${size} bytes`);
if (size > BYTES_MAX) throw new Error(`the picture is larger than ${BYTES_MAX} bytes`);
