/** A run in which some contracts match on ticks and the others on bars: two venues behind one port. */
import type { BarColumns } from '../../core/bars.ts';
import type {
  CancelRequest,
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
import { commonCapabilities } from '../../core/venues/capabilities.ts';

export class RoutedVenue implements SimulatedVenue {
  readonly capabilities: VenueCapabilities;
  readonly wakeLow: Float64Array;
  readonly wakeHigh: Float64Array;
  readonly lastTicks: Float64Array;
  readonly matchesTicks: Uint8Array;
  readonly #onBars: SimulatedVenue;
  readonly #onTicks: SimulatedVenue;
  readonly #contractOf: Map<string, number> = new Map();

  constructor(onBars: SimulatedVenue, onTicks: SimulatedVenue) {
    this.#onBars = onBars;
    this.#onTicks = onTicks;
    this.capabilities = commonCapabilities(onTicks.capabilities, onBars.capabilities);
    this.wakeLow = onBars.wakeLow;
    this.wakeHigh = onBars.wakeHigh;
    this.matchesTicks = onTicks.matchesTicks!;
    // Each contract is written by one of the two.
    this.lastTicks = onBars.lastTicks!;
  }

  connect(sink: ExecutionSink): void {
    this.#onBars.connect(sink);
    this.#onTicks.connect(sink);
  }

  submit(request: NewOrderRequest): void {
    this.#contractOf.set(request.clOrdId, request.contractIndex);
    this.#venueOf(request.contractIndex).submit(request);
  }

  submitGroup(request: OrderGroupRequest): void {
    const orders = request.children.map((child) => child.order);
    if (request.entry !== null) orders.unshift(request.entry);
    for (const order of orders) this.#contractOf.set(order.clOrdId, order.contractIndex);
    this.#venueOf(orders[0]?.contractIndex ?? 0).submitGroup(request);
  }

  replace(request: ReplaceRequest): void {
    this.#venueOf(this.#contractOf.get(request.clOrdId) ?? 0).replace(request);
  }

  cancel(request: CancelRequest): void {
    this.#venueOf(this.#contractOf.get(request.clOrdId) ?? 0).cancel(request);
  }

  onBar(contractIndex: number, bars: BarColumns, row: number, flags: number): void {
    this.#onBars.onBar(contractIndex, bars, row, flags);
  }

  onTick(kind: TickKind, contractIndex: number, columns: TickColumns, row: number): void {
    this.#onTicks.onTick!(kind, contractIndex, columns, row);
    this.lastTicks[contractIndex] = this.#onTicks.lastTicks![contractIndex]!;
  }

  onPhase(contractIndex: number, phase: VenuePhase, tsUs: TsUs, opening?: OpeningDetails): void {
    this.#onTicks.onPhase!(contractIndex, phase, tsUs, opening);
  }

  onSessionClose(contractIndex: number, closeUs: TsUs): void {
    this.#venueOf(contractIndex).onSessionClose(contractIndex, closeUs);
  }

  onContractExpiry(contractIndex: number, tsUs: TsUs): void {
    this.#venueOf(contractIndex).onContractExpiry(contractIndex, tsUs);
  }

  onTime(nowUs: TsUs): void {
    if (this.#onBars.nextTimerUs() <= nowUs) this.#onBars.onTime(nowUs);
    if (this.#onTicks.nextTimerUs() <= nowUs) this.#onTicks.onTime(nowUs);
  }

  nextTimerUs(): TsUs {
    return Math.min(this.#onBars.nextTimerUs(), this.#onTicks.nextTimerUs()) as TsUs;
  }

  setPosition(contractIndex: number, netQty: number): void {
    this.#venueOf(contractIndex).setPosition(contractIndex, netQty);
  }

  hasten(contractIndex: number, nowUs: TsUs): void {
    this.#venueOf(contractIndex).hasten?.(contractIndex, nowUs);
  }

  #venueOf(contractIndex: number): SimulatedVenue {
    return this.matchesTicks[contractIndex] === 1 ? this.#onTicks : this.#onBars;
  }
}
