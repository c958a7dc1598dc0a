/**
 * A continuous series as it is stored: its definition, its rolls with their gaps, and when each became known. Prices are
 * derived from the bars when they are read, so nothing has to be rewritten at a roll. The file is small text:
 *
 * ```
 * <catalog>/datasets/<dataset>/continuous/<name>.json
 * ```
 * Records are never removed. A correction closes the old ones at the moment it was made and adds the new ones, so that what a
 * decision saw can be asked for later.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { TradingError } from '../core/errors.ts';
import type { ContractId, ContractSpec } from '../core/instrument.ts';
import type { Adjustment, RollRecord, RollRule, RollSchedule } from '../core/roll.ts';
import { describeRollRule } from '../core/roll.ts';
import { createRollStepper } from '../core/rolls/stepper.ts';
import type {
  RollInputEvent,
  RollOutput,
  RollStepper,
  RollStepperOptions,
  RollStepperState,
} from '../core/rolls/stepper.ts';
import type { TsUs } from '../core/units.ts';
import { toIsoUtc, TS_MAX } from '../core/units.ts';
import { readError, writeError } from './arrow-store.ts';
import type { FileIo } from './file-io.ts';
import { errnoOf, nodeFileIo, readBytes } from './file-io.ts';
import type { ProcessProbe } from './lock.ts';
import { systemProbe, takeLock } from './lock.ts';

export const CONTINUOUS_FORMAT = 'frontmonth.continuous/1';
const BYTES_MAX = 50_000_000;

/** What is asked for. Two definitions that differ in any field are two series. */
export interface ContinuousDefinition {
  readonly root: string;
  readonly rule: RollRule;
  /** How prices are shown unless a reader asks otherwise: the gaps serve every adjustment. */
  readonly adjust: Adjustment;
  /** 0 the contract to trade, 1 the next one, … */
  readonly depth: number;
  /** Months that are held, as in `HMUZ`. */
  readonly cycle: string;
}

/** A roll as stored: contracts by id, because their numbers belong to a run. */
export interface StoredRoll {
  readonly record: Omit<RollRecord, 'fromIndex' | 'toIndex'>;
  /** From this moment on it was known. */
  readonly knownUs: number;
  /** It was corrected at this moment; null while it holds. */
  readonly replacedUs: number | null;
}

/** Plain JSON. */
export interface StoredContinuous {
  readonly format: typeof CONTINUOUS_FORMAT;
  readonly definition: ContinuousDefinition;
  /** Held before the first roll. */
  readonly first: ContractId;
  /** In the order in which they were added. */
  readonly rolls: readonly StoredRoll[];
  /** Closes up to this moment were worked off. */
  readonly doneUs: number | null;
  /** Where the rule stands, so that later closes continue it; null where the rolls came from elsewhere. */
  readonly stepper: RollStepperState | null;
}

// ------------------------------------------------------------------------------------------------------- values

/** A stored series from a schedule that was built elsewhere, such as one that came with the data. */
export function toStored(input: {
  readonly definition: ContinuousDefinition;
  readonly schedule: RollSchedule;
  readonly idOf: (contractIndex: number) => ContractId;
  readonly doneUs: number;
}): StoredContinuous {
  return {
    format: CONTINUOUS_FORMAT,
    definition: input.definition,
    first: input.idOf(input.schedule.held[0]!),
    rolls: input.schedule.rolls.map(storedRoll),
    doneUs: input.doneUs,
    stepper: null,
  };
}

/**
 * The same series after its schedule was built again from more data. Rolls may only be added: a schedule that contradicts
 * a stored roll is an error, unless the moment of the correction is given; then the old records end there.
 * Errors: E_CONTINUOUS_CHANGED naming the first roll that differs.
 */
