/** What the command line takes from the world. Tests give their own; only `main.ts` touches the process. */
import type { Services } from './services.ts';

export interface TextStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface Host {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  /** False when nobody can be asked. */
  readonly isInputTty: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
  readonly loadServices: () => Promise<Services>;
  /** Asks one line on the terminal. */
  readonly ask: (question: string) => Promise<string>;
  /** The signal that asks to stop, once it has come. Polled: the simulation is synchronous and never yields. */
  readonly stopSignal: () => 'SIGINT' | 'SIGTERM' | null;
  readonly openInBrowser: (file: string) => Promise<void>;
}
