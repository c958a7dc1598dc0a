/** `frontmonth exchange serve`: a simulated gateway composed of users, markets, data and time, on a port. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Calendars } from '../calendars/registry.ts';
import { chainAt } from '../calendars/chain.ts';
import { intervalUs } from '../core/bars.ts';
import { TradingError } from '../core/errors.ts';
import type { ContractId, InstrumentSpec } from '../core/instrument.ts';
import type { Scheduler } from '../core/live.ts';
import type { TradingCalendar } from '../core/ports.ts';
import { parseContractId, toContractId } from '../core/symbology.ts';
import { addDays, parseTradeDate } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import { toTsUs, US_PER_DAY } from '../core/units.ts';
import type { Dataset } from '../data/catalog.ts';
import { systemScheduler } from '../live/shared/system-scheduler.ts';
import { openCatalog } from '../data/catalog.ts';
import { loadInstruments } from '../data/instruments.ts';
import { openCalendars } from '../research/calendar-files.ts';
import { flatDeadlines, parseProgramme, readProgramme } from '../research/programme.ts';
import type { RunningServer } from '../sim/gateways/projectx/server.ts';
import { serveGateway } from '../sim/gateways/projectx/server.ts';
import { parseGatewayFile } from '../sim/gateways/projectx/config-file.ts';
import type { GatewayFile } from '../sim/gateways/projectx/config-file.ts';
import type {
  DaySource,
  FaultScript,
  GatewayContract,
  GatewayMarket,
  MarketFeed,
  MarketKind,
} from '../sim/gateways/projectx/index.ts';
import {
  BarFeed,
  contractOfSpec,
  Gateway,
  mergeFeeds,
  parseFaults,
  SampleFeed,
  samplePast,
  SessionFeed,
  TickFeed,
} from '../sim/gateways/projectx/index.ts';

export interface ExchangeOptions {
  readonly protocol: 'projectx';
  readonly instrumentsDir: string;
  readonly catalogDir: string;
  /** A dataset of the catalog; null: the sample market, which makes itself. */
  readonly dataset: string | null;
  /** First trade date of a dataset, YYYY-MM-DD. Default: its first data. */
  readonly from?: string;
  /** Products or contracts: `ES`, `ESZ2026`. Default: four of the sample, or all of the dataset. */
  readonly contracts?: readonly string[];
  /** Default 1. */
  readonly speed?: number;
  readonly seed?: number;
  readonly host?: string;
  readonly port?: number;
  readonly accountsFile?: string;
  readonly faultsFile?: string;
  readonly tlsKeyFile?: string;
  readonly tlsCertFile?: string;
  /** Key of the demo user. Default: drawn. */
  readonly apiKey?: string;
}

/** What the process lends. */
export interface ExchangeHost {
  readonly scheduler: Scheduler;
  /** Bytes that nobody can guess. */
  readonly random: (bytes: number) => Uint8Array;
}

export interface ServedExchange {
  readonly protocol: 'projectx';
  /** REST and hubs. */
  readonly url: string;
  readonly userHub: string;
  readonly marketHub: string;
  readonly adminUrl: string;
  readonly adminToken: string;
  /** The key of the demo user is told; keys of a file are not. */
  readonly users: readonly {
    readonly userName: string;
    readonly apiKey: string | null;
    readonly accounts: readonly { readonly id: number; readonly name: string }[];
  }[];
  readonly contracts: readonly {
    readonly id: string;
    readonly name: string;
    readonly market: MarketKind | 'bars';
  }[];
  readonly speed: number;
  readonly startUs: TsUs;
  close(): Promise<void>;
}

