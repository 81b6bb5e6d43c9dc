import type { CacheManager } from 'aurora-cache';
import { Cached, cached, type LoadOptions } from 'aurora-cache';

import { deferred, expectIdle, flush, setUp, stateOf, type Setup } from './harness.js';

const never = (): Promise<never> => new Promise(() => undefined);

async function turn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

let warnings: string[];
beforeEach(() => {
  warnings = [];
  jest.spyOn(process, 'emitWarning').mockImplementation((warning) => {
    warnings.push(String(warning));
  });
});

describe('a hung load', () => {
  it('has at most one successor at a time, however long it hangs and however many call', async () => {
    const { cache, clock } = setUp({ lease: '300ms' });
    let loads = 0;
    const hung = (): Promise<never> => {
      loads++;
      return never();
    };
    for (let i = 0; i < 200; i++) {
      void cache.getOrSet('key', hung);
      await clock.advance('100ms');
      expect(loads).toBeLessThanOrEqual(2);
    }
    expect(loads).toBe(2);
  });

  it('whose successor ends gives the next caller another successor', async () => {
    const { cache, clock } = setUp({ lease: '1s', defaultTtl: '1s' });
    void cache.getOrSet('key', never);
    clock.jump('1s');
    expect(await cache.getOrSet('key', () => 'second')).toBe('second');
    clock.jump('5s');
    expect(await cache.getOrSet('key', () => 'third')).toBe('third');
  });

  it('that ends lets another take its place', async () => {
    const { cache, clock } = setUp({ lease: '1s' });
    const gate = deferred<string>();
    const first = cache.getOrSet('key', () => gate.promise, { unless: () => true });
    clock.jump('1s');
    void cache.getOrSet('key', never);
    clock.jump('1s');
    const load = jest.fn(() => 'third');
    const third = cache.getOrSet('key', load);
    await clock.advance('500ms');
    expect(load).not.toHaveBeenCalled();
    gate.resolve('first');
    expect(await first).toBe('first');
    await clock.advance('1s');
    expect(await third).toBe('third');
  });

  it('is given up a minute after it ignored its signal', async () => {
    const { cache, clock } = setUp({ lease: '1s' });
    void cache.getOrSet('key', never);
    clock.jump('1s');
    void cache.getOrSet('key', never);
    clock.jump('71s');
    expect(await cache.getOrSet('key', () => 'value')).toBe('value');
  });
});

