import fc from 'fast-check';

import { HashSet } from '../../../src/store/resilience/hash-set.js';
import { PendingLog } from '../../../src/store/resilience/pending-log.js';
import { STORE_LIMITS } from '../../../src/store/limits.js';

const MANY = STORE_LIMITS.pendingKeys + 40_000;

describe('the log of what is out of date', () => {
  it('covers what it was given, beyond its names too, and nothing else', () => {
    const log = new PendingLog();
    for (let i = 0; i < MANY; i++) log.addKey(`key:${i}`);
    const covered = (prefix: string): number => {
      let count = 0;
      for (let i = 0; i < MANY; i++) if (log.covers(`${prefix}:${i}`)) count++;
      return count;
    };
    expect([covered('key'), covered('other')]).toEqual([MANY, 0]);
    expect(log.size).toBe(MANY);
  });

  it('replays names one by one, and the rest by comparing', () => {
    const log = new PendingLog();
    for (let i = 0; i < MANY; i++) log.addKey(`key:${i}`);
    const work = log.snapshot();
    expect(work.keys).toHaveLength(STORE_LIMITS.pendingKeys);
    const [pattern] = work.patterns;
    expect(pattern?.matches(`key:${MANY - 1}`)).toBe(true);
    expect(pattern?.matches('page:1')).toBe(false);
    // Written since: it must not be removed any more.
    log.removeKey(`key:${MANY - 1}`);
    expect(pattern?.matches(`key:${MANY - 1}`)).toBe(false);
    log.settle(work);
    expect(log.size).toBe(0);
  });

  it('keeps what is added again while it is replayed', () => {
    const log = new PendingLog();
    for (let i = 0; i < MANY; i++) log.addKey(`key:${i}`);
    const work = log.snapshot();
    log.addKey('key:0');
    log.addKey(`key:${MANY - 1}`);
    log.settle(work);
    expect(log.size).toBe(2);
    expect(log.covers('key:0') && log.covers(`key:${MANY - 1}`)).toBe(true);
  });

  it('holds a million keys, and then everything is out of date', () => {
    const log = new PendingLog();
    const all = STORE_LIMITS.pendingKeys + STORE_LIMITS.pendingHashes;
    for (let i = 0; i < all; i++) log.addKey(`key:${i}`);
    expect(log.covers('another')).toBe(false);
    expect(log.size).toBe(all);
    log.addKey('one more');
    expect(log.covers('another')).toBe(true);
    expect(log.size).toBe(1);
  });

  it('keeps names where the store cannot list its keys', () => {
    const log = new PendingLog(() => false);
    for (let i = 0; i < MANY; i++) log.addKey(`key:${i}`);
    expect(log.snapshot()).toMatchObject({ patterns: [] });
    expect(log.snapshot().keys).toHaveLength(MANY);
  });
});

describe('a set of hashes', () => {
  it('behaves as a map of keys', () => {
    const step = fc.record({
      kind: fc.constantFrom('add', 'add', 'add', 'delete', 'deleteUpTo'),
      key: fc.integer({ min: 0, max: 300 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 2000 }), (steps) => {
        const set = new HashSet();
        const model = new Map<string, number>();
        let number = 0;
        for (const { kind, key } of steps) {
          const name = `key:${key}`;
          if (kind === 'add') {
            set.add(name, ++number);
            model.set(name, number);
          } else if (kind === 'delete') {
            set.delete(name);
            model.delete(name);
          } else {
            const last = number - key;
            set.deleteUpTo(last);
            for (const [one, added] of model) if (added <= last) model.delete(one);
          }
          expect(set.size).toBe(model.size);
        }
        for (let key = 0; key <= 300; key++) {
          expect(set.has(`key:${key}`)).toBe(model.has(`key:${key}`));
        }
      }),
      { numRuns: 50 },
    );
  });
});
