/** The life of one order of a run, and why it ended as it did: from the journal, with the bars that the run kept. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BarInterval } from '../../core/bars.ts';
import { intervalUs } from '../../core/bars.ts';
import { TradingError } from '../../core/errors.ts';
import type { OrderSpec } from '../../core/order.ts';
import { nearestWords } from '../../core/suggest.ts';
import type { PriceTape } from '../run-data.ts';
import type { RunInstrument, RunManifest } from '../run-format.ts';
import { groupDigits } from './numbers.ts';
import type { JournalIndex, JournalLine } from './journal-lines.ts';
import { indexJournal, readOrders } from './journal-lines.ts';
import type { BarPrices, FillFacts } from './sentences.ts';
import { fillSentences, money, priceText, ticksText } from './sentences.ts';
import { policyWords, reasonWords } from './words.ts';

/** One moment in the life of the order. */
export interface LifeEvent {
  readonly tsUs: number;
  /** Of the journal, such as `Accepted`; for a fill `Fill` or `PartialFill`. */
  readonly event: string;
  readonly words: string;
}

export interface BarAround extends BarPrices {
  readonly closeUs: number;
  /** -1 before the bar of the fill, 0 that bar, 1 after it. */
  readonly place: number;
}

export interface ExplainedFill {
  readonly execId: string;
  readonly tsUs: number;
  readonly qty: number;
  readonly price: string;
  readonly priceTicks: number;
  readonly rule: string;
  readonly certain: boolean;
  readonly policy: string;
  /** The event of the record, where there is one. */
  readonly marketUs: number | null;
  readonly barOpenUs: number | null;
  readonly barCloseUs: number | null;
  /** Where the run kept them: the bar before, of, and after the fill. */
  readonly bars: readonly BarAround[];
  readonly feeMicros: number;
  readonly commissionMicros: number;
  readonly why: readonly string[];
}

export interface GroupPeer {
  readonly id: string;
  readonly words: string;
}

export interface ExplainedAmbiguity {
  readonly groupId: string;
  readonly contract: string;
  readonly barOpenUs: number;
  readonly barCloseUs: number;
  readonly policy: string;
  readonly qty: number;
  /** Ticks a contract between the best and the worst outcome, and its worth for all contracts. */
  readonly stakeTicks: number;
  readonly stake: string;
  readonly alternatives: readonly {
    readonly isChosen: boolean;
    readonly words: string;
    readonly pnlDeltaTicks: number;
  }[];
}

export interface Explanation {
  readonly runId: string;
  readonly orderId: string;
  readonly contract: string;
  readonly root: string;
  readonly zone: string;
  readonly currency: string;
  readonly groupId: string | null;
  readonly role: string;
  readonly status: string;
  readonly reason: string;
  /** Who ended it: `strategy`, `roll`, `account`, `programme`, `risk`, `session` or `venue`; null where it filled or still worked. */
  readonly endedBy: string | null;
  /** What it was, in one line. */
  readonly order: string;
  /** What became of it and why, in whole sentences. */
  readonly answer: readonly string[];
  readonly life: readonly LifeEvent[];
  readonly fills: readonly ExplainedFill[];
  readonly group: readonly GroupPeer[];
  readonly ambiguities: readonly ExplainedAmbiguity[];
}

/** What an explanation needs of a run beside its journal. */
export interface ExplainedRun {
  readonly dir: string | null;
  readonly manifest: RunManifest;
  readonly prices: readonly PriceTape[];
}

/** Errors: E_RUN_READ, E_ORDER_NOT_FOUND. `name` is an order, an execution, a group (its first order) or a number. */
export function explainOrder(run: ExplainedRun, name: string): Explanation {
  const path = journalOf(run);
  const index = indexJournal(path);
  const id = findOrder(index, name, run.manifest.runId);
  const groupId = index.groupOf.get(id) ?? null;
  const peers = [...index.groupOf]
    .filter(([other, group]) => groupId !== null && group === groupId && other !== id)
    .map(([other]) => other);
  const lines = readOrders(path, index, [id, ...peers]);
  return new Explainer(run, index, lines, id, groupId, peers).explain();
}

