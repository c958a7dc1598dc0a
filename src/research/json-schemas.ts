/**
 * The documents that other programs read, as validators, and the JSON Schemas made from them (`frontmonth/schemas/*.json`).
 * Objects take further fields: adding one keeps the version of a schema.
 */
import { z } from 'zod';
import { calendarFileSchema } from '../calendars/user-calendar.ts';
import { datasetManifestSchema } from '../data/manifest.ts';
import { IMITATIONS } from '../sim/imitations/profiles.ts';
import { programmeSchema } from './programme.ts';
import { configSchema } from './project-config.ts';
import { RUN_SCHEMA } from './run-format.ts';

const count = z.int().nonnegative();
const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
const currency = z.string().regex(/^[A-Z]{3}$/);
const scalar = z.union([z.number(), z.string(), z.boolean()]);
const params = z.record(z.string(), scalar);
const outcome = z.enum(['completed', 'stopped', 'strategy-error', 'failed']);
const fillPolicy = z.enum([
  'pessimistic',
  'optimistic',
  'ohlc',
  'olhc',
  'nearest',
  'close-direction',
  'seeded',
  ...IMITATIONS,
  'drilldown',
]);
const returnBase = z.enum(['equity', 'fixed']);
const warning = z.looseObject({ code: z.string(), message: z.string() });
/** A ratio that is undefined is null and says why; never NaN. */
const figure = z.looseObject({ value: z.number().nullable(), reason: z.string().optional() });
const metrics = z.record(z.string(), figure);
const bounds = z.looseObject({ low: z.number().nullable(), high: z.number().nullable() });

const RUN_MANIFEST = z.looseObject({
  schema: z.literal(RUN_SCHEMA),
  runId: z.string(),
  createdUtc: z.string(),
  outcome,
  error: z
    .looseObject({ code: z.string(), message: z.string(), where: z.string().nullable() })
    .nullable(),
  program: z.looseObject({ name: z.literal('frontmonth'), version: z.string() }),
  strategy: z.looseObject({
    id: z.string(),
    version: z.string(),
    description: z.string(),
    file: z.string(),
    sourceSha256: z.string().nullable(),
    paramSchema: z.record(z.string(), z.looseObject({ kind: z.string() })),
  }),
  params,
  instruments: z.array(
    z.looseObject({
      root: z.string(),
      name: z.string(),
      currency,
      tickSize: z.number().positive(),
      decimals: count,
      tickValue: z.number(),
      multiplier: z.number(),
      zone: z.string(),
      sessionGroup: z.string(),
    }),
  ),
  datasets: z.array(
    z.looseObject({
      name: z.string(),
      checksum: z.string(),
      isSynthetic: z.boolean(),
      intervals: z.array(z.string()),
      volume: z.enum(['known', 'unknown', 'placeholder']),
      stamps: z.enum(['instants', 'labels']),
      isOnGrid: z.boolean(),
      source: z.string(),
    }),
  ),
  from: date,
  to: date,
  warmUp: z.looseObject({ from: date, until: date.nullable() }).nullable().optional(),
  outOfSample: date.nullable().optional(),
  seed: count,
  fillPolicy,
  capitalMicros: z.int(),
  currency,
  returnBase,
  costs: z.record(
    z.string(),
    z.looseObject({
      commissionPerSide: z.number(),
      exchangeFeePerSide: z.number(),
      slippageTicks: z.number(),
    }),
  ),
  rollRules: z.record(z.string(), z.string()),
  adjustments: z.record(z.string(), z.string()),
  executionIntervals: z.record(z.string(), z.string()),
  matching: z.record(z.string(), z.string()).optional(),
  eventHash: z.string(),
  events: count,
  bars: count,
  wallSeconds: z.number(),
  command: z.array(z.string()),
  config: z.record(z.string(), z.unknown()),
  tags: z.array(z.string()),
});

const SUMMARY = z.looseObject({
  runId: z.string(),
  outcome,
  isSynthetic: z.boolean(),
  strategy: z.string(),
  params,
  instruments: z.array(z.string()),
  from: date,
  to: date,
  currency,
  capitalMicros: z.int(),
  returnBase,
  fillPolicy,
  verdict: z.string(),
  metrics,
  optimistic: metrics.nullable(),
  oneBarLater: metrics.nullable().optional(),
  samples: z
    .looseObject({ outOfSampleFrom: date, inSample: metrics, outOfSample: metrics })
    .nullable()
    .optional(),
  intervals90: z.record(z.string(), bounds),
  trades: z.looseObject({ closed: count, open: count, ambiguous: count }),
  ambiguity: z.looseObject({
    groups: count,
    atStakeMicros: z.int(),
    isBarResolutionSensitive: z.boolean(),
    bounds: z.looseObject({ worst: z.number(), best: z.number() }).optional(),
    seeded: z
      .looseObject({ runs: count, p05: z.number(), p50: z.number(), p95: z.number() })
      .optional(),
  }),
  rolls: z.looseObject({ chains: count, positions: count, costMicros: z.int() }),
  orders: z.looseObject({
    submitted: count,
    filled: count,
    denied: z.record(z.string(), count),
    rejected: z.record(z.string(), count),
  }),
  warnings: z.array(warning),
  eventHash: z.string(),
  bars: count,
});

const schemaName = z.string().regex(/^frontmonth\.[a-z-]+\/\d+$/);
const ANSWER = z.looseObject({
  schema: schemaName,
  ok: z.boolean(),
  result: z.unknown(),
  warnings: z.array(warning),
});
const REFUSAL = z.looseObject({
  schema: z.literal('frontmonth.error/1'),
  ok: z.literal(false),
  error: z.looseObject({
    code: z.string().regex(/^E_[A-Z0-9_]+$/),
    message: z.string(),
    where: z.string().nullable(),
    rule: z.string().nullable(),
    fix: z.string().nullable(),
    details: z.record(z.string(), z.unknown()),
  }),
  warnings: z.array(warning),
});

export type DocumentName =
  | 'envelope'
  | 'run-manifest'
  | 'run-summary'
  | 'dataset-manifest'
  | 'config'
  | 'calendar'
  | 'programme';
const DOCUMENTS: Readonly<Record<DocumentName, z.ZodType>> = {
  envelope: z.union([REFUSAL, ANSWER]),
  'run-manifest': RUN_MANIFEST,
  'run-summary': ANSWER.extend({ schema: z.literal('frontmonth.run-summary/1'), result: SUMMARY }),
  'dataset-manifest': datasetManifestSchema(),
  config: configSchema(),
  calendar: calendarFileSchema(),
  programme: programmeSchema(),
};
export const DOCUMENT_NAMES: readonly DocumentName[] = Object.keys(DOCUMENTS) as DocumentName[];

/** JSON Schema of one document, as committed in `schemas/<name>.schema.json`. */
export function documentJsonSchema(name: DocumentName): Record<string, unknown> {
  return z.toJSONSchema(DOCUMENTS[name], { unrepresentable: 'any' }) as Record<string, unknown>;
}

/** What is wrong with a document, as `path: message`; empty when nothing is. */
export function documentProblems(name: DocumentName, value: unknown): readonly string[] {
  const parsed = DOCUMENTS[name].safeParse(value);
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}
