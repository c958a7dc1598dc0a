/** `frontmonth explain <run> <order>`: the life of an order in words, and why it filled there and then, or did not. */
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import type { TsUs } from '../../core/units.ts';
import { toIsoUtc } from '../../core/units.ts';
import type {
  ExplainedAmbiguity,
  ExplainedFill,
  Explanation,
  LifeEvent,
} from '../../research/explain/explain.ts';
import { localTime } from '../../research/explain/explain.ts';
import { priceText } from '../../research/explain/sentences.ts';
import type { RunInstrument } from '../../research/run-format.ts';
import type { CommandCall } from '../command.ts';
import { hasFlag, textArg } from '../command.ts';
import { numberFlag } from '../flag-values.ts';
import { renderTable } from '../table.ts';
import { wrap } from '../wrap.ts';

export async function explain(call: CommandCall): Promise<ExitCode> {
  const config = await call.config();
  const services = await call.services();
  const dir = await services.resolveRun(config.values.runs, textArg(call, 0));
  const name = textArg(call, 1);
  const isList = hasFlag(call, 'ambiguous');
  if (isList === (name !== '')) {
    throw new TradingError('E_USAGE', 'explain takes either an order or --ambiguous', {
      where: `frontmonth explain ${textArg(call, 0)}`,
      fix: 'name an order, as in: frontmonth explain last O-000001; all of them: frontmonth orders last',
    });
  }
  if (isList) {
    const { run, found } = await services.explainAmbiguities(dir);
    const shown = found.slice(0, numberFlag(call, 'limit', { min: 1 }) ?? 20);
    const zones = new Map(run.instruments.map((one) => [one.root, one.zone]));
    call.out.result('frontmonth.ambiguities/1', found.map(plainTimes), () =>
      ambiguitiesText(call, shown, found.length, (contract) => zoneOf(zones, contract)),
    );
    return EXIT.ok;
  }
  const { told, instrument } = await services.explainOrder(dir, name);
  call.out.result('frontmonth.explanation/1', plainTimes(told), () =>
    explanationText(call, told, instrument),
  );
  return EXIT.ok;
}

/** Times in ISO UTC, at any depth. */
function plainTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainTimes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      name.endsWith('Us') && typeof one === 'number' && !Number.isNaN(one)
        ? toIsoUtc(one as TsUs)
        : plainTimes(one),
    ]),
  );
}

function explanationText(call: CommandCall, told: Explanation, instrument: RunInstrument): string {
  const { out } = call;
  const zone = out.options.utc ? 'UTC' : told.zone;
  const lines: string[] = [];
  const put = (text: string, indent = 0): void => {
    lines.push(...wrap(' '.repeat(indent) + text, width(call), indent + 2));
  };
  const head = (text: string): void => {
    lines.push('', out.style('stdout', 'bold', text));
  };
  put(`${told.orderId}  ${told.order}`);
  put(`run ${told.runId}`);
  lines.push('');
  for (const sentence of told.answer) put(sentence);
  head(`life, ${zone === 'UTC' ? 'times in UTC' : `times of ${zone}, and UTC`}`);
  for (const event of hasFlag(call, 'all') ? told.life : folded(told.life))
    put(`${timeText(event.tsUs, zone)}  ${event.words}`, 2);
  for (const fill of told.fills) {
    head(`why ${fill.qty} filled at ${fill.price}`);
    lines.push(...fillLines(call, fill, zone, instrument));
  }
  if (told.ambiguities.length > 0) {
    head('outcomes that a bar left open');
    for (const one of told.ambiguities) lines.push(...ambiguityLines(call, one, zone));
  }
  if (told.group.length > 0) {
    head(`its group ${told.groupId ?? ''}`);
    for (const peer of told.group) put(`${peer.id}  ${peer.words}`, 2);
  }
  return lines.join('\n');
}

function width(call: CommandCall): number {
  return call.out.options.wide ? 10_000 : Math.min(100, call.out.width('stdout'));
}

