/** Start-up, windows, positions and bar sizes of the live chain, case by case. */
import { describe, expect, it } from 'vitest';
import type { BarInterval } from '../../src/core/bars.ts';
import type { ContractId, ContractSpec } from '../../src/core/instrument.ts';
import type { RollRule } from '../../src/core/roll.ts';
import { parseTradeDate, toIsoDate, weekdayOf } from '../../src/core/trade-date.ts';
import type { TradeDate } from '../../src/core/units.ts';
import { parseTsUs, toIsoUtc, US_PER_DAY, US_PER_HOUR } from '../../src/core/units.ts';
import type { TsUs } from '../../src/core/units.ts';
import type {
  BrokerPosition,
  ChainBar,
  LiveChainConfig,
  LiveChainState,
} from '../../src/engine/chain/types.ts';
import { LiveChain } from '../../src/engine/chain/live-chain.ts';
import { ChainWorld, throughJson } from '../support/chain-world.ts';
import { PlainCalendar, PlainCalendars, plainContract } from '../support/plain-calendar.ts';
import { sessionCloseUs } from '../support/roll-market.ts';

const calendar = new PlainCalendar();
const calendars = new PlainCalendars(calendar);
const chain = [3, 6, 9, 12].map((month) => plainContract('ES', 2021, month, calendars));
const [H, M, U] = chain.map(({ id }) => id) as [ContractId, ContractId, ContractId, ContractId];
/** Window of March: 10 to 14 March; of June: 10 to 14 June. */
const rule: RollRule = {
  kind: 'approximate',
  rollOffsetDays: -5,
  expiryOffsetDays: 14,
  expiry: 'end-exclusive',
};
const carryOf = (contract: ContractSpec): ContractId | null =>
  chain[chain.indexOf(contract) + 1]?.id ?? null;
const config: LiveChainConfig = {
  root: 'ES',
  rule,
  contracts: chain,
  calendar,
  intervals: ['1d'],
  carryOf,
};

const day = (text: string): TradeDate => parseTradeDate(text);
const bar = (
  contract: ContractId,
  closeUs: number,
  close: number,
  interval: BarInterval = '1d',
): ChainBar => ({
  contract,
  interval,
  openUs: closeUs - US_PER_HOUR,
  closeUs,
  open: close,
  high: close,
  low: close,
  close,
  volume: 10,
});

/** Daily bars of March, June and September; prices 1000, 1010 and 1030 plus the day of the month. */
function market(
  hole: (contract: ContractId, date: TradeDate) => boolean = () => false,
): ChainBar[] {
  const bars: ChainBar[] = [];
  for (let date = day('2021-02-22'); date <= day('2021-07-30'); date = (date + 1) as TradeDate) {
    if (weekdayOf(date) === 0 || weekdayOf(date) === 6) continue;
    for (const [k, contract] of chain.slice(0, 3).entries()) {
      if (date > contract.dates.lastTradeDate || hole(contract.id, date)) continue;
      bars.push(bar(contract.id, sessionCloseUs(date), 1000 + [0, 10, 30][k]! + (date % 7)));
    }
  }
  return bars;
}

const at = (text: string): number => parseTsUs(text);
const START = at('2021-02-22T00:00:00Z');
const worldOf = (
  bars: readonly ChainBar[] = market(),
  more: {
    readonly config?: Partial<LiveChainConfig>;
    readonly positions?: readonly BrokerPosition[];
    readonly isFollowing?: boolean;
  } = {},
): ChainWorld =>
  new ChainWorld({
    config: { ...config, ...more.config },
    bars,
    ...(more.positions === undefined ? {} : { positions: more.positions }),
    ...(more.isFollowing === undefined ? {} : { isFollowing: more.isFollowing }),
  });
const stateAt = (untilUs: number, positions: readonly BrokerPosition[] = []): LiveChainState =>
  throughJson(worldOf(market(), { positions }).start(START).run(untilUs).chain.save());

