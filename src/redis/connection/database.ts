import type { Cluster, Redis } from 'ioredis';

/**
 * The database that a connected client uses, and the one that its options name: ioredis continues with
 * database 0 after a refused `SELECT`.
 *
 * @returns `undefined` if the server does not report it, and on a cluster, which has one database.
 * @internal
 */
export async function databaseOf(
  client: Redis | Cluster,
): Promise<{ readonly used: number; readonly configured: number } | undefined> {
  const { condition, options } = client as unknown as {
    condition?: { select?: unknown } | null;
    options: { db?: unknown };
  };
  const configured = Number(condition?.select ?? options.db ?? 0);
  // A client of database 0 sends no `SELECT`.
  if (configured === 0 || ('isCluster' in client && client.isCluster)) return undefined;
  try {
    const used = /\bdb=(\d+)/.exec(String(await client.call('CLIENT', 'INFO')))?.[1];
    return used === undefined ? undefined : { used: Number(used), configured };
  } catch {
    return undefined;
  }
}
