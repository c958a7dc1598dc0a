/**
 * A funded-account programme as data: the rules under which somebody else's money may be traded. Every rule is a switch that
 * is absent or spelled out; amounts are whole units of the account's currency. Firms differ and change their rules: a
 * programme says what its file says, no more.
 */

export const PROGRAMME_SCHEMA = 'frontmonth.programme/1';

export interface ProfitTarget {
  /** Profit over the start balance. */
  readonly amount: number;
  /** `balance` counts closed trades only, `equity` open results too. */
  readonly basis: 'balance' | 'equity';
  readonly tested: 'real-time' | 'end-of-day';
  /** What follows once it is reached: `stop` closes all positions and ends trading, `continue` only says so. */
  readonly onReach: 'stop' | 'continue';
}

export interface MaximumLoss {
  /** Distance of the floor from what it follows. */
  readonly amount: number;
  /** The floor stands below the start balance, the highest end of a trade date, or the highest moment. */
  readonly mode: 'static' | 'trailing-end-of-day' | 'trailing-intraday';
  /** What a trailing floor follows. Default: `balance` at the end of a day, `equity` inside it. */
  readonly raisedBy?: 'balance' | 'equity';
  readonly tested: 'real-time' | 'end-of-day';
  /** Whether the tested value holds open results. */
  readonly includesOpen: boolean;
  /** The floor never rises above the start balance plus this; 0 is the start balance itself. Absent: no lock. */
  readonly lockAt?: number;
}

export interface DailyLoss {
  readonly amount: number;
  /** What the limit is counted from, as it stood when the trade date began. */
  readonly from: 'balance' | 'equity' | 'higher';
  readonly includesOpen: boolean;
  /** Whether gains of the day raise the limit with them: not, those of closed trades, or open ones too. */
  readonly trailing: 'none' | 'realised' | 'floating';
  /** `block-day` liquidates and refuses new positions until the next trade date; `close` does so for good. */
  readonly action: 'none' | 'liquidate' | 'block-day' | 'close';
}

export interface FlatBy {
  /** HH:MM, wall time of `zone`. */
  readonly time: string;
  /** IANA zone. */
  readonly zone: string;
  /** Where a session ends before `time`, flat this many minutes before its end. */
  readonly beforeEarlyCloseMinutes: number;
}

export interface ScalingStep {
  /** From this profit over the start balance on. */
  readonly profit: number;
  readonly contracts: number;
}

export interface Scaling {
  /** The balance that decides: of the start of the trade date, or of the moment. */
  readonly basis: 'day-start' | 'real-time';
  readonly steps: readonly ScalingStep[];
  /** What a contract of a product counts, such as 0.1 for a micro; 1 where none is given. */
  readonly weights?: Readonly<Record<string, number>>;
}

export interface BestDay {
  /** The best trade date may be at most this much, in percent. */
  readonly sharePct: number;
  /** Of the whole profit, or of the profit target. */
  readonly of: 'profit' | 'target';
}

export interface TradeCount {
  readonly max: number;
  /** An order counts once, however many fills it has; one that reverses is an exit and an entry. */
  readonly counts: 'entries' | 'exits' | 'entries-and-exits' | 'round-turns';
}

export interface MinimumDays {
  readonly days: number;
  /** Trade dates with an entry, or with at least `profit`. */
  readonly counts: 'traded' | 'profitable';
  /** Default: anything above 0. */
  readonly profit?: number;
}

export interface Programme {
  readonly schema: typeof PROGRAMME_SCHEMA;
  readonly name: string;
  readonly currency: string;
  readonly startBalance: number;
  readonly profitTarget?: ProfitTarget;
  readonly maximumLoss?: MaximumLoss;
  readonly dailyLoss?: DailyLoss;
  readonly flatBy?: FlatBy;
  /** Roots of the products that may be traded; absent: all. */
  readonly products?: readonly string[];
  readonly scaling?: Scaling;
  readonly bestDay?: BestDay;
  readonly tradeCount?: TradeCount;
  readonly minimumDays?: MinimumDays;
}

export type ProgrammeRule =
  | 'profit-target'
  | 'maximum-loss'
  | 'daily-loss'
  | 'flat-by'
  | 'products'
  | 'scaling'
  | 'best-day'
  | 'trade-count'
  | 'minimum-days';

/** Why an order was denied. Stable: they reach disk and user interfaces. */
export type ProgrammeDenial =
  | 'programme-closed'
  | 'programme-passed'
  | 'programme-daily-loss'
  | 'programme-flat-by'
  | 'programme-products'
  | 'programme-scaling'
  | 'programme-trade-count';

/** One step of a programme, with the figures that decided it. Money in millionths. */
export interface ProgrammeDecision {
  readonly tsUs: number;
  readonly rule: ProgrammeRule;
  readonly effect:
    | 'closed'
    | 'passed'
    | 'liquidated'
    | 'blocked'
    | 'noted'
    | 'floor-raised'
    | 'floor-locked';
  /** The value that was tested and the level that it met. */
  readonly valueMicros: number;
  readonly levelMicros: number;
  /** What the level is counted from. */
  readonly basisMicros: number;
  readonly balanceMicros: number;
  readonly equityMicros: number;
  /** Closed trades alone reached the level, or open results had a part in it. */
  readonly trigger: 'realised' | 'floating';
  /** False where the order of prices inside a bar decides, and it is not known. */
  readonly isCertain: boolean;
}
