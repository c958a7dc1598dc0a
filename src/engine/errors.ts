/** Error pages of the engine: what a strategy or a run can get wrong, and the codes of the issues that a run reports. */
import { EXIT } from '../core/errors.ts';
import type { ErrorCatalog } from '../core/errors.ts';

export const ENGINE_ERRORS: ErrorCatalog = {
  E_PROGRAMME_ENDED: {
    title: 'The programme of this account reached its end',
    cause:
      'A loss closed the account, or its target was reached; the message names the rule, the value that was tested and the level.',
    cure: 'See the whole account, and other starts: frontmonth programme <run>.',
    exit: EXIT.ok,
  },
  E_PROGRAMME_LIMIT: {
    title: 'A limit of the day of a programme was reached',
    cause:
      'The account fell to the limit of its trade date; what follows is the action of the rule.',
    cure: 'See each of them: frontmonth programme <run>.',
    exit: EXIT.ok,
  },
  E_STRATEGY_ASYNC: {
    title: 'A hook of a strategy is asynchronous',
    cause:
      'A hook is an async function or a generator; what follows its first wait would run outside its event.',
    cure: 'Make the hook an ordinary function. Calls return at once, and outcomes arrive as events.',
    exit: EXIT.strategy,
  },
  E_BRACKET_PRICES: {
    title: 'The prices of a bracket are inverted',
    cause:
      'A long bracket needs stop < entry < target, a short one target < entry < stop; offsets are positive ticks.',
    cure: 'Swap the levels, or state them as offsets in ticks from the entry.',
    exit: EXIT.strategy,
  },
  E_CONTRACT_EXPIRED: {
    title: 'An order names a contract that has expired',
    cause: 'The last trade of the contract lies before the time of the order.',
    cure: 'Ask the context for the contract to trade now: ctx.contract(root).',
    exit: EXIT.strategy,
  },
  E_CONTRACT_NOT_IN_RUN: {
    title: 'A contract or product is not part of this run',
    cause: 'Only products that the strategy requires, and their contracts, can be traded.',
    cure: 'Add the product to `requires`, or use ctx.contract(root).',
    exit: EXIT.strategy,
  },
  E_ENGINE_CONFIG: {
    title: 'The parts of a run do not fit together',
    cause: 'A series, chain, calendar or feed names something that the run does not hold.',
    cure: 'Correct the named field; when a command built the run, report it as a bug.',
    exit: EXIT.input,
  },
  E_ORDER_DENIED: {
    title: 'An order was denied before it left',
    cause: 'A limit of the risk gate was reached; the reason stands on the order event.',
    cure: 'Lower the quantity or the rate of orders, or raise the limit in the configuration.',
    exit: EXIT.ok,
  },
  E_ORDER_REJECTED: {
    title: 'The venue rejected an order',
    cause: 'The venue names the reason on the order event.',
    cure: 'Handle the event in onOrder, or correct the order.',
    exit: EXIT.ok,
  },
  E_STRATEGY_STOPPED: {
    title: 'A hook of a strategy threw, and the run goes on without it',
    cause: 'Orders and positions are still looked after; nothing new is opened.',
    cure: 'Correct the hook that the message names, then start again: the run goes on from its journal.',
    exit: EXIT.strategy,
  },
  E_JOURNAL_DAMAGED: {
    title: 'A line of a journal cannot be read',
    cause:
      'The file was changed or damaged; a crash cuts its last line only, and that is repaired.',
    cure: 'Restore the file from a copy. Nothing is traded on a journal that is not whole.',
    exit: EXIT.input,
  },
  E_JOURNAL_CONTRACT: {
    title: 'A journal names a contract that the run does not have',
    cause:
      'The run was started with other instruments or months than the one that wrote the journal.',
    cure: 'Start with the same instruments; or close what is left and begin a new journal.',
    exit: EXIT.refused,
  },
  E_ORDER_REVENANT: {
    title: 'The venue works an order that had ended here',
    cause:
      'A request that counted as never received arrived late, or a message about the order was lost.',
    cure: 'Nothing to do: the order is cancelled at the venue, and what it filled is booked.',
    exit: EXIT.ok,
  },
  E_FILL_AFTER_END: {
    title: 'An order was filled after it had ended here',
    cause:
      'The fill and the end of the order crossed on their way, or the order was filled while it was being cancelled.',
    cure: 'Nothing to do: the fill is booked, and the order stays ended. Check the position where this is frequent.',
    exit: EXIT.ok,
  },
  E_FILL_BEYOND_ORDER: {
    title: 'An order was filled beyond its quantity',
    cause:
      'The venue filled more contracts than were asked for, or somebody else changed the order.',
    cure: 'The fill is booked. Compare the order with the statement of the venue.',
    exit: EXIT.ok,
  },
  E_POSITION_MISMATCH: {
    title: 'The position at the venue and our fills disagree',
    cause:
      'After every order and execution was accounted for, the venue shows another position: somebody else trades on the account, or the venue lost or took back an execution.',
    cure: 'Nothing is opened or enlarged until they agree. Compare with the statement of the venue, and close or book the difference by hand.',
    exit: EXIT.refused,
  },
  E_ORDER_GROUP: {
    title: 'A group of orders cannot be formed',
    cause: 'An OCO needs at least two orders; exits need an open position and at least one level.',
    cure: 'Check ctx.position(contract) first, and give a stop or a target.',
    exit: EXIT.strategy,
  },
  E_ORDER_SIDE: {
    title: 'The side of an order is not a side',
    cause: 'An order buys or sells: its side is Side.Buy (1) or Side.Sell (-1), not a word.',
    cure: 'Write side: Side.Buy or side: Side.Sell.',
    exit: EXIT.strategy,
  },
  E_ORDER_PRICE_MISSING: {
    title: 'An order lacks a price that its type needs',
    cause: 'A limit needs limitTicks, a stop needs stopTicks, a trailing order needs trail.',
    cure: 'Give the named field.',
    exit: EXIT.strategy,
  },
  E_ORDER_UNKNOWN: {
    title: 'An order id is not known in this run',
    cause: 'A modify or cancel names an order that was never submitted here.',
    cure: 'Use the id that submit, bracket, oco or protect returned.',
    exit: EXIT.strategy,
  },
  E_ORDER_UNSUPPORTED: {
    title: 'The venue does not support an order',
    cause: 'The capability table of the venue lacks the order type, time in force or feature.',
    cure: 'Use one that the message lists.',
    exit: EXIT.strategy,
  },
  E_ORDER_WARM_UP: {
    title: 'An order was sent during the warm-up',
    cause: 'Bars before the first trade date of the run only feed history and indicators.',
    cure: 'Send orders from onBar, onTimer or later hooks, not from onStart or onWarmUpBar.',
    exit: EXIT.strategy,
  },
  E_SERIES_UNKNOWN: {
    title: 'A series is not declared',
    cause: 'ctx.series was asked for a key that `requires` does not declare.',
    cure: 'Declare the series, or use one of the keys that the message lists.',
    exit: EXIT.strategy,
  },
  E_SERIES_FUTURE: {
    title: 'A series is read into the future',
    cause: 'The call asked for a bar after the last finished one, such as close(-1).',
    cure: 'Count back: 0 is the last finished bar, 1 the one before it. What comes next arrives with the next onBar.',
    exit: EXIT.strategy,
  },
  E_SERIES_HISTORY: {
    title: 'A series is read further back than its history',
    cause: 'The series keeps `history` bars; the call asked for an older one.',
    cure: 'Raise `history` of the series in `requires`.',
    exit: EXIT.strategy,
  },
  E_TIMER: {
    title: 'A timer has no valid time',
    cause: 'setTimer needs a whole number of microseconds.',
    cure: 'Pass a TsUs, such as session.closeUs minus a whole number of microseconds.',
    exit: EXIT.strategy,
  },
  E_BAR_OUT_OF_SESSION: {
    title: 'A bar lies outside the sessions of its product',
    cause: 'The calendar says closed for part of the interval of the bar.',
    cure: 'Check the zone and the stamp of the data; such bars feed series and never execute orders.',
    exit: EXIT.input,
  },
  E_BAR_AFTER_EXPIRY: {
    title: 'A bar lies after the last trade of its contract',
    cause: 'The data go on after the expiry that the calendar gives.',
    cure: 'Check the expiry of the contract; such bars are ignored.',
    exit: EXIT.input,
  },
  E_POSITION_UNPROTECTED: {
    title: 'A position lost its stop, or did not get it yet',
    cause:
      'A stop expired with its day, was cancelled by the rule of its group after a partial exit, or waits until its entry is complete; or it was sent after a share of a roll had left.',
    cure: 'Use exitTimeInForce `gtc`, peers `ouo` and release `partial` (all are defaults), or send a new stop in onOrder.',
    exit: EXIT.ok,
  },
  E_HELD_TO_EXPIRY: {
    title: 'A position was held to the expiry of its contract',
    cause: 'The position was neither rolled nor closed before the last trade.',
    cure: 'Roll earlier, or use positionsOnRoll `roll` or `flatten`.',
    exit: EXIT.strategy,
  },
  E_MARGIN_CALL: {
    title: 'Equity fell below the maintenance margin',
    cause:
      'What was held needed more margin than the account had left; with bars, at the worst price that traded.',
    cure: 'Trade fewer contracts or start with more capital; `account.liquidation` says what a call closes.',
    exit: EXIT.ok,
  },
  E_GROUP_LEG_FAILED: {
    title: 'The venue refused an order of a group that we hold',
    cause:
      'The venue would not take one order of a bracket or of peers; the message names those at work.',
    cure: 'Nothing at once: peers are cancelled, and an entry whose stop failed is closed after the time that protection may take. Read the reason of the venue.',
    exit: EXIT.ok,
  },
  E_GROUP_UNPROTECTED: {
    title: 'The stop of an entry was not confirmed in time',
    cause:
      'An entry traded, and the venue did not confirm the stop within the time that is configured.',
    cure: 'Nothing at once: the position is closed at the market unless `onUnprotected` is `tell`. Check the connection and the refusals before this line.',
    exit: EXIT.ok,
  },
  E_NEGATIVE_BALANCE: {
    title: 'The account lost more than it held',
    cause: 'A price jumped past every level at which the position could have been closed.',
    cure: 'Trade fewer contracts for the capital; the balance is kept as it is, below zero.',
    exit: EXIT.ok,
  },
  E_DELIVERY_RISK: {
    title: 'A position reached the delivery of its contract',
    cause:
      'A contract with physical delivery was held on its first notice date or to its last trade.',
    cure: 'Roll earlier, or set `account.forceFlat` so that the position is closed before.',
    exit: EXIT.strategy,
  },
  E_ROLL_INCOMPLETE: {
    title: 'The roll of a position did not complete',
    cause: 'One of its two orders was not filled.',
    cure: 'Look at the order events tagged `roll` at the named time.',
    exit: EXIT.strategy,
  },
  E_ROLL_AT_RECORD: {
    title: 'Rolls were filled at the prices of the roll record',
    cause:
      'The data are samples: after the roll the old contract has no further price at which its leg could fill.',
    cure: 'Nothing to do; both legs paid slippage and fees. Data with bars of both contracts fill rolls in the market.',
    exit: EXIT.ok,
  },
  E_SERIES_GAP: {
    title: 'A series rolled without a known gap',
    cause: 'The prices of both contracts were not known when a series of depth 1 or more moved.',
    cure: 'Import the bars of the further contract; levels before the roll are not adjusted.',
    exit: EXIT.input,
  },
  E_CHAIN_POSITION: {
    title: 'The position at the broker and the chain disagree',
    cause:
      'A position is in a contract that is neither the current nor the forward one, in more than one contract, or not where the saved state has it.',
    cure: 'Decide what is true: move the position by hand, or start the chain without the saved state. Nothing is traded until then.',
    exit: EXIT.refused,
  },
  E_CHAIN_STATE: {
    title: 'The saved state of a chain cannot be continued',
    cause:
      'It was saved from another product, rule or set of bar sizes, the chain had stopped, or it is ahead of the calendar.',
    cure: 'Start with the state of this chain, or without one; then the calendar and the position say where it stands.',
    exit: EXIT.refused,
  },
  E_CHAIN_WINDOW: {
    title: 'A roll window is over and its contract is still held',
    cause:
      'No moment of the window had a bar of both contracts, or the position did not follow the chain before the window ended.',
    cure: 'Move the position by hand before the contract ends, then start again. Check why the bars were missing.',
    exit: EXIT.refused,
  },
  E_SERIES_CURVE: {
    title: 'A series has no neighbours on the curve',
    cause: 'Forward, previous and carry contract are read only where the strategy asks for them.',
    cure: 'Declare `curve: true`, or `curve: { carryOffset: -1 }`, in the request of the series.',
    exit: EXIT.strategy,
  },
};
