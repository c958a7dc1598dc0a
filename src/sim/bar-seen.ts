/** Bars as the venue reads them: what is sane, what finer bars must tell, and the last one of a contract. */
import type { BarColumns } from '../core/bars.ts';
import type { BarRange } from './certainty.ts';

/** Open and close lie in the range and the volume is not negative; a price that is no number is not sane. */
export function isSaneBar(bars: BarColumns, row: number): boolean {
  const open = bars.open[row]!;
  const high = bars.high[row]!;
  const low = bars.low[row]!;
  const close = bars.close[row]!;
  if (bars.volume[row]! < 0) return false;
  return low <= Math.min(open, close) && high >= Math.max(open, close);
}

/** Whether finer bars, in order and inside the interval, tell the same open, high, low and close as the bar. */
export function tellsTheSame(finer: BarColumns, bars: BarColumns, row: number): boolean {
  const last = finer.length - 1;
  let [high, low, atUs] = [-Infinity, Infinity, bars.openUs[row]!];
  for (let i = 0; i <= last; i += 1) {
    if (!isSaneBar(finer, i) || finer.openUs[i]! < atUs) return false;
    atUs = finer.closeUs[i]!;
    high = Math.max(high, finer.high[i]!);
    low = Math.min(low, finer.low[i]!);
  }
  return (
    atUs <= bars.closeUs[row]! &&
    finer.open[0] === bars.open[row] &&
    finer.close[last] === bars.close[row] &&
    high === bars.high[row] &&
    low === bars.low[row]
  );
}

/** The last bar of a contract that was matched, with the volume that is left of it. */
export class SeenBar {
  openUs: number = NaN;
  closeUs: number = NaN;
  open: number = NaN;
  high: number = NaN;
  low: number = NaN;
  close: number = NaN;
  capLeft: number = 0;

  keep(bar: BarRange, openUs: number, closeUs: number, capLeft: number): void {
    this.openUs = openUs;
    this.closeUs = closeUs;
    this.open = bar.open;
    this.high = bar.high;
    this.low = bar.low;
    this.close = bar.close;
    this.capLeft = capLeft;
  }

  restore(bar: { open: number; high: number; low: number; close: number }): void {
    bar.open = this.open;
    bar.high = this.high;
    bar.low = this.low;
    bar.close = this.close;
  }
}
