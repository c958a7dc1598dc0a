/** `frontmonth check <strategy>`: parameters, data needs, venues, and a look-ahead probe. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT } from '../../core/errors.ts';
import type { VenueCapabilities } from '../../core/execution.ts';
import type { DataRequirements, ParamDef } from '../../core/strategy.ts';
import { resolveParams } from '../../core/strategy.ts';
import { describeRollRule } from '../../core/roll.ts';
import { toTsUs } from '../../core/units.ts';
import type { ResolvedConfig } from '../../research/project-config.ts';
import type { ProbeResult } from '../../research/look-ahead.ts';
import { probeLookAhead } from '../../research/look-ahead.ts';
import type { CommandCall } from '../command.ts';
import { textArg, textFlag } from '../command.ts';
import { spanOf } from '../flag-values.ts';
import { watchInterrupts } from '../interrupt.ts';
import type { LoadedStrategy } from '../strategy-loader.ts';
import { loadStrategy, readParams, splitRoots } from '../strategy-loader.ts';
import { renderTable } from '../table.ts';
import { calendarTextsOf } from '../calendar-texts.ts';
import { instrumentsDirOf } from '../instruments-dir.ts';
import { strategyError, withStrategyPlace } from './backtest.ts';
import type { Row } from '../services.ts';
import { unknownProduct } from './contracts.ts';
import { ensureSample } from './data.ts';

export async function run(call: CommandCall): Promise<ExitCode> {
  const dataset = textFlag(call, 'data');
  const config = await call.config({ dataset });
  const services = await call.services();
  const strategy = await loadStrategy(textArg(call, 0), {
    cwd: call.host.cwd,
    builtIn: await services.builtInStrategies(),
  });
  const { definition } = strategy;
  const roots = splitRoots(textFlag(call, 'instruments')) ?? [...definition.instruments];
  const specs = await services.loadInstruments(instrumentsDirOf(config));
  for (const root of roots)
    if (!specs.has(root)) throw unknownProduct(root, [...specs.keys()], `product ${root}`);
  const texts = call.flags['param'];
  const given = readParams(definition, Array.isArray(texts) ? (texts as string[]) : []);
  const params = resolveParams(definition.params, given);
  const needs = needsOf(call, strategy, params, roots);
  const capabilities = await services.venueCapabilities();
  const probed =
    call.flags['probe'] === false
      ? null
      : await runProbe(call, config, strategy, { roots, params: given, ...spanOf(call) });
  const probe = probed?.result ?? null;
  const uses = probed === null ? null : usesOf(probed.orders, needs);
  const venues = capabilities.map((venue) => ({
    ...venue,
    lacks: uses === null ? null : lacksOf(venue, uses),
  }));
  const result = {
    strategy: {
      id: definition.id,
      version: definition.version,
      description: definition.description,
    },
    params: definition.params,
    instruments: roots,
    needs,
    uses,
    venues,
    lookAhead: probe,
  };
  call.out.result('frontmonth.check/1', result, () =>
    [
      `${definition.id} ${definition.version}   ${definition.description}`,
      '',
      paramTable(call, definition.params),
      '',
      needsTable(call, needs),
      '',
      venueTable(call, venues),
      '',
      usesText(uses, venues),
      '',
      probeText(probe),
    ].join('\n'),
  );
  const isServed = venues.some((venue) => (venue.lacks ?? []).length === 0);
  return (probe === null || probe.holds) && isServed ? EXIT.ok : EXIT.answerIsNo;
}

/** What a strategy asked of its venue in the probe, and of the data in its requirements. */
export interface StrategyUses {
  readonly orderTypes: readonly string[];
  readonly timesInForce: readonly string[];
  readonly groups: readonly string[];
  readonly reduceOnly: boolean;
  /** Market data beside bars. */
  readonly feeds: readonly string[];
}

