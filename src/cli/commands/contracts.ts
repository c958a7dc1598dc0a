/** `frontmonth contracts [product or symbol]`. */
import type { ResolvedSymbol, SymbolVenue } from '../../calendars/symbology.ts';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import type { ContractSpec, InstrumentSpec } from '../../core/instrument.ts';
import { didYouMean } from '../../core/suggest.ts';
import { addDays, parseTradeDate, toIsoDate } from '../../core/trade-date.ts';
import type { TradeDate } from '../../core/units.ts';
import { toIsoUtc } from '../../core/units.ts';
import { calendarTextsOf } from '../calendar-texts.ts';
import type { CommandCall } from '../command.ts';
import { textArg, textFlag } from '../command.ts';
import { dateFlag, numberFlag } from '../flag-values.ts';
import { instrumentsDirOf } from '../instruments-dir.ts';
import type { ContractBook } from '../services.ts';
import { renderTable } from '../table.ts';
import { fieldLines, wrap } from '../wrap.ts';

const VENUES: readonly { readonly venue: SymbolVenue; readonly title: string }[] = [
  { venue: 'globex', title: 'Globex' },
  { venue: 'projectx', title: 'ProjectX' },
  { venue: 'cqg', title: 'CQG' },
  { venue: 'ib', title: 'IB' },
];
const MS_PER_DAY = 86_400_000;
/** Business days are counted from 1960 to 2050; a chain looks some months back and some contracts ahead. */
const FIRST_YEAR = 1961;
const LAST_YEAR = 2046;

/** What the pages of this command share: the contracts, and the day they are looked at. */
interface View {
  readonly call: CommandCall;
  readonly book: ContractBook;
  readonly spec: InstrumentSpec;
  /** Today in UTC, or the date of `--at`. */
  readonly at: TradeDate;
}

export async function run(call: CommandCall): Promise<ExitCode> {
  const config = await call.config();
  const services = await call.services();
  const specs = await services.loadInstruments(instrumentsDirOf(config));
  const word = textArg(call, 0);
  if (word === '') {
    listProducts(call, [...specs.values()]);
    return EXIT.ok;
  }
  const atText = dateFlag(call, 'at');
  const at =
    atText === undefined
      ? (Math.floor(call.host.nowMs() / MS_PER_DAY) as TradeDate)
      : chainDate(atText);
  const book = await services.contractBook(specs.values(), await calendarTextsOf(config));
  const spec = specs.get(word.toUpperCase());
  if (spec !== undefined && textFlag(call, 'venue') === undefined) {
    showProduct({ call, book, spec, at }, atText !== undefined);
    return EXIT.ok;
  }
  const symbol = resolve(call, book, word, at, [...specs.keys()]);
  showContract({ call, book, spec: specs.get(symbol.root)!, at }, word, symbol);
  return EXIT.ok;
}

/** A date that chains can be asked for. Errors: E_FLAG_VALUE where business days are not counted. */
function chainDate(text: string): TradeDate {
  const year = Number(text.slice(0, 4));
  if (year < FIRST_YEAR || year > LAST_YEAR) {
    throw new TradingError('E_FLAG_VALUE', `--at ${text} is no date that contracts are known for`, {
      where: `--at ${text}`,
      rule: `contract dates are counted from ${FIRST_YEAR} to ${LAST_YEAR}`,
      fix: 'choose a date on which the product trades',
    });
  }
  return parseTradeDate(text);
}

export function unknownProduct(
  word: string,
  known: readonly string[],
  where: string = word,
): TradingError {
  return new TradingError('E_INSTRUMENT_UNKNOWN', `there is no product ${word}`, {
    where,
    fix: didYouMean(word, known, '`frontmonth contracts` lists the products'),
    details: { name: word },
  });
}

/** A word with a digit in it is meant as a symbol; any other as a product. */
function resolve(
  call: CommandCall,
  book: ContractBook,
  word: string,
  at: TradeDate,
  known: readonly string[],
): ResolvedSymbol {
  const venue = textFlag(call, 'venue') as SymbolVenue | undefined;
  try {
    return venue === undefined
      ? book.symbology.resolve(word, at)
      : book.symbology.parse(venue, word, at);
  } catch (error) {
    const isUnknown = error instanceof TradingError && error.code === 'E_SYMBOL_UNKNOWN';
    if (isUnknown && venue === undefined && !/\d$/.test(word)) throw unknownProduct(word, known);
    throw error;
  }
}

