/** Configuration with origins: flag, environment, project file, user file, default, in this order. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { TradingError } from '../core/errors.ts';
import { SETTLE_ORDER } from '../core/money/settlement.ts';
import { VENUE_PROFILE_NAMES } from '../core/venues/types.ts';
import { IMITATIONS } from '../sim/imitations/profiles.ts';
import type { FrontmonthConfig } from './define-config.ts';
import { MATCHINGS } from './tick-plan.ts';

const positive = z.number().positive();
const COSTS = z.strictObject({
  commissionPerSide: z.number().min(0).optional(),
  exchangeFeePerSide: z.number().min(0).optional(),
  slippageTicks: z.number().min(0).optional(),
});
const hourMinute = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day, HH:MM');
const RISK = z.strictObject({
  orderQtyMax: positive.int().optional(),
  positionQtyMax: positive.int().optional(),
  ordersPerInterval: positive.int().optional(),
  collarPct: positive.optional(),
  tradingState: z.enum(['active', 'reducing', 'halted']).optional(),
  totalQtyMax: positive.int().optional(),
  orderNotionalMax: positive.optional(),
  totalNotionalMax: positive.optional(),
  isSingleEntry: z.boolean().optional(),
  dailyLossMax: positive.optional(),
  drawdownMax: positive.optional(),
  tradesPerDay: positive.int().optional(),
  tradesCount: z.enum(['round-turns', 'orders']).optional(),
  cooldownMinutes: positive.optional(),
  cooldownLosses: positive.int().optional(),
  staleSeconds: positive.optional(),
  entryHours: z
    .array(z.strictObject({ from: hourMinute, to: hourMinute }))
    .min(1)
    .optional(),
  lastMinutes: positive.optional(),
  products: z.array(z.string().min(1)).min(1).optional(),
});
const delay = z.number().min(0).max(86_400_000);
const feedLeg = z.union([delay, z.strictObject({ quantiles: z.array(delay).min(2) })]);
const leg = z.union([feedLeg, z.strictObject({ timesFeed: z.number().min(0).max(1000) })]);
const orderLegs = z.union([
  leg,
  z.strictObject({ new: leg, modify: leg.optional(), cancel: leg.optional() }),
]);
const VENUE = z.strictObject({
  matching: z.enum(MATCHINGS).optional(),
  profile: z.enum(VENUE_PROFILE_NAMES).optional(),
  queue: z.enum(['front', 'back', 'prob', 'never']).optional(),
  queuePower: positive.int().max(8).optional(),
  ledger: z.enum(['replenish-on-increase', 'reset-on-change', 'off']).optional(),
  throughQty: z.enum(['all', 'printed']).optional(),
  halfSpreadTicks: z.number().int().min(0).optional(),
  protectionTicks: z.number().int().min(0).optional(),
  beyondDepth: z.enum(['no-liquidity', 'slip']).optional(),
  staleMinutes: positive.optional(),
  latency: z
    .strictObject({
      feed: feedLeg.optional(),
      entry: orderLegs.optional(),
      response: orderLegs.optional(),
      broker: feedLeg.optional(),
      measured: z
        .array(z.tuple([z.number(), z.number(), z.number()]))
        .min(1)
        .optional(),
    })
    .optional(),
});
const amount = z.number().min(-1e9).max(1e9);
const fee = z.strictObject({
  from: z.iso.date().optional(),
  commission: amount,
  exchange: amount.optional(),
  clearing: amount.optional(),
  regulatory: amount.optional(),
  maker: amount.optional(),
  taker: amount.optional(),
  minimumPerOrder: amount.optional(),
  expiry: amount.optional(),
});
const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day, HH:MM');
const currency = z.string().regex(/^[A-Z]{3}$/, 'three capital letters');
const creditLeg = z.tuple([z.string(), positive]);
const ACCOUNT = z.strictObject({
  lots: z.enum(['average', 'fifo']).optional(),
  settleAt: z.enum(['session-close', 'exchange']).optional(),
  liquidation: z
    .strictObject({
      policy: z.enum(['immediate', 'graceUntil', 'rejectNewRiskOnly']),
      until: z.enum(['session-close', 'settlement', 'next-session-open']).optional(),
      bufferPct: z.number().min(0).max(1000).optional(),
    })
    .optional(),
  intraday: z
    .record(
      z.string(),
      z.strictObject({
        initial: positive,
        maintenance: positive.optional(),
        from: clock,
        until: clock,
      }),
    )
    .optional(),
  scan: z
    .strictObject({
      products: z.record(
        z.string(),
        z.strictObject({ range: positive, interMonth: z.number().min(0).optional() }),
      ),
      credits: z
        .array(
          z.strictObject({
            legs: z.tuple([creditLeg, creditLeg]),
            pct: positive.max(100),
            sides: z.enum(['opposite', 'same']).optional(),
          }),
        )
        .optional(),
      initialFactor: z.number().min(1).max(10).optional(),
    })
    .optional(),
  sweep: z
    .union([
      z.enum(['never', 'daily', 'monthly']),
      z.strictObject({ every: z.enum(['daily', 'monthly']).optional(), above: positive }),
    ])
    .optional(),
  settlement: z
    .record(
      z.string(),
      z.strictObject({
        windowSeconds: positive.max(86_400).optional(),
        order: z.array(z.enum(SETTLE_ORDER)).min(1).optional(),
      }),
    )
    .optional(),
  forceFlat: z
    .strictObject({
      beforeFirstNotice: z.number().int().min(0).max(60).optional(),
      beforeLastTrade: z.number().int().min(0).max(60).optional(),
    })
    .optional(),
  fees: z.record(z.string(), z.array(fee).min(1)).optional(),
  feeRounding: z
    .strictObject({ per: z.enum(['fill', 'order']), unit: z.number().min(0.000001) })
    .optional(),
  feeCurrency: z.record(z.string(), currency).optional(),
  quoteFreshSeconds: z.number().min(0).max(86_400).optional(),
});
const POLICIES = [
  'pessimistic',
  'optimistic',
  'ohlc',
  'olhc',
  'nearest',
  'close-direction',
  'seeded',
  ...IMITATIONS,
  'drilldown',
] as const;
const notNegative = z.number().min(0);
const ticksByRoot = z.union([notNegative, z.record(z.string(), notNegative)]);
const atClose = z.enum(['settlement', 'last-bar']);
const BAR_FILLS = z.strictObject({
  touch: z
    .union([
      z.enum(['never', 'always']),
      z.strictObject({ prob: notNegative.max(1) }),
      z.strictObject({ volume: z.strictObject({ queueQty: notNegative }) }),
    ])
    .optional(),
  gapImprove: z.boolean().optional(),
  participation: z.union([positive, z.literal('all')]).optional(),
  volumeOver: z.enum(['bar', 'path', 'equal']).optional(),
  spreadTicks: ticksByRoot.optional(),
  spreadByTime: z
    .record(
      z.string(),
      z
        .array(
          z.strictObject({
            from: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time such as 08:30'),
            ticks: notNegative,
          }),
        )
        .min(1),
    )
    .optional(),
  quoteBars: z.boolean().optional(),
  maxSlipBeyondBarTicks: notNegative.optional(),
  fillOn: z.enum(['next-open', 'close']).optional(),
  latencyMs: notNegative.max(86_400_000).optional(),
  openSlackMs: notNegative.max(86_400_000).optional(),
  postOnly: z.enum(['reject', 'slide']).optional(),
  protectionRest: z.enum(['rest', 'cancel']).optional(),
  dailyLimitTicks: ticksByRoot.optional(),
  closeCutoffMinutes: notNegative.max(1440).optional(),
  atClose: z.union([atClose, z.record(z.string(), atClose)]).optional(),
  seededRuns: positive.int().min(2).max(1000).optional(),
});

/** One schema per key, so that a fault names its key. */
export const CONFIG_SCHEMAS: Readonly<Record<keyof FrontmonthConfig, z.ZodType>> = {
  catalog: z.string().min(1),
  instruments: z.string().min(1),
  runs: z.string().min(1),
  dataset: z.string().min(1),
  capital: positive.max(9_000_000_000),
  currency: z.string().regex(/^[A-Z]{3}$/, 'three capital letters'),
  returnBase: z.enum(['equity', 'fixed']),
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  fills: z.enum(POLICIES),
  barFills: BAR_FILLS,
  bounds: z.boolean(),
  costs: z.record(z.string(), COSTS),
  risk: RISK,
  venue: VENUE,
  account: ACCOUNT,
  margins: z.string().min(1),
  settlements: z.string().min(1),
  rates: z.string().min(1),
  outOfSample: z.iso.date(),
  calendars: z.array(z.string().min(1)),
};
/** The validator of a whole file, for the published JSON Schema. */
export function configSchema(): z.ZodType {
  return z.strictObject(CONFIG_SCHEMAS).partial();
}
export type ConfigKey = keyof FrontmonthConfig;
export const CONFIG_KEYS: readonly ConfigKey[] = Object.keys(CONFIG_SCHEMAS) as ConfigKey[];

