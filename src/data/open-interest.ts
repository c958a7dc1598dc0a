/**
 * Open interest in a dataset: figures of one contract with the moment of their publication and the trade date they are of.
 * A reader sees a figure from its publication on; a correction is a later figure of the same trade date.
 */
import type { OpenInterestColumns } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import type { ContractId } from '../core/instrument.ts';
import { toIsoDate } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { toIsoUtc, US_PER_DAY } from '../core/units.ts';
import type { Dataset } from './catalog.ts';
import type { DatasetWriter } from './dataset-writer.ts';
import { yearOf } from './dataset-writer.ts';
import type { OpenInterestReadings } from './roll.ts';

/** One figure. Units: µs UTC, contracts. */
export interface OpenInterestFigure {
  readonly knownUs: number;
  readonly tradeDate: TradeDate;
  readonly openInterest: number;
}

/** Whether a dataset has open interest of any contract of a product. */
export function hasOpenInterest(dataset: Pick<Dataset, 'contracts'>, root: string): boolean {
  return dataset.contracts(root, 'open-interest').length > 0;
}

/**
 * The figures of one contract in order of publication, null where there are none. Of figures published at one moment the
 * last counts, as it does for a reader of the news.
 */
export function readOpenInterest(
  dataset: Pick<Dataset, 'openInterest' | 'span'>,
  contract: ContractId,
): OpenInterestReadings | null {
  if (dataset.span(contract, null, 'open-interest') === null) return null;
  const known: number[] = [];
  const values: number[] = [];
  for (const { knownUs, openInterest } of readOpenInterestFigures(dataset, contract)) {
    if (known.at(-1) === knownUs) values[values.length - 1] = openInterest;
    else {
      known.push(knownUs);
      values.push(openInterest);
    }
  }
  return {
    length: known.length,
    knownUs: Float64Array.from(known),
    openInterest: Float64Array.from(values),
  };
}

/** Every figure of one contract, in order of publication; empty where there are none. */
export function readOpenInterestFigures(
  dataset: Pick<Dataset, 'openInterest' | 'span'>,
  contract: ContractId,
  range: { readonly from?: TsUs; readonly to?: TsUs } = {},
): OpenInterestFigure[] {
  if (dataset.span(contract, null, 'open-interest') === null) return [];
  const figures: OpenInterestFigure[] = [];
  const source = dataset.openInterest({ contract, ...range });
  try {
    for (let batch = source.next(); batch !== null; batch = source.next()) {
      for (let row = 0; row < batch.length; row += 1)
        figures.push({
          knownUs: batch.tsUs[row]!,
          tradeDate: batch.tradeDate[row]! as TradeDate,
          openInterest: batch.openInterest[row]!,
        });
    }
  } finally {
    source.close();
  }
  return figures;
}

/**
 * Adds figures of a contract to those that are stored. A figure of the same moment and trade date replaces the stored one; the
 * rest stays, so that what was known at any moment stays known. Returns the number of figures stored of the contract.
 * Errors: E_DATA_VALUE for a figure that is no count, or that was published before its trade date could have begun; those of
 * the writer.
 */
export function putOpenInterest(
  writer: Pick<DatasetWriter, 'put'>,
  dataset: Pick<Dataset, 'openInterest' | 'span'>,
  contract: ContractId,
  figures: readonly OpenInterestFigure[],
): number {
  const merged = new Map<string, OpenInterestFigure>();
  for (const figure of [...readOpenInterestFigures(dataset, contract), ...figures]) {
    checkFigure(contract, figure);
    merged.set(`${figure.knownUs}/${figure.tradeDate}`, figure);
  }
  const rows = [...merged.values()].sort(
    (a, b) => a.knownUs - b.knownUs || a.tradeDate - b.tradeDate,
  );
  const years = new Set(rows.map((row) => yearOf(row.knownUs)));
  for (const year of years)
    writer.put(
      'open-interest',
      contract,
      year,
      toColumns(rows.filter((row) => yearOf(row.knownUs) === year)),
    );
  return rows.length;
}

/** The day of a label may begin on the evening before it, in zones east of UTC on the day before. */
export const EARLIEST_KNOWN_DAYS = 2;

function checkFigure(contract: ContractId, figure: OpenInterestFigure): void {
  const { knownUs, tradeDate, openInterest } = figure;
  if (!Number.isSafeInteger(openInterest) || openInterest < 0)
    throw new TradingError(
      'E_DATA_VALUE',
      `the open interest of ${contract} for ${toIsoDate(tradeDate)} is ${openInterest}`,
      {
        details: { contract, column: 'open_interest', value: String(openInterest) },
        rule: 'open interest is a whole number of contracts, zero or more',
        fix: 'correct the row or leave it out of the source',
      },
    );
  if (knownUs >= (tradeDate - EARLIEST_KNOWN_DAYS) * US_PER_DAY) return;
  throw new TradingError(
    'E_DATA_VALUE',
    `the open interest of ${contract} for ${toIsoDate(tradeDate)} would be known ${toIsoUtc(knownUs as TsUs)}, before that day`,
    {
      details: { contract, column: 'time', value: String(knownUs) },
      rule: 'a figure is published when its trade date has begun',
      fix: 'give the moment at which it was published',
    },
  );
}

function toColumns(rows: readonly OpenInterestFigure[]): OpenInterestColumns {
  return {
    length: rows.length,
    tsUs: Float64Array.from(rows, (row) => row.knownUs),
    seq: Float64Array.from(rows, (_, at) => at),
    tradeDate: Int32Array.from(rows, (row) => row.tradeDate),
    openInterest: Float64Array.from(rows, (row) => row.openInterest),
  };
}