describe('a roll', () => {
  it('comes after the rows of its moment, which are of the contracts as they stood', () => {
    const world = worldOf().start(START).run(at('2021-03-12T00:00:00Z'));
    const [roll] = world.of('rolled');
    expect(roll!.record).toMatchObject({ from: H, to: M, fromPrice: 1006, toPrice: 1016 });
    expect(toIsoUtc(roll!.record.effectiveUs)).toBe('2021-03-10T22:00:00Z');
    const rolled = world.rows.findIndex((row) => row.closeUs === roll!.record.effectiveUs);
    expect(world.rows[rolled]!.current.contract).toBe(H);
    expect(world.rows[rolled + 1]).toMatchObject({
      current: { contract: M },
      forward: { contract: U },
      previous: { contract: H },
      gap: 10,
    });
    expect(world.effects.findIndex((e) => e.kind === 'rolled')).toBeGreaterThan(
      world.effects.findIndex((e) => e.kind === 'row' && e.row === world.rows[rolled]),
    );
  });

  it('takes the subscriptions along: the second to last contract is dropped, the next one is asked for', () => {
    const world = worldOf().start(START).run(at('2021-06-12T00:00:00Z'));
    const told = world.effects.flatMap((effect) =>
      effect.kind === 'subscribe'
        ? [`+${effect.contract}`]
        : effect.kind === 'unsubscribe'
          ? [`-${effect.contract}`]
          : effect.kind === 'rolled'
            ? [`${effect.record.from}>${effect.record.to}`]
            : [],
    );
    expect(told).toEqual([
      '+ESH2021',
      '+ESM2021',
      'ESH2021>ESM2021',
      '+ESU2021',
      'ESM2021>ESU2021',
      '-ESH2021',
      '+ESZ2021',
    ]);
  });

  it('is told when it becomes due, and waits for the first moment that both contracts have', () => {
    const late = market((contract, date) => contract === M && date <= day('2021-03-11'));
    const world = worldOf(late).start(START).run(at('2021-03-13T00:00:00Z'));
    expect(world.of('window-open')[0]).toMatchObject({
      contract: H,
      atUs: at('2021-03-09T23:00:00Z'),
    });
    expect(toIsoUtc(world.of('roll-due')[0]!.decision.atUs)).toBe('2021-03-10T22:00:00Z');
    expect(toIsoUtc(world.of('rolled')[0]!.record.effectiveUs)).toBe('2021-03-12T22:00:00Z');
  });

  it('is one instant for bars of every size', () => {
    const sizes: BarInterval[] = ['1m', '1h', '1d'];
    const bars: ChainBar[] = [];
    for (let date = day('2021-03-08'); date <= day('2021-03-12'); date = (date + 1) as TradeDate) {
      const closeUs = sessionCloseUs(date);
      for (const contract of [H, M, U]) {
        bars.push(bar(contract, closeUs, 1000 + date, '1d'));
        for (let hour = 0; hour < 6; hour += 1)
          bars.push(bar(contract, closeUs - hour * US_PER_HOUR, 1000 + hour, '1h'));
        for (let minute = 0; minute < 360; minute += 1)
          bars.push(bar(contract, closeUs - minute * 60_000_000, 1000 + minute, '1m'));
      }
    }
    const world = worldOf(bars, { config: { intervals: sizes, decides: '1d', history: 9999 } })
      .start(at('2021-03-07T12:00:00Z'))
      .run(at('2021-03-13T00:00:00Z'));
    const { effectiveUs } = world.chain.rolls[0]!;
    expect(world.chain.rolls).toHaveLength(1);
    for (const size of sizes) {
      const rows = world.rows.filter((row) => row.interval === size);
      const first = rows.find((row) => row.current.contract === M)!;
      const last = rows.findLast((row) => row.current.contract === H)!;
      expect(last.closeUs).toBe(effectiveUs);
      expect(first.closeUs).toBeGreaterThan(effectiveUs);
      expect(new Set(rows.filter((row) => row.closeUs <= effectiveUs).map((r) => r.gap))).toEqual(
        new Set([0]),
      );
    }
    expect(world.of('late')).toHaveLength(0);
  });
});

