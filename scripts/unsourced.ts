/** Folders of which the package carries declarations and scripts without the sources, for its size. */
const UNSOURCED: readonly string[] = [
  'data/export/',
  'data/ingest/',
  'engine/live/',
  'live/',
  'research/frames/',
  'research/report/',
  'sim/gateways/',
];

/** @param path below `dist` */
export function isUnsourced(path: string): boolean {
  return UNSOURCED.some((folder) => path.startsWith(folder));
}
