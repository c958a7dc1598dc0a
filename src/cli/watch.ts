/**
 * A folder that grows: every file is imported once it is complete, into a dataset of its own first and from there into the one
 * that is asked for, together with the note that it was. A restart, a file that comes again and one that has grown therefore
 * add nothing twice.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';
import { watch as watchFiles } from 'chokidar';
import { TradingError } from '../core/errors.ts';
import { openCatalog } from '../data/catalog.ts';
import { nodeFileIo } from '../data/file-io.ts';
import { systemProbe, takeLock } from '../data/lock.ts';
import { mergeDataset } from '../data/merge-dataset.ts';
import { importFiles, removeIfEmpty } from './import-data.ts';
import { programVersion } from './package-root.ts';
import type { ImportOptions } from './services.ts';

export interface WatchOptions {
  readonly folder: string;
  /** How every file is imported; `files` is not used. */
  readonly options: ImportOptions;
  /** A file is complete when its size has not changed for so long. */
  readonly settleMs: number;
  /** Import what is there and end. */
  readonly isOnce: boolean;
  /** Where refused files are moved; by default they stay. */
  readonly setAside?: string;
  readonly isStopping: () => boolean;
  readonly onFile: (outcome: FileOutcome) => void;
  /** Called when everything that was there has been looked at. */
  readonly onIdle?: () => void;
}

export interface FileOutcome {
  /** Below the folder. */
  readonly file: string;
  /** `known`: these bytes were imported before. `growing`: its size still changed. */
  readonly outcome: 'imported' | 'known' | 'refused' | 'growing';
  /** Rows that were not stored before, and rows that were. */
  readonly added: number;
  readonly stored: number;
  /** Rows left out by --quarantine. */
  readonly left: number;
  readonly code?: string;
  readonly message?: string;
}

export interface WatchSummary {
  readonly files: number;
  readonly rows: number;
  readonly refused: number;
}

/** What the manifest keeps of a file, in `extra.watch`. */
interface FileState {
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly sha256: string;
  readonly outcome: 'imported' | 'refused';
  readonly rows: number;
  readonly reason?: string;
  /** Of a refused file: hash of the flags and the version that refused it. */
  readonly flags?: string;
}
type FileStates = Readonly<Record<string, FileState>>;

/** How often a stop is looked for. */
const POLL_MS = 150;
/** Files that are still being written, or that are no data. */
const NO_DATA =
  /(^|[/\\])\.|~$|\.(tmp|temp|part|partial|crdownload|download|filepart|swp|lock|json|jsonl|md|log)$/i;

/** Errors: E_IMPORT_FILE for a folder that is none, E_CATALOG_LOCKED while another watch fills the dataset. */
export async function watchFolder(watch: WatchOptions): Promise<WatchSummary> {
  const { catalogDir, dataset } = watch.options;
  checkFolder(watch.folder);
  mkdirSync(catalogDir, { recursive: true });
  // One watch a dataset: what a killed one left behind can then be removed.
  const lock = takeLock(nodeFileIo, join(catalogDir, `.watch-${dataset}.lock`), systemProbe);
  try {
    removeStages(catalogDir, dataset);
    const importer = new FolderImporter(watch);
    await (watch.isOnce ? importOnce(watch, importer) : importAsTheyCome(watch, importer));
    return importer.summary;
  } finally {
    removeStages(catalogDir, dataset);
    lock.release();
  }
}

function checkFolder(folder: string): void {
  if (existsSync(folder) && statSync(folder).isDirectory()) return;
  throw new TradingError('E_IMPORT_FILE', `${folder} is no folder`, {
    where: folder,
    rule: '--watch looks at a folder',
    fix: 'make the folder, or import a file without --watch',
  });
}

async function importOnce(watch: WatchOptions, importer: FolderImporter): Promise<void> {
  const before = new Map(dataFiles(watch.folder).map((path) => [path, stampOf(path)]));
  await sleep(before.size === 0 ? 0 : watch.settleMs);
  for (const [path, stamp] of before) {
    if (watch.isStopping()) return;
    if (stampOf(path) === stamp) await importer.take(path);
    else importer.growing(path);
  }
  watch.onIdle?.();
}

