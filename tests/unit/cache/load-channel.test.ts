import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { cached, CacheManager, memoized, type LoadTrace } from 'aurora-cache';

import { deferred, flush, setUp } from './harness.js';

const channel = tracingChannel('aurora-cache:load');
const ignored = (): void => undefined;

interface Told {
  readonly what: string;
  readonly trace: object;
}

/** Everything that is published while something runs. */
async function during(run: () => Promise<unknown>): Promise<Told[]> {
  const told: Told[] = [];
  const note = (what: string) => (trace: object) => {
    told.push({ what, trace: { ...trace } });
  };
  const subscribers = {
    start: note('start'),
    end: ignored,
    asyncStart: ignored,
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  };
  channel.subscribe(subscribers);
  try {
    await run();
  } finally {
    channel.unsubscribe(subscribers);
  }
  return told;
}

describe('the tracing channel of loads', () => {
  it('reports the loads of memoized functions', async () => {
    const { cache } = setUp({ name: 'users' });
    const error = new Error('no');
    const compute = memoized(
      (n: number) => {
        if (n < 0) throw error;
        return `secret ${n}`;
      },
      { name: 'compute', cache },
    );
    const told = await during(async () => {
      expect([compute(1), compute(1)]).toEqual(['secret 1', 'secret 1']); // one load
      expect(() => compute(-1)).toThrow(error);
    });
    const started = { cache: 'users', method: 'compute' };
    const durationMs = expect.any(Number) as number;
    expect(told).toEqual([
      { what: 'start', trace: started },
      { what: 'asyncEnd', trace: { ...started, outcome: 'loaded', durationMs } },
      { what: 'start', trace: started },
      { what: 'error', trace: { ...started, outcome: 'failed', durationMs, error } },
      { what: 'asyncEnd', trace: { ...started, outcome: 'failed', durationMs, error } },
    ]);
    expect(JSON.stringify(told)).not.toContain('secret');
  });

  it('reports a load without its key and value', async () => {
    const { cache, clock } = setUp({ name: 'users' });
    const find = cached(
      async (_secret: string) => {
        await clock.advance('20ms');
        return 'a value';
      },
      { name: 'find', cache },
    );
    const told = await during(async () => {
      expect(await find('secret')).toBe('a value');
      expect(await find('secret')).toBe('a value'); // a hit: no load
    });
    const started = { cache: 'users', method: 'find' };
    expect(told).toEqual([
      { what: 'start', trace: started },
      {
        what: 'asyncEnd',
        trace: { ...started, outcome: 'loaded', durationMs: 20, result: undefined },
      },
    ]);
    expect(JSON.stringify(told)).not.toMatch(/secret|value/);
  });

  it('reports failures and time-outs; callers get the original error', async () => {
    const { cache, clock } = setUp();
    const failure = new Error('no');
    const told = await during(async () => {
      await expect(cache.getOrSet('a', () => Promise.reject(failure))).rejects.toBe(failure);
      const never = deferred();
      const late = cache.getOrSet('b', () => never.promise, { hardTimeout: '1s' });
      const seen = expect(late).rejects.toMatchObject({ code: 'ERR_LOAD_TIMEOUT' });
      await flush();
      await clock.advance('1s');
      await seen;
    });
    const ends = told.filter(({ what }) => what === 'asyncEnd').map(({ trace }) => trace);
    expect(ends).toMatchObject([
      { cache: 'default', method: undefined, outcome: 'failed', error: failure },
      { cache: 'default', method: undefined, outcome: 'timeout', durationMs: 1000 },
    ]);
    expect(told.filter(({ what }) => what === 'error')).toHaveLength(2);
  });

  it('calls the loader at once, as without subscribers', async () => {
    const { cache } = setUp();
    await during(async () => {
      let called = false;
      const load = cached(
        () => {
          called = true;
          return Promise.resolve(1);
        },
        { name: 'load', cache },
      );
      const loading = load();
      expect(called).toBe(true);
      await loading;
    });
  });

  it('is silent after the last subscriber has left', async () => {
    const heard: unknown[] = [];
    const listener = (trace: unknown): void => void heard.push(trace);
    subscribe('tracing:aurora-cache:load:start', listener);
    const cache = new CacheManager();
    await cache.getOrSet('a', () => 1);
    unsubscribe('tracing:aurora-cache:load:start', listener);
    await cache.getOrSet('b', () => 1);
    expect(heard).toEqual([expect.objectContaining<Partial<LoadTrace>>({ cache: 'default' })]);
  });
});
