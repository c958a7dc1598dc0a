/** `data import --watch`: in this process with --once, and as a process that is signalled. */
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/core/errors.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import type { Ran } from './support.ts';
import { runReal } from './support.ts';

const BIN = fileURLToPath(new URL('../../bin/frontmonth.js', import.meta.url));
const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

interface Place {
  readonly cwd: string;
  /** The watched folder. */
  readonly folder: string;
}
function place(): Place {
  const cwd = mkdtempSync(join(tmpdir(), 'frontmonth-watch-'));
  made.push(cwd);
  const folder = join(cwd, 'in');
  mkdirSync(folder);
  return { cwd, folder };
}

const ARGV =
  'data import in --watch --into mine --settle 0.2 --contract ESZ2025 --interval 1m --stamp close'.split(
    ' ',
  );
const once = ({ cwd }: Place, ...flags: string[]): Promise<Ran> =>
  runReal(cwd, [...ARGV, '--once', ...flags]);

const HEADER = 'time,open,high,low,close,volume\n';
const row = (minute: number, close = '6800.25'): string =>
  `2025-11-03T15:${String(minute).padStart(2, '0')}:00Z,6800,6801,6799.5,${close},10\n`;

const rowsIn = ({ cwd }: Place): number =>
  openCatalog(join(cwd, 'catalog')).names().includes('mine')
    ? openCatalog(join(cwd, 'catalog'))
        .dataset('mine')
        .manifest.segments.reduce((sum, one) => sum + one.rows, 0)
    : 0;
const manifestOf = ({ cwd }: Place) => openCatalog(join(cwd, 'catalog')).dataset('mine').manifest;

describe('data import --watch --once', () => {
  it('imports every file once, and a file that has grown from where it was', async () => {
    const at = place();
    writeFileSync(join(at.folder, 'a.csv'), HEADER + row(1));
    expect(await once(at)).toMatchObject({ code: EXIT.ok });
    expect(rowsIn(at)).toBe(1);
    const before = manifestOf(at);
    const again = await once(at);
    expect(again.out).toContain('a.csv: imported before');
    expect(manifestOf(at)).toEqual(before);
    appendFileSync(join(at.folder, 'a.csv'), row(2));
    expect((await once(at)).out).toContain('a.csv: 1 rows added, 1 stored before');
    expect(rowsIn(at)).toBe(2);
  });

  it('takes an older file that comes late, and the same bytes under another name once', async () => {
    const at = place();
    writeFileSync(join(at.folder, 'b.csv'), HEADER + row(5) + row(6));
    await once(at);
    writeFileSync(join(at.folder, 'a.csv'), HEADER + row(1) + row(2));
    writeFileSync(join(at.folder, 'copy.csv'), HEADER + row(5) + row(6));
    const ran = await once(at);
    expect(ran.out).toContain('a.csv: 2 rows added');
    expect(ran.out).toContain('copy.csv: imported before');
    expect(rowsIn(at)).toBe(4);
  });

  it('reports a bad file, goes on with the others, and tries it again when it has changed', async () => {
    const at = place();
    writeFileSync(join(at.folder, 'bad.csv'), HEADER + row(1, '6800.20'));
    writeFileSync(join(at.folder, 'good.csv'), HEADER + row(2));
    const ran = await once(at);
    expect(ran.code).toBe(EXIT.answerIsNo);
    expect(ran.err).toContain('bad.csv: E_IMPORT_ROWS');
    expect(rowsIn(at)).toBe(1);
    // The dataset did not exist when it was refused; from now on it is remembered.
    await once(at);
    const again = await once(at);
    expect(again.code).toBe(EXIT.answerIsNo);
    expect(again.err).toContain(
      'bad.csv: E_IMPORT_ROWS: refused before, with the same flags: 1 rows',
    );
    expect(again.out).toContain('0 files imported, 0 rows added, 1 files refused');
    writeFileSync(join(at.folder, 'bad.csv'), HEADER + row(1));
    expect((await once(at)).out).toContain('bad.csv: 1 rows added');
  });

  it('tries a refused file again when the flags have changed, and only then', async () => {
    const at = place();
    writeFileSync(join(at.folder, 'good.csv'), HEADER + row(1));
    writeFileSync(join(at.folder, 'named.csv'), (HEADER + row(2)).replace('time', 'Date'));
    expect((await once(at)).err).toContain('named.csv: E_IMPORT_MAPPING');
    const before = manifestOf(at);
    expect((await once(at)).code).toBe(EXIT.answerIsNo);
    expect(manifestOf(at)).toEqual(before);
    const flags = ['--columns', 'time=Date,volume=volume'];
    const cured = await once(at, ...flags);
    expect(cured).toMatchObject({ code: EXIT.ok, err: '' });
    expect(cured.out).toContain('named.csv: 1 rows added');
    expect(await once(at)).toMatchObject({ code: EXIT.ok, err: '' });
  });

  it('moves a file that was refused before, once it is told where to', async () => {
    const at = place();
    writeFileSync(join(at.folder, 'a.csv'), HEADER + row(1));
    writeFileSync(join(at.folder, 'b.csv'), HEADER + row(1, '6800.50'));
    await once(at);
    expect((await once(at, '--set-aside', 'bad')).code).toBe(EXIT.answerIsNo);
    expect(readdirSync(join(at.cwd, 'bad'))).toEqual(['b.csv']);
    expect(await once(at)).toMatchObject({ code: EXIT.ok, err: '' });
  });

  it('refuses a file that contradicts what is stored, and moves it where it is told to', async () => {
    const at = place();
    writeFileSync(join(at.folder, 'a.csv'), HEADER + row(1));
    await once(at);
    writeFileSync(join(at.folder, 'b.csv'), HEADER + row(1, '6800.50') + row(2));
    const ran = await once(at, '--set-aside', 'bad');
    expect(ran.err).toContain('E_MERGE_CONFLICT');
    expect(rowsIn(at)).toBe(1);
    expect(existsSync(join(at.folder, 'b.csv'))).toBe(false);
    expect(readdirSync(join(at.cwd, 'bad'))).toEqual(['b.csv']);
  });

  it('leaves no dataset behind where every file is refused, and nothing of its own', async () => {
    const at = place();
    writeFileSync(join(at.folder, 'bad.csv'), 'nothing\n');
    writeFileSync(join(at.folder, 'half.csv.part'), HEADER + row(1));
    await once(at);
    expect(readdirSync(join(at.cwd, 'catalog'))).toEqual(
      existsSync(join(at.cwd, 'catalog', 'datasets')) ? ['datasets'] : [],
    );
    expect(openCatalog(join(at.cwd, 'catalog')).names()).toEqual([]);
  });

  it('gives rows of JSON', async () => {
    const at = place();
    writeFileSync(join(at.folder, 'a.csv'), HEADER + row(1));
    const lines = (await once(at, '--json')).out.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { schema: 'frontmonth.watched-file/1', file: 'a.csv', outcome: 'imported', added: 1 },
      { schema: 'frontmonth.watch/1', files: 1, rows: 1, refused: 0 },
    ]);
  });

  it('refuses a folder that is none', async () => {
    const at = place();
    rmSync(at.folder, { recursive: true });
    expect(await once(at)).toMatchObject({ code: EXIT.input });
  });
});

