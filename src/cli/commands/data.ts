/** `frontmonth data …`. */
import { resolve } from 'node:path';
import { plot } from 'asciichart';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import type { BarColumns } from '../../core/bars.ts';
import { addDays, parseTradeDate, toIsoDate } from '../../core/trade-date.ts';
import type { TsUs } from '../../core/units.ts';
import { US_PER_DAY, toIsoUtc, toTsUs } from '../../core/units.ts';
import type { ResolvedConfig } from '../../research/project-config.ts';
import type { CommandCall } from '../command.ts';
import { hasFlag, listArg, textArg, textFlag } from '../command.ts';
import { dateFlag, numberFlag } from '../flag-values.ts';
import { formatNumber } from '../format.ts';
import type { Interrupts } from '../interrupt.ts';
import { watchInterrupts } from '../interrupt.ts';
import type { Output } from '../output.ts';
import { createProgress } from '../progress.ts';
import type { DatasetView, ImportOptions, SampleOptions, SegmentView } from '../services.ts';
import { splitRoots } from '../strategy-loader.ts';
import { didYouMean } from '../../core/suggest.ts';
import type { Column } from '../table.ts';
import { renderTable } from '../table.ts';
import { calendarTextsOf } from '../calendar-texts.ts';
import { instrumentsDirOf } from '../instruments-dir.ts';
import { fieldLines, wrap } from '../wrap.ts';

const DATASET_SCHEMA = 'frontmonth.dataset/1';

/** Makes the sample when the configured dataset is the sample and is not there. */
export async function ensureSample(
  call: CommandCall,
  config: ResolvedConfig,
  interrupts: Interrupts,
): Promise<'ready' | 'stopped'> {
  const services = await call.services();
  const { catalog, dataset } = config.values;
  if (dataset !== 'sample') return 'ready';
  const known = await services.listDatasets(catalog);
  if (known.some((set) => set.name === 'sample')) return 'ready';
  call.out.talk(`no dataset \`sample\` in ${catalog}: generating the synthetic sample market`);
  const made = await generate(call, interrupts, {
    catalogDir: catalog,
    instrumentsDir: instrumentsDirOf(config),
    name: 'sample',
    calendars: await calendarTextsOf(config),
  });
  return made === null ? 'stopped' : 'ready';
}

async function generate(
  call: CommandCall,
  interrupts: Interrupts,
  options: SampleOptions,
): Promise<DatasetView | null> {
  const services = await call.services();
  const progress = createProgress(call.out);
  try {
    return await services.generateSample({
      ...options,
      onProgress: (fraction, note) => {
        progress.update('sample', fraction, note);
        return interrupts.isStopping();
      },
    });
  } finally {
    progress.stop();
  }
}

