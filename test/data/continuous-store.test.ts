/** Stored series: schedule and gaps in a file, prices derived; appended or built at once; what was known can be asked for. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import type { ContractId } from '../../src/core/instrument.ts';
import { UniformGrid } from '../../src/core/price-grid.ts';
import type { RollRule } from '../../src/core/roll.ts';
import { parseTradeDate } from '../../src/core/trade-date.ts';
import type { TsUs } from '../../src/core/units.ts';
import { collectContinuous } from '../../src/data/continuous.ts';
import {
  beginContinuous,
  extendContinuous,
  formatContinuous,
  mergeSchedule,
  nameOfSeries,
  openContinuousStore,
  parseContinuous,
  scheduleOf,
  toStored,
} from '../../src/data/continuous-store.ts';
import type { ContinuousDefinition, StoredContinuous } from '../../src/data/continuous-store.ts';
import { nodeFileIo } from '../../src/data/file-io.ts';
import { buildRollSchedule, rollEvents } from '../../src/data/roll.ts';
import { PlainCalendar, PlainCalendars, plainContract } from '../support/plain-calendar.ts';
import { dailyBars, sessionCloseUs, sourceOf } from '../support/roll-market.ts';

const calendar = new PlainCalendar();
const calendars = new PlainCalendars(calendar);
const contracts = [3, 6, 9, 12].map((month) => plainContract('ES', 2014, month, calendars));
const indexOf = (id: ContractId): number => contracts.findIndex((contract) => contract.id === id);
const from = parseTradeDate('2014-01-02');
const to = parseTradeDate('2014-11-20');
const rule: RollRule = { kind: 'calendar', anchor: 'last-trade', days: 5, count: 'business' };
const definition: ContinuousDefinition = {
  root: 'ES',
  rule,
  adjust: 'back-difference',
  depth: 0,
  cycle: 'HMUZ',
};

function price(seed: number, index: number, date: number): number {
  return 1000 + (Math.imul(seed + 7 * index + date, 0x9e3779b1) >>> 20);
}
const barsFor = (seed: number) =>
  contracts.map((contract, index) =>
    dailyBars(
      calendar,
      contract,
      { from, to },
      (date) => price(seed, index, date),
      (date) => price(seed + 3, index, date),
    ),
  );
const inputFor = (seed: number, by: RollRule = rule) => {
  const bars = barsFor(seed);
  return {
    root: 'ES',
    chain: contracts,
    rule: by,
    calendar,
    from,
    to,
    dailyCloses: (k: number) => bars[k]!,
  };
};
const endUs = sessionCloseUs(to);

/** Stored in as many pieces as there are cuts. */
function inPieces(by: RollRule, seed: number, cuts: readonly number[]): StoredContinuous {
  const events = rollEvents(inputFor(seed, by), barsFor(seed));
  let stored = beginContinuous({ ...definition, rule: by }, contracts);
  let at = 0;
  for (const untilUs of [...cuts.toSorted((a, b) => a - b), endUs]) {
    const piece = events.slice(at).filter((event) => event.tsUs <= untilUs);
    at += piece.length;
    // Through the text of the file each time, as an update every evening would do it.
    stored = parseContinuous(
      formatContinuous(
        extendContinuous(stored, {
          chain: { root: 'ES', contracts },
          calendar,
          events: piece,
          untilUs,
        }),
      ),
      'memory',
    );
  }
  return stored;
}

const rules: fc.Arbitrary<RollRule> = fc.constantFrom<RollRule>(
  rule,
  { kind: 'volume', sessions: 2, deadlineDays: 3 },
  {
    kind: 'weighted',
    days: 4,
    base: { kind: 'calendar', anchor: 'last-trade', days: 9, count: 'business' },
  },
);

