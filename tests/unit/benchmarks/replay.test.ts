import { shippedStores } from '../../../benchmarks/eviction/contestants.js';
import { COST_MODELS } from '../../../benchmarks/eviction/costs.js';
import { contentsOf, KEY_LENGTH, replay, total } from '../../../benchmarks/eviction/replay.js';
import { simulate } from '../../../benchmarks/eviction/simulate.js';
import { meanTimes } from '../../../benchmarks/eviction/tables.js';
import { TraceBuilder, type Trace } from '../../../benchmarks/eviction/trace.js';
import { syntheticTraces } from '../../../benchmarks/eviction/workloads.js';

const lru = shippedStores[0] as (typeof shippedStores)[number];

/** Hits of an LRU cache, by looking at all entries at every eviction. */
function hitsOfPlainLru({ requests, keys }: Trace, entries: number): Uint32Array {
  const hits = new Uint32Array(keys);
  const lastUse = new Map<number, number>();
  for (const [now, key] of requests.entries()) {
    if (lastUse.has(key)) hits[key] = (hits[key] as number) + 1;
    lastUse.set(key, now);
    if (lastUse.size > entries) {
      const [oldest] = [...lastUse].reduce((one, other) => (one[1] < other[1] ? one : other));
      lastUse.delete(oldest);
    }
  }
  return hits;
}

const size = (entries: number) => ({ label: '', entriesFor: () => entries });

describe('the replay of a trace', () => {
  it.each(syntheticTraces(3000, 2).map((trace) => [trace.name, trace] as const))(
    'finds the hits that a plain model of LRU has: %s',
    (_, trace) => {
      for (const entries of [1, 20, 150]) {
        const hits = replay(trace, contentsOf(trace), lru.make(entries));
        expect(hits).toEqual(hitsOfPlainLru(trace, entries));
      }
    },
  );

  it('counts by hand', () => {
    const builder = new TraceBuilder();
    // a, b and c miss; a is the least recently used when c comes; b hits; a misses, and so does c.
    for (const key of 'abcbac') builder.add(key);
    const trace = builder.build('by hand', 'test');
    expect([...replay(trace, contentsOf(trace), lru.make(2))]).toEqual([0, 1, 0]);
  });

  it('uses keys of the length that it states', () => {
    expect(contentsOf({ keys: 2 }).texts.map(({ length }) => length)).toEqual([
      KEY_LENGTH,
      KEY_LENGTH,
    ]);
  });

  it('passes the duration of each load to a store that weighs costs, and nothing to the others', () => {
    const builder = new TraceBuilder();
    for (const key of 'aba') builder.add(key);
    const trace = builder.build('by hand', 'test');
    const told: (number | undefined)[] = [];
    const forgetful = {
      get: () => undefined,
      set: (..._: unknown[]) => told.push(undefined),
      setWithCost: (_key: string, _value: object, cost: number) => told.push(cost),
      delete: () => false,
    };
    replay(trace, contentsOf(trace), forgetful, Float64Array.of(10, 800));
    replay(trace, contentsOf(trace), forgetful);
    expect(told).toEqual([10, 800, 10, undefined, undefined, undefined]);
  });

  it('saves more time where the adaptive store knows the costs', () => {
    const traces = syntheticTraces(5000, 2).filter(({ name }) =>
      ['zipf', 'shifting'].includes(name),
    );
    const outcomes = traces.flatMap((trace) => simulate(trace, [size(50)], shippedStores, 2));
    for (const model of COST_MODELS) {
      const { byHits, byCosts } = meanTimes(outcomes, model, 'MemoryStore, adaptive', 2);
      expect(byCosts / byHits).toBeGreaterThan(model.aim === undefined ? 0.9 : 1);
    }
  });

  it('refuses a store that returns the value of another key', () => {
    const [trace] = syntheticTraces(100, 3) as [Trace];
    let last: object | undefined;
    const wrong = { get: () => last, set: (_: string, value: object) => (last = value) };
    expect(() => replay(trace, contentsOf(trace), { ...wrong, delete: () => true })).toThrow(
      'value of another key',
    );
  });

  it('refuses a store that holds more than it may', () => {
    const [trace] = syntheticTraces(2000, 4) as [Trace];
    const unbounded = { name: 'unbounded', make: () => new Map<string, object>() };
    expect(() => simulate(trace, [size(20)], [lru, unbounded], 1)).toThrow(
      /^unbounded had \d+ hits/,
    );
    const [outcome] = simulate(trace, [size(20)], [lru], 1);
    expect(total(outcome?.hits.get(lru.name) ?? new Uint32Array())).toBeLessThan(
      outcome?.optimum ?? 0,
    );
  });
});
