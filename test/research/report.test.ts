import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readAsset } from '../../src/research/report/assets.ts';
import { GrowingTable } from '../../src/research/columns.ts';
import type { ReportModel } from '../../src/research/report/model.ts';
import { buildReportModel, withoutMachinePaths } from '../../src/research/report/model.ts';
import { packColumns, unpackColumns } from '../../src/research/report/pack.ts';
import { renderReport, safeJson } from '../../src/research/report/render.ts';
import { toRunData } from '../../src/research/run-data.ts';
import { RUN_TABLES } from '../../src/research/tables.ts';
import { HARD_RUNS, fixtureRun, manifestOf } from './support.ts';

function dataOf(html: string): {
  model: ReportModel;
  columns: Readonly<Record<string, (number | string)[]>>;
} {
  const text = (id: string): string =>
    new RegExp(`<script type="[^"]+" id="${id}">([^<]*)</script>`).exec(html)![1]!;
  const model = JSON.parse(text('model')) as ReportModel;
  return { model, columns: unpackColumns({ columns: model.columns, base64: text('columns') }) };
}

const total = (values: readonly (number | string)[]): number =>
  (values as number[]).reduce((a, b) => a + Math.round(b * 1e6), 0);

describe('packed columns', () => {
  it('come back as they went in, with none, negatives and large steps', () => {
    const columns = [
      { name: 'us', values: [1.6e15, 1.6e15 + 1, 0, -5] },
      { name: 'money', decimals: 6, values: [1.234567, NaN, -907_199_254.740991, 0] },
      { name: 'text', values: ['long', 'short', 'long', ''] },
      { name: 'plain', isPlain: true, values: [3, NaN, -2, 128] },
      { name: 'empty', values: [] },
    ];
    expect(unpackColumns(packColumns(columns))).toEqual(
      Object.fromEntries(columns.map(({ name, values }) => [name, values])),
    );
  });
});

describe.each(Object.keys(HARD_RUNS))('the report of the run "%s"', (name) => {
  const run = fixtureRun(HARD_RUNS[name]!);
  const html = renderReport(run);
  const { model, columns } = dataOf(html);

  it('repeats the summary number by number', () => {
    expect(model.summary).toEqual(JSON.parse(JSON.stringify(run.summary)));
  });

  it('says of every fill of a trade why it happened', () => {
    const fills = run.trades.flatMap((trade) => trade.fills.split(' ').filter((id) => id !== ''));
    expect(columns['fill.why']).toHaveLength(fills.length);
    expect(columns['fill.trade']).toHaveLength(fills.length);
    for (const text of columns['fill.why']!) expect(text).toMatch(/^[A-Z].*\.$/);
    expect(columns['fill.why']!.join(' ')).not.toMatch(/NaN|undefined|of which this version/);
  });

  it('holds the identities on its own data', () => {
    const net = Math.round(model.summary.metrics['netProfit']!.value! * 1e6);
    expect(total(columns['day.pnl']!)).toBe(net);
    expect(total(columns['flat.net']!)).toBe(net);
    expect(total(columns['fifo.net']!)).toBe(net);
    expect(model.years.reduce((a, row) => a + Math.round(row.total * 1e6), 0)).toBe(net);
    const months = model.years.flatMap((row) =>
      row.months.map((value) => Math.round((value ?? 0) * 1e6)),
    );
    expect(months.reduce((a, b) => a + b, 0)).toBe(net);
    const at = model.tables['instruments']![0]!.columns.findIndex((one) => one.key === 'net');
    const perInstrument = model.tables['instruments']![0]!.rows.map((row) =>
      Math.round(Number(row[at]) * 1e6),
    );
    expect(perInstrument.reduce((a, b) => a + b, 0)).toBe(net);
  });

  it('stays small and holds no NaN or Infinity', () => {
    expect(html.length).toBeLessThan(2e6);
    expect(JSON.stringify(model)).not.toMatch(/NaN|Infinity/);
    expect(model.summary.verdict).not.toMatch(/NaN|Infinity/);
  });
});

