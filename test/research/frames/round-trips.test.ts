/** Frames keep their values through every table library they go through. */
import { fc, test } from '@fast-check/vitest';
import * as aq from 'arquero';
import { tableFromIPC, tableToIPC } from 'apache-arrow';
import * as danfo from 'danfojs-node';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCatalog } from '../../../src/data/catalog.ts';
import { fromArquero, toArquero } from '../../../src/research/frames/arquero.ts';
import { fromDanfo as shown, toDanfo as show } from '../../../notebooks/src/danfo.ts';
import { DANFO_ROWS_MAX, fromDanfo, toDanfo } from '../../../src/research/frames/danfo.ts';
import type { FrameInput, FrameType } from '../../../src/research/frames/frame.ts';
import { Frame, readFrame } from '../../../src/research/frames/frame.ts';
import { writeParquet } from '../../../src/research/frames/parquet.ts';
import type { SqlSession } from '../../../src/research/frames/sql.ts';
import { openSql } from '../../../src/research/frames/sql.ts';

const SAFE = Number.MAX_SAFE_INTEGER;
const price = fc.oneof(
  fc.double({ noDefaultInfinity: true }),
  fc.constantFrom(NaN, -37.63, 0, -0, SAFE, -SAFE, 1e-300, 20_000.25),
);
const safe = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, SAFE, -SAFE));
const CELLS: Readonly<Record<FrameType, fc.Arbitrary<unknown>>> = {
  f64: price,
  i32: fc.oneof(fc.integer(), fc.constantFrom(-2_147_483_648, 2_147_483_647)),
  i64: safe,
  i8: fc.integer({ min: -128, max: 127 }),
  u8: fc.integer({ min: 0, max: 255 }),
  u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  bool: fc.boolean(),
  utf8: fc.oneof(fc.string(), fc.constantFrom('', 'ESZ2022', 'NaN', 'ü, "x"\n')),
  // DuckDB keeps dates up to the year 290,000.
  'timestamp[us, UTC]': fc.integer({ min: -9e15, max: 9e15 }),
  'timestamp[ns, UTC]': fc.bigInt({
    min: -9_007_199_254_740_991_000n,
    max: 9_007_199_254_740_991_999n,
  }),
};

/** A frame of up to eight columns of the given types, up to 40 rows, often none. */
function frames(
  types: readonly FrameType[] = Object.keys(CELLS) as FrameType[],
): fc.Arbitrary<Frame> {
  return fc
    .tuple(
      fc.array(fc.constantFrom(...types), { minLength: 1, maxLength: 8 }),
      fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constant(0)),
    )
    .chain(([chosen, rows]) =>
      fc
        .tuple(...chosen.map((type) => fc.array(CELLS[type], { minLength: rows, maxLength: rows })))
        .map((columns) =>
          Frame.of(
            Object.fromEntries(
              columns.map((values, i): [string, FrameInput] => [
                `c${i}_${chosen[i]!.slice(0, 3)}`,
                { type: chosen[i]!, values: values as string[] },
              ]),
            ),
          ),
        ),
    );
}

/** Every cell with its sign of zero, and the types. */
function contents(frame: Frame): unknown {
  return frame.names.map((name) => {
    const { type, values } = frame.column(name);
    return [name, type, Array.from(values as ArrayLike<unknown>)];
  });
}
function expectSame(back: Frame, frame: Frame): void {
  expect(back.length).toBe(frame.length);
  expect(contents(back)).toStrictEqual(contents(frame));
}

describe('a frame through Arrow', () => {
  test.prop([frames()])('keeps each value and type', (frame) => {
    expectSame(Frame.fromArrow(frame.toArrow()), frame);
  });

  test.prop([frames(), fc.nat(45), fc.nat(45)])(
    'as bytes and as a part of a table',
    (frame, a, b) => {
      const table = tableFromIPC(tableToIPC(frame.toArrow(), 'file'));
      expectSame(Frame.fromArrow(table), frame);
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      expectSame(Frame.fromArrow(table.slice(from, to)), frame.slice(from, to));
      expectSame(Frame.fromArrow(table.slice(0, from).concat(table.slice(from))), frame);
    },
  );

  it('shares the memory of doubles', () => {
    const values = Float64Array.of(1, 2, 3);
    const frame = Frame.of({ x: { type: 'f64', values } });
    expect(frame.column('x').values).toBe(values);
    expect(frame.toArrow().getChild('x')!.data[0]!.values.buffer).toBe(values.buffer);
  });
});

