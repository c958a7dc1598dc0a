/**
 * What the source of a strategy reaches for beside its context: files, the network, a clock, chance, timers. A probe that
 * runs the strategy cannot see a file that already holds the future; a look at the source can. It reads text and knows no
 * types: it may warn of something harmless, and code that hides what it does passes.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';

export type ReachKind =
  | 'files'
  | 'network'
  | 'process'
  | 'clock'
  | 'chance'
  | 'timer'
  | 'environment'
  | 'data'
  | 'opaque';

export interface Reach {
  readonly kind: ReachKind;
  /** Absolute path, and its line from 1 on. */
  readonly path: string;
  readonly line: number;
  /** As written: `node:fs`, `Math.random`. */
  readonly what: string;
}

export interface StrategyScan {
  /** Absolute paths of the sources that were read: the strategy and what it imports by a relative path. */
  readonly files: readonly string[];
  /** Packages that were not read. */
  readonly packages: readonly string[];
  /** In the order of files and lines. */
  readonly found: readonly Reach[];
}

/** What each kind means for a backtest, in words. */
export const REACH_MEANING: Readonly<Record<ReachKind, string>> = {
  files:
    'reads or writes files: what is in them may lie in the future, and the probe cannot see it',
  network: 'asks the network: answers differ from run to run and may lie in the future',
  process: 'starts other programs or threads: what they do is not simulated',
  clock: 'reads the clock of the machine: use ctx.nowUs',
  chance: 'draws by chance: two runs differ',
  timer: 'sets a timer of the machine: use ctx.setTimer',
  environment: 'reads the environment: another machine may decide otherwise',
  data: 'imports recorded data: it may lie in the future of the bar in hand',
  opaque: 'hides what it reads: this cannot be judged',
};

const FILE_LIMIT = 200;
const SOURCE_EXTENSIONS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'] as const;

const MODULES: Readonly<Record<string, ReachKind>> = {
  fs: 'files',
  'fs/promises': 'files',
  sqlite: 'files',
  http: 'network',
  https: 'network',
  http2: 'network',
  net: 'network',
  tls: 'network',
  dgram: 'network',
  dns: 'network',
  child_process: 'process',
  worker_threads: 'process',
  cluster: 'process',
  timers: 'timer',
  'timers/promises': 'timer',
  perf_hooks: 'clock',
  os: 'environment',
  process: 'environment',
  vm: 'opaque',
  module: 'opaque',
};
const PACKAGES: Readonly<Record<string, ReachKind>> = {
  'frontmonth/data': 'data',
  'frontmonth/research': 'data',
  'frontmonth/testing': 'data',
};

