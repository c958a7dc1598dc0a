/** `frontmonth doctor`: what a bug report needs, and what a person can correct. */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT } from '../../core/errors.ts';
import type { ResolvedConfig } from '../../research/project-config.ts';
import type { CommandCall } from '../command.ts';
import { programVersion } from '../package-root.ts';
import { isTradingError } from '../report-error.ts';
import { instrumentsDirOf } from '../instruments-dir.ts';

interface Check {
  readonly name: string;
  readonly isOk: boolean;
  readonly text: string;
}

export async function run(call: CommandCall): Promise<ExitCode> {
  const checks: Check[] = [program(), nodeVersion(), zoneData(), clock(call.host.nowMs())];
  const config = await attempt(() => call.config());
  if (config instanceof Error) checks.push(failed('config', config));
  else checks.push(...(await projectChecks(call, config)));
  const isOk = checks.every((check) => check.isOk);
  call.out.result('frontmonth.doctor/1', { isOk, checks }, () =>
    checks
      .map((check) => `${check.isOk ? 'ok  ' : 'FAIL'}  ${check.name.padEnd(12)} ${check.text}`)
      .join('\n'),
  );
  return isOk ? EXIT.ok : EXIT.answerIsNo;
}

async function projectChecks(call: CommandCall, config: ResolvedConfig): Promise<Check[]> {
  const services = await call.services();
  const checks: Check[] = [
    { name: 'config', isOk: true, text: config.projectFile ?? 'no project file; defaults' },
    writable('runs', config.values.runs),
    writable('catalog', config.values.catalog),
    secrets(config.root),
  ];
  const specs = await attempt(() => services.loadInstruments(instrumentsDirOf(config)));
  checks.push(
    specs instanceof Error
      ? failed('products', specs)
      : ok('products', `${specs.size} specifications`),
  );
  const sets = await attempt(() => services.listDatasets(config.values.catalog));
  checks.push(
    sets instanceof Error
      ? failed('datasets', sets)
      : ok('datasets', sets.map((set) => set.name).join(' ') || 'none; frontmonth data sample'),
  );
  const strategies = await attempt(() => services.builtInStrategies());
  checks.push(
    strategies instanceof Error
      ? failed('strategies', strategies)
      : ok('strategies', Object.keys(strategies).join(' ')),
  );
  return checks;
}

function ok(name: string, text: string): Check {
  return { name, isOk: true, text };
}

function failed(name: string, error: Error): Check {
  return {
    name,
    isOk: false,
    text: isTradingError(error) ? `${error.code}: ${error.message}` : error.message,
  };
}

async function attempt<T>(ask: () => Promise<T>): Promise<T | Error> {
  try {
    return await ask();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function program(): Check {
  return ok('program', `frontmonth ${programVersion()}`);
}

function nodeVersion(): Check {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const isOk = major! > 20 || (major === 20 && minor! >= 19);
  return {
    name: 'node',
    isOk,
    text: `${process.version}${isOk ? '' : '; 20.19 or newer is needed'}`,
  };
}

function zoneData(): Check {
  const known = Intl.supportedValuesOf('timeZone');
  const missing = ['America/Chicago', 'America/New_York', 'Europe/Berlin'].filter(
    (zone) => !known.includes(zone),
  );
  return {
    name: 'time zones',
    isOk: missing.length === 0,
    text:
      missing.length === 0
        ? `data ${process.versions['tz'] ?? 'present'}`
        : `missing ${missing.join(', ')}`,
  };
}

function clock(nowMs: number): Check {
  const year = new Date(nowMs).getUTCFullYear();
  return { name: 'clock', isOk: year >= 2024 && year < 2200, text: new Date(nowMs).toISOString() };
}

/** Tries a write in the folder, or in the nearest parent that exists. */
function writable(name: string, dir: string): Check {
  let parent = dir;
  while (!existsSync(parent)) parent = dirname(parent);
  try {
    accessSync(parent, constants.W_OK);
    const probe = join(parent, `.frontmonth-probe-${process.pid}`);
    mkdirSync(probe);
    writeFileSync(join(probe, 'probe'), 'x');
    rmSync(probe, { recursive: true });
    return ok(name, dir);
  } catch (error) {
    return { name, isOk: false, text: `${dir} cannot be written: ${(error as Error).message}` };
  }
}

function secrets(root: string): Check {
  const file = join(root, '.env');
  if (!existsSync(file)) return ok('secrets', 'no .env file');
  const mode = statSync(file).mode & 0o077;
  return {
    name: 'secrets',
    isOk: mode === 0,
    text:
      mode === 0
        ? `${file} is readable by its owner only`
        : `${file} is readable by others; chmod 600`,
  };
}
