/** Contract specifications from `catalog/instruments`: one JSON file a product, validated at this edge. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { TradingError } from '../core/errors.ts';
import { cyclesOf } from '../core/listing.ts';
import { monthIndexOf, parseContractMonth } from '../core/cycle.ts';
import type {
  ContractFilter,
  CycleSpan,
  DateRule,
  EarlierRules,
  InstrumentSpec,
  InstrumentSymbols,
  SerialMonths,
} from '../core/instrument.ts';
import { countValueOf } from '../core/instrument.ts';
import type { PriceGrid } from '../core/price-grid.ts';
import { BandedGrid, UniformGrid } from '../core/price-grid.ts';
import { parseTradeDate } from '../core/trade-date.ts';

export const INSTRUMENT_SCHEMA = 'frontmonth.instrument/1';

const text = z.string().min(1);
const positive = z.number().positive();
const whole = z.number().int();
const isoDate = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
const monthLetters = z
  .string()
  .regex(/^F?G?H?J?K?M?N?Q?U?V?X?Z?$/, 'month letters FGHJKMNQUVXZ, each once, in calendar order')
  .min(1);
const contractMonth = z.string().regex(/^\d{4}[FGHJKMNQUVXZ]$/, 'a contract month such as 2015Z');
const confidence = z.enum(['high', 'medium', 'low']);
const wallTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a local time HH:MM');

const weekday = z.enum(['mon', 'tue', 'wed', 'thu', 'fri']);
const ifNotBusinessDay = z.enum(['previous', 'next', 'none']);
const nthWeekday = z.strictObject({
  rule: z.literal('nth-weekday'),
  n: whole
    .min(-5)
    .max(5)
    .refine((n) => n !== 0, 'n counts from 1, or from -1 at the end'),
  weekday,
  monthOffset: whole,
  ifNotBusinessDay,
  thenBusinessDays: whole,
});
const nthBusinessDay = z.strictObject({
  rule: z.literal('nth-business-day'),
  n: whole
    .min(-23)
    .max(23)
    .refine((n) => n !== 0, 'n counts from 1, or from -1 at the end'),
  monthOffset: whole,
  thenBusinessDays: whole,
  exceptions: z
    .array(
      z.strictObject({
        if: z.literal('is-business-day-before'),
        holiday: z.enum(['new-year', 'christmas']),
        thenBusinessDays: whole,
      }),
    )
    .optional(),
});
const calendarDay = z.strictObject({
  rule: z.literal('calendar-day'),
  day: whole.min(1).max(28),
  monthOffset: whole,
  ifNotBusinessDay,
  thenBusinessDays: whole,
});
const calendarDaysBefore = z.strictObject({
  rule: z.literal('calendar-days-before'),
  days: whole.min(1),
  anchor: z.discriminatedUnion('rule', [nthWeekday, nthBusinessDay, calendarDay]),
  ifNotBusinessDay,
  thenBusinessDays: whole.optional(),
});
const fromLastTrade = z.strictObject({
  rule: z.literal('from-last-trade'),
  thenBusinessDays: whole,
});
const lastClearThursday = z.strictObject({
  rule: z.literal('last-clear-thursday'),
  monthOffset: whole,
  novemberUsesThursdayBeforeThanksgiving: z.boolean(),
});
const table = z.strictObject({ rule: z.literal('table'), table: text, thenBusinessDays: whole });
const lastTradeRule = z.discriminatedUnion('rule', [
  nthWeekday,
  nthBusinessDay,
  calendarDay,
  calendarDaysBefore,
  lastClearThursday,
  table,
]);
const firstNoticeRule = z.discriminatedUnion('rule', [
  nthWeekday,
  nthBusinessDay,
  calendarDay,
  calendarDaysBefore,
  fromLastTrade,
  table,
]);

const grid = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('uniform'), tickSize: positive }),
  z.strictObject({
    kind: z.literal('banded'),
    tickSize: positive,
    bands: z
      .array(
        z.strictObject({ fromDate: isoDate, fromCounts: z.number().min(0), move: whole.min(1) }),
      )
      .min(1),
  }),
]);

/** The file format of a contract specification; `schemas/instrument.schema.json` is generated from it. */
export const INSTRUMENT_FILE: z.ZodType = z.strictObject({
  schema: z.literal(INSTRUMENT_SCHEMA),
  root: z.string().regex(/^[A-Z0-9_]{1,20}$/, 'upper-case letters and digits'),
  exchange: text,
  name: text,
  assetClass: z.enum([
    'equity-index',
    'interest-rate',
    'fx',
    'energy',
    'metal',
    'grain',
    'livestock',
    'soft',
    'dairy',
    'lumber',
    'crypto',
    'volatility',
  ]),
  currency: z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code'),
  quoteUnit: text,
  multiplier: positive,
  tickValue: positive,
  grid,
  listedMonths: monthLetters,
  holdCycle: monthLetters,
  cycles: z
    .array(
      z.strictObject({
        from: contractMonth.optional(),
        to: contractMonth.optional(),
        listed: monthLetters,
        hold: monthLetters.optional(),
      }),
    )
    .min(2)
    .optional(),
  serialMonths: z.strictObject({ letters: monthLetters, nearest: whole.min(1) }).optional(),
  pricedCycle: monthLetters.optional(),
  skippedMonths: z.array(contractMonth).min(1).optional(),
  carryOffset: z.literal([1, -1]).optional(),
  rollOffsetDays: whole.max(0).optional(),
  expiryOffsetDays: whole.optional(),
  listedSince: isoDate.optional(),
  firstContract: contractMonth.optional(),
  listing: z.strictObject({ confidence, source: text }).optional(),
  lastContract: contractMonth.optional(),
  contractFilter: z
    .strictObject({
      localSymbol: text.optional(),
      longName: text.optional(),
      underConId: whole.min(1).optional(),
      expiry: z.literal('rule').optional(),
    })
    .refine((filter) => Object.keys(filter).length > 0, 'a filter has at least one field')
    .optional(),
  settlement: z.enum(['cash', 'physical', 'cash-or-EFP']),
  session: z.strictObject({ group: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/) }),
  businessCalendar: z.string().regex(/^[a-z0-9]+([-+][a-z0-9]+)*$/),
  lastTrade: lastTradeRule,
  lastTradeDoubt: z.strictObject({ when: z.literal('anchor-moves'), why: text }).optional(),
  lastTradeTime: z.strictObject({ local: wallTime, tz: text }).nullable(),
  firstNotice: firstNoticeRule.nullable(),
  earlierRules: z
    .array(
      z.strictObject({
        toContract: contractMonth,
        lastTrade: lastTradeRule,
        firstNotice: firstNoticeRule.nullable(),
        confidence,
        source: text,
      }),
    )
    .min(1)
    .optional(),
  rollHint: z
    .strictObject({ anchor: z.enum(['lastTrade', 'firstNotice']), businessDays: whole.max(0) })
    .nullable(),
  symbols: z.strictObject({
    exchange: text,
    projectx: text.optional(),
    cqg: text.optional(),
    ib: z.strictObject({ symbol: text, exchange: text, tradingClass: text }).optional(),
  }),
  confidence,
  sources: z
    .array(z.strictObject({ what: text, date: z.string().regex(/^\d{4}-\d{2}(-\d{2})?$/) }))
    .min(1),
  note: text.optional(),
});

