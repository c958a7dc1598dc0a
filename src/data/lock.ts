/**
 * One writer at a time. The lock names its process by id *and* start, so that a killed writer never blocks: a process id
 * alone is given out again.
 */
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TradingError } from '../core/errors.ts';
import type { FileIo } from './file-io.ts';
import { errnoOf, readBytes } from './file-io.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** Boot and start time where the system tells; empty otherwise. */
  readonly start: string;
}
/** What the lock asks of the operating system; a test may answer instead. */
export interface ProcessProbe {
  self(): ProcessIdentity;
  isAlive(identity: ProcessIdentity): boolean;
}

export const systemProbe: ProcessProbe = {
  self: () => ({ pid: process.pid, start: startOf(process.pid) }),
  isAlive(identity) {
    // Zero and negative ids would signal whole groups.
    if (identity.pid <= 0) return false;
    const start = startOf(identity.pid);
    if (start !== '' && identity.start !== '') return start === identity.start;
    try {
      process.kill(identity.pid, 0);
      return true;
    } catch (error) {
      // EPERM: it lives, under another user.
      return errnoOf(error) === 'EPERM';
    }
  },
};

/** Boot id and start time of a live process, where /proc exists. A zombie counts as dead: it can write no more. */
function startOf(pid: number): string {
  try {
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold blanks; the fields are counted after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? `zombie:${boot}` : `${boot}:${fields[19]}`;
  } catch {
    // No /proc here, or no such process: the caller falls back to a signal.
    return '';
  }
}

export interface Lock {
  /** Removes the lock file; a second call does nothing. */
  release(): void;
}

/** Takes the lock file. Errors: E_CATALOG_LOCKED with the holder's process id. */
export function takeLock(io: FileIo, path: string, probe: ProcessProbe): Lock {
  const token = randomUUID();
  const mine = `${path}.${token}`;
  const text = JSON.stringify({ ...probe.self(), token });
  const fd = io.open(mine, 'wx');
  try {
    io.write(fd, new TextEncoder().encode(text));
  } finally {
    io.close(fd);
  }
  try {
    // A link appears with its content or not at all; `open` with `wx` would show an empty lock for a moment.
    for (let attempt = 0; !tryLink(io, mine, path); attempt += 1)
      removeStale(io, path, mine, probe, attempt);
  } finally {
    io.unlink(mine);
  }
  let isHeld = true;
  return {
    release(): void {
      if (!isHeld) return;
      io.unlink(path);
      isHeld = false;
    },
  };
}

/** Removes what dead processes left beside the lock file. Called under the lock. */
export function removeDeadTokens(io: FileIo, path: string, probe: ProcessProbe): void {
  const [folder, name] = [dirname(path), `${basename(path)}.`];
  for (const file of io.list(folder).filter((entry) => entry.startsWith(name))) {
    const token = readLock(io, join(folder, file));
    // An unreadable one may be in the making by a process that waits for this lock.
    if (token !== null && token.identity.pid > 0 && !probe.isAlive(token.identity))
      io.unlink(join(folder, file));
  }
}

function tryLink(io: FileIo, from: string, to: string): boolean {
  try {
    io.link(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function removeStale(
  io: FileIo,
  path: string,
  mine: string,
  probe: ProcessProbe,
  attempt: number,
): void {
  const before = readLock(io, path);
  if (before === null) return;
  if (attempt > 8 || probe.isAlive(before.identity)) throw lockedError(path, before.identity.pid);
  // Two processes may find the same dead lock. The rename has one winner; whoever moved a newer lock puts it back.
  const moved = `${mine}.stale`;
  try {
    io.rename(path, moved);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  const taken = readLock(io, moved);
  if (taken !== null && taken.text !== before.text) tryLink(io, moved, path);
  io.unlink(moved);
}

function readLock(io: FileIo, path: string): { text: string; identity: ProcessIdentity } | null {
  let text: string;
  try {
    text = new TextDecoder().decode(readBytes(io, path));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    const { pid, start } = value as Partial<ProcessIdentity>;
    if (Number.isInteger(pid) && typeof start === 'string')
      return { text, identity: { pid: pid!, start } };
  } catch {
    // Not a lock of ours: nobody can be named, so nobody holds it.
  }
  return { text, identity: { pid: -1, start: 'unreadable' } };
}

function lockedError(path: string, pid: number): TradingError {
  return new TradingError('E_CATALOG_LOCKED', `process ${pid} is writing this dataset`, {
    details: { path, pid },
    where: path,
    rule: 'one writer at a time',
    fix: `wait until process ${pid} has finished, or stop it`,
    retry: 'safe',
  });
}
