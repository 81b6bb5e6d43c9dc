import fc from 'fast-check';

import { shippedStores } from '../../../benchmarks/eviction/contestants.js';
import { optimalHits } from '../../../benchmarks/eviction/optimum.js';
import { contentsOf, replay, total } from '../../../benchmarks/eviction/replay.js';
import { TraceBuilder, type Trace } from '../../../benchmarks/eviction/trace.js';
import { syntheticTraces } from '../../../benchmarks/eviction/workloads.js';

function traceOf(keys: Iterable<string | number>): Trace {
  const builder = new TraceBuilder();
  for (const key of keys) builder.add(key);
  return builder.build('by hand', 'test');
}

/** Tries every choice that a policy has, rejecting the new entry included. */
function bestOfAllChoices({ requests }: Trace, entries: number): number {
  let reachable = new Map<string, number>([['', 0]]);
  for (const key of requests) {
    const following = new Map<string, number>();
    const reach = (held: readonly number[], hits: number): void => {
      const state = [...held].sort((a, b) => a - b).join();
      following.set(state, Math.max(hits, following.get(state) ?? 0));
    };
    for (const [state, hits] of reachable) {
      const held = state === '' ? [] : state.split(',').map(Number);
      const isHit = held.includes(key);
      const candidates = isHit ? held : [...held, key];
      if (candidates.length <= entries) reach(candidates, hits + (isHit ? 1 : 0));
      else
        for (const gone of candidates)
          reach(
            candidates.filter((k) => k !== gone),
            hits,
          );
    }
    reachable = following;
  }
  return Math.max(...reachable.values());
}

describe("Bélády's optimum", () => {
  it.each([
    // b is rejected in favour of a, and c of a.
    ['abacab', 1, 2],
    // a and b stay, c is rejected every time.
    ['abcabcabc', 2, 4],
    ['abcabcabc', 3, 6],
    ['abcdef', 3, 0],
    ['aaaa', 1, 3],
    // The textbooks' page references: 9 faults, of which one goes where 4 can be rejected.
    ['70120304230321201701', 3, 12],
    ['', 3, 0],
  ])('has of %s in %d entries %d hits', (keys, entries, hits) => {
    expect(optimalHits(traceOf(keys), entries)).toBe(hits);
  });

  it('is the best of all choices', () => {
    const keys = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 16 });
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 3 }), (requests, entries) => {
        const trace = traceOf(requests);
        expect(optimalHits(trace, entries)).toBe(bestOfAllChoices(trace, entries));
      }),
    );
  });

  it('is all that can hit in a cache with room for all keys, and no store exceeds it', () => {
    for (const trace of syntheticTraces(2000, 1)) {
      expect(optimalHits(trace, trace.keys)).toBe(trace.requests.length - trace.keys);
      for (const entries of [1, 20, 100]) {
        const optimum = optimalHits(trace, entries);
        for (const { make } of shippedStores) {
          const hits = total(replay(trace, contentsOf(trace), make(entries)));
          expect(hits).toBeLessThanOrEqual(optimum);
        }
      }
    }
  });
});
