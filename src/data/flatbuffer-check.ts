/**
 * Bounds of Arrow metadata, looked at before the Arrow package decodes them. The package trusts every count and offset: a
 * damaged one makes it walk two thousand million entries or follow a field into itself. What passes here is small and finite.
 *
 * Source: https://github.com/apache/arrow/tree/main/format (Schema.fbs, Message.fbs, File.fbs), and the verifier of
 * FlatBuffers, whose rules these are: every offset inside, every vector as long as it says, no deep nesting, and no more
 * tables or text than the bytes can hold.
 */

/** What stands in one slot of a table. A union is typed by the slot before it. */
type Slot =
  | { readonly is: 'text' }
  | { readonly is: 'table'; readonly of: TableName }
  | { readonly is: 'tables'; readonly of: TableName }
  | { readonly is: 'items'; readonly bytes: number }
  | { readonly is: 'union'; readonly of: Readonly<Record<number, TableName>> };
type TableName =
  | 'Footer'
  | 'Message'
  | 'Schema'
  | 'Field'
  | 'KeyValue'
  | 'DictionaryEncoding'
  | 'RecordBatch'
  | 'DictionaryBatch'
  | 'Timestamp'
  | 'Union'
  | 'Scalars';

const text: Slot = { is: 'text' };
const keyValues: Slot = { is: 'tables', of: 'KeyValue' };

/** By slot number; slots that are absent here hold scalars inside the table. */
const TABLES: Readonly<Record<TableName, Readonly<Record<number, Slot>>>> = {
  Footer: {
    1: { is: 'table', of: 'Schema' },
    2: { is: 'items', bytes: 24 },
    3: { is: 'items', bytes: 24 },
    4: keyValues,
  },
  Message: {
    2: { is: 'union', of: { 1: 'Schema', 2: 'DictionaryBatch', 3: 'RecordBatch' } },
    4: keyValues,
  },
  Schema: { 1: { is: 'tables', of: 'Field' }, 2: keyValues, 3: { is: 'items', bytes: 8 } },
  Field: {
    0: text,
    3: { is: 'union', of: { 10: 'Timestamp', 14: 'Union' } },
    4: { is: 'table', of: 'DictionaryEncoding' },
    5: { is: 'tables', of: 'Field' },
    6: keyValues,
  },
  KeyValue: { 0: text, 1: text },
  DictionaryEncoding: { 1: { is: 'table', of: 'Scalars' } },
  RecordBatch: {
    1: { is: 'items', bytes: 16 },
    2: { is: 'items', bytes: 16 },
    3: { is: 'table', of: 'Scalars' },
    4: { is: 'items', bytes: 8 },
  },
  DictionaryBatch: { 1: { is: 'table', of: 'RecordBatch' } },
  Timestamp: { 1: text },
  Union: { 1: { is: 'items', bytes: 4 } },
  Scalars: {},
};

const DEPTH_MAX = 32;
/** A table or text may be shared by a few owners, as some writers do, never by thousands. */
const SHARING_MAX = 8;

/** What is wrong with the metadata, or an empty text. `root` is a footer or a message. */
export function findBadMetadata(bytes: Uint8Array, root: 'Footer' | 'Message'): string {
  try {
    new MetadataWalk(bytes).walk(root);
    return '';
  } catch (error) {
    if (error instanceof BadMetadata) return error.message;
    throw error;
  }
}

class BadMetadata extends Error {}

class MetadataWalk {
  readonly #view: DataView;
  readonly #size: number;
  /** Bytes that tables and texts may still claim. */
  #budget: number;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#size = bytes.length;
    this.#budget = SHARING_MAX * bytes.length;
  }

  walk(root: TableName): void {
    this.#table(this.#target(0), root, 0);
  }

  #table(at: number, name: TableName, depth: number): void {
    if (depth > DEPTH_MAX) throw new BadMetadata(`${name} is nested too deeply`);
    this.#inside(at, 4, name);
    const vtable = at - this.#view.getInt32(at, true);
    this.#inside(vtable, 4, name);
    const vtableBytes = this.#view.getUint16(vtable, true);
    const tableBytes = this.#view.getUint16(vtable + 2, true);
    if (vtableBytes < 4 || vtableBytes > 0x7fff) throw new BadMetadata(`${name} has no layout`);
    this.#inside(vtable, vtableBytes, name);
    this.#inside(at, tableBytes, name);
    this.#spend(4 + tableBytes, name);
    const slotOffset = (slot: number): number =>
      4 + 2 * slot + 2 <= vtableBytes ? this.#view.getUint16(vtable + 4 + 2 * slot, true) : 0;
    // The type of a union, and every scalar, is read inside the table.
    for (let slot = 0; 4 + 2 * slot + 2 <= vtableBytes; slot += 1)
      if (slotOffset(slot) >= Math.max(4, tableBytes) && slotOffset(slot) !== 0)
        throw new BadMetadata(`${name} is shorter than its layout`);
    for (const [key, slot] of Object.entries(TABLES[name])) {
      const offset = slotOffset(Number(key));
      if (offset === 0) continue;
      if (slot.is === 'union') {
        const typeOffset = slotOffset(Number(key) - 1);
        const type = typeOffset === 0 ? 0 : this.#view.getUint8(at + typeOffset);
        this.#table(this.#target(at + offset), slot.of[type] ?? 'Scalars', depth + 1);
      } else {
        this.#slot(this.#target(at + offset), slot, name, depth);
      }
    }
  }

  #slot(at: number, slot: Exclude<Slot, { is: 'union' }>, owner: TableName, depth: number): void {
    if (slot.is === 'table') {
      this.#table(at, slot.of, depth + 1);
      return;
    }
    this.#inside(at, 4, owner);
    const count = this.#view.getInt32(at, true);
    const bytes = slot.is === 'items' ? slot.bytes : slot.is === 'tables' ? 4 : 1;
    if (count < 0 || 4 + count * bytes > this.#size - at)
      throw new BadMetadata(`${owner} lists ${count} entries, more than it can hold`);
    this.#spend(count * bytes, owner);
    if (slot.is !== 'tables') return;
    for (let i = 0; i < count; i += 1)
      this.#table(this.#target(at + 4 + 4 * i), slot.of, depth + 1);
  }

  /** Where the relative offset at a place points. */
  #target(at: number): number {
    this.#inside(at, 4, 'an offset');
    return at + this.#view.getInt32(at, true);
  }

  #inside(at: number, bytes: number, what: string): void {
    if (!(at >= 0 && at + bytes <= this.#size))
      throw new BadMetadata(`${what} lies outside the metadata`);
  }

  #spend(bytes: number, what: string): void {
    this.#budget -= bytes;
    if (this.#budget < 0) throw new BadMetadata(`${what} claims more than the metadata hold`);
  }
}
