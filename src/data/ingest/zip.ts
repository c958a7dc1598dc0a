/**
 * Reads zip archives entry by entry in bounded memory. The central directory is checked before anything is inflated, and an
 * entry is held to the sizes and the checksum that the directory states.
 * Source of the format: PKWARE APPNOTE 6.3, sections 4.3 and 4.4.
 */
import { crc32 } from 'node:zlib';
import { Inflate } from 'fflate';
import type { FileIo } from '../file-io.ts';
import { closeQuietly, nodeFileIo } from '../file-io.ts';
import { asSourceError, sourceError } from './source-error.ts';

export interface ZipEntry {
  readonly name: string;
  readonly method: 'stored' | 'deflated';
  readonly crc: number;
  /** Bytes in the archive. */
  readonly packed: number;
  /** Bytes after inflating. */
  readonly bytes: number;
  /** Offset of the local header. */
  readonly offset: number;
}

export interface ZipDirectory {
  readonly path: string;
  /** Bytes of the whole archive. */
  readonly size: number;
  /** Files only, in the order of the directory. */
  readonly entries: readonly ZipEntry[];
}

/** What an archive may ask for. More is refused by name, never tried. */
const LIMITS = {
  entries: 100_000,
  directoryBytes: 32 * 2 ** 20,
  entryBytes: 4 * 2 ** 30,
} as const;

const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const COMMENT_MAX = 0xffff;
const LOCAL_BYTES = 30;
/** Deflate writes at most 1032 bytes for one; a step of this size yields some 4 MB at the worst. */
const STEP = 4096;
const RATIO_MAX = 1032;
const IS_ENCRYPTED = 1;
const IS_UTF8 = 0x800;

/** Whether bytes begin as a zip archive does, an empty one included. */
export function isZip(head: Uint8Array): boolean {
  return (
    head[0] === 0x50 &&
    head[1] === 0x4b &&
    ((head[2] === 3 && head[3] === 4) || (head[2] === 5 && head[3] === 6))
  );
}

/** Errors: E_IMPORT_FILE for a file that is absent, no zip archive, damaged, encrypted or larger than the limits. */
export function readZipDirectory(path: string, io: FileIo = nodeFileIo): ZipDirectory {
  return withFile(path, io, (fd, size) => {
    const end = findEnd(path, io, fd, size);
    if (end.count > LIMITS.entries || end.bytes > LIMITS.directoryBytes)
      throw sourceError(path, `the directory names ${end.count} entries in ${end.bytes} bytes`, {
        rule: `at most ${LIMITS.entries} entries`,
        fix: 'split the archive',
      });
    if (end.offset + end.bytes > end.at) throw damaged(path, 'its directory reaches past its end');
    const bytes = exactly(path, io, fd, end.offset, end.bytes);
    const entries = parseDirectory(path, bytes, end.count, end.offset);
    checkOverlap(path, entries, end.offset);
    return { path, size, entries };
  });
}

/**
 * The bytes of one entry, in pieces of at most some megabytes. A piece is valid until the next.
 * Errors: E_IMPORT_FILE where the entry differs from what the directory says of it.
 */
export function* readZipEntry(
  directory: ZipDirectory,
  entry: ZipEntry,
  io: FileIo = nodeFileIo,
): Generator<Uint8Array> {
  const { path } = directory;
  let fd = -1;
  try {
    fd = io.open(path, 'r');
    if (io.size(fd) !== directory.size)
      throw sourceError(path, 'it changed while it was read', {
        fix: 'import it when its writer has finished',
      });
    let crc = 0;
    let bytes = 0;
    for (const piece of pieces(directory, entry, io, fd)) {
      bytes += piece.length;
      if (bytes > entry.bytes) throw entryError(path, entry, 'it holds more bytes than it says');
      crc = crc32(piece, crc);
      yield piece;
    }
    if (bytes !== entry.bytes)
      throw entryError(path, entry, `it holds ${bytes} bytes and says ${entry.bytes}`);
    if (crc !== entry.crc) throw entryError(path, entry, 'its checksum does not match its bytes');
  } catch (cause) {
    throw asSourceError(path, cause, { at: entry.name });
  } finally {
    if (fd >= 0) closeQuietly(io, fd);
  }
}

