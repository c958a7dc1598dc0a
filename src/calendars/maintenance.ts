/** Planned down-times of venues: when a lost connection is no alarm. Data, so that a user can correct them. */
import { addDays, weekdayOf } from '../core/trade-date.ts';
import type { TradeDate, TsUs } from '../core/units.ts';
import type { ZoneTables } from './wall-time.ts';
import { parseWallTime } from './wall-time.ts';

export interface MaintenanceWindow {
  /** Weekdays on which it begins, local, 0 Sunday to 6 Saturday. */
  readonly weekdays: readonly number[];
  readonly from: string;
  /** Local; the next day where it is not after `from`. */
  readonly to: string;
  readonly zone: string;
  /**
   * `down`: connections are refused or dropped. `degraded`: they may be lost and come back; orders at the exchange stay.
   * `login`: a session ends and a new login is needed.
   */
  readonly effect: 'down' | 'degraded' | 'login';
  readonly what: string;
}

export interface VenueSchedule {
  readonly venue: string;
  readonly windows: readonly MaintenanceWindow[];
  readonly sources: readonly string[];
}

/** A window on its date. */
export interface MaintenanceSpan {
  readonly fromUs: TsUs;
  readonly toUs: TsUs;
  readonly effect: MaintenanceWindow['effect'];
  readonly what: string;
}

const NEW_YORK = 'America/New_York';
const HONG_KONG = 'Asia/Hong_Kong';
const EVERY_DAY: readonly number[] = [0, 1, 2, 3, 4, 5, 6];
const SUNDAY_TO_FRIDAY: readonly number[] = [0, 1, 2, 3, 4, 5];
const IB_SOURCE = 'Interactive Brokers, system status and reset times, read 2026-11';
const IB_EVERYWHERE: readonly MaintenanceWindow[] = [
  {
    weekdays: [5],
    from: '23:00',
    to: '03:00',
    zone: NEW_YORK,
    effect: 'down',
    what: 'weekend reset',
  },
  {
    weekdays: [0],
    from: '01:00',
    to: '01:05',
    zone: NEW_YORK,
    effect: 'login',
    what: 'the login of the week ends, about this time',
  },
];

/** Interactive Brokers by the region of its servers; `ib` is North America. */
const IB_NORTH_AMERICA: readonly MaintenanceWindow[] = [
  {
    weekdays: SUNDAY_TO_FRIDAY,
    from: '00:15',
    to: '01:45',
    zone: NEW_YORK,
    effect: 'degraded',
    what: 'daily server reset',
  },
  ...IB_EVERYWHERE,
];

/** Schedules that are known, by venue. A restart that the user chooses belongs into a file of their own. */
export const VENUE_SCHEDULES: readonly VenueSchedule[] = [
  { venue: 'ib', windows: IB_NORTH_AMERICA, sources: [IB_SOURCE] },
  {
    venue: 'ib-europe',
    windows: [
      {
        weekdays: EVERY_DAY,
        from: '06:25',
        to: '07:45',
        zone: 'Europe/Zurich',
        effect: 'degraded',
        what: 'daily server reset',
      },
      ...IB_EVERYWHERE,
    ],
    sources: [IB_SOURCE, 'Older notes give 05:45 to 06:45.'],
  },
  {
    venue: 'ib-asia-pacific',
    windows: [
      {
        weekdays: EVERY_DAY,
        from: '04:45',
        to: '06:05',
        zone: HONG_KONG,
        effect: 'degraded',
        what: 'daily server reset',
      },
      {
        weekdays: EVERY_DAY,
        from: '20:15',
        to: '21:15',
        zone: HONG_KONG,
        effect: 'degraded',
        what: 'daily server reset',
      },
      ...IB_EVERYWHERE,
    ],
    sources: [IB_SOURCE],
  },
  { venue: 'projectx', windows: [], sources: ['ProjectX publishes no schedule, read 2026-11'] },
  {
    venue: 'cqg',
    windows: [],
    sources: ['The CQG WebAPI documents give no schedule, read 2026-11'],
  },
];

/** Longest window, and the way to the next one, in days. */
const REACH_DAYS = 9;

/** The planned down-times of one venue. Asked a few times a minute, so it counts windows instead of keeping a table. */
export class VenueMaintenance {
  readonly schedule: VenueSchedule;
  readonly #zones: ZoneTables;

  /** Errors: E_ZONE, E_TIME for windows that cannot be read. */
  constructor(schedule: VenueSchedule, zones: ZoneTables) {
    this.schedule = schedule;
    this.#zones = zones;
    for (const { from, to, zone } of schedule.windows) {
      zones.get(zone);
      parseWallTime(from);
      parseWallTime(to);
    }
  }

  /** Whether a planned window of any effect is in progress. */
  isDown(tsUs: TsUs): boolean {
    return this.windowAt(tsUs) !== null;
  }

  /** The window in progress, the one that ends last where several overlap; null when the venue should answer. */
  windowAt(tsUs: TsUs): MaintenanceSpan | null {
    return this.#spansNear(tsUs)
      .filter(({ fromUs, toUs }) => fromUs <= tsUs && tsUs < toUs)
      .reduce<MaintenanceSpan | null>(
        (last, span) => (last === null || span.toUs > last.toUs ? span : last),
        null,
      );
  }

  /** The next window that begins after the instant; null where none is known. */
  nextDown(tsUs: TsUs): MaintenanceSpan | null {
    return this.#spansNear(tsUs).find(({ fromUs }) => fromUs > tsUs) ?? null;
  }

  /** The first moment from the instant on at which no window is in progress. */
  upFromUs(tsUs: TsUs): TsUs {
    let at = tsUs;
    for (let span = this.windowAt(at); span !== null; span = this.windowAt(at)) at = span.toUs;
    return at;
  }

  /** Windows from the day before the instant on, by their beginning. */
  #spansNear(tsUs: TsUs): readonly MaintenanceSpan[] {
    return this.schedule.windows
      .flatMap(({ weekdays, from, to, zone, effect, what }) => {
        const table = this.#zones.get(zone);
        const [start, end] = [parseWallTime(from), parseWallTime(to)];
        const first = addDays(table.localDate(tsUs), -1);
        const dates = Array.from({ length: REACH_DAYS + 1 }, (_, i) => addDays(first, i));
        return dates
          .filter((date) => weekdays.includes(weekdayOf(date)))
          .map((date): MaintenanceSpan => {
            const lastDate: TradeDate = end > start ? date : addDays(date, 1);
            return {
              fromUs: table.toUtcUs(date, start),
              toUs: table.toUtcUs(lastDate, end),
              effect,
              what,
            };
          });
      })
      .sort((a, b) => a.fromUs - b.fromUs);
  }
}
