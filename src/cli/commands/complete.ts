/** `frontmonth complete -- <words…>`: what can stand in place of the last word, one candidate a line. */
import { calendarTextsOf } from '../calendar-texts.ts';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT } from '../../core/errors.ts';
import { COMMANDS } from '../command-tree.ts';
import { VENUE_PROFILE_NAMES } from '../../core/venues/types.ts';
import type { CommandCall, CommandSpec, FlagSpec, ValueKind } from '../command.ts';
import { GLOBAL_FLAGS, hasFlag, listArg } from '../command.ts';
import { instrumentsDirOf } from '../instruments-dir.ts';
import { isTradingError } from '../report-error.ts';
import { loadStrategy } from '../strategy-loader.ts';
import { SHELLS } from './completion.ts';

export async function run(call: CommandCall): Promise<ExitCode> {
  const words = [...listArg(call, 0), ...(hasFlag(call, 'nextWord') ? [''] : [])];
  for (const candidate of await candidates(call, words)) call.out.answer(candidate);
  return EXIT.ok;
}

interface Place {
  readonly spec: CommandSpec | null;
  /** Words before the last one that are neither command nor flag. */
  readonly positional: readonly string[];
  /** The flag whose value is being typed. */
  readonly flag: FlagSpec | null;
}

function flagsOf(spec: CommandSpec | null): readonly FlagSpec[] {
  return [...(spec?.flags ?? []), ...GLOBAL_FLAGS];
}

function longName(flag: FlagSpec): string {
  return flag.flags.split(' ')[0]!;
}

function placeOf(before: readonly string[]): Place {
  let spec: CommandSpec | null = null;
  let level: readonly CommandSpec[] = COMMANDS;
  let flag: FlagSpec | null = null;
  const positional: string[] = [];
  for (const word of before) {
    if (flag !== null) {
      flag = null;
      continue;
    }
    if (word.startsWith('-')) {
      const named = flagsOf(spec).find((known) => longName(known) === word);
      flag = named?.flags.includes('<') === true ? named : null;
      continue;
    }
    const next = level.find((known) => known.name === word);
    if (next === undefined) positional.push(word);
    else [spec, level] = [next, next.children ?? []];
  }
  return { spec, positional, flag };
}

async function candidates(call: CommandCall, words: readonly string[]): Promise<string[]> {
  const current = words.at(-1) ?? '';
  const place = placeOf(words.slice(0, -1));
  const { spec, flag, positional } = place;
  if (flag !== null) {
    if (flag.choices !== undefined) return startingWith(current, flag.choices);
    if (flag.values === 'param') return paramCandidates(call, positional[0] ?? '', current);
    return flag.values === undefined ? [] : listCandidates(call, flag.values, current);
  }
  if (current.startsWith('-'))
    return startingWith(current, [...flagsOf(spec).map(longName), '--help']);
  const level = spec === null ? COMMANDS : (spec.children ?? []);
  if (level.length > 0) {
    const names = level.filter((known) => known.isHidden !== true).map((known) => known.name);
    return startingWith(current, names);
  }
  const args = spec?.args ?? [];
  const arg = args[positional.length] ?? (args.at(-1)?.isVariadic === true ? args.at(-1) : null);
  return arg?.values === undefined ? [] : startingWith(current, await valuesOf(call, arg.values));
}

function startingWith(prefix: string, words: readonly string[]): string[] {
  const asked = prefix.toLowerCase();
  return words.filter((word) => word.toLowerCase().startsWith(asked));
}

/** `ES,N` completes its last part. */
async function listCandidates(
  call: CommandCall,
  kind: ValueKind,
  current: string,
): Promise<string[]> {
  const at = current.lastIndexOf(',') + 1;
  const found = startingWith(current.slice(at), await valuesOf(call, kind));
  return found.map((word) => current.slice(0, at) + word);
}

/** `fast=`, then the values of a choice. */
async function paramCandidates(
  call: CommandCall,
  strategy: string,
  current: string,
): Promise<string[]> {
  return quietly(async () => {
    const { builtInStrategies } = await call.services();
    const builtIn = await builtInStrategies();
    const { definition } = await loadStrategy(strategy, { cwd: call.host.cwd, builtIn });
    const at = current.indexOf('=');
    if (at < 0)
      return startingWith(
        current,
        Object.keys(definition.params).map((name) => `${name}=`),
      );
    const name = current.slice(0, at);
    const def = definition.params[name];
    const values =
      def?.kind === 'choice' ? def.choices : def?.kind === 'boolean' ? ['true', 'false'] : [];
    return startingWith(
      current,
      values.map((value) => `${name}=${value}`),
    );
  });
}

function valuesOf(call: CommandCall, kind: ValueKind): Promise<readonly string[]> {
  return quietly(async () => {
    switch (kind) {
      case 'run': {
        const { runIds } = await call.services();
        const ids = await runIds((await call.config()).values.runs);
        return ids.length === 0 ? [] : ['last', ...ids];
      }
      case 'dataset': {
        const { listDatasets } = await call.services();
        return (await listDatasets((await call.config()).values.catalog)).map((set) => set.name);
      }
      case 'product': {
        const { loadInstruments } = await call.services();
        return [...(await loadInstruments(instrumentsDirOf(await call.config()))).keys()];
      }
      case 'strategy': {
        const { builtInStrategies } = await call.services();
        return Object.keys(await builtInStrategies());
      }
      case 'error':
        return Object.keys(await (await import('../error-pages.ts')).allErrorPages());
      case 'calendar': {
        const { calendarTools, loadInstruments } = await call.services();
        const config = await call.config();
        const specs = await loadInstruments(instrumentsDirOf(config));
        const { groups } = await calendarTools('error', await calendarTextsOf(config));
        return [...specs.keys(), ...groups];
      }
      case 'venue':
        return VENUE_PROFILE_NAMES;
      case 'shell':
        return SHELLS;
    }
  });
}

/** In the middle of a line nobody wants to read that a configuration is broken. */
async function quietly<T>(look: () => Promise<readonly T[]>): Promise<T[]> {
  try {
    return [...(await look())];
  } catch (error) {
    if (!isTradingError(error)) throw error;
    return [];
  }
}
