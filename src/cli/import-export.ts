/** `data import` of files that `data export` wrote. */
import type { DatasetMeta } from '../data/manifest.ts';
import { openCatalog } from '../data/catalog.ts';
import { importExported, statementBeside } from '../data/ingest/exported.ts';
import { loadInstruments } from '../data/instruments.ts';
import type { Imported } from './import-data.ts';
import { programVersion } from './package-root.ts';
import type { ImportOptions } from './services.ts';

/** The dataset gets the statements beside the first file; without them, those of the products. Errors: those of `importExported`. */
export function importExports(options: ImportOptions): Imported {
  const catalog = openCatalog(options.catalogDir);
  const stated = statementBeside(options.files[0]!);
  const dataset = catalog.names().includes(options.dataset)
    ? catalog.dataset(options.dataset)
    : catalog.createDataset({ ...(stated ?? statedByProducts(options)), name: options.dataset });
  return { ...importExported(dataset, options.files), issues: [] };
}

function statedByProducts(options: ImportOptions): Omit<DatasetMeta, 'name'> {
  const specs = [...loadInstruments(options.instrumentsDir).values()];
  return {
    createdBy: `frontmonth ${programVersion()}`,
    isSynthetic: false,
    description: 'Rows of exported files.',
    source: 'exported files without their statement',
    grids: Object.fromEntries(
      specs.map((spec) => [spec.root, { kind: 'ticks', increment: spec.grid.increment } as const]),
    ),
    volume: 'known',
    stamps: 'instants',
    barStamp: options.stamp ?? 'close',
    currencies: Object.fromEntries(specs.map((spec) => [spec.root, spec.currency])),
  };
}
