/** The plain loop as a program of its own, timed as the others are. Arguments: bars, runs, file for the fills, `open` or `close`. */
import { Checksum, makeBars } from './bars.ts';
import type { FillAt } from './plain.ts';
import { plainCross } from './plain.ts';
import { measure, programArguments } from './program.ts';

const { bars, runs, fillsFile, rest } = programArguments();
const at = (rest[0] ?? 'open') as FillAt;
const batches = makeBars(bars);
await measure({
  program: 'plain loop',
  version: process.version,
  bars,
  runs,
  fillsFile,
  run: () => plainCross(batches, bars, at),
  fills: (run) => run,
  profitCents: (run) => run.profitCents,
  checksum: () => {
    const sum = new Checksum();
    for (const batch of batches) sum.add(batch);
    return sum.value;
  },
});
