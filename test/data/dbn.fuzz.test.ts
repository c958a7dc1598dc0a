import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { fc, test } from '@fast-check/vitest';
import { TradingError } from '../../src/core/errors.ts';
import type { ContractId } from '../../src/core/instrument.ts';
import type { TradeDate } from '../../src/core/units.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import { DbnDecoder } from '../../src/data/ingest/dbn/decode.ts';
import { importDbn } from '../../src/data/ingest/dbn/import.ts';
import type { DbnKind, DbnVersion } from '../../src/data/ingest/dbn/layout.ts';
import { dbnKindOf, RTYPE } from '../../src/data/ingest/dbn/layout.ts';
import type { DbnRecord } from '../support/dbn-writer.ts';
import { DBN_NS, dbnFile, ES_MAPPING, tradeRecord, zstdFrame } from '../support/dbn-writer.ts';

const KINDS = new Map<DbnKind, number>();
for (const rtype of Object.values(RTYPE)) KINDS.set(dbnKindOf(rtype)!, rtype);

/** Some plausible records of one kind. */
function plausible(kind: DbnKind): DbnRecord[] {
  const price = 5_100_000_000_000n;
  return Array.from({ length: 6 }, (_, k) => ({
    kind,
    rtype: KINDS.get(kind)!,
    fields: {
      ...tradeRecord().fields,
      tsEvent: DBN_NS + BigInt(k) * 60_000_000_000n,
      tsRecv: DBN_NS + BigInt(k) * 60_000_000_000n,
      tsRef: DBN_NS,
      action: kind === 'trades' ? 'T' : 'A',
      orderId: BigInt(k),
      open: price,
      high: price,
      low: price,
      close: price,
      volume: 5n,
      bidPx: price,
      askPx: price + 250_000_000n,
      bidSz: 3,
      askSz: 4,
      rawSymbol: 'ESH4',
      instrumentClass: 'F',
      statType: 9,
      quantity: 77,
      stypeInSymbol: 'ES.FUT',
      stypeOutSymbol: 'ESH4',
      message: 'hello',
    },
  }));
}

interface Damage {
  readonly kind: DbnKind;
  readonly version: DbnVersion;
  readonly changes: readonly (readonly [number, number])[];
  readonly keep: number;
}
const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom(...KINDS.keys()),
  version: fc.constantFrom<DbnVersion>(1, 2, 3),
  // Positions as parts of the file: the head is as likely as the records.
  changes: fc.array(fc.tuple(fc.nat({ max: 9999 }), fc.nat({ max: 255 })), { maxLength: 6 }),
  keep: fc.oneof(fc.constant(10_000), fc.nat({ max: 10_000 })),
});

function damaged({ kind, version, changes, keep }: Damage): Uint8Array {
  const bytes = dbnFile({ version, schema: null, mappings: ES_MAPPING }, plausible(kind));
  for (const [at, value] of changes) bytes[Math.floor((at * bytes.length) / 10_000)] = value;
  return bytes.subarray(0, Math.ceil((keep * bytes.length) / 10_000));
}

describe('damaged bytes', () => {
  test.prop([damage, fc.integer({ min: 1, max: 5000 })], { numRuns: 1500 })(
    'give records and issues or a typed error, of no more records than they can hold',
    (harm, cut) => {
      const bytes = damaged(harm);
      let rows = 0;
      let refused = 0;
      const decoder = new DbnDecoder({
        onBatch: (batch) => {
          rows += batch.length;
          for (const at of batch.offset) expect(at).toBeLessThan(bytes.length);
        },
        onIssue: ({ offset, records }) => {
          refused += records;
          expect(offset).toBeLessThan(bytes.length);
        },
      });
      try {
        for (let at = 0; at < bytes.length; at += cut) decoder.push(bytes.subarray(at, at + cut));
        decoder.finish();
      } catch (error) {
        expect(error).toBeInstanceOf(TradingError);
        expect((error as TradingError).code).toBe('E_DBN_FORMAT');
      }
      expect(rows).toBe(decoder.records);
      expect(rows + refused).toBeLessThanOrEqual(bytes.length / 16 + 1);
    },
  );

  test.prop([fc.uint8Array({ maxLength: 4000 })], { numRuns: 300 })(
    'of any kind behind a sound head do so as well',
    (body) => {
      const head = dbnFile({ schema: null }, []);
      const decoder = new DbnDecoder({ onBatch: () => undefined, onIssue: () => undefined });
      decoder.push(head);
      decoder.push(body);
      decoder.finish();
      expect(decoder.records).toBeLessThanOrEqual(body.length / 16);
    },
  );

  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'frontmonth-dbn-fuzz-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test.prop([damage, fc.boolean(), fc.boolean(), fc.nat({ max: 10_000 })], { numRuns: 150 })(
    'never leave a half import: the dataset is as it was, or it is whole and sound',
    async (harm, isPacked, isQuarantined, packedAt) => {
      let bytes = damaged(harm);
      if (isPacked) {
        bytes = zstdFrame(bytes);
        if (packedAt < bytes.length) bytes[packedAt]! ^= 16;
      }
      const path = join(folder, 'a.dbn');
      writeFileSync(path, bytes);
      const catalog = openCatalog(folder, { sync: false });
      const dataset = catalog.names().includes('d')
        ? catalog.dataset('d')
        : catalog.createDataset({
            name: 'd',
            createdBy: 'test',
            isSynthetic: true,
            description: 'd',
            source: 's',
            grids: { ES: { kind: 'ticks', increment: 0.25 } },
            volume: 'known',
            stamps: 'instants',
            barStamp: 'open',
          });
      const before = dataset.manifest;
      try {
        const { refused } = await importDbn(dataset, {
          paths: [path],
          contractOf: (symbol) =>
            symbol === 'ESH4'
              ? { contract: 'ESH2024' as ContractId }
              : { reason: 'unknown-product' },
          productOf: () => null,
          tradeDateOf: (_root, us) => Math.floor(us / 86_400_000_000) as TradeDate,
          ...(isQuarantined ? { quarantine: { issuesPath: join(folder, 'issues.jsonl') } } : {}),
        });
        if (!isQuarantined) expect(refused).toBe(0);
      } catch (error) {
        expect(error).toBeInstanceOf(TradingError);
        expect(['E_DBN_FORMAT', 'E_IMPORT_FILE', 'E_IMPORT_ROWS']).toContain(
          (error as TradingError).code,
        );
        expect(catalog.dataset('d').manifest).toEqual(before);
      }
      const after = catalog.dataset('d');
      expect(readdirSync(after.folder)).not.toContain('write.lock');
      const temporary = readdirSync(join(after.folder, 'segments')).filter((file) =>
        file.startsWith('tmp'),
      );
      expect(temporary).toEqual([]);
    },
  );
});
