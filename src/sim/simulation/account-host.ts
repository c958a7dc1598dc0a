/** One account of the world: its connection to the exchange, the market data that it gets, and the checks on both. */
import type { ExecutionReport } from '../../core/execution.ts';
import type { Agenda } from './agenda.ts';
import { Phase } from './agenda.ts';
import { AccountChecks } from './account-checks.ts';
import type { AccountSetup, SimulatedAccount, Told } from './account-port.ts';
import type { Chance } from './chance.ts';
import type { Look, Request } from './desk.ts';
import { refusalsOf } from './desk.ts';
import type { LineCounts, LineFaults } from './line.ts';
import { Line } from './line.ts';
import type { MarketHost } from './market-host.ts';
import { must, SECOND_US } from './world-types.ts';

export interface AccountHostOptions {
  readonly agenda: Agenda;
  readonly hosts: readonly MarketHost[];
  readonly setup: Omit<AccountSetup, 'send'>;
  readonly make: (setup: AccountSetup) => SimulatedAccount;
  readonly network: readonly [up: Chance, down: Chance];
  readonly lines: LineCounts;
  readonly onRequest: (request: Request) => void;
}

export class AccountHost {
  readonly participant: number;
  readonly account: SimulatedAccount;
  readonly #agenda: Agenda;
  readonly #hosts: readonly MarketHost[];
  readonly #up: Line<Request>;
  readonly #down: Line<Told>;
  readonly #checks: AccountChecks;
  readonly #feedUs: number;

  constructor(options: AccountHostOptions) {
    const { agenda, hosts, setup, make, network, lines, onRequest } = options;
    const { chance } = setup;
    this.participant = setup.participant;
    this.#agenda = agenda;
    this.#hosts = hosts;
    this.#feedUs = chance.int(100, 20_000);
    const faults: LineFaults = {
      latencyUs: [chance.int(50, 500), chance.int(1000, 40_000)],
      lostOneIn: 150,
      twiceOneIn: 60,
      lateOneIn: 80,
      lateUs: chance.int(1, 5) * SECOND_US,
    };
    this.#up = new Line(agenda, network[0], Phase.arrival, faults, lines, onRequest);
    this.#down = new Line(agenda, network[1], Phase.deliver, faults, lines, (told) =>
      this.#hear(told),
    );
    this.account = make({ ...setup, send: (request) => this.#send(request) });
    this.#checks = new AccountChecks(this.account.limits);
  }

  get isOnline(): boolean {
    return this.#up.isUp;
  }
  get isQuiet(): boolean {
    return this.#up.isQuiet && this.#down.isQuiet;
  }

  tell(told: Told): void {
    this.#down.send(told);
  }

  /** A report of the exchange; of a fill the position there is what it is after it. */
  onReport(host: MarketHost, report: ExecutionReport, side: 1 | -1): void {
    if (report.fill !== undefined) {
      const { participant } = this;
      const after = host.ledger.netOf(participant) + side * report.fill.lastQty;
      const before = after - side * report.fill.lastQty;
      const { clOrdId } = report;
      this.#checks.onFill(this.account.isForced(clOrdId), clOrdId, before, after, after);
    }
    this.tell({ kind: 'report', report });
  }

  /** A trade: the account hears of it a little later, if it is connected. */
  onPrice(contractIndex: number, ticks: number): void {
    if (!this.isOnline) return;
    this.#agenda.at(this.#agenda.nowUs + this.#feedUs, Phase.deliver, () => {
      if (this.isOnline) this.account.price(contractIndex, ticks, this.#agenda.nowUs);
    });
  }

  turn(looks: readonly Look[]): void {
    if (this.isOnline) this.account.turn(looks, this.#agenda.nowUs);
  }

  lose(): void {
    this.#up.cut();
    this.#down.cut();
    this.account.lose(this.#agenda.nowUs);
  }

  /** Connected again. Returns how many requests never arrived. */
  mend(): number {
    const gone = this.#up.mendAndForget();
    const nowUs = this.#agenda.nowUs;
    this.#down.mendAndResend();
    for (const request of gone)
      for (const report of refusalsOf(request, 'never-arrived', nowUs))
        this.#hear({ kind: 'report', report });
    return gone.length;
  }

  /** With nothing on its way, account and exchange know the same, and the money is the same to the last millionth. */
  check(): void {
    if (!this.isOnline || !this.isQuiet) return;
    const { account, participant } = this;
    let result = 0;
    let fees = 0;
    const open: string[] = [];
    for (const host of this.#hosts) {
      const { contractIndex, ledger, market, index } = host;
      const there = market.openOrders(participant);
      open.push(...there.map(({ input }) => input.clOrdId));
      const net = ledger.netOf(participant);
      must(
        account.netOf(contractIndex) === net,
        'account and exchange agree on the position',
        () => ({
          participant,
          contractIndex,
          account: account.netOf(contractIndex),
          exchange: net,
        }),
      );
      must(
        this.#checks.netOf(contractIndex) === net,
        'a position is the sum of the fills told',
        () => ({
          participant,
          contractIndex,
        }),
      );
      const last = account.lastTicks(contractIndex);
      result += ledger.resultOf(participant, Number.isNaN(last) ? 0 : last);
      fees += ledger.feesOf(participant);
      const reason = account.flatReason(index);
      if (reason === null) continue;
      // Its strategy may close as well.
      const bare = there
        .filter(({ input }) => !(input.type === 'market' && input.reduceOnly === true))
        .map(({ input }) => input.clOrdId);
      must(
        bare.length === 0,
        'while an account must be flat, nothing works but what closes',
        () => ({
          participant,
          reason,
          orders: bare,
        }),
      );
    }
    const known = account.openIds();
    must(
      known.length === open.length && open.every((clOrdId) => known.includes(clOrdId)),
      'account and exchange know the same open orders',
      () => ({ participant, account: known, exchange: open }),
    );
    must(account.feesMicros() === fees, 'fees are the sum of those of the fills', () => ({
      participant,
      account: account.feesMicros(),
      exchange: fees,
    }));
    const made = account.equityMicros() - account.capitalMicros;
    must(made === result, 'equity is capital, results and fees to the last millionth', () => ({
      participant,
      account: made,
      exchange: result,
    }));
  }

  #send(request: Request): void {
    const id = request.kind === 'new' ? request.input.clOrdId : '';
    const isForced = id !== '' && this.account.isForced(id);
    this.#checks.onSend(request, isForced, this.#agenda.nowUs, this.account);
    this.#up.send(request);
  }

  #hear(told: Told): void {
    this.#checks.onTold(told);
    this.account.hear(told, this.#agenda.nowUs);
  }
}