function showProduct(view: View, isChain: boolean): void {
  const { call, book, spec, at } = view;
  const count = numberFlag(call, 'count', { min: 1, max: 240 }) ?? 12;
  const contracts = isChain ? book.chainAt(spec, at, count) : contractsOfYears(view);
  call.out.result(
    'frontmonth.contracts/1',
    {
      product: productJson(spec, book),
      at: toIsoDate(at),
      contracts: contracts.map((contract) => contractJson(contract, view)),
    },
    () => `${productText(view)}\n\n${contractTable(view, contracts)}`,
  );
}

function contractsOfYears({ call, book, spec, at }: View): readonly ContractSpec[] {
  const thisYear = Number(toIsoDate(at).slice(0, 4));
  // A product that has ended is shown around its end.
  const last = spec.lastContract === undefined ? Infinity : Number(spec.lastContract.slice(0, 4));
  const year = Math.min(thisYear, last);
  const from = numberFlag(call, 'from', { min: 1900, max: 2199 }) ?? year - 1;
  const to = numberFlag(call, 'to', { min: from, max: 2199 }) ?? Math.max(from, year + 1);
  return book.contracts(spec, from, to);
}

function showContract(view: View, word: string, symbol: ResolvedSymbol): void {
  const { call, book, spec, at } = view;
  const contract = book.contract(spec, symbol.year, symbol.month);
  const around = book.neighbours(spec, contract);
  const neighbours = {
    previous: around.previous?.id ?? null,
    forward: around.forward?.id ?? null,
    carry: around.carry?.id ?? null,
  };
  call.out.result(
    'frontmonth.contract/1',
    {
      symbol: word,
      venues: symbol.venues,
      at: toIsoDate(at),
      product: productJson(spec, book),
      contract: contractJson(contract, view),
      neighbours,
    },
    () => {
      const { dates } = contract;
      const width = call.out.width('stdout');
      return [
        ...wrap(`${contract.id}   ${spec.name}, ${spec.exchange}`, width, 2),
        ...fieldLines(
          [
            ...(word === contract.id ? [] : [['read as', readAs(word, symbol, at)] as const]),
            [
              'last trade',
              `${toIsoDate(dates.lastTradeDate)}, until ${toIsoUtc(dates.lastTradeUs)}`,
            ],
            ['days left', daysLeft(contract, at) ?? 'ended'],
            ['first notice', noticeText(spec, contract)],
            ['dates', datesText(spec, contract)],
            ['settlement', spec.settlement],
            ['multiplier', `${spec.multiplier} ${spec.currency}, tick ${spec.grid.increment}`],
            ...symbolFields(view, contract),
            ['previous', neighbours.previous ?? 'none'],
            ['forward', neighbours.forward ?? 'none'],
            ['carry', neighbours.carry ?? 'none'],
          ],
          width,
        ),
      ].join('\n');
    },
  );
}

function readAs(word: string, symbol: ResolvedSymbol, at: TradeDate): string {
  const titles = symbol.venues.map(
    (venue) => VENUES.find((one) => one.venue === venue)?.title ?? 'our own id',
  );
  return `${word} of ${titles.join(', ')} on ${toIsoDate(at)}`;
}

/** Days from the date to the last trade; null once it has ended. */
function daysLeft(contract: ContractSpec, at: TradeDate): string | null {
  const days = contract.dates.lastTradeDate - at;
  return days < 0 ? null : String(days);
}

function noticeText(spec: InstrumentSpec, contract: ContractSpec): string {
  const date = contract.dates.firstNoticeDate;
  if (date !== null) return toIsoDate(date);
  return spec.settlement === 'cash' ? 'none: settled in cash' : 'none by rule';
}

