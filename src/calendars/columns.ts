/** Searches in sorted columns, and cuts of session columns. */
import type { SessionColumns } from '../core/session.ts';

/** Rows of a sorted column below `value`: the row of the first that is not. */
export function countBelow(column: Float64Array | Int32Array, value: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows of a sorted column at or below `value`. */
export function countAtOrBelow(column: Float64Array, value: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows [first, end) of session columns, breaks renumbered. Views, not copies, except for the break rows. */
export function sliceSessions(all: SessionColumns, first: number, end: number): SessionColumns {
  const firstBreak = countBelow(all.breakRow, first);
  const endBreak = countBelow(all.breakRow, end);
  return {
    length: end - first,
    openUs: all.openUs.subarray(first, end),
    closeUs: all.closeUs.subarray(first, end),
    label: all.label.subarray(first, end),
    tradeDate: all.tradeDate.subarray(first, end),
    settleUs: all.settleUs.subarray(first, end),
    breakRow: all.breakRow.subarray(firstBreak, endBreak).map((row) => row - first),
    breakStartUs: all.breakStartUs.subarray(firstBreak, endBreak),
    breakEndUs: all.breakEndUs.subarray(firstBreak, endBreak),
  };
}
