/**
 * One request to the gateway: token, limit, time-out, answer. A failure says whether it may be asked again: `safe` when
 * nothing was carried out, `after-reconcile` when that is not known.
 */
import type { Retry } from '../../core/errors.ts';
import { TradingError } from '../../core/errors.ts';
import type { Scheduler } from '../../core/live.ts';
import type { TsUs } from '../../core/units.ts';
import type { Uniform } from '../shared/backoff.ts';
import { backoffUs } from '../shared/backoff.ts';
import type { Urgency } from '../shared/rate-limit.ts';
import { RateBucket } from '../shared/rate-limit.ts';
import { redactText } from '../shared/redact.ts';
import { pause, within } from '../shared/wait.ts';
import { errorNameOf } from './codes.ts';
import type { ProjectXConfig } from './config.ts';
import type { Row } from './decode.ts';
import { asRow, decodeError, flagOf, textOrEmpty } from './decode.ts';
import type { HttpAnswer, HttpPort } from './http.ts';
import { HttpFailure } from './http.ts';
import { parseJson } from './messages.ts';

/** The venue answered and refused. */
export class VenueRefusal extends TradingError {
  /** `Order/place` */
  readonly endpoint: string;
  /** Number of the venue's table for this endpoint; the HTTP status where the answer had none. */
  readonly errorCode: number;
  /** `OrderRejected` */
  readonly errorName: string;
  /** The venue's own words; empty where it gave none. */
  readonly venueText: string;
  /** Of `Order/place`: a rejected order exists all the same. */
  readonly orderId: number | null;

  constructor(
    endpoint: string,
    errorCode: number,
    errorName: string,
    venueText: string,
    orderId: number | null = null,
  ) {
    const words = venueText === '' ? errorName : `${errorName}: ${venueText}`;
    super(
      endpoint.startsWith('Auth/') ? 'E_VENUE_AUTH' : 'E_VENUE_REQUEST',
      `${endpoint} was refused: ${words}`,
      {
        details: { endpoint, errorCode, errorName, venueText, orderId },
      },
    );
    this.endpoint = endpoint;
    this.errorCode = errorCode;
    this.errorName = errorName;
    this.venueText = venueText;
    this.orderId = orderId;
  }
}

export interface CallOptions {
  readonly urgency: Urgency;
  /** Repeating it changes nothing: after a failure of the line it is sent again by itself. */
  readonly isRead: boolean;
  readonly needsToken?: boolean;
}

/** How long a request may wait for its turn, by urgency: an order that is late is another order. */
const PATIENCE_US: readonly [number, number, number] = [60e6, 5e6, 60e6];
const READ_REPEATS_MAX = 2;
const REPEAT: { readonly firstUs: number; readonly maxUs: number } = {
  firstUs: 250_000,
  maxUs: 4e6,
};
const RATE_REPEATS_MAX = 5;

/** What the requests need from the keeper of the token. */
export interface TokenSource {
  token(): Promise<string>;
  /** It was refused: the next call of `token` gets another one. */
  refuse(token: string): void;
}

export class RestLine {
  readonly #config: ProjectXConfig;
  readonly #port: HttpPort;
  readonly #scheduler: Scheduler;
  readonly #uniform: Uniform;
  readonly #bars: RateBucket;
  readonly #others: RateBucket;
  #tokens: TokenSource | null = null;
  /** Venue's clock less ours, from the `Date` of its answers, which is in whole seconds; null before the first. */
  #clockSkewUs: number | null = null;

