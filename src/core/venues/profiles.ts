/** The profiles of venues. Every fact names where it was read; what nobody has published is `assumed`, and said. */
import type { OrderType, TimeInForce, TriggerSource } from '../order.ts';
import type { VenueProfile, VenueProfileName } from './types.ts';

const ALL_TYPES: readonly OrderType[] = [
  'market',
  'limit',
  'stop',
  'stop-limit',
  'market-if-touched',
  'limit-if-touched',
  'trailing-stop',
  'trailing-stop-limit',
  'market-to-limit',
];
const PLAIN_TIMES: readonly TimeInForce[] = ['day', 'gtc', 'gtd', 'ioc', 'fok'];
const ON_TRADES: readonly TriggerSource[] = ['last'];
const GROUPS = ['bracket', 'oco', 'ouo', 'multi-target'] as const;
const NO_LATENCY = { entry: 0, response: 0, broker: 0 } as const;

const IDEAL: VenueProfile = {
  name: 'ideal',
  title: 'Ideal exchange',
  capabilities: {
    venue: 'SIM',
    orderTypes: ALL_TYPES,
    timesInForce: [...PLAIN_TIMES, 'at-open', 'at-close'],
    triggers: ['last', 'bid-ask', 'mid'],
    features: {
      replace: true,
      reduceOnly: true,
      postOnly: true,
      iceberg: true,
      protection: true,
      groups: GROUPS,
    },
  },
  groups: { isAtomic: true, actionMs: 0, release: 'partial', onLegCancel: 'keep', blocks: [] },
  modify: { keepsId: true, trailing: 'price' },
  latencyMs: NO_LATENCY,
  closed: 'queue',
  stopInMarket: 'trigger',
  protectionTicks: null,
  stopTicksMin: 1,
  emulated: [],
  facts: [
    {
      fact: 'The exchange holds groups itself: what a fill does to the other orders happens before any other order is looked at.',
      source: 'definition',
    },
    {
      fact: 'Orders that arrive while the market is closed wait for its opening, as a broker keeps them.',
      source: 'definition',
    },
  ],
};

const PROJECTX: VenueProfile = {
  name: 'projectx',
  title: 'ProjectX Gateway (TopstepX and other firms)',
  capabilities: {
    venue: 'PROJECTX',
    orderTypes: ['market', 'limit', 'stop', 'trailing-stop'],
    timesInForce: ['gtc', 'day', 'gtd'],
    triggers: ON_TRADES,
    features: {
      replace: true,
      reduceOnly: false,
      postOnly: false,
      iceberg: false,
      protection: false,
      groups: GROUPS,
    },
  },
  groups: { isAtomic: false, actionMs: 13, release: 'partial', onLegCancel: 'keep', blocks: [] },
  modify: { keepsId: true, trailing: 'price' },
  latencyMs: NO_LATENCY,
  closed: 'reject',
  stopInMarket: 'reject',
  protectionTicks: null,
  stopTicksMin: 4,
  emulated: [
    { what: 'day', how: 'a resting order that we cancel at the end of its session' },
    { what: 'gtd', how: 'a resting order that we cancel at its time' },
    { what: 'oco', how: 'held by us: a cancel is sent when a leg has filled' },
    { what: 'ouo', how: 'held by us: a change or cancel is sent when a leg has filled' },
    { what: 'multi-target', how: 'held by us: the exits are sent when the entry has filled' },
  ],
  facts: [
    {
      fact: 'Order types of a placed order: limit, market, stop, trailing stop, and joins of the bid or ask, which a strategy cannot ask for here. Stop-limit exists as a number and is in no list of what may be placed.',
      source: 'Gateway documentation, order/order-place; Swagger file of September 2025',
    },
    {
      fact: 'There is no time-in-force field. How a resting order fares over the daily halt is unreported; here it rests until cancelled.',
      source: 'Swagger file; resting over the halt is assumed',
    },
    {
      fact: 'Brackets of an entry are created suspended with it and priced in ticks from its fill; one stop and one target, each optional.',
      source: 'recorded streams of a practice account, July to August 2026',
    },
    {
      fact: 'When one exit fills, the other is cancelled within about 13 ms: in between it can fill too.',
      source: 'recorded streams, July to August 2026',
    },
    {
      fact: 'Changing one exit leaves the other alone; so, here, does cancelling it.',
      source: 'recorded for a change; assumed for a cancel',
    },
    {
      fact: 'A partly filled entry activates its exits with what was filled, and they grow with it.',
      source: 'assumed',
    },
    {
      fact: 'A stop of a bracket lies at least 4 ticks from its entry.',
      source: 'rejection texts in recorded answers',
    },
    {
      fact: 'A stop on the wrong side of the market is rejected.',
      source: 'rejection texts: "Invalid stop price"',
    },
    {
      fact: 'Orders outside trading hours are rejected.',
      source: 'place error 5, and rejection texts',
    },
    {
      fact: 'A change keeps the id of the order; a larger size or another price loses its place in the queue.',
      source: 'recorded for the id; assumed for the queue',
    },
    {
      fact: 'Exits keep their size when the position is closed or made smaller otherwise: what is left working can open a new one.',
      source: 'field reports and recorded partial exits; on one side the group was cancelled',
    },
    {
      fact: 'Stops are elected by trades and fill as market orders.',
      source: 'recorded stop fills; the trigger is assumed',
    },
  ],
};

