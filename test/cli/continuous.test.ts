/** `frontmonth continuous` on a small sample, in process. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/core/errors.ts';
import { makeSampleCatalog } from '../support/sample-catalog.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { runReal } from './support.ts';
import type { Ran } from './support.ts';

let sample: SampleCatalog;
beforeAll(() => {
  sample = makeSampleCatalog({
    products: ['ES', 'CL'],
    from: '2021-01-04',
    to: '2021-12-30',
    minuteFrom: '2021-11-08',
    intervals: ['1m', '1h', '1d'],
  });
});
afterAll(() => {
  sample.remove();
});
const call = (argv: string, more: Parameters<typeof runReal>[2] = {}): Promise<Ran> =>
  runReal(sample.dir, ['continuous', ...argv.split(' ').filter((word) => word !== '')], more);
const rowsOf = (csv: string): Record<string, string>[] => {
  const [head, ...lines] = csv.trim().split('\n');
  const names = head!.split(',');
  return lines.map((line) =>
    Object.fromEntries(line.split(',').map((cell, i) => [names[i]!, cell])),
  );
};

interface Answer {
  readonly rolls: number;
  readonly rows: number;
  readonly totalGap: number;
  readonly firstRaw: number;
  readonly firstAdjusted: number;
  readonly lastRaw: number;
  readonly lastAdjusted: number;
  readonly saved: { readonly name: string; readonly added: number; readonly rolls: number } | null;
  readonly rollTable: readonly {
    readonly gap: number;
    readonly from: string;
    readonly effectiveUtc: string;
  }[];
}
const answer = async (argv: string): Promise<Answer> =>
  (JSON.parse((await call(`${argv} --json`)).out) as { readonly result: Answer }).result;

describe('the continuous command', () => {
  it('says which rule, how many rolls, and what the gaps add up to', async () => {
    const result = await answer('ES');
    const sum = result.rollTable.reduce((total, roll) => total + roll.gap, 0);
    expect(result.rolls).toBe(4);
    expect(result.totalGap).toBe(sum);
    expect(result.firstAdjusted - result.firstRaw).toBe(sum);
    expect(result.lastAdjusted).toBe(result.lastRaw);
  });

  it('draws both lines, marks the rolls, and fits sixty columns', async () => {
    const { out, code } = await call('es', { columns: 60, isTty: true, env: { NO_COLOR: '1' } });
    expect(code).toBe(EXIT.ok);
    expect(out.split('\n').filter((line) => line.length > 60)).toEqual([]);
    const marks = out.split('\n').find((line) => /^ +\^/.test(line))!;
    expect(marks.match(/\^/g)).toHaveLength(4);
    expect(out).toContain('two lines: raw and adjusted');
  });

  it('gives rows whose adjusted price is the raw one and the later gaps', async () => {
    const [rows, { rollTable }] = [rowsOf((await call('ES --csv')).out), await answer('ES')];
    for (const row of rows) {
      const later = rollTable.filter((roll) => roll.effectiveUtc >= row['close_utc']!);
      const gap = later.reduce((sum, roll) => sum + roll.gap, 0);
      expect(Number(row['close']) - Number(row['raw_close'])).toBeCloseTo(gap, 9);
    }
    expect(rows.at(-1)!['close']).toBe(rows.at(-1)!['raw_close']);
  });

  it('shows the curve beside the rows', async () => {
    const rows = rowsOf((await call('ES --csv --curve')).out);
    const full = rows.filter((row) => row['carry'] !== '');
    expect(full.length).toBeGreaterThan(100);
    for (const row of full) {
      const difference = Number(row['raw_close']) - Number(row['carry']);
      if (row['annualised_carry'] !== '')
        expect(Number(row['annualised_carry'])).toBeCloseTo(difference * 4, 6);
      expect(row['carry_contract']).not.toBe(row['contract']);
    }
  });

  it('as known at a date knows only the rolls and bars up to it', async () => {
    const [known, all] = [await answer('ES --as-known-at 2021-07-01'), await answer('ES')];
    const rows = rowsOf((await call('ES --csv --as-known-at 2021-07-01')).out);
    expect(rows.at(-1)!['close_utc']!.slice(0, 10)).toBe('2021-07-01');
    expect(known.lastAdjusted).toBe(known.lastRaw);
    expect(known.firstAdjusted).not.toBe(all.firstAdjusted);
    const before = all.rollTable.filter((roll) => roll.effectiveUtc < '2021-07-02');
    expect(before.length).toBeLessThan(all.rolls);
    expect(known.rollTable).toEqual(before);
    expect((await call('ES --save known')).code).toBe(EXIT.ok);
    expect((await answer('ES --stored known --as-known-at 2021-07-01')).rollTable).toEqual(
      known.rollTable,
    );
    expect([known.rolls, known.totalGap]).toEqual([
      before.length,
      before.reduce((sum, roll) => sum + roll.gap, 0),
    ]);
    const asOf = rowsOf((await call('ES --csv --as-of 2021-07-01')).out);
    expect(asOf.length).toBe(all.rows);
    expect(asOf.slice(0, rows.length).map((row) => row['close'])).toEqual(
      rows.map((row) => row['close']),
    );
  });

  it.each([
    ['--as-known-at 2020-06-01', 'nothing was known at 2020-06-01', 'begin 2021-01-04'],
    ['--as-of 2030-01-01', 'as of 2030-01-01 is not in it', '2021-01-04 to 2021-12-30'],
    ['--as-of 2020-12-01', 'as of 2020-12-01 is not in it', '2021-01-04 to 2021-12-30'],
    ['--as-of 2021-10-01 --to 2021-06-30', 'as of 2021-10-01 is not in it', 'to 2021-06-30'],
    ['--as-of 2021-10-01 --as-known-at 2021-06-30', 'was known up to 2021-06-30', 'not in it'],
  ])('refuses %s, where the series has nothing', async (flags, what, there) => {
    const { code, err } = await call(`ES ${flags}`);
    expect(code).toBe(EXIT.input);
    expect(err).toContain('E_DATA_SPAN');
    expect(err.replaceAll(/\s+/g, ' ')).toContain(what);
    expect(err.replaceAll(/\s+/g, ' ')).toContain(there);
    expect((await call('ES --as-of 2021-12-30')).code).toBe(EXIT.ok);
    expect((await call('ES --as-of 2021-01-04')).code).toBe(EXIT.ok);
  });

  it('follows the rule, the depth and the adjustment asked for', async () => {
    const volume = await answer('ES --rule volume:1 --adjust none');
    expect(volume.firstAdjusted).toBe(volume.firstRaw);
    expect(volume.rollTable[0]!.effectiveUtc).not.toBe(
      (await answer('ES')).rollTable[0]!.effectiveUtc,
    );
    expect((await answer('ES --depth 1')).rollTable[0]!.from).toBe('ESM2021');
    const hours = rowsOf((await call('ES --csv --interval 1h --from 2021-12-01')).out);
    expect(hours.length).toBeGreaterThan(300);
  });

  it('rolls bars of all sizes at one instant', async () => {
    const change = async (interval: string): Promise<[string, string]> => {
      const rows = rowsOf((await call(`ES --csv --interval ${interval} --from 2021-11-15`)).out);
      const at = rows.findIndex((row) => row['contract'] === 'ESH2022');
      return [rows[at - 1]!['close_utc']!, rows[at]!['close_utc']!];
    };
    const [day, hour, minute] = [await change('1d'), await change('1h'), await change('1m')];
    const roll = (await answer('ES')).rollTable.at(-1)!.effectiveUtc;
    expect([day[0], hour[0], minute[0]]).toEqual([roll, roll, roll]);
    for (const [, next] of [day, hour, minute]) expect(next > roll).toBe(true);
  });

  it('saves schedule and gaps, adds to them, and reads them back as they were known', async () => {
    const first = await answer('ES --to 2021-08-02 --save mine');
    expect(first.saved).toMatchObject({ name: 'mine', rolls: 2, added: 2 });
    const second = await answer('ES --save mine');
    expect(second.saved).toMatchObject({ rolls: 4, added: 2 });
    const file = join(sample.catalogDir, 'datasets', 'sample', 'continuous', 'mine.json');
    expect(readFileSync(file, 'utf8')).toContain('frontmonth.continuous/1');
    const { saved: _saved, ...built } = second;
    const { saved: _none, ...stored } = await answer('ES --stored mine');
    expect(stored).toEqual(built);
    expect((await answer('ES --stored mine --as-known-at 2021-07-01')).firstAdjusted).toBe(
      (await answer('ES --as-known-at 2021-07-01')).firstAdjusted,
    );
  });

  it('does not let a stored series change unless that is meant', async () => {
    await call('ES --save kept');
    const file = join(sample.catalogDir, 'datasets', 'sample', 'continuous', 'kept.json');
    const { formatContinuous, parseContinuous } =
      await import('../../src/data/continuous-store.ts');
    const { writeFileSync } = await import('node:fs');
    const kept = parseContinuous(readFileSync(file, 'utf8'), file);
    const [one, ...rest] = kept.rolls;
    const other = { ...one!, record: { ...one!.record, fromPrice: one!.record.fromPrice + 4 } };
    writeFileSync(file, formatContinuous({ ...kept, rolls: [other, ...rest] }));
    const refused = await call('ES --save kept');
    expect(refused.code).toBe(EXIT.refused);
    expect(refused.err).toContain('E_CONTINUOUS_CHANGED');
    const accepted = await answer('ES --save kept --correct');
    expect(accepted.saved).toMatchObject({ rolls: 4, replaced: 4 } as object);
    const back = await answer('ES --stored kept --as-known-at 2021-12-01');
    const fresh = await answer('ES --as-known-at 2021-12-01');
    expect(back.firstAdjusted - fresh.firstAdjusted).toBe(-1);
  });

  it('writes a page that carries everything inside', async () => {
    const { code, err } = await call('ES --html es.html --theme dark');
    expect(code).toBe(EXIT.ok);
    expect(err).toContain('es.html');
    const html = readFileSync(join(sample.dir, 'es.html'), 'utf8');
    expect(html).toContain('ES back adjusted by difference');
    expect(html).toContain('ESH2021');
    expect(html).not.toMatch(/(src|href)="https?:/);
    expect(existsSync(join(sample.dir, 'continuous-ES.html'))).toBe(false);
  });

  it.each([
    ['XX', 'E_INSTRUMENT_UNKNOWN'],
    ['ES --rule whatever:3', 'E_ROLL_RULE'],
    ['ES --interval 7x', 'E_BAR_INTERVAL'],
    ['ES --as-of 2021-13-01', 'E_TRADE_DATE'],
    ['ES --as-known-at 2021-01-01T25:00:00Z', 'E_TIME'],
    ['ES --stored nothing', 'E_CONTINUOUS_UNKNOWN'],
    ['ES --stored mine --depth 1', 'E_USAGE'],
    ['ES --save --from 2021-06-01', 'E_USAGE'],
    ['ES --save ../out', 'E_DATASET_NAME'],
    ['ES --depth 9', 'E_ROLL_SCHEDULE'],
    ['ES --from 2021-06-01 --to 2021-05-01', 'E_FLAG_VALUE'],
  ])('refuses %s with %s', async (argv, code) => {
    const { err, out } = await call(argv);
    expect(err).toContain(code);
    expect(out).toBe('');
  });
});