/** Keys that the environment can set: `FRONTMONTH_RETURN_BASE` sets `returnBase`. */
const ENV_KEYS: readonly ConfigKey[] = [
  'catalog',
  'instruments',
  'runs',
  'dataset',
  'capital',
  'currency',
  'returnBase',
  'seed',
  'fills',
  'bounds',
  'rates',
  'margins',
  'settlements',
  'outOfSample',
];

export function envNameOf(key: ConfigKey): string {
  return `FRONTMONTH_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

export type ConfigOrigin = 'flag' | 'environment' | 'project' | 'user' | 'default';
export type ConfigValues = Required<
  Omit<FrontmonthConfig, 'instruments' | 'rates' | 'margins' | 'settlements' | 'outOfSample'>
> & {
  /** Null: nothing is out of sample. */
  readonly outOfSample: string | null;
  /** Null: one currency only. */
  readonly rates: string | null;
  /** Null: assumed percentages of the notional. */
  readonly margins: string | null;
  /** Null: positions are marked at the prices of the data. */
  readonly settlements: string | null;
  /** Null: the specifications of the package. */
  readonly instruments: string | null;
};
export interface ResolvedConfig {
  /** Paths are absolute. */
  readonly values: ConfigValues;
  /** Where each value comes from, with the file, flag or variable. */
  readonly origins: Readonly<
    Record<ConfigKey, { readonly from: ConfigOrigin; readonly where: string }>
  >;
  /** Folder of the project file, or the working folder. */
  readonly root: string;
  readonly projectFile: string | null;
}

const DEFAULTS: Readonly<Record<ConfigKey, unknown>> = {
  catalog: 'catalog',
  instruments: null,
  rates: null,
  account: {},
  margins: null,
  settlements: null,
  outOfSample: null,
  runs: 'runs',
  dataset: 'sample',
  capital: 100_000,
  currency: 'USD',
  returnBase: 'equity',
  seed: 1,
  fills: 'pessimistic',
  barFills: {},
  bounds: true,
  costs: {},
  risk: {},
  venue: {},
  calendars: [],
};

export interface ResolveConfigOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--config`; null looks for the project's file from `cwd` upwards. */
  readonly file: string | null;
  /** Values of flags by key; undefined ones are not set. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** Imports a .ts or .js module. */
  readonly loadModule: (file: string) => Promise<Readonly<Record<string, unknown>>>;
}

