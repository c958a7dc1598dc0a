/** Wires the importer of Parquet bars to products, zones and sessions. */
import { TradingError } from '../core/errors.ts';
import type { BarInterval } from '../core/bars.ts';
import { didYouMean } from '../core/suggest.ts';
import { parseContractId } from '../core/symbology.ts';
import type { TradeDate } from '../core/units.ts';
import { US_PER_DAY } from '../core/units.ts';
import { ZoneTables } from '../calendars/wall-time.ts';
import { openCatalog } from '../data/catalog.ts';
import type { ParquetField, ParquetImportOptions } from '../data/ingest/parquet.ts';
import { importParquet, inspectParquet, PARQUET_FIELDS } from '../data/ingest/parquet.ts';
import { mayBeZeroOrBelow } from '../data/ingest/price-rule.ts';
import { openCalendars } from '../research/calendar-files.ts';
import type { Imported } from './import-data.ts';
import {
  checkZone,
  createFor,
  gridOf,
  instantOf,
  productFinder,
  quarantineOf,
  sessionFinder,
  specOf,
} from './import-data.ts';
import type { ImportOptions } from './services.ts';

/** Errors: those of the importer; E_USAGE for what files and flags leave open, E_INSTRUMENT_UNKNOWN. */
export function importParquetFiles(options: ImportOptions): Imported {
  const columns = columnsOf(options);
  const shapes = options.files.map((path) => inspectParquet(path, { columns }));
  const { zone, contract, interval, stamp, decimals } = options;
  const zones = new ZoneTables();
  if (zone !== 'UTC') checkZone(zones, zone);
  const calendars = openCalendars(options.calendars);
  const productOf: ParquetImportOptions['productOf'] = (root) => {
    const spec = specOf(options, root);
    return {
      grid: gridOf(options, spec),
      currency: spec.currency,
      mayBeZeroOrBelow: mayBeZeroOrBelow(spec),
    };
  };
  if (contract !== undefined) productOf(parseContractId(contract).root);
  const catalog = openCatalog(options.catalogDir);
  const hasVolume = shapes.every(({ fields }) => fields.volume !== undefined);
  const isStampedAtOpen = (stamp ?? shapes[0]!.stamp) === 'open';
  const { columns: _, ...rest } = options;
  const dataset = catalog.names().includes(options.dataset)
    ? catalog.dataset(options.dataset)
    : createFor({
        ...rest,
        stamp: isStampedAtOpen ? 'open' : 'close',
        ...(hasVolume ? {} : { columns: {} }),
      });
  const report = importParquet(dataset, {
    files: options.files,
    columns,
    productOf,
    ...(contract === undefined ? {} : { contract: parseContractId(contract).id }),
    isProduct: productFinder(options),
    ...(interval === undefined ? {} : { interval: interval as BarInterval }),
    ...(stamp === undefined ? {} : { stamp }),
    ...(decimals === undefined ? {} : { decimals }),
    toUtc: (wallUs) => (zone === 'UTC' ? wallUs : instantOf(zones.get(zone), wallUs, zone)),
    sessionOf: (root, wallDateUs) =>
      sessionFinder(calendars.forInstrument(specOf(options, root)))(
        Math.floor(wallDateUs / US_PER_DAY) as TradeDate,
      ),
    ...quarantineOf(options, options.files[0]!),
  });
  const { rows, refused, notes } = report;
  return {
    dataset: report.dataset,
    rows,
    refused,
    issues: report.issues.map(({ row, group, reason }) => ({
      row,
      message: `(row group ${group}): ${reason}`,
    })),
    notes,
  };
}

/** Errors: E_FLAG_VALUE. */
function columnsOf(options: ImportOptions): Partial<Record<ParquetField, string>> {
  const columns: Partial<Record<ParquetField, string>> = {};
  for (const [name, column] of Object.entries(options.columns ?? {})) {
    const field = PARQUET_FIELDS.find((each) => each === name);
    if (field === undefined)
      throw new TradingError('E_FLAG_VALUE', `--columns has no column \`${name}\``, {
        rule: `columns: ${PARQUET_FIELDS.join(', ')}`,
        fix: didYouMean(name, PARQUET_FIELDS, 'use one of these'),
      });
    columns[field] = column;
  }
  return columns;
}
