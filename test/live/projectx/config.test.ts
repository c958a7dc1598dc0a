import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { ClOrdId } from '../../../src/core/order.ts';
import type { TsUs } from '../../../src/core/units.ts';
import { resolveConfig } from '../../../src/live/projectx/config.ts';
import {
  FIRMS,
  parseVenueContractId,
  toVenueContractId,
} from '../../../src/live/projectx/index.ts';
import { retrieveBars } from '../../../src/live/projectx/history.ts';
import { readTag, toTag } from '../../../src/live/projectx/tags.ts';
import { asRow } from '../../../src/live/projectx/decode.ts';
import type { RestLine } from '../../../src/live/projectx/rest.ts';
import { START_US } from '../support.ts';

describe('addresses', () => {
  it('of every firm are two, on the hosts of its own', () => {
    for (const [name, { rest, realtime }] of Object.entries(FIRMS)) {
      expect(new URL(rest).protocol, name).toBe('https:');
      expect(new URL(realtime).protocol, name).toBe('https:');
      expect(new URL(rest).host, name).not.toBe(new URL(realtime).host);
    }
  });
  it('lose a slash, `/api` or `/hubs` at their end', () => {
    const { addresses } = resolveConfig({
      firm: { rest: 'https://a.example/api/', realtime: 'https://b.example/hubs' },
    });
    expect(addresses).toEqual({ rest: 'https://a.example', realtime: 'https://b.example' });
  });
  it.each([
    [{ rest: 'https://a.example' }],
    [{ rest: 'ftp://a.example', realtime: 'https://b.example' }],
    [{ rest: 'http://a.example', realtime: 'https://b.example' }],
    [{ rest: 'https://u:p@a.example', realtime: 'https://b.example' }],
    ['nobody'],
    [undefined],
  ])('that cannot be used are refused: %j', (firm) => {
    expect(() => resolveConfig({ firm: firm as never })).toThrow(
      expect.objectContaining({ code: 'E_VENUE_CONFIG' }) as Error,
    );
  });
  it('of this machine may go without TLS', () => {
    const firm = { rest: 'http://127.0.0.1:8000', realtime: 'http://localhost:8001' };
    expect(resolveConfig({ firm }).addresses).toEqual(firm);
  });
  it.each([[{ requestTimeoutS: 0 }], [{ requestsPerMinute: 1.5 }], [{ quietS: Number.NaN }]])(
    'and numbers out of range are refused: %j',
    (change) => {
      expect(() => resolveConfig({ firm: 'demo', ...change })).toThrow(
        expect.objectContaining({ code: 'E_VENUE_CONFIG' }) as Error,
      );
    },
  );
});

describe('contract ids', () => {
  it('are read and written', () => {
    expect(parseVenueContractId('CON.F.US.EP.Z26')).toEqual({
      product: 'EP',
      year: 2026,
      month: 12,
    });
    expect(toVenueContractId({ product: 'EU6', year: 2027, month: 3 })).toBe('CON.F.US.EU6.H27');
  });
  it.each(['CON.F.US.EP.A26', 'CON.F.US.EP.Z2026', 'ESZ6', ''])('like "%s" are refused', (id) => {
    expect(() => parseVenueContractId(id)).toThrow('is not a contract id');
  });
});

describe('tags', () => {
  const id = fc.stringMatching(/^[A-Z0-9]{1,8}-O?\d{1,8}$/).map((text) => text as ClOrdId);
  const ends = fc.oneof(
    fc.constantFrom('never' as const, 'day' as const),
    fc.integer({ min: 1, max: 4e9 }).map((seconds) => (seconds * 1e6) as TsUs),
  );
  test.prop([id, fc.option(id), fc.option(id), ends, fc.constantFrom('', '-SL', '-TP')])(
    'carry what a restart must know',
    (clOrdId, stopId, targetId, until, suffix) => {
      const parts = { clOrdId, stopId, targetId, ends: until };
      const role = suffix === '-SL' ? 'stop' : suffix === '-TP' ? 'target' : 'own';
      expect(readTag('fm:', toTag('fm:', parts) + suffix)).toEqual({ ...parts, role });
    },
  );
  test.prop([fc.string()])('of others are not ours, whatever they hold', (text) => {
    fc.pre(!text.startsWith('fm:'));
    expect(readTag('fm:', text)).toBeNull();
  });
  test.prop([fc.string()])('of ours may be spoilt without a crash', (text) => {
    readTag('fm:', `fm:${text}`);
  });
  it('of a bracket are short', () => {
    const parts = {
      clOrdId: 'K3QX-O000007' as ClOrdId,
      stopId: 'K3QX-O000008' as ClOrdId,
      targetId: 'K3QX-O000009' as ClOrdId,
      ends: 'day',
    } as const;
    expect(toTag('fm:', parts)).toBe('fm:K3QX-O000007/s8/t9/d');
  });
});

describe('bars', () => {
  const MINUTE = 60e6;
  /** A venue with a cap that nobody documented; answers newest first, and adds the forming bar. */
  function line(
    rows: readonly number[],
    cap: number,
    isInclusive: boolean,
  ): { line: RestLine; calls: number[] } {
    const calls: number[] = [];
    const call = (_endpoint: string, body: Record<string, unknown>) => {
      const [from, to] = [
        Date.parse(String(body['startTime'])),
        Date.parse(String(body['endTime'])),
      ];
      calls.push(to);
      const inside = rows
        .filter((us) => us / 1000 >= from && (isInclusive ? us / 1000 <= to : us / 1000 < to))
        .toSorted((a, b) => b - a)
        .slice(0, Math.min(cap, Number(body['limit'])));
      const bars = inside.map((us) => ({
        t: new Date(us / 1000).toISOString(),
        o: 1,
        h: 1,
        l: 1,
        c: 1,
        v: us / MINUTE,
      }));
      return Promise.resolve(asRow({ bars }, 'History/retrieveBars'));
    };
    return { line: { call } as unknown as RestLine, calls };
  }
  test.prop([
    fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { maxLength: 120 }),
    fc.integer({ min: 1, max: 50 }),
    fc.boolean(),
    fc.integer({ min: 0, max: 300 }),
  ])(
    'are whole, sorted and closed, whatever the cap',
    async (minutes, cap, isInclusive, nowMinute) => {
      const rows = minutes.map((minute) => START_US + minute * MINUTE);
      const nowUs = START_US + nowMinute * MINUTE + 30e6;
      // An inclusive end and a cap of one row would tell the same bar for ever.
      const world = line(rows, isInclusive ? cap + 1 : cap, isInclusive);
      const bars = await retrieveBars(
        world.line,
        {
          contractId: 'C',
          unit: 'minute',
          fromUs: START_US,
          toUs: (START_US + 250 * MINUTE) as TsUs,
        },
        () => nowUs as TsUs,
        false,
      );
      const expected = rows
        .filter((us) => us < START_US + 250 * MINUTE && us + MINUTE <= nowUs)
        .toSorted((a, b) => a - b);
      expect(bars.map(({ openUs }) => openUs)).toEqual(expected);
      expect(bars.map(({ volume }) => volume)).toEqual(expected.map((us) => us / MINUTE));
    },
  );
});
