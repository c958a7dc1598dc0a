/** The profiles as a table for people: one row for each thing a venue may have, one word for each venue. Pure. */
import { ORDER_TYPE_CODE, TIME_IN_FORCE_CODE } from '../order.ts';
import type { VenueProfile } from './types.ts';

const TRIGGERS = ['last', 'bid-ask', 'mid', 'mark'] as const;
const FEATURES = ['replace', 'reduceOnly', 'postOnly', 'iceberg', 'protection'] as const;
const GROUPS = ['bracket', 'oco', 'ouo', 'multi-target'] as const;

export interface VenueTableRow {
  /** What is asked, a word of the API in the lists and a sentence in the rules. */
  readonly what: string;
  /** `yes`, `no`, `by us`, or the rule in words. */
  readonly cell: (profile: VenueProfile) => string;
}

export interface VenueTablePart {
  readonly title: string;
  /** Words of the API: a page prints them as code. */
  readonly isCode: boolean;
  readonly rows: readonly VenueTableRow[];
}

function words(
  title: string,
  all: readonly string[],
  has: (profile: VenueProfile, word: string) => boolean,
): VenueTablePart {
  const cell = (word: string) => (profile: VenueProfile) => {
    if (!has(profile, word)) return 'no';
    return profile.emulated.some(({ what }) => what === word) ? 'by us' : 'yes';
  };
  return { title, isCode: true, rows: all.map((word) => ({ what: word, cell: cell(word) })) };
}

const ticksOf = (count: number): string => `${count} tick${count === 1 ? '' : 's'}`;

/** How long after a fill the other orders of a group change, `0` for atomic, in words. */
function groupWords({ groups, emulated }: VenueProfile, kind: 'oco' | 'ouo' | 'bracket'): string {
  if (groups.isAtomic) return 'with the fill';
  if (emulated.some(({ what }) => what === kind)) return 'after a message of ours';
  const blocks = kind !== 'bracket' && groups.blocks.includes(kind);
  return blocks ? 'with the fill (blocked)' : `${groups.actionMs} ms later`;
}

export const VENUE_TABLE: readonly VenueTablePart[] = [
  words('Order type', Object.keys(ORDER_TYPE_CODE), ({ capabilities }, word) =>
    capabilities.orderTypes.includes(word as never),
  ),
  words('Time in force', Object.keys(TIME_IN_FORCE_CODE), ({ capabilities }, word) =>
    capabilities.timesInForce.includes(word as never),
  ),
  words('Trigger of a stop', TRIGGERS, ({ capabilities }, word) =>
    capabilities.triggers.includes(word as never),
  ),
  words(
    'Feature',
    FEATURES,
    ({ capabilities }, word) => capabilities.features[word as (typeof FEATURES)[number]],
  ),
  words('Group', GROUPS, ({ capabilities }, word) =>
    capabilities.features.groups.includes(word as never),
  ),
  {
    title: 'Rule',
    isCode: false,
    rows: [
      {
        what: 'groups are held by',
        cell: ({ groups }) => (groups.isAtomic ? 'the exchange' : 'the broker'),
      },
      {
        what: 'the other exit of a bracket changes',
        cell: (profile) => groupWords(profile, 'bracket'),
      },
      { what: 'the other orders of an OCO end', cell: (profile) => groupWords(profile, 'oco') },
      { what: 'the other orders of an OUO shrink', cell: (profile) => groupWords(profile, 'ouo') },
      {
        what: 'exits follow',
        cell: ({ groups }) => (groups.release === 'partial' ? 'each fill' : 'the last fill'),
      },
      {
        what: 'exits shrink when the position does',
        cell: ({ capabilities }) => (capabilities.features.reduceOnly ? 'yes' : 'no'),
      },
      {
        what: 'cancelling one exit',
        cell: ({ groups }) =>
          groups.onLegCancel === 'keep' ? 'leaves the others' : 'cancels the others',
      },
      {
        what: 'a change of an order',
        cell: ({ modify }) => (modify.keepsId ? 'keeps its id' : 'gives a new id'),
      },
      {
        what: 'a trailing order may be changed in',
        cell: ({ modify }) => (modify.trailing === 'price' ? 'size and price' : 'size alone'),
      },
      {
        what: 'orders while closed',
        cell: ({ closed }) => (closed === 'queue' ? 'wait' : 'are rejected'),
      },
      {
        what: 'a stop that is reached on arrival',
        cell: ({ stopInMarket }) => (stopInMarket === 'trigger' ? 'is elected' : 'is rejected'),
      },
      {
        what: 'least distance of an attached stop',
        cell: ({ stopTicksMin }) => ticksOf(stopTicksMin),
      },
      {
        what: 'protection of market and stop orders',
        cell: ({ protectionTicks }) =>
          protectionTicks === null ? 'none' : ticksOf(protectionTicks),
      },
      {
        what: 'messages take, unless a run says',
        cell: ({ latencyMs }) => `${latencyMs.entry + latencyMs.response} ms`,
      },
      { what: "the broker's own orders take", cell: ({ latencyMs }) => `${latencyMs.broker} ms` },
    ],
  },
];