/** What became of each of these orders, and why, in one text; the journal is read once. Errors: E_RUN_READ. */
export function explainAnswers(
  run: ExplainedRun,
  ids: readonly string[],
): ReadonlyMap<string, string> {
  const path = journalOf(run);
  const index = indexJournal(path);
  const known = ids.filter((id) => index.groupOf.has(id));
  const byOrder = new Map<string, JournalLine[]>(known.map((id) => [id, []]));
  for (const line of readOrders(path, index, known)) byOrder.get(idOf(line))!.push(line);
  return new Map(
    [...byOrder].map(([id, lines]) => {
      const groupId = index.groupOf.get(id) ?? null;
      return [id, new Explainer(run, index, lines, id, groupId, []).explain().answer.join(' ')];
    }),
  );
}

/** Every bar that left several outcomes open, most at stake first. Errors: E_RUN_READ. */
export function explainAmbiguities(run: ExplainedRun): readonly ExplainedAmbiguity[] {
  const { ambiguities } = indexJournal(journalOf(run));
  return ambiguities
    .map((line) => ambiguityOf(line, instrumentOf(run, line.body['contract'] as string)))
    .toSorted((a, b) => b.stakeTicks * b.qty - a.stakeTicks * a.qty);
}

function journalOf(run: ExplainedRun): string {
  const path = join(run.dir ?? '', 'journal.jsonl');
  if (run.dir !== null && existsSync(path)) return path;
  throw new TradingError('E_RUN_READ', `run ${run.manifest.runId} has no journal`, {
    where: path,
    rule: 'the journal of a run is what explains its orders',
    fix: 'run it again',
  });
}

function findOrder(index: JournalIndex, name: string, runId: string): string {
  const ids = [...index.groupOf.keys()];
  if (index.groupOf.has(name)) return name;
  const byExec = index.orderOfExec.get(name);
  if (byExec !== undefined) return byExec;
  const ofGroup = ids.find((id) => index.groupOf.get(id) === name);
  if (ofGroup !== undefined) return ofGroup;
  const byNumber = /^\d+$/.test(name)
    ? ids.find((id) => Number(/\d+$/.exec(id)?.[0]) === Number(name))
    : undefined;
  if (byNumber !== undefined) return byNumber;
  throw new TradingError('E_ORDER_NOT_FOUND', `run ${runId} has no order \`${name}\``, {
    details: { runId, name, orders: ids.length },
    where: name,
    rule:
      ids.length === 0
        ? 'the run sent no order'
        : `${groupDigits(ids.length, 0)} orders, ${ids[0]!} to ${ids.at(-1)!}; an execution or a group may be named too`,
    fix:
      ids.length === 0
        ? 'choose another run'
        : `near: ${nearestWords(name, ids).join(', ')}; all of them: frontmonth orders ${runId}`,
  });
}

function instrumentOf(run: ExplainedRun, contract: string): RunInstrument {
  const found = run.manifest.instruments
    .filter((one) => contract.startsWith(one.root))
    .toSorted((a, b) => b.root.length - a.root.length)[0];
  if (found !== undefined) return found;
  throw new TradingError('E_RUN_READ', `the run does not know the product of ${contract}`, {
    where: contract,
    rule: 'the manifest lists the products of a run',
    fix: 'run it again',
  });
}

interface OrderLine {
  readonly event: string;
  readonly at: number;
  readonly status: string;
  readonly working: string;
  readonly cumQty: number;
  readonly leavesQty: number;
  readonly limitTicks: number | null;
  readonly stopTicks: number | null;
  readonly reason: string;
  readonly role?: string;
  readonly spec?: OrderSpec;
}

interface FillLine {
  readonly execId: string;
  readonly side: number;
  readonly qty: number;
  readonly priceTicks: number;
  readonly tsUs: number;
  readonly feeMicros: number;
  readonly commissionMicros: number;
  readonly orderType: string;
  readonly evidence:
    | (Omit<FillFacts, 'isCertain' | 'policy'> & {
        readonly certain: boolean;
        readonly policy?: string;
        readonly barOpenUs?: number;
        readonly barCloseUs?: number;
        readonly marketUs?: number;
        readonly latencySubbar?: boolean;
      })
    | null;
}

/** While the order worked at one level. */
interface Stretch {
  readonly fromUs: number;
  readonly toUs: number;
  readonly limitTicks: number | null;
  readonly stopTicks: number | null;
  readonly isElected: boolean;
}

