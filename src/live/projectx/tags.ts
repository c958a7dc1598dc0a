/**
 * Our ids in the venue's tags. A tag is unique in an account for ever and the only key by which an order can be found after a
 * time-out, so it carries everything that a restart must know: the id, the ids of a bracket's exits, and its time in force,
 * which the venue does not keep. `fm:K3QX-O000007/s8/t9/d` is entry 7 with stop 8 and target 9, good for the day.
 */
import type { ClOrdId } from '../../core/order.ts';
import type { TsUs } from '../../core/units.ts';

export interface TagParts {
  readonly clOrdId: ClOrdId;
  readonly stopId: ClOrdId | null;
  readonly targetId: ClOrdId | null;
  /** We cancel it at the end of its session, or at a time. */
  readonly ends: 'never' | 'day' | TsUs;
}
/** Which order of the bracket a tag is on: the venue adds `-SL` and `-TP` for the exits. */
export interface TagRead extends TagParts {
  readonly role: 'own' | 'stop' | 'target';
}

/** Room for what the venue adds. */
export const TAG_LENGTH_MAX = 60;

export function toTag(prefix: string, parts: TagParts): string {
  const child = (letter: string, id: ClOrdId | null): string =>
    id === null ? '' : `/${letter}${shorten(parts.clOrdId, id)}`;
  const ends =
    parts.ends === 'never'
      ? ''
      : parts.ends === 'day'
        ? '/d'
        : `/g${Math.ceil(parts.ends / 1e6).toString(36)}`;
  return `${prefix}${parts.clOrdId}${child('s', parts.stopId)}${child('t', parts.targetId)}${ends}`;
}

/** Null for a tag that is not ours. */
export function readTag(prefix: string, tag: string | null): TagRead | null {
  if (tag === null || !tag.startsWith(prefix)) return null;
  const match =
    /^([^/]+?)(?:\/s(=?[^/]+?))?(?:\/t(=?[^/]+?))?(?:\/(?:(d)|g([0-9a-z]{1,9})))?(-SL|-TP)?$/.exec(
      tag.slice(prefix.length),
    );
  if (match === null) return null;
  const clOrdId = match[1] as ClOrdId;
  const longer = (text: string | undefined): ClOrdId | null =>
    text === undefined ? null : lengthen(clOrdId, text);
  return {
    clOrdId,
    stopId: longer(match[2]),
    targetId: longer(match[3]),
    ends:
      match[4] === undefined
        ? match[5] === undefined
          ? 'never'
          : ((parseInt(match[5], 36) * 1e6) as TsUs)
        : 'day',
    role: match[6] === '-SL' ? 'stop' : match[6] === '-TP' ? 'target' : 'own',
  };
}

/** Ids that count on from the entry's are told by their number. */
function shorten(entry: string, id: string): string {
  const [a, b] = [splitNumber(entry), splitNumber(id)];
  const isAlike =
    a !== null && b !== null && a.stem === b.stem && a.digits.length === b.digits.length;
  return isAlike ? String(Number(b.digits)) : `=${id}`;
}

function lengthen(entry: string, text: string): ClOrdId {
  if (text.startsWith('=')) return text.slice(1) as ClOrdId;
  const own = splitNumber(entry);
  return (own === null ? text : own.stem + text.padStart(own.digits.length, '0')) as ClOrdId;
}

function splitNumber(id: string): { readonly stem: string; readonly digits: string } | null {
  const match = /^(.*?)(\d{1,15})$/.exec(id);
  return match === null ? null : { stem: match[1]!, digits: match[2]! };
}
