/** `frontmonth rolls <product>`: when a chain rolls under a rule, and why. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import type { RollExplanation, RollRow, RollsAnswer } from '../../research/rolls.ts';
import { calendarTextsOf } from '../calendar-texts.ts';
import type { CommandCall } from '../command.ts';
import { textArg, textFlag } from '../command.ts';
import { dateFlag, spanOf } from '../flag-values.ts';
import { instrumentsDirOf } from '../instruments-dir.ts';
import { watchInterrupts } from '../interrupt.ts';
import { renderTable, toCsv } from '../table.ts';
import { unknownProduct } from './contracts.ts';
import { ensureSample } from './data.ts';

export async function run(call: CommandCall): Promise<ExitCode> {
  const dataset = textFlag(call, 'data');
  const config = await call.config({ dataset });
  const services = await call.services();
  const root = textArg(call, 0).toUpperCase();
  const specs = await services.loadInstruments(instrumentsDirOf(config));
  if (!specs.has(root)) throw unknownProduct(textArg(call, 0), [...specs.keys()]);
  const interrupts = watchInterrupts(call.host);
  if ((await ensureSample(call, config, interrupts)) === 'stopped')
    return interrupts.exitCode() ?? EXIT.interrupted;
  const rule = textFlag(call, 'rule');
  const explain = dateFlag(call, 'explain');
  const given = rule?.startsWith('given:') === true ? rule.slice('given:'.length) : undefined;
  const interest = textFlag(call, 'openInterest');
  const answer = await services.readRolls({
    catalogDir: config.values.catalog,
    instrumentsDir: instrumentsDirOf(config),
    dataset: config.values.dataset,
    root,
    ...spanOf(call),
    calendars: await calendarTextsOf(config),
    ...(rule === undefined ? {} : { rule }),
    ...(explain === undefined ? {} : { explain }),
    ...(given === undefined ? {} : { calendarFile: readText(call, '--rule given:', given) }),
    ...(interest === undefined
      ? {}
      : { openInterest: readText(call, '--open-interest ', interest) }),
  });
  for (const note of answer.notes) call.out.warn(note.code, note.message);
  if (call.flags['csv'] === true && !call.out.options.json) {
    call.out.answer(csvOf(answer));
    return EXIT.ok;
  }
  call.out.result('frontmonth.rolls/1', { ...answer }, () =>
    answer.explanation === null
      ? `${headOf(answer)}\n\n${tableOf(call, answer)}`
      : `${headOf(answer)}\n\n${explanationOf(call, answer, answer.explanation)}`,
  );
  return EXIT.ok;
}

/** A file named by a flag; `flag` is what was typed before its name. Errors: E_IMPORT_FILE. */
export function readText(
  call: CommandCall,
  flag: string,
  file: string,
): { file: string; text: string } {
  try {
    return { file, text: readFileSync(resolve(call.host.cwd, file), 'utf8') };
  } catch (cause) {
    throw new TradingError('E_IMPORT_FILE', `${file} cannot be read`, {
      where: `${flag}${file}`,
      details: { file },
      fix: 'check the path',
      cause,
    });
  }
}

function headOf(answer: RollsAnswer): string {
  return [
    `${answer.root}   ${answer.dataset}, ${answer.from} to ${answer.to}`,
    `  rule     ${answer.rule}${answer.looksAhead ? '   looks ahead' : ''}`,
    `           ${answer.ruleWords}`,
    `  rolls    ${answer.rolls.length}, gaps ${sumOf(answer)} in all`,
    `  held now ${answer.current}`,
  ].join('\n');
}

function sumOf(answer: RollsAnswer): string {
  const sum = answer.rolls.reduce((total, roll) => total + roll.gap, 0);
  return signed(sum, answer.decimals);
}

function tableOf(call: CommandCall, answer: RollsAnswer): string {
  if (answer.rolls.length === 0) return 'no rolls in this span';
  const { decimals } = answer;
  return renderTable<RollRow>(
    call.out,
    [
      { title: 'last day', cell: (roll) => roll.tradeDate },
      { title: 'from', cell: (roll) => roll.from },
      { title: 'to', cell: (roll) => roll.to },
      { title: 'gap', align: 'right', cell: (roll) => signed(roll.gap, decimals) },
      { title: 'cost', align: 'right', priority: 1, cell: (roll) => money(roll.cost) },
      {
        title: 'prices',
        align: 'right',
        priority: 2,
        cell: (roll) => `${roll.fromPrice.toFixed(decimals)} ${roll.toPrice.toFixed(decimals)}`,
      },
      { title: 'volumes', align: 'right', priority: 4, cell: volumesOf },
      { title: 'last trade', priority: 3, cell: (roll) => roll.lastTradeDate ?? '–' },
      { title: 'marks', priority: 3, cell: marksOf },
      { title: 'why', priority: 5, cell: (roll) => roll.reason },
    ],
    answer.rolls,
  );
}

