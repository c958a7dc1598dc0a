/**
 * Faults to plant: each breaks one rule in one place, and names the test files that must notice. An edit is a patch without
 * line numbers: `find` stands exactly once in its file. `npx tsx scripts/planted-faults.ts` applies them one by one.
 */
export interface Fault {
  readonly name: string;
  /** The rule that is broken, as a sentence that is true without the fault. */
  readonly rule: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Test files, of which at least one fails. */
  readonly tests: readonly string[];
}

const BOOK = 'src/sim/book/limit-book.ts';
const MARKET = 'src/sim/exchange/contract-market.ts';
const BOOK_TESTS = ['test/sim/book/limit-book.test.ts', 'test/sim/book/limit-book.prop.test.ts'];
const MARKET_TESTS = ['test/sim/exchange/market-scenarios.test.ts'];
const SNAPSHOT_TESTS = ['test/sim/exchange/snapshot.test.ts'];
const FOUND_TESTS = ['test/sim/exchange/found-by-simulation.test.ts'];
const GROUP_TESTS = ['test/sim/exchange/group-scenarios.test.ts', 'test/sim/groups'];
const WORLD_TESTS = ['test/sim/simulation/world.test.ts'];
const REPLAY_TESTS = ['test/sim/replay/queue.test.ts', 'test/sim/replay/replay-scenarios.test.ts'];

