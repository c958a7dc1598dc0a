/** The error pages of the data layer. */
import type { ErrorCatalog } from '../core/errors.ts';
import { EXIT } from '../core/errors.ts';

export const DATA_ERRORS: ErrorCatalog = {
  E_DATA_FORMAT: {
    title: 'An Arrow file has a shape that is not ours',
    cause: 'The file is compressed, holds nulls, or lacks a column or has it in another type.',
    cure: 'Import the data with `frontmonth data import`, which writes files of the documented shape.',
    exit: EXIT.input,
  },
  E_DATA_READ: {
    title: 'A data file cannot be read',
    cause: 'The file is absent or may not be read, or the disk fails.',
    cure: 'Check the path, its permissions and the disk.',
    exit: EXIT.input,
  },
  E_DATA_CORRUPT: {
    title: 'A data file is damaged',
    cause:
      'The file is cut short, is not Arrow, or its bytes differ from the checksum in the manifest.',
    cure: 'Run `frontmonth data check` to see which files, then import the named segment again.',
    exit: EXIT.input,
  },
  E_DATA_UNSORTED: {
    title: 'Rows are not in time order',
    cause: 'A row is not later than the one before it, or two rows share a time.',
    cure: 'Sort the source by time and remove the duplicate; the message names the row.',
    exit: EXIT.input,
  },
  E_DATA_VALUE: {
    title: 'A value cannot be stored',
    cause: 'A price, time or quantity is NaN, infinite, fractional or too large for its column.',
    cure: 'Correct the named row, or state in the dataset that its volume is unknown or its prices have no grid.',
    exit: EXIT.input,
  },
  E_DATA_SPAN: {
    title: 'The dataset does not cover what was asked',
    cause: 'There are no rows of this contract, interval or span.',
    cure: 'Ask for a span that the message lists, or import the missing part.',
    exit: EXIT.input,
  },
  E_DATASET_UNKNOWN: {
    title: 'A dataset does not exist',
    cause: 'The catalog has no dataset of this name.',
    cure: '`frontmonth data list` prints the names; `frontmonth data sample` makes the synthetic one.',
    exit: EXIT.input,
  },
  E_DATASET_EXISTS: {
    title: 'A dataset exists already',
    cause: 'Creating would replace the statements of an existing dataset.',
    cure: 'Choose another name, or write into the existing dataset.',
    exit: EXIT.input,
  },
  E_DATASET_NAME: {
    title: 'A dataset name is not valid',
    cause:
      'Names become folders: lower-case letters, digits, dot, dash and underscore, at most 64.',
    cure: 'Choose a name such as es-minutes.',
    exit: EXIT.usage,
  },
  E_DATASET_GRID: {
    title: 'The price grid of a product is missing or would change',
    cause:
      'Prices are stored as counts of a grid; without it, or with another one, they mean something else.',
    cure: 'State the grid of the product in the dataset; for another grid write a new dataset.',
    exit: EXIT.input,
  },
  E_DATASET_CHANGED: {
    title: 'A dataset was rewritten while it was read',
    cause: 'Files of the state that this reader opened have been removed by a later writer.',
    cure: 'Open the dataset again.',
    exit: EXIT.input,
  },
  E_MANIFEST: {
    title: 'A dataset manifest cannot be read',
    cause: 'manifest.json is not JSON, breaks the schema, or has a newer schema version.',
    cure: 'Restore the file from a copy, or import the dataset again.',
    exit: EXIT.input,
  },
  E_SEGMENT_CHECKSUM: {
    title: 'A data file is not the one its manifest names',
    cause: 'The bytes of a segment changed after it was written, or the file was exchanged.',
    cure: 'Run `frontmonth data check <dataset>` to see which files are damaged, and import or generate them again.',
    exit: EXIT.input,
  },
  E_SEGMENT_YEAR: {
    title: 'Rows lie outside the year of their segment',
    cause: 'A segment holds one year (UTC) of one contract.',
    cure: 'Split the rows by year: writer.putBarsByYear does it.',
    exit: EXIT.input,
  },
  E_SEGMENT_ORDER: {
    title: 'Segments of one contract overlap in time',
    cause: 'The last row of one year is not before the first row of the next.',
    cure: 'Split the rows by the year of their open time, all years the same way.',
    exit: EXIT.input,
  },
  E_CATALOG_LOCKED: {
    title: 'Another process writes this dataset',
    cause: 'One writer at a time; the message names the process.',
    cure: 'Wait until it has finished, or stop it. The lock of a dead process never blocks.',
    exit: EXIT.locked,
  },
  E_CATALOG_WRITE: {
    title: 'The catalog could not be written',
    cause: 'The disk is full, read-only or failing. What was there before is unchanged.',
    cure: 'Free space or correct the permissions, then write again.',
    exit: EXIT.input,
  },
  E_IMPORT_FILE: {
    title: 'A source file cannot be read',
    cause: 'It does not exist, may not be read, or its compression is damaged.',
    cure: 'Check the path and the file.',
    exit: EXIT.input,
  },
  E_IMPORT_MAPPING: {
    title: 'The column mapping does not fit the file',
    cause: 'A named column does not exist, or the mapping lacks a column that bars need.',
    cure: 'Name the columns of the file; the message lists them.',
    exit: EXIT.usage,
  },
  E_IMPORT_ROWS: {
    title: 'Rows of a source file are not valid',
    cause: 'The listed rows cannot be read or break a rule; nothing was imported.',
    cure: 'Correct the rows, or import with --quarantine, which writes the valid rows and lists the others.',
    exit: EXIT.input,
  },
  E_DBN_FORMAT: {
    title: 'A file is not Databento DBN, or lies about itself',
    cause:
      'The first bytes are not those of DBN, its version is not 1 to 3, or its metadata contradict their own lengths.',
    cure: 'Fetch the file again in DBN encoding; the message names the byte. Files of other formats have their own --format.',
    exit: EXIT.input,
  },
  E_EXPORT_TABLES: {
    title: 'An export does not fit into one file',
    cause: 'Rows of several kinds, or bars of several intervals, have different columns.',
    cure: 'Choose one with --kind or --interval, or give a folder: --out export/.',
    exit: EXIT.usage,
  },
  E_EXPORT_EXISTS: {
    title: 'An export would replace a file',
    cause: 'A file of this name exists, and nothing is replaced unasked.',
    cure: 'Choose another name, or replace the file with --force.',
    exit: EXIT.refused,
  },
  E_EXPORT_WRITE: {
    title: 'An export could not be written',
    cause: 'The disk is full, read-only or failing. No file has changed, nothing is half-written.',
    cure: 'Free space or choose another folder, then export again.',
    exit: EXIT.input,
  },
  E_RESAMPLE_INTERVAL: {
    title: 'Bars of one interval cannot be built from another',
    cause: 'The new interval is not longer, or not a multiple of the old one.',
    cure: 'Choose a multiple, such as 5m from 1m, or 1d for one bar a trade date.',
    exit: EXIT.usage,
  },
  E_RESAMPLE_SOURCE: {
    title: 'Bars cannot be built from this dataset',
    cause:
      'Its times are labels, a product has no calendar, or the two datasets state different things.',
    cure: 'Take a dataset of instants whose products have calendars, or write into a new one.',
    exit: EXIT.input,
  },
  E_RESAMPLE_EXISTS: {
    title: 'Built bars would replace imported ones',
    cause: 'The dataset has bars of this interval that came from a source.',
    cure: 'Write into another dataset with --into, or replace them with --force.',
    exit: EXIT.refused,
  },
  E_MERGE_STATEMENT: {
    title: 'New rows do not fit what the dataset states',
    cause: 'The dataset and the new rows state different things of volume, stamps or origin.',
    cure: 'Import into another dataset, or with the same columns as before.',
    exit: EXIT.input,
  },
  E_MERGE_CONFLICT: {
    title: 'A new bar contradicts a stored one',
    cause: 'Two bars of one contract end at the same time and differ.',
    cure: 'If the new file is right, import it by itself, which replaces the year; otherwise correct the file.',
    exit: EXIT.input,
  },
  E_SAMPLE_OPTION: {
    title: 'An option of the sample market cannot be used',
    cause:
      'A product is not one of the sample, a span is empty, or a seed or interval is not valid.',
    cure: 'Correct the named option; the message says what is possible.',
    exit: EXIT.usage,
  },
  E_PYSYSTEMTRADE_FORMAT: {
    title: 'A multiple-prices file cannot be read',
    cause: 'A column is missing, the file has no rows, or its gzip data are damaged.',
    cure: 'Give a file of multiple_prices_csv with its header line, plain or gzip-compressed.',
    exit: EXIT.input,
  },
  E_PYSYSTEMTRADE_INSTRUMENT: {
    title: 'A pysystemtrade instrument has no product here',
    cause: 'The code is not in the mapping, or its point size or currency contradicts the product.',
    cure: 'Name the product with its specification, and give its point size when it differs.',
    exit: EXIT.input,
  },
  E_CONTINUOUS_FILE: {
    title: 'A stored continuous series cannot be read',
    cause:
      'The file is not JSON, breaks its schema, has a checksum that does not fit, or names contracts that the data lack.',
    cure: 'Save the series again with `frontmonth continuous <product> --save`, or restore the file from a copy.',
    exit: EXIT.input,
  },
  E_CONTINUOUS_CHANGED: {
    title: 'A stored continuous series would change',
    cause:
      'The schedule built from the data now contradicts a roll that was stored: the data or the rules were corrected.',
    cure: 'Check the data. To accept the new schedule, save it with --correct: the old records are kept with the time at which they ended.',
    exit: EXIT.refused,
  },
};
