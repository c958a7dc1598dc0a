/** The rules of groups by themselves: random forests of orders, and what must hold whatever happens to them. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { GroupAction, GroupState, LegShape } from '../../../src/core/groups/group-state.ts';
import {
  legCut,
  legEnded,
  legFilled,
  legQtyProblem,
  legReplaced,
  openGroup,
} from '../../../src/core/groups/group-state.ts';

const rules = fc.record({
  peers: fc.constantFrom<'oco' | 'ouo' | 'none'>('oco', 'ouo', 'ouo', 'none'),
  release: fc.constantFrom<'partial' | 'full'>('partial', 'partial', 'full'),
  onLegCancel: fc.constantFrom<'cancel' | 'keep'>('cancel', 'keep'),
  onChildFill: fc.constantFrom<'keep' | 'cancel-parent'>('keep', 'keep', 'cancel-parent'),
});
/** An entry with one or two sets of exits, each split as its numbers say; or a set without an entry. */
const shape = fc
  .record({
    hasEntry: fc.boolean(),
    sets: fc.array(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 2,
    }),
  })
  .map(({ hasEntry, sets }): LegShape[] => {
    const sums = sets.map((targets) => targets.reduce((sum, qty) => sum + qty, 0));
    const legs: LegShape[] = [];
    const parent = hasEntry ? 0 : -1;
    if (hasEntry) legs.push({ role: 'entry', qty: Math.max(...sums), parent: -1, set: -1 });
    sets.forEach((targets, set) => {
      for (const qty of targets) legs.push({ role: 'target', qty, parent, set });
      legs.push({ role: 'stop', qty: sums[set]!, parent, set });
    });
    return legs;
  });
const event = fc.record({
  kind: fc.constantFrom('fill', 'fill', 'fill', 'fill', 'end', 'replace', 'cut'),
  leg: fc.nat(12),
  qty: fc.integer({ min: 1, max: 5 }),
  isFailure: fc.boolean(),
});
type Event = { kind: string; leg: number; qty: number; isFailure: boolean };

/** The exchange carries out what it is told at once, as a market does. */
function apply(state: GroupState, { kind, leg: pick, qty, isFailure }: Event): GroupAction[] {
  const index = pick % state.legs.length;
  const leg = state.legs[index]!;
  const all: GroupAction[] = [];
  if (!leg.isOpen) return all;
  const room = Math.min(leg.upTo, leg.qty) - leg.cum;
  if (kind === 'fill' && room > 0) legFilled(state, index, Math.min(qty, room), all);
  else if (kind === 'end') legEnded(state, index, { isByGroup: false, isFailure }, all);
  else if (kind === 'cut' && leg.qty - leg.cum > qty) legCut(state, index, leg.qty - qty, all);
  else if (kind === 'replace') {
    const next = leg.cum + qty;
    if (legQtyProblem(state, index, next) === null) legReplaced(state, index, next, all);
  }
  for (let k = 0; k < all.length; k += 1) {
    const action = all[k]!;
    if (action.kind === 'cancel')
      legEnded(state, action.leg, { isByGroup: true, isFailure: false }, all);
  }
  return all;
}

describe('the rules of groups', () => {
  test.prop([rules, shape, fc.array(event, { minLength: 1, maxLength: 40 })], { numRuns: 200 })(
    'go on from a copy as from themselves, size no leg beyond its order, and overfill nothing',
    (given, shapes, events) => {
      let state = openGroup({ groupId: 'g', messageUs: -1, ...given }, shapes);
      for (const each of events) {
        const copy = JSON.parse(JSON.stringify(state)) as GroupState;
        const actions = apply(state, each);
        expect(apply(copy, each)).toEqual(actions);
        expect(copy).toEqual(state);
        state = copy;
        for (const leg of state.legs) {
          expect(leg.cum).toBeLessThanOrEqual(leg.qty);
          if (leg.isOpen) expect(leg.upTo).toBeGreaterThanOrEqual(leg.cum);
          if (leg.isOpen) expect(leg.upTo).toBeLessThanOrEqual(leg.qty);
          expect(leg.isTold && leg.isOpen).toBe(false);
        }
        for (const action of actions) expect(action).not.toHaveProperty('flag', 'oco-overfill');
        state.sets.forEach((set, index) => {
          const legs = state.legs.filter((leg) => leg.set === index);
          const executed = legs.reduce((sum, leg) => sum + leg.cum, 0);
          expect(set.executed).toBe(executed);
          if (set.rule === 'oco')
            expect(legs.filter((leg) => leg.cum > 0).length).toBeLessThanOrEqual(1);
          if (set.rule === 'ouo' && set.parent >= 0)
            expect(executed).toBeLessThanOrEqual(state.legs[set.parent]!.cum);
        });
      }
    },
  );
  it('say how many contracts came too many when fills outrun the messages', () => {
    const state = openGroup(
      {
        groupId: 'g',
        peers: 'oco',
        release: 'partial',
        onLegCancel: 'cancel',
        onChildFill: 'keep',
        messageUs: 5,
      },
      [
        { role: 'target', qty: 5, parent: -1, set: 0 },
        { role: 'stop', qty: 5, parent: -1, set: 0 },
      ],
    );
    const out: GroupAction[] = [];
    legFilled(state, 0, 3, out);
    legFilled(state, 1, 2, out);
    expect(
      out.filter((action) => action.kind === 'flag' && action.flag === 'oco-overfill'),
    ).toEqual([]);
    legFilled(state, 1, 3, out);
    expect(out.at(-1)).toEqual({ kind: 'flag', leg: 1, qty: 3, flag: 'oco-overfill' });
  });
});
