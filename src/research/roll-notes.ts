/** What a schedule does that its user would want to know. */
import type { RollRecord, RollSchedule } from '../core/roll.ts';
import { describeRollRule } from '../core/roll.ts';
import { toIsoDate } from '../core/trade-date.ts';

export interface RollNote {
  readonly code: string;
  readonly message: string;
}

export function rollNotes(schedule: RollSchedule): RollNote[] {
  const notes: RollNote[] = [];
  const holes = schedule.holes ?? [];
  const skipped = holes.filter(({ what }) => what === 'skipped');
  if (skipped.length > 0)
    notes.push({
      code: 'W_ROLL_SKIPPED',
      message: `${listOf(skipped.map(({ from }) => from))} of ${schedule.root} ${skipped.length === 1 ? 'is' : 'are'} not held: no session close in common with the next contract (${listOf(skipped.map(({ to }) => to))})`,
    });
  for (const { what, from, to } of holes)
    if (what === 'stopped')
      notes.push({
        code: 'W_ROLL_STOPPED',
        message: `the chain of ${schedule.root} stops with ${from}: no session close in common with ${to}`,
      });
  const early = earlyRolls(schedule);
  if (early.length > 0)
    notes.push({
      code: 'W_ROLL_EARLY',
      message: `${describeRollRule(schedule.rule)} names a day before the old contract was even taken in ${early.length} of ${schedule.rolls.length} rolls of ${schedule.root}, first for ${early[0]!.from} (${toIsoDate(early[0]!.window!.desired!)}): the chain moves on as soon as the next contract has a price`,
    });
  return notes;
}

/** Rolls that were due before the roll into their contract. The first is left out: nothing says when it was taken. */
function earlyRolls({ rule, rolls }: RollSchedule): RollRecord[] {
  if (rule.kind === 'given') return [];
  return rolls.filter((roll, i) => {
    const desired = roll.window?.desired ?? null;
    return i > 0 && desired !== null && desired < rolls[i - 1]!.tradeDate;
  });
}

function listOf(ids: readonly string[]): string {
  if (ids.length <= 4) return ids.join(', ');
  return `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more`;
}
