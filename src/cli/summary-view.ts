/** The summary table of a run, as text. */
import type { Metrics, RunManifest, RunSummary } from '../research/run-format.ts';
import { sampleLabel } from '../research/samples.ts';
import { imitationLabel } from '../research/verdict.ts';
import {
  formatBytes,
  formatMicros,
  formatMoney,
  formatNumber,
  formatPercent,
  formatRatio,
} from './format.ts';
import type { Output } from './output.ts';
import { wrap } from './wrap.ts';

/** Widths of the columns, wide and narrow. */
const WIDE = { label: 24, value: 16 } as const;
const NARROW = { label: 17, value: 14 } as const;
type Widths = typeof WIDE | typeof NARROW;
/** Where the words of the last lines begin. */
const INDENT = 13;

export interface SummaryParts {
  readonly summary: RunSummary;
  readonly manifest: RunManifest;
  readonly dir: string;
  /** The run stands in a folder of its own, where `last` does not find it. */
  readonly isOutside?: boolean;
  readonly reportFile: string | null;
  readonly reportBytes: number;
  /** The latest earlier run of the same strategy on the same data; null when there is none. */
  readonly previous: { readonly runId: string; readonly summary: RunSummary } | null;
}

interface Line {
  readonly label: string;
  readonly value: (summary: RunSummary, bound: 'pessimistic' | 'optimistic') => string;
  /** Change against the previous run; absent where a difference says nothing. */
  readonly delta?: (summary: RunSummary) => number | null;
  readonly note: string;
}

export function figure(
  summary: RunSummary,
  name: string,
  bound: 'pessimistic' | 'optimistic' = 'pessimistic',
): number | null {
  const metrics = bound === 'pessimistic' ? summary.metrics : summary.optimistic;
  return metrics?.[name]?.value ?? null;
}

export function summaryText(out: Output, parts: SummaryParts): string {
  const { summary, previous } = parts;
  const width = out.options.wide ? Infinity : out.width('stdout');
  const columns = 1 + Number(summary.optimistic !== null) + Number(previous !== null);
  const widths = WIDE.label + columns * WIDE.value <= width ? WIDE : NARROW;
  const lines = [
    ...titleLines(out, parts, width),
    headLine(summary, previous !== null, widths),
    ...linesOf(summary).flatMap((line) =>
      renderLine(line, summary, previous?.summary ?? null, { ...widths, width }),
    ),
    ...sampleLines(summary).flatMap((line) => wrap(line, width, 2)),
    '',
    ...wrap(summary.verdict, width),
    ...noTradeLines(summary).flatMap((line) => wrap(line, width, 17)),
  ];
  if (previous !== null) lines.push(`previous     ${previous.runId}`);
  for (const warning of summary.warnings) {
    const [first, ...rest] = wrap(
      `warning      ${warning.code}: ${warning.message}`,
      width,
      INDENT,
    );
    lines.push(first!.replace('warning', out.style('stdout', 'yellow', 'warning')), ...rest);
  }
  lines.push(`run          ${parts.dir}`);
  if (parts.reportFile !== null)
    lines.push(
      ...wrap(
        `report       ${parts.reportFile} (${formatBytes(parts.reportBytes)})`,
        width,
        INDENT,
      ),
    );
  const ref = parts.isOutside === true ? parts.dir : 'last';
  const next = [
    `frontmonth report ${ref} --open`,
    `frontmonth trades ${ref} --sort -maeTicks --limit 10`,
  ];
  lines.push(...nextLines(next, width));
  return lines.join('\n');
}

/** The two parts of a run with an out-of-sample date in it. */
function sampleLines(summary: RunSummary): string[] {
  const samples = summary.samples ?? null;
  if (samples === null) return [];
  const line = (label: string, { netProfit, sharpe, closedTrades }: Metrics): string =>
    `${label.padEnd(14)} net ${formatMoney(netProfit?.value ?? null)}, Sharpe ${formatRatio(sharpe?.value ?? null)}, ${tradesText(closedTrades?.value ?? 0)}`;
  const { inSample, outOfSample, outOfSampleFrom } = samples;
  return [
    line('in sample', inSample),
    `${line('out of sample', outOfSample)} from ${outOfSampleFrom}`,
  ];
}

