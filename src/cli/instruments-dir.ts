/** Where the product specifications are. */
import { join } from 'node:path';
import type { ResolvedConfig } from '../research/project-config.ts';
import { packageRoot } from './package-root.ts';

export function instrumentsDirOf(config: ResolvedConfig): string {
  return config.values.instruments ?? join(packageRoot(), 'catalog', 'instruments');
}
