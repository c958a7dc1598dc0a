/**
 * The one place that writes. stdout is the answer, stderr is the talk; colour, width and animation are decided for each
 * stream by itself.
 */
import { styleText } from 'node:util';
import type { Host, TextStream } from './host.ts';
import type { ReportedError } from './report-error.ts';

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly debug: boolean;
  readonly wide: boolean;
  /** Times in UTC instead of the exchange's zone. */
  readonly utc: boolean;
  /** `--color`, `--no-color`, or neither. */
  readonly color: boolean | null;
}

export interface Warning {
  readonly code: string;
  readonly message: string;
}

export type Channel = 'stdout' | 'stderr';
type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'cyan' | 'blue';

/** Piped output is this wide, always. */
export const PIPED_WIDTH = 100;

/** Whether a stream gets colour: flag, then environment, then its terminal. */
export function hasColor(stream: TextStream, env: Host['env'], flag: boolean | null): boolean {
  if (flag !== null) return flag;
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const force = env['FORCE_COLOR'];
  if (force !== undefined && force !== '0' && force !== 'false') return true;
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

/** Whether a stream may be redrawn in place. */
export function isAnimated(stream: TextStream, env: Host['env']): boolean {
  return stream.isTTY === true && env['TERM'] !== 'dumb' && (env['CI'] ?? '') === '';
}

/** Box characters and the like only on a UTF-8 terminal. */
export function isUnicode(stream: TextStream, env: Host['env']): boolean {
  const locale = env['LC_ALL'] ?? env['LC_CTYPE'] ?? env['LANG'] ?? '';
  return stream.isTTY === true && /utf-?8/i.test(locale);
}

export class Output {
  readonly options: OutputOptions;
  readonly host: Host;
  readonly warnings: Warning[] = [];
  #hasAnswered = false;

  constructor(host: Host, options: OutputOptions) {
    this.host = host;
    this.options = options;
  }

  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** One line of the answer. */
  answer(text: string): void {
    this.#hasAnswered = true;
    this.host.stdout.write(`${text}\n`);
  }

  /** One line of talk; silent with `--quiet`. */
  talk(text: string): void {
    if (!this.options.quiet) this.host.stderr.write(`${text}\n`);
  }

  /** What was decided and why. */
  verbose(text: string): void {
    if (this.options.verbose || this.options.debug) this.host.stderr.write(`${text}\n`);
  }

  debug(text: string): void {
    if (this.options.debug) this.host.stderr.write(`debug ${text}\n`);
  }

  warn(code: string, message: string): void {
    this.warnings.push({ code, message });
    if (this.options.quiet) return;
    this.host.stderr.write(`${this.style('stderr', 'yellow', 'warning')} ${code}: ${message}\n`);
  }

  /** One line that names the next step; only for a person at a terminal. */
  hint(text: string): void {
    const { env, stderr } = this.host;
    if (this.options.json || stderr.isTTY !== true || env['FRONTMONTH_HINTS'] === '0') return;
    this.talk(this.style('stderr', 'dim', text));
  }

  /** The answer of a command: the envelope with `--json`, the text otherwise. */
  result(schema: string, result: unknown, text: () => string): void {
    if (!this.options.json) {
      const body = text();
      if (body !== '') this.answer(body);
      return;
    }
    this.answer(toJson({ schema, ok: true, result, warnings: this.warnings }));
  }

  /** One row of a streaming command. */
  row(value: unknown): void {
    this.answer(toJson(value));
  }

  error(error: ReportedError): void {
    if (this.options.json && !this.#hasAnswered) {
      this.answer(
        toJson({
          schema: 'frontmonth.error/1',
          ok: false,
          error: {
            code: error.code,
            message: error.message,
            where: error.where ?? null,
            rule: error.rule ?? null,
            fix: error.fix ?? null,
            details: error.details,
          },
          warnings: this.warnings,
        }),
      );
    }
    this.host.stderr.write(`${this.errorText(error)}\n`);
    if (this.options.debug) this.host.stderr.write(`${error.stack}\n`);
  }

  /** Code, sentence, where, rule, cure. */
  errorText(error: ReportedError): string {
    const lines = [`${this.style('stderr', 'red', 'error')} ${error.code}: ${error.message}`];
    const field = (name: string, value: string | undefined): void => {
      if (value === undefined || value === '') return;
      lines.push(`  ${this.style('stderr', 'dim', name.padEnd(8))} ${value}`);
    };
    field('in', error.where);
    field('rule', error.rule);
    field('fix', error.fix);
    field('more', error.hasPage ? `frontmonth errors ${error.code}` : undefined);
    return lines.join('\n');
  }

  style(channel: Channel, style: Style, text: string): string {
    const isOn = hasColor(this.host[channel], this.host.env, this.options.color);
    // The decision is made here, so that it can be tested without a terminal.
    return isOn ? styleText(style, text, { validateStream: false }) : text;
  }

  width(channel: Channel): number {
    const stream = this.host[channel];
    if (stream.isTTY !== true) return PIPED_WIDTH;
    return Math.max(40, stream.columns ?? 80);
  }

  isAnimated(channel: Channel): boolean {
    return !this.options.quiet && isAnimated(this.host[channel], this.host.env);
  }

  isUnicode(channel: Channel): boolean {
    return isUnicode(this.host[channel], this.host.env);
  }
}

/** JSON without NaN or Infinity: both become null, bigints become text. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'number' && !Number.isFinite(item)) return null;
    if (typeof item === 'bigint') return item.toString();
    return item;
  });
}
