/** `frontmonth venues`: the capability table that a user reads. */
import { describe, expect, it } from 'vitest';
import { VENUE_PROFILES } from '../../src/core/venues/profiles.ts';
import { VENUE_TABLE } from '../../src/core/venues/table.ts';
import { run } from './support.ts';

interface VenueJson {
  readonly name: string;
  readonly facts: readonly { readonly fact: string; readonly source: string }[];
  readonly onBars: { readonly orderTypes: readonly string[]; readonly triggers: readonly string[] };
}

describe('frontmonth venues', () => {
  it('answers every question of the table for every venue', async () => {
    const ran = await run(['venues']);
    expect(ran.code).toBe(0);
    for (const { rows } of VENUE_TABLE)
      for (const { what, cell } of rows) {
        expect(ran.out).toContain(what.split(' ')[0]);
        for (const profile of Object.values(VENUE_PROFILES))
          expect(cell(profile), what).toMatch(/^\S/);
      }
    expect(ran.out.split('\n').find((line) => line.startsWith('stop-limit'))).toMatch(
      /yes +no +yes +yes/,
    );
  });

  it('tells of one venue what it lacks, what is done for it, and the source of each fact', async () => {
    const { out } = await run(['venues', 'projectx', '--wide']);
    expect(out).toContain('no: stop-limit, market-if-touched');
    expect(out).toContain('done for it: day, gtd');
    for (const { fact, source } of VENUE_PROFILES.projectx.facts)
      expect(out).toContain(`${fact} [${source}]`);
  });

  it('gives programs the same data, with what bars add to the limits', async () => {
    const ran = await run(['venues', '--json']);
    const { result } = JSON.parse(ran.out) as { result: VenueJson[] };
    expect(result.map(({ name }) => name)).toEqual(Object.keys(VENUE_PROFILES));
    const ib = result.find(({ name }) => name === 'ib')!;
    expect(ib.facts).toEqual(VENUE_PROFILES.ib.facts);
    // Bars know no middle of a market.
    expect(ib.onBars.triggers).not.toContain('mid');
  });

  it('knows a venue by a name that is nearly right, and refuses any other', async () => {
    const ran = await run(['venues', 'prjectx']);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('did you mean `projectx`?');
  });

  it('is completed', async () => {
    const ran = await run(['complete', '--', 'venues', 'p']);
    expect(ran.out.trim().split('\n')).toEqual(['projectx']);
  });
});
