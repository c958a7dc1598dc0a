/**
 * Products of the simulated feed as listed in August 2026, with their ticks, and fees of one firm for a round turn in US dollars
 * (they change: accounts may have their own). Product codes are often not those of the exchange.
 *
 * Sources: a recorded list of available contracts; the constants of a public client for the fees.
 */

export interface Product {
  /** As in contract ids: `EP`. */
  readonly code: string;
  /** The exchange's root: `ES`. */
  readonly root: string;
  readonly name: string;
  readonly tickSize: number;
  /** Dollars of one tick of one contract. */
  readonly tickValue: number;
  /** Dollars of a round turn of one contract; null where not known. */
  readonly feeRoundTurn: number | null;
}

type Row = readonly [
  code: string,
  root: string,
  name: string,
  tickSize: number,
  tickValue: number,
  feeRoundTurn: number | null,
];

// oxfmt-ignore
const ROWS: readonly Row[] = [
  ['EP', 'ES', 'E-mini S&P 500', 0.25, 12.50, 2.80],
  ['MES', 'MES', 'Micro E-mini S&P 500', 0.25, 1.25, 0.74],
  ['ENQ', 'NQ', 'E-mini Nasdaq-100', 0.25, 5.00, 2.80],
  ['MNQ', 'MNQ', 'Micro E-mini Nasdaq-100', 0.25, 0.50, 0.74],
  ['RTY', 'RTY', 'E-mini Russell 2000', 0.10, 5.00, 2.80],
  ['M2K', 'M2K', 'Micro E-mini Russell 2000', 0.10, 0.50, 0.74],
  ['YM', 'YM', 'E-mini Dow', 1, 5.00, 2.80],
  ['MYM', 'MYM', 'Micro E-mini Dow', 1, 0.50, 0.74],
  ['EMD', 'EMD', 'E-mini S&P MidCap 400', 0.10, 10.00, null],
  ['NKD', 'NKD', 'Nikkei 225 (USD)', 5, 25.00, 4.34],
  ['MBT', 'MBT', 'Micro Bitcoin', 5, 0.50, 2.34],
  ['GMET', 'MET', 'Micro Ether', 0.50, 0.05, 0.24],
  ['CLE', 'CL', 'Crude oil', 0.01, 10.00, 3.04],
  ['MCLE', 'MCL', 'Micro crude oil', 0.01, 1.00, 1.04],
  ['NQM', 'QM', 'E-mini crude oil', 0.025, 12.50, 2.44],
  ['NGE', 'NG', 'Natural gas', 0.001, 10.00, 3.20],
  ['MNG', 'MNG', 'Micro natural gas', 0.001, 1.00, 1.24],
  ['NQG', 'QG', 'E-mini natural gas', 0.005, 12.50, 1.04],
  ['RBE', 'RB', 'RBOB gasoline', 0.0001, 4.20, 3.04],
  ['HOE', 'HO', 'Heating oil', 0.0001, 4.20, 3.04],
  ['GCE', 'GC', 'Gold', 0.10, 10.00, 3.24],
  ['MGC', 'MGC', 'Micro gold', 0.10, 1.00, 1.24],
  ['SIE', 'SI', 'Silver', 0.005, 25.00, 3.24],
  ['SIL', 'SIL', 'Micro silver', 0.005, 5.00, 2.04],
  ['CPE', 'HG', 'Copper', 0.0005, 12.50, 3.24],
  ['MHG', 'MHG', 'Micro copper', 0.0005, 1.25, 1.24],
  ['PLE', 'PL', 'Platinum', 0.10, 5.00, 3.24],
  ['TUA', 'ZT', '2-year note', 0.00390625, 7.8125, 1.34],
  ['FVA', 'ZF', '5-year note', 0.0078125, 7.8125, 1.34],
  ['TYA', 'ZN', '10-year note', 0.015625, 15.625, 1.60],
  ['TNA', 'TN', 'Ultra 10-year note', 0.015625, 15.625, 1.64],
  ['USA', 'ZB', '30-year bond', 0.03125, 31.25, 1.78],
  ['ULA', 'UB', 'Ultra bond', 0.03125, 31.25, 1.94],
  ['EU6', '6E', 'Euro', 0.00005, 6.25, 3.24],
  ['EEU', 'E7', 'E-mini euro', 0.0001, 6.25, 1.74],
  ['M6E', 'M6E', 'Micro euro', 0.0001, 1.25, 0.52],
  ['BP6', '6B', 'British pound', 0.0001, 6.25, 3.24],
  ['M6B', 'M6B', 'Micro pound', 0.0001, 0.625, 0.52],
  ['DA6', '6A', 'Australian dollar', 0.00005, 5.00, 3.24],
  ['M6A', 'M6A', 'Micro Australian dollar', 0.0001, 1.00, 0.52],
  ['CA6', '6C', 'Canadian dollar', 0.00005, 5.00, 3.24],
  ['JY6', '6J', 'Japanese yen', 0.0000005, 6.25, 3.24],
  ['SF6', '6S', 'Swiss franc', 0.00005, 6.25, 3.24],
  ['MX6', '6M', 'Mexican peso', 0.00001, 5.00, 3.24],
  ['NE6', '6N', 'New Zealand dollar', 0.00005, 5.00, 3.24],
  ['ZCE', 'ZC', 'Corn', 0.25, 12.50, 4.30],
  ['ZWA', 'ZW', 'Wheat', 0.25, 12.50, 4.30],
  ['ZSE', 'ZS', 'Soybeans', 0.25, 12.50, 4.30],
  ['ZLE', 'ZL', 'Soybean oil', 0.01, 6.00, 4.30],
  ['ZME', 'ZM', 'Soybean meal', 0.10, 10.00, 4.30],
  ['HE', 'HE', 'Lean hogs', 0.025, 10.00, 4.24],
  ['GLE', 'LE', 'Live cattle', 0.025, 10.00, 4.24],
];

export const PRODUCTS: readonly Product[] = ROWS.map(
  ([code, root, name, tickSize, tickValue, feeRoundTurn]) => ({
    code,
    root,
    name,
    tickSize,
    tickValue,
    feeRoundTurn,
  }),
);
