/**
 * Records of Databento's DBN format, versions 1 to 3, as tables: where each field stands and what it is. The decoder knows
 * nothing else of a record.
 *
 * Little-endian. Every record begins with its length in words of 4 bytes (u8), its type (u8), publisher (u16), instrument
 * (u32) and the time of the event (u64, ns). Texts are padded with zeros. Versions differ in the symbol length (22 bytes
 * in version 1, 71 from version 2), in the definition (all three), in the statistic (64-bit quantity from version 3) and
 * in the messages of the gateway (longer from version 2).
 *
 * Source: the format as Databento publishes it with its decoders, read 2026-11; offsets are compared with their Python
 * library by `scripts/dbn-check.ts`.
 */

export type DbnVersion = 1 | 2 | 3;

/** What a record holds; several record types share a layout. */
export type DbnKind =
  | 'trades'
  | 'mbp-1'
  | 'mbp-10'
  | 'mbo'
  | 'bbo'
  | 'cmbp-1'
  | 'cbbo'
  | 'ohlcv'
  | 'definition'
  | 'statistics'
  | 'status'
  | 'imbalance'
  | 'symbol-mapping'
  | 'system'
  | 'error';

/** Schemas by their number in the metadata; 65535 stands for a file of several. */
export const DBN_SCHEMAS: readonly string[] = [
  'mbo',
  'mbp-1',
  'mbp-10',
  'tbbo',
  'trades',
  'ohlcv-1s',
  'ohlcv-1m',
  'ohlcv-1h',
  'ohlcv-1d',
  'definition',
  'statistics',
  'status',
  'imbalance',
  'ohlcv-eod',
  'cmbp-1',
  'cbbo-1s',
  'cbbo-1m',
  'tcbbo',
  'bbo-1s',
  'bbo-1m',
];

/** Symbologies by their number in the metadata; 255 stands for a file of several. */
export const DBN_STYPES: readonly string[] = [
  'instrument_id',
  'raw_symbol',
  'smart',
  'continuous',
  'parent',
  'nasdaq_symbol',
  'cms_symbol',
  'isin',
  'us_code',
  'bbg_comp_id',
  'bbg_comp_ticker',
  'figi',
  'figi_ticker',
  'listing_id',
  'issuer_id',
  'security_id',
];

export const RTYPE = {
  trades: 0x00,
  mbp1: 0x01,
  mbp10: 0x0a,
  ohlcvDeprecated: 0x11,
  status: 0x12,
  definition: 0x13,
  imbalance: 0x14,
  error: 0x15,
  symbolMapping: 0x16,
  system: 0x17,
  statistics: 0x18,
  ohlcv1s: 0x20,
  ohlcv1m: 0x21,
  ohlcv1h: 0x22,
  ohlcv1d: 0x23,
  ohlcvEod: 0x24,
  mbo: 0xa0,
  cmbp1: 0xb1,
  cbbo1s: 0xc0,
  cbbo1m: 0xc1,
  tcbbo: 0xc2,
  bbo1s: 0xc3,
  bbo1m: 0xc4,
} as const;

const KIND_OF: Readonly<Record<number, DbnKind>> = {
  [RTYPE.trades]: 'trades',
  [RTYPE.mbp1]: 'mbp-1',
  [RTYPE.mbp10]: 'mbp-10',
  [RTYPE.ohlcvDeprecated]: 'ohlcv',
  [RTYPE.status]: 'status',
  [RTYPE.definition]: 'definition',
  [RTYPE.imbalance]: 'imbalance',
  [RTYPE.error]: 'error',
  [RTYPE.symbolMapping]: 'symbol-mapping',
  [RTYPE.system]: 'system',
  [RTYPE.statistics]: 'statistics',
  [RTYPE.ohlcv1s]: 'ohlcv',
  [RTYPE.ohlcv1m]: 'ohlcv',
  [RTYPE.ohlcv1h]: 'ohlcv',
  [RTYPE.ohlcv1d]: 'ohlcv',
  [RTYPE.ohlcvEod]: 'ohlcv',
  [RTYPE.mbo]: 'mbo',
  [RTYPE.cmbp1]: 'cmbp-1',
  [RTYPE.cbbo1s]: 'cbbo',
  [RTYPE.cbbo1m]: 'cbbo',
  [RTYPE.tcbbo]: 'cmbp-1',
  [RTYPE.bbo1s]: 'bbo',
  [RTYPE.bbo1m]: 'bbo',
};

