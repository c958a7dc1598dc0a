/** Lines of values in a JSON text, so that an error about a value can say where it stands. */
import { TradingError } from '../core/errors.ts';

export type JsonPath = readonly (string | number)[];

/** `groups[0].regimes[1].from` as its steps. */
export function parsePath(text: string): JsonPath {
  return [...text.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map(([, key, row]) =>
    key === undefined ? Number(row) : key,
  );
}

/** `groups[0].regimes[1].from`. */
export function formatPath(path: JsonPath): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');
}

/**
 * Line, from 1, on which the value at a path begins; of the deepest value on the way where the path goes further than the
 * text. The text is JSON that `JSON.parse` takes.
 */
export function lineOfPath(text: string, path: JsonPath): number {
  let at = skipSpace(text, 0);
  for (const step of path) {
    const next = text[at] === '{' ? memberOf(text, at, step) : elementOf(text, at, step);
    if (next === null) break;
    at = next;
  }
  return lineAt(text, at);
}

/** A text without the byte order mark that some editors put first. */
export function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** Parses JSON; a key that stands twice in one object is refused. Errors: `code` with file and line. */
export function parseJson(text: string, file: string, code: `E_${string}`): unknown {
  try {
    const value = JSON.parse(text) as unknown;
    const again = duplicateKey(text);
    if (again === null) return value;
    const line = lineAt(text, again.at);
    throw new TradingError(code, `${file}:${line}: the key "${again.key}" stands twice`, {
      where: `${file}:${line}`,
      details: { file, line, key: again.key },
      rule: 'a key stands once in an object',
      fix: 'remove one of the two, or join them',
    });
  } catch (cause) {
    if (cause instanceof TradingError) throw cause;
    const line = lineAt(text, faultOf(text));
    throw new TradingError(code, `cannot read ${file} as JSON`, {
      where: `${file}:${line}`,
      details: { file, line },
      rule: 'the file is one JSON object',
      fix: 'correct the file at or before this line',
      cause,
    });
  }
}

/** Where a text stops being JSON: the end of the longest beginning that can be continued. */
function faultOf(text: string): number {
  let at = 0;
  /** What is open: an object, or an array. */
  const open: ('{' | '[')[] = [];
  let wants: 'value' | 'value or end' | 'key' | 'key or end' | 'next' = 'value';
  for (;;) {
    at = skipSpace(text, at);
    const letter = text[at];
    if (letter === undefined) return at;
    if (wants === 'next') {
      const inside = open.at(-1);
      if (letter === ',' && inside !== undefined) wants = inside === '{' ? 'key' : 'value';
      else if (letter === (inside === '{' ? '}' : ']') && inside !== undefined) open.pop();
      else return at;
      at += 1;
      continue;
    }
    if (
      (wants === 'key or end' && letter === '}') ||
      (wants === 'value or end' && letter === ']')
    ) {
      open.pop();
      wants = 'next';
      at += 1;
      continue;
    }
    const isKey = wants === 'key' || wants === 'key or end';
    if (!isKey && (letter === '{' || letter === '[')) {
      open.push(letter);
      wants = letter === '{' ? 'key or end' : 'value or end';
      at += 1;
      continue;
    }
    const scalar = (isKey ? STRING : SCALAR).exec(text.slice(at))?.[0];
    if (scalar === undefined) return at;
    at += scalar.length;
    if (isKey) {
      at = skipSpace(text, at);
      if (text[at] !== ':') return at;
      at += 1;
      wants = 'value';
    } else wants = 'next';
  }
}

const STRING = /^"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/;
const SCALAR = new RegExp(
  `${STRING.source}|^-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?(?![\\w.])|^(?:true|false|null)(?!\\w)`,
);

/** A key that stands twice in one object of a valid text; the parser of the runtime would take the last. */
function duplicateKey(text: string): { readonly key: string; readonly at: number } | null {
  const keys: (Set<string> | null)[] = [];
  let at = 0;
  while (at < text.length) {
    const letter = text[at]!;
    if (letter === '{') keys.push(new Set());
    else if (letter === '[') keys.push(null);
    else if (letter === '}' || letter === ']') keys.pop();
    if (letter !== '"') {
      at += 1;
      continue;
    }
    const end = endOfString(text, at);
    const known = keys.at(-1);
    if (known !== null && known !== undefined && text[skipSpace(text, end)] === ':') {
      const key = JSON.parse(text.slice(at, end)) as string;
      if (known.has(key)) return { key, at };
      known.add(key);
    }
    at = end;
  }
  return null;
}

function lineAt(text: string, at: number): number {
  let line = 1;
  for (let i = 0; i < at && i < text.length; i += 1) if (text[i] === '\n') line += 1;
  return line;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\r\n'.includes(text[at]!)) at += 1;
  return at;
}

/** Start of the value of a member; null when there is none. */
function memberOf(text: string, open: number, key: string | number): number | null {
  let at = skipSpace(text, open + 1);
  while (text[at] === '"') {
    const end = endOfString(text, at);
    const name = JSON.parse(text.slice(at, end)) as string;
    const value = skipSpace(text, skipSpace(text, end) + 1);
    if (name === String(key)) return value;
    at = skipSpace(text, skipSpace(text, endOfValue(text, value)) + 1);
  }
  return null;
}

/** Start of an element of an array; null when it is shorter, or no array. */
function elementOf(text: string, open: number, step: string | number): number | null {
  if (text[open] !== '[') return null;
  let at = skipSpace(text, open + 1);
  for (let row = 0; text[at] !== ']'; row += 1) {
    if (String(row) === String(step)) return at;
    const end = skipSpace(text, endOfValue(text, at));
    if (text[end] !== ',') return null;
    at = skipSpace(text, end + 1);
  }
  return null;
}

function endOfString(text: string, open: number): number {
  let at = open + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfValue(text: string, start: number): number {
  if (text[start] === '"') return endOfString(text, start);
  let depth = 0;
  let at = start;
  for (; at < text.length; at += 1) {
    const letter = text[at]!;
    if (letter === '"') at = endOfString(text, at) - 1;
    else if (letter === '{' || letter === '[') depth += 1;
    else if (letter === '}' || letter === ']') {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (letter === ',' && depth === 0) return at;
  }
  return at;
}
