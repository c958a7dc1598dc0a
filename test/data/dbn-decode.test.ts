import { describe, expect, it } from 'vitest';
import { fc, test } from '@fast-check/vitest';
import type { DbnBatch, DbnIssue } from '../../src/data/ingest/dbn/decode.ts';
import { DbnDecoder, decodeDbn } from '../../src/data/ingest/dbn/decode.ts';
import type { DbnKind, DbnVersion } from '../../src/data/ingest/dbn/layout.ts';
import { dbnKindOf, dbnLayout, RTYPE } from '../../src/data/ingest/dbn/layout.ts';
import type { DbnRecord, DbnValue } from '../support/dbn-writer.ts';
import {
  DBN_NS,
  dbnFile,
  dbnHead,
  dbnRecord,
  ES_MAPPING,
  joined,
  tradeRecord,
} from '../support/dbn-writer.ts';

const KINDS = new Map<DbnKind, number>();
for (const rtype of Object.values(RTYPE)) {
  const kind = dbnKindOf(rtype)!;
  if (!KINDS.has(kind)) KINDS.set(kind, rtype);
}
const RANGE: Readonly<Record<string, readonly [bigint, bigint]>> = {
  u8: [0n, 255n],
  i8: [-128n, 127n],
  u16: [0n, 65_535n],
  i16: [-32_768n, 32_767n],
  u32: [0n, 4_294_967_295n],
  i32: [-2_147_483_648n, 2_147_483_647n],
  'u32>u64': [0n, 4_294_967_295n],
  // The largest means none, and grows with the column.
  'i32>i64': [-2_147_483_648n, 2_147_483_646n],
  u64: [0n, 2n ** 64n - 1n],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** Records of one kind with any value in every field. */
function anyRecord(kind: DbnKind, version: DbnVersion): fc.Arbitrary<DbnRecord> {
  const fields: Record<string, fc.Arbitrary<DbnValue>> = {};
  for (const field of dbnLayout(kind, version).fields) {
    if (field.name === 'rtype') continue;
    if (field.type === 'text') {
      fields[field.name] = fc.string({
        unit: fc.constantFrom('A', 'Z', '0', '9', '-', ':', ' '),
        maxLength: field.bytes,
      });
      continue;
    }
    const [min, max] = RANGE[field.type]!;
    const value = fc.bigInt({ min, max });
    fields[field.name] =
      field.levels === 1
        ? value
        : fc.array(value, { minLength: field.levels, maxLength: field.levels });
  }
  return fc.record(fields).map((values) => ({ kind, rtype: KINDS.get(kind)!, fields: values }));
}

/** A naive reading of rows: one value at a time, as text. */
function rowsOf(batches: readonly DbnBatch[], version: DbnVersion): string[] {
  return batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, i) =>
      JSON.stringify(
        dbnLayout(batch.kind, version).fields.map(({ name, levels }) => {
          const column = (batch as unknown as Record<string, ArrayLike<unknown>>)[name]!;
          return Array.from({ length: levels }, (_, k) => String(column[i * levels + k]));
        }),
      ),
    ),
  );
}

function rowsWritten(records: readonly DbnRecord[], version: DbnVersion): string[] {
  return records.map((record) =>
    JSON.stringify(
      dbnLayout(record.kind, version).fields.map(({ name }) => {
        const value = name === 'rtype' ? record.rtype : record.fields[name]!;
        return (Array.isArray(value) ? value : [value]).map(String);
      }),
    ),
  );
}

const anyFile = fc.constantFrom<DbnVersion>(1, 2, 3).chain((version) =>
  fc.record({
    version: fc.constant(version),
    records: fc.array(
      fc
        .constantFrom(...KINDS.keys())
        .chain((kind) => fc.array(anyRecord(kind, version), { minLength: 1, maxLength: 3 })),
      { maxLength: 5 },
    ),
    cut: fc.integer({ min: 1, max: 400 }),
    batchRows: fc.integer({ min: 1, max: 4 }),
  }),
);