/** Kind of a record type, undefined where the format has none. */
export function dbnKindOf(rtype: number): DbnKind | undefined {
  return KIND_OF[rtype];
}

/** `u32>u64` and `i32>i64` are narrow in this version and wide in the columns, with "none" carried over. */
export type DbnFieldType =
  | 'u8'
  | 'i8'
  | 'u16'
  | 'i16'
  | 'u32'
  | 'i32'
  | 'u64'
  | 'i64'
  | 'u32>u64'
  | 'i32>i64'
  | 'text';

export interface DbnField {
  readonly name: string;
  readonly type: DbnFieldType;
  /** From the start of the record. */
  readonly offset: number;
  /** Bytes of a text. */
  readonly bytes: number;
  /** Entries of a level field, each `LEVEL_BYTES` after the one before. 1 for plain fields. */
  readonly levels: number;
}

export interface DbnLayout {
  readonly kind: DbnKind;
  /** Bytes of a record, without the time of sending that may follow. */
  readonly bytes: number;
  readonly fields: readonly DbnField[];
}

export const HEADER_BYTES = 16;
export const LEVEL_BYTES = 32;

/** Fields that every record has. */
const HEADER = 'rtype u8 1, publisherId u16 2, instrumentId u32 4, tsEvent u64 8';
const LEVEL =
  'bidPx i64 48 L, askPx i64 56 L, bidSz u32 64 L, askSz u32 68 L, bidCt u32 72 L, askCt u32 76 L';
const CONSOLIDATED =
  'bidPx i64 48, askPx i64 56, bidSz u32 64, askSz u32 68, bidPb u16 72, askPb u16 76';
const TRADE =
  'price i64 16, size u32 24, action u8 28, side u8 29, flags u8 30, depth u8 31, tsRecv u64 32, tsInDelta i32 40, sequence u32 44';

