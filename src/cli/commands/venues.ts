/** `frontmonth venues [venue]`: what a run "as on" a venue may use, and by which rules. */
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import { didYouMean } from '../../core/suggest.ts';
import type { VenueTablePart } from '../../core/venues/table.ts';
import { VENUE_TABLE } from '../../core/venues/table.ts';
import type { VenueView } from '../../research/venues.ts';
import { venueViews } from '../../research/venues.ts';
import type { CommandCall } from '../command.ts';
import { textArg } from '../command.ts';
import { renderTable } from '../table.ts';
import { wrap } from '../wrap.ts';

export function run(call: CommandCall): Promise<ExitCode> {
  const views = venueViews();
  const word = textArg(call, 0).toLowerCase();
  if (word === '') {
    call.out.result('frontmonth.venues/1', views, () => allText(call, views));
    return Promise.resolve(EXIT.ok);
  }
  const view = views.find(({ name }) => name === word);
  if (view === undefined) {
    throw new TradingError('E_USAGE', `there is no venue ${word}`, {
      where: `frontmonth venues ${word}`,
      fix: didYouMean(
        word,
        views.map(({ name }) => name),
        '`frontmonth venues` lists them',
      ),
    });
  }
  call.out.result('frontmonth.venue/1', view, () => oneText(call, view));
  return Promise.resolve(EXIT.ok);
}

function allText(call: CommandCall, views: readonly VenueView[]): string {
  const part = ({ title, rows }: VenueTablePart): string =>
    renderTable(
      call.out,
      [
        { title: title.toLowerCase(), cell: (row) => row.what },
        ...views.map((view) => ({
          title: view.name,
          cell: (row: VenueTablePart['rows'][number]) => row.cell(view),
        })),
      ],
      rows,
    );
  return [
    ...VENUE_TABLE.map(part),
    'by us: the venue lacks it, and it is done for it. One venue with its sources: frontmonth venues projectx',
  ].join('\n\n');
}

function oneText(call: CommandCall, view: VenueView): string {
  const { out } = call;
  const width = out.options.wide ? 10_000 : Math.min(100, out.width('stdout'));
  const lines: string[] = [];
  const head = (text: string): void => {
    lines.push('', out.style('stdout', 'bold', text));
  };
  const put = (text: string): void => {
    lines.push(...wrap(`  ${text}`, width, 4));
  };
  lines.push(`${view.name}: ${view.title}`);
  for (const { title, isCode, rows } of VENUE_TABLE) {
    if (!isCode) {
      head('rules');
      for (const { what, cell } of rows) put(`${what}: ${cell(view)}`);
      continue;
    }
    const having = (answer: string): string[] =>
      rows.filter(({ cell }) => cell(view) === answer).map(({ what }) => what);
    head(title.toLowerCase());
    put(`yes: ${listOf(having('yes'))}`);
    if (having('by us').length > 0) put(`done for it: ${listOf(having('by us'))}`);
    put(`no: ${listOf(having('no'))}`);
  }
  if (view.emulated.length > 0) head('what it lacks and is done for it');
  for (const { what, how } of view.emulated) put(`${what}: ${how}`);
  head('facts and where they were read');
  for (const { fact, source } of view.facts) put(`${fact} [${source}]`);
  return lines.join('\n');
}

function listOf(words: readonly string[]): string {
  return words.length === 0 ? 'none' : words.join(', ');
}
