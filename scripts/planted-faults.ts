/**
 * Plants one fault after the other into a copy of the sources and runs the tests that must notice it.
 *
 * npx tsx scripts/planted-faults.ts             all of them
 * npx tsx scripts/planted-faults.ts ouo-shrink  those that are named
 * npx tsx scripts/planted-faults.ts --list      what there is
 * npx tsx scripts/planted-faults.ts --sample 6  six, others on another day of the year; --day N chooses the day
 * npx tsx scripts/planted-faults.ts --show X    one as a patch
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Fault } from '../test/faults/faults.ts';
import { APPLY, FAULTS, patchOf } from '../test/faults/faults.ts';

const root: string = fileURLToPath(new URL('..', import.meta.url));
/** What a test may change or look at is copied; the rest is linked. */
const COPIED: readonly string[] = ['src', 'test', 'scripts'];
const WIDTH: number = Math.max(...FAULTS.map(({ name }) => name.length));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'boolean' },
    sample: { type: 'string' },
    day: { type: 'string' },
    show: { type: 'string' },
  },
});

process.exitCode = main();

function main(): number {
  if (values.list === true) {
    for (const { name, rule, tests } of FAULTS)
      console.log(`${name.padEnd(WIDTH)} ${rule} (${tests.join(', ')})`);
    return 0;
  }
  if (values.show !== undefined) return show(values.show);
  const chosen = choose();
  if (chosen === null) return 2;
  const copy = mkdtempSync(join(tmpdir(), 'faults-'));
  try {
    for (const entry of readdirSync(root)) {
      if (entry === '.git' || entry === 'dist') continue;
      if (COPIED.includes(entry)) cpSync(join(root, entry), join(copy, entry), { recursive: true });
      else symlinkSync(join(root, entry), join(copy, entry));
    }
    return plantAll(copy, chosen);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function plantAll(copy: string, faults: readonly Fault[]): number {
  const files = [...new Set(faults.flatMap(({ tests }) => tests))];
  const clean = runTests(copy, files);
  if (clean.failed.length > 0 || clean.passed === 0) {
    console.error(`without a fault these fail already: ${clean.failed.join('; ') || clean.output}`);
    return 1;
  }
  const survivors: string[] = [];
  for (const fault of faults) {
    apply(copy, fault);
    const { failed } = runTests(copy, fault.tests);
    apply(copy, fault, '--reverse');
    if (failed.length === 0) survivors.push(fault.name);
    const found = failed.length === 0 ? 'NOT NOTICED' : `noticed by: ${failed[0]!}`;
    console.log(
      `${fault.name.padEnd(WIDTH)} ${found}${failed.length > 1 ? ` (and ${failed.length - 1} more)` : ''}`,
    );
  }
  console.log(`${faults.length - survivors.length} of ${faults.length} faults noticed`);
  return survivors.length === 0 ? 0 : 1;
}

/** Plants a patch into the copy, or takes it out again. */
function apply(copy: string, fault: Fault, ...more: readonly string[]): void {
  const { status, stderr, error } = spawnSync('git', [...APPLY, ...more, patchOf(fault)], {
    cwd: copy,
    encoding: 'utf8',
    // The copy lies in no repository, whatever lies around it.
    env: { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() },
  });
  if (status !== 0) throw new Error(`${fault.name}: ${error?.message ?? stderr}`);
}

interface Outcome {
  readonly passed: number;
  readonly failed: readonly string[];
  readonly output: string;
}

function runTests(copy: string, files: readonly string[]): Outcome {
  const out = join(copy, 'outcome.json');
  rmSync(out, { force: true });
  const args = ['vitest', 'run', ...files, '--maxWorkers=2', '--bail=3', '--reporter=json'];
  const run = spawnSync('npx', [...args, `--outputFile.json=${out}`], {
    cwd: copy,
    encoding: 'utf8',
  });
  try {
    const { testResults, numPassedTests } = JSON.parse(readFileSync(out, 'utf8')) as {
      readonly numPassedTests: number;
      readonly testResults: readonly {
        readonly name: string;
        readonly status: string;
        readonly assertionResults: readonly {
          readonly fullName: string;
          readonly status: string;
        }[];
      }[];
    };
    const failed = testResults.flatMap(({ name, status, assertionResults }) => {
      const tests = assertionResults.filter((test) => test.status === 'failed');
      if (tests.length === 0 && status === 'failed' && assertionResults.length === 0) return [name];
      return tests.map((test) => test.fullName);
    });
    return { passed: numPassedTests, failed, output: run.stderr };
  } catch {
    return { passed: 0, failed: [], output: run.stderr };
  }
}

/** A sample goes round: every fault has its turn within a few days. */
function choose(): readonly Fault[] | null {
  if (positionals.length > 0) {
    const unknown = positionals.filter((name) => FAULTS.every((fault) => fault.name !== name));
    if (unknown.length > 0) {
      console.error(`no such fault: ${unknown.join(', ')}; --list shows them all`);
      return null;
    }
    return FAULTS.filter(({ name }) => positionals.includes(name));
  }
  if (values.sample === undefined) return FAULTS;
  const count = Math.max(1, Math.min(FAULTS.length, Number(values.sample) || 1));
  const day = Number(values.day ?? Math.floor(Date.now() / 86_400_000));
  return Array.from({ length: count }, (_, k) => FAULTS[(day * count + k) % FAULTS.length]!);
}

function show(name: string): number {
  const fault = FAULTS.find((each) => each.name === name);
  if (fault === undefined) {
    console.error(`no such fault: ${name}; --list shows them all`);
    return 2;
  }
  console.log(`# ${fault.rule}\n${readFileSync(patchOf(fault), 'utf8')}`);
  return 0;
}
