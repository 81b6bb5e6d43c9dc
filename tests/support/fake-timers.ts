/** The behaviour of a cache on the system clock under the fake timers of a test runner. */
import { CacheManager } from 'aurora-cache';

/** A test runner's fake timers. */
export interface FakeTimers {
  /** Replaces `Date` and timers; time stands still from now on. */
  enable(): void;
  tick(ms: number): void;
  disable(): void;
}

/**
 * Runs a cache through fake time.
 *
 * @returns The values read by each step, to be compared with {@link EXPECTED}.
 */
export async function underFakeTimers(timers: FakeTimers): Promise<Record<string, unknown>> {
  const read: Record<string, unknown> = {};
  const cache = new CacheManager();
  await cache.set('made before', 1, { ttl: 10 });
  timers.enable();
  await cache.set('made within', 1, { ttl: 10 });
  // Hits in a row share a reading of the clock, but not across a tick.
  for (let i = 0; i < 100; i++) await cache.get('made within');
  timers.tick(5000);
  read['half of the life'] = [await cache.get('made before'), await cache.get('made within')];
  timers.tick(5000);
  read['the life'] = [await cache.get('made before'), await cache.get('made within')];
  const swept: string[] = [];
  const within = new CacheManager();
  within.on('evict', ({ key }) => swept.push(key));
  await within.set('gone', 1, { ttl: 5 });
  await within.set('here', 1, { ttl: '1h' });
  timers.tick(70_000);
  read['swept'] = swept;
  await within.close();
  await cache.set('for later', 1, { ttl: '1h' });
  timers.disable();
  read['real time again'] = await cache.get('for later');
  await cache.close();
  return read;
}

/** The outcome of {@link underFakeTimers}. */
export const EXPECTED = {
  'half of the life': [1, 1],
  'the life': [undefined, undefined],
  swept: ['gone'],
  'real time again': 1,
};
