/** Wall-clock time for programs that use an adapter by itself. */
import type { Scheduler } from '../../core/live.ts';
import type { TsUs } from '../../core/units.ts';

/** Time of the machine, in whole microseconds UTC; timers keep the process alive until they ran or were taken back. */
export const systemScheduler: Scheduler = {
  nowUs: () => (Date.now() * 1000) as TsUs,
  after(delayUs, task) {
    const timer = setTimeout(task, Math.ceil(delayUs / 1000));
    return () => clearTimeout(timer);
  },
};