describe('a process that watches', () => {
  it('takes files as they come, also by rename, follows one that grows, and ends cleanly', async () => {
    const at = place();
    writeFileSync(join(at.folder, 'a.csv'), HEADER + row(1));
    const env = { PATH: process.env['PATH'], HOME: '/nonexistent', LANG: 'C.UTF-8' };
    const child = spawn(process.execPath, [BIN, ...ARGV], { cwd: at.cwd, env });
    let text = '';
    const listeners = new Set<() => void>();
    const hear = (part: Buffer): void => {
      text += String(part);
      for (const listener of listeners) listener();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const ended = new Promise<number | null>((done) => void child.on('exit', done));
    /** No clock: the process is heard until it says so, or ends. */
    const said = (words: string): Promise<void> =>
      new Promise((done, fail) => {
        const look = (): void => {
          if (!text.includes(words)) return;
          listeners.delete(look);
          done();
        };
        listeners.add(look);
        void ended.then(() => fail(new Error(`it ended before "${words}":\n${text}`)));
        look();
      });
    await said('a.csv: 1 rows added');
    writeFileSync(join(at.cwd, 'b.tmp'), HEADER + row(3) + row(4));
    renameSync(join(at.cwd, 'b.tmp'), join(at.folder, 'b.csv'));
    await said('b.csv: 2 rows added');
    appendFileSync(join(at.folder, 'a.csv'), row(2));
    await said('a.csv: 1 rows added, 1 stored before');
    writeFileSync(join(at.folder, 'bad.csv'), HEADER + row(7, 'abc'));
    await said('bad.csv: E_IMPORT_ROWS');
    writeFileSync(join(at.folder, 'c.csv'), HEADER + row(9));
    await said('c.csv: 1 rows added');
    child.kill('SIGINT');
    expect(await ended).toBe(EXIT.interrupted);
    expect(text).toContain('4 files imported, 5 rows added, 1 files refused');
    expect(rowsIn(at)).toBe(5);
    expect(readdirSync(join(at.cwd, 'catalog'))).toEqual(['datasets']);
    // A restart knows what was imported, and what was refused.
    const again = await once(at);
    expect(again.code).not.toBe(EXIT.ok);
    expect(again.err).toContain('bad.csv: E_IMPORT_ROWS: refused before, with the same flags');
    expect(again.out).toContain('0 files imported, 0 rows added');
  });
});
