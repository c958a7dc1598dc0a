/**
 * Runs the completion scripts in real shells: an interactive shell on a terminal of its own, where Tab is pressed.
 *
 *     node --import tsx scripts/completion-check.ts bash [zsh] [fish]
 *
 * What Tab made of the line is read back by putting `echo` in front of it. Exit 1 when a line became another one.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

/** What is typed before Tab, and what the line is then. A blank at its end is a word that is complete. */
const CASES: readonly (readonly [typed: string, line: string])[] = [
  ['frontmonth backt', 'frontmonth backtest '],
  ['frontmonth runs sh', 'frontmonth runs show '],
  ['frontmonth backtest donch', 'frontmonth backtest donchian-breakout '],
  [
    'frontmonth backtest ema-cross --fills pe',
    'frontmonth backtest ema-cross --fills pessimistic ',
  ],
  ['frontmonth backtest ema-cross --inst', 'frontmonth backtest ema-cross --instruments '],
  ['frontmonth backtest ema-cross --param sl', 'frontmonth backtest ema-cross --param slow='],
  ['frontmonth calendar cme-eq', 'frontmonth calendar cme-equity-index '],
  ['frontmonth contracts MES', 'frontmonth contracts MES '],
  ['frontmonth errors E_PARAM_R', 'frontmonth errors E_PARAM_RANGE '],
  // Nothing of ours fits: files.
  ['frontmonth data import es-min', 'frontmonth data import es-minutes.csv '],
  ['frontmonth backtest strategies/mi', 'frontmonth backtest strategies/mine.ts '],
];

const root = resolve(import.meta.dirname, '..');

/** A project with the program on the path. */
function makeWorld(): { readonly dir: string; readonly bin: string } {
  const dir = mkdtempSync(join(tmpdir(), 'frontmonth-completion-'));
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  mkdirSync(join(dir, 'strategies'));
  writeFileSync(join(dir, 'strategies', 'mine.ts'), '');
  writeFileSync(join(dir, 'es-minutes.csv'), '');
  const program = join(bin, 'frontmonth');
  const entry = join(root, 'bin', 'frontmonth.js');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${entry}' "$@"\n`);
  chmodSync(program, 0o755);
  return { dir, bin };
}

interface ShellPlan {
  readonly command: string;
  /** Typed first. */
  readonly setUp: readonly string[];
}

const INTERACTIVE: Readonly<Record<string, ShellPlan>> = {
  bash: {
    command: 'bash --norc --noprofile -i',
    setUp: ['bind "set bell-style none"', 'eval "$(frontmonth completion bash)"'],
  },
  zsh: {
    command: 'zsh -f -i',
    setUp: ['bindkey -e', 'unsetopt beep promptsp', 'eval "$(frontmonth completion zsh)"'],
  },
};

/** What the shell printed after the mark, for each line. */
async function typeInto(plan: ShellPlan, world: ReturnType<typeof makeWorld>): Promise<string[]> {
  const env = {
    ...process.env,
    PATH: `${world.bin}${delimiter}${process.env['PATH'] ?? ''}`,
    TERM: 'dumb',
    HISTFILE: '/dev/null',
    PS1: '> ',
  };
  const child = spawn('script', ['-qfec', plan.command, '/dev/null'], { cwd: world.dir, env });
  let seen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (seen += text));
  const shown = async (what: RegExp, from: number): Promise<RegExpExecArray> => {
    for (let waited = 0; waited < 60_000; waited += 50) {
      const match = what.exec(seen.slice(from));
      if (match !== null) return match;
      await new Promise((wake) => setTimeout(wake, 50));
    }
    throw new Error(`the shell did not print ${String(what)}; it printed:\n${seen.slice(from)}`);
  };
  const lines: string[] = [];
  try {
    for (const line of plan.setUp) child.stdin.write(`${line}\n`);
    child.stdin.write('echo READ"Y"\n');
    await shown(/^READY\r?$/m, 0);
    for (const [k, [typed]] of CASES.entries()) {
      const from = seen.length;
      // Tab and the next letter, because a shell may take its blank back when the cursor moves; then to the start of the
      // line, a mark in front, quotes around the rest, and it is run.
      child.stdin.write(`${typed}\tX\u0005'\u0001echo 'MARK${k} \r`);
      // The echo of the typing has the quote before the mark; the answer begins the line.
      const answer = await shown(new RegExp(`^MARK${k} (.*?)X\\r?$`, 'm'), from);
      lines.push(answer[1]!);
    }
    child.stdin.write('exit\n');
  } finally {
    child.kill();
  }
  return lines;
}

/** fish answers for a line without a terminal; a completion that ends in `=` gets no blank. */
async function askFish(world: ReturnType<typeof makeWorld>): Promise<string[]> {
  const env = { ...process.env, PATH: `${world.bin}${delimiter}${process.env['PATH'] ?? ''}` };
  const lines: string[] = [];
  for (const [typed] of CASES) {
    const code = `frontmonth completion fish | source; complete -C ${JSON.stringify(typed)}`;
    const child = spawn('fish', ['--no-config', '-c', code], { cwd: world.dir, env });
    let [out, err] = ['', ''];
    child.stdout.on('data', (text: Buffer) => (out += text.toString()));
    child.stderr.on('data', (text: Buffer) => (err += text.toString()));
    await new Promise((done) => child.on('close', done));
    const found = out.trim().split('\n');
    if (err !== '') throw new Error(err);
    const before = typed.slice(0, typed.lastIndexOf(' ') + 1);
    const word = found.length === 1 ? found[0]!.split('\t')[0]! : `(${found.join(' ')})`;
    lines.push(before + word + (word.endsWith('=') ? '' : ' '));
  }
  return lines;
}

async function checkShell(shell: string): Promise<number> {
  const world = makeWorld();
  try {
    const plan = INTERACTIVE[shell];
    const lines = plan === undefined ? await askFish(world) : await typeInto(plan, world);
    const wrong = CASES.flatMap(([typed, line], k) =>
      lines[k] === line ? [] : [`  ${typed}<Tab> became "${lines[k]}", not "${line}"`],
    );
    process.stdout.write(`${shell}: ${CASES.length - wrong.length} of ${CASES.length} lines\n`);
    for (const line of wrong) process.stdout.write(`${line}\n`);
    return wrong.length;
  } finally {
    rmSync(world.dir, { recursive: true, force: true });
  }
}

let wrong = 0;
for (const shell of process.argv.slice(2)) wrong += await checkShell(shell);
process.exitCode = wrong === 0 ? 0 : 1;
