/** The clock of a run: moved by events alone, and never backwards. */
import { assert } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import type { TsUs } from '../core/units.ts';
import { TS_MIN } from '../core/units.ts';

export class EventClock implements Clock {
  #nowUs: TsUs = TS_MIN;

  nowUs(): TsUs {
    return this.#nowUs;
  }

  advanceTo(tsUs: TsUs): void {
    assert(tsUs >= this.#nowUs, 'the clock of a run never moves back');
    this.#nowUs = tsUs;
  }
}
