/** `frontmonth trades|orders|fills <run>`: one table viewer over the tables of a run. */
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import { toFractionText } from '../../core/price-notation.ts';
import { toIsoDate } from '../../core/trade-date.ts';
import type { TradeDate, TsUs } from '../../core/units.ts';
import { toIsoUtc } from '../../core/units.ts';
import type { RunInstrument } from '../../research/run-format.ts';
import type { CommandCall, CommandRunner } from '../command.ts';
import { hasFlag, textArg, textFlag } from '../command.ts';
import { numberFlag } from '../flag-values.ts';
import { formatMicros, formatMoney, formatNumber, formatTime } from '../format.ts';
import type { Row, RunView } from '../services.ts';
import { didYouMean } from '../../core/suggest.ts';
import type { Column } from '../table.ts';
import { renderTable, toCsv } from '../table.ts';

/** Columns of the terminal table in order of place, with the priority by which they are dropped. CSV and JSON have all. */
const SHOWN: Readonly<Record<string, readonly (readonly [name: string, priority: number])[]>> = {
  trades: [
    ['tradeId', 0],
    ['root', 0],
    ['entryContract', 4],
    ['side', 0],
    ['maxQty', 0],
    ['entryUs', 1],
    ['entryPrice', 2],
    ['exitUs', 3],
    ['exitPrice', 2],
    ['entryTag', 7],
    ['exitTag', 5],
    ['netMicros', 0],
    ['maeTicks', 4],
    ['mfeTicks', 4],
    ['bars', 8],
    ['rolls', 9],
    ['isAmbiguous', 6],
  ],
  // One row per lot, first in first out; the columns of the other view of the same fills.
  lots: [
    ['id', 0],
    ['instrument', 0],
    ['contract', 4],
    ['side', 0],
    ['qty', 0],
    ['entryUs', 1],
    ['entryPrice', 2],
    ['exitUs', 3],
    ['exitPrice', 2],
    ['entryName', 7],
    ['exitName', 5],
    ['net', 0],
    ['currency', 6],
    ['bars', 8],
    ['rolls', 9],
    ['ambiguous', 6],
  ],
  orders: [
    ['clOrdId', 0],
    ['contract', 0],
    ['side', 0],
    ['type', 0],
    ['orderQty', 0],
    ['cumQty', 2],
    ['status', 0],
    ['limitTicks', 4],
    ['stopTicks', 4],
    ['role', 5],
    ['tag', 5],
    ['reason', 1],
    ['createdUs', 3],
  ],
  fills: [
    ['execId', 3],
    ['contract', 0],
    ['side', 0],
    ['qty', 0],
    ['priceTicks', 0],
    ['tsUs', 0],
    ['orderType', 4],
    ['role', 5],
    ['tag', 4],
    ['rule', 2],
    ['isCertain', 6],
    ['feeMicros', 3],
    ['slippageTicks', 6],
  ],
};

const COSTS: ReadonlySet<string> = new Set([
  'feeMicros',
  'feesMicros',
  'commissionMicros',
  'rollCostMicros',
]);

/** Words of the field for the names on disk, usable in --where and --sort. */
const ALIASES: Readonly<Record<string, string>> = {
  instrument: 'root',
  product: 'root',
  net: 'netMicros',
  gross: 'grossMicros',
  fees: 'feesMicros',
  mae: 'maeTicks',
  mfe: 'mfeTicks',
  qty: 'maxQty',
  entry: 'entryUs',
  exit: 'exitUs',
};

export function tableRunner(name: string): CommandRunner {
  return async (call: CommandCall): Promise<ExitCode> => {
    const config = await call.config();
    const services = await call.services();
    const dir = await services.resolveRun(config.values.runs, textArg(call, 0));
    const run = await services.readRun(dir);
    const view = viewOf(call, name);
    const rows = selectRows(run[view], {
      where: textFlag(call, 'where'),
      sort: textFlag(call, 'sort'),
      limit: numberFlag(call, 'limit', { min: 1 }),
    });
    if (call.out.options.json) for (const row of rows) call.out.row(plainRow(row));
    else if (hasFlag(call, 'csv')) call.out.answer(csvOf(rows, run[view]));
    else call.out.answer(tableText(call, view, run, rows));
    return EXIT.ok;
  };
}

