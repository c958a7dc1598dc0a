/** The trade list as people read it: flat to flat or in FIFO lots, with filter and sort. Both views sum to the same net. */
import { assert, TradingError } from '../core/errors.ts';
import { roundHalfEven } from '../core/units.ts';
import { baseMicros, riskMultiple } from './metrics.ts';
import type { RunInstrument } from './run-format.ts';
import type { FillRow, PositionRow, TradeRow } from './tables.ts';

export type TradeMode = 'flat' | 'fifo';

/** One row. Money in whole units of the contract currency except `net*Base`; NaN where a figure does not exist. */
export interface TradeViewRow {
  readonly id: number;
  readonly instrument: string;
  readonly contract: string;
  readonly exitContract: string;
  readonly side: 'long' | 'short';
  readonly qty: number;
  readonly entryUs: number;
  readonly entryPrice: number;
  readonly exitUs: number;
  readonly exitPrice: number;
  readonly entryName: string;
  readonly exitName: string;
  readonly bars: number;
  readonly durationUs: number;
  readonly grossTicks: number;
  readonly gross: number;
  readonly commission: number;
  readonly fees: number;
  readonly net: number;
  readonly netBase: number;
  readonly cumulative: number;
  readonly mae: number;
  readonly maeMoney: number;
  readonly mfe: number;
  readonly mfeMoney: number;
  readonly etd: number;
  readonly etdMoney: number;
  readonly r: number;
  readonly entryEfficiency: number;
  readonly exitEfficiency: number;
  readonly totalEfficiency: number;
  readonly slippage: number;
  readonly ambiguous: boolean;
  readonly rolls: number;
  readonly open: boolean;
  readonly currency: string;
  readonly entryTradeDate: number;
  readonly exitTradeDate: number;
}

export interface TradesInput {
  readonly trades: readonly TradeRow[];
  readonly fills: readonly FillRow[];
  readonly positions: readonly PositionRow[];
  readonly manifest: { readonly instruments: readonly RunInstrument[] };
}

/** Rows in order of exit; `cumulative` runs in that order and in base currency. */
export function tradeViewRows(run: TradesInput, mode: TradeMode = 'flat'): readonly TradeViewRow[] {
  const instruments = new Map(run.manifest.instruments.map((one) => [one.root, one]));
  const rows =
    mode === 'flat'
      ? run.trades.map((trade) => flatRow(trade, instruments.get(trade.root)))
      : fifoRows(run, instruments);
  const ordered = rows.toSorted((a, b) => a.exitUs - b.exitUs || a.id - b.id);
  let micros = 0;
  return ordered.map((row) => {
    micros += Math.round(row.netBase * 1e6);
    return { ...row, cumulative: micros / 1e6 };
  });
}

function flatRow(trade: TradeRow, instrument: RunInstrument | undefined): TradeViewRow {
  const tickValue = instrument?.tickValue ?? NaN;
  const range = trade.mfeTicks - trade.maeTicks;
  const gross = trade.grossTicksPerContract;
  const share = (ticks: number): number => (range > 0 ? ticks / range : NaN);
  const money = (ticks: number): number => ticks * tickValue * trade.maxQty;
  return {
    id: trade.tradeId,
    instrument: trade.root,
    contract: trade.entryContract,
    exitContract: trade.exitContract,
    side: trade.side > 0 ? 'long' : 'short',
    qty: trade.maxQty,
    entryUs: trade.entryUs,
    entryPrice: trade.entryPrice,
    exitUs: trade.exitUs,
    exitPrice: trade.exitPrice,
    entryName: trade.entryTag,
    exitName: trade.isOpen ? 'open' : trade.exitTag,
    bars: trade.bars,
    durationUs: trade.exitUs - trade.entryUs,
    grossTicks: gross,
    gross: trade.grossMicros / 1e6,
    commission: trade.commissionMicros / 1e6,
    fees: (trade.grossMicros - trade.netMicros - trade.commissionMicros) / 1e6,
    net: trade.netMicros / 1e6,
    netBase: baseMicros(trade.netMicros, trade.rate) / 1e6,
    cumulative: 0,
    mae: trade.maeTicks,
    maeMoney: money(trade.maeTicks),
    mfe: trade.mfeTicks,
    mfeMoney: money(trade.mfeTicks),
    etd: trade.mfeTicks - gross,
    etdMoney: money(trade.mfeTicks - gross),
    r: riskMultiple(trade, tickValue),
    entryEfficiency: share(trade.mfeTicks),
    exitEfficiency: share(gross - trade.maeTicks),
    totalEfficiency: share(gross),
    slippage: trade.slippageTicks,
    ambiguous: trade.isAmbiguous,
    rolls: trade.rolls,
    open: trade.isOpen,
    currency: trade.currency,
    entryTradeDate: trade.entryTradeDate,
    exitTradeDate: trade.exitTradeDate,
  };
}

