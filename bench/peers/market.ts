/** Writes the bars into a catalog, once, as an import would: a product of one contract in a market that never closes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCatalog } from '../../src/data/catalog.ts';
import { CONTRACT, DATASET, makeBars, MULTIPLIER, ROOT, TICK_SIZE } from './bars.ts';

const GROUP = 'around-the-clock';
const SOURCE = { what: 'made for a benchmark', date: '2020-01' };

const CALENDAR = {
  schema: 'frontmonth.calendar/1',
  businessCalendars: { 'no-holidays': [] },
  groups: [
    {
      id: GROUP,
      name: 'A market that never closes',
      zone: 'UTC',
      from: '2019-01-01',
      to: '2049-12-31',
      businessCalendar: 'no-holidays',
      regimes: [
        {
          from: '2019-01-01',
          weekdays: [0, 1, 2, 3, 4, 5, 6],
          hours: { segments: [['00:00', '24:00']] },
        },
      ],
      namedDays: [],
      dayRules: [],
      exceptions: [],
      settle: '24:00',
      regularHours: { start: '00:00', end: '24:00', zone: 'UTC' },
      confidence: 'high',
      sources: ['made for a benchmark'],
    },
  ],
};

const INSTRUMENT = {
  schema: 'frontmonth.instrument/1',
  root: ROOT,
  exchange: 'BENCH',
  name: 'Benchmark walk',
  assetClass: 'equity-index',
  currency: 'USD',
  quoteUnit: 'index points',
  multiplier: MULTIPLIER,
  tickValue: MULTIPLIER * TICK_SIZE,
  grid: { kind: 'uniform', tickSize: TICK_SIZE },
  listedMonths: 'Z',
  holdCycle: 'Z',
  firstContract: '2048Z',
  lastContract: '2048Z',
  listing: { confidence: 'high', source: SOURCE.what },
  settlement: 'cash',
  session: { group: GROUP },
  businessCalendar: 'no-holidays',
  lastTrade: {
    rule: 'nth-weekday',
    n: 3,
    weekday: 'fri',
    monthOffset: 0,
    ifNotBusinessDay: 'previous',
    thenBusinessDays: 0,
  },
  lastTradeTime: { local: '12:00', tz: 'UTC' },
  firstNotice: null,
  rollHint: null,
  symbols: { exchange: ROOT },
  confidence: 'high',
  sources: [SOURCE],
};

/** Makes `catalog`, `instruments` and `calendar.json` below `folder`. */
export function makeMarket(folder: string, bars: number): void {
  mkdirSync(join(folder, 'instruments'), { recursive: true });
  writeFileSync(join(folder, 'instruments', `${ROOT}.json`), JSON.stringify(INSTRUMENT));
  writeFileSync(join(folder, 'calendar.json'), JSON.stringify(CALENDAR));
  const writer = openCatalog(join(folder, 'catalog'))
    .createDataset({
      name: DATASET,
      createdBy: 'frontmonth',
      isSynthetic: true,
      description: 'the walk of bench/peers',
      source: 'bench/peers/bars.ts',
      grids: { [ROOT]: { kind: 'ticks', increment: TICK_SIZE } },
      volume: 'known',
      stamps: 'instants',
      barStamp: 'close',
    })
    .beginWrite();
  writer.putBarsByYear(CONTRACT, '1m', makeBars(bars));
  writer.commit();
}