class Explainer {
  readonly #run: ExplainedRun;
  readonly #index: JournalIndex;
  readonly #lines: readonly JournalLine[];
  readonly #id: string;
  readonly #groupId: string | null;
  readonly #peers: readonly string[];
  readonly #own: readonly JournalLine[];
  readonly #head: OrderLine;
  readonly #last: OrderLine;
  readonly #spec: OrderSpec;
  readonly #instrument: RunInstrument;
  readonly #tape: PriceTape | null;

  constructor(
    run: ExplainedRun,
    index: JournalIndex,
    lines: readonly JournalLine[],
    id: string,
    groupId: string | null,
    peers: readonly string[],
  ) {
    this.#run = run;
    this.#index = index;
    this.#lines = lines;
    this.#id = id;
    this.#groupId = groupId;
    this.#peers = peers;
    this.#own = lines.filter((line) => idOf(line) === id);
    const events = this.#own.filter((line) => line.kind === 'order');
    this.#head = events[0]!.body as unknown as OrderLine;
    this.#last = events.at(-1)!.body as unknown as OrderLine;
    this.#spec = this.#head.spec!;
    this.#instrument = instrumentOf(run, this.#spec.contract);
    const interval = run.manifest.executionIntervals[this.#instrument.root];
    this.#tape =
      run.prices.find(
        (tape) => tape.root === this.#instrument.root && tape.interval === interval,
      ) ?? null;
  }

  explain(): Explanation {
    const { contract } = this.#spec;
    const { root, zone, currency } = this.#instrument;
    const fills = this.#fills();
    const ambiguities = this.#index.ambiguities
      .filter((line) => this.#groupId !== null && line.body['groupId'] === this.#groupId)
      .map((line) => ambiguityOf(line, this.#instrument));
    return {
      runId: this.#run.manifest.runId,
      orderId: this.#id,
      contract,
      root,
      zone,
      currency,
      groupId: this.#groupId,
      role: this.#head.role ?? 'single',
      status: this.#last.status,
      reason: this.#last.reason,
      endedBy: this.#endedBy(),
      order: this.#describe(this.#spec, this.#head.role ?? 'single'),
      answer: this.#answer(fills, ambiguities.length > 0),
      life: this.#life(),
      fills,
      group: this.#peers.map((id) => this.#peer(id)),
      ambiguities,
    };
  }

  #price(ticks: number): string {
    return priceText(ticks, this.#instrument);
  }

  #describe(spec: OrderSpec, role: string): string {
    const parts = [
      spec.side > 0 ? 'buy' : 'sell',
      String(spec.qty),
      spec.contract,
      spec.type,
      ...levelsOf(spec, (ticks) => this.#price(ticks)),
      spec.timeInForce ?? 'day',
      ...(spec.reduceOnly === true ? ['reduce-only'] : []),
      ...('postOnly' in spec && spec.postOnly === true ? ['post-only'] : []),
      ...(spec.displayQty === undefined ? [] : [`showing ${spec.displayQty}`]),
      ...(spec.protectionTicks === undefined
        ? []
        : [`protected by ${ticksText(spec.protectionTicks)}`]),
    ];
    const who = role === 'single' ? '' : `${role}: `;
    const tag = spec.tag === undefined || spec.tag === '' ? '' : `, "${spec.tag}"`;
    return `${who}${parts.join(' ')}${tag}`;
  }

  // ---------------------------------------------------------------------------------------------------- fills

  #fills(): ExplainedFill[] {
    let level: OrderLine = this.#head;
    const out: ExplainedFill[] = [];
    for (const line of this.#own) {
      if (line.kind === 'order') level = line.body as unknown as OrderLine;
      if (line.kind === 'fill') out.push(this.#fill(line.body as unknown as FillLine, level));
    }
    return out;
  }

  #fill(fill: FillLine, level: OrderLine): ExplainedFill {
    const { evidence } = fill;
    const bars = this.#barsAround(evidence?.barCloseUs ?? NaN);
    const facts: FillFacts = {
      ...(evidence ?? { rule: '', roundedTicks: 0, slippageTicks: 0 }),
      side: fill.side,
      qty: fill.qty,
      priceTicks: fill.priceTicks,
      orderType: fill.orderType,
      isCertain: evidence?.certain ?? true,
      policy: evidence?.policy ?? '',
      limitTicks: level.limitTicks,
      stopTicks: level.stopTicks,
      isSubBar: evidence?.latencySubbar === true,
    };
    return {
      execId: fill.execId,
      tsUs: fill.tsUs,
      qty: fill.qty,
      price: this.#price(fill.priceTicks),
      priceTicks: fill.priceTicks,
      rule: facts.rule,
      certain: facts.isCertain,
      policy: facts.policy,
      marketUs: evidence?.marketUs ?? null,
      barOpenUs: evidence?.barOpenUs ?? null,
      barCloseUs: evidence?.barCloseUs ?? null,
      bars,
      feeMicros: fill.feeMicros,
      commissionMicros: fill.commissionMicros,
      why: fillSentences(facts, bars.find((bar) => bar.place === 0) ?? null, this.#instrument),
    };
  }

  /** Bars of the same contract; none where the run kept coarser ones. */
  #barsAround(closeUs: number): BarAround[] {
    const tape = this.#tape;
    if (tape === null || Number.isNaN(closeUs)) return [];
    const row = firstAtOrAfter(tape.closeUs, closeUs);
    if (tape.closeUs[row] !== closeUs || contractAt(tape, row) !== this.#spec.contract) return [];
    return [row - 1, row, row + 1]
      .filter((k) => k >= 0 && contractAt(tape, k) === this.#spec.contract)
      .filter((k) => k < tape.closeUs.length)
      .map((k) => ({ closeUs: tape.closeUs[k]!, place: k - row, ...barAt(tape, k) }));
  }

  // ----------------------------------------------------------------------------------------------------- life

  #life(): LifeEvent[] {
    let before = this.#head;
    return this.#own.flatMap((line): LifeEvent[] => {
      if (line.kind === 'liquidation')
        return [
          { tsUs: line.tsUs, event: line.kind, words: 'sent by the account, for a margin call' },
        ];
      if (line.kind === 'forced-flat')
        return [
          { tsUs: line.tsUs, event: line.kind, words: 'sent by the account, before a delivery' },
        ];
      if (line.kind === 'fill') {
        const fill = line.body as unknown as FillLine;
        const fees = money(fill.feeMicros / 1e6, this.#instrument);
        const words = `${fill.side > 0 ? 'bought' : 'sold'} ${fill.qty} at ${this.#price(fill.priceTicks)} (${fill.evidence?.rule ?? 'no rule'}), fees ${fees}`;
        return [{ tsUs: fill.tsUs, event: 'fill', words }];
      }
      const event = line.body as unknown as OrderLine;
      const words = this.#eventWords(event, before);
      before = event;
      return words === null ? [] : [{ tsUs: event.at, event: event.event, words }];
    });
  }

  #eventWords(now: OrderLine, before: OrderLine): string | null {
    const why = now.reason === '' ? '' : `: ${reasonText(now.reason)}`;
    switch (now.event) {
      case 'Submitted':
        return `sent: ${this.#describe(this.#spec, this.#head.role ?? 'single')}`;
      case 'Accepted':
        return now.working === 'held'
          ? 'accepted; held until its entry fills'
          : now.working === 'parked'
            ? 'accepted; waits for the market'
            : `accepted${why}`;
      case 'Released':
        return `released by a fill of its entry${this.#changes(now, before)}`;
      case 'Triggered':
        return `its trigger was reached${this.#changes(now, before)}`;
      case 'Replaced': {
        const changes = this.#changes(now, before);
        return `changed${changes === '' ? '' : changes}${why}`;
      }
      case 'Parked':
        return `parked: it cannot trade now${why}`;
      case 'Unparked':
        return 'at work again';
      case 'ReplaceRequested':
      case 'Fill':
      case 'PartialFill':
        // The answer, and the line of the fill, say it.
        return null;
      case 'CancelRequested':
        return `cancel asked for by ${ASKERS[now.reason] ?? now.reason}`;
      case 'ReplaceRejected':
        return `change refused${why}`;
      case 'CancelRejected':
        return `cancel refused${why}`;
      case 'Denied':
        return `denied before it was sent${why}`;
      case 'Rejected':
        return `rejected by the venue${why}`;
      case 'Canceled':
        return `cancelled${why}`;
      case 'Expired':
        return `expired${why}`;
      case 'Lost':
        return 'nothing is known of it: no answer came';
      case 'Reconciled':
        return `known again: ${now.status}`;
      default:
        return now.event;
    }
  }

  #changes(now: OrderLine, before: OrderLine): string {
    const out: string[] = [];
    const change = (name: string, from: number | null, to: number | null): void => {
      if (to === null || from === to) return;
      out.push(
        from === null
          ? `${name} ${this.#price(to)}`
          : `${name} ${this.#price(from)} to ${this.#price(to)}`,
      );
    };
    change('limit', before.limitTicks, now.limitTicks);
    change('trigger', before.stopTicks, now.stopTicks);
    const [was, is] = [before.cumQty + before.leavesQty, now.cumQty + now.leavesQty];
    if (was !== is && now.leavesQty > 0) out.push(`quantity ${was} to ${is}`);
    return out.length === 0 ? '' : `: ${out.join(', ')}`;
  }

  // --------------------------------------------------------------------------------------------------- answer

  #answer(fills: readonly ExplainedFill[], isAmbiguous: boolean): string[] {
    const { status, reason, cumQty } = this.#last;
    const qty = cumQty + this.#last.leavesQty;
    const ordered = Math.max(qty, this.#spec.qty);
    const out: string[] = [];
    if (fills.length > 0) {
      const average = fills.reduce((sum, fill) => sum + fill.qty * fill.priceTicks, 0) / cumQty;
      const parts = fills.length === 1 ? '' : ` in ${fills.length} fills, on average`;
      out.push(
        `Filled ${cumQty} of ${status === 'Filled' ? cumQty : ordered}${parts} at ${this.#price(average)}.`,
      );
      if (fills.length === 1) out.push(fills[0]!.why[0]!);
    }
    const nothing = cumQty === 0 ? 'Nothing filled' : 'The rest did not fill';
    const asker = status === 'Canceled' ? this.#asker() : null;
    const because =
      asker !== null && (reason === '' || ASKED.has(reason))
        ? ` because ${ASKERS[asker] ?? asker} asked for it${reason === '' ? '' : ` (${reason})`}`
        : reason === ''
          ? ''
          : `: ${reasonText(reason)}`;
    const end = ENDS[status];
    if (end !== undefined)
      out.push(
        cumQty === 0 && end.isSent === false
          ? `${end.words}${because}.`
          : `${nothing}; ${end.words}${because}.`,
      );
    else if (status !== 'Filled')
      out.push(
        this.#index.isEnded
          ? `${nothing}: it still worked when the run ended.`
          : `${nothing}: the journal ends while it worked.`,
      );
    if (status !== 'Filled' && end?.isSent !== false) out.push(...this.#whyNot());
    if (isAmbiguous) out.push('A bar left open what became of its group; see the outcomes below.');
    return out;
  }

  /** Whose request to cancel was the last one, as the journal has it; null where nobody asked. */
  #asker(): string | null {
    const asked = this.#own.filter(
      ({ kind, body }) => kind === 'order' && body['event'] === 'CancelRequested',
    );
    return asked.length === 0 ? null : (asked.at(-1)!.body['reason'] as string);
  }

