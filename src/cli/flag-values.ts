/** Texts of flags as values. Errors: E_FLAG_VALUE, naming the flag. */
import { TradingError } from '../core/errors.ts';
import { parseTradeDate } from '../core/trade-date.ts';
import type { CommandCall } from './command.ts';
import { textFlag } from './command.ts';
import { withWhere } from './strategy-loader.ts';

/** A number of a flag; undefined when the flag is not given. */
export function numberFlag(
  call: CommandCall,
  name: string,
  bounds: { readonly min: number; readonly max?: number; readonly isWhole?: boolean },
): number | undefined {
  const text = textFlag(call, name);
  if (text === undefined) return undefined;
  const flag = flagOf(name);
  const value = text.trim() === '' ? NaN : Number(text.replaceAll('_', ''));
  const max = bounds.max ?? Number.MAX_SAFE_INTEGER;
  const isWhole = bounds.isWhole ?? true;
  if (value >= bounds.min && value <= max && (!isWhole || Number.isInteger(value))) return value;
  throw new TradingError('E_FLAG_VALUE', `${flag} is "${text}"`, {
    where: `${flag} ${text}`,
    rule: `a ${isWhole ? 'whole ' : ''}number from ${bounds.min}${bounds.max === undefined ? ' up' : ` to ${max}`}`,
    fix: 'choose a number inside the range',
  });
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A trade date of a flag, checked and returned as text. Errors: E_TRADE_DATE. */
export function dateFlag(call: CommandCall, name: string): string | undefined {
  const text = textFlag(call, name);
  if (text !== undefined) withWhere(`${flagOf(name)} ${text}`, () => parseTradeDate(text));
  return text;
}

/** `--from` and `--to`, in this order. Errors: E_TRADE_DATE; E_FLAG_VALUE when they are exchanged. */
export function spanOf(call: CommandCall): { readonly from?: string; readonly to?: string } {
  const [from, to] = [dateFlag(call, 'from'), dateFlag(call, 'to')];
  if (from !== undefined && to !== undefined && from > to) {
    throw new TradingError('E_FLAG_VALUE', `--from ${from} is after --to ${to}`, {
      where: `--from ${from} --to ${to}`,
      fix: 'exchange the two dates',
    });
  }
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

/** Moment before which runs are left out: `7d`, `12h`, `30m` or a date. Units: ms since the epoch. */
export function sinceMs(text: string, nowMs: number): number {
  const duration = /^(\d+)([dhm])$/.exec(text);
  if (duration !== null) {
    const unit = { d: 86_400_000, h: 3_600_000, m: 60_000 }[duration[2] as 'd' | 'h' | 'm'];
    return nowMs - Number(duration[1]) * unit;
  }
  const moment = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(moment)) {
    throw new TradingError('E_FLAG_VALUE', `--since is "${text}"`, {
      where: `--since ${text}`,
      rule: 'a duration such as 7d, 12h or 30m, or a date such as 2026-11-01',
    });
  }
  return moment;
}

/** A comma separated list; undefined when the flag is not given. */
export function listFlag(call: CommandCall, name: string): string[] | undefined {
  return textFlag(call, name)
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
