import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { verifySegments } from '../../src/data/verify.ts';
import { prepareRun } from '../../src/research/backtest.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { backtestOptions, makeSampleCatalog } from '../support/sample-catalog.ts';

let sample: SampleCatalog;
beforeAll(() => {
  sample = makeSampleCatalog({ products: ['ES'], from: '2022-01-03', intervals: ['1d'] });
});
afterAll(() => sample.remove());

/** Flips one bit in the middle of a file; its length stays. */
function flip(path: string): void {
  const fd = openSync(path, 'r+');
  const byte = new Uint8Array(1);
  readSync(fd, byte, 0, 1, 1500);
  byte[0]! ^= 1;
  writeSync(fd, byte, 0, 1, 1500);
  closeSync(fd);
}

describe('checksums of what a run reads', () => {
  it('pass on the files as written, and stop a run when one bit has changed', () => {
    const dataset = openCatalog(sample.catalogDir).dataset('sample');
    verifySegments(dataset, dataset.manifest.segments);
    const options = backtestOptions(sample, 'donchian-breakout', {
      instruments: ['ES'],
      params: { entryBars: 10, exitBars: 5 },
    });
    const { plan } = prepareRun(options);
    const [read] = plan.segments;
    flip(dataset.pathOf(read!));
    const attempt = (): unknown => prepareRun(options);
    expect(attempt).toThrow(TradingError);
    expect(attempt).toThrow(read!.file);
    flip(dataset.pathOf(read!));
    expect(() => prepareRun(options)).not.toThrow();
  });
});