describe('a frame through a file', () => {
  let folder: string;
  beforeAll(() => (folder = fs.mkdtempSync(join(tmpdir(), 'frames-'))));
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  test.prop([frames()])('reads back as it was', (frame) => {
    const path = join(folder, 'x.arrow');
    frame.write(path);
    expectSame(readFrame(path), frame);
  });

  it('keeps what is said of the frame and of its columns', () => {
    const path = join(folder, 'about.arrow');
    const counts = { type: 'i32', values: [1], metadata: { unit: 'counts' } } as const;
    Frame.of({ counts }, { root: 'ES' }).write(path);
    const back = readFrame(path);
    expect(back.metadata['root']).toBe('ES');
    expect(back.column('counts').metadata).toEqual({ unit: 'counts' });
  });
});

describe('a frame through Arquero', () => {
  test.prop([frames()])('keeps each value and, with a pattern, each type', async (frame) => {
    expectSame(fromArquero(await toArquero(frame), { like: frame }), frame);
  });

  it('comes back without the rows that a filter dropped, in the order of a sort', async () => {
    const frame = Frame.of({
      root: { type: 'utf8', values: ['ES', 'CL', 'ES', 'GC'] },
      net: { type: 'i64', values: [1, -37, SAFE, 4] },
    });
    const table = await toArquero(frame, aq);
    const back = fromArquero(
      table.filter((row: { net: number }) => row.net > 0).orderby(aq.desc('net')),
      {
        like: frame,
      },
    );
    expect(back.rows()).toEqual([
      { root: 'ES', net: SAFE },
      { root: 'GC', net: 4 },
      { root: 'ES', net: 1 },
    ]);
    const sums = fromArquero(table.groupby('root').rollup({ net: aq.op.min('net') }));
    expect(sums.types).toEqual({ root: 'utf8', net: 'f64' });
    expect(sums.rows()).toHaveLength(3);
  });

  it('refuses values that are of no type', () => {
    const table = aq.table({ when: [new Date(0)] });
    expect(() => fromArquero(table)).toThrow(expect.objectContaining({ code: 'E_FRAME_COLUMN' }));
  });
});

describe('a frame through Danfo', () => {
  const types: readonly FrameType[] = [
    'f64',
    'i32',
    'i64',
    'i8',
    'u8',
    'bool',
    'utf8',
    'timestamp[us, UTC]',
  ];
  test.prop([frames(types)])('keeps each value and, with a pattern, each type', (frame) => {
    expectSame(fromDanfo(toDanfo(frame, danfo), { like: frame }), frame);
  });

  it('goes there and back in a notebook', () => {
    const frame = Frame.of({ net: { type: 'i64', values: [1, -37] } });
    expectSame(shown(show(frame), { like: frame }), frame);
  });

  it('is refused above its number of rows, and taken at it', () => {
    const of = (rows: number): Frame =>
      Frame.of({ x: { type: 'i32', values: new Int32Array(rows) } });
    expect(toDanfo(of(DANFO_ROWS_MAX), danfo).shape).toEqual([DANFO_ROWS_MAX, 1]);
    expect(() => toDanfo(of(DANFO_ROWS_MAX + 1), danfo)).toThrow(
      expect.objectContaining({ code: 'E_FRAME_SIZE' }),
    );
  });

  it('is refused with nanoseconds, and taken after they became microseconds', () => {
    const frame = Frame.of({
      time: { type: 'timestamp[ns, UTC]', values: [1_704_067_200_000_000_999n, -1n] },
    });
    expect(() => toDanfo(frame, danfo)).toThrow(
      expect.objectContaining({
        code: 'E_FRAME_COLUMN',
        fix: expect.stringContaining('timestamp[us, UTC]'),
      }),
    );
    const cast = frame.cast('time', 'timestamp[us, UTC]');
    expect(toDanfo(cast, danfo).column('time').values).toEqual([1_704_067_200_000_000, -1]);
  });
});

