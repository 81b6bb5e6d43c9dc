import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Redis } from 'ioredis';

import { freePort, RedisServer, until } from './server.js';

const NAME = 'aurora';
const SENTINELS = 3;
const QUORUM = 2;
/** Some times the time-out of a failover. */
const GIVEN_UP_MS = 15_000;
/** So long a primary may be silent. On a busy machine one that lives is, for half a second. */
const PATIENT_MS = 3_600_000;
const EAGER_MS = 500;

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A primary with two replicas, watched by three sentinels. */
export class SentinelGroup {
  private constructor(
    readonly servers: RedisServer[],
    readonly sentinels: RedisServer[],
  ) {}

  static async start(): Promise<SentinelGroup> {
    const group = new SentinelGroup([], []);
    try {
      await group.startServers();
      await group.startSentinels();
    } catch (error) {
      await group.stop();
      throw error;
    }
    return group;
  }

  /** The ioredis options to find the primary. */
  get options(): { sentinels: Endpoint[]; name: string } {
    const sentinels = this.sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
    return { sentinels, name: NAME };
  }

  /** The primary, as the sentinels see it. */
  async primary(): Promise<RedisServer> {
    const [{ port }] = await this.onSentinels(async (sentinel) => await addressOf(sentinel));
    const primary = this.servers.find((server) => server.port === port);
    if (primary === undefined)
      throw new Error(`No server of this set-up has port ${String(port)}.`);
    return primary;
  }

  /** Kills the primary, and waits until another one has taken over. */
  async failOver(): Promise<void> {
    const primary = await this.primary();
    await this.failOverAfter(primary, () => primary.kill());
  }

  /** Waits until another one has taken over from a primary that `silence` has made silent. */
  async failOverAfter(primary: RedisServer, silence: () => void | Promise<void>): Promise<void> {
    await this.allowSilence(EAGER_MS);
    try {
      await silence();
      await this.successor(primary);
    } finally {
      await this.allowSilence(PATIENT_MS);
    }
  }

  /**
   * Has a replica take over from a primary that lives, and waits until that is a replica too. It
   * acknowledges writes for some seconds after the other has taken over: they are lost.
   */
  async handOver(): Promise<void> {
    let primary = await this.primary();
    await until('a sentinel has begun the failover, and ended it', async () => {
      await this.inStep();
      primary = await this.primary();
      if (!(await withClient(this.sentinels[0]?.port ?? 0, isFailingOver))) return false;
      // If the replica is not promoted within the time-out, the sentinel gives up for good.
      return await this.successor(primary, GIVEN_UP_MS).then(
        () => true,
        () => false,
      );
    });
    await until('the former primary is a replica', () =>
      withClient(primary.port, async (client) => (await client.role())[0] === 'slave'),
    );
  }

  /**
   * Replicas receive nothing more from a primary, whose clients do not notice: what it acknowledges
   * from now on dies with it.
   */
  async cutReplicas(primary: RedisServer): Promise<void> {
    await withClient(primary.port, async (client) => {
      // Connections that stand are left alone; new ones would have to know the password.
      await client.config('SET', 'requirepass', randomBytes(20).toString('hex'));
      await client.call('CLIENT', 'KILL', 'TYPE', 'replica');
    });
  }

  /** Waits until the primary has both replicas, and the sentinels see nothing wrong. */
  async inStep(): Promise<void> {
    const isInStep = async (): Promise<boolean> => {
      const info = await withClient((await this.primary()).port, (client) =>
        client.info('replication'),
      );
      const flags = await this.onSentinels((sentinel) => fieldOf(sentinel, 'flags'));
      return info.match(/state=online/g)?.length === 2 && flags.every((one) => one === 'master');
    };
    await until('the replicas are in step', isInStep);
  }

  /** Waits until both replicas have everything that the primary has acknowledged until now. */
  async replicated(): Promise<void> {
    const ask = async (): Promise<string> =>
      await withClient((await this.primary()).port, (client) => client.info('replication'));
    const wanted = Number(/master_repl_offset:(\d+)/.exec(await ask())?.[1]);
    await until('the replicas have everything', async () => {
      const offsets = [...(await ask()).matchAll(/state=online,offset=(\d+)/g)];
      return offsets.length === 2 && offsets.every(([, offset]) => Number(offset) >= wanted);
    });
  }

