/** `frontmonth errors [code]`. */
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import type { CommandCall } from '../command.ts';
import { textArg } from '../command.ts';
import { allErrorPages } from '../error-pages.ts';
import { didYouMean } from '../../core/suggest.ts';
import { renderTable } from '../table.ts';
import { fieldLines } from '../wrap.ts';

export async function run(call: CommandCall): Promise<ExitCode> {
  const entries = Object.entries(await allErrorPages()).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const word = textArg(call, 0).toUpperCase();
  if (word === '') {
    call.out.result('frontmonth.errors/1', Object.fromEntries(entries), () =>
      renderTable(
        call.out,
        [
          { title: 'code', cell: ([code]) => code },
          { title: 'exit', align: 'right', priority: 1, cell: ([, page]) => String(page.exit) },
          { title: 'title', cell: ([, page]) => page.title },
        ],
        entries,
      ),
    );
    return EXIT.ok;
  }
  const code = word.startsWith('E_') ? word : `E_${word}`;
  const page = entries.find(([known]) => known === code)?.[1];
  if (page === undefined) {
    throw new TradingError('E_ERROR_CODE', `there is no error ${word}`, {
      where: word,
      fix: didYouMean(
        code,
        entries.map(([known]) => known),
        '`frontmonth errors` lists all codes',
      ),
    });
  }
  call.out.result('frontmonth.error-page/1', { code, ...page }, () =>
    [
      `${code}: ${page.title}`,
      ...fieldLines(
        [
          ['cause', page.cause],
          ['cure', page.cure],
          ['exit', String(page.exit)],
        ],
        call.out.width('stdout'),
      ),
    ].join('\n'),
  );
  return EXIT.ok;
}
