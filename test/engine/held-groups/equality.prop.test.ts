/** On a venue without delay, groups held by us end as the exchange's own: the same fills, at the same prices and times. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { Qty } from '../../../src/core/units.ts';
import { Engine, runEngine } from '../../../src/engine/engine.ts';
import { heldOver } from '../../support/groups-off.ts';
import type { Tick, TickRun } from '../../support/tick-world.ts';
import { quote, runTicks, trade } from '../../support/tick-world.ts';

interface Plan {
  readonly qty: number;
  readonly side: 1 | -1;
  readonly stop: number;
  readonly targets: readonly number[];
  readonly isMarket: boolean;
  readonly steps: readonly (-1 | 0 | 1)[];
}

const plan = fc.record<Plan>({
  qty: fc.integer({ min: 1, max: 5 }),
  side: fc.constantFrom(1, -1),
  stop: fc.integer({ min: 1, max: 6 }),
  targets: fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 3 }),
  isMarket: fc.boolean(),
  steps: fc.array(fc.constantFrom(-1, 0, 1), { minLength: 5, maxLength: 60 }),
});

function walk({ steps }: Plan): Tick[] {
  const rows: Tick[] = [quote(-1000, 99, 50, 100, 50), trade(-900, 100, 1, 1)];
  let bid = 99;
  steps.forEach((step, k) => {
    bid += step;
    rows.push(quote(10 * (k + 1), bid, 50, bid + 1, 50));
    rows.push(trade(10 * (k + 1) + 5, step < 0 ? bid : bid + 1, 20, step < 0 ? -1 : 1));
  });
  return rows;
}

function run(given: Plan, isHeld: boolean): TickRun {
  const { qty, side, stop, isMarket } = given;
  const targets = given.targets.slice(0, qty);
  return runTicks({
    ticks: walk(given),
    script: [
      [
        1,
        (ctx, ids) => {
          const group = ctx.bracket({
            contract: ctx.contract('ES'),
            side,
            qty: qty as Qty,
            ...(isMarket
              ? { type: 'market' }
              : { type: 'limit', limitTicks: side === 1 ? 99 : 100 }),
            stop: { at: { offsetTicks: stop } },
            targets: targets.map((offsetTicks) => ({ at: { offsetTicks } })),
          } as never);
          ids['entry'] = group.entry!;
          ids['stop'] = group.stop!;
          group.targets.forEach((id, k) => (ids[`target${k}`] = id));
        },
      ],
    ],
    run: (config) =>
      isHeld ? new Engine({ ...config, venue: heldOver(config.venue) }).run() : runEngine(config),
  });
}

const fillsOf = ({ told }: TickRun): string[] => told.filter((line) => line.includes(' fill '));
/** How each order ended, without the words of the venue. */
const endsOf = ({ told }: TickRun): string[] =>
  told.filter((line) => / (Canceled|Rejected|Expired) /.test(`${line} `));

test.prop([plan], { numRuns: 60 })('a bracket fills alike, whoever holds it', (given) => {
  const [venue, us] = [run(given, false), run(given, true)];
  expect(fillsOf(us)).toEqual(fillsOf(venue));
  expect(us.finalEquityMicros).toBe(venue.finalEquityMicros);
  expect(endsOf(us)).toEqual(endsOf(venue));
});
