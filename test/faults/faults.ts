/**
 * Faults to plant: each patch beside this file breaks one rule in one place, and the test files named here must notice.
 * `npx tsx scripts/planted-faults.ts` plants them one by one and says which test noticed.
 */
import { fileURLToPath } from 'node:url';

export interface Fault {
  /** That of its patch, without `.patch`. */
  readonly name: string;
  /** The rule that is broken, as a sentence that is true without the fault. */
  readonly rule: string;
  /** Test files or folders, of which at least one test fails. */
  readonly tests: readonly string[];
}

/** Where a patch lies. */
export function patchOf({ name }: Fault): string {
  return fileURLToPath(new URL(`./${name}.patch`, import.meta.url));
}

/**
 * What `git` is to do with a patch: lines may have moved, and of what stands around the change one line is enough, so that
 * a patch goes stale only when its rule is written anew.
 */
export const APPLY: readonly string[] = ['apply', '--recount', '-C1'];

const BOOK_TESTS = ['test/sim/book/limit-book.test.ts', 'test/sim/book/limit-book.prop.test.ts'];
const MARKET_TESTS = ['test/sim/exchange/market-scenarios.test.ts'];
const SNAPSHOT_TESTS = ['test/sim/exchange/snapshot.test.ts'];
const FOUND_TESTS = ['test/sim/exchange/found-by-simulation.test.ts'];
const GROUP_TESTS = ['test/sim/exchange/group-scenarios.test.ts', 'test/sim/groups'];
const WORLD_TESTS = ['test/sim/simulation/world.test.ts'];
const ACCOUNTS = 'test/sim/simulation/accounts.test.ts';
const REPLAY_TESTS = ['test/sim/replay/queue.test.ts', 'test/sim/replay/replay-scenarios.test.ts'];

