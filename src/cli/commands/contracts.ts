/** `frontmonth contracts [product]`. */
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import type { ContractSpec, InstrumentSpec } from '../../core/instrument.ts';
import { toIsoDate } from '../../core/trade-date.ts';
import { toIsoUtc } from '../../core/units.ts';
import type { CommandCall } from '../command.ts';
import { textArg } from '../command.ts';
import { numberFlag } from '../flag-values.ts';
import { didYouMean } from '../../core/suggest.ts';
import { renderTable } from '../table.ts';
import { instrumentsDirOf } from '../instruments-dir.ts';
import { fieldLines, wrap } from '../wrap.ts';

export async function run(call: CommandCall): Promise<ExitCode> {
  const config = await call.config();
  const services = await call.services();
  const specs = await services.loadInstruments(instrumentsDirOf(config));
  const word = textArg(call, 0);
  if (word === '') {
    listProducts(call, [...specs.values()]);
    return EXIT.ok;
  }
  const spec = specs.get(word.toUpperCase());
  if (spec === undefined) throw unknownProduct(word, [...specs.keys()]);
  const thisYear = new Date(call.host.nowMs()).getUTCFullYear();
  const from = numberFlag(call, 'from', { min: 1900, max: 2199 }) ?? thisYear - 1;
  const to = numberFlag(call, 'to', { min: from, max: 2199 }) ?? Math.max(from, thisYear + 1);
  const contracts = await services.contractsOf(spec, from, to);
  call.out.result(
    'frontmonth.contracts/1',
    { product: productJson(spec), contracts: contracts.map(contractJson) },
    () => `${productText(spec, call.out.width('stdout'))}\n\n${contractTable(call, contracts)}`,
  );
  return EXIT.ok;
}

export function unknownProduct(
  word: string,
  known: readonly string[],
  where: string = word,
): TradingError {
  return new TradingError('E_INSTRUMENT_UNKNOWN', `there is no product ${word}`, {
    where,
    fix: didYouMean(word, known, '`frontmonth contracts` lists the products'),
    details: { name: word },
  });
}

function listProducts(call: CommandCall, specs: readonly InstrumentSpec[]): void {
  call.out.result('frontmonth.products/1', specs.map(productJson), () =>
    renderTable(
      call.out,
      [
        { title: 'root', cell: (spec) => spec.root },
        { title: 'name', cell: (spec) => spec.name },
        { title: 'exchange', priority: 1, cell: (spec) => spec.exchange },
        { title: 'currency', priority: 2, cell: (spec) => spec.currency },
        { title: 'multiplier', align: 'right', cell: (spec) => String(spec.multiplier) },
        { title: 'tick', align: 'right', cell: (spec) => String(spec.grid.increment) },
        { title: 'months', priority: 3, cell: (spec) => spec.listedMonths },
      ],
      specs,
    ),
  );
}

function productJson(spec: InstrumentSpec): Record<string, unknown> {
  const { root, name, exchange, currency, multiplier, listedMonths, holdCycle, settlement } = spec;
  const tickSize = spec.grid.increment;
  return {
    root,
    name,
    exchange,
    currency,
    multiplier,
    tickSize,
    listedMonths,
    holdCycle,
    settlement,
  };
}

function productText(spec: InstrumentSpec, width: number): string {
  const tickValue = spec.countValue.num / spec.countValue.den / 1_000_000;
  return [
    ...wrap(`${spec.root}   ${spec.name}, ${spec.exchange}`, width, 2),
    ...fieldLines(
      [
        ['multiplier', `${spec.multiplier} ${spec.currency}, quoted in ${spec.quoteUnit}`],
        ['tick', `${spec.grid.increment}, worth ${tickValue} ${spec.currency}`],
        ['months', `${spec.listedMonths}, held in ${spec.holdCycle}`],
        ['settlement', spec.settlement],
        ...spec.sources.map(({ what, date }) => ['source', `${what}, read ${date}`] as const),
      ],
      width,
    ),
  ].join('\n');
}

function contractJson(contract: ContractSpec): Record<string, unknown> {
  const { dates } = contract;
  return {
    id: contract.id,
    lastTradeDate: toIsoDate(dates.lastTradeDate),
    lastTradeUtc: toIsoUtc(dates.lastTradeUs),
    firstNoticeDate: dates.firstNoticeDate === null ? null : toIsoDate(dates.firstNoticeDate),
    kind: dates.kind,
  };
}

function contractTable(call: CommandCall, contracts: readonly ContractSpec[]): string {
  return renderTable(
    call.out,
    [
      { title: 'contract', cell: (contract) => contract.id },
      { title: 'last trade', cell: (contract) => toIsoDate(contract.dates.lastTradeDate) },
      { title: 'ends UTC', priority: 1, cell: (contract) => toIsoUtc(contract.dates.lastTradeUs) },
      {
        title: 'first notice',
        cell: ({ dates }) =>
          dates.firstNoticeDate === null ? '–' : toIsoDate(dates.firstNoticeDate),
      },
      { title: 'dates', priority: 2, cell: (contract) => contract.dates.kind },
    ],
    contracts,
  );
}
