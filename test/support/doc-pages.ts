/** Reads the documentation as a program does: pages, fenced blocks with their info strings, links and headings. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY: string = fileURLToPath(new URL('../..', import.meta.url)).replace(
  /\/$/,
  '',
);

/**
 * One fenced block. The info string is the language, then words and `key=value` pairs:
 * `sh exit=3`, `ts file=strategies/first.ts`, `ts hook`, `ts program`, `text`, `sh no-run="why"`.
 */
export interface DocBlock {
  readonly page: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly words: ReadonlySet<string>;
  readonly values: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface DocPage {
  /** Path from the repository's root. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly DocBlock[];
  readonly links: readonly { readonly target: string; readonly line: number }[];
  /** As GitHub names them. */
  readonly anchors: ReadonlySet<string>;
}

const FOLDERS = ['docs', 'examples', 'notebooks', 'src/live'];
const ROOT_PAGES = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];

/** Every page, the root's first. */
export function readPages(): DocPage[] {
  const found = FOLDERS.flatMap((folder) =>
    readdirSync(join(REPOSITORY, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
      .map((entry) => relative(REPOSITORY, join(entry.parentPath, entry.name))),
  );
  return [...ROOT_PAGES, ...found.toSorted()].map((path) =>
    parsePage(path, readFileSync(join(REPOSITORY, path), 'utf8')),
  );
}

export function parsePage(path: string, text: string): DocPage {
  const blocks: DocBlock[] = [];
  const links: { target: string; line: number }[] = [];
  const anchors = new Set<string>();
  let open: { info: string; line: number; fence: string; rows: string[] } | null = null;
  for (const [i, row] of text.split('\n').entries()) {
    const fence = /^(`{3,})(.*)$/.exec(row);
    if (open !== null) {
      if (fence !== null && fence[1] === open.fence && fence[2] === '') {
        blocks.push(toBlock(path, open.line, open.info, open.rows.join('\n')));
        open = null;
      } else open.rows.push(row);
    } else if (fence !== null) {
      open = { info: fence[2]!.trim(), line: i + 1, fence: fence[1]!, rows: [] };
    } else readProse(row, i + 1, links, anchors);
  }
  if (open !== null) throw new Error(`${path}:${open.line}: the block is not closed`);
  return { path, text, blocks, links, anchors };
}

function readProse(
  row: string,
  line: number,
  links: { target: string; line: number }[],
  anchors: Set<string>,
): void {
  const heading = /^#{1,6} (.*)$/.exec(row);
  if (heading !== null) anchors.add(anchorOf(heading[1]!));
  for (const match of row.matchAll(/\]\(([^()\s]+)\)/g)) links.push({ target: match[1]!, line });
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

function toBlock(page: string, line: number, info: string, text: string): DocBlock {
  const words = new Set<string>();
  const values: Record<string, string> = {};
  const parts = [...info.matchAll(/([\w-]+)(?:=(?:"([^"]*)"|(\S+)))?/g)];
  const language = parts[0]?.[0] ?? '';
  for (const [, name, quoted, bare] of parts.slice(1)) {
    const value = quoted ?? bare;
    if (value === undefined) words.add(name!);
    else values[name!] = value;
  }
  return { page, line, language, words, values, text };
}

/** Commands of a `sh` block as words: continued lines joined, `&&` split, comments left out. */
export function commandsOf(block: DocBlock): string[][] {
  const lines = block.text.replaceAll(/\\\n\s*/g, '').split('\n');
  return lines.flatMap((line) =>
    splitShell(line, `${block.page}:${block.line}`).filter((words) => words.length > 0),
  );
}

function splitShell(line: string, where: string): string[][] {
  const commands: string[][] = [[]];
  for (const [token] of line.matchAll(/'[^']*'|"[^"]*"|#.*$|&&|[|><;]|(?:[^\s'"&|><;#]|\b#)+/g)) {
    if (token.startsWith('#')) break;
    if (/^[|><;]$/.test(token))
      throw new Error(`${where}: "${token}" needs a shell; the test has none`);
    if (token === '&&') commands.push([]);
    else commands.at(-1)!.push(token.replaceAll(/^['"]|['"]$/g, ''));
  }
  return commands;
}

const ENTRIES: readonly string[] = [
  'sim',
  'data',
  'calendars',
  'indicators',
  'strategies',
  'research',
  'testing',
  'live/projectx',
];

/** Imports of the package, as they stand in a user's file, turned to this checkout. */
export function toCheckout(source: string): string {
  return source.replaceAll(
    /(from\s+|import\s*\(|import\.meta\.resolve\()(['"])frontmonth(\/[\w/]+)?\2/g,
    (_, lead, __, sub) =>
      sub === undefined
        ? `${lead}'${REPOSITORY}/src/index.ts'`
        : `${lead}'${REPOSITORY}/src${sub}/index.ts'`,
  );
}

/** Compiler options of a user's project (the template's), with the package's entries mapped to this checkout. */
export function projectCompilerOptions(): Record<string, unknown> {
  const paths = Object.fromEntries(
    ENTRIES.map((entry) => [`frontmonth/${entry}`, [`${REPOSITORY}/src/${entry}/index.ts`]]),
  );
  return {
    target: 'es2023',
    lib: ['es2023'],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    types: ['node'],
    typeRoots: [`${REPOSITORY}/node_modules/@types`],
    paths: { frontmonth: [`${REPOSITORY}/src/index.ts`], ...paths },
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  };
}
