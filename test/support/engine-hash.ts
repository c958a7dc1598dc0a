/** Prints the event hash of a small fixed run: started in other zones by the determinism test. */
import { Side } from '../../src/core/order.ts';
import { runEngine } from '../../src/engine/engine.ts';
import { hourly, makeWorld } from './engine-world.ts';

const world = makeWorld({
  front: [0, 1, 2].flatMap((day) => hourly(day, [100, 104, 99, 103, 98, 107], 100)),
  feeMicros: 2_500_000,
  strategy: {
    onBar(bar, ctx): void {
      ctx.targetPosition(ctx.contract('ES'), bar.close > 25 ? 1 : -1, { tag: 'cross' });
      ctx.note('at', { local: ctx.nowUs, side: Side.Buy });
    },
  },
});
process.stdout.write(`${runEngine(world.config).eventHash}\n`);
