import type { ExecutionReport } from '../../src/core/execution.ts';
import { heldOver } from '../support/groups-off.ts';
import { SimHarness } from '../support/sim-harness.ts';
import type { VenueDriver } from './execution-client.contract.ts';
import { executionClientContract } from './execution-client.contract.ts';

const LAST_TICKS = 400;

/** The bar exchange again, but groups, reduce-only and, where asked, changes are held by us. */
function connect(features: {
  readonly reduceOnly: boolean;
  readonly replace: boolean;
}): VenueDriver {
  const harness = new SimHarness({ last: LAST_TICKS / 4 });
  const client = heldOver(harness.venue, features);
  const reports: ExecutionReport[] = [];
  client.connect({ onReport: (report) => reports.push(report), onAmbiguity: () => {} });
  return {
    client,
    reports,
    lastTicks: LAST_TICKS,
    request: (id, spec) => harness.order(id, spec as never),
    tradeThrough: (ticks) => {
      const columns = {
        length: 1,
        openUs: Float64Array.of(harness.nowUs),
        closeUs: Float64Array.of(harness.nowUs + 60_000_000),
        open: Float64Array.of(LAST_TICKS),
        high: Float64Array.of(Math.max(ticks, LAST_TICKS)),
        low: Float64Array.of(Math.min(ticks, LAST_TICKS)),
        close: Float64Array.of(LAST_TICKS),
        volume: Float64Array.of(1000),
      };
      harness.nowUs += 60_000_000;
      client.onBar(0, columns, 0, 0);
    },
    settle: () => {},
  };
}

executionClientContract('a venue whose groups we hold', () =>
  connect({ reduceOnly: false, replace: true }),
);
executionClientContract('a venue without groups and without changes', () =>
  connect({ reduceOnly: false, replace: false }),
);
