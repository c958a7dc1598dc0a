/** `frontmonth rolls` on a small synthetic market: the table, the explanation, the rules and what it refuses. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/core/errors.ts';
import type { RollsAnswer } from '../../src/research/rolls.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { makeSampleCatalog } from '../support/sample-catalog.ts';
import type { Ran } from './support.ts';
import { runReal } from './support.ts';

let sample: SampleCatalog;
beforeAll(() => {
  sample = makeSampleCatalog({ products: ['ES', 'CL'], intervals: ['1d'] });
}, 60_000);
afterAll(() => sample.remove());

const rolls = (...argv: string[]): Promise<Ran> => runReal(sample.dir, ['rolls', ...argv]);
const json = async (...argv: string[]): Promise<RollsAnswer> => {
  const ran = await rolls(...argv, '--json');
  expect([ran.code, ran.err]).toEqual([EXIT.ok, '']);
  return (JSON.parse(ran.out) as { result: RollsAnswer }).result;
};

describe('frontmonth rolls', () => {
  it("rolls by the product's own rule, one row a roll", async () => {
    const answer = await json('ES');
    expect(answer).toMatchObject({ root: 'ES', rule: 'calendar:6b@last-trade', looksAhead: false });
    expect(answer.rolls.length).toBe(8);
    for (const roll of answer.rolls) {
      expect(roll.gap).toBeCloseTo(roll.toPrice - roll.fromPrice, 9);
      expect(roll.cost).toBeGreaterThan(0);
      expect(roll.reason).toContain('first common close');
    }
    const { out } = await rolls('ES');
    expect(out.split('\n').filter((line) => /^20\d\d-\d\d-\d\d  ES/.test(line))).toHaveLength(8);
  });

  it('explains a roll in words: why, by which numbers, what others would have chosen', async () => {
    const { out } = await rolls('CL', '--rule', 'volume:1', '--explain', '2022-05-12');
    for (const part of [
      'CLM2022',
      'Why this date: volume of the next contract above the current one',
      'its first notice is',
      'Gap ',
      'What other rules would have chosen for CLM2022',
      'calendar:5b@earlier',
      'needs open interest',
      'Around it',
    ])
      expect(out).toContain(part);
    const answer = await json('CL', '--rule', 'volume:1', '--explain', '2022-05-12');
    const { roll, around, others } = answer.explanation!;
    expect(roll!.toVolume).toBeGreaterThan(roll!.fromVolume!);
    const at = around.findIndex((row) => row.tradeDate === roll!.tradeDate);
    expect(around[at]!.held).toBe(roll!.from);
    expect(around[at + 1]!.held).toBe(roll!.to);
    expect(around[at]!.gap).toBe(roll!.gap);
    expect(around[at - 1]!.fromVolume).toBeGreaterThan(around[at - 1]!.toVolume!);
    expect(others.filter((other) => other.problem === null).length).toBeGreaterThan(3);
  });

  it('says of a date without a roll what is held and which roll is the nearest', async () => {
    const { out } = await rolls('ES', '--explain', '2022-04-20');
    expect(out).toContain('There is no roll on 2022-04-20: ESM2022 is held.');
  });

  it.each([['ES'], ['CL', '--rule', 'volume:1', '--explain', '2022-05-12']])(
    'can be read in 60 columns: %s',
    async (...argv) => {
      const ran = await runReal(sample.dir, ['rolls', ...argv, '--no-color'], {
        isTty: true,
        columns: 60,
      });
      const long = ran.out.split('\n').filter((line) => line.length > 60);
      expect(long).toEqual([]);
      expect(ran.out).toContain('gap');
    },
  );

  it('spreads, jumps to the nearest date and reads a file, and says when it looks ahead', async () => {
    const weighted = await json('ES', '--rule', 'weighted:5/calendar:8b@last-trade');
    expect(weighted.rolls[0]!.parts.map((part) => part.percent)).toEqual([20, 20, 20, 20, 20]);
    const nearest = await rolls('ES', '--rule', 'nearest/approx:-5,14', '--json');
    expect(nearest.err).toContain('W_ROLL_LOOKS_AHEAD');
    const { result: data } = JSON.parse(nearest.out) as { result: RollsAnswer };
    expect([data.looksAhead, data.rolls[0]!.looksAhead]).toEqual([true, true]);
    const file = join(sample.dir, 'mine.csv');
    writeFileSync(file, 'date,from,to\n2022-03-03,ESH2022,ESM2022\n2022-06-02,ESM2022,ESU2022\n');
    const given = await json('ES', '--rule', 'given:mine.csv');
    expect(given.rolls.map((roll) => roll.tradeDate)).toEqual(['2022-03-03', '2022-06-02']);
  });

  it('takes open interest from a file', async () => {
    const file = join(sample.dir, 'oi.csv');
    const rows = ['2022-03-01T12:00:00Z,ESH2022,9', '2022-03-01T12:00:00Z,ESM2022,5'];
    const crossed = ['2022-03-08T12:00:00Z,ESH2022,4', '2022-03-08T12:00:00Z,ESM2022,8'];
    writeFileSync(file, ['known,contract,openInterest', ...rows, ...crossed].join('\n'));
    const span = ['--from', '2022-02-01', '--to', '2022-05-02'];
    const answer = await json('ES', '--rule', 'oi', '--open-interest', 'oi.csv', ...span);
    expect(answer.rolls[0]).toMatchObject({ fromOpenInterest: 4, toOpenInterest: 8 });
    expect(answer.rolls[0]!.effectiveUtc).toContain('2022-03-08T12:00');
  });

  it('writes CSV', async () => {
    const { out } = await rolls('ES', '--csv');
    const [header, first] = out.split('\n');
    expect(header).toContain('tradeDate,from,to');
    expect(first).toContain('ESH2021,ESM2021');
  });

  it('refuses a given price other than the close of the data, and takes the same one', async () => {
    const [first] = (await json('ES')).rolls;
    const write = (fromPrice: number, toPrice: number): void =>
      writeFileSync(
        join(sample.dir, 'prices.csv'),
        `at,from,to,fromPrice,toPrice\n${first!.effectiveUtc},${first!.from},${first!.to},${fromPrice},${toPrice}\n`,
      );
    write(first!.fromPrice, first!.toPrice);
    expect((await json('ES', '--rule', 'given:prices.csv')).rolls).toMatchObject([
      { fromPrice: first!.fromPrice, toPrice: first!.toPrice },
    ]);
    write(first!.fromPrice, first!.toPrice + 0.25);
    const other = await rolls('ES', '--rule', 'given:prices.csv');
    expect(other.code).toBe(EXIT.input);
    for (const part of [
      'E_ROLL_CALENDAR',
      'prices.csv, line 2',
      `toPrice is ${(first!.toPrice + 0.25).toFixed(2)}`,
      `closed at ${first!.toPrice.toFixed(2)}`,
    ])
      expect(other.err.replaceAll(/\s+/g, ' ')).toContain(part);
    write(first!.fromPrice + 0.05, first!.toPrice);
    expect((await rolls('ES', '--rule', 'given:prices.csv')).err).toContain('not a multiple of');
  });

  it('names file, line and last trade where a given roll comes after the expiry', async () => {
    writeFileSync(join(sample.dir, 'late.csv'), 'date,from,to\n\n2022-11-08,ESH2022,ESM2022\n');
    const { err, code } = await rolls('ES', '--rule', 'given:late.csv');
    expect(code).toBe(EXIT.input);
    expect(err).toContain('late.csv, line 3');
    expect(err.replaceAll(/\s+/g, ' ')).toContain('ESH2022 trades until 2022-03-18 only');
  });

  it('says that offsets lie after the expiry, and warns of a day before the contract was taken', async () => {
    const late = await rolls('CL', '--rule', 'approx:-5,14');
    expect(late.err.replaceAll(/\s+/g, ' ')).toMatch(/the rule names .* after the expiry of CL/);
    expect((await rolls('ES', '--rule', 'calendar:500b@earlier')).err).toContain('W_ROLL_EARLY');
    for (const root of ['ES', 'CL']) {
      const fine = await rolls(root, '--rule', 'approx:-5,-12');
      expect([fine.code, fine.err]).toEqual([EXIT.ok, '']);
    }
  });

  it.each([
    [['ES', '--rule', 'calendar:5z@earlier'], 'E_ROLL_RULE', 'position 11'],
    [['ES', '--rule', 'volume:0'], 'E_ROLL_RULE', '1 or more sessions'],
    [
      ['ES', '--rule', 'volume:0'],
      'E_ROLL_RULE',
      'write 1 in place of 0, or a larger whole number',
    ],
    [['ES', '--rule', 'oi'], 'E_ROLL_DATA', 'needs open interest'],
    [['ES', '--rule', 'calendar:5b@first-notice'], 'E_ROLL_SCHEDULE', 'no first notice date'],
    [['ES', '--rule', 'given:none.csv'], 'E_IMPORT_FILE', '--rule given:none.csv'],
    [['ES', '--rule', 'given:bad.csv'], 'E_ROLL_CALENDAR', 'bad.csv, line 2'],
    [['ES', '--rule', 'given:far.csv'], 'E_ROLL_SCHEDULE', 'ESH2031 is not in the chain'],
    [['ES', '--explain', '2022-13-01'], 'E_TRADE_DATE', '2022-13-01'],
    [['ES', '--from', '1999-01-04'], 'E_DATA_SPAN', 'has ES from'],
    [['XX'], 'E_INSTRUMENT_UNKNOWN', 'XX'],
    [['NQ'], 'E_DATA_PRODUCT', 'no bars of NQ'],
  ])('%j is refused with %s', async (argv, code, words) => {
    writeFileSync(join(sample.dir, 'bad.csv'), 'date,from,to\n2022-03-03,ESM2022,ESH2022\n');
    writeFileSync(join(sample.dir, 'far.csv'), 'date,from,to\n2022-03-03,ESM2022,ESH2031\n');
    const ran = await rolls(...argv);
    expect(ran.code).not.toBe(EXIT.ok);
    expect(ran.err).toContain(code);
    expect(ran.err).toContain(words);
  });
});
