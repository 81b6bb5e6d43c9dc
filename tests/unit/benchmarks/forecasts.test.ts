import { forecastsOf } from '../../../benchmarks/eviction/forecasts.js';
import { TraceBuilder, type Trace } from '../../../benchmarks/eviction/trace.js';
import { syntheticTraces } from '../../../benchmarks/eviction/workloads.js';

describe('the estimates of the adaptive store', () => {
  it('are held against runs with the lives that they are for', () => {
    const builder = new TraceBuilder();
    for (let lap = 0; lap < 100; lap++) for (let key = 0; key < 200; key++) builder.add(key);
    const loop = builder.build('loop', 'test');
    // There is room for all keys. An entry lives for three laps, so the keys miss in every third lap;
    // with twice the life in every sixth, which are 17 of 100.
    const lives = forecastsOf(loop, 200).filter(({ option }) => option === 'life');
    expect(lives.map(({ times, measured }) => [times, measured])).toEqual([
      [2, 83],
      [5, 93],
      [10, 96],
    ]);
  });

  it('are held against runs with the sizes that they are for', () => {
    const [zipf] = syntheticTraces(10_000, 3) as [Trace];
    const sizes = forecastsOf(zipf, 100).filter(({ option }) => option === 'size');
    expect(sizes.map(({ times }) => times)).toEqual([0.5, 2, 4]);
    const measured = sizes.map((forecast) => forecast.measured);
    expect(measured).toEqual([...measured].sort((a, b) => a - b));
    // How far they may be off is the store's business; here they must not be of another run.
    for (const { estimate, measured } of sizes)
      expect(Math.abs(estimate - measured)).toBeLessThan(15);
  });
});
