import { describe, expect, it } from 'vitest';
import { runReal } from './support.ts';

const cwd = process.cwd();
const contracts = async (
  ...argv: string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> =>
  runReal(cwd, ['contracts', ...argv, '--no-color'], { columns: 60, isTty: true });
const json = async (...argv: string[]): Promise<Record<string, unknown>> =>
  (JSON.parse((await contracts(...argv, '--json')).out) as { result: Record<string, unknown> })
    .result;

describe('frontmonth contracts', () => {
  it('shows the chain of a date, nearest first, with the days that are left', async () => {
    const { code, out } = await contracts('CL', '--at', '2025-11-18', '--count', '3');
    expect(code).toBe(0);
    expect(out).toMatch(/CLZ2025 +2025-11-20 +2 +2025-11-24 +exact/);
    expect(out.match(/^CL[A-Z]\d{4}/gm)).toEqual(['CLZ2025', 'CLF2026', 'CLG2026']);
  });

  it.each(['ES', 'CL', 'DC', 'EBM', 'GE', 'VX', 'ESZ6', 'F.US.EPZ25', 'CLF2027'])(
    'keeps to 60 columns for %s',
    async (word) => {
      const { code, out, err } = await contracts(word);
      expect([code, err]).toEqual([0, '']);
      for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
    },
  );

  it('says what a symbol of a venue means', async () => {
    const { out } = await contracts('CON.F.US.CLE.Z25', '--at', '2025-11-18');
    expect(out).toMatch(/^CLZ2025 {3}WTI Crude Oil, NYMEX/);
    expect(out).toContain('read as       CON.F.US.CLE.Z25 of ProjectX on 2025-11-18');
    expect(out).toMatch(/Globex +CLZ5/);
    expect(out).toMatch(/IB key +CL NYMEX CL 202512/);
    expect(out).toMatch(/carry +CLF2026/);
  });

  it('gives the same as JSON', async () => {
    const document = await json('EPZ25', '--venue', 'cqg', '--at', '2025-11-18');
    expect(document).toMatchObject({
      symbol: 'EPZ25',
      venues: ['cqg'],
      contract: {
        id: 'ESZ2025',
        lastTradeDate: '2025-12-19',
        firstDayAfter: '2025-12-20',
        kind: 'exact',
        daysLeft: 31,
        settlement: 'cash',
        symbols: { globex: 'ESZ5', projectx: 'CON.F.US.EP.Z25', cqg: 'F.US.EPZ25', ib: 'ESZ5' },
      },
      neighbours: { previous: 'ESU2025', forward: 'ESH2026', carry: 'ESH2026' },
    });
    const chain = await json('DC', '--at', '2025-01-01', '--count', '1');
    expect(chain).toMatchObject({ contracts: [{ id: 'DCF2025', kind: 'approximate' }] });
  });

  it('shows a product that has ended around its end', async () => {
    const { out } = await contracts('GE');
    expect(out).toContain('GEM2023');
    expect(out).not.toContain('GEU2023');
  });

  it.each([
    [['ESF6'], 3, 'E_CONTRACT_UNLISTED'],
    [['MESH2019'], 3, 'E_CONTRACT_UNLISTED'],
    [['XYZ9'], 3, 'E_SYMBOL_UNKNOWN'],
    [['ESX'], 3, 'E_INSTRUMENT_UNKNOWN'],
    [['ESZ5', '--at', '2025-12-21'], 3, 'E_SYMBOL_YEAR'],
    [['ESZ5', '--venue', 'cqg'], 3, 'E_SYMBOL_UNKNOWN'],
    [['MES', '--at', '2019-01-02'], 3, 'E_CONTRACT_UNLISTED'],
    [['ES', '--at', '2019-02-30'], 2, 'E_TRADE_DATE'],
    [['ZC', '--at', '1890-01-01'], 2, 'E_FLAG_VALUE'],
    [['ES', '--at', '2019-02-20', '--count', '0'], 2, 'E_FLAG_VALUE'],
  ])('%j ends with %i and %s', async (argv, code, says) => {
    const ran = await contracts(...argv);
    expect(ran.err).toContain(says);
    expect(ran.code).toBe(code);
  });
});