export function mergeSchedule(
  stored: StoredContinuous,
  next: StoredContinuous,
  correctedUs?: number,
): StoredContinuous {
  const current = stored.rolls.filter((roll) => roll.replacedUs === null);
  let same = 0;
  while (same < current.length && isSameRoll(current[same]!.record, next.rolls[same]?.record))
    same += 1;
  const isLess = (next.doneUs ?? -Infinity) < (stored.doneUs ?? -Infinity);
  const isChanged = same < current.length || stored.first !== next.first;
  if (correctedUs === undefined && (isChanged || isLess))
    throw changed(stored, current[same], next.rolls[same], isLess);
  const added = next.rolls
    .slice(same)
    .map((roll) => (isChanged ? { ...roll, knownUs: Math.max(roll.knownUs, correctedUs!) } : roll));
  return {
    ...next,
    rolls: [
      ...stored.rolls.map((roll) =>
        roll.replacedUs === null && current.indexOf(roll) >= same
          ? { ...roll, replacedUs: correctedUs! }
          : roll,
      ),
      ...added,
    ],
  };
}

export interface ExtendInput extends Omit<RollStepperOptions, 'rule' | 'start'> {
  /** Closes and open interest after `doneUs`, in order of time; earlier ones are an error. */
  readonly events: Iterable<RollInputEvent>;
  /** Everything up to this moment was given. */
  readonly untilUs: number;
}

/** A stored series before any close. `start` is the position of the first contract in the chain. */
export function beginContinuous(
  definition: ContinuousDefinition,
  contracts: readonly ContractSpec[],
  start: number = 0,
): StoredContinuous {
  return {
    format: CONTINUOUS_FORMAT,
    definition,
    first: contracts[start]!.id,
    rolls: [],
    doneUs: null,
    stepper: null,
  };
}

/**
 * Continues a stored series with new closes: the rule goes on where it stood. In one piece or in many, the result is the
 * same, byte for byte.
 * Errors: those of the stepper; E_ROLL_SCHEDULE for a window without a common close; E_ROLL_ORDER for closes that were
 * worked off already.
 */
export function extendContinuous(stored: StoredContinuous, input: ExtendInput): StoredContinuous {
  const { events, untilUs, ...options } = input;
  const { contracts } = input.chain;
  const start = Math.max(
    0,
    contracts.findIndex(({ id }) => id === stored.first),
  );
  const stepper: RollStepper = createRollStepper(
    { ...options, rule: stored.definition.rule, start },
    stored.stepper ?? undefined,
  );
  const rolls = [...stored.rolls];
  let { first } = stored;
  const take = (outputs: readonly RollOutput[]): void => {
    for (const output of outputs) {
      if (output.kind === 'problem') throw output.error;
      if (output.kind === 'roll') rolls.push(storedRoll(output.record));
      // Nothing was held yet: the series begins with the contract that has prices.
      if (output.kind === 'skipped') first = stepper.current.id;
    }
  };
  for (const event of events) take(stepper.push(event));
  take(stepper.push({ kind: 'time', tsUs: untilUs }));
  return { ...stored, first, rolls, doneUs: untilUs, stepper: stepper.save() };
}

/**
 * The schedule of a stored series in the numbers of a run. `asKnownAt`: as a decision at that moment saw it, corrections
 * made later undone.
 * Errors: E_CONTINUOUS_FILE when a contract is not known to the run.
 */
export function scheduleOf(
  stored: StoredContinuous,
  indexOf: (id: ContractId) => number,
  asKnownAt: TsUs = TS_MAX,
): RollSchedule {
  const number = (id: ContractId): number => {
    const index = indexOf(id);
    if (index >= 0) return index;
    throw badFile(`${id} is not among the contracts of the data`, '');
  };
  const rolls = stored.rolls
    .filter(
      ({ knownUs, replacedUs }) =>
        knownUs <= asKnownAt && (replacedUs === null || replacedUs > asKnownAt),
    )
    .map(({ record }) => ({
      ...record,
      fromIndex: number(record.from),
      toIndex: number(record.to),
    }))
    .toSorted((a, b) => a.effectiveUs - b.effectiveUs);
  const { root, rule } = stored.definition;
  const first = rolls[0]?.fromIndex ?? number(stored.first);
  return { root, rule, held: [first, ...rolls.map((roll) => roll.toIndex)], rolls };
}