interface Lot {
  readonly fill: FillRow;
  qty: number;
  /** What is left of the fill's fees to hand to its lots. */
  feeMicros: number;
  commissionMicros: number;
}

/** First in, first out per contract. A roll closes the lots of one contract and opens lots in the next. */
function fifoRows(
  run: TradesInput,
  instruments: ReadonlyMap<string, RunInstrument>,
): TradeViewRow[] {
  const rows: TradeViewRow[] = [];
  const byContract = new Map<string, FillRow[]>();
  for (const fill of run.fills) {
    const list = byContract.get(fill.contract);
    if (list === undefined) byContract.set(fill.contract, [fill]);
    else list.push(fill);
  }
  for (const [contract, fills] of byContract) {
    const instrument = instruments.get(fills[0]!.root);
    assert(instrument !== undefined, 'every fill belongs to an instrument of the manifest');
    const rate = run.trades.find((trade) => trade.root === instrument.root)?.rate ?? 1;
    const last = run.positions.findLast((day) => day.contract === contract);
    rows.push(...contractLots(fills, instrument, rate, last));
  }
  const ordered = rows.toSorted((a, b) => a.exitUs - b.exitUs || a.entryUs - b.entryUs);
  return ordered.map((row, index) => ({ ...row, id: index + 1 }));
}

function contractLots(
  fills: readonly FillRow[],
  instrument: RunInstrument,
  rate: number,
  last: PositionRow | undefined,
): TradeViewRow[] {
  const open: Lot[] = [];
  const rows: TradeViewRow[] = [];
  for (const fill of fills) {
    const incoming: Lot = {
      fill,
      qty: fill.qty,
      feeMicros: fill.feeMicros,
      commissionMicros: fill.commissionMicros,
    };
    while (incoming.qty > 0 && open.length > 0 && open[0]!.fill.side !== fill.side) {
      const entry = open[0]!;
      const qty = Math.min(entry.qty, incoming.qty);
      rows.push(lotRow(entry, incoming, qty, instrument, rate));
      if (entry.qty === 0) open.shift();
    }
    if (incoming.qty > 0) open.push(incoming);
  }
  for (const lot of open) rows.push(openLotRow(lot, instrument, rate, last));
  return rows;
}

/** Takes the share of `qty` contracts from what is left of a fill; the last share takes the rest, so nothing is lost. */
function takeFees(lot: Lot, qty: number): { fee: number; commission: number } {
  const isLast = qty === lot.qty;
  const fee = isLast ? lot.feeMicros : Math.round((lot.feeMicros * qty) / lot.qty);
  const commission = isLast
    ? lot.commissionMicros
    : Math.round((lot.commissionMicros * qty) / lot.qty);
  lot.feeMicros -= fee;
  lot.commissionMicros -= commission;
  lot.qty -= qty;
  return { fee, commission };
}

function lotRow(
  entry: Lot,
  exit: Lot,
  qty: number,
  instrument: RunInstrument,
  rate: number,
): TradeViewRow {
  const [a, b] = [takeFees(entry, qty), takeFees(exit, qty)];
  return makeLot({
    entry: entry.fill,
    exitPriceTicks: exit.fill.priceTicks,
    exitUs: exit.fill.tsUs,
    exitName: exit.fill.tag,
    qty,
    fee: a.fee + b.fee,
    commission: a.commission + b.commission,
    slippage: entry.fill.slippageTicks + exit.fill.slippageTicks,
    ambiguous: !entry.fill.isCertain || !exit.fill.isCertain,
    open: false,
    instrument,
    rate,
  });
}

function openLotRow(
  lot: Lot,
  instrument: RunInstrument,
  rate: number,
  last: PositionRow | undefined,
): TradeViewRow {
  const qty = lot.qty;
  const { fee, commission } = takeFees(lot, qty);
  return makeLot({
    entry: lot.fill,
    exitPriceTicks: last?.settleTicks ?? lot.fill.priceTicks,
    exitUs: lot.fill.tsUs,
    exitName: 'open',
    qty,
    fee,
    commission,
    slippage: lot.fill.slippageTicks,
    ambiguous: !lot.fill.isCertain,
    open: true,
    instrument,
    rate,
  });
}