type TableName = 'trades' | 'lots' | 'orders' | 'fills';

/** Flat to flat unless lots are asked for. */
function viewOf(call: CommandCall, name: string): TableName {
  const [isFlat, isFifo] = [hasFlag(call, 'flat'), hasFlag(call, 'fifo')];
  if (isFlat && isFifo) {
    throw new TradingError('E_USAGE', '--flat and --fifo are two views of the same trades', {
      where: '--flat --fifo',
      fix: 'choose one of the two',
    });
  }
  return isFifo ? 'lots' : (name as TableName);
}

export interface Selection {
  readonly where: string | undefined;
  readonly sort: string | undefined;
  readonly limit: number | undefined;
}

/** Filters, sorts and cuts. Errors: E_WHERE. */
export function selectRows(all: readonly Row[], selection: Selection): readonly Row[] {
  const columns = Object.keys(all[0] ?? {});
  let rows = all;
  for (const term of (selection.where ?? '').split(/\s+/).filter((text) => text !== '')) {
    const test = parseTerm(term, columns);
    rows = rows.filter(test);
  }
  if (selection.sort !== undefined && all.length > 0) {
    const isReversed = selection.sort.startsWith('-');
    const column = columnOf(selection.sort.replace(/^-/, ''), columns, '--sort');
    const sign = isReversed ? -1 : 1;
    rows = rows.toSorted((a, b) => sign * compareValues(a[column], b[column]));
  }
  return selection.limit === undefined ? rows : rows.slice(0, selection.limit);
}

