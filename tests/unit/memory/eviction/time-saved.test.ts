import { MemoryStore } from 'aurora-cache';
import { ManualClock } from 'aurora-cache/testing';

import { randomFrom } from '../../../support/eviction-model.js';
import { zipf } from '../../../support/eviction-workloads.js';

const KEYS = 10_000;
const READS = 60_000;
const MAX_ITEMS = 400;

/** Share of the load time that a cache saves, in percent, on reads by Zipf's law. */
function timeSaved(costs: readonly number[], knowsCosts: boolean): number {
  const rank = zipf(KEYS, randomFrom(7));
  const store = new MemoryStore({
    maxItems: MAX_ITEMS,
    eviction: 'adaptive',
    clock: new ManualClock(),
  });
  let saved = 0;
  let total = 0;
  for (let i = 0; i < READS; i++) {
    const id = rank();
    const cost = costs[id] ?? 0;
    total += cost;
    if (store.find(`k${id}`) !== undefined) saved += cost;
    else store.put(`k${id}`, id, Infinity, [], knowsCosts ? cost : undefined);
  }
  return (100 * saved) / total;
}

function costsOf(draw: (random: () => number, id: number) => number): number[] {
  const random = randomFrom(3);
  return Array.from({ length: KEYS }, (_, id) => draw(random, id));
}

describe('adaptive eviction by the time that it saves', () => {
  it.each([
    ['go by method', costsOf((_, id) => [1, 3, 8, 20, 50, 120, 300, 800][id % 8] ?? 0)],
    ['are bimodal', costsOf((random) => (random() < 0.1 ? 800 : 1))],
  ])('saves more than by hits alone where costs %s', (_, costs) => {
    expect(timeSaved(costs, true) / timeSaved(costs, false)).toBeGreaterThan(1.1);
  });

  it('saves as much where costs are constant', () => {
    const costs = costsOf(() => 20);
    // The stores have different secrets.
    expect(timeSaved(costs, true) - timeSaved(costs, false)).toBeGreaterThan(-3);
  });
});
