/** Frames from what the project holds: rows of a dataset, a continuous series, the tables of a run. */
import { join } from 'node:path';
import type { BarInterval, MarketDataKind } from '../../core/bars.ts';
import type { ContractId } from '../../core/instrument.ts';
import { parseTsUs } from '../../core/units.ts';
import type { RawColumn } from '../../data/arrow-store.ts';
import type { Dataset } from '../../data/catalog.ts';
import { typedTable } from '../../data/export/columns.ts';
import type { ExportTable, PriceView } from '../../data/export/tables.ts';
import { exportColumns, tablesOf } from '../../data/export/tables.ts';
import { nodeFileIo } from '../../data/file-io.ts';
import { openSegments } from '../../data/segment-source.ts';
import { TradingError } from '../../core/errors.ts';
import type { ContinuousSeries } from '../continuous-series.ts';
import type { RunTableName } from '../tables.ts';
import { RUN_TABLES } from '../tables.ts';
import type { FrameInput } from './frame.ts';
import { Frame, readFrame } from './frame.ts';

export interface DatasetFrameOptions {
  /** Default `bars`. */
  readonly kind?: MarketDataKind;
  /** One contract, such as `ESZ2022`, or several; default all of the product, or of the dataset. */
  readonly contract?: ContractId | readonly ContractId[] | string;
  readonly root?: string;
  /** For bars; it may be left out where the dataset has one size only. */
  readonly interval?: BarInterval;
  /** Instants in UTC, such as `2022-06-01T00:00:00Z`: bars that lie between both, ticks from `from` to before `to`. */
  readonly from?: string;
  readonly to?: string;
  /** `decimal` prices (default), `counts` of the grid, or `both`. */
  readonly prices?: PriceView;
}

/**
 * Rows of a dataset in memory, contract after contract, in the columns of `frontmonth data export`.
 * Errors: E_DATA_SPAN when there is nothing of what was asked; E_FRAME_COLUMN when bars of several sizes would be mixed.
 *
 * @example
 * datasetFrame(openCatalog('catalog').dataset('sample'), { contract: 'ESZ2022', interval: '1h' }).names
 */
export function datasetFrame(dataset: Dataset, options: DatasetFrameOptions = {}): Frame {
  const { kind = 'bars', contract, root, interval } = options;
  const tables = tablesOf(dataset, {
    kinds: [kind],
    ...(contract === undefined ? {} : { contracts: [contract].flat() }),
    ...(root === undefined ? {} : { roots: [root] }),
    ...(interval === undefined ? {} : { intervals: [interval] }),
  });
  const table = tables[0]!;
  if (tables.length > 1) {
    const sizes = tables.map((each) => each.interval);
    throw new TradingError('E_FRAME_COLUMN', `bars of several sizes: ${sizes.join(', ')}`, {
      details: { intervals: sizes },
      rule: 'the rows of a frame are of one kind and size',
      fix: `name one, such as interval: '${sizes[0]}'`,
    });
  }
  const columns = exportColumns(kind, options.prices ?? 'decimal');
  const typed = typedTable(dataset, table, columns, nodeFileIo);
  const range = {
    ...(options.from === undefined ? {} : { from: parseTsUs(options.from) }),
    ...(options.to === undefined ? {} : { to: parseTsUs(options.to) }),
  };
  const parts: RawColumn[][] = typed.specs.map(() => []);
  let length = 0;
  for (const segment of table.segments) {
    const source = openSegments(kind, dataset.folder, [segment], range, nodeFileIo);
    try {
      for (let batch = source.next(); batch !== null; batch = source.next()) {
        typed
          .columnsOf(batch, segment)
          .forEach((column, k) => parts[k]!.push(column.slice(0, batch!.length)));
        length += batch.length;
      }
    } finally {
      source.close();
    }
  }
  if (length === 0) throw noRows(dataset, options, table);
  return Frame.of(
    Object.fromEntries(
      typed.specs.map(({ name, type, dictionary, metadata }, k): [string, FrameInput] => {
        const values = joined(parts[k]!, length);
        const texts = (): string[] =>
          Array.from(values as Int32Array, (code) => dictionary![code]!);
        const about = metadata === undefined ? {} : { metadata };
        return [name, { type, values: type === 'utf8' ? texts() : values, ...about }];
      }),
    ),
    { dataset: dataset.name, checksum: dataset.manifest.checksum, volume: dataset.manifest.volume },
  );
}

