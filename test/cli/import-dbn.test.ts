/** `data import` of Databento's files, as a user types it. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/core/errors.ts';
import type { DbnHead, DbnRecord } from '../support/dbn-writer.ts';
import { DBN_NS, dbnFile, ES_MAPPING, tradeRecord, zstdFrame } from '../support/dbn-writer.ts';
import type { Ran } from './support.ts';
import { runReal } from './support.ts';

const cwd = mkdtempSync(join(tmpdir(), 'frontmonth-import-dbn-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
const cli = (...argv: string[]): Promise<Ran> => runReal(cwd, argv);

interface Imported {
  readonly rows: number;
  readonly refused: number;
  readonly notes: readonly string[];
  readonly dataset: { readonly products: readonly string[]; readonly firstUtc: string };
}

/** Writes a file and imports it; the answer is that of `--json`. */
async function imported(
  name: string,
  head: DbnHead,
  records: readonly DbnRecord[],
  ...argv: string[]
): Promise<Ran & { readonly result: Imported }> {
  const bytes = dbnFile({ mappings: ES_MAPPING, ...head }, records);
  writeFileSync(join(cwd, name), name.endsWith('.zst') ? zstdFrame(bytes) : bytes);
  const ran = await cli('data', 'import', name, '--json', ...argv);
  const { result } = JSON.parse(ran.out === '' ? '{}' : ran.out) as { result: Imported };
  return { ...ran, result };
}

const YEAR_NS = 31_536_000_000_000_000n;

describe('an import of DBN', () => {
  it.each(['plain.dbn', 'packed.dbn.zst', 'any-name'])(
    'needs nothing but the file (%s)',
    async (name) => {
      const into = name.replaceAll('.', '-');
      const ran = await imported(name, {}, [tradeRecord()], '--into', into);
      expect(ran, ran.err).toMatchObject({
        code: EXIT.ok,
        result: { rows: 1, refused: 0, notes: [], dataset: { products: ['ES'] } },
      });
      const again = await cli('data', 'import', name, '--into', into);
      expect(again.err).toContain('nothing has changed');
    },
  );

  it('reads one digit of the year for the day of its mapping', async () => {
    const spans = [
      ['ESH4', 20_140_301, 20_140_401, '17'],
      ['ESH4', 20_240_301, 20_240_401, '18'],
    ] as const;
    const mappings = spans.map(([symbol, from, to, id]) => ({
      symbol,
      intervals: [{ from, to, symbol: id }],
    }));
    await imported(
      'years.dbn',
      { mappings },
      [
        // 3,653 days before: ten years with their leap days.
        tradeRecord({ tsRecv: DBN_NS - 10n * YEAR_NS - 3n * 86_400_000_000_000n }),
        tradeRecord({ instrumentId: 18 }),
      ],
      '--into',
      'years',
    );
    const shown = await cli('data', 'show', 'years');
    expect(shown.out).toMatch(/ESH2014 +trades +2014-03-0/);
    expect(shown.out).toMatch(/ESH2024 +trades +2024-03-05/);
  });

  it('says what it left out, with the number of records', async () => {
    const mappings = ['ESH4', 'ESH4-ESM4', 'ZZH4', 'ESF4'].map((symbol, k) => ({
      symbol,
      intervals: [{ from: 20_240_301, to: 20_240_401, symbol: String(17 + k) }],
    }));
    const { result } = await imported(
      'many.dbn',
      { mappings },
      [17, 18, 18, 19, 20].map((instrumentId) => tradeRecord({ instrumentId })),
      '--into',
      'many',
    );
    expect(result.rows).toBe(1);
    expect(result.notes).toEqual([
      expect.stringMatching(/^left out, 2 records: spreads.*\(ESH4-ESM4\)$/),
      expect.stringMatching(/^left out, 1 records: products without.*\(ZZH4\)$/),
      expect.stringMatching(/^left out, 1 records: contracts that.*\(ESF4\)$/),
    ]);
  });

  it('with a bad record is refused with its byte, and leaves no dataset', async () => {
    const bad = tradeRecord({ tsRecv: DBN_NS + 900n, price: 5_100_100_000_000n });
    const ran = await imported('bad.dbn', {}, [tradeRecord(), bad], '--into', 'bad');
    expect(ran.code).toBe(EXIT.input);
    expect(ran.err).toMatch(/bad\.dbn, byte \d+: price 5100\.1 is not a multiple of 0\.25/);
    expect((await cli('data', 'list')).out).not.toContain('bad');
  });

  it('takes the valid records with --quarantine and lists the others', async () => {
    const bad = tradeRecord({ tsRecv: DBN_NS + 900n, price: 5_100_100_000_000n });
    const ran = await imported(
      'part.dbn',
      {},
      [tradeRecord(), bad],
      '--into',
      'part',
      '--quarantine',
    );
    expect(ran).toMatchObject({ code: EXIT.answerIsNo, result: { rows: 1, refused: 1 } });
    expect(ran.err).toMatch(/part\.dbn, byte \d+: price/);
  });

  it('takes a price between ticks where the dataset is made without a grid', async () => {
    const price = 5_100_100_000_000n;
    const ran = await imported(
      'free.dbn',
      {},
      [tradeRecord({ price })],
      '--into',
      'free',
      '--grid',
      'none',
    );
    expect(ran, ran.err).toMatchObject({ code: EXIT.ok, result: { rows: 1 } });
  });

  it.each([
    ['--interval', '1m'],
    ['--columns', 'time=t'],
    ['--instrument', 'ES'],
  ])('refuses %s, which the file decides', async (flag, value) => {
    const ran = await imported('flag.dbn', {}, [tradeRecord()], '--into', 'flag', flag, value);
    expect(ran.code).toBe(EXIT.usage);
    expect(ran.err).toContain(flag);
  });

  it.each([
    ['a text', new TextEncoder().encode('ts_event,price\n'), ['--format', 'dbn'], 'not with "DBN"'],
    [
      'a text that is packed',
      zstdFrame(new TextEncoder().encode('ts_event,price\n')),
      [],
      'not with "DBN"',
    ],
    [
      'a packed file that is cut',
      zstdFrame(dbnFile({}, [tradeRecord()])).subarray(0, 99),
      [],
      'end in the middle',
    ],
  ])('of %s says so', async (_, bytes, flags, message) => {
    writeFileSync(join(cwd, 'lie.dbn'), bytes);
    const ran = await cli('data', 'import', 'lie.dbn', '--into', 'lie', ...flags);
    expect(ran.code).toBe(EXIT.input);
    expect(ran.err).toContain(message);
    expect(existsSync(join(cwd, 'catalog/datasets/lie'))).toBe(false);
  });
});
