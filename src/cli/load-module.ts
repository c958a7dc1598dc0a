/** Imports a module of the user: TypeScript through the loader, JavaScript natively. */
import { existsSync, readFileSync } from 'node:fs';
import { register as registerHooks } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Registers the loader once in the process and imports. The module shares this process's instance of the package, so that
 * what a strategy imports from `frontmonth` is what runs it.
 */
export async function loadModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  // So that a stack names the lines that the user wrote. Maps are read while a module loads.
  process.setSourceMapsEnabled(true);
  const isOwnSourceLoaded = import.meta.url.endsWith('.ts');
  if (file.endsWith('.ts') && !isOwnSourceLoaded) {
    const { register } = await import('tsx/esm/api');
    const unregister = register();
    readAsModules(file);
    try {
      return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
    } finally {
      await unregister();
    }
  }
  if (file.endsWith('.ts')) readAsModules(file);
  return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
}

/** Strategies and configurations are ES modules, whatever the package.json above them says, or whether there is one. */
const TS_IS_A_MODULE = `export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  const isOurs = /^file:[^?]*[.]ts([?]|$)/.test(found.url) && !found.url.includes('/node_modules/');
  return isOurs && found.format === 'commonjs' ? { ...found, format: 'module' } : found;
}`;

/** Without "type": "module" the loader would take a `.ts` file for CommonJS and fail on its first import or type. */
function readAsModules(file: string): void {
  // Asked before the loader, which has registered itself already.
  if (!isInModulePackage(file))
    registerHooks(`data:text/javascript,${encodeURIComponent(TS_IS_A_MODULE)}`);
}

function isInModulePackage(file: string): boolean {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) {
      // A file that Node cannot read either is reported by Node.
      return /"type"\s*:\s*"module"/.test(readFileSync(manifest, 'utf8'));
    }
    if (dirname(folder) === folder) return false;
  }
}
