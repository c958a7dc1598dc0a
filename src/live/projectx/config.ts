/** Settings of a connection: checked at the edge, complete inside. */
import { TradingError } from '../../core/errors.ts';
import type { TsUs } from '../../core/units.ts';
import type { Addresses, Firm } from './presets.ts';
import { FIRMS } from './presets.ts';

/** A preset, or both addresses. */
export type ProjectXFirm = Firm | Addresses;

export interface ProjectXOptions {
  readonly firm: ProjectXFirm;
  /** Asks for market data of the live feed instead of the simulated one: an entitlement, not a kind of account. Default false. */
  readonly liveData?: boolean;
  /** Seconds for one request. Default 10. */
  readonly requestTimeoutS?: number;
  /** Opens the hubs without the negotiation request. Default true, as the vendor's examples do. */
  readonly skipNegotiation?: boolean;
  /** Requests allowed in 60 s, bars apart. Default 200. */
  readonly requestsPerMinute?: number;
  /** Requests for bars allowed in 30 s. Default 50. */
  readonly barRequestsPer30S?: number;
  /** Seconds without a market event, while the market is open, after which the hub is opened anew. Default 15. */
  readonly quietS?: number;
  /** Whether the markets that are subscribed should be moving now. Without it a silent hub is not judged. */
  readonly isMarketOpen?: (nowUs: TsUs) => boolean;
}

export interface ProjectXConfig {
  readonly firmName: string;
  readonly addresses: Addresses;
  readonly liveData: boolean;
  readonly requestTimeoutUs: number;
  readonly skipNegotiation: boolean;
  readonly requestsPerMinute: number;
  readonly barRequestsPer30S: number;
  readonly quietUs: number;
  readonly isMarketOpen: ((nowUs: TsUs) => boolean) | null;
}

/** Errors: E_VENUE_CONFIG, which names the setting. */
export function resolveConfig(options: ProjectXOptions): ProjectXConfig {
  const { firm } = options;
  const isPreset = typeof firm === 'string';
  if (isPreset && !Object.hasOwn(FIRMS, firm))
    throw refused('firm', firm, `one of ${Object.keys(FIRMS).join(', ')}, or { rest, realtime }`);
  const given: Partial<Addresses> = isPreset ? FIRMS[firm] : (firm ?? {});
  const addresses = {
    rest: parseBase('firm.rest', given.rest),
    realtime: parseBase('firm.realtime', given.realtime),
  };
  return {
    firmName: isPreset ? firm : new URL(addresses.rest).host,
    addresses,
    liveData: options.liveData ?? false,
    requestTimeoutUs: inRange('requestTimeoutS', options.requestTimeoutS ?? 10, 0.1, 300) * 1e6,
    skipNegotiation: options.skipNegotiation ?? true,
    requestsPerMinute: whole('requestsPerMinute', options.requestsPerMinute ?? 200),
    barRequestsPer30S: whole('barRequestsPer30S', options.barRequestsPer30S ?? 50),
    quietUs: inRange('quietS', options.quietS ?? 15, 1, 3600) * 1e6,
    isMarketOpen: options.isMarketOpen ?? null,
  };
}

/** Without a slash at the end; `…/api` and `…/hubs` are taken for what they were meant to be. */
function parseBase(field: string, value: unknown): string {
  const text = typeof value === 'string' ? value.trim() : '';
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refused(field, value, 'an address such as https://api.example.com; both are needed');
  }
  if (
    (url.protocol !== 'https:' && url.protocol !== 'http:') ||
    url.search !== '' ||
    url.username !== ''
  )
    throw refused(field, value, 'an http or https address without user, password or query');
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw refused(field, value, 'https, unless the address is this machine: a key is sent there');
  const path = url.pathname.replace(/\/+$/, '').replace(/\/(api|hubs)$/i, '');
  return `${url.origin}${path}`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function whole(field: string, value: number): number {
  if (!Number.isSafeInteger(value)) throw refused(field, value, 'a whole number');
  return inRange(field, value, 2, 100_000);
}

function inRange(field: string, value: number, from: number, to: number): number {
  if (!(value >= from && value <= to))
    throw refused(field, value, `a number from ${from} to ${to}`);
  return value;
}

function refused(field: string, value: unknown, rule: string): TradingError {
  const shown = typeof value === 'string' ? value.replace(/\/\/[^/]*@/, '//[hidden]@') : value;
  return new TradingError(
    'E_VENUE_CONFIG',
    `${field} is ${JSON.stringify(shown) ?? 'absent'}: ${rule}`,
    {
      details: { field, value: shown },
      rule,
    },
  );
}