  #endedBy(): string | null {
    const { status, reason } = this.#last;
    if (status === 'Denied') return reason.startsWith('programme-') ? 'programme' : 'risk';
    if (status === 'Expired') return reason === 'day-end' ? 'session' : 'venue';
    if (status === 'Rejected') return 'venue';
    if (status !== 'Canceled') return null;
    const asker = this.#asker();
    // A cancel that was asked for may come too late: the venue had ended the order by a rule of its own.
    return asker !== null && (reason === '' || ASKED.has(reason)) ? asker || 'strategy' : 'venue';
  }

  /** Why it did not trade while it worked: how near the market came. */
  #whyNot(): string[] {
    const stretches = this.#stretches();
    if (stretches.length === 0) {
      const was = (working: string): boolean =>
        this.#own.some(({ kind, body }) => kind === 'order' && body['working'] === working);
      if (was('held')) return ['It was held until its entry fills, and never worked.'];
      return was('parked') && this.#head.at < this.#last.at
        ? [
            'It waited for the market all that time: no price came after it, or the market was closed.',
          ]
        : [];
    }
    const tape = this.#tape;
    if (tape === null) return [];
    let best = { miss: Infinity, closeUs: NaN, level: NaN, isTrigger: false };
    let bars = 0;
    const barUs = intervalUs(tape.interval as BarInterval);
    for (const { fromUs, toUs, limitTicks, stopTicks, isElected } of stretches) {
      const isTrigger = stopTicks !== null && !isElected;
      const level = isTrigger ? stopTicks : limitTicks;
      if (level === null) continue;
      const isTouch = this.#spec.type.endsWith('if-touched') && isTrigger;
      // Which way the market must go.
      const up = isTrigger && !isTouch ? this.#spec.side : -this.#spec.side;
      for (let k = firstAtOrAfter(tape.closeUs, fromUs + 1); k < tape.closeUs.length; k += 1) {
        const closeUs = tape.closeUs[k]!;
        if (closeUs > toUs) break;
        // A bar that was under way when the order came says nothing of what followed.
        if (closeUs - barUs < fromUs || contractAt(tape, k) !== this.#spec.contract) continue;
        bars += 1;
        const miss = up > 0 ? level - tape.high[k]! : tape.low[k]! - level;
        if (miss < best.miss) best = { miss, closeUs, level, isTrigger };
      }
    }
    if (bars === 0) return ['No bar passed while it worked.'];
    if (best.miss === Infinity) return [];
    const what = `${best.isTrigger ? 'trigger' : 'limit'} ${this.#price(best.level)}`;
    const at = `in the bar that closed at ${this.#local(best.closeUs)}`;
    if (best.miss > 0)
      return [`The market came no nearer to its ${what} than ${ticksText(best.miss)}, ${at}.`];
    const matching = this.#run.manifest.matching?.[this.#instrument.root];
    if (best.miss === 0 && !best.isTrigger)
      return [
        `The market touched its ${what}, ${at}, but did not pass it: ${
          matching === undefined
            ? 'who stood before it in the queue is not known, so a touch does not fill.'
            : 'on ticks a trade there fills it only after those who stood before it in the queue.'
        }`,
      ];
    return [
      `The market reached its ${what}, ${at}; volume, position, its group or the path inside the bar kept it from filling.`,
    ];
  }

  #stretches(): Stretch[] {
    const out: Stretch[] = [];
    let open: OrderLine | null = null;
    const endUs = this.#index.lastUs;
    for (const line of this.#own) {
      if (line.kind !== 'order') continue;
      const now = line.body as unknown as OrderLine;
      if (open !== null && now.at > open.at) out.push(stretchOf(open, now.at));
      const isWorking = now.working === 'live' || now.working === 'triggered';
      open = isWorking ? now : null;
    }
    if (open !== null && endUs > open.at) out.push(stretchOf(open, endUs));
    return out;
  }

  #local(tsUs: number): string {
    return localTime(tsUs, this.#instrument.zone);
  }

  // ---------------------------------------------------------------------------------------------------- group

  #peer(id: string): GroupPeer {
    const events = this.#lines.filter((line) => line.kind === 'order' && idOf(line) === id);
    const head = events[0]!.body as unknown as OrderLine;
    const last = events.at(-1)!.body as unknown as OrderLine;
    const fills = this.#lines
      .filter((line) => line.kind === 'fill' && idOf(line) === id)
      .map((line) => line.body as unknown as FillLine);
    const filled = fills.map((fill) => `${fill.qty} at ${this.#price(fill.priceTicks)}`);
    const end = ENDS[last.status];
    const fate = [
      ...(filled.length === 0 ? [] : [`filled ${filled.join(', ')}`]),
      ...(end === undefined
        ? []
        : [`${end.words}${last.reason === '' ? '' : ` (${last.reason})`}`]),
    ];
    const role = head.role ?? 'single';
    const words = `${this.#describe(head.spec!, role)}; ${fate.length === 0 ? 'still worked' : fate.join(', ')}`;
    return { id, words };
  }
}

