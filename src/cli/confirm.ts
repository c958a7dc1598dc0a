/** A yes of a person: by flag, or asked for on a terminal. */
import { TradingError } from '../core/errors.ts';
import type { CommandCall } from './command.ts';
import { hasFlag } from './command.ts';

/** Returns when the answer is yes. Errors: E_CONFIRM when it is no, or nobody can be asked. */
export async function confirm(call: CommandCall, question: string, flag: string): Promise<void> {
  if (hasFlag(call, 'yes')) return;
  if (!call.host.isInputTty) {
    throw new TradingError('E_CONFIRM', `an answer is needed: ${question}`, {
      rule: 'there is no terminal to ask on',
      fix: `add ${flag}`,
    });
  }
  const answer = await call.host.ask(`${question} [y/N] `);
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new TradingError('E_CONFIRM', 'nothing was done', { fix: `answer y, or add ${flag}` });
}