describe('the decoder', () => {
  test.prop([anyFile], { numRuns: 60 })(
    'gives back every value of every kind and version, however the bytes are cut and the batches are sized',
    ({ version, records, cut, batchRows }) => {
      const all = records.flat();
      const bytes = dbnFile({ version, schema: null }, all);
      const batches: DbnBatch[] = [];
      const decoder = new DbnDecoder(
        {
          onBatch: (batch) => batches.push(batch),
          onIssue: (issue) => expect.fail(issue.message),
        },
        { batchRows },
      );
      for (let at = 0; at < bytes.length; at += cut) decoder.push(bytes.subarray(at, at + cut));
      decoder.finish();
      expect(rowsOf(batches, version)).toEqual(rowsWritten(all, version));
      expect(decoder.records).toBe(all.length);
    },
  );

  test.prop([anyFile], { numRuns: 20 })(
    'gives the same rows when it uses its columns again',
    ({ version, records, batchRows }) => {
      const all = records.flat();
      const rows: string[] = [];
      const decoder = new DbnDecoder(
        {
          onBatch: (batch) => rows.push(...rowsOf([batch], version)),
          onIssue: (issue) => expect.fail(issue.message),
        },
        { batchRows, isReused: true },
      );
      decoder.push(dbnFile({ version, schema: null }, all));
      decoder.finish();
      expect(rows).toEqual(rowsWritten(all, version));
    },
  );

  it('tells the byte of every record, and the same bytes give it back', () => {
    const bytes = dbnFile({ schema: null }, [
      tradeRecord(),
      { kind: 'ohlcv', rtype: RTYPE.ohlcv1m, fields: { instrumentId: 3 } },
      tradeRecord({ size: 9 }),
    ]);
    const { batches } = decodeDbn(bytes);
    const offsets = batches.flatMap((batch) => [...batch.offset]);
    expect(offsets.map((at) => [bytes[at]! * 4, bytes[at + 1]])).toEqual([
      [48, 0],
      [56, 0x21],
      [48, 0],
    ]);
  });

  it('carries "none" of a narrow quantity over to the wide column', () => {
    const statistic = {
      kind: 'statistics',
      rtype: 0x18,
      fields: { quantity: 2_147_483_647 },
    } as const;
    for (const version of [1, 2] as const) {
      const [batch] = decodeDbn(dbnFile({ version, schema: 'statistics' }, [statistic])).batches;
      expect(batch).toMatchObject({
        kind: 'statistics',
        quantity: BigInt64Array.of(2n ** 63n - 1n),
      });
    }
    const [third] = decodeDbn(dbnFile({ version: 3, schema: 'statistics' }, [statistic])).batches;
    expect(third).toMatchObject({ quantity: BigInt64Array.of(2_147_483_647n) });
  });

  it('reads the time of sending that follows each record, where the head says that there is one', () => {
    const records = [tradeRecord(), tradeRecord()];
    expect(decodeDbn(dbnFile({ hasTsOut: true }, records)).batches[0]!.tsOut).toEqual(
      BigUint64Array.of(7n, 7n),
    );
    expect(decodeDbn(dbnFile({}, records)).batches[0]!.tsOut).toBeNull();
  });

  it.each([1, 2, 3] as const)('reads the head of version %i whole', (version) => {
    const { metadata } = decodeDbn(
      dbnHead({
        version,
        schema: 'mbp-10',
        start: 5n,
        end: 9n,
        symbols: ['ESH4', 'X'],
        mappings: ES_MAPPING,
      }),
    );
    expect(metadata).toMatchObject({
      version,
      dataset: 'GLBX.MDP3',
      schema: 'mbp-10',
      start: 5n,
      end: 9n,
      stypeIn: 'raw_symbol',
      stypeOut: 'instrument_id',
      hasTsOut: false,
      symbols: ['ESH4', 'X'],
      mappings: [
        {
          symbol: 'ESH4',
          intervals: [
            {
              from: Date.UTC(2024, 2, 1) / 86_400_000,
              to: Date.UTC(2024, 3, 1) / 86_400_000,
              symbol: '17',
            },
          ],
        },
      ],
    });
  });
});

describe('a file that is not what it says', () => {
  const bytes = dbnFile({ mappings: ES_MAPPING }, [tradeRecord(), tradeRecord()]);
  const issues = (changed: Uint8Array): readonly DbnIssue[] => decodeDbn(changed).issues;

  it.each([
    ['is empty', new Uint8Array(0), 'has 0 bytes'],
    ['is text', new TextEncoder().encode('time,open,high'), 'begins with 74 69 6d 65'],
    ['ends inside its prefix', bytes.slice(0, 6), 'inside its prefix'],
    ['ends inside its metadata', bytes.slice(0, 60), 'inside the'],
    ['has version 4', changed(bytes, 3, 4), 'version of the file is 4'],
    ['has version 0', changed(bytes, 3, 0), 'version of the file is 0'],
    ['claims metadata of 4 GB', changed(bytes, 7, 255), 'metadata would have'],
    ['claims more symbols than fit', changed(bytes, 8 + 104 + 3, 255), 'symbols do not fit'],
    ['has a mapping of a day that does not exist', changed(bytes, 8 + 146, 255), 'is not a date'],
    ['names a schema that does not exist', changed(bytes, 8 + 16, 77), 'schema is number 77'],
  ])('one that %s is refused with its byte', (_, file, message) => {
    expect(() => decodeDbn(file)).toThrow(message);
    expect(() => decodeDbn(file)).toThrow(expect.objectContaining({ code: 'E_DBN_FORMAT' }));
  });

  it('says where a record was cut, and keeps the whole ones before it', () => {
    const cut = decodeDbn(bytes.subarray(0, bytes.length - 1));
    expect(cut.records).toBe(1);
    expect(cut.issues).toEqual([
      expect.objectContaining({ offset: bytes.length - 48, reason: 'truncated', records: 1 }),
    ]);
    expect(issues(bytes)).toEqual([]);
  });

  it('counts records of an unknown type, and of a size that its type does not have, and reads on', () => {
    const head = dbnHead();
    const unknown = dbnRecord(tradeRecord());
    unknown[1] = 0x77;
    const odd = new Uint8Array(52);
    odd[0] = 13;
    const read = decodeDbn(joined([head, unknown, unknown, odd, dbnRecord(tradeRecord())]));
    expect(read.records).toBe(1);
    expect(read.issues.map(({ offset, reason, records }) => [offset, reason, records])).toEqual([
      [head.length, 'unknown-type', 2],
      [head.length + 96, 'record-size', 1],
    ]);
  });

  it('stops where a length leaves no way to find the next record', () => {
    const head = dbnHead();
    const read = decodeDbn(
      joined([head, dbnRecord(tradeRecord()), new Uint8Array(48), dbnRecord(tradeRecord())]),
    );
    expect(read.records).toBe(1);
    expect(read.issues).toEqual([
      expect.objectContaining({ offset: head.length + 48, reason: 'lost-framing' }),
    ]);
  });

  it('takes the longer record only where the head announces the time of sending', () => {
    const long = dbnRecord(tradeRecord(), 1, DBN_NS);
    expect(issues(joined([dbnHead(), long]))).toHaveLength(1);
    expect(issues(joined([dbnHead({ hasTsOut: true }), long]))).toEqual([]);
  });
});

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
}
