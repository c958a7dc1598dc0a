/** What two tables have in common: a run is refused what either of them lacks. */
import type { VenueCapabilities } from '../execution.ts';

/** Named as the first. */
export function commonCapabilities(a: VenueCapabilities, b: VenueCapabilities): VenueCapabilities {
  const both = <T>(x: readonly T[], y: readonly T[]): readonly T[] =>
    x.filter((each) => y.includes(each));
  return {
    venue: a.venue,
    orderTypes: both(a.orderTypes, b.orderTypes),
    timesInForce: both(a.timesInForce, b.timesInForce),
    triggers: both(a.triggers, b.triggers),
    features: {
      replace: a.features.replace && b.features.replace,
      reduceOnly: a.features.reduceOnly && b.features.reduceOnly,
      postOnly: a.features.postOnly && b.features.postOnly,
      iceberg: a.features.iceberg && b.features.iceberg,
      protection: a.features.protection && b.features.protection,
      groups: both(a.features.groups, b.features.groups),
    },
  };
}
