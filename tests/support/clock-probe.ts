/**
 * Sets the time of day of this process, which libfaketime lets it do, and says what of a cache is still
 * served. Prints JSON.
 *
 *     node --import tsx tests/support/clock-probe.ts <offset> [redis url]
 *
 * The offset is in libfaketime's form: `-1h`, `+1h`. The environment names the library in `LD_PRELOAD`
 * and its control file in `FAKETIME_TIMESTAMP_FILE`; the monotonic clock must be left alone.
 */
import { writeFileSync } from 'node:fs';

import { cached, CacheManager, memoized, MemoryStore } from 'aurora-cache';

/** The result of the probe. */
export interface ClockReport {
  /** By how much the time of day has moved, in milliseconds: whether the probe means anything. */
  readonly movedMs: number;
  /** By case: served within its life, and after it. */
  readonly served: Readonly<Record<string, readonly [within: boolean, after: boolean]>>;
}

const [, , offset = '-1h', url = ''] = process.argv;
const control = process.env['FAKETIME_TIMESTAMP_FILE'] ?? '';
// Long enough for a busy machine to read it within: a life of which a third has passed.
const LIFE_MS = 6000;
const ttl = LIFE_MS / 1000;

const passes = async (ms: number): Promise<void> => {
  const end = performance.now() + ms;
  while (performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
};

const memory = new CacheManager();
const plain = new CacheManager({ store: new Map(), memory: false });
const redis =
  url === ''
    ? undefined
    : new CacheManager({ redisUrl: url, namespace: `probe${String(process.pid)}` });
const store = new MemoryStore();
let loads = 0;
const get = cached(() => Promise.resolve(++loads), { name: 'get', cache: memory, ttl });
const square = memoized((id: number) => ({ id }), { name: 'square', cache: memory, ttl });

const first = square(1);
const cases: Record<string, () => unknown> = {
  '@Cached': async () => (await get()) === 1,
  memoized: () => square(1) === first,
  get: async () => (await memory.get('k')) !== undefined,
  MemoryStore: async () => (await store.get('k')) !== undefined,
  ...(redis !== undefined && { Redis: async () => (await redis.get('k')) !== undefined }),
};

await redis?.set('k', 1, { ttl });
await redis?.get('k');
await get();
await memory.set('k', 1, { ttl });
await plain.set('k', 1, { ttl });
await store.set('k', 1, LIFE_MS);

const before = Date.now() - performance.now();
writeFileSync(control, offset);
const movedMs = Math.round(Date.now() - performance.now() - before);

const within: boolean[] = [];
for (const serves of Object.values(cases)) within.push((await serves()) === true);
const plainWithin = await plain.get('k');
await passes(LIFE_MS);
const served: Record<string, [boolean, boolean]> = {};
for (const [i, [name, serves]] of Object.entries(cases).entries()) {
  served[name] = [within[i] === true, (await serves()) === true];
}
served['a Map'] = [plainWithin !== undefined, (await plain.get('k')) !== undefined];
await redis?.close();
const report: ClockReport = { movedMs, served };
console.log(JSON.stringify(report));
process.exit();