describe('the file', () => {
  const html = renderReport(fixtureRun({ dates: 30, tradesPerRoot: 5 }));

  it('names every script by its hash and loads nothing', () => {
    const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map((match) => match[1]!);
    expect(scripts).toHaveLength(3);
    for (const script of scripts)
      expect(html).toContain(`'sha256-${createHash('sha256').update(script).digest('base64')}'`);
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/<(link|img|iframe)\b[^>]*(href|src)=/);
  });

  it('is the same for the same run', () => {
    expect(renderReport(fixtureRun({ dates: 30, tradesPerRoot: 5 }))).toBe(html);
  });

  it('cannot be broken out of by text of a strategy', () => {
    const evil = '</script><script>alert(1)</script>';
    const manifest = manifestOf({ strategy: { ...manifestOf().strategy, id: evil } });
    const page = renderReport(toRunData({ manifest, tables: {} }));
    expect(page).not.toContain('<script>alert');
    expect(page).toContain('&lt;/script&gt;');
    expect(safeJson('<!--\u2028')).toBe('"\\u003c!--\\u2028"');
  });

  it('draws every text through text nodes', () => {
    expect(readAsset('page.js')).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/,
    );
  });

  it('keeps its scripts inside their elements', () => {
    for (const name of ['page.js', 'uplot.js', 'lightweight-charts.js'] as const)
      expect(readAsset(name)).not.toMatch(/<\/script/i);
  });

  it('says SYNTHETIC when a data set is', () => {
    expect(dataOf(html).model.labels).toContain('SYNTHETIC DATA');
  });
});

describe('prices', () => {
  it('of 350 000 bars fit within 2 MB', () => {
    const html = renderReport(fixtureRun({ dates: 260, tradesPerRoot: 100, bars: 350_000 }));
    expect(html.length).toBeLessThan(2e6);
    expect(dataOf(html).model.tapes[0]!.bars).toBe(350_000);
  });

  it('come back exactly', () => {
    const run = fixtureRun({ dates: 20, tradesPerRoot: 4, bars: 500 });
    const { columns } = dataOf(renderReport(run));
    const tape = run.prices[0]!;
    const close = columns['tape0.close'] as number[];
    const open = close.map((value, i) => value - Number(columns['tape0.body']![i]));
    expect(close).toEqual([...tape.close]);
    expect(open).toEqual([...tape.open]);
    expect(
      open.map((value, i) => Math.max(value, close[i]!) + Number(columns['tape0.top']![i])),
    ).toEqual([...tape.high]);
    expect(
      open.map((value, i) => Math.min(value, close[i]!) - Number(columns['tape0.bottom']![i])),
    ).toEqual([...tape.low]);
  });

  it('are cut to the surroundings of trades when they do not fit, and the chart says so', () => {
    const run = fixtureRun({ dates: 60, tradesPerRoot: 3, bars: 60_000 });
    const { model } = dataOf(renderReport(run, { maxMb: 0.45 }));
    expect(model.tapes[0]!.bars).toBeLessThan(2_000);
    expect(model.tapes[0]!.of).toBe(60_000);
    expect(model.priceNote).toContain('All prices do not fit');
  });

  it('are left out on request, and a limit too small is an error', () => {
    const run = fixtureRun({ dates: 60, tradesPerRoot: 3, bars: 1_000 });
    expect(dataOf(renderReport(run, { prices: false })).model.tapes).toEqual([]);
    expect(() => renderReport(run, { maxMb: 0.1 })).toThrow(
      expect.objectContaining({ code: 'E_REPORT_SIZE' }),
    );
  });
});

describe('what a reader may send on', () => {
  it('holds no path of the machine, wherever a text has one', () => {
    const base = manifestOf();
    const manifest = manifestOf({
      command: ['frontmonth', 'backtest', '/home/someone/secret/my.ts', '--out=/tmp/someone/x'],
      config: {
        values: { catalog: '/home/someone/catalog', other: String.raw`C:\Users\someone\runs` },
      },
      strategy: { ...base.strategy, file: '/home/someone/strategies/my.ts' },
      error: { code: 'E_X', message: "cannot read '/home/someone/a.csv'", where: null },
    });
    const page = renderReport(toRunData({ manifest, tables: {} }));
    expect(page).not.toContain('someone');
    expect(dataOf(page).model.manifest.command).toEqual([
      'frontmonth',
      'backtest',
      '…/my.ts',
      '--out=…/x',
    ]);
  });

  it('keeps dates, fractions and addresses that are no path', () => {
    const texts = [
      '2020-01-02',
      'ES/NQ',
      '1/32',
      'costs ÷ gross',
      'https://example.org/a/b',
      'a / b',
    ];
    expect(withoutMachinePaths(texts)).toEqual(texts);
  });
});

