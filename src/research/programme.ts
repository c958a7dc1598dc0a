/** Programmes as files: reading, checking, and wiring one to an account of a run. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ZoneTable, parseWallTime } from '../calendars/wall-time.ts';
import { TradingError } from '../core/errors.ts';
import type { TradingCalendar } from '../core/ports.ts';
import type { FlatDeadline } from '../core/programme/guard.ts';
import type { Programme } from '../core/programme/programme.ts';
import { PROGRAMME_SCHEMA } from '../core/programme/programme.ts';
import { addDays } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { US_PER_MINUTE } from '../core/units.ts';

const units = z.number().positive().max(9_000_000_000);
const basis = z.enum(['balance', 'equity']);
const tested = z.enum(['real-time', 'end-of-day']);
const about = <T extends z.ZodType>(type: T, text: string): T => type.describe(text);

/** One schema for the validator, for the published JSON Schema and for the reference page. */
export function programmeSchema(): z.ZodType<Programme> {
  const profitTarget = z.strictObject({
    amount: about(units, 'profit over the start balance'),
    basis: about(basis, '`balance` counts closed trades only, `equity` open results too'),
    tested: about(tested, 'at every mark, or at the last close of a trade date'),
    onReach: about(
      z.enum(['stop', 'continue']),
      '`stop` closes all positions and ends trading, `continue` only says so',
    ),
  });
  const maximumLoss = z.strictObject({
    amount: about(units, 'distance of the floor from what it follows'),
    mode: about(
      z.enum(['static', 'trailing-end-of-day', 'trailing-intraday']),
      'the floor stands below the start balance, below the highest end of a trade date, or below the highest moment',
    ),
    raisedBy: about(
      basis.optional(),
      'what a trailing floor follows; by default `balance` at the end of a day, `equity` inside it',
    ),
    tested: about(tested, 'when the account is held against the floor'),
    includesOpen: about(z.boolean(), 'whether the tested value holds open results'),
    lockAt: about(
      z.number().optional(),
      'the floor never rises above the start balance plus this; 0 is the start balance itself; without it there is no lock',
    ),
  });
  const dailyLoss = z.strictObject({
    amount: about(units, 'distance of the limit of the day'),
    from: about(
      z.enum(['balance', 'equity', 'higher']),
      'what the limit is counted from, as it stood when the trade date began',
    ),
    includesOpen: about(z.boolean(), 'whether the tested value holds open results'),
    trailing: about(
      z.enum(['none', 'realised', 'floating']),
      'whether gains of the day raise the limit: not, those of closed trades, or open ones too',
    ),
    action: about(
      z.enum(['none', 'liquidate', 'block-day', 'close']),
      '`liquidate` closes positions while the account is at or below the limit, `block-day` closes them and refuses new ones until the next trade date, `close` does so for good',
    ),
  });
  const flatBy = z.strictObject({
    time: about(z.string().regex(/^\d{2}:\d{2}$/), 'HH:MM, wall time of `zone`'),
    zone: about(z.string().min(1), 'IANA zone, such as America/Chicago'),
    beforeEarlyCloseMinutes: about(
      z.int().min(0).max(600),
      'where a session of the trade date ends before `time`: flat this many minutes before its end',
    ),
  });
  const scaling = z.strictObject({
    basis: about(
      z.enum(['day-start', 'real-time']),
      'the balance that decides: of the start of the trade date, or of the moment',
    ),
    steps: about(
      z.array(z.strictObject({ profit: z.number(), contracts: z.number().min(0) })).min(1),
      'from this profit over the start balance on, so many contracts; below the first step none',
    ),
    weights: about(
      z.record(z.string(), z.number().positive()).optional(),
      'what a contract of a product counts, such as 0.1 for a micro; 1 where none is given',
    ),
  });
  return z.strictObject({
    schema: z.literal(PROGRAMME_SCHEMA),
    name: about(z.string().min(1), 'how reports call it'),
    currency: about(z.string().regex(/^[A-Z]{3}$/), 'currency of the account and of all amounts'),
    startBalance: about(z.number().min(0).max(9_000_000_000), 'whole units'),
    profitTarget: profitTarget.optional(),
    maximumLoss: maximumLoss.optional(),
    dailyLoss: dailyLoss.optional(),
    flatBy: flatBy.optional(),
    products: about(
      z.array(z.string().min(1)).min(1).optional(),
      'roots of the products that may be traded; without it all',
    ),
    scaling: scaling.optional(),
    bestDay: z
      .strictObject({
        sharePct: about(
          z.number().positive().max(100),
          'the most that the best trade date may have made',
        ),
        of: about(z.enum(['profit', 'target']), 'of the whole profit, or of the profit target'),
      })
      .optional(),
    tradeCount: z
      .strictObject({
        max: about(z.int().positive(), 'a trade date; more are refused, positions stay'),
        counts: about(
          z.enum(['entries', 'exits', 'entries-and-exits', 'round-turns']),
          'an order counts once, however many fills it has; one that reverses is an exit and an entry',
        ),
      })
      .optional(),
    minimumDays: z
      .strictObject({
        days: about(z.int().positive(), 'before the target counts'),
        counts: about(
          z.enum(['traded', 'profitable']),
          'trade dates with an entry, or with at least `profit`',
        ),
        profit: about(units.optional(), 'without it anything above 0'),
      })
      .optional(),
  }) as unknown as z.ZodType<Programme>;
}

