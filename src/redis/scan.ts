import type { Cluster, Redis } from 'ioredis';

import { escapePattern } from '../base/glob.js';
import type { RedisClient } from './connection/connection.js';

/** Keys that the server examines in one step: it must stay responsive to other clients. */
const STEP = 500;

/**
 * Yields the keys with a prefix from all primaries, in batches. A key that exists all the time is returned at
 * least once, and possibly twice (SCAN promises no more). Batches may be empty: each is one step of the
 * server, so that a caller with a time limit per step need not wait for the first match.
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
