/** The money rows of the specification (12.8) as stories: order flow on the left, what the account says on the right. */
import { describe, expect, it } from 'vitest';
import type { AccountView } from '../../src/core/account.ts';
import type { TradeDate } from '../../src/core/units.ts';
import { tell, usOf } from '../support/account-world.ts';
import type { Story } from '../support/account-world.ts';
import { product } from '../support/engine-world.ts';

const ALWAYS = -1_000_000 as TradeDate;
const IMMEDIATE = { policy: { kind: 'immediate' }, buffer: 0 } as const;

const lines = (story: Story): readonly string[] => tell(story).lines;

describe('daily settlement', () => {
  it('M1 pays the day’s move at each settlement and reports the trade from its entry', () => {
    const { lines: said, world } = tell({
      days: ['4000 4000 4010', '4005 4005 4005'],
      orders: { 'd0 11:00': 'buy 1', 'd1 11:00': 'sell 1' },
    });
    expect(said).toEqual([
      'd0 11:00 buy 1 @ 4000',
      'd0 16:00 settle 1 @ 4010 last-bar +500',
      'd1 11:00 sell 1 @ 4005',
      // The close paid -250 against 4010 when it filled; the settlement has nothing left to pay.
      'd1 16:00 settle 0 @ 4005 last-bar +0',
    ]);
    expect(world.recorder.days.map((day) => day.pnlMicros)).toEqual([500e6, -250e6]);
    expect(world.recorder.trades[0]!.grossMicros).toBe(250e6);
    expect(world.recorder.equity.map((point) => point.equityMicros / 1e6)).toEqual([
      100_500, 100_250,
    ]);
  });

  it('M2 realises what was closed before the settlement and marks the rest', () => {
    const { lines: said, world } = tell({
      days: ['4000 4000 4002 4001'],
      orders: { 'd0 11:00': 'buy 2', 'd0 12:00': 'sell 1' },
    });
    expect(said).toEqual([
      'd0 11:00 buy 2 @ 4000',
      'd0 12:00 sell 1 @ 4002',
      'd0 16:00 settle 1 @ 4001 last-bar +50',
    ]);
    expect(world.recorder.days[0]!.pnlMicros).toBe(150e6);
  });

  it.each(['average', 'fifo'] as const)(
    'M3 splits a fill through zero into a close against the mark and an opening at its price: %s',
    (lots) => {
      const { lines: said, world } = tell({
        days: ['4000 4000 4010', '4008 4008 4008', '4006'],
        orders: { 'd0 11:00': 'buy 1', 'd1 11:00': 'sell 3' },
        rules: { lots },
      });
      expect(said.slice(2)).toEqual([
        'd1 11:00 sell 3 @ 4008',
        'd1 16:00 settle -2 @ 4008 last-bar +0',
        'd2 16:00 settle -2 @ 4006 last-bar +200',
      ]);
      expect(world.recorder.days[1]!.pnlMicros).toBe(-100e6);
      expect(world.recorder.trades.map((trade) => trade.grossMicros / 1e6)).toEqual([400, 200]);
    },
  );

  it.each(['average', 'fifo'] as const)(
    'pays a part that is closed later against the mark of its date: %s',
    (lots) => {
      const said = lines({
        days: ['4000 4000 4010', '4008 4008 4012'],
        orders: { 'd0 11:00': 'buy 2', 'd1 11:00': 'sell 1' },
        rules: { lots },
      });
      // The close paid -100; the settlement pays the other contract from 4010 to 4012.
      expect(said.slice(1)).toEqual([
        'd0 16:00 settle 2 @ 4010 last-bar +1000',
        'd1 11:00 sell 1 @ 4008',
        'd1 16:00 settle 1 @ 4012 last-bar +100',
      ]);
    },
  );

  it('M15 takes the previous settlement where a day has no price, says so, and marks no move twice', () => {
    expect(
      lines({
        days: ['4000 4000 4010', '', '4030'],
        orders: { 'd0 11:00': 'buy 1' },
      }),
    ).toEqual([
      'd0 11:00 buy 1 @ 4000',
      'd0 16:00 settle 1 @ 4010 last-bar +500',
      'd1 16:00 settle 1 @ 4010 previous-settlement +0',
      'd2 16:00 settle 1 @ 4030 last-bar +1000',
    ]);
  });

  it('takes the official price first, and equity of the date is at it', () => {
    const official = new Map([[20_000, 16_042]]);
    const { lines: said, world } = tell({
      days: ['4000 4000 4010', '4008'],
      orders: { 'd0 11:00': 'buy 1' },
      rules: {
        settlements: { daily: (_c, date) => official.get(date) ?? NaN, final: () => NaN },
      },
    });
    expect(said).toEqual([
      'd0 11:00 buy 1 @ 4000',
      'd0 16:00 settle 1 @ 4010.5 official +525',
      'd1 16:00 settle 1 @ 4008 last-bar -125',
    ]);
    expect(world.recorder.equity.map((point) => point.equityMicros / 1e6)).toEqual([
      100_525, 100_400,
    ]);
  });

  it('M16 leaves a position opened after the settlement to the next trade date', () => {
    const story: Story = {
      days: ['4000 4000 4002 4004 4006 4008', '4010'],
      orders: { 'd0 14:00': 'buy 1', 'd0 11:00': 'buy 1' },
      settleMinute: 14 * 60,
      rules: { settleAt: 'exchange' },
    };
    const { lines: said, world } = tell(story);
    expect(said).toEqual([
      'd0 11:00 buy 1 @ 4000',
      'd0 14:00 settle 1 @ 4004 last-bar +200',
      'd0 14:00 buy 1 @ 4006',
      'd1 14:00 settle 2 @ 4010 last-bar +500',
    ]);
    expect(world.recorder.days.map((day) => [day.tradeDate, day.netQty])).toEqual([
      [20_000, 1],
      [20_001, 2],
    ]);
    // Its neighbour: with marks at the close the same position is of the day on which it was opened.
    expect(lines({ ...story, rules: {} })[2]).toBe('d0 16:00 settle 2 @ 4008 last-bar +500');
  });

  it('counts lots first in, first out where asked: the same sum, at other moments', () => {
    const story: Story = {
      days: ['4000 4000 4020 4020', '4030 4030'],
      orders: {
        'd0 11:00': 'buy 1',
        'd0 12:00': 'buy 1',
        'd0 13:00': 'sell 1',
        'd1 11:00': 'sell 1',
      },
    };
    const average = tell(story);
    const fifo = tell({ ...story, rules: { lots: 'fifo' } });
    // The oldest lot gained 1000; at average cost one of two gained 500.
    expect(fifo.lines.at(3)).toBe('d0 16:00 settle 1 @ 4020 last-bar +0');
    expect(average.lines.at(3)).toBe('d0 16:00 settle 1 @ 4020 last-bar +500');
    expect(fifo.finalEquity).toBe(average.finalEquity);
    expect(fifo.world.recorder.days.map((day) => day.pnlMicros)).toEqual(
      average.world.recorder.days.map((day) => day.pnlMicros),
    );
  });
});

