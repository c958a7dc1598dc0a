/** `frontmonth exchange serve`: a simulated gateway that other people's clients can trade with. */
import { resolve } from 'node:path';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT } from '../../core/errors.ts';
import { toIsoUtc } from '../../core/units.ts';
import type { ServedExchange } from '../../service/exchange.ts';
import type { CommandCall } from '../command.ts';
import { textFlag } from '../command.ts';
import { dateFlag, listFlag, numberFlag } from '../flag-values.ts';
import { instrumentsDirOf } from '../instruments-dir.ts';
import { watchInterrupts } from '../interrupt.ts';
import { fieldLines } from '../wrap.ts';

const POLL_MS = 100;

export async function exchangeServe(call: CommandCall): Promise<ExitCode> {
  const config = await call.config();
  const { serveExchange, realHost } = await (await call.services()).exchange();
  const file = (name: string): string | undefined => {
    const path = textFlag(call, name);
    return path === undefined ? undefined : resolve(call.host.cwd, path);
  };
  const given = {
    from: dateFlag(call, 'from'),
    contracts: listFlag(call, 'contracts'),
    speed: numberFlag(call, 'speed', { min: 0.001, max: 100_000, isWhole: false }),
    seed: numberFlag(call, 'seed', { min: 0, max: 2 ** 31 }),
    port: numberFlag(call, 'port', { min: 0, max: 65_535 }),
    host: textFlag(call, 'host'),
    accountsFile: file('accounts'),
    faultsFile: file('faults'),
    tlsKeyFile: file('tlsKey'),
    tlsCertFile: file('tlsCert'),
    // Not a flag: what is typed can be read by everybody on the machine.
    apiKey: call.host.env['FRONTMONTH_EXCHANGE_KEY'],
  };
  const served = await serveExchange(
    {
      protocol: 'projectx',
      instrumentsDir: instrumentsDirOf(config),
      catalogDir: config.values.catalog,
      dataset: textFlag(call, 'data') ?? null,
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    },
    realHost(),
  );
  const { close, ...body } = served;
  call.out.result('frontmonth.exchange/1', body, () =>
    fieldLines(describe(served), Infinity).join('\n'),
  );
  call.out.talk('serving; Ctrl-C ends');
  const interrupts = watchInterrupts(call.host);
  try {
    while (!interrupts.isStopping()) await pause();
  } finally {
    await close();
  }
  return interrupts.exitCode() ?? EXIT.ok;
}

function pause(): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, POLL_MS);
  });
}

function describe(served: ServedExchange): readonly (readonly [string, string])[] {
  const market = (kind: string): string =>
    kind === 'exchange' ? 'a book of its own' : `recorded ${kind}`;
  return [
    ['REST', served.url],
    ['user hub', served.userHub],
    ['market hub', served.marketHub],
    ['admin', served.adminUrl],
    ['admin token', served.adminToken],
    ...served.users.flatMap(({ userName, apiKey, accounts }): [string, string][] => [
      ['user', userName],
      ...(apiKey === null ? [] : [['key', apiKey] as [string, string]]),
      ...accounts.map(({ id, name }): [string, string] => ['account', `${id}  ${name}`]),
    ]),
    ...served.contracts.map(({ id, name, market: kind }): [string, string] => [
      'contract',
      `${id}  ${name}, ${market(kind)}`,
    ]),
    ['clock', `from ${toIsoUtc(served.startUs)}, speed ${served.speed}`],
  ];
}