const SAMPLE_ROOTS = ['ES', 'MES', 'NQ', 'CL'];
/** About where a made-up market begins; any number would do. */
const SAMPLE_PRICES: Readonly<Record<string, number>> = {
  ES: 6000,
  MES: 6000,
  NQ: 21000,
  MNQ: 21000,
  RTY: 2300,
  M2K: 2300,
  YM: 44000,
  MYM: 44000,
  CL: 70,
  MCL: 70,
  GC: 2600,
  MGC: 2600,
  ZN: 110,
  '6E': 1.08,
};
const CONTRACTS_MAX = 20;
/** As far back as the service has minute bars. */
const PAST_US = 63 * US_PER_DAY;
const SESSIONS_AHEAD_DAYS = 400;

interface Source {
  readonly market: GatewayMarket;
  readonly calendar: TradingCalendar;
  readonly told: MarketKind | 'bars';
  readonly feeds: readonly MarketFeed[];
}

/**
 * Composes a gateway and serves it. Errors: E_GATEWAY_OPTION, E_GATEWAY_CONTRACT, E_GATEWAY_FAULTS, E_DATASET_UNKNOWN,
 * E_DATA_SPAN, E_EXCHANGE_FILE, E_EXCHANGE_PORT.
 */
export async function serveExchange(
  options: ExchangeOptions,
  { scheduler, random }: ExchangeHost,
): Promise<ServedExchange> {
  const { speed = 1, seed = 1 } = options;
  const text = (bytes: number): string => Buffer.from(random(bytes)).toString('base64url');
  const file = options.accountsFile === undefined ? null : readAccounts(options.accountsFile);
  const apiKey = options.apiKey ?? text(24);
  const users = file?.users ?? [
    {
      userName: 'demo',
      apiKey,
      accounts: [{ name: 'PRAC-DEMO-1' }, { name: 'PRAC-DEMO-2', balance: 150_000 }],
    },
  ];
  const faults: FaultScript | null =
    options.faultsFile === undefined ? null : parseFaults(readJson(options.faultsFile));
  const instruments = loadInstruments(options.instrumentsDir);
  const calendars = openCalendars([], 'rules');
  const { sources, startUs } =
    options.dataset === null
      ? sampleSources(options, instruments, calendars, scheduler.nowUs(), seed)
      : catalogSources(options, options.dataset, instruments, calendars);
  const adminToken = text(18);
  const [first] = sources;
  const gateway = new Gateway({
    users,
    markets: sources.map(({ market }) => market),
    ...(file === null ? {} : { options: file.options }),
    scheduler,
    clock: { kind: 'paced', startUs, speed, skipsClosed: options.dataset !== null },
    days: daysOf(first!.calendar),
    feed: mergeFeeds(sources.flatMap(({ feeds }) => feeds)),
    ...(faults === null ? {} : { faults }),
    flatTimes: flatTimes(users, first!.calendar, startUs),
    secret: random(32),
    newId: () => text(12),
    adminToken,
  });
  // A book is the sum of all its changes: those before the start are worked off first.
  gateway.advanceTo(startUs);
  gateway.start();
  const server = await listen(gateway, scheduler, options);
  return {
    protocol: 'projectx',
    url: server.url,
    userHub: `${server.url}/hubs/user`,
    marketHub: `${server.url}/hubs/market`,
    adminUrl: `${server.url}/admin`,
    adminToken,
    users: users.map((user) => ({
      userName: user.userName,
      apiKey: file === null ? user.apiKey : null,
      accounts: gateway.accounts
        .filter(({ userName }) => userName === user.userName)
        .map(({ id, config }) => ({ id, name: config.name })),
    })),
    contracts: sources.map(({ market, told }) => ({
      id: market.contract.id,
      name: market.contract.name,
      market: told,
    })),
    speed,
    startUs: toTsUs(startUs),
    close: () => server.close(),
  };
}

