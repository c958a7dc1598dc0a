/** Calendar files that the configuration names. */
import type { ResolvedConfig } from '../research/project-config.ts';

/** Empty, and nothing loaded, where there are none. Errors: E_CALENDAR_FILE. */
export async function calendarTextsOf(
  config: ResolvedConfig,
): Promise<readonly { readonly text: string; readonly file: string }[]> {
  const files = config.values.calendars;
  if (files.length === 0) return [];
  return (await import('../research/calendar-files.ts')).readCalendarFiles(files);
}
