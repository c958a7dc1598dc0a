/**
 * Imports pysystemtrade's `multiple_prices` as samples of single contracts and a given roll calendar. The files hold one
 * price per contract and label: a bar has open = high = low = close and no length, its volume is unknown, its stamps are
 * labels.
 */
import type { BarColumns } from '../../core/bars.ts';
import { TradingError } from '../../core/errors.ts';
import type { ContractId, InstrumentSpec } from '../../core/instrument.ts';
import type { RollCost, RollSchedule } from '../../core/roll.ts';
import { toContractId } from '../../core/symbology.ts';
import { weekdayOf } from '../../core/trade-date.ts';
import { toIsoUtc, US_PER_DAY } from '../../core/units.ts';
import type { TradeDate, TsUs } from '../../core/units.ts';
import type { Catalog, Dataset } from '../catalog.ts';
import type { DatasetWriter } from '../dataset-writer.ts';
import type { DatasetManifest, DatasetMeta } from '../manifest.ts';
import { toGivenSchedule } from '../roll.ts';
import type { GivenRoll } from '../roll.ts';
import { fillPrices, parseMultiplePrices } from './multiple-prices.ts';
import type { MultiplePrices, RowIssue } from './multiple-prices.ts';

/** A pysystemtrade instrument as one of our products. */
export interface PysystemtradeProduct {
  readonly code: string;
  readonly root: string;
  /** Money per price point of one contract, in `currency`. */
  readonly pointSize: number;
  readonly currency: string;
  /** Price of one count; needed where the product has no specification. */
  readonly increment?: number;
}

/** Codes with their products. Point sizes are contract facts; an import checks them against the specification. */
export const PYSYSTEMTRADE_PRODUCTS: readonly PysystemtradeProduct[] = [
  { code: 'COFFEE', root: 'KC', pointSize: 375, currency: 'USD' },
  { code: 'CORN', root: 'ZC', pointSize: 50, currency: 'USD' },
  { code: 'CRUDE_W', root: 'CL', pointSize: 1000, currency: 'USD' },
  { code: 'CRUDE_W_mini', root: 'QM', pointSize: 500, currency: 'USD' },
  { code: 'EUR', root: '6E', pointSize: 125_000, currency: 'USD' },
  { code: 'EUROSTX', root: 'FESX', pointSize: 10, currency: 'EUR' },
  { code: 'GAS_US', root: 'NG', pointSize: 10_000, currency: 'USD' },
  { code: 'GOLD', root: 'GC', pointSize: 100, currency: 'USD' },
  { code: 'KR3', root: 'KTB3', pointSize: 1_000_000, currency: 'KRW', increment: 0.01 },
  { code: 'SP500', root: 'ES', pointSize: 50, currency: 'USD' },
  { code: 'US10', root: 'ZN', pointSize: 1000, currency: 'USD' },
  { code: 'VIX', root: 'VX', pointSize: 1000, currency: 'USD' },
  { code: 'WHEAT', root: 'ZW', pointSize: 50, currency: 'USD' },
];

/** Samples of one instrument, in counts. */
export interface PysystemtradeSeries {
  readonly product: PysystemtradeProduct;
  readonly increment: number;
  /** Every row, by contract, in the order of contract months. */
  readonly samples: ReadonlyMap<ContractId, BarColumns>;
  /** One bar per contract and date, all at the last label of the date that has a held price. */
  readonly days: ReadonlyMap<ContractId, BarColumns>;
  /** The contract held on the first row. */
  readonly firstHeld: ContractId;
  readonly rolls: readonly GivenRoll[];
  /** By held contract: the one that the file names for carry; itself where it names no other. */
  readonly carry: Readonly<Record<ContractId, ContractId>>;
  readonly report: PysystemtradeReport;
}

export interface PysystemtradeReport {
  readonly code: string;
  readonly root: string;
  readonly rows: number;
  readonly rolls: number;
  readonly contracts: number;
  readonly samples: number;
  /** Cells carried forward; 0 unless asked for. */
  readonly filled: number;
  /** Rows that were left out or are doubtful. */
  readonly issues: readonly RowIssue[];
}

export interface PysystemtradeFile {
  readonly code: string;
  /** Name for messages. */
  readonly file: string;
  readonly bytes: Uint8Array;
  /** Carry the held and next price forward over empty cells before anything else. */
  readonly isFilled?: boolean;
}

