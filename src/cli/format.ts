/** Numbers and times as text for terminals. Never locale dependent. */

/** `12,345.67`. Units: as given. */
export function formatNumber(value: number, decimals: number): string {
  const [whole, fraction] = Math.abs(value).toFixed(decimals).split('.');
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ',');
  const text = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  return value < 0 && Number(value.toFixed(decimals)) !== 0 ? `-${text}` : text;
}

/** The sign is always shown on money: `+18,412.50`. A missing value is `–`. */
export function formatMoney(value: number | null, decimals = 2): string {
  if (value === null || !Number.isFinite(value)) return '–';
  const text = formatNumber(value, decimals);
  return value > 0 && Number(value.toFixed(decimals)) !== 0 ? `+${text}` : text;
}

export function formatMicros(micros: number): string {
  return formatMoney(micros / 1_000_000);
}

export function formatRatio(value: number | null, decimals = 2): string {
  return value === null || !Number.isFinite(value) ? '–' : formatNumber(value, decimals);
}

/** `24.6 %` of a fraction. */
export function formatPercent(value: number | null, decimals = 1): string {
  return value === null || !Number.isFinite(value)
    ? '–'
    : `${formatNumber(value * 100, decimals)} %`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** `4.1 M`, `12 k`. */
export function formatCount(count: number): string {
  if (count >= 1_000_000) return `${(count / 1_000_000).toFixed(1)} M`;
  if (count >= 10_000) return `${(count / 1000).toFixed(0)} k`;
  return String(count);
}

/** Wall time in a zone, `2021-03-02 09:35`; seconds only when there are any. Units: µs UTC. */
export function formatTime(tsUs: number, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(new Date(Math.floor(tsUs / 1000)));
  const at = (type: string): string => parts.find((part) => part.type === type)?.value ?? '';
  const seconds = at('second') === '00' ? '' : `:${at('second')}`;
  return `${at('year')}-${at('month')}-${at('day')} ${at('hour')}:${at('minute')}${seconds}`;
}
