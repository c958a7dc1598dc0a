/** The accounts file of a gateway: users with their keys and accounts, and options. Checked field by field. */
import { z } from 'zod';
import { TradingError } from '../../../core/errors.ts';
import type { Programme } from '../../../core/programme/programme.ts';
import type { GatewayOptionsInput, UserConfig } from './options.ts';
import { DEFAULT_OPTIONS, DOCUMENTED_RATES } from './options.ts';

const name = z.string().min(1).max(80);
const dollars = z.number().positive();
const ACCOUNT = z.strictObject({
  name,
  id: z.int().min(1).optional(),
  balance: z.number().optional(),
  canTrade: z.boolean().optional(),
  isVisible: z.boolean().optional(),
  simulated: z.boolean().optional(),
  isFollower: z.boolean().optional(),
  brackets: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('auto-oco') }),
      z.strictObject({
        kind: z.literal('position'),
        stopLoss: dollars.optional(),
        takeProfit: dollars.optional(),
      }),
    ])
    .optional(),
  /** A programme, or the path of its file. */
  programme: z.union([z.string().min(1), z.looseObject({})]).optional(),
  maxContracts: z.int().min(1).optional(),
  fees: z.record(z.string(), z.number().min(0)).optional(),
});
const USER = z.strictObject({
  userName: name,
  apiKey: z.string().min(8, 'a key has at least 8 characters'),
  password: z.string().min(8).optional(),
  accounts: z.array(ACCOUNT).min(1),
  loginError: z.int().min(1).max(10).optional(),
});

/** A value of the same kind as the default one. */
function like(value: unknown): z.ZodType {
  if (typeof value === 'number') return z.number();
  if (typeof value === 'boolean') return z.boolean();
  if (typeof value === 'string') return z.string();
  return z.number().nullable();
}
/** Words that an option may have, where it is one of a list. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  userEvents: ['wrapped', 'bare'],
  marketEvents: ['arrays', 'objects'],
  argumentTypes: ['strict', 'lenient'],
  onPartialEntry: ['grow', 'wait'],
  priceFrom: ['first-fill', 'average'],
  onPartialExit: ['reduce', 'keep', 'cancel'],
  onLegCancel: ['keep', 'cancel'],
  onLegResize: ['keep', 'follow'],
  modifySuspended: ['refuse', 'apply'],
  onEntryCancel: ['keep', 'cancel'],
  untaggedChildren: ['none', 'suffix'],
  onFlat: ['keep', 'cancel'],
  stopLimit: ['refuse', 'accept'],
  closedAnswer: ['rejected', 'outside-hours'],
  cancelEnded: ['not-found', 'rejected'],
};
function shapeOf(defaults: object): z.ZodType {
  const entries = Object.entries(defaults).map(([key, value]) => [
    key,
    (key in WORDS
      ? z.enum(WORDS[key]!)
      : key === 'streamDigits'
        ? z.union([z.literal(6), z.literal(7)])
        : like(value)
    ).optional(),
  ]);
  return z.strictObject(Object.fromEntries(entries) as z.ZodRawShape);
}
const { wire, brackets, hub, rates: _rates, ...plain } = DEFAULT_OPTIONS;
const LIMIT = z.strictObject({ requests: z.int().min(1), seconds: z.number().positive() });
const OPTIONS = z.intersection(
  z.looseObject({
    wire: shapeOf(wire).optional(),
    brackets: shapeOf(brackets).optional(),
    hub: shapeOf(hub).optional(),
    /** `documented`: 50 in 30 s for bars, 200 in 60 s for the rest. */
    rates: z
      .union([z.literal('documented'), z.null(), z.strictObject({ history: LIMIT, other: LIMIT })])
      .optional(),
  }),
  z.looseObject({}),
);
const PLAIN = shapeOf(plain);
const FILE = z.strictObject({
  schema: z.literal('frontmonth.gateway-accounts/1').optional(),
  users: z.array(USER).min(1),
  options: z.looseObject({}).optional(),
});

export interface GatewayFile {
  readonly users: readonly UserConfig[];
  readonly options: GatewayOptionsInput;
}

/** Reads the value of an accounts file. Errors: E_GATEWAY_OPTION with the path of the first mistake. */
export function parseGatewayFile(
  value: unknown,
  where: string,
  programmeOf: (programme: unknown) => Programme,
): GatewayFile {
  const file = check(FILE, value, where, []);
  const options = (file['options'] ?? {}) as Record<string, unknown>;
  const { wire: _wire, brackets: _brackets, hub: _hub, rates, ...rest } = options;
  check(OPTIONS, options, where, ['options']);
  check(PLAIN, rest, where, ['options']);
  const users = (file['users'] as UserConfig[]).map((user) => ({
    ...user,
    accounts: user.accounts.map(({ programme, ...account }) =>
      programme === undefined ? account : { ...account, programme: programmeOf(programme) },
    ),
  }));
  return {
    users,
    options: {
      ...(options as GatewayOptionsInput),
      ...(rates === 'documented' ? { rates: DOCUMENTED_RATES } : {}),
    },
  };
}

function check(
  schema: z.ZodType,
  value: unknown,
  where: string,
  before: readonly PropertyKey[],
): Record<string, unknown> {
  const result = schema.safeParse(value);
  if (result.success) return result.data as Record<string, unknown>;
  const [issue] = result.error.issues;
  const unknown =
    issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : ([] as PropertyKey[]);
  const field = [...before, ...(issue?.path ?? []), ...unknown].map(String).join('.');
  throw new TradingError('E_GATEWAY_OPTION', `${where}: ${field || 'the file'} is not valid`, {
    where,
    // A key must not be shown, so no value is.
    details: { field },
    rule: issue?.message ?? 'an accounts file is {"users": [...], "options": {...}}',
    fix: 'see the reference of the simulated gateway',
  });
}
