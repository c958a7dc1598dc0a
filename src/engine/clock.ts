/** The clock of a run: moved by events alone, and never backwards. */
import { assert } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import type { TsUs } from '../core/units.ts';
import { TS_MIN } from '../core/units.ts';

export class EventClock implements Clock {
  #nowUs: TsUs = TS_MIN;
  #heardUs: TsUs = TS_MIN;

  nowUs(): TsUs {
    return this.#nowUs;
  }

  /**
   * Live: the wall clock when the engine was last advanced; the difference to `nowUs` is how far it lags behind. In a backtest
   * TS_MAX.
   */
  heardUs(): TsUs {
    return this.#heardUs;
  }

  hear(wallUs: TsUs): void {
    this.#heardUs = wallUs;
  }

  advanceTo(tsUs: TsUs): void {
    assert(tsUs >= this.#nowUs, 'the clock of a run never moves back');
    this.#nowUs = tsUs;
  }
}