async function importAsTheyCome(watch: WatchOptions, importer: FolderImporter): Promise<void> {
  const waiting = new Set<string>();
  let isReady = false;
  let failure: unknown = null;
  const watcher = watchFiles(watch.folder, {
    ignored: (path) => path !== watch.folder && NO_DATA.test(relative(watch.folder, path)),
    awaitWriteFinish: {
      stabilityThreshold: watch.settleMs,
      pollInterval: Math.max(10, Math.min(100, watch.settleMs / 2)),
    },
  });
  watcher.on('add', (path) => waiting.add(resolve(path)));
  watcher.on('change', (path) => waiting.add(resolve(path)));
  watcher.on('ready', () => (isReady = true));
  watcher.on('error', (error) => (failure = error));
  try {
    let isIdle = false;
    while (!watch.isStopping()) {
      if (failure !== null) throw folderError(watch.folder, failure);
      const [path] = [...waiting].toSorted();
      if (path === undefined) {
        if (isReady && !isIdle) watch.onIdle?.();
        isIdle = isReady;
        await sleep(POLL_MS);
        continue;
      }
      waiting.delete(path);
      if (existsSync(path)) await importer.take(path);
    }
  } finally {
    await watcher.close();
  }
}

function folderError(folder: string, cause: unknown): TradingError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TradingError('E_IMPORT_FILE', `${folder} cannot be watched: ${reason}`, {
    where: folder,
    fix: 'check the folder and its permissions, then start again: nothing is imported twice',
    cause,
  });
}

function dataFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !NO_DATA.test(relative(folder, path)))
    .toSorted();
}

function stampOf(path: string): string {
  try {
    const { size, mtimeMs } = statSync(path);
    return `${size}/${mtimeMs}`;
  } catch {
    return 'gone';
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, ms);
  });
}

class FolderImporter {
  readonly #watch: WatchOptions;
  readonly #flags: string;
  /** Name and stamp of what was refused since the start: each is named once. */
  readonly #named = new Set<string>();
  #files = 0;
  #rows = 0;
  #refused = 0;

  constructor(watch: WatchOptions) {
    this.#watch = watch;
    this.#flags = flagsOf(watch.options);
  }

  get summary(): WatchSummary {
    return { files: this.#files, rows: this.#rows, refused: this.#refused };
  }

  growing(path: string): void {
    this.#report(path, { outcome: 'growing', added: 0, stored: 0, left: 0 });
  }

  /** Imports a file, or says why not. Errors: those of the catalog itself, such as a full disk, which the next file would meet too. */
  async take(path: string): Promise<void> {
    const name = this.#nameOf(path);
    const states = this.#states();
    const before = statSync(path);
    const old = states[name];
    if (old?.bytes === before.size && old.mtimeMs === before.mtimeMs) {
      if (old.outcome === 'imported') {
        this.#known(path);
        return;
      }
      if (old.flags === this.#flags) {
        this.#refusedBefore(path, name, old);
        return;
      }
    }
    const sha256 = hashFile(path);
    const same = Object.values(states).find((one) => one.sha256 === sha256);
    if (same?.outcome === 'imported') {
      this.#known(path);
      return;
    }
    const stamp = { bytes: before.size, mtimeMs: before.mtimeMs, sha256 };
    try {
      await this.#import(path, name, stamp);
    } catch (error) {
      if (!(error instanceof TradingError) || isOfCatalog(error)) throw error;
      this.#refuse(path, name, stamp, error);
    }
  }

  async #import(
    path: string,
    name: string,
    stamp: Pick<FileState, 'bytes' | 'mtimeMs' | 'sha256'>,
  ): Promise<void> {
    const { options, folder } = this.#watch;
    const { catalogDir, dataset } = options;
    const stage = mkdtempSync(join(catalogDir, `.watch-${dataset}-`));
    const isThere = openCatalog(catalogDir).names().includes(dataset);
    try {
      const staged = await importFiles({ ...options, catalogDir: stage, files: [path] });
      keepIssues(stage, catalogDir);
      if (stampOf(path) !== `${stamp.bytes}/${stamp.mtimeMs}`) {
        // It went on growing; the change brings it here again.
        this.growing(path);
        return;
      }
      const rows = staged.rows;
      const { added, known } = mergeDataset({
        catalog: openCatalog(catalogDir),
        into: dataset,
        from: staged.dataset,
        description: `Rows of the files of ${basename(folder)}.`,
        source: basename(folder),
        extra: { watch: { ...this.#states(), [name]: { ...stamp, outcome: 'imported', rows } } },
      });
      this.#files += 1;
      this.#rows += added;
      const left = staged.refused ?? staged.issues.length;
      this.#report(path, { outcome: 'imported', added, stored: known, left });
    } finally {
      rmSync(stage, { recursive: true, force: true });
      if (!isThere) removeIfEmpty(catalogDir, dataset);
    }
  }

  #refuse(
    path: string,
    name: string,
    stamp: Pick<FileState, 'bytes' | 'mtimeMs' | 'sha256'>,
    error: TradingError,
  ): void {
    const { code, message } = error;
    const [reason, flags] = [`${code}: ${message}`, this.#flags];
    this.#remember(name, { ...stamp, outcome: 'refused', rows: 0, reason, flags });
    this.#named.add(keyOf(name, stamp));
    this.#giveUp(path, name, code, message);
  }

  /** Still there and still refused: a scheduler that ends well would say that nothing is missing. */
  #refusedBefore(path: string, name: string, old: FileState): void {
    if (this.#named.has(keyOf(name, old))) return;
    this.#named.add(keyOf(name, old));
    const [code, ...message] = (old.reason ?? 'E_IMPORT_FILE').split(': ');
    const text = `refused before, with the same flags: ${message.join(': ')}`;
    this.#giveUp(path, name, code!, text);
  }

  #giveUp(path: string, name: string, code: string, message: string): void {
    this.#refused += 1;
    this.#report(path, { outcome: 'refused', added: 0, stored: 0, left: 0, code, message });
    const { setAside } = this.#watch;
    if (setAside === undefined) return;
    mkdirSync(setAside, { recursive: true });
    const target = join(setAside, name.split(sep).join('-'));
    try {
      renameSync(path, target);
    } catch {
      // Another disk.
      copyFileSync(path, target);
      rmSync(path);
    }
  }

  /**
   * A refused file is not tried again before it or the flags change. Where there is no dataset yet, a restart tries it again.
   */
  #remember(name: string, state: FileState): void {
    const { catalogDir, dataset } = this.#watch.options;
    const catalog = openCatalog(catalogDir);
    if (!catalog.names().includes(dataset)) return;
    const { manifest } = catalog.dataset(dataset);
    const writer = catalog.dataset(dataset).beginWrite();
    try {
      writer.describe({
        extra: { ...manifest.extra, watch: { ...this.#states(), [name]: state } },
      });
      writer.commit();
    } catch (error) {
      writer.abort();
      throw error;
    }
  }

  #states(): FileStates {
    const { catalogDir, dataset } = this.#watch.options;
    const catalog = openCatalog(catalogDir);
    if (!catalog.names().includes(dataset)) return {};
    return (catalog.dataset(dataset).manifest.extra?.['watch'] ?? {}) as FileStates;
  }

  #known(path: string): void {
    this.#report(path, { outcome: 'known', added: 0, stored: 0, left: 0 });
  }

