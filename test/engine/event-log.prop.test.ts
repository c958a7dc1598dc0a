import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fill } from '../../src/core/execution.ts';
import type { OrderEventKind } from '../../src/core/order.ts';
import type { JournalPort } from '../../src/core/ports.ts';
import type { TradeRecord } from '../../src/core/run-events.ts';
import { EventLog } from '../../src/engine/event-log.ts';
import { MemoryJournal } from '../../src/engine/journal.ts';
import { LineBytes } from '../../src/engine/line-bytes.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', 'O-000001', 'a "quoted" tag', 'back\\slash', 'é', '\u2028', '\ud800', '\n'),
);
const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(NaN, Infinity, -0, 1e21, 1_728_000_000_000_000),
);
const orNull = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values);
const flat = fc.dictionary(
  text,
  fc.oneof(text, number, fc.boolean(), fc.constantFrom(null, undefined)),
);

const order = fc.record({
  clOrdId: fc.constant('O-000001'),
  status: fc.constantFrom('New', 'Filled'),
  working: fc.constantFrom('live', 'none'),
  cumQty: fc.nat(),
  leavesQty: fc.nat(),
  limitTicks: orNull(number),
  stopTicks: orNull(number),
  role: fc.constant('single'),
  groupId: orNull(text),
  spec: flat,
});
const fill = fc.record({
  execId: text,
  clOrdId: fc.constant('O-000001'),
  orderId: orNull(text),
  contract: text,
  contractIndex: fc.nat(),
  side: fc.constantFrom(1, -1),
  qty: fc.nat(),
  priceTicks: number,
  tsUs: number,
  knownUs: number,
  feeMicros: fc.integer(),
  commissionMicros: fc.integer(),
  role: fc.constant('single'),
  tag: text,
  groupId: orNull(text),
  orderType: fc.constant('market'),
  evidence: orNull(flat),
});
const trade = fc.record({
  tradeId: fc.nat(),
  root: text,
  side: fc.constantFrom(1, -1),
  netMicros: fc.integer(),
  isOpen: fc.boolean(),
});

/** The same journal without its faster form: every line goes through `JSON.stringify`. */
function plainly(journal: MemoryJournal): JournalPort {
  return {
    append: (kind, tsUs, body) => journal.append(kind, tsUs, body),
    hash: () => journal.hash(),
    flush: () => journal.flush(),
    close: () => journal.close(),
  };
}

function linesOf(write: (log: EventLog) => void): [string[], string[]] {
  const [fast, plain] = [new MemoryJournal(), new MemoryJournal()];
  write(new EventLog(fast));
  write(new EventLog(plainly(plain)));
  return [fast.lines(), plain.lines()];
}

describe('lines written by hand', () => {
  it('are what JSON.stringify writes, for orders, fills and trades of any content', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(order, fc.constantFrom('Submitted', 'Denied', 'Fill'), text, number)),
        fc.array(fill),
        fc.array(trade),
        (orders, fills, trades) => {
          const [fast, plain] = linesOf((log) => {
            for (const [one, event, reason, tsUs] of orders)
              log.order(5 as never, event as OrderEventKind, one as never, reason, tsUs as never);
            for (const one of fills) log.fill(6 as never, one as unknown as Fill);
            for (const one of trades) log.trade(7 as never, one as unknown as TradeRecord);
          });
          expect(fast).toEqual(plain);
        },
      ),
    );
  });

  it('are as JSON for every object and number, and grow past any capacity', () => {
    const written = (write: (bytes: LineBytes) => void): string => {
      const bytes = new LineBytes(8);
      bytes.reserve();
      write(bytes);
      return bytes.written().toString('utf8');
    };
    const body = { a: undefined, b: () => 1, c: { d: [1, undefined] }, e: new Date(0), f: true };
    expect(written((bytes) => bytes.object(body))).toBe(JSON.stringify(body));
    expect(written((bytes) => bytes.object({}))).toBe('{}');
    const long = 'é'.repeat(100_000);
    expect(written((bytes) => bytes.text(long))).toBe(JSON.stringify(long));
    fc.assert(
      fc.property(fc.oneof(number, fc.maxSafeInteger()), flat, (value, object) => {
        expect(written((bytes) => bytes.number(value))).toBe(JSON.stringify(value));
        expect(written((bytes) => bytes.object(object))).toBe(JSON.stringify(object));
      }),
    );
  });
});