interface InstrumentFile {
  readonly root: string;
  readonly exchange: string;
  readonly name: string;
  readonly assetClass: InstrumentSpec['assetClass'];
  readonly currency: string;
  readonly quoteUnit: string;
  readonly multiplier: number;
  readonly tickValue: number;
  readonly grid:
    | { readonly kind: 'uniform'; readonly tickSize: number }
    | {
        readonly kind: 'banded';
        readonly tickSize: number;
        readonly bands: readonly { fromDate: string; fromCounts: number; move: number }[];
      };
  readonly listedMonths: string;
  readonly holdCycle: string;
  readonly cycles?: readonly CycleSpan[];
  readonly serialMonths?: SerialMonths;
  readonly pricedCycle?: string;
  readonly skippedMonths?: readonly string[];
  readonly carryOffset?: 1 | -1;
  readonly rollOffsetDays?: number;
  readonly expiryOffsetDays?: number;
  readonly listedSince?: string;
  readonly firstContract?: string;
  readonly listing?: InstrumentSpec['listing'] & object;
  readonly lastContract?: string;
  readonly contractFilter?: ContractFilter;
  readonly settlement: InstrumentSpec['settlement'];
  readonly session: { readonly group: string };
  readonly businessCalendar: string;
  readonly lastTrade: DateRule;
  readonly lastTradeDoubt?: InstrumentSpec['lastTradeDoubt'] & object;
  readonly lastTradeTime: InstrumentSpec['lastTradeTime'];
  readonly firstNotice: DateRule | null;
  readonly earlierRules?: readonly EarlierRules[];
  readonly rollHint: InstrumentSpec['rollHint'];
  readonly symbols: InstrumentSymbols;
  readonly confidence: InstrumentSpec['confidence'];
  readonly sources: InstrumentSpec['sources'];
  readonly note?: string;
}

