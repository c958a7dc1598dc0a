/** Names of days for people. */

const NAMES: Readonly<Record<string, string>> = {
  'new-year': "New Year's Day",
  'new-years-eve': "New Year's Eve",
  mlk: 'Martin Luther King Day',
  presidents: "Presidents' Day",
  'good-friday': 'Good Friday',
  'good-friday-payrolls': 'Good Friday with the employment report',
  'easter-monday': 'Easter Monday',
  memorial: 'Memorial Day',
  juneteenth: 'Juneteenth',
  independence: 'Independence Day',
  'independence-eve': 'day before Independence Day',
  labor: 'Labor Day',
  labour: 'Labour Day',
  thanksgiving: 'Thanksgiving',
  'christmas-eve': 'Christmas Eve',
  christmas: 'Christmas',
  boxing: 'Boxing Day',
  'may-day': 'May Day',
  'early-may': 'Early May bank holiday',
  spring: 'Spring bank holiday',
  summer: 'Summer bank holiday',
  proclaimed: 'proclaimed bank holiday',
  'whit-monday': 'Whit Monday',
};

/**
 * Name of a named day, moved by `offset` calendar days. A name that is not listed is spelled out: `golden-week` is
 * "golden week".
 */
export function dayTitle(name: string, offset: number): string {
  const title = NAMES[name] ?? name.replaceAll('-', ' ');
  if (offset === 0) return title;
  const days = Math.abs(offset);
  const count = days === 1 ? 'day' : `${days} days`;
  return `${count} ${offset < 0 ? 'before' : 'after'} ${title}`;
}
