/** The life of an order in words: from journals written by hand, and over every order of real runs. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TradingError } from '../../../src/core/errors.ts';
import { defineStrategy } from '../../../src/core/strategy.ts';
import type { PriceTicks, Qty } from '../../../src/core/units.ts';
import { openCatalog } from '../../../src/data/catalog.ts';
import { runBacktest, TABLE_STORE } from '../../../src/research/backtest.ts';
import type { ExplainedRun } from '../../../src/research/explain/explain.ts';
import {
  explainAmbiguities,
  explainOrder,
  localTime,
} from '../../../src/research/explain/explain.ts';
import { unfilledTable, whyColumns } from '../../../src/research/report/why.ts';
import type { PriceTape, RunData } from '../../../src/research/run-data.ts';
import { readRun } from '../../../src/research/run-store.ts';
import { fakeManifest } from '../../cli/support.ts';
import type { SampleCatalog } from '../../support/sample-catalog.ts';
import { backtestOptions, makeSampleCatalog } from '../../support/sample-catalog.ts';

const MINUTE = 60_000_000;
/** 2023-03-01 08:30 in Chicago. */
const T = Date.UTC(2023, 2, 1, 14, 30) * 1000;
const folder = mkdtempSync(join(tmpdir(), 'frontmonth-explain-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Line = readonly [minute: number, kind: string, body: Record<string, unknown>];
let runs = 0;

/** A run whose journal is these lines, with one bar a minute. */
function runOf(
  lines: readonly Line[],
  bars: readonly (readonly [open: number, high: number, low: number, close: number])[] = [],
): ExplainedRun {
  runs += 1;
  const dir = join(folder, String(runs));
  mkdirSync(dir);
  const text = lines.map(([minute, kind, body], seq) =>
    JSON.stringify({ seq, tsUs: T + minute * MINUTE, kind, body }),
  );
  writeFileSync(join(dir, 'journal.jsonl'), `${text.join('\n')}\n`);
  const column = (k: 0 | 1 | 2 | 3): Int32Array => Int32Array.from(bars, (bar) => bar[k]);
  const tape: PriceTape = {
    root: 'ES',
    interval: '1m',
    decimals: 2,
    tickSize: 0.25,
    closeUs: Float64Array.from(bars, (_, i) => T + (i + 1) * MINUTE),
    open: column(0),
    high: column(1),
    low: column(2),
    close: column(3),
    contracts: [{ fromBar: 0, contract: 'ESH2023' }],
  };
  const instrument = {
    root: 'ES',
    name: 'E-mini S&P 500',
    currency: 'USD',
    tickSize: 0.25,
    decimals: 2,
    tickValue: 12.5,
    multiplier: 50,
    zone: 'America/Chicago',
    sessionGroup: 'cme-equity-index',
  };
  const manifest = fakeManifest({
    runId: 'r1',
    instruments: [instrument],
    executionIntervals: { ES: '1m' },
  });
  return { dir, manifest, prices: [tape] };
}

const SPEC = {
  contract: 'ESH2023',
  side: 1,
  qty: 2,
  type: 'limit',
  limitTicks: 16_000,
  tag: 'dip',
};

function order(event: string, minute: number, more: Record<string, unknown> = {}): Line {
  const body = {
    event,
    id: 'O-000001',
    at: T + minute * MINUTE,
    status: 'New',
    working: 'live',
    cumQty: 0,
    leavesQty: 2,
    limitTicks: 16_000,
    stopTicks: null,
    reason: '',
    ...more,
  };
  return [minute, 'order', body];
}
const SENT = order('Submitted', 0, {
  working: 'none',
  status: 'PendingNew',
  role: 'single',
  groupId: null,
  spec: SPEC,
});
const END: Line = [9, 'run-end', { outcome: 'completed' }];

function fill(minute: number, evidence: Record<string, unknown> | null, more = {}): Line {
  const body = {
    execId: 'SIM-1-0',
    clOrdId: 'O-000001',
    contract: 'ESH2023',
    side: 1,
    qty: 2,
    priceTicks: 16_000,
    tsUs: T + minute * MINUTE,
    feeMicros: 4_460_000,
    commissionMicros: 1_700_000,
    orderType: 'limit',
    evidence,
    ...more,
  };
  return [minute, 'fill', body];
}
const FILLED = order('Fill', 2, { status: 'Filled', working: 'none', cumQty: 2, leavesQty: 0 });
const evidence = (more: Record<string, unknown>): Record<string, unknown> => ({
  rule: 'limit-through',
  certain: true,
  roundedTicks: 0,
  slippageTicks: 0,
  ...more,
});

describe('an order that filled on a bar', () => {
  const bars = [
    [16_010, 16_012, 16_004, 16_006],
    [16_006, 16_007, 15_998, 16_001],
    [16_001, 16_003, 16_000, 16_002],
  ] as const;
  const told = (rule: Record<string, unknown>): readonly string[] =>
    explainOrder(
      runOf(
        [
          SENT,
          order('Accepted', 0),
          FILLED,
          fill(2, evidence({ barOpenUs: T + MINUTE, barCloseUs: T + 2 * MINUTE, ...rule })),
          END,
        ],
        bars,
      ),
      'O-000001',
    ).fills[0]!.why;

  it('says the rule, the bar, and how far the bar went beyond its limit', () => {
    expect(told({})).toEqual([
      expect.stringContaining('The bar traded beyond the limit'),
      'The bar: open 4001.50, high 4001.75, low 3999.50, close 4000.25.',
      'It went 2 ticks beyond the limit.',
    ]);
  });
  it('says that the bar left other outcomes open, and by which policy one was taken', () => {
    const why = told({ certain: false, policy: 'pessimistic' });
    expect(why.at(-1)).toMatch(/other outcomes open \(policy pessimistic\): .*worst/);
    expect(told({}).join(' ')).not.toContain('other outcomes');
  });
  it('says slippage with its worth, and what was rounded', () => {
    const why = told({ rule: 'bar-open', slippageTicks: 1, roundedTicks: 0.5 });
    expect(why).toContain(
      'Slippage and spread: 1 tick (12.50 USD a contract) against the order are in the price.',
    );
    expect(why.at(-1)).toContain('rounded by 0.50 ticks against the order');
  });
  it('shows the bar before and after it, and only bars that are there', () => {
    const run = runOf(
      [SENT, FILLED, fill(2, evidence({ barCloseUs: T + MINUTE, barOpenUs: T })), END],
      bars,
    );
    expect(explainOrder(run, '1').fills[0]!.bars.map((bar) => bar.place)).toEqual([0, 1]);
  });
  it('says that a rule of another version has no words, instead of nothing', () => {
    expect(told({ rule: 'of-tomorrow' })[0]).toContain('`of-tomorrow`');
  });
});

describe('an order that filled over a record', () => {
  const why = (more: Record<string, unknown>): string =>
    explainOrder(
      runOf([SENT, FILLED, fill(2, evidence(more)), END]),
      'O-000001',
    ).fills[0]!.why.join(' ');

  it('says the trade, its aggressor, the queue before it and the queue model', () => {
    const text = why({
      rule: 'trade-at',
      certain: false,
      policy: 'back',
      marketUs: T + 123_456,
      marketPriceTicks: 16_000,
      marketQty: 40,
      aggressor: -1,
      aggressorFrom: 'record',
      queueAhead: 37,
      queueAheadAfter: 0,
    });
    expect(text).toContain('40 contracts traded at 4000.00, by a seller (as the record says).');
    expect(text).toContain(
      'Before it in the queue: 37 contracts, after the event 0 (queue model back:',
    );
    expect(text).not.toContain('The bar leaves');
  });
  it('says what was shown, what of it was withheld, and what was assumed', () => {
    const shown = { marketPriceTicks: 16_001, marketQty: 9, withheldQty: 4 };
    expect(why({ rule: 'take-shown', ...shown })).toContain(
      '9 contracts at 4000.25 on the other side. 4 contracts',
    );
    const beyond = {
      rule: 'take-synthetic',
      flags: ['synthetic-liquidity'],
      marketPriceTicks: 16_001,
    };
    expect(why(beyond)).toContain('Assumed: the contracts that it took are not in the record.');
  });
  it('is told of a fill without evidence that there is none', () => {
    const run = runOf([SENT, FILLED, fill(2, null), END]);
    expect(explainOrder(run, '1').answer.join(' ')).toContain('gave no evidence');
  });
});

describe('an order that did not fill', () => {
  const ended = (event: string, reason: string, bars: Parameters<typeof runOf>[1] = []) =>
    explainOrder(
      runOf(
        [
          SENT,
          order('Accepted', 0),
          order(event, 3, { status: event, working: 'none', leavesQty: 0, reason }),
          END,
        ],
        bars,
      ),
      'O-000001',
    ).answer.join(' ');

  it('says why it ended, and how near the market came', () => {
    const text = ended('Canceled', 'requested', [
      [16_010, 16_012, 16_004, 16_006],
      [16_006, 16_007, 16_002, 16_005],
    ]);
    expect(text).toContain('Nothing filled; cancelled: its cancel was asked for (requested).');
    expect(text).toContain(
      'no nearer to its limit 4000.00 than 2 ticks, in the bar that closed at 2023-03-01 08:32 CST',
    );
  });
  it.each([
    ['', 'the strategy', 'strategy'],
    ['roll', 'the engine at a roll', 'roll'],
    ['account', 'the account (margin call, or before a delivery)', 'account'],
    ['programme', 'the programme', 'programme'],
  ])('says who asked for its cancel: %j on the request is %s', (reason, words, by) => {
    const run = runOf([
      SENT,
      order('Accepted', 0),
      order('CancelRequested', 2, { status: 'PendingCancel', reason }),
      order('Canceled', 2, { status: 'Canceled', working: 'none', reason: 'requested' }),
      END,
    ]);
    const told = explainOrder(run, '1');
    expect(told.endedBy).toBe(by);
    expect(told.life.map((event) => event.words)).toContain(`cancel asked for by ${words}`);
    expect(told.answer[0]).toBe(
      `Nothing filled; cancelled because ${words} asked for it (requested).`,
    );
  });
  it('says that the venue ended it where a cancel came, but another rule was first', () => {
    const run = runOf([
      SENT,
      order('Accepted', 0),
      order('CancelRequested', 2, { status: 'PendingCancel' }),
      order('Canceled', 2, { status: 'Canceled', working: 'none', reason: 'oco-peer' }),
      END,
    ]);
    const told = explainOrder(run, '1');
    expect(told.endedBy).toBe('venue');
    expect(told.answer[0]).toContain('cancelled: another order of its group filled or ended');
  });
  it.each([
    ['Denied', 'margin', 'risk'],
    ['Denied', 'programme-daily-loss', 'programme'],
    ['Rejected', 'no-market', 'venue'],
    ['Expired', 'day-end', 'session'],
    ['Expired', 'gtd', 'venue'],
    ['Filled', '', null],
  ])('names who ended it: %s %s', (status, reason, by) => {
    const last = order(status === 'Filled' ? 'Fill' : status, 2, { status, reason });
    expect(explainOrder(runOf([SENT, last, END]), '1').endedBy).toBe(by);
  });
  it('of an imitation is not called proven, and no policy is said to have chosen', () => {
    const run = runOf([
      SENT,
      FILLED,
      fill(2, evidence({ rule: 'backtrader-limit-touched', certain: false })),
    ]);
    const why = explainOrder(run, '1').fills[0]!.why.join(' ');
    expect(why).toContain('whether the bar proves it was not asked');
    expect(why).not.toContain('policy');
  });
  it('says of a touch that a touch does not fill', () => {
    const text = ended('Expired', 'day-end', [[16_010, 16_012, 16_000, 16_006]]);
    expect(text).toContain(
      'expired: it was good for the session, and the session ended (day-end).',
    );
    expect(text).toContain('so a touch does not fill');
  });
  it('says of a touch on ticks that those before it in the queue come first', () => {
    const run = runOf(
      [
        SENT,
        order('Accepted', 0),
        order('Canceled', 3, { status: 'Canceled', working: 'none', reason: 'requested' }),
        END,
      ],
      [[16_010, 16_012, 16_000, 16_006]],
    );
    const onTicks = { ...run, manifest: { ...run.manifest, matching: { ES: 'quotes' } } };
    expect(explainOrder(onTicks, '1').answer[1]).toContain(
      'a trade there fills it only after those who stood before it in the queue',
    );
    expect(explainOrder(run, '1').answer[1]).toContain('a touch does not fill');
  });
  it('says that it only waited, where no price came after it', () => {
    const ended = order('Canceled', 3, { status: 'Canceled', working: 'none', reason: 'user' });
    const run = runOf([SENT, order('Accepted', 0, { working: 'parked' }), ended, END]);
    expect(explainOrder(run, '1').answer[1]).toContain('It waited for the market all that time');
  });
  it('leaves out bars that were over, or under way, when it came', () => {
    const run = runOf(
      [
        SENT,
        order('Accepted', 1.5),
        order('Canceled', 3, { status: 'Canceled', working: 'none', reason: 'requested' }),
        END,
      ],
      [
        [16_010, 16_012, 15_990, 16_006],
        [16_006, 16_007, 15_990, 16_005],
        [16_006, 16_007, 16_003, 16_005],
      ],
    );
    expect(explainOrder(run, '1').answer.join(' ')).toContain('than 3 ticks');
  });
  it('says that it was denied before it was sent', () => {
    const run = runOf([
      order('Denied', 0, {
        status: 'Denied',
        working: 'none',
        reason: 'margin',
        role: 'single',
        groupId: null,
        spec: SPEC,
      }),
      END,
    ]);
    const told = explainOrder(run, '1');
    expect(told.answer).toEqual([
      expect.stringMatching(/^Denied before it was sent: .*margin.* \(margin\)\.$/),
    ]);
  });
  it('says that it still worked when the run ended, or when the journal ends', () => {
    const lines = [SENT, order('Accepted', 0)];
    expect(explainOrder(runOf([...lines, END]), '1').answer[0]).toContain(
      'still worked when the run ended',
    );
    expect(explainOrder(runOf(lines), '1').answer[0]).toContain('the journal ends');
  });
  it('says of an exit whose entry never filled that it never worked', () => {
    const held = { working: 'held', status: 'New' };
    const run = runOf([
      SENT,
      order('Accepted', 0, held),
      order('Canceled', 1, { status: 'Canceled', working: 'none', reason: 'parent-ended' }),
      END,
    ]);
    expect(explainOrder(run, '1').answer).toEqual([
      expect.stringContaining('the entry of its group ended without a fill'),
      'It was held until its entry fills, and never worked.',
    ]);
  });
});

describe('the outcomes that a bar left open', () => {
  const body = {
    contract: 'ESH2023',
    groupId: 'G-000001',
    barOpenUs: T,
    barCloseUs: T + MINUTE,
    policy: 'pessimistic',
    chosen: 0,
    qty: 2,
    alternatives: [
      { leg: 'O-000002', role: 'stop', priceTicks: 15_990, pnlDeltaTicks: 0 },
      { leg: 'O-000003', role: 'target', priceTicks: 16_010, pnlDeltaTicks: 20 },
    ],
  };
  const sent = order('Submitted', 0, { role: 'entry', groupId: 'G-000001', spec: SPEC });
  const run = (): ExplainedRun => runOf([sent, [1, 'ambiguity', body], END]);

  it('are told with the order, each with its worth for all contracts', () => {
    const { ambiguities, answer } = explainOrder(run(), 'G-000001');
    expect(answer.at(-1)).toContain('left open');
    expect(ambiguities[0]).toMatchObject({ stakeTicks: 20, stake: '500.00 USD', qty: 2 });
    expect(ambiguities[0]!.alternatives.map((one) => one.words)).toEqual([
      expect.stringMatching(/^taken \(.*worst.*\): stop O-000002 filled at 3997.50$/),
      'possible: target O-000003 filled at 4002.50, 20 ticks a contract better (500.00 USD)',
    ]);
  });
  it('are listed for the run, most at stake first', () => {
    const small = { ...body, groupId: 'G-000002', qty: 1 };
    const listed = explainAmbiguities(
      runOf([[1, 'ambiguity', small], [2, 'ambiguity', body], END]),
    );
    expect(listed.map((one) => one.groupId)).toEqual(['G-000001', 'G-000002']);
  });
  it('are not told with orders of other groups', () => {
    const other = runOf([SENT, [1, 'ambiguity', body], END]);
    expect(explainOrder(other, '1').ambiguities).toEqual([]);
  });
});

describe('an order is named', () => {
  const lines = [SENT, FILLED, fill(2, evidence({})), END];
  it.each(['O-000001', '1', '000001', 'SIM-1-0'])('by %s', (name) => {
    expect(explainOrder(runOf(lines), name).orderId).toBe('O-000001');
  });
  it('that is not there: near ones are suggested', () => {
    const error = (name: string): unknown => {
      try {
        return explainOrder(runOf(lines), name);
      } catch (caught) {
        return caught;
      }
    };
    expect(error('O-000007')).toBeInstanceOf(TradingError);
    expect(error('O-000007')).toMatchObject({
      code: 'E_ORDER_NOT_FOUND',
      fix: expect.stringContaining('O-000001') as string,
    });
  });
  it('of a run without a journal: it says so', () => {
    expect(() => explainOrder({ ...runOf(lines), dir: join(folder, 'none') }, '1')).toThrow(
      'has no journal',
    );
  });
});

describe('times', () => {
  it('are of the exchange, with parts of a second only where there are any', () => {
    expect(localTime(T, 'America/Chicago')).toBe('2023-03-01 08:30 CST');
    expect(localTime(T + 5_000_000, 'UTC')).toBe('2023-03-01 14:30:05 UTC');
    expect(localTime(T + 123_456, 'UTC')).toBe('2023-03-01 14:30:00.123456 UTC');
    expect(localTime(T + 5_000, 'UTC')).toBe('2023-03-01 14:30:00.005 UTC');
  });
});

describe('every order of a real run', () => {
  let sample: SampleCatalog;
  let run: RunData;
  beforeAll(async () => {
    sample = makeSampleCatalog({
      products: ['ES'],
      from: '2022-09-01',
      to: '2022-12-30',
      intervals: ['1m', '1h', '1d'],
      minuteFrom: '2022-12-01',
    });
    const options = backtestOptions(sample, 'limit-reversion', {
      instruments: ['ES'],
      from: '2022-12-05',
      to: '2022-12-07',
      bounds: false,
    });
    run = readRun((await runBacktest(options)).dir, TABLE_STORE);
  }, 60_000);
  afterAll(() => sample.remove());

  it('has an answer, and each of its fills the words of its rule', () => {
    expect(run.orders.length).toBeGreaterThan(20);
    for (const { clOrdId, status, cumQty } of run.orders.slice(0, 60)) {
      const told = explainOrder(run, clOrdId);
      expect(told).toMatchObject({ orderId: clOrdId, status });
      expect(told.answer.length, clOrdId).toBeGreaterThan(0);
      expect(told.fills.reduce((sum, one) => sum + one.qty, 0)).toBe(cumQty);
      expect(JSON.stringify(told)).not.toMatch(/undefined|NaN|of which this version|no evidence/);
      for (const one of told.fills) expect(one.bars.some((bar) => bar.place === 0)).toBe(true);
    }
  });
  it('that did not fill has the same answer in the report', () => {
    const [table] = unfilledTable(run);
    const bare = run.orders.filter(({ cumQty }) => cumQty === 0);
    expect(bare.length).toBeGreaterThan(0);
    const why = table!.columns.findIndex(({ key }) => key === 'why');
    for (const row of table!.rows) {
      expect(bare.map(({ clOrdId }) => clOrdId)).toContain(row[0]);
      expect(row[why]).toBe(explainOrder(run, row[0] as string).answer.join(' '));
    }
    const reasons = new Set(bare.map(({ status, reason }) => `${status} ${reason}`));
    const shown = new Set(
      table!.rows.map(([id]) => {
        const { status, reason } = bare.find(({ clOrdId }) => clOrdId === id)!;
        return `${status} ${reason}`;
      }),
    );
    expect(shown).toEqual(reasons);
  });
  it('agrees with the journal on what a resting limit saw', () => {
    const filled = run.orders.filter((one) => one.type === 'limit' && one.status === 'Filled');
    const journal = readFileSync(join(run.dir!, 'journal.jsonl'), 'utf8');
    expect(filled.length).toBeGreaterThan(0);
    for (const { clOrdId } of filled.slice(0, 20)) {
      const [one] = explainOrder(run, clOrdId).fills;
      expect(journal).toContain(`"execId":"${one!.execId}"`);
      const bar = one!.bars.find(({ place }) => place === 0)!;
      if (one!.rule === 'limit-through') {
        expect(one!.priceTicks).toBeLessThanOrEqual(bar.high);
        expect(one!.priceTicks).toBeGreaterThanOrEqual(bar.low);
      }
    }
  });
});

describe('every order of a run on ticks', () => {
  let sample: SampleCatalog;
  afterAll(() => sample.remove());

  it('has an answer, and each fill the market event that made it; the report says the same', async () => {
    sample = makeSampleCatalog({ products: ['ES'], from: '2022-08-01', to: '2022-11-30' });
    const from = Date.UTC(2022, 9, 3) * 1000;
    const rows = Array.from({ length: 60 * 24 * 3 }, (_, i) => from + i * MINUTE);
    const writer = openCatalog(sample.catalogDir)
      .dataset('sample')
      .beginWrite({ isValidated: false });
    const times = Float64Array.from(rows);
    writer.put('quotes', 'ESZ2022' as never, 2022, {
      length: rows.length,
      tsUs: times,
      seq: Float64Array.from(rows, (_, i) => 2 * i),
      bid: Int32Array.from(rows, (_, i) => 15_000 + (i % 9)),
      ask: Int32Array.from(rows, (_, i) => 15_001 + (i % 9)),
      bidQty: new Float64Array(rows.length).fill(20),
      askQty: new Float64Array(rows.length).fill(20),
    });
    writer.put('trades', 'ESZ2022' as never, 2022, {
      length: rows.length,
      tsUs: times,
      seq: Float64Array.from(rows, (_, i) => 2 * i + 1),
      price: Int32Array.from(rows, (_, i) => 15_000 + (i % 9)),
      qty: new Float64Array(rows.length).fill(4),
      aggressor: new Int8Array(rows.length).fill(-1),
    });
    writer.commit();
    let sent = 0;
    const strategy = defineStrategy({
      id: 'turns',
      version: '1',
      description: 'By turns, a market order and a limit below.',
      params: {},
      instruments: ['ES'],
      requires: () => ({ series: [{ root: 'ES', bars: '1h' }] }),
      create: () => ({
        onBar: (_, ctx) => {
          sent += 1;
          const contract = ctx.contract('ES');
          const qty = 1 as Qty;
          if (sent % 2 === 1) ctx.submit({ contract, side: -1, type: 'market', qty });
          else
            ctx.submit({ contract, side: 1, type: 'limit', limitTicks: 15_002 as PriceTicks, qty });
        },
      }),
    });
    const venue = { matching: 'auto' } as const;
    const outcome = await runBacktest(
      backtestOptions(sample, 'turns', {
        strategy,
        instruments: ['ES'],
        from: '2022-10-04',
        to: '2022-10-04',
        venue,
        config: { venue },
        bounds: false,
      }),
    );
    const run = readRun(outcome.dir, TABLE_STORE);
    expect(run.fills.length).toBeGreaterThan(4);
    const rules = new Set<string>();
    for (const { clOrdId } of run.orders) {
      const told = explainOrder(run, clOrdId);
      expect(told.answer.length).toBeGreaterThan(0);
      for (const one of told.fills) {
        rules.add(one.rule);
        expect(one.marketUs).toBeGreaterThan(0);
        expect(one.why.join(' ')).toMatch(/The record/);
      }
    }
    expect(rules.size).toBeGreaterThan(1);
    const why = whyColumns(run).find((column) => column.name === 'fill.why')!.values;
    expect(why.length).toBeGreaterThan(0);
    for (const text of why as readonly string[]) expect(text).toMatch(/The record/);
  }, 60_000);
});
