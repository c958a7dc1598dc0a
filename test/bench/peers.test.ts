/** The parts of the comparison with other programs that judge them: the bars, the plain loop and the ratios. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { BarColumns } from '../../src/core/bars.ts';
import {
  Checksum,
  FAST,
  FIRST_SIGNAL,
  makeBars,
  mix,
  MINUTE_US,
  SLOW,
  START_US,
} from '../../bench/peers/bars.ts';
import type { PeerResult } from '../../bench/peers/bars.ts';
import { plan, ratiosOf } from '../../bench/peers/compare.ts';
import { plainCross } from '../../bench/peers/plain.ts';

function checksumOf(batches: readonly BarColumns[]): number {
  const sum = new Checksum();
  for (const batch of batches) sum.add(batch);
  return sum.value;
}

function column(batches: readonly BarColumns[], name: 'open' | 'close'): number[] {
  return batches.flatMap((batch) => [...batch[name].subarray(0, batch.length)]);
}

describe('the bars', () => {
  test.prop([fc.integer({ min: 0, max: 2 ** 32 - 1 })])('mix as 64-bit integers do', (value) => {
    const word = (x: bigint): bigint => x & 0xffffffffn;
    let h = BigInt(value);
    h = word((h ^ (h >> 16n)) * 0x85ebca6bn);
    h = word((h ^ (h >> 13n)) * 0xc2b2ae35n);
    expect(BigInt(mix(value))).toBe(h ^ (h >> 16n));
  });

  it('are the same however many are made, and their checksum tells a changed one', () => {
    const few = makeBars(3_000)[0]!;
    const many = makeBars(70_000);
    expect(many).toHaveLength(2);
    expect([...many[0]!.high.subarray(0, 3_000)]).toEqual([...few.high]);
    const before = checksumOf(many);
    many[1]!.low[17]! -= 1;
    expect(checksumOf(many)).not.toBe(before);
  });

  it('hold their open and close, one a minute, and open off the close before', () => {
    const [bars] = makeBars(5_000);
    let gaps = 0;
    for (let i = 0; i < bars!.length; i += 1) {
      expect(bars!.high[i]!).toBeGreaterThanOrEqual(Math.max(bars!.open[i]!, bars!.close[i]!));
      expect(bars!.low[i]!).toBeLessThanOrEqual(Math.min(bars!.open[i]!, bars!.close[i]!));
      expect(bars!.openUs[i]).toBe(START_US + i * MINUTE_US);
      if (i > 0 && bars!.open[i] !== bars!.close[i - 1]) gaps += 1;
    }
    expect(gaps).toBeGreaterThan(3_000);
  });
});

describe('the plain loop', () => {
  it.each(['open', 'close'] as const)('comes to the fills of a naive reading, at the %s', (at) => {
    const count = 70_000;
    const batches = makeBars(count);
    const [open, close] = [column(batches, 'open'), column(batches, 'close')];
    const ema = (length: number): number[] => {
      let value = close[0]!;
      return close.map((x) => (value += (2 / (length + 1)) * (x - value)));
    };
    const [fast, slow] = [ema(FAST), ema(SLOW)];
    const expected: number[][] = [];
    let net = 0;
    for (let i = FIRST_SIGNAL; i < count; i += 1) {
      const wanted = fast[i]! > slow[i]! ? 1 : 0;
      if (wanted === net) continue;
      const row = at === 'open' ? i + 1 : i;
      if (row === count) break;
      expected.push([row, wanted - net, at === 'open' ? open[row]! : close[row]!]);
      net = wanted;
    }
    const fills = plainCross(batches, count, at);
    const rows = Array.from({ length: fills.count }, (_, i) => [
      fills.row[i],
      fills.side[i],
      fills.ticks[i],
    ]);
    expect(rows).toEqual(expected);
    const cash = expected.reduce((sum, [, side, ticks]) => sum - side! * ticks!, 0);
    expect(fills.profitCents).toBe((cash + net * close.at(-1)!) * 1250 - expected.length * 225);
  });

  it('gives a prefix of the fills for a prefix of the bars', () => {
    const batches = makeBars(20_000);
    const [whole, part] = [20_000, 9_000].map((bars) => plainCross(batches, bars, 'open'));
    expect(part!.count).toBeGreaterThan(100);
    expect([...part!.row.subarray(0, part!.count)]).toEqual([
      ...whole!.row.subarray(0, part!.count),
    ]);
  });
});

describe('the ratios', () => {
  const OWN = { id: 'frontmonth', needs: null };
  const FAST_PEER = { id: 'arrays', needs: 'arrays' };
  const SLOW_PEER = { id: 'events', needs: 'events', isSlow: true };
  const planned = (programs: Parameters<typeof plan>[0], slowBars: number): string[] =>
    plan(programs, 9_000, slowBars).map(({ program, bars }) => `${program.id} ${bars}`);
  const result = (bars: number, coldCpu: number, warmCpu: number): PeerResult => ({
    program: '',
    version: '',
    bars,
    checksum: 0,
    fillsFile: '',
    profitCents: 0,
    coldCpu,
    coldWall: 0,
    warmCpu,
    warmWall: 0,
    peakMb: 0,
  });

  it('have a run of ours for every number of bars that another program has, and for no other', () => {
    expect(planned([OWN, SLOW_PEER, FAST_PEER], 2_000)).toEqual([
      'frontmonth 9000',
      'arrays 9000',
      'frontmonth 2000',
      'events 2000',
    ]);
    expect(planned([OWN, SLOW_PEER], 2_000)).toEqual(['frontmonth 2000', 'events 2000']);
    expect(planned([OWN, SLOW_PEER, FAST_PEER], 9_000)).toEqual([
      'frontmonth 9000',
      'events 9000',
      'arrays 9000',
    ]);
    expect(planned([OWN], 2_000)).toEqual(['frontmonth 9000']);
    expect(planned([SLOW_PEER], 2_000)).toEqual(['events 2000']);
  });

  it('are taken between runs over the same number of bars, and not at all where there is none', () => {
    const rows = [
      { program: OWN, result: result(9_000, 10, 8) },
      { program: OWN, result: result(2_000, 4, 2) },
    ];
    expect(ratiosOf(result(2_000, 2, 3), rows)).toEqual({ cold: 0.5, warm: 1.5 });
    expect(ratiosOf(result(9_000, 5, 16), rows)).toEqual({ cold: 0.5, warm: 2 });
    expect(ratiosOf(result(3_000, 5, 16), rows)).toBeNull();
  });
});