export interface PysystemtradeOptions {
  /** Specification of a root, when there is one. */
  readonly specOf: (root: string) => InstrumentSpec | undefined;
  /** Replaces or adds to `PYSYSTEMTRADE_PRODUCTS`. */
  readonly products?: readonly PysystemtradeProduct[];
  /** From the source's instrumentconfig.csv: see `parseInstrumentConfig`. */
  readonly config?: ReadonlyMap<string, { readonly pointSize: number; readonly currency: string }>;
  /** Write the valid rows and list the others, instead of refusing the file. */
  readonly quarantine?: boolean;
}

/**
 * Reads one file into series of contracts.
 * Errors: E_PYSYSTEMTRADE_FORMAT, E_PYSYSTEMTRADE_INSTRUMENT, E_IMPORT_ROWS for bad rows, E_ROLL_SCHEDULE for a roll
 * without both prices.
 */
export function readPysystemtrade(
  source: PysystemtradeFile,
  options: PysystemtradeOptions,
): PysystemtradeSeries {
  const product = productOf(source.code, options);
  const increment = options.specOf(product.root)?.grid.increment ?? product.increment!;
  const parsed = parseMultiplePrices(source.bytes, source.file);
  if (parsed.issues.length > 0 && options.quarantine !== true)
    throw badRows(source.file, parsed.issues);
  const { prices, filled } =
    source.isFilled === true ? fillPrices(parsed) : { prices: parsed, filled: 0 };
  const columns = collectSamples(product.root, prices, parsed, increment);
  const rolls = findRolls(source.file, product.root, prices, parsed, increment);
  const carry = findCarry(product.root, prices);
  return {
    product,
    increment,
    samples: columns.samples,
    days: columns.days,
    firstHeld: toContractId(
      product.root,
      Math.floor(prices.priceContract[0]! / 100),
      prices.priceContract[0]! % 100,
    ),
    rolls,
    carry: carry.contracts,
    report: {
      code: source.code,
      root: product.root,
      rows: prices.length,
      rolls: rolls.length,
      contracts: columns.samples.size,
      samples: columns.count,
      filled,
      issues: [...parsed.issues, ...columns.issues, ...carry.issues],
    },
  };
}

/** Columns `Instrument`, `Pointsize`, `Currency` of instrumentconfig.csv. Errors: E_PYSYSTEMTRADE_FORMAT. */
export function parseInstrumentConfig(
  text: string,
): Map<string, { pointSize: number; currency: string }> {
  const [header = '', ...lines] = text.split(/\r?\n/).filter((line) => line !== '');
  const names = header.split(',');
  const [code, size, currency] = ['Instrument', 'Pointsize', 'Currency'].map((name) => {
    const index = names.indexOf(name);
    if (index >= 0) return index;
    throw new TradingError(
      'E_PYSYSTEMTRADE_FORMAT',
      `the instrument configuration has no column ${name}`,
      {
        details: { header },
        fix: 'give the instrumentconfig.csv of the same source',
      },
    );
  }) as [number, number, number];
  return new Map(
    lines.map((line) => {
      const cells = line.split(',');
      return [cells[code]!, { pointSize: Number(cells[size]), currency: cells[currency]! }];
    }),
  );
}

function productOf(code: string, options: PysystemtradeOptions): PysystemtradeProduct {
  const all = [...(options.products ?? []), ...PYSYSTEMTRADE_PRODUCTS];
  const product = all.find((entry) => entry.code === code);
  if (product === undefined)
    throw instrumentError(
      code,
      `its product is not known; known codes are ${all.map((p) => p.code).join(', ')}`,
    );
  const spec = options.specOf(product.root);
  const config = options.config?.get(code);
  const said: (readonly [string, number, string])[] = [];
  if (spec !== undefined)
    said.push([`${spec.root} of the catalog`, spec.multiplier, spec.currency]);
  if (config !== undefined) said.push(['its configuration', config.pointSize, config.currency]);
  for (const [who, pointSize, currency] of said) {
    if (Math.abs(pointSize - product.pointSize) > 1e-9 * product.pointSize)
      throw instrumentError(
        code,
        `a point is ${product.pointSize} here and ${pointSize} in ${who}`,
      );
    if (currency !== product.currency)
      throw instrumentError(
        code,
        `its currency is ${product.currency} here and ${currency} in ${who}`,
      );
  }
  if (spec === undefined && product.increment === undefined)
    throw instrumentError(
      code,
      `${product.root} has no specification and no price increment is given`,
    );
  return product;
}

