/**
 * Opening-range breakout: measures the first minutes of the regular session, then waits for the market to leave that
 * range, with a bracket on the entry and everything flat before the session's end. One trade a day and product.
 */
import type {
  AnyStrategyDefinition,
  BarView,
  OrderEvent,
  ParamValues,
  Strategy,
  StrategyContext,
} from '../core/strategy.ts';
import { choice, defineStrategy, int, number, time } from '../core/strategy.ts';
import type { TradeDate } from '../core/units.ts';
import { minutesOf } from './session-window.ts';

const params = {
  interval: choice({ default: '1m', choices: ['1m', '5m'], description: 'bar size that is read' }),
  openAt: time({ default: '08:30', description: 'start of the range, local time of the exchange' }),
  rangeMinutes: int({
    default: 30,
    min: 5,
    max: 240,
    unit: 'minutes',
    description: 'length of the range',
  }),
  lastEntryAt: time({ default: '12:00', description: 'no entries after this local time' }),
  flatAt: time({ default: '14:55', description: 'everything is flat from this local time on' }),
  targetRange: number({
    default: 1.5,
    min: 0.1,
    max: 20,
    unit: 'ranges',
    description: 'distance of the target',
  }),
  qty: int({ default: 1, min: 1, max: 100, unit: 'contracts', description: 'contracts per trade' }),
};
type Values = ParamValues<typeof params>;

/** State of one product on one trade date. */
interface Day {
  tradeDate: TradeDate;
  high: number;
  low: number;
  isPlaced: boolean;
  isDone: boolean;
}

/** A market order needs a bar after this one: on a short session the close comes before `flatAt`. */
const LAST_MINUTES_US = 10 * 60_000_000;

/** Of a session that opens in the evening, the part before midnight: its clock times are not those of the trade date. */
function isEveningBefore(bar: BarView, ctx: StrategyContext): boolean {
  const session = ctx.session(bar.root);
  if (session === null) return true;
  const calendar = ctx.calendar(bar.root);
  const open = calendar.localMinutes(session.openUs);
  return open > calendar.localMinutes(session.closeUs) && calendar.localMinutes(bar.openUs) >= open;
}

function endsSoon(bar: BarView, ctx: StrategyContext): boolean {
  const session = ctx.session(bar.root);
  return session !== null && bar.closeUs >= session.closeUs - LAST_MINUTES_US;
}

class OpeningRange implements Strategy {
  readonly #params: Values;
  readonly #days: Map<string, Day> = new Map();

  constructor(values: Values) {
    this.#params = values;
  }

  onBar(bar: BarView, ctx: StrategyContext): void {
    const day = this.#dayOf(bar);
    const { openAt, rangeMinutes, flatAt, lastEntryAt } = this.#params;
    const start = ctx.calendar(bar.root).localMinutes(bar.openUs);
    const end = ctx.calendar(bar.root).localMinutes(bar.closeUs);
    const from = minutesOf(openAt);
    if (isEveningBefore(bar, ctx)) return;
    const isLate = end >= minutesOf(flatAt) && start >= from;
    if (isLate || endsSoon(bar, ctx)) {
      this.#goFlat(bar, day, ctx);
      return;
    }
    if (start >= from && end <= from + rangeMinutes && end > start) {
      day.high = Math.max(day.high, bar.high);
      day.low = Math.min(day.low, bar.low);
    }
    const isRangeKnown = end >= from + rangeMinutes && start >= from && day.high > day.low;
    if (isRangeKnown && !day.isPlaced && end < minutesOf(lastEntryAt))
      this.#placeEntries(bar, day, ctx);
    if (
      day.isPlaced &&
      !day.isDone &&
      end >= minutesOf(lastEntryAt) &&
      ctx.netQty(bar.root) === 0
    ) {
      ctx.cancelAll(bar.contract);
      day.isDone = true;
    }
  }

  #dayOf(bar: BarView): Day {
    const known = this.#days.get(bar.root);
    if (known !== undefined && known.tradeDate === bar.tradeDate) return known;
    const day = {
      tradeDate: bar.tradeDate,
      high: -Infinity,
      low: Infinity,
      isPlaced: false,
      isDone: false,
    };
    this.#days.set(bar.root, day);
    return day;
  }

  #placeEntries(bar: BarView, day: Day, ctx: StrategyContext): void {
    const series = ctx.series(bar.key);
    const contract = ctx.contract(bar.root);
    const topTicks = series.toRawTicks(day.high, 'up');
    const bottomTicks = series.toRawTicks(day.low, 'down');
    const rangeTicks = topTicks - bottomTicks;
    const targetTicks = Math.max(1, Math.round(rangeTicks * this.#params.targetRange));
    const instrument = ctx.instrument(bar.root);
    day.isPlaced = true;
    ctx.note('opening-range', { root: bar.root, topTicks, bottomTicks });
    for (const side of [1, -1] as const) {
      const entry = instrument.toPrice((side > 0 ? topTicks : bottomTicks) + side);
      ctx.bracket({
        contract,
        side,
        qty: this.#params.qty,
        type: 'stop',
        stopTicks: instrument.toTicks(entry),
        timeInForce: 'day',
        tag: side > 0 ? 'range-up' : 'range-down',
        stop: { at: { offsetTicks: rangeTicks + 2 }, tag: 'range-stop' },
        targets: [{ at: { offsetTicks: targetTicks }, tag: 'target' }],
      });
    }
  }

  /** The first entry that trades takes the day: its opposite is cancelled. */
  onOrder(event: OrderEvent, ctx: StrategyContext): void {
    const isEntryFill =
      (event.kind === 'Fill' || event.kind === 'PartialFill') && event.order.role === 'entry';
    if (!isEntryFill) return;
    for (const order of ctx.openOrders({ contract: event.order.contract })) {
      if (order.role === 'entry' && order.side !== event.order.side) ctx.cancel(order.clOrdId);
    }
  }

  #goFlat(bar: BarView, day: Day, ctx: StrategyContext): void {
    if (day.isDone) return;
    day.isDone = true;
    ctx.flatten({ root: bar.root }, 'session-end');
  }
}

export const openingRange: AnyStrategyDefinition = defineStrategy({
  id: 'opening-range',
  version: '1.0.0',
  description:
    'Trades the first break of the opening range with a bracket, flat before the session ends.',
  params,
  instruments: ['ES'],
  requires: (values, roots) => ({
    series: roots.map((root) => ({ root, bars: values.interval, history: 2 })),
    positionsOnRoll: 'flatten',
  }),
  create: (values) => new OpeningRange(values),
});

export default openingRange;
