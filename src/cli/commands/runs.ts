/** `frontmonth runs …`. */
import { rmSync } from 'node:fs';
import { relative } from 'node:path';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import { SUMMARY_SCHEMA } from '../../research/run-format.ts';
import type { CommandCall } from '../command.ts';
import { hasFlag, textArg, textFlag } from '../command.ts';
import { confirm } from '../confirm.ts';
import { numberFlag, sinceMs } from '../flag-values.ts';
import { formatMoney, formatRatio } from '../format.ts';
import type { RunListing, RunView } from '../services.ts';
import { figure, summaryText } from '../summary-view.ts';
import { renderTable } from '../table.ts';

export async function runList(call: CommandCall): Promise<ExitCode> {
  const config = await call.config();
  const services = await call.services();
  const strategy = textFlag(call, 'strategy');
  const since = textFlag(call, 'since');
  const after = since === undefined ? -Infinity : sinceMs(since, call.host.nowMs());
  const limit = numberFlag(call, 'limit', { min: 1 }) ?? Infinity;
  const runs = newestFirst(await services.listRuns(config.values.runs))
    .filter((run) => strategy === undefined || run.manifest?.strategy.id === strategy)
    .filter((run) => since === undefined || Date.parse(run.manifest?.createdUtc ?? '') >= after)
    .slice(0, limit);
  call.out.result('frontmonth.runs/1', runs.map(listingJson), () =>
    runs.length === 0 ? `no runs in ${config.values.runs}` : listTable(call, runs),
  );
  return EXIT.ok;
}

/** Newest first; folders without a manifest last. */
export function newestFirst(runs: readonly RunListing[]): RunListing[] {
  const stamp = (run: RunListing): string => run.manifest?.createdUtc ?? '';
  return runs.toSorted((a, b) => (stamp(a) < stamp(b) ? 1 : stamp(a) > stamp(b) ? -1 : 0));
}

function outcomeOf(run: RunListing): string {
  return run.manifest?.outcome ?? 'failed';
}

function listTable(call: CommandCall, runs: readonly RunListing[]): string {
  const net = (run: RunListing): number | null =>
    run.summary === null ? null : figure(run.summary, 'netProfit');
  return renderTable(
    call.out,
    [
      { title: 'run', cell: (run) => run.runId },
      { title: 'outcome', priority: 1, cell: outcomeOf },
      {
        title: 'net',
        align: 'right',
        // Where there is room for one of the two, a run without a result says what became of it.
        cell: (run) => (net(run) === null ? outcomeOf(run) : formatMoney(net(run))),
      },
      {
        title: 'Sharpe',
        align: 'right',
        priority: 3,
        cell: (run) => formatRatio(run.summary === null ? null : figure(run.summary, 'sharpe')),
      },
      {
        title: 'trades',
        align: 'right',
        priority: 2,
        cell: (run) => String(run.summary?.trades.closed ?? '–'),
      },
      {
        title: 'span',
        priority: 5,
        cell: (run) => `${run.manifest?.from ?? '–'} ${run.manifest?.to ?? ''}`,
      },
      { title: 'tags', priority: 4, cell: (run) => run.manifest?.tags.join(' ') ?? '' },
    ],
    runs,
  );
}

function listingJson(run: RunListing): Record<string, unknown> {
  return {
    runId: run.runId,
    dir: run.dir,
    outcome: run.manifest?.outcome ?? 'failed',
    createdUtc: run.manifest?.createdUtc ?? null,
    strategy: run.manifest?.strategy.id ?? null,
    params: run.manifest?.params ?? null,
    tags: run.manifest?.tags ?? [],
    netProfit: run.summary === null ? null : figure(run.summary, 'netProfit'),
    trades: run.summary?.trades ?? null,
  };
}

export async function runShow(call: CommandCall): Promise<ExitCode> {
  const config = await call.config();
  const services = await call.services();
  const dir = await services.resolveRun(config.values.runs, textArg(call, 0) || 'last');
  const run = await services.readRun(dir);
  const isIssues = hasFlag(call, 'issues');
  const result = {
    manifest: run.manifest,
    summary: run.summary,
    ...(isIssues ? { issues: run.issues } : {}),
  };
  call.out.result(isIssues ? 'frontmonth.run-issues/1' : SUMMARY_SCHEMA, result, () =>
    isIssues ? issuesText(run) : showText(call, run, dir),
  );
  return EXIT.ok;
}

function showText(call: CommandCall, run: RunView, dir: string): string {
  const { summary, manifest } = run;
  if (summary === null) {
    const why = manifest.error === null ? '' : `: ${manifest.error.code} ${manifest.error.message}`;
    return `run ${manifest.runId}   ${manifest.outcome.toUpperCase()}${why}`;
  }
  const path = relative(call.host.cwd, dir);
  return summaryText(call.out, {
    summary,
    manifest,
    dir: path,
    reportFile: null,
    reportBytes: 0,
    previous: null,
  });
}

function issuesText(run: RunView): string {
  if (run.issues.length === 0) return `no issues in ${run.manifest.runId}`;
  return run.issues
    .flatMap((issue) => [
      `${issue.severity} ${issue.code}: ${issue.count}`,
      ...issue.first.map((item) => `  ${item.message}`),
    ])
    .join('\n');
}

export async function runTag(call: CommandCall): Promise<ExitCode> {
  const config = await call.config();
  const services = await call.services();
  const dir = await services.resolveRun(config.values.runs, textArg(call, 0));
  const word = textArg(call, 1);
  const tag = word.replace(/^-/, '');
  if (!/^[A-Za-z0-9][\w.-]*$/.test(tag)) {
    throw new TradingError('E_FLAG_VALUE', `"${word}" is not a tag`, {
      rule: 'letters, digits, dot, dash and underscore',
    });
  }
  const { manifest } = await services.readRun(dir);
  const rest = manifest.tags.filter((known) => known !== tag);
  const tags = word.startsWith('-') ? rest : [...rest, tag];
  await services.tagRun(dir, tags);
  call.out.result('frontmonth.run-tags/1', { runId: manifest.runId, tags }, () =>
    tags.length === 0 ? 'no tags' : tags.join(' '),
  );
  return EXIT.ok;
}

export async function runPrune(call: CommandCall): Promise<ExitCode> {
  const config = await call.config();
  const services = await call.services();
  const keep = numberFlag(call, 'keep', { min: 0 }) ?? 20;
  const runs = newestFirst(await services.listRuns(config.values.runs));
  const doomed = runs.slice(keep).filter((run) => (run.manifest?.tags.length ?? 0) === 0);
  const isDry = hasFlag(call, 'dryRun');
  if (!isDry && doomed.length > 0) {
    call.out.talk(`${doomed.length} runs will be deleted from ${config.values.runs}`);
    await confirm(call, 'delete them?', '--yes');
    for (const run of doomed) rmSync(run.dir, { recursive: true, force: true });
  }
  const ids = doomed.map((run) => run.runId);
  call.out.result('frontmonth.run-prune/1', { deleted: isDry ? [] : ids, candidates: ids }, () =>
    ids.length === 0
      ? 'nothing to delete'
      : ids.map((id) => `${isDry ? 'would delete' : 'deleted'} ${id}`).join('\n'),
  );
  return EXIT.ok;
}
