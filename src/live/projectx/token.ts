/** The token of a login: asked for once however many wait, renewed before its end, asked for anew when it is refused. */
import { TradingError } from '../../core/errors.ts';
import type { Scheduler } from '../../core/live.ts';
import type { Credentials } from './credentials.ts';
import { textOrNull } from './decode.ts';
import type { RestLine, TokenSource } from './rest.ts';

/** Where the token does not tell its end: the vendor's 24 hours. */
const LIFE_US = 24 * 3600e6;
/** Renewed when less than this is left, or a tenth of its life where that is shorter. */
const MARGIN_US = 30 * 60e6;
/** Time between attempts to renew a token that is still good. */
const AGAIN_US = 60e6;

interface Held {
  readonly text: string;
  readonly endUs: number;
  readonly renewUs: number;
}

export class TokenKeeper implements TokenSource {
  readonly #line: RestLine;
  readonly #credentials: Credentials;
  readonly #scheduler: Scheduler;
  #held: Held | null = null;
  #login: Promise<Held> | null = null;
  #renewal: Promise<void> | null = null;
  #againUs = -Infinity;
  #isDoubted = false;
  #stopFresh: (() => void) | null = null;

  constructor(line: RestLine, credentials: Credentials, scheduler: Scheduler) {
    this.#line = line;
    this.#credentials = credentials;
    this.#scheduler = scheduler;
  }

  /** When the token ends by our clock; null without one. */
  get endUs(): number | null {
    return this.#held?.endUs ?? null;
  }

  async token(): Promise<string> {
    const now = this.#scheduler.nowUs();
    const held = this.#held;
    if (held === null || held.endUs <= now) return (await this.login()).text;
    if (this.#isDoubted) {
      this.#isDoubted = false;
      await this.renew();
      return this.#held?.text ?? (await this.login()).text;
    }
    if (held.renewUs <= now) void this.renew();
    return held.text;
  }

  refuse(token: string): void {
    if (this.#held?.text === token) this.#held = null;
  }

  /** A hub did not open, which does not say why: the venue may have taken the token back. The next one is asked for anew. */
  doubt(): void {
    this.#isDoubted = true;
  }

  /** Logs in; calls at the same time share one request. Errors: E_VENUE_AUTH and those of a request. */
  login(): Promise<Held> {
    this.#login ??= this.#askLogin().finally(() => {
      this.#login = null;
    });
    return this.#login;
  }

  async #askLogin(): Promise<Held> {
    const isApp = 'password' in this.#credentials;
    const endpoint = isApp ? 'Auth/loginApp' : 'Auth/loginKey';
    const answer = await this.#line.call(
      endpoint,
      { ...this.#credentials },
      {
        urgency: 0,
        isRead: true,
        needsToken: false,
      },
    );
    const text = textOrNull(answer, 'token');
    if (text === null)
      throw new TradingError('E_VENUE_AUTH', `${endpoint} succeeded without a token`, {
        details: { endpoint },
      });
    this.#held = this.#hold(text);
    return this.#held;
  }

  /** Trades the token for a new one, or logs in where that fails. The old one serves until its end. Never rejects. */
  renew(): Promise<void> {
    if (this.#scheduler.nowUs() < this.#againUs) return Promise.resolve();
    this.#renewal ??= this.#askRenewal().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #askRenewal(): Promise<void> {
    this.#againUs = this.#scheduler.nowUs() + AGAIN_US;
    const before = this.#held;
    try {
      const answer = await this.#line.call('Auth/validate', null, { urgency: 0, isRead: true });
      const text = textOrNull(answer, 'newToken');
      if (text !== null && text !== before?.text) {
        this.#held = this.#hold(text);
        return;
      }
    } catch {
      // A login follows, whatever the reason was, unless a refused token has led to one already.
    }
    if (this.#held !== null && this.#held !== before) return;
    try {
      await this.login();
    } catch {
      // The old token serves until its end; then the login fails where somebody waits for it.
    }
  }

  /** Validates the token as the user asked for it. Returns whether a new one came. */
  async validate(): Promise<boolean> {
    const answer = await this.#line.call('Auth/validate', null, { urgency: 2, isRead: true });
    const text = textOrNull(answer, 'newToken');
    if (text === null) return false;
    this.#held = this.#hold(text);
    return true;
  }

  /** Ends the session at the venue and forgets the token. Errors: those of a request. */
  async logout(): Promise<void> {
    if (this.#held === null) return;
    await this.#line.call('Auth/logout', null, { urgency: 2, isRead: true });
    this.#held = null;
  }

  /** Renews by itself from now on, also while nothing is asked. Keeps a timer until `stop`. */
  keepFresh(): void {
    if (this.#stopFresh !== null) return;
    const step = (): void => {
      const now = this.#scheduler.nowUs();
      const dueUs = Math.max(this.#held?.renewUs ?? now + AGAIN_US, now + AGAIN_US);
      this.#stopFresh = this.#scheduler.after(Math.min(dueUs - now, LIFE_US), () => {
        const isDue = (this.#held?.renewUs ?? 0) <= this.#scheduler.nowUs();
        void (isDue ? this.renew() : Promise.resolve()).then(() => {
          if (this.#stopFresh !== null) step();
        });
      });
    };
    step();
  }

  stop(): void {
    this.#stopFresh?.();
    this.#stopFresh = null;
  }

  /** The length of its life is its own; where it stands on our clock is from now, so that a clock that is off does no harm. */
  #hold(text: string): Held {
    const nowUs = this.#scheduler.nowUs();
    const lifeUs = lifeOf(text, nowUs);
    const marginUs = Math.min(MARGIN_US, lifeUs / 10);
    return { text, endUs: nowUs + lifeUs, renewUs: nowUs + lifeUs - marginUs };
  }
}

function lifeOf(token: string, nowUs: number): number {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
      exp?: unknown;
      iat?: unknown;
      nbf?: unknown;
    };
    const start = typeof claims.iat === 'number' ? claims.iat : claims.nbf;
    if (typeof claims.exp !== 'number' || !Number.isFinite(claims.exp)) return LIFE_US;
    const seconds = typeof start === 'number' ? claims.exp - start : claims.exp - nowUs / 1e6;
    return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1e6, 10 * LIFE_US) : 0;
  } catch {
    return LIFE_US;
  }
}
