/** What the report says of why fills happened and orders did not fill: the words of `frontmonth explain`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { explainAnswers } from '../explain/explain.ts';
import { linesOf } from '../explain/journal-lines.ts';
import type { FillFacts } from '../explain/sentences.ts';
import { fillSentences } from '../explain/sentences.ts';
import type { RunData } from '../run-data.ts';
import { instrumentsByRoot } from '../run-data.ts';
import type { FillRow, OrderRow } from '../tables.ts';
import type { PackColumn } from './pack.ts';
import type { ReportTable } from './sections.ts';
import { column } from './sections.ts';

/** Distinct texts beyond this many characters: each fill then says its rule, choice and costs, without numbers of the record. */
const CHARS_MAX = 400_000;
/** Rows of the table of orders that did not fill. */
const UNFILLED_MAX = 60;

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

/**
 * Orders of which nothing filled, and why: the answer of `frontmonth explain`. The last ones of each reason, so that no reason
 * crowds out another. None where the run keeps no journal.
 */
export function unfilledTable(run: RunData): ReportTable[] {
  if (run.dir === null || !existsSync(join(run.dir, 'journal.jsonl'))) return [];
  const byReason = new Map<string, OrderRow[]>();
  let count = 0;
  for (const order of run.orders) {
    if (order.cumQty > 0 || order.status === 'Filled') continue;
    count += 1;
    const key = `${order.status} ${order.reason}`;
    const rows = byReason.get(key);
    if (rows === undefined) byReason.set(key, [order]);
    else rows.push(order);
  }
  const each = Math.max(1, Math.floor(UNFILLED_MAX / Math.max(1, byReason.size)));
  const shown = [...byReason.values()]
    .flatMap((rows) => rows.slice(-each))
    .toSorted((a, b) => a.createdUs - b.createdUs);
  if (shown.length === 0) return [];
  const answers = explainAnswers(
    run,
    shown.map(({ clOrdId }) => clOrdId),
  );
  const instruments = instrumentsByRoot(run.manifest);
  const price = (order: OrderRow, ticks: number): number | null =>
    Number.isNaN(ticks) ? null : ticks * (instruments.get(order.root)?.tickSize ?? NaN);
  return [
    {
      id: 'unfilled-table',
      title: 'Orders that did not fill, and why',
      columns: [
        column('order', 'Order', 'text'),
        column('root', 'Instrument', 'text'),
        column('contract', 'Contract', 'text'),
        column('time', 'Sent', 'time'),
        column('side', 'Side', 'text'),
        column('qty', 'Quantity', 'count'),
        column('type', 'Type', 'text'),
        column('limit', 'Limit', 'price'),
        column('stop', 'Trigger', 'price'),
        column('why', 'Why', 'text'),
      ],
      rows: shown.map((order) => [
        order.clOrdId,
        order.root,
        order.contract,
        order.createdUs,
        order.side > 0 ? 'buy' : 'sell',
        order.orderQty,
        order.type,
        price(order, order.limitTicks),
        price(order, order.stopTicks),
        answers.get(order.clOrdId) ?? '',
      ]),
      ...(count > shown.length
        ? {
            note: `The last of each reason, ${shown.length} of ${count}; frontmonth explain <run> <order> tells of any.`,
          }
        : {}),
      link: { kind: 'price', at: 'time' },
    },
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