describe('a stored series', () => {
  it('appended in any pieces is, byte for byte, what it is at once', () => {
    fc.assert(
      fc.property(
        rules,
        fc.nat(1000),
        fc.array(fc.integer({ min: 1, max: 315 }), { maxLength: 12 }),
        (by, seed, days) => {
          const cuts = days.map((day) => sessionCloseUs(from) + day * 86_400_000_000);
          const text = formatContinuous(inPieces(by, seed, cuts));
          expect(text === formatContinuous(inPieces(by, seed, []))).toBe(true);
        },
      ),
      { seed: 20_141_123, numRuns: 60 },
    );
  });

  it('has the rolls of the batch, and gives its prices', () => {
    const schedule = buildRollSchedule(inputFor(5));
    const stored = inPieces(rule, 5, [sessionCloseUs(parseTradeDate('2014-05-05'))]);
    const back = scheduleOf(stored, indexOf);
    expect(schedule.rolls.length).toBe(3);
    expect(back.rolls).toEqual(schedule.rolls.map((roll) => ({ ...roll })));
    expect(back.held).toEqual(schedule.held);
    const bars = barsFor(5);
    const read = (which: typeof schedule) =>
      collectContinuous({
        schedule: which,
        adjust: 'back-difference',
        grid: new UniformGrid(0.25),
        bars: (k) => sourceOf(bars[k]!),
      });
    expect(read(back)).toEqual(read(schedule));
  });

  it('refuses closes that it worked off already', () => {
    const stored = inPieces(rule, 5, []);
    const events = [{ kind: 'close', tsUs: endUs, position: 3, price: 1, volume: 1 }] as const;
    expect(() =>
      extendContinuous(stored, {
        chain: { root: 'ES', contracts },
        calendar,
        events,
        untilUs: endUs,
      }),
    ).toThrow(expect.objectContaining({ code: 'E_ROLL_ORDER' }) as TradingError);
  });

  it('begins with the first contract that has prices', () => {
    const later = [plainContract('ES', 2013, 12, calendars), ...contracts];
    const stored = extendContinuous(beginContinuous(definition, later), {
      chain: { root: 'ES', contracts: later },
      calendar,
      events: rollEvents({ ...inputFor(5), chain: later }, [null, ...barsFor(5)]),
      untilUs: endUs,
    });
    expect(stored.first).toBe('ESH2014');
  });
});

describe('what a past decision saw', () => {
  const idOf = (index: number): ContractId => contracts[index]!.id;
  const storedOf = (input: ReturnType<typeof inputFor>, doneUs = endUs): StoredContinuous =>
    toStored({ definition, schedule: buildRollSchedule(input), idOf, doneUs });
  const june = sessionCloseUs(parseTradeDate('2014-07-01')) as TsUs;

  it('holds the rolls up to that moment', () => {
    const stored = storedOf(inputFor(5));
    const rolls = scheduleOf(stored, indexOf, june).rolls;
    expect(rolls.map((roll) => roll.to)).toEqual(['ESM2014', 'ESU2014']);
    const atRoll = stored.rolls[2]!.record.effectiveUs;
    expect(scheduleOf(stored, indexOf, atRoll).rolls).toHaveLength(3);
    expect(scheduleOf(stored, indexOf, (atRoll - 1) as TsUs).rolls).toHaveLength(2);
  });

  it('is not touched by a correction that was made later', () => {
    const old = storedOf(inputFor(5));
    const bars = barsFor(5);
    const first = old.rolls[0]!.record;
    const row = bars[0]!.closeUs.indexOf(first.effectiveUs);
    bars[0]!.close[row]! += 8;
    const corrected = storedOf({ ...inputFor(5), dailyCloses: (k) => bars[k]! });
    expect(() => mergeSchedule(old, corrected)).toThrow(
      expect.objectContaining({ code: 'E_CONTINUOUS_CHANGED' }) as TradingError,
    );
    const correctedUs = (endUs + 1) as TsUs;
    const merged = mergeSchedule(old, corrected, correctedUs);
    const rolls = (atUs?: TsUs) => scheduleOf(merged, indexOf, atUs).rolls;
    expect(rolls()).toEqual(scheduleOf(corrected, indexOf).rolls);
    expect(rolls(correctedUs)[0]!.fromPrice).toBe(first.fromPrice + 8);
    expect(rolls(endUs as TsUs)).toEqual(scheduleOf(old, indexOf).rolls);
    expect(rolls(june)).toEqual(scheduleOf(old, indexOf, june).rolls);
    expect(parseContinuous(formatContinuous(merged), 'x')).toEqual(merged);
  });

  it('grows by new rolls without a word', () => {
    const input = inputFor(5);
    const until = parseTradeDate('2014-07-01');
    const part = storedOf({ ...input, to: until }, june);
    expect(part.rolls).toHaveLength(2);
    expect(mergeSchedule(part, storedOf(input))).toEqual(storedOf(input));
    expect(() => mergeSchedule(storedOf(input), part)).toThrow(/would change/);
  });
});

