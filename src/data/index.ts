/** Entry `frontmonth/data`: the catalog, its importers and checks, and continuous series. */
export { openArrowFile, readTable, writeArrowFile, writeTable } from './arrow-store.ts';
export type { Catalog, Dataset } from './catalog.ts';
export { openCatalog } from './catalog.ts';
export type { ContinuousColumns, ContinuousInput, ContinuousSpan } from './continuous.ts';
export { collectContinuous, readContinuous } from './continuous.ts';
export type { FrameOptions, PriceAdjuster } from './continuous-adjust.ts';
export { createAdjuster } from './continuous-adjust.ts';
export type { CurveColumns, CurveInput, CurveRoles } from './continuous-curve.ts';
export { collectCurve, curveRoles, readCurve } from './continuous-curve.ts';
export { depthSchedule } from './continuous-depth.ts';
export type {
  ContinuousDefinition,
  ContinuousStore,
  StoredContinuous,
} from './continuous-store.ts';
export {
  beginContinuous,
  extendContinuous,
  mergeSchedule,
  openContinuousStore,
  scheduleOf,
  toStored,
} from './continuous-store.ts';
export type { DatasetWriter } from './dataset-writer.ts';
export { DATA_ERRORS } from './errors.ts';
export type { ExportOptions } from './export/export.ts';
export { exportDataset } from './export/export.ts';
export { importCsv } from './ingest/csv.ts';
export { DbnDecoder, decodeDbn } from './ingest/dbn/decode.ts';
export type { DbnBatch, DbnIssue } from './ingest/dbn/decode.ts';
export { importDbn, readDbn, readDbnMetadata } from './ingest/dbn/import.ts';
export { importExported, statementBeside } from './ingest/exported.ts';
export { importOpenInterest } from './ingest/open-interest.ts';
export { importLean, openLeanFile } from './ingest/lean/import.ts';
export { importParquet, inspectParquet } from './ingest/parquet.ts';
export { importPysystemtrade } from './ingest/pysystemtrade.ts';
export { loadInstruments, parseInstrument } from './instruments.ts';
export type { DatasetManifest, DatasetMeta, GridStatement, SegmentEntry } from './manifest.ts';
export { createParquetWriter, openParquet } from './parquet.ts';
export { plainPrices } from './plain.ts';
export type { OpenInterestFigure } from './open-interest.ts';
export { putOpenInterest, readOpenInterest, readOpenInterestFigures } from './open-interest.ts';
export { checkDataset } from './quality.ts';
export type { MergeOptions, MergeReport } from './merge-dataset.ts';
export { mergeDataset } from './merge-dataset.ts';
export type { ResampleOptions, ResampleReport } from './resample.ts';
export { resampleDataset } from './resample.ts';
export { buildRollSchedule, defaultRollRule, holdChain, toGivenSchedule } from './roll.ts';
export { generateSample } from './sample-dataset.ts';
export type {
  RollChain,
  RollInputEvent,
  RollOutput,
  RollStepper,
  RollStepperOptions,
  RollStepperState,
} from '../core/rolls/stepper.ts';
export { createRollStepper } from '../core/rolls/stepper.ts';
export { formatRollRule, parseRollRule } from '../core/rolls/syntax.ts';
export {
  checkLeanFactors,
  leanFactorAt,
  leanMappedAt,
  leanRolls,
  parseLeanFactorFile,
  parseLeanMapFile,
} from './ingest/lean-maps.ts';
export { parseOpenInterest, parseRollCalendar } from './ingest/roll-calendar.ts';
export type { BuiltBars } from '../core/bar-builder/buffer.ts';
export type { BarKind } from '../core/bar-builder/kinds.ts';
export { formatBarKind, parseBarKind } from '../core/bar-builder/kinds.ts';
export type { BarBuilderOptions } from '../core/bar-builder/create.ts';
export { createBarBuilder } from '../core/bar-builder/create.ts';
export type { TimeBarOptions } from '../core/bar-builder/time.ts';
export { TimeBarBuilder } from '../core/bar-builder/time.ts';
export type {
  BarBuilder,
  BuildCounts,
  BuilderState,
  UnfinishedBar,
} from '../core/bar-builder/types.ts';
export { DepthBook } from '../core/book/depth-book.ts';
export type { BookCounts, BookIssues, EventEnd, MboBookOptions } from '../core/book/mbo-book.ts';
export { MboAction, MboBook } from '../core/book/mbo-book.ts';
export type { OrderBookOptions, OrderRef } from '../core/book/order-book.ts';
export { OrderBook } from '../core/book/order-book.ts';
export type { TopColumns } from '../core/book/top.ts';
export { DepthRecorder, topQuotes, TopRecorder, TopToDepth } from '../core/book/top.ts';
export type { BookSide, BookView } from '../core/book/types.ts';
