import { inspect } from 'node:util';

import { Cached, cacheControl, CachePut, Memoized } from 'aurora-cache';
import { newCache } from './support.js';

/** A method, both ways, whose calls can be counted. */
function counting(options: Parameters<typeof newCache>[0] = {}) {
  const { cache, clock } = newCache(options);
  const body = jest.fn((args: unknown[]) => ({ args }));
  class Indexed {
    @Cached({ cache, ttl: '10s', tags: ['indexed'] })
    async get(...args: unknown[]) {
      return body(args);
    }
    @Memoized({ cache, ttl: '10s', tags: ['indexed'] })
    memo(...args: unknown[]) {
      return body(args);
    }
    @CachePut({ cache, method: 'get', args: (_: unknown, id: unknown) => [id] })
    async put(id: unknown) {
      return { args: ['put', id] };
    }
  }
  return { cache, clock, body, indexed: new Indexed() };
}

describe('the index from an argument to its entry', () => {
  it('returns an existing promise for a hit: the same one for two hits', async () => {
    const { indexed, body } = counting();
    await indexed.get('a');
    const hit = indexed.get('a');
    expect(indexed.get('a')).toBe(hit);
    expect(indexed.get('b')).not.toBe(hit);
    expect(await indexed.get('a')).toBe(await hit);
    expect(indexed.memo('a')).toBe(indexed.memo('a'));
    expect(body).toHaveBeenCalledTimes(3);
  });

  it('tells apart what keys tell apart: arguments.length, types, NaN, null and undefined', async () => {
    const { indexed, body } = counting();
    const calls = [
      [],
      [undefined],
      [null],
      [1],
      ['1'],
      [NaN],
      ['NaN'],
      [''],
      [true],
      ['true'],
      [1n],
    ];
    for (let round = 0; round < 4; round++) {
      for (const args of calls) {
        expect((await indexed.get(...args)).args).toEqual(args);
        expect(indexed.memo(...args).args).toEqual(args);
      }
    }
    expect(body).toHaveBeenCalledTimes(2 * calls.length);
  });

  it('takes 0 and -0 for one argument, as keys do', async () => {
    const { indexed, body } = counting();
    const first = await indexed.get(-0);
    expect([await indexed.get(0), await indexed.get(-0), await indexed.get(0)]).toEqual([
      first,
      first,
      first,
    ]);
    expect(body).toHaveBeenCalledTimes(1);
  });

  it('does not take the first of two arguments for the whole', async () => {
    const { indexed, body } = counting();
    for (let round = 0; round < 3; round++) {
      expect((await indexed.get(1)).args).toEqual([1]);
      expect((await indexed.get(1, 2)).args).toEqual([1, 2]);
      expect((await indexed.get(1, undefined)).args).toEqual([1, undefined]);
    }
    expect(body).toHaveBeenCalledTimes(3);
  });

  it('tells apart calls with two and three arguments', async () => {
    const { indexed, body } = counting();
    const values = [0, 1, '0', '1', '', null, undefined, NaN, true, 1n, { a: 1 }];
    const calls: unknown[][] = values.flatMap((first) =>
      values.flatMap((second) => [
        [first, second],
        [first, second, 1],
        [1, first, second],
        [first, 'x', second, 2],
      ]),
    );
    const distinct = new Set(calls.map((args) => inspect(args))).size;
    for (let round = 0; round < 4; round++) {
      for (const args of calls) {
        expect((await indexed.get(...args)).args).toEqual(args);
        expect(indexed.memo(...args).args).toEqual(args);
      }
    }
    expect(body).toHaveBeenCalledTimes(2 * distinct);
  });

  it('returns a promise that exists already for hits with two and three arguments', async () => {
    const { indexed } = counting();
    for (const args of [
      ['a', 1],
      ['a', 2],
      ['b', 1, true],
    ]) {
      await indexed.get(...args);
      const hit = indexed.get(...args);
      expect(indexed.get(...args)).toBe(hit);
    }
  });

  it('goes by the text of an object, not by its identity', async () => {
    const { indexed } = counting();
    const argument = { page: 1 };
    expect((await indexed.get(argument)).args).toEqual([{ page: 1 }]);
    await indexed.get(argument);
    argument.page = 2;
    expect((await indexed.get(argument)).args).toEqual([{ page: 2 }]);
  });

  it('finds a record by its properties in any order, and other objects by their keys', async () => {
    const { indexed, body } = counting();
    const arguments_ = [
      { a: 1, b: 'x' },
      { b: 'x', a: 1 },
      "(a=1,b='x)",
      { a: 1, b: 'x', c: undefined },
      { a: '1', b: 'x' },
      { a: 1, b: { c: 'x' } },
      { a: 1, b: 'x'.repeat(200) },
      {},
      [1, 'x'],
    ];
    for (let round = 0; round < 4; round++) {
      for (const [i, argument] of arguments_.entries()) {
        const expected = i === 1 ? arguments_[0] : argument;
        expect((await indexed.get(argument)).args).toEqual([expected]);
      }
    }
    expect(body).toHaveBeenCalledTimes(arguments_.length - 1);
  });

  it('is not misled by a record that says something else each time', async () => {
    const { cache, indexed } = counting();
    const numbers = Array.from({ length: 60 }, (_, i) => i + 1);
    for (const n of numbers) await indexed.get({ n });
    let reads = 0;
    const shifty = Object.defineProperty({}, 'n', { get: () => ++reads, enumerable: true });
    while (reads < 50) await indexed.get(shifty);
    for (const n of numbers) {
      for (let hit = 0; hit < 3; hit++) {
        expect(await indexed.get({ n })).toBe(await cache.get(`Indexed:(n=${n}):get`));
      }
    }
  });

  type Way = (of: ReturnType<typeof counting>, args: [string, ...string[]]) => unknown;
  const keyOf = (args: readonly string[]): string => ['Indexed', ...args, 'get'].join(':');
  const ways: [string, Way][] = [
    ['was invalidated', ({ indexed }, args) => cacheControl(indexed, 'get').invalidate(...args)],
    ['was deleted', ({ cache }, args) => cache.delete(keyOf(args))],
    ['was deleted with others', ({ cache }, args) => cache.deleteMany(['x', keyOf(args)])],
    ['was cleared by pattern', ({ cache }) => cache.clear('Indexed:a:*')],
    ['was cleared by tag', ({ cache }) => cache.invalidateTags('indexed')],
    ['was cleared with its method', ({ indexed }) => cacheControl(indexed, 'get').cacheClear()],
    ['has expired', ({ clock }) => clock.jump('10s')],
    ['has expired and was swept', ({ clock }) => clock.advance('12s')],
    [
      'was evicted',
      async ({ indexed }) => {
        for (let id = 0; id < 10; id++) await indexed.get(id);
      },
    ],
  ];
  it.each(ways)('never serves what %s', async (_, way) => {
    for (const args of [['a'], ['a', 'b'], ['a', 'b', 'c']] as [string, ...string[]][]) {
      const of = counting({ maxMemoryItems: 10 });
      const { indexed, body } = of;
      const first = await indexed.get(...args);
      for (let hit = 0; hit < 3; hit++) expect(await indexed.get(...args)).toBe(first);
      await way(of, args);
      body.mockClear();
      expect(await indexed.get(...args)).not.toBe(first);
      expect(body).toHaveBeenCalledTimes(1);
    }
  });

  it('serves what has replaced an entry, and not the entry', async () => {
    const { cache, indexed, body } = counting();
    await indexed.get('a');
    await indexed.get('a');
    await cache.set('Indexed:a:get', 'set by hand');
    expect([await indexed.get('a'), await indexed.get('a')]).toEqual([
      'set by hand',
      'set by hand',
    ]);
    await indexed.put('a');
    expect([await indexed.get('a'), await indexed.get('a')]).toEqual([
      { args: ['put', 'a'] },
      { args: ['put', 'a'] },
    ]);
    const refreshed = await cacheControl(indexed, 'get').refresh('a');
    expect(await indexed.get('a')).toBe(refreshed);
    expect(body).toHaveBeenCalledTimes(2);
  });

  it('serves nothing once the cache is closed', async () => {
    const { cache, indexed, body } = counting();
    await indexed.get('a');
    await indexed.get('a');
    await cache.close();
    await indexed.get('a');
    expect(body).toHaveBeenCalledTimes(2);
  });

  it('grows no larger than the store: 100,000 ids through 100 items', async () => {
    const { cache, indexed } = counting({ maxMemoryItems: 100 });
    for (let id = 0; id < 100_000; id++) indexed.memo(id);
    expect(cacheControl(indexed, 'memo').cacheInfo().size).toBe(100);
    for (let id = 0; id < 500; id++) {
      for (let hit = 0; hit < 2; hit++) {
        await indexed.get(id);
        await indexed.get(id % 7, id);
        await indexed.get({ id });
      }
    }
    expect(cacheControl(indexed, 'get').cacheInfo().size).toBe(100);
    expect(cacheControl(indexed, 'memo').cacheInfo().size).toBe(0);
    expect((await cache.getStats()).totalKeys).toBe(100);
    // The indexes themselves, and not only the count of them.
    const method = Reflect.getMetadata(Symbol.for('aurora-cache.control.v2'), indexed.get) as {
      bindingFor(self: unknown): {
        index: {
          single: Map<unknown, unknown>;
          tuples: { root: Map<unknown, unknown> };
          records: Map<unknown, unknown>;
        };
      };
    };
    const { single, tuples, records } = method.bindingFor(indexed).index;
    const sizes = (): number[] => [single.size, tuples.root.size, records.size];
    expect(sizes()).toEqual([33, 7, 34]);
    await cache.clear();
    expect(sizes()).toEqual([0, 0, 0]);
    expect(cacheControl(indexed, 'get').cacheInfo().size).toBe(0);
  });

  it('keeps an entry that is hit through it from being evicted', async () => {
    const { indexed, body } = counting({ maxMemoryItems: 10 });
    await indexed.get('kept');
    for (let id = 0; id < 100; id++) {
      await indexed.get(id);
      await indexed.get('kept');
    }
    expect(body.mock.calls.filter(([args]) => args[0] === 'kept')).toHaveLength(1);
  });

  it('returns what the keys would, through 20,000 random calls, writes and evictions', async () => {
    let seed = Number(process.env['SEED'] ?? 20261123);
    console.info(`seed ${seed}`);
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % below;
    };
    const { cache, clock, body, indexed } = counting({ maxMemoryItems: 25 });
    let loads = 0;
    body.mockImplementation((args) => ({ args: structuredClone(args), load: ++loads }));
    const primitives = [0, 1, '1', 'a', null, undefined, true];
    const argument = (): unknown => (random(5) === 0 ? { a: random(3) } : primitives[random(7)]);
    const control = cacheControl(indexed, 'get');
    /** The first load that may be served still, by key, and that of all keys. */
    const least = new Map<string, number>();
    let leastOfAll = 0;
    for (let step = 0; step < 20_000; step++) {
      const args = Array.from({ length: random(4) }, argument);
      const key = control.keyFor(...args);
      switch (random(40)) {
        case 0:
          await control.invalidate(...args);
          least.set(key, loads + 1);
          break;
        case 1:
          await cache.set(key, { args, load: Infinity });
          break;
        case 2:
          if (random(10) > 0) break;
          await (random(2) === 0 ? cache.invalidateTags('indexed') : control.cacheClear());
          leastOfAll = loads + 1;
          break;
        case 3:
          clock.jump('1s');
          break;
        default: {
          const answer = (await indexed.get(...args)) as unknown as {
            args: unknown;
            load: number;
          };
          expect(answer.args).toEqual(args);
          expect(answer.load).toBeGreaterThanOrEqual(Math.max(leastOfAll, least.get(key) ?? 0));
        }
      }
    }
    const { hits, misses } = control.cacheInfo();
    expect(loads).toBe(misses);
    expect(hits).toBeGreaterThan(1000);
  });

  it('hides no hit from the statistics, nor from a listener that comes later', async () => {
    const { cache, indexed } = counting();
    await indexed.get('a');
    for (let i = 0; i < 5; i++) await indexed.get('a');
    indexed.memo('a');
    for (let i = 0; i < 5; i++) indexed.memo('a');
    expect(await cache.getStats()).toMatchObject({ hits: 10, memoryHits: 10, misses: 2 });
    expect(cacheControl(indexed, 'get').cacheInfo()).toMatchObject({ hits: 5, misses: 1 });
    const heard: string[] = [];
    const listener = ({ key }: { key: string }) => heard.push(key);
    cache.on('hit', listener);
    for (let i = 0; i < 3; i++) await indexed.get('a');
    indexed.memo('a');
    expect(heard).toEqual([...Array<string>(3).fill('Indexed:a:get'), 'Indexed:a:memo']);
    cache.off('hit', listener);
    await indexed.get('a');
    expect(heard).toHaveLength(4);
    expect((await cache.getStats()).hits).toBe(15);
  });

  it('refreshes ahead: a hit near the end still returns at once, and loads in the background', async () => {
    const { cache, clock } = newCache();
    let calls = 0;
    class Ahead {
      @Cached({ cache, ttl: '10s', refreshAhead: 0.2 })
      async get(_id: number) {
        return ++calls;
      }
    }
    const ahead = new Ahead();
    await ahead.get(1);
    await ahead.get(1);
    clock.jump('7900ms');
    expect([await ahead.get(1), calls]).toEqual([1, 1]);
    clock.jump('200ms');
    expect(await ahead.get(1)).toBe(1);
    await clock.advance('1ms');
    expect(await ahead.get(1)).toBe(2);
    expect(calls).toBe(2);
  });

  it('returns copies if the cache clones, to the first caller too', async () => {
    const { indexed } = counting({ memory: { clone: true } });
    const results = [await indexed.get('a'), await indexed.get('a'), await indexed.get('a')];
    expect(new Set(results).size).toBe(3);
    results[0]?.args.push('changed');
    results[1]?.args.push('changed');
    expect(await indexed.get('a')).toEqual({ args: ['a'] });
    const [one, two] = [indexed.memo('a'), indexed.memo('a')];
    one.args.push('changed');
    two.args.push('changed');
    expect(indexed.memo('a')).toEqual({ args: ['a'] });
  });

  it.each(['set', 'delete'] as const)(
    'never revives what a listener has taken away by %s while it was served',
    async (how) => {
      const { cache, clock } = newCache();
      let calls = 0;
      class Revived {
        @Cached({ cache, keyPrefix: 'revived', ttl: '100s', refreshAhead: 0.5 })
        async get(_id: number): Promise<unknown> {
          return ++calls;
        }
      }
      const revived = new Revived();
      const key = cacheControl(revived, 'get').keyFor(1);
      await revived.get(1);
      await clock.advance('60s');
      const listener = () => {
        cache.off('hit', listener);
        void (how === 'set' ? cache.set(key, 'set') : cache.delete(key));
      };
      cache.on('hit', listener);
      await revived.get(1);
      expect(await revived.get(1)).toBe(how === 'set' ? 'set' : 2);
      await cache.set(key, 'last');
      expect(await revived.get(1)).toBe('last');
    },
  );

  it('keeps results with as many tags as there may be, under a key of the user too', async () => {
    const { cache } = newCache();
    let calls = 0;
    class Tagged {
      @Cached({
        cache,
        key: (id: number) => `tagged:${String(id)}`,
        tags: () => Array.from({ length: 128 }, (_, i) => `tag ${String(i)}`),
      })
      async get(_id: number) {
        return ++calls;
      }
    }
    const tagged = new Tagged();
    expect([await tagged.get(1), await tagged.get(1)]).toEqual([1, 1]);
  });
});
