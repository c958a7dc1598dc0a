/** Writes zip archives for tests, also ones that lie. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipLie {
  /** Bytes that both headers state. */
  readonly bytes?: number;
  readonly packed?: number;
  readonly crc?: number;
  readonly flags?: number;
  readonly method?: number;
  /** Offset that the directory states. */
  readonly offset?: number;
  /** Name in the entry's own header. */
  readonly localName?: string;
  readonly isStored?: boolean;
}

/** An archive of the files in their order. */
export function makeZip(
  files: Readonly<Record<string, string | Uint8Array>>,
  lies: Readonly<Record<string, ZipLie>> = {},
): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, content] of Object.entries(files)) {
    const lie = lies[name] ?? {};
    const plain = Buffer.from(content as string);
    const packed = lie.isStored === true ? plain : deflateRawSync(plain);
    const local = Buffer.alloc(30);
    const central = Buffer.alloc(46);
    local.writeUInt32LE(0x04034b50, 0);
    central.writeUInt32LE(0x02014b50, 0);
    for (const [header, shift] of [
      [local, 0],
      [central, 2],
    ] as const) {
      header.writeUInt16LE(lie.flags ?? 0, 6 + shift);
      header.writeUInt16LE(lie.method ?? (lie.isStored === true ? 0 : 8), 8 + shift);
      header.writeUInt32LE(lie.crc ?? crc32(plain), 14 + shift);
      header.writeUInt32LE(lie.packed ?? packed.length, 18 + shift);
      header.writeUInt32LE(lie.bytes ?? plain.length, 22 + shift);
    }
    const localName = Buffer.from(lie.localName ?? name);
    local.writeUInt16LE(localName.length, 26);
    central.writeUInt16LE(Buffer.byteLength(name), 28);
    central.writeUInt32LE(lie.offset ?? at, 42);
    parts.push(local, localName, packed);
    directory.push(central, Buffer.from(name));
    at += local.length + localName.length + packed.length;
  }
  const end = Buffer.alloc(22);
  const bytes = directory.reduce((sum, part) => sum + part.length, 0);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 8);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(bytes, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}
