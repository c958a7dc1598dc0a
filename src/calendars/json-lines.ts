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

/** Parses JSON. Errors: `code` with file and line. */
export function parseJson(text: string, file: string, code: `E_${string}`): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    // Some texts of the runtime name the offset, others the line.
    const offset = /at position (\d+)/.exec(message)?.[1];
    const line = offset === undefined ? lineAt(text, text.length) : lineAt(text, Number(offset));
    throw new TradingError(code, `cannot read ${file} as JSON`, {
      where: `${file}:${line}`,
      details: { file, line },
      rule: 'the file is one JSON object',
      fix: 'correct the file at or before this line',
      cause,
    });
  }
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
