/** The pages of the built-in strategies name every parameter as it is declared. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ParamDef } from '../../src/core/strategy.ts';
import { BUILT_IN_STRATEGIES } from '../../src/strategies/index.ts';
import { REPOSITORY } from '../support/doc-pages.ts';

const HEADER = '| Parameter | Default | Range | Unit | Meaning |';

function rangeOf(def: ParamDef): string {
  switch (def.kind) {
    case 'int':
    case 'number':
      return `${def.min} to ${def.max}`;
    case 'choice':
      return def.choices.join(', ');
    case 'boolean':
      return 'true, false';
    case 'time':
      return 'HH:MM';
  }
}

const squeeze = (line: string): string => line.replaceAll(/ +/g, ' ').trim();

describe('the page of a built-in strategy', () => {
  it.each(['limit-reversion', 'vwap-pullback'])('%s lists its parameters', (id) => {
    const page = join(REPOSITORY, 'docs/strategies', `${id}.md`);
    expect(existsSync(page)).toBe(true);
    const lines = readFileSync(page, 'utf8').split('\n').map(squeeze);
    const at = lines.indexOf(HEADER);
    expect(at).toBeGreaterThan(0);
    const rows = lines.slice(at + 2, lines.indexOf('', at));
    const wanted = Object.entries(BUILT_IN_STRATEGIES[id]!.params).map(([name, def]) =>
      squeeze(
        `| \`${name}\` | ${String(def.default)} | ${rangeOf(def)} | ${def.unit ?? ''} | ${def.description} |`,
      ),
    );
    expect(rows).toEqual(wanted);
  });
});