/** Errors: E_PROGRAMME_VALUE, which names field, value and rule. `where` is the file. */
export function parseProgramme(value: unknown, where: string): Programme {
  const parsed = programmeSchema().safeParse(value);
  if (!parsed.success) {
    const moneyKey = moneyKeyOf(value);
    if (moneyKey !== undefined)
      throw refuse([moneyKey], value, 'a programme has a `startBalance`', where, MONEY_FIX);
    const { issues } = parsed.error;
    // A misspelt switch is missing as well: the word that was typed says more.
    const issue = issues.find((one) => one.code === 'unrecognized_keys') ?? issues[0]!;
    const path = [
      ...issue.path.map(String),
      ...(issue.code === 'unrecognized_keys' ? [issue.keys[0]!] : []),
    ];
    throw refuse(path, value, issue.message, where);
  }
  const { data } = parsed;
  const { scaling, flatBy } = data;
  for (const key of ['bestDay', 'minimumDays'] as const)
    if (data[key] !== undefined && data.profitTarget === undefined)
      throw refuse([key], value, 'a condition of passing needs a `profitTarget`', where);
  if (
    scaling?.steps.some((step, i) => i > 0 && step.profit <= scaling.steps[i - 1]!.profit) === true
  )
    throw refuse(['scaling', 'steps'], value, 'profits of the steps rise', where);
  if (flatBy !== undefined) {
    try {
      parseWallTime(flatBy.time);
    } catch {
      throw refuse(['flatBy', 'time'], value, 'a local time from 00:00 to 24:00', where);
    }
    try {
      new ZoneTable(flatBy.zone);
    } catch {
      throw refuse(['flatBy', 'zone'], value, 'an IANA zone, such as America/Chicago', where);
    }
  }
  return data;
}

const MONEY_FIX =
  '`--account` takes the rules of a funded account (docs/how-to/funded-accounts.md); fees, margins and margin calls go into frontmonth.config.ts, keys `account` and `margins` (docs/how-to/keep-an-account.md)';

/** A key of the money rules of a configuration, where the value is one of those and no programme. */
function moneyKeyOf(value: unknown): string | undefined {
  if (value === null || typeof value !== 'object' || 'startBalance' in value) return undefined;
  return [
    'account',
    'margins',
    'lots',
    'fees',
    'liquidation',
    'intraday',
    'scan',
    'forceFlat',
  ].find((key) => key in value);
}

function refuse(
  path: readonly string[],
  value: unknown,
  rule: string,
  where: string,
  fix = 'correct the field; all switches: docs/reference/programme.md',
): TradingError {
  let at: unknown = value;
  for (const part of path) at = (at as Record<string, unknown> | null | undefined)?.[part];
  const field = path.length === 0 ? 'the programme' : path.join('.');
  const shown = JSON.stringify(at) ?? 'missing';
  return new TradingError('E_PROGRAMME_VALUE', `\`${field}\` is ${shown}`, {
    details: { field, value: at ?? null },
    where,
    rule,
    fix,
  });
}

/** Why a run cannot stand for an account of the programme, or null. */
export function programmeMismatch(
  programme: Programme,
  run: { readonly capital: number; readonly currency: string },
): TradingError | null {
  const { startBalance, currency } = programme;
  if (run.capital !== startBalance)
    return refuse(
      ['startBalance'],
      programme,
      `it equals the capital of the run, which is ${run.capital}`,
      programme.name,
    );
  return run.currency === currency
    ? null
    : refuse(
        ['currency'],
        programme,
        `it equals the currency of the run, which is ${run.currency}`,
        programme.name,
      );
}

/** Errors: E_PROGRAMME_FILE, E_PROGRAMME_VALUE. */
export function readProgramme(file: string): Programme {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new TradingError(
      'E_PROGRAMME_FILE',
      `the programme cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        where: file,
        details: { file },
        fix: /\.(csv|[cm]?[jt]s)$/.test(file)
          ? MONEY_FIX
          : 'name a JSON file; an example: docs/how-to/funded-accounts.md',
        cause,
      },
    );
  }
  return parseProgramme(value, file);
}

/**
 * When nothing may be held any more, by product and trade date in [from, to], by time. A trade date whose last session ends
 * before the time of the programme has it the given minutes before that end.
 */
export function flatDeadlines(
  programme: Programme,
  calendars: readonly TradingCalendar[],
  from: TradeDate,
  to: TradeDate,
): readonly FlatDeadline[] {
  const rule = programme.flatBy;
  if (rule === undefined) return [];
  const zone = new ZoneTable(rule.zone);
  const minutes = parseWallTime(rule.time);
  const deadlines: FlatDeadline[] = [];
  for (const [row, calendar] of calendars.entries()) {
    const { length, tradeDate, openUs, closeUs } = calendar.sessions(from, to);
    let first = 0;
    for (let i = 0; i < length; i += 1) {
      if (tradeDate[i] !== tradeDate[first]) first = i;
      if (tradeDate[i + 1] === tradeDate[i]) continue;
      const date = tradeDate[i]! as TradeDate;
      let wanted = zone.toUtcUs(date, minutes);
      // A trade date may begin after that time of its own day, as seen from a zone far away.
      if (wanted <= openUs[first]!) wanted = zone.toUtcUs(addDays(date, 1), minutes);
      const early = closeUs[i]! - rule.beforeEarlyCloseMinutes * US_PER_MINUTE;
      const tsUs = (wanted < closeUs[i]! ? wanted : early) as TsUs;
      deadlines.push({ tsUs, row, tradeDate: date });
    }
  }
  return deadlines.toSorted((a, b) => a.tsUs - b.tsUs || a.row - b.row);
}
