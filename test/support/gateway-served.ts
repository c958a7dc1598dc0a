/** A gateway on real sockets with a market that makes itself. */
import { systemScheduler } from '../../src/live/shared/system-scheduler.ts';
import { contractOfId } from '../../src/sim/gateways/projectx/contracts.ts';
import type { FaultScript } from '../../src/sim/gateways/projectx/faults.ts';
import { Gateway } from '../../src/sim/gateways/projectx/gateway.ts';
import type { AccountConfig } from '../../src/sim/gateways/projectx/options.ts';
import { SampleFeed, samplePast } from '../../src/sim/gateways/projectx/sample-feed.ts';
import type { RunningServer } from '../../src/sim/gateways/projectx/server.ts';
import { serveGateway } from '../../src/sim/gateways/projectx/server.ts';

export const SERVED_CONTRACT = 'CON.F.US.MES.Z26';
export const SERVED_USER = 'demo';
export const SERVED_KEY = 'key-of-the-test';

export interface ServedGateway extends RunningServer {
  readonly gateway: Gateway;
}

/** Port of the system's choice, 127.0.0.1; one user with these accounts, all trading MES around 6000. */
export async function serveForTest(
  options: {
    readonly accounts?: readonly AccountConfig[];
    readonly faults?: FaultScript;
  } = {},
): Promise<ServedGateway> {
  const startUs = systemScheduler.nowUs();
  let ids = 0;
  const gateway = new Gateway({
    users: [
      {
        userName: SERVED_USER,
        apiKey: SERVED_KEY,
        accounts: options.accounts ?? [{ name: 'PRAC-1', brackets: { kind: 'auto-oco' } }],
      },
    ],
    markets: [
      {
        contract: contractOfId(SERVED_CONTRACT),
        host: { kind: 'exchange' },
        history: [samplePast(1, startUs, 24_000, 500)],
      },
    ],
    scheduler: systemScheduler,
    clock: { kind: 'paced', startUs, speed: 1 },
    feed: new SampleFeed({ contract: 0, seed: 1, startUs, startTicks: 24_000, rate: 100 }),
    secret: new Uint8Array(32).fill(1),
    newId: () => `id-${(ids += 1)}`,
    ...(options.faults === undefined ? {} : { faults: options.faults }),
  });
  gateway.start();
  const server = await serveGateway(gateway, systemScheduler);
  return { ...server, gateway };
}
