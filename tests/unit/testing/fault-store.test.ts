import { FaultStore, ManualClock } from 'aurora-cache/testing';

import { stateOf } from '../cache/harness.js';

describe('FaultStore', () => {
  it('is a store like any other as long as nothing is injected', async () => {
    const clock = new ManualClock();
    const store = new FaultStore({ clock });
    await store.set('a', 1, 100);
    await store.set('b', 2);
    expect(await store.getMany(['a', 'b', 'c'])).toEqual([1, 2, undefined]);
    clock.jump('100ms');
    expect(await store.get('a')).toBeUndefined();
    expect(await store.delete('b')).toBe(true);
    expect(await store.delete('b')).toBe(false);
    await store.clear();
    expect(store.entries.size).toBe(0);
  });

  it('fails the configured operations as often as configured, and counts the calls', async () => {
    const store = new FaultStore();
    const error = new Error('down');
    store.inject({ on: ['get'], error, times: 2 });
    await store.set('a', 1);
    await expect(store.get('a')).rejects.toBe(error);
    await expect(store.get('a')).rejects.toBe(error);
    expect(await store.get('a')).toBe(1);
    expect(store.calls).toMatchObject({ get: 3, set: 1 });
  });

  it('applies the first fault that fits, and heals', async () => {
    const store = new FaultStore();
    store.inject({ error: new Error('first'), times: 1 }).inject({ error: new Error('second') });
    await expect(store.get('a')).rejects.toThrow('first');
    await expect(store.delete('a')).rejects.toThrow('second');
    store.heal();
    expect(await store.get('a')).toBeUndefined();
  });

  it('an operation that fails has not happened, unless it is said to be applied', async () => {
    const store = new FaultStore();
    store.inject({ error: new Error('lost'), times: 1 });
    await expect(store.set('a', 1)).rejects.toThrow('lost');
    expect(store.entries.size).toBe(0);
    store.inject({ error: new Error('lost'), applied: true, times: 1 });
    await expect(store.set('a', 1)).rejects.toThrow('lost');
    expect(store.entries.size).toBe(1);
  });

  it('is late by the latency, reading at the end or, applied, at the beginning', async () => {
    const clock = new ManualClock();
    const store = new FaultStore({ clock });
    for (const [applied, expected] of [
      [false, 'new'],
      [true, 'old'],
    ] as const) {
      await store.set('a', 'old');
      store.inject({ on: ['get'], latency: '1s', applied, times: 1 });
      const read = store.get('a');
      await store.set('a', 'new');
      await clock.advance('999ms');
      expect(await stateOf(read)).toBe('pending');
      await clock.advance('1ms');
      expect(await read).toBe(expected);
    }
  });

  it('hangs until it is released', async () => {
    const store = new FaultStore();
    store.inject({ hang: true });
    const read = store.get('a');
    store.heal();
    expect(await stateOf(read)).toBe('pending');
    store.release();
    expect(await read).toBeUndefined();
  });

  it('corrupts what reads return, not what is stored', async () => {
    const store = new FaultStore();
    await store.set('a', 'good');
    store.inject({ corrupt: () => 'bad' });
    expect(await store.get('a')).toBe('bad');
    expect(await store.getMany(['a', 'b'])).toEqual(['bad', 'bad']);
    expect(await store.delete('a')).toBe(true);
  });

  it('can fail to list its keys', async () => {
    const store = new FaultStore();
    store.inject({ on: ['iterator'], error: new Error('down'), times: 1 });
    await expect(store.iterator().next()).rejects.toThrow('down');
  });
});
