/**
 * Every rule that a venue can put into the evidence of a fill, and every reason of a denial, reject, cancel, expiry or change,
 * has words. The names are read from the sources, so that a new one without words fails here.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fillRuleReference } from '../../../scripts/fill-rule-pages.ts';
import {
  FILL_FLAGS,
  FILL_POLICIES,
  FILL_RULES,
  REASON_CODES,
} from '../../../src/research/explain/words.ts';
import { PATH_POLICIES } from '../../../src/sim/bar-policies.ts';

const SRC = fileURLToPath(new URL('../../../src', import.meta.url));
/** Gateways speak the words of their wire: what they tell of an order reaches us through an adapter. */
const VENUES = ['sim', 'core/groups'].flatMap((folder) =>
  readdirSync(join(SRC, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/^(?:simulation|gateways)/.test(name))
    .map((name) => join(folder, name)),
);
const DESKS = [
  'engine/risk.ts',
  'engine/risk/opening-limits.ts',
  'engine/order-desk.ts',
  'engine/order-manager.ts',
  'core/programme/evaluator.ts',
  'core/programme/guard.ts',
];

/** The code alone: without comments, imports, and types, whose words are vocabulary and no reports. */
function codeOf(file: string): string {
  return readFileSync(join(SRC, file), 'utf8')
    .replaceAll(/\/\*[^]*?\*\//g, '')
    .replaceAll(/\/\/.*$/gm, '')
    .replaceAll(/^import [^;]*;/gm, '')
    .replaceAll(/from '[^']*'/g, '');
}

/**
 * Words with a dash that are types, times in force, options, phases, parts of names that a template puts together, and rules of a
 * programme that end in journal lines of their own: nothing that is told of an order.
 */
const VOCABULARY = new Set(
  `
    market-to-limit stop-limit market-if-touched limit-if-touched trailing-stop trailing-stop-limit
    bid-ask bid-ask-touched multi-target equity-index at-open at-close next-open close-direction quote-bars pre-open
    pre-open-no-cancel post-close pro-rata no-liquidity frontmonth-market cancel-resting
    cancel-aggressor cancel-both cancel-parent reset-on-change replenish-on-increase oco-overfill
    unprotected-remainder stop-or-open limit-or-open flat-by floor-locked floor-raised maximum-loss
    daily-loss profit-target end-of-day real-time day-start trailing-end-of-day trailing-intraday
    block-day round-turns entries-and-exits after-end beyond-quantity
  `.split(/\s+/),
);
const KNOWN = new Set([
  ...[...FILL_RULES, ...REASON_CODES].map(([name]) => name),
  ...Object.keys(FILL_FLAGS),
]);

describe('the words of fills and reasons', () => {
  it('cover every word with a dash that a venue or the risk gate could tell', () => {
    const without = [...VENUES, ...DESKS].flatMap((file) =>
      [...codeOf(file).matchAll(/'([a-z]+(?:-[a-z0-9]+)+)'/g)]
        .map(([, word]) => word!)
        .filter((word) => !KNOWN.has(word) && !VOCABULARY.has(word))
        .map((word) => `${file}: ${word}`),
    );
    expect([...new Set(without)]).toEqual([]);
  });

  it('cover every word, with a dash or without, in a call that ends, refuses or fills an order', () => {
    const CALL =
      /(?:#?(?:end|finish|tell|tellNone|reject|refuse|endWaiting|fill|note|cancelLeg|reportMissing)|applyDenial)\(([^;]*?)\);/gi;
    // Moments, working states, keys of records, kinds of messages.
    const OTHERS = new Set(
      `
    open close arrival user front never mbo fok held parked change what arrive queue kind ambiguity
    issue closed passed single market adopted
  `.split(/\s+/),
    );
    const found = [...VENUES, ...DESKS].flatMap((file) =>
      [...codeOf(file).matchAll(CALL)].flatMap(([, args]) =>
        [...args!.matchAll(/'([a-z][a-z-]*)'/g)].map(([, word]) => ({ file, word: word! })),
      ),
    );
    const words = new Set(found.map(({ word }) => word));
    // The reading itself works: it sees names of each kind of venue.
    for (const one of [
      'limit-jump',
      'trade-at',
      'gtd',
      'oco-peer',
      'self-trade',
      'lean-limit-passed',
    ])
      expect(words).toContain(one);
    const without = found
      .filter(({ word }) => !KNOWN.has(word) && !VOCABULARY.has(word) && !OTHERS.has(word))
      .map(({ file, word }) => `${file}: ${word}`);
    expect([...new Set(without)]).toEqual([]);
  });

  it('cover what functions of problems return', () => {
    const files = [...VENUES, ...DESKS].filter((file) =>
      /requests|rules|risk|evaluator|guard|contract-market|bar-exchange|imitation/.test(file),
    );
    const without = files.flatMap((file) =>
      [
        ...codeOf(file).matchAll(/[Pp]roblem\([^)]*\)[^{]*: string \| null \{([^]*?)\n {0,2}\}/g),
      ].flatMap(([, body]) =>
        [...body!.matchAll(/return (?:[^;']*\? )?'([a-z][a-z-]*)'/g)]
          .map(([, word]) => word!)
          .filter((word) => !KNOWN.has(word) && word !== 'day')
          .map((word) => `${file}: ${word}`),
      ),
    );
    expect(without).toEqual([]);
  });

  it('cover the reasons that the risk gate lists as its type', () => {
    const reasons = ['risk.ts', 'risk/opening-limits.ts'].flatMap((file) => {
      const text = readFileSync(join(SRC, 'engine', file), 'utf8');
      const type = /export type (?:Denial|Opening)[A-Za-z]+ =([^;]*);/.exec(text)!;
      return [...type[1]!.matchAll(/'([a-z-]+)'/g)].map(([, word]) => word!);
    });
    expect(reasons.length).toBeGreaterThan(20);
    expect(reasons.filter((word) => !KNOWN.has(word))).toEqual([]);
  });

  it('cover the rules by which a bar fills on its path', () => {
    const rules = /const PATH_RULES[^=]*= \{([^}]*)\}/.exec(codeOf('sim/bar-exchange.ts'))!;
    const names = [...rules[1]!.matchAll(/'([a-z-]+)'/g)].map(([, word]) => word!);
    expect(names).toContain('touched');
    expect(names.filter((word) => !KNOWN.has(word))).toEqual([]);
  });

  it('cover names that templates make', () => {
    for (const part of ['ioc', 'fok', 'at-open']) expect(KNOWN).toContain(`${part}-unfilled`);
    for (const part of ['next-open', 'stop-or-open', 'limit-or-open'])
      expect(KNOWN).toContain(`backtesting.py-${part}`);
  });

  it('name nothing that no source knows', () => {
    const all = [...VENUES, ...DESKS, 'engine/engine.ts'].map(codeOf).join('\n');
    const templated = /^(ioc|fok|at-open)-unfilled$|^backtesting\.py-/;
    const dead = [...KNOWN].filter((word) => !templated.test(word) && !all.includes(`'${word}'`));
    expect(dead).toEqual([]);
  });

  it('cover the policies of bars and the queue models', () => {
    const models = /type QueueModelName =([^;]*);/.exec(
      readFileSync(join(SRC, 'sim/replay/queue-model.ts'), 'utf8'),
    )!;
    const queues = [...models[1]!.matchAll(/'([a-z]+)'/g)].map(([, word]) => word!);
    for (const policy of [...PATH_POLICIES, ...queues])
      expect(FILL_POLICIES).toHaveProperty(policy);
  });

  it('are sentences for rules, and clauses for reasons', () => {
    for (const [name, , words] of FILL_RULES) expect(words, name).toMatch(/^[A-Z].*\.$/);
    for (const [name, , words] of REASON_CODES) expect(words, name).toMatch(/^[a-z].*[^.]$/);
    const names = FILL_RULES.map(([name]) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('stand on the reference page as they are (npx tsx scripts/gen-docs.ts)', () => {
    const page = new URL('../../../docs/reference/fill-rules.md', import.meta.url);
    expect(readFileSync(page, 'utf8')).toBe(fillRuleReference());
  });
});
