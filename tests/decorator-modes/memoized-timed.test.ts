import { Cached, cacheControl, getCache, Memoized, Timed, timed } from 'aurora-cache';
import { gate, newCache, untyped, warnings } from './support.js';

describe('@Memoized', () => {
  it('stays synchronous, runs once, and is invalidated like everything else', async () => {
    const { cache, clock } = newCache();
    const body = jest.fn((text: string, times: number) => text.repeat(times));
    class Texts {
      mark = '.';
      @Memoized({ cache, ttl: '10s', tags: (_: string, text: string) => [text] })
      repeat(text: string, times = 2) {
        return body(text, times) + this.mark;
      }
    }
    const texts = new Texts();
    expect([texts.repeat('a'), texts.repeat('a'), texts.repeat('a', 3)]).toEqual([
      'aa.',
      'aa.',
      'aaa.',
    ]);
    expect(body).toHaveBeenCalledTimes(2);
    expect(texts.repeat.name).toBe('repeat');
    expect(texts.repeat).toHaveLength(1);
    clock.jump('10s');
    texts.repeat('a');
    expect(body).toHaveBeenCalledTimes(3);
    await cache.invalidateTags('a');
    texts.repeat('a');
    expect(body).toHaveBeenCalledTimes(4);
    const control = cacheControl(texts, 'repeat');
    expect(await control.invalidate('a')).toBe(true);
    texts.repeat('a');
    expect(await control.refresh('a')).toBe('aa.');
    expect(body).toHaveBeenCalledTimes(6);
    expect(await control.warm([['b'], ['a'], ['c', 1]])).toMatchObject({ done: 3, failed: 0 });
    expect(body).toHaveBeenCalledTimes(8);
    expect(control.cacheInfo()).toMatchObject({ size: 3, keyPrefix: 'Texts', ttl: 10 });
    expect(await control.cacheClear()).toBe(3);
    expect(control.cacheInfo().size).toBe(0);
  });

  it('throws errors and caches none; unless and condition hold', () => {
    const { cache } = newCache();
    const error = new Error('own');
    let calls = 0;
    class Failing {
      @Memoized({ cache, unless: (n: number) => n > 5, condition: (n: number) => n !== 3 })
      get(n: number) {
        calls++;
        if (n === 0 && calls < 3) throw error;
        return n;
      }
    }
    const failing = new Failing();
    for (const attempt of [1, 2]) {
      expect(() => failing.get(0)).toThrow(error);
      expect(calls).toBe(attempt);
    }
    expect([failing.get(0), failing.get(0), calls]).toEqual([0, 0, 3]);
    expect([failing.get(6), failing.get(6), calls]).toEqual([6, 6, 5]);
    expect([failing.get(3), failing.get(3), calls]).toEqual([3, 3, 7]);
    expect(cacheControl(failing, 'get').cacheInfo()).toMatchObject({ loadErrors: 2, size: 1 });
  });

  it('does not keep what the method itself has invalidated while it ran', () => {
    const { cache } = newCache();
    let calls = 0;
    class Recursive {
      @Memoized({ cache })
      get(id: number): number {
        if (++calls === 1) void cache.delete('Recursive:1:get');
        return id;
      }
      @Memoized({ cache })
      fibonacci(n: number): number {
        calls++;
        return n < 2 ? n : this.fibonacci(n - 1) + this.fibonacci(n - 2);
      }
    }
    const recursive = new Recursive();
    recursive.get(1);
    recursive.get(1);
    recursive.get(1);
    expect(calls).toBe(2);
    calls = 0;
    expect(recursive.fibonacci(50)).toBe(12586269025);
    expect(calls).toBe(51);
  });

  it('in a cache that is disabled only runs, which counts as going past it', async () => {
    const { cache } = newCache({ enabled: false });
    let calls = 0;
    class Off {
      @Memoized({ cache })
      get() {
        return ++calls;
      }
    }
    const off = new Off();
    expect([off.get(), off.get()]).toEqual([1, 2]);
    const { methods } = await cache.getStats();
    const figures = methods.find(({ name }) => name === 'Off.get')?.cache;
    expect(figures).toMatchObject({ bypasses: 2, misses: 0, loads: 0 });
  });

  it('hands on a promise, stores none, and warns', async () => {
    const { cache } = newCache();
    const warned = warnings();
    let calls = 0;
    class Mistaken {
      @untyped(Memoized({ cache }))
      async get() {
        return ++calls;
      }
    }
    const mistaken = new Mistaken();
    expect([await mistaken.get(), await mistaken.get()]).toEqual([1, 2]);
    expect(warned()).toEqual([expect.stringMatching(/Mistaken\.get.*use @Cached/)]);
    expect((await cache.getStats()).totalKeys).toBe(0);
  });
});

async function timingOf(name: string) {
  const { methods } = await getCache().getStats();
  return methods.find((method) => method.name === name)?.timing;
}

