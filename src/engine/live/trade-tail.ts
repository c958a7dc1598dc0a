/**
 * The fills that open trades are made of: what a restart needs to go on with them. Fills of one product since it was last
 * flat; a trade that closed is written at the end of its instant, so later than that nothing of it is needed.
 */
import type { Fill } from '../../core/execution.ts';

/** A fill without the row of its contract, which is of one run's table only. */
export type PlainFill = Omit<Fill, 'contractIndex'>;

export interface TailFill {
  readonly fill: PlainFill;
  readonly isRoll: boolean;
}

export interface PlainTail {
  readonly root: string;
  readonly fills: readonly TailFill[];
  /** How many trades made of these fills have ended and been written. */
  readonly written: number;
}

interface Tail {
  fills: TailFill[];
  written: number;
  readonly net: Map<string, number>;
}

export class TradeTails {
  readonly #tails: Map<string, Tail> = new Map();
  nextTradeId: number = 1;

  onFill(root: string, fill: PlainFill, isRoll: boolean): void {
    const tail = this.#of(root);
    const last = tail.fills.at(-1);
    const isPast = last !== undefined && !last.isRoll && fill.knownUs > last.fill.knownUs;
    if (isPast && [...tail.net.values()].every((net) => net === 0)) {
      tail.fills = [];
      tail.written = 0;
      tail.net.clear();
    }
    tail.fills.push({ fill, isRoll });
    const { contract, side, qty } = fill;
    tail.net.set(contract, (tail.net.get(contract) ?? 0) + side * qty);
  }

  /** A trade was written. */
  onTrade(root: string, tradeId: number, isOpen: boolean): void {
    this.nextTradeId = Math.max(this.nextTradeId, tradeId + 1);
    if (!isOpen) this.#of(root).written += 1;
  }

  toPlain(): readonly PlainTail[] {
    return [...this.#tails].map(([root, { fills, written }]) => ({
      root,
      fills: [...fills],
      written,
    }));
  }

  restore(tails: readonly PlainTail[], nextTradeId: number): void {
    this.nextTradeId = nextTradeId;
    for (const { root, fills, written } of tails) {
      for (const { fill, isRoll } of fills) this.onFill(root, fill, isRoll);
      this.#of(root).written = written;
    }
  }

  #of(root: string): Tail {
    let tail = this.#tails.get(root);
    if (tail === undefined) {
      tail = { fills: [], written: 0, net: new Map() };
      this.#tails.set(root, tail);
    }
    return tail;
  }
}