const ENDS: Readonly<
  Record<string, { readonly words: string; readonly isSent?: false } | undefined>
> = {
  Denied: { words: 'Denied before it was sent', isSent: false },
  Rejected: { words: 'rejected by the venue' },
  Canceled: { words: 'cancelled' },
  Expired: { words: 'expired' },
};

/** Reasons of a cancel that say no more than that somebody asked for it. */
const ASKED: ReadonlySet<string> = new Set(['requested', 'user']);

/** Who asked for a cancel, by the reason that stands on the request. */
const ASKERS: Readonly<Record<string, string>> = {
  '': 'the strategy',
  roll: 'the engine at a roll',
  account: 'the account (margin call, or before a delivery)',
  programme: 'the programme',
};

function reasonText(reason: string): string {
  const words = reasonWords(reason);
  return words === null ? `\`${reason}\`` : `${words} (${reason})`;
}

function idOf(line: JournalLine): string {
  return (line.body['clOrdId'] ?? line.body['id']) as string;
}

function stretchOf(open: OrderLine, toUs: number): Stretch {
  const { at, limitTicks, stopTicks, working } = open;
  return { fromUs: at, toUs, limitTicks, stopTicks, isElected: working === 'triggered' };
}

function levelsOf(spec: OrderSpec, price: (ticks: number) => string): string[] {
  const out: string[] = [];
  if ('limitTicks' in spec) out.push(price(spec.limitTicks));
  if ('stopTicks' in spec && spec.stopTicks !== undefined)
    out.push(`${'limitTicks' in spec ? 'trigger ' : ''}${price(spec.stopTicks)}`);
  if ('trail' in spec) {
    const { offsetTicks, offsetPpm, activationTicks } = spec.trail;
    if (offsetTicks !== undefined) out.push(`by ${ticksText(offsetTicks)}`);
    if (offsetPpm !== undefined) out.push(`by ${offsetPpm / 10_000} %`);
    if (activationTicks !== undefined) out.push(`from ${price(activationTicks)}`);
  }
  return out;
}

