/** Which program runs over how many bars, and which run of ours each is measured against. */
import type { PeerResult } from './bars.ts';

/** What the plan asks of a program. */
export interface Planned {
  readonly id: string;
  /** Line of requirements.txt; null for ours. */
  readonly needs: string | null;
  /** Runs on `--slow-bars`. */
  readonly isSlow?: boolean;
}

export interface Task<P extends Planned> {
  readonly program: P;
  readonly bars: number;
}

/** Factors of a program's CPU to that of frontmonth over as many bars: above 1 the program takes longer. */
export interface Ratios {
  readonly cold: number;
  readonly warm: number;
}

/** The program all others are compared with. */
export const OURS = 'frontmonth';

/**
 * Ours run once for each number of bars that a program of others has, since what a run pays once weighs more over fewer bars. By number
 * of bars, then in the order given.
 */
export function plan<P extends Planned>(
  programs: readonly P[],
  bars: number,
  slowBars: number,
): Task<P>[] {
  const sizeOf = ({ isSlow }: P): number => (isSlow === true ? slowBars : bars);
  const others = programs.filter(({ needs }) => needs !== null);
  const sizes = new Set(others.length === 0 ? [bars] : others.map(sizeOf));
  return [...sizes]
    .toSorted((a, b) => b - a)
    .flatMap((size) =>
      programs
        .filter((program) => program.needs === null || sizeOf(program) === size)
        .map((program) => ({ program, bars: size })),
    );
}

/** Null where frontmonth did not run over that number of bars: a ratio between different numbers would compare nothing. */
export function ratiosOf(
  result: PeerResult,
  rows: readonly { readonly program: Planned; readonly result: PeerResult }[],
): Ratios | null {
  const ours = rows.find(
    (row) => row.program.id === OURS && row.result.bars === result.bars,
  )?.result;
  if (ours === undefined) return null;
  return { cold: result.coldCpu / ours.coldCpu, warm: result.warmCpu / ours.warmCpu };
}
