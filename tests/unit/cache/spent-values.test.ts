import { Readable } from 'node:stream';

import { Cached, cached, CacheManager, cacheControl, CachePut, memoized } from 'aurora-cache';

import { expectIdle, flush, setUp } from './harness.js';

const text = async (stream: unknown): Promise<string> => {
  let all = '';
  for await (const part of stream as AsyncIterable<unknown>) all += String(part);
  return all;
};
/** The types refuse these functions; a caller without types does not hear of it. */
const untyped = <T>(fn: T): never => fn as never;

const TIERS: [string, () => object][] = [
  ['memory', () => ({})],
  ['a store behind it', () => ({ store: new Map() })],
  ['clone', () => ({ memory: { clone: true } })],
];

describe.each(TIERS)('results that can be read only once: %s', (_, tiers) => {
  it('each call of getOrSet gets its own, concurrent ones included', async () => {
    const setup = setUp(tiers());
    let loads = 0;
    const load = (): Promise<never> => Promise.resolve(Readable.from([`part ${++loads}`]) as never);
    for (const round of [1, 2]) {
      const streams = await Promise.all([1, 2, 3].map(() => setup.cache.getOrSet('key', load)));
      expect(new Set(streams).size).toBe(3);
      const texts = await Promise.all(streams.map(text));
      expect(new Set(texts).size).toBe(3);
      expect(loads).toBe(3 * round);
    }
    await flush();
    expect(await setup.cache.has('key')).toBe(false);
    expect(setup.errors).toEqual([]);
    expectIdle(setup);
  });

  it('a decorated method does too, and its controls', async () => {
    const { cache } = setUp(tiers());
    let loads = 0;
    class Files {
      @Cached({ cache, keyPrefix: 'file' })
      async open(name: string): Promise<Record<'body', AsyncIterable<string>>> {
        return await Promise.resolve({ body: Readable.from([`${name} ${++loads}`]) });
      }
    }
    const files = new Files();
    const [a, b] = await Promise.all([files.open('x'), files.open('x')]);
    expect(await text(a?.body)).not.toBe(await text(b?.body));
    const control = cacheControl(files, 'open');
    expect(await text((await control.refresh('x')).body)).toBe('x 3');
    await control.warm([['x']]);
    expect(await text((await files.open('x')).body)).toBe('x 5');
    expect(control.cacheInfo()).toMatchObject({ loads: 5, size: 0 });
  });

  it('a memoized generator begins from the start for each caller', () => {
    const { cache } = setUp(tiers());
    const count = memoized(
      untyped(function* count() {
        yield 1;
        yield 2;
      }),
      { cache, name: 'count' },
    ) as unknown as () => Iterable<number>;
    expect([...count()]).toEqual([1, 2]);
    expect([...count()]).toEqual([1, 2]);
  });
});

it('a result of @CachePut replaces what is cached by nothing', async () => {
  const { cache } = setUp();
  class Files {
    content: unknown = 'old';
    @Cached({ cache, keyPrefix: 'file' })
    async read(): Promise<unknown> {
      return await Promise.resolve(this.content);
    }
    @CachePut({ cache, method: 'read', args: () => [] })
    async write(content: unknown): Promise<unknown> {
      this.content = content;
      return await Promise.resolve(content);
    }
  }
  const files = new Files();
  expect(await files.read()).toBe('old');
  const stream = Readable.from(['new']);
  expect(await files.write(stream)).toBe(stream);
  files.content = 'newer';
  expect(await files.read()).toBe('newer');
});

it('a load that returns data again is shared again', async () => {
  const { cache } = setUp();
  const results: unknown[] = [new Response('a'), 'data', 'data', 'unused'];
  const load = cached(async () => await Promise.resolve(results.shift()), { cache, name: 'load' });
  expect(await load()).toBeInstanceOf(Response);
  expect([await load(), await load(), await load()]).toEqual(['data', 'data', 'data']);
  expect(results).toEqual(['unused']);
});

it('one warning for each method', async () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const names = ['first', 'second'];
  for (const name of [...names, ...names]) {
    const load = cached(
      untyped(async () => await Promise.resolve(new Response('a'))),
      {
        cache: new CacheManager(),
        name: `spent-${name}`,
      },
    ) as unknown as () => Promise<Response>;
    await load();
    await load();
  }
  expect(warn.mock.calls.map(([message]) => String(message))).toEqual([
    expect.stringMatching(/^spent-first returned a Request or Response/),
    expect.stringMatching(/^spent-second returned a Request or Response/),
  ]);
});

it.each(['set', 'setMany'] as const)('%s refuses them, before anything is stored', async (way) => {
  const { cache } = setUp();
  const store =
    way === 'set'
      ? cache.set('key', new Response('a'))
      : cache.setMany([
          { key: 'fine', value: 1 },
          { key: 'key', value: [Readable.from([])] },
        ]);
  await expect(store).rejects.toThrow(/value is an? .*, which can be read only once/);
  expect(await cache.has('fine')).toBe(false);
});

it('a thousand keys are remembered, and no more', async () => {
  const { cache, core } = setUp();
  for (let i = 0; i < 3000; i++) await cache.getOrSet(`many:${i}`, () => [].values() as never);
  expect(core.singleUseKeys.size).toBe(1000);
});

it.each<[string, () => object]>([...TIERS, ['freeze', () => ({ memory: { freeze: true } })]])(
  'a result that cannot be searched is no failure of the call: %s',
  async (_, tiers) => {
    const { cache } = setUp(tiers());
    const record = {
      get total(): number {
        throw new Error('total');
      },
    };
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const method = cached(
      (which: 'record' | 'proxy') => Promise.resolve({ record, proxy }[which]),
      {
        name: 'unsearchable',
        keyPrefix: 'unsearchable',
        cache,
      },
    );
    expect(await method('record')).toBe(record);
    expect(await cache.getOrSet('list', () => [proxy])).toHaveLength(1);
  },
);
