import { CacheManager } from 'aurora-cache';
import { ManualClock } from 'aurora-cache/testing';

describe('ManualClock', () => {
  it('stands still until it is advanced', async () => {
    const clock = new ManualClock(1000);
    expect([clock.now(), clock.monotonic()]).toEqual([1000, 0]);
    await clock.advance('250ms');
    clock.jump(1);
    expect([clock.now(), clock.monotonic()]).toEqual([2250, 1250]);
  });

  it('fires timers in their order, each at its own time', async () => {
    const clock = new ManualClock(0);
    const fired: [string, number][] = [];
    const at = (name: string, ms: number) =>
      clock.setTimeout(() => fired.push([name, clock.now()]), ms);
    at('c', 30);
    at('a', 10);
    at('b', 10);
    at('negative', -5);
    at('later', 51);
    await clock.advance('50ms');
    expect(fired).toEqual([
      ['negative', 0],
      ['a', 10],
      ['b', 10],
      ['c', 30],
    ]);
    expect([clock.now(), clock.pending]).toEqual([50, 1]);
  });

  it('fires what timers set on the way, and not what was cleared', async () => {
    const clock = new ManualClock(0);
    const fired: number[] = [];
    const again = (): void => {
      fired.push(clock.now());
      if (fired.length < 3) clock.setTimeout(again, 10);
    };
    clock.setTimeout(again, 10);
    const cleared = clock.setTimeout(again, 15);
    clock.clearTimeout(cleared);
    clock.clearTimeout(undefined);
    await clock.advance('1s');
    expect(fired).toEqual([10, 20, 30]);
  });

  it('gives promises their turn before the next timer fires', async () => {
    const clock = new ManualClock(0);
    const order: string[] = [];
    const chain = async (name: string): Promise<void> => {
      for (let i = 0; i < 20; i++) await Promise.resolve();
      order.push(name);
    };
    clock.setTimeout(() => void chain('first'), 10);
    clock.setTimeout(() => order.push('second'), 11);
    await clock.advance('20ms');
    expect(order).toEqual(['first', 'second']);
  });

  it('never goes back: a callback may jump, and two may advance it at once', async () => {
    const clock = new ManualClock(0);
    clock.setTimeout(() => {
      clock.jump('1h');
    }, 10);
    await clock.advance('20ms');
    expect(clock.now()).toBe(3_600_010);
    clock.setTimeout(() => undefined, 5000);
    const times = [clock.now()];
    await Promise.all([
      clock.advance('10s').then(() => times.push(clock.now())),
      clock.advance('1s').then(() => times.push(clock.now())),
    ]);
    times.push(clock.now());
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(clock.now()).toBe(3_610_010);
  });

  it('a jump fires nothing, the next advance what is overdue', async () => {
    const clock = new ManualClock(0);
    const fired = jest.fn();
    clock.setTimeout(fired, 10);
    clock.jump('1m');
    expect(fired).not.toHaveBeenCalled();
    await clock.advance('1ms');
    expect(fired).toHaveBeenCalledTimes(1);
    expect(clock.now()).toBe(60_001);
  });

  it.each([-1, NaN, 'soon'])('refuses %p', async (duration) => {
    const clock = new ManualClock();
    await expect(clock.advance(duration as number)).rejects.toThrow(/advance/);
    expect(() => {
      clock.jump(duration as number);
    }).toThrow(/jump/);
  });

  it('goes from one due timer to the next, however far and however many', async () => {
    const clock = new ManualClock(0);
    const fired: number[] = [];
    const count = 2000;
    // In an order that is neither that of the times nor its reverse; every third is cleared.
    const timers = Array.from({ length: count }, (_, i) => {
      const ms = ((i * 7919) % count) * 1000;
      return clock.setTimeout(() => fired.push(clock.now()), ms);
    });
    timers.forEach((timer, i) => {
      if (i % 3 === 0) clock.clearTimeout(timer);
    });
    const turns = jest.spyOn(globalThis, 'setImmediate');
    await clock.advance('7d');
    const left = timers.flatMap((_, i) => (i % 3 === 0 ? [] : [((i * 7919) % count) * 1000]));
    expect(fired).toEqual(left.sort((a, b) => a - b));
    expect(clock.pending).toBe(0);
    expect(clock.now()).toBe(7 * 86_400_000);
    expect(turns.mock.calls.length).toBeLessThan(4 * count);
  });

  it('does not grow by timers that are set again and again', async () => {
    const clock = new ManualClock(0);
    let fired = 0;
    const tick = (): void => {
      fired++;
      clock.clearTimeout(clock.setTimeout(tick, 5));
      clock.setTimeout(tick, 10);
    };
    tick();
    await clock.advance('30s');
    expect(fired).toBe(3001);
    expect(clock.pending).toBe(1);
    expect((clock as unknown as { queue: unknown[] }).queue.length).toBeLessThan(1100);
  });

  it.each([
    ['memory', undefined],
    ['a Map behind it', new Map()],
  ])('passes a week of a cache that is not used in a few turns: %s', async (_, store) => {
    const clock = new ManualClock();
    const cache = new CacheManager({ clock, store });
    for (let i = 0; i < 2000; i++) await cache.set(`k${String(i)}`, i, { ttl: '30d' });
    await cache.set('short', 1, { ttl: '1h' });
    const turns = jest.spyOn(globalThis, 'setImmediate');
    await clock.advance('7d');
    expect(turns.mock.calls.length).toBeLessThan(1000);
    expect((await cache.getStats()).memoryKeys).toBeLessThanOrEqual(1000);
    await cache.close();
    expect(clock.pending).toBe(0);
  });
});