/** Growing samples of one contract. */
interface Samples {
  readonly labelUs: number[];
  readonly price: number[];
}

function collectSamples(
  root: string,
  prices: MultiplePrices,
  raw: MultiplePrices,
  increment: number,
): {
  samples: Map<ContractId, BarColumns>;
  days: Map<ContractId, BarColumns>;
  count: number;
  issues: RowIssue[];
} {
  const all = new Map<number, Samples>();
  const days = new Map<number, Samples>();
  const issues: RowIssue[] = [];
  let count = 0;
  const add = (
    into: Map<number, Samples>,
    month: number,
    labelUs: number,
    price: number,
  ): boolean => {
    if (Number.isNaN(price)) return false;
    let entry = into.get(month);
    if (entry === undefined) into.set(month, (entry = { labelUs: [], price: [] }));
    if (entry.labelUs.at(-1) === labelUs) return entry.price.at(-1) !== price;
    entry.labelUs.push(labelUs);
    entry.price.push(price);
    return false;
  };
  const isDayEnd = dayEnds(prices);
  for (let row = 0; row < prices.length; row += 1) {
    const labelUs = prices.labelUs[row]!;
    // A filled next price is only good for the gap: it is not a price of that contract at that label.
    const cells: readonly (readonly [number, number])[] = [
      [prices.priceContract[row]!, prices.price[row]!],
      [raw.forwardContract[row]!, raw.forward[row]!],
      [raw.carryContract[row]!, raw.carry[row]!],
    ];
    for (const [month, price] of cells) {
      const isOther = add(all, month, labelUs, price);
      if (isOther)
        issues.push({
          row: row + 2,
          reason: `two prices of ${month} at ${toIsoUtc(labelUs as TsUs)}; the held one is kept`,
        });
      if (isDayEnd[row] === 1) add(days, month, labelUs, price);
    }
  }
  for (const entry of all.values()) count += entry.price.length;
  return {
    samples: toSamples(root, all, increment),
    days: toSamples(root, days, increment),
    count,
    issues,
  };
}

/** 1 on the last row of each trade date that has a held price. */
function dayEnds(prices: MultiplePrices): Uint8Array {
  const out = new Uint8Array(prices.length);
  let next = NaN;
  for (let row = prices.length - 1; row >= 0; row -= 1) {
    if (Number.isNaN(prices.price[row]!)) continue;
    const date = tradeDateOf(prices.labelUs[row]!);
    if (date !== next) out[row] = 1;
    next = date;
  }
  return out;
}

/** 00:00:00 ends the date before, and a weekend belongs to Monday: the rule of the label calendar. */
function tradeDateOf(labelUs: number): number {
  const date = Math.floor((labelUs - 1) / US_PER_DAY) as TradeDate;
  const weekday = weekdayOf(date);
  return weekday === 6 ? date + 2 : weekday === 0 ? date + 1 : date;
}

/** Bars without length: a sample is one moment, so nothing can trade on it before its label. */
function toSamples(
  root: string,
  series: ReadonlyMap<number, Samples>,
  increment: number,
): Map<ContractId, BarColumns> {
  const out = new Map<ContractId, BarColumns>();
  for (const [month, { labelUs, price }] of [...series].sort((a, b) => a[0] - b[0])) {
    const closeUs = Float64Array.from(labelUs);
    const counts = Float64Array.from(price, (value) => value / increment);
    out.set(toContractId(root, Math.floor(month / 100), month % 100), {
      length: closeUs.length,
      openUs: closeUs,
      closeUs,
      open: counts,
      high: counts,
      low: counts,
      close: counts,
      volume: new Float64Array(closeUs.length).fill(NaN),
    });
  }
  return out;
}