  constructor(config: ProjectXConfig, port: HttpPort, scheduler: Scheduler, uniform: Uniform) {
    this.#config = config;
    this.#port = port;
    this.#scheduler = scheduler;
    this.#uniform = uniform;
    const minute = config.requestsPerMinute;
    this.#bars = new RateBucket(
      { name: 'bars', limit: config.barRequestsPer30S, windowUs: 30e6, reserved: 0 },
      scheduler,
    );
    // A twentieth is left for cancels and orders however much is read.
    this.#others = new RateBucket(
      { name: 'requests', limit: minute, windowUs: 60e6, reserved: Math.floor(minute / 20) },
      scheduler,
    );
  }

  /** Told after every answer, or its lack, when it differs from the last. */
  onReach: ((isReached: boolean, reason: string) => void) | null = null;
  #isReached: boolean | null = null;

  #reach(isReached: boolean, reason: string): void {
    if (this.#isReached === isReached) return;
    this.#isReached = isReached;
    this.onReach?.(isReached, reason);
  }

  useTokens(tokens: TokenSource): void {
    this.#tokens = tokens;
  }

  /** How far the venue's clock is before ours, in µs; null before the first answer with a date. */
  get clockSkewUs(): number | null {
    return this.#clockSkewUs;
  }

  /** Places of the limits that are taken now. */
  get usage(): { readonly requests: number; readonly bars: number } {
    return { requests: this.#others.used, bars: this.#bars.used };
  }

  close(): void {
    this.#bars.close();
    this.#others.close();
  }

  /**
   * Asks an endpoint such as `Order/place` and returns the whole answer of a success.
   * Errors: E_VENUE_REQUEST and E_VENUE_AUTH when the venue refused, E_VENUE_TIMEOUT when it is not known what came of it,
   * E_VENUE_CONNECT when nothing was sent, E_VENUE_RATE, E_VENUE_DECODE.
   */
  async call(
    endpoint: string,
    body: Readonly<Record<string, unknown>> | null,
    options: CallOptions,
  ): Promise<Row> {
    const answer = await this.#answerOf('POST', endpoint, body, options);
    try {
      return readEnvelope(endpoint, answer);
    } catch (error) {
      // An answer that cannot be read says nothing about what was done.
      if (error instanceof TradingError && error.code === 'E_VENUE_DECODE' && !options.isRead)
        throw unclear(endpoint, error.message, error);
      throw error;
    }
  }

  /** `pong` of the only request without a body. */
  async ping(): Promise<void> {
    const answer = await this.#answerOf('GET', 'Status/ping', null, {
      urgency: 2,
      isRead: true,
      needsToken: false,
    });
    if (!/pong/i.test(answer.text))
      throw decodeError('Status/ping', answer.text, 'the answer is pong');
  }

  async #answerOf(
    method: 'POST' | 'GET',
    endpoint: string,
    body: Readonly<Record<string, unknown>> | null,
    options: CallOptions,
  ): Promise<HttpAnswer> {
    const bucket = endpoint === 'History/retrieveBars' ? this.#bars : this.#others;
    const text = body === null ? '' : JSON.stringify(body);
    let [refusals, cuts, rates] = [0, 0, 0];
    for (;;) {
      const token = options.needsToken === false ? null : await this.#requireTokens().token();
      const answer = await bucket
        .take(options.urgency, PATIENCE_US[options.urgency], () =>
          this.#send(method, endpoint, text, token, options),
        )
        .catch((error: unknown) => {
          const isCut = error instanceof TradingError && /_(TIMEOUT|CONNECT)$/.test(error.code);
          if (!isCut || !options.isRead || cuts >= READ_REPEATS_MAX) throw error;
          return null;
        });
      if (answer === null || (answer.status >= 500 && options.isRead && cuts < READ_REPEATS_MAX)) {
        await pause(this.#scheduler, backoffUs(cuts, this.#uniform(), REPEAT));
        cuts += 1;
        continue;
      }
      if (answer.status === 401 && token !== null && refusals === 0) {
        // Nothing was carried out: it may be sent again, once.
        refusals += 1;
        this.#requireTokens().refuse(token);
        continue;
      }
      if (answer.status === 429) {
        bucket.block(
          retryAfterUs(answer, this.#scheduler.nowUs()) ??
            backoffUs(rates, this.#uniform(), { firstUs: 1e6, maxUs: bucket.options.windowUs }),
        );
        rates += 1;
        if (rates <= RATE_REPEATS_MAX) continue;
      }
      if (answer.status >= 500 || answer.status === 408)
        // Time-outs of a proxy, and failures of the server, may come after the work was done.
        throw this.#noAnswer(endpoint, `HTTP ${answer.status}`, options, true);
      checkStatus(endpoint, answer, token !== null);
      return answer;
    }
  }

  #requireTokens(): TokenSource {
    if (this.#tokens === null) throw new TradingError('E_VENUE_AUTH', 'no login was prepared');
    return this.#tokens;
  }

  async #send(
    method: 'POST' | 'GET',
    endpoint: string,
    body: string,
    token: string | null,
    options: CallOptions,
  ): Promise<HttpAnswer> {
    const abort = new AbortController();
    const limitUs = this.#config.requestTimeoutUs;
    const late = (): TradingError => {
      abort.abort();
      return this.#noAnswer(endpoint, `no answer within ${limitUs / 1e6} s`, options, true);
    };
    const sentUs = this.#scheduler.nowUs();
    try {
      const answer = await within(
        this.#scheduler,
        limitUs,
        this.#port.send({ method, path: `/api/${endpoint}`, body, token, signal: abort.signal }),
        late,
      );
      this.#noteClock(answer, sentUs);
      this.#reach(answer.status < 500, `HTTP ${answer.status}`);
      return answer;
    } catch (error) {
      this.#reach(false, error instanceof Error ? redactText(error.message) : 'no answer');
      if (error instanceof TradingError) throw error;
      const isSent = error instanceof HttpFailure ? error.isSent : true;
      const words = redactText(error instanceof Error ? error.message : String(error));
      throw this.#noAnswer(endpoint, words, options, isSent);
    }
  }

  /** What is only read may be asked again; the rest may not, unless it never left. */
  #noAnswer(endpoint: string, words: string, options: CallOptions, isSent: boolean): TradingError {
    if (isSent && !options.isRead) return unclear(endpoint, words);
    const address = this.#config.addresses.rest;
    return new TradingError('E_VENUE_CONNECT', `${address} did not answer ${endpoint}: ${words}`, {
      details: { endpoint, address, failure: words },
      fix: 'check the address and the network',
      retry: 'safe',
    });
  }

  #noteClock(answer: HttpAnswer, sentUs: TsUs): void {
    const dateUs = Date.parse(answer.headers['date'] ?? '') * 1000;
    if (Number.isNaN(dateUs)) return;
    // The date was written between sending and now, and was cut to a second.
    const nowUs = this.#scheduler.nowUs();
    const [least, most] = [dateUs - nowUs, dateUs + 1e6 - sentUs];
    this.#clockSkewUs = least > 0 ? least : most < 0 ? most : 0;
  }
}

