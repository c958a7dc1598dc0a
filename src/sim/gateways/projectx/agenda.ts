/** What is due when, on the simulated clock: by time, then in the order in which it was put down. */
interface Due {
  readonly tsUs: number;
  readonly act: (tsUs: number) => void;
}

export class Agenda {
  readonly #due: Due[] = [];

  /** Time of the first entry, or Infinity. */
  get nextUs(): number {
    return this.#due[0]?.tsUs ?? Infinity;
  }

  at(tsUs: number, act: (tsUs: number) => void): void {
    const due = this.#due;
    let at = due.length;
    while (at > 0 && due[at - 1]!.tsUs > tsUs) at -= 1;
    due.splice(at, 0, { tsUs, act });
  }

  /** Does what is due up to `untilUs`, what comes of it included. */
  run(untilUs: number): void {
    while (this.nextUs <= untilUs) {
      const { tsUs, act } = this.#due.shift()!;
      act(tsUs);
    }
  }
}
