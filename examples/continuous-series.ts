/** A continuous price from raw contracts: hold chain, roll schedule, adjustment. Each step can be looked at. */
import { fileURLToPath } from 'node:url';
import { parseTradeDate, toIsoDate, type ContractId } from 'frontmonth';
import { createCalendars } from 'frontmonth/calendars';
import {
  buildRollSchedule,
  collectContinuous,
  holdChain,
  loadInstruments,
  openCatalog,
} from 'frontmonth/data';

const instrumentsDir = fileURLToPath(
  new URL('../catalog/instruments', import.meta.resolve('frontmonth')),
);
const dataset = openCatalog('catalog').dataset('sample');
const spec = loadInstruments(instrumentsDir).get('CL')!;
const calendars = createCalendars();
const [from, to] = [parseTradeDate('2021-02-01'), parseTradeDate('2022-10-31')];

const chain = holdChain({ spec, calendars, from, to });
const closesOf = (id: ContractId) => {
  if (dataset.span(id, '1d') === null) return null;
  const source = dataset.bars({ contract: id, interval: '1d' });
  const [closeUs, close, volume]: number[][] = [[], [], []];
  for (let batch = source.next(); batch !== null; batch = source.next()) {
    closeUs!.push(...batch.closeUs.subarray(0, batch.length));
    close!.push(...batch.close.subarray(0, batch.length));
    volume!.push(...batch.volume.subarray(0, batch.length));
  }
  source.close();
  return {
    length: closeUs!.length,
    closeUs: Float64Array.from(closeUs!),
    close: Int32Array.from(close!),
    volume: Float64Array.from(volume!),
  };
};

const schedule = buildRollSchedule({
  root: 'CL',
  chain,
  rule: { kind: 'volume', sessions: 2, deadlineDays: 2 },
  calendar: calendars.forInstrument(spec),
  dailyCloses: (i) => closesOf(chain[i]!.id),
  from,
  to,
});
for (const roll of schedule.rolls.slice(0, 3))
  console.log(`${toIsoDate(roll.tradeDate)} ${roll.from} to ${roll.to}: ${roll.reason}`);

const series = collectContinuous({
  schedule,
  grid: spec.grid,
  adjust: 'back-difference',
  bars: (i, fromUs, toUs) =>
    dataset.bars({ contract: chain[i]!.id, interval: '1d', from: fromUs, to: toUs }),
});
const last = series.length - 1;
console.log(`${series.length} bars over ${schedule.held.length} contracts`);
console.log(`first close adjusted ${series.close[0]!.toFixed(2)}, last ${series.close[last]!}`);