function datesText(spec: InstrumentSpec, contract: ContractSpec): string {
  const { dates } = contract;
  const confidence = `confidence ${dates.confidence ?? spec.confidence}`;
  return dates.kind === 'exact'
    ? `exact, by the exchange's rule${dates.basis === 'rule' ? ' over holidays that are not published yet' : ''}; ${confidence}`
    : `approximate: ${dates.why ?? 'not by a published calendar'}; ${confidence}`;
}

/** The symbol at a venue, or why there is none. */
function symbolAt(view: View, contract: ContractSpec, venue: SymbolVenue): string | null {
  // A contract that has ended is written as it was on its last day.
  const at = Math.min(view.at, contract.dates.lastTradeDate) as TradeDate;
  try {
    return view.book.symbology.formatOrNull(venue, contract.id, at);
  } catch (error) {
    if (error instanceof TradingError && error.code === 'E_SYMBOL_YEAR') return null;
    throw error;
  }
}

function symbolFields(view: View, contract: ContractSpec): (readonly [string, string])[] {
  const { ib } = view.spec.symbols;
  const texts = VENUES.flatMap(({ venue, title }) => {
    const symbol = symbolAt(view, contract, venue);
    return symbol === null ? [] : [[title, symbol] as const];
  });
  if (ib === undefined) return texts;
  const key = view.book.symbology.toIbKey(contract.id);
  return [
    ...texts,
    [
      'IB key',
      `${key.symbol} ${key.exchange} ${key.tradingClass} ${key.lastTradeDateOrContractMonth}`,
    ],
  ];
}

function listProducts(call: CommandCall, specs: readonly InstrumentSpec[]): void {
  call.out.result(
    'frontmonth.products/1',
    specs.map((spec) => productFields(spec)),
    () =>
      renderTable(
        call.out,
        [
          { title: 'root', cell: (spec) => spec.root },
          { title: 'name', cell: (spec) => spec.name },
          { title: 'exchange', priority: 1, cell: (spec) => spec.exchange },
          { title: 'currency', priority: 2, cell: (spec) => spec.currency },
          { title: 'multiplier', align: 'right', cell: (spec) => String(spec.multiplier) },
          { title: 'tick', align: 'right', cell: (spec) => String(spec.grid.increment) },
          { title: 'months', priority: 3, cell: (spec) => spec.listedMonths },
        ],
        specs,
      ),
  );
}

function productFields(spec: InstrumentSpec): Record<string, unknown> {
  const { root, name, exchange, currency, multiplier, listedMonths, holdCycle, settlement } = spec;
  const tickSize = spec.grid.increment;
  return {
    root,
    name,
    exchange,
    currency,
    multiplier,
    tickSize,
    listedMonths,
    holdCycle,
    settlement,
  };
}

function productJson(spec: InstrumentSpec, book: ContractBook): Record<string, unknown> {
  const rules = book.rulesInWords(spec);
  return {
    ...productFields(spec),
    serialMonths: spec.serialMonths ?? null,
    cycles: spec.cycles ?? null,
    listedSince: spec.listedSince ?? null,
    firstContract: spec.firstContract ?? null,
    listing: spec.listing ?? null,
    lastContract: spec.lastContract ?? null,
    lastTradeRule: rules.lastTrade,
    lastTradeTime: spec.lastTradeTime,
    firstNoticeRule: rules.firstNotice,
    symbols: spec.symbols,
    confidence: spec.confidence,
  };
}

/** `, from 2018M on`, and how sure the date is where it is not sure. */
function listingWords({ firstContract, listing }: InstrumentSpec): string {
  const first = firstContract === undefined ? '' : `, from contract ${firstContract}`;
  return listing?.confidence === 'low' ? `${first} (the day is not known)` : first;
}

