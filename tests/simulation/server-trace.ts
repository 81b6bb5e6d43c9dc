import { inspect } from 'node:util';

import type { Server } from './server.js';
import type { World } from './world.js';

/** The server's methods that a process calls. */
const TRACED = [
  ...(['get', 'acquire', 'renew', 'release', 'fill', 'set', 'setMany', 'deleteMany'] as const),
  ...(['unlink', 'dropLease', 'tagClock', 'tagVersions', 'invalidateTags', 'publish'] as const),
] as const;

/** Adds every command of the server, with its reply, to the trace. */
export function traceServer(server: Server, note: World['note']): void {
  for (const name of TRACED) {
    const method = server[name].bind(server) as (...words: unknown[]) => unknown;
    const traced = (...words: unknown[]): unknown => {
      const reply = method(...words);
      note(() => `  server: ${name} ${JSON.stringify(words)} replies ${inspect(reply)}`);
      return reply;
    };
    Object.defineProperty(server, name, { value: traced });
  }
}
