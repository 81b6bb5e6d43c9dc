import { cached, type WarmEntry, type WarmProgress } from 'aurora-cache';

import { deferred, flush, setUp } from './harness.js';

describe('warm', () => {
  it('stores values and runs loaders, and says what it did', async () => {
    const { cache, clock } = setUp();
    const load = jest.fn(() => 2);
    await cache.set('there', 0);
    const unused = jest.fn(() => 9);
    const report = await cache.warm<number>([
      { key: 'a', value: 1, ttl: 10 },
      { key: 'b', loader: load, ttl: 20 },
      { key: 'there', loader: unused },
    ]);
    expect(report).toEqual({
      done: 3,
      total: 3,
      failed: 0,
      warmed: 3,
      errors: [],
      aborted: false,
      durationMs: 0,
    });
    expect(unused).not.toHaveBeenCalled();
    clock.jump('10s');
    expect([...(await cache.getMany(['a', 'b', 'there'])).values()]).toEqual([2, 0]);
  });

  it('reads a list as it is at the call', async () => {
    const { cache } = setUp();
    const entries = [{ key: 'a', value: 1 }];
    const report = cache.warm(entries);
    entries.length = 0;
    expect(await report).toMatchObject({ total: 1, warmed: 1 });
    const find = cached((id: number) => Promise.resolve(id), { name: 'find', cache });
    const calls: [number][] = [[1]];
    const others = find.warm(calls);
    calls.push([2]);
    expect(await others).toMatchObject({ total: 1, warmed: 1 });
  });

  it('runs `concurrency` loads at a time, and no more', async () => {
    const { cache } = setUp();
    let running = 0;
    let most = 0;
    const entries = Array.from({ length: 50 }, (_, i) => ({
      key: `k${i}`,
      loader: async () => {
        most = Math.max(most, ++running);
        await flush(1);
        running--;
        return i;
      },
    }));
    await cache.warm(entries, { concurrency: 7 });
    expect(most).toBe(7);
  });

  it('goes on after failures, counts all of them and lists a hundred', async () => {
    const { cache } = setUp();
    const error = new Error('no');
    const entries: WarmEntry[] = Array.from({ length: 150 }, (_, i) => ({
      key: `k${i}`,
      loader: () => Promise.reject(error),
    }));
    const report = await cache.warm([...entries, { key: 'good', value: 1 }]);
    expect(report).toMatchObject({ done: 151, failed: 150, warmed: 1 });
    expect(report.errors).toHaveLength(100);
    expect(report.errors[0]).toEqual({ key: 'k0', error });
  });

  it('a bad entry is a failure like any other, even null', async () => {
    const { cache } = setUp();
    const entries = [null, {}, { key: '', value: 1 }, { key: 'a', value: 1, ttl: 0 }, { key: 'b' }];
    const report = await cache.warm(entries as never);
    expect(report).toMatchObject({ done: 5, failed: 4 });
    expect(report.errors.map(({ key }) => key)).toEqual(['', '', '', 'a']);
  });

  it('reports progress after every entry', async () => {
    const { cache } = setUp();
    const seen: WarmProgress[] = [];
    const entries = [1, 2, 3].map((value) => ({ key: `k${value}`, value }));
    await cache.warm(entries, { concurrency: 1, onProgress: (progress) => seen.push(progress) });
    expect(seen).toEqual([
      { done: 1, total: 3, failed: 0 },
      { done: 2, total: 3, failed: 0 },
      { done: 3, total: 3, failed: 0 },
    ]);
  });

  it('a failing onProgress neither stops it nor ends the process', async () => {
    const { cache } = setUp();
    jest.spyOn(process, 'emitWarning').mockImplementation();
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    async function* slow(): AsyncGenerator<WarmEntry> {
      for (let i = 0; i < 3; i++) {
        yield { key: `k${i}`, value: i };
        await flush();
      }
    }
    const report = await cache.warm(slow(), {
      onProgress: () => {
        throw new Error('listener');
      },
    });
    await flush();
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect(report).toMatchObject({ done: 3, failed: 0 });
  });

  it('stops at the signal, finishes what is under way and says so', async () => {
    const { cache } = setUp();
    const controller = new AbortController();
    const gate = deferred<number>();
    const later = jest.fn(() => 2);
    const warming = cache.warm(
      [
        { key: 'a', loader: () => gate.promise },
        { key: 'b', loader: later },
      ],
      { concurrency: 1, signal: controller.signal },
    );
    await flush();
    controller.abort();
    gate.resolve(1);
    expect(await warming).toMatchObject({ done: 1, total: 2, warmed: 1, aborted: true });
    expect(later).not.toHaveBeenCalled();
    expect(await cache.get('a')).toBe(1);
  });

  it('a signal that comes too late to stop anything did not abort it', async () => {
    const { cache } = setUp();
    const controller = new AbortController();
    const load = () => {
      controller.abort();
      return 1;
    };
    const report = await cache.warm([{ key: 'a', loader: load }], { signal: controller.signal });
    expect(report).toMatchObject({ done: 1, aborted: false });
  });

  it('stores values in the order of the entries, and what a slow source has brought at once', async () => {
    const { cache } = setUp();
    const gate = deferred<undefined>();
    const load = jest.fn(() => 'loaded');
    async function* slow(): AsyncGenerator<WarmEntry> {
      yield { key: 'a', value: 1 };
      yield { key: 'a', value: 2 };
      yield { key: 'a', loader: load };
      yield { key: 'b', value: 3 };
      await gate.promise;
    }
    const warming = cache.warm(slow());
    await flush();
    expect(await cache.get('a')).toBe(2);
    expect(await cache.get('b')).toBe(3);
    expect(load).not.toHaveBeenCalled();
    gate.resolve(undefined);
    expect(await warming).toMatchObject({ done: 4, warmed: 4, failed: 0 });
  });

  it('takes iterators of any length, and their failure is the caller’s', async () => {
    const { cache } = setUp();
    function* keys(): Generator<WarmEntry> {
      for (let i = 0; i < 30; i++) yield { key: `k${i}`, value: i };
      throw new Error('iterable');
    }
    await expect(cache.warm(keys())).rejects.toThrow('iterable');
    expect((await cache.getStats()).totalKeys).toBe(30);
  });

  it.each([
    [{ concurrency: 0 }, /concurrency/],
    [{ concurrency: 1.5 }, /concurrency/],
    [{ concurency: 5 }, /'concurrency'/],
    [{ onProgress: 1 }, /onProgress/],
  ])('refuses %p', async (options, message) => {
    const { cache } = setUp();
    await expect(cache.warm([], options as never)).rejects.toThrow(message);
  });
});
