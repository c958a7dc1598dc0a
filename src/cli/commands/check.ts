/** `frontmonth check <strategy>`: parameters, data needs, venues, what the source reaches for, and a probe of two kinds. */
import { relative } from 'node:path';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT } from '../../core/errors.ts';
import type { VenueCapabilities } from '../../core/execution.ts';
import type { DataRequirements, ParamDef } from '../../core/strategy.ts';
import { resolveParams } from '../../core/strategy.ts';
import { describeRollRule } from '../../core/roll.ts';
import type { StrategyScan } from '../../research/strategy-scan.ts';
import { REACH_MEANING, scanStrategy } from '../../research/strategy-scan.ts';
import type { CommandCall } from '../command.ts';
import { textArg, textFlag } from '../command.ts';
import { numberFlag, spanOf } from '../flag-values.ts';
import { watchInterrupts } from '../interrupt.ts';
import { probeText, runProbe } from '../probe.ts';
import type { LoadedStrategy } from '../strategy-loader.ts';
import { loadStrategy, readParams, splitRoots } from '../strategy-loader.ts';
import { renderTable } from '../table.ts';
import { instrumentsDirOf } from '../instruments-dir.ts';
import { withStrategyPlace } from './backtest.ts';
import type { Row } from '../services.ts';
import { unknownProduct } from './contracts.ts';

export async function run(call: CommandCall): Promise<ExitCode> {
  const dataset = textFlag(call, 'data');
  const capital = numberFlag(call, 'capital', { min: 1, max: 9_000_000_000, isWhole: false });
  const config = await call.config({ dataset, capital });
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
  const scan = strategy.path === null ? null : scanStrategy(strategy.path);
  const interrupts = watchInterrupts(call.host);
  const probed =
    call.flags['probe'] === false
      ? null
      : await runProbe(call, config, strategy, interrupts, {
          roots,
          params: given,
          ...spanOf(call),
        });
  if (interrupts.isStopping()) return interrupts.exitCode()!;
  const probe = probed?.result ?? null;
  const uses = probed === null ? null : usesOf(probed.orders, needs);
  const venues = capabilities.map((venue) => ({
    ...venue,
    lacks: uses === null ? null : lacksOf(venue, uses),
  }));
  const reaches = reachesOf(scan, call.host.cwd);
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
    reaches,
    lookAhead: probe,
  };
  // The answer names them too: these are for programs that read the envelope.
  for (const { kind, where, what, meaning } of reaches)
    call.out.warnings.push({ code: `strategy-${kind}`, message: `${where} ${what}: ${meaning}` });
  if (probe !== null && probe.holds && !probe.isProof)
    call.out.warnings.push({ code: 'probe-proves-nothing', message: probe.doubt });
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
      scanText(scan, reaches),
      '',
      ...probeText(probe, { capital: config.values.capital, currency: config.values.currency }),
      ...(probe?.code === 'E_STRATEGY_NOT_DETERMINISTIC' ? causesText(reaches) : []),
    ].join('\n'),
  );
  if (probe?.code === 'E_STRATEGY_NOT_DETERMINISTIC') return EXIT.strategy;
  const isServed = venues.some((venue) => (venue.lacks ?? []).length === 0);
  return (probe === null || probe.holds) && isServed ? EXIT.ok : EXIT.answerIsNo;
}

interface ReachView {
  readonly kind: string;
  readonly where: string;
  readonly what: string;
  readonly meaning: string;
}

/** Each thing once a line. */
function reachesOf(scan: StrategyScan | null, cwd: string): readonly ReachView[] {
  const views = new Map<string, ReachView>();
  for (const { kind, path, line, what } of scan?.found ?? []) {
    const where = `${relative(cwd, path)}:${line}`;
    views.set(`${where} ${what}`, { kind, where, what, meaning: REACH_MEANING[kind] });
  }
  return [...views.values()];
}

function scanText(scan: StrategyScan | null, reaches: readonly ReachView[]): string {
  if (scan === null) return 'source: built in';
  const files = `${scan.files.length} ${scan.files.length === 1 ? 'file' : 'files'}`;
  const unread =
    scan.packages.length === 0 ? '' : `; packages not looked into: ${scan.packages.join(', ')}`;
  if (reaches.length === 0)
    return `source: ${files} read, nothing beside the strategy's context${unread}`;
  return [
    `source: ${files} read, REACHES BEYOND ITS CONTEXT${unread}`,
    ...reaches.map((reach) => `  warning  ${reach.where} ${reach.what}: ${reach.meaning}`),
  ].join('\n');
}

/** What makes two runs differ, as far as the source shows it. */
function causesText(reaches: readonly ReachView[]): string[] {
  const kinds = ['chance', 'clock', 'timer', 'network', 'files', 'environment', 'process'];
  const named = reaches.filter((reach) => kinds.includes(reach.kind));
  const places = named.map((reach) => `${reach.what} (${reach.where})`).join(', ');
  return [
    named.length === 0
      ? '  likely   Math.random or a clock behind a package, or state outside `create` (at module level)'
      : `  likely   ${places}; or state outside \`create\` (at module level)`,
    '  more     frontmonth errors E_STRATEGY_NOT_DETERMINISTIC',
  ];
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
    // Exits of a group are held as the venue can hold them.
    reduceOnly: orders.some(
      (order) =>
        order['reduceOnly'] === true && !['stop', 'target'].includes(order['role'] as string),
    ),
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
