/** Error pages of the command line. */
import type { ErrorCatalog } from '../core/errors.ts';
import { EXIT } from '../core/errors.ts';

export const CLI_ERRORS: ErrorCatalog = {
  E_USAGE: {
    title: 'A command line cannot be understood',
    cause: 'A command or flag does not exist, or an argument is missing or one too many.',
    cure: 'Follow the suggestion, or read `frontmonth <command> --help`.',
    exit: EXIT.usage,
  },
  E_FLAG_VALUE: {
    title: 'The value of a flag cannot be read',
    cause: 'The flag wants a number, a date, `key=value` or one of a list of words.',
    cure: 'Write the value in the form that the message names.',
    exit: EXIT.usage,
  },
  E_CONFIG_LOAD: {
    title: 'A configuration file cannot be read',
    cause: 'The file is missing, is not valid JSON or TypeScript, or has no default export.',
    cure: 'Correct the named file; `frontmonth new` writes one that works.',
    exit: EXIT.input,
  },
  E_CONFIG_KEY: {
    title: 'A configuration key does not exist',
    cause: 'Unknown keys are refused, because a misspelt one would be ignored in silence.',
    cure: 'Use the suggested key; `frontmonth config --origin` lists all of them.',
    exit: EXIT.input,
  },
  E_CONFIG_VALUE: {
    title: 'A configuration value is not valid',
    cause: 'A value has the wrong type or is out of its bounds.',
    cure: 'Correct the value in the named place.',
    exit: EXIT.input,
  },
  E_STRATEGY_UNKNOWN: {
    title: 'There is no strategy of this name',
    cause: 'The text is neither a built-in strategy nor the path of a file.',
    cure: 'Name a built-in strategy, or give the path of a .ts or .js file.',
    exit: EXIT.input,
  },
  E_STRATEGY_LOAD: {
    title: 'A strategy file cannot be loaded',
    cause:
      'The file has a syntax error, throws while loading, or has no strategy as its default export.',
    cure: 'Correct the named line, and end the file with `export default defineStrategy({ … })`.',
    exit: EXIT.input,
  },
  E_STRATEGY_THREW: {
    title: 'A strategy threw an error',
    cause: 'A hook of the strategy threw. The run stopped at that event; what came before is kept.',
    cure: 'Correct the named line. The run is listed as failed, and its journal can be read.',
    exit: EXIT.strategy,
  },
  E_NEW_EXISTS: {
    title: 'A new project would overwrite files',
    cause: '`frontmonth new` never overwrites; the message lists what is in the way.',
    cure: 'Choose another folder, or move the listed files.',
    exit: EXIT.input,
  },
  E_NEW_TEMPLATE: {
    title: 'There is no template of this name',
    cause: 'The templates are minimal, bracket, portfolio and notebook.',
    cure: 'Use one of these.',
    exit: EXIT.usage,
  },
  E_CONFIRM: {
    title: 'An answer is needed and nobody can be asked',
    cause: 'The command changes or deletes something, and the input is not a terminal.',
    cure: 'Give the answer with the named flag.',
    exit: EXIT.refused,
  },
  E_WHERE: {
    title: 'A filter or sort column cannot be understood',
    cause:
      'Filters are `column=value`, with =, !=, <, <=, > or >=; the column must exist in the table.',
    cure: 'Use one of the columns that the message lists.',
    exit: EXIT.usage,
  },
  E_ERROR_CODE: {
    title: 'There is no error of this code',
    cause: 'The text is not the code of an error page.',
    cure: '`frontmonth errors` lists all codes.',
    exit: EXIT.usage,
  },
  E_FILE_IO: {
    title: 'A file or folder cannot be read or written',
    cause: 'The disk is full, a path does not exist, or the permission is missing.',
    cure: 'Free space or correct the path. What was complete before stays readable.',
    exit: EXIT.input,
  },
  E_NOT_AVAILABLE: {
    title: 'A part of the program is missing',
    cause: 'The installation is not complete.',
    cure: 'Install the package again with `npm install frontmonth`.',
    exit: EXIT.bug,
  },
  E_CRASH: {
    title: 'A fault of this program',
    cause: 'Something happened that the program holds impossible.',
    cure: 'Report it with the crash file that the message names.',
    exit: EXIT.bug,
  },
};
