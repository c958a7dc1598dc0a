/**
 * The one place that writes. stdout is the answer, stderr is the talk; colour, width and animation are decided for each
 * stream by itself.
 */
import { styleText } from 'node:util';
import type { Host, TextStream } from './host.ts';
import type { ReportedError } from './report-error.ts';
import { wrap } from './wrap.ts';

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

/** Piped output is this wide, unless COLUMNS is exported. */
export const PIPED_WIDTH = 100;
/** Nothing is laid out narrower than this. */
const WIDTH_MIN = 40;

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
    if (!this.options.quiet) this.host.stderr.write(`${this.#fit('stderr', text, 0)}\n`);
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
    const text = this.#fit('stderr', `warning ${code}: ${message}`, 2);
    const word = this.style('stderr', 'yellow', 'warning');
    this.host.stderr.write(`${text.replace('warning', word)}\n`);
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
      // What no command has laid out itself; columns are never broken, they were fitted.
      if (body !== '') this.answer(this.options.wide ? body : this.#fit('stdout', body, 2));
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
    const lines = [
      this.#fit('stderr', `error ${error.code}: ${error.message}`, 6).replace(
        'error',
        this.style('stderr', 'red', 'error'),
      ),
    ];
    const field = (name: string, value: string | undefined): void => {
      if (value === undefined || value === '') return;
      const label = name.padEnd(8);
      const text = this.#fit('stderr', `  ${label} ${value}`, 11);
      lines.push(text.replace(label, this.style('stderr', 'dim', label)));
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

  /** Sentences broken to the width of a terminal; whole lines for a file or a pipe, where they are searched. */
  #fit(channel: Channel, text: string, indent: number): string {
    const isMeasured = this.host[channel].isTTY === true || this.host.env['COLUMNS'] !== undefined;
    if (!isMeasured) return text;
    const width = this.width(channel);
    return text
      .split('\n')
      .flatMap((line) => (line.includes('\u001b') ? [line] : wrap(line, width, indent)))
      .join('\n');
  }

  width(channel: Channel): number {
    const stream = this.host[channel];
    // An exported COLUMNS is a wish; a shell sets the variable for itself only. A terminal may report 0: not known.
    const wished = Number(this.host.env['COLUMNS'] ?? NaN);
    if (Number.isInteger(wished) && wished > 0) return Math.max(WIDTH_MIN, wished);
    if (stream.isTTY !== true) return PIPED_WIDTH;
    return Math.max(WIDTH_MIN, stream.columns || 80);
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
