/**
 * Folders of which the package carries declarations and scripts without the sources, for its size. What a strategy's author
 * reads (core, indicators, strategies, research, testing) comes with its sources.
 */
const UNSOURCED: readonly string[] = [
  'calendars/',
  'cli/',
  'data/',
  'engine/',
  'live/',
  'research/frames/',
  'research/report/',
  'service/',
  'sim/',
];

/** @param path below `dist` */
export function isUnsourced(path: string): boolean {
  return UNSOURCED.some((folder) => path.startsWith(folder));
}
