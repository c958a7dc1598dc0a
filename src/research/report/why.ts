/** Columns of the report that say why each fill of a trade happened: the words of `frontmonth explain`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { linesOf } from '../explain/journal-lines.ts';
import type { FillFacts } from '../explain/sentences.ts';
import { fillSentences } from '../explain/sentences.ts';
import type { RunData } from '../run-data.ts';
import { instrumentsByRoot } from '../run-data.ts';
import type { FillRow } from '../tables.ts';
import type { PackColumn } from './pack.ts';

/** Distinct texts beyond this many characters: each fill then says its rule, choice and costs, without numbers of the record. */
const CHARS_MAX = 400_000;

/** One row for each fill of each trade, in the order of the trades. */
export function whyColumns(run: RunData): PackColumn[] {
  const rows = fillsOfTrades(run);
  const record = recordEvidence(run);
  const instruments = instrumentsByRoot(run.manifest);
  const words = (fill: FillRow, evidence: Partial<FillFacts> | undefined): string => {
    const about = instruments.get(fill.root);
    if (about === undefined) return '';
    return fillSentences({ ...fill, ...evidence }, null, about).join(' ');
  };
  let texts = rows.map(({ fill }) => words(fill, record.get(fill.execId)));
  const chars = [...new Set(texts)].reduce((sum, text) => sum + text.length, 0);
  if (chars > CHARS_MAX) texts = rows.map(({ fill }) => words(fill, undefined));
  const number = (name: string, of: (fill: FillRow) => number, decimals = 0): PackColumn => ({
    name: `fill.${name}`,
    decimals,
    values: rows.map(({ fill }) => of(fill)),
  });
  return [
    { name: 'fill.trade', values: rows.map(({ tradeId }) => tradeId) },
    // Its number names an order on the command line too.
    number('order', (fill) => Number(/\d+$/.exec(fill.clOrdId)?.[0] ?? NaN)),
    number('tsUs', (fill) => fill.tsUs),
    number('side', (fill) => fill.side),
    number('qty', (fill) => fill.qty),
    number('price', (fill) => fill.priceTicks * (instruments.get(fill.root)?.tickSize ?? NaN), 7),
    { name: 'fill.why', values: texts },
  ];
}

function fillsOfTrades(run: RunData): { readonly tradeId: number; readonly fill: FillRow }[] {
  const byExec = new Map(run.fills.map((fill) => [fill.execId, fill]));
  return run.trades.flatMap(({ tradeId, fills }) =>
    fills.split(' ').flatMap((execId) => {
      const fill = byExec.get(execId);
      return fill === undefined ? [] : [{ tradeId, fill }];
    }),
  );
}

/** What the tables leave out: events of the record and places in its queue. Bars need none of it. */
function recordEvidence(run: RunData): ReadonlyMap<string, Partial<FillFacts>> {
  const found = new Map<string, Partial<FillFacts>>();
  const path = join(run.dir ?? '', 'journal.jsonl');
  const isRecord = Object.keys(run.manifest.matching ?? {}).length > 0;
  if (!isRecord || run.dir === null || !existsSync(path)) return found;
  for (const line of linesOf(path)) {
    if (!line.includes('"kind":"fill"')) continue;
    const { body } = JSON.parse(line) as {
      readonly body: { readonly execId: string; readonly evidence: Partial<FillFacts> | null };
    };
    if (body.evidence !== null) found.set(body.execId, body.evidence);
  }
  return found;
}