  /** Waits until all sentinels name another primary than this, and until that takes writes. */
  private async successor(primary: RedisServer, patienceMs?: number): Promise<void> {
    const isAgreed = async (): Promise<boolean> => {
      const ports = await this.onSentinels(async (sentinel) => (await addressOf(sentinel)).port);
      const [port] = ports;
      if (port === primary.port || new Set(ports).size > 1) return false;
      return await withClient(port, async (client) => (await client.role())[0] === 'master');
    };
    await until('the sentinels agree on a new primary', isAgreed, patienceMs);
  }

  /** Empties the primary, and its replicas with it. */
  async flush(): Promise<void> {
    await withClient((await this.primary()).port, (client) => client.flushall());
  }

  async stop(): Promise<void> {
    await Promise.all([...this.sentinels, ...this.servers].map((server) => server.stop()));
  }

  private async startServers(): Promise<void> {
    const quick = ['--repl-diskless-sync', 'yes', '--repl-diskless-sync-delay', '0'];
    const primary = await RedisServer.start(quick);
    this.servers.push(primary);
    const replicaOf = [...quick, '--replicaof', '127.0.0.1', String(primary.port)];
    for (let i = 0; i < 2; i++) this.servers.push(await RedisServer.start(replicaOf));
    await withClient(primary.port, async (client) => {
      await until('both replicas are in step', async () => {
        const replicas = (await client.info('replication')).match(/state=online/g);
        return replicas?.length === 2;
      });
    });
  }

  private async startSentinels(): Promise<void> {
    const [primary] = this.servers;
    if (primary === undefined) throw new Error('No primary.');
    const peers: { id: string; port: number }[] = [];
    while (peers.length < SENTINELS) {
      peers.push({ id: randomBytes(20).toString('hex'), port: await freePort() });
    }
    for (const { id, port } of peers) {
      const lines = [
        ...[`port ${String(port)}`, 'bind 127.0.0.1', `sentinel myid ${id}`],
        `sentinel monitor ${NAME} 127.0.0.1 ${String(primary.port)} ${String(QUORUM)}`,
        `sentinel down-after-milliseconds ${NAME} ${String(PATIENT_MS)}`,
        `sentinel failover-timeout ${NAME} 2000`,
        // They would find each other within seconds; written down, they know at once.
        ...peers
          .filter((peer) => peer.port !== port)
          .map(
            (peer) => `sentinel known-sentinel ${NAME} 127.0.0.1 ${String(peer.port)} ${peer.id}`,
          ),
      ];
      const commandLine = (_: number, folder: string): readonly string[] => {
        const file = join(folder, 'sentinel.conf');
        writeFileSync(file, [...lines, `dir ${folder}`, ''].join('\n'));
        return [file, '--sentinel'];
      };
      this.sentinels.push(await RedisServer.start([], { port, commandLine }));
    }
    await until('the sentinels know each other and the replicas', async () => {
      const views = await this.onSentinels(async (sentinel) => {
        const reply = await sentinel.call('SENTINEL', 'CKQUORUM', NAME).catch(String);
        return (
          (await fieldOf(sentinel, 'flags')) === 'master' &&
          (await fieldOf(sentinel, 'num-slaves')) === '2' &&
          /^OK 3/.test(String(reply))
        );
      });
      return views.every(Boolean);
    });
  }

  private async allowSilence(ms: number): Promise<void> {
    await this.onSentinels((one) =>
      one.call('SENTINEL', 'SET', NAME, 'down-after-milliseconds', String(ms)),
    );
  }

  private async onSentinels<T>(ask: (client: Redis) => Promise<T>): Promise<[T, ...T[]]> {
    const asked = this.sentinels.map(({ port }) => withClient(port, ask));
    return (await Promise.all(asked)) as [T, ...T[]];
  }
}

async function addressOf(sentinel: Redis): Promise<Endpoint> {
  const reply = await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME);
  const [host, port] = reply as [string, string];
  return { host, port: Number(port) };
}

/** Whether this sentinel agreed to have another server take over. */
async function isFailingOver(sentinel: Redis): Promise<boolean> {
  try {
    await sentinel.call('SENTINEL', 'FAILOVER', NAME);
    return true;
  } catch (error) {
    if (/^(INPROG|NOGOODSLAVE)/.test((error as Error).message)) return false;
    throw error;
  }
}

/** A field of the primary, as reported by a sentinel. */
async function fieldOf(sentinel: Redis, name: string): Promise<string | undefined> {
  const view = (await sentinel.call('SENTINEL', 'MASTER', NAME)) as string[];
  return view[view.indexOf(name) + 1];
}

async function withClient<T>(port: number, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ host: '127.0.0.1', port, protocol: 2, enableReadyCheck: false });
  client.on('error', () => undefined);
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}