const DEFINITION: Readonly<Record<DbnVersion, string>> = {
  1: `tsRecv u64 16, minPriceIncrement i64 24, displayFactor i64 32, expiration u64 40, activation u64 48,
    highLimitPrice i64 56, lowLimitPrice i64 64, maxPriceVariation i64 72, tradingReferencePrice i64 80,
    unitOfMeasureQty i64 88, minPriceIncrementAmount i64 96, priceRatio i64 104, instAttribValue i32 112,
    underlyingId u32 116, rawInstrumentId u32>u64 120, marketDepthImplied i32 124, marketDepth i32 128,
    marketSegmentId u32 132, maxTradeVol u32 136, minLotSize i32 140, minLotSizeBlock i32 144,
    minLotSizeRoundLot i32 148, minTradeVol u32 152, contractMultiplier i32 160, decayQuantity i32 164,
    originalContractSize i32 168, tradingReferenceDate u16 176, applId i16 178, maturityYear u16 180,
    decayStartDate u16 182, channelId u16 184, currency text 186 4, settlCurrency text 190 4, secsubtype text 194 6,
    rawSymbol text 200 22, group text 222 21, exchange text 243 5, asset text 248 7, cfi text 255 7,
    securityType text 262 7, unitOfMeasure text 269 31, underlying text 300 21, strikePriceCurrency text 321 4,
    instrumentClass u8 325, strikePrice i64 328, matchAlgorithm u8 342, mdSecurityTradingStatus u8 343,
    mainFraction u8 344, priceDisplayFormat u8 345, settlPriceType u8 346, subFraction u8 347,
    underlyingProduct u8 348, securityUpdateAction u8 349, maturityMonth u8 350, maturityDay u8 351,
    maturityWeek u8 352, userDefinedInstrument u8 353, contractMultiplierUnit i8 354, flowScheduleType i8 355,
    tickRule u8 356`,
  2: `tsRecv u64 16, minPriceIncrement i64 24, displayFactor i64 32, expiration u64 40, activation u64 48,
    highLimitPrice i64 56, lowLimitPrice i64 64, maxPriceVariation i64 72, tradingReferencePrice i64 80,
    unitOfMeasureQty i64 88, minPriceIncrementAmount i64 96, priceRatio i64 104, strikePrice i64 112,
    instAttribValue i32 120, underlyingId u32 124, rawInstrumentId u32>u64 128, marketDepthImplied i32 132,
    marketDepth i32 136, marketSegmentId u32 140, maxTradeVol u32 144, minLotSize i32 148, minLotSizeBlock i32 152,
    minLotSizeRoundLot i32 156, minTradeVol u32 160, contractMultiplier i32 164, decayQuantity i32 168,
    originalContractSize i32 172, tradingReferenceDate u16 176, applId i16 178, maturityYear u16 180,
    decayStartDate u16 182, channelId u16 184, currency text 186 4, settlCurrency text 190 4, secsubtype text 194 6,
    rawSymbol text 200 71, group text 271 21, exchange text 292 5, asset text 297 7, cfi text 304 7,
    securityType text 311 7, unitOfMeasure text 318 31, underlying text 349 21, strikePriceCurrency text 370 4,
    instrumentClass u8 374, matchAlgorithm u8 375, mdSecurityTradingStatus u8 376, mainFraction u8 377,
    priceDisplayFormat u8 378, settlPriceType u8 379, subFraction u8 380, underlyingProduct u8 381,
    securityUpdateAction u8 382, maturityMonth u8 383, maturityDay u8 384, maturityWeek u8 385,
    userDefinedInstrument u8 386, contractMultiplierUnit i8 387, flowScheduleType i8 388, tickRule u8 389`,
  3: `tsRecv u64 16, minPriceIncrement i64 24, displayFactor i64 32, expiration u64 40, activation u64 48,
    highLimitPrice i64 56, lowLimitPrice i64 64, maxPriceVariation i64 72, unitOfMeasureQty i64 80,
    minPriceIncrementAmount i64 88, priceRatio i64 96, strikePrice i64 104, rawInstrumentId u64 112, legPrice i64 120,
    legDelta i64 128, instAttribValue i32 136, underlyingId u32 140, marketDepthImplied i32 144, marketDepth i32 148,
    marketSegmentId u32 152, maxTradeVol u32 156, minLotSize i32 160, minLotSizeBlock i32 164,
    minLotSizeRoundLot i32 168, minTradeVol u32 172, contractMultiplier i32 176, decayQuantity i32 180,
    originalContractSize i32 184, legInstrumentId u32 188, legRatioPriceNumerator i32 192,
    legRatioPriceDenominator i32 196, legRatioQtyNumerator i32 200, legRatioQtyDenominator i32 204,
    legUnderlyingId u32 208, applId i16 212, maturityYear u16 214, decayStartDate u16 216, channelId u16 218,
    legCount u16 220, legIndex u16 222, currency text 224 4, settlCurrency text 228 4, secsubtype text 232 6,
    rawSymbol text 238 71, group text 309 21, exchange text 330 5, asset text 335 11, cfi text 346 7,
    securityType text 353 7, unitOfMeasure text 360 31, underlying text 391 21, strikePriceCurrency text 412 4,
    legRawSymbol text 416 71, instrumentClass u8 487, matchAlgorithm u8 488, mainFraction u8 489,
    priceDisplayFormat u8 490, subFraction u8 491, underlyingProduct u8 492, securityUpdateAction u8 493,
    maturityMonth u8 494, maturityDay u8 495, maturityWeek u8 496, userDefinedInstrument u8 497,
    contractMultiplierUnit i8 498, flowScheduleType i8 499, tickRule u8 500, legInstrumentClass u8 501, legSide u8 502`,
};
const DEFINITION_BYTES: Readonly<Record<DbnVersion, number>> = { 1: 360, 2: 400, 3: 520 };

const STATISTICS_OLD =
  'tsRecv u64 16, tsRef u64 24, price i64 32, quantity i32>i64 40, sequence u32 44, tsInDelta i32 48, statType u16 52, channelId u16 54, updateAction u8 56, statFlags u8 57';
const STATISTICS_3 =
  'tsRecv u64 16, tsRef u64 24, price i64 32, quantity i64 40, sequence u32 48, tsInDelta i32 52, statType u16 56, channelId u16 58, updateAction u8 60, statFlags u8 61';

