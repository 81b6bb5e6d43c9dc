import { ManualClock } from 'aurora-cache/testing';

import { AdaptivePolicy } from '../../../../src/memory/eviction/adaptive.js';
import { ChangeRate } from '../../../../src/memory/eviction/change-rate.js';
import { digestOf } from '../../../../src/memory/eviction/digest.js';
import type { GhostReport } from '../../../../src/memory/eviction/ghost-report.js';
import { SeededHash } from '../../../../src/memory/eviction/seeded-hash.js';
import { MemoryTier } from '../../../../src/memory/memory-tier.js';
import { randomFrom } from '../../../support/eviction-model.js';

const KEYS = 200;
const MEAN_READ_MS = 500;
const RUN_MS = 150_000;

interface Run {
  readonly report: GhostReport;
  /** Of the hits, those that returned a value which had changed, in percent. */
  readonly outOfDate: number;
}

/**
 * Reads of keys whose values change at random times, through a store that can hold all of them.
 *
 * @param changeMs - Milliseconds from one change of a key to the next, on average.
 */
function run(
  seed: number,
  life: number,
  changeMs: (key: number) => number,
  isRegular = false,
): Run {
  const random = randomFrom(seed);
  const clock = new ManualClock();
  // A random secret would draw another sample each time.
  const secret = Int32Array.from({ length: 256 }, () => Math.floor(random() * 2 ** 32));
  const store = new MemoryTier({ maxItems: 1000, clock });
  store.usePolicy((view) => new AdaptivePolicy(view, new SeededHash(secret)));
  const until = (meanMs: number): number => -Math.log(1 - random()) * meanMs;
  const next = (key: number): number => (isRegular ? changeMs(key) : until(changeMs(key)));
  const versions = Array.from({ length: KEYS }, () => 0);
  const changes = Array.from(versions, (_, key) => until(changeMs(key)));
  let hits = 0;
  let outOfDate = 0;
  for (let now = 0; now < RUN_MS;) {
    const step = until(MEAN_READ_MS / KEYS);
    now += step;
    clock.jump(`${step}ms`);
    const key = Math.floor(random() * KEYS);
    while ((changes[key] as number) < now) {
      (versions[key] as number)++;
      changes[key] = (changes[key] as number) + next(key);
    }
    const entry = store.find(`k${key}`);
    const version = versions[key] as number;
    if (entry === undefined) {
      store.put(`k${key}`, { id: key, version }, life);
      continue;
    }
    hits++;
    if ((entry.value as { version: number }).version !== version) outOfDate++;
  }
  return { report: store.estimates() as GhostReport, outOfDate: (100 * outOfDate) / hits };
}

const outOfDateAt = (times: number, { report }: Run) => {
  const { outOfDate } = report.lives.find((one) => one.times === times) ?? report;
  return outOfDate ?? { percent: NaN, error: NaN };
};

describe('the share of hits that are out of date', () => {
  it.each<[string, (key: number) => number]>([
    ['that change seldom', () => 120_000],
    ['that change every few seconds', () => 10_000],
    ['of which half never change', (key) => (key % 2 === 0 ? 8_000 : Infinity)],
    ['that change at different rates', (key) => 2_000 * (1 + (key % 20))],
  ])('follows from reloads of values %s', (_, changeMs) => {
    const now = run(1, 4_000, changeMs);
    for (const times of [1, 2, 5, 10]) {
      const { percent, error } = outOfDateAt(times, now);
      const { outOfDate } = run(1, 4_000 * times, changeMs);
      // Beyond twice the life it is an upper bound: values that change often are soon all out of date.
      const [low, high] = [percent - error, times > 2 ? Infinity : percent + error];
      const isWithin = outOfDate > low && outOfDate < high;
      expect({ times, outOfDate, percent, error, isWithin }).toMatchObject({ isWithin: true });
      if (times <= 2) expect(Math.abs(percent - outOfDate)).toBeLessThan(5);
    }
  });

  const life = { createdAt: 0, freshUntil: 10, hits: 1 };
  const one = (): number => 1;
  const two = (): number => 2;

  it.each([900, 4_000, 20_000])(
    'lies within its margin when values change at regular intervals, of %s ms',
    (changeMs) => {
      const now = run(1, 4_000, () => changeMs, true);
      for (const times of [1, 2]) {
        const { percent, error } = outOfDateAt(times, now);
        const { outOfDate } = run(1, 4_000 * times, () => changeMs, true);
        expect(Math.abs(percent - outOfDate)).toBeLessThan(error);
      }
    },
  );

  it('is not known until enough entries of enough keys have expired and been loaded again', () => {
    const rates = new ChangeRate();
    for (let i = 0; i < 90; i++) {
      expect(rates.outOfDate(1)).toBeUndefined();
      const hash = Math.max(0, i - 80);
      rates.expired(hash, life, one);
      rates.loaded(hash, 10, one);
    }
    expect(rates.outOfDate(1)).toMatchObject({ percent: 0 });
  });

  it('does not follow from keys that were invalidated, or from copies of the same load', () => {
    const rates = new ChangeRate();
    for (let hash = 0; hash < 100; hash++) {
      rates.expired(hash, life, one);
      rates.forget(hash);
      rates.loaded(hash, 10, two);
      rates.expired(hash, life, one);
      rates.loaded(hash, life.createdAt, two);
    }
    expect(rates.outOfDate(1)).toBeUndefined();
  });

  it('does not look again at values that cannot be compared', () => {
    const rates = new ChangeRate();
    const none = jest.fn(() => undefined);
    for (let i = 0; i < 10; i++) {
      rates.expired(1, life, none);
      rates.loaded(1, 10, none);
    }
    expect(none).toHaveBeenCalledTimes(1);
  });

  it('remembers a bounded number of keys, the latest ones', () => {
    const rates = new ChangeRate();
    for (let hash = 0; hash < 2000; hash++) rates.expired(hash, life, one);
    const digest = jest.fn(one);
    for (const hash of [975, 976]) rates.loaded(hash, 10, digest);
    expect(digest).toHaveBeenCalledTimes(1);
  });

  it('stays within its bounds when all values change at once', () => {
    const rates = new ChangeRate();
    for (let hash = 0; hash < 100; hash++) {
      rates.expired(hash, life, one);
      rates.loaded(hash, 1, two);
    }
    const { percent = NaN, error = NaN } = rates.outOfDate(10) ?? {};
    expect(percent).toBeGreaterThan(90);
    expect(percent).toBeLessThanOrEqual(100);
    expect(error).toBeLessThanOrEqual(100);
  });
});

