import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { dirname, join, posix, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** Which layer may import which. A layer may always import itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  calendars: ['core'],
  data: ['core'],
  sim: ['core'],
  engine: ['core'],
  indicators: ['core'],
  strategies: ['core', 'indicators'],
  'live/shared': ['core'],
  'live/projectx': ['core', 'live/shared'],
  // The simulated exchange behind a broker's own wire protocol; it knows no adapter.
  'sim/gateways': ['core', 'sim'],
  testing: ['core', 'calendars', 'data', 'sim', 'engine', 'strategies', 'research'],
  research: ['core', 'calendars', 'data', 'sim', 'engine', 'strategies'],
  service: [
    'core',
    'calendars',
    'data',
    'sim',
    'engine',
    'strategies',
    'research',
    'live/shared',
    'live/projectx',
    'sim/gateways',
  ],
  cli: ['core', 'calendars', 'data', 'research', 'service', 'strategies', 'testing'],
  // `src/index.ts`, the package root: what a strategy file imports.
  index: ['core', 'strategies', 'cli', 'research'],
};

/** Third-party packages and the only files that may import them; `*` is any file of the layer. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  'apache-arrow': ['data/arrow-store.ts'],
  'date-fns-tz': ['calendars/wall-time.ts'],
  'date-fns': ['calendars/wall-time.ts'],
  '@microsoft/signalr': ['live/projectx/hub.ts'],
  fastify: ['sim/gateways/*', 'service/*'],
  ws: ['sim/gateways/*', 'live/projectx/hub.ts'],
  zod: ['data/*', 'calendars/*', 'research/*', 'cli/*', 'live/*', 'sim/gateways/*', 'service/*'],
  commander: ['cli/*'],
  'cli-progress': ['cli/*'],
  'cli-table3': ['cli/*'],
  asciichart: ['cli/*'],
  open: ['cli/*'],
  tsx: ['cli/*'],
  chokidar: ['cli/*'],
  fzstd: ['data/ingest/zstd.ts'],
  fflate: ['data/ingest/zip.ts'],
  hyparquet: ['data/parquet.ts'],
  'hyparquet-compressors': ['data/parquet.ts'],
  'hyparquet-writer': ['data/parquet.ts'],
  // Optional, loaded when asked for.
  arquero: ['research/frames/arquero.ts'],
  '@duckdb/node-api': ['research/frames/sql.ts'],
};

/** Node modules that a layer may use; core may use none. */
const NODE_BUILTINS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  calendars: [],
  sim: [],
  indicators: [],
  strategies: [],
  engine: ['node:crypto'],
};

/** Sources of time and chance, and the layers that may name them. */
const AMBIENT =
  /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(|\bsetTimeout\(|\bsetInterval\(/;
const MAY_BE_AMBIENT: readonly string[] = ['cli', 'service'];
/** The name and duration of a run that a program starts; nothing else of its layer. */
const AMBIENT_FILES: readonly string[] = [
  'research/system-clock.ts',
  'live/shared/system-scheduler.ts',
];

interface Import {
  readonly file: string;
  readonly specifier: string;
}

function sourceFiles(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
}

function importsOf(file: string, text: string): Import[] {
  const code = withoutComments(text);
  const patterns = [
    /(?:^|\n)\s*(?:import|export)\s[^'"`;]*?\bfrom\s*(['"])([^'"\n]+)\1/g,
    /(?:^|\n)\s*import\s*(['"])([^'"\n]+)\1/g,
    /\bimport\s*\(\s*(['"])([^'"\n]+)\1/g,
  ];
  return patterns.flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => ({ file, specifier: match[2]! })),
  );
}

function layerOf(path: string): string {
  const rel = relative(SRC, path).split('\\').join('/');
  const [first, second] = rel.split('/');
  // Each venue is a layer of its own, and so are the gateways.
  const isOwn = first === 'live' || (first === 'sim' && second === 'gateways');
  if (isOwn && second !== undefined) return `${first}/${second}`;
  return rel.includes('/') ? first! : rel.replace(/\.ts$/, '');
}

/** The rule itself, on plain values, so that a test can feed it a forbidden import. */
export function violationsOf(file: string, text: string): string[] {
  const layer = layerOf(file);
  const rel = posix.normalize(relative(SRC, file).split('\\').join('/'));
  const out: string[] = [];
  for (const { specifier } of importsOf(file, text)) {
    if (specifier.startsWith('.')) {
      const target = layerOf(resolve(dirname(file), specifier));
      if (target !== layer && !(MAY_IMPORT[layer] ?? []).includes(target)) {
        out.push(`${rel}: ${layer} -> ${target}`);
      }
      continue;
    }
    if (specifier.startsWith('node:')) {
      const allowed = NODE_BUILTINS[layer];
      if (allowed !== undefined && !allowed.includes(specifier))
        out.push(`${rel}: ${layer} -> ${specifier}`);
      continue;
    }
    const name = specifier.startsWith('@')
      ? specifier.split('/').slice(0, 2).join('/')
      : specifier.split('/')[0]!;
    const doors = DOORS[name] ?? [];
    if (
      !doors.some(
        (door) => door === rel || (door.endsWith('/*') && rel.startsWith(door.slice(0, -1))),
      )
    ) {
      out.push(`${rel}: ${name} enters here, its doors are ${doors.join(', ') || 'none'}`);
    }
  }
  const mayBeAmbient = MAY_BE_AMBIENT.includes(layer) || AMBIENT_FILES.includes(rel);
  if (!mayBeAmbient && AMBIENT.test(withoutComments(text))) {
    out.push(`${rel}: reads a clock, a timer or chance that was not injected`);
  }
  return out;
}

describe('architecture', () => {
  const files = sourceFiles(SRC);

  it('finds the sources', () => {
    expect(files.length).toBeGreaterThan(15);
  });

  it('lets no layer import a forbidden layer, package or clock', () => {
    const found = files.flatMap((file) => violationsOf(file, readFileSync(file, 'utf8')));
    expect(found).toEqual([]);
  });

  it('knows every layer that exists', () => {
    const layers = new Set(files.map(layerOf));
    expect([...layers].filter((layer) => MAY_IMPORT[layer] === undefined)).toEqual([]);
  });

  it.each([
    ['sim/x.ts', "import { openCatalog } from '../data/catalog.ts';", 'sim/x.ts: sim -> data'],
    ['core/x.ts', "import { readFileSync } from 'node:fs';", 'core/x.ts: core -> node:fs'],
    [
      'core/x.ts',
      "export * from 'zod';",
      'core/x.ts: zod enters here, its doors are data/*, calendars/*, research/*, cli/*, live/*, sim/gateways/*, service/*',
    ],
    [
      'data/x.ts',
      "const a = await import('apache-arrow');",
      'data/x.ts: apache-arrow enters here, its doors are data/arrow-store.ts',
    ],
    [
      'engine/x.ts',
      'const t = Date.now();',
      'engine/x.ts: reads a clock, a timer or chance that was not injected',
    ],
  ])('refuses %s with %s', (file, text, expected) => {
    expect(violationsOf(join(SRC, file), text)).toEqual([expected]);
  });

  it('keeps module-level mutable state out of every layer', () => {
    const found = files.flatMap((file) =>
      withoutComments(readFileSync(file, 'utf8'))
        .split('\n')
        .filter((line) => /^(export )?(let|var) /.test(line))
        .map((line) => `${relative(SRC, file)}: ${line.trim()}`),
    );
    expect(found).toEqual([]);
  });
});