async function listen(
  gateway: Gateway,
  scheduler: Scheduler,
  options: ExchangeOptions,
): Promise<RunningServer> {
  const { host, port, tlsKeyFile, tlsCertFile } = options;
  if ((tlsKeyFile === undefined) !== (tlsCertFile === undefined))
    throw new TradingError('E_GATEWAY_OPTION', 'TLS needs a key and a certificate', {
      details: { field: 'tls', value: tlsKeyFile ?? tlsCertFile },
      rule: '--tls-key and --tls-cert stand together',
      fix: 'name both files, in PEM',
    });
  try {
    return await serveGateway(gateway, scheduler, {
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(tlsKeyFile === undefined || tlsCertFile === undefined
        ? {}
        : { tls: { key: readText(tlsKeyFile), cert: readText(tlsCertFile) } }),
    });
  } catch (cause) {
    gateway.stop();
    if (cause instanceof TradingError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TradingError('E_EXCHANGE_PORT', `the exchange cannot listen: ${why}`, {
      details: { field: 'port', value: port ?? 0 },
      rule: 'the address is of this machine and the port is free',
      fix: 'leave --port out, or name another one',
      cause,
    });
  }
}

// ---------------------------------------------------------------------------------------------------------- sources

/** Each market makes itself, around the clock. */
function sampleSources(
  options: ExchangeOptions,
  instruments: ReadonlyMap<string, InstrumentSpec>,
  calendars: Calendars,
  nowUs: number,
  seed: number,
): { readonly sources: readonly Source[]; readonly startUs: number } {
  const date = Math.floor(nowUs / US_PER_DAY) as TradeDate;
  const sources = (options.contracts ?? SAMPLE_ROOTS).map((wanted, index): Source => {
    const { contract, spec } = frontOf(wanted, instruments, calendars, date);
    const startTicks = Math.round((SAMPLE_PRICES[spec.root] ?? 100) / spec.grid.increment);
    const market: GatewayMarket = {
      contract,
      host: { kind: 'exchange' },
      history: [samplePast(seed * 31 + index, nowUs, startTicks)],
    };
    const feeds = [new SampleFeed({ contract: index, seed, startUs: nowUs, startTicks })];
    return { market, calendar: calendars.forInstrument(spec), told: 'exchange', feeds };
  });
  return { sources, startUs: nowUs };
}

function frontOf(
  wanted: string,
  instruments: ReadonlyMap<string, InstrumentSpec>,
  calendars: Calendars,
  date: TradeDate,
): { readonly contract: GatewayContract; readonly spec: InstrumentSpec } {
  const isRoot = instruments.has(wanted);
  const root = isRoot ? wanted : parseContractId(wanted).root;
  const spec = specOf(root, instruments);
  const id = isRoot
    ? chainAt(spec, calendars, date, { count: 1 }).contracts[0]!
    : { ...parseContractId(wanted), dates: null };
  const contract = {
    id: toContractId(root, id.year, id.month),
    root,
    year: id.year,
    month: id.month,
  };
  return { contract: contractOfSpec(contract, spec), spec };
}

function specOf(root: string, instruments: ReadonlyMap<string, InstrumentSpec>): InstrumentSpec {
  const spec = instruments.get(root);
  if (spec !== undefined) return spec;
  throw new TradingError('E_GATEWAY_CONTRACT', `there is no product ${root}`, {
    details: { field: 'contracts', value: root },
    rule: 'contracts are products or contract ids, such as ES or ESZ2026',
    fix: '`frontmonth contracts` lists the products',
  });
}

/** The record of a dataset: the finest kind that it has of each contract. */
function catalogSources(
  options: ExchangeOptions,
  name: string,
  instruments: ReadonlyMap<string, InstrumentSpec>,
  calendars: Calendars,
): { readonly sources: readonly Source[]; readonly startUs: number } {
  const dataset = openCatalog(options.catalogDir).dataset(name);
  const chosen = chooseContracts(dataset, options.contracts);
  const fromUs =
    options.from === undefined
      ? Math.min(...chosen.map(({ firstUs }) => firstUs))
      : openOf(parseTradeDate(options.from), specOf(chosen[0]!.root, instruments), calendars);
  // The clock begins with the first event, not in the night before it.
  let startUs = Infinity;
  const opened = chosen.map((each, index) => {
    const spec = specOf(each.root, instruments);
    const feeds = openFeeds(dataset, each, index, toTsUs(fromUs));
    for (const feed of feeds) startUs = Math.min(startUs, feed.nextUs());
    return { each, spec, feeds };
  });
  if (startUs < fromUs) startUs = fromUs;
  if (startUs === Infinity)
    throw new TradingError(
      'E_DATA_SPAN',
      `${name} has nothing from ${options.from ?? 'its start'} on`,
      {
        details: { field: 'from', value: options.from ?? null },
        rule: 'the first day of the exchange lies inside the data',
        fix: '`frontmonth data show` tells the span of each contract',
      },
    );
  const sources = opened.map(({ each, spec, feeds }, index): Source => {
    const calendar = calendars.forInstrument(spec);
    const isOpen = calendar.isOpen(toTsUs(startUs));
    const date = calendar.tradeDateOf(toTsUs(startUs));
    const sessions = calendar.sessions(addDays(date, -7), addDays(date, SESSIONS_AHEAD_DAYS));
    const contract = contractOfSpec({ ...parseContractId(each.contract) }, spec);
    const kind = each.kind === 'bars' ? 'quotes' : each.kind;
    const hasPrints = each.kind === 'bars' || each.kind === 'mbo' || each.hasTrades;
    const market: GatewayMarket = {
      contract,
      host: {
        kind,
        startPhase: isOpen ? 'open' : 'closed',
        trigger: hasPrints ? 'last' : 'bid-ask',
      },
      history: pastOf(dataset, each.contract, startUs),
    };
    return {
      market,
      calendar,
      told: each.kind,
      feeds: [new SessionFeed(index, sessions, startUs), ...feeds],
    };
  });
  return { sources, startUs };
}

interface Chosen {
  readonly contract: ContractId;
  readonly root: string;
  readonly kind: 'mbo' | 'depth' | 'quotes' | 'trades' | 'bars';
  readonly hasTrades: boolean;
  readonly firstUs: number;
}

const KINDS = ['mbo', 'depth', 'quotes', 'trades', 'bars'] as const;

function chooseContracts(
  dataset: Dataset,
  wanted: readonly string[] | undefined,
): readonly Chosen[] {
  const all = [...new Set(KINDS.flatMap((kind) => dataset.contracts(undefined, kind)))];
  const isWanted = (id: ContractId): boolean =>
    wanted === undefined || wanted.includes(id) || wanted.includes(parseContractId(id).root);
  const found = all.filter(isWanted).map((contract): Chosen => {
    const kind = KINDS.find((each) => dataset.contracts(undefined, each).includes(contract))!;
    const interval = kind === 'bars' ? finest(dataset, contract) : null;
    const { firstUs } = dataset.span(contract, interval, kind)!;
    const hasTrades = dataset.contracts(undefined, 'trades').includes(contract);
    return { contract, root: parseContractId(contract).root, kind, hasTrades, firstUs };
  });
  if (found.length > 0 && found.length <= CONTRACTS_MAX) return found;
  throw new TradingError(
    'E_GATEWAY_CONTRACT',
    found.length === 0
      ? `${dataset.name} has none of these contracts`
      : `${found.length} contracts are too many for one exchange`,
    {
      details: { field: 'contracts', value: wanted?.join(',') ?? null },
      rule: `an exchange has 1 to ${CONTRACTS_MAX} contracts`,
      fix: `choose with --contracts, such as ${all.slice(-3).join(',')}`,
    },
  );
}

function finest(dataset: Dataset, contract: ContractId): ReturnType<Dataset['intervals']>[number] {
  return dataset.intervals(contract).toSorted((a, b) => intervalUs(a) - intervalUs(b))[0]!;
}

function openFeeds(dataset: Dataset, each: Chosen, index: number, from: TsUs): MarketFeed[] {
  const { contract, kind, hasTrades } = each;
  if (kind === 'bars')
    return [
      new BarFeed(index, dataset.bars({ contract, from, interval: finest(dataset, contract) })),
    ];
  const feeds: MarketFeed[] = [];
  // A trade comes before the quote that shows what is left.
  if (hasTrades && kind !== 'mbo')
    feeds.push(new TickFeed('trades', index, dataset.trades({ contract, from })));
  if (kind === 'quotes') feeds.push(new TickFeed(kind, index, dataset.quotes({ contract, from })));
  // A book is the sum of all its changes: it is read from its beginning.
  else if (kind === 'depth') feeds.push(new TickFeed(kind, index, dataset.depth({ contract })));
  else if (kind === 'mbo') feeds.push(new TickFeed(kind, index, dataset.mbo({ contract })));
  return feeds;
}

function pastOf(
  dataset: Dataset,
  contract: ContractId,
  startUs: number,
): NonNullable<GatewayMarket['history']> {
  if (!dataset.contracts(undefined, 'bars').includes(contract)) return [];
  const interval = finest(dataset, contract);
  if (intervalUs(interval) > 3_600_000_000) return [];
  const source = dataset.bars({
    contract,
    interval,
    from: toTsUs(startUs - PAST_US),
    to: toTsUs(startUs),
  });
  const out: NonNullable<ReturnType<typeof source.next>>[] = [];
  for (let batch = source.next(); batch !== null; batch = source.next()) out.push(batch);
  source.close();
  return out;
}

function openOf(date: TradeDate, spec: InstrumentSpec, calendars: Calendars): number {
  const sessions = calendars.forInstrument(spec).sessions(date, addDays(date, 7));
  return sessions.openUs[0] ?? date * US_PER_DAY;
}

function daysOf(calendar: TradingCalendar): DaySource {
  return {
    openUs: (tsUs) => {
      const at = toTsUs(tsUs);
      return calendar.sessionAt(at)?.openUs ?? calendar.nextOpenUs(at);
    },
    tradeDate: (tsUs) => calendar.tradeDateOf(toTsUs(tsUs)),
  };
}

/** When the accounts with such a rule are made flat. */
function flatTimes(
  users: GatewayFile['users'],
  calendar: TradingCalendar,
  startUs: number,
): { readonly account: string; readonly tsUs: number }[] {
  const date = calendar.tradeDateOf(toTsUs(startUs));
  return users
    .flatMap(({ accounts }) => accounts)
    .flatMap(({ name, programme }) =>
      programme === undefined
        ? []
        : flatDeadlines(programme, [calendar], date, addDays(date, SESSIONS_AHEAD_DAYS)).map(
            ({ tsUs }) => ({ account: name, tsUs }),
          ),
    )
    .filter(({ tsUs }) => tsUs > startUs);
}

// ------------------------------------------------------------------------------------------------------------ files

function readAccounts(path: string): GatewayFile {
  return parseGatewayFile(readJson(path), path, (programme) =>
    typeof programme === 'string'
      ? readProgramme(resolve(dirname(path), programme))
      : parseProgramme(programme, path),
  );
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readText(path)) as unknown;
  } catch (cause) {
    if (cause instanceof TradingError) throw cause;
    throw new TradingError('E_EXCHANGE_FILE', `${path} is not JSON`, {
      where: path,
      details: { field: 'file', value: path },
      rule: 'accounts and faults are JSON files',
      fix: 'correct the file; the how-to page of the exchange shows one',
      cause,
    });
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new TradingError('E_EXCHANGE_FILE', `${path} cannot be read`, {
      where: path,
      details: { field: 'file', value: path },
      rule: 'the file exists and may be read',
      fix: 'correct the path',
      cause,
    });
  }
}

/** The wall clock, and chance of the machine. */
export function realHost(): ExchangeHost {
  return { scheduler: systemScheduler, random: (bytes) => randomBytes(bytes) };
}
