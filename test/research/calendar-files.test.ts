import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseTsUs } from '../../src/core/units.ts';
import { openCalendars, readCalendarFiles } from '../../src/research/calendar-files.ts';
import { documentProblems } from '../../src/research/json-schemas.ts';
import { resolveConfig } from '../../src/research/project-config.ts';

let dir: string;
const override = {
  schema: 'frontmonth.calendar/1',
  overrides: [
    {
      group: 'cme-equity-index',
      exceptions: [
        { date: '2025-07-08', shape: { kind: 'short', close: '12:00' }, why: 'the broker shuts' },
      ],
    },
  ],
};

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'frontmonth-calendars-'));
  mkdirSync(join(dir, 'sub'));
  writeFileSync(join(dir, 'mine.json'), JSON.stringify(override, null, 2));
});
afterAll(() => rmSync(dir, { recursive: true }));

function config(value: unknown) {
  writeFileSync(join(dir, 'frontmonth.config.json'), JSON.stringify({ calendars: value }));
  return resolveConfig({
    cwd: join(dir, 'sub'),
    env: { XDG_CONFIG_HOME: dir },
    file: null,
    flags: {},
    loadModule: async () => ({}),
  });
}

describe('calendar files of a project', () => {
  it('are found from the folder of the file that names them', async () => {
    const { values } = await config(['mine.json']);
    expect(values.calendars).toEqual([join(dir, 'mine.json')]);
    const calendars = openCalendars(readCalendarFiles(values.calendars));
    const at = parseTsUs('2025-07-08T18:00:00Z');
    expect(calendars.forGroup('cme-equity-index').isOpen(at)).toBe(false);
    expect(openCalendars().forGroup('cme-equity-index').isOpen(at)).toBe(true);
  });

  it('are none when nothing is named, and refused by key and value when it is no list', async () => {
    writeFileSync(join(dir, 'frontmonth.config.json'), '{}');
    const plain = await resolveConfig({
      cwd: dir,
      env: { XDG_CONFIG_HOME: dir },
      file: null,
      flags: {},
      loadModule: async () => ({}),
    });
    expect(plain.values.calendars).toEqual([]);
    await expect(config('mine.json')).rejects.toMatchObject({
      code: 'E_CONFIG_VALUE',
      details: { key: 'calendars', value: 'mine.json' },
    });
  });

  it('are refused by name when one is missing', () => {
    expect(() => readCalendarFiles([join(dir, 'nothing.json')])).toThrow(
      expect.objectContaining({ code: 'E_CALENDAR_FILE', where: join(dir, 'nothing.json') }),
    );
  });

  it('fit the published schema as they fit the reader', () => {
    expect(documentProblems('calendar', override)).toEqual([]);
    expect(documentProblems('calendar', { ...override, color: 'red' })).not.toEqual([]);
  });
});
