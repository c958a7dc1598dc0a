import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const python = process.env['FRONTMONTH_PYTHON'] ?? 'python3';
const hasReaders = spawnSync(python, ['-c', 'import pyarrow, polars, duckdb']).status === 0;
const title = 'pyarrow, polars and DuckDB read our Arrow files as the source values';

it.skipIf(!hasReaders)(
  hasReaders
    ? title
    : `${title} (skipped: set FRONTMONTH_PYTHON to a Python with pyarrow, polars and duckdb)`,
  { timeout: 120_000 },
  () => {
    const run = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/interchange.ts', python], {
      encoding: 'utf8',
    });
    expect(run.stderr).toBe('');
    // 40 columns of 70,000 rows by three readers, and seven columns of plain prices.
    expect(run.stdout).toContain('8890000 values equal in 6 files');
    expect(run.status).toBe(0);
  },
);
