/** A strategy by built-in name or by file. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, isAbsolute, relative, resolve } from 'node:path';
import { TradingError } from '../core/errors.ts';
import type { AnyStrategyDefinition } from '../core/strategy.ts';
import { parseParamText } from '../core/strategy.ts';
import { loadModule } from './load-module.ts';
import { frameInFile, stackOf } from './report-error.ts';
import { didYouMean } from '../core/suggest.ts';

export interface LoadedStrategy {
  readonly definition: AnyStrategyDefinition;
  /** Built-in name, or the path relative to the working folder. */
  readonly file: string;
  /** Absolute; null for a built-in one. */
  readonly path: string | null;
  readonly sourceSha256: string | null;
}

export interface LoadStrategyOptions {
  readonly cwd: string;
  readonly builtIn: Readonly<Record<string, AnyStrategyDefinition>>;
}

/** Errors: E_STRATEGY_UNKNOWN, E_STRATEGY_LOAD. */
export async function loadStrategy(
  text: string,
  options: LoadStrategyOptions,
): Promise<LoadedStrategy> {
  const builtIn = Object.hasOwn(options.builtIn, text) ? options.builtIn[text] : undefined;
  if (builtIn !== undefined)
    return { definition: builtIn, file: text, path: null, sourceSha256: null };
  const path = resolve(options.cwd, text);
  const isPath = /[/\\]|\.[cm]?[jt]s$/.test(text);
  if (!existsSync(path) || !statSync(path).isFile()) throw notFound(text, path, isPath, options);
  const file = isAbsolute(text) ? relative(options.cwd, path) || basename(path) : text;
  const module = await importStrategy(path, file, options.cwd);
  return {
    definition: checkDefinition(module['default'], file),
    file,
    path,
    sourceSha256: createHash('sha256').update(readFileSync(path)).digest('hex'),
  };
}

function notFound(
  text: string,
  path: string,
  isPath: boolean,
  options: LoadStrategyOptions,
): TradingError {
  const names = Object.keys(options.builtIn);
  if (isPath) {
    return new TradingError('E_STRATEGY_LOAD', `there is no strategy file ${text}`, {
      where: path,
      fix: `check the path, or use a built-in strategy: ${names.join(', ')}`,
    });
  }
  return new TradingError('E_STRATEGY_UNKNOWN', `there is no strategy \`${text}\``, {
    where: text,
    rule: `built-in strategies: ${names.join(', ')}; or the path of a .ts or .js file`,
    fix: didYouMean(
      text,
      names,
      'name a built-in strategy, or give a path such as strategies/first.ts',
    ),
    details: { name: text },
  });
}

async function importStrategy(
  path: string,
  file: string,
  cwd: string,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await loadModule(path);
  } catch (cause) {
    const text = stackOf(cause);
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new TradingError('E_STRATEGY_LOAD', `cannot load ${file}: ${plainReason(message)}`, {
      where: syntaxPlace(text, path, file) ?? frameInFile(text, path, cwd) ?? file,
      fix: 'correct the named line',
      cause,
    });
  }
}

/** The transpiler says `Transform failed with 1 error:`, then `path:3:4: ERROR: …`. */
function plainReason(message: string): string {
  const syntax = /ERROR: (.*)/.exec(message);
  return syntax?.[1] ?? message.split('\n')[0]!;
}

function syntaxPlace(text: string, path: string, file: string): string | null {
  const name = basename(path).replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const match = new RegExp(`${name}(?:\\?[^:\\s]*)?:(\\d+)(?::\\d+: ERROR|\\n)`).exec(text);
  return match === null ? null : `${file}:${match[1]}`;
}

function checkDefinition(value: unknown, file: string): AnyStrategyDefinition {
  const problem = problemOf(value);
  if (problem === null) return value as AnyStrategyDefinition;
  throw new TradingError('E_STRATEGY_LOAD', `${file} ${problem}`, {
    where: file,
    rule: 'the default export has id, version, description, params, instruments, requires() and create()',
    fix: 'end the file with: export default defineStrategy({ … })',
  });
}

function problemOf(value: unknown): string | null {
  if (value === undefined) return 'has no default export';
  if (typeof value !== 'object' || value === null) return 'does not export a strategy as default';
  const fields = value as Record<string, unknown>;
  for (const name of ['id', 'version', 'description'])
    if (typeof fields[name] !== 'string') return `exports a strategy without the text \`${name}\``;
  if (typeof fields['params'] !== 'object' || fields['params'] === null)
    return 'exports a strategy without `params`';
  if (!Array.isArray(fields['instruments'])) return 'exports a strategy without `instruments`';
  for (const name of ['requires', 'create'])
    if (typeof fields[name] !== 'function') return `exports a strategy without \`${name}()\``;
  return null;
}

/** Reads `--param key=value` texts. Errors: E_FLAG_VALUE, E_PARAM_UNKNOWN, E_PARAM_TYPE, E_PARAM_RANGE later by the run. */
export function readParams(
  definition: AnyStrategyDefinition,
  texts: readonly string[],
): Record<string, unknown> {
  const params: Record<string, unknown> = {};
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1) {
      throw new TradingError('E_FLAG_VALUE', `--param wants key=value, not "${text}"`, {
        where: `--param ${text}`,
        fix: `for example: --param ${Object.keys(definition.params)[0] ?? 'length'}=20`,
      });
    }
    const name = text.slice(0, at);
    params[name] = withWhere(`--param ${text}`, () =>
      parseParamText(definition.params, name, text.slice(at + 1)),
    );
  }
  return params;
}

/** Adds the place to an expected failure that has none. */
export function withWhere<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TradingError) || error.where !== undefined) throw error;
    throw new TradingError(error.code, error.message, {
      details: error.details,
      where,
      ...(error.rule === undefined ? {} : { rule: error.rule }),
      ...(error.fix === undefined ? {} : { fix: error.fix }),
      cause: error.cause,
    });
  }
}

/** `ES,nq` as roots. Errors: E_FLAG_VALUE when empty. */
export function splitRoots(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const roots = text
    .split(',')
    .map((root) => root.trim().toUpperCase())
    .filter((root) => root !== '');
  if (roots.length === 0)
    throw new TradingError('E_FLAG_VALUE', 'the list of products is empty', {
      fix: 'such as ES,NQ',
    });
  return roots;
}