function* pieces(
  directory: ZipDirectory,
  entry: ZipEntry,
  io: FileIo,
  fd: number,
): Generator<Uint8Array> {
  const { path } = directory;
  let at = dataStart(directory, entry, io, fd);
  const end = at + entry.packed;
  const out: Uint8Array[] = [];
  const inflate =
    entry.method === 'stored' ? null : new Inflate((piece) => void out.push(piece.slice()));
  while (at < end) {
    const packed = exactly(path, io, fd, at, Math.min(STEP, end - at));
    at += packed.length;
    if (inflate === null) {
      yield packed;
      continue;
    }
    try {
      inflate.push(packed, at === end);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw entryError(path, entry, `its compressed data are damaged: ${reason}`, cause);
    }
    for (const piece of out) if (piece.length > 0) yield piece;
    out.length = 0;
  }
}

/** The local header must say what the directory says. */
function dataStart(directory: ZipDirectory, entry: ZipEntry, io: FileIo, fd: number): number {
  const { path, size } = directory;
  const view = viewOf(exactly(path, io, fd, entry.offset, LOCAL_BYTES));
  if (view.getUint32(0, true) !== LOCAL)
    throw entryError(path, entry, 'the directory points to a place where no entry begins');
  const nameBytes = view.getUint16(26, true);
  const name = exactly(path, io, fd, entry.offset + LOCAL_BYTES, nameBytes);
  const method = view.getUint16(8, true) === 0 ? 'stored' : 'deflated';
  if (textOf(name, view.getUint16(6, true)) !== entry.name || method !== entry.method)
    throw entryError(path, entry, 'its own header contradicts the directory');
  const start = entry.offset + LOCAL_BYTES + nameBytes + view.getUint16(28, true);
  if (start + entry.packed > size) throw entryError(path, entry, 'it reaches past the end');
  return start;
}

interface End {
  readonly count: number;
  readonly bytes: number;
  readonly offset: number;
  /** Where the record itself begins; the directory ends before it. */
  readonly at: number;
}

function findEnd(path: string, io: FileIo, fd: number, size: number): End {
  const tailBytes = Math.min(size, END_BYTES + COMMENT_MAX);
  const tail = exactly(path, io, fd, size - tailBytes, tailBytes);
  const view = viewOf(tail);
  for (let i = tailBytes - END_BYTES; i >= 0; i -= 1) {
    if (view.getUint32(i, true) !== END) continue;
    if (i + END_BYTES + view.getUint16(i + 20, true) !== tailBytes) continue;
    const at = size - tailBytes + i;
    const [disk, count] = [view.getUint16(i + 4, true), view.getUint16(i + 10, true)];
    const [bytes, offset] = [view.getUint32(i + 12, true), view.getUint32(i + 16, true)];
    const is64 = count === 0xffff || bytes === 0xffffffff || offset === 0xffffffff;
    const end = is64 ? end64(path, io, fd, at) : null;
    if (end !== null) return end;
    if (disk !== 0 || view.getUint16(i + 8, true) !== count)
      throw sourceError(path, 'it is one part of several', { fix: 'join the parts first' });
    return { count, bytes, offset, at };
  }
  const head = exactly(path, io, fd, 0, Math.min(4, size));
  throw isZip(head)
    ? damaged(path, 'the archive is cut short: its directory is missing')
    : sourceError(path, 'it is not a zip archive', { fix: 'check what the file is' });
}

function end64(path: string, io: FileIo, fd: number, at: number): End | null {
  if (at < 20) return null;
  const locator = viewOf(exactly(path, io, fd, at - 20, 20));
  if (locator.getUint32(0, true) !== LOCATOR64) return null;
  const place = Number(locator.getBigUint64(8, true));
  if (!(place + 56 <= at)) throw damaged(path, 'its directory is not where it says');
  const view = viewOf(exactly(path, io, fd, place, 56));
  if (view.getUint32(0, true) !== END64) throw damaged(path, 'its directory is not where it says');
  return {
    count: Number(view.getBigUint64(32, true)),
    bytes: Number(view.getBigUint64(40, true)),
    offset: Number(view.getBigUint64(48, true)),
    at: place,
  };
}

