/** Columns of the shared DBN captures of one instrument, for tests of what is built from them. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { BarColumns, MboColumns, TradeColumns } from '../../src/core/bars.ts';
import type {
  DbnBatch,
  DbnMboColumns,
  DbnOhlcvColumns,
  DbnTradeColumns,
} from '../../src/data/ingest/dbn/decode.ts';
import { DbnDecoder } from '../../src/data/ingest/dbn/decode.ts';
import { unpackZstd } from '../../src/data/ingest/zstd.ts';

/** Units of 1e-9 to counts of a quarter point. */
const QUARTER = 250_000_000n;
const NO_PRICE = 2n ** 63n - 1n;
const MINUTE_US = 60_000_000;

export const DBN_FILES = {
  trades: 'futures_trades_2024-07-01T23-58_2024-07-02T00-02.dbn.zst',
  minutes: 'futures_ohlcv-1m_2024-07-01T23-40_2024-07-02T00-10.dbn.zst',
  top: 'futures_mbp-1_2024-07-01T23-58_2024-07-02T00-02.dbn.zst',
  snapshot: 'esh4-glbx-mdp3-20231224.mbo.dbn.zst',
  holiday: 'esh4-glbx-mdp3-20231225-first-40000.mbo.dbn.zst',
  seconds: 'orderbooks_mbo_2024-05-08.dbn.zst',
} as const;

export async function readDbn(dir: string, file: string): Promise<DbnBatch[]> {
  const batches: DbnBatch[] = [];
  const decoder = new DbnDecoder({
    onBatch: (batch) => batches.push(batch),
    onIssue: (issue) => {
      throw new Error(issue.message);
    },
  });
  const path = join(dir, 'databento', file);
  for await (const piece of unpackZstd(createReadStream(path), path)) decoder.push(piece);
  decoder.finish();
  return batches;
}

const toUs = (ns: bigint): number => Number(ns / 1000n);
const toCounts = (price: bigint): number => {
  if (price === NO_PRICE) return 0;
  if (price % QUARTER !== 0n) throw new Error(`${price} is off the grid`);
  return Number(price / QUARTER);
};

/** Rows of every batch of one kind, as (batch, row). */
function rowsOf<Batch extends DbnBatch>(
  batches: readonly DbnBatch[],
  kind: Batch['kind'],
): (readonly [Batch, number])[] {
  return batches
    .filter((batch): batch is Batch => batch.kind === kind)
    .flatMap((batch) => Array.from({ length: batch.length }, (_, row) => [batch, row] as const));
}

export async function readDbnTrades(
  dir: string,
  file: string,
): Promise<{ trades: TradeColumns; instrumentId: number }> {
  const rows = rowsOf<DbnTradeColumns>(await readDbn(dir, file), 'trades');
  return {
    instrumentId: rows[0]![0].instrumentId[rows[0]![1]]!,
    trades: {
      length: rows.length,
      tsUs: Float64Array.from(rows, ([batch, row]) => toUs(batch.tsEvent[row]!)),
      seq: Float64Array.from(rows, (_, at) => at),
      price: Int32Array.from(rows, ([batch, row]) => toCounts(batch.price[row]!)),
      qty: Float64Array.from(rows, ([batch, row]) => batch.size[row]!),
      aggressor: new Int8Array(rows.length),
    },
  };
}

export async function readDbnMinutes(
  dir: string,
  file: string,
  instrumentId: number,
): Promise<BarColumns> {
  const rows = rowsOf<DbnOhlcvColumns>(await readDbn(dir, file), 'ohlcv').filter(
    ([batch, row]) => batch.instrumentId[row] === instrumentId,
  );
  const prices = (name: 'open' | 'high' | 'low' | 'close'): Int32Array =>
    Int32Array.from(rows, ([batch, row]) => toCounts(batch[name][row]!));
  return {
    length: rows.length,
    openUs: Float64Array.from(rows, ([batch, row]) => toUs(batch.tsEvent[row]!)),
    closeUs: Float64Array.from(rows, ([batch, row]) => toUs(batch.tsEvent[row]!) + MINUTE_US),
    open: prices('open'),
    high: prices('high'),
    low: prices('low'),
    close: prices('close'),
    volume: Float64Array.from(rows, ([batch, row]) => Number(batch.volume[row]!)),
  };
}

const ACTIONS = 'AMCTFR';

/** Actions as in MboColumns; `N` has no code and is left out when it carries no end of an event. */
export async function readDbnOrders(dir: string, file: string): Promise<MboColumns> {
  const rows = rowsOf<DbnMboColumns>(await readDbn(dir, file), 'mbo');
  const letter = (code: number): string => String.fromCharCode(code);
  return {
    length: rows.length,
    tsUs: Float64Array.from(rows, ([batch, row]) => toUs(batch.tsEvent[row]!)),
    seq: Float64Array.from(rows, (_, at) => at),
    orderId: BigUint64Array.from(rows.map(([batch, row]) => batch.orderId[row]!)),
    action: Uint8Array.from(rows, ([batch, row]) => {
      const at = ACTIONS.indexOf(letter(batch.action[row]!));
      return at < 0 ? 255 : at;
    }),
    side: Int8Array.from(rows, ([batch, row]) => {
      const side = letter(batch.side[row]!);
      return side === 'B' ? 1 : side === 'A' ? -1 : 0;
    }),
    price: Int32Array.from(rows, ([batch, row]) => toCounts(batch.price[row]!)),
    qty: Float64Array.from(rows, ([batch, row]) => batch.size[row]!),
    isEventEnd: Uint8Array.from(rows, ([batch, row]) => (batch.flags[row]! & 0x80 ? 1 : 0)),
  };
}
