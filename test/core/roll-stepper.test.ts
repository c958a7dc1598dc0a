/** The stepper by hand: worked examples, deadlines, problems, given calendars, and what it is told in which order. */
import { describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import type { ContractSpec } from '../../src/core/instrument.ts';
import type { RollRecord, RollRule } from '../../src/core/roll.ts';
import { contractAtDepth, gapOf, ratioOf, segmentAdjustments } from '../../src/core/roll.ts';
import { profitAcross, rollCost } from '../../src/core/rolls/cost.ts';
import type {
  RollInputEvent,
  RollOutput,
  RollStepper,
  RollStepperOptions,
} from '../../src/core/rolls/stepper.ts';
import { createRollStepper } from '../../src/core/rolls/stepper.ts';
import { rollWindow } from '../../src/core/rolls/window.ts';
import { parseRollRule } from '../../src/core/rolls/syntax.ts';
import { toContractId } from '../../src/core/symbology.ts';
import { addDays, parseTradeDate, toIsoDate } from '../../src/core/trade-date.ts';
import type { TradeDate, TsUs } from '../../src/core/units.ts';
import { US_PER_DAY } from '../../src/core/units.ts';
import { PlainCalendar, PlainCalendars, plainContract } from '../support/plain-calendar.ts';
import { sessionCloseUs } from '../support/roll-market.ts';

const calendar = new PlainCalendar();
const date = parseTradeDate;
/** Third Fridays: 2014-03-21, 2014-06-20, 2014-09-19, 2014-12-19. */
const chain = [3, 6, 9, 12].map((month) => plainContract('ES', 2014, month));

function stepperOf(rule: RollRule | string, more: Partial<RollStepperOptions> = {}): RollStepper {
  return createRollStepper({
    rule: typeof rule === 'string' ? parseRollRule(rule) : rule,
    chain: { root: 'ES', contracts: chain },
    calendar,
    ...more,
  });
}

/** Closes of one day: [position, price, volume]. */
function closesOn(
  day: string,
  rows: readonly (readonly [number, number, number?])[],
): RollInputEvent[] {
  return rows.map(([position, price, volume]) => ({
    kind: 'close',
    tsUs: sessionCloseUs(date(day)),
    position,
    price,
    volume: volume ?? NaN,
  }));
}

/** Closes of both contracts on every business day of [from, to]. */
function closesFrom(
  from: string,
  to: string,
  row: (day: TradeDate) => readonly (readonly [number, number, number?])[],
): RollInputEvent[] {
  const events: RollInputEvent[] = [];
  for (let day = date(from); day <= date(to); day = calendar.addBusinessDays(day, 1))
    events.push(...closesOn(toIsoDate(day), row(day)));
  return events;
}

function feed(stepper: RollStepper, events: readonly RollInputEvent[]): RollOutput[] {
  const outputs = events.flatMap((event) => [...stepper.push(event)]);
  const last = events.at(-1);
  return last === undefined
    ? outputs
    : [...outputs, ...stepper.push({ kind: 'time', tsUs: last.tsUs })];
}

function rollsOf(outputs: readonly RollOutput[]): RollRecord[] {
  return outputs.flatMap((output) => (output.kind === 'roll' ? [output.record] : []));
}

const both = (): readonly (readonly [number, number, number?])[] => [
  [0, 100, 50],
  [1, 200, 10],
];

describe('the worked example of three contracts', () => {
  // A: 100, 102, 104; at A's last bar B is 107. B: 110, 108; at B's last bar C is 109. C: 107, 110.
  const rule: RollRule = {
    kind: 'given',
    name: 'example',
    rolls: [
      { from: chain[0]!.id, to: chain[1]!.id, atUs: sessionCloseUs(date('2014-03-05')) as TsUs },
      { from: chain[1]!.id, to: chain[2]!.id, atUs: sessionCloseUs(date('2014-03-07')) as TsUs },
    ],
  };
  const rolls = rollsOf(
    feed(stepperOf(rule), [
      ...closesOn('2014-03-03', [[0, 100]]),
      ...closesOn('2014-03-04', [[0, 102]]),
      ...closesOn('2014-03-05', [
        [0, 104],
        [1, 107],
      ]),
      ...closesOn('2014-03-06', [[1, 110]]),
      ...closesOn('2014-03-07', [
        [1, 108],
        [2, 109],
      ]),
      ...closesOn('2014-03-10', [[2, 107]]),
      ...closesOn('2014-03-11', [[2, 110]]),
    ]),
  );
  const raw = [100, 102, 104, 110, 108, 107, 110];
  const segment = [0, 0, 0, 1, 1, 2, 2];

  it('has the gaps +3 and +1 and the ratios of the table', () => {
    expect(rolls.map(gapOf)).toEqual([3, 1]);
    expect(rolls.map((roll) => Number(ratioOf(roll).toFixed(6)))).toEqual([1.028846, 1.009259]);
  });

  it.each([
    ['back-difference', [104, 106, 108, 111, 109, 107, 110]],
    ['forward-difference', [100, 102, 104, 107, 105, 103, 106]],
  ] as const)('is adjusted by %s to the digit', (mode, expected) => {
    const offsets = segmentAdjustments(rolls, 2, mode);
    expect(raw.map((price, i) => price + offsets[segment[i]!]!)).toEqual(expected);
  });

  it('is adjusted by ratios to the digit', () => {
    const factors = segmentAdjustments(rolls, 2, 'back-ratio');
    expect(raw.map((price, i) => Number((price * factors[segment[i]!]!).toFixed(6)))).toEqual([
      103.837251, 105.913996, 107.990741, 111.018519, 109, 107, 110,
    ]);
  });
});

describe('a roll spread over five days', () => {
  const gaps = [30, 32, 28, 31, 29];
  const outputs = feed(
    stepperOf('weighted:5/calendar:7b@last-trade'),
    closesFrom('2014-03-10', '2014-03-20', (day) => {
      const k = day - date('2014-03-12');
      // 2014-03-12 is a Wednesday: its parts fall on 12, 13, 14, 17 and 18.
      const at = k < 0 ? 0 : k > 2 ? k - 2 : k;
      const price = 1000 + 3 * (day % 7);
      return [
        [0, price],
        [1, price + (gaps[at] ?? 0)],
      ];
    }),
  );
  const roll = rollsOf(outputs)[0]!;

  it('moves a fifth at each of five closes and has the average of their gaps', () => {
    expect(roll.parts!.map((part) => [toIsoDate(part.tradeDate), part.share, part.of])).toEqual([
      ['2014-03-12', 1, 5],
      ['2014-03-13', 1, 5],
      ['2014-03-14', 1, 5],
      ['2014-03-17', 1, 5],
      ['2014-03-18', 1, 5],
    ]);
    // 3.0, 3.2, 2.8, 3.1, 2.9 at 20 percent each.
    expect(gapOf(roll) / 10).toBe(3);
    expect(roll.decidedUs).toBe(roll.parts![0]!.atUs);
    expect(roll.effectiveUs).toBe(roll.parts![4]!.atUs);
    expect(outputs.filter((output) => output.kind === 'part')).toHaveLength(5);
  });

  it('earns what the weights of the day before earn, which is the change less the average gap', () => {
    const old = [1000, 1010, 1004, 1020, 1013, 1011];
    const next = old.map((price, i) => price + (gaps[i - 1] ?? 30));
    let [profit, weight] = [0, 0];
    for (let day = 1; day < old.length; day += 1) {
      profit += (1 - weight) * (old[day]! - old[day - 1]!) + weight * (next[day]! - next[day - 1]!);
      weight += 0.2;
    }
    const parts = gaps.map((gap, i) => ({
      ...roll.parts![i]!,
      fromPrice: old[i + 1]!,
      toPrice: old[i + 1]! + gap,
    }));
    expect(profitAcross({ ...roll, parts }, old[0]!, next[5]!)).toBeCloseTo(profit, 9);
  });

  it('moves one share a session, also where a session has several closes', () => {
    const twice = closesFrom('2014-03-10', '2014-03-20', both).flatMap((event) => {
      const earlier = { ...event, tsUs: event.tsUs - 3_600_000_000 };
      return [earlier, event];
    });
    twice.sort((a, b) => a.tsUs - b.tsUs);
    const [spread] = rollsOf(feed(stepperOf('weighted:3/calendar:7b@last-trade'), twice));
    expect(spread!.parts!.map((part) => toIsoDate(part.tradeDate))).toEqual([
      '2014-03-12',
      '2014-03-13',
      '2014-03-14',
    ]);
  });

  it('moves what is left at once in the last session of its window', () => {
    const late = rollsOf(
      feed(
        stepperOf('weighted:5/calendar:2b@last-trade'),
        closesFrom('2014-03-17', '2014-03-20', both),
      ),
    )[0]!;
    expect(late.parts!.map((part) => part.share)).toEqual([1, 4]);
    expect(toIsoDate(late.tradeDate)).toBe('2014-03-20');
  });
});

describe('windows of the rules', () => {
  const noticed = plainContract('ES', 2014, 3, new PlainCalendars(calendar, true));
  const windowOf = (text: string, contract: ContractSpec = chain[0]!): (string | null)[] => {
    const window = rollWindow(parseRollRule(text), contract, calendar);
    return [
      window.desired === null ? null : toIsoDate(window.desired),
      toIsoDate(window.opens),
      toIsoDate(addDays(window.ends, -1)),
    ];
  };

  it.each([
    ['calendar:5b@last-trade', ['2014-03-14', '2014-03-14', '2014-03-20']],
    // Five days before is a Sunday: the session before it.
    ['calendar:5d@last-trade', ['2014-03-16', '2014-03-14', '2014-03-20']],
    ['approx:-5,14', ['2014-03-10', '2014-03-10', '2014-03-15']],
    ['approx:-5,15,exclusive', ['2014-03-11', '2014-03-11', '2014-03-15']],
    // The exact expiry is earlier than the approximate one: it ends the window.
    ['approx:-5,27', ['2014-03-23', '2014-03-21', '2014-03-21']],
    ['first-day', ['2014-03-01', '2014-02-28', '2014-03-21']],
    ['last-day', ['2014-03-21', '2014-03-20', '2014-03-21']],
    ['volume:1', [null, '2014-03-19', '2014-03-20']],
    ['oi@1:last-trade', [null, '2014-03-20', '2014-03-20']],
    ['liquid:-5,14,10', ['2014-03-10', '2014-03-14', '2014-03-15']],
  ])('%s', (text, expected) => {
    expect(windowOf(text)).toEqual(expected);
  });

  it('take the earlier of first notice and last trade', () => {
    expect(windowOf('calendar:2b@earlier', noticed)).toEqual([
      '2014-02-27',
      '2014-02-27',
      '2014-03-02',
    ]);
    expect(() => windowOf('calendar:2b@first-notice')).toThrow('has no first notice date');
  });

  it('of the first day end with an expiry in the month before', () => {
    const oil: ContractSpec = {
      ...chain[0]!,
      dates: { ...chain[0]!.dates, lastTradeDate: date('2014-02-20') },
    };
    expect(windowOf('first-day', oil)).toEqual(['2014-02-20', '2014-02-19', '2014-02-20']);
  });
});

describe('conditions', () => {
  it('after a date count nothing before it', () => {
    const crossed = closesFrom('2014-02-03', '2014-03-20', () => [
      [0, 100, 1],
      [1, 200, 9],
    ]);
    const [early] = rollsOf(feed(stepperOf('volume:2'), crossed));
    const [later] = rollsOf(feed(stepperOf('after:calendar:10b@last-trade/volume:2'), crossed));
    expect(toIsoDate(early!.tradeDate)).toBe('2014-02-04');
    // The filter opens on 2014-03-07; two sessions in a row from there.
    expect(toIsoDate(later!.tradeDate)).toBe('2014-03-10');
    expect(later!.evidence).toMatchObject({ trigger: 'condition', fromVolume: 1, toVolume: 9 });
  });

  it('of a liquid forward smooth the volumes and want more than a share and a hundred', () => {
    const volumes = (front: number, back: number): RollRecord[] =>
      rollsOf(
        feed(
          stepperOf('liquid:-5,14'),
          closesFrom('2014-02-03', '2014-02-28', () => [
            [0, 100, front],
            [1, 200, back],
          ]),
        ),
      );
    expect(volumes(50_000, 120)).toEqual([]);
    expect(volumes(5000, 90)).toEqual([]);
    expect(volumes(5000, 120)).toHaveLength(1);
    expect(volumes(50, 60)).toHaveLength(1);
  });

  it('that lack their data say which, at the deadline', () => {
    const outputs = feed(
      stepperOf('volume:1'),
      closesFrom('2014-03-03', '2014-03-20', () => [
        [0, 100],
        [1, 200],
      ]),
    );
    expect(rollsOf(outputs)).toEqual([]);
    const problem = outputs.find((output) => output.kind === 'problem')!;
    expect(problem).toMatchObject({ what: 'no-data', contract: 'ESH2014' });
    expect((problem as { error: TradingError }).error.message).toContain('no known volumes');
  });

  it('of open interest compare figures of one publication, and may jump within a year', () => {
    const morning = (day: string, rows: readonly (readonly [number, number])[]): RollInputEvent[] =>
      rows.map(([position, openInterest]) => ({
        kind: 'open-interest',
        tsUs: date(day) * US_PER_DAY + 7 * 3_600_000_000,
        position,
        openInterest,
      }));
    const closes = closesOn('2014-02-03', [
      [0, 100],
      [1, 200],
      [2, 300],
    ]);
    const stale = [
      ...closes,
      ...morning('2014-02-04', [[0, 10]]),
      ...morning('2014-02-05', [[1, 90]]),
    ];
    expect(rollsOf(feed(stepperOf('oi'), stale))).toEqual([]);
    const staleNext = [
      ...closes,
      ...morning('2014-02-04', [[1, 90]]),
      ...morning('2014-02-05', [[0, 10]]),
    ];
    expect(feed(stepperOf('oi'), staleNext)).toEqual([]);
    const fresh = [
      ...closes,
      ...morning('2014-02-04', [
        [0, 10],
        [1, 20],
        [2, 30],
      ]),
    ];
    const [next] = rollsOf(feed(stepperOf('oi'), fresh));
    const [jump] = rollsOf(feed(stepperOf('oi-year'), fresh));
    expect([next!.to, jump!.to]).toEqual(['ESM2014', 'ESU2014']);
    // It is decided at the publication, at the prices of the last common close.
    expect(jump!.effectiveUs).toBe(date('2014-02-04') * US_PER_DAY + 7 * 3_600_000_000);
    expect(jump!.pricesUs).toBe(sessionCloseUs(date('2014-02-03')));
    expect([jump!.fromPrice, jump!.toPrice]).toEqual([100, 300]);
  });
});

describe('time', () => {
  it('alone notices that a window is over, and the chain stands on the next contract', () => {
    const stepper = stepperOf('calendar:5b@last-trade');
    feed(stepper, closesOn('2014-03-10', [[0, 100]]));
    const outputs = stepper.push({ kind: 'time', tsUs: sessionCloseUs(date('2014-03-21')) });
    expect(outputs).toMatchObject([{ kind: 'problem', what: 'missed', contract: 'ESH2014' }]);
    expect(stepper.current.id).toBe('ESM2014');
  });

  it('skips contracts that never had a price, before anything is held', () => {
    const stepper = stepperOf('calendar:5b@last-trade');
    const outputs = feed(stepper, closesOn('2014-07-01', [[2, 100]]));
    expect(outputs.map((output) => output.kind)).toEqual(['skipped', 'skipped']);
    expect(stepper.current.id).toBe('ESU2014');
  });

  it('never goes back', () => {
    const stepper = stepperOf('calendar:5b@last-trade');
    feed(stepper, closesOn('2014-03-10', [[0, 100]]));
    for (const late of [closesOn('2014-03-07', [[0, 99]]), closesOn('2014-03-10', [[1, 99]])])
      expect(() => stepper.push(late[0]!)).toThrow('was worked off');
  });

  it('says when the chain ends, once, until it is extended', () => {
    const stepper = stepperOf('calendar:5b@last-trade', {
      chain: { root: 'ES', contracts: chain.slice(0, 1) },
    });
    feed(stepper, closesOn('2014-03-10', [[0, 100]]));
    const after = (day: string): readonly RollOutput[] =>
      stepper.push({ kind: 'time', tsUs: sessionCloseUs(date(day)) });
    expect(after('2014-03-21')).toMatchObject([{ what: 'chain-ends' }]);
    expect(after('2014-03-24')).toEqual([]);
    expect(() => stepper.extend([chain[0]!])).toThrow('does not come after');
    stepper.extend(chain.slice(1));
    expect(stepper.forward!.id).toBe('ESM2014');
  });
});

describe('a given calendar in the stepper', () => {
  const at = sessionCloseUs(date('2014-03-06')) as TsUs;
  const given = (more: object): RollRule => ({
    kind: 'given',
    name: 'file',
    rolls: [{ from: chain[0]!.id, to: chain[1]!.id, atUs: at, ...more }],
  });

  it('by date rolls at the first common close on or after it', () => {
    const rule = given({
      tradeDate: date('2014-03-08'),
      atUs: (date('2014-03-08') * US_PER_DAY) as TsUs,
    });
    const [roll] = rollsOf(feed(stepperOf(rule), closesFrom('2014-03-03', '2014-03-14', both)));
    expect(toIsoDate(roll!.tradeDate)).toBe('2014-03-10');
  });

  it('with its own prices needs no bar at its moment, only the time', () => {
    const stepper = stepperOf(given({ fromPrice: 1, toPrice: 3 }));
    const [roll] = rollsOf(stepper.push({ kind: 'time', tsUs: at }));
    expect(roll).toMatchObject({ effectiveUs: at, fromPrice: 1, toPrice: 3 });
  });

  it('without prices at a moment without a close says so', () => {
    const outputs = stepperOf(given({})).push({ kind: 'time', tsUs: at + 1 });
    expect(outputs).toMatchObject([{ kind: 'problem', what: 'missed' }]);
    expect((outputs[0] as { error: TradingError }).error.message).toContain('no price of both');
  });

  it('ends with its last roll and never misses a window after it', () => {
    const stepper = stepperOf(given({ fromPrice: 1, toPrice: 3 }));
    feed(
      stepper,
      closesFrom('2014-03-03', '2014-11-03', () => [[1, 200]]),
    );
    expect([stepper.current.id, stepper.window]).toEqual(['ESM2014', null]);
  });
});

describe('a saved state', () => {
  it('keeps smoothed volumes, streaks and shares: what comes next depends on them', () => {
    const volumes = [
      [100, 10],
      [100, 10],
      [100, 150],
      [100, 150],
      [100, 150],
    ] as const;
    const events = volumes.flatMap(([front, back], k) =>
      closesOn(toIsoDate(calendar.addBusinessDays(date('2014-02-03'), k)), [
        [0, 100, front],
        [1, 200, back],
      ]),
    );
    const liquid: RollRule = {
      ...(parseRollRule('liquid:-5,14') as Extract<RollRule, { kind: 'liquid-forward' }>),
      span: 5,
      minShare: 1,
    };
    const rules: readonly RollRule[] = [
      liquid,
      parseRollRule('volume:3'),
      parseRollRule('weighted:3/volume:1'),
    ];
    for (const rule of rules) {
      const whole = rollsOf(feed(stepperOf(rule), events));
      expect(whole).toHaveLength(1);
      for (let at = 1; at < events.length; at += 1) {
        const first = stepperOf(rule);
        const heard = events.slice(0, at).flatMap((event) => [...first.push(event)]);
        const second = createRollStepper(
          { rule, chain: { root: 'ES', contracts: chain }, calendar },
          JSON.parse(JSON.stringify(first.save())) as never,
        );
        heard.push(...feed(second, events.slice(at)));
        expect(rollsOf(heard)).toEqual(whole);
      }
    }
  });

  const state = stepperOf('first-day').save();

  it.each([
    ['of another product', { root: 'NQ' }, 'is not of ES'],
    ['of another rule', { rule: 'last-day' }, 'is of the rule last-day'],
    ['of a later version', { version: 2 }, 'has version 2'],
    ['with an unknown contract', { current: toContractId('ES', 2030, 3) }, 'names ESH2030'],
  ])('%s is refused', (_, change, message) => {
    const restore = (): unknown =>
      createRollStepper(
        { rule: { kind: 'first-day' }, chain: { root: 'ES', contracts: chain }, calendar },
        { ...state, ...change } as never,
      );
    expect(restore).toThrow(TradingError);
    expect(restore).toThrow(message);
  });

  it('cannot be of a rule that looks ahead', () => {
    expect(() => stepperOf('nearest/first-day')).toThrow('cannot decide as data arrive');
  });
});

describe('costs and depth', () => {
  const spec = { countValue: { num: 12_500_000, den: 1 } };

  it('of a roll are two fills; what is not known stays unknown', () => {
    const fill = { feesMicros: 2_230_000, halfSpreadTicks: 0.5 };
    expect(rollCost(spec, fill)).toEqual({
      feesMicros: 4_460_000,
      slippageTicks: 1,
      slippageMicros: 12_500_000,
      totalMicros: 16_960_000,
    });
    expect(rollCost(spec, fill, { ...fill, halfSpreadTicks: null })).toEqual({
      feesMicros: 4_460_000,
      slippageTicks: null,
      slippageMicros: null,
      totalMicros: null,
    });
  });

  it('stand in the record, and nothing where nobody gave a model', () => {
    const cost = rollCost(spec, { feesMicros: 1, halfSpreadTicks: 1 });
    const events = closesFrom('2014-03-10', '2014-03-20', both);
    const rule = 'calendar:5b@last-trade';
    expect(rollsOf(feed(stepperOf(rule, { costOf: () => cost }), events))[0]!.cost).toBe(cost);
    expect(rollsOf(feed(stepperOf(rule), events))[0]!.cost).toBeNull();
  });

  it('count depth by the chain, not by what a jumping rule holds later', () => {
    const schedule = { held: [0, 2], chain: [0, 1, 2, 3] };
    expect([0, 1, 2].map((depth) => contractAtDepth(schedule, 0, depth))).toEqual([0, 1, 2]);
    expect([0, 1, 2].map((depth) => contractAtDepth(schedule, 1, depth))).toEqual([2, 3, -1]);
  });
});
