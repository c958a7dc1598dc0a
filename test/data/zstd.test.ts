import { describe, expect, it } from 'vitest';
import { fc, test } from '@fast-check/vitest';
import type { ZstdEngine } from '../../src/data/ingest/zstd.ts';
import { isZstd, unpackZstd, zstdEngine } from '../../src/data/ingest/zstd.ts';
import { Xxh64 } from '../../src/data/ingest/xxh64.ts';
import { joined, zstdFrame } from '../support/dbn-writer.ts';

/** Both decompressors where this runtime has its own. */
const ENGINES: readonly ZstdEngine[] = zstdEngine() === 'runtime' ? ['own', 'runtime'] : ['own'];

async function unpack(
  packed: Uint8Array,
  engine: ZstdEngine,
  pieceBytes = packed.length + 1,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < packed.length; at += pieceBytes)
    pieces.push(packed.subarray(at, at + pieceBytes));
  const out: Uint8Array[] = [];
  for await (const bytes of unpackZstd(pieces, 'x.zst', engine)) out.push(bytes.slice());
  return joined(out);
}

/** A frame of one repeated byte: four bytes for each 128 KiB. */
function repeated(blocks: number, windowLog = 17): Uint8Array {
  const word = (131_072 << 3) | 2;
  const block = [word & 255, (word >> 8) & 255, word >> 16, 7];
  const last = [(word | 1) & 255, ...block.slice(1)];
  return Uint8Array.of(
    ...[0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3],
    ...Array.from({ length: blocks - 1 }, () => block).flat(),
    ...last,
  );
}

describe('the checksum', () => {
  it.each([
    ['', 'ef46db3751d8e999'],
    ['a', 'd24ec4f1a98c6e5b'],
    ['abc', '44bc2cf5ad770999'],
    ['Nobody inspects the spammish repetition', 'fbcea83c8a378bf1'],
  ])('of %j is the published one', (text, hex) => {
    const hash = new Xxh64();
    hash.update(new TextEncoder().encode(text));
    expect(hash.digest().toString(16)).toBe(hex);
  });

  test.prop([fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 70 })], { numRuns: 50 })(
    'does not depend on how the bytes are cut',
    (bytes, cut) => {
      const [whole, pieces] = [new Xxh64(), new Xxh64()];
      whole.update(bytes);
      for (let at = 0; at < bytes.length; at += cut) pieces.update(bytes.subarray(at, at + cut));
      expect(pieces.digest()).toBe(whole.digest());
    },
  );
});

describe.each(ENGINES)('unpacking (%s)', (engine) => {
  const content = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 9)) & 255);

  test.prop(
    [
      fc.array(fc.uint8Array({ maxLength: 2000 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 900 }),
    ],
    {
      numRuns: 25,
    },
  )('gives back frame after frame, however the bytes are cut', async (frames, cut) => {
    const skipped = Uint8Array.of(0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9);
    const packed = joined(frames.flatMap((frame) => [zstdFrame(frame), skipped]));
    expect(await unpack(packed, engine, cut)).toEqual(joined(frames));
  });

  it('hands large content on in pieces, not at once', async () => {
    let pieces = 0;
    for await (const bytes of unpackZstd([zstdFrame(content)], 'x', engine)) {
      expect(bytes.length).toBeLessThanOrEqual(131_072);
      pieces += 1;
    }
    expect(pieces).toBeGreaterThan(2);
  });

  const frame = zstdFrame(content.subarray(0, 500));
  const at = (index: number, value: number, source = frame): Uint8Array => {
    const copy = source.slice();
    copy[index] = value;
    return copy;
  };

  it.each([
    ['a changed byte', at(100, frame[100]! ^ 1)],
    ['a cut in the content', frame.subarray(0, 200)],
    ['a cut in the checksum', frame.subarray(0, frame.length - 2)],
    ['a cut in the header', frame.subarray(0, 5)],
    ['bytes behind the last frame', joined([frame, Uint8Array.of(1, 2, 3, 4, 5)])],
    ['a reserved bit', at(4, frame[4]! | 8)],
    [
      'a dictionary',
      joined([frame.subarray(0, 4), Uint8Array.of(5, frame[5]!, 7), frame.subarray(6)]),
    ],
    ['a block of a type that does not exist', at(6, frame[6]! | 6)],
    ['a window of 2 GB', at(5, 21 << 3)],
    [
      'a length that is not that of the content',
      joined([frame.subarray(0, 4), Uint8Array.of(0x24, 255), frame.subarray(6)]),
    ],
  ])('refuses %s with its byte', async (_, packed) => {
    await expect(unpack(packed, engine)).rejects.toMatchObject({
      code: 'E_IMPORT_FILE',
      details: { offset: expect.any(Number) as number },
    });
  });

  it('refuses a file that grows a thousandfold, after a bounded part of it', async () => {
    let made = 0;
    const reading = async (): Promise<void> => {
      for await (const bytes of unpackZstd([repeated(20_000)], 'x', engine)) made += bytes.length;
    };
    await expect(reading()).rejects.toMatchObject({ code: 'E_IMPORT_FILE' });
    // 80 kB would become 2.6 GB.
    expect(made).toBeLessThan(160_000_000);
  });

  it('takes a frame that grows much and is small', async () => {
    const out = await unpack(repeated(20), engine);
    expect([out.length, out.every((byte) => byte === 7)]).toEqual([20 * 131_072, true]);
  });

  test.prop(
    [
      fc.array(fc.tuple(fc.nat({ max: 520 }), fc.nat({ max: 255 })), {
        minLength: 1,
        maxLength: 6,
      }),
      fc.nat({ max: 520 }),
    ],
    {
      numRuns: 60,
    },
  )('either gives the content or a typed error, whatever the bytes', async (changes, cut) => {
    const packed = frame.slice(0, cut < 100 ? frame.length : cut);
    for (const [index, value] of changes) if (index < packed.length) packed[index] = value;
    await unpack(packed, engine).then(
      (out) => expect(out.length).toBeLessThan(70_000_000),
      (error: unknown) => expect(error).toMatchObject({ code: 'E_IMPORT_FILE' }),
    );
  });
});

describe('the own decompressor', () => {
  it('ends a file of very many small blocks in a large window, which would move it for each', async () => {
    const block = [1 << 3, 0, 0, 7];
    const packed = new Uint8Array(6 + 4 * 40_000);
    packed.set([0x28, 0xb5, 0x2f, 0xfd, 0, 16 << 3]);
    for (let k = 0; k < 40_000; k += 1) packed.set(block, 6 + 4 * k);
    // 64 MiB for each byte: refused long before the end of the file, not after minutes.
    await expect(unpack(packed, 'own')).rejects.toMatchObject({
      code: 'E_IMPORT_FILE',
      message: expect.stringContaining('small blocks') as string,
    });
  }, 120_000);

  it('tells a frame by its first bytes', () => {
    expect([
      isZstd(zstdFrame(new Uint8Array(1))),
      isZstd(Uint8Array.of(0x50, 0x2a, 0x4d, 0x18)),
      isZstd(Uint8Array.of(0x44, 0x42, 0x4e, 1)),
      isZstd(Uint8Array.of(0x28)),
    ]).toEqual([true, true, false, false]);
  });
});
