/**
 * Opens reports in a real browser from `file://`, offline, wide and narrow, light and dark; fails on console errors,
 * requests, sideways scroll, markers that lead nowhere and serious accessibility findings; saves pictures for a person to
 * look at.
 *
 *     CHROMIUM=/usr/bin/chromium node --import tsx scripts/report-screens.ts --out <folder> [--slices] [report.html...]
 *
 * Without files: the newest run of ./runs, the hard runs of the test fixtures, a comparison, and a file of 350,000 bars,
 * and years of calendars, which must fit on one sheet.
 * `--slices` saves the whole page in readable pieces in place of its first screens.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { TABLE_STORE } from '../src/research/backtest.ts';
import { createCalendars } from '../src/calendars/registry.ts';
import { loadInstruments } from '../src/data/instruments.ts';
import { calendarYear } from '../src/research/calendar-view.ts';
import { compareRuns } from '../src/research/compare.ts';
import { renderCalendarYear } from '../src/research/report/calendar-page.ts';
import { renderComparison } from '../src/research/report/compare-page.ts';
import { renderReport } from '../src/research/report/render.ts';
import { readRun } from '../src/research/run-store.ts';
import { HARD_RUNS, fixtureRun } from '../test/research/support.ts';
import type { DataReport, IssueReason } from '../src/data/quality.ts';
import { ISSUE_SEVERITY } from '../src/data/quality.ts';
import { renderQualityPage } from '../src/research/quality-page/render.ts';
import { parseTradeDate } from '../src/core/trade-date.ts';

const VARIANTS = [
  { name: 'wide-light', width: 1400, height: 900, colorScheme: 'light' },
  { name: 'desk-light', width: 1280, height: 800, colorScheme: 'light' },
  { name: 'wide-dark', width: 1400, height: 900, colorScheme: 'dark' },
  { name: 'narrow-light', width: 390, height: 844, colorScheme: 'light' },
  { name: 'narrow-dark', width: 390, height: 844, colorScheme: 'dark' },
] as const;

/** Expressions for the page are texts: this program knows no browser types. */
const IS_READY = "document.documentElement.dataset.ready === 'true'";

const SLICE_PX = 2200;

interface Finding {
  readonly where: string;
  readonly what: string;
}

interface Job {
  readonly file: string;
  readonly out: string;
  readonly isSliced: boolean;
  /** Whether to go from its markers to the list of trades; once is enough. */
  readonly hasMarkers: boolean;
  readonly views: readonly (typeof VARIANTS)[number][];
}

function watch(page: Page, where: string, findings: Finding[]): void {
  page.on('console', (message) => {
    if (message.type() === 'error') findings.push({ where, what: message.text() });
  });
  page.on('pageerror', (error) => findings.push({ where, what: error.message }));
  page.on('request', (request) => {
    if (!/^(file|data|blob):/.test(request.url()))
      findings.push({ where, what: `asks for ${request.url()}` });
  });
}

/** One page in its views: it must follow the window and the system's scheme while it is open, too. */
async function openViews(browser: Browser, job: Job): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  // Accessibility rules are put in by the driver, which the page's own policy would refuse.
  const context = await browser.newContext({
    viewport: { width: VARIANTS[0].width, height: VARIANTS[0].height },
    bypassCSP: true,
    offline: true,
  });
  const page = await context.newPage();
  watch(page, basename(job.file), findings);
  await page.goto(pathToFileURL(resolve(job.file)).href);
  await settle(page);
  for (const { name, width, height, colorScheme } of job.views) {
    const where = `${basename(job.file)} ${name}`;
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height });
    await page.waitForTimeout(50);
    findings.push(...(await overflowOf(page, where)), ...(await axeFindings(page, where)));
    const path = join(job.out, `${basename(job.file, '.html')}-${name}`);
    if (job.isSliced) await saveSlices(page, path, width);
    else await saveScreens(page, path);
  }
  if (job.hasMarkers)
    findings.push(...(await markerFindings(page, `${basename(job.file)} markers`)));
  await context.close();
  return findings;
}

