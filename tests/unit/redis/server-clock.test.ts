import { ManualClock } from 'aurora-cache/testing';
import type { Redis } from 'ioredis';

import { ServerClock } from '../../../src/redis/server-clock.js';

/** A server whose clock is ahead, and whose replies take some time there and back. */
class FakeServer {
  aheadMs = 5000;
  thereMs = 0;
  backMs = 0;
  tagClock: string | null = null;
  failure: Error | undefined;
  asked = 0;

  constructor(private readonly clock: ManualClock) {}

  floor: string | null = null;

  async hmget(): Promise<(string | null)[]> {
    return [this.tagClock, this.floor];
  }

  async time(): Promise<string[]> {
    this.asked++;
    if (this.failure) throw this.failure;
    if (this.thereMs > 0) this.clock.jump(`${this.thereMs}ms`);
    const now = this.clock.now() + this.aheadMs;
    if (this.backMs > 0) this.clock.jump(`${this.backMs}ms`);
    return [String(Math.floor(now / 1000)), String((now % 1000) * 1000)];
  }
}

function setUp(isCluster = false): { clock: ManualClock; server: FakeServer; time: ServerClock } {
  const clock = new ManualClock();
  const server = new FakeServer(clock);
  const time = new ServerClock(server as unknown as Redis, isCluster, 'aurora#tags', clock);
  return { clock, server, time };
}

describe("A server's clock", () => {
  it('is known after one reply', async () => {
    const { clock, server, time } = setUp();
    expect([time.offsetMs, time.notAfter(100)]).toEqual([0, 0]);
    server.tagClock = '42';
    await time.ready();
    expect(time.ready()).toBeUndefined();
    expect(time.offsetMs).toBe(5000);
    expect(time.notAfter(100)).toBe(clock.now() + 5000 + 100);
    expect(time.lastTagClock).toBe(42);
  });

  it('is taken for the earliest that it can be', async () => {
    const { clock, server, time } = setUp();
    server.thereMs = 3;
    server.backMs = 5;
    await time.ready();
    expect(time.notAfter(100)).toBe(clock.now() + 5000 - 5 + 100);
    // Between 5 ms too early and 3 ms too late.
    expect(time.offsetMs).toBe(5000 - 1);
  });

  it('is read again if the first reply took long', async () => {
    const { clock, server, time } = setUp();
    server.backMs = 400;
    const ready = time.ready();
    await Promise.resolve();
    server.backMs = 1;
    await ready;
    await clock.advance(0);
    expect(server.asked).toBe(2);
    expect(time.notAfter(100)).toBe(clock.now() + 5000 + 100 - 1);
  });

  it('stays known when a later reply is late, and becomes less precise slowly', async () => {
    const { clock, server, time } = setUp();
    await time.ready();
    clock.jump('10s');
    server.backMs = 800;
    await time.refresh();
    const early = clock.now() + 5000 + 100 - time.notAfter(100);
    expect(early).toBeGreaterThan(0);
    expect(early).toBeLessThan(5);
  });

  it('is read again after it was set', async () => {
    const { clock, server, time } = setUp();
    await time.ready();
    for (const aheadMs of [-3_600_000, 3_600_000]) {
      server.aheadMs = aheadMs;
      await time.refresh();
      expect(time.offsetMs).toBe(aheadMs);
      expect(time.notAfter(100)).toBe(clock.now() + aheadMs + 100);
    }
  });

  it('is unknown for a user without the right to TIME, which delays no call', async () => {
    const { server, time } = setUp();
    server.failure = Object.assign(new Error('NOPERM'), { name: 'ReplyError' });
    await time.ready();
    expect(time.ready()).toBeUndefined();
    expect([time.offsetMs, time.notAfter(100)]).toEqual([0, 0]);
  });

  it('is read again after the connection was lost', async () => {
    const { server, time } = setUp();
    server.failure = new Error('Connection is closed.');
    await expect(time.ready()).rejects.toThrow('Connection is closed.');
    server.failure = undefined;
    server.tagClock = '42';
    await time.ready();
    time.reset();
    expect([time.notAfter(100), time.lastTagClock]).toEqual([0, undefined]);
    server.aheadMs = 7000;
    server.tagClock = '7';
    await time.ready();
    expect([time.offsetMs, time.lastTagClock]).toEqual([7000, 7]);
  });

  it('decides nothing on a cluster, where every node has its own', async () => {
    const { time } = setUp(true);
    await time.ready();
    expect(time.offsetMs).toBe(5000);
    expect(time.notAfter(100)).toBe(0);
  });
});
