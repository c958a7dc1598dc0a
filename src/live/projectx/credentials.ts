/** Credentials: from the environment, or from a file that only its owner may read. Never from an argument list. */
import { TradingError } from '../../core/errors.ts';
import { readOwnerFile } from '../shared/owner-file.ts';
import type { ProjectXFirm } from './config.ts';
import type { Firm } from './presets.ts';
import { FIRMS } from './presets.ts';

export interface ApiKeyCredentials {
  /** Login of the platform, which is not always the e-mail address. */
  readonly userName: string;
  readonly apiKey: string;
}
/** Of firms that give an application its own login. */
export interface AppCredentials {
  readonly userName: string;
  readonly password: string;
  readonly deviceId: string;
  readonly appId: string;
  readonly verifyKey: string;
}
export type Credentials = ApiKeyCredentials | AppCredentials;

const USER = 'PROJECTX_USERNAME';
const KEY = 'PROJECTX_API_KEY';
const FILE = 'PROJECTX_CREDENTIALS';

/**
 * `PROJECTX_USERNAME` and `PROJECTX_API_KEY`, or a JSON file `{"userName": "…", "apiKey": "…"}` that is named by `file` or by
 * `PROJECTX_CREDENTIALS` and has mode 600. Errors: E_VENUE_CREDENTIALS, which never shows a value.
 */
export function readCredentials(
  environment: Readonly<Record<string, string | undefined>>,
  file: string | undefined = environment[FILE],
): Credentials {
  const [userName, apiKey] = [environment[USER]?.trim() ?? '', environment[KEY]?.trim() ?? ''];
  if (userName !== '' && apiKey !== '') return { userName, apiKey };
  if (file !== undefined && file !== '') return parseFile(readOwnerFile(file), file);
  const missing =
    userName === '' && apiKey === '' ? `${USER} and ${KEY}` : userName === '' ? USER : KEY;
  throw new TradingError('E_VENUE_CREDENTIALS', `no credentials: ${missing} is not set`, {
    details: { missing },
    fix: `set ${USER} and ${KEY}, or name a file of mode 600 in ${FILE}`,
  });
}

/**
 * `PROJECTX_FIRM`, or both `PROJECTX_REST_URL` and `PROJECTX_REALTIME_URL`. There is no default: a key is sent there.
 * Errors: E_VENUE_CONFIG.
 */
export function readFirm(environment: Readonly<Record<string, string | undefined>>): ProjectXFirm {
  const [name, rest, realtime] = ['FIRM', 'REST_URL', 'REALTIME_URL'].map(
    (part) => environment[`PROJECTX_${part}`]?.trim() ?? '',
  );
  if (rest !== '' && realtime !== '') return { rest: rest!, realtime: realtime! };
  if (rest === '' && realtime === '' && Object.hasOwn(FIRMS, name!)) return name as Firm;
  throw new TradingError(
    'E_VENUE_CONFIG',
    name === '' || rest !== '' || realtime !== ''
      ? 'no firm: PROJECTX_FIRM, or both PROJECTX_REST_URL and PROJECTX_REALTIME_URL, are to be set'
      : `PROJECTX_FIRM is "${name}"`,
    {
      details: { field: 'PROJECTX_FIRM', value: name },
      rule: `one of ${Object.keys(FIRMS).join(', ')}`,
    },
  );
}

function parseFile(text: string, path: string): Credentials {
  const refuse = (rule: string): TradingError =>
    new TradingError('E_VENUE_CREDENTIALS', `${path}: ${rule}`, { details: { path }, rule });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Without the cause: the message of the parser shows a piece of the file.
    throw refuse('is no JSON');
  }
  const fields = (value ?? {}) as Record<string, unknown>;
  const names = Object.hasOwn(fields, 'password')
    ? ['userName', 'password', 'deviceId', 'appId', 'verifyKey']
    : ['userName', 'apiKey'];
  const wrong = names.find((name) => typeof fields[name] !== 'string' || fields[name] === '');
  if (wrong !== undefined) throw refuse(`${wrong} is not a text`);
  return Object.fromEntries(names.map((name) => [name, fields[name]])) as unknown as Credentials;
}