/** Ready, with the price chart drawn where there is one. */
async function settle(page: Page): Promise<void> {
  const isReport = (await page.locator('#app').count()) > 0;
  if (!isReport) return;
  await page.waitForFunction(IS_READY);
  await page.locator('#prices').scrollIntoViewIfNeeded();
  const hasCandles = (await page.locator('#prices .price').count()) > 0;
  if (hasCandles) await page.waitForSelector('#prices .price canvas');
}

/** The top and the price chart: what breaks first. */
async function saveScreens(page: Page, path: string): Promise<void> {
  if ((await page.locator('#prices').count()) > 0) {
    await page.evaluate(
      "document.getElementById('prices').scrollIntoView({ behavior: 'instant' })",
    );
    await page.waitForTimeout(50);
    await page.screenshot({ path: `${path}-prices.png` });
  }
  await page.evaluate('scrollTo({ top: 0, behavior: "instant" })');
  await page.screenshot({ path: `${path}-top.png` });
}

/** A report is many screens long; slices stay readable at full size. */
async function saveSlices(page: Page, path: string, width: number): Promise<void> {
  const total = (await page.evaluate('document.documentElement.scrollHeight')) as number;
  // A tall view that moves down: a clip of the full page would draw the whole page again for each piece.
  await page.setViewportSize({ width, height: SLICE_PX });
  for (let y = 0, part = 1; y < total; y += SLICE_PX, part += 1) {
    await page.evaluate(`scrollTo({ top: ${y}, behavior: "instant" })`);
    await page.screenshot({ path: `${path}-${part}.png` });
  }
}

async function overflowOf(page: Page, where: string): Promise<readonly Finding[]> {
  const [content, view] = (await page.evaluate(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  )) as [number, number];
  const cut = (await page.evaluate(CUT_TABLES)) as string[];
  return [
    ...(content > view + 1
      ? [{ where, what: `the page is ${content} px wide in a view of ${view}` }]
      : []),
    ...cut.map((title) => ({ where, what: `the table "${title}" is cut, with room for it` })),
  ];
}
/** Tables beside each other that scroll sideways although the page is as wide as they are. */
const CUT_TABLES = `[...document.querySelectorAll('.beside .scroll')].filter((one) =>
  one.scrollWidth > one.clientWidth + 1 && one.scrollWidth <= one.closest('.beside').clientWidth,
).map((one) => one.getAttribute('aria-label'))`;

/** From a marker of the price chart to the row of its trade: by the keys, and by a click. */
async function markerFindings(page: Page, where: string): Promise<readonly Finding[]> {
  const chart = page.locator('#prices .price');
  if ((await chart.count()) === 0) return [];
  await page.setViewportSize({ width: 1280, height: 900 });
  // Long smooth scrolls would have to be waited for.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const toChart = async (): Promise<void> => {
    await chart.scrollIntoViewIfNeeded();
    await page.waitForTimeout(200);
  };
  await toChart();
  await chart.focus();
  await page.keyboard.press('PageUp');
  await page.waitForTimeout(100);
  const said = (await page.evaluate(SAID_BY_CHART)) as string;
  const id = /trade (\d+) in the list/.exec(said)?.[1];
  // A tape without trades has no marker to stand on.
  if (id === undefined) return [];
  const findings: Finding[] = [];
  const check = async (what: string): Promise<void> => {
    await page.waitForTimeout(300);
    const row = (await page.evaluate(SELECTED_ROW)) as string;
    if (!/^\d+$/.test(row)) findings.push({ where, what: `${what}: ${row}` });
  };
  await page.keyboard.press('Enter');
  await check('Enter on a marker');
  await page.evaluate("history.replaceState(null, '', location.pathname)");
  await toChart();
  const place = await pointerPlace(page);
  if (place === null) return [...findings, { where, what: 'no marker answers the pointer' }];
  await page.mouse.click(...place);
  await check('a click on a marker');
  return findings;
}
const SAID_BY_CHART = "document.querySelector('#prices figure .note')?.textContent ?? ''";
/** The number of the selected trade when its row is in view and has the focus; else what is wrong. */
const SELECTED_ROW = `(() => {
  const row = document.querySelector('#trades tr.selected');
  if (row === null) return 'no row is selected';
  const { top, bottom } = row.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) return 'its row is out of view';
  if (!row.contains(document.activeElement)) return 'its row has no focus';
  return row.querySelector('button').textContent;
})()`;

