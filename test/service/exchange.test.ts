import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { TradingError } from '../../src/core/errors.ts';
import type { ExchangeOptions, ServedExchange } from '../../src/service/exchange.ts';
import { realHost, serveExchange } from '../../src/service/exchange.ts';
import { parseGatewayFile } from '../../src/sim/gateways/projectx/config-file.ts';
import { FAULT_NAMES, parseFaults } from '../../src/sim/gateways/projectx/faults.ts';
import { DEFAULT_OPTIONS } from '../../src/sim/gateways/projectx/options.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'frontmonth-exchange-'));
const served: ServedExchange[] = [];
afterAll(async () => {
  await Promise.all(served.map((each) => each.close()));
  rmSync(dir, { recursive: true });
});

async function serve(more: Partial<ExchangeOptions> = {}): Promise<ServedExchange> {
  const exchange = await serveExchange(
    {
      protocol: 'projectx',
      instrumentsDir: join(ROOT, 'catalog', 'instruments'),
      catalogDir: join(dir, 'catalog'),
      dataset: null,
      contracts: ['ES'],
      ...more,
    },
    realHost(),
  );
  served.push(exchange);
  return exchange;
}

function file(name: string, value: unknown): string {
  const path = join(dir, name);
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

async function failure(act: () => unknown): Promise<TradingError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof TradingError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

async function login(exchange: ServedExchange, userName: string, apiKey: string): Promise<unknown> {
  const answer = await fetch(`${exchange.url}/api/Auth/loginKey`, {
    method: 'POST',
    body: JSON.stringify({ userName, apiKey }),
  });
  return ((await answer.json()) as { success: boolean }).success;
}

describe('serving the exchange', () => {
  it('draws a key at each start, and listens on this machine alone', async () => {
    const [one, other] = [await serve(), await serve()];
    const keyOf = (exchange: ServedExchange): string => exchange.users[0]!.apiKey!;
    expect(keyOf(one).length).toBeGreaterThan(20);
    expect(keyOf(one)).not.toBe(keyOf(other));
    expect(one.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await login(one, 'demo', keyOf(one))).toBe(true);
    expect(await login(other, 'demo', keyOf(one))).toBe(false);
  });

  it('says when the port is taken', async () => {
    const { url } = await serve();
    const error = await failure(() => serve({ port: Number(url.split(':').pop()) }));
    expect(error.code).toBe('E_EXCHANGE_PORT');
  });

  it('takes users from a file and does not tell their keys', async () => {
    const users = [{ userName: 'me', apiKey: 'a-key-of-my-own', accounts: [{ name: 'PRAC-1' }] }];
    const exchange = await serve({ accountsFile: file('accounts.json', { users }) });
    expect(exchange.users).toEqual([
      { userName: 'me', apiKey: null, accounts: [{ id: 7001, name: 'PRAC-1' }] },
    ]);
    expect(await login(exchange, 'me', 'a-key-of-my-own')).toBe(true);
  });

  it.each([
    ['missing', { accountsFile: join(dir, 'nowhere.json') }, 'E_EXCHANGE_FILE'],
    ['no JSON', { accountsFile: file('broken.json', '{') }, 'E_EXCHANGE_FILE'],
    ['no fault', { faultsFile: file('faults.json', { faults: [{}] }) }, 'E_GATEWAY_FAULTS'],
    ['half of TLS', { tlsKeyFile: file('key.pem', 'x') }, 'E_GATEWAY_OPTION'],
    ['an unknown product', { contracts: ['NOPE'] }, 'E_CONTRACT_ID'],
    ['a product without a name there', { contracts: ['FESX'] }, 'E_GATEWAY_CONTRACT'],
    ['an unknown dataset', { dataset: 'nope' }, 'E_DATASET_UNKNOWN'],
  ])('refuses what it cannot use: %s', async (_what, options, code) => {
    expect((await failure(() => serve(options))).code).toBe(code);
  });
});

describe('an accounts file', () => {
  const user = { userName: 'me', apiKey: 'a-secret-key', accounts: [{ name: 'PRAC-1' }] };
  const parse = (value: unknown): unknown =>
    parseGatewayFile(value, 'accounts.json', () => {
      throw new Error('no programme');
    });

  it.each([
    [{}, 'users'],
    [{ users: [{ ...user, apiKey: 'short' }] }, 'users.0.apiKey'],
    [{ users: [{ ...user, apiKye: 'x' }] }, 'users.0.apiKye'],
    [{ users: [user], options: { brackets: { onFlat: 'sell' } } }, 'options.brackets.onFlat'],
    [{ users: [user], options: { barsCaps: 5 } }, 'options.barsCaps'],
    [{ users: [user], options: { rates: 'slow' } }, 'options.rates'],
    [{ users: [user], options: { wire: { streamDigits: 8 } } }, 'options.wire.streamDigits'],
  ])('is refused with the field and without a key: %j', async (value, field) => {
    const error = await failure(() => parse(value));
    expect(error.details).toEqual({ field });
    expect(JSON.stringify([error.message, error.details, error.rule])).not.toContain(
      'a-secret-key',
    );
  });

  it('may set every option that there is, to its default', () => {
    const { options } = parse({ users: [user], options: DEFAULT_OPTIONS }) as { options: unknown };
    expect(options).toEqual(DEFAULT_OPTIONS);
  });
});

describe('the pages of the exchange', () => {
  const page = (name: string): string => readFileSync(join(ROOT, 'docs', name), 'utf8');

  it('show files that are valid', () => {
    const blocks = [
      ...page('how-to/serve-the-exchange.md').matchAll(/```json file=(\S+)\n([\s\S]*?)```/g),
    ];
    const read = new Map(blocks.map(([, name, text]) => [name, JSON.parse(text!) as unknown]));
    parseGatewayFile(read.get('accounts.json'), 'page', () => ({}) as never);
    expect(parseFaults(read.get('faults.json')).faults).toHaveLength(4);
  });

  it('name every fault and every option', () => {
    const text = page('reference/simulated-gateway.md');
    const { wire, brackets, hub, ...plain } = DEFAULT_OPTIONS;
    const keys = [
      ...Object.keys(wire).map((key) => `wire.${key}`),
      ...Object.keys(brackets).map((key) => `brackets.${key}`),
      ...Object.keys(hub).map((key) => `hub.${key}`),
      ...Object.keys(plain),
      ...FAULT_NAMES,
    ];
    expect(keys.filter((key) => !text.includes(`\`${key}\``))).toEqual([]);
  });
});
