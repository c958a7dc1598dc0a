/** Reads of a run's journal what concerns some orders. The file is read through once; only lines that are asked for are parsed. */
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
  /** Where in the file the lines of an order and of its fills lie: offset and length in bytes, one after the other. */
  readonly placesOf: ReadonlyMap<string, readonly number[]>;
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

const OF_ORDERS: ReadonlySet<string> = new Set(['order', 'fill', 'liquidation', 'forced-flat']);

export function indexJournal(path: string): JournalIndex {
  const groupOf = new Map<string, string | null>();
  const orderOfExec = new Map<string, string>();
  const placesOf = new Map<string, number[]>();
  const ambiguities: JournalLine[] = [];
  let isEnded = false;
  let last = '';
  let end = 0;
  for (const line of linesOf(path)) {
    const [start, length] = [end, Buffer.byteLength(line)];
    end += length + 1;
    last = line;
    if (line.includes('"kind":"ambiguity"')) ambiguities.push(JSON.parse(line) as JournalLine);
    if (line.includes('"kind":"run-end"')) isEnded = true;
    const match = ID.exec(line);
    if (match === null || !OF_ORDERS.has(match[1]!)) continue;
    const [, kind, event, , id] = match;
    const order = kind === 'fill' ? /"clOrdId":"([^"]*)"/.exec(line)?.[1] : id;
    if (order === undefined) continue;
    const places = placesOf.get(order);
    if (places === undefined) placesOf.set(order, [start, length]);
    else places.push(start, length);
    if (kind === 'fill') orderOfExec.set(id!, order);
    const isFirst = event === 'Submitted' || event === 'Denied';
    if (kind === 'order' && isFirst && !groupOf.has(order))
      groupOf.set(order, /"groupId":"([^"]*)"/.exec(line)?.[1] ?? null);
  }
  const lastUs = Number(/"tsUs":(-?\d+)/.exec(last)?.[1] ?? NaN);
  return { groupOf, orderOfExec, ambiguities, isEnded, lastUs, placesOf };
}

/** Lines of orders and fills that name one of these orders, in the order of the file. */
export function readOrders(
  path: string,
  index: JournalIndex,
  ids: readonly string[],
): readonly JournalLine[] {
  const file = openSync(path, 'r');
  try {
    const found: JournalLine[] = [];
    for (const id of ids) {
      const places = index.placesOf.get(id) ?? [];
      for (let i = 0; i < places.length; i += 2) {
        const bytes = Buffer.allocUnsafe(places[i + 1]!);
        readSync(file, bytes, 0, bytes.length, places[i]!);
        found.push(JSON.parse(bytes.toString('utf8')) as JournalLine);
      }
    }
    return found.sort((a, b) => a.seq - b.seq);
  } finally {
    closeSync(file);
  }
}
