/**
 * The account of a run: from what its owner writes in whole units and local times to the rules, margins and fees that the
 * engine and the venue take. Pure; files come as text.
 */
import { TradingError } from '../core/errors.ts';
import type { ContractTable, InstrumentSpec } from '../core/instrument.ts';
import type {
  AccountRules,
  IntradayMargin,
  SettlementPrices,
  SettlementRule,
  SweepRule,
} from '../core/money/account-rules.ts';
import { defaultAccountRules } from '../core/money/account-rules.ts';
import type { FeeEntry, FeeRounding } from '../core/money/fees.ts';
import type { LiquidationRule } from '../core/money/liquidation.ts';
import type { ScanRules } from '../core/money/scan-margin.ts';
import { scanProblem } from '../core/money/scan-margin.ts';
import { SETTLE_ORDER } from '../core/money/settlement.ts';
import { parseContractId } from '../core/symbology.ts';
import { parseTradeDate } from '../core/trade-date.ts';
import type { TradeDate } from '../core/units.ts';
import { MICROS_PER_UNIT } from '../core/units.ts';
import type { MarginLevel, MarginRule } from '../sim/margin-model.ts';
import { MARGIN_PCT_BY_CLASS } from './costs.ts';
import type { AccountConfig, FeeConfig } from './define-config.ts';
import type { RunCosts } from './run-format.ts';

export interface TextFile {
  readonly text: string;
  readonly file: string;
}

/** What a run is given for its account. */
export interface AccountInputs {
  readonly account?: AccountConfig;
  readonly margins?: TextFile;
  readonly settlements?: TextFile;
}

const ALWAYS = -1_000_000 as TradeDate;

/** Errors: E_ACCOUNT for rules that contradict each other or the products, E_ACCOUNT_FILE with the line of a file. */
export function accountRulesOf(inputs: AccountInputs, table: ContractTable): AccountRules {
  const config = inputs.account ?? {};
  const { instruments } = table;
  const rules = defaultAccountRules(instruments.length);
  for (const part of ['intraday', 'fees', 'feeCurrency', 'settlement'] as const)
    checkRoots(part, Object.keys(config[part] ?? {}), instruments);
  return {
    ...rules,
    lots: config.lots ?? rules.lots,
    settleAt: config.settleAt ?? rules.settleAt,
    settlements:
      inputs.settlements === undefined ? null : parseSettlements(inputs.settlements, table),
    liquidation: liquidationOf(config.liquidation),
    intraday: instruments.map(({ root }) =>
      intradayOf(root, config.intraday?.[root] ?? config.intraday?.['default']),
    ),
    scan: scanOf(config.scan, instruments),
    sweep: sweepOf(config.sweep),
    settlement: instruments.map(({ root }) =>
      settlementOf(root, config.settlement?.[root] ?? config.settlement?.['default']),
    ),
    forceFlat: {
      beforeFirstNotice: config.forceFlat?.beforeFirstNotice ?? null,
      beforeLastTrade: config.forceFlat?.beforeLastTrade ?? null,
    },
    expiryFees: instruments.map(({ root }) =>
      (config.fees?.[root] ?? config.fees?.['default'] ?? []).map(feeEntryOf),
    ),
    feeCurrency: instruments.map(
      ({ root }) => config.feeCurrency?.[root] ?? config.feeCurrency?.['default'] ?? null,
    ),
    quoteFreshUs: Math.round((config.quoteFreshSeconds ?? 60) * MICROS_PER_UNIT),
  };
}

/** Dated levels from the margin file, else the assumed percentage of the notional. */
export function marginRulesOf(
  inputs: AccountInputs,
  instruments: readonly InstrumentSpec[],
): Record<string, MarginRule> {
  const dated =
    inputs.margins === undefined ? new Map<string, MarginLevel[]>() : parseMargins(inputs.margins);
  return Object.fromEntries(
    instruments.map((spec) => {
      const levels = dated.get(spec.root) ?? dated.get(spec.symbols.exchange);
      return levels === undefined
        ? [spec.root, { kind: 'notional', ...MARGIN_PCT_BY_CLASS[spec.assetClass] }]
        : [spec.root, { kind: 'fixed', levels }];
    }),
  );
}

