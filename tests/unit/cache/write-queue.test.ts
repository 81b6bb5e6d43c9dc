import { setImmediate } from 'node:timers/promises';

import { WriteQueue } from '../../../src/cache/write/queue.js';

/** An operation that the test ends. */
function operation(): { run: () => Promise<void>; end: () => void } {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return { run: () => ended, end };
}

describe('A bulk call that leaves a key to a later write of its process', () => {
  let queue: WriteQueue;
  const settled: string[] = [];

  const noted = (name: string, work: Promise<unknown>): void => {
    const note = (): number => settled.push(name);
    work.then(note, note);
  };

  beforeEach(() => {
    queue = new WriteQueue();
    settled.length = 0;
  });

  it('is not acknowledged before a later single write, since the store has the old value', async () => {
    const [first, single] = [operation(), operation()];
    const bulk = queue.runBulk(['a', 'b'], async (turn) => {
      await first.run();
      expect([turn.leaveToLaterWrite('a'), turn.leaveToLaterWrite('b')]).toEqual([false, true]);
    });
    noted('bulk', bulk);
    queue.excludeFromBulks(['b']);
    noted('single', queue.run('b', single.run));
    first.end();
    await setImmediate();
    expect(settled).toEqual([]);
    single.end();
    await setImmediate();
    expect(settled).toEqual(['single', 'bulk']);
    expect(queue.size).toBe(0);
  });

  it('is not acknowledged before a later bulk call, whose chunk with the key is not queued yet', async () => {
    const [first, later] = [operation(), operation()];
    noted(
      'bulk',
      queue.runBulk(['a', 'b'], async (turn) => {
        await first.run();
        expect(turn.leaveToLaterWrite('b')).toBe(true);
      }),
    );
    noted('later', queue.runBulk(['b', 'c'], later.run));
    first.end();
    await setImmediate();
    expect(settled).toEqual([]);
    later.end();
    await setImmediate();
    expect(settled).toEqual(['later', 'bulk']);
    expect(queue.size).toBe(0);
  });

  it('waits for no later write of a key that it has written itself', async () => {
    const later = operation();
    noted(
      'bulk',
      queue.runBulk(['a'], async (turn) => {
        expect(turn.leaveToLaterWrite('a')).toBe(false);
      }),
    );
    noted('later', queue.runBulk(['a'], later.run));
    await setImmediate();
    expect(settled).toEqual(['bulk']);
    later.end();
    await setImmediate();
    expect(queue.size).toBe(0);
  });

  it('ends, with its own failure, when the later write fails', async () => {
    const first = operation();
    const bulk = queue.runBulk(['a'], async (turn) => {
      await first.run();
      turn.leaveToLaterWrite('a');
      throw new Error('of the bulk call');
    });
    queue.excludeFromBulks(['a']);
    const single = queue.run('a', () => Promise.reject(new Error('of the single write')));
    first.end();
    await expect(single).rejects.toThrow('of the single write');
    await expect(bulk).rejects.toThrow('of the bulk call');
    expect(queue.size).toBe(0);
  });
});