describe('a frame through Parquet and DuckDB', () => {
  let folder: string;
  let sql: SqlSession;
  let made = 0;
  beforeAll(async () => {
    folder = fs.mkdtempSync(join(tmpdir(), 'frames-sql-'));
    const dataset = openCatalog(folder, { sync: false }).createDataset({
      name: 'none',
      createdBy: 'frontmonth',
      isSynthetic: true,
      description: 'empty',
      source: 'test',
      grids: {},
      volume: 'known',
      stamps: 'instants',
      barStamp: 'close',
    });
    sql = await openSql(dataset);
  });
  afterAll(() => {
    sql.close();
    fs.rmSync(folder, { recursive: true });
  });

  test.prop([frames()], { numRuns: 60 })(
    'keeps each value; nanoseconds end at microseconds',
    async (frame) => {
      made += 1;
      await sql.register(`t${made}`, frame);
      const back = await sql.query(`SELECT * FROM t${made}`);
      const nanos = frame.names.filter((name) => frame.types[name] === 'timestamp[ns, UTC]');
      const expected = nanos.reduce((one, name) => one.cast(name, 'timestamp[us, UTC]'), frame);
      expectSame(back, expected);
    },
  );

  it('brings rows of many chunks in their order', async () => {
    const values = Int32Array.from({ length: 10_000 }, (_, i) => i * 7);
    await sql.register('many', Frame.of({ x: { type: 'i32', values } }));
    const back = await sql.query('SELECT x, x * 0.25 AS price, sum(x) OVER () AS all_x FROM many');
    expect(back.types).toEqual({ x: 'i32', price: 'f64', all_x: 'i64' });
    expect(back.column('x').values).toEqual(values);
    expect(back.column('price').values[9_999]).toBe(values[9_999]! * 0.25);
    expect(back.column('all_x').values[0]).toBe(7 * ((9_999 * 10_000) / 2));
  });

  it('names the cell that is empty, and the cure', async () => {
    await expect(sql.query('SELECT NULL::INTEGER AS x')).rejects.toMatchObject({
      code: 'E_FRAME_VALUE',
      fix: expect.stringContaining('coalesce(x'),
    });
    expect((await sql.query('SELECT NULL::DOUBLE AS x')).rows()).toEqual([{ x: NaN }]);
  });

  it.each([
    ['12345678901234567.89::DECIMAL(19,2)', '12345678901234567.89'],
    ['9007199254740993::DECIMAL(19,0)', '9007199254740993'],
    ['(-0.12345678901234567891)::DECIMAL(38,20)', '-0.12345678901234567891'],
  ])('refuses %s, whose digits a double does not keep', async (text, value) => {
    const asked = `SELECT * FROM (VALUES (1.5::DECIMAL(4,2), NULL), (2.5, ${text})) AS t(a, "b c")`;
    await expect(sql.query(asked)).rejects.toMatchObject({
      code: 'E_FRAME_VALUE',
      details: { column: 'b c', row: 1, value },
      fix: expect.stringContaining('::VARCHAR'),
    });
    const kept = await sql.query(`SELECT ${text}::VARCHAR AS x, ${text}::DOUBLE AS y`);
    expect(kept.rows()).toEqual([{ x: value, y: Number(value) }]);
  });

  it('takes decimals of any width whose digits a double keeps', async () => {
    const texts = ['0.1', '1.1', '-4512.25', '123456789012345.67', '0.00000000000000000001'];
    for (const type of ['DECIMAL(38,20)', 'DECIMAL(18,2)'])
      for (const text of texts) {
        if (type.endsWith(',2)') && text.length > 18) continue;
        const { x } = (await sql.query(`SELECT ${text}::${type} AS x`)).rows()[0]!;
        expect(x).toBe(type.endsWith(',2)') ? Number(Number(text).toFixed(2)) : Number(text));
      }
    expect((await sql.query('SELECT NULL::DECIMAL(38,2) AS x')).rows()).toEqual([{ x: NaN }]);
  });

  it.each([
    ['SELECT 1 a; SELECT 2 b', 'SELECT 2 b', 2],
    ["SELECT ';' a; -- one; two\nSELECT\n 2 b;", '-- one; two SELECT 2 b;', 2],
    ['SELECT 1; SELECT 2; SELECT 3', 'SELECT 2; SELECT 3', 3],
  ])('refuses %j and names the second statement', async (text, second, statements) => {
    await expect(sql.query(text)).rejects.toMatchObject({
      code: 'E_SQL',
      message: `${statements} statements, the second is: ${second}`,
      details: { statements, second },
    });
  });

  it('takes one statement, whatever its texts and comments hold', async () => {
    expect((await sql.query("SELECT ';' a -- x; y\n;")).rows()).toEqual([{ a: ';' }]);
    expect((await sql.query('SELECT 1.5 a /* ; */ ; -- end;')).rows()).toEqual([{ a: 1.5 }]);
  });

  it('says that a closed session is closed', async () => {
    const closed = await openSql(openCatalog(folder, { sync: false }).dataset('none'));
    closed.close();
    closed.close();
    const frame = Frame.of({ x: { type: 'i32', values: [1] } });
    const expected = { code: 'E_SQL', message: 'the session is closed' };
    await expect(closed.query('SELECT 1 AS x')).rejects.toMatchObject(expected);
    await expect(closed.register('x', frame)).rejects.toMatchObject(expected);
  });

  it('names no table in the cure where there is none', async () => {
    await expect(sql.query('SELECT nothing FROM nowhere')).rejects.toMatchObject({
      fix: 'correct the query',
    });
  });

  it.each([
    ['SELECT 9007199254740993 AS x', 'E_FRAME_VALUE'],
    ['SELECT [1, 2] AS x', 'E_SQL'],
    ['SELECT nothing FROM nowhere', 'E_SQL'],
    ['SELEC 1', 'E_SQL'],
  ])('refuses %s', async (text, code) => {
    await expect(sql.query(text)).rejects.toMatchObject({ code });
  });

  it('writes a file that is there nowhere else, and never over one that is', async () => {
    const path = join(folder, 'x.parquet');
    const frame = Frame.of({ x: { type: 'i32', values: [1] } });
    await writeParquet(frame, path);
    await expect(writeParquet(frame, path)).rejects.toMatchObject({ code: 'E_CATALOG_WRITE' });
  });
});