describe('fees', () => {
  it('M4 charges 2.15 a side on 9 contracts as 19.35 exactly', () => {
    const { finalEquity, world } = tell({
      days: ['4000 4000 4000'],
      orders: { 'd0 11:00': 'buy 9' },
      fees: [{ from: ALWAYS, commissionMicros: 850_000, exchangeMicros: 1_300_000 }],
    });
    expect(finalEquity).toBe(100_000 - 19.35);
    expect(world.recorder.fills[0]!.feeMicros).toBe(19_350_000);
  });

  it('are paid in their own currency, and a trade counts their worth', () => {
    const { finalEquity, world } = tell({
      days: ['4000 4000 4000'],
      orders: { 'd0 11:00': 'buy 1' },
      fees: [{ from: ALWAYS, commissionMicros: 2_000_000, exchangeMicros: 0 }],
      rules: { feeCurrency: ['EUR'] },
      rate: (currency) => (currency === 'EUR' ? 1.25 : 1),
    });
    expect(world.recorder.fills[0]!.feePaid).toEqual({
      currency: 'EUR',
      feeMicros: 2_000_000,
      commissionMicros: 2_000_000,
    });
    expect(world.recorder.fills[0]!.feeMicros).toBe(2_500_000);
    expect(finalEquity).toBe(100_000 - 2.5);
  });
});

