import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { Redis } from 'ioredis';

import { freePort, RedisServer, until } from './server.js';

const SLOTS = 16_384;
/** Redis talks to its peers on the port so far above its own. */
const BUS_OFFSET = 10_000;

const MASTERS = 3;

interface Node {
  readonly server: RedisServer;
  /** A direct connection, without the cluster's redirections. */
  readonly admin: Redis;
}

/** Three masters that share the slots evenly, the first one with a replica if there is one. */
export class RedisCluster {
  private readonly servers: RedisServer[] = [];
  private readonly clients: Redis[] = [];

  private constructor() {}

  /** @param options.hasReplica - Whether the first master has one, which can take over. */
  static async start({ hasReplica = false } = {}): Promise<RedisCluster> {
    const cluster = new RedisCluster();
    const { servers, clients } = cluster;
    try {
      const timeoutMs = hasReplica ? 2000 : 5000;
      const settings = [
        ...['--cluster-enabled', 'yes', '--cluster-node-timeout', String(timeoutMs)],
        ...['--repl-diskless-sync', 'yes', '--repl-diskless-sync-delay', '0'],
      ];
      for (const port of await portsWithBus(hasReplica ? MASTERS + 1 : MASTERS)) {
        servers.push(await RedisServer.start(settings, { port }));
        const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 25 });
        client.on('error', () => undefined);
        clients.push(client);
      }
      await cluster.join();
      if (hasReplica) await cluster.addReplica();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  get masters(): readonly RedisServer[] {
    return this.servers.slice(0, MASTERS);
  }

  /** A connection to each master, past the cluster's redirections. */
  get admins(): readonly Redis[] {
    return this.clients.slice(0, MASTERS);
  }

  get nodes(): { host: string; port: number }[] {
    return this.servers.map(({ port }) => ({ host: '127.0.0.1', port }));
  }

  /** The primary and the replica of the shard that has one, in their present roles. */
  async shard(): Promise<{ readonly primary: Node; readonly replica: Node }> {
    const pair = [this.nodeOf(0), this.nodeOf(MASTERS)] as const;
    const [role] = (await pair[0].admin.role()) as [string];
    const [primary, replica] = role === 'master' ? pair : ([pair[1], pair[0]] as const);
    return { primary, replica };
  }

  /** Waits until the replica has everything that its primary has acknowledged until now. */
  async inStep(): Promise<void> {
    await until('the replica is in step', async () => {
      const { primary, replica } = await this.shard();
      const [own, its] = await Promise.all([
        primary.admin.info('replication'),
        replica.admin.info('replication'),
      ]);
      return (
        its.includes('master_link_status:up') &&
        offsetOf(own, 'master_repl_offset') <= offsetOf(its, 'slave_repl_offset')
      );
    });
  }

  /** The replica takes over from a primary that lives, and waits for what it acknowledges. */
  async handOver(): Promise<void> {
    const { replica } = await this.shard();
    await until('the replica is elected', async () => {
      // Masters vote for it once in two of their time-outs; an attempt ends after 5 s.
      // Refused while the primary is thought dead, and once it has taken effect.
      await replica.admin.cluster('FAILOVER').catch(() => undefined);
      const end = performance.now() + 6000;
      while (performance.now() < end && !(await isPrimary(replica))) await pause(20);
      return await isPrimary(replica);
    });
    await this.takenOver(replica);
  }

  /** The replica receives nothing more: what its primary acknowledges from now on dies with it. */
  async cutReplica(): Promise<void> {
    const { primary } = await this.shard();
    // Connections that stand are left alone; new ones would have to know the password.
    await primary.admin.config('SET', 'requirepass', randomBytes(20).toString('hex'));
    await primary.admin.call('CLIENT', 'KILL', 'TYPE', 'replica');
  }

  /** Kills the primary, waits until its replica has taken over, and returns the dead. */
  async failOver(): Promise<RedisServer> {
    const { primary, replica } = await this.shard();
    await primary.server.kill();
    await this.takenOver(replica);
    return primary.server;
  }

  async flush(): Promise<void> {
    await Promise.all(this.admins.map((admin) => admin.flushall()));
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.disconnect();
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  private nodeOf(index: number): Node {
    return { server: this.servers[index] as RedisServer, admin: this.clients[index] as Redis };
  }

  private async takenOver(replica: Node): Promise<void> {
    const { server } = replica;
    await until('the replica has taken over', () => isPrimary(replica));
    await until('the other masters have heard of it', async () => {
      const views = this.clients.slice(1, MASTERS).map(async (client) => {
        const ranges = await client.cluster('SLOTS');
        return ranges.find(([start]) => start === 0)?.[2]?.[1] === server.port;
      });
      return !(await Promise.all(views)).includes(false);
    });
  }

  private async addReplica(): Promise<void> {
    const [primary, replica] = [this.nodeOf(0), this.nodeOf(MASTERS)];
    const id = String(await primary.admin.cluster('MYID'));
    await until('the replica knows its primary', async () => {
      try {
        return (await replica.admin.cluster('REPLICATE', id)) === 'OK';
      } catch {
        return false;
      }
    });
    await this.inStep();
    await until('the masters know the replica', async () => {
      const views = this.admins.map(async (admin) =>
        String(await admin.cluster('NODES')).includes(`slave ${id}`),
      );
      return !(await Promise.all(views)).includes(false);
    });
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
          String(view).includes(`cluster_known_nodes:${String(this.servers.length)}`),
      );
    });
  }
}

async function isPrimary({ admin }: Node): Promise<boolean> {
  return (await admin.role())[0] === 'master';
}

function offsetOf(info: string, name: string): number {
  return Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1]);
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
