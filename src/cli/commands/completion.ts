/** `frontmonth completion <shell>`: a short script that asks `frontmonth complete` at every press of Tab. */
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import type { CommandCall } from '../command.ts';
import { textArg } from '../command.ts';
import { didYouMean } from '../../core/suggest.ts';

export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];

export async function run(call: CommandCall): Promise<ExitCode> {
  const shell = textArg(call, 0);
  const known = SHELLS.find((name) => name === shell);
  if (known === undefined) {
    throw new TradingError('E_FLAG_VALUE', `there is no completion for \`${shell}\``, {
      where: shell,
      rule: `shells: ${SHELLS.join(', ')}`,
      fix: didYouMean(shell, SHELLS, 'name one of these shells'),
    });
  }
  call.out.answer(completionScript(known));
  return EXIT.ok;
}

export function completionScript(shell: Shell): string {
  return SCRIPTS[shell].join('\n');
}

const SCRIPTS: Readonly<Record<Shell, readonly string[]>> = {
  bash: [
    '# eval "$(frontmonth completion bash)"',
    '_frontmonth() {',
    '  local words=() glue=0 i w n',
    // Readline breaks `fast=5` into three words; they are joined again.
    '  for ((i = 1; i <= COMP_CWORD; i++)); do',
    '    w="${COMP_WORDS[i]}"; n=${#words[@]}',
    `    if [ "$w" = '=' ] && [ "$n" -gt 0 ]; then words[n-1]="\${words[n-1]}="; glue=1`,
    `    elif [ "$glue" = 1 ]; then words[n-1]="\${words[n-1]}$w"; glue=0`,
    '    else words+=("$w"); fi',
    '  done',
    `  local IFS=$'\\n' last="\${words[\${#words[@]}-1]}"`,
    '  COMPREPLY=($(frontmonth complete -- "${words[@]}" 2>/dev/null))',
    '  case "${COMPREPLY[0]}" in *=) compopt -o nospace 2>/dev/null ;; esac',
    '  case "$last" in *=*) COMPREPLY=("${COMPREPLY[@]#*=}") ;; esac',
    '  [ ${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "$last"))',
    '}',
    'complete -F _frontmonth frontmonth',
  ],
  zsh: [
    '#compdef frontmonth',
    '# eval "$(frontmonth completion zsh)", or a file _frontmonth in a folder of $fpath',
    '_frontmonth() {',
    '  local -a found open whole',
    '  found=(${(f)"$(frontmonth complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"})',
    // A parameter goes on after its `=`; everything else is a word, and a blank follows it.
    '  open=(${(M)found:#*=}) whole=(${found:#*=})',
    '  if (( ! $#found )); then _files; return; fi',
    `  (( $#open )) && compadd -Q -S '' -- $open`,
    '  (( $#whole )) && compadd -Q -- $whole',
    '}',
    // As a file of $fpath this text is the body of the function itself, at its first call.
    'if [ "$funcstack[1]" = _frontmonth ]; then _frontmonth "$@"; else',
    '  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }',
    '  compdef _frontmonth frontmonth',
    'fi',
  ],
  fish: [
    '# frontmonth completion fish | source',
    'function __frontmonth_complete',
    '  set -l before (commandline -opc)',
    '  set -l found (frontmonth complete -- $before[2..-1] (commandline -ct) 2>/dev/null)',
    '  if test (count $found) -gt 0',
    '    printf "%s\\n" $found',
    '  else',
    '    __fish_complete_path (commandline -ct)',
    '  end',
    'end',
    'complete -c frontmonth -f -a "(__frontmonth_complete)"',
  ],
  powershell: [
    '# frontmonth completion powershell | Out-String | Invoke-Expression',
    'Register-ArgumentCompleter -Native -CommandName frontmonth -ScriptBlock {',
    '  param($wordToComplete, $commandAst, $cursorPosition)',
    '  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })',
    // An empty argument does not reach a program from every version of this shell.
    "  $next = @(if ($wordToComplete -eq '') { '--next-word' })",
    "  frontmonth complete @next '--' @words 2>$null | ForEach-Object {",
    "    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)",
    '  }',
    '}',
  ],
};
