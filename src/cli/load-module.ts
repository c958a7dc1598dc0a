/** Imports a module of the user: TypeScript through the loader, JavaScript natively. */
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
    try {
      return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
    } finally {
      await unregister();
    }
  }
  return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
}