function ambiguityOf(line: JournalLine, about: RunInstrument): ExplainedAmbiguity {
  const body = line.body as unknown as {
    readonly groupId: string;
    readonly contract: string;
    readonly barOpenUs: number;
    readonly barCloseUs: number;
    readonly policy: string;
    readonly chosen: number;
    readonly qty: number;
    readonly alternatives: readonly {
      readonly leg: string | null;
      readonly role: string;
      readonly priceTicks: number;
      readonly pnlDeltaTicks: number;
    }[];
  };
  const { chosen, qty, alternatives, ...rest } = body;
  const deltas = alternatives.map((one) => one.pnlDeltaTicks);
  const stakeTicks = Math.max(0, ...deltas) - Math.min(0, ...deltas);
  return {
    groupId: rest.groupId,
    contract: rest.contract,
    barOpenUs: rest.barOpenUs,
    barCloseUs: rest.barCloseUs,
    policy: rest.policy,
    qty,
    stakeTicks,
    stake: money(stakeTicks * qty * about.tickValue, about),
    alternatives: alternatives.map((one, k) => {
      const what =
        one.leg === null || one.role === 'open'
          ? `nothing more filled, open at ${priceText(one.priceTicks, about)}`
          : `${one.role} ${one.leg} filled at ${priceText(one.priceTicks, about)}`;
      const delta = one.pnlDeltaTicks;
      const worth = money(Math.abs(delta) * qty * about.tickValue, about);
      const words =
        k === chosen
          ? `taken (${policyWords(rest.policy) ?? rest.policy}): ${what}`
          : `possible: ${what}, ${delta === 0 ? 'worth the same' : `${ticksText(Math.abs(delta))} a contract ${delta > 0 ? 'better' : 'worse'} (${worth})`}`;
      return { isChosen: k === chosen, words, pnlDeltaTicks: delta };
    }),
  };
}