describe('the file of a series', () => {
  const folders: string[] = [];
  const folder = (): string => {
    const made = mkdtempSync(join(tmpdir(), 'frontmonth-series-'));
    folders.push(made);
    return made;
  };
  afterEach(() => {
    for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
  });
  const value = inPieces(rule, 5, []);

  it('reads back what was written, under its name', () => {
    const store = openContinuousStore(folder());
    expect(store.read('es')).toBeNull();
    expect(store.names()).toEqual([]);
    store.write('es', value);
    store.write('es', value);
    expect(store.read('es')).toEqual(value);
    expect(store.names()).toEqual(['es']);
  });

  it('is small, one roll a line, and names its rule', () => {
    const text = formatContinuous(value);
    expect(text.split('\n').filter((line) => line.includes('"record"'))).toHaveLength(3);
    expect(Buffer.byteLength(text)).toBeLessThan(5000);
    expect(nameOfSeries({ root: 'ES', rule, depth: 1 })).toBe(
      'es-calendar-5-business-days-before-last-trade-d1',
    );
  });

  it.each([
    ['{', 'not JSON'],
    [formatContinuous(value).replace('"fromPrice":', '"fromPrice":1'), 'checksum'],
    [formatContinuous(value).replace('continuous/1', 'continuous/2'), 'format'],
    [formatContinuous(value).replace('"depth":0', '"depth":-1'), 'definition.depth'],
    [formatContinuous(value).replace('"doneUs"', '"done"'), 'doneUs'],
  ])('is refused when it is damaged: %#', (text, words) => {
    expect(() => parseContinuous(text, 'file.json')).toThrow(
      expect.objectContaining({ code: 'E_CONTINUOUS_FILE' }) as TradingError,
    );
    expect(() => parseContinuous(text, 'file.json')).toThrow(words);
  });

  it('is the old one or the new one when the disk fails at any step', () => {
    const dir = folder();
    openContinuousStore(dir).write('es', { ...value, doneUs: 1 });
    for (let failAt = 0; failAt < 40; failAt += 1) {
      let step = 0;
      const io = Object.fromEntries(
        Object.entries(nodeFileIo).map(([name, run]) => [
          name,
          (...args: never[]): unknown => {
            if (['write', 'rename', 'fsync', 'open'].includes(name) && (step += 1) === failAt)
              throw Object.assign(new Error('disk'), { code: 'ENOSPC' });
            return (run as (...a: never[]) => unknown)(...args);
          },
        ]),
      ) as unknown as typeof nodeFileIo;
      try {
        openContinuousStore(dir, { io }).write('es', value);
      } catch (error) {
        expect(error).toMatchObject({ code: 'E_CATALOG_WRITE' });
      }
      const read = openContinuousStore(dir).read('es')!;
      expect([1, value.doneUs]).toContain(read.doneUs);
    }
    expect(openContinuousStore(dir).read('es')).toEqual(value);
    expect(readdirSync(join(dir, 'continuous')).filter((file) => file === 'es.json')).toHaveLength(
      1,
    );
  });

  it('refuses names that would leave its folder', () => {
    const store = openContinuousStore(folder());
    for (const name of ['../x', '', 'A', '.x'])
      expect(() => store.write(name, value)).toThrow(/not a name/);
  });

  it('says which contract the data lack', () => {
    expect(() => scheduleOf(value, (id) => (id === 'ESU2014' ? -1 : 0))).toThrow(/ESU2014/);
  });

  it('survives an editor that only touches the end of the file', () => {
    const dir = folder();
    const store = openContinuousStore(dir);
    store.write('es', value);
    const path = join(dir, 'continuous', 'es.json');
    writeFileSync(path, `${readFileSync(path, 'utf8')}\n`);
    expect(store.read('es')).toEqual(value);
  });
});
