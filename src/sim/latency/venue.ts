/**
 * A venue at the far end of a connection. Requests reach it after the entry leg, its reports come back after the response
 * leg. On one connection nothing overtakes: a message arrives no earlier than the one before it. Races are decided by
 * arrival alone: the venue judges a request by the market of that moment.
 *
 * In a bar run a request that arrives inside a bar waits for the next one, as everything does that was not there at the
 * open. A market order alone is let in at the open when it arrives within the slack of 1 % of the bar, at least 250 ms; its
 * fills are marked `latencySubbar`.
 *
 * What is not sent by the strategy (`sender`) does not use its connection: what moves a position at a roll takes no time, and
 * what the broker sends to close a position takes the leg of the broker. The broker knows the orders that are on their way
 * through it: its cancel of one arrives after it.
 */
import type { BarColumns } from '../../core/bars.ts';
import type {
  CancelRequest,
  ExecutionReport,
  NewOrderRequest,
  OrderGroupRequest,
  ReplaceRequest,
  VenueCapabilities,
} from '../../core/execution.ts';
import type {
  ExecutionSink,
  OpeningDetails,
  SimulatedVenue,
  TickColumns,
  TickKind,
  VenuePhase,
} from '../../core/ports.ts';
import type { TsUs } from '../../core/units.ts';
import { TS_MAX, TS_MIN } from '../../core/units.ts';
import type { LatencyModel, MessageKind } from './model.ts';

interface Message {
  readonly atUs: number;
  readonly contractIndex: number;
  /** New orders in it. */
  readonly ids: readonly string[];
  readonly arrive: (atUs: TsUs) => void;
}

interface Answer {
  readonly atUs: number;
  readonly report: ExecutionReport;
}

export interface LatencyVenueOptions {
  /** Slack of the open in µs, by contract; 0 where orders do not match on bars. */
  readonly openSlackUs?: Float64Array;
}

/** Report kinds that answer a change or a cancel; the others belong to the order itself. */
const ANSWERS: Readonly<Partial<Record<ExecutionReport['kind'], MessageKind>>> = {
  Replaced: 'modify',
  ReplaceRejected: 'modify',
  Canceled: 'cancel',
  CancelRejected: 'cancel',
};

export class LatencyVenue implements SimulatedVenue {
  readonly capabilities: VenueCapabilities;
  readonly wakeLow: Float64Array;
  readonly wakeHigh: Float64Array;
  readonly lastTicks?: Float64Array;
  readonly matchesTicks?: Uint8Array;
  readonly #venue: SimulatedVenue;
  readonly #model: LatencyModel;
  readonly #slackUs: Float64Array | null;
  #sink: ExecutionSink | null = null;
  /** In order of arrival, which is the order of sending. */
  readonly #messages: Message[] = [];
  readonly #answers: Answer[] = [];
  #lastArrivalUs: number = TS_MIN;
  #lastAnswerUs: number = TS_MIN;
  /** What the strategy is answering reached it this much later than it happened. */
  #lagUs: number = 0;
  /** The latest moment that this venue has heard of. */
  #nowUs: number = TS_MIN;
  readonly #contractOf: Map<string, number> = new Map();
  /** Market orders that were let in at an open that they had missed by less than the slack. */
  readonly #letIn: Set<string> = new Set();

  constructor(venue: SimulatedVenue, model: LatencyModel, options: LatencyVenueOptions = {}) {
    this.#venue = venue;
    this.#model = model;
    this.#slackUs = options.openSlackUs ?? null;
    this.capabilities = venue.capabilities;
    this.wakeLow = venue.wakeLow;
    this.wakeHigh = venue.wakeHigh;
    if (venue.lastTicks !== undefined) this.lastTicks = venue.lastTicks;
    if (venue.matchesTicks !== undefined) this.matchesTicks = venue.matchesTicks;
  }