describe('margin before a trade', () => {
  it('M5 denies what the account cannot margin and accepts what it can', () => {
    const story: Story = {
      days: ['4000 4000 4000'],
      orders: { 'd0 11:00': 'buy 2', 'd0 12:00': 'buy 1' },
      capital: 20_000,
      initial: 12_000,
    };
    expect(lines(story).slice(0, 2)).toEqual(['d0 11:00 denied: margin', 'd0 12:00 buy 1 @ 4000']);
  });

  it('M6 counts a position with stop and target once, not three times', () => {
    const said = lines({
      days: ['4000 4000 4000 4000'],
      orders: {
        'd0 11:00': 'bracket buy 1 stop 3900 target 4100',
        'd0 12:00': 'buy 1',
        'd0 13:00': 'buy 1',
      },
      capital: 24_000,
      initial: 12_000,
    });
    expect(said.slice(0, 3)).toEqual([
      'd0 11:00 buy 1 @ 4000',
      'd0 12:00 buy 1 @ 4000',
      'd0 13:00 denied: margin',
    ]);
  });
});

describe('margin calls', () => {
  const fall: Story = {
    days: ['4000 4000/4000/3970/3990 3985 3980'],
    orders: { 'd0 11:00': 'buy 1' },
    capital: 10_000,
    initial: 9_000,
    maintenance: 9_000,
    rules: { liquidation: IMMEDIATE },
  };

  it('M7 close what fell below maintenance inside a bar at the next event, through the market', () => {
    expect(lines({ ...fall, days: ['4000 4000 4000/4000/3970/3990 3985 3980'] })).toEqual([
      'd0 11:00 buy 1 @ 4000',
      // 10000 - 30 × 50 at the low, though the bar closed above.
      'd0 13:00 margin call: 8500 < 9000',
      'd0 13:00 liquidation: sell 1',
      'd0 13:00 sell 1 @ 3985 (liquidation)',
      'd0 14:00 call met',
      'd0 16:00 settle 0 @ 3980 last-bar +0',
    ]);
  });

  it('do not look at the part of a bar before the position was there', () => {
    // The entry bar: nobody knows whether its low came after the fill at its open, but its close is certain.
    const said = lines({ ...fall, days: ['4000 4000/4000/3970/3990 3990 3990'] });
    expect(said.filter((line) => line.includes('margin call'))).toEqual([]);
  });

  it('M8 keep a negative balance when a price jumps past every level, and say so', () => {
    const { lines: said, finalEquity } = tell({
      ...fall,
      days: ['4000 4000', '3700 3650'],
    });
    expect(said).toEqual([
      'd0 11:00 buy 1 @ 4000',
      'd0 16:00 settle 1 @ 4000 last-bar +0',
      'd1 11:00 E_NEGATIVE_BALANCE',
      'd1 11:00 margin call: -5000 < 9000',
      'd1 11:00 liquidation: sell 1',
      'd1 11:00 sell 1 @ 3650 (liquidation)',
      // The call stays open: what is missing was not paid in.
      'd1 16:00 settle 0 @ 3650 last-bar +0',
    ]);
    expect(finalEquity).toBe(10_000 - 350 * 50);
  });

  it('close as few contracts as satisfy the call and its buffer', () => {
    const said = lines({
      days: ['4000 4000 3995 3995 3995'],
      orders: { 'd0 11:00': 'buy 4' },
      capital: 10_000,
      initial: 2_400,
      maintenance: 2_400,
      rules: { liquidation: { policy: { kind: 'immediate' }, buffer: 0.25 } },
    });
    // Equity 9000: four need 9600; with a quarter more, three contracts fit exactly.
    expect(said.slice(0, 4)).toEqual([
      'd0 11:00 buy 4 @ 4000',
      'd0 13:00 margin call: 9000 < 9600',
      'd0 13:00 liquidation: sell 1',
      'd0 13:00 sell 1 @ 3995 (liquidation)',
    ]);
  });

  it('wait for the next open where the market has closed', () => {
    const said = lines({ ...fall, days: ['4000 4000 4000 4000 4000 3970', '3960 3960'] });
    expect(said.slice(1, 5)).toEqual([
      'd0 16:00 margin call: 8500 < 9000',
      'd0 16:00 liquidation: sell 1',
      'd0 16:00 settle 1 @ 3970 last-bar -1500',
      'd1 10:00 sell 1 @ 3960 (liquidation)',
    ]);
  });

  it('grant a grace until the event that they name, and forget a call that was met before', () => {
    const rules = {
      liquidation: { policy: { kind: 'graceUntil', event: 'next-session-open' }, buffer: 0 },
    } as const;
    expect(lines({ ...fall, rules, days: ['4000 4000 3970', '3965 3965'] }).slice(1)).toEqual([
      'd0 13:00 margin call: 8500 < 9000',
      'd0 16:00 settle 1 @ 3970 last-bar -1500',
      'd1 10:00 liquidation: sell 1',
      'd1 10:00 sell 1 @ 3965 (liquidation)',
      'd1 11:00 call met',
      'd1 16:00 settle 0 @ 3965 last-bar +0',
    ]);
    expect(
      lines({ ...fall, rules, days: ['4000 4000 3970 4000', '3999 3999'] }).slice(1, 3),
    ).toEqual(['d0 13:00 margin call: 8500 < 9000', 'd0 14:00 call met']);
  });

  it('refuse new risk only, by default, and close nothing', () => {
    const said = lines({
      ...fall,
      days: ['4000 4000 3970 3970 3970'],
      orders: { 'd0 11:00': 'buy 1', 'd0 14:00': 'buy 1' },
      rules: {},
    });
    expect(said.slice(1, 3)).toEqual([
      'd0 13:00 margin call: 8500 < 9000',
      'd0 14:00 denied: margin',
    ]);
    expect(said.some((line) => line.includes('liquidation'))).toBe(false);
  });

  it('cancel working orders that could enlarge the position, and leave those that reduce it', () => {
    const { world } = tell({
      ...fall,
      days: ['4000 4000 3970 3985 3985'],
      orders: { 'd0 11:00': 'buy 1, sell 1 limit 4200', 'd0 12:00': 'buy 1 limit 3900' },
      capital: 19_000,
      initial: 9_000,
      maintenance: 18_000,
    });
    const ended = world.recorder.events.filter((event) => event.startsWith('Canceled'));
    expect(ended).toEqual(['Canceled O-000003 requested']);
  });

  it('M9 hold the overnight margin from the configured minute on', () => {
    const story: Story = {
      days: ['4000 4000 4000 4000 4000 4000', '4000 4000'],
      orders: { 'd0 11:00': 'buy 2' },
      capital: 15_000,
      initial: 12_000,
      maintenance: 12_000,
      rules: {
        liquidation: IMMEDIATE,
        intraday: [
          {
            initialMicros: 1000e6,
            maintenanceMicros: 1000e6,
            fromMinute: 600,
            untilMinute: 14 * 60 + 30,
          },
        ],
      },
    };
    expect(lines(story).slice(0, 5)).toEqual([
      'd0 11:00 buy 2 @ 4000',
      'd0 14:30 margin call: 15000 < 24000',
      'd0 14:30 liquidation: sell 1',
      'd0 15:00 sell 1 @ 4000 (liquidation)',
      'd0 16:00 call met',
    ]);
    // Its neighbour: who holds one contract has the overnight margin.
    expect(lines({ ...story, orders: { 'd0 11:00': 'buy 1' } })[1]).toBe(
      'd0 16:00 settle 1 @ 4000 last-bar +0',
    );
  });
});

