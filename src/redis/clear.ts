import type { KeyPattern } from '../store/coordinator.js';
import type { Connection } from './connection.js';
import type { Layout } from './layout.js';
import { scan } from './scan.js';

/**
 * Removes what matches, step by step; each step answers how many values it removed.
 *
 * All leases go before the first value: in the other order, a load under way could still fill a key
 * that the values' pass has gone by. The server is asked for a prefix and nothing more: its globs
 * take exponential time on some patterns.
 *
 * @internal
 */
export async function* clearMatching(
  connection: Connection,
  layout: Layout,
  patterns: readonly KeyPattern[],
): AsyncGenerator<number> {
  const prefix = commonPrefix(patterns.map((pattern) => pattern.prefix));
  const matches = (key: string | undefined): boolean =>
    key !== undefined && patterns.some((pattern) => pattern.matches(key));
  const { client } = connection;
  for await (const names of scan(client, layout.leasesOf(prefix))) {
    await remove(
      connection,
      names.filter((name) => matches(layout.keyOfLease(name))),
    );
    yield 0;
  }
  for await (const names of scan(client, layout.value(prefix))) {
    yield await remove(
      connection,
      names.filter((name) => matches(layout.keyOfValue(name))),
    );
  }
}

async function remove(connection: Connection, names: readonly string[]): Promise<number> {
  if (names.length === 0) return 0;
  await connection.ready();
  const { client, isCluster } = connection;
  if (!isCluster)
    // A client of the caller's may answer numbers as texts.
    return Number(await client.unlink(...names));
  // Their slots differ; ioredis writes the commands of one turn together.
  const removed = await Promise.all(names.map((name) => client.unlink(name)));
  return removed.reduce((sum, count) => sum + Number(count), 0);
}

function commonPrefix([first = '', ...others]: readonly string[]): string {
  let end = first.length;
  for (const other of others) {
    end = Math.min(end, other.length);
    while (end > 0 && !other.startsWith(first.slice(0, end))) end--;
  }
  return first.slice(0, end);
}