describe('@Timed', () => {
  it('does not start what begins its work when it is awaited, such as a query builder', async () => {
    let runs = 0;
    const query = {
      then: (resolve: (rows: number) => unknown) => {
        runs++;
        return resolve(runs);
      },
    };
    class Queries {
      @Timed()
      all() {
        return query;
      }
    }
    const lazy = new Queries().all();
    expect(runs).toBe(0);
    expect(await lazy).toBe(1);
  });

  it('counts calls, errors and calls in flight until the promise settles', async () => {
    const gates = [gate<number>(), gate<number>()];
    class Reports {
      @Timed()
      async build(index: number) {
        return await gates[index]?.promise;
      }
    }
    const reports = new Reports();
    const calls = [reports.build(0), reports.build(1)];
    expect(await timingOf('Reports.build')).toMatchObject({ calls: 0, errors: 0, inFlight: 2 });
    gates[0]?.open(5);
    expect(await calls[0]).toBe(5);
    expect(await timingOf('Reports.build')).toMatchObject({ calls: 1, errors: 0, inFlight: 1 });
    const error = new Error('own');
    gates[1]?.fail(error);
    await expect(calls[1]).rejects.toBe(error);
    const timing = await timingOf('Reports.build');
    expect(timing).toMatchObject({
      calls: 2,
      errors: 1,
      inFlight: 0,
      slow: 0,
      slowThresholdMs: 1000,
    });
    expect(timing?.durations.count).toBe(2);
  });

  it("returns the method's own promise and value, and throws its own error", async () => {
    const own = Promise.resolve(1);
    const error = new Error('own');
    class Exact {
      factor = 3;
      @Timed()
      promise() {
        return own;
      }
      @Timed()
      value(a: number, _b?: number) {
        return a * this.factor;
      }
      @Timed({ name: 'failing' })
      failing() {
        throw error;
      }
    }
    const exact = new Exact();
    expect(exact.promise()).toBe(own);
    expect(exact.value(2)).toBe(6);
    expect([exact.value.name, exact.value.length]).toEqual(['value', 2]);
    expect(() => exact.failing()).toThrow(error);
    expect(await timingOf('failing')).toMatchObject({ calls: 1, errors: 1, inFlight: 0 });
    expect(await timingOf('Exact.value')).toMatchObject({ calls: 1, errors: 0, inFlight: 0 });
  });

  it('measures until the promise settles, and logs what took longer than its threshold', async () => {
    const time = jest.spyOn(performance, 'now');
    let now = 1000;
    time.mockImplementation(() => now);
    const { promise, open } = gate();
    class Slow {
      @Timed({ slowThreshold: '250ms' })
      async wait() {
        await promise;
      }
      @Timed({ slowThreshold: '250ms' })
      work(ms: number) {
        now += ms;
      }
    }
    const slow = new Slow();
    slow.work(250);
    slow.work(251);
    const waiting = slow.wait();
    now += 500;
    open();
    await waiting;
    expect(await timingOf('Slow.work')).toMatchObject({ calls: 2, slow: 1, slowThresholdMs: 250 });
    expect(await timingOf('Slow.wait')).toMatchObject({ calls: 1, slow: 1 });
    const { slowCalls } = await getCache().getStats();
    expect(slowCalls.slice(0, 2)).toMatchObject([
      { name: 'Slow.wait', durationMs: 500, failed: false },
      { name: 'Slow.work', durationMs: 251, failed: false },
    ]);
    expect(new Date(slowCalls[0]?.timestamp ?? '').getTime()).not.toBeNaN();
  });

  it('names static and inherited methods by the class that declares them', async () => {
    class Base {
      @Timed()
      static make() {
        return 1;
      }
      @Timed()
      run() {
        return 1;
      }
    }
    class Derived extends Base {}
    Derived.make();
    new Derived().run();
    new Base().run();
    expect(await timingOf('Base.static.make')).toMatchObject({ calls: 1 });
    expect(await timingOf('Base.run')).toMatchObject({ calls: 2 });
    expect(await timingOf('Derived.run')).toBeUndefined();
  });

  it('outside of @Cached counts every call, inside of it only those that ran', async () => {
    const { cache } = newCache();
    class Ordered {
      @Timed({ name: 'outside' })
      @Cached({ cache })
      async outer() {
        return 1;
      }
      @Cached({ cache })
      @Timed({ name: 'inside' })
      async inner() {
        return 1;
      }
    }
    const ordered = new Ordered();
    for (let i = 0; i < 3; i++) {
      await ordered.outer();
      await ordered.inner();
    }
    expect(await timingOf('outside')).toMatchObject({ calls: 3 });
    expect(await timingOf('inside')).toMatchObject({ calls: 1 });
    expect(cacheControl(ordered, 'outer').cacheInfo()).toMatchObject({ hits: 2, misses: 1 });
    expect(cacheControl(ordered, 'inner').cacheInfo()).toMatchObject({ hits: 2, misses: 1 });
  });

  it('timed keeps a function, its name, length and own properties', async () => {
    const fn = Object.assign((a: number, b: number) => a + b, { note: 1 });
    const measured = timed(fn, { name: 'sum' });
    expect([measured(1, 2), measured.length, measured.note]).toEqual([3, 2, 1]);
    expect(await timingOf('sum')).toMatchObject({ calls: 1 });
    expect(() => timed(() => 1)).not.toThrow();
    expect(() => untyped(timed)('text')).toThrow('timed: fn must be a function; got');
    expect(() => untyped(timed)(fn, { slowTreshold: 1 })).toThrow("Did you mean 'slowThreshold'?");
  });
});
