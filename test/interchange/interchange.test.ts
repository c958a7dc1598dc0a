import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const python = process.env['FRONTMONTH_PYTHON'] ?? 'python3';
const hasReaders = spawnSync(python, ['-c', 'import pyarrow, polars']).status === 0;
const title = 'pyarrow and polars read our Arrow files as the source values';

it.skipIf(!hasReaders)(
  hasReaders
    ? title
    : `${title} (skipped: set FRONTMONTH_PYTHON to a Python with pyarrow and polars)`,
  { timeout: 120_000 },
  () => {
    const folder = fs.mkdtempSync(join(tmpdir(), 'frontmonth-interchange-'));
    try {
      const write = spawnSync(process.execPath, [
        '--import',
        'tsx',
        'scripts/interchange.ts',
        folder,
      ]);
      expect(write.stderr.toString()).toBe('');
      const compare = spawnSync(python, [join(import.meta.dirname, 'interchange.py'), folder]);
      expect(compare.stderr.toString()).toBe('');
      expect(compare.stdout.toString()).toContain('1680000 values equal');
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  },
);
