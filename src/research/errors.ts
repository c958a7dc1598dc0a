/** Error pages of the research layer. */
import type { ErrorCatalog } from '../core/errors.ts';
import { EXIT } from '../core/errors.ts';

export { PLAN_ERRORS } from './plan-errors.ts';

export const RESEARCH_ERRORS: ErrorCatalog = {
  E_BACKTEST_OPTION: {
    title: 'An option of backtest() is not valid',
    cause:
      'It has the wrong type, is out of its bounds, or does not exist; a misspelt one would be ignored in silence.',
    cure: 'Correct the named option by its rule.',
    exit: EXIT.input,
  },
  E_BAR_STAMP: {
    title: 'Bars look stamped at their open and read as stamped at their close',
    cause:
      'Bars end at the very open of their sessions, where nothing can have traded yet, and none ends at a close: they stand one bar early, and a strategy would know them before they happened.',
    cure: 'Import the data again and say what the stamps are: `--stamp open`.',
    exit: EXIT.input,
  },
  E_FRAME_COLUMN: {
    title: 'A column of a frame is not there, or not of this kind',
    cause:
      'Its name is not among the columns, its length is another, or its type does not go where it was sent.',
    cure: 'Choose a column by its name; `frame.types` lists all, `frame.cast()` changes a type.',
    exit: EXIT.input,
  },
  E_FRAME_VALUE: {
    title: 'A column of a frame cannot hold a value',
    cause:
      'A fraction in whole numbers, a whole number beyond 2^53, a time in nanoseconds before 1684 or after 2255, a decimal of more digits than a double keeps, a missing value in a column that is not of doubles.',
    cure: 'Choose a type that holds it, or turn it in the query: `coalesce(x, 0)`, `x::DOUBLE`, `x::VARCHAR`.',
    exit: EXIT.input,
  },
  E_FRAME_SIZE: {
    title: 'A frame is too long for Danfo',
    cause: 'Danfo shows small tables; with many rows it becomes slow beyond use.',
    cure: 'Take a part with `slice()`, or reduce it with SQL or Arquero first.',
    exit: EXIT.input,
  },
  E_FRAME_PACKAGE: {
    title: 'An optional package is not installed',
    cause: 'Tables of Arquero and SQL with DuckDB need packages that are not part of this one.',
    cure: 'Install the named package; everything else works without it.',
    exit: EXIT.input,
  },
  E_SQL: {
    title: 'A query cannot be run',
    cause:
      'DuckDB does not understand it, it is more than one statement, a table or column is not there, a column of the answer has a type that a frame lacks, or the session is closed.',
    cure: 'Correct the query; the error lists the tables, `DESCRIBE bars_1d` the columns of one.',
    exit: EXIT.input,
  },
  E_PROGRAMME_FILE: {
    title: 'A programme cannot be read',
    cause: 'The file is not there or is not JSON.',
    cure: 'Check the path; a programme is one JSON object, see docs/reference/programme.md.',
    exit: EXIT.input,
  },
  E_PROGRAMME_VALUE: {
    title: 'A rule of a programme is not valid',
    cause:
      'A field is missing, unknown, of the wrong kind, or contradicts another; a misspelt one would be ignored in silence.',
    cure: 'Correct the named field by its rule; all switches: docs/reference/programme.md.',
    exit: EXIT.input,
  },
  E_PER_CURRENCY: {
    title: 'The accounts of a run per currency do not fit its products',
    cause:
      'A currency of a product has no capital, a capital has no product, or the list cannot be read.',
    cure: 'Give one capital for each currency of the products: --per-currency USD=1000000,EUR=500000.',
    exit: EXIT.input,
  },
  E_RUN_NOT_FOUND: {
    title: 'A run cannot be found',
    cause: 'No run folder has this name, prefix or position.',
    cure: '`frontmonth runs list` shows the runs; name one by folder, unique prefix, `last` or `last~2`.',
    exit: EXIT.input,
  },
  E_RUN_AMBIGUOUS: {
    title: 'A run name fits several runs',
    cause: 'The prefix is not unique.',
    cure: 'Write more of the run id.',
    exit: EXIT.usage,
  },
  E_ORDER_NOT_FOUND: {
    title: 'An order cannot be found in a run',
    cause: 'The journal of the run has no order, execution or group of this id.',
    cure: '`frontmonth orders <run>` lists the orders, `frontmonth fills <run>` the executions.',
    exit: EXIT.input,
  },
  E_RUN_READ: {
    title: 'A run folder cannot be read',
    cause: 'A file of the run is missing, is not of the expected form, or the run never finished.',
    cure: 'Run it again; an unfinished run keeps its journal in the folder named `.partial-…`.',
    exit: EXIT.input,
  },
  E_RUN_EXISTS: {
    title: 'A run of this id exists already',
    cause: 'Runs are never overwritten.',
    cure: 'Choose another run id or another place with --out.',
    exit: EXIT.input,
  },
  E_RUN_WRITE: {
    title: 'A run folder cannot be written',
    cause: 'The disk is full or the folder may not be written.',
    cure: 'Free some space or choose another place with --out; what was written stays readable.',
    exit: EXIT.input,
  },
  E_RUN_UNFINISHED: {
    title: 'A run was not finished',
    cause: 'The process ended, or the disk was full, before the run could say how it ended.',
    cure: 'Run it again; the journal in the partial folder shows how far it came.',
    exit: EXIT.input,
  },
  E_REPORT_ASSET: {
    title: 'A file of the report page is missing',
    cause:
      'The chart libraries are built into the package; in a clone they come from the development packages.',
    cure: 'Run `npm ci` in the clone, or install the package again.',
    exit: EXIT.input,
  },
  E_REPORT_SIZE: {
    title: 'A report does not fit its size limit',
    cause: 'Even without prices the tables of the run are larger than --max-mb.',
    cure: 'Raise --max-mb, or report a shorter span.',
    exit: EXIT.input,
  },
  E_COMPARE_COUNT: {
    title: 'The number of runs to compare is out of range',
    cause: 'A comparison needs 2 to 20 runs.',
    cure: 'Name between 2 and 20 runs.',
    exit: EXIT.usage,
  },
  E_STRATEGY_NOT_DETERMINISTIC: {
    title: 'Two runs of a strategy over the same data differ',
    cause:
      'It decides by something beside its events: Math.random, a clock (Date.now, new Date), a file or network answer, or state kept outside `create` (at module level), which the next run finds changed.',
    cure: 'Keep state inside `create`, take the time from ctx.nowUs, and derive chance from the bar in hand or a parameter.',
    exit: EXIT.strategy,
  },
  E_STRATEGY_LOOK_AHEAD: {
    title: 'A strategy decides by data that lie in the future',
    cause:
      'A run on the first part of the data differs there from the run on all of it: something that the strategy knows depends on where the data end.',
    cure: 'Read only the context: finished bars, fills and orders; compute no level, filter or parameter from the whole file beforehand.',
    exit: EXIT.answerIsNo,
  },
  E_TRADES_QUERY: {
    title: 'A filter or sort of a table cannot be read',
    cause:
      'Filters are column, one of = != < > <= >=, and value; sorts are a column with an optional minus.',
    cure: "Write --where 'instrument=ES side=short net<0' or --sort -net; the message lists the columns.",
    exit: EXIT.usage,
  },
  E_CONTINUOUS_UNKNOWN: {
    title: 'A stored continuous series is not the one asked for',
    cause: 'The dataset has no stored series of this name, or the name belongs to another rule.',
    cure: 'Save it first with `frontmonth continuous <product> --save <name>`, or choose one of the names listed.',
    exit: EXIT.input,
  },
};
