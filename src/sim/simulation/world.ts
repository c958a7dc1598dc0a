/**
 * A whole market place in virtual time, made from one seed: several contracts with their sessions, auctions, halts, limits and
 * expiries; a crowd; clients behind bad connections; processes that die and come back. Everything that must be true is
 * checked all the time; the first thing that is not ends the world with an `InvariantBroken`.
 */
import type { ExecutionReport } from '../../core/execution.ts';
import type { ClOrdId } from '../../core/order.ts';
import type { TsUs } from '../../core/units.ts';
import type { AllocationStep } from '../book/allocation.ts';
import { FIFO, PRO_RATA } from '../book/allocation.ts';
import type { MarketCommand } from '../exchange/command-journal.ts';
import type { MarketPhase, MarketReport } from '../exchange/market-order.ts';
import { RunningHash } from '../exchange/state-hash.ts';
import { AccountHost } from './account-host.ts';
import type { Listed } from './account-port.ts';
import { Agenda, Phase } from './agenda.ts';
import { Chance } from './chance.ts';
import { Crowd } from './crowd.ts';
import type { Look, Request } from './desk.ts';
import { asQty, asTicks, Desk, refusalsOf } from './desk.ts';
import type { LineCounts, LineFaults } from './line.ts';
import { Line } from './line.ts';
import type { HostListener } from './market-host.ts';
import { MarketHost } from './market-host.ts';
import type { MarketSpec, WorldCounts, WorldOptions, WorldResult } from './world-types.ts';
import { HOUR_US, MINUTE_US, must, SECOND_US } from './world-types.ts';

/** Streams of draws: none depends on how often another was asked. */
const Stream = {
  spec: 1,
  crowd: 2,
  desk: 3,
  line: 4,
  session: 5,
  fault: 6,
  pace: 7,
  account: 8,
  accountLine: 9,
} as const;

/** The first account's participant; every new one has the next. */
const FIRST_ACCOUNT = 10_000;

const ALLOCATIONS: readonly (readonly AllocationStep[])[] = [
  FIFO,
  FIFO,
  PRO_RATA,
  [
    { step: 'top', max: 10 },
    { step: 'lead', percent: 25 },
    { step: 'fifo', percent: 40 },
    { step: 'pro-rata' },
    { step: 'leveling' },
  ],
  [{ step: 'fifo', percent: 50 }, { step: 'pro-rata', min: 1 }, { step: 'fifo' }],
];

/** Fractions of a day at which its sessions change. */
const NO_CANCEL_AT = 0.012;
const OPEN_AT = 0.015;
const POST_CLOSE_AT = 0.96;
const CLOSED_AT = 0.97;

