/** `frontmonth demo`: the sample if it is missing, one backtest over products and rolls, its report. */
import type { ExitCode } from '../../core/errors.ts';
import type { CommandCall } from '../command.ts';
import { backtest } from './backtest.ts';

/** Enough for whole contracts of eight products at the demo's risk per trade. */
const DEMO_CAPITAL = 1_000_000;

export async function run(call: CommandCall): Promise<ExitCode> {
  return backtest(call, 'donchian-breakout', { capital: DEMO_CAPITAL });
}
