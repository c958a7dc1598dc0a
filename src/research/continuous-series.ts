/** A continuous series outside a backtest: the same contracts, rolls and adjustment that a strategy would be given. */
import type { BarInterval } from '../core/bars.ts';
import type { ContractId } from '../core/instrument.ts';
import type { Adjustment, RollRule, RollSchedule } from '../core/roll.ts';
import type { TsUs } from '../core/units.ts';
import { createLabelCalendar } from '../calendars/label-calendar.ts';
import { createCalendars } from '../calendars/registry.ts';
import { openCatalog } from '../data/catalog.ts';
import type { ContinuousColumns } from '../data/continuous.ts';
import { collectContinuous } from '../data/continuous.ts';
import { loadInstruments } from '../data/instruments.ts';
import { planRun } from './plan.ts';

export interface ContinuousSeriesOptions {
  readonly catalogDir: string;
  /** Folder of the specifications, such as `node_modules/frontmonth/catalog/instruments`. */
  readonly instrumentsDir: string;
  readonly dataset: string;
  readonly root: string;
  readonly bars: BarInterval;
  /** The product's own rule by default; data that came with a roll calendar are always rolled by it. */
  readonly roll?: RollRule;
  /** `back-difference` by default. */
  readonly adjust?: Adjustment;
  /** Trade dates, `YYYY-MM-DD`, inclusive; the whole dataset by default. */
  readonly from?: string;
  readonly to?: string;
}

export interface ContinuousSeries {
  /** Adjusted decimal prices, raw counts, times and volume; `contractIndex` counts in `contracts`. */
  readonly columns: ContinuousColumns;
  readonly contracts: readonly ContractId[];
  readonly schedule: RollSchedule;
}

/**
 * Reads a continuous series into memory, as it is known at the end of its data.
 *
 * Errors: E_INSTRUMENT_UNKNOWN, E_DATA_PRODUCT, E_DATA_SPAN, E_ROLL_SCHEDULE, E_ROLL_RATIO, those of the catalog.
 *
 * @example
 * readContinuousSeries({ catalogDir, instrumentsDir, dataset: 'sample', root: 'ES', bars: '1d' }).columns.close
 */
export function readContinuousSeries(options: ContinuousSeriesOptions): ContinuousSeries {
  const { root, bars, adjust = 'back-difference' } = options;
  const dataset = openCatalog(options.catalogDir).dataset(options.dataset);
  const plan = planRun({
    dataset,
    specs: loadInstruments(options.instrumentsDir),
    calendars: createCalendars(),
    labelCalendar: createLabelCalendar,
    requirements: {
      series: [
        { root, bars, adjust, ...(options.roll === undefined ? {} : { roll: options.roll }) },
      ],
    },
    roots: [root],
    execution: bars,
    ...(options.from === undefined ? {} : { from: options.from }),
    ...(options.to === undefined ? {} : { to: options.to }),
  });
  const { schedule } = plan.chains[0]!;
  const { calendars, table } = plan;
  const dates = calendars[0]!.sessions(plan.from, plan.to);
  const columns = collectContinuous({
    schedule,
    adjust,
    grid: table.instruments[0]!.grid,
    bars: (index) => dataset.bars({ contract: table.contractAt(index).id, interval: bars }),
    ...(dates.length === 0
      ? {}
      : { fromUs: dates.openUs[0]! as TsUs, toUs: dates.closeUs[dates.length - 1]! as TsUs }),
  });
  return { columns, contracts: table.contracts.map(({ id }) => id), schedule };
}
