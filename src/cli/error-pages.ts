/** Joins the error catalogs of all layers. */
import type { ErrorCatalog, ErrorPage } from '../core/errors.ts';
import { CORE_ERRORS } from '../core/errors.ts';
import { CLI_ERRORS } from './errors.ts';

/** Where the layers keep their catalogs. Loaded by name, so that help and usage errors load no layer. */
const CATALOG_FILES: Readonly<Record<string, readonly string[]>> = {
  calendars: ['errors.ts'],
  data: ['errors.ts'],
  sim: ['errors.ts'],
  engine: ['errors.ts'],
  indicators: ['errors.ts'],
  strategies: ['errors.ts'],
  research: ['errors.ts'],
  'live/shared': ['errors.ts'],
  service: ['errors.ts'],
};

export async function errorCatalogs(): Promise<ReadonlyMap<string, ErrorCatalog>> {
  const catalogs = new Map<string, ErrorCatalog>([
    ['core', CORE_ERRORS],
    ['cli', CLI_ERRORS],
  ]);
  for (const [layer, files] of Object.entries(CATALOG_FILES)) {
    for (const file of files) {
      const module = (await importIfPresent(`../${layer}/${file}`)) ?? {};
      for (const [name, catalog] of Object.entries(module))
        if (name.endsWith('_ERRORS')) catalogs.set(`${layer}/${name}`, catalog as ErrorCatalog);
    }
  }
  return catalogs;
}

async function importIfPresent(path: string): Promise<Record<string, unknown> | null> {
  try {
    return (await import(path)) as Record<string, unknown>;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    // A layer without a catalog throws nothing of its own.
    if (code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  }
}

/** All pages by code. A test holds that a code stands in one catalog; here the first one wins, so that errors still print. */
export async function allErrorPages(): Promise<ErrorCatalog> {
  const pages: Record<string, ErrorPage> = {};
  for (const catalog of (await errorCatalogs()).values()) {
    for (const [code, page] of Object.entries(catalog)) {
      pages[code] ??= page;
    }
  }
  return pages as ErrorCatalog;
}