interface Layer {
  readonly from: ConfigOrigin;
  readonly where: (key: ConfigKey) => string;
  /** Relative paths of this layer stand on it. */
  readonly base: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Errors: E_CONFIG_LOAD, E_CONFIG_KEY, E_CONFIG_VALUE. */
export async function resolveConfig(options: ResolveConfigOptions): Promise<ResolvedConfig> {
  const named = options.file === null ? null : resolve(options.cwd, options.file);
  const projectFile = named ?? findProjectFile(options.cwd);
  const root = projectFile === null ? options.cwd : dirname(projectFile);
  const layers: Layer[] = [
    {
      from: 'flag',
      where: (key) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      base: options.cwd,
      values: options.flags,
    },
    { from: 'environment', where: envNameOf, base: options.cwd, values: fromEnv(options.env) },
  ];
  if (projectFile !== null) {
    const values = await readConfigFile(projectFile, options.loadModule);
    layers.push({ from: 'project', where: () => projectFile, base: root, values });
  }
  const userFile = userConfigFile(options.env);
  if (existsSync(userFile)) {
    const values = await readConfigFile(userFile, options.loadModule);
    layers.push({ from: 'user', where: () => userFile, base: dirname(userFile), values });
  }
  layers.push({ from: 'default', where: () => 'default', base: root, values: DEFAULTS });
  for (const layer of layers) if (layer.from !== 'default') checkLayer(layer);
  return { ...pick(layers), root, projectFile };
}

const PATH_KEYS: ReadonlySet<ConfigKey> = new Set([
  'catalog',
  'runs',
  'instruments',
  'rates',
  'margins',
  'settlements',
  'calendars',
]);

function pick(layers: readonly Layer[]): Pick<ResolvedConfig, 'values' | 'origins'> {
  const values: Record<string, unknown> = {};
  const origins: Record<string, { from: ConfigOrigin; where: string }> = {};
  for (const key of CONFIG_KEYS) {
    const layer = layers.find((candidate) => candidate.values[key] !== undefined)!;
    const value = layer.values[key];
    values[key] = PATH_KEYS.has(key) ? absolute(value, layer.base) : value;
    origins[key] = { from: layer.from, where: layer.where(key) };
  }
  // Limits combine by the stricter value, not by precedence.
  values['risk'] = strictestRisk(layers);
  return {
    values: values as unknown as ConfigValues,
    origins: origins as ResolvedConfig['origins'],
  };
}

/** A path, or a list of them, from the folder of the layer that names it. */
function absolute(value: unknown, base: string): unknown {
  if (Array.isArray(value)) return value.map((one) => absolute(one, base));
  return typeof value === 'string' ? resolve(base, value) : value;
}

const STRICTNESS: Readonly<Record<string, readonly unknown[]>> = {
  tradingState: ['halted', 'reducing', 'active'],
  tradesCount: ['orders', 'round-turns'],
  isSingleEntry: [true, false],
};
/** The longer, the stricter. */
const LONGER = new Set(['cooldownMinutes', 'lastMinutes']);

/** Limits of several places: of numbers and choices the stricter, of products those that all allow, of hours the first said. */
function strictestRisk(layers: readonly Layer[]): Record<string, unknown> {
  const limits: Record<string, unknown> = {};
  for (const layer of layers) {
    for (const [name, value] of Object.entries((layer.values['risk'] ?? {}) as object)) {
      if (value !== undefined) limits[name] = stricter(name, limits[name], value);
    }
  }
  return limits;
}

function stricter(name: string, before: unknown, value: unknown): unknown {
  if (before === undefined) return value;
  const order = STRICTNESS[name];
  if (order !== undefined) return order.indexOf(value) < order.indexOf(before) ? value : before;
  if (name === 'products')
    return (before as string[]).filter((root) => (value as string[]).includes(root));
  if (typeof value !== 'number') return before;
  return LONGER.has(name) ? Math.max(before as number, value) : Math.min(before as number, value);
}

/** The key `account` and the flag `--account` are near in name. */
const PROGRAMME_FIX =
  'the file of a funded programme goes with the flag: backtest --account <file>; the key `account` holds fees, lots, margin calls and the like';

function checkLayer(layer: Layer): void {
  for (const [key, value] of Object.entries(layer.values)) {
    if (value === undefined) continue;
    if (!isKey(key)) {
      throw new TradingError('E_CONFIG_KEY', `there is no configuration key \`${key}\``, {
        where: layer.where(key as ConfigKey),
        rule: `keys: ${CONFIG_KEYS.join(', ')}`,
        ...(key === 'programme' ? { fix: PROGRAMME_FIX } : {}),
        details: { word: key, known: CONFIG_KEYS },
      });
    }
    const parsed = CONFIG_SCHEMAS[key].safeParse(value);
    if (parsed.success) continue;
    const issue = parsed.error.issues[0]!;
    const path = [key, ...issue.path.map(String)].join('.');
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    if (unknown !== undefined) {
      throw new TradingError(
        'E_CONFIG_KEY',
        `there is no configuration key \`${path}.${unknown}\``,
        {
          where: layer.where(key),
          rule: issue.message,
          details: { word: unknown, known: knownOf(path) },
          ...(path === 'account' && Object.hasOwn(value as object, 'startBalance')
            ? { fix: PROGRAMME_FIX }
            : {}),
        },
      );
    }
    let at: unknown = value;
    for (const part of issue.path) at = (at as Record<PropertyKey, unknown> | undefined)?.[part];
    throw new TradingError('E_CONFIG_VALUE', `\`${path}\` is ${JSON.stringify(at) ?? 'missing'}`, {
      where: layer.where(key),
      rule: issue.message,
      details: { key: path, value: at ?? null },
      ...(path === 'account' && typeof value === 'string' ? { fix: PROGRAMME_FIX } : {}),
    });
  }
}

function knownOf(path: string): string[] {
  if (path.startsWith('venue')) return Object.keys(VENUE.shape);
  if (path.startsWith('account')) return Object.keys(ACCOUNT.shape);
  if (path.startsWith('barFills')) return Object.keys(BAR_FILLS.shape);
  return Object.keys(path.startsWith('costs') ? COSTS.shape : RISK.shape);
}

function isKey(key: string): key is ConfigKey {
  return Object.hasOwn(CONFIG_SCHEMAS, key);
}

const PROJECT_FILES = ['frontmonth.config.ts', 'frontmonth.config.js', 'frontmonth.config.json'];

/** The nearest project file from a folder upwards; null when there is none. */
export function findProjectFile(from: string): string | null {
  for (let dir = resolve(from); ; dir = dirname(dir)) {
    for (const name of PROJECT_FILES) {
      const file = join(dir, name);
      if (existsSync(file)) return file;
    }
    if (dirname(dir) === dir) return null;
  }
}

export function userConfigFile(env: ResolveConfigOptions['env']): string {
  const base = env['XDG_CONFIG_HOME'] ?? join(env['HOME'] ?? homedir(), '.config');
  return join(base, 'frontmonth', 'config.json');
}

async function readConfigFile(
  file: string,
  loadModule: ResolveConfigOptions['loadModule'],
): Promise<Readonly<Record<string, unknown>>> {
  const value = await loadConfigValue(file, loadModule);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new TradingError('E_CONFIG_LOAD', 'the configuration file does not export an object', {
    where: file,
    fix: 'end it with: export default defineConfig({ … })',
  });
}

async function loadConfigValue(
  file: string,
  loadModule: ResolveConfigOptions['loadModule'],
): Promise<unknown> {
  try {
    if (file.endsWith('.json')) return JSON.parse(readFileSync(file, 'utf8'));
    return (await loadModule(file))['default'];
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new TradingError('E_CONFIG_LOAD', `cannot read the configuration: ${reason}`, {
      where: file,
      cause,
    });
  }
}

function fromEnv(env: ResolveConfigOptions['env']): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const key of ENV_KEYS) {
    const text = env[envNameOf(key)];
    if (text === undefined || text === '') continue;
    values[key] = fromText(key, text);
  }
  return values;
}

/** Text of a flag or variable as the type of the key; what cannot be read stays text, and the check names it. */
export function fromText(key: ConfigKey, text: string): unknown {
  if (key === 'capital' || key === 'seed') {
    const value = Number(text);
    return text.trim() === '' || Number.isNaN(value) ? text : value;
  }
  if (key === 'bounds' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
