import type { LoadContext } from 'aurora-cache';

import { deferred, expectIdle, flush, setUp } from './harness.js';

describe('getOrSet', () => {
  it('loads once, and reads from memory afterwards', async () => {
    const setup = setUp();
    const load = jest.fn(() => Promise.resolve({ id: 1 }));
    const first = await setup.cache.getOrSet('user', load);
    expect(await setup.cache.getOrSet('user', load)).toBe(first);
    expect(load).toHaveBeenCalledTimes(1);
    expectIdle(setup);
  });

  it('calls the loader before it returns, and gives it key, signal and stale value', async () => {
    const { cache, clock } = setUp();
    const contexts: LoadContext<number>[] = [];
    const load = (context: LoadContext<number>): number => contexts.push(context);
    const pending = cache.getOrSet('key', load, { ttl: 1, grace: 60 });
    expect(contexts).toHaveLength(1);
    await pending;
    clock.jump('2s');
    await cache.getOrSet('key', load);
    expect(contexts[0]?.stale).toBeUndefined();
    expect(contexts[1]?.stale).toBe(1);
    expect(contexts[1]?.key).toBe('key');
    expect(contexts[1]?.signal.aborted).toBe(false);
  });

  it.each([null, undefined])('caches %p: a negative result is a value', async (value) => {
    const { cache } = setUp();
    const load = jest.fn(() => value);
    await cache.getOrSet('key', load);
    expect(await cache.getOrSet('key', load)).toBe(value);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('unless keeps a result out', async () => {
    const { cache } = setUp();
    const load = jest.fn(() => null);
    const options = { unless: (value: null) => value === null };
    await cache.getOrSet('key', load, options);
    expect(await cache.getOrSet('key', load, options)).toBeNull();
    expect(load).toHaveBeenCalledTimes(2);
    expect(await cache.has('key')).toBe(false);
  });

  it('takes the ttl from a function of the value; 0 means: do not store', async () => {
    const { cache, clock } = setUp();
    const ttl = (value: number) => value;
    await cache.getOrSet('long', () => 100, { ttl });
    await cache.getOrSet('short', () => 1, { ttl });
    await cache.getOrSet('none', () => 0, { ttl });
    expect(await cache.has('none')).toBe(false);
    clock.jump('1s');
    expect(await cache.has('short')).toBe(false);
    expect(await cache.has('long')).toBe(true);
  });

  describe('shows the caller the loader’s own errors and nothing else', () => {
    class Refused extends Error {}

    it.each([
      ['an instance', new Refused('no')],
      ['undefined', undefined],
      ['null', null],
      ['a string', 'no'],
    ])('rejecting with %s', async (_, reason) => {
      const setup = setUp();
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the point of it
      const outcome = setup.cache.getOrSet('key', () => Promise.reject(reason));
      await expect(outcome.catch((error: unknown) => ({ error }))).resolves.toEqual({
        error: reason,
      });
      expect(await outcome.catch((error: unknown) => error)).toBe(reason);
      expectIdle(setup);
    });

    it('throwing synchronously: the promise rejects', async () => {
      const setup = setUp();
      const error = new Refused('now');
      const outcome = setup.cache.getOrSet('key', () => {
        throw error;
      });
      expect(await outcome.catch((reason: unknown) => reason)).toBe(error);
      expectIdle(setup);
    });

    it('and caches none of them', async () => {
      const { cache } = setUp();
      const load = jest
        .fn<Promise<string>, []>()
        .mockRejectedValueOnce(new Refused('no'))
        .mockResolvedValue('yes');
      await expect(cache.getOrSet('key', load)).rejects.toThrow(Refused);
      expect(await cache.has('key')).toBe(false);
      expect(await cache.getOrSet('key', load)).toBe('yes');
    });

    it('an error that is a value is a value', async () => {
      const { cache } = setUp();
      const error = new Refused('value');
      expect(await cache.getOrSet('key', () => error)).toBe(error);
      expect(await cache.get('key')).toBe(error);
    });

    it.each([
      ['ttl', { ttl: fail }],
      ['tags', { tags: fail }],
      ['unless', { unless: fail }],
      ['a ttl of NaN', { ttl: () => NaN }],
      ['a negative ttl', { ttl: () => -1 }],
      ['a ttl of Infinity', { ttl: () => Infinity }],
      ['a ttl that is an object', { ttl: () => ({}) as never }],
      ['a ttl that is missing', { ttl: () => undefined as never }],
      ['tags that are no array', { tags: () => 'tag' as never }],
      ['an empty tag', { tags: () => [''] }],
    ])('not those of its options: %s', async (_, options) => {
      const setup = setUp();
      expect(await setup.cache.getOrSet('key', () => 1, options)).toBe(1);
      expect(setup.errors).toHaveLength(1);
      // A value that cannot be stored with its options is not stored at all.
      expect(await setup.cache.has('key')).toBe(false);
      expectIdle(setup);
    });
  });

  it('lets a loader use the cache, under another key', async () => {
    const { cache } = setUp();
    const inner = () => cache.getOrSet('inner', () => 2);
    expect(await cache.getOrSet('outer', async () => (await inner()) * 2)).toBe(4);
    expect(await cache.get('inner')).toBe(2);
  });

  it('lets a loader that reads its own key continue after the lease', async () => {
    const setup = setUp({ lease: '2s' });
    let depth = 0;
    const load = async (): Promise<number> =>
      ++depth > 1 ? 42 : (await setup.cache.getOrSet('key', load)) + 1;
    const outcome = setup.cache.getOrSet('key', load);
    await setup.clock.advance('2s');
    expect(await outcome).toBe(43);
    expectIdle(setup);
  });

  it('bypasses nothing: a thenable is awaited and its value stored', async () => {
    const { cache } = setUp();
    const thenable = { then: (resolve: (value: number) => void) => resolve(7) };
    expect(await cache.getOrSet('key', () => thenable as unknown as Promise<number>)).toBe(7);
    expect(await cache.get('key')).toBe(7);
  });

  it('leaves no unhandled rejection if the caller does not wait', async () => {
    const setup = setUp();
    const gate = deferred<number>();
    void setup.cache.getOrSet('key', () => gate.promise);
    gate.resolve(1);
    await flush();
    expect(await setup.cache.get('key')).toBe(1);
    expectIdle(setup);
  });
});

function fail(): never {
  throw new Error('from an option');
}
