/** The comparison itself, without the other programs: its imitations stand in for them, which `npm run agreement` shows they may. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { differences, leftOver } from '../../bench/agreement/compare.ts';
import type { Bars } from '../../bench/agreement/markets.ts';
import { KINDS, ordersOf } from '../../bench/agreement/orders.ts';
import type { Fill } from '../../bench/agreement/ours.ts';
import { honestVenue, imitation, runOurs } from '../../bench/agreement/ours.ts';
import { PROGRAMS, sentTo } from '../../bench/agreement/programs.ts';
import { RULES, ruleOf } from '../../bench/agreement/rules.ts';
import { makeBars } from '../../bench/peers/bars.ts';
import { IMITATION_CAPABILITIES, IMITATIONS } from '../../src/sim/imitations/profiles.ts';

/** A market of integers in which every fourth bar opens far from the close before. */
function jumpyBars(rows: number): Bars {
  const [batch] = makeBars(rows);
  const shift = Float64Array.from({ length: rows }, (_, row) => 12 * (Math.trunc(row / 4) % 3));
  const moved = (values: ArrayLike<number>): Float64Array =>
    Float64Array.from(values, (value, row) => value + shift[row]!);
  const { openUs, closeUs, open, high, low, close, volume } = batch!;
  return {
    name: 'TEST',
    rows,
    openUs: Float64Array.from(openUs),
    closeUs: Float64Array.from(closeUs),
    open: moved(open),
    high: moved(high),
    low: moved(low),
    close: moved(close),
    volume: Float64Array.from(volume),
    reach: 12,
  };
}

const BARS = jumpyBars(3_000);

const FOLLOWED = PROGRAMS.flatMap((program) =>
  program.profile === null ? [] : [{ ...program, profile: program.profile }],
);

describe.each(FOLLOWED)('beside $name', (program) => {
  const { profile, alike } = program;
  const kinds = [...program.kinds, ...program.standIns];

  it.each(kinds)('each difference of %s orders has its rule', (kind) => {
    const tickets = ordersOf(kind, BARS, 3, BARS.reach);
    const theirs = runOurs(imitation(profile), BARS, sentTo(program, kind, tickets));
    for (const settings of [alike, { touch: 'never', gapImprove: false } as const]) {
      const ours = runOurs(honestVenue(settings), BARS, tickets);
      const found = differences(profile, BARS, tickets, ours, theirs, settings);
      const bare = found.filter((each) => ruleOf(each) === null);
      expect(bare.map(({ ticket, leg }) => `ticket ${ticket.id}, leg ${leg}`)).toEqual([]);
    }
  });

  it('a fill where no program fills has none', () => {
    let [wrong, explained] = [0, 0];
    for (const kind of kinds) {
      const tickets = ordersOf(kind, BARS, 3, BARS.reach);
      const ours = runOurs(honestVenue(alike), BARS, tickets);
      const good = ours.map((fill): Fill => ({ ...fill, ticks: fill.ticks + 1_000 }));
      for (const each of differences(profile, BARS, tickets, ours, good, alike)) {
        wrong += 1;
        if (ruleOf(each) !== null) explained += 1;
      }
    }
    expect(wrong).toBeGreaterThan(1_000);
    expect(explained).toBe(0);
  });
});

describe('a program that no imitation follows', () => {
  it('may differ in nothing: no rule excuses it', () => {
    const alone = PROGRAMS.filter(({ profile }) => profile === null).map(({ peer }) => peer);
    expect(alone).toEqual(['hftbacktest']);
    for (const { programs } of RULES) expect(programs).not.toContain('hftbacktest');
  });
});

describe('a limit that stands in for a market-if-touched order', () => {
  it('rests at its trigger, and the order itself is left as it is', () => {
    const program = PROGRAMS.find(({ peer }) => peer === 'backtrader')!;
    const tickets = ordersOf('market-if-touched', BARS, 3, BARS.reach);
    const sent = sentTo(program, 'market-if-touched', tickets);
    for (const [k, { legs }] of sent.entries()) {
      const [was, is] = [tickets[k]!.legs[0]!, legs[0]!];
      expect([was.type, is.type, is.limit, is.stop]).toEqual([
        'market-if-touched',
        'limit',
        was.stop,
        undefined,
      ]);
    }
  });

  it('is for the programs that lack the order, and no other kind is changed', () => {
    for (const program of PROGRAMS)
      for (const kind of program.kinds) {
        const tickets = ordersOf(kind, BARS, 3, BARS.reach);
        expect(sentTo(program, kind, tickets)).toBe(tickets);
      }
  });
});

describe('the list of orders', () => {
  it('is the same for the same seed and another for another', () => {
    for (const kind of KINDS) {
      const list = (seed: number): string => JSON.stringify(ordersOf(kind, BARS, seed, BARS.reach));
      expect(list(3)).toBe(list(3));
      if (kind !== 'market') expect(list(3)).not.toBe(list(4));
    }
  });

  it('leaves each ticket alone at work', () => {
    for (const kind of KINDS) {
      const tickets = ordersOf(kind, BARS, 3, BARS.reach);
      const together = tickets.filter((ticket, at) => {
        const next = tickets[at + 1];
        return next !== undefined && Math.max(ticket.cancel, ticket.close) > next.row;
      });
      expect(together).toEqual([]);
    }
  });
});

describe('fills of two sides', () => {
  const fill: Fill = { id: 1, leg: 'e', row: 5, ticks: 100, qty: 1 };

  it('are the same in any order', () => {
    const other = { ...fill, id: 2 };
    expect(leftOver([fill, other], [other, fill])).toEqual({ onlyA: [], onlyB: [] });
  });

  it('differ where one of two equal fills is missing', () => {
    expect(leftOver([fill, fill], [fill])).toEqual({ onlyA: ['1-e 5@100x1'], onlyB: [] });
  });
});

describe('the pages', () => {
  it('docs/agreement.md has no word on a rule that is not in the list', () => {
    const page = readFileSync('docs/agreement.md', 'utf8');
    const known = new Set(RULES.map(({ id }) => id));
    const named = [...page.matchAll(/^\| `([a-z-]+)` +\|/gm)].map(([, id]) => id!);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((id) => !known.has(id))).toEqual([]);
    expect(page).not.toContain('UNEXPLAINED');
  });

  it('docs/explanation/imitations.md says what each profile takes', () => {
    const page = readFileSync('docs/explanation/imitations.md', 'utf8');
    for (const program of IMITATIONS) {
      const { orderTypes, timesInForce, features } = IMITATION_CAPABILITIES[program];
      const row = page.split('\n').find((line) => line.startsWith(`| \`${program}\``))!;
      const cells = row.split('|').map((cell) => cell.trim());
      expect(cells.slice(2, 5)).toEqual([
        orderTypes.join(', '),
        timesInForce.join(', '),
        features.groups.join(', ') || 'none',
      ]);
    }
  });
});
