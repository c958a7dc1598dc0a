/** One suggestion for a misspelt word, never an automatic correction. */

/** Damerau-Levenshtein distance (adjacent swaps count one). */
export function editDistance(a: string, b: string): number {
  const width = b.length + 1;
  const cost = new Int32Array((a.length + 1) * width);
  for (let i = 0; i <= a.length; i += 1) cost[i * width] = i;
  for (let j = 0; j <= b.length; j += 1) cost[j] = j;
  for (let i = 1; i <= a.length; i += 1) {
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(
        cost[(i - 1) * width + j]! + 1,
        cost[i * width + j - 1]! + 1,
        cost[(i - 1) * width + j - 1]! + same,
      );
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) best = Math.min(best, cost[(i - 2) * width + j - 2]! + 1);
      cost[i * width + j] = best;
    }
  }
  return cost[a.length * width + b.length]!;
}

/** The nearest known word within two edits, ignoring case; null when none is near or the word is too short to tell. */
export function suggest(word: string, known: readonly string[]): string | null {
  const asked = word.toLowerCase();
  let best: string | null = null;
  // Two edits of a short word are another word.
  let bestDistance = (asked.length <= 3 ? 1 : 2) + 1;
  for (const candidate of known) {
    const distance = editDistance(asked, candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** `did you mean \`x\`?`, or the fallback text. */
export function didYouMean(word: string, known: readonly string[], otherwise: string): string {
  const found = suggest(word, known);
  return found === null ? otherwise : `did you mean \`${found}\`?`;
}
