/**
 * The documentation is run. Each page is read from top to bottom in a project of its own, beside a small market named
 * `sample`: files are written, commands are executed, TypeScript is checked and run. A page that lies fails here.
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calendarReference, contractReference } from '../../scripts/calendar-pages.ts';
import { docsIndex, runFolderReference } from '../../scripts/reference-pages.ts';
import { createServices } from '../../src/cli/services-wiring.ts';
import { indicatorReference } from '../../src/indicators/reference.ts';
import { run as runCommand } from '../cli/support.ts';
import type { DocBlock, DocPage } from '../support/doc-pages.ts';
import {
  commandsOf,
  parsePage,
  projectCompilerOptions,
  readPages,
  REPOSITORY,
  toCheckout,
} from '../support/doc-pages.ts';
import { SERVED_KEY, SERVED_USER, serveForTest } from '../support/gateway-served.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { makeSampleCatalog } from '../support/sample-catalog.ts';

const pages = readPages();
const blocks = pages.flatMap((page) => page.blocks);
const folder = mkdtempSync(join(tmpdir(), 'frontmonth-docs-'));
const counts = { commands: 0, checkedCommands: 0, strategies: 0, programs: 0, files: 0, typed: 0 };
let sample: SampleCatalog;

beforeAll(() => {
  sample = makeSampleCatalog();
});
afterAll(() => {
  sample.remove();
  rmSync(folder, { recursive: true, force: true });
  const words = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  const unrun = blocks.filter((block) => 'no-run' in block.values);
  console.log(`documentation: ${pages.length} pages, ${words.join(', ')}, ${unrun.length} not run`);
});

const isRun = (block: DocBlock): boolean => !('no-run' in block.values);
const at = (block: DocBlock): string => `${block.page}:${block.line}`;

// ------------------------------------------------------------------------------------------------- shape and links

const LANGUAGES = new Set(['sh', 'ts', 'json', 'csv', 'text', 'py', '']);

describe('every page', () => {
  it('says of each block what it is', () => {
    const unknown = blocks.filter((block) => !LANGUAGES.has(block.language));
    expect(unknown.map((block) => `${at(block)} ${block.language}`)).toEqual([]);
  });

  it('gives a reason where a block is not run', () => {
    const bare = blocks.filter(
      (block) => block.words.has('no-run') || (block.values['no-run'] ?? 'why').length < 3,
    );
    expect(bare.map(at)).toEqual([]);
  });

  it('leads somewhere: no link is dead', () => {
    const byPath = new Map(pages.map((page) => [page.path, page]));
    const dead = pages.flatMap((page) =>
      page.links
        .filter(({ target }) => !/^https?:/.test(target) && !isAlive(page, target, byPath))
        .map(({ target, line }) => `${page.path}:${line} ${target}`),
    );
    expect(dead).toEqual([]);
  });

  it('names only error codes that `frontmonth errors` knows', () => {
    const catalog = pages.find(({ path }) => path === 'docs/reference/errors.md')!.text;
    const known = new Set([...catalog.matchAll(/^## (E_\w+)$/gm)].map(([, code]) => code!));
    const wrong = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\bE_[A-Z_]+[A-Z]\b/g)]
        .filter(([code]) => !known.has(code))
        .map(([code]) => `${path} ${code}`),
    );
    expect(wrong).toEqual([]);
  });

  it('can be reached from the README', () => {
    const byPath = new Map(pages.map((page) => [page.path, page]));
    const seen = new Set<string>();
    const queue = ['README.md'];
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      if (seen.has(path)) continue;
      seen.add(path);
      for (const { target } of byPath.get(path)?.links ?? [])
        queue.push(join(dirname(path), target.split('#')[0]!).replace(/\/$/, '/README.md'));
    }
    const lost = pages.filter(({ path }) => !seen.has(path)).map(({ path }) => path);
    expect(lost).toEqual([]);
  });

  it('in the tutorials, how-to guides and explanations names the next one', () => {
    const ends = pages
      .filter(({ path }) => /^docs\/(tutorials|how-to|explanation)\//.test(path))
      .filter(({ text }) => !/^Next: .*\]\(/m.test(text))
      .map(({ path }) => path);
    expect(ends).toEqual([]);
  });
});

function isAlive(page: DocPage, target: string, byPath: ReadonlyMap<string, DocPage>): boolean {
  const [file, anchor] = target.split('#') as [string, string | undefined];
  const path = file === '' ? page.path : join(dirname(page.path), file);
  if (!existsSync(join(REPOSITORY, path))) return false;
  return anchor === undefined || byPath.get(path)?.anchors.has(anchor) === true;
}

// ------------------------------------------------------------------------------------------------------- the types

describe('TypeScript in the documentation', () => {
  it('type-checks under the options of a project made by `frontmonth new`', () => {
    const dir = join(folder, 'types');
    const sources = blocks.filter((block) => block.language === 'ts' && isRun(block));
    mkdirSync(dir, { recursive: true });
    for (const [i, block] of sources.entries()) {
      const name = `${block.page.replaceAll(/\W/g, '-')}-${block.line}-${i}.ts`;
      writeFileSync(join(dir, name), asModule(block));
    }
    for (const name of exampleFiles())
      cpSync(join(REPOSITORY, 'examples', name), join(dir, `example-${name}`));
    const config = { compilerOptions: projectCompilerOptions(), include: ['*.ts'] };
    writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify(config));
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
    const tsc = join(REPOSITORY, 'node_modules/.bin/tsc');
    const checked = spawnSync(tsc, ['-p', dir, '--pretty', 'false'], {
      cwd: dir,
      encoding: 'utf8',
    });
    counts.typed += sources.length;
    expect(checked.stdout + checked.stderr).toBe('');
    expect(sources.length).toBeGreaterThan(5);
  });
});

/** `hook` blocks are the body of a hook; the others are whole modules. */
function asModule(block: DocBlock): string {
  if (!block.words.has('hook')) return `${block.text}\nexport {};\n`;
  return [
    "import { Side, type BarView, type ContractId, type StrategyContext } from 'frontmonth';",
    'export function hook(bar: BarView, ctx: StrategyContext, contract: ContractId): void {',
    '  void [bar, ctx, contract, Side];',
    block.text,
    '}',
  ].join('\n');
}

