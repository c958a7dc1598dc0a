/** Options of the simulated gateway. What nobody has recorded of the real service is an option with a name of its own. */
import { TradingError } from '../../../core/errors.ts';
import type { Programme } from '../../../core/programme/programme.ts';
import type { HubTimes } from '../signalr/connection.ts';
import { HUB_TIMES } from '../signalr/connection.ts';

/** How things are written on the wire. */
export interface WireOptions {
  /** User events as `{action, data}`, as recorded, or the bare object, as documented. */
  readonly userEvents: 'wrapped' | 'bare';
  /** Trades and depth as arrays, as recorded, or one object an event, as documented. */
  readonly marketEvents: 'arrays' | 'objects';
  /** Digits of a second on the stream. Answers over REST have 6. */
  readonly streamDigits: 6 | 7;
  /** Times without trailing zeros. */
  readonly isTimeTrimmed: boolean;
  /** Numbers for numbers only, or texts that hold one too: in bodies and in arguments of hub methods. */
  readonly argumentTypes: 'strict' | 'lenient';
}

/** The bracket machine. Times are of the simulated clock. */
export interface BracketOptions {
  /** From the entry's fill until its exits work. */
  readonly activationUs: number;
  /** From the fill of one exit until the other is cancelled. */
  readonly cancelUs: number;
  /** A partly filled entry: its exits work for what was filled and grow, or wait for all of it. */
  readonly onPartialEntry: 'grow' | 'wait';
  /** Exits are priced from the entry's first fill, or from the average at the time of activation. */
  readonly priceFrom: 'first-fill' | 'average';
  /** A partly filled exit: the other one shrinks, stays as it is, or goes. */
  readonly onPartialExit: 'reduce' | 'keep' | 'cancel';
  /** One exit cancelled by hand: the other stays, or goes. */
  readonly onLegCancel: 'keep' | 'cancel';
  /** One exit given another size: the other stays as it is, or follows. */
  readonly onLegResize: 'keep' | 'follow';
  /** A change of an exit that is still suspended. */
  readonly modifySuspended: 'refuse' | 'apply';
  /** An entry cancelled after a partial fill: its exits stay for what was filled, or go. */
  readonly onEntryCancel: 'keep' | 'cancel';
  /** Exits of an entry without a tag have none either, or carry the suffix alone. */
  readonly untaggedChildren: 'none' | 'suffix';
  /** `closeContract` and other exits by hand: exits of brackets stay at work, or go once the position is flat. */
  readonly onFlat: 'keep' | 'cancel';
  /** Ticks between an entry and its stop at least. */
  readonly stopTicksMin: number;
}

export interface RateLimit {
  readonly requests: number;
  readonly seconds: number;
}

export interface GatewayOptions {
  readonly wire: WireOptions;
  readonly brackets: BracketOptions;
  /** Ticks of a trailing stop at most on place. */
  readonly trailTicksMax: number;
  /** The same limit on modify. */
  readonly isTrailModifyLimited: boolean;
  /** Limit and stop prices farther than this from the last price, in percent of it, are refused; null: none are. */
  readonly priceRangePercent: number | null;
  /** Stop-limit orders (type 3) by API. */
  readonly stopLimit: 'refuse' | 'accept';
  /** An order outside trading hours: place code 2 with a text, or code 5. */
  readonly closedAnswer: 'rejected' | 'outside-hours';
  /** Cancel of an order that has ended. */
  readonly cancelEnded: 'not-found' | 'rejected';
  /** A market order shows as open before its fill. */
  readonly isOpenShownForMarket: boolean;
  /** Time of an order on its way to the market, and of a change or cancel; simulated clock. */
  readonly orderUs: number;
  readonly cancelUs: number;
  /** Rows of one answer of bars at most. */
  readonly barsCap: number;
  /** `live: true` finds nothing: the credentials have the simulated feed alone. */
  readonly hasLiveData: boolean;
  /** Limits by user over a sliding window; null: none. */
  readonly rates: { readonly history: RateLimit; readonly other: RateLimit } | null;
  readonly tokenHours: number;
  readonly hub: HubTimes;
  /** Ended orders and trades that an account keeps. */
  readonly historyKept: number;
}

