/** What a venue can do and how it does it, as data: a run "as on" a venue refuses or emulates what that venue lacks. */
import type { VenueCapabilities } from '../execution.ts';

export const VENUE_PROFILE_NAMES = ['ideal', 'projectx', 'ib', 'cqg'] as const;
export type VenueProfileName = (typeof VENUE_PROFILE_NAMES)[number];

/** Who looks after a group: the exchange in the same instant as the fill, or a server in between, by messages. */
export interface GroupRules {
  readonly isAtomic: boolean;
  /** Milliseconds between a fill and what it does to the other orders of its group; 0 where atomic. */
  readonly actionMs: number;
  /** Exits follow each fill of the entry, or wait for the last one, where the strategy does not say. */
  readonly release: 'partial' | 'full';
  /** What becomes of the other exits when one is cancelled by hand. */
  readonly onLegCancel: 'cancel' | 'keep';
  /** Groups of which the broker lets no second order fill while the first is being filled: no overfill, though by messages. */
  readonly blocks: readonly ('oco' | 'ouo')[];
}

/** What a change of a working order may change, and what it costs. */
export interface ModifyRules {
  /** The order keeps its id at the venue; otherwise it gets a new one with each change. */
  readonly keepsId: boolean;
  /** A trailing order may be changed in its price too, or in its size alone. */
  readonly trailing: 'price' | 'size';
}

/** Milliseconds that messages take where a run gives no latency. Nobody publishes figures: 0, which a run on ticks says. */
export interface LatencyDefaults {
  readonly entry: number;
  readonly response: number;
  /** From the broker's own desk to the exchange: what it sends to close a position on a margin call or a breach. */
  readonly broker: number;
}

/** Something that the venue lacks and that is done for it, safely. */
export interface Emulation {
  readonly what: 'day' | 'gtd' | 'ioc' | 'oco' | 'ouo' | 'bracket' | 'multi-target';
  readonly how: string;
}

export interface ProfileFact {
  /** What the profile says, in words. */
  readonly fact: string;
  /** Where it was read, or `assumed`. */
  readonly source: string;
}

export interface VenueProfile {
  readonly name: VenueProfileName;
  readonly title: string;
  /** What a strategy may use in a run with this profile, emulations included. */
  readonly capabilities: VenueCapabilities;
  readonly groups: GroupRules;
  readonly modify: ModifyRules;
  readonly latencyMs: LatencyDefaults;
  /** Orders that arrive while the market is closed wait for its opening, or are rejected. */
  readonly closed: 'queue' | 'reject';
  /** A stop whose price has been reached when it arrives. */
  readonly stopInMarket: 'trigger' | 'reject';
  /** Ticks of protection for market and stop orders; null: none. */
  readonly protectionTicks: number | null;
  /** Least distance of an attached stop from its entry, in ticks. */
  readonly stopTicksMin: number;
  readonly emulated: readonly Emulation[];
  readonly facts: readonly ProfileFact[];
}
