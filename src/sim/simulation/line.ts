/**
 * One direction of a connection: messages are numbered, arrive in order and once, over a network that delays, repeats and
 * loses them. A gap is asked for again; while the connection is down nothing arrives.
 */
import type { Agenda, Phase } from './agenda.ts';
import type { Chance } from './chance.ts';

export interface LineFaults {
  /** Latency of a message, µs: from, to. */
  readonly latencyUs: readonly [from: number, to: number];
  /** Once in so many messages. */
  readonly lostOneIn: number;
  readonly twiceOneIn: number;
  readonly lateOneIn: number;
  readonly lateUs: number;
}

export interface LineCounts {
  sent: number;
  lost: number;
  repeated: number;
  late: number;
  resent: number;
}

export class Line<T> {
  readonly #agenda: Agenda;
  readonly #chance: Chance;
  readonly #phase: Phase;
  readonly #faults: LineFaults;
  readonly #deliver: (message: T) => void;
  readonly #counts: LineCounts;
  /** Sent and not received, by number. */
  readonly #open: Map<number, T> = new Map();
  /** Received too early. */
  readonly #early: Map<number, T> = new Map();
  #sent: number = 0;
  #received: number = 0;
  #lastArrivalUs: number = 0;
  /** A message of an earlier connection arrives nowhere. */
  #epoch: number = 0;
  isUp: boolean = true;

  constructor(
    agenda: Agenda,
    chance: Chance,
    phase: Phase,
    faults: LineFaults,
    counts: LineCounts,
    deliver: (message: T) => void,
  ) {
    this.#agenda = agenda;
    this.#chance = chance;
    this.#phase = phase;
    this.#faults = faults;
    this.#counts = counts;
    this.#deliver = deliver;
  }

  /** Nothing is on its way. */
  get isQuiet(): boolean {
    return this.#open.size === 0;
  }

  send(message: T): void {
    this.#sent += 1;
    this.#open.set(this.#sent, message);
    this.#counts.sent += 1;
    if (this.isUp) this.#transmit(this.#sent, true);
  }

  cut(): void {
    this.isUp = false;
    this.#epoch += 1;
    this.#early.clear();
  }

  /** Up again; what was not received is sent again, in order. */
  mendAndResend(): void {
    this.isUp = true;
    for (const seq of this.#open.keys()) {
      this.#counts.resent += 1;
      this.#transmit(seq, true);
    }
  }

  /** Up again; what was not received never will be. Returns it, in order. */
  mendAndForget(): T[] {
    this.isUp = true;
    const gone = [...this.#open.values()];
    this.#open.clear();
    this.#sent = this.#received;
    return gone;
  }

  #transmit(seq: number, mayFail: boolean): void {
    const { latencyUs, lostOneIn, twiceOneIn, lateOneIn, lateUs } = this.#faults;
    const chance = this.#chance;
    let delay = chance.int(latencyUs[0], latencyUs[1]);
    if (mayFail && chance.oneIn(lateOneIn)) {
      delay += chance.int(1, lateUs);
      this.#counts.late += 1;
    }
    const epoch = this.#epoch;
    if (mayFail && chance.oneIn(lostOneIn)) {
      this.#counts.lost += 1;
      // Nobody notices before the next message, or this long.
      this.#agenda.at(this.#agenda.nowUs + lateUs * 2, this.#phase, () => this.#again(seq, epoch));
      return;
    }
    // Messages of one connection do not overtake each other.
    const atUs = Math.max(this.#agenda.nowUs + delay, this.#lastArrivalUs);
    this.#lastArrivalUs = atUs;
    this.#agenda.at(atUs, this.#phase, () => this.#arrive(seq, epoch));
    if (!mayFail || !chance.oneIn(twiceOneIn)) return;
    this.#counts.repeated += 1;
    this.#agenda.at(atUs + chance.int(0, lateUs), this.#phase, () => this.#arrive(seq, epoch));
  }

  #arrive(seq: number, epoch: number): void {
    if (epoch !== this.#epoch || seq <= this.#received || this.#early.has(seq)) return;
    const message = this.#open.get(seq);
    if (message === undefined) return;
    this.#early.set(seq, message);
    if (seq !== this.#received + 1) {
      for (let gap = this.#received + 1; gap < seq; gap += 1)
        if (!this.#early.has(gap)) this.#again(gap, epoch);
      return;
    }
    for (let next = this.#early.get(seq); next !== undefined;) {
      this.#received += 1;
      this.#open.delete(this.#received);
      this.#early.delete(this.#received);
      this.#deliver(next);
      next = this.#early.get(this.#received + 1);
    }
  }

  /** The receiver misses it: it is sent again, this time for good. */
  #again(seq: number, epoch: number): void {
    if (epoch !== this.#epoch || !this.#open.has(seq) || this.#early.has(seq)) return;
    this.#counts.resent += 1;
    this.#transmit(seq, false);
  }
}
