/**
 * The money of every participant of one product, kept twice: day by day, as a clearing house does it (each fill at its price,
 * each settlement against the one before), and as one sum over all fills. Both must agree to the last millionth, and what
 * all participants have, fees included, must come to nothing: a market makes no money.
 */
import { must } from './world-types.ts';

interface Account {
  netQty: number;
  /** Against the last settlement, in counts. */
  refCounts: number;
  cashMicros: number;
  feesMicros: number;
  /** −Σ side × quantity × price of every fill and final settlement, in counts. */
  flowCounts: number;
}

export class Ledger {
  readonly #tickMicros: number;
  readonly #feeMicros: number;
  readonly #accounts: Map<number, Account> = new Map();
  #collectedMicros: number = 0;

  constructor(tickMicros: number, feeMicros: number) {
    this.#tickMicros = tickMicros;
    this.#feeMicros = feeMicros;
  }

  fill(participant: number, side: 1 | -1, qty: number, priceTicks: number): void {
    const account = this.#of(participant);
    const fee = this.#feeMicros * qty;
    account.netQty += side * qty;
    account.refCounts += side * qty * priceTicks;
    account.flowCounts -= side * qty * priceTicks;
    account.feesMicros += fee;
    account.cashMicros -= fee;
    this.#collectedMicros += fee;
  }

  /** Daily settlement: the difference from the last one is paid. Final: the position is closed at it. */
  settle(settleTicks: number, isFinal: boolean): void {
    let cash = this.#collectedMicros;
    let net = 0;
    for (const [participant, account] of this.#accounts) {
      const counts = account.netQty * settleTicks - account.refCounts;
      account.cashMicros += counts * this.#tickMicros;
      account.refCounts = account.netQty * settleTicks;
      const sum =
        (account.flowCounts + account.netQty * settleTicks) * this.#tickMicros - account.feesMicros;
      must(
        Number.isSafeInteger(sum) && sum === account.cashMicros,
        'cash is the sum of fills, settlements and fees to the last millionth',
        () => ({ participant, cashMicros: account.cashMicros, sum }),
      );
      cash += account.cashMicros;
      net += account.netQty;
      if (!isFinal) continue;
      account.flowCounts += account.netQty * settleTicks;
      account.netQty = 0;
      account.refCounts = 0;
    }
    must(net === 0, 'for every contract bought one was sold', () => ({ net }));
    must(cash === 0, 'what all have together is nothing', () => ({ cash }));
  }

  netOf(participant: number): number {
    return this.#accounts.get(participant)?.netQty ?? 0;
  }

  /** Cash as it stands, with open contracts at a price. */
  cashOf(participant: number): number {
    return this.#accounts.get(participant)?.cashMicros ?? 0;
  }

  feesOf(participant: number): number {
    return this.#accounts.get(participant)?.feesMicros ?? 0;
  }

  /** All that a participant has made, with open contracts at a price. */
  resultOf(participant: number, priceTicks: number): number {
    const account = this.#accounts.get(participant);
    if (account === undefined) return 0;
    const open = account.netQty * priceTicks - account.refCounts;
    return account.cashMicros + open * this.#tickMicros;
  }

  rows(): IterableIterator<[number, Account]> {
    return this.#accounts.entries();
  }

  #of(participant: number): Account {
    let account = this.#accounts.get(participant);
    if (account === undefined) {
      account = { netQty: 0, refCounts: 0, cashMicros: 0, feesMicros: 0, flowCounts: 0 };
      this.#accounts.set(participant, account);
    }
    return account;
  }
}
