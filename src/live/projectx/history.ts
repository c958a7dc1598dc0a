/** Bars in pages: the venue gives the newest first, with an unknown cap, and sometimes the bar that is still forming. */
import { TradingError } from '../../core/errors.ts';
import type { TsUs } from '../../core/units.ts';
import { toIsoUtc } from '../../core/units.ts';
import { rowsOf } from './decode.ts';
import type { PxBar } from './messages.ts';
import { toBar } from './messages.ts';
import type { RestLine } from './rest.ts';

export type PxBarUnit = 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month';

const UNITS: Readonly<Record<PxBarUnit, { readonly code: number; readonly lengthUs: number }>> = {
  second: { code: 1, lengthUs: 1e6 },
  minute: { code: 2, lengthUs: 60e6 },
  hour: { code: 3, lengthUs: 3600e6 },
  // A trading day is 23 hours long: from 17:00 to 16:00 in Chicago.
  day: { code: 4, lengthUs: 23 * 3600e6 },
  // From Sunday 17:00 to Friday 16:00.
  week: { code: 5, lengthUs: (5 * 24 - 1) * 3600e6 },
  // The shortest month; a bar that is kept too early is the venue's only where it says that it is whole.
  month: { code: 6, lengthUs: 31 * 24 * 3600e6 },
};

export interface BarsQuery {
  readonly contractId: string;
  readonly unit: PxBarUnit;
  /** Default 1. */
  readonly unitNumber?: number;
  readonly fromUs: TsUs;
  /** Exclusive, of the start of bars. */
  readonly toUs: TsUs;
  /** Rows in one answer; the documentation allows 20,000. Default that. */
  readonly pageSize?: number;
  /** Keeps the bar whose end is after now. Default false. */
  readonly includePartialBar?: boolean;
  /** Default: that of the connection. */
  readonly live?: boolean;
}

const PAGES_MAX = 10_000;

/**
 * Bars that start in [fromUs, toUs), oldest first, each once. Pages backwards until a page has nothing new: how many rows the
 * venue gives at most is not known, so a short page means nothing. Where two pages tell one bar, the newer answer stands.
 * An interval without trades has no bar. Errors: those of a request.
 */
export async function retrieveBars(
  line: RestLine,
  query: BarsQuery,
  nowUs: () => TsUs,
  live: boolean,
): Promise<readonly PxBar[]> {
  const unit = UNITS[query.unit];
  const unitNumber = query.unitNumber ?? 1;
  const pageSize = query.pageSize ?? 20_000;
  checkWhole('unitNumber', unitNumber, 1, 1_000_000);
  checkWhole('pageSize', pageSize, 1, 20_000);
  if (!(query.fromUs < query.toUs))
    throw new TradingError('E_VENUE_CONFIG', 'fromUs is not before toUs', {
      details: { field: 'fromUs', fromUs: query.fromUs, toUs: query.toUs },
    });
  const byOpen = new Map<number, PxBar>();
  let toUs: number = query.toUs;
  for (let page = 0; page < PAGES_MAX && toUs > query.fromUs; page += 1) {
    const answer = await line.call(
      'History/retrieveBars',
      {
        contractId: query.contractId,
        live: query.live ?? live,
        startTime: toIsoUtc(query.fromUs),
        endTime: toIsoUtc(toUs as TsUs),
        unit: unit.code,
        unitNumber,
        limit: pageSize,
        includePartialBar: query.includePartialBar ?? false,
      },
      { urgency: 2, isRead: true },
    );
    let oldestUs = toUs;
    for (const row of rowsOf(answer, 'bars')) {
      const bar = toBar(row);
      if (bar.openUs < oldestUs) oldestUs = bar.openUs;
      const isInside = bar.openUs >= query.fromUs && bar.openUs < query.toUs;
      if (isInside && !byOpen.has(bar.openUs)) byOpen.set(bar.openUs, bar);
    }
    // Nothing older than the last page: whatever the venue still holds, it does not give it.
    if (oldestUs >= toUs) break;
    toUs = oldestUs;
  }
  const closedBy = nowUs() - unit.lengthUs * unitNumber;
  return [...byOpen.values()]
    .filter((bar) => query.includePartialBar === true || bar.openUs <= closedBy)
    .toSorted((a, b) => a.openUs - b.openUs);
}

function checkWhole(field: string, value: number, from: number, to: number): void {
  if (!(Number.isSafeInteger(value) && value >= from && value <= to))
    throw new TradingError(
      'E_VENUE_CONFIG',
      `${field} is ${value}: a whole number from ${from} to ${to}`,
      {
        details: { field, value },
      },
    );
}
