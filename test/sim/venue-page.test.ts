import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ORDER_TYPE_CODE, TIME_IN_FORCE_CODE } from '../../src/core/order.ts';
import { venueProfileReference } from '../../scripts/venue-pages.ts';
import { VENUE_PROFILES } from '../../src/core/venues/profiles.ts';
import { PATH_POLICIES } from '../../src/sim/bar-policies.ts';
import { BAR_VENUE_CAPABILITIES } from '../../src/sim/capabilities.ts';

const page = (name: string): string =>
  readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

/** Rows `name | yes or no` under a heading cell. */
function tableOf(text: string, heading: string): Record<string, boolean> {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => new RegExp(`^\\| *${heading} *\\|`).test(line));
  expect(start).toBeGreaterThan(-1);
  const rows: Record<string, boolean> = {};
  for (const line of lines.slice(start + 2)) {
    const found = /^\| *`([^`]+)` *\| *(yes|no) *\|$/.exec(line);
    if (found === null) break;
    rows[found[1]!] = found[2] === 'yes';
  }
  return rows;
}

const among = (all: readonly string[], known: readonly string[]): Record<string, boolean> =>
  Object.fromEntries(all.map((name) => [name, known.includes(name)]));

describe('the page of venues', () => {
  const text = page('reference/venues.md');
  const { features, orderTypes, timesInForce, triggers, venue } = BAR_VENUE_CAPABILITIES;

  it('says of every order type and time in force what the bar venue says', () => {
    expect(tableOf(text, 'Order type')).toEqual(among(Object.keys(ORDER_TYPE_CODE), orderTypes));
    expect(tableOf(text, 'Time in force')).toEqual(
      among(Object.keys(TIME_IN_FORCE_CODE), timesInForce),
    );
  });

  it('says of every trigger, feature and group what the bar venue says', () => {
    expect(text).toContain(`Name \`${venue}\``);
    expect(tableOf(text, 'Trigger of a stop')).toEqual(
      among(['last', 'bid-ask', 'mid', 'mark'], triggers),
    );
    const { groups, ...flags } = features;
    expect(tableOf(text, 'Feature')).toEqual(flags);
    expect(tableOf(text, 'Group')).toEqual(
      among(['bracket', 'oco', 'ouo', 'multi-target'], groups),
    );
  });
});

describe('the page of venue profiles', () => {
  it('is what the profiles say (npx tsx scripts/gen-docs.ts)', () => {
    expect(page('reference/venue-profiles.md')).toBe(venueProfileReference());
  });

  it('gives every fact a source, and assumes nothing silently', () => {
    for (const { name, facts, emulated, capabilities } of Object.values(VENUE_PROFILES)) {
      expect(facts.length).toBeGreaterThan(name === 'ideal' ? 1 : 5);
      for (const { fact, source } of facts) expect([fact, source]).not.toContain('');
      // What is done for a venue may be used on it.
      const usable: string[] = [...capabilities.timesInForce, ...capabilities.features.groups];
      for (const { what } of emulated) expect(usable).toContain(what);
    }
  });
});

describe('the page of fills', () => {
  const text = page('explanation/fills.md');
  const source = ['bar-exchange.ts', 'bar-options.ts']
    .map((name) => readFileSync(new URL(`../../src/sim/${name}`, import.meta.url), 'utf8'))
    .join('\n');

  it('names every rule that a fill may carry', () => {
    const named = /'((?:bar|elected|stop|limit|auction|trailing|touched)-[a-z-]+|touched)'/g;
    const rules = new Set([...source.matchAll(named)].map((match) => match[1]!));
    for (const other of ['limit-if-touched', 'stop-limit']) rules.delete(other);
    expect(rules.size).toBeGreaterThan(10);
    const missing = [...rules].filter((rule) => !text.includes(`\`${rule}\``));
    expect(missing).toEqual([]);
  });

  it('names every option of the venue with the default that the code has', () => {
    for (const option of [
      'slippageTicks',
      'spreadTicks',
      'maxSlipBeyondBarTicks',
      'participation',
      'touch',
      'gapImprove',
      'policy',
    ])
      expect(text).toContain(`| \`${option}\``);
    expect(text).toContain('| 0.1 ');
    expect(source).toContain('options.participation ?? 0.1');
    expect(PATH_POLICIES[0]).toBe('pessimistic');
  });
});
