import { fc, test } from '@fast-check/vitest';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { backoffUs } from '../../../src/live/shared/backoff.ts';
import { RateBucket } from '../../../src/live/shared/rate-limit.ts';
import { redact, redactText } from '../../../src/live/shared/redact.ts';
import { readCredentials, readFirm } from '../../../src/live/projectx/index.ts';
import { jwt, settle, VirtualTime } from '../support.ts';

describe('redaction', () => {
  const token = jwt({ sub: 'demo', exp: 1 });
  it.each([
    [`Authorization: Bearer ${token}`],
    [`wss://rtc.example.com/hubs/user?access_token=${token}&x=1`],
    [`{"token":"${token}","success":true}`],
    ['{"userName":"u","apiKey":"a\\"b-secret"}'],
    [`failed with ${token}`],
  ])('leaves no secret in %#', (text) => {
    const shown = redactText(text);
    expect(shown).not.toContain(token);
    expect(shown).not.toContain('secret');
    expect(shown).toContain('[hidden]');
  });

  it('hides fields by name, however deep, and leaves the rest', () => {
    const value = {
      a: [{ api_key: 'x', 'Access-Token': 'y', price: 1 }],
      newToken: null,
      text: 'plain',
    };
    expect(redact(value)).toEqual({
      a: [{ api_key: '[hidden]', 'Access-Token': '[hidden]', price: 1 }],
      newToken: null,
      text: 'plain',
    });
  });

  test.prop([
    fc.string({ minLength: 4 }).filter((text) => text.trim().length >= 4),
    fc.string(),
    fc.string(),
  ])('leaves nothing of a known secret', (secret, before, after) => {
    fc.pre(!'[hidden]'.includes(secret));
    const shown = redactText(`${before}${secret}${after}`, [secret]);
    fc.pre(!`${before}|${after}`.includes(secret) && !`${before}[hidden]${after}`.includes(secret));
    expect(shown).not.toContain(secret);
  });

  it('ends on values that hold themselves', () => {
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    expect(JSON.stringify(redact(loop)).length).toBeLessThan(1000);
  });
});

describe('a limit', () => {
  test.prop([
    fc.array(
      fc.record({
        atUs: fc.integer({ min: 0, max: 100 }),
        urgency: fc.constantFrom(0 as const, 1 as const, 2 as const),
        tookUs: fc.integer({ min: 0, max: 30 }),
      }),
      { maxLength: 60 },
    ),
    fc.integer({ min: 2, max: 6 }),
  ])(
    'is never exceeded in any window, wherever in its life the venue counts a request',
    async (asked, limit) => {
      const time = new VirtualTime(0);
      const bucket = new RateBucket({ name: 'b', limit, windowUs: 50, reserved: 1 }, time);
      const spans: { readonly fromUs: number; toUs: number }[] = [];
      let done = 0;
      for (const { atUs, urgency, tookUs } of asked) {
        time.after(atUs, () => {
          const run = async (): Promise<void> => {
            const span = { fromUs: time.nowUs() as number, toUs: Infinity };
            spans.push(span);
            await new Promise<void>((resolve) => {
              time.after(tookUs, resolve);
            });
            span.toUs = time.nowUs();
          };
          void bucket.take(urgency, 1e9, run).then(() => (done += 1));
        });
      }
      await time.advance(100_000);
      expect(done).toBe(asked.length);
      // Request k + limit leaves at least a window after the answer of one of the k + 1 before it.
      for (let i = 0; i < spans.length; i += 1) {
        const at = spans[i]!.fromUs;
        const held = spans.slice(0, i).filter((span) => span.toUs + 50 > at);
        expect(held.length).toBeLessThan(limit);
      }
    },
  );

  it('lets what is urgent go first and keeps a place for it', async () => {
    const time = new VirtualTime(0);
    const bucket = new RateBucket({ name: 'b', limit: 3, windowUs: 100, reserved: 1 }, time);
    const order: string[] = [];
    const take = (urgency: 0 | 1 | 2, name: string): void => {
      void bucket.take(urgency, 1e9, async () => {
        order.push(name);
        await Promise.resolve();
      });
    };
    for (const name of ['a', 'b', 'c', 'd']) take(2, name);
    take(0, 'cancel');
    await settle();
    expect(order).toEqual(['a', 'b', 'cancel']);
    await time.advance(1000);
    expect(order).toEqual(['a', 'b', 'cancel', 'c', 'd']);
  });
});

describe('delays', () => {
  test.prop([fc.integer({ min: 0, max: 1000 }), fc.double({ min: 0, max: 0.999, noNaN: true })])(
    'grow to a most and never beyond',
    (attempt, uniform) => {
      const delay = backoffUs(attempt, uniform, { firstUs: 500_000, maxUs: 30e6 });
      expect(delay).toBeGreaterThanOrEqual(250_000);
      expect(delay).toBeLessThanOrEqual(30e6);
    },
  );
});

describe('credentials', () => {
  const folder = mkdtempSync(join(tmpdir(), 'frontmonth-live-'));
  afterEach(() => rmSync(join(folder, 'c.json'), { force: true }));
  const file = join(folder, 'c.json');
  const write = (text: string, mode: number): void => {
    writeFileSync(file, text);
    chmodSync(file, mode);
  };

  it('come from the environment', () => {
    expect(readCredentials({ PROJECTX_USERNAME: 'u', PROJECTX_API_KEY: 'k' })).toEqual({
      userName: 'u',
      apiKey: 'k',
    });
  });
  it('come from a file that only its owner may read', () => {
    write('{"userName":"u","apiKey":"k"}', 0o600);
    expect(readCredentials({ PROJECTX_CREDENTIALS: file })).toEqual({ userName: 'u', apiKey: 'k' });
  });
  it.each([
    ['a file that others may read', '{"userName":"u","apiKey":"secret-k"}', 0o640, 'mode is 640'],
    ['a file that is cut', '{"userName":"u","apiKey":"secret-k', 0o600, 'no JSON'],
    ['a file without a key', '{"userName":"secret-u"}', 0o600, 'apiKey'],
  ])('are refused from %s, without showing it', (_, text, mode, words) => {
    write(text, mode);
    let message = '';
    try {
      readCredentials({}, file);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain(words);
    expect(message).not.toContain('secret');
  });
  it('that are missing are named', () => {
    expect(() => readCredentials({})).toThrow('PROJECTX_USERNAME and PROJECTX_API_KEY');
    expect(() => readCredentials({ PROJECTX_USERNAME: 'u' })).toThrow('PROJECTX_API_KEY');
  });
});

describe('the firm', () => {
  it('comes from the environment, by name or by both addresses', () => {
    expect(readFirm({ PROJECTX_FIRM: 'topstepx' })).toBe('topstepx');
    const both = {
      PROJECTX_REST_URL: 'https://a.example',
      PROJECTX_REALTIME_URL: 'https://b.example',
    };
    expect(readFirm(both)).toEqual({ rest: 'https://a.example', realtime: 'https://b.example' });
  });
  it.each([[{}], [{ PROJECTX_FIRM: 'nobody' }], [{ PROJECTX_REST_URL: 'https://a.example' }]])(
    'is refused without a default: %j',
    (environment) => {
      expect(() => readFirm(environment)).toThrow(
        expect.objectContaining({ code: 'E_VENUE_CONFIG' }) as Error,
      );
    },
  );
});
