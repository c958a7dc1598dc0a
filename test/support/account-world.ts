/**
 * Stories of an account: days of hourly bars and orders in words on one side, what the account says on the other. Sessions run from
 * 10:00 to 16:00 UTC; a bar is `open/high/low/close` in prices, or one price; an order is sent at the close of the bar at its time
 * and meets the next one.
 */
import type { ContractSpec, InstrumentSpec } from '../../src/core/instrument.ts';
import { ContractTable } from '../../src/core/instrument.ts';
import type { AccountRules } from '../../src/core/money/account-rules.ts';
import { defaultAccountRules } from '../../src/core/money/account-rules.ts';
import type { Side } from '../../src/core/order.ts';
import type { TradingCalendar } from '../../src/core/ports.ts';
import type { StrategyContext } from '../../src/core/strategy.ts';
import type { CashMicros, PriceTicks, Qty, TradeDate, TsUs } from '../../src/core/units.ts';
import { US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from '../../src/core/units.ts';
import { runEngine } from '../../src/engine/engine.ts';
import { createRandom } from '../../src/engine/rng.ts';
import { createBarExchange } from '../../src/sim/bar-exchange.ts';
import type { FeeEntry } from '../../src/sim/fee-model.ts';
import { createFeeModel } from '../../src/sim/fee-model.ts';
import type { BarRow, World } from './engine-world.ts';
import {
  at,
  contract,
  DAY0,
  makeWorld,
  OPEN_HOUR,
  plainCalendar,
  product,
} from './engine-world.ts';

export interface Story {
  /** Bars of each day, apart by blanks. */
  readonly days: readonly string[];
  /** `d0 11:00` to `buy 2`, `sell 1 limit 4010`, `bracket buy 1 stop 3990 target 4010`. */
  readonly orders?: Readonly<Record<string, string>>;
  /** Looks at the account after the orders of each bar. */
  readonly look?: (ctx: StrategyContext, when: string) => void;
  readonly capital?: number;
  readonly initial?: number;
  readonly maintenance?: number;
  readonly rules?: Partial<AccountRules>;
  readonly spec?: InstrumentSpec;
  readonly fees?: readonly FeeEntry[];
  readonly rate?: (currency: string) => number;
  /** Minutes after midnight at which the exchange settles; the close where absent. */
  readonly settleMinute?: number;
  /** Days from the first to the first notice and the last trade. */
  readonly noticeDay?: number;
  readonly lastTradeDay?: number;
}

export interface Told {
  /** `d0 11:00 fill buy 1 @ 4000`: what happened, in order. */
  readonly lines: readonly string[];
  readonly world: World;
  readonly finalEquity: number;
}

export function tell(story: Story): Told {
  const spec = story.spec ?? product();
  const contracts = contractsOf(spec, story);
  const table = new ContractTable([spec], contracts);
  const lines: string[] = [];
  const micros = (units: number): CashMicros => Math.round(units * 1e6) as CashMicros;
  const world = makeWorld({
    spec,
    front: barsOf(story, spec),
    days: story.days.length,
    strategy: {
      onBar: (bar, ctx) => {
        const text = story.orders?.[label(bar.closeUs)];
        if (text !== undefined) sendOrder(text, ctx, spec);
        story.look?.(ctx, label(bar.closeUs));
      },
    },
    overrides: {
      table,
      calendars: [calendarOf(story)],
      venue: createBarExchange({
        table,
        policy: 'pessimistic',
        random: createRandom(1),
        slippageTicks: { [spec.root]: 0 },
        ...(story.fees === undefined
          ? {}
          : { fees: createFeeModel(table, { [spec.root]: story.fees }) }),
      }),
      margin: {
        initialMicros: () => micros(story.initial ?? 0),
        maintenanceMicros: () => micros(story.maintenance ?? story.initial ?? 0),
      },
      rates: { base: 'USD', rate: story.rate ?? (() => 1) },
      capitalMicros: micros(story.capital ?? 100_000),
      account: { ...defaultAccountRules(1), ...story.rules },
    },
  });
  const result = runEngine(world.config);
  for (const line of world.journal.lines()) {
    const said = sayLine(JSON.parse(line) as JournalLine, spec);
    if (said !== null) lines.push(said);
  }
  return { lines, world, finalEquity: result.finalEquityMicros / 1e6 };
}

interface JournalLine {
  readonly tsUs: number;
  readonly kind: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const SAID_ISSUES = ['E_DELIVERY_RISK', 'E_NEGATIVE_BALANCE', 'E_HELD_TO_EXPIRY'];

function sayLine({ tsUs, kind, body }: JournalLine, spec: InstrumentSpec): string | null {
  const when = label(tsUs);
  const number = (key: string): number => body[key] as number;
  const word = (key: string): string => body[key] as string;
  const price = (key: string): number => Number((number(key) * spec.grid.increment).toFixed(6));
  const signed = (key: string): string => `${number(key) >= 0 ? '+' : ''}${number(key) / 1e6}`;
  const side = number('side') > 0 ? 'buy' : 'sell';
  switch (kind) {
    case 'fill': {
      const tag = word('tag') === '' ? '' : ` (${word('tag')})`;
      return `${label(number('tsUs'))} ${side} ${number('qty')} @ ${price('priceTicks')}${tag}`;
    }
    case 'order':
      return word('event') === 'Denied' ? `${when} denied: ${word('reason')}` : null;
    case 'settle':
      return `${when} settle ${number('netQty')} @ ${price('settleTicks')} ${word('settleSource')} ${signed('variationMicros')}`;
    case 'margin-call':
      return `${when} margin call: ${number('equityMicros') / 1e6} < ${number('maintenanceMicros') / 1e6}`;
    case 'margin-call-met':
      return `${when} call met`;
    case 'liquidation':
    case 'forced-flat':
      return `${when} ${kind}: ${side} ${number('qty')}`;
    case 'sweep':
      return `${when} sweep ${word('currency')} ${signed('micros')} -> ${signed('baseMicros')}`;
    case 'issue':
      return SAID_ISSUES.includes(word('code')) ? `${when} ${word('code')}` : null;
    default:
      return null;
  }
}

function label(tsUs: number): string {
  const day = Math.floor(tsUs / US_PER_DAY) - DAY0;
  const minutes = Math.floor((tsUs % US_PER_DAY) / US_PER_MINUTE);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `d${day} ${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function ticksOf(price: string, spec: InstrumentSpec): PriceTicks {
  return Math.round(Number(price) / spec.grid.increment) as PriceTicks;
}

function barsOf({ days }: Story, spec: InstrumentSpec): BarRow[] {
  return days.flatMap((text, day) =>
    text
      .split(' ')
      .filter((bar) => bar !== '')
      .map((bar, i): BarRow => {
        const [open, high = open, low = open, close = open] = bar
          .split('/')
          .map((price) => ticksOf(price, spec));
        return [at(day, OPEN_HOUR + 1 + i), open!, high!, low!, close!];
      }),
  );
}

function sendOrder(text: string, ctx: StrategyContext, spec: InstrumentSpec): void {
  for (const one of text.split(', ')) {
    const words = one.split(' ');
    const isBracket = words[0] === 'bracket';
    if (isBracket) words.shift();
    const side: Side = words[0] === 'buy' ? 1 : -1;
    const qty = Number(words[1]) as Qty;
    const after = (word: string): PriceTicks => ticksOf(words[words.indexOf(word) + 1]!, spec);
    const id = ctx.contract(spec.root);
    if (id === null) throw new Error('no contract');
    if (isBracket)
      ctx.bracket({
        contract: id,
        side,
        qty,
        type: 'market',
        stop: { at: { ticks: after('stop') } },
        targets: [{ at: { ticks: after('target') } }],
      });
    else if (words.includes('limit'))
      ctx.submit({
        contract: id,
        side,
        qty,
        type: 'limit',
        limitTicks: after('limit'),
        timeInForce: 'gtc',
      });
    else ctx.submit({ contract: id, side, qty, type: 'market' });
  }
}

function contractsOf(spec: InstrumentSpec, story: Story): ContractSpec[] {
  const last = story.lastTradeDay === undefined ? at(100, 12) : at(story.lastTradeDay, 16);
  return [3, 6].map((month) => {
    const plain = contract(spec.root, month, month === 3 ? last : at(200, 12));
    if (story.noticeDay === undefined || month !== 3) return plain;
    const firstNoticeDate = (DAY0 + story.noticeDay) as TradeDate;
    return { ...plain, dates: { ...plain.dates, firstNoticeDate } };
  });
}

/** The plain calendar with a clock, and a settlement before the close where the story has one. */
function calendarOf({ settleMinute }: Story): TradingCalendar {
  const plain = plainCalendar();
  const minutes = settleMinute ?? 16 * 60;
  return {
    ...plain,
    localMinutes: (tsUs) => Math.floor((tsUs % US_PER_DAY) / US_PER_MINUTE),
    sessions: (from, to) => {
      const columns = plain.sessions(from, to);
      const settleUs = columns.openUs.map(
        (openUs) => openUs - OPEN_HOUR * US_PER_HOUR + minutes * US_PER_MINUTE,
      );
      return { ...columns, settleUs };
    },
  };
}

export function dayOf(day: number): TradeDate {
  return (DAY0 + day) as TradeDate;
}

export function usOf(day: number, hour: number): TsUs {
  return at(day, hour);
}