// ------------------------------------------------------------------------------------------------------ the blocks

describe('the generated pages', () => {
  it('are what the code says (npx tsx scripts/gen-docs.ts)', () => {
    const read = (path: string): string => readFileSync(join(REPOSITORY, path), 'utf8');
    expect(read('docs/reference/run-folder.md')).toBe(runFolderReference());
    expect(read('docs/reference/calendars.md')).toBe(calendarReference());
    expect(read('docs/reference/contracts.md')).toBe(contractReference());
    expect(read('docs/reference/indicators.md')).toBe(indicatorReference());
    expect(read('docs/README.md')).toBe(docsIndex());
  });
});

describe('JSON in the documentation', () => {
  it('parses', () => {
    for (const block of blocks.filter(({ language }) => language === 'json'))
      expect(() => JSON.parse(block.text) as unknown, at(block)).not.toThrow();
  });
});

const RUNNABLE = new Set(['sh', 'ts', 'csv', 'json']);

describe('the page', () => {
  const withBlocks = pages.filter((page) =>
    page.blocks.some((block) => RUNNABLE.has(block.language) && isRun(block)),
  );
  it.each(withBlocks.map((page) => [page.path, page] as const))(
    '%s runs from top to bottom',
    async (_, page) => {
      const project = new Project(join(folder, page.path.replaceAll(/\W/g, '-')));
      for (const block of page.blocks) if (isRun(block)) await project.read(block);
    },
  );
});

interface Scripts {
  readonly scripts: Readonly<Record<string, string>>;
}

/** What a reader has: a folder, a market, and the commands of the page. */
class Project {
  #cwd: string;

  constructor(dir: string) {
    this.#cwd = dir;
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
    this.#addMarket(dir);
  }

  async read(block: DocBlock): Promise<void> {
    const file = block.values['file'];
    if (file !== undefined) {
      const path = join(this.#cwd, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, file.endsWith('.ts') ? toCheckout(block.text) : block.text);
      counts.files += 1;
    }
    if (block.language === 'ts' && block.words.has('gateway')) await this.#runAtGateway(block);
    else if (block.language === 'ts' && block.words.has('program')) this.#runProgram(block);
    else if (block.language === 'ts' && /export default defineStrategy/.test(block.text))
      await this.#runStrategy(block);
    if (block.language !== 'sh') return;
    for (const words of commandsOf(block)) await this.#command(words, block);
  }

  #addMarket(dir: string): void {
    cpSync(sample.catalogDir, join(dir, 'catalog'), { recursive: true });
  }

