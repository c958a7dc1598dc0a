/** Negotiation of a connection: ids that are given out, used once, and forgotten when nobody comes. */
import { US_PER_SECOND } from '../../../core/units.ts';

/** Ids that wait for their socket at most. */
const WAITING_MAX = 1000;
const WAIT_US = 60 * US_PER_SECOND;

export interface Negotiated {
  readonly body: Readonly<Record<string, unknown>>;
}

export class Negotiator {
  /** By the id that the socket will name: since when it waits, or NaN once it is taken. */
  readonly #ids: Map<string, number> = new Map();
  readonly #newId: () => string;

  constructor(newId: () => string) {
    this.#newId = newId;
  }

  /** Body of the answer. Version 1 hides the id of the socket behind a token; version 0, the one without a number, does not. */
  negotiate(version: number, nowUs: number): Readonly<Record<string, unknown>> {
    this.#forget(nowUs);
    const connectionId = this.#newId();
    const connectionToken = version >= 1 ? this.#newId() : null;
    this.#ids.set(connectionToken ?? connectionId, nowUs);
    return {
      negotiateVersion: version >= 1 ? 1 : 0,
      connectionId,
      ...(connectionToken === null ? {} : { connectionToken }),
      availableTransports: [{ transport: 'WebSockets', transferFormats: ['Text', 'Binary'] }],
    };
  }

  /** HTTP status of a socket that names this id; null: without negotiation. 101 takes it. */
  take(id: string | null, nowUs: number): 101 | 404 | 409 {
    if (id === null) return 101;
    const sinceUs = this.#ids.get(id);
    if (sinceUs === undefined || nowUs - sinceUs > WAIT_US) return 404;
    if (Number.isNaN(sinceUs)) return 409;
    this.#ids.set(id, NaN);
    return 101;
  }

  /** The socket of this id is gone. */
  release(id: string | null): void {
    if (id !== null) this.#ids.delete(id);
  }

  #forget(nowUs: number): void {
    if (this.#ids.size < WAITING_MAX) return;
    for (const [id, sinceUs] of this.#ids) if (nowUs - sinceUs > WAIT_US) this.#ids.delete(id);
    // Whoever never came makes room, oldest first.
    for (const [id, sinceUs] of this.#ids) {
      if (this.#ids.size < WAITING_MAX) return;
      if (!Number.isNaN(sinceUs)) this.#ids.delete(id);
    }
  }
}
