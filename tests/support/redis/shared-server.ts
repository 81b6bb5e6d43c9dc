import { Redis } from 'ioredis';

import { RedisServer, stopServers } from './server.js';

interface SharedServer {
  readonly server: RedisServer;
  /** A plain client of it. */
  readonly admin: Redis;
}

/**
 * Starts one server for all tests of a file, and empties it before each. To be called outside of
 * tests: it registers the hooks.
 *
 * @param onStart - Called before the first test.
 */
export function shareServer(onStart: (shared: SharedServer) => unknown): void {
  let admin: Redis | undefined;
  beforeAll(async () => {
    const server = await RedisServer.start();
    admin = new Redis(server.url);
    onStart({ server, admin });
  });
  beforeEach(async () => {
    await admin?.flushall();
  });
  afterAll(async () => {
    admin?.disconnect();
    await stopServers();
  });
}
