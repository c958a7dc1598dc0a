/** Contracts as this gateway names and lists them. */
import { TradingError } from '../../../core/errors.ts';
import type { ContractSpec, InstrumentSpec } from '../../../core/instrument.ts';
import { countValueOf } from '../../../core/instrument.ts';
import type { PriceGrid } from '../../../core/price-grid.ts';
import { toPrice, UniformGrid } from '../../../core/price-grid.ts';
import { MICROS_PER_UNIT } from '../../../core/units.ts';
import type { Product } from './products.ts';
import { PRODUCTS } from './products.ts';

/** One contract that may be traded. Prices inside are counts of `grid`. */
export interface GatewayContract {
  /** `CON.F.US.EP.Z26` */
  readonly id: string;
  /** `F.US.EP` */
  readonly symbolId: string;
  /** `EP` */
  readonly product: string;
  /** `ES` */
  readonly root: string;
  /** `ESZ6` */
  readonly name: string;
  readonly description: string;
  readonly grid: PriceGrid;
  /** Money of one count for one contract, in millionths. */
  readonly countValue: { readonly num: number; readonly den: number };
  /** Millionths for one contract and one side. */
  readonly feeMicros: number;
  /** Listed by `search` and `available`; others are found by their id alone. */
  readonly isActive: boolean;
}

/** Short texts for the error that names what can be had. */
const MONTHS = 'FGHJKMNQUVXZ';

/**
 * A contract of the product table by its id. Errors: E_GATEWAY_CONTRACT.
 *
 * @example
 * contractOfId('CON.F.US.MES.Z26').name // => 'MESZ6'
 */
export function contractOfId(id: string, isActive: boolean = true): GatewayContract {
  const match = /^CON\.F\.US\.([A-Z0-9]+)\.([FGHJKMNQUVXZ])(\d{2})$/.exec(id);
  const product = PRODUCTS.find(({ code }) => code === match?.[1]);
  if (match === null || product === undefined) {
    throw new TradingError('E_GATEWAY_CONTRACT', `"${id}" is no contract of this gateway`, {
      details: { field: 'contract', value: id },
      rule: 'an id is CON.F.US.<product>.<month><yy>, with a product of the table',
      fix: `for instance CON.F.US.EP.Z26; products: ${PRODUCTS.map(({ code }) => code).join(', ')}`,
    });
  }
  const grid = new UniformGrid(product.tickSize);
  return listing(
    product,
    grid,
    product.tickValue / product.tickSize,
    match[2]!,
    match[3]!,
    isActive,
  );
}

/**
 * A contract of the catalog under this gateway's names; ticks and values are the catalog's.
 * Errors: E_GATEWAY_CONTRACT where the product has no name here.
 */
export function contractOfSpec(
  contract: Pick<ContractSpec, 'id' | 'year' | 'month'>,
  instrument: InstrumentSpec,
  isActive: boolean = true,
): GatewayContract {
  const known = PRODUCTS.find(({ root }) => root === instrument.root);
  const code = known?.code ?? instrument.symbols.projectx?.split('.').pop();
  if (code === undefined) {
    throw new TradingError('E_GATEWAY_CONTRACT', `${instrument.root} has no name at this gateway`, {
      details: { field: 'contract', value: contract.id },
      rule: 'only products that the gateway lists can be traded through it',
      fix: `choose among ${PRODUCTS.map(({ root }) => root).join(', ')}`,
    });
  }
  const product: Product = {
    code,
    root: instrument.root,
    name: instrument.name,
    tickSize: instrument.grid.increment,
    tickValue: instrument.multiplier * instrument.grid.increment,
    feeRoundTurn: known?.feeRoundTurn ?? null,
  };
  const month = MONTHS[contract.month - 1]!;
  const year = String(contract.year % 100).padStart(2, '0');
  return listing(product, instrument.grid, instrument.multiplier, month, year, isActive);
}

function listing(
  product: Product,
  grid: PriceGrid,
  multiplier: number,
  month: string,
  year: string,
  isActive: boolean,
): GatewayContract {
  return {
    id: `CON.F.US.${product.code}.${month}${year}`,
    symbolId: `F.US.${product.code}`,
    product: product.code,
    root: product.root,
    name: `${product.root}${month}${year.slice(1)}`,
    description: `${product.name}: ${MONTH_NAMES[MONTHS.indexOf(month)]} 20${year}`,
    grid,
    countValue: countValueOf(multiplier, grid.increment),
    feeMicros: Math.round(((product.feeRoundTurn ?? 0) * MICROS_PER_UNIT) / 2),
    isActive,
  };
}

const MONTH_NAMES: readonly string[] =
  'January February March April May June July August September October November December'.split(
    ' ',
  );

/** The `Contract` of answers. */
export function contractBody(contract: GatewayContract): Readonly<Record<string, unknown>> {
  const { id, name, description, grid, countValue, isActive, symbolId } = contract;
  return {
    id,
    name,
    description,
    tickSize: grid.increment,
    tickValue: countValue.num / countValue.den / MICROS_PER_UNIT,
    activeContract: isActive,
    symbolId,
  };
}

const SEARCH_MAX = 20;

/** Search as the service does it: anything that holds the text anywhere, so `ES` finds MES too. At most 20, active ones. */
export function searchContracts(
  contracts: readonly GatewayContract[],
  text: string,
): readonly GatewayContract[] {
  const wanted = text.trim().toLowerCase();
  const holds = ({ id, name, description }: GatewayContract): boolean =>
    [id, name, description].some((field) => field.toLowerCase().includes(wanted));
  return contracts.filter((each) => each.isActive && holds(each)).slice(0, SEARCH_MAX);
}

/** Counts as a decimal price; an average between two counts keeps its digits. */
export function priceOf(contract: GatewayContract, ticks: number): number {
  const price = toPrice(ticks, contract.grid);
  return Number.isInteger(ticks)
    ? price
    : Number(price.toFixed(Math.min(12, contract.grid.decimals + 6)));
}

/** Counts of a decimal price, or NaN where it lies between two. */
export function ticksOf(contract: GatewayContract, price: number): number {
  const exact = price / contract.grid.increment;
  const counts = Math.round(exact);
  return Math.abs(exact - counts) <= 1e-6 && Number.isSafeInteger(counts) ? counts + 0 : NaN;
}
