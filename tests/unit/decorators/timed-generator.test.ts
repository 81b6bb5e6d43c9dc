import { CacheManager, timed, type TimingStats } from 'aurora-cache';

import { deferred, flush } from '../cache/harness.js';

const cache = new CacheManager();
async function figures(name: string): Promise<TimingStats | undefined> {
  const { methods } = await cache.getStats();
  return methods.find((method) => method.name === name)?.timing;
}

describe('a timed generator', () => {
  it('is counted when it has come to its end, not when it is made', async () => {
    const gate = deferred();
    const pages = timed(
      async function* pages() {
        yield 1;
        await gate.promise;
        yield 2;
      },
      { name: 'timed-pages' },
    );
    const generator = pages();
    expect(await figures('timed-pages')).toMatchObject({ calls: 0, inFlight: 0 });
    expect(await generator.next()).toEqual({ value: 1, done: false });
    const second = generator.next();
    expect(await figures('timed-pages')).toMatchObject({ calls: 0, inFlight: 1 });
    gate.resolve(undefined);
    expect(await second).toEqual({ value: 2, done: false });
    expect(await figures('timed-pages')).toMatchObject({ calls: 0, inFlight: 0 });
    expect(await generator.next()).toEqual({ value: undefined, done: true });
    await generator.next();
    expect(await figures('timed-pages')).toMatchObject({ calls: 1, errors: 0, inFlight: 0 });
  });

  it('counts its own time, and not that of its consumer', async () => {
    const spin = (ms: number): void => {
      const end = performance.now() + ms;
      while (performance.now() < end);
    };
    const work = timed(
      function* work() {
        spin(20);
        yield 1;
        spin(20);
        yield 2;
      },
      { name: 'timed-work' },
    );
    const start = performance.now();
    for (const _ of work()) spin(100);
    const elapsed = performance.now() - start;
    const max = (await figures('timed-work'))?.durations.max ?? 0;
    // The histogram is at most 1.6 % off.
    expect(max).toBeGreaterThanOrEqual(40 * 0.98);
    expect(max).toBeLessThan((elapsed - 200) * 1.02 + 1);
  });

  it('that is left early is closed, and counted', async () => {
    const numbers = timed(
      function* numbers() {
        for (let i = 0; ; i++) yield i;
      },
      { name: 'timed-numbers' },
    );
    for (const number of numbers()) if (number === 3) break;
    expect(await figures('timed-numbers')).toMatchObject({ calls: 1, errors: 0 });
  });

  it('that fails is an error, which its consumer gets', async () => {
    const failing = timed(
      async function* failing() {
        yield 1;
        await flush(1);
        throw new Error('mine');
      },
      { name: 'timed-failing' },
    );
    await expect(async () => {
      for await (const _ of failing());
    }).rejects.toThrow('mine');
    expect(await figures('timed-failing')).toMatchObject({ calls: 1, errors: 1, inFlight: 0 });
  });

  it('stays what it is', () => {
    const numbers = timed(function* timedKind() {
      const given: unknown = yield 1;
      yield given;
    });
    const generator = numbers();
    expect(Object.prototype.toString.call(generator)).toBe('[object Generator]');
    expect(generator[Symbol.iterator]()).toBe(generator);
    generator.next();
    expect(generator.next('passed on')).toEqual({ value: 'passed on', done: false });
    expect(generator.return()).toEqual({ value: undefined, done: true });
  });
});
