/**
 * Singapore Exchange derivatives: a product is traded on holidays of Singapore alone and of the market of its underlying
 * alone, and rests on those of both. Source: SGX product pages and an index provider's summary of 2018-11, read 2026-11.
 */
import type { DayRule } from '../rules.ts';
import { ENGLAND_HOLIDAYS } from '../rules.ts';
import { CHINA_HOLIDAYS } from './china.ts';
import { commonDays } from './days.ts';
import { JAPAN_HOLIDAYS } from './japan.ts';
import { SINGAPORE_HOLIDAYS } from './singapore.ts';
import { TAIWAN_HOLIDAYS } from './taiwan.ts';

function commonWith(other: readonly DayRule[]): readonly DayRule[] {
  return [{ name: 'common-holiday', kind: 'dates', dates: commonDays(SINGAPORE_HOLIDAYS, other) }];
}

export const SGX_NIKKEI_HOLIDAYS: readonly DayRule[] = commonWith(JAPAN_HOLIDAYS);
export const SGX_CHINA_HOLIDAYS: readonly DayRule[] = commonWith(CHINA_HOLIDAYS);
export const SGX_TAIWAN_HOLIDAYS: readonly DayRule[] = commonWith(TAIWAN_HOLIDAYS);
export const SGX_COMMODITY_HOLIDAYS: readonly DayRule[] = commonWith(ENGLAND_HOLIDAYS);
