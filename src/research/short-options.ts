/** Checks the options of `backtest()`: programs in JavaScript, notebooks and spread configurations reach it unchecked. */
import { z } from 'zod';
import { TradingError } from '../core/errors.ts';
import { didYouMean } from '../core/suggest.ts';
import { CONFIG_SCHEMAS } from './project-config.ts';
import type { ShortBacktestOptions } from './short-backtest.ts';

const text = z.string().min(1);

/** One schema per option, so that a fault names its option. */
const OPTIONS = {
  ...CONFIG_SCHEMAS,
  instruments: z.array(text).min(1, 'one product or more; leave it out for those of the strategy'),
  params: z.record(z.string(), z.unknown()),
  from: z.iso.date(),
  to: z.iso.date(),
  programme: z.union([text, z.looseObject({})], 'a programme, or the path of its file'),
  execution: z.string().regex(/^[1-9]\d*[smhd]$/, 'a bar interval such as 1m, 15m, 1h or 1d'),
  out: text,
  report: z.boolean(),
  file: text,
  instrumentsDir: text,
  onProgress: z.custom((value) => typeof value === 'function', 'a function'),
} as const satisfies Readonly<Record<keyof ShortBacktestOptions, z.ZodType>>;
const NAMES: readonly string[] = Object.keys(OPTIONS);

/** An option that is undefined counts as left out. Errors: E_BACKTEST_OPTION naming option, value and rule. */
export function checkShortOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw badOption('options', options, 'an object such as { instruments: ["ES"] }');
  for (const [name, value] of Object.entries(options)) {
    if (!isOption(name)) throw unknownOption(name, name, NAMES);
    if (value !== undefined) checkOption(name, value);
  }
  const { from, to } = options as ShortBacktestOptions;
  if (from !== undefined && to !== undefined && from > to)
    throw badOption('from', from, `not after \`to\`, which is ${to}`, 'exchange the two dates');
}

function isOption(name: string): name is keyof typeof OPTIONS {
  return Object.hasOwn(OPTIONS, name);
}

function checkOption(name: keyof typeof OPTIONS, value: unknown): void {
  const parsed = OPTIONS[name].safeParse(value);
  if (parsed.success) return;
  const issue = parsed.error.issues[0]!;
  const field = [name, ...issue.path.map(String)].join('.');
  if (issue.code === 'unrecognized_keys') {
    const word = issue.keys[0]!;
    throw unknownOption(`${field}.${word}`, word, []);
  }
  throw badOption(field, valueAt(value, issue.path), issue.message);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) found = (found as Record<PropertyKey, unknown>)[key];
  return found;
}

function badOption(
  field: string,
  value: unknown,
  rule: string,
  fix: string = `correct \`${field}\``,
): TradingError {
  // NaN and Infinity have no JSON.
  const shown = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? typeof value);
  return new TradingError('E_BACKTEST_OPTION', `\`${field}\` is ${shown}`, {
    where: 'backtest()',
    rule,
    fix,
    details: { field, value },
  });
}

function unknownOption(field: string, word: string, known: readonly string[]): TradingError {
  return new TradingError('E_BACKTEST_OPTION', `there is no option \`${field}\``, {
    where: 'backtest()',
    rule: known.length === 0 ? 'a key of this option' : `options: ${known.join(', ')}`,
    fix: didYouMean(word, known, `leave out \`${field}\``),
    details: { field, word },
  });
}
