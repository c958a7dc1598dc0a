/** Which contracts a margin call closes. A pure decision: who sends the orders, and when, is the account's. */

/**
 * `immediate`: at the next event. `graceUntil`: when the named event of the session comes and equity is still short.
 * `rejectNewRiskOnly`: nothing is closed; new risk is denied.
 */
export type LiquidationPolicy =
  | { readonly kind: 'immediate' }
  | {
      readonly kind: 'graceUntil';
      readonly event: 'session-close' | 'settlement' | 'next-session-open';
    }
  | { readonly kind: 'rejectNewRiskOnly' };

export interface LiquidationRule {
  readonly policy: LiquidationPolicy;
  /** Closing stops when equity >= maintenance × (1 + buffer). */
  readonly buffer: number;
}

export interface HeldForMargin {
  readonly contractIndex: number;
  /** Row of the instrument: the tie-break. */
  readonly rank: number;
  readonly netQty: number;
  /** Maintenance margin of the whole position by itself, base currency. */
  readonly maintenanceMicros: number;
}
export interface CloseStep {
  readonly contractIndex: number;
  readonly qty: number;
}

/**
 * Contracts to close, largest maintenance first, then by rank and contract: as few as make
 * `equity >= requirement(rest) × (1 + buffer)`. `requirement` gets the contracts left by row of `held`.
 */
export function contractsToClose(
  held: readonly HeldForMargin[],
  equityMicros: number,
  buffer: number,
  requirement: (leftQty: readonly number[]) => number,
): CloseStep[] {
  const order = held
    .map((_, row) => row)
    .toSorted(
      (a, b) =>
        held[b]!.maintenanceMicros - held[a]!.maintenanceMicros ||
        held[a]!.rank - held[b]!.rank ||
        held[a]!.contractIndex - held[b]!.contractIndex,
    );
  const left = held.map((position) => position.netQty);
  const isShort = (): boolean => equityMicros < requirement(left) * (1 + buffer);
  const steps: CloseStep[] = [];
  for (const row of order) {
    const position = held[row]!;
    let qty = 0;
    while (left[row] !== 0 && isShort()) {
      left[row]! -= Math.sign(position.netQty);
      qty += 1;
    }
    if (qty > 0) steps.push({ contractIndex: position.contractIndex, qty });
  }
  return steps;
}