function marksOf(roll: RollRow): string {
  const marks = [
    roll.isInferred ? 'carried price' : '',
    roll.looksAhead ? 'looks ahead' : '',
    roll.parts.length > 0 ? `${roll.parts.length} parts` : '',
  ];
  return marks.filter((mark) => mark !== '').join(', ');
}

function volumesOf(roll: RollRow): string {
  if (roll.fromVolume === null || roll.toVolume === null) return '–';
  return `${roll.fromVolume} ${roll.toVolume}`;
}

function explanationOf(call: CommandCall, answer: RollsAnswer, it: RollExplanation): string {
  const { decimals } = answer;
  const width = Math.min(call.out.width('stdout'), 100);
  const blocks = [it.words.map((line) => wrap(line, width)).join('\n')];
  const roll = it.roll;
  if (roll === null) return blocks.join('\n');
  if (roll.parts.length > 0)
    blocks.push(
      [
        'Parts',
        ...roll.parts.map(
          (part) => `  ${part.tradeDate}  ${part.percent} %  gap ${signed(part.gap, decimals)}`,
        ),
      ].join('\n'),
    );
  const problems = it.others.filter((other) => other.problem !== null);
  blocks.push(
    `What other rules would have chosen for ${roll.from}\n${renderTable(
      call.out,
      [
        { title: 'rule', cell: (other) => other.rule },
        { title: 'last day', cell: (other) => other.tradeDate ?? '–' },
        { title: 'to', priority: 1, cell: (other) => other.to ?? '–' },
        {
          title: 'gap',
          align: 'right',
          cell: (other) => (other.gap === null ? '–' : signed(other.gap, decimals)),
        },
      ],
      it.others,
    )}${problems.map((other) => `\n${wrap(`${other.rule}: ${other.problem}`, width)}`).join('')}`,
  );
  blocks.push(`Around it\n${aroundOf(call, answer, it)}`);
  return blocks.join('\n\n');
}

function aroundOf(call: CommandCall, answer: RollsAnswer, it: RollExplanation): string {
  const { decimals } = answer;
  const price = (value: number | null): string => (value === null ? '–' : value.toFixed(decimals));
  const count = (value: number | null): string => (value === null ? '–' : String(value));
  const hasInterest = it.around.some((row) => row.fromOpenInterest !== null);
  const roll = it.roll!;
  return renderTable(
    call.out,
    [
      {
        title: 'trade date',
        cell: (row) => `${row.tradeDate}${row.tradeDate === roll.tradeDate ? ' *' : ''}`,
      },
      { title: 'held', priority: 3, cell: (row) => row.held },
      { title: 'old', align: 'right', priority: 2, cell: (row) => price(row.fromPrice) },
      { title: 'new', align: 'right', priority: 2, cell: (row) => price(row.toPrice) },
      {
        title: 'gap',
        align: 'right',
        cell: (row) => (row.gap === null ? '–' : signed(row.gap, decimals)),
      },
      { title: 'old volume', align: 'right', cell: (row) => count(row.fromVolume) },
      { title: 'new volume', align: 'right', cell: (row) => count(row.toVolume) },
      ...(hasInterest
        ? ([
            {
              title: 'old open int.',
              align: 'right',
              priority: 1,
              cell: (row: RollExplanation['around'][number]) => count(row.fromOpenInterest),
            },
            {
              title: 'new open int.',
              align: 'right',
              priority: 1,
              cell: (row: RollExplanation['around'][number]) => count(row.toOpenInterest),
            },
          ] as const)
        : []),
    ],
    it.around,
  );
}

function csvOf(answer: RollsAnswer): string {
  const names = [
    'tradeDate',
    'from',
    'to',
    'effectiveUtc',
    'fromPrice',
    'toPrice',
    'gap',
    'ratio',
    'isInferred',
    'looksAhead',
    'fromVolume',
    'toVolume',
    'fromOpenInterest',
    'toOpenInterest',
    'cost',
    'reason',
  ] as const satisfies readonly (keyof RollRow)[];
  return toCsv([[...names], ...answer.rolls.map((roll) => names.map((name) => roll[name]))]);
}

function signed(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return Number(text) > 0 ? `+${text}` : text;
}

function money(value: number | null): string {
  return value === null ? '–' : value.toFixed(2);
}

/** Breaks at spaces; no word is cut. */
function wrap(line: string, width: number): string {
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(' ')) {
    if (current !== '' && current.length + 1 + word.length > width) {
      lines.push(current);
      current = `  ${word}`;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  return [...lines, current].join('\n');
}