describe('currencies', () => {
  it('M10 end the run where a currency has no rate', () => {
    const noRate = (currency: string): number => {
      if (currency === 'USD') return 1;
      throw new Error(`no rate for ${currency}`);
    };
    expect(() =>
      tell({ days: ['4000 4000'], spec: product('FX', 0.25, 50, 'EUR'), rate: noRate }),
    ).toThrow('no rate for EUR');
  });

  it('are swept into the base by the day where asked, at the rate of the date, and equity stays', () => {
    const story: Story = {
      days: ['4000 4000 4010', '4010 4010'],
      orders: { 'd0 11:00': 'buy 1' },
      spec: product('FX', 0.25, 50, 'EUR'),
      rate: (currency) => (currency === 'EUR' ? 1.1 : 1),
    };
    const swept = tell({ ...story, rules: { sweep: { every: 'daily', aboveMicros: 0 } } });
    expect(swept.lines).toContain('d0 16:00 sweep EUR +500 -> +550');
    expect(swept.finalEquity).toBe(tell(story).finalEquity);
    expect(lines(story).some((line) => line.includes('sweep'))).toBe(false);
  });

  it('are swept after the last date of a month, or when they are worth more than was said', () => {
    // Day 0 is 2024-10-04; day 27 is the last date of October.
    const days = Array.from({ length: 29 }, (_, day) => (day === 0 ? '4000 4000 4010' : '4010'));
    const story: Story = {
      days,
      orders: { 'd0 11:00': 'buy 1' },
      spec: product('FX', 0.25, 50, 'EUR'),
      rate: (currency) => (currency === 'EUR' ? 1.1 : 1),
    };
    const swept = (every: 'daily' | 'monthly', above: number): string[] =>
      lines({ ...story, rules: { sweep: { every, aboveMicros: above * 1e6 } } }).filter((line) =>
        line.includes('sweep'),
      );
    expect(swept('monthly', 0)).toEqual(['d27 16:00 sweep EUR +500 -> +550']);
    expect(swept('daily', 549)).toEqual(['d0 16:00 sweep EUR +500 -> +550']);
    expect(swept('daily', 550)).toEqual([]);
    // The last date of a run need not be the last of its month.
    expect(
      lines({
        ...story,
        days: days.slice(0, 27),
        rules: { sweep: { every: 'monthly', aboveMicros: 0 } },
      }).some((line) => line.includes('sweep')),
    ).toBe(false);
  });
});

