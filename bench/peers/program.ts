/** What the two programs of ours share: timing as `measure.py` does it, and the answer as one line of JSON. */
import { writeFileSync } from 'node:fs';
import type { PeerResult } from './bars.ts';

export interface Fills {
  readonly row: ArrayLike<number>;
  readonly side: ArrayLike<number>;
  readonly ticks: ArrayLike<number>;
  readonly count: number;
}

interface Work<R> {
  readonly program: string;
  readonly version: string;
  readonly bars: number;
  readonly runs: number;
  readonly fillsFile: string;
  readonly checksum: () => number;
  readonly run: () => Promise<R> | R;
  readonly fills: (run: R) => Fills;
  readonly profitCents: (run: R) => number;
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** Runs, times and prints. The first run ends the cold figure; the best of the others is the warm one. */
export async function measure<R>(work: Work<R>): Promise<void> {
  const result = await work.run();
  const coldCpu = cpuSeconds();
  const coldWall = process.uptime();
  const peakMb = process.resourceUsage().maxRSS / 1024;
  const fills = work.fills(result);
  const profitCents = work.profitCents(result);
  const lines = Array.from(
    { length: fills.count },
    (_, i) => `${fills.row[i]},${fills.side[i]},${fills.ticks[i]}`,
  );
  writeFileSync(work.fillsFile, `${lines.join('\n')}\n`);
  let [warmCpu, warmWall] = [Infinity, Infinity];
  for (let i = 1; i < work.runs; i += 1) {
    const [cpu, wall] = [cpuSeconds(), process.uptime()];
    await work.run();
    warmCpu = Math.min(warmCpu, cpuSeconds() - cpu);
    warmWall = Math.min(warmWall, process.uptime() - wall);
  }
  const { program, version, bars, fillsFile } = work;
  const answer: PeerResult = {
    program,
    version,
    bars,
    checksum: work.checksum(),
    fillsFile,
    profitCents,
    coldCpu,
    coldWall,
    warmCpu,
    warmWall,
    peakMb,
  };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

/** Arguments of every program: bars, runs, file for the fills. */
export function programArguments(): {
  readonly bars: number;
  readonly runs: number;
  readonly fillsFile: string;
  readonly rest: readonly string[];
} {
  const [bars, runs, fillsFile, ...rest] = process.argv.slice(2);
  return { bars: Number(bars), runs: Number(runs), fillsFile: fillsFile!, rest };
}