/** A roll is where the held contract changes; its prices are those of the last row of the old contract. */
function findRolls(
  file: string,
  root: string,
  prices: MultiplePrices,
  raw: MultiplePrices,
  increment: number,
): GivenRoll[] {
  const rolls: GivenRoll[] = [];
  const idOf = (month: number): ContractId =>
    toContractId(root, Math.floor(month / 100), month % 100);
  for (let row = 1; row < prices.length; row += 1) {
    const last = row - 1;
    if (prices.priceContract[row] === prices.priceContract[last]) continue;
    const [from, to] = [idOf(prices.priceContract[last]!), idOf(prices.priceContract[row]!)];
    const atUs = prices.labelUs[last]! as TsUs;
    const [fromPrice, toPrice] = [prices.price[last]!, prices.forward[last]!];
    const isNext = prices.forwardContract[last] === prices.priceContract[row];
    if (!isNext || Number.isNaN(fromPrice) || Number.isNaN(toPrice))
      throw new TradingError(
        'E_ROLL_SCHEDULE',
        `${file}: the roll ${from} to ${to} at ${toIsoUtc(atUs)} has no price of ${isNext ? 'both contracts' : to}`,
        {
          details: { from, to, row: last + 2 },
          where: `${file}, last row of ${from}`,
          rule: 'the gap of a roll comes from the last row of the old contract: FORWARD - PRICE',
          fix: 'import with prices carried forward (isFilled) if the source was made that way',
        },
      );
    const isInferred = Number.isNaN(raw.price[last]!) || Number.isNaN(raw.forward[last]!);
    rolls.push({
      from,
      to,
      atUs,
      fromPrice: fromPrice / increment,
      toPrice: toPrice / increment,
      isInferred,
    });
  }
  return rolls;
}

/**
 * The carry contract of each held contract: the one of its first row, so that nothing later decides. Rows that name another
 * are listed once, with their count; their carry prices are kept under the contract that they name.
 */
function findCarry(
  root: string,
  prices: MultiplePrices,
): { contracts: Record<ContractId, ContractId>; issues: RowIssue[] } {
  const months = new Map<number, number>();
  const others = new Map<string, { row: number; held: number; carry: number; count: number }>();
  for (let row = 0; row < prices.length; row += 1) {
    const [held, carry] = [prices.priceContract[row]!, prices.carryContract[row]!];
    const first = months.get(held);
    if (first === undefined) months.set(held, carry);
    else if (first !== carry) {
      const other = others.get(`${held} ${carry}`) ?? { row: row + 2, held, carry, count: 0 };
      others.set(`${held} ${carry}`, { ...other, count: other.count + 1 });
    }
  }
  const issues = [...others.values()].map(({ row, held, carry, count }) => ({
    row,
    reason: `${count} row(s) from here on name ${carry} as carry contract of ${held}, the first one ${months.get(held)!}: carry of ${held} is measured against ${months.get(held)!}`,
  }));
  const idOf = (month: number): ContractId =>
    toContractId(root, Math.floor(month / 100), month % 100);
  const contracts = Object.fromEntries(
    [...months].map(([held, carry]) => [idOf(held), idOf(carry)]),
  ) as Record<ContractId, ContractId>;
  return { contracts, issues };
}

function instrumentError(code: string, why: string): TradingError {
  return new TradingError(
    'E_PYSYSTEMTRADE_INSTRUMENT',
    `pysystemtrade instrument ${code}: ${why}`,
    {
      details: { code },
      rule: 'a code must name a product of the same point size and currency',
      fix: 'give code, root, pointSize, currency and increment of the product',
    },
  );
}

function badRows(file: string, issues: readonly RowIssue[]): TradingError {
  const first = issues.slice(0, 20).map(({ row, reason }) => `row ${row}: ${reason}`);
  return new TradingError(
    'E_IMPORT_ROWS',
    `${issues.length} row(s) of ${file} cannot be read; ${first[0]}`,
    {
      details: { file, count: issues.length, first },
      where: `${file}, row ${issues[0]!.row}`,
      fix: 'correct the rows, or import with quarantine to leave them out',
    },
  );
}

export interface PysystemtradeImport extends PysystemtradeOptions {
  readonly catalog: Catalog;
  readonly dataset: string;
  /** Program and version, such as `frontmonth 0.1.0`. */
  readonly createdBy: string;
  /** Read one at a time, so that memory holds one instrument. */
  readonly files: Iterable<PysystemtradeFile>;
  readonly license?: string;
  readonly onInstrument?: (report: PysystemtradeReport) => void;
}

