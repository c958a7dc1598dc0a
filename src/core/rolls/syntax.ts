/**
 * Roll rules as one word of a command line, and back.
 *
 *     calendar:5b@earlier      5 business days (d: calendar days) before the earlier of last trade and first notice;
 *                              also @last-trade and @first-notice
 *     approx:-5,-12            expiry 12 days before its month, roll 5 days earlier; approx:-5,15,exclusive: expiry the day after
 *     first-day  last-day      of the delivery month; the day before the last trade date
 *     volume:1                 sessions in a row; volume:2@3 with a deadline 3 business days before the earlier anchor
 *     oi:1  oi-year:1          open interest of the next contract, or of any within a year; oi:1@1:last-trade
 *     liquid:-5,-12            forward volume smoothed; liquid:-5,-12,10 only within 10 days of the desired day
 *     after:RULE/CONDITION     a date filter, then a condition: after:calendar:10b@last-trade/volume:1
 *     weighted:5/RULE          five equal parts at five closes
 *     nearest/RULE             the common close nearest to the day; looks ahead
 *     lean:0 to lean:3         last day, first day, open interest, open interest within a year
 *     given:NAME               a roll calendar, usually a file
 */
import { TradingError } from '../errors.ts';
import type { ConditionRule, DateRule, RollDeadline, RollRule } from '../roll.ts';
import { checkRollRule } from './check.ts';

/** Used where a condition names no deadline. */
export const DEFAULT_DEADLINE: RollDeadline = { days: 2, anchor: 'earlier' };
/** Smoothing and thresholds of `liquid`: a span of three sessions is our choice, the others are pysystemtrade's. */
export const LIQUID_DEFAULTS = { span: 3, minShare: 0.01, minVolume: 100 } as const;

export const RULE_FORMS: readonly string[] = [
  'calendar:5b@earlier',
  'approx:-5,-12',
  'first-day',
  'last-day',
  'volume:1',
  'oi',
  'oi-year',
  'liquid:-5,-12',
  'after:calendar:10b@earlier/volume:1',
  'weighted:5/calendar:7b@last-trade',
  'nearest/approx:-5,-12',
  'lean:0',
  'given:file.csv',
];

/** Reads the text of `--rule`. Errors: E_ROLL_RULE naming rule, position and what stands there. */
export function parseRollRule(text: string): RollRule {
  const scanner = new Scanner(text);
  const rule = scanner.rule();
  scanner.end();
  checkRollRule(rule);
  return rule;
}

/** The same rule as a word; `parseRollRule(formatRollRule(rule))` is the rule, where it holds no given rolls. */
export function formatRollRule(rule: RollRule): string {
  switch (rule.kind) {
    case 'calendar':
      return `calendar:${rule.days}${rule.count === 'business' ? 'b' : 'd'}@${rule.anchor}`;
    case 'approximate': {
      const tail = rule.expiry === 'last-day' ? '' : ',exclusive';
      return `approx:${rule.rollOffsetDays},${rule.expiryOffsetDays}${tail}`;
    }
    case 'first-day':
    case 'last-day':
      return rule.kind;
    case 'volume':
      return `volume:${rule.sessions}${deadlineText({ days: rule.deadlineDays, anchor: 'earlier' })}`;
    case 'open-interest':
      return `${rule.within === 'next' ? 'oi' : 'oi-year'}:${rule.sessions}${deadlineText(rule.deadline)}`;
    case 'liquid-forward': {
      const near = rule.nearDays === null ? '' : `,${rule.nearDays}`;
      return `liquid:${rule.rollOffsetDays},${rule.expiryOffsetDays}${near}`;
    }
    case 'after':
      return `after:${formatRollRule(rule.date)}/${formatRollRule(rule.condition)}`;
    case 'weighted':
      return `weighted:${rule.days}/${formatRollRule(rule.base)}`;
    case 'nearest-date':
      return `nearest/${formatRollRule(rule.base)}`;
    case 'given':
      return `given:${rule.name}`;
  }
}

function deadlineText({ days, anchor }: RollDeadline): string {
  const isDefault = days === DEFAULT_DEADLINE.days && anchor === DEFAULT_DEADLINE.anchor;
  return isDefault ? '' : `@${days}${anchor === 'earlier' ? '' : `:${anchor}`}`;
}

class Scanner {
  readonly #text: string;
  #at: number = 0;

  constructor(text: string) {
    this.#text = text;
  }

