/** Proves that files of a dataset are the ones that its manifest names. */
import { createHash } from 'node:crypto';
import { TradingError } from '../core/errors.ts';
import type { Dataset } from './catalog.ts';
import type { FileIo } from './file-io.ts';
import { nodeFileIo } from './file-io.ts';
import type { SegmentEntry } from './manifest.ts';

/** SHA-256 in hex of the first `size` bytes of an open file, read a megabyte at a time. */
export function hashOf(io: FileIo, fd: number, size: number): string {
  const hash = createHash('sha256');
  const buffer = new Uint8Array(Math.min(size, 1_048_576));
  for (let at = 0; at < size; at += buffer.length) {
    const length = Math.min(buffer.length, size - at);
    hash.update(buffer.subarray(0, io.read(fd, buffer.subarray(0, length), at)));
  }
  return hash.digest('hex');
}

/**
 * Reads every byte of the segments and compares the checksums. A run states the id of its data, so it must have seen them.
 * Errors: E_SEGMENT_CHECKSUM naming the file; whatever the file system throws.
 */
export function verifySegments(
  dataset: Dataset,
  segments: readonly SegmentEntry[],
  io: FileIo = nodeFileIo,
): void {
  for (const segment of segments) {
    const fd = io.open(dataset.pathOf(segment), 'r');
    try {
      const size = io.size(fd);
      if (size === segment.bytes && hashOf(io, fd, size) === segment.sha256) continue;
    } finally {
      io.close(fd);
    }
    throw new TradingError(
      'E_SEGMENT_CHECKSUM',
      `${segment.file} of dataset ${dataset.manifest.name} is not the file that its manifest names`,
      {
        details: { contract: segment.contract, interval: segment.interval, year: segment.year },
        where: segment.file,
        rule: 'the checksum of every file a run reads is that of the manifest',
        fix: `see what else is damaged: frontmonth data check ${dataset.manifest.name}; then import it again`,
      },
    );
  }
}