describe('the window of a contract that nothing trades in', () => {
  const nothing = market((_, date) => date >= day('2021-03-10'));

  it('is noticed when it is over, without any bar', () => {
    const world = worldOf(nothing).start(START).run(at('2021-03-14T23:00:01Z'));
    expect(world.error).toBeNull();
    world.run(at('2021-03-14T23:00:02Z'));
    expect(world.error).toMatchObject({ code: 'E_CHAIN_WINDOW' });
    expect(world.error!.message).toContain('ESH2021');
    expect(world.chain.phase).toBe('stopped');
    expect(world.chain.handle({ kind: 'time', nowUs: world.nowUs + US_PER_DAY })).toEqual([]);
  });

  it('leaves the chain on the contract that it holds', () => {
    const world = worldOf(nothing).start(START).run(at('2021-03-20T00:00:00Z'));
    expect(world.chain.current).toBe(H);
    expect(world.chain.save().stopped).toMatchObject({ code: 'E_CHAIN_WINDOW' });
    expect(world.chain.rolls).toEqual([]);
  });

  it('ends after its last close, which may still roll the chain', () => {
    const friday = market((_, date) => date >= day('2021-03-10') && date < day('2021-03-12'));
    const world = worldOf(friday).start(START).run(at('2021-03-20T00:00:00Z'));
    expect(world.error).toBeNull();
    expect(toIsoDate(world.chain.rolls[0]!.tradeDate)).toBe('2021-03-12');
  });
});

describe('the position', () => {
  it('follows after the chain: two events', () => {
    const world = worldOf(market(), {
      positions: [{ contract: H, netQty: 3 }],
      isFollowing: false,
    })
      .start(START)
      .run(at('2021-03-10T23:30:00Z'));
    expect(world.of('rolled')[0]!.netQty).toBe(3);
    expect(world.of('position-moved')).toEqual([]);
    world.position(H, 1);
    world.position(M, 2);
    world.position(H, 0);
    world.position(M, 3);
    expect(world.of('position-moved').map(({ leftQty, netQty }) => [leftQty, netQty])).toEqual([
      [1, 0],
      [1, 2],
      [0, 2],
    ]);
    expect(world.chain.save().moves).toEqual([]);
    expect(world.error).toBeNull();
  });

  it('may be flat at the decision: both events at once', () => {
    const world = worldOf().start(START).run(at('2021-03-11T00:00:00Z'));
    expect(world.of('position-moved')).toMatchObject([{ from: H, to: M, leftQty: 0, netQty: 0 }]);
  });

  it('that does not follow before the window ends stops the chain', () => {
    const world = worldOf(market(), {
      positions: [{ contract: H, netQty: 3 }],
      isFollowing: false,
    })
      .start(START)
      .run(at('2021-03-20T00:00:00Z'));
    expect(world.error).toMatchObject({ code: 'E_CHAIN_WINDOW' });
    expect(world.error!.message).toContain('did not follow');
  });

  it('in a contract that is neither current nor forward stops the chain; in the forward one it does not', () => {
    const world = worldOf().start(START).run(at('2021-03-01T00:00:00Z'));
    world.position(M, 1);
    expect(world.error).toBeNull();
    world.position(U, 1);
    expect(world.error).toMatchObject({ code: 'E_CHAIN_POSITION' });
    expect(world.error!.message).toContain('1 ESU2021');
  });

  it('of another product is nobody’s concern', () => {
    const other = plainContract('NQ', 2021, 9, calendars).id;
    const world = worldOf(market(), { positions: [{ contract: other, netQty: 5 }] }).start(START);
    expect(world.error).toBeNull();
  });
});

