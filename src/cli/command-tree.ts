/** The command tree. Descriptions only: no command module is loaded from here before it runs. */
import type { ArgSpec, CommandSpec, FlagSpec } from './command.ts';

const SPAN: readonly FlagSpec[] = [
  { flags: '--from <date>', description: 'first trade date, YYYY-MM-DD', group: 'Data' },
  { flags: '--to <date>', description: 'last trade date, YYYY-MM-DD', group: 'Data' },
];
const INSTRUMENTS: FlagSpec = {
  flags: '--instruments <roots>',
  description: 'products, comma separated: ES,NQ',
  group: 'Data',
  values: 'product',
};
const RUN: ArgSpec = {
  name: 'run',
  description: 'last, last~2, a prefix of its id, or its folder',
  values: 'run',
};
const STRATEGY: ArgSpec = {
  name: 'strategy',
  description: 'built-in name, or path of a .ts or .js file',
  values: 'strategy',
};
const YES: FlagSpec = { flags: '--yes', description: 'answer every question with yes' };
const TABLE_FLAGS: readonly FlagSpec[] = [
  { flags: '--where <filter>', description: "rows, such as 'instrument=ES side=short'" },
  { flags: '--sort <column>', description: 'sort by a column; a minus in front reverses' },
  { flags: '--limit <n>', description: 'first n rows' },
  { flags: '--csv', description: 'CSV instead of a table' },
  { flags: '--fractions', description: "Treasury prices as 110'16.5 in the table" },
];

const MATCHINGS = ['bars', 'trades', 'quotes', 'depth', 'mbo', 'auto'];
const VENUE_PROFILES = ['ideal', 'projectx', 'ib', 'cqg'];
export const FILL_POLICIES = [
  'pessimistic',
  'optimistic',
  'ohlc',
  'olhc',
  'nearest',
  'close-direction',
  'seeded',
  'lean',
  'nautilus',
  'backtesting.py',
  'backtrader',
  'drilldown',
] as const;

const runTable = (name: string, what: string, extra: readonly FlagSpec[] = []): CommandSpec => ({
  name,
  summary: `${what} of a run`,
  args: [RUN],
  flags: [...TABLE_FLAGS, ...extra],
  examples: [`frontmonth ${name} last --limit 10`, `frontmonth ${name} last --csv`],
  answer: 'table; CSV with --csv, NDJSON with --json',
  load: () => import('./commands/run-tables.ts').then((m) => ({ run: m.tableRunner(name) })),
});

