/** Who may talk to the gateway: logins, tokens, limits of requests. Real time throughout: a token ends by the wall clock. */
import type { Scheduler } from '../../../core/live.ts';
import { US_PER_SECOND } from '../../../core/units.ts';
import type { TokenClaims } from './json-web-token.ts';
import { readToken, signToken } from './json-web-token.ts';
import type { GatewayOptions, RateLimit, UserConfig } from './options.ts';
import type { Outcome } from './wire.ts';
import { failure, OK } from './wire.ts';

export const LoginError = {
  UserNotFound: 1,
  PasswordVerificationFailed: 2,
  InvalidCredentials: 3,
  AppNotFound: 4,
} as const;

export interface Session {
  readonly user: UserConfig;
  readonly claims: TokenClaims;
}

export class SignIn {
  readonly #users: readonly UserConfig[];
  readonly #options: GatewayOptions;
  readonly #scheduler: Scheduler;
  readonly #secret: Uint8Array;
  readonly #newId: () => string;
  /** Tokens that were logged out, until they would have ended: by id, the second of their end. */
  readonly #ended: Map<string, number> = new Map();
  #tokens: number = 0;
  /** Tokens of lower numbers have ended: a fault. */
  #firstValid: number = 0;
  /** Times of requests by user and kind, oldest first. */
  readonly #requests: Map<string, number[]> = new Map();

  constructor(
    users: readonly UserConfig[],
    options: GatewayOptions,
    scheduler: Scheduler,
    secret: Uint8Array,
    newId: () => string,
  ) {
    this.#users = users;
    this.#options = options;
    this.#scheduler = scheduler;
    this.#secret = secret;
    this.#newId = newId;
  }

  loginKey(userName: string, apiKey: string): Outcome & { token: string | null } {
    return this.#login(userName, (user) => user.apiKey === apiKey, LoginError.InvalidCredentials);
  }

  loginApp(userName: string, password: string): Outcome & { token: string | null } {
    return this.#login(
      userName,
      (user) => user.password !== undefined && user.password === password,
      LoginError.PasswordVerificationFailed,
    );
  }

  /** The session of a token, or null where it is missing, malformed, ended or of another gateway. */
  sessionOf(token: string | null): Session | null {
    const claims = token === null ? null : readToken(token, this.#secret);
    if (claims === null || !this.#isValid(claims)) return null;
    const user = this.#users.find(({ userName }) => userName === claims.sub);
    return user === undefined ? null : { user, claims };
  }

  /** Another token of the same user; the old one stays valid until its own end. */
  renew(session: Session): string {
    return this.#tokenFor(session.user);
  }

  logout({ claims }: Session): void {
    const now = this.#scheduler.nowUs() / US_PER_SECOND;
    for (const [id, exp] of this.#ended) if (exp <= now) this.#ended.delete(id);
    this.#ended.set(claims.jti, claims.exp);
  }

  /** Ends every token that there is. */
  expireAll(): void {
    this.#firstValid = this.#tokens + 1;
  }

  /** Seconds to wait where the user has spent the limit of this kind; 0 where the request may go on. */
  spend(userName: string, kind: 'history' | 'other'): number {
    const limit: RateLimit | undefined = this.#options.rates?.[kind];
    if (limit === undefined) return 0;
    const key = `${kind} ${userName}`;
    const now = this.#scheduler.nowUs();
    const fromUs = now - limit.seconds * US_PER_SECOND;
    const times = (this.#requests.get(key) ?? []).filter((tsUs) => tsUs > fromUs);
    this.#requests.set(key, times);
    if (times.length >= limit.requests)
      return Math.max(1, Math.ceil((times[0]! - fromUs) / US_PER_SECOND));
    times.push(now);
    return 0;
  }

  #isValid({ jti, exp }: TokenClaims): boolean {
    if (exp * US_PER_SECOND <= this.#scheduler.nowUs() || this.#ended.has(jti)) return false;
    return Number(jti.split('-')[0]) >= this.#firstValid;
  }

  #login(
    userName: string,
    isRight: (user: UserConfig) => boolean,
    wrong: number,
  ): Outcome & { token: string | null } {
    const name = userName.toLowerCase();
    const user = this.#users.find((each) => each.userName.toLowerCase() === name);
    // A wrong user name was answered with no more than this.
    if (user === undefined)
      return { ...failure(LoginError.UserNotFound, 'Unknown error'), token: null };
    if (!isRight(user)) return { ...failure(wrong), token: null };
    if (user.loginError !== undefined) {
      const text =
        user.loginError === 7
          ? 'You must sign the required agreements. Please log into the platform to complete them.'
          : null;
      return { ...failure(user.loginError, text), token: null };
    }
    return { ...OK, token: this.#tokenFor(user) };
  }

  #tokenFor(user: UserConfig): string {
    const iat = Math.floor(this.#scheduler.nowUs() / US_PER_SECOND);
    this.#tokens += 1;
    return signToken(
      {
        sub: user.userName,
        jti: `${this.#tokens}-${this.#newId()}`,
        iat,
        exp: iat + Math.round(this.#options.tokenHours * 3600),
      },
      this.#secret,
    );
  }
}
