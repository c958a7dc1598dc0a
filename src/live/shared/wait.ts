/** Waiting on the injected clock. */
import type { Scheduler } from '../../core/live.ts';

/** Resolves after `delayUs`. */
export function pause(scheduler: Scheduler, delayUs: number): Promise<void> {
  return new Promise((resolve) => {
    scheduler.after(delayUs, resolve);
  });
}

/** The promise, or what `onLate` throws when it takes longer. The late answer is dropped. */
export function within<T>(
  scheduler: Scheduler,
  limitUs: number,
  promise: Promise<T>,
  onLate: () => Error,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const undo = scheduler.after(limitUs, () => reject(onLate()));
    promise.then(
      (value) => {
        undo();
        resolve(value);
      },
      (error: unknown) => {
        undo();
        reject(error as Error);
      },
    );
  });
}
