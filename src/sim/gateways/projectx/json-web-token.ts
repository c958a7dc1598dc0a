/** Tokens: three-part JWTs, signed with a key that lives as long as the gateway does. */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface TokenClaims {
  /** User name. */
  readonly sub: string;
  /** Unique to the token. */
  readonly jti: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly exp: number;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const HEADER = encode({ alg: 'HS256', typ: 'JWT' });

export function signToken(claims: TokenClaims, secret: Uint8Array): string {
  const text = `${HEADER}.${encode(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

/** The claims of a token that this secret signed, or null. */
export function readToken(token: string, secret: Uint8Array): TokenClaims | null {
  if (token.length > 4096) return null;
  const at = token.lastIndexOf('.');
  if (at < 0 || token.split('.').length !== 3) return null;
  const given = Buffer.from(token.slice(at + 1), 'base64url');
  const wanted = createHmac('sha256', secret).update(token.slice(0, at)).digest();
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return null;
  try {
    const claims = JSON.parse(
      Buffer.from(token.split('.')[1]!, 'base64url').toString('utf8'),
    ) as TokenClaims;
    return typeof claims.sub === 'string' && typeof claims.exp === 'number' ? claims : null;
  } catch {
    return null;
  }
}
