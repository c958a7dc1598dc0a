/** Builds `dist`: compiles, copies what is not code, and checks the budget of the package. Run: npm run build. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { REPORT_ASSETS } from '../src/research/report/assets.ts';
import { isUnsourced } from './unsourced.ts';

const root: string = fileURLToPath(new URL('..', import.meta.url));
const UNPACKED_BYTES_MAX = 6_000_000;

rmSync(join(root, 'dist'), { recursive: true, force: true });
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const compile = (...flags: readonly string[]): void => {
  const args = [tsc, '-p', join(root, 'tsconfig.build.json'), ...flags];
  execFileSync(process.execPath, args, { stdio: 'inherit' });
};
compile();
// The words for people stand in the sources and the declarations; a second time, without them, for the machine.
compile(
  '--declaration',
  'false',
  '--declarationMap',
  'false',
  '--isolatedDeclarations',
  'false',
  '--removeComments',
);
shrinkScripts(join(root, 'dist'));
dropUnreachableTypes();
keepReachedSources();
copyTemplates();
copyAssets();
checkBudget();

/** Declarations that no entry of the package leads to say nothing to anybody. */
function dropUnreachableTypes(): void {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, { types?: string } | string>;
  };
  const seen = new Set<string>();
  const follow = (path: string): void => {
    if (seen.has(path) || !existsSync(path)) return;
    seen.add(path);
    const text = readFileSync(path, 'utf8');
    for (const [, to] of text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)\.[jt]s['"]/g))
      follow(join(dirname(path), `${to}.d.ts`));
  };
  for (const entry of Object.values(exports))
    if (typeof entry !== 'string' && entry.types !== undefined) follow(join(root, entry.types));
  for (const entry of readdirSync(join(root, 'dist'), { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (/\.d\.ts(\.map)?$/.test(path) && !seen.has(path.replace(/\.map$/, ''))) rmSync(path);
  }
}

/**
 * "Go to definition" leads from a declaration to its source: the package carries those sources and no others. Of the folders
 * in `scripts/unsourced.ts` it carries the declarations alone, without maps.
 */
function keepReachedSources(): void {
  const dist = join(root, 'dist');
  const paths = readdirSync(dist, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.name.endsWith('.d.ts'))
    .map((entry) => relative(dist, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  for (const path of paths.filter(isUnsourced)) rmSync(join(dist, `${path}.map`));
  const sources = paths
    .filter((path) => !isUnsourced(path))
    .map((path) => `!/${path.replace(/\.d\.ts$/, '.ts')}`);
  writeFileSync(
    join(root, 'src', '.npmignore'),
    ['*', '!*/', ...sources.toSorted(), ''].join('\n'),
  );
}

/** Takes out white space only: names stay, and lines stay short enough for a stack trace to say where. */
function shrinkScripts(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.js')) continue;
    const path = join(entry.parentPath, entry.name);
    const { code } = transformSync(readFileSync(path, 'utf8'), {
      minifyWhitespace: true,
      lineLimit: 120,
      format: 'esm',
      target: 'node20',
      charset: 'utf8',
    });
    writeFileSync(path, code);
  }
}

function copyTemplates(): void {
  cpSync(join(root, 'src/cli/templates'), join(root, 'dist/cli/templates'), { recursive: true });
}

/** Chart libraries are part of the built package, so that a user installs none. */
function copyAssets(): void {
  mkdirSync(join(root, 'dist/assets'), { recursive: true });
  for (const { name, from } of REPORT_ASSETS)
    cpSync(join(root, from), join(root, 'dist/assets', name));
}

/** What `npm pack` would put into the package, counted by its own rules. */
function checkBudget(): void {
  const answer = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const about = Object.values(JSON.parse(answer) as object)[0] as { unpackedSize: number };
  console.log(
    `package ${(about.unpackedSize / 1e6).toFixed(2)} MB unpacked, at most ${UNPACKED_BYTES_MAX / 1e6} MB`,
  );
  if (about.unpackedSize > UNPACKED_BYTES_MAX) process.exitCode = 1;
}