/** In code with comments and texts blanked out. A name behind a dot is somebody else's. */
const CALLS: readonly (readonly [ReachKind, RegExp])[] = [
  ['chance', /(?<![.\w$])Math\s*\.\s*random\b/g],
  ['chance', /(?<![\w$])(?:randomUUID|randomBytes|randomInt|getRandomValues)\s*\(/g],
  ['chance', /\}\s*=\s*Math\b(?!\s*\.)/g],
  ['clock', /(?<![.\w$])Date\s*\.\s*now\b/g],
  ['clock', /(?<![.\w$])new\s+Date\s*(?:\(\s*\)|(?=[;,)\]}\n]))/g],
  ['clock', /(?<![.\w$])(?<!new\s+)Date\s*\(\s*\)/g],
  ['clock', /(?<![.\w$])performance\s*\.\s*(?:now|timeOrigin)\b/g],
  ['clock', /(?<![.\w$])process\s*\.\s*(?:hrtime|uptime)\b/g],
  ['clock', /(?<![.\w$])Temporal\s*\.\s*Now\b/g],
  ['clock', /\}\s*=\s*Date\b(?!\s*\.)/g],
  ['timer', /(?<![.\w$])(?:setTimeout|setInterval|setImmediate|queueMicrotask)\s*\(/g],
  ['network', /(?<![.\w$])(?:fetch|XMLHttpRequest|WebSocket|EventSource)\s*\(/g],
  ['environment', /(?<![.\w$])process\s*\.\s*(?:env|argv|cwd|pid|platform|memoryUsage)\b/g],
  ['opaque', /(?<![.\w$])(?:eval|Function)\s*\(/g],
  ['opaque', /(?<![.\w$])globalThis\b/g],
  ['opaque', /(?<![.\w$])(?:import|require)\s*\(\s*(?!\s*['"`])/g],
];

/** `from '…'`, `import '…'`, `import('…')`, `require('…')`; the text itself is blanked. */
const IMPORTS = /(?<![.\w$])(?:from|import|require)\s*\(?\s*(['"`])( *)\1/g;

/** Scans the file at `path` and everything that it imports by a relative path. A file that cannot be read is left out. */
export function scanStrategy(path: string): StrategyScan {
  const files: string[] = [];
  const packages = new Set<string>();
  const found: Reach[] = [];
  const todo = [resolve(path)];
  while (todo.length > 0 && files.length < FILE_LIMIT) {
    const file = todo.shift()!;
    if (files.includes(file)) continue;
    const text = textOf(file);
    if (text === null) continue;
    files.push(file);
    const one = scanSource(text);
    for (const reach of one.found) found.push({ ...reach, path: file });
    for (const name of one.packages) packages.add(name);
    for (const name of one.relative) {
      const target = sourceOf(resolve(dirname(file), name));
      if (target !== null) todo.push(target);
    }
  }
  return { files, packages: [...packages].toSorted(), found };
}

export interface SourceScan {
  readonly found: readonly Omit<Reach, 'path'>[];
  readonly packages: readonly string[];
  readonly relative: readonly string[];
}

/** One source, as text. */
export function scanSource(text: string): SourceScan {
  const code = blankOut(text);
  const found: Omit<Reach, 'path'>[] = [];
  const packages: string[] = [];
  const relative: string[] = [];
  const at = (index: number): number => text.slice(0, index).split('\n').length;
  for (const match of code.matchAll(IMPORTS)) {
    const end = match.index + match[0].length - 1;
    const name = text.slice(end - match[2]!.length, end);
    if (isTypeImport(code, match.index)) continue;
    const kind = kindOfModule(name);
    if (kind !== null) found.push({ kind, line: at(end), what: name });
    else if (/^\.{0,2}\//.test(name)) relative.push(name);
    else if (!isOurs(name) && !name.startsWith('node:')) packages.push(packageOf(name));
  }
  for (const [kind, pattern] of CALLS) {
    for (const match of code.matchAll(pattern)) {
      const start = match.index + match[0].search(/[\w$]/);
      const what = match[0]
        .replace(/^[\s}=]+/, '')
        .replace(/\s+/g, ' ')
        .replace(/ ?\(.*/s, '');
      found.push({ kind, line: at(start), what: what.trim() });
    }
  }
  return { found: found.toSorted((a, b) => a.line - b.line), packages, relative };
}

/** `import type … from` leaves nothing behind at run time. */
function isTypeImport(code: string, index: number): boolean {
  const start = Math.max(code.lastIndexOf(';', index), code.lastIndexOf('import', index));
  return /^import\s+type\b(?!\s*from\b)/.test(code.slice(start).replace(/^;\s*/, ''));
}

function kindOfModule(name: string): ReachKind | null {
  if (Object.hasOwn(PACKAGES, name)) return PACKAGES[name]!;
  if (/^\.{0,2}\/.*\.(?:json|csv|txt|arrow|wasm|node)$/.test(name)) return 'data';
  if (/^(?:https?|data|file):/.test(name)) return 'opaque';
  const plain = name.replace(/^node:/, '');
  return Object.hasOwn(MODULES, plain) ? MODULES[plain]! : null;
}

function isOurs(name: string): boolean {
  return name === 'frontmonth' || name.startsWith('frontmonth/');
}

function packageOf(name: string): string {
  const parts = name.split('/');
  return name.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!;
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** The source behind an import: as named, with an extension, the `.ts` of a `.js`, or the index of a folder. */
function sourceOf(target: string): string | null {
  const bare = target.slice(0, target.length - extname(target).length);
  const candidates = [
    target,
    ...SOURCE_EXTENSIONS.map((extension) => target + extension),
    ...SOURCE_EXTENSIONS.map((extension) => bare + extension),
    ...SOURCE_EXTENSIONS.map((extension) => resolve(target, `index${extension}`)),
  ];
  return candidates.find((file) => existsSync(file) && statSync(file).isFile()) ?? null;
}

/**
 * The same text with every comment, text and regular expression blanked by spaces of the same length; quotes and line ends
 * stay. Code inside `${…}` stays.
 */
export function blankOut(text: string): string {
  const out = text.split('');
  // Depth of braces at which each template literal goes on.
  const templates: number[] = [];
  let depth = 0;
  let i = 0;
  const blank = (from: number, to: number): void => {
    const end = Math.min(to, text.length);
    for (let k = from; k < end; k += 1) if (out[k] !== '\n') out[k] = ' ';
  };
  const template = (from: number): number => {
    let k = from;
    for (; k < text.length; k += 1) {
      if (text[k] === '\\') k += 1;
      else if (text[k] === '`') {
        blank(from, k);
        return k + 1;
      } else if (text[k] === '$' && text[k + 1] === '{') {
        blank(from, k);
        templates.push(depth);
        depth += 1;
        return k + 2;
      }
    }
    blank(from, k);
    return k;
  };
  while (i < text.length) {
    const char = text[i]!;
    const two = text.slice(i, i + 2);
    if (two === '//' || two === '/*') {
      const found = two === '//' ? text.indexOf('\n', i) : text.indexOf('*/', i + 2);
      const end = found < 0 ? text.length : two === '//' ? found : found + 2;
      blank(i, end);
      i = end;
    } else if (char === "'" || char === '"') {
      const end = endOfText(text, i);
      blank(i + 1, end);
      i = end + 1;
    } else if (char === '`') {
      i = template(i + 1);
    } else if (char === '/' && isRegexAt(out, i)) {
      const end = endOfRegex(text, i);
      blank(i + 1, end);
      i = end + 1;
    } else if (char === '{') {
      depth += 1;
      i += 1;
    } else if (char === '}') {
      depth -= 1;
      i += 1;
      if (templates.at(-1) === depth) {
        templates.pop();
        i = template(i);
      }
    } else i += 1;
  }
  return out.join('');
}

/** Index of the closing quote, or of the end of its line. */
function endOfText(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === text[from] || text[i] === '\n') return i;
  }
  return text.length;
}

function endOfRegex(text: string, from: number): number {
  let isClass = false;
  for (let i = from + 1; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === '\n') return i;
    else if (text[i] === '[') isClass = true;
    else if (text[i] === ']') isClass = false;
    else if (text[i] === '/' && !isClass) return i;
  }
  return text.length;
}

/** A slash begins a regular expression where no value stands before it. */
function isRegexAt(code: readonly string[], at: number): boolean {
  let i = at - 1;
  while (i >= 0 && /\s/.test(code[i]!)) i -= 1;
  if (i < 0) return true;
  if (/[\w$]/.test(code[i]!)) {
    let from = i;
    while (from > 0 && /[\w$]/.test(code[from - 1]!)) from -= 1;
    const word = code.slice(from, i + 1).join('');
    return /^(?:return|typeof|case|in|of|delete|void|throw|new|else|do|await|yield)$/.test(word);
  }
  return !/[)\]}'"`]/.test(code[i]!);
}
