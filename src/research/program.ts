/** Version of the program, read from the package itself so that it stands in one place. */
import { readFileSync } from 'node:fs';

function readVersion(): string {
  // The same depth from `src/research` and from `dist/research`.
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

export const PROGRAM_VERSION: string = readVersion();
