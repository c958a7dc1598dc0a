/** Wires the importer of Databento's files to products, symbols and sessions. */
import { basename } from 'node:path';
import { TradingError } from '../core/errors.ts';
import { parseContractId } from '../core/symbology.ts';
import type { TsUs } from '../core/units.ts';
import { createSymbology } from '../calendars/symbology.ts';
import type { Symbology } from '../calendars/symbology.ts';
import { openCatalog } from '../data/catalog.ts';
import type { DbnImportReport } from '../data/ingest/dbn/import.ts';
import { importDbn } from '../data/ingest/dbn/import.ts';
import type { DbnContractOf } from '../data/ingest/dbn/symbols.ts';
import type { DatasetMeta } from '../data/manifest.ts';
import { mayBeZeroOrBelow } from '../data/ingest/price-rule.ts';
import { loadInstruments } from '../data/instruments.ts';
import { openCalendars } from '../research/calendar-files.ts';
import type { Imported } from './import-data.ts';
import { gridOf, lastEnded, quarantineOf } from './import-data.ts';
import { programVersion } from './package-root.ts';
import type { ImportOptions } from './services.ts';

/** Errors: those of the importer; E_CONTRACT_ID, E_USAGE for flags that do not fit. */
export async function importDbnFiles(options: ImportOptions): Promise<Imported> {
  for (const flag of ['interval', 'columns', 'instrument'] as const) {
    if (options[flag] === undefined) continue;
    throw new TradingError('E_USAGE', `--${flag} is not for files of Databento`, {
      where: `--${flag}`,
      rule: 'a DBN file says itself what it holds',
      fix: `leave --${flag} away`,
    });
  }
  const specs = loadInstruments(options.instrumentsDir);
  const calendars = openCalendars(options.calendars);
  const catalog = openCatalog(options.catalogDir);
  const isThere = catalog.names().includes(options.dataset);
  const dataset = isThere
    ? catalog.dataset(options.dataset)
    : catalog.createDataset(statementOf(options));
  const { contract } = options;
  const report = await importDbn(dataset, {
    paths: options.files,
    contractOf: contractFinder(createSymbology(specs.values(), calendars)),
    productOf: (root) => {
      const spec = specs.get(root);
      if (spec === undefined) return null;
      return {
        grid: gridOf(options, spec),
        currency: spec.currency,
        mayBeZeroOrBelow: mayBeZeroOrBelow(spec),
      };
    },
    tradeDateOf: (root, knownUs) =>
      lastEnded(calendars.forInstrument(specs.get(root)!), knownUs as TsUs),
    ...(contract === undefined ? {} : { contract: parseContractId(contract).id }),
    ...quarantineOf(options, options.files[0]!),
  });
  return {
    dataset: report.dataset,
    rows: Object.values(report.rows).reduce((sum, rows) => sum + rows, 0),
    refused: report.refused,
    issues: report.issues.map(({ path, offset, message }) => ({
      row: offset,
      at: `${basename(path)}, byte ${offset}`,
      message,
    })),
    notes: notesOf(report),
  };
}

/** Grids and currencies are stated with the first record of a product. */
function statementOf({ dataset, files }: ImportOptions): DatasetMeta {
  const names = files.slice(0, 3).map((file) => basename(file));
  const source = `${names.join(', ')}${files.length > 3 ? ` and ${files.length - 3} more` : ''}`;
  return {
    name: dataset,
    createdBy: `frontmonth ${programVersion()}`,
    isSynthetic: false,
    description: `Databento records imported from ${source}.`,
    source,
    grids: {},
    volume: 'known',
    stamps: 'instants',
    barStamp: 'open',
  };
}

/** An outright future in the symbols of CME Globex: product, month letter, one or two digits of the year. */
const OUTRIGHT = /^[A-Z0-9]{1,5}[FGHJKMNQUVXZ]\d{1,2}$/;

function contractFinder(symbology: Symbology): DbnContractOf {
  return (symbol, date) => {
    if (!OUTRIGHT.test(symbol)) return { reason: 'not-outright' };
    try {
      return { contract: symbology.parse('globex', symbol, date).id };
    } catch (error) {
      if (!(error instanceof TradingError)) throw error;
      return { reason: error.code === 'E_SYMBOL_UNKNOWN' ? 'unknown-product' : 'unknown-contract' };
    }
  };
}

const LEFT_OUT: Readonly<Record<DbnImportReport['leftOut'][number]['reason'], string>> = {
  'not-outright': 'spreads, options and other symbols that are no single future',
  'unknown-product': 'products without a file among the instruments',
  'unknown-contract': 'contracts that their product does not list, or whose year is not clear',
  'no-symbol': 'instrument numbers that neither the file nor a definition names',
  'gateway-message': 'messages and symbol mappings of the gateway',
  'no-table': 'kinds of records that a dataset has no table for',
  'no-interval': 'bars whose interval is not known',
  'one-sided': 'quotes before the first price',
  'same-rows': 'records whose rows another kind of record in the file brings',
};

function notesOf(report: DbnImportReport): string[] {
  const rows = Object.entries(report.rows).map(([kind, count]) => `${count} ${kind}`);
  return [
    ...(rows.length > 1 ? [`rows by kind: ${rows.join(', ')}`] : []),
    ...(report.isChanged ? [] : ['the dataset holds all of it already: nothing has changed']),
    ...report.leftOut.map(
      ({ reason, records, symbols }) =>
        `left out, ${records} records: ${LEFT_OUT[reason]} (${symbols.join(', ')})`,
    ),
    ...(report.clamped === 0
      ? []
      : [`${report.clamped} records with a bad receive time have the time of the record before`]),
  ];
}
