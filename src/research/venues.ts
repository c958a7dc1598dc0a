/** What the venues of this version say of themselves, for readers that know no venue. */
import type { VenueCapabilities } from '../core/execution.ts';
import { BAR_VENUE_CAPABILITIES } from '../sim/capabilities.ts';

export const KNOWN_VENUES: readonly VenueCapabilities[] = [BAR_VENUE_CAPABILITIES];