  #report(path: string, outcome: Omit<FileOutcome, 'file'>): void {
    this.#watch.onFile({ file: this.#nameOf(path), ...outcome });
  }

  #nameOf(path: string): string {
    return relative(this.#watch.folder, path);
  }
}

/** Hash of what decides whether a file can be taken. */
function flagsOf(options: ImportOptions): string {
  // A catalog that was moved is the same one.
  const flags = { ...options, files: [], catalogDir: '' };
  const text = JSON.stringify({ ...flags, version: programVersion() });
  return createHash('sha256').update(text).digest('hex');
}

function keyOf(name: string, { bytes, mtimeMs }: Pick<FileState, 'bytes' | 'mtimeMs'>): string {
  return `${name}/${bytes}/${mtimeMs}`;
}

/** Faults that no other file would escape. */
function isOfCatalog(error: TradingError): boolean {
  return ['E_CATALOG_WRITE', 'E_CATALOG_LOCKED', 'E_MANIFEST'].includes(error.code);
}

function hashFile(path: string): string {
  const hash = createHash('sha256');
  const block = Buffer.allocUnsafe(1_048_576);
  const fd = openSync(path, 'r');
  try {
    for (;;) {
      const read = readSync(fd, block, 0, block.length, null);
      if (read === 0) return hash.digest('hex');
      hash.update(block.subarray(0, read));
    }
  } finally {
    closeSync(fd);
  }
}

/** The lists of rows that --quarantine left out stay beside the datasets. */
function keepIssues(stage: string, catalogDir: string): void {
  for (const name of readdirSync(stage))
    if (name.endsWith('.issues.jsonl')) copyFileSync(join(stage, name), join(catalogDir, name));
}

function removeStages(catalogDir: string, dataset: string): void {
  const stage = new RegExp(`^\\.watch-${dataset.replaceAll('.', '\\.')}-[A-Za-z0-9]{6}$`);
  for (const name of readdirSync(catalogDir))
    if (stage.test(name)) rmSync(join(catalogDir, name), { recursive: true, force: true });
}
