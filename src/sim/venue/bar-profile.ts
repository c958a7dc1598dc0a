/**
 * Bars as on a named venue: what the profile refuses is refused here, when it arrives, and exits are as it holds them. What a
 * profile says in milliseconds a bar cannot tell: the other exit goes inside the bar of the fill, as docs/reference/venue-profiles.md
 * says.
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
import type { ClOrdId, OrderSpec } from '../../core/order.ts';
import type { ExecutionSink } from '../../core/ports.ts';
import type { TsUs } from '../../core/units.ts';
import { commonCapabilities } from '../../core/venues/capabilities.ts';
import type { VenueProfile } from '../../core/venues/types.ts';
import type { BarExchange, BarExchangeCounts } from '../bar-options.ts';
import { profileProblem } from './requests.ts';

/** Whether the market of a contract is open at a moment. */
export type IsTrading = (contractIndex: number, tsUs: number) => boolean;

export class ProfiledBarVenue implements BarExchange {
  readonly capabilities: VenueCapabilities;
  readonly wakeLow: Float64Array;
  readonly wakeHigh: Float64Array;
  readonly lastTicks: Float64Array;
  readonly counts: Readonly<BarExchangeCounts>;
  readonly #venue: BarExchange & { isSubBar: boolean };
  readonly #profile: VenueProfile;
  readonly #isTrading: IsTrading;
  /** Trailing orders: of those some venues change the size alone. */
  readonly #trailing: Map<ClOrdId, number> = new Map();
  #sink: ExecutionSink | null = null;

  constructor(
    venue: BarExchange & { isSubBar: boolean },
    profile: VenueProfile,
    isTrading: IsTrading,
  ) {
    this.#venue = venue;
    this.#profile = profile;
    this.#isTrading = isTrading;
    this.capabilities = commonCapabilities(profile.capabilities, venue.capabilities);
    this.wakeLow = venue.wakeLow;
    this.wakeHigh = venue.wakeHigh;
    this.lastTicks = venue.lastTicks;
    this.counts = venue.counts;
  }

  get isSubBar(): boolean {
    return this.#venue.isSubBar;
  }
  set isSubBar(value: boolean) {
    this.#venue.isSubBar = value;
  }

  connect(sink: ExecutionSink): void {
    this.#sink = sink;
    this.#venue.connect(sink);
  }

  submit(request: NewOrderRequest): void {
    const reason = this.#problem(request);
    if (reason === null) this.#venue.submit(this.#asHeld(request));
    else this.#reject(request, reason);
  }

  submitGroup(request: OrderGroupRequest): void {
    const { entry, children } = request;
    const first = entry === null ? children.map((child) => child.order) : [entry];
    const reason =
      first.map((order) => this.#problem(order)).find((each) => each !== null) ??
      profileProblem(request, this.#profile);
    if (reason === null) {
      this.#venue.submitGroup({
        ...request,
        entry: entry === null ? null : this.#asHeld(entry),
        children: children.map((child) => ({ ...child, order: this.#asHeld(child.order) })),
      });
      return;
    }
    if (entry !== null) this.#reject(entry, reason);
    for (const { order } of children) this.#reject(order, reason);
  }

  replace(request: ReplaceRequest): void {
    const contractIndex = this.#trailing.get(request.clOrdId);
    const isPrice = (request.limitTicks ?? request.stopTicks) !== undefined;
    if (contractIndex === undefined || !isPrice) this.#venue.replace(request);
    else
      this.#tell('ReplaceRejected', request, contractIndex, request.sentUs, 'unsupported-replace');
  }

  cancel(request: CancelRequest): void {
    this.#venue.cancel(request);
  }

  onBar(contractIndex: number, bars: BarColumns, row: number, flags: number): void {
    this.#venue.onBar(contractIndex, bars, row, flags);
  }

  onSessionClose(contractIndex: number, closeUs: TsUs): void {
    this.#venue.onSessionClose(contractIndex, closeUs);
  }

  onContractExpiry(contractIndex: number, tsUs: TsUs): void {
    this.#venue.onContractExpiry(contractIndex, tsUs);
  }

  onTime(nowUs: TsUs): void {
    this.#venue.onTime(nowUs);
  }

  nextTimerUs(): TsUs {
    return this.#venue.nextTimerUs();
  }

  setPosition(contractIndex: number, netQty: number): void {
    this.#venue.setPosition(contractIndex, netQty);
  }

  /** Why the venue takes this order not now, or null. What the engine or the broker sends by itself it always takes. */
  #problem({ contractIndex, spec, sentUs, sender }: NewOrderRequest): string | null {
    if (sender !== undefined) return null;
    const { closed, stopInMarket } = this.#profile;
    if (closed === 'reject' && !this.#isTrading(contractIndex, sentUs)) return 'market-closed';
    if (stopInMarket !== 'reject') return null;
    if (spec.type !== 'stop' && spec.type !== 'stop-limit') return null;
    const last = this.lastTicks[contractIndex]!;
    return (last - spec.stopTicks) * spec.side >= 0 ? 'stop-in-market' : null;
  }

  /** As the venue has it: without the flags that it lacks, with the protection that it adds. */
  #asHeld(request: NewOrderRequest): NewOrderRequest {
    const { capabilities, modify, protectionTicks } = this.#profile;
    const { spec, clOrdId, contractIndex } = request;
    if ('trail' in spec && modify.trailing === 'size') this.#trailing.set(clOrdId, contractIndex);
    const isFlagged = spec.reduceOnly === true && !capabilities.features.reduceOnly;
    const isProtected =
      protectionTicks !== null &&
      spec.protectionTicks === undefined &&
      (spec.type === 'market' || spec.type === 'stop') &&
      spec.timeInForce !== 'at-open' &&
      spec.timeInForce !== 'at-close';
    if (!isFlagged && !isProtected) return request;
    const { reduceOnly, ...plain } = spec;
    const isKept = reduceOnly === true && !isFlagged;
    return {
      ...request,
      spec: {
        ...plain,
        ...(isKept ? { reduceOnly } : {}),
        ...(isProtected ? { protectionTicks } : {}),
      } as OrderSpec,
    };
  }

  #reject(request: NewOrderRequest, reason: string): void {
    this.#tell(
      'Rejected',
      { ...request, orderId: null },
      request.contractIndex,
      request.sentUs,
      reason,
    );
  }

  #tell(
    kind: ExecutionReport['kind'],
    { clOrdId, orderId }: Pick<ReplaceRequest, 'clOrdId' | 'orderId'>,
    contractIndex: number,
    tsUs: TsUs,
    reason: string,
  ): void {
    this.#sink?.onReport({ kind, clOrdId, orderId, contractIndex, tsUs, reason });
  }
}
