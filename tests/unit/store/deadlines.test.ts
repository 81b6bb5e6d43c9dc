import { ManualClock } from 'aurora-cache/testing';

import { Deadlines } from '../../../src/store/resilience/deadlines.js';
import { deferred, flush, setUp } from '../cache/harness.js';

const TIMEOUT_MS = 500;

function setUpDeadlines() {
  const clock = new ManualClock();
  let looks = 0;
  const deadlines = new Deadlines(clock, TIMEOUT_MS, () => {
    looks++;
    return false;
  });
  const start = (budgetMs = TIMEOUT_MS) => {
    const reply = deferred<string>();
    let outcome = 'pending';
    deadlines.run(reply.promise, budgetMs, 'get').then(
      (value) => (outcome = value),
      (error: unknown) => (outcome = (error as Error).message),
    );
    return { reply, outcome: () => outcome };
  };
  return { clock, deadlines, start, looks: () => looks };
}

const LATE = 'The store took longer than 500 ms on get.';

describe('the deadlines of commands', () => {
  it('end a command exactly when its budget is over', async () => {
    const { clock, start } = setUpDeadlines();
    const long = start();
    const short = start(70);
    await clock.advance('69ms');
    expect(short.outcome()).toBe('pending');
    await clock.advance('1ms');
    expect(short.outcome()).toBe('The store took longer than 70 ms on get.');
    await clock.advance('429ms');
    expect(long.outcome()).toBe('pending');
    await clock.advance('1ms');
    expect(long.outcome()).toBe(LATE);
  });

  it('count blocked time once, whether a timer or a command that waited shows it', () => {
    const { clock, deadlines, start } = setUpDeadlines();
    start();
    clock.jump('800ms');
    deadlines.noteBlocked(800);
    expect(deadlines.lostMs).toBe(800);
    expect(deadlines.now()).toBe(clock.monotonic() - 800);
  });

  it('leave no timer behind, and need one only for any number of commands', async () => {
    const { clock, start } = setUpDeadlines();
    const all = Array.from({ length: 100 }, () => start());
    expect(clock.pending).toBe(1);
    for (const one of all) one.reply.resolve('ok');
    await flush();
    expect(clock.pending).toBe(0);
    expect(all.every((one) => one.outcome() === 'ok')).toBe(true);
  });

  it('do not judge a command by a timer that a blocked event loop has made late', async () => {
    const { clock, start } = setUpDeadlines();
    const one = start();
    clock.jump('800ms');
    await clock.advance(0);
    // The reply has arrived meanwhile, and is read after the timers.
    expect(one.outcome()).toBe('pending');
    one.reply.resolve('ok');
    await flush();
    expect(one.outcome()).toBe('ok');
  });

  it('give back the time in which the loop was blocked, and no more', async () => {
    const { clock, start, deadlines } = setUpDeadlines();
    const one = start();
    await clock.advance('300ms');
    clock.jump('400ms');
    await clock.advance(0);
    expect(deadlines.lostMs).toBeGreaterThan(300);
    await clock.advance('120ms');
    expect(one.outcome()).toBe('pending');
    await clock.advance('80ms');
    expect(one.outcome()).toBe(LATE);
  });

  it('give nothing back for a block that was over before the command began', async () => {
    const { clock, start } = setUpDeadlines();
    start();
    clock.jump('400ms');
    const next = start();
    await clock.advance('499ms');
    expect(next.outcome()).toBe('pending');
    await clock.advance('1ms');
    expect(next.outcome()).toBe(LATE);
  });

  it('are reached even if the loop is blocked again and again', async () => {
    const { clock, start } = setUpDeadlines();
    const one = start();
    let blocks = 0;
    for (; one.outcome() === 'pending' && blocks < 100; blocks++) {
      clock.jump('800ms');
      await clock.advance('1ms');
    }
    expect(one.outcome()).toBe(LATE);
    expect(blocks).toBeLessThan(20);
  });
});

describe('a blocked event loop is not blamed on the store', () => {
  it('a reply that has arrived is a hit, a write is stored, and no breaker opens', async () => {
    const replies: (() => void)[] = [];
    const entries = new Map<string, unknown>();
    const soon = <T>(work: () => T): Promise<T> =>
      new Promise((resolve) => {
        replies.push(() => {
          resolve(work());
        });
      });
    const store = {
      opts: {},
      on: () => undefined,
      clear: () => Promise.resolve(),
      get: (key: string) => soon(() => entries.get(key)),
      set: (key: string, value: unknown) => soon(() => entries.set(key, value)),
      delete: (key: string) => soon(() => entries.delete(key)),
    };
    const { cache, clock, errors } = setUp({ store: store as never, memory: false });
    const answer = async (): Promise<void> => {
      for (let i = 0; i < 4; i++) {
        for (const reply of replies.splice(0)) reply();
        await flush();
      }
    };
    for (let round = 0; round < 10; round++) {
      const written = cache.set(`key ${round}`, round);
      const read = cache.get<number>(`key ${round - 1}`);
      await flush();
      clock.jump('800ms');
      // The timers fire, and only then is the socket read.
      await clock.advance(0);
      await answer();
      await written;
      expect(await read).toBe(round === 0 ? undefined : round - 1);
    }
    expect(errors).toEqual([]);
    expect(await cache.getStats()).toMatchObject({ degraded: false, pendingInvalidations: 0 });
    expect(entries.size).toBe(10);
  });
});
