/**
 * Other people's clients against the simulated gateway, unmodified, over real sockets: Python's `signalrcore`, and the
 * published client `project-x-py` where there is a Python for it. Pinned; installed into a folder of their own.
 *
 * node --import tsx scripts/gateway-clients.ts <folder for the environments>
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CLIENTS = join(ROOT, 'test', 'gateways', 'python');
const CONTRACT = 'CON.F.US.MES.Z26';
const KEY = 'a-key-for-this-check';
const START_SECONDS = 60;

interface Client {
  readonly script: string;
  readonly requirement: string;
  /** Least minor version of Python 3. */
  readonly python: number;
  readonly args: readonly string[];
}
const CONTRACT_ARG = '<contract>';
const LIST: readonly Client[] = [
  {
    script: 'signalrcore_client.py',
    requirement: 'signalrcore==1.0.2',
    python: 8,
    args: [CONTRACT_ARG, '7001'],
  },
  {
    script: 'project_x_py_client.py',
    requirement: 'project-x-py==4.4.1',
    python: 12,
    args: [CONTRACT_ARG, 'PRAC-DEMO-2'],
  },
];

/** Interpreters that may be there, the plain one first. */
function interpreters(): string[] {
  const versions = join(process.env['PYENV_ROOT'] ?? join(homedir(), '.pyenv'), 'versions');
  const managed = existsSync(versions)
    ? readdirSync(versions).map((name) => join(versions, name, 'bin', 'python3'))
    : [];
  return ['python3', 'python3.12', 'python3.13', 'python3.14', ...managed];
}

function findPython(minor: number): string | null {
  const test = `import sys; sys.exit(0 if (3, ${minor}) <= sys.version_info < (3, 15) else 1)`;
  return interpreters().find((each) => spawnSync(each, ['-c', test]).status === 0) ?? null;
}

function install(python: string, folder: string, requirement: string): string | null {
  const made = spawnSync(python, ['-m', 'venv', folder], { encoding: 'utf8' });
  if (made.status !== 0) return made.stderr;
  const pip = spawnSync(
    join(folder, 'bin', 'pip'),
    ['install', '--quiet', '--no-compile', '--disable-pip-version-check', requirement],
    { encoding: 'utf8' },
  );
  return pip.status === 0 ? null : pip.stderr;
}

interface Served {
  readonly url: string;
  readonly contract: string;
  stop(): Promise<number | null>;
}

/** The command itself, as a user starts it. */
async function serve(): Promise<Served> {
  const child = spawn(
    process.execPath,
    [join(ROOT, 'bin', 'frontmonth.js'), 'exchange', 'serve', '--contracts', 'MES', '--json'],
    {
      cwd: ROOT,
      env: { ...process.env, FRONTMONTH_EXCHANGE_KEY: KEY },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const line = await new Promise<string>((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => {
      child.kill();
      reject(new Error(`the exchange did not start within ${START_SECONDS} s`));
    }, START_SECONDS * 1000);
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      if (!text.includes('\n')) return;
      clearTimeout(timer);
      resolve(text.slice(0, text.indexOf('\n')));
    });
    child.once('exit', (code) => reject(new Error(`the exchange ended with ${String(code)}`)));
  });
  const { result } = JSON.parse(line) as {
    result: { url: string; contracts: { id: string }[] };
  };
  return {
    url: result.url,
    contract: result.contracts[0]?.id ?? CONTRACT,
    stop: () => {
      child.kill('SIGINT');
      return ended;
    },
  };
}

async function main(folder: string): Promise<number> {
  let failed = 0;
  const ready: { readonly client: Client; readonly python: string }[] = [];
  for (const [k, client] of LIST.entries()) {
    const python = findPython(client.python);
    if (python === null) {
      console.log(`${client.requirement}: not tried, no Python 3.${client.python} or later here`);
      continue;
    }
    const home = join(folder, `client-${k}`);
    const problem = install(python, home, client.requirement);
    if (problem === null) ready.push({ client, python: join(home, 'bin', 'python') });
    else {
      failed += 1;
      console.log(`${client.requirement}: cannot be installed: ${problem.slice(-600)}`);
    }
  }
  if (ready.length === 0) return 1;
  const served = await serve();
  for (const { client, python } of ready) {
    const args = client.args.map((each) => (each === CONTRACT_ARG ? served.contract : each));
    const run = spawnSync(python, [join(CLIENTS, client.script), served.url, ...args], {
      encoding: 'utf8',
      env: { ...process.env, FRONTMONTH_EXCHANGE_KEY: KEY },
      timeout: 90_000,
    });
    if (run.status === 0) {
      console.log(`${client.requirement}, unmodified: ${run.stdout.trim().split('\n').at(-1)}`);
      continue;
    }
    failed += 1;
    console.log(
      `${client.requirement} failed:\n${run.stdout.slice(-2000)}\n${run.stderr.slice(-2000)}`,
    );
  }
  const code = await served.stop();
  if (code !== 130) {
    failed += 1;
    console.log(`the exchange ended with ${String(code)} instead of 130`);
  }
  return failed === 0 ? 0 : 1;
}

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: gateway-clients.ts <folder>');
  process.exit(2);
}
process.exit(await main(folder));
