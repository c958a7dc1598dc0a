/**
 * The clock of the machine, for the name and the duration of a run that a program starts. The only file of this layer that may
 * read it: the simulation takes its time from the data, and the command line brings its own.
 */
import type { TsUs } from '../core/units.ts';
import { toTsUs } from '../core/units.ts';

export function systemClock(): TsUs {
  return toTsUs(Date.now() * 1000);
}