export function usesOf(orders: readonly Row[], needs: DataRequirements): StrategyUses {
  const distinct = (column: string): string[] =>
    [...new Set(orders.map((order) => order[column] as string))].toSorted();
  const groups = new Map<string, string[]>();
  for (const order of orders) {
    const id = order['groupId'] as string;
    if (id !== '') groups.set(id, [...(groups.get(id) ?? []), order['role'] as string]);
  }
  return {
    orderTypes: distinct('type'),
    timesInForce: distinct('timeInForce'),
    groups: [...new Set([...groups.values()].flatMap(groupKinds))].toSorted(),
    reduceOnly: orders.some((order) => order['reduceOnly'] === true),
    feeds: (['quotes', 'trades', 'depth'] as const).filter(
      (kind) => (needs[kind] ?? []).length > 0,
    ),
  };
}

/** The kinds of a group with these roles. */
function groupKinds(roles: readonly string[]): string[] {
  const targets = roles.filter((role) => role === 'target').length;
  return [roles.includes('entry') ? 'bracket' : 'oco', ...(targets > 1 ? ['multi-target'] : [])];
}

/** What the strategy uses and the venue has not. */
export function lacksOf(venue: VenueCapabilities, uses: StrategyUses): string[] {
  const missing = (known: readonly string[], used: readonly string[]): string[] =>
    used.filter((word) => !known.includes(word));
  return [
    ...missing(venue.orderTypes, uses.orderTypes),
    ...missing(venue.timesInForce, uses.timesInForce),
    ...missing(venue.features.groups, uses.groups),
    ...(uses.reduceOnly && !venue.features.reduceOnly ? ['reduce-only'] : []),
  ];
}

function usesText(
  uses: StrategyUses | null,
  venues: readonly { readonly venue: string; readonly lacks: readonly string[] | null }[],
): string {
  if (uses === null) return 'used in the probe: not tried';
  const words = [
    ...uses.orderTypes,
    ...uses.timesInForce,
    ...uses.groups,
    ...(uses.reduceOnly ? ['reduce-only'] : []),
    ...uses.feeds,
  ];
  return [
    `used in the probe: ${words.join(' ') || 'no orders'}`,
    ...venues.map(({ venue, lacks }) =>
      lacks === null || lacks.length === 0
        ? `  ${venue} has all of it`
        : `  ${venue} LACKS ${lacks.join(' ')}`,
    ),
  ].join('\n');
}

function needsOf(
  call: CommandCall,
  strategy: LoadedStrategy,
  params: Readonly<Record<string, number | string | boolean>>,
  roots: readonly string[],
): DataRequirements {
  try {
    return strategy.definition.requires(params, roots);
  } catch (error) {
    throw withStrategyPlace(error, strategy, call.host.cwd);
  }
}

function allowed(def: ParamDef): string {
  switch (def.kind) {
    case 'int':
    case 'number':
      return `${def.min} to ${def.max}`;
    case 'boolean':
      return 'true, false';
    case 'choice':
      return def.choices.join(', ');
    case 'time':
      return 'HH:MM';
  }
}

function paramTable(call: CommandCall, params: Readonly<Record<string, ParamDef>>): string {
  if (Object.keys(params).length === 0) return 'no parameters';
  return renderTable(
    call.out,
    [
      { title: 'parameter', cell: ([name]) => name },
      { title: 'type', cell: ([, def]) => def.kind },
      { title: 'default', align: 'right', cell: ([, def]) => String(def.default) },
      { title: 'allowed', cell: ([, def]) => allowed(def) },
      { title: 'unit', cell: ([, def]) => def.unit ?? '' },
      { title: 'description', priority: 1, cell: ([, def]) => def.description },
    ],
    Object.entries(params),
  );
}

