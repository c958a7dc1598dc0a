/** Counts of what a builder was fed, with reasons for what is in no bar. */
import type { BuildCounts } from './types.ts';

export class Tally implements BuildCounts {
  used: number = 0;
  outside: number = 0;
  late: number = 0;
  repeated: number = 0;
  malformed: number = 0;
  unordered: number = 0;
  skippedVolume: number = 0;
  abandonedVolume: number = 0;

  /** Unknown volume adds nothing. */
  skip(qty: number): void {
    if (qty > 0) this.skippedVolume += qty;
  }

  snapshot(): BuildCounts {
    return {
      used: this.used,
      outside: this.outside,
      late: this.late,
      repeated: this.repeated,
      malformed: this.malformed,
      unordered: this.unordered,
      skippedVolume: this.skippedVolume,
      abandonedVolume: this.abandonedVolume,
    };
  }

  restore(from: BuildCounts): void {
    this.used = from.used;
    this.outside = from.outside;
    this.late = from.late;
    this.repeated = from.repeated;
    this.malformed = from.malformed;
    this.unordered = from.unordered;
    this.skippedVolume = from.skippedVolume;
    this.abandonedVolume = from.abandonedVolume;
  }
}
