import type { Socket } from 'node:net';

import type { CacheCore } from '../../src/cache/core/cache-core.js';
import type { Database } from './database.js';
import { coordinatorOf } from './sabotage.js';

/** The latest crash that this process has not dealt with yet. */
interface Crash {
  readonly number: number;
  /** Whether the cache is connected to what came back. */
  readonly isBack: (core: CacheCore) => boolean;
}

interface Connected {
  readonly connection: { readonly client: { readonly status: string; readonly stream?: Socket } };
}

function isConnectedTo(port: number, core: CacheCore): boolean {
  const { client } = (coordinatorOf(core) as unknown as Connected).connection;
  return client.status === 'ready' && client.stream?.remotePort === port;
}

/** Reports in the database when this process has done again what a crash of Redis undid. */
export class CaughtUp {
  private crash: Crash | undefined;

  constructor(
    private readonly database: Database,
    private readonly worker: number,
  ) {}

  get isTrue(): boolean {
    return this.crash === undefined;
  }

  /** @param port - Where a replica has taken over; without it, Redis is dead and will be back. */
  async crashed(core: CacheCore, port: number | undefined): Promise<void> {
    const { crashes } = await this.database.trouble();
    // Redis is dead meanwhile: every later connection is to what comes back.
    const { connections } = coordinatorOf(core).history;
    this.crash = {
      number: crashes,
      isBack: (current) =>
        port === undefined
          ? coordinatorOf(current).history.connections > connections
          : isConnectedTo(port, current),
    };
  }

  async look(core: CacheCore): Promise<void> {
    const { crash, worker } = this;
    const { shared } = core;
    if (crash === undefined || shared?.isUnavailable !== false || !crash.isBack(core)) return;
    if (!shared.isCurrent || shared.pending > 0) return;
    await this.database.caughtUp(worker, crash.number);
    this.crash = undefined;
  }
}
