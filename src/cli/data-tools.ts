/** Wires export, resampling, watching and checking to catalogs, instruments and calendars. Loaded when one of them runs. */
import { TradingError } from '../core/errors.ts';
import type { InstrumentSpec } from '../core/instrument.ts';
import type { TradingCalendar } from '../core/ports.ts';
import { addDays, parseTradeDate } from '../core/trade-date.ts';
import type { TsUs } from '../core/units.ts';
import { US_PER_DAY } from '../core/units.ts';
import type { Calendars } from '../calendars/registry.ts';
import type { Dataset } from '../data/catalog.ts';
import { openCatalog } from '../data/catalog.ts';
import type { ExportOptions, ExportOutcome } from '../data/export/export.ts';
import { exportDataset } from '../data/export/export.ts';
import type { ExportRange } from '../data/export/tables.ts';
import { loadInstruments } from '../data/instruments.ts';
import type { ResampleOptions, ResampleReport } from '../data/resample.ts';
import { resampleDataset } from '../data/resample.ts';
import { openCalendars } from '../research/calendar-files.ts';
import { removeIfEmpty } from './import-data.ts';
import { programVersion } from './package-root.ts';
import type { CalendarTexts } from './services.ts';

/** Where the data and the rules of a project are. */
export interface DataPlace {
  readonly catalogDir: string;
  readonly instrumentsDir: string;
  readonly calendars?: CalendarTexts;
}

/** First and last trade date, both included. */
export interface DateSpan {
  readonly from?: string;
  readonly to?: string;
}

/** Errors: those of `exportDataset`. */
export function exportData(
  place: DataPlace,
  name: string,
  span: DateSpan,
  options: Omit<ExportOptions, 'rangeOf'>,
): Promise<ExportOutcome> {
  const dataset = openCatalog(place.catalogDir).dataset(name);
  if (span.from === undefined && span.to === undefined) return exportDataset(dataset, options);
  const rangeOf = rangesOf(place, dataset, span);
  return exportDataset(dataset, { ...options, rangeOf });
}

/** From the open of the first trade date to the close of the last; days of UTC where there is no calendar. */
export function rangesOf(
  place: DataPlace,
  dataset: Dataset,
  span: DateSpan,
): (root: string) => ExportRange | null {
  const calendarOf = calendarsOf(place, dataset);
  const from = span.from === undefined ? null : parseTradeDate(span.from);
  const to = span.to === undefined ? null : parseTradeDate(span.to);
  return (root) => {
    const calendar = calendarOf(root);
    const days = {
      ...(from === null ? {} : { from: (from * US_PER_DAY) as TsUs }),
      ...(to === null ? {} : { to: (addDays(to, 1) * US_PER_DAY) as TsUs }),
    };
    if (calendar === null) return days;
    try {
      // Ten days hold a session on each side of every holiday.
      const after = from === null ? null : calendar.sessions(from, addDays(from, 10));
      const before = to === null ? null : calendar.sessions(addDays(to, -10), to);
      return {
        ...(after === null || after.length === 0 ? days : { from: after.openUs[0]! as TsUs }),
        ...(before === null
          ? {}
          : before.length === 0
            ? { to: days.to! }
            : { to: before.closeUs[before.length - 1]! as TsUs }),
      };
    } catch (error) {
      // Outside of the span of the calendar.
      if (error instanceof TradingError) return days;
      throw error;
    }
  };
}

/** Calendars of the products of a dataset; null where there is none, and for labels, which are no instants. */
export function calendarsOf(
  place: DataPlace,
  dataset: Dataset,
): (root: string) => TradingCalendar | null {
  const calendars = openCalendars(place.calendars ?? []);
  const specs = loadInstruments(place.instrumentsDir);
  return (root) => {
    if (dataset.manifest.stamps === 'labels') return null;
    const spec = specs.get(root);
    return spec === undefined ? null : calendarOrNull(calendars, spec);
  };
}

/** A product group without a calendar is null. */
export function calendarOrNull(calendars: Calendars, spec: InstrumentSpec): TradingCalendar | null {
  try {
    return calendars.forInstrument(spec);
  } catch (error) {
    if (error instanceof TradingError && error.code === 'E_CALENDAR_UNKNOWN') return null;
    throw error;
  }
}

/** Errors: those of `resampleDataset`. */
export function resampleData(
  place: DataPlace,
  options: Omit<ResampleOptions, 'catalog' | 'calendarOf' | 'createdBy'>,
): ResampleReport | null {
  const catalog = openCatalog(place.catalogDir);
  const isThere = catalog.names().includes(options.into ?? options.dataset);
  try {
    return resampleDataset({
      ...options,
      catalog,
      calendarOf: calendarsOf(place, catalog.dataset(options.dataset)),
      createdBy: `frontmonth ${programVersion()}`,
    });
  } finally {
    if (!isThere) removeIfEmpty(place.catalogDir, options.into ?? options.dataset);
  }
}
