/** The certainty table and the trailing rule against every path of every small bar. */
import { describe, expect, it } from 'vitest';
import { bracketOutcomes, OutcomeBit, trailingOutcomes } from '../../src/sim/certainty.ts';
import type { EntryKind } from '../../src/sim/certainty.ts';
import { allBars, allPaths } from '../support/path-oracle.ts';

const HEIGHT = Number(process.env['FRONTMONTH_ORACLE_HEIGHT'] ?? 6);
// All bars up to 8 ticks take minutes, not seconds.
const LIMIT_MS = HEIGHT > 6 ? 3_600_000 : 60_000;
const TRAIL_HEIGHT = Math.max(5, HEIGHT - 1);

/** A long bracket, tick by tick. */
interface Bracket {
  readonly at: 'waiting' | 'in' | 'stop' | 'target';
}
function bracketStep(kind: EntryKind, entry: number, stop: number, target: number) {
  return (state: Bracket, price: number): Bracket => {
    let { at } = state;
    if (at === 'waiting' && (kind === 'falling' ? price <= entry : price >= entry)) at = 'in';
    if (at === 'in' && price <= stop) at = 'stop';
    else if (at === 'in' && price >= target) at = 'target';
    return { at };
  };
}

const BIT: Readonly<Record<string, number>> = {
  waiting: OutcomeBit.noTrade,
  in: OutcomeBit.open,
  stop: OutcomeBit.stop,
  target: OutcomeBit.target,
};

describe('certainty table', () => {
  it(
    `gives the outcomes of all paths for every bracket on every bar up to ${HEIGHT} ticks`,
    () => {
      let cases = 0;
      for (const bar of allBars(HEIGHT)) {
        for (const kind of ['open', 'falling', 'rising'] as const) {
          for (let entry = -1; entry <= bar.high + 1; entry += 1) {
            if (kind === 'open' && entry !== bar.open) continue;
            if (kind === 'falling' && entry >= bar.open) continue;
            if (kind === 'rising' && entry <= bar.open) continue;
            for (let stop = -2; stop < entry; stop += 1) {
              for (let target = entry + 1; target <= bar.high + 2; target += 1) {
                const start: Bracket = { at: kind === 'open' ? 'in' : 'waiting' };
                const finals = allPaths(bar, start, bracketStep(kind, entry, stop, target));
                let expected = 0;
                for (const text of finals) expected |= BIT[(JSON.parse(text) as Bracket).at]!;
                const found = bracketOutcomes(kind, entry, stop, target, bar);
                if (found !== expected) {
                  expect({ bar, kind, entry, stop, target, found }).toEqual({ expected });
                }
                cases += 1;
              }
            }
          }
        }
      }
      if (HEIGHT > 6) console.info(`${cases} brackets`);
      expect(cases).toBeGreaterThan(15_000);
    },
    LIMIT_MS,
  );
});

interface Trail {
  readonly at: 'waiting' | 'in' | 'stop' | 'target';
  readonly trigger: number | null;
}
function trailStep(
  kind: EntryKind,
  entry: number,
  trigger0: number,
  offset: number,
  target: number,
) {
  return (state: Trail, price: number): Trail => {
    let { at, trigger } = state;
    if (at === 'waiting') {
      if (!(kind === 'falling' ? price <= entry : price >= entry)) return state;
      at = 'in';
      trigger = trigger0;
    }
    if (at !== 'in') return state;
    if (price <= trigger!) return { at: 'stop', trigger };
    if (price >= target) return { at: 'target', trigger: null };
    return { at, trigger: Math.max(trigger!, price - offset) };
  };
}

describe('trailing stop on a bar', () => {
  it(
    'gives the outcomes and the price range of all paths, with and without a target',
    () => {
      let cases = 0;
      for (const bar of allBars(TRAIL_HEIGHT)) {
        for (const kind of ['open', 'falling', 'rising'] as const) {
          const entries =
            kind === 'open'
              ? [bar.open]
              : kind === 'falling'
                ? [bar.open - 1, bar.open - 2]
                : [bar.open + 1, bar.open + 2];
          for (const entry of entries) {
            for (let offset = 1; offset <= TRAIL_HEIGHT + 1; offset += 1) {
              for (const trigger0 of [entry - offset - 2, entry - offset, entry - 1]) {
                for (const target of [entry + 1, entry + 2, entry + 4, Infinity]) {
                  checkTrailing(bar, kind, entry, offset, trigger0, target);
                  cases += 1;
                }
              }
            }
          }
        }
      }
      if (HEIGHT > 6) console.info(`${cases} trailing stops`);
      expect(cases).toBeGreaterThan(10_000);
    },
    LIMIT_MS,
  );
});

function checkTrailing(
  bar: { open: number; high: number; low: number; close: number },
  kind: EntryKind,
  entry: number,
  offset: number,
  trigger0: number,
  target: number,
): void {
  const start: Trail = {
    at: kind === 'open' ? 'in' : 'waiting',
    trigger: kind === 'open' ? trigger0 : null,
  };
  const finals = [...allPaths(bar, start, trailStep(kind, entry, trigger0, offset, target))].map(
    (text) => JSON.parse(text) as Trail,
  );
  let outcomes = 0;
  let [exitLow, exitHigh, stay] = [Infinity, -Infinity, Infinity];
  for (const final of finals) {
    outcomes |= BIT[final.at]!;
    if (final.at === 'stop') {
      exitLow = Math.min(exitLow, final.trigger!);
      exitHigh = Math.max(exitHigh, final.trigger!);
    }
    if (final.at === 'in') stay = Math.min(stay, final.trigger!);
  }
  const found = trailingOutcomes(
    kind,
    entry,
    trigger0,
    (best) => best - offset,
    target,
    target - 1,
    bar,
  );
  const seen = {
    outcomes: found.outcomes,
    exitLow: (outcomes & OutcomeBit.stop) === 0 ? Infinity : found.exitLow,
    exitHigh: (outcomes & OutcomeBit.stop) === 0 ? -Infinity : found.exitHigh,
    stay: (outcomes & OutcomeBit.open) === 0 ? Infinity : found.stayTrigger,
  };
  if (
    seen.outcomes !== outcomes ||
    seen.exitLow !== exitLow ||
    seen.exitHigh !== exitHigh ||
    seen.stay !== stay
  ) {
    expect({ bar, kind, entry, offset, trigger0, target, ...seen }).toEqual({
      bar,
      kind,
      entry,
      offset,
      trigger0,
      target,
      outcomes,
      exitLow,
      exitHigh,
      stay,
    });
  }
}
