/** Keeps secrets out of everything that is written or shown. */

const HIDDEN = '[hidden]';
/** Names of fields whose values are secrets, compared without case, dashes and underscores. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'apikey',
  'accesstoken',
  'authorization',
  'cookie',
  'deviceid',
  'key',
  'newtoken',
  'password',
  'secret',
  'setcookie',
  'token',
  'verifykey',
]);
/** Bearer headers, tokens in addresses, and anything that has the shape of a signed token. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\b(bearer\s+)[^\s"',;]+/gi, `$1${HIDDEN}`],
  [/([?&](?:access_token|token|api_?key|password|secret)=)[^&\s"'#]+/gi, `$1${HIDDEN}`],
  [/\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?/g, HIDDEN],
  [
    /("(?:apiKey|api_key|token|newToken|password|verifyKey|deviceId|access_token|authorization|secret)"\s*:\s*")(?:[^"\\]|\\.)*"/gi,
    `$1${HIDDEN}"`,
  ],
];

/** @param known secrets that must not appear whatever the text around them is; those shorter than 4 letters are left alone */
export function redactText(text: string, known: readonly string[] = []): string {
  let out = text;
  for (const secret of known) if (secret.length >= 4) out = out.replaceAll(secret, HIDDEN);
  for (const [pattern, replacement] of PATTERNS) out = out.replace(pattern, replacement);
  return out;
}

/** A copy of plain data without secrets: fields by name, texts by content. Deep and bounded; cycles are cut. */
export function redact(value: unknown, known: readonly string[] = [], depth = 0): unknown {
  if (typeof value === 'string') return redactText(value, known);
  if (value === null || typeof value !== 'object') return value;
  if (depth >= 32) return HIDDEN;
  if (Array.isArray(value)) return value.map((item) => redact(item, known, depth + 1));
  const out: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    const isSecret = SECRET_NAMES.has(name.toLowerCase().replace(/[-_]/g, ''));
    Object.defineProperty(out, name, {
      value: isSecret && item !== null ? HIDDEN : redact(item, known, depth + 1),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return out;
}