describe('the end of a contract', () => {
  const held: Story = {
    days: ['100 100 100', '101 101', '102 102', '103 103'],
    orders: { 'd0 11:00': 'buy 1' },
    lastTradeDay: 3,
  };

  it('M11 settles in cash at the official final price, between two ticks where it is', () => {
    const { lines: said, finalEquity } = tell({
      ...held,
      days: ['4000 4000 4000', '4100 4100'],
      lastTradeDay: 1,
      rules: {
        settlements: { daily: () => NaN, final: () => 4123.37 / 0.25 },
        expiryFees: [
          [{ from: ALWAYS, commissionMicros: 0, exchangeMicros: 0, expiryMicros: 1_500_000 }],
        ],
      },
    });
    expect(said.slice(-3)).toEqual([
      'd1 16:00 E_HELD_TO_EXPIRY',
      'd1 16:00 sell 1 @ 4123.37 (expiry)',
      'd1 16:00 settle 0 @ 4100 last-bar +0',
    ]);
    expect(finalEquity).toBe(100_000 + 123.37 * 50 - 1.5);
  });

  it('M12 forces a deliverable position flat before its first notice', () => {
    const spec = { ...product(), settlement: 'physical' as const };
    const story: Story = { ...held, spec, noticeDay: 2 };
    expect(
      lines({ ...story, rules: { forceFlat: { beforeFirstNotice: 1, beforeLastTrade: null } } }),
    ).toEqual([
      'd0 11:00 buy 1 @ 100',
      'd0 16:00 settle 1 @ 100 last-bar +0',
      'd1 10:00 forced-flat: sell 1',
      'd1 10:00 sell 1 @ 101 (forced-flat)',
      'd1 16:00 settle 0 @ 101 last-bar +0',
    ]);
    // Else the deadline is an error event, once, and so is delivery itself.
    expect(lines(story).filter((line) => line.includes('E_DELIVERY_RISK'))).toEqual([
      'd2 10:00 E_DELIVERY_RISK',
    ]);
    expect(lines({ ...held, spec }).filter((line) => line.includes(' E_'))).toEqual([
      'd3 16:00 E_DELIVERY_RISK',
      'd3 16:00 E_HELD_TO_EXPIRY',
    ]);
  });

  it('M12 refuses to open again what was forced flat', () => {
    expect(
      lines({
        ...held,
        spec: { ...product(), settlement: 'physical' },
        noticeDay: 2,
        orders: { 'd0 11:00': 'buy 1', 'd1 12:00': 'buy 1' },
        rules: { forceFlat: { beforeFirstNotice: 1, beforeLastTrade: null } },
      }),
    ).toContain('d1 12:00 denied: near-delivery');
  });
});

