/** What of a dataset is exported, and the columns that it gets. */
import type { BarInterval, MarketDataKind } from '../../core/bars.ts';
import { TradingError } from '../../core/errors.ts';
import { suggest } from '../../core/suggest.ts';
import type { TsUs } from '../../core/units.ts';
import type { Dataset } from '../catalog.ts';
import type { SegmentEntry } from '../manifest.ts';
import type { LayoutColumn } from '../segment-codec.ts';
import { layoutOf } from '../segment-codec.ts';

/** Plain decimal prices, counts of the grid, or both beside each other. */
export type PriceView = 'decimal' | 'counts' | 'both';

/** What is chosen; absent means all. */
export interface ExportSelection {
  readonly contracts?: readonly string[];
  readonly roots?: readonly string[];
  readonly kinds?: readonly string[];
  readonly intervals?: readonly string[];
}

/** Rows in [from, to) of ticks, bars that lie in [from, to]. Units: µs UTC. */
export interface ExportRange {
  readonly from?: TsUs;
  readonly to?: TsUs;
}

/** Rows with the same columns: one file. Segments by contract, then year. */
export interface ExportTable {
  readonly kind: MarketDataKind;
  readonly interval: BarInterval | null;
  /** `bars-1m`, `trades`: the name of its file in a folder. */
  readonly name: string;
  readonly segments: readonly SegmentEntry[];
}

/** A column of an exported file. */
export interface ExportColumn {
  readonly name: string;
  readonly source: 'contract' | 'interval' | 'decimal' | 'counts' | 'value';
  readonly layout: LayoutColumn | null;
}

/** Errors: E_DATA_SPAN when the dataset has nothing of what was asked. */
export function tablesOf(dataset: Dataset, selection: ExportSelection): ExportTable[] {
  const { segments } = dataset.manifest;
  const asked = [
    ['contract', selection.contracts, (one: SegmentEntry) => one.contract],
    ['product', selection.roots, (one: SegmentEntry) => one.root],
    ['kind', selection.kinds, (one: SegmentEntry) => one.kind],
    ['interval', selection.intervals, (one: SegmentEntry) => one.interval ?? ''],
  ] as const;
  let chosen: readonly SegmentEntry[] = segments.filter((one) => one.rows > 0);
  for (const [what, wanted, valueOf] of asked) {
    if (wanted === undefined) continue;
    const known = [...new Set(segments.map(valueOf))].filter((value) => value !== '').sort();
    for (const value of wanted)
      if (!known.includes(value)) throw nothing(dataset, `${what} ${value}`, value, known);
    chosen = chosen.filter((one) => wanted.includes(valueOf(one)));
  }
  if (chosen.length === 0) throw nothing(dataset, 'row of this selection', '', []);
  const tables = new Map<string, SegmentEntry[]>();
  for (const one of chosen) {
    const name = one.interval === null ? one.kind : `${one.kind}-${one.interval}`;
    const list = tables.get(name);
    if (list === undefined) tables.set(name, [one]);
    else list.push(one);
  }
  return [...tables]
    .sort(([a], [b]) => compare(a, b))
    .map(([name, list]) => ({
      kind: list[0]!.kind,
      interval: list[0]!.interval,
      name,
      segments: list.sort((a, b) => compare(a.contract, b.contract) || a.year - b.year),
    }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function nothing(
  dataset: Dataset,
  what: string,
  value: string,
  known: readonly string[],
): TradingError {
  const near = suggest(value, known);
  const some = known.length > 12 ? `${known.slice(0, 12).join(', ')}, …` : known.join(', ');
  return new TradingError('E_DATA_SPAN', `${dataset.name} has no ${what}`, {
    details: { dataset: dataset.name, value, known },
    rule: 'an export holds at least one row',
    fix:
      near !== null
        ? `did you mean ${near}?`
        : known.length > 0
          ? `it has ${some}`
          : `see what is there: frontmonth data show ${dataset.name}`,
  });
}

/** Columns of a table, in their order in the file. */
export function exportColumns(kind: MarketDataKind, prices: PriceView): ExportColumn[] {
  const value = (layout: LayoutColumn): ExportColumn[] => {
    if (layout.role !== 'price') return [{ name: layout.disk, source: 'value', layout }];
    return [
      ...(prices === 'counts' ? [] : [{ name: layout.disk, source: 'decimal' as const, layout }]),
      ...(prices === 'decimal'
        ? []
        : [{ name: `${layout.disk}_count`, source: 'counts' as const, layout }]),
    ];
  };
  return [
    { name: 'contract', source: 'contract', layout: null },
    ...(kind === 'bars' ? [{ name: 'interval', source: 'interval' as const, layout: null }] : []),
    ...layoutOf(kind).flatMap(value),
  ];
}
