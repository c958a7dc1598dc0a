/** The process: the only files of the command line that touch `process` are this one and `work-thread.ts`. */
import { createInterface } from 'node:readline/promises';
import { Worker } from 'node:worker_threads';
import { runCli } from './app.ts';
import type { Host } from './host.ts';

/** Commands whose work is synchronous for seconds: they run in a thread, so that this one can hear signals. */
const LONG_COMMANDS: ReadonlySet<string> = new Set([
  'backtest',
  'rerun',
  'check',
  'demo',
  'data',
  'exchange',
]);
const SECOND_PRESS_MS = 3000;

export async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  // A reader that went away (`| head`) is not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    throw error;
  });
  const isLong = LONG_COMMANDS.has(argv.find((word) => !word.startsWith('-')) ?? '');
  const isHelp = argv.includes('--help') || argv.includes('-h');
  process.exitCode =
    isLong && !isHelp ? await runInThread(argv) : await runCli(argv, processHost());
}

function processHost(): Host {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    isInputTty: process.stdin.isTTY === true,
    env: process.env,
    cwd: process.cwd(),
    nowMs: () => Date.now(),
    loadServices: async () => (await import('./services.ts')).connectServices(),
    ask: async (question) => {
      const reader = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return await reader.question(question);
      } finally {
        reader.close();
      }
    },
    stopSignal: () => null,
    openInBrowser: async (file) => {
      const { default: open } = await import('open');
      await open(file);
    },
  };
}

/** What the thread gets from the process. */
export interface ThreadData {
  readonly argv: readonly string[];
  /** Element 0: 0 none, 1 SIGINT, 2 SIGTERM. */
  readonly signal: Int32Array;
  readonly stdout: { readonly isTTY: boolean; readonly columns: number | undefined };
  readonly stderr: { readonly isTTY: boolean; readonly columns: number | undefined };
}

async function runInThread(argv: readonly string[]): Promise<number> {
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const data: ThreadData = {
    argv,
    signal,
    stdout: { isTTY: process.stdout.isTTY === true, columns: process.stdout.columns },
    stderr: { isTTY: process.stderr.isTTY === true, columns: process.stderr.columns },
  };
  const worker = startThread(data);
  listen(signal);
  return new Promise((resolve, reject) => {
    let code = 70;
    worker.on('message', (value: unknown) => {
      if (typeof value === 'number') code = value;
    });
    worker.on('error', reject);
    worker.on('exit', () => resolve(code));
  });
}

function startThread(data: ThreadData): Worker {
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./work-thread.js', import.meta.url), { workerData: data });
  // In a checkout the loader of this thread does not reach the other one, so it registers its own.
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const entry = JSON.stringify(new URL('./work-thread.ts', import.meta.url).href);
  const code = `import(${loader}).then(({ register }) => { register(); return import(${entry}); })`;
  return new Worker(code, { eval: true, workerData: data });
}

/** The first signal asks to stop, a second one within three seconds ends the process. */
function listen(signal: Int32Array): void {
  let firstMs = -Infinity;
  const onSignal = (name: NodeJS.Signals): void => {
    const isSecond = Atomics.load(signal, 0) !== 0 && Date.now() - firstMs <= SECOND_PRESS_MS;
    if (isSecond) process.exit(name === 'SIGTERM' ? 143 : 130);
    firstMs = Date.now();
    Atomics.store(signal, 0, name === 'SIGTERM' ? 2 : 1);
    process.stderr.write('\nstopping cleanly; once more within 3 s aborts\n');
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}
