/**
 * The same orders, over the shared bars, in our imitations, in the programs themselves and in the bar venue. Every fill of an
 * imitation must be the program's; every difference of the bar venue must be explained by a rule of `rules.ts`.
 *
 *     npm run agreement -- --python <interpreter> [--bars n] [--seed n] [--smoke] [--write]
 *
 * The interpreter has the programs of bench/peers/requirements.txt, installed under bench/peers/constraints.txt.
 * `--write` writes docs/agreement.md. Exits with 1 at a difference without a rule, and where fewer than two programs ran.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Imitation } from '../../src/sim/imitations/profiles.ts';
import { NO_REFERENCE_DATA, referenceDataDir } from '../../test/support/reference-data.ts';
import { differences, leftOver, nameless } from './compare.ts';
import type { Bars } from './markets.ts';
import { readMarkets } from './markets.ts';
import { crowdOf, ordersOf } from './orders.ts';
import type { Kind, Ticket } from './orders.ts';
import type { Alike, Fill } from './ours.ts';
import { honestVenue, imitation, runOurs } from './ours.ts';
import { writePage } from './page.ts';
import type { Job, Program } from './programs.ts';
import { PROGRAMS, runProgram, sentTo } from './programs.ts';
import { RULES, ruleOf } from './rules.ts';

/** What came of one program. */
export interface Outcome {
  readonly program: Program;
  readonly version: string | null;
  /** By kind, `crowd` among them: tickets, fills of the program, and fills in which the imitation differs. */
  readonly profile: Map<Kind | 'crowd', { tickets: number; fills: number; differing: number }>;
  /** Bar venue set alike, and as it comes: tickets that differ, by kind and rule. */
  readonly alike: Map<Kind, Map<string, number>>;
  readonly plain: Map<Kind, Map<string, number>>;
}

const AS_IT_COMES: Alike = { touch: 'never', gapImprove: false };
const UNEXPLAINED = 'UNEXPLAINED';
const PEERS_MIN = 2;

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    bars: { type: 'string' },
    seed: { type: 'string', default: '7' },
    smoke: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const data = referenceDataDir();
if (data === null) {
  console.log(NO_REFERENCE_DATA);
} else {
  const markets = readMarkets(data, Number(values.bars ?? (values.smoke ? 1_000 : Infinity)));
  const work = mkdtempSync(join(tmpdir(), 'frontmonth-agreement-'));
  process.exitCode = 1;
  try {
    process.exitCode = main(markets, work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function main(markets: readonly Bars[], work: string): number {
  const seed = Number(values.seed);
  const outcomes: Outcome[] = [];
  const faults: string[] = [];
  for (const program of PROGRAMS) {
    try {
      outcomes.push(outcomeOf(program, markets, work, seed, faults));
    } catch (error) {
      console.log(`not run: ${(error as Error).message}`);
    }
  }
  for (const outcome of outcomes) report(outcome);
  for (const fault of faults.slice(0, 20)) console.log(fault);
  const peers = outcomes.filter(({ program }) => program.needs !== null).length;
  if (peers < PEERS_MIN)
    console.log(`only ${peers} programs of others ran, ${PEERS_MIN} are needed`);
  const isGood = faults.length === 0 && peers >= PEERS_MIN;
  if (isGood && values.write) writePage(outcomes, markets, RULES);
  console.log(
    isGood ? 'every difference has its rule' : `${faults.length} differences without a rule`,
  );
  return isGood ? 0 : 1;
}

function outcomeOf(
  program: Program,
  markets: readonly Bars[],
  work: string,
  seed: number,
  faults: string[],
): Outcome {
  const jobs: (Job & { readonly kind: Kind | 'crowd' })[] = markets.flatMap((bars, market) => [
    ...[...program.kinds, ...program.standIns].map((kind) => ({
      kind,
      market,
      crowd: false,
      tickets: ordersOf(kind, bars, seed, bars.reach),
    })),
    ...(program.profile === null
      ? []
      : [
          {
            kind: 'crowd' as const,
            market,
            crowd: true,
            tickets: crowdOf(program.kinds, bars, seed, bars.reach),
          },
        ]),
  ]);
  const sent = jobs.map((job) => ({ ...job, tickets: sentTo(program, job.kind, job.tickets) }));
  const answers = runProgram(program, values.python, work, markets, sent);
  const outcome: Outcome = {
    program,
    version: versionOf(program),
    profile: new Map(),
    alike: new Map(),
    plain: new Map(),
  };
  for (const [at, { kind, market, tickets }] of jobs.entries()) {
    const bars = markets[market]!;
    const theirs = answers[at]!;
    const left =
      program.profile === null
        ? { onlyA: [], onlyB: [] }
        : besideImitation(program.profile, bars, sent[at]!.tickets, theirs);
    const seen = outcome.profile.get(kind) ?? { tickets: 0, fills: 0, differing: 0 };
    seen.tickets += tickets.length;
    seen.fills += theirs.length;
    seen.differing += left.onlyA.length + left.onlyB.length;
    outcome.profile.set(kind, seen);
    for (const text of left.onlyA)
      faults.push(`${program.name}, ${bars.name} ${kind}: ours alone ${text}`);
    for (const text of left.onlyB)
      faults.push(`${program.name}, ${bars.name} ${kind}: theirs alone ${text}`);
    if (kind === 'crowd') continue;
    for (const [counts, alike] of [
      [outcome.alike, program.alike],
      [outcome.plain, AS_IT_COMES],
    ] as const) {
      const byRule = counts.get(kind) ?? new Map<string, number>();
      counts.set(kind, byRule);
      const mine = runOurs(honestVenue(alike), bars, tickets);
      for (const difference of differences(program.peer, bars, tickets, mine, theirs, alike)) {
        const id = ruleOf(difference)?.id ?? UNEXPLAINED;
        byRule.set(id, (byRule.get(id) ?? 0) + 1);
        if (id === UNEXPLAINED)
          faults.push(
            `${program.name}, ${bars.name} ${kind}, ticket ${difference.ticket.id}, leg ${difference.leg}: no rule`,
          );
      }
    }
  }
  return outcome;
}

function besideImitation(
  profile: Imitation,
  bars: Bars,
  tickets: readonly Ticket[],
  theirs: readonly Fill[],
): ReturnType<typeof leftOver> {
  const ours = runOurs(imitation(profile), bars, tickets);
  const isNameless = theirs.some(({ id }) => id < 0);
  return isNameless
    ? leftOver(nameless(ours, tickets), nameless(theirs, tickets))
    : leftOver(ours, theirs);
}

function versionOf({ needs }: Program): string | null {
  if (needs === null) return null;
  const file = fileURLToPath(new URL('../peers/requirements.txt', import.meta.url));
  const pins = readFileSync(file, 'utf8').split('\n');
  return pins.find((line) => line.startsWith(`${needs}==`))!.split('==')[1]!;
}

function report({ program, version, profile, alike, plain }: Outcome): void {
  console.log(`${program.name}${version === null ? '' : ` ${version}`}`);
  for (const [kind, { tickets, fills, differing }] of profile) {
    const rules = (counts: Map<Kind, Map<string, number>>): string =>
      [...(counts.get(kind as Kind) ?? [])].map(([id, count]) => `${id} ${count}`).join(', ') ||
      'none';
    const rest =
      kind === 'crowd' ? '' : `; bar venue alike: ${rules(alike)}; as it comes: ${rules(plain)}`;
    console.log(
      `  ${kind}: ${tickets} tickets, ${fills} fills, imitation differs in ${differing}${rest}`,
    );
  }
}
