/** What other resolutions of the ambiguous bars would have earned: the bounds of any policy, and the draws of `seeded`. */
import { SilentJournal } from '../engine/journal.ts';
import type { RandomSource } from '../core/ports.ts';
import { PATH_POLICIES, PATH_STREAM, TOUCH_STREAM } from '../sim/bar-policies.ts';
import type { Pass, PreparedRun, simulate as Simulate } from './backtest.ts';
import { computeMetrics } from './metrics.ts';
import type { RunData } from './run-data.ts';
import type { RunSummary } from './run-format.ts';
import { metricsInput } from './summary.ts';

const SEEDED_RUNS = 20;
const STREAMS_APART = 0x10000;

/** The random source of one draw: the paths of bars differ from draw to draw, everything else stays. */
export function drawOf(random: RandomSource, draw: number): RandomSource {
  if (draw === 0) return random;
  return {
    seed: random.seed,
    uniform: (stream, a, b, c) => {
      const isPath = stream === PATH_STREAM || stream === TOUCH_STREAM;
      return random.uniform(isPath ? stream + draw * STREAMS_APART : stream, a, b, c);
    },
  };
}

/** Whole units of the account's currency. */
export function netProfitOf(run: RunData): number {
  return computeMetrics(metricsInput(run))['netProfit']?.value ?? 0;
}

export type FillSpread = Pick<RunSummary['ambiguity'], 'bounds' | 'seeded'>;

/**
 * Full simulations of the worst and the best resolution where the headline is neither, and of further draws where it is
 * one. Nothing for a run that stopped, asked for no bounds, or whose own bound stands beside it already.
 */
export function spreadOf(
  prepared: PreparedRun,
  main: Pass,
  bound: Pass | null,
  simulate: typeof Simulate,
  netOf: (pass: Pass) => number,
): FillSpread {
  const { options } = prepared;
  // An imitation of another program leaves nothing open.
  const isOpen = (PATH_POLICIES as readonly string[]).includes(options.fills);
  const isHeld = bound !== null || !options.bounds || !isOpen || options.fills === 'pessimistic';
  if (isHeld || main.result.outcome !== 'completed') return {};
  // Policies and draws differ in ambiguous groups and touched limits only.
  const isDrawn = typeof options.barFills?.touch === 'object';
  const isSame = main.recorder.tables().ambiguities.length === 0;
  const run = (policy: typeof options.fills, draw: number = 0): number =>
    netOf(simulate(prepared, policy, new SilentJournal(), undefined, 0, draw));
  const own = netOf(main);
  const worst = isSame ? own : run('pessimistic');
  const best = isSame || options.fills === 'optimistic' ? own : run('optimistic');
  const bounds = { worst, best };
  if (options.fills !== 'seeded') return { bounds };
  const runs = options.barFills?.seededRuns ?? SEEDED_RUNS;
  const nets = [own];
  for (let draw = 1; draw < runs; draw += 1) {
    nets.push(isSame && !isDrawn ? own : run('seeded', draw));
  }
  nets.sort((a, b) => a - b);
  const at = (share: number): number => nets[Math.max(0, Math.ceil(share * nets.length) - 1)]!;
  return {
    bounds,
    seeded: { runs, p05: at(0.05), p25: at(0.25), p50: at(0.5), p75: at(0.75), p95: at(0.95) },
  };
}