/** The rolls of a schedule that were known at a moment; what comes of a stored series by `scheduleOf`. */
export function scheduleKnownAt(schedule: RollSchedule, us: TsUs): RollSchedule {
  const { underway, ...rest } = schedule;
  const rolls = schedule.rolls.filter((roll) => knownFrom(roll) <= us);
  const isUnderway = underway !== undefined && (underway.parts[0]?.atUs ?? Infinity) <= us;
  return {
    ...rest,
    rolls,
    held: schedule.held.slice(0, rolls.length + 1),
    ...(isUnderway ? { underway } : {}),
  };
}

/** A roll in parts is known part by part; each part counts from its own moment. */
function knownFrom(roll: RollRecord): number {
  return roll.parts?.[0]?.atUs ?? roll.effectiveUs;
}

function storedRoll(roll: RollRecord): StoredRoll {
  const { fromIndex: _from, toIndex: _to, ...record } = roll;
  return { record, knownUs: knownFrom(roll), replacedUs: null };
}

function isSameRoll(a: StoredRoll['record'], b: StoredRoll['record'] | undefined): boolean {
  return b !== undefined && JSON.stringify(a) === JSON.stringify(b);
}

// -------------------------------------------------------------------------------------------------------- files

export interface ContinuousStoreOptions {
  readonly io?: FileIo;
  readonly probe?: ProcessProbe;
  /** Wait for the disk (default true). */
  readonly sync?: boolean;
}

/** The stored series of one dataset. */
export interface ContinuousStore {
  /** Sorted. */
  names(): string[];
  /** Null when there is none. Errors: E_CONTINUOUS_FILE, E_DATA_READ. */
  read(name: string): StoredContinuous | null;
  /** Whole or not at all, under the lock of the dataset. Errors: E_DATASET_NAME, E_CATALOG_LOCKED, E_CATALOG_WRITE. */
  write(name: string, value: StoredContinuous): void;
}

/** `folder` is that of the dataset. */
export function openContinuousStore(
  folder: string,
  options: ContinuousStoreOptions = {},
): ContinuousStore {
  const { io = nodeFileIo, probe = systemProbe, sync = true } = options;
  const home = join(folder, 'continuous');
  const pathOf = (name: string): string => join(home, `${name}.json`);
  return {
    names: () =>
      io
        .list(home)
        .filter((file) => file.endsWith('.json'))
        .map((file) => file.slice(0, -5)),
    read(name) {
      let bytes: Uint8Array;
      try {
        bytes = readBytes(io, pathOf(name), BYTES_MAX);
      } catch (cause) {
        if (errnoOf(cause) === 'ENOENT' || errnoOf(cause) === 'ENOTDIR') return null;
        throw readError(pathOf(name), cause);
      }
      return parseContinuous(new TextDecoder().decode(bytes), pathOf(name));
    },
    write(name, value) {
      if (!/^[a-z0-9][a-z0-9._-]{0,99}$/.test(name))
        throw new TradingError('E_DATASET_NAME', `"${name}" is not a name for a series`, {
          details: { name },
          rule: 'lower-case letters, digits, dot, dash and underscore; at most 100; not a dot first',
          fix: 'choose a name such as es-back',
        });
      const path = pathOf(name);
      try {
        io.mkdir(home);
        const lock = takeLock(io, join(folder, 'write.lock'), probe);
        try {
          writeText(io, path, formatContinuous(value), sync);
          if (sync) io.fsyncFolder(home);
        } finally {
          lock.release();
        }
      } catch (cause) {
        throw errnoOf(cause) === '' ? cause : writeError(path, cause);
      }
    },
  };
}

function writeText(io: FileIo, path: string, text: string, sync: boolean): void {
  const temp = `${path}.tmp`;
  if (io.exists(temp)) io.unlink(temp);
  const fd = io.open(temp, 'wx');
  try {
    io.write(fd, new TextEncoder().encode(text));
    if (sync) io.fsync(fd);
  } finally {
    io.close(fd);
  }
  io.rename(temp, path);
}

/** A name for a definition: `es-volume-2-sessions-deadline-3-days`, with `-d1` for a depth. */
export function nameOfSeries(
  definition: Pick<ContinuousDefinition, 'root' | 'rule' | 'depth'>,
): string {
  const { root, rule, depth } = definition;
  const words = `${root} ${describeRollRule(rule)}${depth === 0 ? '' : ` d${depth}`}`;
  return words
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 100);
}