describe('figures on the page', () => {
  const run = fixtureRun({ ...HARD_RUNS['usual'], roots: ['ES', 'NQ'] });
  const { model, columns } = dataOf(renderReport(run));
  const metric = (key: string): number => model.summary.metrics[key]!.value!;

  it('of equity and drawdown curves end and peak where the summary says', () => {
    const equity = columns['day.equity'] as number[];
    expect(equity.at(-1)! - run.manifest.capitalMicros / 1e6).toBeCloseTo(metric('netProfit'), 6);
    expect(Math.max(...(columns['day.drawdown'] as number[]))).toBeCloseTo(
      metric('maxDrawdown'),
      2,
    );
    expect(Math.max(...(columns['day.drawdownShare'] as number[]))).toBeCloseTo(
      metric('maxDrawdownShare'),
      6,
    );
    expect(model.tables['drawdowns']![0]!.rows[0]![4]).toBe(metric('maxDrawdown'));
  });

  it('of the trade list give those of the summary again', () => {
    const net = (columns['flat.net'] as number[]).filter((_, i) => columns['flat.open']![i] === 0);
    const wins = net.filter((value) => value > 0);
    expect(net.length).toBe(metric('closedTrades'));
    expect(wins.length / net.length).toBeCloseTo(metric('hitRate'), 12);
    expect(total(columns['flat.gross']!) / 1e6).toBeCloseTo(metric('grossProfit'), 6);
    expect(total(columns['flat.commission']!) / 1e6).toBeCloseTo(metric('commission'), 6);
    expect(total(columns['flat.fees']!) / 1e6).toBeCloseTo(metric('exchangeFees'), 6);
    expect(model.sides.all['expectancy']!.value).toBe(metric('expectancy'));
    const sides = [model.sides.long, model.sides.short].map((side) => side['netProfit']!.value!);
    expect(sides[0]! + sides[1]!).toBeCloseTo(model.sides.all['netProfit']!.value!, 6);
  });

  it('of months, weekdays and contracts add up to the same net', () => {
    const net = Math.round(metric('netProfit') * 1e6);
    const sumOf = (id: string, table: string): number => {
      const found = model.tables[id]!.find((one) => one.id === table)!;
      const at = found.columns.findIndex((one) => one.key === 'net');
      return found.rows.reduce((all, row) => all + Math.round(Number(row[at]) * 1e6), 0);
    };
    expect(sumOf('periods', 'weekdays')).toBe(net);
    expect(sumOf('instruments', 'contract-table')).toBe(net);
    expect(sumOf('time', 'half-hours')).toBe(net);
    expect(sumOf('time', 'segments')).toBe(net);
  });

  it('tell regular hours from the rest by the clock of the window', () => {
    const windows = { ES: [{ name: 'RTH', zone: 'UTC', from: 15 * 60, to: 16 * 60 }], NQ: [] };
    const built = buildReportModel(run, { segments: windows }, { tapes: [], note: '' });
    const data = unpackColumns(built.packed);
    data['flat.session']!.forEach((session, i) => {
      const minute = (Number(data['flat.entryUs']![i]) / 60e6) % 1440;
      const inside = minute >= 900 && minute < 960 ? 'RTH' : 'ETH';
      expect(session).toBe(data['flat.instrument']![i] === 'NQ' ? '' : inside);
    });
  });

  it('say that one bar later was not simulated', () => {
    expect(model.summary.metrics['netOneBarLater']).toEqual({
      value: null,
      reason: 'not simulated',
    });
  });

  it('draw a stop that still works at the end to the last bar', () => {
    const levels = new GrowingTable(RUN_TABLES.levels);
    const tape = run.prices[0]!;
    const tsUs = tape.closeUs[tape.closeUs.length - 5]!;
    levels.append({ clOrdId: 's', root: tape.root, role: 'stop', tsUs, priceTicks: 7 });
    const one = toRunData({
      manifest: run.manifest,
      tables: { levels: levels.toStored() },
      prices: [tape],
    });
    const data = dataOf(renderReport(one)).columns;
    expect(data['tape0.level.from']).toEqual([tape.closeUs.length - 5]);
    expect(data['tape0.level.to']).toEqual([tape.closeUs.length - 1]);
  });

  it('lists every column that traders expect', () => {
    expect(model.tradeColumns.map((one) => one.key)).toEqual(
      expect.arrayContaining(
        'id instrument contract side qty entryUs entryPrice exitUs exitPrice entryName exitName bars durationUs grossTicks gross commission fees net cumulative mae maeMoney mfe mfeMoney etd etdMoney r entryEfficiency exitEfficiency session slippage ambiguous rolls'.split(
          ' ',
        ),
      ),
    );
  });
});