function contractAt(tape: PriceTape, row: number): string {
  let name = '';
  for (const { fromBar, contract } of tape.contracts) if (fromBar <= row) name = contract;
  return name;
}

function barAt(tape: PriceTape, row: number): BarPrices {
  return {
    open: tape.open[row]!,
    high: tape.high[row]!,
    low: tape.low[row]!,
    close: tape.close[row]!,
  };
}

/** First row at or after a time. */
function firstAtOrAfter(times: ArrayLike<number>, tsUs: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < tsUs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `2021-03-02 09:35 CST`; smaller parts only where there are any. */
export function localTime(tsUs: number, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  }).formatToParts(new Date(Math.floor(tsUs / 1000)));
  const at = (type: string): string => parts.find((part) => part.type === type)?.value ?? '';
  return `${at('year')}-${at('month')}-${at('day')} ${at('hour')}:${at('minute')}${secondsText(tsUs, at('second'))} ${at('timeZoneName')}`;
}

function secondsText(tsUs: number, seconds: string): string {
  const micros = ((tsUs % 1_000_000) + 1_000_000) % 1_000_000;
  if (micros !== 0) return `:${seconds}.${String(micros).padStart(6, '0').replace(/0{3}$/, '')}`;
  return seconds === '00' ? '' : `:${seconds}`;
}
