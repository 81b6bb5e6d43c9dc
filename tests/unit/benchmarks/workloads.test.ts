import {
  COST_MODELS,
  costsOf,
  timeSaved,
  unboundedHits,
} from '../../../benchmarks/eviction/costs.js';
import { requestsByKey, TraceBuilder, type Trace } from '../../../benchmarks/eviction/trace.js';
import { syntheticTraces } from '../../../benchmarks/eviction/workloads.js';

const named = (traces: readonly Trace[], name: string): Trace => {
  const found = traces.find((trace) => trace.name === name);
  if (found === undefined) throw new Error(`There is no workload '${name}'.`);
  return found;
};

describe('the built-in workloads', () => {
  const traces = syntheticTraces(20_000, 5);

  it('are the same for the same seed, and others for another', () => {
    const isSame = (other: Trace): boolean =>
      Buffer.from(other.requests.buffer).equals(
        Buffer.from(named(traces, other.name).requests.buffer),
      );
    expect(syntheticTraces(20_000, 5).map(isSame)).toEqual(traces.map(() => true));
    const others = syntheticTraces(20_000, 6).filter(({ name }) => name !== 'loop');
    expect(others.map(isSame)).toEqual(others.map(() => false));
  });

  it('have the traits that they are named for', () => {
    for (const { requests } of traces) expect(requests).toHaveLength(20_000);
    const sorted = (name: string): number[] =>
      [...requestsByKey(named(traces, name))].sort((a, b) => b - a);

    const zipf = sorted('zipf');
    // The first of 2,000 ranks is drawn (1/100)^-0.9 = 63 times as often as the hundredth.
    expect((zipf[0] as number) / (zipf[99] as number)).toBeGreaterThan(30);
    // A fifth of the requests of `scan` are to keys that occur once.
    expect(sorted('scan').filter((count) => count === 1).length).toBeGreaterThan(4000);
    expect(new Set(sorted('loop'))).toEqual(new Set([100]));
    // The most popular key has its share for a tenth of the time.
    expect(sorted('shifting')[0]).toBeLessThan((zipf[0] as number) / 3);

    const { requests, keys } = named(traces, 'bursts');
    expect(requests.length / keys).toBeGreaterThan(3);
    expect(requests.length / keys).toBeLessThan(5);
    const last = requests.lastIndexOf(0);
    expect(last).toBeLessThan(requests.length / 4);
  });
});

describe('the cost models', () => {
  it('weigh hits and requests by load times', () => {
    const builder = new TraceBuilder();
    for (const key of 'aabbbc') builder.add(key);
    const trace = builder.build('by hand', 'test');
    const costs = Float64Array.of(100, 10, 1);
    // Two loads of 100 ms, three of 10 and one of 1 are 231 ms without a cache.
    expect(timeSaved(trace, Uint32Array.of(1, 0, 0), costs)).toBeCloseTo(100 / 231);
    expect(timeSaved(trace, Uint32Array.of(0, 2, 0), costs)).toBeCloseTo(20 / 231);
    expect([...unboundedHits(trace)]).toEqual([1, 2, 0]);
    expect(timeSaved(trace, unboundedHits(trace), costs)).toBeCloseTo(120 / 231);
  });

  it('draw what their names say, the same for the same seed', () => {
    const drawn = COST_MODELS.map((model) => costsOf(model, 20_000, 7));
    for (const [i, model] of COST_MODELS.entries()) {
      expect(costsOf(model, 20_000, 7).every((ms, key) => ms === drawn[i]?.[key])).toBe(true);
    }
    const [constant, methods, bimodal, one, oneAndHalf] = drawn as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    expect(new Set(constant).size).toBe(1);
    expect(new Set(methods).size).toBe(8);
    expect([Math.min(...methods), Math.max(...methods)].map(Math.round)).toEqual([1, 800]);
    expect(bimodal.filter((ms) => ms === 800).length / 20_000).toBeCloseTo(0.1, 1);
    const deviation = (costs: Float64Array): number => {
      const logs = costs.map(Math.log);
      const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
      return Math.sqrt(logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / logs.length);
    };
    expect(deviation(one)).toBeCloseTo(1, 1);
    expect(deviation(oneAndHalf)).toBeCloseTo(1.5, 1);
  });
});