export const FAULTS: readonly Fault[] = [
  {
    name: 'price-time-priority',
    rule: 'at one price the earliest order trades first',
    tests: BOOK_TESTS,
  },
  {
    name: 'iceberg-slice-at-the-end',
    rule: 'the next slice of an iceberg joins the end of its level',
    tests: BOOK_TESTS,
  },
  {
    name: 'self-trade-prevention',
    rule: 'nobody trades with the own group',
    tests: [...BOOK_TESTS, ...MARKET_TESTS],
  },
  {
    name: 'fill-or-kill-available',
    rule: 'a fill-or-kill counts hidden contracts too',
    tests: BOOK_TESTS,
  },
  {
    name: 'fill-or-kill-before-own-group',
    rule: 'a fill-or-kill does not trade a part before self-trade prevention ends it',
    tests: FOUND_TESTS,
  },
  {
    name: 'reduce-only-at-fill',
    rule: 'reduce-only is looked at again at each fill',
    tests: MARKET_TESTS,
  },
  {
    name: 'reduce-only-within-a-sweep',
    rule: 'an aggressor waits while reduce-only orders of those it meets shrink',
    tests: FOUND_TESTS,
  },
  {
    name: 'ouo-shrink',
    rule: 'the peers of an OUO shrink with each fill',
    tests: GROUP_TESTS,
  },
  {
    name: 'oco-first-fill',
    rule: 'the first fill of an OCO cancels its peers',
    tests: GROUP_TESTS,
  },
  {
    name: 'oco-atomic',
    rule: 'what a fill does to its group is done before the aggressor trades on',
    tests: GROUP_TESTS,
  },
  {
    name: 'election-order',
    rule: 'the trigger that the price passed first is elected first',
    tests: MARKET_TESTS,
  },
  {
    name: 'trailing-old-trigger-first',
    rule: 'a trailing stop is tested against its old trigger before it follows',
    tests: [...MARKET_TESTS, ...SNAPSHOT_TESTS],
  },
  {
    name: 'trailing-trigger-on-the-grid',
    rule: 'a trigger never lies between two ticks',
    tests: FOUND_TESTS,
  },
  {
    name: 'protection-remainder',
    rule: 'the rest of a protected order rests at its protection price',
    tests: MARKET_TESTS,
  },
  {
    name: 'auction-tie-rule',
    rule: 'of two auction prices with the same volume and one-sided rest, offers get the lowest',
    tests: ['test/sim/exchange'],
  },
  {
    name: 'gtd-at-its-moment',
    rule: 'a market event at the very moment of an expiry comes before it',
    tests: MARKET_TESTS,
  },
  {
    name: 'day-expiry',
    rule: 'day orders end with their session',
    tests: [...MARKET_TESTS, ...WORLD_TESTS],
  },
  {
    name: 'modify-keeps-place',
    rule: 'an order that only becomes smaller keeps its place',
    tests: MARKET_TESTS,
  },
  {
    name: 'cancel-after-fill',
    rule: 'a cancel that arrives after the last fill is rejected',
    tests: ['test/sim/exchange'],
  },
  {
    name: 'snapshot-omits-iceberg-slice',
    rule: 'a snapshot keeps how much of a slice has traded',
    tests: SNAPSHOT_TESTS,
  },
  {
    name: 'snapshot-omits-parked',
    rule: 'a snapshot keeps the orders that wait for the limits to move',
    tests: SNAPSHOT_TESTS,
  },
  {
    name: 'ledger-replenish',
    rule: 'a size that falls never gives back what we took',
    tests: REPLAY_TESTS,
  },
  {
    name: 'print-consumption',
    rule: 'a print that elects an order has taken its size from the level before the order walks',
    tests: REPLAY_TESTS,
  },
  {
    name: 'queue-netting',
    rule: 'a fall of the shown size that a trade explains moves the queue once',
    tests: REPLAY_TESTS,
  },
  {
    name: 'queue-cancel-behind',
    rule: 'an order that leaves behind us does not move us',
    tests: REPLAY_TESTS,
  },
  {
    name: 'duplicate-execution',
    rule: 'a second report of one execution changes nothing',
    tests: ['test/engine/order-manager.prop.test.ts', 'test/engine/engine.test.ts'],
  },
  {
    name: 'fee-rounding',
    rule: 'fees are rounded half to even',
    tests: ['test/core/money/fees.prop.test.ts'],
  },
  {
    name: 'settlement-reference',
    rule: 'after a settlement the difference is paid from it, not from the entry',
    tests: ['test/engine/portfolio.prop.test.ts', 'test/sim/money.test.ts'],
  },
  {
    name: 'margin-worst-case',
    rule: 'margin is that of the worse of all buys and all sells',
    tests: ['test/engine/engine.test.ts', 'test/engine/account.test.ts', 'test/sim/money.test.ts'],
  },
  {
    name: 'bar-first-touch',
    rule: 'after an entry on the way up a low under the stop proves nothing by itself',
    tests: ['test/sim/certainty.test.ts'],
  },
  {
    name: 'bar-volume-cap',
    rule: 'the orders of a bar share its volume',
    tests: ['test/sim/bar-scenarios.test.ts', 'test/sim/bar-exchange.prop.test.ts'],
  },
  {
    name: 'fee-of-its-date',
    rule: 'a fill pays the fees in force on its date',
    tests: ['test/core/money/fees.prop.test.ts'],
  },
  {
    name: 'margin-call-at-maintenance',
    rule: 'a margin call begins where equity falls below maintenance margin',
    tests: ['test/engine/account.test.ts'],
  },
  {
    name: 'liquidation-largest-first',
    rule: 'liquidation closes the position with the largest maintenance margin first',
    tests: ['test/core/money/margin.prop.test.ts'],
  },
  {
    name: 'liquidation-fewest-contracts',
    rule: 'liquidation closes no contract more than the call and its buffer need',
    tests: ['test/core/money/margin.prop.test.ts', 'test/engine/account.test.ts'],
  },
  {
    name: 'liquidation-cancels-risk',
    rule: 'a liquidation cancels the orders that could enlarge the position, and leaves those that reduce it',
    tests: ['test/engine/account.test.ts'],
  },
  {
    name: 'forced-flat-date',
    rule: 'a deliverable position is gone on the first date on which it may no longer be held',
    tests: ['test/engine/account.test.ts'],
  },
  {
    name: 'trailing-floor-by-the-peak',
    rule: 'an intraday floor follows the highest equity inside the day, not its last',
    tests: ['test/core/programme/evaluator.test.ts'],
  },
  {
    name: 'trailing-floor-never-falls',
    rule: 'a trailing floor never falls',
    tests: ['test/core/programme/evaluator.test.ts'],
  },
  {
    name: 'latency-no-overtaking',
    rule: 'on one connection a message arrives no earlier than the one before it',
    tests: ['test/sim/latency'],
  },
  {
    name: 'latency-arrival',
    rule: 'an order meets the market of the moment at which it arrives',
    tests: ['test/sim/latency'],
  },
  {
    name: 'queue-joins-behind',
    rule: 'an order joins the queue of the record behind everything that is shown at its price',
    tests: REPLAY_TESTS,
  },
  {
    name: 'exit-that-grows-stays-in-the-book',
    rule: 'an exit that grows with its entry is in the book until its turn to join the end',
    tests: FOUND_TESTS,
  },
  {
    name: 'position-limit-in-flight',
    rule: 'the largest position is counted with the orders that are on their way',
    tests: [ACCOUNTS, 'test/engine/risk.prop.test.ts'],
  },
  {
    name: 'account-closes-reduce-only',
    rule: 'what the account closes by itself can only reduce',
    tests: [ACCOUNTS],
  },
  {
    name: 'programme-flat-cancels',
    rule: 'while a programme wants its account flat, nothing works but what closes',
    tests: ['test/engine/account-watch.test.ts', ACCOUNTS],
  },
  {
    name: 'settlement-variation',
    rule: 'cash is the sum of fills, settlements and fees to the last millionth',
    tests: [ACCOUNTS],
  },
];
