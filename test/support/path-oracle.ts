/**
 * The oracle of bar matching: every unit-step path of a bar, by breadth-first search over (price, low so far, high so
 * far, state). Naive on purpose, and apart from the code it judges.
 */
export interface OracleBar {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** Final states of all paths that start at the open, end at the close and have exactly the bar's range. */
export function allPaths<State>(
  bar: OracleBar,
  start: State,
  step: (state: State, price: number) => State,
): Set<string> {
  // States are numbered as they are met, and each step of each state is taken once.
  const texts: string[] = [];
  const numbers = new Map<string, number>();
  const steps = new Map<number, number>();
  const width = bar.high - bar.low + 1;
  const numberOf = (state: State): number => {
    const text = JSON.stringify(state);
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, texts.length);
    return texts.push(text) - 1;
  };
  const after = (state: number, price: number): number => {
    const key = state * width + price - bar.low;
    let next = steps.get(key);
    if (next === undefined) {
      next = numberOf(step(JSON.parse(texts[state]!) as State, price));
      steps.set(key, next);
    }
    return next;
  };
  const finals = new Set<string>();
  const seen = new Set<number>();
  const wave: [number, number, number, number][] = [];
  const push = (price: number, low: number, high: number, state: number): void => {
    const key =
      ((state * width + price - bar.low) * width + low - bar.low) * width + high - bar.low;
    if (seen.has(key)) return;
    seen.add(key);
    wave.push([price, low, high, state]);
    if (price === bar.close && low === bar.low && high === bar.high) finals.add(texts[state]!);
  };
  push(bar.open, bar.open, bar.open, numberOf(step(start, bar.open)));
  for (let i = 0; i < wave.length; i += 1) {
    const [price, low, high, state] = wave[i]!;
    for (const next of [price - 1, price + 1]) {
      if (next < bar.low || next > bar.high) continue;
      push(next, Math.min(low, next), Math.max(high, next), after(state, next));
    }
  }
  return finals;
}

/** All bars with the open at a fixed level and a height of at most `height`. */
export function* allBars(height: number): Generator<OracleBar> {
  for (let range = 0; range <= height; range += 1) {
    for (let open = 0; open <= range; open += 1) {
      for (let close = 0; close <= range; close += 1) yield { open, high: range, low: 0, close };
    }
  }
}
