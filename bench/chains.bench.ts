/**
 * Twenty years of monthly contracts, in CPU milliseconds: their dates by rule with new calendars each time; the whole chain,
 * with the instant at which each contract ends, on calendars that are there, on new ones, and the first time in a process.
 * What new calendars cost beyond the dates are the sessions and the zone, which the calendar benchmark measures.
 *
 *     node --import tsx bench/chains.bench.ts
 */
import { join } from 'node:path';
import { buildChain, cyclesOf } from '../src/calendars/chain.ts';
import { createCalendars } from '../src/calendars/registry.ts';
import { createSymbology } from '../src/calendars/symbology.ts';
import type { InstrumentSpec } from '../src/core/instrument.ts';
import { parseTradeDate } from '../src/core/trade-date.ts';
import { loadInstruments } from '../src/data/instruments.ts';

const IS_SMOKE = process.env['FRONTMONTH_BENCH_SMOKE'] === '1';
const ROUNDS = IS_SMOKE ? 2 : 15;
const instruments = loadInstruments(join(import.meta.dirname, '../catalog/instruments'));
const spec = (root: string): InstrumentSpec => instruments.get(root)!;

function cpuMs(act: () => unknown): number {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

console.log(
  ['20 years of', 'contracts', 'dates, new', 'chain, there', 'chain, new', 'first time']
    .map((title, i) => (i === 0 ? title.padEnd(12) : title.padStart(14)))
    .join(''),
);
for (const [root, from] of [
  ['CL', 2006],
  ['B', 2006],
  ['HG', 2006],
  ['VX', 2006],
  ['ES', 2006],
  ['FGBL', 2006],
] as const) {
  let count = 0;
  const calendars = createCalendars();
  const build = (source = calendars): void => {
    count = buildChain(spec(root), source, from, from + 19, { cycle: 'listed' }).length;
  };
  const cold = cpuMs(() => build());
  const dates = median(
    Array.from({ length: ROUNDS }, () =>
      cpuMs(() => {
        const source = createCalendars();
        for (const { year, month } of cyclesOf(spec(root)).listed.between(
          { year: from, month: 1 },
          { year: from + 19, month: 12 },
        ))
          source.ruleDates(spec(root), year, month);
      }),
    ),
  );
  const fresh = median(Array.from({ length: ROUNDS }, () => cpuMs(() => build(createCalendars()))));
  const same = median(Array.from({ length: ROUNDS }, () => cpuMs(() => build())));
  const cells = [count, ...[dates, same, fresh, cold].map((ms) => ms.toFixed(1))].map(String);
  console.log(`${root.padEnd(12)}${cells.map((cell) => cell.padStart(14)).join('')}`);
}

const cycle = cyclesOf(spec('CL')).hold;
const steps = IS_SMOKE ? 1000 : 1_000_000;
const stepMs = cpuMs(() => {
  let at = { year: 1900, month: 1 };
  for (let i = 0; i < steps; i += 1)
    at = i % 2400 === 2399 ? { year: 1900, month: 1 } : cycle.next(at)!;
});
console.log(`a step in a cycle: ${((stepMs / steps) * 1e6).toFixed(0)} ns`);

const calendars = createCalendars();
const symbology = createSymbology(instruments.values(), calendars);
const now = parseTradeDate('2025-11-21');
const reads = IS_SMOKE ? 100 : 100_000;
symbology.parse('globex', 'ESZ5', now);
const readMs = cpuMs(() => {
  for (let i = 0; i < reads; i += 1) symbology.parse('globex', 'ESZ5', now);
});
console.log(`a Globex symbol read: ${((readMs / reads) * 1e3).toFixed(1)} µs`);
