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

/** The known words that are nearest to a word, nearest first; those that share a part of it come before the others. */
export function nearestWords(word: string, known: readonly string[], count: number = 3): string[] {
  const asked = word.toLowerCase();
  const parts = asked.split(/[^a-z0-9]+/).filter((part) => part.length > 2);
  const ranked = known.map((name) => {
    const shared = parts.filter((part) => name.toLowerCase().includes(part)).length;
    return { name, shared, distance: editDistance(asked, name.toLowerCase()) };
  });
  ranked.sort((a, b) => b.shared - a.shared || a.distance - b.distance);
  return ranked.slice(0, count).map(({ name }) => name);
}

/** `did you mean \`x\`?`, or the nearest few of many known words and where all of them are listed. */
export function didYouMeanOneOf(word: string, known: readonly string[], listed: string): string {
  const found = suggest(word, known);
  if (found !== null) return `did you mean \`${found}\`?`;
  const near = nearestWords(word, known);
  return near.length === 0 ? listed : `did you mean one of ${near.join(', ')}? ${listed}`;
}
