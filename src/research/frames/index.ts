/** Frames for research: columns between datasets, runs, SQL and the table libraries of others. */
export type { ArqueroModule, ArqueroTable, ArqueroVerbs } from './arquero.ts';
export { fromArquero, toArquero } from './arquero.ts';
export type { DanfoFrame, DanfoModule } from './danfo.ts';
export { DANFO_ROWS_MAX, fromDanfo, toDanfo } from './danfo.ts';
export type { FrameCell, FrameColumn, FrameInput, FrameType, FrameValues } from './frame.ts';
export { Frame, readFrame } from './frame.ts';
export type { BackOptions } from './like.ts';
export { writeParquet } from './parquet.ts';
export type { DatasetFrameOptions } from './sources.ts';
export { continuousFrame, datasetFrame, runFrame } from './sources.ts';
export type { SqlOptions, SqlSession } from './sql.ts';
export { openSql, query } from './sql.ts';
