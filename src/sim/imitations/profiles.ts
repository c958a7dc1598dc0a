/**
 * The fill rules of other programs, as profiles of a venue over bars: for people who come from one of them and want to see
 * their own figures before they trust ours. An imitation says what that program would have reported, never what the market
 * proves. Rules and limits: docs/explanation/imitations.md; how they were checked: docs/agreement.md.
 */
import type { VenueCapabilities } from '../../core/execution.ts';

/** Names of the programs whose fills can be imitated. */
export const IMITATIONS = ['lean', 'nautilus', 'backtesting.py', 'backtrader'] as const;
export type Imitation = (typeof IMITATIONS)[number];

export function isImitation(name: string): name is Imitation {
  return (IMITATIONS as readonly string[]).includes(name);
}

type Features = VenueCapabilities['features'];

/** What each program's order types map to. `day` is a cancel at the session's end, as a user of that program would send. */
export const IMITATION_CAPABILITIES: Readonly<Record<Imitation, VenueCapabilities>> = {
  lean: capabilitiesOf(
    'LEAN',
    ['market', 'limit', 'stop', 'stop-limit', 'limit-if-touched', 'trailing-stop'],
    ['day', 'gtc'],
    [],
  ),
  nautilus: capabilitiesOf(
    'NAUTILUS',
    [
      'market',
      'limit',
      'stop',
      'stop-limit',
      'market-if-touched',
      'limit-if-touched',
      'trailing-stop',
    ],
    ['day', 'gtc', 'gtd', 'ioc', 'fok'],
    ['bracket', 'oco', 'ouo'],
  ),
  'backtesting.py': capabilitiesOf(
    'BACKTESTING.PY',
    ['market', 'limit', 'stop', 'stop-limit'],
    ['day', 'gtc'],
    ['bracket'],
  ),
  backtrader: capabilitiesOf(
    'BACKTRADER',
    ['market', 'limit', 'stop', 'stop-limit', 'trailing-stop'],
    ['day', 'gtc', 'gtd'],
    ['bracket', 'oco', 'ouo'],
  ),
};

function capabilitiesOf(
  name: string,
  orderTypes: VenueCapabilities['orderTypes'],
  timesInForce: VenueCapabilities['timesInForce'],
  groups: Features['groups'],
): VenueCapabilities {
  return {
    venue: `IMITATION-OF-${name}`,
    orderTypes,
    timesInForce,
    triggers: ['last'],
    features: {
      replace: true,
      reduceOnly: true,
      postOnly: false,
      iceberg: false,
      protection: false,
      groups,
    },
  };
}