/** Dated fees of the account, else the two amounts of `costs`. */
export function feeEntriesOf(
  inputs: AccountInputs,
  instruments: readonly InstrumentSpec[],
  costs: Readonly<Record<string, RunCosts>>,
): { entries: Record<string, FeeEntry[]>; rounding: Record<string, FeeRounding> } {
  const { fees, feeRounding } = inputs.account ?? {};
  const entries: Record<string, FeeEntry[]> = {};
  const rounding: Record<string, FeeRounding> = {};
  for (const { root } of instruments) {
    const given = fees?.[root] ?? fees?.['default'];
    const { commissionPerSide, exchangeFeePerSide } = costs[root]!;
    entries[root] = (
      given ?? [{ commission: commissionPerSide, exchange: exchangeFeePerSide }]
    ).map(feeEntryOf);
    if (feeRounding !== undefined)
      rounding[root] = { per: feeRounding.per, unitMicros: micros(feeRounding.unit) };
  }
  return { entries, rounding };
}

function feeEntryOf(fee: FeeConfig): FeeEntry {
  const optional = {
    clearingMicros: fee.clearing,
    regulatoryMicros: fee.regulatory,
    makerMicros: fee.maker,
    takerMicros: fee.taker,
    minimumPerOrderMicros: fee.minimumPerOrder,
    expiryMicros: fee.expiry,
  };
  return {
    from: fee.from === undefined ? ALWAYS : parseTradeDate(fee.from),
    commissionMicros: micros(fee.commission),
    exchangeMicros: micros(fee.exchange ?? 0),
    ...Object.fromEntries(
      Object.entries(optional).flatMap(([key, value]) =>
        value === undefined ? [] : [[key, micros(value)]],
      ),
    ),
  };
}

function micros(units: number): number {
  return Math.round(units * MICROS_PER_UNIT);
}

function checkRoots(
  part: string,
  roots: readonly string[],
  instruments: readonly InstrumentSpec[],
): void {
  // Other products may well be configured too; one that is spelled in lower case never matches.
  const slip = roots.find((root) =>
    instruments.some((spec) => spec.root !== root && spec.root === root.toUpperCase()),
  );
  if (slip !== undefined)
    throw accountError(`account.${part} names ${slip}`, 'products are named by their root', {
      fix: `write ${slip.toUpperCase()}`,
    });
}

function liquidationOf(given: AccountConfig['liquidation']): LiquidationRule {
  const buffer = (given?.bufferPct ?? 0) / 100;
  if (given?.policy === 'graceUntil') {
    if (given.until === undefined)
      throw accountError(
        'account.liquidation has no `until`',
        'graceUntil names the event that ends it',
        {
          fix: "add until: 'session-close', 'settlement' or 'next-session-open'",
        },
      );
    return { policy: { kind: 'graceUntil', event: given.until }, buffer };
  }
  if (given?.until !== undefined)
    throw accountError(
      `account.liquidation has \`until\` ${given.until} with the policy ${given.policy}`,
      '`until` belongs to graceUntil',
      { fix: "leave `until` out, or write policy: 'graceUntil'" },
    );
  return { policy: { kind: given?.policy ?? 'rejectNewRiskOnly' }, buffer };
}

function sweepOf(given: AccountConfig['sweep'] = 'never'): SweepRule {
  if (typeof given === 'string') return { every: given, aboveMicros: 0 };
  return { every: given.every ?? 'daily', aboveMicros: micros(given.above) };
}

function settlementOf(
  root: string,
  given: NonNullable<AccountConfig['settlement']>[string] = {},
): SettlementRule {
  const order = given.order ?? SETTLE_ORDER;
  if (new Set(order).size < order.length)
    throw accountError(
      `account.settlement.${root} has the order ${order.join(', ')}`,
      'a source is named once',
      { fix: 'take the second one out' },
    );
  const { windowSeconds } = given;
  return {
    windowUs: windowSeconds === undefined ? null : Math.round(windowSeconds * MICROS_PER_UNIT),
    order,
  };
}