function makeLot(lot: {
  readonly entry: FillRow;
  readonly exitPriceTicks: number;
  readonly exitUs: number;
  readonly exitName: string;
  readonly qty: number;
  readonly fee: number;
  readonly commission: number;
  readonly slippage: number;
  readonly ambiguous: boolean;
  readonly open: boolean;
  readonly instrument: RunInstrument;
  readonly rate: number;
}): TradeViewRow {
  const { entry, instrument, qty, rate } = lot;
  const ticks = entry.side * (lot.exitPriceTicks - entry.priceTicks);
  const grossMicros = roundHalfEven(ticks * qty * instrument.tickValue * 1e6);
  const netMicros = grossMicros - lot.fee;
  const price = (counts: number): number =>
    Number((counts * instrument.tickSize).toFixed(instrument.decimals));
  return {
    id: 0,
    instrument: instrument.root,
    contract: entry.contract,
    exitContract: entry.contract,
    side: entry.side > 0 ? 'long' : 'short',
    qty,
    entryUs: entry.tsUs,
    entryPrice: price(entry.priceTicks),
    exitUs: lot.exitUs,
    exitPrice: price(lot.exitPriceTicks),
    entryName: entry.tag,
    exitName: lot.exitName,
    bars: NaN,
    durationUs: lot.exitUs - entry.tsUs,
    grossTicks: ticks,
    gross: grossMicros / 1e6,
    commission: lot.commission / 1e6,
    fees: (lot.fee - lot.commission) / 1e6,
    net: netMicros / 1e6,
    netBase: baseMicros(netMicros, rate) / 1e6,
    cumulative: 0,
    mae: NaN,
    maeMoney: NaN,
    mfe: NaN,
    mfeMoney: NaN,
    etd: NaN,
    etdMoney: NaN,
    r: NaN,
    entryEfficiency: NaN,
    exitEfficiency: NaN,
    totalEfficiency: NaN,
    slippage: lot.slippage,
    ambiguous: lot.ambiguous,
    rolls: 0,
    open: lot.open,
    currency: instrument.currency,
    entryTradeDate: NaN,
    exitTradeDate: NaN,
  };
}

export interface RowQuery {
  /** `instrument=ES side=short net<0`; all conditions hold together. */
  readonly where?: string;
  /** A column name, with a minus for descending. */
  readonly sort?: string;
  readonly limit?: number;
}

/** Filters, sorts and cuts rows of any table. Errors: E_TRADES_QUERY with the known columns. */
export function selectRows<R extends object>(
  rows: readonly R[],
  columns: readonly string[],
  query: RowQuery,
): readonly R[] {
  const conditions = parseWhere(query.where ?? '', columns);
  const kept = rows.filter((row) => conditions.every((condition) => condition(row)));
  const ordered = query.sort === undefined ? kept : sortRows(kept, query.sort, columns);
  return query.limit === undefined ? ordered : ordered.slice(0, query.limit);
}

function knownColumn(name: string, columns: readonly string[]): string {
  const found = columns.find((column) => column.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw new TradingError('E_TRADES_QUERY', `there is no column "${name}"`, {
    details: { column: name },
    rule: `columns are ${columns.join(', ')}`,
    fix: 'use one of the listed columns',
  });
}

function parseWhere(text: string, columns: readonly string[]): ((row: object) => boolean)[] {
  return text
    .trim()
    .split(/\s+/)
    .filter((part) => part !== '')
    .map((part) => {
      const match = /^([A-Za-z]\w*)(!=|<=|>=|=|<|>)(.+)$/.exec(part);
      if (match === null) {
        throw new TradingError('E_TRADES_QUERY', `"${part}" is not a condition`, {
          details: { part },
          rule: 'a condition is column, one of = != < > <= >=, and value, without blanks',
          fix: "for example --where 'instrument=ES net<0'",
        });
      }
      const column = knownColumn(match[1]!, columns);
      const wanted = match[3]!;
      const operator = match[2]!;
      return (row) =>
        holds(
          (row as Record<string, unknown>)[column] as string | number | boolean,
          operator,
          wanted,
        );
    });
}

function holds(value: string | number | boolean, operator: string, wanted: string): boolean {
  if (operator === '=') return String(value).toLowerCase() === wanted.toLowerCase();
  if (operator === '!=') return String(value).toLowerCase() !== wanted.toLowerCase();
  const order =
    typeof value === 'number' ? value - Number(wanted) : String(value).localeCompare(wanted, 'en');
  if (operator === '<') return order < 0;
  if (operator === '<=') return order <= 0;
  return operator === '>' ? order > 0 : order >= 0;
}

function sortRows<R extends object>(
  rows: readonly R[],
  sort: string,
  columns: readonly string[],
): R[] {
  const isDescending = sort.startsWith('-');
  const column = knownColumn(isDescending ? sort.slice(1) : sort, columns);
  const valueOf = (row: R): unknown => (row as Record<string, unknown>)[column];
  return rows.toSorted((a, b) => {
    const order = compareValues(valueOf(a), valueOf(b), isDescending);
    return order;
  });
}

/** Missing numbers come last in both directions. */
export function compareValues(a: unknown, b: unknown, isDescending: boolean): number {
  const [missingA, missingB] = [Number.isNaN(a), Number.isNaN(b)];
  if (missingA || missingB) return Number(missingA) - Number(missingB);
  const order =
    typeof a === 'number' && typeof b === 'number'
      ? a - b
      : String(a) < String(b)
        ? -1
        : Number(String(a) > String(b));
  return isDescending ? -order : order;
}
