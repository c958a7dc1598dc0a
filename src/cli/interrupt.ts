/** Ctrl-C: the first one stops cleanly, a second one within three seconds aborts. */
import type { ExitCode } from '../core/errors.ts';
import { EXIT } from '../core/errors.ts';
import type { Output } from './output.ts';

const SECOND_PRESS_MS = 3000;

export interface Interrupts {
  /** True once a stop was asked for. */
  readonly isStopping: () => boolean;
  /** 130 or 143; null when no stop was asked for. */
  readonly exitCode: () => ExitCode | null;
  readonly dispose: () => void;
}

export function watchInterrupts(out: Output): Interrupts {
  let code: ExitCode | null = null;
  let firstMs = -Infinity;
  const dispose = out.host.onSignal((signal) => {
    const nowMs = out.host.nowMs();
    const signalCode = signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
    if (code !== null && nowMs - firstMs <= SECOND_PRESS_MS) {
      out.host.abort(signalCode);
      return;
    }
    if (code === null) out.talk('stopping after this step; press Ctrl-C again to abort');
    code ??= signalCode;
    firstMs = nowMs;
  });
  return { isStopping: () => code !== null, exitCode: () => code, dispose };
}
