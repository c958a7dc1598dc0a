/** What each product of the sample market is like. Round figures of our own choosing; no market's prices stand here. */

/** Levels are of the spot path; every figure is a plain number, so that the market is data and not code. */
export interface SampleProduct {
  readonly root: string;
  /** Price at the start, in price points. */
  readonly level: number;
  /** Standard deviation of a year's return. */
  readonly volatility: number;
  /** Mean excess return a year. */
  readonly premium: number;
  /** Mean and yearly standard deviation of the term structure's slope: (far / near - 1) a year. */
  readonly slope: number;
  readonly slopeRange: number;
  /** Price of a contract month against the others, by month letter. */
  readonly season: Readonly<Record<string, number>>;
  /** Contracts a day over all months. */
  readonly volume: number;
  /** Loadings on the market's common factor and on the group's; their squares add up to less than 1. */
  readonly marketLoading: number;
  readonly group: string;
  readonly groupLoading: number;
  /** The busy hours, in minutes since the session's open. */
  readonly busy: readonly [number, number];
  /** Share of a business day's volume in the busy hours. */
  readonly busyShare: number;
}

const NO_SEASON: Readonly<Record<string, number>> = {};

/** The default products. Globex sessions open at 17:00 Chicago, grains at 19:00. */
export const SAMPLE_PRODUCTS: readonly SampleProduct[] = [
  {
    root: 'ES',
    level: 2700,
    volatility: 0.17,
    premium: 0.05,
    slope: 0.01,
    slopeRange: 0.008,
    season: NO_SEASON,
    volume: 1_400_000,
    marketLoading: 0.6,
    group: 'equity',
    groupLoading: 0.7,
    busy: [930, 1320],
    busyShare: 0.82,
  },
  {
    root: 'NQ',
    level: 6500,
    volatility: 0.22,
    premium: 0.06,
    slope: 0.012,
    slopeRange: 0.008,
    season: NO_SEASON,
    volume: 520_000,
    marketLoading: 0.55,
    group: 'equity',
    groupLoading: 0.7,
    busy: [930, 1320],
    busyShare: 0.8,
  },
  {
    root: 'ZN',
    level: 124,
    volatility: 0.055,
    premium: 0.005,
    slope: -0.012,
    slopeRange: 0.006,
    season: NO_SEASON,
    volume: 1_500_000,
    marketLoading: -0.3,
    group: 'rates',
    groupLoading: 0.5,
    busy: [860, 1260],
    busyShare: 0.72,
  },
  {
    root: '6E',
    level: 1.2,
    volatility: 0.075,
    premium: 0,
    slope: 0.018,
    slopeRange: 0.006,
    season: NO_SEASON,
    volume: 210_000,
    marketLoading: 0.2,
    group: 'currency',
    groupLoading: 0.5,
    busy: [600, 1140],
    busyShare: 0.7,
  },
  {
    root: 'CL',
    level: 60,
    volatility: 0.33,
    premium: 0.02,
    slope: -0.03,
    slopeRange: 0.09,
    season: NO_SEASON,
    volume: 950_000,
    marketLoading: 0.35,
    group: 'energy',
    groupLoading: 0.6,
    busy: [900, 1290],
    busyShare: 0.74,
  },
  {
    root: 'GC',
    level: 1300,
    volatility: 0.15,
    premium: 0.02,
    slope: 0.025,
    slopeRange: 0.008,
    season: NO_SEASON,
    volume: 260_000,
    marketLoading: -0.05,
    group: 'metal',
    groupLoading: 0.6,
    busy: [620, 1230],
    busyShare: 0.72,
  },
  {
    root: 'HG',
    level: 3.1,
    volatility: 0.21,
    premium: 0.01,
    slope: 0.004,
    slopeRange: 0.02,
    season: NO_SEASON,
    volume: 95_000,
    marketLoading: 0.4,
    group: 'metal',
    groupLoading: 0.4,
    busy: [600, 1200],
    busyShare: 0.72,
  },
  {
    root: 'ZC',
    level: 370,
    volatility: 0.25,
    premium: 0,
    slope: 0.035,
    slopeRange: 0.05,
    season: { H: 0, K: 0.01, N: 0.02, U: -0.02, Z: -0.03 },
    volume: 330_000,
    marketLoading: 0.1,
    group: 'grain',
    groupLoading: 0.6,
    busy: [810, 1100],
    busyShare: 0.8,
  },
];