  async #runStrategy(block: DocBlock): Promise<void> {
    const name = block.values['file'] ?? `strategies/block-${block.line}.ts`;
    const path = join(this.#cwd, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, toCheckout(block.text));
    const roots = block.values['instruments'] ?? 'ES';
    const argv = ['backtest', name, '--instruments', roots, '--from', '2022-07-01', '--no-bounds'];
    const data = block.values['data'];
    if (data !== undefined) return;
    await this.#frontmonth([...argv, '--out', `block-${block.line}`], block, 0);
    counts.strategies += 1;
  }

  #runProgram(block: DocBlock): void {
    const path = join(this.#cwd, `program-${block.line}.ts`);
    writeFileSync(path, toCheckout(block.text));
    runProgram(path, this.#cwd, at(block));
  }

  /** Beside a simulated gateway of its own, whose address and key stand in the environment. */
  async #runAtGateway(block: DocBlock): Promise<void> {
    const path = join(this.#cwd, `program-${block.line}.ts`);
    writeFileSync(path, toCheckout(block.text));
    expect((await saidAtGateway(path, this.#cwd)).trim(), `${at(block)} says nothing`).not.toBe('');
    counts.programs += 1;
  }

  async #command(words: readonly string[], block: DocBlock): Promise<void> {
    const [program, ...rest] = words;
    if (program === 'frontmonth') return this.#frontmonth(rest, block);
    if (program === 'npx' && rest[0] === 'frontmonth')
      return this.#frontmonth(rest.slice(1), block);
    if (program === 'node' && rest[0] === 'bin/frontmonth.js')
      return this.#frontmonth(rest.slice(1), block);
    counts.checkedCommands += 1;
    if (program === 'cd') {
      this.#cwd = resolve(this.#cwd, rest[0]!);
      expect(existsSync(this.#cwd), `${at(block)}: cd ${rest[0]}`).toBe(true);
    } else if (program === 'npm') await this.#npm(rest, block);
    else if (program === 'npx' && rest[0] === 'tsx') this.#exists(rest.at(-1)!, block);
    else if (program === 'bash') this.#exists(rest[0]!, block);
    else throw new Error(`${at(block)}: the test does not know how to run "${words.join(' ')}"`);
  }

  #exists(path: string, block: DocBlock): void {
    expect(existsSync(join(REPOSITORY, path)), `${at(block)}: ${path}`).toBe(true);
  }

  /** Scripts that are commands of this program run; of the others it is checked that they exist. */
  async #npm(words: readonly string[], block: DocBlock): Promise<void> {
    if (['ci', 'install', 'pack'].includes(words[0]!)) return;
    const name = words[0] === 'run' ? words[1]! : words[0]!;
    const own = join(this.#cwd, 'package.json');
    const isMade = 'scripts' in (JSON.parse(readFileSync(own, 'utf8')) as object);
    const file = isMade ? own : join(REPOSITORY, 'package.json');
    const script = (JSON.parse(readFileSync(file, 'utf8')) as Scripts).scripts[name];
    expect(script, `${at(block)}: npm script ${name}`).toBeDefined();
    if (!isMade || !/^frontmonth [^&]*$/.test(script!)) return;
    const extra = words.includes('--') ? words.slice(words.indexOf('--') + 1) : [];
    await this.#frontmonth([...script!.split(' ').slice(1), ...extra], block);
  }

  async #frontmonth(
    argv: readonly string[],
    block: DocBlock,
    code = Number(block.values['exit'] ?? 0),
  ): Promise<void> {
    const ran = await runCommand(argv, {
      cwd: this.#cwd,
      services: createServices(),
      // Each run has its own second, so that `last` is the last one.
      nowMs: Date.UTC(2026, 10, 21, 12) + counts.commands * 1000,
    });
    expect(ran.code, `${at(block)}: frontmonth ${argv.join(' ')}\n${ran.out}\n${ran.err}`).toBe(
      code,
    );
    counts.commands += 1;
    if (argv[0] === 'new') this.#toCheckout(join(this.#cwd, argv[1]!));
  }

  /** A project that the page has made: it gets the market, and its files import this checkout. */
  #toCheckout(dir: string): void {
    for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
      const path = join(entry.parentPath, entry.name);
      writeFileSync(path, toCheckout(readFileSync(path, 'utf8')));
    }
    this.#addMarket(dir);
  }
}

async function saidAtGateway(path: string, cwd: string): Promise<string> {
  const served = await serveForTest();
  try {
    const ran = await runBeside(path, cwd, {
      PROJECTX_REST_URL: served.url,
      PROJECTX_REALTIME_URL: served.url,
      PROJECTX_USERNAME: SERVED_USER,
      PROJECTX_API_KEY: SERVED_KEY,
    });
    expect(ran.code, `${path}\n${ran.said}`).toBe(0);
    return ran.said;
  } finally {
    await served.close();
  }
}

/** The test's process goes on meanwhile: it serves what the program talks to. */
function runBeside(
  path: string,
  cwd: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly said: string }> {
  const loader = join(REPOSITORY, 'node_modules/tsx/dist/loader.mjs');
  const child = spawn(process.execPath, ['--import', loader, path], {
    cwd,
    env: { ...process.env, ...environment },
  });
  let said = '';
  child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (said += piece.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, said })));
}

