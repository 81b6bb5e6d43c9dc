import { SentinelGroup } from '../support/redis/sentinel.js';
import type { RedisServer } from '../support/redis/server.js';
import { CoherenceChecker } from './checker.js';
import { sideBySide, type Loss } from './lost-state.js';
import { expectSound, faultsOf } from './outcome.js';
import { DURATION_MS, type Changes } from './plans.js';

let checker: CoherenceChecker;
let sentinel: SentinelGroup;

// A failover takes up to 20 s; on a busy machine everything takes its time.
jest.setTimeout(240_000 + 4 * DURATION_MS);

beforeAll(async () => {
  [checker, sentinel] = await Promise.all([CoherenceChecker.start(), SentinelGroup.start()]);
});

beforeEach(async () => {
  await sentinel.inStep();
  await sentinel.flush();
});

afterAll(async () => {
  await (checker as CoherenceChecker | undefined)?.stop();
});

/** The former primary acknowledges writes until it is a replica: all of them are lost. */
function handOver(): Loss {
  return {
    prepare: () => sentinel.inStep(),
    strike: async () => {
      await sentinel.handOver();
      return await primaryPort();
    },
    recover: () => Promise.resolve(),
  };
}

async function primaryPort(): Promise<number> {
  return (await sentinel.primary()).port;
}

/** A primary dies after it has acknowledged what no replica has received. */
function deathOfPrimary(): Loss {
  let dead: RedisServer;
  return {
    prepare: async () => {
      await sentinel.inStep();
      dead = await sentinel.primary();
      await sentinel.cutReplicas(dead);
    },
    strike: async () => {
      await sentinel.failOver();
      return await primaryPort();
    },
    recover: () => dead.up(),
  };
}

it.each<[string, () => Loss]>([
  ['that is planned', handOver],
  ['from a primary that dies', deathOfPrimary],
])(
  'After a failover %s, an invalidation is in force once its author has repeated it, or it is noticed',
  async (what, loss) => {
    const target: Changes = { target: { redis: sentinel.options } };
    const { broken, without, tracking, pubsub } = await sideBySide({
      checker,
      title: `failover ${what}`,
      loss: loss(),
      runs: {
        without: { ...target, memory: false },
        tracking: target,
        pubsub: { ...target, bus: 'pubsub' },
        broken: { ...target, memory: false, sabotage: 'no journal' },
      },
      broken: 'broken',
      isBounded: false,
    });
    expectSound(without!, false);
    expectSound(tracking!, true);
    expectSound(pubsub!, true);
    expect(faultsOf(broken!, false)).toContain('stale');
  },
);
