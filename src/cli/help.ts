/** Help texts: two real examples, then the common flags, then the rest in groups; at most 80 columns. */
import type { CommandSpec, FlagSpec } from './command.ts';
import { GLOBAL_FLAGS } from './command.ts';

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
function twoColumns(rows: readonly (readonly [string, string])[]): string[] {
  const left = Math.min(26, Math.max(...rows.map(([name]) => name.length))) + 2;
  return rows.flatMap(([name, text]) => {
    const lines = wrap(text, WIDTH - left - 2);
    const isLong = name.length + 2 > left;
    const first = isLong ? [`  ${name}`] : [];
    const rest = lines.map((line, i) => {
      const head = i === 0 && !isLong ? name : '';
      return `  ${head.padEnd(left)}${line}`;
    });
    return [...first, ...rest];
  });
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1]!;
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

function flagRow(flag: FlagSpec): readonly [string, string] {
  const choices = flag.choices === undefined ? '' : ` (${flag.choices.join(', ')})`;
  const isListed = flag.choices?.every((choice) => flag.description.includes(choice)) ?? true;
  return [flag.flags, isListed ? flag.description : flag.description + choices];
}

export function commandHelp(path: readonly string[], spec: CommandSpec): string {
  const lines = [`${spec.summary}`, ''];
  lines.push('Examples', ...spec.examples.map((example) => `  ${example}`), '');
  lines.push('Usage', `  ${usageOf(path, spec)}`, '');
  if (spec.children !== undefined) {
    lines.push('Commands', ...twoColumns(spec.children.map((c) => [c.name, c.summary])), '');
  }
  if (spec.args !== undefined && spec.args.length > 0)
    lines.push('Arguments', ...twoColumns(spec.args.map((a) => [a.name, a.description])), '');
  for (const [group, flags] of groupsOf(spec.flags ?? []))
    lines.push(group, ...twoColumns(flags.map(flagRow)), '');
  lines.push('Every command', ...twoColumns(GLOBAL_FLAGS.map(flagRow)));
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

export function programHelp(commands: readonly CommandSpec[]): string {
  return [
    'frontmonth: backtests and research for futures, with a simulated exchange',
    '',
    'Examples',
    '  frontmonth demo',
    '  frontmonth backtest donchian-breakout --instruments ES,CL --open',
    '',
    'Usage',
    '  frontmonth <command> [flags]',
    '',
    'Commands',
    ...twoColumns(commands.filter((c) => c.isHidden !== true).map((c) => [c.name, c.summary])),
    '',
    'Every command',
    ...twoColumns([
      ...GLOBAL_FLAGS.map(flagRow),
      ['-h, --help', 'help of the program or of a command'] as const,
      ['-V, --version', 'version'] as const,
    ]),
  ].join('\n');
}
