import type { Outbox } from './bus/outbox.js';
import type { Connection } from './connection/connection.js';
import type { RedisKeys } from './keys.js';
import type { Readiness } from './readiness.js';
import type { Scripts } from './scripts.js';
import type { ServerClock } from './server-clock.js';

/**
 * The objects that the commands of one cache share.
 *
 * @internal
 */
export interface RedisContext {
  readonly connection: Connection;
  readonly readiness: Readiness;
  readonly redisKeys: RedisKeys;
  readonly scripts: Scripts;
  readonly time: ServerClock;
  readonly outbox: Outbox;
}
