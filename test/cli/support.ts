/** A host without a process: what a command wrote, and services that a test gives. */
import type { Host } from '../../src/cli/host.ts';
import { runCli } from '../../src/cli/app.ts';
import type { Services } from '../../src/cli/services.ts';
import { connectServices } from '../../src/cli/services.ts';
import type { RunManifest, RunSummary } from '../../src/research/run-format.ts';
import { RUN_SCHEMA } from '../../src/research/run-format.ts';
import { donchianBreakout } from '../../src/strategies/index.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly services?: Partial<Services>;
  readonly isTty?: boolean;
  readonly columns?: number;
  readonly signal?: 'SIGINT' | 'SIGTERM';
  readonly answer?: string;
  /** Milliseconds since the epoch. */
  readonly nowMs?: number;
}

/** The same with the real layers behind it, in a folder of its own. */
export async function runReal(
  cwd: string,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const services = { ...(await connectServices()), ...options.services };
  return run(argv, { ...options, cwd, services });
}

export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  let [out, err] = ['', ''];
  const terminal = { isTTY: options.isTty ?? false, columns: options.columns ?? 100 };
  const host: Host = {
    stdout: { ...terminal, write: (text) => (out += text) },
    stderr: { ...terminal, write: (text) => (err += text) },
    isInputTty: options.answer !== undefined,
    env: { HOME: '/nonexistent', ...options.env },
    cwd: options.cwd ?? '/nonexistent',
    nowMs: () => options.nowMs ?? Date.UTC(2026, 10, 21, 12),
    loadServices: () => Promise.resolve({ ...FAKE_SERVICES, ...options.services }),
    ask: () => Promise.resolve(options.answer ?? ''),
    stopSignal: () => options.signal ?? null,
    openInBrowser: () => Promise.resolve(),
  };
  const code = await runCli(argv, host);
  return { code, out, err };
}

const never = (name: string) => (): never => {
  throw new Error(`the test does not expect a call of ${name}`);
};

const DATASET = {
  name: 'sample',
  description: 'synthetic',
  isSynthetic: true,
  source: 'a test',
  volume: 'known',
  stamps: 'instants',
  checksum: 'abcdef0123456789',
  segments: [],
};

export const FAKE_SERVICES: Services = {
  builtInStrategies: () => Promise.resolve({ 'donchian-breakout': donchianBreakout }),
  runBacktest: never('runBacktest'),
  rerunRun: never('rerunRun'),
  runIds: () => Promise.resolve([]),
  listRuns: () => Promise.resolve([]),
  resolveRun: (runsDir, ref) => Promise.resolve(`${runsDir}/${ref}`),
  readRun: never('readRun'),
  explainOrder: never('explainOrder'),
  explainAmbiguities: never('explainAmbiguities'),
  readProgramme: never('readProgramme'),
  judgeProgramme: never('judgeProgramme'),
  tagRun: never('tagRun'),
  renderReport: never('renderReport'),
  renderComparison: never('renderComparison'),
  loadInstruments: async (dir) =>
    (await import('../../src/data/instruments.ts')).loadInstruments(dir),
  contractBook: never('contractBook'),
  readRolls: never('readRolls'),
  calendarTools: async (outside) => (await connectServices()).calendarTools(outside),
  listDatasets: () => Promise.resolve([DATASET]),
  dataset: () => Promise.resolve(DATASET),
  readBars: never('readBars'),
  readOpenInterest: never('readOpenInterest'),
  checkDataset: never('checkDataset'),
  readContinuous: never('readContinuous'),
  saveContinuous: never('saveContinuous'),
  renderContinuousPage: never('renderContinuousPage'),
  generateSample: never('generateSample'),
  importFiles: never('importFiles'),
  dataTools: never('dataTools'),
  exchange: never('exchange'),
  venueCapabilities: () => Promise.resolve([]),
};

export function fakeManifest(changes: Partial<RunManifest> = {}): RunManifest {
  return {
    schema: RUN_SCHEMA,
    runId: '2026-11-21T12-00-00Z-donchian-breakout-0001',
    createdUtc: '2026-11-21T12:00:00Z',
    outcome: 'completed',
    error: null,
    program: { name: 'frontmonth', version: '0.1.0' },
    strategy: {
      id: 'donchian-breakout',
      version: '1',
      description: '',
      file: 'donchian-breakout',
      sourceSha256: null,
      paramSchema: {},
    },
    params: { entryBars: 40 },
    instruments: [
      {
        root: 'ES',
        name: 'E-mini S&P 500',
        currency: 'USD',
        tickSize: 0.25,
        decimals: 2,
        tickValue: 12.5,
        multiplier: 50,
        zone: 'America/Chicago',
        sessionGroup: 'cme-equity-index',
      },
    ],
    datasets: [
      {
        name: 'sample',
        checksum: 'abcdef0123456789',
        isSynthetic: true,
        intervals: ['1d'],
        volume: 'known',
        stamps: 'instants',
        isOnGrid: true,
        source: 'a test',
      },
    ],
    from: '2018-01-02',
    to: '2023-12-29',
    seed: 1,
    fillPolicy: 'pessimistic',
    capitalMicros: 100_000_000_000,
    currency: 'USD',
    returnBase: 'equity',
    costs: {},
    rollRules: {},
    adjustments: {},
    executionIntervals: {},
    eventHash: 'aa',
    events: 10,
    bars: 1000,
    wallSeconds: 1,
    command: [],
    config: {},
    tags: [],
    ...changes,
  };
}

export function fakeSummary(changes: Partial<RunSummary> = {}): RunSummary {
  return {
    runId: fakeManifest().runId,
    outcome: 'completed',
    isSynthetic: true,
    strategy: 'donchian-breakout',
    params: { entryBars: 40 },
    instruments: ['ES'],
    from: '2018-01-02',
    to: '2023-12-29',
    currency: 'USD',
    capitalMicros: 100_000_000_000,
    returnBase: 'equity',
    fillPolicy: 'pessimistic',
    verdict: 'Net +18,412.50 USD (pessimistic).',
    metrics: { netProfit: { value: 18_412.5 }, sharpe: { value: 0.71 } },
    optimistic: { netProfit: { value: 21_067.5 }, sharpe: { value: 0.81 } },
    intervals90: { sharpe: { low: 0.02, high: 1.38 } },
    trades: { closed: 12, open: 0, ambiguous: 1 },
    ambiguity: { groups: 1, atStakeMicros: 0, isBarResolutionSensitive: false },
    rolls: { chains: 1, positions: 1, costMicros: 0 },
    orders: { submitted: 24, filled: 24, denied: {}, rejected: {} },
    warnings: [],
    eventHash: 'aa',
    bars: 1000,
    ...changes,
  };
}
