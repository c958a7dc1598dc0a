import { SimHarness } from '../support/sim-harness.ts';
import type { VenueDriver } from './execution-client.contract.ts';
import { executionClientContract } from './execution-client.contract.ts';

const LAST_TICKS = 400;

/** A bar is the market of this venue: one bar from the last price to the wanted one and back. */
function connect(): VenueDriver {
  const harness = new SimHarness({ last: LAST_TICKS / 4 });
  const bar = (ticks: number): void => {
    const [high, low] = [Math.max(ticks, LAST_TICKS), Math.min(ticks, LAST_TICKS)];
    harness.barTicks(LAST_TICKS, high, low, LAST_TICKS);
  };
  return {
    client: harness.venue,
    reports: harness.reports,
    lastTicks: LAST_TICKS,
    request: (id, spec) => harness.order(id, spec as never),
    tradeThrough: bar,
    settle: () => {},
  };
}

executionClientContract('the bar exchange', connect);
