/** Parses the command line, runs one command, and turns whatever happens into output and an exit code. */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import type { ErrorCatalog, ExitCode } from '../core/errors.ts';
import { EXIT, TradingError } from '../core/errors.ts';
import type { ResolvedConfig } from '../research/project-config.ts';
import { COMMANDS } from './command-tree.ts';
import type { CommandCall, CommandSpec, FlagSpec } from './command.ts';
import { GLOBAL_FLAGS } from './command.ts';
import { CLI_ERRORS } from './errors.ts';
import { commandHelp, programHelp } from './help.ts';
import type { Host } from './host.ts';
import type { OutputOptions } from './output.ts';
import { Output, toJson } from './output.ts';
import { programVersion } from './package-root.ts';
import { reportError, stackOf } from './report-error.ts';
import type { Services } from './services.ts';
import { didYouMean } from '../core/suggest.ts';

/** Runs one command line. `argv` is without the program's name. Never throws. */
export async function runCli(argv: readonly string[], host: Host): Promise<ExitCode> {
  const session = new Session(argv, host);
  try {
    return await session.run();
  } catch (error) {
    return session.fail(error);
  }
}

class Session {
  readonly #argv: readonly string[];
  readonly #host: Host;
  #out: Output;
  #exit: ExitCode = EXIT.ok;
  #services: Promise<Services> | null = null;

  constructor(argv: readonly string[], host: Host) {
    this.#argv = argv;
    this.#host = host;
    // Enough to report a usage error before the flags are parsed.
    this.#out = new Output(host, earlyOptions(argv));
  }

  async run(): Promise<ExitCode> {
    const program = this.#program();
    if (this.#argv.length === 0) {
      this.#host.stderr.write(`${programHelp(COMMANDS, this.#out.width('stderr'))}\n`);
      return EXIT.usage;
    }
    try {
      await program.parseAsync([...this.#argv], { from: 'user' });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      if (
        error.code === 'commander.help' ||
        error.code === 'commander.helpDisplayed' ||
        error.code === 'commander.version'
      )
        return EXIT.ok;
      throw usageError(error, program, this.#argv);
    }
    return this.#exit;
  }

  async fail(error: unknown): Promise<ExitCode> {
    const reported = reportError(error, await this.#pages());
    if (reported !== null) {
      // Where nothing nearer is known, the command line is the place.
      this.#out.error({
        ...reported,
        where: reported.where ?? ['frontmonth', ...this.#argv].join(' '),
      });
      return reported.exit;
    }
    const file = writeCrashFile(error, this.#argv, this.#host);
    this.#out.error({
      code: 'E_CRASH',
      message: error instanceof Error ? error.message : String(error),
      where: undefined,
      rule: undefined,
      fix: `report it with the crash file ${file}`,
      details: { crashFile: file },
      exit: EXIT.bug,
      hasPage: true,
      stack: stackOf(error),
    });
    return EXIT.bug;
  }

  /** The pages of the layers that could be loaded; a broken installation still reports its error. */
  async #pages(): Promise<ErrorCatalog> {
    try {
      const { allErrorPages } = await import('./error-pages.ts');
      return await allErrorPages();
    } catch {
      return CLI_ERRORS;
    }
  }

  #program(): Command {
    const program = new Command('frontmonth')
      .exitOverride()
      .showSuggestionAfterError(false)
      .enablePositionalOptions(false)
      .helpCommand(false)
      .configureOutput({
        writeOut: (text) => this.#host.stdout.write(text),
        // Usage errors are reported in our own form.
        writeErr: () => undefined,
      })
      .version(programVersion(), '-V, --version', 'version');
    program.helpInformation = () => `${programHelp(COMMANDS, this.#out.width('stdout'))}\n`;
    addFlags(program, GLOBAL_FLAGS);
    for (const spec of COMMANDS) this.#add(program, spec, [spec.name]);
    return program;
  }

  #add(parent: Command, spec: CommandSpec, path: readonly string[]): void {
    const command = parent.command(spec.name).helpCommand(false);
    command.helpInformation = () => `${commandHelp(path, spec, this.#out.width('stdout'))}\n`;
    addFlags(command, spec.flags ?? []);
    addFlags(command, GLOBAL_FLAGS);
    for (const child of spec.children ?? []) this.#add(command, child, [...path, child.name]);
    for (const arg of spec.args ?? []) {
      const name = arg.isVariadic === true ? `${arg.name}...` : arg.name;
      command.argument(arg.isOptional === true ? `[${name}]` : `<${name}>`, arg.description);
    }
    const load = spec.load;
    if (load === undefined) {
      command.action(() => command.help());
      return;
    }
    command.action(async (...received: unknown[]) => {
      const args = received.slice(0, spec.args?.length ?? 0);
      const flags = command.optsWithGlobals();
      this.#out = new Output(this.#host, outputOptions(flags));
      const { run } = await load();
      this.#exit = await run(this.#call(args as CommandCall['args'], flags));
    });
  }

  #call(args: CommandCall['args'], flags: Record<string, unknown>): CommandCall {
    const host = this.#host;
    return {
      args,
      flags,
      host,
      out: this.#out,
      command: ['frontmonth', ...this.#argv],
      config: async (extra = {}): Promise<ResolvedConfig> => {
        const { resolveConfig } = await import('../research/project-config.ts');
        const { loadModule } = await import('./load-module.ts');
        return resolveConfig({
          cwd: host.cwd,
          env: host.env,
          file: typeof flags['config'] === 'string' ? flags['config'] : null,
          flags: extra,
          loadModule,
        });
      },
      services: () => (this.#services ??= host.loadServices()),
    };
  }
}

