import { RedisKeys } from '../../../src/redis/keys.js';
import { failedShards, slotOf } from '../../../src/redis/shards.js';

const SLOTS = 16_384;
const all = (node: string): string[] => new Array<string>(SLOTS).fill(node);

describe('Shards of a cluster', () => {
  it('have the slots that Redis computes', () => {
    // CLUSTER KEYSLOT
    expect(['123456789', 'foo', 'aurora:user:1', ''].map(slotOf)).toEqual([
      12_739, 12_182, 6467, 0,
    ]);
  });

  it('are reported when they have another primary, and no others', () => {
    const redisKeys = new RedisKeys('aurora');
    const before = all('a:1');
    const now = all('a:1');
    expect(failedShards(before, now, redisKeys)).toBeUndefined();
    now[slotOf('aurora:moved')] = 'b:2';
    const failed = failedShards(before, now, redisKeys);
    expect([failed?.hasKey('moved'), failed?.hasKey('stayed'), failed?.hasTags]).toEqual([
      ...[true, false, false],
    ]);
    // Slots that were or are not known say nothing.
    expect(failedShards([], now, redisKeys)).toBeUndefined();
    expect(failedShards(before, [], redisKeys)).toBeUndefined();
  });
});
