#!/usr/bin/env node
// Runs the built program. In a git checkout it runs the sources, so that a stale build is never what answers.
import { existsSync } from 'node:fs';

const source = new URL('../src/cli/main.ts', import.meta.url);
const isCheckout = existsSync(new URL('../.git', import.meta.url)) && existsSync(source);
if (isCheckout) {
  const { register } = await import('tsx/esm/api');
  register();
  const { main } = await import(source.href);
  await main();
} else {
  const { main } = await import('../dist/cli/main.js');
  await main();
}
