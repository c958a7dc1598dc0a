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
import { watchInterrupts } from '../interrupt.ts';
import type { LoadedStrategy } from '../strategy-loader.ts';
import { loadStrategy, readParams, splitRoots } from '../strategy-loader.ts';
import { renderTable } from '../table.ts';
import { instrumentsDirOf } from '../instruments-dir.ts';
import { withStrategyPlace } from './backtest.ts';
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
  for (const root of roots) if (!specs.has(root)) throw unknownProduct(root, [...specs.keys()]);
  const texts = call.flags['param'];
  const given = readParams(definition, Array.isArray(texts) ? (texts as string[]) : []);
  const params = resolveParams(definition.params, given);
  const needs = needsOf(call, strategy, params, roots);
  const venues = await services.venueCapabilities();
  const probe =
    call.flags['probe'] === false
      ? null
      : await runProbe(call, config, strategy, { roots, params: given });
  const result = {
    strategy: {
      id: definition.id,
      version: definition.version,
      description: definition.description,
    },
    params: definition.params,
    instruments: roots,
    needs,
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
      probeText(probe),
    ].join('\n'),
  );
  return probe === null || probe.holds ? EXIT.ok : EXIT.answerIsNo;
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
  choice: { readonly roots: readonly string[]; readonly params: Readonly<Record<string, unknown>> },
): Promise<ProbeResult> {
  const services = await call.services();
  const interrupts = watchInterrupts(call.host);
  const runsDir = mkdtempSync(join(tmpdir(), 'frontmonth-check-'));
  const { values } = config;
  try {
    await ensureSample(call, config, interrupts);
    return await probeLookAhead(async (to) => {
      const outcome = await services.runBacktest({
        strategyFile: strategy.file,
        strategy: strategy.definition,
        sourceSha256: strategy.sourceSha256,
        instruments: choice.roots,
        params: choice.params,
        catalogDir: values.catalog,
        instrumentsDir: instrumentsDirOf(config),
        dataset: values.dataset,
        ...(to === null ? {} : { to }),
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
      const run = await services.readRun(outcome.dir);
      return {
        from: outcome.manifest.from,
        to: outcome.manifest.to,
        fills: run.fills,
        orders: run.orders,
      };
    });
  } catch (error) {
    throw withStrategyPlace(error, strategy, call.host.cwd);
  } finally {
    rmSync(runsDir, { recursive: true, force: true });
  }
}
