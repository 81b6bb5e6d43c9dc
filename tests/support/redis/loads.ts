import { coreOf, journalOf } from '../../coherence/sabotage.js';
import { until } from '../until.js';
import type { Watched } from './watched.js';

/** Loads the keys in one process, and waits until Redis has them for the others. */
export async function load(
  { cache }: Watched,
  keys: readonly string[],
  value: string,
): Promise<void> {
  await Promise.all(keys.map((key) => cache.getOrSet(key, () => value, { ttl: '1h' })));
  await until('all are stored', async () => {
    const { shared } = coreOf(cache);
    const stored = await Promise.all(keys.map(async (key) => await shared?.read(key)));
    return !stored.includes(undefined);
  });
}

/** How many of the keys a process has to load. */
export async function loadsOf({ cache }: Watched, keys: readonly string[]): Promise<number> {
  let loads = 0;
  const loader = (): string => {
    loads++;
    return 'loaded';
  };
  await Promise.all(keys.map((key) => cache.getOrSet(key, loader)));
  return loads;
}

/** Waits until a process is well and has a value under none of the keys: messages take their time. */
export async function untilNoneHas(
  value: string,
  one: Watched,
  keys: readonly string[],
): Promise<void> {
  await until(`nothing has the value ${value}`, async () => {
    await one.untilWell();
    return ![...(await one.cache.getMany(keys)).values()].includes(value);
  });
}

/**
 * Waits until the store has the number of a process's latest invalidation, which follows the
 * acknowledgement: without it, a store that forgets nothing would be taken for one that does.
 */
export async function untilNumbered({ cache }: Watched): Promise<void> {
  const journal = journalOf(coreOf(cache)) as unknown as { noted: number; last: number };
  await until('the store has the number', () => Promise.resolve(journal.noted === journal.last));
}
