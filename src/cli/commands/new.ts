/** `frontmonth new <dir>`: a project of the user's own. It never overwrites, installs nothing and makes no repository. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExitCode } from '../../core/errors.ts';
import { EXIT, TradingError } from '../../core/errors.ts';
import type { CommandCall } from '../command.ts';
import { textArg, textFlag } from '../command.ts';
import { programVersion } from '../package-root.ts';

const SUFFIX = '.tmpl';

export async function run(call: CommandCall): Promise<ExitCode> {
  const { host, out } = call;
  const dir = resolve(host.cwd, textArg(call, 0));
  const template = textFlag(call, 'template') ?? 'minimal';
  const spec = textFlag(call, 'frontmonth') ?? host.env['FRONTMONTH_PACKAGE'] ?? programVersion();
  const files = projectFiles(template, {
    name: projectName(dir),
    // A tarball of the working folder must be found from the new one.
    frontmonth: /^[./]|\.tgz$/.test(spec)
      ? `file:${resolve(host.cwd, spec.replace(/^file:/, ''))}`
      : spec,
  });
  const inTheWay = [...files.keys()].filter((name) => existsSync(join(dir, name)));
  if (inTheWay.length > 0) {
    throw new TradingError(
      'E_NEW_EXISTS',
      `${inTheWay.length} files are in the way in ${relative(host.cwd, dir) || '.'}`,
      {
        where: inTheWay.join(', '),
        rule: '`frontmonth new` never overwrites',
        fix: 'choose another folder, or move these files',
        details: { files: inTheWay },
      },
    );
  }
  for (const [name, text] of files) {
    const path = join(dir, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag: 'wx' });
  }
  const shown = relative(host.cwd, dir) || '.';
  const next = [`cd ${shown}`, 'npm install', 'npm run backtest'];
  out.result('frontmonth.new/1', { dir, template, files: [...files.keys()], next }, () =>
    [
      `${shown}/`,
      ...[...files.keys()].toSorted().map((name) => `  ${name}`),
      '',
      ...next.map((line, i) => `${i === 0 ? 'next' : '    '}  ${line}`),
    ].join('\n'),
  );
  return EXIT.ok;
}

/** A name that npm accepts. */
function projectName(dir: string): string {
  const name = basename(dir)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '');
  return name === '' ? 'my-desk' : name;
}

/** Files of a template by path, with the common ones under them. */
export function projectFiles(
  template: string,
  values: { readonly name: string; readonly frontmonth: string },
): ReadonlyMap<string, string> {
  const root = fileURLToPath(new URL('../templates/', import.meta.url));
  const files = new Map<string, string>();
  for (const folder of ['common', template]) {
    const base = join(root, folder);
    for (const entry of readdirSync(base, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const name = relative(base, path).slice(0, -SUFFIX.length).replaceAll('\\', '/');
      const text = readFileSync(path, 'utf8')
        .replaceAll('{{name}}', values.name)
        .replaceAll('{{frontmonth}}', values.frontmonth);
      files.set(name.replace(/(^|\/)dot-/, '$1.'), text);
    }
  }
  return files;
}