function parseDirectory(
  path: string,
  bytes: Uint8Array,
  count: number,
  directoryAt: number,
): ZipEntry[] {
  const view = viewOf(bytes);
  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== CENTRAL)
      throw damaged(path, `entry ${i + 1} of its directory is not readable`);
    const [nameBytes, extraBytes] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true)];
    const extraAt = at + 46 + nameBytes;
    const next = extraAt + extraBytes + view.getUint16(at + 32, true);
    if (next > bytes.length) throw damaged(path, `entry ${i + 1} of its directory is cut`);
    const flags = view.getUint16(at + 8, true);
    const name = textOf(bytes.subarray(at + 46, extraAt), flags);
    const method = view.getUint16(at + 10, true);
    const entry: ZipEntry = {
      name,
      method: method === 0 ? 'stored' : 'deflated',
      crc: view.getUint32(at + 16, true),
      ...sizesOf(view, at, bytes.subarray(extraAt, extraAt + extraBytes)),
    };
    at = next;
    if (name.endsWith('/')) continue;
    if ((flags & IS_ENCRYPTED) !== 0)
      throw entryError(path, entry, 'it is encrypted', undefined, 'unpack it with its password');
    if (method !== 0 && method !== 8)
      throw entryError(
        path,
        entry,
        `it is packed by method ${method}`,
        undefined,
        'pack it with deflate',
      );
    if (names.has(name)) throw entryError(path, entry, 'the archive has two entries of this name');
    names.add(name);
    checkSizes(path, entry, directoryAt);
    entries.push(entry);
  }
  return entries;
}

/** Sizes and place of an entry; those that do not fit 32 bits stand in the extra field 1, in this order. */
function sizesOf(
  view: DataView,
  at: number,
  extra: Uint8Array,
): Pick<ZipEntry, 'bytes' | 'packed' | 'offset'> {
  const wide: number[] = [];
  const fields = viewOf(extra);
  for (let i = 0; i + 4 <= extra.length; i += 4 + fields.getUint16(i + 2, true)) {
    if (fields.getUint16(i, true) !== 1) continue;
    const end = Math.min(extra.length, i + 4 + fields.getUint16(i + 2, true));
    for (let k = i + 4; k + 8 <= end; k += 8) wide.push(Number(fields.getBigUint64(k, true)));
  }
  const value = (offset: number): number => {
    const narrow = view.getUint32(at + offset, true);
    return narrow === 0xffffffff ? (wide.shift() ?? narrow) : narrow;
  };
  const bytes = value(24);
  const packed = value(20);
  return { bytes, packed, offset: value(42) };
}

function checkSizes(path: string, entry: ZipEntry, directoryAt: number): void {
  const { bytes, packed, method, offset } = entry;
  if (offset + LOCAL_BYTES + packed > directoryAt)
    throw entryError(path, entry, 'it reaches past the end of the archive');
  const most = method === 'stored' ? packed : packed * RATIO_MAX;
  if (bytes > most || (method === 'stored' && bytes !== packed))
    throw entryError(path, entry, `${packed} bytes cannot hold the ${bytes} that it says`);
  if (bytes > LIMITS.entryBytes)
    throw entryError(
      path,
      entry,
      `it holds ${bytes} bytes, more than ${LIMITS.entryBytes}`,
      undefined,
      'split the file',
    );
}

/** Entries that share bytes are how a small archive becomes a huge one. */
function checkOverlap(path: string, entries: readonly ZipEntry[], directoryAt: number): void {
  const sorted = entries.toSorted((a, b) => a.offset - b.offset);
  for (const [i, entry] of sorted.entries()) {
    const next = sorted[i + 1]?.offset ?? directoryAt;
    if (entry.offset + LOCAL_BYTES + entry.packed > next)
      throw entryError(path, entry, 'it shares bytes with another entry');
  }
}

function withFile<T>(path: string, io: FileIo, use: (fd: number, size: number) => T): T {
  let fd = -1;
  try {
    fd = io.open(path, 'r');
    return use(fd, io.size(fd));
  } catch (cause) {
    throw asSourceError(path, cause);
  } finally {
    if (fd >= 0) closeQuietly(io, fd);
  }
}

function exactly(path: string, io: FileIo, fd: number, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  if (io.read(fd, bytes, at) !== length) throw damaged(path, 'the archive is cut short');
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function textOf(bytes: Uint8Array, flags: number): string {
  return Buffer.from(bytes).toString((flags & IS_UTF8) !== 0 ? 'utf8' : 'latin1');
}

function damaged(path: string, reason: string): Error {
  return sourceError(path, reason);
}

function entryError(
  path: string,
  entry: ZipEntry,
  reason: string,
  cause?: unknown,
  fix?: string,
): Error {
  return sourceError(path, reason, {
    at: entry.name,
    details: { offset: entry.offset },
    ...(cause === undefined ? {} : { cause }),
    ...(fix === undefined ? {} : { fix }),
  });
}
