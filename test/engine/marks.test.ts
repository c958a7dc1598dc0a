/** Marks and settlements where orders match on ticks: the window of trades, the middle of quotes, the last trade. */
import { describe, expect, it } from 'vitest';
import { defaultAccountRules } from '../../src/core/money/account-rules.ts';
import { US_PER_DAY, US_PER_MINUTE } from '../../src/core/units.ts';
import { plainCalendar } from '../support/engine-world.ts';
import type { Tick, TickRun } from '../support/tick-world.ts';
import { quote, runTicks, trade } from '../support/tick-world.ts';

/** Milliseconds from 11:30 to the settlement at 11:45. */
const SETTLE = 15 * 60_000;

/** Buys one contract at 11:30; the exchange settles at 11:45. */
function settled(ticks: readonly Tick[]): TickRun {
  const plain = plainCalendar();
  return runTicks({
    ticks: [quote(-1000, 100, 50, 101, 50), trade(-900, 100, 1), ...ticks],
    script: [
      [
        0,
        (ctx) =>
          void ctx.submit({ contract: ctx.contract('ES')!, side: 1, type: 'market', qty: 1 }),
      ],
    ],
    world: {
      overrides: {
        account: { ...defaultAccountRules(1), settleAt: 'exchange' },
        calendars: [
          {
            ...plain,
            sessions: (from, to) => {
              const columns = plain.sessions(from, to);
              const settleUs = columns.openUs.map(
                (us) => Math.floor(us / US_PER_DAY) * US_PER_DAY + (11 * 60 + 45) * US_PER_MINUTE,
              );
              return { ...columns, settleUs };
            },
          },
        ],
      },
    },
  });
}

const first = (run: TickRun): unknown => {
  const day = run.recorder.days[0]!;
  return [day.settleTicks, day.settleSource];
};

describe('a settlement at the exchange’s time', () => {
  it('is the average by volume of the last thirty seconds', () => {
    const run = settled([
      trade(SETTLE - 30_001, 400, 9),
      trade(SETTLE - 30_000, 104, 1),
      trade(SETTLE - 1, 108, 3),
      trade(SETTLE, 500, 9),
    ]);
    expect(first(run)).toEqual([107, 'window-vwap']);
  });

  it('is the middle of the quotes where nothing traded in the window', () => {
    const run = settled([trade(60_000, 120, 1), quote(SETTLE - 5_000, 110, 5, 113, 5)]);
    // 111.5, towards nothing: half to even.
    expect(first(run)).toEqual([112, 'mid']);
  });

  it('is the last trade where the quotes are old', () => {
    const run = settled([quote(30_000, 110, 5, 113, 5), trade(60_000, 120, 1)]);
    expect(first(run)).toEqual([120, 'last-trade']);
  });
});

describe('a position between settlements', () => {
  it('is worth the middle of fresh quotes, and the last trade once they are old', () => {
    const seen: number[] = [];
    const look = (ms: number) =>
      [
        ms,
        (ctx: { account: { equityMicros: number } }) =>
          void seen.push(ctx.account.equityMicros / 1e6 - 100_000),
      ] as const;
    runTicks({
      ticks: [
        quote(-1000, 100, 50, 101, 50),
        trade(-900, 100, 1),
        quote(1_000, 103, 50, 106, 50),
        trade(2_000, 106, 1),
        trade(70_000, 107, 1),
      ],
      script: [
        [
          0,
          (ctx) =>
            void ctx.submit({ contract: ctx.contract('ES')!, side: 1, type: 'market', qty: 1 }),
        ],
        look(3_000),
        look(71_000),
      ],
    });
    // Bought at 101; 12.50 a tick: (104.5 - 101) and (107 - 101).
    expect(seen).toEqual([43.75, 75]);
  });
});
