import { FaultStore } from 'aurora-cache/testing';

import { deferred, expectIdle, flush, setUp, stateOf } from './harness.js';

describe('one load per key at a time', () => {
  it('1,000 concurrent callers share one load and its value', async () => {
    const setup = setUp();
    const gate = deferred<object>();
    const load = jest.fn(() => gate.promise);
    const callers = Array.from({ length: 1000 }, () => setup.cache.getOrSet('key', load));
    expect((await setup.cache.getStats()).inFlight).toBe(1);
    const value = { id: 1 };
    gate.resolve(value);
    for (const answer of await Promise.all(callers)) expect(answer).toBe(value);
    expect(load).toHaveBeenCalledTimes(1);
    expect((await setup.cache.getStats()).joined).toBe(999);
    expectIdle(setup);
  });

  it('1,000 concurrent callers share one failure, and the next one loads again', async () => {
    const setup = setUp();
    const gate = deferred<number>();
    const load = jest.fn(() => gate.promise);
    const callers = Array.from({ length: 1000 }, () => setup.cache.getOrSet('key', load));
    gate.reject(new Error('no'));
    const outcomes = await Promise.allSettled(callers);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(load).toHaveBeenCalledTimes(1);
    expect(await setup.cache.getOrSet('key', () => 2)).toBe(2);
    expectIdle(setup);
  });

  it('keys do not wait for one another', async () => {
    const { cache } = setUp();
    void cache.getOrSet('slow', () => new Promise(() => undefined));
    expect(await cache.getOrSet('quick', () => 1)).toBe(1);
  });

  it('no second load starts while the shared tier is being filled', async () => {
    const store = new FaultStore();
    const setup = setUp({ store });
    store.inject({ on: ['set'], hang: true, times: 1 });
    const load = jest.fn(() => 1);
    // The fill is not awaited by the caller…
    expect(await setup.cache.getOrSet('key', load)).toBe(1);
    expect(setup.core.loads.size).toBe(1);
    // …and callers in the meantime get the value at once.
    expect(await setup.cache.getOrSet('key', load)).toBe(1);
    expect(load).toHaveBeenCalledTimes(1);
    store.release();
    await flush();
    expectIdle(setup);
    expect(await setup.cache.get('key')).toBe(1);
  });

  describe('a loader that never settles', () => {
    const never = (): Promise<number> => new Promise(() => undefined);

    it('delays others by one lease, no more and no less', async () => {
      const { cache, clock } = setUp({ lease: '5s' });
      const first = cache.getOrSet('key', never);
      clock.jump('1s');
      const load = jest.fn(() => 2);
      const second = cache.getOrSet('key', load);
      await clock.advance('3999ms');
      expect(load).not.toHaveBeenCalled();
      await clock.advance('1ms');
      expect(await second).toBe(2);
      expect(await stateOf(first)).toBe('pending');
    });

    it('lets one of the callers that waited load for all of them', async () => {
      const { cache, clock } = setUp({ lease: '5s' });
      void cache.getOrSet('key', never);
      const load = jest.fn(() => 2);
      const waiting = Array.from({ length: 100 }, () => cache.getOrSet('key', load));
      await clock.advance('5s');
      expect(await Promise.all(waiting)).toEqual(Array<number>(100).fill(2));
      expect(load).toHaveBeenCalledTimes(1);
    });

    it('does not delay callers after the lease at all', async () => {
      const { cache, clock } = setUp({ lease: '5s' });
      void cache.getOrSet('key', never);
      clock.jump('5s');
      expect(await cache.getOrSet('key', () => 2)).toBe(2);
      expect(await cache.get('key')).toBe(2);
    });

    it('leaves no timer behind once it settles after all', async () => {
      const setup = setUp({ lease: '5s' });
      const gate = deferred<number>();
      const first = setup.cache.getOrSet('key', () => gate.promise, { unless: () => true });
      const second = setup.cache.getOrSet('key', () => 0);
      gate.resolve(1);
      expect(await Promise.all([first, second])).toEqual([1, 1]);
      expect(setup.clock.pending).toBe(0);
      expectIdle(setup);
    });
  });

  it('a flight that was taken over takes out itself and not its successor', async () => {
    const setup = setUp({ lease: '1s' });
    const old = deferred<number>();
    const young = deferred<number>();
    const first = setup.cache.getOrSet('key', () => old.promise);
    setup.clock.jump('1s');
    const second = setup.cache.getOrSet('key', () => young.promise);
    old.reject(new Error('late'));
    await expect(first).rejects.toThrow('late');
    const third = setup.cache.getOrSet('key', () => 3);
    young.resolve(2);
    expect(await Promise.all([second, third])).toEqual([2, 2]);
    expectIdle(setup);
  });

  it('a load that was given up does not put its late result over the newer one', async () => {
    const setup = setUp({ lease: '1s' });
    const old = deferred<string>();
    const first = setup.cache.getOrSet('key', () => old.promise);
    setup.clock.jump('1s');
    expect(await setup.cache.getOrSet('key', () => 'newer')).toBe('newer');
    old.resolve('older');
    expect(await first).toBe('older');
    expect(await setup.cache.get('key')).toBe('newer');
    expectIdle(setup);
  });

  it('a load that is always slower than its lease is stored all the same', async () => {
    const setup = setUp({ lease: '1s' });
    const gates = [deferred<number>(), deferred<number>(), deferred<number>()];
    const calls = gates.map(({ promise }, i) => {
      if (i > 0) setup.clock.jump('1s');
      return setup.cache.getOrSet('key', () => promise);
    });
    gates[0]?.resolve(0);
    expect(await calls[0]).toBe(0);
    expect(await setup.cache.get('key')).toBe(0);
    gates[1]?.resolve(1);
    await calls[1];
    expect(await setup.cache.get('key')).toBe(1);
    gates[2]?.resolve(2);
    await calls[2];
    expectIdle(setup);
  });
});