/**
 * Validates one specification. `file` names the source in messages.
 * Errors: E_INSTRUMENT with file, field, value and rule.
 */
export function parseInstrument(json: unknown, file: string): InstrumentSpec {
  const result = INSTRUMENT_FILE.safeParse(json);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    const path = pathOf(issue);
    fail(file, path.map(String).join('.'), valueAt(json, path), issue.message);
  }
  const raw = result.data as InstrumentFile;
  checkConsistency(raw, file);
  return {
    root: raw.root,
    exchange: raw.exchange,
    name: raw.name,
    assetClass: raw.assetClass,
    currency: raw.currency,
    quoteUnit: raw.quoteUnit,
    multiplier: raw.multiplier,
    grid: toGrid(raw.grid),
    countValue: countValueOf(raw.multiplier, raw.grid.tickSize),
    listedMonths: raw.listedMonths,
    holdCycle: raw.holdCycle,
    settlement: raw.settlement,
    sessionGroup: raw.session.group,
    businessCalendar: raw.businessCalendar,
    lastTrade: raw.lastTrade,
    lastTradeTime: raw.lastTradeTime,
    firstNotice: raw.firstNotice,
    rollHint: raw.rollHint,
    symbols: raw.symbols,
    confidence: raw.confidence,
    sources: raw.sources,
    ...optionalFields(raw),
  };
}

/** Fields that are only there when the file has them. */
const OPTIONAL_FIELDS = [
  'cycles',
  'serialMonths',
  'pricedCycle',
  'skippedMonths',
  'carryOffset',
  'rollOffsetDays',
  'expiryOffsetDays',
  'listedSince',
  'firstContract',
  'listing',
  'lastContract',
  'contractFilter',
  'lastTradeDoubt',
  'earlierRules',
  'note',
] as const satisfies readonly (keyof InstrumentFile & keyof InstrumentSpec)[];

function optionalFields(raw: InstrumentFile): Partial<InstrumentSpec> {
  return Object.fromEntries(
    OPTIONAL_FIELDS.flatMap((name) => (raw[name] === undefined ? [] : [[name, raw[name]]])),
  );
}

/**
 * Reads every `*.json` of a folder, by root, in alphabetical order of the root.
 * Errors: E_INSTRUMENT for a folder without files, an unreadable file, a file name that is not its root, a bad field.
 */
export function loadInstruments(dir: string): ReadonlyMap<string, InstrumentSpec> {
  const names = listJson(dir);
  const specs = new Map<string, InstrumentSpec>();
  for (const name of names) {
    const file = join(dir, name);
    const spec = parseInstrument(readJson(file), file);
    if (`${spec.root}.json` !== name) {
      fail(file, 'root', spec.root, 'the file is named after its root');
    }
    specs.set(spec.root, spec);
  }
  return specs;
}

/** What no single field can say: the fields must agree with each other. */
function checkConsistency(raw: InstrumentFile, file: string): void {
  const tickValue = raw.multiplier * raw.grid.tickSize;
  // Decimal factors such as 12500000 x 0.0000005 are off by an ulp or two, never by a millionth.
  if (Math.abs(tickValue - raw.tickValue) > raw.tickValue * 1e-9) {
    fail(file, 'tickValue', raw.tickValue, `multiplier x grid.tickSize, here ${tickValue}`);
  }
  for (const letter of raw.holdCycle) {
    if (!raw.listedMonths.includes(letter)) {
      fail(file, 'holdCycle', raw.holdCycle, `a subset of listedMonths ${raw.listedMonths}`);
    }
  }
  checkCycles(raw, file);
  checkDatedRules(raw, file);
  if (raw.listedSince !== undefined && !isDate(raw.listedSince)) {
    fail(file, 'listedSince', raw.listedSince, 'a day that exists');
  }
  const { firstContract: first, lastContract: last } = raw;
  if (first !== undefined && last !== undefined && monthIndex(first) > monthIndex(last)) {
    fail(file, 'firstContract', first, `not after lastContract ${last}`);
  }
  for (const field of ['localSymbol', 'longName'] as const) {
    const pattern = raw.contractFilter?.[field];
    if (pattern !== undefined && !isPattern(pattern)) {
      fail(file, `contractFilter.${field}`, pattern, 'a regular expression');
    }
  }
  if (raw.rollHint?.anchor === 'firstNotice' && raw.firstNotice === null) {
    fail(file, 'rollHint.anchor', 'firstNotice', 'a product with a first notice rule');
  }
  if (raw.firstNotice !== null && raw.settlement === 'cash') {
    fail(file, 'firstNotice', raw.firstNotice.rule, 'null for a cash-settled product');
  }
  if (raw.lastTradeTime !== null && !isZone(raw.lastTradeTime.tz)) {
    fail(file, 'lastTradeTime.tz', raw.lastTradeTime.tz, 'an IANA zone such as America/Chicago');
  }
}