export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'new',
    summary: 'make a project of your own',
    args: [{ name: 'dir', description: 'folder to make' }],
    flags: [
      {
        flags: '--template <name>',
        description: 'minimal, bracket, portfolio or notebook',
        choices: ['minimal', 'bracket', 'portfolio', 'notebook'],
      },
      YES,
      { flags: '--frontmonth <spec>', description: 'version or tarball to depend on' },
    ],
    examples: ['frontmonth new my-desk', 'frontmonth new my-desk --template bracket --yes'],
    answer: 'files made, next three commands',
    load: () => import('./commands/new.ts'),
  },
  {
    name: 'backtest',
    summary: 'run a strategy over recorded bars',
    args: [STRATEGY],
    flags: [
      {
        flags: '--param <key=value>',
        description: 'parameter of the strategy; may be repeated',
        isRepeated: true,
        values: 'param',
      },
      INSTRUMENTS,
      ...SPAN,
      {
        flags: '--data <dataset>',
        description: 'dataset of the catalog',
        group: 'Data',
        values: 'dataset',
      },
      { flags: '--capital <amount>', description: 'starting capital, whole currency units' },
      {
        flags: '--account <file>',
        description:
          'programme of a funded account (JSON); its start balance is the capital. Fees and margin calls: config key account',
        group: 'Simulation',
      },
      { flags: '--seed <n>', description: 'seed of every random draw', group: 'Simulation' },
      {
        flags: '--fills <policy>',
        description: 'how ambiguous bars are resolved, or whose fills are imitated',
        group: 'Simulation',
        choices: FILL_POLICIES,
      },
      {
        flags: '--execution <interval>',
        description: 'bars that match orders',
        group: 'Simulation',
      },
      {
        flags: '--matching <data>',
        description: 'what orders match on',
        group: 'Simulation',
        choices: MATCHINGS,
      },
      {
        flags: '--venue <profile>',
        description: 'run as on this venue: types, groups, hours',
        group: 'Simulation',
        choices: VENUE_PROFILES,
      },
      {
        flags: '--latency <ms>',
        description: 'time of a message to the exchange, and back',
        group: 'Simulation',
      },
      {
        flags: '--rates <file>',
        description: 'currency rates: date,currency,rate',
        group: 'Simulation',
      },
      {
        flags: '--margins <path>',
        description: "dated margins: a table, or LEAN's folder of margin files",
        group: 'Simulation',
      },
      {
        flags: '--settlements <file>',
        description: 'official settlement prices: date,contract,price',
        group: 'Simulation',
      },
      {
        flags: '--per-currency <capitals>',
        description: 'an account for each currency, nothing converted: USD=1000000,EUR=500000',
        group: 'Simulation',
      },
      {
        flags: '--no-bounds',
        description: 'skip the optimistic run and the run one bar later',
        group: 'Simulation',
      },
      {
        flags: '--out-of-sample <date>',
        description: 'first trade date judged apart, YYYY-MM-DD',
        group: 'Result',
      },
      { flags: '--out <dir>', description: 'folder of this run', group: 'Result' },
      { flags: '--open', description: 'open the report in the browser', group: 'Result' },
      { flags: '--strict', description: 'exit 1 when there is any warning', group: 'Result' },
    ],
    examples: [
      'frontmonth backtest donchian-breakout',
      'frontmonth backtest strategies/first.ts --param stopTicks=30 --instruments ES',
    ],
    answer: 'summary table, path of the run',
    load: () => import('./commands/backtest.ts'),
  },
  {
    name: 'rerun',
    summary: 'run again from the manifest and compare the event hash',
    args: [RUN],
    flags: [{ flags: '--verify', description: 'compare only, keep no new run (the default)' }],
    examples: ['frontmonth rerun last', 'frontmonth rerun last~1 --json'],
    answer: 'same hash, or the first event that differs',
    load: () => import('./commands/rerun.ts'),
  },
  {
    name: 'report',
    summary: 'write the HTML report of a run',
    args: [
      {
        name: 'run',
        description: 'one or more runs; default last',
        isOptional: true,
        isVariadic: true,
        values: 'run',
      },
    ],
    flags: [
      { flags: '--open', description: 'open it in the browser' },
      { flags: '--out <file>', description: 'file to write; default in the run folder' },
      {
        flags: '--theme <name>',
        description: 'auto, light or dark',
        choices: ['auto', 'light', 'dark'],
      },
      { flags: '--no-prices', description: 'without the price chart' },
      { flags: '--max-mb <n>', description: 'largest size of the file; default 5' },
    ],
    examples: [
      'frontmonth report last --open',
      'frontmonth report last --out es.html --theme dark',
    ],
    answer: 'path and size of the file',
    load: () => import('./commands/report.ts'),
  },
  {
    name: 'programme',
    summary: 'a run as a funded account: how it ended, and from every start',
    args: [RUN],
    flags: [
      { flags: '--rules <file>', description: 'programme to judge by; default that of the run' },
      { flags: '--csv', description: 'the table by start date as CSV' },
    ],
    examples: [
      'frontmonth programme last --rules rules.json',
      'frontmonth programme last --rules rules.json --csv',
    ],
    answer: 'state of the account, what it went through, outcomes by start date',
    load: () => import('./commands/programme.ts'),
  },
  {
    name: 'compare',
    summary: 'what differs between runs',
    args: [{ name: 'run', description: 'two or more runs', isVariadic: true, values: 'run' }],
    flags: [
      {
        flags: '--by <what>',
        description: 'params or metrics; default both',
        choices: ['params', 'metrics'],
      },
      { flags: '--html', description: 'write a page as well; in the folder of the last run' },
      { flags: '--out <file>', description: 'file of the page', group: 'Page' },
      {
        flags: '--theme <name>',
        description: 'auto, light or dark',
        choices: ['auto', 'light', 'dark'],
        group: 'Page',
      },
      { flags: '--open', description: 'open the page in the browser', group: 'Page' },
    ],
    examples: [
      'frontmonth compare last~1 last',
      'frontmonth compare last~2 last~1 last --by metrics',
    ],
    answer: 'side-by-side table of what differs',
    load: () => import('./commands/compare.ts'),
  },
  runTable('trades', 'trades', [
    { flags: '--flat', description: 'one row from flat to flat (the default)' },
    { flags: '--fifo', description: 'one row per lot, first in first out' },
  ]),
  runTable('orders', 'orders'),
  runTable('fills', 'fills'),
  {
    name: 'explain',
    summary: 'why an order filled there and then, or did not, in words',
    args: [
      RUN,
      {
        name: 'order',
        description: 'an order, by its id or number; or an execution or group',
        isOptional: true,
      },
    ],
    flags: [
      { flags: '--all', description: 'every change of its prices, also where there are many' },
      { flags: '--ambiguous', description: 'bars that left several outcomes open' },
      { flags: '--limit <n>', description: 'first n of them (default 20)' },
    ],
    examples: ['frontmonth explain last O-000001', 'frontmonth explain last --ambiguous'],
    answer: 'what became of the order and why; its life, fills, group and open outcomes',
    load: () => import('./commands/explain.ts').then((m) => ({ run: m.explain })),
  },
  {
    name: 'runs',
    summary: 'list, show, tag and prune runs',
    examples: ['frontmonth runs list', 'frontmonth runs show last --issues'],
    answer: 'see the subcommands',
    children: [
      {
        name: 'list',
        summary: 'runs of this project, newest first',
        flags: [
          { flags: '--strategy <id>', description: 'only runs of this strategy' },
          { flags: '--since <when>', description: 'a duration (7d, 12h) or a date' },
          { flags: '--limit <n>', description: 'first n rows' },
        ],
        examples: ['frontmonth runs list', 'frontmonth runs list --since 7d --json'],
        answer: 'table of runs',
        load: () => import('./commands/runs.ts').then((m) => ({ run: m.runList })),
      },
      {
        name: 'show',
        summary: 'summary of one run',
        args: [{ name: 'run', description: 'default last', isOptional: true, values: 'run' }],
        flags: [{ flags: '--issues', description: 'every data problem, denial and reject' }],
        examples: ['frontmonth runs show last', 'frontmonth runs show last --issues'],
        answer: 'summary table',
        load: () => import('./commands/runs.ts').then((m) => ({ run: m.runShow })),
      },
      {
        name: 'tag',
        summary: 'add or remove a tag',
        args: [
          { name: 'run', description: 'the run', values: 'run' },
          { name: 'tag', description: 'a word; a minus in front removes it' },
        ],
        examples: ['frontmonth runs tag last baseline', 'frontmonth runs tag last -- -baseline'],
        answer: 'the tags of the run',
        load: () => import('./commands/runs.ts').then((m) => ({ run: m.runTag })),
      },
      {
        name: 'prune',
        summary: 'delete old runs; tagged runs stay',
        flags: [
          { flags: '--keep <n>', description: 'newest runs to keep; default 20' },
          { flags: '--dry-run', description: 'only list what would go' },
          YES,
        ],
        examples: [
          'frontmonth runs prune --keep 20 --dry-run',
          'frontmonth runs prune --keep 5 --yes',
        ],
        answer: 'the runs that were deleted',
        load: () => import('./commands/runs.ts').then((m) => ({ run: m.runPrune })),
      },
    ],
  },
  {
    name: 'check',
    summary: 'parameters, data needs, venues, source, and a look-ahead probe',
    args: [STRATEGY],
    flags: [
      INSTRUMENTS,
      {
        flags: '--param <key=value>',
        description: 'as in backtest',
        isRepeated: true,
        values: 'param',
      },
      {
        flags: '--data <dataset>',
        description: 'dataset of the probe',
        group: 'Data',
        values: 'dataset',
      },
      ...SPAN,
      { flags: '--capital <amount>', description: 'capital of the probe, whole currency units' },
      { flags: '--no-probe', description: 'run nothing: no probe' },
    ],
    examples: [
      'frontmonth check donchian-breakout',
      'frontmonth check strategies/first.ts --no-probe',
    ],
    answer: 'tables, and whether the probe held',
    load: () => import('./commands/check.ts'),
  },
  {
    name: 'data',
    summary: 'sample, import, export, resample, list, show, check',
    examples: ['frontmonth data sample', 'frontmonth data list'],
    answer: 'see the subcommands',
    children: [
      {
        name: 'sample',
        summary: 'make the synthetic sample dataset',
        flags: [
          { flags: '--name <dataset>', description: 'name of the dataset; default sample' },
          { flags: '--products <roots>', description: 'comma separated; default eight products' },
          ...SPAN,
          {
            flags: '--minutes-from <date>',
            description: 'first trade date with one-minute bars',
            group: 'Data',
          },
          { flags: '--seed <n>', description: 'seed of the market' },
        ],
        examples: ['frontmonth data sample', 'frontmonth data sample --products ES,CL --seed 7'],
        answer: 'manifest of the dataset',
        load: () => import('./commands/data.ts').then((m) => ({ run: m.dataSample })),
      },
      {
        name: 'import',
        summary: 'import market data from files',
        args: [{ name: 'file', description: 'files, or folders of LEAN’s data', isVariadic: true }],
        flags: [
          {
            flags: '--format <name>',
            description: 'told by the first bytes',
            choices: ['csv', 'dbn', 'export', 'lean', 'open-interest', 'parquet', 'pysystemtrade'],
          },
          { flags: '--into <dataset>', description: 'name of the dataset' },
          { flags: '--contract <id>', description: 'contract of all rows, such as ESZ2025' },
          { flags: '--instrument <root>', description: 'product of a file of a chain' },
          { flags: '--interval <interval>', description: 'bar interval: 1m, 1h, 1d' },
          {
            flags: '--columns <map>',
            description: 'time=Date,open=O,high=H,low=L,close=C,volume=V',
            group: 'CSV and Parquet',
          },
          {
            flags: '--known <when>',
            description: 'open interest of a date is known at its close, next-open or next-close',
            choices: ['close', 'next-open', 'next-close'],
            group: 'CSV',
          },
          {
            flags: '--zone <zone>',
            description: 'IANA zone of the times; default UTC',
            group: 'CSV and Parquet',
          },
          {
            flags: '--stamp <end>',
            description: 'bars are stamped at open or close',
            choices: ['open', 'close'],
            group: 'CSV and Parquet',
          },
          { flags: '--delimiter <char>', description: 'default a comma', group: 'CSV' },
          { flags: '--no-header', description: 'columns by number', group: 'CSV' },
          { flags: '--watch', description: 'a folder that grows: its files as they come' },
          { flags: '--once', description: 'with --watch: what is there, then end', group: 'Watch' },
          {
            flags: '--settle <seconds>',
            description: 'a file is complete when unchanged for so long; default 2',
            group: 'Watch',
          },
          {
            flags: '--set-aside <folder>',
            description: 'move refused files there; default they stay',
            group: 'Watch',
          },
          { flags: '--quarantine', description: 'keep valid rows, list the rest in a file' },
          {
            flags: '--grid <grid>',
            description: 'ticks, or none: keep prices off the tick',
            choices: ['ticks', 'none'],
          },
          {
            flags: '--decimals <n>',
            description: 'digits behind the point of whole numbers, such as 9',
            group: 'Parquet',
          },
          {
            flags: '--kinds <list>',
            description: 'only these: trade, quote, openinterest',
            group: 'LEAN',
          },
          {
            flags: '--series <n>',
            description: 'of a day that stands twice in a file: which',
            group: 'LEAN',
          },
          {
            flags: '--market-hours <file>',
            description: 'market-hours-database.json, for the zones',
            group: 'LEAN',
          },
          {
            flags: '--instrument-config <file>',
            description: 'instrumentconfig.csv',
            group: 'pysystemtrade',
          },
          { flags: '--filled', description: 'fill gaps forward first', group: 'pysystemtrade' },
        ],
        examples: [
          'frontmonth data import es.csv --into mine --contract ESZ2025 --interval 1m --stamp close',
          'frontmonth data import SP500.csv.gz --format pysystemtrade --instrument SP500 --into pst',
        ],
        answer: 'rows written, problems by row',
        load: () => import('./commands/data.ts').then((m) => ({ run: m.dataImport })),
      },
      {
        name: 'list',
        summary: 'datasets of the catalog',
        examples: ['frontmonth data list', 'frontmonth data list --json'],
        answer: 'table of datasets',
        load: () => import('./commands/data.ts').then((m) => ({ run: m.dataList })),
      },
      {
        name: 'show',
        summary: 'contracts, spans and bars of a dataset',
        args: [
          { name: 'dataset', description: 'default sample', isOptional: true, values: 'dataset' },
        ],
        flags: [
          { flags: '--instruments <roots>', description: 'list the contracts of these products' },
          { flags: '--contract <id>', description: 'bars of this contract' },
          {
            flags: '--interval <interval>',
            description: 'bar interval, or open-interest; default 1d',
          },
          { flags: '--head <n>', description: 'first n bars; default 20' },
          { flags: '--plot', description: 'draw the closes in the terminal' },
          ...SPAN,
        ],
        examples: [
          'frontmonth data show sample',
          'frontmonth data show sample --contract ESZ2023 --plot',
        ],
        answer: 'manifest, table, plot',
        load: () => import('./commands/data.ts').then((m) => ({ run: m.dataShow })),
      },
      {
        name: 'export',
        summary: 'rows of a dataset as CSV, Parquet or Arrow',
        args: [
          { name: 'dataset', description: 'default sample', isOptional: true, values: 'dataset' },
        ],
        flags: [
          { flags: '--out <path>', description: 'a file, a folder for several, or - for stdout' },
          {
            flags: '--format <name>',
            description: 'csv, parquet or arrow; by the name of the file',
            choices: ['csv', 'parquet', 'arrow'],
          },
          { flags: '--force', description: 'replace files that exist' },
          {
            flags: '--prices <view>',
            description: 'decimal (default), counts of the grid, or both',
            choices: ['decimal', 'counts', 'both'],
          },
          { flags: '--contract <ids>', description: 'contracts, comma separated', group: 'Data' },
          INSTRUMENTS,
          {
            flags: '--kind <kinds>',
            description: 'bars, trades, quotes, depth, mbo, open-interest',
            group: 'Data',
          },
          { flags: '--interval <intervals>', description: 'bar intervals: 1m,1d', group: 'Data' },
          ...SPAN,
        ],
        examples: [
          'frontmonth data export sample --interval 1d --out daily.parquet',
          'frontmonth data export sample --contract ESZ2023 --interval 1d --out -',
        ],
        answer: 'the files with their rows; the rows themselves with --out -',
        load: () => import('./commands/data-export.ts').then((m) => ({ run: m.dataExport })),
      },
      {
        name: 'resample',
        summary: 'build longer bars, aligned to the sessions',
        args: [
          { name: 'dataset', description: 'default sample', isOptional: true, values: 'dataset' },
        ],
        flags: [
          { flags: '--from <interval>', description: 'stored bars to build from, or trades' },
          { flags: '--to <interval>', description: 'bars to build: 5m, 1h, 1d' },
          {
            flags: '--into <dataset>',
            description: 'another dataset for them; default the same',
            values: 'dataset',
          },
          {
            flags: '--align <rule>',
            description: 'bars begin at the session open (default) or the full hour',
            choices: ['session', 'clock'],
          },
          { flags: '--force', description: 'replace bars that came from a source' },
          { flags: '--contract <ids>', description: 'contracts, comma separated', group: 'Data' },
          INSTRUMENTS,
        ],
        examples: [
          'frontmonth data resample sample --from 1m --to 5m',
          'frontmonth data resample sample --from 1h --to 1d --into daily',
        ],
        answer: 'bars by contract; what is unchanged is not built again',
        load: () => import('./commands/data-resample.ts').then((m) => ({ run: m.dataResample })),
      },
      {
        name: 'check',
        summary: 'find problems in a dataset',
        args: [
          { name: 'dataset', description: 'default sample', isOptional: true, values: 'dataset' },
        ],
        flags: [
          { flags: '--limit <n>', description: 'problems to list of each kind; default 20' },
          { flags: '--page <file>', description: 'also one page with tables and a heat map' },
          {
            flags: '--fail-on <level>',
            description: 'exit 1 from error, warning (default) or note on, or never',
            choices: ['error', 'warning', 'note', 'never'],
          },
          { flags: '--force', description: 'replace a page that exists' },
        ],
        examples: [
          'frontmonth data check sample',
          'frontmonth data check mine --page mine.html --fail-on error',
        ],
        answer: 'problems by file, row and reason; exit 1 when there are any',
        load: () => import('./commands/data-check.ts').then((m) => ({ run: m.dataCheck })),
      },
    ],
  },
  {
    name: 'calendar',
    summary: 'open now? why not? what comes next; a year on a page',
    args: [
      {
        name: 'market',
        description: 'a product such as ES, or a session group; without it, the groups',
        isOptional: true,
        values: 'calendar',
      },
    ],
    flags: [
      { flags: '--at <moment>', description: 'instead of now: 2026-11-26T18:00:00Z' },
      { flags: '--from <date>', description: 'sessions from this date, YYYY-MM-DD' },
      { flags: '--to <date>', description: 'up to this one' },
      {
        flags: '--year <year>',
        description: 'special days, expiries, notices and rolls of a year',
      },
      {
        flags: '--rule <rule>',
        description: 'roll rule of the year, by dates: calendar:5b@earlier, first-day, last-day',
      },
      { flags: '--html [file]', description: 'the year as a page to print', group: 'Page' },
      {
        flags: '--theme <name>',
        description: 'auto, light or dark',
        choices: ['auto', 'light', 'dark'],
        group: 'Page',
      },
      { flags: '--open', description: 'open the page in the browser', group: 'Page' },
      {
        flags: '--outside <how>',
        description: 'outside the sourced span: error, or rules, marked as such',
        choices: ['error', 'rules'],
      },
    ],
    examples: ['frontmonth calendar ES', 'frontmonth calendar CL --year 2026 --html'],
    answer: 'state, sessions and special days; with --html the path of the page',
    load: () => import('./commands/calendar.ts'),
  },
  {
    name: 'contracts',
    summary: 'products, the contracts of one, and what a symbol means',
    args: [
      {
        name: 'product',
        description: 'root, such as ES, or a symbol of any venue, such as F.US.EPZ25',
        isOptional: true,
        values: 'product',
      },
    ],
    flags: [
      { flags: '--from <year>', description: 'first year; default last year' },
      { flags: '--to <year>', description: 'last year; default next year' },
      { flags: '--at <date>', description: 'the contracts that trade on this date, nearest first' },
      { flags: '--count <n>', description: 'how many of them; default 12' },
      {
        flags: '--venue <venue>',
        description: 'read the symbol as this venue writes it',
        choices: ['globex', 'projectx', 'cqg', 'ib'],
      },
    ],
    examples: [
      'frontmonth contracts CL --at 2025-11-21 --count 4',
      'frontmonth contracts F.US.EPZ25',
    ],
    answer: 'a table; for a symbol the contract, its dates and its neighbours',
    load: () => import('./commands/contracts.ts'),
  },
  {
    name: 'rolls',
    summary: 'when a chain rolls under a rule, and why',
    args: [{ name: 'product', description: 'root, such as ES', values: 'product' }],
    flags: [
      {
        flags: '--rule <rule>',
        description:
          'calendar:5b@earlier, approx:-5,-12, first-day, last-day, volume:1, oi, liquid:-5,-12, after:RULE/volume:1, weighted:5/RULE, nearest/RULE, lean:0, given:FILE',
      },
      {
        flags: '--explain <date>',
        description: 'why the roll nearest to this trade date is where it is',
      },
      {
        flags: '--data <dataset>',
        description: 'dataset of the catalog',
        group: 'Data',
        values: 'dataset',
      },
      ...SPAN,
      {
        flags: '--open-interest <file>',
        description: 'CSV: known,contract,openInterest',
        group: 'Data',
      },
      { flags: '--csv', description: 'CSV instead of a table' },
    ],
    examples: [
      'frontmonth rolls ES --rule calendar:5b@earlier',
      'frontmonth rolls CL --rule volume:1 --explain 2022-05-12',
    ],
    answer: 'table of rolls, or the explanation of one',
    load: () => import('./commands/rolls.ts'),
  },
  {
    name: 'continuous',
    summary: 'a continuous series: rolls, gaps, plot, rows',
    args: [{ name: 'product', description: 'root, such as ES', values: 'product' }],
    flags: [
      {
        flags: '--rule <rule>',
        description: 'roll rule, such as volume:1; default the one of the product',
      },
      {
        flags: '--adjust <mode>',
        description: 'what is added to raw prices',
        choices: ['none', 'back-difference', 'forward-difference', 'back-ratio', 'forward-ratio'],
      },
      { flags: '--interval <interval>', description: 'bar size; default 1d' },
      { flags: '--depth <n>', description: '0 the contract to trade, 1 the next one' },
      ...SPAN,
      {
        flags: '--data <dataset>',
        description: 'dataset of the catalog',
        group: 'Data',
        values: 'dataset',
      },
      {
        flags: '--open-interest <file>',
        description: 'CSV: known,contract,openInterest',
        group: 'Data',
      },
      {
        flags: '--as-known-at <moment>',
        description: 'as a decision then saw it: a trade date or an instant',
        group: 'View',
      },
      {
        flags: '--as-of <moment>',
        description: 'levels of the contract held then',
        group: 'View',
      },
      {
        flags: '--roll-stamp <contract>',
        description: 'whose bar closes at the moment of a roll; default old',
        choices: ['old', 'new'],
        group: 'View',
      },
      {
        flags: '--curve',
        description: 'forward, previous and carry contract in --csv',
        group: 'View',
      },
      { flags: '--stored <name>', description: 'a series that was saved', group: 'View' },
      {
        flags: '--save [name]',
        description: 'store schedule and gaps, or add to them',
        group: 'Result',
      },
      {
        flags: '--correct',
        description: 'with --save: accept rolls that contradict the stored ones',
        group: 'Result',
      },
      { flags: '--csv', description: 'rows as CSV', group: 'Result' },
      {
        flags: '--html [file]',
        description: 'page with raw, adjusted and the rolls',
        group: 'Result',
      },
      { flags: '--open', description: 'open the page in the browser', group: 'Result' },
      {
        flags: '--theme <name>',
        description: 'auto, light or dark',
        choices: ['auto', 'light', 'dark'],
        group: 'Result',
      },
    ],
    examples: ['frontmonth continuous ES', 'frontmonth continuous ES --adjust back-ratio --html'],
    answer: 'rolls, gaps and a plot; rows with --csv',
    load: () => import('./commands/continuous.ts'),
  },
  {
    name: 'config',
    summary: 'configuration in effect',
    flags: [{ flags: '--origin', description: 'where each value comes from' }],
    examples: ['frontmonth config', 'frontmonth config --origin --json'],
    answer: 'every key with its value',
    load: () => import('./commands/config.ts'),
  },
  {
    name: 'exchange',
    summary: "the simulated exchange behind a broker's own protocol",
    examples: ['frontmonth exchange serve'],
    answer: 'see the subcommands',
    children: [
      {
        name: 'serve',
        summary: 'serve a simulated gateway, until Ctrl-C',
        flags: [
          { flags: '--protocol <name>', description: 'whose protocol', choices: ['projectx'] },
          {
            flags: '--data <dataset>',
            description: 'replay a dataset of the catalog; default: a market that makes itself',
            group: 'Market',
            values: 'dataset',
          },
          { flags: '--from <date>', description: 'first trade date of it', group: 'Market' },
          {
            flags: '--contracts <list>',
            description: 'products or contracts, comma separated: ES,CLZ2026',
            group: 'Market',
            values: 'product',
          },
          { flags: '--speed <n>', description: 'times as fast as real time', group: 'Market' },
          { flags: '--seed <n>', description: 'seed of the sample market', group: 'Market' },
          {
            flags: '--accounts <file>',
            description: 'users, keys, accounts and options; default: a demo user, key drawn',
          },
          { flags: '--faults <file>', description: 'what goes wrong, and when' },
          { flags: '--port <n>', description: 'default: any that is free', group: 'Server' },
          { flags: '--host <address>', description: 'default 127.0.0.1', group: 'Server' },
          { flags: '--tls-key <file>', description: 'PEM', group: 'Server' },
          { flags: '--tls-cert <file>', description: 'PEM', group: 'Server' },
        ],
        examples: [
          'frontmonth exchange serve --protocol projectx',
          'frontmonth exchange serve --data sample --contracts ES --speed 60',
        ],
        answer: 'addresses, user and key of the demo, accounts and contracts',
        load: () => import('./commands/exchange.ts').then((m) => ({ run: m.exchangeServe })),
      },
    ],
  },
  {
    name: 'doctor',
    summary: 'check this machine and project',
    examples: ['frontmonth doctor', 'frontmonth doctor --json'],
    answer: 'one line for each check; exit 1 when one fails',
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'venues',
    summary: 'what each venue can do, and how, as a run takes it',
    args: [
      {
        name: 'venue',
        description: 'one of them: its rules, what is done for it, and where each fact was read',
        isOptional: true,
        values: 'venue',
      },
    ],
    examples: ['frontmonth venues', 'frontmonth venues projectx'],
    answer: 'a table of all venues, or the page of one',
    load: () => import('./commands/venues.ts'),
  },
  {
    name: 'errors',
    summary: 'explain an error code',
    args: [
      {
        name: 'code',
        description: 'such as E_PARAM_RANGE',
        isOptional: true,
        values: 'error',
      },
    ],
    examples: ['frontmonth errors E_PARAM_RANGE', 'frontmonth errors'],
    answer: 'cause and cure, or all codes',
    load: () => import('./commands/errors.ts'),
  },
  {
    name: 'demo',
    summary: 'sample if missing, one backtest, its report',
    flags: [{ flags: '--open', description: 'open the report in the browser' }],
    examples: ['frontmonth demo', 'frontmonth demo --open'],
    answer: 'summary table, path of the report',
    load: () => import('./commands/demo.ts'),
  },
  {
    name: 'completion',
    summary: 'completion script of a shell',
    args: [{ name: 'shell', description: 'bash, zsh, fish or powershell', values: 'shell' }],
    examples: ['frontmonth completion bash', 'frontmonth completion zsh'],
    answer: 'the script',
    load: () => import('./commands/completion.ts'),
  },
  {
    name: 'complete',
    summary: 'what can stand in place of the last word',
    isHidden: true,
    args: [{ name: 'word', description: 'the line so far', isOptional: true, isVariadic: true }],
    flags: [{ flags: '--next-word', description: 'a new word begins' }],
    examples: ['frontmonth complete -- backtest --fills p', 'frontmonth complete -- runs'],
    answer: 'one candidate a line',
    load: () => import('./commands/complete.ts'),
  },
];