const IB: VenueProfile = {
  name: 'ib',
  title: 'Interactive Brokers (TWS API)',
  capabilities: {
    venue: 'IB',
    orderTypes: ALL_TYPES,
    timesInForce: [...PLAIN_TIMES, 'at-open', 'at-close'],
    triggers: ['last', 'bid-ask', 'mid'],
    features: {
      replace: true,
      reduceOnly: false,
      postOnly: false,
      iceberg: true,
      protection: false,
      groups: GROUPS,
    },
  },
  groups: {
    isAtomic: false,
    actionMs: 10,
    release: 'partial',
    onLegCancel: 'keep',
    blocks: ['oco'],
  },
  modify: { keepsId: true, trailing: 'price' },
  latencyMs: NO_LATENCY,
  closed: 'queue',
  stopInMarket: 'trigger',
  protectionTicks: null,
  stopTicksMin: 1,
  emulated: [],
  facts: [
    {
      fact: 'MKT, LMT, STP, STP LMT, MIT, LIT, TRAIL, TRAIL LIMIT, MTL. What a contract takes is in its details.',
      source: 'TWS API, order types of placeOrder',
    },
    {
      fact: 'DAY, GTC, GTD, IOC, FOK and OPG (at the open). Orders for the close are order types of their own there: MOC and LOC.',
      source: 'TWS API, field tif and order types',
    },
    {
      fact: 'Triggers: last (default of futures), bid and ask, midpoint; double-tick methods are left out here.',
      source: 'TWS API, field triggerMethod',
    },
    {
      fact: 'A bracket is a parent with children: they wait at the broker until it fills, follow each partial fill, and are cancelled with an unfilled parent.',
      source: 'TWS API, parentId and transmit; recorded sequences',
    },
    {
      fact: 'Exits are peers of an OCA group. By default (type 3, here of OUO groups and brackets) the others are reduced by messages, without a block: two can fill. Type 1 (here of OCO groups) cancels the others with a block: one fills.',
      source: 'TWS API, ocaType; the time of a message is assumed',
    },
    {
      fact: 'Stops, OCA groups and brackets are held by the broker, not by the exchange.',
      source: 'TWS API, what is delayed while its servers are reset',
    },
    {
      fact: 'Orders outside the session are accepted and wait (PreSubmitted).',
      source: 'TWS API, order states',
    },
    {
      fact: 'A change is the whole order sent again under its id; one at a time is in flight; a rejected one leaves the old order alive.',
      source: 'TWS API, placeOrder; errors 105 and 110',
    },
    {
      fact: 'There is no reduce-only flag: exits of a group are plain orders.',
      source: 'TWS API, fields of placeOrder',
    },
    {
      fact: 'Icebergs by displaySize.',
      source: 'TWS API, field displaySize',
    },
  ],
};

const CQG: VenueProfile = {
  name: 'cqg',
  title: 'CQG (Web API)',
  capabilities: {
    venue: 'CQG',
    orderTypes: [
      'market',
      'limit',
      'stop',
      'stop-limit',
      'market-if-touched',
      'trailing-stop',
      'market-to-limit',
    ],
    timesInForce: [...PLAIN_TIMES, 'at-open', 'at-close'],
    triggers: ON_TRADES,
    features: {
      replace: true,
      reduceOnly: false,
      postOnly: true,
      iceberg: true,
      protection: false,
      groups: GROUPS,
    },
  },
  groups: { isAtomic: false, actionMs: 10, release: 'partial', onLegCancel: 'keep', blocks: [] },
  modify: { keepsId: false, trailing: 'size' },
  latencyMs: NO_LATENCY,
  closed: 'reject',
  stopInMarket: 'trigger',
  protectionTicks: null,
  stopTicksMin: 1,
  emulated: [],
  facts: [
    {
      fact: 'MKT, LMT, STP, STL, with the instructions trailing, if touched, market to limit, iceberg and post-only.',
      source: 'Web API, Order.OrderType and Order.ExecInstruction',
    },
    {
      fact: 'DAY, GTC, GTD and GTT, FAK, FOK, ATO, ATC.',
      source: 'Web API, Order.Duration',
    },
    {
      fact: 'Compound orders: OPO (one places others) with OCO inside it is a bracket; its exits may be given in ticks from the fill.',
      source: 'Web API, new_compound_order',
    },
    {
      fact: 'Each partial fill of the master places the others in proportion, unless it is told to wait for the last one.',
      source: 'Web API, partial_fills_handling',
    },
    {
      fact: 'A fill of one OCO entry reduces or cancels the others. CQG holds it, not the exchange: by messages, whose time is assumed.',
      source: 'Web API, compound orders; is_bracket',
    },
    {
      fact: 'If one order of a compound is refused, the linked ones are refused too.',
      source: 'Web API, reject code 1023',
    },
    {
      fact: 'A change needs the current order id and gets a new one; of a trailing order only the size may change.',
      source: 'Web API, order ids; reject code 1025',
    },
    { fact: 'Orders while the market is closed are rejected.', source: 'assumed' },
    { fact: 'Stops are elected by trades.', source: 'assumed' },
  ],
};

export const VENUE_PROFILES: Readonly<Record<VenueProfileName, VenueProfile>> = {
  ideal: IDEAL,
  projectx: PROJECTX,
  ib: IB,
  cqg: CQG,
};