/** Where the pointer turns into a hand over the chart. */
async function pointerPlace(page: Page): Promise<[number, number] | null> {
  const box = (await page.locator('#prices .price').boundingBox())!;
  const bottom = Math.min(900, box.y + box.height - 30);
  for (let x = box.x + box.width - 70; x > box.x; x -= 14) {
    for (let y = Math.max(0, box.y) + 5; y < bottom; y += 16) {
      await page.mouse.move(x, y);
      if ((await page.evaluate(CURSOR)) === 'pointer') return [x, y];
    }
  }
  return null;
}
const CURSOR = "document.querySelector('#prices .price').style.cursor";

async function axeFindings(page: Page, where: string): Promise<readonly Finding[]> {
  const source = readFileSync(
    createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
    'utf8',
  );
  await page.evaluate(source);
  const violations = (await page.evaluate(AXE_RUN)) as AxeViolation[];
  return violations
    .filter((one) => one.impact === 'serious' || one.impact === 'critical')
    .map((one) => ({
      where,
      what: `${one.impact} ${one.id}: ${one.help}; ${one.nodes.length} times, first ${one.nodes[0]?.html.slice(0, 160)}`,
    }));
}
/** The long tables are alike from row to row: the rules look at the first rows of each. */
const AXE_RUN = `axe.run(
  { exclude: [['tbody tr:nth-child(n+4)']] },
  { resultTypes: ['violations'] },
).then((result) => result.violations)`;
interface AxeViolation {
  readonly id: string;
  readonly impact: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** The page's own policy stands here: a script that it refuses shows as a console error. Uses the page as a reader would. */
async function openWithPolicy(browser: Browser, file: string): Promise<readonly Finding[]> {
  const context = await browser.newContext({ offline: true });
  const page = await context.newPage();
  const findings: Finding[] = [];
  const where = `${basename(file)} with its policy`;
  watch(page, where, findings);
  await page.goto(pathToFileURL(resolve(file)).href);
  await settle(page);
  for (const place of ['#trades', '#periods', '#drawdowns', '#how-sure']) {
    const link = page.locator(`${place} td button.link`).first();
    if ((await link.count()) > 0) await link.click();
  }
  for (const key of ['j', 'k', 't', '/', 'Escape']) await page.keyboard.press(key);
  const contracts = page.locator('#instruments details summary').first();
  if ((await contracts.count()) > 0) await contracts.click();
  await page.waitForTimeout(200);
  await context.close();
  return findings;
}

/** Milliseconds from navigation to candles on the screen, by the browser's own clock. */
async function drawingTime(browser: Browser, file: string): Promise<string> {
  const context = await browser.newContext({ offline: true });
  const page = await context.newPage();
  await page.goto(pathToFileURL(resolve(file)).href);
  await page.waitForFunction(IS_READY);
  const ready = (await page.evaluate('performance.now()')) as number;
  await page.locator('#prices').scrollIntoViewIfNeeded();
  await page.waitForSelector('#prices .price canvas');
  const drawn = (await page.evaluate('performance.now()')) as number;
  await context.close();
  return `page ready after ${ready.toFixed(0)} ms, candles after ${drawn.toFixed(0)} ms`;
}

function newestRun(): string | null {
  if (!existsSync('runs')) return null;
  const names = readdirSync('runs').filter((name) =>
    existsSync(join('runs', name, 'summary.json')),
  );
  const newest = names.toSorted().at(-1);
  return newest === undefined ? null : join('runs', newest);
}

const MANY_BARS = 'many-bars';

/** Writes every report of the check and names the files. */
function writeReports(out: string): string[] {
  const write = (name: string, html: string): string => {
    const file = join(out, `${name}.html`);
    writeFileSync(file, html);
    return file;
  };
  const newest = newestRun();
  const [first, second] = [fixtureRun(HARD_RUNS['usual']!), fixtureRun({ seed: 2, dates: 450 })];
  return [
    ...(newest === null ? [] : [write('newest', renderReport(readRun(newest, TABLE_STORE)))]),
    ...Object.entries(HARD_RUNS).map(([name, options]) =>
      write(name, renderReport(fixtureRun(options))),
    ),
    write(MANY_BARS, renderReport(fixtureRun({ dates: 260, tradesPerRoot: 100, bars: 350_000 }))),
    write('comparison', renderComparison(compareRuns([first, second]))),
    ...CALENDARS.map((root) => write(`${CALENDAR}${root}`, calendarPage(root))),
    write('quality', qualityPage()),
  ];
}

/** A dataset with every kind of finding, many contracts and decades of months. */
function qualityPage(): string {
  const contracts = Array.from({ length: 60 }, (_, k) => `CL${'FGHJKMNQUVXZ'[k % 12]!}${2000 + k}`);
  const reasons = Object.entries(ISSUE_SEVERITY);
  const counts = Object.fromEntries(reasons.map(([reason], k) => [reason, 1 + k * 37]));
  const tsUs = Date.UTC(2015, 5, 1) * 1000;
  const issues = reasons.map(([reason, severity], row) => {
    const [contract, file] = [contracts[row]!, `segments/${contracts[row]!}-bars-1m-2015.arrow`];
    const message = 'high 5012.25 stands alone, 14 usual ranges from its neighbours';
    return { reason: reason as IssueReason, severity, file, contract, row, tsUs, message };
  });
  const tradeDate = parseTradeDate('2015-06-01');
  const gap = { contract: contracts[0]!, interval: '1m', tradeDate, missingBars: 90 };
  const report: DataReport = {
    dataset: 'crude-minutes',
    isFit: false,
    segments: 60,
    rows: 12_345_678,
    counts,
    issues,
    zeroVolumeRows: 12,
    unknownVolumeRows: 7,
    gaps: Array.from({ length: 80 }, (_, k) => ({
      ...gap,
      fromUs: tsUs,
      toUs: tsUs + 5_400_000_000,
      durationUs: 5_400_000_000,
      isUnusual: k % 3 === 0,
    })),
    gapCount: 4321,
    gapSessions: [{ ...gap, gaps: 3 }],
    emptySessions: 2,
    missingSessions: [gap, gap],
    series: contracts.map((contract, k) => ({
      contract,
      root: 'CL',
      kind: 'bars',
      interval: '1m',
      rows: 100_000,
      firstUs: Date.UTC(2000 + k, 0, 3) * 1000,
      lastUs: Date.UTC(2001 + k, 0, 3) * 1000,
      zeroVolumeRows: 0,
      unknownVolumeRows: 0,
      gapCount: 10,
      emptySessions: 0,
      counts: {},
      coverage: Array.from({ length: 12 }, (_, month) => ({
        month: `${2000 + k}-${String(month + 1).padStart(2, '0')}`,
        expected: 1000,
        present: [1000, 995, 950, 700, 200, 0][(k + month) % 6]!,
      })),
    })),
    statements: {
      volume: 'known',
      stamps: 'instants',
      isSynthetic: true,
      description: 'Bars of one minute, as a vendor gave them.',
      source: 'made by this script',
    },
  };
  const dataset = 'crude-minutes';
  return renderQualityPage({ dataset, counts, problems: issues, report }, { madeBy: 'frontmonth' });
}

const CALENDAR = 'calendar-';
/** Few lines, many contracts, long words, many hours, many holidays. */
const CALENDARS = ['ES', 'CL', 'K200', 'AP', 'HSI'] as const;

function calendarPage(root: string): string {
  const calendars = createCalendars();
  const dir = fileURLToPath(new URL('../catalog/instruments', import.meta.url));
  const spec = loadInstruments(dir).get(root)!;
  const target = { calendar: calendars.forInstrument(spec), spec };
  return renderCalendarYear(calendarYear(calendars, target, 2026));
}

/** A year is one sheet of A4 and of Letter, and nothing on it is cut. */
async function sheetFindings(browser: Browser, job: Job): Promise<readonly Finding[]> {
  const page = await browser.newPage();
  await page.goto(pathToFileURL(resolve(job.file)).href);
  const findings: Finding[] = [];
  for (const { format, width, height } of SHEETS) {
    const where = `${basename(job.file)} on ${format}`;
    await page.emulateMedia({ media: null });
    const pdf = await page.pdf({ format, landscape: true });
    writeFileSync(join(job.out, `${basename(job.file, '.html')}-${format}.pdf`), pdf);
    const pages = [...pdf.toString('latin1').matchAll(/\/Type\s*\/Page(?![s\w])/g)].length;
    if (pages !== 1) findings.push({ where, what: `${pages} sheets` });
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize({ width, height });
    const cut = (await page.evaluate(CUT_PARTS)) as string[];
    findings.push(...cut.map((part) => ({ where, what: `${part} is cut` })));
  }
  await page.close();
  return findings;
}
/** Inside of the margins, in CSS pixels. */
const SHEETS = [
  { format: 'A4', width: 1069, height: 740 },
  { format: 'Letter', width: 1003, height: 763 },
] as const;
const CUT_PARTS = `[...document.querySelectorAll('.wall, .months, aside, footer')].filter((one) =>
  one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1,
).map((one) => one.className || one.tagName)`;

async function check(browser: Browser, job: Job): Promise<number> {
  const findings = [...(await openWithPolicy(browser, job.file))];
  findings.push(...(await openViews(browser, job)));
  const size = (statSync(job.file).size / 1e6).toFixed(2);
  if (basename(job.file).startsWith(CALENDAR))
    findings.push(...(await sheetFindings(browser, job)));
  const isMany = basename(job.file) === `${MANY_BARS}.html`;
  const time = isMany ? `; ${await drawingTime(browser, job.file)}` : '';
  process.stdout.write(
    `${basename(job.file)}: ${size} MB, ${job.views.length} views, ${findings.length} findings${time}\n`,
  );
  for (const { where, what } of findings) process.stdout.write(`  ${where}: ${what}\n`);
  return findings.length;
}

/** Pages of a kind that another page shows in every view: one width of each sort, one of each scheme. */
const FEW_VIEWS: ReadonlySet<string> = new Set([
  ...Object.keys(HARD_RUNS).filter((name) => name !== 'usual'),
  MANY_BARS,
  ...CALENDARS.slice(1).map((root) => `${CALENDAR}${root}`),
]);

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const at = args.indexOf('--out');
  const out = at < 0 ? undefined : args[at + 1];
  if (out === undefined) {
    process.stderr.write('usage: report-screens --out <folder> [--slices] [report.html...]\n');
    process.exitCode = 2;
    return;
  }
  mkdirSync(out, { recursive: true });
  const given = args.filter((arg, i) => arg.endsWith('.html') && i !== at + 1);
  const files = given.length > 0 ? given : writeReports(out);
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  let findings = 0;
  const isSliced = args.includes('--slices');
  for (const [i, file] of files.entries()) {
    const isFew = given.length === 0 && FEW_VIEWS.has(basename(file, '.html'));
    const views = VARIANTS.filter(
      ({ name }) => !isFew || name === 'desk-light' || name === 'narrow-dark',
    );
    findings += await check(browser, { file, out, isSliced, hasMarkers: i === 0, views });
  }
  await browser.close();
  process.stdout.write(`${files.length} reports, ${findings} findings\n`);
  process.exitCode = findings === 0 ? 0 : 1;
}

await main();