function needsTable(call: CommandCall, needs: DataRequirements): string {
  return renderTable(
    call.out,
    [
      { title: 'series', cell: (series) => series.key ?? `${series.root}:${series.bars}` },
      { title: 'product', cell: (series) => series.root },
      { title: 'bars', cell: (series) => series.bars },
      {
        title: 'roll',
        priority: 1,
        cell: (series) =>
          series.roll === undefined ? 'as the product says' : describeRollRule(series.roll),
      },
      { title: 'adjustment', cell: (series) => series.adjust ?? 'back-difference' },
      { title: 'depth', align: 'right', cell: (series) => String(series.depth ?? 0) },
      { title: 'history', align: 'right', cell: (series) => String(series.history ?? 2) },
      { title: 'warm-up', align: 'right', cell: (series) => String(series.warmUp ?? 0) },
    ],
    needs.series,
  );
}

function venueTable(call: CommandCall, venues: readonly VenueCapabilities[]): string {
  return renderTable(
    call.out,
    [
      { title: 'venue', cell: (venue) => venue.venue },
      { title: 'order types', cell: (venue) => venue.orderTypes.join(' ') },
      { title: 'times in force', priority: 1, cell: (venue) => venue.timesInForce.join(' ') },
      { title: 'groups', priority: 2, cell: (venue) => venue.features.groups.join(' ') },
    ],
    venues,
  );
}

function probeText(probe: ProbeResult | null): string {
  if (probe === null) return 'look-ahead probe: skipped';
  if (!probe.holds) return `look-ahead probe: FAILED: ${probe.reason}`;
  return `look-ahead probe: holds; a run to ${probe.cutDate} gave the first ${probe.fills} fills and ${probe.orders} orders of the run to ${probe.endDate}`;
}

/** Two runs in a folder that is deleted again. */
async function runProbe(
  call: CommandCall,
  config: ResolvedConfig,
  strategy: LoadedStrategy,
  choice: {
    readonly roots: readonly string[];
    readonly params: Readonly<Record<string, unknown>>;
    readonly from?: string;
    readonly to?: string;
  },
): Promise<{ readonly result: ProbeResult; readonly orders: readonly Row[] }> {
  const services = await call.services();
  const interrupts = watchInterrupts(call.host);
  const runsDir = mkdtempSync(join(tmpdir(), 'frontmonth-check-'));
  const { values } = config;
  try {
    await ensureSample(call, config, interrupts);
    let orders: readonly Row[] = [];
    const result = await probeLookAhead(async (to) => {
      const outcome = await services.runBacktest({
        strategyFile: strategy.file,
        strategy: strategy.definition,
        sourceSha256: strategy.sourceSha256,
        instruments: choice.roots,
        params: choice.params,
        catalogDir: values.catalog,
        instrumentsDir: instrumentsDirOf(config),
        calendars: await calendarTextsOf(config),
        dataset: values.dataset,
        ...(choice.from === undefined ? {} : { from: choice.from }),
        ...(to === null ? (choice.to === undefined ? {} : { to: choice.to }) : { to }),
        capital: values.capital,
        currency: values.currency,
        returnBase: values.returnBase,
        seed: values.seed,
        fills: values.fills,
        bounds: false,
        costs: values.costs,
        risk: values.risk,
        runsDir,
        command: call.command,
        config: {},
        clock: () => toTsUs(Math.round(call.host.nowMs() * 1000)),
        onProgress: () => interrupts.isStopping(),
      });
      if (outcome.manifest.outcome === 'strategy-error')
        throw strategyError(outcome, strategy, call.host.cwd, 'the run of the probe is not kept');
      const run = await services.readRun(outcome.dir);
      if (to === null) orders = run.orders;
      return {
        from: outcome.manifest.from,
        to: outcome.manifest.to,
        fills: run.fills,
        orders: run.orders,
      };
    });
    return { result, orders };
  } catch (error) {
    throw withStrategyPlace(error, strategy, call.host.cwd);
  } finally {
    rmSync(runsDir, { recursive: true, force: true });
  }
}
