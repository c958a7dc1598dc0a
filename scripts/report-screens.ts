/**
 * Opens reports in a real browser, wide and narrow, light and dark; fails on console errors and on serious accessibility
 * findings; saves pictures for a person to look at.
 *
 *     node --import tsx scripts/report-screens.ts <folder for pictures> <report.html>...
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';

const VARIANTS = [
  { name: 'wide-light', width: 1400, height: 900, colorScheme: 'light' },
  { name: 'wide-dark', width: 1400, height: 900, colorScheme: 'dark' },
  { name: 'narrow-light', width: 390, height: 844, colorScheme: 'light' },
  { name: 'narrow-dark', width: 390, height: 844, colorScheme: 'dark' },
] as const;

/** Expressions for the page are texts: this program knows no browser types. */
const IS_READY = "document.documentElement.dataset.ready === 'true'";

interface Finding {
  readonly where: string;
  readonly what: string;
}

async function openReport(
  browser: Browser,
  file: string,
  variant: (typeof VARIANTS)[number],
  folder: string,
): Promise<readonly Finding[]> {
  const where = `${basename(file)} ${variant.name}`;
  const findings: Finding[] = [];
  const { width, height, colorScheme } = variant;
  // Accessibility rules are put in by the driver, which the page's own policy would refuse.
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    bypassCSP: true,
    offline: true,
  });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') findings.push({ where, what: message.text() });
  });
  page.on('pageerror', (error) => findings.push({ where, what: error.message }));
  page.on('request', (request) => {
    if (/^https?:/.test(request.url())) findings.push({ where, what: `asks for ${request.url()}` });
  });
  await page.goto(pathToFileURL(resolve(file)).href);
  await page.waitForFunction(IS_READY);
  await page.locator('#prices').scrollIntoViewIfNeeded();
  await page.waitForTimeout(400);
  findings.push(...(await overflowOf(page, where)), ...(await axeFindings(page, where)));
  await page.evaluate('scrollTo(0, 0)');
  const name = `${basename(file, '.html')}-${variant.name}.png`;
  await page.screenshot({ path: join(folder, name), fullPage: true });
  await context.close();
  return findings;
}

async function overflowOf(page: Page, where: string): Promise<readonly Finding[]> {
  const [content, view] = (await page.evaluate(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  )) as [number, number];
  return content > view + 1
    ? [{ where, what: `the page is ${content} px wide in a view of ${view}` }]
    : [];
}

async function axeFindings(page: Page, where: string): Promise<readonly Finding[]> {
  const source = readFileSync(
    createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
    'utf8',
  );
  await page.evaluate(source);
  const violations = (await page.evaluate(
    'axe.run().then((result) => result.violations)',
  )) as AxeViolation[];
  return violations
    .filter((one) => one.impact === 'serious' || one.impact === 'critical')
    .map((one) => ({
      where,
      what: `${one.impact} ${one.id}: ${one.help}; ${one.nodes.length} times, first ${one.nodes[0]?.html.slice(0, 160)}`,
    }));
}
interface AxeViolation {
  readonly id: string;
  readonly impact: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** The page's own policy stands here: a script that it refuses shows as a console error. */
async function openWithPolicy(browser: Browser, file: string): Promise<readonly Finding[]> {
  const context = await browser.newContext({ offline: true });
  const page = await context.newPage();
  const findings: Finding[] = [];
  const where = `${basename(file)} with its policy`;
  page.on('console', (message) => {
    if (message.type() === 'error') findings.push({ where, what: message.text() });
  });
  page.on('pageerror', (error) => findings.push({ where, what: error.message }));
  await page.goto(pathToFileURL(resolve(file)).href);
  await page.waitForFunction(IS_READY);
  await page.locator('#prices').scrollIntoViewIfNeeded();
  const link = page.locator('#trades td button.link').first();
  if ((await link.count()) > 0) await link.click();
  await page.waitForTimeout(300);
  await context.close();
  return findings;
}

async function main(): Promise<void> {
  const [folder, ...files] = process.argv.slice(2);
  if (folder === undefined || files.length === 0) {
    process.stderr.write('usage: report-screens <folder> <report.html>...\n');
    process.exitCode = 2;
    return;
  }
  mkdirSync(folder, { recursive: true });
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
  const findings: Finding[] = [];
  for (const file of files) {
    findings.push(...(await openWithPolicy(browser, file)));
    for (const variant of VARIANTS)
      findings.push(...(await openReport(browser, file, variant, folder)));
  }
  await browser.close();
  for (const { where, what } of findings) process.stdout.write(`${where}: ${what}\n`);
  process.stdout.write(
    `${files.length} reports, ${VARIANTS.length} views each, ${findings.length} findings\n`,
  );
  process.exitCode = findings.length === 0 ? 0 : 1;
}

await main();
