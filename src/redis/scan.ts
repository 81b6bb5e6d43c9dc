import type { Cluster, Redis } from 'ioredis';

import { escapePattern } from '../base/keys/glob.js';
import type { RedisClient } from './connection/connection.js';

/** Number of keys that the server examines in one step, so that it stays responsive to other clients. */
const STEP = 500;

/**
 * Yields the keys with a prefix from all primaries, in batches. A key that exists throughout is returned at
 * least once, and possibly twice (`SCAN` guarantees no more). Each batch is one step of the server and may be
 * empty, so that a caller with a time limit per step need not wait for the first match.
 *
 * @internal
 */
export async function* scan(client: RedisClient, prefix: string): AsyncGenerator<string[]> {
  const nodes =
    'isCluster' in client && client.isCluster
      ? (client as Cluster).nodes('master')
      : [client as Redis];
  for (const node of nodes) {
    let cursor = '0';
    do {
      const [next, keys] = await node.scan(
        cursor,
        'MATCH',
        `${escapePattern(prefix)}*`,
        'COUNT',
        STEP,
      );
      cursor = next;
      yield keys;
    } while (cursor !== '0');
  }
}
