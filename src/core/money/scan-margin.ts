/**
 * Portfolio margin by price scan, as clearing houses do it for futures: per product the worst loss of its net position over a
 * list of price moves, a charge for each spread between its months, and credits for offsetting products.
 *
 * Amounts per contract are whole millionths of the product's currency; credits are taken in the base currency.
 */

/** A move as a share of the scan range, and the share of the loss that counts (extreme moves are covered in part). */
export interface PriceScenario {
  readonly move: number;
  readonly cover: number;
}

/** Thirds of the range both ways, and a double move of which 35 % counts. For futures the full move decides. */
export const PRICE_SCENARIOS: readonly PriceScenario[] = [
  ...[1 / 3, -1 / 3, 2 / 3, -2 / 3, 1, -1].map((move) => ({ move, cover: 1 })),
  { move: 2, cover: 0.35 },
  { move: -2, cover: 0.35 },
];

export interface ScanProduct {
  readonly root: string;
  /** Loss of one contract when the price moves by the scan range. */
  readonly rangeMicros: number;
  /** For each contract that is long in one month against one short in another. */
  readonly interMonthMicros: number;
}

/** `ratio` contracts of one product against those of the other, on opposite sides. Applied in the order of the list. */
export interface InterProductCredit {
  readonly legs: readonly [
    { readonly root: string; readonly ratio: number },
    { readonly root: string; readonly ratio: number },
  ];
  /** Share of both legs' scan loss that is taken off, in percent. */
  readonly creditPct: number;
  /** `opposite` (default): one long, one short. `same`: for products that move against each other. */
  readonly sides?: 'opposite' | 'same';
}

export interface ScanRules {
  readonly products: readonly ScanProduct[];
  readonly credits: readonly InterProductCredit[];
  readonly scenarios?: readonly PriceScenario[];
  /** Initial margin is maintenance times this; 1 or more. */
  readonly initialFactor: number;
}

/** What one product holds: Σ of the long contracts over months, and Σ of the short ones (positive). */
export interface ProductNet {
  readonly long: number;
  readonly short: number;
  /** Units of the base currency for one of the product's. */
  readonly rate: number;
}

export interface ScanMargin {
  readonly scanMicros: number;
  readonly interMonthMicros: number;
  readonly creditMicros: number;
  /** Maintenance: scan + charges − credits. Base currency, a double. */
  readonly maintenanceMicros: number;
  readonly initialMicros: number;
}

/** `nets` by row of `rules.products`. */
export function scanMargin(rules: ScanRules, nets: readonly ProductNet[]): ScanMargin {
  const scenarios = rules.scenarios ?? PRICE_SCENARIOS;
  let scanMicros = 0;
  let interMonthMicros = 0;
  const left = new Map<string, { net: number; perContract: number }>();
  for (const [row, product] of rules.products.entries()) {
    const { long, short, rate } = nets[row]!;
    const net = long - short;
    const loss = worstLoss(net, product.rangeMicros, scenarios) * rate;
    scanMicros += loss;
    interMonthMicros += Math.min(long, short) * product.interMonthMicros * rate;
    left.set(product.root, { net, perContract: net === 0 ? 0 : loss / Math.abs(net) });
  }
  let creditMicros = 0;
  for (const credit of rules.credits) creditMicros += creditOf(credit, left);
  const maintenanceMicros = scanMicros + interMonthMicros - creditMicros;
  return {
    scanMicros,
    interMonthMicros,
    creditMicros,
    maintenanceMicros,
    initialMicros: maintenanceMicros * rules.initialFactor,
  };
}

function worstLoss(net: number, rangeMicros: number, scenarios: readonly PriceScenario[]): number {
  let worst = 0;
  for (const { move, cover } of scenarios)
    worst = Math.max(worst, -net * move * cover * rangeMicros);
  return worst;
}

/** Uses up the contracts that it pairs, so that none is credited twice. */
function creditOf(
  { legs, creditPct, sides }: InterProductCredit,
  left: Map<string, { net: number; perContract: number }>,
): number {
  const a = left.get(legs[0].root);
  const b = left.get(legs[1].root);
  if (a === undefined || b === undefined || a.net === 0 || b.net === 0) return 0;
  const isOpposite = Math.sign(a.net) !== Math.sign(b.net);
  if (isOpposite !== (sides !== 'same')) return 0;
  const spreads = Math.min(Math.abs(a.net) / legs[0].ratio, Math.abs(b.net) / legs[1].ratio);
  const [usedA, usedB] = [spreads * legs[0].ratio, spreads * legs[1].ratio];
  a.net -= Math.sign(a.net) * usedA;
  b.net -= Math.sign(b.net) * usedB;
  return ((usedA * a.perContract + usedB * b.perContract) * creditPct) / 100;
}

/** In words what is wrong with the rules, or null. */
export function scanProblem(rules: ScanRules): string | null {
  const roots = new Set<string>();
  for (const { root, rangeMicros, interMonthMicros } of rules.products) {
    if (roots.has(root)) return `${root} is named twice`;
    roots.add(root);
    if (!(Number.isSafeInteger(rangeMicros) && rangeMicros > 0))
      return `the scan range of ${root} is not positive`;
    if (!(Number.isSafeInteger(interMonthMicros) && interMonthMicros >= 0))
      return `the inter-month charge of ${root} is negative or not whole`;
  }
  for (const { legs, creditPct } of rules.credits) {
    if (!(creditPct > 0 && creditPct <= 100))
      return `a credit of ${creditPct} % is not between 0 and 100`;
    for (const leg of legs) {
      if (!roots.has(leg.root)) return `a credit names ${leg.root}, which is not scanned`;
      if (!(leg.ratio > 0)) return `the ratio of ${leg.root} is not positive`;
    }
  }
  return rules.initialFactor >= 1 ? null : 'initialFactor is below 1';
}
