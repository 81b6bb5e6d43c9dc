import { compareWithModel } from '../support/eviction-model.js';
import { hitRateDuringScan } from '../support/eviction-workloads.js';

const SEED = Number(process.env['EVICTION_SEED'] ?? Math.floor(2 ** 32 * Math.random()));

it.each([
  ['adaptive', 'items', 6_000_000],
  ['adaptive', 'bytes', 4_000_000],
  ['lru', 'items', 500_000],
  ['lru', 'bytes', 500_000],
] as const)('%s eviction by %s over %i operations', (eviction, counts, operations) => {
  process.stdout.write(`EVICTION_SEED=${SEED}\n`);
  compareWithModel(eviction, counts, operations, SEED);
});

it('a scan of a million keys does not drive out a hot set of half the store', () => {
  expect(hitRateDuringScan(1_000_000)).toBeGreaterThan(98);
});
