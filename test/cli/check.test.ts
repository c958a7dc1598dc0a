/** `frontmonth check` on strategies that are honest, that look ahead, that draw by chance, and that do nothing. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/core/errors.ts';
import type { SampleCatalog } from '../support/sample-catalog.ts';
import { makeSampleCatalog } from '../support/sample-catalog.ts';
import type { Ran } from './support.ts';
import { runReal } from './support.ts';

let sample: SampleCatalog;
let cwd = '';
const check = (...argv: string[]): Promise<Ran> => runReal(cwd, ['check', ...argv]);

beforeAll(() => {
  sample = makeSampleCatalog({
    products: ['ES'],
    from: '2022-01-03',
    to: '2022-12-30',
    minuteFrom: '2022-12-01',
    intervals: ['1d'],
  });
  cwd = sample.dir;
  mkdirSync(join(cwd, 'lib'));
}, 60_000);
afterAll(() => sample.remove());

/** A strategy file: `top` stands at module level, `onBar` has `bar`, `ctx`, `n` (bars so far) and `buy(qty)`. */
function strategy(name: string, onBar: string, top: string = ''): string {
  const file = `${name}.mjs`;
  writeFileSync(
    join(cwd, file),
    `${top}
export default {
  id: '${name}', version: '1', description: 'a test', params: {}, instruments: ['ES'],
  requires: (_, roots) => ({ series: roots.map((root) => ({ root, bars: '1d', history: 3 })) }),
  create: () => {
    let n = 0;
    return {
      onBar(bar, ctx) {
        n += 1;
        const buy = (qty) => ctx.targetPosition(ctx.contract('ES'), qty);
        ${onBar}
      },
    };
  },
};
`,
  );
  return file;
}
/** Line of the code of \`onBar\` in such a file, and of its first line. */
const LINE = 11;

interface Answer {
  readonly result: {
    readonly lookAhead: { readonly code: string | null; readonly isProof: boolean } | null;
    readonly reaches: readonly { readonly kind: string; readonly where: string }[];
  };
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}
const answerOf = async (file: string): Promise<Answer> =>
  JSON.parse((await check(file, '--json')).out) as Answer;

describe('an honest strategy', () => {
  const file = (): string => strategy('honest', 'buy(n % 10 < 5 ? 1 : 0);');

  it('holds at three cuts, with what was compared', async () => {
    const ran = await check(file());
    expect(ran.code, ran.out + ran.err).toBe(EXIT.ok);
    expect(ran.out).toContain('deterministic (two runs alike); no look-ahead found');
    expect(
      ran.out.match(/^ {2}to 2022-\d\d-\d\d: the first \d+ orders and \d+ fills/gm),
    ).toHaveLength(3);
    expect(ran.out).toContain("1 file read, nothing beside the strategy's context");
  });

  it('runs nothing with --no-probe, and still looks at the source', async () => {
    const ran = await check(file(), '--no-probe');
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.out).toContain('probe: skipped');
    expect(ran.out).toContain('source: 1 file read');
  });
});

describe('a strategy that draws by chance', () => {
  const file = (): string => strategy('dice', 'buy(Math.random() > 0.5 ? 1 : -1);');

  it('is not deterministic: a finding of its own, with its exit and its likely cause', async () => {
    const ran = await check(file());
    expect(ran.code).toBe(EXIT.strategy);
    expect(ran.out).toContain('FAILED, NOT DETERMINISTIC: two runs over the same data differ');
    expect(ran.out).not.toContain('LOOK-AHEAD');
    expect(ran.out).toContain(`Math.random (dice.mjs:${LINE})`);
    expect(ran.out).toMatch(/\d in the first run|Z in the first run/);
    expect(ran.out).not.toMatch(/\d{15}/);
    expect((await answerOf(file())).result.lookAhead!.code).toBe('E_STRATEGY_NOT_DETERMINISTIC');
  });

  it('is the same finding for a state that outlives its run', async () => {
    const ran = await check(
      strategy('module-state', 'total += 1; buy(total % 7);', 'let total = 0;'),
    );
    expect(ran.code).toBe(EXIT.strategy);
    expect(ran.out).toContain('state outside `create` (at module level)');
  });
});

describe('a strategy that knows where the data end', () => {
  it('fails as a look-ahead with exit 1 and dates in its words', async () => {
    // The first two runs are the whole span; from the third on it decides otherwise.
    const file = strategy(
      'ahead',
      'if (n === 1) runs += 1; buy((n % 10 < 5 ? 1 : 0) * (runs > 2 ? -1 : 1));',
      'let runs = 0;',
    );
    const ran = await check(file);
    expect(ran.code).toBe(EXIT.answerIsNo);
    expect(ran.out).toMatch(/FAILED, LOOK-AHEAD: a run to 2022-\d\d-\d\d is not the first part/);
    expect(ran.out).toContain('frontmonth errors E_STRATEGY_LOOK_AHEAD');
  });

  it('is told what close(-1) means, in its own line, once', async () => {
    const ran = await check(strategy('peek', 'ctx.series(bar.key).close(-1);'));
    expect(ran.code).toBe(EXIT.strategy);
    expect(ran.err).toContain('E_SERIES_FUTURE: series ES:1d: bar 1 after the last finished one');
    expect(ran.err.match(new RegExp(`peek\\.mjs:${LINE}`, 'g'))).toHaveLength(1);
    expect(ran.err).toContain('read close(0), close(1) and so on');
    expect(ran.err).not.toContain('history: 0');
  });
});

describe('a strategy that reads beside its context', () => {
  it('is named with every line, through its own modules', async () => {
    writeFileSync(
      join(cwd, 'lib', 'levels.mjs'),
      "import { readFileSync } from 'node:fs';\nexport const level = () => readFileSync('x', 'utf8').length;\n",
    );
    const file = strategy(
      'reads',
      'buy(1);',
      "import { level } from './lib/levels.mjs'; void level;",
    );
    const ran = await check(file);
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.out).toContain('source: 2 files read, REACHES BEYOND ITS CONTEXT');
    expect(ran.out).toContain('warning  lib/levels.mjs:1 node:fs: reads or writes files');
    const { result, warnings } = await answerOf(file);
    expect(result.reaches).toMatchObject([{ kind: 'files', where: 'lib/levels.mjs:1' }]);
    expect(warnings.map((warning) => warning.code)).toContain('strategy-files');
  });
});

describe('a probe that proves nothing', () => {
  it('says so loudly where no order was sent', async () => {
    const ran = await check(strategy('idle', ''));
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.out).toContain('PROVES NOTHING YET, the strategy sent no order');
    expect(ran.out).toContain('--capital');
    expect((await answerOf('idle.mjs')).warnings.map((warning) => warning.code)).toContain(
      'probe-proves-nothing',
    );
  });

  it('names the first denial, and takes the capital that cures it', async () => {
    const file = strategy('poor', 'buy(n % 10 < 5 ? 1 : 0);');
    const ran = await check(file, '--capital', '500');
    expect(ran.out).toMatch(
      /PROVES NOTHING YET, all \d+ orders were denied, the first at 2022-01-\d\dT/,
    );
    expect(ran.out).toContain('with the reason margin');
    expect(ran.out).toContain('now 500 USD');
    expect((await check(file, '--capital', '1000000')).out).toContain('no look-ahead found');
  });
});
