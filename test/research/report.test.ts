import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readAsset } from '../../src/research/report/assets.ts';
import type { ReportModel } from '../../src/research/report/model.ts';
import { packColumns, unpackColumns } from '../../src/research/report/pack.ts';
import { renderReport, safeJson } from '../../src/research/report/render.ts';
import { toRunData } from '../../src/research/run-data.ts';
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