function fillLines(
  call: CommandCall,
  fill: ExplainedFill,
  zone: string,
  instrument: RunInstrument,
): string[] {
  const lines: string[] = [];
  const put = (text: string): void => {
    lines.push(...wrap(`  ${text}`, width(call), 4));
  };
  const { barOpenUs, barCloseUs, marketUs } = fill;
  for (const sentence of fill.why) put(sentence);
  if (marketUs !== null) put(`Event of the record: ${timeText(marketUs, zone)}.`);
  if (barOpenUs !== null && barCloseUs !== null)
    put(`Bar from ${timeText(barOpenUs, zone)} to ${timeText(barCloseUs, zone)}.`);
  if (fill.bars.length > 1) {
    const price = (ticks: number): string => priceText(ticks, instrument);
    const table = renderTable(
      call.out,
      [
        { title: '', cell: (bar) => (bar.place === 0 ? '>' : ' ') },
        { title: 'bar that closed', cell: (bar) => localTime(bar.closeUs, zone) },
        { title: 'open', align: 'right', cell: (bar) => price(bar.open) },
        { title: 'high', align: 'right', cell: (bar) => price(bar.high) },
        { title: 'low', align: 'right', cell: (bar) => price(bar.low) },
        { title: 'close', align: 'right', cell: (bar) => price(bar.close) },
      ],
      fill.bars,
    );
    lines.push(...table.split('\n'));
  }
  const fees = (fill.feeMicros / 1e6).toFixed(2);
  const commission = (fill.commissionMicros / 1e6).toFixed(2);
  put(
    `Fees ${fees} ${instrument.currency}, of which commission ${commission}. Rule ${fill.rule === '' ? 'none' : fill.rule}, ${fill.certain ? 'certain' : 'not certain'}${fill.policy === '' ? '' : `, policy ${fill.policy}`}; execution ${fill.execId}.`,
  );
  return lines;
}

function ambiguityLines(call: CommandCall, one: ExplainedAmbiguity, zone: string): string[] {
  const lines: string[] = [];
  const put = (text: string, indent: number): void => {
    lines.push(...wrap(' '.repeat(indent) + text, width(call), indent + 2));
  };
  put(
    `${one.groupId}, ${one.qty} ${one.contract}, bar from ${timeText(one.barOpenUs, zone)} to ${timeText(one.barCloseUs, zone)}; ${one.stake} at stake`,
    2,
  );
  for (const { words } of one.alternatives) put(words, 4);
  return lines;
}

function ambiguitiesText(
  call: CommandCall,
  shown: readonly ExplainedAmbiguity[],
  count: number,
  zone: (contract: string) => string,
): string {
  if (count === 0) return 'no bar of this run left several outcomes open';
  const lines = shown.flatMap((one) =>
    ambiguityLines(call, one, call.out.options.utc ? 'UTC' : zone(one.contract)),
  );
  const more =
    count > shown.length ? `, of which ${shown.length} are shown; --limit shows more` : '';
  return [
    `${count} ${count === 1 ? 'bar' : 'bars'} left several outcomes open${more}`,
    ...lines,
  ].join('\n');
}

function zoneOf(zones: ReadonlyMap<string, string>, contract: string): string {
  const root = [...zones.keys()]
    .filter((one) => contract.startsWith(one))
    .toSorted((a, b) => b.length - a.length)[0];
  return (root === undefined ? undefined : zones.get(root)) ?? 'UTC';
}

/** `2023-03-01 09:35 CST (15:35 UTC)`. */
function timeText(tsUs: number, zone: string): string {
  if (zone === 'UTC') return localTime(tsUs, 'UTC');
  const utc = localTime(tsUs, 'UTC');
  const local = localTime(tsUs, zone);
  const isSameDate = utc.slice(0, 10) === local.slice(0, 10);
  return `${local} (${isSameDate ? utc.slice(11) : utc})`;
}

/** Changes that follow each other in one line, where there are more than three. */
function folded(life: readonly LifeEvent[]): LifeEvent[] {
  const out: LifeEvent[] = [];
  for (let i = 0; i < life.length;) {
    let end = i;
    while (life[end]?.event === 'Replaced') end += 1;
    const count = end - i;
    if (count <= 3) {
      out.push(...life.slice(i, Math.max(end, i + 1)));
      i = Math.max(end, i + 1);
      continue;
    }
    out.push(
      life[i]!,
      { ...life[i + 1]!, words: `${count - 2} more changes (--all shows them)` },
      life[end - 1]!,
    );
    i = end;
  }
  return out;
}
