/** `frontmonth config`. */
import type { ExitCode } from '../../core/errors.ts';
import { EXIT } from '../../core/errors.ts';
import { CONFIG_KEYS } from '../../research/project-config.ts';
import type { CommandCall } from '../command.ts';
import { hasFlag } from '../command.ts';
import { renderTable } from '../table.ts';

export async function run(call: CommandCall): Promise<ExitCode> {
  const config = await call.config();
  const isOrigin = hasFlag(call, 'origin');
  const rows = CONFIG_KEYS.map((key) => ({
    key,
    value: config.values[key],
    from: config.origins[key].from,
    where: config.origins[key].where,
  }));
  const result = Object.fromEntries(
    rows.map(({ key, value, from, where }) => [key, isOrigin ? { value, from, where } : value]),
  );
  call.out.result('frontmonth.config/1', result, () =>
    renderTable(
      call.out,
      [
        { title: 'key', cell: (row) => row.key },
        { title: 'value', cell: (row) => valueText(row.key, row.value) },
        ...(isOrigin
          ? [
              { title: 'from', cell: (row: (typeof rows)[number]) => row.from },
              {
                title: 'where',
                priority: 1,
                cell: (row: (typeof rows)[number]) => (row.from === 'default' ? '' : row.where),
              },
            ]
          : []),
      ],
      rows,
    ),
  );
  return EXIT.ok;
}

function valueText(key: string, value: unknown): string {
  if (value === null) return key === 'instruments' ? '(of the package)' : '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
