/** Requests over HTTP behind a port, so that tests and a simulation can put another transport there. */

export interface HttpRequest {
  readonly method: 'POST' | 'GET';
  /** Below the base address, such as `/api/Order/place`. */
  readonly path: string;
  /** JSON text; empty for none. */
  readonly body: string;
  /** Sent as a bearer; null before the login. */
  readonly token: string | null;
  /** Aborted when the time is up: whatever comes later is dropped. */
  readonly signal: AbortSignal;
}
export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}
/** Resolves for every answer, whatever its status. Errors: `HttpFailure`. */
export interface HttpPort {
  send(request: HttpRequest): Promise<HttpAnswer>;
}

/** No answer. `isSent` false: it surely never left, such as after a refused connection. */
export class HttpFailure extends Error {
  readonly isSent: boolean;

  constructor(message: string, isSent: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'HttpFailure';
    this.isSent = isSent;
  }
}

/** Answers longer than this are cut off: 20,000 bars are a tenth of it. */
export const ANSWER_BYTES_MAX = 32_000_000;
/** Failures of the system before a connection stood. */
const NEVER_LEFT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** The platform's own client. */
export function fetchPort(base: string): HttpPort {
  return {
    async send(request) {
      const headers: Record<string, string> = { accept: 'application/json' };
      if (request.body !== '') headers['content-type'] = 'application/json';
      if (request.token !== null) headers['authorization'] = `Bearer ${request.token}`;
      let response: Response;
      try {
        response = await fetch(base + request.path, {
          method: request.method,
          headers,
          signal: request.signal,
          // A token must not follow to another address.
          redirect: 'manual',
          ...(request.body === '' ? {} : { body: request.body }),
        });
      } catch (error) {
        const code = systemCodeOf(error);
        throw new HttpFailure(code || wordsOf(error), !NEVER_LEFT.has(code));
      }
      const text = await readText(response);
      return { status: response.status, headers: Object.fromEntries(response.headers), text };
    },
  };
}

async function readText(response: Response): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  let [text, bytes] = ['', 0];
  try {
    for await (const piece of response.body as AsyncIterable<Uint8Array>) {
      bytes += piece.byteLength;
      if (bytes > ANSWER_BYTES_MAX) throw new HttpFailure('the answer is too long', true);
      text += decoder.decode(piece, { stream: true });
    }
  } catch (error) {
    if (error instanceof HttpFailure) throw error;
    throw new HttpFailure(systemCodeOf(error) || 'the answer was cut off', true);
  }
  return text + decoder.decode();
}

/** The innermost words: those outside say only that it failed. */
function wordsOf(error: unknown): string {
  let words = 'the request failed';
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1)
    words = at.message;
  return words;
}

/** `ECONNREFUSED` and the like, which the platform hides behind one or more causes. */
function systemCodeOf(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    if (at instanceof AggregateError && at.errors[0] instanceof Error) {
      const [first] = at.errors as Error[];
      if (first !== undefined && 'code' in first) return String(first.code);
    }
  }
  return '';
}
