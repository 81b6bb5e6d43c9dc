import { Cluster } from 'ioredis';

import { coreOf, journalOf } from '../../coherence/sabotage.js';
import { RedisCluster } from '../../support/redis/cluster.js';
import { load, loadsOf, untilNoneHas } from '../../support/redis/loads.js';
import { until } from '../../support/until.js';
import { stopServers } from '../../support/redis/server.js';
import { Watched } from '../../support/redis/watched.js';

/*
 * A shard of a cluster fails over while a fleet uses it: real servers, of which one has a replica.
 */

const KEYS = 300;

let cluster: RedisCluster;
let namespaces = 0;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  cluster = await RedisCluster.start({ hasReplica: true });
}, 120_000);

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

afterAll(async () => {
  await (cluster as RedisCluster | undefined)?.stop();
  await stopServers();
});

const named = (what: string): string[] => Array.from({ length: KEYS }, (_, i) => `${what} ${i}`);

interface Member extends Watched {
  readonly client: Cluster;
}

/** Processes that share the cluster, each with its own client. */
async function fleet(size: number, options: { readonly memory?: false } = {}): Promise<Member[]> {
  const namespace = `failover${++namespaces}`;
  return await Promise.all(
    Array.from({ length: size }, async () => {
      const client = new Cluster(cluster.nodes);
      client.on('error', () => undefined);
      const one = new Watched({ redis: client, namespace, storeTimeout: '2s', ...options });
      closing.push(async () => {
        await one.cache.close();
        client.disconnect();
      });
      return Object.assign(await one.untilWell(), { client });
    }),
  );
}

/** No process has an old value in Redis or in memory, from the moment when they are well. */
async function expectNoneOld(keys: readonly string[], fleet: readonly Watched[]): Promise<void> {
  for (const one of fleet) await untilNoneHas('old', one, keys);
}

const failovers: [string, () => Promise<unknown>][] = [
  ['that is planned', () => cluster.handOver()],
  [
    'from a primary that dies, to a replica in step,',
    async () => {
      const dead = await cluster.failOver();
      await dead.up();
    },
  ],
];

describe.each([
  ['with a memory tier', {}],
  ['without', { memory: false }],
] as const)('%s', (_, options) => {
  it.each(failovers)(
    "a shard's failover %s undoes no invalidation, and nothing is loaded again",
    async (__, failOver) => {
      await cluster.inStep();
      const [author, loader, other] = (await fleet(3, options)) as [Member, Member, Member];
      const [doomed, good] = [named('doomed'), named('good')];
      await load(loader, doomed, 'old');
      await load(loader, good, 'good');
      const third = KEYS / 3;
      const invalidate = async (from: number, to: number): Promise<void> => {
        for (const [i, key] of doomed.slice(from, to).entries()) {
          if (i % 3 === 0) await author.cache.set(key, 'new');
          else await author.cache.delete(key);
        }
      };
      await invalidate(0, third);
      await cluster.inStep();
      await Promise.all([failOver(), invalidate(third, 2 * third)]);
      await invalidate(2 * third, KEYS);
      await expectNoneOld(doomed, [author, loader, other]);
      // As soon as the client has settled on the new primary.
      await until('all that is good is read', async () => {
        return (await other.cache.getMany(good)).size === good.length;
      });
      expect(await loadsOf(other, good)).toBe(0);
    },
  );
});

/** Events between the author's invalidations and the replica that lacks them. */
const AUTHORS: [string, { journal?: number; isCutOff?: true }][] = [
  ['that is connected', {}],
  ['that is cut off meanwhile', { isCutOff: true }],
  ['whose journal does not reach back', { journal: 10 }],
];

it.each(AUTHORS)(
  'a failover to a replica that lacks the invalidations of an author %s brings back nothing',
  async (_, { journal, isCutOff }) => {
    await cluster.inStep();
    const [author, other] = (await fleet(2, { memory: false })) as [Member, Member];
    if (journal !== undefined) journalOf(coreOf(author.cache)).capacity = journal;
    const doomed = named('doomed');
    await load(author, doomed, 'old');
    await cluster.inStep();
    await cluster.cutReplica();
    await author.cache.deleteMany(doomed);
    if (isCutOff) author.client.disconnect();
    const dead = await cluster.failOver();
    await dead.up();
    // The other one reads what has come back, until the author has invalidated it again.
    if (isCutOff) await author.client.connect();
    await expectNoneOld(doomed, [author, other]);
    expect(await loadsOf(other, doomed)).toBe(KEYS);
  },
  120_000,
);
