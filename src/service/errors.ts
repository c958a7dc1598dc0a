/** Error pages of the services. */
import type { ErrorCatalog } from '../core/errors.ts';
import { EXIT } from '../core/errors.ts';

export const SERVICE_ERRORS: ErrorCatalog = {
  E_EXCHANGE_FILE: {
    title: 'A file of the simulated exchange cannot be read',
    cause: 'The file of accounts, faults, key or certificate is missing, unreadable or not JSON.',
    cure: 'Correct the path or the file.',
    exit: EXIT.input,
  },
  E_EXCHANGE_PORT: {
    title: 'The simulated exchange cannot listen',
    cause: 'The port is taken, or the address is not of this machine.',
    cure: 'Leave `--port` out, or name one that is free.',
    exit: EXIT.input,
  },
};