describe('the digest of a value', () => {
  const hash = new SeededHash();
  const digest = (value: unknown): number | undefined => digestOf(value, hash);

  it('is the same for equal contents only', () => {
    const value = (id: number) => ({ id, tags: new Set(['a']), at: new Date(id), rows: [{ id }] });
    expect(digest(value(1))).toBe(digest(value(1)));
    const values = [
      ...[value(1), value(2), 1, '1', true, null, undefined, [], [1], {}, NaN, 0, -0],
      ...[new Map([[1, 2]]), new Set([1, 2]), new Date(1), { 0: 1 }, ['List('], new Map(), 1n],
      ...[{ 'a=': '' }, { a: '=' }, "'", '', [[], []], [[[]]]],
      ...[['a', 'b'], ["a\n'b"], ["a\n'1:b"], ['a', '1:b'], { a: 1, b: 2 }, { 'a=\n1\nb': 2 }],
    ];
    expect(new Set(values.map(digest)).size).toBe(values.length);
  });

  it('does not exist for values that are large, or whose contents cannot be seen', () => {
    const fail = (): never => {
      throw new Error('no');
    };
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const trap = Object.defineProperty({}, 'x', {
      enumerable: true,
      get: fail,
    });
    const detached = new Uint8Array(8);
    structuredClone(detached, { transfer: [detached.buffer] });
    const ofProxy: unknown = Object.create(new Proxy({}, { getPrototypeOf: () => fail() }));
    const values = [
      ...['x'.repeat(20_000), new Uint8Array(8), detached, Array(1e6).fill(1), cycle, trap],
      ...[
        () => 1,
        2n ** 300n,
        Symbol('a'),
        new WeakMap(),
        new URL('https://example.org'),
        /a/,
        ofProxy,
      ],
      ...[
        new Proxy({}, {}),
        new (class extends Map {})(),
        new (class Money {})(),
        { [Symbol('a')]: 1 },
      ],
      ...[Object.create(Map.prototype), Object.create(Date.prototype)],
    ];
    for (const [i, value] of values.entries()) expect([i, digest(value)]).toEqual([i, undefined]);
  });

  it('runs no code of a value, which could use the store while that removes an entry', () => {
    const clock = new ManualClock();
    const store = new MemoryTier({ maxItems: 50, clock });
    store.usePolicy((view) => new AdaptivePolicy(view));
    const calls: string[] = [];
    const trap = (key: string): object => ({
      get contents() {
        calls.push(key);
        for (let i = 0; i < 60; i++) store.put(`${key}:${i}`, i, 1000);
        return key;
      },
      toJSON: () => calls.push(key),
      toCacheKey: () => calls.push(key),
    });
    for (let round = 0; round < 20; round++) {
      for (let id = 0; id < 50; id++) {
        if (store.find(`k${id}`) === undefined) store.put(`k${id}`, trap(`k${id}`), 10);
      }
      clock.jump('20ms');
    }
    expect(calls).toEqual([]);
    expect(store.size).toBe(50);
  });
});
