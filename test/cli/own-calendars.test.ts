/** A calendar file of the project reaches every command: one market holiday of its own, and what each command makes of it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/core/errors.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { makeSampleCatalog } from '../support/sample-catalog.ts';
import type { Ran } from './support.ts';
import { runReal } from './support.ts';

/** The third Friday of June 2021: a holiday here, so that ES stops trading on the Thursday. */
const HOLIDAY = '2021-06-18';
const FILE = {
  schema: 'frontmonth.calendar/1',
  businessCalendars: {
    'cme-trade-date': [
      {
        kind: 'fixed',
        name: 'our own holiday',
        month: 6,
        day: 18,
        observed: 'none',
        fromYear: 2021,
        toYear: 2021,
      },
    ],
  },
  overrides: [
    {
      group: 'cme-equity-index',
      exceptions: [{ date: HOLIDAY, shape: { kind: 'closed' }, why: 'our own holiday' }],
    },
  ],
};

let sample: SampleCatalog;
beforeAll(() => {
  sample = makeSampleCatalog({ products: ['ES'], intervals: ['1d'], to: '2021-12-30' });
  for (const [name, config] of [
    ['plain', {}],
    ['own', { calendars: ['mine.json'] }],
  ] as const) {
    mkdirSync(join(sample.dir, name));
    const values = { catalog: '../catalog', runs: `../runs-${name}`, ...config };
    writeFileSync(join(sample.dir, name, 'frontmonth.config.json'), JSON.stringify(values));
    writeFileSync(join(sample.dir, name, 'mine.json'), JSON.stringify(FILE));
  }
}, 60_000);
afterAll(() => sample.remove());

interface Roll {
  readonly tradeDate: string;
  readonly lastTradeDate: string;
}
/** What the answers of these commands hold, each its own part. */
interface Body {
  readonly sessions: readonly unknown[];
  readonly contract: Roll;
  readonly rolls: readonly Roll[];
  readonly rollTable: readonly Roll[];
  readonly counts: Readonly<Record<string, number>>;
  readonly bars: readonly unknown[];
  readonly eventHash: string;
}
/** The answer of a command without and with the project's own calendar. */
async function both(...argv: string[]): Promise<readonly [Body, Body]> {
  const ask = async (folder: string): Promise<Body> => {
    const ran: Ran = await runReal(join(sample.dir, folder), [...argv, '--json']);
    expect([EXIT.ok, EXIT.answerIsNo], `${ran.err}${ran.out}`).toContain(ran.code);
    return (JSON.parse(ran.out) as { result: Body }).result;
  };
  return [await ask('plain'), await ask('own')];
}

describe('a calendar of the project is used by', () => {
  it('calendar', async () => {
    const [plain, own] = await both('calendar', 'ES', '--from', HOLIDAY, '--to', HOLIDAY);
    expect(plain.sessions).toHaveLength(1);
    expect(own.sessions).toHaveLength(0);
  });

  it('contracts', async () => {
    const [plain, own] = await both('contracts', 'ESM2021');
    expect(plain.contract.lastTradeDate).toBe('2021-06-18');
    expect(own.contract.lastTradeDate).toBe('2021-06-17');
  });

  it('rolls', async () => {
    const [plain, own] = await both('rolls', 'ES', '--rule', 'calendar:3b@last-trade');
    expect(plain.rolls[1]).toMatchObject({
      lastTradeDate: '2021-06-18',
      tradeDate: '2021-06-15',
    });
    expect(own.rolls[1]).toMatchObject({ lastTradeDate: '2021-06-17', tradeDate: '2021-06-14' });
  });

  it('continuous', async () => {
    const [plain, own] = await both('continuous', 'ES', '--rule', 'calendar:3b@last-trade');
    const rolled = (body: Body): string[] => body.rollTable.map((roll) => roll.tradeDate);
    expect([rolled(plain)[1], rolled(own)[1]]).toEqual(['2021-06-15', '2021-06-14']);
  });

  it('data check', async () => {
    const [plain, own] = await both('data', 'check', 'sample');
    expect(plain.counts).not.toHaveProperty('out-of-session');
    expect(own.counts['out-of-session']).toBeGreaterThan(0);
  });

  it('data import', async () => {
    const rows = `time,open,high,low,close,volume\n${HOLIDAY},4200,4210,4190,4205,1000\n`;
    for (const [folder, code] of [
      ['plain', EXIT.ok],
      ['own', EXIT.input],
    ] as const) {
      const cwd = join(sample.dir, folder);
      writeFileSync(join(cwd, 'day.csv'), rows);
      const flags = ['--into', `day-${folder}`, '--contract', 'ESU2021', '--interval', '1d'];
      const ran = await runReal(cwd, ['data', 'import', 'day.csv', ...flags, '--stamp', 'close']);
      expect(ran.code, ran.err).toBe(code);
      if (code === EXIT.input) expect(ran.err).toContain('is not a trading day');
    }
  });

  it('data sample', async () => {
    const span = ['--from', '2021-06-14', '--to', '2021-06-25', '--minutes-from', '2021-06-25'];
    const days: number[] = [];
    for (const folder of ['plain', 'own']) {
      const cwd = join(sample.dir, folder);
      const flags = ['--products', 'ES', '--name', `small-${folder}`, ...span];
      const made = await runReal(cwd, ['data', 'sample', ...flags]);
      expect(made.code, made.err).toBe(EXIT.ok);
      const show = ['data', 'show', `small-${folder}`, '--contract', 'ESU2021', '--json'];
      const { result } = JSON.parse((await runReal(cwd, show)).out) as { result: Body };
      days.push(result.bars.length);
    }
    expect(days).toEqual([10, 9]);
  }, 60_000);

  it('backtest, which keeps it for a rerun, and check', async () => {
    const flags = ['--instruments', 'ES', '--from', '2021-03-01', '--to', '2021-12-29'];
    const [plain, own] = await both('backtest', 'donchian-breakout', ...flags, '--no-bounds');
    // The roll of June is a day earlier.
    expect(plain.eventHash).toMatch(/^[0-9a-f]{64}$/);
    expect(own.eventHash).not.toBe(plain.eventHash);
    const cwd = join(sample.dir, 'own');
    // The file is gone: the run has kept its text.
    writeFileSync(join(cwd, 'mine.json'), 'not a calendar');
    const again = await runReal(cwd, ['rerun', 'last']);
    expect(again.code, again.err).toBe(EXIT.ok);
    for (const argv of [
      ['check', 'donchian-breakout', '--instruments', 'ES'],
      ['contracts', 'ES'],
      ['rolls', 'ES'],
      ['continuous', 'ES'],
      ['calendar', 'ES'],
      ['data', 'check'],
    ]) {
      const ran = await runReal(cwd, argv);
      expect(ran.err, argv.join(' ')).toContain('E_CALENDAR_FILE');
      expect(ran.code).toBe(EXIT.input);
    }
  }, 60_000);
});