  connect(sink: ExecutionSink): void {
    this.#sink = sink;
    this.#venue.connect({
      onReport: (report) => this.#answer(report),
      onAmbiguity: (event) => sink.onAmbiguity(event),
      onVenueIssue: (event) => sink.onVenueIssue?.(event),
    });
  }

  submit(request: NewOrderRequest): void {
    const { clOrdId, contractIndex, sentUs } = request;
    this.#contractOf.set(clOrdId, contractIndex);
    if (request.sender === 'roll') {
      this.#see(sentUs);
      this.#venue.submit(request);
      return;
    }
    if (request.sender === 'account') {
      const atUs = sentUs + this.#model.brokerUs(clOrdId, sentUs);
      this.#sendAt(atUs, contractIndex, sentUs, (now) =>
        this.#venue.submit({ ...request, sentUs: now }),
      );
      return;
    }
    const delayUs = this.#delayUs('new', clOrdId, sentUs);
    const slackUs = this.#slackUs?.[contractIndex] ?? 0;
    if (
      delayUs > 0 &&
      delayUs < slackUs &&
      request.spec.type === 'market' &&
      !this.#isBusy(sentUs)
    ) {
      this.#see(sentUs);
      this.#letIn.add(clOrdId);
      this.#venue.submit(request);
      return;
    }
    this.#send(
      contractIndex,
      sentUs,
      delayUs,
      (atUs) => this.#venue.submit({ ...request, sentUs: atUs }),
      [clOrdId],
    );
  }

  submitGroup(request: OrderGroupRequest): void {
    const { entry, children, sentUs } = request;
    const orders = [...(entry === null ? [] : [entry]), ...children.map((child) => child.order)];
    const first = orders[0];
    if (first === undefined || first.sender === 'roll') {
      this.#see(sentUs);
      for (const order of orders) this.#contractOf.set(order.clOrdId, order.contractIndex);
      this.#venue.submitGroup(request);
      return;
    }
    for (const order of orders) this.#contractOf.set(order.clOrdId, order.contractIndex);
    const delayUs = this.#delayUs('new', first.clOrdId, sentUs);
    this.#send(
      first.contractIndex,
      sentUs,
      delayUs,
      (atUs) =>
        this.#venue.submitGroup({
          ...request,
          sentUs: atUs,
          entry: entry === null ? null : { ...entry, sentUs: atUs },
          children: children.map((child) => ({
            ...child,
            order: { ...child.order, sentUs: atUs },
          })),
        }),
      orders.map((order) => order.clOrdId),
    );
  }

  replace(request: ReplaceRequest): void {
    this.#change('modify', request, (sentUs) => this.#venue.replace({ ...request, sentUs }));
  }

  cancel(request: CancelRequest): void {
    this.#change('cancel', request, (sentUs) => this.#venue.cancel({ ...request, sentUs }));
  }

  onBar(contractIndex: number, bars: BarColumns, row: number, flags: number): void {
    this.#see(bars.closeUs[row]!);
    this.#venue.onBar(contractIndex, bars, row, flags);
  }

  onTick(kind: TickKind, contractIndex: number, columns: TickColumns, row: number): void {
    this.#see(columns.tsUs[row]!);
    this.#venue.onTick!(kind, contractIndex, columns, row);
  }

  onPhase(contractIndex: number, phase: VenuePhase, tsUs: TsUs, opening?: OpeningDetails): void {
    this.#see(tsUs);
    this.#venue.onPhase?.(contractIndex, phase, tsUs, opening);
  }

  onSessionClose(contractIndex: number, closeUs: TsUs): void {
    this.#see(closeUs);
    this.#venue.onSessionClose(contractIndex, closeUs);
  }

  /** What is on the way is refused now, and everything that the venue has told is known before the account is settled. */
  onContractExpiry(contractIndex: number, tsUs: TsUs): void {
    this.#see(tsUs);
    this.#venue.onContractExpiry(contractIndex, tsUs);
    this.hasten(contractIndex, tsUs);
  }

  onTime(nowUs: TsUs): void {
    this.#see(nowUs);
    for (;;) {
      const message = this.#messages[0];
      const answer = this.#answers[0];
      const arrivalUs = message?.atUs ?? TS_MAX;
      const answerUs = answer?.atUs ?? TS_MAX;
      if (Math.min(arrivalUs, answerUs) > nowUs) break;
      if (arrivalUs <= answerUs) {
        this.#messages.shift();
        message!.arrive(arrivalUs as TsUs);
      } else {
        this.#answers.shift();
        this.#sink!.onReport(answer!.report);
      }
    }
    if (this.#venue.nextTimerUs() <= nowUs) this.#venue.onTime(nowUs);
  }

  nextTimerUs(): TsUs {
    return Math.min(
      this.#venue.nextTimerUs(),
      this.#messages[0]?.atUs ?? TS_MAX,
      this.#answers[0]?.atUs ?? TS_MAX,
    ) as TsUs;
  }

  onTheWayUs(): TsUs {
    const message = this.#messages.at(-1)?.atUs ?? TS_MIN;
    return Math.max(message, this.#answers.at(-1)?.atUs ?? TS_MIN) as TsUs;
  }

  setLag(lagUs: number): void {
    this.#lagUs = lagUs;
  }

  feedLagUs(tsUs: number, seq: number): number {
    return this.#model.feedUs(tsUs, seq);
  }

  setPosition(contractIndex: number, netQty: number): void {
    this.#venue.setPosition(contractIndex, netQty);
  }

  hasten(contractIndex: number, nowUs: TsUs): void {
    for (const message of takeWhere(this.#messages, (each) => each.contractIndex === contractIndex))
      message.arrive(nowUs);
    this.#venue.hasten?.(contractIndex, nowUs);
    const told = takeWhere(this.#answers, (each) => each.report.contractIndex === contractIndex);
    for (const { report } of told) this.#sink!.onReport(report);
  }

  #change(
    kind: 'modify' | 'cancel',
    request: ReplaceRequest | CancelRequest,
    arrive: (sentUs: TsUs) => void,
  ): void {
    const { clOrdId, sentUs } = request;
    if (request.sender === 'roll') {
      this.#see(sentUs);
      arrive(sentUs);
      return;
    }
    const contractIndex = this.#contractOf.get(clOrdId) ?? -1;
    if (request.sender === 'account') {
      const dueUs = sentUs + this.#model.brokerUs(clOrdId, sentUs);
      const arrivesUs = this.#newOnTheWayUs(clOrdId);
      this.#sendAt(Math.max(dueUs, arrivesUs), contractIndex, sentUs, arrive);
      return;
    }
    this.#send(contractIndex, sentUs, this.#delayUs(kind, clOrdId, sentUs), arrive);
  }

  #delayUs(kind: MessageKind, clOrdId: string, sentUs: number): number {
    return this.#lagUs + this.#model.orderUs('entry', kind, clOrdId, sentUs + this.#lagUs);
  }

  #isBusy(sentUs: number): boolean {
    return this.#messages.length > 0 || this.#lastArrivalUs > sentUs;
  }

  #send(
    contractIndex: number,
    sentUs: number,
    delayUs: number,
    arrive: Message['arrive'],
    ids: readonly string[] = [],
  ): void {
    const atUs = Math.max(sentUs + delayUs, this.#lastArrivalUs);
    this.#lastArrivalUs = atUs;
    this.#sendAt(atUs, contractIndex, sentUs, arrive, ids);
  }

  #sendAt(
    atUs: number,
    contractIndex: number,
    sentUs: number,
    arrive: Message['arrive'],
    ids: readonly string[] = [],
  ): void {
    const messages = this.#messages;
    if (atUs <= sentUs && !(messages[0] !== undefined && messages[0].atUs <= atUs)) {
      this.#see(sentUs);
      arrive(sentUs as TsUs);
      return;
    }
    // Another connection may have sent what arrives earlier; of one moment what was sent first.
    let at = messages.length;
    while (at > 0 && messages[at - 1]!.atUs > atUs) at -= 1;
    messages.splice(at, 0, { atUs, contractIndex, ids, arrive });
  }

  /** When a new order arrives that is still on its way; TS_MIN where none of this id is. */
  #newOnTheWayUs(clOrdId: string): number {
    return this.#messages.find(({ ids }) => ids.includes(clOrdId))?.atUs ?? TS_MIN;
  }

  #answer(report: ExecutionReport): void {
    const leftUs = Math.max(report.tsUs, this.#nowUs);
    const kind = ANSWERS[report.kind] ?? 'new';
    const delayUs = this.#model.orderUs('response', kind, report.clOrdId, leftUs);
    const atUs = Math.max(leftUs + delayUs, this.#lastAnswerUs);
    this.#lastAnswerUs = atUs;
    const told = this.#marked(report);
    if (atUs <= this.#nowUs && this.#answers.length === 0) this.#sink!.onReport(told);
    else this.#answers.push({ atUs, report: told });
  }

  #marked(report: ExecutionReport): ExecutionReport {
    const evidence = report.fill?.evidence;
    if (evidence === undefined || !this.#letIn.has(report.clOrdId)) return report;
    return {
      ...report,
      fill: { ...report.fill!, evidence: { ...evidence, latencySubbar: true } },
    };
  }

  #see(tsUs: number): void {
    if (tsUs > this.#nowUs) this.#nowUs = tsUs;
  }
}

/** Takes out the rows that fit, in order. */
function takeWhere<T>(rows: T[], isTaken: (row: T) => boolean): T[] {
  const taken = rows.filter(isTaken);
  if (taken.length === 0) return taken;
  const kept = rows.filter((row) => !isTaken(row));
  rows.length = 0;
  rows.push(...kept);
  return taken;
}