export async function dataSample(call: CommandCall): Promise<ExitCode> {
  const config = await call.config();
  const interrupts = watchInterrupts(call.host);
  const products = splitRoots(textFlag(call, 'products'));
  const [from, to, minuteFrom] = [
    dateFlag(call, 'from'),
    dateFlag(call, 'to'),
    dateFlag(call, 'minutesFrom'),
  ];
  const seed = numberFlag(call, 'seed', { min: 0 });
  const dataset = await generate(call, interrupts, {
    catalogDir: config.values.catalog,
    instrumentsDir: instrumentsDirOf(config),
    name: textFlag(call, 'name') ?? 'sample',
    calendars: await calendarTextsOf(config),
    ...(products === undefined ? {} : { products }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(minuteFrom === undefined ? {} : { minuteFrom }),
    ...(seed === undefined ? {} : { seed }),
  });
  if (dataset === null) {
    call.out.talk('stopped; nothing was written');
    return interrupts.exitCode() ?? EXIT.interrupted;
  }
  call.out.result(DATASET_SCHEMA, datasetJson(dataset), () => describeDataset(call.out, dataset));
  return EXIT.ok;
}

type ImportFormat = NonNullable<ImportOptions['format']>;

export async function dataImport(call: CommandCall): Promise<ExitCode> {
  const format = textFlag(call, 'format');
  const into = required(call, 'into', 'the name of the dataset, such as mine');
  const config = await call.config();
  const services = await call.services();
  const optional = (name: string, key: string): Record<string, string> => {
    const text = textFlag(call, name);
    return text === undefined ? {} : { [key]: text };
  };
  const columns = textFlag(call, 'columns');
  const instrumentConfig = textFlag(call, 'instrumentConfig');
  const marketHours = textFlag(call, 'marketHours');
  const kinds = textFlag(call, 'kinds');
  const series = numberFlag(call, 'series', { min: 1 });
  const decimals = numberFlag(call, 'decimals', { min: 0, max: 18 });
  const options: ImportOptions = {
    catalogDir: config.values.catalog,
    instrumentsDir: instrumentsDirOf(config),
    ...(format === undefined ? {} : { format: format as ImportFormat }),
    files: listArg(call, 0).map((file) => resolve(call.host.cwd, file)),
    dataset: into,
    ...optional('contract', 'contract'),
    ...optional('instrument', 'instrument'),
    ...optional('interval', 'interval'),
    ...optional('delimiter', 'delimiter'),
    ...(instrumentConfig === undefined
      ? {}
      : { instrumentConfig: resolve(call.host.cwd, instrumentConfig) }),
    ...(columns === undefined ? {} : { columns: readColumns(columns) }),
    zone: textFlag(call, 'zone') ?? 'UTC',
    isZoneGiven: textFlag(call, 'zone') !== undefined,
    ...(optional('grid', 'grid') as Pick<ImportOptions, 'grid'>),
    ...(kinds === undefined ? {} : { kinds: kinds.split(',').map((kind) => kind.trim()) }),
    ...(series === undefined ? {} : { series }),
    ...(decimals === undefined ? {} : { decimals }),
    ...(marketHours === undefined ? {} : { marketHours: resolve(call.host.cwd, marketHours) }),
    ...(optional('stamp', 'stamp') as Pick<ImportOptions, 'stamp'>),
    header: call.flags['header'] !== false,
    quarantine: hasFlag(call, 'quarantine'),
    filled: hasFlag(call, 'filled'),
    ...(optional('known', 'known') as Pick<ImportOptions, 'known'>),
    calendars: await calendarTextsOf(config),
  };
  if (hasFlag(call, 'watch')) return (await import('./data-watch.ts')).dataWatch(call, options);
  const outcome = await services.importFiles(options);
  for (const issue of outcome.issues.slice(0, 20))
    call.out.warn('import-row', `${issue.at ?? `row ${issue.row}`}: ${issue.message}`);
  for (const note of outcome.notes) call.out.warn('import-note', note);
  const { rows, refused, issues, notes } = outcome;
  call.out.result(
    'frontmonth.import/1',
    { rows, refused, issues, notes, dataset: datasetJson(outcome.dataset) },
    () =>
      `${formatNumber(rows, 0)} rows imported, ${formatNumber(refused, 0)} rows with problems\n${describeDataset(call.out, outcome.dataset)}`,
  );
  return refused > 0 ? EXIT.answerIsNo : EXIT.ok;
}

function required(call: CommandCall, name: string, what: string): string {
  const text = textFlag(call, name);
  if (text !== undefined) return text;
  throw new TradingError('E_USAGE', `--${name} is missing`, { fix: `--${name} wants ${what}` });
}

/** `time=Date,open=O` as a mapping of ours to theirs. */
function readColumns(text: string): Record<string, string> {
  const columns: Record<string, string> = {};
  for (const pair of text.split(',')) {
    const at = pair.indexOf('=');
    if (at < 1) {
      throw new TradingError('E_FLAG_VALUE', `--columns wants name=column pairs, not "${pair}"`, {
        where: `--columns ${text}`,
        fix: 'such as time=Date,open=Open,high=High,low=Low,close=Close,volume=Volume',
      });
    }
    columns[pair.slice(0, at).trim()] = pair.slice(at + 1).trim();
  }
  return columns;
}

export async function dataList(call: CommandCall): Promise<ExitCode> {
  const config = await call.config();
  const services = await call.services();
  const datasets = await services.listDatasets(config.values.catalog);
  const columns: Column<DatasetView>[] = [
    { title: 'dataset', cell: (set) => set.name },
    { title: 'first', cell: (set) => dayOf(spanOf(set.segments).firstUs) },
    { title: 'last', cell: (set) => dayOf(spanOf(set.segments).lastUs) },
    { title: 'rows', align: 'right', cell: (set) => formatNumber(rowsOf(set.segments), 0) },
    { title: 'products', priority: 2, cell: (set) => rootsOf(set).join(' ') },
    { title: 'volume', priority: 3, cell: (set) => set.volume },
    { title: 'kind', priority: 1, cell: (set) => (set.isSynthetic ? 'synthetic' : 'recorded') },
  ];
  call.out.result('frontmonth.datasets/1', datasets.map(datasetJson), () =>
    datasets.length === 0
      ? `no datasets in ${config.values.catalog}; make one with: frontmonth data sample`
      : renderTable(call.out, columns, datasets),
  );
  return EXIT.ok;
}

export async function dataShow(call: CommandCall): Promise<ExitCode> {
  const config = await call.config();
  const services = await call.services();
  const name = textArg(call, 0) || config.values.dataset;
  const dataset = await services.dataset(config.values.catalog, name);
  const contract = textFlag(call, 'contract');
  if (contract === undefined) {
    call.out.result(
      DATASET_SCHEMA,
      { ...datasetJson(dataset), segments: dataset.segments },
      () => `${describeDataset(call.out, dataset)}\n\n${contractTable(call, dataset)}`,
    );
    return EXIT.ok;
  }
  return showBars(call, config, dataset, contract);
}

async function showBars(
  call: CommandCall,
  config: ResolvedConfig,
  dataset: DatasetView,
  contract: string,
): Promise<ExitCode> {
  const interval = textFlag(call, 'interval') ?? '1d';
  const known = [...new Set(dataset.segments.map((segment) => segment.contract))];
  if (!known.includes(contract)) {
    throw new TradingError('E_DATA_SPAN', `${dataset.name} has no contract ${contract}`, {
      where: `--contract ${contract}`,
      fix: didYouMean(contract, known, `frontmonth data show ${dataset.name} lists them`),
    });
  }
  const [from, to] = [dateFlag(call, 'from'), dateFlag(call, 'to')];
  const services = await call.services();
  const range = {
    ...(from === undefined ? {} : { from: toTsUs(parseTradeDate(from) * US_PER_DAY) }),
    ...(to === undefined ? {} : { to: toTsUs(addDays(parseTradeDate(to), 1) * US_PER_DAY) }),
  };
  if (interval === 'open-interest') {
    const all = await services.readOpenInterest(config.values.catalog, dataset.name, {
      contract,
      ...range,
    });
    const figures = all
      .slice(0, numberFlag(call, 'head', { min: 1 }) ?? 20)
      .map(({ knownUs, tradeDate, openInterest }) => {
        const knownUtc = toIsoUtc(knownUs as TsUs);
        return { knownUtc, tradeDate: toIsoDate(tradeDate), openInterest };
      });
    call.out.result('frontmonth.open-interest/1', { contract, figures }, () =>
      renderTable(call.out, FIGURE_COLUMNS, figures),
    );
    return EXIT.ok;
  }
  const { increment, batches } = await services.readBars(config.values.catalog, dataset.name, {
    contract,
    interval,
    ...range,
  });
  const isPlot = hasFlag(call, 'plot');
  const rows = takeBars(
    batches,
    increment,
    numberFlag(call, 'head', { min: 1 }) ?? (isPlot ? 5000 : 20),
  );
  call.out.result('frontmonth.bars/1', { contract, interval, bars: rows }, () =>
    isPlot ? plotText(call, rows) : renderTable(call.out, BAR_COLUMNS, rows),
  );
  return EXIT.ok;
}

interface BarRow {
  readonly closeUtc: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number | null;
}

interface FigureRow {
  readonly knownUtc: string;
  readonly tradeDate: string;
  readonly openInterest: number;
}

const FIGURE_COLUMNS: readonly Column<FigureRow>[] = [
  { title: 'known UTC', cell: (row) => row.knownUtc.replace('T', ' ').replace(/(:00)?Z$/, '') },
  { title: 'of trade date', cell: (row) => row.tradeDate },
  { title: 'open interest', align: 'right', cell: (row) => String(row.openInterest) },
];

const BAR_COLUMNS: readonly Column<BarRow>[] = [
  { title: 'close UTC', cell: (bar) => bar.closeUtc.replace('T', ' ').replace(/(:00)?Z$/, '') },
  ...(['open', 'high', 'low', 'close'] as const).map((name): Column<BarRow> => ({
    title: name,
    align: 'right',
    cell: (bar) => String(bar[name]),
  })),
  {
    title: 'volume',
    align: 'right',
    priority: 1,
    cell: (bar) => (bar.volume === null ? '–' : String(bar.volume)),
  },
];

function takeBars(batches: Iterable<BarColumns>, increment: number, count: number): BarRow[] {
  const rows: BarRow[] = [];
  for (const bars of batches) {
    for (let i = 0; i < bars.length && rows.length < count; i += 1) {
      const price = (counts: number): number => Number((counts * increment).toPrecision(12));
      const volume = bars.volume[i]!;
      rows.push({
        closeUtc: toIsoUtc(bars.closeUs[i]! as TsUs),
        open: price(bars.open[i]!),
        high: price(bars.high[i]!),
        low: price(bars.low[i]!),
        close: price(bars.close[i]!),
        volume: Number.isNaN(volume) ? null : volume,
      });
    }
    if (rows.length >= count) break;
  }
  return rows;
}

function plotText(call: CommandCall, rows: readonly BarRow[]): string {
  if (rows.length === 0) return 'no bars in this span';
  const width = call.out.width('stdout') - 14;
  const step = Math.max(1, Math.ceil(rows.length / width));
  const closes = rows.filter((_, i) => i % step === 0).map((row) => row.close);
  return `${plot(closes, { height: 14 })}\n${rows[0]!.closeUtc} to ${rows[rows.length - 1]!.closeUtc}, ${rows.length} bars`;
}

/** More rows than this are told by product. */
const CONTRACT_ROWS_MAX = 60;

function contractTable(call: CommandCall, dataset: DatasetView): string {
  const asked = splitRoots(textFlag(call, 'instruments'));
  const known = rootsOf(dataset);
  for (const root of asked ?? []) {
    if (known.includes(root)) continue;
    throw new TradingError('E_DATA_PRODUCT', `${dataset.name} has no product ${root}`, {
      where: `--instruments ${root}`,
      fix: didYouMean(root, known, `it has ${known.join(', ')}`),
    });
  }
  const groups = new Map<string, SegmentView[]>();
  for (const segment of dataset.segments) {
    if (asked !== undefined && !asked.includes(segment.root)) continue;
    const key = `${segment.contract} ${segment.interval}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [segment]);
    else group.push(segment);
  }
  if (asked === undefined && groups.size > CONTRACT_ROWS_MAX) {
    const hint = `frontmonth data show ${dataset.name} --instruments ${known[0]!}`;
    return `${productTable(call, dataset)}\n\nthe contracts of a product:\n  ${hint}`;
  }
  return renderTable<SegmentView[]>(
    call.out,
    [
      { title: 'contract', cell: (group) => group[0]!.contract },
      { title: 'interval', cell: (group) => group[0]!.interval },
      { title: 'first', cell: (group) => dayOf(spanOf(group).firstUs) },
      { title: 'last', cell: (group) => dayOf(spanOf(group).lastUs) },
      { title: 'rows', align: 'right', cell: (group) => formatNumber(rowsOf(group), 0) },
    ],
    [...groups.values()],
  );
}

function productTable(call: CommandCall, dataset: DatasetView): string {
  const groups = new Map<string, SegmentView[]>();
  for (const segment of dataset.segments) {
    const key = `${segment.root} ${segment.interval}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [segment]);
    else group.push(segment);
  }
  return renderTable<SegmentView[]>(
    call.out,
    [
      { title: 'product', cell: (group) => group[0]!.root },
      { title: 'interval', cell: (group) => group[0]!.interval },
      {
        title: 'contracts',
        align: 'right',
        priority: 1,
        cell: (group) => String(new Set(group.map((segment) => segment.contract)).size),
      },
      { title: 'first', cell: (group) => dayOf(spanOf(group).firstUs) },
      { title: 'last', cell: (group) => dayOf(spanOf(group).lastUs) },
      { title: 'rows', align: 'right', cell: (group) => formatNumber(rowsOf(group), 0) },
      {
        title: 'rolls given',
        align: 'right',
        priority: 2,
        cell: (group) => {
          const rolls = dataset.givenRolls?.[group[0]!.root];
          return rolls === undefined ? '–' : String(rolls);
        },
      },
    ],
    [...groups.values()],
  );
}

