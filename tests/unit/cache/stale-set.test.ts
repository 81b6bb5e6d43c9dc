import { FaultStore, ManualClock } from 'aurora-cache/testing';

import { deferred, expectIdle, flush, setUp, type Setup } from './harness.js';

type Invalidation = (setup: Setup) => Promise<unknown>;

const INVALIDATIONS: [string, object, Invalidation, unknown][] = [
  ['set', {}, ({ cache }) => cache.set('key', 'set'), 'set'],
  ['setMany', {}, ({ cache }) => cache.setMany([{ key: 'key', value: 'set' }]), 'set'],
  ['delete', {}, ({ cache }) => cache.delete('key'), undefined],
  ['deleteMany', {}, ({ cache }) => cache.deleteMany(['other', 'key']), undefined],
  ['clear', {}, ({ cache }) => cache.clear(), undefined],
  ['clear by pattern', {}, ({ cache }) => cache.clear('k?[y]*'), undefined],
  ['a tag known before', { tags: ['t', 'u'] }, ({ cache }) => cache.invalidateTags('u'), undefined],
  [
    'a tag known only from the result',
    { tags: (value: string) => [value] },
    ({ cache }) => cache.invalidateTags('old'),
    undefined,
  ],
];

describe.each([
  ['memory', () => ({})],
  ['memory before a Map', () => ({ store: new Map<string, unknown>() })],
  ['a store alone', () => ({ store: new FaultStore(), memory: false as const })],
])('no stale set: %s', (_, tiers) => {
  it.each(INVALIDATIONS)(
    'a result that %s overtook goes to its callers and is not stored',
    async (__, options, invalidate, expected) => {
      const setup = setUp(tiers());
      const gate = deferred<string>();
      const caller = setup.cache.getOrSet('key', () => gate.promise, options);
      await flush();
      await invalidate(setup);
      gate.resolve('old');
      expect(await caller).toBe('old');
      await flush();
      expect(await setup.cache.get('key')).toBe(expected);
      expect((await setup.cache.getStats()).refusedFills).toBe(1);
      expectIdle(setup);
    },
  );

  it.each(INVALIDATIONS.filter(([name]) => !name.startsWith('set')))(
    'callers after %s start another load, which is stored',
    async (__, options, invalidate) => {
      const setup = setUp(tiers());
      const gate = deferred<string>();
      const before = setup.cache.getOrSet('key', () => gate.promise, options);
      await flush();
      await invalidate(setup);
      expect(await setup.cache.getOrSet('key', () => 'new', options)).toBe('new');
      gate.resolve('old');
      expect(await before).toBe('old');
      await flush();
      expect(await setup.cache.get('key')).toBe('new');
      expectIdle(setup);
    },
  );

  it('other keys, patterns and tags do not touch a load', async () => {
    const setup = setUp(tiers());
    const gate = deferred<string>();
    const caller = setup.cache.getOrSet('key', () => gate.promise, { tags: ['t'] });
    await flush();
    await setup.cache.set('key2', 1);
    await setup.cache.delete('ke');
    await setup.cache.clear('key?');
    await setup.cache.invalidateTags('other');
    gate.resolve('value');
    await caller;
    await flush();
    expect(await setup.cache.get('key')).toBe('value');
  });

  it('a tag that was invalidated before the load began does not refuse it', async () => {
    const { cache } = setUp(tiers());
    await cache.invalidateTags('t');
    await cache.getOrSet('key', () => 1, { tags: ['t'] });
    await flush();
    expect(await cache.get('key')).toBe(1);
  });
});

