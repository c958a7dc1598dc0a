/** The thread of a long command. It writes by itself and at once, because it does not yield while it simulates. */
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { runCli } from './app.ts';
import type { Host, TextStream } from './host.ts';
import type { ThreadData } from './main.ts';

const data = workerData as ThreadData;

/** Pipes may be full for a moment: what did not fit is written again. */
function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  let done = 0;
  while (done < bytes.length) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EPIPE') process.exit(0);
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function stream(fd: number, about: ThreadData['stdout']): TextStream {
  return { ...about, write: (text) => writeAll(fd, text) };
}

const host: Host = {
  stdout: stream(1, data.stdout),
  stderr: stream(2, data.stderr),
  // Questions are asked by short commands only.
  isInputTty: false,
  env: process.env,
  cwd: process.cwd(),
  nowMs: () => Date.now(),
  loadServices: async () => (await import('./services.ts')).connectServices(),
  ask: () => Promise.resolve(''),
  stopSignal: () => {
    const value = Atomics.load(data.signal, 0);
    return value === 0 ? null : value === 1 ? 'SIGINT' : 'SIGTERM';
  },
  openInBrowser: async (file) => {
    const { default: open } = await import('open');
    await open(file);
  },
};

parentPort?.postMessage(await runCli(data.argv, host));
