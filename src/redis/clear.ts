import { DISPATCH } from '../base/options/defaults.js';
import { HEAD_CHARS, type PatternGroup } from '../store/coordinator.js';
import { matchingGroups } from '../store/pattern-groups.js';
import type { Connection } from './connection/connection.js';
import type { RedisKeys } from './keys.js';
import { scan } from './scan.js';
import type { Scripts } from './scripts.js';

/**
 * Removes what matches one of the patterns, step by step, in one pass for all groups.
 *
 * All leases are removed before the first value. In the other order, a load in flight could still fill a key
 * that the pass over the values has left behind. The server matches only the prefix, since its globs take
 * exponential time for some patterns.
 *
 * @returns For each step and group, the heads of the removed values.
 * @internal
 */
export async function* clearMatching(
  connection: Connection,
  scripts: Scripts,
  redisKeys: RedisKeys,
  groups: readonly PatternGroup[],
): AsyncGenerator<readonly (readonly string[])[]> {
  const prefix = commonPrefix(groups.flat().map((pattern) => pattern.prefix));
  const { client } = connection;
  const groupsOf = (key: string | undefined): number[] =>
    key === undefined ? [] : matchingGroups(groups, key);
  for await (const names of scan(client, redisKeys.leasesOf(prefix))) {
    const leases = names.filter((name) => groupsOf(redisKeys.keyOfLease(name)).length > 0);
    if (leases.length > 0) await unlink(connection, leases);
    yield [];
  }
  for await (const names of scan(client, redisKeys.value(prefix))) {
    const found = names
      .map((name) => ({ name, owners: groupsOf(redisKeys.keyOfValue(name)) }))
      .filter(({ owners }) => owners.length > 0);
    const heads = await removeValues(
      connection,
      scripts,
      found.map(({ name }) => name),
    );
    const removed: string[][] = groups.map(() => []);
    for (const [i, { owners }] of found.entries()) {
      const head = heads[i];
      // A key that SCAN returns twice was removed the first time.
      if (head) for (const owner of owners) removed[owner]?.push(head);
    }
    yield removed;
  }
}

/** Removes keys, even of different slots. */
export async function unlink(connection: Connection, names: readonly string[]): Promise<void> {
  await connection.ready();
  const { client, isCluster } = connection;
  // Their slots differ on a cluster; ioredis writes the commands of one turn together.
  if (isCluster) await Promise.all(names.map((name) => client.unlink(name)));
  else await client.unlink(...names);
}

async function removeValues(
  connection: Connection,
  scripts: Scripts,
  names: readonly string[],
): Promise<string[]> {
  if (names.length === 0) return [];
  await connection.ready();
  const size = connection.isCluster ? 1 : DISPATCH.chunk;
  const replies: Promise<unknown>[] = [];
  for (let i = 0; i < names.length; i += size) {
    const some = names.slice(i, i + size);
    replies.push(scripts.run('unlink', some.length, ...some, HEAD_CHARS));
  }
  return (await Promise.all(replies)).flat() as string[];
}

function commonPrefix([first = '', ...others]: readonly string[]): string {
  let end = first.length;
  for (const other of others) {
    end = Math.min(end, other.length);
    while (end > 0 && !other.startsWith(first.slice(0, end))) end--;
  }
  return first.slice(0, end);
}