describe('start-up', () => {
  const march = [{ contract: H, netQty: 1 }];
  const june = [{ contract: M, netQty: 1 }];
  const saved = stateAt(at('2021-03-05T12:00:00Z'));

  it.each([
    ['2021-03-01T00:00:00Z', H],
    ['2021-03-10T12:00:00Z', H],
    ['2021-03-12T21:00:00Z', H],
    ['2021-03-15T00:00:00Z', M],
    ['2021-06-10T12:00:00Z', M],
  ])('without state or position at %s stands where the calendar says: %s', (now, contract) => {
    const world = worldOf().start(at(now));
    expect(world.chain.current).toBe(contract);
    expect(world.chain.phase).toBe('live');
  });

  it('without a state believes the position, current or forward by the calendar', () => {
    expect(worldOf(market(), { positions: march }).start(START).chain.current).toBe(H);
    expect(worldOf(market(), { positions: june }).start(START).chain.current).toBe(M);
  });

  it('without a state refuses a position that the calendar cannot explain', () => {
    const early = worldOf(market(), { positions: [{ contract: U, netQty: 1 }] }).start(START);
    expect(early.error).toMatchObject({ code: 'E_CHAIN_POSITION' });
    expect(early.error!.message).toContain('the calendar says ESH2021, then ESM2021');
    const late = worldOf(market(), { positions: march }).start(at('2021-03-16T00:00:00Z'));
    expect(late.error).toMatchObject({ code: 'E_CHAIN_POSITION' });
  });

  it('refuses positions in more than one contract', () => {
    const both = worldOf(market(), { positions: [...march, ...june] }).start(START);
    expect(both.error).toMatchObject({ code: 'E_CHAIN_POSITION' });
    expect(both.error!.message).toContain('2 contracts');
  });

  it('refuses a position that is not where the state has it', () => {
    const world = worldOf(market(), { positions: june }).start(at('2021-03-06T00:00:00Z'), saved);
    expect(world.error).toMatchObject({ code: 'E_CHAIN_POSITION' });
    expect(world.error!.message).toContain('the saved state says ESH2021');
  });

  it('takes a position where the state has it, and none', () => {
    for (const positions of [march, []])
      expect(
        worldOf(market(), { positions }).start(at('2021-03-06T00:00:00Z'), saved).error,
      ).toBeNull();
  });

  it('replays missing bars, rolls included, and then waits for the position to follow', () => {
    const world = worldOf(market(), { positions: march, isFollowing: false }).start(
      at('2021-03-11T12:00:00Z'),
      saved,
    );
    expect(world.error).toBeNull();
    expect(world.of('request').map(({ contract }) => contract)).toEqual([H, M, U]);
    expect(world.of('rolled')).toMatchObject([{ netQty: 1, isReplayed: true }]);
    expect(world.chain.save().moves).toMatchObject([{ from: H, to: M }]);
    world.position(H, 0);
    world.position(M, 1);
    expect(world.of('position-moved')).toMatchObject([{ leftQty: 0 }]);
  });

  it('that slept through a whole contract does not take the position two contracts along', () => {
    const world = worldOf(market(), { positions: march, isFollowing: false }).start(
      at('2021-06-20T00:00:00Z'),
      saved,
    );
    expect(world.error).toMatchObject({ code: 'E_CHAIN_WINDOW' });
    expect(world.error!.message).toContain('did not follow');
  });

  it('finds the window over when the missing bars did not roll it', () => {
    const nothing = market((_, date) => date >= day('2021-03-10'));
    const world = worldOf(nothing).start(at('2021-03-20T00:00:00Z'), saved);
    expect(world.error).toMatchObject({ code: 'E_CHAIN_WINDOW' });
  });

  it('does not go on behind a window in which no bar could roll it', () => {
    const hole = market((_, date) => date >= day('2021-03-10') && date <= day('2021-03-14'));
    const world = worldOf(hole).start(at('2021-03-20T00:00:00Z'), saved);
    expect(world.error).toMatchObject({ code: 'E_CHAIN_WINDOW' });
    expect(world.chain.save().stepper.current).toBe(H);
    expect(toIsoUtc(world.rows.at(-1)!.closeUs as TsUs)).toBe('2021-03-09T22:00:00Z');
  });

  it('without a state warms up from an earlier time through the same code', () => {
    const world = worldOf(market(), { positions: june, isFollowing: false }).start(
      at('2021-04-01T00:00:00Z'),
      null,
      START,
    );
    expect(world.error).toBeNull();
    expect(world.chain.current).toBe(M);
    expect(world.rows.length).toBeGreaterThan(20);
    const wrong = worldOf(market(), { positions: [{ contract: U, netQty: 1 }, ...june] });
    expect(wrong.start(at('2021-03-01T00:00:00Z'), null, START).error).not.toBeNull();
  });

  it.each([
    ['another product', { root: 'NQ' }, 'is of NQ'],
    ['another rule', { rule: 'x' }, 'rolls by x'],
    ['other bar sizes', { intervals: ['1h'] as BarInterval[] }, 'bars of 1h'],
    ['another version', { version: 2 as never }, 'version 2'],
    ['a chain that stopped', { stopped: { code: 'E_X', message: 'why' } }, 'had stopped: why'],
  ])('refuses a state of %s', (_, change, words) => {
    const world = worldOf().start(at('2021-03-06T00:00:00Z'), { ...saved, ...change });
    expect(world.error).toMatchObject({ code: 'E_CHAIN_STATE' });
    expect(world.error!.message).toContain(words);
  });

  it('refuses a state that is two contracts ahead of the calendar', () => {
    const ahead = { ...saved, stepper: { ...saved.stepper, current: U } };
    const world = worldOf().start(at('2021-03-06T00:00:00Z'), ahead);
    expect(world.error!.message).toContain('holds ESU2021; the calendar says ESH2021');
  });
});

