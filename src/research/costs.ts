/** Default costs and margins: assumptions, stated in every manifest, never quotes of a broker. */
import type { InstrumentSpec } from '../core/instrument.ts';
import type { FillCost } from '../core/rolls/cost.ts';
import { MICROS_PER_UNIT } from '../core/units.ts';
import type { RunCosts } from './run-format.ts';

/** Commission and exchange fee per contract and side, in whole units of the product's currency. */
const FEES_BY_CURRENCY: Readonly<Record<string, readonly [number, number]>> = {
  USD: [0.85, 1.38],
  EUR: [0.8, 1.0],
  GBP: [0.7, 0.9],
  CHF: [0.8, 1.0],
  CAD: [1.1, 1.2],
  AUD: [1.2, 1.4],
  SGD: [1.1, 1.3],
  HKD: [6, 10],
  JPY: [110, 110],
  KRW: [900, 900],
};
/** One tick a side: the spread of a liquid contract is a tick, and an aggressive order pays half of it or more. */
const SLIPPAGE_TICKS = 1;

export interface CostOverride {
  readonly commissionPerSide?: number;
  readonly exchangeFeePerSide?: number;
  readonly slippageTicks?: number;
}

/** Costs of one product: the override by root, else by `default`, else the assumption for its currency. */
export function costsOf(
  spec: InstrumentSpec,
  overrides: Readonly<Record<string, CostOverride>> = {},
): RunCosts {
  const given = { ...overrides['default'], ...overrides[spec.root] };
  const [commission, exchange] = FEES_BY_CURRENCY[spec.currency] ?? FEES_BY_CURRENCY['USD']!;
  return {
    commissionPerSide: given.commissionPerSide ?? commission,
    exchangeFeePerSide: given.exchangeFeePerSide ?? exchange,
    slippageTicks: given.slippageTicks ?? SLIPPAGE_TICKS,
  };
}

/** The cost of one fill of one contract, for roll records. */
export function fillCostOf(costs: RunCosts): FillCost {
  return {
    feesMicros: Math.round((costs.commissionPerSide + costs.exchangeFeePerSide) * MICROS_PER_UNIT),
    halfSpreadTicks: costs.slippageTicks,
  };
}

/** Initial and maintenance margin in percent of notional, by asset class: assumptions where no schedule is given. */
export const MARGIN_PCT_BY_CLASS: Readonly<
  Record<
    InstrumentSpec['assetClass'],
    { readonly initialPct: number; readonly maintenancePct: number }
  >
> = {
  'equity-index': { initialPct: 6, maintenancePct: 5.5 },
  'interest-rate': { initialPct: 2, maintenancePct: 1.8 },
  fx: { initialPct: 2.5, maintenancePct: 2.2 },
  energy: { initialPct: 8, maintenancePct: 7.2 },
  metal: { initialPct: 6, maintenancePct: 5.5 },
  grain: { initialPct: 7, maintenancePct: 6.4 },
  livestock: { initialPct: 5, maintenancePct: 4.5 },
  soft: { initialPct: 8, maintenancePct: 7.2 },
  dairy: { initialPct: 6, maintenancePct: 5.5 },
  lumber: { initialPct: 10, maintenancePct: 9 },
  crypto: { initialPct: 35, maintenancePct: 32 },
  volatility: { initialPct: 35, maintenancePct: 32 },
};