describe('a frame', () => {
  it.each<[string, FrameInput]>([
    ['a fraction in whole numbers', { type: 'i32', values: [1.5] }],
    ['NaN in whole numbers', { type: 'i64', values: [NaN] }],
    ['a number beyond 32 bits', { type: 'i32', values: [2 ** 31] }],
    ['a number beyond 2^53', { type: 'i64', values: [2 ** 53] }],
    ['a time beyond 2^53', { type: 'timestamp[us, UTC]', values: [2n ** 53n] }],
    ['a negative number without sign', { type: 'u64', values: [-1n] }],
    ['2 as a boolean', { type: 'bool', values: Uint8Array.of(2) }],
    ['a number as text', { type: 'utf8', values: [1] }],
    ['a text as number', { type: 'f64', values: ['1'] }],
  ])('refuses %s and names column and row', (_, input) => {
    expect(() => Frame.of({ x: input })).toThrow(
      expect.objectContaining({
        code: 'E_FRAME_VALUE',
        details: expect.objectContaining({ column: 'x', row: 0 }),
      }),
    );
  });

  it.each([9_007_199_254_740_991_999n, -9_007_199_254_740_991_000n])(
    'holds the time of %i nanoseconds, and neither the next beyond',
    (edge) => {
      const step = edge > 0n ? 1n : -1n;
      const type = 'timestamp[ns, UTC]';
      const own = Frame.of({ t: { type, values: BigInt64Array.of(0n, edge) } });
      expect(own.cast('t', 'timestamp[us, UTC]').numbers('t')[1]).toBe(
        Number(step) * Number.MAX_SAFE_INTEGER,
      );
      for (const values of [[0n, edge + step], BigInt64Array.of(0n, edge + step)])
        expect(() => Frame.of({ t: { type, values } })).toThrow(
          expect.objectContaining({
            code: 'E_FRAME_VALUE',
            details: { column: 't', row: 1, value: String(edge + step) },
          }),
        );
    },
  );

  it('refuses columns of different length, and a column that is not there', () => {
    const x: FrameInput = { type: 'i32', values: [1] };
    expect(() => Frame.of({ x, y: { type: 'i32', values: [] } })).toThrow(
      expect.objectContaining({ code: 'E_FRAME_COLUMN' }),
    );
    expect(() => Frame.of({ x }).column('y')).toThrow(
      expect.objectContaining({ code: 'E_FRAME_COLUMN' }),
    );
    expect(() => Frame.of({ x }).cast('x', 'bool')).toThrow(
      expect.objectContaining({ code: 'E_FRAME_COLUMN' }),
    );
  });

  it('refuses an Arrow table with missing values in whole numbers, takes them as NaN in doubles', async () => {
    const { tableFromArrays, vectorFromArray, Float64, Int32, Table, Utf8, DateDay } =
      await import('apache-arrow');
    const doubles = new Table({ x: vectorFromArray([1.5, null, -2], new Float64()) });
    expect(Frame.fromArrow(doubles).rows()).toEqual([{ x: 1.5 }, { x: NaN }, { x: -2 }]);
    const whole = new Table({ x: vectorFromArray([1, null], new Int32()) });
    expect(() => Frame.fromArrow(whole)).toThrow(
      expect.objectContaining({ code: 'E_DATA_FORMAT' }),
    );
    const days = new Table({ x: vectorFromArray([new Date(0)], new DateDay()) });
    expect(() => Frame.fromArrow(days)).toThrow(expect.objectContaining({ code: 'E_DATA_FORMAT' }));
    const others = new Table({
      text: vectorFromArray(['a', 'b'], new Utf8()),
      narrow: tableFromArrays({ x: Float32Array.of(0.5, -1) }).getChild('x')!,
      wide: tableFromArrays({ x: Uint32Array.of(4_294_967_295, 0) }).getChild('x')!,
    });
    expect(Frame.fromArrow(others).types).toEqual({ text: 'utf8', narrow: 'f64', wide: 'i64' });
    expect(Frame.fromArrow(others).rows(1)).toEqual([
      { text: 'a', narrow: 0.5, wide: 4_294_967_295 },
    ]);
  });
});
