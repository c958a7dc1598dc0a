/** Reads one file out of a zip archive, for reference data that come in archives. Plain entries only. */
import { inflateRawSync } from 'node:zlib';

/** The bytes of `name` as text; throws where the archive lacks it. */
export function readZipText(archive: Buffer, name: string): string {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [nameBytes, extra, comment] = [28, 30, 32].map((field) =>
      archive.readUInt16LE(at + field),
    );
    if (archive.toString('latin1', at + 46, at + 46 + nameBytes!) === name) {
      const local = archive.readUInt32LE(at + 42);
      const start =
        local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
      const bytes = archive.subarray(start, start + archive.readUInt32LE(at + 20));
      return (archive.readUInt16LE(at + 10) === 8 ? inflateRawSync(bytes) : bytes).toString();
    }
    at += 46 + nameBytes! + extra! + comment!;
  }
  throw new Error(`the archive has no ${name}`);
}

/** Names of the files of an archive. */
export function readZipNames(archive: Buffer): string[] {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  let at = archive.readUInt32LE(end + 16);
  return Array.from({ length: archive.readUInt16LE(end + 10) }, () => {
    const [name, extra, comment] = [28, 30, 32].map((field) => archive.readUInt16LE(at + field));
    const text = archive.toString('latin1', at + 46, at + 46 + name!);
    at += 46 + name! + extra! + comment!;
    return text;
  });
}
