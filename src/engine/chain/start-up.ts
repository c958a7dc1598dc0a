/** Start-up of a live chain: saved state, broker position and calendar are held against each other. Pure. */
import type { ContractId } from '../../core/instrument.ts';
import { describeRollRule } from '../../core/roll.ts';
import { conditionOf, rollWindow } from '../../core/rolls/window.ts';
import { parseContractId } from '../../core/symbology.ts';
import type { TsUs } from '../../core/units.ts';
import { positionError, stateError } from './chain-errors.ts';
import type { BrokerPosition, LiveChainConfig, LiveChainState } from './types.ts';

/** Positions of one product that are not flat. */
export function heldPositions(
  positions: readonly BrokerPosition[],
  root: string,
): BrokerPosition[] {
  return positions.filter(
    ({ contract, netQty }) => netQty !== 0 && parseContractId(contract).root === root,
  );
}

/**
 * Where the calendar says that the chain should be: the first contract whose window is not over. Errors: E_CHAIN_STATE when
 * the chain has none.
 */
export function calendarPosition(
  config: Pick<LiveChainConfig, 'root' | 'rule' | 'contracts' | 'calendar'>,
  atUs: number,
): number {
  const { rule, contracts, calendar, root } = config;
  if (rule.kind === 'given' && rule.rolls !== undefined) {
    const last = rule.rolls.findLast((roll) => roll.atUs < atUs);
    const id = last?.to ?? rule.rolls[0]?.from;
    const at = contracts.findIndex((contract) => contract.id === id);
    if (at >= 0) return at;
  }
  const date = calendar.tradeDateOf(atUs as TsUs);
  const at = contracts.findIndex((contract) => rollWindow(rule, contract, calendar).ends > date);
  if (at >= 0) return at;
  throw stateError(`every contract of the chain of ${root} is over`, {
    contracts: contracts.length,
    last: contracts.at(-1)?.id ?? null,
  });
}

/**
 * Every position is in a contract that is allowed, and in one only, or in the two of a move that is under way.
 * Errors: E_CHAIN_POSITION.
 */
export function checkPositions(
  positions: readonly BrokerPosition[],
  allowed: readonly ContractId[],
  words: { readonly why: string; readonly pair?: readonly [ContractId, ContractId] | null },
): void {
  const list = positions.map(({ contract, netQty }) => `${netQty} ${contract}`).join(', ');
  const strange = positions.find(({ contract }) => !allowed.includes(contract));
  if (strange !== undefined)
    throw positionError(`the broker has ${list}; ${words.why}`, {
      position: strange.contract,
      positions,
      allowed,
    });
  const pair = words.pair ?? null;
  const isPair = pair !== null && positions.every(({ contract }) => pair.includes(contract));
  if (positions.length > 1 && !isPair)
    throw positionError(
      `the broker has positions in ${positions.length} contracts: ${list}; ${words.why}`,
      { positions, allowed },
    );
}

/** A state that belongs to this chain, did not stop, and is not ahead of the calendar. Errors: E_CHAIN_STATE. */
export function checkSaved(saved: LiveChainState, config: LiveChainConfig, decides: string): void {
  const { root, rule, intervals, contracts } = config;
  if (saved.version !== 1)
    throw stateError(`the saved state has version ${String(saved.version)}, known is 1`, {});
  if (saved.root !== root)
    throw stateError(`the saved state is of ${saved.root}, the chain of ${root}`, {
      saved: saved.root,
      root,
    });
  const text = describeRollRule(rule);
  if (saved.rule !== text)
    throw stateError(`the saved state rolls by ${saved.rule}, the chain by ${text}`, {
      saved: saved.rule,
      rule: text,
    });
  if (saved.decides !== decides || saved.intervals.join() !== intervals.join())
    throw stateError(
      `the saved state has bars of ${saved.intervals.join(', ')}, decided by ${saved.decides}; the chain ${intervals.join(', ')}, by ${decides}`,
      { saved: saved.intervals, intervals },
    );
  if (saved.stopped !== null)
    throw stateError(`the chain had stopped: ${saved.stopped.message}`, { ...saved.stopped });
  checkAhead(saved, { ...config, contracts });
}

/** One contract beyond the calendar's is a roll inside its window; more is a mistake, where dates alone decide. */
function checkAhead(saved: LiveChainState, config: LiveChainConfig): void {
  if (saved.doneUs === null) return;
  const { contracts, rule } = config;
  const at = contracts.findIndex(({ id }) => id === saved.stepper.current);
  const should = calendarPosition(config, saved.doneUs);
  if (at < 0)
    throw stateError(`the saved state holds ${saved.stepper.current}, which the chain lacks`, {
      contract: saved.stepper.current,
    });
  if (at > should + 1 && conditionOf(rule) === null)
    throw stateError(
      `the saved state holds ${contracts[at]!.id}; the calendar says ${contracts[should]!.id}`,
      { saved: contracts[at]!.id, calendar: contracts[should]!.id },
    );
}
