/** Writes the sample market as a dataset of the catalog. */
import type { BarColumns, BarInterval } from '../core/bars.ts';
import type { ContractId } from '../core/instrument.ts';
import { toIsoDate } from '../core/trade-date.ts';
import type { Catalog, Dataset } from './catalog.ts';
import type { DatasetWriter } from './dataset-writer.ts';
import type { DatasetMeta } from './manifest.ts';
import { resolveSample, SAMPLE_DATASET, sampleSegments } from './sample.ts';
import type { SampleChoice, SampleOptions, SampleSegment } from './sample.ts';

export interface SampleDatasetOptions extends SampleOptions {
  readonly catalog: Catalog;
  /** Program and version, such as `frontmonth 0.1.0`. */
  readonly createdBy: string;
  /** Name of the dataset; `sample` by default. */
  readonly name?: string;
}

/**
 * Writes the sample as one commit: a reader sees the dataset as it was before, or whole. A dataset of that name is
 * replaced when it is synthetic.
 * Errors: E_SAMPLE_OPTION; E_DATASET_EXISTS when the dataset holds real data; E_CATALOG_LOCKED; E_CATALOG_WRITE.
 */
export function generateSample(options: SampleDatasetOptions): Dataset {
  const choice = resolveSample(options);
  const meta = describeSample(options, choice);
  const writer = beginSample(options.catalog, meta);
  try {
    let held: SampleSegment[] = [];
    for (const segment of sampleSegments(options)) {
      if (held.length > 0 && held[0]!.root !== segment.root) {
        putProduct(writer, held);
        held = [];
      }
      held.push(segment);
    }
    putProduct(writer, held);
    return writer.commit();
  } catch (cause) {
    writer.abort();
    throw cause;
  }
}

function beginSample(catalog: Catalog, meta: DatasetMeta): DatasetWriter {
  const isThere = catalog.names().includes(meta.name);
  // Real data of the same name must survive a mistyped command; createDataset refuses an existing name.
  if (!isThere || !catalog.dataset(meta.name).manifest.isSynthetic)
    return catalog.createDataset(meta).beginWrite();
  const writer = catalog.dataset(meta.name).beginWrite();
  try {
    writer.clear();
    writer.describe(meta);
    return writer;
  } catch (cause) {
    writer.abort();
    throw cause;
  }
}

/** All segments of one product: a contract and interval at a time, cut by the calendar year of the files. */
function putProduct(writer: DatasetWriter, segments: readonly SampleSegment[]): void {
  const series = new Map<
    string,
    { contract: ContractId; interval: BarInterval; bars: BarColumns[] }
  >();
  for (const { contract, interval, bars } of segments) {
    const key = `${contract}/${interval}`;
    const entry = series.get(key);
    if (entry === undefined) series.set(key, { contract, interval, bars: [bars] });
    else entry.bars.push(bars);
  }
  for (const { contract, interval, bars } of series.values())
    writer.putBarsByYear(contract, interval, bars);
}

function describeSample(options: SampleDatasetOptions, choice: SampleChoice): DatasetMeta {
  const specs = choice.models.map((model) =>
    options.instruments.find((instrument) => instrument.root === model.root)!,
  );
  return {
    name: options.name ?? SAMPLE_DATASET,
    createdBy: options.createdBy,
    isSynthetic: true,
    description:
      'Synthetic sample market: a seeded simulation, not prices of any exchange. Results on it say nothing about real markets.',
    source: `frontmonth sample generator, seed ${choice.seed}`,
    grids: Object.fromEntries(
      specs.map(({ root, grid }) => [root, { kind: 'ticks', increment: grid.increment }] as const),
    ),
    volume: 'known',
    stamps: 'instants',
    barStamp: 'close',
    currencies: Object.fromEntries(specs.map(({ root, currency }) => [root, currency])),
    extra: {
      sample: {
        seed: choice.seed,
        products: choice.models.map((model) => model.root),
        from: toIsoDate(choice.from),
        to: toIsoDate(choice.to),
        minuteFrom: toIsoDate(choice.minuteFrom),
        intervals: choice.intervals,
      },
    },
  };
}
