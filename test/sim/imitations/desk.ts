/** Drives an imitation in words: `buy limit 98 as a`, `bar 100/101/97/100 v40`, `bracket buy market stop 98 target 102`. */
import type { ExecutionReport, NewOrderRequest } from '../../../src/core/execution.ts';
import type { ClOrdId, OrderRole, OrderSpec } from '../../../src/core/order.ts';
import type { SimulatedVenue } from '../../../src/core/ports.ts';
import type { TsUs } from '../../../src/core/units.ts';
import { createImitation } from '../../../src/sim/imitations/imitation-venue.ts';
import type { Imitation } from '../../../src/sim/imitations/profiles.ts';
import { makeTable } from '../../support/sim-harness.ts';

const MINUTE_US = 60_000_000;
const START_US = 1_700_000_000_000_000;

export class Desk {
  readonly venue: SimulatedVenue;
  readonly #table = makeTable();
  readonly #lines: string[] = [];
  readonly #rules: string[] = [];
  readonly #proven: boolean[] = [];
  #nowUs: number = START_US;

  constructor(program: Imitation) {
    this.venue = createImitation({ table: this.#table, program });
    this.venue.lastTicks!.fill(100);
    this.venue.connect({
      onReport: (report) => this.#note(report),
      onAmbiguity: () => undefined,
      onVenueIssue: ({ code }) => this.#lines.push(code),
    });
  }

  lines(): readonly string[] {
    return this.#lines;
  }

  rules(): readonly string[] {
    return this.#rules;
  }

  /** Of each fill, whether it claims that the bar proves it. */
  proven(): readonly boolean[] {
    return this.#proven;
  }

  run(step: string): void {
    const [verb, ...words] = step.split(' ');
    const sentUs = this.#nowUs as TsUs;
    if (verb === 'bar') this.#bar(words);
    else if (verb === 'cancel')
      this.venue.cancel({ clOrdId: words[0] as ClOrdId, orderId: null, sentUs });
    else if (verb === 'session-close') this.venue.onSessionClose(0, (this.#nowUs + 1) as TsUs);
    else if (verb === 'expire') this.venue.onContractExpiry(0, sentUs);
    else if (verb === 'bracket') this.#bracket(words);
    else if (verb === 'straddle') {
      const [above, below] = words.map(Number);
      const buy = this.#request('b', 1, { type: 'stop', stopTicks: above }, 'peer');
      const sell = this.#request('s', -1, { type: 'stop', stopTicks: below }, 'peer');
      this.#group(null, [buy, sell]);
    } else this.venue.submit(this.#single(verb === 'buy' ? 1 : -1, words));
  }

  #note({ kind, clOrdId, reason, fill }: ExecutionReport): void {
    if (fill !== undefined) {
      this.#lines.push(`${clOrdId} ${fill.lastQty} @ ${fill.lastPriceTicks}`);
      this.#rules.push(fill.evidence!.rule);
      this.#proven.push(fill.evidence!.certain);
    } else if (['Rejected', 'Canceled', 'Expired', 'CancelRejected'].includes(kind)) {
      this.#lines.push(`${clOrdId} ${kind} ${reason}`);
    }
  }

  #bar(words: readonly string[]): void {
    const [open, high, low, close] = words[0]!.split('/').map(Number);
    const volume = Number(words[1]?.slice(1) ?? 1000);
    const one = (value: number): Float64Array => Float64Array.of(value);
    const { venue } = this;
    if (low! <= venue.wakeLow[0]! || high! >= venue.wakeHigh[0]!)
      venue.onBar(
        0,
        {
          length: 1,
          openUs: one(this.#nowUs),
          closeUs: one(this.#nowUs + MINUTE_US),
          open: one(open!),
          high: one(high!),
          low: one(low!),
          close: one(close!),
          volume: one(volume),
        },
        0,
        0,
      );
    venue.lastTicks![0] = close!;
    this.#nowUs += MINUTE_US;
  }

  /** `[qty] type [prices] [day] [until n] as id`. */
  #single(side: 1 | -1, words: readonly string[]): NewOrderRequest {
    const id = words[words.indexOf('as') + 1]!;
    const given = words.slice(0, words.indexOf('as'));
    const qty = Number.isNaN(Number(given[0])) ? 1 : Number(given[0]);
    const [type, ...rest] = Number.isNaN(Number(given[0])) ? given : given.slice(1);
    const until = rest.indexOf('until');
    const prices = rest.slice(0, until < 0 ? rest.length : until).map(Number);
    const tif =
      until >= 0
        ? { timeInForce: 'gtd', expireUs: this.#nowUs + Number(rest[until + 1]) * MINUTE_US }
        : { timeInForce: rest.includes('day') ? 'day' : 'gtc' };
    return this.#request(id, side, { type, qty, ...pricesOf(type!, prices), ...tif }, 'single');
  }

  /** `side type [price] stop p target p`; ids e, s, t. */
  #bracket(words: readonly string[]): void {
    const side = words[0] === 'buy' ? 1 : -1;
    const at = words.lastIndexOf('stop');
    const prices = words.slice(2, at).map(Number);
    const entry = this.#request(
      'e',
      side,
      { type: words[1], ...pricesOf(words[1]!, prices) },
      'entry',
    );
    const exit = { reduceOnly: true };
    const away = -side as 1 | -1;
    const stop = { type: 'stop', stopTicks: Number(words[at + 1]), ...exit };
    const target = { type: 'limit', limitTicks: Number(words[at + 3]), ...exit };
    this.#group(entry, [
      this.#request('s', away, stop, 'stop'),
      this.#request('t', away, target, 'target'),
    ]);
  }

  #group(entry: NewOrderRequest | null, orders: readonly NewOrderRequest[]): void {
    this.venue.submitGroup({
      groupId: 'g1',
      entry,
      children: orders.map((order) => ({ order, groupQty: order.spec.qty })),
      peers: 'oco',
      release: 'partial',
      sentUs: this.#nowUs as TsUs,
    });
  }

  #request(
    id: string,
    side: 1 | -1,
    spec: Readonly<Record<string, unknown>>,
    role: OrderRole,
  ): NewOrderRequest {
    const contract = this.#table.contractAt(0).id;
    return {
      clOrdId: id as ClOrdId,
      contractIndex: 0,
      spec: { contract, side, qty: 1, timeInForce: 'gtc', ...spec } as unknown as OrderSpec,
      role,
      groupId: role === 'single' ? null : 'g1',
      sentUs: this.#nowUs as TsUs,
    };
  }
}

function pricesOf(type: string, prices: readonly number[]): Readonly<Record<string, unknown>> {
  const [first, second] = prices;
  if (type === 'limit') return { limitTicks: first };
  if (type === 'stop' || type === 'market-if-touched') return { stopTicks: first };
  if (type === 'stop-limit' || type === 'limit-if-touched')
    return { stopTicks: first, limitTicks: second };
  return type.startsWith('trailing') ? { trail: { offsetTicks: first } } : {};
}
