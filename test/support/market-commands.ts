/** Random commands for one market: every type, time in force and phase, few prices, so that things meet. */
import { fc } from '@fast-check/vitest';
import type { OrderType, Side, TimeInForce } from '../../src/core/order.ts';
import type { MarketCommand } from '../../src/sim/exchange/command-journal.ts';
import type { MarketOrderInput, MarketPhase } from '../../src/sim/exchange/market-order.ts';
import { isMarketType, needsTrigger } from '../../src/sim/exchange/market-rules.ts';

const tick = fc.integer({ min: -6, max: 6 });

const order = fc
  .record({
    side: fc.constantFrom<Side>(1, -1),
    type: fc.constantFrom<OrderType>(
      'limit',
      'limit',
      'limit',
      'limit',
      'market',
      'stop',
      'stop-limit',
      'market-if-touched',
      'trailing-stop',
      'trailing-stop-limit',
      'market-to-limit',
    ),
    tif: fc.constantFrom<TimeInForce>('day', 'gtc', 'gtc', 'gtd', 'ioc', 'fok', 'at-open'),
    qty: fc.integer({ min: 1, max: 9 }),
    a: tick,
    b: tick,
    display: fc.constantFrom(0, 0, 1, 2),
    group: fc.constantFrom(0, 0, 1, 2),
    mode: fc.constantFrom('cancel-resting', 'cancel-aggressor', 'cancel-both', 'decrement'),
    reduceOnly: fc.constantFrom(false, false, true),
    trigger: fc.constantFrom('last', 'last', 'bid-ask', 'mid', 'mark'),
    isLead: fc.boolean(),
  })
  .map((raw): Omit<MarketOrderInput, 'participant' | 'clOrdId'> => {
    const { type, side, qty, a, b } = raw;
    const waits = needsTrigger(type);
    const isTrail = type === 'trailing-stop' || type === 'trailing-stop-limit';
    const isNow = raw.tif === 'ioc' || raw.tif === 'fok';
    const tif = waits && (isNow || raw.tif === 'at-open') ? 'day' : raw.tif;
    return {
      side,
      type,
      qty,
      timeInForce: tif,
      ...(tif === 'gtd' ? { expireUs: 1e6 + Math.abs(a) * 2e6 } : {}),
      ...(type === 'limit' || type === 'stop-limit' ? { limitTicks: a } : {}),
      ...(waits && !isTrail ? { stopTicks: b } : {}),
      ...(waits ? { trigger: raw.trigger as 'last' } : {}),
      ...(isTrail ? { trail: { offsetTicks: 1 + Math.abs(b) } } : {}),
      ...(type === 'trailing-stop-limit' ? { limitOffsetTicks: 2 } : {}),
      ...(type === 'limit' && raw.display > 0 ? { displayQty: Math.min(raw.display, qty) } : {}),
      ...(isMarketType(type) && b > 2 ? { protectionTicks: b - 2 } : {}),
      group: raw.group,
      selfTrade: raw.mode as 'cancel-both',
      reduceOnly: raw.reduceOnly,
      isLead: raw.isLead,
    };
  });

type Draft =
  | { readonly draw: 'submit'; readonly order: Omit<MarketOrderInput, 'participant' | 'clOrdId'> }
  | { readonly draw: 'cancel'; readonly pick: number }
  | { readonly draw: 'replace'; readonly pick: number; readonly qty: number; readonly at: number }
  | { readonly draw: 'phase'; readonly phase: MarketPhase }
  | { readonly draw: 'limits'; readonly low: number; readonly high: number }
  | { readonly draw: 'mark'; readonly at: number }
  | { readonly draw: 'wait'; readonly us: number };

const pick = fc.nat(25);
const draft: fc.Arbitrary<Draft> = fc.oneof(
  { weight: 24, arbitrary: order.map((each) => ({ draw: 'submit' as const, order: each })) },
  { weight: 4, arbitrary: fc.record({ draw: fc.constant('cancel' as const), pick }) },
  {
    weight: 5,
    arbitrary: fc.record({
      draw: fc.constant('replace' as const),
      pick,
      qty: fc.integer({ min: 1, max: 9 }),
      at: fc.integer({ min: -9, max: 9 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      draw: fc.constant('phase' as const),
      phase: fc.constantFrom<MarketPhase>('open', 'halted', 'pre-open', 'open', 'closed', 'open'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      draw: fc.constant('limits' as const),
      low: fc.integer({ min: -9, max: -2 }),
      high: fc.integer({ min: 2, max: 9 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ draw: fc.constant('mark' as const), at: tick }) },
  {
    weight: 2,
    arbitrary: fc.record({
      draw: fc.constant('wait' as const),
      us: fc.constantFrom(1, 1e6, 4e6),
    }),
  },
);

/** Commands of four participants, times rising. */
export const marketCommands = (maxLength: number): fc.Arbitrary<MarketCommand[]> =>
  fc.array(draft, { minLength: 5, maxLength }).map((drafts) => {
    const commands: MarketCommand[] = [];
    let [sent, tsUs] = [0, 0];
    for (const each of drafts) {
      const at = Math.max(1, sent - ('pick' in each ? each.pick : 0));
      const who = { participant: 1 + (at % 4), clOrdId: `o-${String(at).padStart(6, '0')}` };
      if (each.draw === 'submit') {
        sent += 1;
        const clOrdId = `o-${String(sent).padStart(6, '0')}`;
        const input = { ...each.order, participant: 1 + (sent % 4), clOrdId };
        commands.push({ do: 'submit', tsUs, input });
      } else if (each.draw === 'cancel') commands.push({ do: 'cancel', tsUs, ...who });
      else if (each.draw === 'replace') {
        const change = each.at > 6 ? { qty: each.qty } : { qty: each.qty, limitTicks: each.at };
        commands.push({ do: 'replace', tsUs, ...who, change });
      } else if (each.draw === 'phase') commands.push({ do: 'phase', tsUs, phase: each.phase });
      else if (each.draw === 'limits')
        commands.push({ do: 'limits', tsUs, lowTicks: each.low, highTicks: each.high });
      else if (each.draw === 'mark') commands.push({ do: 'mark', tsUs, priceTicks: each.at });
      else {
        tsUs += each.us;
        commands.push({ do: 'advance', tsUs });
      }
    }
    return commands;
  });
