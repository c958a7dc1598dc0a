/** Ctrl-C as the commands see it: a question that can be asked in the middle of synchronous work. */
import type { ExitCode } from '../core/errors.ts';
import { EXIT } from '../core/errors.ts';
import type { Host } from './host.ts';

export interface Interrupts {
  /** True once a stop was asked for. */
  readonly isStopping: () => boolean;
  /** 130 or 143; null when no stop was asked for. */
  readonly exitCode: () => ExitCode | null;
}

export function watchInterrupts(host: Host): Interrupts {
  return {
    isStopping: () => host.stopSignal() !== null,
    exitCode: () => {
      const signal = host.stopSignal();
      if (signal === null) return null;
      return signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
    },
  };
}