function intradayOf(
  root: string,
  given: NonNullable<AccountConfig['intraday']>[string] | undefined,
): IntradayMargin | null {
  if (given === undefined) return null;
  const maintenance = given.maintenance ?? given.initial;
  if (!(maintenance > 0 && given.initial >= maintenance))
    throw accountError(
      `account.intraday.${root} has initial ${given.initial} and maintenance ${maintenance}`,
      'initial >= maintenance > 0',
      {
        fix: 'correct the two amounts',
      },
    );
  if (given.from === given.until)
    throw accountError(
      `account.intraday.${root} is from ${given.from} until ${given.until}`,
      'a window has a length',
      { fix: 'correct `from` or `until`' },
    );
  return {
    initialMicros: micros(given.initial),
    maintenanceMicros: micros(maintenance),
    fromMinute: minuteOf(given.from),
    untilMinute: minuteOf(given.until),
  };
}

function minuteOf(clock: string): number {
  const [hours, minutes] = clock.split(':').map(Number);
  return hours! * 60 + minutes!;
}

function scanOf(
  given: AccountConfig['scan'],
  instruments: readonly InstrumentSpec[],
): ScanRules | null {
  if (given === undefined) return null;
  // Products that are not in the run hold nothing; a credit that names one of them gives nothing.
  const isHere = (root: string): boolean => instruments.some((spec) => spec.root === root);
  const rules: ScanRules = {
    products: Object.entries(given.products).map(([root, { range, interMonth }]) => ({
      root,
      rangeMicros: micros(range),
      interMonthMicros: micros(interMonth ?? 0),
    })),
    credits: (given.credits ?? []).map(({ legs, pct, sides }) => ({
      legs: [
        { root: legs[0][0], ratio: legs[0][1] },
        { root: legs[1][0], ratio: legs[1][1] },
      ],
      creditPct: pct,
      ...(sides === undefined ? {} : { sides }),
    })),
    initialFactor: given.initialFactor ?? 1.1,
  };
  const problem = scanProblem(rules);
  if (problem !== null)
    throw accountError(
      `account.scan: ${problem}`,
      'ranges are positive, credits name scanned products',
      {
        fix: 'correct account.scan',
      },
    );
  return {
    ...rules,
    products: rules.products.filter(({ root }) => isHere(root)),
    credits: rules.credits.filter(({ legs }) => legs.every(({ root }) => isHere(root))),
  };
}

// ------------------------------------------------------------------------------------------------- files

/**
 * Dated margin levels by root: a header with root, date, initial and maintenance, which may come again. Dates are YYYYMMDD or YYYY-MM-DD; amounts per contract, in whole units of the product's currency.
 * Errors: E_ACCOUNT_FILE with the line.
 */
export function parseMargins({ text, file }: TextFile): Map<string, MarginLevel[]> {
  const byRoot = new Map<string, MarginLevel[]>();
  let header: string[] | null = null;
  eachLine(
    text,
    (cells, refuse) => {
      if (header === null || cells.includes('initial')) {
        header = cells;
        if (['root', 'date', 'initial', 'maintenance'].every((name) => cells.includes(name)))
          return;
        throw refuse('the header names root, date, initial and maintenance');
      }
      const cell = (name: string): string => cells[header!.indexOf(name)] ?? '';
      const root = cell('root');
      const level: MarginLevel = {
        from: dateOf(cell('date'), refuse),
        initialMicros: amountOf(cell('initial'), refuse),
        maintenanceMicros: amountOf(cell('maintenance'), refuse),
      };
      if (!(level.maintenanceMicros > 0 && level.initialMicros >= level.maintenanceMicros))
        throw refuse('initial >= maintenance > 0');
      const levels = byRoot.get(root) ?? [];
      if (levels.length > 0 && levels.at(-1)!.from >= level.from)
        throw refuse(`dates of ${root} increase`);
      levels.push(level);
      byRoot.set(root, levels);
    },
    file,
  );
  return byRoot;
}