describe('the account that a strategy sees', () => {
  const seen = (story: Story): Map<string, AccountView> => {
    const views = new Map<string, AccountView>();
    tell({ ...story, look: (ctx, when) => void views.set(when, ctx.account) });
    return views;
  };

  it('holds back the margin of working orders, and gives it back when they have ended', () => {
    const views = seen({
      days: ['4000 4000 4000 3980 3990'],
      orders: { 'd0 11:00': 'buy 1', 'd0 12:00': 'buy 2 limit 3985, sell 1 limit 4100' },
      initial: 12_000,
      maintenance: 11_000,
    });
    const at = (when: string) => {
      const { initialMarginMicros, maintenanceMarginMicros, reservedMicros } = views.get(when)!;
      return [initialMarginMicros, maintenanceMarginMicros, reservedMicros].map((it) => it / 1e6);
    };
    // The order of this very bar has not left, and its margin is spoken for.
    expect(at('d0 11:00')).toEqual([0, 0, 12_000]);
    // Two more could be bought; the sale would only close.
    expect(at('d0 12:00')).toEqual([12_000, 11_000, 24_000]);
    expect(at('d0 14:00')).toEqual([36_000, 33_000, 0]);
  });

  it('shows an open margin call, what it needs and what is missing', () => {
    const story: Story = {
      days: ['4000 4000 3970 3960 4000 4000'],
      orders: { 'd0 11:00': 'buy 1' },
      capital: 10_000,
      initial: 9_000,
      rules: { liquidation: { policy: { kind: 'rejectNewRiskOnly' }, buffer: 0.1 } },
    };
    const views = seen(story);
    expect(views.get('d0 12:00')!.marginCall).toBeNull();
    expect(views.get('d0 14:00')!.marginCall).toEqual({
      sinceUs: usOf(0, 13),
      state: 'watching',
      neededMicros: 9_900e6,
      missingMicros: 1_900e6,
    });
    expect(views.get('d0 15:00')!.marginCall).toBeNull();
  });
});

describe('the peak of margin', () => {
  it('is of the moments at which position or level changed, and of the close', () => {
    const { world } = tell({
      days: ['4000 4000 4000 4000 4000', '4000 4000 4000 4000'],
      orders: { 'd0 11:00': 'buy 1', 'd1 12:00': 'sell 1' },
      initial: 12_000,
      rules: {
        intraday: [
          { initialMicros: 1000e6, maintenanceMicros: 1000e6, fromMinute: 750, untilMinute: 600 },
        ],
      },
    });
    // Until 12:30 the full margin: bought under it; the next date holds it from its open.
    expect(world.recorder.equity.map((point) => point.initialMarginMicros / 1e6)).toEqual([
      12_000, 12_000,
    ]);
    const { world: other } = tell({
      days: ['4000 4000 4000 4000 4000'],
      orders: { 'd0 11:00': 'buy 1', 'd0 13:00': 'sell 1' },
      initial: 12_000,
      rules: {
        intraday: [
          { initialMicros: 1000e6, maintenanceMicros: 1000e6, fromMinute: 600, untilMinute: 750 },
        ],
      },
    });
    // Held for half an hour under the full margin, and for no fill of it.
    expect(other.recorder.equity[0]!.initialMarginMicros / 1e6).toBe(12_000);
  });
});

describe('prices below zero', () => {
  it('M14 margin, fill, stop and count like any other', () => {
    const { lines: said, finalEquity } = tell({
      spec: product('CL', 0.01, 1000),
      days: ['1 1/1/-37.63/-37.63 -37.63/-10/-40/-35'],
      orders: { 'd0 11:00': 'bracket buy 1 stop -38 target 5' },
      capital: 100_000,
    });
    expect(said).toEqual([
      'd0 11:00 buy 1 @ 1',
      'd0 13:00 sell 1 @ -38 (stop)',
      'd0 16:00 settle 0 @ -35 last-bar +0',
    ]);
    expect(finalEquity).toBe(100_000 - 39_000);
  });
});