describe('a saved state', () => {
  it('keeps every field of bars that wait, their two ends apart', () => {
    const world = worldOf().start(START).run(at('2021-03-04T22:00:00.500Z'));
    const [first] = throughJson(world.chain.save()).pendingBars;
    expect(first).toEqual({
      contract: H,
      interval: '1d',
      openUs: at('2021-03-04T21:00:00Z'),
      closeUs: at('2021-03-04T22:00:00Z'),
      open: 1000,
      high: 1000,
      low: 1000,
      close: 1000,
      volume: 10,
    });
  });

  it('keeps an unknown volume unknown', () => {
    const bars = market().map((one) => ({ ...one, volume: NaN }));
    const untilUs = at('2021-03-04T22:00:00.500Z');
    const saved = throughJson(worldOf(bars).start(START).run(untilUs).chain.save());
    expect(saved.pendingBars[0]!.volume).toBeNull();
    const next = worldOf(bars).start(untilUs, saved);
    expect(throughJson(next.chain.save())).toEqual(saved);
  });

  it('keeps the position that has not followed yet', () => {
    const options = { positions: [{ contract: H, netQty: 3 }], isFollowing: false };
    const untilUs = at('2021-03-10T23:30:00Z');
    const first = worldOf(market(), options).start(START).run(untilUs);
    const second = worldOf(market(), options).start(untilUs, throughJson(first.chain.save()));
    expect(second.error).toBeNull();
    second.position(H, 0);
    second.position(M, 3);
    expect(second.of('position-moved')).toMatchObject([{ from: H, to: M, leftQty: 0 }]);
  });
});

describe('bars', () => {
  it('that come after their moment change nothing and are told', () => {
    const world = worldOf().start(START).run(at('2021-03-05T00:00:00Z'));
    const before = world.chain.save();
    const late = bar(H, sessionCloseUs(day('2021-03-04')), 1);
    world.send({ kind: 'bar', nowUs: world.nowUs, bar: late });
    expect(world.of('late')).toEqual([{ kind: 'late', bar: late }]);
    expect({ ...world.chain.save(), lateBars: 0 }).toEqual(before);
  });

  it('of contracts in any order within the grace make one row', () => {
    const world = worldOf().start(START);
    const closeUs = sessionCloseUs(day('2021-02-22'));
    world.send({ kind: 'bar', nowUs: closeUs + 1e5, bar: bar(M, closeUs, 7) });
    world.send({ kind: 'bar', nowUs: closeUs + 2e6, bar: bar(H, closeUs, 5) });
    expect(world.rows).toHaveLength(0);
    world.send({ kind: 'time', nowUs: closeUs + 2.1e6 });
    expect(world.rows).toMatchObject([
      { current: { contract: H }, forward: { contract: M }, previous: null },
    ]);
  });

  it('of the forward contract alone make no row', () => {
    const world = worldOf(market((contract) => contract === H)).start(START);
    world.run(at('2021-03-05T00:00:00Z'));
    expect(world.rows).toEqual([]);
  });
});

it('a chain without its deciding bar size is refused', () => {
  expect(() => new LiveChain({ ...config, decides: '1h' })).toThrow(/no bars of 1h/);
  expect(() => new LiveChain({ ...config, intervals: [] })).toThrow(/no bars of any size/);
});

it('contracts that are listed later join the chain', () => {
  const world = worldOf(market(), { config: { contracts: chain.slice(0, 1) } }).start(START);
  world.chain.extend(chain.slice(1, 3));
  world.send({ kind: 'time', nowUs: START + 1 });
  world.run(at('2021-03-12T00:00:00Z') as TsUs);
  expect([...world.subscribed]).toContain(M);
  expect(world.chain.current).toBe(M);
});
