/**
 * Every product of the market-hours extract, day by day, against the calendar of its group. What does not agree is listed with
 * its reason in `test/fixtures/hours-disagreements.json` and on the page about disputes: nothing else may disagree, and what is
 * listed must.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCalendars } from '../../src/calendars/registry.ts';
import { hoursDisagreements } from '../support/hours-compared.ts';
import { LeanHours } from '../support/lean-hours.ts';
import { NO_REFERENCE_DATA, referenceDataDir } from '../support/reference-data.ts';

const dir = referenceDataDir();
if (dir === null) console.warn(NO_REFERENCE_DATA);
const root = join(import.meta.dirname, '../..');
const calendars = createCalendars();

interface Dispute {
  readonly why: string;
  readonly products: readonly string[];
  /** `date theirs | ours`. */
  readonly days: readonly string[];
}
const disputes = JSON.parse(
  readFileSync(join(root, 'test/fixtures/hours-disagreements.json'), 'utf8'),
) as readonly Dispute[];

/** Market and root there, group here, and the local time of the regular close before an evening. */
const PRODUCTS: readonly (readonly [
  market: string,
  product: string,
  group: string,
  dayEnd: string,
])[] = [
  ['cme', 'ES', 'cme-equity-index', '17:00'],
  ['cme', 'NQ', 'cme-equity-index', '17:00'],
  ['cme', 'MES', 'cme-equity-index', '17:00'],
  ['cbot', 'ZN', 'cme-interest-rate', '16:00'],
  ['cbot', 'ZB', 'cme-interest-rate', '16:00'],
  ['cme', '6E', 'cme-fx', '16:00'],
  ['cme', '6J', 'cme-fx', '16:00'],
  ['nymex', 'CL', 'cme-energy', '17:00'],
  ['nymex', 'MCL', 'cme-energy', '17:00'],
  ['nymex', 'NG', 'cme-energy', '17:00'],
  ['comex', 'MGC', 'cme-metals', '17:00'],
  ['comex', 'GC', 'cme-metals', '17:00'],
  ['comex', 'HG', 'cme-metals', '17:00'],
  ['cbot', 'ZC', 'cme-grains', '16:00'],
  ['cbot', 'ZW', 'cme-grains', '16:00'],
  ['cbot', 'ZS', 'cme-grains', '16:00'],
  ['cme', 'HE', 'cme-livestock', '16:00'],
  ['cme', 'LE', 'cme-livestock', '16:00'],
  ['cfe', 'VX', 'cfe-vix', '16:00'],
  ['ice', 'KC', 'ice-us-coffee', '24:00'],
];

describe.skipIf(dir === null)('market hours by product, 2009 to 2026', () => {
  it.each(PRODUCTS)('%s %s is as %s, except where the dispute is listed', (...row) => {
    const [market, product, group, dayEnd] = row;
    const found = hoursDisagreements(
      calendars.forGroup(group),
      new LeanHours(dir!, market, product, dayEnd),
      '2009-01-05',
      '2026-12-31',
    );
    const listed = disputes
      .filter(({ products }) => products.includes(product))
      .flatMap(({ days }) => days);
    expect(found.toSorted()).toEqual(listed.toSorted());
  });
});

describe('the page about disputes', () => {
  const page = readFileSync(join(root, 'docs/explanation/calendar-disputes.md'), 'utf8');

  it('gives every disputed day with its reason', () => {
    for (const { why, products, days } of disputes) {
      expect(page).toContain(why);
      expect(page).toContain(products.join(', '));
      for (const day of days) expect(page).toContain(day.slice(0, 10));
    }
  });
});
