/** The one place that loads Danfo: small tables of frames, as notebooks show them. */
import * as danfo from 'danfojs-node';
import type { BackOptions, Frame } from '../../src/research/index.ts';
import { fromDanfo as frameOf, toDanfo as dataFrameOf } from '../../src/research/index.ts';

/** A data frame of at most 100,000 rows. Errors: E_FRAME_SIZE; E_FRAME_COLUMN for nanosecond times. */
export function toDanfo(frame: Frame): danfo.DataFrame {
  return dataFrameOf(frame, danfo);
}

/** The frame that a data frame holds; types and metadata come from `like` by name. */
export function fromDanfo(dataFrame: danfo.DataFrame, options: BackOptions = {}): Frame {
  return frameOf(dataFrame, options);
}
