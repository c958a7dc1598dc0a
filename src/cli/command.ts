/** A command as data: one description drives the parser, the help, the reference page and the completion scripts. */
import type { ExitCode } from '../core/errors.ts';
import type { ResolvedConfig } from '../research/project-config.ts';
import type { Host } from './host.ts';
import type { Output } from './output.ts';
import type { Services } from './services.ts';

export interface ArgSpec {
  readonly name: string;
  readonly description: string;
  readonly isOptional?: boolean;
  readonly isVariadic?: boolean;
  /** What the completion offers for it. */
  readonly values?: ValueKind;
}

/** Values that the completion looks up in the project. */
export type ValueKind =
  | 'run'
  | 'dataset'
  | 'product'
  | 'strategy'
  | 'error'
  | 'shell'
  | 'calendar'
  | 'venue';

export interface FlagSpec {
  /** As commander reads it: `--capital <amount>`. */
  readonly flags: string;
  readonly description: string;
  /** Heading in the help; the first group of a command is its common flags. */
  readonly group?: string;
  readonly isRepeated?: boolean;
  readonly choices?: readonly string[];
  /** What the completion offers as its value. */
  readonly values?: ValueKind | 'param';
}

export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  readonly args?: readonly ArgSpec[];
  readonly flags?: readonly FlagSpec[];
  /** Real command lines; the help begins with them and the tests run them through the parser. */
  readonly examples: readonly string[];
  /** What stands on stdout. */
  readonly answer: string;
  /** Made for scripts: left out of help, reference and completion. */
  readonly isHidden?: boolean;
  readonly children?: readonly CommandSpec[];
  /** Loaded only when the command runs. */
  readonly load?: () => Promise<{ readonly run: CommandRunner }>;
}

export interface CommandCall {
  readonly args: readonly (string | readonly string[] | undefined)[];
  readonly flags: Readonly<Record<string, unknown>>;
  readonly host: Host;
  readonly out: Output;
  /** The command line as typed, program name first. */
  readonly command: readonly string[];
  config(flags?: Readonly<Record<string, unknown>>): Promise<ResolvedConfig>;
  services(): Promise<Services>;
}
export type CommandRunner = (call: CommandCall) => Promise<ExitCode>;

/** Flags that every command takes. */
export const GLOBAL_FLAGS: readonly FlagSpec[] = [
  { flags: '--json', description: 'one JSON document (or NDJSON rows) on stdout' },
  { flags: '--quiet', description: 'errors and the answer only' },
  { flags: '--verbose', description: 'what was decided and why' },
  { flags: '--debug', description: 'internals and stack traces' },
  { flags: '--wide', description: 'all columns, however wide' },
  { flags: '--utc', description: "times in UTC instead of the exchange's zone" },
  { flags: '--color', description: 'colour even without a terminal' },
  { flags: '--no-color', description: 'no colour' },
  { flags: '--config <file>', description: 'configuration file instead of the one of the project' },
];

export function textArg(call: CommandCall, index: number): string {
  const value = call.args[index];
  return typeof value === 'string' ? value : '';
}

export function listArg(call: CommandCall, index: number): readonly string[] {
  const value = call.args[index];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

export function textFlag(call: CommandCall, name: string): string | undefined {
  const value = call.flags[name];
  return typeof value === 'string' ? value : undefined;
}

export function hasFlag(call: CommandCall, name: string): boolean {
  return call.flags[name] === true;
}