/** The text of a file: one roll a line, the checksum of everything else at the end. */
export function formatContinuous(value: StoredContinuous): string {
  const { rolls, ...head } = value;
  const lines = rolls.map((roll) => `  ${JSON.stringify(roll)}`);
  const text = JSON.stringify(head).slice(0, -1);
  const list = lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n ]`;
  return `${text},\n "rolls": ${list},\n "checksum": "${checksum(value)}"}\n`;
}

/** Errors: E_CONTINUOUS_FILE naming the field, or that the checksum does not fit. */
export function parseContinuous(text: string, path: string): StoredContinuous {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw badFile('it is not JSON', path, cause);
  }
  const parsed = stored.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw badFile(`${issue.path.join('.') || 'the document'}: ${issue.message}`, path);
  }
  const { checksum: sum, ...rest } = parsed.data;
  const { format, definition, first, rolls, doneUs, stepper } = rest as unknown as StoredContinuous;
  const value: StoredContinuous = { format, definition, first, rolls, doneUs, stepper };
  if (sum !== checksum(value)) throw badFile('checksum: it does not match the content', path);
  return value;
}

function checksum(value: StoredContinuous): string {
  const { format, definition, first, rolls, doneUs, stepper } = value;
  const text = JSON.stringify([format, definition, first, rolls, doneUs, stepper]);
  return createHash('sha256').update(text).digest('hex');
}

const contractId = z.string().regex(/^[A-Z0-9_]{1,20}[FGHJKMNQUVXZ]\d{4}$/);
const stored = z.strictObject({
  format: z.literal(CONTINUOUS_FORMAT),
  definition: z.strictObject({
    root: z.string(),
    rule: z.looseObject({ kind: z.string() }),
    adjust: z.enum([
      'none',
      'back-difference',
      'forward-difference',
      'back-ratio',
      'forward-ratio',
    ]),
    depth: z.int().nonnegative(),
    cycle: z.string(),
  }),
  first: contractId,
  rolls: z.array(
    z.strictObject({
      record: z.looseObject({
        root: z.string(),
        from: contractId,
        to: contractId,
        decidedUs: z.number(),
        effectiveUs: z.number(),
        tradeDate: z.number(),
        fromPrice: z.number(),
        toPrice: z.number(),
        pricesUs: z.number(),
        isInferred: z.boolean(),
        reason: z.string(),
      }),
      knownUs: z.number(),
      replacedUs: z.number().nullable(),
    }),
  ),
  doneUs: z.number().nullable(),
  stepper: z.looseObject({ version: z.literal(1) }).nullable(),
  checksum: z.string(),
});

function badFile(reason: string, path: string, cause?: unknown): TradingError {
  return new TradingError('E_CONTINUOUS_FILE', `a stored series cannot be read: ${reason}`, {
    details: { path, reason },
    ...(path === '' ? {} : { where: path }),
    rule: `a stored series is JSON of the format ${CONTINUOUS_FORMAT} with its checksum`,
    fix: 'save the series again, or restore the file from a copy',
    ...(cause === undefined ? {} : { cause }),
  });
}

function changed(
  before: StoredContinuous,
  old: StoredRoll | undefined,
  now: StoredRoll | undefined,
  isLess: boolean,
): TradingError {
  const say = (roll: StoredRoll | undefined): string =>
    roll === undefined
      ? 'no such roll'
      : `${roll.record.from} to ${roll.record.to} at ${toIsoUtc(roll.record.effectiveUs)}, ${roll.record.fromPrice} and ${roll.record.toPrice}`;
  const what =
    old === undefined && isLess
      ? 'the data end before what is stored'
      : old === undefined
        ? `the series began with ${before.first}`
        : `stored is ${say(old)}; the data now say ${say(now)}`;
  return new TradingError('E_CONTINUOUS_CHANGED', `a stored series would change: ${what}`, {
    details: { stored: old?.record ?? null, now: now?.record ?? null },
    rule: 'later data add rolls; they do not change those that decisions were made on',
    fix: 'check the data; if the correction is meant, save it as one: what was known before stays readable',
  });
}
