import { methodStats, timingStats } from '../../../src/cache/statistics.js';
import { Latency } from '../../../src/stats/latency.js';
import { MethodCounters } from '../../../src/stats/method-counters.js';
import { SlowLog } from '../../../src/stats/slow-log.js';
import { summaryOf } from '../../../src/stats/summary.js';
import { TimingCounters, TimingRegistry } from '../../../src/stats/timing-registry.js';

describe('latency', () => {
  it('is all zeros before the first duration is recorded', () => {
    expect(summaryOf(new Latency().recorded)).toEqual({
      count: 0,
      mean: 0,
      p50: 0,
      p90: 0,
      p99: 0,
      max: 0,
    });
  });

  it('gives percentiles in milliseconds, within about a hundredth', () => {
    const latency = new Latency();
    for (let ms = 1; ms <= 1000; ms++) latency.record(ms);
    const { count, mean, p50, p90, p99, max } = summaryOf(latency.recorded);
    expect(count).toBe(1000);
    for (const [figure, expected] of [
      [mean, 500],
      [p50, 500],
      [p90, 900],
      [p99, 990],
      [max, 1000],
    ] as const) {
      expect(Math.abs(figure - expected)).toBeLessThan(expected * 0.02);
    }
  });

  it('takes what a clock may say: nothing, less than nothing, days', () => {
    const latency = new Latency();
    for (const ms of [0, -5, 0.0001, 1e12]) latency.record(ms);
    expect(summaryOf(latency.recorded)).toMatchObject({ count: 4, p50: 0.001 });
    expect(summaryOf(latency.recorded).max).toBeGreaterThan(3_500_000);
  });
});

describe('the slow log', () => {
  it('keeps the newest, newest first, and counts all', () => {
    const log = new SlowLog<number>(100);
    for (let i = 1; i <= 50; i++) log.add(i);
    expect(log.recent().slice(0, 2)).toEqual([50, 49]);
    for (let i = 51; i <= 10_000; i++) log.add(i);
    expect(log.recent()).toEqual(Array.from({ length: 100 }, (_, i) => 10_000 - i));
    expect(log.total).toBe(10_000);
    log.recent().length = 0;
    expect(log.recent()).toHaveLength(100);
  });
});

describe('the registry of timed methods', () => {
  it('has one set of counters for each name, and lists no more than its bound', () => {
    const registry = new TimingRegistry();
    expect(registry.countersOf('a', 10)).toBe(registry.countersOf('a', 20));
    for (let i = 0; i < 12_000; i++) registry.countersOf(`m${i}`, 10).errors++;
    expect([...registry.all()]).toHaveLength(10_000);
  });

  it('its snapshots are plain data and stand still', () => {
    const counters = new TimingCounters('a', 10);
    counters.durations.record(5);
    const before = timingStats(counters);
    counters.durations.record(5);
    expect(structuredClone(before)).toEqual(before);
    expect([before.calls, timingStats(counters).calls]).toEqual([1, 2]);
  });
});

describe('a method’s counters', () => {
  it('say what hits saved: for each, the mean load until then', () => {
    const counters = new MethodCounters('Users.find');
    counters.recordLoad(100);
    counters.hits = 30;
    counters.misses = 10;
    expect(methodStats(counters)).toMatchObject({
      name: 'Users.find',
      hitRate: 75,
      timeSavedMs: 3000,
    });
    counters.recordLoad(0);
    expect(counters.timeSavedMs).toBe(3000);
    counters.hits += 10;
    expect(counters.timeSavedMs).toBe(3500);
  });

  it('say what hits saved, which never falls', () => {
    const counters = new MethodCounters('Users.find');
    let before = 0;
    for (let i = 0; i < 1000; i++) {
      counters.hits += i % 7;
      counters.recordLoad(1000 / (i + 1));
      expect(counters.timeSavedMs).toBeGreaterThanOrEqual(before);
      before = counters.timeSavedMs;
    }
  });
});