function addFlags(command: Command, flags: readonly FlagSpec[]): void {
  for (const flag of flags) {
    const option = new Option(flag.flags, flag.description);
    if (flag.choices !== undefined) option.choices(flag.choices);
    if (flag.isRepeated === true) {
      option.argParser((text: string, before: unknown) => [
        ...(Array.isArray(before) ? (before as string[]) : []),
        text,
      ]);
    }
    command.addOption(option);
  }
}

function outputOptions(flags: Readonly<Record<string, unknown>>): OutputOptions {
  const color = flags['color'];
  return {
    json: flags['json'] === true,
    quiet: flags['quiet'] === true,
    verbose: flags['verbose'] === true,
    debug: flags['debug'] === true,
    wide: flags['wide'] === true,
    utc: flags['utc'] === true,
    color: typeof color === 'boolean' ? color : null,
  };
}

function earlyOptions(argv: readonly string[]): OutputOptions {
  const end = argv.indexOf('--');
  const seen = new Set(end < 0 ? argv : argv.slice(0, end));
  return outputOptions({
    json: seen.has('--json'),
    quiet: seen.has('--quiet'),
    debug: seen.has('--debug'),
    ...(seen.has('--no-color') ? { color: false } : seen.has('--color') ? { color: true } : {}),
  });
}

/** The deepest command that the words name. */
function commandOf(
  program: Command,
  argv: readonly string[],
): { command: Command; rest: string[] } {
  let command = program;
  const rest = argv.filter((word) => !word.startsWith('-'));
  for (;;) {
    const next = command.commands.find((child) => child.name() === rest[0]);
    if (next === undefined) return { command, rest };
    command = next;
    rest.shift();
  }
}

function usageError(
  error: CommanderError,
  program: Command,
  argv: readonly string[],
): TradingError {
  const { command, rest } = commandOf(program, argv);
  const path = pathOf(command);
  const help = `see: ${path} --help`;
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  if (
    error.code === 'commander.unknownCommand' ||
    (command.commands.length > 0 && rest.length > 0)
  ) {
    const word = rest[0] ?? quoted;
    const hidden = new Set(COMMANDS.filter((spec) => spec.isHidden).map((spec) => spec.name));
    const known = command.commands.map((child) => child.name()).filter((name) => !hidden.has(name));
    return new TradingError('E_USAGE', `there is no command \`${word}\``, {
      where: `${path} ${word}`,
      rule: `commands: ${known.join(', ')}`,
      fix: didYouMean(word, known, help),
    });
  }
  if (error.code === 'commander.unknownOption') {
    const known = command.options.flatMap((option) => (option.long == null ? [] : [option.long]));
    return new TradingError('E_USAGE', `${path} has no flag ${quoted}`, {
      where: argv.join(' '),
      fix: didYouMean(quoted, known, help),
    });
  }
  const code = error.code === 'commander.invalidArgument' ? 'E_FLAG_VALUE' : 'E_USAGE';
  const message = error.message.replace(/^error: /, '').replace(/\.$/, '');
  return new TradingError(code, message, { where: ['frontmonth', ...argv].join(' '), fix: help });
}

function pathOf(command: Command): string {
  const names: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name());
  return names.join(' ');
}

/** Writes what is needed to find the fault into the temporary folder; returns the path. */
function writeCrashFile(error: unknown, argv: readonly string[], host: Host): string {
  const stamp = new Date(host.nowMs()).toISOString().replaceAll(':', '-').replace(/\..*$/, 'Z');
  const file = join(tmpdir(), `frontmonth-crash-${stamp}.json`);
  const body = {
    program: `frontmonth ${programVersion()}`,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    command: argv,
    stack: stackOf(error),
  };
  try {
    writeFileSync(file, `${toJson(body)}\n`, { mode: 0o600 });
    return file;
  } catch {
    return '(it could not be written)';
  }
}