describe('no stale set from the shared tier', () => {
  it('a read that an invalidation overtook does not fill memory', async () => {
    const store = new FaultStore();
    const setup = setUp({ store });
    await setup.cache.set('key', 'old');
    setup.core.memory?.removeAll();
    store.inject({ on: ['get'], hang: true, applied: true, times: 1 });
    const read = setup.cache.get('key');
    await flush();
    await setup.cache.delete('key');
    store.release();
    await read;
    expect(await setup.cache.get('key')).toBeUndefined();
    expectIdle(setup);
  });

  it('a read that saw the old value before a set was acknowledged does not fill memory', async () => {
    const store = new FaultStore();
    const setup = setUp({ store });
    await setup.cache.set('key', 'old');
    setup.core.memory?.removeAll();
    store.inject({ on: ['set'], hang: true, times: 1 });
    const write = setup.cache.set('key', 'new');
    // It begins after `set` was called, and before the store has the new value.
    store.inject({ on: ['get'], hang: true, applied: true, times: 1 });
    const read = setup.cache.get('key');
    await flush();
    store.release();
    await Promise.all([read, write]);
    expect(await setup.cache.get('key')).toBe('new');
    expectIdle(setup);
  });

  it('a getMany that a tag invalidation overtook returns none of its entries and fills nothing', async () => {
    const store = new FaultStore();
    const setup = setUp({ store });
    await setup.cache.set('a', 1, { tags: ['t'] });
    await setup.cache.set('b', 2);
    setup.core.memory?.removeAll();
    store.inject({ on: ['getMany'], hang: true, applied: true, times: 1 });
    const read = setup.cache.getMany(['a', 'b']);
    await flush();
    await setup.cache.invalidateTags('t');
    store.release();
    expect([...(await read)]).toEqual([['b', 2]]);
    expect(setup.core.memory?.size).toBe(1);
  });

  it('a fill that waits behind a set of the same key is dropped', async () => {
    const store = new FaultStore();
    const setup = setUp({ store });
    store.inject({ on: ['set'], hang: true, times: 1 });
    await setup.cache.getOrSet('key', () => 'loaded');
    const write = setup.cache.set('key', 'set');
    await flush();
    store.release();
    await write;
    await flush();
    setup.core.memory?.removeAll();
    expect(await setup.cache.get('key')).toBe('set');
  });

  it('the writes of one key arrive in the order of their calls', async () => {
    const clock = setUp().clock;
    const store = new FaultStore({ clock });
    const setup = setUp({ store, clock });
    store.inject({ on: ['set'], latency: '300ms', times: 1 });
    const writes = [
      setup.cache.set('key', 1),
      setup.cache.set('key', 2),
      setup.cache.delete('key'),
      setup.cache.set('key', 3),
    ];
    await clock.advance('400ms');
    await Promise.all(writes);
    setup.core.memory?.removeAll();
    expect(await setup.cache.get('key')).toBe(3);
    expect(store.entries.size).toBe(1);
    expectIdle(setup);
  });
});

describe('writes of one key that follow each other closely', () => {
  type Write = (setup: Setup, value: string) => Promise<unknown>;
  const set: Write = ({ cache }, value) => cache.set('key', value);
  const setMany: Write = ({ cache }, value) =>
    cache.setMany([
      { key: 'key', value },
      { key: `beside ${value}`, value },
    ]);
  const remove: Write = ({ cache }) => cache.delete('key');
  const clear: Write = ({ cache }) => cache.clear('k*');

  it.each<[string, Write, string | undefined, ...Write[]]>([
    ['set, setMany', setMany, 'last', set],
    ['setMany, setMany', setMany, 'last', setMany],
    ['delete, setMany', setMany, 'last', remove],
    ['setMany, set', set, 'last', setMany],
    ['setMany, delete', remove, undefined, setMany],
    ['setMany, clear', clear, undefined, setMany],
  ])('%s: the last one counts, in the store as well', async (_, last, expected, first) => {
    const clock = new ManualClock();
    const store = new FaultStore({ clock });
    const setup = setUp({ store, clock });
    store.inject({ latency: '10ms' });
    const earlier = first(setup, 'first');
    const later = last(setup, 'last');
    for (let i = 0; i < 10; i++) await setup.clock.advance('10ms');
    await Promise.all([earlier, later]);
    store.heal();
    expect(await setup.cache.get('key')).toBe(expected);
    const other = setUp({ store, clock, memory: false });
    expect(await other.cache.get('key')).toBe(expected);
    if (last === setMany) expect(await later).toEqual({ stored: 2, failed: [] });
  });
});