describe('the load’s signal', () => {
  it.each<[string, LoadOptions]>([
    ['without further options', {}],
    ['with a longer hardTimeout', { hardTimeout: '60s' }],
  ])('fires after ten terms of the lease, %s', async (_, options) => {
    const setup = setUp({ lease: '2s' });
    const load = ({ signal }: { signal: AbortSignal }): Promise<never> =>
      new Promise((__, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
    const caller = setup.cache.getOrSet('key', load, options);
    const outcome = caller.catch((error: unknown) => error);
    await setup.clock.advance('19999ms');
    expect(await stateOf(caller)).toBe('pending');
    await setup.clock.advance('1ms');
    expect(await outcome).toMatchObject({ code: 'ERR_LOAD_TIMEOUT', timeoutMs: 20_000 });
    expect(await setup.cache.getOrSet('key', () => 'next')).toBe('next');
    expectIdle(setup);
  });

  it('has already fired if it is read late, and leaves no timer', async () => {
    const { cache, clock } = setUp({ lease: '2s', defaultTtl: '1ms' });
    const gate = deferred<number>();
    let late: (() => AbortSignal) | undefined;
    const caller = cache.getOrSet('key', (context) => {
      late = () => context.signal;
      return gate.promise;
    });
    clock.jump('20s');
    expect(late?.().aborted).toBe(true);
    gate.resolve(1);
    await caller;
    await cache.getOrSet('other', ({ signal }) => Number(signal.aborted), { unless: () => true });
    await clock.advance('1h');
    expect(clock.pending).toBe(0);
  });
});

describe('a recursive method', () => {
  class Trees {
    calls = 0;
    constructor(readonly cache: CacheManager) {}

    @Cached({ keyPrefix: 'tree', cache: (trees: Trees) => trees.cache })
    async depth(levels: number): Promise<number> {
      this.calls++;
      return levels === 0 ? 0 : 1 + (await this.depth(levels - 1));
    }
  }

  it('works 10,000 deep', async () => {
    const setup = setUp({ maxMemoryItems: 20_000 });
    const trees = new Trees(setup.cache);
    expect(await trees.depth(10_000)).toBe(10_000);
    expect(trees.calls).toBe(10_001);
    await flush();
    expectIdle(setup);
    expect(setup.clock.pending).toBeLessThanOrEqual(1);
  });

  it('works 10,000 deep on a store, with namespaces and after an await', async () => {
    const { cache } = setUp({ store: new Map(), maxMemoryItems: 20_000 });
    const depth = cached(
      async (levels: number): Promise<number> => {
        if (levels === 0) return 0;
        await Promise.resolve();
        return 1 + (await depth(levels - 1));
      },
      { cache: cache.namespace('deep'), name: 'depth-of' },
    );
    expect(await depth(10_000)).toBe(10_000);
  });

  it('still begins at once, as the bare method would', () => {
    const { cache } = setUp();
    const trees = new Trees(cache);
    void trees.depth(50);
    expect(trees.calls).toBe(51);
  });
});

type Way = (cache: CacheManager, key: string, load: () => Promise<unknown>) => Promise<unknown>;

/** How a loader gets to its inner call. */
const ways: Record<string, Way> = {
  'at once': async (cache, key, load) => await cache.getOrSet(key, load),
  'after an await': async (cache, key, load) => {
    await turn();
    return await cache.getOrSet(key, load);
  },
  'in Promise.all': async (cache, key, load) => {
    await turn();
    return (await Promise.all([turn(), cache.getOrSet(key, load)]))[1];
  },
  'in then': async (cache, key, load) => await turn().then(() => cache.getOrSet(key, load)),
};

describe.each(Object.entries(ways))('a loader that reads %s', (name, ask) => {
  async function settled(setup: Setup, work: Promise<unknown>): Promise<unknown> {
    let outcome: unknown;
    void work.then((value) => (outcome = value));
    await flush();
    // Well within the lease of five seconds.
    for (let i = 0; i < 10 && outcome === undefined; i++) await setup.clock.advance('100ms');
    return outcome;
  }

  it('for its own key is found out, and its inner call runs by itself', async () => {
    const setup = setUp();
    const key = `own ${name}:7`;
    const load = (): Promise<unknown> => ask(setup.cache, key, () => Promise.resolve('inner'));
    const joiner = (): Promise<unknown> => setup.cache.getOrSet(key, load);
    expect(await settled(setup, Promise.all([joiner(), joiner(), joiner()]))).toEqual(
      Array(3).fill('inner'),
    );
    expect(await setup.cache.get(key)).toBe('inner');
    await flush();
    expectIdle(setup);
    const ours = warnings.filter((warning) => warning.includes(key));
    expect(ours).toHaveLength(1);
  });

  it('for the key of another that requests its own', async () => {
    const setup = setUp();
    const [a, b] = [`a ${name}:1`, `b ${name}:1`];
    const loadA = (): Promise<unknown> => ask(setup.cache, b, loadB);
    let calls = 0;
    const loadB = (): Promise<unknown> =>
      // The inner run must end by itself: this tests the cycle that the cache makes.
      ++calls > 1 ? Promise.resolve('end') : ask(setup.cache, a, () => Promise.resolve('end'));
    expect(await settled(setup, setup.cache.getOrSet(a, loadA))).toBe('end');
    await flush();
    const ours = warnings.filter((warning) => warning.includes(a) && warning.includes(b));
    expect(ours).toHaveLength(1);
    expectIdle(setup);
  });

  it('for the key of another by a refresh', async () => {
    const setup = setUp();
    const { cache } = setup;
    const [a, b] = [`refreshing ${name}:1`, `refreshed ${name}:1`];
    const end = (): Promise<string> => Promise.resolve('end');
    const other = cached(async () => await ask(cache, a, end), { cache, key: () => b });
    const load = async (): Promise<unknown> => await other.refresh();
    expect(await settled(setup, cache.getOrSet(a, load))).toBe('end');
    await flush();
    expectIdle(setup);
  });

  it('for the key of another that two requests began', async () => {
    const setup = setUp();
    const [a, b] = [`first ${name}:1`, `second ${name}:1`];
    const end = (): Promise<string> => Promise.resolve('end');
    const loadA = (): Promise<unknown> => ask(setup.cache, b, end);
    const loadB = (): Promise<unknown> => ask(setup.cache, a, end);
    const both = [setup.cache.getOrSet(a, loadA), setup.cache.getOrSet(b, loadB)];
    expect(await settled(setup, Promise.all(both))).toEqual(['end', 'end']);
    await flush();
    expectIdle(setup);
  });

  it('for a key that an unrelated slow load holds: it waits', async () => {
    const setup = setUp();
    const gate = deferred<string>();
    const slow = setup.cache.getOrSet('slow', () => gate.promise);
    const load = jest.fn(() => Promise.resolve('second'));
    const outer = setup.cache.getOrSet(`outer ${name}`, () => ask(setup.cache, 'slow', load));
    await flush();
    await setup.clock.advance('2s');
    gate.resolve('first');
    expect(await Promise.all([slow, outer])).toEqual(['first', 'first']);
    expect(load).not.toHaveBeenCalled();
    expect(warnings).toEqual([]);
  });
});
