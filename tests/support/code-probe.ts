/*
 * A program that uses every way to read from Redis and write to it. Prints the values that it has read,
 * and those that `code-trap.ts` has recorded. With a second argument, it makes a program from text itself.
 */
import { cached, CacheManager, type CacheOptions } from 'aurora-cache';

const [redisUrl = '', violation] = process.argv.slice(2);
const options: CacheOptions = {
  redisUrl,
  namespace: 'code',
  memory: false,
  compression: { threshold: 20_000 },
  storeTimeout: '10s',
};
const [writer, reader] = [new CacheManager(options), new CacheManager({ ...options, memory: {} })];

const rows = Array.from({ length: 200 }, (_, id) => ({ id, name: `n${String(id)}`, at: [id] }));
const values: Readonly<Record<string, unknown>> = {
  rows,
  nested: { total: 200, rows: rows.map((row) => ({ ...row, rows: rows.slice(0, 3) })) },
  typed: new Map([['at', { on: new Date(0), big: 10n, ids: new Set([1, 2]) }]]),
  plain: { id: 1 },
};

for (const [key, value] of Object.entries(values)) await writer.set(key, value, { tags: ['all'] });
await writer.setMany(rows.map(({ id }) => ({ key: `many:${String(id)}`, value: { id } })));
let equal = 0;
// Rows were once compiled after the first thousand.
for (let i = 0; i < 20; i++) {
  const found = await writer.getMany(Object.keys(values));
  for (const [key, value] of Object.entries(values)) {
    const { inspect } = await import('node:util');
    if (inspect(found.get(key), { depth: 9 }) === inspect(value, { depth: 9 })) equal++;
  }
}
const load = cached((id: number) => Promise.resolve({ id }), {
  name: 'load',
  ttl: 60,
  cache: reader,
});
const loaded = await Promise.all([load(1), load(1), load(2)]);
await reader.invalidateTags('all');
const cleared = await reader.clear('many:*');
const stats = await reader.getStats();
if (violation !== undefined) {
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- to show that the trap works
    new Function('return 1');
  } catch {
    // Refused, and noted.
  }
}
await Promise.all([writer.close(), reader.close()]);
const { codeMade } = globalThis as unknown as { codeMade: readonly string[] };
console.log(
  JSON.stringify({
    equal,
    loaded,
    cleared,
    coordinated: stats.coordinated,
    errors: stats.errors,
    codeMade,
  }),
);
