/** What the bar venue does, as data. Whatever is not listed here is refused by name, never approximated. */
import type { VenueCapabilities } from '../core/execution.ts';

export const BAR_VENUE_CAPABILITIES: VenueCapabilities = {
  venue: 'SIM',
  orderTypes: [
    'market',
    'limit',
    'stop',
    'stop-limit',
    'market-if-touched',
    'limit-if-touched',
    'trailing-stop',
    'trailing-stop-limit',
    'market-to-limit',
  ],
  timesInForce: ['day', 'gtc', 'gtd', 'ioc', 'fok', 'at-open', 'at-close'],
  triggers: ['last', 'bid-ask'],
  features: {
    replace: true,
    reduceOnly: true,
    postOnly: true,
    iceberg: true,
    protection: true,
    groups: ['bracket', 'oco', 'ouo', 'multi-target'],
  },
};
