/** What the venues of this version say of themselves, for readers that know no venue. */
import type { VenueCapabilities } from '../core/execution.ts';
import { BAR_VENUE_CAPABILITIES } from '../sim/capabilities.ts';
import { VENUE_PROFILES } from '../sim/profiles/profiles.ts';

/** The bar venue, and on ticks every profile; the ideal one under its own name, for both are `SIM` in a run. */
export const KNOWN_VENUES: readonly VenueCapabilities[] = [
  BAR_VENUE_CAPABILITIES,
  ...Object.values(VENUE_PROFILES).map(({ name, capabilities }) =>
    name === 'ideal' ? { ...capabilities, venue: 'SIM-TICKS' } : capabilities,
  ),
];