  rule(): RollRule {
    const start = this.#at;
    const name = this.#word();
    switch (name) {
      case 'after': {
        this.#take(':');
        const date = this.#date();
        this.#take('/');
        return { kind: 'after', date, condition: this.#condition() };
      }
      case 'weighted': {
        this.#take(':');
        const days = this.#number();
        this.#take('/');
        return { kind: 'weighted', days, base: this.#base() };
      }
      case 'nearest':
        this.#take('/');
        return { kind: 'nearest-date', base: this.#date() };
      case 'lean':
        return this.#lean();
      case 'liquid':
        return this.#liquid();
      case 'given': {
        this.#take(':');
        const file = this.#text.slice(this.#at);
        if (file === '') throw this.#fault('a name or a file', this.#at);
        this.#at = this.#text.length;
        return { kind: 'given', name: file };
      }
      default: {
        const rule = this.#simple(name);
        if (rule !== null) return rule;
        throw this.#fault(`one of ${RULE_FORMS.join(', ')}`, start);
      }
    }
  }

  end(): void {
    if (this.#at < this.#text.length) throw this.#fault('the end of the rule', this.#at);
  }

  #base(): DateRule | ConditionRule {
    const start = this.#at;
    const word = this.#word();
    const rule = word === 'lean' ? this.#lean() : this.#simple(word);
    if (rule === null) throw this.#fault('a date rule, a volume or an open-interest rule', start);
    return rule;
  }

  #date(): DateRule {
    const start = this.#at;
    const rule = this.#base();
    if (rule.kind !== 'volume' && rule.kind !== 'open-interest') return rule;
    throw this.#fault('a rule that names a date', start);
  }

  #condition(): ConditionRule {
    const start = this.#at;
    const rule = this.#base();
    if (rule.kind === 'volume' || rule.kind === 'open-interest') return rule;
    throw this.#fault('volume or oi', start);
  }

  #simple(name: string): DateRule | ConditionRule | null {
    switch (name) {
      case 'calendar':
        return this.#calendar();
      case 'approx':
        return this.#approximate();
      case 'first-day':
      case 'last-day':
        return { kind: name };
      case 'volume': {
        const { sessions, deadline } = this.#sessions(false);
        return { kind: 'volume', sessions, deadlineDays: deadline.days };
      }
      case 'oi':
      case 'oi-year':
        return {
          kind: 'open-interest',
          within: name === 'oi' ? 'next' : 'year',
          ...this.#sessions(true),
        };
      default:
        return null;
    }
  }

  #calendar(): DateRule {
    this.#take(':');
    const days = this.#number();
    const unit = this.#text[this.#at];
    if (unit !== 'b' && unit !== 'd')
      throw this.#fault('b (business days) or d (calendar days)', this.#at);
    this.#at += 1;
    this.#take('@');
    const start = this.#at;
    const anchor = this.#word();
    if (anchor !== 'last-trade' && anchor !== 'first-notice' && anchor !== 'earlier')
      throw this.#fault('last-trade, first-notice or earlier', start);
    return { kind: 'calendar', anchor, days, count: unit === 'b' ? 'business' : 'calendar' };
  }

  #approximate(): DateRule {
    const { rollOffsetDays, expiryOffsetDays } = this.#offsets();
    if (!this.#has(',')) {
      return { kind: 'approximate', rollOffsetDays, expiryOffsetDays, expiry: 'last-day' };
    }
    const start = this.#at;
    if (this.#word() !== 'exclusive') throw this.#fault('exclusive', start);
    return { kind: 'approximate', rollOffsetDays, expiryOffsetDays, expiry: 'end-exclusive' };
  }

  #liquid(): RollRule {
    const offsets = this.#offsets();
    const nearDays = this.#has(',') ? this.#number() : null;
    return { kind: 'liquid-forward', ...offsets, ...LIQUID_DEFAULTS, nearDays };
  }

  #offsets(): { rollOffsetDays: number; expiryOffsetDays: number } {
    this.#take(':');
    const rollOffsetDays = this.#number();
    this.#take(',');
    return { rollOffsetDays, expiryOffsetDays: this.#number() };
  }

  #sessions(hasAnchor: boolean): { sessions: number; deadline: RollDeadline } {
    const sessions = this.#has(':') ? this.#number() : 1;
    if (!this.#has('@')) return { sessions, deadline: DEFAULT_DEADLINE };
    const days = this.#number();
    if (!hasAnchor || !this.#has(':')) return { sessions, deadline: { days, anchor: 'earlier' } };
    const start = this.#at;
    const anchor = this.#word();
    if (anchor !== 'last-trade' && anchor !== 'earlier')
      throw this.#fault('last-trade or earlier', start);
    return { sessions, deadline: { days, anchor } };
  }

  #lean(): DateRule | ConditionRule {
    this.#take(':');
    const start = this.#at;
    const mode = this.#number();
    const deadline: RollDeadline = { days: 1, anchor: 'last-trade' };
    if (mode === 0) return { kind: 'last-day' };
    if (mode === 1) return { kind: 'first-day' };
    if (mode === 2) return { kind: 'open-interest', within: 'next', sessions: 1, deadline };
    if (mode === 3) return { kind: 'open-interest', within: 'year', sessions: 1, deadline };
    throw this.#fault('a mapping mode 0, 1, 2 or 3', start);
  }

  #word(): string {
    const match = /^[a-z-]*/.exec(this.#text.slice(this.#at))![0];
    this.#at += match.length;
    return match;
  }

  #number(): number {
    const match = /^-?\d{1,6}/.exec(this.#text.slice(this.#at));
    if (match === null) throw this.#fault('a whole number', this.#at);
    this.#at += match[0].length;
    return Number(match[0]);
  }

  #has(mark: string): boolean {
    if (this.#text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #take(mark: string): void {
    if (!this.#has(mark)) throw this.#fault(`"${mark}"`, this.#at);
  }

  #fault(expected: string, at: number): TradingError {
    const found = at >= this.#text.length ? 'nothing' : `"${this.#text.slice(at, at + 12)}"`;
    return new TradingError(
      'E_ROLL_RULE',
      `roll rule "${this.#text}", position ${at + 1}: expected ${expected}, found ${found}`,
      {
        details: { rule: this.#text, position: at + 1, expected },
        where: '--rule',
        rule: 'a roll rule is written as in `frontmonth rolls --help`',
        fix: `write for instance ${RULE_FORMS[0]} or volume:1`,
      },
    );
  }
}
