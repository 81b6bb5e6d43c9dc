import type { Cluster, Redis } from 'ioredis';

/**
 * The database that a connected client uses, and the one that its options name: ioredis continues with
 * database 0 after a refused `SELECT`.
 *
 * @returns `undefined` when the server does not report it, and on a cluster, which has one database.
 * @internal
 */
export async function databaseOf(
  client: Redis | Cluster,
): Promise<{ readonly used: number; readonly wanted: number } | undefined> {
  const { condition, options } = client as unknown as {
    condition?: { select?: unknown } | null;
    options: { db?: unknown };
  };
  const wanted = Number(condition?.select ?? options.db ?? 0);
  // Without a `SELECT`, it is database 0.
  if (wanted === 0 || ('isCluster' in client && client.isCluster)) return undefined;
  try {
    const used = /\bdb=(\d+)/.exec(String(await client.call('CLIENT', 'INFO')))?.[1];
    return used === undefined ? undefined : { used: Number(used), wanted };
  } catch {
    return undefined;
  }
}