function textOf(kind: DbnKind, version: DbnVersion): { bytes: number; fields: string } {
  switch (kind) {
    case 'trades':
      return { bytes: 48, fields: TRADE };
    case 'mbp-1':
      return { bytes: 80, fields: `${TRADE}, ${LEVEL.replaceAll(' L', '')}` };
    case 'mbp-10':
      return { bytes: 368, fields: `${TRADE}, ${LEVEL}` };
    case 'mbo':
      return {
        bytes: 56,
        fields:
          'orderId u64 16, price i64 24, size u32 32, flags u8 36, channelId u8 37, action u8 38, side u8 39, tsRecv u64 40, tsInDelta i32 48, sequence u32 52',
      };
    case 'bbo':
      return {
        bytes: 80,
        fields: `price i64 16, size u32 24, side u8 29, flags u8 30, tsRecv u64 32, sequence u32 44, ${LEVEL.replaceAll(' L', '')}`,
      };
    case 'cmbp-1':
      return {
        bytes: 80,
        fields: `price i64 16, size u32 24, action u8 28, side u8 29, flags u8 30, tsRecv u64 32, tsInDelta i32 40, ${CONSOLIDATED}`,
      };
    case 'cbbo':
      return {
        bytes: 80,
        fields: `price i64 16, size u32 24, side u8 29, flags u8 30, tsRecv u64 32, ${CONSOLIDATED}`,
      };
    case 'ohlcv':
      return {
        bytes: 56,
        fields: 'open i64 16, high i64 24, low i64 32, close i64 40, volume u64 48',
      };
    case 'definition':
      return { bytes: DEFINITION_BYTES[version], fields: DEFINITION[version] };
    case 'statistics':
      return version === 3
        ? { bytes: 80, fields: STATISTICS_3 }
        : { bytes: 64, fields: STATISTICS_OLD };
    case 'status':
      return {
        bytes: 40,
        fields:
          'tsRecv u64 16, action u16 24, reason u16 26, tradingEvent u16 28, isTrading u8 30, isQuoting u8 31, isShortSellRestricted u8 32',
      };
    case 'imbalance':
      return {
        bytes: 112,
        fields:
          'tsRecv u64 16, refPrice i64 24, auctionTime u64 32, contBookClrPrice i64 40, auctInterestClrPrice i64 48, ssrFillingPrice i64 56, indMatchPrice i64 64, upperCollar i64 72, lowerCollar i64 80, pairedQty u32 88, totalImbalanceQty u32 92, marketImbalanceQty u32 96, unpairedQty u32 100, auctionType u8 104, side u8 105, auctionStatus u8 106, freezeStatus u8 107, numExtensions u8 108, unpairedSide u8 109, significantImbalance u8 110',
      };
    case 'symbol-mapping':
      return version === 1
        ? {
            bytes: 80,
            fields:
              'stypeInSymbol text 16 22, stypeOutSymbol text 38 22, startTs u64 64, endTs u64 72',
          }
        : {
            bytes: 176,
            fields:
              'stypeIn u8 16, stypeInSymbol text 17 71, stypeOut u8 88, stypeOutSymbol text 89 71, startTs u64 160, endTs u64 168',
          };
    case 'system':
      return version === 1
        ? { bytes: 80, fields: 'message text 16 64' }
        : { bytes: 320, fields: 'message text 16 303, code u8 319' };
    case 'error':
      return version === 1
        ? { bytes: 80, fields: 'message text 16 64' }
        : { bytes: 320, fields: 'message text 16 302, code u8 318, isLast u8 319' };
  }
}

/** The layout of a kind in a version of the format. */
export function dbnLayout(kind: DbnKind, version: DbnVersion): DbnLayout {
  const { bytes, fields } = textOf(kind, version);
  return {
    kind,
    bytes,
    fields: `${HEADER}, ${fields}`.split(',').map((text) => {
      const [name, type, offset, extra] = text.trim().split(/\s+/);
      return {
        name: name!,
        type: type as DbnFieldType,
        offset: Number(offset),
        bytes: type === 'text' ? Number(extra) : 0,
        levels: extra === 'L' ? 10 : 1,
      };
    }),
  };
}

/** Bytes of a symbol in the metadata of a version; version 2 and later say it themselves. */
export const SYMBOL_BYTES_V1 = 22;

/** No price. */
export const UNDEF_PRICE = 9_223_372_036_854_775_807n;
/** No time. */
export const UNDEF_TIMESTAMP = 18_446_744_073_709_551_615n;

/** Bits of the `flags` of a record. */
export const DBN_FLAG = {
  /** Last record of an event of its instrument: the book is whole after it. */
  last: 0x80,
  /** Top of book, not a single order. */
  topOfBook: 0x40,
  /** From a snapshot or a replay. */
  snapshot: 0x20,
  /** An aggregated level, not a single order. */
  mbp: 0x10,
  /** The receive time is not right: the clock, or the packet's order. */
  badTsRecv: 0x08,
  /** Packets were lost: the book may be wrong. */
  maybeBadBook: 0x04,
} as const;
