import * as fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BarInterval } from '../../src/core/bars.ts';
import { TradingError } from '../../src/core/errors.ts';
import type { ContractId } from '../../src/core/instrument.ts';
import type { Catalog } from '../../src/data/catalog.ts';
import { openCatalog } from '../../src/data/catalog.ts';
import type { DatasetWriter } from '../../src/data/dataset-writer.ts';
import { collect, metaOf, minuteBars, START, useTempFolder } from './support.ts';

const tempFolder = useTempFolder();

/** Few keys on purpose: random commands must meet. */
const CONTRACTS = ['ESZ2024', 'ESH2025'] as ContractId[];
const INTERVALS: BarInterval[] = ['1m', '5m'];
const YEARS = [2024, 2025];
const startOf = (year: number): number => (year === 2024 ? START : Date.UTC(2025, 0, 6) * 1000);

/** The naive twin: for each key the closes stored, and a copy while a writer is at work. */
interface Model {
  stored: Map<string, number[]>;
  draft: Map<string, number[]> | null;
  commits: number;
}
interface Real {
  readonly catalog: Catalog;
  writer: DatasetWriter | null;
}
interface Key {
  readonly contract: ContractId;
  readonly interval: BarInterval;
  readonly year: number;
}
const nameOf = (key: Key): string => `${key.contract} ${key.interval} ${key.year}`;
const closesOf = (first: number, rows: number): number[] =>
  Array.from({ length: rows }, (_, i) => 20_000 + first + i);

/** What a fresh reader sees must be what the model has committed, a writer at work or not. */
function compare(model: Model, real: Real): void {
  const dataset = real.catalog.dataset('one');
  expect(dataset.manifest.generation).toBe(model.commits);
  for (const contract of CONTRACTS)
    for (const interval of INTERVALS) {
      const want = YEARS.map((year) => model.stored.get(nameOf({ contract, interval, year })));
      const read = (): unknown => collect(dataset.bars({ contract, interval }))['close'] ?? [];
      if (want.every((closes) => closes === undefined))
        expect(read).toThrow(expect.objectContaining({ code: 'E_DATA_SPAN' }));
      else expect(read()).toEqual(want.flatMap((closes) => closes ?? []));
    }
}

/** Nothing of a write shows before its commit; what it leaves readable is compared at its end. */
function expectUnseen(model: Model, real: Real): void {
  expect(real.catalog.dataset('one').manifest.generation).toBe(model.commits);
}

type Command = fc.Command<Model, Real>;
const isWriting = (model: Readonly<Model>): boolean => model.draft !== null;

class Begin implements Command {
  check(): boolean {
    return true;
  }
  run(model: Model, real: Real): void {
    if (model.draft !== null) {
      expect(() => real.catalog.dataset('one').beginWrite()).toThrow(
        expect.objectContaining({ code: 'E_CATALOG_LOCKED' }),
      );
      return;
    }
    model.draft = new Map(model.stored);
    real.writer = real.catalog.dataset('one').beginWrite();
    compare(model, real);
  }
  toString(): string {
    return 'begin';
  }
}

class Write implements Command {
  readonly key: Key;
  readonly how: 'put' | 'append' | 'bad';
  readonly first: number;
  readonly rows: number;
  constructor(key: Key, how: 'put' | 'append' | 'bad', first: number, rows: number) {
    this.key = key;
    this.how = how;
    this.first = first;
    this.rows = rows;
  }
  check = isWriting;
  run(model: Model, real: Real): void {
    const { key, how } = this;
    const { contract, interval, year } = key;
    const name = nameOf(key);
    const old = how === 'append' ? model.draft!.get(name) : undefined;
    // Appended rows follow the old ones; those that do not are refused, and change nothing.
    const first = old === undefined || old.length === 0 ? this.first : old.at(-1)! - 19_999;
    const bars = minuteBars(this.rows, first - (how === 'bad' ? 5 : 0), startOf(year));
    if (how === 'bad') bars.closeUs.reverse();
    const isBad = how === 'bad' && this.rows > 1;
    try {
      if (how === 'append') real.writer!.appendBars(contract, interval, year, bars);
      else real.writer!.putBars(contract, interval, year, bars);
      expect(isBad).toBe(false);
      const rows = closesOf(how === 'bad' ? first - 5 : first, this.rows);
      model.draft!.set(name, [...(old ?? []), ...rows]);
    } catch (error) {
      if (!(error instanceof TradingError)) throw error;
      expect(isBad).toBe(true);
      expect(error.code).toBe('E_DATA_UNSORTED');
    }
    expectUnseen(model, real);
  }
  toString(): string {
    return `${this.how} ${nameOf(this.key)} from ${this.first}, ${this.rows} rows`;
  }
}

class Remove implements Command {
  readonly key: Key;
  constructor(key: Key) {
    this.key = key;
  }
  check = isWriting;
  run(model: Model, real: Real): void {
    real.writer!.removeSegment({ kind: 'bars', ...this.key });
    model.draft!.delete(nameOf(this.key));
    expectUnseen(model, real);
  }
  toString(): string {
    return `remove ${nameOf(this.key)}`;
  }
}

class Clear implements Command {
  check = isWriting;
  run(model: Model, real: Real): void {
    real.writer!.clear();
    model.draft!.clear();
    expectUnseen(model, real);
  }
  toString(): string {
    return 'clear';
  }
}

class End implements Command {
  readonly how: 'commit' | 'abort';
  constructor(how: 'commit' | 'abort') {
    this.how = how;
  }
  check = isWriting;
  run(model: Model, real: Real): void {
    if (this.how === 'commit') {
      real.writer!.commit();
      model.stored = model.draft!;
      model.commits += 1;
    } else {
      real.writer!.abort();
    }
    model.draft = null;
    real.writer = null;
    compare(model, real);
  }
  toString(): string {
    return this.how;
  }
}

const key = fc.constantFrom<Key[]>(
  { contract: CONTRACTS[0]!, interval: '1m', year: 2024 },
  { contract: CONTRACTS[0]!, interval: '1m', year: 2025 },
  { contract: CONTRACTS[1]!, interval: '5m', year: 2025 },
);
const write = fc
  .tuple(
    key,
    fc.constantFrom('put' as const, 'append' as const, 'append' as const, 'bad' as const),
    fc.integer({ min: 0, max: 500 }),
    fc.integer({ min: 0, max: 6 }),
  )
  .map(([one, how, first, rows]) => new Write(one, how, first, rows));

describe('a dataset', () => {
  it('behaves as a plain map of rows, whatever is put, appended, removed, committed and aborted', () => {
    const commands = fc.commands(
      [
        fc.constant(new Begin()),
        write,
        write,
        key.map((one) => new Remove(one)),
        fc.constant(new Clear()),
        fc
          .constantFrom('commit' as const, 'commit' as const, 'abort' as const)
          .map((how) => new End(how)),
      ],
      // Long on purpose: a fault in removing shows only after put, commit, remove, commit.
      { size: 'max', maxCommands: 60 },
    );
    fc.assert(
      fc.property(commands, (list) => {
        const root = tempFolder();
        const catalog = openCatalog(root, { sync: false });
        catalog.createDataset(metaOf('one'));
        fc.modelRun(
          () => ({
            model: { stored: new Map(), draft: null, commits: 0 } as Model,
            real: { catalog, writer: null } as Real,
          }),
          list,
        );
        fs.rmSync(root, { recursive: true });
      }),
      { numRuns: 30, seed: 5 },
    );
  });
});
