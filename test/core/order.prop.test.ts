import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OrderEventKind, OrdStatus } from '../../src/core/order.ts';
import {
  isTerminal,
  nextStatus,
  ORD_STATUS_CODE,
  ORDER_TRANSITIONS,
} from '../../src/core/order.ts';

const statuses = Object.keys(ORD_STATUS_CODE) as OrdStatus[];
const events = [
  'Submitted',
  'Denied',
  'Accepted',
  'Rejected',
  'Released',
  'Parked',
  'Unparked',
  'Triggered',
  'PartialFill',
  'Fill',
  'ReplaceRequested',
  'Replaced',
  'ReplaceRejected',
  'CancelRequested',
  'CancelRejected',
  'Canceled',
  'Expired',
  'Lost',
  'Reconciled',
] as const satisfies readonly OrderEventKind[];

describe('order transitions', () => {
  it.each(statuses.filter(isTerminal))('lets nothing happen to an order that is %s', (status) => {
    expect(ORDER_TRANSITIONS[status]).toBeUndefined();
    for (const event of events) expect(nextStatus(status, event, true)).toBeNull();
  });

  it('lets a fill that empties the order win over a pending cancel or replace', () => {
    expect(nextStatus('PendingCancel', 'Fill', true)).toBe('Filled');
    expect(nextStatus('PendingReplace', 'Fill', true)).toBe('Filled');
    expect(nextStatus('PendingCancel', 'CancelRejected', true)).toBe('PartiallyFilled');
    expect(nextStatus('PendingReplace', 'ReplaceRejected', false)).toBe('New');
  });

  it('lets an order that waits for a request live on: it is released, parked, and rejected by the market it waited for', () => {
    for (const status of ['New', 'PartiallyFilled', 'PendingReplace', 'PendingCancel'] as const)
      for (const event of ['Released', 'Parked', 'Unparked', 'Triggered', 'Accepted'] as const)
        expect(nextStatus(status, event, true), `${status} ${event}`).toBe(status);
    for (const status of ['PendingNew', 'New', 'PendingReplace', 'PendingCancel'] as const)
      expect(nextStatus(status, 'Rejected', false)).toBe('Rejected');
    // What has traded ends by a cancel.
    expect(nextStatus('PartiallyFilled', 'Rejected', true)).toBeNull();
    // Nobody asked.
    for (const status of ['New', 'PartiallyFilled'] as const)
      for (const event of ['ReplaceRejected', 'CancelRejected', 'Submitted'] as const)
        expect(nextStatus(status, event, true)).toBeNull();
  });

  it('stays inside the table along any path of legal events', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events), { maxLength: 40 }), (path) => {
        let status: OrdStatus = 'PendingNew';
        let hasFills = false;
        for (const event of path) {
          const next = nextStatus(status, event, hasFills || event === 'PartialFill');
          if (next === null) continue;
          if (event === 'PartialFill' || event === 'Fill') hasFills = true;
          expect(statuses).toContain(next);
          expect(isTerminal(status)).toBe(false);
          status = next;
        }
      }),
      { seed: 17, numRuns: 300 },
    );
  });
});
