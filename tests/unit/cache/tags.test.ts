import { LIMITS } from '../../../src/base/options/defaults.js';
import { expectIdle, flush, setUp } from './harness.js';

describe.each([
  ['memory', () => ({})],
  ['memory before a Map', () => ({ store: new Map<string, unknown>() })],
  ['a Map alone', () => ({ store: new Map<string, unknown>(), memory: false as const })],
])('tags: %s', (_, tiers) => {
  it('invalidate every entry that carries one of them, and no other', async () => {
    const setup = setUp(tiers());
    const { cache } = setup;
    await cache.set('a', 1, { tags: ['x', 'y'] });
    await cache.set('b', 2, { tags: ['y'] });
    await cache.getOrSet('c', () => 3, { tags: () => ['x', 'z'] });
    await cache.set('d', 4, { tags: ['w'] });
    await cache.set('e', 5);
    await flush();
    await cache.invalidateTags('x', 'unused');
    expect([...(await cache.getMany(['a', 'b', 'c', 'd', 'e'])).keys()]).toEqual(['b', 'd', 'e']);
    await cache.invalidateTags('y', 'w');
    expect([...(await cache.getMany(['a', 'b', 'c', 'd', 'e'])).keys()]).toEqual(['e']);
    expectIdle(setup);
  });

  it('an entry that is set after the invalidation, in the same millisecond, is valid', async () => {
    const { cache } = setUp(tiers());
    await cache.invalidateTags('x');
    await cache.set('a', 1, { tags: ['x'] });
    expect(await cache.get('a')).toBe(1);
    await cache.invalidateTags('x');
    expect(await cache.get('a')).toBeUndefined();
    await cache.getOrSet('a', () => 2, { tags: ['x'] });
    await flush();
    expect(await cache.get('a')).toBe(2);
  });

  it('an entry without them is out of their reach, the one before had them', async () => {
    const { cache } = setUp(tiers());
    await cache.set('a', 1, { tags: ['x'] });
    await cache.set('a', 2);
    await cache.invalidateTags('x');
    expect(await cache.get('a')).toBe(2);
  });

  it('when nothing is named, nothing is invalidated', async () => {
    const { cache } = setUp(tiers());
    await cache.set('a', 1, { tags: ['x'] });
    await cache.invalidateTags();
    expect(await cache.get('a')).toBe(1);
    expect((await cache.getStats()).invalidations).toBe(0);
  });

  it('reach every namespace of the cache', async () => {
    const { cache } = setUp(tiers());
    const users = cache.namespace('users');
    await users.set('a', 1, { tags: ['x'] });
    await cache.invalidateTags('x');
    expect(await users.get('a')).toBeUndefined();
  });

  it('are those at the time of storing, even if the array changes later', async () => {
    const { cache, core } = setUp(tiers());
    const post = { tags: ['news'] };
    await cache.getOrSet('post', () => post, { tags: ({ tags }) => tags });
    const tags = ['x'];
    const write = cache.set('a', 1, { tags });
    post.tags[0] = 'sports';
    tags[0] = 'y';
    await write;
    await flush();
    await cache.invalidateTags('sports', 'y');
    expect(await cache.has('post')).toBe(true);
    expect(await cache.has('a')).toBe(true);
    await cache.invalidateTags('news', 'x');
    expect(await cache.has('post')).toBe(false);
    expect(await cache.has('a')).toBe(false);
    expect(core.memory?.size ?? 0).toBe(0);
  });
});

describe('the tag table', () => {
  it('forgets nothing when it overflows: older tagged entries become invalid instead', async () => {
    const { cache, clock, core } = setUp({ store: new Map(), memory: false });
    await cache.set('old', 1, { tags: ['first'] });
    await cache.set('plain', 2);
    clock.jump('1s');
    await cache.invalidateTags('first');
    for (let i = 0; i < LIMITS.tagTable / 100; i++) {
      clock.jump('1ms');
      await cache.invalidateTags(...Array.from({ length: 100 }, (_, j) => `tag${i}.${j}`));
    }
    expect(await cache.get('old')).toBeUndefined();
    expect(await cache.get('plain')).toBe(2);
    await cache.set('young', 3, { tags: ['first'] });
    expect(await cache.get('young')).toBe(3);
    expect(core.invalidation.tags).toMatchObject({
      versions: { versions: { size: LIMITS.tagTable } },
    });
  });

  it('a tagged entry from before the cache started is invalid, since its tags are unknown', async () => {
    const store = new Map<string, unknown>();
    const first = setUp({ store });
    await first.cache.set('tagged', 1, { tags: ['x'] });
    await first.cache.set('plain', 2);
    first.clock.jump('1s');
    const second = setUp({ store, clock: first.clock });
    expect(await second.cache.get('tagged')).toBeUndefined();
    expect(await second.cache.get('plain')).toBe(2);
  });
});
