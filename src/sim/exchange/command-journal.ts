/**
 * The commands of one market as data. What a market did follows from them alone: the same commands, on a fresh market or on
 * a snapshot from between them, give the same reports, the same state and the same hashes.
 */
import type { MarketGroupInput } from '../groups/group-input.ts';
import type { MarketOptions, SessionTimes } from './contract-market.ts';
import { ContractMarket } from './contract-market.ts';
import type {
  MarketOrderInput,
  MarketPhase,
  MarketReplaceInput,
  MarketReport,
  MarketSink,
} from './market-order.ts';
import type { MarketSnapshot } from './snapshot.ts';
import { RunningHash } from './state-hash.ts';

/** One command. `undefined` limits are none. */
export type MarketCommand =
  | { readonly do: 'submit'; readonly tsUs: number; readonly input: MarketOrderInput }
  | { readonly do: 'group'; readonly tsUs: number; readonly input: MarketGroupInput }
  | {
      readonly do: 'cancel';
      readonly tsUs: number;
      readonly participant: number;
      readonly clOrdId: string;
    }
  | {
      readonly do: 'replace';
      readonly tsUs: number;
      readonly participant: number;
      readonly clOrdId: string;
      readonly change: MarketReplaceInput;
    }
  | { readonly do: 'phase'; readonly tsUs: number; readonly phase: MarketPhase }
  | { readonly do: 'advance'; readonly tsUs: number }
  | {
      readonly do: 'limits';
      readonly tsUs: number;
      readonly lowTicks?: number;
      readonly highTicks?: number;
    }
  | { readonly do: 'session'; readonly tsUs: number; readonly times: SessionTimes }
  | { readonly do: 'reference'; readonly tsUs: number; readonly priceTicks: number }
  | { readonly do: 'mark'; readonly tsUs: number; readonly priceTicks: number }
  | {
      readonly do: 'position';
      readonly tsUs: number;
      readonly participant: number;
      readonly netQty: number;
    };

/** Carries out one command. */
export function applyCommand(market: ContractMarket, command: MarketCommand): void {
  const { tsUs } = command;
  switch (command.do) {
    case 'submit':
      market.submit(command.input, tsUs);
      return;
    case 'group':
      market.submitGroup(command.input, tsUs);
      return;
    case 'cancel':
      market.cancel(command.participant, command.clOrdId, tsUs);
      return;
    case 'replace':
      market.replace(command.participant, command.clOrdId, command.change, tsUs);
      return;
    case 'phase':
      market.setPhase(command.phase, tsUs);
      return;
    case 'advance':
      market.advance(tsUs);
      return;
    case 'limits':
      market.setLimits(command.lowTicks ?? -Infinity, command.highTicks ?? Infinity, tsUs);
      return;
    case 'session':
      market.setSession(command.times);
      return;
    case 'reference':
      market.setReference(command.priceTicks);
      return;
    case 'mark':
      market.setMark(command.priceTicks, tsUs);
      return;
    case 'position':
      market.setPosition(command.participant, command.netQty, tsUs);
      return;
  }
}

/** A snapshot with the place in the journal at which it was taken. */
export interface JournalMark {
  /** Commands carried out before it. */
  readonly seq: number;
  readonly market: MarketSnapshot;
  readonly commandHash: readonly [number, number];
  readonly reportHash: readonly [number, number];
}

/** A market with its journal: every command is written down, numbered and hashed before it is carried out. */
export class MarketJournal {
  readonly market: ContractMarket;
  readonly #commands: MarketCommand[] = [];
  readonly #commandHash: RunningHash;
  readonly #reportHash: RunningHash;
  /** Commands before the first one that is kept. */
  #from: number;

  /** A fresh market, or one that goes on from a mark. Errors: E_SNAPSHOT. */
  constructor(sink: MarketSink, from: MarketOptions | JournalMark = {}) {
    const isMark = 'commandHash' in from;
    this.#commandHash = isMark ? RunningHash.from(from.commandHash) : new RunningHash();
    this.#reportHash = isMark ? RunningHash.from(from.reportHash) : new RunningHash();
    this.#from = isMark ? from.seq : 0;
    const heard: MarketSink = {
      onReport: (report) => {
        foldReport(this.#reportHash, report);
        sink.onReport(report);
      },
      onPrint: (...print) => sink.onPrint?.(...print),
      onPhase: (...phase) => sink.onPhase?.(...phase),
      onGroup: (event) => sink.onGroup?.(event),
      onQuiet: (tsUs) => sink.onQuiet?.(tsUs),
    };
    this.market = isMark
      ? ContractMarket.restore(from.market, heard)
      : new ContractMarket(heard, from);
  }

  /** Commands carried out since the market was new. */
  get seq(): number {
    return this.#from + this.#commands.length;
  }
  /** Running hash of every command, and of every report. */
  get commandHash(): string {
    return this.#commandHash.hex;
  }
  get reportHash(): string {
    return this.#reportHash.hex;
  }

  apply(command: MarketCommand): void {
    this.#commands.push(command);
    this.#commandHash.text(JSON.stringify(command));
    applyCommand(this.market, command);
  }

  /** A snapshot of this moment, from which the commands after it lead on. */
  mark(): JournalMark {
    return {
      seq: this.seq,
      market: this.market.snapshot(),
      commandHash: this.#commandHash.state,
      reportHash: this.#reportHash.state,
    };
  }

  /** The commands after a place in the journal; those before a `trim` are gone. */
  tail(seq: number): readonly MarketCommand[] {
    return this.#commands.slice(Math.max(0, seq - this.#from));
  }

  /** Forgets the commands before a place, from which a mark leads on. */
  trim(seq: number): void {
    const count = Math.max(0, seq - this.#from);
    this.#commands.splice(0, count);
    this.#from += count;
  }
}

/** Carries out commands on a fresh market, or on one that goes on from a mark. Errors: E_SNAPSHOT. */
export function replayJournal(
  commands: readonly MarketCommand[],
  from: MarketOptions | JournalMark,
  sink: MarketSink = { onReport: () => {} },
): MarketJournal {
  const journal = new MarketJournal(sink, from);
  for (const command of commands) journal.apply(command);
  return journal;
}

function foldReport(hash: RunningHash, report: MarketReport): void {
  hash.text(report.kind).number(report.participant).text(report.clOrdId).text(report.reason);
  hash.number(report.tsUs).number(report.lastQty).number(report.lastPriceTicks);
  hash.number(report.tradeId).number(report.order === null ? -1 : report.order.leavesQty);
}