function noRows(dataset: Dataset, options: DatasetFrameOptions, table: ExportTable): TradingError {
  const { from, to } = options;
  const rows = table.segments.filter((segment) => segment.rows > 0);
  const iso = (us: number): string => new Date(us / 1000).toISOString();
  const first = iso(Math.min(...rows.map(({ firstUs }) => firstUs)));
  const last = iso(Math.max(...rows.map(({ lastUs }) => lastUs)));
  const asked = `${from === undefined ? '' : ` from ${from}`}${to === undefined ? '' : ` to ${to}`}`;
  return new TradingError('E_DATA_SPAN', `${dataset.name} has no ${table.name}${asked}`, {
    details: { dataset: dataset.name, table: table.name, from, to, first, last },
    rule: `of what was asked, ${table.name} go from ${first} to ${last}`,
    fix: 'choose from and to inside it',
  });
}

/**
 * A continuous series: times, adjusted decimal prices, the close of the held contract as a count, volume and contract.
 * See `readContinuousSeries`.
 */
export function continuousFrame(series: ContinuousSeries): Frame {
  const { columns, contracts, adjust, spec, depth } = series;
  const { openUs, closeUs, open, high, low, close, rawClose, volume, contractIndex } = columns;
  const isGrid = rawClose instanceof Int32Array;
  return Frame.of(
    {
      contract: { type: 'utf8', values: Array.from(contractIndex, (i) => contracts[i]!) },
      open_time: { type: 'timestamp[us, UTC]', values: openUs },
      close_time: { type: 'timestamp[us, UTC]', values: closeUs },
      open: { type: 'f64', values: open },
      high: { type: 'f64', values: high },
      low: { type: 'f64', values: low },
      close: { type: 'f64', values: close },
      close_count: { type: isGrid ? 'i32' : 'f64', values: rawClose, metadata: { unit: 'counts' } },
      volume: { type: 'f64', values: volume },
    },
    { root: spec.root, adjust, depth: String(depth) },
  );
}

/**
 * A table of a run: `equity`, `fills`, `trades`, `orders` and the others of the run folder. `run` is its folder, or what
 * `backtest` and `readRun` gave. Money is integer millionths, prices are counts, `date` columns are days since 1970-01-01.
 * Errors: E_RUN_READ for a run that lives in memory only; those of `readFrame`.
 */
export function runFrame(
  run: string | { readonly dir: string | null },
  table: RunTableName,
): Frame {
  const dir = typeof run === 'string' ? run : run.dir;
  if (dir === null)
    throw new TradingError('E_RUN_READ', `the run has no folder, so no table ${table}`, {
      rule: 'a frame of a run is read from its folder',
      fix: 'run it with backtest(), or read it with readRun()',
    });
  if (!Object.hasOwn(RUN_TABLES, table))
    throw new TradingError('E_RUN_READ', `a run has no table ${String(table)}`, {
      details: { table, known: Object.keys(RUN_TABLES) },
      rule: `its tables are ${Object.keys(RUN_TABLES).join(', ')}`,
      fix: 'name one of them',
    });
  return readFrame(join(dir, `${table}.arrow`));
}

function joined(parts: readonly RawColumn[], length: number): RawColumn {
  if (parts.length === 1) return parts[0]!;
  const Column = (parts[0]?.constructor ?? Float64Array) as new (rows: number) => RawColumn;
  const out = new Column(length);
  let at = 0;
  for (const part of parts) {
    out.set(part as never, at);
    at += part.length;
  }
  return out;
}
