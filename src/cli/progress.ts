/** A progress bar on stderr: only on a terminal, at most ten updates a second, its last state stays as one line. */
import { SingleBar } from 'cli-progress';
import type { Output } from './output.ts';

export interface Progress {
  /** `fraction` from 0 to 1. */
  update(phase: string, fraction: number, note: string): void;
  stop(): void;
}

const NONE: Progress = { update() {}, stop() {} };

export function createProgress(out: Output): Progress {
  if (!out.isAnimated('stderr')) return NONE;
  const isUnicode = out.isUnicode('stderr');
  const bar = new SingleBar({
    // The typings want a process stream; the bar needs only what a terminal stream has.
    stream: out.host.stderr as unknown as NodeJS.WriteStream,
    format: ' {phase} {bar} {percentage}%  {note}',
    barCompleteChar: isUnicode ? '█' : '#',
    barIncompleteChar: isUnicode ? '░' : '-',
    barsize: 26,
    fps: 10,
    hideCursor: true,
    linewrap: false,
  });
  let isStarted = false;
  return {
    update(phase, fraction, note) {
      const payload = { phase: phase.padEnd(9), note };
      if (!isStarted) bar.start(1000, Math.round(fraction * 1000), payload);
      else bar.update(Math.round(fraction * 1000), payload);
      isStarted = true;
    },
    stop() {
      if (isStarted) bar.stop();
      isStarted = false;
    },
  };
}
