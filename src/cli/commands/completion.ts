/** `frontmonth completion <shell>`: a static script made from the command tree. */
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import { COMMANDS } from '../command-tree.ts';
import type { CommandCall, CommandSpec } from '../command.ts';
import { GLOBAL_FLAGS, textArg } from '../command.ts';
import { didYouMean } from '../suggest.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export async function run(call: CommandCall): Promise<ExitCode> {
  const shell = textArg(call, 0);
  const known = SHELLS.find((name) => name === shell);
  if (known === undefined) {
    throw new TradingError('E_FLAG_VALUE', `there is no completion for \`${shell}\``, {
      rule: `shells: ${SHELLS.join(', ')}`,
      fix: didYouMean(shell, SHELLS, 'name one of these shells'),
    });
  }
  call.out.answer(completionScript(known));
  return EXIT.ok;
}

function longFlags(spec: CommandSpec): string[] {
  return [...(spec.flags ?? []), ...GLOBAL_FLAGS].map((flag) => flag.flags.split(' ')[0]!);
}

/** What can follow each command path. */
function wordsByPath(): Map<string, string[]> {
  const words = new Map<string, string[]>([
    ['', [...COMMANDS.map((spec) => spec.name), '--help', '--version']],
  ]);
  const visit = (spec: CommandSpec, path: string): void => {
    const children = (spec.children ?? []).map((child) => child.name);
    words.set(path, [...children, ...longFlags(spec), '--help']);
    for (const child of spec.children ?? []) visit(child, `${path} ${child.name}`);
  };
  for (const spec of COMMANDS) visit(spec, spec.name);
  return words;
}

export function completionScript(shell: (typeof SHELLS)[number]): string {
  if (shell === 'fish') return fishScript();
  const cases = [...wordsByPath()]
    .filter(([path]) => path !== '')
    .map(([path, words]) => `    '${path}') words='${words.join(' ')}' ;;`)
    .toSorted((a, b) => b.length - a.length);
  const body = [
    '_frontmonth() {',
    '  local cur path words w',
    '  cur="${COMP_WORDS[COMP_CWORD]}"',
    "  path=''",
    '  for w in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    '    case "$w" in -*) ;; *) case "$path" in \'\') path="$w" ;; data|runs) path="$path $w" ;; esac ;; esac',
    '  done',
    `  words='${wordsByPath().get('')!.join(' ')}'`,
    '  case "$path" in',
    ...cases,
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    '  [ ${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "$cur"))',
    '}',
    'complete -F _frontmonth frontmonth',
  ];
  const head = shell === 'zsh' ? ['autoload -U +X bashcompinit && bashcompinit'] : [];
  return [...head, ...body].join('\n');
}

function fishScript(): string {
  const lines = ['complete -c frontmonth -f'];
  for (const spec of COMMANDS) {
    lines.push(
      `complete -c frontmonth -n __fish_use_subcommand -a ${spec.name} -d '${spec.summary.replaceAll("'", '')}'`,
    );
    for (const child of spec.children ?? [])
      lines.push(
        `complete -c frontmonth -n '__fish_seen_subcommand_from ${spec.name}' -a ${child.name} -d '${child.summary.replaceAll("'", '')}'`,
      );
    for (const flag of longFlags(spec))
      lines.push(
        `complete -c frontmonth -n '__fish_seen_subcommand_from ${spec.name}' -l ${flag.slice(2)}`,
      );
  }
  return lines.join('\n');
}