/** It may have been carried out. */
export function unclear(endpoint: string, words: string, cause?: unknown): TradingError {
  return new TradingError(
    'E_VENUE_TIMEOUT',
    `${endpoint}: ${words}; it may have been carried out`,
    {
      details: { endpoint, failure: words },
      rule: 'a request without an answer is looked up before it is repeated',
      fix: 'look for the order by its tag',
      retry: 'after-reconcile',
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/** Seconds or a date; null without the header, or with one that says nothing. */
function retryAfterUs(answer: HttpAnswer, nowUs: TsUs): number | null {
  const text = answer.headers['retry-after']?.trim() ?? '';
  if (/^\d{1,6}$/.test(text)) return Number(text) * 1e6;
  const dateUs = Date.parse(text) * 1000;
  return Number.isNaN(dateUs) ? null : Math.min(Math.max(0, dateUs - nowUs), 3600e6);
}

function checkStatus(endpoint: string, answer: HttpAnswer, hasToken: boolean): void {
  const { status } = answer;
  if (status === 200) return;
  if (status === 401)
    throw new TradingError(
      'E_VENUE_AUTH',
      `${endpoint}: ${hasToken ? 'the token was refused twice' : 'refused with HTTP 401'}`,
      {
        details: { endpoint, status },
        fix: 'check that the requests and the login go to the same firm',
      },
    );
  if (status === 429)
    throw new TradingError('E_VENUE_RATE', `${endpoint}: the venue refuses for too many requests`, {
      details: { endpoint, status },
      retry: 'safe',
    });
  const names: Readonly<Record<number, string>> = {
    400: 'BadRequest',
    404: 'NotFound',
    405: 'MethodNotAllowed',
  };
  throw new VenueRefusal(
    endpoint,
    status,
    names[status] ?? `Http${status}`,
    problemText(answer.text),
  );
}

/** Words of a problem document: its entries by field, else its detail or title. */
function problemText(text: string): string {
  let row: Row;
  try {
    row = asRow(JSON.parse(text), 'problem');
  } catch {
    return '';
  }
  const { errors, detail, title } = row.fields as Readonly<Record<string, unknown>>;
  const entries =
    typeof errors === 'object' && errors !== null
      ? Object.entries(errors).map(
          ([field, words]) => `${field}: ${[words].flat().map(String).join(' ')}`,
        )
      : [];
  const said = [detail, title].find((words) => typeof words === 'string') ?? '';
  const words = entries.length > 0 ? entries.join('; ') : said;
  return redactText(words.slice(0, 500));
}

/** `{success, errorCode, errorMessage, …}`. */
function readEnvelope(endpoint: string, answer: HttpAnswer): Row {
  const row = parseJson(answer.text, endpoint);
  const isSuccess = flagOf(row, 'success');
  const code = row.fields['errorCode'];
  if (typeof code !== 'number' || !Number.isSafeInteger(code))
    throw decodeError(`${endpoint}.errorCode`, code, 'a whole number is needed');
  if (isSuccess && code !== 0)
    throw decodeError(`${endpoint}.errorCode`, code, 'a success has the code 0');
  if (isSuccess) return row;
  const id = row.fields['orderId'];
  const orderId = typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : null;
  const words = redactText(textOrEmpty(row, 'errorMessage'));
  throw new VenueRefusal(endpoint, code, errorNameOf(endpoint, code), words, orderId);
}

/** Whether a failed request surely changed nothing, surely was refused, or may have been carried out. */
export function retryOf(error: unknown): Retry {
  return error instanceof TradingError ? error.retry : 'after-reconcile';
}
