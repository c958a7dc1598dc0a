import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Side } from '../../src/core/order.ts';
import type { Strategy } from '../../src/core/strategy.ts';
import { runEngine } from '../../src/engine/engine.ts';
import { createHashJournal, MemoryJournal } from '../../src/engine/journal.ts';
import { createRandom } from '../../src/engine/rng.ts';
import type { BarRow, WorldOptions } from '../support/engine-world.ts';
import { at, hourly, makeWorld } from '../support/engine-world.ts';

const random = createRandom(11);
const walk = (day: number, base: number): BarRow[] => {
  const closes = Array.from(
    { length: 6 },
    (_, i) => base + Math.floor(random.uniform(1, day, i, base) * 40),
  );
  return hourly(day, closes, base);
};
const front = [0, 1, 2, 3].flatMap((day) => walk(day, 100));
const next = [0, 1, 2, 3].flatMap((day) => walk(day, 120));

/** Trades on what it sees: entries by comparison of closes, brackets, timers, notes. */
function busy(): Strategy {
  return {
    onBar(bar, ctx): void {
      const series = ctx.series('main');
      if (series.length < 3) return;
      const contract = ctx.contract('ES');
      if (ctx.openOrders().length > 6) ctx.cancelAll();
      const side = series.close(0) > series.close(2) ? Side.Buy : Side.Sell;
      if (ctx.netQty('ES') === 0)
        ctx.bracket({
          contract,
          side,
          qty: 2,
          type: 'market',
          stop: { at: { offsetTicks: 12 } },
          targets: [{ at: { offsetTicks: 15 } }],
        });
      ctx.note('seen', { close: bar.close });
      ctx.setTimer('half', (ctx.nowUs + 1_800_000_000) as never);
    },
    onTimer: (name, ctx) => ctx.note(name, { equity: ctx.account.equityMicros }),
  };
}

function options(more: Partial<WorldOptions> = {}): WorldOptions {
  return {
    front,
    next,
    roll: { us: at(2, 10), fromPrice: 100, toPrice: 120 },
    days: 4,
    feeMicros: 2_500_000,
    strategy: busy(),
    ...more,
  };
}

function referenceHash(): string {
  return runEngine(makeWorld(options()).config).eventHash;
}

describe('determinism', () => {
  it('gives the same hash for every chunk size of the sources', () => {
    const hashes = [1, 2, 3, 5, 7, 100].map(
      (chunk) => runEngine(makeWorld(options({ chunk })).config).eventHash,
    );
    expect(new Set(hashes).size).toBe(1);
  });

  it('hashes the same bytes whether the journal is kept or forgotten', () => {
    const forgotten = runEngine(
      makeWorld(options({ overrides: { journal: createHashJournal() } })).config,
    );
    expect(forgotten.eventHash).toBe(referenceHash());
  });

  it('changes the hash when an input changes', () => {
    expect(
      runEngine(makeWorld(options({ overrides: { random: createRandom(8) } })).config).eventHash,
    ).not.toBe(referenceHash());
    expect(runEngine(makeWorld(options({ feeMicros: 2_500_001 })).config).eventHash).not.toBe(
      referenceHash(),
    );
  });

  it('writes a prefix of the full journal when the data end early: nothing looks ahead', () => {
    const full = makeWorld(options());
    runEngine(full.config);
    for (const cutDay of [1, 2, 3]) {
      const cutUs = at(cutDay, 14);
      const early = makeWorld(
        options({
          front: front.filter((r) => r[0] <= cutUs),
          next: next.filter((r) => r[0] <= cutUs),
        }),
      );
      runEngine(early.config);
      const until = (lines: readonly string[]): string[] =>
        lines.filter((line) => (JSON.parse(line) as { tsUs: number }).tsUs <= cutUs);
      const prefix = until(early.journal.lines());
      expect(prefix.length).toBeGreaterThan(20);
      expect(until(full.journal.lines())).toEqual(prefix);
    }
  });

  it('does not depend on the zone of the host', () => {
    const module = fileURLToPath(new URL('../support/engine-hash.ts', import.meta.url));
    const hashes = ['Asia/Tokyo', 'America/Chicago'].map((TZ) =>
      execFileSync(process.execPath, ['--import', 'tsx', module], {
        env: { ...process.env, TZ },
        encoding: 'utf8',
      }).trim(),
    );
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(hashes[1]).toBe(hashes[0]);
  });

  it('numbers its lines and keeps the order of keys', () => {
    const journal = new MemoryJournal();
    expect(journal.append('a', 5 as never, { z: 1, a: 2 })).toBe(0);
    expect(journal.append('b', 6 as never, {})).toBe(1);
    expect(journal.lines()).toEqual([
      '{"seq":0,"tsUs":5,"kind":"a","body":{"z":1,"a":2}}',
      '{"seq":1,"tsUs":6,"kind":"b","body":{}}',
    ]);
    expect(journal.hash()).toBe(journal.hash());
  });
});

describe('chance', () => {
  it('depends on its coordinates only, and is uniform in every one of them', () => {
    const source = createRandom(3);
    expect(source.uniform(1, 2, 3, 4)).toBe(createRandom(3).uniform(1, 2, 3, 4));
    for (let coordinate = 0; coordinate < 4; coordinate += 1) {
      const counts = Array.from({ length: 10 }, () => 0);
      for (let i = 0; i < 10_000; i += 1) {
        const at4: [number, number, number, number] = [0, 0, 0, 0];
        at4[coordinate] = i;
        counts[Math.floor(source.uniform(...at4) * 10)]! += 1;
      }
      // Chi-square with 9 degrees of freedom: 27.9 is its 0.1 % point.
      expect(counts.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0)).toBeLessThan(27.9);
    }
  });

  it('tells large times apart that share their low bits', () => {
    const source = createRandom(3);
    expect(source.uniform(0, 4_294_967_296, 0, 0)).not.toBe(source.uniform(0, 0, 0, 0));
  });
});
