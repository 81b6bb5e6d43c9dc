import { expectIdle, setUp } from './harness.js';

const DAY = 86_400;

describe('get and set', () => {
  it('returns undefined for what is not there', async () => {
    const { cache } = setUp();
    expect(await cache.get('absent')).toBeUndefined();
    expect(await cache.has('absent')).toBe(false);
  });

  it.each([null, undefined, 0, '', false, NaN])('keeps %p as a value', async (value) => {
    const { cache } = setUp();
    await cache.set('key', value);
    expect(await cache.get('key')).toBe(value);
    expect(await cache.has('key')).toBe(true);
    expect(await cache.getMany(['key'])).toEqual(new Map([['key', value]]));
  });

  it('hands out the same object by reference', async () => {
    const { cache } = setUp();
    const user = { id: 1 };
    await cache.set('user', user);
    expect(await cache.get('user')).toBe(user);
  });

  it('holds a value until its ttl is over, to the millisecond', async () => {
    const { cache, clock } = setUp();
    await cache.set('key', 1, { ttl: '10s' });
    clock.jump('9999ms');
    expect(await cache.get('key')).toBe(1);
    clock.jump('1ms');
    expect(await cache.get('key')).toBeUndefined();
    expect(await cache.has('key')).toBe(false);
  });

  it('takes numbers as seconds', async () => {
    const { cache, clock } = setUp({ defaultTtl: DAY });
    await cache.set('short', 1, { ttl: 0.5 });
    await cache.set('default', 2);
    clock.jump('500ms');
    expect(await cache.get('short')).toBeUndefined();
    clock.jump('23h');
    expect(await cache.get('default')).toBe(2);
    clock.jump('1h');
    expect(await cache.get('default')).toBeUndefined();
  });

  it('starts a new life with every set', async () => {
    const { cache, clock } = setUp();
    await cache.set('key', 1, { ttl: 10 });
    clock.jump('9s');
    await cache.set('key', 2, { ttl: 10 });
    clock.jump('9s');
    expect(await cache.get('key')).toBe(2);
  });

  it('getMany returns only what is there, under the keys as they were given', async () => {
    const { cache } = setUp();
    await cache.setMany([
      { key: 'a', value: 1 },
      { key: 'b{1}', value: 2, ttl: '1m', tags: ['t'] },
    ]);
    const found = await cache.getMany(['b{1}', 'absent', 'a', 'a']);
    expect([...found]).toEqual([
      ['b{1}', 2],
      ['a', 1],
    ]);
    expect(await cache.getMany([])).toEqual(new Map());
  });

  it('setMany stores nothing when one of the entries is bad', async () => {
    const { cache } = setUp();
    await cache.set('a', 'old');
    const entries = [
      { key: 'a', value: 'new' },
      { key: '', value: 1 },
    ];
    await expect(cache.setMany(entries)).rejects.toThrow(/key/);
    expect(await cache.get('a')).toBe('old');
  });

  it('delete says whether the key was there, and deleteMany how many were', async () => {
    const { cache, clock } = setUp();
    await cache.set('a', 1);
    await cache.set('b', undefined);
    await cache.set('c', 3, { ttl: 1, grace: 60 });
    expect(await cache.delete('a')).toBe(true);
    expect(await cache.delete('a')).toBe(false);
    clock.jump('2s');
    expect(await cache.deleteMany(['a', 'b', 'b', 'c', 'x'])).toBe(1);
    expect(await cache.has('b')).toBe(false);
  });

  it('does not take one key for another: escapes, prototypes, numbers', async () => {
    const { cache } = setUp();
    const keys = ['{a}', '%7Ba%7D', '%u007ba%u007d', '__proto__', 'constructor', '1', 'a\u0000b'];
    for (const [i, key] of keys.entries()) await cache.set(key, i);
    expect([...(await cache.getMany(keys)).values()]).toEqual(keys.map((_, i) => i));
    expect(await cache.get('toString')).toBeUndefined();
  });

  it('leaves nothing behind in its tables', async () => {
    const setup = setUp();
    await setup.cache.set('a', 1);
    await setup.cache.getMany(['a', 'b']);
    await setup.cache.delete('a');
    await setup.cache.clear();
    expectIdle(setup);
  });

  it('cannot be led past the end of a life by a later change of the options', async () => {
    const { cache, clock } = setUp();
    const options = { ttl: 10, tags: ['a'] };
    await cache.set('key', 1, options);
    options.ttl = 1000;
    options.tags[0] = 'b';
    await cache.invalidateTags('b');
    expect(await cache.get('key')).toBe(1);
    clock.jump('10s');
    expect(await cache.get('key')).toBeUndefined();
  });
});
