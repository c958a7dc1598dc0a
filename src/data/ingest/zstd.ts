/**
 * Unpacks Zstandard as a stream. Frames, their limits and their order are read here, so that results and refusals are the same
 * with both decompressors: the runtime's own where it has one (Node 22.15 and later), else fzstd, which neither checks a
 * frame's checksum nor its stated length; both are checked here for it.
 *
 * Memory is the window of a frame (at most 128 MiB, the limit of the format's own tool) and one block.
 * Source: RFC 8878, read 2026-11.
 */
import { Readable, Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import { TradingError } from '../../core/errors.ts';
import { Xxh64 } from './xxh64.ts';

export const ZSTD_WINDOW_BYTES_MAX = 134_217_728;
const BLOCK_BYTES_MAX = 131_072;
/** Market data shrink to a tenth. What grows a thousand times was made to fill memory or time. */
const GROWTH_MAX = 1000;
const GROWTH_FREE_BYTES = 67_108_864;
/** fzstd moves its whole window for each block. */
const MOVED_FREE_BYTES = 2 ** 33;
const MOVED_PER_BYTE_MAX = 16_384;

export type ZstdEngine = 'runtime' | 'own';

/** Whether bytes begin as a Zstandard frame, or a frame to be skipped, does. */
export function isZstd(head: Uint8Array): boolean {
  if (head.length < 4) return false;
  const magic = new DataView(head.buffer, head.byteOffset).getUint32(0, true);
  return magic === MAGIC || isSkippable(magic);
}

const MAGIC = 0xfd2fb528;
const isSkippable = (magic: number): boolean => magic >= 0x184d2a50 && magic <= 0x184d2a5f;

/** The decompressor that this runtime has; a test names the other one. */
export function zstdEngine(): ZstdEngine {
  return typeof (zlib as { createZstdDecompress?: unknown }).createZstdDecompress === 'function'
    ? 'runtime'
    : 'own';
}

/**
 * The unpacked bytes of a packed stream, in pieces. Everything before a fault has been handed on when it is found.
 * Errors: E_IMPORT_FILE with the byte of the packed file for damage, a cut, a dictionary, a window or a growth beyond the
 * limits.
 */
export async function* unpackZstd(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  path: string,
  engine: ZstdEngine = zstdEngine(),
): AsyncGenerator<Uint8Array> {
  const input = new ByteInput(pieces, path);
  const budget = new Budget(input);
  while (!(await input.isAtEnd())) {
    const start = input.offset;
    const magic = toU32(await input.take(4));
    if (isSkippable(magic)) {
      await input.skip(toU32(await input.take(4)));
    } else if (magic === MAGIC) {
      const frame = await readFrameHeader(input, start);
      yield* engine === 'runtime'
        ? unpackByRuntime(input, frame, budget)
        : unpackByOwn(input, frame, budget);
    } else {
      throw input.fault(start, 'no Zstandard frame begins here');
    }
  }
}

interface Frame {
  readonly start: number;
  /** Magic and header as they stand in the file. */
  readonly bytes: Uint8Array;
  readonly windowBytes: number;
  readonly contentBytes: number | null;
  readonly hasChecksum: boolean;
}

async function readFrameHeader(input: ByteInput, start: number): Promise<Frame> {
  const descriptor = (await input.take(1))[0]!;
  const isSingle = (descriptor & 0x20) !== 0;
  const idBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeCode = descriptor >> 6;
  const sizeBytes = sizeCode === 0 ? (isSingle ? 1 : 0) : 1 << sizeCode;
  if ((descriptor & 0x08) !== 0) throw input.fault(start, 'a reserved bit of a frame is set');
  const rest = await input.take((isSingle ? 0 : 1) + idBytes + sizeBytes);
  const id = rest.subarray(isSingle ? 0 : 1).subarray(0, idBytes);
  if (id.some((byte) => byte !== 0))
    throw input.fault(start, 'a frame needs a dictionary, which the file does not hold');
  let contentBytes: number | null = null;
  if (sizeBytes > 0) {
    contentBytes = sizeBytes === 2 ? 256 : 0;
    for (let i = 0; i < sizeBytes; i += 1)
      contentBytes += rest[rest.length - sizeBytes + i]! * 256 ** i;
  }
  let windowBytes = contentBytes ?? 0;
  if (!isSingle) {
    const base = 2 ** (10 + (rest[0]! >> 3));
    windowBytes = base + (base / 8) * (rest[0]! & 7);
  }
  if (windowBytes > ZSTD_WINDOW_BYTES_MAX)
    throw input.fault(
      start,
      `a frame wants a window of ${windowBytes} bytes; the limit is ${ZSTD_WINDOW_BYTES_MAX}`,
      'unpack the file with `zstd -d --long=31`, or pack it again without --long',
    );
  const bytes = new Uint8Array(5 + rest.length);
  new DataView(bytes.buffer).setUint32(0, MAGIC, true);
  bytes[4] = descriptor;
  bytes.set(rest, 5);
  return { start, bytes, windowBytes, contentBytes, hasChecksum: (descriptor & 4) !== 0 };
}

interface Block {
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

async function readBlock(input: ByteInput, frame: Frame): Promise<Block> {
  const at = input.offset;
  const head = await input.take(3);
  const word = head[0]! | (head[1]! << 8) | (head[2]! << 16);
  const type = (word >> 1) & 3;
  const size = word >> 3;
  if (type === 3) throw input.fault(at, 'a block has a type that does not exist');
  if (size > Math.min(BLOCK_BYTES_MAX, Math.max(frame.windowBytes, 1)))
    throw input.fault(at, `a block of ${size} bytes is larger than its frame allows`);
  const body = await input.take(type === 1 ? 1 : size);
  const bytes = new Uint8Array(3 + body.length);
  bytes.set(head);
  bytes.set(body, 3);
  return { bytes, isLast: (word & 1) === 1 };
}

async function* unpackByOwn(
  input: ByteInput,
  frame: Frame,
  budget: Budget,
): AsyncGenerator<Uint8Array> {
  const out: Uint8Array[] = [];
  const decompress = new Decompress((bytes) => {
    if (bytes.length > 0) out.push(bytes);
  });
  const hash = frame.hasChecksum ? new Xxh64() : null;
  let length = 0;
  let pending = frame.bytes;
  for (;;) {
    const at = input.offset;
    const block = await readBlock(input, frame);
    const checksum = block.isLast && frame.hasChecksum ? await input.take(4) : null;
    budget.moved(frame.windowBytes, at);
    try {
      decompress.push(concat(pending, block.bytes, checksum), block.isLast);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw input.fault(at, `a block cannot be unpacked: ${reason}`, undefined, cause);
    }
    pending = new Uint8Array(0);
    for (const bytes of out) {
      length += bytes.length;
      budget.made(bytes.length);
      hash?.update(bytes);
      yield bytes;
    }
    out.length = 0;
    if (!block.isLast) continue;
    if (frame.contentBytes !== null && frame.contentBytes !== length)
      throw input.fault(
        frame.start,
        `a frame holds ${length} bytes and states ${frame.contentBytes}`,
      );
    if (hash !== null && checksum !== null && hash.low32() !== toU32(checksum))
      throw input.fault(frame.start, 'the checksum of a frame does not fit its content');
    return;
  }
}

async function* unpackByRuntime(
  input: ByteInput,
  frame: Frame,
  budget: Budget,
): AsyncGenerator<Uint8Array> {
  let fault: unknown = null;
  async function* packed(): AsyncGenerator<Uint8Array> {
    try {
      yield frame.bytes;
      for (let isLast = false; !isLast;) {
        const block = await readBlock(input, frame);
        isLast = block.isLast;
        yield block.bytes;
      }
      if (frame.hasChecksum) yield await input.take(4);
    } catch (error) {
      // The stream wraps or hides what its source throws; ours says more.
      fault = error;
    }
  }
  const create = (zlib as unknown as { createZstdDecompress: () => Transform })
    .createZstdDecompress;
  const stream = create();
  const source = Readable.from(packed(), { objectMode: true });
  source.pipe(stream);
  try {
    for await (const bytes of stream) {
      budget.made((bytes as Uint8Array).length);
      yield bytes as Uint8Array;
    }
  } catch (cause) {
    if (cause instanceof TradingError) throw cause;
    if (fault === null) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw input.fault(frame.start, `a frame cannot be unpacked: ${reason}`, undefined, cause);
    }
  } finally {
    source.destroy();
    stream.destroy();
  }
  if (fault !== null) throw fault;
}

/** Ends files that were made to fill the memory or the day. */
class Budget {
  readonly #input: ByteInput;
  #made = 0;
  #moved = 0;

  constructor(input: ByteInput) {
    this.#input = input;
  }

  made(bytes: number): void {
    this.#made += bytes;
    const { offset } = this.#input;
    if (this.#made <= GROWTH_FREE_BYTES + GROWTH_MAX * offset) return;
    throw this.#input.fault(
      offset,
      `${offset} bytes have grown to ${this.#made}, more than ${GROWTH_MAX} times`,
      'this is not market data; if it is, unpack it with `zstd -d` first',
    );
  }

  moved(bytes: number, at: number): void {
    this.#moved += bytes;
    if (this.#moved <= MOVED_FREE_BYTES + MOVED_PER_BYTE_MAX * this.#made) return;
    throw this.#input.fault(
      at,
      'the file has very many small blocks in a large window',
      'unpack it with `zstd -d` first, or use Node 22.15 or later',
    );
  }
}

/** Bytes on demand from pieces of any size. */
class ByteInput {
  readonly #pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  readonly #path: string;
  #piece: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** Bytes taken so far. */
  offset = 0;

  constructor(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, path: string) {
    this.#pieces =
      Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
    this.#path = path;
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#at === this.#piece.length) {
      const next = await this.#pieces.next();
      if (next.done === true) return true;
      [this.#piece, this.#at] = [next.value, 0];
    }
    return false;
  }

  /** Exactly `count` bytes, valid until the next call. Errors: E_IMPORT_FILE when the input ends before. */
  async take(count: number): Promise<Uint8Array> {
    const left = this.#piece.length - this.#at;
    if (left >= count) {
      this.#at += count;
      this.offset += count;
      return this.#piece.subarray(this.#at - count, this.#at);
    }
    const out = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      if (await this.isAtEnd())
        throw this.fault(this.offset, 'the packed data end in the middle of a frame');
      const some = Math.min(count - filled, this.#piece.length - this.#at);
      out.set(this.#piece.subarray(this.#at, this.#at + some), filled);
      filled += some;
      this.#at += some;
      this.offset += some;
    }
    return out;
  }

  async skip(count: number): Promise<void> {
    for (let left = count; left > 0;) {
      const some = Math.min(left, BLOCK_BYTES_MAX);
      await this.take(some);
      left -= some;
    }
  }

  fault(offset: number, message: string, fix?: string, cause?: unknown): TradingError {
    return new TradingError(
      'E_IMPORT_FILE',
      `cannot unpack ${this.#path}: byte ${offset}: ${message}`,
      {
        details: { path: this.#path, offset },
        where: this.#path,
        rule: 'a packed file is read to its end, and its checksums fit',
        fix: fix ?? 'fetch the file again',
        ...(cause === undefined ? {} : { cause }),
      },
    );
  }
}

function toU32(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}

function concat(a: Uint8Array, b: Uint8Array, c: Uint8Array | null): Uint8Array {
  if (a.length === 0 && c === null) return b;
  const out = new Uint8Array(a.length + b.length + (c?.length ?? 0));
  out.set(a);
  out.set(b, a.length);
  if (c !== null) out.set(c, a.length + b.length);
  return out;
}
