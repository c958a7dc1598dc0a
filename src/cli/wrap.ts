/** Text broken to a width. */

/**
 * Lines of at most `width` characters, broken at spaces; a word longer than a line is broken inside. Lines after the first
 * begin with `indent` spaces, which count.
 */
export function wrap(text: string, width: number, indent = 0): string[] {
  const lines: string[] = [];
  const margin = ' '.repeat(indent);
  let rest = text;
  while (rest.length > width) {
    const start = lines.length === 0 ? /^ */.exec(rest)![0].length : indent;
    const space = rest.lastIndexOf(' ', width);
    const end = rest.indexOf(' ', space + 1);
    const isLong = (end < 0 ? rest.length : end) - space - 1 > width - indent;
    // A word that no line can hold begins where there is room.
    const isBroken = space <= start || (isLong && space < width - 1);
    const at = isBroken ? Math.max(width, start + 1) : space;
    lines.push(rest.slice(0, at).trimEnd());
    rest = margin + rest.slice(at).trimStart();
  }
  lines.push(rest);
  return lines;
}

/** `name  value` lines under each other; values that are too long go on under themselves. */
export function fieldLines(
  fields: readonly (readonly [name: string, value: string])[],
  width: number,
): string[] {
  const left = Math.max(...fields.map(([name]) => name.length)) + 4;
  return fields.flatMap(([name, value]) =>
    wrap(`  ${name}`.padEnd(left) + value, width, left).map((line) => line.trimEnd()),
  );
}

/** A command line over several lines, joined by the shell's backslash. */
export function wrapCommand(command: string, width: number, indent: number): string[] {
  const margin = ' '.repeat(indent);
  const lines = wrap(margin + command, width - 2, indent + 2);
  return lines.map((line, i) => (i < lines.length - 1 ? `${line} \\` : line));
}
