import { isCacheError, LoadTimeoutError } from 'aurora-cache';

import { deferred, expectIdle, flush, setUp, stateOf } from './harness.js';

const never = (): Promise<string> => new Promise(() => undefined);

describe('hardTimeout', () => {
  it('rejects with LoadTimeoutError when there is nothing to serve', async () => {
    const setup = setUp();
    const caller = setup.cache.getOrSet('key', never, { hardTimeout: '2s' });
    await setup.clock.advance('1999ms');
    expect(await stateOf(caller)).toBe('pending');
    const outcome = caller.catch((error: unknown) => error);
    await setup.clock.advance('1ms');
    const error = (await outcome) as LoadTimeoutError;
    expect(error).toBeInstanceOf(LoadTimeoutError);
    expect(isCacheError(error)).toBe(true);
    expect(error).toMatchObject({ code: 'ERR_LOAD_TIMEOUT', key: 'key', timeoutMs: 2000 });
    expectIdle(setup);
  });

  it('aborts the loader’s signal with the same error', async () => {
    const { cache, clock } = setUp();
    let signal: AbortSignal | undefined;
    const caller = cache.getOrSet(
      'key',
      (context) => {
        ({ signal } = context);
        return never();
      },
      { hardTimeout: '2s' },
    );
    const outcome = caller.catch((error: unknown) => error);
    expect(signal?.aborted).toBe(false);
    await clock.advance('2s');
    expect(signal?.aborted).toBe(true);
    expect(signal?.reason).toBe(await outcome);
  });

  it('has aborted a signal that is only read afterwards', async () => {
    const { cache, clock } = setUp();
    let late: (() => AbortSignal) | undefined;
    const caller = cache.getOrSet(
      'key',
      (context) => {
        late = () => context.signal;
        return never();
      },
      { hardTimeout: '2s' },
    );
    const outcome = caller.catch((error: unknown) => error);
    await clock.advance('2s');
    expect(late?.().aborted).toBe(true);
    expect(late?.().reason).toBe(await outcome);
  });

  it('serves an expired value instead, where there is one', async () => {
    const { cache, clock } = setUp({ grace: 60 });
    await cache.set('key', 'old', { ttl: 1 });
    clock.jump('1s');
    const caller = cache.getOrSet('key', never, { hardTimeout: '2s' });
    await clock.advance('2s');
    expect(await caller).toBe('old');
  });

  it('rejects all callers that wait for the load', async () => {
    const { cache, clock } = setUp();
    const callers = [1, 2, 3].map(() => cache.getOrSet('key', never, { hardTimeout: '2s' }));
    const outcomes = Promise.allSettled(callers);
    await clock.advance('2s');
    for (const outcome of await outcomes) expect(outcome.status).toBe('rejected');
    expect((await cache.getStats()).loads).toBe(1);
  });

  it('what the loader does afterwards is ignored: no value stored, no rejection unhandled', async () => {
    const setup = setUp();
    for (const settle of ['resolve', 'reject'] as const) {
      const gate = deferred<string>();
      const caller = setup.cache.getOrSet('key', () => gate.promise, { hardTimeout: '2s' });
      const outcome = caller.catch((error: unknown) => error);
      await setup.clock.advance('2s');
      expect(await outcome).toBeInstanceOf(LoadTimeoutError);
      gate[settle](new Error('late') as never);
      await flush();
      expect(await setup.cache.has('key')).toBe(false);
    }
    expectIdle(setup);
  });

  it('leaves a loader that is in time alone, with its own error and without a timer', async () => {
    const { cache, clock } = setUp();
    let signal: AbortSignal | undefined;
    const options = { hardTimeout: '2s', unless: () => true } as const;
    const load = (context: { signal: AbortSignal }): number => {
      ({ signal } = context);
      return 1;
    };
    expect(await cache.getOrSet('key', load, options)).toBe(1);
    const error = new Error('own');
    const fail = () => Promise.reject(error);
    expect(await cache.getOrSet('key', fail, options).catch((e: unknown) => e)).toBe(error);
    expect(clock.pending).toBe(0);
    await clock.advance('3s');
    expect(signal?.aborted).toBe(false);
  });

  it('lets the next caller load at once', async () => {
    const { cache, clock } = setUp();
    const caller = cache.getOrSet('key', never, { hardTimeout: '2s' });
    const outcome = caller.catch((error: unknown) => error);
    await clock.advance('2s');
    await outcome;
    expect(await cache.getOrSet('key', () => 'new')).toBe('new');
  });
});