export class World implements HostListener {
  readonly #options: WorldOptions;
  readonly #agenda: Agenda = new Agenda();
  readonly #endUs: number;
  readonly #dayUs: number;
  readonly #hosts: MarketHost[] = [];
  readonly #crowds: Crowd[] = [];
  readonly #desks: Desk[] = [];
  readonly #byParticipant: Map<number, Desk> = new Map();
  readonly #accounts: AccountHost[] = [];
  readonly #accountOf: Map<number, AccountHost> = new Map();
  #nextAccount: number = FIRST_ACCOUNT;
  readonly #sessions: Chance;
  readonly #faults: Chance;
  readonly #hash: RunningHash = new RunningHash();
  readonly #lines: LineCounts = { sent: 0, lost: 0, repeated: 0, late: 0, resent: 0 };
  readonly #counts: WorldCounts;
  /** Of a market: until when it stands still. */
  readonly #haltUs: number[] = [];
  /** The market whose phase is being set, or -1. */
  #phaseSet: number = -1;
  #isEnding: boolean = false;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#endUs = options.hours * HOUR_US;
    this.#dayUs = (options.dayHours ?? Math.min(24, options.hours / 4)) * HOUR_US;
    this.#sessions = this.#chance(Stream.session, 0);
    this.#faults = this.#chance(Stream.fault, 0);
    this.#counts = {
      events: 0,
      commands: 0,
      reports: 0,
      orders: 0,
      groups: 0,
      trades: 0,
      clientFills: 0,
      accounts: 0,
      accountFills: 0,
      denied: 0,
      marginCalls: 0,
      liquidations: 0,
      forcedFlats: 0,
      programmeFlats: 0,
      contracts: 0,
      auctions: 0,
      halts: 0,
      breakers: 0,
      settlements: 0,
      marks: 0,
      exchangeRestarts: 0,
      clientRestarts: 0,
      disconnects: 0,
      neverArrived: 0,
      messages: 0,
      lost: 0,
      repeated: 0,
      late: 0,
    };
    const specs = this.#chance(Stream.spec, 0);
    const markets = specs.int(2, 4);
    for (let index = 0; index < markets; index += 1) this.#addMarket(drawSpec(specs, index), index);
    const desks = specs.int(3, 6);
    for (let k = 0; k < desks; k += 1) this.#addDesk(k, k % markets);
    if (options.makeAccount === undefined) return;
    const accounts = specs.int(1, 2);
    for (let k = 0; k < accounts; k += 1) this.#accounts.push(this.#openAccount());
  }

  get nowUs(): number {
    return this.#agenda.nowUs;
  }

  /** Errors: InvariantBroken. */
  run(): WorldResult {
    const { seed, hours } = this.#options;
    for (const host of this.#hosts) {
      this.#startDay(host, 0);
      this.#crowdTurn(host.index);
    }
    for (const desk of this.#desks) {
      this.#deskTurn(desk);
      this.#nextOutage(desk);
    }
    for (let k = 0; k < this.#accounts.length; k += 1) {
      this.#accountTurn(k);
      this.#nextAccountOutage(k);
    }
    this.#nextRestart();
    while (this.#agenda.next(this.#endUs)) this.#counts.events += 1;
    this.#end();
    const counts = this.#counts;
    for (const host of this.#hosts) this.#hash.text(host.hashes);
    for (const desk of this.#desks) {
      counts.groups += desk.groups;
      counts.clientFills += desk.fills;
      counts.clientRestarts += desk.restarts;
    }
    for (const { account } of this.#accounts) this.#countAccount(account);
    const { sent, lost, repeated, late } = this.#lines;
    Object.assign(counts, { messages: sent, lost, repeated, late });
    this.#hash.value(counts);
    return { seed, hours, counts, hash: this.#hash.hex };
  }

  // -------------------------------------------------------------------------------------------------- building

  #chance(stream: number, actor: number): Chance {
    return new Chance(this.#options.random, stream, actor);
  }

  #addMarket(spec: MarketSpec, index: number): void {
    const host = new MarketHost(spec, index, this, this.#counts);
    this.#hosts.push(host);
    const send = (to: MarketHost, command: MarketCommand): void => this.#apply(to, command);
    this.#crowds.push(new Crowd(host, this.#chance(Stream.crowd, index), send));
    this.#haltUs.push(0);
  }

  #addDesk(k: number, hostIndex: number): void {
    const chance = this.#chance(Stream.desk, k);
    const desk = new Desk(10 + k, hostIndex, chance, this.#options.makeOrders);
    const faults: LineFaults = {
      latencyUs: [chance.int(50, 500), chance.int(1000, 40_000)],
      lostOneIn: 150,
      twiceOneIn: 60,
      lateOneIn: 80,
      lateUs: chance.int(1, 5) * SECOND_US,
    };
    desk.up = new Line<Request>(
      this.#agenda,
      this.#chance(Stream.line, k * 2),
      Phase.arrival,
      faults,
      this.#lines,
      (request) => this.#onRequest(desk.participant, request, (report) => desk.down.send(report)),
    );
    desk.down = new Line<ExecutionReport>(
      this.#agenda,
      this.#chance(Stream.line, k * 2 + 1),
      Phase.deliver,
      faults,
      this.#lines,
      (report) => desk.receive(report),
    );
    this.#desks.push(desk);
    this.#byParticipant.set(desk.participant, desk);
  }

  #openAccount(): AccountHost {
    const participant = this.#nextAccount;
    this.#nextAccount += 1;
    this.#counts.accounts += 1;
    const host = new AccountHost({
      agenda: this.#agenda,
      hosts: this.#hosts,
      setup: {
        participant,
        markets: this.#hosts.map(({ spec }) => spec),
        contracts: this.#listed(),
        days: Math.ceil(this.#endUs / this.#dayUs) + 2,
        dayUs: this.#dayUs,
        chance: this.#chance(Stream.account, participant),
      },
      make: this.#options.makeAccount!,
      network: [
        this.#chance(Stream.accountLine, participant * 2),
        this.#chance(Stream.accountLine, participant * 2 + 1),
      ],
      lines: this.#lines,
      onRequest: (request) =>
        this.#onRequest(participant, request, (report) => host.tell({ kind: 'report', report })),
    });
    this.#accountOf.set(participant, host);
    for (const { market, contractIndex } of this.#hosts)
      host.tell({ kind: 'phase', contractIndex, phase: market.phase });
    return host;
  }

  /** Every contract that this world will see, with its last day. */
  #listed(): Listed[] {
    const days = Math.ceil(this.#endUs / this.#dayUs) + 2;
    return this.#hosts.flatMap(({ spec }, market) => {
      const out: Listed[] = [];
      for (let day = 0; day <= days;) {
        let lastDay = day + spec.contractDays - 1;
        while (this.#isWeekend(lastDay)) lastDay += 1;
        out.push({ market, contractIndex: market * 1000 + out.length + 1, lastDay });
        day = lastDay + 1;
      }
      return out;
    });
  }

  /** Days 5 and 6 of a week of whole days. */
  #isWeekend(day: number): boolean {
    return this.#dayUs === 24 * HOUR_US && day % 7 >= 5;
  }

  // -------------------------------------------------------------------------------------------------- sessions

  #startDay(host: MarketHost, day: number): void {
    const dayStartUs = day * this.#dayUs;
    const at = (share: number, act: () => void): void =>
      this.#agenda.at(Math.floor(dayStartUs + share * this.#dayUs), Phase.session, act);
    at(0, () => this.#openDay(host, day));
    if (!this.#isWeekend(day)) {
      at(NO_CANCEL_AT, () => this.#setPhase(host, 'pre-open-no-cancel'));
      at(OPEN_AT, () => this.#setPhase(host, 'open'));
      if (this.#sessions.oneIn(3)) {
        const share = OPEN_AT + this.#sessions.share() * (POST_CLOSE_AT - OPEN_AT);
        const forUs = this.#sessions.int(1, 15) * MINUTE_US;
        at(share, () => this.#halt(host, forUs));
      }
      at(POST_CLOSE_AT, () => this.#setPhase(host, 'post-close'));
      at(CLOSED_AT, () => this.#closeDay(host, day));
    }
    at(1, () => {
      if (!this.#isEnding) this.#startDay(host, day + 1);
    });
  }

  #openDay(host: MarketHost, day: number): void {
    if (host.market.phase === 'expired') {
      this.#hash.text(host.hashes);
      host.list(day);
      this.#say(host, 'a new contract');
    }
    if (this.#isWeekend(day)) return;
    const { referenceTicks, spec } = host;
    const tsUs = this.nowUs;
    const [low, high] = [referenceTicks - spec.limitTicks, referenceTicks + spec.limitTicks];
    this.#setPhase(host, 'pre-open');
    host.checks.setLimits(low, high);
    const dayUs = this.#dayUs;
    const times = {
      openCutOffUs: Math.floor((day + NO_CANCEL_AT) * dayUs),
      closeCutOffUs: Math.floor((day + POST_CLOSE_AT - 0.01) * dayUs),
      closeUs: Math.floor((day + POST_CLOSE_AT) * dayUs),
    };
    this.#apply(host, { do: 'session', tsUs, times });
    this.#apply(host, { do: 'reference', tsUs, priceTicks: referenceTicks });
    this.#apply(host, { do: 'limits', tsUs, lowTicks: low, highTicks: high });
  }

  #closeDay(host: MarketHost, day: number): void {
    const isFinal = day >= host.lastDay;
    this.#setPhase(host, isFinal ? 'expired' : 'closed');
    host.checks.checkSessionEnd(isFinal);
    const last = host.market.lastTicks;
    const settleTicks = Number.isNaN(last) ? host.referenceTicks : last;
    host.ledger.settle(settleTicks, isFinal);
    host.referenceTicks = settleTicks;
    const { contractIndex } = host;
    for (const account of this.#accounts)
      account.tell({ kind: 'settled', contractIndex, settleTicks, isFinal });
    this.#counts.settlements += 1;
    if (!isFinal) return;
    host.mark();
    must(host.market.openOrders().length === 0, 'an expired contract has no order');
  }

  #setPhase(host: MarketHost, phase: MarketPhase): void {
    const before = host.market.phase;
    if (before === 'expired' || before === phase) return;
    // A halt lasts until its own end, unless the session ends before it.
    if (phase === 'open' && before === 'halted' && this.nowUs < this.#haltUs[host.index]!) return;
    if (phase === 'open') this.#counts.auctions += 1;
    this.#say(host, phase);
    this.#phaseSet = host.index;
    this.#apply(host, { do: 'phase', tsUs: this.nowUs, phase });
    this.#phaseSet = -1;
  }

  #halt(host: MarketHost, forUs: number): void {
    if (host.market.phase !== 'open') return;
    this.#counts.halts += 1;
    this.#haltUs[host.index] = this.nowUs + forUs;
    this.#setPhase(host, 'halted');
    this.#agenda.at(this.nowUs + forUs, Phase.session, () => {
      if (host.market.phase === 'halted') this.#setPhase(host, 'open');
    });
  }

  // -------------------------------------------------------------------------------------------- at the exchange

  #apply(host: MarketHost, command: MarketCommand): void {
    if (command.do === 'submit') this.#counts.orders += 1;
    if (command.do === 'group') this.#counts.orders += command.input.legs.length;
    host.apply(command);
  }

  /** The market stops by itself where a move is too fast, and opens again after its time. */
  onPhase(host: MarketHost, phase: MarketPhase): void {
    const { contractIndex } = host;
    for (const account of this.#accounts) account.tell({ kind: 'phase', contractIndex, phase });
    if (phase === 'halted' && this.#phaseSet !== host.index) {
      this.#counts.breakers += 1;
      this.#say(host, 'on hold: too fast a move');
    }
  }

  onReport(host: MarketHost, report: MarketReport): void {
    const { trace } = this.#options;
    if (trace !== undefined) {
      const { kind, participant, clOrdId, reason, lastQty, lastPriceTicks } = report;
      const what = kind === 'Fill' ? `${lastQty} at ${lastPriceTicks}` : reason;
      this.#say(host, `${participant} ${clOrdId} ${kind} ${what}`.trimEnd());
    }
    const desk = this.#byParticipant.get(report.participant);
    if (desk !== undefined) desk.down.send(toExecution(host, report));
    const account = this.#accountOf.get(report.participant);
    if (account !== undefined) {
      if (report.kind === 'Fill') this.#counts.accountFills += 1;
      account.onReport(host, toExecution(host, report), report.order?.input.side ?? 1);
    }
    if (report.kind === 'Fill' && report.isAggressor)
      for (const each of this.#accounts) each.onPrice(host.contractIndex, report.lastPriceTicks);
  }

  #onRequest(
    participant: number,
    request: Request,
    answer: (report: ExecutionReport) => void,
  ): void {
    const host = this.#hosts[Math.floor(request.contractIndex / 1000)]!;
    const tsUs = this.nowUs;
    if (request.contractIndex !== host.contractIndex) {
      // The contract is gone.
      for (const report of refusalsOf(request, 'contract-expired', tsUs)) answer(report);
      return;
    }
    if (request.kind === 'new') this.#apply(host, { do: 'submit', tsUs, input: request.input });
    else if (request.kind === 'group')
      this.#apply(host, { do: 'group', tsUs, input: request.input });
    else if (request.kind === 'cancel')
      this.#apply(host, { do: 'cancel', tsUs, participant, clOrdId: request.clOrdId });
    else {
      const { clOrdId, change } = request;
      this.#apply(host, { do: 'replace', tsUs, participant, clOrdId, change });
    }
  }

  // ----------------------------------------------------------------------------------------------------- actors

  #crowdTurn(index: number): void {
    if (this.#isEnding) return;
    const host = this.#hosts[index]!;
    const { phase } = host.market;
    const isAsleep = phase === 'closed' || phase === 'expired' || phase === 'post-close';
    if (!isAsleep || this.#faults.oneIn(20)) {
      this.#crowds[index]!.turn(this.nowUs);
      if (this.#faults.oneIn(50)) {
        const last = host.market.lastTicks;
        const priceTicks = Number.isNaN(last) ? host.referenceTicks : last;
        this.#apply(host, { do: 'mark', tsUs: this.nowUs, priceTicks });
      }
    }
    const meanUs = HOUR_US / (this.#options.rate ?? 240);
    const waitUs = this.#faults.waitUs(isAsleep ? meanUs * 10 : meanUs);
    this.#agenda.at(this.nowUs + waitUs, Phase.arrival, () => this.#crowdTurn(index));
  }

  #deskTurn(desk: Desk): void {
    if (this.#isEnding) return;
    const host = this.#hosts[desk.hostIndex]!;
    const { market } = host;
    if (desk.isOnline) {
      if (desk.up.isQuiet && desk.down.isQuiet) this.#checkAgreement(desk);
      const last = market.lastTicks;
      const look: Look = {
        contractIndex: host.contractIndex,
        lastTicks: Number.isNaN(last) ? host.referenceTicks : last,
      };
      // What it sees is a little old when it acts on it.
      const feedUs = this.#faults.int(100, 20_000);
      const isTrading = market.phase === 'open' || this.#faults.oneIn(6);
      if (isTrading)
        this.#agenda.at(this.nowUs + feedUs, Phase.deliver, () => {
          if (!desk.isOnline || this.#isEnding) return;
          desk.turn(look, this.nowUs);
          // Now and then the line breaks while the request is on its way.
          if (this.#faults.oneIn(150))
            this.#agenda.at(this.nowUs + this.#faults.int(1, 5000), Phase.arrival, () =>
              this.#breakLine(desk, this.#faults.oneIn(3)),
            );
        });
    }
    const waitUs = this.#faults.waitUs((HOUR_US / (this.#options.rate ?? 240)) * 4);
    this.#agenda.at(this.nowUs + waitUs, Phase.deliver, () => this.#deskTurn(desk));
  }

  #accountTurn(k: number): void {
    if (this.#isEnding) return;
    let host = this.#accounts[k]!;
    host.check();
    const { account } = host;
    if (account.isOver && host.isQuiet && account.openIds().length === 0) {
      this.#countAccount(account);
      this.#accountOf.delete(host.participant);
      host = this.#openAccount();
      this.#accounts[k] = host;
    }
    const looks = this.#hosts
      .filter(({ market }) => market.phase === 'open' || this.#faults.oneIn(6))
      .map(({ contractIndex, market: { lastTicks }, referenceTicks }): Look => ({
        contractIndex,
        lastTicks: Number.isNaN(lastTicks) ? referenceTicks : lastTicks,
      }));
    if (looks.length > 0) host.turn(looks);
    const waitUs = this.#faults.waitUs(HOUR_US / (this.#options.rate ?? 240));
    this.#agenda.at(this.nowUs + waitUs, Phase.deliver, () => this.#accountTurn(k));
  }

  #countAccount({ counts }: AccountHost['account']): void {
    const all = this.#counts;
    all.denied += counts.denied;
    all.marginCalls += counts.marginCalls;
    all.liquidations += counts.liquidations;
    all.forcedFlats += counts.forcedFlats;
    all.programmeFlats += counts.programmeFlats;
    this.#hash.value(counts);
  }

  /** With nothing on its way, a client knows what the exchange knows. */
  #checkAgreement(desk: Desk): void {
    const host = this.#hosts[desk.hostIndex]!;
    const open = host.market.openOrders(desk.participant);
    const { participant, openCount } = desk;
    must(open.length === openCount, 'client and exchange know the same open orders', () => ({
      participant,
      client: [...desk.open()].map((order) => `${order.clOrdId} ${order.status}`),
      exchange: open.map((order) => order.input.clOrdId),
    }));
    for (const order of open) {
      const { clOrdId } = order.input;
      const known = desk.get(clOrdId);
      const isSame =
        known !== null &&
        known.cumQty === order.cumQty &&
        known.orderQty === order.qty &&
        known.leavesQty === order.leavesQty &&
        known.certainty === 'known';
      must(isSame, 'client and exchange agree on every open order', () => ({
        clOrdId,
        client:
          known === null ? 'none' : [known.status, known.orderQty, known.cumQty, known.certainty],
        exchange: [order.place, order.qty, order.cumQty],
      }));
    }
    const { contractIndex } = host;
    must(
      desk.netOf(contractIndex) === host.checks.netOf(participant),
      'client and exchange agree on the position',
      () => ({
        participant,
        client: desk.netOf(contractIndex),
        exchange: host.checks.netOf(participant),
      }),
    );
  }

  // ------------------------------------------------------------------------------------------------------ faults

  #nextOutage(desk: Desk): void {
    const meanUs = Math.min(12 * HOUR_US, this.#endUs / 6);
    this.#agenda.at(this.nowUs + this.#faults.waitUs(meanUs), Phase.deliver, () => {
      if (this.#isEnding) return;
      this.#breakLine(desk, this.#faults.oneIn(3));
      this.#nextOutage(desk);
    });
  }

  #breakLine(desk: Desk, isDeath: boolean): void {
    if (!desk.isOnline) return;
    this.#counts.disconnects += 1;
    this.#options.trace?.(
      `${this.nowUs} client ${desk.participant} ${isDeath ? 'dies' : 'is cut off'}`,
    );
    if (isDeath) desk.die(this.nowUs);
    else desk.lose(this.nowUs);
    const backUs = this.nowUs + this.#faults.int(1, 600) * SECOND_US;
    this.#agenda.at(backUs, Phase.deliver, () => this.#mend(desk));
  }

  #mend(desk: Desk): void {
    if (desk.isOnline) return;
    if (desk.isDead) desk.rise();
    this.#options.trace?.(`${this.nowUs} client ${desk.participant} is back`);
    this.#counts.neverArrived += desk.reconnect(this.nowUs);
    // The exchange says how every open order stands: what the client was unsure of, it knows again.
    const host = this.#hosts[desk.hostIndex]!;
    for (const report of restated(host, desk.participant, this.nowUs)) desk.down.send(report);
  }

  #nextAccountOutage(k: number): void {
    const meanUs = Math.min(6 * HOUR_US, this.#endUs / 8);
    this.#agenda.at(this.nowUs + this.#faults.waitUs(meanUs), Phase.deliver, () => {
      if (this.#isEnding) return;
      this.#cutAccount(this.#accounts[k]!);
      this.#nextAccountOutage(k);
    });
  }

  #cutAccount(host: AccountHost): void {
    if (!host.isOnline) return;
    this.#counts.disconnects += 1;
    this.#options.trace?.(`${this.nowUs} account ${host.participant} is cut off`);
    host.lose();
    const backUs = this.nowUs + this.#faults.int(1, 600) * SECOND_US;
    this.#agenda.at(backUs, Phase.deliver, () => this.#mendAccount(host));
  }

  #mendAccount(host: AccountHost): void {
    if (host.isOnline) return;
    this.#options.trace?.(`${this.nowUs} account ${host.participant} is back`);
    this.#counts.neverArrived += host.mend();
    for (const market of this.#hosts)
      for (const report of restated(market, host.participant, this.nowUs))
        host.tell({ kind: 'report', report });
  }

  #nextRestart(): void {
    const meanUs = Math.min(24 * HOUR_US, this.#endUs / 3);
    this.#agenda.at(this.nowUs + this.#faults.waitUs(meanUs), Phase.accounting, () => {
      if (this.#isEnding) return;
      this.#counts.exchangeRestarts += 1;
      this.#options.trace?.(`${this.nowUs} the exchange restarts`);
      for (const desk of this.#desks) this.#breakLine(desk, false);
      for (const account of this.#accounts) this.#cutAccount(account);
      for (const host of this.#hosts) host.restart();
      this.#nextRestart();
    });
  }

  // --------------------------------------------------------------------------------------------------------- end

  /** Nobody does anything new; what is on its way arrives; then everything must add up. */
  #end(): void {
    this.#isEnding = true;
    for (const desk of this.#desks) this.#mend(desk);
    for (const account of this.#accounts) this.#mendAccount(account);
    const lastUs = this.#endUs + HOUR_US;
    while (this.#agenda.next(lastUs)) this.#counts.events += 1;
    for (const desk of this.#desks) {
      must(desk.up.isQuiet && desk.down.isQuiet, 'every message arrives in the end');
      this.#checkAgreement(desk);
    }
    for (const account of this.#accounts) {
      must(account.isQuiet, 'every message arrives in the end');
      account.check();
    }
    for (const host of this.#hosts) {
      host.mark();
      const last = host.market.lastTicks;
      host.ledger.settle(Number.isNaN(last) ? host.referenceTicks : last, false);
      for (const [participant, { netQty }] of host.ledger.rows())
        must(
          netQty === host.checks.netOf(participant) || host.market.phase === 'expired',
          'cash and contracts agree',
          () => ({
            participant,
            netQty,
          }),
        );
    }
  }

  #say(host: MarketHost, what: string): void {
    this.#options.trace?.(`${this.nowUs} ${host.spec.name}${host.contract} ${what}`);
  }
}

/** How every open order of a participant stands. */
function restated(host: MarketHost, participant: number, tsUs: number): ExecutionReport[] {
  return host.market.openOrders(participant).map((order) => ({
    kind: 'Restated',
    clOrdId: order.input.clOrdId as ClOrdId,
    orderId: String(order.orderId),
    contractIndex: host.contractIndex,
    tsUs: tsUs as TsUs,
    orderQty: asQty(order.qty),
    working: order.working,
  }));
}

function drawSpec(chance: Chance, index: number): MarketSpec {
  const allocation = chance.pick(ALLOCATIONS);
  const limitTicks = chance.int(30, 120);
  return {
    name: 'ABCDEFGH'[index]!,
    options: {
      allocation,
      startPhase: 'closed',
      ...(chance.oneIn(3) ? {} : { protectionTicks: chance.int(2, 20) }),
      ...(chance.oneIn(3) ? { stopProtectionTicks: chance.int(2, 20) } : {}),
      ...(chance.oneIn(4) ? { remainder: 'cancel' } : {}),
      ...(chance.oneIn(4) ? { stopInMarket: 'reject' } : {}),
      ...(chance.oneIn(3) ? { queueMarket: true } : {}),
      ...(chance.oneIn(3) ? { reduceToFilled: 'cancel' } : {}),
      ...(chance.oneIn(3) ? { protectFrom: 'quote' } : {}),
      bandTicks: chance.int(40, 200),
      breaker: {
        variantTicks: chance.int(8, 30),
        lookBackUs: chance.int(1, 15) * MINUTE_US,
        nearCloseUs: 5 * MINUTE_US,
      },
    },
    tickMicros: chance.pick([12_500_000, 6_250_000, 10_000_000, 31_250_000, 1_000_001]),
    feeMicros: chance.pick([0, 1_240_000, 2_150_000, 333_333]),
    // Prices around zero and below are prices.
    startTicks: chance.pick([16_000, 4321, 25, 0, -1500]),
    limitTicks,
    contractDays: chance.int(2, 20),
  };
}

/** A report of the exchange as a client's order manager knows them. */
function toExecution(host: MarketHost, report: MarketReport): ExecutionReport {
  const { order, kind, clOrdId, tsUs, reason, lastQty, lastPriceTicks, tradeId } = report;
  const common = {
    clOrdId: clOrdId as ClOrdId,
    contractIndex: host.contractIndex,
    tsUs: tsUs as TsUs,
    ...(reason === '' ? {} : { reason }),
  };
  if (order === null) return { ...common, kind, orderId: null };
  // A change that nobody asked for answers no request.
  const isOwn = kind === 'Replaced' && reason !== '';
  const out: ExecutionReport = {
    ...common,
    kind: isOwn ? 'Restated' : kind,
    orderId: String(order.orderId),
    orderQty: asQty(order.qty),
    working: order.working,
    ...(Number.isNaN(order.limitTicks) ? {} : { limitTicks: asTicks(order.limitTicks) }),
    ...(Number.isNaN(order.stopTicks) ? {} : { stopTicks: asTicks(order.stopTicks) }),
  };
  if (kind !== 'Fill') return out;
  const execId = `${host.contractIndex}-${tradeId}-${order.input.side}`;
  const fee = host.spec.feeMicros * lastQty;
  return {
    ...out,
    fill: {
      execId,
      lastQty: asQty(lastQty),
      lastPriceTicks: asTicks(lastPriceTicks),
      feeMicros: fee as never,
      commissionMicros: 0 as never,
    },
  };
}