export const DEFAULT_OPTIONS: GatewayOptions = {
  wire: {
    userEvents: 'wrapped',
    marketEvents: 'arrays',
    streamDigits: 7,
    isTimeTrimmed: false,
    argumentTypes: 'strict',
  },
  brackets: {
    activationUs: 18_000,
    cancelUs: 13_000,
    onPartialEntry: 'grow',
    priceFrom: 'first-fill',
    onPartialExit: 'reduce',
    onLegCancel: 'keep',
    onLegResize: 'keep',
    modifySuspended: 'refuse',
    onEntryCancel: 'keep',
    untaggedChildren: 'none',
    onFlat: 'keep',
    stopTicksMin: 4,
  },
  trailTicksMax: 1000,
  isTrailModifyLimited: false,
  priceRangePercent: null,
  stopLimit: 'refuse',
  closedAnswer: 'rejected',
  cancelEnded: 'not-found',
  isOpenShownForMarket: false,
  orderUs: 0,
  cancelUs: 0,
  barsCap: 20_000,
  hasLiveData: false,
  rates: null,
  tokenHours: 24,
  hub: HUB_TIMES,
  historyKept: 100_000,
};

/** The limits that the service documents. */
export const DOCUMENTED_RATES: NonNullable<GatewayOptions['rates']> = {
  history: { requests: 50, seconds: 30 },
  other: { requests: 200, seconds: 60 },
};

/** What is given of the options; the rest is the default. */
export type GatewayOptionsInput = Partial<Omit<GatewayOptions, 'wire' | 'brackets' | 'hub'>> & {
  readonly wire?: Partial<WireOptions>;
  readonly brackets?: Partial<BracketOptions>;
  readonly hub?: Partial<HubTimes>;
};

/** Errors: E_GATEWAY_OPTION. */
export function gatewayOptions(input: GatewayOptionsInput = {}): GatewayOptions {
  const options: GatewayOptions = {
    ...DEFAULT_OPTIONS,
    ...input,
    wire: { ...DEFAULT_OPTIONS.wire, ...input.wire },
    brackets: { ...DEFAULT_OPTIONS.brackets, ...input.brackets },
    hub: { ...HUB_TIMES, ...input.hub },
  };
  const { brackets } = options;
  const whole: readonly (readonly [string, number, number])[] = [
    ['brackets.activationUs', brackets.activationUs, 0],
    ['brackets.cancelUs', brackets.cancelUs, 0],
    ['brackets.stopTicksMin', brackets.stopTicksMin, 0],
    ['trailTicksMax', options.trailTicksMax, 1],
    ['orderUs', options.orderUs, 0],
    ['cancelUs', options.cancelUs, 0],
    ['barsCap', options.barsCap, 1],
    ['historyKept', options.historyKept, 100],
  ];
  for (const [name, value, least] of whole) {
    if (!(Number.isSafeInteger(value) && value >= least))
      throw optionError(name, value, `a whole number from ${least}`);
  }
  if (!(options.tokenHours > 0)) throw optionError('tokenHours', options.tokenHours, 'above 0');
  return options;
}

export function optionError(field: string, value: unknown, rule: string): TradingError {
  return new TradingError('E_GATEWAY_OPTION', `${field} cannot be ${String(value)}`, {
    details: { field, value },
    rule: `${field} is ${rule}`,
    fix: `correct ${field}; the reference of the simulated gateway lists the options`,
  });
}

/** How an account treats brackets: pairs by entry, in ticks, or one pair for the position, in money. */
export type BracketMode =
  | { readonly kind: 'auto-oco' }
  | {
      readonly kind: 'position';
      /** Dollars from the average price, for the whole position; left out: no such exit. */
      readonly stopLoss?: number;
      readonly takeProfit?: number;
    };

export interface AccountConfig {
  /** Names begin with their stage: `PRAC-…`, `50KTC-…`, `EXPRESS-…`. */
  readonly name: string;
  /** Default: given in order from 7001 on. */
  readonly id?: number;
  /** Whole dollars. Default 50,000; with a programme its start balance. */
  readonly balance?: number;
  readonly canTrade?: boolean;
  readonly isVisible?: boolean;
  /** Default true. */
  readonly simulated?: boolean;
  /** Follows another account: cancels are refused. */
  readonly isFollower?: boolean;
  /** Default: pairs by entry. */
  readonly brackets?: BracketMode;
  /** Rules of a funded account. */
  readonly programme?: Programme;
  /** Contracts that a position may have with everything at work; default: no limit. */
  readonly maxContracts?: number;
  /** Dollars of a round turn of one contract, by product code or root. */
  readonly fees?: Readonly<Record<string, number>>;
}

export interface UserConfig {
  readonly userName: string;
  readonly apiKey: string;
  /** For `loginApp`. */
  readonly password?: string;
  readonly accounts: readonly AccountConfig[];
  /** Logins are refused with this code: 7 agreements not signed, 9 no subscription, 10 keys switched off. */
  readonly loginError?: number;
}
