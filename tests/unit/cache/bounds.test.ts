import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { CacheManager } from 'aurora-cache';
import { ManualClock } from 'aurora-cache/testing';

import { deferred, expectIdle, flush, setUp } from './harness.js';

describe('bounds hold, exceeded a hundredfold', () => {
  it('items: the least recently used go', async () => {
    const { cache, core } = setUp({ maxMemoryItems: 100 });
    await cache.set('kept', 0);
    for (let i = 0; i < 10_000; i++) {
      await cache.set(`key${i}`, i);
      if (i % 50 === 0) await cache.get('kept');
      if (i % 997 === 0) expect(core.memory?.size).toBeLessThanOrEqual(100);
    }
    expect(await cache.getStats()).toMatchObject({ totalKeys: 100, evictions: 9901 });
    expect(await cache.get('kept')).toBe(0);
    expect(await cache.has('key9999')).toBe(true);
    expect(await cache.has('key9900')).toBe(false);
  });

  it('bytes', async () => {
    const limit = 100_000;
    const { cache, core } = setUp({ maxMemoryBytes: limit, maxMemoryItems: 1_000_000 });
    for (let i = 0; i < 10_000; i++) {
      await cache.set(`key${i}`, 'x'.repeat(i % 1000));
      expect(core.memory?.bytes).toBeLessThanOrEqual(limit);
    }
    const { memoryBytes, totalKeys } = await cache.getStats();
    expect(totalKeys).toBeGreaterThan(30);
    expect(memoryBytes).toBeGreaterThan(limit * 0.9);
    await cache.clear();
    expect(core.memory?.bytes).toBe(0);
  });

  it('a value of 1 MB in a cache of 100 kB is not stored, is no error, and costs nothing else', async () => {
    const { cache, errors } = setUp({ maxMemoryBytes: 100_000 });
    await cache.set('small', 1);
    await cache.set('large', 'old');
    const large = 'x'.repeat(1_000_000);
    await cache.set('large', large);
    // Neither the new value nor the old one, which is not true any more.
    expect(await cache.get('large')).toBeUndefined();
    expect(await cache.getOrSet('loaded', () => ({ large }))).toEqual({ large });
    expect(await cache.has('loaded')).toBe(false);
    expect(await cache.get('small')).toBe(1);
    expect(errors).toEqual([]);
    expect(await cache.getStats()).toMatchObject({ evictions: 0, totalKeys: 1 });
  });

  it('an estimator that fails or returns NaN keeps a value out, and nothing more', async () => {
    const answers = [() => NaN, () => Infinity, fail];
    for (const sizeOf of answers) {
      const { cache, core } = setUp({ maxMemoryBytes: 1000, memory: { sizeOf } });
      expect(await cache.getOrSet('key', () => 1)).toBe(1);
      await cache.set('key', 1);
      expect(core.memory).toMatchObject({ size: 0, bytes: 0 });
    }
  });

  it('flights and fences are as many as the loads under way, and none afterwards', async () => {
    const setup = setUp({ store: new Map(), maxMemoryItems: 100 });
    const gate = deferred<number>();
    const callers = Array.from({ length: 10_000 }, (_, i) =>
      setup.cache.getOrSet(`key${i}`, () => gate.promise, { tags: ['t'] }),
    );
    await flush();
    expect(setup.core.loads.size).toBe(10_000);
    await setup.cache.invalidateTags('t');
    await setup.cache.clear();
    expect(setup.core.loads.size).toBe(0);
    gate.resolve(1);
    await Promise.all(callers);
    await flush();
    expectIdle(setup);
    expect(setup.core.memory?.size).toBe(0);
  });

  it('a tag index is empty when its entries are gone', async () => {
    const { cache, core } = setUp({ maxMemoryItems: 10 });
    for (let i = 0; i < 1000; i++) await cache.set(`key${i}`, i, { tags: [`tag${i}`, 'all'] });
    const index = (core.memory as unknown as { tagged: { entries: Map<string, unknown> } }).tagged;
    expect(index.entries.size).toBe(11);
    await cache.invalidateTags('all');
    expect(index.entries.size).toBe(0);
  });

  it('expired entries that are not read are swept in bounded steps', async () => {
    const { cache, clock, core } = setUp({ maxMemoryItems: 100_000 });
    for (let i = 0; i < 60_000; i++) void cache.set(`key${i}`, i, { ttl: i % 2 === 0 ? 1 : 1000 });
    await clock.advance('1s');
    // A sixtieth of the entries a second, half of which have expired.
    expect(core.memory?.size).toBe(59_500);
    await clock.advance('2m');
    expect(core.memory?.size).toBe(30_000);
  });

  it('methods for which a cache keeps counters', () => {
    const { core } = setUp();
    for (let i = 0; i < 20_000; i++) core.method(`m${i}`).hits++;
    expect(core.methods.size).toBe(10_000);
  });
});

describe('300,000 keys through a cache of 1,000', () => {
  const program = `
    import { CacheManager } from './src/index.ts';
    const cache = new CacheManager({ maxMemoryItems: 1000 });
    const round = async (from, to) => {
      const tagged = { tags: ['t'] };
      for (let i = from; i < to; i += 100) {
        const calls = Array.from({ length: 100 }, (_, j) =>
          cache.getOrSet('key:' + (i + j), () => ({ id: i }), j === 0 ? tagged : undefined));
        await Promise.all(calls);
      }
      globalThis.gc();
      return process.memoryUsage().heapUsed;
    };
    const before = await round(0, 100_000);
    const after = await round(100_000, 300_000);
    const { totalKeys, loads, inFlight } = await cache.getStats();
    console.log(JSON.stringify({ growth: after - before, totalKeys, loads, inFlight }));
  `;

  it('leave the heap as it was', async () => {
    const root = join(__dirname, '../../..');
    const options = ['--expose-gc', '--import', 'tsx', '--input-type=module', '--eval', program];
    const { stdout } = await promisify(execFile)(process.execPath, options, { cwd: root });
    const report = JSON.parse(stdout) as Record<string, number>;
    expect(report).toMatchObject({ totalKeys: 1000, loads: 300_000, inFlight: 0 });
    expect(report['growth']).toBeLessThan(2_000_000);
  });
});

describe('the store that is passed in', () => {
  it('receives the life of every entry, so that it can release it', async () => {
    const lives: (number | undefined)[] = [];
    const store = {
      get: () => Promise.resolve(undefined),
      set: (_key: string, _value: unknown, ttl?: number) => lives.push(ttl),
      delete: () => Promise.resolve(false),
      clear: () => Promise.resolve(),
      opts: {},
      on: () => store,
    };
    const cache = new CacheManager({ store: store as never, clock: new ManualClock() });
    await cache.set('a', 1, { ttl: 10, grace: 5 });
    await cache.set('b', 1, { ttl: '1ms' });
    expect(lives).toEqual([15_000, 1]);
  });
});

function fail(): never {
  throw new Error('sizeOf');
}
