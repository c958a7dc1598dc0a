/** `frontmonth continuous <product>`. */
import { writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { plot } from 'asciichart';
import type { BarInterval } from '../../core/bars.ts';
import { intervalUs } from '../../core/bars.ts';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import { toPrice } from '../../core/price-grid.ts';
import type { Adjustment, RollRecord } from '../../core/roll.ts';
import { describeRollRule, gapOf } from '../../core/roll.ts';
import { parseRollRule } from '../../core/rolls/syntax.ts';
import { parseTradeDate, toIsoDate } from '../../core/trade-date.ts';
import { parseTsUs, toIsoUtc } from '../../core/units.ts';
import type { TsUs } from '../../core/units.ts';
import type {
  ContinuousSeries,
  ContinuousSeriesOptions,
} from '../../research/continuous-series.ts';
import { calendarTextsOf } from '../calendar-texts.ts';
import type { CommandCall } from '../command.ts';
import { hasFlag, textArg, textFlag } from '../command.ts';
import { numberFlag, spanOf } from '../flag-values.ts';
import { formatBytes } from '../format.ts';
import { instrumentsDirOf } from '../instruments-dir.ts';
import { watchInterrupts } from '../interrupt.ts';
import { withWhere } from '../strategy-loader.ts';
import { renderTable } from '../table.ts';
import { unknownProduct } from './contracts.ts';
import { ensureSample } from './data.ts';
import { readText } from './rolls.ts';

export async function run(call: CommandCall): Promise<ExitCode> {
  const chosen = textFlag(call, 'data');
  const config = await call.config({ dataset: chosen });
  const services = await call.services();
  const instrumentsDir = instrumentsDirOf(config);
  const word = textArg(call, 0);
  const specs = await services.loadInstruments(instrumentsDir);
  const spec = specs.get(word.toUpperCase());
  if (spec === undefined) throw unknownProduct(word, [...specs.keys()]);
  const interrupts = watchInterrupts(call.host);
  if ((await ensureSample(call, config, interrupts)) === 'stopped')
    return interrupts.exitCode() ?? EXIT.interrupted;
  const options: ContinuousSeriesOptions = {
    catalogDir: config.values.catalog,
    instrumentsDir,
    dataset: config.values.dataset,
    root: spec.root,
    ...readFlags(call),
    calendars: await calendarTextsOf(config),
  };
  const series = await services.readContinuous(options);
  for (const note of series.notes) call.out.warn(note.code, note.message);
  const saved = await save(call, options);
  const page = await writePage(call, series, options);
  if (hasFlag(call, 'csv')) call.out.answer(csvOf(series));
  else
    call.out.result(
      'frontmonth.continuous/1',
      { ...jsonOf(series, options), saved, page: page?.file ?? null },
      () => textOf(call, series, options),
    );
  if (saved !== null)
    call.out.talk(
      `saved as ${saved.name}: ${saved.rolls} ${saved.rolls === 1 ? 'roll' : 'rolls'}, ${saved.added} new, ${saved.replaced} replaced`,
    );
  if (page !== null) {
    call.out.talk(`${relative(call.host.cwd, page.file)} (${formatBytes(page.bytes)})`);
    if (hasFlag(call, 'open')) await call.host.openInBrowser(page.file);
  }
  return EXIT.ok;
}

function readFlags(
  call: CommandCall,
): Omit<ContinuousSeriesOptions, 'catalogDir' | 'instrumentsDir' | 'dataset' | 'root'> {
  const text = textFlag(call, 'rule');
  const [stored, adjust] = [textFlag(call, 'stored'), textFlag(call, 'adjust')];
  const interest = textFlag(call, 'openInterest');
  const depth = numberFlag(call, 'depth', { min: 0, max: 24 });
  const interval = textFlag(call, 'interval') ?? '1d';
  withWhere(`--interval ${interval}`, () => intervalUs(interval));
  if (stored !== undefined && (text !== undefined || depth !== undefined))
    throw new TradingError('E_USAGE', '--stored has its own rule and depth', {
      where: `--stored ${stored}`,
      fix: 'leave --rule and --depth away, or build the series again without --stored',
    });
  const [asKnownAt, asOf] = [momentFlag(call, 'asKnownAt'), momentFlag(call, 'asOf')];
  const stamp = textFlag(call, 'rollStamp');
  return {
    bars: interval as BarInterval,
    ...spanOf(call),
    ...(text === undefined ? {} : { roll: withWhere(`--rule ${text}`, () => parseRollRule(text)) }),
    ...(text?.startsWith('given:') === true
      ? { calendarFile: readText(call, '--rule given:', text.slice('given:'.length)) }
      : {}),
    ...(interest === undefined
      ? {}
      : { openInterest: readText(call, '--open-interest ', interest) }),
    ...(adjust === undefined ? {} : { adjust: adjust as Adjustment }),
    ...(depth === undefined ? {} : { depth }),
    ...(asKnownAt === undefined ? {} : { asKnownAt }),
    ...(asOf === undefined ? {} : { asOf }),
    ...(stored === undefined ? {} : { stored }),
    ...(stamp === undefined ? {} : { rollStamp: stamp as 'old' | 'new' }),
    ...(hasFlag(call, 'curve') ? { curve: true } : {}),
  };
}

/** A trade date or an instant, checked and handed on as text. */
function momentFlag(call: CommandCall, name: string): string | undefined {
  const text = textFlag(call, name);
  if (text === undefined) return undefined;
  const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  withWhere(`${flag} ${text}`, () => (text.includes('T') ? parseTsUs(text) : parseTradeDate(text)));
  return text;
}

interface Saved {
  readonly name: string;
  readonly rolls: number;
  readonly added: number;
  readonly replaced: number;
}

async function save(call: CommandCall, options: ContinuousSeriesOptions): Promise<Saved | null> {
  const name = call.flags['save'];
  if (name === undefined || name === false) return null;
  const { from, asKnownAt, stored, ...rest } = options;
  const cut = [from, asKnownAt, stored].find((value) => value !== undefined);
  if (cut !== undefined)
    throw new TradingError('E_USAGE', 'a series is saved from the start of its data to their end', {
      where: `--save with ${cut}`,
      rule: '--save goes without --from, --as-known-at and --stored',
      fix: 'save the whole series, then read a part of it with --stored',
    });
  const services = await call.services();
  const result = await services.saveContinuous({
    ...rest,
    ...(typeof name === 'string' ? { name } : {}),
    // The moment at which somebody decided that the stored rolls were wrong.
    ...(hasFlag(call, 'correct') ? { correctedUs: call.host.nowMs() * 1000 } : {}),
  });
  return {
    name: result.name,
    rolls: result.rolls,
    added: result.added,
    replaced: result.replaced,
  };
}

async function writePage(
  call: CommandCall,
  series: ContinuousSeries,
  options: ContinuousSeriesOptions,
): Promise<{ readonly file: string; readonly bytes: number } | null> {
  const asked = call.flags['html'];
  if ((asked === undefined || asked === false) && !hasFlag(call, 'open')) return null;
  const services = await call.services();
  const { isSynthetic } = await services.dataset(options.catalogDir, options.dataset);
  const html = await services.renderContinuousPage(series, {
    dataset: options.dataset,
    interval: options.bars,
    rule: describeRollRule(series.schedule.rule),
    isSynthetic,
    theme: (textFlag(call, 'theme') ?? 'auto') as 'auto' | 'light' | 'dark',
  });
  const name = typeof asked === 'string' ? asked : `continuous-${options.root}.html`;
  const file = resolve(call.host.cwd, name);
  writeFileSync(file, html);
  return { file, bytes: Buffer.byteLength(html) };
}

// ------------------------------------------------------------------------------------------------------ answers

interface Figures {
  readonly rows: number;
  readonly first: string | null;
  readonly last: string | null;
  readonly rolls: number;
  /** Sum of all gaps, as a price. */
  readonly totalGap: number;
  readonly firstRaw: number;
  readonly firstAdjusted: number;
  readonly lastRaw: number;
  readonly lastAdjusted: number;
}

function figuresOf({ columns, schedule, spec }: ContinuousSeries): Figures {
  const last = columns.length - 1;
  const at = (row: number): string | null =>
    last < 0 ? null : toIsoUtc(columns.closeUs[row]! as TsUs);
  const raw = (row: number): number => toPrice(columns.rawClose[row] ?? NaN, spec.grid);
  const total = schedule.rolls.reduce((sum, roll) => sum + gapOf(roll), 0);
  return {
    rows: columns.length,
    first: at(0),
    last: at(last),
    rolls: schedule.rolls.length,
    totalGap: toPrice(total, spec.grid),
    firstRaw: raw(0),
    firstAdjusted: columns.close[0] ?? NaN,
    lastRaw: raw(last),
    lastAdjusted: columns.close[last] ?? NaN,
  };
}

function jsonOf(
  series: ContinuousSeries,
  options: ContinuousSeriesOptions,
): Record<string, unknown> {
  const { schedule, adjust, depth, spec } = series;
  return {
    root: spec.root,
    dataset: options.dataset,
    interval: options.bars,
    rule: schedule.rule,
    ruleText: describeRollRule(schedule.rule),
    looksAhead: schedule.looksAhead ?? false,
    adjust,
    depth,
    ...figuresOf(series),
    rollTable: schedule.rolls.map((roll) => rollJson(series, roll)),
  };
}

function rollJson({ spec }: ContinuousSeries, roll: RollRecord): Record<string, unknown> {
  return {
    tradeDate: toIsoDate(roll.tradeDate),
    effectiveUtc: toIsoUtc(roll.effectiveUs),
    from: roll.from,
    to: roll.to,
    fromPrice: toPrice(roll.fromPrice, spec.grid),
    toPrice: toPrice(roll.toPrice, spec.grid),
    gap: toPrice(gapOf(roll), spec.grid),
    isInferred: roll.isInferred,
    looksAhead: roll.looksAhead ?? false,
    reason: roll.reason,
  };
}

function textOf(
  call: CommandCall,
  series: ContinuousSeries,
  options: ContinuousSeriesOptions,
): string {
  const { spec, schedule, adjust, depth } = series;
  const figures = figuresOf(series);
  const price = (value: number): string => value.toFixed(spec.grid.decimals);
  const inferredCount = schedule.rolls.filter((roll) => roll.isInferred).length;
  const lines = [
    `${spec.root}   ${spec.name}, ${options.bars} bars of ${options.dataset}`,
    `  rule        ${describeRollRule(schedule.rule)}`,
    `  adjustment  ${adjust}${depth === 0 ? '' : `, depth ${depth}`}`,
    `  bars        ${figures.rows}${figures.rows === 0 ? '' : `, ${figures.first!.slice(0, 10)} to ${figures.last!.slice(0, 10)}`}`,
    `  rolls       ${figures.rolls}, gaps together ${price(figures.totalGap)}${inferredCount === 0 ? '' : `, ${inferredCount} with an inferred price`}`,
  ];
  if (schedule.looksAhead === true)
    lines.push('  note        the rolls look ahead: for history only');
  if (figures.rows === 0) return lines.join('\n');
  lines.push(
    `  first close ${price(figures.firstRaw)} raw, ${price(figures.firstAdjusted)} adjusted`,
    `  last close  ${price(figures.lastRaw)} raw, ${price(figures.lastAdjusted)} adjusted`,
    '',
    chartText(call, series),
    '',
    rollTable(call, series),
  );
  return lines.join('\n');
}

/** Adjusted and raw closes as lines of characters; a mark below each column in which the chain rolled. */
function chartText(call: CommandCall, series: ContinuousSeries): string {
  const { columns, schedule, spec } = series;
  const width = Math.max(20, call.out.width('stdout') - 16);
  const step = Math.max(1, Math.ceil(columns.length / width));
  const rows: number[] = [];
  for (let row = 0; row < columns.length; row += step) rows.push(row);
  const adjusted = rows.map((row) => columns.close[row]!);
  const raw = rows.map((row) => toPrice(columns.rawClose[row]!, spec.grid));
  const label = (value: number): string => value.toFixed(spec.grid.decimals).padStart(12);
  const isSame = adjusted.every((value, i) => value === raw[i]);
  const chart = plot(isSame ? [adjusted] : [raw, adjusted], { height: 14, format: label });
  const marks = rows.map((row) => {
    const [fromUs, toUs] = [columns.closeUs[row]!, columns.closeUs[row + step] ?? Infinity];
    const isRoll = schedule.rolls.some((r) => r.effectiveUs >= fromUs && r.effectiveUs < toUs);
    return isRoll ? '^' : ' ';
  });
  const names = isSame ? 'adjusted and raw are the same' : 'two lines: raw and adjusted';
  return `${chart}\n${' '.repeat(14)}${marks.join('').trimEnd()}\n${names}; ^ marks a roll; ${step === 1 ? 'every bar' : `one bar in ${step}`}`;
}

function rollTable(call: CommandCall, series: ContinuousSeries): string {
  const { schedule, spec } = series;
  if (schedule.rolls.length === 0) return 'one contract, no roll';
  const price = (counts: number): string => toPrice(counts, spec.grid).toFixed(spec.grid.decimals);
  let sum = 0;
  const rows = schedule.rolls.map((roll) => ({ roll, sum: (sum += gapOf(roll)) }));
  return renderTable(
    call.out,
    [
      { title: 'trade date', cell: ({ roll }) => toIsoDate(roll.tradeDate) },
      { title: 'from', cell: ({ roll }) => roll.from },
      { title: 'to', cell: ({ roll }) => roll.to },
      {
        title: 'from price',
        priority: 2,
        align: 'right',
        cell: ({ roll }) => price(roll.fromPrice),
      },
      { title: 'to price', priority: 2, align: 'right', cell: ({ roll }) => price(roll.toPrice) },
      { title: 'gap', align: 'right', cell: ({ roll }) => price(gapOf(roll)) },
      { title: 'sum', priority: 1, align: 'right', cell: (row) => price(row.sum) },
      {
        title: '',
        priority: 3,
        cell: ({ roll }) =>
          [roll.isInferred ? 'inferred' : '', roll.looksAhead === true ? 'looks ahead' : '']
            .filter((word) => word !== '')
            .join(', '),
      },
    ],
    rows,
  );
}

const CURVE_NAMES = ['forward', 'previous', 'carry'] as const;

/** One row a bar. An empty cell is no price. */
function csvOf(series: ContinuousSeries): string {
  const { columns, contracts, spec, curve } = series;
  const price = (value: number): string => (Number.isNaN(value) ? '' : String(value));
  const raw = (counts: number): string => price(toPrice(counts, spec.grid));
  const head = ['close_utc', 'contract', 'open', 'high', 'low', 'close'];
  head.push('raw_open', 'raw_high', 'raw_low', 'raw_close', 'volume');
  if (curve !== null)
    head.push(
      'forward_contract',
      'forward',
      'previous_contract',
      'previous',
      'carry_contract',
      'carry',
      'annualised_carry',
    );
  const lines = [head.join(',')];
  for (let row = 0; row < columns.length; row += 1) {
    const cells = [
      toIsoUtc(columns.closeUs[row]! as TsUs),
      contracts[columns.contractIndex[row]!]!,
      price(columns.open[row]!),
      price(columns.high[row]!),
      price(columns.low[row]!),
      price(columns.close[row]!),
      raw(columns.rawOpen[row]!),
      raw(columns.rawHigh[row]!),
      raw(columns.rawLow[row]!),
      raw(columns.rawClose[row]!),
      price(columns.volume[row]!),
    ];
    if (curve !== null) {
      for (const name of CURVE_NAMES) {
        const index = curve[`${name}Index`][row]!;
        cells.push(index < 0 ? '' : contracts[index]!, price(curve[name][row]!));
      }
      // Twelve digits: what a division leaves beyond them says nothing.
      cells.push(price(Number(curve.annualisedCarry[row]!.toPrecision(12))));
    }
    lines.push(cells.join(','));
  }
  return lines.join('\n');
}