/**
 * Imports instruments into a dataset, in one commit. Products that are there already are replaced, others stay.
 * Intervals: `1h` holds every row, `1d` one bar a date. The roll calendar stands in `extra.rollCalendars`.
 * Errors: those of `readPysystemtrade` and of the catalog; the dataset is then as before.
 */
export function importPysystemtrade(options: PysystemtradeImport): {
  readonly dataset: Dataset;
  readonly reports: readonly PysystemtradeReport[];
} {
  const { catalog, dataset: name } = options;
  const isThere = catalog.names().includes(name);
  const dataset = isThere ? catalog.dataset(name) : catalog.createDataset(describe(options, []));
  const writer = dataset.beginWrite();
  const reports: PysystemtradeReport[] = [];
  const calendars: Record<string, unknown> = { ...calendarsOf(dataset.manifest) };
  try {
    for (const file of options.files) {
      const series = readPysystemtrade(file, options);
      const { root } = series.product;
      for (const segment of dataset.manifest.segments)
        if (segment.root === root) writer.removeSegment(segment);
      const { grids, currencies } = describe(options, [series]);
      calendars[root] = {
        name: `pysystemtrade/${file.code}`,
        first: series.firstHeld,
        rolls: series.rolls,
        carry: series.carry,
      };
      writer.describe({
        grids,
        currencies: currencies!,
        extra: { ...dataset.manifest.extra, rollCalendars: calendars },
      });
      putSeries(writer, series);
      reports.push(series.report);
      options.onInstrument?.(series.report);
    }
    return { dataset: writer.commit(), reports };
  } catch (cause) {
    writer.abort();
    throw cause;
  }
}

function putSeries(writer: DatasetWriter, series: PysystemtradeSeries): void {
  for (const [contract, bars] of series.samples) writer.putBarsByYear(contract, '1h', bars);
  for (const [contract, bars] of series.days) writer.putBarsByYear(contract, '1d', bars);
}

function describe(
  options: PysystemtradeImport,
  series: readonly PysystemtradeSeries[],
): DatasetMeta {
  return {
    name: options.dataset,
    createdBy: options.createdBy,
    isSynthetic: false,
    description:
      'Samples of single contracts from pysystemtrade multiple prices: one price per label, no volume. End-of-day rows are labelled 23:00.',
    source: 'pysystemtrade data/futures/multiple_prices_csv',
    ...(options.license === undefined ? {} : { license: options.license }),
    grids: Object.fromEntries(
      series.map(({ product, increment }) => [product.root, { kind: 'float', increment } as const]),
    ),
    volume: 'unknown',
    stamps: 'labels',
    barStamp: 'close',
    currencies: Object.fromEntries(series.map(({ product }) => [product.root, product.currency])),
  };
}

function calendarsOf(manifest: DatasetManifest): Readonly<Record<string, unknown>> {
  const calendars = manifest.extra?.['rollCalendars'];
  return typeof calendars === 'object' && calendars !== null
    ? (calendars as Readonly<Record<string, unknown>>)
    : {};
}

/** A roll calendar as it stands in a manifest. */
export interface GivenCalendar {
  readonly name: string;
  readonly first: ContractId;
  readonly rolls: readonly GivenRoll[];
  /** Carry contract by held contract, itself where the source names no other; datasets of earlier imports lack it. */
  readonly carry?: Readonly<Record<ContractId, ContractId>>;
}

/** The roll calendar that came with a product's data, or null when the dataset has none. */
export function givenCalendarOf(manifest: DatasetManifest, root: string): GivenCalendar | null {
  // Written by `importPysystemtrade`; `toGivenSchedule` refuses rolls that do not hold together.
  return (calendarsOf(manifest)[root] as GivenCalendar | undefined) ?? null;
}

/** The given schedule of a product of this dataset, or null. `indexOf` numbers contracts as the run does; `cost` is for the records. */
export function givenScheduleOf(
  manifest: DatasetManifest,
  root: string,
  indexOf: (id: ContractId) => number,
  cost?: RollCost | null,
): RollSchedule | null {
  const given = givenCalendarOf(manifest, root);
  return given === null
    ? null
    : toGivenSchedule({ root, ...given, indexOf, ...(cost === undefined ? {} : { cost }) });
}