function runProgram(path: string, cwd: string, name: string): string {
  const loader = join(REPOSITORY, 'node_modules/tsx/dist/loader.mjs');
  const ran = spawnSync(process.execPath, ['--import', loader, path], { cwd, encoding: 'utf8' });
  expect(ran.status, `${name}\n${ran.stdout}\n${ran.stderr}`).toBe(0);
  expect(ran.stdout.trim(), `${name} says nothing`).not.toBe('');
  counts.programs += 1;
  return ran.stdout;
}

// ---------------------------------------------------------------------------------------------------- the examples

function exampleFiles(): string[] {
  return readdirSync(join(REPOSITORY, 'examples')).filter((name) => name.endsWith('.ts'));
}

describe('the examples', () => {
  it('run on the sample, and each says something', () => {
    const cwd = join(folder, 'examples-run');
    mkdirSync(cwd, { recursive: true });
    cpSync(sample.catalogDir, join(cwd, 'catalog'), { recursive: true });
    writeFileSync(join(cwd, 'package.json'), '{"type":"module"}');
    const names = exampleFiles();
    for (const name of names) {
      const source = readFileSync(join(REPOSITORY, 'examples', name), 'utf8');
      writeFileSync(join(cwd, name), toCheckout(source));
    }
    // One process for all of them: the package is loaded once.
    const all = names.map((name) => `console.log('--- ${name}');\nawait import('./${name}');`);
    writeFileSync(join(cwd, 'all.ts'), `${all.join('\n')}\nexport {};\n`);
    const said = runProgram(join(cwd, 'all.ts'), cwd, 'examples').split(/^--- /m).slice(1);
    expect(said.map((text) => text.split('\n')[0])).toEqual(names);
    for (const text of said) expect(text.split('\n')[1]?.trim()).toBeTruthy();
    counts.programs += names.length - 1;
  });

  it('trade beside a simulated gateway', async () => {
    const cwd = join(folder, 'example-gateway');
    mkdirSync(cwd, { recursive: true });
    writeFileSync(join(cwd, 'package.json'), '{"type":"module"}');
    const path = join(cwd, 'projectx-one-trade.ts');
    writeFileSync(
      path,
      toCheckout(readFileSync(join(REPOSITORY, 'examples/projectx-one-trade.ts'), 'utf8')),
    );
    expect(await saidAtGateway(path, cwd)).toContain('flat, verified');
  });
});

// -------------------------------------------------------------------------------------------- the test of the test

describe('the reader of pages', () => {
  const page = parsePage(
    'x.md',
    [
      '# A head, and `code`',
      'See [that](y.md#z).',
      '```sh exit=3 no-run="needs a broker"',
      "frontmonth trades last --where 'side=short' # why",
      'npm ci && npm start',
      '```',
    ].join('\n'),
  );

  it('finds the blocks with their info strings', () => {
    const [block] = page.blocks;
    expect(block).toMatchObject({ line: 3, language: 'sh' });
    expect(block!.values).toEqual({ exit: '3', 'no-run': 'needs a broker' });
    expect(commandsOf(block!)).toEqual([
      ['frontmonth', 'trades', 'last', '--where', 'side=short'],
      ['npm', 'ci'],
      ['npm', 'start'],
    ]);
  });

  it('finds links and anchors outside of blocks', () => {
    expect(page.links).toEqual([{ target: 'y.md#z', line: 2 }]);
    expect([...page.anchors]).toEqual(['a-head-and-code']);
  });

  it.each(['frontmonth trades last --csv > a.csv', 'frontmonth runs list | head'])(
    'refuses what would need a shell: %s',
    (line) => {
      const block = parsePage('x.md', `\`\`\`sh\n${line}\n\`\`\``).blocks[0]!;
      expect(() => commandsOf(block)).toThrow(/needs a shell/);
    },
  );

  it('refuses a block that is not closed', () => {
    expect(() => parsePage('x.md', '```sh\nls')).toThrow(/x\.md:1/);
  });
});
