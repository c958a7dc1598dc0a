/**
 * One contract at the exchange: its market with the journal, marks from time to time, and what happens when the exchange
 * falls over and comes back from the last mark and the commands after it.
 */
import type { MarketCommand, JournalMark } from '../exchange/command-journal.ts';
import { MarketJournal, replayJournal } from '../exchange/command-journal.ts';
import type { ContractMarket } from '../exchange/contract-market.ts';
import type { MarketPhase, MarketReport } from '../exchange/market-order.ts';
import { stateHash } from '../exchange/state-hash.ts';
import { GroupChecks } from './group-checks.ts';
import { Ledger } from './ledger.ts';
import { MarketChecks } from './market-checks.ts';
import type { MarketSpec, WorldCounts } from './world-types.ts';
import { InvariantBroken, must } from './world-types.ts';

/** Commands between two marks. */
const MARK_EVERY = 4000;

export interface HostListener {
  onReport(host: MarketHost, report: MarketReport): void;
  onPhase(host: MarketHost, phase: MarketPhase): void;
}

export class MarketHost {
  readonly spec: MarketSpec;
  readonly index: number;
  /** Number of the contract, and the day after which it is settled for good. */
  contract: number = 0;
  lastDay: number = 0;
  checks!: MarketChecks;
  groups: GroupChecks = new GroupChecks();
  ledger!: Ledger;
  referenceTicks: number;
  readonly #listener: HostListener;
  readonly #counts: WorldCounts;
  #journal!: MarketJournal;
  /** As it would be read from a file. */
  #mark!: string;
  #isReplaying: boolean = false;

  constructor(spec: MarketSpec, index: number, listener: HostListener, counts: WorldCounts) {
    this.spec = spec;
    this.index = index;
    this.#listener = listener;
    this.#counts = counts;
    this.referenceTicks = spec.startTicks;
    this.ledger = new Ledger(spec.tickMicros, spec.feeMicros);
    this.list(0);
  }

  get market(): ContractMarket {
    return this.#journal.market;
  }
  /** The contract's index for orders. */
  get contractIndex(): number {
    return this.index * 1000 + this.contract;
  }
  get hashes(): string {
    const state = stateHash(this.#journal.market.snapshot());
    return `${this.#journal.commandHash}${this.#journal.reportHash}${state}`;
  }

  /** Opens the market of the next contract. */
  list(day: number): void {
    this.contract += 1;
    this.lastDay = day + this.spec.contractDays - 1;
    this.#counts.contracts += 1;
    this.checks = MarketChecks.for(this.spec.options);
    this.groups = new GroupChecks();
    this.#journal = this.#start(this.spec.options);
    this.#mark = JSON.stringify(this.#journal.mark());
  }

  apply(command: MarketCommand): void {
    this.#counts.commands += 1;
    if (command.do === 'group') this.groups.open(command.input);
    this.#journal.apply(command);
    this.checks.after(this.market);
    this.groups.after(this.market);
    if (this.#journal.seq % 16 === 0) {
      this.checks.checkLevels(this.market);
      this.checks.checkQueues(this.market);
    }
    if (this.#journal.seq % MARK_EVERY === 0) this.mark();
  }

  /** A mark; the one before it and the commands since must lead to the same state, reports and hashes. */
  mark(): void {
    this.#counts.marks += 1;
    const before = JSON.parse(this.#mark) as JournalMark;
    const next = JSON.stringify(this.#journal.mark());
    const replayed = JSON.stringify(replayJournal(this.#journal.tail(before.seq), before).mark());
    if (replayed !== next)
      this.#explain(JSON.parse(replayed) as JournalMark, JSON.parse(next) as JournalMark);
    this.#mark = next;
    this.#journal.trim(this.#journal.seq);
  }

  /** Which part of two marks differs. */
  #explain(replayed: JournalMark, next: JournalMark): never {
    const isSame = (of: (mark: JournalMark) => unknown): boolean =>
      JSON.stringify(of(replayed)) === JSON.stringify(of(next));
    const details = { market: this.spec.name, to: next.seq };
    if (!isSame((mark) => mark.commandHash))
      throw new InvariantBroken('the journal has the hash of its commands', details);
    if (!isSame((mark) => mark.reportHash))
      throw new InvariantBroken('a snapshot and its tail give the same reports', details);
    const fields = Object.keys(next.market) as (keyof JournalMark['market'])[];
    const differing = fields.filter((field) => !isSame((mark) => mark.market[field]));
    throw new InvariantBroken('a snapshot and its tail lead to the same state', {
      ...details,
      differing,
    });
  }

  /** The process ends here and now; another one takes over from the mark and the journal. */
  restart(): void {
    const before = JSON.stringify(this.#journal.mark());
    const mark = JSON.parse(this.#mark) as JournalMark;
    const tail = this.#journal.tail(mark.seq);
    this.#isReplaying = true;
    this.#journal = this.#start(mark);
    for (const command of tail) this.#journal.apply(command);
    this.#isReplaying = false;
    const after = JSON.stringify(this.#journal.mark());
    must(after === before, 'a restart leads to the state before it', () => ({
      market: this.spec.name,
      from: mark.seq,
      commands: tail.length,
    }));
    const byId = new Map(this.market.openOrders().map((order) => [order.orderId, order]));
    this.checks.forget((id) => byId.get(id) ?? null);
  }

  #start(from: ConstructorParameters<typeof MarketJournal>[1]): MarketJournal {
    return new MarketJournal(
      {
        onReport: (report) => {
          if (this.#isReplaying) return;
          this.#counts.reports += 1;
          this.#listener.onReport(this, report);
          this.checks.onReport(report, this.market.phase);
          this.groups.onReport(report);
          if (report.kind === 'Fill') {
            const { input } = report.order!;
            this.ledger.fill(input.participant, input.side, report.lastQty, report.lastPriceTicks);
          }
        },
        onPhase: (phase) => {
          if (!this.#isReplaying) this.#listener.onPhase(this, phase);
        },
        onPrint: (priceTicks, qty) => {
          if (this.#isReplaying) return;
          this.#counts.trades += 1;
          this.checks.onPrint(priceTicks, qty);
        },
      },
      from,
    );
  }
}
