/**
 * The long tests of eviction, in a separate process: a test file of jest looks up every global, such
 * as `Math`, through an interceptor, which makes the store and its model four times as slow.
 *
 *     node <bundle> model <eviction> <items | bytes> <operations> <seed>    throws where they differ
 *     node <bundle> scan <keys>                                             prints a hit rate in percent
 */
import type { Eviction } from 'aurora-cache';

import { compareWithModel } from './eviction-model.js';
import { hitRateDuringScan } from './eviction-workloads.js';

const [, , task, ...words] = process.argv;

if (task === 'scan') {
  process.stdout.write(String(hitRateDuringScan(Number(words[0]))));
} else {
  const [eviction, counts, operations, seed] = words;
  compareWithModel(
    eviction as Eviction,
    counts as 'items' | 'bytes',
    Number(operations),
    Number(seed),
  );
  process.stdout.write(`${operations ?? ''} operations`);
}
