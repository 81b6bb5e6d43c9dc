import { syntheticTraces } from '../../../../benchmarks/eviction/workloads.js';
import type { Trace } from '../../../../benchmarks/eviction/trace.js';
import { AdaptivePolicy } from '../../../../src/memory/eviction/adaptive.js';
import type { GhostEstimate, GhostReport } from '../../../../src/memory/eviction/ghost-report.js';
import { MemoryTier } from '../../../../src/memory/memory-tier.js';
import { hashFrom, TimerlessClock } from '../../../support/eviction-workloads.js';

const SAMPLES = 6;

interface Store {
  readonly entries: number;
  /** Of an entry, in requests. */
  readonly life: number;
}

/** Requests for one of the built-in workloads, with the secrets of several samples of its keys. */
class Workload {
  private readonly requests: readonly string[];
  /** Entries for 5 % of the keys. */
  readonly entries: number;

  constructor(name: string, requests: number) {
    const trace = syntheticTraces(requests, 42).find((one) => one.name === name) as Trace;
    this.requests = Array.from(trace.requests, (number) => `key ${number}`);
    this.entries = Math.round(0.05 * trace.keys);
  }

  /** @param seed - Of the sample of keys. */
  replay({ entries, life }: Store, seed: number): { hitRate: number; report: GhostReport } {
    // One millisecond per request.
    const clock = new TimerlessClock();
    const tier = new MemoryTier({ maxItems: entries, clock });
    tier.usePolicy((store) => new AdaptivePolicy(store, hashFrom(seed)));
    let hits = 0;
    for (const key of this.requests) {
      clock.time++;
      if (tier.find(key) === undefined) tier.put(key, 1, life);
      else hits++;
    }
    return {
      hitRate: (100 * hits) / this.requests.length,
      report: tier.estimates() as GhostReport,
    };
  }

  reports(store: Store): GhostReport[] {
    return Array.from({ length: SAMPLES }, (_, seed) => this.replay(store, seed).report);
  }
}

function offBy({ hitRate, times }: GhostEstimate, truths: ReadonlyMap<number, number>): number {
  return Math.abs(hitRate - (truths.get(times) ?? NaN));
}

describe('the estimates of ghosts, from 6 samples of the keys', () => {
  it('lie within the errors that they state', () => {
    const zipf = new Workload('zipf', 30_000);
    const { entries } = zipf;
    const life = 3 * entries;
    const truths = new Map(
      [2, 5, 10].map((times) => [
        times,
        zipf.replay({ entries, life: times * life }, SAMPLES).hitRate,
      ]),
    );
    const estimates = zipf.reports({ entries, life }).flatMap(({ lives }) => lives);
    expect(estimates).toHaveLength(3 * SAMPLES);
    // Errors that are large enough for anything would say nothing.
    expect(Math.max(...estimates.map(({ error }) => error))).toBeLessThan(8);
    // The errors are those of 95 in 100 samples.
    const far = estimates.filter((estimate) => offBy(estimate, truths) > estimate.error);
    expect(far.length).toBeLessThanOrEqual(1);
  });

  it('are right about larger stores where a loop exceeds the store', () => {
    const loop = new Workload('loop', 40_000);
    const { entries } = loop;
    const life = Infinity;
    const truths = new Map(
      [0.5, 2, 4].map((times) => [
        times,
        loop.replay({ entries: Math.round(times * entries), life }, SAMPLES).hitRate,
      ]),
    );
    const estimates = loop.reports({ entries, life }).flatMap(({ sizes }) => sizes);
    expect(estimates).toHaveLength(3 * SAMPLES);
    expect(estimates.map((one) => offBy(one, truths)).filter((points) => points > 2)).toEqual([]);
  });
});
