/** Imports a module of the user: TypeScript through the loader, JavaScript natively. */
import { readFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * Registers the loader in the calling thread and imports. `frontmonth` and `frontmonth/…` are the running copy, sources in a
 * checkout and the built program otherwise, wherever the file stands: what a strategy imports is what runs it.
 */
export async function loadModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  // So that a stack names the lines that the user wrote. Maps are read while a module loads.
  process.setSourceMapsEnabled(true);
  const unregister = await registerTypeScript(file);
  try {
    // Later hooks are asked first: ours must come after the loader.
    await registerOurs();
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } finally {
    await unregister?.();
  }
}

interface Resolved {
  readonly url: string;
  readonly format?: string | null;
}
interface OurHooks {
  addressOf(specifier: string): string;
  asModule(found: Resolved): Resolved;
}
type Resolve = (
  specifier: string,
  context: unknown,
  next: (specifier: string, context: unknown) => Resolved,
) => Resolved;

/** Newer versions of Node ask hooks in the thread itself first, and the loader uses them where they are. */
async function registerOurs(): Promise<void> {
  const address = `data:text/javascript,${encodeURIComponent(hooksText())}`;
  const { registerHooks } = nodeModule as { registerHooks?: (hooks: { resolve: Resolve }) => void };
  if (registerHooks === undefined) {
    nodeModule.register(address);
    return;
  }
  const { addressOf, asModule } = (await import(address)) as OurHooks;
  registerHooks({
    resolve: (specifier, context, next) => asModule(next(addressOf(specifier), context)),
  });
}

const isOwnSourceLoaded = import.meta.url.endsWith('.ts');

async function registerTypeScript(file: string): Promise<(() => Promise<void>) | null> {
  if (isOwnSourceLoaded || !/\.[cm]?ts$/.test(file)) return null;
  const { register } = await import('tsx/esm/api');
  return register();
}

/** `frontmonth/sim` and the address of its file, for each export of the package; a `*` stands for one name. */
function exportsOfRunningCopy(): Record<string, string> {
  const root = new URL('../../', import.meta.url);
  const { exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    exports: Record<string, string | { readonly default: string }>;
  };
  const addresses: Record<string, string> = {};
  for (const [name, target] of Object.entries(exports)) {
    const built = typeof target === 'string' ? target : target.default;
    const path = isOwnSourceLoaded ? built.replace(/^\.\/dist\/(.*)\.js$/, './src/$1.ts') : built;
    addresses[`frontmonth${name.slice(1)}`] = new URL(path, root).href;
  }
  return addresses;
}

/**
 * Strategies and configurations are ES modules, whatever the package.json above them says, or whether there is one: without
 * "type": "module" the loader would take a `.ts` file for CommonJS and fail on its first import or type.
 */
function hooksText(): string {
  return `const ours = ${JSON.stringify(exportsOfRunningCopy())};
export function addressOf(specifier) {
  if (specifier !== 'frontmonth' && !specifier.startsWith('frontmonth/')) return specifier;
  if (Object.hasOwn(ours, specifier)) return ours[specifier];
  for (const [name, address] of Object.entries(ours)) {
    const [head, tail] = name.split('*');
    if (tail !== undefined && specifier.startsWith(head) && specifier.endsWith(tail))
      return address.replace('*', specifier.slice(head.length, specifier.length - tail.length));
  }
  throw new Error('frontmonth has no part \`' + specifier + '\`; its parts are ' + Object.keys(ours).join(', '));
}
export function asModule(found) {
  const isTheirs = /^file:[^?]*[.]ts([?]|$)/.test(found.url) && !found.url.includes('/node_modules/');
  return isTheirs && found.format === 'commonjs' ? { ...found, format: 'module' } : found;
}
export async function resolve(specifier, context, next) {
  return asModule(await next(addressOf(specifier), context));
}`;
}
