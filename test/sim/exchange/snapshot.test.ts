/** A market cut at any moment and gone on from its snapshot is the market that was never cut. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { TradingError } from '../../../src/core/errors.ts';
import { PRO_RATA } from '../../../src/sim/book/allocation.ts';
import { MarketJournal, replayJournal } from '../../../src/sim/exchange/command-journal.ts';
import type { JournalMark, MarketCommand } from '../../../src/sim/exchange/command-journal.ts';
import { ContractMarket } from '../../../src/sim/exchange/contract-market.ts';
import type { MarketOptions } from '../../../src/sim/exchange/contract-market.ts';
import type { MarketSink } from '../../../src/sim/exchange/market-order.ts';
import type { MarketSnapshot } from '../../../src/sim/exchange/snapshot.ts';
import { ocoOf } from '../../../src/sim/groups/group-input.ts';
import { stateHash } from '../../../src/sim/exchange/state-hash.ts';
import { marketCommands } from '../../support/market-commands.ts';

const RUNS = Number(process.env['FRONTMONTH_SNAPSHOT_RUNS'] ?? 150);
const silent: MarketSink = { onReport: () => {} };
const OPTIONS: readonly MarketOptions[] = [
  { queueMarket: true },
  { queueMarket: true, allocation: PRO_RATA, protectionTicks: 2 },
  { queueMarket: true, allocation: [{ step: 'lead', percent: 40 }, { step: 'pro-rata' }] },
];
const asFile = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

function refusalOf(act: () => unknown): TradingError {
  try {
    act();
  } catch (error) {
    if (error instanceof TradingError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a snapshot of a market', () => {
  test.prop([marketCommands(90), fc.constantFrom(...OPTIONS), fc.nat(89)], { numRuns: RUNS })(
    'and the commands after it lead to the state, the reports and the hashes of the whole journal',
    (commands, options, where) => {
      const whole = new MarketJournal(silent, options);
      const cut = Math.min(where, commands.length);
      let mark: JournalMark | null = null;
      for (let k = 0; k < commands.length; k += 1) {
        if (k === cut) mark = asFile(whole.mark());
        whole.apply(commands[k]!);
      }
      mark ??= asFile(whole.mark());
      const resumed = replayJournal(whole.tail(mark.seq), mark);
      expect(resumed.reportHash).toBe(whole.reportHash);
      expect(resumed.commandHash).toBe(whole.commandHash);
      expect(asFile(resumed.market.snapshot())).toEqual(asFile(whole.market.snapshot()));
      const again = replayJournal(commands, options);
      expect(stateHash(again.market.snapshot())).toBe(stateHash(whole.market.snapshot()));
      expect(again.reportHash).toBe(whole.reportHash);
    },
  );

  it('keeps the place of a half-used iceberg slice, and of the orders behind it', () => {
    const lines: string[] = [];
    const market = new ContractMarket(silent, {});
    const common = { type: 'limit', limitTicks: 10, timeInForce: 'gtc' } as const;
    market.submit(
      { ...common, participant: 1, clOrdId: 'ice', side: -1, qty: 6, displayQty: 2 },
      0,
    );
    market.submit({ ...common, participant: 2, clOrdId: 'plain', side: -1, qty: 2 }, 0);
    market.submit({ ...common, participant: 3, clOrdId: 't1', side: 1, qty: 1 }, 0);
    const resumed = ContractMarket.restore(asFile(market.snapshot()), {
      onReport: ({ kind, clOrdId, lastQty }) => {
        if (kind === 'Fill' && clOrdId !== 't2') lines.push(`${clOrdId} ${lastQty}`);
      },
    });
    resumed.submit({ ...common, participant: 3, clOrdId: 't2', side: 1, qty: 4 }, 0);
    expect(lines).toEqual(['ice 1', 'plain 2', 'ice 1']);
  });

  it('keeps an order that waits for the limits of the day, and lets it work when they move', () => {
    const market = new ContractMarket(silent, {});
    market.setLimits(90, 110, 0);
    market.submit(
      {
        participant: 1,
        clOrdId: 'waits',
        side: -1,
        type: 'limit',
        qty: 1,
        limitTicks: 120,
        timeInForce: 'gtc',
      },
      0,
    );
    const kinds: string[] = [];
    const resumed = ContractMarket.restore(asFile(market.snapshot()), {
      onReport: ({ kind }) => kinds.push(kind),
    });
    resumed.setLimits(90, 130, 1);
    expect(kinds).toEqual(['Unparked']);
    expect(resumed.book.bestTicks(-1)).toBe(120);
  });

  it('leaves out messages to groups that are over', () => {
    const market = new ContractMarket(silent, {});
    const leg = { participant: 1, qty: 1, type: 'limit', timeInForce: 'gtc' } as const;
    market.submitGroup(
      ocoOf(
        'g',
        [
          { ...leg, clOrdId: 'a', side: 1, limitTicks: 90 },
          { ...leg, clOrdId: 'b', side: 1, limitTicks: 91 },
        ],
        { messageUs: 50 },
      ),
      0,
    );
    market.cancel(1, 'a', 1);
    market.cancel(1, 'b', 2);
    const snapshot = asFile(market.snapshot());
    expect(snapshot.messages).toEqual([]);
    expect(() => ContractMarket.restore(snapshot, silent).advance(100)).not.toThrow();
  });

  it('still refuses an id that ended before it, and calls it too late to cancel', () => {
    const market = new ContractMarket(silent, {});
    const input = { participant: 1, side: 1, type: 'limit', qty: 1, limitTicks: 5 } as const;
    for (let k = 0; k < 5000; k += 1) {
      const clOrdId = `a-${String(k).padStart(6, '0')}`;
      market.submit({ ...input, clOrdId }, 0);
      market.cancel(1, clOrdId, 0);
    }
    const reasons: string[] = [];
    const resumed = ContractMarket.restore(asFile(market.snapshot()), {
      onReport: ({ reason }) => reasons.push(reason),
    });
    resumed.submit({ ...input, clOrdId: 'a-000003' }, 0);
    resumed.cancel(1, 'a-000003', 0);
    resumed.cancel(1, 'a-900000', 0);
    expect(reasons).toEqual(['duplicate-client-order-id', 'too-late', 'unknown-order']);
    // Of five thousand orders that ended the latest are kept whole.
    expect(JSON.stringify(market.snapshot()).length).toBeLessThan(1_500_000);
  });

  it('of another version is refused: the error names field, value and rule', () => {
    const snapshot = new ContractMarket(silent, {}).snapshot();
    const other = { ...snapshot, version: 999 } as unknown as MarketSnapshot;
    const error = refusalOf(() => ContractMarket.restore(other, silent));
    expect(error.code).toBe('E_SNAPSHOT');
    expect(error.details).toEqual({ field: 'version', value: 999 });
    expect(error.rule).toContain('version');
    expect(error.fix).toContain('journal');
    const stranger = { kind: 'something' } as unknown as MarketSnapshot;
    expect(refusalOf(() => ContractMarket.restore(stranger, silent)).details['field']).toBe('kind');
  });

  it('whose book and orders disagree is refused', () => {
    const market = new ContractMarket(silent, {});
    market.submit(
      { participant: 1, clOrdId: 'a', side: 1, type: 'limit', qty: 3, limitTicks: 5 },
      0,
    );
    const snapshot = asFile(market.snapshot());
    const book = snapshot.book.map((row) => ({ ...row, leavesQty: 2 }));
    const error = refusalOf(() => ContractMarket.restore({ ...snapshot, book }, silent));
    expect(error.details['field']).toBe('book');
  });
});

describe('a journal', () => {
  const input = { participant: 1, side: 1, type: 'limit', qty: 1, limitTicks: 5 } as const;
  const commands: readonly MarketCommand[] = [
    { do: 'submit', tsUs: 0, input: { ...input, clOrdId: 'a' } },
    { do: 'submit', tsUs: 1, input: { ...input, clOrdId: 'b' } },
    { do: 'cancel', tsUs: 2, participant: 1, clOrdId: 'a' },
  ];

  it('has another hash when one command differs, or when two are swapped', () => {
    const [a, b, c] = commands as [MarketCommand, MarketCommand, MarketCommand];
    const hashes = [[a, b, c], [b, a, c].map((each) => ({ ...each, tsUs: 2 })), [a, b]].map(
      (each) => replayJournal(each, {}).commandHash,
    );
    expect(new Set(hashes).size).toBe(3);
  });

  it('that is trimmed behind a mark still leads on from it', () => {
    const journal = new MarketJournal(silent, {});
    for (const each of commands.slice(0, 2)) journal.apply(each);
    const mark = journal.mark();
    journal.trim(mark.seq);
    journal.apply(commands[2]!);
    expect(journal.tail(0)).toHaveLength(1);
    const resumed = replayJournal(journal.tail(mark.seq), mark);
    expect(resumed.seq).toBe(3);
    expect(resumed.reportHash).toBe(journal.reportHash);
    expect(resumed.market.openOrders(1).map((each) => each.input.clOrdId)).toEqual(['b']);
  });
});
