/** Singapore Exchange derivatives. All times are Singapore wall time. */
import {
  SGX_CHINA_HOLIDAYS,
  SGX_COMMODITY_HOLIDAYS,
  SGX_NIKKEI_HOLIDAYS,
  SGX_TAIWAN_HOLIDAYS,
} from '../holidays/sgx.ts';
import type { DayRule } from '../rules.ts';
import type { GroupRules } from '../sessions.ts';

const SINGAPORE = 'Asia/Singapore';
/** First day on which a dated specification shows the night until 05:15. */
const LATE_NIGHT = '2020-11-03';

function closedOn(holidays: readonly DayRule[]): Pick<GroupRules, 'namedDays' | 'dayRules'> {
  return {
    namedDays: holidays,
    dayRules: [{ on: ['common-holiday'], shape: { kind: 'closed' } }],
  };
}

const SHARED = {
  zone: SINGAPORE,
  from: LATE_NIGHT,
  publishedTo: '2026-12-31',
  to: '2026-12-31',
  exceptions: [],
} as const satisfies Partial<GroupRules>;

const HOLIDAY_SOURCE =
  'Traded on holidays of Singapore alone and of the underlying market alone; closed on common ones (SGX product pages, read 2026-11)';

export const SGX_NIKKEI: GroupRules = {
  ...SHARED,
  ...closedOn(SGX_NIKKEI_HOLIDAYS),
  id: 'sgx-nikkei',
  // A holiday of one market only is a trading day of its own.
  businessCalendar: 'sgx-nikkei',
  name: 'SGX Nikkei 225',
  publishedTo: '2027-12-31',
  to: '2027-12-31',
  regimes: [
    {
      from: LATE_NIGHT,
      hours: {
        segments: [
          ['-s 14:45', '-s+1 05:15'],
          ['07:30', '14:30'],
        ],
      },
    },
    {
      from: '2026-01-02',
      hours: {
        segments: [
          ['-s 14:45', '-s+1 05:15'],
          ['07:15', '14:30'],
        ],
      },
    },
  ],
  settle: '14:30',
  regularHours: { start: '08:00', end: '14:30', zone: SINGAPORE },
  confidence: 'low',
  sources: [
    'SGX contract specifications NK, read 2026-11',
    HOLIDAY_SOURCE,
    'The day on which the opening moved to 07:15 is not known here; 2026-01-02 is the latest it can be.',
  ],
};

export const SGX_CHINA: GroupRules = {
  ...SHARED,
  ...closedOn(SGX_CHINA_HOLIDAYS),
  id: 'sgx-china',
  // A holiday of one market only is a trading day of its own.
  businessCalendar: 'sgx-china',
  name: 'SGX FTSE China A50',
  regimes: [
    {
      from: LATE_NIGHT,
      hours: {
        segments: [
          ['-s 17:00', '-s+1 05:15'],
          ['09:00', '16:35'],
        ],
      },
    },
  ],
  settle: '16:30',
  regularHours: { start: '09:00', end: '16:30', zone: SINGAPORE },
  confidence: 'medium',
  sources: ['SGX contract specifications CN (2020-11 and 2026), read 2026-11', HOLIDAY_SOURCE],
};

export const SGX_TAIWAN: GroupRules = {
  ...SHARED,
  ...closedOn(SGX_TAIWAN_HOLIDAYS),
  id: 'sgx-taiwan',
  // A holiday of one market only is a trading day of its own.
  businessCalendar: 'sgx-taiwan',
  name: 'SGX FTSE Taiwan',
  regimes: [
    {
      from: LATE_NIGHT,
      hours: {
        segments: [
          ['-s 14:15', '-s+1 05:15'],
          ['08:45', '13:50'],
        ],
      },
    },
    {
      from: '2026-01-02',
      hours: {
        segments: [
          ['-s 14:15', '-s+1 05:15'],
          ['08:30', '13:50'],
        ],
      },
    },
    {
      from: '2026-01-05',
      hours: {
        segments: [
          ['-s 14:05', '-s+1 05:15'],
          ['08:30', '13:50'],
        ],
      },
    },
  ],
  settle: '13:50',
  regularHours: { start: '09:00', end: '13:30', zone: SINGAPORE },
  confidence: 'low',
  sources: [
    'SGX contract specifications TWN (2020-11, 2024-03 and 2026), read 2026-11',
    HOLIDAY_SOURCE,
    'The day on which the hours moved to 08:30 and 14:05 is not known here; it lies after 2024-03, and 2026-01-02 is the latest it can be.',
  ],
};

/** Iron ore. */
export const SGX_COMMODITY: GroupRules = {
  ...SHARED,
  ...closedOn(SGX_COMMODITY_HOLIDAYS),
  id: 'sgx-commodity',
  // A holiday of one market only is a trading day of its own.
  businessCalendar: 'sgx-commodity',
  name: 'SGX commodities',
  from: '2018-12-04',
  publishedTo: '2027-12-31',
  to: '2027-12-31',
  regimes: [
    {
      from: '2018-12-04',
      hours: {
        segments: [
          ['-s 20:15', '-s+1 04:45'],
          ['07:25', '20:00'],
        ],
      },
    },
    {
      from: LATE_NIGHT,
      hours: {
        segments: [
          ['-s 20:15', '-s+1 05:15'],
          ['07:25', '20:00'],
        ],
      },
    },
  ],
  settle: '20:00',
  regularHours: { start: '09:00', end: '18:00', zone: SINGAPORE },
  confidence: 'medium',
  sources: [
    'SGX contract specifications FEF (2018-12 and 2026), read 2026-11',
    'Closed on common holidays of Singapore and the United Kingdom (index provider’s summary of 2018-11, read 2026-11)',
  ],
};