/** Commands stay whole: beside each other, under each other, or under the word. */
function nextLines(commands: readonly string[], width: number): string[] {
  const isBeside = INDENT + commands.join('     ').length <= width;
  if (isBeside) return [`${'next'.padEnd(INDENT)}${commands.join('     ')}`];
  const isUnder = commands.every((command) => INDENT + command.length <= width);
  if (!isUnder) return ['next', ...commands.map((command) => `  ${command}`)];
  return commands.map((command, i) => (i === 0 ? 'next' : '').padEnd(INDENT) + command);
}

function titleLines(out: Output, { summary, manifest }: SummaryParts, width: number): string[] {
  const data = manifest.datasets.map((set) => `${set.name}@${set.checksum.slice(0, 8)}`).join(' ');
  const sample = sampleLabel(manifest);
  const imitation = imitationLabel(summary.fillPolicy);
  const words = [`run ${summary.runId}`, `seed ${manifest.seed}`, `data ${data}`];
  const labels = [
    ...(summary.isSynthetic ? ['SYNTHETIC DATA'] : []),
    ...(imitation === null ? [] : [imitation.toUpperCase()]),
    ...(sample === null ? [] : [sample]),
    ...(summary.outcome === 'completed' ? [] : [summary.outcome.toUpperCase()]),
  ];
  const isOneLine = [...words, ...labels].join('   ').length <= width;
  const shown = [
    `run ${out.style('stdout', 'bold', summary.runId)}`,
    ...words.slice(1),
    ...labels.map((label) => out.style('stdout', 'yellow', label)),
  ];
  return isOneLine ? [shown.join('   ')] : [shown[0]!, `    ${shown.slice(1).join('   ')}`];
}

function headLine(summary: RunSummary, hasPrevious: boolean, widths: Widths): string {
  const heads = [summary.fillPolicy, ...(summary.optimistic === null ? [] : ['optimistic'])];
  if (hasPrevious) heads.push('vs previous');
  return ' '.repeat(widths.label) + heads.map((head) => head.padStart(widths.value)).join('');
}

function linesOf(summary: RunSummary): Line[] {
  const { trades, currency } = summary;
  const interval = summary.intervals90['sharpe'];
  const sharpeNote =
    interval === undefined || interval.low === null
      ? ''
      : `90 % interval ${formatRatio(interval.low)} … ${formatRatio(interval.high)}`;
  const closed = `${tradesText(trades.closed)}${trades.open > 0 ? `, ${trades.open} open` : ''}`;
  // An outcome that was resolved as "not filled" leaves no trade to count.
  const { groups } = summary.ambiguity;
  const more = groups > trades.ambiguous ? `; ${groups} ambiguous groups` : '';
  const ambiguous = `${trades.ambiguous} of ${trades.closed + trades.open} depend on ambiguous bars${more}`;
  // Depth and costs are kept as positive figures; as money they are losses.
  const money = (label: string, name: string, note: string, sign: 1 | -1 = 1): Line => {
    const read: NonNullable<Line['delta']> = (of) => signed(figure(of, name), sign);
    return {
      label: `${label} ${currency}`,
      value: (of, bound) => formatMoney(signed(figure(of, name, bound), sign)),
      delta: read,
      note,
    };
  };
  return [
    money('net profit', 'netProfit', `${closed}, ${ambiguous}`),
    ...(figure(summary, 'netOneBarLater') === null
      ? []
      : [money('one bar later', 'netOneBarLater', 'net with every order a bar late')]),
    ...spreadLines(summary),
    money('max drawdown', 'maxDrawdown', '', -1),
    {
      label: 'Sharpe (252)',
      value: (of, bound) => formatRatio(figure(of, 'sharpe', bound)),
      delta: (of) => figure(of, 'sharpe'),
      note: sharpeNote,
    },
    money('costs', 'totalCost', `rolls ${formatMicros(-summary.rolls.costMicros)}`, -1),
    {
      label: 'margin, peak',
      value: (of, bound) => formatPercent(figure(of, 'peakMargin', bound)),
      note: 'of equity',
    },
    {
      label: 'trades',
      value: (of, bound) => formatRatio(figure(of, 'closedTrades', bound), 0),
      delta: (of) => of.trades.closed,
      note: `${summary.orders.submitted} orders, ${summary.orders.filled} filled`,
    },
  ];
}

