/** Margin per contract by date: fixed amounts, or a percentage of the notional. */
import { TradingError } from '../core/errors.ts';
import type { ContractTable } from '../core/instrument.ts';
import { notionalOf } from '../core/instrument.ts';
import type { MarginModel } from '../core/ports.ts';
import type { CashMicros, TradeDate } from '../core/units.ts';
import { MICROS_PER_UNIT, toCashMicros } from '../core/units.ts';

/** Levels in force from a trade date (inclusive), per contract. */
export interface MarginLevel {
  readonly from: TradeDate;
  readonly initialMicros: number;
  readonly maintenanceMicros: number;
}
export type MarginRule =
  | { readonly kind: 'fixed'; readonly levels: readonly MarginLevel[] }
  | { readonly kind: 'notional'; readonly initialPct: number; readonly maintenancePct: number };

/**
 * Builds the margin model of a run. Amounts are rounded up to a whole millionth.
 * Errors: E_MARGIN_SCHEDULE when a root has no rule, levels are not sorted or not positive, or none is in force.
 */
export function createMarginModel(
  table: ContractTable,
  byRoot: Readonly<Record<string, MarginRule>>,
): MarginModel {
  const rules = table.instruments.map((spec) => checkedRule(spec.root, byRoot[spec.root]));
  const micros = (
    which: 'initial' | 'maintenance',
    contractIndex: number,
    tradeDate: TradeDate,
    markTicks: number,
  ): CashMicros => {
    const rule = rules[table.instrumentIndex[contractIndex]!]!;
    const spec = table.instrumentOf(contractIndex);
    if (rule.kind === 'notional') {
      const pct = which === 'initial' ? rule.initialPct : rule.maintenancePct;
      return toCashMicros(
        Math.ceil((notionalOf(markTicks, 1, spec) * MICROS_PER_UNIT * pct) / 100),
      );
    }
    const level = levelAt(spec.root, rule.levels, tradeDate);
    return toCashMicros(which === 'initial' ? level.initialMicros : level.maintenanceMicros);
  };
  return {
    initialMicros: (contractIndex, tradeDate, markTicks) =>
      micros('initial', contractIndex, tradeDate, markTicks),
    maintenanceMicros: (contractIndex, tradeDate, markTicks) =>
      micros('maintenance', contractIndex, tradeDate, markTicks),
  };
}

function levelAt(root: string, levels: readonly MarginLevel[], tradeDate: TradeDate): MarginLevel {
  for (let i = levels.length - 1; i >= 0; i -= 1) {
    if (levels[i]!.from <= tradeDate) return levels[i]!;
  }
  throw marginError(root, `no level is in force on day ${tradeDate}`);
}

function checkedRule(root: string, rule: MarginRule | undefined): MarginRule {
  if (rule === undefined) throw marginError(root, 'there is no rule');
  if (rule.kind === 'notional') {
    const ok = rule.maintenancePct > 0 && rule.initialPct >= rule.maintenancePct;
    if (!ok) throw marginError(root, 'percentages need initial >= maintenance > 0');
    return rule;
  }
  if (rule.levels.length === 0) throw marginError(root, 'there is no level');
  rule.levels.forEach((level, i) => {
    const ok =
      Number.isSafeInteger(level.initialMicros) &&
      Number.isSafeInteger(level.maintenanceMicros) &&
      level.maintenanceMicros > 0 &&
      level.initialMicros >= level.maintenanceMicros;
    if (!ok) throw marginError(root, `level ${i} needs whole amounts, initial >= maintenance > 0`);
    if (i > 0 && level.from <= rule.levels[i - 1]!.from) {
      throw marginError(root, `level ${i} does not start later than the one before`);
    }
  });
  return rule;
}

function marginError(root: string, problem: string): TradingError {
  return new TradingError('E_MARGIN_SCHEDULE', `margin of ${root}: ${problem}`, {
    details: { root },
    rule: 'levels are sorted by date and cover the run; initial is at least maintenance',
    fix: `correct the margin rule of ${root}`,
  });
}
