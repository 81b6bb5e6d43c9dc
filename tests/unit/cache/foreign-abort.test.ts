import { cached } from 'aurora-cache';

import { deferred, expectIdle, flush, setUp } from './harness.js';

/** A load that ends with the reason of a signal, as `fetch` does. */
function abortable(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
}

function abortError(): Error {
  return Object.assign(new Error('The operation was aborted'), {
    name: 'AbortError',
    code: 'ABORT_ERR',
  });
}

describe('the abort of another caller’s signal', () => {
  it.each<[string, () => unknown]>([
    ['a DOMException', () => undefined],
    ['Node’s AbortError', abortError],
    ['the reason of AbortSignal.timeout', () => new DOMException('late', 'TimeoutError')],
  ])('does not reach the callers that joined, which share one new load: %s', async (_, reason) => {
    const setup = setUp();
    const first = new AbortController();
    const caller = setup.cache.getOrSet('key', () => abortable(first.signal));
    const load = jest.fn(() => Promise.resolve('value'));
    const joiners = Array.from({ length: 4 }, () => setup.cache.getOrSet('key', load));
    first.abort(reason());
    await expect(caller).rejects.toBe(first.signal.reason);
    expect(await Promise.all(joiners)).toEqual(Array(4).fill('value'));
    expect(load).toHaveBeenCalledTimes(1);
    expect(await setup.cache.get('key')).toBe('value');
    expectIdle(setup);
  });

  it('is recognised by the signal among a method’s arguments, with any reason', async () => {
    const { cache } = setUp();
    const load = (signal: AbortSignal): Promise<string> =>
      signal.aborted ? Promise.reject(signal.reason as Error) : abortable(signal);
    const options = { cache, name: 'fetch-page', key: () => 'page' };
    const find = cached(
      async (_id: number, { signal }: { signal: AbortSignal }) => await load(signal),
      options,
    );
    const controllers = Array.from({ length: 6 }, () => new AbortController());
    const calls = controllers.map(({ signal }) => find(1, { signal }));
    const outcomes = Promise.allSettled(calls);
    // One after the other, each of them runs the load and leaves.
    for (const [i, controller] of controllers.entries()) {
      controller.abort(new Error(`caller ${String(i)} left`));
      await flush();
    }
    const reasons = (await outcomes).map(
      (outcome) => outcome.status === 'rejected' && (outcome.reason as Error).message,
    );
    expect(reasons).toEqual(controllers.map((_, i) => `caller ${String(i)} left`));
  });

  it('in a background refresh reaches no caller', async () => {
    const { cache, clock } = setUp({ refreshAhead: 0.5, defaultTtl: '10s' });
    const first = new AbortController();
    await cache.set('key', 'old');
    await cache.getOrSet('key', () => 'unused');
    clock.jump('6s');
    expect(await cache.getOrSet('key', () => abortable(first.signal))).toBe('old');
    clock.jump('4s');
    const joiners = [1, 2].map(() => cache.getOrSet('key', () => 'new'));
    await flush();
    first.abort();
    expect(await Promise.all(joiners)).toEqual(['new', 'new']);
  });

  it('is not taken for one when the load itself fails again and again', async () => {
    const { cache } = setUp();
    const gates = Array.from({ length: 10 }, () => deferred<string>());
    let loads = 0;
    const load = (): Promise<string> => (gates[loads++] as (typeof gates)[0]).promise;
    const outcomes = Promise.allSettled(
      Array.from({ length: 10 }, () => cache.getOrSet('key', load)),
    );
    for (const gate of gates) {
      gate.reject(abortError());
      gate.promise.catch(() => undefined);
      await flush();
    }
    expect((await outcomes).every(({ status }) => status === 'rejected')).toBe(true);
    expect(loads).toBe(4);
  });

  it('other errors are shared as before', async () => {
    const { cache } = setUp();
    for (const error of [
      new Error('no'),
      Object.assign(new Error('no'), { name: 'TimeoutError' }),
    ]) {
      const load = jest.fn(() => Promise.reject(error));
      const outcomes = await Promise.allSettled([1, 2, 3].map(() => cache.getOrSet('key', load)));
      expect(outcomes).toEqual(Array(3).fill({ status: 'rejected', reason: error }));
      expect(load).toHaveBeenCalledTimes(1);
    }
  });

  it('is looked for in arguments and errors without failing', async () => {
    const { cache } = setUp();
    const throwing = (name: string): Error =>
      Object.defineProperty(new Error('its own'), name, {
        get: () => {
          throw new Error('a getter');
        },
      });
    const fail = (arg: Error): Promise<string> => Promise.reject(arg);
    const find = cached(fail, { cache, key: () => 'key' });
    for (const arg of ['signal', 'aborted', 'name'].map(throwing)) {
      await expect(find(arg)).rejects.toBe(arg);
    }
  });

  it('the load’s own time-out is no foreign abort', async () => {
    const { cache, clock } = setUp();
    const load = jest.fn(({ signal }: { signal: AbortSignal }) => abortable(signal));
    const calls = [1, 2].map(() => cache.getOrSet('key', load, { hardTimeout: '1s' }));
    const outcomes = Promise.allSettled(calls);
    await clock.advance('1s');
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ reason: { code: 'ERR_LOAD_TIMEOUT' } });
    }
    expect(load).toHaveBeenCalledTimes(1);
  });
});