/** What other resolutions of the ambiguous bars would have earned, where the headline is not one of the bounds. */
function spreadLines(summary: RunSummary): Line[] {
  const { ambiguity, currency } = summary;
  const { bounds, seeded } = ambiguity;
  const net = figure(summary, 'netProfit') ?? 0;
  const isOutside = bounds !== undefined && (net < bounds.worst || net > bounds.best);
  const outside = isOutside ? '; this net lies outside: they bound each group, not the run' : '';
  const only = (label: string, value: number, note: string): Line => ({
    label: `${label} ${currency}`,
    value: (_, bound) => (bound === 'optimistic' ? '' : formatMoney(value)),
    note,
  });
  return [
    ...(bounds === undefined
      ? []
      : [
          only(
            'worst',
            bounds.worst,
            `best ${formatMoney(bounds.best)}, full simulations${outside}`,
          ),
        ]),
    ...(seeded === undefined
      ? []
      : [
          only(
            'median draw',
            seeded.p50,
            `5 % ${formatMoney(seeded.p05)}, 95 % ${formatMoney(seeded.p95)} of ${seeded.runs} draws`,
          ),
        ]),
  ];
}

function signed(value: number | null, sign: 1 | -1): number | null {
  return value === null ? null : value * sign;
}

/** The note stands behind its figures, or on a line of its own where the width ends. */
function renderLine(
  line: Line,
  summary: RunSummary,
  previous: RunSummary | null,
  place: { readonly label: number; readonly value: number; readonly width: number },
): string[] {
  const cells = [line.value(summary, 'pessimistic')];
  if (summary.optimistic !== null) cells.push(line.value(summary, 'optimistic'));
  if (previous !== null) cells.push(deltaOf(line, summary, previous));
  const values = cells.map((cell) => cell.padStart(place.value)).join('');
  const row = line.label.padEnd(place.label) + values;
  if (line.note === '') return [row.trimEnd()];
  const whole = `${row}    ${line.note}`;
  return whole.length <= place.width
    ? [whole]
    : [row.trimEnd(), ...wrap(`  ${line.note}`, place.width, 2)];
}

function deltaOf(line: Line, summary: RunSummary, previous: RunSummary): string {
  const [now, before] = [line.delta?.(summary) ?? null, line.delta?.(previous) ?? null];
  if (now === null || before === null) return '';
  return `Δ ${formatMoney(now - before, Math.abs(now) < 100 && !Number.isInteger(now) ? 2 : 0)}`;
}

/** No run without trades ends as a quiet success. */
function noTradeLines(summary: RunSummary): string[] {
  const { trades, orders } = summary;
  if (trades.closed + trades.open > 0) return [];
  const reasons = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([reason, count]) => `${reason} ${count}`)
      .join(', ') || 'none';
  return [
    '',
    'NO TRADES',
    `  bars seen      ${formatNumber(summary.bars, 0)} from ${summary.from} to ${summary.to}`,
    `  orders         ${orders.submitted} submitted, ${orders.filled} filled`,
    `  denied         ${reasons(orders.denied)}`,
    `  rejected       ${reasons(orders.rejected)}`,
    ...adviceOf(summary),
  ];
}

/** What usually keeps a run from trading; nothing where it did not get to its end. */
function adviceOf(summary: RunSummary): string[] {
  if (summary.outcome !== 'completed')
    return [`  outcome        ${summary.outcome}: the run ended early`];
  const isSilent = summary.orders.submitted === 0;
  return [
    ...(isSilent
      ? ['  often          a size of 0 contracts: the capital is too small for the risk asked']
      : []),
    '  fix            check capital, warm-up, parameters and span: frontmonth check <strategy>',
  ];
}

function tradesText(count: number): string {
  return `${count} ${count === 1 ? 'trade' : 'trades'}`;
}
