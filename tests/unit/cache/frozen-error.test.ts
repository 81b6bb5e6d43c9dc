import { CacheManager } from '../../../src/index.js';

/** As hardened programs do; of this file's realm alone. */
beforeAll(() => {
  Object.freeze(Error);
});

it('loads that wait for each other do so where Error is frozen, and nothing else fails', async () => {
  const cache = new CacheManager();
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const inner = async (): Promise<string> => {
    await turn();
    return 'inner';
  };
  const outer = async (key: string): Promise<string> => {
    await turn();
    return `${key} ${await cache.getOrSet('shared', inner)}`;
  };
  const calls = ['a', 'b', 'c'].map((key) => cache.getOrSet(key, () => outer(key)));
  expect(await Promise.all(calls)).toEqual(['a inner', 'b inner', 'c inner']);
});
