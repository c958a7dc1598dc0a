/** Every file operation of the catalog passes here, so that a test can fail each one of them. */
import * as fs from 'node:fs';

/** Synchronous file operations. A descriptor is whatever `open` returned. Errors are those of Node (`code` ENOSPC, …). */
export interface FileIo {
  open(path: string, flags: 'r' | 'wx'): number;
  /** Fills `target` from `position`; returns the bytes read, fewer only at the end of the file. */
  read(fd: number, target: Uint8Array, position: number): number;
  /** Writes all bytes at the current end. */
  write(fd: number, bytes: Uint8Array): void;
  /** Errors: EISDIR for a folder, ENOTSUP for anything else that is not a regular file. */
  size(fd: number): number;
  fsync(fd: number): void;
  close(fd: number): void;
  rename(from: string, to: string): void;
  /** Hard link; fails with EEXIST when `to` exists. */
  link(from: string, to: string): void;
  unlink(path: string): void;
  mkdir(path: string): void;
  /** File and folder names, sorted. An absent folder has none. */
  list(folder: string): string[];
  exists(path: string): boolean;
  /** Makes renames inside a folder durable; does nothing where the system has no such call. */
  fsyncFolder(folder: string): void;
}

/** Absent on Windows. */
const NONBLOCK: number = (fs.constants as Partial<typeof fs.constants>).O_NONBLOCK ?? 0;

/** The real file system. */
export const nodeFileIo: FileIo = {
  // Without O_NONBLOCK, opening a named pipe for reading would wait for a writer for ever.
  open: (path, flags) =>
    fs.openSync(path, flags === 'r' ? fs.constants.O_RDONLY | NONBLOCK : flags),
  read(fd, target, position) {
    let done = 0;
    while (done < target.length) {
      const n = fs.readSync(fd, target, done, target.length - done, position + done);
      if (n === 0) break;
      done += n;
    }
    return done;
  },
  write(fd, bytes) {
    let done = 0;
    while (done < bytes.length) done += fs.writeSync(fd, bytes, done, bytes.length - done);
  },
  size(fd) {
    const stat = fs.fstatSync(fd);
    if (stat.isFile()) return stat.size;
    const code = stat.isDirectory() ? 'EISDIR' : 'ENOTSUP';
    throw Object.assign(new Error(`${code}: not a regular file`), { code });
  },
  fsync: (fd) => fs.fsyncSync(fd),
  close: (fd) => fs.closeSync(fd),
  rename: (from, to) => fs.renameSync(from, to),
  link: (from, to) => fs.linkSync(from, to),
  unlink: (path) => fs.unlinkSync(path),
  mkdir: (path) => void fs.mkdirSync(path, { recursive: true }),
  list: (folder) => (fs.existsSync(folder) ? fs.readdirSync(folder).sort() : []),
  exists: (path) => fs.existsSync(path),
  fsyncFolder(folder) {
    if (process.platform === 'win32') return;
    const fd = fs.openSync(folder, 'r');
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  },
};

/** Closes a descriptor that nothing was written to: an error then says nothing about the data. */
export function closeQuietly(io: FileIo, fd: number): void {
  try {
    io.close(fd);
  } catch {
    // Nothing is lost, and the caller's own outcome counts.
  }
}

/** The whole file as bytes. Errors: EFBIG when it is larger than `bytesMax`. */
export function readBytes(io: FileIo, path: string, bytesMax: number = Infinity): Uint8Array {
  const fd = io.open(path, 'r');
  try {
    const size = io.size(fd);
    if (size > bytesMax)
      throw Object.assign(new Error(`EFBIG: ${size} bytes in ${path}`), { code: 'EFBIG' });
    const bytes = new Uint8Array(size);
    const read = io.read(fd, bytes, 0);
    return read === bytes.length ? bytes : bytes.subarray(0, read);
  } finally {
    closeQuietly(io, fd);
  }
}

/** The `code` of a Node error (ENOSPC, …), or an empty text; our own codes, which start with E_, are not meant. */
export function errnoOf(error: unknown): string {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return '';
  return error.code.startsWith('E_') ? '' : error.code;
}