/**
 * Official prices: `date,contract,price` and, where the file has the column, `kind` (`daily` or `final`). Decimal prices; they may
 * lie between two ticks. Rows of contracts that are not in the run are left alone.
 */
export function parseSettlements({ text, file }: TextFile, table: ContractTable): SettlementPrices {
  const daily = new Map<string, number>();
  const final = new Map<number, number>();
  let header: string[] | null = null;
  eachLine(
    text,
    (cells, refuse) => {
      if (header === null) {
        header = cells;
        if (['date', 'contract', 'price'].every((name) => cells.includes(name))) return;
        throw refuse('the header names date, contract and price, and perhaps kind');
      }
      const cell = (name: string): string => cells[header!.indexOf(name)] ?? '';
      const date = dateOf(cell('date'), refuse);
      const price = decimalOf(cell('price'));
      if (!Number.isFinite(price)) throw refuse('a price is a decimal number');
      const kind = cell('kind') === '' ? 'daily' : cell('kind');
      if (kind !== 'daily' && kind !== 'final') throw refuse('kind is daily or final');
      const c = table.indexOf(contractOf(cell('contract'), refuse));
      if (c < 0) return;
      const key = `${c} ${date}`;
      if (kind === 'final' ? final.has(c) : daily.has(key)) throw refuse('a price is given once');
      const ticks = snapped(price / table.instrumentOf(c).grid.increment);
      if (kind === 'final') final.set(c, ticks);
      else daily.set(key, ticks);
    },
    file,
  );
  if (header === null)
    throw new TradingError('E_ACCOUNT_FILE', `${file} is empty`, {
      where: `${file}:1`,
      rule: 'the header names date, contract and price, and perhaps kind',
      fix: 'write the header and the prices, or leave `settlements` out',
    });
  return {
    daily: (c, date) => daily.get(`${c} ${date}`) ?? NaN,
    final: (c) => final.get(c) ?? NaN,
  };
}

/** A price on the grid is a whole count in spite of binary fractions; one between counts stays where it is. */
function snapped(counts: number): number {
  const whole = Math.round(counts);
  return Math.abs(counts - whole) < 1e-7 ? whole : counts;
}

type Refuse = (rule: string) => TradingError;

function eachLine(
  text: string,
  read: (cells: string[], refuse: Refuse) => void,
  file: string,
): void {
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    read(
      trimmed.split(',').map((cell) => cell.trim()),
      (rule) =>
        new TradingError('E_ACCOUNT_FILE', `${file} line ${i + 1}: "${trimmed}"`, {
          where: `${file}:${i + 1}`,
          rule,
          fix: 'correct the line',
        }),
    );
  }
}

function dateOf(text: string, refuse: Refuse): TradeDate {
  const iso = /^\d{8}$/.test(text)
    ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`
    : text;
  try {
    return parseTradeDate(iso);
  } catch {
    throw refuse('a date is YYYYMMDD or YYYY-MM-DD');
  }
}

function amountOf(text: string, refuse: Refuse): number {
  const amount = micros(decimalOf(text));
  if (Number.isNaN(amount)) throw refuse('amounts are numbers');
  if (!Number.isSafeInteger(amount)) throw refuse('amounts are below 9,000,000,000');
  return amount;
}

/** NaN for what is no plain decimal number: `Number` reads hexadecimal and nothing at all as well. */
function decimalOf(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
}

function contractOf(text: string, refuse: Refuse): ReturnType<typeof parseContractId>['id'] {
  try {
    return parseContractId(text).id;
  } catch {
    throw refuse('a contract is named like ESZ2025');
  }
}

function accountError(message: string, rule: string, { fix }: { fix: string }): TradingError {
  return new TradingError('E_ACCOUNT', message, { rule, fix });
}
