import { createServer } from 'node:net';

import { Redis } from 'ioredis';

import { freePort, RedisServer, until } from './server.js';

const SLOTS = 16_384;
/** Redis talks to its peers on the port so far above its own. */
const BUS_OFFSET = 10_000;

/** Three masters without replicas that share the slots evenly. */
export class RedisCluster {
  private constructor(
    readonly masters: readonly RedisServer[],
    /** A connection to each master, past the cluster's redirections. */
    readonly admins: readonly Redis[],
  ) {}

  static async start(): Promise<RedisCluster> {
    const masters: RedisServer[] = [];
    const admins: Redis[] = [];
    const cluster = new RedisCluster(masters, admins);
    try {
      const settings = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '5000'];
      for (const port of await portsWithBus(3)) {
        masters.push(await RedisServer.start(settings, { port }));
        admins.push(new Redis({ host: '127.0.0.1', port }));
      }
      await cluster.join();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  get nodes(): { host: string; port: number }[] {
    return this.masters.map(({ port }) => ({ host: '127.0.0.1', port }));
  }

  async flush(): Promise<void> {
    await Promise.all(this.admins.map((admin) => admin.flushall()));
  }

  async stop(): Promise<void> {
    for (const admin of this.admins) admin.disconnect();
    await Promise.all(this.masters.map((server) => server.stop()));
  }

  private async join(): Promise<void> {
    const { admins } = this;
    const share = Math.ceil(SLOTS / admins.length);
    await Promise.all(
      admins.map(async (admin, i) => {
        const first = i * share;
        const count = Math.min(share, SLOTS - first);
        // Slot by slot, since ADDSLOTSRANGE is not in Redis 6.2.
        await admin.cluster('ADDSLOTS', ...Array.from({ length: count }, (_, n) => first + n));
        await admin.cluster('SET-CONFIG-EPOCH', i + 1);
      }),
    );
    for (const admin of admins) {
      for (const { host, port } of this.nodes) await admin.cluster('MEET', host, port);
    }
    await until('the cluster is complete', async () => {
      const views = await Promise.all(admins.map((admin) => admin.cluster('INFO')));
      return views.every(
        (view) =>
          String(view).includes('cluster_state:ok') &&
          String(view).includes(`cluster_known_nodes:${String(admins.length)}`),
      );
    });
  }
}

/** Ports that are free together with those of the bus. */
async function portsWithBus(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    // The system likes high ports, above which there may be no room for the bus.
    const port = (await freePort()) - BUS_OFFSET;
    if (port > 1024 && (await isFree(port)) && (await isFree(port + BUS_OFFSET))) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return await new Promise((resolve) => {
    probe.once('error', () => {
      resolve(false);
    });
    probe.listen(port, '127.0.0.1', () =>
      probe.close(() => {
        resolve(true);
      }),
    );
  });
}
