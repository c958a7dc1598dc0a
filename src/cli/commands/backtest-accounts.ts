/** `frontmonth backtest <strategy> --per-currency …`: one account and run for each currency, shown side by side. */
import { join, relative } from 'node:path';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import type { CurrencyAccount } from '../../research/per-currency.ts';
import { parseCapitals, toAccounts } from '../../research/per-currency.ts';
import type { CommandCall } from '../command.ts';
import { hasFlag, textFlag } from '../command.ts';
import { formatMoney, formatNumber, formatRatio } from '../format.ts';
import type { Interrupts } from '../interrupt.ts';
import type { BacktestOptions, BacktestOutcome, Services } from '../services.ts';
import type { LoadedStrategy } from '../strategy-loader.ts';
import { figure } from '../summary-view.ts';
import { renderTable } from '../table.ts';
import { wrap } from '../wrap.ts';
import { strategyError } from './backtest.ts';

/** What the command has worked out before it is known how many accounts there are. */
export interface AccountsParts {
  readonly services: Services;
  readonly options: BacktestOptions;
  readonly strategy: LoadedStrategy;
  readonly interrupts: Interrupts;
  readonly simulate: (options: BacktestOptions) => Promise<BacktestOutcome>;
}

interface AccountRun {
  readonly account: CurrencyAccount;
  readonly outcome: BacktestOutcome;
}

/** Flags that name one currency, or a conversion between two. Errors: E_USAGE. */
function refuseConversion(call: CommandCall): void {
  for (const name of ['capital', 'rates'])
    if (textFlag(call, name) !== undefined)
      throw new TradingError('E_USAGE', `--per-currency and --${name} exclude each other`, {
        rule: 'per currency, every account has its own capital and nothing is converted',
        fix: `leave out --${name}, or run without --per-currency`,
      });
}

export async function backtestAccounts(call: CommandCall, parts: AccountsParts): Promise<ExitCode> {
  refuseConversion(call);
  const { services, options, interrupts, strategy } = parts;
  const specs = await services.loadInstruments(options.instrumentsDir);
  const roots = options.instruments ?? strategy.definition.instruments;
  const capitals = parseCapitals(textFlag(call, 'perCurrency')!);
  const runs: AccountRun[] = [];
  for (const account of toAccounts(roots, specs, capitals)) {
    if (interrupts.isStopping()) break;
    call.out.verbose(`account in ${account.currency}: ${account.roots.join(', ')}`);
    const outcome = await parts.simulate(optionsOf(account, options));
    for (const warning of outcome.summary.warnings)
      call.out.warnings.push({ ...warning, message: `${account.currency}: ${warning.message}` });
    if (outcome.manifest.outcome === 'strategy-error')
      throw strategyError(outcome, strategy, call.host.cwd);
    runs.push({ account, outcome });
  }
  const accounts = runs.map(({ account, outcome }) => ({
    ...account,
    dir: shown(call, outcome.dir),
    reportFile: outcome.reportFile === null ? null : shown(call, outcome.reportFile),
    summary: outcome.summary,
  }));
  call.out.result('frontmonth.per-currency/1', { accounts }, () => accountsText(call, runs));
  if (hasFlag(call, 'open'))
    for (const { outcome } of runs)
      if (outcome.reportFile !== null) await call.host.openInBrowser(outcome.reportFile);
  if (interrupts.isStopping()) return interrupts.exitCode() ?? EXIT.interrupted;
  return hasFlag(call, 'strict') && call.out.warnings.length > 0 ? EXIT.answerIsNo : EXIT.ok;
}

/** The options of one account's run; its manifest says them, so that `rerun` finds the same products and no rates. */
function optionsOf(account: CurrencyAccount, options: BacktestOptions): BacktestOptions {
  const { rates: _rates, out, ...rest } = options;
  const { rates: _configRates, ...config } = options.config;
  return {
    ...rest,
    instruments: account.roots,
    currency: account.currency,
    capital: account.capital,
    ...(out === undefined ? {} : { out: join(out, account.currency) }),
    config: { ...config, instruments: account.roots },
  };
}

function shown(call: CommandCall, path: string): string {
  return relative(call.host.cwd, path) || '.';
}

function accountsText(call: CommandCall, runs: readonly AccountRun[]): string {
  const { out } = call;
  const width = out.options.wide ? Infinity : out.width('stdout');
  const money = (name: string, sign: 1 | -1 = 1) => ({
    align: 'right' as const,
    cell: ({ outcome }: AccountRun): string => {
      const value = figure(outcome.summary, name);
      return formatMoney(value === null ? null : value * sign, 0);
    },
  });
  const table = renderTable<AccountRun>(
    out,
    [
      { title: 'account', cell: ({ account }) => account.currency },
      { title: 'products', priority: 2, cell: ({ account }) => account.roots.join(' ') },
      {
        title: 'from',
        priority: 1,
        cell: ({ outcome }) => outcome.manifest.from,
      },
      { title: 'capital', align: 'right', cell: ({ account }) => formatNumber(account.capital, 0) },
      { title: 'net', ...money('netProfit') },
      { title: 'max drawdown', ...money('maxDrawdown', -1) },
      {
        title: 'Sharpe',
        align: 'right',
        cell: ({ outcome }) => formatRatio(figure(outcome.summary, 'sharpe')),
      },
      { title: 'costs', priority: 3, ...money('totalCost', -1) },
      {
        title: 'trades',
        align: 'right',
        priority: 4,
        cell: ({ outcome }) => formatNumber(outcome.summary.trades.closed, 0),
      },
    ],
    runs,
  );
  const lines = [
    table,
    '',
    ...wrap(
      'Each row is a run by itself, in its own currency. Nothing is converted, and nothing is added up over the rows.',
      width,
    ),
  ];
  for (const { account, outcome } of runs) {
    for (const { code, message } of outcome.summary.warnings)
      lines.push(...wrap(`warning      ${account.currency} ${code}: ${message}`, width, 13));
    lines.push(...wrap(`run ${account.currency}      ${shown(call, outcome.dir)}`, width, 13));
  }
  return lines.join('\n');
}
