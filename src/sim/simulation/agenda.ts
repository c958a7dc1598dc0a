/** What is due when: a heap by time, then phase, then the order in which things were put on it. */

/** Phases of one moment. */
export const Phase = { session: 0, arrival: 2, deliver: 4, accounting: 5 } as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

interface Due {
  readonly tsUs: number;
  readonly phase: Phase;
  readonly seq: number;
  readonly act: () => void;
}

function isBefore(a: Due, b: Due): boolean {
  if (a.tsUs !== b.tsUs) return a.tsUs < b.tsUs;
  return a.phase === b.phase ? a.seq < b.seq : a.phase < b.phase;
}

export class Agenda {
  readonly #heap: Due[] = [];
  #seq: number = 0;
  nowUs: number = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** Never before now. */
  at(tsUs: number, phase: Phase, act: () => void): void {
    this.#seq += 1;
    const due = { tsUs: Math.max(tsUs, this.nowUs), phase, seq: this.#seq, act };
    const heap = this.#heap;
    let at = heap.length;
    heap.push(due);
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!isBefore(due, heap[up]!)) break;
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = due;
  }

  /** Does the next thing that is due up to `untilUs`; false where there is none. */
  next(untilUs: number): boolean {
    const first = this.#heap[0];
    if (first === undefined || first.tsUs > untilUs) return false;
    const last = this.#heap.pop()!;
    if (this.#heap.length > 0) this.#sink(last);
    this.nowUs = first.tsUs;
    first.act();
    return true;
  }

  #sink(due: Due): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, due)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = due;
  }
}
