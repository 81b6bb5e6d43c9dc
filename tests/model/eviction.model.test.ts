import { compareWithModel } from '../support/eviction-model.js';

const SEED = Number(process.env['EVICTION_SEED'] ?? Math.floor(2 ** 32 * Math.random()));

it.each([
  ['adaptive', 'items'],
  ['adaptive', 'bytes'],
  ['lru', 'items'],
  ['lru', 'bytes'],
] as const)('%s eviction by %s loses, doubles and exceeds nothing', (eviction, counts) => {
  process.stdout.write(`EVICTION_SEED=${SEED}\n`);
  compareWithModel(eviction, counts, 50_000, SEED);
});
