import { describe, expect, it } from 'vitest';
import { didYouMean, editDistance, suggest } from '../../src/core/suggest.ts';

describe('suggestions', () => {
  it('are within two edits, a swap counting one', () => {
    expect(editDistance('lenght', 'length')).toBe(1);
    expect(editDistance('', 'abc')).toBe(3);
    expect(suggest('bactest', ['backtest', 'check'])).toBe('backtest');
    expect(suggest('bkts', ['backtest'])).toBeNull();
  });
  it('take a short word for another one after two edits', () => {
    expect(suggest('EZ', ['6Z', 'CL'])).toBe('6Z');
    expect(suggest('EZ', ['NQ', 'CL'])).toBeNull();
  });
  it('fall back to another sentence', () => {
    expect(didYouMean('smaple', ['sample'], 'list them')).toBe('did you mean `sample`?');
    expect(didYouMean('elsewhere', ['sample'], 'list them')).toBe('list them');
  });
});