function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') {
    // NaN means none and stands last in both directions of thought.
    if (Number.isNaN(a) || Number.isNaN(b))
      return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    return a - b;
  }
  const [x, y] = [String(a), String(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function columnOf(word: string, columns: readonly string[], flag: string): string {
  if (columns.includes(word)) return word;
  const alias = Object.hasOwn(ALIASES, word) ? ALIASES[word]! : null;
  if (alias !== null && columns.includes(alias)) return alias;
  const contract =
    word === 'contract' && columns.includes('entryContract') ? 'entryContract' : null;
  if (contract !== null) return contract;
  throw new TradingError('E_WHERE', `there is no column \`${word}\``, {
    where: `${flag} ${word}`,
    rule: `columns: ${columns.join(', ')}`,
    fix: didYouMean(word, [...columns, ...Object.keys(ALIASES)], 'use one of the columns'),
  });
}

function parseTerm(term: string, columns: readonly string[]): (row: Row) => boolean {
  const match = /^([A-Za-z]+)(!=|<=|>=|=|<|>)(.*)$/.exec(term);
  if (match === null) {
    throw new TradingError('E_WHERE', `"${term}" is not a filter`, {
      where: `--where ${term}`,
      rule: 'column, then one of = != < <= > >=, then a value: root=ES netMicros<0',
      fix: 'for example: --where "instrument=ES side=short"',
    });
  }
  if (columns.length === 0) return () => true;
  const column = columnOf(match[1]!, columns, '--where');
  const [operator, text] = [match[2]!, match[3]!];
  const wanted = wantedValue(column, text);
  return (row) => {
    const order = compareValues(valueForFilter(column, row[column]), wanted);
    switch (operator) {
      case '=':
        return order === 0;
      case '!=':
        return order !== 0;
      case '<':
        return order < 0;
      case '<=':
        return order <= 0;
      case '>':
        return order > 0;
      default:
        return order >= 0;
    }
  };
}

const SIDE_WORDS: Readonly<Record<string, number>> = { long: 1, buy: 1, short: -1, sell: -1 };

function wantedValue(column: string, text: string): unknown {
  if (column === 'side') return SIDE_WORDS[text] ?? Number(text);
  // Money is asked for in whole units.
  if (column.endsWith('Micros')) return Number(text) * 1_000_000;
  const number = text.trim() === '' ? NaN : Number(text);
  return Number.isNaN(number) ? text : number;
}

function valueForFilter(column: string, value: unknown): unknown {
  if (typeof value !== 'number') return value;
  if (column.endsWith('TradeDate')) return toIsoDate(value as TradeDate);
  return column.endsWith('Us') ? toIsoUtc(value as TsUs) : value;
}

function tableText(call: CommandCall, name: string, run: RunView, rows: readonly Row[]): string {
  if (rows.length === 0) return `no ${name} in ${run.manifest.runId}`;
  const instruments = new Map(run.manifest.instruments.map((item) => [item.root, item]));
  const columns = SHOWN[name]!.filter(([column]) => column in rows[0]!).map(
    ([column, priority]): Column<Row> => ({
      title: titleOf(column),
      align: typeof rows[0]![column] === 'number' && column !== 'side' ? 'right' : 'left',
      priority,
      cell: (row) =>
        cellText(call, column, row, instruments.get((row['root'] ?? row['instrument']) as string)),
    }),
  );
  const zone = call.out.options.utc ? 'UTC' : zonesOf(run);
  return `${renderTable(call.out, columns, rows)}\n${rows.length} ${name}, times in ${zone}, money in whole units`;
}

function zonesOf(run: RunView): string {
  return [...new Set(run.manifest.instruments.map((item) => item.zone))].join(' and ') || 'UTC';
}

function titleOf(column: string): string {
  return column === 'priceTicks' || column === 'limitTicks' || column === 'stopTicks'
    ? column.slice(0, -'Ticks'.length)
    : column.replace(/(Micros|Us)$/, '');
}

function cellText(
  call: CommandCall,
  column: string,
  row: Row,
  instrument: RunInstrument | undefined,
): string {
  const value = row[column];
  if (column === 'side' && typeof value === 'number')
    return value === 1
      ? row['tradeId'] === undefined
        ? 'buy'
        : 'long'
      : row['tradeId'] === undefined
        ? 'sell'
        : 'short';
  if (typeof value === 'boolean') return value ? 'yes' : '';
  if (typeof value !== 'number') return value == null ? '' : String(value as string | bigint);
  if (Number.isNaN(value)) return '–';
  // A cost is not a result: without a sign, as in the files, and a rebate is negative.
  if (COSTS.has(column)) return formatNumber(value / 1_000_000, 2);
  if (column.endsWith('Micros')) return formatMicros(value);
  if (column === 'net') return formatMoney(value);
  if (column.endsWith('TradeDate')) return toIsoDate(value as TradeDate);
  if (column.endsWith('Us'))
    return formatTime(value, call.out.options.utc ? 'UTC' : (instrument?.zone ?? 'UTC'));
  if (/^(limit|stop|price)Ticks$/.test(column) && instrument !== undefined)
    return priceText(call, value * instrument.tickSize, instrument);
  if (column.endsWith('Price') && instrument !== undefined)
    return priceText(call, value, instrument);
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}

function priceText(call: CommandCall, price: number, instrument: RunInstrument): string {
  const fraction = hasFlag(call, 'fractions') ? toFractionText(price, instrument.tickSize) : null;
  return fraction ?? price.toFixed(instrument.decimals);
}

/** Times in ISO UTC and dates as text; NaN becomes null in JSON. */
export function plainRow(row: Row): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, plainValue(name, value)]),
  );
}

function plainValue(name: string, value: unknown): unknown {
  if (typeof value !== 'number') return value;
  if (Number.isNaN(value)) return null;
  if (name.endsWith('TradeDate')) return toIsoDate(value as TradeDate);
  return name.endsWith('Us') ? toIsoUtc(value as TsUs) : value;
}

function csvOf(rows: readonly Row[], all: readonly Row[]): string {
  const columns = Object.keys(all[0] ?? {});
  const body = rows.map((row) => {
    const plain = plainRow(row);
    return columns.map((column) => plain[column] as string | number | boolean | null);
  });
  return toCsv([columns, ...body]);
}
