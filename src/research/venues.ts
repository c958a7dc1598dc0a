/** What the venues of this version say of themselves, for readers that know no venue. */
import type { VenueCapabilities } from '../core/execution.ts';
import { BAR_VENUE_CAPABILITIES } from '../sim/capabilities.ts';
import { commonCapabilities } from '../core/venues/capabilities.ts';
import { VENUE_PROFILES } from '../core/venues/profiles.ts';
import type { VenueProfile } from '../core/venues/types.ts';

/** The bar venue, and on ticks every profile; the ideal one under its own name, for both are `SIM` in a run. */
export const KNOWN_VENUES: readonly VenueCapabilities[] = [
  BAR_VENUE_CAPABILITIES,
  ...Object.values(VENUE_PROFILES).map(({ name, capabilities }) =>
    name === 'ideal' ? { ...capabilities, venue: 'SIM-TICKS' } : capabilities,
  ),
];

/** A profile with what a strategy may use on bars as well: the common part of the venue and the bar exchange. */
export interface VenueView extends VenueProfile {
  readonly onBars: VenueCapabilities;
}

/** Every profile, for a reader. Bars as the ideal exchange takes them are those of the bar venue itself. */
export function venueViews(): readonly VenueView[] {
  return Object.values(VENUE_PROFILES).map((profile) => ({
    ...profile,
    onBars: barCapabilities(profile),
  }));
}

/** What a strategy may use in a run on bars with this profile. */
export function barCapabilities(profile: VenueProfile): VenueCapabilities {
  if (profile.name === 'ideal') return BAR_VENUE_CAPABILITIES;
  return commonCapabilities(profile.capabilities, BAR_VENUE_CAPABILITIES);
}