function productText({ call, book, spec }: View): string {
  const tickValue = spec.countValue.num / spec.countValue.den / 1_000_000;
  const rules = book.rulesInWords(spec);
  const { lastTradeTime: time, serialMonths: serial } = spec;
  const width = call.out.width('stdout');
  const ended =
    spec.lastContract === undefined ? '' : `; the last contract was ${spec.lastContract}`;
  const since =
    spec.listedSince === undefined ? '' : `; since ${spec.listedSince}${listingWords(spec)}`;
  const near =
    serial === undefined ? '' : `; ${serial.letters} among the nearest ${serial.nearest} months`;
  return [
    ...wrap(`${spec.root}   ${spec.name}, ${spec.exchange}`, width, 2),
    ...fieldLines(
      [
        ['multiplier', `${spec.multiplier} ${spec.currency}, quoted in ${spec.quoteUnit}`],
        ['tick', `${spec.grid.increment}, worth ${tickValue} ${spec.currency}`],
        ['months', `${spec.listedMonths}, held in ${spec.holdCycle}${near}${since}${ended}`],
        ...(spec.cycles === undefined ? [] : [['months before', cyclesText(spec)] as const]),
        [
          'last trade',
          `${rules.lastTrade}${time === null ? ', at the close' : `, ${time.local} ${time.tz}`}`,
        ],
        [
          'first notice',
          rules.firstNotice ?? (spec.settlement === 'cash' ? 'none: settled in cash' : 'none'),
        ],
        ['settlement', spec.settlement],
        ['confidence', spec.confidence],
        ...(spec.note === undefined ? [] : [['note', spec.note] as const]),
        ...spec.sources.map(({ what, date }) => ['source', `${what}, read ${date}`] as const),
      ],
      width,
    ),
  ].join('\n');
}

function cyclesText(spec: InstrumentSpec): string {
  return spec
    .cycles!.slice(0, -1)
    .map(({ from, to, listed, hold }) => {
      const span = from === undefined ? `to ${to}` : `${from} to ${to}`;
      return `${span}: ${listed}, ${hold === undefined ? 'none held' : `held in ${hold}`}`;
    })
    .join('; ');
}

function contractJson(contract: ContractSpec, view: View): Record<string, unknown> {
  const { dates } = contract;
  const days = dates.lastTradeDate - view.at;
  return {
    id: contract.id,
    lastTradeDate: toIsoDate(dates.lastTradeDate),
    firstDayAfter: toIsoDate(addDays(dates.lastTradeDate, 1)),
    lastTradeUtc: toIsoUtc(dates.lastTradeUs),
    firstNoticeDate: dates.firstNoticeDate === null ? null : toIsoDate(dates.firstNoticeDate),
    daysLeft: days < 0 ? null : days,
    settlement: view.spec.settlement,
    kind: dates.kind,
    basis: dates.kind === 'exact' ? (dates.basis ?? 'published') : null,
    why: dates.kind === 'exact' ? null : (dates.why ?? null),
    confidence: dates.confidence ?? view.spec.confidence,
    symbols: {
      ...Object.fromEntries(
        VENUES.map(({ venue }) => [venue, symbolAt(view, contract, venue)] as const),
      ),
      ibKey: view.spec.symbols.ib === undefined ? null : view.book.symbology.toIbKey(contract.id),
    },
  };
}

function contractTable(view: View, contracts: readonly ContractSpec[]): string {
  const columns = VENUES.filter(({ venue }) =>
    contracts.some((contract) => symbolAt(view, contract, venue) !== null),
  );
  const rank: Readonly<Record<SymbolVenue, number>> = { globex: 2, projectx: 5, cqg: 4, ib: 6 };
  return renderTable(
    view.call.out,
    [
      { title: 'contract', cell: (contract) => contract.id },
      { title: 'last trade', cell: (contract) => toIsoDate(contract.dates.lastTradeDate) },
      {
        title: 'days left',
        align: 'right',
        cell: (contract) => daysLeft(contract, view.at) ?? '–',
      },
      {
        title: 'first notice',
        cell: ({ dates }) =>
          dates.firstNoticeDate === null ? '–' : toIsoDate(dates.firstNoticeDate),
      },
      { title: 'dates', priority: 1, cell: (contract) => contract.dates.kind },
      { title: 'ends UTC', priority: 3, cell: (contract) => toIsoUtc(contract.dates.lastTradeUs) },
      ...columns.map(({ venue, title }) => ({
        title,
        priority: rank[venue],
        cell: (contract: ContractSpec) => symbolAt(view, contract, venue) ?? '–',
      })),
    ],
    contracts,
  );
}
