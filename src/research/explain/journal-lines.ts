/** Reads of a run's journal what concerns one order. The file is read twice in pieces; no line but those is parsed. */
import { closeSync, openSync, readSync } from 'node:fs';

/** A line of the journal. */
export interface JournalLine {
  readonly seq: number;
  readonly tsUs: number;
  readonly kind: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Who stands in which group, of all orders of the run, in the order in which they were sent. */
export interface JournalIndex {
  readonly groupOf: ReadonlyMap<string, string | null>;
  readonly orderOfExec: ReadonlyMap<string, string>;
  /** Lines of bars that left several outcomes open. */
  readonly ambiguities: readonly JournalLine[];
  /** Whether the run wrote its last line. */
  readonly isEnded: boolean;
  readonly lastUs: number;
}

const PIECE_BYTES = 1 << 20;

/** Whole lines, one after the other; what follows the last line end is cut off and left out. */
export function* linesOf(path: string): Generator<string> {
  const file = openSync(path, 'r');
  try {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    let rest = Buffer.alloc(0);
    for (;;) {
      const count = readSync(file, piece, 0, PIECE_BYTES, null);
      if (count === 0) return;
      const bytes = Buffer.concat([rest, piece.subarray(0, count)]);
      const end = bytes.lastIndexOf(10) + 1;
      rest = bytes.subarray(end);
      if (end > 0) for (const line of bytes.toString('utf8', 0, end - 1).split('\n')) yield line;
    }
  } finally {
    closeSync(file);
  }
}

const ID = /"kind":"(\w+|[\w-]+)","body":\{(?:"event":"(\w+)",)?"(id|execId)":"([^"]*)"/;

export function indexJournal(path: string): JournalIndex {
  const groupOf = new Map<string, string | null>();
  const orderOfExec = new Map<string, string>();
  const ambiguities: JournalLine[] = [];
  let isEnded = false;
  let last = '';
  for (const line of linesOf(path)) {
    last = line;
    if (line.includes('"kind":"ambiguity"')) ambiguities.push(JSON.parse(line) as JournalLine);
    if (line.includes('"kind":"run-end"')) isEnded = true;
    const match = ID.exec(line);
    if (match === null) continue;
    const [, kind, event, , id] = match;
    if (kind === 'order' && (event === 'Submitted' || event === 'Denied') && !groupOf.has(id!)) {
      groupOf.set(id!, /"groupId":"([^"]*)"/.exec(line)?.[1] ?? null);
    } else if (kind === 'fill') {
      const order = /"clOrdId":"([^"]*)"/.exec(line)?.[1];
      if (order !== undefined) orderOfExec.set(id!, order);
    }
  }
  const lastUs = Number(/"tsUs":(-?\d+)/.exec(last)?.[1] ?? NaN);
  return { groupOf, orderOfExec, ambiguities, isEnded, lastUs };
}

/** Lines of orders and fills that name one of these orders. */
export function readOrders(path: string, ids: ReadonlySet<string>): readonly JournalLine[] {
  const found: JournalLine[] = [];
  for (const line of linesOf(path)) {
    const match = ID.exec(line);
    if (match === null) continue;
    const [, kind, , , first] = match;
    if (kind !== 'order' && kind !== 'fill' && kind !== 'liquidation' && kind !== 'forced-flat')
      continue;
    const id = kind === 'fill' ? /"clOrdId":"([^"]*)"/.exec(line)?.[1] : first;
    if (id !== undefined && ids.has(id)) found.push(JSON.parse(line) as JournalLine);
  }
  return found;
}