export const FAULTS: readonly Fault[] = [
  {
    name: 'price-time-priority',
    rule: 'at one price the earliest order trades first',
    file: BOOK,
    find: 'while (left > 0 && !this.#isPaused) {\n      const slot = other.head[row]!;',
    replace: 'while (left > 0 && !this.#isPaused) {\n      const slot = other.tail[row]!;',
    tests: BOOK_TESTS,
  },
  {
    name: 'iceberg-slice-at-the-end',
    rule: 'the next slice of an iceberg joins the end of its level',
    file: BOOK,
    find: '    this.#unlink(own, row, slot);\n    this.#link(own, row, slot);\n  }',
    replace: '  }',
    tests: BOOK_TESTS,
  },
  {
    name: 'self-trade-prevention',
    rule: 'nobody trades with the own group',
    file: BOOK,
    find: 'if (met !== null) return this.#selfTrade(',
    replace: 'if (met !== null && group > 1e6) return this.#selfTrade(',
    tests: [...BOOK_TESTS, ...MARKET_TESTS],
  },
  {
    name: 'fill-or-kill-available',
    rule: 'a fill-or-kill counts hidden contracts too',
    file: BOOK,
    find: 'if (own < 0) sum += other.shown[row]! + other.hidden[row]!;',
    replace: 'if (own < 0) sum += other.shown[row]!;',
    tests: BOOK_TESTS,
  },
  {
    name: 'fill-or-kill-before-own-group',
    rule: 'a fill-or-kill does not trade a part before self-trade prevention ends it',
    file: BOOK,
    find: 'return before >= wanted ? aggressor.qty : sum + before;',
    replace: 'return aggressor.qty;',
    tests: FOUND_TESTS,
  },
  {
    name: 'reduce-only-at-fill',
    rule: 'reduce-only is looked at again at each fill',
    file: MARKET,
    find: 'return Math.max(0, Math.min(qty, closable));',
    replace: 'return closable > 0 ? Math.max(0, qty) : 0;',
    tests: MARKET_TESTS,
  },
  {
    name: 'reduce-only-within-a-sweep',
    rule: 'an aggressor waits while reduce-only orders of those it meets shrink',
    file: BOOK,
    find: 'slot !== NONE && left > 0 && !this.#isPaused;)',
    replace: 'slot !== NONE && left > 0;)',
    tests: FOUND_TESTS,
  },
  {
    name: 'ouo-shrink',
    rule: 'the peers of an OUO shrink with each fill',
    file: 'src/sim/groups/group-state.ts',
    find: "out.push({ kind: 'resize', leg: index, qty, reason: 'ouo-peer' });",
    replace: '',
    tests: GROUP_TESTS,
  },
  {
    name: 'oco-first-fill',
    rule: 'the first fill of an OCO cancels its peers',
    file: 'src/sim/groups/group-state.ts',
    find: "if (set.rule === 'oco') tellPeers(state, index, 'oco-peer', out);",
    replace: '',
    tests: GROUP_TESTS,
  },
  {
    name: 'oco-atomic',
    rule: 'what a fill does to its group is done before the aggressor trades on',
    file: MARKET,
    find: 'resting.live !== null ||\n      aggressor.live !== null ||',
    replace: '',
    tests: GROUP_TESTS,
  },
  {
    name: 'election-order',
    rule: 'the trigger that the price passed first is elected first',
    file: 'src/sim/exchange/triggers.ts',
    find: 'beyond(b) - beyond(a) || a.priority - b.priority',
    replace: 'beyond(a) - beyond(b) || a.priority - b.priority',
    tests: MARKET_TESTS,
  },
  {
    name: 'trailing-old-trigger-first',
    rule: 'a trailing stop is tested against its old trigger before it follows',
    file: 'src/sim/exchange/triggers.ts',
    find: '    for (const order of this.#trailing) {\n      if (isElectedTrail(order, rising, falling)) {\n        this.#trailing.delete(order);',
    replace:
      '    for (const order of this.#trailing) {\n      const before = order.stopTicks;\n      if (mayFollow) ratchet(order, order.input.side === 1 ? rising : falling);\n      if (before === order.stopTicks && isElectedTrail(order, rising + order.input.side, falling + order.input.side)) {\n        this.#trailing.delete(order);',
    tests: [...MARKET_TESTS, ...SNAPSHOT_TESTS],
  },
  {
    name: 'trailing-trigger-on-the-grid',
    rule: 'a trigger never lies between two ticks',
    file: 'src/sim/exchange/triggers.ts',
    find: 'side === 1 ? Math.ceil(exact) : Math.floor(exact);',
    replace: 'exact;',
    tests: FOUND_TESTS,
  },
  {
    name: 'protection-remainder',
    rule: 'the rest of a protected order rests at its protection price',
    file: MARKET,
    find: "order.input.type === 'market-to-limit' || this.#options.remainder !== 'cancel';",
    replace: "order.input.type === 'market-to-limit' || this.#options.remainder === 'rest';",
    tests: MARKET_TESTS,
  },
  {
    name: 'auction-tie-rule',
    rule: 'of two auction prices with the same volume and one-sided rest, offers get the lowest',
    file: 'src/sim/exchange/auction.ts',
    find: 'if (next.imbalanceQty < 0 && best.imbalanceQty < 0) return false;',
    replace: 'if (next.imbalanceQty < 0 && best.imbalanceQty < 0) return true;',
    tests: ['test/sim/exchange'],
  },
  {
    name: 'gtd-at-its-moment',
    rule: 'a market event at the very moment of an expiry comes before it',
    file: MARKET,
    find: 'dueUs < tsUs; dueUs = this.#nextDueUs()',
    replace: 'dueUs <= tsUs; dueUs = this.#nextDueUs()',
    tests: MARKET_TESTS,
  },
  {
    name: 'day-expiry',
    rule: 'day orders end with their session',
    file: MARKET,
    find: "else if (order.timeInForce !== 'gtc' && order.timeInForce !== 'gtd')",
    replace: "else if (order.timeInForce === 'at-open')",
    tests: [...MARKET_TESTS, ...WORLD_TESTS],
  },
  {
    name: 'modify-keeps-place',
    rule: 'an order that only becomes smaller keeps its place',
    file: MARKET,
    find: '(change.qty ?? order.qty) <= order.qty;',
    replace: '(change.qty ?? order.qty) < 0;',
    tests: MARKET_TESTS,
  },
  {
    name: 'cancel-after-fill',
    rule: 'a cancel that arrives after the last fill is rejected',
    file: MARKET,
    find: "if (order.place === 'done') return order.cumQty === order.qty ? 'already-filled' : 'too-late';",
    replace: "if (order.place === 'done' && order.cumQty === 0) return 'too-late';",
    tests: ['test/sim/exchange'],
  },
  {
    name: 'snapshot-omits-iceberg-slice',
    rule: 'a snapshot keeps how much of a slice has traded',
    file: BOOK,
    find: 'shownQty: this.#shown[slot]!,',
    replace: 'shownQty: Math.min(this.#display[slot]! || Infinity, this.#leaves[slot]!),',
    tests: SNAPSHOT_TESTS,
  },
  {
    name: 'snapshot-omits-parked',
    rule: 'a snapshot keeps the orders that wait for the limits to move',
    file: MARKET,
    find: 'parked: ids(this.#parked),',
    replace: 'parked: [],',
    tests: SNAPSHOT_TESTS,
  },
  {
    name: 'ledger-replenish',
    rule: 'a size that falls never gives back what we took',
    file: 'src/sim/replay/ledger.ts',
    find: 'const added = Math.max(shownQty - level.seen, 0);',
    replace: 'const added = Math.abs(shownQty - level.seen);',
    tests: REPLAY_TESTS,
  },
  {
    name: 'print-consumption',
    rule: 'a print that elects an order has taken its size from the level before the order walks',
    file: 'src/sim/replay/ledger.ts',
    find: 'this.available(priceTicks, shownQty) - qty);',
    replace: 'this.available(priceTicks, shownQty));',
    tests: REPLAY_TESTS,
  },
  {
    name: 'queue-netting',
    rule: 'a fall of the shown size that a trade explains moves the queue once',
    file: 'src/sim/replay/queue-model.ts',
    find: 'const left = Math.max(0, less - traded);',
    replace: 'const left = Math.max(0, less);',
    tests: REPLAY_TESTS,
  },
  {
    name: 'queue-cancel-behind',
    rule: 'an order that leaves behind us does not move us',
    file: 'src/sim/replay/queue-model.ts',
    find: 'if (joinSeq > this.#joinSeq) return;',
    replace: '',
    tests: REPLAY_TESTS,
  },
  {
    name: 'duplicate-execution',
    rule: 'a second report of one execution changes nothing',
    file: 'src/engine/order-manager.ts',
    find: '    this.#execIds.add(execId);\n  }',
    replace: '  }',
    tests: ['test/engine/order-manager.prop.test.ts', 'test/engine/engine.test.ts'],
  },
  {
    name: 'fee-rounding',
    rule: 'fees are rounded half to even',
    file: 'src/core/money/fees.ts',
    find: ': roundHalfEven(micros / rounding.unitMicros) * rounding.unitMicros;',
    replace: ': Math.floor(micros / rounding.unitMicros) * rounding.unitMicros;',
    tests: ['test/core/money/fees.prop.test.ts'],
  },
  {
    name: 'settlement-reference',
    rule: 'after a settlement the difference is paid from it, not from the entry',
    file: 'src/engine/portfolio.ts',
    find: 'ledger.refCounts = netQty === 0 ? 0 : settleTicks * netQty;',
    replace: 'ledger.refCounts = netQty === 0 ? 0 : ledger.refCounts;',
    tests: ['test/engine/portfolio.prop.test.ts', 'test/sim/money.test.ts'],
  },
  {
    name: 'margin-worst-case',
    rule: 'margin is that of the worse of all buys and all sells',
    file: 'src/engine/risk.ts',
    find: 'const qty = Math.max(Math.abs(net + this.#buys[c]!), Math.abs(net - this.#sells[c]!))',
    replace:
      'const qty = Math.min(Math.abs(net + this.#buys[c]!), Math.abs(net - this.#sells[c]!))',
    tests: ['test/engine/engine.test.ts', 'test/engine/account.test.ts', 'test/sim/money.test.ts'],
  },
  {
    name: 'bar-first-touch',
    rule: 'after an entry on the way up a low under the stop proves nothing by itself',
    file: 'src/sim/certainty.ts',
    find: "if (isStopIn) return kind !== 'rising' || bar.close <= stop ? stopBit : stopBit | open;",
    replace: 'if (isStopIn) return stopBit;',
    tests: ['test/sim/certainty.test.ts'],
  },
  {
    name: 'bar-volume-cap',
    rule: 'the orders of a bar share its volume',
    file: 'src/sim/bar-exchange.ts',
    find: '    this.#capLeft -= qty;\n',
    replace: '',
    tests: ['test/sim/bar-scenarios.test.ts', 'test/sim/bar-exchange.prop.test.ts'],
  },
];
