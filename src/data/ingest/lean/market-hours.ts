/**
 * In which zone LEAN's files of a market are written: from its market-hours database, else what that database says of the
 * markets of this list. Source: QuantConnect/Lean, Data/market-hours, `dataTimeZone` of the futures entries, 2024.
 */
import { sourceError } from '../source-error.ts';

const ZONES: Readonly<Record<string, string>> = {
  cbot: 'UTC',
  cfe: 'UTC',
  cme: 'UTC',
  comex: 'UTC',
  eurex: 'Europe/Berlin',
  hkfe: 'Asia/Hong_Kong',
  ice: 'UTC',
  nymex: 'UTC',
};

/** Null for a market that the list lacks. */
export function zoneOfMarket(market: string | null): string | null {
  return market === null ? null : (ZONES[market] ?? null);
}

/** Zone by market and root, from the text of a market-hours database. Errors: E_IMPORT_FILE. */
export function leanZones(
  text: string,
  path: string,
): (market: string | null, root: string) => string | null {
  let entries: Readonly<Record<string, { readonly dataTimeZone?: unknown }>>;
  try {
    entries = (JSON.parse(text) as { entries: typeof entries }).entries;
  } catch (cause) {
    throw sourceError(path, 'it is not JSON', { cause });
  }
  if (typeof entries !== 'object' || entries === null)
    throw sourceError(path, 'it has no `entries`', {
      fix: 'give LEAN’s market-hours-database.json',
    });
  return (market, root) => {
    const zone = (name: string): unknown => entries[`Future-${market}-${name}`]?.dataTimeZone;
    const found = zone(root.toUpperCase()) ?? zone('[*]');
    return typeof found === 'string' ? found : null;
  };
}