/** Dated months end in those of today; every other cycle takes its months from what is listed. */
function checkCycles(raw: InstrumentFile, file: string): void {
  const last = raw.cycles?.at(-1);
  if (last !== undefined && (last.listed !== raw.listedMonths || last.hold !== raw.holdCycle)) {
    const now = `listedMonths ${raw.listedMonths} and holdCycle ${raw.holdCycle}`;
    fail(file, 'cycles', last, `the last span has ${now}`);
  }
  for (const span of raw.cycles ?? []) {
    for (const letter of span.hold ?? '') {
      if (!span.listed.includes(letter)) {
        fail(file, 'cycles', span, `hold is a subset of listed ${span.listed}`);
      }
    }
  }
  const all = [raw.listedMonths, ...(raw.cycles ?? []).map((span) => span.listed)].join('');
  for (const letter of raw.serialMonths?.letters ?? '') {
    if (all.includes(letter)) {
      fail(file, 'serialMonths.letters', letter, `months beyond the regular ${all}`);
    }
  }
  for (const letter of raw.pricedCycle ?? '') {
    if (!all.includes(letter) && raw.serialMonths?.letters.includes(letter) !== true) {
      fail(file, 'pricedCycle', raw.pricedCycle, `months that are listed, ${all}`);
    }
  }
  try {
    cyclesOf(raw);
  } catch (error) {
    if (!(error instanceof TradingError)) throw error;
    fail(file, 'cycles', raw.cycles, `${error.message}: ${error.rule}`);
  }
}

function checkDatedRules(raw: InstrumentFile, file: string): void {
  const ends = (raw.earlierRules ?? []).map((rules) =>
    monthIndexOf(parseContractMonth(rules.toContract)),
  );
  for (let row = 1; row < ends.length; row += 1) {
    if (ends[row]! <= ends[row - 1]!) {
      const { toContract } = raw.earlierRules![row]!;
      fail(file, `earlierRules.${row}.toContract`, toContract, 'later than the one before it');
    }
  }
}

function monthIndex(contract: string): number {
  return monthIndexOf(parseContractMonth(contract));
}

function isDate(text: string): boolean {
  try {
    parseTradeDate(text);
    return true;
  } catch {
    return false;
  }
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u').source !== '';
  } catch {
    return false;
  }
}

function toGrid(raw: InstrumentFile['grid']): PriceGrid {
  if (raw.kind === 'uniform') return new UniformGrid(raw.tickSize);
  return new BandedGrid(
    raw.tickSize,
    raw.bands.map((band) => ({ ...band, fromDate: parseTradeDate(band.fromDate) })),
  );
}

function listJson(dir: string): string[] {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (cause) {
    throw new TradingError('E_INSTRUMENT', `cannot read the instrument folder ${dir}`, {
      where: dir,
      cause,
      fix: 'name the folder that holds files such as ES.json',
    });
  }
  const files = names.filter((name) => name.endsWith('.json')).sort();
  if (files.length === 0) {
    throw new TradingError('E_INSTRUMENT', `no instrument file (*.json) in ${dir}`, {
      where: dir,
      fix: 'name the folder that holds files such as ES.json',
    });
  }
  return files;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (cause) {
    throw new TradingError('E_INSTRUMENT', `cannot read ${file} as JSON`, {
      where: file,
      rule: 'an instrument file is one JSON object',
      fix: 'correct the file',
      cause,
    });
  }
}

function isZone(tz: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: tz }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** An unknown key is reported at its parent; its own name is what the reader needs. */
function pathOf(issue: z.core.$ZodIssue): readonly PropertyKey[] {
  return issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path;
}

function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = json;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function fail(file: string, field: string, value: unknown, rule: string): never {
  const shown = value === undefined ? 'missing' : JSON.stringify(value);
  throw new TradingError('E_INSTRUMENT', `${file}: ${field} is ${shown}`, {
    where: file,
    details: { file, field, value },
    rule,
    fix: `correct ${field === '' ? 'the file' : field}; schemas/instrument.schema.json describes the format`,
  });
}

/** JSON Schema of the file format, as committed in `schemas/instrument.schema.json`. */
export function instrumentJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(INSTRUMENT_FILE) as Record<string, unknown>;
}
