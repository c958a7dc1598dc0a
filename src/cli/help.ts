/** Help texts: two real examples, then the common flags, then the rest in groups; at most 80 columns. */
import type { CommandSpec, FlagSpec } from './command.ts';
import { GLOBAL_FLAGS } from './command.ts';
import { wrap, wrapCommand } from './wrap.ts';

/** The widest help; a narrower terminal gets narrower help. */
const WIDTH = 80;

export function usageOf(path: readonly string[], spec: CommandSpec): string {
  const args = (spec.args ?? []).map((arg) => {
    const name = arg.isVariadic === true ? `${arg.name}...` : arg.name;
    return arg.isOptional === true ? `[${name}]` : `<${name}>`;
  });
  const rest = spec.children === undefined ? '[flags]' : '<command>';
  return ['frontmonth', ...path, ...args, rest].join(' ');
}

/** Two columns; the right one wraps inside itself. */
function twoColumns(rows: readonly (readonly [string, string])[], width: number): string[] {
  const left = Math.min(26, Math.max(...rows.map(([name]) => name.length))) + 2;
  return rows.flatMap(([name, text]) => {
    const lines = wrap(text, width - left - 2);
    const isLong = name.length + 2 > left;
    const first = isLong ? [`  ${name}`] : [];
    const rest = lines.map((line, i) => {
      const head = i === 0 && !isLong ? name : '';
      return `  ${head.padEnd(left)}${line}`;
    });
    return [...first, ...rest];
  });
}

function flagRow(flag: FlagSpec): readonly [string, string] {
  const choices = flag.choices === undefined ? '' : ` (${flag.choices.join(', ')})`;
  const isListed = flag.choices?.every((choice) => flag.description.includes(choice)) ?? true;
  return [flag.flags, isListed ? flag.description : flag.description + choices];
}

export function commandHelp(
  path: readonly string[],
  spec: CommandSpec,
  columns: number = WIDTH,
): string {
  const width = Math.min(WIDTH, columns);
  const table = (rows: readonly (readonly [string, string])[]): string[] => twoColumns(rows, width);
  const lines = [...wrap(spec.summary, width), ''];
  const examples = spec.examples.flatMap((example) => wrapCommand(example, width, 2));
  lines.push('Examples', ...examples, '');
  lines.push('Usage', ...wrap(`  ${usageOf(path, spec)}`, width, 4), '');
  if (spec.children !== undefined) {
    lines.push('Commands', ...table(spec.children.map((c) => [c.name, c.summary])), '');
  }
  if (spec.args !== undefined && spec.args.length > 0)
    lines.push('Arguments', ...table(spec.args.map((a) => [a.name, a.description])), '');
  for (const [group, flags] of groupsOf(spec.flags ?? []))
    lines.push(group, ...table(flags.map(flagRow)), '');
  lines.push('Every command', ...table(GLOBAL_FLAGS.map(flagRow)));
  return lines.join('\n');
}

export function groupsOf(flags: readonly FlagSpec[]): Map<string, FlagSpec[]> {
  const groups = new Map<string, FlagSpec[]>();
  for (const flag of flags) {
    const group = flag.group ?? 'Flags';
    groups.set(group, [...(groups.get(group) ?? []), flag]);
  }
  return groups;
}

export function programHelp(commands: readonly CommandSpec[], columns: number = WIDTH): string {
  const width = Math.min(WIDTH, columns);
  const table = (rows: readonly (readonly [string, string])[]): string[] => twoColumns(rows, width);
  return [
    ...wrap('frontmonth: backtests and research for futures, with a simulated exchange', width),
    '',
    'Examples',
    '  frontmonth demo',
    ...wrapCommand('frontmonth backtest donchian-breakout --instruments ES,CL --open', width, 2),
    '',
    'Usage',
    '  frontmonth <command> [flags]',
    '',
    'Commands',
    ...table(commands.filter((c) => c.isHidden !== true).map((c) => [c.name, c.summary])),
    '',
    'Every command',
    ...table([
      ...GLOBAL_FLAGS.map(flagRow),
      ['-h, --help', 'help of the program or of a command'] as const,
      ['-V, --version', 'version'] as const,
    ]),
  ].join('\n');
}
