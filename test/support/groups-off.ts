/** A venue whose groups are switched off, so that whoever holds them for it must do all by single orders. */
import type { VenueCapabilities } from '../../src/core/execution.ts';
import type { JournalPort, SimulatedVenue } from '../../src/core/ports.ts';
import type { TsUs } from '../../src/core/units.ts';
import { HeldGroups } from '../../src/engine/held-groups/held-groups.ts';

type Features = VenueCapabilities['features'];

/** All calls go to `venue`; `onCall` hears of each. A group sent to it is an error. */
export function withoutGroups(
  venue: SimulatedVenue,
  features: Partial<Features> = {},
  onCall: (name: string, args: readonly unknown[]) => void = () => {},
): SimulatedVenue {
  const { capabilities } = venue;
  const poorer = {
    ...capabilities,
    features: { ...capabilities.features, ...features, groups: [] },
  };
  return new Proxy(venue, {
    get(target, key) {
      if (key === 'capabilities') return poorer;
      const value = Reflect.get(target, key, target) as unknown;
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        if (key === 'submitGroup') throw new Error('a group reached a venue that holds none');
        onCall(String(key), args);
        return (value as (...all: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}

export class Lines implements Pick<JournalPort, 'append' | 'flush'> {
  readonly lines: { seq: number; tsUs: number; kind: string; body: Record<string, unknown> }[] = [];

  append(kind: string, tsUs: TsUs, body: Readonly<Record<string, unknown>>): number {
    const seq = this.lines.length;
    this.lines.push({ seq, tsUs, kind, body: structuredClone(body) as Record<string, unknown> });
    return seq;
  }
  flush(): void {}
}

/** Held by us over a venue of which the clock is read from what it hears. */
export function heldOver(venue: SimulatedVenue, features: Partial<Features> = {}): HeldGroups {
  let nowUs = 0;
  const hear = (us: number | undefined): void => {
    if (us !== undefined) nowUs = Math.max(nowUs, us);
  };
  const inner = withoutGroups(venue, features, (name, args) => {
    if (name === 'onTick') hear((args[2] as { tsUs: Float64Array }).tsUs[args[3] as number]);
    else if (name === 'onBar')
      hear((args[1] as { closeUs: Float64Array }).closeUs[args[2] as number]);
    else if (name === 'onTime') hear(args[0] as number);
    else hear((args[0] as { sentUs?: number } | undefined)?.sentUs);
  });
  return new HeldGroups({ venue: inner, journal: new Lines(), nowUs: () => nowUs as TsUs });
}
