/** `frontmonth demo`: the sample if it is missing, one backtest over products and rolls, its report. */
import type { ExitCode } from '../../core/errors.ts';
import type { CommandCall } from '../command.ts';
import { backtest } from './backtest.ts';

export async function run(call: CommandCall): Promise<ExitCode> {
  return backtest(call, 'donchian-breakout');
}
