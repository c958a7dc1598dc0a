/** The programs: what each has, how it is started, and which settings of the bar venue are its own. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Imitation } from '../../src/sim/imitations/profiles.ts';
import type { Bars } from './markets.ts';
import type { Kind, Ticket } from './orders.ts';
import type { Alike, Fill } from './ours.ts';

/** Whom a difference is with: a program that has an imitation, or one that is compared with the bar venue alone. */
export type Peer = Imitation | 'hftbacktest';

export interface Program {
  readonly peer: Peer;
  /** Null where no imitation follows it. */
  readonly profile: Imitation | null;
  readonly name: string;
  /** Line of bench/peers/requirements.txt; null where its published formulas stand in for it. */
  readonly needs: string | null;
  readonly script: string;
  readonly kinds: readonly Kind[];
  /** Kinds that it lacks, which its limit stands in for: see `sentTo`. */
  readonly standIns: readonly Kind[];
  /** The bar venue set as near to it as its options go. */
  readonly alike: Alike;
}

export const PROGRAMS: readonly Program[] = [
  {
    peer: 'nautilus',
    profile: 'nautilus',
    name: 'NautilusTrader',
    needs: 'nautilus_trader',
    script: 'run_nautilus.py',
    kinds: [
      'market',
      'limit',
      'stop',
      'stop-limit',
      'market-if-touched',
      'limit-if-touched',
      'trailing-stop',
      'bracket',
      'oco',
      'good-till-date',
      'ioc-fok',
    ],
    standIns: [],
    alike: { touch: 'always', gapImprove: false },
  },
  {
    peer: 'backtrader',
    profile: 'backtrader',
    name: 'backtrader',
    needs: 'backtrader',
    script: 'run_backtrader.py',
    kinds: [
      'market',
      'limit',
      'stop',
      'stop-limit',
      'trailing-stop',
      'bracket',
      'oco',
      'good-till-date',
    ],
    standIns: ['market-if-touched'],
    alike: { touch: 'always', gapImprove: true },
  },
  {
    peer: 'backtesting.py',
    profile: 'backtesting.py',
    name: 'backtesting.py',
    needs: 'backtesting',
    script: 'run_backtesting.py',
    kinds: ['market', 'limit', 'stop', 'stop-limit', 'bracket'],
    standIns: ['market-if-touched'],
    alike: { touch: 'always', gapImprove: true },
  },
  {
    peer: 'lean',
    profile: 'lean',
    name: 'LEAN (formulas)',
    needs: null,
    script: 'run_lean.py',
    kinds: ['market', 'limit', 'stop', 'stop-limit', 'limit-if-touched', 'trailing-stop'],
    standIns: [],
    alike: { touch: 'never', gapImprove: false },
  },
  {
    peer: 'hftbacktest',
    profile: null,
    name: 'hftbacktest',
    needs: 'hftbacktest',
    script: 'run_hftbacktest.py',
    kinds: ['ioc-fok'],
    standIns: [],
    alike: { touch: 'never', gapImprove: false },
  },
];

/**
 * The tickets as a program gets them. Where a limit stands in for a market-if-touched order, it rests at the trigger: in a
 * program that fills a limit at a touch, and at the open that lies beyond it, both are met by the same bar at the same price.
 */
export function sentTo(
  program: Program,
  kind: Kind | 'crowd',
  tickets: readonly Ticket[],
): readonly Ticket[] {
  if (kind === 'crowd' || !program.standIns.includes(kind)) return tickets;
  return tickets.map((ticket) => ({
    ...ticket,
    legs: ticket.legs.map(({ stop, ...leg }) => ({ ...leg, type: 'limit', limit: stop! })),
  }));
}

export interface Job {
  readonly market: number;
  /** Many tickets at work at once. */
  readonly crowd: boolean;
  readonly tickets: readonly Ticket[];
}

const here = fileURLToPath(new URL('.', import.meta.url));

/** Fills of each job, as the program reports them. Throws what it said where it fails. */
export function runProgram(
  program: Program,
  python: string,
  work: string,
  markets: readonly Bars[],
  jobs: readonly Job[],
): Fill[][] {
  const [input, output] = ['in', 'out'].map((part) => join(work, `${program.peer}-${part}.json`));
  const columns = ({ openUs, closeUs, open, high, low, close, volume }: Bars): object =>
    Object.fromEntries(
      Object.entries({ openUs, closeUs, open, high, low, close, volume }).map(([name, values]) => [
        name,
        Array.from(values),
      ]),
    );
  writeFileSync(input!, JSON.stringify({ markets: markets.map(columns), jobs }));
  const run = spawnSync(python, ['-W', 'ignore', join(here, program.script), input!, output!], {
    encoding: 'utf8',
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  if (run.status !== 0)
    throw new Error(
      `${program.name}: ${(run.stderr ?? '').trim().split('\n').slice(-3).join(' | ')}`,
    );
  const answers = JSON.parse(readFileSync(output!, 'utf8')) as [
    number,
    string,
    number,
    number,
    number,
  ][][];
  return answers.map((fills) =>
    fills.map(([id, leg, row, ticks, qty]) => ({ id, leg, row, ticks, qty })),
  );
}