export function describeDataset(out: Output, dataset: DatasetView): string {
  const span = spanOf(dataset.segments);
  const width = out.width('stdout');
  return [
    `${dataset.name}${dataset.isSynthetic ? '   SYNTHETIC DATA' : ''}`,
    ...wrap(`  ${dataset.description}`, width, 2),
    ...fieldLines(
      [
        ['span', `${dayOf(span.firstUs)} to ${dayOf(span.lastUs)}`],
        [
          'rows',
          `${formatNumber(rowsOf(dataset.segments), 0)} in ${dataset.segments.length} segments`,
        ],
        ['products', rootsOf(dataset).join(' ')],
        ['volume', `${dataset.volume}, stamps ${dataset.stamps}`],
        ['source', dataset.source],
        [
          'checksum',
          `${dataset.checksum} of the whole dataset; a run shows that of the segments it read: name@checksum`,
        ],
      ],
      width,
    ),
  ].join('\n');
}

function datasetJson(dataset: DatasetView): Record<string, unknown> {
  const { segments, ...rest } = dataset;
  const span = spanOf(segments);
  return {
    ...rest,
    firstUtc: segments.length === 0 ? null : toIsoUtc(span.firstUs as TsUs),
    lastUtc: segments.length === 0 ? null : toIsoUtc(span.lastUs as TsUs),
    rows: rowsOf(segments),
    products: rootsOf(dataset),
  };
}

function spanOf(segments: readonly SegmentView[]): { firstUs: number; lastUs: number } {
  return {
    firstUs: segments.reduce((min, segment) => Math.min(min, segment.firstUs), Infinity),
    lastUs: segments.reduce((max, segment) => Math.max(max, segment.lastUs), -Infinity),
  };
}

function rowsOf(segments: readonly SegmentView[]): number {
  return segments.reduce((sum, segment) => sum + segment.rows, 0);
}

function rootsOf(dataset: DatasetView): string[] {
  return [...new Set(dataset.segments.map((segment) => segment.root))].toSorted();
}

function dayOf(tsUs: number): string {
  return Number.isFinite(tsUs) ? toIsoUtc(tsUs as TsUs).slice(0, 10) : '–';
}

/** A wrong guess would show every bar one interval early, so there is no default. Samples have no end to choose. */
