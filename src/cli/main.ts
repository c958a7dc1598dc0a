/** The process: the only file of the command line that touches `process` streams, signals and exit codes. */
import { createInterface } from 'node:readline/promises';
import { runCli } from './app.ts';
import type { Host } from './host.ts';

export async function main(): Promise<void> {
  // A reader that went away (`| head`) is not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    throw error;
  });
  process.exitCode = await runCli(process.argv.slice(2), processHost());
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
    onSignal: (handler) => {
      process.on('SIGINT', handler);
      process.on('SIGTERM', handler);
      return () => {
        process.off('SIGINT', handler);
        process.off('SIGTERM', handler);
      };
    },
    abort: (code) => process.exit(code),
    openInBrowser: async (file) => {
      const { default: open } = await import('open');
      await open(file);
    },
  };
}
