/** What a dataset says of itself: `catalog/datasets/<name>/manifest.json`. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type {
  BarInterval,
  BarStamp,
  MarketDataKind,
  StampStatement,
  VolumeStatement,
} from '../core/bars.ts';
import { MARKET_DATA_KINDS } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import type { ContractId } from '../core/instrument.ts';

export const MANIFEST_VERSION = 1;
/** A segment takes some 400 bytes: half a million of them. */
export const MANIFEST_BYTES_MAX = 200_000_000;

/** `ticks`: every price is a whole count of `increment`. `float`: the source has no grid; counts may be fractional. */
export interface GridStatement {
  readonly kind: 'ticks' | 'float';
  /** Price of one count. */
  readonly increment: number;
}

/** One file: one year (UTC) of one contract, of one kind and interval. */
export interface SegmentEntry {
  readonly kind: MarketDataKind;
  readonly contract: ContractId;
  readonly root: string;
  /** Null for all kinds but bars and quote bars. */
  readonly interval: BarInterval | null;
  readonly year: number;
  /** Below the dataset's folder. The name carries the first digits of the checksum. */
  readonly file: string;
  readonly rows: number;
  /** Open of the first bar, or time of the first row; µs UTC. */
  readonly firstUs: number;
  /** Close of the last bar, or time of the last row; µs UTC. */
  readonly lastUs: number;
  readonly sha256: string;
  readonly bytes: number;
}

/** The statements that the maker of a dataset owes its readers. */
export interface DatasetMeta {
  readonly name: string;
  /** Program and version, such as `frontmonth 0.1.0`. */
  readonly createdBy: string;
  readonly isSynthetic: boolean;
  readonly description: string;
  readonly source: string;
  readonly license?: string;
  /** By product root. */
  readonly grids: Readonly<Record<string, GridStatement>>;
  readonly volume: VolumeStatement;
  readonly stamps: StampStatement;
  /** Where the source stamped its bars; on disk both ends are given. */
  readonly barStamp: BarStamp;
  /** By product root: the currency of the prices, or a word on it. */
  readonly currencies?: Readonly<Record<string, string>>;
  /** Anything a maker wants to keep with the data, such as given roll calendars. Plain JSON. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export interface DatasetManifest extends DatasetMeta {
  readonly schemaVersion: typeof MANIFEST_VERSION;
  /** Counts the commits; 0 for a new dataset. */
  readonly generation: number;
  /** Sorted by contract, kind, interval and year. */
  readonly segments: readonly SegmentEntry[];
  /** SHA-256 over the segments' keys and checksums. */
  readonly checksum: string;
}

const grid = z.strictObject({ kind: z.enum(['ticks', 'float']), increment: z.number().positive() });
const segment = z.strictObject({
  kind: z.enum(MARKET_DATA_KINDS),
  contract: z.string().regex(/^[A-Z0-9_]{1,20}[FGHJKMNQUVXZ]\d{4}$/),
  root: z.string(),
  interval: z
    .string()
    .regex(/^[1-9]\d*[smhd]$/)
    .nullable(),
  year: z.int(),
  file: z.string().regex(/^segments\/[\w.-]+\.arrow$/),
  rows: z.int().nonnegative(),
  firstUs: z.number(),
  lastUs: z.number(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().positive(),
});
const manifest = z.strictObject({
  schemaVersion: z.literal(MANIFEST_VERSION),
  generation: z.int().nonnegative(),
  name: z.string(),
  createdBy: z.string(),
  isSynthetic: z.boolean(),
  description: z.string(),
  source: z.string(),
  license: z.string().optional(),
  grids: z.record(z.string(), grid),
  volume: z.enum(['known', 'unknown', 'placeholder']),
  stamps: z.enum(['instants', 'labels']),
  barStamp: z.enum(['open', 'close']),
  currencies: z.record(z.string(), z.string()).optional(),
  extra: z.record(z.string(), z.unknown()).optional(),
  segments: z.array(segment),
  checksum: z.string(),
});

/** The validator, for the published JSON Schema. */
export function datasetManifestSchema(): z.ZodType {
  return manifest;
}

/** The text of a manifest file. */
export function formatManifest(value: DatasetManifest): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}

/** Errors: E_MANIFEST, naming the field. */
export function parseManifest(text: string, path: string): DatasetManifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw manifestError(path, 'it is not JSON', cause);
  }
  const parsed = manifest.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw manifestError(path, `${issue.path.join('.') || 'the document'}: ${issue.message}`);
  }
  // The pattern of the schema is the definition of the branded types.
  const value = parsed.data as unknown as DatasetManifest;
  if (value.checksum !== checksumOf(value.segments))
    throw manifestError(path, 'checksum: it does not match the segments listed');
  return value;
}

/** A stable order and identity of segments. */
export function segmentKey(
  entry: Pick<SegmentEntry, 'contract' | 'kind' | 'interval' | 'year'>,
): string {
  return `${entry.contract}/${entry.kind}/${entry.interval ?? '-'}/${entry.year}`;
}

/** SHA-256 in hex over the sorted keys and checksums of segments; of those a run read, it identifies its data. */
export function checksumOf(segments: readonly SegmentEntry[]): string {
  const lines = segments.map((entry) => `${segmentKey(entry)} ${entry.sha256}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex');
}

export function sortSegments(segments: Iterable<SegmentEntry>): SegmentEntry[] {
  return [...segments].sort((a, b) => {
    const [left, right] = [segmentKey(a), segmentKey(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  });
}

/** Errors: E_MANIFEST. */
export function manifestError(path: string, reason: string, cause?: unknown): TradingError {
  return new TradingError('E_MANIFEST', `the manifest cannot be read: ${reason}`, {
    details: { path, reason },
    where: path,
    rule: `a manifest is JSON of schema version ${MANIFEST_VERSION}`,
    fix: 'restore the file from a copy, or import the dataset again',
    ...(cause === undefined ? {} : { cause }),
  });
}
